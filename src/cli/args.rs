//! The command line: flags, their help, nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::decode::TunnelPort;
use crate::findings::{FailOn, ScopeItem};

/// Passive API discovery: names the APIs nobody wrote down.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// How much to log to stderr: error, warn, info, debug, trace, or a filter such as `shadowtap=debug`.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "SHADOWTAP_LOG",
        default_value = "warn",
        hide_env_values = true
    )]
    pub(super) log_level: String,
}

/// Printed below the help.
const EXIT_CODES: &str = "Exit codes: 0 done; 1 a finding met --fail-on; 2 usage, spec or input error (the report of what could be read is \
written all the same); 3 more payload was missing than --max-loss allows. Where several apply: 2 before 3 before 1.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read captures and report the APIs in them.
    #[command(after_help = EXAMPLES, override_usage = "shadowtap replay <CAPTURE>... [--spec <FILE_OR_DIR>...] [OPTIONS]")]
    Replay(Box<Replay>),
}

/// Printed below the help of `replay`.
const EXAMPLES: &str = "Examples:
  shadowtap replay day.pcap --spec openapi.yaml
  shadowtap replay captures/ --spec specs/ --format text --format html -o report.html
  tcpdump -i eth1 -w - | shadowtap replay - --spec specs/ --format json -o report.json
  shadowtap replay day.pcapng.zst --spec specs/ --fail-on shadow,high --max-loss 1";

/// Flags of `replay`.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// pcap or pcapng files (plain, gzip or zstd), folders of them, or - for stdin. All of them are one run: packets are
    /// merged by time into one flow table.
    #[arg(required = true, value_name = "CAPTURE")]
    pub(super) captures: Vec<PathBuf>,

    /// OpenAPI 3.x or Swagger 2.0 documents (YAML or JSON), or folders of them. Without any, nothing is called shadow.
    #[arg(long, value_name = "FILE_OR_DIR", num_args = 1.., help_heading = "What was promised")]
    pub(super) spec: Vec<PathBuf>,
    /// A host that a spec also holds for (may be repeated); SPEC is its file name or title.
    #[arg(long, value_name = "SPEC=HOST", value_parser = pair, help_heading = "What was promised")]
    pub(super) spec_host: Vec<(String, String)>,
    /// Traffic to INNER counts as traffic to DECLARED: a load balancer's inner name or address (may be repeated).
    #[arg(long, value_name = "INNER=DECLARED", value_parser = pair, help_heading = "What was promised")]
    pub(super) host_alias: Vec<(String, String)>,

    /// Judge only these hosts (*.shop.example takes sub-domains) and networks; the rest is listed, not judged.
    #[arg(long, value_name = "HOST|CIDR", value_delimiter = ',', help_heading = "What is judged")]
    pub(super) scope: Vec<ScopeItem>,
    /// A host must be observed at least this long before what it never showed is called orphan (30s, 10m, 24h, 7d).
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span, help_heading = "What is judged")]
    pub(super) min_window: crate::time::Span,
    /// Exit with 1 when a finding of these kinds (shadow, zombie, orphan) or at least of this severity (info, low, medium, high) is made.
    #[arg(long, value_name = "KINDS,SEVERITY", default_value = "none", help_heading = "What is judged")]
    pub(super) fail_on: FailOn,
    /// Exit with 3 when more than this share of the TCP payload is missing from the capture.
    #[arg(long, value_name = "PERCENT", value_parser = percent, help_heading = "What is judged")]
    pub(super) max_loss: Option<f64>,

    /// How to report; may be repeated. `transactions` prints raw request targets, one exchange a line.
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Reports")]
    pub(super) format: Vec<Format>,
    /// Where the --format before it goes; without, to stdout (one format at the most). Written whole or not at all, mode 0600.
    #[arg(short, long, value_name = "FILE", help_heading = "Reports")]
    pub(super) output: Vec<PathBuf>,
    /// Hide query values and userinfo in `transactions`.
    #[arg(long, help_heading = "Reports")]
    pub(super) mask: bool,
    /// Colour in the text report.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", help_heading = "Reports")]
    pub(super) color: Color,
    /// No progress bar.
    #[arg(short, long, help_heading = "Reports")]
    pub(super) quiet: bool,

    /// Read only packets that this BPF expression takes (see pcap-filter(7)); tagged frames need `vlan and ...`.
    #[arg(long, value_name = "BPF", help_heading = "How packets are read")]
    pub(super) filter: Option<String>,
    /// What keeps equal private addresses apart: VLAN ids, tunnel ids, both, or none.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "vlan,tunnel|none",
        default_value = "vlan,tunnel",
        help_heading = "How packets are read"
    )]
    pub(super) scope_by: Vec<ScopeKind>,
    /// A UDP port that carries a tunnel, beside the ports of the standards (may be repeated): vxlan:14789, geneve:6082. A wrong kind is answered with all there are.
    #[arg(long, value_name = "KIND:PORT", value_delimiter = ',', help_heading = "How packets are read")]
    pub(super) tunnel_port: Vec<TunnelPort>,
    /// Do not read packets whose IPv4, TCP or UDP checksum is wrong. Not for captures made on a host that sends: its card fills
    /// checksums in later.
    #[arg(long, help_heading = "How packets are read")]
    pub(super) verify_checksums: bool,
    /// Threads that reassemble and parse. Reports do not depend on it.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "How packets are read")]
    pub(super) workers: u16,
    /// Memory that bounds are scaled to (256M, 2G).
    #[arg(long, value_name = "SIZE", default_value = "512M", value_parser = size, help_heading = "How packets are read")]
    pub(super) memory: usize,
}

/// Formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal.
    Text,
    /// For programs: schema-versioned.
    Json,
    /// One self-contained page.
    Html,
    /// NDJSON, one exchange a line, with raw request targets.
    Transactions,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// One word of --scope-by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ScopeKind {
    /// VLAN ids.
    Vlan,
    /// Tunnel ids.
    Tunnel,
    /// Nothing: addresses alone.
    None,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() => Ok((left.to_owned(), right.to_owned())),
        _ => Err("two names joined by '=' are wanted, such as 10.0.0.7:8080=api.shop.example".to_owned()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("a percentage from 0 to 100 is wanted".to_owned()),
    }
}

fn span(text: &str) -> Result<crate::time::Span, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 0,
    };
    match digits.parse::<u64>() {
        Ok(number) if unit > 0 => Ok(crate::time::Span::from_secs(number.saturating_mul(unit))),
        _ => Err("a number with s, m, h or d is wanted, such as 10m or 24h".to_owned()),
    }
}

fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => 0,
    };
    match digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(bytes) if bytes >= 32 << 20 => Ok(bytes),
        _ => Err("a size of at least 32M is wanted, such as 256M or 2G".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        // Catches clashes of names and defaults that clap only finds when it runs.
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_and_spans_have_units() {
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert!(size("7").is_err() && size("xM").is_err() && size("99999999999999999G").is_err());
        assert_eq!(span("10m"), Ok(crate::time::Span::from_secs(600)));
        assert!(span("10y").is_err());
    }
}
