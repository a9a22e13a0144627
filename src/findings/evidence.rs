//! What findings rest on, put into words.

use super::finding::{Declared, Evidence, NearMiss};
use crate::api::PathTemplate;
use crate::diff::{Comparison, Nearest, OperationId, Pairing, Promise};
use crate::spec::{Spec, SpecOperation};

impl Evidence {
    /// The figures of an observed operation.
    pub(super) fn of(compared: &Comparison<'_>, pairing: &Pairing<'_>) -> Self {
        let record = &pairing.operation.record;
        let nearest = pairing.nearest.as_ref().and_then(|nearest| near_miss(compared, nearest));
        let declared = match (pairing.declared, pairing.retired) {
            (Some(id), _) => declared(compared, id),
            (None, Some(id)) => retired(compared, id).map(|(spec, operation)| declaration(spec, operation)),
            (None, None) => None,
        };
        let mut evidence = Self {
            requests: record.requests,
            unanswered: record.unanswered,
            statuses: record.statuses.iter().map(|(status, count)| (*status, *count)).collect(),
            clients: record.clients,
            first: Some(record.first),
            last: Some(record.last),
            existence: Some(pairing.existence),
            confidence: "",
            nearest,
            declared,
            drift: None,
            notes: Vec::new(),
        };
        evidence.weigh(evidence.statuses.values().sum());
        evidence
    }

    /// What speaks for an orphan: the window in which its neighbours were seen.
    pub(super) fn of_silence(compared: &Comparison<'_>, promise: &Promise<'_>) -> Self {
        let exposure = promise.exposure.as_ref();
        let mut evidence = Self {
            first: exposure.map(|exposure| exposure.first),
            last: exposure.map(|exposure| exposure.last),
            declared: declared(compared, promise.id),
            ..Self::default()
        };
        evidence.weigh(exposure.map_or(0, |exposure| exposure.requests));
        evidence
    }

    /// One or two answers may be chance; ten are a habit.
    pub(super) fn weigh(&mut self, answers: u64) {
        self.confidence = match answers {
            0..=2 => "low",
            3..=9 => "medium",
            _ => "high",
        };
    }

    /// Takes in what a duplicate of the same finding rests on.
    pub(super) fn absorb(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.unanswered = self.unanswered.saturating_add(other.unanswered);
        for (status, count) in other.statuses {
            let known = self.statuses.entry(status).or_default();
            *known = known.saturating_add(count);
        }
        // Clients of both cannot be told apart: at least as many as the more popular had.
        self.clients = self.clients.max(other.clients);
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.existence = self.existence.into_iter().chain(other.existence).min();
        let rank = |word: &str| ["low", "medium", "high"].iter().position(|known| *known == word);
        if let Some(drift) = &self.drift {
            self.weigh(drift.exchanges);
        } else if self.statuses.is_empty() {
            if rank(other.confidence) > rank(self.confidence) {
                self.confidence = other.confidence;
            }
        } else {
            self.weigh(self.statuses.values().sum());
        }
        if let (Some(mine), Some(theirs)) = (&mut self.drift, &other.drift) {
            if mine.declared_at == theirs.declared_at {
                mine.exchanges = mine.exchanges.saturating_add(theirs.exchanges);
                mine.of = mine.of.saturating_add(theirs.of);
            } else {
                // Two demands of one place, broken by the same exchanges perhaps.
                mine.exchanges = mine.exchanges.max(theirs.exchanges);
                mine.of = mine.of.max(theirs.of);
            }
        }
        self.nearest = self.nearest.take().or(other.nearest);
        if let (Some(mine), Some(theirs)) = (&self.declared, &other.declared)
            && (&mine.spec, mine.line) != (&theirs.spec, theirs.line)
        {
            self.notes.push(format!("also declared in {}, line {}", theirs.spec, theirs.line));
        }
        self.declared = self.declared.take().or(other.declared);
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

pub(super) fn look_up<'a>(compared: &Comparison<'a>, id: OperationId) -> Option<(&'a Spec, &'a SpecOperation)> {
    let spec = compared.specs.get(id.spec)?;
    Some((spec, spec.operations.get(id.operation)?))
}

fn declared(compared: &Comparison<'_>, id: OperationId) -> Option<Declared> {
    let (spec, operation) = look_up(compared, id)?;
    Some(declaration(spec, operation))
}

fn declaration(spec: &Spec, operation: &SpecOperation) -> Declared {
    Declared { spec: spec.name.clone(), operation_id: operation.id.clone(), line: operation.line }
}

/// An operation of a retired spec.
pub(super) fn retired<'a>(compared: &Comparison<'a>, id: OperationId) -> Option<(&'a Spec, &'a SpecOperation)> {
    let spec = compared.retired.get(id.spec)?;
    Some((spec, spec.operations.get(id.operation)?))
}

fn near_miss(compared: &Comparison<'_>, nearest: &Nearest) -> Option<NearMiss> {
    let (spec, operation) = look_up(compared, nearest.operation)?;
    Some(NearMiss {
        spec: spec.name.clone(),
        operation: format!("{} {}", operation.method, full(operation)),
        line: operation.line,
        failed: nearest.failed,
        detail: nearest.detail.clone(),
        try_flag: nearest.host_alias.clone().or_else(|| nearest.spec_base.clone()),
    })
}

/// The whole template of a declared operation, on the first of its servers.
fn full(operation: &SpecOperation) -> PathTemplate {
    match operation.servers.first() {
        Some(server) => operation.path.under(&server.base),
        None => operation.path.clone(),
    }
}

/// `404` or `401, 403 and 500`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}
