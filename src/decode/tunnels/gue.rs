//! Generic UDP encapsulation (draft-ietf-intarea-gue): IP over UDP, with a header or without.

use super::super::ip;
use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;

/// Variant 1 is the packet itself: its version's first bits are the variant's. Variant 0 has a header first.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const CONTROL: u8 = 0x20;
    let (Some(first), Some(next)) = (slice.u8_at(0), slice.u8_at(1)) else { return Layer::skip(slice.short(4)) };
    match first >> 4 {
        // Letters begin so, too.
        4 | 6 if ip::fits(slice) => return Layer::Ip(slice),
        0 | 1 if first & CONTROL == 0 && matches!(next, 4 | 41) => {}
        _ => return Layer::skip(Skip::Malformed),
    }
    let len = 4 + usize::from(first & 0x1f) * 4;
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), Layer::Ip)
}
