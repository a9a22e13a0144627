//! Recall on what is published, silence on what is not, and the cost of hostile values.

use proptest::prelude::*;

use super::*;
use crate::api::{BodyKind, Classes, DataClass, Mark, Shape};
use crate::observe::cost::assert_linear_from;
use crate::observe::encoding::TextEnd;
use crate::observe::plain::read_plain;

/// Numbers that schemes, acquirers and gateways publish for testing, by scheme.
const PUBLISHED: &[(&str, &str)] = &[
    (
        "Visa",
        "4111111111111111 4242424242424242 4012888888881881 4000056655665556 4222222222222 4000002500003155 4000000760000002 \
         4917610000000000 4917610000000000003 4988438843884305 4166676667666746 4646464646464644 4000620000000007 4005519200000004 \
         4009348888881881 4012000033330026 4500600000000061 4263982640269299 4217651111111119 4444333322221111 4400000000000008 \
         4977949494949497 4007000000027 4012888818888 4462030000000000 4543059790016721 4715059999000437 4844215500115643 \
         4871049999999910 4035501428146300 4360000001000005 4212345678901237 4235647728025682 4000000000000010",
    ),
    (
        "Mastercard",
        "5555555555554444 5105105105105100 5200828282828210 5425233430109903 5454545454545454 5100290029002909 5577000055770004 \
         5136333333333335 5585558555855583 5555444433331111 5500000000000004 5424000000000015 5100081112223332 5454609899026213 \
         5569500000002312 5573489900000028 5127880999999990 5413330089010483 2223003122003222 2222400070000005 2222405343248877 \
         2222990905257051 2223007648726984 2223577120017656 2222410740360010 2222400010000008 2720992593319364",
    ),
    (
        "American Express",
        "378282246310005 371449635398431 378734493671000 370000000000002 374245455400126 345817690311361 375365153556885",
    ),
    (
        "Discover",
        "6011111111111117 6011000990139424 6011981111111113 6011000400000000 6445644564456445 6011601160116611 6011000000000012",
    ),
    (
        "Diners Club",
        "30569309025904 38520000023237 3056930009020004 36227206271667 36006666333344 36148900647913 38000000000006",
    ),
    ("JCB", "3530111333300000 3566002020360505 3569990010095841 3566000020000410 3088000000000017 3569990012290937"),
    (
        "UnionPay",
        "6200000000000005 6200000000000047 6205500000000000004 6243030000000001 6250941006528599 6222821234560017 \
         8171999927660000 8171999900000000021",
    ),
    (
        "Maestro",
        "6759649826438453 6771798021000008 6703444444444449 6731012345678906 5641821111166669 6799990100000000019 \
         6304000000000000 6771830999991239 5641820000000005 5000000000000512 630495060000000000 6331101999990016",
    ),
    (
        "Mir",
        "2200770239097761 2201382000000013 2201382000000047 2201382000000005 2201382000000021 2201382000000831 2201382000000039 \
         2201382000000591",
    ),
    ("Elo", "5066991111111118 4514161122113757 6362970000457013 5067215824168408"),
    ("Hipercard", "6062828888666688 6062826786276634 6062828598919021"),
    ("RuPay", "6074667022059103"),
    ("Dankort", "5019555544445555 5019717010103742"),
    ("Troy", "9792030394440796"),
];

pub(in super::super) fn published() -> impl Iterator<Item = (&'static str, &'static str)> {
    PUBLISHED.iter().flat_map(|(scheme, numbers)| numbers.split_ascii_whitespace().map(move |number| (*scheme, number)))
}

/// The way cards print their numbers.
pub(in super::super) fn in_groups(number: &str, mark: &str) -> String {
    let groups: &[usize] = match number.len() {
        13 => &[4, 3, 3, 3],
        14 => &[4, 6, 4],
        15 => &[4, 6, 5],
        16 => &[4, 4, 4, 4],
        19 => &[4, 4, 4, 4, 3],
        n => return number[..n].to_owned(),
    };
    let mut at = 0;
    let parts: Vec<&str> = groups
        .iter()
        .map(|n| {
            at += n;
            &number[at - n..at]
        })
        .collect();
    parts.join(mark)
}

