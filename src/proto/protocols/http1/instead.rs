//! What comes where something else is due: the next message in place of a body, another protocol in place of a request.

use super::body::Body;
use super::line::{self, Line};
use super::pairing::Answer;
use super::parser::{Http1, Reading, Step};
use crate::flow::{ByteClass, Ledger, Side};
use crate::proto::exchange::{Message, OpaqueKind};
use crate::proto::protocol::{Then, Upgrade};
use crate::time::Timestamp;
use crate::tls::{Hello, Looks, hello, looks_like_tls};

impl Http1 {
    /// A body was announced, and in its place comes the next message: the request asked leave (`Expect`) and was
    /// refused, or the response answers a HEAD that was not seen.
    pub(super) fn no_body_after_all(&mut self, side: Side, body: Body, bytes: &[u8]) -> Line {
        if !matches!(body, Body::Length(_) | Body::Size) {
            return Line::No;
        }
        let (torn, pipelines) = (self.pairing.is_torn(), self.pairing.pipelines());
        let Some(slot) = self.half(side).slot.and_then(|id| self.pairing.slot(id)) else { return Line::No };
        let untouched = |message: &Option<Message>| message.as_ref().is_some_and(|message| message.body_len == 0);
        // Who did not ask owes the body, however much that looks like a request. No size of a chunk looks so.
        let asked_leave = |request: &Option<Message>| {
            let asked = |request: &Message| request.field("expect").is_some();
            untouched(request) && (body == Body::Size || request.as_ref().is_some_and(asked))
        };
        let line = match side {
            Side::Client if slot.answer != Answer::Awaited && asked_leave(&slot.exchange.request) => {
                // A line that is longer is not waited for, however it comes in.
                let seen = bytes.get(..LINE_SEEN).unwrap_or(bytes);
                match line::request_instead(seen) {
                    Line::More if seen.len() == LINE_SEEN => Line::No,
                    line => line,
                }
            }
            Side::Server
                if slot.exchange.request.is_none() && (!torn || pipelines) && untouched(&slot.exchange.response) =>
            {
                line::status(bytes)
            }
            _ => Line::No,
        };
        // As much as would be a body is waited through: with one byte more it may be the next message.
        if line == Line::More && bytes.is_empty() { Line::No } else { line }
    }

    /// Behind an unanswered CONNECT. The answer may be on its way; but where its direction is not captured at all,
    /// what the client sends must not wait for ever.
    pub(super) fn tunnel(&mut self, at: Timestamp, bytes: &[u8], asked: u8, ledger: &mut Ledger) -> Step {
        if bytes.is_empty() {
            return Step::Wait(0);
        }
        let empty = bytes.len() - line::skip_empty(bytes).len();
        if empty > 0 {
            // As before any message: they begin nothing, so that what follows begins when its own first byte came.
            ledger.book(ByteClass::Parsed, empty as u64);
            return Step::On(empty);
        }
        // As where any stream begins: should a tunnel be believed, what is in it is asked in the same way.
        if line::request_first(bytes) == Line::Yes {
            self.half(Side::Client).reading = Reading::default();
            return Step::On(0);
        }
        if asked >= TUNNEL_ASKED || bytes.len() > TUNNEL_BYTES {
            let silent = self.silent();
            self.pairing.give_up(silent);
            return Step::Leave(0, Then::Become(Upgrade::Tunnel));
        }
        let half = self.half(Side::Client);
        half.reading = Reading::Tunnel(asked + 1);
        if half.began.is_none() {
            // Should it be a request after all, it began here.
            half.began = Some(at);
            half.heard[1] = half.heard[0];
        }
        Step::Wait(0)
    }
}

/// Where a request is due the client goes on in another protocol, so that HTTP has ended: with HTTP/2 behind an upgrade,
/// with TLS behind an upgrade or a CONNECT, whose answer was not seen.
pub(super) fn instead_of_request(bytes: &[u8]) -> Option<Step> {
    if bytes.starts_with(HTTP2) {
        return Some(Step::Leave(0, Then::Become(Upgrade::Other(OpaqueKind::Http2))));
    }
    if hello(bytes) == Hello::Not {
        return None;
    }
    match looks_like_tls(bytes) {
        Looks::Yes => Some(Step::Leave(0, Then::Become(Upgrade::Tunnel))),
        Looks::More => Some(Step::Wait(0)),
        Looks::No => None,
    }
}

/// How much of a request line in place of a body is looked at.
const LINE_SEEN: usize = 1024;
/// How HTTP/2 begins (RFC 9113 section 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n";
/// Slices behind an unanswered CONNECT that are waited through.
const TUNNEL_ASKED: u8 = 3;
/// Bytes behind an unanswered CONNECT that are waited through.
const TUNNEL_BYTES: usize = 4 << 10;
