//! All that was counted of one service: the same in a worker's delta and in the shared inventory.
//!
//! An observation lands in one of four places: under a declared template; among the noise; in the tree of learned
//! paths; or, when the answer says that there is nothing (404, 410, 405, 501), or when a crawler or a scanner found nothing, beside
//! the tree. What lies beside creates no place in the tree, so a scanner's million paths make no endpoint; yet it is kept by
//! path and method, and counts with the operation of the same path and method if that turns out to exist, whichever came first.
//!
//! Some hosts have one page, or one way to log in, for whatever is asked. What they answer to those who look for secrets is kept as
//! prints, keyed hashes; a record of nothing but such answers to nobody but such clients is idle, and no operation.

mod kept;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use super::bounded::Smallest;
use super::entry::{Entry, Window, texts};
use super::fold::{self, Folded};
use super::lexicon::is_listed;
use super::methods::Methods;
use super::pins::{Pins, Taken};
use super::signals::Signals;
use super::sketch::{Distinct, chain};
use super::slot::Slot;
use super::snapshot::{Operation, Service};
use super::traffic::Traffic;
use super::tree::{Key, Node, Steps, Way};
use crate::api::{Facts, Noise, Observation, PinId, Seen, ServiceId};
use crate::limits::Limits;
use crate::merge::Merge;

pub(super) use kept::{Growing, Head, Numbers};

/// What was counted of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    requests: u64,
    /// Every request of a class, wherever else it is counted.
    noise: BTreeMap<Noise, u64>,
    servers: Smallest<SocketAddr, 16>,
    window: Window,
    traffic: Traffic,
    pinned: BTreeMap<PinId, Methods>,
    learned: Node,
    /// Answers of "nothing here", and what crawlers and scanners asked for in vain, by the hash of path, method and which of both.
    unknown: HashMap<u64, Unknown, RandomState>,
    forgotten: Forgotten,
    /// Prints of what answers those who look for secrets that are not there: it says nothing of any path.
    idle: Smallest<u64, PRINTS>,
    /// Requests of learned operations for which there was no room.
    other: u64,
    /// Requests whose path had more segments than are kept.
    long_paths: u64,
}

/// Requests on one path and method that were all answered "nothing here", or that are all noise.
#[derive(Clone, Debug)]
struct Unknown {
    path: Box<str>,
    method: Box<str>,
    entry: Box<Entry>,
}

/// What remains of [`Unknown`]s for which there was no room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Forgotten {
    requests: u64,
    /// Of what is no noise ...
    answers: BTreeMap<u16, u64>,
    not_found_paths: Distinct,
    /// ... and of noise.
    noise_answers: BTreeMap<u16, u64>,
}

/// What a tally holds, as far as the bounds care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Learned records.
    pub(super) learned: usize,
    /// Unknown paths.
    pub(super) unknown: usize,
    /// Places of shapes, and parameters.
    pub(super) places: usize,
    /// Memory in all, rather too much than too little.
    pub(super) bytes: usize,
}

impl std::ops::AddAssign for Load {
    fn add_assign(&mut self, other: Self) {
        self.learned += other.learned;
        self.unknown += other.unknown;
        self.places += other.places;
        self.bytes += other.bytes;
    }
}

impl Unknown {
    /// What one takes beside its path and what its record holds: two slots of a table, and the record.
    const BYTES: usize = 2 * size_of::<(u64, Self)>() + 64 + Entry::BYTES;

    fn hash<'k>(keys: impl Iterator<Item = Key<'k>>, method: &str, noisy: bool) -> u64 {
        let hash = chain(keys.fold(0, |hash, key| key.chain(hash)), method);
        if noisy { !hash } else { hash }
    }

    /// Its requests are noise.
    fn is_noisy(&self) -> bool {
        self.entry.noise() > 0
    }

    /// What decides where it stands.
    fn order(&self) -> (&str, &str, bool) {
        (&self.path, &self.method, self.is_noisy())
    }

    fn weight(&self) -> usize {
        Self::BYTES + self.path.len() + self.entry.weight()
    }
}

