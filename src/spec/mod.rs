//! What was promised.

mod index;
mod model;

pub use index::{Cover, FailedOn, HostFlags, Match, NearestOp, SpecError, SpecIndex};
pub use model::{Server, Spec, SpecOperation, SpecParam};
