//! A date, or a moment, after which something holds no longer: as specs, policies and suppressions write it.

use std::fmt;
use std::str::FromStr;

use super::Timestamp;

/// A day, which holds to its end in UTC, or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline {
    /// The first moment at which it has passed.
    end: Timestamp,
    day: bool,
}

impl Deadline {
    /// Whether it has passed at this time.
    #[must_use]
    pub fn passed_by(self, now: Timestamp) -> bool {
        now >= self.end
    }
}

const DAY: u64 = 86_400;

impl FromStr for Deadline {
    type Err = String;

    /// `2026-03-31`, or as RFC 3339 writes moments: `2026-03-31T12:00:00Z`, `2026-03-31 12:00:00+02:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let odd = || "a date such as 2026-03-31 is wanted, or a moment such as 2026-03-31T12:00:00Z".to_owned();
        let text = text.trim();
        let (date, rest) = text.split_at_checked(10).ok_or_else(odd)?;
        let midnight = seconds_of(date).ok_or_else(odd)?;
        if rest.is_empty() {
            return Ok(Self { end: Timestamp::from_parts(midnight + DAY, 0), day: true });
        }
        let clock = rest.strip_prefix(['T', 't', ' ']).ok_or_else(odd)?;
        let (clock, zone) = clock.split_at_checked(8).ok_or_else(odd)?;
        let (hours, minutes, seconds) = match fields(clock, ':').as_slice() {
            [hours @ 0..=23, minutes @ 0..=59, seconds @ 0..=60] => (*hours, *minutes, *seconds),
            _ => return Err(odd()),
        };
        // Fractions of a second make no difference to a deadline.
        let zone = zone.strip_prefix('.').map_or(zone, |zone| zone.trim_start_matches(|c: char| c.is_ascii_digit()));
        let local = midnight + hours * 3600 + minutes * 60 + seconds;
        let end = if let "Z" | "z" = zone {
            local
        } else {
            let away = match fields(zone.get(1..).unwrap_or_default(), ':').as_slice() {
                [hours @ 0..=23, minutes @ 0..=59] => hours * 3600 + minutes * 60,
                _ => return Err(odd()),
            };
            match zone.as_bytes().first() {
                Some(b'+') => local.saturating_sub(away),
                Some(b'-') => local + away,
                _ => return Err(odd()),
            }
        };
        Ok(Self { end: Timestamp::from_parts(end, 0), day: false })
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.end.nanos() / 1_000_000_000;
        let seconds = if self.day { seconds.saturating_sub(DAY) } else { seconds };
        let (year, month, day) = date_of(seconds / DAY);
        write!(f, "{year:04}-{month:02}-{day:02}")?;
        if !self.day {
            let seconds = seconds % DAY;
            write!(f, "T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        }
        Ok(())
    }
}

/// Numbers of two digits.
fn fields(text: &str, between: char) -> Vec<u64> {
    let number = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok());
    // What is no number is more than any field takes.
    text.split(between).map(|part| number(part).flatten().unwrap_or(u64::MAX)).collect()
}

/// Seconds from 1970 to the beginning of a date; none for what is no date, or earlier, or later than a timestamp reaches.
fn seconds_of(date: &str) -> Option<u64> {
    let (year, rest) = date.split_once('-')?;
    let year: u64 = year.bytes().all(|b| b.is_ascii_digit()).then(|| year.parse().ok())??;
    let [month @ 1..=12, day @ 1..=31] = *fields(rest, '-').as_slice() else { return None };
    if !(1970..=2500).contains(&year) {
        return None;
    }
    let days = days_to(year, month, day);
    (date_of(days) == (year, month, day)).then_some(days * DAY)
}

/// Days from 1970-01-01, in years that begin in March, so that the day that is leapt stands last.
const fn days_to(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

/// The date of a day.
const fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + if month <= 2 { 1 } else { 0 }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> u64 {
        text.parse::<Deadline>().unwrap().end.nanos() / 1_000_000_000
    }

    #[test]
    fn a_day_holds_to_its_end_and_a_moment_does_not() {
        // Catches what expires a day early, in another zone, or in the wrong year about the day that is leapt.
        assert_eq!(end("1970-01-01"), DAY);
        assert_eq!(end("2026-03-31"), 1_774_915_200 + DAY);
        assert_eq!(end("2026-03-31T00:00:00Z"), 1_774_915_200);
        assert_eq!(end("2026-03-31T12:30:00+02:00"), 1_774_915_200 + 10 * 3600 + 1800);
        assert_eq!(end("2026-03-31 00:00:00.25-01:00"), 1_774_915_200 + 3600);
        assert_eq!(end("2024-02-29") + DAY, end("2024-03-01"));
        let day: Deadline = "2026-03-31".parse().unwrap();
        let at = |seconds: u64| Timestamp::from_parts(seconds, 0);
        assert!(!day.passed_by(at(1_774_915_200 + DAY - 1)) && day.passed_by(at(1_774_915_200 + DAY)));
    }

    #[test]
    fn a_deadline_is_told_as_it_was_written() {
        for text in ["1970-01-01", "2000-02-29", "2026-12-31", "2400-02-29", "2026-03-31T23:59:59Z"] {
            assert_eq!(text.parse::<Deadline>().unwrap().to_string(), text);
        }
        for days in 0..200_000 {
            let (year, month, day) = date_of(days);
            assert_eq!(days_to(year, month, day), days);
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "2026",
            "2026-3-31",
            "2026-13-01",
            "2026-02-29",
            "2026-04-31",
            "2026-00-10",
            "1969-12-31",
            "9999-01-01",
            "31.03.2026",
            "2026-03-31T",
            "2026-03-31T25:00:00Z",
            "2026-03-31T12:00:00",
            "2026-03-31T12:00:00+2",
            "2026-03-31x",
            "2026-03-3\u{e9}",
            "+026-03-31",
        ] {
            assert!(text.parse::<Deadline>().is_err(), "{text}");
        }
    }
}
