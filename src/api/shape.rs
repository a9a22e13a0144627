//! What a JSON value looks like: types, field names, nesting. Never a value.
//!
//! Shapes merge: the shape of many bodies is the union of each. `seen` counts make optional fields visible.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::data::DataClasses;
use super::rank::{ceiling, rank};
use super::values::Values;
use super::vote::Classes;
use crate::merge::Merge;

/// The union of what was seen at one place of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Values seen here.
    pub seen: u64,
    /// `null`.
    #[serde(skip_serializing_if = "is_zero")]
    pub nulls: u64,
    /// `true` or `false`.
    #[serde(skip_serializing_if = "is_zero")]
    pub booleans: u64,
    /// Numbers without a fraction or exponent.
    #[serde(skip_serializing_if = "is_zero")]
    pub integers: u64,
    /// Other numbers.
    #[serde(skip_serializing_if = "is_zero")]
    pub numbers: u64,
    /// Strings, by what they look like.
    #[serde(skip_serializing_if = "Formats::is_empty")]
    pub strings: Formats,
    /// Arrays: how many, and the union of their items.
    #[serde(skip_serializing_if = "is_zero")]
    pub arrays: u64,
    /// What the items of arrays look like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Self>>,
    /// Objects.
    #[serde(skip_serializing_if = "is_zero")]
    pub objects: u64,
    /// Fields of objects by name; a name of a value class is its class in braces.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub fields: Fields,
    /// How long strings and numbers were, how many different, and which where they are words of a closed set.
    #[serde(serialize_with = "Values::tell", skip_serializing_if = "Values::is_empty", skip_deserializing)]
    pub values: Values,
    /// Different names that were folded into this field, where it is the `{key}` of a map.
    #[serde(skip_serializing_if = "is_zero")]
    pub keys: u64,
    /// How often values looked like sensitive data of each class.
    #[serde(skip)]
    pub looks: Classes,
    /// The classes of sensitive data that this place carries, by vote over all of its values; of the union of many bodies only.
    #[serde(skip_serializing_if = "DataClasses::is_none")]
    pub data: DataClasses,
    /// Deeper or wider than the bounds, or the sample ended: there is more than what stands here.
    #[serde(skip_serializing_if = "is_false")]
    pub partial: bool,
}

/// What a string looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StringFormat {
    /// No closer description.
    Text,
    /// RFC 9562.
    Uuid,
    /// RFC 3339 full-date.
    Date,
    /// RFC 3339 date-time.
    DateTime,
    /// An e-mail address.
    Email,
    /// An absolute URL.
    Url,
    /// Digits only.
    Digits,
}

impl StringFormat {
    /// Every format, in order.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Uuid, Self::Date, Self::DateTime, Self::Email, Self::Url, Self::Digits];
}

impl Shape {
    /// The bound on the fields of one object; merging keeps the names of the smallest rank ([`super::rank()`]) and marks the rest as partial.
    pub const MAX_FIELDS: usize = 256;

    /// Takes in another, at most `below` levels under this one; what lies deeper makes it partial. Tells how many
    /// places it holds more than before. What both know is only counted: nothing is copied.
    pub fn add(&mut self, other: &Self, below: usize) -> isize {
        self.seen = self.seen.saturating_add(other.seen);
        self.nulls = self.nulls.saturating_add(other.nulls);
        self.booleans = self.booleans.saturating_add(other.booleans);
        self.integers = self.integers.saturating_add(other.integers);
        self.numbers = self.numbers.saturating_add(other.numbers);
        self.arrays = self.arrays.saturating_add(other.arrays);
        self.objects = self.objects.saturating_add(other.objects);
        // The names of both may be the same.
        self.keys = self.keys.max(other.keys);
        self.partial |= other.partial;
        if !other.values.is_empty() {
            self.values.add(&other.values);
        }
        self.looks.add_all(&other.looks);
        self.data = self.data.and(other.data);
        for format in StringFormat::ALL {
            self.strings[format] = self.strings[format].saturating_add(other.strings[format]);
        }
        let Some(below) = below.checked_sub(1) else {
            self.partial |= other.items.is_some() || !other.fields.is_empty();
            return 0;
        };
        let mut grown = 0_isize;
        if let Some(items) = &other.items {
            grown += isize::from(self.items.is_none());
            grown += self.items.get_or_insert_default().add(items, below);
        }
        let mut at = 0;
        for (name, theirs) in other.fields.iter() {
            let (field, new);
            (at, field, new) = self.fields.entry_from(at, name);
            grown += isize::from(new) + field.add(theirs, below);
        }
        let lost = self.fields.narrow(Self::MAX_FIELDS);
        self.partial |= lost > 0;
        grown.saturating_sub_unsigned(lost)
    }

