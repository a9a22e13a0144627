//! Plays conversations to [`Sessions`] the way the flow table does, for tests: left-overs come back, skips are
//! skipped, holes shorten them, and every byte must be booked once.

use super::exchange::{Exchange, ExchangeSink, Message, Oddities, Opaque};
use super::session::{SessionCounts, Sessions};
use crate::decode::Scope;
use crate::flow::{ByteClass, Close, Connection, Ledger, Side, Start, StreamConsumer, Want};
use crate::limits::Limits;
use crate::time::Timestamp;

/// One thing that happens on the wire; each happens a nanosecond after the one before.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A packet.
    Say(Side, Vec<u8>),
    /// So many bytes that were not captured.
    Hole(Side, u64),
    /// FIN.
    End(Side),
}

pub(super) fn client(bytes: impl AsRef<[u8]>) -> Event {
    Event::Say(Side::Client, bytes.as_ref().to_vec())
}

pub(super) fn server(bytes: impl AsRef<[u8]>) -> Event {
    Event::Say(Side::Server, bytes.as_ref().to_vec())
}

/// What was heard of a conversation.
#[derive(Debug)]
pub(super) struct Heard {
    /// `method target > status`, `-` for what is missing, in order of reporting.
    pub(super) brief: Vec<String>,
    /// The same with all that was understood.
    pub(super) full: Vec<String>,
    /// Time of the first byte of request and response.
    pub(super) times: Vec<(Option<u64>, Option<u64>)>,
    pub(super) opaque: Vec<String>,
    pub(super) ledger: Ledger,
    pub(super) counts: SessionCounts,
}

/// Plays to a connection seen from its start.
pub(super) fn play(events: &[Event]) -> Heard {
    play_with(&Limits::default(), Start::Handshake, events)
}

/// Plays to a connection that the capture joined late.
pub(super) fn play_midstream(events: &[Event]) -> Heard {
    play_with(&Limits::default(), Start::Midstream, events)
}

pub(super) fn play_with(limits: &Limits, start: Start, events: &[Event]) -> Heard {
    play_to(limits, start, events, Ear::default())
}

/// Plays every packet cut into pieces of one byte.
pub(super) fn dribbled(events: &[Event]) -> Vec<Event> {
    let pieces = |event: &Event| match event {
        Event::Say(side, bytes) => bytes.iter().map(|&b| Event::Say(*side, vec![b])).collect(),
        other => vec![other.clone()],
    };
    events.iter().flat_map(pieces).collect()
}

/// Collects.
#[derive(Default)]
pub(super) struct Ear {
    brief: Vec<String>,
    full: Vec<String>,
    times: Vec<(Option<u64>, Option<u64>)>,
    opaque: Vec<String>,
    /// Panics at this target, as a faulty room above might.
    allergic_to: Option<&'static str>,
}

impl Ear {
    pub(super) fn allergic(target: &'static str) -> Self {
        Self { allergic_to: Some(target), ..Self::default() }
    }
}

impl ExchangeSink for Ear {
    fn exchange(&mut self, exchange: &Exchange) {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let request = exchange.request.as_ref().map(|m| format!("{} {}", text(m.method()), text(m.target())));
        let status = exchange.response.as_ref().map_or_else(|| "-".to_owned(), |m| m.status.to_string());
        let brief = format!("{} > {status}", request.unwrap_or_else(|| "-".to_owned()));
        assert!(self.allergic_to.is_none_or(|target| !brief.contains(target)), "allergic");
        let part = |message: &Option<Message>| {
            message.as_ref().map_or_else(String::new, |m| {
                let fields: Vec<_> = m.fields().map(|(n, v)| format!("{}:{}", text(n), text(v))).collect();
                let whole = if m.body_whole { "whole" } else { "part" };
                format!("v{} {} body {} {whole} {}", m.version, fields.join(","), m.body_len, text(&m.body))
            })
        };
        let odd: Vec<_> = Oddities::ALL.iter().filter(|(o, _)| exchange.oddities.has(*o)).map(|(_, n)| *n).collect();
        self.full.push(format!(
            "#{} {brief} | {} | {} | interim {} odd {}",
            exchange.index,
            part(&exchange.request),
            part(&exchange.response),
            exchange.interim,
            odd.join(",")
        ));
        self.brief.push(brief);
        let began = |m: &Option<Message>| m.as_ref().map(|m| m.began.nanos());
        self.times.push((began(&exchange.request), began(&exchange.response)));
    }

