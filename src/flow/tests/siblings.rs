//! Directions under different tags: joined where their numbers say so, apart where they do not.

use super::*;

/// Requests under one scope, answers under another, as bytes of one conversation.
fn conversation() -> Vec<Packet> {
    let mut packets = handshake(0);
    packets.extend([
        client(10, 0, 0, b"ask"),
        server(20, 0, 3, b"answer"),
        client(30, 3, 6, b"more"),
        server(40, 6, 7, b"again"),
        packet(50, Side::Client, FIN | ACK, 7, 11, b""),
        packet(51, Side::Server, FIN | ACK, 11, 8, b""),
    ]);
    packets
}

fn tagged(vlans: u32) -> Scope {
    Scope { vlans, tunnels: 0 }
}

fn play(bench: &mut Bench, packet: &Packet, scope: Scope) {
    let segment = Segment { scope, ..packet.segment() };
    bench.table.segment(&segment, &mut bench.recorder);
}

/// What each connection said, one direction under each scope.
fn played(packets: &[Packet], scopes: [Scope; 2]) -> (Vec<[String; 2]>, u64) {
    let mut bench = Bench::new();
    for packet in packets {
        play(&mut bench, packet, scopes[packet.side.index()]);
    }
    let joined = bench.table.stats().scopes_joined;
    bench.drain();
    assert!(bench.table.is_empty() && bench.table.weight() == 0, "both keys are gone, and what they weighed");
    let texts = |record: &Record| [Side::Client, Side::Server].map(|side| record.text(side));
    (bench.recorder.records.iter().map(texts).collect(), joined)
}

#[test]
fn a_tag_for_each_direction_is_one_connection() {
    // Catches answers that never meet their requests: a tap that tags one direction, a session or key for each.
    let whole = vec![["askmore.".to_owned(), "answeragain.".to_owned()]];
    let tunnel = |tunnels| Scope { vlans: 0, tunnels };
    let pairs = [(tagged(0), tagged(5)), (tagged(5), tagged(0)), (tagged(5), tagged(6)), (tunnel(1), tunnel(2))];
    for (there, back) in pairs {
        assert_eq!(played(&conversation(), [there, back]), (whole.clone(), 1), "{there:?} {back:?}");
        // Joined midstream: only payload tells.
        assert_eq!(played(&conversation()[3..], [there, back]), (whole.clone(), 1), "{there:?} {back:?}");
        // The answer to the SYN came first.
        let mut swapped = conversation();
        swapped.swap(0, 1);
        assert_eq!(played(&swapped, [there, back]), (whole.clone(), 1), "{there:?} {back:?}");
    }
    assert_eq!(played(&conversation(), [tagged(5); 2]), (whole, 0));
}

#[test]
fn ports_used_again_under_both_tags_are_another_connection() {
    // Catches a renewal that forgets the second key.
    let mut packets = conversation();
    packets.extend(conversation().into_iter().map(|packet| Packet {
        time: packet.time + 1_000,
        seq: packet.seq.wrapping_add(1 << 30),
        ack: if packet.flags & ACK == 0 { 0 } else { packet.ack.wrapping_add(1 << 30) },
        ..packet
    }));
    let (texts, joined) = played(&packets, [tagged(1), tagged(2)]);
    assert_eq!((texts.len(), joined), (2, 1));
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn equal_addresses_in_two_networks_stay_apart() {
    // Catches a join by addresses alone: two customers with one plan of addresses, one of whose directions is not
    // captured. Their numbers have nothing to do with each other.
    let other: Vec<Packet> = conversation()
        .into_iter()
        .map(|packet| Packet {
            seq: packet.seq.wrapping_add(1 << 29),
            ack: if packet.flags & ACK == 0 { 0 } else { packet.ack.wrapping_add(1 << 29) },
            ..packet
        })
        .collect();
    let mut bench = Bench::new();
    for (mine, theirs) in conversation().iter().zip(&other) {
        if mine.side == Side::Client {
            play(&mut bench, mine, tagged(1));
        }
        if theirs.side == Side::Server {
            play(&mut bench, theirs, tagged(2));
        }
    }
    assert_eq!(bench.table.stats().scopes_joined, 0);
    // And whole conversations, of the very same numbers even.
    let mut bench = Bench::new();
    for packet in conversation() {
        play(&mut bench, &packet, tagged(1));
        play(&mut bench, &packet, tagged(2));
    }
    assert_eq!((bench.table.stats().scopes_joined, bench.recorder.records.len()), (0, 2));
}
