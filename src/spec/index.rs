//! All specs compiled for one question: which declared operation takes this?
//!
//! In: specs and flags about hosts. Out: an answer in one walk of a tree for each host pattern that takes the service.
//! The most specific path wins, as in the inventory; of equal ones the closest host: exact names before templates. Specs
//! that name no host are asked only where no other is known.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use super::error::{SpecError, shown};
use super::flags::{Alias, HostFlags};
use super::model::{Spec, SpecOperation};
use super::nearest::{Everywhere, Near};
use super::version;
use crate::api::{
    HostPattern, PathTemplate, Piece, Pin, Promise, Promises, Routes, Scheme, ServiceId, TemplateSegment,
};
use crate::limits::Limits;

/// The specs of a run, compiled.
#[derive(Debug, Default)]
pub struct SpecIndex {
    pub(super) specs: Vec<Spec>,
    pub(super) groups: Vec<Group>,
    /// Patterns with a plain name, by that name: those that specs declare before those of aliases.
    exact: BTreeMap<String, Vec<(HostPattern, usize)>>,
    /// Patterns with variables, the one with the most literal characters first.
    templates: Vec<(HostPattern, usize)>,
    /// What specs declare that name no host.
    any: Option<usize>,
    pub(super) everywhere: OnceLock<Everywhere>,
}

/// What the index says of an operation.
#[derive(Clone, Debug)]
pub enum Match<'i> {
    /// Declared: indices of the spec and of its operation, and the operation.
    Operation(usize, usize, &'i SpecOperation),
    /// Its path is declared, for these operations (spec and operation indices) of other methods.
    WrongMethod(Vec<(usize, usize)>),
    /// A spec covers the host, and no declared path takes it.
    UnknownPath,
    /// No spec covers the host.
    UnknownService,
}

/// Which specs cover a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Indices of the specs; empty: the service is unmanaged.
    pub specs: Vec<usize>,
    /// Only specs that name no host cover it.
    pub assumed: bool,
}

/// All that is declared for one host pattern.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) host: HostPattern,
    pub(super) entries: Vec<Entry>,
    /// Base path and path together; indices of `entries`.
    pub(super) routes: Routes<usize>,
    pub(super) bases: Routes<PathTemplate>,
    specs: BTreeSet<usize>,
    pub(super) near: OnceLock<Near>,
}

/// All that is declared for one path.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) template: PathTemplate,
    /// By method: indices of spec and operation, the one that counts first.
    pub(super) methods: BTreeMap<String, Vec<(usize, usize)>>,
}

impl Entry {
    /// The operation for the first of these methods that is declared.
    pub(super) fn operation(&self, methods: &[&str]) -> Option<(usize, usize)> {
        methods.iter().find_map(|method| self.methods.get(*method)?.first().copied())
    }

    /// Some operation: for one of these methods if there is one.
    pub(super) fn some_operation(&self, methods: &[&str]) -> Option<(usize, usize)> {
        self.operation(methods).or_else(|| self.methods.values().find_map(|all| all.first().copied()))
    }
}

impl Group {
    fn new(host: HostPattern) -> Self {
        Self {
            host,
            entries: Vec::new(),
            routes: Routes::default(),
            bases: Routes::default(),
            specs: BTreeSet::new(),
            near: OnceLock::new(),
        }
    }

