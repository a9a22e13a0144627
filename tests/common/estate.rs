//! An estate of many APIs: hosts with a thousand endpoints each, every one with bodies of its own.
//!
//! What a big company has, and what memory must suffice for. Half of the words are such as APIs are made of, half are not.

use std::io::{self, Write};

use crate::common::flood::{Flood, Pair};

/// So many hosts, and all that is asked of each.
#[derive(Clone, Copy)]
pub struct Estate {
    pub hosts: u32,
    /// How often each endpoint is asked.
    pub rounds: u32,
}

impl Estate {
    /// Endpoints of one host.
    pub const ENDPOINTS: u32 = (AREAS.len() * THINGS.len() * 2) as u32;

    /// Endpoints in all.
    pub const fn endpoints(self) -> u32 {
        self.hosts * Self::ENDPOINTS
    }

    /// A pcap stream of it: round by round, an hour between two, twenty exchanges a connection.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let mut flood = Flood::new(out)?;
        for round in 0..self.rounds {
            for connection in 0..self.endpoints() / 20 {
                // Not in order, so that neither hosts nor endpoints come one after the other.
                let number = (connection * 7_919 + round * 13) % (self.endpoints() / 20);
                let mut pair = Pair::new(round * 1_000_003 + number);
                flood.open(&mut pair)?;
                for endpoint in number * 20..number * 20 + 20 {
                    let (asked, answered) = exchange(endpoint, round);
                    flood.ask(&mut pair, asked.as_bytes())?;
                    flood.answer(&mut pair, answered.as_bytes())?;
                }
            }
            flood.clock += 3_600_000_000_000;
        }
        flood.finish()
    }
}

/// What is asked of an endpoint, and answered.
fn exchange(endpoint: u32, round: u32) -> (String, String) {
    let (host, at) = (endpoint / Estate::ENDPOINTS, endpoint % Estate::ENDPOINTS);
    let path = at as usize / 2;
    let (area, thing) = (AREAS[path / THINGS.len()], THINGS[path % THINGS.len()]);
    let host = format!("{}-{}.example", AREAS[host as usize % AREAS.len()], host / AREAS.len() as u32);
    let own = |n: u32| {
        format!(
            "{}_{}",
            OWN[(endpoint / 7 + n * 3) as usize % OWN.len()],
            THINGS[(endpoint + n) as usize % THINGS.len()]
        )
    };
    let (value, seen) = (endpoint.wrapping_mul(2_654_435_761) >> 8, round * 31 + endpoint % 97);
    let answer = format!(
        "{{\"id\":{value},\"status\":\"{}\",\"created_at\":\"2024-03-{:02}T10:20:{:02}Z\",\"{}\":{seen},\"{}\":\"{}\",\
         \"{}\":{}.5,\"{}\":[\"a{seen}\"],\"owner\":{{\"id\":{seen},\"{}\":null,\"{}\":true}}}}",
        ["open", "closed", "paid"][(endpoint + round) as usize % 3],
        1 + endpoint % 28,
        seen % 60,
        own(0),
        own(1),
        word(value),
        own(2),
        value % 1_000,
        own(3),
        own(4),
        own(5),
    );
    let (method, head, body) = if at % 2 == 0 {
        ("GET", String::new(), String::new())
    } else {
        let body = format!(
            "{{\"name\":\"{}\",\"amount\":{value},\"currency\":\"eur\",\"{}\":{seen},\"{}\":\"{}\",\"{}\":{{\"{}\":1}}}}",
            word(seen),
            own(6),
            own(7),
            word(value + 1),
            own(8),
            own(9),
        );
        ("POST", format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()), body)
    };
    let asked = format!(
        "{method} /api/{area}/{thing} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: python-requests/2.31\r\nAuthorization: Bearer abc\r\n{head}\r\n{body}"
    );
    let answered = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    );
    (asked, answered)
}

/// Letters that are no word.
fn word(mut n: u32) -> String {
    let mut word = String::from("w");
    for _ in 0..6 {
        word.push(char::from(b'a' + (n % 25) as u8));
        n /= 25;
    }
    word
}

const AREAS: [&str; 10] =
    ["billing", "catalog", "shipping", "accounts", "reports", "harbour", "foundry", "orchard", "quarry", "tannery"];

const THINGS: [&str; 50] = [
    "orders",
    "invoices",
    "payments",
    "customers",
    "products",
    "sessions",
    "tickets",
    "refunds",
    "contracts",
    "devices",
    "events",
    "files",
    "groups",
    "items",
    "jobs",
    "labels",
    "messages",
    "notes",
    "offers",
    "plans",
    "queues",
    "rates",
    "status",
    "tasks",
    "users",
    "anvils",
    "barrels",
    "candles",
    "drapes",
    "easels",
    "ferries",
    "girders",
    "hatches",
    "ingots",
    "jetties",
    "kilns",
    "lanterns",
    "mortars",
    "nozzles",
    "obelisks",
    "pulleys",
    "quivers",
    "rafters",
    "saddles",
    "trellis",
    "urns",
    "valves",
    "winches",
    "yokes",
    "zithers",
];

const OWN: [&str; 23] = [
    "total",
    "gross",
    "net",
    "first",
    "last",
    "open",
    "due",
    "main",
    "old",
    "new",
    "tilted",
    "glazed",
    "woven",
    "riveted",
    "salted",
    "carved",
    "folded",
    "gilded",
    "molten",
    "padded",
    "quilted",
    "rusted",
    "varnished",
];