#[test]
fn published_numbers_are_found_wherever_they_stand() {
    // Recall: JSON strings and numbers, forms, queries, paths, XML text, free text; bare and grouped. Catches a range or a
    // length that is missing, and a boundary that eats a neighbour.
    let (mut tries, mut misses) = (0_u32, Vec::new());
    for (scheme, number) in published() {
        let spaced = in_groups(number, " ");
        let dashed = in_groups(number, "-");
        for (key, value) in [
            ("cardNumber", number.to_owned()),
            ("number", number.to_owned()),
            ("pan", spaced.clone()),
            ("card[number]", dashed.clone()),
            ("cards", number.to_owned()),
            ("", number.to_owned()),
            ("", spaced.clone()),
            ("", dashed.clone()),
            ("encryptedCardNumber", format!("test_{number}")),
            ("xml", format!("<card><pan>{number}</pan><cvv>123</cvv></card>")),
            ("body", format!("{{\"number\":\"{number}\",\"exp\":\"12/27\"}}")),
            ("query", format!("?amount=10.00&pan={number}&x=1")),
            ("note", format!("my card is {spaced}, thanks.")),
            ("note", format!("charged {dashed} on 2024-03-01 for 12.50")),
            ("line", format!("\u{201c}{number}\u{201d}")),
            ("c", format!("{number},{number}")),
            ("c", format!("5555555555554444,{number},4111111111111111")),
            ("c", format!("{number};{number}")),
            ("c", format!("{number}|{number}")),
            ("c", format!("{number} {number}")),
            ("c", format!("{number}, {number}")),
            ("c", format!("{dashed},{dashed}")),
            ("c", format!("{spaced},{number}")),
        ] {
            tries += 1;
            if !look(key, value.as_bytes()).has(DataClass::Pan) {
                misses.push(format!("{scheme}: {key}={value}"));
            }
        }
    }
    assert!(tries > 2_800, "{tries}");
    assert!(misses.is_empty(), "{} of {tries} missed: {misses:#?}", misses.len());
}

#[test]
fn lists_of_numbers_are_held_against_each_other() {
    // Catches fractions, and lists of ids one of which passes, taken for lists of cards.
    for value in [
        "4111111111111111,25",
        "25,4111111111111111",
        "4111111111111111,4111111111111112",
        "4111111111111112,4111111111111111,5555555555554443",
        "4111-1111-1111-1111,25",
        "1,234,4111111111111111,567",
        "4111111111111111,41111111111111111111",
    ] {
        assert!(!look("c", value.as_bytes()).has(DataClass::Pan), "{value}");
    }
}

#[test]
fn names_and_groups_say_card_and_bare_digits_do_not() {
    // Catches a vote that is told of a name where there is none: it would then take one bare number for proof.
    let number = "4111111111111111";
    for (key, value, named) in [
        ("cardNumber", number, true),
        ("", "4111 1111 1111 1111", true),
        ("", "card: 4111111111111111", true),
        ("", number, false),
        ("discard", number, false),
        ("", "order 4111111111111111", false),
        ("", "1234 4111 1111 1111 1111", false),
    ] {
        let found = look(key, value.as_bytes());
        assert!(found.has(DataClass::Pan) && found.is_marked(Mark::Named) == named, "{key}={value}");
    }
    assert!(look("", b"4111111111111112").is_marked(Mark::Refuted));
}

#[test]
fn short_and_glued_numbers_count_under_a_name_only() {
    // Catches order numbers and accounts of twelve digits taken for cards of Maestro.
    for (key, value, found) in [
        ("pan", "PAN4111111111111111", true),
        ("cardNumber", "4111111111111111X", true),
        ("cardNumber", "675964982648", true),
        ("card.number", "MAESTRO675964982648", true),
        ("order", "PAN4111111111111111", false),
        ("", "PAN4111111111111111", false),
        ("account", "675964982648", false),
        ("", "675964982648", false),
        ("cardNumber", "411111111112", false),
        ("cardNumber", "A4111111111111111B", false),
        ("cardNumber", "REFERENCENO4111111111111111", false),
        ("cardNumber", "A1B4111111111111111", false),
    ] {
        let looked = look(key, value.as_bytes());
        assert_eq!((looked.has(DataClass::Pan), looked.is_marked(Mark::Named)), (found, found), "{key}={value}");
    }
    for wrong in ["PAN4111111111111112", "675964982649"] {
        assert!(look("pan", wrong.as_bytes()).is_marked(Mark::Refuted), "{wrong}");
    }
    // Random numbers glued to a prefix, and of twelve digits, under a name: the vote must not take them.
    let mut dice = Dice(17);
    let makes: [fn(&mut Dice) -> String; 2] = [|d| format!("REF4{}", d.digits(15)), |d| format!("67{}", d.digits(10))];
    for make in makes {
        let mut field = Classes::default();
        (0..1_500).for_each(|_| field.note(look("card_ref", make(&mut dice).as_bytes())));
        assert!(field.count(DataClass::Pan) > 50 && field.carried(1_500).is_none(), "{}", field.count(DataClass::Pan));
    }
}

