//! What should be gone and is not: by its sunset, and by an older spec.

use super::*;
use crate::api::{Direction, HostPattern};
use crate::diff::samples::*;
use crate::diff::{Promised, compare_on};
use crate::inventory::{Operation, Snapshot};
use crate::limits::Limits;
use crate::policy::PolicyFile;
use crate::spec::{HostFlags, SpecIndex};
use crate::time::Timestamp;

const LINES: [&str; 3] = ["GET /v2/users", "GET /a/{id}", "GET /old until 1970-01-02"];

fn shop() -> SpecIndex {
    index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)])
}

fn retired(host: HostPattern, lines: &[&str]) -> SpecIndex {
    SpecIndex::build_retired(vec![spec("shop.yaml", host, "", lines)], &HostFlags::default(), &Limits::default())
        .unwrap()
}

/// What is found, as `rule host/template`.
fn found(snapshot: &Snapshot, retired: &SpecIndex, now: Option<Timestamp>) -> Vec<String> {
    let (index, policy, said) = (shop(), Policy::default(), PolicyFile::default());
    let compared = compare_on(&policy.terms(retired, now), snapshot, &index);
    assert!(compared.promises.iter().all(|promise| promise.state != Promised::Orphan), "nothing was seen well enough");
    let findings = judge(View { compared: &compared, policy: &policy, said: &said });
    findings.iter().map(|f| format!("{} {}{}", f.rule.id, f.place.service.host, f.subject.template)).collect()
}

fn at_shop(operation: Operation) -> Snapshot {
    snapshot(vec![service("shop.example", vec![operation])])
}

#[test]
fn what_only_an_older_spec_declares_is_a_zombie_and_no_shadow() {
    let older = retired(on("shop.example"), &["GET /v1/users/{id}", "GET /v2/users", "GET /a/export", "GET /gone"]);
    let none = retired(on("shop.example"), &[]);
    let of =
        |line: &str, statuses: &[(u16, u64)], older: &SpecIndex| found(&at_shop(seen(line, statuses)), older, None);
    let zombie = ["zombie-removed shop.example/v1/users/{id}"];
    assert_eq!(of("GET /v1/users/{id}", &[(200, 3)], &older), zombie);
    assert_eq!(of("GET /v1/users/{id}", &[(200, 3)], &none), ["shadow-unknown-path shop.example/v1/users/{id}"]);
    // What is in force takes it, so that it is not gone: by itself, or by a variable.
    assert!(of("GET /v2/users", &[(200, 3)], &older).is_empty());
    assert!(of("GET /a/export", &[(200, 3)], &older).is_empty());
    // What the older spec did not declare either.
    assert_eq!(of("PUT /v1/users/{id}", &[(200, 3)], &older), ["shadow-unknown-path shop.example/v1/users/{id}"]);
    // HEAD is GET.
    assert_eq!(of("HEAD /v1/users/{id}", &[(200, 3)], &older), zombie);
    // Gone as it should be, or behind a gate that refuses whatever is asked.
    assert!(of("GET /v1/users/{id}", &[(404, 3)], &older).is_empty());
    assert!(of("GET /v1/users/{id}", &[(401, 3)], &older).is_empty());
    let told_apart = snapshot(vec![says_404(service("shop.example", vec![seen("GET /gone", &[(401, 3)])]))]);
    assert_eq!(found(&told_apart, &older, None), ["zombie-removed shop.example/gone"]);
}

#[test]
fn an_older_spec_judges_hosts_that_it_names_and_no_others() {
    let elsewhere = |host: &str| {
        let mut service = service(host, vec![seen("GET /v1/x", &[(200, 9)]), seen("GET /v1/y", &[(200, 9)])]);
        service.traffic.clients.directions = [(Direction::Outbound, 18)].into();
        snapshot(vec![service])
    };
    let older = retired(on("old.example"), &["GET /v1/x"]);
    assert_eq!(
        found(&elsewhere("old.example"), &older, None),
        ["zombie-removed old.example/v1/x", "shadow-unknown-host old.example/v1/y"]
    );
    assert!(found(&elsewhere("bank.example"), &older, None).is_empty());
    let nameless = retired(HostPattern::Any, &["GET /v1/x"]);
    assert!(found(&elsewhere("bank.example"), &nameless, None).is_empty(), "it names no host, and so not this one");
}

