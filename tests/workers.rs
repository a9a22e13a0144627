//! The same bytes out, whatever the number of workers, and whatever time one packet claims.

use serde_json::Value;
use shadowtap::capture::{Frame, MemorySource};
use shadowtap::observe::Inspect;
use shadowtap::time::Span;

use crate::common::wire::{ACK, FIN, Wire, ends};
use crate::common::{Run, all_captures, captures, frames, open, without_capture};

#[test]
fn one_two_and_eight_workers_write_the_same_bytes() {
    // Catches anything that depends on the order in which workers finish: maps, merges, first-come samples.
    for paths in all_captures().iter().map(|path| vec![path.clone()]).chain([all_captures()]) {
        let one = Run::workers(1).report(&mut open(&paths), "json");
        for workers in [2, 8] {
            let many = Run::workers(workers).report(&mut open(&paths), "json");
            assert!(one.0 == many.0, "{paths:?}: the JSON of {workers} workers differs");
            assert!(one.1 == many.1, "{paths:?}: the transactions of {workers} workers differ");
        }
    }
}

#[test]
fn any_number_of_workers_looks_into_the_same_bodies() {
    // Catches a sample that hangs on who saw what, or on when shares are handed over: 4,000 bodies on 200 connections, of
    // which no two have the same fields, so that the report shows which were looked into. And a sample that is none.
    let mut wire = Wire::new();
    for connection in 0..200_u16 {
        let (mut client, mut server) = ends(7_000 + connection);
        wire.open(&mut client, &mut server);
        for exchange in 0..20 {
            let words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "ivory", "jade"];
            let name = |n: u16| words[usize::from(n % 10)];
            let field = format!("{}_{}_{}", name(connection), name(connection / 10), name(connection / 100));
            // Values of many kinds: names over values that are alike would be told as keys of a map.
            let value = ["true", "1", "\"x\"", "[1]", "{}"][usize::from(exchange % 5)];
            let body = format!("{{\"id\":{exchange},\"{field}_{}_{}\":{value}}}", name(exchange), name(exchange / 10));
            let target =
                if exchange % 4 == 0 { format!("/v1/orders/{exchange}{connection}") } else { "/v1/orders".into() };
            let ask = format!(
                "POST {target} HTTP/1.1\r\nHost: api.shop.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            wire.segment(&mut client, &server, ACK, ask.as_bytes());
            let status = if exchange == 19 { "422 Unprocessable Content" } else { "201 Created" };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            wire.segment(&mut server, &client, ACK, answer.as_bytes());
        }
        wire.segment(&mut client, &server, FIN | ACK, b"");
        wire.segment(&mut server, &client, FIN | ACK, b"");
    }
    let report = |workers, inspect| {
        let run = Run { inspect, ..Run::workers(workers) };
        run.report(&mut wire.frames.clone(), "json").0
    };
    let inspected = |report: &[u8]| {
        let report: Value = serde_json::from_slice(report).expect("JSON");
        assert_eq!(report["endpoints"].as_array().map(Vec::len), Some(2));
        report["endpoints"][0]["inspected"].as_u64().expect("a count")
    };
    for (inspect, least, most) in [(Inspect::Sampled, 60, 256), (Inspect::All, 3_000, 3_000), (Inspect::None, 0, 0)] {
        let one = report(1, inspect);
        assert!((least..=most).contains(&inspected(&one)), "{inspect:?}: {}", inspected(&one));
        for workers in [2, 8] {
            assert!(one == report(workers, inspect), "{inspect:?}: {workers} workers look into others");
        }
    }
}

#[test]
fn one_packet_from_the_future_changes_nothing() {
    // Catches a clock that one stamp can throw: every flow would expire in the middle of its exchange.
    let plain = frames(&[captures().join("payments.pcap")]);
    let count = (0..).map_while(|at| plain.frame(at)).count();
    let want = without_capture(Run::default().json(&mut frames(&[captures().join("payments.pcap")])));
    for place in [0, 1, count / 3, count / 2, count - 1] {
        for workers in [1, 2, 8] {
            let mut wild = MemorySource::new();
            for at in 0..count {
                let frame = plain.frame(at).expect("counted");
                if at == place {
                    wild.push(&Frame { time: frame.time + Span::from_secs(10 * 365 * 86_400), ..frame });
                }
                wild.push(&frame);
            }
            let got = without_capture(Run::workers(workers).json(&mut wild));
            assert!(got == want, "a wild stamp at packet {place} shows with {workers} workers");
        }
    }
}

