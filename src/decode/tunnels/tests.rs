//! Every kind of tunnel around one segment: taken off whole, cut, and broken.

// The builder of the tests over the whole sensor: one place says what tunnels look like on the wire.
#[expect(unreachable_pub, reason = "it belongs to the tests over the whole sensor")]
#[path = "../../../tests/common/tunnels.rs"]
mod wire;

use self::wire::{WRAPS, Way, Wrap, between, cat, frame as bare, over_udp};
use super::*;
use crate::capture::{Frame, LinkType};
use crate::decode::{Decoder, Segment, TunnelPort};
use crate::limits::Limits;
use crate::time::Timestamp;

const PAYLOAD: &[u8] = b"GET /behind/tunnels HTTP/1.1\r\n\r\n";

/// A segment to port 80, in IPv4 or, with addresses of Teredo, in IPv6; the other way the addresses change places.
fn packet(v6: bool, way: Way) -> Vec<u8> {
    let mut ports = [[0x9c, 0x40], [0, 80]];
    let mut ends = [1, 2].map(|host| match v6 {
        true => cat(&[&[0x20, 1, 0, 0], &[0; 11], &[host]]),
        false => vec![10, 0, 0, host],
    });
    if way == Way::Back {
        ports.reverse();
        ends.reverse();
    }
    let tcp = cat(&[&ports.concat(), &[1, 2, 3, 4, 0, 0, 0, 5, 0x50, 0x18, 1, 0, 0, 0, 0, 0], PAYLOAD]);
    let len = tcp.len() as u16;
    let head = match v6 {
        true => cat(&[&[0x60, 0, 0, 0], &len.to_be_bytes(), &[6, 64]]),
        false => cat(&[&[0x45, 0], &(len + 20).to_be_bytes(), &[0, 0, 0x40, 0, 64, 6, 0, 0]]),
    };
    cat(&[&head, &ends.concat(), &tcp])
}

/// Every way to carry it, with what is inside.
fn carried() -> impl Iterator<Item = (&'static Wrap, bool)> {
    let all = WRAPS.iter().flat_map(|wrap| [(wrap, false), (wrap, true)]);
    all.filter(|(wrap, v6)| *v6 || !wrap.only_v6)
}

fn decoder() -> Decoder {
    Decoder::new(&Limits::default(), &DecodeOptions::default())
}

fn ethernet(bytes: &[u8], wire_len: usize) -> Frame<'_> {
    Frame { time: Timestamp::from_parts(1, 0), link: LinkType::ETHERNET, wire_len: wire_len as u32, bytes }
}

fn segment<'a>(decoder: &'a mut Decoder, bytes: &'a [u8]) -> Option<Segment<'a>> {
    match decoder.decode(&ethernet(bytes, bytes.len())) {
        Decoded::Segment(segment) => Some(segment),
        _ => None,
    }
}

fn scope(bytes: &[u8]) -> Scope {
    segment(&mut decoder(), bytes).unwrap().scope
}

#[test]
fn every_tunnel_comes_off_and_is_counted() {
    for (wrap, v6) in carried() {
        let mut decoder = decoder();
        for way in [Way::There, Way::Back] {
            let bytes = (wrap.wrap)(&packet(v6, way), way, 7);
            let got = segment(&mut decoder, &bytes).unwrap_or_else(|| panic!("{}, IPv6: {v6}, {way:?}", wrap.name));
            let plain = bare(&packet(v6, way));
            let mut other = self::decoder();
            let want = segment(&mut other, &plain).unwrap();
            assert_eq!((got.from, got.to, got.seq, got.ack), (want.from, want.to, want.seq, want.ack), "{}", wrap.name);
            assert_eq!((got.payload, got.cut, got.flags), (PAYLOAD, 0, want.flags), "{}", wrap.name);
        }
        let counts = decoder.counts().tunnels;
        let want = [(wrap.kind, 2)].into_iter().filter(|(kind, _)| !kind.is_empty());
        assert_eq!(counts, want.collect(), "{}", wrap.name);
    }
}

#[test]
fn every_row_has_its_tunnel_here() {
    // Catches a row that nothing tests. Frames of 802.11 are tested where they are read.
    for tunnel in TUNNELS.iter().filter(|tunnel| tunnel.name != "aruba") {
        assert!(WRAPS.iter().any(|wrap| wrap.kind == tunnel.name), "{} has no good frame", tunnel.name);
    }
}

