//! One direction of a connection: where its stream stands.
//!
//! In: sequence numbers. Out: offsets, 64 bits that never wrap. This file alone compares sequence numbers with a
//! stream; above it there are only offsets. What was held early, carried or skipped lies here too; who may read it and
//! when is decided in `dialogue.rs`, because it depends on the other direction.

use super::reorder::{Early, Stamp};
use crate::carry::Carry;
use crate::decode::{Segment, Seq, TcpFlags};
use crate::time::Timestamp;

/// One direction.
#[derive(Debug)]
pub(super) struct Half {
    /// Offset of the next byte to read. Until the connection is settled, an anchor that offsets are counted from.
    pub(super) next: u64,
    /// Sequence number of offset 0.
    base: Seq,
    /// `base` means something: a packet of this direction, or an acknowledgment of it, was seen.
    pub(super) placed: bool,
    /// The beginning is from a SYN, so that nothing can lie before it.
    pub(super) firm: bool,
    /// A packet of this direction was seen.
    pub(super) seen: bool,
    /// Something was delivered, or announced as missing.
    pub(super) touched: bool,
    /// `end` was said.
    pub(super) ended: bool,
    /// The newest packet's time.
    pub(super) latest: Timestamp,
    /// The highest offset the peer acknowledged.
    pub(super) acked: u64,
    /// What is held for later.
    pub(super) early: Early,
    /// Where the stream ends, once its FIN came.
    pub(super) fin: Option<Fin>,
    /// Bytes the reader does not want.
    pub(super) skip: u64,
    /// Bytes the reader could not use yet.
    pub(super) carry: Carry,
    /// Missing bytes nobody was told of, since nothing was open to be told.
    pub(super) missed: u64,
    /// The last hole that was given up.
    pub(super) lost: Lost,
    /// Holes that were given up on the peer's word since data came last.
    pub(super) gave_up: u8,
    /// The connection's packet count when new data last came.
    pub(super) data_at: u32,
    /// Nobody waits for bytes below this: an acknowledged byte that was most likely a FIN.
    pub(super) excused: u64,
    /// Segments in a row that lie far away but near each other: where the last began, and how many.
    far: Option<(Seq, u32)>,
}

/// A hole that was given up: from one offset to another.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lost {
    pub(super) from: u64,
    pub(super) to: u64,
    /// How much of it lay where nobody wanted the bytes.
    pub(super) skipped: u64,
}

/// A FIN that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fin {
    /// Offset behind the last byte.
    pub(super) offset: u64,
    pub(super) stamp: Stamp,
    /// As for a held piece: when the hole before it was known to be acknowledged.
    pub(super) noticed: Option<u32>,
}

/// Offset of the anchor: high enough that nothing lies below 0.
pub(super) const ORIGIN: u64 = 1 << 33;
/// So many segments in a row make another area believed.
const AGREE: u32 = 4;
/// How near to each other they must be.
const NEAR: i32 = 1 << 20;

impl Half {
    pub(super) fn new() -> Self {
        Self {
            next: ORIGIN,
            base: Seq(0),
            placed: false,
            firm: false,
            seen: false,
            touched: false,
            ended: false,
            latest: Timestamp::ZERO,
            acked: 0,
            early: Early::default(),
            fin: None,
            skip: 0,
            carry: Carry::new(),
            missed: 0,
            lost: Lost::default(),
            gave_up: 0,
            data_at: 0,
            excused: 0,
            far: None,
        }
    }

    /// Says which sequence number `next` has, unless that is known.
    pub(super) fn place(&mut self, seq: Seq) {
        if !self.placed {
            self.move_to(seq);
        }
    }

    /// `next` has this sequence number from here on.
    pub(super) fn move_to(&mut self, seq: Seq) {
        self.placed = true;
        self.base = Seq(seq.0.wrapping_sub(self.next as u32));
        self.acked = self.next;
        self.far = None;
    }

    /// The offset of a sequence number: the one nearest to `next`.
    pub(super) fn offset_of(&self, seq: Seq) -> u64 {
        self.next.saturating_add_signed(i64::from(seq.distance(self.next_seq())))
    }

    /// The sequence number of `next`.
    pub(super) const fn next_seq(&self) -> Seq {
        self.base.plus(self.next as u32)
    }

    /// Takes the peer's word that all below `ack` arrived. False when it says nothing new, or nothing possible.
    pub(super) fn acknowledge(&mut self, ack: Seq, window: u32, packets: u32) -> bool {
        let offset = self.offset_of(ack);
        if !self.placed || offset <= self.acked || offset > self.next.saturating_add(u64::from(window)) {
            return false;
        }
        self.early.notice(self.acked, offset, packets);
        if let Some(fin) = &mut self.fin
            && fin.offset <= offset
        {
            fin.noticed.get_or_insert(packets);
        }
        self.acked = offset;
        true
    }

    /// Notes a FIN; false when it says nothing new.
    pub(super) fn finish(&mut self, offset: u64, stamp: Stamp, settled: bool) -> bool {
        if self.ended || self.fin.is_some() || (settled && offset < self.next) {
            return false;
        }
        let noticed = (offset <= self.acked).then_some(stamp.arrival);
        self.fin = Some(Fin { offset, stamp, noticed });
        true
    }

