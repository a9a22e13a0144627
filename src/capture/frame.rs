//! One frame as it was captured, and what kind of link it came from.

use crate::time::Timestamp;

/// A captured frame. It borrows its source's buffer and is gone at the source's next call.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When the capture says it was seen.
    pub time: Timestamp,
    /// The link type of the interface it came from.
    pub link: LinkType,
    /// Length on the wire; `bytes` may be shorter when the capture cut it, never longer.
    pub wire_len: u32,
    /// What was captured.
    pub bytes: &'a [u8],
}

/// A LINKTYPE_ number as pcap and pcapng files carry it (<https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback, address family in the host order of the capturing machine.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// Token ring.
    pub const IEEE802_5: Self = Self(6);
    /// SLIP, with BSD's header.
    pub const SLIP: Self = Self(8);
    /// PPP, framed or not.
    pub const PPP: Self = Self(9);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Raw IP as some BSDs number it.
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP in HDLC-like framing.
    pub const PPP_HDLC: Self = Self(50);
    /// PPPoE sessions.
    pub const PPP_ETHER: Self = Self(51);
    /// ATM that carries LLC.
    pub const ATM_RFC1483: Self = Self(100);
    /// Raw IP, version from its first nibble.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// IEEE 802.11.
    pub const IEEE802_11: Self = Self(105);
    /// Frame relay.
    pub const FRELAY: Self = Self(107);
    /// OpenBSD loopback, address family in network order.
    pub const LOOP: Self = Self(108);
    /// OpenBSD's IPsec device.
    pub const ENC: Self = Self(109);
    /// Linux cooked capture v1.
    pub const LINUX_SLL: Self = Self(113);
    /// The log of OpenBSD's packet filter.
    pub const PFLOG: Self = Self(117);
    /// IEEE 802.11 behind a Prism header.
    pub const PRISM: Self = Self(119);
    /// IP over Fibre Channel.
    pub const IP_OVER_FC: Self = Self(122);
    /// ATM as Solaris captures it.
    pub const SUNATM: Self = Self(123);
    /// IEEE 802.11 behind radiotap.
    pub const RADIOTAP: Self = Self(127);
    /// ARCNET as Linux captures it.
    pub const ARCNET_LINUX: Self = Self(129);
    /// Apple's IP over FireWire.
    pub const APPLE_IP_OVER_IEEE1394: Self = Self(138);
    /// DOCSIS.
    pub const DOCSIS: Self = Self(143);
    /// IEEE 802.11 behind an AVS header.
    pub const AVS: Self = Self(163);
    /// PPP as pppd captures it, the direction in its first byte.
    pub const PPP_PPPD: Self = Self(166);
    /// Per-packet information before a frame of any other type.
    pub const PPI: Self = Self(192);
    /// PPP behind a byte for the direction.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// Cisco HDLC behind a byte for the direction.
    pub const C_HDLC_WITH_DIR: Self = Self(205);
    /// Frame relay behind a byte for the direction.
    pub const FRELAY_WITH_DIR: Self = Self(206);
    /// Solaris' IP observability.
    pub const IPNET: Self = Self(226);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// What Linux firewall rules log.
    pub const NFLOG: Self = Self(239);
    /// Ethernet behind a netANALYZER header.
    pub const NETANALYZER: Self = Self(240);
    /// The same with the preamble.
    pub const NETANALYZER_TRANSPARENT: Self = Self(241);
    /// macOS' device for all interfaces.
    pub const PKTAP: Self = Self(258);
    /// Ethernet with frame preemption, preamble and all.
    pub const ETHERNET_MPACKET: Self = Self(274);
    /// Linux cooked capture v2.
    pub const LINUX_SLL2: Self = Self(276);
    /// Ethernet with a Broadcom switch tag.
    pub const DSA_TAG_BRCM: Self = Self(281);
    /// Ethernet behind a Broadcom switch tag.
    pub const DSA_TAG_BRCM_PREPEND: Self = Self(282);
    /// Ethernet with a Marvell switch tag.
    pub const DSA_TAG_DSA: Self = Self(284);
    /// Ethernet with a Marvell switch tag that has an EtherType.
    pub const DSA_TAG_EDSA: Self = Self(285);

    /// From the number that libpcap has for it on this platform (`DLT_`).
    #[must_use]
    pub fn of_platform(number: i32) -> Self {
        match number {
            11 => Self::ATM_RFC1483,
            12 => Self::RAW,
            other => Self(u16::try_from(other).unwrap_or(u16::MAX)),
        }
    }

    /// What libpcap has for it on this platform.
    pub(super) fn to_platform(self) -> i32 {
        match self {
            Self::RAW | Self::RAW_OPENBSD => 12,
            Self::ATM_RFC1483 => 11,
            other => i32::from(other.0),
        }
    }

    /// What the registry calls it, for types that captures are met with and that carry no packets, or none we read.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        UNREAD.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
    }
}

/// By number.
const UNREAD: &[(u16, &str)] = &[
    (3, "AX25"),
    (7, "ARCNET_BSD"),
    (99, "SYMANTEC_FIREWALL"),
    (114, "LTALK"),
    (135, "JUNIPER_ATM2"),
    (137, "JUNIPER_ATM1"),
    (140, "MTP2"),
    (141, "MTP3"),
    (142, "SCCP"),
    (144, "LINUX_IRDA"),
    (147, "USER0"),
    (148, "USER1"),
    (149, "USER2"),
    (150, "USER3"),
    (151, "USER4"),
    (152, "USER5"),
    (153, "USER6"),
    (154, "USER7"),
    (155, "USER8"),
    (156, "USER9"),
    (157, "USER10"),
    (158, "USER11"),
    (159, "USER12"),
    (160, "USER13"),
    (161, "USER14"),
    (162, "USER15"),
    (177, "LINUX_LAPD"),
    (178, "JUNIPER_ETHER"),
    (179, "JUNIPER_PPP"),
    (180, "JUNIPER_FRELAY"),
    (181, "JUNIPER_CHDLC"),
    (187, "BLUETOOTH_HCI_H4"),
    (189, "USB_LINUX"),
    (195, "IEEE802_15_4_WITHFCS"),
    (201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    (209, "I2C_LINUX"),
    (215, "IEEE802_15_4_NONASK_PHY"),
    (220, "USB_LINUX_MMAPPED"),
    (227, "CAN_SOCKETCAN"),
    (230, "IEEE802_15_4_NOFCS"),
    (231, "DBUS"),
    (242, "IPOIB"),
    (243, "MPEG_2_TS"),
    (245, "NFC_LLCP"),
    (247, "INFINIBAND"),
    (248, "SCTP"),
    (249, "USBPCAP"),
    (251, "BLUETOOTH_LE_LL"),
    (252, "WIRESHARK_UPPER_PDU"),
    (253, "NETLINK"),
    (254, "BLUETOOTH_LINUX_MONITOR"),
    (256, "BLUETOOTH_LE_LL_WITH_PHDR"),
    (264, "ISO_14443"),
    (266, "USB_DARWIN"),
    (267, "OPENFLOW"),
    (268, "SDLC"),
    (271, "VSOCK"),
    (272, "NORDIC_BLE"),
    (280, "VPP_DISPATCH"),
    (283, "IEEE802_15_4_TAP"),
];
