//! The shape of an XML body: elements, attributes, nesting. One pass over the sample, no tree, no value kept.
//!
//! In: an unpacked sample. Out: a `Shape` as JSON has one: an element with attributes or children is an object, its attributes
//! are fields with `@` in front, its own text beside them is `#text`; an element of text alone is a string, an empty one null. An
//! element that comes several times counts each time. Prefixes are each sender's own choice (Namespaces in XML 1.0 section 4): names are told
//! without, and what declares them is no attribute. All comments of a document are one field, `#comment`. A scanner of our own, because samples are cut anywhere and a document may be
//! an attack: declarations are stepped over, so no entity is ever expanded, names of closing tags are not compared,
//! recursion ends at `Limits::shape_depth`, and every byte is read once.

use std::borrow::Cow;

use super::body::{Inside, RANKINGS, format_of};
use super::classify::name_or_class;
use super::encoding::TextEnd;
use super::references::without_references;
use super::sensitive::look;
use crate::api::{DataClasses, Ranks, Shape, StringFormat, Value};
use crate::limits::Limits;

/// Whether a body of this media type (lower case, without parameters) is XML with data in it. Where none is said, it is when
/// it says so itself.
pub(super) fn is_xml(media_type: Option<&str>, body: &[u8]) -> bool {
    match media_type {
        Some("application/xhtml+xml" | "image/svg+xml") => false,
        Some(named) => named.ends_with("+xml") || matches!(named, "application/xml" | "text/xml"),
        None => body.trim_ascii_start().starts_with(b"<?xml"),
    }
}

/// The shape of a document. `None` when there is not even an element.
pub(super) fn read_xml(body: &[u8], end: TextEnd, limits: &Limits) -> Option<Shape> {
    read_xml_inside(body, end, limits, Inside { name: "", depth: 0, room: limits.body_shape_nodes })
}

/// The same of a document that is a part of a body.
pub(super) fn read_xml_inside(body: &[u8], end: TextEnd, limits: &Limits, inside: Inside<'_>) -> Option<Shape> {
    let comments = Shape::default();
    let mut scan = Scan { rest: body, room: inside.room, rankings: RANKINGS, comments, limits };
    let mut shape = Shape { seen: 1, objects: 1, ..Shape::default() };
    let around = if inside.name.len() <= NAME_BYTES { inside.name } else { "" };
    let read = loop {
        match scan.next() {
            Ok(Token::Open(tag)) => {
                break scan.child((&mut shape, &mut Ranks::default()), tag, around, inside.depth);
            }
            Ok(_) => {}
            Err(Stop) => return None,
        }
    };
    // What stands behind the document is no element of it any more, but may be a comment.
    while read.is_ok() && scan.next().is_ok() {}
    if scan.comments.seen > 0 {
        *shape.fields.entry(COMMENTS).0 = scan.comments;
    }
    shape.partial |= read.is_err() || end == TextEnd::Cut;
    (!shape.fields.is_empty()).then_some(shape)
}

/// The text ended, or is no XML: what was read so far is all there is.
struct Stop;

#[derive(Clone, Copy)]
enum Token<'x> {
    /// Anything between tags that is no blank.
    Text(&'x [u8]),
    /// The same where it stands for itself: CDATA.
    Section(&'x [u8]),
    Open(Tag<'x>),
    Close,
}

#[derive(Clone, Copy)]
struct Tag<'x> {
    name: &'x [u8],
    attributes: &'x [u8],
    /// It has no content: `<a/>`.
    closed: bool,
}

struct Scan<'x> {
    rest: &'x [u8],
    /// Shapes that may still be made.
    room: usize,
    /// Full elements whose names may still be ranked.
    rankings: usize,
    /// All comments.
    comments: Shape,
    limits: &'x Limits,
}

