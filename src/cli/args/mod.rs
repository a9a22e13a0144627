//! The command line: flags, their help, nothing else.

mod cli;
mod diff;
mod endpoints;
mod explain;
mod replay;
mod shared;
mod values;
mod watch;

pub(super) use cli::{Cli, Command, LogFormat};
pub(super) use diff::{Diff, DiffFormat};
pub(super) use endpoints::{Endpoints, Show};
pub(super) use explain::Explain;
pub(super) use replay::Replay;
pub(super) use shared::{Judging, Promised, Reading, Said};
pub(super) use values::{Color, Format, InspectKind, ScopeKind};
pub(super) use watch::{Check, Fanout, Listening, Watch};
