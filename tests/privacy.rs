//! No value that crossed the wire is in anything that we write.
//!
//! Each place of a request and of a response carries values that stand nowhere else; then every report, event, metric, log
//! line and state is searched for them, as sent, in pieces and decoded. `transactions` is excepted: it is asked for by
//! name and prints targets as sent.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use shadowtap::capture::{MemorySource, PacketSource};
use shadowtap::diff::compare_on;
use shadowtap::engine::{self, Settings};
use shadowtap::findings::{Policy, View, judge};
use shadowtap::inventory::Inventory;
use shadowtap::limits::Limits;
use shadowtap::policy::PolicyFile;
use shadowtap::report::{EventLine, REPORTERS, Report, Style};
use shadowtap::spec::{HostFlags, SpecIndex, load};
use shadowtap::store::{CallerKey, Header, Run as StoredRun, save};
use shadowtap::time::Timestamp;
use shadowtap::web::{Access, Figures, Served, Tries, listen, serve};

use crate::common::wire::{ACK, FIN, Wire, ends};
use crate::common::{said, shadowtap};

/// What is planted, one in each place: a secret of every kind, made so that its parts are found nowhere else.
pub(crate) struct Plants {
    planted: Vec<(String, String)>,
    next: u64,
}

/// Kinds that are no plain words; names of people come apart, below.
const KINDS: usize = 12;

impl Plants {
    fn new() -> Self {
        Self { planted: Vec::new(), next: 0 }
    }

    /// A value of the kind for the place, which no other place has.
    fn value(&mut self, place: &str, kind: usize) -> String {
        self.next += 1;
        let n = self.next;
        let hash = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hex = format!("{hash:016x}");
        let digits = format!("{:014}", hash % 100_000_000_000_000);
        let value = match kind % KINDS {
            0 => with_check_digit(&format!("4{digits}")),
            1 => {
                let card = with_check_digit(&format!("5{}{}", 1 + n % 5, &digits[1..]));
                format!("{}-{}-{}-{}", &card[..4], &card[4..8], &card[8..12], &card[12..])
            }
            2 => format!("eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiJ{hex}.c2ln{}", hex.to_uppercase()),
            3 => format!("sk_live_{hex}{hex}"),
            4 => format!("AKIA{}", hex.to_uppercase()),
            5 => format!("ghp_{hex}{hex}beef"),
            6 => format!("q{hex}@mail-{}.example", &hex[..6]),
            7 => format!("+4915{}", &digits[..8]),
            8 => format!("{:03}-{:02}-{:04}", 100 + hash % 500, 10 + hash % 80, 1_000 + hash % 8_999),
            9 => format!("Pa55-{hex}!"),
            10 => format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[1..4], &hex[4..7], &hex[2..14]),
            _ => format!("DE{:02}{digits}{:04}", 10 + hash % 89, hash % 9_999),
        };
        self.planted.push((format!("{place}, kind {kind}"), value.clone()));
        value
    }

    /// A person's name, in a place where values stand.
    fn name(&mut self, place: &str) -> String {
        self.next += 1;
        let part = |n: u64| char::from(b'a' + u8::try_from(n % 26).expect("below 26"));
        let tail: String = (1..6).map(|step| part(self.next.wrapping_mul(7 + step) + step)).collect();
        let value = format!("Zebediah{tail} Quackenbush{tail}");
        self.planted.push((format!("{place}, a name"), value.clone()));
        value
    }

    /// What people call themselves and make passwords of, in a place where names of fields stand.
    fn handle(&mut self, place: &str) -> String {
        let tail: String = self.name(place).split(' ').next().expect("two words").to_ascii_lowercase();
        let value = format!("{tail}{}", ["1984", "77", "7", "2024!"][self.planted.len() % 4]);
        self.planted.push((format!("{place}, a handle"), value.clone()));
        value
    }

    /// What may stand nowhere: each value, the parts of it that no other text has, and its other spellings. By their first
    /// eight bytes, so that a text is read once for all of them.
    pub(crate) fn needles(&self) -> Needles<'_> {
        let mut needles = Needles::default();
        for (place, value) in &self.planted {
            let mut add = |text: &str| {
                let needle = text.to_ascii_lowercase().into_bytes();
                let first = needle.first_chunk().copied().expect("eight bytes and more");
                needles.0.entry(first).or_default().push((place.as_str(), needle));
            };
            add(value);
            // Ten in a row are no chance: the shortest of our own words that has a digit is shorter.
            for part in value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| part.len() >= 10) {
                if part != "eyJhbGciOiJIUzI1NiJ9" {
                    add(part);
                }
            }
            add(&value.replace('-', ""));
            add(&value.replace('@', "%40").replace('+', "%2B").replace(' ', "%20"));
        }
        needles
    }
}

