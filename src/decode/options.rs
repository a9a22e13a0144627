//! How frames are read, where more than one way is right: what whoever runs the sensor chose.

use std::str::FromStr;

use super::tunnels::{TUNNELS, tunnel_ports};

/// What the user knows of the network that frames do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    /// UDP ports of tunnels beside those that the standards name; asked before them.
    pub tunnel_ports: Vec<TunnelPort>,
    /// Packets whose checksum is wrong are not delivered. Off by default: where the sending host itself captures, its
    /// card fills the checksums in later.
    pub verify_checksums: bool,
}

impl DecodeOptions {
    /// A capture filter (`pcap-filter(7)`) that leaves out what nothing here reads: UDP to and from ports that carry no
    /// tunnel. QUIC stays, so that it is counted, and so do fragments, whose ports are elsewhere. Frames with tags that
    /// the filter does not look behind pass.
    #[must_use]
    pub fn capture_filter(&self) -> String {
        let mut ports = tunnel_ports();
        ports.extend(self.tunnel_ports.iter().map(|asked| asked.port()));
        ports.insert(QUIC);
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        format!("not udp or udp port ({}) or ip[6:2] & 0x3fff != 0 or ip6[6] = 44", ports.join(" or "))
    }
}

/// Where HTTP/3 is spoken (RFC 9114 section 3.1 leaves the port open; this is the one in use).
const QUIC: u16 = 443;

/// A UDP port that carries a kind of tunnel, written `kind:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelPort {
    place: usize,
    port: u16,
}

impl TunnelPort {
    /// The kind's place in `TUNNELS`.
    pub(super) const fn place(self) -> usize {
        self.place
    }

    pub(super) const fn port(self) -> u16 {
        self.port
    }

    /// The kinds there are.
    fn kinds() -> String {
        let names: Vec<&str> = TUNNELS.iter().filter(|tunnel| tunnel.over_udp()).map(|tunnel| tunnel.name).collect();
        names.join(", ")
    }
}

impl FromStr for TunnelPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((kind, port)) = text.split_once(':') else {
            return Err(format!("a tunnel and a port are wanted, such as vxlan:14789; tunnels are {}", Self::kinds()));
        };
        let Some(place) = TUNNELS.iter().position(|tunnel| tunnel.over_udp() && tunnel.name == kind) else {
            return Err(format!("no tunnel over UDP is called '{kind}'; there are {}", Self::kinds()));
        };
        match port.parse::<u16>() {
            Ok(port) if port > 0 => Ok(Self { place, port }),
            _ => Err(format!("'{port}' is no port; a number from 1 to 65535 is wanted, such as {kind}:14789")),
        }
    }
}
