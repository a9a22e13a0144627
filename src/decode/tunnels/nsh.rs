//! The header of service chains (RFC 8300). It has an EtherType of its own, and so its row in `links/mod.rs`.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use super::next;

/// RFC 8300 section 2.2: version and length in words, what follows, the path of services, context.
pub(in super::super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(head), Some(following)) = (slice.u16_at(0), slice.u8_at(3)) else { return Layer::skip(slice.short(8)) };
    let len = usize::from(head & 0x3f) * 4;
    if head >> 14 != 0 || len < 8 {
        return Layer::skip(Skip::Malformed);
    }
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| next::layer(following, rest))
}
