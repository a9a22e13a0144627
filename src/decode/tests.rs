//! Frames written byte by byte, whole and broken, peeled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::link::LINKS;
use super::*;
use crate::capture::{Frame, LinkType};
use crate::limits::Limits;
use crate::time::Timestamp;

const ETHER4: u16 = 0x0800;
const ETHER6: u16 = 0x86dd;

/// Ports 1025 to 80, sequence 0x01020304, acknowledgment 5, PSH and ACK.
fn tcp(payload: &[u8]) -> Vec<u8> {
    let head = [4, 1, 0, 80, 1, 2, 3, 4, 0, 0, 0, 5, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
    [&head[..], payload].concat()
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 8).to_be_bytes();
    [&[4, 1][..], &port.to_be_bytes(), &len, &[0, 0], payload].concat()
}

/// 10.0.0.1 to 10.0.0.2.
fn ip4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ip4_part(protocol, 0, 0, payload)
}

/// A fragment; `place` is the flags and offset field.
fn ip4_part(protocol: u8, id: u16, place: u16, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16 + 20).to_be_bytes();
    let [id, place] = [id.to_be_bytes(), place.to_be_bytes()];
    let head = [&[0x45, 0][..], &len, &id, &place, &[64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]].concat();
    [head, payload.to_vec()].concat()
}

/// fe80::1 to fe80::2.
fn ip6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [from, to] = [1, 2].map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).octets());
    let len = (payload.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0][..], &len, &[next, 64], &from, &to, payload].concat()
}

/// IPv6 fragment header and what follows; `place` is offset and flag.
fn ip6_part(next: u8, id: u32, place: u16, payload: &[u8]) -> Vec<u8> {
    ip6(44, &[&[next, 0][..], &place.to_be_bytes(), &id.to_be_bytes(), payload].concat())
}

fn ethernet(label: u16, payload: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &label.to_be_bytes(), payload].concat()
}

fn tag(id: u16, label: u16, payload: &[u8]) -> Vec<u8> {
    [&id.to_be_bytes()[..], &label.to_be_bytes(), payload].concat()
}

fn frame(link: LinkType, bytes: &[u8]) -> Frame<'_> {
    Frame { time: Timestamp::from_parts(1, 0), link, wire_len: bytes.len() as u32, bytes }
}

fn decoder() -> Decoder {
    Decoder::new(&Limits::default(), &DecodeOptions::default())
}

/// What came out, without what it points into.
#[derive(Debug, PartialEq)]
enum Got {
    Segment { scope: Scope, payload: Vec<u8>, cut: u32 },
    Datagram { scope: Scope, port: u16, payload: Vec<u8> },
    Other(u8),
    NotIp(u16),
    Held,
    Skip(Skip),
}

fn got(decoder: &mut Decoder, frame: &Frame<'_>) -> Got {
    match decoder.decode(frame) {
        Decoded::Segment(segment) => {
            assert_eq!((segment.from.port(), segment.to.port(), segment.time), (1025, 80, frame.time));
            assert_eq!((segment.seq, segment.ack), (Seq(0x0102_0304), Seq(5)));
            assert_eq!(segment.flags, TcpFlags::PSH.with(TcpFlags::ACK));
            let v4 = [1, 2].map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
            let v6 = [1, 2].map(|last| IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last)));
            assert!([v4, v6].contains(&[segment.from.ip(), segment.to.ip()]));
            Got::Segment { scope: segment.scope, payload: segment.payload.to_vec(), cut: segment.cut }
        }
        Decoded::Datagram(datagram) => {
            Got::Datagram { scope: datagram.scope, port: datagram.to.port(), payload: datagram.payload.to_vec() }
        }
        Decoded::OtherIp(protocol) => Got::Other(protocol),
        Decoded::NotIp(label) => Got::NotIp(label),
        Decoded::Held => Got::Held,
        Decoded::Skip(why) => Got::Skip(why),
    }
}

fn once(link: LinkType, bytes: &[u8]) -> Got {
    got(&mut decoder(), &frame(link, bytes))
}

fn segment(payload: &[u8]) -> Got {
    Got::Segment { scope: Scope::default(), payload: payload.to_vec(), cut: 0 }
}

fn in_scope(vlans: u32, tunnels: u64, payload: &[u8]) -> Got {
    Got::Segment { scope: Scope { vlans, tunnels }, payload: payload.to_vec(), cut: 0 }
}

