//! How often over time, in fixed memory.
//!
//! Requests are counted in buckets of packet time, side by side from the first to the last. When they would be too many, all
//! buckets double their width. Widths are powers of two of seconds and buckets begin at multiples of them (since the epoch), so two
//! series always fit into the coarser one of them, and what is kept depends on the set of what was counted: the width is the
//! least that holds it.

use serde::{Deserialize, Serialize};

use super::kept::MOST;
use crate::merge::Merge;
use crate::time::{Span, Timestamp};

/// Counts in buckets of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rates {
    /// A bucket is two to this power of seconds wide.
    width: u8,
    /// Widths from the epoch to the first bucket.
    first: u64,
    // INVARIANT: at most BUCKETS; the first and the last are not 0.
    counts: Vec<u64>,
}

/// Requests over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateSeries {
    /// When the first bucket begins.
    pub start: Timestamp,
    /// How long each is.
    pub width: Span,
    /// Requests in each, none left out; put away as bytes, since most are few and many are none.
    counts: Box<[u8]>,
}

impl RateSeries {
    /// Of these counts, bucket by bucket.
    #[must_use]
    pub fn new(start: Timestamp, width: Span, counts: &[u64]) -> Self {
        if counts.is_empty() {
            return Self::default();
        }
        Self { start, width, counts: postcard::to_stdvec(counts).unwrap_or_default().into() }
    }

    /// Requests in each bucket.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        postcard::from_bytes(&self.counts).unwrap_or_default()
    }

    /// The most requests in one bucket.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.counts().into_iter().max().unwrap_or(0)
    }
}

impl Rates {
    /// At this many buckets the width doubles: an hour is told by the minute, a month by nine hours.
    const BUCKETS: usize = 96;

    /// Takes in one request. Tells the memory added.
    pub(super) fn insert(&mut self, at: Timestamp) -> usize {
        let second = at.nanos() / 1_000_000_000;
        let place = (second >> self.width).checked_sub(self.first);
        match place.and_then(|place| self.counts.get_mut(usize::try_from(place).ok()?)) {
            Some(count) => {
                count.merge(1);
                0
            }
            None => {
                let before = self.weight();
                self.begin(second);
                self.weight().saturating_sub(before)
            }
        }
    }

    /// Takes in the first request of a bucket. Time goes on, so that it mostly lies behind the last: then what is there grows, or is
    /// drawn together, in its place.
    #[cold]
    fn begin(&mut self, second: u64) {
        if self.counts.is_empty() || second >> self.width < self.first {
            return self.merge(Self { width: 0, first: second, counts: vec![1] });
        }
        let mut width = self.width;
        while (second >> width) - (self.first >> (width - self.width)) >= Self::BUCKETS as u64 {
            width += 1;
        }
        self.widen(width);
        let place = usize::try_from((second >> self.width) - self.first).unwrap_or(usize::MAX).min(Self::BUCKETS - 1);
        if place >= self.counts.capacity() {
            let room = (place + 1 + self.counts.len() / 2).min(Self::BUCKETS);
            self.counts.reserve_exact(room - self.counts.len());
        }
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place].merge(1);
    }

    /// Memory beside itself.
    pub(super) const fn weight(&self) -> usize {
        if self.counts.capacity() == 0 { 0 } else { self.counts.capacity() * size_of::<u64>() + 16 }
    }

    /// It can have been counted.
    pub(super) fn is_sound(&self) -> bool {
        let ends = [self.counts.first(), self.counts.last()];
        self.width <= 40
            && self.first <= 1 << 40
            && self.counts.len() <= Self::BUCKETS
            && ends.iter().flatten().all(|count| **count > 0)
            && self.counts.iter().all(|count| *count <= MOST)
    }

    /// The plain figures.
    pub(super) fn freeze(&self) -> RateSeries {
        let start = Timestamp::from_parts(self.first.saturating_mul(1 << self.width), 0);
        RateSeries::new(start, Span::from_secs(1 << self.width), &self.counts)
    }

    /// Doubles the width until it is this one.
    fn widen(&mut self, width: u8) {
        let shift = width.saturating_sub(self.width);
        if shift == 0 {
            return;
        }
        let first = self.first >> shift;
        let mut length = 0;
        for at in 0..self.counts.len() {
            let to = usize::try_from(((self.first + at as u64) >> shift) - first).unwrap_or(usize::MAX).min(at);
            let count = std::mem::take(&mut self.counts[at]);
            // Never behind where it comes from, and the next is never passed over: nothing is written over.
            self.counts[to].merge(count);
            length = to + 1;
        }
        self.counts.truncate(length);
        (self.width, self.first) = (width, first);
    }

    /// Widths from the first of both to the last of both, when buckets are this wide.
    fn reach(&self, other: &Self, width: u8) -> u64 {
        let end = |it: &Self| it.first + it.counts.len() as u64 - 1;
        let at = |place: u64, it: &Self| place >> width.saturating_sub(it.width);
        let (first, last) =
            (at(self.first, self).min(at(other.first, other)), at(end(self), self).max(at(end(other), other)));
        last - first + 1
    }
}

