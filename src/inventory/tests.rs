//! The room as a whole: what goes in, what comes out, and that nothing of the order shows.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Delta, Inventory, Operation, Rule, Service, Snapshot};
use crate::api::{
    Agent, AuthScheme, Client, DataClass, DataClasses, Direction, Draw, Forbid, HostPattern, Mark, Noise, Observation,
    ObservationSink, OpaqueSeen, Param, ParamPlace, ParamType, PathSegment, PathTemplate, Pin, PinId, Rename, Scheme,
    Seen, SegmentClass, ServiceId, Shape, TemplateRules, Templates, Value,
};
use crate::limits::Limits;
use crate::time::{Span, Timestamp};

/// One exchange, owned.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) at: u64,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: Option<u16>,
    pub(crate) caller: u64,
    pub(crate) noise: Option<Noise>,
    pub(crate) decreed: bool,
    pub(crate) mere_redirect: bool,
    pub(crate) feigned: bool,
    pub(crate) tried: bool,
    pub(crate) print: Option<u64>,
    pub(crate) fields: Vec<String>,
    pub(crate) params: Vec<String>,
}

pub(crate) fn said(line: &str) -> Said {
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap().to_owned();
    let (method, path, status) = (next(), next(), next());
    Said {
        at: 1_000,
        host: "shop.example".to_owned(),
        port: 80,
        method,
        path,
        status: status.parse().ok(),
        caller: 1,
        noise: None,
        decreed: false,
        mere_redirect: false,
        feigned: false,
        tried: false,
        print: None,
        fields: Vec::new(),
        params: Vec::new(),
    }
}

/// As `observe` does, roughly: enough to tell words from values.
fn class(text: &str) -> SegmentClass {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        SegmentClass::Number
    } else if text.len() == 36 && text.matches('-').count() == 4 {
        SegmentClass::Uuid
    } else if text.len() == 10 && text.starts_with("20") && text.matches('-').count() == 2 {
        SegmentClass::Date
    } else if text.len() > 8 && text.bytes().any(|b| b.is_ascii_digit()) {
        SegmentClass::Token
    } else {
        SegmentClass::Word
    }
}

/// The same: sixteen digits that begin with 4 pass for a card's when they end in 1.
fn looked(text: &str) -> DataClasses {
    let card = text.len() == 16 && text.starts_with('4') && class(text) == SegmentClass::Number;
    match (card, text.ends_with('1')) {
        (false, _) => DataClasses::NONE,
        (true, false) => DataClasses::NONE.marked(Mark::Refuted),
        (true, true) => DataClass::Pan.into(),
    }
}

impl Said {
    pub(crate) fn tell(&self, sink: &mut dyn ObservationSink) {
        let service = ServiceId { host: self.host.clone(), port: self.port, scheme: Scheme::Http };
        let segments = self.path.split('/').filter(|text| !text.is_empty());
        let path: Vec<PathSegment<'_>> = segments
            .map(|text| PathSegment { looked: looked(text), ..PathSegment::plain(text, class(text)) })
            .collect();
        let field = |name: &String| {
            let mut leaf = Shape { seen: 1, integers: 1, ..Shape::default() };
            let word = ["open", "paid", "closed"].get(self.caller as usize % 5).copied();
            leaf.values.note(Value::of(word.map_or_else(|| self.at.to_string(), str::to_owned).as_bytes()));
            (name.clone(), leaf)
        };
        let fields = self.fields.iter().map(field).collect();
        let body = Shape { seen: 1, objects: 1, fields, ..Shape::default() };
        let param = |name: &String| Param::plain(ParamPlace::Query, name, ParamType::Integer);
        let params: Vec<Param> = self.params.iter().map(param).collect();
        sink.observation(&Observation {
            at: Timestamp::from_nanos(self.at),
            service: &service,
            seen: Seen::Http { method: &self.method, path: &path },
            status: self.status,
            latency: self.status.map(|_| Span::from_nanos(self.at * 1_000)),
            duration: self.status.map(|_| Span::from_nanos(self.at * 3_000)),
            client: Client {
                network: ["offices", "private", "public"][(self.caller % 3) as usize],
                direction: Direction::ALL[(self.caller % 4) as usize],
                agent: Agent::ALL[(self.caller % 7) as usize],
            },
            request_bytes: 3,
            response_bytes: 5,
            request_type: None,
            response_type: self.status.map(|_| "application/json"),
            params: &params,
            bodied: true,
            inspected: Some(Draw::of(self.at)),
            left_out: 0,
            asked: None,
            answered: (!self.fields.is_empty()).then_some(&body),
            odd_bodies: [None; 2],
            parts: &[],
            auth: &[AuthScheme::None],
            token: None,
            encrypted: false,
            caller: self.caller,
            server: ([10, 0, 0, (self.caller % 20) as u8], 80).into(),
            noise: self.noise,
            decreed: self.decreed,
            mere_redirect: self.mere_redirect,
            feigned: self.feigned,
            tried: self.tried,
            print: self.print,
            witness: None,
        });
    }
}

