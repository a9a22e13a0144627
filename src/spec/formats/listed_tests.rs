//! Postman collections, and archives as far as they are read here.

use std::path::PathBuf;
use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use crate::api::{HostPattern, ParamPlace, PathTemplate, Scheme, ServiceId};
use crate::limits::Limits;
use crate::spec::document::Document;
use crate::spec::error::SpecError;
use crate::spec::learn::{Asked, Learned, Learner};
use crate::spec::model::Spec;
use crate::spec::refs::Refs;

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// Takes paths as they are.
struct Parrot;

impl Learner for Parrot {
    fn learn(&self, asked: &[Asked]) -> Vec<Learned> {
        let learned = |one: &Asked| Learned {
            service: ServiceId {
                host: one.authority.clone(),
                port: if one.encrypted { 443 } else { 80 },
                scheme: if one.encrypted { Scheme::Https } else { Scheme::Http },
            },
            template: PathTemplate::parse(&one.path),
            method: one.method.clone(),
        };
        asked.iter().map(learned).collect()
    }
}

fn try_read(text: &str, limits: &Limits) -> Result<Spec, SpecError> {
    let document = Rc::new(Document::parse(PathBuf::from("/s/list.json"), "list.json", text.as_bytes(), limits)?);
    let format = FORMATS.iter().find(|format| format.recognises(&document)).expect("a format");
    format.read(&document, &mut Refs::new(&document, limits).learning(Some(&Parrot)))
}

fn read(document: &Value) -> Spec {
    try_read(&document.to_string(), &Limits::default()).unwrap()
}

fn collection(items: Value, variables: Value) -> Value {
    json!({"info": {"name": "Shop", "schema": SCHEMA, "version": "1.2"}, "item": items, "variable": variables})
}

/// Operations as `METHOD host base path`.
fn operations(spec: &Spec) -> Vec<String> {
    let shown = |operation: &crate::spec::SpecOperation| {
        let server = &operation.servers[0];
        let host = match &server.host {
            HostPattern::Exact(host, port) => {
                format!("{host}{}", port.map(|port| format!(":{port}")).unwrap_or_default())
            }
            HostPattern::Template(pieces, _) => format!("~{pieces}"),
            HostPattern::Any => "*".to_owned(),
        };
        format!("{} {host} {} {}", operation.method, server.base, operation.path)
    };
    spec.operations.iter().map(shown).collect()
}

/// Where requests with these URLs lead.
fn urls(urls: &[&str], variables: &Value) -> Vec<String> {
    let items: Vec<Value> = urls.iter().map(|url| json!({"request": url})).collect();
    operations(&read(&collection(json!(items), variables.clone())))
}

#[test]
fn folders_nest_and_requests_are_operations() {
    let items = json!([
        {"name": "Users", "variable": [{"key": "part", "value": "users"}], "item": [
            {"name": "One user", "request": {"method": "get", "url": {
                "raw": "{{baseUrl}}/{{part}}/:userId?expand=a&off=b",
                "host": ["{{baseUrl}}"], "path": ["{{part}}", ":userId"],
                "query": [{"key": "expand", "value": "a"}, {"key": "off", "disabled": true}],
                "variable": [{"key": "userId", "value": "secret-42"}]}}},
            {"name": "Deep", "item": [{"name": "New", "request": {"method": "POST",
                "url": {"protocol": "https", "host": ["shop", "example"], "port": "8443", "path": ["v1", "users"]},
                "body": {"mode": "urlencoded", "urlencoded": [{"key": "email"}, {"key": "old", "disabled": true}]}}}]},
        ]},
        {"name": "Again", "request": {"method": "GET", "url": "{{baseUrl}}/users/:id"}},
        {"name": "Off", "disabled": true, "request": "https://shop.example/off"},
        {"name": "Nothing"},
        {"name": "Plain", "request": "https://shop.example/plain?q=1&r=2#x"},
    ]);
    let spec = read(&collection(items, json!([{"key": "baseUrl", "value": "https://shop.example/api/v1/"}])));
    assert_eq!(
        (spec.title.as_str(), spec.version.as_str(), spec.format, spec.name.as_str()),
        ("Shop", "1.2", "postman 2.1", "list.json")
    );
    assert_eq!(
        operations(&spec),
        ["GET shop.example /api/v1 /users/{userId}", "POST shop.example:8443 / /v1/users", "GET shop.example / /plain"],
        "in order of the document; saved twice is one"
    );
    assert_eq!(spec.operations[0].id.as_deref(), Some("One user"));
    let params = |at: usize| spec.operations[at].params.iter().map(|p| (p.place, p.name.as_str())).collect::<Vec<_>>();
    assert_eq!(params(0), [(ParamPlace::Query, "expand")]);
    assert_eq!(params(1), [(ParamPlace::Form, "email")]);
    assert_eq!(params(2), [(ParamPlace::Query, "q"), (ParamPlace::Query, "r")]);
    assert_eq!(spec.warnings, ["an item that is neither a request nor a folder is left out"]);
    assert!(!format!("{spec:?}").contains("secret-42"), "values of variables of a path are not kept");
}

