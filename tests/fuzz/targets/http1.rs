//! HTTP/1 through the flow table: both sides' bytes, cut where the input says, with holes.
//!
//! An input is what is said, with marks between: so that it can be read, and a dictionary helps.
//!
//! ```text
//!  switches, two bytes of seed, then text with
//!  01 the client speaks   02 the server speaks   03 n  a hole of n + 1 bytes   04 the end of this side
//!  05 b  the byte b itself
//! ```

use std::net::SocketAddr;

use shadowtap::decode::{Scope, Segment, Seq, TcpFlags};
use shadowtap::flow::{ByteClass, FlowTable};
use shadowtap::limits::Limits;
use shadowtap::proto::{Exchange, ExchangeSink, Message, Opaque, Sessions};
use shadowtap::time::Timestamp;

use super::tape::Tape;

pub fn run(data: &[u8]) {
    let mut tape = Tape(data);
    let (switches, seed) = (tape.byte(), tape.pair());
    let talk = Talk { late: switches & 1 != 0, tight: switches & 2 != 0, script: tape.0 };
    let whole = talk.play(Cuts::None);
    for cuts in [Cuts::Seeded(u64::from(seed) + 1), Cuts::EveryByte] {
        let cut = talk.play(cuts);
        // What is not HTTP from its first byte to its last, or has a hole, is searched, and there the start of a packet is a
        // hint. How long the answer to a CONNECT is waited for is counted in packets.
        if !talk.late && !talk.tight && whole.plain && !cut.tunnelled {
            assert_eq!(whole.told, cut.told, "{cuts:?}");
        }
    }
}

/// Where packets end, beside where the script says.
#[derive(Clone, Copy, Debug)]
enum Cuts {
    None,
    Seeded(u64),
    EveryByte,
}

struct Talk<'t> {
    late: bool,
    tight: bool,
    script: &'t [u8],
}

/// What came of it.
struct Heard {
    told: Vec<String>,
    /// Nothing was lost, given up or guessed.
    plain: bool,
    /// A tunnel was believed.
    tunnelled: bool,
}

impl Talk<'_> {
    fn play(&self, cuts: Cuts) -> Heard {
        let limits = if self.tight {
            Limits {
                head_bytes: 256,
                headers: 4,
                unanswered: 2,
                unanswered_bytes: 1 << 10,
                body_sample: 64,
                carry_bytes: 512,
                probe_bytes: 64,
                search_bytes: 256,
                ..Limits::default()
            }
        } else {
            Limits::default()
        };
        let mut wire = Wire {
            table: FlowTable::new(&limits),
            sessions: Sessions::new(limits, Ear::default()),
            sent: [0; 2],
            time: 1_000_000_000,
        };
        if !self.late {
            wire.open();
        }
        let (mut side, mut said) = (0, Vec::new());
        let mut missing = 0;
        let mut script = self.script.iter();
        while let Some(byte) = script.next() {
            match byte {
                1..=4 => {
                    wire.say(side, &said, cuts);
                    said.clear();
                    match byte {
                        3 => {
                            let hole = u32::from(script.next().copied().unwrap_or(0)) + 1;
                            wire.sent[side] += hole;
                            missing += u64::from(hole);
                        }
                        4 => wire.segment(side, TcpFlags::FIN, wire.sent[side], b""),
                        mark => side = usize::from(*mark) - 1,
                    }
                }
                5 => said.extend(script.next()),
                byte => said.push(*byte),
            }
        }
        wire.say(side, &said, cuts);
        let Wire { mut table, mut sessions, time, .. } = wire;
        table.drain(Timestamp::from_nanos(time), &mut sessions);
        let ledger = table.ledger();
        assert_eq!(ledger.captured, ledger.booked(), "{ledger:?}");
        assert_eq!((table.held(), table.weight()), (0, 0));
        let counts = sessions.counts();
        assert_eq!(counts.poisoned, 0, "a parser failed");
        let proto = &counts.proto;
        let foreign = ledger.of(ByteClass::NotHttp) + ledger.of(ByteClass::Discarded);
        let sure = foreign == 0 && counts.tunnels == 0 && counts.tls == 0;
        let whole = proto.resyncs == 0 && proto.heads_dropped == 0 && proto.fields_dropped == 0;
        let plain = missing + ledger.missing() == 0 && sure && whole;
        Heard { tunnelled: counts.tunnels > 0, told: sessions.into_sink().told, plain }
    }
}

