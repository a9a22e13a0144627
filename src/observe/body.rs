//! The shape of a JSON body: types, names, nesting. One pass over the sample, no tree of values, no value kept.
//!
//! In: an unpacked sample. Out: a `Shape`, partial where the sample or a bound ended first. A scanner of our own and
//! not `serde_json`, because samples are cut anywhere and numbers are of any size: what was read before the cut
//! counts, `1e999` is a number, and a name with half a surrogate is still a name. `Shape` is written as bytes go by;
//! recursion ends at `Limits::shape_depth`, below it brackets are only counted.

use std::borrow::Cow;

use super::classify::name_or_class;
use super::encoding::TextEnd;
use super::formats::{is_date, is_date_time, is_decimal, is_digits, is_email, is_integer, is_url, is_uuid};
use super::sensitive::look;
use crate::api::{Ranks, Shape, StringFormat, Value};
use crate::limits::Limits;

/// Whether a body of this media type (lower case, without parameters) is JSON. Where none is said, it is when it
/// begins like it.
pub(super) fn is_json(media_type: Option<&str>, body: &[u8]) -> bool {
    match media_type {
        Some(named) => {
            named.ends_with("+json")
                || matches!(
                    named.split_once('/'),
                    Some(("application" | "text", "json" | "x-json" | "x-ndjson" | "ndjson" | "jsonl" | "json-seq"))
                )
        }
        None => matches!(body.trim_ascii_start(), [b'{' | b'[', ..]),
    }
}

/// Where a text stands that is a part of a body.
#[derive(Clone, Copy)]
pub(super) struct Inside<'x> {
    /// The name it stands under.
    pub(super) name: &'x str,
    /// How deep.
    pub(super) depth: usize,
    /// Shapes that may be made of it.
    pub(super) room: usize,
}

/// The shape of the JSON values that stand in `body` one after another (NDJSON is one such text). `None` when not
/// even the first begins like JSON.
pub(super) fn read_shape(body: &[u8], end: TextEnd, limits: &Limits) -> Option<Shape> {
    read_shape_inside(body, end, limits, Inside { name: "", depth: 0, room: limits.body_shape_nodes })
}

/// The same of a part of a body.
pub(super) fn read_shape_inside(body: &[u8], end: TextEnd, limits: &Limits, inside: Inside<'_>) -> Option<Shape> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    // A guard that some servers set before JSON, so that it is no script.
    let body = body.strip_prefix(b")]}'").map_or(body, |rest| rest.strip_prefix(b",").unwrap_or(rest));
    let mut scan = Scan {
        body,
        at: 0,
        end,
        room: inside.room,
        rankings: RANKINGS,
        limits,
        text: Vec::new(),
        // A longer name is no name.
        way: if inside.name.len() <= WAY_BYTES { inside.name.to_owned() } else { String::new() },
        own: 0,
        around: 0,
    };
    let mut shape = Shape::default();
    let mut values = 0;
    while scan.skip_blanks().is_some() {
        values += 1;
        if values > MOST_VALUES || scan.value(&mut shape, inside.depth).is_err() {
            shape.partial = true;
            break;
        }
    }
    shape.partial |= end == TextEnd::Cut;
    (shape.seen > 0).then_some(shape)
}

/// The text ended inside a value, or is no JSON. Both mean the same: what was read so far is all there is.
struct Stop;

struct Scan<'x> {
    body: &'x [u8],
    at: usize,
    end: TextEnd,
    /// Shapes that may still be made.
    room: usize,
    /// Full objects whose names may still be ranked.
    rankings: usize,
    limits: &'x Limits,
    /// A string with its escapes undone.
    text: Vec<u8>,
    /// The names on the way to the value, dots between.
    way: String,
    /// Where the name of the field begins in it, and where that of the object around it does: more says little, and would
    /// be read again with each value.
    own: usize,
    around: usize,
}

