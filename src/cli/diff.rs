//! `shadowtap diff`: what is new, gone or changed between two reports.

use anyhow::ensure;

use super::args::{Diff, DiffFormat};
use super::endpoints::read;
use super::outputs::{style_of, to_stdout};
use super::run::Verdict;
use crate::report::difference;

/// Tells what differs.
pub(super) fn diff(flags: &Diff) -> anyhow::Result<Verdict> {
    let is_stdin = |path: &std::path::Path| path.as_os_str() == "-";
    ensure!(!(is_stdin(&flags.old) && is_stdin(&flags.new)), "both reports are stdin: name a file for one of them");
    let (old, new) = (read(&flags.old)?, read(&flags.new)?);
    let found = difference(&old, &new);
    let style = style_of(true, flags.color);
    to_stdout(|out| match flags.format {
        DiffFormat::Text => found.write_text(style, out),
        DiffFormat::Json => found.write_json(out),
    })?;
    let failed = found.new_findings().any(|(kind, rule, severity)| flags.fail_on.names(kind, rule, severity));
    Ok(if failed { Verdict::Found } else { Verdict::Fine })
}
