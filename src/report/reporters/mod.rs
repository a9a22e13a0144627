//! The report formats. A new one is a file here and a line in the table: the flag and its help follow.
//!
//! `transactions` stands here too but not in the table: it streams while reading, before there is a report.

mod csv;
mod cyclonedx;
mod escape;
mod events;
mod figures;
mod html;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod openapi;
mod overlay;
mod sarif;
mod subjects;
mod terminal;
mod text;
mod transactions;
mod uri;

#[cfg(test)]
mod formats;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

use super::reporter::Reporter;

pub(super) use escape::{sentence, shown};
pub(crate) use figures::{bytes, count, moment, percent_text};
pub(super) use terminal::{Ink, Page, left, right, widest};
pub(crate) use terminal::{columns, fit, wrapped};

use csv::Csv;
use cyclonedx::CycloneDx;
pub use escape::visible;
pub use events::{EventLine, Why};
use html::Html;
use json::Json;
pub(crate) use json::write_careful;
pub use json::{SCHEMA, SCHEMA_VERSION};
use junit::Junit;
use markdown::Markdown;
use ndjson::Ndjson;
use openapi::OpenApi;
use overlay::Overlay;
use sarif::Sarif;
use text::Text;
pub use transactions::{Mask, TransactionLine};

/// Every report format, the default first.
pub const REPORTERS: &[&dyn Reporter] = &[
    &Text,
    &Json,
    &Html,
    &Ndjson,
    &Csv,
    &Markdown,
    &Junit,
    &Sarif,
    &CycloneDx,
    &OpenApi::ALL,
    &OpenApi::SHADOW,
    &Overlay,
];
