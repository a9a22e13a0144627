//! The report for build servers: JUnit XML, as Jenkins and Ant have it.
//!
//! One suite a service, and behind them one for each declared host and base with findings that are no endpoint (orphans). One test
//! an endpoint or such a subject: it fails where a finding about it fails the run (`--fail-on`), with the rule as `type`, the
//! summary of the worst as `message` and all that fail as its text. Other findings stand in `system-out` of the
//! suite, one line each; `watch` has no `--fail-on`, so there nothing fails. What could not be read is in no suite; it stands in `properties`.
//!
//! Both schemas that are in use take it: that of Ant wants times without a zone and no `system-out` in a test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use super::escape::{sentence, shown};
use super::figures::{nearest, percent_text};
use super::subjects::{Subjects, rule};
use crate::findings::Finding;
use crate::report::contents::{Report, rfc3339_text};
use crate::report::reporter::{Reporter, Style};

/// The report for build servers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Junit;

/// One endpoint, or what is none and was found.
struct Test<'r> {
    name: String,
    findings: Vec<&'r Finding>,
}

/// What a suite is about.
struct About<'n> {
    name: &'n str,
    host: &'n str,
}

impl Reporter for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn media_type(&self) -> &'static str {
        "application/xml"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n")?;
        let mut subjects = Subjects::of(report);
        let mut id = 0;
        for endpoints in report.endpoints.chunk_by(|a, b| a.service == b.service) {
            let rows: Vec<_> = endpoints.iter().filter_map(|endpoint| subjects.row(report, endpoint)).collect();
            let Some(first) = rows.first() else { continue };
            let about = About { name: &first.endpoint.service, host: &first.coverage.service.id.host };
            let tests: Vec<Test<'_>> = rows
                .iter()
                .map(|row| {
                    let operation = row.pairing.operation;
                    let name = operation_name(&operation.method, &operation.template.to_string());
                    Test { name, findings: row.findings.clone() }
                })
                .collect();
            suite(&mut out, report, id, &about, &tests)?;
            id += 1;
        }
        let mut others = BTreeMap::<&str, Vec<Test<'_>>>::new();
        for (subject, findings) in subjects.rest() {
            let name = operation_name(&subject.method, &subject.template);
            others.entry(&subject.service).or_default().push(Test { name, findings: findings.to_vec() });
        }
        for (service, tests) in others {
            let host = service.split('/').next().unwrap_or(service);
            suite(&mut out, report, id, &About { name: service, host }, &tests)?;
            id += 1;
        }
        out.write_all(b"</testsuites>\n")?;
        out.flush()
    }
}

fn operation_name(method: &str, template: &str) -> String {
    format!("{} {}", shown(method), shown(template))
}

fn suite(
    out: &mut impl io::Write,
    report: &Report<'_>,
    id: usize,
    about: &About<'_>,
    tests: &[Test<'_>],
) -> io::Result<()> {
    let fails = |finding: &&Finding| report.fails.met_by(std::slice::from_ref(*finding));
    let failures = tests.iter().filter(|test| test.findings.iter().any(fails)).count();
    // Seconds, and no zone: it is UTC.
    let started = report.capture.first.map(rfc3339_text);
    let started = started.as_deref().and_then(|at| at.get(..19)).unwrap_or("1970-01-01T00:00:00");
    let name = xml(&named(about.name));
    writeln!(
        out,
        "  <testsuite id=\"{id}\" package=\"shadowtap\" name=\"{name}\" hostname=\"{}\" timestamp=\"{started}\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"0\" time=\"0\">",
        xml(&named(about.host)),
        tests.len(),
    )?;
    writeln!(out, "    <properties>")?;
    let headline = &report.headline;
    for (key, value) in [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("capture", shown(&report.capture.id).into_owned()),
        ("headline", headline.sentence()),
        ("unread", percent_text(headline.unread_bytes, headline.payload_bytes)),
    ] {
        writeln!(out, "      <property name=\"{key}\" value=\"{}\"/>", xml(&value))?;
    }
    writeln!(out, "    </properties>")?;
    let mut others = String::new();
    for test in tests {
        write!(out, "    <testcase classname=\"{name}\" name=\"{}\" time=\"0\"", xml(&test.name))?;
        let mut failing = test.findings.iter().copied().filter(|finding| fails(finding)).peekable();
        match failing.peek() {
            None => writeln!(out, "/>")?,
            Some(worst) => {
                let (kind, message) = (rule(worst), sentence(&worst.summary));
                writeln!(out, ">\n      <failure type=\"{}\" message=\"{}\">", xml(kind), xml(&message))?;
                for finding in failing {
                    out.write_all(xml(&details(finding)).as_bytes())?;
                }
                writeln!(out, "</failure>\n    </testcase>")?;
            }
        }
        for finding in test.findings.iter().filter(|finding| !fails(finding)) {
            let _ = writeln!(others, "{}: {}", test.name, line(finding));
        }
    }
    writeln!(out, "    <system-out>{}</system-out>\n    <system-err/>\n  </testsuite>", xml(&others))
}

/// No name at all is no name to a schema.
fn named(name: &str) -> std::borrow::Cow<'_, str> {
    if name.trim().is_empty() { "?".into() } else { shown(name) }
}

fn line(finding: &Finding) -> String {
    format!("{} {} {}: {}", finding.severity.name(), rule(finding), shown(&finding.id), sentence(&finding.summary))
}

fn details(finding: &Finding) -> String {
    let evidence = &finding.evidence;
    let mut text = line(finding) + "\n";
    if let Some(near) = &evidence.nearest {
        let _ = writeln!(text, "{}", nearest(near));
    }
    if let Some(declared) = &evidence.declared {
        let _ = writeln!(text, "declared: {}", super::figures::at_line(&declared.spec, declared.line));
    }
    for note in &evidence.notes {
        let _ = writeln!(text, "{}", sentence(note));
    }
    text
}

/// Text of an element or an attribute. Characters that XML 1.0 has no way to write (section 2.2) are left out; names have
/// them spelt out by then.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => safe.push(c),
            _ => {}
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_left_out_and_what_it_reads_is_escaped() {
        assert_eq!(
            xml("a<b>&\"'\0\u{1}\u{b}\u{1f}\r\u{fffe}\u{ffff}]]>\n\u{1f600}"),
            "a&lt;b&gt;&amp;&quot;&#39;]]&gt;\n\u{1f600}"
        );
    }
}
