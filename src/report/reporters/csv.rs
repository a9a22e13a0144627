//! The report for a spreadsheet: one row an endpoint, RFC 4180, UTF-8, lines that end in CRLF.
//!
//! | column | what |
//! | --- | --- |
//! | `service`, `method`, `template` | what it is |
//! | `verdict` | as in the JSON report; of a row without an endpoint the kind of its finding (`orphan`) |
//! | `existence`, `confidence` | what its answers say, and how many they are |
//! | `findings` | how many there are about it; the next six are of the worst of them, empty where there is none |
//! | `finding`, `kind`, `rule`, `severity` | its id (as in all reports), kind, rule and severity |
//! | `summary`, `nearest` | its sentence; method and template of the nearest declared operation |
//! | `spec`, `line` | where it, or else the nearest operation, is declared |
//! | `owner` | who answers for it, by the policy |
//! | `requests`, `unanswered`, `clients` | how many; clients are an estimate |
//! | `status_2xx`, `status_3xx`, `status_4xx`, `status_5xx`, `status_other` | its answers |
//! | `auth` | credentials carried, as `jwt 12 none 3` |
//! | `request_bytes`, `response_bytes` | of bodies |
//! | `p50_us`, `p95_us` | to the first byte of its answers |
//! | `first_seen`, `last_seen` | RFC 3339, UTC; of an orphan the window |
//!
//! Endpoints stand in order of service, template, method; behind them, in the same order, what was found and is no
//! endpoint. A cell that a spreadsheet would take for a formula, since it begins with `=`, `+`, `-`, `@` (or one of
//! their full-width forms), tab or CR, begins with an apostrophe instead. What nobody sees is spelt out (`\u{202e}`), so no cell
//! holds a line end.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use super::escape::visible;
use super::figures::{confidence, declared};
use super::subjects::{Row, Subjects, rule};
use crate::findings::{Finding, Subject};
use crate::report::contents::{Report, rfc3339_text};
use crate::report::reporter::{Reporter, Style};

/// The report for a spreadsheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Csv;

const COLUMNS: [&str; 31] = [
    "service",
    "method",
    "template",
    "verdict",
    "existence",
    "confidence",
    "findings",
    "finding",
    "kind",
    "rule",
    "severity",
    "summary",
    "nearest",
    "spec",
    "line",
    "owner",
    "requests",
    "unanswered",
    "clients",
    "status_2xx",
    "status_3xx",
    "status_4xx",
    "status_5xx",
    "status_other",
    "auth",
    "request_bytes",
    "response_bytes",
    "p50_us",
    "p95_us",
    "first_seen",
    "last_seen",
];

impl Reporter for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn media_type(&self) -> &'static str {
        "text/csv; charset=utf-8; header=present"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        write_row(&mut out, &COLUMNS.map(str::to_owned))?;
        let mut subjects = Subjects::of(report);
        for endpoint in &report.endpoints {
            if let Some(row) = subjects.row(report, endpoint) {
                write_row(&mut out, &of_endpoint(report, &row))?;
            }
        }
        for (subject, findings) in subjects.rest() {
            write_row(&mut out, &of_findings(subject, findings))?;
        }
        out.flush()
    }
}

fn of_endpoint(report: &Report<'_>, row: &Row<'_>) -> [String; 31] {
    let record = &row.pairing.operation.record;
    let [finding, kind, rule, severity, summary, nearest, spec, line] = of_worst(&row.findings);
    let declaration = row.pairing.declared.and_then(|id| declared(report.compared, id));
    let (spec, line) = match declaration {
        Some((spec, operation)) => (spec.name.clone(), operation.line.to_string()),
        None => (spec, line),
    };
    let [second, third, fourth, fifth, other] = classes(&record.statuses.iter().map(|(k, n)| (*k, *n)).collect());
    let micros = |at: fn(&crate::inventory::Latency) -> crate::time::Span| {
        record.latency.map(|latency| (at(&latency).nanos() / 1_000).to_string()).unwrap_or_default()
    };
    let auth: Vec<String> = record.auth.iter().map(|(scheme, n)| format!("{} {n}", scheme.name())).collect();
    [
        row.endpoint.service.clone(),
        row.pairing.operation.method.clone(),
        row.pairing.operation.template.to_string(),
        row.endpoint.verdict.name().to_owned(),
        row.endpoint.existence.name().to_owned(),
        confidence(row.endpoint, record).to_owned(),
        row.findings.len().to_string(),
        finding,
        kind,
        rule,
        severity,
        summary,
        nearest,
        spec,
        line,
        row.endpoint.owner.unwrap_or_default().to_owned(),
        record.requests.to_string(),
        record.unanswered.to_string(),
        record.clients.to_string(),
        second,
        third,
        fourth,
        fifth,
        other,
        auth.join(" "),
        record.request_bytes.to_string(),
        record.response_bytes.to_string(),
        micros(|latency| latency.p50),
        micros(|latency| latency.p95),
        rfc3339_text(record.first),
        rfc3339_text(record.last),
    ]
}

