//! How something is used: how fast it answers in full, how much is sent, when, and by whom. The same for one operation and for
//! a whole service.

use serde::{Deserialize, Serialize};

use super::clients::{ClientFigures, Clients};
use super::rates::{RateSeries, Rates};
use super::sketch::{Histogram, Sizes};
use super::snapshot::{Latency, Quantiles};
use crate::api::Observation;
use crate::merge::Merge;

/// The growing figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Traffic {
    duration: Histogram,
    request_sizes: Sizes,
    response_sizes: Sizes,
    rates: Rates,
    clients: Clients,
}

/// How something is used, in plain figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficFigures {
    /// From the first byte of the request to the last of the response, of answers whose end is known.
    pub duration: Option<Latency>,
    /// Body bytes of requests that had a body.
    pub request_sizes: Option<Quantiles>,
    /// Body bytes of responses, those without a body included.
    pub response_sizes: Option<Quantiles>,
    /// Requests over time.
    pub rates: RateSeries,
    /// Requests by class of client.
    pub clients: ClientFigures,
}

impl Traffic {
    /// Takes in one request. Tells the memory added at the most.
    pub(super) fn note(&mut self, seen: &Observation<'_>) -> usize {
        let mut added = self.rates.insert(seen.at) + self.clients.note(&seen.client);
        if let Some(duration) = seen.duration {
            added += self.duration.insert(duration);
        }
        if seen.request_bytes > 0 {
            added += self.request_sizes.insert(seen.request_bytes);
        }
        if seen.status.is_some() {
            added += self.response_sizes.insert(seen.response_bytes);
        }
        added
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        let sizes = self.request_sizes.weight() + self.response_sizes.weight();
        self.duration.weight() + sizes + self.rates.weight() + self.clients.weight()
    }

    /// It can have been counted.
    pub(super) fn is_sound(&self) -> bool {
        self.duration.is_sound()
            && self.request_sizes.is_sound()
            && self.response_sizes.is_sound()
            && self.rates.is_sound()
            && self.clients.is_sound()
    }

    /// The plain figures.
    pub(super) fn freeze(&self) -> TrafficFigures {
        TrafficFigures {
            duration: self.duration.freeze(),
            request_sizes: self.request_sizes.freeze(),
            response_sizes: self.response_sizes.freeze(),
            rates: self.rates.freeze(),
            clients: self.clients.freeze(),
        }
    }
}

impl Merge for Traffic {
    fn merge(&mut self, other: Self) {
        self.duration.merge(other.duration);
        self.request_sizes.merge(other.request_sizes);
        self.response_sizes.merge(other.response_sizes);
        self.rates.merge(other.rates);
        self.clients.merge(other.clients);
    }
}
