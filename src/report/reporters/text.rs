//! The report for an engineer in a terminal: the headline, findings by weight, hosts, the ledger, warnings.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use super::escape::{NAME, sentence, shown, visible};
use super::figures::{
    SURE, at_line, bytes, count, counted, covering, existence, identity, moment, nearest, noise, percent_text,
    statuses, sure_templates, sureness, tally, warnings, window,
};
use super::terminal::{Ink, Page, columns, fit, left, right, widest};
use crate::diff::{Coverage, Promised};
use crate::findings::{Finding, Kind, Severity};
use crate::report::contents::{CaptureSummary, Report, Verdict};
use crate::report::reporter::{Reporter, Style};
use crate::time::Timestamp;

/// Findings shown of each kind, and rows of each table: a terminal is no archive.
const SHOWN: usize = 25;
/// Where the lines under a finding begin.
const UNDER: usize = 10;

/// The report for a terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text;

impl Reporter for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn media_type(&self) -> &'static str {
        "text/plain; charset=utf-8"
    }

    fn write(&self, report: &Report<'_>, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut page = Page::new(style);
        top(&mut page, report);
        for kind in Kind::ALL {
            kind_of_finding(&mut page, report, kind);
        }
        suppressed(&mut page, report);
        if !report.headline.judged {
            endpoints(&mut page, report);
        }
        hosts(&mut page, report);
        third_parties(&mut page, report);
        opaque(&mut page, report);
        capture(&mut page, report.capture);
        ledger(&mut page, report.capture);
        notes(&mut page, report);
        out.write_all(page.into_text().as_bytes())?;
        out.flush()
    }
}

fn top(page: &mut Page, report: &Report<'_>) {
    let (headline, capture) = (&report.headline, report.capture);
    let ink = if headline.shadow + headline.zombie > 0 { Ink::Red } else { Ink::Strong };
    page.paragraph(ink, 0, 2, &headline.sentence());
    let mut about = format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    if let (Some(first), Some(last)) = (capture.first, capture.last) {
        let _ = write!(about, "; {} UTC ({})", window(first, last), last.since(first));
    }
    let _ = write!(about, "; {}", counted(headline.requests, "request"));
    if headline.judged {
        let _ = write!(about, " on {}", counted(headline.endpoints, "endpoint"));
        let unproven = report.endpoints.iter().filter(|endpoint| endpoint.verdict == Verdict::Unproven).count();
        if unproven > 0 {
            let _ = write!(about, ", {} of them unproven (json and html list them)", count(unproven as u64));
        }
        if headline.dormant > 0 {
            let _ = write!(about, ", {} of them dormant", count(headline.dormant));
        }
    }
    if let Some(noise) = noise(report) {
        let _ = write!(about, "; noise: {noise}");
    }
    page.paragraph(Ink::Faint, 0, 2, &about);
    if headline.judged {
        let promises = &report.compared.promises;
        let met = promises.iter().filter(|promise| promise.state == Promised::Met).count();
        let about = format!(
            "{} in {}: {} seen, {} orphan, {} with insufficient evidence",
            counted(promises.len() as u64, "declared operation"),
            counted(report.compared.specs.len() as u64, "spec"),
            count(met as u64),
            count(headline.orphan),
            count(headline.insufficient_evidence),
        );
        page.paragraph(Ink::Faint, 0, 2, &about);
    }
}

/// A method and a template, ready to look at.
fn operation(method: &str, template: &str) -> String {
    format!("{} {}", shown(method), shown(template))
}

fn kind_of_finding(page: &mut Page, report: &Report<'_>, kind: Kind) {
    let all = || report.findings.iter().filter(|finding| finding.kind == kind);
    let found = all().count();
    if found == 0 {
        return;
    }
    let (title, about) = match kind {
        Kind::Shadow => ("Shadow", "it exists, and no spec declares it"),
        Kind::Zombie => ("Zombie", "deprecated, past its sunset or removed, and still in use"),
        Kind::Dormant => ("Dormant", "called once, and not for long"),
        Kind::Suppression => ("Suppressions", "they hold no longer"),
        Kind::Orphan => ("Orphan", "declared and never seen, though its host was well in use"),
        Kind::Drift => ("Drift", "declared, and it differs from its declaration"),
    };
    page.heading(&format!("{title} ({})", count(found as u64)), about);
    let rows: Vec<_> = all()
        .take(SHOWN)
        .map(|finding| {
            let subject = &finding.subject;
            (finding, operation(&subject.method, &subject.template), shown(&subject.service))
        })
        .collect();
    let (wide, service_wide) =
        two_columns(page, UNDER, rows.iter().map(|(_, operation, service)| (operation.as_str(), service.as_ref())));
    let templates = sure_templates(report);
    for (finding, operation, service) in &rows {
        page.put(Ink::Plain, "  ");
        page.cell(severity_ink(finding.severity), finding.severity.name(), UNDER - 2);
        page.cell(Ink::Strong, operation, wide);
        page.put(Ink::Plain, "  ");
        page.put(Ink::Plain, &fit(service, service_wide));
        page.end();
        under(page, finding, templates.get(finding.id.as_str()).copied(), report.capture.first);
    }
    more(page, found);
}

