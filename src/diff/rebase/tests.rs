use std::time::Duration;

use super::super::compare;
use super::super::comparison::{Comparison, Promised};
use super::super::samples::{index, on, seen, seen_with, service, snapshot, spec};
use super::*;
use crate::api::{Direction, HostPattern};
use crate::inventory::Snapshot;
use crate::spec::{HostFlags, SpecIndex};
use crate::time::{Span, processor_time};

const SHOP: [&str; 8] = [
    "GET /users",
    "POST /users",
    "GET /users/{id}",
    "GET /orders",
    "GET /orders/{id}",
    "POST /orders/{id}/cancel",
    "GET /stock/{sku}.json",
    "GET /{anything}",
];

/// A spec of these operations at `shop.example`, or anywhere.
fn shop(base: &str, host: HostPattern) -> SpecIndex {
    index(vec![spec("shop.yaml", host, base, &SHOP)])
}

/// The first operations of `SHOP`, as a host shows them under a prefix.
fn under(prefix: &str, most: usize) -> Vec<String> {
    let path = |line: &&str| line.replacen(" /", &format!(" {prefix}/"), 1).replace("{id}", "{number}");
    SHOP.iter().take(most).map(path).collect()
}

/// What a comparison says: base paths with their figures, then each operation that nothing takes, with its flag.
fn told(index: &SpecIndex, host: &str, lines: &[String]) -> (Vec<String>, Vec<String>) {
    let operations = lines.iter().map(|line| seen(line, &[(200, 3)])).collect();
    let snapshot = snapshot(vec![service(host, operations)]);
    let compared = compare(&snapshot, index, &[], Span::ZERO);
    say(&compared)
}

