//! Labels of host names that are values: a name may be made up for one caller, and whoever asks writes what he likes into Host
//! and into the hello of TLS.
//!
//! In: a name. Out: the name with such labels replaced by their class in braces, as segments of paths are. Random ids that are no
//! UUIDs stand: clouds name their hosts so.

use std::borrow::Cow;

use super::formats::is_uuid;
use super::sensitive::{begins_like_secret, is_card, is_jwt_head, is_secret_of_any_case, look};
use crate::api::DataClass;

/// Replaces the labels that are values, in place; no class is longer than what it stands for. Before letters lose their case: some
/// secrets are known by it.
pub(super) fn hide_values(host: &mut String) {
    let mut at = 0;
    while let Some(rest) = host.get(at..).filter(|rest| !rest.is_empty()) {
        let end = rest.find('.').unwrap_or(rest.len());
        let length = match rest.get(..end).and_then(class_of) {
            Some(class) => {
                host.replace_range(at..at + end, class);
                class.len()
            }
            None => end,
        };
        at += length + 1;
    }
}

/// The name as it may be kept.
pub(super) fn without_values(name: &str) -> Cow<'_, str> {
    if name.split('.').all(|label| class_of(label).is_none()) {
        return Cow::Borrowed(name);
    }
    let mut name = name.to_owned();
    hide_values(&mut name);
    Cow::Owned(name)
}

/// The class of a label that is a value.
fn class_of(label: &str) -> Option<&'static str> {
    let text = label.as_bytes();
    if text.len() < SHORTEST {
        return None;
    }
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    let mut runs = text.split(|b| !b.is_ascii_digit());
    if digits >= CARD_DIGITS && (runs.any(is_card) || look("", text).has(DataClass::Pan)) {
        return Some("{card}");
    }
    if digits >= SHORTEST && is_iban(text) {
        return Some("{value}");
    }
    if digits >= SHORTEST && text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'_')) && !is_address(label) {
        return Some("{number}");
    }
    if is_uuid(text) {
        return Some("{uuid}");
    }
    (begins_like_secret(text) || is_secret_of_any_case(text) || is_jwt_head(text)).then_some("{token}")
}

/// An IBAN, in letters of any case.
fn is_iban(text: &[u8]) -> bool {
    let mut room = [0; 63];
    let Some(upper) = room.get_mut(..text.len()) else { return false };
    upper.copy_from_slice(text);
    upper.make_ascii_uppercase();
    look("", upper).has(DataClass::Iban)
}

/// `192-0-2-10`, as services of DNS answer for any address.
fn is_address(label: &str) -> bool {
    let mut parts = 0;
    label.split('-').all(|part| {
        parts += 1;
        part.parse::<u8>().is_ok()
    }) && parts == 4
}

/// Digits that make a number somebody's, as nine do in the United States.
const SHORTEST: usize = 9;
/// Shorter numbers are no card's.
const CARD_DIGITS: usize = 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_is_a_value_is_its_class() {
        // Catches a card number, a social security number or a key that stands in every report as a host.
        for (name, kept) in [
            ("4111111111111111.shop.example", "{card}.shop.example"),
            ("4111111111111111", "{card}"),
            ("4111-1111-1111-1111.a", "{card}.a"),
            ("pay-4111111111111111.a", "{card}.a"),
            ("pan4111111111111111.a", "{card}.a"),
            ("159-27-8443.a.4111111111111111.b", "{number}.a.{card}.b"),
            ("915555267112.a", "{number}.a"),
            ("1-415-555-2671.a", "{number}.a"),
            ("8f14e45f-ceea-467a-9575-0123456789ab.a", "{uuid}.a"),
            ("8F14E45F-CEEA-467A-9575-0123456789AB", "{uuid}"),
            ("ghp_4wKC4wKC4wKC4wKC4wKC4wKC4wKC4wKC4wKC", "{token}"),
            ("AKIAIOSFODNN7EXAMPLE.a", "{token}.a"),
            ("akiaiosfodnn7example.a", "{token}.a"),
            ("DE89370400440532013000.a", "{value}.a"),
            ("de89370400440532013000.a", "{value}.a"),
            ("sk_live_8f14e45fceea167a.a", "{token}.a"),
            ("eyJhbGciOiJIUzI1NiJ9.a", "{token}.a"),
            ("eyjhbgcioijiuzi1nij9.a", "{token}.a"),
        ] {
            assert_eq!(without_values(name), kept, "{name}");
            let mut host = name.to_owned();
            hide_values(&mut host);
            assert_eq!(host, kept);
        }
    }

    #[test]
    fn names_stand() {
        // Catches services that become one because clouds and regions are written with digits.
        for name in [
            "shop.example",
            "192.0.2.1",
            "192-0-2-10.dyn.example",
            "192-168-100-200.dyn.example",
            "ip-10-100-120-130.eu-west-1.compute.internal",
            "d111111abcdef8.cdn.example",
            "r3---sn-4g5e6nez.cdn.example",
            "api-2024-03-01.example",
            "2024-03-01.example",
            "a1b2c3d4e5f60718293a4b5c6d7e8f90.example",
            "[2001:db8::7]",
            "xn--bcher-kva.example",
            "aizawamasahiro.example",
            "eyjafjallajokull.example",
            "key-value-store.example",
            "12345678.example",
            "",
            ".",
        ] {
            assert_eq!(without_values(name), name);
        }
    }
}
