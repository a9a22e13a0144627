//! One look at one segment of a path: the same classes as of any other value, under a name of which less is believed.
//!
//! In: a segment of a value class, and the words right before it. Out: a set of classes. What stands before a segment names a
//! thing and not the value: `/cards/7` is the seventh card, `/phones/5551234` somebody's device. So a name says which check
//! digits to try and what a vote may believe, and alone proves nothing behind a plural. Each request pays for this,
//! not only those that are looked into, so that one card in a million paths is seen: what cannot be anything goes first.

use super::look::look;
use super::words::{Topic, Words};
use crate::api::{DataClass, DataClasses, SegmentClass, split_affix};
use crate::observe::formats::is_digits;

/// The classes that a segment shows. `before`: the words of the path that lead to it, a slash behind each; at most two are
/// asked. Allocates nothing.
pub(in crate::observe) fn look_at_segment(before: &str, text: &str, class: SegmentClass) -> DataClasses {
    // Before an affix is looked for, which costs more than all else that is done for a UUID or for a short number.
    let short = class == SegmentClass::Number && text.len() < NATIONAL_DIGITS && !text.starts_with('+');
    if short || matches!(class, SegmentClass::Word | SegmentClass::Uuid | SegmentClass::Date) {
        return DataClasses::NONE;
    }
    // Some extensions are ends of hosts too.
    let stem = if class == SegmentClass::Email { text } else { split_affix(text).0 };
    let value = stem.as_bytes();
    let alone = match class {
        // IBANs of three countries and more have no other letters.
        SegmentClass::Hex => begins_like_iban(value),
        SegmentClass::Number => value.len() >= CARD_DIGITS || value.starts_with(b"+"),
        _ => value.len() >= SHORTEST,
    };
    let long = value.len() >= NATIONAL_DIGITS || class == SegmentClass::Address;
    let named = long && !before.is_empty() && class != SegmentClass::Hex;
    if !alone && !named {
        return DataClasses::NONE;
    }
    let found = if alone { look("", value) } else { DataClasses::NONE };
    let found = if is_digits(value) { found.only(NOT_DIGITS) } else { found };
    if !named {
        return found;
    }
    let name = name(before);
    let words = Words::of(name.as_bytes());
    if !words.any(TELLING) {
        return found;
    }
    let plural = name.ends_with(['s', 'S']);
    found.and(look(name, value).only(if plural { OF_A_COLLECTION } else { OF_A_NAME }))
}

/// The last word before a segment, and the one before where the last says nothing alone: `card/number`.
fn name(before: &str) -> &str {
    let words = before.strip_suffix('/').unwrap_or(before);
    let Some(last) = words.rfind('/') else { return words };
    let alone = &words[last + 1..];
    let generic = Words::of(alone.as_bytes());
    if generic.len() > 1 || !generic.ends(&[Topic::Number, Topic::Code, Topic::Id]) {
        return alone;
    }
    words[..last].rfind('/').map_or(words, |first| &words[first + 1..])
}

const fn begins_like_iban(value: &[u8]) -> bool {
    matches!(value, [b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', ..]) && value.len() >= 15
}

/// Shorter numbers are no card's.
const CARD_DIGITS: usize = 13;
/// Shorter numbers are no person's.
const NATIONAL_DIGITS: usize = 9;
/// Shorter texts are nothing.
const SHORTEST: usize = 6;

/// Names that say what to try. What only says that it is of a person (`document`, `tax`) is too weak here.
const TELLING: &[Topic] = &[
    Topic::Card,
    Topic::Pan,
    Topic::Iban,
    Topic::Bank,
    Topic::Account,
    Topic::Routing,
    Topic::Ssn,
    Topic::Nino,
    Topic::Dni,
    Topic::Cpf,
    Topic::Aadhaar,
    Topic::Nir,
    Topic::Codice,
    Topic::Pesel,
    Topic::Bsn,
    Topic::Hetu,
    Topic::Personnummer,
    Topic::Ahv,
    Topic::Kimlik,
    Topic::Nric,
    Topic::Sin,
    Topic::Curp,
    Topic::Rut,
    Topic::Passport,
    Topic::Phone,
    Topic::Ip,
    Topic::Token,
    Topic::Secret,
    Topic::Password,
];

const fn set<const N: usize>(classes: [DataClass; N]) -> DataClasses {
    let mut all = DataClasses::NONE;
    let mut at = 0;
    while at < N {
        all = all.with(classes[at]);
        at += 1;
    }
    all
}

/// What plain digits may be without a name. A part of a card's number is none of them.
const NOT_DIGITS: DataClasses = set([DataClass::Pan, DataClass::CnResidentId]);

/// What a value behind a plural may be: a form or a check digit speaks for it too.
const OF_A_COLLECTION: DataClasses = set([
    DataClass::Pan,
    DataClass::Iban,
    DataClass::UsSsn,
    DataClass::UkNino,
    DataClass::EsDni,
    DataClass::BrCpf,
    DataClass::InAadhaar,
    DataClass::InPan,
    DataClass::FrNir,
    DataClass::ItCodiceFiscale,
    DataClass::PlPesel,
    DataClass::NlBsn,
    DataClass::FiHetu,
    DataClass::SePersonnummer,
    DataClass::ChAhv,
    DataClass::TrKimlik,
    DataClass::SgNric,
    DataClass::CaSin,
    DataClass::MxCurp,
    DataClass::ClRut,
    DataClass::IpAddress,
]);

/// What a value behind a singular may be too: `/msisdn/4155552671`, `/token/9f8a...`.
const OF_A_NAME: DataClasses = OF_A_COLLECTION
    .with(DataClass::Phone)
    .with(DataClass::BankAccount)
    .with(DataClass::RoutingNumber)
    .with(DataClass::Passport)
    .with(DataClass::Password)
    .with(DataClass::Secret);

#[cfg(test)]
#[path = "segment_tests.rs"]
mod tests;
