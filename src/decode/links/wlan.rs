//! IEEE 802.11: what a radio in monitor mode hears. Only data frames carry packets, and only those without encryption
//! can be read.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use super::llc::llc;

/// Whether the header is padded to a multiple of four bytes, as some radios do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// It is.
    ToWords,
    /// It is not.
    None,
}

/// First byte: version, type, subtype. Second: flags.
const DATA: u8 = 2;
const NO_DATA: u8 = 0x40;
const QOS: u8 = 0x80;
const BOTH_WAYS: u8 = 0x03;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

/// Takes the header off.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    frame(slice, Padding::None)
}

/// A frame, its check sequence behind it or not: IP knows its own length.
pub(super) fn frame(slice: Slice<'_>, padding: Padding) -> Layer<'_> {
    let (Some(control), Some(flags)) = (slice.u8_at(0), slice.u8_at(1)) else { return Layer::skip(slice.short(2)) };
    // Beacons, acknowledgments, "I am still here".
    if control & 3 != 0 || control >> 2 & 3 != DATA || control & NO_DATA != 0 {
        return Layer::Done(Decoded::NotIp(0));
    }
    // Control, duration, three addresses, sequence; a fourth address between access points; quality of service; and
    // high throughput control, when the old order bit is set beside it.
    let addresses: usize = if flags & BOTH_WAYS == BOTH_WAYS { 30 } else { 24 };
    let len = match (control & QOS != 0, flags & ORDER != 0) {
        (false, _) => addresses,
        (true, false) => addresses + 2,
        (true, true) => addresses + 6,
    };
    let len = if padding == Padding::ToWords { len.next_multiple_of(4) } else { len };
    let (Some(sequence), Some(body)) = (slice.u8_at(22), slice.after(len)) else {
        return Layer::skip(slice.short(len));
    };
    // A later part of what the radio cut in pieces, which hardly any does: the first part's IP header tells how much is
    // missing.
    if sequence & 0x0f != 0 {
        return Layer::Done(Decoded::NotIp(0));
    }
    let aggregated = control & QOS != 0 && slice.u8_at(addresses).is_some_and(|quality| quality & 0x80 != 0);
    match (flags & PROTECTED != 0, aggregated) {
        (true, _) => opened(body).map_or(Layer::skip(Skip::Encrypted), |body| llc(0, body)),
        (false, true) => first_of_many(body),
        (false, false) => llc(0, body),
    }
}

/// Radios that decrypt leave the flag as it was, and often the cipher's header: none, that of TKIP, CCMP and GCMP, or of
/// WEP. Cipher text looks like SNAP once in 2^46 frames.
fn opened(body: Slice<'_>) -> Option<Slice<'_>> {
    let mut bodies = [0, 8, 4].into_iter().filter_map(|at| body.after(at));
    bodies.find(|body| body.bytes.starts_with(&[0xaa, 0xaa, 0x03, 0, 0, 0]))
}

/// Aggregated packets, each behind addresses and a length, on boundaries of four bytes (IEEE 802.11 section 9.3.2.2). One
/// frame gives one segment, so the first is read; that there are others is counted, and bytes of a connection in them are
/// missing from it.
fn first_of_many(body: Slice<'_>) -> Layer<'_> {
    const LEN: usize = 14;
    let (Some(length), Some(rest)) = (body.u16_at(12), body.after(LEN)) else { return Layer::skip(body.short(LEN)) };
    let first = rest.counted(length.into());
    let next = (LEN + usize::from(length)).next_multiple_of(4);
    // The frame's check sequence may stand behind the last; it is no header.
    if body.passed(next + LEN).is_some() { Layer::FirstOfMany(first) } else { llc(0, first) }
}

/// Goes on with the first of several packets.
pub(super) fn first(slice: Slice<'_>) -> Layer<'_> {
    llc(0, slice)
}
