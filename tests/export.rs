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

/// The steps of a normalized path.
#[derive(Debug)]
enum Step {
    Name(String),
    Number(usize),
    /// `[?@ == 'x']`
    Item(String),
}

fn steps(target: &str) -> Vec<Step> {
    let mut rest = target.strip_prefix('$').expect("it begins at the root");
    let mut steps = Vec::new();
    let text = |rest: &str| {
        let mut out = String::new();
        let mut letters = rest.char_indices();
        while let Some((at, c)) = letters.next() {
            match c {
                '\'' => return (out, rest[at + 1..].to_owned()),
                '\\' => out.push(letters.next().expect("something is escaped").1),
                c => out.push(c),
            }
        }
        panic!("a text without an end: {rest}");
    };
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[').expect("a step");
        let (step, after) = if let Some(name) = inner.strip_prefix('\'') {
            let (name, after) = text(name);
            (Step::Name(name), after)
        } else if let Some(item) = inner.strip_prefix("?@ == '") {
            let (item, after) = text(item);
            (Step::Item(item), after)
        } else {
            let end = inner.find(']').expect("an end");
            (Step::Number(inner[..end].parse().expect("a number")), inner[end..].to_owned())
        };
        steps.push(step);
        rest = target[target.len() - after.len()..].strip_prefix(']').expect("an end");
    }
    steps
}

