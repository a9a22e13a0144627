//! What exchanges of one operation did that its declaration does not say: how often, of how many, and when.
//!
//! In: the facts of one exchange under the digest of the declaration that it was held against. Out: plain figures. A declaration
//! that changes has another digest, and what was found under the old one is told no more.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::bounded::text_bytes;
use super::entry::Window;
use super::kept::MOST;
use super::snapshot::DriftRecord;
use crate::api::{Checked, Drift as Kind, Fact, Facts};
use crate::merge::Merge;
use crate::time::Timestamp;

/// Drift of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Drifts {
    // INVARIANT: both sorted, no two alike, bounded; kept are those of the smallest rank, or the smallest.
    kept: Vec<Drift>,
    checked: Vec<(u64, Checked, u64)>,
    /// Sightings that were not kept.
    more: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Drift {
    rank: u64,
    digest: u64,
    fact: Fact,
    seen: u64,
    window: Window,
}

impl Drift {
    // Kinds do not take room from each other: of names that anybody can make up there are as many as somebody likes.
    fn key(&self) -> (Kind, u64, u64, &Fact) {
        (self.fact.drift, self.rank, self.digest, &self.fact)
    }
}

/// Memory of what a fact points at.
const fn texts(fact: &Fact) -> usize {
    text_bytes(fact.seen.len()) + text_bytes(fact.promised.len())
}

fn rank(digest: u64, fact: &Fact) -> u64 {
    let mut hash = Xxh3::new();
    (digest, fact).hash(&mut hash);
    hash.finish()
}

impl Drifts {
    /// Different facts kept of one kind.
    const FACTS: usize = 16;
    /// Undeclared names at one place from which on they are data, and told as one.
    const NAMES: usize = 6;
    /// Parts whose exchanges are counted: four and two for each of so many statuses.
    const PARTS: usize = 64;

    /// Takes in the facts of one exchange. Tells the memory added at the most.
    pub(super) fn note(&mut self, digest: u64, facts: &Facts, at: Timestamp) -> usize {
        let parts = self.checked.len();
        for part in facts.checked() {
            self.count(digest, *part, 1);
        }
        let mut added = (self.checked.len() - parts) * 2 * size_of::<(u64, Checked, u64)>();
        for fact in facts.list() {
            let rank = rank(digest, fact);
            if let Ok(known) = self.kept.binary_search_by(|known| known.key().cmp(&(fact.drift, rank, digest, fact))) {
                self.kept[known].seen.merge(1);
                self.kept[known].window.insert(at);
                continue;
            }
            let mut window = Window::default();
            window.insert(at);
            // A list grows by doubling.
            added += 2 * size_of::<Drift>() + texts(fact);
            self.add(Drift { rank, digest, fact: fact.clone(), seen: 1, window });
        }
        self.more.merge(facts.left_out);
        added
    }

    fn count(&mut self, digest: u64, part: Checked, count: u64) {
        match self.checked.binary_search_by(|(of, known, _)| (*of, *known).cmp(&(digest, part))) {
            Ok(at) => self.checked[at].2.merge(count),
            Err(at) => {
                self.checked.insert(at, (digest, part, count));
                // A ratio of what is not kept is told of too few: that is a bound, and counted.
                if self.checked.len() > Self::PARTS
                    && let Some((.., out)) = self.checked.pop()
                {
                    self.more.merge(out);
                }
            }
        }
    }

    fn add(&mut self, new: Drift) {
        let kind = new.fact.drift;
        match self.kept.binary_search_by(|known| known.key().cmp(&new.key())) {
            Ok(at) => {
                self.kept[at].seen.merge(new.seen);
                self.kept[at].window.merge(new.window);
            }
            Err(at) => {
                let first = self.kept.partition_point(|known| known.fact.drift < kind);
                let end = self.kept.partition_point(|known| known.fact.drift <= kind);
                if end - first < Self::FACTS {
                    self.kept.insert(at, new);
                } else if at < end {
                    let out = self.kept.remove(end - 1);
                    self.more.merge(out.seen);
                    self.kept.insert(at, new);
                } else {
                    self.more.merge(new.seen);
                }
            }
        }
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        self.kept.capacity() * size_of::<Drift>()
            + self.kept.iter().map(|drift| texts(&drift.fact)).sum::<usize>()
            + self.checked.capacity() * size_of::<(u64, Checked, u64)>()
    }

    /// Memory when it is told.
    pub(super) fn told(&self) -> usize {
        self.kept
            .iter()
            .map(|drift| size_of::<DriftRecord>() + drift.fact.seen.len() + drift.fact.promised.len() + 64)
            .sum()
    }

    /// Sightings that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }

