//! One TCP connection as the rooms above see it: who, to whom, since when, and how it was met.

use std::net::SocketAddr;

use crate::decode::Scope;
use crate::time::Timestamp;

/// One of the two ends. The client is who sent the SYN; where none was seen it is a guess by port
/// (the lower one serves), which a protocol that knows better may turn round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The end that was called.
    Server,
}

impl Side {
    /// The opposite end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// 0 for the client, 1 for the server: an index into per-side pairs.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// How a connection was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A SYN or SYN-ACK was seen: roles are certain, streams begin at their beginning.
    Handshake,
    /// The capture joined late: roles are a guess, streams begin anywhere.
    Midstream,
}

/// A TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// Digest of scope, both ends and `since`: the same in every run over the same capture.
    pub id: u64,
    /// The network it was seen in.
    pub scope: Scope,
    /// Who opened it.
    pub client: SocketAddr,
    /// Who was called.
    pub server: SocketAddr,
    /// Time of its first packet.
    pub since: Timestamp,
    /// How it was met.
    pub start: Start,
    /// Payload bytes of each side so far, captured and not duplicate, by [`Side::index`].
    pub payload: [u64; 2],
}