    /// Places: this one and all below.
    #[must_use]
    pub fn places(&self) -> usize {
        let below = self.items.as_deref().into_iter().chain(self.fields.values()).map(Self::places);
        below.fold(1, usize::saturating_add)
    }
}

impl Shape {
    /// Votes which classes of sensitive data this place carries.
    pub fn vote(&mut self) {
        let scalars = self.seen.saturating_sub(self.nulls).saturating_sub(self.objects).saturating_sub(self.arrays);
        self.data = self.looks.carried(scalars);
    }
}

impl Merge for Shape {
    fn merge(&mut self, other: Self) {
        if *self == Self::default() && other.fields.len() <= Self::MAX_FIELDS {
            *self = other;
        } else {
            self.add(&other, usize::MAX);
        }
    }
}

/// How often strings of each format were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Formats([u64; StringFormat::ALL.len()]);

impl Formats {
    /// No string was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }

    /// The formats that were seen, with their counts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (StringFormat, u64)> {
        StringFormat::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

impl Index<StringFormat> for Formats {
    type Output = u64;

    fn index(&self, format: StringFormat) -> &u64 {
        &self.0[format as usize]
    }
}

impl IndexMut<StringFormat> for Formats {
    fn index_mut(&mut self, format: StringFormat) -> &mut u64 {
        &mut self.0[format as usize]
    }
}

impl Serialize for Formats {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Formats {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts = std::collections::BTreeMap::<StringFormat, u64>::deserialize(deserializer)?;
        let mut formats = Self::default();
        counts.into_iter().for_each(|(format, count)| formats[format] = count);
        Ok(formats)
    }
}

/// Fields of an object by name, sorted. A vector and not a map: most objects have few fields, and a node of a map
/// has room for eleven, which made a place four times as dear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Box<str>, Shape)>);

impl Fields {
    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// None.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The field of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Shape> {
        self.0.get(self.find(name).ok()?).map(|(_, shape)| shape)
    }