/// Place and text, by the first eight bytes.
#[derive(Default)]
pub(crate) struct Needles<'p>(HashMap<[u8; 8], Vec<(&'p str, Vec<u8>)>>);

impl Needles<'_> {
    /// Where those came from that the text holds, in any letter case.
    fn found_in(&self, text: &[u8]) -> Vec<String> {
        let text = text.to_ascii_lowercase();
        let mut found = Vec::new();
        for at in 0..text.len() {
            let Some(here) = text[at..].first_chunk::<8>().and_then(|first| self.0.get(first)) else { continue };
            for (place, needle) in here.iter().filter(|(_, needle)| text[at..].starts_with(needle)) {
                found.push(format!("{place}: {}", String::from_utf8_lossy(needle)));
            }
        }
        found
    }
}

fn with_check_digit(front: &str) -> String {
    let digit = (0..10).find(|last| {
        let text = format!("{front}{last}");
        let sum: u32 = text
            .bytes()
            .rev()
            .enumerate()
            .map(|(at, b)| match (at % 2, u32::from(b - b'0')) {
                (0, n) => n,
                (_, n) => n * 2 / 10 + n * 2 % 10,
            })
            .sum();
        sum.is_multiple_of(10)
    });
    format!("{front}{}", digit.expect("one of ten is right"))
}

/// Bodies that are told apart.
const BODIES: usize = 6;

