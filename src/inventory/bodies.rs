//! The body shapes of one operation, put away: as bytes until somebody reads them.
//!
//! A shape is made to be counted and compared, and takes two hundred bytes a field. A snapshot of a hundred thousand operations
//! cannot hold that many at once, and needs not: a report tells them one after the other.

use super::maps;
use super::shapes::{Shapes, Union};

/// What was asked and answered, as it is written into state files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bodies(Box<[u8]>);

impl Bodies {
    /// Of these shapes.
    pub(super) fn of(shapes: &Shapes) -> Self {
        if shapes.places() == 0 {
            return Self::default();
        }
        Self(postcard::to_stdvec(shapes).unwrap_or_default().into())
    }

    /// Of one answer.
    #[cfg(test)]
    pub(crate) fn of_answer(status: u16, shape: &crate::api::Shape) -> Self {
        let mut shapes = Shapes::default();
        let _ = shapes.learn(super::shapes::Mark::new(5, 0), status, None, Some(shape));
        Self::of(&shapes)
    }

    /// None was seen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The shapes; what is a map has one field `{key}`.
    #[must_use]
    pub fn open(&self) -> Union {
        if self.is_empty() {
            return Union::default();
        }
        // These bytes never left the process; what cannot be read was never written.
        let mut union = postcard::from_bytes::<Shapes>(&self.0).unwrap_or_default().union();
        maps::fold(&mut union);
        union
    }
}
