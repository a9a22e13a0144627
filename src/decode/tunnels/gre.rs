//! GRE (RFC 2784, 2890), its NVGRE use (RFC 7637) and the enhanced one of PPTP (RFC 2637).

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Takes the header off. A key narrows the scope: the two ends of a tunnel use the same one.
pub(super) fn peel<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    let (Some(flags), Some(protocol)) = (slice.u16_at(0), slice.u16_at(2)) else {
        return Layer::skip(slice.short(4));
    };
    let field = |flag: u16| if flags & flag == 0 { 0 } else { 4 };
    match flags & VERSION {
        // The checksum field comes with the routing of RFC 1701, too, which nobody sends any more.
        0 if flags & ROUTING == 0 => {
            let key_at = 4 + field(CHECKSUM);
            let len = key_at + field(KEY) + field(SEQUENCE);
            let Some(rest) = slice.after(len) else { return Layer::skip(slice.short(len)) };
            if flags & KEY != 0 {
                // NVGRE: 24 bits name the network, 8 the flow.
                let key = slice.u32_at(key_at).unwrap_or(0);
                scope.enter_tunnel(47, if protocol == 0x6558 { key >> 8 } else { key });
            }
            Layer::Ether(protocol, rest)
        }
        // The key holds a length and a call number that differs by direction.
        1 if protocol == 0x880b => {
            let len = 8 + field(SEQUENCE) + field(ACKNOWLEDGMENT);
            match slice.after(len) {
                // An acknowledgment alone.
                Some(rest) if rest.bytes.is_empty() => Layer::Done(Decoded::OtherIp(47)),
                Some(rest) => Layer::Link(LinkType(9), rest),
                None => Layer::skip(slice.short(len)),
            }
        }
        _ => Layer::skip(Skip::Malformed),
    }
}
