//! The truth tables: what must hold for each verdict. The first row of a table gives it; each other drops or changes one
//! condition of it and gives another.

use std::sync::Arc;

use super::*;
use crate::api::{
    AuthScheme, Checked, Direction, Drift, Fact, HostPattern, Noise, PathTemplate, Promise, TemplateSegment,
};
use crate::contract::{Contract, Sealed};
use crate::diff::samples::*;
use crate::diff::{Promised, compare_on};
use crate::inventory::{DriftRecord, Learned, LearnedVariable, Operation, Record, Service, Snapshot};
use crate::limits::Limits;
use crate::policy::PolicyFile;
use crate::report::{CaptureSummary, Report, Verdict};
use crate::spec::{HostFlags, Spec, SpecIndex};

const DAY: u64 = 86_400;

/// The facts of one row. The first row of each table says what they are there, the others what they change.
struct Facts {
    /// The operation: method and template.
    line: &'static str,
    statuses: &'static [(u16, u64)],
    host: &'static str,
    /// Of spec.yaml; none: there is no spec.
    declared: Option<&'static [&'static str]>,
    spec_host: HostPattern,
    base: &'static str,
    retired: &'static [&'static str],
    scope: &'static [&'static str],
    directions: &'static [(Direction, u64)],
    /// The last packet, in seconds; the operation was called from second 100 to 160.
    now: u64,
    /// Declared after something was learned.
    late: &'static [&'static str],
    /// Its template was learned, from so many words.
    learned: Option<u64>,
    record: fn(&mut Record),
    service: fn(Service) -> Service,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            line: "GET /x",
            statuses: &[(200, 4)],
            host: "shop.example",
            declared: Some(&["GET /a"]),
            spec_host: on("shop.example"),
            base: "",
            retired: &[],
            scope: &[],
            directions: &[(Direction::Inbound, 4)],
            now: 160,
            late: &[],
            learned: None,
            record: |_| (),
            service: |service| service,
        }
    }
}

impl Facts {
    fn operation(&self) -> Operation {
        let mut operation = seen_with(self.line, self.statuses, self.record);
        let segments = operation.template.segments.iter().enumerate();
        let variables = segments.filter(|(_, segment)| segment.literal().is_none());
        operation.learned = self.learned.map(|words| {
            let variable = |(segment, _)| LearnedVariable {
                name: "x".to_owned(),
                segment,
                rule: crate::inventory::Rule::Form,
                classes: Vec::new(),
                texts: 9,
                words,
                confidence: 90,
            };
            Learned { confidence: 90, variables: variables.map(variable).collect() }
        });
        operation
    }

    /// The verdict, and the rule that found it.
    fn told(&self) -> String {
        let declared = self.declared.map(|lines| spec("spec.yaml", self.spec_host.clone(), self.base, lines));
        let mut declared: Vec<Spec> = declared.into_iter().collect();
        for operation in declared.iter_mut().flat_map(|spec| &mut spec.operations) {
            operation.contract = Some(Arc::new(promise_of()));
        }
        let index = index(declared);
        let older = vec![spec("spec.yaml", on(self.host), "", self.retired)];
        let retired = SpecIndex::build_retired(older, &HostFlags::default(), &Limits::default()).unwrap();
        let mut service = (self.service)(service(self.host, vec![self.operation()]));
        service.traffic.clients.directions = self.directions.iter().copied().collect();
        let mut snapshot = snapshot(vec![service]);
        snapshot.late = self.late.iter().map(|text| unnamed(text)).collect();
        let scope: Vec<_> = self.scope.iter().map(|item| item.parse().unwrap()).collect();
        let (policy, said) = (Policy::new(&scope, None, &PolicyFile::default()), PolicyFile::default());
        let none = SpecIndex::default();
        let retired = if self.retired.is_empty() { &none } else { &retired };
        let compared = compare_on(&policy.terms(retired, Some(at(self.now))), &snapshot, &index);
        let findings = judge(View { compared: &compared, policy: &policy, said: &said });
        let capture = CaptureSummary::default();
        let report = Report::draw_up(&compared, &findings, &capture, &said);
        let Some(endpoint) = report.endpoints.first() else { return "no endpoint".to_owned() };
        assert_eq!(report.endpoints.len(), 1);
        match endpoint.finding {
            Some(finding) => format!("{} by {}", endpoint.verdict.name(), finding.rule.id),
            None => endpoint.verdict.name().to_owned(),
        }
    }
}

