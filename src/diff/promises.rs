//! What became of every declared operation: met, an orphan, or not enough seen to say.
//!
//! Silence is evidence only where something would have been heard. An operation that nobody called is an orphan when
//! its host was seen at work on its neighbours; on a host that is encrypted, idle or out of sight it is unknown.

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{Coverage, Existence, Exposure, OperationId, Pairing, Promise, Promised};
use super::scope::{self, ScopeItem};
use super::terms::{Exposed, Terms};
use crate::api::{HostPattern, PathTemplate, Piece, ServiceId, TemplateSegment};
use crate::inventory::{OpaqueService, Snapshot};
use crate::spec::{Spec, SpecIndex, SpecOperation};

/// What became of every promise, in order of spec and document.
pub(super) fn promises<'a>(
    terms: &Terms<'_>,
    index: &'a SpecIndex,
    snapshot: &'a Snapshot,
    (services, pairings, hidden): (&[Coverage<'a>], &[Pairing<'a>], &BTreeMap<OperationId, usize>),
) -> Vec<Promise<'a>> {
    if index.specs().is_empty() {
        return Vec::new();
    }
    let seen = Seen::new(services, pairings);
    let unread = unread(index, &snapshot.opaque);
    let mut all = Vec::new();
    for (at, spec) in index.specs().iter().enumerate() {
        let mut ground = Ground::new(at, spec, services, &unread);
        let mut met: Vec<(usize, BTreeSet<usize>)> = Vec::with_capacity(spec.operations.len());
        for (number, operation) in spec.operations.iter().enumerate() {
            let reach = ground.reach(operation);
            let id = OperationId { spec: at, operation: number };
            met.push((reach, seen.pairings_of(id, operation, &ground.reaches[reach].services)));
        }
        let exposures = exposures(&seen, &ground, met.iter().map(|(_, pairings)| pairings));
        let bar = Bar { spec: &spec.name, exposed: terms.exposed };
        let views: Vec<Outlook<'_>> =
            ground.reaches.iter().map(|reach| bar.outlook(reach, services, &exposures)).collect();
        for (number, (operation, (reach, pairings))) in spec.operations.iter().zip(&met).enumerate() {
            let (outlook, id) = (&views[*reach], OperationId { spec: at, operation: number });
            let (state, why) = outlook
                .out_of_scope(operation, terms.scope)
                .or_else(|| seen.answered(pairings))
                .or_else(|| hidden.get(&id).map(|at| seen.hidden(*at)))
                .unwrap_or_else(|| bar.silence(outlook));
            let exposure = outlook.best.filter(|_| state == Promised::Orphan).cloned();
            all.push(Promise { id, operation, state, why, exposure });
        }
    }
    all
}

/// What was seen, sorted for the question "was this called?".
struct Seen<'s, 'a> {
    services: &'s [Coverage<'a>],
    pairings: &'s [Pairing<'a>],
    declared: BTreeMap<OperationId, Vec<usize>>,
    /// By method and template, names of variables left out. The same operation may stand in two specs, and the index
    /// gives an observation to one of them: the other's promise is kept all the same.
    spelt: BTreeMap<&'a str, BTreeMap<PathTemplate, Vec<usize>>>,
}

impl<'s, 'a> Seen<'s, 'a> {
    fn new(services: &'s [Coverage<'a>], pairings: &'s [Pairing<'a>]) -> Self {
        let mut declared = BTreeMap::<_, Vec<usize>>::new();
        let mut spelt = BTreeMap::<_, BTreeMap<_, Vec<usize>>>::new();
        for (at, pairing) in pairings.iter().enumerate() {
            if let Some(id) = pairing.declared {
                declared.entry(id).or_default().push(at);
                let operation = pairing.operation;
                let spelling = spelt.entry(operation.method.as_str()).or_default();
                spelling.entry(nameless(&operation.template)).or_default().push(at);
            }
        }
        Self { services, pairings, declared, spelt }
    }

    /// The pairings that speak of this declared operation.
    fn pairings_of(&self, id: OperationId, operation: &SpecOperation, reach: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = self.declared.get(&id).into_iter().flatten().copied().collect();
        let Some(spellings) = self.spelt.get(operation.method.as_str()) else { return found };
        for server in &operation.servers {
            let spelling = nameless(&operation.path.under(&server.base));
            let hits = spellings.get(&spelling).into_iter().flatten().copied();
            found.extend(hits.filter(|at| reach.contains(&self.pairings[*at].service)));
        }
        found
    }

    /// Answers of a pairing, and whether they come from an operation that is there.
    fn answers(&self, pairing: usize) -> Option<(usize, u64)> {
        let pairing = &self.pairings[pairing];
        let record = &pairing.operation.record;
        let there = match pairing.existence {
            Existence::Confirmed => true,
            Existence::Provisional => !record.scanner_only,
            _ => false,
        };
        there.then(|| (pairing.service, record.statuses.values().sum()))
    }

    /// A template that was learned before may hold its calls.
    fn hidden(&self, pairing: usize) -> (Promised, String) {
        let pairing = &self.pairings[pairing];
        let (template, host) = (&pairing.operation.template, &self.services[pairing.service].service.id.host);
        let why = format!(
            "it was declared after {template} was learned on {host}, under which its calls would have been counted"
        );
        (Promised::InsufficientEvidence, why)
    }

    /// What its own answers say, if it was seen at all. Pairings out of scope count too: seen is seen.
    fn answered(&self, pairings: &BTreeSet<usize>) -> Option<(Promised, String)> {
        let best = pairings.iter().map(|at| self.pairings[*at].existence).min()?;
        let records = pairings.iter().map(|at| &self.pairings[*at].operation.record);
        let requests: u64 = records.map(|record| record.requests).sum();
        let times = if requests == 1 { "once".to_owned() } else { format!("{requests} times") };
        let insufficient = |what: &str| (Promised::InsufficientEvidence, format!("it was called {times} and {what}"));
        Some(match best {
            Existence::Confirmed => (Promised::Met, format!("it was called {times}")),
            Existence::Provisional => (Promised::Met, format!("it was called {times}, without success")),
            Existence::Unanswered => (Promised::Met, format!("it was called {times}; no answer was captured")),
            Existence::NotFound => insufficient("only answered 404 or 410"),
            Existence::NotAllowed => insufficient("only answered 405 or 501"),
            Existence::Noise => insufficient("only sent the caller to another spelling of its address"),
        })
    }
}

