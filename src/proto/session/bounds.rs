//! What many connections together may cost, whatever each of them holds.

use crate::decode::{Scope, Segment, Seq, TcpFlags};
use crate::flow::{ByteClass, FlowTable};
use crate::limits::Limits;
use crate::proto::conversation::Ear;
use crate::proto::session::Sessions;
use crate::time::Timestamp;

/// Opens 2,000 connections that each say `parts` and wait; gives the memory taken at most, and what was counted.
fn crowd(parts: &[&[u8]]) -> (usize, FlowTable<Sessions<Ear>>, Sessions<Ear>) {
    let limits = Limits { flow_bytes: 4 << 20, ..Limits::default() };
    let mut sessions = Sessions::new(limits.clone(), Ear::default());
    let mut table = FlowTable::new(&limits);
    let mut most = 0;
    for port in 1_000..3_000_u16 {
        let (client, server) = (([10, 0, 0, 9], port).into(), ([10, 0, 0, 1], 80).into());
        let mut seq = Seq(100);
        let syn = [(client, server, TcpFlags::SYN, Seq(99)), (server, client, TcpFlags(0x12), Seq(499))];
        let opening = syn.map(|(from, to, flags, seq)| (from, to, flags, seq, &[][..]));
        let said = parts.iter().map(|part| {
            let at = seq;
            seq = seq.plus(part.len() as u32);
            (client, server, TcpFlags::ACK, at, *part)
        });
        for (from, to, flags, seq, payload) in opening.into_iter().chain(said) {
            let ack = if from == client { Seq(500) } else { Seq(100) };
            let time = Timestamp::from_nanos(u64::from(port));
            let segment = Segment { time, scope: Scope::default(), from, to, seq, ack, flags, payload, cut: 0 };
            table.segment(&segment, &mut sessions);
            most = most.max(table.weight());
        }
    }
    table.drain(Timestamp::from_nanos(4_000), &mut sessions);
    assert_eq!(table.ledger().booked(), table.ledger().captured);
    (most, table, sessions)
}

#[test]
fn heads_that_never_end_are_held_within_the_bound_of_all_connections() {
    // Catches a bound of each connection alone: 2,000 left-overs of 60 KiB are 120 MiB.
    let (most, table, _) = crowd(&[b"GET /a HTTP/1.1\r\n", &[b'x'; 30_000], &[b'x'; 30_000]]);
    assert!(most <= 4 << 20, "{most}");
    assert!(most > 3 << 20 && table.stats().evicted > 1_900, "{most} {}", table.stats().evicted);
}

#[test]
fn questions_without_answers_are_held_within_it_and_told_when_it_is_full() {
    // Catches pending requests that are no part of the bound, and an eviction that forgets what was asked.
    let asked = b"GET /a HTTP/1.1\r\nHost: h\r\nCookie: ccccccccccccccccccccccccccccccccccccccccccc\r\n\r\n".repeat(40);
    let (most, table, sessions) = crowd(&[&asked]);
    assert!(most <= 4 << 20, "{most}");
    assert!(table.stats().evicted > 1_000);
    let counts = sessions.counts();
    assert_eq!((counts.proto.requests, counts.proto.unanswered), (80_000, 80_000));
}

#[test]
fn samples_of_bodies_are_held_within_it() {
    let head = b"POST /a HTTP/1.1\r\nContent-Length: 60000\r\n\r\n";
    let (most, table, sessions) = crowd(&[head, &[b'1'; 50_000]]);
    assert!(most <= 4 << 20, "{most}");
    assert!(table.stats().evicted > 1_900);
    assert_eq!(
        (sessions.counts().proto.requests, table.ledger().of(ByteClass::Parsed)),
        (2_000, table.ledger().captured)
    );
}
