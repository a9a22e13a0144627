//! What the tokens that callers showed say of themselves, counted.
//!
//! In: the facts of one token at a time. Out: how many of each algorithm, lifetime and issuer. Fixed sets, but for the issuers,
//! of which sixteen are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bounded::{Few, tree_bytes};
use super::snapshot::TokenRecord;
use crate::api::{TokenAlgorithm, TokenFacts, TokenIssuer, TokenLifetime};
use crate::merge::Merge;

/// Counts of tokens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tokens {
    algorithms: BTreeMap<TokenAlgorithm, u64>,
    lifetimes: BTreeMap<TokenLifetime, u64>,
    issuers: Few<Box<str>, 16>,
    /// An issuer that is no host of plain words.
    other: u64,
}

/// Bytes of an issuer's name in a record that was read back.
const ISSUER_BYTES: usize = 64;

impl Tokens {
    /// Takes in one.
    pub(super) fn note(&mut self, token: &TokenFacts) {
        self.algorithms.entry(token.algorithm).or_default().merge(1);
        self.lifetimes.entry(token.lifetime).or_default().merge(1);
        match &token.issuer {
            TokenIssuer::Unnamed => {}
            TokenIssuer::Host(host) => {
                self.issuers.count(host);
            }
            TokenIssuer::Other => self.other.merge(1),
        }
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        tree_bytes::<TokenAlgorithm, u64>(self.algorithms.len())
            + tree_bytes::<TokenLifetime, u64>(self.lifetimes.len())
            + self.issuers.weight()
    }

    /// No count is beyond `most`, no name is longer than one that is kept.
    pub(super) fn is_sound(&self, most: u64) -> bool {
        self.algorithms.values().chain(self.lifetimes.values()).chain([&self.other]).all(|n| *n <= most)
            && self.issuers.keys().all(|name| name.len() <= ISSUER_BYTES)
    }

    /// As plain figures.
    pub(super) fn freeze(self) -> TokenRecord {
        let mut issuers = self.issuers.freeze();
        if self.other > 0 {
            let called_so = issuers.get("other").copied().unwrap_or_default();
            issuers.insert("other".into(), called_so.saturating_add(self.other));
        }
        TokenRecord { algorithms: self.algorithms, lifetimes: self.lifetimes, issuers }
    }
}

impl Merge for Tokens {
    fn merge(&mut self, other: Self) {
        Merge::merge(&mut self.algorithms, other.algorithms);
        Merge::merge(&mut self.lifetimes, other.lifetimes);
        self.issuers.merge(other.issuers);
        self.other.merge(other.other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(n: u64) -> TokenFacts {
        let issuer = match n % 3 {
            0 => TokenIssuer::Unnamed,
            1 => TokenIssuer::Other,
            _ => TokenIssuer::Host(format!("login{}.example", n % 40)),
        };
        let algorithm = if n.is_multiple_of(2) { TokenAlgorithm::None } else { TokenAlgorithm::RS256 };
        TokenFacts { algorithm, lifetime: TokenLifetime::of_seconds((n * 7_000) as f64), issuer }
    }

    #[test]
    fn tokens_merge_in_any_order_and_stay_few() {
        // Catches issuers of which the first sixteen are kept: which those are would depend on the order.
        let all: Vec<TokenFacts> = (0..500).map(token).collect();
        let of = |facts: &[TokenFacts]| {
            let mut tokens = Tokens::default();
            facts.iter().for_each(|facts| tokens.note(facts));
            tokens
        };
        let whole = of(&all).freeze();
        for cut in [0, 1, 250, 499] {
            let (a, b) = all.split_at(cut);
            let mut ba = of(b);
            ba.merge(of(a));
            assert_eq!(ba.freeze(), whole, "cut at {cut}");
        }
        assert_eq!(whole.issuers.len(), 17);
        assert_eq!(
            whole.issuers.values().sum::<u64>(),
            all.iter().filter(|t| t.issuer != TokenIssuer::Unnamed).count() as u64
        );
    }

    #[test]
    fn what_was_kept_is_checked() {
        let mut tokens = Tokens::default();
        (0..9).for_each(|n| tokens.note(&token(n)));
        let read: Tokens = postcard::from_bytes(&postcard::to_stdvec(&tokens).unwrap()).unwrap();
        assert!(read.is_sound(9) && !read.is_sound(2));
        assert_eq!(read.freeze(), tokens.freeze());
        let mut long = Tokens::default();
        long.note(&TokenFacts { issuer: TokenIssuer::Host("a".repeat(65)), ..token(0) });
        assert!(!long.is_sound(9));
    }
}