/// One exchange whose every place carries a value of the kind.
fn exchange(plants: &mut Plants, kind: usize, body: usize) -> (Vec<u8>, Vec<u8>) {
    let mut at = |place: &str| plants.value(place, kind);
    let target = format!(
        "/v1/users/{}/cards;m={}/x.{}/{}.json?q={}&{}=1&f[{}]=2&e=%20{}#{}",
        at("path"),
        at("matrix parameter"),
        at("extension"),
        at("file name"),
        at("query value"),
        at("query name"),
        at("part of a query name"),
        at("escaped query value"),
        at("fragment")
    );
    let cookie = format!("sid={}; {}=1; {}", at("cookie value"), at("cookie name"), at("bare cookie"));
    let fields = format!(
        "Authorization: Bearer {}\r\nX-Api-Key: {}\r\n{}: 1\r\nCookie: {cookie}\r\nUser-Agent: {}\r\nReferer: https://a.example/?t={}\r\n\
         X-Forwarded-For: {}\r\nX-Request-Id: {}\r\nOrigin: https://{}\r\nSOAPAction: \"urn:{}\"\r\nAccept: text/{}\r\n",
        at("bearer"),
        at("key field"),
        at("field name").replace(['@', '!', '+', ' '], "-"),
        at("user agent"),
        at("referer"),
        at("forwarded for"),
        at("request id"),
        at("origin"),
        at("soap action"),
        at("accept")
    );
    let (media, text) = match body {
        0 => (
            "application/json".to_owned(),
            format!(
                "{{\"card\":{{\"number\":\"{}\",\"{}\":{{\"{}\":[\"{}\",{{\"a\":\"{}\"}}]}}}},\"note\":\"text with {} inside\"}}",
                at("JSON value"),
                at("JSON key"),
                at("deep JSON key"),
                at("JSON item"),
                at("deep JSON value"),
                at("JSON text")
            ),
        ),
        1 => (
            "application/x-www-form-urlencoded".to_owned(),
            format!("card={}&{}=1&a[{}]=2", at("form value"), at("form name"), at("part of a form name"))
                .replace('+', "%2B"),
        ),
        2 => {
            let edge = at("boundary").replace('@', "-");
            (
                format!("multipart/form-data; boundary=\"{edge}\""),
                format!(
                    "--{edge}\r\nContent-Disposition: form-data; name=\"card\"\r\n\r\n{}\r\n--{edge}\r\nContent-Disposition: form-data; \
                     name=\"{}\"; filename=\"{}.pdf\"\r\nContent-Type: application/{}\r\n\r\nx\r\n--{edge}--\r\n",
                    at("part"),
                    at("name of a part"),
                    at("file name of a part"),
                    at("type of a part")
                ),
            )
        }
        3 => (
            "text/xml".to_owned(),
            format!(
                "<?xml version=\"1.0\"?><!-- {} --><e:Envelope xmlns:e=\"urn:{}\"><card a=\"{}\"><n{}/>{}</card><![CDATA[{}]]></e:Envelope>",
                at("XML comment"),
                at("XML namespace"),
                at("XML attribute"),
                at("XML element").replace(['@', '!', '+'], "-"),
                at("XML text"),
                at("CDATA")
            ),
        ),
        4 => ("text/plain".to_owned(), format!("plain {} text", at("plain text"))),
        _ => (
            "application/json".to_owned(),
            format!(
                "{{\"jsonrpc\":\"2.0\",\"method\":\"{}\",\"params\":[\"{}\"],\"id\":\"{}\",\"query\":\"query {{ user(id: \\\"{}\\\") {{ id }} }}\"}}",
                at("JSON-RPC method"),
                at("JSON-RPC parameter"),
                at("JSON-RPC id"),
                at("GraphQL literal")
            ),
        ),
    };
    let request = format!(
        "POST {target} HTTP/1.1\r\nHost: api.shop.example\r\n{fields}Content-Type: {media}\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let chunk = format!(
        "{{\"id\":\"{}\",\"{}\":\"{}\",\"items\":[\"{}\"]}}",
        at("response value"),
        at("response key"),
        at("value under such a key"),
        at("response item")
    );
    let response = format!(
        "HTTP/1.1 {} {}\r\nServer: {}\r\nSet-Cookie: {}={}; Path=/{}\r\nLocation: /v1/x/{}?t={}\r\nWWW-Authenticate: Bearer realm=\"{}\"\r\n\
         ETag: \"{}\"\r\nContent-Type: application/json; v={}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n{:x};ext={}\r\n{chunk}\r\n0\r\nX-Sum: {}\r\n\r\n",
        [200, 201, 302, 401, 404, 500][(kind + body) % 6],
        at("reason"),
        at("server"),
        at("name of a set cookie"),
        at("set cookie"),
        at("path of a cookie"),
        at("location"),
        at("query of a location"),
        at("realm"),
        at("etag"),
        at("type of media"),
        chunk.len(),
        at("chunk extension"),
        at("trailer")
    );
    (request.into_bytes(), response.into_bytes())
}

/// Bodies without names, and answers in parts.
fn bodies(at: &mut dyn FnMut(&str) -> String) -> Vec<(Vec<u8>, Vec<u8>)> {
    let ask = |path: &str, kind: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: api.shop.example\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let answer = |kind: &str, body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let table = |at: &mut dyn FnMut(&str) -> String| {
        format!(
            "{},{}\n\"{}\",{}\n",
            at("first cell of a table"),
            at("cell of a first row"),
            at("cell in quotes"),
            at("cell")
        )
    };
    let page = |at: &mut dyn FnMut(&str) -> String| {
        format!(
            "<!DOCTYPE html><html><head><title>{}</title><script>var a='{}'</script></head><body data-x=\"{}\"><!-- {} --><p>{}</p>\
             <input name=\"{}\" value=\"{}\"><a href=\"mailto:{}\">x</a></body></html>",
            at("title"),
            at("script"),
            at("data attribute"),
            at("comment"),
            at("text of a page"),
            at("name of a field"),
            at("value of a field"),
            at("mail link")
        )
    };
    let text = |at: &mut dyn FnMut(&str) -> String| {
        format!("{}\nCard: {}\n{}: 1\n", at("line"), at("value of a line"), at("name of a line"))
    };
    let parts = |at: &mut dyn FnMut(&str) -> String| {
        format!(
            "--edge\r\nContent-Type: application/{}\r\nContent-Disposition: attachment; name=\"{}\"; filename=\"{}.pdf\"\r\n\r\n{}\r\n\
             --edge\r\nContent-Disposition: attachment; filename*=UTF-8''x.{}\r\n\r\n%PDF-{}\r\n--edge--\r\n",
            at("type of an answered part"),
            at("name of an answered part"),
            at("file name of an answered part"),
            at("answered part"),
            at("extension of a file name"),
            at("file")
        )
    };
    let json = |at: &mut dyn FnMut(&str) -> String| format!("{{\"a\":\"{}\"}}", at("JSON under another type"));
    vec![
        (ask("/v1/tables", "text/csv", &table(at)), answer("text/csv", &table(at))),
        (ask("/v1/pages", "text/html", &page(at)), answer("text/html", &page(at))),
        (ask("/v1/notes", "text/plain", &text(at)), answer("text/plain", &text(at))),
        (
            ask("/v1/parts", "multipart/mixed; boundary=edge", &parts(at)),
            answer("multipart/mixed; boundary=edge", &parts(at)),
        ),
        (ask("/v1/odd", "text/plain", &json(at)), answer("image/png", &json(at))),
        (ask("/v1/odd", "application/x-www-form-urlencoded", &json(at)), answer("application/octet-stream", &json(at))),
    ]
}