/// One good frame of every link type, and of every header between it and TCP.
fn good() -> Vec<(LinkType, Vec<u8>)> {
    let (four, six) = (ip4(6, &tcp(b"GET")), ip6(6, &tcp(b"GET")));
    let before = |head: &[u8], packet: &[u8]| [head, packet].concat();
    let snap = before(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &four);
    let authentication =
        before(&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], &tcp(b"GET"));
    let options = before(&[43, 0, 1, 4, 0, 0, 0, 0, 60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]);
    let chain = before(&before(&options, &[6, 0, 1, 4, 0, 0, 0, 0]), &tcp(b"GET"));
    vec![
        (LinkType::ETHERNET, ethernet(ETHER4, &four)),
        (LinkType::ETHERNET, ethernet(ETHER6, &six)),
        (LinkType::ETHERNET, ethernet(0x8100, &tag(0, ETHER4, &four))),
        (LinkType::ETHERNET, ethernet(snap.len() as u16, &snap)),
        (LinkType::ETHERNET, ethernet(ETHER4, &ip4(51, &authentication))),
        (LinkType::ETHERNET, ethernet(ETHER6, &ip6(51, &authentication))),
        (LinkType::ETHERNET, ethernet(ETHER6, &ip6(0, &chain))),
        (LinkType::ETHERNET, ethernet(ETHER6, &ip6_part(6, 9, 0, &tcp(b"GET")))),
        (LinkType::ETHERNET, ethernet(0x8847, &before(&[0, 1, 0, 64, 0, 2, 1, 64], &four))),
        (LinkType::ETHERNET, ethernet(ETHER4, &ip4(41, &six))),
        (LinkType::ETHERNET, ethernet(ETHER4, &ip4(47, &before(&[0x80, 0, 8, 0, 0, 0, 0, 0], &four)))),
        (LinkType::LINUX_SLL, before(&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0], &four)),
        (LinkType::LINUX_SLL2, before(&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0], &four)),
        (LinkType::NULL, before(&[2, 0, 0, 0], &four)),
        (LinkType::NULL, before(&[0, 0, 0, 30], &six)),
        (LinkType::LOOP, before(&[0, 0, 0, 24], &six)),
        (LinkType::RAW, four.clone()),
        (LinkType::RAW_BSD, six.clone()),
        (LinkType::RAW_OPENBSD, four.clone()),
        (LinkType::IPV4, four.clone()),
        (LinkType::IPV6, six),
        (LinkType(9), before(&[0xff, 3, 0, 0x21], &four)),
        (LinkType(50), before(&[0xff, 3, 0x21], &four)),
        (LinkType(104), before(&[0x0f, 0, 8, 0], &four)),
        (LinkType(129), before(&[1, 2, 0, 0, 0xd4, 0, 0, 1], &four)),
    ]
}

#[test]
fn every_link_type_and_header_leads_to_the_segment() {
    for (link, bytes) in good() {
        assert_eq!(once(link, &bytes), segment(b"GET"), "{link:?} {bytes:02x?}");
    }
    for (link, _) in LINKS {
        assert!(good().iter().any(|(known, _)| known == link), "{link:?} has no good frame here");
    }
}

#[test]
fn every_prefix_is_a_cut_segment_or_truncated() {
    // Catches a header read past what was captured, and a cut that is not told.
    for (link, bytes) in good() {
        for at in 0..bytes.len() {
            let cut = Frame { wire_len: bytes.len() as u32, ..frame(link, &bytes[..at]) };
            match got(&mut decoder(), &cut) {
                Got::Skip(Skip::Truncated) => assert!(at < bytes.len() - 3, "{link:?} at {at}"),
                Got::Segment { payload, cut, .. } => {
                    assert_eq!((payload.len(), cut as usize), (at + 3 - bytes.len(), bytes.len() - at), "{link:?}");
                }
                other => panic!("{link:?} cut at {at}: {other:?}"),
            }
        }
    }
}

