//! Captures too large to be held: written to a pipe packet by packet, as `tcpdump -w -` would.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::common::wire::{ACK, SYN};

/// A pcap stream (nanoseconds, Ethernet).
pub struct Flood<W> {
    out: W,
    /// Nanoseconds since 1970.
    pub clock: u64,
    /// Added to the clock before each packet.
    pub pace: u64,
    /// IPv6 where it is set.
    pub v6: bool,
    frame: Vec<u8>,
}

/// One direction's place in its stream, and the address it sends from.
#[derive(Clone, Copy)]
pub struct Host {
    pub number: u32,
    pub port: u16,
    pub seq: u32,
}

/// Both ends of a connection.
pub struct Pair {
    pub client: Host,
    pub server: Host,
}

impl Pair {
    /// The `number`th connection: of a client of its own, to one of 200 servers.
    pub fn new(number: u32) -> Self {
        let client = Host { number: 0x0a40_0000 | number >> 4, port: 20_000 + (number & 15) as u16, seq: number ^ !0 };
        Self { client, server: Host { number: 0x0afe_0000 + number % 200, port: 80, seq: number.wrapping_mul(77) } }
    }
}

impl<W: Write> Flood<W> {
    pub fn new(mut out: W) -> io::Result<Self> {
        let mut head = Vec::new();
        for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            head.extend_from_slice(&word.to_le_bytes());
        }
        out.write_all(&head)?;
        Ok(Self { out, clock: 1_700_000_000_000_000_000, pace: 20_000, v6: false, frame: Vec::new() })
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// One segment; moves `from.seq` on.
    pub fn segment(&mut self, from: &mut Host, to: &Host, flags: u8, payload: &[u8]) -> io::Result<()> {
        let v6 = self.v6;
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        frame.extend_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        ip(&mut frame, v6, from, to, 6, 0, 20 + payload.len());
        frame.extend_from_slice(&from.port.to_be_bytes());
        frame.extend_from_slice(&to.port.to_be_bytes());
        frame.extend_from_slice(&from.seq.to_be_bytes());
        frame.extend_from_slice(&if flags & ACK == 0 { 0 } else { to.seq }.to_be_bytes());
        frame.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend_from_slice(payload);
        from.seq = from.seq.wrapping_add(payload.len() as u32).wrapping_add(u32::from(flags & SYN != 0));
        self.push(&frame)?;
        self.frame = frame;
        Ok(())
    }

    /// One IPv4 fragment of `payload` bytes; `more` fragments follow it.
    pub fn fragment(&mut self, number: u32, at: u16, more: bool, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        let Pair { mut client, server } = Pair::new(number);
        client.seq = number;
        let field = (at / 8) | (u16::from(more) << 13);
        ip(&mut frame, false, &client, &server, 6, field, payload.len());
        frame.extend_from_slice(payload);
        self.push(&frame)
    }

    /// SYN, SYN-ACK, ACK.
    pub fn open(&mut self, pair: &mut Pair) -> io::Result<()> {
        self.segment(&mut pair.client, &pair.server, SYN, b"")?;
        self.segment(&mut pair.server, &pair.client, SYN | ACK, b"")?;
        self.segment(&mut pair.client, &pair.server, ACK, b"")
    }

    /// The client says something.
    pub fn ask(&mut self, pair: &mut Pair, payload: &[u8]) -> io::Result<()> {
        self.segment(&mut pair.client, &pair.server, ACK, payload)
    }

    /// The server says something.
    pub fn answer(&mut self, pair: &mut Pair, payload: &[u8]) -> io::Result<()> {
        self.segment(&mut pair.server, &pair.client, ACK, payload)
    }

    /// Any frame, after the pace.
    pub fn push(&mut self, frame: &[u8]) -> io::Result<()> {
        self.clock += self.pace;
        let (seconds, nanos) = (self.clock / 1_000_000_000, self.clock % 1_000_000_000);
        for word in [seconds as u32, nanos as u32, frame.len() as u32, frame.len() as u32] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(frame)
    }
}

/// The network header, and the EtherType before it.
fn ip(frame: &mut Vec<u8>, v6: bool, from: &Host, to: &Host, protocol: u8, fragment: u16, len: usize) {
    let address = |host: &Host| -> IpAddr {
        if v6 {
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, (host.number >> 16) as u16, host.number as u16).into()
        } else {
            Ipv4Addr::from(host.number).into()
        }
    };
    if v6 {
        frame.extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend_from_slice(&(len as u16).to_be_bytes());
        frame.extend_from_slice(&[protocol, 64]);
    } else {
        frame.extend_from_slice(&[8, 0, 0x45, 0]);
        frame.extend_from_slice(&(20 + len as u16).to_be_bytes());
        frame.extend_from_slice(&(from.seq as u16).to_be_bytes());
        frame.extend_from_slice(&fragment.to_be_bytes());
        frame.extend_from_slice(&[64, protocol, 0, 0]);
    }
    for host in [from, to] {
        match address(host) {
            IpAddr::V4(ip) => frame.extend_from_slice(&ip.octets()),
            IpAddr::V6(ip) => frame.extend_from_slice(&ip.octets()),
        }
    }
}
