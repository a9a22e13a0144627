//! Lets findings stand that somebody has looked at, and finds what was let stand for too long.

use super::finding::{Evidence, Finding, Kind, Place, Subject, Suppressed};
use super::policy::takes_rule;
use super::rule::{Rule, View};
use super::texts::RuleText;
use crate::policy::{Severity, Suppression, Suspect};

/// Suppressions that hold no longer.
pub(super) struct Expired;

static TEXTS: [RuleText; 1] = [RuleText {
    id: "suppression-expired",
    kind: Kind::Suppression,
    severity: Severity::Low,
    cases: &[],
    title: "A suppression that holds no longer",
    why: "What was to stand for a while stands still, or was mended and its exception left behind.",
    about: "A suppression (--suppressions) lets findings stand for a reason, and its owner answers for that until the day it expires. \
            This one has: its date lies before the last packet, so that it takes nothing any more, and what it took are findings \
            again. What to do: mend what it took, and take it out of the file; or, where the reason still holds, give it a new date. \
            No suppression takes this finding.",
}];

impl Rule for Expired {
    fn texts(&self) -> &'static [RuleText] {
        &TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        let [rule] = &TEXTS;
        let (suppressions, now) = (&view.said.suppressions, view.compared.now);
        for it in suppressions.all.iter().filter(|it| it.has_expired(now)) {
            let [service, method, template] = it.pattern.clone();
            let subject = Subject { service, method, template };
            let fingerprint = it.fingerprint.as_deref().unwrap_or_default();
            let part = format!("{} {fingerprint}", it.rule.word).trim_end().to_owned();
            let date = it.expires.map(|date| date.to_string()).unwrap_or_default();
            let place = format!("{}, line {}", suppressions.name(), it.rule.line);
            let mut evidence = Evidence { confidence: "high", ..Evidence::default() };
            evidence.notes.push(format!("its reason: {}", it.reason));
            found.push(Finding {
                id: subject.id_of(Kind::Suppression, &part),
                kind: Kind::Suppression,
                rule,
                part,
                reason: None,
                severity: rule.severity,
                summary: format!("the suppression of '{}' by {} expired on {date} ({place})", it.rule.word, it.owner),
                next: format!(
                    "Ask {} whether its reason still holds: if so give it a new date in {place}, if not take it out.",
                    it.owner
                ),
                subject,
                place: Place::default(),
                evidence,
                suppressed: None,
            });
        }
    }
}

