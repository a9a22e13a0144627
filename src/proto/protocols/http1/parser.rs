//! One HTTP/1 connection: two halves that read, and the pairing between them.
//!
//! In: bytes of either side, in order, and holes. Out: exchanges. A half is at a head, in a body, or lost (after a
//! hole or nonsense) and looking for the next message at the starts of packets and lines.
//!
//! ```text
//!          whole head                       body over
//!   Head ------------> Body ----------------------------------> Head
//!    | hole, nonsense   | hole past its end, bad chunk           ^
//!    +------> Lost <----+                                        |
//!               +------------ a start line is found -------------+
//! ```

use super::body::{self, Body, Fed, Framing};
use super::head::{self, Search, is_cut};
use super::instead::instead_of_request;
use super::line::{self, Line};
use super::pairing::{Answer, Pairing, SlotId};
use super::torn::Rest;
use crate::flow::{ByteClass, Connection, Ledger, Side};
use crate::limits::Limits;
use crate::proto::exchange::{Message, Oddities, OpaqueKind};
use crate::proto::protocol::{Outlet, Progress, ProtoCounts, Protocol, Recovery, Then, Upgrade};
use crate::time::Timestamp;

/// The parser of one connection.
pub(super) struct Http1 {
    head_bytes: usize,
    headers: usize,
    unanswered: usize,
    unanswered_bytes: usize,
    sample: usize,
    pub(super) halves: [Half; 2],
    pub(super) pairing: Pairing,
    /// Takes what belongs to no exchange: the body of a response whose request is reported already.
    scratch: Message,
}

/// One direction.
#[derive(Default)]
pub(super) struct Half {
    pub(super) reading: Reading,
    /// Bytes left over by the last call: what is behind them in the next slice is a new packet.
    pub(super) left: usize,
    /// Bytes of those that were read already, out of `partial`, and must not be read again.
    pub(super) stale: usize,
    /// When the first of the left-over bytes was captured.
    pub(super) began: Option<Timestamp>,
    /// So many of them are known to begin a request line that has not ended; 0 when that is not known.
    pub(super) line: usize,
    /// Bytes read or missing so far.
    pub(super) passed: u64,
    /// The exchange whose body is being read.
    pub(super) slot: Option<SlotId>,
    /// The body being read has a hole or is cut: its sample ends there.
    pub(super) holed: bool,
    /// Bytes that the last message announced and must not have: some servers send them all the same.
    pub(super) surplus: u64,
    /// How much of the other side whoever sends had received when the newest bytes were sent, and when the first of those
    /// left over was: places in that side's stream, as `passed` counts them.
    pub(super) heard: [Option<u64>; 2],
    /// With the newest bytes it had received more than with those before.
    pub(super) news: bool,
    /// So it was with the first of those left over, and nothing is missing before that.
    pub(super) hears: bool,
    /// With the newest bytes it had received all of the other side that is known, or more than that.
    pub(super) caught_up: bool,
    pub(super) knows_more: bool,
    /// What is found certainly begins a message, and all that follows it up to a hole.
    pub(super) sure: bool,
    /// The other side spoke since this one did.
    pub(super) turned: bool,
    /// The bytes that come next lie right behind a hole: a word there may lack its beginning.
    pub(super) behind_hole: bool,
    /// The beginning of a head that is not all here, copied once, to be worth something if a hole takes the rest.
    pub(super) partial: Vec<u8>,
}

/// What a half is at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// The start of a message, or inside its head.
    Head(Search),
    /// A body.
    Body(Body),
    /// Behind a hole or nonsense.
    Lost,
    /// Behind a CONNECT that is not answered yet; asked so many times.
    Tunnel(u8),
}

impl Default for Reading {
    fn default() -> Self {
        Self::Head(Search::default())
    }
}

impl Half {
    /// How many of `bytes`, which are no message, are a body that must not be there: all of it, and a message or nothing
    /// behind it. A client that skips it reads on. `None`: too few are here to say, which never lasts for more than `most`.
    fn surplus_in(&mut self, bytes: &[u8], most: usize) -> Option<usize> {
        let surplus = usize::try_from(self.surplus).unwrap_or(usize::MAX);
        let found = match bytes.get(surplus..) {
            Some([]) => Line::Yes,
            Some(behind) => line::status(behind),
            None if surplus <= most => Line::More,
            None => Line::No,
        };
        if found == Line::More && surplus > 0 && bytes.len() <= most {
            return None;
        }
        self.surplus = 0;
        Some(if found == Line::Yes { surplus } else { 0 })
    }
}

