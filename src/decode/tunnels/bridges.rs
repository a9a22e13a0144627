//! What bridges and switches put between Ethernet and IP: fabrics, service chains, tags that are no VLANs.
//!
//! Each has its row in `link.rs`, by EtherType.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use super::next;
use crate::capture::LinkType;

/// A tag of `LEN` bytes that names no network, the last two the next EtherType: VN-Tag and 802.1BR's E-Tag (the port
/// of a fabric extender), Cisco's metadata (a security group), 802.1CB and HSR (a sequence number).
pub(in super::super) fn tag<'a, const LEN: usize>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match (slice.u16_at(LEN - 2), slice.after(LEN)) {
        (Some(label), Some(rest)) => Layer::Ether(label, rest),
        _ => Layer::skip(slice.short(LEN)),
    }
}

/// The tag of a backbone bridge (IEEE 802.1ah): its 24 bits name a service, whose frame follows.
pub(in super::super) fn backbone<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    let (Some(service), Some(rest)) = (slice.u32_at(0), slice.after(4)) else { return Layer::skip(slice.short(4)) };
    scope.enter_tunnel(0x88e7, service & 0x00ff_ffff);
    Layer::Link(LinkType::ETHERNET, rest)
}

/// FabricPath: a tree and a time to live, then the frame.
pub(in super::super) fn fabric_path<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    slice.after(2).map_or_else(|| Layer::skip(slice.short(2)), |rest| Layer::Link(LinkType::ETHERNET, rest))
}

/// TRILL (RFC 6325 section 3): version 0, length of the options in words, two nicknames, then the frame.
pub(in super::super) fn trill<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let Some(head) = slice.u16_at(0) else { return Layer::skip(slice.short(6)) };
    if head >> 14 != 0 {
        return Layer::skip(Skip::Malformed);
    }
    let len = 6 + usize::from(head >> 6 & 0x1f) * 4;
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| Layer::Link(LinkType::ETHERNET, rest))
}

/// MACsec (IEEE 802.1AE) that protects without hiding: an EtherType follows, and the check value at the end is padding
/// to IP.
pub(in super::super) fn protected<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const HIDDEN: u8 = 0x0c;
    const CHANNEL: u8 = 0x20;
    let Some(flags) = slice.u8_at(0) else { return Layer::skip(slice.short(8)) };
    match (flags & HIDDEN, flags & CHANNEL) {
        (0, 0) => tag::<8>(slice, &mut Scope::default()),
        (0, _) => tag::<16>(slice, &mut Scope::default()),
        _ => Layer::Done(Decoded::NotIp(0x88e5)),
    }
}

/// NSH (RFC 8300 section 2.2): version and length in words, what follows, the path of services, context.
pub(in super::super) fn services<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(head), Some(following)) = (slice.u16_at(0), slice.u8_at(3)) else { return Layer::skip(slice.short(8)) };
    let len = usize::from(head & 0x3f) * 4;
    if head >> 14 != 0 || len < 8 {
        return Layer::skip(Skip::Malformed);
    }
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| next::layer(following, rest))
}
