//! Ethernet, and Ethernet behind what taps, switch chips and frame preemption put before or into its header.

use etherparse::Ethernet2HeaderSlice;

use super::super::layer::{Decoded, Layer, Slice};
use super::super::segment::Scope;
use super::llc::labelled;
use crate::capture::LinkType;

/// The two addresses of a frame.
const ADDRESSES: usize = 12;
/// The frame check sequence behind it, where it is captured.
const CHECK: u32 = 4;

/// Takes the header off.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match Ethernet2HeaderSlice::from_slice(slice.bytes) {
        Ok(header) => labelled(header.ether_type().0, slice, header.slice().len()),
        Err(error) => Layer::skip(slice.short(error.required_len)),
    }
}

/// An Ethernet frame behind `len` bytes.
pub(super) fn behind(slice: Slice<'_>, len: usize) -> Layer<'_> {
    slice.after(len).map_or_else(|| Layer::skip(slice.short(len)), |rest| Layer::Link(LinkType::ETHERNET, rest))
}

/// A tag of `len` bytes between the addresses and the EtherType.
fn tagged(slice: Slice<'_>, len: usize) -> Layer<'_> {
    match slice.u16_at(ADDRESSES + len) {
        Some(label) => labelled(label, slice, ADDRESSES + len + 2),
        None => Layer::skip(slice.short(ADDRESSES + len + 2)),
    }
}

/// Hilscher netANALYZER: four bytes of its own, then the frame with its check sequence.
pub(super) fn netanalyzer<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    behind(slice.without_last(CHECK), 4)
}

/// The same with the preamble.
pub(super) fn netanalyzer_transparent<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    behind(slice.without_last(CHECK), 4 + 8)
}

/// IEEE 802.3br: preamble, its last byte tells express frames and the beginnings of others from their continuations.
pub(super) fn mpacket<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 8;
    match slice.u8_at(LEN - 1) {
        Some(0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3) => behind(slice.without_last(CHECK), LEN),
        Some(_) => Layer::Done(Decoded::NotIp(0)),
        None => Layer::skip(slice.short(LEN)),
    }
}

/// Broadcom switch chips: a tag behind the addresses.
pub(super) fn broadcom<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    tagged(slice, 4)
}

/// Broadcom switch chips: the tag before the frame.
pub(super) fn broadcom_prepended<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    behind(slice, 4)
}

/// Marvell switch chips: the tag has taken the place of a VLAN tag, when there was one.
pub(super) fn marvell<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    enter_marvell(slice, ADDRESSES, scope);
    tagged(slice, 4)
}

/// The same under an EtherType of its own and two bytes.
pub(super) fn marvell_ether_typed<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    enter_marvell(slice, ADDRESSES + 4, scope);
    tagged(slice, 8)
}

fn enter_marvell(slice: Slice<'_>, at: usize, scope: &mut Scope) {
    if let (Some(first), Some(vlan)) = (slice.u8_at(at), slice.u16_at(at + 2))
        && first & 0x20 != 0
    {
        scope.enter_vlan(vlan);
    }
}
