//! The catalogue that all workers share.
//!
//! In: deltas, from any worker in any order. Out: snapshots. A delta locks one service at a time; what is known
//! beside services stands behind one lock, taken once a delta.
//!
//! Bounds on what all services hold together are kept by rank: when there are too many learned operations, unknown
//! paths or services, those with the greatest ranks go: a rank is a hash, but words that APIs are made of come first (and
//! services that a declaration names before them). What is among
//! the smallest at the end was so at every moment, so the choice does not show the order of arrival; only where
//! several bounds are met at once it may.
//!
//! Before anything goes, all records are put away ([`super::slot`]), which loses nothing.

mod kept;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use dashmap::DashMap;
use foldhash::fast::RandomState;

use super::delta::{Delta, Rest};
use super::lexicon::is_listed;
use super::pins::Pins;
use super::shapes::Shapes;
use super::sketch::chain;
use super::snapshot::Snapshot;
use super::tally::{Load, Tally};
use crate::api::{PinId, ServiceId, Templates};
use crate::limits::Limits;
use crate::merge::Merge;

pub use kept::Restore;

/// What was seen, by all workers.
#[derive(Debug)]
pub struct Inventory {
    limits: Limits,
    pins: RwLock<Arc<Pins>>,
    /// Whoever reads takes a share of a tally and lets the lock go; only a worker that comes to the same service meanwhile
    /// pays for a copy. So telling all that is known holds nobody up, and an idle service is never copied.
    services: DashMap<ServiceId, Arc<Tally>, RandomState>,
    common: Mutex<Common>,
}

/// What is known beside services, and how full the house is.
#[derive(Debug, Default)]
struct Common {
    /// Shared as the tallies are.
    rest: Arc<Rest>,
    /// Never less than what is held.
    load: Load,
    /// Requests of services for which there was no room.
    other_services: u64,
    /// When what is held takes more bytes than this (and than `Limits::open_bytes`), all records are put away.
    open_bytes: usize,
    /// Every service that is kept, by rank: a flood of made-up hosts must find the last one without looking at all.
    ranked: BTreeSet<Rank>,
}

/// Services that a declaration names come before the others, then those whose names begin with a word of APIs (`api`, `auth`),
/// then the smallest hash.
type Rank = (bool, bool, u64, ServiceId);

impl Inventory {
    /// An empty inventory. `templates` are what is declared, and what users say beside; each pin's [`PinId`] is its index, those
    /// of users behind those that are declared.
    #[must_use]
    pub fn new(limits: &Limits, templates: impl Into<Templates>) -> Self {
        Self {
            limits: limits.clone(),
            pins: RwLock::new(Arc::new(Pins::new(templates))),
            services: DashMap::with_hasher(RandomState::default()),
            common: Mutex::default(),
        }
    }

    /// New declarations, from now on; workers fetch them by [`Inventory::pins`] and hand them to their deltas. Tells
    /// the id of each, in the order given: a pin equal to a known one keeps its id, and ids are never used again, so
    /// what was recorded under older declarations stays told by them.
    pub fn repin(&self, templates: impl Into<Templates>) -> Vec<PinId> {
        let mut known = self.pins.write().unwrap_or_else(PoisonError::into_inner);
        let (renewed, ids) = known.renewed(templates);
        *known = Arc::new(renewed);
        drop(known);
        // Ranks depend on declarations.
        let pins = self.pins();
        let mut common = self.common();
        common.ranked = self.services.iter().map(|known| rank_under(&pins, known.key())).collect();
        ids
    }

