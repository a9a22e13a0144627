//! Packets written by hand, where no real client would send them.

use shadowtap::capture::{Frame, LinkType, MemorySource};
use shadowtap::time::Timestamp;

/// A conversation between two hosts, as Ethernet frames.
pub struct Wire {
    pub frames: MemorySource,
    pub clock: u64,
}

/// One direction's place in its stream.
#[derive(Clone, Copy)]
pub struct End {
    pub address: [u8; 4],
    pub port: u16,
    pub seq: u32,
}

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const ACK: u8 = 0x10;

impl Wire {
    pub fn new() -> Self {
        Self { frames: MemorySource::new(), clock: 1_700_000_000_000_000_000 }
    }

    /// One segment, a millisecond after the last. Moves `from.seq` on.
    pub fn segment(&mut self, from: &mut End, to: &End, flags: u8, payload: &[u8]) {
        self.clock += 1_000_000;
        let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
        let total = (40 + payload.len()) as u16;
        bytes.extend_from_slice(&[0x45, 0]);
        bytes.extend_from_slice(&total.to_be_bytes());
        bytes.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
        bytes.extend_from_slice(&from.address);
        bytes.extend_from_slice(&to.address);
        bytes.extend_from_slice(&from.port.to_be_bytes());
        bytes.extend_from_slice(&to.port.to_be_bytes());
        bytes.extend_from_slice(&from.seq.to_be_bytes());
        bytes.extend_from_slice(&to.seq.to_be_bytes());
        bytes.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        bytes.extend_from_slice(payload);
        self.push(self.clock, &bytes);
        let syn_fin = u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        from.seq = from.seq.wrapping_add(payload.len() as u32).wrapping_add(syn_fin);
    }

    /// Any Ethernet frame.
    pub fn push(&mut self, nanos: u64, bytes: &[u8]) {
        let frame =
            Frame { time: Timestamp::from_nanos(nanos), link: LinkType::ETHERNET, wire_len: bytes.len() as u32, bytes };
        self.frames.push(&frame);
    }

    /// A handshake.
    pub fn open(&mut self, client: &mut End, server: &mut End) {
        self.segment(client, server, SYN, b"");
        self.segment(server, client, SYN | ACK, b"");
        self.segment(client, server, ACK, b"");
    }
}

/// A client at 10.9.0.1 and a server at 10.9.0.2:80.
pub fn ends(port: u16) -> (End, End) {
    let seq = u32::from(port) << 16;
    (End { address: [10, 9, 0, 1], port, seq }, End { address: [10, 9, 0, 2], port: 80, seq: seq ^ 0x5555_5555 })
}
