//! Recycled arenas of segments: the one copy of the packet path, and only where there are several workers.

use std::net::SocketAddr;

use crate::decode::{Scope, Segment, Seq, TcpFlags};
use crate::time::Timestamp;

/// Segments for one worker, their payloads in one arena.
#[derive(Debug, Default)]
pub(super) struct Batch {
    arena: Vec<u8>,
    entries: Vec<Entry>,
    /// The reader's clock when the batch was sent: what expires, and when, is the same for every worker.
    pub(super) clock: Timestamp,
    /// Packets are about to be lost: whoever reads it is to hurry.
    pub(super) hurried: bool,
}

#[derive(Debug)]
struct Entry {
    time: Timestamp,
    scope: Scope,
    from: SocketAddr,
    to: SocketAddr,
    seq: Seq,
    ack: Seq,
    flags: TcpFlags,
    cut: u32,
    /// Where the payload ends in the arena; it begins where the one before ends.
    end: usize,
}

impl Batch {
    /// Copies a segment in.
    pub(super) fn push(&mut self, segment: &Segment<'_>) {
        self.arena.extend_from_slice(segment.payload);
        self.entries.push(Entry {
            time: segment.time,
            scope: segment.scope,
            from: segment.from,
            to: segment.to,
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            cut: segment.cut,
            end: self.arena.len(),
        });
    }

    /// Payload bytes and segments in it.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.arena.len(), self.entries.len())
    }

    /// Empties it, keeping its buffers.
    pub(super) fn clear(&mut self) {
        self.arena.clear();
        self.entries.clear();
    }

    /// The segments in order of arrival.
    pub(super) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let payload = self.arena.get(start..entry.end).unwrap_or_default();
            start = entry.end;
            Segment {
                time: entry.time,
                scope: entry.scope,
                from: entry.from,
                to: entry.to,
                seq: entry.seq,
                ack: entry.ack,
                flags: entry.flags,
                payload,
                cut: entry.cut,
            }
        })
    }
}
