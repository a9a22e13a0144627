//! What was promised.

mod bases;
mod contracts;
mod document;
mod error;
mod flags;
mod format;
mod formats;
mod index;
mod learn;
mod lines;
mod load;
mod model;
mod nearest;
mod paths;
mod refs;
mod retired;
mod schemas;
mod server;
mod version;
mod warnings;

#[cfg(test)]
mod shared_tests;

pub use bases::Rebasing;
pub use document::Document;
pub use error::{Place, SpecError};
pub use flags::HostFlags;
pub use format::SpecFormat;
pub use formats::FORMATS;
pub use index::{Cover, Match, SpecIndex};
pub use learn::{Asked, Learned, Learner};
pub use load::{load, load_learning};
pub use model::{Server, Spec, SpecOperation, SpecParam};
pub use nearest::{FailedOn, NearestOp};
pub use refs::{Found, Refs};
