//! What exists and nobody declared.

use crate::api::AuthScheme;
use crate::diff::{Comparison, Coverage, Criterion, Existence, Pairing};
use crate::findings::evidence::{list, look_up};
use crate::findings::finding::{Evidence, Finding, Kind, Place, Reason, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::rules::dormant::days;
use crate::findings::severity::{Case, changes_state};
use crate::findings::texts::RuleText;
use crate::inventory::{Record, Service};
use crate::policy::Severity;

/// It exists and no declared operation takes it.
pub(super) struct Shadow;

/// What makes a shadow of any reason one.
macro_rules! about {
    ($first:literal) => {
        concat!(
            "A shadow is an operation that answers in your traffic and that no spec you gave declares (OWASP API9:2023, Improper \
             Inventory Management). ",
            $first,
            " It counts as existing after one 2xx, or 3xx that leads elsewhere; one that only refused or failed (401, 403, 5xx and \
             the like) is a finding only where its host answers unknown paths otherwise and its callers are no scanners. What you \
             only call at somebody else's address is a third party's and no shadow; a spec that names its host has it judged."
        )
    };
}

const ON_COVERED_HOST: &[Case] =
    &[Case::ShadowWrites, Case::ShadowOpen, Case::ShadowReads, Case::ShadowOptions, Case::ShadowProvisional];

const TEXTS: &[RuleText] = &[
    RuleText {
        id: "shadow-unknown-host",
        kind: Kind::Shadow,
        severity: Severity::High,
        cases: &[Case::ShadowWrites, Case::ShadowUnmanagedReads, Case::ShadowOptions, Case::ShadowProvisional],
        title: "An operation on a host that no spec covers",
        why: "A host that no spec covers is in nobody's inventory, so that nobody reviews, tests or retires what it serves.",
        about: about!(
            "This one lies on a host that no spec covers at all: the host is the finding, its operations say what it does. What to \
             do: find who runs it and give a spec that names it; where it is a declared host under another name, say so with \
             --host-alias or --spec-host; leave it out with --scope where it is not yours to judge."
        ),
    },
    RuleText {
        id: "shadow-unknown-base-path",
        kind: Kind::Shadow,
        severity: Severity::High,
        cases: ON_COVERED_HOST,
        title: "An operation outside every declared base path of its host",
        why: "A second API beside the declared one passes by the reviews, tests and limits that the declared one has.",
        about: about!(
            "Specs cover its host, and none of their base paths (`servers`, `basePath`) leads to it: often an administration, an \
             older or an internal API beside the declared one, or a gateway that takes a prefix off. What to do: declare it, \
             correct the spec's servers or say so with --spec-base, or take it off this host."
        ),
    },
    RuleText {
        id: "shadow-unknown-path",
        kind: Kind::Shadow,
        severity: Severity::High,
        cases: ON_COVERED_HOST,
        title: "An operation on a path that no spec declares",
        why: "What nobody wrote down nobody reviewed, tests or would miss, and it answers all the same.",
        about: about!(
            "Specs cover its host, and no declared path takes it: debugging and administration left switched on, a feature that \
             went live before its spec, or a path that the spec spells otherwise. What to do: declare it, or switch it off; the \
             nearest declared operation and the segment that differs are named."
        ),
    },
    RuleText {
        id: "shadow-unknown-method",
        kind: Kind::Shadow,
        severity: Severity::High,
        cases: ON_COVERED_HOST,
        title: "A method that the spec does not declare for this path",
        why: "A method that was left switched on passes by the checks that were written for the declared ones.",
        about: about!(
            "Its path is declared, for other methods only: a PUT beside a declared PATCH, a DELETE that a framework adds by \
             itself. What to do: declare the method, or have the server refuse it with 405."
        ),
    },
    RuleText {
        id: "shadow-unknown-version",
        kind: Kind::Shadow,
        severity: Severity::High,
        cases: ON_COVERED_HOST,
        title: "A version of an operation that the spec does not declare",
        why: "An older version lacks the fixes of the declared one, and a newer one the reviews.",
        about: about!(
            "Its path is declared with another version segment only: a version that should be gone, or one that went live before \
             its spec. What to do: give that version's spec too; or switch the version off, and \
             give its old spec with --retired-spec, which makes a zombie of it."
        ),
    },
];

impl Rule for Shadow {
    fn texts(&self) -> &'static [RuleText] {
        TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        if view.compared.specs.is_empty() {
            // Nothing was promised, so nothing can be missing from the promise.
            return;
        }
        for pairing in &view.compared.pairings {
            let Some(coverage) = view.compared.services.get(pairing.service) else { continue };
            let judged = !coverage.out_of_scope && !coverage.third_party;
            if pairing.declared.is_none() && pairing.retired.is_none() && judged && proven(pairing, coverage.service) {
                found.push(finding(view, coverage, pairing));
            }
        }
    }
}

