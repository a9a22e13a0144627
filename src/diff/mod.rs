//! Seen against promised: facts, no opinions.

mod comparison;

pub use comparison::{Comparison, Coverage, Criterion, Existence, Nearest, OperationId, Pairing, Promise, Promised};
