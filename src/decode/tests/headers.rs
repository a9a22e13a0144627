//! Headers with choices in them: what each choice leads to.

use super::*;

const SNAP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

fn snap() -> Vec<u8> {
    [&SNAP[..], &ip4(6, &tcp(b"x"))].concat()
}

fn under_mpls(packet: &[u8]) -> Got {
    // Explicit null, an entropy label indicator with its label, and the bottom.
    let labels = [0, 0, 0, 64, 0, 0, 0x70, 64, 0x12, 0x34, 0x50, 64, 0, 2, 1, 64];
    once(LinkType::ETHERNET, &ethernet(0x8847, &[&labels[..], packet].concat()))
}

#[test]
fn what_lies_under_mpls_is_told_by_its_first_nibble() {
    // Catches a pseudowire taken for IP because its station address begins with 4 or 6, or for a control word because it
    // begins with 0, and the other way round.
    let packet = ip4(6, &tcp(b"x"));
    assert_eq!(under_mpls(&packet), segment(b"x"));
    assert_eq!(under_mpls(&ip6(6, &tcp(b"x"))), segment(b"x"));
    for first in [0x00, 0x02, 0x08, 0x12, 0x3c, 0x40, 0x45, 0x60, 0x6c, 0xf4] {
        let mut inner = ethernet(ETHER4, &packet);
        inner[..6].copy_from_slice(&[first, 0x1b, 0xff, 0xfe, 3, 4]);
        assert_eq!(under_mpls(&inner), segment(b"x"), "address {first:#x}");
        assert_eq!(under_mpls(&[&[0, 0, 0, 7][..], &inner].concat()), segment(b"x"), "control word, {first:#x}");
    }
    // The associated channel, and nothing that is known.
    assert_eq!(under_mpls(&[0x10, 0, 0, 7, 0x20, 0x40, 3, 0]), Got::NotIp(0x8847));
    assert_eq!(under_mpls(&[0xf0; 40]), Got::NotIp(0x8847));
    // A packet with options, its length not filled in yet: IP all the same.
    let mut offloaded = packet;
    offloaded[2..4].fill(0);
    assert_eq!(under_mpls(&offloaded), segment(b"x"));
}

#[test]
fn wireless_frames_without_packets_are_not_ip_and_encrypted_ones_are_told() {
    // Catches a beacon that counts as malformed, and cipher text that is read.
    let air = |control: &[u8], body: &[u8]| once(LinkType::IEEE802_11, &wlan(control, &[], body));
    for control in [[0x80, 0], [0xd4, 0], [0x48, 1], [0xc8, 1]] {
        assert_eq!(air(&control, &[7; 30]), Got::NotIp(0), "{control:?}");
    }
    assert_eq!(once(LinkType::IEEE802_11, &[0xd4, 0, 0, 0, 1, 2, 3, 4, 5, 6]), Got::NotIp(0));
    assert_eq!(air(&[8, 0x41], &[0x5a; 60]), Got::Skip(Skip::Encrypted));
    // The radio decrypted it and left the flag, with and without the header of the cipher.
    assert_eq!(air(&[8, 0x41], &snap()), segment(b"x"));
    assert_eq!(air(&[8, 0x41], &[&[1, 0, 0, 0x20, 0, 0, 0, 0][..], &snap(), &[9; 8]].concat()), segment(b"x"));
    // Later parts of what the radio cut.
    let mut part = wlan(&[8, 1], &[], &snap());
    part[22] |= 1;
    assert_eq!(once(LinkType::IEEE802_11, &part), Got::NotIp(0));
}

#[test]
fn the_first_of_aggregated_packets_is_read() {
    let subframe = |body: &[u8]| [&[2; 12][..], &(body.len() as u16).to_be_bytes(), body].concat();
    let both = [subframe(&snap()), vec![0; 3], subframe(&snap())].concat();
    assert_eq!(once(LinkType::IEEE802_11, &wlan(&[0x88, 1], &[0x80, 0], &both)), segment(b"x"));
    // Catches packets that are passed over without a word, and a check sequence counted for one.
    let several = |body: &[u8]| {
        let mut decoder = decoder();
        let _ = decoder.decode(&frame(LinkType::IEEE802_11, &wlan(&[0x88, 1], &[0x80, 0], body)));
        decoder.counts().several_packets
    };
    assert_eq!(several(&both), 1);
    assert_eq!(several(&[subframe(&snap()), vec![0; 4]].concat()), 0);
}

#[test]
fn radiotap_tells_padding_damage_and_where_its_flags_are() {
    // Catches the time stamp's alignment and further words of field flags left out.
    let air = |head: &[u8], frame: &[u8]| once(LinkType::RADIOTAP, &[head, frame].concat());
    let time = [9; 8];
    let heads = |flags: u8| {
        [
            [&[0, 0, 9, 0, 2, 0, 0, 0, flags][..], &[]].concat(),
            [&[0, 0, 17, 0, 3, 0, 0, 0][..], &time, &[flags]].concat(),
            [&[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0][..], &time, &[flags]].concat(),
        ]
    };
    let plain = wlan(&[0x88, 1], &[0, 0], &snap());
    let padded = wlan(&[0x88, 1], &[0, 0, 0, 0], &snap());
    for (bare, with) in heads(0).iter().zip(heads(0x20)) {
        assert_eq!(air(bare, &plain), segment(b"x"));
        assert_eq!(air(&with, &padded), segment(b"x"));
        assert_ne!(air(bare, &padded), segment(b"x"));
    }
    for head in heads(0x50) {
        assert_eq!(air(&head, &plain), Got::Skip(Skip::BadChecksum));
    }
}

