//! Conversations that no book allows and some software holds all the same.

use crate::flow::{ByteClass, Side, Start};
use crate::limits::Limits;
use crate::proto::conversation::{Event, Heard, client, dribbled, play, play_midstream, play_with, server};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const NEXT: &str = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
const GONE: &str = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";

/// Plays whole and byte by byte, which must come to the same.
fn both(talk: &[Event]) -> Heard {
    let whole = play(talk);
    assert_eq!(play(&dribbled(talk)).full, whole.full, "byte by byte");
    whole
}

/// What comes of a request, an answer, and good talk behind them.
fn after(asked: &str, answered: &str) -> Vec<String> {
    both(&[client(asked), server(answered), client(NEXT), server(GONE)]).brief
}

#[test]
fn a_request_is_read_however_its_line_is_spelt() {
    // Catches a sensor blinder than the most forgiving server: each of these is answered by one.
    for (line, target) in [
        ("GET /a http/1.1\r\n", "/a"),
        ("GET /a HTTP/2.0\r\n", "/a"),
        ("GET /a HTTP/1.10\r\n", "/a"),
        ("GET /a HTTP/01.1\r\n", "/a"),
        ("GET /a HTTP/1.1 junk\r\n", "/a"),
        ("GET /a HTTP/1.1x\r\n", "/a"),
        ("GET /a b c HTTP/1.1\r\n", "/a b c"),
        ("GET\x0b/a\x0cHTTP/1.1\r\n", "/a"),
        ("GET\t/a\tHTTP/1.1 \t\r\n", "/a"),
        ("GET   /a   HTTP/1.1\r\n", "/a"),
        ("  GET /a HTTP/1.1\r\n", "/a"),
        ("\t\r\n GET /a HTTP/1.1\r\n", "/a"),
        ("\r\n\r\n\r\nGET /a HTTP/1.1\r\n", "/a"),
        ("GET /a HTTP/1.1\n", "/a"),
        ("GET /a HTTP/1.1\r\r\n", "/a"),
        ("GET /a\0b HTTP/1.1\r\n", "/a\\x00b"),
        ("GET http://h/a HTTP/1.1\r\n", "http://h/a"),
        ("GET * HTTP/1.1\r\n", "*"),
        ("GET  HTTP/1.1\r\n", ""),
    ] {
        let head = format!("{line}Host: h\r\n\r\n");
        let brief = after(&head, OK);
        assert_eq!(brief, [format!("GET {target} > 200"), "GET /next > 410".to_owned()], "{}", line.escape_debug());
    }
    for method in ["get", "M-SEARCH", "NOTIFY", "BPROPFIND", "VERSION-CONTROL", "RPC_IN_DATA", "X!#$%&*+.^_`|~9"] {
        let brief = after(&format!("{method} /a HTTP/1.1\r\n\r\n"), OK);
        assert_eq!(brief, [format!("{method} /a > 200"), "GET /next > 410".to_owned()]);
    }
}

#[test]
fn what_is_spelt_oddly_is_believed_only_where_a_message_is_due() {
    // Catches requests and answers made up out of a text that mentions them.
    let heard = play_midstream(&[
        client("GET the HTTP/2 book\r\n GET /a HTTP/1.1\r\nget /a http/1.1\r\n"),
        server("ICY 200 OK\r\nhttp/1.1 200 OK\r\nHTTP/2.0 200 OK\r\n"),
    ]);
    assert!(heard.brief.is_empty(), "{:?}", heard.brief);
    assert_eq!(heard.ledger.of(ByteClass::NotHttp), heard.ledger.captured);
    assert!(both(&[client("GET a HTTP/1.1 song\r\n")]).brief.is_empty());
    // An answer to nobody's question must be spelt well.
    assert!(both(&[server("ICY 200 OK\r\n\r\n")]).brief.is_empty());
}

#[test]
fn an_answer_is_read_however_its_line_is_spelt() {
    for line in [
        "HTTP/1.1 200\r\n",
        "HTTP/1.1 200\n",
        "HTTP/1.1 200 \r\n",
        "HTTP/1.1  200  OK\r\n",
        "HTTP/1.1\t200\tOK\r\n",
        "HTTP/1.1 200 OK\r\r\n",
        "http/1.1 200 ok\r\n",
        "HTTP/1.10 200 OK\r\n",
        "HTTP/2.0 200 OK\r\n",
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 200OK\r\n",
        "ICY 200 OK\r\n",
        " HTTP/1.1 200 OK\r\n",
    ] {
        let brief = after("GET /a HTTP/1.1\r\n\r\n", &format!("{line}Content-Length: 2\r\n\r\nok"));
        assert_eq!(brief, ["GET /a > 200", "GET /next > 410"], "{}", line.escape_debug());
    }
    for line in ["HTTP/1.1 2000 OK\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1200 OK\r\n", "ICY200\r\n", "HTTP/x 200\r\n"] {
        let brief = after("GET /a HTTP/1.1\r\n\r\n", &format!("{line}Content-Length: 0\r\n\r\n"));
        assert_eq!(brief, ["GET /a > -", "GET /next > 410"], "no status is made up of {}", line.escape_debug());
    }
}

