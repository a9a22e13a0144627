//! Small sets and counters that stay small: the smallest of all that ever came are kept.
//!
//! What is among the `N` smallest of everything is among the `N` smallest of every part of it, so it is never
//! dropped on the way and its count is whole. That is why "keep the smallest" does not show the order of arrival,
//! and "keep the first" would.

use std::collections::BTreeMap;

use crate::merge::Merge;

/// The `N` smallest of all things put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Smallest<T, const N: usize> {
    // INVARIANT: sorted, no two alike, at most N.
    kept: Vec<T>,
}

impl<T, const N: usize> Default for Smallest<T, N> {
    fn default() -> Self {
        Self { kept: Vec::new() }
    }
}

impl<T: Ord, const N: usize> Smallest<T, N> {
    /// Puts one in. Gives back what found no room: the new one or the one it pushed out.
    pub(super) fn insert(&mut self, item: T) -> Option<T> {
        let Err(at) = self.kept.binary_search(&item) else { return None };
        if self.kept.len() < N {
            self.kept.insert(at, item);
            return None;
        }
        if at == self.kept.len() {
            return Some(item);
        }
        let out = self.kept.pop();
        self.kept.insert(at, item);
        out
    }

    /// What is kept, in order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.kept.iter()
    }

    /// How many are kept.
    pub(super) const fn len(&self) -> usize {
        self.kept.len()
    }

    /// Nothing was put in.
    pub(super) const fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl<T: Ord, const N: usize> Merge for Smallest<T, N> {
    fn merge(&mut self, other: Self) {
        for item in other.kept {
            self.insert(item);
        }
    }
}

/// Counts by key for the `N` smallest keys; what was counted under the others is one sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Few<K, const N: usize> {
    kept: BTreeMap<K, u64>,
    more: u64,
}

impl<K, const N: usize> Default for Few<K, N> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), more: 0 }
    }
}

impl<const N: usize> Few<Box<str>, N> {
    /// Counts one; allocates on first sight only.
    pub(super) fn count(&mut self, key: &str) {
        if let Some(seen) = self.kept.get_mut(key) {
            *seen = seen.saturating_add(1);
        } else {
            self.add(key.into(), 1);
        }
    }

    /// As plain figures; what was not kept stands under `other`.
    pub(super) fn freeze(&self) -> BTreeMap<String, u64> {
        let mut frozen: BTreeMap<String, u64> = self.kept.iter().map(|(key, n)| (key.to_string(), *n)).collect();
        if self.more > 0 {
            frozen.entry("other".to_owned()).or_default().merge(self.more);
        }
        frozen
    }
}

impl<K: Ord, const N: usize> Few<K, N> {
    fn add(&mut self, key: K, count: u64) {
        self.kept.entry(key).or_default().merge(count);
        if self.kept.len() > N
            && let Some((_, count)) = self.kept.pop_last()
        {
            self.more.merge(count);
        }
    }

    /// The keys, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.kept.keys()
    }

    /// What was counted under keys that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }
}

impl<K: Ord, const N: usize> Merge for Few<K, N> {
    fn merge(&mut self, other: Self) {
        self.more.merge(other.more);
        for (key, count) in other.kept {
            self.add(key, count);
        }
    }
}
