//! Which exchanges are looked into: a draw by hash, so that any number of workers agrees without asking each other.
//!
//! Each exchange is drawn into a round by the trailing zeros of its hash: three of four into round 0, three of four of the
//! others into round 1, and so on. What counts is the lowest round from which on at most [`Draw::SAMPLE`] exchanges
//! were drawn: those are the sample, between a quarter of it and the whole. That round only rises as more is seen, so a
//! worker that goes by what it saw itself never passes over what the whole would keep. Rounds add up, so the sample is
//! kept as one sum a round, and not as that many bodies; and two exchanges of one hash do no harm.

use serde::{Deserialize, Serialize};

/// The round into which an exchange was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Draw(u8);

impl Draw {
    /// Looked into whatever the draw, and never given up again.
    pub const KEPT: Self = Self(u8::MAX);
    /// Rounds there are: an exchange in 4^23 (2^46) comes into the last.
    pub const ROUNDS: u8 = 24;
    /// At most so many exchanges of one place and status are the sample.
    pub const SAMPLE: u64 = 128;

    /// The draw of an exchange by its hash.
    #[must_use]
    pub const fn of(hash: u64) -> Self {
        let round = hash.trailing_zeros() / 2;
        Self(if round < Self::ROUNDS as u32 { round as u8 } else { Self::ROUNDS - 1 })
    }

    /// The round; `None` for what is never given up.
    #[must_use]
    pub const fn round(self) -> Option<u8> {
        if self.0 == u8::MAX { None } else { Some(self.0) }
    }

    /// One that can have been made.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        self.0 < Self::ROUNDS || self.0 == u8::MAX
    }
}

/// How many exchanges were drawn into each round, as far as it matters for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draws {
    /// The lowest round that counts.
    floor: u8,
    counts: [u16; Draw::ROUNDS as usize],
}

impl Draws {
    /// Whether this exchange is of the sample, as far as these know. It is counted.
    pub fn takes(&mut self, draw: Draw) -> bool {
        let Some(round) = draw.round().filter(|round| *round >= self.floor) else { return draw == Draw::KEPT };
        if let Some(count) = self.counts.get_mut(usize::from(round)) {
            *count = count.saturating_add(1);
        }
        while self.floor + 1 < Draw::ROUNDS && self.left() > Draw::SAMPLE {
            self.floor += 1;
        }
        round >= self.floor
    }

    fn left(&self) -> u64 {
        self.counts.iter().skip(usize::from(self.floor)).map(|count| u64::from(*count)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> u64 {
        xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes())
    }

    #[test]
    fn the_sample_stays_small_and_so_does_the_work() {
        // Catches a draw that takes a share of all (the work would grow with the traffic) or dries up.
        for n in [1_u64, 128, 129, 1_000, 100_000, 1_000_000] {
            let mut draws = Draws::default();
            let worked = (0..n).filter(|n| draws.takes(Draw::of(hash(*n)))).count() as u64;
            let left = draws.left();
            assert!(left <= Draw::SAMPLE && left >= n.min(Draw::SAMPLE / 8), "{left} of {n}");
            // A sample for each time that the traffic grew fourfold.
            assert!(worked <= Draw::SAMPLE * (2 + u64::from(n.ilog2()) / 2), "{worked} of {n}");
        }
    }

    #[test]
    fn a_part_never_passes_over_what_the_whole_keeps() {
        // Catches a worker that is stricter than all of them together.
        let draws: Vec<Draw> = (0..20_000).map(|n| Draw::of(hash(n))).collect();
        let mut whole = Draws::default();
        for draw in &draws {
            let _ = whole.takes(*draw);
        }
        for workers in [2, 3, 8] {
            let mut parts = vec![Draws::default(); workers];
            for (at, draw) in draws.iter().enumerate() {
                let taken = parts[at % workers].takes(*draw);
                assert!(taken || draw.round() < Some(whole.floor));
            }
        }
    }
}
