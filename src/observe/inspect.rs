//! Which exchanges are looked into: all, a sample, or none. Bodies are by far the most costly part of an observation.
//!
//! In: exchanges, each with what it asks for. Out: its draw, or `None` where it is passed over. The sample is drawn anew for
//! every method, path (value classes instead of values), status and class of noise, with bodies and without: whatever the floors above put
//! together, they never tell apart more than that, so none of them misses what a worker passed over.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::api::{Draw, Draws, Noise, PathSegment, ServiceId, split_affix};
use crate::proto::Exchange;

/// Which bodies are looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inspect {
    /// Every one.
    All,
    /// Of every method, path and status a sample; see [`Draw`].
    #[default]
    Sampled,
    /// None: endpoints, parameters of queries and counts only.
    None,
}

/// What an exchange is told apart by.
pub(super) struct Asked<'x> {
    pub(super) service: &'x ServiceId,
    pub(super) method: &'x str,
    pub(super) path: &'x [PathSegment<'x>],
    pub(super) status: u16,
    pub(super) noise: Option<Noise>,
    pub(super) mere_redirect: bool,
    pub(super) bodied: bool,
    pub(super) feigned: bool,
    pub(super) response_type: Option<&'x str>,
}

/// Draws the sample of one worker.
#[derive(Debug)]
pub(super) struct Sampler {
    pub(super) inspect: Inspect,
    /// Keys the hashes: nobody may choose which of his bodies are looked into.
    key: u64,
    most: usize,
    places: HashMap<u64, Draws, RandomState>,
}

impl Sampler {
    /// One that remembers at most `most` places; `key` keys the draws.
    pub(super) fn new(inspect: Inspect, most: usize, key: u64) -> Self {
        Self { inspect, key, most, places: HashMap::default() }
    }

    /// The draw of an exchange; `None` when it is passed over. Tells too how many places were forgotten: then
    /// more is looked into than need be, and nothing else changes.
    pub(super) fn draw(&mut self, exchange: &Exchange, asked: &Asked<'_>) -> (Option<Draw>, u64) {
        match self.inspect {
            Inspect::All => return (Some(Draw::KEPT), 0),
            Inspect::None => return (None, 0),
            Inspect::Sampled => {}
        }
        let place = self.place(asked);
        let mut forgotten = 0;
        if self.places.len() >= self.most && !self.places.contains_key(&place) {
            forgotten = self.places.len() as u64;
            self.places.clear();
        }
        let draw = Draw::of(self.hash(exchange));
        (self.places.entry(place).or_default().takes(draw).then_some(draw), forgotten)
    }

    fn place(&self, asked: &Asked<'_>) -> u64 {
        let chain = |before: u64, text: &str| xxh3_64_with_seed(text.as_bytes(), before);
        let marks = [
            asked.service.port.to_le_bytes(),
            asked.status.to_le_bytes(),
            [
                asked.noise.map_or(0, |noise| noise as u8 + 1),
                u8::from(asked.mere_redirect) | u8::from(asked.bodied) << 1 | u8::from(asked.feigned) << 2,
            ],
        ];
        let mut hash = xxh3_64_with_seed(marks.as_flattened(), self.key);
        for text in [&asked.service.host, asked.service.scheme.name(), asked.method] {
            hash = chain(hash, text);
        }
        // What came back decides whether what crawlers and scanners asked for is learned from at all.
        if asked.noise.is_some_and(Noise::is_of_caller) {
            hash = chain(hash, asked.response_type.unwrap_or_default());
        }
        asked.path.iter().fold(hash, |hash, segment| match segment.class {
            // As the inventory tells values apart, or finer.
            class if class.is_value() => chain(chain(!hash, class.name()), split_affix(segment.text).1),
            _ => chain(hash, segment.text),
        })
    }

    /// The hash of an exchange. Its beginning tells apart those of one pair of ports; what else two may share does no
    /// harm.
    fn hash(&self, exchange: &Exchange) -> u64 {
        let connection = &exchange.connection;
        let mut hash = self.key;
        for end in [connection.client, connection.server] {
            hash = match end.ip() {
                std::net::IpAddr::V4(address) => xxh3_64_with_seed(&address.octets(), hash),
                std::net::IpAddr::V6(address) => xxh3_64_with_seed(&address.octets(), hash),
            };
            hash = xxh3_64_with_seed(&end.port().to_le_bytes(), hash);
        }
        hash = xxh3_64_with_seed(&exchange.at().nanos().to_le_bytes(), hash);
        xxh3_64_with_seed(&exchange.index.to_le_bytes(), hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_from_is_drawn_apart_from_what_is_not() {
        // Catches a sample in which what teaches nothing takes the room of what does: the workers' number would show.
        let sampler = Sampler::new(Inspect::Sampled, 8, 1);
        let service = ServiceId::default();
        let of = |noise, feigned, response_type| {
            let (path, status) = (&[][..], 200);
            let (method, mere_redirect, bodied) = ("GET", false, true);
            let service = &service;
            sampler.place(&Asked {
                service,
                method,
                path,
                status,
                noise,
                mere_redirect,
                bodied,
                feigned,
                response_type,
            })
        };
        let (scanner, crawler) = (Some(Noise::Scanner), Some(Noise::Crawler));
        assert_ne!(of(scanner, true, Some("text/html")), of(scanner, false, Some("text/html")));
        assert_ne!(of(crawler, false, Some("text/html")), of(crawler, false, Some("application/json")));
        // Of anybody else's all is one sample.
        assert_eq!(of(None, false, Some("text/html")), of(None, false, Some("application/json")));
    }
}
