//! Flags about hosts and base paths, resolved against the specs: who is meant, or what is wrong with the flag.

use super::error::{SpecError, shown};
use super::model::Spec;
use super::server::{base_of, host_of};
use crate::api::{HostPattern, PathTemplate};

/// Hosts and base paths added by flags.
#[derive(Clone, Debug, Default)]
pub struct HostFlags {
    /// `--spec-host SPEC=HOST`: this spec is also served there. SPEC is its name, its name without the ending, or its
    /// title. A spec that names no host of its own then covers that host and no other.
    pub spec_hosts: Vec<(String, String)>,
    /// `--host-alias INNER=DECLARED`: traffic to INNER counts as traffic to DECLARED. Either may be a pattern
    /// (`*.internal.example`), and INNER may name a port.
    pub aliases: Vec<(String, String)>,
    /// `--spec-base SPEC=/prefix`: this spec is also served under this base path, on all its hosts; `/`: under none.
    pub spec_bases: Vec<(String, String)>,
}

/// An alias, read.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub(super) inner: HostPattern,
    pub(super) declared: HostPattern,
    /// The flag as typed.
    pub(super) flag: String,
}

impl HostFlags {
    /// For each spec the hosts that flags add to it.
    pub(super) fn hosts_of(&self, specs: &[Spec]) -> Result<Vec<Vec<HostPattern>>, SpecError> {
        let mut hosts = vec![Vec::new(); specs.len()];
        for (spec, host) in &self.spec_hosts {
            let flag = || format!("--spec-host {spec}={host}");
            let pattern = host_of(host).ok_or_else(|| no_host(flag(), host))?;
            let at = meant(specs, spec, flag)?;
            if let Some(known) = hosts.get_mut(at)
                && !known.contains(&pattern)
            {
                known.push(pattern);
            }
        }
        Ok(hosts)
    }

    /// For each spec the base paths that flags add to it.
    pub(super) fn bases_of(&self, specs: &[Spec]) -> Result<Vec<Vec<PathTemplate>>, SpecError> {
        let mut bases = vec![Vec::new(); specs.len()];
        for (spec, base) in &self.spec_bases {
            let flag = || format!("--spec-base {spec}={base}");
            let at = meant(specs, spec, flag)?;
            let path = base.trim();
            if !path.is_empty() && !path.starts_with('/') || path.contains(['?', '#']) {
                let what = format!("\"{}\" is no path", shown(base));
                let mend = "write it as /prefix, or / where the base path is taken off".to_owned();
                return Err(SpecError::Flag { flag: flag(), what, mend });
            }
            let base = base_of(path);
            if let Some(known) = bases.get_mut(at)
                && !known.contains(&base)
            {
                known.push(base);
            }
        }
        Ok(bases)
    }

    pub(super) fn read_aliases(&self) -> Result<Vec<Alias>, SpecError> {
        let read = |(inner, declared): &(String, String)| {
            let flag = format!("--host-alias {inner}={declared}");
            let inner = host_of(inner).ok_or_else(|| no_host(flag.clone(), inner))?;
            let declared = host_of(declared).ok_or_else(|| no_host(flag.clone(), declared))?;
            Ok(Alias { inner, declared, flag })
        };
        self.aliases.iter().map(read).collect()
    }
}

/// The spec that a flag names.
fn meant(specs: &[Spec], wanted: &str, flag: impl Fn() -> String) -> Result<usize, SpecError> {
    named(specs, wanted).map_err(|what| {
        let names: Vec<String> = specs.iter().map(|spec| format!("\"{}\"", shown(&spec.name))).collect();
        let mend = match names.is_empty() {
            true => "give the spec with --spec".to_owned(),
            false => format!("the specs are {}", names.join(", ")),
        };
        SpecError::Flag { flag: flag(), what, mend }
    })
}

fn no_host(flag: String, host: &str) -> SpecError {
    let what = format!("\"{}\" is no host", shown(host));
    SpecError::Flag { flag, what, mend: "write a name or an address, with a port if need be".to_owned() }
}

/// The one spec of this name, or else of this stem, or else of this title.
fn named(specs: &[Spec], wanted: &str) -> Result<usize, String> {
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let ways: [&dyn Fn(&Spec) -> bool; 5] = [
        &|spec| spec.name == wanted,
        &|spec| stem(&spec.name) == wanted,
        &|spec| last(&spec.name) == wanted,
        &|spec| stem(&last(&spec.name)) == wanted,
        &|spec| spec.title == wanted,
    ];
    for fits in ways {
        let mut found = specs.iter().enumerate().filter(|(_, spec)| fits(spec)).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(at), None) => return Ok(at),
            (Some(_), Some(_)) => return Err(format!("several specs are called \"{}\"", shown(wanted))),
            _ => {}
        }
    }
    Err(format!("no spec is called \"{}\"", shown(wanted)))
}
