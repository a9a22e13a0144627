//! One connection's bytes: order, overlap, holes, cuts, what nobody wants.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn said(client: &str, server: &str) -> (String, String) {
    (client.to_owned(), server.to_owned())
}

fn greeted(packets: Vec<Packet>) -> Vec<Packet> {
    handshake(0).into_iter().chain(packets).collect()
}

#[test]
fn bytes_in_order_are_passed_on_at_once_and_held_nowhere() {
    // Catches a copy, a delay, or a lost byte on the usual path.
    let mut bench = Bench::new();
    bench.feed(&greeted(vec![client(10, 0, 0, b"ask")]));
    assert_eq!((bench.said(0), bench.table.held()), (said("ask", ""), 0));
    bench.feed(&[server(20, 0, 3, b"ans"), server(21, 3, 3, b"wer"), client(22, 3, 6, b"more")]);
    assert_eq!((bench.said(0), bench.table.held()), (said("askmore", "answer"), 0));
    bench.drain();
    let record = &bench.recorder.records[0];
    assert_eq!((record.connection.start, record.connection.payload), (Start::Handshake, [7, 6]));
    assert_eq!(record.connection.client.port(), 50_000);
    assert_eq!(record.times(Side::Server), [20, 20, 20, 21, 21, 21]);
    assert_eq!(record.close, Some(Close::CaptureEnded));
    assert_eq!(bench.booked(ByteClass::Parsed), 13);
}

#[test]
fn early_segments_wait_and_keep_their_times() {
    let bench = run(&greeted(vec![client(10, 6, 0, b"ghi"), client(11, 3, 0, b"def"), client(12, 0, 0, b"abc")]));
    assert_eq!(bench.said(0), said("abcdefghi", ""));
    assert_eq!(bench.recorder.records[0].times(Side::Client), [12, 12, 12, 11, 11, 11, 10, 10, 10]);
    assert_eq!((bench.table.stats().early, bench.table.stats().gaps), (2, 0));
}

#[test]
fn a_retransmission_adds_nothing_and_the_first_to_come_wins() {
    // Catches last-come-wins, and duplicates booked as anything else.
    let bench = run(&greeted(vec![
        client(10, 0, 0, b"abc"),
        client(11, 0, 0, b"XYZ"),
        client(12, 1, 0, b"XYdef"),
        client(13, 8, 0, b"ijk"),
        client(14, 7, 0, b"h!jk"),
        client(15, 6, 0, b"g"),
    ]));
    assert_eq!(bench.said(0), said("abcdefghijk", ""));
    let stats = bench.table.stats();
    assert_eq!((stats.retransmissions, stats.overlaps, stats.overlap_conflicts), (1, 2, 1));
    assert_eq!(bench.booked(ByteClass::Duplicate), 3 + 2 + 3);
    assert_eq!(bench.recorder.records[0].connection.payload, [11, 0]);
}

#[test]
fn sequence_numbers_wrap_in_the_middle_of_a_segment() {
    let bytes: Vec<u8> = (0..200).map(|i| b'a' + i % 26).collect();
    let expected = String::from_utf8(bytes.clone()).unwrap();
    let cuts = [0, 17, 39, 40, 41, 42, 120, 200];
    let mut packets: Vec<Packet> =
        cuts.windows(2).map(|w| client(10 + w[0] as u64, w[0] as i64, 0, &bytes[w[0]..w[1]])).collect();
    packets.reverse();
    assert_eq!(run(&greeted(packets)).said(0), said(&expected, ""));
}

#[test]
fn keep_alives_urgent_and_empty_segments_change_nothing() {
    let mut urgent = client(14, 3, 0, b"d");
    urgent.flags |= URG;
    let bench = run(&greeted(vec![
        client(10, 0, 0, b"abc"),
        client(11, 2, 0, b""),
        client(12, 2, 0, b"\0"),
        client(13, 3, 0, b""),
        urgent,
    ]));
    assert_eq!(bench.said(0), said("abcd", ""));
    let stats = bench.table.stats();
    assert_eq!((stats.keepalives, stats.urgent, stats.retransmissions), (2, 1, 0));
}

