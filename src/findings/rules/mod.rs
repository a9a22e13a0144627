//! The shelf of rules.

mod dormant;
mod orphan;
mod shadow;
mod zombie;

use super::rule::Rule;

/// All rules.
pub const RULES: &[&dyn Rule] = &[&shadow::Shadow, &zombie::Zombie, &orphan::Orphan, &dormant::Dormant];