#[test]
fn arubas_numbers_are_wireless_and_their_neighbours_are_not() {
    // Catches a range that swallows EtherTypes: MPLS, PPPoE and IPv6 lie between Aruba's numbers.
    let met = |protocol: [u8; 2]| {
        let mut decoder = decoder();
        let bytes = between(Way::There, 0, 47, &cat(&[&[0, 0], &protocol, &[8; 60]]));
        let _ = decoder.decode(&ethernet(&bytes, bytes.len()));
        decoder.counts().tunnels
    };
    for (protocol, kind) in [
        ([0x82, 0x00], "aruba"),
        ([0x83, 0x70], "aruba"),
        ([0x90, 0x00], "aruba"),
        ([0x88, 0x47], "gre"),
        ([0x88, 0x64], "gre"),
        ([0x86, 0xdd], "gre"),
        ([0x82, 0x01], "gre"),
    ] {
        assert_eq!(met(protocol), [(kind, 1)].into(), "{protocol:02x?}");
    }
}

#[test]
fn numbers_keep_tunnels_apart_and_directions_together() {
    // Catches a scope that depends on the direction, and one that forgets a number.
    for (wrap, v6) in carried() {
        let at = |way, id| scope(&(wrap.wrap)(&packet(v6, way), way, id));
        for id in [1, 2] {
            assert_eq!(at(Way::There, id), at(Way::Back, id), "{}: the directions part", wrap.name);
        }
        assert_eq!(at(Way::There, 1) != at(Way::There, 2), wrap.apart, "{}", wrap.name);
        assert_eq!(at(Way::There, 1).tunnels != 0, wrap.apart, "{}", wrap.name);
    }
}

#[test]
fn every_cut_leaves_a_cut_segment_or_none() {
    // Catches headers read past what was captured, and payload that the capture cut and nobody tells of.
    for (wrap, v6) in carried() {
        let bytes = (wrap.wrap)(&packet(v6, Way::There), Way::There, 7);
        for at in 0..bytes.len() {
            // Cut by the capture, then cut on the wire.
            for wire_len in [bytes.len(), at] {
                let mut decoder = decoder();
                if let Decoded::Segment(got) = decoder.decode(&ethernet(&bytes[..at], wire_len)) {
                    assert!(PAYLOAD.starts_with(got.payload), "{} cut at {at}", wrap.name);
                    assert_eq!(got.payload.len() + got.cut as usize, PAYLOAD.len(), "{} cut at {at}", wrap.name);
                }
            }
        }
        // All headers are there and three bytes of payload are not.
        let mut decoder = decoder();
        let whole = bytes.len() - if wrap.name.starts_with("macsec") { 16 } else { 0 };
        let Decoded::Segment(got) = decoder.decode(&ethernet(&bytes[..whole - 3], bytes.len())) else {
            // What fits to the byte only when it is whole is known to be no longer than the wire said.
            panic!("{}: nothing left of a cut frame", wrap.name)
        };
        assert_eq!((got.payload.len(), got.cut), (PAYLOAD.len() - 3, 3), "{}", wrap.name);
    }
}

#[test]
fn no_flipped_bit_makes_a_segment_out_of_nothing() {
    // Catches a header that contradicts itself and is believed: what comes out is the segment inside, or nothing.
    for (wrap, v6) in carried() {
        let inner = packet(v6, Way::There);
        let bytes = (wrap.wrap)(&inner, Way::There, 7);
        let tail = if wrap.name.starts_with("macsec") { 16 } else { 0 };
        let headers = bytes.len() - inner.len() - tail;
        for bit in 0..headers * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            let mut decoder = decoder();
            if let Some(got) = segment(&mut decoder, &flipped) {
                assert_eq!((got.from.port(), got.to.port()), (40_000, 80), "{} bit {bit}", wrap.name);
                assert!(PAYLOAD.starts_with(got.payload), "{} bit {bit}", wrap.name);
            }
        }
    }
}

