//! What interfaces there are, and what the system says of each.
//!
//! In: libpcap's list and `/sys/class/net`. Out: names, addresses, states and counters. Nothing is opened here.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use crate::capture::{CaptureError, LinkType};

/// One interface that could be listened on.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// What libpcap says about it.
    pub description: Option<String>,
    /// Addresses and the length of each one's prefix, where it has one.
    pub addresses: Vec<(IpAddr, Option<u8>)>,
    /// The link type that its frames will have, as far as that is known without opening it.
    pub link: Option<LinkType>,
    /// It is up.
    pub up: bool,
    /// It has a carrier.
    pub running: bool,
}

/// Counters of the system for one interface, since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterfaceCounts {
    /// Packets received.
    pub received: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets that card or driver dropped on the way in, for want of room.
    pub dropped: u64,
}

impl Interface {
    /// All interfaces, in the system's order; those of no use for packets (netfilter, D-Bus, USB) are left out.
    ///
    /// # Errors
    /// [`CaptureError::Input`] when libpcap cannot list them.
    pub fn list() -> Result<Vec<Self>, CaptureError> {
        let devices = pcap::Device::list()
            .map_err(|error| CaptureError::Input(format!("interfaces cannot be listed: {}", said(error))))?;
        let packets = |name: &str| name == ANY || sys(name).exists();
        Ok(devices
            .into_iter()
            .filter(|device| packets(&device.name))
            .map(|device| Self {
                link: link_of(&device.name),
                addresses: device
                    .addresses
                    .iter()
                    .map(|address| (address.addr, address.netmask.map(prefix_length)))
                    .collect(),
                up: device.flags.is_up(),
                running: device.flags.is_running(),
                description: device.desc,
                name: device.name,
            })
            .collect())
    }
}

impl InterfaceCounts {
    /// Those of one interface; zeros where the system tells none (`any`, or it is gone).
    #[must_use]
    pub fn of(name: &str) -> Self {
        let read = |counter: &str| -> u64 {
            let text = fs::read_to_string(sys(name).join("statistics").join(counter)).unwrap_or_default();
            text.trim().parse().unwrap_or_default()
        };
        Self {
            received: read("rx_packets"),
            sent: read("tx_packets"),
            dropped: read("rx_dropped").saturating_add(read("rx_missed_errors")),
        }
    }
}

/// The name that stands for all interfaces at once.
pub(super) const ANY: &str = "any";

/// The interface is there and up. `any` always is.
pub(super) fn is_up(name: &str) -> bool {
    const IFF_UP: u32 = 1;
    let flags = fs::read_to_string(sys(name).join("flags")).unwrap_or_default();
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).unwrap_or_default();
    name == ANY || flags & IFF_UP != 0
}

/// What libpcap said, in plain words.
pub(super) fn said(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(what) => what,
        other => other.to_string(),
    }
}

/// A name is no path: what could leave the folder names nothing.
fn sys(name: &str) -> PathBuf {
    let name = if name.contains('/') || name.starts_with('.') { "-" } else { name };
    PathBuf::from("/sys/class/net").join(name)
}

/// From the kernel's `ARPHRD_` number, as libpcap maps it.
fn link_of(name: &str) -> Option<LinkType> {
    if name == ANY {
        return Some(LinkType::LINUX_SLL);
    }
    match fs::read_to_string(sys(name).join("type")).ok()?.trim().parse::<u32>().ok()? {
        1 | 772 => Some(LinkType::ETHERNET),
        512 | 768 | 769 | 776 | 778 | 823 | 65534 | 519 => Some(LinkType::RAW),
        801 => Some(LinkType::IEEE802_11),
        803 => Some(LinkType::RADIOTAP),
        _ => None,
    }
}

fn prefix_length(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => mask.to_bits().leading_ones(),
        IpAddr::V6(mask) => mask.to_bits().leading_ones(),
    };
    u8::try_from(ones).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_listed_with_its_address() {
        // Catches a list that leaves out what libpcap knows, or reads masks wrong.
        let all = Interface::list().unwrap();
        let lo = all.iter().find(|interface| interface.name == "lo").expect("every machine has a loopback");
        assert_eq!(lo.link, Some(LinkType::ETHERNET));
        if lo.up {
            assert!(lo.addresses.contains(&([127, 0, 0, 1].into(), Some(8))), "{:?}", lo.addresses);
        }
    }

    #[test]
    fn a_name_that_is_a_path_reads_nothing() {
        assert_eq!(InterfaceCounts::of("../../../etc"), InterfaceCounts::default());
        assert!(!is_up("../lo") && is_up(ANY));
    }
}
