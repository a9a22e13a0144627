//! What tells of a person: mail and telephone, names, addresses, birth dates, network addresses, places.
//!
//! In: a value and the words of its name. Out: classes. Names and addresses have no form of their own: there the name
//! of the field says it, and the value only must not contradict.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::words::{Topic, Words};
use crate::api::{DataClass, DataClasses};
use crate::observe::formats::{is_date, is_date_time, is_decimal, is_digits, is_email, is_url};

/// An e-mail address anywhere in the value.
pub(super) fn mail(value: &[u8]) -> DataClasses {
    for at in memchr::memchr_iter(b'@', value) {
        // Neither side holds another `@`, so no byte is looked at more than twice.
        let front = &value[at.saturating_sub(65)..at];
        let from = front.iter().rposition(|b| !is_local(*b)).map_or(0, |at| at + 1);
        let back = &value[at + 1..(at + 257).min(value.len())];
        let to =
            back.iter().position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'-')).unwrap_or(back.len());
        // The full stop of a sentence.
        let host = back[..to].trim_ascii_end();
        let host = host.strip_suffix(b".").unwrap_or(host);
        let whole = &value[at - (front.len() - from)..at + 1 + host.len()];
        // `https://user:secret@host.com`, `getty@tty1.service`, `logo@2x.png`.
        let token = front.iter().rposition(u8::is_ascii_whitespace).map_or(front, |at| &front[at..]);
        let in_url = memchr::memmem::find(token, b"//").is_some()
            || matches!(back.get(to..), Some([b':', next, ..]) if *next != b' ');
        if !in_url && is_email(whole) && !NO_HOSTS.iter().any(|end| host.ends_with(end)) {
            return DataClass::Email.into();
        }
    }
    DataClasses::NONE
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%' | b'/' | b'\'' | b'!' | b'#' | b'&' | b'~')
}

/// Ends of units and files that stand behind an `@` too.
const NO_HOSTS: &[&[u8]] = &[
    b".service",
    b".socket",
    b".timer",
    b".mount",
    b".slice",
    b".scope",
    b".target",
    b".path",
    b".png",
    b".jpg",
    b".jpeg",
    b".gif",
    b".webp",
    b".svg",
    b".js",
    b".css",
];

/// A telephone number: E.164 with its plus, North America's with its parentheses, any other under a name.
pub(super) fn phone(value: &[u8], words: Words) -> DataClasses {
    if value.len() > 32 {
        return DataClasses::NONE;
    }
    let bare = value.strip_prefix(b"tel:").or_else(|| value.strip_prefix(b"whatsapp:")).unwrap_or(value);
    let named = words.has(Topic::Phone) && !words.any(&[Topic::Id, Topic::Code, Topic::Verification])
        || bare.len() < value.len();
    let mut digits = [0_u8; 16];
    let mut held = 0;
    for (at, byte) in bare.iter().enumerate() {
        match byte {
            b'0'..=b'9' => match digits.get_mut(held) {
                Some(slot) => {
                    *slot = *byte;
                    held += 1;
                }
                None => return DataClasses::NONE,
            },
            b'+' if at == 0 => {}
            b' ' | b'-' | b'(' | b')' | b'.' | b'/' => {}
            _ => return DataClasses::NONE,
        }
    }
    let digits = &digits[..held];
    let is_phone = match bare {
        [b'+', b'1'..=b'9', ..] => is_e164(digits),
        _ if named => (7..=15).contains(&held),
        [b'(', a, _, _, b')', ..] => held == 10 && *a >= b'2' && digits[3] >= b'2' && bare.len() >= 13,
        _ => false,
    };
    if is_phone { DataClass::Phone.into() } else { DataClasses::NONE }
}

/// ITU-T E.164: a country code that is given out, fifteen digits at most; North America has eleven.
fn is_e164(digits: &[u8]) -> bool {
    match digits {
        [b'1', area, _, _, exchange, ..] => digits.len() == 11 && *area >= b'2' && *exchange >= b'2',
        [b'7', rest @ ..] => rest.len() == 10 && matches!(rest[0], b'3' | b'4' | b'6'..=b'9'),
        [a, b, ..] => {
            let country = (a - b'0') * 10 + (b - b'0');
            (9..=15).contains(&digits.len()) && !matches!(country, 28 | 83 | 89 | 99)
                || digits.len() >= 10 && matches!(country, 99)
        }
        _ => false,
    }
}

/// What only a name can say.
pub(super) fn named(value: &[u8], words: Words) -> DataClasses {
    let mut found = DataClasses::NONE;
    if is_birth(value, words) {
        found = found.with(DataClass::BirthDate);
    }
    if is_person(value, words) {
        found = found.with(DataClass::PersonName);
    }
    if is_postal(value, words) {
        found = found.with(DataClass::PostalAddress);
    }
    let licence = words.has(Topic::Driver) && words.has(Topic::Licence) && !words.any(&[Topic::Expiry, Topic::Date]);
    if licence && (5..=20).contains(&value.len()) {
        let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
        if digits >= 4 && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b' ')) && !is_date(value)
        {
            found = found.with(DataClass::DriverLicence);
        }
    }
    found
}

