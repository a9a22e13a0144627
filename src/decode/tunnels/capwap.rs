//! CAPWAP data (RFC 5415 section 4.3): the frames of wireless clients between access point and controller.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// Takes the header off a whole frame.
///
/// Frames in fragments are left alone. So are those of 802.11 whose first two bytes are swapped, as Cisco's access
/// points send them: nothing can be read in place there.
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
    match slice.after(len) {
        Some(rest) if head & NATIVE == 0 => Layer::Link(LinkType::ETHERNET, rest),
        // A data frame: protocol version 0, type 2.
        Some(rest) if head >> 9 & 0x1f == IEEE_802_11 && rest.u8_at(0).is_some_and(|first| first & 0x0f == 0x08) => {
            Layer::Link(LinkType(105), rest)
        }
        Some(_) => Layer::skip(Skip::Malformed),
        None => Layer::skip(slice.short(len)),
    }
}