#[test]
fn mutations_never_panic_and_end_in_one_result() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut frames = good();
    frames.push((LinkType::ETHERNET, ethernet(ETHER4, &ip4_part(6, 1, 0x2000, &tcp(&[1; 60])))));
    frames.push((LinkType::ETHERNET, ethernet(ETHER6, &ip6_part(6, 1, 1, &tcp(&[1; 60])))));
    frames.push((LinkType::ETHERNET, ethernet(0x8864, &[&[0x11, 0, 0, 1, 0, 50, 0, 0x57][..], &ip6(6, &[])].concat())));
    let vxlan = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet(ETHER4, &ip4(6, &tcp(b"x")))].concat();
    frames.push((LinkType::ETHERNET, ethernet(ETHER4, &ip4(17, &udp(4789, &vxlan)))));
    let mut decoder = decoder();
    for round in 0..2_000_u64 {
        for (link, bytes) in &frames {
            let mut bytes = bytes.clone();
            for _ in 0..=random() % 5 {
                let at = random() as usize % bytes.len();
                bytes[at] = random() as u8;
            }
            bytes.truncate(random() as usize % (bytes.len() * 2));
            let time = Timestamp::from_nanos(round * 1_000_000);
            let wire_len = (bytes.len() as u32).saturating_add(random() as u32 % 100);
            let (payload, cut) = match decoder.decode(&Frame { time, link: *link, wire_len, bytes: &bytes }) {
                Decoded::Segment(segment) => (segment.payload.len(), segment.cut),
                Decoded::Datagram(datagram) => (datagram.payload.len(), 0),
                _ => continue,
            };
            assert!(payload <= 65_535 && cut <= 65_535, "{bytes:02x?}");
        }
    }
    assert!(decoder.counts().fragments.held > 0);
}

#[test]
fn vlan_tags_narrow_the_scope() {
    let packet = ip4(6, &tcp(b"x"));
    for outer in [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300] {
        let inner = tag(0xe007, 0x8100, &tag(5, ETHER4, &packet));
        assert_eq!(once(LinkType::ETHERNET, &ethernet(outer, &inner)), in_scope(5 << 12 | 7, 0, b"x"));
    }
    // Two are told apart, a third changes nothing but is peeled.
    let three = ethernet(0x88a8, &tag(1, 0x8100, &tag(2, 0x8100, &tag(3, ETHER4, &packet))));
    assert_eq!(once(LinkType::ETHERNET, &three), in_scope(2 << 12 | 1, 0, b"x"));
}

