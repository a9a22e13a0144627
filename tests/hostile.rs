//! Captures written by an enemy: nothing panics, nothing hangs, nothing grows, and the ledger still adds up.

use shadowtap::capture::{Frame, MemorySource};
use shadowtap::limits::Limits;

use crate::common::mangle::Random;
use crate::common::wire::{ACK, FIN, RST, SYN, Wire, ends};
use crate::common::{Run, all_captures, assert_ledger, frames, seeds};

/// A limit set small enough that every bound is met within a test.
fn tight() -> Limits {
    Limits {
        flows: 64,
        reorder_bytes: 16 << 10,
        reorder_side_bytes: 4 << 10,
        carry_bytes: 4 << 10,
        head_bytes: 4 << 10,
        operations: 50,
        level_words: 8,
        services: 4,
        fragment_bytes: 8 << 10,
        ..Limits::default()
    }
}

#[test]
fn flipped_bytes_in_real_captures_do_no_harm() {
    // Catches a length, a count or an offset that is trusted somewhere between frame and report.
    for (number, path) in all_captures().into_iter().enumerate() {
        let plain = frames(std::slice::from_ref(&path));
        for seed in 0..seeds(3) {
            let mut random = Random::new(seed * 31 + number as u64);
            let mut wild = MemorySource::new();
            for frame in (0..).map_while(|at| plain.frame(at)) {
                let mut bytes = frame.bytes.to_vec();
                for _ in 0..random.below(4) {
                    let at = random.below(bytes.len().max(1) as u64) as usize;
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = random.below(256) as u8;
                    }
                }
                bytes.truncate(bytes.len() - random.below(1 + bytes.len() as u64 / 20) as usize);
                wild.push(&Frame { bytes: &bytes, ..frame });
            }
            let limits = if seed % 2 == 0 { tight() } else { Limits::default() };
            let report = Run { limits, workers: 1 + seed as usize % 3, ..Run::default() }.json(&mut wild);
            assert_ledger(&report, &format!("{} seed {seed}", path.display()));
        }
    }
}

#[test]
fn noise_in_tcp_clothes_does_no_harm() {
    // Catches sequence numbers, flags and payloads no stack would send, against tight bounds.
    for seed in 1..=seeds(6) {
        let mut random = Random::new(seed);
        let mut wire = Wire::new();
        for _ in 0..4_000 {
            let (mut client, mut server) = ends(1_000 + random.below(100) as u16);
            if random.below(2) == 0 {
                std::mem::swap(&mut client, &mut server);
            }
            client.seq = client.seq.wrapping_add(random.below(20_000) as u32);
            server.seq = server.seq.wrapping_add(random.below(20_000) as u32);
            let flags = [ACK, ACK, ACK, SYN, SYN | ACK, FIN | ACK, RST, 0xff, 0][random.below(9) as usize];
            let words: [&[u8]; 6] = [
                b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                b"\x16\x03\x01\xff\xff\x01",
                b"",
                b"\x00\xff\r\n\r\n",
            ];
            wire.segment(&mut client, &server, flags, words[random.below(6) as usize]);
        }
        let report = Run { limits: tight(), workers: 2, ..Run::default() }.json(&mut wire.frames);
        assert_ledger(&report, &format!("seed {seed}"));
    }
}

#[test]
fn a_scanner_with_a_hundred_thousand_paths_adds_no_endpoint() {
    // Catches an inventory that grows by what the network says.
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(5_000);
    wire.open(&mut client, &mut server);
    for number in 0..100_000_u32 {
        let request = format!(
            "GET /x{:x}/y{number} HTTP/1.1\r\nHost: scanned.example\r\n\r\n",
            number.wrapping_mul(2_654_435_761)
        );
        wire.segment(&mut client, &server, ACK, request.as_bytes());
        wire.segment(&mut server, &client, ACK, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
    let report = Run { specs: Vec::new(), ..Run::default() }.json(&mut wire.frames);
    assert_eq!(report["headline"]["endpoints"], 0);
    assert_eq!(report["headline"]["requests"], 100_000);
    assert_ledger(&report, "scanner");
}

#[test]
fn a_syn_flood_costs_slots_and_nothing_else() {
    let mut wire = Wire::new();
    for number in 0..100_000_u32 {
        let (mut client, server) = ends((number % 60_000) as u16);
        client.address = [10, 1, (number >> 8) as u8, number as u8];
        wire.segment(&mut client, &server, SYN, b"");
    }
    let report = Run { specs: Vec::new(), limits: Limits { flows: 1_000, ..Limits::default() }, ..Run::default() }
        .json(&mut wire.frames);
    assert!(
        report["capture"]["counters"]["flow.evicted"].as_u64() > Some(90_000),
        "{:#}",
        report["capture"]["counters"]
    );
    assert_ledger(&report, "flood");
}

#[test]
fn a_head_dribbled_byte_by_byte_is_one_request() {
    // Catches a parser that starts over at each byte (quadratic) or forgets where it was.
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(6_000);
    wire.open(&mut client, &mut server);
    let mut head = b"GET /v1/balance HTTP/1.1\r\nHost: api.pay.example\r\nX-Long: ".to_vec();
    head.extend(std::iter::repeat_n(b'a', 20_000));
    head.extend_from_slice(b"\r\n\r\n");
    for byte in head {
        wire.segment(&mut client, &server, ACK, &[byte]);
    }
    wire.segment(&mut server, &client, ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let report = Run::default().json(&mut wire.frames);
    assert_eq!(report["headline"]["matched"], 1, "{:#}", report["headline"]);
    assert_ledger(&report, "dribble");
}

#[test]
fn early_one_byte_segments_are_bounded() {
    // Catches a reorder store that is bounded in bytes and not in pieces.
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(7_000);
    wire.open(&mut client, &mut server);
    for number in (0..100_000_u32).rev() {
        let mut far = client;
        far.seq = far.seq.wrapping_add(10 + number * 2);
        wire.segment(&mut far, &server, ACK, b"x");
    }
    let report = Run { specs: Vec::new(), ..Run::default() }.json(&mut wire.frames);
    assert_ledger(&report, "one-byte segments");
    // A side may hold 256 KiB; each of these bytes costs more than 64 to keep, so that most had to be let go.
    let missing = report["capture"]["missing"]["gaps"].as_u64();
    let forced = report["capture"]["counters"]["flow.gaps_forced"].as_u64();
    assert!(missing > Some(0) && forced > Some(0), "{:#}", report["capture"]);
}

#[test]
fn ambiguous_framing_is_counted_and_warned_of() {
    // Catches an indicator of request smuggling that the parser sees and nobody is told of.
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(8_000);
    wire.open(&mut client, &mut server);
    let request = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    wire.segment(&mut client, &server, ACK, request);
    wire.segment(&mut server, &client, ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk");
    wire.segment(&mut client, &server, ACK | FIN, b"");
    let report = Run { specs: Vec::new(), ..Run::default() }.json(&mut wire.frames);
    let counters = &report["capture"]["counters"];
    assert_eq!(counters["proto.smuggling.both_lengths"], 1, "{counters:#}");
    assert_eq!(counters["proto.smuggling.several_lengths"], 1, "{counters:#}");
    assert!(report["capture"]["warnings"].to_string().contains("smuggling"));
}