impl Tally {
    /// What one takes, with its name: two slots of a table, and its rank.
    pub(super) const BYTES: usize = 2 * size_of::<(ServiceId, Self)>() + 512;

    /// Takes in one exchange; tells what it added at the most.
    pub(super) fn note(
        &mut self,
        seen: &Observation<'_>,
        taken: Option<Taken<'_>>,
        drift: Option<(u64, &Facts)>,
        limits: &Limits,
    ) -> Load {
        self.requests.merge(1);
        self.window.insert(seen.at);
        let grown = Load { bytes: self.traffic.note(seen), ..Load::default() };
        if seen.status.is_some() {
            self.servers.insert(seen.server);
        }
        if let Some(print) = seen.print.filter(|_| seen.tried) {
            self.idle.insert(print);
        }
        // A mere redirect teaches nothing of what is there, unless a declaration already says it.
        let built_in = || seen.mere_redirect.then_some(Noise::Redirect).filter(|_| !seen.decreed);
        let noise = seen.noise.or_else(built_in);
        // What is declared is no noise by its path; who asked, and what users say, holds all the same.
        let declared = taken.as_ref().is_some_and(|taken| taken.declared);
        let noise = noise.filter(|noise| !declared || seen.decreed || noise.is_of_caller());
        if let Some(noise) = noise {
            self.noise.entry(noise).or_default().merge(1);
        }
        let mut load = match (taken, noise) {
            (Some(taken), noise) if taken.declared || noise.is_none_or(Noise::is_of_caller) => {
                let Seen::Http { path, .. } = seen.seen;
                let methods = self.pinned.entry(taken.id).or_default();
                let (entry, new) = methods.entry(taken.method, || Entry::new(limits.params));
                let mut bytes = entry.count(seen) + if new { Entry::BYTES } else { 0 };
                bytes += noise.map_or(0, |noise| entry.sort(noise));
                bytes += drift.map_or(0, |(digest, facts)| entry.drift(digest, facts, seen.at));
                let mut places = 0;
                if shows(noise, seen) {
                    let (body, learned) = entry.learn(seen);
                    let (variables, added) = entry.learn_path(taken.template, path);
                    places = body + variables;
                    bytes += learned + added;
                }
                Load { places, bytes, ..Load::default() }
            }
            (_, Some(noise)) if !noise.is_of_caller() => Load::default(),
            (_, noise) => self.learn(seen, noise, limits),
        };
        load += grown;
        load
    }

    fn learn(&mut self, seen: &Observation<'_>, noise: Option<Noise>, limits: &Limits) -> Load {
        let Seen::Http { method, path } = seen.seen;
        // HEAD asks what GET would say (RFC 9110 section 9.3.2).
        let method = if method == "HEAD" { "GET" } else { method };
        self.long_paths.merge(u64::from(path.len() > limits.path_segments));
        let mut steps = Steps::of(path, limits);
        let noisy = noise.is_some();
        if seen.status.is_some_and(says_nothing_here) || !shows(noise, seen) {
            let hash = Unknown::hash(steps.clone().map(|step| step.key()), method, noisy);
            let known = self.unknown.len();
            let mut bytes = 0;
            let unknown = self.unknown.entry(hash).or_insert_with(|| {
                let mut path = String::new();
                steps.for_each(|step| step.key().write(&mut path));
                bytes = Unknown::BYTES + path.len();
                Unknown { path: path.into(), method: method.into(), entry: Box::new(Entry::new(limits.params)) }
            });
            // Counted, not learned: what a scanner put into its requests describes nothing. But how an API says that there is no
            // user of this number is a part of it, and that there is none to log in; most of what is guessed has other words.
            bytes += unknown.entry.count(seen) + noise.map_or(0, |noise| unknown.entry.sort(noise));
            let mut places = 0;
            let named = || path.iter().all(|segment| is_listed(segment.text));
            if !noisy && (path.iter().any(|segment| segment.class.is_value()) || named()) {
                let (more, learned) = unknown.entry.learn(seen);
                places = more;
                bytes += learned;
            }
            return Load { unknown: self.unknown.len() - known, places, bytes, ..Load::default() };
        }
        self.learned.reach(&mut steps, limits, 0, |place, grown| {
            let (entry, new) = place.methods.entry(method, || Entry::new(limits.params));
            let counted = entry.count(seen) + noise.map_or(0, |noise| entry.sort(noise));
            let (places, learned) = entry.learn(seen);
            let bytes = grown + counted + learned + if new { Entry::BYTES } else { 0 };
            Load { learned: usize::from(new), unknown: 0, places, bytes }
        })
    }

