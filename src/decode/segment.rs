//! What decoding yields: a TCP segment or a UDP datagram, and the scope that keeps equal addresses apart.

use std::net::SocketAddr;

use crate::time::Timestamp;

/// One TCP segment. Lives as long as the frame, the fragment or the batch arena its payload points into.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// When it was seen.
    pub time: Timestamp,
    /// Which network it was seen in.
    pub scope: Scope,
    /// Sender.
    pub from: SocketAddr,
    /// Receiver.
    pub to: SocketAddr,
    /// Sequence number of the first payload byte (of the SYN when `flags` has one).
    pub seq: Seq,
    /// Acknowledgment number; meaningless without the ACK flag.
    pub ack: Seq,
    /// Control bits.
    pub flags: TcpFlags,
    /// The payload as captured, without link-layer padding.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire behind `payload` but not in the capture.
    pub cut: u32,
}

/// One UDP datagram. Counted; read by rooms to come.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// When it was seen.
    pub time: Timestamp,
    /// Which network it was seen in.
    pub scope: Scope,
    /// Sender.
    pub from: SocketAddr,
    /// Receiver.
    pub to: SocketAddr,
    /// The payload as captured.
    pub payload: &'a [u8],
}

/// A TCP sequence number: 32 bits that wrap (RFC 9293 section 3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(pub u32);

impl Seq {
    /// How far `self` lies ahead of `other`; negative when behind. Right while they are within 2 GiB.
    #[must_use]
    pub const fn distance(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// `self` moved ahead by `n`.
    #[must_use]
    pub const fn plus(self, n: u32) -> Self {
        Self(self.0.wrapping_add(n))
    }
}

/// The control bits of a TCP header (RFC 9293 section 3.1), as in its 14th byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// Sender has finished.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment number is valid.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer is valid.
    pub const URG: Self = Self(0x20);

    /// All bits of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of bits.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Which network a packet was seen in: equal private addresses in two scopes are two hosts.
///
/// `Default` is "no tag, no tunnel".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// VLAN ids met on the way in, 12 bits each, the outermost lowest; at most two are told apart.
    pub vlans: u32,
    /// A digest of the tunnels met on the way in (kind and id each); 0 outside any.
    pub tunnels: u64,
}

impl Scope {
    /// Inside one more VLAN. Id 0 is a priority tag: it names no network.
    pub(super) const fn enter_vlan(&mut self, id: u16) {
        let id = (id & 0x0fff) as u32;
        if self.vlans == 0 {
            self.vlans = id;
        } else if self.vlans >> 12 == 0 {
            self.vlans |= id << 12;
        }
    }

    /// Inside one more tunnel. The digest is the same in every run; it must not depend on a direction.
    pub(super) const fn enter_tunnel(&mut self, kind: u16, id: u32) {
        // The finaliser of splitmix64: every input bit reaches every output bit.
        let mut mixed = self.tunnels ^ ((kind as u64) << 32 | id as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.tunnels = mixed ^ (mixed >> 31);
    }
}

/// Which parts of a scope tell flows apart (`--scope-by`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeBy {
    /// VLAN ids count.
    pub vlan: bool,
    /// Tunnel ids count.
    pub tunnel: bool,
}

impl ScopeBy {
    /// The scope with what does not count taken out.
    #[must_use]
    pub const fn apply(self, scope: Scope) -> Scope {
        Scope { vlans: if self.vlan { scope.vlans } else { 0 }, tunnels: if self.tunnel { scope.tunnels } else { 0 } }
    }
}

impl Default for ScopeBy {
    fn default() -> Self {
        Self { vlan: true, tunnel: true }
    }
}