#[test]
fn an_answer_whose_head_never_ends_is_an_answer() {
    // Catches a status that was read and is not told, because the server spoke no further.
    for head in [
        "HTTP/1.1 200 OK\r\nServer: x\r\n",
        "HTTP/1.1 200 OK\r\nServ",
        "HTTP/1.1 200 OK\rServer: x\r\rbody",
        "HTTP/1.1 200 OK\rServer: x\r\rbody\nmore",
    ] {
        let talk = [client("GET /a HTTP/1.1\r\n\r\n"), server(head)];
        assert_eq!(both(&talk).brief, ["GET /a > 200"], "{}", head.escape_debug());
        let ended = [&talk[..], &[Event::End(Side::Server)]].concat();
        assert_eq!(both(&ended).brief, ["GET /a > 200"], "{}", head.escape_debug());
    }
    // HTTP/0.9 answers, and lines that stop before their status, have none.
    for head in ["<html>hello</html>\n", "HTTP/1.1 2", "HTTP/"] {
        let ended = [client("GET /a HTTP/1.1\r\n\r\n"), server(head), Event::End(Side::Server)];
        assert_eq!(both(&ended).brief, ["GET /a > -"], "{}", head.escape_debug());
    }
}

#[test]
fn a_head_refused_before_its_end_is_answered() {
    // Catches slow and oversized requests that are counted as an answer to nobody.
    let slow =
        [client("POST /a HTTP/1.1\r\nHost: h\r\nX: y"), server("HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n")];
    let heard = both(&slow);
    assert_eq!((&heard.brief[..], heard.counts.proto.orphan_responses), (&["POST /a > 408".to_owned()][..], 0));
    assert!(heard.full[0].contains("Host:h"), "{}", heard.full[0]);
    let on = [&slow[..], &[client("zz\r\n\r\n"), client(NEXT), server(GONE)]].concat();
    assert_eq!(both(&on).brief, ["POST /a > 408", "GET /next > 410"]);
    // What goes well answers something else, and waits for the rest of the head.
    let early = [client("GET /a HTTP/1.1\r\nHost"), server(OK), client(": h\r\n\r\n"), server(GONE)];
    assert_eq!(both(&early).brief, ["- > 200", "GET /a > 410"]);
    // A head that nobody answered was never asked.
    assert!(both(&[client("GET /a HTTP/1.1\r\nHost: h\r\n"), Event::End(Side::Client)]).brief.is_empty());
}

#[test]
fn a_body_that_was_refused_does_not_swallow_the_next_request_however_it_is_cut() {
    for (asked, answered) in [
        ("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n", "417 No"),
        ("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "413 No"),
    ] {
        let answer = format!("HTTP/1.1 {answered}\r\nContent-Length: 0\r\n\r\n");
        for at in 0..NEXT.len() {
            let (a, b) = NEXT.split_at(at);
            let heard = play(&[client(asked), server(&answer), client(a), client(b), server(GONE)]);
            assert_eq!(heard.brief.last().unwrap(), "GET /next > 410", "cut at {at}");
            assert_eq!(heard.brief.len(), 2);
        }
    }
    // Who did not ask leave sends what was announced: nobody plants a request in it.
    let planted = [
        client("POST /a HTTP/1.1\r\nContent-Length: 40\r\n\r\n"),
        server("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"),
        client("GET /made/up HTTP/1.1\r\nHost: h\r\n\r\n123456"),
        client(NEXT),
        server(GONE),
    ];
    assert_eq!(both(&planted).brief, ["POST /a > 401", "GET /next > 410"]);
    // A body that begins like a request, and ends before it is one, is a body.
    let talk = [
        client("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\n"),
        server("HTTP/1.1 202 Yes\r\nContent-Length: 0\r\n\r\n"),
        client("GET "),
        client(NEXT),
        server(GONE),
    ];
    let heard = both(&talk);
    assert_eq!(heard.brief, ["POST /a > 202", "GET /next > 410"]);
    assert!(heard.full[0].contains("body 4 whole GET "), "{}", heard.full[0]);
}

#[test]
fn a_switch_to_nothing_switches_nothing() {
    // Catches a 101 that anyone may send to make the rest of a connection unread.
    assert_eq!(after("GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 101 Odd\r\n\r\n"), ["GET /a > 101", "GET /next > 410"]);
    let h2c =
        "GET /a HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    assert_eq!(after(h2c, OK), ["GET /a > 200", "GET /next > 410"], "refused");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for talk in [
        vec![client(h2c), server("HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\n\r\n\0\0\0\x04\0\0\0\0\0"), client(preface)],
        // Only the client was captured.
        vec![client(h2c), client(preface)],
    ] {
        let heard = both(&talk);
        assert_eq!((heard.brief.len(), &heard.opaque[..]), (1, &["http2 -".to_owned()][..]));
        assert_eq!(heard.counts.http2, 1);
    }
    let ended = [client("GET /a HTTP/1.1\r\nUpgrade: unheard-of/9\r\n\r\n"), server("HTTP/1.1 101 Yes\r\n\r\nGET /x")];
    assert_eq!(both(&ended).opaque, ["upgraded -"]);
}

