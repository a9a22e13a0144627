//! `--memory` bounds the whole process, whatever is sent: the real binary under floods, measured by its peak.
//!
//! Usually at a size that a debug build reads in seconds. `SHADOWTAP_FULL=1` sends a million connections; then
//! `SHADOWTAP_BIN` should name a binary that is fast.

use std::io::{self, BufWriter, Write};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use crate::common::assert_ledger;
use crate::common::estate::Estate;
use crate::common::flood::{Flood, Host, Pair};
use crate::common::wire::{ACK, SYN};

/// One act of an attack: writes the packets of the `number`th connection.
type Act = fn(&mut Flood<&mut dyn Write>, u32) -> io::Result<()>;

/// An attack by its name, and how many connections of it say a MiB of what is hardest to hold.
const ATTACKS: &[(&str, Act, u32)] = &[
    ("syn", syn, 2_000),
    ("syn and part of a head", part, 500),
    ("whole questions", questions, 200),
    ("one-byte segments around holes", holes, 20),
    ("long heads", heads, 20),
    ("pipelined questions", pipelined, 20),
    ("halves of datagrams", fragments, 100),
    ("bodies", bodies, 20),
    ("apis", apis, 60),
    ("shapes", shapes, 10),
    ("scans", scans, 100),
    ("opaque services", sealed, 300),
];

/// A SYN and nothing else.
fn syn(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.segment(&mut pair.client, &pair.server, SYN, b"")
}