#[test]
fn an_answer_never_comes_before_its_question() {
    // Catches reading by arrival: the mirror port delivered the answer first.
    let bench = run(&greeted(vec![server(20, 0, 3, b"answer"), client(10, 0, 0, b"ask"), client(30, 3, 6, b"bye")]));
    let record = &bench.recorder.records[0];
    assert_eq!(bench.said(0), said("askbye", "answer"));
    assert_eq!(record.order, [(Side::Client, 10, [0, 0]), (Side::Server, 20, [3, 0]), (Side::Client, 30, [3, 6])]);
    assert_eq!(bench.table.stats().held_back, 1);
}

#[test]
fn what_the_peer_acknowledged_and_the_capture_lost_is_a_gap_after_the_grace() {
    // Catches waiting for ever, a gap too early (in packets, or in time: the other tap's clock may be late), a wrong length, and a question read before the gap it acknowledges.
    let mut packets = greeted(vec![client(10, 0, 0, b"ask"), client(30, 3, 6, b"next")]);
    packets.extend((0..31).map(|i| client(31 + i * 50, 7 + i as i64, 6, b"x")));
    let mut bench = Bench::new();
    bench.feed(&packets);
    assert_eq!(bench.said(0), said("ask", ""));
    bench.feed(&[client(1_600, 38, 6, b"y")]);
    assert_eq!(bench.said(0), said(&format!("asknext{}y", "x".repeat(31)), "<6>"));
    bench.feed(&[server(1_610, 6, 38, b"later"), server(1_611, 0, 3, b"answer")]).drain();
    assert_eq!(bench.said(0).1, "<6>later");
    assert_eq!((bench.table.ledger().gaps, bench.table.stats().gaps, bench.table.stats().late), (6, 1, 1));
    assert_eq!((bench.booked(ByteClass::Discarded), bench.booked(ByteClass::Duplicate)), (6, 0));
}

#[test]
fn bytes_that_come_after_all_are_read_where_nothing_was_read_behind_them() {
    // Catches a peer that acknowledges bytes which are only sent later: they must not be thrown away.
    let mut packets = greeted(vec![client(10, 0, 0, b"ask"), client(30, 3, 6, b"next")]);
    packets.extend((0..33).map(|i| client(31 + i * 50, 7 + i as i64, 6, b"x")));
    packets.extend([server(1_700, 2, 3, b"swer"), server(1_701, 0, 3, b"an"), server(1_702, 6, 40, b"!")]);
    let bench = run(&packets);
    assert_eq!((bench.said(0).1, bench.table.ledger().gaps), ("<6>swer!".into(), 2));
    assert_eq!((bench.table.stats().late, bench.booked(ByteClass::Discarded)), (2, 2));
}

#[test]
fn a_hole_nobody_acknowledged_waits_for_time_and_not_for_packets() {
    // Catches a retransmission after a long recovery that is refused, and a hole that is never given up.
    let mut packets = greeted(vec![client(10, 0, 0, b"ab")]);
    packets.extend((0..100).map(|i| client(11 + i, 4 + i as i64, 0, b"x")));
    let mut bench = Bench::new();
    bench.feed(&packets);
    assert_eq!(bench.said(0), said("ab", ""));
    let mut other = Bench::new();
    other.feed(&packets).feed(&[client(4_000, 2, 0, b"cd")]).drain();
    assert_eq!(other.said(0).0, format!("abcd{}", "x".repeat(100)));
    // A peer that speaks and does not acknowledge it still waits itself.
    let mut patient = Bench::new();
    patient.feed(&packets).feed(&[server(200, 0, 2, b""), client(9_000, 104, 0, b"!"), client(9_001, 2, 0, b"cd")]);
    assert_eq!(patient.said(0).0, format!("abcd{}!", "x".repeat(100)));
    bench.feed(&[client(5_012, 104, 0, b"!")]).drain();
    assert_eq!(bench.said(0).0, format!("ab<2>{}!", "x".repeat(100)));
}

#[test]
fn a_fin_or_syn_that_is_acknowledged_is_no_missing_byte() {
    let fin = |time, side, seq, ack| packet(time, side, FIN | ACK, seq, ack, b"");
    for lost in [None, Some(5), Some(7)] {
        let mut packets = greeted(vec![
            client(10, 0, 0, b"ask"),
            server(20, 0, 3, b"answer"),
            fin(30, Side::Server, 6, 3),
            client(31, 3, 7, b""),
            fin(32, Side::Client, 3, 7),
            server(33, 7, 4, b""),
        ]);
        if let Some(lost) = lost {
            packets.remove(lost);
        }
        let bench = run(&packets);
        assert_eq!(bench.table.ledger().missing(), 0, "lost {lost:?}");
        assert_eq!(bench.said(0).0, if lost == Some(7) { "ask" } else { "ask." });
    }
}

