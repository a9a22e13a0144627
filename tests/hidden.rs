//! Sensitive data in places that are easily passed over (heads of answers, parts, comments, scripts, other charsets) is told by
//! class and place, and no value of it stands in any report.

use serde_json::Value;
use shadowtap::capture::MemorySource;
use shadowtap::report::REPORTERS;

use crate::common::Run;
use crate::common::wire::{ACK, FIN, Wire, ends};

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiI5ZTM3NzliOSJ9.c2lnOWUzNzc5Yjk";

/// What may stand nowhere: values, in the spelling they were sent in and in the one that is meant.
const VALUES: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "5555555555554444",
    "5555%205555%205555%204444",
    "378282246310005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "6011000990139424",
    "eyJqdGkiOiI5ZTM3NzliOSJ9",
    "anna.quackenbush",
    "quackenbush.example",
    "536-22-1234",
    "536221234",
    "5105105105105100",
];

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// A message with a body.
fn message(head: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
    let mut message = format!("{head}{kind}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    message.extend_from_slice(body);
    message
}

fn ask(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    message(&format!("POST {path} HTTP/1.1\r\nHost: hidden.example\r\n"), kind, body)
}

fn answer(fields: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    message(&format!("HTTP/1.1 200 OK\r\n{fields}"), kind, body)
}

fn talks() -> Vec<(Vec<u8>, Vec<u8>)> {
    let fields = format!(
        "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nServer: web/1.2\r\nAuthorization: Bearer {TOKEN}\r\n\
         Location: /done?pan=4111111111111111&x=1\r\nX-4111111111111111: 1\r\nX-Customer-Mail: anna.quackenbush@mail.example\r\n\
         Set-Cookie: card=5555%205555%205555%204444; Path=/; HttpOnly; Domain=quackenbush.example\r\n\
         Set-Cookie: anna.quackenbush@mail.example=1\r\n"
    );
    let parts = "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n\
        {\"card\":{\"number\":\"378282246310005\"},\"note\":\"my SSN is 536-22-1234\"}\r\n\
        --b\r\nContent-Disposition: form-data; name=\"people\"; filename=\"anna.quackenbush.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        who,card number\nx,6011111111111117\ny,6011111111111117\nz,6011111111111117\n\r\n--b--\r\n";
    let xml = "<s:Envelope xmlns:s='urn:quackenbush.example'><s:Body><pay><card><number>&#51;530111333300000</number></card>\
        </pay><!-- card number 30569309025904 --></s:Body></s:Envelope>";
    let page = "<html><body><p>Thanks</p><script>state={\"cardNumber\":\"6011000990139424\",\"ssn\":\"536221234\"}</script></body></html>";
    let wide = utf16("{\"payment\":{\"pan\":\"5105105105105100\"}}");
    vec![
        (ask("/v1/login", "", b""), answer(&fields, "", b"")),
        (ask("/v1/upload", "multipart/form-data; boundary=b", parts.as_bytes()), answer("", "", b"")),
        (ask("/v1/soap", "text/xml", xml.as_bytes()), answer("", "text/html", page.as_bytes())),
        (ask("/v1/wide", "application/json; charset=utf-16", &wide), answer("", "application/json", &wide)),
    ]
}

fn traffic() -> MemorySource {
    let mut wire = Wire::new();
    for (port, (asked, answered)) in (4_000..).zip(talks()) {
        let (mut client, mut server) = ends(port);
        wire.open(&mut client, &mut server);
        wire.segment(&mut client, &server, ACK, &asked);
        wire.segment(&mut server, &client, ACK, &answered);
        wire.segment(&mut client, &server, ACK | FIN, b"");
        wire.segment(&mut server, &client, ACK | FIN, b"");
    }
    wire.frames
}

/// The classes of a parameter, or of a place of a body with slashes between names.
fn data<'v>(report: &'v Value, template: &str, place: &str, name: &str) -> Vec<&'v str> {
    let endpoints = report["endpoints"].as_array().expect("a list");
    let endpoint = endpoints.iter().find(|endpoint| endpoint["template"] == template).expect(template);
    let found = match place {
        "request_shape" | "response_shapes" => {
            let shape = if place == "response_shapes" { &endpoint[place]["200"] } else { &endpoint[place] };
            name.split('/').filter(|name| !name.is_empty()).fold(shape, |shape, name| &shape["fields"][name])
        }
        place => {
            let params = endpoint["params"].as_array().expect("a list");
            let found = params.iter().find(|param| param["place"] == place && param["name"] == name);
            found.unwrap_or_else(|| panic!("{place} {name} is not among {params:#?}"))
        }
    };
    assert!(!found.is_null(), "{template} {place} {name}: {endpoint:#}");
    found["data"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn what_hides_is_told_by_class_and_place() {
    // Catches a place that is read in unit tests and not on the way from packets to reports, whatever the number of workers.
    let run = |workers| Run { specs: Vec::new(), ..Run::workers(workers) }.json(&mut traffic());
    let report = run(1);
    for (template, place, name, classes) in [
        ("/v1/login", "response_header", "authorization", &["jwt"][..]),
        ("/v1/login", "response_header", "location", &["pan"]),
        ("/v1/login", "response_header", "x-customer-mail", &["email"]),
        ("/v1/login", "response_header", "{card}", &[]),
        ("/v1/login", "response_cookie", "card", &["pan"]),
        ("/v1/login", "response_cookie", "{email}", &[]),
        ("/v1/upload", "request_shape", "meta/card/number", &["pan"]),
        ("/v1/upload", "request_shape", "meta/note", &["us_ssn"]),
        ("/v1/upload", "request_shape", "people/column_2", &["pan"]),
        ("/v1/soap", "request_shape", "Envelope/Body/pay/card/number", &["pan"]),
        ("/v1/soap", "request_shape", "#comment", &["pan"]),
        ("/v1/soap", "response_shapes", "", &["pan", "us_ssn"]),
        ("/v1/wide", "request_shape", "payment/pan", &["pan"]),
        ("/v1/wide", "response_shapes", "payment/pan", &["pan"]),
    ] {
        assert_eq!(data(&report, template, place, name), classes, "{template} {place} {name}");
    }
    let login = &report["endpoints"][0];
    let names: Vec<_> = login["params"].as_array().expect("a list").iter().map(|param| &param["name"]).collect();
    assert_eq!(names.len(), 6, "what every server sends is no parameter: {names:?}");
    assert_eq!(report["endpoints"], run(4)["endpoints"]);
}

#[test]
fn no_hidden_value_is_in_any_report() {
    // Catches a name or a value that a new way in lets through to some reporter.
    for reporter in REPORTERS {
        let (report, _) = Run { specs: Vec::new(), ..Run::default() }.report(&mut traffic(), reporter.name());
        let text = String::from_utf8_lossy(&report).to_ascii_lowercase();
        // These tell of findings alone, and without a spec there are none.
        assert!(text.contains("/v1/login") || of_findings(reporter.name()), "{} says nothing", reporter.name());
        let found: Vec<_> = VALUES.iter().filter(|value| text.contains(&value.to_ascii_lowercase())).collect();
        assert!(found.is_empty(), "{} holds {found:?}", reporter.name());
    }
    // Catches a search that finds nothing.
    let sent: Vec<u8> = talks().into_iter().flat_map(|(asked, answered)| [asked, answered].concat()).collect();
    let sent = String::from_utf8_lossy(&sent).to_ascii_lowercase();
    assert!(VALUES.iter().filter(|value| sent.contains(&value.to_ascii_lowercase())).count() >= 11);
}

/// The format tells of findings and of nothing else.
fn of_findings(format: &str) -> bool {
    ["sarif", "openapi-shadow", "overlay"].contains(&format)
}
