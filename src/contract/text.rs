//! Texts of parameters, put together as values: by the style and explode of OpenAPI 3 (section "Style Values"), and as
//! clients write lists and objects beside it (`a[]=1`, `a[b]=c`).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::schema::{Schema, SchemaId, Schemas, Types};

/// How several values are put under one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// `a=1,2`, or by repetition where it explodes; in headers and paths commas.
    #[default]
    Form,
    /// `a=1 2`.
    Space,
    /// `a=1|2`.
    Pipe,
    /// By tabulators.
    Tab,
    /// `a[b]=1`.
    Deep,
    /// `.1.2` in a path.
    Label,
    /// `;a=1` in a path.
    Matrix,
}

/// Pairs of one query or form. More say nothing new, and cost.
const PAIRS: usize = 1_000;
/// Brackets in one name that are followed.
const BRACKETS: usize = 8;
/// Items of one list that are looked at.
const ITEMS: usize = 1_000;

/// A name and a value.
#[derive(Debug)]
pub(super) struct Pair<'t> {
    /// Without escapes.
    pub(super) name: Cow<'t, str>,
    /// Likewise.
    pub(super) value: Cow<'t, str>,
    /// As it was sent.
    pub(super) raw: &'t [u8],
}

/// Names and values of a query or form, without their escapes; whether there were more than are looked at.
pub(super) fn pairs(text: &[u8]) -> (Vec<Pair<'_>>, bool) {
    let mut parts = text.split(|b| *b == b'&').filter(|part| !part.is_empty());
    let list = parts
        .by_ref()
        .take(PAIRS)
        .map(|part| {
            let end = memchr::memchr(b'=', part).unwrap_or(part.len());
            let raw = part.get(end + 1..).unwrap_or_default();
            Pair { name: plain(part.get(..end).unwrap_or_default()), value: plain(raw), raw }
        })
        .collect();
    (list, parts.next().is_some())
}

/// Without escapes (WHATWG URL section 5): what is no UTF-8 is replaced.
fn plain(text: &[u8]) -> Cow<'_, str> {
    if memchr::memchr(b'+', text).is_none() {
        return unescaped(text);
    }
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    Cow::Owned(unescaped(&spaced).into_owned())
}

/// Without percent escapes; a plus stands for itself.
pub(super) fn unescaped(text: &[u8]) -> Cow<'_, str> {
    match percent_encoding::percent_decode(text).into() {
        Cow::Borrowed(text) => String::from_utf8_lossy(text),
        Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
    }
}

/// The value of a parameter that came so many times, for a schema.
pub(super) fn value_of(schemas: &Schemas, schema: SchemaId, style: Style, explode: bool, texts: &[&str]) -> Value {
    let types = types_of(schemas, schema);
    let text = |text: &str| Value::String(text.to_owned());
    if types.meets(Types::ARRAY) {
        let mark = match style {
            Style::Space => Some(' '),
            Style::Pipe => Some('|'),
            Style::Tab => Some('\t'),
            Style::Label => Some('.'),
            Style::Form | Style::Matrix if !explode => Some(','),
            _ => None,
        };
        if let ([one], Some(mark)) = (texts, mark)
            && (!types.meets(Types::STRING) || one.contains(mark))
        {
            return Value::Array(one.split(mark).take(ITEMS).map(|item| text(item.trim())).collect());
        }
        if texts.len() > 1 || !types.meets(Types::STRING.with(Types::OBJECT)) {
            return Value::Array(texts.iter().take(ITEMS).map(|one| text(one)).collect());
        }
    }
    texts.first().map_or(Value::Null, |one| text(one))
}

