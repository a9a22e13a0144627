//! Draws up the report: every figure, verdict and sentence that a reporter may print.
//!
//! In: a comparison, the findings about it, what the capture was like. Out: a [`Report`]. Reporters only write down.

use super::reporters::percent_text;
use std::collections::{BTreeMap, BTreeSet};

use super::contents::{CaptureSummary, Endpoint, Headline, Report, Verdict};
use super::identity::{self, Identities};
use crate::api::Direction;
use crate::diff::{Comparison, Coverage, OperationId, Pairing, Promised, Rebased};
use crate::findings::{FailOn, Finding, Kind, Reason, Subject};
use crate::inventory::Snapshot;
use crate::policy::PolicyFile;
use crate::time::Timestamp;

/// Names listed in one sentence, and sentences of one sort; the rest is a number.
const NAMED: usize = 5;
const SENTENCES: usize = 20;

impl<'a> Report<'a> {
    /// Draws it up. `findings` are those of `judge`, in its order; `said` is what users say of their world.
    #[must_use]
    pub fn draw_up(
        compared: &'a Comparison<'a>,
        findings: &'a [Finding],
        capture: &'a CaptureSummary,
        said: &'a PolicyFile,
    ) -> Self {
        let endpoints = endpoints(compared, findings, said);
        let (findings, suppressed) = findings.split_at(findings.partition_point(|it| it.suppressed.is_none()));
        let mut headline = headline(compared, findings, &endpoints, capture);
        headline.suppressed = suppressed.len() as u64;
        let mut assumptions = assumptions(compared);
        idle(suppressed, said, compared.now, &mut assumptions);
        Self {
            headline,
            findings,
            suppressed,
            assumptions,
            endpoints,
            compared,
            snapshot: compared.snapshot,
            identities: Identities::of(compared, said),
            capture,
            fails: FailOn::default(),
        }
    }
}

fn endpoints<'a>(compared: &'a Comparison<'a>, findings: &'a [Finding], said: &'a PolicyFile) -> Vec<Endpoint<'a>> {
    let about: BTreeMap<(Kind, &Subject), &Finding> =
        // Of several of a kind the worst, which stands first.
        findings.iter().rev().map(|finding| ((finding.kind, &finding.subject), finding)).collect();
    let mut endpoints = Vec::new();
    for (at, pairing) in compared.pairings.iter().enumerate() {
        let Some(coverage) = compared.services.get(pairing.service) else { continue };
        if !pairing.existence.is_endpoint() {
            continue;
        }
        let subject = Subject::observed(&coverage.service.id, pairing.operation);
        let of = |kind| about.get(&(kind, &subject)).copied();
        let finding = match (pairing.declared, pairing.retired) {
            (Some(_), _) => of(Kind::Zombie).or_else(|| of(Kind::Dormant)).or_else(|| of(Kind::Drift)),
            (None, Some(_)) => of(Kind::Zombie),
            (None, None) => of(Kind::Shadow),
        };
        let verdict = verdict(compared, coverage, pairing, finding, of(Kind::Drift).is_some());
        let service = subject.service;
        let owner = said.owner_of(identity::subject(coverage), &pairing.operation.template);
        let doubt = pairing.hides.and_then(|id| doubt(compared, id));
        endpoints.push(Endpoint { pairing: at, service, verdict, existence: pairing.existence, finding, doubt, owner });
    }
    let place = |endpoint: &Endpoint<'_>| {
        let pairing = &compared.pairings[endpoint.pairing];
        let service = compared.services.get(pairing.service).map(|coverage| &coverage.service.id);
        (service, &pairing.operation.template, pairing.operation.method.as_str())
    };
    endpoints.sort_by(|a, b| place(a).cmp(&place(b)));
    endpoints
}

/// Which operation its requests may belong to.
fn doubt(compared: &Comparison<'_>, id: OperationId) -> Option<String> {
    let spec = compared.specs.get(id.spec)?;
    let operation = spec.operations.get(id.operation)?;
    let (method, path, line) = (&operation.method, &operation.path, operation.line);
    let name = &spec.name;
    Some(format!(
        "{method} {path} ({name}, line {line}) was declared after this template was learned, and falls under it"
    ))
}

