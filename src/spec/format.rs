//! What a format of specs must be able to do.

use std::rc::Rc;

use super::document::Document;
use super::error::SpecError;
use super::model::Spec;
use super::refs::Refs;

/// A format of specs.
pub trait SpecFormat: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// The document says that it is of this format, in whatever version.
    fn recognises(&self, document: &Document) -> bool;

    /// Other data looks alike: in a folder, a file is of this format only if its name says so.
    fn by_name_only(&self) -> bool {
        false
    }

    /// Reads it. The spec is named after the document's file; whoever loads many makes names unique.
    fn read(&self, document: &Rc<Document>, refs: &mut Refs<'_>) -> Result<Spec, SpecError>;
}
