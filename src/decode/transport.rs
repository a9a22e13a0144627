//! TCP and UDP headers: where peeling ends.

use std::net::SocketAddr;

use etherparse::err::tcp;
use etherparse::{TcpHeaderSlice, UdpHeaderSlice};

use super::layer::{Decoded, IpPair, Skip, Slice};
use super::segment::{Datagram, Scope, Segment, Seq, TcpFlags};
use crate::time::Timestamp;

/// A TCP segment, its payload cut or whole.
pub(super) fn segment<'a>(pair: IpPair, slice: Slice<'a>, time: Timestamp, scope: Scope) -> Decoded<'a> {
    let header = match TcpHeaderSlice::from_slice(slice.bytes) {
        Ok(header) => header,
        Err(tcp::HeaderSliceError::Len(error)) => return Decoded::Skip(slice.short(error.required_len)),
        Err(tcp::HeaderSliceError::Content(_)) => return Decoded::Skip(Skip::Malformed),
    };
    let (Some(flags), Some(payload)) = (slice.u8_at(13), slice.after(header.slice().len())) else {
        return Decoded::Skip(Skip::Truncated);
    };
    Decoded::Segment(Segment {
        time,
        scope,
        from: SocketAddr::new(pair.from, header.source_port()),
        to: SocketAddr::new(pair.to, header.destination_port()),
        seq: Seq(header.sequence_number()),
        ack: Seq(header.acknowledgment_number()),
        flags: TcpFlags(flags),
        payload: payload.bytes,
        cut: payload.cut,
    })
}

/// A UDP datagram, and its payload with what the capture cut of it.
pub(super) fn datagram<'a>(
    pair: IpPair,
    slice: Slice<'a>,
    time: Timestamp,
    scope: Scope,
) -> Result<(Datagram<'a>, Slice<'a>), Skip> {
    let header = UdpHeaderSlice::from_slice(slice.bytes).map_err(|error| slice.short(error.required_len))?;
    // 0: longer than 16 bits can say (RFC 2675), or not filled in yet.
    let slice = match header.length() {
        0 => slice,
        len @ 8.. if usize::from(len) <= slice.bytes.len() => slice.counted(len.into()),
        8.. => slice,
        _ => return Err(Skip::Malformed),
    };
    let payload = slice.after(header.slice().len()).ok_or(Skip::Truncated)?;
    let datagram = Datagram {
        time,
        scope,
        from: SocketAddr::new(pair.from, header.source_port()),
        to: SocketAddr::new(pair.to, header.destination_port()),
        payload: payload.bytes,
    };
    Ok((datagram, payload))
}