#[test]
fn a_number_taken_for_a_fin_is_missing_when_more_follows_it() {
    // Was an endless loop: each turn excused the same number again.
    let bench = run(&greeted(vec![client(10, 0, 1, b"a"), client(11, 1, 2, b"b"), client(12, 2, 2, b"c")]));
    assert_eq!((bench.said(0), bench.table.ledger().gaps), (said("abc", "<2>"), 2));
}

#[test]
fn the_tail_that_was_acknowledged_and_not_captured_is_missing() {
    let mut packets = greeted(vec![client(10, 0, 0, b"ask"), server(20, 0, 3, b"ans"), client(30, 3, 9, b"")]);
    assert_eq!(run(&packets).said(0), said("ask", "ans<6>"));
    packets.push(packet(40, Side::Server, FIN | ACK, 9, 3, b""));
    let bench = run(&packets);
    assert_eq!((bench.said(0), bench.table.ledger().gaps), (said("ask", "ans<6>."), 6));
}

#[test]
fn numbers_that_contradict_each_other_make_no_gap() {
    // Catches a stream that begins a gigabyte before itself: two FINs far apart, an old probe before new data.
    let fin = |time, seq| packet(time, Side::Client, FIN | ACK, seq, 0, b"");
    for far in [1 << 30, -(1 << 30)] {
        for first in [client(0, far, 0, b""), fin(0, far)] {
            let bench = run(&[first, client(10, 0, 0, b"ask"), fin(11, 3), server(12, 0, 3, b"answer")]);
            assert_eq!((bench.said(0).1, bench.table.ledger().missing()), ("answer".into(), 0), "{far}");
        }
    }
}

#[test]
fn absurd_acknowledgments_are_not_believed() {
    // Catches an attacker who declares a gigabyte of the other side lost.
    let bench = run(&greeted(vec![
        client(10, 0, 0, b"ask"),
        client(11, 3, 1 << 30, b"b"),
        client(12, 4, -(1 << 30), b"c"),
        server(20, 0, 5, b"answer"),
    ]));
    assert_eq!((bench.said(0), bench.table.ledger().missing()), (said("askbc", "answer"), 0));
}

#[test]
fn one_sided_flows_are_read_without_a_peer() {
    // Catches waiting for, or declaring lost, what a capture of one direction never shows.
    let mut packets = vec![packet(0, Side::Client, SYN, -1, 0, b"")];
    packets.extend((0..40).map(|i| client(10 + i * 50, i as i64, 100 * i as i64, b"x")));
    let mut bench = Bench::new();
    bench.feed(&packets);
    assert_eq!((bench.said(0), bench.table.held()), (said(&"x".repeat(40), ""), 0));
    bench.drain();
    assert_eq!((bench.table.ledger().missing(), bench.table.stats().one_sided), (0, 1));
    let answers: Vec<Packet> = (0..40).map(|i| server(10 + i, i as i64, 100 * i as i64, b"x")).collect();
    let bench = run(&answers);
    assert_eq!((bench.said(0), bench.table.ledger().missing()), (said("", &"x".repeat(40)), 0));
    assert_eq!(bench.table.stats().midstream, 1);
}

#[test]
fn a_side_without_data_is_not_waited_for_again_and_again() {
    // Catches a copy and a delay for each segment of a flow whose answers are never captured.
    let mut packets = greeted(vec![client(10, 0, 0, b"x")]);
    packets.extend((1..200).map(|i| client(10 + i * 50, i as i64, 10 * i as i64, b"x")));
    let mut bench = Bench::new();
    bench.feed(&packets);
    assert_eq!(bench.table.held(), 0);
    assert!(bench.table.stats().held_back < 120, "{:?}", bench.table.stats());
    bench.drain();
    assert_eq!(bench.table.ledger().gaps, 1990);
}

#[test]
fn midstream_starts_with_what_was_seen_whatever_came_first() {
    let packets = [server(20, 1_000, 503, b"answer"), client(10, 500, 1_000, b"ask"), client(30, 503, 1_006, b"bye")];
    let bench = run(&packets);
    assert_eq!(bench.said(0), said("askbye", "answer"));
    let record = &bench.recorder.records[0];
    assert_eq!((record.connection.start, record.connection.server.port()), (Start::Midstream, 80));
    assert_eq!(record.order[0].0, Side::Client);
}

