//! VXLAN (RFC 7348): Ethernet over UDP, in networks numbered by 24 bits; and its generic extension
//! (draft-ietf-nvo3-vxlan-gpe), which names what follows.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use super::next;
use crate::capture::LinkType;

const LEN: usize = 8;
/// The number is valid; without it this is no VXLAN.
const NUMBERED: u8 = 0x08;
/// The fourth byte says what follows.
const NAMED: u8 = 0x04;

/// VXLAN. The flags that RFC 7348 reserves are not looked at: the group policy of data centers uses one.
pub(super) fn peel<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match header(slice, scope) {
        Ok((_, rest)) => Layer::Link(LinkType::ETHERNET, rest),
        Err(why) => Layer::skip(why),
    }
}

/// VXLAN-GPE.
pub(super) fn peel_generic<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    /// The version, which is 0.
    const VERSION: u8 = 0x30;
    match header(slice, scope) {
        Ok((flags, _)) if flags & VERSION != 0 => Layer::skip(Skip::Malformed),
        Ok((flags, rest)) if flags & NAMED != 0 => next::layer(slice.u8_at(3).unwrap_or(0), rest),
        Ok((_, rest)) => Layer::Link(LinkType::ETHERNET, rest),
        Err(why) => Layer::skip(why),
    }
}

/// The flags and what follows; the network's number narrows the scope.
fn header<'a>(slice: Slice<'a>, scope: &mut Scope) -> Result<(u8, Slice<'a>), Skip> {
    let (Some(flags), Some(network), Some(rest)) = (slice.u8_at(0), slice.u32_at(4), slice.after(LEN)) else {
        return Err(slice.short(LEN));
    };
    if flags & NUMBERED == 0 {
        return Err(Skip::Malformed);
    }
    scope.enter_tunnel(4789, network >> 8);
    Ok((flags, rest))
}
