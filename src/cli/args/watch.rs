//! Flags of `watch` and `check`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::{Judging, Promised, Reading, Said};
use super::values::{Color, Format, interval, ring, span};
use crate::time::Span;

/// Printed below the help of `watch`.
pub(super) const EXAMPLES: &str = "Examples:
  shadowtap watch -i eth1 --spec specs/
  shadowtap watch -i eth1 -i eth2 --spec specs/ --every 1h --format html -o report.html --format json -o report.json
  shadowtap watch -i eth1 --spec specs/ --events - --quiet | jq .
  shadowtap watch -i eth1 --spec specs/ --state /var/lib/shadowtap/state --listen 127.0.0.1:9110

Ctrl-C and SIGTERM read what the kernel still holds, write the reports and end; a second one stops at once. SIGHUP reads the
specs and the policy again.";

/// Printed below the help of `check`.
pub(super) const CHECK_EXAMPLES: &str = "Examples:
  shadowtap check -i eth1
  shadowtap check -i any --for 1m";

/// Flags of `watch`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {
    #[command(flatten)]
    pub(in crate::cli) listening: Listening,
    #[command(flatten)]
    pub(in crate::cli) promised: Promised,
    #[command(flatten)]
    pub(in crate::cli) said: Said,
    #[command(flatten)]
    pub(in crate::cli) judging: Judging,

    /// How to report (text, json or html); may be repeated.
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Reports")]
    pub(in crate::cli) format: Vec<Format>,
    /// Where the --format before it goes: a file, replaced whole at each report, mode 0600. Without, to stdout, at the end.
    #[arg(short, long, value_name = "FILE", help_heading = "Reports")]
    pub(in crate::cli) output: Vec<PathBuf>,
    /// How often reports (and the state) are written, beside the last one at the end (30s, 5m, 1h).
    #[arg(long, value_name = "SPAN", default_value = "5m", value_parser = interval, help_heading = "Reports")]
    pub(in crate::cli) every: Span,
    /// How many earlier reports of each file are kept, as FILE.1 (the newest), FILE.2 ...
    #[arg(long, value_name = "N", default_value = "7", value_parser = clap::value_parser!(u16).range(0..=1000), help_heading = "Reports")]
    pub(in crate::cli) keep: u16,
    /// Announce each shadow endpoint once, as NDJSON: to a file (appended to) or - for stdout.
    #[arg(long, value_name = "FILE|-", help_heading = "Reports")]
    pub(in crate::cli) events: Option<PathBuf>,
    /// How long an endpoint must be known before it is announced: what is learned meanwhile may fold it.
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = span, help_heading = "Reports")]
    pub(in crate::cli) settle: Span,
    /// Keep what was learned in this file, at each report and at the end, and go on from it at the start.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// A live view on this terminal.
    #[arg(long, help_heading = "Reports")]
    pub(in crate::cli) tui: bool,
    /// Colour in the text report.
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", help_heading = "Reports")]
    pub(in crate::cli) color: Color,
    /// Say nothing on stderr but what is wrong.
    #[arg(short, long, help_heading = "Reports")]
    pub(in crate::cli) quiet: bool,

    /// Serve metrics, health and the current report over HTTP here (127.0.0.1:9110). Off by default.
    #[arg(long, value_name = "ADDR:PORT", help_heading = "Over HTTP")]
    pub(in crate::cli) listen: Option<SocketAddr>,
    /// A name by which that address is asked for, beside localhost and the address itself (may be repeated).
    #[arg(long, value_name = "NAME", requires = "listen", help_heading = "Over HTTP")]
    pub(in crate::cli) listen_host: Vec<String>,
    /// A file with the token that must be shown. Needed where the address is not of this host alone.
    #[arg(long, value_name = "FILE", requires = "listen", help_heading = "Over HTTP")]
    pub(in crate::cli) token_file: Option<PathBuf>,

    /// Become this user once the interfaces are open. As root: nobody, unless another is named.
    #[arg(long, value_name = "NAME", help_heading = "Privileges")]
    pub(in crate::cli) user: Option<String>,
    /// Do without Landlock and seccomp. The user and the capabilities are given up all the same.
    #[arg(long, help_heading = "Privileges")]
    pub(in crate::cli) no_sandbox: bool,

    #[command(flatten)]
    pub(in crate::cli) reading: Reading,
}

/// Where to listen, and how.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Listening {
    /// An interface to listen on, or `any` (may be repeated). See `shadowtap interfaces`.
    #[arg(short, long = "interface", value_name = "INTERFACE", required = true, help_heading = "Listening")]
    pub(in crate::cli) interface: Vec<String>,
    /// Take only packets that this BPF expression takes (pcap-filter(7)); the kernel applies it. By default UDP that carries no
    /// tunnel is left out; '' takes everything.
    #[arg(long, value_name = "BPF", help_heading = "Listening")]
    pub(in crate::cli) filter: Option<String>,
    /// Threads that reassemble and parse.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Listening")]
    pub(in crate::cli) workers: u16,
    /// Whether the kernel shares packets out to the workers by flow. `auto` looks at the traffic for a moment: where tunnels hide
    /// the flows, one thread reads and shares out.
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto", help_heading = "Listening")]
    pub(in crate::cli) fanout: Fanout,
    /// The buffer in which the kernel keeps packets until they are read, for each interface and each socket (16M, 256M).
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = ring, help_heading = "Listening")]
    pub(in crate::cli) ring_size: usize,
    /// Take only what is addressed to this host.
    #[arg(long, help_heading = "Listening")]
    pub(in crate::cli) no_promiscuous: bool,
}

/// Whether the kernel shares packets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Fanout {
    /// Where no tunnel hides the flows.
    Auto,
    /// Always.
    On,
    /// Never: one thread reads.
    Off,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    pub(in crate::cli) listening: Listening,
    /// How long to listen (10s, 5m).
    #[arg(long = "for", value_name = "SPAN", default_value = "10s", value_parser = interval, help_heading = "Listening")]
    pub(in crate::cli) span: Span,
    #[command(flatten)]
    pub(in crate::cli) said: Said,
    #[command(flatten)]
    pub(in crate::cli) reading: Reading,
    /// Become this user once the interfaces are open. As root: nobody, unless another is named.
    #[arg(long, value_name = "NAME", help_heading = "Privileges")]
    pub(in crate::cli) user: Option<String>,
    /// Do without Landlock and seccomp.
    #[arg(long, help_heading = "Privileges")]
    pub(in crate::cli) no_sandbox: bool,
}
