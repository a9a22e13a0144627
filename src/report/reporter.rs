//! The contract of a report format.

use std::io;

use super::contents::Report;

/// Writes a report down. Pure: no clock, no sorting, no filtering, no computing; escapes every name from the wire
/// for its medium.
pub trait Reporter: Sync {
    /// What `--format` calls it.
    fn name(&self) -> &'static str;
    /// Its media type.
    fn media_type(&self) -> &'static str;
    /// Writes the whole report.
    ///
    /// # Errors
    /// Only those of `out`.
    fn write(&self, report: &Report<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()>;
}

/// What the reader's medium can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colour: only on a terminal.
    pub colour: bool,
    /// Columns of the terminal; 100 where there is none.
    pub width: usize,
}
