//! The report for an auditor: one self-contained page that asks nothing of any network.
//!
//! Every table stands in the page as plain rows, readable and printable without scripts; the script only takes rows
//! out and puts back the 200 of them that the search and the page ask for, which stays quick with 10,000 endpoints.
//! Names from the wire go through [`shown`] here and through the template's own escaping there, and the page's
//! content security policy allows this very script and style by their hashes and nothing else.

mod page;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use askama::Template as _;
use base64::Engine as _;
use sha2::Digest as _;

use super::escape::{sentence, shown};
use super::figures::{
    SURE, at_line, bytes, confidence, count, counted, covering, criterion, declared, existence, identity, nearest,
    noise, percent_text, promised, server, statuses, sure_templates, sureness, tally, warnings, window,
};
use crate::api::{BodySide, Extension, ParamPlace, Said};
use crate::diff::{Coverage, Existence, Pairing, Promise, Promised};
use crate::findings::{Finding, Severity, rule_texts};
use crate::inventory::{OpaqueService, ParamRecord, PartRecord, Record};
use crate::report::contents::{CaptureSummary, Endpoint, Report, Verdict};
use crate::report::identity::ThirdParty;
use crate::report::reporter::{Reporter, Style};
use crate::spec::Spec;
use page::{
    Bar, DeclaredRow, EndpointRow, Fact, FindingRow, HostRow, LedgerRow, OpaqueRow, Page, PartyRow, SpecRow,
    SuppressedRow, Tile, Tone,
};

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Parameter names shown for an endpoint; the JSON report has all.
const PARAMS: usize = 12;

/// Between a status and how often it was seen.
const TIMES: &str = " \u{d7}";

/// The report for an auditor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Html;

impl Reporter for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn media_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        draw(report).write_into(&mut out)?;
        io::Write::flush(&mut out)
    }
}

/// What a content security policy calls an inline script or style: the hash of its text (CSP level 3, section 2.3.1).
fn source_hash(text: &str) -> String {
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes())))
}

fn draw<'a>(report: &'a Report<'a>) -> Page<'a> {
    let (headline, capture, compared) = (&report.headline, report.capture, report.compared);
    Page {
        script_hash: source_hash(SCRIPT),
        style_hash: source_hash(STYLE),
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        replay: shown(&capture.id),
        judged: headline.judged,
        headline: headline.sentence(),
        seen: match (capture.first, capture.last) {
            (Some(first), Some(last)) => format!("{} UTC ({})", window(first, last), last.since(first)),
            _ => "no packets".to_owned(),
        },
        tiles: tiles(report),
        findings: {
            let templates = sure_templates(report);
            let row = |it: &'a Finding| finding(it, templates.get(it.id.as_str()).copied());
            report.findings.iter().map(row).collect()
        },
        suppressed: report.suppressed.iter().map(suppressed).collect(),
        endpoints: report
            .endpoints
            .iter()
            .filter_map(|seen| Some(endpoint(report, seen, compared.pairings.get(seen.pairing)?)))
            .collect(),
        declared: compared.promises.iter().map(|promise| promised_row(report, promise)).collect(),
        hosts: compared.services.iter().enumerate().map(|(at, coverage)| host(report, at, coverage)).collect(),
        third_parties: report.identities.third_parties.iter().map(third_party).collect(),
        opaque: report.snapshot.opaque.iter().map(opaque).collect(),
        specs: compared.specs.iter().map(spec).collect(),
        bars: bars(capture),
        ledger: ledger(capture),
        captured: count(capture.payload.captured),
        packets: packets(capture),
        facts: facts(report),
        warnings: warnings(report),
        assumptions: report.assumptions.iter().map(|line| sentence(line)).collect(),
        rules: rule_texts().filter(|text| report.findings.iter().any(|finding| finding.rule == *text)).collect(),
    }
}

