//! The report for machines: one JSON document of a stated schema.
//!
//! The same input gives the same bytes: keys stand in the order below, lists in the order of the report, maps in the
//! order of their keys; no wall clock, worker count, path or host name of this machine is in it. Times are RFC 3339 in
//! UTC, shares are percentages rounded to two decimals, lengths of time are microseconds, sizes are bytes. Whatever
//! could mislead an eye or end a script element stands as `\uXXXX`: the same data for every JSON reader.
//!
//! A new field does not change `schema_version`; a changed or removed one does. Readers skip what they do not know.
//!
//! | key | what |
//! | --- | --- |
//! | `schema`, `schema_version` | `shadowtap-report`, 1 |
//! | `tool` | `name`, `version` |
//! | `headline` | `sentence` and its figures: `judged` (specs were given), `shadow`, `shadow_unmanaged` (of them, on `shadow_hosts` unmanaged hosts), `unmanaged_hosts` (in all), `shadow_requests`, `zombie`, `orphan`, `drift`, `drifted` (matched operations that differ from their declaration), `insufficient_evidence`, `suppressed`, `dormant`, `matched` (declared ones take them; `drifted` among them), `endpoints`, `requests`, `unread_bytes`, `payload_bytes`, `shadow_requests_percent`, `unread_percent` |
//! | `window` | `first` and `last` exchange; null when there was none |
//! | `findings[]` | worst first: `id` (fingerprint, stable over runs), `rule` (stable id, told by `shadowtap explain`), `kind` (`shadow`, `zombie`, `orphan`, `drift`, `dormant`, `suppression`), `reason` (of a shadow, else null), `severity`, `service`, `method`, `template`, `part` (what of the operation, left out where all of it), `summary`, `why` (it matters), `next` (what to do), `evidence` |
//! | `suppressed[]` | findings that a suppression takes, as above, and `suppression` (`reason`, `owner`, `expires` or null, `line` in its file); left out where there are none |
//! | `findings[].evidence` | `requests`, `unanswered`, `statuses`, `clients` (estimate), `first_seen`, `last_seen` (of an orphan: the window), `existence`, `confidence` (`low`, `medium`, `high`: by how many answers its existence rests on; of an orphan how many its host gave), `nearest` (`spec`, `operation`, `line`, `failed`, `detail`, `try_flag`; or null), `declared` (`spec`, `operation_id`, `line`; or null), `drift` (where it differs, left out of other kinds: `observed_at` and `declared_at`, JSON pointers into the exchange and the spec, in which `*` is any item and `{key}` a name that is data; `exchanges` that differ, of how many that were looked at in this respect `of`), `notes` |
//! | `endpoints[]` | every endpoint, findings or not: `service`, `method`, `template`, `verdict` (`shadow`, `zombie`, `dormant` (called, and not for long), `drift` (declared, and it differs: its findings say how), `matched`, `insufficient_evidence` (declared, and learned before another operation was declared that falls under it: `doubt` says which), `unproven`, `third_party`, `unmanaged`, `out_of_scope`), `existence` (`confirmed`, `provisional`, `unanswered`, ...), `confidence` (that it exists, as of a finding; that its template is right is `learned.confidence`), `finding` (its id or null), `owner` (by the policy, or null), `declared` (`spec`, `operation_id`, `method`, `path`, `line`, `deprecated`, `sunset` where there is one; or null), `retired` (the same of an older spec; left out where none or where a spec in force takes it), `nearest` (as `declared`, and `failed`, `detail`, `host_alias`, `spec_base` (the flags that would unite them; the second left out where none); or null), `base_observed` (the base path under which it was seen, where that is not the declared one; left out else) |
//! | ... traffic | `requests`, `unanswered`, `statuses`, `mere_redirects`, `noise` (of the requests, those of crawlers and scanners or what users say, by class), `first_seen`, `last_seen`, `clients` (estimate), `scanner_only` (all of them behave like scanners), `servers`, `encrypted` (requests out of TLS), `auth` (requests by credentials carried), `auth_ok` (those answered 2xx), `tokens` (where JSON Web Tokens were shown: `algorithms`, `lifetimes` (`hour`, `day`, `month` at most, `longer`, `endless`, `unknown`), `issuers` by host) |
//! | ... form | `inspected` (exchanges whose bodies were looked into), `params[]` (`place` (`path`, `query`, `header`, `cookie`, `form`, `multipart`; of the answer `response_header`, `response_cookie` (Set-Cookie)), `name`, `seen`, `of` (requests that could have carried it: all, or for what is neither in the path nor in the query those inspected, of which a form must have been one; answers inspected), `kinds` (of a variable of a learned path, this and what follows is known of the place: over all operations at and below it), `styles` (how several values were put under it: `deep`, `commas`, `repeated`, `brackets`; left out where none), `values`, `data` (classes of sensitive data it carries, left out where none)), `request_types`, `response_types`, `odd_bodies[]` (bodies whose media type does not tell what their first bytes show, left out where none: `side`, `kind`, `said` (`otherwise`, `nothing`), `seen`), `parts[]` (of multipart bodies that were looked into, left out where none: `side`, `file`, `kind` by the part's type or null, `extension` of the file's name (`none`, `other` or a listed one), `seen`), `request_bytes`, `response_bytes`, `request_shape`, `response_shapes` (by status; of multipart bodies the parts that have a shape are the fields), `latency_us` (to the first byte of the response: `p50`, `p95`, `p99`, `max`; or null), `variables` (distinct texts each learned variable stood for, estimate), `learned` (of a template that was learned: `confidence` that its segments are what they are told as, of the least sure one, in hundredths, and of each of its `variables` `name`, `segment` from 0, `rule` (`form` of its values, `likeness` of its words, `both`, `crowd`), `classes` (`word`, `number`, `uuid`, `ulid`, `hex`, `date`, `email`, `address`, `card`, `prefixed` (an id behind the name of its kind), `token`, `other`, and of words that are all of one sort `locale`, `version`, `file_name`), `texts`, `words`, `confidence`) |
//! | ... use | `duration_us` (to the last byte of the response, of answers whose end was met: bodies beyond 64 KiB and holes leave it unknown; as `latency_us`), `request_body_bytes` (of requests with a body) and `response_body_bytes` (of all responses): `p50`, `p95`, `p99`, `max`, or null; `rates` (`start`, `bucket_seconds`, `requests` in each bucket; at most 96 buckets, whose width is a power of two) |
//! | ... clients | `client_classes`: requests by `directions` (`inbound`, `internal`, `outbound`, `transit`, by the networks of client and server), `networks` (those of a policy file, else `private`, `shared`, `loopback`, `link-local`, `multicast`, `broadcast`, `unspecified`, `benchmark`, `public`), `agents` (families of user agents, as claimed), `agent_kinds` (`browser`, `library`, `tool`, `monitor`, `bot`, `scanner`, `unknown`) |
//! | `declared[]` | every promise: `spec`, `method`, `path` (without base), `servers` (host and base), `operation_id`, `line`, `deprecated`, `state` (`met`, `orphan`, `insufficient_evidence`, `out_of_scope`), `why` |
//! | `services[]` | `service`, `host`, `port`, `scheme`, `environment` and `owner` (by the policy, or null), `direction` (of most requests), `alias` (index into `aliases`, or null), `unmanaged`, `covered_by` (spec names), `assumed` (only by specs that name no host), `out_of_scope`, `third_party` (called from here and from nowhere else, at an address outside, and named by no spec: nothing there is a shadow), `rebased[]` (base paths that a proxy seems to have changed, left out where none: `spec`, `base_declared`, `base_observed`, `operations` (declared ones that answered so), `requests`, `against` (operations below it that the spec does not know, and those that answered where they are declared), `counted` (its operations count as matched: 4 or more, over 3 paths and 2 words, at most one in five against it; on a host that is only assumed to be covered 6 over 4 paths and 3 words, none against it), `flag` (makes it firm)), `requests` = `api_requests` + the sum of `noise` by class (`preflight`, `redirect`, `static`, `health`, `crawler`, `scanner`), `operations`, `not_found` and `not_allowed` (404 and 410, 405 and 501, on what is no operation; noise left out), `not_found_paths` (estimate), `unknown_answers` (how unknown paths are answered, by status), *use* and *clients* as of an endpoint (noise and what was not found included), `servers`, `first_seen`, `last_seen` |
//! | `third_parties[]` | services of others that are called from here, by the networks of both sides (of what could not be read, by the server's): `name`, `kind` (`http`, or as in `opaque`), `servers`, `requests`, `operations`, `connections` and `clients` (those of connections that could not be read) |
//! | `aliases[]` | services that look like one under several names, since the same addresses answer under them and they have exactly the same operations; they are not united: `services`, `servers` (those in common), `operations` (how many) |
//! | `opaque[]` | met and not readable: `server`, `name`, `kind`, `flows`, `bytes`, `clients` |
//! | `specs[]`, `retired_specs[]` | `name`, `title`, `version`, `format`, `operations`, `warnings`; those of older specs left out where there are none |
//! | `assumptions[]` | sentences |
//! | `exchanges`, `unnamed` | exchanges in all; responses without a request in the capture |
//! | `bounds` | bounds that were met, by counter; empty: nothing was folded early or left out |
//! | `capture` | what the capture was like, the ledger in it; the only part (with `latency_us` and `duration_us`) that may differ when packets were doubled, swapped or split: `id`, `first`, `last`, `inputs`, `input_errors`, `bytes`, `packets`, `payload`, `missing`, `counters` (those that are not zero, `room.name`), `warnings`; of a live capture also `taps` |
//! | `capture.packets` | `seen` = `tcp` + `udp` + `other_ip` + `not_ip` + the sum of `skipped` by reason (`truncated`, `malformed`, `too_deep`, `unknown_link`, `bad_fragment`, `bad_checksum`, `encrypted`, `fragment_held`) |
//! | `capture.payload` | TCP payload bytes: `captured` = `parsed` + `skipped` + `opaque` + `not_http` + `duplicate` + `discarded`, and in a report drawn while the capture goes on + `waiting` (not decided yet) |
//! | `capture.taps[]` | interfaces listened on: `interface`, `up`, `link` (LINKTYPE_ number), `frames` (read), `kernel_dropped` (no room in the ring), `interface_dropped` (by card or driver), `ring_full` (times), `reopened` (times it came back after it was down or gone) |
//! | `capture.missing` | TCP payload bytes that are not in the capture: `gaps`, `cut` by the snap length |
//!
//! Values are `distinct` (how many different ones; of a list one of its items counts. Exact up to 64, of leaves of bodies up to 12; an estimate beyond, off by an
//! eighth or less two times in three, of leaves by a third; of variables of learned paths exact up to 64 and off by a fortieth. Never more than came),
//! `min_length` and `max_length` in letters and, where they are a closed set of words that can be nobody's, `choices`.
//!
//! A shape is `seen` and, where not zero, `nulls`, `booleans`, `integers`, `numbers`, `strings` (by format), `arrays`,
//! `items`, `objects`, `fields`, `keys`, `values` (of strings and numbers of JSON and XML), `data` (classes of sensitive data that its values carry), `partial`. A field `{key}` stands for all
//! names of an object that is a map (people, currencies: names that were evidently data): its `keys` is how many different ones were seen (at
//! least, where the object is `partial`), its `seen` how often any. Of a text each line is a string, of a
//! page each run of visible text and each attribute that holds data; each row of a CSV is an object of `column_1`, `column_2` ...