#[test]
fn cards_that_are_masked_are_told_from_cards() {
    for (key, value) in [
        ("", "411111******1111"),
        ("", "4111-11**-****-1111"),
        ("", "XXXX-XXXX-XXXX-1111"),
        ("", "**** **** **** 1111"),
        ("", "xxxxxxxxxxxx1111"),
        ("", "\u{2022}\u{2022}\u{2022}\u{2022} \u{2022}\u{2022}\u{2022}\u{2022} \u{2022}\u{2022}\u{2022}\u{2022} 1111"),
        ("", "411111...1111"),
        ("", "paid with 411111******1111 today"),
        ("card", "****1111"),
        ("last4", "1111"),
        ("card_last_four", "1111"),
        ("bin", "411111"),
    ] {
        let found = look(key, value.as_bytes());
        assert!(found.has(DataClass::MaskedPan), "{key}={value}");
        assert!(!found.has(DataClass::Pan), "{key}={value}");
    }
    for (key, value) in [
        ("", "4111111111111111"),
        ("", "***-**-1234"),
        ("", "****1111"),
        ("", "**********"),
        ("ssn_last4", "1234"),
        ("phone_last4", "1234"),
        ("", "1920x1080"),
        ("", "0.1...1234"),
        ("", "999999******1111"),
        ("bin", "011111"),
    ] {
        assert!(!look(key, value.as_bytes()).has(DataClass::MaskedPan), "{key}={value}");
    }
}

#[test]
fn sensitive_authentication_data_is_found() {
    for (key, value, class) in [
        ("", "%B4111111111111111^DOE/JOHN^27121010000000000000?", DataClass::TrackData),
        ("", ";4111111111111111=27121010000000000000?", DataClass::TrackData),
        ("track2", "4111111111111111D27121010000000000", DataClass::TrackData),
        ("cvv", "123", DataClass::Cvv),
        ("cardSecurityCode", "1234", DataClass::Cvv),
        ("cvc2", "123", DataClass::Cvv),
        ("card_verification_value", "123", DataClass::Cvv),
        ("pinBlock", "0412AC89ABCDEF67", DataClass::PinBlock),
        ("encrypted_pin", "0412AC89ABCDEF67", DataClass::PinBlock),
        ("pin", "1234", DataClass::Pin),
        ("exp_month", "12", DataClass::CardExpiry),
        ("card.exp_year", "2027", DataClass::CardExpiry),
        ("expiryDate", "12/27", DataClass::CardExpiry),
        ("expiry", "1227", DataClass::CardExpiry),
        ("cardExpiry", "2712", DataClass::CardExpiry),
        ("exp", "12 / 27", DataClass::CardExpiry),
        ("cc_exp", "1/2027", DataClass::CardExpiry),
        ("card.mmyy", "1227", DataClass::CardExpiry),
        ("card[yymm]", "2712", DataClass::CardExpiry),
        ("note", "my cvv: 123", DataClass::Cvv),
        ("", "SSN 536-22-1234", DataClass::UsSsn),
    ] {
        assert!(look(key, value.as_bytes()).has(class), "{key}={value}");
    }
    for (key, value) in [
        ("code", "123"),
        ("country_code", "123"),
        ("verification_code", "1234"),
        ("pin_code", "560001"),
        ("pinned", "1234"),
        ("expires", "2027-12-01T00:00:00Z"),
        ("exp", "1735689600"),
        ("expires_in", "3600"),
        ("expires_in", "2592"),
        ("expiry", "1960"),
        ("expiry", "2713"),
        ("mmyy", "1227"),
        ("card", "1227"),
        ("month", "12"),
        ("cvv", "***"),
        ("", "4111111111111111=hello"),
    ] {
        let found = look(key, value.as_bytes());
        let odd = [DataClass::Cvv, DataClass::Pin, DataClass::PinBlock, DataClass::CardExpiry, DataClass::TrackData];
        assert!(!odd.iter().any(|class| found.has(*class)), "{key}={value}");
    }
}

