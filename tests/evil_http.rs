//! Whole conversations that are evil, old, or not HTTP at all: from frames to reports and ledger.

use serde_json::Value;
use std::io::Write;

use crate::common::wire::{ACK, FIN, Wire, ends};
use crate::common::{Run, assert_ledger};

/// Who says what, in turn.
#[derive(Clone, Copy)]
enum Say<'a> {
    C(&'a [u8]),
    S(&'a [u8]),
}
use Say::{C, S};

/// What was heard: `METHOD target > status` a transaction, sorted by nothing but their time, and the report.
struct Heard {
    brief: Vec<String>,
    report: Value,
}

impl Heard {
    fn counter(&self, name: &str) -> u64 {
        self.report["capture"]["counters"][name].as_u64().unwrap_or_default()
    }

    fn payload(&self, class: &str) -> u64 {
        self.report["capture"]["payload"][class].as_u64().unwrap_or_default()
    }
}

/// Plays a conversation to one port, with its handshake and its end.
fn hear(port: u16, talk: &[Say<'_>]) -> Heard {
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(40_000);
    server.port = port;
    wire.open(&mut client, &mut server);
    for say in talk {
        match say {
            C(bytes) => wire.segment(&mut client, &server, ACK, bytes),
            S(bytes) => wire.segment(&mut server, &client, ACK, bytes),
        }
    }
    wire.segment(&mut client, &server, ACK | FIN, b"");
    wire.segment(&mut server, &client, ACK | FIN, b"");
    let run = Run { specs: Vec::new(), ..Run::default() };
    let (report, lines) = run.report(&mut wire.frames, "json");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_ledger(&report, "evil");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let brief = lines
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a line is JSON"))
        .filter(|line: &Value| line["type"] == "transaction")
        .map(|line| {
            let status = line["status"].as_u64().map_or_else(|| "-".to_owned(), |status| status.to_string());
            format!("{} {} > {status}", text(&line["method"]), text(&line["target"]))
        })
        .collect();
    Heard { brief, report }
}

const ASK: &[u8] = b"GET /a HTTP/1.1\r\nHost: h.example\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HELLO: &[u8] = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00";

#[test]
fn other_protocols_make_no_exchange_on_port_80() {
    // Catches requests made up out of protocols that look like HTTP, carry words of it, or stand on its port.
    let rdp = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00";
    let torrent = [&b"\x13BitTorrent protocol"[..], &[0; 48]].concat();
    let talks: &[(&str, &[Say<'_>])] = &[
        ("ssh", &[S(b"SSH-2.0-OpenSSH_9.6\r\n"), C(b"SSH-2.0-x\r\n"), C(b"\x00\x00\x04\x2c\x0a\x14")]),
        (
            "smtp",
            &[S(b"220 m\r\n"), C(b"EHLO x\r\n"), S(b"250 m\r\n"), C(b"DATA\r\nhi\r\nGET / HTTP/1.1\r\n\r\n.\r\n")],
        ),
        ("ftp", &[S(b"220 ftp\r\n"), C(b"USER a\r\n"), S(b"331 p\r\n"), C(b"RETR /HTTP/1.1\r\n")]),
        ("irc", &[C(b"NICK a\r\nUSER a b c :GET / HTTP/1.1\r\n"), S(b":s 001 a :hello\r\n")]),
        ("sip", &[C(b"INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n\r\n"), S(b"SIP/2.0 200 OK\r\n\r\n")]),
        ("sip keep-alive", &[C(b"\r\n\r\n"), C(b"REGISTER sip:h SIP/2.0\r\n\r\n"), S(b"SIP/2.0 200 OK\r\n\r\n")]),
        ("rtsp", &[C(b"SETUP rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n"), S(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n")]),
        ("icap", &[C(b"REQMOD icap://h/a ICAP/1.0\r\n\r\nGET / HTTP/1.1\r\n\r\n"), S(b"ICAP/1.0 204 No\r\n\r\n")]),
        ("redis", &[C(b"GET /a\r\n"), S(b"$2\r\nhi\r\n"), C(b"*1\r\n$4\r\nPING\r\n"), S(b"+PONG\r\n")]),
        ("memcached", &[C(b"get /a\r\n"), S(b"VALUE /a 0 2\r\nhi\r\nEND\r\n")]),
        ("mysql", &[S(b"\x4a\x00\x00\x00\x0a8.0.36\x00"), C(b"\x20\x00\x00\x01\x85\xa6\x03\x00")]),
        ("ldap", &[C(b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"), S(b"\x30\x0c\x02\x01\x01")]),
        ("rdp", &[C(rdp), S(b"\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00")]),
        ("bittorrent", &[C(&torrent), S(&torrent)]),
        ("http/0.9", &[C(b"GET /a\r\n"), S(b"<html>HTTP/1.1 200 OK</html>")]),
        ("nonsense", &[C(b"GET\r\n\r\n"), S(b"HTTP/1.1\r\n"), C(b"HTTP/1.1 GET /\r\n"), S(b"200 OK\r\n")]),
        ("a late first byte", &[C(b"ET /a HTTP/1.1\r\n\r\n"), S(b"TP/1.1 200 OK\r\n\r\n")]),
    ];
    for (name, talk) in talks {
        let heard = hear(80, talk);
        assert!(heard.brief.is_empty(), "{name}: {:?}", heard.brief);
        assert_eq!(heard.payload("not_http"), heard.payload("captured"), "{name}");
        let told = heard.counter("proto.connections_not_http") + heard.counter("proto.connections_undecided");
        assert_eq!((told, heard.counter("proto.connections_http")), (1, 0), "{name}");
        assert_eq!(heard.counter("proto.connections_http09") == 1, matches!(*name, "http/0.9" | "redis"), "{name}");
    }
    let heard = hear(80, &[C(HELLO), S(b"\x15\x03\x01\x00\x02\x02\x28")]);
    assert_eq!(heard.counter("proto.connections_tls"), 1);
    assert_eq!(heard.payload("opaque"), heard.payload("captured"));
}

#[test]
fn http_is_found_on_any_port() {
    for port in [1, 22, 443, 6379, 65535] {
        let heard = hear(port, &[C(ASK), S(OK)]);
        assert_eq!(heard.brief, ["GET /a > 200"], "{port}");
        assert_eq!(heard.payload("parsed"), heard.payload("captured"), "{port}");
    }
    // Behind a banner that nobody waits for, too.
    assert_eq!(hear(25, &[S(b"220 mail\r\n"), C(ASK), S(OK)]).brief, ["GET /a > 200"]);
}

#[test]
fn proxies_are_looked_through() {
    let http: &[Say<'_>] = &[C(ASK), S(OK)];
    let cases: &[(&str, &[Say<'_>], &[&str])] = &[
        ("socks 4", &[C(b"\x04\x01\x00\x50\x0a\x00\x00\x01me\x00"), S(b"\x00\x5a\x00\x50\x0a\x00\x00\x01")], &[]),
        (
            "socks 4a",
            &[C(b"\x04\x01\x00\x50\x00\x00\x00\x01\x00h.example\x00"), S(b"\x00\x5a\x00\x00\x00\x00\x00\x00")],
            &[],
        ),
        (
            "socks 5",
            &[
                C(b"\x05\x02\x00\x02"),
                S(b"\x05\x02"),
                C(b"\x01\x02me\x02pw"),
                S(b"\x01\x00"),
                C(b"\x05\x01\x00\x03\x09h.example\x00\x50"),
                S(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x50"),
            ],
            &[],
        ),
        ("proxy 1", &[C(b"PROXY TCP6 ::1 ::2 5 80\r\n")], &[]),
        ("proxy 1 unknown", &[C(b"PROXY UNKNOWN\r\n")], &[]),
        ("proxy 2", &[C(b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00")], &[]),
        (
            "connect",
            &[C(b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n"), S(b"HTTP/1.1 200 Established\r\n\r\n")],
            &["CONNECT h:80 > 200"],
        ),
        (
            "connect, twice",
            &[
                C(b"CONNECT p:3128 HTTP/1.0\r\n\r\n"),
                S(b"HTTP/1.0 200 Yes\r\n\r\n"),
                C(b"CONNECT h:80 HTTP/1.1\r\n\r\n"),
                S(b"HTTP/1.1 407 Who\r\nContent-Length: 2\r\n\r\nno"),
                C(b"CONNECT h:80 HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\n\r\n"),
                S(b"HTTP/1.1 200 Yes\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ],
            &["CONNECT p:3128 > 200", "CONNECT h:80 > 407", "CONNECT h:80 > 200"],
        ),
    ];
    for (name, before, expected) in cases {
        let mut wanted: Vec<_> = expected.iter().map(|s| (*s).to_owned()).collect();
        let heard = hear(1080, &[before, http, &[C(ASK)]].concat());
        wanted.extend(["GET /a > 200".to_owned(), "GET /a > -".to_owned()]);
        assert_eq!(heard.brief, wanted, "{name}");
        let heard = hear(1080, &[before, &[C(HELLO)][..]].concat());
        assert_eq!(heard.brief, *expected, "{name}");
        assert_eq!(heard.counter("proto.connections_tls"), 1, "{name}");
    }
    // Absolute targets are those of a proxy, and pass as they are.
    let heard = hear(3128, &[C(b"GET http://h.example/a HTTP/1.1\r\nHost: other\r\n\r\n"), S(OK)]);
    assert_eq!(heard.brief, ["GET http://h.example/a > 200"]);
}

#[test]
fn leave_to_go_on_is_no_answer() {
    // Catches an interim answer that is taken for the final one, and one that is waited behind for ever.
    let asked = b"POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    let go = b"HTTP/1.1 100 Continue\r\n\r\n";
    assert_eq!(hear(80, &[C(asked), S(go), C(b"ab"), S(OK), C(ASK), S(OK)]).brief, ["POST /a > 200", "GET /a > 200"]);
    assert_eq!(hear(80, &[C(asked), C(b"ab"), S(go), S(go), S(OK)]).brief, ["POST /a > 200"]);
    assert_eq!(hear(80, &[C(asked), S(go), C(b"ab")]).brief, ["POST /a > -"]);
    let no = b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(hear(80, &[C(asked), S(no), C(ASK), S(OK)]).brief, ["POST /a > 417", "GET /a > 200"]);
}

#[test]
fn an_answer_missing_in_the_middle_of_a_pipeline_shifts_no_other() {
    // Catches the answer behind a hole that goes to the request before it: both are of one length, so nothing else
    // than the bytes that are missing tells them apart.
    let mut wire = Wire::new();
    let (mut client, mut server) = ends(40_001);
    wire.open(&mut client, &mut server);
    for n in 1..=3 {
        wire.segment(&mut client, &server, ACK, format!("GET /{n} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes());
    }
    let body = "x".repeat(1000);
    for n in 1..=3 {
        let answer = format!("HTTP/1.1 20{n} OK\r\nContent-Length: 1000\r\n\r\n{body}");
        let (head, rest) = answer.split_at(500);
        // Of the second, the end of the body is lost; its length is known.
        wire.segment(&mut server, &client, ACK, head.as_bytes());
        if n == 2 {
            server.seq = server.seq.wrapping_add(rest.len() as u32);
        } else {
            wire.segment(&mut server, &client, ACK, rest.as_bytes());
        }
    }
    wire.segment(&mut client, &server, ACK | FIN, b"");
    let (report, lines) = Run { specs: Vec::new(), ..Run::default() }.report(&mut wire.frames, "json");
    assert_ledger(&serde_json::from_slice(&report).expect("JSON"), "pipeline");
    let lines = String::from_utf8(lines).expect("text");
    for n in 1..=3 {
        assert!(
            lines.lines().any(|l| l.contains(&format!("\"/{n}\"")) && l.contains(&format!("\"status\":20{n}"))),
            "{n}"
        );
    }
}

#[test]
fn an_upgrade_is_listed_and_its_frames_are_not_read() {
    let ask = b"GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let yes = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let frame = b"\x81\x12GET / HTTP/1.1\r\n\r\n";
    let heard = hear(80, &[C(ask), S(yes), S(frame), S(ASK), C(OK)]);
    assert_eq!(heard.brief, ["GET /chat > 101"]);
    assert_eq!(heard.counter("proto.connections_upgraded"), 1);
    assert_eq!(heard.payload("opaque"), (frame.len() + ASK.len() + OK.len()) as u64);
    let no = b"HTTP/1.1 426 No\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(hear(80, &[C(ask), S(no), C(ASK), S(OK)]).brief, ["GET /chat > 426", "GET /a > 200"]);
}

#[test]
fn parts_of_a_body_are_no_messages() {
    // Catches heads and messages inside a body that are taken for the connection's own.
    let parts = "--b\r\nContent-Type: application/http\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 7\r\n\r\n\
                 GET /no HTTP/1.1\r\nHost: h\r\n\r\nHTTP/1.1 500 No\r\n\r\n\r\n--b--\r\n";
    for framing in
        [format!("Content-Length: {}\r\n\r\n{parts}", parts.len()), format!("Connection: close\r\n\r\n{parts}")]
    {
        let answer = format!("HTTP/1.1 206 Partial\r\nContent-Type: multipart/byteranges; boundary=b\r\n{framing}");
        // One part a packet, too: each begins a packet.
        let (a, b) = answer.split_at(answer.find("GET /no").expect("is there"));
        assert_eq!(hear(80, &[C(ASK), S(a.as_bytes()), S(b.as_bytes())]).brief, ["GET /a > 206"]);
    }
    let post = format!("POST /batch HTTP/1.1\r\nContent-Length: {}\r\n\r\n{parts}", parts.len());
    assert_eq!(hear(80, &[C(post.as_bytes()), S(OK)]).brief, ["POST /batch > 200"]);
}

#[test]
fn a_bomb_costs_what_the_wire_cost() {
    // Catches a body that is unpacked before it is bounded: 4 MiB come out of these few KiB.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![b'0'; 1 << 20];
    (0..4).for_each(|_| encoder.write_all(&zeros).expect("memory does not fail"));
    let bomb = encoder.finish().expect("memory does not fail");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let packets: Vec<_> = bomb.chunks(700).map(S).collect();
    let talk = [&[C(ASK), S(head.as_bytes())][..], &packets, &[C(ASK), S(OK)]].concat();
    let heard = hear(80, &talk);
    assert_eq!(heard.brief, ["GET /a > 200", "GET /a > 200"]);
    assert_eq!(heard.payload("parsed") + heard.payload("skipped"), heard.payload("captured"));
}
