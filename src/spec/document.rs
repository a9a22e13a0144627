//! One file as a tree of values that knows its lines: JSON or YAML, told apart by content.
//!
//! In: bytes of a file. Out: a [`Document`], or a [`SpecError`] that names file, line and fault. What a document may
//! cost is bounded before it is built: its size, its depth, its values, and what its YAML aliases unfold to.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::MessageFormatter;

use super::error::{Place, SpecError, shown};
use super::lines::Lines;
use crate::limits::Limits;

/// Nesting of values in a document. serde_json stops at 128 by itself; YAML is held to the same.
const DEPTH: usize = 128;

/// Stack for reading YAML. Its reader calls itself for each level, and takes some 20 KiB for one when not optimised.
const STACK: usize = 16 << 20;

/// A file, read.
#[derive(Debug)]
pub struct Document {
    /// How messages call it.
    pub file: String,
    /// Where it truly lies: absolute, without symlinks. For `$ref`; never printed.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its value.
    pub root: Value,
    lines: Lines,
}

impl Document {
    /// Reads a file. `path` is where it truly lies, `file` how messages call it.
    pub fn read(path: &Path, file: &str, limits: &Limits) -> Result<Self, SpecError> {
        let bytes = read_bytes(path, file, limits.spec_bytes)?;
        Self::parse(path.to_owned(), file, &bytes, limits)
    }

    /// Reads a file's bytes.
    pub fn parse(path: PathBuf, file: &str, bytes: &[u8], limits: &Limits) -> Result<Self, SpecError> {
        let text = text_of(file, bytes)?;
        let (root, lines) = match tree_of(text, file, limits.spec_nodes) {
            Ok(read) => read,
            Err(fault) => {
                let place = Place { file: file.to_owned(), line: fault.line, pointer: String::new() };
                return Err(SpecError::Wrong { place, what: fault.what, mend: fault.mend.to_owned() });
            }
        };
        Ok(Self { file: file.to_owned(), path, bytes: bytes.len() as u64, root, lines })
    }

    /// Its name without its folder: how its spec is called until whoever loads many makes names unique.
    pub(super) fn name(&self) -> String {
        self.file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
    }

    /// The part that a JSON pointer names.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.root.pointer(pointer)
    }

    /// The line of a part, or of the nearest part around it; 0 when not known.
    #[must_use]
    pub fn line(&self, pointer: &str) -> u32 {
        self.lines.around(pointer)
    }

    /// Keys of paths and operations that the file declares twice, with the line of the second.
    pub fn repeated(&self) -> impl Iterator<Item = (&str, u32)> {
        self.lines.repeated.iter().map(|(pointer, line)| (pointer.as_str(), *line))
    }

    /// Where a part stands.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Place {
        Place { file: self.file.clone(), line: self.line(pointer), pointer: pointer.to_owned() }
    }

    /// A fault of a part.
    pub(super) fn wrong(&self, pointer: &str, what: impl Into<String>, mend: impl Into<String>) -> SpecError {
        SpecError::Wrong { place: self.place(pointer), what: what.into(), mend: mend.into() }
    }
}

/// All bytes of a regular file, if they are not too many.
pub(super) fn read_bytes(path: &Path, file: &str, most: u64) -> Result<Vec<u8>, SpecError> {
    let unreadable = |why| SpecError::Unreadable { file: file.to_owned(), why };
    // Asked before opening: a pipe in a folder of specs would keep us waiting for ever.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(SpecError::of_file(file, "is no regular file", "name a JSON or YAML file"));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|opened| opened.take(most.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(unreadable)?;
    if bytes.len() as u64 > most {
        let what = format!("is larger than {most} bytes, the most a spec may have");
        return Err(SpecError::of_file(file, what, "split it, or leave examples out"));
    }
    Ok(bytes)
}

/// The text of a file, without a byte order mark.
pub(super) fn text_of<'b>(file: &str, bytes: &'b [u8]) -> Result<&'b str, SpecError> {
    const MEND: &str = "save it as UTF-8";
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(SpecError::of_file(file, "is UTF-16, which is not read", MEND));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(fault) => {
            let before = bytes.get(..fault.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            let place = Place { file: file.to_owned(), line, pointer: String::new() };
            Err(SpecError::Wrong { place, what: "is not UTF-8 here".to_owned(), mend: MEND.to_owned() })
        }
    }
}

/// Why a text is no document.
#[derive(Debug)]
struct Fault {
    line: u32,
    what: String,
    mend: &'static str,
}

