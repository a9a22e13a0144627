//! Objects that are maps: their names are keys, which are data, and no fields.
//!
//! In: the union of many bodies. Out: the same, but what is a map has one field `{key}` instead of many, with how many
//! different keys there were. Keys that are numbers, UUIDs and the like were classes from first sight (`observe`); here it is
//! about those that look like words: people, tenants, currencies. No field can be called `{key}` on the wire: a brace makes a
//! name a value there. The pass runs when shapes are told, so that what is stored does not hang on what was once thought of it.
//!
//! A union does not tell who stood beside whom, but how often each name stood in how many objects, and what its values were.
//! A map shows by both:
//!
//! - *Its values are alike.* Nine in ten of the names have the same kind of value: texts of one format, numbers, objects that share
//!   their fields. The others, and those that (nearly) all objects have, stay as fields.
//! - *It has more names than a record has fields.* A record is what somebody wrote down, and it has so many fields of one kind and
//!   not more, however few of them an object has. How many names there are is more than were seen: of names seen once
//!   (`f1`) and twice (`f2`) those never seen are told, at the least, as `f1 (f1 - 1) / 2 (f2 + 1)` (Chao 1987, who goes on from
//!   Good and Turing: names seen once speak for those never seen). For a record that comes to its fields, for a map it
//!   soon goes beyond what records have. What they have hangs on the values: an object with four fields and more of
//!   its own is a thing, and no record has `THINGS` things of one kind; of amounts with a currency (`PAIRS`) it has some more, and
//!   of plain texts, numbers and switches many more (`PLAIN`). And it hangs on the names: where they are made of the words that
//!   fields are made of, twice as many are asked for.
//! - *An object has few of them*: half of the names at most. Settings that are mostly sent in full are none.
//! - *They do not come in a few sorts.* Where three kinds of records share a place, all fields of a kind are seen equally often.
//!
//! Names that are all codes of two or three letters (`USD`, `CH`, `fr`, `pt-BR`) need not be many (`CODES`): no record is made of such.
//! In few objects names cannot be new again and again. There, very many things in each object are a map, be they new or always the
//! same, and so is what has more names than are kept.
//!
//! What stays a record whatever it has: links (`href`) and relationships of JSON:API and HAL, whose names are relations. A closed
//! set that every object has in full, as a text in the same four languages each time, is told as it is; so is, beside the keys, a name
//! that nearly every object has. What is left open: maps of few names, and switches called like fields, which settings are too.

use super::shapes::Union;
use crate::api::{Shape, StringFormat, Word, words};

/// Folds what is a map, in all bodies.
pub(super) fn fold(union: &mut Union) {
    union.asked.iter_mut().for_each(|shape| fold_below(shape));
    union.answered.values_mut().for_each(fold_below);
}

/// The one field of a map. Nothing on the wire is called so.
const KEY: &str = "{key}";

/// From the root down, so that what is united is looked at as one. Bodies have a bounded depth.
fn fold_below(shape: &mut Shape) {
    if let Some(map) = map_of(shape, NESTED) {
        fold_at(shape, &map);
    }
    shape.items.iter_mut().for_each(|items| fold_below(items));
    shape.fields.values_mut().for_each(fold_below);
}

/// Makes one field of those that are keys.
fn fold_at(shape: &mut Shape, map: &Map) {
    let objects = shape.objects;
    let keys = shape.fields.take_out(|name, field| map.takes(name, field, objects));
    let mut values = Shape::default();
    keys.iter().for_each(|(_, field)| {
        values.add(field, usize::MAX);
    });
    values.keys = keys.len() as u64;
    vote_below(&mut values);
    *shape.fields.entry(KEY).0 = values;
}

/// What one value in two showed is not what one in two of all values shows.
fn vote_below(shape: &mut Shape) {
    shape.vote();
    shape.items.iter_mut().for_each(|items| vote_below(items));
    shape.fields.values_mut().for_each(vote_below);
}

/// Which fields of an object are keys.
struct Map {
    kind: Kind,
    /// Those that nearly all objects have, too.
    even_constant: bool,
}

impl Map {
    fn takes(&self, name: &str, field: &Shape, objects: u64) -> bool {
        is_plain(name) && self.kind.holds(field) && (self.even_constant || !is_constant(field, objects))
    }
}

