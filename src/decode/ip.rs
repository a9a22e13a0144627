//! IPv4 and IPv6 with their extension headers, down to the transport or to a fragment of it.
//!
//! In: an IP packet, padding and all. Out: addresses, protocol number and payload, or a piece for the fragment
//! cache. Checksums are not verified: offloading makes them wrong on every sending host.

use std::net::{IpAddr, Ipv6Addr};

use etherparse::err::{ipv4, ipv6};
use etherparse::{IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice};

use super::layer::{IpPair, Skip, Slice};

/// What an IP packet holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ip<'a> {
    /// A whole payload: addresses, protocol number, bytes.
    Whole(IpPair, u8, Slice<'a>),
    /// A part of one.
    Piece(Piece<'a>),
    /// Nothing to be had.
    Skip(Skip),
}

/// A fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) pair: IpPair,
    /// The identification field; 16 bits in IPv4.
    pub(super) id: u32,
    /// The protocol of the whole, as this fragment has it.
    pub(super) protocol: u8,
    /// Where its bytes lie in the whole.
    pub(super) offset: u32,
    /// It is not the last.
    pub(super) more: bool,
    pub(super) bytes: &'a [u8],
}

/// Extension headers in one packet; more is no honest packet.
const EXTENSIONS: usize = 16;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