/// Crawlers, scanners, and what a policy calls noise.
fn noise(at: &mut dyn FnMut(&str) -> String) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    for (agent, status) in [
        ("Googlebot/2.1", "404 Not Found"),
        ("Googlebot/2.1", "200 OK"),
        ("sqlmap/1.8", "403 Forbidden"),
        ("sqlmap/1.8", "200 OK"),
        ("curl/8.5.0", "404 Not Found"),
    ] {
        for root in ["beat", ".git", "v1/items"] {
            let ask = format!(
                "GET /{root}/{}/.env?id={} HTTP/1.1\r\nHost: api.shop.example\r\nUser-Agent: {agent} {}\r\n\r\n",
                at("path of a crawler"),
                at("query of a crawler"),
                at("agent of a crawler").replace(' ', "-")
            );
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            all.push((ask.into_bytes(), answer.into_bytes()));
        }
    }
    all
}

/// Handles for names, wherever a name may stand.
fn handles(at: &mut dyn FnMut(&str) -> String) -> Vec<(Vec<u8>, Vec<u8>)> {
    let form = format!("{}=1&a[{}]=2", at("form"), at("part of a name"));
    let json = format!("{{\"{}\":{{\"{}\":1}}}}", at("key"), at("deep key"));
    let parts = format!("--e\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n1\r\n--e--\r\n", at("part"));
    [
        ("application/x-www-form-urlencoded", form),
        ("application/json", json),
        ("multipart/form-data; boundary=e", parts),
    ]
    .map(|(kind, body)| {
        let head =
            format!("POST /v1/people?{}=1 HTTP/1.1\r\nHost: x.example\r\nCookie: {}=1", at("query"), at("cookie"));
        let body = format!("{head}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        (body.into_bytes(), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())
    })
    .into()
}

/// Kinds of values that may be labels of a host's name.
const LABELS: [usize; 7] = [0, 1, 3, 4, 5, 8, 10];

/// Who is asked, in clear and in the hello of TLS.
fn hosts(at: &mut dyn FnMut(&str) -> String) -> Vec<(Vec<u8>, Vec<u8>)> {
    let ok = || b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let ask = |target: &str, host: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
    vec![
        (ask("/v1/hosts", &format!("{}.tenants.example", at("label of a host"))), ok()),
        (ask("/v1/hosts", &format!("{}:8080", at("host")).to_lowercase()), ok()),
        (ask(&format!("http://{}.tenants.example/v1/hosts", at("label of a target")), "x.example"), ok()),
        (hello(&format!("{}.tenants.example", at("label of a server name"))), Vec::new()),
    ]
}

/// A client's hello that names a server.
fn hello(name: &str) -> Vec<u8> {
    let sized = |bytes: usize, body: &[u8]| {
        let length = u32::try_from(body.len()).expect("short").to_be_bytes();
        [&length[4 - bytes..], body].concat()
    };
    let entry = [&[0_u8][..], &sized(2, name.as_bytes())].concat();
    let extensions = [&[0, 0][..], &sized(2, &sized(2, &entry))].concat();
    let mut body = vec![3, 3];
    body.extend_from_slice(&[7; 32]);
    body.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0]);
    body.extend_from_slice(&sized(2, &extensions));
    let message = [&[1_u8][..], &sized(3, &body)].concat();
    [&[22_u8, 3, 1][..], &sized(2, &message)].concat()
}