/// Marks what is let stand.
pub(super) fn suppress(view: View<'_>, findings: &mut [Finding]) {
    let holds = |it: &&Suppression| !it.has_expired(view.compared.now);
    let holding: Vec<&Suppression> = view.said.suppressions.all.iter().filter(holds).collect();
    for finding in findings.iter_mut().filter(|finding| finding.kind != Kind::Suppression) {
        let suspect = Suspect {
            id: &finding.id,
            service: &finding.place.service,
            method: &finding.subject.method,
            template: &finding.place.template,
        };
        let rule = |it: &&&Suppression| it.rule.word == "*" || takes_rule(&it.rule.word, finding.rule);
        let found = holding.iter().find(|it| rule(it) && it.takes(suspect));
        finding.suppressed = found.map(|it| Suppressed {
            reason: it.reason.clone(),
            owner: it.owner.clone(),
            expires: it.expires,
            line: it.rule.line,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::compare_on;
    use crate::diff::samples::*;
    use crate::findings::{FailOn, Policy, judge, understands};
    use crate::policy::{PolicyFile, Suppressions};
    use crate::time::Timestamp;

    const DAY: u64 = 86_400;

    /// What is found under suppressions, each with whether it is suppressed.
    fn found(text: &str, now: u64) -> Vec<(Finding, bool)> {
        let suppressions = Suppressions::parse("/etc/suppress.toml", text).unwrap();
        let said = PolicyFile { suppressions, ..PolicyFile::default() };
        understands(&said).unwrap();
        let index = index(vec![spec("shop.yaml", on("shop.example"), "", &["GET /a", "GET /old deprecated"])]);
        let town = snapshot(vec![service(
            "shop.example",
            ["GET /old", "GET /x", "POST /y"].map(|line| seen(line, &[(200, 9)])).into(),
        )]);
        let policy = Policy::default();
        let mut terms = policy.terms_alone();
        terms.now = Some(Timestamp::from_parts(now, 0));
        let compared = compare_on(&terms, &town, &index);
        let findings = judge(View { compared: &compared, policy: &policy, said: &said });
        findings.into_iter().map(|finding| (finding.clone(), finding.suppressed.is_some())).collect()
    }

    fn told(text: &str, now: u64) -> Vec<String> {
        let told = |(finding, suppressed): &(Finding, bool)| {
            format!("{}{} {}", if *suppressed { "-" } else { "" }, finding.rule.id, finding.subject.template)
        };
        found(text, now).iter().map(told).collect()
    }

    fn suppress(rule: &str, more: &str) -> String {
        format!("[[suppress]]\nrule = '{rule}'\nreason = 'known'\nowner = 'shop team'\n{more}\n")
    }

    #[test]
    fn what_is_suppressed_stands_behind_and_fails_nothing() {
        // Catches a suppression that takes another rule's findings, or hides what it takes.
        assert_eq!(told("", 0), ["shadow-unknown-path /y", "zombie-deprecated /old", "shadow-unknown-path /x"]);
        let by_path = suppress("shadow-unknown-path", "path = '/y'");
        assert_eq!(told(&by_path, 0), ["zombie-deprecated /old", "shadow-unknown-path /x", "-shadow-unknown-path /y"]);
        assert_eq!(
            told(&suppress("shadow", ""), 0),
            ["zombie-deprecated /old", "-shadow-unknown-path /y", "-shadow-unknown-path /x"]
        );
        assert_eq!(told(&suppress("*", "host = 'shop.example'"), 0).iter().filter(|it| it.starts_with('-')).count(), 3);
        assert!(told(&suppress("orphan", ""), 0).iter().all(|it| !it.starts_with('-')));
        let all: Vec<Finding> = found(&suppress("shadow", ""), 0).into_iter().map(|(finding, _)| finding).collect();
        let fails = |on: &str| on.parse::<FailOn>().unwrap().met_by(&all);
        assert!(
            !fails("shadow") && !fails("high") && !fails("shadow-unknown-path") && fails("zombie") && fails("medium")
        );
        let by = all.last().and_then(|finding| finding.suppressed.clone()).unwrap();
        assert_eq!((by.reason.as_str(), by.owner.as_str(), by.expires, by.line), ("known", "shop team", None, 2));
        let id = &all.last().unwrap().id;
        let by_id = suppress("*", &format!("fingerprint = '{id}'"));
        assert_eq!(told(&by_id, 0).iter().filter(|it| it.starts_with('-')).count(), 1);
    }

    #[test]
    fn what_has_expired_takes_nothing_and_is_a_finding_that_nothing_takes() {
        let text = suppress("shadow", "path = '/y'\nexpires = 1970-01-11") + &suppress("*", "host = '*.example'");
        let before = told(&text, 11 * DAY - 1);
        assert!(before.iter().all(|it| it.starts_with('-')), "it holds to the end of the day: {before:?}");
        let after = found(&text, 11 * DAY);
        let (expired, suppressed) = &after[0];
        assert_eq!((expired.rule.id, expired.kind, suppressed), ("suppression-expired", Kind::Suppression, &false));
        assert_eq!(expired.subject.template, "/y");
        assert!(!format!("{expired:?}").contains("/etc"), "no folder of this machine: {expired:?}");
        assert!(expired.summary.contains("expired on 1970-01-11 (suppress.toml, line 2)"), "{}", expired.summary);
        assert!(expired.next.starts_with("Ask shop team"), "{}", expired.next);
        assert_eq!(after.len(), 4, "what it took is taken by the one below it");
        assert_eq!(
            told(&suppress("shadow", "path = '/y'\nexpires = 1970-01-11"), 11 * DAY)[0],
            "shadow-unknown-path /y"
        );
    }

    #[test]
    fn what_a_suppression_names_must_be_there_and_the_policy_may_ask_for_a_date() {
        let said = |suppressions: &str, policy: &str| {
            let suppressions = Suppressions::parse("suppress.toml", suppressions).unwrap();
            let said = PolicyFile { suppressions, ..PolicyFile::parse("policy.toml", policy).unwrap() };
            understands(&said).map_err(|error| error.to_string())
        };
        let slip = said(&suppress("shadow-unknown-pth", ""), "").unwrap_err();
        assert!(
            slip.starts_with("suppress.toml:2: 'shadow-unknown-pth' is neither a rule nor a kind; perhaps shadow-"),
            "{slip}"
        );
        let asked = "[suppressions]\nrequire_expiry = true\n";
        let forever = said(&suppress("shadow", ""), asked).unwrap_err();
        assert!(forever.starts_with("suppress.toml:2: it does not expire, as the policy asks"), "{forever}");
        assert!(
            said(&suppress("shadow", "expires = 1970-01-11"), asked).is_ok()
                && said(&suppress("shadow", ""), "").is_ok()
        );
    }
}
