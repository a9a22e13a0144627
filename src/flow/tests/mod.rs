//! Tests of the room as a whole: what a consumer sees of packets as a mirror port may deliver them.

mod bounds;
mod lifecycle;
mod mangle;
mod reassembly;
mod siblings;

use std::net::SocketAddr;

use super::*;
use crate::decode::{Scope, Segment, Seq, TcpFlags};
use crate::limits::Limits;
use crate::time::Timestamp;

pub(super) const FIN: u8 = TcpFlags::FIN.0;
pub(super) const SYN: u8 = TcpFlags::SYN.0;
pub(super) const RST: u8 = TcpFlags::RST.0;
pub(super) const ACK: u8 = TcpFlags::ACK.0;
pub(super) const URG: u8 = TcpFlags::URG.0;

/// Initial sequence numbers, both near the wrap.
pub(super) const CLIENT_ISN: u32 = u32::MAX - 40;
pub(super) const SERVER_ISN: u32 = u32::MAX - 3000;

/// A packet, owned.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    /// Milliseconds.
    pub(super) time: u64,
    pub(super) side: Side,
    /// The client's port.
    pub(super) port: u16,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    pub(super) payload: Vec<u8>,
    pub(super) cut: u32,
}

/// A packet of the client or the server whose numbers count from the first byte of the stream.
pub(super) fn packet(time: u64, side: Side, flags: u8, seq: i64, ack: i64, payload: &[u8]) -> Packet {
    let isn = |side| if side == Side::Client { CLIENT_ISN } else { SERVER_ISN };
    let number = |side, n: i64| isn(side).wrapping_add(1).wrapping_add(n as u32);
    Packet {
        time,
        side,
        port: 50_000,
        seq: number(side, seq),
        ack: if flags & ACK != 0 { number(side.other(), ack) } else { 0 },
        flags,
        payload: payload.to_vec(),
        cut: 0,
    }
}

pub(super) fn client(time: u64, seq: i64, ack: i64, payload: &[u8]) -> Packet {
    packet(time, Side::Client, ACK, seq, ack, payload)
}

pub(super) fn server(time: u64, seq: i64, ack: i64, payload: &[u8]) -> Packet {
    packet(time, Side::Server, ACK, seq, ack, payload)
}

/// SYN, SYN-ACK, ACK.
pub(super) fn handshake(time: u64) -> Vec<Packet> {
    vec![
        packet(time, Side::Client, SYN, -1, 0, b""),
        packet(time + 1, Side::Server, SYN | ACK, -1, 0, b""),
        client(time + 2, 0, 0, b""),
    ]
}

impl Packet {
    pub(super) fn addresses(&self) -> (SocketAddr, SocketAddr) {
        let ends = (([10, 0, 0, 9], self.port).into(), ([10, 0, 0, 1], 80).into());
        if self.side == Side::Client { ends } else { (ends.1, ends.0) }
    }

    pub(super) fn segment(&self) -> Segment<'_> {
        let (from, to) = self.addresses();
        Segment {
            time: Timestamp::from_nanos(self.time * 1_000_000),
            scope: Scope::default(),
            from,
            to,
            seq: Seq(self.seq),
            ack: Seq(self.ack),
            flags: TcpFlags(self.flags),
            payload: &self.payload,
            cut: self.cut,
        }
    }
}

/// What happened to one byte or hole of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A byte, and the time of its packet in milliseconds.
    Byte(u8, u64),
    Gap(u64),
    End,
}

/// What one connection said.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) connection: Connection,
    pub(super) streams: [Vec<Item>; 2],
    /// Offsets reached, with holes counted, and how far the peer was then, call by call.
    pub(super) order: Vec<(Side, u64, [u64; 2])>,
    pub(super) reached: [u64; 2],
    pub(super) close: Option<Close>,
}

impl Record {
    pub(super) fn text(&self, side: Side) -> String {
        let mut text = String::new();
        for item in &self.streams[side.index()] {
            match item {
                Item::Byte(byte, _) => text.push(*byte as char),
                Item::Gap(n) => text.push_str(&format!("<{n}>")),
                Item::End => text.push('.'),
            }
        }
        text
    }

    pub(super) fn times(&self, side: Side) -> Vec<u64> {
        let stream = &self.streams[side.index()];
        stream.iter().filter_map(|i| if let Item::Byte(_, at) = i { Some(*at) } else { None }).collect()
    }
}

