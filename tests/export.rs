//! A spec that was drawn up from traffic, read back over the same traffic: nothing is a shadow, nothing differs.

use std::io::Write;

use serde_json::Value;
use shadowtap::capture::PacketSource;
use shadowtap::observe::Inspect;
use tempfile::NamedTempFile;

use crate::common::{Run, all_captures, open};
use crate::drift::{self, Talk};

/// The document of some traffic.
fn export(run: &Run, source: &mut dyn PacketSource, format: &str) -> String {
    String::from_utf8(run.report(source, format).0).expect("JSON is UTF-8")
}

/// What the same traffic says with the document as its spec: endpoints that are not matched, and findings.
fn back(run: &Run, document: &str, source: &mut dyn PacketSource) -> (Vec<String>, Value) {
    let mut file = NamedTempFile::with_suffix(".json").expect("a folder for tests");
    file.write_all(document.as_bytes()).expect("room for a spec");
    let run = Run { specs: vec![file.path().to_owned()], ..run.again() };
    let report = run.json(source);
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let endpoints = report["endpoints"].as_array().expect("endpoints").iter();
    let unlike = endpoints.filter(|endpoint| endpoint["verdict"] != "matched").map(|endpoint| {
        format!(
            "{} {} {}{}",
            text(endpoint, "verdict"),
            text(endpoint, "method"),
            text(endpoint, "service"),
            text(endpoint, "template")
        )
    });
    let findings = report["findings"].as_array().expect("findings").iter();
    let told = findings.map(|finding| {
        format!(
            "{} {} {}{}: {} {} {}",
            text(finding, "rule"),
            text(finding, "method"),
            text(finding, "service"),
            text(finding, "template"),
            text(finding, "summary"),
            finding["evidence"]["drift"]["observed_at"],
            finding["evidence"]["drift"]["declared_at"],
        )
    });
    let warnings =
        report["specs"][0]["warnings"].as_array().into_iter().flatten().map(|warning| format!("spec: {warning}"));
    (unlike.chain(told).chain(warnings).collect(), report)
}

fn bare(inspect: Inspect) -> Run {
    Run { specs: Vec::new(), inspect, ..Run::default() }
}

#[test]
fn captures_differ_in_nothing_from_their_own_export() {
    // Catches whatever the document forbids and the traffic does: a type, a field, a status, a parameter, a way in, a host.
    let captures = all_captures();
    let each = captures.iter().map(std::slice::from_ref).chain([&captures[..]]);
    for paths in each {
        for inspect in [Inspect::All, Inspect::Sampled, Inspect::None] {
            let document = export(&bare(inspect), &mut open(paths), "openapi");
            for again in [Inspect::All, Inspect::Sampled] {
                let (differs, report) = back(&bare(again), &document, &mut open(paths));
                assert_eq!(differs, Vec::<String>::new(), "{paths:?} {inspect:?} {again:?}");
                let operations = report["specs"][0]["operations"].as_u64();
                assert!(report["endpoints"].as_array().is_some_and(Vec::is_empty) || operations > Some(0));
            }
        }
    }
}

const JSON: &str = "200 OK\nContent-Type: application/json";

