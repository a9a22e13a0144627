//! Notices when VLAN or tunnel ids tell apart what is one segment.
//!
//! Scopes keep equal private addresses apart, and real mirror ports defeat them: the same segment tagged and
//! untagged, before and after routing between VLANs. Nothing is mended here; it is counted, so that the report can name
//! the flag that mends it. One fixed table. (Directions under different tags are joined by `flow`.)

use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};

use xxhash_rust::xxh3::Xxh3;

use crate::decode::{Scope, Segment, TcpFlags};
use crate::time::{Span, Timestamp};

/// Equal segments are looked for among the latest of each slot; copies come within milliseconds.
const SEGMENTS: usize = 1 << 13;
/// Copies of one segment further apart than this are retransmissions.
const COPY_WITHIN: Span = Span::from_millis(1000);

/// Counts what scopes tear apart.
#[derive(Debug, Default)]
pub(super) struct ScopeWatch {
    /// A scope other than the default was seen: only from then on is there anything to watch.
    armed: bool,
    segments: Vec<Option<Copied>>,
    /// Segments that arrived under two scopes.
    pub(super) equal_segments: u64,
}

#[derive(Clone, Copy, Debug)]
struct Copied {
    digest: u64,
    scope: Scope,
    time: Timestamp,
}

impl ScopeWatch {
    /// Looks at a segment whose scope holds only what tells flows apart.
    pub(super) fn segment(&mut self, segment: &Segment<'_>) {
        if !self.armed {
            if segment.scope == Scope::default() {
                return;
            }
            self.armed = true;
            self.segments = vec![None; SEGMENTS];
        }
        if segment.payload.is_empty() && !segment.flags.has(TcpFlags::SYN) {
            return;
        }
        let mut hasher = Xxh3::with_seed(0);
        feed(&mut hasher, segment.from);
        feed(&mut hasher, segment.to);
        hasher.write_u32(segment.seq.0);
        hasher.write_usize(segment.payload.len());
        hasher.update(segment.payload.get(..32).unwrap_or(segment.payload));
        let digest = hasher.digest();
        let Some(slot) = self.segments.get_mut(place(digest, SEGMENTS)) else { return };
        match slot {
            Some(known) if known.digest == digest && known.scope != segment.scope => {
                let apart = segment.time.since(known.time).max(known.time.since(segment.time));
                if apart <= COPY_WITHIN {
                    self.equal_segments += 1;
                }
            }
            Some(known) if known.digest == digest => {}
            _ => *slot = Some(Copied { digest, scope: segment.scope, time: segment.time }),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a slot number below the table's size")]
const fn place(digest: u64, slots: usize) -> usize {
    digest as usize % slots
}

fn feed(hasher: &mut Xxh3, at: SocketAddr) {
    match at.ip() {
        IpAddr::V4(ip) => hasher.update(&ip.octets()),
        IpAddr::V6(ip) => hasher.update(&ip.octets()),
    }
    hasher.write_u16(at.port());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Seq;

    fn segment(vlan: u32, back: bool, payload: &'static [u8]) -> Segment<'static> {
        let (a, b) = ("10.0.0.1:40000".parse().unwrap(), "10.0.0.2:80".parse().unwrap());
        Segment {
            time: Timestamp::from_parts(1, 0),
            scope: Scope { vlans: vlan, tunnels: 0 },
            from: if back { b } else { a },
            to: if back { a } else { b },
            seq: Seq(7),
            ack: Seq(0),
            flags: TcpFlags::ACK,
            payload,
            cut: 0,
        }
    }

    #[test]
    fn one_segment_under_two_tags_is_counted() {
        let mut watch = ScopeWatch::default();
        for _ in 0..2 {
            watch.segment(&segment(10, false, b"GET /"));
            watch.segment(&segment(20, false, b"GET /"));
        }
        assert_eq!(watch.equal_segments, 2);
    }

    #[test]
    fn equal_addresses_in_two_vlans_are_no_copies() {
        // Catches a watch that cries wolf over what scopes are for.
        let mut watch = ScopeWatch::default();
        for (vlan, payload) in [(10, b"GET /a"), (20, b"GET /b")] {
            watch.segment(&segment(vlan, false, payload));
            watch.segment(&segment(vlan, true, payload));
        }
        assert_eq!(watch.equal_segments, 0);
    }
}
