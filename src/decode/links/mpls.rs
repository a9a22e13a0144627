//! MPLS (RFC 3032): labels that do not say what they carry.

use super::super::layer::{Decoded, Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// Labels of one packet; more is no honest packet. Explicit null, router alert and entropy labels are labels like any
/// other.
const LABELS: usize = 16;

/// Takes the whole stack off. The labels are local to one hop and differ by direction: the scope stays.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    for at in (0..LABELS).map(|label| label * 4) {
        let Some(label) = slice.u32_at(at) else { return Layer::skip(slice.short(at + 4)) };
        if label & 0x100 != 0 {
            return slice.after(at + 4).map_or(Layer::skip(Skip::Truncated), bottom);
        }
    }
    Layer::skip(Skip::TooDeep)
}

/// What lies under the last label tells itself by its first nibble, as routers tell it (RFC 4928): 4 and 6 are IP, 0 is
/// the control word of a pseudowire and 1 its associated channel (RFC 4385). A pseudowire without a control word begins
/// with a station address, which may begin with anything, so where it fits better it is taken for one.
fn bottom(rest: Slice<'_>) -> Layer<'_> {
    let Some(first) = rest.u8_at(0) else { return Layer::skip(rest.short(1)) };
    match first >> 4 {
        4 if v4_fits(rest) || !ethernet_fits(rest) => Layer::Ip(rest),
        6 if v6_fits(rest) || !ethernet_fits(rest) => Layer::Ip(rest),
        0 => match rest.after(4) {
            // RFC 4448 section 4.6.
            Some(inner) if ethernet_fits(inner) || !ethernet_fits(rest) => Layer::Link(LinkType::ETHERNET, inner),
            Some(_) => Layer::Link(LinkType::ETHERNET, rest),
            None => Layer::skip(rest.short(4)),
        },
        _ if ethernet_fits(rest) => Layer::Link(LinkType::ETHERNET, rest),
        _ => Layer::Done(Decoded::NotIp(0x8847)),
    }
}

/// A header length and a total length that can be.
fn v4_fits(rest: Slice<'_>) -> bool {
    let wire = rest.bytes.len() + rest.cut as usize;
    rest.u8_at(0).is_some_and(|first| first & 15 >= 5)
        && rest.u16_at(2).is_none_or(|total| total == 0 || (20..=wire).contains(&total.into()))
}

fn v6_fits(rest: Slice<'_>) -> bool {
    let wire = rest.bytes.len() + rest.cut as usize;
    rest.u16_at(4).is_none_or(|len| usize::from(len) + 40 <= wire)
}

/// An EtherType that Ethernet over MPLS carries.
fn ethernet_fits(rest: Slice<'_>) -> bool {
    let label = rest.u16_at(12);
    matches!(label, Some(0x0800 | 0x0806 | 0x86dd | 0x8100 | 0x88a8 | 0x9100 | 0x8847 | 0x8848 | 0x8863 | 0x8864))
}
