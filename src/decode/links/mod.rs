//! Link headers: from a captured frame, or from inside a tunnel, down to IP.
//!
//! In: bytes and the link type or EtherType that labels them. Out: the next layer. To read another link type,
//! write a `Peel` in one of the files here and give it a row in `LINKS`; a label between Ethernet and IP gets one in
//! `ETHERS`.

mod cooked;
mod ethernet;
mod llc;
mod local;
mod mpls;
mod nflog;
mod old;
mod ppp;
mod radio;
mod tags;
mod wan;
mod wlan;

use super::layer::{Layer, Peel, Slice};
use super::tunnels::nsh;
use crate::capture::LinkType;

/// Link types that can be read, the common ones first: the table is searched from its top.
pub(super) const LINKS: &[(LinkType, Peel)] = &[
    (LinkType::ETHERNET, ethernet::peel),
    (LinkType::LINUX_SLL, cooked::cooked),
    (LinkType::LINUX_SLL2, cooked::cooked_v2),
    (LinkType::RAW, local::raw),
    (LinkType::NULL, local::loopback),
    (LinkType::LOOP, local::loopback),
    (LinkType::RAW_BSD, local::raw),
    (LinkType::RAW_OPENBSD, local::raw),
    (LinkType::IPV4, local::raw),
    (LinkType::IPV6, local::raw),
    (LinkType::IEEE802_11, wlan::peel),
    (LinkType::RADIOTAP, radio::radiotap),
    (LinkType::PPI, radio::ppi),
    (LinkType::PRISM, radio::prism),
    (LinkType::AVS, radio::avs),
    (LinkType::NFLOG, nflog::peel),
    (LinkType::PKTAP, local::pktap),
    (LinkType::PFLOG, local::pflog),
    (LinkType::ENC, local::enc),
    (LinkType::IPNET, local::ipnet),
    (LinkType::PPP, ppp::ppp),
    (LinkType::PPP_HDLC, ppp::hdlc),
    (LinkType::PPP_ETHER, ppp::session),
    (LinkType::PPP_PPPD, ppp::with_direction),
    (LinkType::PPP_WITH_DIR, ppp::behind_direction),
    (LinkType::C_HDLC, wan::cisco_hdlc),
    (LinkType::C_HDLC_WITH_DIR, wan::cisco_hdlc_with_direction),
    (LinkType::FRELAY, wan::frame_relay),
    (LinkType::FRELAY_WITH_DIR, wan::frame_relay_with_direction),
    (LinkType::ATM_RFC1483, wan::atm),
    (LinkType::SUNATM, wan::sunatm),
    (LinkType::DOCSIS, wan::docsis),
    (LinkType::SLIP, wan::slip),
    (LinkType::IEEE802_5, old::token_ring),
    (LinkType::FDDI, old::fddi),
    (LinkType::ARCNET_LINUX, old::arcnet),
    (LinkType::IP_OVER_FC, old::fibre_channel),
    (LinkType::APPLE_IP_OVER_IEEE1394, old::firewire),
    (LinkType::NETANALYZER, ethernet::netanalyzer),
    (LinkType::NETANALYZER_TRANSPARENT, ethernet::netanalyzer_transparent),
    (LinkType::ETHERNET_MPACKET, ethernet::mpacket),
    (LinkType::DSA_TAG_BRCM, ethernet::broadcom),
    (LinkType::DSA_TAG_BRCM_PREPEND, ethernet::broadcom_prepended),
    (LinkType::DSA_TAG_DSA, ethernet::marvell),
    (LinkType::DSA_TAG_EDSA, ethernet::marvell_ether_typed),
];

/// What stands between a link header and IP, by EtherType.
pub(super) const ETHERS: &[(u16, Peel)] = &[
    (0x0800, local::raw),
    (0x86dd, local::raw),
    (0x8100, tags::vlan),
    (0x88a8, tags::vlan),
    (0x9100, tags::vlan),
    (0x9200, tags::vlan),
    (0x9300, tags::vlan),
    (0x8847, mpls::peel),
    (0x8848, mpls::peel),
    (0x8864, ppp::session),
    (0x6558, tags::bridged),
    (0x880b, ppp::ppp),
    (0x88e5, tags::macsec),
    (0x88e7, tags::backbone),
    (0x8903, tags::fabric_path),
    (0x8909, tags::cisco_metadata),
    (0x8926, tags::vn_tag),
    (0x893f, tags::e_tag),
    (0xf1c1, tags::sequence),
    (0x892f, tags::sequence),
    (0x22f3, tags::trill),
    (0x894f, nsh::peel),
];

/// How to read what an EtherType labels; `None` when it is not on the way to IP.
pub(super) fn ether(label: u16) -> Option<Peel> {
    ETHERS.iter().find(|(known, _)| *known == label).map(|(_, peel)| *peel)
}

/// Goes on with the first of several packets that share a frame.
pub(super) fn first_of_many(slice: Slice<'_>) -> Layer<'_> {
    wlan::first(slice)
}

/// How to read a link type.
pub(super) fn link(link: LinkType) -> Option<Peel> {
    LINKS.iter().find(|(known, _)| *known == link).map(|(_, peel)| *peel)
}
