//! ERSPAN (draft-foschiano-erspan-03): what Cisco's and Linux' mirror ports send over GRE.
//!
//! Type I is the frame alone, type II has 8 bytes of header before it, type III has 12, or 20. I and II share one
//! protocol number: a GRE sequence number tells type II.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use super::gre::{self, Header};
use crate::capture::LinkType;

const EARLIER: u16 = 0x88be;
const THIRD: u16 = 0x22eb;

/// Type I.
pub(super) fn peel_first<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match gre::header(slice) {
        Ok(Header { protocol: EARLIER, numbered: false, rest, .. }) => Layer::Link(LinkType::ETHERNET, rest),
        Ok(_) => Layer::skip(Skip::Malformed),
        Err(why) => Layer::skip(why),
    }
}

/// Type II: version 1 and the VLAN, class, encapsulation and session, then reserved bits and the port's index.
pub(super) fn peel_second<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match gre::header(slice) {
        Ok(Header { protocol: EARLIER, numbered: true, rest, .. }) => match (rest.u8_at(0), rest.after(8)) {
            (Some(0x10..=0x1f), Some(frame)) => {
                enter_session(rest, scope);
                Layer::Link(LinkType::ETHERNET, frame)
            }
            (Some(0x10..=0x1f) | None, None) => Layer::skip(rest.short(8)),
            _ => Layer::skip(Skip::Malformed),
        },
        Ok(_) => Layer::skip(Skip::Malformed),
        Err(why) => Layer::skip(why),
    }
}

/// Type III: version 2 and the rest as in type II, a time stamp, a security tag, and how what follows is to be read.
pub(super) fn peel_third<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    const ETHERNET: u16 = 0;
    const IP: u16 = 2;
    let rest = match gre::header(slice) {
        Ok(Header { protocol: THIRD, rest, .. }) => rest,
        Ok(_) => return Layer::skip(Skip::Malformed),
        Err(why) => return Layer::skip(why),
    };
    let (Some(first), Some(kinds)) = (rest.u8_at(0), rest.u16_at(10)) else { return Layer::skip(rest.short(12)) };
    if first >> 4 != 2 {
        return Layer::skip(Skip::Malformed);
    }
    // The last bit brings 8 bytes that are the platform's own.
    let len = if kinds & 1 == 0 { 12 } else { 20 };
    let Some(inner) = rest.after(len) else { return Layer::skip(rest.short(len)) };
    enter_session(rest, scope);
    match kinds >> 10 & 0x1f {
        ETHERNET => Layer::Link(LinkType::ETHERNET, inner),
        IP => Layer::Ip(inner),
        // Fabric frames, wireless ones: no draft says how they are laid out.
        _ => Layer::Ether(THIRD, inner),
    }
}

/// Both types have the session in the low ten bits of their second word.
fn enter_session(header: Slice<'_>, scope: &mut Scope) {
    if let Some(session) = header.u16_at(2) {
        scope.enter_tunnel(EARLIER, u32::from(session & 0x03ff));
    }
}
