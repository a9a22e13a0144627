//! Where a matched operation differs from its declaration.

use std::collections::BTreeMap;

use super::drift_texts::{NEXT, TEXTS};
use crate::api::{self, Checked, PathTemplate};
use crate::diff::{Coverage, Drifted, Existence, Pairing};
use crate::findings::finding::{DriftEvidence, Evidence, Finding, Kind, Place, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::texts::RuleText;

/// It is declared, and it differs from its declaration.
pub(super) struct Drift;

impl Rule for Drift {
    fn texts(&self) -> &'static [RuleText] {
        TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        let compared = view.compared;
        // What is told of a service as a whole: it would be the same of each of its operations.
        let mut whole: BTreeMap<(usize, &str), Finding> = BTreeMap::new();
        for drifted in &compared.drifts {
            let Some(pairing) = compared.pairings.get(drifted.pairing) else { continue };
            let Some(coverage) = compared.services.get(pairing.service).filter(|coverage| !coverage.out_of_scope)
            else {
                continue;
            };
            let Some(rule) = TEXTS.iter().zip(NEXT).find(|(text, _)| text.id == drifted.drift.fact.drift.name()) else {
                continue;
            };
            if !matches!(pairing.existence, Existence::Confirmed | Existence::Provisional) {
                continue;
            }
            let finding = finding(view, coverage, (pairing, drifted), rule);
            if drifted.drift.fact.drift == api::Drift::Cleartext {
                match whole.entry((pairing.service, rule.0.id)) {
                    std::collections::btree_map::Entry::Vacant(empty) => drop(empty.insert(finding)),
                    std::collections::btree_map::Entry::Occupied(mut known) => {
                        known.get_mut().evidence.absorb(finding.evidence)
                    }
                }
            } else {
                found.push(finding);
            }
        }
        for mut finding in whole.into_values() {
            if let Some(drift) = &finding.evidence.drift {
                finding.summary = summary(&finding.subject, finding.rule, drift, Checked::Request);
            }
            found.push(finding);
        }
    }
}

fn finding(
    view: View<'_>,
    coverage: &Coverage<'_>,
    (pairing, drifted): (&Pairing<'_>, &Drifted<'_>),
    (rule, next): (&'static RuleText, &&str),
) -> Finding {
    let record = drifted.drift;
    let fact = &record.fact;
    let of_service = fact.drift == api::Drift::Cleartext;
    let mut subject = Subject::observed(&coverage.service.id, pairing.operation);
    if of_service {
        (subject.method, subject.template) = ("*".to_owned(), "/*".to_owned());
    }
    let part = format!("{} {}", rule.id, fact.seen);
    let mut evidence = Evidence::of(view.compared, pairing);
    (evidence.first, evidence.last) = (Some(record.first), Some(record.last));
    evidence.drift = Some(DriftEvidence {
        observed_at: fact.seen.to_string(),
        declared_at: fact.promised.to_string(),
        exchanges: record.seen,
        of: record.of,
    });
    evidence.weigh(record.seen);
    if of_service {
        evidence.declared = None;
    }
    let owner = view.owner(coverage, &pairing.operation.template);
    Finding {
        id: subject.id_of(Kind::Drift, &part),
        kind: Kind::Drift,
        suppressed: None,
        place: if of_service { whole(coverage) } else { Place::observed(&coverage.service.id, pairing.operation) },
        rule,
        reason: None,
        severity: rule.severity,
        summary: evidence.drift.as_ref().map_or_else(String::new, |drift| summary(&subject, rule, drift, fact.of)),
        next: owner.map_or_else(|| (*next).to_owned(), |owner| format!("Ask {owner}: {}", lower(next))),
        part,
        subject,
        evidence,
    }
}

/// What it is, where, and how often.
fn summary(subject: &Subject, rule: &RuleText, drift: &DriftEvidence, of: Checked) -> String {
    let what = match of {
        Checked::Request => "requests that succeeded",
        Checked::RequestBody => "request bodies looked into",
        Checked::Response(_) => "answers of that status",
        Checked::ResponseBody(_) => "response bodies of that status looked into",
        Checked::Answers => "answers",
    };
    let Subject { service, method, template } = subject;
    let place = if method == "*" { format!("on {service}") } else { format!("{method} {template} on {service}") };
    let DriftEvidence { observed_at, exchanges, of, .. } = drift;
    format!("{place}: {} at {observed_at} ({exchanges} of {of} {what})", lower(rule.title))
}

/// All of a service.
fn whole(coverage: &Coverage<'_>) -> Place {
    Place { service: coverage.service.id.clone(), template: PathTemplate::default() }
}

/// With a small letter in front.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_drift_has_its_words() {
        // Catches a kind without a row, and rows that have come out of order.
        let ids: Vec<_> = TEXTS.iter().map(|text| text.id).collect();
        assert_eq!(ids, api::Drift::ALL.map(api::Drift::name));
        assert_eq!(NEXT.len(), TEXTS.len());
    }
}