    /// The most specific entry for this path that declares one of the methods.
    pub(super) fn entry(&self, path: &[Cow<'_, str>], methods: &[&str]) -> Option<&Entry> {
        let fits = |at: &usize| self.entries.get(*at).is_some_and(|entry| entry.operation(methods).is_some());
        self.entries.get(*self.routes.find_where(path, &fits)?)
    }

    /// The most specific entry for this path, whatever its methods.
    pub(super) fn any_entry(&self, path: &[Cow<'_, str>]) -> Option<&Entry> {
        self.entries.get(*self.routes.find(path)?)
    }
}

impl SpecIndex {
    /// Compiles specs. Fails when a flag names what is not there, or when there is too much of all.
    pub fn build(specs: Vec<Spec>, flags: &HostFlags) -> Result<Self, SpecError> {
        Self::build_within(specs, flags, &Limits::default())
    }

    /// Like [`SpecIndex::build`], with other bounds.
    pub fn build_within(specs: Vec<Spec>, flags: &HostFlags, limits: &Limits) -> Result<Self, SpecError> {
        let added = flags.hosts_of(&specs)?;
        let bases = flags.bases_of(&specs)?;
        let aliases = flags.read_aliases()?;
        let mut builder = Builder { groups: BTreeMap::new(), left: limits.spec_routes };
        let too_many = |spec: &Spec| {
            let what = format!(
                "together with the specs before has more than {} operations, counted once for each server",
                limits.spec_routes
            );
            SpecError::of_file(&spec.name, what, "give fewer specs, name fewer servers, or raise --memory")
        };
        let hosts = |at: usize| added.get(at).map_or(&[][..], Vec::as_slice);
        for (at, spec) in specs.iter().enumerate() {
            builder.add(at, spec, hosts(at), None).map_err(|TooMany| too_many(spec))?;
        }
        // What documents say of themselves goes before what a flag says of them.
        for (at, spec) in specs.iter().enumerate() {
            for base in bases.get(at).into_iter().flatten() {
                builder.add(at, spec, hosts(at), Some(base)).map_err(|TooMany| too_many(spec))?;
            }
        }
        let mut index = Self { groups: builder.finish(&specs), specs, ..Self::default() };
        for (at, group) in index.groups.iter().enumerate() {
            match &group.host {
                HostPattern::Exact(name, _) => {
                    index.exact.entry(name.clone()).or_default().push((group.host.clone(), at));
                }
                HostPattern::Template(..) => index.templates.push((group.host.clone(), at)),
                HostPattern::Any => index.any = Some(at),
            }
        }
        index.add_aliases(&aliases)?;
        Ok(index)
    }

    /// Aliases are read against what specs declare, not against each other: their order does not count.
    fn add_aliases(&mut self, aliases: &[Alias]) -> Result<(), SpecError> {
        let mut more = Vec::new();
        for Alias { inner, declared, flag } in aliases {
            let takes = |host: &HostPattern| match declared {
                // `*.example` is `{tenant}.example`, whatever the variable is called.
                _ if host.unnamed() == declared.unnamed() => true,
                HostPattern::Exact(name, port) if *host != HostPattern::Any => {
                    let port = port.unwrap_or(Scheme::Http.default_port());
                    host.takes(&ServiceId { host: name.clone(), port, scheme: Scheme::Http })
                }
                _ => false,
            };
            let groups = self.groups.iter().enumerate().filter(|(_, group)| takes(&group.host));
            let groups: Vec<usize> = groups.map(|(at, _)| at).collect();
            if groups.is_empty() && !self.specs.is_empty() {
                const MOST: usize = 20;
                let named = self.groups.iter().filter(|group| group.host != HostPattern::Any).take(MOST);
                let names: Vec<String> = named.map(|group| shown(&host_text(&group.host))).collect();
                let mend = match names.is_empty() {
                    true => "no spec names a host: name one with --spec-host".to_owned(),
                    false => format!("the hosts of the specs are {}", names.join(", ")),
                };
                let what = format!("no spec names \"{}\"", shown(&host_text(declared)));
                return Err(SpecError::Flag { flag: flag.clone(), what, mend });
            }
            more.extend(groups.into_iter().map(|at| (inner.clone(), at)));
        }
        for (host, at) in more {
            let known = match &host {
                HostPattern::Exact(name, _) => self.exact.entry(name.clone()).or_default(),
                HostPattern::Template(..) => &mut self.templates,
                HostPattern::Any => continue,
            };
            if !known.contains(&(host.clone(), at)) {
                known.push((host, at));
            }
        }
        self.templates.sort_by_key(|(host, at)| (Reverse(literal_bytes(host)), *at));
        Ok(())
    }

    /// The specs, as given.
    #[must_use]
    pub fn specs(&self) -> &[Spec] {
        &self.specs
    }

    /// Every declared template with the hosts it holds for and all its methods, sorted by host and template. Hosts
    /// of flags stand beside those of the specs.
    #[must_use]
    pub fn pins(&self) -> Vec<Pin> {
        let patterns = self.exact.values().flatten().chain(&self.templates);
        let any = self.any.map(|at| (HostPattern::Any, at));
        let mut pins: BTreeMap<(HostPattern, PathTemplate), Pin> = BTreeMap::new();
        for (host, at) in patterns.chain(any.as_ref()) {
            for entry in self.groups.get(*at).map_or(&[][..], |group| &group.entries) {
                // Templates that differ only in the names of their variables are one.
                let key = (host.clone(), nameless(&entry.template));
                let pin = pins.entry(key).or_insert_with(|| Pin {
                    host: host.clone(),
                    template: entry.template.clone(),
                    methods: Vec::new(),
                });
                pin.methods.extend(entry.methods.keys().cloned());
            }
        }
        let sorted = pins.into_values().map(|mut pin| {
            pin.methods.sort();
            pin.methods.dedup();
            pin
        });
        sorted.collect()
    }

    /// What each of [`SpecIndex::pins`] demands, by method, in the same order.
    #[must_use]
    pub fn promises(&self) -> Vec<Promises> {
        let patterns = self.exact.values().flatten().chain(&self.templates);
        let any = self.any.map(|at| (HostPattern::Any, at));
        let mut all: BTreeMap<(HostPattern, PathTemplate), Promises> = BTreeMap::new();
        for (host, at) in patterns.chain(any.as_ref()) {
            for entry in self.groups.get(*at).map_or(&[][..], |group| &group.entries) {
                let promises = all.entry((host.clone(), nameless(&entry.template))).or_default();
                for (method, operations) in &entry.methods {
                    // Of two paths that differ in the names of their variables alone nobody can tell which was meant.
                    let of_spec = |spec: usize| operations.iter().filter(|(other, _)| *other == spec).count();
                    let first = operations.first().filter(|(spec, _)| of_spec(*spec) == 1);
                    let first = first.and_then(|(spec, at)| self.operation(*spec, *at));
                    if let Some(contract) = first.and_then(|operation| operation.contract.as_ref())
                        && !promises.iter().any(|(known, _)| known == method)
                    {
                        let promise: Arc<dyn Promise> = Arc::clone(contract) as _;
                        promises.push((method.clone(), promise));
                    }
                }
            }
        }
        all.into_values().collect()
    }

    /// Which specs cover a service.
    #[must_use]
    pub fn covers(&self, service: &ServiceId) -> Cover {
        let groups = self.groups_for(service);
        let assumed = !groups.is_empty() && groups.iter().all(|group| group.host == HostPattern::Any);
        let specs: BTreeSet<usize> = groups.iter().flat_map(|group| &group.specs).copied().collect();
        Cover { specs: specs.into_iter().collect(), assumed }
    }

    /// What takes an observed operation. A variable of the observed template is taken by variables only. HEAD is
    /// GET unless HEAD is declared.
    #[must_use]
    pub fn find(&self, service: &ServiceId, method: &str, template: &PathTemplate) -> Match<'_> {
        let groups = self.groups_for(service);
        if groups.is_empty() {
            return Match::UnknownService;
        }
        let path = texts(template);
        for method in methods(method) {
            let entries = groups.iter().filter_map(|group| group.entry(&path, &[method]));
            let found = entries.reduce(|best, other| match other.template.vagueness().lt(best.template.vagueness()) {
                true => other,
                false => best,
            });
            if let Some((spec, at)) = found.and_then(|entry| entry.operation(&[method]))
                && let Some(operation) = self.operation(spec, at)
            {
                return Match::Operation(spec, at, operation);
            }
        }
        let mut seen = HashSet::new();
        let others = groups.iter().filter_map(|group| group.any_entry(&path));
        let others = others.flat_map(|entry| entry.methods.values().flatten().copied());
        let others: Vec<(usize, usize)> = others.filter(|at| seen.insert(*at)).collect();
        if others.is_empty() { Match::UnknownPath } else { Match::WrongMethod(others) }
    }

    /// The operation of a spec.
    pub(super) fn operation(&self, spec: usize, operation: usize) -> Option<&SpecOperation> {
        self.specs.get(spec)?.operations.get(operation)
    }

    /// The groups that hold for a service, the closest first.
    pub(super) fn groups_for(&self, service: &ServiceId) -> Vec<&Group> {
        let closeness = |host: &HostPattern| match host {
            HostPattern::Exact(_, Some(port)) if *port == service.port => 0,
            HostPattern::Exact(_, None) => 1,
            _ => 2,
        };
        let exact = self.exact.get(&service.host).map_or(&[][..], Vec::as_slice);
        let mut exact: Vec<&(HostPattern, usize)> = exact.iter().filter(|(host, _)| host.takes(service)).collect();
        exact.sort_by_key(|(host, _)| closeness(host));
        let templates = self.templates.iter().filter(|(host, _)| host.takes(service));
        let mut seen = HashSet::new();
        let named = exact.into_iter().chain(templates).map(|(_, at)| *at).filter(|at| seen.insert(*at));
        let named: Vec<usize> = named.collect();
        let chosen = if named.is_empty() { self.any.into_iter().collect() } else { named };
        chosen.into_iter().filter_map(|at| self.groups.get(at)).collect()
    }
}

/// Methods under which an observed one may be declared, the closest first.
pub(super) fn methods(method: &str) -> [&str; 2] {
    if method == "HEAD" { ["HEAD", "GET"] } else { [method, method] }
}

/// The segments of an observed template as texts: a variable is one character that no literal holds. Its name would not
/// do: what is called `{thing.id}` is no `{name}.{extension}`.
pub(super) fn texts(template: &PathTemplate) -> Vec<Cow<'_, str>> {
    const VARIABLE: &str = "\u{0}";
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Variable(_) => VARIABLE.to_owned(),
    };
    let text = |segment: &TemplateSegment| segment.0.iter().map(piece).collect::<String>();
    template.segments.iter().map(|segment| segment.literal().map_or_else(|| text(segment).into(), Cow::from)).collect()
}

