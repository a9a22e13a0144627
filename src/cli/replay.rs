//! `shadowtap replay`: captures in, reports out.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;

use super::args::{Format, Replay};
use super::outputs::Output;
use super::progress::Bar;
use super::run::Verdict;
use super::settings;
use super::signals;
use crate::capture::{Filter, Inputs, MergedSource};
use crate::diff::compare_on;
use crate::engine::{Lines, run};
use crate::findings::{FailOn, Policy, View, judge};
use crate::inventory::Inventory;
use crate::report::{REPORTERS, Report};
use crate::spec::SpecIndex;

/// Replays and reports. An error here means that nothing was read; what went wrong later is in the verdict.
pub(super) fn replay(flags: &Replay, matches: &ArgMatches) -> anyhow::Result<Verdict> {
    let inputs = Inputs::expand(&flags.captures)?;
    let settings = settings::engine(flags, inputs.len())?;
    let specs = settings::specs_of(&flags.promised.spec, &settings.limits)?;
    let index = SpecIndex::build_within(specs, &settings::hosts(&flags.promised), &settings.limits)?;
    let retired = settings::retired(&flags.promised, &settings.limits)?;
    let said = settings::policy(&flags.said)?;
    let policy = Policy::new(&flags.judging.scope, flags.judging.min_window, &said);
    let fail_on = flags.fail_on.clone().map_or_else(|| FailOn::of(&said), Ok)?;
    let filter = flags.filter.as_deref().map(Filter::new).transpose()?;
    let asked = (flags.format.as_slice(), flags.output.as_slice());
    // A report must not be written over the policy either.
    let read: Vec<PathBuf> = inputs.iter().cloned().chain(flags.said.files()).collect();
    let promised = [flags.promised.spec.as_slice(), &flags.promised.retired_spec].concat();
    let planned = settings::outputs(matches, asked, &promised, &read, &settings.limits)?;
    let outputs = planned.iter().map(Output::open).collect::<anyhow::Result<Vec<_>>>()?;

    settings.rules.take_up(said.networks.clone(), said.noise.clone());
    let templates = settings::templates(&index, &retired, &said);
    let inventory = Arc::new(Inventory::new(&settings.limits, templates));
    let mut source = MergedSource::new(inputs, filter, &settings.limits);
    signals::watch(&settings.stop, flags.captures.iter().any(|capture| capture.as_os_str() == "-"));
    let bar = Bar::new(flags.quiet);
    let outcome = run(&mut source, &settings, &inventory, &mut |at| bar.show(at))?;
    bar.done();

    let mut verdict = Verdict::Fine;
    if outcome.stopped {
        eprintln!("error: stopped before the end of the captures; what was read is reported");
        verdict = Verdict::Failed;
    }
    for error in &outcome.errors {
        eprintln!("error: {error}");
        verdict = Verdict::Failed;
    }
    for warning in &outcome.summary.warnings {
        tracing::debug!(warning = warning.as_str(), "capture");
    }
    let snapshot = inventory.snapshot();
    let compared = compare_on(&policy.terms(&retired, outcome.summary.last), &snapshot, &index);
    let findings = judge(View { compared: &compared, policy: &policy, said: &said });
    let report = Report::draw_up(&compared, &findings, &outcome.summary, &said).failing(&fail_on);
    if fail_on.met_by(&findings) {
        verdict = verdict.max(Verdict::Found);
    }
    let loss = outcome.summary.missing.percent(outcome.summary.payload.captured);
    if let Some(most) = flags.max_loss
        && loss > most
    {
        eprintln!("error: {loss:.2} % of the TCP payload is missing from the capture; --max-loss allows {most} %");
        verdict = verdict.max(Verdict::Lost);
    }
    let mut lines = outcome.lines;
    for output in outputs {
        let place = output.place().map(|place| place.display().to_string());
        match write(output, flags, &report, &mut lines) {
            Ok(()) => {
                if let Some(place) = place.filter(|_| !flags.quiet) {
                    eprintln!("written: {place}");
                }
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                verdict = Verdict::Failed;
            }
        }
    }
    Ok(verdict)
}

fn write(output: Output, flags: &Replay, report: &Report<'_>, lines: &mut Option<Lines>) -> anyhow::Result<()> {
    if output.format == Format::Transactions {
        return output.write(|out| lines.take().map_or(Ok(()), |lines| lines.write(out)));
    }
    let name = output.format.name();
    let style = output.style(flags.color);
    let reporter = REPORTERS.iter().find(|reporter| reporter.name() == name);
    output.write(|out| reporter.map_or(Ok(()), |reporter| reporter.write(report, style, out)))
}