/// A connection that could not be read, as the service it would belong to, and the specs that would cover it.
struct Unread {
    service: ServiceId,
    specs: Vec<usize>,
    flows: u64,
}

fn unread(index: &SpecIndex, opaque: &[OpaqueService]) -> Vec<Unread> {
    let place = |opaque: &OpaqueService| {
        let service = scope::unread_service(&opaque.server, opaque.name.as_deref())?;
        let specs = index.covers(&service).specs;
        Some(Unread { service, specs, flows: opaque.flows })
    };
    opaque.iter().filter_map(place).filter(|unread| !unread.specs.is_empty()).collect()
}

/// Where a group of operations with the same hosts could have been seen.
#[derive(Default)]
struct Reach {
    /// Services, by index.
    services: BTreeSet<usize>,
    /// Connections to such services that could not be read.
    unread: u64,
}

/// The services and unread connections of one spec.
struct Ground<'g, 'a> {
    services: &'g [Coverage<'a>],
    /// Services that the spec covers, and whether one of its own host patterns says so; else a flag did.
    clear: Vec<(usize, bool)>,
    unread: Vec<(&'g Unread, bool)>,
    reaches: Vec<Reach>,
    known: BTreeMap<Vec<&'g HostPattern>, usize>,
}

impl<'g, 'a> Ground<'g, 'a> {
    fn new(spec: usize, document: &Spec, services: &'g [Coverage<'a>], unread: &'g [Unread]) -> Self {
        let patterns: BTreeSet<&HostPattern> =
            document.operations.iter().flat_map(|operation| &operation.servers).map(|server| &server.host).collect();
        let own = |service: &ServiceId| patterns.iter().any(|pattern| pattern.takes(service));
        let covered = services.iter().enumerate().filter(|(_, coverage)| coverage.specs.contains(&spec));
        let clear = covered.map(|(at, coverage)| (at, own(&coverage.service.id))).collect();
        let hidden = unread.iter().filter(|unread| unread.specs.contains(&spec));
        let unread = hidden.map(|unread| (unread, own(&unread.service))).collect();
        Self { services, clear, unread, reaches: Vec::new(), known: BTreeMap::new() }
    }

    /// Index into `reaches` of the place where this operation is served. A host that no pattern of the spec names
    /// came by `--spec-host` or `--host-alias`, and serves all of it.
    fn reach(&mut self, operation: &'g SpecOperation) -> usize {
        let mut patterns: Vec<&HostPattern> = operation.servers.iter().map(|server| &server.host).collect();
        patterns.sort_unstable();
        patterns.dedup();
        if let Some(known) = self.known.get(&patterns) {
            return *known;
        }
        let takes = |service: &ServiceId, own: bool| !own || patterns.iter().any(|pattern| pattern.takes(service));
        let clear = self.clear.iter().filter(|(at, own)| takes(&self.services[*at].service.id, *own));
        let hidden = self.unread.iter().filter(|(unread, own)| takes(&unread.service, *own));
        let reach = Reach {
            services: clear.map(|(at, _)| *at).collect(),
            unread: hidden.map(|(unread, _)| unread.flows).sum(),
        };
        self.reaches.push(reach);
        self.known.insert(patterns, self.reaches.len() - 1);
        self.reaches.len() - 1
    }
}