/// Exchanges that are not well-formed, are cut, or are no HTTP at all.
fn odd(plants: &mut Plants) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    for kind in 0..KINDS {
        let mut at = |place: &str| plants.value(place, kind);
        let asked = format!(
            "GET http://{}:{}@api.shop.example/v1/y HTTP/1.1\r\nHost: api.shop.example\r\n\r\n",
            at("user"),
            at("userinfo")
        );
        all.push((asked.into_bytes(), b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()));
        all.push((
            format!("{} /v1/z HTTP/1.1\r\nHost: api.shop.example\r\n\r\n", at("method")).into_bytes(),
            b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ));
        all.push((
            format!("{}\r\n{}\r\n", at("no HTTP"), at("no HTTP either")).into_bytes(),
            at("no answer").into_bytes(),
        ));
        let body = format!("{{\"a\":\"{}\",\"b\":\"{}", at("cut body"), at("value that is cut"));
        let cut = format!(
            "POST /v1/cut HTTP/1.1\r\nHost: api.shop.example\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{body}"
        );
        all.push((cut.into_bytes(), Vec::new()));
        let claims = format!(
            "{{\"iss\":\"https://{}.login.example/{}\",\"sub\":\"{}\",\"exp\":1}}",
            at("issuer"),
            at("path of an issuer"),
            at("subject")
        );
        let header = format!("{{\"alg\":\"{}\",\"kid\":\"{}\"}}", at("algorithm"), at("key id"));
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.{}", part(&header), part(&claims), part("signature"));
        let asked = format!("GET /v1/me HTTP/1.1\r\nHost: api.shop.example\r\nAuthorization: Bearer {token}\r\n\r\n");
        all.push((asked.into_bytes(), b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()));
        let upgrade = "GET /v1/ws HTTP/1.1\r\nHost: api.shop.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
        let asked = format!(
            "{upgrade}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
            at("sub-protocol")
        );
        let text = at("message of a socket");
        let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n".to_vec();
        answer.extend_from_slice(&[0x81, u8::try_from(text.len()).expect("short")]);
        answer.extend_from_slice(text.as_bytes());
        all.push((asked.into_bytes(), answer));
    }
    for kind in 0..KINDS {
        all.extend(bodies(&mut |place| plants.value(place, kind)));
        all.extend(noise(&mut |place| plants.value(place, kind)));
    }
    for _ in 0..4 {
        all.extend(handles(&mut |place| plants.handle(place)));
    }
    for kind in LABELS {
        all.extend(hosts(&mut |place| plants.value(place, kind)));
    }
    all.extend(bodies(&mut |place| plants.name(place)));
    let mut at = |place: &str| plants.name(place);
    let body = format!(
        "{{\"name\":\"{}\",\"list\":[\"{}\"],\"note\":\"from {} to all\"}}",
        at("JSON value"),
        at("JSON item"),
        at("JSON text")
    );
    let asked = format!(
        "POST /v1/people?name={} HTTP/1.1\r\nHost: api.shop.example\r\nX-User: {}\r\nCookie: n={}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        at("query value").replace(' ', "+"),
        at("field"),
        at("cookie"),
        body.len()
    );
    let answer = format!("{{\"name\":\"{}\"}}", at("response value"));
    let answer = format!(
        "HTTP/1.1 200 OK\r\nX-User: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
        at("response field"),
        answer.len()
    );
    all.push((asked.into_bytes(), answer.into_bytes()));
    all
}

pub(crate) fn planted() -> (Plants, MemorySource) {
    let mut plants = Plants::new();
    let mut talks: Vec<_> = (0..KINDS * BODIES).map(|n| exchange(&mut plants, n % KINDS, n / KINDS)).collect();
    talks.extend(odd(&mut plants));
    let mut wire = Wire::new();
    for (port, (asked, answered)) in (20_000..).zip(talks) {
        let (mut client, mut server) = ends(port);
        wire.open(&mut client, &mut server);
        for part in asked.chunks(1_400) {
            wire.segment(&mut client, &server, ACK, part);
        }
        for part in answered.chunks(1_400) {
            wire.segment(&mut server, &client, ACK, part);
        }
        wire.segment(&mut client, &server, FIN | ACK, b"");
        wire.segment(&mut server, &client, FIN | ACK, b"");
        wire.segment(&mut client, &server, ACK, b"");
    }
    (plants, wire.frames)
}

