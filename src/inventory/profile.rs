//! What lies at and below one place, as sets that can be compared.
//!
//! Siblings that are values of one variable lead to the same: the same methods, the same words below, in the same
//! proportions, the same fields in their bodies. Siblings that somebody named lead each to its own.
//!
//! In: a place of the folded tree. Out: its profile. At most [`NEAR`] words of a place are looked at, those asked for
//! most; so a profile costs the same whatever the size of the tree.

use std::collections::BTreeMap;

use super::fold::{Place, PlaceId, Places};
use super::sketch::chain;

/// Words right below that are looked at, and those below each.
const NEAR: usize = 32;
/// Tokens in a set.
const TOKENS: usize = 96;

/// Fields of bodies by what was asked: (which, fields), both sorted.
pub(super) type Fields = Vec<(u64, Vec<u32>)>;

/// What lies at and below a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    /// Requests here and below.
    pub(super) requests: f64,
    /// Nothing lies below.
    pub(super) leaf: bool,
    /// A variable lies right below.
    pub(super) collects: bool,
    /// It is written to: PUT, PATCH, DELETE.
    pub(super) written: bool,
    /// Methods here, steps right below and their methods.
    pub(super) near: Vec<u64>,
    /// Pairs of steps, one below the other.
    pub(super) deep: Vec<u64>,
    /// Words two and three levels below, whatever stands between: owners are alike before their repositories are.
    pub(super) wild: Vec<u64>,
    /// Requests by word, one and two levels below.
    pub(super) traffic: [BTreeMap<u64, f64>; 2],
    /// Fields of answers, and of what was asked.
    pub(super) answered: Fields,
    pub(super) asked: Fields,
}

impl Profile {
    /// The profile of a place.
    pub(super) fn of(places: &Places<'_>, id: PlaceId) -> Self {
        let place = places.at(id);
        let mut profile = Self {
            requests: figure(place.requests),
            collects: !place.variables.is_empty(),
            leaf: place.words.is_empty() && place.variables.is_empty(),
            written: place.ops.iter().any(|op| op.ok > 0 && matches!(op.method, "PUT" | "PATCH" | "DELETE")),
            ..Self::default()
        };
        profile.here(place, 0);
        for (step, word, below) in steps(places, place) {
            profile.near.push(step);
            let child = places.at(below);
            profile.here(child, step);
            if word.is_some() {
                *profile.traffic[0].entry(step).or_default() += figure(child.requests);
            }
            for (next, word, below) in steps(places, child) {
                profile.deep.push(pair(step, next));
                let grandchild = places.at(below);
                if word.is_some() {
                    *profile.traffic[1].entry(next).or_default() += figure(grandchild.requests);
                    profile.wild.push(next);
                }
                for (third, word, _) in steps(places, grandchild) {
                    profile.deep.push(pair(pair(step, next), third));
                    if word.is_some() {
                        profile.wild.push(pair(3, third));
                    }
                }
            }
        }
        for set in [&mut profile.near, &mut profile.deep, &mut profile.wild] {
            set.sort_unstable();
            set.dedup();
            set.truncate(TOKENS);
        }
        profile.answered.sort_unstable();
        profile.asked.sort_unstable();
        profile
    }

    fn here(&mut self, place: &Place<'_>, step: u64) {
        here(place, step, (&mut self.near, &mut self.answered, &mut self.asked));
    }
}

/// What a place does, reached by this step: its methods, and the fields of answers and of what was asked.
pub(super) fn here(
    place: &Place<'_>,
    step: u64,
    (methods, answered, asked): (&mut Vec<u64>, &mut Fields, &mut Fields),
) {
    for op in place.ops.iter().filter(|op| op.ok > 0) {
        let token = chain(step, op.method);
        methods.push(token);
        if !op.answered.is_empty() {
            answered.push((token, op.answered.clone()));
        }
        if !op.asked.is_empty() {
            asked.push((token, op.asked.clone()));
        }
    }
}

/// Steps below a place: (hash, the word if it is one, where it leads). Of many words those asked for most, then the first.
pub(super) fn steps<'p>(
    places: &'p Places<'_>,
    place: &'p Place<'_>,
) -> impl Iterator<Item = (u64, Option<&'p str>, PlaceId)> + 'p {
    let mut words: Vec<(u64, &str, PlaceId)> =
        place.words.iter().map(|(text, id)| (places.at(*id).requests, *text, *id)).collect();
    if words.len() > NEAR {
        words.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        words.truncate(NEAR);
    }
    let words = words.into_iter().map(|(_, text, id)| (chain(1, text), Some(text), id));
    words.chain(place.variables.iter().map(|variable| (chain(2, variable.affix), None, variable.place)))
}

pub(super) fn pair(one: u64, other: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&other.to_le_bytes(), one)
}

/// Which share of `mine` is in `theirs`; both sorted.
pub(super) fn shared<T: Ord>(mine: &[T], theirs: &[T]) -> f64 {
    ratio(mine.iter().filter(|token| theirs.binary_search(token).is_ok()).count(), mine.len())
}

/// The cosine of two histograms; 0 where one is empty.
pub(super) fn cosine(one: &BTreeMap<u64, f64>, other: &BTreeMap<u64, f64>) -> f64 {
    let length = |of: &BTreeMap<u64, f64>| of.values().map(|n| n * n).sum::<f64>().sqrt();
    let (a, b) = (length(one), length(other));
    if a == 0.0 || b == 0.0 {
        return 0.0;
    }
    one.iter().filter_map(|(token, n)| other.get(token).map(|m| n * m)).sum::<f64>() / (a * b)
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "a count of requests; the last digits do not matter")]
pub(super) const fn figure(count: u64) -> f64 {
    count as f64
}

/// A share of two counts.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { figure(part as u64) / figure(whole as u64) }
}
