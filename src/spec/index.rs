//! All specs compiled for one question: which declared operation takes this?
// replaced at integration

use super::model::{Spec, SpecOperation};
use crate::api::{HostPattern, PathTemplate, ServiceId, TemplateSegment};

/// The specs of a run, compiled.
#[derive(Debug, Default)]
pub struct SpecIndex {
    specs: Vec<Spec>,
    flags: HostFlags,
}

/// Hosts added by flags.
#[derive(Clone, Debug, Default)]
pub struct HostFlags {
    /// `--spec-host SPEC=HOST`: this spec is also served there.
    pub spec_hosts: Vec<(String, String)>,
    /// `--host-alias INNER=DECLARED`: traffic to INNER counts as traffic to DECLARED.
    pub aliases: Vec<(String, String)>,
}

/// What the index says of an operation.
#[derive(Clone, Debug)]
pub enum Match<'i> {
    /// Declared: indices of the spec and of its operation, and the operation.
    Operation(usize, usize, &'i SpecOperation),
    /// Its path is declared, for these operations (spec and operation indices) of other methods.
    WrongMethod(Vec<(usize, usize)>),
    /// A spec covers the host, and no declared path takes it.
    UnknownPath,
    /// No spec covers the host.
    UnknownService,
}

/// Which specs cover a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Indices of the specs; empty: the service is unmanaged.
    pub specs: Vec<usize>,
    /// Only specs that name no host cover it.
    pub assumed: bool,
}

/// Why an index could not be built.
#[derive(Debug, thiserror::Error)]
#[error("specs cannot be indexed")]
pub struct SpecError;

/// The nearest declared operation.
#[derive(Clone, Debug)]
pub struct NearestOp {
    /// Its spec.
    pub spec: usize,
    /// Its index there.
    pub operation: usize,
    /// What failed first.
    pub failed: FailedOn,
    /// For people.
    pub detail: String,
    /// `INNER=DECLARED`.
    pub host_alias: Option<String>,
}

/// What failed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedOn {
    /// Host.
    Host,
    /// Base path.
    BasePath,
    /// Method.
    Method,
    /// Version segment.
    Version,
    /// Another segment.
    Segment,
}

fn fits(declared: &TemplateSegment, seen: &TemplateSegment) -> bool {
    match seen.literal() {
        Some(text) => declared.takes(text),
        None => declared.literal().is_none(),
    }
}

fn takes(declared: &PathTemplate, seen: &PathTemplate) -> bool {
    declared.segments.len() == seen.segments.len()
        && declared.segments.iter().zip(&seen.segments).all(|(d, s)| fits(d, s))
}

fn version(segment: &TemplateSegment) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    segment.literal().and_then(|text| text.strip_prefix('v')).is_some_and(digits)
}

impl SpecIndex {
    /// Compiles.
    ///
    /// # Errors
    /// Never here.
    pub fn build(specs: Vec<Spec>, flags: &HostFlags) -> Result<Self, SpecError> {
        Ok(Self { specs, flags: flags.clone() })
    }

    /// The specs.
    #[must_use]
    pub fn specs(&self) -> &[Spec] {
        &self.specs
    }

    fn outer(&self, service: &ServiceId) -> ServiceId {
        let alias = self.flags.aliases.iter().find(|(inner, _)| *inner == service.host);
        alias.map_or_else(|| service.clone(), |(_, host)| ServiceId { host: host.clone(), ..service.clone() })
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize, &SpecOperation)> {
        self.specs
            .iter()
            .enumerate()
            .flat_map(|(s, spec)| spec.operations.iter().enumerate().map(move |(o, operation)| (s, o, operation)))
    }

    /// Who covers a service.
    #[must_use]
    pub fn covers(&self, service: &ServiceId) -> Cover {
        let service = self.outer(service);
        let mut named = Vec::new();
        let mut any = Vec::new();
        for (s, spec) in self.specs.iter().enumerate() {
            let servers = || spec.operations.iter().flat_map(|operation| &operation.servers);
            let flagged = self.flags.spec_hosts.iter().any(|(n, host)| *n == spec.name && *host == service.host);
            if flagged || servers().any(|server| server.host != HostPattern::Any && server.host.takes(&service)) {
                named.push(s);
            } else if servers().all(|server| server.host == HostPattern::Any) {
                any.push(s);
            }
        }
        let assumed = named.is_empty() && !any.is_empty();
        Cover { specs: if named.is_empty() { any } else { named }, assumed }
    }

    /// What takes this operation.
    #[must_use]
    pub fn find(&self, service: &ServiceId, method: &str, template: &PathTemplate) -> Match<'_> {
        let cover = self.covers(service);
        if cover.specs.is_empty() {
            return Match::UnknownService;
        }
        let mut others = Vec::new();
        for (s, o, operation) in self.all().filter(|(s, _, _)| cover.specs.contains(s)) {
            if operation.servers.iter().any(|server| takes(&operation.path.under(&server.base), template)) {
                if operation.method == method {
                    return Match::Operation(s, o, operation);
                }
                others.push((s, o));
            }
        }
        if others.is_empty() { Match::UnknownPath } else { Match::WrongMethod(others) }
    }

    /// The nearest declared operation.
    #[must_use]
    pub fn nearest(&self, service: &ServiceId, method: &str, template: &PathTemplate) -> Option<NearestOp> {
        let cover = self.covers(service);
        let mut best: Option<NearestOp> = None;
        for (spec, operation, declared) in self.all() {
            let covered = cover.specs.is_empty() || cover.specs.contains(&spec);
            for server in declared.servers.iter().filter(|_| covered) {
                let full = declared.path.under(&server.base);
                let based = template.segments.len() >= server.base.segments.len()
                    && server.base.segments.iter().zip(&template.segments).all(|(d, s)| fits(d, s));
                let versioned = full.segments.len() == template.segments.len()
                    && full
                        .segments
                        .iter()
                        .zip(&template.segments)
                        .all(|(d, s)| fits(d, s) || version(d) && version(s));
                let (failed, host_alias) = if cover.specs.is_empty() {
                    let HostPattern::Exact(host, _) = &server.host else { continue };
                    let same = takes(&full, template) && declared.method == method;
                    (FailedOn::Host, same.then(|| format!("{}={host}", service.host)))
                } else if takes(&full, template) {
                    (FailedOn::Method, None)
                } else if versioned {
                    (FailedOn::Version, None)
                } else if based {
                    (FailedOn::Segment, None)
                } else {
                    (FailedOn::BasePath, None)
                };
                let rank = |f: FailedOn| match f {
                    FailedOn::Method => 4,
                    FailedOn::Version => 3,
                    FailedOn::Segment => 2,
                    FailedOn::BasePath => 1,
                    FailedOn::Host => 0,
                };
                let better = |known: &NearestOp| {
                    rank(failed) > rank(known.failed) || host_alias.is_some() && known.host_alias.is_none()
                };
                if best.as_ref().is_none_or(better) {
                    let detail = format!("{failed:?}");
                    best = Some(NearestOp { spec, operation, failed, detail, host_alias });
                }
            }
        }
        best
    }
}
