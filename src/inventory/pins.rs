//! Declared templates, compiled: which of them takes a request.
//!
//! One tree of routes stands for each host pattern, shared by all services that the pattern takes: an attacker may
//! name as many hosts as he likes without a tree being built for each.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::firm::{digest, nameless};
use crate::api::{
    HostPattern, PathSegment, PathTemplate, Piece, Pin, PinId, Promise, Promises, Routes, ServiceId, TemplateRules,
    TemplateSegment, Templates,
};

/// A set of declared templates, and what users say of templates beside them: their pins name paths that no declaration takes,
/// and declare nothing. Append-only: a [`PinId`] means the same template for ever, so that what was recorded
/// under an older set of declarations can still be told. Old pins take nothing any more once they are replaced.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    all: Vec<Pin>,
    patterns: Vec<Pattern>,
    /// Exact patterns by host, as indices into `patterns`.
    exact: HashMap<String, Vec<usize>>,
    /// Patterns with variables.
    templates: Vec<usize>,
    /// The pattern for every host that nothing else names.
    any: Option<usize>,
    /// Patterns of the pins of users. They name no host as far as declarations are concerned, and each holds wherever it fits.
    of_users: Vec<usize>,
    users: BTreeSet<PinId>,
    /// What declared pins in force demand.
    promises: HashMap<PinId, Promises>,
    rules: TemplateRules,
    /// Those that are declared and in force.
    declared: Vec<PinId>,
    /// Digests of those that were from the first.
    firm: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
struct Pattern {
    host: HostPattern,
    routes: Routes<Vec<PinId>>,
}

/// Which patterns take a service; learned once a service.
pub(super) type Covering = Box<[usize]>;

/// The pin that takes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken<'m> {
    /// The pin.
    pub(super) id: PinId,
    /// It declares this method.
    pub(super) declared: bool,
    /// The method to record under: GET for a HEAD that is not declared.
    pub(super) method: &'m str,
    /// What the pin takes.
    pub(super) template: &'m PathTemplate,
}

impl Pins {
    /// Compiles a set; each pin's id is its index, those of users behind those that are declared.
    #[must_use]
    pub fn new(templates: impl Into<Templates>) -> Self {
        let Templates { declared, promises, rules } = templates.into();
        let number = declared.len();
        let all = [declared, rules.pins.clone()].concat();
        let active: Vec<PinId> = (0..).map(PinId).take(all.len()).collect();
        let mut pins = Self::compile(all, &active, number, rules).demanding(&active, promises);
        pins.firm = pins.in_force().map(digest).collect();
        pins
    }

    /// The set with only these in force. A pin equal to a known one keeps its id, others are appended. Tells the id
    /// of each, in the order given, those of users behind those that are declared.
    #[must_use]
    pub fn renewed(&self, templates: impl Into<Templates>) -> (Self, Vec<PinId>) {
        let Templates { declared, promises, rules } = templates.into();
        let number = declared.len();
        let pins = [declared, rules.pins.clone()].concat();
        let mut all = self.all.clone();
        let mut known: BTreeMap<Name, PinId> = BTreeMap::new();
        for (pin, id) in all.iter().zip((0..).map(PinId)) {
            known.entry(name(pin)).or_insert(id);
        }
        let mut next = (0..).map(PinId).skip(all.len());
        let mut active = Vec::with_capacity(pins.len());
        for pin in pins {
            if let Some(id) = known.get(&name(&pin)).copied().or_else(|| next.next()) {
                if known.insert(name(&pin), id).is_none() {
                    all.push(pin);
                }
                active.push(id);
            }
        }
        let mut pins = Self::compile(all, &active, number, rules).demanding(&active, promises);
        pins.keep_firm(&self.firm);
        (pins, active)
    }

    /// The set with what the first of the active pins demand.
    fn demanding(mut self, active: &[PinId], promises: Vec<Promises>) -> Self {
        self.promises = active.iter().copied().zip(promises).filter(|(_, promises)| !promises.is_empty()).collect();
        self
    }

    /// What a declared pin demands of this method.
    pub(super) fn promise(&self, id: PinId, method: &str) -> Option<&dyn Promise> {
        let promises = self.promises.get(&id)?;
        promises.iter().find(|(known, _)| known == method).map(|(_, promise)| &**promise)
    }