/// One connection.
struct Wire {
    table: FlowTable<Sessions<Ear>>,
    sessions: Sessions<Ear>,
    sent: [u32; 2],
    time: u64,
}

impl Wire {
    const ISN: [u32; 2] = [5_000, u32::MAX - 100];

    fn open(&mut self) {
        self.segment(0, TcpFlags::SYN, u32::MAX, b"");
        self.segment(1, TcpFlags::SYN, u32::MAX, b"");
    }

    /// Bytes of one moment, in one packet or several.
    fn say(&mut self, side: usize, bytes: &[u8], cuts: Cuts) {
        self.time += 1_000_000;
        let mut random = if let Cuts::Seeded(seed) = cuts { seed } else { 0 };
        let mut rest = bytes;
        while !rest.is_empty() {
            let most = match cuts {
                Cuts::None => 60_000,
                Cuts::EveryByte => 1,
                Cuts::Seeded(_) => {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    1 + (random >> 33) as usize % 64
                }
            };
            let mut end = most.min(rest.len());
            // Amid a line, a packet that begins with a method everyone knows, or as TLS does, is a hint that whole text does
            // not give.
            while matches!(cuts, Cuts::Seeded(_)) && rest.get(end..).is_some_and(hints) {
                end += 1;
            }
            let (piece, more) = rest.split_at(end);
            self.segment(side, TcpFlags::PSH, self.sent[side], piece);
            self.sent[side] += piece.len() as u32;
            rest = more;
        }
    }

    fn segment(&mut self, side: usize, flags: TcpFlags, offset: u32, payload: &[u8]) {
        let ends: [SocketAddr; 2] = [([10, 0, 0, 9], 50_000).into(), ([10, 0, 0, 1], 8080).into()];
        let number = |side: usize, offset: u32| Seq(Self::ISN[side].wrapping_add(offset).wrapping_add(1));
        let first = flags == TcpFlags::SYN && side == 0;
        let segment = Segment {
            time: Timestamp::from_nanos(self.time),
            scope: Scope::default(),
            from: ends[side],
            to: ends[1 - side],
            seq: number(side, offset),
            ack: number(1 - side, self.sent[1 - side]),
            flags: if first { flags } else { flags.with(TcpFlags::ACK) },
            payload,
            cut: 0,
        };
        self.table.segment(&segment, &mut self.sessions);
    }
}

/// Those that the parser knows.
const METHODS: &str = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT PURGE ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT LABEL LINK MERGE MKACTIVITY MKCALENDAR MKREDIRECTREF MKWORKSPACE ORDERPATCH REBIND UNBIND UNCHECKOUT UNLINK UPDATE UPDATEREDIRECTREF VERSION-CONTROL BCOPY BDELETE BMOVE BPROPFIND BPROPPATCH POLL SUBSCRIBE UNSUBSCRIBE NOTIFY M-SEARCH SOURCE DEBUG TRACK";

/// A whole word that is a method everyone knows starts here, or a record of TLS.
fn hints(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| !byte.is_ascii_uppercase() && *byte != b'-').unwrap_or(bytes.len());
    bytes.starts_with(b"\x16\x03") || METHODS.split_whitespace().any(|known| bytes.get(..end) == Some(known.as_bytes()))
}

/// Writes down all that it is told.
#[derive(Default)]
struct Ear {
    told: Vec<String>,
}

impl ExchangeSink for Ear {
    fn exchange(&mut self, exchange: &Exchange) {
        let part = |message: Option<&Message>| {
            message.map(|message| {
                assert!(message.body.len() as u64 <= message.body_len, "a sample longer than its body");
                assert!(message.began <= message.ended, "a message that ends before it begins");
                let fields: Vec<_> = message.fields().map(|(name, value)| (text(name), text(value))).collect();
                let Message { began, ended, version, status, body_len, body_whole, .. } = message;
                let (method, target, body) = (text(message.method()), text(message.target()), text(&message.body));
                format!(
                    "{method} {target} v{version} {status} {fields:?} {body_len} {body_whole} {body} {began:?} {ended:?}"
                )
            })
        };
        self.told.push(format!(
            "#{} {:?} | {:?} | {} {:?}",
            exchange.index,
            part(exchange.request.as_ref()),
            part(exchange.response.as_ref()),
            exchange.interim,
            exchange.oddities
        ));
    }

    fn opaque(&mut self, seen: &Opaque<'_>) {
        self.told.push(format!("{:?} {:?} {:?}", seen.kind, seen.server_name, seen.connection.payload));
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
