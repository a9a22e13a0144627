//! The report for a pull request: Markdown as GitHub reads it, short enough for one comment.
//!
//! The headline, a table of findings for each kind, worst first, then folded: what each rests on, endpoints where
//! nothing was judged, what was assumed, what was lost. A comment holds 65,536 characters; this stays below [`MOST`] bytes, and says what it
//! left out.
//!
//! Names from the wire stand in code spans alone: there is no mark-up, mention, reference, link or emoji in one, and what
//! ends one, or a cell, is spelt out. Of sentences that hold names, words of letters and numbers stand bare, the others in
//! code spans.

use std::fmt::Write as _;
use std::io;

use super::escape::{sentence, shown_but};
use super::figures::{at_line, bytes, count, counted, existence, nearest, percent_text, statuses, warnings, window};
use super::subjects::rule;
use crate::findings::{Finding, Kind};
use crate::report::contents::{Report, Verdict};
use crate::report::reporter::{Reporter, Style};

/// Bytes at most, and so characters.
const MOST: usize = 60_000;
/// Of them where tables, details and lists of sentences end at the latest.
const TABLES: usize = 26_000;
const DETAILS: usize = 46_000;
const ASSUMED: usize = 53_000;
const LOST: usize = 57_000;

/// The report for a pull request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Markdown;

impl Reporter for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn media_type(&self) -> &'static str {
        "text/markdown; charset=utf-8; variant=GFM"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut text = String::new();
        top(&mut text, report);
        let kinds: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| report.findings.iter().any(|finding| finding.kind == *kind)).collect();
        for (at, kind) in kinds.iter().enumerate() {
            // What one kind leaves, the next may use.
            let room = TABLES.saturating_sub(text.len()) / (kinds.len() - at);
            table(&mut text, report, *kind, room);
        }
        if report.headline.judged {
            folded(&mut text, "Evidence", DETAILS, report.findings.iter().map(details));
        } else {
            folded(&mut text, "Endpoints", DETAILS, endpoints(report));
        }
        let assumed = report.assumptions.iter().map(|line| format!("- {}\n", prose(&sentence(line))));
        folded(&mut text, "Assumptions", ASSUMED, assumed);
        folded(&mut text, "Losses", LOST, losses(report).into_iter());
        debug_assert!(text.len() < MOST, "{}", text.len());
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

fn top(text: &mut String, report: &Report<'_>) {
    let (headline, capture) = (&report.headline, report.capture);
    let _ = writeln!(text, "## {}: {}\n", env!("CARGO_PKG_NAME"), prose(&headline.sentence()));
    let _ = write!(text, "{}", prose(&counted(headline.requests, "request")));
    let _ = write!(text, " on {}", prose(&counted(headline.endpoints, "endpoint")));
    if headline.judged {
        let matched = report
            .endpoints
            .iter()
            .filter(|endpoint| matches!(endpoint.verdict, Verdict::Matched | Verdict::Drift))
            .count();
        let _ = write!(text, ", {} of them as declared", count(matched as u64));
    }
    if let (Some(first), Some(last)) = (capture.first, capture.last) {
        let _ = write!(text, "; {} UTC", prose(&window(first, last)));
    }
    let _ = writeln!(text, "; {} {}", env!("CARGO_PKG_NAME"), code(env!("CARGO_PKG_VERSION")));
}

fn table(text: &mut String, report: &Report<'_>, kind: Kind, room: usize) {
    let end = text.len() + room;
    let all = || report.findings.iter().filter(|finding| finding.kind == kind);
    let found = all().count();
    let mut title = kind.name().to_owned();
    title.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    let _ = write!(text, "\n### {title} ({})\n\n", count(found as u64));
    text.push_str(
        "| Severity | Rule | Endpoint | Service | Requests | Answers |\n| --- | --- | --- | --- | ---: | --- |\n",
    );
    let mut told = 0;
    for finding in all() {
        let (subject, evidence) = (&finding.subject, &finding.evidence);
        let row = format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            finding.severity.name(),
            code(rule(finding)),
            code(&format!("{} {}", subject.method, subject.template)),
            code(&subject.service),
            count(evidence.requests),
            prose(&statuses(&evidence.statuses, evidence.unanswered, "x").join(" ")),
        );
        if text.len() + row.len() > end {
            break;
        }
        text.push_str(&row);
        told += 1;
    }
    if told < found {
        let _ = write!(text, "\n{} more, worst first: the JSON report has all.\n", count((found - told) as u64));
    }
}

