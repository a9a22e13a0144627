//! The assembly: readers, workers, batches, the order of shutdown.

mod batch;
mod board;
mod networks;
mod reader;
mod run;
mod scopes;
mod spool;
mod stats;
mod survey;
mod worker;

pub use board::Board;
pub use networks::SharedNetworks;
pub use run::{EngineError, Outcome, Progress, Settings, listen, run};
pub use spool::Lines;
pub use survey::Survey;
