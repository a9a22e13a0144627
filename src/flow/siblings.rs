//! Joins the two directions of a connection that a mirror port delivered under different tags.
//!
//! Scopes keep equal addresses in two networks apart. But taps that tag one direction only, switches that mirror each
//! under a session or key of its own, and overlays with a network number a direction tear one connection in two. Their
//! numbers tell: what comes from the other end, where only this end was heard, and answers exactly what it said, is
//! the other half. Two connections in two networks that use the same ports at the same time never look so, but once in
//! millions; once both directions were seen under one scope, nothing else is taken for a part of it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::dialogue::Dialogue;
use super::half::Glimpse;
use super::key::{End, FlowKey};
use crate::decode::{Scope, Segment, Seq, TcpFlags};

/// The latest connection of each pair of ends that was met inside a scope.
///
/// INVARIANT: what an entry names was of these ends when it was written; it may be gone since.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    latest: HashMap<FlowKey, u32, RandomState>,
    /// The other key of each that was joined: that of the direction which came under another scope.
    joined: HashMap<u32, FlowKey, RandomState>,
}

impl Siblings {
    /// What one entry costs, of a map that is half full.
    const COST: usize = 2 * size_of::<(FlowKey, u32)>();

    /// Takes note of a connection. Those outside any scope are found by their own key.
    pub(super) fn note(&mut self, key: FlowKey, at: u32) {
        if key.scope() != Scope::default() {
            self.latest.insert(key.anywhere(), at);
        }
    }

    /// Takes note that a connection has this key, too.
    pub(super) fn join(&mut self, key: FlowKey, at: u32) {
        self.joined.insert(at, key);
    }

    /// Forgets a connection; gives its other key, if it had one.
    pub(super) fn forget(&mut self, key: FlowKey, at: u32) -> Option<FlowKey> {
        if key.scope() != Scope::default() && self.latest.get(&key.anywhere()) == Some(&at) {
            self.latest.remove(&key.anywhere());
        }
        self.joined.remove(&at)
    }

    /// The connection between the same ends that was last met in any scope, unless it has both its directions.
    pub(super) fn latest(&self, key: FlowKey) -> Option<u32> {
        self.latest.get(&key.anywhere()).copied().filter(|at| self.lone(*at))
    }

    /// Nothing was joined to this connection.
    pub(super) fn lone(&self, at: u32) -> bool {
        !self.joined.contains_key(&at)
    }

    /// Memory taken, roughly.
    pub(super) fn weight(&self) -> usize {
        (self.latest.len() + self.joined.len()) * Self::COST
    }
}

/// How far apart numbers of the two directions may lie, where both are known: taps deliver the directions out of step.
const STEP: u32 = 1 << 20;
/// The same where one of them is all there is to go by.
const CLOSE: u32 = 1 << 12;

/// Whether `segment` is the first of `end` that was heard of a connection, and answers what the other end said.
pub(super) fn answers<S>(
    glimpses: &[Glimpse; 2],
    dialogue: Option<&Dialogue<S>>,
    end: End,
    segment: &Segment<'_>,
) -> bool {
    let (mine, theirs) = (&glimpses[end.index()], &glimpses[end.other().index()]);
    if mine.seen() || !theirs.seen() || dialogue.is_some_and(|dialogue| dialogue.heard(end)) {
        return false;
    }
    let syn = segment.flags.has(TcpFlags::SYN);
    let start = if syn { segment.seq.plus(1) } else { segment.seq };
    let expected = theirs.acknowledged();
    if !segment.flags.has(TcpFlags::ACK) {
        // The SYN that a SYN-ACK was seen to answer, or nothing.
        return syn && theirs.answered() && expected.is_some_and(|(lowest, _)| lowest == start);
    }
    if syn {
        return !theirs.answered() && theirs.isn().is_some_and(|isn| segment.ack == isn.plus(1));
    }
    let Some(said) = theirs.lowest() else { return false };
    let within = |slack: u32| {
        let near = |seq: Seq, at: Seq| seq.distance(at).unsigned_abs() <= slack;
        let acknowledges = near(segment.ack, said)
            || dialogue.is_some_and(|dialogue| dialogue.near(end.other(), segment.ack, slack.into(), slack.into()));
        let goes_on = expected.is_none_or(|(lowest, highest)| near(start, lowest) || near(start, highest))
            || dialogue.is_some_and(|dialogue| dialogue.near(end, start, slack.into(), slack.into()));
        acknowledges && goes_on
    };
    within(if expected.is_some() { STEP } else { CLOSE })
}
