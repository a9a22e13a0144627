//! The fragment cache: parts of IP packets that wait for the rest.
//!
//! In: fragments in any order, doubled, overlapping, made by an attacker. Out: whole payloads. The only memory of
//! this room, and the only place here that allocates for a packet.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::ip::Piece;
use super::layer::{IpPair, Skip};
use super::segment::Scope;
use crate::limits::Limits;
use crate::merge::Merge;
use crate::time::{Clock, Span, Timestamp};

/// Datagrams in parts, bounded in bytes and time.
///
/// INVARIANT: `bytes` is the sum of what all datagrams hold plus `DATAGRAM_COST` for each entry of `order`.
/// Every datagram has its entry in `order`, which is sorted by `since`.
pub(super) struct Fragments {
    datagrams: HashMap<Key, Held>,
    /// Oldest first. An entry whose number is not its datagram's any more stands for nothing.
    order: VecDeque<Entry>,
    bytes: usize,
    limit: usize,
    wait: Span,
    clock: Clock,
    numbers: u64,
    pub(super) counts: FragmentCounts,
}

/// What became of fragments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Fragments kept.
    pub held: u64,
    /// Datagrams that became whole.
    pub completed: u64,
    /// Datagrams given up because the rest did not come within `Limits::fragment_wait`.
    pub expired: u64,
    /// Datagrams given up because `Limits::fragment_bytes` was full.
    pub evicted: u64,
    /// Fragments that overlapped others; what came first stayed.
    pub overlapping: u64,
    /// Fragments that brought nothing new.
    pub duplicate: u64,
    /// Fragments that contradicted others of their datagram.
    pub bad: u64,
    /// Datagrams that still wait.
    pub waiting: u64,
}

impl Merge for FragmentCounts {
    fn merge(&mut self, other: Self) {
        let Self { held, completed, expired, evicted, overlapping, duplicate, bad, waiting } = other;
        self.held += held;
        self.completed += completed;
        self.expired += expired;
        self.evicted += evicted;
        self.overlapping += overlapping;
        self.duplicate += duplicate;
        self.bad += bad;
        self.waiting += waiting;
    }
}

/// What a fragment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It waits.
    Held,
    /// It was the last that was missing: the whole lies in the buffer, of this protocol.
    Whole(u8),
    /// It was not kept.
    Skip(Skip),
}

/// What tells datagrams apart (RFC 791, RFC 8200 section 4.5). In IPv6 each fragment has its own idea of the
/// protocol and the first one's counts, so it is no part of the key there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    scope: Scope,
    pair: IpPair,
    protocol: Option<u8>,
    id: u32,
}

struct Entry {
    since: Timestamp,
    number: u64,
    key: Key,
}

struct Held {
    number: u64,
    /// What came, in the order it came.
    arena: Vec<u8>,
    /// Disjoint parts by their offset: where they lie in the arena, and how long they are.
    parts: BTreeMap<u32, (usize, u32)>,
    /// Bytes in the parts.
    covered: u32,
    /// Length of the whole, once the last fragment was seen.
    total: Option<u32>,
    /// Protocol, once the first was seen.
    protocol: Option<u8>,
    fragments: usize,
    /// When it became whole. It stays a while without its bytes, so that a mirror port's copies of its fragments
    /// do not begin another one.
    done: Option<Timestamp>,
}

