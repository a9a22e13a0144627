//! The assembly: readers, workers, batches, the order of shutdown.

mod batch;
mod board;
mod lessons;
mod reader;
mod rules;
mod run;
mod scopes;
mod spool;
mod stats;
mod survey;
mod worker;

pub use board::Board;
pub use lessons::Lessons;
pub use rules::{InForce, SharedRules};
pub use run::{EngineError, Outcome, Progress, Settings, listen, run};
pub use spool::Lines;
pub use survey::Survey;
