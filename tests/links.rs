//! One conversation in every wrapping: what carries the packets does not show in what they say.

use serde_json::Value;
use shadowtap::capture::{Frame, LinkType, MemorySource};

use crate::common::{Run, captures, frames, without_capture};

type Wrap = fn(&[u8]) -> Vec<u8>;

fn ether_type(packet: &[u8]) -> [u8; 2] {
    if packet[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] }
}

fn before(parts: &[&[u8]], packet: &[u8]) -> Vec<u8> {
    [&parts.concat(), packet].concat()
}

fn ethernet(label: [u8; 2], inside: &[u8]) -> Vec<u8> {
    before(&[&[2; 12], &label], inside)
}

fn plain(packet: &[u8]) -> Vec<u8> {
    ethernet(ether_type(packet), packet)
}

fn snap(packet: &[u8]) -> Vec<u8> {
    before(&[&[0xaa, 0xaa, 3, 0, 0, 0], &ether_type(packet)], packet)
}

fn wlan(packet: &[u8]) -> Vec<u8> {
    before(&[&[8, 1, 0, 0], &[2; 18], &[0x10, 0]], &snap(packet))
}

fn checked(frame: &[u8]) -> Vec<u8> {
    before(&[frame], &[0xde, 0xad, 0xbe, 0xef])
}

fn is_four(packet: &[u8]) -> bool {
    packet[0] >> 4 == 4
}

fn nflog(packet: &[u8]) -> Vec<u8> {
    let family = if is_four(packet) { 2 } else { 10 };
    let len = (packet.len() as u16 + 4).to_le_bytes();
    let padding = vec![0; (4 - packet.len() % 4) % 4];
    [&[family, 0, 0, 9, 8, 0, 1, 0, 8, 0, 0, 0, 6, 0, 10, 0, b'x', 0, 0, 0][..], &len, &[9, 0], packet, &padding]
        .concat()
}

fn sized(head: [u8; 4], inside: &[u8]) -> Vec<u8> {
    before(&[&head, &(inside.len() as u16).to_be_bytes()], inside)
}

