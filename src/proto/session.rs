//! What one connection is, and who reads it: detects, hands to a protocol, lists what cannot be read.
//!
//! In: ordered bytes of both sides from `flow`. Out: exchanges and opaque connections to the sink. Detection is by
//! content alone: HTTP is met on port 22 and other things on port 80.
//!
//! ```text
//!   Undecided --> Http --> Undecided (CONNECT) or Opaque (Upgrade)
//!             --> Hello --> Opaque (TLS)
//!             --> Deaf (not HTTP)
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::exchange::{ExchangeSink, Message, Oddities, Opaque, OpaqueKind};
use super::preamble::{Preamble, Step};
use super::protocol::{Entry, Guess, Outlet, Progress, ProtoCounts, Protocol, Recovery, Then, Upgrade};
use super::protocols::PROTOCOLS;
use super::protocols::http1::line::{Found, Line, find, goes_on, many_empty, simple_request};
use crate::flow::{ByteClass, Close, Connection, Ledger, Side, Start, StreamConsumer, Took, Want};
use crate::limits::Limits;
use crate::merge::Merge;
use crate::time::Timestamp;
use crate::tls::{Hello, Looks, hello, looks_like_tls};

/// The consumer of all connections of one worker.
pub struct Sessions<S> {
    limits: Limits,
    sink: S,
    /// Emptied messages, for any connection.
    spares: Vec<Message>,
    counts: SessionCounts,
}

/// What is kept for one connection.
pub struct Session {
    state: State,
    /// Bytes of each side left over by the last call, and when the first of them was captured.
    left: [usize; 2],
    since: [Timestamp; 2],
    /// A new parser was shown what was left over on each side.
    shown: [bool; 2],
    /// What `StreamConsumer::heard` said last, of this side.
    heard: Option<(Side, Option<i64>)>,
    /// Index of the next protocol's first exchange.
    first_index: u32,
    /// Inside a CONNECT tunnel.
    tunnel: bool,
}

enum State {
    Undecided(Undecided),
    Http {
        protocol: Box<dyn Protocol>,
        /// Whoever was taken for the client is the server.
        flipped: bool,
    },
    /// TLS, waiting for the rest of this side's hello.
    Hello(Side),
    Opaque {
        kind: OpaqueKind,
        name: Option<Box<str>>,
    },
    Deaf(ByteClass),
}

/// Nothing is known yet.
#[derive(Clone, Copy, Debug, Default)]
struct Undecided {
    preamble: Preamble,
    /// Bytes of each side that were looked at in vain.
    passed: [u64; 2],
    /// So many left-over bytes of each side are known to begin a request line that has not ended; 0 when that is not known.
    line: [usize; 2],
    /// The streams began before the capture, or have a hole: a message may start at any line.
    adrift: bool,
    /// Bytes that are missing of each side.
    missing: [u64; 2],
}

/// What one look at a slice came to.
enum Turn {
    /// So many bytes used; look again.
    Again(usize),
    /// So many used; then this.
    Done(usize, Want),
}

impl<S: ExchangeSink> Sessions<S> {
    /// Reads connections for `sink`.
    pub fn new(limits: Limits, sink: S) -> Self {
        Self { limits, sink, spares: Vec::new(), counts: SessionCounts::default() }
    }

    /// Whoever is told of exchanges.
    pub const fn sink(&self) -> &S {
        &self.sink
    }

    /// The same, to change.
    pub const fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Gives the sink back.
    pub fn into_sink(self) -> S {
        self.sink
    }

    /// What was counted, of all connections that are over.
    pub const fn counts(&self) -> SessionCounts {
        self.counts
    }

