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
use crate::tls::{Hello, Looks, hello, looks_like_tls};

/// The parser of one connection.
pub(super) struct Http1 {
    head_bytes: usize,
    headers: usize,
    unanswered: usize,
    unanswered_bytes: usize,
    sample: usize,
    halves: [Half; 2],
    pairing: Pairing,
    /// Takes what belongs to no exchange: the body of a response whose request is reported already.
    scratch: Message,
}

/// One direction.
#[derive(Default)]
struct Half {
    reading: Reading,
    /// Bytes left over by the last call: what is behind them in the next slice is a new packet.
    left: usize,
    /// Bytes of those that were read already, out of `partial`, and must not be read again.
    stale: usize,
    /// When the first of the left-over bytes was captured.
    began: Option<Timestamp>,
    /// So many of them are known to begin a request line that has not ended; 0 when that is not known.
    line: usize,
    /// Bytes read or missing so far.
    passed: u64,
    /// The exchange whose body is being read.
    slot: Option<SlotId>,
    /// The body being read has a hole or is cut: its sample ends there.
    holed: bool,
    /// Bytes that the last message announced and must not have: some servers send them all the same.
    surplus: u64,
    /// The beginning of a head that is not all here, copied once, to be worth something if a hole takes the rest.
    partial: Vec<u8>,
}

