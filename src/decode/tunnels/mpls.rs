//! MPLS over IP (RFC 4023) and over UDP (RFC 7510).

use super::super::ip;
use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;

/// There is no header; labels are chosen by the receiver, so the scope stays.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Ether(0x8847, slice)
}

/// Any four bytes are a label: behind the last must stand what is whole, or a pseudowire's control word.
pub(super) fn peel_datagram<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    const LABELS: usize = 8;
    let last = (0..LABELS).map(|label| label * 4).find(|at| slice.u8_at(at + 2).is_some_and(|third| third & 1 == 1));
    match last.and_then(|at| slice.after(at + 4)) {
        Some(rest) if ip::fits(rest) || rest.u8_at(0).is_some_and(|first| first >> 4 == 0) => peel(slice, scope),
        _ => Layer::skip(Skip::Malformed),
    }
}