/// What documents find hard to say.
fn odd() -> Vec<Talk> {
    let mut all = vec![
        ("GET /a?ids=1,2&page=1&f[x]=y&g.x=1&when=2024-01-01", "", JSON, r#"{"a":1,"b":null,"m":{"x":[]}}"#),
        ("GET /a?ids=3&page=&tag=a&tag=&n=1&n=2", "", JSON, r#"{"a":1.5,"m":{"x":[1,"a",{"k":0}]}}"#),
        (
            "GET /a?0193d7e2-7f00-7abc-8def-0123456789ab=1&%C3%A4=1",
            "",
            "206 Part\nContent-Type: text/csv",
            "a,b\n1,2\n",
        ),
        ("GET /a\nX-Tenant: 7\nCookie: place=pier; sid=8a7d", "", "302 Found\nLocation: /b", ""),
        ("GET /caf%C3%A9/%7Bx%7D/a%2Fb", "", JSON, "[]"),
        ("GET /files/7.csv", "", "200 OK\nContent-Type: text/csv", "a,b\n1,2\n"),
        ("GET /files/8.csv", "", "200 OK\nContent-Type: text/csv", "a,b\n1,2\n"),
        (
            "GET /users/7/keys/9",
            "",
            JSON,
            r#"{"made":"2024-02-29T10:00:00Z","mail":"a@b.example","id":"0193d7e2-7f00-7abc-8def-0123456789ab"}"#,
        ),
        ("GET /users/8/keys/-3", "", JSON, r#"{"made":"2024-02-29T10:00:00Z","mail":"c@b.example"}"#),
        ("GET /users/me", "", JSON, "7"),
        ("GET /users/9", "", "404 Not Found\nContent-Type: application/json", r#"{"why":"gone"}"#),
        ("GET /users/10", "", "200 OK\nContent-Type: text/html", "<p>x</p>"),
        ("PROPFIND /dav/7", "", "207 Multi\nContent-Type: application/xml", "<a/>"),
        ("REPORT /dav/8", "", "200 OK", ""),
        ("OPTIONS /a", "", "204 No", ""),
        ("HEAD /a", "", "200 OK\nContent-Type: application/json", ""),
        ("POST /a\nContent-Type: application/json", r#"{"x":{"y":[{"z":1},{"w":true}]}}"#, "201 Made", ""),
        ("POST /a\nContent-Type: text/plain", "x", "799 Odd\nContent-Type: application/json", "{}"),
        ("POST /a", "no type", "200 OK\nContent-Type: json", "{}"),
        ("POST /form\nContent-Type: application/x-www-form-urlencoded", "a=1&b[]=2&b[]=3&c[x]=4&d=", "200 OK", ""),
        (
            "POST /form\nContent-Type: application/x-www-form-urlencoded",
            "a=x&0193d7e2-7f00-7abc-8def-0123456789ab=1",
            "200 OK",
            "",
        ),
        ("POST /form2\nContent-Type: application/x-www-form-urlencoded", r#"{"a":1}"#, "200 OK", ""),
        (
            "POST /parts\nContent-Type: multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.pdf\"\r\n\r\n%PDF\r\n--x--\r\n",
            "200 OK",
            "",
        ),
        ("GET /key\nX-Api-Key: 8a7d6f5e4c3b2a19", "", "200 OK", ""),
        ("GET /key?api_key=8a7d6f5e4c3b2a19", "", "200 OK", ""),
        ("GET /basic\nAuthorization: Basic YTpi", "", "200 OK", ""),
        ("GET /other\nAuthorization: Negotiate abcdef", "", "200 OK", ""),
        ("GET /other\nAuthorization: Bearer abcdef", "", "200 OK", ""),
        ("GET /favicon.ico", "", "200 OK\nContent-Type: image/x-icon", "x"),
        ("GET /health", "", "200 OK\nContent-Type: text/plain", "ok"),
        ("GET /secret", "", "401 No\nContent-Type: application/json", r#"{"e":1}"#),
        ("GET /{a}/{a}", "", JSON, "{}"),
    ];
    let words = ["tide", "pier", "boat", "harbour", "buoy", "anchor", "sail", "mast", "deck", "keel", "rudder", "oar"];
    all.extend(words.iter().map(|word| {
        let target: &'static str = format!("GET /{word}{}", words.len() * 100 + word.len()).leak();
        (target, "", JSON, r#"{"depth":3}"#)
    }));
    all
}

#[test]
fn made_up_traffic_differs_in_nothing_from_its_own_export() {
    // Catches what documents find hard to say: names that are values, lists and objects in queries and forms, methods without a field,
    // statuses that are none, slashes in segments, keys under unknown names.
    let all: Vec<(&str, Vec<Talk>)> = drift::talks().chain([("odd", odd())]).collect();
    let whole = all.iter().filter(|(rule, _)| *rule != "sunset-passed").flat_map(|(_, talks)| talks.clone()).collect();
    for (rule, talks) in all.into_iter().chain([("all", whole)]) {
        let document = export(&bare(Inspect::All), &mut drift::traffic(&talks), "openapi");
        let (differs, report) = back(&bare(Inspect::All), &document, &mut drift::traffic(&talks));
        if rule == "sunset-passed" {
            // No declaration makes good for a day that is over.
            assert!(
                differs.iter().all(|line| line.contains("sunset-passed") || line.starts_with("drift ")),
                "{differs:?}"
            );
            continue;
        }
        assert_eq!(differs, Vec::<String>::new(), "{rule}\n{document}");
        assert!(report["endpoints"].as_array().is_some_and(|endpoints| !endpoints.is_empty()), "{rule}");
    }
}

#[test]
fn other_traffic_differs_from_an_export() {
    // Catches a document that forbids nothing, which would pass all other tests.
    let usual: &[Talk] = &[
        ("GET /users/7?page=1\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":7,"name":"a"}"#),
        ("GET /users/8?page=2\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":8,"name":"b"}"#),
        (
            "POST /users\nContent-Type: application/json\nAuthorization: Bearer abcdef",
            r#"{"name":"a"}"#,
            "201 Made",
            "",
        ),
    ];
    let document = export(&bare(Inspect::All), &mut drift::traffic(usual), "openapi");
    for (talk, rule) in [
        (
            ("GET /users/7?page=x\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":7,"name":"a"}"#),
            "request-wrong-type",
        ),
        (
            ("GET /users/7?page=1&debug=1\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":7,"name":"a"}"#),
            "undocumented-query",
        ),
        (("GET /users/7\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":7,"name":"a"}"#), "missing-query"),
        (("GET /users/7?page=1", "", JSON, r#"{"id":7,"name":"a"}"#), "no-credentials"),
        (
            ("GET /users/7?page=1\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":"7","name":"a"}"#),
            "response-wrong-type",
        ),
        (("GET /users/7?page=1\nAuthorization: Bearer abcdef", "", JSON, r#"{"id":7}"#), "missing-response-field"),
        (
            ("GET /users/7?page=1\nAuthorization: Bearer abcdef", "", "200 OK\nContent-Type: text/csv", "a"),
            "undocumented-response-type",
        ),
        (
            (
                "POST /users\nContent-Type: application/json\nAuthorization: Bearer abcdef",
                r#"{"name":7}"#,
                "201 Made",
                "",
            ),
            "request-wrong-type",
        ),
        (("POST /users\nAuthorization: Bearer abcdef", "", "201 Made", ""), "missing-request-body"),
        (("PUT /users/7\nAuthorization: Bearer abcdef", "", "200 OK", ""), "shadow-unknown-method"),
        (("GET /orders", "", "200 OK", ""), "shadow-unknown-path"),
    ] {
        let (differs, _) = back(&bare(Inspect::All), &document, &mut drift::traffic(&[talk]));
        assert!(differs.iter().any(|line| line.starts_with(rule)), "{rule}: {differs:?}\n{document}");
    }
    let document: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(document["servers"][0]["url"], "http://tides.example");
    assert_eq!(document["paths"]["/users/{userId}"]["get"]["parameters"][0]["schema"]["type"], "integer");
}

/// More than a sample holds: three hundred calls, each of its own kind.
fn many() -> Vec<Talk> {
    let body = |n: usize| match n % 7 {
        0 => format!(r#"{{"id":{n},"name":null,"tags":[]}}"#),
        1 => format!(r#"{{"id":{n},"name":"x","extra{n}":1}}"#),
        2 => format!(r#"{{"id":{n}.5,"tags":["a"]}}"#),
        3 => format!(r#"{{"id":{n},"at":"2024-01-01","tags":null}}"#),
        4 => format!(r#"{{"id":{n},"at":"later","in":{{"x":{n}}}}}"#),
        _ => format!(r#"{{"id":{n},"in":null}}"#),
    };
    let talk = |n: usize| -> Talk {
        let asked: &'static str =
            format!("POST /things?page={n}\nContent-Type: application/json\nX-Trace{}: 1", n % 50).leak();
        (asked, body(n + 3).leak(), JSON, body(n).leak())
    };
    (0..300).map(talk).collect()
}

#[test]
fn what_was_passed_over_is_not_forbidden() {
    // Catches a document that takes a sample for the whole: of 300 bodies at most 128 are what shapes are known from, and another run may
    // look into others.
    let talks = many();
    for inspect in [Inspect::Sampled, Inspect::None, Inspect::All] {
        let document = export(&bare(inspect), &mut drift::traffic(&talks), "openapi");
        for again in [Inspect::All, Inspect::Sampled] {
            let (differs, _) = back(&bare(again), &document, &mut drift::traffic(&talks));
            assert_eq!(differs, Vec::<String>::new(), "{inspect:?} {again:?}\n{document}");
        }
        let read: Value = serde_json::from_str(&document).expect("JSON");
        let answer = &read["paths"]["/things"]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(answer.is_object(), inspect != Inspect::None, "what was seen is told: {document}");
    }
}

#[test]
fn the_shadow_part_is_what_no_spec_declares() {
    // Catches a part that holds what is declared, or lacks what is not; with the specs it leaves no shadow.
    let captures = all_captures();
    let run = Run::default();
    let before = run.json(&mut open(&captures));
    let shadows = before["headline"]["shadow"].as_u64().expect("a count");
    let document = export(&run, &mut open(&captures), "openapi-shadow");
    let read: Value = serde_json::from_str(&document).expect("JSON");
    let items = read["paths"].as_object().expect("paths").values();
    let operations = items.flat_map(|item| item.as_object().expect("an item").keys());
    let operations = operations.filter(|key| !matches!(key.as_str(), "servers" | "x-shadowtap-operations")).count();
    assert_eq!(operations as u64, shadows);
    let mut file = NamedTempFile::with_suffix(".json").expect("a folder for tests");
    file.write_all(document.as_bytes()).expect("room for a spec");
    let both = Run { specs: vec![crate::common::captures(), file.path().to_owned()], ..Run::default() };
    let after = both.json(&mut open(&captures));
    assert_eq!((shadows > 5, &after["headline"]["shadow"]), (true, &0.into()));
    let rest = |report: &Value| report["headline"]["zombie"].clone();
    assert_eq!(rest(&before), rest(&after));
}

#[test]
fn a_document_does_not_depend_on_workers() {
    let captures = all_captures();
    let one = export(&bare(Inspect::Sampled), &mut open(&captures), "openapi");
    for workers in [2, 8] {
        let run = Run { workers, ..bare(Inspect::Sampled) };
        assert!(export(&run, &mut open(&captures), "openapi") == one, "{workers} workers");
    }
}
