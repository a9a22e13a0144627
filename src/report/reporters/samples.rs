//! A report made by hand, for tests: any number of endpoints, and any text planted in every name.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{
    Agent, AuthScheme, BodyKind, BodySide, DataClass, Direction, Extension, HostPattern, Noise, OddBody, ParamPlace,
    ParamType, Part, PathTemplate, Said, Scheme, SegmentClass, ServiceId, Shape, TemplateSegment, TokenAlgorithm,
    TokenLifetime, ValueFigures,
};
use crate::diff::{
    Alias, Comparison, Coverage, Criterion, Existence, Nearest, OperationId, Pairing, Promise, Promised,
};
use crate::findings::{
    Declared, DriftEvidence, Evidence, FailOn, Finding, Kind, NearMiss, Place, Reason, Severity, Subject, Suppressed,
    rule_text,
};
use crate::inventory::{
    Bodies, ClientFigures, Latency, Learned, LearnedVariable, OpaqueService, Operation, ParamRecord, PartRecord,
    Quantiles, RateSeries, Record, Rule, Service, Snapshot, Sorted, TokenRecord, TrafficFigures,
};
use crate::report::contents::{
    CaptureSummary, Endpoint, Headline, MissingLedger, PacketLedger, PayloadLedger, Report, Verdict,
};
use crate::report::identity::{Identities, Identity, ThirdParty};
use crate::spec::{Server, Spec, SpecOperation};
use crate::time::{Span, Timestamp};

/// Operations of each service.
const EACH: usize = 20;
const THINGS: [&str; 7] = ["users", "orders", "invoices", "carts", "sessions", "reports", "products"];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

fn odd_bodies() -> Sorted<OddBody> {
    let of = |kind, said| OddBody { side: BodySide::Response, kind, said };
    Sorted::from([(of(BodyKind::Html, Said::Otherwise), 2), (of(BodyKind::Pdf, Said::Nothing), 1)])
}

fn parts() -> Vec<PartRecord> {
    let of = |file, kind, extension, seen| PartRecord {
        part: Part { side: BodySide::Request, file, kind, extension },
        seen,
    };
    vec![
        of(false, None, Extension::None, 1),
        of(true, Some(BodyKind::Pdf), Extension::SevenZip, 1_200),
        of(true, None, Extension::Other, 3),
    ]
}

/// What to make.
pub(in crate::report) struct Sample {
    pub(in crate::report) endpoints: usize,
    /// Appended to every name.
    pub(in crate::report) planted: String,
    /// Specs were given.
    pub(in crate::report) judged: bool,
}

impl Sample {
    pub(in crate::report) fn of(endpoints: usize) -> Self {
        Self { endpoints, planted: String::new(), judged: true }
    }

    pub(in crate::report) fn hostile(planted: &str) -> Self {
        Self { planted: planted.to_owned(), ..Self::of(60) }
    }

    fn plant(&self, name: &str) -> String {
        format!("{name}{}", self.planted)
    }

    fn moment(at: usize) -> Timestamp {
        Timestamp::from_parts(1_772_359_200 + at as u64, 250_000_000)
    }

    fn traffic(&self, at: usize) -> TrafficFigures {
        let n = at as u64 + 1;
        let quantiles = Quantiles { p50: n, p95: 2 * n, p99: 3 * n, max: 4 * n };
        TrafficFigures {
            duration: None,
            request_sizes: None,
            response_sizes: Some(quantiles),
            rates: RateSeries::new(Self::moment(0), Span::from_secs(64), &[n, 0, 3]),
            clients: ClientFigures {
                networks: Sorted::from([(self.plant("offices").into(), n), ("public".into(), 3)]),
                directions: Sorted::from([(Direction::Inbound, n), (Direction::Internal, 3)]),
                agents: Sorted::from([(Agent::Curl, 3), (Agent::Chrome, n)]),
            },
        }
    }

