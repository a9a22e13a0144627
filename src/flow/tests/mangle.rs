//! A mirror port doubles, delays and splits packets; what was understood must not change.

use proptest::prelude::*;
use proptest::test_runner::TestRng;

use super::*;

/// A conversation whose every acknowledgment is true, with a time of its own for every packet.
fn conversation(turns: &[(Side, usize, usize)], finish: bool) -> Vec<Packet> {
    let mut packets = handshake(0);
    let (mut time, mut sent) = (10, [0_i64; 2]);
    let mut letter = 0;
    for &(side, segments, size) in turns {
        for _ in 0..segments {
            let payload: Vec<u8> = (0..size).map(|i| b'a' + ((letter + i) % 26) as u8).collect();
            letter += 7;
            packets.push(packet(time, side, ACK, sent[side.index()], sent[side.other().index()], &payload));
            sent[side.index()] += size as i64;
            time += 3;
        }
        packets.push(packet(time, side.other(), ACK, sent[side.other().index()], sent[side.index()], b""));
        time += 3;
    }
    if finish {
        let [c, s] = sent;
        packets.push(packet(time, Side::Client, FIN | ACK, c, s, b""));
        packets.push(packet(time + 1, Side::Server, FIN | ACK, s, c + 1, b""));
        packets.push(packet(time + 2, Side::Client, ACK, c + 1, s + 1, b""));
    }
    packets
}

/// Splits, doubles and moves packets by no more than `distance` places; their stamps travel with them.
fn mangle(packets: &[Packet], rng: &mut TestRng, distance: u64) -> Vec<Packet> {
    let mut all = Vec::new();
    for packet in packets {
        let mut parts = vec![packet.clone()];
        if packet.payload.len() > 1 && rng.random_range(0..3) == 0 {
            let at = rng.random_range(1..packet.payload.len() as u64) as usize;
            let mut tail = packet.clone();
            tail.payload = packet.payload[at..].to_vec();
            tail.seq = tail.seq.wrapping_add(at as u32);
            parts[0].payload.truncate(at);
            parts[0].flags &= !FIN;
            parts.push(tail);
        }
        for part in parts {
            all.push(part.clone());
            all.push(part);
        }
    }
    let mut placed: Vec<(u64, Packet)> =
        all.into_iter().enumerate().map(|(i, p)| (i as u64 + rng.random_range(0..=distance), p)).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, packet)| packet).collect()
}

type Summary = (u64, Timestamp, Start, [u64; 2], [Vec<Item>; 2], Option<Close>);

/// What must not change: who, since when, what was said at which times, and how it ended.
fn summary(bench: &Bench) -> Vec<Summary> {
    let mut all: Vec<_> = bench
        .recorder
        .records
        .iter()
        .map(|r| {
            (r.connection.id, r.connection.since, r.connection.start, r.connection.payload, r.streams.clone(), r.close)
        })
        .collect();
    all.sort_by_key(|one| one.0);
    all
}

/// Every byte was read after all that its packet acknowledged.
fn causal(bench: &Bench, packets: &[Packet]) {
    for record in &bench.recorder.records {
        for (side, at, reached) in &record.order {
            let Some(packet) = packets.iter().find(|p| p.time == *at && p.side == *side && p.flags & ACK != 0) else {
                continue;
            };
            let isn = if *side == Side::Client { SERVER_ISN } else { CLIENT_ISN };
            let told = u64::from(packet.ack.wrapping_sub(isn.wrapping_add(1)));
            let peer = reached[side.other().index()];
            assert!(peer >= told, "{side:?} at {at} was read when its peer stood at {peer} of {told}");
        }
    }
}

