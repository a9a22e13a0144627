//! A shape as a JSON Schema (2020-12, as OpenAPI 3.1 has it).

use serde_json::{Map, Value, json};

use crate::api::{Shape, StringFormat};

/// How much a shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// It is of every body.
    Whole,
    /// It is of some of them: others may differ.
    Sampled,
}

/// Sightings in a sample from which on a type is told: fewer say nothing of those that were passed over.
const SEEN: u64 = 16;

/// The schema that all of its values hold, and as little more as can be said. Shapes are no deeper than `Limits` allow.
pub(super) fn schema(shape: &Shape, sight: Sight) -> Value {
    let whole = sight == Sight::Whole;
    if !whole && shape.seen < SEEN {
        return json!({});
    }
    let texts = shape.strings.iter().map(|(_, count)| count).sum::<u64>();
    let numbers = shape.integers.saturating_add(shape.numbers);
    let number = if whole && shape.numbers == 0 { "integer" } else { "number" };
    let seen = [
        (shape.objects, "object"),
        (shape.arrays, "array"),
        (texts, "string"),
        (numbers, number),
        (shape.booleans, "boolean"),
    ];
    let mut types: Vec<&str> = seen.into_iter().filter(|(count, _)| *count > 0).map(|(_, name)| name).collect();
    if types.is_empty() && (!whole || shape.nulls == 0) {
        return json!({});
    }
    if !whole || shape.nulls > 0 {
        types.push("null");
    }
    let mut schema = Map::new();
    schema.insert("type".into(), if let [one] = types[..] { json!(one) } else { json!(types) });
    if let Some(format) = format(shape).filter(|_| whole) {
        schema.insert("format".into(), json!(format));
    }
    if shape.arrays > 0
        && let Some(items) = &shape.items
    {
        schema.insert("items".into(), self::schema(items, sight));
    }
    if shape.objects > 0 {
        object(shape, sight, &mut schema);
    }
    Value::Object(schema)
}

fn object(shape: &Shape, sight: Sight, schema: &mut Map<String, Value>) {
    let whole = sight == Sight::Whole;
    let (mut fields, mut required, mut others) = (Map::new(), Vec::new(), None::<Shape>);
    for (name, field) in shape.fields.iter() {
        // A class of names, or the keys of a map.
        if name.starts_with('{') {
            others.get_or_insert_default().add(field, usize::MAX);
            continue;
        }
        fields.insert(name.to_owned(), self::schema(field, sight));
        if whole && field.seen == shape.objects {
            required.push(name);
        }
    }
    if !fields.is_empty() {
        schema.insert("properties".into(), Value::Object(fields));
    }
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    let more = match others {
        _ if !whole || shape.partial => json!(true),
        Some(others) => self::schema(&others, sight),
        None => return,
    };
    schema.insert("additionalProperties".into(), more);
}

/// The format that all texts have, where there is a name for it.
fn format(shape: &Shape) -> Option<&'static str> {
    let mut formats = shape.strings.iter().map(|(format, _)| format);
    let (Some(one), None) = (formats.next(), formats.next()) else { return None };
    match one {
        StringFormat::Uuid => Some("uuid"),
        StringFormat::Date => Some("date"),
        StringFormat::DateTime => Some("date-time"),
        StringFormat::Email => Some("email"),
        StringFormat::Url => Some("uri"),
        StringFormat::Text | StringFormat::Digits => None,
    }
}
