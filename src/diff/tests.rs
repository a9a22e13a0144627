//! Every row of the tables of existence, promises and scope.

use super::samples::*;
use super::*;
use crate::api::{HostPattern, Noise};
use crate::inventory::{Record, Snapshot};
use crate::spec::{HostFlags, SpecIndex};
use crate::time::Span;

const LINES: [&str; 5] = ["GET /a", "GET /b", "GET /c", "POST /d", "GET /never/{id}"];

fn existence(statuses: &[(u16, u64)]) -> Existence {
    Existence::of(&seen("GET /x", statuses).record, false)
}

fn promise(snapshot: &Snapshot, index: &SpecIndex, scope: &[&str], window: Span, line: u32) -> (Promised, String) {
    let scope: Vec<ScopeItem> = scope.iter().map(|item| item.parse().unwrap()).collect();
    let compared = compare(snapshot, index, &scope, window);
    let promise = compared.promises.iter().find(|promise| promise.operation.line == line).unwrap();
    assert_eq!(promise.exposure.is_some(), promise.state == Promised::Orphan);
    (promise.state, promise.why.clone())
}

/// What became of `GET /never/{id}`.
fn never(snapshot: &Snapshot, index: &SpecIndex) -> (Promised, String) {
    promise(snapshot, index, &[], Span::ZERO, 14)
}

#[test]
fn each_status_says_what_it_says() {
    use Existence::{Confirmed, NotAllowed, NotFound, Provisional, Unanswered};
    // Catches a table that drops what is not 2xx, and one that takes a 404 for an endpoint.
    for status in [101, 200, 201, 204, 206, 299, 304, 302] {
        assert_eq!(existence(&[(status, 1)]), Confirmed, "{status}");
    }
    for status in [400, 401, 402, 403, 406, 408, 409, 412, 415, 422, 428, 429, 500, 502, 503, 504, 999] {
        assert_eq!(existence(&[(status, 1)]), Provisional, "{status}");
    }
    for (statuses, says) in [
        (&[(404, 3)][..], NotFound),
        (&[(410, 1)], NotFound),
        (&[(405, 1)], NotAllowed),
        (&[(501, 1)], NotAllowed),
        (&[(404, 9), (405, 1)], NotAllowed),
        (&[(404, 9), (401, 1)], Provisional),
        (&[(405, 9), (500, 1)], Provisional),
        (&[(404, 99), (500, 9), (200, 1)], Confirmed),
        (&[(100, 1)], Unanswered),
        (&[], Unanswered),
    ] {
        assert_eq!(existence(statuses), says, "{statuses:?}");
    }
}

#[test]
fn a_redirect_counts_unless_it_is_a_mere_one() {
    let redirected = |mere_redirects| {
        let change = |record: &mut Record| record.mere_redirects = mere_redirects;
        Existence::of(&seen_with("GET /x", &[(301, 3)], change).record, false)
    };
    assert_eq!(redirected(3), Existence::Noise);
    assert_eq!(redirected(2), Existence::Confirmed);
    let refused = seen_with("GET /x", &[(301, 3), (403, 1)], |record| record.mere_redirects = 3);
    assert_eq!(Existence::of(&refused.record, false), Existence::Provisional);
}

#[test]
fn a_declared_health_check_is_no_noise() {
    let health = seen_with("GET /health", &[(200, 5)], |record| record.noise = [(Noise::Health, 5)].into());
    assert_eq!(Existence::of(&health.record, false), Existence::Noise);
    assert_eq!(Existence::of(&health.record, true), Existence::Confirmed);
    let by = |statuses: &[(u16, u64)], class| {
        let n = statuses.iter().map(|(_, n)| *n).sum();
        let seen = seen_with("GET /x", statuses, |record| record.noise = [(class, n)].into());
        Existence::of(&seen.record, false)
    };
    // What a scanner or a crawler found is there; what refused them may be.
    assert_eq!(by(&[(200, 1), (404, 90)], Noise::Scanner), Existence::Confirmed);
    assert_eq!(by(&[(200, 1)], Noise::Crawler), Existence::Confirmed);
    assert_eq!(by(&[(401, 5)], Noise::Scanner), Existence::Provisional);
    assert_eq!(by(&[(200, 5)], Noise::Static), Existence::Noise);
    let partly = seen_with("GET /health", &[(200, 5)], |record| record.noise = [(Noise::Health, 4)].into());
    assert_eq!(Existence::of(&partly.record, false), Existence::Confirmed);
}

