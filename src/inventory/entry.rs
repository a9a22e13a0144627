//! All we know of one operation, growing.
//!
//! In: observations, and what other workers learned of the same operation. Out: a [`Record`], the plain figures of
//! it. Every part is bounded and every part merges, so a record depends on the set of what was seen.

mod kept;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::bounded::{Few, Smallest, tree_bytes};
use super::counts::Counts;
use super::drifts::Drifts;
use super::lessons::Lessons;
use super::params::{NAME_BYTES, Params};
use super::parts::Parts;
use super::path_values::{kind_of, kind_of_part};
use super::shapes::Union;
use super::sketch::{Distinct, Histogram};
use super::snapshot::{Operation, ParamRecord, Record};
use super::sorted::Sorted;
use super::tally::{PRINTS, says_nothing_here};
use super::tokens::Tokens;
use super::traffic::Traffic;
use crate::api::{AuthScheme, DataClasses, Facts, Noise, Observation, OddBody, PathSegment, PathTemplate, Value};
use crate::merge::Merge;
use crate::time::Timestamp;

/// First and last time of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window(Option<(Timestamp, Timestamp)>);

impl Window {
    /// Takes in one point.
    pub(super) fn insert(&mut self, at: Timestamp) {
        self.merge(Self(Some((at, at))));
    }

    /// First and last.
    pub(super) const fn bounds(self) -> Option<(Timestamp, Timestamp)> {
        self.0
    }
}

impl Merge for Window {
    fn merge(&mut self, other: Self) {
        self.0 = match (self.0, other.0) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

/// The growing record of one operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Entry {
    requests: u64,
    unanswered: u64,
    mere_redirects: u64,
    encrypted: u64,
    /// Requests by class of noise, of those that are counted here; most operations see none.
    noise: Option<Box<Counts<Noise>>>,
    request_bytes: u64,
    response_bytes: u64,
    /// A code outside 100 to 999 is counted as 0.
    statuses: BTreeMap<u16, u64>,
    same: Same,
    window: Window,
    latency: Histogram,
    traffic: Traffic,
    callers: Distinct,
    servers: Smallest<SocketAddr, 16>,
    auth: BTreeMap<AuthScheme, u64>,
    auth_ok: BTreeMap<AuthScheme, u64>,
    /// Most operations see none.
    tokens: Option<Box<Tokens>>,
    /// Most operations see none.
    odd_bodies: Option<Box<Counts<OddBody>>>,
    params: Params,
    request_types: Few<Box<str>, 16>,
    response_types: Few<Box<str>, 16>,
    lessons: Lessons,
    /// Most operations see none, as most are not declared.
    drifts: Option<Box<Drifts>>,
}

/// Whether all answers that show something were one and the same, as far as their prints tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Same {
    /// There was none.
    #[default]
    None,
    /// All had this print.
    One(u64),
    /// They differ, or have no print.
    No,
}

impl Merge for Same {
    fn merge(&mut self, other: Self) {
        *self = match (*self, other) {
            (Self::None, one) | (one, Self::None) => one,
            (Self::One(mine), Self::One(theirs)) if mine == theirs => Self::One(mine),
            _ => Self::No,
        };
    }
}

impl Entry {
    /// What an empty one takes, with its method, and when it is told.
    pub(super) const BYTES: usize = size_of::<Self>() + 96 + Self::TOLD;
    /// What the figures of one take in a snapshot and in a report, beside parameters and shapes.
    const TOLD: usize = size_of::<Operation>() + 900;

    /// An empty record that keeps at most `params` parameters.
    pub(super) fn new(params: usize) -> Self {
        Self { params: Params::new(params), lessons: Lessons::new(params), ..Self::default() }
    }

