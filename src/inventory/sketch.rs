//! Counts and quantiles in fixed space: how many distinct, how slow.
//!
//! In: hashes and latencies. Out: figures that do not depend on the order in which they came, nor on how the
//! traffic was split among workers. The hash is pinned (xxh3, fixed seed), so the same traffic gives the same
//! estimate on every build.

mod kept;

use datasketches::hash::value::raw_bytes;
use datasketches::hll::{Coupon, HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::bounded::Smallest;
use super::counts::Counts;
use super::kept::MOST;
use super::snapshot::{Latency, Quantiles};
use crate::merge::Merge;
use crate::time::Span;

/// The hash of a text, chained to what stands before it.
pub(super) fn chain(before: u64, text: &str) -> u64 {
    xxh3_64_with_seed(text.as_bytes(), before)
}

/// A hash for counting how many texts a variable stands for. Cut to 24 bits: enough to count by, too little to
/// find the text again by trying all (card numbers, addresses).
pub(super) fn faint(text: &str) -> u64 {
    chain(0x7a5b, text) & 0x00ff_ffff
}

/// How many distinct hashes: exact while at most [`Distinct::FEW`], then an estimate (HyperLogLog, 2,048 registers).
/// The smallest hashes stay known, as a sample that order does not show.
#[derive(Clone, Debug, Default)]
pub(super) struct Distinct {
    few: Smallest<u64, { Self::FEW }>,
    // INVARIANT: present when, and only when, more than FEW distinct hashes came; then it knows all of them.
    many: Option<Box<HllSketch>>,
}

impl Distinct {
    /// Up to this many the count is exact.
    pub(super) const FEW: usize = 64;
    const LG_K: u8 = 11;

    /// Takes in one hash.
    pub(super) fn insert(&mut self, hash: u64) {
        // What is among the few is among the many too.
        if self.few.has(&hash) {
            return;
        }
        if let Some(many) = &mut self.many {
            many.update_with_coupon(coupon(hash));
        }
        if let Some(left_out) = self.few.insert(hash)
            && self.many.is_none()
            && let Ok(mut many) = HllSketch::new(Self::LG_K, HllType::Hll4)
        {
            self.few.iter().chain([&left_out]).for_each(|hash| many.update_with_coupon(coupon(*hash)));
            self.many = Some(Box::new(many));
        }
    }

    /// How many.
    pub(super) fn estimate(&self) -> u64 {
        match &self.many {
            None => self.few.len() as u64,
            // The composite estimate is the one that depends on the registers alone, not on their history.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, never negative")]
            Some(many) => (many.composite_estimate().round() as u64).max(Self::FEW as u64 + 1),
        }
    }

    /// The smallest hashes, in order; all of them while few.
    pub(super) fn sample(&self) -> impl Iterator<Item = u64> {
        self.few.iter().copied()
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        // Four bits a register, and what the sketch keeps beside them.
        let many = if self.many.is_some() { (1 << Self::LG_K) / 2 + 512 } else { 0 };
        self.few.weight() + many
    }

    /// Nothing came.
    pub(super) const fn is_empty(&self) -> bool {
        self.few.is_empty()
    }
}

impl Merge for Distinct {
    fn merge(&mut self, mut other: Self) {
        if self.many.is_none() && other.many.is_some() {
            std::mem::swap(self, &mut other);
        }
        match (&mut self.many, other.many) {
            (Some(mine), Some(theirs)) => {
                if let Ok(mut union) = HllUnion::new(Self::LG_K) {
                    union.update(mine);
                    union.update(&theirs);
                    **mine = union.to_sketch(HllType::Hll4);
                }
                self.few.merge(other.few);
            }
            _ => other.few.iter().for_each(|hash| self.insert(*hash)),
        }
    }
}

fn coupon(hash: u64) -> Coupon {
    Coupon::from_value(raw_bytes::from_slice(&hash.to_le_bytes()))
}

/// Figures in logarithmic buckets, four to an octave: a quantile is at most a quarter too high.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Buckets(Counts<u8>);

impl Buckets {
    /// The last octave: 2^40 us is twelve days, 2^40 bytes a terabyte; what is more counts there.
    const OCTAVES: u32 = 40;

    fn insert(&mut self, figure: u64) -> usize {
        self.0.add_dense(Self::bucket(figure), 1)
    }

    /// The quantiles for 50, 95 and 99 percent, each the upper bound of its bucket.
    fn quantiles(&self) -> Option<[u64; 3]> {
        let total: u128 = self.0.iter().map(|(_, n)| u128::from(n)).sum();
        let quantile = |percent: u128| {
            let rank = (total * percent).div_ceil(100);
            let mut below = 0_u128;
            let found = self.0.iter().find(|(_, n)| {
                below += u128::from(*n);
                below >= rank
            });
            found.map_or(u64::MAX, |(bucket, _)| Self::upper(*bucket))
        };
        (total > 0).then(|| [50, 95, 99].map(quantile))
    }

    /// Every bucket is one that [`Buckets::insert`] fills.
    fn is_sound(&self) -> bool {
        self.0.iter().next_back().is_none_or(|(last, _)| *last <= Self::bucket(u64::MAX))
            && self.0.iter().all(|(_, count)| count <= MOST)
    }

    fn bucket(figure: u64) -> u8 {
        let Some(octave) = figure.checked_ilog2().filter(|octave| *octave >= 2) else { return figure as u8 & 3 };
        if octave > Self::OCTAVES {
            return (Self::OCTAVES as u8 - 1) * 4 + 3;
        }
        (octave as u8 - 1) * 4 + (figure >> (octave - 2) & 3) as u8
    }

    /// The first figure above a bucket.
    fn upper(bucket: u8) -> u64 {
        let (octave, part) = (u32::from(bucket / 4), u64::from(bucket % 4));
        if octave == 0 { part + 1 } else { (4 + part + 1) << (octave - 1).min(Self::OCTAVES) }
    }
}

/// Latencies in buckets of microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Histogram {
    buckets: Buckets,
    slowest: Span,
}

