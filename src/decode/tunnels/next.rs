//! The "next protocol" numbers that NSH (RFC 8300 section 2.2), VXLAN-GPE and LISP-GPE (RFC 9305) share.

use super::super::layer::{Layer, Skip, Slice};
use crate::capture::LinkType;

/// What a next protocol number labels.
pub(super) fn layer(number: u8, slice: Slice<'_>) -> Layer<'_> {
    match number {
        1 | 2 => Layer::Ip(slice),
        3 => Layer::Link(LinkType::ETHERNET, slice),
        4 => Layer::Ether(0x894f, slice),
        5 => Layer::Ether(0x8847, slice),
        _ => Layer::skip(Skip::Malformed),
    }
}