/// What the values of a name are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Only `null` was seen, or nothing is known: whatever the others are.
    Any,
    Boolean,
    Number,
    /// Free text and digits: a label may be both.
    Text,
    Format(StringFormat),
    Array,
    Object,
    /// More than one of these.
    Mixed,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Boolean,
        Self::Number,
        Self::Text,
        Self::Format(StringFormat::Uuid),
        Self::Format(StringFormat::Date),
        Self::Format(StringFormat::DateTime),
        Self::Format(StringFormat::Email),
        Self::Format(StringFormat::Url),
        Self::Array,
        Self::Object,
    ];

    fn of(shape: &Shape) -> Self {
        let mut formats = shape.strings.iter().map(|(format, _)| format);
        let text = match (formats.next(), formats.next()) {
            (None, _) => Self::Any,
            (Some(StringFormat::Text | StringFormat::Digits), None) | (Some(_), Some(_)) => Self::Text,
            (Some(format), None) => Self::Format(format),
        };
        let seen = |count: u64, kind| if count > 0 { kind } else { Self::Any };
        [
            seen(shape.booleans, Self::Boolean),
            seen(shape.integers.max(shape.numbers), Self::Number),
            text,
            seen(shape.arrays, Self::Array),
            seen(shape.objects, Self::Object),
        ]
        .into_iter()
        .filter(|kind| *kind != Self::Any)
        .reduce(|_, _| Self::Mixed)
        .unwrap_or(Self::Any)
    }

    /// Values under a name that is known to be a key were of this kind, too: a person whose label was once an address is no field.
    fn holds(self, field: &Shape) -> bool {
        let has = match self {
            Self::Boolean => field.booleans > 0,
            Self::Number => field.integers > 0 || field.numbers > 0,
            Self::Text | Self::Format(_) => !field.strings.is_empty(),
            Self::Array => field.arrays > 0,
            Self::Object => field.objects > 0,
            Self::Any | Self::Mixed => false,
        };
        has || Self::of(field) == Self::Any
    }
}

/// What kind of map an object is, if it is one; its values may be maps, and theirs, so many levels down.
fn map_of(shape: &Shape, nested: usize) -> Option<Map> {
    if shape.fields.len() < CODES.seen() {
        return None;
    }
    let plain: Vec<Name<'_>> = names(shape).collect();
    let all = alike(&plain);
    if let Some((kind, alike)) = &all
        && is_crowded(shape, alike, *kind)
    {
        return Some(Map { kind: *kind, even_constant: true });
    }
    let open: Vec<Name<'_>> = plain.iter().copied().filter(|name| !is_constant(name.values, shape.objects)).collect();
    if let Some((kind, alike)) = alike(&open)
        && is_open(shape, &alike, kind, nested)
    {
        return Some(Map { kind, even_constant: false });
    }
    let (kind, alike) = all.filter(|(_, alike)| shape.partial && is_most(alike.len(), Shape::MAX_FIELDS))?;
    bound(&alike, kind, nested).is_some().then_some(Map { kind, even_constant: true })
}

/// A name that is no class of values, and what stands under it.
#[derive(Clone, Copy)]
struct Name<'s> {
    name: &'s str,
    values: &'s Shape,
}

fn names(shape: &Shape) -> impl Iterator<Item = Name<'_>> {
    shape.fields.iter().map(|(name, values)| Name { name, values }).filter(|name| is_plain(name.name))
}

/// Classes of values are in braces, and say more than `{key}`.
fn is_plain(name: &str) -> bool {
    !name.contains('{')
}

/// Nearly all objects have it, and there were enough to say so.
const fn is_constant(field: &Shape, objects: u64) -> bool {
    objects >= OBJECTS && field.seen.saturating_mul(10) >= objects.saturating_mul(9)
}

/// The kind that nine in ten names are of, and those names.
fn alike<'s>(names: &[Name<'s>]) -> Option<(Kind, Vec<Name<'s>>)> {
    let count = |kind| names.iter().filter(|name| Kind::of(name.values) == kind).count();
    let kind = Kind::ALL.into_iter().max_by_key(|kind| count(*kind)).filter(|kind| count(*kind) > 0)?;
    let is_alike = |name: &Name<'_>| matches!(Kind::of(name.values), of if of == kind || of == Kind::Any);
    let alike: Vec<Name<'s>> = names.iter().copied().filter(is_alike).collect();
    is_most(alike.len(), names.len()).then_some((kind, alike))
}

/// Nine in ten.
const fn is_most(part: usize, all: usize) -> bool {
    part * 10 >= all * 9
}

