//! What was promised, whatever the format it was written in.

use std::sync::Arc;

use crate::api::{HostPattern, ParamPlace, PathTemplate};
use crate::contract::Sealed;
use crate::time::Deadline;

/// One spec document.
#[derive(Clone, Debug)]
pub struct Spec {
    /// How reports call it: the file's name without its folder, made unique.
    pub name: String,
    /// Its title (`info.title`).
    pub title: String,
    /// Its version (`info.version`).
    pub version: String,
    /// The format it was written in: `openapi 3.0`, `openapi 3.1`, `swagger 2.0`.
    pub format: &'static str,
    /// Its operations in order of the document.
    pub operations: Vec<SpecOperation>,
    /// Things odd about it that do not stop us, one line each.
    pub warnings: Vec<String>,
}

/// One declared operation.
#[derive(Clone, Debug)]
pub struct SpecOperation {
    /// Upper case.
    pub method: String,
    /// The path as declared, without any base path.
    pub path: PathTemplate,
    /// Where it is served: the servers of the operation, of its path, or of the document, whichever comes first.
    /// Never empty: a document that names no server has one with `HostPattern::Any` and an empty base.
    pub servers: Vec<Server>,
    /// `operationId`.
    pub id: Option<String>,
    /// Declared deprecated.
    pub deprecated: bool,
    /// When it is to be gone (`x-sunset`).
    pub sunset: Option<Deadline>,
    /// Declared query and form parameters.
    pub params: Vec<SpecParam>,
    /// What an exchange is held against; `None` where the format says nothing of that.
    pub contract: Option<Arc<Sealed>>,
    /// Line of the operation in its file, from 1; 0 when not known.
    pub line: u32,
}

/// A place where operations are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Which hosts.
    pub host: HostPattern,
    /// The path in front of all paths; may hold variables.
    pub base: PathTemplate,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecParam {
    /// Where it stands.
    pub place: ParamPlace,
    /// Its name.
    pub name: String,
    /// It must be there.
    pub required: bool,
}