#[test]
fn a_head_counts_under_the_get_that_is_declared() {
    let index = index(vec![spec("s.yaml", on("shop.example"), "", &["GET /a", "HEAD /b", "GET /b"])]);
    let snapshot =
        snapshot(vec![service("shop.example", vec![seen("HEAD /a", &[(200, 1)]), seen("HEAD /b", &[(200, 1)])])]);
    let compared = compare(&snapshot, &index, &[], Span::ZERO);
    let declared: Vec<_> = compared.pairings.iter().map(|pairing| pairing.declared.unwrap().operation).collect();
    assert_eq!(declared, [0, 1]);
}

/// A host that answered so often on `/a`, `/b` and `/c` each.
fn busy(host: &str, times: u64) -> crate::inventory::Service {
    service(host, ["GET /a", "GET /b", "GET /c"].map(|line| seen(line, &[(200, times)])).into())
}

#[test]
fn silence_on_a_busy_host_makes_an_orphan() {
    let index = index(vec![spec("s.yaml", on("shop.example"), "", &LINES)]);
    let (state, why) = never(&snapshot(vec![busy("shop.example", 7)]), &index);
    assert_eq!(state, Promised::Orphan, "{why}");
    assert!(why.contains("21 requests") && why.contains("3 other operations"), "{why}");
    // One answer below the bar, one operation below it, one second below it.
    let (state, why) = never(&snapshot(vec![busy("shop.example", 6)]), &index);
    assert_eq!(state, Promised::InsufficientEvidence);
    assert!(why.contains("18 requests"), "{why}");
    let two = service("shop.example", vec![seen("GET /a", &[(200, 50)]), seen("GET /b", &[(200, 50)])]);
    assert_eq!(never(&snapshot(vec![two]), &index).0, Promised::InsufficientEvidence);
    let busy = snapshot(vec![busy("shop.example", 7)]);
    assert_eq!(promise(&busy, &index, &[], Span::from_secs(60), 14).0, Promised::Orphan);
    let (state, why) = promise(&busy, &index, &[], Span::from_secs(61), 14);
    assert_eq!(state, Promised::InsufficientEvidence);
    assert!(why.contains("--min-window"), "{why}");
}

#[test]
fn what_never_worked_exposes_nothing() {
    // Catches an exposure made of 404s: a foreign host that happens to bear the name.
    let index = index(vec![spec("s.yaml", on("shop.example"), "", &LINES)]);
    let foreign =
        service("shop.example", ["GET /a", "GET /b", "GET /c", "POST /d"].map(|line| seen(line, &[(404, 50)])).into());
    let snapshot = snapshot(vec![foreign]);
    assert_eq!(never(&snapshot, &index).0, Promised::InsufficientEvidence);
    let (state, why) = promise(&snapshot, &index, &[], Span::ZERO, 10);
    assert_eq!(state, Promised::InsufficientEvidence);
    assert!(why.contains("50 times") && why.contains("404"), "{why}");
}

#[test]
fn what_was_seen_is_met_whatever_became_of_it() {
    let index = index(vec![spec("s.yaml", on("shop.example"), "", &LINES)]);
    for (statuses, state) in [
        (&[(200, 1)][..], Promised::Met),
        (&[(500, 1)], Promised::Met),
        (&[], Promised::Met),
        (&[(404, 1)], Promised::InsufficientEvidence),
        (&[(405, 1)], Promised::InsufficientEvidence),
    ] {
        let mut host = busy("shop.example", 50);
        host.operations.push(seen("GET /never/{number}", statuses));
        assert_eq!(never(&snapshot(vec![host]), &index).0, state, "{statuses:?}");
    }
}

#[test]
fn an_unseen_or_encrypted_host_makes_no_orphans() {
    let index = index(vec![spec("s.yaml", on("shop.example"), "", &LINES)]);
    let mut elsewhere = snapshot(vec![busy("other.example", 50)]);
    let (state, why) = never(&elsewhere, &index);
    assert_eq!(state, Promised::InsufficientEvidence);
    assert!(why.contains("none of its hosts was seen"), "{why}");
    elsewhere.opaque = vec![opaque("10.0.0.9:443", Some("shop.example")), opaque("10.0.0.9:443", None)];
    let (state, why) = never(&elsewhere, &index);
    assert_eq!(state, Promised::InsufficientEvidence);
    assert!(why.contains("encrypted (9 connections)"), "{why}");
}

