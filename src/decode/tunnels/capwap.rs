//! CAPWAP data (RFC 5415 section 4.3): the frames of wireless clients between access point and controller.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// Takes the header off a whole frame. Frames in fragments are left alone.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const NATIVE: u32 = 0x0100;
    const FRAGMENT: u32 = 0x0080;
    const KEEPALIVE: u32 = 0x0008;
    const IEEE_802_11: u32 = 1;
    // Version and type (both 0: a header, no DTLS), length in words, radio, binding, flags.
    let Some(head) = slice.u32_at(0) else { return Layer::skip(slice.short(8)) };
    let len = (head >> 19 & 0x1f) as usize * 4;
    if head >> 24 != 0 || len < 8 || head & (FRAGMENT | KEEPALIVE) != 0 {
        return Layer::skip(Skip::Malformed);
    }
    let Some(rest) = slice.after(len) else { return Layer::skip(slice.short(len)) };
    if head & NATIVE == 0 {
        return Layer::Link(LinkType::ETHERNET, rest);
    }
    // A data frame of 802.11 begins with version 0, type 2 and the subtype, then the flags.
    match (head >> 9 & 0x1f, rest.u8_at(0), rest.u8_at(1)) {
        (IEEE_802_11, Some(first), _) if first & 0x0f == 0x08 => Layer::Link(LinkType(105), rest),
        (IEEE_802_11, Some(flags), Some(first)) if first & 0x0f == 0x08 => swapped(rest, first, flags),
        _ => Layer::skip(Skip::Malformed),
    }
}

/// A data frame whose first two bytes are swapped, as Cisco's access points send it: addresses, sequence, quality of
/// service, then LLC.
fn swapped(slice: Slice<'_>, first: u8, flags: u8) -> Layer<'_> {
    const QUALITY: u8 = 0x80;
    const EMPTY: u8 = 0x40;
    const BOTH_WAYS: u8 = 0x03;
    const HIDDEN: u8 = 0x40;
    const CONTROLLED: u8 = 0x80;
    /// IEEE 802 behind LLC and SNAP.
    const SNAP: [u8; 6] = [0xaa, 0xaa, 3, 0, 0, 0];
    if first & EMPTY != 0 || flags & HIDDEN != 0 {
        return Layer::skip(Skip::Malformed);
    }
    let mut len = if flags & BOTH_WAYS == BOTH_WAYS { 30 } else { 24 };
    if first & QUALITY != 0 {
        len += if flags & CONTROLLED == 0 { 2 } else { 6 };
    }
    match (slice.bytes.get(len..len + SNAP.len()), slice.u16_at(len + 6), slice.after(len + 8)) {
        (Some(snap), Some(label), Some(inner)) if snap == SNAP => Layer::Ether(label, inner),
        (Some(_), Some(_), Some(_)) => Layer::skip(Skip::Malformed),
        _ => Layer::skip(slice.short(len + 8)),
    }
}