mod bases;
mod traffic;

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use self::bases::{RebasedOut, base_observed};
use self::traffic::TrafficOut;
use super::escape::write_json;
use super::figures::{confidence, percent, server};
use crate::api::{AuthScheme, Direction, Noise, OddBody, PathTemplate, Shape};
use crate::diff::{Alias, Coverage, Criterion, Existence, OperationId, Pairing, Promise, Promised};
use crate::findings::{Declared, DriftEvidence, Finding, Kind, NearMiss, Reason, Severity};
use crate::inventory::{Latency, Learned, OpaqueService, ParamRecord, PartRecord, Sorted, TokenRecord, Union};
use crate::report::contents::{CaptureSummary, Endpoint, Headline, Report, Verdict, rfc3339_text};
use crate::report::identity::ThirdParty;
use crate::report::reporter::{Reporter, Style};
use crate::spec::Spec;
use crate::time::Timestamp;

/// What `schema` says.
pub const SCHEMA: &str = "shadowtap-report";
/// What `schema_version` says.
pub const SCHEMA_VERSION: u32 = 1;

/// The report for machines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json;

impl Reporter for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        write_careful(&Document::of(report), out)
    }
}

/// Writes one document, safe to look at and to put into a page.
pub(crate) fn write_careful(document: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Careful::new());
    document.serialize(&mut serializer)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    schema_version: u32,
    tool: Tool,
    headline: HeadlineOut<'a>,
    window: Option<Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Findings<'a>>,
    #[serde(skip_serializing_if = "Findings::is_empty")]
    suppressed: Findings<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints: Option<Endpoints<'a>>,
    declared: Vec<PromiseOut<'a>>,
    services: Vec<ServiceOut<'a>>,
    third_parties: &'a [ThirdParty<'a>],
    aliases: Vec<AliasOut<'a>>,
    opaque: &'a [OpaqueService],
    specs: Vec<SpecOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    retired_specs: Vec<SpecOut<'a>>,
    assumptions: &'a [String],
    exchanges: u64,
    unnamed: u64,
    bounds: &'a BTreeMap<&'static str, u64>,
    capture: &'a CaptureSummary,
}