    /// Nothing is known yet: is there a message, TLS, a preamble?
    #[allow(clippy::too_many_arguments, reason = "one call a slice")]
    fn look(
        &mut self,
        connection: &Connection,
        session: &mut Session,
        side: Side,
        when: Timestamp,
        bytes: &[u8],
        fresh: usize,
        ledger: &mut Ledger,
    ) -> Turn {
        let State::Undecided(undecided) = &mut session.state else { return Turn::Done(0, Want::More) };
        if bytes.is_empty() {
            return Turn::Done(0, Want::More);
        }
        let known = std::mem::take(&mut undecided.line[side.index()]);
        if known == fresh
            && goes_on(bytes, fresh)
            && looks_like_tls(bytes.get(fresh..).unwrap_or_default()) != Looks::Yes
        {
            undecided.line[side.index()] = bytes.len();
            return Turn::Done(0, Want::More);
        }
        let class = if session.tunnel { ByteClass::Opaque } else { ByteClass::NotHttp };
        let passed = &mut undecided.passed[side.index()];
        if *passed == 0 && !undecided.adrift {
            match undecided.preamble.step(side, bytes) {
                Step::Pass(n) => {
                    ledger.book(class, n as u64);
                    return Turn::Again(n);
                }
                Step::More => return Turn::Done(0, Want::More),
                Step::No => {}
            }
        }
        if *passed == 0 {
            if foreign(bytes) {
                return self.deafen(session, bytes.len(), class, ledger);
            }
            self.counts.http09 += u64::from(simple_request(bytes));
        }

        let empty = many_empty(bytes);
        if empty > 0 {
            ledger.book(class, empty as u64);
            return Turn::Again(empty);
        }
        let budget = if undecided.adrift { self.limits.search_bytes } else { self.limits.probe_bytes };
        let adrift = undecided.adrift;
        // Who called is known: then what looks like a message of the wrong side, anywhere but where that side begins to speak,
        // is quoted in one whose head is lost.
        let certain = adrift && roles_known(connection);
        let begins = *passed == 0 && undecided.missing[side.index()] == 0;
        let found = find(bytes, fresh, adrift && *passed < budget, |rest| match probe(adrift, side, rest) {
            (Some((_, role)), _) if certain && role != side && !(begins && rest.len() == bytes.len()) => Line::No,
            (_, line) => line,
        });
        let tls = [0, fresh].map(|at| (at, looks_like_tls(bytes.get(at..).unwrap_or_default())));
        let sealed = tls.iter().find(|(_, looks)| *looks == Looks::Yes).map(|(at, _)| *at);
        match (found, sealed) {
            (Found::At(at), sealed) if sealed.is_none_or(|sealed| at <= sealed) => {
                ledger.book(class, at as u64);
                self.start(connection, session, adrift, side, when, bytes.get(at..).unwrap_or_default());
                Turn::Again(at)
            }
            (_, Some(at)) => {
                ledger.book(class, at as u64);
                session.state = State::Hello(side);
                Turn::Again(at)
            }
            (found, None) => {
                let mut keep = if let Found::Maybe(at) = found { at } else { bytes.len() };
                if let Some((at, _)) = tls.iter().find(|(at, looks)| *looks == Looks::More && *at < bytes.len()) {
                    keep = keep.min(*at);
                }
                ledger.book(class, keep as u64);
                *passed += keep as u64;
                if found == Found::Maybe(keep) {
                    undecided.line[side.index()] = bytes.len() - keep;
                }
                let [a, b] = undecided.passed;
                // A side that is quiet may still speak; one that has said so much in vain will not.
                if (a >= budget && b >= budget) || a.max(b) >= budget.saturating_mul(ONE_SIDED) {
                    return match self.deafen(session, bytes.len() - keep, class, ledger) {
                        Turn::Done(n, want) => Turn::Done(keep + n, want),
                        again @ Turn::Again(_) => again,
                    };
                }
                Turn::Done(keep, Want::More)
            }
        }
    }

    /// Nothing of this connection can be read.
    fn deafen(&mut self, session: &mut Session, rest: usize, class: ByteClass, ledger: &mut Ledger) -> Turn {
        ledger.book(class, rest as u64);
        session.state = if session.tunnel {
            State::Opaque { kind: OpaqueKind::Tunnel, name: None }
        } else {
            self.counts.not_http += 1;
            State::Deaf(class)
        };
        Turn::Done(rest, Want::Nothing(class))
    }