/// Panics where the text holds a planted value.
pub(crate) fn assert_clean(needles: &Needles<'_>, what: &str, text: &[u8]) {
    let found = needles.found_in(text);
    assert!(found.is_empty(), "{what} holds {} planted values: {:#?}", found.len(), &found[..found.len().min(30)]);
}

struct Fixed(Figures);

impl Served for Fixed {
    fn report(&self) -> Option<Arc<[u8]>> {
        None
    }

    fn figures(&self) -> Figures {
        self.0.clone()
    }

    fn ready(&self) -> bool {
        true
    }

    fn healthy(&self) -> bool {
        true
    }
}

/// The metrics page as a monitor gets it.
fn metrics(figures: Figures) -> Vec<u8> {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (done, stop) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let access = Access::new(None, &[]).expect("no token on loopback");
        runtime.block_on(serve(listener, Arc::new(Fixed(figures)), access, async {
            let _ = stop.await;
        }))
    });
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut page = Vec::new();
    stream.read_to_end(&mut page).expect("it answers");
    let _ = done.send(());
    server.join().expect("it ends").expect("it served");
    page
}

#[test]
fn no_planted_value_is_in_any_report_event_metric_or_state() {
    let (plants, mut frames) = planted();
    let needles = plants.needles();
    let limits = Limits::default();
    let specs = load(&[crate::common::spec()], &limits).expect("the spec of the tests is good");
    let index = SpecIndex::build(specs, &HostFlags::default()).expect("and fits together");
    for workers in [1, 4] {
        let settings = Settings {
            limits: limits.clone(),
            workers,
            scope_by: shadowtap::decode::ScopeBy::default(),
            decode: shadowtap::decode::DecodeOptions::default(),
            transactions: None,
            inputs: 1,
            caller_key: Settings::REPLAY_KEY,
            inspect: shadowtap::observe::Inspect::All,
            rules: Arc::default(),
            stop: Arc::default(),
        };
        let ruled = "[[noise]]\nclass = 'health'\npath = '/beat/*'\n[[noise]]\nclass = 'none'\npath = '/v1/items/{item}/.env'\n";
        let ruled = PolicyFile::parse("policy.toml", ruled).expect("a good policy");
        settings.rules.take_up(ruled.networks, ruled.noise);
        let inventory = Arc::new(Inventory::new(&limits, index.pins()));
        let mut source = frames.clone();
        let outcome = engine::run(&mut source, &settings, &inventory, &mut |_| {}).expect("threads start");
        let snapshot = inventory.snapshot();
        let requests: u64 = snapshot.services.iter().map(|service| service.requests).sum();
        assert!(requests >= (KINDS * BODIES) as u64, "{requests} requests were understood");
        let policy = Policy::default();
        let compared = compare_on(&policy.terms_alone(), &snapshot, &index);
        let said = PolicyFile::default();
        let findings = judge(View { compared: &compared, policy: &policy, said: &said });
        assert!(!findings.is_empty(), "nothing was found, so nothing was written that could be wrong");
        let report = Report::draw_up(&compared, &findings, &outcome.summary, &said);
        for reporter in REPORTERS {
            let mut out = Vec::new();
            reporter.write(&report, Style { colour: true, width: 200 }, &mut out).expect("memory does not fail");
            // No spec covers what was planted, so that an overlay adds nothing: it has a test of its own.
            assert!(out.len() > 1_000 || reporter.name() == "overlay", "{} says nothing", reporter.name());
            assert_clean(&needles, reporter.name(), &out);
        }
        let mut events = Vec::new();
        for finding in &findings {
            EventLine::shadow(Timestamp::from_nanos(1), finding, None)
                .write_line(&mut events)
                .expect("memory does not fail");
        }
        assert_clean(&needles, "events", &events);
        let top = compared
            .services
            .iter()
            .map(|service| (service.service.id.to_string(), service.service.requests))
            .take(10)
            .collect();
        let figures = Figures {
            headline: Some(report.headline.clone()),
            capture: outcome.summary.clone(),
            top,
            announced: 1,
            reports: Tries::default(),
            specs: Tries::default(),
        };
        let noise: std::collections::BTreeMap<&str, u64> = snapshot
            .services
            .iter()
            .flat_map(|service| &service.noise)
            .map(|(noise, count)| (noise.name(), *count))
            .collect();
        for class in ["health", "crawler", "scanner"] {
            assert!(noise.get(class).is_some_and(|count| *count >= KINDS as u64), "no {class} was planted: {noise:?}");
        }
        let named = |name: &str| {
            snapshot.services.iter().any(|service| service.id.host == name)
                && snapshot.opaque.iter().any(|opaque| opaque.name.as_deref() == Some(name))
        };
        assert!(named("{card}.tenants.example") && named("{uuid}.tenants.example"), "no host was planted");
        let seen = |what: fn(&shadowtap::inventory::Record) -> bool| {
            snapshot.services.iter().flat_map(|service| &service.operations).any(|op| what(&op.record))
        };
        assert!(seen(|record| !record.parts.is_empty()) && seen(|record| !record.odd_bodies.is_empty()));
        let tokens =
            snapshot.services.iter().flat_map(|service| &service.operations).filter_map(|op| op.record.tokens.as_ref());
        assert!(tokens.flat_map(|tokens| tokens.issuers.values()).sum::<u64>() >= KINDS as u64, "no token was read");
        let page = metrics(figures);
        assert!(page.len() > 1_000, "metrics say nothing: {}", String::from_utf8_lossy(&page));
        assert_clean(&needles, "metrics", &page);

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let run = StoredRun { id: "privacy".to_owned(), started: Timestamp::from_nanos(1), window: None };
        save(&path, &Header::first(run, CallerKey(7)), &inventory).expect("there is room");
        let raw = std::fs::read(&path).expect("it was written");
        assert_clean(&needles, "the state file", &raw);
        let frame = memchr::memmem::find(&raw, &[0x28, 0xb5, 0x2f, 0xfd]).expect("the state is a zstd frame");
        let mut unpacked = Vec::new();
        let mut decoder = zstd::stream::read::Decoder::new(&raw[frame..]).expect("a frame").single_frame();
        decoder.read_to_end(&mut unpacked).expect("it is whole");
        assert!(memchr::memmem::find(&unpacked, b"users").is_some(), "the state does not hold what was seen");
        assert_clean(&needles, "the state file, unpacked", &unpacked);
    }
    // Catches a search that finds nothing, and plants that were never sent: most stand in the packets as they are.
    let mut whole = Vec::new();
    while let Ok(shadowtap::capture::Event::Frame(frame)) = frames.next() {
        whole.extend_from_slice(frame.bytes);
    }
    let found = needles.found_in(&whole).len();
    assert!(found > plants.planted.len() * 9 / 10, "{found} of {} were found in the packets", plants.planted.len());
}

