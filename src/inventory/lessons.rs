//! What the exchanges that were looked into taught of one operation: body shapes, parameters of bodies.
//!
//! In: observations that were inspected, each with its draw ([`crate::api::Draw`]). Out: one union. The answers of each
//! hundred of statuses have a sample of their own, so that a rare refusal is not lost among a million successes, and so have
//! exchanges without a body. A sample is kept as one sum a round of the draw; when more exchanges are in it than [`Draw::SAMPLE`], the lowest round goes, as
//! a whole. What is left is the same whatever the order and the number of workers.

use serde::{Deserialize, Serialize};

use super::bodies::Bodies;
use super::kept::MOST;
use super::params::Params;
use super::parts::Parts;
use super::shapes::{Mark, Shapes, Union};
use super::snapshot::ParamRecord;
use crate::api::{Draw, Observation, ParamPlace};
use crate::merge::Merge;

/// What was learned, sample by sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lessons {
    // INVARIANT: sorted by group, none twice.
    samples: Vec<Sample>,
    shapes: Shapes,
    /// The bound on parameters; `None` in the zero of merging.
    params: Option<usize>,
}

/// The sample of one hundred of statuses, of exchanges with bodies or of those without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    /// The hundred of the status, 0 where there was no answer; twice that, and one more where there were bodies.
    group: u8,
    /// Lower rounds were given up.
    floor: u8,
    // INVARIANT: sorted by draw, none twice, none below the floor.
    rounds: Vec<Round>,
}

/// The sum of the exchanges drawn into one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    draw: Draw,
    exchanges: u64,
    /// Of them, those whose body was a form, and those whose body was a multipart form.
    forms: [u64; 2],
    params: Params,
    /// Most have none.
    parts: Option<Box<Parts>>,
}

/// All of it as one.
pub(super) struct Learned {
    pub(super) exchanges: u64,
    pub(super) bodies: Bodies,
    pub(super) params: Vec<ParamRecord>,
    /// Of those that every request tells: what these showed.
    pub(super) looks: Vec<ParamRecord>,
    pub(super) parts: Option<Parts>,
}

impl Lessons {
    /// Nothing learned yet; at most `params` parameters to come.
    pub(super) fn new(params: usize) -> Self {
        Self { params: Some(params), ..Self::default() }
    }

    /// Takes in one exchange, if it was looked into. Tells how many places (of shapes, and parameters) and bytes were added at
    /// the most.
    pub(super) fn learn(&mut self, status: u16, seen: &Observation<'_>) -> (usize, usize) {
        let Some(draw) = seen.inspected else { return (0, 0) };
        let limit = self.params.unwrap_or(usize::MAX);
        let group = (status / 100) as u8 * 2 + u8::from(seen.bodied);
        let sample = self.sample(group);
        let Some((round, new)) = sample.round(draw, limit) else { return (0, 0) };
        let mut bytes = if new { size_of::<Sample>() + 2 * size_of::<Round>() } else { 0 };
        round.exchanges.merge(1);
        let mut places = 0;
        for param in seen.params {
            let params = &mut round.params;
            let (new, added) = if param.place.is_sampled() { params.note(param) } else { params.look(param) };
            places += usize::from(new);
            bytes += added;
        }
        let had = |place| u64::from(seen.params.iter().any(|param| param.place == place));
        round.forms[0].merge(had(ParamPlace::Form));
        round.forms[1].merge(had(ParamPlace::Multipart));
        round.params.leave_out(seen.left_out);
        let before = round.parts_bytes();
        for (part, count) in seen.parts {
            round.parts.get_or_insert_default().note(*part, *count);
        }
        bytes += round.parts_bytes().saturating_sub(before);
        let rises = sample.settle();
        let mark = Mark::new(group, draw.round().unwrap_or(Draw::ROUNDS));
        let (more_places, more_bytes) = self.shapes.learn(mark, status, seen.asked, seen.answered);
        if let Some(floor) = rises {
            self.shapes.give_up(group, floor);
        }
        (places + more_places, bytes + more_bytes)
    }

    fn sample(&mut self, group: u8) -> &mut Sample {
        let at = self.samples.binary_search_by_key(&group, |sample| sample.group).unwrap_or_else(|at| {
            self.samples.reserve_exact(1);
            self.samples.insert(at, Sample { group, ..Sample::default() });
            at
        });
        &mut self.samples[at]
    }

    fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.samples.iter().flat_map(|sample| &sample.rounds)
    }

    /// The union of all shapes.
    pub(super) fn shapes(&self) -> Union {
        self.shapes.union()
    }

    /// Everything as one.
    pub(super) fn freeze(self) -> Learned {
        let sum = |count: fn(&Round) -> u64| self.rounds().map(count).fold(0_u64, u64::saturating_add);
        let exchanges = sum(|round| round.exchanges);
        let forms = [sum(|round| round.forms[0]), sum(|round| round.forms[1])];
        let answered = self.samples.iter().filter(|sample| sample.is_answered()).flat_map(|sample| &sample.rounds);
        let answered = answered.fold(0_u64, |sum, round| sum.saturating_add(round.exchanges));
        let rounds = self.samples.into_iter().flat_map(|sample| sample.rounds);
        let (params, parts): (Vec<Params>, Vec<_>) = rounds.map(|round| (round.params, round.parts)).unzip();
        let params: Params = united(params.into_iter());
        let parts = parts.into_iter().flatten().map(|parts| *parts).reduce(|mut sum, parts| {
            sum.merge(parts);
            sum
        });
        let of = |place| match place {
            ParamPlace::Form => forms[0],
            ParamPlace::Multipart => forms[1],
            place if place.is_of_response() => answered,
            _ => exchanges,
        };
        let (params, looks) = params.freeze(of).into_iter().partition(|param| param.place.is_sampled());
        Learned { exchanges, bodies: Bodies::of(&self.shapes), params, looks, parts }
    }

    /// Memory beside itself, rather too much.
    pub(super) fn weight(&self) -> usize {
        let rounds = self.rounds().map(Round::weight).sum::<usize>();
        rounds + self.samples.capacity() * size_of::<Sample>() + self.shapes.weight()
    }

    /// Places of shapes, and parameters.
    pub(super) fn places(&self) -> usize {
        self.params() + self.shapes.places()
    }

    /// Parameters, each as often as there are rounds that have it.
    pub(super) fn params(&self) -> usize {
        self.rounds().map(|round| round.params.len()).sum::<usize>()
    }

    /// Brings the places of shapes, and the parameters, down to `cap` of each.
    pub(super) fn cut_to(&mut self, cap: usize) {
        self.shapes.cut_to(cap);
        self.samples.iter_mut().flat_map(|sample| &mut sample.rounds).for_each(|round| round.params.cut_to(cap));
    }

    /// Sightings of parameters that were not kept.
    pub(super) fn params_more(&self) -> u64 {
        self.rounds().fold(0, |sum, round| sum.saturating_add(round.params.more()))
    }

    /// Parts of kinds that were not kept.
    pub(super) fn parts_more(&self) -> u64 {
        let parts = self.rounds().filter_map(|round| round.parts.as_ref());
        parts.fold(0, |sum, parts| sum.saturating_add(parts.more()))
    }

    /// Some shape is not whole.
    pub(super) const fn is_cut(&self) -> bool {
        self.shapes.cut
    }

    /// It could have been learned, as far as other figures lean on that.
    pub(super) fn is_sound(&self) -> bool {
        self.samples.is_sorted_by(|a, b| a.group < b.group) && self.samples.iter().all(Sample::is_sound)
    }
}

impl Merge for Lessons {
    fn merge(&mut self, other: Self) {
        self.params = match (self.params, other.params) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.shapes.merge(other.shapes);
        for theirs in other.samples {
            let group = theirs.group;
            let sample = self.sample(group);
            let lowest = sample.floor.min(theirs.floor);
            sample.merge(theirs);
            let floor = sample.floor;
            if floor > lowest {
                self.shapes.give_up(group, floor);
            }
        }
    }
}

impl Sample {
    /// There were answers: the hundred of their status is known.
    const fn is_answered(&self) -> bool {
        self.group > 1
    }

    /// The round of a draw, made on first sight, and whether it was made now; `None` where it was given up.
    fn round(&mut self, draw: Draw, params: usize) -> Option<(&mut Round, bool)> {
        if draw.round().is_some_and(|round| round < self.floor) {
            return None;
        }
        let found = self.rounds.binary_search_by_key(&draw, |round| round.draw);
        let at = found.unwrap_or_else(|at| {
            self.rounds.reserve_exact(1);
            let params = Params::new(params);
            self.rounds.insert(at, Round { draw, exchanges: 0, forms: [0; 2], params, parts: None });
            at
        });
        Some((&mut self.rounds[at], found.is_err()))
    }

