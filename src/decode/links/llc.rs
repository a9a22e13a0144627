//! IEEE 802.2, and what every link header ends with: an EtherType or a length in its place.

use super::super::layer::{Decoded, Layer, Skip, Slice};

/// Numbers below this in place of an EtherType are lengths (IEEE 802.3 section 3.2.6).
pub(super) const FIRST_ETHER_TYPE: u16 = 0x0600;

/// Goes on behind a header of `len` bytes, under the label it ended with: an EtherType, or the length of an LLC
/// packet.
#[inline]
pub(super) fn labelled<'a>(label: u16, slice: Slice<'a>, len: usize) -> Layer<'a> {
    let Some(rest) = slice.after(len) else { return Layer::skip(slice.short(len)) };
    if label < FIRST_ETHER_TYPE { llc(label, rest) } else { Layer::Ether(label, rest) }
}

// IEEE 802.2: two access points and a control byte; aa-aa-03 is SNAP, with an EtherType behind its OUI.
pub(super) fn llc<'a>(length: u16, slice: Slice<'a>) -> Layer<'a> {
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
