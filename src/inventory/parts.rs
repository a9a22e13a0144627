//! Parts of multipart bodies, by what they are.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::kept::MOST;
use super::snapshot::PartRecord;
use crate::api::Part;
use crate::merge::Merge;

/// How often parts of each kind came; the smallest kinds are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    kept: Counts<Part>,
    /// Parts of kinds that were not kept.
    more: u64,
}

impl Parts {
    /// Kinds that are told apart.
    const KINDS: usize = 16;

    /// Takes in parts of one kind.
    pub(super) fn note(&mut self, part: Part, count: u64) {
        self.kept.add(part, count);
        self.settle();
    }

    /// Memory, itself included.
    pub(super) const fn weight(&self) -> usize {
        size_of::<Self>() + 16 + self.kept.weight()
    }

    /// Parts of kinds that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }

    /// It can have been counted.
    pub(super) fn is_sound(&self) -> bool {
        self.kept.len() <= Self::KINDS && self.kept.sum().max(self.more) <= MOST
    }

    /// As plain figures.
    pub(super) fn freeze(&self) -> Vec<PartRecord> {
        self.kept.iter().map(|(part, seen)| PartRecord { part: *part, seen }).collect()
    }

    fn settle(&mut self) {
        while self.kept.len() > Self::KINDS
            && let Some((_, count)) = self.kept.pop_last()
        {
            self.more.merge(count);
        }
    }
}

impl Merge for Parts {
    fn merge(&mut self, other: Self) {
        self.kept.merge(other.kept);
        self.more.merge(other.more);
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BodyKind, BodySide, Extension};

    #[test]
    fn kinds_beyond_the_bound_are_one_sum_whatever_the_order() {
        // Catches a bound that keeps the first comers.
        let part = |n: usize| Part {
            side: [BodySide::Request, BodySide::Response][n % 2],
            file: n.is_multiple_of(3),
            kind: Some(BodyKind::ALL[n % 17]),
            extension: Extension::ALL[n % 9],
        };
        let all = |numbers: &mut dyn Iterator<Item = usize>| {
            let mut parts = Parts::default();
            numbers.for_each(|n| parts.note(part(n), 1));
            parts
        };
        let whole = all(&mut (0..100));
        let mut halves = all(&mut (50..100).rev());
        halves.merge(all(&mut (0..50).rev()));
        assert_eq!(whole, halves);
        assert!(whole.is_sound() && whole.more() > 0);
        assert_eq!(whole.freeze().iter().map(|part| part.seen).sum::<u64>() + whole.more(), 100);
    }
}