impl<'x> Scan<'x> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    /// The next byte that is no blank. The record separator of RFC 7464 is one.
    fn skip_blanks(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x1e) {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Reads one value into `shape`. What it cannot read to its end it does not count, unless it has parts.
    fn value(&mut self, shape: &mut Shape, depth: usize) -> Result<(), Stop> {
        match self.skip_blanks().ok_or(Stop)? {
            b'{' => self.object(shape, depth)?,
            b'[' => self.array(shape, depth)?,
            b'"' => {
                let text = self.string()?;
                shape.seen += 1;
                shape.strings[format_of(&text)] += 1;
                shape.values.note(Value::of(&text));
                shape.looks.note(look(self.way.get(self.around..).unwrap_or_default(), &text));
            }
            b't' => self.word(b"true", shape, |shape| &mut shape.booleans)?,
            b'f' => self.word(b"false", shape, |shape| &mut shape.booleans)?,
            b'n' => self.word(b"null", shape, |shape| &mut shape.nulls)?,
            _ => {
                let number = self.number()?;
                if is_integer(number) {
                    shape.integers += 1;
                } else if is_decimal(number) {
                    shape.numbers += 1;
                } else {
                    return Err(Stop);
                }
                shape.seen += 1;
                shape.values.note(Value::of(number));
                shape.looks.note(look(self.way.get(self.around..).unwrap_or_default(), number));
            }
        }
        Ok(())
    }

    /// Reads the value of a field of this name.
    fn value_of(&mut self, key: &str, shape: &mut Shape, depth: usize) -> Result<(), Stop> {
        let before = (self.way.len(), self.own, self.around);
        if before.0 > 0 {
            self.way.push('.');
        }
        (self.around, self.own) = (self.own, self.way.len());
        // A longer name is no name.
        self.way.push_str(if key.len() <= WAY_BYTES { key } else { "" });
        let read = self.value(shape, depth);
        self.way.truncate(before.0);
        (self.own, self.around) = (before.1, before.2);
        read
    }

    fn word(&mut self, word: &[u8], shape: &mut Shape, count: fn(&mut Shape) -> &mut u64) -> Result<(), Stop> {
        if !self.body.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(Stop);
        }
        self.at += word.len();
        shape.seen += 1;
        *count(shape) += 1;
        Ok(())
    }

    /// The text of a number of any size. At the end of a cut sample it is half a number, and none.
    fn number(&mut self) -> Result<&'x [u8], Stop> {
        let rest = self.body.get(self.at..).unwrap_or_default();
        let len = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        if len == rest.len() && self.end == TextEnd::Cut {
            return Err(Stop);
        }
        self.at += len;
        rest.get(..len).ok_or(Stop)
    }

    /// A string without its quotes and escapes. Stands on its first quote.
    fn string(&mut self) -> Result<Cow<'x, [u8]>, Stop> {
        let start = self.at + 1;
        let body = self.body;
        let mut at = start;
        let mut escaped = false;
        loop {
            at += memchr::memchr2(b'"', b'\\', body.get(at..).ok_or(Stop)?).ok_or(Stop)?;
            if body.get(at) == Some(&b'"') {
                break;
            }
            escaped = true;
            at += 2;
        }
        self.at = at + 1;
        let raw = body.get(start..at).ok_or(Stop)?;
        if !escaped {
            return Ok(Cow::Borrowed(raw));
        }
        self.text.clear();
        unescape(raw.get(..MOST_ESCAPED).unwrap_or(raw), &mut self.text);
        Ok(Cow::Owned(self.text.clone()))
    }

    fn object(&mut self, shape: &mut Shape, depth: usize) -> Result<(), Stop> {
        shape.seen += 1;
        shape.objects += 1;
        if depth >= self.limits.shape_depth {
            shape.partial = true;
            return self.skip();
        }
        self.at += 1;
        if self.skip_blanks() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut ranks = Ranks::default();
        loop {
            let more = self.field(shape, &mut ranks, depth).and_then(|()| self.another(b'}'));
            match more {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(stop) => {
                    // Whoever looks for a missing field must know that it may have come later.
                    shape.partial = true;
                    return Err(stop);
                }
            }
        }
    }

    /// One name and its value.
    fn field(&mut self, shape: &mut Shape, ranks: &mut Ranks, depth: usize) -> Result<(), Stop> {
        if self.skip_blanks() != Some(b'"') {
            return Err(Stop);
        }
        let key = self.string()?;
        let key = String::from_utf8_lossy(&key);
        let name = name_or_class(&key);
        if self.skip_blanks() != Some(b':') {
            return Err(Stop);
        }
        self.at += 1;
        if let Some(field) = shape.fields.get_mut(&name) {
            return self.value_of(&key, field, depth + 1);
        }
        if self.room == 0 {
            shape.partial = true;
            return self.skip();
        }
        // Those of the smallest rank stay, as in `Merge`, so that the order of fields does not show.
        if shape.fields.len() >= self.limits.shape_fields {
            shape.partial = true;
            match ranks.admit(&name, shape.fields.keys(), &mut self.rankings) {
                Some(gone) => drop(shape.fields.remove(&gone)),
                None => return self.skip(),
            }
        }
        self.room -= 1;
        let mut field = Shape::default();
        let read = self.value_of(&key, &mut field, depth + 1);
        if field.seen > 0 {
            *shape.fields.entry(&name).0 = field;
        }
        read
    }

    fn array(&mut self, shape: &mut Shape, depth: usize) -> Result<(), Stop> {
        shape.seen += 1;
        shape.arrays += 1;
        if depth >= self.limits.shape_depth || (shape.items.is_none() && self.room == 0) {
            shape.partial = true;
            return self.skip();
        }
        self.at += 1;
        if self.skip_blanks() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        let mut items = shape.items.take().unwrap_or_else(|| {
            self.room -= 1;
            Box::default()
        });
        let mut looked_at = 0;
        let read = loop {
            let item = if looked_at < MOST_VALUES {
                looked_at += 1;
                self.value(&mut items, depth + 1)
            } else {
                shape.partial = true;
                self.skip()
            };
            match item.and_then(|()| self.another(b']')) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(stop) => {
                    shape.partial = true;
                    break Err(stop);
                }
            }
        };
        shape.items = (items.seen > 0).then_some(items);
        read
    }

    /// Behind a part of an object or an array: true when a comma says that another follows, false at its end.
    fn another(&mut self, close: u8) -> Result<bool, Stop> {
        let byte = self.skip_blanks().ok_or(Stop)?;
        self.at += 1;
        match byte {
            b',' => Ok(true),
            byte if byte == close => Ok(false),
            _ => Err(Stop),
        }
    }

    /// Passes over one value of any depth without recursion: strings are stepped over, brackets counted.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut open = 0_usize;
        loop {
            match self.skip_blanks().ok_or(Stop)? {
                b'"' => self.pass_string()?,
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                b',' | b':' if open > 0 => self.at += 1,
                b'}' | b']' | b',' | b':' => return Err(Stop),
                _ => {
                    let rest = self.body.get(self.at..).unwrap_or_default();
                    let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'));
                    match len.count() {
                        0 => return Err(Stop),
                        len => self.at += len,
                    }
                }
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn pass_string(&mut self) -> Result<(), Stop> {
        self.at += 1;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.body.get(self.at..).ok_or(Stop)?).ok_or(Stop)?;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return Ok(());
            }
            self.at += 2;
        }
    }
}

