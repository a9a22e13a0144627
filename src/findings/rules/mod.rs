//! The shelf of rules.

mod dormant;
mod drift;
mod drift_texts;
mod orphan;
mod shadow;
mod zombie;

use super::rule::Rule;
use super::suppress::Expired;

/// All rules.
pub const RULES: &[&dyn Rule] =
    &[&shadow::Shadow, &zombie::Zombie, &orphan::Orphan, &drift::Drift, &dormant::Dormant, &Expired];
