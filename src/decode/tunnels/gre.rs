//! GRE (RFC 1701, 2784, 2890) over IP and over UDP (RFC 8086), and what uses it: NVGRE (RFC 7637), the enhanced one of
//! PPTP (RFC 2637), WCCP's redirection, Aruba's access points, MikroTik's EoIP. ERSPAN has a file of its own.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use super::Carrier;
use crate::capture::LinkType;

/// What GRE stands behind.
pub(super) const CARRIERS: &[Carrier] = &[Carrier::Ip(NUMBER), Carrier::UdpTo(4754)];

const NUMBER: u8 = 47;
const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// What kind of scope a key makes.
const KEYED: u16 = 47;
const ETHERNET: u16 = 0x6558;
const PPP: u16 = 0x880b;
/// The first network that NVGRE may use.
const FIRST_NETWORK: u32 = 0x1000;
const REDIRECTED: u16 = 0x883e;

/// A header of version 0, taken off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    /// What follows: an EtherType, or one of GRE's own numbers.
    pub(super) protocol: u16,
    /// The key, if there is one.
    pub(super) key: Option<u32>,
    /// It has a sequence number.
    pub(super) numbered: bool,
    /// What follows.
    pub(super) rest: Slice<'a>,
}

/// Reads a header of version 0. The bits that RFC 2784 reserves are not looked at: some senders of ERSPAN use them.
pub(super) fn header(slice: Slice<'_>) -> Result<Header<'_>, Skip> {
    /// Source routes in one packet; more is no honest packet.
    const ROUTES: usize = 16;
    let (Some(flags), Some(protocol)) = (slice.u16_at(0), slice.u16_at(2)) else { return Err(slice.short(4)) };
    if flags & VERSION != 0 {
        return Err(Skip::Malformed);
    }
    let field = |flag: u16| if flags & flag == 0 { 0 } else { 4 };
    // The field of the checksum holds the routing offset, too: one of the two bits brings it (RFC 1701).
    let key_at = 4 + field(CHECKSUM | ROUTING);
    let mut len = key_at + field(KEY) + field(SEQUENCE);
    if flags & ROUTING != 0 {
        // Family, offset, length, and so many bytes; a family and length of 0 end the list.
        let mut left = ROUTES;
        loop {
            let (Some(family), Some(bytes)) = (slice.u16_at(len), slice.u8_at(len + 3)) else {
                return Err(slice.short(len + 4));
            };
            len += 4 + usize::from(bytes);
            match (family, bytes, left) {
                (0, 0, _) => break,
                (_, _, 0) => return Err(Skip::Malformed),
                _ => left -= 1,
            }
        }
    }
    let rest = slice.after(len).ok_or_else(|| slice.short(len))?;
    let key = if flags & KEY == 0 { None } else { slice.u32_at(key_at) };
    Ok(Header { protocol, key, numbered: flags & SEQUENCE != 0, rest })
}

/// Any protocol that has an EtherType.
pub(super) fn peel<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match header(slice) {
        // A keepalive: what it wants back was inside, and here it comes (Cisco; no RFC).
        Ok(Header { protocol: 0, .. }) => Layer::Done(Decoded::OtherIp(NUMBER)),
        Ok(Header { protocol, key, rest, .. }) => {
            if let Some(key) = key {
                scope.enter_tunnel(KEYED, key);
            }
            match protocol {
                PPP => Layer::Link(LinkType(9), rest),
                _ => Layer::Ether(protocol, rest),
            }
        }
        Err(why) => Layer::skip(why),
    }
}

/// NVGRE: 24 bits of the key name the network, 8 spread its flows. Networks below 0x1000 are reserved (RFC 7637 section
/// 3.3), so small keys are those of others who put Ethernet into GRE and count from 1: there the whole key counts.
pub(super) fn peel_network<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match header(slice) {
        Ok(Header { protocol: ETHERNET, key: Some(key), rest, .. }) if key >> 8 >= FIRST_NETWORK => {
            scope.enter_tunnel(KEYED, key >> 8);
            Layer::Link(LinkType::ETHERNET, rest)
        }
        Ok(_) => Layer::skip(Skip::Malformed),
        Err(why) => Layer::skip(why),
    }
}

/// WCCP (draft-wilson-wrec-wccp-v2 section 4.12.1): in version 2 four bytes about the service stand before the packet.
pub(super) fn peel_redirected<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match header(slice) {
        Ok(Header { protocol: REDIRECTED, rest, .. }) => match rest.u8_at(0) {
            Some(0x45..=0x4f) => Layer::Ip(rest),
            _ => rest.after(4).map_or_else(|| Layer::skip(rest.short(4)), Layer::Ip),
        },
        Ok(_) => Layer::skip(Skip::Malformed),
        Err(why) => Layer::skip(why),
    }
}

/// IEEE 802.11 as access points of Aruba send it to their controller: the low byte of the protocol is the tunnel's.
pub(super) fn peel_wireless<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match header(slice) {
        Ok(Header { protocol, rest, .. }) if matches!(protocol & 0xff0f, 0x8200 | 0x8300) || protocol == 0x9000 => {
            Layer::Link(LinkType(105), rest)
        }
        Ok(_) => Layer::skip(Skip::Malformed),
        Err(why) => Layer::skip(why),
    }
}

/// PPTP (RFC 2637 section 4.1): version 1, a length and a call number for a key, PPP inside.
pub(super) fn peel_enhanced<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(flags), Some(protocol), Some(length)) = (slice.u16_at(0), slice.u16_at(2), slice.u16_at(4)) else {
        return Layer::skip(slice.short(8));
    };
    if flags & VERSION != 1 || protocol != PPP || flags & KEY == 0 {
        return Layer::skip(Skip::Malformed);
    }
    // An acknowledgment alone.
    if flags & SEQUENCE == 0 {
        return Layer::Done(Decoded::OtherIp(NUMBER));
    }
    let len = if flags & ACKNOWLEDGMENT == 0 { 12 } else { 16 };
    match slice.after(len) {
        Some(rest) => Layer::Link(LinkType(9), rest.counted(length.into())),
        None => Layer::skip(slice.short(len)),
    }
}

/// Ethernet over IP as MikroTik's routers do it: flags 2001, protocol 6400, length, then the number, low byte first.
pub(super) fn peel_eoip<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    let (Some(head), Some(length), Some(number)) = (slice.u32_at(0), slice.u16_at(4), slice.u16_at(6)) else {
        return Layer::skip(slice.short(8));
    };
    match slice.after(8) {
        Some(rest) if head == 0x2001_6400 && length > 0 => {
            scope.enter_tunnel(0x6400, number.into());
            Layer::Link(LinkType::ETHERNET, rest.counted(length.into()))
        }
        _ => Layer::skip(Skip::Malformed),
    }
}