    /// Takes in another's share of the same service.
    pub(super) fn absorb(&mut self, other: Self, limits: &Limits) {
        self.requests.merge(other.requests);
        Merge::merge(&mut self.noise, other.noise);
        self.servers.merge(other.servers);
        self.window.merge(other.window);
        self.traffic.merge(other.traffic);
        Merge::merge(&mut self.pinned, other.pinned);
        self.learned.absorb(other.learned, limits.level_words);
        for (hash, theirs) in other.unknown {
            match self.unknown.get_mut(&hash) {
                Some(mine) => mine.entry.merge(*theirs.entry),
                None => drop(self.unknown.insert(hash, theirs)),
            }
        }
        self.forgotten.requests.merge(other.forgotten.requests);
        Merge::merge(&mut self.forgotten.answers, other.forgotten.answers);
        self.forgotten.not_found_paths.merge(other.forgotten.not_found_paths);
        Merge::merge(&mut self.forgotten.noise_answers, other.forgotten.noise_answers);
        self.idle.merge(other.idle);
        self.other.merge(other.other);
        self.long_paths.merge(other.long_paths);
    }

    /// Requests in all.
    pub(super) const fn requests(&self) -> u64 {
        self.requests
    }

    /// What is held here, exactly.
    pub(super) fn load(&self) -> Load {
        let mut load = Load { unknown: self.unknown.len(), ..Load::default() };
        self.learned.each(Way::of(0), &mut |_, _, entry| {
            load.learned += 1;
            load.places += entry.places();
        });
        load.bytes = Self::BYTES
            + self.traffic.weight()
            + self.learned.weight()
            + self.unknown.values().map(Unknown::weight).sum::<usize>();
        for (_, entry) in self.pinned.values().flat_map(Methods::iter) {
            load.places += entry.places();
            load.bytes += entry.weight() + 64;
        }
        load.places += self.unknown.values().map(|unknown| unknown.entry.places()).sum::<usize>();
        load
    }

    /// Cuts the shapes of each operation to at most `cap` places, and its parameters to as many.
    pub(super) fn cut_places(&mut self, cap: usize) {
        self.learned.each_mut(&mut |slot| slot.cut_places(cap));
        self.pinned.values_mut().flat_map(Methods::iter_mut).for_each(|(_, slot)| slot.cut_places(cap));
        self.unknown.values_mut().for_each(|unknown| unknown.entry.cut_places(cap));
    }

    /// Puts all records away.
    pub(super) fn put_away(&mut self) {
        self.learned.each_mut(&mut Slot::put_away);
        self.pinned.values_mut().flat_map(Methods::iter_mut).for_each(|(_, slot)| slot.put_away());
    }

    /// Some record is open.
    pub(super) fn has_open(&self) -> bool {
        let mut open = self.pinned.values().flat_map(Methods::iter).any(|(_, slot)| slot.is_open());
        self.learned.each(Way::of(0), &mut |_, _, slot| open |= slot.is_open());
        open
    }

    /// The rank and the weight of every learned record, by which the bounds on them choose.
    pub(super) fn learned_ranks(&self, service: u64, ranks: &mut Vec<(u64, usize)>) {
        self.learned.each(Way::of(service), &mut |path, method, slot| ranks.push((path.rank(method), slot.weight())));
    }

