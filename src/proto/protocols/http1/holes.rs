//! What holes leave: whose answer is whose, and what of a cut head is still worth telling.

use crate::flow::Side;
use crate::flow::Start;
use crate::limits::Limits;
use crate::proto::conversation::{Event, client, play, play_with, server};

const A: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
const B: &str = "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
const C: &str = "GET /c HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const MADE: &str = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
const GONE: &str = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";

const fn hole(side: Side, missing: u64) -> Event {
    Event::Hole(side, missing)
}

#[test]
fn the_answer_to_a_lost_question_is_not_given_to_the_next_one() {
    // Catches pairing by order alone behind a hole in the questions.
    let talk = [client(A), server(OK), hole(Side::Client, 30), server(MADE), client(C), server(GONE)];
    assert_eq!(play(&talk).brief, ["GET /a > 200", "- > 201", "GET /c > 410"]);
}

#[test]
fn the_question_to_a_lost_answer_does_not_take_the_next_one() {
    // Catches pairing by order alone behind a hole in the answers.
    let talk = [client(A), hole(Side::Server, 60), client(B), server(MADE), client(C), server(GONE)];
    assert_eq!(play(&talk).brief, ["GET /a > -", "GET /b > 201", "GET /c > 410"]);
}

#[test]
fn of_a_burst_that_lost_its_first_question_the_last_ones_have_the_last_answers() {
    // Catches a burst whose answers move up by one.
    let talk = [client(A), server(OK), hole(Side::Client, 30), client(B), client(C), server(OK), server(MADE)];
    let talk = [&talk[..], &[server(GONE), client(A), server(OK)]].concat();
    assert_eq!(play(&talk).brief, ["GET /a > 200", "GET /b > 201", "GET /c > 410", "- > 200", "GET /a > 200"]);
}

#[test]
fn a_head_that_lost_its_end_is_told_by_what_is_left_of_it() {
    // Catches a cut head that is thrown away with its target and status in hand.
    let talk = [client("GET /a HTTP/1.1\r\nHost: h\r\nX-Fi"), hole(Side::Client, 20), server(MADE)];
    assert_eq!(play(&talk).brief, ["GET /a > 201"]);
    let talk = [client(A), server("HTTP/1.1 201 Created\r\nX-Fi"), hole(Side::Server, 20), client(B), server(GONE)];
    assert_eq!(play(&talk).brief, ["GET /a > 201", "GET /b > 410"]);
    // A target that may go on is not told.
    let talk = [client("GET /a"), hole(Side::Client, 20), server(MADE)];
    assert_eq!(play(&talk).brief, ["- > 201"]);
}

#[test]
fn who_has_heard_an_answer_begins_a_word_though_nobody_may_know_it() {
    // Catches a strange method taken for the end of a word that a hole began.
    let frob = client("FROB /x HTTP/1.1\r\nHost: h\r\n\r\n");
    let talk = [client(A), server(OK), hole(Side::Client, 30), server(OK), frob, server(MADE)];
    assert_eq!(play(&talk).brief, ["GET /a > 200", "- > 200", "FROB /x > 201"]);
}

#[test]
fn when_too_much_waits_it_is_let_go_and_what_follows_still_stands_behind_a_hole() {
    // Catches a request whose body never ends that holds back all that waits behind it, however much that is; and order that
    // is trusted again although the hole was never settled.
    let body = client("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n");
    let mut talk = vec![body, hole(Side::Server, 5)];
    for _ in 0..500 {
        talk.extend([server(OK), hole(Side::Server, 20)]);
    }
    let limits = Limits { unanswered: 8, ..Limits::default() };
    let heard = play_with(&limits, Start::Handshake, &talk);
    assert_eq!(heard.brief, ["POST /a > -"], "cut, and told without an answer");
    let talk =
        [hole(Side::Client, 30), client(A), client(B), client(C), hole(Side::Server, 60), server(OK), server(MADE)];
    let heard = play_with(&Limits { unanswered: 2, ..Limits::default() }, Start::Handshake, &talk);
    assert!(heard.brief.iter().all(|line| line.starts_with('-') || line.ends_with('-')), "{:?}", heard.brief);
}
