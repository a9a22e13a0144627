//! How each client behaves, as far as the judgement of others depends on it: who is a scanner.
//!
//! A scanner asks for what does not exist, whether it is told so or shown a page that it did not ask for. What only scanners asked for is no endpoint that anybody uses, so an
//! operation must be able to say that all its callers are such.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bounded::Smallest;
use super::kept::MOST;
use crate::merge::Merge;

/// What is known of one client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Client {
    requests: u64,
    not_found: u64,
    /// Distinct paths that were not found; more than suffice to call a scanner one.
    paths: Smallest<u64, { Signals::PATHS }>,
    /// Distinct paths that it asked for to see whether a secret lies there, in vain.
    tried: Smallest<u64, { Signals::TRIED }>,
}

impl Client {
    /// Its counts can have been seen.
    pub(super) const fn is_sound(&self) -> bool {
        self.requests <= MOST && self.not_found <= self.requests
    }
}

/// Clients by the hash of their address; the smallest hashes are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    clients: BTreeMap<u64, Client>,
    /// Requests of clients that were not kept.
    more: u64,
}

impl Signals {
    /// This many distinct paths not found make a scanner, when more than half of its requests were not found.
    const PATHS: usize = 10;

    /// This many distinct secrets that it looked for make one who tries things; it may do honest work beside.
    const TRIED: usize = 3;

    /// Takes in one request; `missed` is the hash of its path when that was not found, `tried` when it was looked for as a secret is.
    pub(super) fn note(&mut self, caller: u64, missed: Option<u64>, tried: Option<u64>, limit: usize) {
        let client = self.clients.entry(caller).or_default();
        client.requests.merge(1);
        if let Some(path) = tried {
            client.tried.insert(path);
        }
        if let Some(path) = missed {
            client.not_found.merge(1);
            client.paths.insert(path);
        }
        self.settle(limit);
    }

    /// Takes in what another learned.
    pub(super) fn absorb(&mut self, other: Self, limit: usize) {
        self.more.merge(other.more);
        for (caller, theirs) in other.clients {
            self.unite(caller, theirs, limit);
        }
    }

    /// Takes in what is known of one client.
    pub(super) fn unite(&mut self, caller: u64, theirs: Client, limit: usize) {
        let mine = self.clients.entry(caller).or_default();
        mine.requests.merge(theirs.requests);
        mine.not_found.merge(theirs.not_found);
        mine.paths.merge(theirs.paths);
        mine.tried.merge(theirs.tried);
        self.settle(limit);
    }

    /// Counts requests of clients that were not kept elsewhere.
    pub(super) fn leave_out(&mut self, requests: u64) {
        self.more.merge(requests);
    }

    /// Every client that is kept, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Client)> {
        self.clients.iter().map(|(caller, client)| (*caller, client))
    }

    /// The client of this hash behaves like a scanner. One that is not remembered does not.
    pub(super) fn is_scanner(&self, caller: u64) -> bool {
        self.clients
            .get(&caller)
            .is_some_and(|client| client.paths.len() >= Self::PATHS && client.not_found > client.requests / 2)
    }

    /// The client of this hash looked for secrets. One that is not remembered did not.
    pub(super) fn tries(&self, caller: u64) -> bool {
        self.clients.get(&caller).is_some_and(|client| client.tried.len() >= Self::TRIED)
    }

    /// Requests of clients that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }

    fn settle(&mut self, limit: usize) {
        while self.clients.len() > limit {
            if let Some((_, client)) = self.clients.pop_last() {
                self.more.merge(client.requests);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals(found: u64, missed: u64, distinct: u64) -> Signals {
        let mut signals = Signals::default();
        (0..found).for_each(|_| signals.note(7, None, None, 8));
        (0..missed).for_each(|i| signals.note(7, Some(i % distinct.max(1)), None, 8));
        signals
    }

    #[test]
    fn a_scanner_misses_many_paths_and_mostly_misses() {
        assert!(signals(9, 10, 10).is_scanner(7));
        assert!(!signals(10, 10, 10).is_scanner(7), "half of its requests found something");
        assert!(!signals(0, 100, 9).is_scanner(7), "a client with few broken links");
        assert!(!signals(0, 100, 100).is_scanner(8), "a stranger");
    }

    #[test]
    fn who_looks_for_three_secrets_tries_things() {
        let tries = |paths: &[u64]| {
            let mut halves = [Signals::default(), Signals::default()];
            paths.iter().enumerate().for_each(|(at, path)| halves[at % 2].note(7, None, Some(*path), 8));
            let [mut whole, half] = halves;
            whole.absorb(half, 8);
            (whole.tries(7), whole.is_scanner(7))
        };
        assert_eq!(tries(&[1, 2, 3, 4, 5]), (true, false));
        assert_eq!(tries(&[1, 2, 1, 2, 1]), (false, false), "one link that is broken, again and again");
    }

    #[test]
    fn the_smallest_clients_are_kept_whatever_the_order() {
        // Catches a bound that keeps the first comers: a flood of new addresses would then decide by its timing.
        let note = |callers: &mut dyn Iterator<Item = u64>| {
            let mut signals = Signals::default();
            callers.for_each(|caller| signals.note(caller, Some(caller), None, 10));
            (signals.clients.keys().copied().collect::<Vec<_>>(), signals.more)
        };
        assert_eq!(note(&mut (0..100)), note(&mut (0..100).rev()));
        assert_eq!(note(&mut (0..100)), ((0..10).collect(), 90));
    }
}