fn turns() -> impl Strategy<Value = Vec<(Side, usize, usize)>> {
    let side = prop_oneof![Just(Side::Client), Just(Side::Server)];
    prop::collection::vec((side, 1..5_usize, 1..30_usize), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn doubled_split_and_disordered_packets_change_nothing(
        turns in turns(), finish in any::<bool>(), one_side in 0..6_u8, mut rng in any::<u64>().prop_perturb(|_, rng| rng),
    ) {
        let mut packets = conversation(&turns, finish);
        // Now and then the capture saw one direction only.
        match one_side {
            0 => packets.retain(|p| p.side == Side::Client),
            1 => packets.retain(|p| p.side == Side::Server),
            _ => {}
        }
        let plain = run(&packets);
        if one_side > 1 {
            causal(&plain, &packets);
        }
        for distance in [0, 3, 8] {
            let mangled = mangle(&packets, &mut rng, distance);
            let bench = run(&mangled);
            prop_assert_eq!(summary(&plain), summary(&bench), "distance {}", distance);
            prop_assert_eq!(bench.table.ledger().missing(), 0);
            if one_side > 1 {
                causal(&bench, &packets);
            }
        }
    }

    #[test]
    fn lost_packets_are_gaps_of_the_right_length_mangled_or_not(
        turns in turns(), finish in any::<bool>(), lost in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
        mut rng in any::<u64>().prop_perturb(|_, rng| rng),
    ) {
        let mut packets = conversation(&turns, finish);
        // One byte that was lost and acknowledged cannot be told from a FIN, so more are lost.
        let (mut streams, mut next) = ([Vec::new(), Vec::new()], [0, 0]);
        let mut gone: Vec<usize> = lost.iter().map(|i| i.index(packets.len())).filter(|&i| packets[i].payload.len() > 1).collect();
        gone.sort_unstable();
        gone.dedup();
        for (i, p) in packets.iter().enumerate().filter(|(_, p)| !p.payload.is_empty()) {
            let stream: &mut Vec<Item> = &mut streams[p.side.index()];
            if !gone.contains(&i) {
                stream.extend(p.payload.iter().map(|&byte| Item::Byte(byte, p.time)));
            } else if let Some(Item::Gap(n)) = stream.last_mut() {
                *n += p.payload.len() as u64;
            } else {
                stream.push(Item::Gap(p.payload.len() as u64));
            }
            next[p.side.index()] += p.payload.len() as i64;
        }
        for i in gone.iter().rev() {
            packets.remove(*i);
        }
        let merged = |bench: &Bench| {
            bench.recorder.records.iter().map(|record| record.streams.clone().map(|stream| {
                let mut out: Vec<Item> = Vec::new();
                for item in stream {
                    match (item, out.last_mut()) {
                        (Item::Gap(more), Some(Item::Gap(n))) => *n += more,
                        (Item::End, _) => {}
                        _ => out.push(item),
                    }
                }
                out
            })).collect::<Vec<_>>()
        };
        for distance in [None, Some(0), Some(3), Some(8)] {
            let order = distance.map_or_else(|| packets.clone(), |distance| mangle(&packets, &mut rng, distance));
            let bench = run(&order);
            if let Some(seen) = merged(&bench).first() {
                prop_assert_eq!(seen, &streams, "distance {:?}", distance);
                causal(&bench, &packets);
            } else {
                prop_assert!(packets.iter().all(|p| p.payload.is_empty()));
            }
        }
    }
}

#[test]
fn ports_that_are_used_again_stay_two_connections_when_mangled() {
    let first = conversation(&[(Side::Client, 1, 20), (Side::Server, 2, 30)], true);
    let mut second = conversation(&[(Side::Client, 2, 10), (Side::Server, 1, 10)], true);
    for packet in &mut second {
        packet.time += 2_000;
        let (mine, theirs) = if packet.side == Side::Client { (1 << 24, 1 << 25) } else { (1 << 25, 1 << 24) };
        packet.seq = packet.seq.wrapping_add(mine);
        packet.ack = packet.ack.wrapping_add(if packet.flags & ACK != 0 { theirs } else { 0 });
    }
    let packets: Vec<Packet> = first.into_iter().chain(second).collect();
    // An end that comes after the next connection has begun goes unsaid; nothing else may.
    let summary = |packets: &[Packet]| {
        let mut all = summary(&run(packets));
        all.iter_mut().flat_map(|one| &mut one.4).for_each(|stream| stream.retain(|item| *item != Item::End));
        all
    };
    let plain = summary(&packets);
    assert_eq!(plain.len(), 2);
    assert!(plain.iter().all(|one| one.5 == Some(Close::Finished)));
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for round in 0..300 {
        assert_eq!(summary(&mangle(&packets, runner.rng(), 8)), plain, "round {round}");
    }
}
