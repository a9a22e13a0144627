//! The report for pipes: the JSON report taken apart, one JSON object a line.
//!
//! | `type` | how many | what |
//! | --- | --- | --- |
//! | `finding` | one line each, worst first | the fields of `findings[]` |
//! | `endpoint` | one line each, in order of service, template, method | the fields of `endpoints[]` |
//! | `run` | the last line: where it stands, the report is whole | all other fields of the JSON report, `schema` and `schema_version` among them |
//!
//! `type` is the first field of each. Fields are described in `json.rs`; a line is safe to look at as JSON is.

use std::io::{self, Write as _};

use serde::Serialize;

use super::events::write_line;
use super::json::{Document, EndpointOut, FindingOut};
use crate::report::contents::Report;
use crate::report::reporter::{Reporter, Style};

/// The report for pipes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ndjson;

#[derive(Serialize)]
struct Line<T> {
    r#type: &'static str,
    #[serde(flatten)]
    what: T,
}

impl Reporter for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn media_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        for finding in report.findings {
            write_line(&Line { r#type: "finding", what: FindingOut::of(finding) }, &mut out)?;
        }
        for endpoint in &report.endpoints {
            let Some(pairing) = report.compared.pairings.get(endpoint.pairing) else { continue };
            // Opened one after the other: of a hundred thousand shapes only one is there.
            let bodies = pairing.operation.record.bodies.open();
            let what = EndpointOut::of(report, endpoint, pairing, bodies);
            write_line(&Line { r#type: "endpoint", what }, &mut out)?;
        }
        write_line(&Line { r#type: "run", what: Document::of_run(report) }, &mut out)?;
        out.flush()
    }
}
