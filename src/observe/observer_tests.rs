//! Whole exchanges in, observations out; and no secret among them.

use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;
use crate::api::{
    AuthScheme, DataClass, DataClasses, Noise, Observation, Param, ParamPlace, ParamType, Seen, SegmentClass, Shape,
};
use crate::decode::Scope;
use crate::flow::{Connection, Start};
use crate::proto::{Message, Oddities, OpaqueKind};
use crate::time::{Span, Timestamp};

/// Owns what an observation lends.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    service: String,
    method: String,
    path: Vec<(String, SegmentClass)>,
    status: Option<u16>,
    latency: Option<Span>,
    types: [Option<String>; 2],
    params: Vec<Param>,
    shapes: [Option<Shape>; 2],
    auth: Vec<AuthScheme>,
    caller: u64,
    noise: Option<Noise>,
    /// The whole of it in words, the lent texts of values left out.
    debug: String,
}

#[derive(Debug, Default)]
struct Notes {
    told: Vec<Told>,
    opaque: Vec<(u64, u64, String, &'static str)>,
    unnamed: u64,
}

impl ObservationSink for Notes {
    fn observation(&mut self, seen: &Observation<'_>) {
        let Seen::Http { method, path } = seen.seen;
        // Lent for matching: the text of a value, and the whole of what has matrix parameters.
        let kept: Vec<_> = path
            .iter()
            .map(|s| crate::api::PathSegment { text: if s.class.is_value() { "" } else { s.text }, whole: "", ..*s })
            .collect();
        let masked = Observation { seen: Seen::Http { method, path: &kept }, ..seen.clone() };
        self.told.push(Told {
            service: seen.service.to_string(),
            method: method.to_owned(),
            path: path.iter().map(|s| (s.text.to_owned(), s.class)).collect(),
            status: seen.status,
            latency: seen.latency,
            types: [seen.request_type.map(str::to_owned), seen.response_type.map(str::to_owned)],
            params: seen.params.to_vec(),
            shapes: [seen.asked.cloned(), seen.answered.cloned()],
            auth: seen.auth.to_vec(),
            caller: seen.caller,
            noise: seen.noise,
            debug: format!("{masked:?}"),
        });
    }

    fn opaque(&mut self, seen: &OpaqueSeen<'_>) {
        self.opaque.push((seen.bytes, seen.caller, seen.name.unwrap_or_default().to_owned(), seen.kind));
    }

