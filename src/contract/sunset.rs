//! The day on which something ends, as the Sunset field writes it.

use crate::time::Timestamp;

/// An HTTP-date in its one form that may still be written (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub(super) fn http_date(text: &[u8]) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = std::str::from_utf8(text).ok()?.trim();
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ');
    let number = |text: &str, most: u64| text.parse::<u64>().ok().filter(|number| *number <= most && text.len() <= 4);
    let day = number(words.next()?, 31)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|known| *known == month)? as u64 + 1;
    let year = number(words.next()?, 9_999)?;
    let mut clock = words.next()?.split(':');
    let (hour, minute, second) = (number(clock.next()?, 23)?, number(clock.next()?, 59)?, number(clock.next()?, 60)?);
    if words.next() != Some("GMT") || year < 1_970 {
        return None;
    }
    let seconds = days_before(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Timestamp::from_parts(seconds, 0))
}

/// Days since 1970-01-01, of years from then on. After Howard Hinnant, chrono-Compatible Low-Level Date Algorithms.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        // Catches a month that is off by one, and a leap day.
        let seconds = |text: &str| http_date(text.as_bytes()).map(|at| at.nanos() / 1_000_000_000);
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for bad in [
            "",
            "Thu, 00 Jan 1970 00:00:00 GMT",
            "2024-01-01",
            "Thu, 01 Foo 2024 00:00:00 GMT",
            "Thu, 01 Jan 2024 00:00 GMT",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
