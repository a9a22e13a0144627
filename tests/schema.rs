//! The published schema of the JSON report and the report itself say the same: a report is sent as an answer, and held against its
//! schema as any answer is.

use std::io::Write;

use serde_json::{Value, json};
use shadowtap::capture::MemorySource;
use shadowtap::limits::Limits;
use shadowtap::observe::Inspect;
use tempfile::NamedTempFile;

use crate::common::wire::{ACK, FIN, Wire, ends};
use crate::common::{Run, all_captures, open};

const SCHEMA: &str = include_str!("../src/report/reporters/json/report.schema.json");

/// With no field allowed that is not named, and with references as they are spelt in a spec.
fn closed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut all: serde_json::Map<String, Value> =
                fields.iter().map(|(key, value)| (key.clone(), closed(value))).collect();
            if fields.get("properties").is_some_and(Value::is_object) && !fields.contains_key("additionalProperties") {
                all.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(all)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        Value::String(text) => text.replace("#/$defs/", "#/components/schemas/").into(),
        other => other.clone(),
    }
}

fn spec() -> NamedTempFile {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let parts = schema.as_object_mut().and_then(|all| all.remove("$defs")).expect("it has parts");
    let mut schemas = closed(&parts);
    schemas["Report"] = closed(&schema);
    let answer = json!({"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Report"}}}}});
    let spec = json!({"openapi": "3.1.0", "info": {"title": "Reports", "version": "1"}, "servers": [{"url": "http://reports.example"}],
        "paths": {"/report": {"get": {"responses": answer}}}, "components": {"schemas": schemas}});
    let mut file = tempfile::Builder::new().suffix(".json").tempfile().expect("there is room for a file");
    file.write_all(spec.to_string().as_bytes()).expect("and in it");
    file
}

/// One answer with this body.
fn answered(body: &str) -> MemorySource {
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(4_000);
    wire.open(&mut client, &mut server);
    wire.segment(&mut client, &server, ACK, b"GET /report HTTP/1.1\r\nHost: reports.example\r\n\r\n");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    wire.segment(&mut server, &client, ACK, head.as_bytes());
    for piece in body.as_bytes().chunks(30_000) {
        wire.segment(&mut server, &client, ACK, piece);
    }
    wire.segment(&mut client, &server, ACK | FIN, b"");
    wire.segment(&mut server, &client, ACK | FIN, b"");
    wire.frames
}

/// What of a report its schema does not say: rule and place.
fn drifts(spec: &NamedTempFile, report: &Value) -> Vec<String> {
    let much = 64 << 20;
    let limits = Limits { body_sample: much, unpacked_sample: much, reorder_bytes: much, ..Limits::default() };
    let run = Run { specs: vec![spec.path().to_owned()], inspect: Inspect::All, limits, ..Run::workers(1) };
    let told = run.json(&mut answered(&report.to_string()));
    assert_eq!(told["endpoints"][0]["inspected"], 1, "the report was looked into");
    let findings = told["findings"].as_array().expect("a list").iter();
    findings
        .map(|it| format!("{} {}", it["rule"].as_str().unwrap_or_default(), it["part"].as_str().unwrap_or_default()))
        .collect()
}

#[test]
fn every_report_is_as_its_schema_says() {
    // Catches a field that is added and not published, one that is published and left out, and a type that differs.
    let spec = spec();
    for capture in all_captures() {
        for specs in [Run::default().specs, Vec::new()] {
            let report = Run { specs, ..Run::workers(1) }.json(&mut open(std::slice::from_ref(&capture)));
            assert_eq!(drifts(&spec, &report), [""; 0], "{}", capture.display());
        }
    }
    let mut report = Run::default().json(&mut open(&all_captures()));
    assert_eq!(drifts(&spec, &report), [""; 0], "all captures");
    report["headline"]["wrong"] = 1.into();
    report["endpoints"][0]["requests"] = "three".into();
    report["findings"][0].as_object_mut().expect("an object").remove("rule");
    let found = drifts(&spec, &report).join("\n");
    for place in [
        "/response/200/body/headline/wrong",
        "/response/200/body/endpoints/*/requests",
        "/response/200/body/findings/*/rule",
    ] {
        assert!(found.contains(place), "{place}: {found}");
    }
}
