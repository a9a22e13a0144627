//! One look at one value: which classes of sensitive data it shows.
//!
//! In: the name a value stands under, and the value, decoded (JSON string or number, form value, header, XML text, path
//! segment). Out: a set of classes; the value goes no further. Whether a field carries a class is voted over many
//! looks (`api::Classes`). Each family says what it takes to be worth asking, so that most values cost a count of
//! their digits and no more.

use super::words::{Topic, Words};
use super::{bank, cards, national, personal, said, secrets};
use crate::api::{DataClass, DataClasses, Mark};

/// The classes that `value` shows under the name `key`: the name of the field or parameter, or the names on the way to it
/// (`card.number`), which says more; nothing where there is none. Pure, allocates nothing, linear in the length of both.
#[must_use]
pub fn look(key: &str, value: &[u8]) -> DataClasses {
    let value = value.trim_ascii();
    if value.is_empty() {
        return DataClasses::NONE;
    }
    let words = Words::of(key.as_bytes());
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let mut found = DataClasses::NONE;
    if digits >= 4 {
        found = found.and(with_digits(value, digits, words));
    }
    if digits >= 3 && digits + 4 <= value.len() {
        found = found.and(said::said(value));
    }
    if value.len() >= 16 {
        found = found.and(secrets::tokens(value)).and(secrets::private_key(value));
    }
    found = found.and(personal::mail(value));
    if value.len() <= WHOLE && !words.say_nothing() {
        found = found
            .and(cards::named(value, words))
            .and(bank::named(value, words))
            .and(personal::named(value, words))
            .and(secrets::named(value, words));
    }
    if value.len() <= SHORT {
        found = found.and(personal::network(value, words)).and(personal::place(value, words));
    }
    found
}

/// The same of a value that alone among others stands under this name: what the name says of a number holds for this one, whatever
/// the others are.
#[must_use]
pub(in crate::observe) fn look_said(key: &str, value: &[u8]) -> DataClasses {
    let mut found = look(key, value);
    if key.is_empty() || !(found.has(DataClass::Cvv) || found.has(DataClass::UsSsn)) {
        return found;
    }
    let words = Words::of(key.as_bytes());
    if found.has(DataClass::Cvv) && words.has(Topic::Cvv) {
        found = found.marked(Mark::SaidCvv);
    }
    if found.has(DataClass::UsSsn) && words.any(&[Topic::Ssn, Topic::Social]) {
        found = found.marked(Mark::SaidSsn);
    }
    found
}

/// What has digits in it, of those there are `digits`.
fn with_digits(value: &[u8], digits: usize, words: Words) -> DataClasses {
    let mut found = DataClasses::NONE;
    if digits >= 13 {
        found = found.and(cards::numbers(value, words));
    }
    if digits >= 12 && value.len() <= SHORT {
        found = found.and(cards::glued(value, words));
    }
    if digits >= 8 {
        found = found.and(bank::ibans(value, words));
    }
    if may_be_masked(value) {
        found = found.and(cards::masked(value, words));
    }
    if digits >= 6 && value.len() <= SHORT {
        found = found.and(national::national(value, words)).and(personal::phone(value, words));
    }
    found
}

/// Two mask characters in a row, or one that is no ASCII. Words have an `x`, and numbers a dot, but not two.
fn may_be_masked(value: &[u8]) -> bool {
    let twice = |at: usize| value.get(at + 1) == value.get(at);
    memchr::memchr3_iter(b'*', b'X', b'x', value).any(twice)
        || memchr::memchr2_iter(b'#', b'.', value).any(twice)
        || memchr::memchr2(0xe2, 0xc2, value).is_some()
}

/// Values of which a name may say what they are as a whole; what is longer is text.
const WHOLE: usize = 256;
/// Numbers, addresses of networks and places are not longer.
const SHORT: usize = 64;

#[cfg(test)]
#[path = "look_tests.rs"]
pub(super) mod tests;