pub(crate) fn exact(host: &str, template: &str, methods: &[&str]) -> Pin {
    let methods = methods.iter().map(ToString::to_string).collect();
    Pin { host: HostPattern::Exact(host.to_owned(), None), template: PathTemplate::parse(template), methods }
}

pub(super) fn snapshot_of(limits: &Limits, pins: &[Pin], all: &[Said]) -> Snapshot {
    let inventory = Inventory::new(limits, pins.to_vec());
    let mut delta = Delta::new(limits, inventory.pins());
    all.iter().for_each(|said| said.tell(&mut delta));
    inventory.absorb(delta);
    inventory.snapshot()
}

pub(super) fn only(all: &[Said], pins: &[Pin]) -> Service {
    let mut snapshot = snapshot_of(&Limits::default(), pins, all);
    assert_eq!(snapshot.bounds, [].into(), "no bound is met");
    assert_eq!(snapshot.services.len(), 1);
    snapshot.services.remove(0)
}

pub(super) fn names(service: &Service) -> Vec<String> {
    service.operations.iter().map(|operation| format!("{} {}", operation.method, operation.template)).collect()
}

pub(super) fn operation<'s>(service: &'s Service, name: &str) -> &'s Operation {
    let found = service.operations.iter().find(|op| format!("{} {}", op.method, op.template) == name);
    found.unwrap_or_else(|| panic!("{name} in {:?}", names(service)))
}

pub(super) fn lines(text: &str) -> Vec<Said> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(said).collect()
}

#[test]
fn a_value_is_a_variable_from_first_sight_and_its_text_is_gone() {
    let service = only(&lines("GET /users/48213/orders 200\nGET /users/48214/orders 200"), &[]);
    assert_eq!(names(&service), ["GET /users/{userId}/orders"]);
    assert_eq!(service.operations[0].record.variables, [("userId".to_owned(), 2)].into());
    assert!(!format!("{service:?}").contains("4821"));
}

#[test]
fn numbers_and_uuids_of_one_collection_are_one_variable() {
    let service = only(
        &lines(
            "GET /users/7 200
            DELETE /users/7 204
            GET /users/0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f 200
            GET /reports/2026-01-01 200
            GET /reports/17 200",
        ),
        &[],
    );
    // A template has one name for one place (OpenAPI 3.1 section 4.8.8); which forms came is in its evidence.
    assert_eq!(names(&service), ["GET /reports/{reportId}", "DELETE /users/{userId}", "GET /users/{userId}"]);
    let learned = service.operations[0].learned.as_ref().unwrap();
    assert_eq!(learned.variables[0].classes, [SegmentClass::Number, SegmentClass::Date]);
    assert_eq!((learned.variables[0].rule, learned.variables[0].texts), (Rule::Form, 2));
}

