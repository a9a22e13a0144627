//! Local networks of another age, and those of storage and video: two stations' addresses, then LLC or an EtherType.

use super::super::layer::{Decoded, Layer, Slice};
use super::super::segment::Scope;
use super::llc::{labelled, llc};

/// Token ring: access control, frame control (01 is a packet), addresses, a route when the source says so.
pub(super) fn token_ring<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 14;
    let (Some(control), Some(source), Some(rest)) = (slice.u8_at(1), slice.u8_at(8), slice.after(LEN)) else {
        return Layer::skip(slice.short(LEN));
    };
    if control >> 6 != 1 {
        return Layer::Done(Decoded::NotIp(0));
    }
    let route = match rest.u8_at(0) {
        Some(len) if source & 0x80 != 0 => usize::from(len & 0x1f),
        _ => 0,
    };
    rest.after(route).map_or_else(|| Layer::skip(rest.short(route)), |rest| llc(0, rest))
}

/// FDDI: frame control (0101 in the upper half is a packet), addresses, LLC.
pub(super) fn fddi<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 13;
    match (slice.u8_at(0).map(|control| control & 0xf0), slice.after(LEN)) {
        (Some(0x50 | 0xd0), Some(rest)) => llc(0, rest),
        (Some(_), Some(_)) => Layer::Done(Decoded::NotIp(0)),
        _ => Layer::skip(slice.short(LEN)),
    }
}

/// IP over Fibre Channel (RFC 2625): network addresses of eight bytes each, LLC.
pub(super) fn fibre_channel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 16;
    slice.after(LEN).map_or_else(|| Layer::skip(slice.short(LEN)), |rest| llc(0, rest))
}

/// Apple's IP over IEEE 1394: addresses of eight bytes each, EtherType.
pub(super) fn firewire<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    slice.u16_at(16).map_or_else(|| Layer::skip(slice.short(18)), |label| labelled(label, slice, 18))
}

/// ARCNET: RFC 1201 behind Linux' own header: addresses (1 byte each), offset, type, split flag, sequence.
pub(super) fn arcnet<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    let (Some(protocol), Some(split), Some(rest)) = (slice.u8_at(4), slice.u8_at(5), slice.after(LEN)) else {
        return Layer::skip(slice.short(LEN));
    };
    match (protocol, split) {
        (0xd4 | 0xc4, 0) => Layer::Ip(rest),
        // Part of a split packet, or another protocol.
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}
