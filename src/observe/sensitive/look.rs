//! One look at one value: which classes of sensitive data it shows.
//!
//! In: the name a value stands under, and the value, decoded (JSON string, form value, header, XML text, path
//! segment). Out: a set of classes; the value goes no further. Whether a field carries a class is voted over many
//! looks (`api::Classes`).

use crate::api::{DataClass, DataClasses};
use crate::observe::formats::{is_digits, is_email};

use super::super::card::is_card;

/// The classes that `value` shows under the name `key`: the name of the field or parameter, or a path of names
/// (`card.number`), or nothing where there is none. Pure, allocates nothing, linear in the length of both.
#[must_use]
pub fn look(_key: &str, value: &[u8]) -> DataClasses {
    let value = value.trim_ascii();
    if is_digits(value) && is_card(value) {
        DataClass::Pan.into()
    } else if is_email(value) {
        DataClass::Email.into()
    } else {
        DataClasses::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_and_an_address_are_seen() {
        assert_eq!(look("", b" 4111111111111111"), DataClass::Pan.into());
        assert_eq!(look("to", b"alice@example.com"), DataClass::Email.into());
        assert!(look("id", b"4111111111111112").is_empty() && look("", b"").is_empty());
    }
}
