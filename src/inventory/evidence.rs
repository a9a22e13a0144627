//! Which words below a place are values of one variable.
//!
//! A wrong fold hides a shadow behind its neighbour; a fold left undone makes a list longer. What speaks for a value:
//! how the word is written, how many siblings it has and how often each is asked for, what lies below it compared
//! with its siblings, which fields their bodies share. Each is a figure; their weighted sum decides, and says how sure
//! that is ([`super::weights`]).

use std::collections::BTreeMap;

use super::alike::{IN_USE, Under, Words};
use super::crowd::{Bodies, Crowd, Exchange, beside_bodies};
use super::fold::{PlaceId, Places};
use super::lexicon::{Look, affix, is_known};
use super::naming::singular;
use super::profile::{Profile, figure, ratio, shared};
use super::weights::Figure;
use crate::api::SegmentClass;

/// Where a place stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around<'p> {
    /// The segment that leads to it, where that is a word.
    parent: Option<&'p str>,
    /// It is behind a variable; and so is the one above.
    variable: bool,
    above: bool,
    /// Levels above it that branch: a base path (`/api/v1`) is none.
    depth: usize,
}

impl<'p> Around<'p> {
    /// Below a word of this place, which may be all that it leads to.
    pub(super) fn below_word<'q>(self, word: &'q str, only: bool) -> Around<'q> {
        let base = only && self.depth == 0 && singular(word).is_none();
        Around { parent: Some(word), variable: false, above: self.variable, depth: self.depth + usize::from(!base) }
    }

    /// Below its variable.
    pub(super) const fn below_variable(self) -> Around<'static> {
        Around { parent: None, variable: true, above: self.variable, depth: self.depth + 1 }
    }
}

/// What a word below a place is taken for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'n> {
    pub(super) text: &'n str,
    /// A value of a variable; else it stands for itself.
    pub(super) value: bool,
    /// Logarithm of the odds that it is a value.
    pub(super) odds: f64,
}

/// What each word below a place is, in order.
pub(super) fn judge<'n>(places: &Places<'n>, id: PlaceId, around: Around<'_>) -> Vec<Judged<'n>> {
    let place = places.at(id);
    if place.words.is_empty() {
        return Vec::new();
    }
    let level = Level::of(places, id, around);
    let figures: Vec<[f64; Figure::COUNT]> = (0..place.words.len()).map(|at| level.figures(at)).collect();
    #[cfg(feature = "teach")]
    if let Some(judged) = super::teach::judge(places, id, &figures) {
        return judged;
    }
    let weigh = |figures: &[f64; Figure::COUNT]| figures.iter().zip(Figure::WEIGHTS).map(|(x, w)| x * w).sum();
    let odds: Vec<f64> = figures.iter().map(weigh).collect();
    // What its siblings are says something of a word too.
    let mean = odds.iter().map(|z| z.clamp(-4.0, 4.0)).sum::<f64>() / figure(odds.len() as u64);
    let crowd = odds.len() >= CROWD;
    let pull = if crowd { PULL * mean } else { 0.0 };
    // One word alone, be it ever so strange, has nothing to be compared with.
    let alone = place.words.len() == 1 && place.variables.is_empty();
    // One word beside numbers is none of them.
    let foreign = place.words.len() == 1 && level.formal;
    let plural = around.parent.is_some_and(|parent| singular(parent).is_some());
    let words = Words {
        places,
        place,
        looks: &level.looks,
        words: &level.words,
        variables: &level.variables,
        beside: &level.beside,
        texts: level.texts,
        values: place.variables.iter().map(|variable| variable.words()).sum(),
        usual: if level.texts > 0 { level.in_variables / figure(level.texts) } else { level.middle },
        under: Under::of(plural, around.variable),
    };
    let alike = words.odds();
    let judged = place.words.keys().zip(&level.looks).zip(odds).enumerate();
    judged
        .map(|(at, ((text, look), odds))| {
            // What shares nothing with the crowd is not drawn along: names that a scanner guessed, on a host that answers whatever
            // is asked, would take the API's own words with them.
            let stranger = crowd && level.is_stranger(at, &figures[at]);
            let pull = if stranger { pull.min(0.0) - STRANGER } else { pull };
            let odds = odds + pull + alike[at] - if look.reserved { RESERVED } else { 0.0 };
            let stays = foreign || alone;
            Judged { text, value: odds > 0.0 && !stays, odds: if stays { odds.min(0.0) } else { odds } }
        })
        .collect()
}

/// So many siblings make a crowd.
const CROWD: usize = 4;
/// How much of the crowd's mean is added to each.
const PULL: f64 = 0.3;

/// What speaks against a word in use that leads to nothing that its many siblings lead to.
const STRANGER: f64 = 3.0;

/// What speaks against a word that names no thing, whatever lies below it.
const RESERVED: f64 = 8.0;

