//! GTP-U version 1 (3GPP TS 29.281): the IP packets of mobile subscribers between base station and core.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;

/// Takes the header off a user's packet. The tunnel's number is the receiver's, so it differs by direction and names
/// nothing here; the table says what keeps tunnels apart.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    /// Version 1, and GTP rather than GTP' (which charges, and carries nobody's packets).
    const VERSION: u8 = 0x30;
    const USER_PACKET: u8 = 255;
    const EXTENDED: u8 = 0x04;
    /// One of the three flags brings the four bytes of all three fields (section 5.1).
    const OPTIONAL: u8 = 0x07;
    /// Extension headers in one packet; more is no honest packet.
    const EXTENSIONS: usize = 16;
    let (Some(flags), Some(kind), Some(length)) = (slice.u8_at(0), slice.u8_at(1), slice.u16_at(2)) else {
        return Layer::skip(slice.short(LEN));
    };
    if flags & 0xf0 != VERSION || kind != USER_PACKET {
        return Layer::skip(Skip::Malformed);
    }
    let Some(rest) = slice.after(LEN) else { return Layer::skip(slice.short(LEN)) };
    // Lengths that reach past the datagram are nobody's.
    if usize::from(length) > rest.bytes.len().saturating_add(rest.cut as usize) {
        return Layer::skip(Skip::Malformed);
    }
    let rest = rest.counted(length.into());
    let mut len = 0;
    if flags & OPTIONAL != 0 {
        len = 4;
        let mut next = rest.u8_at(3);
        for _ in 0..=EXTENSIONS {
            if flags & EXTENDED == 0 || next == Some(0) {
                break;
            }
            // The length in words, the content, the type of the next (section 5.2).
            match rest.u8_at(len) {
                Some(0) => return Layer::skip(Skip::Malformed),
                Some(words) => len += usize::from(words) * 4,
                None => return Layer::skip(rest.short(len + 1)),
            }
            next = rest.u8_at(len - 1);
        }
        if flags & EXTENDED != 0 && next != Some(0) {
            return Layer::skip(Skip::Malformed);
        }
    }
    match rest.after(len) {
        // Ethernet and unstructured packets have no mark of their own; the control plane agreed on them.
        Some(packet) if matches!(packet.u8_at(0).map(|first| first >> 4), Some(4 | 6)) => Layer::Ip(packet),
        Some(_) => Layer::skip(Skip::Malformed),
        None => Layer::skip(rest.short(len)),
    }
}
