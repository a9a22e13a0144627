//! Requests that were recorded, where a list of them is what was promised.
//!
//! In: methods, hosts and paths. Out: templates, as traffic would have them. The rooms that read traffic plug in here: this one
//! names none of them.

use std::fmt;

use crate::api::{PathTemplate, ServiceId};

/// A request as a document lists it. It holds values, and goes nowhere but to a [`Learner`].
#[derive(Clone)]
pub struct Asked {
    /// As written.
    pub method: String,
    /// Host and port, as written.
    pub authority: String,
    /// Percent-encoded, without query.
    pub path: String,
    /// Over TLS.
    pub encrypted: bool,
}

impl fmt::Debug for Asked {
    /// Without its values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("path_bytes", &self.path.len()).finish_non_exhaustive()
    }
}

/// An operation that requests come to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Learned {
    /// Who is asked.
    pub service: ServiceId,
    /// Its path; values are variables.
    pub template: PathTemplate,
    /// Its method.
    pub method: String,
}

/// Makes operations of requests.
pub trait Learner {
    /// What they come to, noise left out, in order.
    fn learn(&self, asked: &[Asked]) -> Vec<Learned>;
}