/// What one step came to.
pub(super) enum Step {
    /// So many bytes used; go on.
    On(usize),
    /// So many used; more must come first.
    Wait(usize),
    /// So many used; then this.
    Leave(usize, Then),
}

impl Http1 {
    pub(super) fn new(limits: &Limits, connection: &Connection, first: u32) -> Self {
        Self {
            // What is not read is carried by the flow table, which has a bound of its own.
            head_bytes: limits.head_bytes.min(limits.carry_bytes),
            headers: limits.headers,
            unanswered: limits.unanswered,
            unanswered_bytes: limits.unanswered_bytes,
            sample: limits.body_sample,
            halves: [Half::default(), Half::default()],
            pairing: Pairing::new(connection, first),
            scratch: Message::default(),
        }
    }

    pub(super) const fn half(&mut self, side: Side) -> &mut Half {
        let [client, server] = &mut self.halves;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// At a head: `fresh` is where the newest packet begins in `bytes`.
    fn head(
        &mut self,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
        fresh: usize,
        mut search: Search,
        ledger: &mut Ledger,
    ) -> Step {
        if search.seen == 0 {
            // Empty lines between messages (RFC 9112 section 2.2), and blanks before one.
            let empty = bytes.len() - line::skip_blank(bytes).len();
            if empty > 0 {
                ledger.book(ByteClass::Parsed, empty as u64);
                return Step::On(empty);
            }
        }
        if bytes.is_empty() {
            return Step::Wait(0);
        }
        let checked = search.first_line > 0;
        let end = search.end(bytes);
        if !checked {
            let start = match side {
                // Only a whole line is read through, and only once, so that a dribbled one costs what it weighs.
                Side::Client if search.first_line == 0 => line::request_begun(bytes),
                Side::Client => line::request(bytes),
                Side::Server if self.pairing.awaiting().is_some() => line::status_due(bytes),
                Side::Server => line::status(bytes),
            };
            if side == Side::Client
                && start != Line::Yes
                && let Some(step) = instead_of_request(bytes)
            {
                if matches!(step, Step::Leave(..)) {
                    let silent = self.silent();
                    self.pairing.give_up(silent);
                }
                return step;
            }
            if side == Side::Client && start != Line::No && line::glued(bytes, fresh) {
                self.get_lost(side);
                return Step::On(0);
            }
            if start == Line::No {
                let most = self.head_bytes;
                let half = self.half(side);
                let Some(surplus) = half.surplus_in(bytes, most) else {
                    if fresh as u64 <= half.surplus {
                        // What may be behind it begins no earlier.
                        half.began = Some(at);
                        half.heard[1] = half.heard[0];
                    }
                    // Which line is the first is not known: that of what is behind.
                    half.reading = Reading::Head(Search { first_line: 0, ..search });
                    return Step::Wait(0);
                };
                half.reading = Reading::default();
                ledger.book(ByteClass::Skipped, surplus as u64);
                if surplus == 0 {
                    self.get_lost(side);
                    if side == Side::Server && self.pairing.is_torn() {
                        // A body that was none took the beginning of this.
                        let from = self.half(side).passed;
                        self.pairing.tear(side, from..from.saturating_add(bytes.len() as u64), 0);
                    }
                }
                return Step::On(surplus);
            }
        }
        let began = self.half(side).began.filter(|_| fresh > 0).unwrap_or(at);
        let half = self.half(side);
        if half.began.is_none() || fresh == 0 {
            half.heard[1] = half.heard[0];
        }
        let from = half.passed;
        match end {
            Some(end) if end <= self.head_bytes => {
                let whole = bytes.get(..end).unwrap_or_default();
                let then = match side {
                    Side::Client => self.request(whole, from, [began, at]),
                    Side::Server => self.response(whole, from, [began, at]),
                };
                let half = self.half(side);
                half.partial = Vec::new();
                half.began = None;
                match then {
                    Some(then) => {
                        ledger.book(ByteClass::Parsed, end as u64);
                        then.map_or(Step::On(end), |then| Step::Leave(end, then))
                    }
                    None => {
                        ledger.book(ByteClass::Discarded, end as u64);
                        self.get_lost(side);
                        Step::On(end)
                    }
                }
            }
            None if bytes.len() <= self.head_bytes => {
                let half = self.half(side);
                half.began = Some(began);
                half.reading = Reading::Head(search);
                if search.first_line > 0 || side == Side::Server {
                    // All that is known so far, however it came: what a hole leaves must not depend on packets.
                    let known = half.partial.len();
                    half.partial.extend_from_slice(bytes.get(known..).unwrap_or_default());
                }
                Step::Wait(0)
            }
            // Too long. Where it ends is not worth knowing: the next message is searched for.
            _ => {
                self.pairing.counts.heads_dropped += 1;
                let used = end.unwrap_or(bytes.len());
                ledger.book(ByteClass::Discarded, used as u64);
                self.get_lost(side);
                Step::On(used)
            }
        }
    }

    /// A whole request head, or what is left of one, `from` there in its stream. `None`: it cannot be read.
    pub(super) fn request(&mut self, bytes: &[u8], from: u64, times: [Timestamp; 2]) -> Option<Option<Then>> {
        let mut message = self.pairing.message();
        let Some(mut notes) = head::request(bytes, self.headers, &mut message) else {
            self.pairing.recycle(message);
            return None;
        };
        [message.began, message.ended] = times;
        message.head_cut = is_cut(bytes) || notes.fields_dropped > 0;
        self.pairing.counts.fields_dropped += notes.fields_dropped;
        let framing = body::of_request(&message, &mut notes.oddities);
        let connect = message.method() == b"CONNECT";

        let server_at = self.half(Side::Server).passed;
        let place = self.place(Side::Client, from, bytes.len());
        let sure = self.half(Side::Client).sure;
        if self.pairing.is_torn() {
            self.rest_before(place);
        } else {
            self.follow_up(connect, server_at);
        }
        let id = self.pairing.ask(message, notes.oddities, place, sure, server_at);
        self.keep_bounds();
        if connect {
            self.half(Side::Client).reading = Reading::Tunnel(0);
            self.settle(Side::Client, id);
        } else {
            self.begin_body(Side::Client, Some(id), framing);
        }
        Some(None)
    }

    /// Whatever makes exchanges that wait (questions, and behind holes answers and what is lost) is bounded here.
    fn keep_bounds(&mut self) {
        let silent = self.silent();
        self.pairing.keep_bounds(self.unanswered, self.unanswered_bytes, silent);
    }

    /// A request without a hole before it: what it tells of the server.
    fn follow_up(&mut self, connect: bool, server_at: u64) {
        match self.half(Side::Server).reading {
            Reading::Lost => self.pairing.lose_answers(server_at),
            // The client has the answer, so its end was not the connection's: find the next by its looks.
            Reading::Body(Body::UntilClose) if !connect => {
                self.finish_body(Side::Server, false);
                self.get_lost(Side::Server);
            }
            _ => {}
        }
    }

    /// A whole response head, or what is left of one, `from` there in its stream. `None`: it cannot be read.
    pub(super) fn response(&mut self, bytes: &[u8], from: u64, times: [Timestamp; 2]) -> Option<Option<Then>> {
        let mut message = self.pairing.message();
        let Some(mut notes) = head::response(bytes, self.headers, &mut message) else {
            self.pairing.recycle(message);
            return None;
        };
        [message.began, message.ended] = times;
        message.head_cut = is_cut(bytes) || notes.fields_dropped > 0;
        self.pairing.counts.fields_dropped += notes.fields_dropped;
        let status = message.status;
        if (100..200).contains(&status) && status != 101 {
            self.pairing.interim();
            let half = self.half(Side::Server);
            half.surplus = body::announced_length(&message);
            half.reading = Reading::default();
            self.pairing.recycle(message);
            return Some(None);
        }
        let early = REFUSALS.contains(&status) || self.half(Side::Server).knows_more;
        if early && !self.pairing.is_torn() && self.pairing.expected().is_none() {
            self.answered_early(times[1]);
        }
        let owes = self.pairing.owes();
        let request = self.pairing.awaiting().filter(|_| !owes).and_then(|(_, slot)| slot.exchange.request.as_ref());
        let connect = request.is_some_and(|request| request.method() == b"CONNECT");
        let framing = body::of_response(&message, request.map(Message::method), &mut notes.oddities);
        // Who names nothing to change to, on either side, changes to nothing (RFC 9110 section 15.2.2).
        let switches =
            message.field("upgrade").is_some() || request.is_none_or(|asked| asked.field("upgrade").is_some());
        let to = message.field("upgrade").unwrap_or_default();
        let h2c = to.eq_ignore_ascii_case(b"h2c");
        // TLS (RFC 2817), and HTTP the other way round (PTTH/1.0), are known when they are seen.
        let known =
            [&b"tls/"[..], b"ptth/"].iter().any(|t| to.get(..t.len()).is_some_and(|to| to.eq_ignore_ascii_case(t)));
        self.half(Side::Server).surplus = if framing == Framing::Empty { body::announced_length(&message) } else { 0 };
        let place = self.place(Side::Server, from, bytes.len());
        let id = self.pairing.answer(message, notes.oddities, place);
        if self.pairing.is_torn() {
            self.keep_bounds();
        }
        self.begin_body(Side::Server, id, framing);
        if status == 101 && switches {
            // Nobody asks on behind an upgrade, so it answers what was asked last.
            self.pairing.settle(Rest::All, false);
            let silent = self.silent();
            self.pairing.give_up(silent);
            if known {
                return Some(Some(Then::Become(Upgrade::Tunnel)));
            }
            let kind = if h2c { OpaqueKind::Http2 } else { OpaqueKind::Upgraded };
            return Some(Some(Then::Become(Upgrade::Other(kind))));
        }
        if connect && (200..300).contains(&status) {
            let silent = self.silent();
            self.pairing.give_up(silent);
            return Some(Some(Then::Become(Upgrade::Tunnel)));
        }
        if connect && matches!(self.half(Side::Client).reading, Reading::Tunnel(_)) {
            self.half(Side::Client).reading = Reading::default();
        }
        Some(None)
    }

    fn begin_body(&mut self, side: Side, id: Option<SlotId>, framing: Framing) {
        let half = self.half(side);
        half.slot = id;
        half.holed = false;
        half.reading = match framing {
            Framing::Empty => {
                self.finish_body(side, true);
                return;
            }
            Framing::Length(n) => Reading::Body(Body::Length(n)),
            Framing::Chunked => Reading::Body(Body::Size),
            Framing::UntilClose => Reading::Body(Body::UntilClose),
        };
        self.scratch.clear();
    }

    /// The message that `side` was in has ended; `whole` when nothing of it is missing.
    pub(super) fn finish_body(&mut self, side: Side, whole: bool) {
        let half = self.half(side);
        half.reading = Reading::default();
        let whole = whole && !half.holed;
        if let Some(id) = half.slot.take() {
            if let Some(message) = message_of(&mut self.pairing, side, id) {
                message.body_whole = whole && message.body.len() as u64 == message.body_len;
            }
            self.settle(side, id);
        }
    }

    /// Nothing more will come of one message of an exchange.
    fn settle(&mut self, side: Side, id: SlotId) {
        if let Some(slot) = self.pairing.slot(id) {
            match side {
                Side::Client => slot.asked = true,
                Side::Server => slot.answer = Answer::Over,
            }
        }
    }

    /// `side` has spoken, so that what the other says next may begin something. Not if that lies behind a hole which `side`
    /// may not have received yet: then the hole may have begun it.
    fn turn(&mut self, side: Side) {
        let reach = self.reach(side.other());
        let knows = self.half(side).heard[0].is_some_and(|heard| heard >= reach);
        let other = self.half(side.other());
        other.turned |= !other.behind_hole || knows;
    }

    /// From here on the next message is searched for; the one being read is cut.
    pub(super) fn get_lost(&mut self, side: Side) {
        if matches!(self.half(side).reading, Reading::Body(_)) {
            self.finish_body(side, false);
        }
        let half = self.half(side);
        half.reading = Reading::Lost;
        half.line = 0;
        half.surplus = 0;
        half.began = None;
        half.partial = Vec::new();
    }

    fn body(&mut self, side: Side, at: Timestamp, bytes: &[u8], mut body: Body, ledger: &mut Ledger) -> Step {
        match self.no_body_after_all(side, body, bytes) {
            Line::Yes => {
                self.finish_body(side, false);
                return Step::On(0);
            }
            Line::More => return Step::Wait(0),
            Line::No => {}
        }
        let [client, server] = &self.halves;
        let half = if side == Side::Client { client } else { server };
        let known = |id| self.pairing.slot(id).is_some_and(|slot| slot.exchange.request.is_some());
        let passes = half.slot.is_none_or(known);
        let message = half.slot.and_then(|id| message_of(&mut self.pairing, side, id));
        let sample = if half.holed || message.is_none() { 0 } else { self.sample };
        let message = message.unwrap_or(&mut self.scratch);
        if !bytes.is_empty() {
            message.ended = at;
        }
        let mut into = body::Into { message, sample, passes, trailers: self.head_bytes, ledger };
        let fed = body.feed(bytes, &mut into);
        self.half(side).reading = Reading::Body(body);
        match fed {
            Fed::More(used) => Step::Wait(used),
            Fed::Skip(used, n) => self.skip(side, bytes.len(), used, n, ledger),
            Fed::Done(used, left) => {
                self.finish_body(side, true);
                if left == 0 { Step::On(used) } else { self.skip(side, bytes.len(), used, left, ledger) }
            }
            Fed::Bad(used) => {
                let id = self.half(side).slot;
                if let Some(slot) = id.and_then(|id| self.pairing.slot(id)) {
                    slot.exchange.oddities.add(Oddities::BAD_CHUNK);
                }
                self.get_lost(side);
                Step::On(used)
            }
        }
    }

    /// Passes over `n` bytes: those at hand here, the others by asking the flow not to bring them.
    fn skip(&mut self, side: Side, have: usize, used: usize, n: u64, ledger: &mut Ledger) -> Step {
        let here = (have - used).min(usize::try_from(n).unwrap_or(usize::MAX));
        ledger.book(ByteClass::Skipped, here as u64);
        let left = n - here as u64;
        if left == 0 {
            return Step::On(used + here);
        }
        let half = self.half(side);
        half.passed = half.passed.saturating_add(left);
        Step::Leave(used + here, Then::Skip(left))
    }
}

impl Protocol for Http1 {
    fn read(&mut self, side: Side, at: Timestamp, bytes: &[u8], ledger: &mut Ledger, out: &mut Outlet<'_>) -> Progress {
        self.pairing.swap_spares(out);
        self.turn(side);
        let half = self.half(side);
        let fresh = half.left.min(bytes.len());
        let mut used = std::mem::take(&mut half.stale).min(fresh);
        half.passed = half.passed.saturating_add(used as u64);
        ledger.book(ByteClass::Discarded, used as u64);
        let then = loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let fresh = fresh.saturating_sub(used);
            let step = match self.half(side).reading {
                Reading::Head(search) => self.head(side, at, rest, fresh, search, ledger),
                Reading::Body(body) => self.body(side, at, rest, body, ledger),
                Reading::Lost => self.search(side, at, rest, fresh, ledger),
                Reading::Tunnel(asked) => self.tunnel(at, rest, asked, ledger),
            };
            let (n, then) = match step {
                Step::On(n) => (n, None),
                Step::Wait(n) => (n, Some(Then::More)),
                Step::Leave(n, then) => (n, Some(then)),
            };
            used += n;
            let half = self.half(side);
            half.passed = half.passed.saturating_add(n as u64);
            if let Some(then) = then {
                break then;
            }
        };
        let half = self.half(side);
        half.left = bytes.len() - used;
        half.turned &= half.left > 0 && matches!(half.reading, Reading::Lost);
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
        Progress { used, then }
    }

