//! TCP and UDP headers: where peeling ends.

use std::net::SocketAddr;

use etherparse::UdpHeaderSlice;

use super::layer::{Decoded, IpPair, Skip, Slice};
use super::segment::{Datagram, Scope, Segment, Seq, TcpFlags};
use crate::time::Timestamp;

/// A TCP segment, its payload cut or whole.
///
/// All that is wanted of its header stands in the first 14 bytes, so a capture that cut what follows still tells where the
/// segment lies in its stream, and how much of it is missing.
pub(super) fn segment<'a>(pair: IpPair, slice: Slice<'a>, time: Timestamp, scope: Scope) -> Decoded<'a> {
    const FIXED: usize = 20;
    let (Some(from), Some(to), Some(seq), Some(ack), Some(offset), Some(flags)) =
        (slice.u16_at(0), slice.u16_at(2), slice.u32_at(4), slice.u32_at(8), slice.u8_at(12), slice.u8_at(13))
    else {
        return Decoded::Skip(slice.short(FIXED));
    };
    let len = usize::from(offset >> 4) * 4;
    let Some(payload) = slice.passed(len).filter(|_| len >= FIXED) else { return Decoded::Skip(Skip::Malformed) };
    Decoded::Segment(Segment {
        time,
        scope,
        from: SocketAddr::new(pair.from, from),
        to: SocketAddr::new(pair.to, to),
        seq: Seq(seq),
        ack: Seq(ack),
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
