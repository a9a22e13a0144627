//! Looks at values for sensitive data. A regression here is paid for every value of every body that is inspected.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use shadowtap::observe::look;

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
