//! Drift, from packets to findings: each kind once where it is, and nowhere where it is not.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::Value;
use shadowtap::capture::MemorySource;
use shadowtap::observe::Inspect;
use tempfile::NamedTempFile;

use crate::common::Run;
use crate::common::wire::{ACK, FIN, Wire, ends};

/// What every case declares beside its operation.
const HEAD: &str = "openapi: 3.0.3
info: {title: Tides, version: '1'}
servers: [{url: 'https://tides.example'}, {url: 'http://tides.example'}]
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-Key}
    ntlm: {type: http, scheme: negotiate}
  schemas:
    Pier: {type: object, required: [id], properties: {id: {type: integer}, name: {type: string, nullable: true}}}
    Cat: {type: object, required: [kind, lives], properties: {kind: {type: string}, lives: {type: integer}}}
    Dog: {type: object, required: [kind, tricks], properties: {kind: {type: string}, tricks: {type: array, items: {type: string}}}}
    Tree: {anyOf: [{type: object, required: [a, b], properties: {c: {$ref: '#/components/schemas/Tree'}}}, {type: object, required: [d], properties: {c: {$ref: '#/components/schemas/Tree'}}}]}
    Loop: {type: object, properties: {next: {$ref: '#/components/schemas/Loop'}, at: {type: string, format: date}}}
paths:
";

/// One exchange: request line and fields, body, answer line and fields, body. Fields stand on lines of their own.
pub type Talk = (&'static str, &'static str, &'static str, &'static str);

const JSON: &str = "200 OK\nContent-Type: application/json";

/// Rule, place in the exchange, what is declared, what differs, and what does not.
struct Case {
    rule: &'static str,
    at: &'static str,
    declared: &'static str,
    bad: &'static [Talk],
    good: &'static [Talk],
}

const fn get(target: &'static str) -> Talk {
    (target, "", "200 OK", "")
}

const fn told(body: &'static str) -> Talk {
    ("GET /a", "", JSON, body)
}

const fn sent(body: &'static str) -> Talk {
    ("POST /a\nContent-Type: application/json", body, "200 OK", "")
}

const ANSWER: &str = "/a: {get: {responses: {'200': {description: '', content: {application/json: {schema: ";
const ASKED: &str = "/a: {post: {requestBody: {content: {application/json: {schema: ";

