//! Words that are alike in all that lies below and in what they answer: people, owners, projects, tenants.
//!
//! How often each is asked for says nothing then: five people are five values, however long one listens to them. In: the
//! words below one place, how they are written, where they stand. Out: what speaks for each being a value, or against it,
//! beside the weighted figures.
//!
//! Being alike is no proof. Collections of one API are alike too where they answer with the same envelope, so the fewer the
//! words, the more has to be known of the place: `/users/` names what stands in it, a variable says that something is
//! looked up here, and anywhere else it takes a crowd of words that nobody knows. An acknowledgement (`{"ok":true}`) says
//! nothing: whatever is asked is answered so.

use std::collections::BTreeMap;

use super::crowd::{Bodies, Crowd};
use super::fold::{FIELDS, Place, PlaceId, Places};
use super::lexicon::{Look, speaks};
use super::profile::{Fields, Profile, here, pair, ratio, steps};
use super::sketch::chain;

/// What the words stand below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Under {
    /// A noun in the plural.
    Plural,
    Variable,
    Other,
}

impl Under {
    pub(super) const fn of(plural: bool, variable: bool) -> Self {
        match (plural, variable) {
            (true, _) => Self::Plural,
            (_, true) => Self::Variable,
            _ => Self::Other,
        }
    }

    /// So many words with the same bodies are values.
    const fn enough(self) -> usize {
        match self {
            Self::Plural => 3,
            Self::Variable => 5,
            Self::Other => CROWD,
        }
    }
}

/// So many are values of a plural noun without a look at their bodies, and of anything else with one.
const CROWD: usize = 12;
/// And so many of anything else without a look.
const THRONG: usize = 24;
/// So much alike, and so large a share of all.
const MOSTLY: f64 = 0.8;
/// Bodies of fewer fields are acknowledgements.
const RICH: usize = 2;
/// What speaks for words that nobody knows.
const UNKNOWN: f64 = 6.0;
/// And for words of APIs among them: `backend` and `website` are repositories too.
const KNOWN: f64 = 10.0;
/// What speaks against a word of APIs that answers with an acknowledgement as its siblings do.
const ACKNOWLEDGED: f64 = -5.0;
/// Against one that does beside a variable what none of its many values does.
const FOREIGN: f64 = -6.0;
const VALUES: u64 = 8;
/// A word asked for so many times as often as others is in use.
pub(super) const IN_USE: f64 = 10.0;

/// All that is known of the words below one place.
pub(super) struct Words<'a, 'n> {
    pub(super) places: &'a Places<'n>,
    pub(super) place: &'a Place<'n>,
    pub(super) looks: &'a [Look],
    pub(super) words: &'a [Profile],
    pub(super) variables: &'a [Profile],
    /// What lies right below the variables.
    pub(super) beside: &'a [u64],
    /// How many values the variables have, and how many of them are words, up to some.
    pub(super) texts: u64,
    pub(super) values: usize,
    /// Requests for a value of theirs, or for the word in the middle.
    pub(super) usual: f64,
    pub(super) under: Under,
}

impl Words<'_, '_> {
    /// Logarithm of the odds to be added to those of each word.
    pub(super) fn odds(&self) -> Vec<f64> {
        let mut odds: Vec<f64> = (0..self.words.len()).map(|at| self.against(at)).collect();
        self.strangers(&mut odds);
        self.branches(&mut odds);
        // However alike calls are among themselves.
        (0..odds.len()).filter(|at| self.is_foreign(*at)).for_each(|at| odds[at] = FOREIGN);
        odds
    }