/// Made one after the other while they are written: of a hundred thousand, only one is there.
struct Endpoints<'a>(&'a Report<'a>);

impl Serialize for Endpoints<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairings = &self.0.compared.pairings;
        let all = self.0.endpoints.iter();
        serializer.collect_seq(all.filter_map(|endpoint| {
            let pairing = pairings.get(endpoint.pairing)?;
            let bodies = pairing.operation.record.bodies.open();
            Some(EndpointOut::of(self.0, endpoint, pairing, bodies))
        }))
    }
}

/// Likewise.
struct Findings<'a>(&'a [Finding]);

impl Findings<'_> {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Findings<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(FindingOut::of))
    }
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct HeadlineOut<'a> {
    sentence: String,
    #[serde(flatten)]
    figures: &'a Headline,
    shadow_requests_percent: f64,
    unread_percent: f64,
}

#[derive(Serialize)]
struct Window {
    first: Time,
    last: Time,
}

/// A time, written as RFC 3339.
struct Time(Timestamp);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339_text(self.0))
    }
}

#[derive(Serialize)]
pub(super) struct FindingOut<'a> {
    id: &'a str,
    rule: &'static str,
    kind: Kind,
    reason: Option<Reason>,
    severity: Severity,
    service: &'a str,
    method: &'a str,
    template: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    part: &'a str,
    summary: &'a str,
    why: &'static str,
    next: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<SuppressionOut<'a>>,
    evidence: EvidenceOut<'a>,
}

