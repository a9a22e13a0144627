//! Whole conversations over TCP at its worst, from frames to exchanges: what was said comes out, and nothing else.

use serde_json::Value;
use shadowtap::capture::MemorySource;

use crate::common::wire::{ACK, End, FIN, RST, SYN, Wire};
use crate::common::{Run, assert_ledger};

const URG: u8 = 0x20;
const ASK: &[u8] = b"GET /one HTTP/1.1\r\nHost: h\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const ASK_2: &[u8] = b"POST /two HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n01234567890123456789";
const ANSWER_2: &[u8] = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
/// Lengths of them, as places in the two streams.
const A: i64 = ASK.len() as i64;
const B: i64 = ANSWER.len() as i64;
const A2: i64 = A + ASK_2.len() as i64;
const B2: i64 = B + ANSWER_2.len() as i64;
/// Both streams wrap inside their first bodies.
const CLIENT: u32 = u32::MAX - A as u32 - 50;
const SERVER: u32 = u32::MAX - B as u32 + 2;
/// What comes out of the plain conversation: method, target, status, bytes asked and answered.
const BOTH: [&str; 2] = ["GET /one 200 0 5", "POST /two 201 20 0"];

#[derive(Clone, Debug)]
struct Packet {
    /// Microseconds.
    at: u64,
    from_client: bool,
    flags: u8,
    seq: u32,
    ack: u32,
    payload: Vec<u8>,
    port: u16,
}

/// A packet; its numbers are places in the streams, whose first bytes are 0.
fn packet(ms: u64, from_client: bool, flags: u8, seq: i64, ack: i64, payload: &[u8]) -> Packet {
    let number =
        |client: bool, place: i64| (if client { CLIENT } else { SERVER }).wrapping_add(1).wrapping_add(place as u32);
    let ack = if flags & ACK == 0 { 0 } else { number(!from_client, ack) };
    Packet {
        at: ms * 1_000,
        from_client,
        flags,
        seq: number(from_client, seq),
        ack,
        payload: payload.to_vec(),
        port: 40_000,
    }
}

fn client(ms: u64, seq: i64, ack: i64, payload: &[u8]) -> Packet {
    packet(ms, true, ACK, seq, ack, payload)
}

fn server(ms: u64, seq: i64, ack: i64, payload: &[u8]) -> Packet {
    packet(ms, false, ACK, seq, ack, payload)
}

fn opening() -> Vec<Packet> {
    vec![packet(0, true, SYN, -1, 0, b""), packet(1, false, SYN | ACK, -1, 0, b""), client(2, 0, 0, b"")]
}

fn closing() -> Vec<Packet> {
    vec![
        packet(90, true, FIN | ACK, A2, B2, b""),
        packet(91, false, FIN | ACK, B2, A2 + 1, b""),
        client(92, A2 + 1, B2 + 1, b""),
    ]
}

/// Two exchanges as they should be: opened and closed around `said`.
fn around(said: Vec<Packet>) -> Vec<Packet> {
    [opening(), said, closing()].concat()
}

fn said() -> Vec<Packet> {
    vec![client(10, 0, 0, ASK), server(20, 0, A, ANSWER), client(30, A, B, ASK_2), server(40, B, A2, ANSWER_2)]
}

fn plain() -> Vec<Packet> {
    around(said())
}

/// What was reported.
struct Told {
    /// In order of time.
    exchanges: Vec<String>,
    latencies: Vec<Value>,
    report: Value,
}

impl Told {
    fn counter(&self, name: &str) -> u64 {
        self.report["capture"]["counters"][name].as_u64().unwrap_or(0)
    }

    fn missing(&self) -> u64 {
        self.report["capture"]["missing"]["gaps"].as_u64().expect("a figure")
    }

    fn class(&self, name: &str) -> u64 {
        self.report["capture"]["payload"][name].as_u64().expect("a class")
    }
}

fn frames(packets: &[Packet]) -> MemorySource {
    let mut wire = Wire::new();
    let start = wire.clock;
    for packet in packets {
        wire.clock = start + packet.at * 1_000 - 1_000_000 + 10_000_000_000;
        let mut from = End { address: [10, 9, 0, 1], port: packet.port, seq: packet.seq };
        let mut to = End { address: [10, 9, 0, 2], port: 80, seq: packet.ack };
        if !packet.from_client {
            (from.address, to.address) = (to.address, from.address);
            (from.port, to.port) = (to.port, from.port);
        }
        wire.segment(&mut from, &to, packet.flags, &packet.payload);
    }
    wire.frames
}