    /// Takes in how often, when, by whom and how it was answered. Tells the memory added.
    pub(super) fn count(&mut self, seen: &Observation<'_>) -> usize {
        let mut added = 0;
        self.requests.merge(1);
        match seen.status {
            None => self.unanswered.merge(1),
            Some(status) => added += one_more(&mut self.statuses, code(status)),
        }
        if seen.status.is_some_and(|status| !says_nothing_here(status)) && !seen.mere_redirect {
            self.same.merge(seen.print.map_or(Same::No, Same::One));
        }
        self.mere_redirects.merge(u64::from(seen.mere_redirect));
        self.encrypted.merge(u64::from(seen.encrypted));
        self.request_bytes.merge(seen.request_bytes);
        self.response_bytes.merge(seen.response_bytes);
        self.window.insert(seen.at);
        if let Some(latency) = seen.latency {
            added += self.latency.insert(latency);
        }
        added += self.traffic.note(seen);
        let before = self.callers.weight() + self.servers.weight();
        self.callers.insert(seen.caller);
        if seen.status.is_some() {
            self.servers.insert(seen.server);
        }
        added += (self.callers.weight() + self.servers.weight()).saturating_sub(before);
        let succeeded = seen.status.is_some_and(|status| (200..300).contains(&status));
        for scheme in seen.auth {
            added += one_more(&mut self.auth, *scheme);
            if succeeded {
                added += one_more(&mut self.auth_ok, *scheme);
            }
        }
        if let Some(token) = seen.token {
            let before = self.tokens.as_ref().map_or(0, |tokens| size_of::<Tokens>() + tokens.weight());
            let tokens = self.tokens.get_or_insert_default();
            tokens.note(token);
            added += (size_of::<Tokens>() + tokens.weight()).saturating_sub(before);
        }
        added
    }

    /// Takes in what an exchange did that its declaration, of this digest, does not say. Tells the memory added.
    pub(super) fn drift(&mut self, digest: u64, facts: &Facts, at: Timestamp) -> usize {
        let frame = if self.drifts.is_some() { 0 } else { size_of::<Drifts>() + 16 };
        frame + self.drifts.get_or_insert_default().note(digest, facts, at)
    }

    fn drift_bytes(&self) -> usize {
        self.drifts.as_ref().map_or(0, |drifts| size_of::<Drifts>() + 16 + drifts.weight())
    }

    /// Counts a request of [`Entry::count`] under its class of noise. Tells the memory added.
    pub(super) fn sort(&mut self, noise: Noise) -> usize {
        let before = self.noise_bytes();
        self.noise.get_or_insert_default().add(noise, 1);
        self.noise_bytes().saturating_sub(before)
    }

    /// Requests that are noise.
    pub(super) fn noise(&self) -> u64 {
        self.noise.as_ref().map_or(0, |noise| noise.sum())
    }

    fn noise_bytes(&self) -> usize {
        self.noise.as_ref().map_or(0, |noise| size_of::<Counts<Noise>>() + 16 + noise.weight())
    }

    fn odd_bytes(&self) -> usize {
        self.odd_bodies.as_ref().map_or(0, |odd| size_of::<Counts<OddBody>>() + 16 + odd.weight())
    }

    /// All its callers behave like scanners.
    pub(super) fn is_scanned_only(&self, is_scanner: impl Fn(u64) -> bool) -> bool {
        !self.callers.is_empty() && self.callers.sample().all(is_scanner)
    }

    /// All that came back was one of these answers, of those that show something; and who asked is all of this kind.
    pub(super) fn is_only(&self, prints: &Smallest<u64, PRINTS>, kind: impl Fn(u64) -> bool) -> bool {
        matches!(self.same, Same::One(print) if prints.has(&print)) && self.is_scanned_only(kind)
    }

    /// Requests that something answered: a success, or a redirect that is more than another spelling.
    pub(super) fn answered(&self) -> u64 {
        let of = |codes: std::ops::Range<u16>| self.statuses.range(codes).map(|(_, count)| *count).sum::<u64>();
        let moved = of(300..400).saturating_sub(self.mere_redirects);
        of(101..102).saturating_add(of(200..300)).saturating_add(moved)
    }

    /// Takes in what was said: parameters, media types, shapes. Tells how many places (of shapes, and parameters) and
    /// bytes were added at the most.
    pub(super) fn learn(&mut self, seen: &Observation<'_>) -> (usize, usize) {
        let (mut places, mut bytes) = (0, 0);
        for param in seen.params.iter().filter(|param| !param.place.is_sampled()) {
            let (new, added) = self.params.count(param);
            places += usize::from(new);
            bytes += added;
        }
        let kept = |text: &'_ &str| text.len() <= NAME_BYTES;
        if let Some(media) = seen.request_type {
            bytes += self.request_types.count(Some(media).filter(kept).unwrap_or("other"));
        }
        if let Some(media) = seen.response_type {
            bytes += self.response_types.count(Some(media).filter(kept).unwrap_or("other"));
        }
        for odd in seen.odd_bodies.into_iter().flatten() {
            let before = self.odd_bytes();
            self.odd_bodies.get_or_insert_default().add(odd, 1);
            bytes += self.odd_bytes().saturating_sub(before);
        }
        let (more_places, more_bytes) = self.lessons.learn(seen.status.map_or(0, code), seen);
        (places + more_places, bytes + more_bytes)
    }

