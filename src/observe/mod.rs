//! What an exchange means: the one door from wire to meaning; values stop here.

mod card;
mod classify;
mod formats;

mod fields;
mod path;
mod service;
mod spelling;

pub use classify::{classify_segment, name_or_class};