#[test]
fn a_firewall_log_without_its_payload_or_with_impossible_lengths_is_no_packet() {
    // Catches a length below its own header's, on which a loop would stand still.
    let log = |values: &[u8]| once(LinkType::NFLOG, &[&[2, 0, 0, 5][..], values].concat());
    assert_eq!(log(&[8, 0, 1, 0, 8, 0, 1, 0, 5, 0, 10, 0, 7]), Got::NotIp(0));
    for length in 0..4 {
        assert_eq!(log(&[length, 0, 1, 0, 8, 0, 1, 0]), Got::Skip(Skip::Malformed));
    }
    assert_eq!(log(&[200, 0, 1, 0, 8, 0, 1, 0]), Got::Skip(Skip::Malformed));
    let arp = [&[3, 0, 0, 0, 5, 0, 9, 0, 1][..]].concat();
    assert_eq!(once(LinkType::NFLOG, &arp), Got::NotIp(0));
}

#[test]
fn backbone_services_and_switch_tags_narrow_the_scope() {
    let inner = ethernet(ETHER4, &ip4(6, &tcp(b"x")));
    let service = |id: u8| once(LinkType::ETHERNET, &ethernet(0x88e7, &[&[0, 0, 0, id][..], &inner].concat()));
    assert!(matches!(service(1), Got::Segment { scope, .. } if scope.tunnels != 0));
    assert_ne!(service(1), service(2));
    let tagged = [&[2; 12][..], &[0xe0, 0, 0, 7, 8, 0], &ip4(6, &tcp(b"x"))].concat();
    assert_eq!(once(LinkType::DSA_TAG_DSA, &tagged), in_scope(7, 0, b"x"));
    // A tag inside SNAP.
    let inside = [&[0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0, 0, 9, 8, 0][..], &ip4(6, &tcp(b"x"))].concat();
    assert_eq!(once(LinkType::ETHERNET, &ethernet(inside.len() as u16, &inside)), in_scope(9, 0, b"x"));
    // Encrypted by the switch.
    assert_eq!(once(LinkType::ETHERNET, &ethernet(0x88e5, &[0x2e; 60])), Got::Skip(Skip::Encrypted));
}

#[test]
fn a_route_ends_where_it_ends() {
    // Catches a connection whose address is that of a router on its way, or where a mobile host is today.
    let [from, to, other] = [1, 2, 7].map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).octets());
    let packet = |from: &[u8; 16], to: &[u8; 16], next: u8, rest: &[u8]| {
        [&[0x60, 0, 0, 0][..], &(rest.len() as u16).to_be_bytes(), &[next, 64], from, to, rest].concat()
    };
    for (kind, left) in [(0, 2), (2, 1), (4, 1)] {
        let stops = if kind == 4 { [to, other] } else { [other, to] };
        let stops = if kind == 2 { to.to_vec() } else { stops.concat() };
        let header = [&[6, (stops.len() / 8) as u8, kind, left, 0, 0, 0, 0][..], &stops, &tcp(b"x")].concat();
        assert_eq!(once(LinkType::RAW, &packet(&from, &other, 43, &header)), segment(b"x"), "routing type {kind}");
    }
    // Arrived: the destination is what the header says.
    let arrived = [&[6, 2, 0, 0, 0, 0, 0, 0][..], &other, &tcp(b"x")].concat();
    assert_eq!(once(LinkType::RAW, &packet(&from, &to, 43, &arrived)), segment(b"x"));
    let home = [&[6, 2, 1, 2, 0, 0, 201, 16][..], &from, &tcp(b"x")].concat();
    assert_eq!(once(LinkType::RAW, &packet(&other, &to, 60, &home)), segment(b"x"));
    // Mobility and host identity headers, and ESP, which nobody can read.
    let chain =
        [&[139, 0, 1, 4, 0, 0, 0, 0, 140, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0][..], &tcp(b"x")].concat();
    assert_eq!(once(LinkType::RAW, &ip6(135, &chain)), segment(b"x"));
    assert_eq!(once(LinkType::RAW, &ip6(50, &[7; 40])), Got::Other(50));
    assert_eq!(once(LinkType::RAW, &ip4(50, &[7; 40])), Got::Other(50));
    // A jumbogram: its length stands in an option of 4 bytes (RFC 2675).
    let mut jumbo = ip6(0, &[&[6, 0, 0xc2, 4, 0, 1, 0x86, 0xa0][..], &tcp(&[7; 99_972])].concat());
    jumbo[4..6].fill(0);
    assert_eq!(once(LinkType::RAW, &jumbo), segment(&[7; 99_972]));
}