fn unnamed(text: &str) -> PathTemplate {
    PathTemplate { segments: PathTemplate::parse(text).segments.iter().map(TemplateSegment::unnamed).collect() }
}

/// Holds a table to what it says.
fn table(rows: &[(&str, Facts, &str)]) {
    for (why, facts, told) in rows {
        assert_eq!(&facts.told(), told, "{why}");
    }
    let (first, others) = rows.split_first().unwrap();
    assert!(
        others.iter().all(|(why, _, told)| *told != first.2 || why.starts_with("still")),
        "a row that changes nothing"
    );
}

#[test]
fn shadow_by_unknown_host() {
    let facts = || Facts { host: "pay.example", ..Facts::default() };
    let by = "shadow by shadow-unknown-host";
    table(&[
        ("it exists on a host that no spec covers", facts(), by),
        ("a spec covers the host", Facts { host: "shop.example", ..facts() }, "shadow by shadow-unknown-path"),
        (
            "a spec that names no host covers it",
            Facts { spec_host: HostPattern::Any, ..facts() },
            "shadow by shadow-unknown-path",
        ),
        ("there is no spec", Facts { declared: None, ..facts() }, "unmanaged"),
        ("the scope leaves it out", Facts { scope: &["shop.example"], ..facts() }, "out_of_scope"),
        ("it is only called from here", Facts { directions: &[(Direction::Outbound, 4)], ..facts() }, "third_party"),
        (
            "still, if another calls it too",
            Facts { directions: &[(Direction::Outbound, 4), (Direction::Internal, 1)], ..facts() },
            by,
        ),
        ("nothing is there", Facts { statuses: &[(404, 4)], ..facts() }, "no endpoint"),
        ("an older spec declares it", Facts { retired: &["GET /x"], ..facts() }, "zombie by zombie-removed"),
    ]);
}

#[test]
fn shadow_by_unknown_base_path() {
    let facts = || Facts { base: "/api", declared: Some(&["GET /x"]), ..Facts::default() };
    table(&[
        ("its path does not begin as a declared base path does", facts(), "shadow by shadow-unknown-base-path"),
        ("it does", Facts { line: "GET /api/x", ..facts() }, "matched"),
        (
            "it does, and no path takes the rest",
            Facts { line: "GET /api/y", ..facts() },
            "shadow by shadow-unknown-path",
        ),
        (
            "no base path is declared",
            Facts { base: "", declared: Some(&["GET /y"]), ..facts() },
            "shadow by shadow-unknown-path",
        ),
    ]);
}

#[test]
fn shadow_by_unknown_path() {
    let by = "shadow by shadow-unknown-path";
    let facts = Facts::default;
    let refused = || Facts { statuses: &[(401, 4)], service: says_404, ..Facts::default() };
    table(&[
        ("it answers, and no declared path takes it", facts(), by),
        ("a declared path takes it", Facts { declared: Some(&["GET /x"]), ..facts() }, "matched"),
        ("by a variable", Facts { declared: Some(&["GET /{id}"]), ..facts() }, "matched"),
        ("still, as one that leads elsewhere", Facts { statuses: &[(302, 1)], ..facts() }, by),
        (
            "it leads to another spelling of itself",
            Facts { statuses: &[(301, 4)], record: |it| it.mere_redirects = 4, ..facts() },
            "no endpoint",
        ),
        ("it is not there", Facts { statuses: &[(404, 4)], ..facts() }, "no endpoint"),
        ("it is not there for this method", Facts { statuses: &[(405, 4)], ..facts() }, "no endpoint"),
        ("nothing answered", Facts { statuses: &[], record: |it| it.requests = 4, ..facts() }, "unproven"),
        ("it is noise", Facts { record: |it| it.noise = [(Noise::Static, 4)].into(), ..facts() }, "no endpoint"),
        ("still, found by a scanner", Facts { record: |it| it.noise = [(Noise::Scanner, 4)].into(), ..facts() }, by),
        ("still, called long ago", Facts { now: 160 + 31 * DAY, ..facts() }, by),
        (
            "still, open to whoever asks",
            Facts { record: |it| it.auth_ok = [(AuthScheme::None, 4)].into(), ..facts() },
            by,
        ),
    ]);
    table(&[
        ("it only refuses, on a host that tells paths apart", refused(), by),
        ("the host was never heard to say no", Facts { service: |it| it, ..refused() }, "unproven"),
        (
            "the host refuses what is not there likewise",
            Facts {
                service: |it| {
                    let mut it = says_404(it);
                    it.unknown_answers.insert(401, 9);
                    it
                },
                ..refused()
            },
            "unproven",
        ),
        ("only scanners asked", Facts { record: |it| it.scanner_only = true, ..refused() }, "unproven"),
        ("it is all noise", Facts { record: |it| it.noise = [(Noise::Scanner, 4)].into(), ..refused() }, "unproven"),
        ("still, if it answered once", Facts { statuses: &[(401, 4), (200, 1)], service: |it| it, ..refused() }, by),
    ]);
}