/// Deterministic noise.
pub(in super::super) struct Dice(pub(in super::super) u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 24) % below
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + u8::try_from(self.roll(10)).unwrap())).collect()
    }

    fn of(&mut self, n: usize, alphabet: &str) -> String {
        (0..n)
            .map(|_| char::from(alphabet.as_bytes()[usize::try_from(self.roll(alphabet.len() as u64)).unwrap()]))
            .collect()
    }
}

const HEX: &str = "0123456789abcdef";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn uuid(d: &mut Dice) -> String {
    format!("{}-{}-4{}-a{}-{}", d.of(8, HEX), d.of(4, HEX), d.of(3, HEX), d.of(3, HEX), d.of(12, HEX))
}

fn date(d: &mut Dice) -> String {
    format!("{}-{:02}-{:02}", 2000 + d.roll(30), 1 + d.roll(12), 1 + d.roll(28))
}

fn clock(d: &mut Dice) -> String {
    format!("{:02}:{:02}:{:02}", d.roll(24), d.roll(60), d.roll(60))
}

pub(in super::super) type Kind = (&'static str, fn(&mut Dice) -> String);

/// What is not sensitive and looks a little like it. Names say nothing, or something else.
pub(in super::super) const KINDS: &[Kind] = &[
    ("created_at", |d| format!("{}", 1_500_000_000 + d.roll(300_000_000))),
    ("updated", |d| format!("{}T{}.{}Z", date(d), clock(d), d.digits(6))),
    ("date", |d| format!("{} {}", date(d), clock(d))),
    ("amount", |d| format!("{}.{}", d.roll(1_000_000), d.digits(2))),
    ("ratio", |d| format!("0.{}", d.digits(16))),
    ("ratio", |d| format!("-{}.{}e-{}", d.roll(10), d.digits(15), d.roll(300))),
    ("score", |d| format!("{}.{}", d.digits(13), d.digits(2))),
    ("order_number", |d| format!("{}-{}-{}", d.digits(3), d.digits(7), d.digits(7))),
    ("order", |d| format!("ORD-{}-{}", date(d).replace('-', ""), d.digits(8))),
    ("order_id", |d| format!("ORD{}", d.digits(16))),
    ("invoice", |d| format!("INV/{}/{}", 2000 + d.roll(30), d.digits(6))),
    ("reference", |d| d.digits(10)),
    ("reference", |d| d.digits(12)),
    ("id", uuid),
    ("key", |d| uuid(d).to_uppercase()),
    ("trace_id", |d| d.of(32, HEX)),
    ("sha", |d| d.of(40, HEX)),
    ("digest", |d| d.of(64, HEX)),
    ("etag", |d| format!("W/\"{}\"", d.of(16, HEX))),
    ("blob", |d| d.of(88, BASE64)),
    ("cursor", |d| d.of(24, BASE64)),
    ("version", |d| format!("{}.{}.{}", d.roll(40), d.roll(100), d.roll(1_000))),
    ("version", |d| format!("{}.{}.{}.{}", d.roll(130), d.roll(10), d.roll(9_000), d.roll(256))),
    ("agent", |d| {
        format!(
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/{}.0.{}.{} Safari/537.36",
            d.roll(130),
            d.roll(9_000),
            d.roll(256)
        )
    }),
    ("extension", |d| format!("{}-{}-{}", d.digits(3), d.digits(3), d.digits(4))),
    ("line", |d| format!("{}-{}", d.digits(6), d.digits(4))),
    ("number", |d| d.digits(9)),
    ("number", |d| d.digits(11)),
    ("sku", |d| format!("{}-{}-{}", d.of(3, "ABCDEFGHIJKLMNOP"), d.digits(4), d.digits(4))),
    ("range", |d| format!("bytes {}-{}/{}", d.digits(10), d.digits(10), d.digits(11))),
    ("size", |d| format!("{}x{}", d.digits(4), d.digits(4))),
    ("mac", |d| {
        format!("{}:{}:{}:{}:{}:{}", d.of(2, HEX), d.of(2, HEX), d.of(2, HEX), d.of(2, HEX), d.of(2, HEX), d.of(2, HEX))
    }),
    ("offset", |d| format!("+{:02}{:02}", d.roll(14), d.roll(60))),
    ("msg", |d| {
        format!(
            "{}T{}Z INFO [worker-{}] request {} done in {} ms, {} bytes",
            date(d),
            clock(d),
            d.roll(64),
            uuid(d),
            d.roll(9_999),
            d.roll(999_999)
        )
    }),
    ("msg", |d| {
        format!(
            "{} {} kernel: [{}.{}] eth0: link up, {} Mbps",
            date(d),
            clock(d),
            d.digits(6),
            d.digits(6),
            d.roll(10_000)
        )
    }),
    ("msg", |d| {
        format!(
            "at com.example.pay.Ledger.post(Ledger.java:{}) ~[ledger-{}.{}.jar:?]",
            d.roll(2_000),
            d.roll(9),
            d.roll(40)
        )
    }),
    ("msg", |d| {
        format!(
            "panic at 0x{}: read {} of {} in segment {}..{}",
            d.of(12, HEX),
            d.roll(9_999),
            d.roll(9_999),
            d.digits(8),
            d.digits(8)
        )
    }),
    ("msg", |d| {
        format!(
            "systemd[1]: Started session-{}.scope of getty@tty{}.service pid={}",
            d.roll(999),
            d.roll(9),
            d.roll(65_536)
        )
    }),
    ("msg", |d| {
        format!(
            "GET /v1/items/{}?page={}&sort=-created HTTP/1.1 200 {} {}",
            d.digits(8),
            d.roll(99),
            d.roll(99_999),
            d.of(16, HEX)
        )
    }),
    ("times", |d| {
        format!("{},{}", 1_500_000_000_000 + d.roll(300_000_000_000), 1_500_000_000_000 + d.roll(300_000_000_000))
    }),
    ("amounts", |d| format!("4{},{},4{}", d.digits(15), d.digits(2), d.digits(14))),
    ("table", |d| {
        format!("{} {} {} {} {} {}", d.digits(4), d.digits(3), d.digits(5), d.digits(4), d.digits(2), d.digits(4))
    }),
];

/// Plain numbers of a card's length: here one value may pass by chance, and the vote over the field must not.
pub(in super::super) const NUMBERS: &[Kind] = &[
    ("timestamp", |d| format!("{}", 1_500_000_000_000 + d.roll(300_000_000_000))),
    ("timestamp", |d| format!("{}", 1_500_000_000_000_000 + d.roll(300_000_000_000_000))),
    ("timestamp", |d| format!("{}", 1_500_000_000_000_000_000 + d.roll(300_000_000_000_000_000))),
    ("order_number", |d| d.digits(13)),
    ("order_number", |d| d.digits(14)),
    ("order_number", |d| d.digits(15)),
    ("order_number", |d| d.digits(16)),
    ("order_number", |d| format!("4{}", d.digits(15))),
    ("order_number", |d| format!("5{}", d.digits(15))),
    ("order_number", |d| format!("6{}", d.digits(17))),
    ("order_number", |d| d.digits(19)),
    ("card_id", |d| format!("4{}", d.digits(15))),
    ("ids", |d| format!("4{},{},5{}", d.digits(15), d.digits(16), d.digits(15))),
    ("ids", |d| format!("4{},4{}", d.digits(15), d.digits(15))),
    ("msg", |d| format!("{} order {} of batch {} shipped", date(d), d.digits(16), d.digits(16))),
    ("table", |d| format!("{} {} {} {} {}", d.digits(4), d.digits(4), d.digits(4), d.digits(4), d.digits(4))),
];

#[test]
fn three_hundred_thousand_lines_of_nothing_are_nothing() {
    // False positives, at the level of one look. Catches a check that chance passes once in a hundred thousand.
    let mut dice = Dice(7);
    let mut wrong = Vec::new();
    let mut lines = 0;
    for round in 0..(304_000 / KINDS.len()) {
        for (key, make) in KINDS {
            let value = make(&mut dice);
            lines += 1;
            let key = if round % 2 == 0 { *key } else { "" };
            let found = look(key, value.as_bytes());
            if found.iter().next().is_some() {
                wrong.push(format!("{key}={value}: {:?}", found.iter().collect::<Vec<_>>()));
            }
        }
    }
    assert!(lines >= 300_000);
    assert!(wrong.is_empty(), "{} of {lines}: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

#[test]
fn fields_of_plain_numbers_carry_nothing() {
    // False positives, at the level of the vote: 42,000 lines in fields of 1,500. Catches a vote that chance wins.
    let mut dice = Dice(11);
    let mut passed = 0_u64;
    for (key, make) in NUMBERS {
        for key in ["", *key] {
            let mut field = Classes::default();
            for _ in 0..1_500 {
                field.note(look(key, make(&mut dice).as_bytes()));
            }
            passed += field.count(DataClass::Pan);
            let carried: Vec<_> = field.carried(1_500).iter().collect();
            assert!(carried.is_empty(), "{key} {carried:?}");
        }
    }
    assert!(passed > 500, "{passed}: the generator makes no numbers that pass, so it tests nothing");
}

#[test]
fn bodies_without_names_full_of_nothing_carry_nothing() {
    // False positives of logs, tables and pages: the same values, a body of 1,500 of each, with their names and without.
    let mut dice = Dice(13);
    for (key, make) in KINDS.iter().chain(NUMBERS) {
        let values: Vec<String> = (0..1_500).map(|_| make(&mut dice)).collect();
        let line = |value: &String| format!("{value}\n{key}: {value}\n");
        let cell = |value: &String| format!("\"{}\",x\n", value.replace('"', "\"\""));
        let texts = [
            (BodyKind::Text, values.iter().map(line).collect::<String>()),
            (BodyKind::Csv, format!("{key},note\n{}", values.iter().map(cell).collect::<String>())),
            (BodyKind::Html, values.iter().map(|value| format!("<tr><td>{value}</td></tr>")).collect()),
        ];
        for (kind, text) in texts {
            let mut shape = read_plain(kind, text.as_bytes(), TextEnd::Whole).unwrap();
            assert!(shape.seen >= 1_500, "{key} {kind:?}");
            shape.vote();
            shape.fields.values_mut().for_each(Shape::vote);
            let carried: Vec<_> = shape.fields.values().chain([&shape]).flat_map(|place| place.data.iter()).collect();
            assert!(carried.is_empty(), "{key} {kind:?}: {carried:?}");
        }
    }
}

#[test]
fn fields_of_cards_carry_cards() {
    let (mut bare, mut lines) = (Classes::default(), Classes::default());
    for (_, number) in published() {
        bare.note(look("value", number.as_bytes()));
        lines.note(look("msg", format!("charging {number} now").as_bytes()));
    }
    assert!(bare.carried(200).has(DataClass::Pan) && lines.carried(200).has(DataClass::Pan));
}

#[test]
fn hostile_values_cost_no_more_than_their_length() {
    // Catches a look that reads on to the end from every place: sixteen times the length may not cost as much again and again.
    for unit in [
        "4111 ",
        "eyJ=",
        "eyJ.",
        "a@",
        "@",
        "sk_live_:",
        "=",
        "x",
        "*1",
        "DE89 ",
        "-----BEGIN ",
        "4",
        "B4^",
        "..",
        "1-",
        "card ",
        "cvv 1 ",
        "ssn is 123 ",
        "no no no no 123 ",
    ] {
        let name = unit.repeat(16);
        assert_linear_from(
            4 << 10,
            unit,
            |n| unit.repeat(n / unit.len()).into_bytes(),
            |value| {
                std::hint::black_box(look(&name, value));
            },
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_looked_at(key in "\\PC{0,60}", value in prop::collection::vec(any::<u8>(), 0..400)) {
        // Catches an index out of bounds behind a cut or a mark at either end.
        let _ = look(&key, &value);
    }

    #[test]
    fn what_nearly_fits_is_looked_at(
        key in "(card|ssn|phone|iban|exp_month|dob|lat|token|pin_block|address|cvv|zip|national_id){1,3}",
        value in "[0-9 .*Xx=^%B;/@:+A-F-]{0,80}",
    ) {
        let _ = look(&key, value.as_bytes());
    }
}