/// Reads an IP packet, version from its first nibble.
#[inline]
pub(super) fn packet(slice: Slice<'_>) -> Ip<'_> {
    match slice.bytes.first().map(|first| first >> 4) {
        Some(4) => v4(slice),
        Some(6) => v6(slice),
        Some(_) => Ip::Skip(Skip::Malformed),
        None => Ip::Skip(slice.short(1)),
    }
}

/// Whether bytes that nothing else marks are an IP packet: a version, and a length that they have.
pub(super) fn fits(slice: Slice<'_>) -> bool {
    let len = match slice.u8_at(0).map(|first| first >> 4) {
        Some(4) => slice.u16_at(2).map(usize::from).filter(|len| *len >= 20),
        Some(6) => slice.u16_at(4).map(|len| usize::from(len) + 40),
        _ => None,
    };
    len.is_some_and(|len| len <= slice.bytes.len().saturating_add(slice.cut as usize))
}

fn v4(slice: Slice<'_>) -> Ip<'_> {
    let header = match Ipv4HeaderSlice::from_slice(slice.bytes) {
        Ok(header) => header,
        Err(ipv4::HeaderSliceError::Len(error)) => return Ip::Skip(slice.short(error.required_len)),
        Err(ipv4::HeaderSliceError::Content(_)) => return Ip::Skip(Skip::Malformed),
    };
    let len = header.slice().len();
    let total = header.total_len();
    // 0 comes from cards that cut the segments themselves: the packet was captured before it had a length.
    let slice = if total == 0 { slice } else { slice.counted(total.into()) };
    let Some(payload) = slice.after(len) else { return Ip::Skip(Skip::Malformed) };
    let pair = IpPair { from: IpAddr::V4(header.source_addr()), to: IpAddr::V4(header.destination_addr()) };
    let protocol = header.protocol().0;
    if !header.is_fragmenting_payload() {
        return inside(pair, protocol, payload);
    }
    let offset = u32::from(header.fragments_offset().value()) * 8;
    match (payload.cut, offset) {
        (0, _) => {}
        // What the capture cut never becomes whole. The beginning, with the transport's header, goes on as it is; behind it
        // bytes are missing.
        (_, 0) => return inside(pair, protocol, payload),
        _ => return Ip::Skip(Skip::Truncated),
    }
    let more = header.more_fragments();
    // A middle fragment is a multiple of eight bytes; what is over the last is dropped, as Linux does.
    let keep = if more { payload.bytes.len() & !7 } else { payload.bytes.len() };
    Ip::Piece(Piece {
        pair,
        id: header.identification().into(),
        protocol,
        offset,
        more,
        bytes: payload.bytes.get(..keep).unwrap_or_default(),
    })
}

fn v6(slice: Slice<'_>) -> Ip<'_> {
    let header = match Ipv6HeaderSlice::from_slice(slice.bytes) {
        Ok(header) => header,
        Err(ipv6::HeaderSliceError::Len(error)) => return Ip::Skip(slice.short(error.required_len)),
        Err(ipv6::HeaderSliceError::Content(_)) => return Ip::Skip(Skip::Malformed),
    };
    let Some(payload) = slice.after(header.slice().len()) else { return Ip::Skip(Skip::Truncated) };
    // 0: a jumbogram (RFC 2675), or captured before the card filled it in.
    let payload = match header.payload_length() {
        0 => payload,
        len => payload.counted(len.into()),
    };
    let pair = IpPair { from: IpAddr::V6(header.source_addr()), to: IpAddr::V6(header.destination_addr()) };
    inside(pair, header.next_header().0, payload)
}

/// Passes over what stands between an IP header and its payload; also where a datagram put together goes on.
#[inline]
pub(super) fn inside(mut pair: IpPair, mut protocol: u8, mut slice: Slice<'_>) -> Ip<'_> {
    for _ in 0..EXTENSIONS {
        let (next, len) = match protocol {
            AUTHENTICATION => match IpAuthHeaderSlice::from_slice(slice.bytes) {
                Ok(header) => (header.next_header().0, header.slice().len()),
                Err(etherparse::err::ip_auth::HeaderSliceError::Len(error)) => {
                    return Ip::Skip(slice.short(error.required_len));
                }
                Err(etherparse::err::ip_auth::HeaderSliceError::Content(_)) => return Ip::Skip(Skip::Malformed),
            },
            // These belong to IPv6 alone.
            _ if pair.from.is_ipv4() => return Ip::Whole(pair, protocol, slice),
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 => {
                match Ipv6RawExtHeaderSlice::from_slice(slice.bytes) {
                    Ok(header) => {
                        match protocol {
                            ROUTING => pair.to = last_stop(header.slice()).map_or(pair.to, IpAddr::V6),
                            DESTINATION => pair.from = home(header.slice()).map_or(pair.from, IpAddr::V6),
                            _ => {}
                        }
                        (header.next_header().0, header.slice().len())
                    }
                    Err(error) => return Ip::Skip(slice.short(error.required_len)),
                }
            }
            FRAGMENT => {
                let header = match Ipv6FragmentHeaderSlice::from_slice(slice.bytes) {
                    Ok(header) => header,
                    Err(error) => return Ip::Skip(slice.short(error.required_len)),
                };
                // As with version 4, a beginning that was cut goes on as it is.
                let beginning = header.fragment_offset().value() == 0 && slice.cut > 0;
                if header.is_fragmenting_payload() && !beginning {
                    return v6_piece(pair, &header, slice);
                }
                // A fragment that is all there is (RFC 6946).
                (header.next_header().0, header.slice().len())
            }
            _ => return Ip::Whole(pair, protocol, slice),
        };
        let Some(rest) = slice.after(len) else { return Ip::Skip(Skip::Truncated) };
        (protocol, slice) = (next, rest);
    }
    Ip::Skip(Skip::TooDeep)
}

/// Where a packet under way through a routing header is sent in the end: a connection's ends are these, and its checksums
/// cover them (RFC 8200 section 8.1).
fn last_stop(header: &[u8]) -> Option<Ipv6Addr> {
    const ADDRESSES: usize = 8;
    let at = match header {
        [_, _, _, 0, ..] => return None,
        // RFC 5095 forbids it, which keeps nobody from sending it; RFC 6275 section 6.4.
        [_, _, 0 | 2, ..] => header.len().checked_sub(16)?,
        // RFC 8754 section 2: the last segment stands first.
        [_, _, 4, ..] => ADDRESSES,
        _ => return None,
    };
    if at < ADDRESSES {
        return None;
    }
    header.get(at..)?.first_chunk::<16>().copied().map(Ipv6Addr::from)
}

/// A mobile host's own address, where it sends from another (RFC 6275 section 6.3). Linear: each option takes a byte.
fn home(header: &[u8]) -> Option<Ipv6Addr> {
    const PAD: u8 = 0;
    const HOME_ADDRESS: u8 = 201;
    let mut options = header.get(2..)?;
    loop {
        options = match options {
            [PAD, rest @ ..] => rest,
            [HOME_ADDRESS, 16, rest @ ..] => return rest.first_chunk::<16>().copied().map(Ipv6Addr::from),
            [_, len, rest @ ..] => rest.get(usize::from(*len)..)?,
            _ => return None,
        };
    }
}

fn v6_piece<'a>(pair: IpPair, header: &Ipv6FragmentHeaderSlice<'_>, slice: Slice<'a>) -> Ip<'a> {
    let Some(payload) = slice.after(header.slice().len()) else { return Ip::Skip(Skip::Truncated) };
    if payload.cut > 0 {
        return Ip::Skip(Skip::Truncated);
    }
    let more = header.more_fragments();
    // RFC 8200 section 4.5: to be discarded.
    if more && !payload.bytes.len().is_multiple_of(8) {
        return Ip::Skip(Skip::BadFragment);
    }
    Ip::Piece(Piece {
        pair,
        id: header.identification(),
        protocol: header.next_header().0,
        offset: u32::from(header.fragment_offset().value()) * 8,
        more,
        bytes: payload.bytes,
    })
}