const CASES: &[Case] = &[
    Case {
        rule: "undocumented-query",
        at: "/request/query/debug",
        declared: "/a: {parameters: [{name: 'ids', in: query, schema: {type: array, items: {type: integer}}}, \
            {name: f, in: query, style: deepObject, explode: true, schema: {type: object, properties: {x: {type: string}}}}, \
            {name: page, in: query, schema: {type: integer}}], get: {responses: {'200': {description: ''}, '400': {description: ''}}}}",
        bad: &[get("GET /a?page=1&debug=1")],
        good: &[
            get("GET /a?page=1"),
            get("GET /a?ids=1&ids=2"),
            get("GET /a?ids[]=1&f[x]=y"),
            ("GET /a?debug=1", "", "400 Bad", ""),
        ],
    },
    Case {
        rule: "undocumented-header",
        at: "/request/header/x-debug",
        declared: "/a: {get: {security: [{key: []}, {}], parameters: [{name: X-Tenant, in: header, schema: {type: string}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a\nX-Debug: 1")],
        good: &[get(
            "GET /a\nx-tenant: a\nX-Key: k\nAccept: */*\nX-Forwarded-For: 10.0.0.1\ntraceparent: 00-1\nSec-Fetch-Mode: cors\nOrigin: x",
        )],
    },
    Case {
        rule: "undocumented-cookie",
        at: "/request/cookie/trace",
        declared: "/a: {get: {parameters: [{name: place, in: cookie, schema: {type: string}}], responses: {'200': {description: ''}}}}\n  /b: {get: {responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a\nCookie: place=pier; trace=1")],
        good: &[get("GET /a\nCookie: place=pier"), get("GET /b\nCookie: analytics=1")],
    },
    Case {
        rule: "undocumented-form-field",
        at: "/request/form/admin",
        declared: "/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, additionalProperties: false, \
            properties: {name: {type: string}, tags: {type: array, items: {type: string}}, meta: {type: object, additionalProperties: {type: string}}}}}}}, responses: {'200': {description: ''}}}}",
        bad: &[("POST /a\nContent-Type: application/x-www-form-urlencoded", "name=a&admin=1", "200 OK", "")],
        good: &[(
            "POST /a\nContent-Type: application/x-www-form-urlencoded",
            "name=a&tags=1&tags=2&tags[]=3&meta[x]=1",
            "200 OK",
            "",
        )],
    },
    Case {
        rule: "undocumented-request-field",
        at: "/request/body/admin",
        declared: "{ASKED}{allOf: [{$ref: '#/components/schemas/Pier'}, {type: object, properties: {tide: {type: number}}}]}}}}, responses: {'200': {description: ''}}}}",
        bad: &[
            sent(r#"{"id":1,"admin":true}"#),
            sent(r#"{"id":1,"tide":2,"admin":false}"#),
            sent(r#"{"id":1,"admin":0}"#),
        ],
        // Nothing forbids it: twice is chance, and what is no name makes a map.
        good: &[
            sent(r#"{"id":1,"tide":2}"#),
            sent(r#"{"id":1,"once":2,"":0}"#),
            sent(r#"{"id":1,"once":3,"":0}"#),
            sent(r#"{"id":1,"":0}"#),
        ],
    },
    Case {
        rule: "undocumented-response-field",
        at: "/response/200/body/items/*/hash",
        declared: "{ANSWER}{type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Pier'}}, \
            free: {type: object}, map: {type: object, additionalProperties: {$ref: '#/components/schemas/Pier'}}, open: {type: object, properties: {a: {}}, additionalProperties: true}}}}}}}}}",
        bad: &[told(r#"{"items":[{"id":1},{"id":2,"hash":"x"}]}"#); 3],
        good: &[told(
            r#"{"items":[{"id":1,"name":null}],"free":{"x":{"y":1}},"map":{"harbour":{"id":3}},"open":{"b":1}}"#,
        )],
    },
    Case {
        rule: "undocumented-response-field",
        at: "/response/200/body/lives",
        declared: "{ANSWER}{oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: kind}}}}}}}}",
        bad: &[told(r#"{"kind":"Dog","tricks":[],"lives":9}"#); 3],
        good: &[told(r#"{"kind":"Dog","tricks":["roll"]}"#), told(r#"{"kind":"Cat","lives":9}"#)],
    },
    Case {
        rule: "undocumented-status",
        at: "/response/418",
        declared: "/a: {get: {responses: {'200': {description: ''}, '5XX': {description: ''}}}}\n  /b: {get: {responses: {default: {description: ''}}}}",
        bad: &[("GET /a", "", "418 Teapot", "")],
        good: &[
            get("GET /a"),
            ("GET /a", "", "503 Busy", ""),
            ("GET /a", "", "304 Not Modified", ""),
            ("GET /b", "", "418 Teapot", ""),
        ],
    },
    Case {
        rule: "undocumented-request-type",
        at: "/request/type/application~1xml",
        declared: "/a: {post: {requestBody: {content: {application/json: {}, 'text/*': {}}}, responses: {'200': {description: ''}}}}",
        bad: &[("POST /a\nContent-Type: application/xml", "<a/>", "200 OK", "")],
        good: &[sent("{}"), ("POST /a\nContent-Type: text/csv; charset=utf-8", "a,b", "200 OK", "")],
    },
    Case {
        rule: "undocumented-response-type",
        at: "/response/200/type/text~1html",
        declared: "/a: {get: {responses: {'200': {description: '', content: {application/json: {}}}, '500': {description: ''}}}}",
        bad: &[("GET /a", "", "200 OK\nContent-Type: text/html", "<p>x</p>")],
        good: &[told("{}"), ("GET /a", "", "500 Oops\nContent-Type: text/html", "<p>x</p>"), get("GET /a")],
    },
    Case {
        rule: "undocumented-request-body",
        at: "/request/body",
        declared: "/a: {post: {responses: {'200': {description: ''}}}}\n  /b: {put: {requestBody: {content: {application/json: {}}}, responses: {'200': {description: ''}}}}",
        bad: &[sent("{}")],
        good: &[get("POST /a")],
    },
    Case {
        rule: "missing-query",
        at: "/request/query/place",
        declared: "/a: {get: {parameters: [{name: place, in: query, required: true, schema: {type: string}}, {name: other, in: query}], responses: {'200': {description: ''}, '400': {description: ''}}}}",
        bad: &[get("GET /a")],
        good: &[get("GET /a?place=pier"), ("GET /a", "", "400 Bad", "")],
    },
    Case {
        rule: "missing-header",
        at: "/request/header/x-place",
        declared: "/a: {get: {parameters: [{name: X-Place, in: header, required: true, schema: {type: string}}, {name: Accept, in: header, required: true}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a")],
        good: &[get("GET /a\nx-PLACE: pier")],
    },
    Case {
        rule: "missing-cookie",
        at: "/request/cookie/place",
        declared: "/a: {get: {parameters: [{name: place, in: cookie, required: true, schema: {type: string}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a")],
        good: &[get("GET /a\nCookie: place=pier")],
    },
    Case {
        rule: "missing-form-field",
        at: "/request/form/place",
        declared: "/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, required: [place], properties: {place: {type: string}, n: {type: integer}}}}}}, responses: {'200': {description: ''}}}}",
        bad: &[("POST /a\nContent-Type: application/x-www-form-urlencoded", "n=1", "200 OK", "")],
        good: &[("POST /a\nContent-Type: application/x-www-form-urlencoded", "place=pier&n=1", "200 OK", "")],
    },
    Case {
        rule: "missing-request-body",
        at: "/request/body",
        declared: "/a: {post: {requestBody: {required: true, content: {application/json: {}}}, responses: {'200': {description: ''}}}}\n  /b: {post: {requestBody: {content: {application/json: {}}}, responses: {'200': {description: ''}}}}",
        bad: &[get("POST /a")],
        good: &[sent("{}"), get("POST /b")],
    },
    Case {
        rule: "missing-request-field",
        at: "/request/body/id",
        declared: "{ASKED}{type: object, required: [id, made], properties: {id: {type: integer}, made: {type: string, readOnly: true}}}}}}, responses: {'200': {description: ''}}}}",
        bad: &[sent("{}")],
        good: &[sent(r#"{"id":1}"#)],
    },
    Case {
        rule: "missing-response-field",
        at: "/response/200/body/*/id",
        declared: "{ANSWER}{type: array, items: {type: object, required: [id, secret], properties: {id: {type: integer}, secret: {type: string, writeOnly: true}, maybe: {}}}}}}}}}}",
        bad: &[told(r#"[{"id":1},{"maybe":2}]"#)],
        good: &[told(r#"[{"id":1}]"#), told("[]")],
    },
    Case {
        rule: "missing-response-header",
        at: "/response/200/header/x-count",
        declared: "/a: {get: {responses: {'200': {description: '', headers: {X-Count: {required: true, schema: {type: integer}}, X-Other: {schema: {type: string}}}}}}}",
        bad: &[get("GET /a")],
        good: &[("GET /a", "", "200 OK\nx-count: 3", "")],
    },
    Case {
        rule: "request-wrong-type",
        at: "/request/query/depth",
        declared: "/a: {get: {parameters: [{name: depth, in: query, schema: {type: integer}}, {name: deep, in: query, schema: {type: boolean}}, {name: list, in: query, style: form, explode: false, schema: {type: array, items: {type: number}}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a?depth=low")],
        good: &[get("GET /a?depth=3&deep=true&list=1,2.5,-3"), get("GET /a?depth=")],
    },
    Case {
        rule: "request-wrong-type",
        at: "/request/path/n",
        declared: "/a/{id}/b/{n}: {get: {parameters: [{name: n, in: path, required: true, schema: {type: integer}}, {name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a/7/b/x9y")],
        good: &[get("GET /a/x9y/b/7")],
    },
    Case {
        rule: "response-wrong-type",
        at: "/response/200/body/name",
        declared: "{ANSWER}{type: object, properties: {name: {type: string}, n: {type: integer}, x: {type: number, nullable: true}}}}}}}}}",
        bad: &[told(r#"{"name":null}"#)],
        good: &[told(r#"{"name":"a","n":3.0,"x":null}"#)],
    },
    Case {
        rule: "request-wrong-format",
        at: "/request/query/day",
        declared: "/a: {get: {parameters: [{name: day, in: query, schema: {type: string, format: date}}, {name: code, in: query, schema: {type: string, pattern: '^[A-Z]{2}$'}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a?day=2024-13-01")],
        good: &[get("GET /a?day=2024-12-01&code=DE")],
    },
    Case {
        rule: "response-wrong-format",
        at: "/response/200/body/next/next/at",
        declared: "{ANSWER}{$ref: '#/components/schemas/Loop'}}}}}}}",
        bad: &[told(r#"{"next":{"next":{"at":"soon"}}}"#)],
        good: &[told(r#"{"next":{"next":{"at":"2024-02-29","next":{}}}}"#)],
    },
    Case {
        rule: "request-not-in-enum",
        at: "/request/body/state",
        declared: "{ASKED}{type: object, properties: {state: {type: string, enum: [low, high]}, level: {enum: [1, 2]}}}}}}, responses: {'200': {description: ''}}}}",
        bad: &[sent(r#"{"state":"sideways"}"#)],
        good: &[sent(r#"{"state":"low","level":1.0}"#)],
    },
    Case {
        rule: "response-not-in-enum",
        at: "/response/200/body/state",
        declared: "{ANSWER}{type: object, properties: {state: {type: string, enum: [low, high]}}}}}}}}}",
        bad: &[told(r#"{"state":"sideways"}"#)],
        good: &[told(r#"{"state":"high"}"#)],
    },
    Case {
        rule: "request-out-of-range",
        at: "/request/query/limit",
        declared: "/a: {get: {parameters: [{name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}, {name: step, in: query, schema: {type: number, multipleOf: 0.01}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a?limit=101")],
        good: &[get("GET /a?limit=100&step=0.07"), get("GET /a?limit=1")],
    },
    Case {
        rule: "response-out-of-range",
        at: "/response/200/body/tags",
        declared: "{ANSWER}{type: object, properties: {tags: {type: array, maxItems: 2}, name: {type: string, maxLength: 3}, n: {type: number, exclusiveMinimum: true, minimum: 0}}}}}}}}}",
        bad: &[told(r#"{"tags":[1,2,3]}"#)],
        good: &[told(r#"{"tags":[1,2],"name":"äöü","n":0.1}"#)],
    },
    Case {
        rule: "request-no-alternative",
        at: "/request/body/id",
        declared: "{ASKED}{type: object, properties: {id: {oneOf: [{type: integer}, {type: string}]}}}}}}, responses: {'200': {description: ''}}}}",
        bad: &[sent(r#"{"id":[1]}"#)],
        good: &[sent(r#"{"id":1}"#), sent(r#"{"id":"1"}"#)],
    },
    Case {
        rule: "response-no-alternative",
        at: "/response/200/body/id",
        declared: "{ANSWER}{type: object, properties: {id: {anyOf: [{type: integer}, {type: string}]}, not: {not: {type: string}}}}}}}}}}",
        bad: &[told(r#"{"id":true}"#)],
        good: &[told(r#"{"id":1,"not":1}"#)],
    },
    Case {
        rule: "read-only-sent",
        at: "/request/body/made",
        declared: "{ASKED}{type: object, properties: {id: {type: integer}, made: {type: string, readOnly: true}}}}}}, responses: {'200': {description: ''}}}}",
        bad: &[sent(r#"{"id":1,"made":"x"}"#)],
        good: &[sent(r#"{"id":1}"#)],
    },
    Case {
        rule: "write-only-returned",
        at: "/response/200/body/secret",
        declared: "{ANSWER}{type: object, properties: {id: {type: integer}, secret: {type: string, writeOnly: true}}}}}}}}}",
        bad: &[told(r#"{"id":1,"secret":"x"}"#)],
        good: &[told(r#"{"id":1}"#)],
    },
    Case {
        rule: "no-credentials",
        at: "/request/credentials",
        declared: "/a: {get: {security: [{token: []}], responses: {'200': {description: ''}, '401': {description: ''}}}}\n  /b: {get: {security: [{token: []}, {}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a")],
        good: &[get("GET /a\nAuthorization: Bearer t0k"), ("GET /a", "", "401 No", ""), get("GET /b")],
    },
    Case {
        rule: "other-credentials",
        at: "/request/credentials",
        declared: "/a: {get: {security: [{token: [], key: []}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a\nAuthorization: Bearer t0k")],
        good: &[get("GET /a\nAuthorization: Bearer t0k\nx-key: k")],
    },
    Case {
        rule: "cleartext",
        at: "/request/scheme",
        declared: "/a: {servers: [{url: 'https://tides.example'}], get: {responses: {'200': {description: ''}}}}\n  /b: {get: {responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a")],
        good: &[get("GET /b")],
    },
    Case {
        rule: "deprecated-parameter",
        at: "/request/query/unit",
        declared: "/a: {get: {parameters: [{name: unit, in: query, deprecated: true, schema: {type: string}}], responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a?unit=feet")],
        good: &[get("GET /a")],
    },
    Case {
        rule: "undocumented-sunset",
        at: "/response/header/sunset",
        declared: "/a: {get: {responses: {'200': {description: ''}}}}\n  /b: {get: {x-sunset: '2099-01-01', responses: {'200': {description: ''}}}}",
        bad: &[("GET /a", "", "200 OK\nSunset: Thu, 01 Jan 2099 00:00:00 GMT", "")],
        good: &[get("GET /a"), ("GET /b", "", "200 OK\nSunset: Thu, 01 Jan 2099 00:00:00 GMT", "")],
    },
    Case {
        rule: "sunset-passed",
        at: "/response/header/sunset",
        declared: "/a: {get: {responses: {'200': {description: '', headers: {Sunset: {schema: {type: string}}}}}}}",
        bad: &[("GET /a", "", "200 OK\nSunset: Thu, 01 Jan 1998 00:00:00 GMT", "")],
        good: &[("GET /a", "", "200 OK\nSunset: Thu, 01 Jan 2099 00:00:00 GMT", "")],
    },
];

pub fn traffic(talks: &[Talk]) -> MemorySource {
    let mut wire = Wire::new();
    for (port, (asked, body, answer, told)) in (4_000..).zip(talks) {
        let (mut client, mut server) = ends(port);
        wire.open(&mut client, &mut server);
        let message = |first: String, fields: &[&str], body: &str| {
            let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
            let length = if body.is_empty() && !first.starts_with("HTTP") {
                String::new()
            } else {
                format!("Content-Length: {}\r\n", body.len())
            };
            format!("{first}\r\n{fields}{length}\r\n{body}").into_bytes()
        };
        let asked: Vec<&str> = asked.split('\n').collect();
        let answer: Vec<&str> = answer.split('\n').collect();
        let fields = [&["Host: tides.example"], &asked[1..]].concat();
        // What has no body may not promise one either.
        let told = if answer[0].starts_with("304") { "" } else { told };
        wire.segment(&mut client, &server, ACK, &message(format!("{} HTTP/1.1", asked[0]), &fields, body));
        wire.segment(&mut server, &client, ACK, &message(format!("HTTP/1.1 {}", answer[0]), &answer[1..], told));
        wire.segment(&mut client, &server, ACK | FIN, b"");
        wire.segment(&mut server, &client, ACK | FIN, b"");
    }
    wire.frames
}

/// All that is said in the cases of this rule, and whether it differs from what they declare or not.
pub fn talks() -> impl Iterator<Item = (&'static str, Vec<Talk>)> {
    CASES.iter().map(|case| (case.rule, [case.bad, case.good].concat()))
}

fn spec(case: &Case) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("there is room for a file");
    let declared = case.declared.replace("{ANSWER}", ANSWER).replace("{ASKED}", ASKED);
    // Each line closes as many brackets as it opens: nobody counts them.
    let closed = |line: &str| {
        let line = line.trim_end_matches('}');
        let depth = line.matches('{').count() - line.matches('}').count();
        format!("  {}{}\n", line.trim_start(), "}".repeat(depth))
    };
    let declared: String = declared.lines().map(closed).collect();
    write!(file, "{HEAD}{declared}").expect("and in it");
    file
}

/// Rule, place, exchanges that differ, of how many, for each finding of drift; and where it stands in the spec.
fn drifts(case: &Case, talks: &[Talk]) -> Vec<(String, String, u64, u64, String)> {
    let file = spec(case);
    let report =
        Run { specs: vec![file.path().to_owned()], inspect: Inspect::All, ..Run::workers(1) }.json(&mut traffic(talks));
    let findings = report["findings"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert!(findings.iter().all(|it| it["kind"] == "drift" || it["kind"] == "orphan"), "{}: {findings:#?}", case.rule);
    let drift = findings.iter().filter(|it| it["kind"] == "drift").map(|it| {
        let drift = &it["evidence"]["drift"];
        let count = |key: &str| drift[key].as_u64().expect("a count");
        (text(&it["rule"]), text(&drift["observed_at"]), count("exchanges"), count("of"), text(&drift["declared_at"]))
    });
    drift.collect()
}

#[test]
fn each_kind_is_found_where_it_is_and_nowhere_else() {
    // Catches, for each kind, a difference that is missed, one that is told of what is declared, and figures that do not add up.
    for case in CASES {
        let good = drifts(case, case.good);
        assert_eq!(good, [], "{} at {}: traffic as declared", case.rule, case.at);
        let all = [case.bad, case.good].concat();
        let found = drifts(case, &all);
        assert_eq!(found.len(), 1, "{} at {}: {found:#?}", case.rule, case.at);
        let (rule, at, exchanges, of, declared) = &found[0];
        assert_eq!((rule.as_str(), at.as_str()), (case.rule, case.at));
        assert_eq!(*exchanges, case.bad.len() as u64, "{rule} at {at}");
        assert!(of >= exchanges && *of <= all.len() as u64, "{rule} at {at}: {exchanges} of {of}");
        assert!(declared.starts_with("#/"), "{rule} at {at}: {declared}");
    }
    let tested: BTreeSet<_> = CASES.iter().map(|case| case.rule).collect();
    let all: BTreeSet<_> = shadowtap::api::Drift::ALL.into_iter().map(shadowtap::api::Drift::name).collect();
    assert_eq!(tested, all);
}

/// What is declared, and traffic that a validator takes: each line was a false drift once, or is close to one.
const TAKEN: &[(&str, &[Talk])] = &[
    (
        "/a: {get: {parameters: [{name: old, in: query, deprecated: true, schema: {enum: [x]}}, {name: any, in: query, schema: {}}], responses: {'200': {description: ''}}}}",
        &[get("GET /a?any=1"), get("GET /a")],
    ),
    (
        "/a: {get: {parameters: [{name: X-Ids, in: header, schema: {type: array, minItems: 3, items: {type: integer}}}], \
            responses: {'200': {description: '', headers: {Allow: {schema: {type: array, items: {enum: [GET, POST]}}}}}}}}",
        &[("GET /a\nX-Ids: 1, 2\nX-Ids: 3", "", "200 OK\nAllow: GET, POST", "")],
    ),
    (
        "/a: {get: {parameters: [{name: since, in: query, schema: {type: string, format: date-time}}, \
            {name: tags, in: query, explode: false, schema: {type: array, items: {enum: ['a,b', c]}}}], responses: {'200': {description: ''}}}}",
        &[get("GET /a?since=2024-01-01T00:00:00+02:00"), get("GET /a?since=2024-01-01T00:00:00%2B02:00&tags=a%2Cb,c")],
    ),
    (
        "/a: {post: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {type: object, additionalProperties: false, \
            required: ['ids[]'], properties: {'ids[]': {type: array, items: {type: integer}}, 'f[x]': {type: string}}}}}}, responses: {'200': {description: ''}}}}",
        &[("POST /a\nContent-Type: application/x-www-form-urlencoded", "ids[]=1&ids[]=2&f[x]=y", "200 OK", "")],
    ),
    (
        "/a: {get: {responses: {'200': {description: '', content: {'application/*+json': {}}}, default: {description: '', headers: {X-Error: {required: true}}, \
            content: {application/json: {}}}}}}\n  /b: {get: {responses: {'200': {description: ''}}}}",
        &[
            ("GET /a", "", "200 OK\nContent-Type: application/hal+json", "{}"),
            ("GET /a", "", "206 Part\nContent-Type: application/pdf", "%PDF"),
            ("GET /a", "", "304 Not Modified", ""),
            ("GET /b", "", "200 OK\nContent-Type: text/csv", "a,b"),
        ],
    ),
    (
        "/a: {get: {security: [{ntlm: []}], responses: {'200': {description: ''}}}}\n  /b: {get: {security: [], \
            parameters: [{name: X-Place, in: header, required: true}], responses: {'200': {description: ''}, '302': {description: ''}}}}",
        &[
            get("GET /a"),
            get("GET /b\nX-Place: x\nX-Key: k\nX-CSRF-Token: t"),
            ("GET /b", "", "302 Found\nLocation: /login", ""),
        ],
    ),
    (
        "/a: {get: {responses: {'200': {description: ''}, '404': {description: ''}}}}",
        &[get("GET /a"), ("HEAD /a", "", "405 No", "")],
    ),
    (
        "{ANSWER}{type: object, properties: {a: {type: string}}, additionalProperties: {type: integer}}}}}}}}",
        &[told(r#"{"a":"x","people":1,"others":2}"#)],
    ),
    (
        "{ASKED}{allOf: [{type: object, required: [made]}, {type: object, properties: {made: {type: string, readOnly: true}, \
            code: {type: string, pattern: '^[a-z&&[^b]]$'}}}]}}}}, responses: {'200': {description: ''}}}}",
        &[sent(r#"{"code":"b"}"#)],
    ),
];

#[test]
fn what_validators_take_is_no_drift() {
    for (declared, talks) in TAKEN {
        let case = Case { rule: "", at: "", declared, bad: &[], good: &[] };
        assert_eq!(drifts(&case, talks), [], "{declared}");
    }
}

#[test]
fn a_body_that_takes_too_long_is_not_judged_and_counted() {
    // Catches alternatives within alternatives that multiply: two to the power of forty here.
    const CASE: Case = Case {
        rule: "",
        at: "",
        declared: "{ASKED}{$ref: '#/components/schemas/Tree'}}}}, responses: {'200': {description: ''}}}}",
        bad: &[],
        good: &[],
    };
    let deep = format!("{}{{}}{}", "{\"c\":".repeat(40), "}".repeat(40));
    let talks: Vec<Talk> =
        vec![("POST /a\nContent-Type: application/json", Box::leak(deep.into_boxed_str()), "200 OK", ""); 200];
    let file = spec(&CASE);
    let run = Run { specs: vec![file.path().to_owned()], inspect: Inspect::All, ..Run::workers(1) };
    let report = run.json(&mut traffic(&talks));
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["bounds"]["inventory.drifts"], 200, "what is not judged is counted");
}

#[test]
fn names_that_anybody_can_make_up_take_no_room_from_what_matters() {
    // Catches a flood of parameters that washes away that requests succeed without credentials, and one that is told name by name.
    const CASE: Case = Case {
        rule: "",
        at: "",
        declared: "/a: {get: {security: [{token: []}], parameters: [{name: page, in: query}], responses: {'200': {description: ''}}}}",
        bad: &[],
        good: &[],
    };
    let words = [
        "alpha", "bravo", "delta", "echo", "gamma", "hotel", "india", "lima", "mike", "oscar", "romeo", "sierra",
        "tango", "victor", "zulu",
    ];
    let mut talks: Vec<Talk> = vec![get("GET /a?page=1")];
    for a in words {
        for b in words {
            talks.push(get(Box::leak(format!("GET /a?{a}_{b}=1\nAuthorization: Bearer x").into_boxed_str())));
        }
    }
    let found = drifts(&CASE, &talks);
    let told: Vec<_> = found.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
    assert_eq!(told, [("no-credentials", "/request/credentials"), ("undocumented-query", "/request/query/{key}")]);
}

#[test]
fn a_spec_that_names_paths_alone_says_nothing_of_the_rest() {
    // Catches findings by the hundred from a spec that somebody began with.
    const CASE: Case = Case {
        rule: "",
        at: "",
        declared: "/a: {get: {responses: {'200': {description: ''}}}, post: {responses: {'200': {description: ''}}}}",
        bad: &[get("GET /a?debug=1\nX-Debug: 1"), sent("{}"), told("{}"), ("GET /a", "", "404 Not Found", "")],
        good: &[],
    };
    assert_eq!(drifts(&CASE, CASE.bad), []);
}

#[test]
fn drift_does_not_depend_on_workers() {
    // Catches facts that are merged by order of arrival.
    let case = CASES.iter().find(|case| case.at.contains("items")).expect("there is one");
    let (file, talks) = (spec(case), [case.bad, case.good].concat().repeat(20));
    let run = |workers| Run { specs: vec![file.path().to_owned()], ..Run::workers(workers) }.json(&mut traffic(&talks));
    let one = run(1);
    assert!(one["findings"].as_array().expect("a list").iter().any(|it| it["kind"] == "drift"));
    assert_eq!(one, run(4));
}

#[test]
fn no_value_gets_into_a_finding_of_drift() {
    // Catches names that are data in a pointer, and values of what is broken.
    const CASE: Case = Case {
        rule: "",
        at: "",
        declared: "{ANSWER}{type: object, additionalProperties: false, properties: {state: {type: string, enum: [low]}, map: {type: object, additionalProperties: {type: integer}}}}}}}}}",
        bad: &[
            told(r#"{"state":"quackenbush","anna.quackenbush@mail.example":1,"map":{"536-22-1234":"x"}}"#),
            ("GET /a?4111111111111111=1\nX-9f86d081884c7d65: 1", "", JSON, "{}"),
        ],
        good: &[],
    };
    let found = drifts(&CASE, CASE.bad);
    let text = format!("{found:?}");
    assert!(["quackenbush", "536", "4111", "9f86"].iter().all(|value| !text.contains(value)), "{text}");
    let places: BTreeSet<_> = found.iter().map(|it| it.1.as_str()).collect();
    assert!(
        places.contains("/response/200/body/{email}") && places.contains("/response/200/body/map/{key}"),
        "{places:?}"
    );
}
