//! Looks at values for sensitive data, and reads whole bodies for them. A regression here is paid for every value of every body
//! that is inspected.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use shadowtap::observe::look;
use shadowtap::proto::ExchangeSink as _;

#[path = "../tests/common/known.rs"]
mod known;

fn main() {
    divan::main();
}

/// Names and values as ordinary answers have them: little that is sensitive, much that is digits.
const ORDINARY: &[(&str, &str)] = &[
    ("id", "0b6f1c52-7d0e-4b6a-9c55-1f1f6a0f7a11"),
    ("status", "succeeded"),
    ("amount", "1999"),
    ("currency", "usd"),
    ("createdAt", "2024-03-01T10:15:00.123Z"),
    ("description", "Blue shoes, size 42, with a spare pair of laces and free returns within thirty days"),
    ("customerId", "cus_NffrFeUfNV2Hib"),
    ("liveMode", "true"),
    ("url", "https://api.example.com/v1/charges/ch_3MmlLrLkdIwHu7ix0snN0B15/refunds?page=2"),
    ("etag", "9e107d9d372bb6826bd81d3542a419d6"),
    ("quantity", "3"),
    ("ratio", "0.8333333333333334"),
    ("title", "Quarterly report"),
    ("orderNumber", "112-4829173-2847561"),
    ("timestamp", "1709287500123"),
    (
        "userAgent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36",
    ),
];

/// The same with what a payment company's have more of.
const CARDS: &[(&str, &str)] = &[
    ("cardNumber", "4111111111111111"),
    ("number", "5555 5555 5555 4444"),
    ("maskedPan", "411111******1111"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("email", "alice@example.com"),
    ("phone", "+1 415 555 2671"),
    ("firstName", "Alice"),
    ("token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
];

#[divan::bench(args = ["ordinary", "cards"])]
fn values(bencher: Bencher<'_, '_>, kind: &str) {
    let values = if kind == "cards" { CARDS } else { ORDINARY };
    let bytes: usize = values.iter().map(|(key, value)| key.len() + value.len() + 6).sum();
    bencher.counter(BytesCount::new(bytes)).counter(ItemsCount::new(values.len())).bench_local(|| {
        for (key, value) in divan::black_box(values) {
            divan::black_box(look(key, value.as_bytes()));
        }
    });
}

/// Text of 64 KiB without a name: prose, a log, and what an attacker would send.
#[divan::bench(args = ["prose", "log", "hostile"])]
fn text(bencher: Bencher<'_, '_>, kind: &str) {
    let unit = match kind {
        "prose" => "The quick brown fox jumps over the lazy dog, and nobody knows why it does so every single day. ",
        "log" => "2024-03-01T10:15:00Z INFO request 9e107d9d372bb682 done in 12 ms, 48213 bytes; ",
        _ => "4111 1111 1111 1112 eyJ=eyJ. a@b sk_live_: **** DE89 3704 ",
    };
    let value = unit.repeat((64 << 10) / unit.len());
    bencher.counter(BytesCount::new(value.len())).bench_local(|| look("", divan::black_box(value.as_bytes())));
}

/// Answers of 64 KiB, all looked into: records of people and orders, as each kind writes them, and what an attacker would send.
#[divan::bench(args = [
    "json", "xml", "csv", "text", "html",
    "hostile json", "hostile csv", "hostile text", "hostile html", "hostile attributes",
])]
fn bodies(bencher: Bencher<'_, '_>, kind: &str) {
    let (media_type, body) = body(kind);
    let mut exchange = known::exchange("/v1/exports", known::Head::Bare, 1);
    let mut answer = shadowtap::proto::Message::default();
    answer.set_response(200, 11);
    answer.push_field(b"content-type", media_type.as_bytes());
    (answer.body_len, answer.body_whole) = (body.len() as u64, true);
    answer.body.clone_from(&body);
    exchange.response = Some(answer);
    let mut observer = known::observer().inspecting(shadowtap::observe::Inspect::All);
    bencher.counter(BytesCount::new(body.len())).bench_local(|| observer.exchange(divan::black_box(&exchange)));
}

/// A media type and a body of it.
fn body(kind: &str) -> (&'static str, Vec<u8>) {
    let (hostile, kind) = kind.strip_prefix("hostile ").map_or((false, kind), |kind| (true, kind));
    let value = "4111 1111 1111 1112 eyJ=eyJ. a@b sk_live_: **** DE89 3704";
    let (media_type, head, foot): (_, _, String) = match kind {
        "json" => ("application/json", "[", "null]".to_owned()),
        "xml" => ("application/xml", "<?xml version=\"1.0\"?><list>", "</list>".to_owned()),
        "csv" if hostile => ("text/csv", "", String::new()),
        "csv" => ("text/csv", "id,name,email,created_at,order_number,amount,note\n", String::new()),
        "text" => ("text/plain", "", String::new()),
        _ => ("text/html", "<!doctype html><html><body><table>", "</table></body></html>".to_owned()),
    };
    let unit = |at: usize| {
        let (id, order, amount) = (48_213 + at, 112_482_917 + at * 977, 1_999 + at % 90);
        let when = format!("2024-03-{:02}T10:{:02}:00Z", 1 + at % 28, at % 60);
        let (name, mail, note) =
            (["Alice Jones", "Bob Stone"][at % 2], format!("user{at}@shop.example"), "left at the door");
        match (kind, hostile) {
            ("json", true) => format!("\"{value}\","),
            ("csv", true) => format!("{value},"),
            ("text", true) => format!("{value}\n"),
            ("html", true) => format!("<b>{value}"),
            ("attributes", _) => format!("<i data-a='{value}'value='{value}'>"),
            ("json", _) => format!(
                "{{\"id\":{id},\"name\":\"{name}\",\"email\":\"{mail}\",\"created_at\":\"{when}\",\"order_number\":\"{order}\",\
                 \"amount\":{amount},\"note\":\"{note}\"}},"
            ),
            ("xml", _) => format!(
                "<row><id>{id}</id><name>{name}</name><email>{mail}</email><created_at>{when}</created_at>\
                 <order_number>{order}</order_number><amount>{amount}</amount><note>{note}</note></row>"
            ),
            ("csv", _) => format!("{id},{name},{mail},{when},{order},{amount},{note}\n"),
            ("text", _) => {
                format!("{when} INFO order {order} of {name} <{mail}>, account {id}: {amount} due, {note}\n")
            }
            _ => format!(
                "<tr class=\"row\" data-id=\"{id}\"><td>{name}</td><td><a href=\"mailto:{mail}\">write</a></td><td>{when}</td>\
                 <td>{order}</td><td>{amount}</td><td>{note}</td></tr>\n"
            ),
        }
    };
    let mut body = head.to_owned();
    let room = (64 << 10) - foot.len();
    for at in 0.. {
        let unit = unit(at);
        if body.len() + unit.len() > room {
            break;
        }
        body += &unit;
    }
    body += &foot;
    (media_type, body.into_bytes())
}