fn say(compared: &Comparison<'_>) -> (Vec<String>, Vec<String>) {
    let rebased = compared.services.iter().flat_map(|coverage| &coverage.rebased).map(|one| {
        let counts = if one.counted { "counts" } else { "near" };
        format!("{counts} {} for {} {}+{}-", one.observed, one.declared, one.operations, one.against)
    });
    let open = compared.pairings.iter().filter(|pairing| pairing.declared.is_none()).map(|pairing| {
        let near = pairing.nearest.as_ref();
        let flag = near.and_then(|near| near.spec_base.clone()).unwrap_or_default();
        format!("{} {} {flag}", pairing.operation.method, pairing.operation.template).trim_end().to_owned()
    });
    (rebased.collect(), open.collect())
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[test]
fn a_base_path_that_is_taken_off_or_put_before_is_learned() {
    // Catches one direction of two, and a part of the base path.
    for (declared, observed) in
        [("/api/v1", ""), ("/api/v1", "/v1"), ("/api", "/gateway/api"), ("", "/shop"), ("/v1", "/eu/shop/v1")]
    {
        let lines = under(observed, 6);
        let want = format!("counts {} for {} 6+0-", PathTemplate::parse(observed), PathTemplate::parse(declared));
        assert_eq!(
            told(&shop(declared, on("shop.example")), "shop.example", &lines),
            (vec![want], vec![]),
            "{declared}"
        );
    }
}

#[test]
fn what_is_learned_is_paired_and_keeps_its_promise() {
    let index = shop("/api/v1", on("shop.example"));
    let mut operations: Vec<_> = under("", 5).iter().map(|line| seen(line, &[(200, 9)])).collect();
    // Rides along: it is no evidence, and it is the same operation all the same.
    operations.push(seen("POST /orders/{id}/cancel", &[(403, 2)]));
    operations.push(seen_with("GET /debug", &[(200, 1)], |_| {}));
    operations.push(seen("DELETE /orders", &[(200, 1)]));
    let snapshot = snapshot(vec![service("shop.example", operations)]);
    let compared = compare(&snapshot, &index, &[], Span::ZERO);
    let one = &compared.services[0].rebased[0];
    assert_eq!((one.counted, one.operations, one.requests, one.against), (false, 5, 47, 2), "two speak against it");
    let fewer = Snapshot {
        services: vec![service(
            "shop.example",
            compared
                .pairings
                .iter()
                .filter(|p| p.operation.template.to_string() != "/debug")
                .map(|p| p.operation.clone())
                .collect(),
        )],
        ..Snapshot::default()
    };
    let compared = compare(&fewer, &index, &[], Span::ZERO);
    let one = &compared.services[0].rebased[0];
    assert_eq!((one.counted, one.operations, one.requests, one.against), (true, 5, 47, 1));
    assert_eq!(one.flag, "--spec-base shop.yaml=/");
    let met = compared.promises.iter().filter(|promise| promise.state == Promised::Met).count();
    assert_eq!(met, 6, "a promise is kept under any base path");
    let open: Vec<_> = compared.pairings.iter().filter(|pairing| pairing.declared.is_none()).collect();
    let near = open[0].nearest.as_ref().unwrap();
    assert_eq!((open.len(), near.failed), (1, Criterion::Method), "its base path is known by now: {}", near.detail);
    assert!(near.detail.ends_with("read as if it stood under \"/api/v1\""), "{}", near.detail);
}

#[test]
fn what_is_alike_by_chance_is_not_united() {
    // Catches a bar that two APIs with the same few paths meet, and a prefix of letters.
    let named = || shop("/api", on("shop.example"));
    let (rebased, open) = told(&named(), "shop.example", &under("", 2));
    assert_eq!(rebased, ["near / for /api 2+0-"]);
    assert!(open.iter().all(|line| line.ends_with("--spec-base shop.yaml=/")), "{open:?}");
    let same_word = texts(&["GET /users", "POST /users", "GET /users/{id}"]);
    assert_eq!(told(&named(), "shop.example", &same_word).0, ["near / for /api 3+0-"], "one word is no API");
    for odd in ["/api123", "/apiary", "/xapi", "/api.v1"] {
        let (rebased, open) = told(&named(), "shop.example", &under(odd, 6));
        assert!(rebased.is_empty() && open.iter().all(|line| !line.contains("--spec-base")), "{odd}: {open:?}");
    }
    let mut others = under("", 6);
    others.extend(texts(&["GET /login", "GET /cart"]));
    assert_eq!(told(&named(), "shop.example", &others).0, ["near / for /api 6+2-"], "it has paths of its own");
    let elsewhere = texts(&["GET /a/{id}", "GET /b", "GET /c/d", "PUT /e"]);
    assert_eq!(told(&named(), "shop.example", &elsewhere).0, [""; 0], "a variable alone fits anything");
}

#[test]
fn what_one_path_has_in_common_with_another_spec_explains_nothing() {
    // Catches paths of somebody else's that do not count against a base path because they end like some declared one.
    let other = spec("other.yaml", on("shop.example"), "/x/y", &["GET /login", "GET /cart", "GET /a", "GET /b"]);
    let index = index(vec![spec("shop.yaml", on("shop.example"), "/api", &SHOP), other]);
    let mut lines = under("", 6);
    lines.extend(texts(&["GET /login", "GET /cart"]));
    let (rebased, open) = told(&index, "shop.example", &lines);
    assert_eq!(rebased, ["near / for /api 6+2-", "near / for /x/y 2+0-"]);
    assert_eq!(open.len(), 8);
}

#[test]
fn another_version_and_a_second_copy_are_no_base_path() {
    // Catches a shadow API that hides behind the declared one: an older version, a forgotten copy.
    for version in ["/v2", "/api/v2", "/2.0", "/v2/shop"] {
        let (rebased, open) = told(&shop("", on("shop.example")), "shop.example", &under(version, 6));
        assert!(rebased.is_empty() && open.len() == 6 && !open[0].contains("--spec-base"), "{version}: {open:?}");
    }
    let (rebased, _) = told(&shop("/v1", on("shop.example")), "shop.example", &under("/v2", 6));
    assert_eq!(rebased, [""; 0]);
    let mut both = under("/api", 6);
    both.extend(under("/old/api", 6));
    let (rebased, open) = told(&shop("/api", on("shop.example")), "shop.example", &both);
    assert_eq!(rebased, ["near /old/api for /api 6+6-"], "it answers where it is declared");
    assert_eq!(open.len(), 6);
    let mut copies = under("/a", 6);
    copies.extend(under("/b", 5));
    let (rebased, open) = told(&shop("", on("shop.example")), "shop.example", &copies);
    assert_eq!((rebased, open.len()), (texts(&["counts /a for / 6+0-", "near /b for / 5+0-"]), 5));
}

#[test]
fn a_host_that_no_spec_names_takes_more() {
    let anywhere = shop("/api", HostPattern::Any);
    assert_eq!(told(&anywhere, "a.example", &under("", 5)).0, ["near / for /api 5+0-"]);
    assert_eq!(told(&anywhere, "a.example", &under("", 7)).0, ["counts / for /api 7+0-"]);
    let mut others = under("", 7);
    others.push("GET /else".to_owned());
    assert_eq!(told(&anywhere, "a.example", &others).0, ["near / for /api 7+1-"], "it may be anybody's");
    let operations = under("", 7).iter().map(|line| seen(line, &[(200, 3)])).collect();
    let mut outside = service("a.example", operations);
    outside.traffic.clients.directions = [(Direction::Outbound, 9)].into();
    let snapshot = snapshot(vec![outside]);
    assert_eq!(say(&compare(&snapshot, &anywhere, &[], Span::ZERO)).0, [""; 0], "a third party's");
    assert_eq!(told(&shop("/api", on("b.example")), "a.example", &under("", 7)).0, [""; 0], "no spec covers it");
}

#[test]
fn of_two_specs_the_later_version_is_meant_and_others_keep_theirs() {
    let mut later = spec("b.yaml", on("shop.example"), "/api/v2", &SHOP);
    later.version = "2".to_owned();
    let other = spec(
        "c.yaml",
        on("shop.example"),
        "/pay",
        &["GET /cards", "GET /cards/{id}", "PUT /cards/{id}", "GET /fees", "GET /limits"],
    );
    let index = index(vec![spec("a.yaml", on("shop.example"), "/api/v1", &SHOP), later, other]);
    let mut lines = under("", 6);
    lines.extend(texts(&["GET /cards", "GET /cards/{id}", "PUT /cards/{id}", "GET /fees", "GET /limits"]));
    let operations = lines.iter().map(|line| seen(line, &[(200, 3)])).collect();
    let snapshot = snapshot(vec![service("shop.example", operations)]);
    let compared = compare(&snapshot, &index, &[], Span::ZERO);
    let counted = compared.services[0]
        .rebased
        .iter()
        .filter(|one| one.counted)
        .map(|one| (one.spec, one.operations, one.against));
    assert_eq!(counted.collect::<Vec<_>>(), [(1, 6, 0), (2, 5, 0)]);
    assert!(compared.pairings.iter().all(|pairing| pairing.declared.is_some()));
}

#[test]
fn the_flag_does_what_it_says() {
    let specs = || vec![spec("shop.yaml", on("shop.example"), "/api", &SHOP)];
    let flags =
        |base: &str| HostFlags { spec_bases: vec![("shop".to_owned(), base.to_owned())], ..HostFlags::default() };
    for (base, prefix) in [("/", ""), ("/gw/api/", "/gw/api"), ("/{tenant}", "/acme")] {
        let index = SpecIndex::build(specs(), &flags(base)).unwrap();
        for prefix in [prefix, "/api"] {
            assert_eq!(told(&index, "shop.example", &under(prefix, 6)), (vec![], vec![]), "{base}: {prefix}");
        }
        assert!(index.pins().iter().any(|pin| {
            pin.template.to_string().starts_with(&format!("{}users", base.trim_end_matches('/').to_owned() + "/"))
        }));
    }
    for (base, what) in [("gw", "is no path"), ("/a?b", "is no path")] {
        let told = SpecIndex::build(specs(), &flags(base)).unwrap_err().to_string();
        assert!(told.starts_with(&format!("--spec-base shop={base}: ")) && told.contains(what), "{told}");
    }
    let nobody = HostFlags { spec_bases: vec![("pay".to_owned(), "/".to_owned())], ..HostFlags::default() };
    assert!(SpecIndex::build(specs(), &nobody).unwrap_err().to_string().contains("shop.yaml"));
    // What a document says of itself goes before what a flag says of another.
    let two = vec![spec("shop.yaml", on("h"), "/api", &["GET /a"]), spec("own.yaml", on("h"), "", &["GET /a"])];
    let index = SpecIndex::build(two, &flags("/")).unwrap();
    let found = index.find(&crate::diff::samples::id("h"), "GET", &PathTemplate::parse("/a"));
    assert!(matches!(found, crate::spec::Match::Operation(1, ..)), "{found:?}");
}

#[test]
fn many_prefixes_are_weighed_quickly() {
    // Catches a walk over all that was seen for each prefix, of which a caller may make up as many as he likes.
    let lines: Vec<String> = (0..5_000).flat_map(|n| under(&format!("/w{n}"), 4)).collect();
    let before = processor_time();
    let (rebased, _) = told(&shop("", on("shop.example")), "shop.example", &lines);
    assert!(processor_time() - before < Duration::from_secs(20), "{:?}", processor_time() - before);
    assert_eq!((rebased[0].as_str(), rebased.len()), ("counts /w0 for / 4+0-", 1 + NEAR));
}
