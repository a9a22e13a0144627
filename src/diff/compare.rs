//! Holds a snapshot against an index.
//!
//! In: what was seen, what was promised, what `--scope` takes in. Out: a [`Comparison`], which points at both sides
//! and holds no opinion. The only place that asks the index.

use super::comparison::{Comparison, Coverage, Criterion, Drifted, Existence, Nearest, OperationId, Pairing};
use super::late::hide;
use super::promises::promises;
use super::rebase::rebase;
use super::scope::{self, ScopeItem};
use super::terms::{Exposed, Terms};
use crate::api::{Direction, Drift, PathTemplate, Promise, ServiceId};
use crate::inventory::{DriftRecord, Operation, Service, Snapshot};
use crate::spec::{Cover, FailedOn, Match, NearestOp, SpecIndex};
use crate::time::Span;

/// Compares on the usual terms. `scope` says what is judged (empty: everything), `min_window` how long a host must have been observed
/// before what it never did means anything.
#[must_use]
pub fn compare<'a>(
    snapshot: &'a Snapshot,
    index: &'a SpecIndex,
    scope: &'a [ScopeItem],
    min_window: Span,
) -> Comparison<'a> {
    let exposed = Exposed { window: min_window, ..Exposed::default() };
    compare_on(&Terms { scope, exposed, ..Terms::default() }, snapshot, index)
}

/// Compares on these terms.
#[must_use]
pub fn compare_on<'a>(terms: &Terms<'a>, snapshot: &'a Snapshot, index: &'a SpecIndex) -> Comparison<'a> {
    let now = terms.now.max(snapshot.window.map(|(_, last)| last));
    let mut services = Vec::with_capacity(snapshot.services.len());
    let mut pairings = Vec::new();
    for (at, service) in snapshot.services.iter().enumerate() {
        let cover = index.covers(&service.id);
        let retired = terms.retired.map(|retired| retired.covers(&service.id)).unwrap_or_default();
        let names = |cover: &Cover| !cover.specs.is_empty() && !cover.assumed;
        let unnamed = !names(&cover) && !names(&retired);
        services.push(Coverage {
            service,
            third_party: unnamed && is_elsewhere(service),
            specs: cover.specs,
            assumed: cover.assumed,
            out_of_scope: !scope::judges(terms.scope, service),
            rebased: Vec::new(),
        });
        pairings.extend(service.operations.iter().map(|operation| {
            let silent = now.map_or(Span::ZERO, |now| now.since(operation.record.last));
            let dormant = silent > terms.dormant_after.0;
            Pairing { silent, dormant, ..pair(terms, index, at, &service.id, operation) }
        }));
    }
    rebase(index, &mut services, &mut pairings);
    let hidden = hide(index, &snapshot.late, &services, &mut pairings);
    let drifts = drifts(index, &pairings);
    let promises = promises(terms, index, snapshot, (&services, &pairings, &hidden));
    Comparison {
        snapshot,
        specs: index.specs(),
        retired: terms.retired.map_or(&[], SpecIndex::specs),
        now,
        services,
        pairings,
        drifts,
        promises,
    }
}

/// Nobody but one's own calls it, at no server of one's own. One request that came another way suffices against it: a name alone is
/// what any caller says, and what answers strangers here is no stranger's, whoever of one's own has called it too.
fn is_elsewhere(service: &Service) -> bool {
    service.traffic.clients.only(Direction::Outbound)
}