fn details(finding: &Finding) -> String {
    let (subject, evidence) = (&finding.subject, &finding.evidence);
    let operation = code(&format!("{} {}", subject.method, subject.template));
    let mut text = format!("- **{}** {operation}: {}\n", finding.severity.name(), prose(&sentence(&finding.summary)));
    let mut under = Vec::new();
    under.extend(evidence.declared.as_ref().map(|it| format!("declared in {}", at_line(&it.spec, it.line))));
    under.extend(evidence.nearest.as_ref().map(nearest));
    under.extend(
        evidence.nearest.as_ref().and_then(|it| it.try_flag.as_ref()).map(|flag| format!("try: {}", sentence(flag))),
    );
    if let (Some(first), Some(last)) = (evidence.first, evidence.last) {
        under.push(format!("{}, {}", window(first, last), counted(evidence.clients, "client")));
    }
    under.extend(evidence.notes.iter().map(|note| sentence(note).into_owned()));
    for line in under {
        let _ = writeln!(text, "  - {}", prose(&line));
    }
    let _ = writeln!(text, "  - id: {}", code(&finding.id));
    text
}

fn endpoints<'r>(report: &'r Report<'r>) -> impl ExactSizeIterator<Item = String> + 'r {
    report.endpoints.iter().map(|endpoint| {
        let Some(pairing) = report.compared.pairings.get(endpoint.pairing) else { return String::new() };
        let (operation, record) = (pairing.operation, &pairing.operation.record);
        format!(
            "- {} on {}: {}, {}, {}\n",
            code(&format!("{} {}", operation.method, operation.template)),
            code(&endpoint.service),
            existence(endpoint.existence),
            prose(&counted(record.requests, "request")),
            prose(&statuses(&record.statuses, record.unanswered, "x").join(" ")),
        )
    })
}

/// What became of the payload, and all that was lost or looks wrong.
fn losses(report: &Report<'_>) -> Vec<String> {
    let (payload, missing) = (&report.capture.payload, &report.capture.missing);
    let lost = missing.gaps.saturating_add(missing.cut);
    let mut lines = vec![format!(
        "- {} of TCP payload captured: {} read, {} passed over, {} encrypted, {} not HTTP, {} duplicate, {} discarded\n",
        prose(&bytes(payload.captured)),
        prose(&bytes(payload.parsed)),
        prose(&bytes(payload.skipped)),
        prose(&bytes(payload.opaque)),
        prose(&bytes(payload.not_http)),
        prose(&bytes(payload.duplicate)),
        prose(&bytes(payload.discarded)),
    )];
    lines.push(format!(
        "- {} missing from the capture: {}\n",
        prose(&bytes(lost)),
        prose(&percent_text(lost, lost.saturating_add(payload.captured)))
    ));
    lines.extend(warnings(report).iter().map(|line| format!("- {}\n", prose(line))));
    lines
}

/// A list that is folded, as far as it goes within `end`.
fn folded(text: &mut String, title: &str, end: usize, lines: impl ExactSizeIterator<Item = String>) {
    let all = lines.len();
    if all == 0 {
        return;
    }
    // Blank lines on both sides: else Markdown inside would be none.
    let _ = write!(text, "\n<details><summary>{title} ({})</summary>\n\n", count(all as u64));
    let mut told = 0;
    for line in lines {
        if text.len() + line.len() > end {
            break;
        }
        text.push_str(&line);
        told += 1;
    }
    if told < all {
        let _ = writeln!(text, "- {} more: the JSON report has all", count((all - told) as u64));
    }
    text.push_str("\n</details>\n");
}

