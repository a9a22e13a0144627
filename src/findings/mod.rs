//! Opinions, one file each.

mod evidence;
mod finding;
mod judge;
mod policy;
mod rule;
mod rules;
mod severity;
mod suppress;
mod texts;

pub use crate::diff::ScopeItem;
pub use crate::policy::Severity;
pub use finding::{Declared, DriftEvidence, Evidence, Finding, Kind, NearMiss, Place, Reason, Subject, Suppressed};
pub use judge::judge;
pub use policy::{FailOn, Policy, understands};
pub use rule::{Rule, View};
pub use rules::RULES;
pub use severity::{Case, SEVERITIES};
pub use texts::{RuleText, near_rules, rule_text, rule_texts};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod truth_tests;
#[cfg(test)]
mod zombie_tests;