/// A host pattern as text, as flags take it.
pub(super) fn host_text(host: &HostPattern) -> String {
    let (name, port) = match host {
        HostPattern::Exact(name, port) => (name.clone(), *port),
        HostPattern::Template(pieces, port) => (pieces.to_string(), *port),
        HostPattern::Any => return "any host".to_owned(),
    };
    port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}

fn literal_bytes(host: &HostPattern) -> usize {
    let length = |piece: &Piece| if let Piece::Literal(text) = piece { text.len() } else { 0 };
    if let HostPattern::Template(pieces, _) = host { pieces.0.iter().map(length).sum() } else { 0 }
}

/// A template without the names of its variables.
fn nameless(template: &PathTemplate) -> PathTemplate {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => Piece::Literal(text.clone()),
        Piece::Variable(_) => Piece::Variable(String::new()),
    };
    let segments = template.segments.iter().map(|segment| TemplateSegment(segment.0.iter().map(piece).collect()));
    PathTemplate { segments: segments.collect() }
}

/// More than `Limits::spec_routes`.
struct TooMany;

struct Builder {
    groups: BTreeMap<HostPattern, Group>,
    left: usize,
}

impl Builder {
    /// Takes in one spec, under its own base paths or under another one.
    fn add(
        &mut self,
        at: usize,
        spec: &Spec,
        added: &[HostPattern],
        other_base: Option<&PathTemplate>,
    ) -> Result<(), TooMany> {
        // A relative server of a spec that also names hosts holds there too. It stays open to hosts that nobody names,
        // unless a flag has said where the spec is served.
        let servers = || spec.operations.iter().flat_map(|operation| &operation.servers);
        let named: BTreeSet<&HostPattern> =
            servers().map(|server| &server.host).filter(|host| **host != HostPattern::Any).chain(added).collect();
        for (number, operation) in spec.operations.iter().enumerate() {
            let mut places = BTreeSet::new();
            for server in &operation.servers {
                let hosts: Vec<&HostPattern> = match &server.host {
                    HostPattern::Any if added.is_empty() => named.iter().copied().chain([&server.host]).collect(),
                    HostPattern::Any => named.iter().copied().collect(),
                    host => std::iter::once(host).chain(added).collect(),
                };
                self.left = self.left.checked_sub(hosts.len()).ok_or(TooMany)?;
                places.extend(hosts.into_iter().map(|host| (host, other_base.unwrap_or(&server.base))));
            }
            for (host, base) in places {
                self.place(host, base, (at, number), operation, other_base.is_some());
            }
        }
        Ok(())
    }