/// How well each host was seen at work on a spec. Ports and schemes of one host add up: they are one machine to the
/// person who reads this, and a caller may use either.
fn exposures<'m>(
    seen: &Seen<'_, '_>,
    ground: &Ground<'_, '_>,
    met: impl Iterator<Item = &'m BTreeSet<usize>>,
) -> BTreeMap<String, Exposure> {
    let mut hosts = BTreeMap::<String, Exposure>::new();
    for (at, _) in &ground.clear {
        let coverage = &seen.services[*at];
        if coverage.out_of_scope {
            continue;
        }
        let service = coverage.service;
        let host = service.id.host.clone();
        let fresh = || Exposure { host, first: service.first, last: service.last, ..Exposure::default() };
        let exposure = hosts.entry(service.id.host.clone()).or_insert_with(fresh);
        exposure.first = exposure.first.min(service.first);
        exposure.last = exposure.last.max(service.last);
    }
    for pairings in met {
        let mut answers = BTreeMap::<&str, u64>::new();
        for (service, count) in pairings.iter().filter_map(|pairing| seen.answers(*pairing)) {
            let coverage = &seen.services[service];
            if !coverage.out_of_scope {
                *answers.entry(coverage.service.id.host.as_str()).or_default() += count;
            }
        }
        for (host, count) in answers {
            if let Some(exposure) = hosts.get_mut(host) {
                exposure.operations += 1;
                exposure.requests += count;
            }
        }
    }
    hosts
}

/// What can be seen of one reach; the same for every operation served there, so it is worked out once: an attacker
/// may name a service in every request.
struct Outlook<'o> {
    /// Some service of it was seen.
    seen: bool,
    /// Some service of it is judged.
    judged: bool,
    /// The judged host that shows most.
    best: Option<&'o Exposure>,
    /// Connections that could not be read.
    unread: u64,
}

impl Outlook<'_> {
    fn out_of_scope(&self, operation: &SpecOperation, scope: &[ScopeItem]) -> Option<(Promised, String)> {
        let might = || operation.servers.iter().any(|server| scope::might_judge(scope, &server.host));
        let inside = if self.seen { self.judged } else { might() };
        (!inside).then(|| (Promised::OutOfScope, "--scope leaves its hosts out".to_owned()))
    }
}

/// What silence must be measured against.
struct Bar<'b> {
    spec: &'b str,
    exposed: Exposed,
}

impl Bar<'_> {
    fn outlook<'o>(
        &self,
        reach: &Reach,
        services: &[Coverage<'_>],
        exposures: &'o BTreeMap<String, Exposure>,
    ) -> Outlook<'o> {
        let judged = reach.services.iter().map(|at| &services[*at]).filter(|coverage| !coverage.out_of_scope);
        let hosts: BTreeSet<&str> = judged.map(|coverage| coverage.service.id.host.as_str()).collect();
        let exposed = hosts.iter().filter_map(|host| exposures.get(*host));
        Outlook {
            seen: !reach.services.is_empty(),
            judged: !hosts.is_empty(),
            // Equal ones by name, so that nothing hangs on order.
            best: exposed.max_by_key(|e| (self.met_by(e), e.requests, e.operations, std::cmp::Reverse(&e.host))),
            unread: reach.unread,
        }
    }

    fn met_by(&self, exposure: &Exposure) -> bool {
        exposure.requests >= self.exposed.requests
            && exposure.operations >= self.exposed.operations
            && exposure.last.since(exposure.first) >= self.exposed.window
    }

    /// What it means that an operation was never seen.
    fn silence(&self, outlook: &Outlook<'_>) -> (Promised, String) {
        let Some(exposure) = outlook.best else {
            let why = match outlook.unread {
                0 => "none of its hosts was seen".to_owned(),
                unread => format!("its host was only seen encrypted ({})", connections(unread)),
            };
            return (Promised::InsufficientEvidence, why);
        };
        let (state, mut why) = self.weigh(exposure);
        if outlook.unread > 0 {
            why.push_str(&format!("; {} to it could not be read", connections(outlook.unread)));
        }
        (state, why)
    }

    fn weigh(&self, exposure: &Exposure) -> (Promised, String) {
        let Exposure { host, requests, operations, .. } = exposure;
        let window = exposure.last.since(exposure.first);
        let answered = format!(
            "{host} answered {requests} {} to {operations} other {} of {}",
            plural(*requests, "request", "requests"),
            plural(*operations, "operation", "operations"),
            self.spec,
        );
        if self.met_by(exposure) {
            (Promised::Orphan, format!("{answered} in {window}"))
        } else if *requests < self.exposed.requests || *operations < self.exposed.operations {
            let bar = format!("an orphan takes {} to {}", self.exposed.requests, self.exposed.operations);
            (Promised::InsufficientEvidence, format!("{answered}; {bar}"))
        } else {
            let bar = format!("--min-window asks for {}", self.exposed.window);
            (Promised::InsufficientEvidence, format!("{host} was observed for {window}; {bar}"))
        }
    }
}

fn plural<'w>(count: u64, one: &'w str, many: &'w str) -> &'w str {
    if count == 1 { one } else { many }
}

fn connections(count: u64) -> String {
    format!("{count} {}", plural(count, "connection", "connections"))
}

/// A template with the names of its variables taken out.
pub(super) fn nameless(template: &PathTemplate) -> PathTemplate {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => Piece::Literal(text.clone()),
        Piece::Variable(_) => Piece::Variable(String::new()),
    };
    let segment = |segment: &TemplateSegment| TemplateSegment(segment.0.iter().map(piece).collect());
    PathTemplate { segments: template.segments.iter().map(segment).collect() }
}