/// Replays; the ledger must add up, and the number of workers must not show.
fn tell_frames(frames: &MemorySource) -> Told {
    let run = |workers| {
        let mut source = frames.clone();
        Run { specs: Vec::new(), workers, ..Run::default() }.report(&mut source, "json")
    };
    let (report, lines) = run(1);
    assert_eq!((&report, &lines), (&run(2).0, &run(2).1));
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_ledger(&report, "evil");
    let (mut exchanges, mut latencies) = (Vec::new(), Vec::new());
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_slice(line).expect("JSON");
        let text = |name: &str| match &line[name] {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            other => other.to_string(),
        };
        let fields = ["method", "target", "status", "request_bytes", "response_bytes"].map(text);
        exchanges.push(fields.join(" "));
        latencies.push(line["latency_us"].clone());
    }
    Told { exchanges, latencies, report }
}

fn tell(packets: &[Packet]) -> Told {
    tell_frames(&frames(packets))
}

/// Both exchanges come out of it, and no byte is called missing.
fn whole(what: &str, packets: &[Packet]) -> Told {
    let told = tell(packets);
    assert_eq!((&told.exchanges[..], told.missing()), (&BOTH.map(String::from)[..], 0), "{what}");
    told
}

#[test]
fn the_plain_conversation_wraps_inside_its_bodies() {
    let told = whole("plain", &plain());
    assert_eq!(told.latencies, [10_000, 10_000]);
}

#[test]
fn overlaps_with_other_content_are_won_by_the_first_and_counted() {
    // Catches a sensor that can be made to read another request than the server did.
    let mut held = said();
    let evil = b"GET /evil HTTP/1.1\r\nHost: h\r\n\r\n";
    // Read already: the copy is a duplicate whatever it says. Held behind a hole: it is also counted as a conflict.
    held.insert(1, client(11, 0, 0, &evil[..A as usize]));
    let at = A as usize / 2;
    let first = vec![client(8, at as i64, 0, &ASK[at..]), client(9, at as i64, 0, &vec![b'X'; ASK.len() - at])];
    let told = whole("overlap", &around([first, held].concat()));
    assert_eq!(told.counter("flow.overlap_conflicts"), 1);
    assert_eq!(told.class("duplicate"), A as u64 + 2 * (ASK.len() - at) as u64);
}

#[test]
fn holes_that_never_fill_cost_what_they_touch() {
    // A hole in a head takes that exchange's head; one in a body of known length takes none.
    let split = |hole: std::ops::Range<usize>| {
        let mut packets = said();
        let body = packets.remove(2);
        packets.splice(
            2..2,
            [
                client(30, A, B, &body.payload[..hole.start]),
                client(31, A + hole.end as i64, B, &body.payload[hole.end..]),
            ],
        );
        tell(&around(packets))
    };
    let end = ASK_2.len();
    let told = split(end - 10..end - 5);
    assert_eq!((&told.exchanges[..], told.missing()), (&BOTH.map(String::from)[..], 5));
    let told = split(20..25);
    assert_eq!((told.exchanges[0].as_str(), told.missing()), (BOTH[0], 5));
    assert!(!told.exchanges.iter().any(|exchange| exchange.starts_with("POST /two 201 20")), "{:?}", told.exchanges);
}

#[test]
fn the_beginning_may_come_in_any_order() {
    // Data before its SYN, an acknowledgment before what it acknowledges, everything before the handshake.
    let plain = plain();
    for first in 1..6 {
        let mut packets = plain.clone();
        let moved = packets.remove(first);
        packets.insert(0, moved);
        whole(&format!("packet {first} first"), &packets);
    }
    let mut packets = plain.clone();
    packets[..7].reverse();
    whole("backwards", &packets);
}

#[test]
fn data_in_the_syn_is_read_once() {
    // TCP Fast Open (RFC 7413): the SYN carries the question; whether the server took it or it is sent again.
    let mut taken = plain();
    taken[0].payload = ASK.to_vec();
    taken[1].ack = taken[1].ack.wrapping_add(A as u32);
    taken.remove(3);
    whole("taken", &taken);
    let mut refused = plain();
    refused[0].payload = ASK.to_vec();
    whole("refused", &refused);
}

#[test]
fn segments_of_one_byte_are_one_conversation() {
    let mut packets = Vec::new();
    for packet in said() {
        for (i, byte) in packet.payload.iter().enumerate() {
            let seq = packet.seq.wrapping_add(i as u32);
            packets.push(Packet { seq, payload: vec![*byte], at: packet.at + i as u64, ..packet.clone() });
        }
    }
    whole("one byte each", &around(packets.clone()));
    packets.chunks_mut(7).for_each(<[Packet]>::reverse);
    whole("seven backwards", &around(packets));
}

