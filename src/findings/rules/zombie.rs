//! What exists although it is declared deprecated.

use crate::diff::{Existence, Pairing};
use crate::findings::finding::{Evidence, Finding, Kind, Place, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::severity::Case;
use crate::findings::texts::RuleText;
use crate::policy::Severity;

/// It exists and is declared deprecated.
pub(super) struct Zombie;

const TEXTS: &[RuleText] = &[RuleText {
    id: "zombie-deprecated",
    kind: Kind::Zombie,
    severity: Severity::Medium,
    cases: &[Case::ZombieAnswers, Case::ZombieProvisional],
    title: "An operation that is declared deprecated and still called",
    why: "Deprecated code is the first to miss a fix and the last to be watched, and as long as it answers it is attack surface.",
    about: "A zombie is an operation that should have no callers left and still has. This one is declared deprecated by its spec. \
            Deprecated code is the first to miss a fix and the last to be watched; as long as it answers, it is attack surface that \
            its owners believe gone. What to do: the finding names how many clients call it and when last; move them to the \
            successor, then switch it off. A zombie that only refuses or fails is listed with low severity: its callers still need \
            to be told.",
}];

impl Rule for Zombie {
    fn texts(&self) -> &'static [RuleText] {
        TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        let compared = view.compared;
        for pairing in &compared.pairings {
            let Some(coverage) = compared.services.get(pairing.service) else { continue };
            let Some(case) = case(pairing).filter(|_| !coverage.out_of_scope) else { continue };
            let declared = pairing.declared.and_then(|id| compared.specs.get(id.spec)?.operations.get(id.operation));
            if declared.is_none_or(|operation| !operation.deprecated) {
                continue;
            }
            let subject = Subject::observed(&coverage.service.id, pairing.operation);
            let mut evidence = Evidence::of(compared, pairing);
            evidence.notes.push(format!("{}: {}", case.severity().name(), case.why()));
            let does = if case == Case::ZombieAnswers { "still answers" } else { "is still called" };
            let next = next(&evidence, view.owner(coverage, &pairing.operation.template));
            let Subject { service, method, template } = &subject;
            found.push(Finding {
                id: subject.id(Kind::Zombie),
                kind: Kind::Zombie,
                rule: &TEXTS[0],
                part: String::new(),
                reason: None,
                severity: case.severity(),
                summary: format!("{method} {template} on {service} is declared deprecated and {does}"),
                next,
                subject,
                place: Place::observed(&coverage.service.id, pairing.operation),
                evidence,
            });
        }
    }
}

/// What to do about it: whose callers are to be moved, and where it is taken out.
fn next(evidence: &Evidence, owner: Option<&str>) -> String {
    let clients =
        if evidence.clients == 1 { "its one client".to_owned() } else { format!("its {} clients", evidence.clients) };
    let whom = owner.map(|owner| format!("Ask {owner} to move")).unwrap_or_else(|| "Move".to_owned());
    let place = evidence.declared.as_ref().map_or_else(String::new, |it| format!(" (declared in {})", it.place()));
    format!("{whom} {clients} to the successor; then switch it off{place}.")
}

fn case(pairing: &Pairing<'_>) -> Option<Case> {
    match pairing.existence {
        Existence::Confirmed => Some(Case::ZombieAnswers),
        Existence::Provisional if !pairing.operation.record.scanner_only => Some(Case::ZombieProvisional),
        _ => None,
    }
}
