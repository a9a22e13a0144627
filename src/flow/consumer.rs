//! The contract between an ordered stream and whoever reads it. `flow` owns it, `proto` answers it.
//!
//! The session sits in the flow's own slot: one look-up a segment.

use super::connection::{Connection, Side};
use super::ledger::{ByteClass, Ledger};
use crate::time::Timestamp;

/// Reads both directions of connections, in order.
///
/// Order between the two directions is causal: a segment that acknowledges bytes of its peer is delivered after
/// those bytes (or after the gap they became), however late the mirror port delivered them.
///
/// Every byte that a call uses must be booked in `ledger` by that call, exactly once. The flow table books
/// duplicates, and what it discards itself.
pub trait StreamConsumer {
    /// What the consumer keeps for one connection, stored beside its TCP state.
    type Session;

    /// First payload byte of a connection. A handshake alone opens nothing, so a SYN flood costs slots, not sessions.
    fn open(&mut self, connection: &Connection) -> Self::Session;

    /// Said before `data`: how far what the sender of the newest bytes had received of its peer reaches beyond all that was
    /// delivered or announced as missing so far, what the consumer skips included. Negative: it had received less.
    /// Positive: bytes that are in no packet, or a FIN; one number more than there are bytes can be either.
    fn heard(_: &mut Self::Session, _: Side, _ahead: Option<i64>) {}

    /// The next bytes of one side: what was left over, then what is new, in one slice, never with a hole.
    /// Straight from the packet when nothing was left over. What is not used comes back with the next call.
    /// `at` is the time of the packet that carried the newest of the bytes.
    fn data(
        &mut self,
        connection: &Connection,
        session: &mut Self::Session,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Took;

    /// `missing` bytes of `side` will never come: lost by the capture, or given up for a bound. The `left` bytes left
    /// over from before the hole are dropped after this call, which books them. A hole inside `Want::Skip(n)` is not
    /// announced here: it shortens the skip.
    #[allow(clippy::too_many_arguments, reason = "one call a hole; a struct of them would be taken apart at once")]
    fn gap(
        &mut self,
        connection: &Connection,
        session: &mut Self::Session,
        side: Side,
        at: Timestamp,
        missing: u64,
        left: u64,
        ledger: &mut Ledger,
    ) -> Want;

    /// `side` has sent its FIN, and all before it was delivered. Left-overs stay until `close`.
    fn end(&mut self, connection: &Connection, session: &mut Self::Session, side: Side, at: Timestamp);

    /// Bytes of memory that a session holds beside itself, roughly. Asked after each segment, so it must be cheap.
    fn held(_: &Self::Session) -> usize {
        0
    }

    /// The connection is over. `left` are the left-over bytes of each side, by `Side::index`; this call books them.
    fn close(
        &mut self,
        connection: &Connection,
        session: Self::Session,
        at: Timestamp,
        why: Close,
        left: [u64; 2],
        ledger: &mut Ledger,
    );
}

/// How much of a slice was used, and what to bring next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// Bytes used, all of them booked in the ledger.
    pub used: usize,
    /// What to bring next on this side.
    pub want: Want,
}

/// What a consumer wants next of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// More bytes.
    More,
    /// Nothing of the next n bytes: the flow books them as `Skipped` (holes in them as gaps) and brings what follows.
    Skip(u64),
    /// Nothing of this *connection* ever again: bytes of both sides are booked under this class from here on.
    /// The session is kept for `close`.
    Nothing(ByteClass),
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// FIN from both sides, or a new connection took its place.
    Finished,
    /// RST.
    Reset,
    /// Nothing for `Limits::flow_idle`.
    Idle,
    /// Room was needed.
    Evicted,
    /// The capture ended.
    CaptureEnded,
}
