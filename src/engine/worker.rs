//! One core: the sole owner of its flows, sessions, scratch and delta.

use std::sync::Arc;

use super::board::Seat;
use super::rules::SharedRules;
use super::run::Settings;
use super::spool::Spool;
use crate::decode::Segment;
use crate::flow::{FlowStats, FlowTable, Ledger};
use crate::inventory::{Delta, Inventory};
use crate::observe::Observer;
use crate::proto::{Exchange, ExchangeSink, Opaque, SessionCounts, Sessions};
use crate::report::{Mask, TransactionLine};
use crate::time::{Span, Timestamp};

/// Seed of the callers' keyed hash in a replay: figures must repeat, and no hash ever leaves the process.
pub(super) const CALLER_KEY: u64 = 0x5ead_0b5e_7a90_11e5;
/// How far packet time moves between two looks at what expired.
const TICK: Span = Span::from_millis(50);

/// The whole of one worker, by types: no trait object between packet and inventory but the parser itself.
pub(super) struct Worker<'b> {
    seat: Seat<'b>,
    flows: FlowTable<Sessions<Tap>>,
    pipeline: Sessions<Tap>,
    ticked: Timestamp,
}

/// Hands each exchange to the observer, and writes its line when transactions were asked for.
pub(super) struct Tap {
    observer: Observer<Delta>,
    shared: Arc<Inventory>,
    rules: Arc<SharedRules>,
    spool: Option<(Spool, Mask)>,
    line: Vec<u8>,
}

/// What a worker counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    pub(super) ledger: Ledger,
    pub(super) flows: FlowStats,
    pub(super) sessions: SessionCounts,
    pub(super) observed: crate::observe::ObserverCounts,
}

/// What a worker leaves behind.
pub(super) struct Share {
    pub(super) counted: Counted,
    pub(super) spool: Option<Spool>,
}

impl<'b> Worker<'b> {
    pub(super) fn new(settings: &Settings, shared: &Arc<Inventory>, seat: Seat<'b>) -> Self {
        let limits = &settings.limits;
        let delta = Delta::new(limits, shared.pins());
        let mut observer = Observer::new(limits, settings.caller_key, delta).inspecting(settings.inspect);
        observer.rule_by(settings.rules.now());
        let tap = Tap {
            observer,
            shared: Arc::clone(shared),
            rules: Arc::clone(&settings.rules),
            spool: settings.transactions.map(|mask| (Spool::new(limits.spool_bytes), mask)),
            line: Vec::new(),
        };
        let (flows, pipeline) = (FlowTable::new(limits), Sessions::new(limits.clone(), tap));
        Self { seat, flows, pipeline, ticked: Timestamp::ZERO }
    }

    pub(super) fn segment(&mut self, segment: &Segment<'_>) {
        self.flows.segment(segment, &mut self.pipeline);
    }

    /// Moves the reader's clock on: frees what expired, hands over what was learned.
    pub(super) fn tick(&mut self, now: Timestamp) {
        if now.since(self.ticked) < TICK {
            return;
        }
        self.ticked = now;
        self.flows.advance(now, &mut self.pipeline);
        let tap = self.pipeline.sink_mut();
        tap.follow_declarations();
        tap.hand_over(now);
    }

    /// Whether packets are about to be lost for want of time.
    pub(super) fn hurry(&mut self, hurried: bool) {
        self.pipeline.sink_mut().observer.hurry(hurried);
    }

    /// Answers the board, when it has asked: hands over all that was learned, and says what was counted.
    pub(super) fn answer(&mut self, now: Timestamp) {
        if !self.seat.asked() {
            return;
        }
        self.flows.advance(now, &mut self.pipeline);
        let tap = self.pipeline.sink_mut();
        tap.follow_declarations();
        tap.shared.absorb(tap.observer.sink_mut().take());
        let Self { seat, flows, pipeline, .. } = self;
        seat.worker(|| Counted {
            ledger: flows.ledger().clone(),
            flows: *flows.stats(),
            sessions: pipeline.counts(),
            observed: pipeline.sink().observer.counts(),
        });
    }

    /// The source has ended: close, flush, and say what was counted.
    pub(super) fn finish(mut self, now: Timestamp) -> Share {
        self.flows.drain(now, &mut self.pipeline);
        let sessions = self.pipeline.counts();
        let mut tap = self.pipeline.into_sink();
        let observed = tap.observer.counts();
        tap.shared.absorb(tap.observer.sink_mut().take());
        let counted = Counted { ledger: self.flows.ledger().clone(), flows: *self.flows.stats(), sessions, observed };
        self.seat.worker_left(|| counted.clone());
        Share { counted, spool: tap.spool.map(|(spool, _)| spool) }
    }
}

impl Tap {
    /// Takes up declarations and rules that changed since.
    fn follow_declarations(&mut self) {
        let pins = self.shared.pins();
        let delta = self.observer.sink_mut();
        if !delta.is_under(&pins) {
            delta.repin(pins);
        }
        self.observer.rule_by(self.rules.now());
    }

    /// Hands over what was learned, when that is much or old.
    fn hand_over(&mut self, now: Timestamp) {
        let delta = self.observer.sink_mut();
        if delta.is_due(now) {
            self.shared.absorb(delta.take());
        }
    }
}

impl ExchangeSink for Tap {
    fn exchange(&mut self, exchange: &Exchange) {
        if let Some((spool, mask)) = &mut self.spool {
            self.line.clear();
            line_of(exchange).write_line(*mask, &mut self.line);
            spool.push((exchange.at().nanos(), exchange.connection.id, exchange.index), &self.line);
        }
        self.observer.exchange(exchange);
        // Not left to the clock: it may stand still, and a flood of connections may end within one tick of it.
        self.hand_over(Timestamp::ZERO);
    }

    fn opaque(&mut self, seen: &Opaque<'_>) {
        self.observer.opaque(seen);
        self.hand_over(Timestamp::ZERO);
    }
}

fn line_of(exchange: &Exchange) -> TransactionLine<'_> {
    let (request, response) = (exchange.request.as_ref(), exchange.response.as_ref());
    TransactionLine {
        time: exchange.at(),
        stream: exchange.connection.id,
        client: exchange.connection.client,
        server: exchange.connection.server,
        method: request.map(|message| message.method()),
        host: request.and_then(|message| message.field("host")),
        target: request.map_or(b"", |message| message.target()),
        version: request.or(response).map_or(0, |message| message.version),
        status: response.map(|message| message.status),
        request_type: request.and_then(|message| message.field("content-type")),
        response_type: response.and_then(|message| message.field("content-type")),
        request_body_len: request.map_or(0, |message| message.body_len),
        response_body_len: response.map_or(0, |message| message.body_len),
        latency: exchange.latency(),
        interim: exchange.interim,
        encrypted: exchange.encrypted,
    }
}