#[test]
fn garbage_behind_good_headers_never_panics() {
    let mut seed = 0x5eed_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut decoder = decoder();
    for _ in 0..300 {
        for (wrap, v6) in carried() {
            let mut bytes = (wrap.wrap)(&packet(v6, Way::There), Way::There, 7);
            for _ in 0..=random() % 6 {
                let at = 14 + random() as usize % (bytes.len() - 14);
                bytes[at] = random() as u8;
            }
            bytes.truncate(random() as usize % (bytes.len() * 2));
            let wire_len = bytes.len() + random() as usize % 50;
            let (payload, cut) = match decoder.decode(&ethernet(&bytes, wire_len)) {
                Decoded::Segment(segment) => (segment.payload.len(), segment.cut),
                Decoded::Datagram(datagram) => (datagram.payload.len(), 0),
                _ => continue,
            };
            assert!(payload <= bytes.len() && cut <= 65_535, "{bytes:02x?}");
        }
    }
}

#[test]
fn tunnels_in_tunnels_come_off_to_the_limit() {
    let inner = packet(false, Way::There);
    for outer in WRAPS.iter().filter(|wrap| !wrap.only_v6) {
        for middle in WRAPS.iter().filter(|wrap| !wrap.only_v6) {
            let once = (middle.wrap)(&inner, Way::There, 7);
            // Back to an IP packet: what stands before it is the frame's, tags and all.
            let Some(packet) = once.strip_prefix(&cat(&[&[2; 12], &[8, 0]])[..]) else { continue };
            let twice = (outer.wrap)(packet, Way::There, 8);
            let mut decoder = decoder();
            let got = segment(&mut decoder, &twice).unwrap_or_else(|| panic!("{} in {}", middle.name, outer.name));
            assert_eq!((got.payload, got.cut), (PAYLOAD, 0), "{} in {}", middle.name, outer.name);
        }
    }
    // One in the other, more and more: a bomb is no segment, and three tagged VXLANs are no bomb.
    let vxlan = WRAPS[0].wrap;
    let mut decoder = decoder();
    let mut packet = inner;
    for depth in 1..40 {
        let bytes = vxlan(&packet, Way::There, depth);
        match decoder.decode(&ethernet(&bytes, bytes.len())) {
            Decoded::Segment(got) => assert!(got.payload == PAYLOAD && depth < 8),
            Decoded::Skip(Skip::TooDeep) => assert!(depth > 3),
            other => panic!("{depth}: {other:?}"),
        }
        packet = bytes[14..].to_vec();
    }
}

#[test]
fn what_is_no_tunnel_stays_a_datagram() {
    // Catches ports that are believed, and shapes that ordinary datagrams have.
    let mut decoder = decoder();
    let mut is_datagram = |bytes: &[u8], payload: &[u8], what: &str| match decoder.decode(&ethernet(bytes, bytes.len()))
    {
        Decoded::Datagram(datagram) => assert_eq!(datagram.payload, payload, "{what}"),
        other => panic!("{what}: {other:?} of {payload:02x?} in {bytes:02x?}"),
    };
    let ports = [4789, 8472, 4790, 6081, 2152, 4754, 6635, 1701, 4341, 5247, 6080, 5072, 3544, 50_001];
    let query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03com\x00\x00\x01\x00\x01";
    for port in ports {
        for payload in [&b""[..], b"\0", query, &[0xff; 60], b"status: all is well\n"] {
            is_datagram(&over_udp(Way::There, port, payload), payload, "not a tunnel");
        }
        // Text, and any byte over and over: letters are versions of IP, and flags that must be set.
        for byte in 0..=u8::MAX {
            let text: Vec<u8> = b"hello, World: Mail Log = Kernel 6.1".iter().map(|b| b ^ (byte & 0x60)).collect();
            for payload in [vec![byte; 64], cat(&[&[byte], &text, &text])] {
                is_datagram(&over_udp(Way::There, port, &payload), &payload, "one byte, or text");
            }
        }
    }
    // Good headers of VXLAN, and an IP packet inside that is none.
    let broken = cat(&[&[8, 0, 0, 0, 0, 0, 7, 0], &[2; 12], &[8, 0, 0x11], &[0; 30]]);
    is_datagram(&over_udp(Way::There, 4789, &broken), &broken, "VXLAN around nothing");
    // GTP's echo, L2TP's control, an authenticated Teredo datagram without a packet.
    let echo = [0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0];
    is_datagram(&between(Way::There, 0, 17, &cat(&[&[8, 104, 8, 104, 0, 20, 0, 0], &echo])), &echo, "GTP echo");
    let hello = [0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0];
    is_datagram(&over_udp(Way::There, 1701, &hello), &hello, "L2TP control");
    // Nearly Teredo: a byte too long, another prefix, a protocol that nobody sends there.
    let good = packet(true, Way::There);
    let (mut prefix, mut next) = (good.clone(), good.clone());
    (prefix[11], prefix[27], next[6]) = (1, 1, 200);
    for payload in [cat(&[&good, b"x"]), prefix, next] {
        is_datagram(&over_udp(Way::There, 50_001, &payload), &payload, "nearly Teredo");
    }
    assert_eq!(decoder.counts().tunnels, std::collections::BTreeMap::new());
}