#[test]
fn data_on_the_syn_and_data_at_its_number_keep_their_first_byte() {
    // Catches naive ISN + 1: a sensor that reports ET / for GET /.
    let mut fast = handshake(0);
    fast[0].payload = b"GET".to_vec();
    fast[1].ack = fast[1].ack.wrapping_add(3);
    let bench = run(fast.iter().chain(&[client(10, 0, 0, b"GET"), client(11, 3, 0, b" /")]));
    assert_eq!(bench.said(0), said("GET /", ""));
    let odd = [client(10, -1, 0, b"GET"), client(11, 2, 0, b" /")];
    assert_eq!(run(handshake(0).iter().chain(&odd)).said(0), said("GET /", ""));
    assert_eq!(run(handshake(0).iter().chain(odd.iter().rev())).said(0), said("GET /", ""));
    assert_eq!(run(handshake(0)[..1].iter().chain(&odd)).said(0), said("GET /", ""));
}

#[test]
fn a_cut_is_announced_where_it_lies_and_is_no_gap() {
    let mut cut = client(10, 0, 0, b"abc");
    cut.cut = 7;
    let mut early = cut.clone();
    (early.seq, early.time) = (early.seq.wrapping_add(20), 11);
    let bench =
        run(&greeted(vec![cut.clone(), early, client(12, 10, 0, b"0123456789"), cut, client(13, 0, 0, b"abcdefg")]));
    assert_eq!(bench.said(0), said("abc<7>0123456789abc<7>", ""));
    assert_eq!((bench.table.ledger().cut, bench.table.ledger().gaps), (14, 0));
    assert_eq!(bench.booked(ByteClass::Duplicate), 10);
}

#[test]
fn what_was_not_used_comes_back_in_front_of_what_follows() {
    // Reads five bytes at a time.
    let mut bench = Bench::tasting(|bytes| Took { used: bytes.len() / 5 * 5, want: Want::More });
    let text: Vec<u8> = (0..60).map(|i| b'a' + i % 26).collect();
    bench.feed(&handshake(0));
    for (i, byte) in text.chunks(1).enumerate() {
        bench.feed(&[client(10 + i as u64, i as i64, 0, byte)]);
        assert_eq!(bench.table.held(), (i + 1) % 5);
    }
    bench.drain();
    assert_eq!(bench.said(0).0.as_bytes(), text);
    assert_eq!(bench.recorder.records[0].times(Side::Client)[..6], [14, 14, 14, 14, 14, 19]);
}

#[test]
fn left_overs_before_a_gap_are_dropped_and_booked_by_the_reader() {
    let mut bench = Bench::tasting(|bytes| Took { used: bytes.len() / 5 * 5, want: Want::More });
    bench.feed(&greeted(vec![client(10, 0, 0, b"abcdefg"), client(11, 10, 0, b"klmno")])).drain();
    assert_eq!((bench.said(0), bench.booked(ByteClass::Discarded)), (said("abcde<3>klmno", ""), 2));
}

#[test]
fn a_skip_passes_over_bytes_and_holes_and_ends_where_it_should() {
    // Reads a letter, then passes over ten bytes. Catches a hole that does not shorten the skip, and bytes of a skip that
    // are kept in memory.
    let mut bench = Bench::tasting(|_| Took { used: 1, want: Want::Skip(10) });
    bench.feed(&greeted(vec![client(10, 0, 0, b"A12"), client(11, 8, 0, b"890B123")]));
    assert!(bench.table.held() <= 2 * (128 + 4), "{}", bench.table.held());
    bench.feed(&[client(12, 15, 0, b"4567"), client(13, 19, 0, b"890C"), client(14, 9, 0, b"90")]).drain();
    assert_eq!(bench.said(0), said("ABC", ""));
    assert_eq!((bench.table.ledger().gaps, bench.booked(ByteClass::Skipped)), (5, 2 + 3 + 10));
    assert_eq!(bench.booked(ByteClass::Duplicate), 2);
}

#[test]
fn nobody_interested_means_both_sides_are_booked_there() {
    let mut bench = Bench::tasting(|_| Took { used: 2, want: Want::Nothing(ByteClass::Opaque) });
    bench.feed(&greeted(vec![
        server(9, 10, 0, b"early"),
        client(10, 0, 0, b"hello"),
        client(11, 7, 0, b"c"),
        client(11, 7, 0, b"c"),
        server(12, 0, 8, b"0123456789"),
    ]));
    bench.drain();
    assert_eq!(bench.said(0), said("he", ""));
    let ledger = bench.table.ledger();
    assert_eq!((ledger.of(ByteClass::Opaque), ledger.of(ByteClass::Duplicate), ledger.gaps), (19, 1, 2));
}

