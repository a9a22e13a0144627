//! Opinions, one file each.

mod finding;
mod policy;

pub use finding::{Declared, Evidence, Finding, Kind, NearMiss, Reason, Severity, Subject};
pub use policy::{FailOn, Policy, ScopeItem};
