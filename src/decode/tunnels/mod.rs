//! Packets inside packets: what carries a tunnel, and how its header comes off.
//!
//! To read another tunnel, write its `Peel` in a file of its own and give it a row here; the flag, the counter and the
//! tests over all rows follow. Headers that bridges and switches put between Ethernet and IP are
//! in `links/`.
//!
//! # What keeps tunnels apart
//!
//! Equal addresses in two networks are two hosts, so a tunnel that names its network narrows the scope. But the two
//! directions of one connection must meet: what is known to differ by direction names no network. (Where a number differs
//! by direction all the same, as VMware's mirror sessions have it in their GRE keys, `flow` joins the two.)
//!
//! | tunnel | narrowed by | why |
//! | --- | --- | --- |
//! | VXLAN, VXLAN-GPE, GENEVE, LISP | network number | one network, one number, at both ends; LISP only where its I flag says that there is one |
//! | NVGRE, GRE with a key, EoIP | key, without NVGRE's flow byte | both ends are configured with the same one |
//! | ERSPAN II and III | session number | one session mirrors both ways of its ports; its VLAN field is the tag before or behind a router, by direction, and does not count |
//! | GTP-U, L2TP, PPTP | both outer addresses, in no order | the numbers are chosen by the receiver, so each direction has its own |
//! | GRE without a key, ERSPAN I, IP in IP, EtherIP, MPLS, GUE, WCCP, Aruba, CAPWAP | nothing | no number; and often one direction alone is tunnelled (a load balancer's, whose servers answer directly) |
//! | Teredo, AYIYA | nothing | what is inside are addresses of the one Internet |

mod ayiya;
mod capwap;
mod erspan;
mod etherip;
mod geneve;
mod gre;
mod gtpu;
mod gue;
mod ipip;
mod l2tp;
mod lisp;
mod mpls;
mod next;
pub(super) mod nsh;
mod teredo;
mod vxlan;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::layer::{Decoded, IpPair, Layer, Peel, Skip, Slice};
use super::options::DecodeOptions;
use super::segment::{Datagram, Scope};

/// A kind of tunnel.
#[derive(Debug)]
pub(super) struct Tunnel {
    /// Its name in reports and in `--tunnel-port`.
    pub(super) name: &'static str,
    carriers: &'static [Carrier],
    apart: Apart,
    /// Several kinds may have one carrier: a peel that finds another's header says `Skip::Malformed`.
    peel: Peel,
}

/// What a tunnel's header stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// An IP protocol number.
    Ip(u8),
    /// A UDP destination port; the source port is free, and most senders spread flows by it.
    UdpTo(u16),
    /// A UDP port of either end.
    Udp(u16),
    /// Any UDP datagram, if it is of its shape. Asked last.
    UdpShape,
}

/// What keeps equal addresses inside apart. The table above says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Nothing, or a number in the header, which the peel itself enters.
    Header,
    /// The addresses outside, in no order.
    Ends,
}

/// The tunnels that can be read. Where several have one carrier the particular ones come first.
pub(super) const TUNNELS: &[Tunnel] = &[
    row("vxlan", &[Carrier::UdpTo(4789), Carrier::UdpTo(8472)], vxlan::peel),
    row("vxlan-gpe", &[Carrier::UdpTo(4790)], vxlan::peel_generic),
    row("geneve", &[Carrier::UdpTo(6081)], geneve::peel),
    between("gtpu", &[Carrier::Udp(2152)], gtpu::peel),
    row("erspan1", gre::CARRIERS, erspan::peel_first),
    row("erspan2", gre::CARRIERS, erspan::peel_second),
    row("erspan3", gre::CARRIERS, erspan::peel_third),
    row("nvgre", gre::CARRIERS, gre::peel_network),
    row("wccp", gre::CARRIERS, gre::peel_redirected),
    row("aruba", gre::CARRIERS, gre::peel_wireless),
    row("gre", gre::CARRIERS, gre::peel),
    between("pptp", &[Carrier::Ip(47)], gre::peel_enhanced),
    row("eoip", &[Carrier::Ip(47)], gre::peel_eoip),
    row("ipip", &[Carrier::Ip(4), Carrier::Ip(41)], ipip::peel),
    row("etherip", &[Carrier::Ip(97)], etherip::peel),
    row("mpls", &[Carrier::UdpTo(6635)], mpls::peel_datagram),
    row("mpls", &[Carrier::Ip(137)], mpls::peel),
    between("l2tp", &[Carrier::Udp(1701)], l2tp::peel),
    row("lisp", &[Carrier::UdpTo(4341)], lisp::peel),
    row("capwap", &[Carrier::Udp(5247)], capwap::peel),
    row("gue", &[Carrier::UdpTo(6080)], gue::peel),
    row("ayiya", &[Carrier::Udp(5072)], ayiya::peel),
    row("teredo", &[Carrier::Udp(3544)], teredo::peel),
    row("teredo", &[Carrier::UdpShape], teredo::peel_shape),
];

