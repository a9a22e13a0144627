//! Whose turn it is: what of a dialogue may be read now, what waits, and when waiting is over.
//!
//! In: what both directions hold. Out: the order in which it is read. A piece waits for the bytes before it, and for
//! the bytes of its peer that its packet acknowledged. This is the only place that gives up on bytes.

use super::consumer::StreamConsumer;
use super::delivery::Missing;
use super::dialogue::{Bounds, Desk, Dialogue};
use super::key::End;
use super::reorder::Stamp;
use crate::decode::Seq;

/// What comes next on one side, when it is not simply the next packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) offset: u64,
    pub(super) stamp: Stamp,
    pub(super) noticed: Option<u32>,
    pub(super) wait: Wait,
}

/// What it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing.
    Ready,
    /// Bytes of its own side.
    Hole,
    /// So many bytes of its peer, which its packet acknowledged.
    Peer(u64),
}

/// Whether waiting is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// Where the rules say so.
    Usual,
    /// For a bound: counted as forced.
    Bound,
    /// Nothing more will come.
    Closing,
}

/// How many graces without data make a direction one that the capture does not show.
const SILENT: u32 = 4;

impl<S> Dialogue<S> {
    /// How many bytes of the peer of `end` must still come before what acknowledged `ack` may be read.
    pub(super) fn missing_of_peer(&self, end: End, ack: Option<Seq>) -> u64 {
        let peer = &self.halves[end.other().index()];
        let Some(ack) = ack else { return 0 };
        if self.silenced.is_some() || !peer.seen || !peer.placed || peer.ended {
            return 0;
        }
        // A FIN takes a number and is no byte. An end that is not known to have sent so much cannot be waited for.
        let offset = peer.offset_of(ack);
        if offset > peer.next.saturating_add(u64::from(self.window)) {
            return 0;
        }
        let offset = peer.fin.map_or(offset, |fin| offset.min(fin.offset));
        offset.saturating_sub(peer.next.max(peer.excused))
    }

    pub(super) fn head(&self, end: End) -> Option<Head> {
        let half = &self.halves[end.index()];
        let (offset, stamp, noticed) = match half.early.first() {
            Some((offset, piece)) => (offset, piece.stamp, piece.noticed),
            None => half.fin.filter(|_| !half.ended).map(|fin| (fin.offset, fin.stamp, fin.noticed))?,
        };
        let wait = if offset > half.next {
            Wait::Hole
        } else {
            match self.missing_of_peer(end, stamp.ack) {
                0 => Wait::Ready,
                missing => Wait::Peer(missing),
            }
        };
        Some(Head { offset, stamp, noticed, wait })
    }

    /// Reads on while something that was held has its turn, and gives up what is overdue.
    pub(super) fn pump<C>(&mut self, patience: Patience, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        if !self.settled {
            return;
        }
        // Every round takes a piece, a FIN, or a hole before one.
        loop {
            let heads = End::BOTH.map(|end| self.head(end).map(|head| (end, head)));
            // Of two that could go, the one that was captured first.
            let first = |fits: &dyn Fn(End, &Head) -> bool| {
                let fitting = heads.iter().flatten().filter(|(end, head)| fits(*end, head));
                fitting.min_by_key(|(_, head)| head.stamp.at).copied()
            };
            if let Some((end, _)) = first(&|_, head| head.wait == Wait::Ready) {
                self.step(end, desk);
            } else if let Some((end, head)) = first(&|end, head| self.overdue(end, head, patience, desk.bounds)) {
                self.give_up(end, head, patience, desk);
            } else {
                return;
            }
        }
    }

    /// Whether waiting has lasted long enough.
    pub(super) fn overdue(&self, end: End, head: &Head, patience: Patience, bounds: Bounds) -> bool {
        if patience != Patience::Usual {
            return true;
        }
        let half = &self.halves[end.index()];
        // Time alone proves nothing: between two packets that changed places may lie a pause of minutes.
        let since = |packets: u32| self.packets.saturating_sub(packets) > bounds.grace;
        match head.wait {
            Wait::Ready => false,
            // Somebody acknowledged it: it was on the wire, and is late or lost.
            Wait::Hole if head.noticed.is_some() => {
                head.noticed.is_some_and(|noticed| since(noticed.max(head.stamp.arrival)))
            }
            // Nobody did: the sender will send it again, so time counts too. And a peer that has spoken since, and still
            // did not acknowledge it, is itself waiting.
            Wait::Hole => {
                since(head.stamp.arrival)
                    && half.latest.since(head.stamp.at) > bounds.wait
                    && self.halves[end.other().index()].latest <= head.stamp.at
            }
            // A peer of which more was seen behind the missing bytes has lost them. One of which nothing was may be shown by
            // a tap whose clock is late, and packets are many in a second: then time must have passed too.
            Wait::Peer(_) => {
                let holed = || self.head(end.other()).is_some_and(|head| head.wait == Wait::Hole);
                let late = || half.latest.since(head.stamp.at) > bounds.skew || holed();
                self.unseen(end.other(), bounds) || (since(head.stamp.arrival) && late())
            }
        }
    }

    /// The capture has not shown this direction's data for a while: it is not waited for again and again.
    pub(super) const fn unseen(&self, end: End, bounds: Bounds) -> bool {
        let half = &self.halves[end.index()];
        half.gave_up > 1 && self.packets.saturating_sub(half.data_at) > bounds.grace.saturating_mul(SILENT)
    }

    /// Ends the wait of `end`.
    pub(super) fn give_up<C>(&mut self, end: End, head: Head, patience: Patience, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        let at = head.stamp.at;
        let forced = u64::from(patience == Patience::Bound);
        match head.wait {
            Wait::Ready => self.step(end, desk),
            Wait::Hole => {
                desk.stats.gaps_forced += forced;
                let missing = head.offset - self.half(end).next;
                self.lack(end, at, missing, Missing::Lost, desk);
            }
            Wait::Peer(missing) => {
                let other = end.other();
                let held = self.head(other);
                let peer = self.half(other);
                let hole = held.map_or(u64::MAX, |held| held.offset.saturating_sub(peer.next));
                // One that was excused before is a byte after all when more than it is acknowledged.
                let missing = missing.saturating_add(peer.excused.saturating_sub(peer.next));
                if hole == 0 {
                    // Each acknowledges the other, so one of them was sent again, with the acknowledgment of that day; what
                    // it repeats had been there before the other answered. Nobody acknowledges less with bytes that he sends
                    // for the first time later, so that tells which; else it is the later one.
                    let first = match [end, other].map(|end| self.halves[end.index()].early.repeats()) {
                        [true, false] => end,
                        [false, true] => other,
                        _ if held.is_some_and(|held| held.stamp.at > at) => other,
                        _ => end,
                    };
                    self.step(first, desk);
                } else if missing == 1 && held.is_none() {
                    // The one number more than there were bytes is a FIN that was not captured.
                    peer.excused = peer.next.saturating_add(1);
                } else {
                    desk.stats.gaps_forced += forced;
                    peer.gave_up = peer.gave_up.saturating_add(1);
                    self.lack(other, at, missing.min(hole), Missing::Lost, desk);
                }
            }
        }
    }

    /// Ends one wait of a side that holds too much.
    pub(super) fn give_way<C>(&mut self, end: End, desk: &mut Desk<'_, C>) -> bool
    where
        C: StreamConsumer<Session = S>,
    {
        let Some(head) = self.head(end) else { return false };
        self.give_up(end, head, Patience::Bound, desk);
        true
    }
}
