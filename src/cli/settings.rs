//! From flags to settings: everything that can be wrong is found here, before the first packet is read.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;

use super::args::{Format, InspectKind, Promised, Reading, Replay, Said, ScopeKind};
use super::outputs::{Planned, plan};
use crate::api::{Pin, Templates};
use crate::decode::{DecodeOptions, ScopeBy};
use crate::engine::{Lessons, Settings};
use crate::findings::understands;
use crate::limits::Limits;
use crate::observe::Inspect;
use crate::policy::{PolicyError, PolicyFile, Suppressions};
use crate::report::Mask;
use crate::spec::{HostFlags, Spec, SpecError, SpecIndex, load_learning};

/// The outputs, in order of the command line. None may replace one of the `captures`, or one of the `specs`, be it named
/// or one of a folder; an older report in that folder may be replaced.
pub(super) fn outputs(
    matches: &ArgMatches,
    (formats, files): (&[Format], &[PathBuf]),
    specs: &[PathBuf],
    captures: &[PathBuf],
    limits: &Limits,
) -> anyhow::Result<Vec<Planned>> {
    let is_spec = |file: &&PathBuf| file.is_file() && specs_of(std::slice::from_ref(*file), limits).is_ok();
    // Without --spec nothing is read as one, whatever the file that is replaced may hold.
    let written = files.iter().filter(|_| !specs.is_empty()).filter(is_spec);
    let specs: Vec<PathBuf> = written.chain(specs).cloned().collect();
    let inputs = [captures, &specs].concat();
    let places = |id: &str| matches.indices_of(id).into_iter().flatten();
    let formats: Vec<_> = places("format").zip(formats.iter().copied()).collect();
    let files: Vec<_> = places("output").zip(files.iter().cloned()).collect();
    plan(&formats, &files, &inputs)
}

/// How the engine runs.
pub(super) fn engine(flags: &Replay, inputs: usize) -> anyhow::Result<Settings> {
    let workers = usize::from(flags.workers);
    let transactions =
        flags.format.contains(&Format::Transactions).then_some(if flags.mask { Mask::Yes } else { Mask::No });
    anyhow::ensure!(
        transactions.is_some() || !flags.mask,
        "--mask hides values in --format transactions, which is not asked for"
    );
    Ok(Settings {
        limits: Limits::within(flags.reading.memory, workers),
        workers,
        decode: decode(&flags.reading),
        scope_by: scope_by(&flags.reading.scope_by)?,
        inspect: inspect(&flags.reading),
        transactions,
        inputs: inputs as u64,
        caller_key: Settings::REPLAY_KEY,
        rules: Arc::default(),
        stop: Arc::default(),
    })
}

/// What the user knows of the network.
pub(super) fn decode(reading: &Reading) -> DecodeOptions {
    DecodeOptions { tunnel_ports: reading.tunnel_port.clone(), verify_checksums: reading.verify_checksums }
}

/// How the engine runs on a wire that goes on.
pub(super) fn live(reading: &Reading, workers: u16, interfaces: usize, caller_key: u64) -> anyhow::Result<Settings> {
    let workers = usize::from(workers);
    Ok(Settings {
        limits: Limits::within(reading.memory, workers),
        workers,
        decode: decode(reading),
        scope_by: scope_by(&reading.scope_by)?,
        inspect: inspect(reading),
        transactions: None,
        inputs: interfaces as u64,
        caller_key,
        rules: Arc::default(),
        stop: Arc::default(),
    })
}

/// Which bodies are looked into.
const fn inspect(reading: &Reading) -> Inspect {
    match reading.inspect {
        InspectKind::All => Inspect::All,
        InspectKind::Sampled => Inspect::Sampled,
        InspectKind::None => Inspect::None,
    }
}

fn scope_by(kinds: &[ScopeKind]) -> anyhow::Result<ScopeBy> {
    let none = kinds.contains(&ScopeKind::None);
    anyhow::ensure!(!none || kinds.len() == 1, "--scope-by: 'none' stands alone");
    Ok(ScopeBy { vlan: kinds.contains(&ScopeKind::Vlan), tunnel: kinds.contains(&ScopeKind::Tunnel) })
}

/// What users say of their own world.
pub(super) fn policy(said: &Said) -> Result<PolicyFile, PolicyError> {
    let mut read = said.policy.as_deref().map_or_else(|| Ok(PolicyFile::default()), PolicyFile::read)?;
    if let Some(file) = &said.suppressions {
        read.suppressions = Suppressions::read(file)?;
    }
    understands(&read)?;
    Ok(read)
}

/// What was promised. Recorded requests are read as traffic is.
pub(super) fn specs_of(paths: &[PathBuf], limits: &Limits) -> Result<Vec<Spec>, SpecError> {
    load_learning(paths, limits, &Lessons::new(limits))
}

/// Hosts and base paths added by flags.
pub(super) fn hosts(promised: &Promised) -> HostFlags {
    HostFlags {
        spec_hosts: promised.spec_host.clone(),
        aliases: promised.host_alias.clone(),
        spec_bases: promised.spec_base.clone(),
    }
}

/// The specs that are retired.
pub(super) fn retired(promised: &Promised, limits: &Limits) -> anyhow::Result<SpecIndex> {
    Ok(SpecIndex::build_retired(specs_of(&promised.retired_spec, limits)?, &hosts(promised), limits)?)
}

/// What is known of templates before anything is seen. Retired specs name what no spec in force declares, and declare nothing.
pub(super) fn templates(index: &SpecIndex, retired: &SpecIndex, said: &PolicyFile) -> Templates {
    let mut rules = said.templates.clone();
    rules.pins.extend(retired.pins().into_iter().map(|pin| Pin { methods: Vec::new(), ..pin }));
    Templates { declared: index.pins(), promises: index.promises(), rules }
}

impl Said {
    /// The files that are read.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.policy.iter().chain(&self.suppressions).cloned().collect()
    }
}
