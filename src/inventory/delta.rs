//! One worker's share since it last handed over.
//!
//! In: observations, one at a time, without a lock. Out: the share, to be taken in by [`super::Inventory::absorb`].
//! It is a small inventory of its own, so that handing over is adding up.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::entry::Window;
use super::opaque::Opaque;
use super::pins::{Covering, Pins, Taken};
use super::signals::Signals;
use super::sketch::chain;
use super::tally::{Load, Tally, is_missing, shows};
use crate::api::{Facts, Noise, Observation, ObservationSink, OpaqueSeen, Seen, ServiceId};
use crate::limits::Limits;
use crate::merge::Merge;
use crate::time::Timestamp;

/// What one worker saw since it last handed over.
#[derive(Debug)]
pub struct Delta {
    limits: Limits,
    pins: Arc<Pins>,
    services: HashMap<ServiceId, Share, RandomState>,
    pub(super) rest: Rest,
    pub(super) load: Load,
    /// Observations, connections that could not be read and exchanges without a name.
    noted: usize,
    /// When the first of them was.
    since: Option<Timestamp>,
    /// What one exchange did that is not declared.
    facts: Facts,
}

/// A service, and which declarations cover it.
#[derive(Debug)]
struct Share {
    covering: Covering,
    tally: Tally,
}

/// What is known beside services.
#[derive(Clone, Debug, Default)]
pub(super) struct Rest {
    pub(super) signals: Signals,
    pub(super) opaque: Opaque,
    pub(super) window: Window,
    pub(super) exchanges: u64,
    pub(super) unnamed: u64,
}

impl Rest {
    /// What one observation may add here: a client or an opaque service, with its share of a tree.
    const BYTES: usize = 384;

    /// Takes in another's share.
    pub(super) fn absorb(&mut self, other: Self, limits: &Limits) {
        self.signals.absorb(other.signals, limits.clients);
        self.opaque.absorb(other.opaque, limits.opaque_services);
        self.window.merge(other.window);
        self.exchanges.merge(other.exchanges);
        self.unnamed.merge(other.unnamed);
    }
}

impl Delta {
    /// An empty share under these bounds and declarations.
    #[must_use]
    pub fn new(limits: &Limits, pins: Arc<Pins>) -> Self {
        Self {
            limits: limits.clone(),
            pins,
            services: HashMap::default(),
            rest: Rest::default(),
            load: Load::default(),
            noted: 0,
            since: None,
            facts: Facts::default(),
        }
    }

    /// New declarations, from the next observation on.
    pub fn repin(&mut self, pins: Arc<Pins>) {
        for (service, share) in &mut self.services {
            share.covering = pins.covering(service);
        }
        self.pins = pins;
    }

    /// These are the declarations it notes under.
    #[must_use]
    pub fn is_under(&self, pins: &Arc<Pins>) -> bool {
        Arc::ptr_eq(&self.pins, pins)
    }

    /// How much was noted.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.noted
    }

    /// Nothing was noted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.noted == 0
    }

    /// It is full or old enough to be handed over; `now` is the packets' time.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let full = self.noted >= self.limits.delta_observations || self.load.bytes >= self.limits.delta_bytes;
        full || self.since.is_some_and(|since| now.since(since) >= self.limits.delta_span)
    }

    /// The share so far; an empty one begins.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let empty = Self::new(&self.limits, Arc::clone(&self.pins));
        std::mem::replace(self, empty)
    }

    /// The services.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (ServiceId, Tally)> {
        self.services.drain().map(|(service, share)| (service, share.tally))
    }

    fn noted(&mut self, at: Timestamp) {
        self.noted += 1;
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }
}

/// Holds an exchange against the declaration that takes it, if it is one that teaches: what scanners send is theirs.
fn hold<'f>(
    pins: &Pins,
    seen: &Observation<'_>,
    taken: Option<Taken<'_>>,
    facts: &'f mut Facts,
) -> Option<(u64, &'f Facts)> {
    let teaches = !seen.noise.is_some_and(|noise| noise.is_of_caller() || noise == Noise::Preflight);
    let taken = taken.filter(|taken| taken.declared && !seen.decreed && teaches)?;
    let Seen::Http { method, .. } = seen.seen;
    // A HEAD that is refused says nothing of what GET does.
    if method != taken.method && seen.status.is_some_and(|status| status >= 400) {
        return None;
    }
    let promise = pins.promise(taken.id, taken.method)?;
    facts.clear();
    seen.witness?.testify(promise, taken.template, facts);
    Some((promise.digest(), facts))
}

impl ObservationSink for Delta {
    fn observation(&mut self, seen: &Observation<'_>) {
        self.noted(seen.at);
        self.rest.exchanges.merge(1);
        self.rest.window.insert(seen.at);
        let Seen::Http { method, path } = seen.seen;
        // What is tried everywhere and answered with a refusal or with a page is not there either, as far as its caller knows.
        let in_vain = seen.noise == Some(Noise::Scanner) && !shows(seen.noise, seen);
        let missing = |status| is_missing(status) || in_vain;
        let hash = || path.iter().fold(0, |hash, segment| chain(hash, segment.text));
        let (missed, tried) = (seen.status.is_some_and(missing).then(hash), seen.tried.then(hash));
        self.rest.signals.note(seen.caller, missed, tried, self.limits.clients);
        self.load.bytes += Rest::BYTES;

        if let Some(share) = self.services.get_mut(seen.service) {
            let taken = self.pins.find(&share.covering, method, path);
            let drift = hold(&self.pins, seen, taken, &mut self.facts);
            self.load += share.tally.note(seen, taken, drift, &self.limits);
            return;
        }
        let mut share = Share { covering: self.pins.covering(seen.service), tally: Tally::default() };
        let taken = self.pins.find(&share.covering, method, path);
        let drift = hold(&self.pins, seen, taken, &mut self.facts);
        self.load += share.tally.note(seen, taken, drift, &self.limits);
        self.load.bytes += Tally::BYTES;
        self.services.insert(seen.service.clone(), share);
    }

    fn opaque(&mut self, seen: &OpaqueSeen<'_>) {
        self.noted(seen.last);
        self.rest.opaque.note(seen, self.limits.opaque_services);
        self.load.bytes += Rest::BYTES + seen.name.map_or(0, str::len);
    }

    fn unnamed(&mut self, at: Timestamp) {
        self.noted(at);
        self.rest.unnamed.merge(1);
    }
}
