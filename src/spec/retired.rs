//! Specs of what should be gone: compiled as others are, and told apart from them.

use super::error::SpecError;
use super::flags::HostFlags;
use super::index::SpecIndex;
use super::model::Spec;
use super::server::host_of;
use crate::api::{HostPattern, Scheme, ServiceId};
use crate::limits::Limits;

impl SpecIndex {
    /// Compiles the specs that are retired. Flags about hosts are meant for those in force: what they name that is not
    /// here is no error. Names say that they are retired, as the file in force may have the same.
    ///
    /// # Errors
    /// There is too much of all.
    pub fn build_retired(specs: Vec<Spec>, flags: &HostFlags, limits: &Limits) -> Result<Self, SpecError> {
        let meant = |spec_host: &&(String, String)| {
            let one = HostFlags { spec_hosts: vec![(*spec_host).clone()], ..HostFlags::default() };
            one.hosts_of(&specs).is_ok()
        };
        let meant_base = |spec_base: &&(String, String)| {
            let one = HostFlags { spec_bases: vec![(*spec_base).clone()], ..HostFlags::default() };
            one.bases_of(&specs).is_ok()
        };
        let here = HostFlags {
            spec_hosts: flags.spec_hosts.iter().filter(meant).cloned().collect(),
            spec_bases: flags.spec_bases.iter().filter(meant_base).cloned().collect(),
            aliases: flags.aliases.iter().filter(|(_, declared)| names(&specs, declared)).cloned().collect(),
        };
        let mut index = Self::build_within(specs, &here, limits)?;
        for spec in &mut index.specs {
            spec.name.push_str(" (retired)");
        }
        Ok(index)
    }
}

/// Some spec is served on this host by its own word.
fn names(specs: &[Spec], host: &str) -> bool {
    let Some(wanted) = host_of(host) else { return false };
    let takes = |host: &HostPattern| match &wanted {
        _ if *host == wanted => true,
        HostPattern::Exact(name, port) if *host != HostPattern::Any => {
            let port = port.unwrap_or(Scheme::Http.default_port());
            host.takes(&ServiceId { host: name.clone(), port, scheme: Scheme::Http })
        }
        _ => false,
    };
    let mut servers = specs.iter().flat_map(|spec| &spec.operations).flat_map(|operation| &operation.servers);
    servers.any(|server| takes(&server.host))
}
