//! Shapes of the parts of a multipart body: JSON, XML, CSV, pages and text files, each read as a body of its kind is.
//!
//! In: parts, each with its name and kind. Out: one `Shape`, an object whose fields are the parts by name; those without a name stand
//! together. All parts of a body share the bounds of one body.

use super::body::{Inside, RANKINGS, read_shape_inside};
use super::classify::name_or_class;
use super::encoding::TextEnd;
use super::plain::read_plain;
use super::xml::read_xml_inside;
use crate::api::{BodyKind, Ranks, Shape};
use crate::limits::Limits;
use crate::merge::Merge;

/// What the parts of one body hold.
pub(super) struct Contents<'l> {
    pub(super) limits: &'l Limits,
    shape: Shape,
    ranks: Ranks,
    rankings: usize,
    /// Shapes that may still be made.
    room: usize,
}

impl<'l> Contents<'l> {
    /// None yet.
    pub(super) fn new(limits: &'l Limits) -> Self {
        let shape = Shape { seen: 1, objects: 1, ..Shape::default() };
        Self { limits, shape, ranks: Ranks::default(), rankings: RANKINGS, room: limits.body_shape_nodes }
    }

    /// Reads a part. False where it is nothing of this kind, or only begins so, or there is no room.
    pub(super) fn read(&mut self, name: Option<&[u8]>, kind: BodyKind, part: &[u8], end: TextEnd) -> bool {
        let name = String::from_utf8_lossy(name.unwrap_or(UNNAMED));
        let known = name_or_class(&name);
        if self.room == 0 {
            self.shape.partial = true;
            return false;
        }
        let inside = Inside { name: &name, depth: 1, room: self.room };
        let shape = match kind {
            BodyKind::Json => read_shape_inside(part, end, self.limits, inside),
            BodyKind::Xml => read_xml_inside(part, end, self.limits, inside),
            kind => read_plain(kind, part, end),
        };
        let Some(shape) = shape else { return false };
        let to_its_end = end == TextEnd::Cut || !shape.partial;
        self.room = self.room.saturating_sub(shape.places());
        if let Some(field) = self.shape.fields.get_mut(&known) {
            field.merge(shape);
            return to_its_end;
        }
        // Those of the smallest rank stay, as in `Merge`, so that the order of parts does not show.
        if self.shape.fields.len() >= self.limits.shape_fields {
            self.shape.partial = true;
            match self.ranks.admit(&known, self.shape.fields.keys(), &mut self.rankings) {
                Some(gone) => drop(self.shape.fields.remove(&gone)),
                None => return to_its_end,
            }
        }
        *self.shape.fields.entry(&known).0 = shape;
        to_its_end
    }

    /// The whole of it; `None` where no part has a shape.
    pub(super) fn into_shape(self) -> Option<Shape> {
        (!self.shape.fields.is_empty()).then_some(self.shape)
    }
}

/// The name of parts that have none; no part of a form is called so.
const UNNAMED: &[u8] = b"#part";