    /// Hands the connection to the protocol that recognised `bytes`.
    fn start(
        &mut self,
        connection: &Connection,
        session: &mut Session,
        adrift: bool,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
    ) {
        let (Some((entry, role)), _) = probe(adrift, side, bytes) else { return };
        let missing = if let State::Undecided(undecided) = &session.state { undecided.missing } else { [0; 2] };
        let flipped = role != side;
        let mut connection = *connection;
        if flipped {
            std::mem::swap(&mut connection.client, &mut connection.server);
            connection.payload.reverse();
            self.counts.flipped += 1;
        }
        if !session.tunnel {
            self.counts.http += u64::from(entry.name == HTTP);
        }
        let mut protocol = (entry.start)(&self.limits, &connection, session.first_index);
        for whose in [Side::Client, Side::Server] {
            // What was missed before it was known what is spoken here: questions, perhaps, or answers.
            let missing = missing[whose.index()];
            if missing > 0 {
                let role = if flipped { whose.other() } else { whose };
                let mut out = Outlet { sink: &mut self.sink, spares: &mut self.spares };
                protocol.gap(role, at, missing, &mut out);
            }
        }
        session.state = State::Http { protocol, flipped };
        session.shown = [false; 2];
        // Of the other side it is not known any more: what this side said since then changed what it means.
        if let Some((whose, ahead)) = session.heard {
            Self::heard(session, whose, ahead);
        }
    }

    /// Has the protocol read.
    fn read(&mut self, session: &mut Session, side: Side, at: Timestamp, bytes: &[u8], ledger: &mut Ledger) -> Turn {
        let State::Http { protocol, flipped } = &mut session.state else { return Turn::Done(0, Want::More) };
        let role = if *flipped { side.other() } else { side };
        let before = ledger.clone();
        let mut out = Outlet { sink: &mut self.sink, spares: &mut self.spares };
        // A fault in a parser is an attacker's gift: it must cost one connection, not the sensor.
        let read = catch_unwind(AssertUnwindSafe(|| protocol.read(role, at, bytes, ledger, &mut out)));
        let Ok(Progress { used, then }) = read else {
            *ledger = before;
            self.counts.poisoned += 1;
            session.state = State::Deaf(ByteClass::Discarded);
            ledger.book(ByteClass::Discarded, bytes.len() as u64);
            return Turn::Done(bytes.len(), Want::Nothing(ByteClass::Discarded));
        };
        let rest = bytes.len() - used;
        match then {
            Then::More => Turn::Done(used, Want::More),
            Then::Skip(n) => Turn::Done(used, Want::Skip(n)),
            Then::Become(Upgrade::Tunnel) => {
                let counts = protocol.counts();
                self.counts.proto.merge(counts);
                self.counts.tunnels += u64::from(!session.tunnel);
                let exchanges = counts.requests + counts.orphan_responses;
                session.first_index = session.first_index.saturating_add(u32::try_from(exchanges).unwrap_or(u32::MAX));
                session.tunnel = true;
                session.state = State::Undecided(Undecided::default());
                Turn::Again(used)
            }
            Then::Become(Upgrade::Other(kind)) => {
                self.counts.proto.merge(protocol.counts());
                match kind {
                    OpaqueKind::Http2 => self.counts.http2 += 1,
                    _ => self.counts.upgrades += 1,
                }
                session.state = State::Opaque { kind, name: None };
                ledger.book(ByteClass::Opaque, rest as u64);
                Turn::Done(bytes.len(), Want::Nothing(ByteClass::Opaque))
            }
            Then::Stop(class) => {
                self.counts.proto.merge(protocol.counts());
                session.state = State::Deaf(class);
                ledger.book(class, rest as u64);
                Turn::Done(bytes.len(), Want::Nothing(class))
            }
        }
    }

    /// TLS: reads the name out of its hello, and lets go.
    fn sealed(&mut self, session: &mut Session, whose: Side, side: Side, bytes: &[u8], ledger: &mut Ledger) -> Turn {
        if side != whose {
            ledger.book(ByteClass::Opaque, bytes.len() as u64);
            return Turn::Done(bytes.len(), Want::More);
        }
        let name = match hello(bytes) {
            Hello::Part => return Turn::Done(0, Want::More),
            Hello::Whole(name) => name,
            Hello::Not => None,
        };
        ledger.book(ByteClass::Opaque, bytes.len() as u64);
        session.state = State::Opaque { kind: OpaqueKind::Tls, name: name.map(String::into_boxed_str) };
        self.counts.tls += 1;
        Turn::Done(bytes.len(), Want::Nothing(ByteClass::Opaque))
    }
}

