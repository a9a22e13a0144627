//! How connections begin and end: by their own packets' times, by FIN and RST, by use of the same ports.

use super::*;

fn exchange(start: u64) -> Vec<Packet> {
    let mut packets = handshake(start);
    packets.extend([client(start + 10, 0, 0, b"ask"), server(start + 20, 0, 3, b"answer")]);
    packets
}

fn fins(start: u64) -> Vec<Packet> {
    vec![
        packet(start, Side::Client, FIN | ACK, 3, 6, b""),
        packet(start + 1, Side::Server, FIN | ACK, 6, 4, b""),
        client(start + 2, 4, 7, b""),
    ]
}

/// The same packets with other initial sequence numbers.
fn renumbered(mut packets: Vec<Packet>, by: u32) -> Vec<Packet> {
    for packet in &mut packets {
        packet.seq = packet.seq.wrapping_add(by);
        packet.ack = packet.ack.wrapping_add(if packet.flags & ACK != 0 { by } else { 0 });
    }
    packets
}

fn closes(bench: &Bench) -> Vec<Option<Close>> {
    bench.recorder.records.iter().map(|record| record.close).collect()
}

#[test]
fn fins_end_a_connection_at_once_and_late_copies_open_nothing() {
    let mut bench = Bench::new();
    bench.feed(&exchange(0)).feed(&fins(30));
    assert_eq!((closes(&bench), bench.said(0)), (vec![Some(Close::Finished)], ("ask.".into(), "answer.".into())));
    let past = client(900, 4, 7, b"after the end");
    bench.feed(&exchange(500)).feed(&fins(600)).feed(&[past]).drain();
    assert_eq!((bench.recorder.records.len(), bench.table.stats().connections), (1, 1));
    assert_eq!((bench.booked(ByteClass::Duplicate), bench.booked(ByteClass::Discarded)), (9, 13));
    assert_eq!(bench.table.stats().past_end, 1);
}

#[test]
fn a_fin_before_its_data_waits_for_it() {
    let mut packets = exchange(0);
    packets.splice(3..3, [packet(30, Side::Client, FIN | ACK, 3, 0, b"")]);
    let bench = run(&packets);
    assert_eq!(bench.said(0).0, "ask.");
    // A hole before a FIN is given up when the connection is.
    packets.remove(4);
    assert_eq!(run(&packets).said(0).0, "<3>.");
}

#[test]
fn a_syn_seen_again_changes_nothing() {
    let mut packets = handshake(0);
    packets.splice(1..1, handshake(0).into_iter().take(1));
    packets.extend(exchange(0).split_off(3));
    packets.extend(handshake(40));
    let bench = run(&packets);
    assert_eq!((bench.said(0), bench.recorder.records.len()), (("ask".into(), "answer".into()), 1));
    let stats = bench.table.stats();
    assert_eq!((stats.syn_retransmissions, stats.connections, stats.handshakes, stats.port_reuse), (3, 1, 1, 0));
}

#[test]
fn who_answers_a_syn_serves_even_where_the_syn_is_missing_or_late() {
    for order in [vec![1, 2, 3, 4], vec![1, 0, 2, 3, 4], vec![3, 1, 4, 0, 2], vec![0, 2, 3, 4]] {
        let mut packets = exchange(0);
        for packet in &mut packets {
            // A client port below the server's, so that a guess would be wrong.
            packet.port = 79;
        }
        let packets: Vec<Packet> = order.iter().map(|&i| packets[i].clone()).collect();
        let bench = run(&packets);
        let record = &bench.recorder.records[0];
        assert_eq!((record.connection.client.port(), record.connection.start), (79, Start::Handshake), "{order:?}");
        assert_eq!(bench.said(0), ("ask".into(), "answer".into()), "{order:?}");
    }
}

#[test]
fn ports_used_again_within_a_second_are_a_new_connection() {
    // After a FIN both ways, after nothing at all, and with only one direction in the capture.
    for finished in [true, false] {
        for only in [None, Some(Side::Client), Some(Side::Server)] {
            let mut packets = exchange(0);
            if finished {
                packets.extend(fins(100));
            }
            packets.extend(renumbered(exchange(500), 900_000));
            packets.retain(|packet| only.is_none_or(|only| packet.side == only));
            let bench = run(&packets);
            let said: Vec<_> = (0..bench.recorder.records.len()).map(|n| bench.said(n)).collect();
            let plain =
                |(c, s): &(String, String)| (c.trim_end_matches('.').to_owned(), s.trim_end_matches('.').to_owned());
            let one = match only {
                None => ("ask".to_owned(), "answer".to_owned()),
                Some(Side::Client) => ("ask".to_owned(), String::new()),
                Some(Side::Server) => (String::new(), "answer".to_owned()),
            };
            assert_eq!(said.iter().map(plain).collect::<Vec<_>>(), [one.clone(), one], "{finished} {only:?}");
            assert_eq!(bench.table.stats().port_reuse, 1);
            assert_eq!(closes(&bench)[0], Some(Close::Finished));
            let ids: Vec<u64> = bench.recorder.records.iter().map(|r| r.connection.id).collect();
            assert_ne!(ids[0], ids[1]);
        }
    }
}

