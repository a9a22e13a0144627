//! Packets put into tunnels, header by header: what a decoder must take off again.
//!
//! The unit tests of `decode::tunnels` use it, too.

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    There,
    Back,
}

/// A way to carry packets.
pub struct Wrap {
    /// What it is, for messages.
    pub name: &'static str,
    /// The tunnel's name in the counters; empty for what is no tunnel.
    pub kind: &'static str,
    /// Numbers keep equal addresses apart.
    pub apart: bool,
    /// It carries IPv6 alone.
    pub only_v6: bool,
    /// An Ethernet frame around an IP packet, by the number of the network.
    pub wrap: fn(&[u8], Way, u16) -> Vec<u8>,
}

const fn apart(name: &'static str, kind: &'static str, wrap: fn(&[u8], Way, u16) -> Vec<u8>) -> Wrap {
    Wrap { name, kind, apart: true, only_v6: false, wrap }
}

const fn mixed(name: &'static str, kind: &'static str, wrap: fn(&[u8], Way, u16) -> Vec<u8>) -> Wrap {
    Wrap { name, kind, apart: false, only_v6: false, wrap }
}

/// All there are.
pub const WRAPS: &[Wrap] = &[
    apart("vxlan", "vxlan", |packet, way, id| over_udp(way, 4789, &vxlan(0x08, 0, id, &frame(packet)))),
    apart("vxlan at Linux' port", "vxlan", |packet, way, id| over_udp(way, 8472, &vxlan(0x08, 0, id, &frame(packet)))),
    apart("vxlan with a policy", "vxlan", |packet, way, id| over_udp(way, 4789, &vxlan(0x88, 7, id, &frame(packet)))),
    apart("vxlan-gpe, Ethernet", "vxlan-gpe", |packet, way, id| {
        over_udp(way, 4790, &vxlan(0x0c, 3, id, &frame(packet)))
    }),
    apart("vxlan-gpe, IP", "vxlan-gpe", |packet, way, id| {
        over_udp(way, 4790, &vxlan(0x0c, following(packet), id, packet))
    }),
    apart("vxlan-gpe, NSH", "vxlan-gpe", |packet, way, id| {
        let services = cat(&[&[0x0f, 0xc6, 1, following(packet), 0, 0, 9, 255], &[0; 16], packet]);
        over_udp(way, 4790, &vxlan(0x0c, 4, id, &services))
    }),
    apart("geneve, Ethernet, options by direction", "geneve", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        let head = [2, 0x40, 0x65, 0x58, 0, high, low, 0, 1, 8, way as u8, 1, 0, 0, 0, way as u8];
        over_udp(way, 6081, &cat(&[&head, &frame(packet)]))
    }),
    apart("geneve, IP", "geneve", |packet, way, id| {
        let ([high, low], [one, two]) = (id.to_be_bytes(), label(packet));
        over_udp(way, 6081, &cat(&[&[0, 0, one, two, 0, high, low, 0], packet]))
    }),
    apart("gtpu", "gtpu", |packet, way, id| gtpu(0x30, &[], packet, way, id)),
    apart("gtpu, a sequence number", "gtpu", |packet, way, id| gtpu(0x32, &[0, 7, 0, 0], packet, way, id)),
    apart("gtpu, extensions", "gtpu", |packet, way, id| {
        gtpu(0x34, &[0, 0, 0, 0x85, 1, 0x10, 9, 0x84, 2, 0, 0, 0, 0, 0, 0, 0], packet, way, id)
    }),
    mixed("erspan1", "erspan1", |packet, way, _| over_gre(way, &[0, 0, 0x88, 0xbe], &frame(packet))),
    apart("erspan2", "erspan2", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        // The VLAN before and behind a router.
        let head = [0x10, 10 + way as u8, 0x18 | high & 3, low, 0, 0, 0, way as u8];
        over_gre(way, &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &cat(&[&head, &frame(packet)]))
    }),
    apart("erspan3", "erspan3", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        let head = [0x20, 0, high & 3, low, 1, 2, 3, 4, 0, 0, 0, (way as u8) << 3];
        over_gre(way, &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &cat(&[&head, &frame(packet)]))
    }),
    apart("erspan3, the platform's header, IP", "erspan3", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        let head = [0x20, 0, high & 3, low, 1, 2, 3, 4, 0, 0, 0x08, 0x07, 0x0c, 0, 0, 0, 0, 0, 0, 0];
        over_gre(way, &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &cat(&[&head, packet]))
    }),
    apart("nvgre, the flow by direction", "nvgre", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        over_gre(way, &[0x20, 0, 0x65, 0x58, 1, high, low, way as u8], &frame(packet))
    }),
    apart("gre, Ethernet under a small key", "gre", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        over_gre(way, &[0x20, 0, 0x65, 0x58, 0, 0, high & 0x0f, low], &frame(packet))
    }),
    mixed("wccp", "wccp", |packet, way, _| over_gre(way, &[0, 0, 0x88, 0x3e], &cat(&[&[0, 0, 0, 0], packet]))),
    mixed("gre", "gre", |packet, way, _| {
        let [one, two] = label(packet);
        over_gre(way, &[0, 0, one, two], packet)
    }),
    apart("gre, all fields and a route", "gre", |packet, way, id| {
        let ([high, low], [one, two]) = (id.to_be_bytes(), label(packet));
        let head = [0xf0, 0, one, two, 9, 9, 0, 0, 0, 0, high, low, 0, 0, 0, 1];
        over_gre(way, &cat(&[&head, &[8, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0]]), packet)
    }),
    mixed("gre, a checksum, Ethernet", "gre", |packet, way, _| {
        over_gre(way, &[0x80, 0, 0x65, 0x58, 1, 2, 0, 0], &frame(packet))
    }),
    mixed("gre, MPLS", "gre", |packet, way, _| over_gre(way, &[0, 0, 0x88, 0x47], &cat(&[&[0, 1, 1, 64], packet]))),
    mixed("gre, PPP", "gre", |packet, way, _| over_gre(way, &[0, 0, 0x88, 0x0b], &cat(&[&ppp(packet), packet]))),
    apart("gre over UDP", "gre", |packet, way, id| {
        let ([high, low], [one, two]) = (id.to_be_bytes(), label(packet));
        over_udp(way, 4754, &cat(&[&[0x20, 0, one, two, 0, 0, high, low], packet]))
    }),
    apart("pptp, calls by direction", "pptp", |packet, way, id| {
        let inner = cat(&[&[0xff, 3], &ppp(packet), packet]);
        let [high, low] = (inner.len() as u16).to_be_bytes();
        let head = [0x30, 0x81, 0x88, 0x0b, high, low, way as u8, 7, 0, 0, 0, 1, 0, 0, 0, 1];
        between(way, id, 47, &cat(&[&head, &inner]))
    }),
    apart("eoip", "eoip", |packet, way, id| {
        let (inner, [low, high]) = (frame(packet), id.to_le_bytes());
        let [one, two] = (inner.len() as u16).to_be_bytes();
        over_gre(way, &[0x20, 1, 0x64, 0, one, two, low, high], &inner)
    }),
    mixed("ipip", "ipip", |packet, way, _| between(way, 0, if is_v6(packet) { 41 } else { 4 }, packet)),
    mixed("etherip", "etherip", |packet, way, _| between(way, 0, 97, &cat(&[&[0x30, 0], &frame(packet)]))),
    mixed("mpls over IP", "mpls", |packet, way, _| between(way, 0, 137, &cat(&[&[0, way as u8, 1, 64], packet]))),
    mixed("mpls over UDP", "mpls", |packet, way, _| over_udp(way, 6635, &cat(&[&[0, way as u8, 1, 64], packet]))),
    apart("l2tp, sessions by direction", "l2tp", |packet, way, id| {
        l2tp(way, id, &cat(&[&[0, 2, 0, way as u8, 0, 7, 0xff, 3], &ppp(packet), packet]))
    }),
    apart("l2tp, all fields", "l2tp", |packet, way, id| {
        let rest = cat(&[&[0, way as u8, 0, 7, 0, 1, 0, 1, 0, 2, 0, 0], &ppp(packet), packet]);
        let len = (rest.len() as u16 + 4).to_be_bytes();
        l2tp(way, id, &cat(&[&[0x4a, 2], &len, &rest]))
    }),
    apart("lisp, an instance", "lisp", |packet, way, id| {
        let [high, low] = id.to_be_bytes();
        over_udp(way, 4341, &cat(&[&[0x88, 1, 2, way as u8, 0, high, low, 1], packet]))
    }),
    mixed("lisp", "lisp", |packet, way, _| over_udp(way, 4341, &cat(&[&[0xc0, 1, 2, 3, 0, 0, 0, 1], packet]))),
    mixed("capwap, Ethernet", "capwap", |packet, way, _| {
        over_udp(way, 5247, &cat(&[&[0, 0x10, 2, 0, 0, 0, 0, 0], &frame(packet)]))
    }),
    mixed("capwap, 802.11 swapped", "capwap", |packet, way, _| {
        let head = [0, 0x20, 3, 0x20, 0, 0, 0, 0, 4, 0xbf, 0x23, 0, 0, 0, 0, 0];
        let station = cat(&[&[1 + way as u8, 0x88], &[2; 22], &[0, 0, 0xaa, 0xaa, 3, 0, 0, 0], &label(packet), packet]);
        over_udp(way, 5247, &cat(&[&head, &station]))
    }),
    mixed("gue", "gue", |packet, way, _| {
        over_udp(way, 6080, &cat(&[&[1, if is_v6(packet) { 41 } else { 4 }, 0, 0, 1, 2, 3, 4], packet]))
    }),
    mixed("gue without a header", "gue", |packet, way, _| over_udp(way, 6080, packet)),
    mixed("ayiya", "ayiya", |packet, way, _| {
        let head = [0x44, 0x52, 0x11, if is_v6(packet) { 41 } else { 4 }, 1, 2, 3, 4];
        over_udp(way, 5072, &cat(&[&head, &[way as u8; 16], &[9; 20], packet]))
    }),
    Wrap {
        only_v6: true,
        ..mixed("teredo at its port", "teredo", |packet, way, _| {
            let indications =
                [0, 1, 2, 3, 1, 2, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x9c, 0x40, 245, 255, 255, 254];
            over_udp(way, 3544, &cat(&[&indications, packet]))
        })
    },
    Wrap { only_v6: true, ..mixed("teredo at any port", "teredo", |packet, way, _| over_udp(way, 50_001, packet)) },
    mixed("6in4 or 4in4 in VLANs", "ipip", |packet, way, _| {
        let inner = between(way, 0, if is_v6(packet) { 41 } else { 4 }, packet);
        cat(&[&[2; 12], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6], &inner[12..]])
    }),
    apart("pbb", "", |packet, _, id| {
        let [high, low] = id.to_be_bytes();
        ethernet([0x88, 0xe7], &cat(&[&[0x10, 0, high, low], &frame(packet)]))
    }),
    mixed("nsh", "", |packet, _, _| {
        ethernet([0x89, 0x4f], &cat(&[&[0x0f, 0xc2, 2, following(packet), 0, 0, 9, 255], packet]))
    }),
    mixed("trill", "", |packet, _, _| {
        ethernet([0x22, 0xf3], &cat(&[&[0, 0x4f, 0, 1, 0, 2, 9, 9, 9, 9], &frame(packet)]))
    }),
    mixed("fabricpath", "", |packet, _, _| ethernet([0x89, 3], &cat(&[&[0, 0x60], &frame(packet)]))),
    mixed("macsec", "", |packet, _, _| {
        ethernet([0x88, 0xe5], &cat(&[&[0, 0, 0, 0, 0, 1], &label(packet), packet, &[7; 16]]))
    }),
    mixed("macsec, a channel", "", |packet, _, _| {
        ethernet([0x88, 0xe5], &cat(&[&[0x20, 0, 0, 0, 0, 1], &[5; 8], &label(packet), packet, &[7; 16]]))
    }),
    mixed("cisco metadata", "", |packet, _, _| {
        ethernet([0x89, 9], &cat(&[&[1, 1, 0, 1, 0, 4], &label(packet), packet]))
    }),
    mixed("vn-tag", "", |packet, way, _| {
        ethernet([0x89, 0x26], &cat(&[&[way as u8, 1, 0, 2], &label(packet), packet]))
    }),
    mixed("e-tag", "", |packet, way, _| {
        ethernet([0x89, 0x3f], &cat(&[&[0, way as u8, 0, 2, 0, 0], &label(packet), packet]))
    }),
    mixed("r-tag", "", |packet, _, _| ethernet([0xf1, 0xc1], &cat(&[&[0, 0, 0, 2], &label(packet), packet]))),
];