#[test]
fn no_planted_value_is_logged() {
    // Catches a log line that prints what it complains of: everything is logged, to the last level.
    let (plants, mut frames) = planted();
    let needles = plants.needles();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("planted.pcap");
    let mut pcap = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        pcap.extend_from_slice(&word.to_le_bytes());
    }
    while let Ok(shadowtap::capture::Event::Frame(frame)) = frames.next() {
        let nanos = frame.time.nanos();
        for word in [nanos / 1_000_000_000, nanos % 1_000_000_000, frame.bytes.len() as u64, frame.bytes.len() as u64] {
            pcap.extend_from_slice(&u32::try_from(word).expect("before 2106").to_le_bytes());
        }
        pcap.extend_from_slice(frame.bytes);
    }
    std::fs::write(&path, pcap).expect("there is room");
    for format in ["text", "json", "html"] {
        let output = shadowtap(&[
            "replay".as_ref(),
            path.as_os_str(),
            "--log-level".as_ref(),
            "trace".as_ref(),
            "--format".as_ref(),
            format.as_ref(),
            "--quiet".as_ref(),
        ]);
        assert!(output.status.success(), "{}", said(&output));
        assert_clean(&needles, "the log", &output.stderr);
        assert_clean(&needles, format, &output.stdout);
    }
}
