//! What stands in a JSON value, for people.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::report::reporters::{count, shown};

/// Keys under which data classes stand: of an endpoint, a parameter, a place of a shape.
const CLASSES: &str = "data";
/// Under this key stand places of a body by names from the wire, which may be called anything.
const NAMED: &str = "fields";

/// The text under a key; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The number under a key; 0 where there is none.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// The object under a key, where it says anything.
pub(super) fn object<'v>(value: &'v Value, key: &str) -> Option<&'v Map<String, Value>> {
    value.get(key).and_then(Value::as_object).filter(|object| !object.is_empty())
}

/// The list under a key.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The same, as users write words: any letter case, `-` for `_`.
pub(super) fn contains_word(said: &str, wanted: &str) -> bool {
    said.eq_ignore_ascii_case(&wanted.replace('-', "_"))
}

/// Data classes that stand anywhere in an endpoint, with how often; of a list, once each.
pub(super) fn classes(value: &Value) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    collect(value, &mut found);
    found
}

// As deep as the reader of JSON lets a document be: 128.
fn collect(value: &Value, found: &mut BTreeMap<String, u64>) {
    fn add(found: &mut BTreeMap<String, u64>, class: &str, times: u64) {
        let sum = found.entry(class.to_owned()).or_default();
        *sum = sum.saturating_add(times);
    }
    match value {
        Value::Object(fields) => {
            for (key, below) in fields {
                let is_classes = key == CLASSES;
                match below {
                    Value::Object(named) if key == NAMED => named.values().for_each(|place| collect(place, found)),
                    Value::Object(counts) if is_classes => {
                        counts.iter().for_each(|(class, times)| add(found, class, times.as_u64().unwrap_or(1)));
                    }
                    Value::Array(names) if is_classes => {
                        names.iter().filter_map(Value::as_str).for_each(|class| add(found, class, 1));
                    }
                    _ => collect(below, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// In one line: a plain value, a list of such, or an object of such. `None`: it says nothing, or more than a line holds.
pub(super) fn line(value: &Value) -> Option<String> {
    let parts: Vec<String> = match value {
        Value::Array(items) => items.iter().map(plain).collect::<Option<_>>()?,
        Value::Object(fields) => return tally(fields).filter(|text| !text.is_empty()),
        _ => vec![plain(value)?],
    };
    Some(parts.join(", ")).filter(|text| !text.is_empty())
}

/// What values were like, in a few words: `12 different, 4 to 6 characters`, or which, where they are a closed set.
pub(super) fn figures(values: &Value) -> String {
    let choices = list(values, "choices");
    let (least, most) = (number(values, "min_length"), number(values, "max_length"));
    let length = match (least, most) {
        (1, 1) => "1 character".to_owned(),
        (least, most) if least == most => format!("{} characters", count(most)),
        (least, most) => format!("{} to {} characters", count(least), count(most)),
    };
    match choices.iter().map(plain).collect::<Option<Vec<_>>>() {
        Some(choices) if !choices.is_empty() => format!("one of {}", choices.join(", ")),
        _ => format!("{} different, {length}", count(number(values, "distinct"))),
    }
}

/// Keys and what they say, side by side, the most frequent first where all are counts: `jwt 3, none 1`.
pub(super) fn tally(fields: &Map<String, Value>) -> Option<String> {
    let mut all: Vec<(&String, &Value)> = fields.iter().filter(|(_, value)| !says_nothing(value)).collect();
    if all.iter().all(|(_, value)| value.is_u64()) {
        all.sort_by_key(|(_, value)| std::cmp::Reverse(value.as_u64()));
    }
    let parts: Option<Vec<String>> =
        all.into_iter().map(|(key, value)| Some(format!("{} {}", shown(key), plain(value)?))).collect();
    Some(parts?.join(", "))
}

/// Nothing, no, or an empty list.
pub(super) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(shown(text).into_owned()),
        Value::Number(number) => Some(number.as_u64().map_or_else(|| number.to_string(), count)),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        _ => None,
    }
}