/// Every wrapping that makes no scope of its own, and those whose scope is the same both ways.
const WRAPS: &[(&str, u16, Wrap)] = &[
    ("802.3 with SNAP", 1, |packet| ethernet((packet.len() as u16 + 8).to_be_bytes(), &snap(packet))),
    ("padded", 1, |packet| before(&[&plain(packet)], &[0; 18])),
    ("VLAN", 1, |packet| ethernet([0x81, 0], &before(&[&[0x60, 7], &ether_type(packet)], packet))),
    ("QinQ", 1, |packet| ethernet([0x88, 0xa8], &before(&[&[0, 7, 0x81, 0, 0, 8], &ether_type(packet)], packet))),
    ("old QinQ", 1, |packet| {
        ethernet([0x91, 0], &before(&[&[0, 7, 0x92, 0, 0, 8, 0x93, 0, 0, 9], &ether_type(packet)], packet))
    }),
    ("VLAN in SNAP", 1, |packet| {
        let inside = before(&[&[0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0, 0, 9], &ether_type(packet)], packet);
        ethernet((inside.len() as u16).to_be_bytes(), &inside)
    }),
    ("MPLS", 1, |packet| ethernet([0x88, 0x47], &before(&[&[0, 1, 0, 64, 0, 2, 1, 64]], packet))),
    ("explicit null", 1, |packet| {
        ethernet([0x88, 0x47], &before(&[&[0, 0, if is_four(packet) { 0x01 } else { 0x21 }, 64]], packet))
    }),
    ("pseudowire", 1, |packet| ethernet([0x88, 0x47], &before(&[&[0, 1, 1, 64, 0, 0, 0, 0]], &plain(packet)))),
    ("pseudowire without control word", 1, |packet| ethernet([0x88, 0x48], &before(&[&[0, 1, 1, 64]], &plain(packet)))),
    ("PPPoE", 1, |packet| {
        let protocol = if is_four(packet) { [0, 0x21] } else { [0, 0x57] };
        ethernet([0x88, 0x64], &sized([0x11, 0, 0, 7], &before(&[&protocol], packet)))
    }),
    ("PPPoE with a short protocol field", 1, |packet| {
        let protocol = if is_four(packet) { [0x21] } else { [0x57] };
        ethernet([0x88, 0x64], &sized([0x11, 0, 0, 7], &before(&[&protocol], packet)))
    }),
    ("backbone", 1, |packet| ethernet([0x88, 0xe7], &before(&[&[0, 0, 1, 2]], &plain(packet)))),
    ("FabricPath", 1, |packet| ethernet([0x89, 0x03], &before(&[&[0, 0x60]], &plain(packet)))),
    ("TrustSec", 1, |packet| ethernet([0x89, 0x09], &before(&[&[1, 1, 0, 1, 0, 9], &ether_type(packet)], packet))),
    ("VN-Tag", 1, |packet| ethernet([0x89, 0x26], &before(&[&[0, 1, 0, 2], &ether_type(packet)], packet))),
    ("MACsec without encryption", 1, |packet| {
        ethernet([0x88, 0xe5], &[&[0, 0, 0, 0, 0, 7][..], &ether_type(packet), packet, &[9; 16]].concat())
    }),
    ("NULL", 0, |packet| before(&[&[if is_four(packet) { 2 } else { 28 }, 0, 0, 0]], packet)),
    ("LOOP", 108, |packet| before(&[&[0, 0, 0, if is_four(packet) { 2 } else { 24 }]], packet)),
    ("RAW", 101, |packet| packet.to_vec()),
    ("RAW of BSD", 12, |packet| packet.to_vec()),
    ("cooked", 113, |packet| before(&[&[0, 4, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0], &ether_type(packet)], packet)),
    ("cooked v2", 276, |packet| {
        before(&[&ether_type(packet), &[0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0]], packet)
    }),
    ("802.11", 105, wlan),
    ("802.11 with its check sequence", 105, |packet| checked(&wlan(packet))),
    ("802.11 between access points, quality of service, padded", 127, |packet| {
        before(
            &[&[0, 0, 9, 0, 2, 0, 0, 0, 0x30, 0x88, 3, 0, 0], &[2; 18], &[0x10, 0], &[2; 6], &[0; 2]],
            &checked(&snap(packet)),
        )
    }),
    ("radiotap", 127, |packet| before(&[&[0, 0, 17, 0, 3, 0, 0, 0], &[9; 8], &[0x10]], &checked(&wlan(packet)))),
    ("PPI", 192, |packet| before(&[&[0, 0, 8, 0, 105, 0, 0, 0]], &wlan(packet))),
    ("Prism", 119, |packet| before(&[&[0x44; 144]], &wlan(packet))),
    ("AVS", 163, |packet| before(&[&[0x80, 0x21, 0x10, 1, 0, 0, 0, 12, 1, 1, 1, 1]], &wlan(packet))),
    ("NFLOG", 239, nflog),
    ("PKTAP", 258, |packet| before(&[&[16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 7, 7, 7]], &plain(packet))),
    ("PFLOG", 117, |packet| before(&[&[61, if is_four(packet) { 2 } else { 24 }], &[0; 62]], packet)),
    ("ENC", 109, |packet| before(&[&[if is_four(packet) { 2 } else { 24 }, 0, 0, 0], &[1; 8]], packet)),
    ("PPP", 9, |packet| before(&[&[0xff, 3, 0, if is_four(packet) { 0x21 } else { 0x57 }]], packet)),
    ("PPP, everything compressed", 50, |packet| before(&[&[if is_four(packet) { 0x21 } else { 0x57 }]], packet)),
    ("PPP with MPLS", 9, |packet| before(&[&[0xff, 3, 2, 0x81, 0, 1, 1, 64]], packet)),
    ("PPP with its direction", 204, |packet| {
        before(&[&[1, 0xff, 3, 0, if is_four(packet) { 0x21 } else { 0x57 }]], packet)
    }),
    ("PPPoE session", 51, |packet| {
        sized([0x11, 0, 0, 7], &before(&[&[0, if is_four(packet) { 0x21 } else { 0x57 }]], packet))
    }),
    ("Cisco HDLC", 104, |packet| before(&[&[0x0f, 0], &ether_type(packet)], packet)),
    ("frame relay", 107, |packet| before(&[&[0x18, 0x41, 3, if is_four(packet) { 0xcc } else { 0x8e }]], packet)),
    ("frame relay with SNAP", 107, |packet| before(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0], &ether_type(packet)], packet)),
    ("frame relay of Cisco", 107, |packet| before(&[&[0x18, 0x41], &ether_type(packet)], packet)),
    ("frame relay, bridged", 107, |packet| before(&[&[0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7]], &plain(packet))),
    ("ATM", 100, snap),
    ("DOCSIS", 143, |packet| before(&[&[0, 0, 0, 0, 1, 2]], &checked(&plain(packet)))),
    ("token ring", 6, |packet| before(&[&[0x10, 0x40], &[2; 6], &[0x82; 6], &[2, 0x30]], &snap(packet))),
    ("FDDI", 10, |packet| before(&[&[0x57], &[2; 12]], &snap(packet))),
    ("IP over Fibre Channel", 122, |packet| before(&[&[0x10; 16]], &snap(packet))),
    ("FireWire", 138, |packet| before(&[&[7; 16], &ether_type(packet)], packet)),
    ("netANALYZER", 240, |packet| before(&[&[0; 4]], &checked(&plain(packet)))),
    ("netANALYZER, transparent", 241, |packet| before(&[&[0; 4], &[0x55; 7], &[0xd5]], &checked(&plain(packet)))),
    ("preemption", 274, |packet| before(&[&[0x55; 7], &[0xd5]], &checked(&plain(packet)))),
    ("Broadcom's tag", 281, |packet| before(&[&[2; 12], &[0, 0, 0, 1], &ether_type(packet)], packet)),
    ("Marvell's tag", 284, |packet| before(&[&[2; 12], &[0xc0, 0, 0, 1], &ether_type(packet)], packet)),
];

