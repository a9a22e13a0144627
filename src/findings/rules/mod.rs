//! The shelf of rules.

mod dormant;
mod orphan;
mod shadow;
mod zombie;

use super::rule::Rule;
use super::suppress::Expired;

/// All rules.
pub const RULES: &[&dyn Rule] = &[&shadow::Shadow, &zombie::Zombie, &orphan::Orphan, &dormant::Dormant, &Expired];
