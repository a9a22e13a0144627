//! Checksums, where the options ask for them.

use super::*;

fn strict() -> Decoder {
    Decoder::new(&Limits::default(), &DecodeOptions { verify_checksums: true, ..DecodeOptions::default() })
}

/// The sum as it is defined, two bytes at a time.
fn sum(parts: &[&[u8]]) -> [u8; 2] {
    let mut total: u32 = 0;
    for part in parts {
        total += part
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)))
            .sum::<u32>();
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    (!(total as u16)).to_be_bytes()
}

/// Fills in the header's own.
fn summed4(mut packet: Vec<u8>) -> Vec<u8> {
    let sum = sum(&[&packet[..20]]);
    packet[10..12].copy_from_slice(&sum);
    packet
}

/// A transport payload with its sum at `at`, for IPv4 or IPv6.
fn summed(version: u8, protocol: u8, at: usize, mut payload: Vec<u8>) -> Vec<u8> {
    let len = (payload.len() as u32).to_be_bytes();
    let ends = match version {
        4 => vec![10, 0, 0, 1, 10, 0, 0, 2],
        _ => [1, 2].map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last).octets()).concat(),
    };
    let sum = sum(&[&ends, &[0, protocol], &len, &payload]);
    payload[at..at + 2].copy_from_slice(&sum);
    payload
}

fn tcp_in(version: u8, payload: &[u8]) -> Vec<u8> {
    summed(version, 6, 16, tcp(payload))
}

fn read(packet: &[u8]) -> Got {
    got(&mut strict(), &frame(LinkType::RAW, packet))
}

const BAD: Got = Got::Skip(Skip::BadChecksum);

#[test]
fn any_flipped_bit_is_found() {
    // Catches a field that the sum leaves out, and padding that it takes in.
    for payload in [&b"odd"[..], b"even"] {
        let four = summed4(ip4(6, &tcp_in(4, payload)));
        let six = ip6(6, &tcp_in(6, payload));
        assert_eq!(read(&[&four[..], b"pad"].concat()), segment(payload));
        assert_eq!(read(&[&six[..], b"pad"].concat()), segment(payload));
        for (packet, from) in [(&four, 4), (&six, 8)] {
            for bit in from * 8..packet.len() * 8 {
                let mut flipped = packet.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let now = strict().decode(&frame(LinkType::RAW, &flipped)).is_segment();
                // The hop limit of version 6 is in no sum; its next header says what the sum is of.
                assert!(!now || from == 8 && bit / 8 < 8, "bit {bit} of {packet:02x?}");
            }
        }
    }
}

impl Decoded<'_> {
    fn is_segment(&self) -> bool {
        matches!(self, Self::Segment(_))
    }
}

#[test]
fn datagrams_without_a_sum_are_believed() {
    let bare = summed4(ip4(17, &udp(53, b"query")));
    assert!(matches!(read(&bare), Got::Datagram { .. }));
    let good = summed4(ip4(17, &summed(4, 17, 6, udp(53, b"query"))));
    assert!(matches!(read(&good), Got::Datagram { .. }));
    // The datagram ends before the packet does: what follows is not summed.
    let longer = summed4(ip4(17, &[&summed(4, 17, 6, udp(53, b"query"))[..], b"rest"].concat()));
    assert!(matches!(read(&longer), Got::Datagram { .. }));
    let mut bad = good;
    bad[30] ^= 1;
    assert_eq!(read(&bad), BAD);
}

#[test]
fn what_was_cut_cannot_be_verified_and_is_counted() {
    let mut decoder = strict();
    let packet = summed4(ip4(6, &tcp_in(4, b"0123456789")));
    let cut = Frame { wire_len: packet.len() as u32, ..frame(LinkType::RAW, &packet[..45]) };
    let want = Got::Segment { scope: Scope::default(), payload: b"01234".to_vec(), cut: 5 };
    assert_eq!(got(&mut decoder, &cut), want);
    assert_eq!(decoder.counts().unverified_checksums, 1);
    // The header of IP is all there.
    let mut wrong = packet;
    wrong[8] = 1;
    let cut = Frame { wire_len: wrong.len() as u32, ..frame(LinkType::RAW, &wrong[..45]) };
    assert_eq!(got(&mut decoder, &cut), BAD);
}

#[test]
fn packets_in_tunnels_and_in_fragments_are_verified_too() {
    let inner = summed4(ip4(6, &tcp_in(4, b"x")));
    assert_eq!(read(&summed4(ip4(4, &inner))), segment(b"x"));
    let mut bad = inner;
    bad[36] ^= 1;
    assert_eq!(read(&summed4(ip4(4, &bad))), BAD);
    for (flip, want) in [(0, segment(b"0123456789abcdef")), (1, BAD)] {
        let mut whole = tcp_in(4, b"0123456789abcdef");
        whole[30] ^= flip;
        let mut decoder = strict();
        let first = summed4(ip4_part(6, 1, 0x2000, &whole[..24]));
        let last = summed4(ip4_part(6, 1, 3, &whole[24..]));
        assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &first)), Got::Held);
        assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &last)), want);
    }
}

#[test]
fn by_default_nothing_is_verified() {
    // Catches the flag's default: offload makes sums wrong on the host that captures.
    assert_eq!(once(LinkType::RAW, &ip4(6, &tcp(b"x"))), segment(b"x"));
    assert_eq!(read(&ip4(6, &tcp(b"x"))), BAD);
}
