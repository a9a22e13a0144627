//! Link headers: from a captured frame, or from inside a tunnel, down to IP.
//!
//! In: bytes and the link type or EtherType that labels them. Out: the next layer. To read another link type,
//! write a `Peel` and give it a row in `LINKS`; a label between Ethernet and IP gets one in `ETHERS`.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::layer::{Decoded, Layer, Peel, Skip, Slice};
use super::segment::Scope;
use super::tunnels::bridges;
use crate::capture::LinkType;

/// Link types that can be read, the common ones first: the table is searched from its top.
pub(super) const LINKS: &[(LinkType, Peel)] = &[
    (LinkType::ETHERNET, ethernet),
    (LinkType::LINUX_SLL, cooked),
    (LinkType::LINUX_SLL2, cooked_v2),
    (LinkType::RAW, raw),
    (LinkType::NULL, loopback),
    (LinkType::LOOP, loopback),
    (LinkType::RAW_BSD, raw),
    (LinkType::RAW_OPENBSD, raw),
    (LinkType::IPV4, raw),
    (LinkType::IPV6, raw),
    (PPP, ppp),
    (PPP_HDLC, ppp),
    (CISCO_HDLC, cisco_hdlc),
    (ARCNET_LINUX, arcnet),
];

/// What stands between a link header and IP, by EtherType.
pub(super) const ETHERS: &[(u16, Peel)] = &[
    (0x0800, raw),
    (0x86dd, raw),
    (0x8100, vlan),
    (0x88a8, vlan),
    (0x9100, vlan),
    (0x9200, vlan),
    (0x9300, vlan),
    (0x8847, mpls),
    (0x8848, mpls),
    (0x8864, pppoe),
    (0x6558, bridged),
    (0x894f, bridges::services),
    (0x88e7, bridges::backbone),
    (0x88e5, bridges::protected),
    (0x8909, bridges::tag::<8>),
    (0x8926, bridges::tag::<6>),
    (0x893f, bridges::tag::<8>),
    (0xf1c1, bridges::tag::<6>),
    (0x892f, bridges::tag::<6>),
    (0x8903, bridges::fabric_path),
    (0x22f3, bridges::trill),
];

const PPP: LinkType = LinkType(9);
const PPP_HDLC: LinkType = LinkType(50);
const CISCO_HDLC: LinkType = LinkType(104);
const ARCNET_LINUX: LinkType = LinkType(129);

/// Numbers below this in place of an EtherType are lengths (IEEE 802.3 section 3.2.6).
const FIRST_ETHER_TYPE: u16 = 0x0600;

/// How to read what an EtherType labels; `None` when it is not on the way to IP.
pub(super) fn ether(label: u16) -> Option<Peel> {
    ETHERS.iter().find(|(known, _)| *known == label).map(|(_, peel)| *peel)
}

/// How to read a link type.
pub(super) fn link(link: LinkType) -> Option<Peel> {
    LINKS.iter().find(|(known, _)| *known == link).map(|(_, peel)| *peel)
}

/// Goes on behind a header of `len` bytes, under the label it ended with: an EtherType, or the length of an LLC
/// packet.
#[inline]
fn labelled<'a>(label: u16, slice: Slice<'a>, len: usize) -> Layer<'a> {
    let Some(rest) = slice.after(len) else { return Layer::skip(slice.short(len)) };
    if label < FIRST_ETHER_TYPE { llc(label, rest) } else { Layer::Ether(label, rest) }
}

fn ethernet<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match Ethernet2HeaderSlice::from_slice(slice.bytes) {
        Ok(header) => labelled(header.ether_type().0, slice, header.slice().len()),
        Err(error) => Layer::skip(slice.short(error.required_len)),
    }
}

fn bridged<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Link(LinkType::ETHERNET, slice)
}

fn vlan<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match SingleVlanHeaderSlice::from_slice(slice.bytes) {
        Ok(header) => {
            scope.enter_vlan(header.vlan_identifier().value());
            labelled(header.ether_type().0, slice, header.slice().len())
        }
        Err(error) => Layer::skip(slice.short(error.required_len)),
    }
}

// IEEE 802.2: two access points and a control byte; aa-aa-03 is SNAP, with an EtherType behind its OUI.
fn llc<'a>(length: u16, slice: Slice<'a>) -> Layer<'a> {
    // A length of 0 comes from offloading cards, as with IP; one past the frame is not believed either.
    let claimed = usize::from(length);
    let slice = if (1..=slice.bytes.len()).contains(&claimed) { slice.counted(length.into()) } else { slice };
    match slice.bytes {
        [0xaa, 0xaa, 0x03, rest @ ..] => match (rest, slice.after(8)) {
            ([0, 0, 0 | 0xf8, high, low, ..], Some(inner)) => Layer::Ether(u16::from_be_bytes([*high, *low]), inner),
            // Another organisation's own numbers.
            (_, Some(_)) => Layer::Done(Decoded::NotIp(0)),
            (_, None) => Layer::skip(slice.short(8)),
        },
        // The access point of IP itself (RFC 948).
        [0x06, 0x06, 0x03, ..] => slice.after(3).map_or(Layer::skip(Skip::Truncated), Layer::Ip),
        [_, _, _, ..] => Layer::Done(Decoded::NotIp(0)),
        _ => Layer::skip(slice.short(3)),
    }
}

