//! What stands under an EtherType of its own, with the packet's EtherType behind it: VLANs, backbones, fabrics.

use etherparse::SingleVlanHeaderSlice;

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use super::ethernet::behind;
use super::llc::labelled;
use crate::capture::LinkType;

/// IEEE 802.1Q and what came before and after it: all tags look alike.
pub(super) fn vlan<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    match SingleVlanHeaderSlice::from_slice(slice.bytes) {
        Ok(header) => {
            scope.enter_vlan(header.vlan_identifier().value());
            labelled(header.ether_type().0, slice, header.slice().len())
        }
        Err(error) => Layer::skip(slice.short(error.required_len)),
    }
}

/// A whole Ethernet frame.
pub(super) fn bridged<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    Layer::Link(LinkType::ETHERNET, slice)
}

/// IEEE 802.1ah: a service of 24 bits, then the customer's frame.
pub(super) fn backbone<'a>(slice: Slice<'a>, scope: &mut Scope) -> Layer<'a> {
    let Some(tag) = slice.u32_at(0) else { return Layer::skip(slice.short(4)) };
    scope.enter_tunnel(0x88e7, tag & 0x00ff_ffff);
    behind(slice, 4)
}

/// Cisco FabricPath: a forwarding tag and hops, then the frame.
pub(super) fn fabric_path<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    behind(slice, 2)
}

/// Cisco TrustSec: version, length in words of four bytes, then options; the group they name is no network.
pub(super) fn cisco_metadata<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match slice.u8_at(1) {
        Some(words) => under(slice, 2 + usize::from(words) * 4),
        None => Layer::skip(slice.short(2)),
    }
}

/// Cisco VN-Tag: between a switch and the ports that it has elsewhere.
pub(super) fn vn_tag<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    under(slice, 4)
}

/// IEEE 802.1BR: the same by a standard.
pub(super) fn e_tag<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    under(slice, 6)
}

/// IEEE 802.1CB and HSR: a sequence number, so that copies over two paths can be told.
pub(super) fn sequence<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    under(slice, 4)
}

/// TRILL (RFC 6325 section 3): version 0, length of the options in words, two nicknames, then the frame.
pub(super) fn trill<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    let Some(head) = slice.u16_at(0) else { return Layer::skip(slice.short(6)) };
    if head >> 14 != 0 {
        return Layer::skip(Skip::Malformed);
    }
    let len = 6 + usize::from(head >> 6 & 0x1f) * 4;
    behind(slice, len)
}

/// IEEE 802.1AE: control, length, packet number, and a channel when control says so. Without encryption the frame
/// follows as it was, and its integrity check behind it.
pub(super) fn macsec<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    const ENCRYPTED: u8 = 0x0c;
    const CHANNEL: u8 = 0x20;
    match slice.u8_at(0) {
        Some(control) if control & ENCRYPTED != 0 => Layer::skip(Skip::Encrypted),
        Some(control) => under(slice, if control & CHANNEL == 0 { 6 } else { 14 }),
        None => Layer::skip(slice.short(1)),
    }
}

/// `len` bytes of tag, and an EtherType.
fn under(slice: Slice<'_>, len: usize) -> Layer<'_> {
    slice.u16_at(len).map_or_else(|| Layer::skip(slice.short(len + 2)), |label| labelled(label, slice, len + 2))
}