/// In many objects: more names than a record has fields, few of them in each.
fn is_open(shape: &Shape, names: &[Name<'_>], kind: Kind, nested: usize) -> bool {
    let objects = shape.objects;
    if objects < OBJECTS || names.len() < CODES.seen() {
        return false;
    }
    let Some(bound) = bound(names, kind, nested) else { return false };
    let all = (names.len() as u64).saturating_mul(objects);
    objects >= bound.objects
        && names.len() >= bound.seen()
        && sightings(names).saturating_mul(bound.share.1) <= all.saturating_mul(bound.share.0)
        && estimate(names, objects) >= bound.names as u64
        && !(bound.names >= PLAIN.names && are_few_sorts(names))
}

/// In one object, or in few, or always the same: very many things on the whole.
fn is_crowded(shape: &Shape, names: &[Name<'_>], kind: Kind) -> bool {
    let crowd = |most: usize| sightings(names) >= shape.objects.saturating_mul(most as u64);
    // What is in maps says nothing of how many things there are.
    crowd(THINGS.crowd) && bound(names, kind, 0).is_some_and(|bound| crowd(bound.crowd))
}

fn sightings(names: &[Name<'_>]) -> u64 {
    names.iter().fold(0, |sum, name| sum.saturating_add(name.values.seen))
}

/// How many names there are at least, those not seen yet among them.
fn estimate(names: &[Name<'_>], objects: u64) -> u64 {
    let times = |times: u64| names.iter().filter(|name| name.values.seen == times).count() as u64;
    let (once, twice) = (times(1), times(2));
    let unseen = u128::from(once * once.saturating_sub(1)) * u128::from(objects.saturating_sub(1));
    let unseen = unseen / (u128::from(2 * (twice + 1)) * u128::from(objects.max(1)));
    (names.len() as u64).saturating_add(u64::try_from(unseen).unwrap_or(u64::MAX))
}

/// Nearly all names were seen equally often as many others were: a few sorts of records, each with all of its fields. Names that come
/// on their own are scattered, the more the oftener they came; where they are not many, chance may bring them together.
fn are_few_sorts(names: &[Name<'_>]) -> bool {
    let mut counts: Vec<u64> = names.iter().map(|name| name.values.seen).collect();
    counts.sort_unstable();
    let middle = counts.get(counts.len() / 2).copied().unwrap_or_default();
    let mut equal: Vec<usize> = counts.chunk_by(|a, b| a == b).map(<[u64]>::len).collect();
    equal.sort_unstable_by(|a, b| b.cmp(a));
    middle >= SCATTERED && is_most(equal.iter().take(SORTS).sum(), counts.len())
}

/// How many names are more than a record has.
#[derive(Clone, Copy)]
struct Bound {
    names: usize,
    /// So many in one object are enough, new or always the same.
    crowd: usize,
    /// Objects that are enough to say that it has few of them.
    objects: u64,
    /// The part of the names that an object has at most, on the whole: so many of so many.
    share: (u64, u64),
}

impl Bound {
    /// Names that were really seen: an estimate from few is no evidence.
    const fn seen(&self) -> usize {
        self.names * 2 / 3
    }

    /// For names that are what fields are called.
    const fn doubled(self) -> Self {
        Self { names: self.names * 2, crowd: self.crowd.saturating_mul(2), ..self }
    }
}

/// What the names and the values make of it; `None` where no number of names makes a map.
fn bound(names: &[Name<'_>], kind: Kind, nested: usize) -> Option<Bound> {
    let bound = match kind {
        Kind::Mixed | Kind::Any => return None,
        Kind::Object => of_objects(names, nested)?,
        Kind::Array => of_items(names, nested)?,
        Kind::Boolean | Kind::Number | Kind::Text | Kind::Format(_) => PLAIN,
    };
    if are_codes(names) {
        return Some(CODES);
    }
    Some(if are_of_fields(names) { bound.doubled() } else { bound })
}

fn of_objects(names: &[Name<'_>], nested: usize) -> Option<Bound> {
    match common(names) {
        Common::Links => None,
        Common::Fields(4..) => Some(THINGS),
        Common::Fields(2..) => Some(PAIRS),
        Common::Fields(_) => Some(PLAIN),
        Common::Nothing => holds_maps(names, nested).then_some(PLAIN),
    }
}

/// Arrays are alike when their items are.
fn of_items(names: &[Name<'_>], nested: usize) -> Option<Bound> {
    let items = names.iter().filter_map(|Name { name, values }| Some(Name { name, values: values.items.as_deref()? }));
    let items: Vec<Name<'_>> = items.collect();
    if items.is_empty() {
        return Some(PLAIN);
    }
    let (kind, items) = alike(&items)?;
    if kind == Kind::Object { of_objects(&items, nested) } else { Some(PLAIN) }
}

/// What objects under many names have in common.
enum Common {
    Links,
    /// So many fields that most of them have, and little else.
    Fields(usize),
    Nothing,
}

/// The objects under these names, by the fields they have.
fn common(names: &[Name<'_>]) -> Common {
    // Without fields an object is like any other.
    let filled = names.iter().filter(|name| !name.values.fields.is_empty()).count();
    let mut fields: Vec<&str> = names.iter().flat_map(|name| name.values.fields.keys()).collect();
    fields.sort_unstable();
    let counts: Vec<(&str, usize)> = fields.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect();
    let usual = |count: usize| count >= 2 && count * SHARED >= filled;
    let shared: usize = counts.iter().map(|(_, count)| *count).filter(|count| usual(*count)).sum();
    if !is_most(shared, fields.len()) {
        return Common::Nothing;
    }
    let usual = counts.iter().filter(|(_, count)| usual(*count)).map(|(name, _)| *name);
    let (is_link, is_relation) = (usual.clone().any(|name| name == "href"), usual.clone().next().is_some());
    let of_links = is_link && usual.clone().all(|name| OF_LINKS.contains(&name));
    let of_relations = is_relation && usual.clone().all(|name| OF_RELATIONS.contains(&name));
    if of_links || of_relations {
        return Common::Links;
    }
    Common::Fields(counts.iter().filter(|(_, count)| *count * 2 >= filled.max(1)).count())
}

/// Objects without a field in common may be maps themselves, which shows when they are taken together.
fn holds_maps(names: &[Name<'_>], nested: usize) -> bool {
    let Some(nested) = nested.checked_sub(1) else { return false };
    let mut all = Shape::default();
    names.iter().for_each(|name| {
        all.add(name.values, usize::MAX);
    });
    map_of(&all, nested).is_some_and(|map| {
        let keys = all.fields.iter().filter(|(name, field)| map.takes(name, field, all.objects)).count();
        is_most(keys, all.fields.len())
    })
}

/// Three capitals, two capitals, or two small letters and perhaps a region; all alike.
fn are_codes(names: &[Name<'_>]) -> bool {
    let all = |is: fn(&[u8]) -> bool| names.iter().all(|name| is(name.name.as_bytes()));
    all(|name| name.len() == 3 && name.iter().all(u8::is_ascii_uppercase))
        || all(|name| name.len() == 2 && name.iter().all(u8::is_ascii_uppercase))
        || all(is_language)
}

/// `fr`, `pt-BR`, `zh_Hant`.
fn is_language(name: &[u8]) -> bool {
    let (language, region) = name.split_at_checked(2).unwrap_or((name, b""));
    let region_fits = match region {
        [] => true,
        [b'-' | b'_', region @ ..] => matches!(region.len(), 2 | 4) && region.iter().all(u8::is_ascii_alphabetic),
        _ => false,
    };
    language.len() == 2 && language.iter().all(u8::is_ascii_lowercase) && region_fits
}

/// One name in four has a word in it of which names in APIs are made: `created_at`, `avsResult`. Of the wide records of published
/// descriptions all have, people, countries and hosts hardly any; feature names may.
fn are_of_fields(names: &[Name<'_>]) -> bool {
    names.iter().filter(|name| has_word(name.name)).count() * 4 >= names.len()
}

fn has_word(name: &str) -> bool {
    words(name.as_bytes()).any(|word| Word::of(word).is_some())
}

/// Objects from which on a share of them says something.
const OBJECTS: u64 = 5;
/// Objects with four shared fields and more: users, projects.
const THINGS: Bound = Bound { names: 16, crowd: 24, objects: OBJECTS, share: (1, 2) };
/// Objects with two or three: an amount, a range. Records have several of those.
const PAIRS: Bound = Bound { names: 32, crowd: 48, objects: OBJECTS, share: (1, 2) };
/// All else. Records of more than sixty fields of one kind were not found in published descriptions where they are not always sent.
const PLAIN: Bound = Bound { names: 64, crowd: usize::MAX, objects: 3 * OBJECTS, share: (1, 2) };
/// Names that are codes. Rates are mostly sent for all currencies.
const CODES: Bound = Bound { names: 12, crowd: 32, objects: OBJECTS, share: (4, 5) };
/// A field that one object in so many has is one that they share.
const SHARED: usize = 20;
/// Levels of maps in maps that are looked through to say that values are alike: each costs a pass over all below it, twice.
const NESTED: usize = 3;
/// Sorts of records that share one place.
const SORTS: usize = 4;
/// Sightings of a name from which on chance would scatter their numbers over more than `SORTS` values.
const SCATTERED: u64 = 5;
/// Members of link objects (HAL, JSON:API).
const OF_LINKS: [&str; 12] = [
    "href",
    "templated",
    "type",
    "deprecation",
    "name",
    "profile",
    "title",
    "hreflang",
    "rel",
    "method",
    "describedby",
    "meta",
];
/// Members of relationship objects (JSON:API).
const OF_RELATIONS: [&str; 3] = ["data", "links", "meta"];

#[cfg(test)]
#[path = "maps_tests.rs"]
mod tests;
