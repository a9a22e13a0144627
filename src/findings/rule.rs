//! The contract of a rule: facts in, findings out.

use super::finding::{Finding, Kind};
use super::policy::Policy;
use crate::diff::Comparison;

/// One opinion. Pure: everything it may use is in the view, and it has no clock.
pub trait Rule: Sync {
    /// The kind of finding it makes.
    fn kind(&self) -> Kind;
    /// One paragraph for people: what it means, why it matters, what to do.
    fn about(&self) -> &'static str;
    /// Pushes what it finds, in any order: `judge` sorts.
    fn check(&self, view: View<'_>, found: &mut Vec<Finding>);
}

/// All that a rule may use.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Seen against promised; the snapshot is in it.
    pub compared: &'a Comparison<'a>,
    /// What the user decided.
    pub policy: &'a Policy,
}
