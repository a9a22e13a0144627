//! What was seen, frozen: sorted, folded, serialisable. All that the upper floors read.
//!
//! A snapshot depends on the set of what was kept, not on the order in which it came or the number of workers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::bodies::Bodies;
use super::sorted::Sorted;
use super::traffic::TrafficFigures;
use crate::api::{
    AuthScheme, DataClasses, Fact, Noise, OddBody, ParamPlace, ParamStyle, ParamType, Part, PathTemplate, PinId,
    SegmentClass, ServiceId, TokenAlgorithm, TokenLifetime, ValueFigures,
};
use crate::time::{Span, Timestamp};

/// Everything seen so far.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Services in order of their ids.
    pub services: Vec<Service>,
    /// Services that were met and could not be read, in order.
    pub opaque: Vec<OpaqueService>,
    /// First and last exchange.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Exchanges in all, noise included.
    pub exchanges: u64,
    /// Responses whose request was not in the capture: nothing to name them by.
    pub unnamed: u64,
    /// Templates that were declared after something may have been learned, names of variables left out: what was called there before may
    /// stand under another.
    pub late: BTreeSet<PathTemplate>,
    /// Bounds that were met, by counter name; empty means that nothing was folded early or left out.
    pub bounds: BTreeMap<&'static str, u64>,
}

/// One service and all that was asked of it.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Operations, in order of template, then method.
    pub operations: Vec<Operation>,
    /// Requests in all, noise and not-found included.
    pub requests: u64,
    /// Requests by class of noise, those among them that count with an operation included: with the rest, which is
    /// traffic of an API, they make `requests`.
    pub noise: BTreeMap<Noise, u64>,
    /// Requests answered 404 or 410 that belong to no operation and are no noise: no declaration takes them, and their path
    /// and method never answered anything else.
    pub not_found: u64,
    /// Requests answered 405 or 501 that belong to no operation and are no noise.
    pub not_allowed: u64,
    /// Distinct paths behind `not_found` (estimate); segments of a value class count by their class.
    pub not_found_paths: u64,
    /// Answers (404, 410, 405, 501) on paths where no method is an operation, by status: how this host answers what
    /// does not exist, crawlers and scanners included. Empty: it was never seen to say that something is not there.
    pub unknown_answers: BTreeMap<u16, u64>,
    /// How it is used, noise and what was not found included.
    pub traffic: TrafficFigures,
    /// Addresses and ports that answered under this name, in order; bounded.
    pub servers: Vec<String>,
    /// First exchange.
    pub first: Timestamp,
    /// Last exchange.
    pub last: Timestamp,
}

impl Service {
    /// Requests that are no noise.
    #[must_use]
    pub fn api_requests(&self) -> u64 {
        self.noise.values().fold(self.requests, |left, count| left.saturating_sub(*count))
    }
}

/// One operation: a method on a path template.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The method.
    pub method: String,
    /// The template: the declared one where a pin took the path (base path included), else a learned one.
    pub template: PathTemplate,
    /// The pin that took it.
    pub pin: Option<PinId>,
    /// What is known of it.
    pub record: Record,
    /// Why the template is believed; `None` where it was declared.
    pub learned: Option<Learned>,
}

/// Why a learned template is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Learned {
    /// How sure its least sure segment is, in hundredths.
    pub confidence: u8,
    /// Its variables, from the left.
    pub variables: Vec<LearnedVariable>,
}

/// A variable of a learned template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LearnedVariable {
    /// Its name in the template.
    pub name: String,
    /// Which segment it is, from 0.
    pub segment: usize,
    /// What made it a variable.
    pub rule: Rule,
    /// What its values look like, in order.
    pub classes: Vec<SegmentClass>,
    /// How many distinct ones there were (estimate; exact while few).
    pub texts: u64,
    /// Plain words among them.
    pub words: u64,
    /// How sure it is, in hundredths.
    pub confidence: u8,
}

/// What made a segment a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Its values are of a form that no word of an API has: numbers, UUIDs, tokens.
    Form,
    /// Words that lead to the same, as values do.
    Likeness,
    /// Both.
    Both,
    /// More words than can be kept: a bound forced it.
    Crowd,
}

