//! Which names stay where there are too many: words that APIs are made of come first, then the smallest hashes.
//!
//! What is among the first of all is among the first of every part, so neither order nor split shows in what was kept.

use std::collections::BinaryHeap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::word::Word;

/// The rank of a name; the smallest stay.
#[must_use]
pub fn rank(name: &str) -> u64 {
    let listed = Word::of(name.as_bytes()).is_some();
    xxh3_64_with_seed(name.as_bytes(), SEED) >> 1 | u64::from(!listed) << 63
}

const SEED: u64 = 0x7a5d;

/// The smallest rank that finds no room where at most `most` of these names do; `None` where all do.
#[must_use]
pub fn ceiling<'n>(names: impl Iterator<Item = &'n str>, most: usize) -> Option<u64> {
    let mut ranks: Vec<u64> = names.map(rank).collect();
    (ranks.len() > most).then(|| *ranks.select_nth_unstable(most).1)
}

/// The names of a full set, the greatest rank on top. Made when the set is full, so that most never need one; then each further
/// name costs a logarithm, whatever order somebody thought out.
#[derive(Debug, Default)]
pub struct Ranks(BinaryHeap<(u64, Box<str>)>);

impl Ranks {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Asks for room for a name in a full set of these names (`known` is only asked the first time, and that is counted off
    /// `makings`: somebody may think out many full sets). The name that has to go; `None` where it is the new one.
    pub fn admit<'n>(
        &mut self,
        name: &str,
        known: impl Iterator<Item = &'n str>,
        makings: &mut usize,
    ) -> Option<Box<str>> {
        if self.0.is_empty() {
            *makings = makings.checked_sub(1)?;
            self.0.extend(known.map(|name| (rank(name), name.into())));
        }
        let own = (rank(name), name);
        let last = self.0.peek()?;
        if (last.0, &*last.1) <= own {
            return None;
        }
        let (_, gone) = self.0.pop()?;
        self.0.push((own.0, name.into()));
        Some(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_apis_stay_then_the_smallest_hashes_whatever_the_order() {
        // Catches a full set that keeps what came first, or the first of the alphabet: `zone` would go for `aaa1`.
        let mut names: Vec<String> = (0..500).map(|n| format!("a{n}x")).collect();
        names.extend(["zone", "status", "created_at", "zip"].map(str::to_owned));
        let kept = |names: &[String]| {
            let (mut set, mut ranks, mut makings) = (std::collections::BTreeSet::new(), Ranks::default(), 1);
            for name in names.iter().cycle().take(names.len() * 2).filter(|name| !name.is_empty()) {
                if set.contains(name.as_str()) {
                    continue;
                }
                if set.len() >= 20 {
                    let Some(gone) = ranks.admit(name, set.iter().map(String::as_str), &mut makings) else { continue };
                    assert!(set.remove(&*gone));
                }
                set.insert(name.clone());
            }
            set
        };
        let whole = kept(&names);
        assert!(["zone", "status", "created_at", "zip"].iter().all(|word| whole.contains(*word)), "{whole:?}");
        names.reverse();
        assert_eq!(whole, kept(&names));
        names.sort_by_key(|name| std::cmp::Reverse(rank(name)));
        assert_eq!(whole, kept(&names), "each is better than all before it");
        let mut all: Vec<&String> = names.iter().collect();
        all.sort_by_key(|name| rank(name));
        assert!(all[..20].iter().all(|name| whole.contains(*name)));
    }
}