#[test]
fn words_that_stand_for_themselves_survive_beside_variables() {
    // Catches the folds of the peers: /auth/{auth} for login and logout, {param2} for onboardingStatus.
    let text = "GET /users/7 200
        GET /users/me 200
        GET /users/search 200
        GET /users/count 200
        GET /users/onboardingStatus 200
        POST /auth/login 200
        POST /auth/logout 200
        POST /api/chat.postMessage 200
        POST /api/users.list 200";
    let service = only(&lines(text), &[]);
    for line in text.lines() {
        let name = line.trim().trim_end_matches(" 200").replace("/7", "/{userId}");
        operation(&service, &name);
    }
    assert_eq!(service.operations.len(), 9);
}

pub(super) const OWNERS: [&str; 14] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj", "olivia",
    "peggy",
];

#[test]
fn many_words_with_the_same_things_below_are_a_variable() {
    let mut all = Vec::new();
    for owner in OWNERS {
        all.extend(lines(&format!(
            "GET /owners/{owner} 200\nGET /owners/{owner}/keys 200\nGET /owners/{owner}/gists 200"
        )));
    }
    all.iter_mut().for_each(|said| said.fields = vec!["id".into(), "name".into()]);
    let service = only(&all, &[]);
    let expected = ["GET /owners/{ownerId}", "GET /owners/{ownerId}/gists", "GET /owners/{ownerId}/keys"];
    assert_eq!(names(&service).len(), 3, "{:?}", names(&service));
    for name in expected {
        let record = &operation(&service, name).record;
        assert_eq!((record.requests, record.variables["ownerId"]), (14, 14));
    }
}

#[test]
fn a_few_words_fold_beside_a_variable_when_they_are_alike_in_name_and_body() {
    let mut all = lines("GET /users/7 200\nGET /users/9/orders 200\nGET /users/me 200\nGET /users/me/orders 200");
    for owner in ["alice", "bob", "carol"] {
        all.extend(lines(&format!("GET /users/{owner} 200\nGET /users/{owner}/orders 200")));
    }
    all.extend(lines("GET /users/premium 200"));
    for said in &mut all {
        said.fields = match said.path.as_str() {
            "/users/premium" => vec!["plans".into(), "prices".into()],
            path if path.ends_with("orders") => vec!["total".into()],
            _ => vec!["id".into(), "name".into(), "mail".into()],
        };
    }
    let expected = [
        "GET /users/me",
        "GET /users/me/orders",
        "GET /users/premium",
        "GET /users/{userId}",
        "GET /users/{userId}/orders",
    ];
    assert_eq!(names(&only(&all, &[])), expected);
}

#[test]
fn collections_never_fold_however_alike_they_are() {
    // Catches a fold by likeness alone: every resource of a tidy API looks like every other.
    let nouns = ["users", "orders", "carts", "items", "plans", "teams", "roles", "tasks", "notes", "files", "jobs"];
    let mut all = Vec::new();
    for noun in nouns.iter().chain(&["tags", "logs", "keys", "hooks"]) {
        for line in ["GET /{} 200", "POST /{} 201", "GET /{}/7 200", "DELETE /{}/7 204", "GET /{}/export 200"] {
            for prefix in ["/api/v1", "/tenants"] {
                all.push(said(&line.replace("/{}", &format!("{prefix}/{noun}"))));
            }
        }
    }
    all.iter_mut().for_each(|said| said.fields = vec!["data".into(), "meta".into(), "links".into()]);
    assert_eq!(only(&all, &[]).operations.len(), 15 * 5 * 2);
}

