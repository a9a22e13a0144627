//! LISP data (RFC 9300 section 5.3): IP over UDP between sites; and its generic extension (RFC 9305).

use super::super::ip;
use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use super::next;

/// Takes the header off. With the I flag the last word names the instance, whose addresses are its own.
pub(super) fn peel<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    const INSTANCE: u8 = 0x08;
    const NAMED: u8 = 0x04;
    let (Some(flags), Some(last), Some(rest)) = (slice.u8_at(0), slice.u32_at(4), slice.after(LEN)) else {
        return Layer::skip(slice.short(LEN));
    };
    if flags & INSTANCE != 0 {
        scope.enter_tunnel(4341, last >> 8);
    }
    match flags & NAMED {
        // Nothing in the header must be as it is, so the packet must fit.
        0 if ip::fits(rest) => Layer::Ip(rest),
        0 => Layer::skip(Skip::Malformed),
        _ => next::layer(slice.u8_at(3).unwrap_or(0), rest),
    }
}