    fn record(&self, at: usize) -> Record {
        let n = (at as u64 * 7919) % 997 + 1;
        Record {
            requests: n + 3,
            unanswered: 1,
            statuses: Sorted::from([(200, n), (404, 2)]),
            first: Self::moment(at % 60),
            last: Self::moment(200 + at % 60),
            latency: Some(Latency {
                p50: Span::from_millis(3),
                p95: Span::from_millis(n),
                p99: Span::from_millis(2 * n),
                max: Span::from_millis(3 * n),
            }),
            traffic: self.traffic(at),
            request_bytes: 40 * n,
            response_bytes: 900 * n,
            clients: n % 19 + 1,
            servers: vec![self.plant("10.0.0.7:8080")],
            auth: Sorted::from([(AuthScheme::Jwt, n), (AuthScheme::None, 3)]),
            auth_ok: Sorted::from([(AuthScheme::Jwt, n)]),
            tokens: Some(TokenRecord {
                algorithms: BTreeMap::from([(TokenAlgorithm::HS256, n)]),
                lifetimes: BTreeMap::from([(TokenLifetime::Hour, n)]),
                issuers: Sorted::from([(self.plant("login.shop.example").into(), n)]),
            }),
            inspected: 120,
            params: vec![ParamRecord {
                place: ParamPlace::Query,
                name: self.plant("page"),
                seen: n,
                of: 120,
                kinds: Sorted::from([(ParamType::Integer, n)]),
                styles: Sorted::new(),
                values: ValueFigures::default(),
                data: DataClass::Email.into(),
            }],
            response_types: Sorted::from([(self.plant("application/json").into(), n)]),
            bodies: Bodies::of_answer(
                200,
                &Shape {
                    seen: n,
                    objects: n,
                    fields: [(self.plant("id"), Shape { seen: n, ..Shape::default() })].into_iter().collect(),
                    ..Shape::default()
                },
            ),
            odd_bodies: if at == 0 { odd_bodies() } else { Sorted::new() },
            parts: if at == 0 { parts() } else { Vec::new() },
            variables: Sorted::from([(self.plant("number"), 12)]),
            ..Record::default()
        }
    }

    fn service(&self, at: usize) -> Service {
        let host = match at {
            0 => "shop.example".to_owned(),
            1 => "pay.example".to_owned(),
            2 => "admin.internal".to_owned(),
            at => format!("node-{at}.internal"),
        };
        let operations = (0..EACH.min(self.endpoints - at * EACH)).map(|n| {
            let thing = THINGS[n / 4 % THINGS.len()];
            let path = if n % 2 == 0 { format!("/v1/{thing}") } else { format!("/v1/{thing}/{{number}}") };
            let mut template = PathTemplate::parse(&path);
            template.segments.push(TemplateSegment::of_literal(self.plant("history")));
            let learned = Learned {
                confidence: 93,
                variables: vec![LearnedVariable {
                    name: self.plant("number"),
                    segment: 2,
                    rule: Rule::Form,
                    classes: vec![SegmentClass::Number],
                    texts: 31,
                    words: 0,
                    confidence: 93,
                }],
            };
            let record = self.record(at * EACH + n);
            Operation { method: self.plant(METHODS[n % 4]), template, pin: None, record, learned: Some(learned) }
        });
        Service {
            id: ServiceId { host: self.plant(&host), port: if at == 3 { 8080 } else { 80 }, scheme: Scheme::Http },
            operations: operations.collect(),
            requests: 4_200,
            noise: BTreeMap::from([(Noise::Static, 40), (Noise::Preflight, 7)]),
            not_found: 17,
            not_allowed: 2,
            not_found_paths: 12,
            unknown_answers: BTreeMap::from([(404, 17)]),
            traffic: self.traffic(at),
            servers: vec![self.plant("10.0.0.7:80")],
            first: Self::moment(0),
            last: Self::moment(312),
        }
    }