    /// Those that are declared and in force.
    fn in_force(&self) -> impl Iterator<Item = &Pin> {
        self.declared.iter().filter_map(|id| self.get(*id))
    }

    /// Of those in force these alone were there from the first.
    pub(super) fn keep_firm(&mut self, firm: &BTreeSet<u64>) {
        self.firm = self.in_force().map(digest).filter(|digest| firm.contains(digest)).collect();
    }

    /// Digests of those that were declared from the first.
    pub(super) const fn firm(&self) -> &BTreeSet<u64> {
        &self.firm
    }

    /// Templates that were declared after something may have been learned; names of variables left out.
    pub(super) fn late(&self) -> BTreeSet<PathTemplate> {
        self.in_force().filter(|pin| !self.firm.contains(&digest(pin))).map(|pin| nameless(&pin.template)).collect()
    }

    /// The set with these appended, which take nothing.
    pub(super) fn extend(&mut self, gone: Vec<Pin>) {
        self.all.extend(gone);
    }

    /// What users say of templates.
    #[must_use]
    pub const fn rules(&self) -> &TemplateRules {
        &self.rules
    }

    /// The pin of this id is a user's and in force: it declares nothing.
    #[must_use]
    pub fn is_of_users(&self, id: PinId) -> bool {
        self.users.contains(&id)
    }

    /// The pin of this id.
    #[must_use]
    pub fn get(&self, id: PinId) -> Option<&Pin> {
        self.all.get(id.0 as usize)
    }

    /// How many, those no longer in force included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.all.len()
    }

    /// Nothing was declared.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The service is named by a pattern: more than "any host" takes it.
    pub(super) fn names(&self, service: &ServiceId) -> bool {
        self.naming(service).next().is_some()
    }

    /// The patterns that take this service: those that name it, else the one for any host; then those of users.
    pub(super) fn covering(&self, service: &ServiceId) -> Covering {
        let mut covering: Vec<usize> = self.naming(service).collect();
        if covering.is_empty() {
            covering.extend(self.any);
        }
        covering.extend(self.of_users.iter().filter(|at| self.means(**at, service)));
        covering.into()
    }

    /// The most specific pin that takes the path and declares the method; else the most specific that takes the
    /// path. HEAD is tried as itself, then as GET.
    pub(super) fn find<'m>(
        &'m self,
        covering: &[usize],
        method: &'m str,
        path: &[PathSegment<'_>],
    ) -> Option<Taken<'m>> {
        if covering.is_empty() {
            return None;
        }
        let spoken: &[&'m str] = if method == "HEAD" { &["HEAD", "GET"] } else { &[method] };
        for method in spoken.iter().copied() {
            let declares = |id: &PinId| self.get(*id).is_some_and(|pin| pin.methods.iter().any(|m| m == method));
            if let Some(id) = self.best(covering, path, &declares) {
                return Some(Taken { id, declared: true, method, template: &self.get(id)?.template });
            }
        }
        let method = spoken.last().copied().unwrap_or(method);
        let id = self.best(covering, path, &|_| true)?;
        Some(Taken { id, declared: false, method, template: &self.get(id)?.template })
    }

    fn best(&self, covering: &[usize], path: &[PathSegment<'_>], fits: &dyn Fn(&PinId) -> bool) -> Option<PinId> {
        let patterns = covering.iter().filter_map(|at| self.patterns.get(*at));
        let found = patterns.filter_map(|pattern| {
            let ids = pattern.routes.find_where(path, &|ids| ids.iter().any(fits))?;
            ids.iter().copied().find(fits)
        });
        // Nearly always one pattern covers a service; where several do, the most specific template wins, then the
        // pattern that came first (exact ones do), then the declaration that came first.
        found.reduce(|best, other| match (self.get(best), self.get(other)) {
            (Some(a), Some(b)) if b.template.vagueness().lt(a.template.vagueness()) => other,
            _ => best,
        })
    }

    fn naming(&self, service: &ServiceId) -> impl Iterator<Item = usize> {
        let exact = self.exact.get(&service.host).into_iter().flatten();
        exact.chain(&self.templates).copied().filter(|at| self.takes(*at, service))
    }

    fn takes(&self, pattern: usize, service: &ServiceId) -> bool {
        self.patterns.get(pattern).is_some_and(|pattern| pattern.host.takes(service))
    }

    /// A user's pattern takes this service.
    fn means(&self, pattern: usize, service: &ServiceId) -> bool {
        self.patterns.get(pattern).is_some_and(|pattern| pattern.host.means(service))
    }

    /// The first `declared` of the active ones are; the others are those of users.
    fn compile(all: Vec<Pin>, active: &[PinId], declared: usize, rules: TemplateRules) -> Self {
        let users = active.iter().skip(declared).copied().collect();
        let in_force = active.iter().take(declared).copied().collect();
        let mut pins = Self { all, users, rules, declared: in_force, ..Self::default() };
        let mut known: BTreeMap<(bool, HostPattern), usize> = BTreeMap::new();
        for (place, id) in active.iter().enumerate() {
            let Some(pin) = pins.all.get(id.0 as usize) else { continue };
            let of_users = place >= declared;
            let at = *known.entry((of_users, pin.host.clone())).or_insert_with(|| {
                let at = pins.patterns.len();
                match &pin.host {
                    _ if of_users => pins.of_users.push(at),
                    HostPattern::Exact(host, _) => pins.exact.entry(host.clone()).or_default().push(at),
                    HostPattern::Template(..) => pins.templates.push(at),
                    HostPattern::Any => pins.any = Some(at),
                }
                pins.patterns.push(Pattern { host: pin.host.clone(), routes: Routes::default() });
                at
            });
            if let Some(pattern) = pins.patterns.get_mut(at) {
                let ids = pattern.routes.entry(&pin.template, Vec::new);
                if !ids.contains(id) {
                    ids.push(*id);
                }
            }
        }
        // Of two that are as specific the narrower host's comes first.
        let narrowness = |at: &usize| pins.patterns.get(*at).map(|pattern| Reverse(pattern.host.narrowness()));
        pins.of_users.sort_by_key(narrowness);
        pins
    }
}

