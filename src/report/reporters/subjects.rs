//! Which findings an endpoint bears, for formats that tell of endpoints and not of findings: a row or a test each.

use std::collections::BTreeMap;

use crate::diff::{Coverage, Pairing};
use crate::findings::{Finding, Subject};
use crate::report::contents::{Endpoint, Report};

/// The stable id of the rule that made a finding.
pub(super) const fn rule(finding: &Finding) -> &'static str {
    finding.rule.id
}

/// What the rule that made it is about, in a paragraph.
pub(super) const fn about(finding: &Finding) -> &'static str {
    finding.rule.about
}

/// The findings of a report by what they are about.
pub(super) struct Subjects<'r> {
    found: BTreeMap<&'r Subject, Entry<'r>>,
}

#[derive(Default)]
struct Entry<'r> {
    /// In the order of the report: worst first.
    findings: Vec<&'r Finding>,
    /// Some endpoint bears them.
    told: bool,
}

/// An endpoint with what belongs to it.
pub(super) struct Row<'r> {
    pub(super) endpoint: &'r Endpoint<'r>,
    pub(super) pairing: &'r Pairing<'r>,
    pub(super) coverage: &'r Coverage<'r>,
    /// Worst first; HEAD bears those of GET.
    pub(super) findings: Vec<&'r Finding>,
}

impl<'r> Subjects<'r> {
    pub(super) fn of(report: &'r Report<'r>) -> Self {
        let mut found = BTreeMap::<_, Entry<'r>>::new();
        for finding in report.findings {
            found.entry(&finding.subject).or_default().findings.push(finding);
        }
        Self { found }
    }

    /// An endpoint with its findings, which are told with it from now on.
    pub(super) fn row(&mut self, report: &'r Report<'r>, endpoint: &'r Endpoint<'r>) -> Option<Row<'r>> {
        let pairing = report.compared.pairings.get(endpoint.pairing)?;
        let coverage = report.compared.services.get(pairing.service)?;
        let findings = match self.found.get_mut(&Subject::observed(&coverage.service.id, pairing.operation)) {
            Some(entry) => {
                entry.told = true;
                entry.findings.clone()
            }
            None => Vec::new(),
        };
        Some(Row { endpoint, pairing, coverage, findings })
    }

    /// What no endpoint bore so far, as an orphan: findings of one subject together, in order of subject.
    pub(super) fn rest(&self) -> impl Iterator<Item = (&'r Subject, &[&'r Finding])> {
        self.found.iter().filter(|(_, entry)| !entry.told).map(|(subject, entry)| (*subject, entry.findings.as_slice()))
    }
}