fn merge(into: &mut Value, update: &Value) {
    match (into, update) {
        (Value::Object(into), Value::Object(update)) => {
            for (key, value) in update {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(update)) => into.extend(update.iter().cloned()),
        (into, update) => *into = update.clone(),
    }
}

/// Applies an overlay as the specification says (section 4.4.3): objects are merged, lists grow, what is not found is passed over.
fn applied(spec: &Value, overlay: &Value) -> Value {
    let mut spec = spec.clone();
    for action in overlay["actions"].as_array().expect("actions") {
        let mut at = Some(&mut spec);
        for step in steps(action["target"].as_str().expect("a target")) {
            let Some(here) = at else { panic!("{action} has no target") };
            at = match step {
                Step::Name(name) => here.get_mut(name.as_str()),
                Step::Number(number) => here.get_mut(number),
                Step::Item(item) => {
                    assert_eq!(action["remove"], true);
                    let items = here.as_array_mut().expect("a list");
                    let before = items.len();
                    items.retain(|one| *one != item.as_str());
                    assert!(items.len() < before, "{action}");
                    None
                }
            };
        }
        if let Some(update) = action.get("update") {
            merge(at.unwrap_or_else(|| panic!("{action} has no target")), update);
        }
    }
    spec
}

#[test]
fn an_overlay_adds_what_is_missing() {
    // Catches an action that aims at nothing, adds less than was seen, or takes a drift that is somebody's to decide for one of its own.
    let asked = "Content-Type: application/json";
    let talks: Vec<Talk> = [
        (
            "GET /v1/a/7?page=1&debug=1\nX-Tenant: a\nCookie: place=pier; trail=8",
            "",
            JSON,
            r#"{"id":1,"new":"x","in":{"deep":null}}"#,
        ),
        ("GET /v1/a/8?page=2&debug=2", "", "200 OK\nContent-Type: text/csv", "a"),
        ("GET /v1/a/9", "", "418 Teapot\nContent-Type: application/json", r#"{"why":1}"#),
        ("GET /v1/it's/a/9", "", "200 OK", ""),
        ("DELETE /v1/a/7", "", "204 No", ""),
        ("GET /v1/new/7", "", JSON, "[1,null]"),
        ("GET /elsewhere", "", "200 OK", ""),
        ("PROPFIND /v1/a/7", "", "200 OK", ""),
        ("PUT /v1/a/7\nContent-Type: text/plain", "x", "200 OK", ""),
        ("POST /v1/a\nContent-Type: application/xml", "<a/>", "200 OK", ""),
        ("POST /v1/form\nContent-Type: application/x-www-form-urlencoded", "b=1&c=2", "200 OK", ""),
    ]
    .into_iter()
    .chain(std::iter::repeat_n(
        ("POST /v1/a\nContent-Type: application/json", r#"{"extra":1}"#, JSON, r#"{"more":{"x":1}}"#),
        4,
    ))
    .collect();
    assert!(talks[11].0.ends_with(asked));
    for version in ["3.0.3", "3.1.0"] {
        let spec = serde_json::json!({
            "openapi": version,
            "info": { "title": "Tides", "version": "1" },
            "servers": [{ "url": "http://tides.example/v1" }],
            "paths": {
                "/a/{n}": {
                    "get": {
                        "parameters": [
                            { "name": "n", "in": "path", "required": true, "schema": { "type": "integer" } },
                            { "name": "page", "in": "query", "schema": { "type": "integer" } },
                            { "name": "must", "in": "query", "required": true, "schema": { "type": "integer" } },
                            { "name": "X-Other", "in": "header", "required": true, "schema": { "type": "string" } },
                            { "name": "place", "in": "cookie", "schema": { "type": "string" } },
                        ],
                        "responses": { "200": { "description": "", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } } },
                    },
                    "put": { "responses": { "200": { "description": "" } } },
                },
                "/it's/{it}/{n}": { "get": { "responses": { "400": { "description": "" } } } },
                "/form": { "post": {
                    "requestBody": { "content": { "application/x-www-form-urlencoded": { "schema": { "type": "object", "additionalProperties": false, "properties": { "b": {} } } } } },
                    "responses": { "200": { "description": "" } },
                } },
                "/a": { "post": {
                    "requestBody": { "content": { "application/json": { "schema": { "type": "object", "required": ["must", "it's"], "properties": { "must": {}, "it's": {} } } } } },
                    "responses": { "200": { "description": "", "content": { "application/json": { "schema": { "allOf": [{ "type": "object", "required": ["id"], "properties": { "id": {} } }] } } } } },
                } },
            },
            "components": { "schemas": { "A": { "type": "object", "additionalProperties": false, "required": ["id", "gone"], "properties": { "id": { "type": "integer" }, "in": { "type": "object", "additionalProperties": false } } } } },
        });
        let told = |spec: &Value| {
            let (told, report) = back(&bare(Inspect::All), &spec.to_string(), &mut drift::traffic(&talks));
            (
                told,
                report["headline"]["shadow"].as_u64().expect("a count"),
                report["headline"]["drift"].as_u64().expect("a count"),
            )
        };
        let (before, shadows, drifts) = told(&spec);
        assert!(shadows == 4 && drifts >= 15, "{shadows} {drifts} {before:#?}");
        let mut file = NamedTempFile::with_suffix(".json").expect("a folder for tests");
        write!(file, "{spec}").expect("room for a spec");
        let run = Run { specs: vec![file.path().to_owned()], ..bare(Inspect::All) };
        let overlay: Value = serde_json::from_str(&export(&run, &mut drift::traffic(&talks), "overlay")).expect("JSON");
        let name = file.path().file_name().map(|name| name.to_string_lossy().into_owned());
        assert_eq!(
            (overlay["extends"].as_str(), &overlay["x-shadowtap"]["left_out"]),
            (name.as_deref(), &0.into()),
            "{overlay:#}"
        );
        let patched = applied(&spec, &overlay);
        assert_eq!(told(&patched).0, Vec::<String>::new(), "{overlay:#}");
    }
}

#[test]
fn an_overlay_does_not_make_a_spec_speak_of_what_it_never_spoke_of() {
    // Catches an operation whose body makes all other bodies undocumented.
    let talks: Vec<Talk> = vec![
        ("POST /a?page=1\nContent-Type: application/json", r#"{"a":1}"#, JSON, r#"{"a":1}"#),
        ("POST /b?page=1\nContent-Type: application/json", r#"{"a":1}"#, JSON, r#"{"a":1}"#),
        ("GET /c?page=1", "", "403 No\nContent-Type: application/json", r#"{"a":1}"#),
        ("POST /a", "", "400 Bad", ""),
        ("GET /nowhere", "", "404 No", ""),
    ];
    let spec = serde_json::json!({
        "openapi": "3.0.3",
        "info": { "title": "Tides", "version": "1" },
        "servers": [{ "url": "http://tides.example" }],
        "paths": { "/a": { "post": { "responses": { "200": { "description": "" } } } } },
    });
    let mut file = NamedTempFile::with_suffix(".json").expect("a folder for tests");
    write!(file, "{spec}").expect("room for a spec");
    let run = Run { specs: vec![file.path().to_owned()], ..bare(Inspect::All) };
    let overlay: Value = serde_json::from_str(&export(&run, &mut drift::traffic(&talks), "overlay")).expect("JSON");
    let patched = applied(&spec, &overlay);
    assert_eq!(patched["paths"].as_object().map(|paths| paths.len()), Some(3), "{overlay:#}");
    let (told, _) = back(&bare(Inspect::All), &patched.to_string(), &mut drift::traffic(&talks));
    assert_eq!(told, Vec::<String>::new(), "{overlay:#}");
    // Nothing is missing then, and an overlay has an action all the same.
    let mut file = NamedTempFile::with_suffix(".json").expect("a folder for tests");
    write!(file, "{patched}").expect("room for a spec");
    let run = Run { specs: vec![file.path().to_owned()], ..bare(Inspect::All) };
    let overlay: Value = serde_json::from_str(&export(&run, &mut drift::traffic(&talks), "overlay")).expect("JSON");
    assert_eq!(
        (&overlay["actions"][0]["target"], &overlay["actions"][0]["update"]),
        (&"$".into(), &serde_json::json!({}))
    );
    assert_eq!(applied(&patched, &overlay), patched);
}
