//! The flow table, by operations: segments no stack would send, clocks, evictions, and a reader of every mood.
//!
//! Each byte's value is the low byte of its sequence number, so that whoever reads can tell one that is missing, doubled or
//! out of place. Two tables get the same segments, and only one of them the clock: what comes out must be the same.

mod reader;

use std::net::SocketAddr;

use shadowtap::decode::{Scope, Segment, Seq, TcpFlags};
use shadowtap::flow::{ByteClass, FlowTable};
use shadowtap::limits::Limits;
use shadowtap::time::{Span, Timestamp};

use super::tape::Tape;
use reader::{Mood, Reader};

/// Operations of one input, at most.
const OPERATIONS: usize = 2_000;
/// Segments of one input, at most: some operations are many.
const SEGMENTS: usize = 8_000;
const SYN: u8 = TcpFlags::SYN.0;
const ACK: u8 = TcpFlags::ACK.0;
const FIN: u8 = TcpFlags::FIN.0;
const RST: u8 = TcpFlags::RST.0;

pub fn run(data: &[u8]) {
    let mut tape = Tape(data);
    let switches = tape.byte();
    let mood = Mood::from(tape.bytes(8));
    let mut world = World::new(switches, mood);
    for _ in 0..OPERATIONS {
        if tape.is_empty() || world.segments >= SEGMENTS {
            break;
        }
        world.operate(&mut tape);
    }
    world.finish();
}

/// What the sender of each side believes.
#[derive(Clone, Copy, Default)]
struct End {
    isn: u32,
    sent: u32,
}

/// A table and who reads it.
struct Bench {
    table: FlowTable<Reader>,
    reader: Reader,
    ticks: bool,
}

struct World {
    benches: [Bench; 2],
    limits: Limits,
    connections: [[End; 2]; 4],
    /// Where the newest packet stands, and the clock.
    time: u64,
    now: u64,
    segments: usize,
    /// Bytes of segments are what their numbers say.
    honest: bool,
    payload: Vec<u8>,
}

impl World {
    fn new(switches: u8, mood: Mood) -> Self {
        let limits = if switches & 2 == 0 {
            Limits::default()
        } else {
            Limits {
                flows: 8,
                flow_idle: Span::from_secs(20),
                flow_linger: Span::from_secs(5),
                reorder_bytes: 8 << 10,
                reorder_side_bytes: 2 << 10,
                reorder_grace: 4,
                window: 64 << 10,
                carry_bytes: 1 << 10,
                flow_bytes: 16 << 10,
                ..Limits::default()
            }
        };
        let honest = switches & 1 == 0;
        let bench = |ticks| Bench { table: FlowTable::new(&limits), reader: Reader::new(mood, honest, &limits), ticks };
        let base: u32 = if switches & 4 == 0 { 1_000 } else { u32::MAX - 300 };
        let ends = |n: u32| [0, 1].map(|side| End { isn: base.wrapping_add(n * 77 + side * 1_003), sent: 0 });
        Self {
            benches: [bench(true), bench(false)],
            connections: [0, 1, 2, 3].map(ends),
            limits,
            time: 1_000_000_000_000,
            now: 1_000_000_000_000,
            segments: 0,
            honest,
            payload: Vec::new(),
        }
    }

