//! The shelf of styles. The first that claims an exchange has it.

mod rest;

use super::style::Style;

/// Every style, the most particular first; `rest` is last and takes all.
pub const STYLES: &[&dyn Style] = &[&rest::Rest];
