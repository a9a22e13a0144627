use std::time::Duration;

use serde_json::json;

use super::*;
use crate::time::processor_time;

fn parse(file: &str, text: impl AsRef<[u8]>) -> Result<Document, String> {
    let limits = Limits { spec_nodes: 500_000, ..Limits::default() };
    Document::parse(PathBuf::from(file), file, text.as_ref(), &limits).map_err(|fault| fault.to_string())
}

fn fault(file: &str, text: impl AsRef<[u8]>) -> String {
    parse(file, text).map(|document| document.root).unwrap_err()
}

#[test]
fn json_and_yaml_are_told_apart_by_content() {
    let want = json!({"openapi": "3.0.0", "paths": {"/a": {"get": {}}}});
    let json = "{\"openapi\":\"3.0.0\",\r\n\"paths\":{\"/a\":{\"get\":{}}}}\r\n";
    let yaml = "openapi: 3.0.0\r\npaths:\r\n  /a:\r\n    get: {}\r\n";
    for (file, text) in [("a.yaml", json), ("a.json", yaml), ("a", json), ("a", yaml)] {
        assert_eq!(parse(file, text).unwrap().root, want);
        let marked = format!("\u{feff}{text}");
        let document = parse(file, &marked).unwrap();
        assert_eq!(document.root, want, "with a byte order mark");
        assert!(document.line("/paths/~1a/get") > 1);
    }
    assert_eq!(parse("a.yaml", "{openapi: 3.0.0, paths: {/a: {get: {}}}}").unwrap().root, want, "YAML in braces");
}

#[test]
fn yaml_texts_stay_texts() {
    // Catches YAML 1.1: the country `no`, octal ids, and status codes that become numbers.
    let text = "[no, yes, on, 010, 1_000, .inf, 2024-01-01, ~, 1.5, 7, true]";
    let want = json!(["no", "yes", "on", "010", "1_000", ".inf", "2024-01-01", null, 1.5, 7, true]);
    assert_eq!(parse("a.yaml", format!("x: {text}")).unwrap().root["x"], want);
    let keys = parse("a.yaml", "200: a\n'404': b\nno: c\nnull: d\n0x1F: e\n").unwrap().root;
    assert_eq!(keys, json!({"200": "a", "404": "b", "no": "c", "null": "d", "0x1F": "e"}));
    let merged = parse("a.yaml", "base: &b {a: 1}\nuse:\n  <<: *b\n  c: 2\n").unwrap().root;
    assert_eq!(merged["use"], json!({"a": 1, "c": 2}));
}

#[test]
fn a_fault_is_told_with_its_line() {
    let told = fault("api.json", "{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {]\n}");
    assert!(told.starts_with("api.json:3: is no JSON"), "{told}");
    let told = fault("api.yaml", "openapi: 3.0.0\ninfo:\n  title: x\n  title: y\n");
    assert!(told.starts_with("api.yaml:4: is no YAML") && told.contains("title"), "{told}");
    let told = fault("api.yaml", "openapi: 3.0.0\npaths:\n  /a: [\n");
    assert!(told.starts_with("api.yaml:") && told.contains("is no YAML"), "{told}");
    let told = fault("api.yaml", "a: 1\n---\nb: 2\n");
    assert!(told.contains("multiple"), "{told}");
    let told = fault("api.yaml", b"a: b\nc: \xff\n");
    assert!(told.starts_with("api.yaml:2: is not UTF-8"), "{told}");
    let told = fault("api.yaml", b"\xff\xfea\0");
    assert!(told.contains("UTF-16"), "{told}");
    let told = fault("a.json", "{\"\u{1b}[31m");
    assert!(!told.contains('\u{1b}'), "no terminal is told what to do: {told:?}");
}

#[test]
fn hostile_documents_are_refused_quickly() {
    let deep_json = format!("{{\"a\":{}", "[".repeat(100_000));
    let deep_flow = format!("a: {}", "[".repeat(100_000));
    let deep_block = (0..2_000).map(|n| format!("{}k:\n", " ".repeat(n))).collect::<String>();
    let deep_list = format!("a:\n  {}x", "- ".repeat(100_000));
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for n in 1..10 {
        let refs = vec![format!("*a{}", n - 1); 9].join(", ");
        laughs.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
    }
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 10_000].join(", "));
    let itself = "a: &a [*a]\n".to_owned();
    // Not refused: the same map over and over is that map. It must only take no longer than the rest.
    let merges = format!("a: &a {{x: 1}}\nb:\n  <<: [{}]\n", vec!["*a"; 200_000].join(", "));
    let texts = [
        ("a.json", deep_json.clone()),
        ("a.yaml", deep_json),
        ("a.yaml", deep_flow),
        ("a.yaml", deep_block),
        ("a.yaml", deep_list),
        ("a.yaml", laughs),
        ("a.yaml", long),
        ("a.yaml", itself),
        ("a.json", format!("[{}0]", "0,".repeat(600_000))),
    ];
    let texts = texts.into_iter().map(|(file, text)| (file, text, true)).chain([("a.yaml", merges, false)]);
    for (number, (file, text, refused)) in texts.enumerate() {
        let since = processor_time();
        assert_eq!(parse(file, &text).is_err(), refused, "text {number}");
        let took = processor_time() - since;
        // Unoptimised code on a slow machine: ten times what it takes elsewhere.
        assert!(took < Duration::from_secs(10), "text {number} took {took:?}");
    }
}

#[test]
fn ten_megabytes_in_one_line_take_linear_time() {
    let since = processor_time();
    let text =
        format!("{{\"openapi\":\"3.0.0\",\"x\":\"{}\",\"paths\":{{\"/a\":{{\"get\":{{}}}}}}}}", "y".repeat(10 << 20));
    assert_eq!(parse("a.json", &text).unwrap().line("/paths/~1a/get"), 1);
    let text = format!("x: \"{}\"\npaths:\n  /a: {{}}\n", "y ".repeat(5 << 20));
    assert_eq!(parse("a.yaml", &text).unwrap().line("/paths/~1a"), 3);
    let took = processor_time() - since;
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn every_prefix_of_a_spec_is_read_or_refused() {
    let yaml = "openapi: \"3.0.0\"\ninfo: {title: 'ä'}\npaths:\n  /a: &a\n    get: |\n      x\n  /b: *a\n";
    let json = "{\"openapi\":\"3.0.0\",\"paths\":{\"/ä\":{\"get\":{\"x\":[1,-2.5e3,null,true]}}}}";
    for text in [yaml, json] {
        for end in 0..text.len() {
            for file in ["a.json", "a.yaml"] {
                let _ = parse(file, &text.as_bytes()[..end]);
            }
        }
    }
}
