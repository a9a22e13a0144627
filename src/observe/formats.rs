//! The look of a value: UUID, date, time, e-mail, URL, number, card number.
//!
//! Pure questions about bytes, asked by the classes of segments and names, by parameter types and by string formats
//! alike, so that all three agree. None allocates, none looks at a byte again and again.

use super::sensitive::is_card;

/// RFC 9562: 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    let Some((front, [a, b, c, d])) = text.split_first_chunk::<32>() else { return false };
    // The four dashes are no digits, and nothing else is none. All bytes at once, as compilers do it for a length that they know.
    [front[8], front[13], front[18], front[23]] == [b'-'; 4]
        && front.iter().fold(0, |others: u8, byte| others + u8::from(!byte.is_ascii_hexdigit())) == 4
        && [a, b, c, d].iter().all(|byte| byte.is_ascii_hexdigit())
}

/// Digits and nothing else.
pub(super) fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// A whole number, with a sign perhaps.
pub(super) fn is_integer(text: &[u8]) -> bool {
    is_digits(match text {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    })
}

/// A number with a fraction, an exponent or both.
pub(super) fn is_decimal(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        rest => rest,
    };
    let (mantissa, exponent) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.iter().position(|b| *b == b'.') {
        Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
        None => (mantissa, None),
    };
    is_digits(whole)
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(is_integer)
        && (fraction.is_some() || exponent.is_some())
}

/// RFC 3339 full-date.
pub(super) fn is_date(text: &[u8]) -> bool {
    match text {
        [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => {
            is_digits(year) && is_month(*m1, *m2) && is_day(*d1, *d2)
        }
        _ => false,
    }
}

/// RFC 3339 date-time: the offset is part of it.
pub(super) fn is_date_time(text: &[u8]) -> bool {
    let Some((date, [b'T' | b't' | b' ', clock @ ..])) = text.split_at_checked(10) else { return false };
    let Some((hms, rest)) = clock.split_at_checked(8) else { return false };
    if !is_date(date) || !is_clock(hms) {
        return false;
    }
    let offset = match rest {
        [b'.', rest @ ..] => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &rest[digits..]
        }
        rest => rest,
    };
    match offset {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => is_digits(&[*h1, *h2, *m1, *m2]),
        _ => false,
    }
}

/// Dates and times in the spellings that stand in paths: `2024-03-01`, `2024-03`, `01.03.2024`, `20240301T101500Z`,
/// `2024-03-01T10:15`, `2024-W05`, `10:15:00`.
pub(super) fn is_date_like(text: &[u8]) -> bool {
    let Some(first) = text.first() else { return false };
    if !first.is_ascii_digit() {
        return false;
    }
    if is_date(text) || is_clock(text) {
        return true;
    }
    match text {
        [year @ .., b'-', m1, m2] if year.len() == 4 => is_digits(year) && is_month(*m1, *m2),
        [y @ .., b'-', b'W', w1, w2] if y.len() == 4 => is_digits(&[*w1, *w2]) && is_digits(y),
        [a1, a2, s1 @ (b'.' | b'-'), b1, b2, s2, year @ ..] if year.len() == 4 && s1 == s2 => {
            is_digits(year) && (is_day(*a1, *a2) && is_month(*b1, *b2) || is_month(*a1, *a2) && is_day(*b1, *b2))
        }
        [year @ .., b'.', m1, m2, b'.', d1, d2] if year.len() == 4 => {
            is_digits(year) && is_month(*m1, *m2) && is_day(*d1, *d2)
        }
        _ => is_date_and_more(text),
    }
}

/// A date followed by a time in any spelling, or by a word (`2023-10-01-preview`).
fn is_date_and_more(text: &[u8]) -> bool {
    let clockish = |rest: &[u8]| {
        rest.iter().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'+' | b'-' | b'Z' | b'z' | b'_' | b','))
            && rest.iter().any(u8::is_ascii_digit)
    };
    if let Some((date, [glue, rest @ ..])) = text.split_at_checked(10)
        && is_date(date)
    {
        return match glue {
            b'T' | b't' | b' ' | b'_' => clockish(rest),
            b'-' => !rest.is_empty() && rest.iter().all(u8::is_ascii_alphabetic),
            b'Z' => rest.is_empty(),
            _ => false,
        };
    }
    if let Some((date, [b'T' | b't', rest @ ..])) = text.split_at_checked(8)
        && let [_, _, _, _, m1, m2, d1, d2] = date
    {
        return is_digits(date) && is_month(*m1, *m2) && is_day(*d1, *d2) && clockish(rest);
    }
    false
}

