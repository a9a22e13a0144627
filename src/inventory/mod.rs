//! What was seen.

mod snapshot;

pub use snapshot::{Latency, OpaqueService, Operation, ParamRecord, Record, Service, Snapshot};