fn raw<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Ip(slice)
}

// NULL carries an address family in the byte order of whoever captured, LOOP in network order.
fn loopback<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(family), Some(rest)) = (slice.u32_at(0), slice.after(4)) else { return Layer::skip(slice.short(4)) };
    // AF_INET is 2 everywhere; AF_INET6 is 10 (Linux), 24, 28 or 30 (the BSDs and macOS).
    match if family > 0xffff { family.swap_bytes() } else { family } {
        2 | 10 | 24 | 28 | 30 => Layer::Ip(rest),
        // Some capturers write an EtherType in its place.
        _ if matches!(family & 0xffff, 0x0800 | 0x86dd) => Layer::Ip(rest),
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}

// Linux cooked capture: packet type, hardware type, address length, address, protocol. etherparse refuses
// hardware types it does not know, so it is read here.
fn cooked<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 16;
    match (slice.u16_at(2), slice.u16_at(14)) {
        (Some(hardware), Some(label)) => cooked_label(hardware, label, slice, LEN),
        _ => Layer::skip(slice.short(LEN)),
    }
}

fn cooked_v2<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 20;
    match (slice.u16_at(8), slice.u16_at(0), slice.after(LEN)) {
        (Some(hardware), Some(label), Some(_)) => cooked_label(hardware, label, slice, LEN),
        _ => Layer::skip(slice.short(LEN)),
    }
}

fn cooked_label<'a>(hardware: u16, label: u16, slice: Slice<'a>, len: usize) -> Layer<'a> {
    const NETLINK: u16 = 824;
    const LLC: u16 = 4;
    match label {
        // There the protocol is a netlink family.
        _ if hardware == NETLINK => Layer::Done(Decoded::NotIp(0)),
        LLC => slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| llc(0, rest)),
        _ if label < FIRST_ETHER_TYPE => Layer::Done(Decoded::NotIp(label)),
        _ => labelled(label, slice, len),
    }
}

// RFC 3032: labels of four bytes, the last one marked; what follows tells itself by its first nibble.
fn mpls<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LABELS: usize = 16;
    for at in (0..LABELS).map(|label| label * 4) {
        let Some(label) = slice.u32_at(at) else { return Layer::skip(slice.short(at + 4)) };
        if label & 0x100 == 0 {
            continue;
        }
        let Some(rest) = slice.after(at + 4) else { return Layer::skip(Skip::Truncated) };
        return match rest.u8_at(0).map(|first| first >> 4) {
            Some(4 | 6) => Layer::Ip(rest),
            // The control word of an Ethernet pseudowire (RFC 4448 section 4.6).
            Some(0) => match rest.after(4) {
                Some(inner) => Layer::Link(LinkType::ETHERNET, inner),
                None => Layer::skip(rest.short(4)),
            },
            Some(_) => Layer::Done(Decoded::NotIp(0x8847)),
            None => Layer::skip(rest.short(1)),
        };
    }
    Layer::skip(Skip::TooDeep)
}

// RFC 2516: version and type, code, session, length, then PPP without its frame.
fn pppoe<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    let (Some(code), Some(session), Some(length), Some(rest)) =
        (slice.u8_at(1), slice.u16_at(2), slice.u16_at(4), slice.after(6))
    else {
        return Layer::skip(slice.short(6));
    };
    if code != 0 {
        return Layer::Done(Decoded::NotIp(0x8864));
    }
    scope.enter_tunnel(0x8864, session.into());
    ppp_protocol(if length == 0 { rest } else { rest.counted(length.into()) })
}

fn ppp<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    if slice.bytes.len() < 2 {
        return Layer::skip(slice.short(2));
    }
    // The address and control bytes may be compressed away (RFC 1661 section 6.6).
    let framed = slice.bytes.starts_with(&[0xff, 0x03]);
    let rest = if framed { slice.after(2) } else { Some(slice) };
    rest.map_or(Layer::skip(Skip::Truncated), ppp_protocol)
}

fn ppp_protocol(slice: Slice<'_>) -> Layer<'_> {
    // One byte when its lowest bit is set (RFC 1661 section 2).
    let (protocol, len) = match slice.bytes {
        [first, ..] if first & 1 == 1 => (u16::from(*first), 1),
        [high, low, ..] => (u16::from_be_bytes([*high, *low]), 2),
        _ => return Layer::skip(slice.short(2)),
    };
    let Some(rest) = slice.after(len) else { return Layer::skip(Skip::Truncated) };
    match protocol {
        0x0021 | 0x0057 => Layer::Ip(rest),
        0x0281 | 0x0283 => Layer::Ether(0x8847, rest),
        // PPP numbers are no EtherTypes.
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}

fn cisco_hdlc<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    slice.u16_at(2).map_or_else(|| Layer::skip(slice.short(4)), |label| labelled(label, slice, 4))
}

// RFC 1201 behind Linux' own header: addresses (1 byte each), offset, type, split flag, sequence.
fn arcnet<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    let (Some(protocol), Some(split), Some(rest)) = (slice.u8_at(4), slice.u8_at(5), slice.after(LEN)) else {
        return Layer::skip(slice.short(LEN));
    };
    match (protocol, split) {
        (0xd4 | 0xc4, 0) => Layer::Ip(rest),
        // Part of a split packet, or another protocol.
        _ => Layer::Done(Decoded::NotIp(0)),
    }
}