impl<'x> Scan<'x> {
    /// What stands before `mark`, which is passed.
    fn until(&mut self, mark: &[u8]) -> Result<&'x [u8], Stop> {
        let at = memchr::memmem::find(self.rest, mark).ok_or(Stop)?;
        let (before, after) = self.rest.split_at(at);
        self.rest = after.get(mark.len()..).unwrap_or_default();
        Ok(before)
    }

    fn next(&mut self) -> Result<Token<'x>, Stop> {
        loop {
            let rest = self.rest;
            if rest.is_empty() {
                return Err(Stop);
            }
            if rest.first() != Some(&b'<') {
                let at = memchr::memchr(b'<', rest).ok_or(Stop)?;
                self.rest = rest.get(at..).unwrap_or_default();
                let text = rest.get(..at).unwrap_or_default().trim_ascii();
                if text.is_empty() {
                    continue;
                }
                return Ok(Token::Text(text));
            }
            if rest.starts_with(b"<!--") {
                self.rest = rest.get(4..).unwrap_or_default();
                let comment = self.until(b"-->")?;
                self.comments.seen += 1;
                self.comments.strings[StringFormat::Text] += 1;
                self.comments.looks.note(look("", comment));
            } else if rest.starts_with(b"<![CDATA[") {
                self.rest = rest.get(9..).unwrap_or_default();
                return Ok(Token::Section(self.until(b"]]>")?));
            } else if rest.starts_with(b"<!") {
                self.declaration()?;
            } else if rest.starts_with(b"<?") {
                self.until(b"?>")?;
            } else if rest.starts_with(b"</") {
                self.until(b">")?;
                return Ok(Token::Close);
            } else {
                return self.tag().map(Token::Open);
            }
        }
    }

    /// A document type with all it declares: nothing of it is believed, so nothing of it is read.
    fn declaration(&mut self) -> Result<(), Stop> {
        let mut depth = 0_usize;
        let mut quote = None;
        let end = self.rest.iter().position(|byte| {
            match (quote, byte) {
                (Some(open), byte) if open == *byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(*byte),
                (None, b'<') => depth += 1,
                (None, b'>') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        });
        self.rest = self.rest.get(end.ok_or(Stop)? + 1..).unwrap_or_default();
        Ok(())
    }

    /// An opening tag; `>` may stand in the quotes of an attribute (XML 1.0 section 2.3).
    fn tag(&mut self) -> Result<Tag<'x>, Stop> {
        let mut at = 1;
        loop {
            let rest = self.rest.get(at..).ok_or(Stop)?;
            at += memchr::memchr3(b'>', b'"', b'\'', rest).ok_or(Stop)?;
            let mark = *self.rest.get(at).ok_or(Stop)?;
            at += 1;
            if mark == b'>' {
                break;
            }
            at += memchr::memchr(mark, self.rest.get(at..).ok_or(Stop)?).ok_or(Stop)? + 1;
        }
        let inside = self.rest.get(1..at - 1).unwrap_or_default();
        self.rest = self.rest.get(at..).unwrap_or_default();
        let (inside, closed) = inside.strip_suffix(b"/").map_or((inside, false), |inside| (inside, true));
        let end = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        if name.is_empty() { Err(Stop) } else { Ok(Tag { name, attributes, closed }) }
    }

    /// Reads an element into the field of its name. `around` is the name of what it stands in.
    fn child(
        &mut self,
        (shape, ranks): (&mut Shape, &mut Ranks),
        tag: Tag<'x>,
        around: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        let name = String::from_utf8_lossy(local(tag.name));
        let short = if name.len() <= NAME_BYTES { &*name } else { "" };
        let key = if around.is_empty() { short.to_owned() } else { [around, ".", short].concat() };
        self.field((shape, ranks), &name, |scan, field| scan.element(field, tag, (&key, short), depth + 1))
    }

    /// Reads something into the field of this name, which is made on first sight while there is room.
    fn field(
        &mut self,
        (shape, ranks): (&mut Shape, &mut Ranks),
        name: &str,
        read: impl FnOnce(&mut Self, &mut Shape) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let name = name_or_class(name);
        if let Some(field) = shape.fields.get_mut(&name) {
            return read(self, field);
        }
        let mut field = Shape::default();
        if self.room == 0 {
            shape.partial = true;
            return read(self, &mut field);
        }
        // Those of the smallest rank stay, as in `Merge`, so that the order of fields does not show.
        if shape.fields.len() >= self.limits.shape_fields {
            shape.partial = true;
            match ranks.admit(&name, shape.fields.keys(), &mut self.rankings) {
                Some(gone) => drop(shape.fields.remove(&gone)),
                None => return read(self, &mut field),
            }
        }
        self.room -= 1;
        let outcome = read(self, &mut field);
        if field.seen > 0 {
            *shape.fields.entry(&name).0 = field;
        }
        outcome
    }

    /// What stands in an element, its tag already read.
    fn element(
        &mut self,
        shape: &mut Shape,
        tag: Tag<'x>,
        (key, name): (&str, &str),
        depth: usize,
    ) -> Result<(), Stop> {
        if depth >= self.limits.shape_depth {
            shape.seen += 1;
            shape.objects += 1;
            shape.partial = true;
            return if tag.closed { Ok(()) } else { self.skip() };
        }
        let (mut parts, mut ranks) = (false, Ranks::default());
        for (attribute, value) in attributes(tag.attributes) {
            if attribute == b"xmlns" || attribute.starts_with(b"xmlns:") {
                continue;
            }
            parts = true;
            let attribute = String::from_utf8_lossy(local(attribute));
            let _ = self.field((shape, &mut ranks), &["@", &*attribute].concat(), |_, field| {
                leaf(field, &attribute, &without_references(value), DataClasses::NONE);
                Ok(())
            });
        }
        // Of a text in pieces the first says what it looks like; all are looked at, and their beginning as the one text that they are.
        let (mut text, mut more) = (None, DataClasses::NONE);
        let mut joined = Vec::new();
        let mut take = |piece: Cow<'x, [u8]>| match &text {
            None => text = Some(piece),
            Some(first) => {
                if joined.is_empty() {
                    joined.extend_from_slice(first.get(..JOINED_BYTES).unwrap_or(first));
                }
                let room = JOINED_BYTES.saturating_sub(joined.len());
                joined.extend_from_slice(piece.get(..room).unwrap_or(&piece));
                more = more.and(look(key.get(..2 * NAME_BYTES).unwrap_or(key), &piece));
            }
        };
        let read = if tag.closed {
            Ok(())
        } else {
            loop {
                match self.next() {
                    Ok(Token::Text(piece)) => take(without_references(piece)),
                    Ok(Token::Section(piece)) => take(Cow::Borrowed(piece)),
                    Ok(Token::Open(tag)) => {
                        parts = true;
                        if let Err(stop) = self.child((shape, &mut ranks), tag, name, depth) {
                            break Err(stop);
                        }
                    }
                    Ok(Token::Close) => break Ok(()),
                    Err(stop) => break Err(stop),
                }
            }
        };
        more = more.and(look(key.get(..2 * NAME_BYTES).unwrap_or(key), &joined));
        match &text {
            Some(text) if parts => {
                let _ = self.field((shape, &mut ranks), "#text", |_, field| {
                    leaf(field, key, text, more);
                    Ok(())
                });
            }
            // The text of an element that has no end may go on.
            Some(text) if read.is_ok() => leaf(shape, key, text, more),
            _ => {}
        }
        if parts {
            shape.seen += 1;
            shape.objects += 1;
        } else if text.is_none() && read.is_ok() {
            shape.seen += 1;
            shape.nulls += 1;
        }
        shape.partial |= read.is_err() && parts;
        read
    }

    /// Passes over the content of an element of any depth without recursion.
    fn skip(&mut self) -> Result<(), Stop> {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()? {
                Token::Open(tag) => open += usize::from(!tag.closed),
                Token::Close => open -= 1,
                Token::Text(_) | Token::Section(_) => {}
            }
        }
        Ok(())
    }
}