fn is_birth(value: &[u8], words: Words) -> bool {
    if !words.has(Topic::Birth) || words.any(&[Topic::City, Topic::Place]) {
        return false;
    }
    if is_date(value) || is_date_time(value) {
        return true;
    }
    // `31/12/1980`, `12.31.1980`, `1980/12/31`, `19801231`.
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let marks = value.iter().filter(|b| matches!(b, b'/' | b'.' | b'-' | b' ')).count();
    digits + marks == value.len() && (digits == 8 && matches!(marks, 0 | 2) || (6..=7).contains(&digits) && marks == 2)
}

/// Letters, and what joins them; a name that is of a person and not of a file or a product.
fn is_person(value: &[u8], words: Words) -> bool {
    let says = words.has(Topic::Surname)
        || words.has(Topic::Name)
            && words.any(&[Topic::First, Topic::Last, Topic::Person, Topic::Holder, Topic::Card, Topic::Birth])
        || words.ends(&[Topic::Holder]);
    says && !words.any(&[Topic::User, Topic::Mail, Topic::Address, Topic::Id])
        && (2..=100).contains(&value.len())
        && value.iter().any(|b| b.is_ascii_alphabetic() || !b.is_ascii())
        && value
            .iter()
            .all(|b| b.is_ascii_alphabetic() || !b.is_ascii() || matches!(b, b' ' | b'.' | b'-' | b'\'' | b',' | b'/'))
        && !is_nothing(value)
}

/// What is written where nothing is known.
pub(super) fn is_nothing(value: &[u8]) -> bool {
    [&b"true"[..], b"false", b"null", b"none", b"undefined", b"unknown", b"nan", b"n/a", b"na", b"-"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(value))
}

fn is_postal(value: &[u8], words: Words) -> bool {
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic() || !b.is_ascii()).count();
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    if words.any(&[Topic::Mail, Topic::Ip, Topic::Peer, Topic::Id]) || value.len() > 200 || is_nothing(value) {
        return false;
    }
    if words.has(Topic::Postal) && !words.has(Topic::Date) {
        let written = value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-'));
        return written && digits >= 2 && (4..=10).contains(&value.len());
    }
    let street = words.has(Topic::Street) || words.has(Topic::Address) && words.has(Topic::Line);
    if street {
        return letters >= 3 && !is_url(value);
    }
    // A bare `address` may be one of a network, a mailbox or a coin: this one has words and a number of a house.
    words.ends(&[Topic::Address])
        && letters >= 4
        && digits >= 1
        && value.contains(&b' ')
        && !value.contains(&b'@')
        && !is_url(value)
}

/// An address of a network: IPv6 alone, IPv4 only under a name, with a port or a prefix length. `120.0.0.0` is a browser.
pub(super) fn network(value: &[u8], words: Words) -> DataClasses {
    let Ok(text) = std::str::from_utf8(value) else { return DataClasses::NONE };
    if !(7..=64).contains(&text.len()) {
        return DataClasses::NONE;
    }
    // `X-Forwarded-For` lists them; the first is the caller's.
    let first = text.split(',').next().unwrap_or(text).trim();
    let dots = first.bytes().filter(|b| *b == b'.').count();
    let colons = first.bytes().filter(|b| *b == b':').count();
    let is_address = if dots == 3 && colons < 2 {
        let (host, more) = match first.split_once([':', '/']) {
            Some((host, tail)) => (host, is_digits(tail.as_bytes())),
            None => (first, false),
        };
        (more || words.any(&[Topic::Ip, Topic::Peer, Topic::Address, Topic::Person]))
            && host.parse::<Ipv4Addr>().is_ok_and(|address| !address.is_unspecified() && !address.is_broadcast())
    } else if colons >= 2 {
        let bare = first.strip_prefix('[').and_then(|text| text.split_once(']')).map_or(first, |(host, _)| host);
        let bare = bare.split_once(['%', '/']).map_or(bare, |(host, _)| host);
        bare.parse::<Ipv6Addr>().is_ok_and(|address| !address.is_unspecified() && !address.is_loopback())
    } else {
        false
    };
    if is_address { DataClass::IpAddress.into() } else { DataClasses::NONE }
}

/// Latitude, longitude or both, with a fraction that tells a place from a country.
pub(super) fn place(value: &[u8], words: Words) -> DataClasses {
    let is = if let Some(rest) = value.strip_prefix(b"geo:") {
        is_pair(rest) // RFC 5870
    } else if words.any(&[Topic::Latitude]) && !words.has(Topic::Longitude) {
        is_degrees(value, 90.0)
    } else if words.has(Topic::Longitude) && !words.has(Topic::Latitude) {
        is_degrees(value, 180.0)
    } else if words.any(&[Topic::Place, Topic::Latitude]) {
        is_pair(value) || words.has(Topic::Place) && is_degrees(value, 180.0)
    } else {
        false
    };
    if is { DataClass::Geolocation.into() } else { DataClasses::NONE }
}