#[derive(Serialize)]
struct SuppressionOut<'a> {
    reason: &'a str,
    owner: &'a str,
    expires: Option<String>,
    line: usize,
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    requests: u64,
    unanswered: u64,
    statuses: &'a BTreeMap<u16, u64>,
    clients: u64,
    first_seen: Option<Time>,
    last_seen: Option<Time>,
    existence: Option<Existence>,
    confidence: &'static str,
    nearest: &'a Option<NearMiss>,
    declared: &'a Option<Declared>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<&'a DriftEvidence>,
    notes: &'a [String],
}

#[derive(Serialize)]
pub(super) struct EndpointOut<'a> {
    service: &'a str,
    method: &'a str,
    template: &'a PathTemplate,
    verdict: Verdict,
    existence: Existence,
    confidence: &'static str,
    finding: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<&'a str>,
    owner: Option<&'a str>,
    declared: Option<DeclaredOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_observed: Option<&'a PathTemplate>,
    retired: Option<DeclaredOut<'a>>,
    nearest: Option<NearestOut<'a>>,
    requests: u64,
    unanswered: u64,
    statuses: &'a Sorted<u16>,
    mere_redirects: u64,
    noise: &'a Sorted<Noise>,
    first_seen: Time,
    last_seen: Time,
    clients: u64,
    scanner_only: bool,
    servers: &'a [String],
    encrypted: u64,
    auth: &'a Sorted<AuthScheme>,
    auth_ok: &'a Sorted<AuthScheme>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: &'a Option<TokenRecord>,
    inspected: u64,
    params: &'a [ParamRecord],
    request_types: &'a Sorted<Box<str>>,
    response_types: &'a Sorted<Box<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    odd_bodies: Vec<OddBodyOut>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    parts: &'a [PartRecord],
    request_bytes: u64,
    response_bytes: u64,
    request_shape: Option<Box<Shape>>,
    response_shapes: BTreeMap<u16, Shape>,
    latency_us: Option<LatencyOut>,
    #[serde(flatten)]
    traffic: TrafficOut<'a>,
    variables: &'a Sorted<String>,
    /// Why a learned template is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    learned: Option<&'a Learned>,
}