impl Histogram {
    /// Takes in one latency. Tells the memory added.
    pub(super) fn insert(&mut self, latency: Span) -> usize {
        self.slowest = self.slowest.max(latency);
        self.buckets.insert(latency.nanos() / 1_000)
    }

    /// The quantiles, never above the slowest, which is exact.
    pub(super) fn freeze(&self) -> Option<Latency> {
        let span = |micros: u64| Span::from_nanos(micros.saturating_mul(1_000)).min(self.slowest);
        let [p50, p95, p99] = self.buckets.quantiles()?.map(span);
        Some(Latency { p50, p95, p99, max: self.slowest })
    }

    /// Memory beside itself.
    pub(super) const fn weight(&self) -> usize {
        self.buckets.0.weight()
    }

    /// It can have been counted.
    pub(super) fn is_sound(&self) -> bool {
        self.buckets.is_sound()
    }
}

impl Merge for Histogram {
    fn merge(&mut self, other: Self) {
        self.buckets.0.merge(other.buckets.0);
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// Sizes in buckets of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sizes {
    buckets: Buckets,
    largest: u64,
}

impl Sizes {
    /// Takes in one size. Tells the memory added.
    pub(super) fn insert(&mut self, bytes: u64) -> usize {
        self.largest = self.largest.max(bytes);
        self.buckets.insert(bytes)
    }

    /// The quantiles, never above the largest, which is exact.
    pub(super) fn freeze(&self) -> Option<Quantiles> {
        // The greatest size in a bucket is one less than the first above it.
        let [p50, p95, p99] = self.buckets.quantiles()?.map(|upper| (upper - 1).min(self.largest));
        Some(Quantiles { p50, p95, p99, max: self.largest })
    }