#[test]
fn shadow_by_unknown_method() {
    let facts = || Facts { line: "DELETE /a", ..Facts::default() };
    table(&[
        ("its path is declared for other methods", facts(), "shadow by shadow-unknown-method"),
        ("for this one", Facts { declared: Some(&["GET /a", "DELETE /a"]), ..facts() }, "matched"),
        ("for none", Facts { declared: Some(&["GET /b"]), ..facts() }, "shadow by shadow-unknown-path"),
        ("HEAD is GET", Facts { line: "HEAD /a", ..facts() }, "matched"),
        ("the host refuses the method", Facts { statuses: &[(405, 4)], ..facts() }, "no endpoint"),
    ]);
}

#[test]
fn shadow_by_unknown_version() {
    let facts = || Facts { line: "GET /v2/users", declared: Some(&["GET /v1/users"]), ..Facts::default() };
    table(&[
        ("its path is declared with another version", facts(), "shadow by shadow-unknown-version"),
        ("with this one too", Facts { declared: Some(&["GET /v1/users", "GET /v2/users"]), ..facts() }, "matched"),
        ("with none", Facts { declared: Some(&["GET /v1/orders"]), ..facts() }, "shadow by shadow-unknown-path"),
        ("an older spec declares it", Facts { retired: &["GET /v2/users"], ..facts() }, "zombie by zombie-removed"),
    ]);
}

#[test]
fn unmanaged() {
    let facts = || Facts { declared: None, ..Facts::default() };
    table(&[
        ("nothing was promised", facts(), "unmanaged"),
        ("something was", Facts { declared: Some(&[]), ..facts() }, "shadow by shadow-unknown-host"),
        ("the scope leaves it out", Facts { scope: &["a.example"], ..facts() }, "out_of_scope"),
        ("it is somebody else's", Facts { directions: &[(Direction::Outbound, 4)], ..facts() }, "third_party"),
        ("nobody has called it for long", Facts { now: 161 + 30 * DAY, ..facts() }, "dormant"),
    ]);
}

#[test]
fn zombie_by_each_way() {
    let deprecated = || Facts { declared: Some(&["GET /x deprecated"]), ..Facts::default() };
    let by = "zombie by zombie-deprecated";
    table(&[
        ("it answers and is declared deprecated", deprecated(), by),
        ("it is not deprecated", Facts { declared: Some(&["GET /x"]), ..deprecated() }, "matched"),
        ("still, if it refuses", Facts { statuses: &[(403, 4)], ..deprecated() }, by),
        (
            "it refuses scanners",
            Facts { statuses: &[(403, 4)], record: |it| it.scanner_only = true, ..deprecated() },
            "matched",
        ),
        ("it is gone", Facts { statuses: &[(410, 4)], ..deprecated() }, "no endpoint"),
        ("nothing answered", Facts { statuses: &[], record: |it| it.requests = 4, ..deprecated() }, "matched"),
        ("the scope leaves it out", Facts { scope: &["a.example"], ..deprecated() }, "out_of_scope"),
        (
            "still, at somebody else's, as the spec names it",
            Facts { directions: &[(Direction::Outbound, 4)], ..deprecated() },
            by,
        ),
        ("its callers are gone", Facts { now: 161 + 30 * DAY, ..deprecated() }, "dormant"),
    ]);
    let sunset = || Facts { declared: Some(&["GET /x until 1970-01-01"]), now: DAY, ..Facts::default() };
    table(&[
        ("its sunset has passed", sunset(), "zombie by zombie-sunset"),
        ("it has not", Facts { now: DAY - 1, ..sunset() }, "matched"),
        ("it has none", Facts { declared: Some(&["GET /x"]), ..sunset() }, "matched"),
        ("it is gone", Facts { statuses: &[(404, 4)], ..sunset() }, "no endpoint"),
        ("its callers are gone", Facts { now: 161 + 30 * DAY, ..sunset() }, "dormant"),
    ]);
    let removed = || Facts { retired: &["GET /x"], ..Facts::default() };
    let by = "zombie by zombie-removed";
    table(&[
        ("only an older spec declares it", removed(), by),
        ("a spec in force declares it too", Facts { declared: Some(&["GET /x"]), ..removed() }, "matched"),
        ("no older spec does", Facts { retired: &["GET /y"], ..removed() }, "shadow by shadow-unknown-path"),
        ("it is gone", Facts { statuses: &[(404, 4)], ..removed() }, "no endpoint"),
        (
            "it only refuses, as the host does whatever is asked",
            Facts { statuses: &[(401, 4)], ..removed() },
            "unproven",
        ),
        (
            "still, where the host tells paths apart",
            Facts { statuses: &[(401, 4)], service: says_404, ..removed() },
            by,
        ),
        ("the scope leaves it out", Facts { scope: &["a.example"], ..removed() }, "out_of_scope"),
        ("still, called long ago: it is nobody's", Facts { now: 161 + 30 * DAY, ..removed() }, by),
    ]);
}

