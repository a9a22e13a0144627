//! Figures and times as people read them, and the few words that several formats share.
//!
//! Integers all the way: a share is rounded the same on every machine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use super::escape::{sentence, shown, visible};
use crate::api::{HostPattern, Noise};
use crate::diff::{Comparison, Coverage, Criterion, Existence, OperationId, Promised};
use crate::findings::NearMiss;
use crate::inventory::Record;
use crate::report::contents::{Endpoint, Report, rfc3339_text};
use crate::spec::{Server, Spec, SpecOperation};
use crate::time::Timestamp;

/// Hundredths of a percent, rounded half up; nothing of nothing is nothing.
fn hundredths(part: u64, whole: u64) -> u64 {
    let (part, whole) = (u128::from(part), u128::from(whole.max(1)));
    u64::try_from((part * 10_000 + whole / 2) / whole).unwrap_or(u64::MAX)
}

/// A share in percent with two decimals, for machines.
#[expect(clippy::cast_precision_loss, reason = "two decimals of a percentage")]
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    hundredths(part, whole) as f64 / 100.0
}

/// A share in percent with two decimals, for people: something is never shown as nothing, nor nearly all as all.
pub(crate) fn percent_text(part: u64, whole: u64) -> String {
    match hundredths(part, whole) {
        0 if part > 0 => "<0.01 %".to_owned(),
        10_000 if part < whole => ">99.99 %".to_owned(),
        n => format!("{}.{:02} %", n / 100, n % 100),
    }
}

/// `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 request`, `1,200 requests`.
pub(super) fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `813 B`, `1.2 MB`: decimal units.
pub(crate) fn bytes(n: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", count(n / size), n % size * 10 / size),
        None => format!("{n} B"),
    }
}

/// `2026-03-01 10:00:00`, in UTC, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
    let text = rfc3339_text(at);
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    whole.replace('T', " ")
}

/// `2026-03-01 10:00:00 to 10:05:12`: the day once.
pub(super) fn window(first: Timestamp, last: Timestamp) -> String {
    let (first, last) = (moment(first), moment(last));
    if first == last {
        return first;
    }
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((day, _)), Some((same, time))) if day == same => format!("{first} to {time}"),
        _ => format!("{first} to {last}"),
    }
}

/// `200x120`, `404x3`, `1 unanswered`: statuses in order, the first few; a server may make up hundreds.
pub(super) fn statuses<'s>(
    statuses: impl IntoIterator<Item = (&'s u16, &'s u64)>,
    unanswered: u64,
    times: &str,
) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut all = statuses.into_iter();
    let mut parts: Vec<_> = all.by_ref().take(SHOWN).map(|(status, n)| format!("{status}{times}{n}")).collect();
    let more = all.count();
    if more > 0 {
        parts.push(format!("{more} other statuses"));
    }
    if unanswered > 0 {
        parts.push(format!("{unanswered} unanswered"));
    }
    parts
}

/// The specs that cover a service: `shop.yaml, pay.yaml under / for /v1`.
pub(super) fn covering(report: &Report<'_>, coverage: &Coverage<'_>) -> String {
    let name = |at: &usize| {
        let spec = report.compared.specs.get(*at)?;
        let base = coverage.rebased.iter().find(|one| one.counted && one.spec == *at);
        let base = base.map(|one| format!(" under {} for {}", one.observed, one.declared)).unwrap_or_default();
        Some(format!("{}{}", shown(&spec.name), shown(&base)))
    };
    coverage.specs.iter().filter_map(name).collect::<Vec<_>>().join(", ")
}

/// `shop.yaml line 42`.
pub(super) fn at_line(spec: &str, line: u32) -> String {
    match line {
        0 => shown(spec).into_owned(),
        line => format!("{} line {line}", shown(spec)),
    }
}