#[test]
fn four_hundred_and_four_belongs_to_its_operation_whichever_came_first() {
    let mut all =
        lines("GET /a/b 404\nGET /a/b 200\nGET /a/7 404\nGET /a/8 200\nPOST /a/b 405\nGET /zip 404\nGET /zap 410");
    all.iter_mut().for_each(|said| said.fields = vec!["message".to_owned()]);
    let service = only(&all, &[]);
    assert_eq!(names(&service), ["GET /a/b", "GET /a/{id}"]);
    // How an API says that nothing is there is learned where a value was asked for, as guesses have none, or a word of APIs.
    let shaped = |name: &str| operation(&service, name).record.bodies.open().answered.into_keys().collect::<Vec<_>>();
    assert_eq!((shaped("GET /a/{id}"), shaped("GET /a/b")), (vec![200, 404], vec![200]));
    let mut said = lines("POST /v1/password/reset 404\nPOST /v1/password/reset 200");
    said.iter_mut().for_each(|said| said.fields = vec!["message".to_owned()]);
    let reset = only(&said, &[]);
    let bodies = reset.operations[0].record.bodies.open().answered.into_keys().collect::<Vec<_>>();
    assert_eq!(bodies, [200, 404]);
    for operation in &service.operations {
        assert_eq!(operation.record.statuses, [(200, 1), (404, 1)].into());
        assert_eq!(operation.record.requests, 2);
    }
    assert_eq!((service.not_found, service.not_found_paths, service.requests), (2, 2, 7));
    assert_eq!(service.unknown_answers, [(404, 1), (410, 1)].into(), "405 on a path that exists says nothing");
    all.reverse();
    assert_eq!(format!("{service:?}"), format!("{:?}", only(&all, &[])));
}

#[test]
fn random_paths_that_are_not_there_make_no_operation() {
    let limits = Limits { unknown_paths: 100, ..Limits::default() };
    let mut all: Vec<Said> = (0..5_000).map(|i| said(&format!("GET /p{}/x{} 404", i % 900, i))).collect();
    all.push(said("GET /real 200"));
    let snapshot = snapshot_of(&limits, &[], &all);
    let service = &snapshot.services[0];
    assert_eq!(names(service), ["GET /real"]);
    // Its only client behaves like a scanner; of what was forgotten nobody can tell whose it was.
    assert_eq!((service.not_found, service.noise[&Noise::Scanner]), (4_900, 100), "forgotten paths stay counted");
    assert_eq!(service.unknown_answers[&404], 5_000);
    assert!(service.not_found_paths.abs_diff(5_000) < 500, "{}", service.not_found_paths);
    assert_eq!(snapshot.bounds, [("inventory.unknown_paths", 4_900)].into());
}

#[test]
fn a_host_that_answers_everything_folds_its_level_early() {
    let limits = Limits { level_words: 16, ..Limits::default() };
    let word = |n: u32| -> String {
        (0..6).map(|i| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> (4 * i) & 15) as u8)).collect()
    };
    let mut all: Vec<Said> = (0..2_000).map(|i| said(&format!("GET /pages/{} 200", word(i)))).collect();
    let snapshot = snapshot_of(&limits, &[], &all);
    assert!(snapshot.services[0].operations.len() <= 17);
    let requests: u64 = snapshot.services[0].operations.iter().map(|operation| operation.record.requests).sum();
    assert_eq!(requests, 2_000);
    assert_eq!(snapshot.bounds, [("inventory.level_words", 1)].into());
    all.reverse();
    assert_eq!(format!("{snapshot:?}"), format!("{:?}", snapshot_of(&limits, &[], &all)));
}

#[test]
fn too_many_operations_are_counted_in_one_sum() {
    let limits = Limits { operations: 50, ..Limits::default() };
    let mut all: Vec<Said> = (0..400).map(|i| said(&format!("GET /x{}/y{} 200", i % 20, i / 20))).collect();
    let snapshot = snapshot_of(&limits, &[exact("shop.example", "/declared", &["GET"])], &all);
    let requests: u64 = snapshot.services[0].operations.iter().map(|operation| operation.record.requests).sum();
    assert_eq!(requests, 50);
    assert_eq!(snapshot.bounds, [("inventory.operations", 350)].into());
    all.reverse();
    let pins = [exact("shop.example", "/declared", &["GET"])];
    assert_eq!(format!("{snapshot:?}"), format!("{:?}", snapshot_of(&limits, &pins, &all)));
}