impl<S: ExchangeSink> StreamConsumer for Sessions<S> {
    type Session = Session;

    fn open(&mut self, connection: &Connection) -> Session {
        let adrift = connection.start == Start::Midstream;
        Session {
            state: State::Undecided(Undecided { adrift, ..Undecided::default() }),
            left: [0; 2],
            since: [Timestamp::ZERO; 2],
            shown: [true; 2],
            heard: None,
            first_index: 0,
            tunnel: false,
        }
    }

    fn heard(session: &mut Session, side: Side, ahead: Option<i64>) {
        session.heard = Some((side, ahead));
        let other = side.other().index();
        // What a new parser was not shown yet of the other side.
        let unshown = if session.shown[other] { 0 } else { session.left[other] as i64 };
        if let State::Http { protocol, flipped } = &mut session.state {
            protocol
                .heard(if *flipped { side.other() } else { side }, ahead.map(|ahead| ahead.saturating_add(unshown)));
        }
    }

    fn data(
        &mut self,
        connection: &Connection,
        session: &mut Session,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Took {
        let fresh = session.left[side.index()].min(bytes.len());
        let since = session.since[side.index()];
        let mut used = 0;
        let want = loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let fresh = fresh.saturating_sub(used);
            let turn = match session.state {
                State::Undecided(_) => self.look(connection, session, side, at, rest, fresh, ledger),
                // A new parser is first shown what was left over, alone: so it knows when that came, and that a new
                // packet begins behind it.
                State::Http { .. } if !std::mem::replace(&mut session.shown[side.index()], true) && fresh > 0 => {
                    let old = rest.get(..fresh).unwrap_or_default();
                    match self.read(session, side, since, old, ledger) {
                        Turn::Done(n, Want::More) => Turn::Again(n),
                        turn => turn,
                    }
                }
                State::Http { .. } => self.read(session, side, at, rest, ledger),
                State::Hello(whose) => self.sealed(session, whose, side, rest, ledger),
                State::Opaque { .. } => {
                    ledger.book(ByteClass::Opaque, rest.len() as u64);
                    Turn::Done(rest.len(), Want::Nothing(ByteClass::Opaque))
                }
                State::Deaf(class) => {
                    ledger.book(class, rest.len() as u64);
                    Turn::Done(rest.len(), Want::Nothing(class))
                }
            };
            match turn {
                Turn::Again(n) => used += n,
                Turn::Done(n, want) => {
                    used += n;
                    break want;
                }
            }
        };
        session.left[side.index()] = bytes.len() - used;
        // Empty lines before a message are no part of it, so that it began no earlier than what came now.
        let old = bytes.get(used..fresh).unwrap_or_default();
        if old.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t')) {
            session.since[side.index()] = at;
        }
        Took { used, want }
    }

    fn gap(
        &mut self,
        _: &Connection,
        session: &mut Session,
        side: Side,
        at: Timestamp,
        missing: u64,
        left: u64,
        ledger: &mut Ledger,
    ) -> Want {
        session.left[side.index()] = 0;
        match &mut session.state {
            State::Undecided(undecided) => {
                ledger.book(if session.tunnel { ByteClass::Opaque } else { ByteClass::NotHttp }, left);
                undecided.adrift = true;
                let missed = &mut undecided.missing[side.index()];
                *missed = missed.saturating_add(missing).saturating_add(left);
                Want::More
            }
            State::Http { protocol, flipped } => {
                ledger.book(ByteClass::Discarded, left);
                let role = if *flipped { side.other() } else { side };
                let mut out = Outlet { sink: &mut self.sink, spares: &mut self.spares };
                match catch_unwind(AssertUnwindSafe(|| protocol.gap(role, at, missing, &mut out))) {
                    Ok(Recovery::Resume) => Want::More,
                    Ok(Recovery::Skip(n)) => Want::Skip(n),
                    Ok(Recovery::Deaf) => {
                        self.counts.proto.merge(protocol.counts());
                        session.state = State::Deaf(ByteClass::Discarded);
                        Want::Nothing(ByteClass::Discarded)
                    }
                    Err(_) => {
                        self.counts.poisoned += 1;
                        session.state = State::Deaf(ByteClass::Discarded);
                        Want::Nothing(ByteClass::Discarded)
                    }
                }
            }
            State::Hello(whose) => {
                ledger.book(ByteClass::Opaque, left);
                if *whose != side {
                    return Want::More;
                }
                session.state = State::Opaque { kind: OpaqueKind::Tls, name: None };
                self.counts.tls += 1;
                Want::Nothing(ByteClass::Opaque)
            }
            State::Opaque { .. } => {
                ledger.book(ByteClass::Opaque, left);
                Want::Nothing(ByteClass::Opaque)
            }
            State::Deaf(class) => {
                ledger.book(*class, left);
                Want::Nothing(*class)
            }
        }
    }

    fn end(&mut self, _: &Connection, session: &mut Session, side: Side, at: Timestamp) {
        if let State::Http { protocol, flipped } = &mut session.state {
            let role = if *flipped { side.other() } else { side };
            let mut out = Outlet { sink: &mut self.sink, spares: &mut self.spares };
            if catch_unwind(AssertUnwindSafe(|| protocol.end(role, at, &mut out))).is_err() {
                self.counts.poisoned += 1;
                session.state = State::Deaf(ByteClass::Discarded);
            }
        }
    }

    fn held(session: &Session) -> usize {
        match &session.state {
            State::Http { protocol, .. } => protocol.held(),
            State::Opaque { name: Some(name), .. } => name.len(),
            _ => 0,
        }
    }

    fn close(
        &mut self,
        connection: &Connection,
        session: Session,
        at: Timestamp,
        _: Close,
        left: [u64; 2],
        ledger: &mut Ledger,
    ) {
        let left = left[0] + left[1];
        let mut opaque = |kind, name| self.sink.opaque(&Opaque { connection, kind, server_name: name, last: at });
        match session.state {
            State::Undecided(undecided) if session.tunnel => {
                ledger.book(ByteClass::Opaque, left);
                if left > 0 || undecided.passed != [0, 0] {
                    opaque(OpaqueKind::Tunnel, None);
                }
            }
            State::Undecided(_) => {
                ledger.book(ByteClass::NotHttp, left);
                self.counts.undecided += 1;
            }
            State::Http { mut protocol, .. } => {
                ledger.book(ByteClass::Discarded, left);
                let mut out = Outlet { sink: &mut self.sink, spares: &mut self.spares };
                match catch_unwind(AssertUnwindSafe(|| {
                    protocol.finish(at, &mut out);
                    protocol.counts()
                })) {
                    Ok(counts) => self.counts.proto.merge(counts),
                    Err(_) => self.counts.poisoned += 1,
                }
            }
            State::Hello(_) => {
                ledger.book(ByteClass::Opaque, left);
                self.counts.tls += 1;
                opaque(OpaqueKind::Tls, None);
            }
            State::Opaque { kind, name } => {
                ledger.book(ByteClass::Opaque, left);
                opaque(kind, name.as_deref());
            }
            State::Deaf(class) => ledger.book(class, left),
        }
    }
}