#[derive(Serialize)]
struct OddBodyOut {
    #[serde(flatten)]
    body: OddBody,
    seen: u64,
}

#[derive(Serialize)]
struct DeclaredOut<'a> {
    spec: &'a str,
    operation_id: Option<&'a str>,
    method: &'a str,
    path: &'a PathTemplate,
    line: u32,
    deprecated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    sunset: Option<String>,
}

#[derive(Serialize)]
struct NearestOut<'a> {
    #[serde(flatten)]
    operation: DeclaredOut<'a>,
    failed: Criterion,
    detail: &'a str,
    host_alias: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec_base: Option<&'a str>,
}

#[derive(Serialize)]
struct LatencyOut {
    p50: u64,
    p95: u64,
    p99: u64,
    max: u64,
}

#[derive(Serialize)]
struct PromiseOut<'a> {
    spec: &'a str,
    method: &'a str,
    path: &'a PathTemplate,
    servers: Vec<String>,
    operation_id: Option<&'a str>,
    line: u32,
    deprecated: bool,
    state: Promised,
    why: &'a str,
}

#[derive(Serialize)]
struct ServiceOut<'a> {
    service: String,
    host: &'a str,
    port: u16,
    scheme: &'static str,
    environment: Option<&'a str>,
    owner: Option<&'a str>,
    direction: Option<Direction>,
    alias: Option<usize>,
    unmanaged: bool,
    covered_by: Vec<&'a str>,
    assumed: bool,
    out_of_scope: bool,
    third_party: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rebased: Vec<RebasedOut<'a>>,
    requests: u64,
    api_requests: u64,
    operations: usize,
    noise: &'a BTreeMap<Noise, u64>,
    not_found: u64,
    not_allowed: u64,
    not_found_paths: u64,
    unknown_answers: &'a BTreeMap<u16, u64>,
    #[serde(flatten)]
    traffic: TrafficOut<'a>,
    servers: &'a [String],
    first_seen: Time,
    last_seen: Time,
}

#[derive(Serialize)]
struct AliasOut<'a> {
    services: Vec<String>,
    servers: &'a [String],
    operations: usize,
}

#[derive(Serialize)]
struct SpecOut<'a> {
    name: &'a str,
    title: &'a str,
    version: &'a str,
    format: &'static str,
    operations: usize,
    warnings: &'a [String],
}

impl<'a> Document<'a> {
    fn of(report: &'a Report<'a>) -> Self {
        Self { findings: Some(Findings(report.findings)), endpoints: Some(Endpoints(report)), ..Self::of_run(report) }
    }

