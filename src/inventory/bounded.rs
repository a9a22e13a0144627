//! Small sets and counters that stay small: the smallest of all that ever came are kept.
//!
//! What is among the `N` smallest of everything is among the `N` smallest of every part of it, so it is never
//! dropped on the way and its count is whole. That is why "keep the smallest" does not show the order of arrival,
//! and "keep the first" would.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::merge::Merge;

/// Memory of a `BTreeMap` of so many entries, rather too much than too little: a node has room for eleven and is at least
/// half full, save the first.
pub(super) const fn tree_bytes<K, V>(len: usize) -> usize {
    if len == 0 { 0 } else { (len / 5 + 1) * (11 * (size_of::<K>() + size_of::<V>()) + 32) }
}

/// Memory of a text on the heap, with the allocator's share.
pub(super) const fn text_bytes(len: usize) -> usize {
    len + 32
}

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
    /// It is kept.
    pub(super) fn has(&self, item: &T) -> bool {
        self.kept.last().is_some_and(|last| item <= last) && self.kept.binary_search(item).is_ok()
    }

    /// Puts one in. Gives back what found no room: the new one or the one it pushed out.
    pub(super) fn insert(&mut self, item: T) -> Option<T> {
        // Of servers there is mostly one; and most of what comes to a full set is greater, by far.
        if let Some(last) = self.kept.last() {
            if *last == item {
                return None;
            }
            if self.kept.len() >= N && *last < item {
                return Some(item);
            }
        }
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

    /// Memory beside itself.
    pub(super) const fn weight(&self) -> usize {
        self.kept.len().next_power_of_two() * size_of::<T>()
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

impl<T: Serialize, const N: usize> Serialize for Smallest<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.kept.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Ord, const N: usize> Deserialize<'de> for Smallest<T, N> {
    /// Reads what was kept; more than the bound is nonsense.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Vec::<T>::deserialize(deserializer)?;
        if all.len() > N {
            return Err(D::Error::custom("more than are kept"));
        }
        let mut read = Self::default();
        all.into_iter().for_each(|item| drop(read.insert(item)));
        Ok(read)
    }
}

/// Counts by key for the `N` smallest keys; what was counted under the others is one sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Counts one; allocates on first sight only. Tells the memory added at the most.
    pub(super) fn count(&mut self, key: &str) -> usize {
        if let Some(seen) = self.kept.get_mut(key) {
            *seen = seen.saturating_add(1);
            return 0;
        }
        let before = self.tree();
        self.add(key.into(), 1);
        text_bytes(key.len()) + self.tree() - before.min(self.tree())
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        self.tree() + self.kept.keys().map(|key| text_bytes(key.len())).sum::<usize>()
    }

    fn tree(&self) -> usize {
        tree_bytes::<Box<str>, u64>(self.kept.len())
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

impl<'de, K: Deserialize<'de> + Ord, const N: usize> Deserialize<'de> for Few<K, N> {
    /// Reads what was kept; more than the bound is nonsense.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (kept, more) = <(BTreeMap<K, u64>, u64)>::deserialize(deserializer)?;
        if kept.len() > N {
            return Err(D::Error::custom("more than are kept"));
        }
        Ok(Self { kept, more })
    }
}