/// What matched operations did that their declarations, as they are now, do not say.
fn drifts<'a>(index: &'a SpecIndex, pairings: &[Pairing<'a>]) -> Vec<Drifted<'a>> {
    let mut all = Vec::new();
    for (at, pairing) in pairings.iter().enumerate() {
        let declared = pairing.declared.and_then(|id| index.specs().get(id.spec)?.operations.get(id.operation));
        let Some(digest) = declared.and_then(|operation| operation.contract.as_ref()).map(|contract| contract.digest())
        else {
            continue;
        };
        let own = pairing.operation.record.drifts.iter().filter(|drift| drift.digest == digest && !is_chance(drift));
        all.extend(own.map(|drift| Drifted { pairing: at, drift }));
    }
    all
}

/// A field that no schema names and none forbids: JSON Schema allows it, and once or twice it is a try, or a name that is data after
/// all. Again and again under one name, it is a field that nobody wrote down.
fn is_chance(record: &DriftRecord) -> bool {
    let fact = &record.fact;
    let is_field = matches!(
        fact.drift,
        Drift::UndocumentedRequestField | Drift::UndocumentedForm | Drift::UndocumentedResponseField
    );
    is_field && record.seen < HABIT && !fact.forbidden
}

/// Exchanges that make a habit.
const HABIT: u64 = 3;

/// Finds what takes one observed operation, and what nearly does.
fn pair<'a>(
    terms: &Terms<'a>,
    index: &'a SpecIndex,
    at: usize,
    service: &ServiceId,
    operation: &'a Operation,
) -> Pairing<'a> {
    let method = operation.method.as_str();
    let mut found = index.find(service, method, &operation.template);
    if method == "HEAD" && !matches!(found, Match::Operation(..)) {
        // RFC 9110 section 9.3.2: HEAD is GET without the body. The inventory folds them; an older state may not have.
        let get = index.find(service, "GET", &operation.template);
        if matches!(get, Match::Operation(..)) {
            found = get;
        }
    }
    let id = |found: &Match<'_>| match found {
        Match::Operation(spec, operation, _) => Some(OperationId { spec: *spec, operation: *operation }),
        _ => None,
    };
    let declared = id(&found);
    let older = terms.retired.filter(|_| declared.is_none());
    let retired = older.and_then(|older| id(&older.find(service, method, &operation.template)));
    let existence = Existence::of(&operation.record, declared.is_some());
    // Who is no endpoint needs no neighbours: a scanner's thousands of 404s must not each search every spec.
    let lost = declared.is_none() && retired.is_none() && existence.is_endpoint() && !index.specs().is_empty();
    let nearest = if lost { nearest(index, service, method, &operation.template, &found) } else { None };
    Pairing {
        service: at,
        operation,
        existence,
        declared,
        retired,
        nearest,
        silent: Span::ZERO,
        dormant: false,
        rebased: None,
        hides: None,
    }
}

/// What comes nearest to what the index did not find.
pub(super) fn nearest(
    index: &SpecIndex,
    service: &ServiceId,
    method: &str,
    template: &PathTemplate,
    found: &Match<'_>,
) -> Option<Nearest> {
    let near = index.nearest(service, method, template).map(in_our_words);
    let Match::WrongMethod(others) = found else { return near };
    // The index has said what fails; its neighbour must not say something else.
    near.filter(|near| near.failed == Criterion::Method).or_else(|| {
        let mut declared: Vec<&str> = others
            .iter()
            .filter_map(|(spec, operation)| index.specs().get(*spec)?.operations.get(*operation))
            .map(|operation| operation.method.as_str())
            .collect();
        declared.sort_unstable();
        declared.dedup();
        others.first().map(|(spec, operation)| Nearest {
            operation: OperationId { spec: *spec, operation: *operation },
            failed: Criterion::Method,
            detail: format!("method: {} declared", declared.join(", ")),
            host_alias: None,
            spec_base: None,
        })
    })
}

fn in_our_words(near: NearestOp) -> Nearest {
    const FLAG: &str = "--host-alias ";
    Nearest {
        operation: OperationId { spec: near.spec, operation: near.operation },
        failed: match near.failed {
            FailedOn::Host => Criterion::Host,
            FailedOn::BasePath => Criterion::BasePath,
            FailedOn::Method => Criterion::Method,
            FailedOn::Version => Criterion::Version,
            FailedOn::Segment => Criterion::Segment,
        },
        detail: near.detail,
        spec_base: None,
        host_alias: near.host_alias.map(|flag| if flag.starts_with(FLAG) { flag } else { format!("{FLAG}{flag}") }),
    }
}