fn verdict(
    compared: &Comparison<'_>,
    coverage: &Coverage<'_>,
    pairing: &Pairing<'_>,
    finding: Option<&Finding>,
    drifts: bool,
) -> Verdict {
    if coverage.out_of_scope {
        return Verdict::OutOfScope;
    }
    if coverage.third_party && pairing.declared.is_none() {
        return Verdict::ThirdParty;
    }
    match (finding.map(|finding| finding.kind), pairing.declared) {
        (Some(Kind::Shadow), _) => Verdict::Shadow,
        (Some(Kind::Zombie), _) => Verdict::Zombie,
        _ if pairing.is_dormant() => Verdict::Dormant,
        _ if compared.specs.is_empty() => Verdict::Unmanaged,
        (_, Some(_)) if pairing.hides.is_some() => Verdict::InsufficientEvidence,
        (_, Some(_)) if drifts => Verdict::Drift,
        (_, Some(_)) => Verdict::Matched,
        (_, None) => Verdict::Unproven,
    }
}

fn headline(
    compared: &Comparison<'_>,
    findings: &[Finding],
    endpoints: &[Endpoint<'_>],
    capture: &CaptureSummary,
) -> Headline {
    let of = |kind: Kind| findings.iter().filter(move |finding| finding.kind == kind);
    let number = |count: usize| count as u64;
    let payload = &capture.payload;
    let missing = capture.missing.gaps.saturating_add(capture.missing.cut);
    Headline {
        judged: !compared.specs.is_empty(),
        shadow: number(of(Kind::Shadow).count()),
        shadow_unmanaged: number(of(Kind::Shadow).filter(|f| f.reason == Some(Reason::UnknownHost)).count()),
        shadow_hosts: {
            let bearing = of(Kind::Shadow).filter(|finding| finding.reason == Some(Reason::UnknownHost));
            number(bearing.map(|finding| finding.subject.service.as_str()).collect::<BTreeSet<_>>().len())
        },
        unmanaged_hosts: number(unmanaged(compared).len()),
        shadow_requests: of(Kind::Shadow).map(|finding| finding.evidence.requests).sum(),
        zombie: number(of(Kind::Zombie).count()),
        orphan: number(of(Kind::Orphan).count()),
        drift: number(of(Kind::Drift).count()),
        drifted: number(of(Kind::Drift).map(|finding| &finding.subject).collect::<BTreeSet<_>>().len()),
        insufficient_evidence: number(
            compared.promises.iter().filter(|promise| promise.state == Promised::InsufficientEvidence).count(),
        ),
        suppressed: 0,
        dormant: number(endpoints.iter().filter(|endpoint| endpoint.verdict == Verdict::Dormant).count()),
        matched: number(
            endpoints.iter().filter(|endpoint| matches!(endpoint.verdict, Verdict::Matched | Verdict::Drift)).count(),
        ),
        endpoints: number(endpoints.len()),
        requests: compared.services.iter().map(|coverage| coverage.service.requests).sum(),
        unread_bytes: [payload.opaque, payload.not_http, payload.discarded, missing].iter().sum(),
        payload_bytes: payload.captured.saturating_sub(payload.duplicate).saturating_add(missing),
    }
}

/// Hosts of one's own that no spec covers, of those that are judged. A host is one however many ports it answers on.
fn unmanaged<'a>(compared: &Comparison<'a>) -> BTreeSet<&'a str> {
    let bare = compared.services.iter().filter(|coverage| coverage.is_unmanaged());
    bare.map(|coverage| coverage.service.id.host.as_str()).collect()
}