    /// One operation: a byte that says what, on which connection and side; then what it needs.
    fn operate(&mut self, tape: &mut Tape<'_>) {
        let what = tape.byte();
        let (connection, side) = (usize::from(what & 3), usize::from(what >> 2 & 1));
        let port = 40_000 + connection as u16;
        let [mine, theirs] = [side, 1 - side].map(|side| self.connections[connection][side]);
        let (next, ack) =
            (mine.isn.wrapping_add(1).wrapping_add(mine.sent), theirs.isn.wrapping_add(1).wrapping_add(theirs.sent));
        let mut moved = 0_u32;
        match what >> 3 {
            0..=3 => {
                // What comes next.
                moved = length(tape.byte());
                self.segment(port, side, next, Some(ack), ACK, moved, 0);
            }
            4 => {
                // Ahead of its turn, or overlapping what was sent.
                let at = next.wrapping_add_signed(step(tape.byte()));
                self.segment(port, side, at, Some(ack), ACK, length(tape.byte()), 0);
            }
            5 => {
                // Again, from further back.
                let at = next.wrapping_sub(length(tape.byte()));
                self.segment(port, side, at, Some(ack), ACK, length(tape.byte()), 0);
            }
            6 => moved = length(tape.byte()), // Lost.
            7 => {
                let told = ack.wrapping_add_signed(step(tape.byte()));
                self.segment(port, side, next, Some(told), ACK, 0, 0);
            }
            8 => {
                let len = length(tape.byte()) & 63;
                self.segment(port, side, mine.isn, None, SYN, len, 0);
            }
            9 => self.segment(port, side, mine.isn, Some(ack), SYN | ACK, 0, 0),
            10 => {
                self.segment(port, side, mine.isn, None, SYN, 0, 0);
                self.segment(port, 1 - side, theirs.isn, Some(mine.isn.wrapping_add(1)), SYN | ACK, 0, 0);
                self.segment(port, side, mine.isn.wrapping_add(1), Some(theirs.isn.wrapping_add(1)), ACK, 0, 0);
            }
            11 => {
                moved = length(tape.byte()) & 31;
                self.segment(port, side, next, Some(ack), FIN | ACK, moved, 0);
            }
            12 => {
                let at = next.wrapping_add_signed(step(tape.byte()));
                self.segment(port, side, at, Some(ack), RST | ACK, 0, 0);
            }
            13 => self.wait([1, 1_000, 30_000, 6_000_000, 61_000_000, 301_000_000][usize::from(tape.byte()) % 6]),
            14 => self.time = self.time.saturating_sub(u64::from(tape.byte()) * 40_000_000), // Up to 10 s back.
            15 => {
                // The ports again.
                let isn = u32::from(tape.pair()) << 12;
                self.connections[connection] =
                    [End { isn, sent: 0 }, End { isn: isn.wrapping_mul(3) ^ 0x1234, sent: 0 }];
            }
            16 => {
                // The capture cut the end off.
                let (len, cut) = (length(tape.byte()), length(tape.byte()));
                moved = len + cut;
                self.segment(port, side, next, Some(ack), ACK, len, cut);
            }
            17 => {
                // Far from the stream.
                let at = next.wrapping_add(u32::from(tape.pair()) << 16);
                for n in 0..u32::from(tape.byte() & 7) {
                    self.segment(port, side, at.wrapping_add(n * 10), Some(ack), ACK, 10, 0);
                }
            }
            18 => {
                let flags = tape.byte();
                moved = length(tape.byte());
                self.segment(port, side, next, Some(ack), flags, moved, 0);
            }
            19 | 20 => {
                // Others want room too.
                let (first, talk) = (u16::from(tape.byte()), (what >> 3) == 20);
                for n in 0..u16::from(tape.byte() & 31) {
                    let (port, flags) = (1_000 + first + n, if talk { ACK } else { SYN });
                    self.segment(port, side, 5, Some(9), flags, u32::from(talk) * 9, 0);
                }
            }
            21 => {
                // Dribbled.
                for n in 0..u32::from(tape.byte()) {
                    self.segment(port, side, next.wrapping_add(n), Some(ack), ACK, 1, 0);
                    moved = n + 1;
                }
            }
            22 => {
                // Riddled with holes, from the back.
                let count = u32::from(tape.byte());
                for n in (0..count).rev() {
                    self.segment(port, side, next.wrapping_add(1 + n * 2), Some(ack), ACK, 1, 0);
                }
            }
            23 => {
                // A quiet wire.
                self.now += u64::from(tape.byte()) * 4_000_000_000;
                self.time = self.now;
                self.tick();
            }
            24 => {
                // Told by the peer, who saw it all.
                self.segment(port, 1 - side, ack, Some(next), ACK, 0, 0);
            }
            25 => {
                // Both have said all, each in one packet.
                let fin = mine.sent.wrapping_add(mine.isn).wrapping_add(1);
                self.segment(port, side, fin, Some(ack), FIN | ACK, 0, 0);
                self.segment(port, 1 - side, ack, Some(fin.wrapping_add(1)), FIN | ACK, 0, 0);
            }
            26 => {
                let at = next.wrapping_add_signed(step(tape.byte()));
                moved = length(tape.byte());
                self.segment(port, side, at, None, 0, moved, 0);
            }
            _ => {
                moved = length(tape.byte());
                self.segment(port, side, next, Some(ack), ACK, moved, 0);
                self.segment(port, side, next, Some(ack), ACK, moved, 0);
            }
        }
        let end = &mut self.connections[connection][side];
        end.sent = end.sent.wrapping_add(moved);
    }

    fn wait(&mut self, micros: u64) {
        self.time += micros * 1_000;
    }

