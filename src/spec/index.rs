//! All specs compiled for one question: which declared operation takes this?

use super::model::{Spec, SpecOperation};

/// The specs of a run, compiled.
#[derive(Debug, Default)]
pub struct SpecIndex {
    specs: Vec<Spec>,
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