#[test]
fn words_of_apis_stay_where_there_is_too_much_of_anything() {
    // Catches a full set that keeps what came first, or the first of the alphabet: a flood of made-up names would push out what
    // is used.
    let bounds = [
        ("inventory.operations", Limits { operations: 30, params: 8, ..Limits::default() }),
        ("inventory.services", Limits { services: 6, params: 8, ..Limits::default() }),
    ];
    let mut all: Vec<Said> = Vec::new();
    for n in 0..60 {
        let word = format!("a{}z", char::from(b'a' + n % 26)).repeat(1 + usize::from(n / 26));
        let host = if n % 2 == 0 { "api.shop.example".to_owned() } else { format!("{word}.example") };
        let params = vec![word.clone(), "status".to_owned(), "page".to_owned(), "order_id".to_owned()];
        all.push(Said { host: host.clone(), params, ..said(&format!("GET /{word}/{word}q 200")) });
        all.push(Said { host, params: vec!["status".to_owned()], ..said("GET /orders/search 200") });
    }
    for (met, limits) in bounds {
        let snapshot = snapshot_of(&limits, &[], &all);
        let api = snapshot.services.iter().find(|service| service.id.host == "api.shop.example").unwrap();
        let searched = api.operations.iter().filter(|found| found.template.to_string().ends_with("/search"));
        let searched: u64 = searched.map(|found| found.record.requests).sum();
        assert_eq!(searched, 30, "what every host has stays: {:?}", names(api));
        assert!(snapshot.bounds.contains_key(met), "{met}: {:?}", snapshot.bounds);
        for seed in 0..4 {
            let other = scattered(&limits, &[], &all, 1 + seed as usize, seed);
            assert_eq!(format!("{:?}", snapshot.services), format!("{:?}", other.services), "{met}, seed {seed}");
        }
    }
}

#[test]
fn made_up_hosts_do_not_push_out_a_declared_one() {
    let limits = Limits { services: 8, ..Limits::default() };
    let mut all: Vec<Said> = (0..300).map(|i| Said { host: format!("h{i}.example"), ..said("GET /a 200") }).collect();
    all.push(said("GET /a 200"));
    let pins = [exact("shop.example", "/a", &["GET"])];
    let snapshot = snapshot_of(&limits, &pins, &all);
    assert_eq!(snapshot.services.len(), 8);
    assert!(snapshot.services.iter().any(|service| service.id.host == "shop.example"));
    assert_eq!(snapshot.bounds, [("inventory.services", 293)].into());
    all.reverse();
    assert_eq!(format!("{snapshot:?}"), format!("{:?}", snapshot_of(&limits, &pins, &all)));
}

#[test]
fn what_was_recorded_under_older_declarations_stays_told_by_them() {
    let limits = Limits::default();
    let inventory = Inventory::new(&limits, vec![exact("shop.example", "/old/{x}", &["GET"])]);
    let mut delta = Delta::new(&limits, inventory.pins());
    said("GET /old/y 200").tell(&mut delta);
    assert_eq!(inventory.repin(vec![exact("shop.example", "/new/{x}", &["GET"])]), [PinId(1)]);
    delta.repin(inventory.pins());
    lines("GET /old/y 200\nGET /new/y 200").iter().for_each(|said| said.tell(&mut delta));
    inventory.absorb(delta.take());
    assert!(delta.is_empty());
    let snapshot = inventory.snapshot();
    let pins: Vec<_> = snapshot.services[0].operations.iter().map(|op| (op.template.to_string(), op.pin)).collect();
    let expected = [("/new/{x}", Some(PinId(1))), ("/old/y", None), ("/old/{x}", Some(PinId(0)))];
    assert_eq!(pins, expected.map(|(template, pin)| (template.to_owned(), pin)));
}

#[test]
fn a_share_is_due_when_it_is_full_or_old() {
    let limits = Limits { delta_observations: 3, ..Limits::default() };
    let mut delta = Delta::new(&limits, Arc::default());
    assert!(!delta.is_due(Timestamp::from_parts(9, 0)), "an empty one never is");
    said("GET /a 200").tell(&mut delta);
    assert!(!delta.is_due(Timestamp::from_nanos(2_000)));
    assert!(delta.is_due(Timestamp::from_parts(2, 0)));
    said("GET /a 200").tell(&mut delta);
    delta.unnamed(Timestamp::from_nanos(1_000));
    assert!(delta.is_due(Timestamp::from_nanos(1_000)));
    assert_eq!(delta.take().len(), 3);
    assert!(!delta.is_due(Timestamp::from_parts(9, 0)));
}

