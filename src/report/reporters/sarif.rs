//! The report for code scanning: SARIF 2.1.0, one run, one result a finding.
//!
//! | where | what |
//! | --- | --- |
//! | `tool.driver.rules` | the rules that found something: id, and what it is about |
//! | `results[].ruleId`, `level` | the rule; `error` of high, `warning` of medium, `note` of low and info |
//! | `locations[0].physicalLocation` | file and line of the declaration, or else of the nearest one; of a shadow on a host of which no spec is near none |
//! | `locations[0].logicalLocations` | the endpoint: service, method, template |
//! | `partialFingerprints.shadowtapFinding/v1` | the id of the finding, as in all reports: the same in every run |
//! | `properties` | the finding as in the JSON report, evidence in it |
//! | `invocations[0]` | the capture's first and last packet; whether all inputs could be read; what was lost, as notifications |
//!
//! A file is named as the spec is in all reports: its path below the folder that was given. SARIF viewers look for it below
//! the root of a repository, so give the folder of the specs as it lies there.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde::Serialize;

use super::escape::{sentence, shown};
use super::figures::warnings;
use super::json::{Careful, FindingOut};
use super::subjects::{about, rule};
use super::uri::path as uri;
use crate::findings::{Finding, Severity};
use crate::report::contents::{Report, rfc3339_text};
use crate::report::reporter::{Reporter, Style};

/// The report for code scanning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sarif;

impl Reporter for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn media_type(&self) -> &'static str {
        "application/sarif+json"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let log =
            Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [Run::of(report)] };
        log.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Careful::new()))?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Results<'a>,
    properties: Headline,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<RuleOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    id: String,
    short_description: Message,
    full_description: Message,
    help: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time_utc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time_utc: Option<String>,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
struct Headline {
    headline: String,
}

/// Made one after the other while they are written.
struct Results<'a>(&'a [Finding], BTreeMap<String, usize>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOut<'a> {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Fingerprint<'a>,
    properties: FindingOut<'a>,
}

#[derive(Serialize)]
struct Fingerprint<'a> {
    #[serde(rename = "shadowtapFinding/v1")]
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<Place>,
    logical_locations: [Logical; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

impl<'a> Run<'a> {
    fn of(report: &'a Report<'a>) -> Self {
        let found: BTreeMap<String, &'static str> =
            report.findings.iter().map(|finding| (rule(finding).to_owned(), about(finding))).collect();
        let index = found.keys().enumerate().map(|(at, id)| (id.clone(), at)).collect();
        let rules = found.into_iter().map(|(id, about)| RuleOut {
            // A name says no more than its id where both are one word.
            name: Some(pascal(&id)).filter(|name| !name.eq_ignore_ascii_case(&id)),
            id,
            short_description: Message::of(&format!("{}.", about.split(['.', ':', ';']).next().unwrap_or(about))),
            full_description: Message::of(about),
            help: Message::of(about),
        });
        let capture = report.capture;
        Self {
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: rules.collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: capture.input_errors.is_empty(),
                start_time_utc: capture.first.map(rfc3339_text),
                end_time_utc: capture.last.map(rfc3339_text),
                tool_execution_notifications: warnings(report)
                    .iter()
                    .map(|line| Notification { level: "warning", message: Message::of(line) })
                    .collect(),
            }],
            // No region has columns; a reader that cuts texts is told what we count in.
            column_kind: "unicodeCodePoints",
            results: Results(report.findings, index),
            properties: Headline { headline: report.headline.sentence() },
        }
    }
}

impl Serialize for Results<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|finding| ResultOut::of(finding, &self.1)))
    }
}

impl<'a> ResultOut<'a> {
    fn of(finding: &'a Finding, index: &BTreeMap<String, usize>) -> Self {
        let rule_id = rule(finding).to_owned();
        let (subject, evidence) = (&finding.subject, &finding.evidence);
        let declared = evidence.declared.as_ref().map(|it| (&it.spec, it.line));
        let place = declared.or_else(|| evidence.nearest.as_ref().map(|it| (&it.spec, it.line)));
        let operation = format!("{} {}", shown(&subject.method), shown(&subject.template));
        Self {
            rule_index: index.get(&rule_id).copied().unwrap_or_default(),
            rule_id,
            level: match finding.severity {
                Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low | Severity::Info => "note",
            },
            message: Message::of(&format!("{}.", sentence(finding.summary.trim_end_matches('.')))),
            locations: [Location {
                physical_location: place.map(|(spec, line)| Place {
                    artifact_location: Artifact { uri: uri(spec) },
                    region: (line > 0).then_some(Region { start_line: line }),
                }),
                logical_locations: [Logical {
                    fully_qualified_name: format!("{} {operation}", shown(&subject.service)),
                    name: operation,
                    kind: "endpoint",
                }],
            }],
            partial_fingerprints: Fingerprint { id: &finding.id },
            properties: FindingOut::of(finding),
        }
    }
}

/// `shadow-unknown-host` as `ShadowUnknownHost`, which is what viewers show as a name.
fn pascal(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for word in id.split(['-', '_']) {
        name.extend(word.chars().next().map(|c| c.to_ascii_uppercase()));
        name.extend(word.chars().skip(1));
    }
    name
}

impl Message {
    /// A viewer makes a link of `[text](address)` in any message (SARIF section 3.11.6): such a name is no longer one.
    fn of(text: &str) -> Self {
        Self { text: text.replace("](", "]\\u{28}") }
    }
}