impl Merge for Rates {
    fn merge(&mut self, mut other: Self) {
        if self.counts.is_empty() || other.counts.is_empty() {
            if self.counts.is_empty() {
                *self = other;
            }
            return;
        }
        let mut width = self.width.max(other.width);
        while self.reach(&other, width) > Self::BUCKETS as u64 {
            width += 1;
        }
        self.widen(width);
        other.widen(width);
        if other.first < self.first {
            std::mem::swap(self, &mut other);
        }
        let ahead = usize::try_from(other.first - self.first).unwrap_or(0);
        let reach = (ahead + other.counts.len()).max(self.counts.len());
        if reach > self.counts.len() {
            self.counts.reserve_exact(reach - self.counts.len());
            self.counts.resize(reach, 0);
        }
        for (mine, theirs) in self.counts.iter_mut().skip(ahead).zip(other.counts) {
            mine.merge(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates(seconds: &[u64]) -> Rates {
        let mut rates = Rates::default();
        for second in seconds {
            rates.insert(Timestamp::from_parts(*second, 999));
        }
        rates
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Catches a series whose width hangs on who came first, and counts that are lost where buckets grow.
        #[test]
        fn a_series_does_not_show_how_it_was_put_together(
            mut seconds in prop::collection::vec((0_u64..200_000, 0_u32..20), 0..60), a in 0_usize..60, b in 0_usize..60,
        ) {
            let mut seconds: Vec<u64> = seconds.drain(..).map(|(second, shift)| second >> shift).collect();
            let (a, b) = (a.min(b).min(seconds.len()), a.max(b).min(seconds.len()));
            let [mut x, y, z] = [rates(&seconds[..a]), rates(&seconds[a..b]), rates(&seconds[b..])];
            let mut right = z.clone();
            right.merge(y.clone());
            right.merge(x.clone());
            x.merge(y);
            x.merge(z);
            seconds.reverse();
            let whole = rates(&seconds);
            prop_assert_eq!(&whole, &x);
            prop_assert_eq!(&whole, &right);
            prop_assert!(whole.is_sound());
            let series = whole.freeze();
            prop_assert_eq!(series.counts().iter().sum::<u64>(), seconds.len() as u64);
            if let (Some(first), Some(last)) = (seconds.iter().min(), seconds.iter().max()) {
                let span = (last - first) * 1_000_000_000;
                prop_assert!(series.counts().len() <= Rates::BUCKETS);
                prop_assert!(series.width == Span::from_secs(1) || series.width.nanos() * 24 < span, "no wider than it must be");
                prop_assert_eq!(series.start.nanos() % series.width.nanos(), 0, "aligned");
            }
        }
    }

    #[test]
    fn buckets_begin_at_multiples_of_their_width() {
        let series = rates(&[1_000, 1_000, 1_001, 1_500]).freeze();
        assert_eq!((series.width, series.start), (Span::from_secs(8), Timestamp::from_parts(1_000, 0)));
        assert_eq!((series.counts().len(), series.counts()[0], series.counts()[62], series.peak()), (63, 3, 1, 3));
        assert_eq!(rates(&[]).freeze().peak(), 0);
        let far = rates(&[0, u64::MAX / 1_000_000_000]);
        assert!(far.is_sound() && far.counts.len() <= Rates::BUCKETS, "{far:?}");
    }

    #[test]
    fn made_up_series_are_refused() {
        let good = rates(&[5, 9]);
        for bad in [
            Rates { width: 41, ..good.clone() },
            Rates { first: u64::MAX, ..good.clone() },
            Rates { counts: vec![1; 97], ..good.clone() },
            Rates { counts: vec![1, 0], ..good.clone() },
            Rates { counts: vec![u64::MAX], ..good.clone() },
        ] {
            assert!(good.is_sound() && !bad.is_sound(), "{bad:?}");
        }
    }
}