    /// Memory beside itself.
    pub(super) const fn weight(&self) -> usize {
        self.buckets.0.weight()
    }

    /// It can have been counted.
    pub(super) fn is_sound(&self) -> bool {
        self.buckets.is_sound()
    }
}

impl Merge for Sizes {
    fn merge(&mut self, other: Self) {
        self.buckets.0.merge(other.buckets.0);
        self.largest = self.largest.max(other.largest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distinct(hashes: &[u64]) -> Distinct {
        let mut distinct = Distinct::default();
        hashes.iter().for_each(|hash| distinct.insert(*hash));
        distinct
    }

    fn figures(distinct: &Distinct) -> (u64, Vec<u64>, bool) {
        (distinct.estimate(), distinct.sample().collect(), distinct.many.is_some())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Catches a sketch that turns to estimating by what came first, or loses what it knew before it turned.
        #[test]
        fn a_count_does_not_show_how_it_was_put_together(
            seeds in proptest::collection::vec(0_u32..400, 0..600), a in 0_usize..600, b in 0_usize..600,
        ) {
            let hashes: Vec<u64> = seeds.iter().map(|seed| chain(0, &seed.to_string())).collect();
            let whole = distinct(&hashes);
            let (a, b) = (a.min(hashes.len()), b.min(hashes.len()));
            let (a, b) = (a.min(b), a.max(b));
            let parts = [distinct(&hashes[..a]), distinct(&hashes[a..b]), distinct(&hashes[b..])];
            let [x, y, z] = parts.clone();
            let mut left = x;
            left.merge(y);
            left.merge(z);
            let [x, y, mut right] = parts;
            let mut inner = y;
            inner.merge(x);
            right.merge(inner);
            prop_assert_eq!(figures(&whole), figures(&left));
            prop_assert_eq!(figures(&whole), figures(&right));
        }
    }

    #[test]
    fn a_count_is_exact_while_few_and_near_when_many() {
        for (n, slack) in [(0, 0), (64, 0), (65, 5), (10_000, 800), (200_000, 16_000)] {
            let hashes: Vec<u64> = (0..n).map(|i: u64| chain(1, &i.to_string())).collect();
            let found = distinct(&hashes).estimate();
            assert!(found.abs_diff(n) <= slack, "{found} for {n}");
        }
    }

    #[test]
    fn a_quantile_is_the_upper_bound_of_its_bucket() {
        // Catches buckets that overlap or leave holes: each value must lie below its own bound and above the last.
        for micros in (0..5_000).chain([u64::from(u32::MAX), (1 << 40) - 1]) {
            let bucket = Buckets::bucket(micros);
            assert!(Buckets::upper(bucket) > micros, "{micros}");
            if bucket > 0 {
                assert!(Buckets::upper(bucket - 1) <= micros, "{micros}");
            }
        }
        let mut histogram = Histogram::default();
        let added: usize = (1..=100).map(|ms| histogram.insert(Span::from_millis(ms))).sum();
        assert_eq!(added, histogram.weight());
        let frozen = histogram.freeze().unwrap();
        assert_eq!(frozen.max, Span::from_millis(100));
        assert_eq!(frozen.p50, Span::from_nanos(57_344_000));
        assert_eq!(frozen.p99, frozen.max);
        histogram.insert(Span::from_nanos(u64::MAX));
        assert_eq!(histogram.freeze().unwrap().max, Span::from_nanos(u64::MAX));
        assert_eq!(Histogram::default().freeze(), None);
        let mut sizes = Sizes::default();
        let added: usize = [0, 0, 0, 7, 100, u64::MAX].into_iter().map(|bytes| sizes.insert(bytes)).sum();
        assert_eq!(added, sizes.weight());
        assert_eq!(sizes.freeze(), Some(Quantiles { p50: 0, p95: (1 << 41) - 1, p99: (1 << 41) - 1, max: u64::MAX }));
    }
}
