//! How the body shapes of an operation are written and read back: place by place, the upper before the lower.
//!
//! A list with depths and not a tree: what reads it back never goes deeper than it has checked.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::kept::MOST;
use super::traces::are_sound;
use super::{Count, DATA, PARTIAL, Place, Shapes, TEXT};
use crate::api::StringFormat;

#[derive(Serialize, Deserialize)]
struct Form<'s> {
    lost: usize,
    cut: bool,
    places: Vec<Written<'s>>,
}

/// One place. Where the depth grows by one, it lies in the place before.
#[derive(Serialize, Deserialize)]
struct Written<'s> {
    depth: usize,
    step: Step<'s>,
    /// How much greater mark and kind are than those before, count: most are of the mark before.
    counts: Vec<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
enum Step<'s> {
    Asked,
    Answered(u16),
    Items,
    Field(Cow<'s, str>),
}

impl Serialize for Shapes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut places = Vec::with_capacity(self.places());
        self.asked.iter().for_each(|place| write(place, 0, Step::Asked, &mut places));
        self.answered.iter().for_each(|(status, place)| write(place, 0, Step::Answered(*status), &mut places));
        Form { lost: self.lost, cut: self.cut, places }.serialize(serializer)
    }
}

fn write<'s>(place: &'s Place, depth: usize, step: Step<'s>, places: &mut Vec<Written<'s>>) {
    let mut before = 0;
    let since = |count: &Count| {
        let since = count.key() - before;
        before = count.key();
        (since, count.count())
    };
    let counts = place.counts.iter().map(since).collect();
    places.push(Written { depth, step, counts });
    place.items.iter().for_each(|items| write(items, depth + 1, Step::Items, places));
    place.fields.iter().for_each(|(name, field)| write(field, depth + 1, Step::Field((&**name).into()), places));
}

impl<'de> Deserialize<'de> for Shapes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        let deepest = Self::DEPTH.checked_sub(form.lost).ok_or_else(|| D::Error::custom("shapes too flat"))?;
        if form.places.iter().any(|place| place.depth > deepest) {
            return Err(D::Error::custom("a shape too deep"));
        }
        let mut shapes = Self { lost: form.lost, cut: form.cut, ..Self::default() };
        let mut places = form.places.into_iter().peekable();
        while let Some(place) = places.next() {
            let root = match place.step {
                Step::Asked if place.depth == 0 && shapes.asked.is_none() => &mut **shapes.asked.insert(Box::default()),
                Step::Answered(status) if place.depth == 0 && !shapes.answered.contains_key(&status) => {
                    shapes.answered.entry(status).or_default()
                }
                _ => return Err(D::Error::custom("a shape without a root")),
            };
            if !fill(root, &place, &mut places) {
                return Err(D::Error::custom("an odd shape"));
            }
        }
        if shapes.answered.len() > Self::STATUSES {
            return Err(D::Error::custom("more statuses than are kept"));
        }
        shapes.recount();
        shapes.settle();
        Ok(shapes)
    }
}

/// Fills in one place and all that lie in it; false when they cannot. Goes as deep as the depths say, which were
/// checked.
fn fill<'s>(
    place: &mut Place,
    written: &Written<'s>,
    rest: &mut std::iter::Peekable<impl Iterator<Item = Written<'s>>>,
) -> bool {
    let mut key = 0_u64;
    place.counts.reserve_exact(written.counts.len());
    for (step, count) in &written.counts {
        key = key.saturating_add(*step);
        if !is_sound(key, *count) {
            return false;
        }
        place.counts.push(Count(key << Count::COUNT_BITS | count));
    }
    if place.counts.is_empty() || !place.counts.is_sorted_by(|a, b| a < b) || !are_sound(&place.counts) {
        return false;
    }
    while let Some(below) = rest.next_if(|below| below.depth == written.depth + 1) {
        let child = match &below.step {
            Step::Items if place.items.is_none() => &mut **place.items.insert(Box::default()),
            // Written in order, so that reading is linear.
            Step::Field(name) if place.fields.last().is_none_or(|(last, _)| **last < **name) => {
                place.fields.push(((&**name).into(), Place::default()));
                match place.fields.last_mut() {
                    Some((_, field)) => field,
                    None => return false,
                }
            }
            _ => return false,
        };
        if !fill(child, &below, rest) {
            return false;
        }
    }
    true
}

/// A kind that there is, under a mark that can be, seen at least once and not more often than anything can be.
fn is_sound(key: u64, count: u64) -> bool {
    let kind = (key & 127) as u8;
    let trace = Count(key << Count::COUNT_BITS).is_trace();
    let known = kind <= PARTIAL || kind >= DATA || trace || usize::from(kind - TEXT) < StringFormat::ALL.len();
    known && key < 1 << (64 - Count::COUNT_BITS) && (1..=MOST).contains(&count)
}
