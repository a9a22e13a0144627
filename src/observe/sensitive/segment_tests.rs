//! Recall on what is published, silence on ids, in paths.

use std::collections::BTreeMap;

use super::super::look::tests::{Dice, KINDS, NUMBERS, in_groups, published};
use super::*;
use crate::api::{Classes, Mark};
use crate::observe::classify_segment;

fn seen(before: &str, text: &str) -> DataClasses {
    look_at_segment(before, text, classify_segment(text))
}

#[test]
fn published_numbers_are_found_in_paths() {
    // Catches a segment that is not looked at: for its class, its affix, its length or the words before it.
    let (mut tries, mut misses) = (0_u32, Vec::new());
    for (scheme, number) in published() {
        let (spaced, dashed) = (in_groups(number, " "), in_groups(number, "-"));
        for (before, text, named) in [
            ("cards/", number.to_owned(), Some(true)),
            ("card/number/", number.to_owned(), Some(true)),
            ("api/pan/", number.to_owned(), Some(true)),
            ("", number.to_owned(), Some(false)),
            ("orders/", number.to_owned(), Some(false)),
            ("cards/", format!("{number}.json"), Some(true)),
            ("accounts/", format!("{number}:cancel"), Some(false)),
            ("x/", spaced, None),
            ("x/", dashed, None),
        ] {
            tries += 1;
            let found = seen(before, &text);
            if !found.has(DataClass::Pan) || named.is_some_and(|named| found.is_marked(Mark::Named) != named) {
                misses.push(format!("{scheme}: {before}{text}"));
            }
        }
    }
    assert!(tries > 1_000, "{tries}");
    assert!(misses.is_empty(), "{} of {tries} missed: {misses:#?}", misses.len());
}

#[test]
fn other_classes_are_found_in_paths() {
    for (before, text, class) in [
        ("users/", "alice@example.com", DataClass::Email),
        ("users/", "alice@example.com.json", DataClass::Email),
        ("accounts/", "DE89370400440532013000", DataClass::Iban),
        ("accounts/", "GB29NWBK60161331926819", DataClass::Iban),
        ("iban/", "gb29nwbk60161331926819", DataClass::Iban),
        ("contacts/", "+14155552671", DataClass::Phone),
        ("msisdn/", "4915112345678", DataClass::Phone),
        ("phone/number/", "4155552671", DataClass::Phone),
        ("people/", "219-09-9998", DataClass::UsSsn),
        ("ssn/", "219099998", DataClass::UsSsn),
        ("cpf/", "52998224725", DataClass::BrCpf),
        ("customers/", "529.982.247-25", DataClass::BrCpf),
        ("ips/", "10.0.0.1", DataClass::IpAddress),
        ("hosts/", "2001:db8::7", DataClass::IpAddress),
        ("verify/", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", DataClass::Jwt),
        ("invite/token/", "9f8aB2x71cQQw3L0z9", DataClass::Secret),
        ("cards/", "411111******1111", DataClass::MaskedPan),
    ] {
        assert!(seen(before, text).has(class), "{before}{text}: {:?}", seen(before, text).iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_stands_before_names_a_thing_and_not_the_value() {
    // Catches ids taken for what their collection is called.
    for (before, text) in [
        ("phones/", "4155552671"),
        ("bank-accounts/", "12345678901"),
        ("passports/", "A12345678"),
        ("pins/", "123456789"),
        ("pin/", "123456789"),
        ("bin/", "411111"),
        ("documents/", "219099998"),
        ("document/", "219099998"),
        ("tax/", "219099998"),
        ("tokens/", "9f8aB2x71cQQw3L0z9"),
        ("token/", "0x52908400098527886e0f7030069857d2e4169ee7"),
        ("names/", "alice-b4c0"),
        ("zip/", "94107-1234"),
        ("address/", "12 High Street"),
        ("password/", "reset"),
        ("users/", "4155552671"),
        ("ssn/", "0000"),
    ] {
        assert!(seen(before, text).iter().next().is_none(), "{before}{text}");
    }
}

#[test]
fn three_hundred_thousand_ids_in_paths_are_no_data() {
    // False positives, at the level of a place. Catches a look that chance passes, and a vote that it wins: order numbers and
    // timestamps of a card's length are right once in ten.
    let mut dice = Dice(23);
    let nouns =
        ["", "orders/", "users/", "cards/", "api/v1/events/", "transactions/", "accounts/", "card/id/", "devices/"];
    let mut places: BTreeMap<(usize, &str), (u64, Classes)> = BTreeMap::new();
    let mut lines = 0;
    let mut passed = 0;
    for round in 0_usize..6_400 {
        for (at, (_, make)) in KINDS.iter().chain(NUMBERS).enumerate() {
            let value = make(&mut dice);
            // What has slashes is no segment; a table of numbers in fours is card numbers often enough, and no id.
            let text = value.split('/').next().unwrap_or_default();
            if text.is_empty() || text.matches(' ').count() > 3 {
                continue;
            }
            let noun = nouns[round % nouns.len()];
            let found = seen(noun, text);
            lines += 1;
            passed += u64::from(found.has(DataClass::Pan));
            let (looked, classes) = places.entry((at, noun)).or_default();
            *looked += 1;
            classes.note(found);
        }
    }
    assert!(lines >= 300_000 && passed > 500, "{lines} lines, {passed} passed");
    for ((at, noun), (looked, classes)) in places {
        let carried: Vec<_> = classes.carried(looked).iter().collect();
        assert!(carried.is_empty(), "{noun} {at}: {carried:?}");
    }
}