    /// All but findings and endpoints, for those who write each by itself.
    pub(super) fn of_run(report: &'a Report<'a>) -> Self {
        let (compared, headline) = (report.compared, &report.headline);
        Self {
            schema: SCHEMA,
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            headline: HeadlineOut {
                sentence: headline.sentence(),
                figures: headline,
                shadow_requests_percent: percent(headline.shadow_requests, headline.requests),
                unread_percent: percent(headline.unread_bytes, headline.payload_bytes),
            },
            window: report.snapshot.window.map(|(first, last)| Window { first: Time(first), last: Time(last) }),
            findings: None,
            suppressed: Findings(report.suppressed),
            endpoints: None,
            declared: compared.promises.iter().map(|promise| PromiseOut::of(report, promise)).collect(),
            services: compared
                .services
                .iter()
                .enumerate()
                .map(|(at, coverage)| ServiceOut::of(report, at, coverage))
                .collect(),
            third_parties: &report.identities.third_parties,
            aliases: report.identities.aliases.iter().map(|alias| AliasOut::of(report, alias)).collect(),
            opaque: &report.snapshot.opaque,
            specs: compared.specs.iter().map(SpecOut::of).collect(),
            retired_specs: compared.retired.iter().map(SpecOut::of).collect(),
            assumptions: &report.assumptions,
            exchanges: report.snapshot.exchanges,
            unnamed: report.snapshot.unnamed,
            bounds: &report.snapshot.bounds,
            capture: report.capture,
        }
    }
}

impl<'a> FindingOut<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        let evidence = &finding.evidence;
        Self {
            id: &finding.id,
            rule: finding.rule.id,
            kind: finding.kind,
            reason: finding.reason,
            severity: finding.severity,
            service: &finding.subject.service,
            method: &finding.subject.method,
            template: &finding.subject.template,
            part: &finding.part,
            summary: &finding.summary,
            why: finding.rule.why,
            next: &finding.next,
            suppression: finding.suppressed.as_ref().map(|it| SuppressionOut {
                reason: &it.reason,
                owner: &it.owner,
                expires: it.expires.map(|date| date.to_string()),
                line: it.line,
            }),
            evidence: EvidenceOut {
                requests: evidence.requests,
                unanswered: evidence.unanswered,
                statuses: &evidence.statuses,
                clients: evidence.clients,
                first_seen: evidence.first.map(Time),
                last_seen: evidence.last.map(Time),
                existence: evidence.existence,
                confidence: evidence.confidence,
                nearest: &evidence.nearest,
                declared: &evidence.declared,
                drift: evidence.drift.as_ref(),
                notes: &evidence.notes,
            },
        }
    }
}

impl<'a> EndpointOut<'a> {
    pub(super) fn of(
        report: &'a Report<'a>,
        endpoint: &'a Endpoint<'a>,
        pairing: &'a Pairing<'a>,
        bodies: Union,
    ) -> Self {
        let record = &pairing.operation.record;
        Self {
            service: &endpoint.service,
            method: &pairing.operation.method,
            template: &pairing.operation.template,
            verdict: endpoint.verdict,
            existence: endpoint.existence,
            confidence: confidence(endpoint, record),
            finding: endpoint.finding.map(|finding| finding.id.as_str()),
            doubt: endpoint.doubt.as_deref(),
            owner: endpoint.owner,
            declared: pairing.declared.and_then(|id| DeclaredOut::of(report.compared.specs, id)),
            base_observed: base_observed(report, pairing),
            retired: pairing.retired.and_then(|id| DeclaredOut::of(report.compared.retired, id)),
            nearest: pairing.nearest.as_ref().and_then(|nearest| {
                Some(NearestOut {
                    operation: DeclaredOut::of(report.compared.specs, nearest.operation)?,
                    failed: nearest.failed,
                    detail: &nearest.detail,
                    host_alias: nearest.host_alias.as_deref(),
                    spec_base: nearest.spec_base.as_deref(),
                })
            }),
            requests: record.requests,
            unanswered: record.unanswered,
            statuses: &record.statuses,
            mere_redirects: record.mere_redirects,
            noise: &record.noise,
            first_seen: Time(record.first),
            last_seen: Time(record.last),
            clients: record.clients,
            scanner_only: record.scanner_only,
            servers: &record.servers,
            encrypted: record.encrypted,
            auth: &record.auth,
            auth_ok: &record.auth_ok,
            tokens: &record.tokens,
            inspected: record.inspected,
            params: &record.params,
            request_types: &record.request_types,
            response_types: &record.response_types,
            odd_bodies: record.odd_bodies.iter().map(|(body, seen)| OddBodyOut { body: *body, seen: *seen }).collect(),
            parts: &record.parts,
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            request_shape: bodies.asked,
            response_shapes: bodies.answered,
            latency_us: record.latency.map(LatencyOut::of),
            traffic: TrafficOut::of(&record.traffic),
            variables: &record.variables,
            learned: pairing.operation.learned.as_ref(),
        }
    }
}