    /// What a segment's sender said, to both tables; then all that must hold between segments.
    #[allow(clippy::too_many_arguments, reason = "the fields of a segment")]
    fn segment(&mut self, port: u16, side: usize, seq: u32, ack: Option<u32>, flags: u8, len: u32, cut: u32) {
        self.segments += 1;
        self.time += 10_000;
        // The reader's clock has believed it; so it is not much older than the newest.
        self.time = self.time.max(self.now.saturating_sub(50_000_000_000));
        self.now = self.now.max(self.time);
        let ends: [SocketAddr; 2] = [([10, 0, 0, 9], port).into(), ([10, 0, 0, 1], 80).into()];
        let first = if flags & SYN != 0 { seq.wrapping_add(1) } else { seq };
        let doubt = if self.honest { 0 } else { self.segments as u32 / 7 };
        self.payload.clear();
        self.payload.extend((0..len).map(|n| first.wrapping_add(n).wrapping_add(doubt) as u8));
        let segment = Segment {
            time: Timestamp::from_nanos(self.time),
            scope: Scope::default(),
            from: ends[side],
            to: ends[1 - side],
            seq: Seq(seq),
            ack: Seq(ack.unwrap_or(0)),
            flags: TcpFlags(flags),
            payload: &self.payload,
            cut,
        };
        for bench in &mut self.benches {
            bench.table.segment(&segment, &mut bench.reader);
        }
        self.tick();
    }

    fn tick(&mut self) {
        let now = Timestamp::from_nanos(self.now);
        for bench in &mut self.benches {
            if bench.ticks {
                bench.table.advance(now, &mut bench.reader);
            }
            bench.check(&self.limits);
        }
    }

    fn finish(mut self) {
        let now = Timestamp::from_nanos(self.now);
        for bench in &mut self.benches {
            bench.table.drain(now, &mut bench.reader);
            bench.check(&self.limits);
            let (table, reader) = (&bench.table, &bench.reader);
            assert!(table.is_empty(), "connections stay");
            // What was charged is given back to the byte: no charge drifted on the way.
            assert_eq!((table.held(), table.weight()), (0, 0), "held, weight");
            assert_eq!(table.ledger().captured, table.ledger().booked(), "{:?}", table.ledger());
            assert_eq!(table.ledger().of(ByteClass::Parsed), reader.parsed, "what was read");
            assert_eq!(reader.opened, reader.records.len() as u64, "every session is closed");
        }
        let [one, two] = &mut self.benches;
        // What a bound pushed out depends on what was still there.
        if [&*one, &*two].into_iter().all(Bench::unforced) {
            one.reader.records.sort();
            two.reader.records.sort();
            assert_eq!(one.reader.records, two.reader.records, "the clock shows in what was read");
            assert_eq!(one.table.ledger(), two.table.ledger(), "the clock shows in the ledger");
        }
    }
}

impl Bench {
    fn unforced(&self) -> bool {
        let stats = self.table.stats();
        stats.evicted == 0 && stats.gaps_forced == 0 && stats.deaf == 0
    }

    /// What must hold between any two operations.
    fn check(&mut self, limits: &Limits) {
        let (table, reader) = (&self.table, &mut self.reader);
        let ledger = table.ledger();
        assert!(table.len() <= limits.flows, "{} flows of {}", table.len(), limits.flows);
        assert!(table.held() <= limits.reorder_bytes, "{} bytes held of {}", table.held(), limits.reorder_bytes);
        assert!(table.weight() <= limits.flow_bytes, "weight {} of {}", table.weight(), limits.flow_bytes);
        assert!(ledger.booked() <= ledger.captured, "more was booked than captured: {ledger:?}");
        if !reader.picky && table.stats().deaf == 0 {
            // Nobody passes bytes over unseen, so what is not booked yet is held.
            let open = ledger.captured - ledger.booked();
            assert!(open <= table.held() as u64, "{open} bytes open, {} held: {ledger:?}", table.held());
        }
        reader.settle(table.stats().resyncs);
    }
}

/// A length from a byte: all small ones, and some that fill a segment or several.
fn length(byte: u8) -> u32 {
    let byte = u32::from(byte);
    if byte < 200 { byte } else { (byte - 199) * 67 }
}

/// A distance from a byte: near, both ways, and further.
fn step(byte: u8) -> i32 {
    let near = i32::from(byte.cast_signed());
    if near.unsigned_abs() < 100 { near } else { near.signum() * (near.abs() - 99) * 131 }
}