#[test]
fn matched() {
    let facts = || Facts { declared: Some(&["GET /x"]), ..Facts::default() };
    table(&[
        ("a declared operation takes it", facts(), "matched"),
        ("none does", Facts { declared: Some(&["GET /y"]), ..facts() }, "shadow by shadow-unknown-path"),
        ("it is on another host", Facts { spec_host: on("a.example"), ..facts() }, "shadow by shadow-unknown-host"),
        (
            "it is deprecated",
            Facts { declared: Some(&["GET /x deprecated"]), ..facts() },
            "zombie by zombie-deprecated",
        ),
        ("nobody has called it for long", Facts { now: 161 + 30 * DAY, ..facts() }, "dormant"),
        ("still, on the day before", Facts { now: 160 + 30 * DAY, ..facts() }, "matched"),
        ("the scope leaves it out", Facts { scope: &["a.example"], ..facts() }, "out_of_scope"),
        (
            "still, if a static file were noise",
            Facts { record: |it| it.noise = [(Noise::Static, 4)].into(), ..facts() },
            "matched",
        ),
        ("it is not there", Facts { statuses: &[(404, 4)], ..facts() }, "no endpoint"),
        ("still, if it only refuses", Facts { statuses: &[(401, 4)], ..facts() }, "matched"),
    ]);
}

/// What every declaration of these tables demands.
fn promise_of() -> Sealed {
    Sealed::new(Contract { at: "#/x".to_owned(), ..Contract::default() })
}

/// So many exchanges of the operation did this, under this digest.
fn drifted(record: &mut Record, drift: Drift, seen: u64, digest: u64, forbidden: bool) {
    let fact = Fact { drift, of: Checked::Answers, forbidden, seen: "/response/200".into(), promised: "#/x".into() };
    record.drifts.push(DriftRecord { digest, fact, seen, of: 9, first: at(100), last: at(160) });
}

