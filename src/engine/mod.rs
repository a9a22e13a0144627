//! The assembly: readers, workers, batches, the order of shutdown.

mod batch;
mod reader;
mod run;
mod scopes;
mod spool;
mod stats;
mod worker;

pub use run::{EngineError, Outcome, Progress, Settings, run};
pub use spool::Lines;
