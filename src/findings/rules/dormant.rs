//! What was called once and is not any more: listed, and a finding only where the policy says how bad it is.

use crate::findings::finding::{Evidence, Finding, Kind, Place, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::texts::RuleText;
use crate::policy::Severity;
use crate::time::Span;

/// It was called, and not for long.
pub(super) struct Dormant;

static TEXTS: [RuleText; 1] = [RuleText {
    id: "dormant",
    kind: Kind::Dormant,
    severity: Severity::Info,
    cases: &[],
    title: "An operation that was called once and has not been for long",
    why: "What nobody calls any more can often go, and what is gone cannot be attacked.",
    about: "An operation is dormant when its last request lies more than 30 days before the last packet (dormant_after of the policy \
            says otherwise): in a capture as long as that, or by what a state kept. Dormant ones are listed with that verdict, and are \
            a finding only where a [[severity]] of the policy names the rule. What is declared deprecated or past its sunset is \
            dormant and no zombie once its callers are gone: it can be switched off. What no spec in force declares stays what it is, \
            a shadow or a zombie-removed, however long ago it was called: that nobody calls it does not mean that it does not answer.",
}];

impl Rule for Dormant {
    fn texts(&self) -> &'static [RuleText] {
        &TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        let [rule] = &TEXTS;
        for pairing in view.compared.pairings.iter().filter(|pairing| pairing.is_dormant()) {
            let Some(coverage) = view.compared.services.get(pairing.service) else { continue };
            if coverage.out_of_scope || pairing.declared.is_none() {
                continue;
            }
            let subject = Subject::observed(&coverage.service.id, pairing.operation);
            let evidence = Evidence::of(view.compared, pairing);
            let whom = view.owner(coverage, &pairing.operation.template).unwrap_or("its owners");
            let place = evidence.declared.as_ref().map_or_else(String::new, |it| format!(" and from {}", it.place()));
            let Subject { service, method, template } = &subject;
            let finding = Finding {
                id: subject.id(Kind::Dormant),
                kind: Kind::Dormant,
                rule,
                part: String::new(),
                reason: None,
                severity: rule.severity,
                summary: format!(
                    "{method} {template} on {service} was last called {} before the last packet",
                    days(pairing.silent)
                ),
                next: format!("Ask {whom} whether it is still needed; if not, take it out of the code{place}."),
                subject,
                place: Place::observed(&coverage.service.id, pairing.operation),
                evidence,
                suppressed: None,
            };
            if view.said.severity_of(&finding).is_some() {
                found.push(finding);
            }
        }
    }
}

/// `45 days`.
pub(super) fn days(span: Span) -> String {
    let days = span.nanos() / Span::from_secs(86_400).nanos();
    format!("{days} {}", if days == 1 { "day" } else { "days" })
}
