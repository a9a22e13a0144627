//! Flags that `replay` and `watch` share: what was promised, what is judged, how packets are read.

use std::path::PathBuf;

use clap::Args;

use super::values::{InspectKind, ScopeKind, pair, size, span};
use crate::decode::TunnelPort;
use crate::findings::ScopeItem;
use crate::time::Span;

/// What was promised.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Promised {
    /// OpenAPI 3.x or Swagger 2.0 documents (YAML or JSON), Postman collections (v2), HAR files, or folders of them. Without any, nothing
    /// is called shadow.
    #[arg(long, value_name = "FILE_OR_DIR", num_args = 1.., help_heading = "What was promised")]
    pub(in crate::cli) spec: Vec<PathBuf>,
    /// Older specs (files or folders): what they declare and --spec does not is a zombie where it still answers, and no shadow.
    #[arg(long, value_name = "FILE_OR_DIR", num_args = 1.., requires = "spec", help_heading = "What was promised")]
    pub(in crate::cli) retired_spec: Vec<PathBuf>,
    /// A host that a spec also holds for (may be repeated); SPEC is its file name or title.
    #[arg(long, value_name = "SPEC=HOST", value_parser = pair, help_heading = "What was promised")]
    pub(in crate::cli) spec_host: Vec<(String, String)>,
    /// Traffic to INNER counts as traffic to DECLARED: a load balancer's inner name or address, perhaps with a port, or *.internal.example
    /// (may be repeated).
    #[arg(long, value_name = "INNER=DECLARED", value_parser = pair, help_heading = "What was promised")]
    pub(in crate::cli) host_alias: Vec<(String, String)>,
    /// A base path under which a spec is also served, behind a proxy that changes it (may be repeated); / where it takes the
    /// declared one off.
    #[arg(long, value_name = "SPEC=/PREFIX", value_parser = pair, help_heading = "What was promised")]
    pub(in crate::cli) spec_base: Vec<(String, String)>,
}

/// What users say of their own world.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Said {
    /// A TOML file that names networks, environments and owners, pins, forbids and renames path templates, and says how bad findings
    /// are and which fail a run.
    #[arg(long, value_name = "FILE", help_heading = "What you know")]
    pub(in crate::cli) policy: Option<PathBuf>,
    /// A TOML file of findings that are let stand, each with a reason, an owner and perhaps a date: they are told apart, and fail no run.
    #[arg(long, value_name = "FILE", help_heading = "What you know")]
    pub(in crate::cli) suppressions: Option<PathBuf>,
}

/// What is judged.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct Judging {
    /// Judge only these hosts (*.shop.example takes sub-domains) and networks; the rest is listed, not judged.
    #[arg(long, value_name = "HOST|CIDR", value_delimiter = ',', help_heading = "What is judged")]
    pub(in crate::cli) scope: Vec<ScopeItem>,
    /// A host must be observed at least this long before what it never showed is called orphan (30s, 10m, 24h, 7d); 0s where the
    /// policy says nothing else.
    #[arg(long, value_name = "SPAN", value_parser = span, help_heading = "What is judged")]
    pub(in crate::cli) min_window: Option<Span>,
}

/// How packets are read.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Reading {
    /// What keeps equal private addresses apart: VLAN ids, tunnel ids, both, or none.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "vlan,tunnel|none",
        default_value = "vlan,tunnel",
        help_heading = "How packets are read"
    )]
    pub(in crate::cli) scope_by: Vec<ScopeKind>,
    /// A UDP port that carries a tunnel, beside the ports of the standards (may be repeated): vxlan:14789, geneve:6082. A wrong kind is answered with all there are.
    #[arg(long, value_name = "KIND:PORT", value_delimiter = ',', help_heading = "How packets are read")]
    pub(in crate::cli) tunnel_port: Vec<TunnelPort>,
    /// Bodies that are looked into: all, of each method, path and status a sample (which costs a fraction and knows nearly as much),
    /// or none.
    #[arg(long, value_enum, default_value = "sampled", help_heading = "How packets are read")]
    pub(in crate::cli) inspect: InspectKind,
    /// Do not read packets whose IPv4, TCP or UDP checksum is wrong. Not for captures made on a host that sends: its card fills
    /// checksums in later.
    #[arg(long, help_heading = "How packets are read")]
    pub(in crate::cli) verify_checksums: bool,
    /// Memory that bounds are scaled to (256M, 2G).
    #[arg(long, value_name = "SIZE", default_value = "512M", value_parser = size, help_heading = "How packets are read")]
    pub(in crate::cli) memory: usize,
}
