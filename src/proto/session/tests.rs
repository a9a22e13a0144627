//! What a connection is taken for.

use crate::flow::{ByteClass, Side, Start};
use crate::limits::Limits;
use crate::proto::conversation::{Dice, Ear, Event, client, dribbled, play, play_midstream, play_to, server};

/// A client's hello of one record, for `example.com`.
fn hello() -> Vec<u8> {
    let name = b"example.com";
    let mut body =
        [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0, 0, 20, 0, 0, 0, 16, 0, 14, 0, 0, 11], name].concat();
    let length = |n: usize| u8::try_from(n).unwrap();
    let mut message = vec![1, 0, 0, length(body.len())];
    message.append(&mut body);
    [&[0x16, 3, 1, 0, length(message.len())][..], &message].concat()
}

#[test]
fn tls_is_listed_with_its_name_wherever_the_hello_is_cut() {
    let hello = hello();
    let answer = server(b"\x16\x03\x03\x00\x10\x02\x00\x00\x0cxxxxxxxxxxxx");
    for at in 1..hello.len() {
        let heard =
            play(&[client(&hello[..at]), client(&hello[at..]), answer.clone(), client(b"\x17\x03\x03\x00\x20xx")]);
        assert_eq!(heard.opaque, ["tls example.com"], "cut at {at}");
        assert_eq!(heard.ledger.of(ByteClass::Opaque), heard.ledger.captured);
    }
    assert_eq!(play(&[answer]).opaque, ["tls -"], "only the server was captured");
    assert_eq!(play(&[client(&hello[..40]), Event::Hole(Side::Client, 9), client(b"x")]).opaque, ["tls -"]);
    assert_eq!(play_midstream(&[client(b"\xc3\x91"), client(b"\x17\x03\x03\x01\x20xx")]).opaque, ["tls -"]);
}

