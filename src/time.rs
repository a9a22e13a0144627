//! The packets' own time: a point, a length, and a clock that cannot be thrown.
//!
//! Nothing below `engine` asks the operating system what time it is. Every time in the house was
//! stamped on a packet by whoever captured it, which makes a replay repeatable, and makes the
//! stamp itself a thing an attacker (or a broken sensor) can write.

mod deadline;

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use deadline::Deadline;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, saturating at both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(u64);

/// A length of time in nanoseconds, never negative, saturating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span(u64);

impl Timestamp {
    /// The epoch; also what a packet without a time carries (pcapng Simple Packet Block).
    pub const ZERO: Self = Self(0);

    /// From nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From whole seconds and nanoseconds within the second; saturates.
    #[must_use]
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero when `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From milliseconds; saturates.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From seconds; saturates.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = String;

    /// `90s`, `10m`, `24h`, `30d`; a number alone is seconds.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text.get(digits.len()..) {
            Some("s" | "") => 1,
            Some("m") => 60,
            Some("h") => 3600,
            Some("d") => 86_400,
            _ => 0,
        };
        match digits.parse::<u64>() {
            Ok(number) if unit > 0 => Ok(Self::from_secs(number.saturating_mul(unit))),
            _ => Err("a number with s, m, h or d is wanted, such as 10m or 24h".to_owned()),
        }
    }
}

impl fmt::Display for Span {
    /// `1.5s`, `12ms`, `3us`: three significant figures are enough for a reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 60_000_000_000 => write!(f, "{}m{:02}s", n / 60_000_000_000, n / 1_000_000_000 % 60),
            n if n >= 1_000_000_000 => write!(f, "{}.{}s", n / 1_000_000_000, n / 100_000_000 % 10),
            n if n >= 1_000_000 => write!(f, "{}ms", n / 1_000_000),
            n => write!(f, "{}us", n / 1_000),
        }
    }
}

/// A clock that only moves forward and does not believe one packet that claims to be from next year.
///
/// INVARIANT: `now` never decreases. A stamp more than [`Clock::LEAP`] away from `now`, ahead or behind, is
/// counted and replaced by `now`, until [`Clock::AGREE`] stamps in a row lie ahead of it and agree with each other
/// (none a leap behind the one before): then the capture itself has moved (a gap over night, files joined), and so do we.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    now: Timestamp,
    started: bool,
    /// The newest disbelieved stamp, and how many in a row agreed with it.
    doubted: Timestamp,
    agreeing: u32,
    leaps: u64,
    moves: u64,
    /// How far a believed stamp lay behind `now`, at most.
    lag: Span,
}

/// What a clock makes of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// It is used.
    Believed,
    /// It leaps ahead, alone or as one of several in a row. The stamps that follow decide.
    Doubted {
        /// How many in a row agree, this one among them.
        agreeing: u32,
    },
    /// It leaps, and enough of those before agree: time has moved, and they were right.
    Moved,
    /// It leaps back, which time does not.
    Refused,
}

impl Clock {
    /// What counts as a leap.
    pub const LEAP: Span = Span::from_secs(3600);
    /// How many stamps in a row make a leap believed.
    pub const AGREE: u32 = 16;

    /// A clock that starts at `first`.
    #[must_use]
    pub fn starting_at(first: Timestamp) -> Self {
        Self { now: first, started: true, ..Self::default() }
    }

    /// Takes a packet's stamp and gives back the time to use for it: its own, or, for a leap that nobody
    /// else confirms, the clock's.
    pub fn stamp(&mut self, stamp: Timestamp) -> Timestamp {
        match self.weigh(stamp) {
            Weighed::Believed => stamp,
            Weighed::Moved => self.believe(stamp),
            Weighed::Doubted { .. } | Weighed::Refused => self.disbelieve(),
        }
    }

    /// As [`Clock::stamp`], for who can wait for what the next stamps say: what is not believed in the end must be
    /// told to [`Clock::disbelieve`], and when time has moved, all that was right to [`Clock::believe`], in order.
    pub fn weigh(&mut self, stamp: Timestamp) -> Weighed {
        if !self.started {
            self.started = true;
            self.now = stamp;
            return Weighed::Believed;
        }
        let (low, high) = (self.now.min(stamp), self.now.max(stamp));
        if high.since(low) <= Self::LEAP {
            self.agreeing = 0;
            self.believe(stamp);
            return Weighed::Believed;
        }
        if stamp < self.now {
            self.agreeing = 0;
            return Weighed::Refused;
        }
        // Agreeing is not going back: where a few packets an hour are all there is, each leaps ahead of the one before.
        let onward = self.agreeing > 0 && self.doubted.since(stamp) <= Self::LEAP;
        self.agreeing = if onward { self.agreeing + 1 } else { 1 };
        self.doubted = stamp;
        if self.agreeing < Self::AGREE {
            return Weighed::Doubted { agreeing: self.agreeing };
        }
        self.agreeing = 0;
        self.moves += 1;
        Weighed::Moved
    }

    /// Moves to `stamp`, and gives it back.
    pub fn believe(&mut self, stamp: Timestamp) -> Timestamp {
        self.lag = self.lag.max(self.now.since(stamp));
        self.now = self.now.max(stamp);
        stamp
    }

    /// Counts a stamp that was not believed, and gives the time to use for it.
    pub const fn disbelieve(&mut self) -> Timestamp {
        self.leaps += 1;
        self.now
    }

    /// The latest believed time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// A time behind which no packet is expected: `now`, less what the slowest of the capturing clocks is behind. What
    /// is forgotten must be forgotten by this time, or a tap that is ten minutes late would lose all it says.
    #[must_use]
    pub fn floor(&self) -> Timestamp {
        self.now - self.lag
    }

    /// Leaps that were believed in the end.
    #[must_use]
    pub const fn moves(&self) -> u64 {
        self.moves
    }

    /// Stamps that were counted and not believed.
    #[must_use]
    pub const fn leaps(&self) -> u64 {
        self.leaps
    }
}

/// Processor time this thread has taken: what a test of linear cost may look at, for a busy machine does not show in it.
#[cfg(test)]
pub(crate) fn processor_time() -> std::time::Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::new(u64::try_from(spent.tv_sec).unwrap(), u32::try_from(spent.tv_nsec).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    #[test]
    fn one_stamp_from_the_future_moves_nothing() {
        // Catches a clock that takes any maximum: it would expire every flow of the capture.
        let mut clock = Clock::default();
        clock.stamp(at(100));
        assert_eq!(clock.stamp(at(4_000_000_000)), at(100));
        assert_eq!(clock.stamp(at(101)), at(101));
        assert_eq!((clock.now(), clock.leaps()), (at(101), 1));
    }

    #[test]
    fn sixteen_that_agree_are_believed() {
        // Catches a clock that stays behind for ever when two files of different days are joined.
        let mut clock = Clock::starting_at(at(100));
        for i in 0..15 {
            assert_eq!(clock.stamp(at(90_000 + i)), at(100));
        }
        assert_eq!(clock.stamp(at(90_020)), at(90_020));
        assert_eq!(clock.leaps(), 15);
    }

    #[test]
    fn disagreeing_leaps_never_add_up() {
        let mut clock = Clock::starting_at(at(100));
        for i in 0..100 {
            clock.stamp(at(100_000 * (1 + i % 2)));
        }
        assert_eq!(clock.now(), at(100));
    }

    #[test]
    fn a_few_packets_a_day_move_it_too() {
        // Catches a clock that waits for sixteen packets within one hour: on a quiet wire they never come.
        let mut clock = Clock::starting_at(at(100));
        let times: Vec<Timestamp> = (0..20).map(|i| at(100_000 * (1 + i / 5) + i)).collect();
        let weighed: Vec<Weighed> = times[..16].iter().map(|time| clock.weigh(*time)).collect();
        assert_eq!(weighed[14], Weighed::Doubted { agreeing: 15 });
        assert_eq!(
            (weighed[15], clock.believe(times[15]), clock.weigh(times[19])),
            (Weighed::Moved, times[15], Weighed::Believed)
        );
        assert_eq!(clock.now(), times[19]);
    }

    #[test]
    fn the_clock_never_runs_back() {
        let mut clock = Clock::starting_at(at(10_000));
        assert_eq!(clock.stamp(at(9_999)), at(9_999));
        assert_eq!(clock.now(), at(10_000));
    }
}
