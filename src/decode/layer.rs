//! The contract of a header: what came off, what comes next, or why we stopped.

use std::net::IpAddr;

use super::segment::{Datagram, Scope, Segment};
use crate::capture::LinkType;

/// Takes one header off. Pure; may narrow the scope (VLAN, VNI), so equal private addresses stay apart.
pub type Peel = for<'a> fn(Slice<'a>, &mut Scope) -> Layer<'a>;

/// Bytes at hand, and how many more were on the wire behind them.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    /// What was captured.
    pub bytes: &'a [u8],
    /// Bytes that the wire had behind `bytes` and the capture cut.
    pub cut: u32,
}

impl<'a> Slice<'a> {
    /// What follows the first `count` bytes.
    #[inline]
    pub(super) fn after(self, count: usize) -> Option<Self> {
        Some(Self { bytes: self.bytes.get(count..)?, cut: self.cut })
    }

    /// What follows the first `count` bytes of the wire, which the capture may have cut; `None` when there were fewer.
    #[inline]
    pub(super) fn passed(self, count: usize) -> Option<Self> {
        self.after(count).or_else(|| {
            let beyond = u32::try_from(count - self.bytes.len()).ok()?;
            Some(Self { bytes: &[], cut: self.cut.checked_sub(beyond)? })
        })
    }

    /// What a header that counts `len` bytes from here owns: padding behind it is dropped, and what is missing of
    /// it is cut, also when the frame on the wire was too short for it.
    #[inline]
    pub(super) fn counted(self, len: u32) -> Self {
        let bytes = self.bytes.get(..len as usize).unwrap_or(self.bytes);
        Self { bytes, cut: len.saturating_sub(u32::try_from(bytes.len()).unwrap_or(u32::MAX)) }
    }

    /// All but the last `count` bytes that the wire had.
    pub(super) fn without_last(self, count: u32) -> Self {
        let wire = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX).saturating_add(self.cut);
        self.counted(wire.saturating_sub(count))
    }

    /// Why a header of `need` bytes cannot be read here: the capture cut it, or there never were so many.
    pub(super) fn short(self, need: usize) -> Skip {
        if self.bytes.len().saturating_add(self.cut as usize) >= need { Skip::Truncated } else { Skip::Malformed }
    }

    #[inline]
    pub(super) fn u8_at(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[inline]
    pub(super) fn u16_at(self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }

    #[inline]
    pub(super) fn u32_at(self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(*self.bytes.get(at..)?.first_chunk()?))
    }
}

impl Layer<'_> {
    /// Nothing to be had.
    pub(super) const fn skip(why: Skip) -> Self {
        Self::Done(Decoded::Skip(why))
    }
}

/// What a header said comes next.
#[derive(Clone, Copy, Debug)]
pub enum Layer<'a> {
    /// A frame of another link type.
    Link(LinkType, Slice<'a>),
    /// The first of several packets that share a frame: the others are not read.
    FirstOfMany(Slice<'a>),
    /// An EtherType and what it labels.
    Ether(u16, Slice<'a>),
    /// An IP packet, version from its first nibble.
    Ip(Slice<'a>),
    /// A whole transport payload: addresses, protocol number, bytes.
    Transport(IpPair, u8, Slice<'a>),
    /// Nothing more to peel.
    Done(Decoded<'a>),
}

/// Source and destination address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpPair {
    /// Source.
    pub from: IpAddr,
    /// Destination.
    pub to: IpAddr,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Segment(Segment<'a>),
    /// A UDP datagram.
    Datagram(Datagram<'a>),
    /// IP, but neither TCP nor UDP: its protocol number.
    OtherIp(u8),
    /// Not IP: its EtherType (ARP, LLDP, spanning tree as 0 ...).
    NotIp(u16),
    /// A fragment was kept; the whole may follow.
    Held,
    /// Nothing to be had, and why.
    Skip(Skip),
}

/// Why a frame gave us nothing. Each reason is a counter in the run's statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// The capture cut the frame before the end of a header it promised.
    Truncated,
    /// A header contradicts itself (a length below its minimum, a version that is none).
    Malformed,
    /// More headers inside headers than `Limits::layers` allows.
    TooDeep,
    /// A link type we cannot read.
    UnknownLink,
    /// A fragment that contradicts those already held (too long, too many).
    BadFragment,
    /// A checksum that is wrong, where they are verified, or that the capturing radio found wrong.
    BadChecksum,
    /// What the link encrypted (IEEE 802.11, IEEE 802.1AE).
    Encrypted,
}

impl Skip {
    /// All reasons, in report order.
    pub const ALL: [Self; 7] = [
        Self::Truncated,
        Self::Malformed,
        Self::TooDeep,
        Self::UnknownLink,
        Self::BadFragment,
        Self::BadChecksum,
        Self::Encrypted,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::TooDeep => "too_deep",
            Self::UnknownLink => "unknown_link",
            Self::BadFragment => "bad_fragment",
            Self::BadChecksum => "bad_checksum",
            Self::Encrypted => "encrypted",
        }
    }
}