#[test]
fn a_head_dribbled_over_five_hundred_segments_is_one_head() {
    let head = format!("GET /one HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "a".repeat(470)).into_bytes();
    let mut packets = opening();
    packets.extend(head.iter().enumerate().map(|(i, byte)| client(10 + i as u64, i as i64, 0, &[*byte])));
    packets.push(server(600, 0, head.len() as i64, ANSWER));
    assert!(packets.len() > 500);
    let told = tell(&packets);
    assert_eq!((&told.exchanges[..], told.missing()), (&[BOTH[0].to_owned()][..], 0));
}

#[test]
fn a_forged_reset_is_ignored_and_a_true_one_ends_the_connection() {
    let mut forged = plain();
    for place in [-(1 << 24), 1 << 24] {
        forged.insert(5, packet(25, true, RST, A + place, 0, b""));
        forged.insert(5, packet(25, false, RST, B + place, 0, b""));
    }
    let told = whole("forged", &forged);
    assert_eq!((told.counter("flow.bad_resets"), told.counter("flow.resets")), (4, 0));

    // The reset overtakes the last answer, which was sent before it.
    let mut packets = [opening(), said()].concat();
    packets.insert(6, packet(50, false, RST | ACK, B2, A2, b""));
    let told = whole("overtaken", &packets);
    assert_eq!((told.counter("flow.resets"), told.counter("flow.bad_resets")), (1, 0));
}

#[test]
fn ports_used_again_within_seconds_are_two_connections() {
    // After FINs, after a reset, and with nothing in between at all; the second has other sequence numbers.
    let again = |after: u64| {
        plain().into_iter().map(move |p| Packet {
            at: p.at + after * 1_000,
            seq: p.seq.wrapping_add(0x3000_0000),
            ack: if p.flags & ACK == 0 { 0 } else { p.ack.wrapping_add(0x3000_0000) },
            ..p
        })
    };
    let reset = [opening(), said(), vec![packet(60, true, RST, A2, 0, b"")]].concat();
    for (what, first) in [("finished", plain()), ("reset", reset), ("silent", [opening(), said()].concat())] {
        let told = tell(&first.into_iter().chain(again(900)).collect::<Vec<_>>());
        assert_eq!(told.exchanges, [BOTH, BOTH].concat(), "{what}");
        assert_eq!(
            (told.counter("flow.connections"), told.counter("flow.port_reuse"), told.missing()),
            (2, 1, 0),
            "{what}"
        );
    }
}

#[test]
fn a_connection_half_open_for_days_is_forgotten_and_its_ports_are_free() {
    let day = 86_400_000;
    let mut packets = vec![packet(0, true, SYN, -1, 0, b"")];
    // Somebody else keeps the clock going.
    packets.extend((0..3 * 24 * 30).map(|i| Packet { port: 9, ..packet(i * 120_000, true, SYN, -1, 0, b"") }));
    packets.extend(plain().into_iter().map(|p| Packet { at: p.at + 3 * day * 1_000, ..p }));
    whole("after three days", &packets);
}

#[test]
fn one_direction_alone_tells_its_half() {
    let of = |side: bool| plain().into_iter().filter(|p| p.from_client == side).collect::<Vec<_>>();
    let told = tell(&of(true));
    assert_eq!(told.exchanges, ["GET /one - 0 0", "POST /two - 20 0"]);
    assert_eq!(told.counter("flow.one_sided"), 1);
    let told = tell(&of(false));
    assert_eq!(told.exchanges, ["- - 200 0 5", "- - 201 0 0"]);
    assert_eq!(told.counter("flow.one_sided"), 1);
}

#[test]
fn what_was_captured_twice_is_told_once() {
    // With equal stamps, and microseconds to milliseconds later: through a router that lowered the hop limit.
    for later in [0, 3, 700, 15_000] {
        let mut packets = plain();
        packets.extend(plain().into_iter().map(|p| Packet { at: p.at + later, ..p }));
        packets.sort_by_key(|p| p.at);
        let told = whole(&format!("{later} us later"), &packets);
        assert_eq!(told.class("duplicate"), (A2 + B2) as u64);

        let frames = frames(&packets);
        let mut routed = MemorySource::new();
        for (i, frame) in (0..).map_while(|at| frames.frame(at)).enumerate() {
            let mut bytes = frame.bytes.to_vec();
            if i % 2 == 1 {
                // Another pair of MAC addresses, and a hop limit of one less.
                bytes[..12].rotate_left(5);
                bytes[22] -= 1;
            }
            routed.push(&shadowtap::capture::Frame { bytes: &bytes, ..frame });
        }
        assert_eq!(tell_frames(&routed).exchanges, BOTH, "{later} us later, routed");
    }
}

#[test]
fn two_taps_whose_clocks_are_apart_give_the_same_exchanges() {
    // One direction each, merged by their stamps. A latency that would be negative is not told, and warned of.
    for (early, apart) in
        [(true, 3), (false, 3), (true, 25), (false, 25), (true, 400), (false, 400), (true, 1_000), (false, 1_000)]
    {
        let mut packets = plain();
        packets.iter_mut().filter(|p| p.from_client != early).for_each(|p| p.at += apart * 1_000);
        packets.sort_by_key(|p| p.at);
        let told = whole(&format!("{} ms, client early: {early}", apart), &packets);
        let warned = told.report["capture"]["warnings"].to_string().contains("clocks of the taps");
        // Answers come after 10 ms; the client's stamps are the late ones where it is not early.
        let negative = !early && apart > 10;
        assert_eq!(warned, negative, "{apart} {early}");
        assert_eq!(told.latencies.iter().all(Value::is_null), negative, "{apart} {early}: {:?}", told.latencies);
    }
}

#[test]
fn probes_urgent_data_and_simultaneous_opens_change_nothing() {
    let mut packets = plain();
    // Keep-alives, with and without a byte; probes of a closed window, which carry the next byte (RFC 9293 section 3.8.6.1).
    packets.insert(6, client(45, A2 - 1, B2, b""));
    packets.insert(5, client(28, A - 1, B, b"\0"));
    packets.insert(5, client(29, A, B, &ASK_2[..1]));
    packets.insert(6, client(29, A, B, &ASK_2[..1]));
    whole("probes", &packets);

    let mut urgent = plain();
    urgent.iter_mut().filter(|p| !p.payload.is_empty()).for_each(|p| p.flags |= URG);
    assert_eq!(whole("urgent", &urgent).counter("flow.urgent"), 4);

    // Both send a SYN, and both answer it (RFC 9293 section 3.5).
    let both = vec![
        packet(0, true, SYN, -1, 0, b""),
        packet(0, false, SYN, -1, 0, b""),
        packet(1, true, SYN | ACK, -1, 0, b""),
        packet(1, false, SYN | ACK, -1, 0, b""),
    ];
    whole("simultaneous", &[both, said(), closing()].concat());
}

#[test]
fn ends_in_odd_places_end_what_they_should() {
    // A FIN that carries data; data behind a FIN; data behind a reset; a SYN sent again with another number.
    let mut with_data = [opening(), said()].concat();
    with_data[5].flags |= FIN;
    with_data[6].flags |= FIN;
    with_data[6].ack = with_data[6].ack.wrapping_add(1);
    whole("FIN with data", &with_data);

    let mut behind = plain();
    behind.push(server(95, B2 + 1, A2 + 1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    behind.push(client(96, A2 + 1, B2 + 1, b"GET /three HTTP/1.1\r\nHost: h\r\n\r\n"));
    let told = whole("behind FIN", &behind);
    assert!(told.counter("flow.past_end") >= 2 && told.class("discarded") > 0);

    let mut reset = [opening(), said(), vec![packet(50, true, RST, A2, 0, b"")]].concat();
    reset.push(server(60, B2, A2, b"junk"));
    whole("data behind a reset of the peer", &reset);

    let mut other = plain();
    other.insert(0, Packet { seq: 77, ..packet(0, true, SYN, -1, 0, b"") });
    other.iter_mut().skip(1).for_each(|p| p.at += 500_000);
    whole("another SYN first", &other);
}

#[test]
fn what_a_fin_acknowledges_and_nobody_captured_is_missing() {
    // Catches an answer that is taken for whole because the connection ended.
    let mut packets = plain();
    let lost = packets.remove(6);
    let told = tell(&packets);
    assert_eq!(told.missing(), lost.payload.len() as u64);
    assert_eq!(told.exchanges, ["GET /one 200 0 5", "POST /two - 20 0"]);
}

#[test]
fn two_taps_apart_on_a_busy_connection_lose_nothing() {
    // Catches a patience in packets alone: in a second of clocks apart, hundreds come from one side.
    for (early, apart) in [(true, 100), (false, 100), (true, 400), (false, 400), (true, 1_000), (false, 1_000)] {
        let mut packets = opening();
        let (mut asked, mut answered) = (0, 0);
        for turn in 0..300 {
            packets.push(client(10 + turn * 10, asked, answered, ASK));
            asked += A;
            packets.push(server(15 + turn * 10, answered, asked, ANSWER));
            answered += B;
        }
        packets.iter_mut().filter(|p| p.from_client != early).for_each(|p| p.at += apart * 1_000);
        packets.sort_by_key(|p| p.at);
        let told = tell(&packets);
        let whole = told.exchanges.iter().filter(|exchange| *exchange == BOTH[0]).count();
        println!("{early} {apart}: {whole} of {}, missing {}", told.exchanges.len(), told.missing());
        assert_eq!((whole, told.exchanges.len(), told.missing()), (300, 300, 0), "{early} {apart}");
    }
}