#[test]
fn a_forged_or_late_syn_does_not_end_a_connection() {
    // Catches an evasion: one SYN with any number, which the real server refuses, and the sensor starts anew.
    let mut packets = exchange(0);
    packets.extend(renumbered(handshake(25), 900_000).into_iter().take(1));
    packets.push(client(30, 3, 6, b"more"));
    let bench = run(&packets);
    assert_eq!((bench.recorder.records.len(), bench.said(0).0), (1, "askmore".into()));
    // The copy of the SYN of the connection before.
    let mut packets = exchange(0);
    packets.extend(fins(50));
    packets.extend(renumbered(exchange(500), 900_000).into_iter().take(3));
    packets.push(handshake(0).swap_remove(0));
    packets.extend(renumbered(exchange(500), 900_000).into_iter().skip(3));
    let bench = run(&packets);
    assert_eq!((bench.recorder.records.len(), bench.said(1)), (2, ("ask".into(), "answer".into())));
}

#[test]
fn a_reset_ends_a_connection_but_loses_nothing_that_comes_late() {
    let reset = packet(30, Side::Server, RST | ACK, 6, 3, b"why");
    let mut packets = exchange(0);
    packets.push(reset);
    let plain = run(&packets);
    assert_eq!((plain.said(0), closes(&plain)), (("ask".into(), "answer".into()), vec![Some(Close::Reset)]));
    assert_eq!(plain.booked(ByteClass::Discarded), 3);
    packets.swap(4, 5);
    let late = run(&packets);
    assert_eq!((late.said(0), closes(&late), late.table.stats().resets), (plain.said(0), closes(&plain), 1));
    packets.extend(renumbered(exchange(90), 900_000));
    let bench = run(&packets);
    assert_eq!(closes(&bench), [Some(Close::Reset), Some(Close::CaptureEnded)]);
}

#[test]
fn a_reset_that_does_not_fit_or_that_its_sender_ignores_is_not_believed() {
    let mut packets = exchange(0);
    packets.push(packet(30, Side::Server, RST, 1 << 28, 0, b""));
    packets.push(packet(31, Side::Server, RST, 6, 0, b""));
    packets.push(server(32, 6, 3, b"goes on"));
    let bench = run(&packets);
    assert_eq!((bench.said(0).1, closes(&bench)), ("answergoes on".into(), vec![Some(Close::CaptureEnded)]));
    assert_eq!((bench.table.stats().bad_resets, bench.table.stats().resets), (2, 0));
}

#[test]
fn a_reset_of_nothing_costs_nothing() {
    let bench = run(&[packet(0, Side::Server, RST | ACK, -1, 0, b"xx")]);
    assert_eq!((bench.table.stats().connections, bench.booked(ByteClass::Discarded)), (0, 2));
}

#[test]
fn a_connection_ends_by_its_own_packets_times_alone() {
    // Catches expiry by the clock: the result would depend on how often the clock is asked.
    let idle = Limits::default().flow_idle.nanos() / 1_000_000;
    for silence in [idle - 1, idle, idle + 21] {
        let mut packets = exchange(0);
        packets.push(client(20 + silence, 3, 6, b"later"));
        let (turned, mut still) = (run(&packets), Bench::new());
        for packet in &packets {
            still.table.segment(&packet.segment(), &mut still.recorder);
        }
        still.table.drain(packets[5].segment().time, &mut still.recorder);
        let expected = if silence > idle {
            vec![Some(Close::Idle), Some(Close::CaptureEnded)]
        } else {
            vec![Some(Close::CaptureEnded)]
        };
        assert_eq!((closes(&turned), closes(&still)), (expected.clone(), expected), "{silence}");
        assert_eq!(turned.table.stats(), still.table.stats());
        assert_eq!(turned.said(0), still.said(0));
    }
}

#[test]
fn memory_of_silent_connections_comes_back_by_the_clock() {
    let mut bench = Bench::new();
    bench.feed(&exchange(0)).feed(&fins(30));
    let mut other = exchange(40);
    other.iter_mut().for_each(|packet| packet.port = 1);
    let mut scan = handshake(50).swap_remove(0);
    scan.port = 2;
    bench.feed(&other).feed(&[scan]);
    assert_eq!(bench.table.len(), 3);
    let mut after = |seconds, expected| {
        bench.table.advance(Timestamp::from_parts(seconds, 0), &mut bench.recorder);
        assert_eq!(bench.table.len(), expected, "after {seconds} s");
    };
    after(60, 3);
    after(121, 2);
    after(355, 2);
    after(361, 0);
    assert_eq!(closes(&bench), [Some(Close::Finished), Some(Close::Idle)]);
    assert_eq!(bench.table.stats().expired, 2);
}

#[test]
fn a_stamp_from_the_future_does_not_keep_the_others() {
    let mut bench = Bench::new();
    let mut odd = handshake(3_000_000).swap_remove(0);
    odd.port = 1;
    bench.table.segment(&odd.segment(), &mut bench.recorder);
    for (port, time) in (2..12).zip(0..) {
        let mut packet = handshake(time).swap_remove(0);
        packet.port = port;
        bench.table.segment(&packet.segment(), &mut bench.recorder);
    }
    for now in [400, 401] {
        bench.table.advance(Timestamp::from_parts(now, 0), &mut bench.recorder);
    }
    assert_eq!(bench.table.len(), 1);
}

#[test]
fn a_finished_connection_whose_ports_are_used_again_unseen_is_a_new_one() {
    // The SYN of the second is not in the capture.
    let mut packets = exchange(0);
    packets.extend(fins(30));
    packets.extend(renumbered(exchange(500), 900_000).split_off(3));
    let bench = run(&packets);
    assert_eq!((bench.recorder.records.len(), bench.said(1)), (2, ("ask".into(), "answer".into())));
    assert_eq!(bench.recorder.records[1].connection.start, Start::Midstream);
}
