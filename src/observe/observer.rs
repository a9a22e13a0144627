//! The observer: an exchange in, an observation out.
//!
//! It asks the styles whose an exchange is, and tells whoever listens above what it means. One a worker; it knows
//! nothing of other exchanges but what its counters hold.

use std::sync::Arc;

use super::inspect::Inspect;
use super::labels::without_values;
use super::style::{ObserverCounts, Scratch, caller};
use super::styles::STYLES;
use crate::api::{Networks, NoiseRules, ObservationSink, OpaqueSeen};
use crate::limits::Limits;
use crate::proto::{Exchange, ExchangeSink, Opaque};

/// Turns exchanges into observations.
#[derive(Debug)]
pub struct Observer<S> {
    sink: S,
    scratch: Scratch,
}

impl<S: ObservationSink> Observer<S> {
    /// An observer that tells `sink`. `key` keys the hashes of callers: with the same key the same client has the
    /// same hash, and without it nobody can tell which client that is.
    #[must_use]
    pub fn new(limits: &Limits, key: u64, sink: S) -> Self {
        Self { sink, scratch: Scratch::new(limits, key) }
    }

    /// Which bodies it looks into; a sample where nobody says.
    #[must_use]
    pub const fn inspecting(mut self, inspect: Inspect) -> Self {
        self.scratch.sampler.inspect = inspect;
        self
    }

    /// Whoever is told.
    pub const fn sink(&self) -> &S {
        &self.sink
    }

    /// Whoever is told, to be changed.
    pub const fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Ends the observer and gives back whoever was told.
    pub fn into_sink(self) -> S {
        self.sink
    }

    /// Whether to pass over what costs most and teaches least once an endpoint is known: what is inside bodies. Counter:
    /// `bodies_passed_over`.
    pub const fn hurry(&mut self, hurried: bool) {
        self.scratch.hurried = hurried;
    }

    /// Networks by name, and what users say of noise, from the next exchange on.
    pub fn rule_by(&mut self, (networks, noise): (Arc<Networks>, Arc<NoiseRules>)) {
        self.scratch.networks = networks;
        self.scratch.noise_rules = noise;
    }

    /// What was counted so far.
    pub const fn counts(&self) -> ObserverCounts {
        self.scratch.counts
    }
}

impl<S: ObservationSink> ExchangeSink for Observer<S> {
    fn exchange(&mut self, exchange: &Exchange) {
        self.scratch.counts.exchanges += 1;
        self.scratch.counts.clocks_apart += u64::from(exchange.clocks_apart());
        if exchange.request.as_ref().is_some_and(|request| request.method() == b"CONNECT") {
            // It asks a proxy for a tunnel (RFC 9110 section 9.3.6), and no API for anything.
            self.scratch.counts.tunnels += 1;
            return;
        }
        match STYLES.iter().find(|style| style.claims(exchange)) {
            Some(style) => style.observe(exchange, &mut self.scratch, &mut self.sink),
            None => {
                self.scratch.counts.unnamed += 1;
                self.sink.unnamed(exchange.at());
            }
        }
    }

    fn opaque(&mut self, seen: &Opaque<'_>) {
        self.scratch.counts.opaque += 1;
        let connection = seen.connection;
        let name = seen.server_name.map(without_values);
        self.sink.opaque(&OpaqueSeen {
            first: connection.since,
            last: seen.last,
            kind: seen.kind.name(),
            server: connection.server,
            name: name.as_deref(),
            bytes: connection.payload.iter().fold(0, |sum, side| sum.saturating_add(*side)),
            caller: caller(connection.client.ip(), self.scratch.key),
        });
    }
}

#[cfg(test)]
#[path = "observer_tests.rs"]
mod tests;
