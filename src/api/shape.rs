//! What a JSON value looks like: types, field names, nesting. Never a value.
//!
//! Shapes merge: the shape of many bodies is the union of each. `seen` counts make optional fields visible.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub strings: BTreeMap<StringFormat, u64>,
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
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Self>,
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

impl Shape {
    /// The bound on the fields of one object; merging keeps the smallest names and marks the rest as partial.
    pub const MAX_FIELDS: usize = 256;
}

impl Merge for Shape {
    fn merge(&mut self, other: Self) {
        self.seen += other.seen;
        self.nulls += other.nulls;
        self.booleans += other.booleans;
        self.integers += other.integers;
        self.numbers += other.numbers;
        Merge::merge(&mut self.strings, other.strings);
        self.arrays += other.arrays;
        if let Some(items) = other.items {
            self.items.get_or_insert_default().merge(*items);
        }
        self.objects += other.objects;
        Merge::merge(&mut self.fields, other.fields);
        // Keeping the smallest names does not depend on the order of arrival.
        while self.fields.len() > Self::MAX_FIELDS {
            self.fields.pop_last();
            self.partial = true;
        }
        self.partial |= other.partial;
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