fn is_month(tens: u8, units: u8) -> bool {
    matches!((tens, units), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
}

fn is_day(tens: u8, units: u8) -> bool {
    matches!((tens, units), (b'0', b'1'..=b'9') | (b'1' | b'2', b'0'..=b'9') | (b'3', b'0' | b'1'))
}

/// `23:59:60`; leap seconds happen.
fn is_clock(text: &[u8]) -> bool {
    match text {
        [h1, h2, b':', m1, m2, b':', s1, s2] => {
            is_digits(&[*h1, *h2, *m1, *m2, *s1, *s2]) && *h1 <= b'2' && *m1 <= b'5' && *s1 <= b'6'
        }
        _ => false,
    }
}

/// An address of the kind people have: `local@host.tld`, RFC 5321 lengths.
pub(super) fn is_email(text: &[u8]) -> bool {
    let Some(at) = text.iter().rposition(|b| *b == b'@') else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let local_fits = (1..=64).contains(&local.len())
        && local.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'@' | b'/' | b'<' | b'>' | b'"' | b'(' | b')'));
    // A dot that an attacker sets anywhere cannot cost: one pass, a label at a time.
    let mut labels = 0;
    let mut last = &domain[..0];
    for label in domain.split(|b| *b == b'.') {
        if label.is_empty() || label.len() > 63 || !label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
            return false;
        }
        labels += 1;
        last = label;
    }
    local_fits && domain.len() <= 255 && labels >= 2 && last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic)
}

/// An absolute URL with an authority.
pub(super) fn is_url(text: &[u8]) -> bool {
    let Some(colon) = text.iter().take(20).position(|b| *b == b':') else { return false };
    let (scheme, rest) = text.split_at(colon);
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && matches!(rest, [b':', b'/', b'/', host, ..] if host.is_ascii_alphanumeric() || *host == b'[')
        && !text.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
}

/// A card number in groups: `4111-1111-1111-1111`, `4111 1111 1111 1111`.
pub(super) fn is_grouped_card(text: &[u8]) -> bool {
    if !(14..=23).contains(&text.len()) {
        return false;
    }
    let mut digits = [0_u8; 19];
    let mut held = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => match digits.get_mut(held) {
                Some(slot) => {
                    *slot = *byte;
                    held += 1;
                }
                None => return false,
            },
            b'-' | b' ' | b'.' | b'_' => {}
            _ => return false,
        }
    }
    is_card(&digits[..held])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_want_an_offset() {
        // Catches a check that stops after the seconds: `date-time` in a spec means RFC 3339.
        for yes in ["2024-03-01T10:15:00Z", "2024-03-01t23:59:60.123+02:00", "2024-03-01 10:15:00-05:30"] {
            assert!(is_date_time(yes.as_bytes()), "{yes}");
        }
        for no in ["2024-03-01T10:15:00", "2024-03-01T10:15Z", "2024-13-01T10:15:00Z", "2024-03-01T10:15:00.Z", ""] {
            assert!(!is_date_time(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn dates_have_months_and_days() {
        for yes in ["2024-03-01", "2024-03", "01.03.2024", "2024-W05", "20240301T101500Z", "10:15:00", "2024.12.31"] {
            assert!(is_date_like(yes.as_bytes()), "{yes}");
        }
        for no in ["2024-13-01", "2024-00", "31.31.2024", "1.2.3", "2024", "20241301T101500Z", "2024-03-01-"] {
            assert!(!is_date_like(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn numbers_are_numbers() {
        for yes in ["3.14", "-0.5", "1e5", "+1.5E-10"] {
            assert!(is_decimal(yes.as_bytes()), "{yes}");
        }
        for no in ["3", ".", "1.", ".5", "e5", "1e", "1.2.3", "", "-"] {
            assert!(!is_decimal(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn mail_has_a_host_with_a_dot() {
        for yes in ["a@b.co", "first.last+tag@sub.example.org"] {
            assert!(is_email(yes.as_bytes()), "{yes}");
        }
        for no in ["@b.co", "a@b", "a@b.c", "a@.co", "a@b..co", "a b@c.de", "a@b.c0"] {
            assert!(!is_email(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn urls_are_absolute() {
        for yes in ["https://example.org/x?y", "git+ssh://host", "http://[::1]/"] {
            assert!(is_url(yes.as_bytes()), "{yes}");
        }
        for no in ["//example.org", "mailto:a@b.co", "1http://x", "http:// x", "http://", "see http://x"] {
            assert!(!is_url(no.as_bytes()), "{no}");
        }
    }
}