#[test]
fn a_url_leads_where_its_variables_say() {
    // Catches a host that is read as a path, a base path that is lost, and an example's id as a literal.
    let known = json!([
        {"key": "baseUrl", "value": "{{scheme}}://{{host}}/api"}, {"key": "scheme", "value": "https"},
        {"key": "host", "value": "shop.example"}, {"key": "port", "value": "8080"}, {"key": "version", "value": "v2"},
        {"key": "resource", "value": "orders"}, {"key": "id", "value": "48213"}, {"key": "userName", "value": "anna"}, {"key": "prefix", "value": "/gw"},
        {"key": "off", "value": "x.example", "disabled": true}, {"key": "loop", "value": "{{loop}}a"},
    ]);
    for (url, want) in [
        ("{{baseUrl}}/users", "shop.example /api /users"),
        ("{{scheme}}://{{host}}:{{port}}/users", "shop.example:8080 / /users"),
        ("https://{{host}}/{{version}}/{{resource}}/{{id}}", "shop.example / /v2/orders/{id}"),
        ("https://{{host}}/{{userName}}", "shop.example / /{userName}"),
        ("https://{{tenant}}.shop.example/a", "~{tenant}.shop.example / /a"),
        ("{{nobody}}/users/:id", "* / /users/{id}"),
        ("{{nobody}}:8080/users", "* / /users"),
        ("{{nobody}}://h.example/users", "h.example / /users"),
        ("{{off}}/users", "* / /users"),
        ("{{prefix}}/users", "* /gw /users"),
        ("/users", "* / /users"),
        ("localhost:3000/users", "localhost:3000 / /users"),
        ("h.example", "h.example / /"),
        ("https://user:pass@h.example/a?b=c/d", "h.example / /a"),
        ("https://h.example/users/48213/posts/7", "h.example / /users/{id}/posts/{id}"),
        ("https://h.example/3/movie/0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f", "h.example / /3/movie/{id}"),
        ("https://h.example/:owner.git/x:y/:", "h.example / /{owner}.git/x:y/:"),
        ("https://h.example/:id:cancel", "h.example / /{id}:cancel"),
        ("https://h.example/a/{{$guid}}/b", "h.example / /a/{$guid}/b"),
        ("https://h.example/%7Bid%7D/caf%C3%A9", "h.example / /{id}/caf\u{e9}"),
        ("https://h.example/f-{{id}}.json", "h.example / /f-{id}.json"),
        ("wss://h.example/socket", "h.example / /socket"),
    ] {
        assert_eq!(urls(&[url], &known), [format!("GET {want}")], "{url}");
    }
    assert!(urls(&["{{loop}}/a"], &known)[0].starts_with("GET "), "a circle ends");
}

