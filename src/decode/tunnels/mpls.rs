//! MPLS over IP (RFC 4023) and over UDP (RFC 7510).

use super::super::layer::{Layer, Slice};
use super::super::segment::Scope;

/// There is no header; labels are chosen by the receiver, so the scope stays.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Ether(0x8847, slice)
}
