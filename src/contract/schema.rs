//! Declared schemas, compiled: one arena for each spec, so that what refers to itself is a number and not a tree.
//!
//! In: what `spec` read. Out: nodes that a value is held against ([`super::value`]). A keyword that is not known, or cannot be
//! read, demands nothing: a drift that is none is worse than one that is missed.

use std::hash::{Hash, Hasher};

use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use super::pattern::Pattern;

/// Number of a schema in [`Schemas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(pub u32);

/// All schemas of one spec.
#[derive(Debug, Default)]
pub struct Schemas {
    nodes: Vec<Schema>,
    /// Files, by number; the first is the root.
    files: Vec<String>,
}

/// Where a schema stands in its spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// At a pointer of a file, by number.
    Root(u16, Box<str>),
    /// Below another, under these keys (already escaped, without the slash before them).
    Under(SchemaId, Box<str>),
}

/// One schema.
#[derive(Debug)]
pub struct Schema {
    /// Where it stands.
    pub at: At,
    /// Types that it allows.
    pub types: Types,
    /// `null` will do, whatever else it demands.
    pub nullable: bool,
    /// Only responses may hold it.
    pub read_only: bool,
    /// Only requests may hold it.
    pub write_only: bool,
    /// Values that it allows; `None`: any.
    pub choices: Option<Box<[Value]>>,
    /// What it demands of numbers and texts.
    pub scalar: Option<Box<Scalar>>,
    /// What it demands of lists.
    pub list: Option<Box<List>>,
    /// What it demands of objects.
    pub object: Option<Box<Object>>,
    /// What stands in its place, or beside it.
    pub reference: Option<SchemaId>,
    /// What else it demands.
    pub parts: Option<Box<Parts>>,
}

/// Demands on numbers and texts.
#[derive(Debug, Default)]
pub struct Scalar {
    /// The least number; excluded itself.
    pub least: Option<(f64, bool)>,
    /// The greatest number; excluded itself.
    pub most: Option<(f64, bool)>,
    /// What it must be a multiple of.
    pub multiple: Option<f64>,
    /// Letters at least.
    pub shortest: Option<u64>,
    /// Letters at most.
    pub longest: Option<u64>,
    /// What it must match.
    pub pattern: Option<Pattern>,
    /// What it must look like.
    pub format: Option<Box<str>>,
}

/// Demands on lists.
#[derive(Debug, Default)]
pub struct List {
    /// Of the first items.
    pub first: Vec<SchemaId>,
    /// Of each other item.
    pub items: Option<SchemaId>,
    /// Items at least.
    pub fewest: Option<u64>,
    /// Items at most.
    pub most: Option<u64>,
}

/// Demands on objects.
#[derive(Debug, Default)]
pub struct Object {
    /// Fields, sorted by name.
    pub fields: Vec<(Box<str>, SchemaId)>,
    /// Names that must be there.
    pub required: Vec<Box<str>>,
    /// Fields whose names match.
    pub patterns: Vec<(Pattern, SchemaId)>,
    /// All other fields.
    pub others: Others,
    /// Fields at least.
    pub fewest: Option<u64>,
    /// Fields at most.
    pub most: Option<u64>,
}

impl Object {
    /// The schema of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<SchemaId> {
        let at = self.fields.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.fields.get(at).map(|(_, schema)| *schema)
    }
}

/// What is said of fields that are not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Others {
    /// Nothing: whoever wrote the spec knew of none.
    #[default]
    Unsaid,
    /// There may be any.
    Any,
    /// There may be none.
    None,
    /// They are like this.
    Like(SchemaId),
}

/// The field that tells which schema holds, and what its values mean.
pub type ToldBy = (Box<str>, Vec<(Box<str>, SchemaId)>);

/// Schemas that are put together.
#[derive(Debug, Default)]
pub struct Parts {
    /// All of them hold.
    pub all: Vec<SchemaId>,
    /// One of them holds at least.
    pub any: Vec<SchemaId>,
    /// One of them holds. Two are no drift: what overlaps says so in the spec, not in the traffic.
    pub one: Vec<SchemaId>,
    /// It does not hold.
    pub not: Option<SchemaId>,
    /// Where the first holds the second does, else the third.
    pub branch: Option<(SchemaId, Option<SchemaId>, Option<SchemaId>)>,
    /// The field that tells which one, and what its values mean.
    pub told_by: Option<ToldBy>,
}

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Types(pub u8);

impl Types {
    /// `null`.
    pub const NULL: Self = Self(1);
    /// `boolean`.
    pub const BOOLEAN: Self = Self(2);
    /// `integer`.
    pub const INTEGER: Self = Self(4);
    /// `number`, whole ones among them.
    pub const NUMBER: Self = Self(4 | 8);
    /// `string`.
    pub const STRING: Self = Self(16);
    /// `array`.
    pub const ARRAY: Self = Self(32);
    /// `object`.
    pub const OBJECT: Self = Self(64);
    /// Any.
    pub const ANY: Self = Self(127);
    /// None: nothing is allowed.
    pub const NEVER: Self = Self(0);