#[test]
fn drift() {
    let facts = || Facts {
        declared: Some(&["GET /x"]),
        record: |record| drifted(record, Drift::UndocumentedStatus, 1, promise_of().digest(), false),
        ..Facts::default()
    };
    let by = "drift by undocumented-status";
    table(&[
        ("its declaration takes it, and it differs from that", facts(), by),
        ("it differs in nothing", Facts { record: |_| (), ..facts() }, "matched"),
        (
            "it differed from a declaration that has changed since",
            Facts { record: |record| drifted(record, Drift::UndocumentedStatus, 1, 7, false), ..facts() },
            "matched",
        ),
        ("nothing declares it", Facts { declared: Some(&["GET /a"]), ..facts() }, "shadow by shadow-unknown-path"),
        (
            "it is deprecated",
            Facts { declared: Some(&["GET /x deprecated"]), ..facts() },
            "zombie by zombie-deprecated",
        ),
        ("the scope leaves it out", Facts { scope: &["a.example"], ..facts() }, "out_of_scope"),
        (
            "of the service as a whole alone",
            Facts { record: |record| drifted(record, Drift::Cleartext, 9, promise_of().digest(), false), ..facts() },
            "matched",
        ),
    ]);
    let field = |seen: u64, forbidden: bool| -> fn(&mut Record) {
        match (seen, forbidden) {
            (1, true) => |it| drifted(it, Drift::UndocumentedResponseField, 1, promise_of().digest(), true),
            (2, _) => |it| drifted(it, Drift::UndocumentedResponseField, 2, promise_of().digest(), false),
            _ => |it| drifted(it, Drift::UndocumentedResponseField, 3, promise_of().digest(), false),
        }
    };
    table(&[
        (
            "a field that nobody names nor forbids, three times",
            Facts { record: field(3, false), ..facts() },
            "drift by undocumented-response-field",
        ),
        ("twice", Facts { record: field(2, false), ..facts() }, "matched"),
        (
            "still, once, where it is forbidden",
            Facts { record: field(1, true), ..facts() },
            "drift by undocumented-response-field",
        ),
    ]);
}

#[test]
fn insufficient_evidence() {
    let facts = || Facts {
        line: "GET /users/{login}",
        declared: Some(&["GET /users/{id}", "GET /users/me"]),
        late: &["/users/me"],
        learned: Some(4),
        ..Facts::default()
    };
    let by = "insufficient_evidence";
    table(&[
        ("it was learned, and what falls under it was declared later", facts(), by),
        ("it was declared from the first", Facts { late: &[], ..facts() }, "matched"),
        ("another was declared later", Facts { late: &["/users/{id}"], ..facts() }, "matched"),
        ("it was never learned", Facts { learned: None, ..facts() }, "matched"),
        ("it stood for numbers alone", Facts { learned: Some(0), ..facts() }, "matched"),
        (
            "what was declared later has another method",
            Facts { declared: Some(&["GET /users/{id}", "PUT /users/me"]), ..facts() },
            "matched",
        ),
        (
            "nothing declared takes it",
            Facts { declared: Some(&["GET /users/me"]), ..facts() },
            "shadow by shadow-unknown-path",
        ),
        (
            "still, if it is deprecated",
            Facts { declared: Some(&["GET /users/{id} deprecated", "GET /users/me"]), ..facts() },
            by,
        ),
        ("the scope leaves it out", Facts { scope: &["a.example"], ..facts() }, "out_of_scope"),
        ("nobody has called it for long", Facts { now: 161 + 30 * DAY, ..facts() }, "dormant"),
    ]);
}

#[test]
fn third_party_out_of_scope_and_unproven() {
    let abroad = || Facts { host: "bank.example", directions: &[(Direction::Outbound, 4)], ..Facts::default() };
    let shadow = "shadow by shadow-unknown-host";
    table(&[
        ("it is called from here alone, and no spec names it", abroad(), "third_party"),
        ("a spec names it", Facts { spec_host: on("bank.example"), ..abroad() }, "shadow by shadow-unknown-path"),
        ("still, where a spec names no host", Facts { spec_host: HostPattern::Any, ..abroad() }, "third_party"),
        (
            "others call it",
            Facts { directions: &[(Direction::Transit, 1), (Direction::Outbound, 4)], ..abroad() },
            shadow,
        ),
        ("the scope leaves it out", Facts { scope: &["shop.example"], ..abroad() }, "out_of_scope"),
        ("an older spec names it", Facts { retired: &["GET /y"], ..abroad() }, shadow),
        ("still, called long ago", Facts { now: 161 + 30 * DAY, ..abroad() }, "third_party"),
    ]);
    let out = || Facts { scope: &["a.example"], ..Facts::default() };
    table(&[
        ("the scope leaves its host out", out(), "out_of_scope"),
        (
            "the scope takes it in",
            Facts { scope: &["a.example", "shop.example"], ..out() },
            "shadow by shadow-unknown-path",
        ),
        ("there is no scope", Facts { scope: &[], ..out() }, "shadow by shadow-unknown-path"),
    ]);
    let silent = || Facts { statuses: &[(503, 4)], ..Facts::default() };
    table(&[
        ("nothing takes it, and its answers prove nothing", silent(), "unproven"),
        ("they do", Facts { statuses: &[(503, 4), (200, 1)], ..silent() }, "shadow by shadow-unknown-path"),
        ("something takes it", Facts { declared: Some(&["GET /x"]), ..silent() }, "matched"),
        ("the host tells paths apart", Facts { service: says_404, ..silent() }, "shadow by shadow-unknown-path"),
        ("nobody has called it for long", Facts { now: 161 + 30 * DAY, ..silent() }, "dormant"),
    ]);
}