/// How a [`Recorder`] answers bytes: how many it uses, and what it wants then.
pub(super) type Taste = fn(&[u8]) -> Took;

/// Keeps all it is told.
pub(super) struct Recorder {
    pub(super) records: Vec<Record>,
    pub(super) taste: Taste,
    pub(super) after_gap: Want,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { records: Vec::new(), taste: |bytes| Took { used: bytes.len(), want: Want::More }, after_gap: Want::More }
    }
}

impl StreamConsumer for Recorder {
    type Session = usize;

    fn open(&mut self, connection: &Connection) -> usize {
        self.records.push(Record {
            connection: *connection,
            streams: Default::default(),
            order: Vec::new(),
            reached: [0; 2],
            close: None,
        });
        self.records.len() - 1
    }

    fn data(
        &mut self,
        _: &Connection,
        session: &mut usize,
        side: Side,
        at: Timestamp,
        bytes: &[u8],
        ledger: &mut Ledger,
    ) -> Took {
        assert!(!bytes.is_empty());
        let took = (self.taste)(bytes);
        let record = &mut self.records[*session];
        assert_eq!(record.close, None);
        ledger.book(ByteClass::Parsed, took.used as u64);
        let at = at.nanos() / 1_000_000;
        record.streams[side.index()].extend(bytes[..took.used].iter().map(|&byte| Item::Byte(byte, at)));
        record.order.push((side, at, record.reached));
        record.reached[side.index()] += took.used as u64;
        took
    }

    fn gap(
        &mut self,
        _: &Connection,
        session: &mut usize,
        side: Side,
        _: Timestamp,
        missing: u64,
        left: u64,
        ledger: &mut Ledger,
    ) -> Want {
        assert!(missing > 0);
        ledger.book(ByteClass::Discarded, left);
        let record = &mut self.records[*session];
        record.streams[side.index()].push(Item::Gap(missing));
        record.reached[side.index()] += missing;
        self.after_gap
    }

    fn end(&mut self, _: &Connection, session: &mut usize, side: Side, _: Timestamp) {
        self.records[*session].streams[side.index()].push(Item::End);
    }

    fn close(
        &mut self,
        connection: &Connection,
        session: usize,
        _: Timestamp,
        why: Close,
        left: [u64; 2],
        ledger: &mut Ledger,
    ) {
        ledger.book(ByteClass::Discarded, left[0] + left[1]);
        self.records[session].close = Some(why);
        self.records[session].connection = *connection;
    }
}

/// A table, its consumer, and the clock of a reader that feeds them.
pub(super) struct Bench {
    pub(super) table: FlowTable<Recorder>,
    pub(super) recorder: Recorder,
    now: Timestamp,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::within(&Limits::default())
    }

    pub(super) fn within(limits: &Limits) -> Self {
        Self { table: FlowTable::new(limits), recorder: Recorder::default(), now: Timestamp::ZERO }
    }

    pub(super) fn tasting(taste: Taste) -> Self {
        let mut bench = Self::new();
        bench.recorder.taste = taste;
        bench
    }

    pub(super) fn feed<'p>(&mut self, packets: impl IntoIterator<Item = &'p Packet>) -> &mut Self {
        for packet in packets {
            let segment = packet.segment();
            self.now = self.now.max(segment.time);
            self.table.advance(self.now, &mut self.recorder);
            self.table.segment(&segment, &mut self.recorder);
        }
        self
    }

    /// Ends the capture; the ledger must add up.
    pub(super) fn drain(&mut self) -> &mut Self {
        self.table.drain(self.now, &mut self.recorder);
        assert_eq!(self.table.ledger().captured, self.table.ledger().booked(), "{:?}", self.table.ledger());
        assert_eq!((self.table.held(), self.table.len()), (0, 0));
        assert!(self.recorder.records.iter().all(|record| record.close.is_some()));
        self
    }

    /// What both sides of connection `n` said: bytes, `<gaps>`, and a dot for an end.
    pub(super) fn said(&self, n: usize) -> (String, String) {
        let record = &self.recorder.records[n];
        (record.text(Side::Client), record.text(Side::Server))
    }

    pub(super) fn booked(&self, class: ByteClass) -> u64 {
        self.table.ledger().of(class)
    }
}

/// Feeds packets, ends the capture.
pub(super) fn run<'p>(packets: impl IntoIterator<Item = &'p Packet>) -> Bench {
    let mut bench = Bench::new();
    bench.feed(packets).drain();
    bench
}