fn tiles(report: &Report<'_>) -> Vec<Tile> {
    let headline = &report.headline;
    let tone = |n: u64, tone| if n > 0 { tone } else { Tone::Calm };
    let tile = |name, n: u64, about, tone| Tile { name, figure: count(n), about, tone };
    let mut tiles = Vec::new();
    if headline.judged {
        let share = percent_text(headline.shadow_requests, headline.requests);
        let zombie = "should be gone, still in use".to_owned();
        let orphan = format!("{} with insufficient evidence", count(headline.insufficient_evidence));
        tiles.push(tile(
            "Shadow",
            headline.shadow,
            format!("{share} of all requests"),
            tone(headline.shadow, Tone::Bad),
        ));
        tiles.push(tile("Zombie", headline.zombie, zombie, tone(headline.zombie, Tone::Poor)));
        tiles.push(tile("Orphan", headline.orphan, orphan, tone(headline.orphan, Tone::Poor)));
    }
    let hosts = report.compared.services.len() as u64;
    let of_hosts = format!("of {}", counted(hosts, "host"));
    let matched = if headline.judged {
        format!("{} as declared", count(headline.matched))
    } else {
        "no spec was given".to_owned()
    };
    let unmanaged_tone = if headline.judged { tone(headline.unmanaged_hosts, Tone::Poor) } else { Tone::Calm };
    tiles.push(tile("Unmanaged hosts", headline.unmanaged_hosts, of_hosts, unmanaged_tone));
    tiles.push(tile("Endpoints", headline.endpoints, matched, Tone::Calm));
    tiles.push(tile(
        "Requests",
        headline.requests,
        noise(report).map_or_else(|| "no noise among them".to_owned(), |noise| format!("noise among them: {noise}")),
        Tone::Calm,
    ));
    tiles.push(Tile {
        name: "Unread payload",
        figure: percent_text(headline.unread_bytes, headline.payload_bytes),
        about: format!("{} of {}", bytes(headline.unread_bytes), bytes(headline.payload_bytes)),
        tone: Tone::Calm,
    });
    tiles
}

const fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 2,
        Severity::High => 3,
    }
}

fn finding(finding: &Finding, template: Option<u8>) -> FindingRow<'_> {
    let evidence = &finding.evidence;
    let mut why = Vec::new();
    if let Some(declared) = &evidence.declared {
        let mut line = format!("declared in {}", at_line(&declared.spec, declared.line));
        if let Some(id) = &declared.operation_id {
            let _ = write!(line, " as {}", shown(id));
        }
        why.push(line);
    }
    if let Some(drift) = &evidence.drift {
        why.push(format!("seen at {}, declared at {}", sentence(&drift.observed_at), sentence(&drift.declared_at)));
    }
    if let Some(near) = &evidence.nearest {
        why.push(nearest(near));
        why.extend(near.try_flag.as_ref().map(|flag| format!("try: {}", shown(flag))));
    }
    why.extend(evidence.notes.iter().map(|note| sentence(note).into_owned()));
    FindingRow {
        id: shown(&finding.id),
        severity: finding.severity.name(),
        rank: rank(finding.severity),
        kind: finding.kind.name(),
        rule: finding.rule.id,
        method: shown(&finding.subject.method),
        template: shown(&finding.subject.template),
        service: shown(&finding.subject.service),
        summary: sentence(&finding.summary),
        why,
        next: sentence(&finding.next),
        requests: count(evidence.requests),
        clients: count(evidence.clients),
        statuses: statuses(&evidence.statuses, evidence.unanswered, TIMES).join(", "),
        state: evidence.existence.map_or("", existence),
        sure: evidence.existence.map_or_else(String::new, |_| sureness(evidence.confidence, template)),
        seen: evidence.first.zip(evidence.last).map_or_else(String::new, |(first, last)| window(first, last)),
    }
}

fn suppressed(finding: &Finding) -> SuppressedRow<'_> {
    let it = finding.suppressed.as_ref();
    SuppressedRow {
        id: shown(&finding.id),
        rule: finding.rule.id,
        severity: finding.severity.name(),
        method: shown(&finding.subject.method),
        template: shown(&finding.subject.template),
        service: shown(&finding.subject.service),
        reason: it.map_or(Cow::Borrowed(""), |it| sentence(&it.reason)),
        owner: it.map_or(Cow::Borrowed(""), |it| sentence(&it.owner)),
        until: it.and_then(|it| it.expires).map_or_else(String::new, |date| date.to_string()),
    }
}