#[test]
fn http2_is_listed_by_its_preface() {
    let heard = play(&dribbled(&[client(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")]));
    assert_eq!((heard.opaque.len(), heard.counts.http2, heard.counts.http), (1, 1, 0));
    assert_eq!(heard.ledger.of(ByteClass::Opaque), heard.ledger.captured);
}

#[test]
fn other_protocols_are_not_http_even_where_they_look_like_it() {
    for talk in [
        &[server("SSH-2.0-OpenSSH_9\r\n"), client("SSH-2.0-x\r\n")][..],
        &[client("DESCRIBE rtsp://h/ RTSP/1.0\r\n\r\n"), server("RTSP/1.0 200 OK\r\n\r\n")],
        &[client("REQMOD icap://h/ ICAP/1.0\r\nEncapsulated: req-hdr=0\r\n\r\n"), client("GET / HTTP/1.1\r\n\r\n")],
        &[server("220 mail\r\n"), client("EHLO x\r\nDATA\r\nGET / HTTP/1.1\r\n\r\n")],
        &[client("ET / HTTP/1.1\r\nHost: h\r\n\r\n")],
        &[client(b"\0\x01\x02GET / HTTP/1.1\r\n\r\n")],
    ] {
        let heard = play(talk);
        assert!(heard.brief.is_empty() && heard.opaque.is_empty(), "{:?}", heard.brief);
        assert_eq!(heard.ledger.of(ByteClass::NotHttp), heard.ledger.captured);
        assert_eq!(heard.counts.not_http + heard.counts.undecided, 1);
    }
}

#[test]
fn a_binary_protocol_is_let_go_after_its_budget() {
    let packets: Vec<_> = (0..40).map(|n| if n % 2 == 0 { client([1; 1000]) } else { server([2; 1000]) }).collect();
    assert_eq!(play(&packets).counts.not_http, 1);
    // Of a capture that joined late a body may have to pass first.
    let heard = play_midstream(&[&packets[..], &[client("GET / HTTP/1.1\r\n\r\n")]].concat());
    assert_eq!(heard.brief, ["GET / > -"]);
}

#[test]
fn http_is_found_behind_socks_and_the_proxy_protocol() {
    let http = [client("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")];
    let socks = [
        client(b"\x05\x01\x00"),
        server(b"\x05\x00"),
        client(b"\x05\x01\x00\x01\x01\x02\x03\x04\x00P"),
        server(b"\x05\x00\x00\x01\x01\x02\x03\x04\x00P"),
    ];
    let talk = [&socks[..], &http].concat();
    assert_eq!(play(&talk).brief, ["GET /x > 200"]);
    assert_eq!(play(&dribbled(&talk)).brief, ["GET /x > 200"], "the port is no part of the method");
    let turned = |event: &Event| match event {
        Event::Say(side, bytes) => Event::Say(side.other(), bytes.clone()),
        other => other.clone(),
    };
    let talk: Vec<_> = talk.iter().map(turned).collect();
    assert_eq!(play(&dribbled(&talk)).brief, ["GET /x > 200"], "the proxy had itself called");
    let talk = [client("PROXY TCP4 1.1.1.1 2.2.2.2 3 80\r\nGET /x HTTP/1.1\r\n\r\n"), http[1].clone()];
    assert_eq!(play(&talk).brief, ["GET /x > 200"]);
}

#[test]
fn a_late_capture_finds_the_next_message_and_no_quoted_one() {
    let heard = play_midstream(&[
        server("...tail of a body that says GET /no HTTP/1.1\r\n and HTTP/1.1 200 OK\r\n"),
        client("GET /1 HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(heard.brief, ["GET /1 > 201"]);
}

#[test]
fn roles_follow_what_is_said() {
    let heard =
        play_midstream(&[server("GET /1 HTTP/1.1\r\n\r\n"), client("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]);
    assert_eq!((heard.brief, heard.counts.flipped), (vec!["GET /1 > 200".to_owned()], 1));
}

#[test]
fn a_tunnel_is_detected_anew() {
    let connect = client("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
    let yes = server("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n");
    let no = server("HTTP/1.1 407 Who?\r\nContent-Length: 2\r\n\r\nno");
    let heard = play(&[connect.clone(), yes.clone(), client(hello()), server(b"\x16\x03\x03\x00\x10xxxx")]);
    assert_eq!(
        (&heard.brief[..], &heard.opaque[..]),
        (&["CONNECT h:443 > 200".to_owned()][..], &["tls example.com".to_owned()][..])
    );

    let inner = [client("GET /in HTTP/1.1\r\n\r\n"), server("HTTP/1.1 204 OK\r\n\r\n")];
    let heard = play(&[&[connect.clone(), no, connect.clone(), yes.clone()][..], &inner].concat());
    assert_eq!(heard.brief, ["CONNECT h:443 > 407", "CONNECT h:443 > 200", "GET /in > 204"]);
    assert!(heard.full[2].starts_with("#2 "), "indices go on: {}", heard.full[2]);
    assert_eq!((heard.counts.http, heard.counts.tunnels), (1, 1));

    let heard = play(&[connect.clone(), yes, server("220 smtp\r\n"), client("EHLO x\r\n")]);
    assert_eq!(heard.opaque, ["tunnel -"]);

    // Only the client's side was captured.
    let heard = play(&[
        connect,
        client(hello()),
        client(b"\x14\x03\x03\x00\x01\x01"),
        client(vec![9; 300]),
        client(vec![9; 300]),
    ]);
    assert_eq!((heard.brief[0].as_str(), heard.opaque[0].as_str()), ("CONNECT h:443 > -", "tls example.com"));
}

#[test]
fn an_upgrade_ends_http() {
    let heard = play(&[
        client("GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        server(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"),
        client("GET /no HTTP/1.1\r\n\r\n"),
    ]);
    assert_eq!(
        (&heard.brief[..], &heard.opaque[..]),
        (&["GET /ws > 101".to_owned()][..], &["upgraded -".to_owned()][..])
    );
}

/// A fault in any room above must cost one connection and no byte.
#[test]
fn a_panic_poisons_one_connection_only() {
    let talk = [
        client("GET /bad HTTP/1.1\r\n\r\n"),
        server("HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx"),
        client("GET /x"),
    ];
    let ear = Ear::allergic("/bad");
    let heard = play_to(&Limits::default(), Start::Handshake, &talk, ear);
    assert_eq!((heard.counts.poisoned, heard.brief.len()), (1, 0));
}

#[test]
fn garbage_is_survived_and_booked() {
    let mut dice = Dice(2);
    let words: [&[u8]; 12] = [
        b"GET / HTTP/1.1\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\r\n",
        b"Content-Length: 9\r\n",
        b"\x16\x03\x01",
        b"\x05\x01\x00",
        b"Transfer-Encoding: chunked\r\n",
        b"5\r\nhello\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"\x04\x01",
        b"\0\xff",
        b"PRI * ",
    ];
    for round in 0..4000 {
        let mut events = Vec::new();
        for _ in 0..dice.roll(20) {
            let side = [Side::Client, Side::Server][dice.roll(2)];
            let mut bytes = Vec::new();
            for _ in 0..=dice.roll(5) {
                match dice.roll(4) {
                    0 => bytes.extend((0..dice.roll(12)).map(|_| dice.roll(256) as u8)),
                    _ => bytes.extend(words[dice.roll(words.len())]),
                }
            }
            events.push(match dice.roll(12) {
                0 => Event::Hole(side, 1 + dice.roll(50) as u64),
                1 => Event::End(side),
                _ => Event::Say(side, bytes),
            });
        }
        let heard = if round % 2 == 0 { play(&events) } else { play_midstream(&events) };
        assert_eq!(heard.counts.poisoned, 0);
    }
}
