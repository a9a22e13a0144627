//! Runs the rules, folds duplicates, sorts.

use std::collections::BTreeMap;

use super::finding::{Finding, Subject};
use super::rule::View;
use super::rules::RULES;
use super::suppress::suppress;

/// Every finding once, those that are suppressed behind all others: worst first, then by weight (requests), then by service, template, method, kind, part.
#[must_use]
pub fn judge(view: View<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in RULES {
        rule.check(view, &mut found);
    }
    let mut findings = fold(found);
    for finding in &mut findings {
        if let Some((severity, line)) = view.said.severity_of(finding).filter(|(said, _)| *said != finding.severity) {
            finding.evidence.notes.push(format!("{}: the policy says so (line {line})", severity.name()));
            finding.severity = severity;
        }
    }
    suppress(view, &mut findings);
    findings.sort_by(|a, b| {
        let weight = |finding: &Finding| (finding.suppressed.is_none(), finding.severity, finding.evidence.requests);
        weight(b)
            .cmp(&weight(a))
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| (a.kind, &a.part).cmp(&(b.kind, &b.part)))
    });
    findings
}

fn place(finding: &Finding) -> [&str; 3] {
    let Subject { service, method, template } = &finding.subject;
    [service, template, method]
}

/// HEAD and GET of one path, or one operation declared in two specs, are one finding.
fn fold(found: Vec<Finding>) -> Vec<Finding> {
    let mut known = BTreeMap::<_, Finding>::new();
    for finding in found {
        match known.entry((finding.kind, finding.subject.clone(), finding.part.clone())) {
            std::collections::btree_map::Entry::Vacant(empty) => {
                empty.insert(finding);
            }
            std::collections::btree_map::Entry::Occupied(mut first) => {
                let first = first.get_mut();
                if finding.severity > first.severity {
                    first.severity = finding.severity;
                    first.rule = finding.rule;
                    first.summary = finding.summary;
                    first.next = finding.next;
                    first.reason = finding.reason;
                }
                first.evidence.absorb(finding.evidence);
            }
        }
    }
    known.into_values().collect()
}