impl Fragments {
    /// Fragments of one datagram: 64 KiB in pieces of the smallest MTU (RFC 791: 68 bytes) are 1,366.
    const PIECES: usize = 2048;
    /// How long copies of a whole datagram's fragments are known as such.
    const ECHO: Span = Span::from_secs(1);
    /// What a datagram and a part cost beside their bytes.
    const DATAGRAM_COST: usize = size_of::<(Key, Held)>() * 2 + size_of::<Entry>();
    const PART_COST: usize = 64;
    /// The longest payload of an IP packet.
    const LONGEST: u32 = 65_535;

    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            datagrams: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            limit: limits.fragment_bytes,
            wait: limits.fragment_wait,
            clock: Clock::default(),
            numbers: 0,
            counts: FragmentCounts::default(),
        }
    }

    /// Takes a fragment. When it completes its datagram, the payload is written to `whole`.
    pub(super) fn add(&mut self, piece: &Piece<'_>, scope: Scope, time: Timestamp, whole: &mut Vec<u8>) -> Kept {
        self.clock.stamp(time);
        let now = self.clock.now();
        self.expire(now);
        let end = piece.offset + u32::try_from(piece.bytes.len()).unwrap_or(Self::LONGEST);
        // The "ping of death": a fragment that reaches past what a packet can be.
        if piece.bytes.is_empty() || end > Self::LONGEST {
            self.counts.bad += 1;
            return Kept::Skip(Skip::BadFragment);
        }
        let protocol = piece.pair.from.is_ipv4().then_some(piece.protocol);
        let key = Key { scope, pair: piece.pair, protocol, id: piece.id };
        if let Some(done) = self.datagrams.get(&key).and_then(|held| held.done) {
            if now.since(done) <= Self::ECHO {
                self.counts.duplicate += 1;
                return Kept::Held;
            }
            self.datagrams.remove(&key);
        }
        if !self.datagrams.contains_key(&key) {
            self.begin(key, now);
        }
        let Some(held) = self.datagrams.get_mut(&key) else { return Kept::Skip(Skip::BadFragment) };
        let before = held.cost();
        let taken = held.take(piece, end, &mut self.counts);
        self.bytes += held.cost() - before;
        if !taken {
            self.counts.bad += 1;
            return Kept::Skip(Skip::BadFragment);
        }
        self.counts.held += 1;
        if let Some(protocol) = held.finish(whole) {
            self.bytes -= held.let_go(now);
            self.counts.completed += 1;
            return Kept::Whole(protocol);
        }
        // The newest goes last, so what was just kept stays unless it alone is too much.
        while self.bytes > self.limit && self.forget_oldest() {}
        Kept::Held
    }

    /// Datagrams that wait for the rest, now.
    pub(super) fn waiting(&self) -> u64 {
        self.datagrams.values().filter(|held| held.done.is_none()).count() as u64
    }

    fn begin(&mut self, key: Key, now: Timestamp) {
        self.numbers += 1;
        self.datagrams.insert(
            key,
            Held {
                number: self.numbers,
                arena: Vec::new(),
                parts: BTreeMap::new(),
                covered: 0,
                total: None,
                protocol: None,
                fragments: 0,
                done: None,
            },
        );
        self.order.push_back(Entry { since: now, number: self.numbers, key });
        self.bytes += Self::DATAGRAM_COST;
    }

    /// Gives up what has waited too long. `order` is by time, so only its front is looked at.
    fn expire(&mut self, now: Timestamp) {
        while self.order.front().is_some_and(|oldest| now.since(oldest.since) > self.wait) {
            self.counts.expired += u64::from(self.pop());
        }
    }

    /// Makes room; false when there is nothing left to give up.
    fn forget_oldest(&mut self) -> bool {
        if self.order.is_empty() {
            return false;
        }
        self.counts.evicted += u64::from(self.pop());
        true
    }

    /// Takes the front of `order` off; true when an incomplete datagram went with it.
    fn pop(&mut self) -> bool {
        let Some(Entry { number, key, .. }) = self.order.pop_front() else { return false };
        self.bytes -= Self::DATAGRAM_COST;
        if self.datagrams.get(&key).is_none_or(|held| held.number != number) {
            return false;
        }
        let Some(held) = self.datagrams.remove(&key) else { return false };
        self.bytes -= held.cost();
        held.done.is_none()
    }
}

impl Held {
    /// Takes a fragment's bytes where nothing lies yet; false when it contradicts what is known.
    ///
    /// O(log n), and one step for each part that it overlaps; parts begin at multiples of eight, so that is
    /// linear in the fragment's own bytes.
    fn take(&mut self, piece: &Piece<'_>, end: u32, counts: &mut FragmentCounts) -> bool {
        let reach = self.parts.last_key_value().map_or(0, |(start, (_, len))| start + len);
        let total = if piece.more { self.total } else { Some(end) };
        if self.fragments >= Fragments::PIECES
            || total.is_some_and(|total| end > total || reach > total)
            || (!piece.more && self.total.is_some_and(|known| known != end))
        {
            return false;
        }
        self.fragments += 1;
        self.total = total;
        if piece.offset == 0 {
            self.protocol.get_or_insert(piece.protocol);
        }
        // First come stays (what most stacks do, and what cannot be steered by sending more): only what lies
        // between the parts already held is new.
        let before = self.covered;
        let mut at = piece.offset;
        if let Some((start, (_, len))) = self.parts.range(..=at).next_back() {
            at = at.max(start + len);
        }
        while at < end {
            let next = self.parts.range(at..end).next().map(|(start, (_, len))| (*start, start + len));
            let (stop, resume) = next.unwrap_or((end, end));
            let from = (at - piece.offset) as usize..(stop - piece.offset) as usize;
            let fresh = piece.bytes.get(from).unwrap_or_default();
            if !fresh.is_empty() {
                self.parts.insert(at, (self.arena.len(), stop - at));
                self.arena.extend_from_slice(fresh);
                self.covered += stop - at;
            }
            at = resume;
        }
        match self.covered - before {
            0 => counts.duplicate += 1,
            new if new < end - piece.offset => counts.overlapping += 1,
            _ => {}
        }
        true
    }

    /// Writes the whole when nothing is missing, and says its protocol.
    fn finish(&self, whole: &mut Vec<u8>) -> Option<u8> {
        // Disjoint parts within `total` that cover as much as `total` leave no hole.
        let protocol = self.protocol.filter(|_| self.total == Some(self.covered))?;
        whole.clear();
        for (at, len) in self.parts.values() {
            whole.extend_from_slice(self.arena.get(*at..*at + *len as usize).unwrap_or_default());
        }
        Some(protocol)
    }

    /// Drops the bytes and stays as a mark; gives what was freed.
    fn let_go(&mut self, now: Timestamp) -> usize {
        let cost = self.cost();
        self.arena = Vec::new();
        self.parts = BTreeMap::new();
        self.done = Some(now);
        cost
    }

    fn cost(&self) -> usize {
        self.arena.capacity() + self.parts.len() * Fragments::PART_COST
    }
}