/// What became of `GET /never` beside operations that answered so often.
fn promise(
    answers: &[(&str, u64)],
    statuses: &[(u16, u64)],
    scope: &[&str],
    policy: &str,
    host: &str,
) -> (Promised, bool) {
    let lines = ["GET /a", "GET /b", "GET /c", "GET /never"];
    let index = index(vec![spec("spec.yaml", on("shop.example"), "", &lines)]);
    let mut operations: Vec<Operation> = answers.iter().map(|(line, n)| seen(line, &[(200, *n)])).collect();
    if !statuses.is_empty() {
        operations.push(seen("GET /never", statuses));
    }
    let snapshot: Snapshot = snapshot(vec![service(host, operations)]);
    let said = PolicyFile::parse("policy.toml", policy).unwrap();
    let scope: Vec<_> = scope.iter().map(|item| item.parse().unwrap()).collect();
    let policy = Policy::new(&scope, None, &said);
    let none = SpecIndex::default();
    let compared = compare_on(&policy.terms(&none, None), &snapshot, &index);
    let findings = judge(View { compared: &compared, policy: &policy, said: &said });
    let found = findings.iter().any(|finding| finding.rule.id == "orphan" && finding.subject.template == "/never");
    (compared.promises.last().unwrap().state, found)
}

#[test]
fn orphan_and_insufficient_evidence() {
    use Promised::{InsufficientEvidence, Met, Orphan, OutOfScope};
    const BUSY: &[(&str, u64)] = &[("GET /a", 10), ("GET /b", 5), ("GET /c", 5)];
    const SHOP: &str = "shop.example";
    for (why, answers, statuses, scope, policy, host, state) in [
        ("its host answered 20 times to 3 others", BUSY, &[][..], &[][..], "", SHOP, Orphan),
        ("it was called", BUSY, &[(200, 1)], &[], "", SHOP, Met),
        ("it refused", BUSY, &[(403, 1)], &[], "", SHOP, Met),
        ("it answered that it is not there", BUSY, &[(404, 1)], &[], "", SHOP, InsufficientEvidence),
        (
            "its host answered 19 times",
            &[("GET /a", 9), ("GET /b", 5), ("GET /c", 5)],
            &[],
            &[],
            "",
            SHOP,
            InsufficientEvidence,
        ),
        ("its host answered to 2 others", &[("GET /a", 90), ("GET /b", 5)], &[], &[], "", SHOP, InsufficientEvidence),
        ("its host was not seen", BUSY, &[], &[], "", "a.example", InsufficientEvidence),
        (
            "its host was not observed long enough",
            BUSY,
            &[],
            &[],
            "[thresholds]\norphan_window = '61s'",
            SHOP,
            InsufficientEvidence,
        ),
        ("it was, to the second", BUSY, &[], &[], "[thresholds]\norphan_window = '60s'", SHOP, Orphan),
        (
            "the policy asks for less",
            &[("GET /a", 1)],
            &[],
            &[],
            "[thresholds]\norphan_requests = 1\norphan_operations = 1",
            SHOP,
            Orphan,
        ),
        ("the scope leaves it out", BUSY, &[], &["a.example"], "", SHOP, OutOfScope),
    ] {
        assert_eq!(promise(answers, statuses, scope, policy, host), (state, state == Orphan), "{why}");
    }
}

#[test]
fn every_verdict_stands_in_a_table() {
    // Catches a verdict that is added without its rows.
    let text = include_str!("truth_tests.rs");
    for verdict in Verdict::ALL {
        let name = verdict.name();
        assert!(
            text.contains(&format!("\"{name}\")"))
                || text.contains(&format!("\"{name}\";"))
                || text.contains(&format!("\"{name} by ")),
            "{name}"
        );
    }
    for rule in rule_texts().filter(|rule| matches!(rule.kind, Kind::Shadow | Kind::Zombie)) {
        assert!(text.contains(&format!("by {}\"", rule.id)), "{}", rule.id);
    }
}
