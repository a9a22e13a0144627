//! EtherIP (RFC 3378): Ethernet over IP.

use super::super::layer::{Layer, Skip, Slice};
use super::super::segment::Scope;
use crate::capture::LinkType;

/// Takes the header off: version 3, and bits that must be zero.
pub(super) fn peel<'a>(slice: Slice<'a>, _: &mut Scope) -> Layer<'a> {
    match (slice.u16_at(0), slice.after(2)) {
        (Some(0x3000), Some(rest)) => Layer::Link(LinkType::ETHERNET, rest),
        (Some(_), _) => Layer::skip(Skip::Malformed),
        (None, _) => Layer::skip(slice.short(2)),
    }
}
