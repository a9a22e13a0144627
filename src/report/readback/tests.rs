//! What is written is read back; names stay harmless; what is not known is told.

use serde_json::{Value, json};

use super::*;
use crate::api::ParamPlace;
use crate::diff::Existence;
use crate::report::contents::Verdict;
use crate::report::reporter::Style;
use crate::report::reporters::samples::Sample;
use crate::report::reporters::{REPORTERS, columns};

const PLAIN: Style = Style { colour: false, width: 120 };

fn written(sample: &Sample) -> Vec<u8> {
    let json = REPORTERS.iter().find(|reporter| reporter.name() == "json").unwrap();
    sample.show(|report| {
        let mut out = Vec::new();
        json.write(report, PLAIN, &mut out).unwrap();
        out
    })
}

fn read(endpoints: &[Value]) -> ReadBack {
    let report = json!({"schema": "shadowtap-report", "schema_version": 1, "endpoints": endpoints});
    ReadBack::read(report.to_string().as_bytes()).unwrap()
}

/// Wide enough for one endpoint a line.
const WIDE: usize = 10_000;

fn list_in(width: usize, report: &ReadBack) -> String {
    let mut out = Vec::new();
    report.list(&Filter::default(), Style { width, ..PLAIN }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn list(report: &ReadBack, filter: &Filter) -> String {
    let mut out = Vec::new();
    report.list(filter, PLAIN, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_endpoint_that_was_written_is_listed_and_told() {
    // Catches a field that the reporter calls otherwise than the reader does.
    let whole = ReadBack::read(written(&Sample::of(60)).as_slice()).unwrap();
    let listed = list_in(WIDE, &whole);
    assert_eq!(listed.lines().count(), 63, "a head, sixty, a blank and the sum");
    assert!(listed.ends_with("60 of 60 endpoints\n"));
    let told = whole.tell("GET /v1/users/history", Some("shop.example"), PLAIN).unwrap();
    for fact in [
        "GET /v1/users/history\n",
        "service        http://shop.example",
        "looks like     http://pay.example (the same 3 operations at the same addresses)",
        "owner          payments team",
        "answers        200x1, 404x2, 1 unanswered",
        "first byte     half within 3ms, 95 % within 1ms",
        "response body  half within 1 B, 95 % within 2 B, 99 % within 3 B, at most 4 B",
        "over time      \u{2583}.\u{2588}",
        "directions     internal 3, inbound 1",
        "software       curl 3, chrome 1",
        "credentials    jwt 1 (1 succeeded), none 3 (0 succeeded)",
        "query  page  integer  in 1 of 120",
        "{number}       31 distinct, number; by the form of its values, 93 %",
        "confidence     exists: medium; template: 93 %\n",
    ] {
        assert!(told.contains(fact), "{fact} is not in\n{told}");
    }
    // Catches two figures under one name.
    assert_eq!(told.matches("confidence").count(), 1, "{told}");
    assert!(!told.contains("\nMore\n"), "all that this version writes has a place of its own\n{told}");
}

#[test]
fn a_table_drops_nothing_however_narrow_it_is() {
    // Catches a column that is left out where there is no room, a name that is cut so that nobody can ask for it, and a line that runs
    // over.
    let long = "/v1/projects/{projectId}/locations/{locationId}/keyRings/{keyRingId}/cryptoKeys/{cryptoKeyId}/versions";
    let of = |service: &str, template: &str| {
        json!({"method": "POST", "template": template, "service": service, "verdict": "out_of_scope", "requests": 1_234_567,
            "statuses": {"200": 12, "201": 7, "204": 8, "400": 9, "404": 1, "409": 2, "500": 3, "503": 4},
            "params": [{"data": ["card_expiry", "email", "masked_pan", "pan", "person_name", "phone"]}]})
    };
    let report = read(&[
        of("http://a.example", "/v1/cards"),
        of("http://a.example", long),
        of("https://b.example:8443", "/v1/cards"),
    ]);
    for width in [40, 60, 80, 100, 120, 160] {
        let listed = list_in(width, &report);
        let over = listed.lines().find(|line| columns(line) > width && width >= 60);
        assert_eq!(over, None, "of {width} in\n{listed}");
        let words: String = listed.split_whitespace().collect();
        let name = format!("POST{long}");
        for told in ["https://b.example:8443", "200x12", "409x2", "+2", "card_expiry", "person_name", "phone"] {
            assert!(words.contains(told), "{told} is not in {width} columns\n{listed}");
        }
        // What stands in two lines is put together again.
        assert!(words.contains(&name), "{name} is not whole in {width} columns\n{listed}");
        let services = listed.lines().filter(|line| line.contains("http://a.example")).count();
        assert_eq!(services, 1, "one service stands above its endpoints\n{listed}");
    }
    let wide = list_in(WIDE, &report);
    assert_eq!(wide.lines().count(), 6, "a head, three, a blank and the sum\n{wide}");
    assert_eq!(wide.lines().filter(|line| line.ends_with("person_name phone")).count(), 3);
    let row =
        |method: &str| json!({"method": method, "template": "/v1/cards", "service": "http://a", "verdict": "shadow"});
    let short = list_in(80, &read(&[row("GET"), row("PUT")]));
    assert_eq!(short.lines().filter(|line| line.contains("http://a")).count(), 2, "there is room\n{short}");
}

#[test]
fn names_from_the_wire_stay_harmless_when_read_back() {
    // Catches a report that is trusted because it is one's own: its names are an attacker's.
    for planted in ["\u{1b}[2J\u{7}", &"long".repeat(500), "\u{202e}gpj", "\r\n0 of 0 endpoints", "\u{200b}x"] {
        let report = ReadBack::read(written(&Sample::hostile(planted)).as_slice()).unwrap();
        let mut texts = vec![list(&report, &Filter::default())];
        for endpoint in &report.endpoints {
            let asked = document::name(endpoint);
            let told = report.tell(&asked, endpoint["service"].as_str(), PLAIN);
            texts.push(told.unwrap_or_default());
        }
        texts.push(report.tell("GET /nowhere", None, PLAIN).unwrap_err().to_string());
        for text in &texts[..texts.len() - 1] {
            let over = text.lines().find(|line| columns(line) > PLAIN.width);
            assert_eq!(over, None, "no line runs over");
        }
        for text in &texts {
            assert!(!text.contains(planted), "{text:?}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        }
        assert_eq!(list_in(WIDE, &report).lines().count(), 63, "no row was forged");
    }
}

#[test]
fn filters_take_what_they_say() {
    let endpoint = |method: &str, template: &str, service: &str, verdict: &str| {
        json!({
            "method": method, "template": template, "service": service, "verdict": verdict, "existence": "confirmed",
            "request_shape": {"objects": 1, "fields": {"data": {"objects": 1, "fields": {"email": {"seen": 1}}}}},
        })
    };
    let mut card = endpoint("POST", "/v1/cards/{id}", "https://pay.example:8443", "matched");
    card["owner"] = json!("cards team");
    card["response_shapes"] = json!({"200": {"objects": 1, "fields": {"number": {"seen": 3, "data": ["masked_pan"]}}}});
    let report = read(&[endpoint("GET", "/v1/users/{id}", "http://a.shop.example", "shadow"), card]);
    let taken = |filter: Filter| report.endpoints.iter().map(|it| u8::from(filter.takes(it))).collect::<Vec<_>>();
    let text = |text: &str| Some(text.to_owned());
    let words = |text: &str| vec![text.to_owned()];
    for (filter, wanted) in [
        (Filter::default(), [1, 1]),
        (Filter { host: text("*.shop.example"), ..Filter::default() }, [1, 0]),
        (Filter { host: text("*.example"), ..Filter::default() }, [1, 1]),
        (Filter { host: text("pay.example:8443"), ..Filter::default() }, [0, 1]),
        (Filter { methods: words("post"), ..Filter::default() }, [0, 1]),
        (Filter { path: text("/users"), ..Filter::default() }, [1, 0]),
        (Filter { path: text("/v1/cards/42"), ..Filter::default() }, [0, 1]),
        (Filter { states: words("shadow"), ..Filter::default() }, [1, 0]),
        (Filter { states: words("confirmed"), ..Filter::default() }, [1, 1]),
        (Filter { owner: text("Cards Team"), ..Filter::default() }, [0, 1]),
        (Filter { classes: words("masked-pan"), ..Filter::default() }, [0, 1]),
        // A field called `data` is a field.
        (Filter { classes: words("fields"), ..Filter::default() }, [0, 0]),
        (Filter { classes: words("email"), ..Filter::default() }, [0, 0]),
    ] {
        assert_eq!(taken(filter.clone()), wanted, "{filter:?}");
    }
}

#[test]
fn a_filter_for_what_there_is_not_is_told_what_there_is() {
    // Catches a word that is mistyped and taken for one that nothing carries; and a word of a newer version that is refused.
    let mut newer = json!({"method": "GET", "template": "/a", "verdict": "haunted", "existence": "confirmed"});
    newer["params"] = json!([{"place": "query", "name": "q", "data": ["mood"]}]);
    let report = read(&[newer]);
    let asked = |classes: &[&str], states: &[&str]| {
        let [classes, states] = [classes, states].map(|words| words.iter().map(|word| (*word).to_owned()).collect());
        report.understands(&Filter { classes, states, ..Filter::default() }).map_err(|error| error.to_string())
    };
    assert_eq!(asked(&["pan", "masked-pan", "MOOD"], &["Third-Party", "not-found", "haunted"]), Ok(()));
    let class = asked(&["pan", "pam"], &[]).unwrap_err();
    assert!(class.starts_with("no data class is called 'pam'; there are ") && class.contains(" pan, "), "{class}");
    assert_eq!(
        asked(&[], &["\u{1b}[2Jshadows"]).unwrap_err(),
        "no verdict or state is called '\\u{1b}[2Jshadows'; there are shadow, zombie, dormant, drift, matched, insufficient_evidence, unproven, third_party, unmanaged, \
         out_of_scope, confirmed, provisional, unanswered, not_found, not_allowed, noise"
    );
    for state in Existence::ALL {
        assert_eq!(json!(state), json!(state.name()), "as reports have it");
    }
    for verdict in Verdict::ALL {
        assert_eq!(json!(verdict), json!(verdict.name()), "as reports have it");
    }
}

#[test]
fn an_endpoint_is_found_by_any_name_that_people_have_for_it() {
    let of = |method: &str, template: &str, service: &str| json!({"method": method, "template": template, "service": service});
    let report = read(&[
        of("GET", "/users/{userId}", "http://a"),
        of("GET", "/users/me", "http://a"),
        of("DELETE", "/users/{userId}", "http://a"),
        of("GET", "/orders", "http://a"),
        of("GET", "/orders", "http://b"),
        of("GET", "/odd?x=1", "http://a"),
        of("GET", "/odd", "http://a"),
        of("GET", "/", "http://c"),
    ]);
    let told = |asked: &str, host: Option<&str>| match report.tell(asked, host, PLAIN) {
        Ok(text) => text.lines().take(2).map(str::trim).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    };
    assert!(told("GET /users/{userId}", None).starts_with("GET /users/{userId} service"));
    assert!(told("get  /users/{x}", None).starts_with("GET /users/{userId} service"));
    assert!(told("GET /users/42?a=1", None).starts_with("GET /users/{userId} service"));
    assert!(told("/users/me", None).starts_with("GET /users/me service"), "exact before what a template takes");
    // Catches a query that makes another path of one, as people copy it from a log.
    for asked in ["GET /users/me?x=1", "GET /users/me#top", "GET /users/me?q=a b", "get http://a/users/me?x=/y#z"] {
        assert!(told(asked, None).starts_with("GET /users/me service"), "{asked}: {}", told(asked, None));
    }
    assert!(told("GET /users/{x}?y={z}", None).starts_with("GET /users/{userId} service"));
    assert!(told("GET /odd?x=1", None).starts_with("GET /odd?x=1 service"), "it may be a text of the path");
    assert!(told("GET /odd?x=2", None).starts_with("GET /odd service"));
    assert!(
        told("GET http://c?x=1", None).starts_with("GET / service") && told("?x", None).starts_with("GET / service")
    );
    assert_eq!(told("GET /order?x=1", None), "no endpoint is called 'GET /order?x=1'; nearest: GET /orders");
    assert!(told("GET /orders", Some("b")).ends_with("http://b"));
    assert_eq!(
        told("GET /orders", None),
        "2 endpoints are called 'GET /orders': GET /orders at http://a, GET /orders at http://b; name one by its method, with \
         --host or by its template"
    );
    assert!(told("/users/{id}", None).starts_with("2 endpoints are called '/users/{id}': GET"));
    assert_eq!(told("GET /order", None), "no endpoint is called 'GET /order'; nearest: GET /orders");
    // As the table has it: service, and a long name in two lines.
    assert!(told("GET http://b/orders", None).ends_with("service        http://b"));
    assert!(told("get HTTP://B:80/orders?page=2", None).ends_with("service        http://b"));
    assert!(told("http://a/users/me", None).starts_with("GET /users/me service"));
    assert!(told("GET /users\n      /{userId}", None).starts_with("GET /users/{userId} service"));
    assert_eq!(
        told("GET http://b/order", None),
        "no endpoint is called 'GET http://b/order'; nearest: GET http://b/orders, GET http://a/orders"
    );
    for elsewhere in ["GET https://b/orders", "GET http://b:8080/orders", "GET http://c/orders"] {
        assert!(told(elsewhere, None).starts_with("no endpoint is called"), "{elsewhere}");
    }
    assert!(told("GET http://b/orders", Some("a")).starts_with("no endpoint is called"), "both are wanted");
    assert!(told("GET ://b/orders", None).starts_with("no endpoint is called"));
}

#[test]
fn what_a_later_version_adds_is_told_as_it_stands() {
    // Catches facts that are silently left out, and a missing one that ends it.
    let report = read(&[json!({
        "method": "GET", "template": "/a",
        "evidence": {"rule": "siblings", "samples": 12, "classes_of": ["number", "uuid"], "why": {"a": {"b": 1}}},
        "params": [{"place": "query", "name": "q", "seen": 1, "of": 2, "kinds": {"string": 1}, "enum": ["a", "b"], "distinct": 2,
            "values": {"distinct": 2000, "min_length": 1, "max_length": 12}}],
        "request_shape": {"seen": 1, "objects": 1, "fields": {"n": {"seen": 1, "strings": {"text": 1}, "data": ["pan"],
            "values": {"distinct": 2, "min_length": 4, "max_length": 4, "choices": ["open", "paid"]}}}},
        "empty": {}, "no": false, "nothing": null,
    })]);
    let told = report.tell("GET /a", None, PLAIN).unwrap();
    for said in [
        "classes of: number, uuid",
        "rule: siblings",
        "b 1",
        "enum: a, b",
        "distinct: 2",
        "n  text  one of open, paid  data: pan",
        "q  string  in 1 of 2  2,000 different, 1 to 12 characters",
        "Data classes\n  pan\n",
    ] {
        assert!(told.contains(said), "{said} is not in\n{told}");
    }
    assert!(!told.contains("empty:") && !told.contains("nothing"), "{told}");
}

#[test]
fn the_place_of_a_parameter_is_a_whole_word() {
    // Catches a place that is cut, and places that push names out of line.
    let params: Vec<Value> =
        ParamPlace::ALL.iter().map(|place| json!({"place": place.name(), "name": "avatar"})).collect();
    let mut endpoint = json!({"method": "POST", "template": "/a"});
    endpoint["params"] = params.into();
    let told = read(&[endpoint]).tell("/a", None, PLAIN).unwrap();
    for place in ParamPlace::ALL {
        assert!(told.contains(&format!("\n  {:15}  avatar", place.name())), "{place:?} in\n{told}");
    }
}

#[test]
fn what_is_no_report_is_said() {
    for (text, said) in [
        ("", "is no JSON report"),
        ("{\"schema\": \"shadowtap-report\"", "is no JSON report"),
        ("[]", "no report of shadowtap's"),
        ("[[template]]\nforbid = \"/{x}\"", "is no report of shadowtap's"),
        ("[limits]\nx = 1", "is no JSON report"),
        ("{}", "no report of shadowtap's"),
        ("{\"schema\": 7}", "no report of shadowtap's"),
        ("{\"schema\": \"shadowtap-report\", \"schema_version\": 2}", "schema version 2"),
        ("{\"schema\": \"shadowtap-report\", \"schema_version\": 1, \"endpoints\": {}}", "no report of shadowtap's"),
    ] {
        let error = ReadBack::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let deep =
        format!("{{\"schema\": \"shadowtap-report\", \"schema_version\": 1, \"endpoints\": {}", "[".repeat(100_000));
    assert!(ReadBack::read(deep.as_bytes()).is_err(), "depth is bounded");
    assert_eq!(list(&read(&[]), &Filter::default()), "0 of 0 endpoints\n");
    let odd = read(&[
        json!(7),
        json!({"rates": {"requests": [1, "x"], "bucket_seconds": u64::MAX}, "params": [3], "statuses": []}),
    ]);
    assert_eq!(odd.tell("/", None, PLAIN).unwrap_err().to_string().lines().count(), 1);
    odd.endpoints.iter().for_each(|endpoint| assert!(!detail::tell(&odd, endpoint, PLAIN).is_empty()));
}

#[test]
fn keys_of_a_map_are_counted_and_not_named() {
    // Catches a map that is told as a field which some objects lack, or with its count as a fact of a newer version.
    let key =
        json!({"seen": 240, "keys": 64, "objects": 240, "fields": {"role": {"seen": 240, "strings": {"text": 240}}}});
    let members = json!({"seen": 60, "objects": 60, "fields": {"{key}": key}});
    let mut endpoint = json!({"method": "GET", "template": "/teams"});
    endpoint["response_shapes"] = json!({"200": {"seen": 60, "objects": 60, "fields": {"members": members}}});
    let told = read(&[endpoint]).tell("GET /teams", None, PLAIN).unwrap();
    assert!(told.contains("{key}  object  64 keys, 240 seen\n") && !told.contains("keys: "), "{told}");
}
