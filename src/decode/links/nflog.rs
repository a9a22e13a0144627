//! NFLOG: packets that a Linux firewall rule gave out, among other things it knows about them.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use super::local::of_family;

/// Family, version, resource; then values with a length, which counts its own four bytes and is padded to a multiple of
/// four, and a kind. Both are in the byte order of whoever captured.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const HEADER: u16 = 1;
    const PAYLOAD: u16 = 9;
    /// The families of rules that see frames of any protocol.
    const NETDEV: u8 = 5;
    const BRIDGE: u8 = 7;
    let (Some(family), Some(mut rest)) = (slice.u8_at(0), slice.after(4)) else { return Layer::skip(slice.short(4)) };
    // Kinds are small numbers: the byte of the first one that is not 0 tells the order.
    let little = rest.u8_at(3) == Some(0);
    let number = |number: u16| if little { number.swap_bytes() } else { number };
    let mut label = 0;
    // Each turn takes at least four bytes.
    while !rest.bytes.is_empty() {
        let (Some(length), Some(kind), Some(value)) =
            (rest.u16_at(0).map(number), rest.u16_at(2).map(number), rest.after(4))
        else {
            return Layer::skip(rest.short(4));
        };
        let Some(len) = length.checked_sub(4) else { return Layer::skip(Skip::Malformed) };
        match kind & 0x7fff {
            PAYLOAD if matches!(family, NETDEV | BRIDGE) => return Layer::Ether(label, value.counted(len.into())),
            PAYLOAD => return of_family(family.into(), value.counted(len.into())),
            // The packet's EtherType.
            HEADER => label = value.u16_at(0).unwrap_or(0),
            _ => {}
        }
        match value.after(usize::from(len).next_multiple_of(4)) {
            Some(next) => rest = next,
            // The last one, without its padding.
            None if value.bytes.len() >= len.into() => break,
            None => return Layer::skip(value.short(len.into())),
        }
    }
    // Some rules give out no more than a note.
    if rest.cut > 0 { Layer::skip(Skip::Truncated) } else { Layer::Done(Decoded::NotIp(0)) }
}
