//! What tells one TCP flow from another, the same for both of its directions.
//!
//! In: a segment. Out: its [`FlowKey`], and which end of the flow sent it. Which end is the client is not decided
//! here: a key only knows a lower and a higher address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::decode::{Scope, Segment};

/// One of the two ends of a key: the lower or the higher (address, port).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The lower address; also both, when a packet claims to come from where it goes.
    Low,
    /// The higher address.
    High,
}

impl End {
    /// Both, lower first.
    pub const BOTH: [Self; 2] = [Self::Low, Self::High];

    /// The opposite end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }

    /// 0 or 1: an index into per-end pairs.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Low => 0,
            Self::High => 1,
        }
    }
}

/// A TCP flow's identity: scope and both ends, in an order of their own. `Copy`, 60 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowKey {
    // IPv4 addresses lie in the last four bytes behind zeros; `v6` keeps them apart from IPv6 ones that look the same.
    addresses: [[u8; 16]; 2],
    ports: [u16; 2],
    v6: [bool; 2],
    vlans: u32,
    // Two halves, so that the key needs no padding: a hash map holds one per flow.
    tunnels: [u32; 2],
}

impl FlowKey {
    /// The key of a segment's flow, and the end that sent the segment.
    #[must_use]
    pub fn of(segment: &Segment<'_>) -> (Self, End) {
        let (from, to) = (Place::of(segment.from), Place::of(segment.to));
        if from <= to {
            (Self::new(segment.scope, from, to), End::Low)
        } else {
            (Self::new(segment.scope, to, from), End::High)
        }
    }

    const fn new(scope: Scope, low: Place, high: Place) -> Self {
        Self {
            addresses: [low.address, high.address],
            ports: [low.port, high.port],
            v6: [low.v6, high.v6],
            vlans: scope.vlans,
            tunnels: [(scope.tunnels >> 32) as u32, scope.tunnels as u32],
        }
    }

    /// Address and port of one end.
    #[must_use]
    pub const fn address(&self, end: End) -> SocketAddr {
        let at = end.index();
        let a = self.addresses[at];
        let ip = if self.v6[at] {
            IpAddr::V6(Ipv6Addr::from_octets(a))
        } else {
            IpAddr::V4(Ipv4Addr::new(a[12], a[13], a[14], a[15]))
        };
        SocketAddr::new(ip, self.ports[at])
    }

    /// The network both ends are in.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        Scope { vlans: self.vlans, tunnels: (self.tunnels[0] as u64) << 32 | self.tunnels[1] as u64 }
    }

    /// The same ends, outside any scope.
    #[must_use]
    pub(super) const fn anywhere(self) -> Self {
        Self { vlans: 0, tunnels: [0; 2], ..self }
    }

    /// Which of `workers` owns this flow: the same for both directions, in every run and on every machine, and whatever
    /// the scope, for the directions may have one each.
    ///
    /// The seed is public, so an attacker can aim at one worker. It gains nothing that flooding would not: the maps
    /// behind it have seeds of their own.
    #[must_use]
    pub fn shard(&self, workers: usize) -> usize {
        // The high half of a product maps evenly without a division.
        ((u128::from(self.anywhere().digest(SHARD_SEED)) * workers.max(1) as u128) >> 64) as usize
    }

    /// A digest that is the same everywhere.
    pub(super) fn digest(&self, seed: u64) -> u64 {
        let mut bytes = [0; 52];
        let fields = [
            &self.addresses[0][..],
            &self.addresses[1],
            &self.ports[0].to_be_bytes(),
            &self.ports[1].to_be_bytes(),
            &[u8::from(self.v6[0]) | u8::from(self.v6[1]) << 1],
            &self.vlans.to_be_bytes(),
            &self.tunnels[0].to_be_bytes(),
            &self.tunnels[1].to_be_bytes(),
        ];
        for (into, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *into = *from;
        }
        xxh3_64_with_seed(&bytes, seed)
    }
}

/// One end, comparable: `SocketAddr` would also compare IPv6 flow labels, which differ by direction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    v6: bool,
    address: [u8; 16],
    port: u16,
}

impl Place {
    const fn of(address: SocketAddr) -> Self {
        let (v6, octets) = match address.ip() {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                (false, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d])
            }
            IpAddr::V6(ip) => (true, ip.octets()),
        };
        Self { v6, address: octets, port: address.port() }
    }
}

/// Any number; changing it moves flows between workers, and nothing else.
const SHARD_SEED: u64 = 0x05ee_d0ff_10e5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Seq, TcpFlags};
    use crate::time::Timestamp;

    fn segment(from: &str, to: &str, scope: Scope) -> Segment<'static> {
        Segment {
            time: Timestamp::ZERO,
            scope,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            seq: Seq(0),
            ack: Seq(0),
            flags: TcpFlags::default(),
            payload: &[],
            cut: 0,
        }
    }

    #[test]
    fn both_directions_have_one_key_and_one_worker() {
        // Catches a key or a shard that looks at who is sender: each worker would see half a conversation.
        for (a, b) in [("10.0.0.1:5000", "10.0.0.2:80"), ("[fe80::1]:80", "[fe80::1]:81"), ("1.2.3.4:1", "[::1]:1")] {
            let (there, from) = FlowKey::of(&segment(a, b, Scope::default()));
            let (back, to) = FlowKey::of(&segment(b, a, Scope::default()));
            assert_eq!((there, from), (back, to.other()));
            assert_eq!(there.address(from), a.parse().unwrap());
            assert_eq!(there.address(to), b.parse().unwrap());
            for workers in 0..9 {
                assert_eq!(there.shard(workers), back.shard(workers));
                assert!(there.shard(workers) < workers.max(1));
            }
        }
    }

    #[test]
    fn the_shard_never_changes() {
        // Catches a seed or a layout that changes between runs: a fleet shards by it.
        let (key, _) = FlowKey::of(&segment("10.0.0.1:5000", "10.0.0.2:80", Scope::default()));
        assert_eq!(key.digest(0), 0xbb54_598b_21a2_71d0);
    }

    #[test]
    fn equal_addresses_in_two_scopes_are_two_flows() {
        let plain = segment("10.0.0.1:5000", "10.0.0.2:80", Scope::default());
        let tagged = segment("10.0.0.1:5000", "10.0.0.2:80", Scope { vlans: 7, tunnels: 0 });
        let tunnelled = segment("10.0.0.1:5000", "10.0.0.2:80", Scope { vlans: 0, tunnels: 7 << 32 });
        let keys = [plain, tagged, tunnelled].map(|s| FlowKey::of(&s).0);
        assert_eq!(keys.map(|k| k.scope()), [plain.scope, tagged.scope, tunnelled.scope]);
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }

    #[test]
    fn an_address_that_only_looks_like_ipv4_is_another() {
        let four = FlowKey::of(&segment("1.2.3.4:1", "1.2.3.5:2", Scope::default())).0;
        let six = FlowKey::of(&segment("[::1.2.3.4]:1", "[::1.2.3.5]:2", Scope::default())).0;
        assert_ne!(four, six);
    }

    #[test]
    fn flows_spread_over_workers() {
        // Catches a shard that looks at one byte only.
        let mut hits = [0; 8];
        for port in 1024..9216_u16 {
            hits[FlowKey::of(&segment(&format!("10.0.0.1:{port}"), "10.0.0.2:80", Scope::default())).0.shard(8)] += 1;
        }
        assert!(hits.iter().all(|&n| (900..1150).contains(&n)), "{hits:?}");
    }
}