#[test]
fn a_retired_spec_follows_the_flags_about_hosts_and_bears_its_state_in_its_name() {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let flags = HostFlags {
        spec_hosts: vec![pair("shop.yaml", "inner.example"), pair("pay.yaml", "pay.example")],
        aliases: vec![pair("10.0.0.7", "shop.example"), pair("10.0.0.8", "pay.example")],
        ..HostFlags::default()
    };
    let specs = vec![spec("shop.yaml", on("shop.example"), "", &["GET /v1/x"])];
    // Catches flags that are an error because they are meant for the specs in force.
    let older = SpecIndex::build_retired(specs, &flags, &Limits::default()).unwrap();
    assert_eq!(older.specs()[0].name, "shop.yaml (retired)");
    for host in ["shop.example", "10.0.0.7", "inner.example"] {
        assert_eq!(older.covers(&id(host)).specs, [0], "{host}");
    }
    assert!(older.covers(&id("10.0.0.8")).specs.is_empty());
}

#[test]
fn a_sunset_counts_when_it_has_passed_by_the_packets_time() {
    let none = retired(on("shop.example"), &[]);
    let of = |statuses: &[(u16, u64)], now: u64| found(&at_shop(seen("GET /old", statuses)), &none, Some(at(now)));
    const DAY: u64 = 86_400;
    assert_eq!(of(&[(200, 3)], 2 * DAY), ["zombie-sunset shop.example/old"]);
    assert!(of(&[(200, 3)], 2 * DAY - 1).is_empty(), "the day holds to its end");
    assert_eq!(of(&[(403, 3)], 2 * DAY).len(), 1, "its callers need to be told");
    assert!(of(&[(404, 3)], 2 * DAY).is_empty(), "it is gone");
    // Without a time from outside the last exchange tells it.
    assert!(found(&at_shop(seen("GET /old", &[(200, 3)])), &none, None).is_empty());
    let mut later = at_shop(seen("GET /old", &[(200, 3)]));
    later.window = Some((at(100), at(3 * DAY)));
    assert_eq!(found(&later, &none, Some(at(5))), ["zombie-sunset shop.example/old"]);
}

#[test]
fn a_dormant_operation_is_a_finding_where_the_policy_says_so() {
    // Catches a silence that hides what nobody declares, one that is a finding unasked, and a zombie without callers.
    const DAY: u64 = 86_400;
    let index = index(vec![spec("shop.yaml", on("shop.example"), "", &["GET /a", "GET /b deprecated"])]);
    let older = retired(on("shop.example"), &["GET /gone"]);
    let town = snapshot(vec![service(
        "shop.example",
        ["GET /a", "GET /b", "GET /gone", "GET /x"].map(|line| seen(line, &[(200, 12)])).into(),
    )]);
    let found = |now: u64, text: &str| -> Vec<String> {
        let said = PolicyFile::parse("policy.toml", text).unwrap();
        let policy = Policy::new(&[], None, &said);
        let compared = compare_on(&policy.terms(&older, Some(at(now))), &town, &index);
        let findings = judge(View { compared: &compared, policy: &policy, said: &said });
        let mut told: Vec<_> = findings.iter().map(|f| format!("{} {}", f.rule.id, f.subject.template)).collect();
        told.sort();
        told
    };
    let busy = ["shadow-unknown-path /x", "zombie-deprecated /b", "zombie-removed /gone"];
    let quiet = ["shadow-unknown-path /x", "zombie-removed /gone"];
    // Last called at second 160.
    assert_eq!(found(160 + 30 * DAY, ""), busy);
    assert_eq!(found(161 + 30 * DAY, ""), quiet);
    let by_policy = "[thresholds]\ndormant_after = '1d'\n";
    assert_eq!(found(161 + DAY, by_policy), quiet);
    assert_eq!(found(160 + DAY, by_policy), busy);
    let asked = format!("{by_policy}[[severity]]\nrule = 'dormant'\nseverity = 'low'\npaths = ['/a']\n");
    assert_eq!(found(161 + DAY, &asked), ["dormant /a", "shadow-unknown-path /x", "zombie-removed /gone"]);
}
