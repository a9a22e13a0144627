//! What radios say about an 802.11 frame before it: radiotap, PPI, Prism, AVS.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use super::wlan::{self, Padding};
use crate::capture::LinkType;

/// Radiotap: version, length, words that say which fields follow, fields. All little endian.
pub(super) fn radiotap<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const CHECKED: u8 = 0x10;
    const PADDED: u8 = 0x20;
    const DAMAGED: u8 = 0x40;
    let Some(len) = slice.u16_at(2).map(|len| usize::from(len.swap_bytes())) else {
        return Layer::skip(slice.short(4));
    };
    if len < 8 {
        return Layer::skip(Skip::Malformed);
    }
    let (Some(head), Some(frame)) = (slice.bytes.get(..len), slice.after(len)) else {
        return Layer::skip(slice.short(len));
    };
    let flags = radiotap_flags(head).unwrap_or(0);
    if flags & DAMAGED != 0 {
        return Layer::skip(Skip::BadChecksum);
    }
    let frame = if flags & CHECKED != 0 { frame.without_last(4) } else { frame };
    wlan::frame(frame, if flags & PADDED != 0 { Padding::ToWords } else { Padding::None })
}

/// The flags field: the second, behind a time stamp that stands at a multiple of eight.
fn radiotap_flags(head: &[u8]) -> Option<u8> {
    const TIME: u8 = 0x01;
    const FLAGS: u8 = 0x02;
    const MORE: u8 = 0x80;
    let present = *head.get(4)?;
    let words = head.get(4..)?.chunks_exact(4).take_while(|word| word.last().is_some_and(|last| last & MORE != 0));
    let fields = 4 + 4 * (words.count() + 1);
    match present & (TIME | FLAGS) {
        FLAGS => head.get(fields).copied(),
        0x03 => head.get(fields.next_multiple_of(8) + 8).copied(),
        _ => None,
    }
}

/// Per-packet information: version, flags, length, the link type of what follows. Little endian.
pub(super) fn ppi<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let (Some(len), Some(link)) = (slice.u16_at(2), slice.u32_at(4)) else { return Layer::skip(slice.short(8)) };
    let len = usize::from(len.swap_bytes());
    match (slice.after(len), u16::try_from(link.swap_bytes())) {
        (Some(rest), Ok(link)) if len >= 8 => Layer::Link(LinkType(link), rest),
        (None, _) => Layer::skip(slice.short(len)),
        _ => Layer::skip(Skip::Malformed),
    }
}

/// Prism: 144 bytes; or AVS under its number.
pub(super) fn prism<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    const LEN: usize = 144;
    match (slice.u32_at(0), slice.after(LEN)) {
        (Some(0x8021_1001 | 0x8021_1002), _) => avs(slice, scope),
        (None, _) => Layer::skip(slice.short(4)),
        (_, Some(rest)) => Layer::Link(LinkType::IEEE802_11, rest),
        (_, None) => Layer::skip(slice.short(LEN)),
    }
}

/// AVS: version and length, in network order.
pub(super) fn avs<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let Some(len) = slice.u32_at(4).map(|len| len as usize) else { return Layer::skip(slice.short(8)) };
    match slice.after(len) {
        Some(rest) if len >= 8 => Layer::Link(LinkType::IEEE802_11, rest),
        Some(_) => Layer::skip(Skip::Malformed),
        None => Layer::skip(slice.short(len)),
    }
}