    /// Counts a segment that lies out of the window. True when enough of them agree that the stream has moved.
    pub(super) fn strayed(&mut self, seq: Seq) -> bool {
        let agreeing = match self.far {
            // The copies that a mirror port makes of one packet must not agree with each other.
            Some((last, count)) if seq == last => count,
            Some((last, count)) if (1..=NEAR).contains(&seq.distance(last)) => count + 1,
            _ => 1,
        };
        self.far = Some((seq, agreeing));
        agreeing >= AGREE
    }

    /// A segment within the window: the stream has not moved.
    pub(super) const fn at_home(&mut self) {
        self.far = None;
    }

    /// Moves `next` over `len` captured bytes.
    pub(super) const fn pass(&mut self, len: u64) {
        self.next = self.next.saturating_add(len);
        self.touched = true;
    }

    /// How many of the `len` bytes from `offset` lie in the hole that was given up last.
    pub(super) fn late(&self, offset: u64, len: u64) -> u64 {
        let Lost { from, to, .. } = self.lost;
        offset.saturating_add(len).min(to).saturating_sub(offset.max(from))
    }

    /// Takes back the end of the hole that was given up last, when bytes of it come and nothing was read behind it: the
    /// peer acknowledged more than there was, or was very far ahead. Says how many bytes are no longer missing.
    pub(super) const fn rewind(&mut self, offset: u64) -> u64 {
        let Lost { from, to, skipped } = self.lost;
        // A hole that began in a skip and ended behind it cannot be divided again.
        if self.ended || self.next != to || offset < from || offset >= to || (skipped > 0 && skipped < to - from) {
            return 0;
        }
        let back = to - offset;
        self.next = offset;
        self.lost.to = offset;
        if skipped > 0 {
            self.skip = self.skip.saturating_add(back);
            self.lost.skipped -= back;
        } else {
            self.missed = self.missed.saturating_sub(back);
        }
        back
    }

    /// Bytes held for this direction, with their cost.
    pub(super) const fn charge(&self) -> usize {
        self.early.charge() + self.carry.len()
    }

    /// Memory taken for this direction.
    pub(super) const fn weight(&self) -> usize {
        self.early.weight() + self.carry.capacity()
    }
}

/// What is known of one end before it sent anything to read. Part of every slot, so kept small; and all that is left
/// of an end when its connection is over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Glimpse {
    marks: u8,
    isn: Seq,
    /// The lowest sequence number it sent.
    seq: Seq,
    /// The lowest acknowledgment it sent, and the highest.
    ack: Seq,
    acked: Seq,
}

impl Glimpse {
    const SEEN: u8 = 1;
    const SYN: u8 = 2;
    const ACK: u8 = 4;
    const SYN_ACK: u8 = 8;
    const EDGE: u8 = 16;

    /// Takes note of a segment that this end sent.
    pub(super) fn look(&mut self, segment: &Segment<'_>) {
        let syn = segment.flags.has(TcpFlags::SYN);
        let seq = if syn { segment.seq.plus(1) } else { segment.seq };
        if !self.seen() || seq.distance(self.seq) < 0 {
            self.seq = seq;
        }
        self.marks |= Self::SEEN;
        if segment.flags.has(TcpFlags::ACK) {
            if self.marks & Self::ACK == 0 || segment.ack.distance(self.ack) < 0 {
                self.ack = segment.ack;
            }
            if self.marks & Self::ACK == 0 || segment.ack.distance(self.acked) > 0 {
                self.acked = segment.ack;
            }
            self.marks |= Self::ACK;
        }
    }

    /// Takes note of a SYN or SYN-ACK that this end sent.
    pub(super) const fn greet(&mut self, isn: Seq, answering: bool) {
        self.isn = isn;
        self.marks |= Self::SYN | if answering { Self::SYN_ACK } else { 0 };
    }

    /// Takes note of a SYN or SYN-ACK that came when its connection was not yet believed.
    pub(super) const fn meet(&mut self, isn: Seq, ack: Option<Seq>) {
        self.greet(isn, ack.is_some());
        self.seq = isn.plus(1);
        self.marks |= Self::SEEN;
        if let Some(ack) = ack {
            self.ack = ack;
            self.acked = ack;
            self.marks |= Self::ACK;
        }
    }

    /// A packet of this end was seen.
    pub(super) const fn seen(&self) -> bool {
        self.marks & Self::SEEN != 0
    }

    /// The sequence number of its SYN.
    pub(super) const fn isn(&self) -> Option<Seq> {
        if self.marks & Self::SYN != 0 { Some(self.isn) } else { None }
    }

    /// Its SYN answered another.
    pub(super) const fn answered(&self) -> bool {
        self.marks & Self::SYN_ACK != 0
    }

    /// The lowest sequence number it sent.
    pub(super) const fn lowest(&self) -> Option<Seq> {
        if self.seen() { Some(self.seq) } else { None }
    }

    /// The lowest acknowledgment it sent, and the highest.
    pub(super) const fn acknowledged(&self) -> Option<(Seq, Seq)> {
        if self.marks & Self::ACK != 0 { Some((self.ack, self.acked)) } else { None }
    }

    /// The connection is over: this is where the end's stream stopped.
    pub(super) const fn stop_at(&mut self, edge: Seq) {
        self.seq = edge;
        self.marks |= Self::EDGE;
    }

    /// Where the stream stopped.
    pub(super) const fn edge(&self) -> Option<Seq> {
        if self.marks & Self::EDGE != 0 { Some(self.seq) } else { None }
    }
}