/// Both versions of IP, in Ethernet, without what is not IP.
fn conversation() -> Vec<(Frame<'static>, Vec<u8>)> {
    let mut packets = Vec::new();
    for (name, most) in [("ipv6.pcap", 100), ("payments.pcap", 150)] {
        let recorded = frames(&[captures().join(name)]);
        for frame in (0..most).map_while(|at| recorded.frame(at)) {
            if [[0x08, 0x00], [0x86, 0xdd]].contains(&[frame.bytes[12], frame.bytes[13]]) {
                packets.push((Frame { bytes: &[], ..frame }, frame.bytes[14..].to_vec()));
            }
        }
    }
    assert!(packets.len() > 200);
    packets
}

fn wrapped(link: u16, wrap: Wrap) -> MemorySource {
    let mut source = MemorySource::new();
    for (frame, packet) in conversation() {
        let bytes = wrap(&packet);
        source.push(&Frame { link: LinkType(link), wire_len: bytes.len() as u32, bytes: &bytes, ..frame });
    }
    source
}

/// The exchanges without the name of their stream, which may hold its scope; the report; the ledger.
fn told(mut source: MemorySource) -> (Vec<Value>, Value, Value) {
    let (report, lines) = Run { specs: Vec::new(), ..Run::default() }.report(&mut source, "json");
    let report: Value = serde_json::from_slice(&report).expect("the JSON reporter writes JSON");
    let lines = String::from_utf8(lines).expect("NDJSON is UTF-8");
    let mut exchanges: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for exchange in &mut exchanges {
        exchange.as_object_mut().expect("an object").remove("stream");
    }
    exchanges.sort_by_key(Value::to_string);
    let ledger =
        serde_json::json!([report["capture"]["packets"], report["capture"]["payload"], report["capture"]["missing"]]);
    (exchanges, without_capture(report), ledger)
}

#[test]
fn a_conversation_says_the_same_in_every_wrapping() {
    // Catches a header whose length is wrong by a byte, trailers that become payload, and scopes that part two directions.
    let want = told(wrapped(1, plain));
    assert!(want.0.len() > 30, "{} exchanges", want.0.len());
    for (name, link, wrap) in WRAPS {
        let got = told(wrapped(*link, *wrap));
        assert_eq!(got.0, want.0, "{name}: exchanges");
        assert_eq!(got.2, want.2, "{name}: ledger");
        assert_eq!(got.1, want.1, "{name}: report");
    }
}

#[test]
fn what_cannot_be_read_is_named_once() {
    // Catches packets that are lost without a word, and a word for each of them.
    let frames = |link: u16| (0..40).map(move |at| (link, at));
    let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 252, 0, 0, 0];
    for (_, at) in frames(252) {
        bytes.extend([1, 0, 0, 0, at, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 7, 7]);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("upper.pcap");
    std::fs::write(&path, bytes).expect("written");
    let output = crate::common::shadowtap(&["replay", "-q", "--format", "json", path.to_str().expect("UTF-8")]);
    let line = "Link type 252 (WIRESHARK_UPPER_PDU) cannot be read: 40 packets.";
    assert_eq!(crate::common::said(&output).matches("Link type").count(), 1, "{}", crate::common::said(&output));
    assert!(crate::common::said(&output).contains(line));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["capture"]["warnings"], serde_json::json!([line]));
    assert_eq!(report["capture"]["packets"]["skipped"]["unknown_link"], 40);
}
