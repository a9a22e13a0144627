//! Flags of `explain`.

use clap::Args;

use super::values::Color;

/// Printed below the help of `explain`.
pub(super) const EXAMPLES: &str = "Examples:
  shadowtap explain
  shadowtap explain shadow-unknown-method
  shadowtap explain zombie";

/// Flags of `explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// A rule, as findings name it, or a kind of finding; without, all rules are listed.
    #[arg(value_name = "RULE")]
    pub(in crate::cli) rule: Option<String>,
    /// Colour.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(in crate::cli) color: Color,
}
