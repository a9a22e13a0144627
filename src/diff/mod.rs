//! Seen against promised: facts, no opinions.

mod aliases;
mod compare;
mod comparison;
mod existence;
mod promises;
mod rebase;
mod scope;

pub use aliases::{Alias, aliases};
pub use compare::compare;
pub use comparison::{
    Comparison, Coverage, Criterion, Drifted, Existence, Exposure, Nearest, OperationId, Pairing, Promise, Promised,
    Rebased,
};
pub use scope::ScopeItem;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
