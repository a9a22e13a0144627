//! The program: parse, set up the log, do it, turn what happened into an exit code.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tracing_subscriber::EnvFilter;

use super::args::{Cli, Command};
use super::check::check;
use super::diff::diff;
use super::endpoints::{endpoints, show};
use super::explain::explain;
use super::interfaces::interfaces;
use super::log::{Log, Tail, say};
use super::replay::replay;
use super::watch::watch;

/// How a run went, worst first where several apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Nothing to complain about.
    Fine,
    /// `--fail-on` was met.
    Found,
    /// `--max-loss` was passed.
    Lost,
    /// Some input could not be read to its end, or some output not be written; what could be was reported.
    Failed,
}

impl Verdict {
    const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::Failed => 2,
            Self::Lost => 3,
        }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // clap prints help and version to stdout with code 0, complaints to stderr with code 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let filter = match EnvFilter::try_new(&cli.log_level) {
        Ok(filter) => filter,
        Err(error) => {
            say(format_args!("error: --log-level '{}': {error}", cli.log_level));
            return ExitCode::from(2);
        }
    };
    let tail = Tail::default();
    let watching = matches!(cli.command, Command::Watch(_));
    let viewed = matches!(&cli.command, Command::Watch(flags) if flags.tui);
    Log { filter, format: cli.log_format, stamped: watching, tail: viewed.then_some(&tail) }.init();
    let done = match (&cli.command, matches.subcommand()) {
        (Command::Watch(flags), Some((_, matches))) => watch(flags, matches, &tail),
        (Command::Replay(flags), Some((_, matches))) => replay(flags, matches),
        (Command::Check(flags), _) => check(flags),
        (Command::Endpoints(flags), _) => endpoints(flags),
        (Command::Show(flags), _) => show(flags),
        (Command::Diff(flags), _) => diff(flags),
        (Command::Explain(flags), _) => explain(flags),
        (Command::Interfaces, _) => interfaces(),
        _ => Ok(Verdict::Fine),
    };
    match done {
        Ok(verdict) => ExitCode::from(verdict.code()),
        Err(error) => {
            say(format_args!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_comes_before_three_before_one() {
        let mut verdicts = [Verdict::Lost, Verdict::Failed, Verdict::Fine, Verdict::Found];
        verdicts.sort();
        assert_eq!(verdicts.map(Verdict::code), [0, 1, 3, 2]);
    }
}