// One bit each in `Met`.
const _: () = assert!(TUNNELS.len() <= 64);

const fn row(name: &'static str, carriers: &'static [Carrier], peel: Peel) -> Tunnel {
    Tunnel { name, carriers, apart: Apart::Header, peel }
}

const fn between(name: &'static str, carriers: &'static [Carrier], peel: Peel) -> Tunnel {
    Tunnel { name, carriers, apart: Apart::Ends, peel }
}

/// The UDP ports that carry tunnels.
pub(super) fn tunnel_ports() -> BTreeSet<u16> {
    let carriers = TUNNELS.iter().flat_map(|tunnel| tunnel.carriers);
    let ports = carriers.filter_map(|carrier| match *carrier {
        Carrier::UdpTo(port) | Carrier::Udp(port) => Some(port),
        Carrier::Ip(_) | Carrier::UdpShape => None,
    });
    ports.collect()
}

/// The tunnels one frame has gone through, by their places in the table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met(u64);

impl Met {
    /// Places in `TUNNELS`.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        (0..TUNNELS.len()).filter(move |place| self.0 >> place & 1 == 1)
    }
}

/// Takes off the header of a tunnel straight over IP; `None` when `protocol` is not one.
pub(super) fn over_ip<'a>(
    protocol: u8,
    pair: IpPair,
    slice: Slice<'a>,
    scope: &mut Scope,
    met: &mut Met,
) -> Option<Layer<'a>> {
    let mut refused = None;
    for (place, tunnel) in TUNNELS.iter().enumerate() {
        if !tunnel.carriers.contains(&Carrier::Ip(protocol)) {
            continue;
        }
        match tunnel.try_peel(place, pair, slice, scope, met) {
            layer @ Layer::Done(Decoded::Skip(Skip::Malformed)) => refused = Some(layer),
            layer => return Some(layer),
        }
    }
    refused
}

/// Takes off the header of a tunnel over UDP. A port proves nothing: `None` means that the datagram is no tunnel,
/// or holds nothing that leads on.
pub(super) fn over_udp<'a>(
    options: &DecodeOptions,
    datagram: &Datagram<'a>,
    payload: Slice<'a>,
    scope: &mut Scope,
    met: &mut Met,
) -> Option<Layer<'a>> {
    let (from, to) = (datagram.from.port(), datagram.to.port());
    let pair = IpPair { from: datagram.from.ip(), to: datagram.to.ip() };
    let asked = options.tunnel_ports.iter().filter(|asked| asked.port() == to || asked.port() == from);
    let asked = asked.filter_map(|asked| TUNNELS.get(asked.place()).map(|tunnel| (asked.place(), tunnel)));
    let known = TUNNELS.iter().enumerate().filter(|(_, tunnel)| {
        tunnel.carriers.iter().any(|carrier| match *carrier {
            Carrier::UdpTo(port) => port == to,
            Carrier::Udp(port) => port == to || port == from,
            Carrier::UdpShape => true,
            Carrier::Ip(_) => false,
        })
    });
    for (place, tunnel) in asked.chain(known) {
        match tunnel.try_peel(place, pair, payload, scope, met) {
            Layer::Done(_) => {}
            layer => return Some(layer),
        }
    }
    None
}

impl Tunnel {
    /// Whether UDP carries it, so that another port may be named for it.
    pub(super) fn over_udp(&self) -> bool {
        self.carriers.iter().any(|carrier| matches!(carrier, Carrier::Udp(_) | Carrier::UdpTo(_)))
    }

    /// Peels; the scope and what was met change only when that leads on.
    fn try_peel<'a>(
        &self,
        place: usize,
        pair: IpPair,
        slice: Slice<'a>,
        scope: &mut Scope,
        met: &mut Met,
    ) -> Layer<'a> {
        let mut inner = *scope;
        if self.apart == Apart::Ends {
            enter_between(pair, &mut inner);
        }
        let layer = (self.peel)(slice, &mut inner);
        if !matches!(layer, Layer::Done(_)) {
            *scope = inner;
            met.0 |= 1 << place;
        }
        layer
    }
}

/// Narrows the scope to what lies between two addresses, the same seen from either.
fn enter_between(pair: IpPair, scope: &mut Scope) {
    const KIND: u16 = 0xffff;
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let (one, other) = (number(pair.from), number(pair.to));
    for end in [one.min(other), one.max(other)] {
        for word in end.to_be_bytes().chunks_exact(4) {
            scope.enter_tunnel(KIND, word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
        }
    }
}
