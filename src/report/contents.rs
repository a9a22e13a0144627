//! The report: all that may be printed, drawn up once. Reporters only write it down.

use std::collections::BTreeMap;

use serde::Serialize;

use super::identity::Identities;
use crate::diff::{Comparison, Existence};
use crate::findings::{FailOn, Finding};
use crate::inventory::Snapshot;
use crate::time::Timestamp;

/// All that may be printed.
#[derive(Debug)]
pub struct Report<'a> {
    /// The figures on top.
    pub headline: Headline,
    /// Findings, worst first: severity, then weight (requests), then service, template, method.
    pub findings: &'a [Finding],
    /// Findings that somebody lets stand, in the same order.
    pub suppressed: &'a [Finding],
    /// Every endpoint that is one, with its verdict, in order of service, template, method.
    pub endpoints: Vec<Endpoint<'a>>,
    /// Facts behind it.
    pub compared: &'a Comparison<'a>,
    /// What was seen.
    pub snapshot: &'a Snapshot,
    /// Who the services are.
    pub identities: Identities<'a>,
    /// What the capture was like.
    pub capture: &'a CaptureSummary,
    /// What was assumed, and what to do about it: one sentence each (meaning, not capture).
    pub assumptions: Vec<String>,
    /// What fails the run: nothing, unless users say so.
    pub fails: FailOn,
}

impl Report<'_> {
    /// The same, where these findings fail the run.
    #[must_use]
    pub fn failing(self, fails: &FailOn) -> Self {
        Self { fails: fails.clone(), ..self }
    }
}

/// The figures on top.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Headline {
    /// Specs were given: shadow, zombie and orphan mean something.
    pub judged: bool,
    /// Shadow operations.
    pub shadow: u64,
    /// Of them, on unmanaged hosts.
    pub shadow_unmanaged: u64,
    /// Unmanaged hosts that bear shadow operations.
    pub shadow_hosts: u64,
    /// Hosts that no spec covers and that were judged.
    pub unmanaged_hosts: u64,
    /// Requests to shadow operations.
    pub shadow_requests: u64,
    /// Zombie operations.
    pub zombie: u64,
    /// Orphan operations.
    pub orphan: u64,
    /// Findings of drift ...
    pub drift: u64,
    /// ... and the operations that they are about.
    pub drifted: u64,
    /// Declared operations never seen without enough evidence to call them orphans.
    pub insufficient_evidence: u64,
    /// Findings that somebody lets stand: none of them is counted above.
    pub suppressed: u64,
    /// Operations that were called and are not any more.
    pub dormant: u64,
    /// Operations that a declared one takes, and that are neither zombies nor dormant; `drifted` are among them.
    pub matched: u64,
    /// Endpoints in all (confirmed, provisional or unanswered).
    pub endpoints: u64,
    /// Requests in all.
    pub requests: u64,
    /// Payload bytes that could not be read (opaque, not HTTP, discarded, missing) ...
    pub unread_bytes: u64,
    /// ... of all payload bytes, duplicates left out, missing ones counted in.
    pub payload_bytes: u64,
}

/// One endpoint and its verdict.
#[derive(Debug)]
pub struct Endpoint<'a> {
    /// Index into `Comparison::pairings`.
    pub pairing: usize,
    /// The service as people write it.
    pub service: String,
    /// What we call it.
    pub verdict: Verdict,
    /// What its answers say.
    pub existence: Existence,
    /// The finding about it, if any.
    pub finding: Option<&'a Finding>,
    /// Why its requests may be another operation's.
    pub doubt: Option<String>,
    /// Who answers for it, by the policy.
    pub owner: Option<&'a str>,
}

/// What we call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It exists and no declared operation takes it.
    Shadow,
    /// It exists and is declared deprecated, is past its sunset, or was taken out of its spec.
    Zombie,
    /// It was called, and not for long.
    Dormant,
    /// A declared operation takes it, and it differs from that.
    Drift,
    /// A declared operation takes it.
    Matched,
    /// A declared operation takes it, and it was learned before another was declared that it may hold calls of.
    InsufficientEvidence,
    /// Nothing takes it, and its answers do not prove that it is there.
    Unproven,
    /// It is somebody else's, and no spec declares it.
    ThirdParty,
    /// No spec was given: nothing was promised.
    Unmanaged,
    /// `--scope` leaves it out.
    OutOfScope,
}