#[test]
fn what_a_collection_does_not_say_is_told() {
    let spec = read(&collection(
        json!([{"request": "{{baseUrl}}/a"}, {"request": "{{baseUrl}}/b"}, {"request": {"url": null}}]),
        json!([]),
    ));
    assert_eq!(operations(&spec), ["GET * / /a", "GET * / /b"]);
    let [open, without] = spec.warnings.as_slice() else { panic!("{:?}", spec.warnings) };
    assert!(open.starts_with("{{baseUrl}} is said nowhere") && open.contains("--spec-host"), "{open}");
    assert!(without.contains("without a URL"), "{without}");
    let fault = |document: Value| try_read(&document.to_string(), &Limits::default()).unwrap_err().to_string();
    let old = json!({"info": {"schema": "https://schema.getpostman.com/json/collection/v1.0.0/"}, "item": []});
    assert!(fault(old).contains("list.json:1: /info/schema: schema"), "the place and the mend");
    assert!(fault(json!({"info": {"schema": SCHEMA}, "item": {}})).contains("/item: is no list; export"));
    let small = Limits { spec_routes: 1, ..Limits::default() };
    let two = collection(json!([{"request": "https://h/a"}, {"request": "https://h/b"}]), json!([]));
    assert!(try_read(&two.to_string(), &small).unwrap_err().to_string().contains("more than 1 requests"));
}

#[test]
fn hostile_collections_cost_little() {
    // Catches variables that unfold without end, and folders that a walk calls itself for.
    let bomb: Vec<Value> =
        (0..30).map(|n| json!({"key": format!("v{n}"), "value": format!("{{{{v{}}}}}", n + 1).repeat(20)})).collect();
    let spec = read(&collection(json!([{"request": "{{v0}}/a"}, {"request": "https://h/{{v0}}"}]), json!(bomb)));
    assert!(spec.operations.len() <= 2);
    let mut deep = json!([{"request": "https://h/deep"}]);
    for _ in 0..50 {
        deep = json!([{"item": deep}]);
    }
    assert_eq!(read(&collection(deep, json!([]))).operations.len(), 1);
    let long = format!("https://h/{}", "a/".repeat(100));
    assert_eq!(read(&collection(json!([{"request": long}]), json!([]))).operations.len(), 0);
}

#[test]
fn of_an_archive_only_methods_hosts_and_paths_are_read() {
    let entry = |method: &str, url: &str| {
        json!({"request": {"method": method, "url": url, "headers": [{"name": "cookie", "value": "secret"}],
            "queryString": [{"name": "q", "value": "secret"}], "postData": {"text": "secret"}},
            "response": {"status": 500, "content": {"text": "secret"}}})
    };
    let archive = json!({"log": {"version": "1.2", "creator": {"name": "secret"}, "pages": [{"title": "secret"}], "entries": [
        entry("GET", "https://user:secret@h.example:8443/a/b?token=secret#secret"),
        entry("POST", "http://h.example"),
        entry("GET", "wss://h.example/socket"),
        entry("OPTIONS", "https://h.example/a"),
        entry("GET", "data:text/plain,secret"),
        entry("GET secret", "https://h.example/x"),
        entry("GET", "blob:https://h.example/secret"),
        json!({"secret": 1}),
    ]}});
    let spec = read(&archive);
    assert_eq!(operations(&spec), ["GET h.example:8443 / /a/b", "POST h.example / /", "GET h.example / /socket"]);
    assert_eq!(spec.warnings, ["4 of 8 entries are no HTTP requests and are left out"]);
    assert!(!format!("{spec:?}").contains("secret"));
    let wrong = json!({"log": {"version": "1.2", "entries": {"secret": 1}}});
    let told = try_read(&wrong.to_string(), &Limits::default()).unwrap_err().to_string();
    assert!(told.contains("/log/entries: is no list; ") && !told.contains("secret"), "{told}");
    let empty = read(&json!({"log": {"version": "1.2", "entries": []}}));
    assert!(empty.warnings[0].starts_with("declares nothing"));
    let small = Limits { spec_routes: 1, ..Limits::default() };
    assert!(try_read(&archive.to_string(), &small).unwrap_err().to_string().contains("more than 1 operations"));
}
