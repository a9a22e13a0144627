//! How the body shapes of an operation are written and read back: place by place, the upper before the lower.
//!
//! A list with depths and not a tree: what reads it back never goes deeper than it has checked.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Shapes;
use crate::api::{Shape, StringFormat};

#[derive(Serialize, Deserialize)]
struct Form<'s> {
    lost: usize,
    cut: bool,
    places: Vec<Place<'s>>,
}

/// One place. Where the depth grows by one, it lies in the place before.
#[derive(Serialize, Deserialize)]
struct Place<'s> {
    depth: usize,
    step: Step<'s>,
    /// Seen, nulls, booleans, integers, numbers, arrays, objects.
    counts: [u64; 7],
    strings: [u64; StringFormat::ALL.len()],
    partial: bool,
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
        let mut places = Vec::with_capacity(self.weight);
        self.asked.iter().for_each(|shape| write(shape, 0, Step::Asked, &mut places));
        self.answered.iter().for_each(|(status, shape)| write(shape, 0, Step::Answered(*status), &mut places));
        Form { lost: self.lost, cut: self.cut, places }.serialize(serializer)
    }
}

fn write<'s>(shape: &'s Shape, depth: usize, step: Step<'s>, places: &mut Vec<Place<'s>>) {
    places.push(Place {
        depth,
        step,
        counts: [shape.seen, shape.nulls, shape.booleans, shape.integers, shape.numbers, shape.arrays, shape.objects],
        strings: StringFormat::ALL.map(|format| shape.strings[format]),
        partial: shape.partial,
    });
    shape.items.iter().for_each(|items| write(items, depth + 1, Step::Items, places));
    shape.fields.iter().for_each(|(name, field)| write(field, depth + 1, Step::Field(name.into()), places));
}

impl<'de> Deserialize<'de> for Shapes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        let deepest = Self::DEPTH.checked_sub(form.lost).ok_or_else(|| D::Error::custom("shapes too flat"))?;
        if form.places.iter().any(|place| place.depth > deepest) {
            return Err(D::Error::custom("a shape too deep"));
        }
        let mut shapes = Self { weight: form.places.len(), lost: form.lost, cut: form.cut, ..Self::default() };
        let mut places = form.places.into_iter().peekable();
        while let Some(place) = places.next() {
            let root = match place.step {
                Step::Asked if place.depth == 0 && shapes.asked.is_none() => shapes.asked.insert(Box::default()),
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
        shapes.settle();
        Ok(shapes)
    }
}

/// Fills in one place and all that lie in it; false when they cannot. Goes as deep as the depths say, which were
/// checked.
fn fill<'s>(
    shape: &mut Shape,
    place: &Place<'s>,
    rest: &mut std::iter::Peekable<impl Iterator<Item = Place<'s>>>,
) -> bool {
    let [seen, nulls, booleans, integers, numbers, arrays, objects] = place.counts;
    (shape.seen, shape.nulls, shape.booleans, shape.integers) = (seen, nulls, booleans, integers);
    (shape.numbers, shape.arrays, shape.objects, shape.partial) = (numbers, arrays, objects, place.partial);
    StringFormat::ALL.into_iter().zip(place.strings).for_each(|(format, count)| shape.strings[format] = count);
    while let Some(below) = rest.next_if(|below| below.depth == place.depth + 1) {
        let child = match &below.step {
            Step::Items if shape.items.is_none() => shape.items.get_or_insert_default(),
            Step::Field(name) => match shape.fields.entry(name) {
                (field, true) => field,
                _ => return false,
            },
            _ => return false,
        };
        if !fill(child, &below, rest) {
            return false;
        }
    }
    shape.fields.len() <= Shape::MAX_FIELDS
}
