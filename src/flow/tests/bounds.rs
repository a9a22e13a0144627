//! What an attacker may cost, and the ledger under nonsense.

use proptest::prelude::*;

use super::*;
use crate::time::processor_time;

#[test]
fn a_flood_of_syns_costs_slots_and_spares_what_is_open() {
    let limits = Limits { flows: 1_000, ..Limits::default() };
    let mut bench = Bench::within(&limits);
    let mut open = handshake(0);
    open.push(client(10, 0, 0, b"ask"));
    bench.feed(&open);
    for i in 0..100_000_u32 {
        let mut syn = packet(20 + u64::from(i) / 1000, Side::Client, SYN, -1, 0, b"");
        (syn.port, syn.seq) = ((i % 49_999) as u16, i);
        bench.feed(&[syn]);
    }
    assert_eq!((bench.table.len(), bench.table.held(), bench.recorder.records.len()), (1_000, 0, 1));
    bench.feed(&[server(200, 0, 3, b"answer")]).drain();
    assert_eq!(bench.said(0), ("ask".into(), "answer".into()));
    assert!(bench.table.stats().evicted > 90_000);
}

#[test]
fn the_coldest_open_connection_goes_when_all_are_open() {
    let limits = Limits { flows: 3, ..Limits::default() };
    let mut bench = Bench::within(&limits);
    for (port, time) in [(1, 0), (2, 1_000), (3, 2_000), (1, 4_000), (4, 5_000)] {
        let mut packets = handshake(time);
        packets.push(client(time + 10, 0, 0, b"x"));
        packets.iter_mut().for_each(|packet| packet.port = port);
        bench.feed(&packets);
    }
    let evicted: Vec<u16> = (bench.recorder.records.iter())
        .filter(|r| r.close == Some(Close::Evicted))
        .map(|r| r.connection.client.port())
        .collect();
    assert_eq!(evicted, [2]);
    bench.drain();
}

#[test]
fn a_side_that_holds_too_much_gives_up_its_hole() {
    let limits = Limits { reorder_side_bytes: 10_000, ..Limits::default() };
    let mut bench = Bench::within(&limits);
    bench.feed(&handshake(0));
    // Single bytes, far apart: their number is bounded too.
    for i in 0..5_000 {
        bench.feed(&[client(10, 3 + 2 * i, 0, b"x")]);
        assert!(bench.table.held() <= 10_000);
    }
    let stats = *bench.table.stats();
    assert!(stats.gaps_forced > 4_900 && stats.gaps == stats.gaps_forced, "{stats:?}");
    bench.drain();
    assert_eq!(bench.booked(ByteClass::Parsed), 5_000);
    assert_eq!(bench.table.ledger().gaps, 3 + 4_999);
}

#[test]
fn a_worker_that_holds_too_much_makes_the_longest_holder_give_up() {
    let limits = Limits { reorder_bytes: 20_000, ..Limits::default() };
    let mut bench = Bench::within(&limits);
    for port in 1..100 {
        let mut packets = handshake(0);
        packets.push(client(10, 10, 0, &[b'x'; 1_000]));
        packets.iter_mut().for_each(|packet| packet.port = port);
        bench.feed(&packets);
        assert!(bench.table.held() <= 20_000);
    }
    assert_eq!(bench.recorder.records.len(), 99 - 20_000 / 1_128);
    assert_eq!(bench.recorder.records[0].connection.client.port(), 1);
    bench.drain();
}

#[test]
fn a_reader_that_leaves_too_much_goes_deaf() {
    let limits = Limits { carry_bytes: 1_000, ..Limits::default() };
    let mut bench = Bench::within(&limits);
    bench.recorder.taste = |_| Took { used: 0, want: Want::More };
    bench.feed(&handshake(0));
    for i in 0..3_000 {
        bench.feed(&[client(10, i, 0, b"x")]);
        assert!(bench.table.held() <= 1_000);
    }
    assert_eq!((bench.table.held(), bench.table.stats().deaf), (0, 1));
    bench.drain();
    assert_eq!(bench.booked(ByteClass::Discarded), 3_000);
}

#[test]
fn a_whole_window_of_junk_is_handled_in_linear_time() {
    // Catches quadratic work: 200,000 early bytes far apart from the middle outwards, each seen twice.
    let mut bench = Bench::new();
    bench.feed(&handshake(0));
    let start = processor_time();
    for i in 0..200_000_i64 {
        let offset = 1_000_000 + if i % 2 == 0 { 2 * i } else { -2 * i };
        let junk = client(10, offset, 0, b"x");
        bench.feed([&junk, &junk]);
    }
    bench.drain();
    let took = processor_time() - start;
    assert!(took.as_secs() < 20, "{took:?}");
}

#[test]
fn slots_are_small() {
    // A flood of SYNs fills the table with them.
    assert_eq!(FlowTable::<Recorder>::SLOT_BYTES, 200);
    fn sends<T: Send>() {}
    sends::<FlowTable<Recorder>>();
}

/// Any answer, from the bytes themselves.
fn whim(bytes: &[u8]) -> Took {
    let seed = bytes.iter().fold(bytes.len(), |sum, &byte| sum * 31 % 65_521 + byte as usize);
    let want = match seed % 23 {
        0..4 => Want::Skip(seed as u64 % 50),
        4 => Want::Skip(u64::MAX),
        5 if seed % 7 == 0 => Want::Nothing(ByteClass::NotHttp),
        _ => Want::More,
    };
    Took { used: seed % (bytes.len() + 1), want }
}

fn nonsense() -> impl Strategy<Value = Packet> {
    let near = prop_oneof![8 => -5..200_i64, 1 => any::<i32>().prop_map(i64::from), 1 => (1..8_i64).prop_map(|i| (1 << 29) + 7 * i)];
    let flags = prop_oneof![6 => Just(ACK), 1 => any::<u8>(), 1 => Just(SYN), 1 => Just(FIN | ACK)];
    let payload = prop::collection::vec(any::<u8>(), 0..30);
    let cut = prop_oneof![9 => Just(0), 1 => 0..50_u32, 1 => any::<u32>()];
    let time = prop_oneof![9 => 0..10_000_u64, 1 => 0..1_000_000_u64];
    (any::<bool>(), 0..3_u16, near.clone(), near, flags, payload, cut, time).prop_map(
        |(side, port, seq, ack, flags, payload, cut, time)| {
            let side = if side { Side::Client } else { Side::Server };
            Packet { port, cut, ..packet(time, side, flags, seq, ack, &payload) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_byte_of_nonsense_is_booked_once(packets in prop::collection::vec(nonsense(), 0..120), small in any::<bool>()) {
        // Catches any path that forgets, repeats or invents a byte; `drain` compares.
        let mut limits = Limits::default();
        if small {
            limits = Limits { flows: 2, reorder_bytes: 900, reorder_side_bytes: 600, carry_bytes: 40, reorder_grace: 3, ..limits };
        }
        let mut bench = Bench::within(&limits);
        bench.recorder.taste = whim;
        for packet in &packets {
            bench.feed([packet]);
            prop_assert!(bench.table.held() <= limits.reorder_bytes);
        }
        bench.drain();
        let payload: u64 = packets.iter().map(|packet| packet.payload.len() as u64).sum();
        prop_assert_eq!(bench.table.ledger().captured, payload);
    }
}
