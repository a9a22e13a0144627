//! Siblings compared: what lies below them, their bodies, where they send their traffic.
//!
//! In: profiles of the words below one place. Out: how much like the others each one is.

use std::collections::BTreeMap;

use super::profile::{Fields, Profile, cosine, figure, ratio};

/// How often each token stands in the sets of siblings.
pub(super) struct Crowd {
    counts: BTreeMap<u64, usize>,
    sets: usize,
}

impl Crowd {
    pub(super) fn of<'s>(sets: impl Iterator<Item = &'s Vec<u64>>) -> Self {
        let mut crowd = Self { counts: BTreeMap::new(), sets: 0 };
        for set in sets.filter(|set| !set.is_empty()) {
            crowd.sets += 1;
            set.iter().for_each(|token| *crowd.counts.entry(*token).or_default() += 1);
        }
        crowd
    }

    /// Somebody else has a set too, if one has.
    pub(super) const fn has_others(&self) -> bool {
        self.sets > 1
    }

    /// The share of the others that a token of the set has on average.
    pub(super) fn likeness(&self, set: &[u64]) -> f64 {
        if set.is_empty() || self.sets < 2 {
            return 0.0;
        }
        let count = |token: &u64| self.counts.get(token).map_or(0, |n| n - 1);
        ratio(set.iter().map(count).sum(), set.len() * (self.sets - 1))
    }
}

/// Of those who were asked one thing: how many, how often each field stood in their bodies, and all fields together.
#[derive(Default)]
struct Asked {
    sets: usize,
    total: usize,
    counts: BTreeMap<u32, usize>,
}

/// Fields of the bodies of siblings, by what was asked.
pub(super) struct Bodies {
    fields: BTreeMap<u64, Asked>,
}

impl Bodies {
    pub(super) fn of<'s>(all: impl Iterator<Item = &'s Fields>) -> Self {
        let mut fields: BTreeMap<u64, Asked> = BTreeMap::new();
        for (which, set) in all.flatten() {
            let asked = fields.entry(*which).or_default();
            asked.sets += 1;
            asked.total += set.len();
            set.iter().for_each(|field| *asked.counts.entry(*field).or_default() += 1);
        }
        Self { fields }
    }

    /// How much like those of the others, on average over what was asked; and whether there was anything to compare.
    pub(super) fn likeness(&self, own: &Fields) -> (f64, f64) {
        let mut sum = 0.0;
        let mut compared = 0;
        for (which, set) in own {
            let Some(asked) = self.fields.get(which).filter(|asked| asked.sets > 1) else { continue };
            let others = figure(asked.sets as u64 - 1);
            let times = |field: &u32| asked.counts.get(field).copied().unwrap_or_default();
            let share = |field: &u32| (figure(times(field).saturating_sub(1) as u64) / others).min(1.0);
            let inside: f64 = set.iter().map(share).sum();
            // Counted from the whole: to look at what each lacks would be quadratic.
            let missing = asked.total.saturating_sub(set.iter().map(times).sum());
            let union = figure(set.len() as u64) + figure(missing as u64) / others;
            sum += inside / union;
            compared += 1;
        }
        if compared == 0 { (0.0, 0.0) } else { (sum / f64::from(compared), 1.0) }
    }

    /// The share of its fields that nobody else has, where at least two others could.
    pub(super) fn private(&self, own: &Fields) -> f64 {
        let (mut all, mut alone) = (0, 0);
        for (which, set) in own {
            let Some(asked) = self.fields.get(which).filter(|asked| asked.sets > 2) else { continue };
            all += set.len();
            alone += set.iter().filter(|field| asked.counts.get(field) == Some(&1)).count();
        }
        ratio(alone, all)
    }
}

/// How much like the bodies of the variable beside.
pub(super) fn beside_bodies(own: &Fields, variables: &[Profile]) -> (f64, f64) {
    let mut likes = Vec::new();
    for (which, set) in own {
        for (_, theirs) in variables.iter().flat_map(|profile| &profile.answered).filter(|(known, _)| known == which) {
            let both = set.iter().filter(|field| theirs.binary_search(field).is_ok()).count();
            likes.push(ratio(both, set.len() + theirs.len() - both));
        }
    }
    if likes.is_empty() { (0.0, 0.0) } else { (likes.iter().sum::<f64>() / figure(likes.len() as u64), 1.0) }
}

/// Do siblings send their traffic to the same words below, in the same proportions?
pub(super) struct Exchange {
    total: BTreeMap<u64, f64>,
    /// Siblings compared.
    compared: usize,
    /// The middle one's cosine with all others.
    middle: f64,
    /// How many words carry the traffic that they share.
    effective: f64,
}

impl Exchange {
    pub(super) fn of(words: &[Profile], variables: &[Profile], level: usize) -> Self {
        let mut heavy: Vec<&Profile> = words.iter().chain(variables).collect();
        heavy.sort_by(|a, b| b.requests.total_cmp(&a.requests));
        let mut unit: Vec<BTreeMap<u64, f64>> = Vec::new();
        for profile in heavy.into_iter().take(24) {
            let traffic = &profile.traffic[level];
            if traffic.values().sum::<f64>() >= 4.0 {
                let length = traffic.values().map(|n| n * n).sum::<f64>().sqrt();
                unit.push(traffic.iter().map(|(token, n)| (*token, n / length)).collect());
            }
        }
        let mut total: BTreeMap<u64, f64> = BTreeMap::new();
        let mut holders: BTreeMap<u64, usize> = BTreeMap::new();
        for one in &unit {
            for (token, n) in one {
                *total.entry(*token).or_default() += n;
                *holders.entry(*token).or_default() += 1;
            }
        }
        let mut cosines: Vec<f64> = unit
            .iter()
            .map(|one| {
                let others = total.iter().map(|(token, n)| (*token, n - one.get(token).copied().unwrap_or(0.0)));
                cosine(one, &others.collect())
            })
            .collect();
        cosines.sort_by(f64::total_cmp);
        let least = (unit.len() * 3 / 10).max(3);
        let common: Vec<f64> = total.iter().filter(|(token, _)| holders[token] >= least).map(|(_, n)| *n).collect();
        let sum: f64 = common.iter().sum();
        let entropy: f64 = common.iter().map(|n| -(n / sum) * (n / sum).ln()).sum();
        Self {
            compared: unit.len(),
            middle: cosines.get(cosines.len() / 2).copied().unwrap_or(0.0),
            effective: if common.is_empty() { 0.0 } else { entropy.exp() },
            total,
        }
    }

    /// From 0 to 1: they are exchangeable.
    pub(super) fn strength(&self) -> f64 {
        if self.compared < 4 || self.middle < 0.35 || self.effective < 4.0 {
            return 0.0;
        }
        (figure(self.compared as u64) / 8.0).min(1.0)
    }

    /// How much one sibling is so.
    pub(super) fn own(&self, traffic: &BTreeMap<u64, f64>) -> f64 {
        self.strength() * cosine(traffic, &self.total)
    }
}
