//! The Internet checksum (RFC 1071), to tell packets that their receiver threw away.
//!
//! In: a header, or a transport payload with the addresses that its checksum covers. Out: right or wrong. Only asked
//! when the options say so.

use std::net::IpAddr;

use super::layer::{IpPair, Slice};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What was verified.
#[derive(Debug, Default)]
pub(super) struct Checksums {
    /// Transport payloads that were cut, so that nothing can be said about them.
    pub(super) unverified: u64,
}

impl Checksums {
    /// Whether an IP packet's header is as it was sent. Only version 4 has a sum.
    pub(super) fn header(slice: Slice<'_>) -> bool {
        let Some(first) = slice.u8_at(0).filter(|first| first >> 4 == 4) else { return true };
        // A header that is cut, or too short, is somebody else's to complain about.
        slice.bytes.get(..usize::from(first & 15) * 4).filter(|header| header.len() >= 20).is_none_or(holds)
    }

    /// Whether a transport payload is as it was sent, as far as that can be known.
    pub(super) fn transport(&mut self, pair: IpPair, protocol: u8, slice: Slice<'_>) -> bool {
        let slice = match (protocol, slice.u16_at(4), slice.u16_at(6)) {
            (TCP, ..) => slice,
            // 0: the sender did not sum (RFC 768; over IPv6 RFC 6935 grants it to tunnels).
            (UDP, _, Some(0)) => return true,
            // What lies behind the datagram is no part of it. A length below its header's is malformed.
            (UDP, Some(len @ 8..), Some(_)) if usize::from(len) <= slice.bytes.len() => slice.counted(len.into()),
            (UDP, Some(0 | 8..), Some(_)) => slice,
            _ => return true,
        };
        if slice.cut > 0 {
            self.unverified += 1;
            return true;
        }
        holds_between(pair, protocol, slice.bytes)
    }
}

/// Whether bytes that hold their own checksum add up.
fn holds(bytes: &[u8]) -> bool {
    fold(sum(0, bytes)) == 0xffff
}

/// Whether a transport payload that holds its own checksum adds up with its pseudo header (RFC 9293 section 3.1, RFC
/// 8200 section 8.1).
fn holds_between(pair: IpPair, protocol: u8, bytes: &[u8]) -> bool {
    let mut total = sum(0, &[0, protocol]);
    for address in [pair.from, pair.to] {
        total = match address {
            IpAddr::V4(address) => sum(total, &address.octets()),
            IpAddr::V6(address) => sum(total, &address.octets()),
        };
    }
    // Two halves of the length weigh the same, so that both versions' field gives one sum.
    total = sum(total, &u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    fold(sum(total, bytes)) == 0xffff
}

/// Adds words of eight bytes with the carry brought round: as 2^16 is 1 modulo 2^16 - 1, the sum of the wide words folds
/// to the sum of the narrow ones (RFC 1071 section 2).
fn sum(start: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut total = start;
    for word in words {
        let (next, carry) = total.overflowing_add(u64::from_be_bytes(*word));
        total = next + u64::from(carry);
    }
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let (next, carry) = total.overflowing_add(u64::from_be_bytes(last));
    next + u64::from(carry)
}

fn fold(mut total: u64) -> u64 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    /// The sum as it is defined, two bytes at a time.
    fn plain(bytes: &[u8]) -> u64 {
        let mut total: u64 =
            bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u64::from(*low))).sum();
        while total > 0xffff {
            total = (total & 0xffff) + (total >> 16);
        }
        total
    }

    #[test]
    fn the_example_of_rfc_1071() {
        // Section 3: the words 0001 f203 f4f5 f6f7 add up to ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(fold(sum(0, &bytes)), 0xddf2);
        assert!(holds(&[&bytes[..], &(!0xddf2_u16).to_be_bytes()].concat()));
        assert!(!holds(&[&bytes[..], &0xddf2_u16.to_be_bytes()].concat()));
    }

    #[test]
    fn wide_words_give_the_sum_of_narrow_ones() {
        // Catches a carry that is lost, and an odd byte on the wrong side.
        let bytes: Vec<u8> = (0..200_u32).map(|at| (at * 151 + at / 3) as u8 | 0x80).collect();
        for len in 0..bytes.len() {
            assert_eq!(fold(sum(0, &bytes[..len])), plain(&bytes[..len]), "{len} bytes");
        }
        assert_eq!(fold(sum(0, &[0xff; 4096])), plain(&[0xff; 4096]));
    }

    #[test]
    fn the_pseudo_header_counts() {
        // 10.0.0.1:1 to 10.0.0.2:2, UDP, one byte: summed by hand.
        let pair = IpPair { from: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), to: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)) };
        let unsummed = [0, 1, 0, 2, 0, 9, 0, 0, 0x41];
        let total = plain(&[&[10, 0, 0, 1, 10, 0, 0, 2, 0, 17, 0, 9][..], &unsummed].concat());
        let mut bytes = unsummed;
        bytes[6..8].copy_from_slice(&(!(total as u16)).to_be_bytes());
        assert!(holds_between(pair, 17, &bytes));
        assert!(!holds_between(pair, 6, &bytes));
        let other = IpPair { from: pair.from, to: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3)) };
        assert!(!holds_between(other, 17, &bytes));
        assert!(!holds_between(pair, 17, &bytes[..8]));
    }
}
