//! What outlives the process: the state file.

mod checkpoint;
mod error;
mod header;

pub use checkpoint::{Loaded, MAGIC, load, save, set_aside};
pub use error::StoreError;
pub use header::{CallerKey, Header, Run};
