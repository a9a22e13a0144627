//! The parameters of one operation: how often each came, and what its values looked like.
//!
//! In: the parameters of one request, each once. Out: plain figures. Those of queries are noted for every request,
//! those of bodies for those that were looked into ([`super::lessons`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bounded::{text_bytes, tree_bytes};
use super::kept::MOST;
use super::snapshot::ParamRecord;
use crate::api::{Param, ParamPlace, ParamStyle, ParamType, Values};
use crate::merge::Merge;

/// Longer names and media types are not kept as they are: nobody reads them, and they are as long as a head.
pub(super) const NAME_BYTES: usize = 128;
/// What stands in the place of a name that is too long; as `observe` writes a name of no plain class.
const LONG_NAME: &str = "{value}";

/// Parameters of one operation: the smallest (place, name) are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Params {
    kept: BTreeMap<(ParamPlace, Box<str>), ParamSeen>,
    /// `None` in the zero of merging, which knows no bound yet.
    limit: Option<usize>,
    /// Sightings of parameters that were not kept.
    more: u64,
}

/// One parameter: how often, and what its values looked like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ParamSeen {
    seen: u64,
    kinds: Counts<{ ParamType::ALL.len() }>,
    styles: Counts<{ ParamStyle::ALL.len() }>,
    values: Values,
}

/// Counts by the number of a variant.
type Counts<const N: usize> = [u64; N];

impl ParamSeen {
    fn note(&mut self, param: &Param) {
        self.seen.merge(1);
        self.kinds[param.kind as usize].merge(1);
        self.styles[param.style as usize].merge(1);
        self.values.note(param.value);
    }
}

impl Merge for ParamSeen {
    fn merge(&mut self, other: Self) {
        self.seen.merge(other.seen);
        self.kinds.iter_mut().zip(other.kinds).for_each(|(mine, theirs)| mine.merge(theirs));
        self.styles.iter_mut().zip(other.styles).for_each(|(mine, theirs)| mine.merge(theirs));
        self.values.merge(other.values);
    }
}

impl Params {
    /// None yet, and at most `limit` to come.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// Takes in one of a request. Tells whether it is a new one, and the memory added at the most.
    pub(super) fn note(&mut self, param: &Param) -> (bool, usize) {
        let name = if param.name.len() > NAME_BYTES { LONG_NAME } else { param.name.as_str() };
        let known = self.kept.len();
        let seen = self.kept.entry((param.place, name.into())).or_default();
        let before = seen.values.weight();
        seen.note(param);
        let grown = seen.values.weight().saturating_sub(before);
        let new = self.kept.len() > known;
        self.settle();
        (new, grown + if new { Self::bytes(name.len()) } else { 0 })
    }

    /// What one takes, with a name of `name` bytes.
    const fn bytes(name: usize) -> usize {
        // Its share of a node.
        tree_bytes::<(ParamPlace, Box<str>), ParamSeen>(5) / 2 + text_bytes(name)
    }

    /// So many found no room before they came here.
    pub(super) fn leave_out(&mut self, more: u64) {
        self.more.merge(more);
    }

    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Sightings of those that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }

    /// The plain figures; `of` tells how many requests could have carried one.
    pub(super) fn freeze(self, of: impl Fn(ParamPlace) -> u64) -> Vec<ParamRecord> {
        let record = |((place, name), seen): ((ParamPlace, Box<str>), ParamSeen)| ParamRecord {
            place,
            name: name.into(),
            seen: seen.seen,
            of: of(place),
            kinds: told(&ParamType::ALL, &seen.kinds),
            styles: told(&ParamStyle::ALL[1..], &seen.styles[1..]),
            values: seen.values,
        };
        self.kept.into_iter().map(record).collect()
    }

    /// Keeps at most `cap`, from now on.
    pub(super) fn cut_to(&mut self, cap: usize) {
        self.limit = Some(self.limit.map_or(cap, |limit| limit.min(cap)));
        self.settle();
    }

    /// Memory beside itself, rather too much.
    pub(super) fn weight(&self) -> usize {
        self.kept.iter().map(|((_, name), seen)| Self::bytes(name.len()) + seen.values.weight()).sum()
    }

    fn settle(&mut self) {
        while self.limit.is_some_and(|limit| self.kept.len() > limit) {
            if let Some((_, seen)) = self.kept.pop_last() {
                self.more.merge(seen.seen);
            }
        }
    }
}

impl Merge for Params {
    fn merge(&mut self, other: Self) {
        self.limit = match (self.limit, other.limit) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.more.merge(other.more);
        Merge::merge(&mut self.kept, other.kept);
        self.settle();
    }
}

/// What was counted, by what it is.
fn told<K: Copy + Ord>(names: &[K], counts: &[u64]) -> BTreeMap<K, u64> {
    names.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
}

impl Params {
    /// They could have been noted, as far as other figures lean on that.
    pub(super) fn is_sound(&self) -> bool {
        self.kept
            .iter()
            .all(|((_, name), seen)| name.len() <= NAME_BYTES && seen.seen <= MOST && seen.values.is_sound())
    }
}