#[test]
fn a_port_named_by_flag_is_a_tunnels_and_no_other_is() {
    let inner = packet(false, Way::There);
    let vxlan = cat(&[&[8, 0, 0, 0, 0, 0, 7, 0], &bare(&inner)]);
    let bytes = over_udp(Way::There, 9999, &vxlan);
    assert!(segment(&mut decoder(), &bytes).is_none());
    let options = DecodeOptions {
        tunnel_ports: vec!["vxlan:9999".parse().unwrap(), "gtpu:80".parse().unwrap()],
        ..DecodeOptions::default()
    };
    let mut asked = Decoder::new(&Limits::default(), &options);
    let got = segment(&mut asked, &bytes).map(|got| (got.payload.to_vec(), got.scope));
    // The same network as at the usual port.
    assert_eq!(got, Some((PAYLOAD.to_vec(), scope(&over_udp(Way::There, 4789, &vxlan)))));
    // A port of one tunnel may be another's here; what does not fit is read as ever.
    let options = DecodeOptions { tunnel_ports: vec!["geneve:4789".parse().unwrap()], ..DecodeOptions::default() };
    let mut asked = Decoder::new(&Limits::default(), &options);
    assert!(segment(&mut asked, &over_udp(Way::There, 4789, &vxlan)).is_some());
}

#[test]
fn a_bad_kind_or_port_names_the_mend() {
    let wrong = |text: &str| text.parse::<TunnelPort>().unwrap_err();
    assert!(wrong("vxlan").contains("vxlan:14789"));
    assert!(wrong("vxlna:4789").contains("'vxlna'") && wrong("vxlna:4789").contains("vxlan, "));
    for port in ["0", "65536", "x", "", "-1"] {
        assert!(wrong(&format!("vxlan:{port}")).contains("1 to 65535"), "{port}");
    }
    // IP carries it, no port does.
    assert!(wrong("ipip:4").contains("'ipip'"));
    let mut names: Vec<&str> = TUNNELS.iter().filter(|tunnel| tunnel.over_udp()).map(|tunnel| tunnel.name).collect();
    names.sort_unstable();
    assert!(names.iter().all(|name| format!("{name}:1").parse::<TunnelPort>().is_ok()));
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn fragments_of_a_tunnel_and_in_a_tunnel_become_whole() {
    let inner = packet(false, Way::There);
    let parts = |bytes: &[u8]| {
        // An IPv4 packet in its frame, cut behind 32 bytes of payload.
        let (head, payload) = bytes[14..].split_at(20);
        let part = |more: u8, offset: u8, payload: &[u8]| {
            let mut head = head.to_vec();
            head[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
            (head[5], head[6], head[7]) = (9, more, offset);
            cat(&[&head, payload])
        };
        [part(0x20, 0, &payload[..32]), part(0, 4, &payload[32..])]
    };
    for wrap in WRAPS.iter().filter(|wrap| !wrap.only_v6) {
        let bytes = (wrap.wrap)(&inner, Way::There, 7);
        let mut inside = decoder();
        let [first, last] = parts(&bare(&inner)).map(|part| (wrap.wrap)(&part, Way::There, 7));
        assert!(matches!(inside.decode(&ethernet(&first, first.len())), Decoded::Held), "{}", wrap.name);
        assert_eq!(segment(&mut inside, &last).map(|got| got.payload), Some(PAYLOAD), "{}", wrap.name);
        if bytes[12..14] == [8, 0] {
            let mut outside = decoder();
            let [first, last] = parts(&bytes).map(|part| bare(&part));
            assert!(matches!(outside.decode(&ethernet(&last, last.len())), Decoded::Held), "{}", wrap.name);
            assert_eq!(segment(&mut outside, &first).map(|got| got.payload), Some(PAYLOAD), "{}", wrap.name);
        }
    }
}