/// Versions among no more siblings are versions of the API.
const FEW: usize = 8;

/// All that is known of the words below one place together.
struct Level<'p, 'n> {
    places: &'p Places<'n>,
    id: PlaceId,
    around: Around<'p>,
    texts_of: Vec<&'n str>,
    looks: Vec<Look>,
    words: Vec<Profile>,
    variables: Vec<Profile>,
    /// Means over the words.
    known: f64,
    fixed: f64,
    plural: f64,
    singles: f64,
    /// Requests: of the word in the middle, of all.
    middle: f64,
    in_words: f64,
    in_variables: f64,
    /// Values of the variables beside.
    texts: u64,
    /// All of them of forms that no word has.
    formal: bool,
    near: Crowd,
    wild: Crowd,
    deep: Crowd,
    same: BTreeMap<Vec<u64>, usize>,
    /// What lies right below the variables.
    beside: Vec<u64>,
    answered: Bodies,
    asked: Bodies,
    /// One level below, and two.
    exchange: [Exchange; 2],
}

impl<'p, 'n> Level<'p, 'n> {
    fn of(places: &'p Places<'n>, id: PlaceId, around: Around<'p>) -> Self {
        let place = places.at(id);
        let words: Vec<Profile> = place.words.values().map(|below| Profile::of(places, *below)).collect();
        let variables: Vec<Profile> = place.variables.iter().map(|v| Profile::of(places, v.place)).collect();
        let stem = |text: &'n str| text.strip_suffix(affix(text)).unwrap_or(text);
        let looks: Vec<Look> = place.words.keys().map(|text| Look::at(stem(text))).collect();
        let share = |of: fn(&Look) -> bool| ratio(looks.iter().filter(|look| of(look)).count(), looks.len());
        let formal = |class: &SegmentClass| {
            matches!(class, SegmentClass::Number | SegmentClass::Uuid | SegmentClass::Date | SegmentClass::Email)
        };
        let texts = place.variables.iter().map(|v| v.texts.estimate()).sum();
        let mut same: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        words.iter().for_each(|profile| *same.entry(profile.near.clone()).or_default() += 1);
        let mut beside: Vec<u64> = variables.iter().flat_map(|profile| profile.near.iter().copied()).collect();
        beside.sort_unstable();
        beside.dedup();
        Self {
            known: share(|look| look.known),
            fixed: share(|look| look.fixed),
            plural: share(|look| look.plural),
            singles: ratio(words.iter().filter(|profile| profile.requests < 1.5).count(), words.len()),
            middle: middle(words.iter().map(|profile| profile.requests).collect()),
            in_words: words.iter().map(|profile| profile.requests).sum(),
            in_variables: variables.iter().map(|profile| profile.requests).sum(),
            texts,
            formal: !variables.is_empty() && place.variables.iter().all(|v| v.classes.iter().all(formal)),
            near: Crowd::of(words.iter().map(|profile| &profile.near)),
            wild: Crowd::of(words.iter().map(|profile| &profile.wild)),
            deep: Crowd::of(words.iter().map(|profile| &profile.deep)),
            same,
            beside,
            answered: Bodies::of(words.iter().map(|profile| &profile.answered)),
            asked: Bodies::of(words.iter().map(|profile| &profile.asked)),
            exchange: [0, 1].map(|level| Exchange::of(&words, &variables, level)),
            places,
            id,
            around,
            texts_of: place.words.keys().copied().collect(),
            looks,
            words,
            variables,
        }
    }

    /// A word in use that has nothing in common with its siblings: no method, nothing below, no field.
    fn is_stranger(&self, at: usize, figures: &[f64; Figure::COUNT]) -> bool {
        let common = [Figure::Near, Figure::NearVariable, Figure::Wild, Figure::RLike, Figure::VLike];
        self.words[at].requests >= IN_USE * self.middle.max(1.0) && common.iter().all(|of| figures[*of as usize] <= 0.0)
    }