/// The nearest declared operation and where it parts: `nearest: GET /a/{id} in shop.yaml line 4; segment 3: ...`.
pub(super) fn nearest(nearest: &NearMiss) -> String {
    let failed = match nearest.detail.as_str() {
        "" => Cow::Owned(format!("fails on {}", criterion(nearest.failed))),
        detail => shown(detail),
    };
    format!("nearest: {} in {}; {failed}", shown(&nearest.operation), at_line(&nearest.spec, nearest.line))
}

/// What is known of a host beside its traffic: environment, owner, its other names.
pub(super) fn identity(report: &Report<'_>, at: usize) -> Vec<String> {
    let Some(identity) = report.identities.services.get(at) else { return Vec::new() };
    let mut notes = Vec::new();
    notes.extend(identity.environment.map(|name| shown(name).into_owned()));
    notes.extend(identity.owner.map(|name| format!("owner {}", shown(name))));
    if let Some(alias) = identity.alias.and_then(|alias| report.identities.aliases.get(alias)) {
        let mut others = alias.services.iter().filter(|other| **other != at);
        let first = others.next().and_then(|other| report.compared.services.get(*other));
        let more = others.count();
        let more = if more > 0 { format!(" and {} more", count(more as u64)) } else { String::new() };
        notes.extend(first.map(|first| format!("same as {}{more}?", shown(&first.service.id.to_string()))));
    }
    notes
}

/// Keys and counts side by side: `jwt 3, none 1`.
pub(super) fn tally<K: Display>(counts: &BTreeMap<K, u64>, between: &str) -> String {
    let mut text = String::new();
    for (key, n) in counts {
        let _ = write!(text, "{}{key}{between}{n}", if text.is_empty() { "" } else { ", " });
    }
    text
}

/// All noise by class: `40 static, 7 preflight`. `None`: there was none.
pub(super) fn noise(report: &Report<'_>) -> Option<String> {
    let mut sums = BTreeMap::<Noise, u64>::new();
    for (class, n) in report.snapshot.services.iter().flat_map(|service| &service.noise) {
        let sum = sums.entry(*class).or_default();
        *sum = sum.saturating_add(*n);
    }
    let parts: Vec<String> = sums.iter().map(|(class, n)| format!("{} {}", count(*n), class.name())).collect();
    Some(parts.join(", ")).filter(|text| !text.is_empty())
}

/// How much a verdict rests on: that of its finding, or by the number of its answers.
pub(super) fn confidence(endpoint: &Endpoint<'_>, record: &Record) -> &'static str {
    let answers = record.statuses.values().fold(0_u64, |sum, n| sum.saturating_add(*n));
    match (endpoint.finding.map(|finding| finding.evidence.confidence), answers) {
        (Some(said), _) if !said.is_empty() => said,
        (_, 0..=2) => "low",
        (_, 3..=9) => "medium",
        _ => "high",
    }
}

/// What an endpoint rests on, each by its name: that it exists (by its answers), and that its template is right (as it was learned).
pub(super) fn sureness(exists: &str, template: Option<u8>) -> String {
    match template {
        Some(hundredths) => format!("exists: {exists}; template: {hundredths} %"),
        None => format!("exists: {exists}"),
    }
}

/// Less sure than this it is told of a template wherever it stands.
pub(super) const SURE: u8 = 90;

/// How sure the templates are that findings are about, by the id of the finding; of several the least.
pub(super) fn sure_templates<'r>(report: &'r Report<'_>) -> BTreeMap<&'r str, u8> {
    let mut least = BTreeMap::new();
    for endpoint in &report.endpoints {
        let operation = report.compared.pairings.get(endpoint.pairing).map(|pairing| pairing.operation);
        let learned = operation.and_then(|operation| operation.learned.as_ref());
        if let (Some(finding), Some(learned)) = (endpoint.finding, learned) {
            let known = least.entry(finding.id.as_str()).or_insert(learned.confidence);
            *known = learned.confidence.min(*known);
        }
    }
    least
}

/// What was lost or looks wrong, gathered from all who say so, ready to look at.
pub(super) fn warnings(report: &Report<'_>) -> Vec<String> {
    let (capture, snapshot) = (report.capture, report.snapshot);
    let mut lines: Vec<String> =
        capture.input_errors.iter().chain(&capture.warnings).map(|line| sentence(line).into_owned()).collect();
    for spec in report.compared.specs {
        lines.extend(spec.warnings.iter().map(|line| format!("{}: {}", shown(&spec.name), sentence(line))));
    }
    if !snapshot.bounds.is_empty() {
        let met = tally(&snapshot.bounds, " ");
        lines.push(format!("bounds were met, so something was folded early or left out: {}", visible(&met)));
    }
    if snapshot.unnamed > 0 {
        let unnamed = counted(snapshot.unnamed, "response");
        lines.push(format!("{unnamed} without a request in the capture: nothing to name them by"));
    }
    lines
}

/// The declared operation behind an id.
pub(super) fn declared<'a>(compared: &Comparison<'a>, id: OperationId) -> Option<(&'a Spec, &'a SpecOperation)> {
    let spec = compared.specs.get(id.spec)?;
    Some((spec, spec.operations.get(id.operation)?))
}

