use std::path::PathBuf;
use std::rc::Rc;

use super::*;
use crate::api::{HostPattern, ParamPlace};
use crate::limits::Limits;
use crate::spec::document::Document;
use crate::spec::error::SpecError;
use crate::spec::model::Spec;
use crate::spec::refs::Refs;

fn try_read(text: &str, limits: &Limits) -> Result<Spec, SpecError> {
    let document = Rc::new(Document::parse(PathBuf::from("/specs/api.yaml"), "api.yaml", text.as_bytes(), limits)?);
    let format = FORMATS.iter().find(|format| format.recognises(&document)).expect("a format");
    format.read(&document, &mut Refs::new(&document, limits))
}

fn read(text: &str) -> Spec {
    try_read(text, &Limits::default()).unwrap()
}

fn fault(text: &str) -> String {
    try_read(text, &Limits::default()).unwrap_err().to_string()
}

/// Operations as `METHOD base+path line`.
fn operations(spec: &Spec) -> Vec<String> {
    let shown = |operation: &crate::spec::SpecOperation| {
        let server = operation.servers.first().expect("never empty");
        format!("{} {} {}", operation.method, operation.path.under(&server.base), operation.line)
    };
    spec.operations.iter().map(shown).collect()
}

#[test]
fn an_openapi_3_document_is_read_whole() {
    let spec = read(
        "openapi: 3.0.3
info: {title: Shop, version: 1.2.0, x-note: a}
servers:
  - url: https://shop.example/api
  - url: /api
paths:
  /users/{id}:
    parameters:
      - {name: id, in: path, required: true}
      - {name: page, in: query}
      - {name: lang, in: query, required: true}
    x-internal: true
    post:
      operationId: addUser
      parameters:
        - {name: lang, in: query}
      requestBody:
        $ref: '#/components/requestBodies/Form'
    get: {deprecated: true, operationId: getUser}
  x-ignored: {get: {}}
  /files/:
    servers: [{url: https://files.example/f}]
    put: {}
    trace:
      servers: [{url: 'https://trace.example'}]
components:
  requestBodies:
    Form:
      content:
        application/json: {schema: {properties: {no: {}}}}
        application/x-www-form-urlencoded; charset=utf-8:
          schema: {$ref: '#/components/schemas/User'}
  schemas:
    User:
      required: [email]
      properties: {email: {}, name: {}}
      allOf: [{$ref: '#/components/schemas/Self'}]
    Self:
      properties: {self: {$ref: 'https://nowhere.example/x'}}
      allOf: [{$ref: '#/components/schemas/Self'}, {$ref: '#/components/schemas/User'}]
",
    );
    assert_eq!((spec.title.as_str(), spec.version.as_str(), spec.format), ("Shop", "1.2.0", "openapi 3.0"));
    assert_eq!(spec.name, "api.yaml");
    assert_eq!(
        operations(&spec),
        ["POST /api/users/{id} 13", "GET /api/users/{id} 19", "PUT /f/files 23", "TRACE /files 24"]
    );
    let post = &spec.operations[0];
    let params: Vec<_> = post.params.iter().map(|param| (param.place, param.name.as_str(), param.required)).collect();
    let (query, form) = (ParamPlace::Query, ParamPlace::Form);
    assert_eq!(
        params,
        [
            (query, "lang", false),
            (query, "page", false),
            (form, "email", true),
            (form, "name", false),
            (form, "self", false)
        ],
        "the operation's own word counts before its path's"
    );
    assert_eq!(post.servers.len(), 2);
    assert_eq!(post.servers[1].host, HostPattern::Any);
    assert!(spec.operations[1].deprecated && !post.deprecated);
    assert_eq!(spec.operations[1].id.as_deref(), Some("getUser"));
    assert_eq!(spec.operations[3].servers[0].host, HostPattern::Exact("trace.example".to_owned(), None));
    // What cannot be followed is left out and said.
    assert_eq!(spec.warnings.len(), 1);
    assert!(spec.warnings[0].starts_with("a schema is not looked at: api.yaml:26: "), "{:?}", spec.warnings);
}

#[test]
fn a_swagger_2_document_is_read_whole() {
    let spec = read(
        r##"{"swagger": "2.0", "info": {"title": "Pay", "version": 3}, "host": "pay.example:443", "basePath": "/v1/",
 "schemes": ["https"],
 "parameters": {"Page": {"name": "page", "in": "query"}},
 "paths": {
  "/b": {"get": {"parameters": [{"$ref": "#/parameters/Page"}, {"in": "body", "name": "x"}]}},
  "/a": {
   "post": {"parameters": [{"name": "amount", "in": "formData", "required": true},
                           {"name": "scan", "in": "formData", "type": "file"}]},
   "trace": {}}}}"##,
    );
    assert_eq!((spec.version.as_str(), spec.format), ("3", "swagger 2.0"));
    assert_eq!(operations(&spec), ["GET /v1/b 5", "POST /v1/a 7"], "in order of the document; 2.0 has no trace");
    assert_eq!(spec.operations[0].servers[0].host, HostPattern::Exact("pay.example".to_owned(), None));
    assert_eq!(spec.operations[0].params[0].name, "page");
    let form = &spec.operations[1].params;
    assert_eq!((form.len(), form[0].place, form[0].required), (1, ParamPlace::Form, true));
    assert_eq!(operations(&read("swagger: 2.0\npaths:\n  /a:\n    get: {}\n")), ["GET /a 4"], "an unquoted version");
}

#[test]
fn versions_three_one_and_two_bring_their_own() {
    let spec = read("openapi: 3.1.0\nwebhooks:\n  /hook: {post: {}}\n");
    assert_eq!((spec.format, spec.operations.len()), ("openapi 3.1", 0), "webhooks are not served");
    assert_eq!(spec.warnings.len(), 1);
    let text = "openapi: 3.2.0\npaths:\n  /a:\n    query: {}\n    additionalOperations:\n      PURGE: {}\n";
    assert_eq!(operations(&read(text)), ["QUERY /a 4", "PURGE /a 5"]);
    let shared = "openapi: 3.1.0\npaths:\n  /a:\n    $ref: '#/components/pathItems/A'\n    get: {operationId: near}\ncomponents:\n  pathItems:\n    A:\n      get: {operationId: far}\n      post: {}\n";
    let spec = read(shared);
    assert_eq!(operations(&spec), ["POST /a 3", "GET /a 5"]);
    assert_eq!(spec.operations[1].id.as_deref(), Some("near"));
    for text in ["openapi: 4.0.0\n", "swagger: '1.2'\n", "openapi: [1]\n", "openapi:\n"] {
        assert!(fault(text).contains("is not read; convert"), "{}", fault(text));
    }
}

#[test]
fn odd_paths_are_mended_with_a_warning() {
    let text = "openapi: 3.0.0\npaths:\n  users: {get: {}}\n  /x?action=a: {get: {operationId: a}}\n  /x?action=b: {get: {operationId: b}, post: {}}\n  /o{?limit}: {get: {}}\n  /y/: {get: }\n  /z/{p+}: {get: {}}\n";
    let spec = read(text);
    assert_eq!(operations(&spec), ["GET /users 3", "GET /x 4", "POST /x 5", "GET /o 6", "GET /y 7", "GET /z/{p+} 8"]);
    assert_eq!(spec.operations[1].id.as_deref(), Some("a"), "the first one counts");
    let told = spec.warnings.join("\n");
    for part in ["line 3: path \"users\"", "line 4: query", "line 5: GET /x", "line 6: query", "line 7: GET", "line 8:"]
    {
        assert!(told.contains(part), "{part} in {told}");
    }
    let deep = format!("{{\"openapi\": \"3.0.0\", \"paths\": {{\"{}\": {{\"get\": {{}}}}}}}}", "/a".repeat(100_000));
    assert_eq!(read(&deep).operations.len(), 0, "no tree grows that deep");
}

#[test]
fn garbage_is_refused_with_its_place() {
    for (text, want) in [
        ("openapi: 3.0.0\npaths: []\n", "api.yaml:2: /paths: is a list"),
        ("openapi: 3.0.0\npaths:\n  /a: 7\n", "api.yaml:3: /paths/~1a: is a single value"),
        ("openapi: 3.0.0\npaths:\n  /a:\n    get: yes\n", "api.yaml:4: /paths/~1a/get: is a text"),
        (
            "openapi: 3.0.0\npaths:\n  /a:\n    get: {parameters: {}}\n",
            "api.yaml:4: /paths/~1a/get/parameters: is no list",
        ),
        ("openapi: 3.0.0\npaths:\n  /a:\n    get: {parameters: [1]}\n", "/paths/~1a/get/parameters/0: is no parameter"),
        ("openapi: 3.0.0\npaths:\n  /a: {$ref: '#/b'}\n", "api.yaml:3: /paths/~1a: `$ref` \"#/b\" points to nothing"),
        ("openapi: 3.0.0\npaths:\n  /a: {$ref: 'https://h/b'}\n", "never fetched from the network"),
    ] {
        let told = fault(text);
        assert!(told.contains(want) && told.contains("; "), "{want} in {told}");
    }
    // Nothing of this is read.
    let unread = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses: {200: {$ref: 'https://h/x'}}\n      callbacks: {$ref: '#/none'}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/A'}}}\ninfo: 7\nservers: {}\n";
    assert_eq!(read(unread).operations.len(), 1);
}

#[test]
fn what_a_spec_may_hold_is_bounded() {
    let paths: String = (0..200).map(|n| format!("  /p{n}: {{get: {{}}}}\n")).collect();
    let text = format!("openapi: 3.0.0\nservers: [{{url: 'https://a'}}, {{url: 'https://b'}}]\npaths:\n{paths}");
    let limits = Limits { spec_routes: 399, ..Limits::default() };
    assert!(try_read(&text, &limits).unwrap_err().to_string().contains("more than 399 operations"));
    let odd: String = (0..500).map(|n| format!("  p{n}: {{get: {{}}}}\n")).collect();
    assert_eq!(read(&format!("openapi: 3.0.0\npaths:\n{odd}")).warnings.len(), 101);
}

#[test]
fn a_sunset_is_read_and_one_that_is_none_is_said() {
    // Catches a date that is passed over in silence: what should be gone would never be called a zombie.
    let spec = read(
        "openapi: 3.0.3
paths:
  /a:
    get: {x-sunset: 2026-03-31, responses: {}}
    put: {x-sunset: '2026-03-31T12:00:00Z', responses: {}}
    post: {x-sunset: next spring, responses: {}}
    delete: {responses: {}}
",
    );
    let told: Vec<_> = spec.operations.iter().map(|it| it.sunset.map(|sunset| sunset.to_string())).collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(told, [some("2026-03-31"), some("2026-03-31T12:00:00Z"), None, None]);
    assert!(spec.warnings.iter().any(|line| line.starts_with("line 6: x-sunset is passed over: a date")), "{spec:?}");
}