/// What somebody lets stand, and why.
fn suppressed(page: &mut Page, report: &Report<'_>) {
    let found = report.suppressed.len();
    if found == 0 {
        return;
    }
    page.heading(&format!("Suppressed ({})", count(found as u64)), "let stand, for the reasons given");
    for finding in report.suppressed.iter().take(SHOWN) {
        let subject = &finding.subject;
        let name = format!("{}  {}", operation(&subject.method, &subject.template), shown(&subject.service));
        page.paragraph(Ink::Plain, 2, 4, &name);
        if let Some(it) = &finding.suppressed {
            let until = it.expires.map_or_else(String::new, |date| format!(", until {date}"));
            let why = format!("{}; {} ({}{until})", finding.rule.id, sentence(&it.reason), sentence(&it.owner));
            page.paragraph(Ink::Faint, 6, 8, &why);
        }
    }
    more(page, found);
}

/// Widths for two columns behind an indent: the second gets what it needs up to two fifths of the line.
fn two_columns<'t>(
    page: &Page,
    indent: usize,
    rows: impl Iterator<Item = (&'t str, &'t str)> + Clone,
) -> (usize, usize) {
    let room = page.width().saturating_sub(indent + 2);
    let second = widest(rows.clone().map(|(_, second)| second));
    let first = widest(rows.map(|(first, _)| first));
    let second = second.min((room * 2 / 5).max(room.saturating_sub(first)));
    (first.min(room - second), second)
}

const fn severity_ink(severity: Severity) -> Ink {
    match severity {
        Severity::High => Ink::Red,
        Severity::Medium => Ink::Yellow,
        Severity::Low => Ink::Cyan,
        Severity::Info => Ink::Plain,
    }
}

/// What stands under a finding: its rule, how often, what to try, what to do next.
fn under(page: &mut Page, finding: &Finding, template: Option<u8>, started: Option<Timestamp>) {
    let evidence = &finding.evidence;
    let mut why = vec![finding.rule.id.to_owned()];
    why.extend(evidence.declared.as_ref().map(|it| format!("declared in {}", at_line(&it.spec, it.line))));
    if let Some(drift) = &evidence.drift {
        let ratio = format!("{} of {}", count(drift.exchanges), count(drift.of));
        page.paragraph(Ink::Strong, UNDER, UNDER + 2, &format!("{}: {ratio}", sentence(&drift.observed_at)));
    }
    if finding.kind == Kind::Suppression {
        why.push(sentence(&finding.summary).into_owned());
    } else if finding.kind == Kind::Orphan {
        // The first note is the exposure it rests on.
        why.extend(evidence.notes.first().map(|note| sentence(note).into_owned()));
    } else {
        if evidence.drift.is_none() {
            why.push(format!("{}, {}", counted(evidence.requests, "request"), counted(evidence.clients, "client")));
            why.push(statuses(&evidence.statuses, evidence.unanswered, "x").join(" "));
        }
        if let (Some(first), Some(last)) = (evidence.first, evidence.last) {
            let seen = window(first, last);
            // The day stands on top, where it is the same.
            let day = started.map(|started| moment(started).split(' ').next().unwrap_or_default().to_owned() + " ");
            let seen = day.and_then(|day| Some(seen.strip_prefix(&day)?.to_owned())).unwrap_or(seen);
            why.push(seen);
        }
        let template = template.filter(|template| *template < SURE);
        if evidence.confidence == "low" || template.is_some() {
            why.push(sureness(evidence.confidence, template));
        }
    }
    why.retain(|part| !part.is_empty());
    page.paragraph(Ink::Plain, UNDER, UNDER + 2, &why.join("; "));
    if let Some(near) = &evidence.nearest {
        page.paragraph(Ink::Faint, UNDER, UNDER + 2, &nearest(near));
        // Half a flag is no help.
        if let Some(flag) = near.try_flag.as_ref().filter(|flag| flag.len() <= NAME) {
            page.paragraph(Ink::Cyan, UNDER, UNDER + 2, &format!("try: {}", for_shell(flag)));
        }
    }
    if !finding.next.is_empty() {
        page.paragraph(Ink::Plain, UNDER, UNDER + 2, &format!("next: {}", sentence(&finding.next)));
    }
}