    fn heard(&mut self, side: Side, ahead: Option<i64>) {
        let reach = self.reach(side.other());
        let half = self.half(side);
        let heard = ahead.map(|ahead| reach.saturating_add_signed(ahead));
        half.news = heard > half.heard[0] && half.heard[0].is_some();
        half.heard[0] = heard;
        half.caught_up = ahead.is_some_and(|ahead| ahead >= 0);
        half.knows_more = ahead.is_some_and(|ahead| ahead > 0);
    }

    fn gap(&mut self, side: Side, at: Timestamp, missing: u64, out: &mut Outlet<'_>) -> Recovery {
        self.pairing.swap_spares(out);
        let half = self.half(side);
        let from = half.passed;
        let hole = from.saturating_add(half.left as u64);
        let hole = hole..hole.saturating_add(missing);
        half.left = 0;
        half.stale = 0;
        half.passed = hole.end;
        half.turned = false;
        let recovery = match half.reading {
            Reading::Body(before) => {
                let mut body = before;
                half.holed = true;
                let id = half.slot;
                let asked = |id| self.pairing.slot(id).is_some_and(|slot| slot.exchange.request.is_some());
                let known = id.is_none_or(asked);
                let message = id.and_then(|id| message_of(&mut self.pairing, side, id)).unwrap_or(&mut self.scratch);
                match body.gap(missing, message) {
                    // Whether this has a body at all is not known: see `Into::passes`.
                    Some(left) if left > 0 && side == Side::Server && !known => {
                        message.body_len = message.body_len.saturating_sub(left);
                        let body =
                            if matches!(before, Body::Length(_)) { Body::Length(left) } else { Body::Chunk(left) };
                        self.half(side).reading = Reading::Body(body);
                        Recovery::Resume
                    }
                    Some(left) => {
                        let half = self.half(side);
                        half.reading = Reading::Body(body);
                        half.passed = half.passed.saturating_add(left);
                        if matches!(body, Body::Length(_)) {
                            self.finish_body(side, false);
                        }
                        if left > 0 { Recovery::Skip(left) } else { Recovery::Resume }
                    }
                    None => {
                        // A hole past the end of a body of known length took what came behind it, too.
                        let (past, start) = match before {
                            Body::Length(left) => (missing.saturating_sub(left), hole.start.saturating_add(left)),
                            _ => (0, hole.start),
                        };
                        self.get_lost(side);
                        self.pairing.tear(side, start..hole.end, u32::from(past >= SHORTEST_HEAD));
                        Recovery::Resume
                    }
                }
            }
            Reading::Head(_) => {
                // Between messages nothing is sent that is not part of one.
                let least = 1;
                let answers = self.pairing.counts.responses;
                // An interim answer is no answer.
                let known =
                    self.salvage(side, from, at) && (side == Side::Client || self.pairing.counts.responses > answers);
                self.get_lost(side);
                self.pairing.tear(side, hole, if known { 0 } else { least });
                Recovery::Resume
            }
            Reading::Lost => {
                self.pairing.tear(side, hole, 0);
                Recovery::Resume
            }
            Reading::Tunnel(_) => Recovery::Resume,
        };
        self.half(side).behind_hole = true;
        self.keep_bounds();
        if side == Side::Server && matches!(self.half(side).reading, Reading::Lost) {
            self.pairing.forget_debts();
        }
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
        recovery
    }

