//! What the user decided: what is judged, what makes a finding, how bad it is, what fails a run.

use std::str::FromStr;

use super::finding::{Finding, Kind};
use super::texts::{RuleText, near_rules, rule_text};
use crate::diff::{DormantAfter, Exposed, ScopeItem, Terms};
use crate::policy::{Named, PolicyError, PolicyFile, Severity, SeverityRule};
use crate::spec::SpecIndex;
use crate::time::{Span, Timestamp};

/// The user's decisions.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Hosts and networks that are judged; empty: all.
    pub scope: Vec<ScopeItem>,
    /// An orphan needs its host observed at least this well.
    pub exposed: Exposed,
    /// What was not called for longer is dormant.
    pub dormant_after: DormantAfter,
}

impl Policy {
    /// By the flags, and by a policy file where they say nothing.
    #[must_use]
    pub fn new(scope: &[ScopeItem], min_window: Option<Span>, said: &PolicyFile) -> Self {
        let (thresholds, usual) = (&said.judging.thresholds, Exposed::default());
        Self {
            scope: scope.to_vec(),
            exposed: Exposed {
                requests: thresholds.orphan_requests.unwrap_or(usual.requests),
                operations: thresholds.orphan_operations.unwrap_or(usual.operations),
                window: min_window.or(thresholds.orphan_window).unwrap_or(usual.window),
            },
            dormant_after: thresholds.dormant_after.map(DormantAfter).unwrap_or_default(),
        }
    }

    /// What a comparison is held to: `retired` are older specs, `now` is the time of the last packet.
    #[must_use]
    pub fn terms<'a>(&'a self, retired: &'a SpecIndex, now: Option<Timestamp>) -> Terms<'a> {
        Terms { retired: Some(retired), now, ..self.terms_alone() }
    }

    /// The same where no older specs are known.
    #[must_use]
    pub fn terms_alone(&self) -> Terms<'_> {
        Terms { scope: &self.scope, exposed: self.exposed, dormant_after: self.dormant_after, ..Terms::default() }
    }
}

/// Looks up what a policy file says of rules.
///
/// # Errors
/// It names a rule that is none, or two of its words contradict each other: with the line, and what mends it.
pub fn understands(said: &PolicyFile) -> Result<(), PolicyError> {
    let judging = &said.judging;
    for (at, rule) in judging.severities.iter().enumerate() {
        if !is_rule(&rule.rule.word) {
            return Err(unknown(said, &rule.rule, "rule nor a kind", &[]));
        }
        if let Some(above) = judging.severities.iter().take(at).find(|above| covers(above, rule)) {
            let (mine, line) = (&rule.rule.word, above.rule.line);
            let what =
                format!("the severity of '{mine}' is never asked for: what stands in line {line} takes all of it");
            return Err(judging.wrong(&rule.rule, what, "put the narrower one above, or leave one of them out"));
        }
    }
    let suppressions = &said.suppressions;
    for it in &suppressions.all {
        let word = &it.rule.word;
        if word != "*" && !is_rule(word) {
            let what = format!("'{}' is neither a rule nor a kind", word.escape_debug());
            return Err(suppressions.wrong(&it.rule, what, mend(word, &["*"])));
        }
        if judging.suppressions_expire && it.expires.is_none() {
            let mend = r#"write expires = "2026-12-31", or take require_expiry out of the policy"#;
            return Err(suppressions.wrong(&it.rule, "it does not expire, as the policy asks", mend));
        }
    }
    FailOn::of(said).map(drop)
}

/// All that the lower one takes, the upper one takes before it.
fn covers(above: &SeverityRule, below: &SeverityRule) -> bool {
    takes(&above.rule.word, &below.rule.word) && above.covers(below)
}

/// A word that is a rule's id or a kind takes this one: the same, or one of the kind.
fn takes(word: &str, other: &str) -> bool {
    word == other || rule_text(other).is_some_and(|text| text.kind.name() == word)
}

