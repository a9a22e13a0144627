//! Flags of `endpoints` and `show`.

use std::path::PathBuf;

use clap::Args;

use super::values::Color;

/// Printed below the help of `endpoints`.
pub(super) const EXAMPLES: &str = "Examples:
  shadowtap endpoints report.json
  shadowtap endpoints report.json --host '*.pay.example' --method POST,PUT --state shadow,zombie
  shadowtap replay day.pcap --format json | shadowtap endpoints - --path /v1/cards";

/// Printed below the help of `show`.
pub(super) const SHOW_EXAMPLES: &str = "Examples:
  shadowtap show report.json 'GET /users/{id}'
  shadowtap show report.json 'POST /v1/payments' --host api.pay.example
  shadowtap show report.json 'GET http://api.pay.example:8080/v1/cards'
  shadowtap show report.json /users/42";

/// Flags of `endpoints`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Endpoints {
    /// A report that --format json wrote, or - for stdin.
    #[arg(value_name = "REPORT")]
    pub(in crate::cli) report: PathBuf,
    /// Only of hosts that hold this text; *.shop.example takes sub-domains.
    #[arg(long, value_name = "HOST", help_heading = "Which")]
    pub(in crate::cli) host: Option<String>,
    /// Only these methods.
    #[arg(long, value_name = "METHOD", value_delimiter = ',', help_heading = "Which")]
    pub(in crate::cli) method: Vec<String>,
    /// Only templates that hold this text, or that take this path.
    #[arg(long, value_name = "PATH", help_heading = "Which")]
    pub(in crate::cli) path: Option<String>,
    /// Only those that carry data of these classes (pan, email ...).
    #[arg(long, value_name = "CLASS", value_delimiter = ',', help_heading = "Which")]
    pub(in crate::cli) class: Vec<String>,
    /// Only these verdicts (shadow, zombie, dormant, drift, matched, insufficient-evidence, unproven, third-party, unmanaged, out-of-scope) or states (confirmed, provisional, unanswered, not-found, not-allowed, noise).
    #[arg(long, value_name = "STATE", value_delimiter = ',', help_heading = "Which")]
    pub(in crate::cli) state: Vec<String>,
    /// Only of this owner, as the policy names them.
    #[arg(long, value_name = "NAME", help_heading = "Which")]
    pub(in crate::cli) owner: Option<String>,
    /// Colour.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(in crate::cli) color: Color,
}

/// Flags of `show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// A report that --format json wrote, or - for stdin.
    #[arg(value_name = "REPORT")]
    pub(in crate::cli) report: PathBuf,
    /// Method and template, whatever its variables are called, or a path that it takes; the method may be left out, and a service
    /// stand before the path (GET http://shop.example/users).
    #[arg(value_name = "ENDPOINT")]
    pub(in crate::cli) endpoint: String,
    /// Where several hosts have it: the one that holds this text.
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) host: Option<String>,
    /// Colour.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(in crate::cli) color: Color,
}