    fn unnamed(&mut self, _at: Timestamp) {
        self.unnamed += 1;
    }
}

fn connection(client: &str) -> Connection {
    Connection {
        id: 1,
        scope: Scope::default(),
        client: client.parse::<SocketAddr>().unwrap(),
        server: "10.0.0.7:8080".parse().unwrap(),
        since: Timestamp::from_parts(1, 0),
        start: Start::Handshake,
        payload: [100, 200],
    }
}

fn request(method: &[u8], target: &[u8], fields: &[(&[u8], &[u8])], body: &[u8]) -> Message {
    let mut request = Message::default();
    request.began = Timestamp::from_parts(10, 0);
    request.set_request(method, target, 11);
    fill(&mut request, fields, body);
    request
}

fn response(status: u16, fields: &[(&[u8], &[u8])], body: &[u8]) -> Message {
    let mut response = Message::default();
    response.began = Timestamp::from_parts(10, 5_000_000);
    response.set_response(status, 11);
    fill(&mut response, fields, body);
    response
}

fn fill(message: &mut Message, fields: &[(&[u8], &[u8])], body: &[u8]) {
    for (name, value) in fields {
        message.push_field(name, value);
    }
    message.body.extend_from_slice(body);
    message.body_len = body.len() as u64;
    message.body_whole = true;
}

fn exchange(request: Option<Message>, response: Option<Message>) -> Exchange {
    Exchange {
        connection: connection("192.0.2.9:50000"),
        index: 0,
        request,
        response,
        interim: 0,
        encrypted: false,
        oddities: Oddities::default(),
    }
}

fn observe(exchanges: &[Exchange]) -> (Notes, ObserverCounts) {
    let mut observer = Observer::new(&Limits::default(), 7, Notes::default());
    for exchange in exchanges {
        observer.exchange(exchange);
    }
    let counts = observer.counts();
    (observer.into_sink(), counts)
}

fn order() -> Exchange {
    let json: (&[u8], &[u8]) = (b"Content-Type", b"application/json; charset=utf-8");
    exchange(
        Some(request(
            b"POST",
            b"/v1/users/48213/orders?dry_run=true&limit=5",
            &[(b"Host", b"Shop.example"), json, (b"Authorization", b"Bearer x")],
            br#"{"item":"7","count":2}"#,
        )),
        Some(response(201, &[json], br#"{"id":"123e4567-e89b-12d3-a456-426614174000"}"#)),
    )
}

#[test]
fn an_exchange_is_told_in_words_of_apis() {
    let (notes, counts) = observe(&[order()]);
    let told = &notes.told[0];
    assert_eq!((told.service.as_str(), told.method.as_str()), ("http://shop.example", "POST"));
    let path: Vec<_> = told.path.iter().map(|(text, class)| (text.as_str(), *class)).collect();
    use SegmentClass::{Number, Word};
    assert_eq!(path, [("v1", Word), ("users", Word), ("48213", Number), ("orders", Word)]);
    assert_eq!((told.status, told.latency), (Some(201), Some(Span::from_millis(5))));
    assert_eq!(told.types, [Some("application/json".to_owned()), Some("application/json".to_owned())]);
    let params: Vec<_> = told.params.iter().map(|param| (param.place, param.name.as_str(), param.kind)).collect();
    use ParamPlace::Query;
    assert_eq!(params, [(Query, "dry_run", ParamType::Boolean), (Query, "limit", ParamType::Integer)]);
    assert_eq!(told.shapes[0].as_ref().unwrap().fields.keys().collect::<Vec<_>>(), ["count", "item"]);
    assert!(told.shapes[1].as_ref().unwrap().fields.get("id").is_some());
    assert_eq!((told.auth.as_slice(), told.noise), (&[AuthScheme::Bearer][..], None));
    assert_eq!(counts.exchanges, 1);
}

#[test]
fn nothing_of_one_exchange_shows_in_the_next() {
    // Catches a buffer that is used again without being emptied.
    let bare = || exchange(Some(request(b"GET", b"/", &[], b"")), None);
    let (alone, _) = observe(&[bare()]);
    let (after, _) = observe(&[order(), bare()]);
    assert_eq!(after.told[1], alone.told[0]);
    assert_eq!(alone.told[0].service, "http://10.0.0.7:8080");
    assert_eq!((alone.told[0].status, alone.told[0].latency), (None, None));
    let (again, _) = observe(&[order(), bare(), order()]);
    assert_eq!(again.told[0], again.told[2]);
}

#[test]
fn forms_are_parameters() {
    let form: (&[u8], &[u8]) = (b"content-type", b"application/x-www-form-urlencoded");
    let posted = request(b"POST", b"/login?next=%2F", &[form], b"user=alice&password=hunter2&age=42");
    let (notes, _) = observe(&[exchange(Some(posted), Some(response(200, &[], b"")))]);
    let names: Vec<_> = notes.told[0].params.iter().map(|p| (p.place, p.name.as_str())).collect();
    use ParamPlace::{Form, Query};
    assert_eq!(names, [(Query, "next"), (Form, "age"), (Form, "password"), (Form, "user")]);
}

#[test]
fn bodies_are_read_by_what_they_are() {
    // Catches JSON passed over for its type, a type that is believed against the bytes, and a packed body looked at as it is.
    let typed = |kind: &'static str, body: &[u8]| {
        let fields: [(&[u8], &[u8]); 1] = [(b"Content-Type", kind.as_bytes())];
        let answer = response(200, &fields, body);
        let asks = request(b"POST", b"/a", &[(b"Host", b"a"), fields[0]], body);
        observe(&[exchange(Some(asks), Some(answer))]).0.told.remove(0)
    };
    for kind in ["text/plain", "application/octet-stream"] {
        let told = typed(kind, b"{\"id\":7}");
        assert_eq!(told.shapes.map(|shape| shape.map(|shape| shape.objects)), [Some(1), Some(1)], "{kind}");
    }
    let form = typed("application/x-www-form-urlencoded", b"{\"id\":7}");
    assert_eq!((form.shapes[0].as_ref().map(|shape| shape.objects), form.params.len()), (Some(1), 0));
    let text = typed("text/plain", b"card: 4111 1111 1111 1111\nbye");
    let shape = text.shapes[1].as_ref().unwrap();
    assert_eq!((shape.seen, shape.looks.count(DataClass::Pan)), (2, 1));
    let rows = typed("text/csv", b"a,b\n1,2\n");
    assert_eq!(rows.shapes[0].as_ref().map(|shape| shape.objects), Some(2));
    let picture = typed("application/json", b"\x89PNG\r\n\x1a\n");
    assert_eq!(picture.shapes, [None, None]);
    assert!(picture.debug.contains("side: Response, kind: Png, said: Otherwise"), "{}", picture.debug);
    assert!(typed("application/json", b"{}").debug.contains("odd_bodies: [None, None]"));
    let mixed = typed(
        "multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"anna.pdf\"\r\n\r\n%PDF-\r\n--b--",
    );
    assert_eq!(mixed.debug.matches("file: true, kind: Some(Pdf), extension: Pdf").count(), 2, "{}", mixed.debug);
    assert!(!mixed.debug.contains("anna"));
}

#[test]
fn what_is_no_observation_is_counted() {
    let connect = request(b"CONNECT", b"shop.example:443", &[], b"");
    let (notes, counts) = observe(&[
        exchange(Some(connect), Some(response(200, &[], b""))),
        exchange(None, Some(response(200, &[], b"{}"))),
    ]);
    assert_eq!((notes.told.len(), notes.unnamed), (0, 1));
    assert_eq!((counts.exchanges, counts.tunnels, counts.unnamed), (2, 1, 1));
}

#[test]
fn a_type_without_a_body_is_no_type() {
    // Catches requests that look as if they sent JSON because their client always says so.
    let json: (&[u8], &[u8]) = (b"Content-Type", b"application/json");
    let get = request(b"GET", b"/a", &[json, (b"Content-Length", b"0")], b"");
    let (notes, _) = observe(&[exchange(Some(get), Some(response(200, &[json], b"")))]);
    assert_eq!(notes.told[0].types, [None, Some("application/json".to_owned())]);
}

#[test]
fn callers_are_hashed_with_the_key_and_without_the_port() {
    let of = |client: &str, key: u64| {
        let mut observer = Observer::new(&Limits::default(), key, Notes::default());
        observer.exchange(&Exchange { connection: connection(client), ..order() });
        observer.sink().told[0].caller
    };
    assert_eq!(of("192.0.2.9:1", 7), of("192.0.2.9:2", 7));
    assert_ne!(of("192.0.2.9:1", 7), of("192.0.2.10:1", 7));
    assert_ne!(of("192.0.2.9:1", 7), of("192.0.2.9:1", 8));
}

#[test]
fn a_closed_connection_is_passed_on() {
    let mut observer = Observer::new(&Limits::default(), 7, Notes::default());
    let connection = connection("192.0.2.9:1");
    let seen = Opaque {
        connection: &connection,
        kind: OpaqueKind::Tls,
        server_name: Some("shop.example"),
        last: Timestamp::from_parts(9, 0),
    };
    ExchangeSink::opaque(&mut observer, &seen);
    let (bytes, _, name, kind) = &observer.sink_mut().opaque[0];
    assert_eq!((*bytes, name.as_str(), *kind), (300, "shop.example", "tls"));
    ExchangeSink::opaque(&mut observer, &Opaque { server_name: Some("4111111111111111.shop.example"), ..seen });
    assert_eq!(observer.sink_mut().opaque[1].2, "{card}.shop.example");
}

#[test]
fn no_secret_gets_through() {
    // The privacy line. A secret is planted in every place of an exchange; none may be in what is told.
    const SECRETS: &[&str] = &[
        "4111111111111111",
        "alice@example.com",
        "123e4567-e89b-12d3-a456-426614174000",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "hunter2!x",
        "078-05-1120",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27u",
        "203.0.113.77",
        "+15551234567",
        "xkqzvbnwprtyghjklm",
        "9f86d081884c7d659a2feaa0c55ad015",
        "2024-03-01",
    ];
    let percent = |secret: &str| secret.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let mut exchanges = Vec::new();
    for secret in SECRETS {
        for spelt in [(*secret).to_owned(), percent(secret)] {
            let target =
                format!("/users/{spelt}/a;v={spelt}?q={spelt}&{spelt}=1&f[{spelt}]=2&a.{spelt}.b&{spelt}#{spelt}");
            let cookie = format!("session={secret}; {secret}=1");
            let json = format!(
                r#"{{"a":"{secret}","{secret}":1,"b":["{secret}",{{"{secret}":null}}],"c.{secret}":2,"d[{secret}]":3}}"#
            );
            let json_type: (&[u8], &[u8]) = (b"Content-Type", b"application/json");
            let typed = format!("application/{secret}; x={secret}");
            let fields: &[(&[u8], &[u8])] = &[
                (b"Host", b"shop.example"),
                (b"Cookie", cookie.as_bytes()),
                (b"Authorization", secret.as_bytes()),
                (secret.as_bytes(), b"v"),
                (b"X-Api-Key", secret.as_bytes()),
                (b"Location", secret.as_bytes()),
            ];
            let with = |more: (&'static [u8], &[u8])| -> Vec<(Vec<u8>, Vec<u8>)> {
                fields.iter().chain([&more]).map(|(n, v)| (n.to_vec(), v.to_vec())).collect()
            };
            let form = format!("{spelt}={spelt}&x={spelt}&y[{spelt}]={spelt}");
            for (kind, body) in [
                (json_type.1, json.as_bytes()),
                (b"application/x-www-form-urlencoded", form.as_bytes()),
                (typed.as_bytes(), secret.as_bytes()),
            ] {
                let fields = with((b"Content-Type", kind));
                let fields: Vec<(&[u8], &[u8])> = fields.iter().map(|(n, v)| (n.as_slice(), v.as_slice())).collect();
                exchanges.push(exchange(
                    Some(request(b"POST", target.as_bytes(), &fields, body)),
                    Some(response(302, &fields, body)),
                ));
            }
            let absolute = format!("http://u:{secret}@shop.example/");
            exchanges.push(exchange(Some(request(secret.as_bytes(), absolute.as_bytes(), &[], b"")), None));
        }
    }
    let (notes, _) = observe(&exchanges);
    assert_eq!(notes.told.len(), exchanges.len());
    for told in &notes.told {
        for secret in SECRETS {
            assert!(!told.debug.contains(secret), "{secret} in {}", told.debug);
            assert!(!told.debug.contains(&percent(secret)), "{secret}, escaped, in {}", told.debug);
        }
    }
}

proptest! {
    #[test]
    fn any_exchange_is_told_once(
        method in prop::collection::vec(any::<u8>(), 0..20),
        target in prop::collection::vec(any::<u8>(), 0..120),
        names in prop::collection::vec(("[a-zA-Z-]{1,20}", prop::collection::vec(any::<u8>(), 0..40)), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..200),
        status in any::<u16>(),
    ) {
        // Catches a panic on any bytes an attacker may choose.
        let known = [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Location", "//a/../b")];
        let fields: Vec<(&[u8], &[u8])> = names
            .iter()
            .map(|(n, v)| (n.as_bytes(), v.as_slice()))
            .chain(known.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())))
            .collect();
        let seen = exchange(Some(request(&method, &target, &fields, &body)), Some(response(status, &fields, &body)));
        let (notes, counts) = observe(&[seen]);
        prop_assert_eq!(notes.told.len() as u64 + counts.tunnels, 1);
        prop_assert!(notes.told.iter().all(|t| t.path.len() <= 32 && t.params.len() <= 128));
    }
}

#[test]
fn who_asked_is_told_in_classes_and_how_long_the_answer_took_in_full() {
    // Catches an address or a User-Agent field that goes on, and a length of time up to where a body was no longer read.
    let agent: &[(&[u8], &[u8])] = &[(b"Host", b"a"), (b"User-Agent", b"curl/8.5.0 for-anna-schmidt")];
    let mut answer = response(200, &[], b"{}");
    answer.ended = Timestamp::from_parts(12, 0);
    let mut cut = answer.clone();
    cut.body_whole = false;
    let whole = exchange(Some(request(b"GET", b"/a", agent, b"")), Some(answer));
    let cut = exchange(Some(request(b"GET", b"/a", agent, b"")), Some(cut));
    let mut outward = whole.clone();
    outward.connection.client = "10.1.2.3:1".parse().unwrap();
    outward.connection.server = "203.0.113.5:80".parse().unwrap();
    let mut networks = Networks::default();
    networks.add("partner", crate::api::NetworkKind::External, "192.0.2.0/24".parse().unwrap());

    let mut observer = Observer::new(&Limits::default(), 7, Notes::default());
    observer.rule_by((Arc::new(networks), Arc::default()));
    [whole, cut, outward].iter().for_each(|exchange| observer.exchange(exchange));
    let told: Vec<String> = observer.into_sink().told.into_iter().map(|told| told.debug).collect();
    for (told, wanted) in told.iter().zip([
        ["duration: Some(Span(2000000000))", "network: \"partner\", direction: Inbound, agent: Curl"],
        ["duration: None", "network: \"partner\", direction: Inbound, agent: Curl"],
        ["duration: Some(Span(2000000000))", "network: \"private\", direction: Outbound, agent: Curl"],
    ]) {
        assert!(wanted.iter().all(|wanted| told.contains(wanted)), "{told}");
        assert!(!told.contains("anna") && !told.contains("192.0.2.9"), "{told}");
    }
}

#[test]
fn sensitive_values_are_named_wherever_they_stand() {
    // Catches a place that is not looked at, and a look at what was not drawn: it costs most of all.
    let json: (&[u8], &[u8]) = (b"Content-Type", b"application/json");
    let form: (&[u8], &[u8]) = (b"content-type", b"application/x-www-form-urlencoded");
    let parts: (&[u8], &[u8]) = (b"content-type", b"multipart/form-data; boundary=b");
    let card = "4111111111111111";
    let exchanges = || {
        let body = format!("{{\"card\":{{\"number\":\"{card}\",\"codes\":[{card}]}},\"note\":\"none\"}}");
        let part = format!("--b\r\nContent-Disposition: form-data; name=\"pan\"\r\n\r\n{card}\r\n--b--");
        let header: (&[u8], &[u8]) = (b"X-Card", card.as_bytes());
        let cookie: (&[u8], &[u8]) = (b"Cookie", b"card=4111111111111111");
        [
            (request(b"POST", format!("/a?pan={card}&x=1").as_bytes(), &[json, header, cookie], body.as_bytes()), body),
            (request(b"POST", b"/a", &[form], format!("pan={card}").as_bytes()), String::new()),
            (request(b"POST", b"/a", &[parts], part.as_bytes()), String::new()),
        ]
        .map(|(asked, body)| exchange(Some(asked), Some(response(200, &[json], body.as_bytes()))))
    };
    let (notes, _) = observe(&exchanges());
    let is_card = |looked: Option<DataClasses>| looked.is_some_and(|looked| looked.has(DataClass::Pan));
    for (told, places) in notes.told.iter().zip([
        &[ParamPlace::Query, ParamPlace::Header, ParamPlace::Cookie][..],
        &[ParamPlace::Form],
        &[ParamPlace::Multipart],
    ]) {
        let found: Vec<_> = told.params.iter().filter(|p| is_card(p.looked)).map(|param| param.place).collect();
        assert_eq!(found, places);
        assert!(!told.debug.contains(card));
    }
    for shape in notes.told[0].shapes.iter().map(|shape| shape.as_ref().unwrap()) {
        let inside = shape.fields.get("card").unwrap();
        let places =
            [inside.fields.get("number").unwrap(), inside.fields.get("codes").unwrap().items.as_ref().unwrap()];
        assert!(places.iter().all(|place| place.looks.count(DataClass::Pan) == 1));
        assert!(shape.fields.get("note").unwrap().looks.is_empty());
    }
    let mut observer = Observer::new(&Limits::default(), 7, Notes::default()).inspecting(Inspect::None);
    exchanges().iter().for_each(|exchange| observer.exchange(exchange));
    let unread = |told: &Told| told.params.iter().all(|param| param.looked.is_none()) && told.shapes == [None, None];
    assert!(observer.into_sink().told.iter().all(unread));
}
