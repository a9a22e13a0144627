//! Counts by key in a sorted vector: most operations have few keys, and a node of a tree has room for eleven.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

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
    pub(super) fn map<N: Ord>(&self, name: impl Fn(&K) -> N) -> BTreeMap<N, u64> {
        self.0.iter().map(|(key, count)| (name(key), *count)).collect()
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