/// A flag and its argument, safe to paste: the argument holds names from the wire. What no shell would take for
/// itself stands bare; anything else is quoted, after the escapes for the eye.
fn for_shell(flag: &str) -> String {
    let (name, argument) = flag.split_once(' ').unwrap_or((flag, ""));
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.=:/".contains(c);
    if flag.chars().all(|c| harmless(c) || c == ' ') {
        return flag.to_owned();
    }
    format!("{} '{}'", shown(name), shown(argument).replace('\'', "'\\''"))
}

fn more(page: &mut Page, found: usize) {
    if found > SHOWN {
        let text = format!("... and {} more: --format json or html has all", count((found - SHOWN) as u64));
        page.paragraph(Ink::Faint, 2, 4, &text);
    }
}

/// Without a spec nothing is found, but much was seen.
fn endpoints(page: &mut Page, report: &Report<'_>) {
    if report.endpoints.is_empty() {
        return;
    }
    page.heading(&format!("Endpoints ({})", count(report.endpoints.len() as u64)), "give --spec to have them judged");
    let rows: Vec<_> = report
        .endpoints
        .iter()
        .take(SHOWN)
        .filter_map(|endpoint| {
            let seen = report.compared.pairings.get(endpoint.pairing)?.operation;
            let name = operation(&seen.method, &seen.template.to_string());
            Some((endpoint, &seen.record, name, shown(&endpoint.service)))
        })
        .collect();
    let (wide, service_wide) =
        two_columns(page, 2, rows.iter().map(|(_, _, name, service)| (name.as_str(), service.as_ref())));
    for (endpoint, record, name, service) in &rows {
        page.put(Ink::Plain, "  ");
        page.cell(Ink::Strong, name, wide);
        page.put(Ink::Plain, "  ");
        page.put(Ink::Plain, &fit(service, service_wide));
        page.end();
        let counts = statuses(&record.statuses, record.unanswered, "x").join(" ");
        let text = format!(
            "{}, {}, {}, {counts}",
            existence(endpoint.existence),
            counted(record.requests, "request"),
            counted(record.clients, "client"),
        );
        page.paragraph(Ink::Faint, 6, 8, &text);
    }
    more(page, report.endpoints.len());
}