#[test]
fn exposure_on_any_of_its_hosts_counts() {
    let mut two = spec("s.yaml", on("shop.example"), "", &LINES);
    for operation in &mut two.operations {
        let mut second = operation.servers[0].clone();
        second.host = on("shop.internal");
        operation.servers.push(second);
    }
    let index = index(vec![two]);
    let seen = snapshot(vec![busy("shop.example", 1), busy("shop.internal", 9)]);
    let (state, why) = never(&seen, &index);
    assert_eq!(state, Promised::Orphan);
    assert!(why.starts_with("shop.internal answered 27"), "{why}");
}

#[test]
fn a_host_by_alias_exposes_too() {
    let flags = HostFlags { aliases: vec![("10.0.0.7".into(), "shop.example".into())], ..HostFlags::default() };
    let index = SpecIndex::build(vec![spec("s.yaml", on("shop.example"), "", &LINES)], &flags).unwrap();
    assert_eq!(never(&snapshot(vec![busy("10.0.0.7", 9)]), &index).0, Promised::Orphan);
}

#[test]
fn one_call_keeps_the_promises_of_two_specs() {
    // Catches orphans made of the same operation declared twice.
    let index = index(vec![
        spec("a.yaml", on("shop.example"), "", &LINES),
        spec("b.yaml", on("shop.example"), "", &["GET /a", "GET /b", "GET /c"]),
    ]);
    let snapshot = snapshot(vec![busy("shop.example", 9)]);
    let compared = compare(&snapshot, &index, &[], Span::ZERO);
    let of_b = compared.promises.iter().filter(|promise| promise.id.spec == 1);
    assert!(of_b.clone().count() == 3 && of_b.clone().all(|promise| promise.state == Promised::Met));
}

#[test]
fn a_spec_without_a_host_is_measured_where_it_was_assumed() {
    let index = index(vec![spec("s.yaml", HostPattern::Any, "", &LINES)]);
    let snapshot = snapshot(vec![busy("10.0.0.7", 9)]);
    assert_eq!(never(&snapshot, &index).0, Promised::Orphan);
    assert!(compare(&snapshot, &index, &[], Span::ZERO).services[0].assumed);
}

#[test]
fn a_scope_takes_names_and_networks() {
    let host = |item: &str, host: &str| scope::judges(&[item.parse().unwrap()], &service(host, Vec::new()));
    assert!(host("shop.example", "shop.example") && host("Shop.Example.", "shop.example"));
    assert!(host("shop.example:80", "shop.example") && !host("shop.example:8080", "shop.example"));
    assert!(!host("shop.example", "a.shop.example"));
    assert!(host("*.shop.example", "a.b.shop.example") && !host("*.shop.example", "shop.example"));
    assert!(!host("*.shop.example", "badshop.example"));
    assert!(host("10.0.0.0/8", "shop.example") && !host("192.168.0.0/16", "shop.example"));
    assert!(host("10.0.0.7", "shop.example") && host("10.9.9.9", "10.9.9.9") && host("fd00::/8", "[fd00::1]"));
    assert!(scope::judges(&[], &service("shop.example", Vec::new())));
    for bad in ["", "a.*.example", "a/b", "**.example"] {
        assert!(bad.parse::<ScopeItem>().is_err(), "{bad}");
    }
}

#[test]
fn what_the_scope_leaves_out_is_promised_to_nobody() {
    let index = index(vec![spec("s.yaml", on("shop.example"), "", &LINES)]);
    let busy = snapshot(vec![busy("shop.example", 9)]);
    let state = |snapshot: &Snapshot, item: &str| promise(snapshot, &index, &[item], Span::ZERO, 14).0;
    assert_eq!(state(&busy, "shop.example"), Promised::Orphan);
    assert_eq!(state(&busy, "10.0.0.0/8"), Promised::Orphan);
    assert_eq!(state(&busy, "other.example"), Promised::OutOfScope);
    // Nobody saw the host: a name says whether it is meant, a network cannot.
    let empty = Snapshot::default();
    assert_eq!(state(&empty, "other.example"), Promised::OutOfScope);
    assert_eq!(state(&empty, "shop.example"), Promised::InsufficientEvidence);
    assert_eq!(state(&empty, "10.0.0.0/8"), Promised::InsufficientEvidence);
}

#[test]
fn nothing_was_promised_without_a_spec() {
    let index = index(Vec::new());
    let snapshot = snapshot(vec![busy("shop.example", 9)]);
    let compared = compare(&snapshot, &index, &[], Span::ZERO);
    assert!(compared.promises.is_empty() && compared.services[0].specs.is_empty());
    assert!(compared.pairings.iter().all(|pairing| pairing.nearest.is_none() && pairing.declared.is_none()));
}
