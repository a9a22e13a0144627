//! Events: what changed while a capture goes on, one NDJSON line each.
//!
//! | field | |
//! | --- | --- |
//! | `event` | `shadow`: an endpoint that no spec declares, announced once; `merged`: endpoints announced before turned out to be one; `cleared`: one announced before is none any more; `specs`: the specs were read again; `specs_refused`: they could not be, and the old ones stay |
//! | `time` | when it was said, RFC 3339 |
//! | `id` | that of the finding, as in the reports |
//! | `severity`, `reason`, `service`, `method`, `template`, `requests`, `first_seen` | of `shadow` and `merged`; `service`, `method`, `template` also of `cleared` |
//! | `learned` | of `shadow` and `merged`: why a learned template is believed, as in the JSON report |
//! | `merged` | ids announced before that this one stands for |
//! | `why` | of `cleared`: `declared` (a spec takes it), `split` (its paths turned out to be endpoints of their own), `judged` (its answers, the policy or the scope make it no shadow), `gone` (it is not in the inventory any more) |
//! | `detail` | of `specs` and `specs_refused`: how many operations, or what is wrong |

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

use super::escape::write_json;
use crate::findings::{Finding, Reason, Severity, Subject};
use crate::inventory::Learned;
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
    learned: Option<&'a Learned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// Why an endpoint that was announced is no shadow any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A spec takes it.
    Declared,
    /// Its paths turned out to be endpoints of their own.
    Split,
    /// It is there, and its answers, the policy or the scope make it no shadow.
    Judged,
    /// It is not in the inventory any more.
    Gone,
}

impl Why {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Split => "split",
            Self::Judged => "judged",
            Self::Gone => "gone",
        }
    }
}

impl<'a> EventLine<'a> {
    /// A shadow endpoint, for the first time.
    #[must_use]
    pub fn shadow(now: Timestamp, finding: &'a Finding, learned: Option<&'a Learned>) -> Self {
        Self { event: "shadow", learned, ..Self::about(now, finding) }
    }

    /// What was announced under `ids` is this one.
    #[must_use]
    pub fn merged(now: Timestamp, finding: &'a Finding, learned: Option<&'a Learned>, ids: &'a [String]) -> Self {
        Self { event: "merged", learned, merged: ids, ..Self::about(now, finding) }
    }

    /// `subject`, announced under `id`, is no shadow any more.
    #[must_use]
    pub fn cleared(now: Timestamp, id: &'a str, subject: &'a Subject, why: Why) -> Self {
        let Subject { service, method, template } = subject;
        let [service, method, template] = [service, method, template].map(|text| Some(text.as_str()));
        Self { event: "cleared", id: Some(id), service, method, template, why: Some(why), ..Self::empty(now) }
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
        write_line(self, out)
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
            learned: None,
            why: None,
            detail: None,
        }
    }
}

/// Writes one thing as one line of JSON, with its line end.
pub(super) fn write_line<W: io::Write>(thing: &impl Serialize, out: &mut W) -> io::Result<()> {
    thing.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Careful(CompactFormatter)))?;
    out.write_all(b"\n")
}

/// One line, with strings that are safe to look at.
struct Careful(CompactFormatter);

impl Formatter for Careful {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_json(writer, fragment)
    }
}