    /// It could have grown out of exchanges.
    pub(super) fn is_sound(&self) -> bool {
        let fits = |drift: &Drift| {
            let Fact { seen, promised, .. } = &drift.fact;
            seen.len() <= Facts::POINTER_BYTES
                && promised.len() <= Facts::POINTER_BYTES
                && drift.seen <= MOST
                && drift.window.is_sound()
                && drift.rank == rank(drift.digest, &drift.fact)
        };
        self.kept.chunk_by(|a, b| a.fact.drift == b.fact.drift).all(|kind| kind.len() <= Self::FACTS)
            && self.checked.len() <= Self::PARTS
            && self.more <= MOST
            && self.kept.is_sorted_by(|a, b| a.key() < b.key())
            && self.checked.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1))
            && self.checked.iter().all(|(.., count)| *count <= MOST)
            && self.kept.iter().all(fits)
    }

    /// The plain figures, in order of kind and place.
    pub(super) fn freeze(self) -> Vec<DriftRecord> {
        let checked = self.checked;
        let of = |digest, part| {
            checked.iter().find(|(of, known, _)| (*of, *known) == (digest, part)).map_or(0, |found| found.2)
        };
        let mut told: Vec<DriftRecord> = self
            .kept
            .into_iter()
            .map(|Drift { digest, fact, seen, window, .. }| {
                let (first, last) = window.bounds().unwrap_or_default();
                DriftRecord { digest, of: of(digest, fact.of).max(seen), fact, seen, first, last }
            })
            .collect();
        told.sort_by(|a, b| (a.digest, &a.fact).cmp(&(b.digest, &b.fact)));
        let mut folded: Vec<DriftRecord> = told.chunk_by(is_beside).flat_map(Self::fold).collect();
        folded.sort_by(|a, b| (&a.fact, a.digest).cmp(&(&b.fact, b.digest)));
        folded
    }
}

impl Drifts {
    /// Many names that are not declared beside each other: what stands there are data (people, currencies), and no fields.
    fn fold(beside: &[DriftRecord]) -> Vec<DriftRecord> {
        let Some(first) = beside.iter().max_by_key(|record| record.seen) else { return Vec::new() };
        if beside.len() < Self::NAMES || !is_of_name(&first.fact) {
            return beside.to_vec();
        }
        let parent = first.fact.seen.rsplit_once('/').map_or("", |(parent, _)| parent);
        let mut one = first.clone();
        one.fact.seen = format!("{parent}/{{key}}").into();
        one.fact.forbidden = beside.iter().any(|record| record.fact.forbidden);
        one.first = beside.iter().map(|record| record.first).min().unwrap_or(one.first);
        one.last = beside.iter().map(|record| record.last).max().unwrap_or(one.last);
        vec![one]
    }
}

/// A name that is not declared, in a place where there may be many.
const fn is_of_name(fact: &Fact) -> bool {
    matches!(
        fact.drift,
        Kind::UndocumentedQuery
            | Kind::UndocumentedHeader
            | Kind::UndocumentedCookie
            | Kind::UndocumentedForm
            | Kind::UndocumentedRequestField
            | Kind::UndocumentedResponseField
    )
}

fn is_beside(a: &DriftRecord, b: &DriftRecord) -> bool {
    let parent = |record: &'_ DriftRecord| record.fact.seen.rfind('/').unwrap_or_default();
    let (of_a, of_b) = (parent(a), parent(b));
    (a.digest, a.fact.drift, a.fact.of) == (b.digest, b.fact.drift, b.fact.of)
        && is_of_name(&a.fact)
        && a.fact.seen.get(..of_a) == b.fact.seen.get(..of_b)
}

impl Merge for Drifts {
    fn merge(&mut self, other: Self) {
        for (digest, part, count) in other.checked {
            self.count(digest, part, count);
        }
        other.kept.into_iter().for_each(|drift| self.add(drift));
        self.more.merge(other.more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(fields: &[u8]) -> Facts {
        let mut facts = Facts::default();
        facts.check(Checked::Response(200));
        for field in fields {
            facts.add(
                Kind::UndocumentedResponseField,
                Checked::Response(200),
                &format!("/response/200/body/{field}"),
                "#/x",
            );
        }
        facts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Catches figures that hang on the order in which shares were put together, also where there are too many to be kept.
        #[test]
        fn drift_does_not_show_how_it_was_put_together(exchanges in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..30), cut in 0_usize..30) {
            let noted = |part: &[Vec<u8>], from: usize| {
                let mut drifts = Drifts::default();
                for (n, fields) in part.iter().enumerate() {
                    drifts.note(7, &facts(fields), Timestamp::from_parts((from + n) as u64, 0));
                }
                drifts
            };
            let whole = noted(&exchanges, 0);
            let cut = cut.min(exchanges.len());
            let (mut left, right) = (noted(&exchanges[..cut], 0), noted(&exchanges[cut..], cut));
            let mut other = right.clone();
            other.merge(left.clone());
            left.merge(right);
            prop_assert_eq!(&left, &whole);
            prop_assert_eq!(&other, &whole);
            prop_assert!(whole.is_sound());
            prop_assert!(whole.kept.len() <= 2 * Drifts::FACTS);
        }
    }

    #[test]
    fn a_ratio_is_of_what_was_held_against_the_same_declaration() {
        // Catches exchanges under an older declaration counted with those of this one.
        let mut drifts = Drifts::default();
        let at = |seconds| Timestamp::from_parts(seconds, 0);
        drifts.note(1, &facts(&[]), at(1));
        drifts.note(2, &facts(&[]), at(2));
        drifts.note(2, &facts(&[5]), at(3));
        drifts.note(2, &facts(&[5]), at(9));
        let told = drifts.freeze();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].digest, told[0].seen, told[0].of, told[0].first, told[0].last), (2, 2, 3, at(3), at(9)));
    }
}
