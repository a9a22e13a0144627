//! The parser's part in reading past lost heads: what is left of a head is read, and a rest is recognised.
//!
//! In: the state of both halves when a hole or a message comes. Out: what `torn.rs` is told.

use super::body::Body;
use super::line::{self, Line};
use super::parser::{Http1, Reading};
use crate::flow::Side;
use crate::time::Timestamp;

impl Http1 {
    /// A hole took the rest of a head. What is known of it still tells who asked what, or what was answered. True when
    /// that is anything.
    pub(super) fn salvage(&mut self, side: Side, at: Timestamp) -> bool {
        let half = self.half(side);
        let began = half.began.unwrap_or(at);
        let (caught_up, torn) = (half.caught_up[1], half.torn);
        let mut partial = std::mem::take(&mut half.partial);
        match memchr::memrchr(b'\n', &partial) {
            Some(end) => partial.truncate(end + 1),
            // A status stands at the start of its line; a target may go on.
            None if side == Side::Server && line::status(&partial) == Line::Yes => {}
            None => return false,
        }
        let caught_up = caught_up && (torn || !self.pairing.is_torn());
        let known = match side {
            Side::Client => self.request(&partial, began, at, caught_up),
            Side::Server => self.response(&partial, began, at),
        };
        self.half(side).holed = true;
        self.finish_body(side, false);
        known.is_some()
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
        let known = self.salvage(Side::Client, at);
        self.get_lost(Side::Client);
        let client = self.half(Side::Client);
        client.stale = client.left;
        if known {
            self.pairing.tear(Side::Client, 0);
        }
    }
}
