//! What an exchange means: the one door from wire to meaning; values stop here.

mod body;
mod card;
mod classify;
mod encoding;
mod fields;
mod formats;
mod media;
mod path;
mod service;
mod spelling;

pub use classify::{classify_segment, name_or_class};
