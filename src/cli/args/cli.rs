//! The commands, and what all of them take.

use clap::{Parser, Subcommand, ValueEnum};

use super::diff::{self, Diff};
use super::endpoints::{self, Endpoints, Show};
use super::explain::{self, Explain};
use super::replay::{self, Replay};
use super::watch::{self, Check, Watch};

/// Passive API discovery: names the APIs nobody wrote down.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub(in crate::cli) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
    /// How much to log to stderr: error, warn, info, debug, trace, or a filter such as `shadowtap=debug`.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "SHADOWTAP_LOG",
        default_value = "warn",
        hide_env_values = true
    )]
    pub(in crate::cli) log_level: String,
    /// How log lines look: text for people, json for programs (one object a line).
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(in crate::cli) log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Printed below the help.
const EXIT_CODES: &str = "Exit codes: 0 done; 1 a finding met --fail-on (replay); 2 usage, spec or input error (the report of what could be read is \
written all the same); 3 more payload was missing than --max-loss allows (replay). Where several apply: 2 before 3 before 1.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Listen on mirror ports and report the APIs in use, until told to stop.
    #[command(after_help = watch::EXAMPLES, override_usage = "shadowtap watch -i <INTERFACE>... [--spec <FILE_OR_DIR>...] [OPTIONS]")]
    Watch(Box<Watch>),
    /// Read captures and report the APIs in them.
    #[command(after_help = replay::EXAMPLES, override_usage = "shadowtap replay <CAPTURE>... [--spec <FILE_OR_DIR>...] [OPTIONS]")]
    Replay(Box<Replay>),
    /// Listen for some seconds and say what could be seen there, what could not, and what would mend it.
    #[command(after_help = watch::CHECK_EXAMPLES)]
    Check(Box<Check>),
    /// List the endpoints of a JSON report.
    #[command(after_help = endpoints::EXAMPLES)]
    Endpoints(Box<Endpoints>),
    /// Tell all about one endpoint of a JSON report.
    #[command(after_help = endpoints::SHOW_EXAMPLES)]
    Show(Box<Show>),
    /// Tell what is new, gone or changed between two JSON reports.
    #[command(after_help = diff::EXAMPLES)]
    Diff(Box<Diff>),
    /// Say what a rule means, or list all rules.
    #[command(after_help = explain::EXAMPLES)]
    Explain(Explain),
    /// List the interfaces that could be listened on, and whether traffic flows there.
    Interfaces,
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
}
