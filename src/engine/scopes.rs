//! Notices when VLAN or tunnel ids tell apart what is one connection.
//!
//! Scopes keep equal private addresses apart, and real mirror ports defeat them: the same segment tagged and
//! untagged, before and after routing between VLANs, or the two directions of a connection under different tags.
//! Nothing is mended here; it is counted, so that the report can name the flag that mends it. Two fixed tables.

use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};

use xxhash_rust::xxh3::Xxh3;

use crate::decode::{Scope, Segment, TcpFlags};
use crate::time::{Span, Timestamp};

/// Equal segments are looked for among the latest of each slot; copies come within milliseconds.
const SEGMENTS: usize = 1 << 13;
/// Connections watched at once for directions that never share a scope.
const CONNECTIONS: usize = 1 << 14;
/// Copies of one segment further apart than this are retransmissions.
const COPY_WITHIN: Span = Span::from_millis(1000);

/// Counts what scopes tear apart.
#[derive(Debug, Default)]
pub(super) struct ScopeWatch {
    /// A scope other than the default was seen: only from then on is there anything to watch.
    armed: bool,
    segments: Vec<Option<Copied>>,
    connections: Vec<Option<Directions>>,
    /// Segments that arrived under two scopes.
    pub(super) equal_segments: u64,
    split_connections: u64,
}

#[derive(Clone, Copy, Debug)]
struct Copied {
    digest: u64,
    scope: Scope,
    time: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Directions {
    digest: u64,
    /// Scopes seen in each direction, two at the most: more make no difference to the question.
    scopes: [[Option<Scope>; 2]; 2],
}

impl Directions {
    /// Both directions were seen, and no scope carried both.
    fn split(&self) -> bool {
        let [there, back] = self.scopes;
        there[0].is_some() && back[0].is_some() && !there.iter().flatten().any(|scope| back.contains(&Some(*scope)))
    }
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
            self.connections = vec![None; CONNECTIONS];
        }
        let forward = segment.from <= segment.to;
        let (low, high) = if forward { (segment.from, segment.to) } else { (segment.to, segment.from) };
        let mut hasher = Xxh3::with_seed(0);
        feed(&mut hasher, low);
        feed(&mut hasher, high);
        let connection = hasher.digest();
        self.direction(connection, usize::from(!forward), segment.scope);
        if segment.payload.is_empty() && !segment.flags.has(TcpFlags::SYN) {
            return;
        }
        hasher.write_u8(u8::from(forward));
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

    fn direction(&mut self, digest: u64, way: usize, scope: Scope) {
        let Some(slot) = self.connections.get_mut(place(digest, CONNECTIONS)) else { return };
        if slot.is_none_or(|known| known.digest != digest) {
            self.split_connections += u64::from(slot.is_some_and(|known| known.split()));
            *slot = Some(Directions { digest, scopes: [[None; 2]; 2] });
        }
        if let Some(scopes) = slot.as_mut().and_then(|known| known.scopes.get_mut(way))
            && !scopes.contains(&Some(scope))
            && let Some(free) = scopes.iter_mut().find(|known| known.is_none())
        {
            *free = Some(scope);
        }
    }

    /// Connections whose directions lie in different scopes, so far.
    pub(super) fn split_connections(&self) -> u64 {
        let held = self.connections.iter().flatten().filter(|known| known.split()).count();
        self.split_connections + held as u64
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
    fn directions_under_different_tags_are_one_split_connection() {
        let mut watch = ScopeWatch::default();
        for _ in 0..3 {
            watch.segment(&segment(10, false, b""));
            watch.segment(&segment(20, true, b""));
        }
        assert_eq!(watch.split_connections(), 1);
    }

    #[test]
    fn equal_addresses_in_two_vlans_are_no_split() {
        // Catches a watch that cries wolf over what scopes are for.
        let mut watch = ScopeWatch::default();
        for vlan in [10, 20] {
            watch.segment(&segment(vlan, false, b""));
            watch.segment(&segment(vlan, true, b""));
        }
        assert_eq!((watch.split_connections(), watch.equal_segments), (0, 0));
    }
}
