//! Bank accounts: IBAN by its check digits, others by what their name says.
//!
//! In: a value and the words of its name. Out: classes.

use super::words::{Topic, Words};
use crate::api::{DataClass, DataClasses};
use crate::observe::formats::is_digits;

/// An IBAN anywhere in the value, with or without spaces.
pub(super) fn ibans(value: &[u8], words: Words) -> DataClasses {
    let named = words.has(Topic::Iban);
    let mut word = true;
    for (at, pair) in value.windows(4).enumerate() {
        let begins = word;
        word = !pair[0].is_ascii_alphanumeric();
        let letters = if named {
            pair[..2].iter().all(u8::is_ascii_alphabetic)
        } else {
            pair[..2].iter().all(u8::is_ascii_uppercase)
        };
        if begins && letters && is_digits(&pair[2..]) && is_iban(&value[at..], named) {
            return DataClass::Iban.into();
        }
    }
    DataClasses::NONE
}

/// ISO 13616: country, two check digits, a length that goes with the country, remainder 1 by 97 (ISO 7064). The text may
/// go on behind it, not as a word. Looks at 43 bytes at most.
fn is_iban(text: &[u8], named: bool) -> bool {
    let country = [text[0].to_ascii_uppercase(), text[1].to_ascii_uppercase()];
    let Some((_, length)) = LENGTHS.iter().find(|(known, _)| *known == country) else { return false };
    let length = usize::from(*length);
    let mut held = [0_u8; 34];
    let mut filled = 0;
    let mut at = 0;
    while filled < length {
        match text.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                held[filled] = byte.to_ascii_uppercase();
                filled += 1;
            }
            // Groups of four; with dashes a UUID would pass now and then.
            Some(mark @ (b' ' | b'-'))
                if filled > 0
                    && filled.is_multiple_of(4)
                    && text[at - 1].is_ascii_alphanumeric()
                    && (*mark == b' ' || named) => {}
            _ => return false,
        }
        at += 1;
    }
    let number = &held[..length];
    !text.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') && remainder(number) == 1
}

/// The first four to the end, letters as 10 to 35.
fn remainder(number: &[u8]) -> u32 {
    let (front, rest) = number.split_at(4);
    rest.iter().chain(front).fold(0, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        letter => (sum * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}

/// Account and bank numbers, of which only the name tells.
pub(super) fn named(value: &[u8], words: Words) -> DataClasses {
    if words.has(Topic::Routing) && value.len() == 9 && is_digits(value) {
        let weights = [3, 7, 1, 3, 7, 1, 3, 7, 1];
        let sum: u32 = value.iter().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        // All zeros would pass.
        return if sum > 0 && sum.is_multiple_of(10) { DataClass::RoutingNumber.into() } else { DataClasses::NONE };
    }
    let account = words.has(Topic::Account)
        && words.any(&[Topic::Number, Topic::Bank])
        && words.ends(&[Topic::Number, Topic::Account])
        && !words.any(&[Topic::Card, Topic::Routing, Topic::Last]);
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let written = value.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b' '));
    if account && written && (6..=17).contains(&digits) { DataClass::BankAccount.into() } else { DataClasses::NONE }
}