#[test]
fn tunnels_narrow_the_scope_by_their_number() {
    let inner = ethernet(ETHER4, &ip4(6, &tcp(b"x")));
    let vxlan = |network: u8| {
        let payload = [&[8, 0, 0, 0, 0, 0, network, 0][..], &inner].concat();
        match once(LinkType::RAW, &ip4(17, &udp(4789, &payload))) {
            Got::Segment { scope, .. } => scope.tunnels,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(vxlan(1), vxlan(1));
    assert!(vxlan(1) != vxlan(2) && vxlan(0) != 0);
    let keyed = [&[0x20, 0, 8, 0, 0, 0, 0, 9][..], &ip4(6, &tcp(b"x"))].concat();
    assert!(matches!(once(LinkType::RAW, &ip4(47, &keyed)), Got::Segment { scope, .. } if scope.tunnels != 0));
    let session = [&[0x11, 0, 0, 1, 0, 43, 0, 0x21][..], &ip4(6, &tcp(b"x"))].concat();
    let pppoe = once(LinkType::ETHERNET, &ethernet(0x8864, &session));
    assert!(matches!(pppoe, Got::Segment { scope, .. } if scope.tunnels != 0));
    // A port proves nothing: without the flag it stays a datagram, in its own scope.
    let other = Got::Datagram { scope: Scope::default(), port: 4789, payload: vec![0; 20] };
    assert_eq!(once(LinkType::RAW, &ip4(17, &udp(4789, &[0; 20]))), other);
}

#[test]
fn padding_is_no_payload_and_a_missing_length_takes_all() {
    let mut padded = ethernet(ETHER4, &ip4(6, &tcp(b"")));
    padded.extend([0; 6]);
    assert_eq!(once(LinkType::ETHERNET, &padded), segment(b""));
    let mut padded = ethernet(ETHER6, &ip6(6, &tcp(b"ab")));
    padded.extend(b"fcs.");
    assert_eq!(once(LinkType::ETHERNET, &padded), segment(b"ab"));
    // Segmentation offload: captured before the lengths were filled in.
    let mut offloaded = ip4(6, &tcp(b"large"));
    offloaded[2..4].fill(0);
    assert_eq!(once(LinkType::RAW, &offloaded), segment(b"large"));
    let mut offloaded = ip6(6, &tcp(b"large"));
    offloaded[4..6].fill(0);
    assert_eq!(once(LinkType::RAW, &offloaded), segment(b"large"));
}

#[test]
fn what_the_snap_length_cut_is_told_without_the_padding() {
    let bytes = ethernet(ETHER4, &ip4(6, &tcp(b"0123456789")));
    // 40 bytes of trailer were on the wire, too: they are not missing payload.
    let cut = Frame { wire_len: bytes.len() as u32 + 40, ..frame(LinkType::ETHERNET, &bytes[..bytes.len() - 4]) };
    let want = Got::Segment { scope: Scope::default(), payload: b"012345".to_vec(), cut: 4 };
    assert_eq!(got(&mut decoder(), &cut), want);
}

#[test]
fn what_is_not_tcp_is_named() {
    let ether = |label, payload: &[u8]| once(LinkType::ETHERNET, &ethernet(label, payload));
    assert_eq!(ether(0x0806, &[0; 28]), Got::NotIp(0x0806));
    assert_eq!(ether(38, &[0x42; 46]), Got::NotIp(0));
    assert_eq!(ether(ETHER4, &ip4(1, &[8, 0])), Got::Other(1));
    assert_eq!(ether(ETHER6, &ip6(58, &[128, 0])), Got::Other(58));
    let datagram = Got::Datagram { scope: Scope::default(), port: 53, payload: b"query".to_vec() };
    assert_eq!(ether(ETHER4, &[&ip4(17, &udp(53, b"query"))[..], &[0; 9]].concat()), datagram);
    assert_eq!(once(LinkType::NULL, &[7, 0, 0, 0, 1]), Got::NotIp(0));
    let mut decoder = decoder();
    for link in 1000..1100 {
        assert_eq!(got(&mut decoder, &frame(LinkType(link), b"?")), Got::Skip(Skip::UnknownLink));
    }
    assert_eq!((decoder.counts().unknown_links.len(), decoder.counts().other_unknown_links), (64, 36));
}

#[test]
fn headers_that_contradict_themselves_are_malformed() {
    let spoil = |packet: Vec<u8>, at: usize, value: u8| {
        let mut packet = packet;
        packet[at] = value;
        once(LinkType::RAW, &packet)
    };
    let malformed = Got::Skip(Skip::Malformed);
    assert_eq!(spoil(ip4(6, &tcp(b"x")), 0, 0x55), malformed);
    assert_eq!(spoil(ip4(6, &tcp(b"x")), 0, 0x44), malformed);
    assert_eq!(spoil(ip4(6, &tcp(b"x")), 3, 19), malformed);
    assert_eq!(spoil(ip4(6, &tcp(b"x")), 32, 0x40), malformed);
    assert_eq!(spoil(ip4(6, &tcp(b"x")), 32, 0xf0), malformed);
    assert_eq!(spoil(ip4(17, &udp(53, b"x")), 25, 7), malformed);
    assert_eq!(once(LinkType::RAW, &ip4(6, &tcp(b"")[..12])), malformed);
}

#[test]
fn headers_inside_headers_end_at_the_limit() {
    let mut packet = ip4(6, &tcp(b"x"));
    for _ in 0..14 {
        packet = ip4(4, &packet);
    }
    assert_eq!(once(LinkType::RAW, &packet), segment(b"x"));
    for _ in 0..14 {
        packet = ip4(4, &packet);
    }
    assert_eq!(once(LinkType::RAW, &packet), Got::Skip(Skip::TooDeep));
    assert_eq!(once(LinkType::RAW, &ip6(60, &[60, 0, 0, 0, 0, 0, 0, 0].repeat(40))), Got::Skip(Skip::TooDeep));
    assert_eq!(once(LinkType::ETHERNET, &ethernet(0x8847, &[0; 90])), Got::Skip(Skip::TooDeep));
}

/// A TCP payload of `len` bytes in fragments of `step`, as frames of raw IP.
fn in_fragments(version: u8, id: u16, len: usize, step: usize) -> Vec<Vec<u8>> {
    let whole = tcp(&body(len));
    let last = whole.len().div_ceil(step) - 1;
    let parts = whole.chunks(step).enumerate();
    parts
        .map(|(index, bytes)| {
            let (units, more) = ((index * step / 8) as u16, u16::from(index != last));
            match version {
                4 => ip4_part(6, id, more << 13 | units, bytes),
                _ => ip6_part(6, id.into(), units << 3 | more, bytes),
            }
        })
        .collect()
}

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

#[test]
fn fragments_in_any_order_become_the_whole() {
    for version in [4, 6] {
        let parts = in_fragments(version, 1, 1000, 128);
        let orders: [Vec<usize>; 3] = [
            (0..parts.len()).collect(),
            (0..parts.len()).rev().collect(),
            (0..parts.len()).map(|at| at * 5 % parts.len()).collect(),
        ];
        for order in orders {
            let mut decoder = decoder();
            let all: Vec<_> = order.iter().map(|at| got(&mut decoder, &frame(LinkType::RAW, &parts[*at]))).collect();
            let (last, held) = all.split_last().unwrap();
            assert!(held.iter().all(|got| *got == Got::Held), "IPv{version} {order:?}");
            assert_eq!(*last, segment(&body(1000)), "IPv{version} {order:?}");
            let counts = decoder.counts().fragments;
            assert_eq!((counts.completed, counts.waiting, counts.overlapping, counts.duplicate), (1, 0, 0, 0));
        }
    }
}

#[test]
fn a_mirror_ports_copies_of_fragments_change_nothing() {
    // Catches copies that arrive after the whole and begin a datagram of their own.
    let parts = in_fragments(4, 1, 100, 48);
    let mut decoder = decoder();
    let mut wholes = 0;
    for part in parts.iter().flat_map(|part| [part, part]) {
        wholes += usize::from(got(&mut decoder, &frame(LinkType::RAW, part)) == segment(&body(100)));
    }
    let counts = decoder.counts().fragments;
    assert_eq!((wholes, counts.completed, counts.waiting, counts.duplicate), (1, 1, 0, parts.len() as u64));
    // The same id later is another datagram.
    for part in &parts {
        let later = Frame { time: Timestamp::from_parts(4, 0), ..frame(LinkType::RAW, part) };
        wholes += usize::from(got(&mut decoder, &later) == segment(&body(100)));
    }
    assert_eq!(wholes, 2);
}

#[test]
fn in_overlaps_what_came_first_stays() {
    let whole = tcp(b"0123456789abcdef0123");
    let mut decoder = decoder();
    let mut send = |at: usize, bytes: &[u8], more: u16| {
        let part = ip4_part(6, 1, more << 13 | (at / 8) as u16, bytes);
        got(&mut decoder, &frame(LinkType::RAW, &part))
    };
    assert_eq!(send(16, &whole[16..24], 1), Got::Held);
    // Overlaps the middle on both sides with lies.
    let mut liar = whole[8..32].to_vec();
    liar[8..16].fill(b'!');
    assert_eq!(send(8, &liar, 1), Got::Held);
    assert_eq!(send(8, &[b'?'; 16], 1), Got::Held);
    assert_eq!(send(0, &whole[..8], 1), Got::Held);
    assert_eq!(send(32, &whole[32..], 0), segment(b"0123456789abcdef0123"));
    let counts = decoder.counts().fragments;
    assert_eq!((counts.overlapping, counts.duplicate), (1, 1));
}

#[test]
fn fragments_of_equal_addresses_in_other_networks_never_mix() {
    let parts = in_fragments(4, 1, 100, 64);
    let mut decoder = decoder();
    let mut send = |vlan: u16, part: &[u8]| {
        let bytes = ethernet(0x8100, &tag(vlan, ETHER4, part));
        got(&mut decoder, &frame(LinkType::ETHERNET, &bytes))
    };
    assert_eq!(send(1, &parts[0]), Got::Held);
    assert_eq!(send(2, &parts[1]), Got::Held);
    assert_eq!(send(2, &parts[0]), in_scope(2, 0, &body(100)));
}

#[test]
fn fragments_that_contradict_others_are_refused() {
    let mut decoder = decoder();
    let mut send = |place: u16, bytes: &[u8]| {
        let part = ip4_part(6, 1, place, bytes);
        got(&mut decoder, &frame(LinkType::RAW, &part))
    };
    let bad = Got::Skip(Skip::BadFragment);
    assert_eq!(send(0x1fff, &[0; 16]), bad, "past what a packet can be");
    assert_eq!(send(0x2000, b""), bad, "nothing in it");
    assert_eq!(send(4, &[0; 8]), Got::Held);
    assert_eq!(send(5, &[0; 8]), bad, "a second end");
    assert_eq!(send(0x2005, &[0; 8]), bad, "past the end");
    assert_eq!(decoder.counts().fragments.bad, 4);
    let torn = ip6_part(6, 1, 1, &[0; 9]);
    assert_eq!(once(LinkType::RAW, &torn), Got::Skip(Skip::BadFragment));
    let bytes = ip4_part(6, 1, 0x2000, &[0; 64]);
    let cut = Frame { wire_len: bytes.len() as u32, ..frame(LinkType::RAW, &bytes[..50]) };
    assert_eq!(got(&mut decoder, &cut), Got::Skip(Skip::Truncated));
}

#[test]
fn fragments_wait_no_longer_than_they_may_and_take_no_more_than_they_may() {
    let limits = Limits { fragment_bytes: 64 << 10, ..Limits::default() };
    let mut decoder = Decoder::new(&limits, &DecodeOptions::default());
    let parts = in_fragments(4, 1, 100, 64);
    let at = |seconds| Timestamp::from_parts(seconds, 0);
    assert_eq!(got(&mut decoder, &Frame { time: at(100), ..frame(LinkType::RAW, &parts[0]) }), Got::Held);
    assert_eq!(got(&mut decoder, &Frame { time: at(161), ..frame(LinkType::RAW, &parts[1]) }), Got::Held);
    assert_eq!((decoder.counts().fragments.expired, decoder.counts().fragments.waiting), (1, 1));
    // A stamp from next year throws nothing out.
    assert_eq!(got(&mut decoder, &Frame { time: at(1 << 32), ..frame(LinkType::RAW, &parts[0]) }), segment(&body(100)));

    for id in 100..20_100 {
        let part = ip4_part(6, id, 0x2000, &[1; 64]);
        assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &part)), Got::Held);
    }
    let counts = decoder.counts().fragments;
    assert!(counts.waiting > 50 && counts.waiting < 1_000, "{counts:?}");
    assert_eq!(counts.evicted + counts.waiting, 20_000);
    // The newest are still there.
    let rest = ip4_part(6, 20_099, 8, b"");
    assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &rest)), Got::Skip(Skip::BadFragment));
    let rest = ip4_part(6, 20_099, 8, &[1; 8]);
    assert!(!matches!(decoder.decode(&frame(LinkType::RAW, &rest)), Decoded::Held));
}