fn endpoint<'a>(report: &Report<'a>, endpoint: &'a Endpoint<'a>, pairing: &'a Pairing<'a>) -> EndpointRow<'a> {
    let (seen, record) = (pairing.operation, &pairing.operation.record);
    let place =
        |id| declared(report.compared, id).map(|(spec, operation)| (at_line(&spec.name, operation.line), operation));
    let older = pairing.retired.and_then(|id| {
        let spec = report.compared.retired.get(id.spec)?;
        Some(at_line(&spec.name, spec.operations.get(id.operation)?.line))
    });
    let by = match (pairing.declared.and_then(place), &pairing.nearest) {
        (Some((place, _)), _) => match &endpoint.doubt {
            Some(doubt) => format!("declared in {place}; {}", sentence(doubt)),
            None => format!("declared in {place}"),
        },
        _ if older.is_some() => format!("declared in {}", older.unwrap_or_default()),
        // Where there is a finding, it says this already, and the row leads to it.
        (None, Some(nearest)) if endpoint.finding.is_none() => {
            place(nearest.operation).map_or_else(String::new, |(place, operation)| {
                let path = operation.path.to_string();
                let what = format!("nearest: {} {} in {place}", shown(&operation.method), shown(&path));
                format!("{what}, fails on {}", criterion(nearest.failed))
            })
        }
        _ => String::new(),
    };
    let (exists, template) = (confidence(endpoint, record), seen.learned.as_ref().map(|learned| learned.confidence));
    let auth = record.auth.iter().map(|(scheme, n)| (scheme.name(), *n)).collect();
    EndpointRow {
        finding: endpoint.finding.map_or(Cow::Borrowed(""), |finding| shown(&finding.id)),
        verdict: endpoint.verdict.name(),
        tone: match endpoint.verdict {
            Verdict::Shadow => Tone::Bad,
            Verdict::Zombie | Verdict::Drift => Tone::Poor,
            Verdict::Matched => Tone::Good,
            Verdict::InsufficientEvidence
            | Verdict::Dormant
            | Verdict::Unproven
            | Verdict::Unmanaged
            | Verdict::ThirdParty
            | Verdict::OutOfScope => Tone::Calm,
        },
        state: existence(endpoint.existence),
        doubtful: endpoint.existence != Existence::Confirmed,
        sure: if exists == "high" && template.is_none_or(|template| template >= SURE) {
            String::new()
        } else {
            sureness(exists, template)
        },
        method: shown(&seen.method),
        template: shown(&seen.template.to_string()).into_owned(),
        service: shown(&endpoint.service),
        by,
        params: params(&record.params),
        bodies: bodies(record),
        requests: count(record.requests),
        clients: count(record.clients),
        scanner_only: record.scanner_only,
        statuses: statuses(&record.statuses, record.unanswered, TIMES).join(", "),
        auth: tally(&auth, " "),
        latency: record.latency.map(|latency| latency.p95),
        seen: window(record.first, record.last),
    }
}

fn params(params: &[ParamRecord]) -> String {
    let mut text = String::new();
    for param in params.iter().take(PARAMS) {
        let place = match param.place {
            ParamPlace::Path => "path:",
            ParamPlace::Query => "?",
            ParamPlace::Header => "header:",
            ParamPlace::Cookie => "cookie:",
            ParamPlace::Form => "form:",
            ParamPlace::Multipart => "part:",
            ParamPlace::ResponseHeader => "response header:",
            ParamPlace::ResponseCookie => "response cookie:",
        };
        let _ = write!(text, "{}{place}{}", if text.is_empty() { "" } else { " " }, shown(&param.name));
        for (at, class) in param.data.iter().enumerate() {
            let _ = write!(text, "{}{}", if at == 0 { " \u{2192} " } else { "+" }, class.name());
        }
    }
    if params.len() > PARAMS {
        let _ = write!(text, " and {} more", params.len() - PARAMS);
    }
    text
}

/// What stands out in the bodies of each side: a type that does not tell what they are, and the parts of multipart ones.
fn bodies(record: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |what: &str, said: Vec<String>| {
        if !said.is_empty() {
            lines.push(format!("{what}: {}", said.join(", ")));
        }
    };
    for (side, name) in [(BodySide::Request, "request"), (BodySide::Response, "response")] {
        let odd = record.odd_bodies.iter().filter(|(odd, _)| odd.side == side);
        let type_says = |said| match said {
            Said::Otherwise => "the type says otherwise",
            Said::Nothing => "no type says it",
        };
        let odd = odd.map(|(odd, seen)| format!("{} {} ({})", count(*seen), odd.kind.name(), type_says(odd.said)));
        say(&format!("{name} bodies not as said"), odd.collect());
        let parts = record.parts.iter().filter(|record| record.part.side == side);
        say(&format!("{name} parts"), parts.map(part).collect());
    }
    lines
}