    /// Gives up the lowest rounds while there are more exchanges than a sample has; tells the new floor, if it rose.
    fn settle(&mut self) -> Option<u8> {
        let before = self.floor;
        let drawn = |sample: &Self| {
            let drawn = sample.rounds.iter().filter(|round| round.draw != Draw::KEPT);
            drawn.fold(0_u64, |sum, round| sum.saturating_add(round.exchanges))
        };
        while self.floor + 1 < Draw::ROUNDS && drawn(self) > Draw::SAMPLE {
            self.raise(self.floor + 1);
        }
        (self.floor > before).then_some(self.floor)
    }

    fn raise(&mut self, floor: u8) {
        self.floor = self.floor.max(floor);
        self.rounds.retain(|round| round.draw.round().is_none_or(|round| round >= floor));
    }

    fn is_sound(&self) -> bool {
        let floor = self.floor;
        self.group <= 19
            && floor < Draw::ROUNDS
            && self.rounds.is_sorted_by(|a, b| a.draw < b.draw)
            && self.rounds.iter().all(|round| {
                let stands = round.draw.is_sound() && round.draw.round().is_none_or(|round| round >= floor);
                let parts = round.parts.as_ref().is_none_or(|parts| parts.is_sound());
                stands
                    && parts
                    && round.exchanges.max(round.forms[0]).max(round.forms[1]) <= MOST
                    && round.params.is_sound()
            })
    }
}

impl Merge for Sample {
    fn merge(&mut self, other: Self) {
        self.group = other.group;
        self.raise(self.floor.max(other.floor));
        for theirs in other.rounds.into_iter().filter(|round| round.draw.round().is_none_or(|at| at >= self.floor)) {
            match self.rounds.binary_search_by_key(&theirs.draw, |round| round.draw) {
                Ok(at) => {
                    let mine = &mut self.rounds[at];
                    mine.exchanges.merge(theirs.exchanges);
                    mine.forms[0].merge(theirs.forms[0]);
                    mine.forms[1].merge(theirs.forms[1]);
                    mine.params.merge(theirs.params);
                    if let Some(parts) = theirs.parts {
                        mine.parts.get_or_insert_default().merge(*parts);
                    }
                }
                Err(at) => {
                    self.rounds.reserve_exact(1);
                    self.rounds.insert(at, theirs);
                }
            }
        }
        let _ = self.settle();
    }
}

impl Round {
    fn weight(&self) -> usize {
        2 * size_of::<Self>() + self.params.weight() + self.parts_bytes()
    }

    fn parts_bytes(&self) -> usize {
        self.parts.as_ref().map_or(0, |parts| parts.weight())
    }
}