    /// The words that fit.
    fn which(&self, fits: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.words.len()).filter(|at| fits(*at)).collect()
    }

    fn is_named(&self, at: usize) -> bool {
        self.looks[at].fixed || self.looks[at].reserved
    }

    fn is_unknown(&self, at: usize) -> bool {
        !self.looks[at].known && !self.is_named(at) && self.looks[at].parts < 0.75
    }

    /// Words that nobody knows, alike among themselves and with the variables beside.
    fn strangers(&self, odds: &mut [f64]) {
        let which = self.which(|at| self.is_unknown(at));
        let others = self.which(|at| !self.is_named(at)).len();
        if which.is_empty() || which.len() + self.values < self.under.enough() {
            return;
        }
        let found = self.alike(&which);
        // Words with nothing below are names of calls as well as of people: `/webhooks/acme` is posted to, a person is read.
        let is_person =
            |at: &usize| !self.words[*at].leaf || self.words[*at].near.binary_search(&chain(0, "GET")).is_ok();
        let is_branch = |at: &usize| is_branch(&self.words[*at]);
        // Of bodies nothing is known: then it tells how often a word is asked for.
        let is_usual = |at: &usize| self.words[*at].requests <= IN_USE * self.usual.max(1.0);
        let (rich, poor) = (|| found.rich.iter().copied(), || found.poor.iter().copied().filter(is_usual));
        let all = || rich().chain(poor());
        let mut some: Vec<(Vec<usize>, usize)> = match self.under {
            Under::Plural => vec![(rich().filter(is_person).collect(), self.under.enough()), (all().collect(), CROWD)],
            Under::Variable => vec![(rich().filter(is_branch).collect(), self.under.enough())],
            Under::Other => Vec::new(),
        };
        some.push((rich().filter(is_person).collect(), CROWD));
        some.push((all().filter(is_branch).collect(), CROWD));
        some.push((all().filter(is_person).collect(), THRONG));
        let fits = |(words, least): &&(Vec<usize>, usize)| {
            let all = words.len() + self.values;
            !words.is_empty() && all >= *least && all * 2 >= others && ratio(words.len(), which.len()) >= MOSTLY
        };
        if let Some((words, _)) = some.iter().find(fits) {
            words.iter().for_each(|at| odds[*at] = UNKNOWN);
        }
    }

    /// Words of APIs among words that nobody knows. That all of them have the same below is not enough: at least every third
    /// is nobody's word, and none is a plural, as all kinds of things that somebody has may be watched in the same way: unless
    /// a crowd of words beside them is a variable already.
    fn branches(&self, odds: &mut [f64]) {
        let which = self.which(|at| is_branch(&self.words[at]) && !self.is_named(at));
        let unknown = which.iter().filter(|at| self.is_unknown(**at)).count() + self.variables.len();
        if self.under == Under::Other || which.len() < self.under.enough() || unknown * 3 < which.len() {
            return;
        }
        let mut found = self.alike(&which).rich;
        found.retain(|at| self.is_unknown(*at) || !self.looks[*at].plural || self.values >= CROWD);
        if found.len() >= self.under.enough() && ratio(found.len(), which.len()) >= MOSTLY {
            found.iter().for_each(|at| odds[*at] = if self.is_unknown(*at) { UNKNOWN } else { KNOWN });
        }
    }

    /// What speaks against one word.
    fn against(&self, at: usize) -> f64 {
        let (profile, look) = (&self.words[at], &self.looks[at]);
        if self.under != Under::Other {
            return 0.0;
        }
        let most = profile.answered.iter().map(|(_, fields)| fields.len()).max();
        let acknowledges = most.is_some_and(|most| most < RICH) && (look.known || look.parts > 0.99);
        if acknowledges || self.is_called(at) && look.fixed && !look.dot { ACKNOWLEDGED } else { 0.0 }
    }

    /// It is posted to, and nothing else.
    fn is_called(&self, at: usize) -> bool {
        self.words[at].leaf && self.words[at].near == [chain(0, "POST")]
    }

    /// It is, and none of the many values beside it.
    fn is_foreign(&self, at: usize) -> bool {
        self.texts >= VALUES && self.is_called(at) && self.beside.binary_search(&chain(0, "POST")).is_err()
    }

    /// Compares the words of these numbers with one another, and with variables.
    fn alike(&self, which: &[usize]) -> Alike {
        let ids: Vec<PlaceId> = self.place.words.values().copied().collect();
        let blind: Vec<Blind> = which.iter().map(|at| Blind::of(self.places, ids[*at])).collect();
        let beside: Vec<Blind> =
            self.place.variables.iter().map(|variable| Blind::of(self.places, variable.place)).collect();
        let all = || blind.iter().chain(&beside);
        let tokens = Crowd::of(all().map(|blind| &blind.tokens));
        let answered = Bodies::of(all().map(|blind| &blind.answered));
        let asked = Bodies::of(all().map(|blind| &blind.asked));
        let mut found = Alike::default();
        for (at, blind) in which.iter().zip(&blind) {
            if tokens.likeness(&blind.tokens) < MOSTLY {
                continue;
            }
            let (answers, answer) = answered.likeness(&blind.answered);
            let (asks, ask) = asked.likeness(&blind.asked);
            let unlike = answer > 0.0 && answers < MOSTLY || ask > 0.0 && asks < MOSTLY;
            let rich = answer > 0.0 && blind.answered.iter().any(|(_, fields)| fields.len() >= RICH);
            match (unlike, rich) {
                (true, _) => {}
                (false, true) => found.rich.push(*at),
                (false, false) => found.poor.push(*at),
            }
        }
        found
    }
}

/// Something lies below.
const fn is_branch(profile: &Profile) -> bool {
    !profile.leaf
}

/// Which of some words are alike.
#[derive(Default)]
struct Alike {
    /// In their bodies too.
    rich: Vec<usize>,
    /// In what lies below; of bodies nothing is known.
    poor: Vec<usize>,
}

/// What lies below a place, but for words that nobody knows: they are one and the same. Owners are alike before their
/// projects are.
#[derive(Default)]
struct Blind {
    /// Methods and steps, here and below.
    tokens: Vec<u64>,
    answered: Fields,
    asked: Fields,
}

impl Blind {
    fn of(places: &Places<'_>, id: PlaceId) -> Self {
        let mut blind = Self::default();
        let place = places.at(id);
        blind.here(place, 0);
        for (step, text, below) in steps(places, place) {
            let step = text.filter(|text| speaks(text)).map_or(SOMETHING, |_| step);
            blind.tokens.push(step);
            let child = places.at(below);
            blind.here(child, step);
            for (next, text, below) in steps(places, child) {
                let next = pair(step, text.filter(|text| speaks(text)).map_or(SOMETHING, |_| next));
                blind.tokens.push(next);
                blind.here(places.at(below), next);
            }
        }
        blind.tokens.sort_unstable();
        blind.tokens.dedup();
        for bodies in [&mut blind.answered, &mut blind.asked] {
            // All of one step at once: sorting them in neighbour by neighbour would be quadratic.
            let mut together: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
            bodies.drain(..).for_each(|(step, fields)| together.entry(step).or_default().extend(fields));
            bodies.extend(together.into_iter().map(|(step, mut fields)| {
                fields.sort_unstable();
                fields.dedup();
                fields.truncate(FIELDS);
                (step, fields)
            }));
        }
        blind
    }

    fn here(&mut self, place: &Place<'_>, step: u64) {
        here(place, step, (&mut self.tokens, &mut self.answered, &mut self.asked));
    }
}

/// A step to a word that nobody knows, or to a variable.
const SOMETHING: u64 = 5;

#[cfg(test)]
#[path = "alike_tests.rs"]
mod tests;
