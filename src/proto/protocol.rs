//! The contract of a protocol: bytes of two sides in, exchanges out.

use super::exchange::{ExchangeSink, Message, OpaqueKind};
use crate::flow::{ByteClass, Connection, Ledger, Side};
use crate::limits::Limits;
use crate::merge::Merge;
use crate::time::Timestamp;

/// One boxed parser a connection; a call a slice, not a byte, so the `dyn` is free and a new protocol touches one table.
pub trait Protocol: Send {
    /// Reads what it can from one side, reports finished exchanges, says how far it got. Never panics on any input.
    /// `bytes` begins with what it left last time; it remembers how far it looked, so dribbled input stays linear.
    /// Books every byte it uses.
    fn read(&mut self, side: Side, at: Timestamp, bytes: &[u8], ledger: &mut Ledger, out: &mut Outlet<'_>) -> Progress;
    /// Said before `read`: how much more of the other side than was shown here (skipped or missing included) whoever sent
    /// the newest bytes had received; negative where it was less.
    fn heard(&mut self, _side: Side, _ahead: Option<i64>) {}
    /// Bytes are missing. Inside a body of known length nothing is lost; inside a header block HTTP/2 goes deaf.
    fn gap(&mut self, side: Side, at: Timestamp, missing: u64, out: &mut Outlet<'_>) -> Recovery;
    /// `side` will send nothing more.
    fn end(&mut self, side: Side, at: Timestamp, out: &mut Outlet<'_>);
    /// The connection is over: report what stands unfinished and is still worth something.
    fn finish(&mut self, at: Timestamp, out: &mut Outlet<'_>);
    /// What it counted.
    fn counts(&self) -> ProtoCounts;
    /// Bytes of memory it takes, itself included, roughly; a bound on all connections counts it. Cheap.
    fn held(&self) -> usize;
}

/// Where exchanges go, and where empty messages come from.
pub struct Outlet<'o> {
    /// Whoever is told.
    pub sink: &'o mut dyn ExchangeSink,
    /// Messages of exchanges that were told, emptied: shared by all connections, so that a quiet one keeps none.
    pub spares: &'o mut Vec<Message>,
}

/// How far a parser got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes used, all booked.
    pub used: usize,
    /// What it wants then.
    pub then: Then,
}

/// What a parser wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// More bytes of this side.
    More,
    /// Nothing of the next n bytes of this side.
    Skip(u64),
    /// HTTP ends here on both sides; what follows is something else.
    Become(Upgrade),
    /// Nothing more can be understood; bytes go under this class.
    Stop(ByteClass),
}

/// What a connection turns into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// A CONNECT tunnel: detect anew what is inside.
    Tunnel,
    /// Another protocol by Upgrade: nothing here reads it yet.
    Other(OpaqueKind),
}

/// Whether a parser can go on after a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Bring the bytes behind the hole.
    Resume,
    /// The hole lies inside a body of known length: pass over this many of the bytes behind it.
    Skip(u64),
    /// Nothing more can be understood.
    Deaf,
}

/// What a probe thinks of the first bytes of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Mine, sent by the side that plays this role.
    Yes(Side),
    /// Not mine.
    No,
    /// Too few bytes to say.
    More,
}

/// One row of the table of protocols.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Looks at the first bytes of a side.
    pub probe: fn(Side, &[u8]) -> Guess,
    /// Looks at the bytes of a packet or line somewhere in a stream that was met late or has a hole: as `probe`, but
    /// harder to convince.
    pub probe_adrift: fn(Side, &[u8]) -> Guess,
    /// Starts a parser whose first exchange bears this index: a tunnel goes on counting where its CONNECT left off.
    pub start: fn(&Limits, &Connection, u32) -> Box<dyn Protocol>,
}

/// What protocols count; summed over all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtoCounts {
    /// Request heads read.
    pub requests: u64,
    /// Final response heads read.
    pub responses: u64,
    /// Responses whose request was not in the capture.
    pub orphan_responses: u64,
    /// Requests reported without a response.
    pub unanswered: u64,
    /// Heads dropped for a bound (too long, too many fields).
    pub heads_dropped: u64,
    /// Header fields beyond `Limits::headers`, not kept.
    pub fields_dropped: u64,
    /// Times reading was resumed at the next message after a hole or nonsense.
    pub resyncs: u64,
    /// Exchanges with each of `Oddities::ALL`, in its order.
    pub oddities: [u64; 8],
}

impl Merge for ProtoCounts {
    fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.responses += other.responses;
        self.orphan_responses += other.orphan_responses;
        self.unanswered += other.unanswered;
        self.heads_dropped += other.heads_dropped;
        self.fields_dropped += other.fields_dropped;
        self.resyncs += other.resyncs;
        for (mine, theirs) in self.oddities.iter_mut().zip(other.oddities) {
            *mine += theirs;
        }
    }
}