/// The word is a rule's id or a kind.
fn is_rule(word: &str) -> bool {
    rule_text(word).is_some() || kind(word).is_some()
}

/// The word takes findings of this rule.
pub(super) fn takes_rule(word: &str, rule: &RuleText) -> bool {
    word == rule.id || word == rule.kind.name()
}

fn kind(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == word)
}

/// An error about a word that is none of these.
fn unknown(said: &PolicyFile, named: &Named, of: &str, more: &[&str]) -> PolicyError {
    said.judging.wrong(named, format!("'{}' is neither a {of}", named.word.escape_debug()), mend(&named.word, more))
}

fn mend(word: &str, more: &[&str]) -> String {
    let near = near_rules(word);
    let kinds = Kind::ALL.map(Kind::name);
    let words = kinds.iter().chain(more).copied().collect::<Vec<_>>().join(", ");
    match near.as_slice() {
        [] => format!("write one of {words}, or a rule that 'shadowtap explain' lists"),
        near => format!("perhaps {}; or one of {words}", near.join(", ")),
    }
}

impl PolicyFile {
    /// How bad a finding is by this policy, and the line that says so.
    pub(super) fn severity_of(&self, finding: &Finding) -> Option<(Severity, usize)> {
        let place = &finding.place;
        let takes =
            |it: &&SeverityRule| takes_rule(&it.rule.word, finding.rule) && it.takes(&place.service, &place.template);
        self.judging.severities.iter().find(takes).map(|it| (it.severity, it.rule.line))
    }
}

/// What fails a run (`--fail-on`): kinds, rules and severities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailOn {
    /// Any finding of these kinds.
    pub kinds: Vec<Kind>,
    /// Any finding of these rules.
    pub rules: Vec<&'static str>,
    /// Any finding at least this bad.
    pub severity: Option<Severity>,
}

impl FailOn {
    /// What a policy file says; none where it says nothing.
    ///
    /// # Errors
    /// A word is neither.
    pub fn of(said: &PolicyFile) -> Result<Self, PolicyError> {
        let mut met = Self::default();
        for named in said.judging.fail_on.iter().flatten() {
            if !met.add(&named.word) {
                return Err(unknown(said, named, "kind nor a rule nor a severity", &Severity::ALL.map(Severity::name)));
            }
        }
        Ok(met)
    }

    /// Some finding meets it that is not suppressed.
    #[must_use]
    pub fn met_by(&self, findings: &[Finding]) -> bool {
        findings.iter().filter(|finding| finding.suppressed.is_none()).any(|finding| {
            self.kinds.contains(&finding.kind)
                || self.rules.contains(&finding.rule.id)
                || self.severity.is_some_and(|worst| finding.severity >= worst)
        })
    }

    /// A finding of this kind, rule and severity, by their names, meets it.
    #[must_use]
    pub fn names(&self, of_kind: &str, rule: &str, severity: &str) -> bool {
        let known = |worst: Severity| Severity::ALL.into_iter().any(|it| it.name() == severity && it >= worst);
        self.kinds.iter().any(|kind| kind.name() == of_kind)
            || self.rules.contains(&rule)
            || self.severity.is_some_and(known)
    }

