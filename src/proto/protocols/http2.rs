//! HTTP/2 by its preface: recognised, so that it is listed; not read.

use crate::flow::{Connection, Ledger, Side};
use crate::limits::Limits;
use crate::proto::exchange::OpaqueKind;
use crate::proto::protocol::{Entry, Guess, Outlet, Progress, ProtoCounts, Protocol, Recovery, Then, Upgrade};
use crate::time::Timestamp;

/// The row of HTTP/2.
pub(crate) const ENTRY: Entry = Entry { name: "http2", probe, probe_adrift: probe, start };

/// What a client sends first (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn probe(_: Side, bytes: &[u8]) -> Guess {
    let seen = bytes.len().min(PREFACE.len());
    if bytes.get(..seen) != PREFACE.get(..seen) {
        Guess::No
    } else if seen == PREFACE.len() {
        Guess::Yes(Side::Client)
    } else {
        Guess::More
    }
}

fn start(_: &Limits, _: &Connection, _: u32) -> Box<dyn Protocol> {
    Box::new(Unread)
}

/// A connection that speaks HTTP/2: named, and let go.
struct Unread;

impl Protocol for Unread {
    fn read(&mut self, _: Side, _: Timestamp, _: &[u8], _: &mut Ledger, _: &mut Outlet<'_>) -> Progress {
        Progress { used: 0, then: Then::Become(Upgrade::Other(OpaqueKind::Http2)) }
    }

    fn gap(&mut self, _: Side, _: Timestamp, _: u64, _: &mut Outlet<'_>) -> Recovery {
        Recovery::Deaf
    }

    fn end(&mut self, _: Side, _: Timestamp, _: &mut Outlet<'_>) {}

    fn finish(&mut self, _: Timestamp, _: &mut Outlet<'_>) {}

    fn counts(&self) -> ProtoCounts {
        ProtoCounts::default()
    }

    fn held(&self) -> usize {
        0
    }
}