/// It is there, as far as answers can show.
pub(super) fn proven(pairing: &Pairing<'_>, service: &Service) -> bool {
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

/// The rule of a reason.
fn rule(reason: Reason) -> &'static RuleText {
    let at = match reason {
        Reason::UnknownHost => 0,
        Reason::UnknownBasePath => 1,
        Reason::UnknownPath => 2,
        Reason::UnknownMethod => 3,
        Reason::UnknownVersion => 4,
    };
    &TEXTS[at]
}

/// What to do about it: who is asked, where it would be declared, and which flag says that it is known.
fn next(view: View<'_>, reason: Reason, subject: &Subject, evidence: &Evidence, owner: Option<&str>) -> String {
    let whom = owner.map_or_else(|| format!("whoever runs {}", subject.service), str::to_owned);
    let near = evidence.nearest.as_ref();
    let flag = near.and_then(|near| near.try_flag.as_deref());
    // Of several specs the nearest names the one; of one there is no doubt.
    let only = || view.compared.specs.first().filter(|_| view.compared.specs.len() == 1).map(|spec| spec.name.clone());
    let spec = near.map(|near| near.spec.clone()).or_else(only).unwrap_or_else(|| "the spec of its host".to_owned());
    let place = match near {
        Some(near) if near.line > 0 => format!("{spec} (line {} has the nearest)", near.line),
        _ => spec,
    };
    let method = &subject.method;
    match (reason, flag) {
        (Reason::UnknownHost, Some(flag)) => {
            format!(
                "If it is the same host under another name, say so with {flag}. Else ask {whom} for its spec and give it with --spec."
            )
        }
        (Reason::UnknownHost, None) => {
            format!(
                "Ask {whom} for a spec that names this host and give it with --spec. If it is not yours to judge, leave it out with --scope."
            )
        }
        (Reason::UnknownBasePath, _) => {
            format!(
                "Ask {whom} what serves it: declare it, with its base path among the servers of {place}, or take it off this host."
            )
        }
        (Reason::UnknownPath, _) => {
            format!("Ask {whom} whether it is meant to be there: if so declare it in {place}, if not switch it off.")
        }
        (Reason::UnknownMethod, _) => {
            format!(
                "Ask {whom} whether {method} is meant: if so declare it in {place}, if not have it refused with 405."
            )
        }
        (Reason::UnknownVersion, _) => format!(
            "Ask {whom} whether this version is meant: if so declare it in a spec of its own or in {place}; if it \
             should be gone, switch it off, and give its old spec with --retired-spec until it is."
        ),
    }
}

fn finding(view: View<'_>, coverage: &Coverage<'_>, pairing: &Pairing<'_>) -> Finding {
    let compared: &Comparison<'_> = view.compared;
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
    if let Some((spec, operation)) = pairing.hides.and_then(|id| look_up(compared, id)) {
        let (method, path, line) = (&operation.method, &operation.path, operation.line);
        let late = format!(
            "{method} {path} ({}, line {line}) was declared after it was learned: some of its requests may be that one's",
            spec.name
        );
        evidence.notes.push(late);
    }
    if pairing.dormant {
        evidence.notes.push(format!("it was last called {} before the last packet", days(pairing.silent)));
    }
    if is_noise(record) {
        evidence.notes.push("nobody but crawlers and scanners asked for it: they found it before you did".to_owned());
    }
    if coverage.assumed {
        evidence.notes.push("its host is covered only by a spec that names no host".to_owned());
    }
    let next = next(view, reason, &subject, &evidence, view.owner(coverage, &pairing.operation.template));
    let Subject { service, method, template } = &subject;
    Finding {
        id: subject.id(Kind::Shadow),
        kind: Kind::Shadow,
        rule: rule(reason),
        part: String::new(),
        reason: Some(reason),
        severity: case.severity(),
        summary: format!("{method} {template} on {service} {does}, and {but}"),
        next,
        subject,
        place: Place::observed(&coverage.service.id, pairing.operation),
        evidence,
        suppressed: None,
    }
}
