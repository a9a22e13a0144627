//! Follows `$ref`: inside a file and to files beside it, never out of the spec's folder and never over the network.
//!
//! In: a reference and the document it stands in. Out: where it leads. Only what is read is followed, so a schema
//! that refers to itself, or a broken reference in an example, costs nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::document::Document;
use super::error::{SpecError, shown};
use super::learn::Learner;
use crate::limits::Limits;

/// A part of some document.
#[derive(Clone, Debug)]
pub struct Found {
    /// The document.
    pub document: Rc<Document>,
    /// JSON pointer of the part.
    pub pointer: String,
}

impl Found {
    /// The part itself.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.document.at(&self.pointer)
    }

    /// The reference that stands in place of the part, if one does.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.value()?.get("$ref")?.as_str()
    }

    /// A part of this part.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        let pointer = format!("{}/{}", self.pointer, super::lines::escape(key));
        Self { document: Rc::clone(&self.document), pointer }
    }

    pub(super) fn wrong(&self, what: impl Into<String>, mend: impl Into<String>) -> SpecError {
        self.document.wrong(&self.pointer, what, mend)
    }
}

/// The files of one spec.
pub struct Refs<'l> {
    /// The folder of the root document, without symlinks.
    folder: PathBuf,
    limits: &'l Limits,
    /// Bytes that further files may have.
    left: u64,
    read: BTreeMap<PathBuf, Rc<Document>>,
    learner: Option<&'l dyn Learner>,
}

impl<'l> Refs<'l> {
    /// For a spec with this root document.
    #[must_use]
    pub fn new(root: &Rc<Document>, limits: &'l Limits) -> Self {
        let folder = root.path.parent().map_or_else(PathBuf::new, Path::to_owned);
        let left = limits.spec_bytes.saturating_sub(root.bytes);
        Self { folder, limits, left, read: BTreeMap::from([(root.path.clone(), Rc::clone(root))]), learner: None }
    }

    /// With somebody who makes templates of requests.
    #[must_use]
    pub fn learning(self, learner: Option<&'l dyn Learner>) -> Self {
        Self { learner, ..self }
    }

    /// Who makes templates of requests.
    pub(super) const fn learner(&self) -> Option<&'l dyn Learner> {
        self.learner
    }

    /// The bounds of the run.
    #[must_use]
    pub const fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// Follows references until there is a part that is none.
    pub fn resolve(&mut self, from: Found) -> Result<Found, SpecError> {
        let whole = from.clone();
        Ok(self.chain(from)?.pop().unwrap_or(whole))
    }

    /// Follows references until there is a part that is none; all parts on the way, the first one first.
    pub fn chain(&mut self, from: Found) -> Result<Vec<Found>, SpecError> {
        let mut chain = vec![from];
        while let Some(last) = chain.last()
            && last.reference().is_some()
        {
            if chain.len() > self.limits.ref_depth {
                let what = format!("leads through more than {} references, or in a circle", self.limits.ref_depth);
                return Err(last.wrong(what, "refer to the thing itself"));
            }
            let next = self.step(last)?;
            chain.push(next);
        }
        Ok(chain)
    }

    /// Follows one reference.
    fn step(&mut self, from: &Found) -> Result<Found, SpecError> {
        self.follow(from, from.reference().unwrap_or_default())
    }

    /// Follows a reference that stands somewhere in a part.
    pub fn follow(&mut self, from: &Found, reference: &str) -> Result<Found, SpecError> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if file.is_empty() { Rc::clone(&from.document) } else { self.open(from, file)? };
        let Ok(pointer) = percent_decode_str(fragment).decode_utf8() else {
            return Err(from.wrong(format!("`$ref` \"{}\" is not UTF-8", shown(reference)), "write it as UTF-8"));
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let what = format!("`$ref` \"{}\" is no JSON pointer", shown(reference));
            return Err(from.wrong(what, "write it as `#/components/...`"));
        }
        let found = Found { document, pointer: pointer.into_owned() };
        if found.value().is_none() {
            let what = format!("`$ref` \"{}\" points to nothing", shown(reference));
            return Err(from.wrong(what, "correct the pointer, or add what it names"));
        }
        Ok(found)
    }

    /// The file that a reference names.
    fn open(&mut self, from: &Found, file: &str) -> Result<Rc<Document>, SpecError> {
        let named = shown(file);
        if has_scheme(file) || file.starts_with("//") {
            let what = format!("`$ref` \"{named}\" is a URL, and specs are never fetched from the network");
            return Err(from.wrong(what, "bundle the spec into one file, or refer to a file beside it"));
        }
        let Ok(file) = percent_decode_str(file).decode_utf8() else {
            return Err(from.wrong(format!("`$ref` \"{named}\" is not UTF-8"), "write it as UTF-8"));
        };
        let beside = from.document.path.parent().unwrap_or(&self.folder);
        // Symlinks are resolved before the check: a name below the folder may well lead out of it.
        let path = match beside.join(file.as_ref()).canonicalize() {
            Ok(path) => path,
            Err(why) => {
                let what = format!("`$ref` names the file \"{named}\", which cannot be read ({})", why.kind());
                return Err(from.wrong(what, "correct the name, or add the file"));
            }
        };
        let Ok(below) = path.strip_prefix(&self.folder) else {
            let what = format!("`$ref` \"{named}\" leads out of the spec's folder");
            return Err(from.wrong(what, "move the file below that folder, or bundle the spec into one file"));
        };
        if let Some(known) = self.read.get(&path) {
            return Ok(Rc::clone(known));
        }
        let shown: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        let limits = Limits { spec_bytes: self.left, ..self.limits.clone() };
        let document = Rc::new(Document::read(&path, &shown.join("/"), &limits)?);
        self.left = self.left.saturating_sub(document.bytes);
        self.read.insert(path, Rc::clone(&document));
        Ok(document)
    }
}

/// `http:`, `file:` and the like. One letter and a colon is a drive, and fails as a file.
fn has_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return false };
    scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
}

#[cfg(test)]
mod tests;
