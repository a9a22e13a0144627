//! Conversations, whole and mangled.

use crate::flow::{ByteClass, Side, Start};
use crate::limits::Limits;
use crate::proto::conversation::{Dice, Event, client, dribbled, play, play_midstream, play_with, server};

/// Keep-alive with pipelining, chunks with extensions and trailers, interim responses, and bodies both ways.
fn talk() -> Vec<Event> {
    vec![
        client("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"),
        server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
        server(
            "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n4;a=\"b\"\r\nWiki\r\n005\r\npedia\r\n0\r\nT: x\r\n\r\n",
        ),
        client("\r\nHEAD /3 HTTP/1.1\r\nHost: h\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"),
        client("PUT /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        server("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n"),
        client("GET /5 HTTP/1.1\r\nHost: h\r\n\r\n"),
        server("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"),
        client("GET /6 HTTP/1.1\r\nHost: h\r\n\r\n"),
        server("HTTP/1.1 404 Not Found\r\n\r\nuntil the end"),
        Event::End(Side::Server),
    ]
}

#[test]
fn a_conversation_is_read() {
    let heard = play(&talk());
    assert_eq!(
        heard.brief,
        ["GET /1 > 200", "POST /2 > 201", "HEAD /3 > 200", "PUT /4 > 204", "GET /5 > 304", "GET /6 > 404"]
    );
    assert_eq!(
        heard.full[1],
        "#1 POST /2 > 201 | v11 Host:h,Content-Length:5 body 5 whole hello \
         | v11 Transfer-Encoding:chunked body 9 whole Wikipedia | interim 2 odd "
    );
    assert!(heard.full[2].contains("body 0 whole  | v11 Content-Length:999 body 0 whole"));
    assert!(heard.full[3].contains("body 3 whole abc"));
    assert!(heard.full[5].contains("body 13 whole until the end"));
    assert_eq!(heard.ledger.of(ByteClass::Parsed), heard.ledger.captured);
    assert_eq!((heard.counts.proto.requests, heard.counts.proto.responses, heard.counts.proto.resyncs), (6, 6, 0));
}

/// Catches any state that is lost, or any byte that is used twice, between two calls.
#[test]
fn a_conversation_cut_anywhere_reads_the_same() {
    let talk = talk();
    let whole = play(&talk).full;
    for (n, event) in talk.iter().enumerate() {
        let Event::Say(side, bytes) = event else { continue };
        for at in 1..bytes.len() {
            let mut cut = talk.clone();
            let (a, b) = bytes.split_at(at);
            cut.splice(n..=n, [Event::Say(*side, a.to_vec()), Event::Say(*side, b.to_vec())]);
            assert_eq!(play(&cut).full, whole, "packet {n} cut at {at}");
        }
    }
    assert_eq!(play(&dribbled(&talk)).full, whole, "byte by byte");
}

#[test]
fn a_message_began_with_its_first_byte() {
    let heard = play(&[
        client("G"),
        client("ET /1 HTTP/1.1\r\nHost: h\r\n"),
        client("\r\nGET /2 HTTP/1.1\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Le"),
        server("ngth: 0\r\n\r\nHTTP/1.1 201 OK\r\n"),
        client("\r\n"),
        server("Content-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(heard.times, [(Some(1), Some(4)), (Some(3), Some(5))]);
}

#[test]
fn a_long_body_is_sampled_and_skipped() {
    let limits = Limits { body_sample: 10, ..Limits::default() };
    let body = [b'x'; 5000];
    let events = [
        client("GET /1 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"),
        server(body),
        server(body),
        client("GET /2 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n"),
        server(body),
        server("\r\n1388\r\n"),
        server(body),
        server("\r\n0\r\n\r\n"),
    ];
    let heard = play_with(&limits, Start::Handshake, &events);
    assert!(heard.full[0].contains("body 10000 part xxxxxxxxxx |"), "{}", heard.full[0]);
    assert!(heard.full[1].contains("body 10000 part xxxxxxxxxx |"), "{}", heard.full[1]);
    assert_eq!(heard.ledger.of(ByteClass::Skipped), 2 * (10_000 - 10));
    assert_eq!(play_with(&limits, Start::Handshake, &dribbled(&events)).full, heard.full);
}

#[test]
fn a_hole_in_a_body_of_known_length_costs_nothing() {
    let before = [client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")];
    let after = [server("789HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")];
    for head in ["Content-Length: 10\r\n\r\n0", "Transfer-Encoding: chunked\r\n\r\na\r\n0"] {
        let mut events = before.to_vec();
        events.extend([server(format!("HTTP/1.1 200 OK\r\n{head}")), Event::Hole(Side::Server, 6)]);
        let chunked = head.starts_with('T');
        let end = if chunked { "789\r\n0\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n" } else { "" };
        events.extend(if chunked { vec![server(end)] } else { after.to_vec() });
        let heard = play(&events);
        assert_eq!(heard.brief, ["GET /1 > 200", "GET /2 > 404"]);
        assert!(heard.full[0].contains("body 10 part 0 |"), "{}", heard.full[0]);
        assert_eq!(heard.counts.proto.resyncs, 0);
    }
}

/// The heart of resynchronisation: wherever bytes are missing, nobody gets another's answer, and the exchange after
/// the next one is whole again.
#[test]
fn after_a_hole_anywhere_no_answer_is_given_to_the_wrong_request() {
    let message = |n: usize| {
        let body = "x".repeat(20 + n);
        [
            client(format!("POST /{n} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len())),
            server(format!("HTTP/1.1 20{n} OK\r\nServer: s\r\nContent-Length: {}\r\n\r\n{body}", body.len())),
        ]
    };
    let talk: Vec<Event> = (0..5).flat_map(message).collect();
    for side in [Side::Client, Side::Server] {
        let stream: usize = talk
            .iter()
            .map(|e| {
                if let Event::Say(s, b) = e
                    && *s == side
                {
                    b.len()
                } else {
                    0
                }
            })
            .sum();
        for from in 0..stream {
            for length in [1, 2, 7, 40, 90, 200] {
                let events = with_hole(&talk, side, from, from + length);
                let heard = play(&events);
                let what = format!("{side:?} {from}+{length}: {:?}", heard.brief);
                for brief in heard.brief.iter().filter(|b| !b.starts_with('-') && !b.ends_with('-')) {
                    let (request, status) = brief.split_once(" > 20").unwrap();
                    assert_eq!(request.strip_prefix("POST /"), Some(status), "{what}");
                }
                // A hole of this length touches three messages at most.
                let good = heard.brief.iter().filter(|b| !b.starts_with('-') && !b.ends_with('-')).count();
                assert!(good >= if length > 90 { 1 } else { 2 }, "{what}");
                if from + length < 60 {
                    assert!(heard.brief.iter().any(|b| b == "POST /4 > 204"), "{what}");
                }
            }
        }
    }
}

/// Takes bytes `from..to` of one side out of the packets that carry them.
fn with_hole(talk: &[Event], side: Side, from: usize, to: usize) -> Vec<Event> {
    let mut at = 0;
    let mut events = Vec::new();
    for event in talk {
        match event {
            Event::Say(whose, bytes) if *whose == side => {
                let cut = |n: usize| n.saturating_sub(at).min(bytes.len());
                let (a, b) = (cut(from), cut(to));
                at += bytes.len();
                let pieces = [
                    (a > 0).then(|| Event::Say(side, bytes[..a].to_vec())),
                    (b > a).then(|| Event::Hole(side, (b - a) as u64)),
                    (b < bytes.len()).then(|| Event::Say(side, bytes[b..].to_vec())),
                ];
                if a == b {
                    events.push(event.clone());
                } else {
                    events.extend(pieces.into_iter().flatten());
                }
            }
            other => events.push(other.clone()),
        }
    }
    events
}

#[test]
fn a_response_alone_is_reported_as_such() {
    let heard = play_midstream(&[
        server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), // to a HEAD that was not seen
        server("HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\nok"),
    ]);
    assert_eq!(heard.brief, ["- > 200", "- > 201"]);
    assert_eq!(heard.counts.proto.orphan_responses, 2);
}

#[test]
fn until_close_that_did_not_close_does_not_swallow_what_follows() {
    let heard = play(&[
        client("GET /1 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\n\r\nno length"),
        client("GET /2 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(heard.brief, ["GET /1 > 200", "GET /2 > 404"]);
}

#[test]
fn a_body_is_whole_when_its_end_was_seen() {
    let talk = [client("GET /1 HTTP/1.0\r\n\r\n"), server("HTTP/1.0 200 OK\r\n\r\nsome")];
    assert!(play(&talk).full[0].contains("body 4 part some"), "the capture ended first");
    let ended = [&talk[..], &[Event::End(Side::Server)]].concat();
    assert!(play(&ended).full[0].contains("body 4 whole some"));
    let cut = [client("GET /1 HTTP/1.1\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome")];
    let heard = play(&[&cut[..], &[Event::End(Side::Server)]].concat());
    assert!(
        heard.full[0].contains("GET /1 > 200") && heard.full[0].contains("body 4 part some"),
        "reported all the same"
    );
}

#[test]
fn an_answer_may_come_before_its_request_has_ended() {
    let events = [
        client("POST /1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n01234"),
        server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
        client("56789GET /2 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        // Leave was asked and refused: no body comes.
        client("POST /3 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"),
        server("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"),
        client("GET /4 HTTP/1.1\r\n\r\n"),
    ];
    assert_eq!(play(&events).brief, ["POST /1 > 413", "GET /2 > 200", "POST /3 > 417", "GET /4 > -"]);
}

#[test]
fn what_smuggles_is_read_as_the_rfc_says_and_counted() {
    let after = "GET /after HTTP/1.1\r\n\r\n";
    for (fields, odd) in [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "both_lengths"),
        ("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "several_lengths"),
        ("Content-Length: +3\r\n\r\n", "bad_length"),
        ("Content-Length: 18446744073709551616\r\n\r\n", "bad_length"),
        ("Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", "odd_coding"),
        ("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "odd_lines"),
        ("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "odd_field"),
        ("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nxyz\r\n", "bad_chunk"),
        ("Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\nxyz\r\n", "bad_chunk"),
        ("Host: b\r\n\r\n", "several_hosts"),
    ] {
        let heard = play(&[client(format!("POST /first HTTP/1.1\r\nHost: a\r\n{fields}{after}"))]);
        assert_eq!(heard.brief, ["POST /first > -", "GET /after > -"], "{}", fields.escape_debug());
        assert!(heard.full[0].ends_with(&format!("odd {odd}")), "{} {}", fields.escape_debug(), heard.full[0]);
        assert_eq!(heard.counts.proto.oddities.iter().sum::<u64>(), 1);
    }
}

#[test]
fn heads_keep_their_bounds() {
    let limits = Limits { head_bytes: 1000, ..Limits::default() };
    let long = format!("GET /long HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(2000));
    for events in [vec![client(&long)], dribbled(&[client(&long)])] {
        let mut events = events;
        events.push(client("GET /next HTTP/1.1\r\n\r\n"));
        let heard = play_with(&limits, Start::Handshake, &events);
        assert_eq!(heard.brief, ["GET /next > -"]);
        assert_eq!((heard.counts.proto.heads_dropped, heard.counts.proto.resyncs), (1, 1));
    }
    let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    let heard = play(&[client(format!("GET /many HTTP/1.1\r\n{many}\r\n"))]);
    assert_eq!((heard.brief, heard.counts.proto.fields_dropped), (vec!["GET /many > -".to_owned()], 72));
}

#[test]
fn too_many_unanswered_requests_shift_no_answers() {
    let limits = Limits { unanswered: 3, ..Limits::default() };
    let ask = |n: usize| client(format!("GET /{n} HTTP/1.1\r\n\r\n"));
    let mut events: Vec<_> = (0..5).map(ask).collect();
    events.extend((0..5).map(|n| server(format!("HTTP/1.1 20{n} OK\r\nContent-Length: 2\r\n\r\nok"))));
    let heard = play_with(&limits, Start::Handshake, &events);
    assert_eq!(heard.brief, ["GET /0 > -", "GET /1 > -", "GET /2 > 202", "GET /3 > 203", "GET /4 > 204"]);
    // The same by weight: bodies of requests that nobody answers must not pile up.
    let limits = Limits { unanswered_bytes: 3000, ..Limits::default() };
    let body = "b".repeat(1000);
    let post = |n: usize| client(format!("POST /{n} HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{body}"));
    let events: Vec<_> = (0..9).map(post).chain([server("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")]).collect();
    let heard = play_with(&limits, Start::Handshake, &events);
    assert_eq!(heard.brief.len(), 9);
    assert_eq!(heard.counts.proto.unanswered, 9, "the answer belongs to a request that is gone");
}

#[test]
fn a_head_with_a_hole_is_still_worth_its_first_line() {
    let heard = play(&[
        client("GET /1 HTTP/1.1\r\nHost: h\r\nCook"),
        Event::Hole(Side::Client, 30),
        client("rest\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nSer"),
        Event::Hole(Side::Server, 30),
        server("\r\n\r\nbody"),
        client("GET /2 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(heard.brief, ["GET /1 > 200", "GET /2 > 404"]);
}

#[test]
fn what_a_hole_leaves_of_a_head_does_not_depend_on_packets() {
    // Catches a parser that remembers the head as it stood when its first line was whole.
    let head = "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Type: a/b\r\nCook";
    let heard = |said: &[&str]| {
        let hole = [Event::Hole(Side::Client, 30), server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")];
        play(&said.iter().map(client).chain(hole).collect::<Vec<_>>()).full
    };
    for at in 1..head.len() {
        let (a, b) = head.split_at(at);
        assert_eq!(heard(&[a, b]), heard(&[head]), "cut at byte {at}");
    }
}

/// Mangles good talk; whatever comes of it, no byte is lost, and the parser lives.
#[test]
fn mangled_talk_is_survived() {
    let mut dice = Dice(1);
    let talk = talk();
    for round in 0..3000 {
        let mut events = talk.clone();
        for _ in 0..=dice.roll(4) {
            let n = dice.roll(events.len());
            match dice.roll(4) {
                0 => drop(events.remove(n)),
                1 => {
                    events.insert(n, Event::Hole([Side::Client, Side::Server][dice.roll(2)], 1 + dice.roll(60) as u64))
                }
                _ => {
                    if let Event::Say(_, bytes) = &mut events[n] {
                        let at = dice.roll(bytes.len());
                        match dice.roll(3) {
                            0 => bytes[at] = dice.roll(256) as u8,
                            1 => bytes.truncate(at),
                            _ => bytes.insert(at, b"\r\n :0\0,;"[dice.roll(8)]),
                        }
                    }
                }
            }
        }
        let whole = if round % 2 == 0 { play(&events) } else { play_midstream(&events) };
        assert_eq!(whole.counts.poisoned, 0);
        if round % 20 == 0 {
            play(&dribbled(&events));
        }
    }
}
