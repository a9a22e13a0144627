//! PPP (RFC 1661), framed, bare, and in sessions over Ethernet (RFC 2516).

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use super::wan::cisco_hdlc;

/// PPPoE: version and type, code, session, length, then PPP without its frame.
pub(super) fn session<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    let (Some(code), Some(session), Some(length), Some(rest)) =
        (slice.u8_at(1), slice.u16_at(2), slice.u16_at(4), slice.after(6))
    else {
        return Layer::skip(slice.short(6));
    };
    if code != 0 {
        return Layer::Done(Decoded::NotIp(0x8864));
    }
    scope.enter_tunnel(0x8864, session.into());
    protocol(if length == 0 { rest } else { rest.counted(length.into()) })
}

/// PPP, in a frame or without one.
pub(super) fn ppp<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    if slice.bytes.len() < 2 {
        return Layer::skip(slice.short(2));
    }
    // The address and control bytes may be compressed away (RFC 1661 section 6.6).
    let framed = slice.bytes.starts_with(&[0xff, 0x03]);
    let rest = if framed { slice.after(2) } else { Some(slice) };
    rest.map_or(Layer::skip(Skip::Truncated), protocol)
}

/// PPP in HDLC's frames, or what Cisco puts there in its place: the address byte tells.
pub(super) fn hdlc<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match slice.bytes {
        [0x0f | 0x8f, ..] => cisco_hdlc(slice, scope),
        _ => ppp(slice, scope),
    }
}

/// pppd's own captures: 0 or 1 for the direction in place of the address byte.
pub(super) fn with_direction<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match slice.bytes {
        [0 | 1, 0x03, ..] => slice.after(2).map_or(Layer::skip(Skip::Truncated), protocol),
        [0 | 1] => Layer::skip(slice.short(2)),
        // The control byte was compressed away.
        [0 | 1, ..] => slice.after(1).map_or(Layer::skip(Skip::Truncated), protocol),
        _ => ppp(slice, scope),
    }
}

/// A byte for the direction, then all of PPP.
pub(super) fn behind_direction<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    slice.after(1).map_or_else(|| Layer::skip(slice.short(1)), |rest| ppp(rest, scope))
}

fn protocol(slice: Slice<'_>) -> Layer<'_> {
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
