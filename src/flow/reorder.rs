//! Segments that came early, or that wait for their peer: kept until it is their turn.
//!
//! In: runs of one direction at stream offsets, in any order. Out: the first of them, when its turn has come. What
//! came first wins; what comes again is counted by the caller and not kept.

use std::collections::BTreeMap;

use crate::decode::Seq;
use crate::time::Timestamp;

/// The runs one direction holds.
#[derive(Debug, Default)]
pub(super) struct Early {
    // INVARIANT: pieces never overlap and none is empty.
    //
    // A sender may dribble one byte at a time, far apart, to make us keep many small pieces. Each is charged
    // `PIECE_COST` on top of its bytes, so the byte budget bounds the count too. Everything here is O(log n) a piece.
    pieces: BTreeMap<u64, Piece>,
    charge: usize,
}

/// A run without a hole, from one packet.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) len: u64,
    pub(super) body: Body,
    pub(super) stamp: Stamp,
    /// The packet count at which the peer was known to have acknowledged the hole before this piece.
    pub(super) noticed: Option<u32>,
}

/// What is left of a run.
#[derive(Debug)]
pub(super) enum Body {
    /// Its bytes.
    Bytes(Box<[u8]>),
    /// It was captured; nobody wants the bytes.
    Hollow,
    /// It was on the wire; the snap length cut it off.
    Cut,
}

/// What a run has of its packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) at: Timestamp,
    /// What the packet acknowledged, if anything.
    pub(super) ack: Option<Seq>,
    /// The connection's packet count when it came.
    pub(super) arrival: u32,
}

impl Stamp {
    /// The same bytes were sent with this acknowledgment, too. Who acknowledged less sent them first.
    fn sent_before(&mut self, ack: Option<Seq>) {
        if let (Some(known), Some(ack)) = (self.ack, ack)
            && ack.distance(known) < 0
        {
            self.ack = Some(ack);
        }
    }
}

/// A run to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run<'a> {
    Bytes(&'a [u8]),
    Hollow(u64),
    Cut(u64),
}

/// What became of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Placed {
    /// Bytes that were new.
    pub(super) fresh: u64,
    /// Bytes that were already held.
    pub(super) known: u64,
    /// Some of those differ from what is held.
    pub(super) conflict: bool,
}

/// What one piece costs beside its bytes: its place in the tree, and the allocator's share.
pub(super) const PIECE_COST: usize = 128;

/// Pieces that are looked at to tell whether the first was sent again.
const LOOK_AHEAD: usize = 8;

/// What a node of the tree takes, however few pieces lie in it.
const NODE_COST: usize = 11 * size_of::<(u64, Piece)>() + 16;

impl Early {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What is held, in bytes of memory.
    pub(super) const fn charge(&self) -> usize {
        self.charge
    }

    /// The same, rather too much than too little: a tree with one piece has room for eleven.
    pub(super) const fn weight(&self) -> usize {
        if self.charge == 0 { 0 } else { self.charge + NODE_COST }
    }

    /// The first piece and its offset.
    pub(super) fn first(&self) -> Option<(u64, &Piece)> {
        self.pieces.first_key_value().map(|(&offset, piece)| (offset, piece))
    }

    /// The first piece was sent again: it acknowledges more than one of those behind it.
    pub(super) fn repeats(&self) -> bool {
        let mut acks = self.pieces.values().take(LOOK_AHEAD).map(|piece| piece.stamp.ack);
        let Some(Some(first)) = acks.next() else { return false };
        acks.flatten().any(|ack| ack.distance(first) < 0)
    }

    /// Takes the first piece.
    pub(super) fn pop(&mut self) -> Option<(u64, Piece)> {
        let (offset, piece) = self.pieces.pop_first()?;
        self.charge = self.charge.saturating_sub(piece.cost());
        Some((offset, piece))
    }

