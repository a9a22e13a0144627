//! The parser's part in reading past lost heads: what is left of a head is read, and a rest is recognised.
//!
//! In: the state of both halves when a hole or a message comes. Out: what `torn.rs` is told.

use super::body::Body;
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
        let Some(end) = memchr::memrchr(b'\n', &partial) else { return false };
        partial.truncate(end + 1);
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

    /// The server answers a head that lacks its end: that was lost, and the flow does not know yet (a single byte that is
    /// acknowledged and does not come looks like a FIN). What is known of it was asked.
    pub(super) fn answered_already(&mut self, at: Timestamp) {
        let half = self.half(Side::Client);
        if !matches!(half.reading, Reading::Head(_)) || half.partial.is_empty() {
            return;
        }
        half.told = half.left;
        if self.salvage(Side::Client, at) {
            self.get_lost(Side::Client);
            self.pairing.tear(Side::Client, 0);
        } else {
            self.half(Side::Client).told = 0;
        }
    }
}
