//! What exists and nobody declared.

use crate::api::AuthScheme;
use crate::diff::{Comparison, Coverage, Criterion, Existence, Pairing};
use crate::findings::evidence::list;
use crate::findings::finding::{Evidence, Finding, Kind, Reason, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::severity::{Case, changes_state};
use crate::inventory::{Record, Service};

/// It exists and no declared operation takes it.
pub(super) struct Shadow;

impl Rule for Shadow {
    fn kind(&self) -> Kind {
        Kind::Shadow
    }

    fn about(&self) -> &'static str {
        "A shadow is an operation that answers in your traffic and that no spec you gave declares: nobody reviewed it, \
         tests it or would miss it in an inventory (OWASP API9:2023, Improper Inventory Management). The reason says \
         where the declarations stop: unknown-host (no spec covers its host), unknown-base-path, unknown-path, \
         unknown-method, unknown-version. It counts as existing after one 2xx, or 3xx that leads elsewhere; one that \
         only refused or failed (401, 403, 5xx and the like) is a finding only where its host answers unknown paths \
         otherwise and its callers are no scanners. What to do: declare it, retire it, or, where the nearest declared \
         operation shows that it is known under another host or base path, say so with --host-alias, --spec-host or --spec-base. What you only call at \
         somebody else's address is a third party's and no shadow; a spec that names its host has it judged."
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        if view.compared.specs.is_empty() {
            // Nothing was promised, so nothing can be missing from the promise.
            return;
        }
        for pairing in &view.compared.pairings {
            let Some(coverage) = view.compared.services.get(pairing.service) else { continue };
            let judged = !coverage.out_of_scope && !coverage.third_party;
            if pairing.declared.is_none() && judged && proven(pairing, coverage.service) {
                found.push(finding(view.compared, coverage, pairing));
            }
        }
    }
}

/// It is there, as far as answers can show.
fn proven(pairing: &Pairing<'_>, service: &Service) -> bool {
    match pairing.existence {
        Existence::Confirmed => true,
        Existence::Provisional => {
            let record = &pairing.operation.record;
            let unknown = |status: u16| service.unknown_answers.get(&status).copied().unwrap_or_default();
            // A gate in front answers 401 to everything: then a 401 says nothing about this path. The host must have
            // been heard to say that something is not there, and never in the words that it used here.
            let says_no = service.not_found > 0 || unknown(404) > 0 || unknown(410) > 0;
            let mut doubts = record.statuses.keys().filter(|status| Existence::doubts(**status));
            says_no && !record.scanner_only && !is_noise(record) && doubts.all(|status| unknown(*status) == 0)
        }
        _ => false,
    }
}

/// Nobody but crawlers and scanners asked for it.
fn is_noise(record: &Record) -> bool {
    let noise = record.noise.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    noise > 0 && noise >= record.requests
}

fn reason(coverage: &Coverage<'_>, pairing: &Pairing<'_>) -> Reason {
    if coverage.specs.is_empty() {
        return Reason::UnknownHost;
    }
    match pairing.nearest.as_ref().map(|nearest| nearest.failed) {
        Some(Criterion::BasePath) => Reason::UnknownBasePath,
        Some(Criterion::Method) => Reason::UnknownMethod,
        Some(Criterion::Version) => Reason::UnknownVersion,
        // The host is covered; that the nearest neighbour lives on another one does not make it unknown.
        Some(Criterion::Segment | Criterion::Host) | None => Reason::UnknownPath,
    }
}

fn case(reason: Reason, pairing: &Pairing<'_>) -> Case {
    if pairing.existence != Existence::Confirmed {
        Case::ShadowProvisional
    } else if pairing.operation.method == "OPTIONS" {
        Case::ShadowOptions
    } else if changes_state(&pairing.operation.method) {
        Case::ShadowWrites
    } else if reason == Reason::UnknownHost {
        Case::ShadowUnmanagedReads
    } else if open(&pairing.operation.record) > 0 {
        Case::ShadowOpen
    } else {
        Case::ShadowReads
    }
}

/// Requests that succeeded without credentials.
fn open(record: &Record) -> u64 {
    record.auth_ok.get(&AuthScheme::None).copied().unwrap_or_default()
}

fn finding(compared: &Comparison<'_>, coverage: &Coverage<'_>, pairing: &Pairing<'_>) -> Finding {
    let reason = reason(coverage, pairing);
    let case = case(reason, pairing);
    let subject = Subject::observed(&coverage.service.id, pairing.operation);
    let but = match reason {
        Reason::UnknownHost => "no spec covers its host",
        Reason::UnknownBasePath => "no declared base path of its host fits",
        Reason::UnknownPath => "no declared path takes it",
        Reason::UnknownMethod => "its path is declared for other methods only",
        Reason::UnknownVersion => "its path is declared with another version only",
    };
    let record = &pairing.operation.record;
    let does = if pairing.existence == Existence::Confirmed {
        "answers".to_owned()
    } else {
        let doubts = record.statuses.keys().filter(|status| Existence::doubts(**status));
        format!("seems to exist (it answers {})", list(&doubts.map(u16::to_string).collect::<Vec<_>>()))
    };
    let mut evidence = Evidence::of(compared, pairing);
    evidence.notes.push(format!("{}: {}", case.severity().name(), case.why()));
    if open(record) > 0 {
        evidence.notes.push(format!("{} of its requests succeeded without credentials", open(record)));
    }
    if is_noise(record) {
        evidence.notes.push("nobody but crawlers and scanners asked for it: they found it before you did".to_owned());
    }
    if coverage.assumed {
        evidence.notes.push("its host is covered only by a spec that names no host".to_owned());
    }
    let Subject { service, method, template } = &subject;
    Finding {
        id: subject.id(Kind::Shadow),
        kind: Kind::Shadow,
        reason: Some(reason),
        severity: case.severity(),
        summary: format!("{method} {template} on {service} {does}, and {but}"),
        subject,
        evidence,
    }
}