#[test]
fn a_stream_that_moved_is_found_again_and_one_stray_segment_moves_nothing() {
    let far = 1 << 29;
    let stray = client(11, far, 0, b"evil");
    let mut packets = greeted(vec![client(10, 0, 0, b"abc")]);
    packets.extend(std::iter::repeat_n(stray, 9));
    packets.extend([client(12, 3, 0, b"def")]);
    let bench = run(&packets);
    assert_eq!((bench.said(0), bench.table.stats().out_of_window), (said("abcdef", ""), 9));
    packets.extend((0..5).map(|i| client(20, far + i, 0, b"x")));
    let bench = run(&packets);
    let window = Limits::default().window;
    assert_eq!(bench.said(0).0, format!("abcdef<{window}>xx"));
    assert_eq!((bench.table.stats().resyncs, bench.table.ledger().missing()), (1, 0));
}

proptest! {
    #[test]
    fn any_order_and_overlap_gives_what_came_first_for_each_byte(
        segments in prop::collection::vec((0..300_usize, 1..40_usize, any::<u8>()), 1..60),
        fin in any::<bool>(),
    ) {
        // The naive model: a map from offset to the byte that came first, read in order.
        let mut model = BTreeMap::new();
        let mut bench = Bench::new();
        bench.feed(&handshake(0));
        // The byte before everything, so that no segment lies at the SYN's own number.
        model.insert(0, b'!');
        bench.feed(&[client(5, 0, 0, b"!")]);
        let mut captured = 1;
        for (i, (offset, len, seed)) in segments.into_iter().enumerate() {
            let bytes: Vec<u8> = (0..len).map(|j| seed.wrapping_add(j as u8)).collect();
            for (j, byte) in bytes.iter().enumerate() {
                model.entry(offset + j).or_insert(*byte);
            }
            captured += len as u64;
            bench.feed(&[client(10 + i as u64, offset as i64, 0, &bytes)]);
        }
        if fin {
            bench.feed(&[packet(100, Side::Client, FIN | ACK, 400, 0, b"")]);
        }
        bench.drain();
        let (mut expected, mut next) = (Vec::new(), 0);
        for (&offset, &byte) in &model {
            if offset > next {
                expected.push((None, offset - next));
            }
            expected.push((Some(byte), 1));
            next = offset + 1;
        }
        if fin {
            expected.push((None, 400 - next));
        }
        let seen: Vec<(Option<u8>, usize)> = bench.recorder.records[0].streams[0].iter().filter_map(|item| match item {
            Item::Byte(byte, _) => Some((Some(*byte), 1)),
            Item::Gap(n) => Some((None, *n as usize)),
            Item::End => None,
        }).collect();
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(bench.booked(ByteClass::Duplicate), captured - model.len() as u64);
        prop_assert_eq!(bench.booked(ByteClass::Parsed), model.len() as u64);
    }
}

#[test]
fn a_reader_that_first_hears_of_a_hole_may_answer_with_a_skip() {
    // Catches a skip that is asked for while the session opens, and applied only behind the bytes at hand.
    let mut bench = Bench::new();
    bench.recorder.after_gap = Want::Skip(2);
    bench.feed(&greeted(vec![client(10, 5, 0, b"abcdef")])).drain();
    assert_eq!(bench.said(0), said("<5>cdef", ""));
    assert_eq!((bench.booked(ByteClass::Skipped), bench.booked(ByteClass::Parsed)), (2, 4));
}

#[test]
fn nothing_is_read_of_a_side_that_has_ended() {
    // Catches a beginning that is moved back to what comes late, behind an end that was already told.
    let mut bench =
        Bench::within(&Limits { reorder_grace: 2, reorder_skew: crate::time::Span::ZERO, ..Limits::default() });
    let packets = [
        client(10, 0, 5, b"ask"),
        packet(11, Side::Server, FIN | ACK, 5, 3, b""),
        client(12, 3, 6, b"more"),
        server(13, 0, 3, b"abc"),
    ];
    bench.feed(&packets).drain();
    assert_eq!(bench.said(0), said("askmore", "."));
}