/// Length by country, from the registry of ISO 13616 that SWIFT keeps.
const LENGTHS: &[([u8; 2], u8)] = &[
    (*b"AD", 24),
    (*b"AE", 23),
    (*b"AL", 28),
    (*b"AT", 20),
    (*b"AZ", 28),
    (*b"BA", 20),
    (*b"BE", 16),
    (*b"BG", 22),
    (*b"BH", 22),
    (*b"BI", 27),
    (*b"BR", 29),
    (*b"BY", 28),
    (*b"CH", 21),
    (*b"CR", 22),
    (*b"CY", 28),
    (*b"CZ", 24),
    (*b"DE", 22),
    (*b"DJ", 27),
    (*b"DK", 18),
    (*b"DO", 28),
    (*b"EE", 20),
    (*b"EG", 29),
    (*b"ES", 24),
    (*b"FI", 18),
    (*b"FK", 18),
    (*b"FO", 18),
    (*b"FR", 27),
    (*b"GB", 22),
    (*b"GE", 22),
    (*b"GI", 23),
    (*b"GL", 18),
    (*b"GR", 27),
    (*b"GT", 28),
    (*b"HN", 28),
    (*b"HR", 21),
    (*b"HU", 28),
    (*b"IE", 22),
    (*b"IL", 23),
    (*b"IQ", 23),
    (*b"IS", 26),
    (*b"IT", 27),
    (*b"JO", 30),
    (*b"KW", 30),
    (*b"KZ", 20),
    (*b"LB", 28),
    (*b"LC", 32),
    (*b"LI", 21),
    (*b"LT", 20),
    (*b"LU", 20),
    (*b"LV", 21),
    (*b"LY", 25),
    (*b"MC", 27),
    (*b"MD", 24),
    (*b"ME", 22),
    (*b"MK", 19),
    (*b"MN", 20),
    (*b"MR", 27),
    (*b"MT", 31),
    (*b"MU", 30),
    (*b"NI", 28),
    (*b"NL", 18),
    (*b"NO", 15),
    (*b"OM", 23),
    (*b"PK", 24),
    (*b"PL", 28),
    (*b"PS", 29),
    (*b"PT", 25),
    (*b"QA", 29),
    (*b"RO", 24),
    (*b"RS", 22),
    (*b"RU", 33),
    (*b"SA", 24),
    (*b"SC", 31),
    (*b"SD", 18),
    (*b"SE", 24),
    (*b"SI", 19),
    (*b"SK", 24),
    (*b"SM", 27),
    (*b"SO", 23),
    (*b"ST", 25),
    (*b"SV", 28),
    (*b"TL", 23),
    (*b"TN", 24),
    (*b"TR", 26),
    (*b"UA", 29),
    (*b"VA", 22),
    (*b"VG", 24),
    (*b"XK", 20),
    (*b"YE", 30),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, value: &str) -> DataClasses {
        let words = Words::of(key.as_bytes());
        ibans(value.as_bytes(), words).and(named(value.as_bytes(), words))
    }

    #[test]
    fn ibans_of_the_registry_are_found() {
        // The examples of the registry, one a length. Catches a wrong length or remainder, and a lost group.
        for iban in [
            "NO9386011117947",
            "BE68539007547034",
            "DK5000400440116243",
            "SI56263300012039086",
            "AT611904300234573201",
            "CH9300762011623852957",
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "AE070331234567890123456",
            "SE4550000000058398257466",
            "PT50000201231234567890154",
            "IS140159260076545510730339",
            "FR1420041010050500013M02606",
            "PL61109010140000071219812874",
            "BR9700360305000010009795493P1",
            "KW81CBKU0000000000001234560101",
            "MT84MALT011000012345MTLCAST001S",
            "LC55HEMM000100010012001200023015",
            "NL91ABNA0417164300",
            "IT60X0542811101000000123456",
        ] {
            let spaced: Vec<&str> = (0..iban.len()).step_by(4).map(|at| &iban[at..(at + 4).min(iban.len())]).collect();
            for text in
                [iban.to_owned(), spaced.join(" "), format!("pay to {iban}, please"), format!("<Acct>{iban}</Acct>")]
            {
                assert_eq!(found("", &text), DataClass::Iban.into(), "{text}");
            }
            assert_eq!(found("iban", &iban.to_lowercase()), DataClass::Iban.into(), "{iban}");
            let mut wrong = iban.to_owned().into_bytes();
            wrong[2] = if wrong[2] == b'9' { b'0' } else { wrong[2] + 1 };
            assert!(found("", std::str::from_utf8(&wrong).unwrap()).is_empty(), "a wrong check digit");
            assert!(
                found("", &format!("{iban}A")).is_empty() && found("", &format!("A{iban}")).is_empty(),
                "a longer word"
            );
        }
        assert!(found("iban", "").is_empty() && found("iban", "DE89").is_empty() && found("iban", "DE").is_empty());
    }

    #[test]
    fn accounts_have_names() {
        assert_eq!(found("accountNumber", "000123456789"), DataClass::BankAccount.into());
        assert_eq!(found("bank_account", "12-3456-7890123-00"), DataClass::BankAccount.into());
        assert_eq!(found("routing_number", "021000021"), DataClass::RoutingNumber.into());
        assert_eq!(found("aba", "011401533"), DataClass::RoutingNumber.into());
        // Catches names that only hold the word: ids of accounts are no numbers of banks.
        for (key, value) in [
            ("account_id", "12345678"),
            ("account", "12345678"),
            ("routing_number", "021000022"),
            ("routing_key", "000000000"),
            ("account_number_last", "12345678"),
            ("number", "12345678"),
            ("account_number", "12345"),
        ] {
            assert!(found(key, value).is_empty(), "{key}");
        }
    }
}
