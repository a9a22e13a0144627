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
use super::head::{self, Search};
use super::line::{self, Found, Line};
use super::pairing::{Answer, Pairing, SlotId};
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
    /// When the first of the left-over bytes was captured.
    pub(super) began: Option<Timestamp>,
    /// Bytes read or missing so far.
    pub(super) passed: u64,
    /// The exchange whose body is being read.
    pub(super) slot: Option<SlotId>,
    /// The body being read has a hole or is cut: its sample ends there.
    pub(super) holed: bool,
    /// Whoever sends had received all of the other side when the newest bytes were sent, and when the first of those
    /// left over was.
    pub(super) caught_up: [bool; 2],
    /// Heads were lost before the first of the bytes left over came.
    pub(super) torn: bool,
    /// So many of the bytes left over are read already.
    pub(super) told: usize,
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

/// What one step came to.
enum Step {
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
            // Empty lines between messages (RFC 9112 section 2.2).
            let empty = bytes.len() - line::skip_empty(bytes).len();
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
                Side::Server => line::status(bytes),
            };
            if start == Line::No {
                self.get_lost(side);
                return Step::On(0);
            }
        }
        let began = self.half(side).began.filter(|_| fresh > 0).unwrap_or(at);
        // What was lost since the first byte came was not known to who sent that.
        let torn = self.pairing.is_torn();
        let half = self.half(side);
        let [newest, first] = half.caught_up;
        if half.began.is_none() || fresh == 0 {
            half.caught_up[1] = newest;
            half.torn = torn;
        }
        let caught_up = if half.began.is_some() && fresh > 0 { first } else { newest } && (half.torn || !torn);
        match end {
            Some(end) if end <= self.head_bytes => {
                let whole = bytes.get(..end).unwrap_or_default();
                let then = match side {
                    Side::Client => self.request(whole, began, at, caught_up),
                    Side::Server => self.response(whole, began, at),
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
                if search.first_line > 0 {
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

    /// A whole request head. `None`: it cannot be read.
    pub(super) fn request(
        &mut self,
        bytes: &[u8],
        began: Timestamp,
        at: Timestamp,
        caught_up: bool,
    ) -> Option<Option<Then>> {
        let mut message = self.pairing.message();
        let Some(mut notes) = head::request(bytes, self.headers, &mut message) else {
            self.pairing.recycle(message);
            return None;
        };
        (message.began, message.ended) = (began, at);
        self.pairing.counts.fields_dropped += notes.fields_dropped;
        let framing = body::of_request(&message, &mut notes.oddities);
        let connect = message.method() == b"CONNECT";

        let server_at = self.half(Side::Server).passed;
        if self.pairing.is_torn() {
            if caught_up && self.pairing.may_rest() && self.server_rests() {
                self.pairing.settle_torn(true, false);
                self.half(Side::Server).reading = Reading::default();
            }
        } else {
            self.follow_up(connect, server_at);
        }
        let id = self.pairing.ask(message, notes.oddities, server_at);
        let silent = self.silent();
        self.pairing.keep_bounds(self.unanswered, self.unanswered_bytes, silent);
        if connect {
            self.half(Side::Client).reading = Reading::Tunnel(0);
            self.settle(Side::Client, id);
        } else {
            self.begin_body(Side::Client, Some(id), framing);
        }
        Some(None)
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

    /// A whole response head. `None`: it cannot be read.
    pub(super) fn response(&mut self, bytes: &[u8], began: Timestamp, at: Timestamp) -> Option<Option<Then>> {
        let mut message = self.pairing.message();
        let Some(mut notes) = head::response(bytes, self.headers, &mut message) else {
            self.pairing.recycle(message);
            return None;
        };
        (message.began, message.ended) = (began, at);
        self.pairing.counts.fields_dropped += notes.fields_dropped;
        let status = message.status;
        if (100..200).contains(&status) && status != 101 {
            self.pairing.interim();
            self.pairing.recycle(message);
            self.half(Side::Server).reading = Reading::default();
            return Some(None);
        }
        if !self.pairing.is_torn() && self.pairing.expected().is_none() {
            self.answered_already(at);
        }
        let owes = self.pairing.owes();
        let request = self.pairing.awaiting().filter(|_| !owes).and_then(|(_, slot)| slot.exchange.request.as_ref());
        let connect = request.is_some_and(|request| request.method() == b"CONNECT");
        let framing = body::of_response(&message, request.map(Message::method), &mut notes.oddities);
        let h2c = message.field("upgrade").is_some_and(|to| to.eq_ignore_ascii_case(b"h2c"));
        let id = self.pairing.answer(message, notes.oddities);
        self.begin_body(Side::Server, id, framing);
        if status == 101 {
            // Nobody asks on behind an upgrade, so it answers what was asked last.
            self.pairing.settle_torn(true, false);
            let silent = self.silent();
            self.pairing.give_up(silent);
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

    /// From here on the next message is searched for; the one being read is cut.
    pub(super) fn get_lost(&mut self, side: Side) {
        if matches!(self.half(side).reading, Reading::Body(_)) {
            self.finish_body(side, false);
        }
        let half = self.half(side);
        half.reading = Reading::Lost;
        half.began = None;
        half.partial = Vec::new();
    }

    fn body(&mut self, side: Side, at: Timestamp, bytes: &[u8], mut body: Body, ledger: &mut Ledger) -> Step {
        if self.no_body_after_all(side, body, bytes) {
            self.finish_body(side, false);
            return Step::On(0);
        }
        let [client, server] = &self.halves;
        let half = if side == Side::Client { client } else { server };
        let message = half.slot.and_then(|id| message_of(&mut self.pairing, side, id));
        let sample = if half.holed || message.is_none() { 0 } else { self.sample };
        let message = message.unwrap_or(&mut self.scratch);
        if !bytes.is_empty() {
            message.ended = at;
        }
        let mut into = body::Into { message, sample, trailers: self.head_bytes, ledger };
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

    /// A body was announced, and in its place comes the next message: the request asked leave (`Expect`) and was
    /// refused, or the response answers a HEAD that was not seen.
    fn no_body_after_all(&mut self, side: Side, body: Body, bytes: &[u8]) -> bool {
        if !matches!(body, Body::Length(_) | Body::Size) || bytes.is_empty() {
            return false;
        }
        let Some(id) = self.half(side).slot else { return false };
        let (torn, pipelines) = (self.pairing.is_torn(), self.pairing.pipelines());
        let Some(slot) = self.pairing.slot(id) else { return false };
        let untouched = |message: &Option<Message>| message.as_ref().is_some_and(|message| message.body_len == 0);
        match side {
            Side::Client => {
                slot.answer != Answer::Awaited && untouched(&slot.exchange.request) && line::request(bytes) == Line::Yes
            }
            Side::Server => {
                slot.exchange.request.is_none()
                    && (!torn || pipelines)
                    && untouched(&slot.exchange.response)
                    && line::status(bytes) == Line::Yes
            }
        }
    }

    /// What may be the beginning of a message comes with the newest bytes.
    fn note_beginning(&mut self, side: Side, at: Timestamp) {
        let torn = self.pairing.is_torn();
        let half = self.half(side);
        half.began = Some(at);
        half.caught_up[1] = half.caught_up[0];
        half.torn = torn;
    }

    /// Looks for the next message.
    fn search(&mut self, side: Side, at: Timestamp, bytes: &[u8], fresh: usize, ledger: &mut Ledger) -> Step {
        if fresh == 0 || self.half(side).began.is_none() {
            self.note_beginning(side, at);
        }
        let test = match side {
            Side::Client => line::request_found,
            Side::Server => line::status,
        };
        let turned = self.half(side).turned;
        if side == Side::Client && self.half(side).behind_hole && !turned && !bytes.is_empty() {
            // A word that nobody knows may be the rest of one (`ROB`): what it is part of is not read.
            let rest = match line::known_behind(bytes) {
                Line::More => return Step::Wait(0),
                Line::Yes => 0,
                Line::No => memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1),
            };
            self.half(side).behind_hole = rest > 0 && rest == bytes.len() && !bytes.ends_with(b"\n");
            if rest > 0 {
                ledger.book(ByteClass::Discarded, rest as u64);
                return Step::On(rest);
            }
        }
        let found = line::find(bytes, fresh, true, test);
        self.half(side).turned &= bytes.is_empty() || matches!(found, Found::Maybe(_));
        if let Found::At(at) = found
            && side == Side::Client
            && !turned
            && (at == fresh || at == 0)
            && at.checked_sub(1).is_none_or(|before| bytes.get(before) != Some(&b'\n'))
            && line::known_behind(bytes.get(at..).unwrap_or_default()) != Line::Yes
        {
            // A packet that begins amid what somebody says: the word may have begun before it.
            let line = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest));
            let used = line.map_or(bytes.len(), |end| at + end + 1);
            ledger.book(ByteClass::Discarded, used as u64);
            return if used == bytes.len() { Step::Wait(used) } else { Step::On(used) };
        }
        let used = match found {
            Found::At(at) | Found::Maybe(at) => at,
            Found::Nowhere => bytes.len(),
        };
        ledger.book(ByteClass::Discarded, used as u64);
        if used >= fresh {
            self.note_beginning(side, at);
        }
        let half = self.half(side);
        match found {
            Found::At(_) => {
                half.reading = Reading::default();
                self.pairing.counts.resyncs += 1;
                Step::On(used)
            }
            Found::Maybe(_) | Found::Nowhere => Step::Wait(used),
        }
    }

    /// Behind an unanswered CONNECT. The answer may be on its way; but where its direction is not captured at all,
    /// what the client sends must not wait for ever.
    fn tunnel(&mut self, bytes: &[u8], asked: u8) -> Step {
        if bytes.is_empty() {
            return Step::Wait(0);
        }
        if line::request(bytes) == Line::Yes {
            self.half(Side::Client).reading = Reading::default();
            return Step::On(0);
        }
        if asked >= TUNNEL_ASKED || bytes.len() > TUNNEL_BYTES {
            let silent = self.silent();
            self.pairing.give_up(silent);
            return Step::Leave(0, Then::Become(Upgrade::Tunnel));
        }
        self.half(Side::Client).reading = Reading::Tunnel(asked + 1);
        Step::Wait(0)
    }
}

impl Protocol for Http1 {
    fn read(&mut self, side: Side, at: Timestamp, bytes: &[u8], ledger: &mut Ledger, out: &mut Outlet<'_>) -> Progress {
        self.pairing.swap_spares(out);
        let fresh = self.half(side).left.min(bytes.len());
        let mut used = std::mem::take(&mut self.half(side).told).min(bytes.len());
        ledger.book(ByteClass::Parsed, used as u64);
        self.half(side.other()).turned = true;
        let then = loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let fresh = fresh.saturating_sub(used);
            let step = match self.half(side).reading {
                Reading::Head(search) => self.head(side, at, rest, fresh, search, ledger),
                Reading::Body(body) => self.body(side, at, rest, body, ledger),
                Reading::Lost => self.search(side, at, rest, fresh, ledger),
                Reading::Tunnel(asked) => self.tunnel(rest, asked),
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

    fn caught_up(&mut self, side: Side, all: bool) {
        self.half(side).caught_up[0] = all;
    }

    fn gap(&mut self, side: Side, at: Timestamp, missing: u64, out: &mut Outlet<'_>) -> Recovery {
        self.pairing.swap_spares(out);
        let half = self.half(side);
        half.left = 0;
        half.told = 0;
        half.passed = half.passed.saturating_add(missing);
        half.turned = false;
        let recovery = match half.reading {
            Reading::Body(before) => {
                let mut body = before;
                half.holed = true;
                let id = half.slot;
                let message = id.and_then(|id| message_of(&mut self.pairing, side, id)).unwrap_or(&mut self.scratch);
                match body.gap(missing, message) {
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
                        let past = if let Body::Length(left) = before { missing.saturating_sub(left) } else { 0 };
                        self.get_lost(side);
                        self.pairing.tear(side, u32::from(past >= SHORTEST_HEAD));
                        Recovery::Resume
                    }
                }
            }
            Reading::Head(_) => {
                // Between messages nothing is sent that is not part of one.
                let least = 1;
                let answers = self.pairing.counts.responses;
                // An interim answer is no answer.
                let known = self.salvage(side, at) && (side == Side::Client || self.pairing.counts.responses > answers);
                self.get_lost(side);
                self.pairing.tear(side, if known { 0 } else { least });
                Recovery::Resume
            }
            Reading::Lost => {
                self.pairing.tear(side, 0);
                Recovery::Resume
            }
            Reading::Tunnel(_) => Recovery::Resume,
        };
        self.half(side).behind_hole = true;
        if side == Side::Server && matches!(self.half(side).reading, Reading::Lost) {
            self.pairing.forget_debts();
        }
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
        recovery
    }

    fn end(&mut self, side: Side, _: Timestamp, out: &mut Outlet<'_>) {
        self.pairing.swap_spares(out);
        if let Reading::Body(body) = self.half(side).reading {
            self.finish_body(side, body == Body::UntilClose);
            self.half(side).reading = Reading::Lost;
        }
        if side == Side::Server && self.pairing.is_torn() && self.server_rests() {
            // Who takes leave in good order has answered.
            self.pairing.settle_torn(true, false);
        }
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
    }

    fn finish(&mut self, _: Timestamp, out: &mut Outlet<'_>) {
        self.pairing.swap_spares(out);
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
fn message_of(pairing: &mut Pairing, side: Side, id: SlotId) -> Option<&mut Message> {
    let slot = pairing.slot(id)?;
    match side {
        Side::Client => slot.exchange.request.as_mut(),
        Side::Server => slot.exchange.response.as_mut(),
    }
}

/// Slices behind an unanswered CONNECT that are waited through.
const TUNNEL_ASKED: u8 = 3;
/// Bytes behind an unanswered CONNECT that are waited through.
const TUNNEL_BYTES: usize = 4 << 10;
/// No head is shorter.
const SHORTEST_HEAD: u64 = 16;
