//! Flags of `replay`.

use std::path::PathBuf;

use clap::Args;

use super::shared::{Judging, Promised, Reading, Said};
use super::values::{Color, Format, percent};
use crate::findings::FailOn;

/// Printed below the help of `replay`.
pub(super) const EXAMPLES: &str = "Examples:
  shadowtap replay day.pcap --spec openapi.yaml
  shadowtap replay captures/ --spec specs/ --format text --format html -o report.html
  tcpdump -i eth1 -w - | shadowtap replay - --spec specs/ --format json -o report.json
  shadowtap replay day.pcapng.zst --spec specs/ --fail-on shadow,high --max-loss 1";

/// Flags of `replay`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    /// pcap or pcapng files (plain, gzip or zstd), folders of them, or - for stdin. All of them are one run: packets are
    /// merged by time into one flow table.
    #[arg(required = true, value_name = "CAPTURE")]
    pub(in crate::cli) captures: Vec<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) promised: Promised,
    #[command(flatten)]
    pub(in crate::cli) said: Said,
    #[command(flatten)]
    pub(in crate::cli) judging: Judging,
    /// Exit with 1 when a finding of these kinds (shadow, zombie, orphan), of these rules (see `shadowtap explain`) or at least of this
    /// severity (info, low, medium, high) is made. In the place of what the policy says; none: never.
    #[arg(long, value_name = "KINDS,RULES,SEVERITY", help_heading = "What is judged")]
    pub(in crate::cli) fail_on: Option<FailOn>,
    /// Exit with 3 when more than this share of the TCP payload is missing from the capture.
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "What is judged")]
    pub(in crate::cli) max_loss: Option<f64>,

    /// How to report; may be repeated. `transactions` prints raw request targets, one exchange a line.
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Reports")]
    pub(in crate::cli) format: Vec<Format>,
    /// Where the --format before it goes; without, to stdout (one format at the most). Written whole or not at all, mode 0600.
    #[arg(short, long, value_name = "FILE", help_heading = "Reports")]
    pub(in crate::cli) output: Vec<PathBuf>,
    /// Hide query values and userinfo in `transactions`.
    #[arg(long, help_heading = "Reports")]
    pub(in crate::cli) mask: bool,
    /// Colour in the text report.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", help_heading = "Reports")]
    pub(in crate::cli) color: Color,
    /// No progress bar.
    #[arg(short, long, help_heading = "Reports")]
    pub(in crate::cli) quiet: bool,

    /// Read only packets that this BPF expression takes (see pcap-filter(7)); tagged frames need `vlan and ...`.
    #[arg(long, value_name = "BPF", help_heading = "How packets are read")]
    pub(in crate::cli) filter: Option<String>,
    /// Threads that reassemble and parse. Reports do not depend on it.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "How packets are read")]
    pub(in crate::cli) workers: u16,
    #[command(flatten)]
    pub(in crate::cli) reading: Reading,
}