impl Verdict {
    /// Every verdict, in order.
    pub const ALL: [Self; 10] = [
        Self::Shadow,
        Self::Zombie,
        Self::Dormant,
        Self::Drift,
        Self::Matched,
        Self::InsufficientEvidence,
        Self::Unproven,
        Self::ThirdParty,
        Self::Unmanaged,
        Self::OutOfScope,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Zombie => "zombie",
            Self::Dormant => "dormant",
            Self::Drift => "drift",
            Self::Matched => "matched",
            Self::InsufficientEvidence => "insufficient_evidence",
            Self::Unproven => "unproven",
            Self::Unmanaged => "unmanaged",
            Self::ThirdParty => "third_party",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

/// What the capture was like. The only part of a report that may differ when the same traffic is captured
/// with packets doubled, swapped or split.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CaptureSummary {
    /// Digest of all frames (time, lengths, bytes) in their order: the id of this replay.
    pub id: String,
    /// Time of the first packet.
    #[serde(serialize_with = "rfc3339")]
    pub first: Option<Timestamp>,
    /// Time of the last packet.
    #[serde(serialize_with = "rfc3339")]
    pub last: Option<Timestamp>,
    /// Captures read; captures with an error.
    pub inputs: u64,
    /// Inputs that could not be read to their end, as `input 2 of 3: damaged at byte 96 ...` (no paths).
    pub input_errors: Vec<String>,
    /// Frame bytes as captured.
    pub bytes: u64,
    /// Packets by class; `seen` = the sum of the others.
    pub packets: PacketLedger,
    /// TCP payload bytes by class; `captured` = the sum of parsed, skipped, opaque, not_http, duplicate, discarded, waiting.
    pub payload: PayloadLedger,
    /// TCP payload bytes that were on the wire and not in the capture.
    pub missing: MissingLedger,
    /// Counters that are not zero, by name (`flow.gaps_forced`, `proto.resyncs`, ...).
    pub counters: BTreeMap<String, u64>,
    /// What was lost or looks wrong, and what mends it: one sentence each.
    pub warnings: Vec<String>,
    /// Interfaces listened on; empty for a replay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taps: Vec<TapSummary>,
}

/// One interface that is listened on. Packets on the wire = received by the kernel + `interface_dropped`; received =
/// frames read + `kernel_dropped` + those still in the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TapSummary {
    /// Its name, as the system and not the wire gave it.
    pub interface: String,
    /// It is there and up.
    pub up: bool,
    /// Its link type (LINKTYPE_ number).
    pub link: u16,
    /// Frames read.
    pub frames: u64,
    /// Frames that the kernel took and had no room for in the ring.
    pub kernel_dropped: u64,
    /// Frames that the card or its driver dropped before the kernel saw them.
    pub interface_dropped: u64,
    /// Times at which the ring was found full.
    pub ring_full: u64,
    /// Times it came back after it was down or gone.
    pub reopened: u64,
}

/// Packets by class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PacketLedger {
    /// All.
    pub seen: u64,
    /// TCP segments.
    pub tcp: u64,
    /// UDP datagrams.
    pub udp: u64,
    /// IP, neither TCP nor UDP.
    pub other_ip: u64,
    /// Not IP.
    pub not_ip: u64,
    /// Skipped, by reason (`fragment_held` among them: a fragment whose datagram is counted where it was completed).
    pub skipped: BTreeMap<String, u64>,
}

/// Payload bytes by class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PayloadLedger {
    /// All.
    pub captured: u64,
    /// Read and understood.
    pub parsed: u64,
    /// Bodies passed over.
    pub skipped: u64,
    /// TLS and other encryption.
    pub opaque: u64,
    /// Not HTTP.
    pub not_http: u64,
    /// Retransmitted or overlapped.
    pub duplicate: u64,
    /// Held or carried but never read.
    pub discarded: u64,
    /// Not decided yet, in a report drawn while the capture goes on: bytes that wait for what stands before them. 0 at the end.
    #[serde(skip_serializing_if = "is_zero")]
    pub waiting: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Payload bytes that are not in the capture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MissingLedger {
    /// Holes.
    pub gaps: u64,
    /// Cut by the snap length.
    pub cut: u64,
}

impl MissingLedger {
    /// missing / (missing + captured), in percent.
    #[must_use]
    pub fn percent(&self, captured: u64) -> f64 {
        let missing = self.gaps + self.cut;
        if missing == 0 {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
        let percent = 100.0 * missing as f64 / (missing + captured) as f64;
        percent
    }
}

/// RFC 3339 with nanoseconds as needed, in UTC.
#[must_use]
pub fn rfc3339_text(at: Timestamp) -> String {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.nanos()))
        .ok()
        .and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_else(|| at.nanos().to_string())
}

fn rfc3339<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_some(&rfc3339_text(*at)),
        None => serializer.serialize_none(),
    }
}
