//! The facts of a comparison: which operation exists, which declaration takes it, which promise was never met.

use serde::Serialize;

use crate::api::PathTemplate;
use crate::inventory::{DriftRecord, Operation, Service, Snapshot};
use crate::spec::{Spec, SpecOperation};
use crate::time::{Span, Timestamp};

/// One snapshot held against one index. Borrows both.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The specs compared with; empty when none were given.
    pub specs: &'a [Spec],
    /// Older specs, whose operations nobody declares any more.
    pub retired: &'a [Spec],
    /// The time by which deadlines are measured: that of the last packet. `None`: there was none.
    pub now: Option<Timestamp>,
    /// How each service of the snapshot is covered, in the snapshot's order.
    pub services: Vec<Coverage<'a>>,
    /// Every observed operation, in the snapshot's order.
    pub pairings: Vec<Pairing<'a>>,
    /// What observed operations did that their declarations do not say, in order of pairing, then of kind and place.
    pub drifts: Vec<Drifted<'a>>,
    /// Every declared operation, in order of spec and document.
    pub promises: Vec<Promise<'a>>,
}

/// How a service is covered by specs.
#[derive(Debug)]
pub struct Coverage<'a> {
    /// The service.
    pub service: &'a Service,
    /// Indices into `Comparison::specs` of those that cover it; empty: the service is unmanaged.
    pub specs: Vec<usize>,
    /// It is covered only by specs that name no host: an assumption that the report states.
    pub assumed: bool,
    /// `--scope` leaves it out: listed, not judged.
    pub out_of_scope: bool,
    /// It is somebody else's: only called from here, and no spec names it. What nobody declared there is no shadow of ours.
    pub third_party: bool,
    /// Base paths under which its specs seem to be served, other than they declare, the one with the most operations first.
    pub rebased: Vec<Rebased>,
}

/// A base path that a proxy seems to have changed: operations that nothing takes are declared ones under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebased {
    /// Index into `Comparison::specs`.
    pub spec: usize,
    /// The base path that it declares ...
    pub declared: PathTemplate,
    /// ... and the one under which its operations were seen.
    pub observed: PathTemplate,
    /// How many different declared operations answered there.
    pub operations: u64,
    /// Requests to all that are explained so.
    pub requests: u64,
    /// What speaks against it: operations there that the spec does not know, and those that answered where they are declared.
    pub against: u64,
    /// The evidence suffices: these operations are paired with their declarations. Else it is a near miss.
    pub counted: bool,
    /// The flag that makes it firm.
    pub flag: String,
}

impl Coverage<'_> {
    /// It is judged, it is not somebody else's, and no spec covers it.
    #[must_use]
    pub const fn is_unmanaged(&self) -> bool {
        self.specs.is_empty() && !self.out_of_scope && !self.third_party
    }
}

/// An observed operation and what was found for it.
#[derive(Debug)]
pub struct Pairing<'a> {
    /// Index into `Comparison::services`.
    pub service: usize,
    /// The operation.
    pub operation: &'a Operation,
    /// What its answers say about whether it is there at all.
    pub existence: Existence,
    /// The declared operation that takes it.
    pub declared: Option<OperationId>,
    /// Where nothing takes it: the operation of an older spec that does. Index into `Comparison::retired`.
    pub retired: Option<OperationId>,
    /// Where nothing takes it: the nearest declared operation and what failed first.
    pub nearest: Option<Nearest>,
    /// Its declaration takes it under another base path than is declared: index into `Coverage::rebased`.
    pub rebased: Option<usize>,
    /// A declared operation whose calls it may hold: it was learned before that was declared.
    pub hides: Option<OperationId>,
    /// From its last request to the last packet.
    pub silent: Span,
    /// That is so long that its callers are gone.
    pub dormant: bool,
}

impl Pairing<'_> {
    /// Nothing is left to say of it but that nobody calls it any more, unless it is a shadow. What only an older spec declares is never so:
    /// that nobody calls it does not mean that it does not answer.
    #[must_use]
    pub fn is_dormant(&self) -> bool {
        self.dormant && self.existence.is_endpoint() && (self.declared.is_some() || self.retired.is_none())
    }
}

/// One thing that an operation did and that the declaration which takes it does not say.
#[derive(Clone, Copy, Debug)]
pub struct Drifted<'a> {
    /// Index into `Comparison::pairings`.
    pub pairing: usize,
    /// What it is, and how often.
    pub drift: &'a DriftRecord,
}

/// A declared operation: which spec, and which of its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId {
    /// Index into `Comparison::specs`.
    pub spec: usize,
    /// Index into `Spec::operations`.
    pub operation: usize,
}

/// What the answers say about whether an operation is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Existence {
    /// It answered 2xx, or a 3xx that is no mere redirect. One suffices.
    Confirmed,
    /// It answered 400, 401, 403, 409, 422, 429 or 5xx only.
    Provisional,
    /// No response was seen.
    Unanswered,
    /// 404 or 410 only.
    NotFound,
    /// 405 or 501: there is no such operation for this method.
    NotAllowed,
    /// All of it is noise by what was asked for (preflight, mere redirect, static file, health check).
    Noise,
}

impl Existence {
    /// Every one, in order.
    pub const ALL: [Self; 6] =
        [Self::Confirmed, Self::Provisional, Self::Unanswered, Self::NotFound, Self::NotAllowed, Self::Noise];

    /// Its name, as it stands in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Provisional => "provisional",
            Self::Unanswered => "unanswered",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::Noise => "noise",
        }
    }
}

/// The criterion that failed, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// No spec covers the host.
    Host,
    /// The host is covered, no base path fits.
    BasePath,
    /// The path fits, the method does not.
    Method,
    /// The path fits with another version segment.
    Version,
    /// A segment of the path does not fit.
    Segment,
}

/// The nearest declared operation.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// The operation.
    pub operation: OperationId,
    /// The first criterion on which it failed.
    pub failed: Criterion,
    /// What failed, for people: `segment 3: "fees" where "{id}" ends`, `host: pay.example is declared`.
    pub detail: String,
    /// Path and method match under another host: the flag that would unite them (`--host-alias INNER=DECLARED`).
    pub host_alias: Option<String>,
    /// Path and method match under another base path: the flag that would unite them (`--spec-base SPEC=/prefix`).
    pub spec_base: Option<String>,
}

/// A declared operation and what became of it.
#[derive(Debug)]
pub struct Promise<'a> {
    /// Which one.
    pub id: OperationId,
    /// The declaration.
    pub operation: &'a SpecOperation,
    /// What became of it.
    pub state: Promised,
    /// Why, for people: `its host answered 120 requests on 7 other operations`.
    pub why: String,
    /// For an orphan: what shows that it would have been seen.
    pub exposure: Option<Exposure>,
}

/// How well a host was seen at work on what a spec declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// The host.
    pub host: String,
    /// Declared operations of the spec that exist there ...
    pub operations: u64,
    /// ... and the answers they gave.
    pub requests: u64,
    /// First exchange with the host.
    pub first: Timestamp,
    /// Last exchange with the host.
    pub last: Timestamp,
}

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promised {
    /// Seen, and it exists.
    Met,
    /// Never seen although its host was exposed well enough.
    Orphan,
    /// Never seen, or only as 404, and too little is known of its host to say more.
    InsufficientEvidence,
    /// `--scope` leaves all of its hosts out.
    OutOfScope,
}