    fn spec(&self) -> Spec {
        let operations = (0..30).map(|n| SpecOperation {
            method: METHODS[n % 4].to_owned(),
            path: PathTemplate::parse(&self.plant(&format!("/{}/{{id}}", THINGS[n / 4 % THINGS.len()]))),
            servers: vec![Server {
                host: HostPattern::Exact(self.plant("shop.example"), None),
                base: PathTemplate::parse("/v1"),
            }],
            id: Some(self.plant(&format!("operation{n}"))),
            deprecated: n % 9 == 1,
            sunset: None,
            params: Vec::new(),
            contract: None,
            line: 10 + n as u32 * 12,
        });
        Spec {
            name: self.plant("shop.yaml"),
            title: self.plant("The shop"),
            version: self.plant("1.4.0"),
            format: "openapi 3.0",
            operations: operations.collect(),
            warnings: vec![self.plant("line 12: a tag without a description")],
        }
    }

    fn capture(&self) -> CaptureSummary {
        CaptureSummary {
            id: self.plant("5d41402abc4b2a76"),
            first: Some(Self::moment(0)),
            last: Some(Self::moment(312)),
            inputs: 2,
            input_errors: vec![self.plant("input 2 of 2: damaged at byte 96")],
            bytes: 61_234_567,
            packets: PacketLedger {
                seen: 81_240,
                tcp: 80_000,
                udp: 1_000,
                other_ip: 40,
                not_ip: 160,
                skipped: BTreeMap::from([(self.plant("truncated"), 30), ("too_deep".to_owned(), 10)]),
            },
            payload: PayloadLedger {
                captured: 50_000_000,
                parsed: 31_000_000,
                skipped: 11_200_000,
                opaque: 5_000_000,
                not_http: 1_300_000,
                duplicate: 1_499_000,
                discarded: 1_000,
                waiting: 0,
            },
            missing: MissingLedger { gaps: 4_096, cut: 0 },
            counters: BTreeMap::from([(self.plant("flow.gaps_forced"), 3), ("proto.resyncs".to_owned(), 2)]),
            warnings: vec![self.plant("equal segments arrived under two VLANs: --scope-by none unites them")],
            taps: Vec::new(),
        }
    }

