//! Noise is a class and not a deletion: every request is of one class or traffic of an API, and what is there stays.

use std::fs;

use serde_json::Value;
use shadowtap::inventory::Snapshot;

use crate::common::wire::{ACK, FIN, Wire, ends};
use crate::common::{Run, all_captures, captures, open, said, shadowtap, spec};

/// Traffic of operations, noise, and what was neither there nor allowed make up what was asked.
fn assert_classes(snapshot: &Snapshot, what: &str) {
    let mut sum = snapshot.unnamed;
    for service in &snapshot.services {
        let noise: u64 = service.noise.values().sum();
        let of_api: u64 =
            service.operations.iter().map(|op| op.record.requests - op.record.noise.values().sum::<u64>()).sum();
        let beside = service.not_found + service.not_allowed;
        assert_eq!(service.requests, of_api + noise + beside, "{what}: {}", service.id);
        assert_eq!(service.api_requests(), of_api + beside, "{what}: {}", service.id);
        sum += service.requests;
    }
    assert_eq!(sum, snapshot.exchanges + snapshot.unnamed, "{what}");
}

#[test]
fn the_classes_of_every_capture_add_up_to_its_requests() {
    // Catches a request that is counted in two classes, or in none.
    for capture in all_captures() {
        let mut noise = Vec::new();
        for workers in [1, 3, 8] {
            let snapshot = Run::workers(workers).snapshot(&mut open(std::slice::from_ref(&capture)));
            assert_classes(&snapshot, &capture.display().to_string());
            noise.push(snapshot.services.iter().map(|service| service.noise.clone()).collect::<Vec<_>>());
        }
        assert!(noise.windows(2).all(|pair| pair[0] == pair[1]), "{}", capture.display());
    }
}

/// Connections that ask in turn, each as one agent, and what they are told.
fn asked(talk: &[(&str, &str, u16, &str)]) -> Wire {
    asked_of(talk, |_| "{}")
}

/// The same, with the bodies of what they are told, by media type.
fn asked_of(talk: &[(&str, &str, u16, &str)], body: fn(&str) -> &str) -> Wire {
    let mut wire = Wire::new();
    for (at, (agent, target, status, kind)) in (0..).zip(talk) {
        let (mut client, mut server) = ends(9_000 + at);
        wire.open(&mut client, &mut server);
        let ask = format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {agent}\r\n\r\n");
        wire.segment(&mut client, &server, ACK, ask.as_bytes());
        let body = body(kind);
        let length = body.len();
        let moved =
            if (300..400).contains(status) { format!("Location: /login?next={target}\r\n") } else { String::new() };
        let answer =
            format!("HTTP/1.1 {status} X\r\n{moved}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}");
        wire.segment(&mut server, &client, ACK, answer.as_bytes());
        wire.segment(&mut client, &server, FIN | ACK, b"");
        wire.segment(&mut server, &client, FIN | ACK, b"");
    }
    wire
}

const TALK: &[(&str, &str, u16, &str)] = &[
    ("okhttp/4.12.0", "/v1/orders", 200, "application/json"),
    ("Mozilla/5.0 (compatible; Googlebot/2.1)", "/v1/orders", 200, "application/json"),
    ("Mozilla/5.0 (compatible; Googlebot/2.1)", "/about", 200, "text/html"),
    ("Nuclei - Open-source project", "/v1/orders", 403, "text/html"),
    ("Nuclei - Open-source project", "/console", 401, "text/html"),
    ("curl/8.5.0", "/wp-login.php", 404, "text/html"),
    ("curl/8.5.0", "/.env", 200, "text/plain"),
    ("Nuclei - Open-source project", "/actuator/env", 200, "application/json"),
    ("okhttp/4.12.0", "/static/app.js", 200, "text/javascript"),
];

#[test]
fn what_a_scanner_finds_is_there_and_what_it_tries_is_not() {
    let snapshot = Run { specs: Vec::new(), ..Run::default() }.snapshot(&mut asked(TALK).frames);
    assert_classes(&snapshot, "talk");
    let report = Run::default().json(&mut asked(TALK).frames);
    let endpoints: Vec<(&str, u64, Value)> = report["endpoints"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["template"].as_str().unwrap(), it["requests"].as_u64().unwrap(), it["noise"].clone()))
        .collect();
    // Catches a secret that is served, hidden since a scanner found it; an endpoint hidden since a crawler read it too; and
    // endpoints made of what refused a scanner.
    let expected = [
        ("/.env", 1, serde_json::json!({})),
        ("/actuator/env", 1, serde_json::json!({ "scanner": 1 })),
        ("/v1/orders", 3, serde_json::json!({ "crawler": 1, "scanner": 1 })),
    ];
    assert_eq!(endpoints, expected);
    let service = &report["services"][0];
    assert_eq!(service["noise"], serde_json::json!({ "static": 1, "crawler": 2, "scanner": 4 }));
    assert_eq!((service["requests"].as_u64(), service["api_requests"].as_u64()), (Some(9), Some(2)));
    let found = report["findings"].as_array().expect("a list");
    let notes = |template: &str| {
        let finding = found.iter().find(|finding| finding["template"] == template).expect(template);
        finding["evidence"]["notes"].to_string()
    };
    assert!(notes("/actuator/env").contains("nobody but crawlers and scanners"), "{}", notes("/actuator/env"));
    assert!(!notes("/v1/orders").contains("nobody but"), "{}", notes("/v1/orders"));
}

