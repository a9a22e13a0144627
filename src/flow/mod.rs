//! Connections, in order: one table a worker.

mod connection;
mod consumer;
mod ledger;

pub use connection::{Connection, Side, Start};
pub use consumer::{Close, StreamConsumer, Took, Want};
pub use ledger::{ByteClass, Ledger};