    /// The declarations in force.
    #[must_use]
    pub fn pins(&self) -> Arc<Pins> {
        Arc::clone(&self.pins.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in a worker's share.
    pub fn absorb(&self, mut delta: Delta) {
        let pins = self.pins();
        let mut homeless = 0_u64;
        for (service, tally) in delta.drain() {
            let requests = tally.requests();
            if !self.absorb_service(&service, tally, &pins) {
                homeless.merge(requests);
            }
        }
        let mut common = self.common();
        common.other_services.merge(homeless);
        common.load += delta.load;
        Arc::make_mut(&mut common.rest).absorb(std::mem::take(&mut delta.rest), &self.limits);
        self.settle(&mut common);
    }

    /// Brings what is held down to the bounds, when it seems to be more.
    fn settle(&self, common: &mut Common) {
        let (held, limits) = (common.load, &self.limits);
        // A quarter above the bound before anybody counts: counting costs as much as all that is held.
        let over = |held: usize, limit: usize| held > limit.saturating_add(limit / 4);
        if held.bytes > common.open_bytes.max(limits.open_bytes) {
            self.put_away(common);
        }
        let held = common.load;
        if over(held.learned, limits.operations)
            || over(held.unknown, limits.unknown_paths)
            || over(held.places, limits.shape_nodes)
            || over(held.bytes, limits.inventory_bytes)
        {
            self.tidy(common);
        }
    }

    /// Puts all records away, and counts what is held. Next time when half as much again is.
    fn put_away(&self, common: &mut Common) {
        self.services.iter_mut().filter(|tally| tally.has_open()).for_each(|mut tally| {
            Arc::make_mut(&mut tally).put_away();
        });
        common.load = self.count();
        common.open_bytes = common.load.bytes.saturating_add(common.load.bytes / 2);
    }

    /// All that was seen so far, sorted and folded. Workers wait while what is held is counted, and not while it is
    /// folded.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.tidy(&mut self.common());
        let (rest, other_services) = self.beside();
        let mut bounds = BTreeMap::new();
        let mut services = Vec::with_capacity(self.services.len());
        let pins = self.pins();
        for together in self.together() {
            let lent: Vec<(&ServiceId, &Tally)> = together.iter().map(|(id, tally)| (id, &**tally)).collect();
            lent.iter().for_each(|(_, tally)| tally.bounds_met(&mut bounds));
            services.extend(Tally::freeze(&lent, &pins, &rest.signals));
        }
        services.sort_by(|a, b| a.id.cmp(&b.id));
        let elsewhere = [
            ("inventory.services", other_services),
            ("inventory.clients", rest.signals.more()),
            ("inventory.opaque_services", rest.opaque.more()),
        ];
        bounds.extend(elsewhere.into_iter().filter(|(_, count)| *count > 0));
        Snapshot {
            services,
            opaque: rest.opaque.freeze(),
            window: rest.window.bounds(),
            exchanges: rest.exchanges,
            unnamed: rest.unnamed,
            late: pins.late(),
            bounds,
        }
    }

    /// What is known beside services, and the requests of those for which there was no room.
    fn beside(&self) -> (Arc<Rest>, u64) {
        let common = self.common();
        (Arc::clone(&common.rest), common.other_services)
    }

    /// Services that are one under several names: one host, met at one address, whatever the ports. In order.
    fn together(&self) -> Vec<Vec<(ServiceId, Arc<Tally>)>> {
        // Those that were pushed out since are left out.
        let all: Vec<(ServiceId, Arc<Tally>)> =
            self.ids().into_iter().filter_map(|id| self.tally(&id).map(|tally| (id, tally))).collect();
        // Each points at itself or at an earlier one of its group; the first of a group is its root.
        let mut before: Vec<usize> = (0..all.len()).collect();
        let mut met: HashMap<(&str, SocketAddr), usize, RandomState> = HashMap::default();
        for (at, (id, tally)) in all.iter().enumerate() {
            for server in tally.servers() {
                let first = *met.entry((&id.host, *server)).or_insert(at);
                let (one, other) = (root(&mut before, at), root(&mut before, first));
                before[one.max(other)] = one.min(other);
            }
        }
        let roots: Vec<usize> = (0..all.len()).map(|at| root(&mut before, at)).collect();
        let mut groups: BTreeMap<usize, Vec<(ServiceId, Arc<Tally>)>> = BTreeMap::new();
        for (root, service) in roots.into_iter().zip(all) {
            groups.entry(root).or_default().push(service);
        }
        groups.into_values().collect()
    }

    /// The services that are kept, in order.
    fn ids(&self) -> Vec<ServiceId> {
        let mut ids: Vec<ServiceId> = self.services.iter().map(|known| known.key().clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// What is known of a service at this moment.
    fn tally(&self, id: &ServiceId) -> Option<Arc<Tally>> {
        self.services.get(id).map(|known| Arc::clone(&known))
    }

    fn common(&self) -> MutexGuard<'_, Common> {
        self.common.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in one service; false when there is no room for it.
    fn absorb_service(&self, service: &ServiceId, tally: Tally, pins: &Pins) -> bool {
        if !self.services.contains_key(service) && !self.admit(service, pins) {
            return false;
        }
        // It may have been pushed out since, by another worker.
        let Some(mut known) = self.services.get_mut(service) else { return false };
        Arc::make_mut(&mut known).absorb(tally, &self.limits);
        true
    }

    /// Makes room for a new service, where one of greater rank has to go.
    fn admit(&self, service: &ServiceId, pins: &Pins) -> bool {
        // The lock makes sure that one worker at a time decides who stays.
        let mut common = self.common();
        if self.services.contains_key(service) {
            return true;
        }
        let rank = rank_under(pins, service);
        if common.ranked.len() >= self.limits.services {
            if common.ranked.last().is_none_or(|last| *last < rank) {
                return false;
            }
            if let Some((_, tally)) = common.ranked.pop_last().and_then(|last| self.services.remove(&last.3)) {
                common.other_services.merge(tally.requests());
            }
        }
        common.ranked.insert(rank);
        self.services.entry(service.clone()).or_default();
        true
    }

    /// Counts what is held and brings it down to the bounds.
    fn tidy(&self, common: &mut Common) {
        let most = self.limits.inventory_bytes;
        let mut held = self.count();
        if held.bytes > most {
            self.put_away(common);
            held = common.load;
        }
        if held.unknown > self.limits.unknown_paths || held.bytes > most {
            self.services.iter_mut().for_each(|mut tally| Arc::make_mut(&mut tally).settle_unknown());
            self.keep_unknown(most / 4);
            held = self.count();
        }
        // The first round only counts anew what was estimated.
        let mut cap = Shapes::PLACES;
        while held.places > self.limits.shape_nodes && cap > 0 {
            self.services.iter_mut().for_each(|mut tally| Arc::make_mut(&mut tally).cut_places(cap));
            held = self.count();
            cap /= 2;
        }
        if held.learned > self.limits.operations {
            self.keep_learned(usize::MAX);
            held = self.count();
        }
        // What the places of the paths take is not known before they are gone: half of the room is enough in the end.
        let mut room = most;
        while held.bytes > most && held.learned > 0 {
            room /= 2;
            self.keep_learned(room);
            held = self.count();
        }
        // What is left are declared operations, of hosts that a declaration for every host lets anybody make up.
        while held.bytes > most && common.ranked.len() > 1 {
            for _ in 0..common.ranked.len().div_ceil(8) {
                if let Some((_, tally)) = common.ranked.pop_last().and_then(|last| self.services.remove(&last.3)) {
                    common.other_services.merge(tally.requests());
                }
            }
            held = self.count();
        }
        common.load = held;
    }

    /// Keeps the learned operations of the smallest ranks.
    fn keep_learned(&self, bytes: usize) {
        let ceiling = self.ceiling(self.limits.operations, bytes, Tally::learned_ranks);
        self.services.iter_mut().for_each(|mut tally| {
            let service = rank(tally.key());
            Arc::make_mut(&mut tally).drop_learned(service, ceiling);
        });
    }

    /// Keeps the unknown paths of the smallest ranks.
    fn keep_unknown(&self, bytes: usize) {
        let ceiling = self.ceiling(self.limits.unknown_paths, bytes, Tally::unknown_ranks);
        self.services.iter_mut().for_each(|mut tally| {
            let service = rank(tally.key());
            Arc::make_mut(&mut tally).drop_unknown(service, ceiling);
        });
    }

    fn count(&self) -> Load {
        let mut load = Load::default();
        self.services.iter().for_each(|tally| load += tally.load());
        load
    }

    /// The greatest rank that stays when `limit` stay, of no more than `bytes` together.
    fn ceiling(&self, limit: usize, bytes: usize, ranks_of: fn(&Tally, u64, &mut Vec<(u64, usize)>)) -> u64 {
        let mut ranks = Vec::new();
        self.services.iter().for_each(|tally| ranks_of(&tally, rank(tally.key()), &mut ranks));
        ranks.sort_unstable();
        let mut ceiling = 0;
        let mut sum = 0_usize;
        for (at, (rank, weight)) in ranks.into_iter().enumerate() {
            sum = sum.saturating_add(weight);
            if at >= limit || sum > bytes {
                return ceiling;
            }
            ceiling = rank;
        }
        u64::MAX
    }
}

/// The first of the group of `at`; shortens the way for whoever asks next.
fn root(before: &mut [usize], mut at: usize) -> usize {
    while before[at] != at {
        before[at] = before[before[at]];
        at = before[at];
    }
    at
}

fn rank_under(pins: &Pins, service: &ServiceId) -> Rank {
    let first = service.host.split('.').next().unwrap_or_default();
    (!pins.names(service), !is_listed(first), rank(service), service.clone())
}

/// The hash of a service by which it is ranked.
fn rank(service: &ServiceId) -> u64 {
    chain(chain(u64::from(service.port), &service.host), service.scheme.name())
}