#[test]
fn a_host_that_shows_one_page_for_everything_has_no_secrets_for_it() {
    // Catches an endpoint for each path that a scanner tries at an application of one page; and what is really served there,
    // hidden with them.
    let mut talk: Vec<(&str, &str, u16, &str)> =
        ["/.env", "/.git/config", "/.aws/credentials", "/backup.zip", "/db.sql", "/.git/HEAD", "/wp-config.php.bak"]
            .iter()
            .map(|target| ("curl/8.5.0", *target, 200, "text/html"))
            .collect();
    talk.push(("curl/8.5.0", "/.env.local", 200, "text/plain"));
    talk.push(("curl/8.5.0", "/actuator/env", 200, "application/json"));
    talk.push(("curl/8.5.0", "/.npmrc", 403, "text/html"));
    talk.push(("Nuclei - Open-source project", "/.htpasswd", 200, "text/html; charset=utf-8"));
    talk.push(("okhttp/4.12.0", "/v1/orders", 200, "application/json"));
    let body = |kind: &str| match kind {
        "text/plain" => "KEY=value\n",
        "application/json" => "{}",
        _ => "<!doctype html><html><body><div id=app></div></body></html>",
    };
    let wire = || asked_of(&talk, body);
    for workers in [1, 3] {
        let snapshot = Run { specs: Vec::new(), ..Run::workers(workers) }.snapshot(&mut wire().frames);
        assert_classes(&snapshot, "one page");
        let [service] = &snapshot.services[..] else { panic!("one host") };
        let templates: Vec<String> = service.operations.iter().map(|op| op.template.to_string()).collect();
        assert_eq!(templates, ["/.env.local", "/actuator/env", "/v1/orders"], "{workers} workers");
        assert_eq!(service.noise.values().sum::<u64>(), 9);
    }
}

#[test]
fn words_that_are_guessed_where_everything_is_answered_alike_are_no_endpoints() {
    // Catches an endpoint for each word that is guessed on a host with one page, or one way to log in, for everything.
    let guesses: Vec<String> = (0..40).map(|n| format!("/guess{n}/{}", ["admin", "old"][n % 2])).collect();
    for status in [200, 302] {
        let secrets = ["/.env", "/.git/config", "/.aws/credentials", "/wp-config.php.bak"];
        let mut talk: Vec<(&str, &str, u16, &str)> =
            secrets.map(|target| ("curl/8.5.0", target, status, "text/html")).into();
        talk.extend(guesses.iter().map(|target| ("curl/8.5.0", target.as_str(), status, "text/html")));
        talk.push(("okhttp/4.12.0", "/v1/orders", 200, "application/json"));
        let body = |kind: &str| match kind {
            "application/json" => "{}",
            _ => "<!doctype html><html><body><div id=app></div></body></html>",
        };
        for workers in [1, 3] {
            let snapshot =
                Run { specs: Vec::new(), ..Run::workers(workers) }.snapshot(&mut asked_of(&talk, body).frames);
            assert_classes(&snapshot, "all alike");
            let templates: Vec<String> =
                snapshot.services[0].operations.iter().map(|op| op.template.to_string()).collect();
            assert_eq!(templates, ["/v1/orders"], "{status}, {workers} workers");
            assert_eq!(snapshot.services[0].noise.values().sum::<u64>(), 44);
        }
    }
}

/// Replays the demo captures' main one under a policy.
fn replayed(policy: &str, format: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).expect("writable");
    let [capture, spec] = [captures().join("payments.pcap"), spec()].map(|path| path.to_str().unwrap().to_owned());
    let file = file.to_str().expect("UTF-8");
    let output = shadowtap(&["replay", "-q", &capture, "--spec", &spec, "--policy", file, "--format", format]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn what_users_say_of_noise_goes_before_what_is_built_in() {
    // Catches rules that are read and never asked, and those that hide what they do not name.
    let report = |policy: &str| serde_json::from_str::<Value>(&replayed(policy, "json")).expect("JSON");
    let has = |report: &Value, template: &str| {
        let all = report["endpoints"].as_array().expect("a list");
        all.iter().any(|it| it["template"] == template && it["service"] == "http://api.pay.example")
    };
    let plain = report("");
    assert!(!has(&plain, "/healthz") && has(&plain, "/v1/debug/config") && has(&plain, "/admin/export"));
    let ruled = report(
        "[[noise]]\nclass = 'none'\nhost = 'api.pay.example'\npath = '/healthz'\n\
         [[noise]]\nclass = 'health'\npath = '/v1/debug/*'\n\
         [[noise]]\nclass = 'static'\npath = '/admin/export'\nmethod = 'POST'\n",
    );
    assert!(has(&ruled, "/healthz") && !has(&ruled, "/v1/debug/config") && has(&ruled, "/admin/export"));
    assert_eq!(plain["headline"]["requests"], ruled["headline"]["requests"], "counted always");
}
