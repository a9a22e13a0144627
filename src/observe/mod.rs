//! What an exchange means: the one door from wire to meaning; values stop here.

mod agents;
mod answer;
mod body;
mod charset;
mod classify;
mod contents;
#[cfg(test)]
mod cost;
mod credentials;
mod encoding;
mod fields;
mod formats;
mod glance;
mod headers;
mod inspect;
mod jwt;
mod kind;
mod labels;
mod legible;
mod media;
mod multipart;
mod noise;
mod numbered;
mod observer;
mod path;
mod plain;
mod references;
mod sensitive;
mod service;
mod spelling;
mod style;
mod styles;
mod witness;
mod xml;

pub use classify::{classify_segment, name_or_class};
pub use inspect::Inspect;
pub use observer::Observer;
pub use sensitive::look;
pub use style::{ObserverCounts, Scratch, Style};
pub use styles::STYLES;