/// Takes in one value, of which `more` is known already.
fn leaf(shape: &mut Shape, key: &str, text: &[u8], more: DataClasses) {
    shape.seen += 1;
    shape.strings[format_of(text)] += 1;
    shape.values.note(Value::of(text));
    shape.looks.note(look(key.get(..2 * NAME_BYTES).unwrap_or(key), text).and(more));
}

/// A name without its prefix; as it stands where nothing is left.
fn local(name: &[u8]) -> &[u8] {
    memchr::memrchr(b':', name).and_then(|at| name.get(at + 1..)).filter(|local| !local.is_empty()).unwrap_or(name)
}

/// Names and values; what is no attribute ends them.
fn attributes(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, value) = rest.split_at(memchr::memchr(b'=', rest)?);
        let value = value.get(1..)?.trim_ascii_start();
        let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let (value, after) = value.split_at(memchr::memchr(*quote, value)?);
        rest = after.get(1..)?;
        Some((name.trim_ascii(), value)).filter(|(name, _)| !name.is_empty())
    })
}

/// The field of comments: no element is called so.
const COMMENTS: &str = "#comment";
/// Longer names say nothing of a value.
const NAME_BYTES: usize = 64;
/// Of a text in pieces as much is looked at as one.
const JOINED_BYTES: usize = 256;

#[cfg(test)]
#[path = "xml_tests.rs"]
mod tests;