    /// The field of this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Shape> {
        let at = self.find(name).ok()?;
        self.0.get_mut(at).map(|(_, shape)| shape)
    }

    /// The field of this name, made on first sight; and whether it was made now.
    pub fn entry(&mut self, name: &str) -> (&mut Shape, bool) {
        let (_, field, new) = self.entry_from(0, name);
        (field, new)
    }

    /// The same where all names before `start` are smaller; and where the next greater name can start. Bodies of one
    /// operation mostly have the same fields, so the name looked for mostly stands right there.
    fn entry_from(&mut self, start: usize, name: &str) -> (usize, &mut Shape, bool) {
        let start = start.min(self.0.len());
        let found = match self.0.get(start) {
            Some((known, _)) if **known == *name => Ok(start),
            _ => {
                let rest = self.0[start..].binary_search_by(|(known, _)| (**known).cmp(name));
                rest.map(|at| start + at).map_err(|at| start + at)
            }
        };
        let at = found.unwrap_or_else(|at| at);
        if found.is_err() {
            if self.0.len() == self.0.capacity() {
                // A vector's first growth is four; most objects that grow at all have one or two fields more.
                self.0.reserve_exact(self.0.len() / 2 + 1);
            }
            self.0.insert(at, (name.into(), Shape::default()));
        }
        (at + 1, &mut self.0[at].1, found.is_err())
    }

    /// Takes out a field.
    pub fn remove(&mut self, name: &str) -> Option<Shape> {
        let at = self.find(name).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Takes out all that `goes`, in order of name.
    pub fn take_out(&mut self, mut goes: impl FnMut(&str, &Shape) -> bool) -> Vec<(Box<str>, Shape)> {
        self.0.extract_if(.., |(name, shape)| goes(name, shape)).collect()
    }

    /// Keeps at most so many, of the smallest ranks; tells how many places went.
    fn narrow(&mut self, most: usize) -> usize {
        let Some(ceiling) = ceiling(self.keys(), most) else { return 0 };
        let mut lost = 0;
        self.0.retain(|(name, field)| {
            let stays = rank(name) < ceiling;
            lost += if stays { 0 } else { field.places() };
            stays
        });
        lost
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0 = Vec::new();
    }

    /// Names with their shapes, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.0.iter().map(|(name, shape)| (&**name, shape))
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// The shapes, in order of name.
    pub fn values(&self) -> impl Iterator<Item = &Shape> {
        self.0.iter().map(|(_, shape)| shape)
    }

    /// The shapes, in order of name.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Shape> {
        self.0.iter_mut().map(|(_, shape)| shape)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

impl<N: AsRef<str>> FromIterator<(N, Shape)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, Shape)>>(fields: I) -> Self {
        let mut all = Self::default();
        fields.into_iter().for_each(|(name, shape)| *all.entry(name.as_ref()).0 = shape);
        all
    }
}

#[cfg(test)]
impl Index<&str> for Fields {
    type Output = Shape;

    /// # Panics
    ///
    /// There is no field of this name.
    fn index(&self, name: &str) -> &Shape {
        self.get(name).expect("no field of this name")
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(std::collections::BTreeMap::<String, Shape>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(b: &bool) -> bool {
    !*b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(names: &[&str], below: &Shape) -> Shape {
        Shape {
            seen: 1,
            objects: 1,
            fields: names.iter().map(|name| (name, below.clone())).collect(),
            ..Shape::default()
        }
    }

    #[test]
    fn adding_tells_how_many_places_there_are_more() {
        // Catches a weight that drifts: a bound on it would cut too late, or count everything anew at each body.
        let leaf = Shape { seen: 1, nulls: 1, ..Shape::default() };
        let mut whole = Shape::default();
        let mut places = 1_isize;
        for round in 0..400_u32 {
            let name = format!("n{}", round.wrapping_mul(2_654_435_761) % 1_000);
            places += whole.add(&body(&[&name, "a"], &body(&[&name], &leaf)), 3);
            assert_eq!(usize::try_from(places), Ok(whole.places()));
        }
        assert!(whole.fields.len() == Shape::MAX_FIELDS && whole.partial);
    }

    #[test]
    fn what_lies_deeper_makes_it_partial() {
        let deep = body(&["a"], &body(&["b"], &Shape::default()));
        let mut cut = Shape::default();
        assert_eq!(cut.add(&deep, 1), 1);
        assert!(cut.fields["a"].partial && cut.fields["a"].fields.is_empty() && !cut.partial);
        let mut whole = Shape::default();
        assert_eq!((whole.add(&deep, 2), whole.fields["a"].partial), (2, false));
    }

    #[test]
    fn a_shape_reads_back_from_json() {
        let mut shape = body(&["b", "a"], &Shape { seen: 1, ..Shape::default() });
        shape.strings[StringFormat::DateTime] = 3;
        let text = serde_json::to_string(&shape).unwrap();
        assert_eq!(
            text,
            r#"{"seen":1,"strings":{"date_time":3},"objects":1,"fields":{"a":{"seen":1},"b":{"seen":1}}}"#
        );
    }
}
