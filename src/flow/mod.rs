//! Connections, in order: one table a worker.

mod ages;
mod connection;
mod consumer;
mod delivery;
mod dialogue;
mod half;
mod key;
mod ledger;
mod reorder;
mod siblings;
mod stats;
mod table;
#[cfg(test)]
mod tests;
mod turns;

pub use connection::{Connection, Side, Start};
pub use consumer::{Close, StreamConsumer, Took, Want};
pub use key::{End, FlowKey};
pub use ledger::{ByteClass, Ledger};
pub use stats::FlowStats;
pub use table::FlowTable;