/// Undoes the escapes of RFC 8259 section 7; what is no escape stands for itself, half a surrogate for `U+FFFD`.
fn unescape(raw: &[u8], text: &mut Vec<u8>) {
    let mut rest = raw;
    let mut high: Option<u32> = None;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let unit = match (byte, after) {
            (b'\\', [b'u', hex @ ..]) => {
                let (hex, behind) = hex.split_at_checked(4).unwrap_or((hex, &[]));
                rest = behind;
                hex.iter().try_fold(0_u32, |sum, b| char::from(*b).to_digit(16).map(|d| sum * 16 + d)).unwrap_or(0xfffd)
            }
            (b'\\', [letter, behind @ ..]) => {
                rest = behind;
                text.push(match letter {
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
                continue;
            }
            (byte, _) => {
                text.push(*byte);
                continue;
            }
        };
        let point = match (high.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                high = Some(unit);
                // Only the other half, right behind it, makes it a character.
                if rest.starts_with(b"\\u") {
                    continue;
                }
                0xfffd
            }
            (Some(high), 0xdc00..=0xdfff) => 0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00),
            (_, unit) => unit,
        };
        let letter = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// What a string looks like.
pub(super) fn format_of(text: &[u8]) -> StringFormat {
    match text.len() {
        36 if is_uuid(text) => StringFormat::Uuid,
        10 if is_date(text) => StringFormat::Date,
        19..=40 if is_date_time(text) => StringFormat::DateTime,
        1..=64 if is_digits(text) => StringFormat::Digits,
        5..=320 if is_email(text) => StringFormat::Email,
        _ if is_url(text) => StringFormat::Url,
        _ => StringFormat::Text,
    }
}

/// Objects of more fields than are kept whose names are ranked; of others the first names stay.
pub(super) const RANKINGS: usize = 32;
/// Items of one array, and values one after another, that are looked at.
const MOST_VALUES: usize = 256;
/// Bytes of a name on the way to a value that are looked at.
const WAY_BYTES: usize = 64;
/// Bytes of a string with escapes that are looked at: longer ones are names of nothing and text.
const MOST_ESCAPED: usize = 4096;

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
