//! Networks by name: where an address lies, and which way a request went.
//!
//! Addresses of clients end where this is asked; what goes on is the name of a network.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Whose network it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// One's own.
    Internal,
    /// Anybody else's.
    External,
}

/// Where an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network<'n> {
    /// What people call it; of those that nobody named the class of its addresses.
    pub name: &'n str,
    /// Whose it is.
    pub kind: NetworkKind,
}

/// Which way a request went, as seen from one's own networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From outside to a server of one's own.
    Inbound,
    /// Between one's own.
    Internal,
    /// From one's own to somebody else's server: a third party.
    Outbound,
    /// Between others.
    Transit,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Internal, Self::Outbound, Self::Transit];

    /// From a client of one kind to a server of another.
    #[must_use]
    pub const fn between(client: NetworkKind, server: NetworkKind) -> Self {
        match (client, server) {
            (NetworkKind::External, NetworkKind::Internal) => Self::Inbound,
            (NetworkKind::Internal, NetworkKind::Internal) => Self::Internal,
            (NetworkKind::Internal, NetworkKind::External) => Self::Outbound,
            (NetworkKind::External, NetworkKind::External) => Self::Transit,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Internal => "internal",
            Self::Outbound => "outbound",
            Self::Transit => "transit",
        }
    }
}

/// Networks that have names. Of several that hold an address the narrowest is meant.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    names: Vec<(String, NetworkKind)>,
    /// By length of prefix, the longest first: first addresses of networks, with an index into `names`. So a look-up costs
    /// one hash for each length in use, however many networks there are.
    v4: Vec<(u8, HashMap<Ipv4Addr, usize>)>,
    v6: Vec<(u8, HashMap<Ipv6Addr, usize>)>,
}

impl Networks {
    /// Adds a network under a name; false when exactly this network has a name already, which it keeps.
    pub fn add(&mut self, name: &str, kind: NetworkKind, network: IpNet) -> bool {
        let named = (name, kind);
        let at = match self.names.iter().position(|(name, kind)| (name.as_str(), *kind) == named) {
            Some(at) => at,
            None => {
                self.names.push((name.to_owned(), kind));
                self.names.len() - 1
            }
        };
        match network.trunc() {
            IpNet::V4(net) => insert(&mut self.v4, net.prefix_len(), net.network(), at),
            IpNet::V6(net) => match net.network().to_ipv4_mapped().zip(net.prefix_len().checked_sub(96)) {
                Some((address, length)) => insert(&mut self.v4, length, address, at),
                None => insert(&mut self.v6, net.prefix_len(), net.network(), at),
            },
        }
    }

    /// Nothing was named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A network of this name was added.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|(known, _)| known == name)
    }

    /// Where an address lies. Without a name of its own it is told by its class, and private ones are one's own. No allocation.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Network<'_> {
        let address = address.to_canonical();
        let found = match address {
            IpAddr::V4(address) => self
                .v4
                .iter()
                .find_map(|(length, nets)| nets.get(&Ipv4Addr::from(u32::from(address) & mask32(*length)))),
            IpAddr::V6(address) => self
                .v6
                .iter()
                .find_map(|(length, nets)| nets.get(&Ipv6Addr::from(u128::from(address) & mask128(*length)))),
        };
        match found.and_then(|at| self.names.get(*at)) {
            Some((name, kind)) => Network { name, kind: *kind },
            None => by_class(address),
        }
    }
}

fn insert<A: std::hash::Hash + Eq>(
    table: &mut Vec<(u8, HashMap<A, usize>)>,
    length: u8,
    first: A,
    name: usize,
) -> bool {
    let at = match table.binary_search_by(|(known, _)| length.cmp(known)) {
        Ok(at) => at,
        Err(at) => {
            table.insert(at, (length, HashMap::new()));
            at
        }
    };
    let nets = &mut table[at].1;
    if nets.contains_key(&first) {
        return false;
    }
    nets.insert(first, name);
    true
}

fn mask32(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0)
}

fn mask128(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}

/// The names of the classes.
pub const NETWORK_CLASSES: [&str; 9] =
    ["loopback", "link-local", "private", "shared", "multicast", "broadcast", "unspecified", "benchmark", "public"];