    /// Takes in the path under the declared template that took it: the values of its variables. Tells as [`Entry::learn`]
    /// does.
    pub(super) fn learn_path(&mut self, template: &PathTemplate, path: &[PathSegment<'_>]) -> (usize, usize) {
        let (mut places, mut bytes, mut number) = (0, 0, 0);
        for (declared, segment) in
            template.segments.iter().zip(path).filter(|(declared, _)| declared.literal().is_none())
        {
            let mut note = |kind, text: &str, looked| {
                let (new, added) = self.params.note_variable(number, kind, Value::of(text.as_bytes()), looked);
                (places, bytes, number) = (places + usize::from(new), bytes + added, number + 1);
            };
            if declared.0.len() == 1 {
                note(kind_of(segment), segment.text, segment.looked);
                continue;
            }
            let text = if declared.takes(segment.text) { segment.text } else { segment.whole };
            // Of several in one segment the longest is what the segment shows.
            let longest = declared.captures(text).map(str::len).max();
            let mut looked = segment.looked;
            for text in declared.captures(text) {
                let own = if Some(text.len()) == longest { std::mem::take(&mut looked) } else { DataClasses::NONE };
                note(kind_of_part(text), text, own);
            }
        }
        (places, bytes)
    }

    /// Memory that does not hang on what was said.
    fn frame(&self) -> usize {
        Self::BYTES
            + tree_bytes::<u16, u64>(self.statuses.len())
            + tree_bytes::<AuthScheme, u64>(self.auth.len())
            + tree_bytes::<AuthScheme, u64>(self.auth_ok.len())
            + self.tokens.as_ref().map_or(0, |tokens| size_of::<Tokens>() + tokens.weight())
            + self.latency.weight()
            + self.traffic.weight()
            + self.noise_bytes()
            + self.callers.weight()
            + self.servers.weight()
    }

    /// Memory it takes, rather too much than too little.
    pub(super) fn weight(&self) -> usize {
        let media = self.request_types.weight() + self.response_types.weight();
        self.frame() + self.drift_bytes() + self.odd_bytes() + self.params.weight() + media + self.lessons.weight()
    }

    /// Memory it takes when it is told and not held open, but for shapes, which are told one after the other.
    pub(super) fn told(&self) -> usize {
        let media = self.request_types.keys().chain(self.response_types.keys()).map(|name| name.len() + 56);
        let params = self.params.len() + self.lessons.params();
        let drifts = self.drifts.as_ref().map_or(0, |drifts| drifts.told());
        Self::TOLD + drifts + media.sum::<usize>() + self.servers.len() * 48 + params * ParamRecord::BYTES
    }

    /// Places of shapes, and parameters.
    pub(super) fn places(&self) -> usize {
        self.lessons.places() + self.params.len()
    }

    /// Requests.
    pub(super) const fn requests(&self) -> u64 {
        self.requests
    }

    /// Responses by status.
    pub(super) const fn statuses(&self) -> &BTreeMap<u16, u64> {
        &self.statuses
    }

    /// Body shapes.
    pub(super) fn shapes(&self) -> Union {
        self.lessons.shapes()
    }

    /// Cuts the places of body shapes, and the parameters, to at most `cap` of each.
    pub(super) fn cut_places(&mut self, cap: usize) {
        self.lessons.cut_to(cap);
        self.params.cut_to(cap);
    }

    /// Adds the bounds that were met here.
    pub(super) fn bounds_met(&self, met: &mut BTreeMap<&'static str, u64>) {
        let more = self.request_types.more().saturating_add(self.response_types.more());
        let counts = [
            ("inventory.params", self.params.more().saturating_add(self.lessons.params_more())),
            ("inventory.media_types", more),
            ("inventory.parts", self.lessons.parts_more()),
            ("inventory.drifts", self.drifts.as_ref().map_or(0, |drifts| drifts.more())),
            ("inventory.shape_nodes", u64::from(self.lessons.is_cut())),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            met.entry(name).or_default().merge(count);
        }
    }

    /// The plain figures. `is_scanner` knows callers by their hash.
    pub(super) fn freeze(self, is_scanner: impl Fn(u64) -> bool) -> Record {
        let (first, last) = self.window.bounds().unwrap_or_default();
        let scanner_only = self.is_scanned_only(is_scanner);
        let lessons = self.lessons.freeze();
        let mut params = self.params.freeze(|_| self.requests);
        for shown in lessons.looks {
            // Still in order of place and name.
            let at = params.binary_search_by(|param| (param.place, &param.name).cmp(&(shown.place, &shown.name)));
            if let Ok(at) = at {
                params[at].data = params[at].data.and(shown.data);
            }
        }
        params.extend(lessons.params);
        params.sort_by(|a, b| (a.place, &a.name).cmp(&(b.place, &b.name)));
        Record {
            requests: self.requests,
            unanswered: self.unanswered,
            statuses: self.statuses.into_iter().collect(),
            mere_redirects: self.mere_redirects,
            noise: self.noise.as_ref().map(|noise| noise.map(|class| *class)).unwrap_or_default(),
            first,
            last,
            latency: self.latency.freeze(),
            traffic: self.traffic.freeze(),
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            clients: self.callers.estimate(),
            scanner_only,
            servers: texts(&self.servers),
            auth: self.auth.into_iter().collect(),
            auth_ok: self.auth_ok.into_iter().collect(),
            tokens: self.tokens.map(|tokens| tokens.freeze()),
            params,
            inspected: lessons.exchanges,
            request_types: self.request_types.freeze(),
            response_types: self.response_types.freeze(),
            bodies: lessons.bodies,
            odd_bodies: self.odd_bodies.as_ref().map(|odd| odd.map(|body| *body)).unwrap_or_default(),
            parts: lessons.parts.as_ref().map(Parts::freeze).unwrap_or_default(),
            encrypted: self.encrypted,
            variables: Sorted::new(),
            drifts: self.drifts.map(|drifts| drifts.freeze()).unwrap_or_default(),
        }
    }
}

impl Merge for Entry {
    fn merge(&mut self, other: Self) {
        self.requests.merge(other.requests);
        self.unanswered.merge(other.unanswered);
        self.same.merge(other.same);
        self.mere_redirects.merge(other.mere_redirects);
        self.encrypted.merge(other.encrypted);
        if let Some(noise) = other.noise {
            self.noise.get_or_insert_default().merge(*noise);
        }
        self.request_bytes.merge(other.request_bytes);
        self.response_bytes.merge(other.response_bytes);
        Merge::merge(&mut self.statuses, other.statuses);
        self.window.merge(other.window);
        self.latency.merge(other.latency);
        self.traffic.merge(other.traffic);
        self.callers.merge(other.callers);
        self.servers.merge(other.servers);
        Merge::merge(&mut self.auth, other.auth);
        Merge::merge(&mut self.auth_ok, other.auth_ok);
        if let Some(tokens) = other.tokens {
            self.tokens.get_or_insert_default().merge(*tokens);
        }
        if let Some(odd) = other.odd_bodies {
            self.odd_bodies.get_or_insert_default().merge(*odd);
        }
        self.params.merge(other.params);
        self.request_types.merge(other.request_types);
        self.response_types.merge(other.response_types);
        self.lessons.merge(other.lessons);
        self.drifts.merge(other.drifts);
    }
}

/// Counts one more of a key; tells the memory added at the most.
fn one_more<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) -> usize {
    if let Some(count) = counts.get_mut(&key) {
        count.merge(1);
        return 0;
    }
    let before = tree_bytes::<K, u64>(counts.len());
    counts.insert(key, 1);
    tree_bytes::<K, u64>(counts.len()) - before
}

