//! How something is used, as JSON: of an endpoint, and of a service.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{LatencyOut, Time};
use crate::api::{Agent, AgentKind, Direction};
use crate::inventory::{ClientFigures, Quantiles, RateSeries, Sorted, TrafficFigures};

#[derive(Serialize)]
pub(super) struct TrafficOut<'a> {
    duration_us: Option<LatencyOut>,
    request_body_bytes: Option<Quantiles>,
    response_body_bytes: Option<Quantiles>,
    rates: Option<RatesOut>,
    client_classes: ClassesOut<'a>,
}

#[derive(Serialize)]
struct RatesOut {
    start: Time,
    bucket_seconds: u64,
    requests: Vec<u64>,
}

#[derive(Serialize)]
struct ClassesOut<'a> {
    directions: &'a Sorted<Direction>,
    networks: &'a Sorted<Box<str>>,
    agents: BTreeMap<&'static str, u64>,
    agent_kinds: BTreeMap<&'static str, u64>,
}

impl<'a> TrafficOut<'a> {
    pub(super) fn of(traffic: &'a TrafficFigures) -> Self {
        Self {
            duration_us: traffic.duration.map(LatencyOut::of),
            request_body_bytes: traffic.request_sizes,
            response_body_bytes: traffic.response_sizes,
            rates: (traffic.rates != RateSeries::default()).then(|| RatesOut::of(&traffic.rates)),
            client_classes: ClassesOut::of(&traffic.clients),
        }
    }
}

impl RatesOut {
    fn of(rates: &RateSeries) -> Self {
        let bucket_seconds = rates.width.nanos() / 1_000_000_000;
        Self { start: Time(rates.start), bucket_seconds, requests: rates.counts() }
    }
}

impl<'a> ClassesOut<'a> {
    fn of(clients: &'a ClientFigures) -> Self {
        let kinds = AgentKind::ALL.into_iter().map(|kind| (kind.name(), clients.of_kind(kind)));
        Self {
            directions: &clients.directions,
            networks: &clients.networks,
            agents: clients.agents.iter().map(|(agent, count)| (Agent::name(*agent), *count)).collect(),
            agent_kinds: kinds.filter(|(_, count)| *count > 0).collect(),
        }
    }
}