/// A SYN and the beginning of a head.
fn part(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.segment(&mut pair.client, &pair.server, SYN, b"")?;
    flood.ask(
        &mut pair,
        b"GET /v1/accounts/17 HTTP/1.1\r\nHost: api.example\r\nX-Part: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    )
}

/// A handshake and a whole question that nobody answers.
fn questions(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    flood.ask(
        &mut pair,
        format!("GET /v1/accounts/{number} HTTP/1.1\r\nHost: api.example\r\nCookie: a=b\r\n\r\n").as_bytes(),
    )
}

/// Single bytes, each behind a hole that is never filled, both ways.
fn holes(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    for _ in 0..150 {
        pair.client.seq = pair.client.seq.wrapping_add(3);
        flood.ask(&mut pair, b"x")?;
        let Pair { client, server } = &mut pair;
        server.seq = server.seq.wrapping_add(5);
        let unseen = Host { seq: client.seq.wrapping_sub(600), ..*client };
        flood.segment(server, &unseen, ACK, b"y")?;
    }
    Ok(())
}

/// A head that goes on and on.
fn heads(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    flood.ask(&mut pair, b"GET / HTTP/1.1\r\nX: ")?;
    (0..30).try_for_each(|_| flood.ask(&mut pair, &[b'a'; 1_400]))
}

/// Questions in a row, each with many fields, and no answer.
fn pipelined(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    let mut head = format!("GET /v1/things/{number} HTTP/1.1\r\nHost: api.example\r\n").into_bytes();
    (0..30).for_each(|field| head.extend_from_slice(format!("X-{field}: {field}\r\n").as_bytes()));
    head.extend_from_slice(b"\r\n");
    (0..60).try_for_each(|_| flood.ask(&mut pair, &head))
}

/// The first half of an IP datagram.
fn fragments(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    flood.fragment(number, 0, true, &[0; 64])?;
    flood.fragment(number, 1024, true, &[0; 8])
}

/// A question with a body that does not end, of which a sample is kept.
fn bodies(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    flood.ask(&mut pair, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")?;
    (0..35).try_for_each(|_| flood.ask(&mut pair, &[b'1'; 1_400]))
}

/// Words nobody has seen before, by which an API may grow.
fn word(number: u32) -> String {
    let mut n = number.wrapping_mul(2_654_435_761) >> 3;
    let mut word = String::from("w");
    for _ in 0..6 {
        word.push(char::from(b'a' + (n % 25) as u8));
        n /= 25;
    }
    word
}

/// An exchange on a path and, every now and then, a host of its own, with parameters.
fn apis(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    for turn in 0..4 {
        let (host, path) = (word(number / 50), word(number * 4 + turn));
        let query: String = (0..40).map(|at| format!("{}{at}=1&", word(number + at))).collect();
        let head = format!(
            "GET /{path}/{}/{} HTTP/1.1\r\nHost: {host}.example\r\nAuthorization: Bearer a\r\nContent-Type: a/{path}\r\n\r\n",
            word(turn),
            word(number)
        );
        let head = head.replacen(" HTTP", &format!("?{query} HTTP"), 1);
        flood.ask(&mut pair, head.as_bytes())?;
        flood.answer(
            &mut pair,
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":[1,2]}",
        )?;
    }
    Ok(())
}

/// Bodies with fields of names never seen before, nested.
fn shapes(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    let mut body = String::from("{");
    for at in 0..40 {
        let inner: String =
            (0..8).map(|low| format!("\"{}\":{{\"b\":1}},", word(number * 999 + at * 9 + low))).collect();
        body.push_str(&format!("\"{}\":{{{inner}\"c\":\"x\"}},", word(number * 50 + at)));
    }
    body.push_str("\"z\":1}");
    let head = format!(
        "POST /{} HTTP/1.1\r\nHost: {}.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        word(number),
        word(number / 200),
        body.len()
    );
    flood.ask(&mut pair, head.as_bytes())?;
    for part in body.as_bytes().chunks(1_400) {
        flood.ask(&mut pair, part)?;
    }
    flood.answer(&mut pair, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}

/// Paths that are not there.
fn scans(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    flood.open(&mut pair)?;
    for turn in 0..4 {
        let head =
            format!("GET /{}/{}.php HTTP/1.1\r\nHost: scanned.example\r\n\r\n", word(number * 4 + turn), word(turn));
        flood.ask(&mut pair, head.as_bytes())?;
        flood.answer(&mut pair, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
    }
    Ok(())
}

/// TLS to servers of many names.
fn sealed(flood: &mut Flood<&mut dyn Write>, number: u32) -> io::Result<()> {
    let mut pair = Pair::new(number);
    pair.server.number = 0x0aff_0000 + number % 60_000;
    flood.open(&mut pair)?;
    let name = format!("{}.{}.example", word(number), "n".repeat(60));
    let mut hello = vec![3, 3];
    hello.extend_from_slice(&[0; 32]);
    hello.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0]);
    let n = name.len() as u16;
    hello.extend_from_slice(&(n + 9).to_be_bytes());
    for word in [0, n + 5, n + 3] {
        hello.extend_from_slice(&word.to_be_bytes());
    }
    hello.push(0);
    hello.extend_from_slice(&n.to_be_bytes());
    hello.extend_from_slice(name.as_bytes());
    let mut record = vec![22, 3, 1];
    record.extend_from_slice(&(hello.len() as u16 + 4).to_be_bytes());
    record.extend_from_slice(&[1, 0]);
    record.extend_from_slice(&(hello.len() as u16).to_be_bytes());
    record.extend_from_slice(&hello);
    flood.ask(&mut pair, &record)
}

/// Everything at once, in turns; half of it over IPv6.
fn write(attacks: &[Act], connections: u32, out: &mut dyn Write) -> io::Result<()> {
    let mut flood = Flood::new(out)?;
    for number in 0..connections {
        flood.v6 = attacks.len() > 1 && number % 2 == 1;
        let act = attacks[(number / 2) as usize % attacks.len()];
        act(&mut flood, number)?;
    }
    flood.finish()
}

/// What one run took at most, in KiB, and how many connections its report tells of.
fn peak(attack: &str, connections: u32, memory: &str, workers: &str) -> (u64, u64) {
    let said = measured(attack, connections, memory, workers);
    let figures = said.split_once("peak ").and_then(|(_, rest)| rest.split_once(" connections "));
    let figures =
        figures.and_then(|(peak, rest)| Some((peak.parse().ok()?, rest.split_whitespace().next()?.parse().ok()?)));
    figures.unwrap_or_else(|| panic!("{attack}: {said}"))
}

/// What a process of its own says that runs and measures it.
fn measured(attack: &str, connections: u32, memory: &str, workers: &str) -> String {
    // A child's peak begins at that of who started it, so that is a process which holds nothing: this binary again.
    let output = Command::new(std::env::current_exe().expect("we run"))
        .args(["--exact", "bounds::measure", "--ignored", "--nocapture"])
        .env("SHADOWTAP_ATTACK", format!("{attack};{connections};{memory};{workers}"))
        .output()
        .expect("and run again");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{attack}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
#[ignore = "the part of the tests here that runs alone in a process"]
fn measure() {
    let Ok(order) = std::env::var("SHADOWTAP_ATTACK") else { return };
    let [attack, connections, memory, workers] = order.split(';').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let acts: Vec<Act> = ATTACKS.iter().filter(|a| [a.0, ALL].contains(&attack)).map(|a| a.1).collect();
    let acts: Vec<Act> = if attack == ALL { ATTACKS.iter().map(|a| a.1).collect() } else { acts };
    let binary = std::env::var("SHADOWTAP_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_shadowtap").to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.json");
    let mut child = Command::new(binary)
        .args(["replay", "-q", "-", "--format", "json", "--memory", memory, "--workers", workers, "-o"])
        .arg(&report)
        .env_remove("SHADOWTAP_LOG")
        .stdin(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let pipe = child.stdin.take().expect("it has a pipe");
    let mut pipe = BufWriter::new(pipe);
    let number = connections.parse().expect("a number");
    let written = match attack {
        ESTATE => Estate { hosts: number, rounds: 3 }.write(&mut pipe),
        _ => write(&acts, number, &mut pipe),
    };
    drop(pipe);
    let status = child.wait().expect("it ends");
    assert!(written.is_ok() && status.success(), "{attack}: {written:?} {status}");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("of JSON");
    assert_ledger(&report, attack);
    let seen = report.pointer("/capture/counters/flow.connections").and_then(serde_json::Value::as_u64);
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system says").max_rss();
    let count = |at: &str| report.pointer(at).and_then(serde_json::Value::as_u64).unwrap_or(0);
    println!("peak {peak} connections {} endpoints {}", seen.unwrap_or(0), count("/headline/endpoints"));
    println!("bounds {}", report["bounds"]);
}

/// Runs attacks in turn, and holds each to 1.1 times its memory.
fn hold(attacks: &[(&str, u32)], memory: u32, workers: &str) {
    for &(attack, connections) in attacks {
        let (peak, seen) = peak(attack, connections, &format!("{memory}M"), workers);
        let most = u64::from(memory) * 1024 * 11 / 10;
        println!("{memory:4} MiB, {workers} workers, {connections:8} of {attack}: {} MiB", peak / 1024);
        // Halves of datagrams make no connection.
        assert!(seen > 0 || attack.contains("datagrams"), "{attack}: nothing was read");
        assert!(peak <= most, "{attack}: {peak} KiB of {most} with {workers} workers");
    }
}

/// No attack: many APIs in use.
const ESTATE: &str = "estate";

/// What a run over an estate took at most, in KiB, how many endpoints it told of, and which bounds it met.
fn estate(hosts: u32, memory: u32, workers: &str) -> (u64, u64, String) {
    let said = measured(ESTATE, hosts, &format!("{memory}M"), workers);
    let figure = |name: &str| {
        let (_, rest) = said.split_once(name)?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    let bounds = said.split_once("bounds ").and_then(|(_, rest)| rest.lines().next()).unwrap_or("?");
    (figure("peak ").expect("a peak"), figure("endpoints ").expect("endpoints"), bounds.to_owned())
}

/// Tells of every endpoint of an estate within `memory`, and forgets nothing.
fn hold_estate(hosts: u32, memory: u32, workers: &str) {
    let (peak, endpoints, bounds) = estate(hosts, memory, workers);
    println!("{memory:4} MiB, {workers} workers, {endpoints} endpoints: {} MiB", peak / 1024);
    assert_eq!(endpoints, u64::from(hosts * Estate::ENDPOINTS), "{bounds}");
    assert_eq!(bounds, "{}", "something was left out");
    assert!(peak <= u64::from(memory) * 1024, "{peak} KiB of {memory} MiB with {workers} workers");
}

#[test]
fn an_estate_is_told_whole() {
    // Catches records that grow: at this size all are put away, and one endpoint fewer is a bound that was met.
    hold_estate(6, 64, "1");
    hold_estate(6, 64, "2");
}

#[test]
fn a_hundred_thousand_endpoints_are_told_within_a_gibibyte() {
    if std::env::var_os("SHADOWTAP_FULL").is_none() {
        println!("skipped: SHADOWTAP_FULL=1 runs it, with SHADOWTAP_BIN naming an optimised binary");
        return;
    }
    hold_estate(100, 1_024, "1");
    hold_estate(100, 1_024, "8");
}

/// All attacks at once.
const ALL: &str = "everything";

/// So many times what it takes to fill `memory`.
fn alone(memory: u32, times: u32) -> Vec<(&'static str, u32)> {
    ATTACKS.iter().map(|&(name, _, mib)| (name, mib * memory * times / 10)).collect()
}

#[test]
fn memory_bounds_the_whole_process() {
    // Catches whatever is held and not counted: tables that double, deltas of many workers, the snapshot beside the inventory.
    for workers in ["1", "8"] {
        hold(&[("apis", 1_500), ("shapes", 400), ("syn", 150_000), (ALL, 3_000)], 128, workers);
    }
}

#[test]
fn memory_bounds_the_whole_process_against_each_attack() {
    // The same at full size, which takes a build that is optimised.
    if std::env::var_os("SHADOWTAP_FULL").is_none() {
        println!("skipped: SHADOWTAP_FULL=1 runs it, with SHADOWTAP_BIN naming an optimised binary");
        return;
    }
    // Many workers take more than one, of everything; one is tried with what is worst.
    for memory in [128, 512] {
        hold(&alone(memory, 10), memory, "8");
        hold(&[(ALL, memory * 200)], memory, "8");
        hold(&[("pipelined questions", memory * 20), ("apis", memory * 60), (ALL, memory * 100)], memory, "1");
    }
    hold(&[("syn", 1_000_000), ("syn and part of a head", 1_000_000), (ALL, 250_000)], 512, "8");
}