    /// `is_spare`: it gives way to what is there.
    fn place(
        &mut self,
        host: &HostPattern,
        base: &PathTemplate,
        at: (usize, usize),
        operation: &SpecOperation,
        is_spare: bool,
    ) {
        if !self.groups.contains_key(host) {
            self.groups.insert(host.clone(), Group::new(host.clone()));
        }
        let Some(group) = self.groups.get_mut(host) else { return };
        group.specs.insert(at.0);
        group.bases.entry(base, || base.clone());
        let template = operation.path.under(base);
        let entries = &mut group.entries;
        let entry = *group.routes.entry(&template, || {
            entries.push(Entry { template: template.clone(), methods: BTreeMap::new() });
            entries.len().saturating_sub(1)
        });
        if let Some(entry) = group.entries.get_mut(entry)
            && !(is_spare && entry.methods.contains_key(&operation.method))
        {
            entry.methods.entry(operation.method.clone()).or_default().push(at);
        }
    }

    /// Where several specs declare the same, what is not deprecated counts before what is, then the later version,
    /// then the spec that was named first.
    fn finish(self, specs: &[Spec]) -> Vec<Group> {
        // The later version has the last word; of equal ones the living declaration, then the one that came first.
        let version = |at: &usize| specs.get(*at).map_or("", |spec| spec.version.as_str());
        let mut order: Vec<usize> = (0..specs.len()).collect();
        order.sort_by(|a, b| version::compare(version(b), version(a)));
        let mut rank = vec![0_usize; specs.len()];
        let pairs = order.iter().zip(order.iter().skip(1));
        let mut place = 0;
        for (before, at) in pairs {
            place += usize::from(version::compare(version(before), version(at)).is_ne());
            if let Some(rank) = rank.get_mut(*at) {
                *rank = place;
            }
        }
        let weight = |(spec, number): &(usize, usize)| {
            let operation = specs.get(*spec).and_then(|spec| spec.operations.get(*number));
            let deprecated = operation.is_some_and(|operation| operation.deprecated);
            (rank.get(*spec).copied(), deprecated, *spec, *number)
        };
        let mut groups: Vec<Group> = self.groups.into_values().collect();
        for entry in groups.iter_mut().flat_map(|group| &mut group.entries) {
            for operations in entry.methods.values_mut() {
                operations.sort_by_key(weight);
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests;