/// `3 files pdf .pdf`.
fn part(record: &PartRecord) -> String {
    let PartRecord { part, seen } = record;
    let mut text = counted(*seen, if part.file { "file" } else { "field" });
    text.extend(part.kind.into_iter().flat_map(|kind| [" ", kind.name()]));
    match part.extension {
        Extension::None => {}
        Extension::Other => text.push_str(" of another extension"),
        listed => text.extend([" .", listed.name()]),
    }
    text
}

fn promised_row<'a>(report: &'a Report<'a>, promise: &'a Promise<'a>) -> DeclaredRow<'a> {
    let operation = promise.operation;
    let servers: Vec<_> = operation.servers.iter().map(|one| shown(&server(one)).into_owned()).collect();
    DeclaredRow {
        state: promised(promise.state),
        tone: match promise.state {
            Promised::Met => Tone::Good,
            Promised::Orphan => Tone::Poor,
            Promised::InsufficientEvidence | Promised::OutOfScope => Tone::Calm,
        },
        method: shown(&operation.method),
        path: shown(&operation.path.to_string()).into_owned(),
        id: operation.id.as_deref().map_or(Cow::Borrowed(""), shown),
        deprecated: operation.deprecated,
        place: report
            .compared
            .specs
            .get(promise.id.spec)
            .map_or_else(String::new, |spec| at_line(&spec.name, operation.line)),
        servers: servers.join(", "),
        why: sentence(&promise.why),
    }
}

fn host<'a>(report: &'a Report<'a>, at: usize, coverage: &'a Coverage<'a>) -> HostRow {
    let service = coverage.service;
    let (covered, tone) = match covering(report, coverage).as_str() {
        _ if coverage.out_of_scope => ("out of scope".to_owned(), Tone::Calm),
        _ if coverage.third_party => ("third party".to_owned(), Tone::Calm),
        "" if report.headline.judged => ("unmanaged".to_owned(), Tone::Bad),
        "" => ("no spec given".to_owned(), Tone::Calm),
        names if coverage.assumed => (format!("{names} (assumed)"), Tone::Poor),
        names => (names.to_owned(), Tone::Good),
    };
    let noise = service.noise.iter().map(|(noise, n)| (noise.name(), *n)).collect();
    let servers: Vec<_> = service.servers.iter().map(|one| shown(one)).collect();
    HostRow {
        host: shown(&service.id.to_string()).into_owned(),
        covered,
        tone,
        identity: identity(report, at).join(", "),
        requests: count(service.requests),
        operations: service.operations.len(),
        not_found: count(service.not_found),
        noise: tally(&noise, " "),
        servers: servers.join(", "),
        seen: window(service.first, service.last),
    }
}

fn third_party<'a>(party: &'a ThirdParty<'a>) -> PartyRow<'a> {
    let servers: Vec<_> = party.servers.iter().map(|one| shown(one)).collect();
    PartyRow {
        name: shown(&party.name),
        kind: shown(party.kind),
        requests: count(party.requests),
        operations: party.operations,
        connections: count(party.connections),
        servers: servers.join(", "),
    }
}

fn opaque(service: &OpaqueService) -> OpaqueRow<'_> {
    OpaqueRow {
        server: shown(&service.server),
        name: service.name.as_deref().map_or(Cow::Borrowed(""), shown),
        kind: shown(&service.kind),
        flows: count(service.flows),
        bytes: service.bytes,
        bytes_text: bytes(service.bytes),
        clients: count(service.clients),
    }
}

fn spec(spec: &Spec) -> SpecRow<'_> {
    SpecRow {
        name: shown(&spec.name),
        title: shown(&spec.title),
        version: shown(&spec.version),
        format: spec.format,
        operations: spec.operations.len(),
        warnings: spec.warnings.len(),
    }
}

