//! Flags of `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::Color;
use crate::findings::FailOn;

/// Printed below the help of `diff`.
pub(super) const EXAMPLES: &str = "Examples:
  shadowtap diff monday.json tuesday.json
  shadowtap diff main.json branch.json --fail-on shadow,high
  shadowtap replay day.pcap --spec specs/ --format json | shadowtap diff yesterday.json - --format json";

/// Flags of `diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The older report, as --format json wrote it.
    #[arg(value_name = "OLD")]
    pub(in crate::cli) old: PathBuf,
    /// The newer one; either may be - for stdin.
    #[arg(value_name = "NEW")]
    pub(in crate::cli) new: PathBuf,
    /// How to tell it.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(in crate::cli) format: DiffFormat,
    /// Exit with 1 when a finding of these kinds or rules, or at least of this severity, is new.
    #[arg(long, value_name = "KINDS,RULES,SEVERITY", default_value = "none")]
    pub(in crate::cli) fail_on: FailOn,
    /// Colour.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(in crate::cli) color: Color,
}

/// How a difference is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DiffFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
}
