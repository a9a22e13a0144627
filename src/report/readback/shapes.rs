//! The shape of a body as a tree: names, types, how often.

use serde_json::Value;

use super::values::{figures, line, number, object, says_nothing, text};
use crate::report::reporters::{Ink, Page, columns, count, shown};

/// Lines of one shape; a terminal is no archive.
const LINES: usize = 200;
/// Levels are indented up to here.
const DEEPEST: usize = 12;
/// What a shape says of itself; other keys are told as they stand.
const KNOWN: [&str; 14] = [
    "seen", "nulls", "booleans", "integers", "numbers", "strings", "arrays", "items", "objects", "fields", "partial",
    "type", "values", "keys",
];

/// Writes it, its root called `name`.
pub(super) fn tell(page: &mut Page, name: &str, shape: &Value) {
    let mut left = LINES;
    place(page, 2, name, shape, None, &mut left);
    if left == 0 {
        page.paragraph(Ink::Faint, 4, 4, "... and more: the report has all");
    }
}

/// One place, and those below; `of` is how many objects could have had it.
fn place(page: &mut Page, indent: usize, name: &str, shape: &Value, of: Option<u64>, left: &mut usize) {
    let Some(rest) = left.checked_sub(1) else { return };
    *left = rest;
    let seen = number(shape, "seen");
    let mut said = vec![(Ink::Strong, shown(name).into_owned()), (Ink::Plain, types(shape))];
    let keys = number(shape, "keys");
    match of {
        // A map's values: an object may have had many.
        Some(_) if keys > 0 => said.push((Ink::Faint, format!("{} keys, {} seen", count(keys), count(seen)))),
        Some(of) if seen < of => said.push((Ink::Faint, format!("in {} of {}", count(seen), count(of)))),
        Some(_) => {}
        None => said.push((Ink::Faint, format!("{} seen", count(seen)))),
    }
    if let Some(values) = shape.get("values").filter(|it| it.is_object()) {
        said.push((Ink::Faint, figures(values)));
    }
    let is_other = |(key, value): &(&String, &Value)| !KNOWN.contains(&key.as_str()) && !says_nothing(value);
    for (key, value) in shape.as_object().into_iter().flatten().filter(is_other) {
        said.push((Ink::Cyan, format!("{}: {}", shown(key), line(value).unwrap_or_else(|| "...".to_owned()))));
    }
    if shape.get("partial").and_then(Value::as_bool) == Some(true) {
        said.push((Ink::Faint, "(in part)".to_owned()));
    }
    row(page, indent, &said);
    let below = (indent + 2).min(2 * DEEPEST);
    for (field, shape_of_field) in object(shape, "fields").into_iter().flatten() {
        place(page, below, field, shape_of_field, Some(number(shape, "objects")), left);
    }
    if let Some(items) = shape.get("items").filter(|items| items.is_object()) {
        place(page, below, "[]", items, None, left);
    }
}

/// Pieces side by side where they fit into the line, else one after the other over several.
pub(super) fn row(page: &mut Page, indent: usize, pieces: &[(Ink, String)]) {
    let wide = pieces.iter().fold(indent, |sum, (_, text)| sum + columns(text) + 2);
    if wide > page.width() + 2 {
        let texts: Vec<&str> = pieces.iter().map(|(_, text)| text.as_str()).collect();
        page.paragraph(Ink::Plain, indent, indent + 2, &texts.join("  "));
        return;
    }
    page.put(Ink::Plain, &" ".repeat(indent));
    for (at, (ink, text)) in pieces.iter().enumerate() {
        page.put(Ink::Plain, if at == 0 { "" } else { "  " });
        page.put(*ink, text);
    }
    page.end();
}

/// `integer or null`; strings by their formats.
fn types(shape: &Value) -> String {
    let mut types: Vec<String> = [
        ("objects", "object"),
        ("arrays", "array"),
        ("integers", "integer"),
        ("numbers", "number"),
        ("booleans", "boolean"),
    ]
    .into_iter()
    .filter(|(key, _)| number(shape, key) > 0)
    .map(|(_, name)| name.to_owned())
    .collect();
    types.extend(
        object(shape, "strings")
            .into_iter()
            .flat_map(|formats| formats.keys())
            .map(|format| shown(format).into_owned()),
    );
    if !text(shape, "type").is_empty() {
        types.push(shown(text(shape, "type")).into_owned());
    }
    if number(shape, "nulls") > 0 {
        types.push("null".to_owned());
    }
    if types.is_empty() { "empty".to_owned() } else { types.join(" or ") }
}
