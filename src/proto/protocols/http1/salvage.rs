//! The parser's part in reading past lost heads: what is left of a head is read, and a rest is recognised.
//!
//! In: the state of both halves when a hole or a message comes. Out: what `torn.rs` is told.

use super::body::Body;
use super::line::{self, Line};
use super::pairing::Place;
use super::parser::{Http1, Reading};
use super::torn::Rest;
use crate::flow::Side;
use crate::time::Timestamp;

impl Http1 {
    /// A hole took the rest of a head. What is known of it still tells who asked what, or what was answered. True when
    /// that is anything.
    pub(super) fn salvage(&mut self, side: Side, from: u64, at: Timestamp) -> bool {
        let half = self.half(side);
        let began = half.began.unwrap_or(at);
        let mut partial = std::mem::take(&mut half.partial);
        match memchr::memrchr(b'\n', &partial) {
            Some(end) => partial.truncate(end + 1),
            // A status stands at the start of its line; a target may go on.
            None if side == Side::Server && line::status(&partial) == Line::Yes => {}
            None => return false,
        }
        let known = match side {
            Side::Client => self.request(&partial, from, [began, at]),
            Side::Server => self.response(&partial, from, [began, at]),
        };
        self.half(side).holed = true;
        self.finish_body(side, false);
        known.is_some()
    }

    /// How far a side has got: what it said, what of that is skipped, and what is missing.
    pub(super) fn reach(&self, side: Side) -> u64 {
        let half = &self.halves[side.index()];
        half.passed.saturating_add(half.left as u64)
    }

    /// Where a head of `len` bytes stands that `side` said. Nobody has heard what was not said: who is shown to have sent it
    /// again when he had, said it first before that.
    pub(super) fn place(&self, side: Side, from: u64, len: usize) -> Place {
        let heard = self.halves[side.index()].heard[1].map(|heard| heard.min(self.reach(side.other())));
        Place { from, upto: from.saturating_add(len as u64), heard }
    }

    /// What is asked at `place` may have been asked because all before is answered.
    pub(super) fn rest_before(&mut self, place: Place) {
        let Some(until) = place.heard.filter(|heard| self.pairing.may_rest(*heard)) else { return };
        let here = until >= self.reach(Side::Server);
        if here && !self.server_rests() {
            return;
        }
        let received = self.halves[Side::Server.index()].heard[0].filter(|_| here);
        self.pairing.settle(Rest::Before { until, received }, false);
        if here {
            self.half(Side::Server).reading = Reading::default();
        }
    }

    /// The server was never heard.
    pub(super) const fn silent(&self) -> bool {
        let [_, server] = &self.halves;
        server.passed == 0 && server.left == 0
    }

    /// Whether the server is between two answers, as far as can be known: a client that has received all it said asks
    /// again.
    pub(super) fn server_rests(&mut self) -> bool {
        let half = &self.halves[Side::Server.index()];
        match half.reading {
            Reading::Head(_) => half.left == 0,
            Reading::Lost => true,
            Reading::Body(body) => {
                let held =
                    half.slot.and_then(|id| self.pairing.slot(id)).is_none_or(|slot| slot.exchange.request.is_none());
                let rests = held || body == Body::UntilClose;
                if rests {
                    self.finish_body(Side::Server, false);
                }
                rests
            }
            Reading::Tunnel(_) => false,
        }
    }

    /// The server answers a head that lacks its end. It refuses what it has not read (too slow, too long, not to its
    /// taste), or that end was lost, and the flow does not know yet (a single byte that is acknowledged and does not come
    /// looks like a FIN). What is known of that head was asked, and the rest of it is worth nothing. What goes well, or
    /// fails for another reason, and acknowledges no more than is here, answers something else.
    pub(super) fn answered_early(&mut self, at: Timestamp) {
        let client = self.half(Side::Client);
        if client.partial.is_empty() || !matches!(client.reading, Reading::Head(_)) {
            return;
        }
        let from = client.passed;
        let known = self.salvage(Side::Client, from, at);
        self.get_lost(Side::Client);
        let client = self.half(Side::Client);
        client.stale = client.left;
        let end = client.passed.saturating_add(client.left as u64);
        if known {
            self.pairing.tear(Side::Client, end..end, 0);
        }
    }
}
