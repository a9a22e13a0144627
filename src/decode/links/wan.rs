//! Lines to somewhere else: HDLC, frame relay, ATM, cable, serial.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use super::ethernet::behind;
use super::llc::{labelled, llc};
use crate::capture::LinkType;

/// Cisco HDLC: address, control, EtherType.
pub(super) fn cisco_hdlc<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    slice.u16_at(2).map_or_else(|| Layer::skip(slice.short(4)), |label| labelled(label, slice, 4))
}

/// A byte for the direction before it.
pub(super) fn cisco_hdlc_with_direction<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    skipping(slice, 1, LinkType::C_HDLC)
}

/// Frame relay: an address of two to four bytes whose last one has its lowest bit set (Q.922), then RFC 2427, or Cisco's
/// own: an EtherType.
pub(super) fn frame_relay<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const UNNUMBERED: u8 = 0x03;
    let Some(address) = slice.bytes.iter().take(4).position(|byte| byte & 1 == 1).map(|last| last + 1) else {
        return Layer::skip(if slice.bytes.len() < 4 { slice.short(4) } else { Skip::Malformed });
    };
    let Some(rest) = slice.after(address).filter(|_| address >= 2) else { return Layer::skip(Skip::Malformed) };
    match rest.bytes {
        [UNNUMBERED, 0, ..] => rest.after(2).map_or(Layer::skip(Skip::Truncated), network_layer),
        [UNNUMBERED, _, ..] => rest.after(1).map_or(Layer::skip(Skip::Truncated), network_layer),
        [high, low, ..] => labelled(u16::from_be_bytes([*high, *low]), rest, 2),
        _ => Layer::skip(rest.short(2)),
    }
}

/// A byte for the direction before it.
pub(super) fn frame_relay_with_direction<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    skipping(slice, 1, LinkType::FRELAY)
}

/// A network layer protocol identifier (ISO/IEC TR 9577) and what it names.
fn network_layer(slice: Slice<'_>) -> Layer<'_> {
    const BRIDGED: [u8; 3] = [0, 0x80, 0xc2];
    let Some(rest) = slice.after(1) else { return Layer::skip(slice.short(1)) };
    match slice.u8_at(0) {
        Some(0xcc | 0x8e) => Layer::Ip(rest),
        // RFC 1973.
        Some(0xcf) => Layer::Link(LinkType::PPP, rest),
        Some(0x80) => match (rest.bytes, rest.after(5)) {
            ([0, 0, 0, high, low, ..], Some(inner)) => Layer::Ether(u16::from_be_bytes([*high, *low]), inner),
            // With its check sequence, and without.
            ([a, b, c, 0, 1 | 7, ..], Some(inner)) if [*a, *b, *c] == BRIDGED => Layer::Link(LinkType::ETHERNET, inner),
            (_, Some(_)) => Layer::Done(Decoded::NotIp(0)),
            (_, None) => Layer::skip(rest.short(5)),
        },
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}

/// RFC 2684: LLC.
pub(super) fn atm<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    llc(0, slice)
}

/// SunATM: traffic type, circuit, then LLC when it is that (2) or LAN emulation (1) and so on.
pub(super) fn sunatm<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 4;
    match (slice.u8_at(0).map(|flags| flags & 0x0f), slice.after(LEN)) {
        (Some(2), Some(rest)) => llc(0, rest),
        (Some(_), Some(_)) => Layer::Done(Decoded::NotIp(0)),
        _ => Layer::skip(slice.short(LEN)),
    }
}

/// DOCSIS: frame control, a length, extended headers of the length given, a check sequence, Ethernet.
pub(super) fn docsis<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(control), Some(extended)) = (slice.u8_at(0), slice.u8_at(1)) else { return Layer::skip(slice.short(2)) };
    match (control >> 6, control & 1) {
        (0, 0) => behind(slice, 6),
        (0, _) => behind(slice, 6 + usize::from(extended)),
        // ATM, and what cable modems say to each other.
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}

/// SLIP as BSD captures it: direction, kind of compression, the rest of 16 bytes, and the packet as it was without it.
pub(super) fn slip<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    slice.after(16).map_or_else(|| Layer::skip(slice.short(16)), Layer::Ip)
}

fn skipping(slice: Slice<'_>, len: usize, link: LinkType) -> Layer<'_> {
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| Layer::Link(link, rest))
}
