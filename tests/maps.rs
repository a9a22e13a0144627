//! Objects whose names are data are told as maps, and nobody's name stands in a report.

use std::fmt::Write as _;

use serde_json::Value;
use shadowtap::capture::MemorySource;
use shadowtap::report::REPORTERS;

use crate::common::Run;
use crate::common::wire::{ACK, FIN, Wire, ends};

/// Names of people who stand nowhere else, made of letters only, so that no form gives them away.
fn person(n: usize) -> String {
    const FIRST: [&str; 8] =
        ["zebediah", "wilhelmina", "thaddeus", "ottoline", "ignatius", "philippa", "barnaby", "araminta"];
    const LAST: [&str; 8] = ["quack", "snork", "flugel", "wimble", "tottering", "blott", "fanshaw", "grubb"];
    format!("{}{}", FIRST[n % 8], LAST[n / 8 % 8])
}

/// Answers of one endpoint, one a connection: by name, who sees what, among fields that are always there.
fn traffic(answers: usize) -> MemorySource {
    let mut wire = Wire::new();
    for answer in 0..answers {
        let (mut client, mut server) = ends(2_000 + u16::try_from(answer).expect("few"));
        wire.open(&mut client, &mut server);
        let mut members = String::new();
        for key in 0..4 {
            let name = person(answer * 5 + key * 11);
            let comma = if key > 0 { "," } else { "" };
            write!(members, r#"{comma}"{name}":{{"role":"admin","since":"2024-01-02","seats":{key},"active":true}}"#)
                .expect("strings grow");
        }
        let body = format!(r#"{{"team":"red","total":{answer},"members":{{{members}}}}}"#);
        wire.segment(&mut client, &server, ACK, b"GET /teams/members HTTP/1.1\r\nHost: people.example\r\n\r\n");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        wire.segment(&mut server, &client, ACK, format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes());
        wire.segment(&mut client, &server, ACK | FIN, b"");
        wire.segment(&mut server, &client, ACK | FIN, b"");
    }
    wire.frames
}

#[test]
fn people_who_are_keys_stand_in_no_report() {
    // Catches a pass that is left out on one of the ways to a report, and a capture's answers that come out otherwise than
    // those of unit tests: the answers are looked into by samples.
    let mut source = traffic(60);
    let run = Run { specs: Vec::new(), ..Run::default() };
    for reporter in REPORTERS {
        source.rewind();
        let (report, _) = run.report(&mut source, reporter.name());
        let text = String::from_utf8_lossy(&report).to_ascii_lowercase();
        // These tell of findings alone, and without a spec there are none.
        assert!(text.contains("/teams/members") || of_findings(reporter.name()), "{}", reporter.name());
        let found: Vec<String> = (0..64).map(person).filter(|name| text.contains(name.as_str())).collect();
        assert_eq!(found, Vec::<String>::new(), "in {}", reporter.name());
    }
    source.rewind();
    let report = run.json(&mut source);
    let shape = &report["endpoints"][0]["response_shapes"]["200"];
    let names = |shape: &Value| shape["fields"].as_object().expect("fields").keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(shape), ["members", "team", "total"]);
    let members = &shape["fields"]["members"];
    assert_eq!(names(members), ["{key}"]);
    let key = &members["fields"]["{key}"];
    assert_eq!((&key["keys"], &key["seen"]), (&64.into(), &240.into()));
    assert_eq!(names(key), ["active", "role", "seats", "since"]);
}

#[test]
fn the_workers_do_not_show_in_what_is_a_map() {
    let mut source = traffic(60);
    let reports = [1, 2, 8].map(|workers| {
        source.rewind();
        Run { specs: Vec::new(), ..Run::workers(workers) }.report(&mut source, "json").0
    });
    assert!(reports[0] == reports[1] && reports[0] == reports[2]);
}

#[test]
fn three_answers_are_no_evidence() {
    // What is told of few bodies is what stood in them: the limit that the README states.
    let report = Run { specs: Vec::new(), ..Run::default() }.json(&mut traffic(3));
    let members = &report["endpoints"][0]["response_shapes"]["200"]["fields"]["members"]["fields"];
    assert!(members.get("{key}").is_none() && members.get(person(0)).is_some(), "{members}");
}

/// The format tells of findings and of nothing else.
fn of_findings(format: &str) -> bool {
    ["sarif", "openapi-shadow", "overlay"].contains(&format)
}
