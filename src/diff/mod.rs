//! Seen against promised: facts, no opinions.

mod aliases;
mod compare;
mod comparison;
mod existence;
mod late;
mod promises;
mod rebase;
mod scope;
mod terms;

pub use aliases::{Alias, aliases};
pub use compare::{compare, compare_on};
pub use comparison::{
    Comparison, Coverage, Criterion, Drifted, Existence, Exposure, Nearest, OperationId, Pairing, Promise, Promised,
    Rebased,
};
pub use scope::ScopeItem;
pub use terms::{DormantAfter, Exposed, Terms};

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
