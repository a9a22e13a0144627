//! From flags to settings: everything that can be wrong is found here, before the first packet is read.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ArgMatches;

use super::args::{Format, Replay, ScopeKind};
use super::outputs::{Output, plan};
use crate::decode::{DecodeOptions, ScopeBy};
use crate::engine::Settings;
use crate::limits::Limits;
use crate::report::Mask;
use crate::spec::{HostFlags, load};

/// The outputs, in order of the command line. None may replace one of the `captures`, or a spec, be it named or one of a
/// folder; an older report in that folder may be replaced.
pub(super) fn outputs(
    matches: &ArgMatches,
    flags: &Replay,
    captures: &[PathBuf],
    limits: &Limits,
) -> anyhow::Result<Vec<Output>> {
    let is_spec = |file: &&PathBuf| file.is_file() && load(std::slice::from_ref(*file), limits).is_ok();
    // Without --spec nothing is read as one, whatever the file that is replaced may hold.
    let written = flags.output.iter().filter(|_| !flags.spec.is_empty()).filter(is_spec);
    let specs: Vec<PathBuf> = written.chain(&flags.spec).cloned().collect();
    let inputs = [captures, &specs].concat();
    let places = |id: &str| matches.indices_of(id).into_iter().flatten();
    let formats: Vec<_> = places("format").zip(flags.format.iter().copied()).collect();
    let files: Vec<_> = places("output").zip(flags.output.iter().cloned()).collect();
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
        limits: Limits::within(flags.memory, workers),
        workers,
        decode: DecodeOptions { tunnel_ports: flags.tunnel_port.clone(), verify_checksums: flags.verify_checksums },
        scope_by: scope_by(&flags.scope_by)?,
        transactions,
        inputs: inputs as u64,
        caller_key: Settings::REPLAY_KEY,
        stop: Arc::default(),
    })
}

fn scope_by(kinds: &[ScopeKind]) -> anyhow::Result<ScopeBy> {
    let none = kinds.contains(&ScopeKind::None);
    anyhow::ensure!(!none || kinds.len() == 1, "--scope-by: 'none' stands alone");
    Ok(ScopeBy { vlan: kinds.contains(&ScopeKind::Vlan), tunnel: kinds.contains(&ScopeKind::Tunnel) })
}

/// Hosts added by flags.
pub(super) fn hosts(flags: &Replay) -> HostFlags {
    HostFlags { spec_hosts: flags.spec_host.clone(), aliases: flags.host_alias.clone() }
}
