//! What Linux writes for the device `any`: cooked captures, v1 and v2.

use super::super::layer::{Decoded, Layer, Slice};
use super::super::segment::Scope;
use super::llc::{FIRST_ETHER_TYPE, labelled, llc};

// Linux cooked capture: packet type, hardware type, address length, address, protocol. etherparse refuses
// hardware types it does not know, so it is read here.
pub(super) fn cooked<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const LEN: usize = 16;
    match (slice.u16_at(2), slice.u16_at(14)) {
        (Some(hardware), Some(label)) => cooked_label(hardware, label, slice, LEN),
        _ => Layer::skip(slice.short(LEN)),
    }
}

pub(super) fn cooked_v2<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
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
