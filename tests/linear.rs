//! No input costs more than linear time: ten times as much of it takes at most twelve times the instructions.
//!
//! Counted by valgrind, which does not depend on the machine's mood. Where it is not installed, this says so and
//! measures nothing, unless `SHADOWTAP_FULL` is set: then it must be there, and the captures are ten times as large
//! (`SHADOWTAP_BIN` should then name a binary that is fast).

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::flood::{Flood, Host, Pair};
use crate::common::wire::{ACK, FIN};

/// Writes packets whose number grows with `n`.
type Act = fn(&mut Flood<&mut dyn Write>, u32) -> io::Result<()>;

/// Each input by its name, and how much of it is one part.
const INPUTS: &[(&str, Act, u32)] = &[
    ("a head byte by byte", dribble, 300),
    ("heads byte by byte", dribbles, 6),
    ("a line without end, byte by byte", endless_line, 300),
    ("a line without end behind a hole", lost_line, 300),
    ("holes at every other byte", holes, 200),
    ("holes, from the end", holes_reversed, 200),
    ("holes in many flows", many_holes, 10),
    ("a stream from its end", reversed, 150),
    ("what was sent is sent again", overlaps, 250),
    ("chunks of one byte with extensions", chunks, 15),
    ("pipelined questions", pipeline, 8),
    ("fields", fields, 6),
    ("folded lines", folds, 30),
    ("fragments", fragments, 8),
    ("interim answers", interim, 30),
    ("a body without its head", midstream, 40),
    ("a body that looks like heads", lookalikes, 40),
    ("an answer with holes that looks like heads", lost, 25),
    ("parts of parts", multipart, 40),
];

fn opened(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<Pair> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    Ok(pair)
}

/// One segment at a place in the client's stream.
fn at(flood: &mut Flood<&mut dyn Write>, pair: &Pair, offset: u32, payload: &[u8]) -> io::Result<()> {
    let mut host = Host { seq: pair.client.seq.wrapping_add(offset), ..pair.client };
    flood.segment(&mut host, &pair.server, ACK, payload)
}

fn dribble(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\nX: ")?;
    (0..n).try_for_each(|_| flood.ask(&mut pair, b"a"))
}

fn dribbles(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    for number in 0..n {
        let mut pair = opened(flood, number)?;
        for byte in b"GET /v1/accounts HTTP/1.1\r\nHost: api.example\r\n\r\n" {
            flood.ask(&mut pair, &[*byte])?;
        }
    }
    Ok(())
}

fn endless_line(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET /")?;
    (0..n).try_for_each(|_| flood.ask(&mut pair, b"G"))
}