/// What would end a code span, or a cell of a table.
const SPELT: [char; 2] = ['`', '|'];

/// A name from the wire, as a code span.
fn code(name: &str) -> String {
    span(&shown_but(name, &SPELT))
}

/// Between blanks one on each side is taken off again, so it looks the same.
fn span(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    format!("`{text}`")
}

/// A sentence that is ready to look at and may hold names from the wire: in code spans, but for words that are nothing else.
fn prose(text: &str) -> String {
    // Visible already, so that these are all that could end a span.
    let text = text.replace('`', "\\u{60}").replace('|', "\\u{7c}");
    let mut out = String::with_capacity(text.len() + 32);
    let mut risky = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if is_word(word) {
            push(&mut out, &span(&std::mem::take(&mut risky)));
            push(&mut out, word);
        } else {
            push(&mut risky, word);
        }
    }
    push(&mut out, &span(&risky));
    out
}

fn push(text: &mut String, word: &str) {
    if !text.is_empty() && !word.is_empty() {
        text.push(' ');
    }
    text.push_str(word);
}

/// A word of letters or a number, perhaps in brackets or with a mark behind it: no renderer makes anything else of
/// it. Seven hexadecimal digits may be a commit, a number with a dot or a bracket behind it begins a list.
fn is_word(word: &str) -> bool {
    let inside = word.trim_start_matches('(').trim_end_matches([',', ';', ':', '.', ')', '?']);
    let within = |is: fn(&u8) -> bool, marks: &[u8]| {
        let bytes = inside.as_bytes();
        let ends = [bytes.first(), bytes.last()].into_iter().all(|end| end.is_some_and(is));
        ends && bytes.iter().all(|byte| is(byte) || marks.contains(byte))
    };
    if inside.len() >= 7 && inside.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    // A number between colons may be an emoji; of two digits there is none.
    let is_time = inside.split(':').all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
    inside == "%"
        || (is_time && !word.ends_with(['.', ')']))
        || within(u8::is_ascii_alphabetic, b"-'")
        || (within(u8::is_ascii_digit, b",.-") && !word.ends_with(['.', ')']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_bare_and_all_else_does_nothing() {
        for (text, is) in [
            ("no spec covers its host", "no spec covers its host"),
            ("shadow 9 (2 of them), 3 requests;", "shadow 9 (2 of them), 3 requests;"),
            ("by @octocat and #12", "by `@octocat` and `#12`"),
            (
                "see http://evil.example www.evil.example x@y.example",
                "see `http://evil.example www.evil.example x@y.example`",
            ),
            ("<b>bold</b> *em* _em_ [a](b)", "`<b>bold</b> *em* _em_ [a](b)`"),
            ("a`b`|c", "`a\\u{60}b\\u{60}\\u{7c}c`"),
            ("1. item - item", "`1.` item `-` item"),
            ("1) item", "`1)` item"),
            ("deadbeef GH-12 a/b#3 :tada: &lt;", "`deadbeef GH-12 a/b#3 :tada: &lt;`"),
            ("# heading", "`#` heading"),
            ("3.36 % on 2026-03-01, the host's half-read", "3.36 % on 2026-03-01, the host's half-read"),
            ("13:30:10, 1:30", "13:30:10, `1:30`"),
            ("--host-alias -x x- 1:100:2", "`--host-alias -x x- 1:100:2`"),
            ("", ""),
        ] {
            assert_eq!(prose(text), is);
        }
    }

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("a`|b"), "`a\\u{60}\\u{7c}b`");
        assert_eq!(code("\\`"), "`\\\\\\u{60}`");
        assert_eq!(code("a\nb"), "`a\\u{a}b`");
        assert_eq!(code(" "), "");
    }
}
