//! The last step of a byte: from a direction that is in order to the consumer, and into the ledger.
//!
//! In: bytes and holes of one side, in their turn. Out: calls to the consumer, with what it left over in front. Skips,
//! left-overs and silence are kept here, and the consumer is held to its word.

use super::consumer::{StreamConsumer, Want};
use super::dialogue::{Desk, Dialogue};
use super::half::{Fin, Lost};
use super::key::End;
use super::ledger::{ByteClass, Ledger};
use super::reorder::{Body, Piece, Stamp};
use crate::decode::Seq;
use crate::time::Timestamp;

/// Why bytes are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// They were on the wire and not in the capture.
    Lost,
    /// The snap length cut them off.
    Cut,
    /// The stream went on somewhere else; how far is unknown.
    Unknown,
}

impl<S> Dialogue<S> {
    /// Reads what is first on a side, whatever it waited for.
    pub(super) fn step<C>(&mut self, end: End, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        let side = self.side(end);
        let half = self.half(end);
        let Some((_, Piece { len, body, stamp, .. })) = half.early.pop() else {
            half.ended = true;
            if let (Some(Fin { stamp, .. }), Some(session)) = (half.fin, self.session.as_mut()) {
                desk.consumer.end(&self.connection, session, side, stamp.at);
            }
            return;
        };
        match body {
            Body::Bytes(bytes) => self.deliver(end, stamp, &bytes, desk),
            Body::Cut => self.lack(end, stamp.at, len, Missing::Cut, desk),
            Body::Hollow => {
                half.pass(len);
                let skipped = half.skip.min(len);
                half.skip -= skipped;
                self.connection.payload[side.index()] += len;
                match self.silenced {
                    Some(class) => desk.ledger.book(class, len),
                    None => {
                        desk.ledger.book(ByteClass::Skipped, skipped);
                        desk.ledger.book(ByteClass::Discarded, len - skipped);
                    }
                }
            }
        }
    }

    /// The next captured bytes of a side, in order.
    pub(super) fn deliver<C>(&mut self, end: End, stamp: Stamp, bytes: &[u8], desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        if bytes.is_empty() {
            return;
        }
        let side = self.side(end);
        self.connection.payload[side.index()] += bytes.len() as u64;
        let silenced = self.silenced;
        let half = self.half(end);
        half.pass(bytes.len() as u64);
        if let Some(class) = silenced {
            desk.ledger.book(class, bytes.len() as u64);
            return;
        }
        // First, because it may be told of a hole, and answer with a skip.
        self.open(stamp.at, desk);
        let half = self.half(end);
        let skipped = half.skip.min(bytes.len() as u64);
        half.skip -= skipped;
        desk.ledger.book(ByteClass::Skipped, skipped);
        let fresh = bytes.get(skipped as usize..).unwrap_or_default();
        if !fresh.is_empty() {
            let ahead = self.ahead(end, stamp.ack);
            if let Some(session) = self.session.as_mut() {
                C::heard(session, side, ahead);
            }
            self.read(end, stamp.at, fresh, desk);
        }
    }

    /// How far what `end` acknowledged with `ack` lies beyond what was delivered of its peer, and what is to be skipped.
    fn ahead(&self, end: End, ack: Option<Seq>) -> Option<i64> {
        let peer = &self.halves[end.other().index()];
        let offset = ack.filter(|_| peer.placed).map(|ack| peer.offset_of(ack))?;
        let reach = peer.next.saturating_add(peer.skip);
        Some(offset.wrapping_sub(reach) as i64)
    }

    /// Opens the session, if that has not happened, and tells it what was missed before.
    pub(super) fn open<C>(&mut self, at: Timestamp, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        if self.session.is_some() {
            return;
        }
        self.session = Some(desk.consumer.open(&self.connection));
        for end in [self.client, self.client.other()] {
            let missed = std::mem::take(&mut self.half(end).missed);
            self.tell(end, at, missed, desk);
        }
    }