pub(crate) fn any_said() -> impl Strategy<Value = Said> {
    let word = prop::sample::select(vec![
        "users",
        "orders",
        "7",
        "48213",
        "4111111111111111",
        "4111111111111112",
        "me",
        "search",
        "alice",
        "bob",
        "carol",
        "dave",
        "x1y2z3w4v5",
        "2026-01-02",
        "0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f",
    ]);
    let owner = prop::sample::select(OWNERS.to_vec());
    let path = prop_oneof![
        prop::collection::vec(word, 0..4).prop_map(|words| words.join("/")),
        (owner, prop::sample::select(vec!["", "/keys", "/gists", "/7"]))
            .prop_map(|(o, rest)| format!("owners/{o}{rest}")),
    ];
    let status = prop::sample::select(vec![Some(200), Some(201), Some(404), Some(405), Some(401), Some(7), None]);
    let method = prop::sample::select(vec!["GET", "HEAD", "POST", "OPTIONS", "M1", "M2"]);
    let noise = prop::option::weighted(0.2, prop::sample::select(Noise::ALL.to_vec()));
    let host = prop::sample::select(vec!["shop.example", "shop.example", "b.example", "c.example"]);
    let names = prop::collection::vec(prop::sample::select(vec!["id", "name", "total", "page", "zip"]), 0..4);
    (path, status, method, noise, host, names, 0_u64..90, any::<bool>()).prop_map(
        |(path, status, method, noise, host, names, n, mere)| Said {
            at: 1_000 + n,
            host: host.to_owned(),
            port: if n % 5 == 0 { 8080 } else { 80 },
            method: method.to_owned(),
            path,
            status,
            // A few ask for more than the others, and look for secrets.
            caller: if n % 3 == 0 { n % 6 } else { n },
            noise,
            decreed: n % 11 == 0,
            mere_redirect: mere && n % 9 == 0,
            feigned: n % 13 == 0,
            tried: n % 3 == 0,
            print: (n % 4 > 0).then_some(n % 6),
            fields: names.iter().map(ToString::to_string).collect(),
            params: names.iter().map(|name| format!("{name}{}", n % 3)).collect(),
        },
    )
}

/// Splits among workers by `seed`, flushes now and then, hands over in an order of its own.
fn scattered(limits: &Limits, pins: &[Pin], all: &[Said], workers: usize, seed: u64) -> Snapshot {
    let inventory = Inventory::new(limits, pins.to_vec());
    scatter(&inventory, limits, all, workers, seed);
    inventory.snapshot()
}

/// The same into an inventory that may know something already.
pub(crate) fn scatter(inventory: &Inventory, limits: &Limits, all: &[Said], workers: usize, mut seed: u64) {
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n.max(1)
    };
    let mut deltas: Vec<Delta> = (0..workers).map(|_| Delta::new(limits, inventory.pins())).collect();
    let mut waiting = Vec::new();
    let mut left: Vec<&Said> = all.iter().collect();
    while !left.is_empty() {
        let said = left.swap_remove(random(left.len()));
        let delta = &mut deltas[random(workers)];
        said.tell(delta);
        let name = said.params.first().map(String::as_str);
        let at = Timestamp::from_nanos(said.at);
        let server = ([10, 1, 1, (said.caller % 7) as u8], 443).into();
        delta.opaque(&OpaqueSeen { first: at, last: at, kind: "tls", server, name, bytes: 1, caller: said.caller });
        if random(10) == 0 {
            waiting.push(delta.take());
        }
        if random(20) == 0 {
            drop(inventory.snapshot());
        }
        if random(15) == 0 && !waiting.is_empty() {
            inventory.absorb(waiting.swap_remove(random(waiting.len())));
        }
    }
    waiting.extend(deltas);
    while !waiting.is_empty() {
        inventory.absorb(waiting.swap_remove(random(waiting.len())));
    }
}

