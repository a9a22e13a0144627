//! AYIYA (draft-massar-v6ops-ayiya-02): IPv6 over UDP for those behind address translators.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;

/// Takes the header off a packet that is to be forwarded: lengths and methods, what is asked for, what follows, a
/// time stamp; then who sent it, and the signature.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const FORWARD: u8 = 1;
    let (Some(identity), Some(signature), Some(asked), Some(next)) =
        (slice.u8_at(0), slice.u8_at(1), slice.u8_at(2), slice.u8_at(3))
    else {
        return Layer::skip(slice.short(8));
    };
    if asked & 0x0f != FORWARD || !matches!(next, 4 | 41) {
        return Layer::skip(Skip::Malformed);
    }
    // The one counts as a power of two, the other in words.
    let len = 8 + (1_usize << (identity >> 4)) + usize::from(signature >> 4) * 4;
    match slice.after(len) {
        Some(rest) if rest.u8_at(0).is_some_and(|first| first >> 4 == if next == 4 { 4 } else { 6 }) => Layer::Ip(rest),
        Some(_) => Layer::skip(Skip::Malformed),
        None => Layer::skip(slice.short(len)),
    }
}