/// Whether it is known who called: from the handshake, or from a port below those that callers are given (RFC 6335
/// section 6).
fn roles_known(connection: &Connection) -> bool {
    connection.start == Start::Handshake || (connection.server.port() < 1024 && connection.client.port() >= 1024)
}

/// Whether any protocol's message starts here; whose, and sent in which role.
fn probe(adrift: bool, side: Side, bytes: &[u8]) -> (Option<(&'static Entry, Side)>, Line) {
    let mut line = Line::No;
    for entry in PROTOCOLS {
        match if adrift { entry.probe_adrift } else { entry.probe }(side, bytes) {
            Guess::Yes(role) => return (Some((entry, role)), Line::Yes),
            Guess::More => line = Line::More,
            Guess::No => {}
        }
    }
    (None, line)
}

/// Protocols that look so much like HTTP, or carry so much of it, that their bodies must not be searched for messages.
fn foreign(bytes: &[u8]) -> bool {
    if FOREIGN.iter().any(|sign| bytes.starts_with(sign)) {
        return true;
    }
    let line = bytes.get(..memchr::memchr(b'\n', bytes).unwrap_or(0)).unwrap_or_default().trim_ascii_end();
    FOREIGN.iter().any(|sign| line.strip_suffix(*sign).is_some_and(|before| before.ends_with(b" ")))
}

/// What was counted over all connections that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// What the protocols counted.
    pub proto: ProtoCounts,
    /// Connections that spoke HTTP/1.
    pub http: u64,
    /// Connections, or tunnels in them, that spoke TLS.
    pub tls: u64,
    /// Connections that spoke HTTP/2.
    pub http2: u64,
    /// Connections that spoke something else.
    pub not_http: u64,
    /// Sides that began as HTTP/0.9 does: with a path, and no version to tell it from other protocols by.
    pub http09: u64,
    /// Connections that said too little to tell.
    pub undecided: u64,
    /// Connections with a CONNECT tunnel.
    pub tunnels: u64,
    /// Connections taken over by Upgrade.
    pub upgrades: u64,
    /// Connections whose client turned out to be the server.
    pub flipped: u64,
    /// Connections given up because their parser failed.
    pub poisoned: u64,
}

