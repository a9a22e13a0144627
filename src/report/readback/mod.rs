//! A JSON report read back: its endpoints listed, and one of them told in full.
//!
//! In: what the JSON reporter wrote, of this version or a near one: what is not there is not told, and what is not known is
//! told as it stands. Out: text for a terminal. Names in it come from the wire as ever, and are shown as such.

mod detail;
mod difference;
mod document;
mod listing;
mod near;
mod shapes;
mod values;

#[cfg(test)]
mod tests;

pub use difference::{Difference, difference};
pub use document::{Filter, ReadBack, ReadBackError};
