//! The report formats. A new one is a file here and a line in the table: the flag and its help follow.
//!
//! `transactions` stands here too but not in the table: it streams while reading, before there is a report.

mod escape;
mod figures;
mod html;
mod json;
mod terminal;
mod text;
mod transactions;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use super::reporter::Reporter;

pub use escape::visible;
pub use html::Html;
pub use json::{Json, SCHEMA, SCHEMA_VERSION};
pub use text::{Text, headline_sentence};
pub use transactions::{Mask, TransactionLine};

/// Every report format, the default first.
pub const REPORTERS: &[&dyn Reporter] = &[&Text, &Json, &Html];