    /// Offers `fresh` behind what was left over, until the consumer wants no more of it.
    pub(super) fn read<C>(&mut self, end: End, at: Timestamp, fresh: &[u8], desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        let side = self.side(end);
        let half = &mut self.halves[end.index()];
        let Some(session) = self.session.as_mut().filter(|_| self.silenced.is_none()) else {
            desk.ledger.book(self.silenced.unwrap_or(ByteClass::Discarded), fresh.len() as u64);
            return;
        };
        let mut fresh = fresh;
        let carried = !half.carry.is_empty();
        if carried {
            half.carry.push(fresh);
        }
        loop {
            let bytes = if carried { half.carry.as_slice() } else { fresh };
            if bytes.is_empty() {
                return;
            }
            let before = desk.ledger.clone();
            let took = desk.consumer.data(&self.connection, session, side, at, bytes, desk.ledger);
            let left = bytes.len().saturating_sub(took.used);
            let used = bytes.len() - left;
            audit(desk.ledger, before, used as u64);
            let skipped = match took.want {
                Want::More => 0,
                Want::Skip(n) => {
                    let skipped = n.min(left as u64);
                    half.skip = n - skipped;
                    desk.ledger.book(ByteClass::Skipped, skipped);
                    skipped as usize
                }
                Want::Nothing(class) => {
                    desk.ledger.book(class, left as u64);
                    half.carry.clear();
                    self.fall_silent(class, desk.ledger);
                    return;
                }
            };
            if carried {
                half.carry.consume(used + skipped);
            } else {
                fresh = fresh.get(used + skipped..).unwrap_or_default();
            }
            if matches!(took.want, Want::More | Want::Skip(0)) {
                if !carried {
                    half.carry.push(fresh);
                }
                if half.carry.len() > desk.bounds.carry_bytes {
                    self.go_deaf(desk);
                }
                return;
            }
        }
    }

    /// The next `missing` bytes of a side will not come.
    pub(super) fn lack<C>(&mut self, end: End, at: Timestamp, missing: u64, why: Missing, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        if missing == 0 {
            return;
        }
        let half = self.half(end);
        let from = half.next;
        half.pass(missing);
        let skipped = half.skip.min(missing);
        half.skip -= skipped;
        match why {
            Missing::Lost => {
                half.lost = Lost { from, to: half.next, skipped };
                desk.ledger.gaps += missing;
                desk.stats.gaps += 1;
            }
            Missing::Cut => desk.ledger.cut += missing,
            Missing::Unknown => {}
        }
        let missing = missing - skipped;
        if self.session.is_some() {
            self.tell(end, at, missing, desk);
        } else {
            self.half(end).missed += missing;
        }
    }

    /// Announces a gap.
    pub(super) fn tell<C>(&mut self, end: End, at: Timestamp, missing: u64, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        let side = self.side(end);
        let half = &mut self.halves[end.index()];
        let Some(session) = self.session.as_mut() else { return };
        if missing == 0 || self.silenced.is_some() {
            return;
        }
        let left = half.carry.len() as u64;
        half.carry.clear();
        let before = desk.ledger.clone();
        let want = desk.consumer.gap(&self.connection, session, side, at, missing, left, desk.ledger);
        audit(desk.ledger, before, left);
        match want {
            Want::More => {}
            Want::Skip(n) => half.skip = n,
            Want::Nothing(class) => self.fall_silent(class, desk.ledger),
        }
    }

    /// Nobody wants this connection any more.
    pub(super) fn fall_silent(&mut self, class: ByteClass, ledger: &mut Ledger) {
        self.silenced = Some(class);
        for half in &mut self.halves {
            ledger.book(class, half.carry.len() as u64);
            half.carry.clear();
            half.skip = 0;
            half.early.hollow();
        }
    }

    /// The reader left more unread than may be kept.
    pub(super) fn go_deaf<C>(&mut self, desk: &mut Desk<'_, C>) {
        desk.stats.deaf += 1;
        self.fall_silent(ByteClass::Discarded, desk.ledger);
    }
}

/// Holds a consumer to its word: a call books exactly the bytes it used. If not, its booking is replaced, so that the
/// ledger stays exact.
pub(super) fn audit(ledger: &mut Ledger, before: Ledger, used: u64) {
    let booked = ledger.booked().wrapping_sub(before.booked());
    debug_assert_eq!(booked, used, "a consumer booked other bytes than it used");
    if booked != used {
        *ledger = before;
        ledger.book(ByteClass::Discarded, used);
    }
}
