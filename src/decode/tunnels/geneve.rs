//! GENEVE (RFC 8926): anything that has an EtherType over UDP, in networks numbered by 24 bits.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;

/// Takes the header and its options off. Options say how a packet is to be handled, which differs by direction
/// (a gateway load balancer's do); the network's number alone narrows the scope.
pub(super) fn peel<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    const FIRST_ETHER_TYPE: u16 = 0x0600;
    let (Some(first), Some(protocol), Some(network)) = (slice.u8_at(0), slice.u16_at(2), slice.u32_at(4)) else {
        return Layer::skip(slice.short(LEN));
    };
    // Two bits of version, which is 0, then the length of the options in words.
    if first >> 6 != 0 || protocol < FIRST_ETHER_TYPE {
        return Layer::skip(Skip::Malformed);
    }
    let len = LEN + usize::from(first & 0x3f) * 4;
    let Some(rest) = slice.after(len) else { return Layer::skip(slice.short(len)) };
    scope.enter_tunnel(6081, network >> 8);
    Layer::Ether(protocol, rest)
}