impl<'a> DeclaredOut<'a> {
    fn of(specs: &'a [Spec], id: OperationId) -> Option<Self> {
        let spec = specs.get(id.spec)?;
        let operation = spec.operations.get(id.operation)?;
        Some(Self {
            spec: &spec.name,
            operation_id: operation.id.as_deref(),
            method: &operation.method,
            path: &operation.path,
            line: operation.line,
            deprecated: operation.deprecated,
            sunset: operation.sunset.map(|sunset| sunset.to_string()),
        })
    }
}

impl LatencyOut {
    fn of(latency: Latency) -> Self {
        let [p50, p95, p99, max] =
            [latency.p50, latency.p95, latency.p99, latency.max].map(|quantile| quantile.nanos() / 1_000);
        Self { p50, p95, p99, max }
    }
}

impl<'a> PromiseOut<'a> {
    fn of(report: &'a Report<'a>, promise: &'a Promise<'a>) -> Self {
        let operation = promise.operation;
        Self {
            spec: report.compared.specs.get(promise.id.spec).map_or("", |spec| &spec.name),
            method: &operation.method,
            path: &operation.path,
            servers: operation.servers.iter().map(server).collect(),
            operation_id: operation.id.as_deref(),
            line: operation.line,
            deprecated: operation.deprecated,
            state: promise.state,
            why: &promise.why,
        }
    }
}

impl<'a> ServiceOut<'a> {
    fn of(report: &'a Report<'a>, at: usize, coverage: &'a Coverage<'a>) -> Self {
        let service = coverage.service;
        let identity = report.identities.services.get(at).cloned().unwrap_or_default();
        Self {
            service: service.id.to_string(),
            host: &service.id.host,
            port: service.id.port,
            scheme: service.id.scheme.name(),
            environment: identity.environment,
            owner: identity.owner,
            direction: identity.direction,
            alias: identity.alias,
            unmanaged: coverage.specs.is_empty(),
            covered_by: coverage
                .specs
                .iter()
                .filter_map(|spec| Some(report.compared.specs.get(*spec)?.name.as_str()))
                .collect(),
            assumed: coverage.assumed,
            out_of_scope: coverage.out_of_scope,
            third_party: coverage.third_party,
            rebased: RebasedOut::of(report, coverage),
            requests: service.requests,
            api_requests: service.api_requests(),
            operations: service.operations.len(),
            noise: &service.noise,
            not_found: service.not_found,
            not_allowed: service.not_allowed,
            not_found_paths: service.not_found_paths,
            unknown_answers: &service.unknown_answers,
            traffic: TrafficOut::of(&service.traffic),
            servers: &service.servers,
            first_seen: Time(service.first),
            last_seen: Time(service.last),
        }
    }
}

impl<'a> AliasOut<'a> {
    fn of(report: &Report<'_>, alias: &'a Alias) -> Self {
        let services = alias.services.iter().filter_map(|at| report.compared.services.get(*at));
        Self {
            services: services.map(|coverage| coverage.service.id.to_string()).collect(),
            servers: &alias.servers,
            operations: alias.operations,
        }
    }
}

impl<'a> SpecOut<'a> {
    fn of(spec: &'a Spec) -> Self {
        Self {
            name: &spec.name,
            title: &spec.title,
            version: &spec.version,
            format: spec.format,
            operations: spec.operations.len(),
            warnings: &spec.warnings,
        }
    }
}

/// Indented as usual, with strings that are safe to look at.
pub(super) struct Careful<'i>(PrettyFormatter<'i>);

impl Careful<'_> {
    pub(super) fn new() -> Self {
        Self(PrettyFormatter::new())
    }
}

impl Formatter for Careful<'_> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_json(writer, fragment)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