/// What a half is at.
#[derive(Clone, Copy, Debug)]
enum Reading {
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
    /// How many of `bytes`, which are no message, are a body that must not be there: all of it is here, and a message or
    /// nothing behind it. A client that skips it reads on.
    fn surplus_in(&mut self, bytes: &[u8]) -> usize {
        let surplus = usize::try_from(std::mem::take(&mut self.surplus)).unwrap_or(usize::MAX);
        match bytes.get(surplus..) {
            Some(behind) if behind.is_empty() || line::status(behind) == Line::Yes => surplus,
            _ => 0,
        }
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

    const fn half(&mut self, side: Side) -> &mut Half {
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
                    self.pairing.give_up();
                }
                return step;
            }
            if side == Side::Client && start != Line::No && line::glued(bytes, fresh) {
                self.get_lost(side);
                return Step::On(0);
            }
            if start == Line::No {
                let surplus = self.half(side).surplus_in(bytes);
                ledger.book(ByteClass::Skipped, surplus as u64);
                if surplus == 0 {
                    self.get_lost(side);
                }
                return Step::On(surplus);
            }
        }
        let began = self.half(side).began.filter(|_| fresh > 0).unwrap_or(at);
        match end {
            Some(end) if end <= self.head_bytes => {
                let whole = bytes.get(..end).unwrap_or_default();
                let then = match side {
                    Side::Client => self.request(whole, began, at),
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

    /// A whole request head. `None`: it cannot be read.
    fn request(&mut self, bytes: &[u8], began: Timestamp, at: Timestamp) -> Option<Option<Then>> {
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
        match self.half(Side::Server).reading {
            Reading::Lost => self.pairing.lose_answers(server_at),
            // The client has the answer, so its end was not the connection's: find the next by its looks.
            Reading::Body(Body::UntilClose) if !connect => {
                self.finish_body(Side::Server, false);
                self.get_lost(Side::Server);
            }
            _ => {}
        }
        let id = self.pairing.ask(message, notes.oddities, server_at);
        self.pairing.keep_bounds(self.unanswered, self.unanswered_bytes);
        if connect {
            self.half(Side::Client).reading = Reading::Tunnel(0);
            self.settle(Side::Client, id);
        } else {
            self.begin_body(Side::Client, Some(id), framing);
        }
        Some(None)
    }

    /// A whole response head. `None`: it cannot be read.
    fn response(&mut self, bytes: &[u8], began: Timestamp, at: Timestamp) -> Option<Option<Then>> {
        let mut message = self.pairing.message();
        let Some(mut notes) = head::response(bytes, self.headers, &mut message) else {
            self.pairing.recycle(message);
            return None;
        };
        (message.began, message.ended) = (began, at);
        self.pairing.counts.fields_dropped += notes.fields_dropped;
        let status = message.status;
        if (100..200).contains(&status) && status != 101 {
            if let Some((_, slot)) = self.pairing.awaiting() {
                slot.exchange.interim += 1;
            }
            let half = self.half(Side::Server);
            half.surplus = body::announced_length(&message);
            half.reading = Reading::default();
            self.pairing.recycle(message);
            return Some(None);
        }
        if status >= 400 {
            self.refused_early(at);
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
        let id = self.pairing.answer(message, notes.oddities);
        self.begin_body(Side::Server, id, framing);
        if status == 101 && switches {
            self.pairing.give_up();
            if known {
                return Some(Some(Then::Become(Upgrade::Tunnel)));
            }
            let kind = if h2c { OpaqueKind::Http2 } else { OpaqueKind::Upgraded };
            return Some(Some(Then::Become(Upgrade::Other(kind))));
        }
        if connect && (200..300).contains(&status) {
            self.pairing.give_up();
            return Some(Some(Then::Become(Upgrade::Tunnel)));
        }
        if connect && matches!(self.half(Side::Client).reading, Reading::Tunnel(_)) {
            self.half(Side::Client).reading = Reading::default();
        }
        Some(None)
    }

    /// The server refuses what it has not read to its end: a head too slow, too long, or not to its taste. What is known
    /// of that head was asked, and the rest of it is worth nothing.
    fn refused_early(&mut self, at: Timestamp) {
        let client = self.half(Side::Client);
        if client.partial.is_empty() || !matches!(client.reading, Reading::Head(_)) || self.pairing.awaiting().is_some()
        {
            return;
        }
        self.salvage(Side::Client, at);
        self.get_lost(Side::Client);
        let client = self.half(Side::Client);
        client.stale = client.left;
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
    fn finish_body(&mut self, side: Side, whole: bool) {
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
    fn get_lost(&mut self, side: Side) {
        if matches!(self.half(side).reading, Reading::Body(_)) {
            self.finish_body(side, false);
        }
        let half = self.half(side);
        half.reading = Reading::Lost;
        half.line = 0;
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
    fn no_body_after_all(&mut self, side: Side, body: Body, bytes: &[u8]) -> Line {
        let left = match body {
            Body::Length(left) => left,
            // The shortest body in chunks.
            Body::Size => 5,
            _ => return Line::No,
        };
        let Some(slot) = self.half(side).slot.and_then(|id| self.pairing.slot(id)) else { return Line::No };
        let untouched = |message: &Option<Message>| message.as_ref().is_some_and(|message| message.body_len == 0);
        let line = match side {
            Side::Client if slot.answer != Answer::Awaited && untouched(&slot.exchange.request) => {
                line::request_instead(bytes)
            }
            Side::Server if slot.exchange.request.is_none() && untouched(&slot.exchange.response) => {
                line::status(bytes)
            }
            _ => Line::No,
        };
        // A body that ends here is one, whatever it looks like.
        if line == Line::More && (bytes.is_empty() || bytes.len() as u64 >= left) { Line::No } else { line }
    }

    /// Looks for the next message.
    fn search(&mut self, side: Side, at: Timestamp, bytes: &[u8], fresh: usize, ledger: &mut Ledger) -> Step {
        let test = match side {
            Side::Client => line::request_found,
            Side::Server => line::status,
        };
        let half = self.half(side);
        if half.line == fresh && line::goes_on(bytes, fresh) {
            half.line = bytes.len();
            return Step::Wait(0);
        }
        let found = line::find(bytes, fresh, true, test);
        let used = match found {
            Found::At(at) | Found::Maybe(at) => at,
            Found::Nowhere => bytes.len(),
        };
        ledger.book(ByteClass::Discarded, used as u64);
        let half = self.half(side);
        half.began = half.began.filter(|_| used < fresh).or(Some(at));
        half.line = if matches!(found, Found::Maybe(_)) { bytes.len() - used } else { 0 };
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
            self.pairing.give_up();
            return Step::Leave(0, Then::Become(Upgrade::Tunnel));
        }
        self.half(Side::Client).reading = Reading::Tunnel(asked + 1);
        Step::Wait(0)
    }

    /// A hole took the rest of a head. What is known of it still tells who asked what, or what was answered.
    fn salvage(&mut self, side: Side, at: Timestamp) {
        let half = self.half(side);
        let began = half.began.unwrap_or(at);
        let mut partial = std::mem::take(&mut half.partial);
        match memchr::memrchr(b'\n', &partial) {
            Some(end) => partial.truncate(end + 1),
            // A status stands at the start of its line; a target may go on.
            None if side == Side::Server && line::status(&partial) == Line::Yes => {}
            None => return,
        }
        let _ = match side {
            Side::Client => self.request(&partial, began, at),
            Side::Server => self.response(&partial, began, at),
        };
        self.half(side).holed = true;
        self.finish_body(side, false);
    }
}

impl Protocol for Http1 {
    fn read(&mut self, side: Side, at: Timestamp, bytes: &[u8], ledger: &mut Ledger, out: &mut Outlet<'_>) -> Progress {
        self.pairing.swap_spares(out);
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
        self.half(side).left = bytes.len() - used;
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
        Progress { used, then }
    }

    fn gap(&mut self, side: Side, at: Timestamp, missing: u64, out: &mut Outlet<'_>) -> Recovery {
        self.pairing.swap_spares(out);
        let half = self.half(side);
        half.left = 0;
        half.stale = 0;
        half.surplus = 0;
        half.passed = half.passed.saturating_add(missing);
        let recovery = match half.reading {
            Reading::Body(mut body) => {
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
                        self.get_lost(side);
                        Recovery::Resume
                    }
                }
            }
            Reading::Head(_) => {
                self.salvage(side, at);
                self.get_lost(side);
                Recovery::Resume
            }
            Reading::Lost | Reading::Tunnel(_) => Recovery::Resume,
        };
        if side == Side::Server && matches!(self.half(side).reading, Reading::Lost) {
            self.pairing.forget_debts();
        }
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
        recovery
    }

    fn end(&mut self, side: Side, at: Timestamp, out: &mut Outlet<'_>) {
        self.pairing.swap_spares(out);
        match self.half(side).reading {
            Reading::Body(body) => {
                self.finish_body(side, body == Body::UntilClose);
                self.half(side).reading = Reading::Lost;
            }
            // The status was told; nobody will add to it.
            Reading::Head(_) if side == Side::Server => {
                self.salvage(side, at);
                self.get_lost(side);
            }
            _ => {}
        }
        self.pairing.report(out.sink);
        self.pairing.swap_spares(out);
    }

    fn finish(&mut self, at: Timestamp, out: &mut Outlet<'_>) {
        self.pairing.swap_spares(out);
        if matches!(self.half(Side::Server).reading, Reading::Head(_)) {
            self.salvage(Side::Server, at);
        }
        for side in [Side::Client, Side::Server] {
            if matches!(self.half(side).reading, Reading::Body(_)) {
                self.finish_body(side, false);
            }
        }
        self.pairing.give_up();
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

/// Where a request is due the client goes on in another protocol, so that HTTP has ended: with HTTP/2 behind an upgrade,
/// with TLS behind an upgrade or a CONNECT, whose answer was not seen.
fn instead_of_request(bytes: &[u8]) -> Option<Step> {
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

/// The message of an exchange that `side` is sending.
fn message_of(pairing: &mut Pairing, side: Side, id: SlotId) -> Option<&mut Message> {
    let slot = pairing.slot(id)?;
    match side {
        Side::Client => slot.exchange.request.as_mut(),
        Side::Server => slot.exchange.response.as_mut(),
    }
}

/// How HTTP/2 begins (RFC 9113 section 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n";
/// Slices behind an unanswered CONNECT that are waited through.
const TUNNEL_ASKED: u8 = 3;
/// Bytes behind an unanswered CONNECT that are waited through.
const TUNNEL_BYTES: usize = 4 << 10;