    /// By name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// Objects, and nothing else but `null`.
    #[must_use]
    pub const fn is_object(self) -> bool {
        self.0 & !Self::NULL.0 == Self::OBJECT.0
    }

    /// One of these is among them.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Schema {
    /// One that demands nothing.
    #[must_use]
    pub const fn open(at: At) -> Self {
        Self {
            at,
            types: Types::ANY,
            nullable: false,
            read_only: false,
            write_only: false,
            choices: None,
            scalar: None,
            list: None,
            object: None,
            reference: None,
            parts: None,
        }
    }

    /// Schemas that it names, in order.
    pub fn children(&self) -> impl Iterator<Item = SchemaId> + '_ {
        let object = self.object.iter().flat_map(|object| {
            let others = if let Others::Like(schema) = object.others { Some(schema) } else { None };
            let fields = object.fields.iter().map(|(_, schema)| *schema);
            fields.chain(object.patterns.iter().map(|(_, schema)| *schema)).chain(others)
        });
        let list = self.list.iter().flat_map(|list| list.first.iter().copied().chain(list.items));
        let parts = self.parts.iter().flat_map(|parts| {
            let branch = parts.branch.iter().flat_map(|(a, b, c)| [Some(*a), *b, *c]).flatten();
            let told = parts.told_by.iter().flat_map(|(_, all)| all.iter().map(|(_, schema)| *schema));
            let all = parts.all.iter().chain(&parts.any).chain(&parts.one).copied();
            all.chain(parts.not).chain(branch).chain(told)
        });
        self.reference.into_iter().chain(object).chain(list).chain(parts)
    }

    /// Digests what it demands by itself; children by number of appearance, which whoever walks them knows.
    fn digest(&self, hash: &mut Xxh3) {
        (self.types, self.nullable, self.read_only, self.write_only).hash(hash);
        for choice in self.choices.iter().flat_map(|choices| choices.iter()) {
            choice.to_string().hash(hash);
        }
        if let Some(it) = &self.scalar {
            let number = |number: Option<(f64, bool)>| number.map(|(number, excluded)| (number.to_bits(), excluded));
            (number(it.least), number(it.most), it.multiple.map(f64::to_bits), it.shortest, it.longest).hash(hash);
            (it.pattern.as_ref().map(Pattern::text), it.format.as_deref()).hash(hash);
        }
        if let Some(it) = &self.list {
            (it.first.len(), it.items.is_some(), it.fewest, it.most).hash(hash);
        }
        if let Some(it) = &self.object {
            for (name, _) in &it.fields {
                name.hash(hash);
            }
            for (pattern, _) in &it.patterns {
                pattern.text().hash(hash);
            }
            (&it.required, std::mem::discriminant(&it.others), it.fewest, it.most).hash(hash);
        }
        if let Some(it) = &self.parts {
            (it.all.len(), it.any.len(), it.one.len(), it.not.is_some()).hash(hash);
            it.branch.map(|(_, then, other)| (then.is_some(), other.is_some())).hash(hash);
            if let Some((name, all)) = &it.told_by {
                name.hash(hash);
                all.iter().for_each(|(value, _)| value.hash(hash));
            }
        }
    }
}

impl Schemas {
    /// With these files, the root first.
    #[must_use]
    pub fn new(nodes: Vec<Schema>, files: Vec<String>) -> Self {
        Self { nodes, files }
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nodes.len()
    }

    /// There is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The schema of this number.
    #[must_use]
    pub fn get(&self, id: SchemaId) -> Option<&Schema> {
        self.nodes.get(id.0 as usize)
    }

    /// Where it stands: a JSON pointer behind `#`, with the file before it where that is not the root.
    #[must_use]
    pub fn pointer(&self, id: SchemaId) -> String {
        let mut keys: Vec<&str> = Vec::new();
        let mut at = self.get(id).map(|schema| &schema.at);
        let mut root = String::new();
        while let Some(place) = at {
            match place {
                At::Under(above, key) => {
                    keys.push(key);
                    at = self.get(*above).map(|schema| &schema.at);
                }
                At::Root(file, pointer) => {
                    if *file > 0 {
                        root.push_str(self.files.get(usize::from(*file)).map_or("", String::as_str));
                    }
                    root.push('#');
                    root.push_str(pointer);
                    at = None;
                }
            }
        }
        for key in keys.into_iter().rev() {
            root.push('/');
            root.push_str(key);
        }
        root
    }

    /// Digests all that these demand, whatever their numbers are.
    pub fn digest(&self, roots: impl IntoIterator<Item = SchemaId>, hash: &mut Xxh3) {
        let mut met = std::collections::HashMap::new();
        let mut open: Vec<SchemaId> = roots.into_iter().collect();
        open.reverse();
        while let Some(id) = open.pop() {
            let next = met.len();
            let number = *met.entry(id).or_insert(next);
            number.hash(hash);
            if number < next {
                continue;
            }
            if let Some(schema) = self.get(id) {
                schema.digest(hash);
                let from = open.len();
                open.extend(schema.children());
                if let Some(new) = open.get_mut(from..) {
                    new.reverse();
                }
            }
        }
        hash.write_u8(0xff);
    }
}