/// All as one.
fn united<T: Merge>(all: impl Iterator<Item = T>) -> T {
    all.fold(T::default(), |mut sum, one| {
        sum.merge(one);
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        Agent, BodyKind, BodySide, Client, DataClass, DataClasses, Direction, Extension, Param, ParamType, Part,
        Scheme, Seen, ServiceId, Shape,
    };
    use crate::inventory::sketch::chain;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    /// An exchange of this number: every tenth is refused, every hundredth has a field that the others lack.
    fn learn(lessons: &mut Lessons, n: u64) -> (usize, usize) {
        let params = [Param::plain(ParamPlace::Form, &format!("f{}", n % 7), ParamType::Integer)];
        learn_params(lessons, n, &params)
    }

    fn learn_params(lessons: &mut Lessons, n: u64, params: &[Param]) -> (usize, usize) {
        let service = ServiceId { host: "a".into(), port: 80, scheme: Scheme::Http };
        let status = if n.is_multiple_of(10) { 422 } else { 200 };
        let name = if n.is_multiple_of(100) { "rare" } else { "usual" };
        let field = (name, Shape { seen: 1, integers: 1, ..Shape::default() });
        let body = Shape { seen: 1, objects: 1, fields: [field].into_iter().collect(), ..Shape::default() };
        let part = Part {
            side: BodySide::Request,
            file: n.is_multiple_of(2),
            kind: BodyKind::ALL.get(n as usize % 20).copied(),
            extension: Extension::Other,
        };
        let seen = Observation {
            at: Timestamp::from_nanos(n),
            service: &service,
            seen: Seen::Http { method: "POST", path: &[] },
            status: Some(status),
            latency: None,
            duration: None,
            client: Client { network: "public", direction: Direction::Inbound, agent: Agent::ALL[0] },
            token: None,
            request_bytes: 0,
            response_bytes: 0,
            request_type: None,
            response_type: None,
            params,
            bodied: true,
            inspected: Some(Draw::of(chain(0, &n.to_string()))),
            left_out: 0,
            asked: None,
            answered: Some(&body),
            odd_bodies: [None; 2],
            parts: &[(part, n % 3)],
            auth: &[],
            encrypted: false,
            caller: 0,
            server: ([10, 0, 0, 1], 80).into(),
            noise: None,
            decreed: false,
            mere_redirect: false,
            feigned: false,
            tried: false,
            print: None,
            witness: None,
        };
        lessons.learn(status, &seen)
    }

    fn learned(numbers: &[u64]) -> Lessons {
        let mut lessons = Lessons::new(5);
        for n in numbers {
            let _ = learn(&mut lessons, *n);
        }
        lessons
    }

    fn told(lessons: &Lessons) -> (u64, Union, Vec<ParamRecord>, Option<Parts>) {
        let Learned { exchanges, bodies, params, parts, .. } = lessons.clone().freeze();
        (exchanges, bodies.open(), params, parts)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Catches a sample that hangs on who came first, or on how the traffic was split among workers.
        #[test]
        fn a_sample_does_not_show_how_it_was_put_together(
            mut numbers in prop::collection::vec(0_u64..5_000, 0..1_500), a in 0_usize..1_500, b in 0_usize..1_500,
        ) {
            let (a, b) = (a.min(b).min(numbers.len()), a.max(b).min(numbers.len()));
            let whole = learned(&numbers);
            let [x, y, z] = [learned(&numbers[..a]), learned(&numbers[a..b]), learned(&numbers[b..])];
            let left = united([x.clone(), y.clone(), z.clone()].into_iter());
            let right = united([z, x, y].into_iter());
            numbers.reverse();
            prop_assert_eq!(told(&whole), told(&learned(&numbers)));
            prop_assert_eq!(told(&whole), told(&left));
            prop_assert_eq!(told(&whole), told(&right));
            prop_assert!(whole.is_sound());
        }
    }

    #[test]
    fn what_queries_showed_does_not_tell_how_they_were_split() {
        // Catches a vote over all that a worker happened to look into: with more workers more are looked into.
        let worker = |numbers: &[u64]| {
            let mut lessons = Lessons::new(5);
            for n in numbers {
                let shown = DataClasses::from(if n % 2 == 0 { DataClass::Email } else { DataClass::Phone });
                let plain = Param::plain(ParamPlace::Query, "to", ParamType::String);
                let _ = learn_params(&mut lessons, *n, &[Param { looked: Some(shown), ..plain }]);
            }
            lessons
        };
        let numbers: Vec<u64> = (0..2_000).collect();
        let whole = worker(&numbers);
        let split = united(numbers.chunks(250).map(worker));
        assert!(whole == split && whole.params() > 0);
        let looks = whole.freeze().looks;
        assert!(looks.len() == 1 && looks[0].seen == 0 && !looks[0].data.is_none(), "{looks:?}");
    }

    #[test]
    fn a_refusal_is_not_lost_among_successes() {
        // Catches one sample for all statuses: of ten thousand exchanges, it would hold a dozen refusals.
        let lessons = learned(&(0..10_000).collect::<Vec<_>>()).freeze();
        let [fine, refused] = [200, 422].map(|status| lessons.bodies.open().answered[&status].seen);
        assert!((20..=Draw::SAMPLE).contains(&fine) && (20..=Draw::SAMPLE).contains(&refused), "{fine} {refused}");
        assert_eq!(lessons.exchanges, fine + refused);
        // Of the seven names two are beyond the bound.
        let held: u64 = lessons.params.iter().map(|param| param.seen).sum();
        assert!(lessons.params.len() == 5 && held < fine + refused && lessons.params[0].of == fine + refused);
    }

    #[test]
    fn what_was_added_is_never_less_than_what_is_held() {
        // Catches memory that is held and not counted: the bound on it would be met too late.
        let mut lessons = Lessons::new(5);
        let (mut places, mut bytes) = (0, 0);
        for n in 0..3_000 {
            let (more, room) = learn(&mut lessons, n);
            (places, bytes) = (places + more, bytes + room);
            assert!(places >= lessons.places(), "{n}");
        }
        assert!(bytes >= lessons.weight() / 2, "{bytes} {}", lessons.weight());
    }

    #[test]
    fn short_of_room_shapes_lose_their_deepest_levels() {
        let mut lessons = learned(&(0..10_000).collect::<Vec<_>>());
        assert!(!lessons.is_cut() && lessons.shapes().answered[&200].fields.len() == 1);
        lessons.cut_to(2);
        assert!(lessons.is_cut() && lessons.is_sound());
        assert!(lessons.shapes().answered[&200].fields.is_empty());
    }
}
