//! Formats of texts that can be judged without doubt. Others demand nothing.

/// A text is of this format; `None` where that cannot be told, or the format is not known.
#[must_use]
pub(super) fn is_of_format(format: &str, text: &str) -> Option<bool> {
    let bytes = text.as_bytes();
    Some(match format {
        "date" => is_date(bytes),
        "date-time" => is_date_time(bytes),
        "uuid" => is_uuid(bytes),
        "email" => is_email(text),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        // A zone behind it is RFC 4007's, and no fault of the address.
        "ipv6" => text.split('%').next().is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok()),
        "uri" => has_scheme(bytes),
        _ => return None,
    })
}

/// A number is of this format.
#[must_use]
pub(super) fn is_number_of(format: &str, number: f64) -> bool {
    // The edge itself is rounded: whatever may have been within passes.
    let within = |edge: f64| (-edge..=edge).contains(&number);
    match format {
        "int32" => within(2_147_483_648.0),
        "int64" => within(9_223_372_036_854_775_808.0),
        _ => true,
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    let all = !text.is_empty() && text.len() <= 4 && text.iter().all(u8::is_ascii_digit);
    all.then(|| text.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

/// RFC 3339 section 5.6, `full-date`.
fn is_date(text: &[u8]) -> bool {
    let [year @ .., b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let (Some(year), Some(month), Some(day)) = (digits(year), digits(&[*m1, *m2]), digits(&[*d1, *d2])) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    text.len() == 10 && (1..=days).contains(&day)
}

/// RFC 3339 section 5.6, `date-time`.
fn is_date_time(text: &[u8]) -> bool {
    let (Some(date), Some(b'T' | b't' | b' '), Some(time)) = (text.get(..10), text.get(10), text.get(11..)) else {
        return false;
    };
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = time else { return false };
    let two = |a: &u8, b: &u8, most: u32| digits(&[*a, *b]).is_some_and(|number| number <= most);
    let fraction = |rest: &[u8]| rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let zone = match rest {
        [b'.', rest @ ..] if fraction(rest) > 0 => rest.get(fraction(rest)..).unwrap_or_default(),
        rest => rest,
    };
    let zone = match zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => two(a, b, 23) && two(c, d, 59),
        _ => false,
    };
    is_date(date) && two(h1, h2, 23) && two(m1, m2, 59) && two(s1, s2, 60) && zone
}

/// RFC 9562 section 4, whatever its version.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// As much of RFC 5321 section 4.1.2 as nobody disputes: something, an at sign, something, and no blanks outside quotes.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && (local.starts_with('"') || !text.contains(char::is_whitespace))
    })
}

/// RFC 3986 section 3.1.
fn has_scheme(text: &[u8]) -> bool {
    let end = text.iter().position(|b| !b.is_ascii_alphanumeric() && !b"+-.".contains(b)).unwrap_or(text.len());
    end > 0 && text.first().is_some_and(u8::is_ascii_alphabetic) && text.get(end) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_of_their_format_or_not() {
        // Catches a day that there is not, a time without a zone, and a format that nobody knows taken for broken.
        for (format, good, bad) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("date", "2024-12-31", "2024-1-1"),
            ("date-time", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00"),
            ("date-time", "2024-02-29t10:00:60.123+02:00", "2024-02-29T24:00:00Z"),
            ("date-time", "2024-02-29T10:00:00.1z", "2024-02-29T10:00:00.Z"),
            ("uuid", "0193d7e2-7f00-7abc-8def-0123456789ab", "0193d7e2-7f00-7abc-8def-0123456789a"),
            ("email", "a@b.example", "a b@c.example"),
            ("ipv4", "10.0.0.1", "10.0.0.256"),
            ("ipv6", "fe80::1%eth0", "10.0.0.1"),
            ("uri", "https://a.example/x", "/x"),
        ] {
            assert_eq!(is_of_format(format, good), Some(true), "{format} {good}");
            assert_eq!(is_of_format(format, bad), Some(false), "{format} {bad}");
        }
        assert_eq!(is_of_format("hostname", "?"), None);
        assert!(is_number_of("int32", -2_147_483_648.0) && !is_number_of("int32", 2_147_483_649.0));
        assert!(is_number_of("float", 1e300));
    }
}