    /// Forgets learned records of a rank above `ceiling`; their requests stay counted.
    pub(super) fn drop_learned(&mut self, service: u64, ceiling: u64) {
        let other = &mut self.other;
        self.learned.retain(Way::of(service), &mut |path, method, entry| {
            let keep = path.rank(method) <= ceiling;
            if !keep {
                other.merge(entry.requests());
            }
            keep
        });
    }

    /// Counts what lies beside the tree with the operations that meanwhile turned out to exist. A snapshot would do
    /// the same; it is done early before something has to be forgotten.
    pub(super) fn settle_unknown(&mut self) {
        let learned = &mut self.learned;
        self.unknown.retain(|_, unknown| {
            let keys = split(&unknown.path).map(Key::read);
            let found = learned.find_mut(keys).and_then(|node| node.methods.get_mut(&unknown.method));
            let unsettled = found.is_none();
            if let Some(slot) = found {
                let theirs = std::mem::take(&mut *unknown.entry);
                slot.change(|entry| entry.merge(theirs));
            }
            unsettled
        });
    }

    /// The rank and the weight of every unknown path.
    pub(super) fn unknown_ranks(&self, service: u64, ranks: &mut Vec<(u64, usize)>) {
        ranks.extend(self.unknown.iter().map(|(hash, unknown)| (rank(service, *hash), unknown.weight())));
    }

    /// Forgets unknown paths of a rank above `ceiling`; their answers stay counted.
    pub(super) fn drop_unknown(&mut self, service: u64, ceiling: u64) {
        let forgotten = &mut self.forgotten;
        self.unknown.retain(|hash, unknown| {
            let keep = rank(service, *hash) <= ceiling;
            if !keep {
                forgotten.take(unknown);
            }
            keep
        });
        self.unknown.shrink_to_fit();
    }

    /// Adds the bounds that were met here.
    pub(super) fn bounds_met(&self, met: &mut BTreeMap<&'static str, u64>) {
        let mut add = |name, count: u64| {
            if count > 0 {
                met.entry(name).or_default().merge(count);
            }
        };
        add("inventory.level_words", self.learned.overfull());
        add("inventory.operations", self.other);
        add("inventory.unknown_paths", self.forgotten.requests);
        add("inventory.path_segments", self.long_paths);
        self.learned.each(Way::of(0), &mut |_, _, slot| slot.look().bounds_met(met));
        self.pinned.values().flat_map(Methods::iter).for_each(|(_, slot)| slot.look().bounds_met(met));
    }

    /// The plain figures: declared operations, learned ones folded, what was not found. Tallies of one service under
    /// several names (another port of the same server) learn together, and each keeps its own figures.
    pub(super) fn freeze(together: &[(&ServiceId, &Self)], pins: &Pins, signals: &Signals) -> Vec<Service> {
        let is_scanner = |caller| signals.is_scanner(caller);
        let roots: Vec<&Node> = together.iter().map(|(_, tally)| &tally.learned).collect();
        let rules = pins.rules();
        let forbidden = together.first().map(|(id, _)| rules.forbidden(id)).unwrap_or_default();
        // What answers any path says nothing of one, where nobody else asked for it than who tries any path.
        let idle = |at: usize, entry: &Entry| {
            together.get(at).is_some_and(|(_, tally)| entry.is_only(&tally.idle, |caller| signals.tries(caller)))
        };
        let mut folded = fold::fold(&roots, &forbidden, &idle);
        let place = |(at, (_, tally)): (usize, &(_, &Self))| tally.place_unknown(at, &mut folded, &is_scanner);
        let mut unknown: Vec<NotFound> = together.iter().enumerate().map(place).collect();
        for (at, (_, tally)) in together.iter().enumerate() {
            unknown[at].scanned.merge(tally.idle_requests(|entry| idle(at, entry)));
        }
        let mut learned: Vec<Vec<Operation>> = together.iter().map(|_| Vec::new()).collect();
        // What was dropped for want of room took its texts along, when depends on the order: no figure then.
        let whole = together.iter().all(|(_, tally)| tally.other == 0);
        for mut found in folded.operations(whole) {
            if let Some(named) = together.get(found.service).and_then(|(id, _)| rules.renamed(id, &found.template)) {
                found.rename(named);
            }
            let in_vain = found.entry.answered() == 0 && found.entry.is_scanned_only(is_scanner);
            let mut record = found.entry.freeze(is_scanner);
            if in_vain {
                // Nobody else asked for it, and they got nothing. That it refused them shows all the same that it may be there.
                let others = record.requests.saturating_sub(record.noise.values().sum());
                let mut noise: BTreeMap<_, _> = record.noise.into_iter().collect();
                noise.entry(Noise::Scanner).or_default().merge(others);
                record.noise = noise.into_iter().collect();
                unknown[found.service].scanned.merge(others);
            }
            if whole {
                record.variables = found.variables.into_iter().collect();
                record.params.splice(0..0, found.params);
            }
            let evidence = Some(found.learned).filter(|_| whole);
            let (method, template) = (found.method, found.template);
            learned[found.service].push(Operation { method, template, pin: None, record, learned: evidence });
        }
        let services = together.iter().zip(learned).zip(unknown);
        services.map(|(((id, tally), learned), unknown)| tally.told(id, learned, unknown, pins, &is_scanner)).collect()
    }