fn is_pair(value: &[u8]) -> bool {
    let mut parts = value.split(|b| matches!(b, b',' | b';')).map(<[u8]>::trim_ascii);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(a), Some(b), _) => is_degrees(a, 180.0) && is_degrees(b, 180.0),
        _ => false,
    }
}

/// Two decimals are a kilometre.
fn is_degrees(value: &[u8], most: f64) -> bool {
    let fraction = value.iter().rposition(|b| *b == b'.').map_or(0, |at| value.len() - at - 1);
    value.len() <= 24
        && fraction >= 2
        && is_decimal(value)
        && std::str::from_utf8(value).is_ok_and(|text| text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, value: &str) -> DataClasses {
        let words = Words::of(key.as_bytes());
        let value = value.as_bytes();
        mail(value)
            .and(phone(value, words))
            .and(named(value, words))
            .and(network(value, words))
            .and(place(value, words))
    }

    #[test]
    fn what_is_personal_is_seen() {
        for (key, value, class) in [
            ("", "alice@example.com", DataClass::Email),
            ("note", "write to <alice.b+c@mail.example.co.uk>.", DataClass::Email),
            ("note", "a@@b, then bob@example.org!", DataClass::Email),
            ("", "+14155552671", DataClass::Phone),
            ("", "+44 20 7946 0958", DataClass::Phone),
            ("", "(415) 555-2671", DataClass::Phone),
            ("", "tel:0301234567", DataClass::Phone),
            ("mobilePhone", "0171 2345678", DataClass::Phone),
            ("msisdn", "4915112345678", DataClass::Phone),
            ("firstName", "Alice", DataClass::PersonName),
            ("cardholder_name", "DOE/JOHN", DataClass::PersonName),
            ("cardholder", "John Doe", DataClass::PersonName),
            ("last-name", "O'Brien", DataClass::PersonName),
            ("lastname", "M\u{fc}ller", DataClass::PersonName),
            ("street", "12 High Street", DataClass::PostalAddress),
            ("address_line_1", "12 High Street", DataClass::PostalAddress),
            ("addressLine1", "12 High Street", DataClass::PostalAddress),
            ("address", "12 High Street", DataClass::PostalAddress),
            ("zip", "94107", DataClass::PostalAddress),
            ("postcode", "SW1A 1AA", DataClass::PostalAddress),
            ("dob", "1980-12-31", DataClass::BirthDate),
            ("dateOfBirth", "31/12/1980", DataClass::BirthDate),
            ("birthdate", "19801231", DataClass::BirthDate),
            ("ip", "203.0.113.7", DataClass::IpAddress),
            ("remote_addr", "203.0.113.7", DataClass::IpAddress),
            ("clientIp", "203.0.113.7, 10.0.0.1", DataClass::IpAddress),
            ("", "203.0.113.7:443", DataClass::IpAddress),
            ("", "2001:db8::7", DataClass::IpAddress),
            ("lat", "52.5200", DataClass::Geolocation),
            ("longitude", "-13.405", DataClass::Geolocation),
            ("latlng", "52.5200,13.4050", DataClass::Geolocation),
            ("", "geo:52.52,13.40", DataClass::Geolocation),
            ("drivers_license", "D1234567", DataClass::DriverLicence),
        ] {
            assert_eq!(found(key, value), class.into(), "{key}={value}");
        }
    }

    #[test]
    fn what_only_resembles_it_is_not() {
        // Catches a look at the value without the name, or at a part of the name.
        for (key, value) in [
            ("", "logo@2x.png"),
            ("", "getty@tty1.service"),
            ("", "lodash@4.17.21"),
            ("", "https://user:secret@example.com/"),
            ("", "git@github.com:a/b.git"),
            ("", "@@@@"),
            ("", "a@"),
            ("", "@"),
            ("", "4155552671"),
            ("", "415-555-2671"),
            ("", "+0200"),
            ("", "+1.5"),
            ("", "+12345"),
            ("phone_id", "4155552671"),
            ("phone", "12"),
            ("phone", "1234567890123456"),
            ("phone", "iPhone 12"),
            ("name", "Alice"),
            ("product_name", "Widget"),
            ("file_name", "report"),
            ("username", "alice"),
            ("firstName", "true"),
            ("first_name", "4f2a"),
            ("last", "x"),
            ("first", "Alice"),
            ("address", "0x52908400098527886E0F7030069857D2E4169EE7"),
            ("address", "alice at home"),
            ("ip_address", "12 High Street"),
            ("zip", "archive.zip"),
            ("street", "12"),
            ("birth", "soon"),
            ("date", "1980-12-31"),
            ("", "120.0.0.0"),
            ("version", "1.2.3.4"),
            ("ip", "999.1.1.1"),
            ("", "12:34:56"),
            ("", "::"),
            ("", "aa:bb:cc:dd:ee:ff"),
            ("lat", "52"),
            ("lat", "152.52"),
            ("ratio", "52.5200"),
            ("", "52.5200,13.4050"),
            ("position", "3"),
        ] {
            assert!(found(key, value).is_empty(), "{key}={value}: {:?}", found(key, value).iter().collect::<Vec<_>>());
        }
    }
}