fn assumptions(compared: &Comparison<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    assumed_hosts(compared, &mut lines);
    rebased(compared, &mut lines);
    let unmanaged = unmanaged(compared);
    if !compared.specs.is_empty() && !unmanaged.is_empty() {
        lines.push(format!(
            "No spec covers {}: what exists there is called a shadow. --spec adds a spec, --scope leaves hosts out.",
            named(&unmanaged)
        ));
    }
    aliases(compared, &mut lines);
    let elsewhere = compared.services.iter().filter(|coverage| coverage.third_party && !coverage.out_of_scope);
    let elsewhere: BTreeSet<&str> = elsewhere.map(|coverage| coverage.service.id.host.as_str()).collect();
    if !elsewhere.is_empty() {
        lines.push(format!(
            "Only called from here, and outside: {} counted as third parties, and nothing there as a shadow. \
             A [[network]] of the policy says which addresses are yours, --spec has a third party's API judged.",
            if elsewhere.len() == 1 {
                format!("{} is", named(&elsewhere))
            } else {
                format!("{} are", named(&elsewhere))
            }
        ));
    }
    let both: BTreeSet<&str> = compared
        .services
        .iter()
        .filter(|coverage| (coverage.specs.is_empty() || coverage.assumed) && !coverage.out_of_scope)
        .filter(|coverage| is_called_from_both(coverage))
        .map(|coverage| coverage.service.id.host.as_str())
        .collect();
    if !both.is_empty() {
        lines.push(format!(
            "At an address outside, and called from here and from elsewhere: {}, so {} counted as yours. \
             A [[network]] of the policy says which addresses are yours, --scope leaves hosts out.",
            named(&both),
            if both.len() == 1 { "it is" } else { "they are" }
        ));
    }
    let out: Vec<_> = compared.services.iter().filter(|coverage| coverage.out_of_scope).collect();
    if !out.is_empty() {
        let hosts: BTreeSet<&str> = out.iter().map(|coverage| coverage.service.id.host.as_str()).collect();
        let requests: u64 = out.iter().map(|coverage| coverage.service.requests).sum();
        let (hosts, requests) = (count(hosts.len() as u64, "host", "hosts"), count(requests, "request", "requests"));
        lines.push(format!("--scope leaves out {hosts} with {requests}: listed, not judged."));
    }
    for spec in compared.specs {
        lines.extend(spec.warnings.iter().map(|warning| format!("{}: {warning}", spec.name)));
    }
    bounds(compared.snapshot, &mut lines);
    lines
}

/// Suppressions that suppress nothing: what they were for is mended, or they are misspelt.
fn idle(suppressed: &[Finding], said: &PolicyFile, now: Option<Timestamp>, lines: &mut Vec<String>) {
    let used: BTreeSet<usize> = suppressed.iter().filter_map(|it| Some(it.suppressed.as_ref()?.line)).collect();
    let all = said.suppressions.all.iter().filter(|it| !it.has_expired(now) && !used.contains(&it.rule.line));
    let idle: Vec<String> = all.map(|it| it.rule.line.to_string()).collect();
    if let Some((first, more)) = idle.split_first() {
        let file = said.suppressions.name();
        let told = more.iter().take(SENTENCES).fold(format!("line {first}"), |text, line| format!("{text}, {line}"));
        let untold = more.len().saturating_sub(SENTENCES);
        let untold = if untold > 0 { format!(" and {untold} more") } else { String::new() };
        lines.push(format!("Suppresses nothing: {told}{untold} of {file}. Either that was mended, or it is misspelt."));
    }
}

/// No server of one's own answers there: it would be a third party, did nobody else reach it.
fn is_called_from_both(coverage: &Coverage<'_>) -> bool {
    let ways = &coverage.service.traffic.clients.directions;
    let of = |way: Direction| ways.get(&way).copied().unwrap_or_default();
    of(Direction::Outbound) > 0
        && of(Direction::Transit) > 0
        && of(Direction::Inbound) == 0
        && of(Direction::Internal) == 0
}

/// Specs that name no host.
fn assumed_hosts(compared: &Comparison<'_>, lines: &mut Vec<String>) {
    for (at, spec) in compared.specs.iter().enumerate() {
        let covered = compared.services.iter().filter(|coverage| coverage.assumed && coverage.specs.contains(&at));
        let hosts: BTreeSet<&str> = covered.map(|coverage| coverage.service.id.host.as_str()).collect();
        if !hosts.is_empty() {
            lines.push(format!(
                "{name} names no host: it was taken to cover every host that no other spec names ({}). \
                 --spec-host {name}=HOST says it exactly.",
                named(&hosts),
                name = spec.name,
            ));
        }
    }
}

/// Base paths that a proxy seems to have changed: what counts, then what nearly does, each with its flag.
fn rebased(compared: &Comparison<'_>, lines: &mut Vec<String>) {
    let judged = compared.services.iter().filter(|coverage| !coverage.out_of_scope);
    let all = judged.flat_map(|coverage| coverage.rebased.iter().map(move |one| (coverage, one)));
    let (counted, near): (Vec<_>, Vec<_>) = all.partition(|(_, one)| one.counted);
    for (coverage, one) in counted.iter().chain(&near).take(SENTENCES) {
        let Rebased { declared, observed, against, flag, .. } = one;
        let spec = compared.specs.get(one.spec).map_or("", |spec| spec.name.as_str());
        let (service, operations) = (&coverage.service.id, count(one.operations, "operation", "operations"));
        let against = match against {
            0 => String::new(),
            1 => "; one speaks against it".to_owned(),
            more => format!("; {more} speak against it"),
        };
        lines.push(match one.counted {
            true => format!(
                "{service}: {operations} of {spec} with {} answered under the base path \"{observed}\" where \"{declared}\" is \
                 declared, and count as matched, as if a proxy changed it{against}. {flag} makes it firm.",
                count(one.requests, "request", "requests"),
            ),
            false => format!(
                "{service}: {operations} of {spec} would match under the base path \"{observed}\" where \"{declared}\" is \
                 declared, which is not evidence enough{against}. {flag} would unite them.",
            ),
        });
    }
    let more = (counted.len() + near.len()).saturating_sub(SENTENCES);
    if more > 0 {
        lines.push(format!("{more} more base paths look like declared ones that a proxy changed (json lists them)."));
    }
}

