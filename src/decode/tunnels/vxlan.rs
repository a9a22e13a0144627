//! VXLAN (RFC 7348): Ethernet over UDP, in networks numbered by 24 bits.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// Takes the header off; the network's number narrows the scope.
pub(super) fn peel<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    let (Some(flags), Some(network), Some(rest)) = (slice.u8_at(0), slice.u32_at(4), slice.after(LEN)) else {
        return Layer::skip(slice.short(LEN));
    };
    // The I flag says that the number is valid; without it this is no VXLAN.
    if flags & 0x08 == 0 {
        return Layer::skip(Skip::Malformed);
    }
    scope.enter_tunnel(4789, network >> 8);
    Layer::Link(LinkType::ETHERNET, rest)
}
