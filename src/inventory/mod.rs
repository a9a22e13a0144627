//! What was seen: observations go in, sorted frozen snapshots come out.
//!
//! A worker notes observations in its own [`Delta`] and hands it to the shared [`Inventory`] now and then. Whatever
//! the order and the split, the same set of observations gives the same [`Snapshot`].

mod alike;
mod bodies;
mod bounded;
mod clients;
mod counts;
mod crowd;
mod delta;
mod divided;
mod drifts;
mod entry;
mod evidence;
mod firm;
mod fold;
mod kept;
mod lessons;
mod lexicon;
mod maps;
mod methods;
mod naming;
mod nouns;
mod opaque;
mod params;
mod parts;
mod path_values;
mod pins;
mod profile;
mod rates;
mod shapes;
mod shared;
mod signals;
mod sketch;
mod slot;
mod snapshot;
mod sorted;
mod tally;
#[cfg(feature = "teach")]
pub mod teach;
mod tokens;
mod traffic;
mod tree;
mod weights;

#[cfg(test)]
mod crowd_tests;
#[cfg(test)]
mod noise_tests;
#[cfg(test)]
pub(crate) mod tests;

pub use bodies::Bodies;
pub use clients::ClientFigures;
pub use delta::Delta;
pub use kept::{Kept, Unsound};
pub use pins::Pins;
pub use rates::RateSeries;
pub use shapes::Union;
pub use shared::{Inventory, Restore};
pub use snapshot::{
    DriftRecord, Latency, Learned, LearnedVariable, OpaqueService, Operation, ParamRecord, PartRecord, Quantiles,
    Record, Rule, Service, Snapshot, TokenRecord,
};
pub use sorted::Sorted;
pub use traffic::TrafficFigures;
