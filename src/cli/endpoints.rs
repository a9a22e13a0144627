//! `shadowtap endpoints` and `shadowtap show`: a JSON report, read back.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::Context;

use super::args::{Endpoints, Show};
use super::outputs::{style_of, to_stdout};
use super::run::Verdict;
use crate::report::{Filter, ReadBack, Style};

/// Columns where no terminal says how many: whoever reads it there wants one endpoint a line.
const ANY: usize = 1_000_000;

/// Lists endpoints.
pub(super) fn endpoints(flags: &Endpoints) -> anyhow::Result<Verdict> {
    let report = read(&flags.report)?;
    let filter = Filter {
        host: flags.host.clone(),
        methods: flags.method.clone(),
        path: flags.path.clone(),
        classes: flags.class.clone(),
        states: flags.state.clone(),
        owner: flags.owner.clone(),
    };
    report.understands(&filter).context(named(&flags.report))?;
    let style = style_of(true, flags.color);
    let style = if io::stdout().is_terminal() { style } else { Style { width: ANY, ..style } };
    to_stdout(|out| report.list(&filter, style, out).map(drop))?;
    Ok(Verdict::Fine)
}

/// Tells about one.
pub(super) fn show(flags: &Show) -> anyhow::Result<Verdict> {
    let report = read(&flags.report)?;
    let style = style_of(true, flags.color);
    let told = report.tell(&flags.endpoint, flags.host.as_deref(), style).context(named(&flags.report))?;
    to_stdout(|out| out.write_all(told.as_bytes()))?;
    Ok(Verdict::Fine)
}

/// A JSON report, or the one on stdin.
pub(super) fn read(path: &Path) -> anyhow::Result<ReadBack> {
    let from: Box<dyn io::Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| named(path))?)
    };
    ReadBack::read(from).with_context(|| named(path))
}

fn named(path: &Path) -> String {
    if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() }
}
