//! Events: what changed while a capture goes on, one NDJSON line each.
//!
//! | field | |
//! | --- | --- |
//! | `event` | `shadow`: an endpoint that no spec declares, announced once; `merged`: endpoints announced before turned out to be one; `cleared`: one announced before is none any more (declared by now, or folded into what is); `specs`: the specs were read again; `specs_refused`: they could not be, and the old ones stay |
//! | `time` | when it was said, RFC 3339 |
//! | `id` | that of the finding, as in the reports |
//! | `severity`, `reason`, `service`, `method`, `template`, `requests`, `first_seen` | of `shadow` and `merged` |
//! | `merged` | ids announced before that this one stands for |
//! | `detail` | of `specs` and `specs_refused`: how many operations, or what is wrong |

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::escape::write_json;
use crate::findings::{Finding, Reason, Severity};
use crate::report::contents::rfc3339_text;
use crate::time::Timestamp;

/// One event.
#[derive(Debug, Serialize)]
pub struct EventLine<'a> {
    event: &'static str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    merged: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl<'a> EventLine<'a> {
    /// A shadow endpoint, for the first time.
    #[must_use]
    pub fn shadow(now: Timestamp, finding: &'a Finding) -> Self {
        Self { event: "shadow", ..Self::about(now, finding) }
    }

    /// What was announced under `ids` is this one.
    #[must_use]
    pub fn merged(now: Timestamp, finding: &'a Finding, ids: &'a [String]) -> Self {
        Self { event: "merged", merged: ids, ..Self::about(now, finding) }
    }

    /// What was announced under `id` is no shadow any more.
    #[must_use]
    pub fn cleared(now: Timestamp, id: &'a str) -> Self {
        Self { event: "cleared", id: Some(id), ..Self::empty(now) }
    }

    /// The specs were read again.
    #[must_use]
    pub fn specs(now: Timestamp, detail: &'a str) -> Self {
        Self { event: "specs", detail: Some(detail), ..Self::empty(now) }
    }

    /// The specs could not be read again.
    #[must_use]
    pub fn specs_refused(now: Timestamp, detail: &'a str) -> Self {
        Self { event: "specs_refused", detail: Some(detail), ..Self::empty(now) }
    }

    /// Writes it with its line end. Names from the wire come out as JSON that is safe to look at.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_line(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut writer = serde_json::Serializer::with_formatter(&mut *out, Careful(CompactFormatter));
        self.serialize(&mut writer)?;
        out.push(b'\n');
        Ok(())
    }

    fn about(now: Timestamp, finding: &'a Finding) -> Self {
        Self {
            id: Some(&finding.id),
            severity: Some(finding.severity),
            reason: finding.reason,
            service: Some(&finding.subject.service),
            method: Some(&finding.subject.method),
            template: Some(&finding.subject.template),
            requests: Some(finding.evidence.requests),
            first_seen: finding.evidence.first.map(rfc3339_text),
            ..Self::empty(now)
        }
    }

    fn empty(now: Timestamp) -> Self {
        Self {
            event: "",
            time: rfc3339_text(now),
            id: None,
            severity: None,
            reason: None,
            service: None,
            method: None,
            template: None,
            requests: None,
            first_seen: None,
            merged: &[],
            detail: None,
        }
    }
}

/// One line, with strings that are safe to look at.
struct Careful(CompactFormatter);

impl Formatter for Careful {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_json(writer, fragment)
    }
}
