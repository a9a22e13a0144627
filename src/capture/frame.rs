//! One frame as it was captured, and what kind of link it came from.

use crate::time::Timestamp;

/// A captured frame. It borrows its source's buffer and is gone at the source's next call.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When the capture says it was seen.
    pub time: Timestamp,
    /// The link type of the interface it came from.
    pub link: LinkType,
    /// Length on the wire; `bytes` may be shorter when the capture cut it, never longer.
    pub wire_len: u32,
    /// What was captured.
    pub bytes: &'a [u8],
}

/// A LINKTYPE_ number as pcap and pcapng files carry it (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, address family in the host order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Raw IP as some BSDs number it.
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// Raw IP, version from its first nibble.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback, address family in network order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
}