/// All we know of one operation, in plain figures.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Requests.
    pub requests: u64,
    /// Requests without a response in the capture.
    pub unanswered: u64,
    /// Responses by status.
    pub statuses: Sorted<u16>,
    /// 3xx among them that only move the caller to another spelling of the same path.
    pub mere_redirects: u64,
    /// Requests by class of noise, among `requests`: those of crawlers and scanners, and what users say. What is noise by its path
    /// belongs to the service and makes no operation; where a declaration takes it, it is an ordinary request.
    pub noise: Sorted<Noise>,
    /// First request.
    pub first: Timestamp,
    /// Last request.
    pub last: Timestamp,
    /// Latency to the first byte of the response.
    pub latency: Option<Latency>,
    /// How it is used.
    pub traffic: TrafficFigures,
    /// Request body bytes in all.
    pub request_bytes: u64,
    /// Response body bytes in all.
    pub response_bytes: u64,
    /// Distinct clients (estimate; exact while few).
    pub clients: u64,
    /// Every client of this operation behaves like a scanner (many distinct paths not found).
    pub scanner_only: bool,
    /// Addresses that answered, in order; bounded.
    pub servers: Vec<String>,
    /// Requests by credentials carried; a request with several counts under each.
    pub auth: Sorted<AuthScheme>,
    /// Requests that succeeded (2xx) by credentials carried.
    pub auth_ok: Sorted<AuthScheme>,
    /// What the JSON Web Tokens say of themselves; `None` when none was shown.
    pub tokens: Option<TokenRecord>,
    /// Exchanges whose bodies were looked into: what body shapes and parameters of bodies are known from.
    pub inspected: u64,
    /// Parameters, in order of place and name; bounded.
    pub params: Vec<ParamRecord>,
    /// Request media types.
    pub request_types: Sorted<Box<str>>,
    /// Response media types.
    pub response_types: Sorted<Box<str>>,
    /// Bodies whose media type does not tell what they are.
    pub odd_bodies: Sorted<OddBody>,
    /// Parts of multipart bodies that were looked into, by what they are; bounded.
    pub parts: Vec<PartRecord>,
    /// Shapes of bodies.
    pub bodies: Bodies,
    /// Requests that came out of TLS.
    pub encrypted: u64,
    /// For a learned variable: how many distinct texts it stands for (estimate), by its name in the template. Counted
    /// over all operations below the same place; empty where operations of the service had to be left out.
    pub variables: Sorted<String>,
    /// What exchanges did that a declaration does not say, in order of kind and place; those of declarations that have changed
    /// since are among them.
    pub drifts: Vec<DriftRecord>,
}

impl Record {
    /// With the names that a declared template gives its variables.
    pub(super) fn under(mut self, template: &PathTemplate) -> Self {
        let mut names = template.variables();
        self.params.retain_mut(|param| {
            if param.place != ParamPlace::Path {
                return true;
            }
            // In order of their numbers, none of which is left out.
            names.next().map(|name| param.name = name.to_owned()).is_some()
        });
        self
    }
}

/// One thing that exchanges did and a declaration does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftRecord {
    /// Digest of the declaration that they were held against.
    pub digest: u64,
    /// What it is.
    pub fact: Fact,
    /// Exchanges that did it ...
    pub seen: u64,
    /// ... of so many that were held against the declaration in this respect.
    pub of: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
}

/// JSON Web Tokens shown as credentials, by what they say of themselves. Nothing of it was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokenRecord {
    /// By `alg`.
    pub algorithms: BTreeMap<TokenAlgorithm, u64>,
    /// By the time from `iat` to `exp`.
    pub lifetimes: BTreeMap<TokenLifetime, u64>,
    /// By the host of `iss`; under `other` those that are no host of plain words, and those beyond sixteen.
    pub issuers: Sorted<Box<str>>,
}

/// Latency quantiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of the answers began within.
    pub p50: Span,
    /// 95 of 100.
    pub p95: Span,
    /// 99 of 100.
    pub p99: Span,
    /// The slowest.
    pub max: Span,
}

/// Quantiles of sizes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// Half are at most this.
    pub p50: u64,
    /// 95 of 100.
    pub p95: u64,
    /// 99 of 100.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

/// One parameter of an operation. Of a variable of a learned path, what its values were like is known of the place: over all
/// operations at and below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParamRecord {
    /// Where it stands.
    pub place: ParamPlace,
    /// Its name.
    pub name: String,
    /// Requests, or answers, that carried it.
    pub seen: u64,
    /// Of so many: all requests, or for what is not in the query those that were looked into (and had such a body, or an answer).
    pub of: u64,
    /// What its values looked like.
    pub kinds: Sorted<ParamType>,
    /// How more than one plain value was put under it.
    #[serde(skip_serializing_if = "Sorted::is_empty")]
    pub styles: Sorted<ParamStyle>,
    /// How long its values were, how many different, and which, where they are a closed set.
    pub values: ValueFigures,
    /// Classes of sensitive data that it carries, by vote over the values that were looked at.
    #[serde(skip_serializing_if = "DataClasses::is_none")]
    pub data: DataClasses,
}

impl ParamRecord {
    /// What one takes, with its name and its lists, rather too much.
    pub(super) const BYTES: usize = size_of::<Self>() + 400;
}

/// Parts of multipart bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PartRecord {
    /// What they are.
    #[serde(flatten)]
    pub part: Part,
    /// How many.
    pub seen: u64,
}

/// A service that was met and could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OpaqueService {
    /// The server's address and port.
    pub server: String,
    /// Server name, where one was seen.
    pub name: Option<String>,
    /// Why: `tls`, `http2`, `upgraded`, `tunnel`.
    pub kind: String,
    /// Connections.
    pub flows: u64,
    /// Payload bytes, both ways.
    pub bytes: u64,
    /// Distinct clients (estimate).
    pub clients: u64,
}