    fn findings(&self, snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (at, service) in snapshot.services.iter().enumerate() {
            for (n, operation) in service.operations.iter().enumerate() {
                let (kind, reason) = match (at, n % 7) {
                    (2.., _) => (Kind::Shadow, Some(Reason::UnknownHost)),
                    (_, 3) => (Kind::Shadow, Some(Reason::UnknownPath)),
                    (_, 5) => (Kind::Zombie, None),
                    (_, 6) => (Kind::Orphan, None),
                    (_, 4) => (Kind::Drift, None),
                    _ => continue,
                };
                let (record, template) = (&operation.record, operation.template.to_string());
                let rule = match (kind, reason) {
                    (_, Some(reason)) => format!("shadow-{}", reason.name()),
                    (Kind::Zombie, _) => "zombie-deprecated".to_owned(),
                    (Kind::Drift, _) => "undocumented-response-field".to_owned(),
                    _ => "orphan".to_owned(),
                };
                findings.push(Finding {
                    id: format!("{:016x}{}", at * EACH + n, self.planted),
                    kind,
                    rule: rule_text(&rule).expect("a rule we have"),
                    part: self.plant(""),
                    reason,
                    severity: Severity::ALL[(at + n) % 4],
                    subject: Subject {
                        service: service.id.to_string(),
                        method: operation.method.clone(),
                        template: template.clone(),
                    },
                    place: Place::default(),
                    summary: self.plant("its host answered 120 requests on 7 other operations"),
                    next: self.plant("Ask the payments team whether it is meant to be there: if so declare it in shop.yaml, if not switch it off."),
                    evidence: Evidence {
                        requests: if kind == Kind::Orphan { 0 } else { record.requests },
                        unanswered: record.unanswered,
                        statuses: record.statuses.iter().map(|(status, count)| (*status, *count)).collect(),
                        clients: record.clients,
                        first: Some(record.first),
                        last: Some(record.last),
                        existence: Some(Existence::Confirmed),
                        confidence: "high",
                        nearest: (kind == Kind::Shadow).then(|| NearMiss {
                            spec: self.plant("shop.yaml"),
                            operation: self.plant("GET /v1/users/{id}"),
                            line: 42,
                            failed: if at > 1 { Criterion::Host } else { Criterion::Segment },
                            detail: self.plant("segment 3: \"history\" where \"{id}\" ends"),
                            try_flag: Some(self.plant("--host-alias admin.internal=shop.example")),
                        }),
                        declared: (kind != Kind::Shadow).then(|| Declared {
                            spec: self.plant("shop.yaml"),
                            operation_id: Some(self.plant("getUser")),
                            line: 42,
                        }),
                        drift: (kind == Kind::Drift).then(|| DriftEvidence {
                            observed_at: self.plant("/response/200/body/items/*/price"),
                            declared_at: self.plant("#/components/schemas/Item"),
                            exchanges: 3,
                            of: 40,
                        }),
                        notes: vec![self.plant("never asked for with credentials")],
                    },
                    suppressed: None,
                });
            }
        }
        findings.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.evidence.requests.cmp(&a.evidence.requests)));
        findings
    }

    /// The same, as somebody lets it stand.
    fn suppressed(&self, finding: &Finding) -> Finding {
        let by = Suppressed {
            reason: self.plant("known, and gone by spring"),
            owner: self.plant("payments team"),
            expires: "2026-12-31".parse().ok(),
            line: 3,
        };
        Finding { id: format!("s{}", finding.id), suppressed: Some(by), ..finding.clone() }
    }

    /// Draws the report up and shows it.
    pub(in crate::report) fn show<R>(&self, look: impl FnOnce(&Report<'_>) -> R) -> R {
        let specs = if self.judged { vec![self.spec()] } else { Vec::new() };
        let snapshot = Snapshot {
            services: (0..self.endpoints.div_ceil(EACH)).map(|at| self.service(at)).collect(),
            opaque: vec![OpaqueService {
                server: self.plant("10.0.0.9:443"),
                name: Some(self.plant("bank.example")),
                kind: self.plant("tls"),
                flows: 12,
                bytes: 5_000_000,
                clients: 3,
            }],
            window: Some((Self::moment(0), Self::moment(312))),
            exchanges: 90_000,
            unnamed: 2,
            late: BTreeSet::new(),
            bounds: BTreeMap::from([("inventory.params", 2)]),
        };
        let covered = |at: usize| at < 2 && self.judged;
        let nearest = || Nearest {
            operation: OperationId { spec: 0, operation: 1 },
            failed: Criterion::Host,
            detail: self.plant("host: shop.example is declared"),
            host_alias: Some(self.plant("--host-alias a=b")),
            spec_base: None,
        };
        let pairings = snapshot.services.iter().enumerate().flat_map(|(at, service)| {
            service.operations.iter().enumerate().map(move |(n, operation)| Pairing {
                service: at,
                operation,
                existence: if n % 11 == 10 { Existence::Provisional } else { Existence::Confirmed },
                declared: covered(at).then_some(OperationId { spec: 0, operation: n % 30 }),
                retired: None,
                nearest: (!covered(at)).then(nearest),
                rebased: None,
                hides: None,
                silent: Span::ZERO,
                dormant: false,
            })
        });
        let compared = Comparison {
            drifts: Vec::new(),
            snapshot: &snapshot,
            specs: &specs,
            retired: &[],
            now: Some(Self::moment(312)),
            services: snapshot
                .services
                .iter()
                .enumerate()
                .map(|(at, service)| Coverage {
                    service,
                    specs: if covered(at) { vec![0] } else { Vec::new() },
                    assumed: at == 1,
                    out_of_scope: at == 4,
                    third_party: at == 3,
                    rebased: Vec::new(),
                })
                .collect(),
            pairings: pairings.collect(),
            promises: specs
                .iter()
                .flat_map(|spec| spec.operations.iter().enumerate())
                .map(|(n, operation)| Promise {
                    id: OperationId { spec: 0, operation: n },
                    operation,
                    state: [Promised::Met, Promised::Orphan, Promised::InsufficientEvidence][n % 3],
                    exposure: None,
                    why: self.plant("its host answered 120 requests on 7 other operations"),
                })
                .collect(),
        };
        let findings = if self.judged { self.findings(&snapshot) } else { Vec::new() };
        let suppressed: Vec<Finding> = findings.iter().take(2).map(|finding| self.suppressed(finding)).collect();
        let by_subject: BTreeMap<_, _> = findings.iter().map(|finding| (&finding.subject, finding)).collect();
        let owner = self.plant("payments team");
        let endpoints = compared.pairings.iter().enumerate().map(|(at, pairing)| {
            let service = compared.services[pairing.service].service.id.to_string();
            let subject = Subject {
                service: service.clone(),
                method: pairing.operation.method.clone(),
                template: pairing.operation.template.to_string(),
            };
            let finding = by_subject.get(&subject).copied();
            let verdict = match (pairing.existence, finding.map(|finding| finding.kind)) {
                _ if !self.judged => Verdict::Unmanaged,
                (Existence::Provisional, _) => Verdict::Unproven,
                (_, Some(Kind::Shadow)) => Verdict::Shadow,
                (_, Some(Kind::Zombie)) => Verdict::Zombie,
                _ => Verdict::Matched,
            };
            let owner = at.is_multiple_of(3).then_some(owner.as_str());
            Endpoint { pairing: at, service, verdict, existence: pairing.existence, finding, doubt: None, owner }
        });
        let tally = |kind| findings.iter().filter(|finding| finding.kind == kind).count() as u64;
        let headline = Headline {
            judged: self.judged,
            shadow: tally(Kind::Shadow),
            shadow_unmanaged: tally(Kind::Shadow) / 2,
            shadow_hosts: snapshot.services.len().saturating_sub(2) as u64,
            unmanaged_hosts: snapshot.services.len().saturating_sub(2) as u64,
            shadow_requests: 3_700,
            zombie: tally(Kind::Zombie),
            drift: tally(Kind::Drift),
            drifted: tally(Kind::Drift),
            orphan: tally(Kind::Orphan),
            insufficient_evidence: 10,
            suppressed: suppressed.len() as u64,
            dormant: 0,
            matched: 31,
            endpoints: self.endpoints as u64,
            requests: 89_991,
            unread_bytes: 6_305_096,
            payload_bytes: 48_505_096,
        };
        let party = self.plant("http://partner.example");
        let identity = |at: usize| Identity {
            environment: at.is_multiple_of(2).then_some(owner.as_str()),
            owner: at.is_multiple_of(3).then_some(owner.as_str()),
            direction: Some(Direction::ALL[at % 4]),
            alias: (compared.services.len() > 1 && at < 2).then_some(0),
        };
        let alias = Alias { services: vec![0, 1], servers: vec![self.plant("10.0.0.7:80")], operations: 3 };
        let identities = Identities {
            services: (0..compared.services.len()).map(identity).collect(),
            aliases: if compared.services.len() > 1 { vec![alias] } else { Vec::new() },
            third_parties: vec![ThirdParty {
                name: party.clone(),
                kind: "http",
                servers: vec![&party],
                requests: 7,
                operations: 2,
                connections: 0,
                clients: 0,
            }],
        };
        look(&Report {
            identities,
            headline,
            findings: &findings,
            suppressed: &suppressed,
            endpoints: endpoints.collect(),
            compared: &compared,
            snapshot: &snapshot,
            capture: &self.capture(),
            fails: FailOn { severity: Some(Severity::Medium), ..FailOn::default() },
            assumptions: vec![
                self.plant("shop.yaml names no host: it was taken to cover pay.example; --spec-host says otherwise"),
            ],
        })
    }
}
