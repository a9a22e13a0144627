//! A finding: what is wrong, where, how bad, and why we think so.

use std::collections::BTreeMap;

use serde::Serialize;

use super::texts::RuleText;
use crate::api::{PathTemplate, ServiceId};
use crate::diff::{Criterion, Existence};
use crate::inventory::Operation;
use crate::policy::Severity;
use crate::time::{Deadline, Timestamp};

/// Something to act on.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Stable fingerprint: kind, service, method and template (and `part`, where there is one), digested. The same in every run.
    pub id: String,
    /// What kind.
    pub kind: Kind,
    /// The rule that made it.
    pub rule: &'static RuleText,
    /// What of the operation it is about, where an operation can have several findings of a kind: a parameter, a field. Else empty.
    pub part: String,
    /// For a shadow: why no declaration takes it.
    pub reason: Option<Reason>,
    /// How bad.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// The same for those who decide about it by host and path.
    pub place: Place,
    /// One sentence for people.
    pub summary: String,
    /// What to do next, in one or two sentences that name the flag, the spec's line, the owner.
    pub next: String,
    /// What it rests on.
    pub evidence: Evidence,
    /// Somebody lets it stand: it is told apart, and fails no run.
    pub suppressed: Option<Suppressed>,
}

/// Why a finding is let stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when.
    pub expires: Option<Deadline>,
    /// The line of the suppression in its file.
    pub line: usize,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// The service as people write it: `http://shop.example`; for an orphan the declared host and base.
    pub service: String,
    /// Method.
    pub method: String,
    /// Template.
    pub template: String,
}

/// Where a finding lies: of an orphan, where it would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The service.
    pub service: ServiceId,
    /// The whole template, base path included.
    pub template: PathTemplate,
}

/// Kinds of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It exists and no declared operation takes it.
    Shadow,
    /// It exists and is declared deprecated, is past its sunset, or was taken out of its spec.
    Zombie,
    /// Declared, never seen, and its host was exposed well enough.
    Orphan,
    /// Declared, and it differs from its declaration.
    Drift,
    /// It was called, and not for long.
    Dormant,
    /// A suppression holds no longer.
    Suppression,
}

impl Place {
    /// Of an observed operation.
    #[must_use]
    pub fn observed(service: &ServiceId, operation: &Operation) -> Self {
        Self { service: service.clone(), template: operation.template.clone() }
    }
}

impl Subject {
    /// An observed operation. HEAD speaks of what GET serves (RFC 9110 section 9.3.2).
    #[must_use]
    pub fn observed(service: &ServiceId, operation: &Operation) -> Self {
        let method = if operation.method == "HEAD" { "GET" } else { &operation.method };
        Self { service: service.to_string(), method: method.to_owned(), template: operation.template.to_string() }
    }

    /// What a finding of this kind about this subject is called, in every run. Each text goes in with its length, so
    /// that no two subjects can be spelt alike.
    #[must_use]
    pub fn id(&self, kind: Kind) -> String {
        self.id_of(kind, "")
    }

    /// The same for a part of the subject, where it can have several findings of a kind; an empty one is the whole.
    #[must_use]
    pub fn id_of(&self, kind: Kind, part: &str) -> String {
        let mut text = Vec::new();
        let part = Some(part).filter(|part| !part.is_empty());
        for part in [kind.name(), &self.service, &self.method, &self.template].into_iter().chain(part) {
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&text))
    }
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Shadow, Self::Zombie, Self::Orphan, Self::Drift, Self::Dormant, Self::Suppression];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Zombie => "zombie",
            Self::Orphan => "orphan",
            Self::Drift => "drift",
            Self::Dormant => "dormant",
            Self::Suppression => "suppression",
        }
    }
}

/// Why an operation is a shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No spec covers its host.
    UnknownHost,
    /// Its host is covered, no base path fits.
    UnknownBasePath,
    /// No declared path takes it.
    UnknownPath,
    /// Its path is declared, its method is not.
    UnknownMethod,
    /// Its path is declared with another version segment.
    UnknownVersion,
}

impl Reason {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownHost => "unknown-host",
            Self::UnknownBasePath => "unknown-base-path",
            Self::UnknownPath => "unknown-path",
            Self::UnknownMethod => "unknown-method",
            Self::UnknownVersion => "unknown-version",
        }
    }
}

/// What a finding rests on.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Requests seen.
    pub requests: u64,
    /// Requests without a response.
    pub unanswered: u64,
    /// Responses by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Distinct clients.
    pub clients: u64,
    /// First request; for an orphan the start of the window.
    pub first: Option<Timestamp>,
    /// Last request; for an orphan the end of the window.
    pub last: Option<Timestamp>,
    /// What its answers say about whether it is there.
    pub existence: Option<Existence>,
    /// `low` (1 or 2 answers), `medium` (up to 9), `high`: how much the verdict rests on.
    pub confidence: &'static str,
    /// The nearest declared operation: spec name, method, full template, line.
    pub nearest: Option<NearMiss>,
    /// The declaration a zombie or orphan rests on: spec name and line.
    pub declared: Option<Declared>,
    /// Of drift: where it differs, and how often.
    pub drift: Option<DriftEvidence>,
    /// Further sentences for people.
    pub notes: Vec<String>,
}

/// What a finding of drift rests on.
#[derive(Clone, Debug, Serialize)]
pub struct DriftEvidence {
    /// Where in the exchange, as a JSON pointer: `/response/200/body/items/*/price`; `*` is any item, `{key}` a name that is data.
    pub observed_at: String,
    /// Where in the spec, as a JSON pointer behind `#`.
    pub declared_at: String,
    /// Exchanges that differ ...
    pub exchanges: u64,
    /// ... of so many that were looked at in this respect.
    pub of: u64,
}

/// The nearest declared operation, in words.
#[derive(Clone, Debug, Serialize)]
pub struct NearMiss {
    /// Spec name.
    pub spec: String,
    /// Method and full template.
    pub operation: String,
    /// Line in the spec's file.
    pub line: u32,
    /// The first criterion on which it failed.
    pub failed: Criterion,
    /// What failed.
    pub detail: String,
    /// What would unite them: a flag to try.
    pub try_flag: Option<String>,
}

/// A declaration.
#[derive(Clone, Debug, Serialize)]
pub struct Declared {
    /// Spec name.
    pub spec: String,
    /// `operationId`.
    pub operation_id: Option<String>,
    /// Line in the spec's file.
    pub line: u32,
}

impl Declared {
    /// `shop.yaml, line 42`.
    pub(super) fn place(&self) -> String {
        match self.line {
            0 => self.spec.clone(),
            line => format!("{}, line {line}", self.spec),
        }
    }
}