/// Addresses in the order of their texts, which is the order readers expect of a list.
pub(super) fn texts(servers: &Smallest<SocketAddr, 16>) -> Vec<String> {
    let mut texts: Vec<String> = servers.iter().map(ToString::to_string).collect();
    texts.sort_unstable();
    texts
}

/// A status that is none (RFC 9110 section 15 knows three digits) counts as 0, so that at most 900 are kept.
const fn code(status: u16) -> u16 {
    if status >= 100 && status <= 999 { status } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        Agent, BodyKind, BodySide, Client, Direction, Draw, Extension, Param, ParamPlace, ParamType, Part, Said,
        Scheme, Seen, ServiceId, Shape, TokenAlgorithm, TokenFacts, TokenIssuer, TokenLifetime,
    };
    use crate::time::Span;
    use proptest::prelude::*;

    fn entry(numbers: &[u16]) -> Entry {
        let service = ServiceId { host: "a".into(), port: 80, scheme: Scheme::Http };
        let mut entry = Entry::new(3);
        for n in numbers {
            let (n, media) = (*n, format!("x/{n}"));
            let long = "n".repeat(usize::from(n) * 3);
            let place = if n % 2 == 0 { ParamPlace::Query } else { ParamPlace::Form };
            let names = [format!("p{n}"), long];
            let params = names.map(|name| Param::plain(place, &name, ParamType::Integer));
            let token = TokenFacts {
                algorithm: TokenAlgorithm::named(["RS256", "none"][usize::from(n % 2)]),
                lifetime: TokenLifetime::of_seconds(f64::from(n) * 9_000.0),
                issuer: TokenIssuer::Host(format!("login{n}.example")),
            };
            let kind = BodyKind::ALL[usize::from(n % 17)];
            let odd = |side| Some(OddBody { side, kind, said: Said::Otherwise });
            let extension = Extension::ALL[usize::from(n % 9)];
            let part = Part { side: BodySide::Response, file: n % 2 == 0, kind: Some(kind), extension };
            let seen = Observation {
                at: Timestamp::from_parts(u64::from(n) * u64::from(n), 0),
                service: &service,
                seen: Seen::Http { method: "GET", path: &[] },
                status: (n % 7 != 0).then_some(n * 11),
                latency: Some(Span::from_nanos(u64::from(n) << n.min(40))),
                duration: Some(Span::from_nanos(u64::from(n) << n.min(41))),
                client: Client {
                    network: &media,
                    direction: Direction::ALL[usize::from(n % 4)],
                    agent: Agent::ALL[usize::from(n % 50)],
                },
                request_bytes: u64::MAX / 3,
                response_bytes: u64::from(n),
                request_type: Some(&media),
                response_type: Some(&media),
                params: &params,
                bodied: n % 2 == 0,
                inspected: Some(Draw::of(u64::from(n))),
                left_out: u64::from(n % 2),
                asked: Some(&Shape { seen: 1, ..Shape::default() }),
                answered: Some(&Shape { seen: 1, ..Shape::default() }),
                odd_bodies: [odd(BodySide::Request).filter(|_| n % 5 == 0), odd(BodySide::Response)],
                parts: &[(part, 3)],
                auth: &[AuthScheme::Jwt, AuthScheme::Cookie],
                token: Some(&token),
                encrypted: n % 3 == 0,
                caller: u64::from(n) << 50 ^ u64::from(n),
                server: ([10, 0, 0, n as u8], 80).into(),
                noise: None,
                decreed: false,
                mere_redirect: n % 5 == 0,
                feigned: false,
                tried: false,
                print: None,
                witness: None,
            };
            entry.count(&seen);
            if n % 3 == 0 {
                entry.sort(Noise::ALL[usize::from(n % 6)]);
            }
            entry.learn(&seen);
        }
        entry
    }

    fn merged(parts: [Entry; 3]) -> Entry {
        let mut whole = Entry::default();
        parts.into_iter().for_each(|part| whole.merge(part));
        whole
    }

    fn told(entry: &Entry) -> String {
        let mut bounds = BTreeMap::new();
        entry.bounds_met(&mut bounds);
        format!("{:?} {bounds:?}", entry.clone().freeze(|caller| caller > 0))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Catches a part that is forgotten when merging, that keeps what came first when it is full, or whose sum
        /// overflows.
        #[test]
        fn a_record_does_not_show_how_it_was_put_together(
            mut numbers in prop::collection::vec(0_u16..90, 0..120), a in 0_usize..120, b in 0_usize..120,
        ) {
            let (a, b) = (a.min(b).min(numbers.len()), a.max(b).min(numbers.len()));
            let [x, y, z] = [entry(&numbers[..a]), entry(&numbers[a..b]), entry(&numbers[b..])];
            let left = merged([x.clone(), y.clone(), z.clone()]);
            let mut inner = z;
            inner.merge(y);
            let right = merged([Entry::default(), inner, x]);
            numbers.reverse();
            let whole = entry(&numbers);
            prop_assert_eq!(told(&whole), told(&left));
            prop_assert_eq!(told(&whole), told(&right));
        }
    }

    #[test]
    fn odd_statuses_and_long_names_do_not_grow_a_record() {
        let record = entry(&(0..90).collect::<Vec<_>>()).freeze(|_| false);
        assert!(record.statuses.contains_key(&0) && !record.statuses.contains_key(&11));
        assert_eq!((record.params.len(), record.servers.len(), record.request_types.len()), (6, 16, 17));
        assert_eq!((record.bodies.open().answered.len(), record.clients, record.request_bytes), (8, 90, u64::MAX));
    }
}