#[test]
fn a_night_without_packets_tears_no_connection_apart() {
    // Catches a clock that, where it comes to believe that time has moved, has stamped the first packets of the day with
    // the evening's time: their connection would end between two of its packets, and its answer be lost.
    let once = frames(&[captures().join("payments.pcap")]);
    let mut twice = once.clone();
    (0..once.len()).filter_map(|at| once.frame(at)).for_each(|frame| {
        twice.push(&Frame { time: frame.time + Span::from_secs(86_400), ..frame });
    });
    let lines = |source: &mut MemorySource| {
        let lines = Run::default().report(source, "json").1;
        let mut lines: Vec<Value> =
            lines.split(|&b| b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
        lines.iter_mut().filter_map(Value::as_object_mut).for_each(|line| {
            line.remove("time");
            line.remove("stream");
        });
        lines
    };
    let day = lines(&mut once.clone());
    assert!(day.len() > 20);
    assert_eq!(lines(&mut twice), [&day[..], &day[..]].concat());
}

#[test]
fn a_few_packets_a_day_are_read_as_they_were_captured() {
    // Catches a clock that never believes so few, and gives all days one time: each day's connection would be taken for
    // a copy of the first one's.
    let mut wire = Wire::new();
    for connection in 0..18 {
        let (mut client, mut server) = ends(5_000 + connection % 3);
        wire.open(&mut client, &mut server);
        wire.segment(&mut client, &server, ACK, b"GET /v1/balance HTTP/1.1\r\nHost: api.pay.example\r\n\r\n");
        wire.segment(&mut server, &client, ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        wire.segment(&mut client, &server, FIN | ACK, b"");
        wire.segment(&mut server, &client, FIN | ACK, b"");
        wire.segment(&mut client, &server, ACK, b"");
        wire.clock += if connection % 3 == 2 { 86_400_000_000_000 } else { 7_200_000_000_000 };
    }
    let [lines, many] = [1, 8].map(|workers| Run::workers(workers).report(&mut wire.frames.clone(), "json").1);
    assert!(lines == many, "8 workers tear what one does not, or the other way round");
    let lines: Vec<Value> = lines.split(|&b| b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
    let days: Vec<_> = lines.iter().map(|line| (&line["time"], &line["status"], &line["latency_us"])).collect();
    assert_eq!(lines.len(), 18, "{days:?}");
    assert!(lines.iter().all(|line| line["status"] == 200), "{days:?}");
    // Behind the last leap are too few packets to believe it: they are read at the time before it.
    assert!(lines.iter().take(17).all(|line| line["latency_us"] == 1_000), "{days:?}");
}

#[test]
fn a_tap_whose_clock_is_late_loses_nothing() {
    // Catches flows forgotten by a clock that another tap, ten minutes ahead, drives: between any two packets of the
    // late one theirs would be gone.
    let mut wire = Wire::new();
    let late = 600_000_000_000;
    let (mut client, mut server) = ends(6_000);
    let (mut other, mut its_server) = ends(6_001);
    wire.open(&mut client, &mut server);
    wire.clock += late;
    wire.open(&mut other, &mut its_server);
    for _ in 0..50 {
        for (part, payload) in
            [&b"GET /v1/bal"[..], b"ance HTTP/1.1\r\nHost: api.pay.example\r\n\r\n"].iter().enumerate()
        {
            wire.clock -= late;
            wire.segment(&mut client, &server, ACK, payload);
            if part == 1 {
                wire.segment(&mut server, &client, ACK, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            }
            wire.clock += late + 200_000_000;
            wire.segment(&mut other, &its_server, ACK, b"x");
        }
    }
    for workers in [1, 8] {
        let lines = Run::workers(workers).report(&mut wire.frames.clone(), "json").1;
        let lines: Vec<Value> = lines.split(|&b| b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
        assert_eq!(lines.iter().filter(|line| line["status"] == 200 && !line["host"].is_null()).count(), 50);
    }
}
