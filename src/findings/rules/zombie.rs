//! What exists although it is declared deprecated.

use crate::diff::{Existence, Pairing};
use crate::findings::finding::{Evidence, Finding, Kind, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::severity::Case;

/// It exists and is declared deprecated.
pub(super) struct Zombie;

impl Rule for Zombie {
    fn kind(&self) -> Kind {
        Kind::Zombie
    }

    fn about(&self) -> &'static str {
        "A zombie is an operation that its spec declares deprecated and that still has callers. Deprecated code is the \
         first to miss a fix and the last to be watched; as long as it answers, it is attack surface that its owners \
         believe gone. What to do: the finding names how many clients call it and when last; move them to the \
         successor, then switch it off. A zombie that only refuses or fails is listed with low severity: its callers \
         still need to be told."
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
            let Subject { service, method, template } = &subject;
            found.push(Finding {
                id: subject.id(Kind::Zombie),
                kind: Kind::Zombie,
                reason: None,
                severity: case.severity(),
                summary: format!("{method} {template} on {service} is declared deprecated and {does}"),
                subject,
                evidence,
            });
        }
    }
}

fn case(pairing: &Pairing<'_>) -> Option<Case> {
    match pairing.existence {
        Existence::Confirmed => Some(Case::ZombieAnswers),
        Existence::Provisional if !pairing.operation.record.scanner_only => Some(Case::ZombieProvisional),
        _ => None,
    }
}