/// A pin as it is written down. Not by its template's text: a literal may hold what reads as a variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Written<'p> {
    host: Cow<'p, HostPattern>,
    segments: Cow<'p, [TemplateSegment]>,
    methods: Cow<'p, [String]>,
}

impl<'p> Written<'p> {
    /// As it is written.
    pub(super) fn of(pin: &'p Pin) -> Self {
        let (segments, methods) = (Cow::Borrowed(&*pin.template.segments), Cow::Borrowed(&*pin.methods));
        Self { host: Cow::Borrowed(&pin.host), segments, methods }
    }

    /// As it was.
    pub(super) fn read(self) -> Pin {
        let template = PathTemplate { segments: self.segments.into_owned() };
        Pin { host: self.host.into_owned(), template, methods: self.methods.into_owned() }
    }
}

/// Finds the pins of an earlier run among those of this one.
#[derive(Debug)]
pub(super) struct Known {
    exact: BTreeMap<Name, PinId>,
    /// By host and template, whatever the methods and the names of variables.
    alike: BTreeMap<(HostPattern, Vec<TemplateSegment>), PinId>,
    /// Those that stand nowhere any more, to be appended.
    pub(super) gone: Vec<Pin>,
    declared: usize,
}

impl Known {
    pub(super) fn new(pins: &Pins) -> Self {
        let mut known = Self { exact: BTreeMap::new(), alike: BTreeMap::new(), gone: Vec::new(), declared: pins.len() };
        for (pin, id) in pins.all.iter().zip((0..).map(PinId)) {
            known.exact.entry(name(pin)).or_insert(id);
            known.alike.entry(likeness(pin)).or_insert(id);
        }
        known
    }

    /// The id of a pin in this run. A declaration that has got another method is the same one: its records would
    /// otherwise stand twice under one template.
    pub(super) fn id(&mut self, pin: Pin) -> Option<PinId> {
        let found = self.exact.get(&name(&pin)).or_else(|| self.alike.get(&likeness(&pin)));
        if let Some(id) = found {
            return Some(*id);
        }
        let id = PinId(u32::try_from(self.declared + self.gone.len()).ok()?);
        self.exact.insert(name(&pin), id);
        self.alike.insert(likeness(&pin), id);
        self.gone.push(pin);
        Some(id)
    }
}