impl SessionCounts {
    /// Every counter with its name, in report order.
    #[must_use]
    pub fn list(&self) -> Vec<(String, u64)> {
        let plain = [
            ("connections_http", self.http),
            ("connections_tls", self.tls),
            ("connections_http2", self.http2),
            ("connections_not_http", self.not_http),
            ("connections_undecided", self.undecided),
            ("connections_http09", self.http09),
            ("connections_tunnels", self.tunnels),
            ("connections_upgraded", self.upgrades),
            ("connections_flipped", self.flipped),
            ("connections_poisoned", self.poisoned),
            ("requests", self.proto.requests),
            ("responses", self.proto.responses),
            ("orphan_responses", self.proto.orphan_responses),
            ("unanswered", self.proto.unanswered),
            ("heads_dropped", self.proto.heads_dropped),
            ("fields_dropped", self.proto.fields_dropped),
            ("resyncs", self.proto.resyncs),
        ];
        let odd = Oddities::ALL.into_iter().zip(self.proto.oddities);
        let odd = odd.map(|((_, name), count)| (format!("smuggling.{name}"), count));
        plain.into_iter().map(|(name, count)| (name.to_owned(), count)).chain(odd).collect()
    }

    /// Exchanges whose framing could be read in two ways. Odd line ends and field spellings are listed, and are not
    /// among them: old software writes them all day.
    #[must_use]
    pub fn ambiguous(&self) -> u64 {
        let harmless = |kind: Oddities| kind == Oddities::ODD_LINES || kind == Oddities::ODD_FIELD;
        Oddities::ALL
            .into_iter()
            .zip(self.proto.oddities)
            .filter(|((kind, _), _)| !harmless(*kind))
            .map(|(_, n)| n)
            .sum()
    }
}

impl Merge for SessionCounts {
    fn merge(&mut self, other: Self) {
        self.proto.merge(other.proto);
        self.http += other.http;
        self.tls += other.tls;
        self.http2 += other.http2;
        self.not_http += other.not_http;
        self.undecided += other.undecided;
        self.http09 += other.http09;
        self.tunnels += other.tunnels;
        self.upgrades += other.upgrades;
        self.flipped += other.flipped;
        self.poisoned += other.poisoned;
    }
}

const HTTP: &str = "http1";
/// How many times its budget one side alone may use.
const ONE_SIDED: u64 = 16;
/// Versions in the first line of protocols that are not HTTP.
const FOREIGN: &[&[u8]] = &[b"RTSP/1.0", b"RTSP/2.0", b"SIP/2.0", b"ICAP/1.0", b"SSH-2.0"];

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod tests;