    /// Takes in one word; whether it is one.
    fn add(&mut self, word: &str) -> bool {
        if let Some(kind) = kind(word) {
            self.kinds.push(kind);
        } else if let Some(text) = rule_text(word) {
            self.rules.push(text.id);
        } else if let Some(severity) = Severity::ALL.into_iter().find(|severity| severity.name() == word) {
            self.severity = Some(self.severity.map_or(severity, |known| known.min(severity)));
        } else {
            return false;
        }
        true
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut met = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none") {
            if !met.add(word) {
                let mend = mend(word, &Severity::ALL.map(Severity::name));
                return Err(format!("'{word}' is neither a kind nor a rule nor a severity; {mend}"));
            }
        }
        Ok(met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<(), String> {
        let said = PolicyFile::parse("policy.toml", text).unwrap();
        understands(&said).map_err(|error| error.to_string())
    }

    fn severity(rule: &str, more: &str) -> String {
        format!("[[severity]]\nrule = '{rule}'\nseverity = 'low'\n{more}\n")
    }

    #[test]
    fn the_lowest_severity_named_is_the_bar() {
        let met: FailOn = "shadow,high,low,shadow-unknown-path".parse().unwrap();
        let rules = vec!["shadow-unknown-path"];
        assert_eq!(met, FailOn { kinds: vec![Kind::Shadow], rules, severity: Some(Severity::Low) });
        assert!("shadowy".parse::<FailOn>().unwrap_err().contains("zombie"));
        assert!("shadow-unknown-pth".parse::<FailOn>().unwrap_err().contains("perhaps shadow-unknown-path"));
        assert_eq!("none".parse::<FailOn>().unwrap(), FailOn::default());
    }

    #[test]
    fn a_rule_that_is_none_is_an_error_with_its_line_and_mend() {
        // Catches a misspelt rule that is passed over in silence: its findings would fail no run, or stay as bad as they were.
        let said_of = |text: &str| said(text).unwrap_err();
        let text = severity("shadow-unknown-pth", "");
        let wrong = said_of(&text);
        let begins = "policy.toml:2: 'shadow-unknown-pth' is neither a rule nor a kind; perhaps shadow-unknown-path, ";
        assert!(wrong.starts_with(begins) && wrong.contains("; or one of shadow, zombie, orphan"), "{wrong}");
        assert!(
            said_of("\nfail_on = ['shadow',\n 'xyzzy']")
                .starts_with("policy.toml:3: 'xyzzy' is neither a kind nor a rule")
        );
        assert!(said_of(&severity("high", "")).contains("neither a rule nor a kind"), "a severity is no rule");
    }

    #[test]
    fn a_severity_that_is_never_asked_for_is_an_error() {
        let two = |above: (&str, &str), below: (&str, &str)| {
            said(&(severity(above.0, above.1) + &severity(below.0, below.1)))
        };
        let twice = two(("orphan", ""), ("orphan", "")).unwrap_err();
        assert!(twice.starts_with("policy.toml:6: ") && twice.contains("line 2 takes all of it"), "{twice}");
        for (above, below) in [
            (("shadow", ""), ("shadow-unknown-path", "")),
            (("shadow", ""), ("shadow", "hosts = ['a.example']")),
            (("shadow", "hosts = ['*.example']"), ("shadow", "hosts = ['a.example', 'b.example']")),
            (("shadow", "paths = ['/v1']"), ("shadow-unknown-path", "hosts = ['a']\npaths = ['/v1/users']")),
        ] {
            assert!(two(above, below).is_err(), "{above:?} {below:?}");
            assert!(two(below, above).is_ok(), "the narrower one above: {below:?} {above:?}");
        }
        for (above, below) in [
            (("shadow-unknown-path", ""), ("zombie", "")),
            (("shadow", "hosts = ['a.example']"), ("shadow", "hosts = ['b.example', 'a.example']")),
            (("shadow", "paths = ['/v1']"), ("shadow", "paths = ['/v2']")),
            (("shadow", "paths = ['/v1']"), ("shadow", "hosts = ['a']")),
        ] {
            assert!(two(above, below).is_ok(), "{above:?} {below:?}");
        }
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_what_is_built_in() {
        let usual = Policy::new(&[], None, &PolicyFile::default()).exposed;
        assert_eq!((usual, usual.requests, usual.operations), (Exposed::default(), 20, 3));
        let text = "[thresholds]\norphan_requests = 5\norphan_window = '2h'\n";
        let said = PolicyFile::parse("policy.toml", text).unwrap();
        let by_file = Policy::new(&[], None, &said).exposed;
        assert_eq!(by_file, Exposed { requests: 5, operations: 3, window: Span::from_secs(7200) });
        assert_eq!(Policy::new(&[], Some(Span::ZERO), &said).exposed.window, Span::ZERO);
    }
}
