//! Counts by key in a sorted vector: most operations have few keys, and a node of a tree has room for eleven.

use serde::{Deserialize, Deserializer, Serialize};

use super::sorted::Sorted;
use crate::merge::Merge;

/// Counts by key. The keys are few by their type, or kept few by whoever counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Counts<K>(
    // INVARIANT: sorted by key, no two alike.
    Vec<(K, u64)>,
);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord> Counts<K> {
    /// Adds to one. Tells the memory added.
    #[inline]
    pub(super) fn add(&mut self, key: K, count: u64) -> usize {
        match self.0.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => {
                self.0[at].1.merge(count);
                0
            }
            Err(at) => self.insert(at, key, count),
        }
    }

    #[cold]
    fn insert(&mut self, at: usize, key: K, count: u64) -> usize {
        let before = self.weight();
        if self.0.len() == self.0.capacity() {
            // A vector's first growth is four; most have one or two.
            self.0.reserve_exact(self.0.len() / 2 + 1);
        }
        self.0.insert(at, (key, count));
        self.weight() - before
    }

    /// Counts by key, in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, u64)> {
        self.0.iter().map(|(key, count)| (key, *count))
    }

    /// Takes out the greatest key.
    pub(super) fn pop_last(&mut self) -> Option<(K, u64)> {
        self.0.pop()
    }

    /// How many keys.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// All counts together.
    pub(super) fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Memory beside itself, without what the keys hold.
    pub(super) const fn weight(&self) -> usize {
        if self.0.capacity() == 0 { 0 } else { self.0.capacity() * size_of::<(K, u64)>() + 16 }
    }

    /// As a map.
    pub(super) fn map<N: Ord>(&self, name: impl Fn(&K) -> N) -> Sorted<N> {
        self.0.iter().map(|(key, count)| (name(key), *count)).collect()
    }
}

impl Counts<u8> {
    /// Adds to one of keys that mostly lie side by side. Tells the memory added.
    #[inline]
    pub(super) fn add_dense(&mut self, key: u8, count: u64) -> usize {
        if let (Some(&(first, _)), Some(&(last, _))) = (self.0.first(), self.0.last()) {
            // Where none is left out before it, and where none is behind it: what is rare lies at one end.
            let behind_first = usize::from(key.wrapping_sub(first));
            let before_last = (self.0.len() - 1).wrapping_sub(usize::from(last.wrapping_sub(key)));
            for at in [before_last, behind_first] {
                if let Some((known, sum)) = self.0.get_mut(at)
                    && *known == key
                {
                    sum.merge(count);
                    return 0;
                }
            }
        }
        self.add(key, count)
    }
}

impl Counts<Box<str>> {
    /// Adds to one; allocates on first sight only. Tells the memory added, without what the key holds.
    pub(super) fn add_text(&mut self, key: &str, count: u64) -> usize {
        match self.0.binary_search_by(|(known, _)| (**known).cmp(key)) {
            Ok(at) => {
                self.0[at].1.merge(count);
                0
            }
            Err(at) => self.insert(at, key.into(), count),
        }
    }
}

impl<K: Ord> Merge for Counts<K> {
    fn merge(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
        } else {
            for (key, count) in other.0 {
                self.add(key, count);
            }
        }
    }
}

impl<'de, K: Deserialize<'de> + Ord> Deserialize<'de> for Counts<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Self::default();
        let mut all = Vec::<(K, u64)>::deserialize(deserializer)?;
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, count) in all {
            counts.add(key, count);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Catches a key that is looked for where it does not stand, between others or at either end.
        #[test]
        fn keys_side_by_side_are_counted_as_others_are(keys in prop::collection::vec(any::<u8>().prop_map(|key| key >> (key % 7)), 0..200)) {
            let (mut dense, mut plain) = (Counts::default(), Counts::default());
            for key in keys {
                prop_assert_eq!(dense.add_dense(key, 1), plain.add(key, 1));
                prop_assert_eq!(&dense, &plain);
            }
        }
    }
}
