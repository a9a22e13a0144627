//! Packets inside packets: what carries a tunnel, and how its header comes off.
//!
//! To read another tunnel, write its `Peel` in a file of its own and give it a row here.

mod gre;
mod ipip;
mod vxlan;

use super::layer::Peel;

/// What a tunnel's header stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// An IP protocol number.
    Ip(u8),
    /// A UDP destination port. A port proves nothing: a peel that skips means that it was no tunnel.
    Udp(u16),
}

/// The tunnels that can be read.
const TUNNELS: &[(Carrier, Peel)] = &[
    (Carrier::Ip(4), ipip::peel),
    (Carrier::Ip(41), ipip::peel),
    (Carrier::Ip(47), gre::peel),
    (Carrier::Udp(4789), vxlan::peel),
];

/// How to take off the header of a tunnel over `carrier`, if one is known.
#[inline]
pub(super) fn tunnel(carrier: Carrier) -> Option<Peel> {
    TUNNELS.iter().find(|(known, _)| *known == carrier).map(|(_, peel)| *peel)
}
