//! Where log lines go: to stderr, or, while a live view has the terminal, to the view.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::args::LogFormat;

/// Lines that the view is given.
const LINES: usize = 50;

/// The newest lines, where stderr is not theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

/// How the log is set up.
pub(super) struct Log<'l> {
    /// What is logged.
    pub(super) filter: EnvFilter,
    /// How a line looks.
    pub(super) format: LogFormat,
    /// Each line says when: what runs for months has to.
    pub(super) stamped: bool,
    /// Lines go here in place of stderr.
    pub(super) tail: Option<&'l Tail>,
}

impl Log<'_> {
    /// Sets it up, once in a process.
    pub(super) fn init(self) {
        let tail = self.tail.cloned();
        let colour = tail.is_none() && io::stderr().is_terminal();
        let log = tracing_subscriber::fmt()
            .with_env_filter(self.filter)
            .with_writer(To(tail))
            .with_ansi(colour)
            .log_internal_errors(false);
        match (self.format, self.stamped) {
            (LogFormat::Json, _) => log.json().flatten_event(true).init(),
            (LogFormat::Text, true) => log.init(),
            (LogFormat::Text, false) => log.without_time().init(),
        }
    }
}

impl Tail {
    /// The newest lines, the newest first.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line.trim_end().to_owned());
    }
}

/// Where a line goes.
struct To(Option<Tail>);

impl<'w> MakeWriter<'w> for To {
    type Writer = Line<'w>;

    fn make_writer(&'w self) -> Self::Writer {
        Line(self.0.as_ref())
    }
}

/// One line; it comes in one piece.
struct Line<'w>(Option<&'w Tail>);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0 {
            Some(tail) => {
                tail.push(&String::from_utf8_lossy(bytes));
                Ok(bytes.len())
            }
            None => {
                // A log that cannot be written (its disk is full, its reader gone) must not end what it tells of.
                let _ = io::stderr().write_all(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says something on stderr. A terminal that went away is no reason to stop: `eprintln!` would panic.
pub(super) fn say(what: fmt::Arguments<'_>) {
    let mut line = what.to_string();
    line.push('\n');
    let _ = io::stderr().write_all(line.as_bytes());
}