/// Where an operation is served, as a spec says it: `shop.example:8080/v1`, `*/v1` for any host.
pub(super) fn server(server: &Server) -> String {
    let (mut text, port) = match &server.host {
        HostPattern::Exact(host, port) => (host.clone(), *port),
        HostPattern::Template(pieces, port) => (pieces.to_string(), *port),
        HostPattern::Any => ("*".to_owned(), None),
    };
    if let Some(port) = port {
        let _ = write!(text, ":{port}");
    }
    if !server.base.segments.is_empty() {
        let _ = write!(text, "{}", server.base);
    }
    text
}

/// A criterion in words.
pub(super) const fn criterion(failed: Criterion) -> &'static str {
    match failed {
        Criterion::Host => "host",
        Criterion::BasePath => "base path",
        Criterion::Method => "method",
        Criterion::Version => "version",
        Criterion::Segment => "segment",
    }
}

/// What the answers say, in words.
pub(super) const fn existence(existence: Existence) -> &'static str {
    match existence {
        Existence::Confirmed => "confirmed",
        Existence::Provisional => "provisional",
        Existence::Unanswered => "unanswered",
        Existence::NotFound => "not found",
        Existence::NotAllowed => "not allowed",
        Existence::Noise => "noise",
    }
}

/// What became of a promise, in words.
pub(super) const fn promised(state: Promised) -> &'static str {
    match state {
        Promised::Met => "seen",
        Promised::Orphan => "orphan",
        Promised::InsufficientEvidence => "insufficient evidence",
        Promised::OutOfScope => "out of scope",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_honest_at_both_ends() {
        assert_eq!(percent_text(0, 0), "0.00 %");
        assert_eq!(percent_text(1, 1_000_000), "<0.01 %");
        assert_eq!(percent_text(999_999, 1_000_000), ">99.99 %");
        assert_eq!(percent_text(2, 3), "66.67 %");
        assert_eq!(percent(1, 8).to_string(), "12.5");
        assert_eq!(percent(u64::MAX, u64::MAX).to_string(), "100");
    }

    #[test]
    fn figures_read_well() {
        assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(999), bytes(1_250_000)], ["999 B", "1.2 MB"]);
        let at = |seconds: u64| Timestamp::from_parts(1_772_359_200 + seconds, 5_000_000);
        assert_eq!(window(at(0), at(312)), "2026-03-01 10:00:00 to 10:05:12");
        assert_eq!(window(at(0), at(86_400)), "2026-03-01 10:00:00 to 2026-03-02 10:00:00");
        assert_eq!(window(at(0), at(0)), "2026-03-01 10:00:00");
    }
}
