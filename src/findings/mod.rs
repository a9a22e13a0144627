//! Opinions, one file each.

mod evidence;
mod finding;
mod judge;
mod policy;
mod rule;
mod rules;
mod severity;

pub use crate::diff::ScopeItem;
pub use finding::{Declared, Evidence, Finding, Kind, NearMiss, Reason, Severity, Subject};
pub use judge::judge;
pub use policy::{FailOn, Policy};
pub use rule::{Rule, View};
pub use rules::RULES;
pub use severity::{Case, SEVERITIES};

#[cfg(test)]
mod tests;
