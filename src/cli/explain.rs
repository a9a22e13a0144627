//! `shadowtap explain`: what the rules mean.

use super::args::Explain;
use super::outputs::{style_of, to_stdout};
use super::run::Verdict;
use crate::report::{explain_rule, list_rules};

/// Lists the rules, or tells about one.
pub(super) fn explain(flags: &Explain) -> anyhow::Result<Verdict> {
    let style = style_of(true, flags.color);
    let told = match &flags.rule {
        Some(rule) => explain_rule(rule, style).map_err(anyhow::Error::msg)?,
        None => list_rules(style),
    };
    to_stdout(|out| out.write_all(told.as_bytes()))?;
    Ok(Verdict::Fine)
}
