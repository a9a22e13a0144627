//! The contract of an API style: which exchanges are its, and what they mean.
//!
//! A style turns one exchange into one observation. What all of them need and may keep between exchanges (settings,
//! buffers) lies in `Scratch`, so that an exchange like the one before it allocates next to nothing.

use std::net::IpAddr;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::agents::Agents;
use super::encoding::Unpacker;
use super::fields::Params;
use super::inspect::{Inspect, Sampler};
use super::jwt::Room;
use super::path::Segments;
use super::service::Hosts;
use crate::api::{AuthScheme, Networks, NoiseRules, ObservationSink, Part, PathSegment};
use crate::limits::Limits;
use crate::proto::Exchange;

/// A style of API over a protocol that is already read: REST, GraphQL, gRPC.
pub trait Style: Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// This exchange is of this style. Asked once an exchange, in the order of the table.
    fn claims(&self, exchange: &Exchange) -> bool;
    /// Tells `out` what the exchange means. Never panics on any content; keeps no value.
    fn observe(&self, exchange: &Exchange, scratch: &mut Scratch, out: &mut dyn ObservationSink);
}

/// Settings of an observer and buffers that are used again for each exchange.
#[derive(Debug)]
pub struct Scratch {
    pub(super) limits: Limits,
    /// Keys the hashes of callers.
    pub(super) key: u64,
    pub(super) counts: ObserverCounts,
    /// Networks by name.
    pub(super) networks: Arc<Networks>,
    /// What users say of noise.
    pub(super) noise_rules: Arc<NoiseRules>,
    pub(super) agents: Agents,
    /// Which bodies are looked at.
    pub(super) sampler: Sampler,
    /// None is looked at: packets are being lost for want of time.
    pub(super) hurried: bool,
    pub(super) hosts: Hosts,
    /// The path of the request.
    pub(super) segments: Segments,
    /// The path of a redirect's location.
    pub(super) location: Segments,
    /// Empty between exchanges; kept for its capacity.
    pub(super) path: Vec<PathSegment<'static>>,
    pub(super) params: Params,
    /// Parts of multipart bodies.
    pub(super) parts: Vec<(Part, u64)>,
    pub(super) auth: Vec<AuthScheme>,
    pub(super) tokens: Room,
    pub(super) request_type: String,
    pub(super) response_type: String,
    pub(super) unpacker: Unpacker,
    /// Another, for when the bodies of both sides are lent at once.
    pub(super) second: Unpacker,
}

impl Scratch {
    /// Empty buffers. `key` keys the hashes of callers.
    pub(super) fn new(limits: &Limits, key: u64) -> Self {
        Self {
            limits: limits.clone(),
            key,
            counts: ObserverCounts::default(),
            networks: Arc::default(),
            noise_rules: Arc::default(),
            agents: Agents::new(key),
            sampler: Sampler::new(Inspect::default(), limits.sampled_places, key),
            hurried: false,
            hosts: Hosts::new(key),
            segments: Segments::default(),
            location: Segments::default(),
            path: Vec::new(),
            params: Params::default(),
            parts: Vec::new(),
            auth: Vec::new(),
            tokens: Room::default(),
            request_type: String::new(),
            response_type: String::new(),
            unpacker: Unpacker::default(),
            second: Unpacker::default(),
        }
    }
}

/// Keyed hash of a client's address, without its port: one caller is one caller over many connections.
pub(super) fn caller(client: IpAddr, key: u64) -> u64 {
    match client {
        IpAddr::V4(address) => xxh3_64_with_seed(&address.octets(), key),
        IpAddr::V6(address) => xxh3_64_with_seed(&address.octets(), key),
    }
}

crate::merge::counters! {
    /// What observers count; those of several workers are added.
    ObserverCounts,
    /// Exchanges handed in.
    exchanges,
    /// Exchanges without a request: nothing says what was asked for.
    unnamed,
    /// CONNECT requests: they open a tunnel and ask no API for anything.
    tunnels,
    /// Connections that could not be read.
    opaque,
    /// Bodies in a content coding that is not known, or in too many.
    packed,
    /// Bodies that were not looked at, as packets were about to be lost for want of time.
    bodies_passed_over,
    /// Places whose sample of bodies was forgotten for want of room (`Limits::sampled_places`) and drawn anew.
    samples_forgotten,
    /// Query parameters beyond `Limits::params`.
    params_refused,
    /// Exchanges whose answer is stamped before its question: taps whose clocks are apart.
    clocks_apart,
}
