//! L2TP version 2 (RFC 2661 section 3.1): PPP over UDP.
//!
//! Version 3 names neither what follows nor how long its cookie is: both ends agreed on it, and nobody else knows.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// Takes the header off a data message. Its numbers are the receiver's, so they differ by direction.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const CONTROL: u16 = 0x8000;
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    /// Bits that must be zero.
    const RESERVED: u16 = 0x34f0;
    const VERSION: u16 = 0x000f;
    let Some(flags) = slice.u16_at(0) else { return Layer::skip(slice.short(2)) };
    if flags & (CONTROL | RESERVED) != 0 || flags & VERSION != 2 {
        return Layer::skip(Skip::Malformed);
    }
    let mut slice = slice;
    let mut len = 6;
    if flags & LENGTH != 0 {
        len += 2;
        match slice.u16_at(2) {
            Some(length) if usize::from(length) <= slice.bytes.len().saturating_add(slice.cut as usize) => {
                slice = slice.counted(length.into());
            }
            Some(_) => return Layer::skip(Skip::Malformed),
            None => return Layer::skip(slice.short(4)),
        }
    }
    if flags & SEQUENCE != 0 {
        len += 4;
    }
    if flags & OFFSET != 0 {
        let Some(offset) = slice.u16_at(len) else { return Layer::skip(slice.short(len + 2)) };
        len += 2 + usize::from(offset);
    }
    match slice.after(len) {
        Some(rest) if rest.bytes.len() >= 2 => Layer::Link(LinkType(9), rest),
        _ => Layer::skip(slice.short(len + 2)),
    }
}