    fn end(&mut self, side: Side, at: Timestamp, out: &mut Outlet<'_>) {
        self.pairing.swap_spares(out);
        if let Reading::Body(body) = self.half(side).reading {
            self.finish_body(side, body == Body::UntilClose);
            self.half(side).reading = Reading::Lost;
        }
        if side == Side::Server {
            if self.pairing.is_torn() && self.server_rests() {
                // Who takes leave in good order has answered.
                self.pairing.settle(Rest::All, false);
            }
            if matches!(self.half(side).reading, Reading::Head(_)) {
                // The status was told; nobody will add to it.
                let from = self.half(side).passed;
                self.salvage(side, from, at);
                self.get_lost(side);
            }
        }
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
    }

    fn finish(&mut self, at: Timestamp, out: &mut Outlet<'_>) {
        self.pairing.swap_spares(out);
        if matches!(self.half(Side::Server).reading, Reading::Head(_)) {
            let from = self.half(Side::Server).passed;
            self.salvage(Side::Server, from, at);
        }
        for side in [Side::Client, Side::Server] {
            if matches!(self.half(side).reading, Reading::Body(_)) {
                self.finish_body(side, false);
            }
        }
        let silent = self.silent();
        self.pairing.give_up(silent);
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
    }

    fn counts(&self) -> ProtoCounts {
        self.pairing.counts
    }

    fn held(&self) -> usize {
        let partial = self.halves[0].partial.capacity() + self.halves[1].partial.capacity();
        size_of::<Self>() + partial + self.scratch.capacity() + self.pairing.held()
    }
}

/// The message of an exchange that `side` is sending.
pub(super) fn message_of(pairing: &mut Pairing, side: Side, id: SlotId) -> Option<&mut Message> {
    let slot = pairing.slot(id)?;
    match side {
        Side::Client => slot.exchange.request.as_mut(),
        Side::Server => slot.exchange.response.as_mut(),
    }
}

/// No head is shorter.
const SHORTEST_HEAD: u64 = 16;
/// How a server answers a head that it does not read to its end (RFC 9110 section 15, RFC 6585).
const REFUSALS: [u16; 8] = [400, 408, 411, 413, 414, 431, 501, 505];
