//! `[[severity]]`, `[thresholds]` and `fail_on`: how bad findings are, what makes one, and which of them fail a run.
//!
//! Rules are named and not known here: who runs them looks each name up ([`Judging::wrong`] tells the place of one that is none).

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::error::PolicyError;
use super::read::{Fault, hosts, template};
use super::words::{Subject, begins, names};
use crate::api::{HostPattern, PathTemplate, ServiceId};
use crate::time::Span;

/// How bad, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it some day.
    Low,
    /// Look at it.
    Medium,
    /// Look at it now.
    High,
}

impl Severity {
    /// All severities, worst last.
    pub const ALL: [Self; 4] = [Self::Info, Self::Low, Self::Medium, Self::High];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How findings are judged.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// The file as the user named it.
    pub file: String,
    /// How bad; of several that take a finding the first is meant.
    pub severities: Vec<SeverityRule>,
    /// What fails a run: kinds, rules, severities. `None`: it is not said.
    pub fail_on: Option<Vec<Named>>,
    /// What makes a finding.
    pub thresholds: Thresholds,
    /// A suppression must say until when it holds.
    pub suppressions_expire: bool,
}

/// A word of the file that is to be looked up, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The word.
    pub word: String,
    /// The line from 1.
    pub line: usize,
}

/// How bad the findings of a rule or kind are: those that it takes in every respect that it names.
#[derive(Clone, Debug)]
pub struct SeverityRule {
    /// A rule's id or a kind.
    pub rule: Named,
    /// How bad.
    pub severity: Severity,
    /// Hosts; none: all.
    pub hosts: Vec<HostPattern>,
    /// Where paths begin, segment by segment; none: all.
    pub paths: Vec<PathTemplate>,
}

/// What makes a finding, where it is not what is built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Answers that a host must have given before what it never showed is called orphan ...
    pub orphan_requests: Option<u64>,
    /// ... to so many other declared operations ...
    pub orphan_operations: Option<u64>,
    /// ... while it was observed so long.
    pub orphan_window: Option<Span>,
    /// What was last called so long before the last packet is dormant.
    pub dormant_after: Option<Span>,
}

impl Judging {
    /// What is wrong with a word of the file.
    #[must_use]
    pub fn wrong(&self, named: &Named, what: impl Into<String>, mend: impl Into<String>) -> PolicyError {
        PolicyError::Wrong { file: self.file.clone(), line: named.line, what: what.into(), mend: mend.into() }
    }
}

impl SeverityRule {
    /// It takes what lies here.
    #[must_use]
    pub fn takes(&self, service: &ServiceId, path: &PathTemplate) -> bool {
        let subject = Subject { service, servers: &[] };
        (self.hosts.is_empty() || names(&self.hosts, subject))
            && (self.paths.is_empty() || self.paths.iter().any(|start| begins(start, path)))
    }

    /// It lies wherever the other does, so that the other, behind it, is never asked.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let hosts = |theirs: &HostPattern| self.hosts.iter().any(|mine| mine.covers(theirs));
        let paths = |theirs: &PathTemplate| self.paths.iter().any(|mine| begins(mine, theirs));
        (self.hosts.is_empty() || !other.hosts.is_empty() && other.hosts.iter().all(hosts))
            && (self.paths.is_empty() || !other.paths.is_empty() && other.paths.iter().all(paths))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeverityTable {
    rule: Spanned<String>,
    severity: Severity,
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    #[serde(default)]
    paths: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuppressionsTable {
    #[serde(default)]
    pub(super) require_expiry: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThresholdsTable {
    orphan_requests: Option<u64>,
    orphan_operations: Option<u64>,
    orphan_window: Option<Spanned<String>>,
    dormant_after: Option<Spanned<String>>,
}

impl SeverityTable {
    pub(super) fn understood(self, line: &dyn Fn(usize) -> usize) -> Result<SeverityRule, Fault> {
        Ok(SeverityRule {
            rule: named(&self.rule, line),
            severity: self.severity,
            hosts: hosts(&self.hosts)?,
            paths: self.paths.iter().map(template).collect::<Result<_, _>>()?,
        })
    }
}

impl ThresholdsTable {
    pub(super) fn understood(self) -> Result<Thresholds, Fault> {
        let span = |text: Option<Spanned<String>>| {
            let read = |text: Spanned<String>| {
                let mend = r#"write it as "90s", "10m", "24h" or "30d""#;
                Span::from_str(text.get_ref()).map_err(|what| Fault::new(text.span(), what, mend))
            };
            text.map(read).transpose()
        };
        Ok(Thresholds {
            orphan_requests: self.orphan_requests,
            orphan_operations: self.orphan_operations,
            orphan_window: span(self.orphan_window)?,
            dormant_after: span(self.dormant_after)?,
        })
    }
}

/// A word that is to be looked up later.
pub(super) fn named(text: &Spanned<String>, line: &dyn Fn(usize) -> usize) -> Named {
    Named { word: text.get_ref().trim().to_owned(), line: line(text.span().start) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyFile;

    fn read(text: &str) -> Result<Judging, String> {
        PolicyFile::parse("policy.toml", text).map(|policy| policy.judging).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_said_of_judging_is_read_with_its_lines() {
        let judging = read(
            "fail_on = ['shadow', 'high']\n[thresholds]\norphan_requests = 5\norphan_operations = 1\norphan_window = '2d'\n\
             dormant_after = '90d'\n[[severity]]\nrule = 'orphan'\nseverity = 'info'\nhosts = ['*.example']\npaths = ['/v1']\n",
        )
        .unwrap();
        let words: Vec<_> = judging.fail_on.iter().flatten().map(|named| (named.word.as_str(), named.line)).collect();
        assert_eq!(words, [("shadow", 1), ("high", 1)]);
        let days = |n: u64| Some(Span::from_secs(n * 86_400));
        let Thresholds { orphan_requests, orphan_operations, orphan_window, dormant_after } = judging.thresholds;
        assert_eq!((orphan_requests, orphan_operations), (Some(5), Some(1)));
        assert_eq!((orphan_window, dormant_after), (days(2), days(90)));
        let [rule] = judging.severities.as_slice() else { panic!("one rule") };
        assert_eq!((rule.rule.word.as_str(), rule.rule.line, rule.severity), ("orphan", 8, Severity::Info));
        assert_eq!(read("").unwrap().fail_on, None, "nothing said is not none of them");
        assert_eq!(read("fail_on = []").unwrap().fail_on, Some(Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_said_with_its_line() {
        for (text, line, what) in [
            ("[thresholds]\norphan_window = '2 weeks'\n", 2, "write it as"),
            ("[thresholds]\norphan_request = 2\n", 2, "unknown field"),
            ("[thresholds]\norphan_requests = -2\n", 2, "invalid value"),
            ("[[severity]]\nrule = 'orphan'\nseverity = 'worst'\n", 3, "unknown variant"),
            ("[[severity]]\nseverity = 'high'\n", 1, "missing field `rule`"),
            ("[[severity]]\nrule = 'orphan'\nseverity = 'high'\nhosts = ['a b']\n", 4, "is no host"),
            ("[[severity]]\nrule = 'orphan'\nseverity = 'high'\npaths = ['v1']\n", 4, "is no path"),
            ("fail_on = 'shadow'\n", 1, "invalid type"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(&format!("policy.toml:{line}: ")) && said.contains(what), "{text}: {said}");
        }
    }
}