/// Each bound in turn small enough to be met.
pub(crate) fn bounded(bound: u8) -> Limits {
    let wide = Limits::default();
    match bound {
        1 => Limits { level_words: 4, ..wide },
        2 => Limits { params: 2, ..wide },
        3 => Limits { clients: 5, ..wide },
        4 => Limits { opaque_services: 3, ..wide },
        5 => Limits { services: 2, ..wide },
        6 => Limits { operations: 10, ..wide },
        7 => Limits { path_segments: 2, ..wide },
        _ => wide,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Catches anything that depends on who came first or on which worker saw it, with each bound met in turn.
    #[test]
    fn order_and_split_never_show(all in prop::collection::vec(any_said(), 0..160), seed in any::<u64>(), bound in 0_u8..8) {
        let limits = bounded(bound);
        let pins = [
            exact("shop.example", "/users/{id}", &["GET", "POST"]),
            exact("shop.example", "/users/me", &["GET"]),
            Pin { host: HostPattern::Any, ..exact("", "/orders/{id}", &["GET", "HEAD"]) },
        ];
        let once = format!("{:#?}", scattered(&limits, &pins, &all, 1, seed));
        for workers in [2, 8] {
            let again = format!("{:#?}", scattered(&limits, &pins, &all, workers, seed ^ workers as u64));
            prop_assert_eq!(&once, &again);
        }
    }

    /// Requests are neither lost nor made: each is traffic of an operation, noise of one class, not found, or was not allowed.
    #[test]
    fn every_request_is_somewhere(all in prop::collection::vec(any_said(), 0..200)) {
        let snapshot = snapshot_of(&Limits::default(), &[exact("shop.example", "/users/{id}", &["GET"])], &all);
        prop_assert_eq!(snapshot.exchanges, all.len() as u64);
        for service in &snapshot.services {
            let of_api = |op: &Operation| op.record.requests - op.record.noise.values().sum::<u64>();
            let known: u64 = service.operations.iter().map(of_api).sum();
            let noise: u64 = service.noise.values().sum();
            prop_assert_eq!(service.requests, known + noise + service.not_found + service.not_allowed);
            for operation in &service.operations {
                let record = &operation.record;
                prop_assert_eq!(record.requests, record.unanswered + record.statuses.values().sum::<u64>());
            }
        }
    }
}

#[test]
fn what_users_forbid_stays_apart_and_what_they_name_is_called_so() {
    // Catches rules that are read and never asked.
    let mut all = Vec::new();
    for (at, owner) in OWNERS.iter().enumerate() {
        for place in ["owners", "shelves"] {
            all.extend(lines(&format!("GET /{place}/{owner} 200\nGET /{place}/{owner}/keys/{} 200", 100 + at)));
        }
    }
    all.iter_mut().for_each(|said| said.fields = vec!["id".into(), "name".into()]);
    let template = PathTemplate::parse;
    let host = HostPattern::Exact("shop.example".to_owned(), None);
    let rules = TemplateRules {
        forbids: vec![Forbid { host: host.clone(), template: template("/shelves/{x}") }],
        renames: vec![Rename {
            host,
            from: template("/owners/{x}/keys/{y}"),
            to: template("/owners/{login}/keys/{key}"),
        }],
        ..TemplateRules::default()
    };
    let inventory = Inventory::new(&Limits::default(), Templates { rules, ..Templates::default() });
    let mut delta = Delta::new(&Limits::default(), inventory.pins());
    all.iter().for_each(|said| said.tell(&mut delta));
    inventory.absorb(delta);
    let service = &inventory.snapshot().services[0];
    assert_eq!(service.operations.iter().filter(|op| op.template.to_string().starts_with("/shelves")).count(), 28);
    let named = operation(service, "GET /owners/{login}/keys/{key}");
    assert_eq!(named.record.variables, [("login".to_owned(), 14), ("key".to_owned(), 14)].into());
    assert_eq!(named.learned.as_ref().unwrap().variables[1].name, "key");
}

#[test]
fn a_flood_of_names_pushes_out_no_word_of_the_api() {
    // Catches a full level that keeps whatever has a small hash: `/people/search` would be somebody's name then.
    let limits = Limits { level_words: 16, ..Limits::default() };
    let name = |n: u32| -> String {
        (0..6).map(|i| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> (4 * i) & 15) as u8)).collect()
    };
    let mut all: Vec<Said> = (0..500).map(|i| said(&format!("GET /people/{} 200", name(i)))).collect();
    all.push(said("GET /people/search 200"));
    all.push(said("POST /people/import 200"));
    let snapshot = snapshot_of(&limits, &[], &all);
    operation(&snapshot.services[0], "GET /people/search");
    operation(&snapshot.services[0], "POST /people/import");
    all.reverse();
    assert_eq!(format!("{snapshot:?}"), format!("{:?}", snapshot_of(&limits, &[], &all)));
}