    fn opaque(&mut self, seen: &Opaque<'_>) {
        self.opaque.push(format!("{} {}", seen.kind.name(), seen.server_name.unwrap_or("-")));
    }
}

/// One direction as the flow table keeps it.
#[derive(Default)]
struct Lane {
    carried: Vec<u8>,
    skip: u64,
}

pub(super) fn play_to(limits: &Limits, start: Start, events: &[Event], ear: Ear) -> Heard {
    let connection = Connection {
        id: 7,
        scope: Scope::default(),
        client: ([10, 0, 0, 1], 50_000).into(),
        server: ([10, 0, 0, 2], 8080).into(),
        since: Timestamp::ZERO,
        start,
        payload: [0, 0],
    };
    let mut sessions = Sessions::new(limits.clone(), ear);
    let mut session = sessions.open(&connection);
    let mut ledger = Ledger::default();
    let mut lanes = [Lane::default(), Lane::default()];
    let mut deaf: Option<ByteClass> = None;
    let mut now = 0;
    for event in events {
        now += 1;
        let at = Timestamp::from_nanos(now);
        match event {
            Event::Say(side, bytes) => {
                ledger.captured += bytes.len() as u64;
                let lane = &mut lanes[side.index()];
                let skipped = lane.skip.min(bytes.len() as u64);
                lane.skip -= skipped;
                ledger.book(ByteClass::Skipped, skipped);
                let bytes = &bytes[skipped as usize..];
                if let Some(class) = deaf {
                    ledger.book(class, bytes.len() as u64);
                    continue;
                }
                if bytes.is_empty() {
                    continue;
                }
                lane.carried.extend_from_slice(bytes);
                let peer = &lanes[side.other().index()];
                Sessions::<Ear>::heard(&mut session, *side, Some(-(peer.skip as i64)));
                let lane = &mut lanes[side.index()];
                while deaf.is_none() {
                    let took = sessions.data(&connection, &mut session, *side, at, &lane.carried, &mut ledger);
                    assert!(took.used <= lane.carried.len(), "more used than given");
                    lane.carried.drain(..took.used);
                    match took.want {
                        Want::More => break,
                        Want::Skip(n) => {
                            let here = n.min(lane.carried.len() as u64);
                            lane.carried.drain(..here as usize);
                            ledger.book(ByteClass::Skipped, here);
                            lane.skip = n - here;
                            if lane.carried.is_empty() {
                                break;
                            }
                        }
                        Want::Nothing(class) => deaf = Some(class),
                    }
                }
                assert!(lane.carried.len() <= limits.carry_bytes, "{} bytes left over", lane.carried.len());
            }
            Event::Hole(side, missing) => {
                let lane = &mut lanes[side.index()];
                ledger.gaps += missing;
                let skipped = lane.skip.min(*missing);
                lane.skip -= skipped;
                let left = std::mem::take(&mut lane.carried).len() as u64;
                if *missing == skipped {
                    assert_eq!(left, 0);
                } else if let Some(class) = deaf {
                    ledger.book(class, left);
                } else {
                    let missing = missing - skipped;
                    match sessions.gap(&connection, &mut session, *side, at, missing, left, &mut ledger) {
                        Want::More => {}
                        Want::Skip(n) => lane.skip = n,
                        Want::Nothing(class) => deaf = Some(class),
                    }
                }
            }
            Event::End(side) => {
                if deaf.is_none() {
                    sessions.end(&connection, &mut session, *side, at);
                }
            }
        }
    }
    let left = [lanes[0].carried.len() as u64, lanes[1].carried.len() as u64];
    let at = Timestamp::from_nanos(now);
    sessions.close(&connection, session, at, Close::CaptureEnded, left, &mut ledger);
    assert_eq!(ledger.booked(), ledger.captured, "every byte is booked once");
    let counts = sessions.counts();
    let Ear { brief, full, times, opaque, .. } = sessions.into_sink();
    Heard { brief, full, times, opaque, ledger, counts }
}

/// Pseudo-random bytes that are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}