#[test]
fn tiny_fragments_cost_time_in_proportion() {
    // 8,192 fragments of 8 bytes, backwards, then ever larger ones over them. Quadratic work would not end; the count
    // of one datagram's fragments ends it first.
    let mut decoder = decoder();
    let mut refused = 0;
    for at in (0..8_191_u16).rev() {
        let part = ip4_part(6, 1, 0x2000 | at, &[1; 8]);
        refused += u32::from(got(&mut decoder, &frame(LinkType::RAW, &part)) != Got::Held);
    }
    assert_eq!(refused, 8_191 - 2_048);
}

#[test]
fn fragments_inside_fragments_are_put_together_twice_and_no_more() {
    let outer = |packet: &[u8], id: u16| {
        let (left, right) = packet.split_at(64);
        [ip4_part(4, id, 0x2000, left), ip4_part(4, id, 8, right)]
    };
    let mut decoder = decoder();
    let mut last = Got::Held;
    for (id, inner) in in_fragments(4, 7, 300, 200).iter().enumerate() {
        for part in outer(inner, id as u16) {
            assert_eq!(last, Got::Held);
            last = got(&mut decoder, &frame(LinkType::RAW, &part));
        }
    }
    assert_eq!(last, segment(&body(300)));
    let inner = &in_fragments(4, 8, 300, 200)[0];
    let twice = &outer(inner, 20)[0];
    let [left, right] = outer(&[twice.clone(), vec![0; 40]].concat(), 21);
    assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &left)), Got::Held);
    assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &right)), Got::Held);
}

proptest::proptest! {
    /// Any cutting, any order, any doubling: the same whole, as long as the parts agree.
    #[test]
    fn any_way_to_cut_gives_the_same_whole(
        len in 1_usize..2_000,
        picks in proptest::collection::vec((0_usize..250, 1_usize..60), 1..60),
    ) {
        let whole = tcp(&body(len));
        let mut decoder = decoder();
        let mut wholes = 0;
        // What the picks left open comes last.
        let rest = [(0, 1), (1, 400)];
        for (at, units) in picks.iter().chain(&rest) {
            let from = (at * 8).min(whole.len() / 8 * 8);
            let to = (from + units * 8).min(whole.len());
            if from == to || to - from == whole.len() {
                continue;
            }
            let more = u16::from(to != whole.len());
            let part = ip4_part(6, 3, more << 13 | (from / 8) as u16, &whole[from..to]);
            match got(&mut decoder, &frame(LinkType::RAW, &part)) {
                Got::Held => {}
                got => {
                    wholes += 1;
                    proptest::prop_assert_eq!(got, segment(&body(len)));
                }
            }
        }
        proptest::prop_assert_eq!(wholes, 1);
    }
}