#[test]
fn templates_depend_on_the_set_and_not_on_its_order_or_split() {
    // Catches a fold by what came first, or by what one worker saw.
    let mut all = Vec::new();
    for (at, owner) in OWNERS.iter().enumerate() {
        for line in
            ["GET /{}", "GET /{}/repo-1/pulls", "GET /{}/repo-2/pulls/7", "PUT /{}/tools/issues", "GET /{}.json"]
        {
            let times = 1 + (at * 7 + line.len()) % 5;
            let path = line.replace("{}", &format!("repos/{owner}"));
            all.extend((0..times).map(|_| said(&format!("{path} 200"))));
        }
    }
    all.extend(lines("GET /repos/search 200\nGET /repos/48213.json 200\nPOST /repos/48213:cancel 202\nGET /gone 404"));
    let whole = format!("{:?}", snapshot_of(&Limits::default(), &[], &all).services);
    for workers in [1_usize, 2, 8] {
        for seed in 0..4_u64 {
            let inventory = Inventory::new(&Limits::default(), Vec::new());
            let mut deltas: Vec<Delta> =
                (0..workers).map(|_| Delta::new(&Limits::default(), inventory.pins())).collect();
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.sort_by_key(|at| xxhash_rust::xxh3::xxh3_64_with_seed(&at.to_le_bytes(), seed));
            order.iter().enumerate().for_each(|(at, which)| all[*which].tell(&mut deltas[at % workers]));
            deltas.into_iter().for_each(|delta| inventory.absorb(delta));
            assert_eq!(whole, format!("{:?}", inventory.snapshot().services), "{workers} workers, seed {seed}");
        }
    }
}

#[test]
fn one_host_at_one_address_learns_as_one_whatever_its_ports() {
    // Catches a port in a Host field that makes a service of its own, in which a single request teaches nothing.
    let inventory = Inventory::new(&Limits::default(), Vec::new());
    let mut delta = Delta::new(&Limits::default(), inventory.pins());
    for (at, owner) in OWNERS.iter().enumerate() {
        let path = format!("GET /owners/{owner}/keys 200");
        let port = if at % 5 == 4 { 8443 } else { 80 };
        let said = Said { fields: vec!["id".into(), "name".into()], port, ..said(&path) };
        (0..3).for_each(|_| said.tell(&mut delta));
        Said { path: format!("/owners/{owner}"), method: "PUT".to_owned(), ..said }.tell(&mut delta);
    }
    // The same host elsewhere is another service.
    let elsewhere = Said { port: 9000, caller: 7, ..said("GET /owners/zoe/keys 200") };
    elsewhere.tell(&mut delta);
    inventory.absorb(delta);
    let snapshot = inventory.snapshot();
    let told: Vec<Vec<String>> = snapshot.services.iter().map(names).collect();
    let learned = ["PUT /owners/{ownerId}", "GET /owners/{ownerId}/keys"].map(str::to_owned).to_vec();
    assert_eq!(told, [learned.clone(), learned, vec!["GET /owners/zoe/keys".to_owned()]]);
    assert_eq!(snapshot.services[1].operations[0].record.requests, 2, "each keeps its own figures");
}