/// Name, figure and meaning of each class of payload bytes, in report order.
fn classes(capture: &CaptureSummary) -> Vec<(&'static str, u64, &'static str)> {
    let payload = &capture.payload;
    let mut classes = vec![
        ("parsed", payload.parsed, "Read and understood: heads, framing, the sampled part of bodies"),
        ("skipped", payload.skipped, "Bodies passed over on purpose"),
        ("opaque", payload.opaque, "TLS and other encryption: cannot be read"),
        ("not_http", payload.not_http, "Protocols other than HTTP"),
        ("duplicate", payload.duplicate, "Retransmitted or overlapped: already counted"),
        ("discarded", payload.discarded, "Held or carried, never read"),
    ];
    if payload.waiting > 0 {
        classes.push(("waiting", payload.waiting, "Not decided yet: the capture goes on"));
    }
    classes
}

fn ledger(capture: &CaptureSummary) -> Vec<LedgerRow> {
    let captured = capture.payload.captured;
    let missing = capture.missing.gaps.saturating_add(capture.missing.cut);
    let whole = captured.saturating_add(missing);
    let row = |name, n: u64, of, about| LedgerRow {
        name,
        missing: matches!(name, "gaps" | "cut"),
        figure: count(n),
        share: percent_text(n, of),
        about,
    };
    let mut rows: Vec<_> = classes(capture).into_iter().map(|(name, n, about)| row(name, n, captured, about)).collect();
    rows.push(row("gaps", capture.missing.gaps, whole, "On the wire, never captured (share of captured and missing)"));
    rows.push(row("cut", capture.missing.cut, whole, "Cut off by the snap length (share of captured and missing)"));
    rows
}

/// The classes side by side, in thousandths of the bar.
fn bars(capture: &CaptureSummary) -> Vec<Bar> {
    let whole = u128::from(capture.payload.captured.max(1));
    let mut x = 0;
    let mut bars = Vec::new();
    for (name, n, _) in classes(capture) {
        let end = x + u128::from(n);
        let at = |n: u128| u16::try_from((n * 1000 / whole).min(1000)).unwrap_or(1000);
        bars.push(Bar { name, x: at(x), width: at(end) - at(x) });
        x = end;
    }
    bars
}

fn packets(capture: &CaptureSummary) -> Vec<Fact<'_>> {
    let packets = &capture.packets;
    let mut facts: Vec<_> =
        [("TCP", packets.tcp), ("UDP", packets.udp), ("other IP", packets.other_ip), ("not IP", packets.not_ip)]
            .into_iter()
            .map(|(name, n)| Fact { name: name.into(), value: count(n).into() })
            .collect();
    facts.extend(
        packets
            .skipped
            .iter()
            .map(|(name, n)| Fact { name: format!("skipped: {}", shown(name)).into(), value: count(*n).into() }),
    );
    facts.push(Fact { name: "seen".into(), value: count(packets.seen).into() });
    facts
}

fn facts<'a>(report: &'a Report<'a>) -> Vec<Fact<'a>> {
    let capture = report.capture;
    let mut facts = vec![
        Fact {
            name: if capture.taps.is_empty() { "replay (digest of all frames)" } else { "run" }.into(),
            value: shown(&capture.id),
        },
        Fact { name: "inputs".into(), value: count(capture.inputs).into() },
        Fact { name: "frame bytes".into(), value: count(capture.bytes).into() },
        Fact { name: "exchanges".into(), value: count(report.snapshot.exchanges).into() },
        Fact { name: "responses without a request".into(), value: count(report.snapshot.unnamed).into() },
    ];
    facts.extend(capture.taps.iter().map(|tap| {
        Fact {
            name: shown(&tap.interface),
            value: format!(
                "{} frames, {} dropped by the kernel, {} by the interface, ring full {} times, back again {} times{}",
                count(tap.frames),
                count(tap.kernel_dropped),
                count(tap.interface_dropped),
                count(tap.ring_full),
                count(tap.reopened),
                if tap.up { "" } else { ", down" }
            )
            .into(),
        }
    }));
    facts.extend(capture.counters.iter().map(|(name, n)| Fact { name: shown(name), value: count(*n).into() }));
    facts.extend(
        report
            .snapshot
            .bounds
            .iter()
            .map(|(name, n)| Fact { name: format!("bound met: {name}").into(), value: count(*n).into() }),
    );
    facts
}
