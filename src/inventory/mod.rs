//! What was seen: observations go in, sorted frozen snapshots come out.
//!
//! A worker notes observations in its own [`Delta`] and hands it to the shared [`Inventory`] now and then. Whatever
//! the order and the split, the same set of observations gives the same [`Snapshot`].

mod bounded;
mod delta;
mod entry;
mod evidence;
mod fold;
mod kept;
mod lessons;
mod methods;
mod naming;
mod opaque;
mod params;
mod pins;
mod shapes;
mod shared;
mod signals;
mod sketch;
mod snapshot;
mod tally;
mod tree;

#[cfg(test)]
pub(crate) mod tests;

pub use delta::Delta;
pub use kept::{Kept, Unsound};
pub use pins::Pins;
pub use shared::{Inventory, Restore};
pub use snapshot::{Latency, OpaqueService, Operation, ParamRecord, Record, Service, Snapshot};