/// The class of an address, by the registries of special addresses (RFC 6890, RFC 1918, RFC 4193, RFC 6598, RFC 5771, RFC 4291
/// section 2.7, RFC 2544, RFC 5180). What nobody can have to himself is nobody else's.
fn by_class(address: IpAddr) -> Network<'static> {
    let internal = |name| Network { name, kind: NetworkKind::Internal };
    match address {
        // By octets: two of these are asked for each exchange.
        IpAddr::V4(v4) => match v4.octets() {
            [127, ..] => internal("loopback"),
            [169, 254, ..] => internal("link-local"),
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => internal("private"),
            // 100.64.0.0/10: behind a carrier's translation, and inside clusters of cloud providers.
            [100, 64..=127, ..] => internal("shared"),
            [255, 255, 255, 255] => internal("broadcast"),
            [0, ..] => internal("unspecified"),
            [198, 18 | 19, ..] => internal("benchmark"),
            [224..=239, ..] => internal("multicast"),
            _ => Network { name: "public", kind: NetworkKind::External },
        },
        IpAddr::V6(v6) if v6.is_loopback() => internal("loopback"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => internal("link-local"),
        IpAddr::V6(v6) if v6.is_unique_local() => internal("private"),
        IpAddr::V6(v6) if v6.is_multicast() => internal("multicast"),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => internal("unspecified"),
        IpAddr::V6(v6) if matches!(v6.segments(), [0x2001, 2, 0, ..]) => internal("benchmark"),
        IpAddr::V6(_) => Network { name: "public", kind: NetworkKind::External },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(all: &[(&str, NetworkKind, &str)]) -> Networks {
        let mut networks = Networks::default();
        for (name, kind, net) in all {
            assert!(networks.add(name, *kind, net.parse().unwrap()), "{net}");
        }
        networks
    }

    fn found(networks: &Networks, address: &str) -> (String, NetworkKind) {
        let Network { name, kind } = networks.find(address.parse().unwrap());
        (name.to_owned(), kind)
    }

    #[test]
    fn the_narrowest_network_is_meant_whatever_the_order() {
        // Catches a table that takes the first network that holds an address, and masks that are one bit off.
        use NetworkKind::{External, Internal};
        let mut all = vec![
            ("all", External, "0.0.0.0/0"),
            ("offices", Internal, "10.0.0.0/8"),
            ("partner", External, "10.20.0.0/16"),
            ("one", Internal, "10.20.0.7/32"),
            ("six", Internal, "2001:db8::/32"),
            ("mapped", Internal, "::ffff:203.0.113.0/120"),
        ];
        for _ in 0..all.len() {
            all.rotate_left(1);
            let networks = networks(&all);
            for (address, name, kind) in [
                ("10.1.2.3", "offices", Internal),
                ("10.20.255.255", "partner", External),
                ("10.21.0.0", "offices", Internal),
                ("10.20.0.7", "one", Internal),
                ("::ffff:10.20.0.8", "partner", External),
                ("203.0.113.9", "mapped", Internal),
                ("8.8.8.8", "all", External),
                ("2001:db8:ffff::1", "six", Internal),
                ("2001:db9::1", "public", External),
            ] {
                assert_eq!(found(&networks, address), (name.to_owned(), kind), "{address}");
            }
        }
    }

    #[test]
    fn what_nobody_named_is_told_by_its_class() {
        let none = Networks::default();
        for (address, name, own) in [
            ("127.0.0.1", "loopback", true),
            ("::1", "loopback", true),
            ("169.254.1.1", "link-local", true),
            ("fe80::1", "link-local", true),
            ("172.16.0.1", "private", true),
            ("172.32.0.1", "public", false),
            ("192.168.0.1", "private", true),
            ("fd00::1", "private", true),
            ("100.64.0.1", "shared", true),
            ("100.128.0.1", "public", false),
            ("2606:4700::1", "public", false),
            // Catches third parties that are no party at all, and neighbours of theirs that are.
            ("224.0.0.1", "multicast", true),
            ("239.1.1.1", "multicast", true),
            ("240.0.0.1", "public", false),
            ("223.255.255.255", "public", false),
            ("ff02::1", "multicast", true),
            ("255.255.255.255", "broadcast", true),
            ("255.255.255.254", "public", false),
            ("0.0.0.0", "unspecified", true),
            ("1.0.0.0", "public", false),
            ("::", "unspecified", true),
            ("::ffff:239.1.1.1", "multicast", true),
            ("198.18.0.1", "benchmark", true),
            ("198.19.255.255", "benchmark", true),
            ("198.17.255.255", "public", false),
            ("198.20.0.0", "public", false),
            ("2001:2::1", "benchmark", true),
            ("2001:2:1::1", "public", false),
        ] {
            assert!(NETWORK_CLASSES.contains(&name), "{name}");
            let kind = if own { NetworkKind::Internal } else { NetworkKind::External };
            assert_eq!(found(&none, address), (name.to_owned(), kind), "{address}");
        }
    }

    #[test]
    fn a_network_has_one_name() {
        let mut networks = networks(&[("a", NetworkKind::Internal, "10.1.0.0/16")]);
        assert!(!networks.add("b", NetworkKind::External, "10.1.2.3/16".parse().unwrap()), "the same network");
        assert_eq!(found(&networks, "10.1.0.1"), ("a".to_owned(), NetworkKind::Internal));
        assert!(networks.knows("a") && !networks.is_empty());
    }

    #[test]
    fn directions_are_seen_from_ones_own_networks() {
        use NetworkKind::{External, Internal};
        let all = [(External, Internal), (Internal, Internal), (Internal, External), (External, External)];
        assert_eq!(all.map(|(client, server)| Direction::between(client, server)), Direction::ALL);
    }
}