#[test]
fn tls_where_a_request_is_due_ends_http() {
    // Catches a tunnel whose CONNECT was answered before the capture began.
    let hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00";
    let heard = both(&[server("HTTP/1.1 200 Connection established\r\n\r\n"), client(hello)]);
    assert_eq!((&heard.brief[..], &heard.opaque[..]), (&["- > 200".to_owned()][..], &["tls -".to_owned()][..]));
}

#[test]
fn absurd_extensions_and_trailers_are_passed_over() {
    // Catches a reader that takes a long extension for nonsense, and loses the body and what follows.
    let long = "x".repeat(9000);
    for body in [
        format!("5;{long}\r\nhello\r\n0;{long}\r\n\r\n"),
        format!("5 ; a=\"{long}\"\r\nhello\r\n0\r\nT: {long}\r\nU: v\r\n\r\n"),
        format!("{}5\r\nhello\r\n000\r\n\r\n", "0".repeat(2000)),
        "5\nhello\n0\nT: x\n\n".to_owned(),
        "5;\r\nhello\r\n0;;;\r\n\r\n".to_owned(),
        "  5\t\r\nhello\r\n0\r\n\r\n".to_owned(),
    ] {
        let post = format!("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let heard = both(&[client(post), server(answer), client(NEXT), server(GONE)]);
        assert_eq!(heard.brief, ["POST /a > 200", "GET /next > 410"]);
        assert_eq!(heard.full[0].matches("body 5 whole hello").count(), 2, "{}", heard.full[0]);
        assert_eq!((heard.counts.proto.resyncs, heard.ledger.of(ByteClass::Discarded)), (0, 0));
    }
}

#[test]
fn extensions_and_trailers_have_an_end() {
    // Catches a line without end that is waited for, or kept, for ever.
    let limits = Limits { head_bytes: 1000, ..Limits::default() };
    for start in ["5;", "0\r\nT: "] {
        let post = format!("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{start}");
        let mut talk = vec![client(post)];
        talk.extend((0..20).map(|_| client("x".repeat(100))));
        talk.push(client(NEXT));
        let heard = play_with(&limits, Start::Handshake, &talk);
        assert_eq!(heard.brief, ["POST /a > -", "GET /next > -"]);
        assert!(heard.full[0].ends_with("odd bad_chunk"), "{}", heard.full[0]);
    }
}

#[test]
fn a_length_holds_beside_a_coding_nobody_knows() {
    let heard = both(&[
        client("POST /a HTTP/1.1\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello"),
        server(OK),
        client("POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        client(NEXT),
    ]);
    assert_eq!(heard.brief, ["POST /a > 200", "POST /b > -", "GET /next > -"]);
    assert!(heard.full[0].contains("body 5 whole hello") && heard.full[0].ends_with("both_lengths,odd_coding"));
    assert!(heard.full[1].contains("body 2 whole ok") && heard.full[1].ends_with("odd odd_coding"));
}

#[test]
fn a_body_that_must_not_be_there_is_passed_over() {
    // Catches an answer glued to such a body, which no packet and no line shows.
    let hello = "Content-Length: 5\r\n\r\nhello";
    for (asked, answered, brief) in [
        ("HEAD /a", format!("HTTP/1.1 200 OK\r\n{hello}"), "HEAD /a > 200"),
        ("GET /a", format!("HTTP/1.1 204 No\r\n{hello}"), "GET /a > 204"),
        ("GET /a", format!("HTTP/1.1 304 No\r\n{hello}"), "GET /a > 304"),
        ("GET /a", format!("HTTP/1.1 100 Continue\r\n{hello}{OK}"), "GET /a > 200"),
    ] {
        let heard = both(&[
            client(format!("{asked} HTTP/1.1\r\n\r\n{NEXT}")),
            server(format!("{answered}{GONE}")),
            client(NEXT),
            server(OK),
        ]);
        assert_eq!(heard.brief, [brief, "GET /next > 410", "GET /next > 200"]);
    }
    // What was announced and did not come takes nothing from what follows.
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{GONE}");
    let heard = both(&[client(format!("HEAD /a HTTP/1.1\r\n\r\n{NEXT}")), server(head)]);
    assert_eq!(heard.brief, ["HEAD /a > 200", "GET /next > 410"]);
}

#[test]
fn an_upgrade_to_what_we_know_is_read_on() {
    let ask = |to: &str| client(format!("POST /a HTTP/1.1\r\nUpgrade: {to}\r\nContent-Length: 0\r\n\r\n"));
    let yes = |to: &str| server(format!("HTTP/1.1 101 Yes\r\nUpgrade: {to}\r\n\r\n"));
    // HTTP the other way round.
    let events = [ask("PTTH/1.0"), yes("PTTH/1.0"), server(NEXT), client(OK)];
    let heard = both(&events);
    assert_eq!(heard.brief, ["POST /a > 101", "GET /next > 200"]);
    let heard = both(&[ask("TLS/1.0"), yes("TLS/1.0, HTTP/1.1"), client(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")]);
    assert_eq!(heard.opaque, ["tls -"]);
    // Frames of a WebSocket may say what they like.
    let heard = both(&[ask("websocket"), yes("WebSocket"), server(NEXT), client(OK)]);
    assert_eq!((heard.brief.len(), &heard.opaque[..]), (1, &["upgraded -".to_owned()][..]));
}

#[test]
fn a_target_may_be_as_long_as_a_head() {
    let target = format!("/{}", "a".repeat(50_000));
    let talk = [client(format!("GET {target} HTTP/1.1\r\n\r\n")), server(OK), client(NEXT), server(GONE)];
    for talk in [&talk[..], &dribbled(&talk)] {
        assert_eq!(play(talk).brief, [format!("GET {target} > 200"), "GET /next > 410".to_owned()]);
    }
    // Behind bytes that could not be read, too: the line is searched for then.
    let lost = [&[client("GET /0 HTTP/1.1\r\n\r\n"), client("\0\0\r\n")][..], &talk].concat();
    for talk in [&lost[..], &dribbled(&lost)] {
        assert_eq!(play(talk).brief.len(), 3);
    }
}

#[test]
fn a_body_longer_than_it_says_makes_no_method_up() {
    // Catches `cdefGET`, a method of nobody's.
    for junk in ["cdef", "cdef\r\n", "\r\n", "c", "GET", "POST"] {
        let talk = [
            client(format!("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nab{junk}")),
            server(format!("{OK}{}", junk.to_ascii_lowercase())),
            client(NEXT),
            server(GONE),
        ];
        assert_eq!(play(&talk).brief, ["POST /a > 200", "GET /next > 410"], "{}", junk.escape_debug());
        if !junk.starts_with(|first: char| first.is_ascii_uppercase()) {
            let (a, b) = NEXT.split_at(9);
            let cut = [&talk[..2], &[client(a), client(b), server(GONE)]].concat();
            assert_eq!(play(&cut).brief, ["POST /a > 200", "GET /next > 410"], "{}", junk.escape_debug());
        }
    }
    // The beginning of a method is that of its rest.
    let talk = [
        client("PROP"),
        client("FIND /a HTTP/1.1\r\n\r\n"),
        server(OK),
        client("NEW"),
        client("GET /b HTTP/1.1\r\n\r\n"),
    ];
    assert_eq!(play(&talk).brief, ["PROPFIND /a > 200", "GET /b > -"]);
}

#[test]
fn any_number_of_empty_lines_may_come_first() {
    for n in [1, 31, 32, 63, 64, 65, 100, 5000] {
        let talk = [client(format!("{}{NEXT}", "\r\n".repeat(n))), server(GONE)];
        assert_eq!(both(&talk).brief, ["GET /next > 410"], "{n}");
        let behind = [client(format!("{NEXT}{}{NEXT}", "\r\n".repeat(n))), server(GONE), server(OK)];
        assert_eq!(play(&behind).brief, ["GET /next > 410", "GET /next > 200"], "{n}");
    }
    assert!(both(&[server("200 OK HTTP/1.1\r\n\r\n")]).brief.is_empty());
}