/// Near misses of whole hosts: one line a host, most operations first, with the flag that fits most of them.
fn aliases(compared: &Comparison<'_>, lines: &mut Vec<String>) {
    let mut hosts = BTreeMap::<&str, BTreeMap<&str, u64>>::new();
    for pairing in &compared.pairings {
        let flag = pairing.nearest.as_ref().and_then(|nearest| nearest.host_alias.as_deref());
        let coverage = compared.services.get(pairing.service).filter(|coverage| !coverage.out_of_scope);
        if let (Some(flag), Some(coverage)) = (flag, coverage) {
            *hosts.entry(coverage.service.id.host.as_str()).or_default().entry(flag).or_default() += 1;
        }
    }
    let best = hosts.into_iter().filter_map(|(host, flags)| {
        let (flag, fits) = flags.into_iter().max_by_key(|(flag, fits)| (*fits, std::cmp::Reverse(*flag)))?;
        Some((std::cmp::Reverse(fits), host, flag))
    });
    let mut best: Vec<_> = best.collect();
    best.sort_unstable();
    for (fits, host, flag) in best.iter().take(SENTENCES) {
        let operations = count(fits.0, "operation matches a declared one", "operations match declared ones");
        lines.push(format!("{host}: {operations} in method and path under another host. {flag} would unite them."));
    }
    if best.len() > SENTENCES {
        lines.push(format!("{} more hosts look like declared ones under another name.", best.len() - SENTENCES));
    }
}

/// Bounds that were met: what was left out or folded before its time.
fn bounds(snapshot: &Snapshot, lines: &mut Vec<String>) {
    for (name, times) in &snapshot.bounds {
        let meant = match name.rsplit('.').next().unwrap_or(name) {
            "level_words" => "paths were folded early",
            "operations" => "operations beyond it are counted in one; --memory raises it",
            "services" => "services beyond it are counted in one",
            "opaque_services" => "services beyond it that could not be read are not listed",
            "params" => "parameters beyond it are not listed",
            "path_segments" => "longer paths were folded into their last segment",
            "clients" => "callers beyond it were not told apart as scanners",
            _ => "what lies beyond it was folded or left out",
        };
        let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
        lines.push(format!("Bound {name} was met {times}: {meant}."));
    }
}

impl Headline {
    /// The headline in one sentence: what a reader takes away who reads nothing else.
    #[must_use]
    pub fn sentence(&self) -> String {
        let unread = percent_text(self.unread_bytes, self.payload_bytes);
        let unread = format!("{unread} of the payload could not be read");
        let hosts = |number: u64| count(number, "unmanaged host", "unmanaged hosts");
        if !self.judged {
            let endpoints = count(self.endpoints, "endpoint", "endpoints");
            return format!(
                "no spec was given, so nothing was promised: {endpoints} on {}; {unread}",
                hosts(self.unmanaged_hosts)
            );
        }
        let mut text = format!("shadow {}", self.shadow);
        if self.shadow_unmanaged > 0 {
            text.push_str(&format!(" ({} of them on {})", self.shadow_unmanaged, hosts(self.shadow_hosts)));
        }
        let share = percent_text(self.shadow_requests, self.requests);
        let drift = if self.drift > 0 { format!("; drift {}", self.drift) } else { String::new() };
        let suppressed = if self.suppressed > 0 { format!("; suppressed {}", self.suppressed) } else { String::new() };
        format!(
            "{text}, {share} of all requests; zombie {}; orphan {}{drift}{suppressed}; {unread}",
            self.zombie, self.orphan
        )
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `a, b and 3 more`.
fn named(hosts: &BTreeSet<&str>) -> String {
    let first: Vec<&str> = hosts.iter().take(NAMED).copied().collect();
    match hosts.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