fn likeness(pin: &Pin) -> (HostPattern, Vec<TemplateSegment>) {
    let nameless = |segment: &TemplateSegment| {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => Piece::Literal(text.clone()),
            Piece::Variable(_) => Piece::Variable(String::new()),
        };
        TemplateSegment(segment.0.iter().map(piece).collect())
    };
    (pin.host.clone(), pin.template.segments.iter().map(nameless).collect())
}

/// All that a pin says.
type Name = (HostPattern, PathTemplate, Vec<String>);

fn name(pin: &Pin) -> Name {
    (pin.host.clone(), pin.template.clone(), pin.methods.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Scheme, SegmentClass, TemplateSegment};

    pub(super) fn pin(host: HostPattern, template: &str, methods: &[&str]) -> Pin {
        let methods = methods.iter().map(ToString::to_string).collect();
        Pin { host, template: PathTemplate::parse(template), methods }
    }

    fn service(host: &str) -> ServiceId {
        ServiceId { host: host.to_owned(), port: 80, scheme: Scheme::Http }
    }

    fn exact(host: &str) -> HostPattern {
        HostPattern::Exact(host.to_owned(), None)
    }

    fn find<'m>(pins: &'m Pins, host: &str, method: &'m str, path: &str) -> Option<(u32, bool, &'m str)> {
        let path: Vec<PathSegment<'_>> = path
            .split('/')
            .filter(|text| !text.is_empty())
            .map(|text| PathSegment::plain(text, SegmentClass::Word))
            .collect();
        let taken = pins.find(&pins.covering(&service(host)), method, &path)?;
        Some((taken.id.0, taken.declared, taken.method))
    }

    #[test]
    fn a_pin_that_declares_the_method_comes_before_a_closer_one_that_does_not() {
        let pins = Pins::new(vec![
            pin(exact("a"), "/users/me", &["GET"]),
            pin(exact("a"), "/users/{id}", &["GET", "DELETE", "HEAD"]),
            pin(exact("a"), "/users/{name}", &["PUT"]),
        ]);
        assert_eq!(find(&pins, "a", "GET", "/users/me"), Some((0, true, "GET")));
        assert_eq!(find(&pins, "a", "DELETE", "/users/me"), Some((1, true, "DELETE")));
        assert_eq!(find(&pins, "a", "PUT", "/users/me"), Some((2, true, "PUT")), "the same template, declared twice");
        assert_eq!(find(&pins, "a", "PATCH", "/users/me"), Some((0, false, "PATCH")));
        assert_eq!(find(&pins, "a", "HEAD", "/users/7"), Some((1, true, "HEAD")), "declared as HEAD");
        assert_eq!(find(&pins, "a", "GET", "/other"), None);
    }

    #[test]
    fn head_is_get_unless_declared() {
        let pins = Pins::new(vec![pin(exact("a"), "/x", &["GET"]), pin(exact("a"), "/y", &["POST"])]);
        assert_eq!(find(&pins, "a", "HEAD", "/x"), Some((0, true, "GET")));
        assert_eq!(find(&pins, "a", "HEAD", "/y"), Some((1, false, "GET")));
    }

    #[test]
    fn a_spec_without_a_host_covers_only_hosts_that_nothing_names() {
        // Catches `Any` asked together with the others: it would hide a shadow on a host that has its own spec.
        let tenants = HostPattern::Template(TemplateSegment::parse("{tenant}.example"), None);
        let pins = Pins::new(vec![
            pin(HostPattern::Any, "/any", &["GET"]),
            pin(tenants, "/users/{id}", &["GET"]),
            pin(exact("a.example"), "/users/me", &["GET"]),
        ]);
        assert_eq!(find(&pins, "elsewhere", "GET", "/any"), Some((0, true, "GET")));
        assert_eq!(find(&pins, "a.example", "GET", "/any"), None);
        assert_eq!(find(&pins, "b.example", "GET", "/users/me"), Some((1, true, "GET")));
        assert_eq!(find(&pins, "a.example", "GET", "/users/me"), Some((2, true, "GET")));
        assert_eq!(find(&pins, "a.example", "GET", "/users/7"), Some((1, true, "GET")));
        assert!(pins.names(&service("b.example")) && !pins.names(&service("elsewhere")));
    }

    #[test]
    fn pins_of_users_name_paths_and_declare_nothing() {
        // Catches a pin that hides a shadow: by standing for a declaration, or by keeping a spec without a host from a host.
        let declared = vec![pin(HostPattern::Any, "/users/{id}", &["GET"]), pin(exact("b"), "/b", &["GET"])];
        let pins = vec![
            pin(exact("a"), "/users/me", &[]),
            pin(HostPattern::Any, "/files/{name}", &[]),
            pin(HostPattern::Any, "/users/{userId}", &[]),
        ];
        let rules = TemplateRules { pins, ..TemplateRules::default() };
        let pins = Pins::new(Templates { declared: declared.clone(), rules: rules.clone(), ..Templates::default() });
        assert_eq!(find(&pins, "a", "GET", "/users/me"), Some((0, true, "GET")), "spec first");
        assert_eq!(find(&pins, "a", "POST", "/users/me"), Some((2, false, "POST")));
        assert_eq!(
            find(&pins, "a", "POST", "/users/7"),
            Some((0, false, "POST")),
            "a declared path before the same of a user"
        );
        assert_eq!(
            find(&pins, "a", "HEAD", "/files/x"),
            Some((3, false, "GET")),
            "on every host, also one that is named"
        );
        assert_eq!(find(&pins, "b", "GET", "/files/x"), Some((3, false, "GET")));
        assert_eq!(
            find(&pins, "b", "GET", "/users/7"),
            Some((4, false, "GET")),
            "named by a spec, which has no such path"
        );
        assert!(!pins.names(&service("a")) && pins.names(&service("b")));
        let (pins, ids) = pins.renewed(Templates { declared, rules, ..Templates::default() });
        assert_eq!(ids, [0, 1, 2, 3, 4].map(PinId));
        assert_eq!([0, 1, 2, 3, 4].map(|id| pins.is_of_users(PinId(id))), [false, false, true, true, true]);
        let (pins, _) = pins.renewed(Vec::new());
        assert!(!pins.is_of_users(PinId(3)), "no longer in force");
        assert_eq!(find(&pins, "a", "GET", "/files/x"), None);
        assert!(pins.rules().is_empty());
    }

    #[test]
    fn of_users_pins_the_narrower_host_names_the_path_wherever_it_stands() {
        // Catches names that hang on the order in the file, and a port that is read as any.
        let ported = HostPattern::Exact("a".to_owned(), Some(8080));
        let mut users = vec![
            pin(HostPattern::Any, "/users/{any}", &[]),
            pin(exact("a"), "/users/{exact}", &[]),
            pin(ported, "/users/{ported}", &[]),
        ];
        for _ in 0..users.len() {
            users.rotate_left(1);
            let rules = TemplateRules { pins: users.clone(), ..TemplateRules::default() };
            let pins = Pins::new(Templates { rules, ..Templates::default() });
            for (host, port, name) in
                [("a", 8080, "ported"), ("a", 80, "exact"), ("a", 8081, "exact"), ("b", 8080, "any")]
            {
                let covering = pins.covering(&ServiceId { port, ..service(host) });
                let path =
                    [PathSegment::plain("users", SegmentClass::Word), PathSegment::plain("7", SegmentClass::Number)];
                let taken = pins.find(&covering, "GET", &path).unwrap();
                assert_eq!(taken.template.to_string(), format!("/users/{{{name}}}"), "{host}:{port}");
            }
        }
    }

    #[test]
    fn an_id_means_the_same_template_for_ever() {
        let first = pin(exact("a"), "/old", &["GET"]);
        let both = pin(exact("a"), "/both", &["GET"]);
        let new = pin(exact("a"), "/new", &["GET"]);
        let pins = Pins::new(vec![first, both.clone(), both.clone()]);
        let (pins, ids) = pins.renewed(vec![new.clone(), both, new]);
        assert_eq!(ids, [PinId(3), PinId(1), PinId(3)]);
        assert_eq!(pins.get(PinId(0)).unwrap().template.to_string(), "/old");
        assert_eq!(pins.get(PinId(3)).unwrap().template.to_string(), "/new");
        assert_eq!(find(&pins, "a", "GET", "/old"), None, "no longer declared");
        assert_eq!(find(&pins, "a", "GET", "/new"), Some((3, true, "GET")));
        assert_eq!(pins.len(), 4);
    }
}
