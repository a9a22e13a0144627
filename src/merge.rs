//! The law of everything that grows: two shares of the same thing become one, in any order.
//!
//! Workers each see a part of the traffic; runs and sensors each see a part of the world. What they
//! learned is united by [`Merge`], and nothing of the order in which it is united may show.

use std::collections::BTreeMap;

/// Commutative and associative; `Default` is the zero. Order of arrival must not show.
pub trait Merge: Default {
    /// Takes in what the other learned.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }
}

/// Maps unite key by key. Their bound, where they need one, is kept by whoever owns the map.
impl<K: Ord, V: Merge> Merge for BTreeMap<K, V> {
    fn merge(&mut self, other: Self) {
        for (key, value) in other {
            self.entry(key).or_default().merge(value);
        }
    }
}