/// What was found and is no endpoint: figures that are an endpoint's stay empty.
fn of_findings(subject: &Subject, findings: &[&Finding]) -> [String; 31] {
    let mut cells = [const { String::new() }; 31];
    let [finding, kind, rule, severity, summary, nearest, spec, line] = of_worst(findings);
    let worst = findings.first().map(|worst| &worst.evidence);
    let time = |at: Option<crate::time::Timestamp>| at.map(rfc3339_text).unwrap_or_default();
    let filled = [
        (0, subject.service.clone()),
        (1, subject.method.clone()),
        (2, subject.template.clone()),
        (3, kind.clone()),
        (4, worst.and_then(|worst| worst.existence).map_or("", |it| it.name()).to_owned()),
        (5, worst.map_or("", |worst| worst.confidence).to_owned()),
        (6, findings.len().to_string()),
        (7, finding),
        (8, kind),
        (9, rule),
        (10, severity),
        (11, summary),
        (12, nearest),
        (13, spec),
        (14, line),
        (16, worst.map_or(0, |worst| worst.requests).to_string()),
        (29, time(worst.and_then(|worst| worst.first))),
        (30, time(worst.and_then(|worst| worst.last))),
    ];
    for (at, text) in filled {
        cells.get_mut(at).into_iter().for_each(|cell| text.clone_into(cell));
    }
    cells
}

/// Of the worst: id, kind, rule, severity, summary, nearest, and where it or the nearest is declared.
fn of_worst(findings: &[&Finding]) -> [String; 8] {
    let Some(worst) = findings.first() else { return Default::default() };
    let evidence = &worst.evidence;
    let declared = evidence.declared.as_ref().map(|it| (it.spec.clone(), it.line.to_string()));
    let nearest = evidence.nearest.as_ref();
    let (spec, line) =
        declared.or_else(|| nearest.map(|it| (it.spec.clone(), it.line.to_string()))).unwrap_or_default();
    [
        worst.id.clone(),
        worst.kind.name().to_owned(),
        rule(worst).to_owned(),
        worst.severity.name().to_owned(),
        worst.summary.clone(),
        nearest.map(|nearest| nearest.operation.clone()).unwrap_or_default(),
        spec,
        line,
    ]
}

/// Answers by hundred: 2xx, 3xx, 4xx, 5xx, others.
fn classes(statuses: &BTreeMap<u16, u64>) -> [String; 5] {
    let mut sums = [0_u64; 5];
    for (status, count) in statuses {
        let at = match status / 100 {
            hundred @ 2..=5 => usize::from(hundred) - 2,
            _ => 4,
        };
        sums.get_mut(at).into_iter().for_each(|sum| *sum = sum.saturating_add(*count));
    }
    sums.map(|sum| sum.to_string())
}

fn write_row(out: &mut impl io::Write, cells: &[String; 31]) -> io::Result<()> {
    for (at, text) in cells.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        write_cell(out, text)?;
    }
    out.write_all(b"\r\n")
}

/// Quoted wherever it could be read otherwise: some spreadsheets part cells at semicolons or tabs, too.
fn write_cell(out: &mut impl io::Write, text: &str) -> io::Result<()> {
    let text = visible(text);
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let plain = |c: char| c.is_ascii_alphanumeric() || " _-.:/{}".contains(c);
    if !formula && text.chars().all(plain) {
        return out.write_all(text.as_bytes());
    }
    write!(out, "\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        write_cell(&mut out, text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_is_a_formula_or_another_cell() {
        // Catches a formula that is executed on opening, and a name that begins a cell or a row of its own.
        for (text, is) in [
            ("/users/{id}", "/users/{id}"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\u{ff1d}1", "\"'\u{ff1d}1\""),
            ("\t=1", "\"\\u{9}=1\""),
            ("\r=1", "\"\\u{d}=1\""),
            ("a\r\n=1", "\"a\\u{d}\\u{a}=1\""),
            ("a=1", "\"a=1\""),
        ] {
            assert_eq!(cell(text), is);
        }
    }

    #[test]
    fn every_answer_is_in_one_class() {
        let statuses = BTreeMap::from([(101, 1), (200, 2), (299, 3), (301, 4), (404, 5), (503, 6), (999, 7)]);
        assert_eq!(classes(&statuses), ["5", "4", "5", "6", "8"]);
    }
}