/// The tree of a text and its lines.
fn tree_of(text: &str, file: &str, nodes: usize) -> Result<(Value, Lines), Fault> {
    if text.trim_start().starts_with(['{', '[']) {
        match json(text, nodes) {
            Ok(root) => return Ok((root, Lines::of_json(text))),
            // YAML may begin with a brace too; but what calls itself JSON is told its fault as JSON.
            Err(fault) if file.to_ascii_lowercase().ends_with(".json") => return Err(fault),
            Err(fault) => return yaml(text, nodes).map(|root| (root, Lines::default())).map_err(|_| fault),
        }
    }
    yaml(text, nodes).map(|root| (root, Lines::of_yaml(text)))
}

/// Reads YAML on a stack that is deep enough, whoever asks.
fn yaml(text: &str, nodes: usize) -> Result<Value, Fault> {
    let failed = |what: &str| Fault { line: 0, what: what.to_owned(), mend: "try again, or write it as JSON" };
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || yaml_here(text, nodes));
        let reader = reader.map_err(|_| failed("cannot be read: no thread for it"))?;
        reader.join().unwrap_or_else(|_| Err(failed("cannot be read: the YAML reader gave up")))
    })
}

fn json(text: &str, nodes: usize) -> Result<Value, Fault> {
    // JSON has no aliases: what it unfolds to is what it is.
    let budget = Budget { nodes: Cell::new(nodes), bytes: Cell::new(usize::MAX) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let root = Tree(&budget).deserialize(&mut deserializer).and_then(|root| deserializer.end().map(|()| root));
    root.map_err(|fault| {
        let (line, column) = (fault.line(), fault.column());
        let told = fault.to_string();
        let what = told.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&told);
        Fault {
            line: u32::try_from(line).unwrap_or(0),
            what: format!("is no JSON: {} (column {column})", shown(what)),
            mend: "correct the syntax there",
        }
    })
}

fn yaml_here(text: &str, nodes: usize) -> Result<Value, Fault> {
    // Each value takes a byte of text at the least, unless an alias repeats it. Specs repeat little: what unfolds to
    // many times the file is a bomb ("billion laughs"), and is refused before it costs more than the file would.
    let events = text.len().saturating_mul(3).saturating_add(10_000);
    let unfolded = text.len().saturating_mul(4).saturating_add(256 << 10);
    let budget = Budget { nodes: Cell::new(nodes.min(unfolded)), bytes: Cell::new(unfolded) };
    let options = serde_saphyr::options! {
        // As YAML 1.2 says and OpenAPI needs: the country `no`, the id `010` and the name `1_000` are texts.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH,
            flow_nesting_limit: DEPTH,
            max_nodes: events,
            max_events: events,
            max_aliases: events,
            max_anchors: events,
            max_merge_keys: events,
            max_recorded_anchor_events: unfolded,
            max_recorded_anchor_bytes: unfolded,
            max_total_scalar_bytes: unfolded,
            max_documents: 2,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: unfolded,
            max_replay_stack_depth: 32,
            max_alias_expansions_per_anchor: events,
        },
    };
    let root =
        serde_saphyr::with_deserializer_from_str_with_options(text, options, |each| Tree(&budget).deserialize(each));
    root.map_err(|fault| {
        let line = fault.location().map_or(0, |location| u32::try_from(location.line()).unwrap_or(0));
        let told = serde_saphyr::UserMessageFormatter.format_message(&fault).into_owned();
        Fault { line, what: format!("is no YAML: {}", shown(&told)), mend: "correct the syntax there" }
    })
}

/// What a tree may still cost.
#[derive(Debug)]
struct Budget {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn charge<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        match (self.nodes.get().checked_sub(1), self.bytes.get().checked_sub(bytes)) {
            (Some(nodes), Some(left)) => {
                self.nodes.set(nodes);
                self.bytes.set(left);
                Ok(())
            }
            _ => Err(E::custom("unfolds to more values than a spec may hold")),
        }
    }
}

/// Builds a tree under a budget. Depth is bounded by the readers, which stop at `DEPTH`.
#[derive(Clone, Copy)]
struct Tree<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.0.charge(0).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.0.charge(0).map(|()| value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.0.charge(0).map(|()| value.into())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.0.charge(0).map(|()| Value::String(value.to_string()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.0.charge(0).map(|()| Value::String(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number);
        self.0.charge(0).map(|()| number)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.charge(value.len()).map(|()| Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        self.0.charge(value.len()).map(|()| Value::String(value))
    }

    fn visit_bytes<E: de::Error>(self, _value: &[u8]) -> Result<Value, E> {
        // A `!!binary` scalar: nothing that we read.
        self.0.charge(0).map(|()| Value::Null)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.0.charge(0).map(|()| Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.charge(0)?;
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.0.charge(0)?;
        let mut out = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            self.0.charge(key.len())?;
            out.insert(key, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(out))
    }
}

/// A key as it is spelled: YAML's `200` and `null` are texts here.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        Option::<String>::deserialize(deserializer).map(|key| key.unwrap_or_else(|| "null".to_owned()))
    }
}

#[cfg(test)]
mod tests;