    /// The figures of one word.
    fn figures(&self, at: usize) -> [f64; Figure::COUNT] {
        let place = self.places.at(self.id);
        let (profile, look, around) = (&self.words[at], &self.looks[at], self.around);
        let n = self.words.len();
        let has = |method: &str| place.ops.iter().any(|op| op.method == method && op.ok > 0);
        let known = flag(look.known || look.fixed);
        let in_part = known.max(look.parts);
        let near = self.near.likeness(&profile.near);
        let near_variable = if self.beside.is_empty() { 0.0 } else { shared(&profile.near, &self.beside) };
        let has_wild = !profile.wild.is_empty() && self.wild.has_others();
        let has_deep = !profile.deep.is_empty() && self.deep.has_others();
        let wild = self.wild.likeness(&profile.wild);
        let (r_like, r_has) = self.answered.likeness(&profile.answered);
        let (q_like, q_has) = self.asked.likeness(&profile.asked);
        let (v_like, v_has) = beside_bodies(&profile.answered, &self.variables);
        let log_siblings = figure(n as u64).ln() / 5.0;
        let many_singles = log_siblings * self.singles;
        let rare = 1.0 / (1.0 + profile.requests.max(1.0).ln());
        let apart = if self.beside.is_empty() { 0.0 } else { 1.0 - near_variable };
        let unlike = 1.0 - near_variable.max(near).max(wild);
        let text = self.texts_of[at];
        let mut figures = [0.0; Figure::COUNT];
        let mut set = |of: Figure, value: f64| figures[of as usize] = value;
        set(Figure::Bias, 1.0);
        set(Figure::Known, flag(look.known));
        set(Figure::Parts, look.parts);
        set(Figure::Digit, flag(look.digit));
        set(Figure::Digits, look.digits);
        set(Figure::Length, look.length);
        set(Figure::Dashes, look.dashes);
        set(Figure::Underscores, look.underscores);
        set(Figure::Camel, flag(look.camel));
        set(Figure::Dot, flag(look.dot));
        set(Figure::Capitals, flag(look.capitals));
        set(Figure::Version, flag(look.version));
        set(Figure::Fixed, flag(look.fixed));
        set(Figure::Affixed, flag(!affix(text).is_empty()));
        set(Figure::Style, -self.places.styles[look.style as usize].ln() / 5.0);
        set(Figure::XVersionFew, flag(look.version && n <= FEW));
        set(Figure::PPlural, flag(around.parent.is_some_and(|parent| singular(parent).is_some())));
        set(Figure::PVariable, flag(around.variable));
        set(Figure::PTwo, flag(around.variable && around.above));
        set(Figure::Depth0, flag(around.depth == 0));
        set(Figure::Depth1, flag(around.depth == 1));
        set(Figure::PKnown, flag(around.parent.is_some_and(|parent| is_known(&parent.to_ascii_lowercase()))));
        set(Figure::PCollection, f64::midpoint(flag(has("GET")), flag(has("POST"))));
        set(
            Figure::VariableShare,
            if self.in_variables > 0.0 { self.in_variables / (self.in_variables + self.in_words) } else { 0.0 },
        );
        set(Figure::VariableTexts, figure(self.texts + 1).ln() / 6.0);
        set(Figure::LogSiblings, log_siblings);
        set(Figure::SibKnown, self.known);
        set(Figure::SibFixed, self.fixed);
        set(Figure::SibPlural, self.plural);
        set(Figure::Singles, self.singles);
        set(Figure::Share, profile.requests / (self.in_words + self.in_variables));
        set(Figure::Leaf, flag(profile.leaf));
        set(Figure::Written, flag(profile.written));
        set(Figure::Near, near);
        set(Figure::NearVariable, near_variable);
        set(Figure::Same, ratio(self.same.get(&profile.near).map_or(0, |n| n - 1), n.saturating_sub(1)));
        set(Figure::Wild, wild);
        set(Figure::WildHas, flag(has_wild));
        set(Figure::Deep, self.deep.likeness(&profile.deep));
        set(Figure::DeepHas, flag(has_deep));
        set(Figure::RLike, r_like);
        set(Figure::RHas, r_has);
        set(Figure::QLike, q_like);
        set(Figure::QHas, q_has);
        set(Figure::VLike, v_like);
        set(Figure::VHas, v_has);
        set(Figure::Private, self.answered.private(&profile.answered));
        set(Figure::XIdent, (1.0 - known) * flag(look.digit || look.dashes > 0.0));
        set(Figure::XManySingles, many_singles);
        set(Figure::XKnownVariable, known * flag(!self.variables.is_empty()));
        set(Figure::ExNear, self.exchange[0].strength());
        set(Figure::ExNearOwn, self.exchange[0].own(&profile.traffic[0]));
        set(Figure::ExFar, self.exchange[1].strength());
        set(Figure::ExFarOwn, self.exchange[1].own(&profile.traffic[1]));
        set(Figure::Rare, rare);
        set(Figure::XSinglesRare, many_singles * rare);
        set(Figure::XManyUnlike, many_singles * unlike);
        set(Figure::XSinglesKnown, many_singles * in_part);
        set(Figure::XPluralCollects, flag(look.plural && profile.collects));
        set(Figure::Apart, apart);
        set(Figure::XFixedApart, apart * flag(look.fixed));
        let foreign = flag(self.formal);
        set(Figure::Foreign, foreign);
        set(Figure::XForeignKnown, foreign * in_part);
        figures
    }
}

/// The one in the middle; 0 of none.
fn middle(mut all: Vec<f64>) -> f64 {
    let at = all.len() / 2;
    if all.is_empty() { 0.0 } else { *all.select_nth_unstable_by(at, f64::total_cmp).1 }
}

fn flag(b: bool) -> f64 {
    f64::from(u8::from(b))
}