/// Pieces put one after the other.
pub fn cat(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// An Ethernet frame by its EtherType.
pub fn ethernet(label: [u8; 2], payload: &[u8]) -> Vec<u8> {
    cat(&[&[2; 12], &label, payload])
}

/// An IP packet in its Ethernet frame.
pub fn frame(packet: &[u8]) -> Vec<u8> {
    ethernet(label(packet), packet)
}

/// A UDP datagram between the hosts outside, to `port`; the other port spreads flows.
pub fn over_udp(way: Way, port: u16, payload: &[u8]) -> Vec<u8> {
    between(way, 0, 17, &udp(50_000 + way as u16, port, payload))
}

/// The EtherType of an IP packet.
fn label(packet: &[u8]) -> [u8; 2] {
    if is_v6(packet) { [0x86, 0xdd] } else { [8, 0] }
}

fn is_v6(packet: &[u8]) -> bool {
    packet[0] >> 4 == 6
}

/// The "next protocol" of an IP packet.
fn following(packet: &[u8]) -> u8 {
    1 + u8::from(is_v6(packet))
}

fn ppp(packet: &[u8]) -> [u8; 2] {
    if is_v6(packet) { [0, 0x57] } else { [0, 0x21] }
}

fn vxlan(flags: u8, fourth: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    cat(&[&[flags, 0, 0, fourth, 0, high, low, 0], payload])
}

/// The receiver's number, so each way has its own.
fn gtpu(flags: u8, optional: &[u8], packet: &[u8], way: Way, id: u16) -> Vec<u8> {
    let len = ((optional.len() + packet.len()) as u16).to_be_bytes();
    let inner = cat(&[&[flags, 255], &len, &[1, 2, way as u8, 4], optional, packet]);
    between(way, id, 17, &udp(2152, 2152, &inner))
}

/// The one end's port is its own choice.
fn l2tp(way: Way, id: u16, message: &[u8]) -> Vec<u8> {
    let (from, to) = if way == Way::There { (50_002, 1701) } else { (1701, 50_002) };
    between(way, id, 17, &udp(from, to, message))
}

fn over_gre(way: Way, head: &[u8], payload: &[u8]) -> Vec<u8> {
    between(way, 0, 47, &cat(&[head, payload]))
}

fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 8).to_be_bytes();
    cat(&[&from.to_be_bytes(), &to.to_be_bytes(), &len, &[0, 0], payload])
}

/// An IPv4 packet in its frame, between the two hosts outside; `id` is a number of theirs.
pub fn between(way: Way, id: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let (one, other) = ([192, high, low, 1], [192, high, low, 2]);
    let (from, to) = if way == Way::There { (one, other) } else { (other, one) };
    let len = (payload.len() as u16 + 20).to_be_bytes();
    ethernet([8, 0], &cat(&[&[0x45, 0], &len, &[0, 0, 0x40, 0, 64, protocol, 0, 0], &from, &to, payload]))
}
