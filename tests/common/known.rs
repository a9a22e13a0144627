//! Requests on paths that are known, for what counts their cost: no two in a row are alike.

use std::net::{Ipv4Addr, SocketAddr};

use shadowtap::decode::Scope;
use shadowtap::flow::{Connection, Start};
use shadowtap::inventory::{Delta, Inventory};
use shadowtap::limits::Limits;
use shadowtap::observe::{Inspect, Observer};
use shadowtap::proto::{Exchange, Message, Oddities};
use shadowtap::time::{Span, Timestamp};

/// Requests after which nothing is new any more but the ids.
#[allow(dead_code)]
pub const WARM: usize = 4_096;

/// An observer that notes in an empty share and looks into no body.
pub fn observer() -> Observer<Delta> {
    let inventory = Inventory::new(&Limits::default(), Vec::new());
    let delta = Delta::new(&Limits::default(), inventory.pins());
    Observer::new(&Limits::default(), 1, delta).inspecting(Inspect::None)
}

/// What a request's head holds beside its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// What a bare client sends.
    Bare,
    /// What a browser behind a proxy sends, with a query, credentials and cookies.
    Full,
}

/// The exchange at a place of an endless row. `{number}` and `{uuid}` in the target are another each time; clients, times,
/// sizes, hosts, user agents and statuses change.
pub fn exchange(target: &str, head: Head, at: u64) -> Exchange {
    let chance = mixed(at);
    let began = Timestamp::from_nanos(1_700_000_000_000_000_000) + step(at);
    let host = ["api.shop.example", "api.shop.example:8080"][pick(chance, 2)];
    let uuid = format!("{:08x}-45d1-4a55-8b4e-{:012x}", chance >> 32, mixed(chance) >> 16);
    let mut target = target.replace("{number}", &(chance % 10_000_000).to_string()).replace("{uuid}", &uuid);
    if head == Head::Full {
        target += &format!("?page={}&limit=50&sort=created_at&q=blue%20shoes+{}", chance % 90, chance % 1_000);
    }
    let mut request = Message::default();
    (request.began, request.ended) = (began, began);
    request.set_request(b"GET", target.as_bytes(), 11);
    request.push_field(b"host", host.as_bytes());
    request.push_field(b"user-agent", AGENTS[pick(chance >> 8, AGENTS.len())].as_bytes());
    request.push_field(b"accept", b"*/*");
    if head == Head::Full {
        let cookie = format!("_ga=GA1.2.{}; theme=dark; sessionid={:x}", chance % 99_991, mixed(!chance));
        let request_id = format!("{:016x}", mixed(chance ^ 1));
        for (name, value) in [
            ("Accept-Encoding", "gzip, deflate, br"),
            ("Accept-Language", "en-GB,en;q=0.8"),
            ("Authorization", [JWT, "Bearer 0b7ee2c1d94f4c5f", "Basic dXNlcjpzZWNyZXQ="][pick(chance >> 16, 3)]),
            ("Cookie", &cookie),
            ("Referer", "https://shop.example/"),
            ("X-Request-Id", &request_id),
            ("X-Forwarded-For", "198.51.100.23"),
        ] {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
    }
    let mut response = Message::default();
    response.began = began + Span::from_nanos(1_000_000 + chance % 40_000_000);
    response.ended = response.began + Span::from_nanos(chance % 900_000);
    response.body_whole = true;
    response.body_len = 200 + chance % 5_000;
    response.set_response([200, 200, 200, 200, 200, 200, 304, 404][pick(chance >> 24, 8)], 11);
    response.push_field(b"date", b"Tue, 14 Nov 2023 22:13:20 GMT");
    response.push_field(
        b"content-type",
        ["application/json", "application/json; charset=utf-8"][pick(chance, 2)].as_bytes(),
    );
    let connection = Connection {
        id: 1,
        scope: Scope::default(),
        client: SocketAddr::from((Ipv4Addr::new(198, 51, 100, (chance >> 40) as u8 % 24), 40_000)),
        server: SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 80)),
        since: began,
        start: Start::Handshake,
        payload: [0, 0],
    };
    Exchange {
        connection,
        index: 0,
        request: Some(request),
        response: Some(response),
        interim: 0,
        encrypted: false,
        oddities: Oddities::default(),
    }
}

/// For benches: the same few exchanges again and again, so that making them costs nothing; their times go on.
#[allow(dead_code)]
pub struct Ring {
    exchanges: Vec<Exchange>,
    next: usize,
}

#[allow(dead_code)]
impl Ring {
    /// So many exchanges before one comes back.
    const LENGTH: u64 = 64;

    pub fn new(target: &str, head: Head) -> Self {
        Self { exchanges: (0..Self::LENGTH).map(|at| exchange(target, head, at)).collect(), next: 0 }
    }

    /// The next one, as many steps of time after the last time as the ring is long.
    pub fn turn(&mut self) -> &Exchange {
        self.next = (self.next + 1) % self.exchanges.len();
        let exchange = &mut self.exchanges[self.next];
        for message in [&mut exchange.request, &mut exchange.response].into_iter().flatten() {
            message.began = message.began + step(Self::LENGTH);
            message.ended = message.ended + step(Self::LENGTH);
        }
        exchange
    }
}

/// How long after the first one begins.
fn step(at: u64) -> Span {
    Span::from_millis(37 * at)
}

fn pick(chance: u64, of: usize) -> usize {
    usize::try_from(chance % of as u64).unwrap_or(0)
}

/// One number for each, in no order (splitmix64).
fn mixed(at: u64) -> u64 {
    let mut z = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const AGENTS: [&str; 5] = [
    "curl/8.5.0",
    "okhttp/4.12.0",
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
];

/// `{"alg":"RS256"}`, `{"iss":"https://login.shop.example/","iat":1,"exp":2}`, and what is no signature.
const JWT: &str =
    "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLnNob3AuZXhhbXBsZS8iLCJpYXQiOjEsImV4cCI6Mn0.c2lnbmVk";
