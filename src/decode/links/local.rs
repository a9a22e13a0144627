//! Links inside one machine: no header, an address family, or what a kernel notes about a packet.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// IP without a header.
pub(super) fn raw<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Ip(slice)
}

/// NULL carries an address family in the byte order of whoever captured, LOOP in network order.
pub(super) fn loopback<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(family), Some(rest)) = (slice.u32_at(0), slice.after(4)) else { return Layer::skip(slice.short(4)) };
    // Some capturers write an EtherType in its place.
    if matches!(family & 0xffff, 0x0800 | 0x86dd) { Layer::Ip(rest) } else { of_family(in_order(family), rest) }
}

/// OpenBSD's IPsec device: family, security parameters and flags in the byte order of whoever captured, then the
/// packet as it was before or after encryption.
pub(super) fn enc<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 12;
    match (slice.u32_at(0), slice.after(LEN)) {
        (Some(family), Some(rest)) => of_family(in_order(family), rest),
        _ => Layer::skip(slice.short(LEN)),
    }
}

/// The packet filter of the BSDs: its header's length, without padding to four bytes, and the family.
pub(super) fn pflog<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(len), Some(family)) = (slice.u8_at(0), slice.u8_at(1)) else { return Layer::skip(slice.short(2)) };
    let len = usize::from(len).next_multiple_of(4);
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| of_family(family.into(), rest))
}

/// Solaris: version, family, then sizes, interfaces and zones.
pub(super) fn ipnet<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 24;
    match (slice.u8_at(1), slice.after(LEN)) {
        // AF_INET6 is 26 there.
        (Some(2 | 26), Some(rest)) => Layer::Ip(rest),
        (Some(_), Some(_)) => Layer::Done(Decoded::NotIp(0)),
        _ => Layer::skip(slice.short(LEN)),
    }
}

/// macOS' device `pktap`: its header's length, a kind and the link type, in the byte order of all its machines.
pub(super) fn pktap<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let [Some(len), Some(link)] = [0, 8].map(|at| slice.u32_at(at).map(u32::swap_bytes)) else {
        return Layer::skip(slice.short(12));
    };
    match (slice.after(len as usize), u16::try_from(link)) {
        (Some(rest), Ok(link)) if len >= 12 => Layer::Link(LinkType(link), rest),
        (None, _) => Layer::skip(slice.short(len as usize)),
        _ => Layer::skip(Skip::Malformed),
    }
}

/// A family written in an order that is not known: families are small numbers.
fn in_order(family: u32) -> u32 {
    if family > 0xffff { family.swap_bytes() } else { family }
}

/// AF_INET is 2 everywhere; AF_INET6 is 10 (Linux), 23 (Windows), 24, 28 or 30 (the BSDs and macOS).
pub(super) fn of_family(family: u32, rest: Slice<'_>) -> Layer<'_> {
    match family {
        2 | 10 | 23 | 24 | 28 | 30 => Layer::Ip(rest),
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}