/// A form as an object: repeated names are lists, brackets are objects and lists, unless they are a part of a declared name.
pub(super) fn form<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>, declared: &[&str]) -> Value {
    let mut all = Map::new();
    for (name, value) in pairs {
        if declared.contains(&name) {
            put(&mut all, name, &[], value);
            continue;
        }
        let (first, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
        let keys: Vec<&str> = rest.split('[').skip(1).take(BRACKETS).map(|key| key.trim_end_matches(']')).collect();
        put(&mut all, first, &keys, value);
    }
    Value::Object(all)
}

fn put(object: &mut Map<String, Value>, name: &str, keys: &[&str], value: &str) {
    let text = || Value::String(value.to_owned());
    let Some((key, below)) = keys.split_first() else {
        match object.get_mut(name) {
            Some(Value::Array(items)) if items.len() < ITEMS => items.push(text()),
            Some(Value::Array(_)) => {}
            Some(first) => *first = Value::Array(vec![first.take(), text()]),
            None => drop(object.insert(name.to_owned(), text())),
        }
        return;
    };
    let is_list = key.bytes().all(|b| b.is_ascii_digit());
    let place = object
        .entry(name)
        .or_insert_with(|| if is_list { Value::Array(Vec::new()) } else { Value::Object(Map::new()) });
    match place {
        Value::Array(items) if is_list && below.is_empty() => {
            let room = items.len() < ITEMS;
            items.extend(room.then(text));
        }
        Value::Array(items) if is_list => {
            // Fields of one item come one after the other: by number, or the last one.
            let at = key.parse::<usize>().ok().filter(|at| *at < items.len());
            let new = key.parse::<usize>().map_or(items.is_empty(), |at| at >= items.len());
            if new && items.len() < ITEMS {
                items.push(Value::Object(Map::new()));
            }
            let at = at.unwrap_or_else(|| items.len().saturating_sub(1));
            if let (Some(Value::Object(item)), Some((key, below))) = (items.get_mut(at), below.split_first()) {
                put(item, key, below, value);
            }
        }
        Value::Object(inner) => put(inner, key, below, value),
        _ => {}
    }
}

/// The types that a schema allows, its references and parts among them, as far as that can be said at once.
pub(super) fn types_of(schemas: &Schemas, schema: SchemaId) -> Types {
    let mut steps = 64;
    allowed(schemas, schema, &mut steps)
}

fn allowed(schemas: &Schemas, id: SchemaId, steps: &mut u32) -> Types {
    *steps = steps.saturating_sub(1);
    let Some(schema) = schemas.get(id).filter(|_| *steps > 0) else { return Types::ANY };
    let mut types = schema.types;
    let mut meet = |other: Types| types = Types(types.0 & other.0);
    if let Some(reference) = schema.reference {
        meet(allowed(schemas, reference, steps));
    }
    if let Some(parts) = &schema.parts {
        for part in &parts.all {
            meet(allowed(schemas, *part, steps));
        }
        for alternatives in [&parts.any, &parts.one] {
            if !alternatives.is_empty() {
                let any = alternatives.iter().fold(Types::NEVER, |any, part| any.with(allowed(schemas, *part, steps)));
                meet(any);
            }
        }
    }
    if schema.nullable { types.with(Types::NULL) } else { types }
}

/// Names of fields that an object of this schema may have, and whether there may be others; bounded.
pub(super) fn names_of(schemas: &Schemas, schema: SchemaId) -> (Vec<&str>, bool) {
    let (mut names, mut open, mut more) = (Vec::new(), vec![schema], false);
    let mut steps = 256;
    while let Some(id) = open.pop() {
        steps -= 1;
        let Some(Schema { object, reference, parts, .. }) = schemas.get(id).filter(|_| steps > 0) else {
            return (names, true);
        };
        if let Some(object) = object {
            names.extend(object.fields.iter().map(|(name, _)| &**name));
            // What is not forbidden may be there.
            more |= object.others != super::schema::Others::None;
        }
        open.extend(*reference);
        open.extend(parts.iter().flat_map(|parts| parts.all.iter().chain(&parts.any).chain(&parts.one)));
    }
    more |= names.is_empty();
    (names, more)
}
