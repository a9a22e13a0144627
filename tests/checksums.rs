//! Checksums: not verified unless asked for, since the host that captures sees its own packets before they are summed.

use shadowtap::capture::MemorySource;
use shadowtap::decode::DecodeOptions;

use crate::common::wire::{ACK, Wire, ends};
use crate::common::{Run, assert_ledger};

fn strict() -> Run {
    Run { decode: DecodeOptions { verify_checksums: true, ..DecodeOptions::default() }, ..Run::default() }
}

fn sum(parts: &[&[u8]]) -> [u8; 2] {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut total: u32 = words.map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low))).sum();
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    (!(total as u16)).to_be_bytes()
}

/// The same frames with their sums filled in; `spoiled` ones get a wrong one for TCP.
fn summed(source: &MemorySource, spoiled: &[usize]) -> MemorySource {
    let mut out = MemorySource::new();
    for (at, frame) in (0..).map_while(|at| source.frame(at)).enumerate() {
        let mut bytes = frame.bytes.to_vec();
        let header = sum(&[&bytes[14..34]]);
        bytes[24..26].copy_from_slice(&header);
        let len = ((bytes.len() - 34) as u16).to_be_bytes();
        let mut tcp = sum(&[&bytes[26..34], &[0, 6], &len, &bytes[34..]]);
        if spoiled.contains(&at) {
            tcp[0] ^= 0x55;
        }
        bytes[50..52].copy_from_slice(&tcp);
        out.push(&shadowtap::capture::Frame { bytes: &bytes, ..frame });
    }
    out
}

/// A request, and before it a forgery of the same bytes of the stream that no server would take.
fn forged() -> MemorySource {
    let (mut client, mut server) = ends(4000);
    let mut wire = Wire::new();
    wire.open(&mut client, &mut server);
    let mut forger = client;
    wire.segment(&mut forger, &server, ACK, b"GET /decoy HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.segment(&mut client, &server, ACK, b"GET /inner HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.segment(&mut server, &client, ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    wire.frames
}

fn lines(run: &Run, mut source: MemorySource) -> String {
    String::from_utf8(run.report(&mut source, "json").1).expect("NDJSON is UTF-8")
}

#[test]
fn sums_left_to_the_card_lose_nothing_unless_verified() {
    // Catches verification by default, and packets it drops without a word.
    let report = Run::default().json(&mut forged());
    assert_eq!(report["capture"]["packets"]["tcp"], 6);
    let report = strict().json(&mut forged());
    assert_ledger(&report, "offloaded");
    assert_eq!(report["capture"]["packets"]["skipped"]["bad_checksum"], 6);
    assert_eq!(report["capture"]["payload"]["captured"], 0);
    let warnings = report["capture"]["warnings"].to_string();
    assert!(warnings.contains("checksum is wrong: 6"), "{warnings}");
    assert_eq!(lines(&strict(), forged()), "");
}

#[test]
fn a_forgery_with_a_wrong_sum_poisons_only_who_does_not_look() {
    let source = || summed(&forged(), &[3]);
    assert!(lines(&Run::default(), source()).contains("/decoy"));
    let seen = lines(&strict(), source());
    assert!(seen.contains("/inner") && !seen.contains("/decoy"), "{seen}");
    let report = strict().json(&mut source());
    assert_ledger(&report, "forged");
    assert_eq!(report["capture"]["packets"]["skipped"]["bad_checksum"], 1);
}