    /// Keeps what is new of `run`. `acked` is how far the peer is known to have acknowledged.
    pub(super) fn insert(&mut self, offset: u64, run: Run<'_>, stamp: Stamp, acked: u64) -> Placed {
        let (mut at, end) = (offset, offset.saturating_add(run.len()));
        let mut placed = Placed::default();
        while at < end {
            if let Some((&start, held)) = self.pieces.range_mut(..=at).next_back()
                && start + held.len > at
            {
                let until = end.min(start + held.len);
                placed.known += until - at;
                placed.conflict |= held.differs(at - start, run, at - offset, until - at);
                if at == start && until == start + held.len {
                    held.stamp.sent_before(stamp.ack);
                }
                at = until;
                continue;
            }
            let until = self.pieces.range(at..).next().map_or(end, |(&next, _)| end.min(next));
            placed.fresh += until - at;
            self.keep(at, run.part(at - offset, until - at), stamp, acked);
            at = until;
        }
        placed
    }

    fn keep(&mut self, offset: u64, run: Run<'_>, stamp: Stamp, acked: u64) {
        let len = run.len();
        // A long body that nobody wants, behind one lost segment, is one piece and not a thousand.
        if matches!(run, Run::Hollow(_))
            && let Some((&start, last)) = self.pieces.range_mut(..offset).next_back()
            && start + last.len == offset
            && matches!(last.body, Body::Hollow)
        {
            last.len += len;
            last.stamp.at = last.stamp.at.max(stamp.at);
            last.stamp.ack = match (last.stamp.ack, stamp.ack) {
                (Some(a), Some(b)) => Some(if b.distance(a) > 0 { b } else { a }),
                (a, b) => a.or(b),
            };
            return;
        }
        let body = match run {
            Run::Bytes(bytes) => Body::Bytes(bytes.into()),
            Run::Hollow(_) => Body::Hollow,
            Run::Cut(_) => Body::Cut,
        };
        let noticed = (offset <= acked).then_some(stamp.arrival);
        let piece = Piece { len, body, stamp, noticed };
        self.charge += piece.cost();
        self.pieces.insert(offset, piece);
    }

    /// The peer has acknowledged up to `to` where it was `from`: holes before pieces in between are known to be losses
    /// of the capture. Each piece is met once.
    pub(super) fn notice(&mut self, from: u64, to: u64, packets: u32) {
        for (_, piece) in self.pieces.range_mut(from..=to) {
            piece.noticed.get_or_insert(packets);
        }
    }

    /// Drops what lies before `offset`; says how many captured bytes that were.
    pub(super) fn drop_before(&mut self, offset: u64) -> u64 {
        let mut dropped = 0;
        while let Some((start, _)) = self.first()
            && start < offset
            && let Some((_, mut piece)) = self.pop()
        {
            let gone = piece.len.min(offset - start);
            if !matches!(piece.body, Body::Cut) {
                dropped += gone;
            }
            if gone < piece.len {
                piece.len -= gone;
                if let Body::Bytes(bytes) = &mut piece.body {
                    *bytes = bytes.get(gone as usize..).unwrap_or_default().into();
                }
                self.charge += piece.cost();
                self.pieces.insert(offset, piece);
            }
        }
        dropped
    }

    /// Forgets all bytes, not that they came.
    pub(super) fn hollow(&mut self) {
        for piece in self.pieces.values_mut() {
            self.charge = self.charge.saturating_sub(piece.cost());
            if matches!(piece.body, Body::Bytes(_)) {
                piece.body = Body::Hollow;
            }
            self.charge += piece.cost();
        }
    }
}

impl Piece {
    fn cost(&self) -> usize {
        PIECE_COST
            + match &self.body {
                Body::Bytes(bytes) => bytes.len(),
                Body::Hollow | Body::Cut => 0,
            }
    }

    /// Whether `len` bytes, which lie `mine` into this piece and `theirs` into `run`, are known to differ.
    fn differs(&self, mine: u64, run: Run<'_>, theirs: u64, len: u64) -> bool {
        let (Body::Bytes(held), Run::Bytes(fresh)) = (&self.body, run) else { return false };
        slice(held, mine, len) != slice(fresh, theirs, len)
    }
}

