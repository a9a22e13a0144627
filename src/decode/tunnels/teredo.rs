//! Teredo (RFC 4380): IPv6 over UDP, through address translators.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;

const PACKET: usize = 40;

/// At a server's port. What follows the packet may be trailers (RFC 6081 section 4).
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match packet(slice) {
        Some((inner, length)) if whole(inner) >= PACKET + length => Layer::Ip(inner),
        _ => Layer::skip(Skip::Malformed),
    }
}

/// At any port: clients and relays choose theirs. Nothing marks such a datagram, so all of it must fit, to the byte:
/// an address of Teredo's own, and a packet exactly as long as it says.
pub(super) fn peel_shape<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    /// 2001::/32.
    const PREFIX: [u8; 4] = [0x20, 1, 0, 0];
    match packet(slice) {
        Some((inner, length))
            if whole(inner) == PACKET + length
                && [8, 24].iter().any(|at| inner.bytes.get(*at..*at + 4).is_some_and(|start| start == PREFIX)) =>
        {
            Layer::Ip(inner)
        }
        _ => Layer::skip(Skip::Malformed),
    }
}

/// The IPv6 packet behind the indications that may stand before it, and the length of its payload.
fn packet(slice: Slice<'_>) -> Option<(Slice<'_>, usize)> {
    /// Extension headers, TCP, UDP, ICMPv6, and no next header (a bubble).
    const SENSIBLE: [u8; 8] = [0, 6, 17, 43, 44, 58, 59, 60];
    let mut inner = slice;
    // Authentication: lengths of an identifier and a value, then both, a nonce of 8 bytes and a confirmation of one
    // (section 5.1.1).
    if let [0, 1, identifier, value, ..] = *inner.bytes {
        inner = inner.after(13 + usize::from(identifier) + usize::from(value))?;
    }
    // Origin: a port and an address, obfuscated.
    if let [0, 0, ..] = *inner.bytes {
        inner = inner.after(8)?;
    }
    let length = inner.u16_at(4)?;
    let sensible = inner.u8_at(0)? >> 4 == 6 && SENSIBLE.contains(&inner.u8_at(6)?);
    (sensible && inner.bytes.len() >= PACKET).then_some((inner, length.into()))
}

/// Bytes that were on the wire.
fn whole(slice: Slice<'_>) -> usize {
    slice.bytes.len().saturating_add(slice.cut as usize)
}