fn hosts(page: &mut Page, report: &Report<'_>) {
    let services = &report.compared.services;
    if services.is_empty() {
        return;
    }
    page.heading(&format!("Hosts ({})", count(services.len() as u64)), "who answers for them");
    // What nobody answers for comes first.
    let unmanaged = |(_, coverage): &(usize, &Coverage<'_>)| coverage.is_unmanaged();
    let all = || services.iter().enumerate();
    let ordered = all().filter(unmanaged).chain(all().filter(|coverage| !unmanaged(coverage)));
    let rows: Vec<_> = ordered
        .take(SHOWN)
        .map(|(at, coverage)| {
            let service = coverage.service;
            let mut notes = identity(report, at);
            if service.not_found > 0 {
                notes.push(format!("{} not found", count(service.not_found)));
            }
            notes.extend(service.noise.iter().map(|(noise, n)| format!("{} {}", count(*n), noise.name())));
            [
                shown(&service.id.to_string()).into_owned(),
                counted(service.requests, "request"),
                counted(service.operations.len() as u64, "operation"),
                covered(report, coverage),
                notes.join(", "),
            ]
        })
        .collect();
    table(page, &rows, [Ink::Strong, Ink::Plain, Ink::Plain, Ink::Yellow, Ink::Faint], |cell| cell == "unmanaged");
    more(page, services.len());
}

fn third_parties(page: &mut Page, report: &Report<'_>) {
    let parties = &report.identities.third_parties;
    if parties.is_empty() {
        return;
    }
    page.heading(&format!("Third parties ({})", count(parties.len() as u64)), "called from here, and somebody else's");
    let rows: Vec<_> = parties
        .iter()
        .take(SHOWN)
        .map(|party| {
            let read = party.connections == 0;
            let addresses = party.servers.iter().take(3).map(|server| shown(server)).collect::<Vec<_>>().join(", ");
            [
                shown(&party.name).into_owned(),
                if read { counted(party.requests, "request") } else { counted(party.connections, "connection") },
                if read { counted(party.operations, "operation") } else { counted(party.clients, "client") },
                shown(party.kind).into_owned(),
                addresses,
            ]
        })
        .collect();
    table(page, &rows, [Ink::Strong, Ink::Plain, Ink::Plain, Ink::Plain, Ink::Faint], |_| false);
    more(page, parties.len());
}

fn covered(report: &Report<'_>, coverage: &Coverage<'_>) -> String {
    if coverage.out_of_scope {
        return "out of scope".to_owned();
    }
    if coverage.third_party {
        return "third party".to_owned();
    }
    match covering(report, coverage).as_str() {
        "" if report.headline.judged => "unmanaged".to_owned(),
        "" => "no spec given".to_owned(),
        names => format!("{names}{}", if coverage.assumed { " (assumed)" } else { "" }),
    }
}

fn opaque(page: &mut Page, report: &Report<'_>) {
    let services = &report.snapshot.opaque;
    if services.is_empty() {
        return;
    }
    page.heading(&format!("Opaque services ({})", count(services.len() as u64)), "met, and not readable");
    let rows: Vec<_> = services
        .iter()
        .take(SHOWN)
        .map(|service| {
            let name = service.name.as_deref().map_or(Cow::Borrowed(""), shown);
            [
                shown(&service.server).into_owned(),
                shown(&service.kind).into_owned(),
                counted(service.flows, "flow"),
                bytes(service.bytes),
                name.into_owned(),
            ]
        })
        .collect();
    table(page, &rows, [Ink::Strong, Ink::Plain, Ink::Plain, Ink::Plain, Ink::Faint], |_| false);
    more(page, services.len());
}

/// A table without lines. Where the line is too short the last column goes first, then the first and the fourth are
/// cut; the fourth is coloured only where `notable` says so.
fn table(page: &mut Page, rows: &[[String; 5]], inks: [Ink; 5], notable: impl Fn(&str) -> bool) {
    let widths: [usize; 5] =
        std::array::from_fn(|column| widest(rows.iter().filter_map(|row| row.get(column)).map(String::as_str)));
    let [first, second, third, fourth, _] = widths;
    // Two blanks before each column; figures are short, names may not be.
    let (second, third) = (second.min(20), third.min(20));
    let room = page.width().saturating_sub(8 + second + third);
    let first = first.min(room.saturating_sub(fourth.min(24)).max(room / 2));
    let room = room - first;
    let fourth = fourth.min(room);
    for [a, b, c, d, e] in rows {
        page.put(Ink::Plain, "  ");
        page.cell(inks[0], a, first);
        for (ink, text, wide) in [(inks[1], b, second), (inks[2], c, third)] {
            page.put(Ink::Plain, "  ");
            page.put(ink, &right(&fit(text, wide), wide));
        }
        page.put(Ink::Plain, "  ");
        page.cell(if notable(d) { inks[3] } else { Ink::Plain }, d, fourth);
        if !e.is_empty() && room >= fourth + 2 + columns(e).min(10) {
            page.put(Ink::Plain, "  ");
            page.put(inks[4], &fit(e, room - fourth - 2));
        }
        page.end();
    }
}

fn capture(page: &mut Page, capture: &CaptureSummary) {
    page.heading("Capture", "");
    let mut about = format!(
        "{} of {} from {}",
        counted(capture.packets.seen, "packet"),
        bytes(capture.bytes),
        counted(capture.inputs, if capture.taps.is_empty() { "input" } else { "interface" })
    );
    if let (Some(first), Some(last)) = (capture.first, capture.last) {
        let _ = write!(about, ", {} to {} UTC", moment(first), moment(last));
    }
    page.paragraph(Ink::Plain, 2, 4, &about);
    let packets = &capture.packets;
    let skipped = packets.skipped.values().fold(0_u64, |sum, n| sum.saturating_add(*n));
    let mut classes = format!(
        "packets: {} TCP, {} UDP, {} other IP, {} not IP, {} skipped",
        count(packets.tcp),
        count(packets.udp),
        count(packets.other_ip),
        count(packets.not_ip),
        count(skipped)
    );
    if skipped > 0 {
        let _ = write!(classes, " ({})", visible(&tally(&packets.skipped, " ")));
    }
    page.paragraph(Ink::Plain, 2, 4, &classes);
    for tap in &capture.taps {
        let lost = tap.kernel_dropped.saturating_add(tap.interface_dropped);
        let mut line = format!(
            "{}: {}; dropped by the kernel {}, by the interface {}; ring full {}",
            visible(&tap.interface),
            counted(tap.frames, "frame"),
            count(tap.kernel_dropped),
            count(tap.interface_dropped),
            counted(tap.ring_full, "time")
        );
        if tap.reopened > 0 {
            let _ = write!(line, "; back again {}", counted(tap.reopened, "time"));
        }
        if !tap.up {
            line.push_str("; down");
        }
        page.paragraph(if lost > 0 || !tap.up { Ink::Yellow } else { Ink::Plain }, 2, 4, &line);
    }
    if !capture.counters.is_empty() {
        let counters = tally(&capture.counters, " ");
        page.paragraph(Ink::Faint, 2, 4, &format!("counters: {}", visible(&counters)));
    }
    if !capture.id.is_empty() {
        page.paragraph(
            Ink::Faint,
            2,
            4,
            &format!("{} {}", if capture.taps.is_empty() { "replay" } else { "run" }, shown(&capture.id)),
        );
    }
}

fn ledger(page: &mut Page, capture: &CaptureSummary) {
    page.heading("Ledger", "what became of every captured byte of TCP payload");
    let payload = &capture.payload;
    let mut classes = vec![
        ("parsed", payload.parsed, "read and understood"),
        ("skipped", payload.skipped, "bodies passed over"),
        ("opaque", payload.opaque, "TLS and other encryption"),
        ("not_http", payload.not_http, "other protocols"),
        ("duplicate", payload.duplicate, "retransmitted or overlapped"),
        ("discarded", payload.discarded, "held and never read"),
    ];
    if payload.waiting > 0 {
        classes.push(("waiting", payload.waiting, "not decided yet: the capture goes on"));
    }
    let missing = capture.missing.gaps.saturating_add(capture.missing.cut);
    let whole = payload.captured.saturating_add(missing);
    let wide = widest([count(payload.captured).as_str(), count(missing).as_str()]);
    let mut row = |ink, name: &str, n: u64, of: u64, about: &str| {
        page.put(ink, &format!("  {}{}{}", left(name, 11), right(&count(n), wide), right(&percent_text(n, of), 11)));
        page.put(Ink::Faint, &fit(&format!("  {about}"), page.width().saturating_sub(13 + wide + 11)));
        page.end();
    };
    for (name, n, about) in classes.iter().copied() {
        let ink = if name == "discarded" && n > 0 { Ink::Yellow } else { Ink::Plain };
        row(ink, name, n, payload.captured, about);
    }
    let sum = classes.iter().fold(0_u64, |sum, (_, n, _)| sum.saturating_add(*n));
    row(Ink::Strong, "captured", payload.captured, payload.captured, "the sum of the above");
    let parts = format!(
        "of captured and missing: gaps {}, cut by the snap length {}",
        count(capture.missing.gaps),
        count(capture.missing.cut)
    );
    row(if missing > 0 { Ink::Yellow } else { Ink::Plain }, "missing", missing, whole, &parts);
    if sum != payload.captured {
        let text = format!(
            "the ledger does not add up by {} bytes: please report this",
            count(sum.abs_diff(payload.captured))
        );
        page.paragraph(Ink::Red, 2, 4, &text);
    }
}

fn notes(page: &mut Page, report: &Report<'_>) {
    let assumed = report.assumptions.iter().map(|line| sentence(line).into_owned()).collect();
    for (title, ink, lines) in [("Warnings", Ink::Yellow, warnings(report)), ("Assumed", Ink::Cyan, assumed)] {
        if lines.is_empty() {
            continue;
        }
        page.heading(&format!("{title} ({})", count(lines.len() as u64)), "");
        for line in lines.iter().take(SHOWN) {
            page.paragraph(ink, 2, 4, &format!("- {line}"));
        }
        more(page, lines.len());
    }
}