impl Run<'_> {
    pub(super) const fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Hollow(len) | Self::Cut(len) => *len,
        }
    }

    fn part(&self, from: u64, len: u64) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(slice(bytes, from, len)),
            Self::Hollow(_) => Self::Hollow(len),
            Self::Cut(_) => Self::Cut(len),
        }
    }
}

/// `len` bytes from `from`, or what there is of them.
fn slice(bytes: &[u8], from: u64, len: u64) -> &[u8] {
    let rest = bytes.get(from as usize..).unwrap_or_default();
    rest.get(..len as usize).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAMP: Stamp = Stamp { at: Timestamp::ZERO, ack: None, arrival: 0 };

    proptest! {
        #[test]
        fn first_come_wins_byte_by_byte(runs in prop::collection::vec((0..60_u64, 1..20_usize, any::<u8>(), 0..4_u8), 0..30), cut in 0..70_u64) {
            // Catches a fill that overwrites, skips or repeats a byte, and a charge that drifts from what is held.
            let mut early = Early::default();
            let mut model: BTreeMap<u64, Option<u8>> = BTreeMap::new();
            for (offset, len, byte, kind) in runs {
                let bytes = vec![byte; len];
                let run = if kind == 0 { Run::Hollow(len as u64) } else { Run::Bytes(&bytes) };
                let (mut fresh, mut conflict) = (0, false);
                for at in offset..offset + len as u64 {
                    match model.get(&at) {
                        Some(held) => conflict |= kind != 0 && held.is_some_and(|held| held != byte),
                        None => {
                            fresh += 1;
                            model.insert(at, (kind != 0).then_some(byte));
                        }
                    }
                }
                let placed = early.insert(offset, run, STAMP, 0);
                prop_assert_eq!((placed.fresh, placed.known, placed.conflict), (fresh, len as u64 - fresh, conflict));
            }
            let kept = model.split_off(&cut);
            prop_assert_eq!(early.drop_before(cut), model.len() as u64);
            let mut found = BTreeMap::new();
            while let Some((offset, piece)) = early.pop() {
                for i in 0..piece.len {
                    let byte = if let Body::Bytes(bytes) = &piece.body { Some(bytes[i as usize]) } else { None };
                    prop_assert!(found.insert(offset + i, byte).is_none());
                }
            }
            prop_assert_eq!(found, kept);
            prop_assert_eq!(early.charge(), 0);
        }
    }

    #[test]
    fn scattered_bytes_are_charged_more_than_themselves() {
        // Catches a budget in bytes alone: 256 KiB of single bytes would be a quarter of a million pieces.
        let mut early = Early::default();
        for i in 0..100 {
            early.insert(i * 2, Run::Bytes(b"x"), STAMP, 0);
        }
        assert_eq!(early.charge(), 100 * (PIECE_COST + 1));
        early.hollow();
        assert_eq!(early.charge(), 100 * PIECE_COST);
    }

    #[test]
    fn unwanted_neighbours_are_one_piece() {
        let mut early = Early::default();
        for i in 0..1000 {
            early.insert(10 + i * 5, Run::Hollow(5), STAMP, 0);
        }
        assert_eq!(early.charge(), PIECE_COST);
        assert_eq!(early.pop().map(|(offset, piece)| (offset, piece.len)), Some((10, 5000)));
    }

    #[test]
    fn a_piece_is_noticed_when_its_hole_is_acknowledged() {
        let mut early = Early::default();
        early.insert(10, Run::Bytes(b"abc"), STAMP, 5);
        early.notice(6, 9, 1);
        assert_eq!(early.first().and_then(|(_, p)| p.noticed), None);
        early.notice(10, 11, 2);
        early.notice(12, 20, 3);
        assert_eq!(early.first().and_then(|(_, p)| p.noticed), Some(2));
        early.insert(2, Run::Bytes(b"abc"), STAMP, 5);
        assert_eq!(early.first().and_then(|(_, p)| p.noticed), Some(0));
    }
}
