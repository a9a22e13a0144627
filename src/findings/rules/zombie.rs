//! What exists although it should have no callers left.

use crate::diff::{Coverage, Existence, Pairing};
use crate::findings::evidence::retired;
use crate::findings::finding::{Evidence, Finding, Kind, Place, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::rules::dormant::days;
use crate::findings::rules::shadow::proven;
use crate::findings::severity::Case;
use crate::findings::texts::RuleText;
use crate::policy::Severity;
use crate::spec::SpecOperation;

/// It exists and is declared deprecated, is past its sunset, or is not declared any more.
pub(super) struct Zombie;

const CASES: &[Case] = &[Case::ZombieAnswers, Case::ZombieProvisional];

const DEPRECATED: RuleText = RuleText {
    id: "zombie-deprecated",
    kind: Kind::Zombie,
    severity: Severity::Medium,
    cases: CASES,
    title: "An operation that is declared deprecated and still called",
    why: "Deprecated code is the first to miss a fix and the last to be watched, and as long as it answers it is attack surface.",
    about: "A zombie is an operation that should have no callers left and still has. This one is declared deprecated by its spec. \
            Deprecated code is the first to miss a fix and the last to be watched; as long as it answers, it is attack surface that \
            its owners believe gone. What to do: the finding names how many clients call it and when last; move them to the \
            successor, then switch it off. A zombie that only refuses or fails is listed with low severity: its callers still need \
            to be told.",
};

const SUNSET: RuleText = RuleText {
    id: "zombie-sunset",
    kind: Kind::Zombie,
    severity: Severity::Medium,
    cases: CASES,
    title: "An operation that is past its sunset and still called",
    why: "What was to be gone by now is kept up by nobody, and whoever reads its spec believes it gone.",
    about: "A zombie is an operation that should have no callers left and still has. This one bears an x-sunset in its spec that had \
            passed when the last packet was captured (a date holds to its end in UTC). It says more than that the operation is \
            deprecated, and is told in its place. What to do: move the callers to the successor and switch it off; or, where it has to \
            stay, say so in the spec with a later date. One that only refuses or fails is listed with low severity.",
};

const REMOVED: RuleText = RuleText {
    id: "zombie-removed",
    kind: Kind::Zombie,
    severity: Severity::Medium,
    cases: CASES,
    title: "An operation that an older spec declared and still answers",
    why: "What was taken out of the spec and not out of the code is attack surface that its owners believe gone.",
    about: "A zombie is an operation that should have no callers left and still has. This one is declared by a spec given with \
            --retired-spec, and by none that is in force: it was taken out of the spec and not out of the code. What a spec in force \
            takes is not asked of retired ones; what only a retired one declares is never an orphan, and no shadow. One that only \
            refuses or fails is a finding of low severity where its host answers unknown paths otherwise and its callers are no \
            scanners. What to do: switch it off, or declare it again.",
};

static TEXTS: [RuleText; 3] = [DEPRECATED, SUNSET, REMOVED];

/// By which of the ways it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Deprecated,
    Sunset,
    Removed,
}

impl Way {
    const fn rule(self) -> &'static RuleText {
        let [deprecated, sunset, removed] = &TEXTS;
        match self {
            Self::Deprecated => deprecated,
            Self::Sunset => sunset,
            Self::Removed => removed,
        }
    }
}

impl Rule for Zombie {
    fn texts(&self) -> &'static [RuleText] {
        &TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        let compared = view.compared;
        for pairing in &compared.pairings {
            let Some(coverage) = compared.services.get(pairing.service) else { continue };
            let Some((way, operation)) = way(view, coverage, pairing) else { continue };
            let Some(case) = case(pairing).filter(|_| !coverage.out_of_scope) else { continue };
            let subject = Subject::observed(&coverage.service.id, pairing.operation);
            let mut evidence = Evidence::of(compared, pairing);
            evidence.notes.push(format!("{}: {}", case.severity().name(), case.why()));
            if pairing.dormant {
                evidence.notes.push(format!("it was last called {} before the last packet", days(pairing.silent)));
            }
            let does = if case == Case::ZombieAnswers { "still answers" } else { "is still called" };
            let was = match (way, operation.sunset) {
                (Way::Sunset, Some(sunset)) => format!("was to be gone after {sunset}"),
                (Way::Removed, _) => "was taken out of its spec".to_owned(),
                _ => "is declared deprecated".to_owned(),
            };
            let next = next(way, &evidence, view.owner(coverage, &pairing.operation.template));
            let Subject { service, method, template } = &subject;
            found.push(Finding {
                id: subject.id(Kind::Zombie),
                kind: Kind::Zombie,
                rule: way.rule(),
                part: String::new(),
                reason: None,
                severity: case.severity(),
                summary: format!("{method} {template} on {service} {was} and {does}"),
                next,
                subject,
                place: Place::observed(&coverage.service.id, pairing.operation),
                evidence,
                suppressed: None,
            });
        }
    }
}

/// By which way it is one, and what declares it.
fn way<'a>(view: View<'a>, coverage: &Coverage<'a>, pairing: &Pairing<'a>) -> Option<(Way, &'a SpecOperation)> {
    let compared = view.compared;
    if let Some(id) = pairing.declared {
        let operation = compared.specs.get(id.spec)?.operations.get(id.operation)?;
        if pairing.is_dormant() || pairing.hides.is_some() {
            // Its callers are gone, which is all that was wanted; or they may have meant another operation.
            return None;
        }
        let gone = operation.sunset.zip(compared.now).is_some_and(|(sunset, now)| sunset.passed_by(now));
        return match (gone, operation.deprecated) {
            (true, _) => Some((Way::Sunset, operation)),
            (false, true) => Some((Way::Deprecated, operation)),
            (false, false) => None,
        };
    }
    // Nothing in force says that it is there: its answers must.
    let (_, operation) = retired(compared, pairing.retired?)?;
    (!coverage.third_party && proven(pairing, coverage.service)).then_some((Way::Removed, operation))
}

fn case(pairing: &Pairing<'_>) -> Option<Case> {
    match pairing.existence {
        Existence::Confirmed => Some(Case::ZombieAnswers),
        Existence::Provisional if !pairing.operation.record.scanner_only => Some(Case::ZombieProvisional),
        _ => None,
    }
}

/// What to do about it: whose callers are to be moved, and where it is declared.
fn next(way: Way, evidence: &Evidence, owner: Option<&str>) -> String {
    let clients =
        if evidence.clients == 1 { "its one client".to_owned() } else { format!("its {} clients", evidence.clients) };
    let whom = owner.map_or_else(|| "Move".to_owned(), |owner| format!("Ask {owner} to move"));
    let place = evidence.declared.as_ref().map_or_else(String::new, |it| format!(" (declared in {})", it.place()));
    match way {
        Way::Deprecated => format!("{whom} {clients} to the successor; then switch it off{place}."),
        Way::Sunset => format!(
            "{whom} {clients} to the successor and switch it off{place}. If it has to stay, give it a later x-sunset there."
        ),
        Way::Removed => format!(
            "{whom} {clients} to the successor and switch it off{place}. If it has to stay, declare it in a spec in force."
        ),
    }
}