fn lost_line(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")?;
    pair.client.seq = pair.client.seq.wrapping_add(5);
    flood.answer(&mut pair, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    flood.ask(&mut pair, b"POST /")?;
    (0..n).try_for_each(|_| flood.ask(&mut pair, b"P"))
}

fn holes(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let pair = opened(flood, 1)?;
    (0..n).try_for_each(|i| at(flood, &pair, 2 * i + 1, b"x"))
}

fn holes_reversed(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let pair = opened(flood, 1)?;
    (0..n).rev().try_for_each(|i| at(flood, &pair, 2 * i + 1, b"x"))
}

fn many_holes(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    for number in 0..n {
        let mut pair = opened(flood, number)?;
        for i in 0..20 {
            at(flood, &pair, 2 * i + 1, b"x")?;
            // Acknowledged: a hole that is given up after some packets.
            let Pair { client, server } = &mut pair;
            let seen = Host { seq: client.seq.wrapping_add(2 * i), ..*client };
            flood.segment(server, &seen, ACK, b"")?;
        }
    }
    Ok(())
}

fn reversed(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", n * 10);
    let first = pair.client.seq;
    (0..n).rev().try_for_each(|i| at(flood, &pair, head.len() as u32 + 10 * i, b"0123456789"))?;
    pair.client.seq = first;
    flood.ask(&mut pair, head.as_bytes())
}

fn overlaps(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let pair = opened(flood, 1)?;
    // Behind a hole, so that all of it is held; each other time with other bytes.
    (0..n).try_for_each(|i| {
        at(flood, &pair, 100 + 10 * i, &[b'a' + (i % 3) as u8; 100])?;
        at(flood, &pair, 100 + 10 * (i / 2), &[b'b'; 40])
    })
}

fn chunks(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let chunk = format!("1;{}=\"{}\"\r\nx\r\n", "a".repeat(50), "b".repeat(200));
    (0..n).try_for_each(|_| {
        flood.ask(&mut pair, chunk.repeat(3).as_bytes())?;
        chunk.as_bytes().chunks(9).try_for_each(|part| flood.ask(&mut pair, part))
    })
}

fn pipeline(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    (0..n).try_for_each(|_| flood.ask(&mut pair, &b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(40)))
}

fn fields(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    let fields: String = (0..128).map(|i| format!("X-{i}: {i}\r\n")).collect();
    (0..n).try_for_each(|_| {
        flood.ask(&mut pair, format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n").as_bytes())?;
        flood.answer(&mut pair, format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n").as_bytes())
    })
}

fn folds(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n")?;
    (0..n).try_for_each(|_| flood.ask(&mut pair, &b" b\r\n".repeat(20)))?;
    flood.ask(&mut pair, b"\r\n")
}

fn fragments(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    for number in 0..n {
        // Backwards, and each one twice, shifted.
        for part in (0..30_u16).rev() {
            flood.fragment(number, part * 8, part < 29, &[0x50; 8])?;
            flood.fragment(number, part * 8, true, &[0x51; 16])?;
        }
    }
    Ok(())
}

fn interim(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    (0..60).try_for_each(|_| flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))?;
    (0..n).try_for_each(|_| flood.answer(&mut pair, &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(20)))
}

fn midstream(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = Pair::new(1);
    let line = b"POST x\nHTTP/1. \nG\nHTTP/1.1 2\nGET / HTTP/1\n".repeat(20);
    (0..n).try_for_each(|_| flood.ask(&mut pair, &line))
}

fn lookalikes(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")?;
    flood.answer(&mut pair, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")?;
    (0..n).try_for_each(|_| flood.answer(&mut pair, &b"HTTP/1.1 200 OK\r\nX: y\r\nHTTP/1.1 20".repeat(20)))?;
    let Pair { client, server } = &mut pair;
    flood.segment(server, client, ACK | FIN, b"")
}

fn lost(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")?;
    for _ in 0..n {
        flood.answer(&mut pair, &b"HTTP/1.1 200 O\nHTTP/1.1 2\nHTTP\nH".repeat(20))?;
        pair.server.seq = pair.server.seq.wrapping_add(7);
        flood.ask(&mut pair, b"G")?;
    }
    Ok(())
}

fn multipart(flood: &mut Flood<&mut dyn Write>, n: u32) -> io::Result<()> {
    let mut pair = opened(flood, 1)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1,3-4\r\n\r\n")?;
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=b\r\nContent-Length: {}\r\n\r\n",
        n * 800
    );
    flood.answer(&mut pair, head.as_bytes())?;
    let part = b"--b\r\nContent-Range: bytes 0-1/9\r\n\r\nab\r\n".repeat(20);
    (0..n).try_for_each(|_| flood.answer(&mut pair, &part[..800.min(part.len())]))
}

/// Instructions of one run, or why they cannot be counted.
fn instructions(binary: &str, capture: &Path) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", binary, "replay", "-q", "--workers", "1"])
        .args(["--format", "json", "-o"])
        .arg(capture.with_extension("json"))
        .arg(capture)
        .env_remove("SHADOWTAP_LOG")
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let count = said.split_once("Collected : ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    Ok(count.unwrap_or_else(|| panic!("valgrind counted nothing: {said}")))
}

fn capture(folder: &Path, name: &str, act: Act, n: u32) -> io::Result<std::path::PathBuf> {
    let path = folder.join(name);
    let mut file = BufWriter::new(std::fs::File::create(&path)?);
    let out: &mut dyn Write = &mut file;
    let mut flood = Flood::new(out)?;
    act(&mut flood, n)?;
    flood.finish()?;
    Ok(path)
}

#[test]
fn ten_times_the_input_costs_at_most_twelve_times_the_instructions() {
    // Catches anything quadratic: a head looked at again from its start, a list of pieces that is walked, a table that is swept.
    let full = std::env::var_os("SHADOWTAP_FULL").is_some();
    let binary = std::env::var("SHADOWTAP_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_shadowtap").to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let empty = capture(folder.path(), "empty", |_, _| Ok(()), 0).expect("written");
    let start = match instructions(&binary, &empty) {
        Ok(count) => count,
        Err(error) => {
            assert!(!full, "valgrind must be installed where all is tested: {error}");
            println!("SKIPPED, NOT MEASURED: valgrind cannot be run ({error})");
            return;
        }
    };
    let only = std::env::var("SHADOWTAP_INPUT").ok();
    let mut worst = Vec::new();
    for (name, act, part) in INPUTS.iter().filter(|input| only.as_deref().is_none_or(|only| only == input.0)) {
        let n = part * if full { 10 } else { 1 };
        let cost = |n| {
            let path = capture(folder.path(), &format!("input-{n}"), *act, n).expect("written");
            instructions(&binary, &path).expect("it ran before").saturating_sub(start)
        };
        let (one, ten) = std::thread::scope(|scope| {
            let one = scope.spawn(|| cost(n));
            let ten = cost(n * 10);
            (one.join().expect("it was counted"), ten)
        });
        let ratio = ten as f64 / one as f64;
        println!("{name:45} {one:12} {ten:13} {ratio:5.1}");
        assert!(one > start / 1_000, "{name}: too small to measure");
        if ratio > 12.0 {
            worst.push(format!("{name}: {ratio:.1}"));
        }
    }
    assert!(worst.is_empty(), "more than linear: {worst:?}");
}