    fn told(
        &self,
        id: &ServiceId,
        learned: Vec<Operation>,
        unknown: NotFound,
        pins: &Pins,
        is_scanner: &dyn Fn(u64) -> bool,
    ) -> Service {
        let mut operations = learned;
        for (pin, methods) in &self.pinned {
            let Some(declared) = pins.get(*pin) else { continue };
            operations.extend(methods.iter().map(|(method, slot)| Operation {
                method: method.to_owned(),
                template: declared.template.clone(),
                pin: Some(*pin),
                record: slot.look().into_owned().freeze(is_scanner).under(&declared.template),
                learned: None,
            }));
        }
        operations.sort_by(|a, b| (&a.template, &a.method, a.pin).cmp(&(&b.template, &b.method, b.pin)));
        let (first, last) = self.window.bounds().unwrap_or_default();
        let mut noise = self.noise.clone();
        if unknown.scanned > 0 {
            noise.entry(Noise::Scanner).or_default().merge(unknown.scanned);
        }
        Service {
            id: id.clone(),
            operations,
            requests: self.requests,
            noise,
            not_found: unknown.not_found,
            not_allowed: unknown.not_allowed,
            not_found_paths: unknown.not_found_paths.estimate(),
            unknown_answers: unknown.answers,
            traffic: self.traffic.freeze(),
            servers: texts(&self.servers),
            first,
            last,
        }
    }

    /// Requests of records that say nothing, but for those that are noise already.
    fn idle_requests(&self, idle: impl Fn(&Entry) -> bool) -> u64 {
        let mut sum = 0_u64;
        // Records are opened for this, and hosts that answer everything alike are few.
        if !self.idle.is_empty() {
            self.learned.each(Way::of(0), &mut |_, _, slot| {
                let entry = slot.look();
                sum.merge(if idle(&entry) { entry.requests().saturating_sub(entry.noise()) } else { 0 });
            });
        }
        sum
    }

    /// Addresses that answered, a bounded sample.
    pub(super) fn servers(&self) -> impl Iterator<Item = &SocketAddr> {
        self.servers.iter()
    }

