//! What was promised.

mod index;
mod model;

pub use index::{Cover, HostFlags, Match, SpecIndex};
pub use model::{Server, Spec, SpecOperation, SpecParam};