    /// Counts each unknown path with the operation that takes it after folding, else as not found.
    fn place_unknown(&self, at: usize, folded: &mut Folded<'_>, is_scanner: &dyn Fn(u64) -> bool) -> NotFound {
        let mut forgotten = self.forgotten.clone();
        let noise = std::mem::take(&mut forgotten.noise_answers);
        let mut left = NotFound {
            not_found: forgotten.answers.iter().filter(|(status, _)| is_missing(**status)).map(|(_, n)| *n).sum(),
            not_allowed: forgotten.answers.iter().filter(|(status, _)| !is_missing(**status)).map(|(_, n)| *n).sum(),
            not_found_paths: forgotten.not_found_paths,
            answers: forgotten.answers,
            scanned: 0,
        };
        // Whoever asks: a host that says 404 says it to scanners too.
        Merge::merge(&mut left.answers, noise);
        // In order of path, as a record's parts must not depend on the order of a hash map.
        let unknown: BTreeMap<(&str, &str, bool), &Unknown> =
            self.unknown.values().map(|unknown| (unknown.order(), unknown)).collect();
        let mut settled = BTreeSet::new();
        for (&key, unknown) in &unknown {
            let (path, method, _) = key;
            let place = folded.place(split(path).map(Key::read));
            if place.is_some_and(|place| folded.add(place, at, method, &unknown.entry)) {
                settled.insert(key);
            }
        }
        for (key, unknown) in unknown.iter().filter(|(key, _)| !settled.contains(*key)) {
            let path_exists = folded.place(split(key.0).map(Key::read)).is_some_and(|place| folded.exists(place));
            let noisy = unknown.is_noisy();
            let scanned = !noisy && unknown.entry.is_scanned_only(is_scanner);
            left.scanned.merge(if scanned { unknown.entry.requests() } else { 0 });
            for (status, count) in unknown.entry.statuses().iter().filter(|(status, _)| says_nothing_here(**status)) {
                match (is_missing(*status), noisy || scanned) {
                    (_, true) => {}
                    (true, false) => {
                        left.not_found.merge(*count);
                        left.not_found_paths.insert(chain(0, key.0));
                    }
                    (false, false) => left.not_allowed.merge(*count),
                }
                // Where another method is answered on the path, this says nothing of unknown paths.
                if !path_exists {
                    left.answers.entry(*status).or_default().merge(*count);
                }
            }
        }
        left
    }
}

/// What was asked for and is not there.
struct NotFound {
    not_found: u64,
    not_allowed: u64,
    not_found_paths: Distinct,
    answers: BTreeMap<u16, u64>,
    /// Requests of clients that behave like scanners, which nothing else says to be noise.
    scanned: u64,
}

impl Forgotten {
    fn take(&mut self, unknown: &Unknown) {
        self.requests.merge(unknown.entry.requests());
        if unknown.is_noisy() {
            let said = unknown.entry.statuses().iter().filter(|(status, _)| says_nothing_here(**status));
            said.for_each(|(status, count)| self.noise_answers.entry(*status).or_default().merge(*count));
            return;
        }
        Merge::merge(&mut self.answers, unknown.entry.statuses().clone());
        if unknown.entry.statuses().keys().any(|status| is_missing(*status)) {
            self.not_found_paths.insert(chain(0, &unknown.path));
        }
    }
}

/// Prints that are kept of a service.
pub(super) const PRINTS: usize = 8;

/// Not Found, Gone.
pub(super) const fn is_missing(status: u16) -> bool {
    matches!(status, 404 | 410)
}

/// What came back shows that something is there: of a scanner's requests a success that can be what was asked for, of a
/// crawler's one that is no page. Anybody else's answer shows what it shows.
pub(super) fn shows(noise: Option<Noise>, seen: &Observation<'_>) -> bool {
    let success = seen.status.is_some_and(|status| (200..300).contains(&status));
    match noise {
        Some(Noise::Crawler) => success && !seen.response_type.is_some_and(is_page),
        Some(Noise::Scanner) => success && !seen.feigned,
        _ => true,
    }
}

/// What crawlers come for, and what hangs on it.
fn is_page(media_type: &str) -> bool {
    let (top, sub) = media_type.split_once('/').unwrap_or_default();
    matches!(top, "image" | "font" | "audio" | "video")
        || matches!(sub, "html" | "xhtml+xml" | "css" | "javascript" | "x-javascript")
}

/// The answer says that there is no such path, or no such method on it.
pub(super) const fn says_nothing_here(status: u16) -> bool {
    matches!(status, 404 | 410 | 405 | 501)
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').skip(1)
}

fn rank(service: u64, hash: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&hash.to_le_bytes(), service)
}
