//! Every reason, both sides of the provisional rule, and an order that hangs on nothing.

use super::*;
use crate::api::{AuthScheme, Direction, HostPattern, Noise};
use crate::diff::samples::*;
use crate::diff::{Criterion, compare_on};
use crate::inventory::{Operation, Record, Service, Snapshot};
use crate::policy::PolicyFile;
use crate::spec::SpecIndex;

const LINES: [&str; 5] = ["GET /v1/users/{id}", "GET /v1/users", "GET /v1/a", "GET /v1/b", "GET /v1/old deprecated"];

fn shop() -> SpecIndex {
    index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)])
}

fn findings(snapshot: &Snapshot, index: &SpecIndex, scope: &[&str]) -> Vec<Finding> {
    let policy = Policy { scope: scope.iter().map(|item| item.parse().unwrap()).collect(), ..Policy::default() };
    let compared = compare_on(&policy.terms_alone(), snapshot, index);
    judge(View { compared: &compared, policy: &policy, said: &PolicyFile::default() })
}

/// What is found about one operation of a host.
fn about(host: &str, operation: Operation) -> Option<Finding> {
    let found = findings(&snapshot(vec![service(host, vec![operation])]), &shop(), &[]);
    assert!(found.len() < 2, "{found:?}");
    found.into_iter().next()
}

#[test]
fn each_shadow_has_its_reason() {
    let based = index(vec![spec("api.yaml", on("shop.example"), "/api", &["GET /users"])]);
    for (index, host, line, reason, failed) in [
        (&shop(), "pay.example", "GET /fees", Reason::UnknownHost, Criterion::Host),
        (&based, "shop.example", "GET /apiary/users", Reason::UnknownBasePath, Criterion::BasePath),
        (&shop(), "shop.example", "GET /v1/users/{id}/fees", Reason::UnknownPath, Criterion::Segment),
        (&shop(), "shop.example", "DELETE /v1/users/{number}", Reason::UnknownMethod, Criterion::Method),
        (&shop(), "shop.example", "GET /v2/users/{number}", Reason::UnknownVersion, Criterion::Version),
    ] {
        let found = findings(&snapshot(vec![service(host, vec![seen(line, &[(200, 4)])])]), index, &[]);
        let [shadow] = found.as_slice() else { panic!("{line}: {found:?}") };
        assert_eq!((shadow.kind, shadow.reason), (Kind::Shadow, Some(reason)), "{line}");
        assert_eq!(format!("{} {}", shadow.subject.method, shadow.subject.template), line);
        assert_eq!(shadow.evidence.confidence, "medium");
        assert_eq!((shadow.evidence.requests, shadow.evidence.clients), (4, 3));
        if let Some(near) = &shadow.evidence.nearest {
            assert_eq!(near.failed, failed, "{line}: {near:?}");
            assert!(near.line >= 10);
        } else {
            assert_eq!(reason, Reason::UnknownHost, "only a strange host may have no neighbour");
        }
    }
}

#[test]
fn a_near_miss_on_another_host_names_the_flag() {
    let shadow = about("10.0.0.7", seen("GET /v1/users/{number}", &[(200, 1)])).unwrap();
    let near = shadow.evidence.nearest.unwrap();
    assert_eq!(near.failed, Criterion::Host);
    assert_eq!(near.try_flag.as_deref(), Some("--host-alias 10.0.0.7=shop.example"));
    assert_eq!((near.spec.as_str(), near.operation.as_str()), ("shop.yaml", "GET /v1/users/{id}"));
    assert_eq!(shadow.evidence.confidence, "low");
}

#[test]
fn what_is_declared_or_not_there_is_no_shadow() {
    for (line, statuses) in [
        ("GET /v1/users/{number}", &[(200, 9)][..]),
        ("HEAD /v1/users", &[(200, 9)]),
        ("GET /x", &[(404, 9)]),
        ("GET /x", &[(410, 9)]),
        ("PUT /v1/users", &[(405, 9)]),
        ("BREW /v1/users", &[(501, 9)]),
        ("GET /x", &[]),
    ] {
        assert!(about("shop.example", seen(line, statuses)).is_none(), "{line} {statuses:?}");
    }
    let noise = seen_with("OPTIONS /v1/users", &[(204, 9)], |record| record.noise = [(Noise::Preflight, 9)].into());
    assert!(about("shop.example", noise).is_none());
}

#[test]
fn a_refusal_counts_where_the_host_tells_paths_apart() {
    let refused = |statuses: &[(u16, u64)], host: fn(Service) -> Service, change: fn(&mut Record)| {
        let operation = seen_with("GET /admin", statuses, change);
        findings(&snapshot(vec![host(service("shop.example", vec![operation]))]), &shop(), &[])
    };
    let found = refused(&[(401, 12), (404, 1)], says_404, |_| ());
    assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
    assert!(found[0].summary.contains("it answers 401"), "{}", found[0].summary);
    // The host was never heard to say that something is not there.
    assert!(refused(&[(401, 12)], |host| host, |_| ()).is_empty());
    // It says 401 to what it does not know, too: a gate.
    let gate = |host: Service| {
        let mut host = says_404(host);
        host.unknown_answers.insert(401, 30);
        host
    };
    assert!(refused(&[(401, 12)], gate, |_| ()).is_empty());
    assert_eq!(refused(&[(500, 12)], gate, |_| ()).len(), 1);
    // Only a scanner asked.
    assert!(refused(&[(401, 12)], says_404, |record| record.scanner_only = true).is_empty());
    assert!(refused(&[(401, 12)], says_404, |record| record.noise = [(Noise::Scanner, 12)].into()).is_empty());
    assert_eq!(
        refused(&[(401, 12)], says_404, |record| record.noise = [(Noise::Scanner, 11)].into()).len(),
        1,
        "somebody else asked for it too"
    );
    assert_eq!(
        refused(&[(200, 12)], says_404, |record| record.noise = [(Noise::Scanner, 12)].into()).len(),
        1,
        "what a scanner found is there"
    );
    assert_eq!(refused(&[(200, 1)], says_404, |record| record.scanner_only = true).len(), 1);
}

#[test]
fn severity_follows_the_table() {
    let open = |record: &mut Record| record.auth_ok = [(AuthScheme::None, 1)].into();
    let severity = |host, operation| about(host, operation).unwrap().severity;
    assert_eq!(severity("shop.example", seen("POST /x", &[(201, 1)])), Severity::High);
    assert_eq!(severity("shop.example", seen_with("GET /x", &[(200, 1)], open)), Severity::High);
    assert_eq!(severity("shop.example", seen("GET /x", &[(200, 1)])), Severity::Medium);
    assert_eq!(severity("pay.example", seen_with("GET /x", &[(200, 1)], open)), Severity::Medium);
    assert_eq!(severity("pay.example", seen("DELETE /x", &[(204, 1)])), Severity::High);
    assert_eq!(severity("shop.example", seen_with("OPTIONS /x", &[(200, 1)], open)), Severity::Info);
    assert_eq!(SEVERITIES.len(), 9, "a case without a row would be medium without a reason");
}

#[test]
fn a_deprecated_operation_with_callers_is_a_zombie() {
    let zombie = about("shop.example", seen("GET /v1/old", &[(200, 12)])).unwrap();
    assert_eq!((zombie.kind, zombie.severity, zombie.reason), (Kind::Zombie, Severity::Medium, None));
    assert_eq!((zombie.evidence.declared.unwrap().line, zombie.evidence.confidence), (14, "high"));
    let refused = about("shop.example", seen("GET /v1/old", &[(403, 1)])).unwrap();
    assert_eq!((refused.kind, refused.severity), (Kind::Zombie, Severity::Low));
    for statuses in [&[(404, 1)][..], &[(405, 1)], &[]] {
        assert!(about("shop.example", seen("GET /v1/old", statuses)).is_none(), "{statuses:?}");
    }
    let scanned = seen_with("GET /v1/old", &[(403, 1)], |record| record.scanner_only = true);
    assert!(about("shop.example", scanned).is_none());
}

fn busy(host: &str) -> Service {
    service(host, ["GET /v1/users", "GET /v1/a", "GET /v1/b"].map(|line| seen(line, &[(200, 9)])).into())
}

#[test]
fn an_orphan_rests_on_its_neighbours() {
    let found = findings(&snapshot(vec![busy("shop.example")]), &shop(), &[]);
    let orphans: Vec<_> = found.iter().map(|f| (f.kind, f.severity, f.subject.template.as_str())).collect();
    let orphan = |template| (Kind::Orphan, Severity::Low, template);
    assert_eq!(orphans, [orphan("/v1/old"), orphan("/v1/users/{id}")]);
    let evidence = &found[1].evidence;
    assert_eq!((evidence.requests, evidence.first, evidence.last), (0, Some(at(100)), Some(at(160))));
    assert_eq!((found[1].subject.service.as_str(), evidence.confidence), ("shop.example", "high"));
    assert!(evidence.notes[0].contains("27 requests"), "{:?}", evidence.notes);
}

#[test]
fn an_operation_that_two_specs_miss_is_one_orphan() {
    let twice =
        index(vec![spec("a.yaml", on("shop.example"), "", &LINES), spec("b.yaml", on("shop.example"), "", &LINES)]);
    let found = findings(&snapshot(vec![busy("shop.example")]), &twice, &[]);
    assert_eq!(found.len(), 2);
    assert!(found[0].evidence.notes.iter().any(|note| note.contains("also declared in b.yaml, line 14")));
}

#[test]
fn head_and_get_of_a_shadow_are_one_finding() {
    let host = service("shop.example", vec![seen("GET /x", &[(200, 2)]), seen("HEAD /x", &[(200, 1), (304, 1)])]);
    let found = findings(&snapshot(vec![host]), &shop(), &[]);
    assert_eq!((found.len(), found[0].subject.method.as_str(), found[0].evidence.requests), (1, "GET", 4));
    assert_eq!(found[0].evidence.confidence, "medium");
}

#[test]
fn nobody_is_a_shadow_without_a_spec_or_out_of_scope() {
    let seen = snapshot(vec![service("pay.example", vec![seen("POST /x", &[(200, 9)])]), busy("shop.example")]);
    assert!(findings(&seen, &index(Vec::new()), &[]).is_empty());
    assert!(findings(&seen, &shop(), &["shop.example"]).iter().all(|finding| finding.kind == Kind::Orphan));
    assert_eq!(findings(&seen, &shop(), &["pay.example"]).len(), 1);
}

#[test]
fn what_is_only_called_from_here_is_a_third_party_and_no_shadow() {
    let called = |host: &str, directions: &[(Direction, u64)]| {
        let mut service = service(host, vec![seen("POST /x", &[(200, 9)])]);
        service.traffic.clients.directions = directions.iter().copied().collect();
        service
    };
    let shadows = |directions: &[(Direction, u64)], host: &str, index: &SpecIndex| {
        let found = findings(&snapshot(vec![called(host, directions)]), index, &[]);
        found.iter().filter(|finding| finding.kind == Kind::Shadow).count()
    };
    assert_eq!(shadows(&[(Direction::Outbound, 9)], "bank.example", &shop()), 0);
    // Catches a name that one call abroad makes somebody else's, and APIs of others that a spec declares and nobody judges.
    assert_eq!(shadows(&[(Direction::Outbound, 9), (Direction::Internal, 1)], "bank.example", &shop()), 1);
    assert_eq!(shadows(&[(Direction::Outbound, 9), (Direction::Inbound, 1)], "bank.example", &shop()), 1);
    // Catches a shadow in the open that one call from inside hides: whoever can make that call would.
    assert_eq!(shadows(&[(Direction::Outbound, 1), (Direction::Transit, 300)], "bank.example", &shop()), 1);
    assert_eq!(shadows(&[(Direction::Outbound, 300), (Direction::Transit, 1)], "bank.example", &shop()), 1);
    assert_eq!(shadows(&[(Direction::Outbound, 9), (Direction::Transit, 0)], "bank.example", &shop()), 0, "nobody");
    assert_eq!(shadows(&[(Direction::Inbound, 9)], "bank.example", &shop()), 1);
    assert_eq!(shadows(&[(Direction::Transit, 9)], "bank.example", &shop()), 1);
    assert_eq!(shadows(&[(Direction::Outbound, 9)], "shop.example", &shop()), 1, "its host is declared");
    // A spec that names no host is taken for one of one's own.
    let assumed = index(vec![spec("any.yaml", HostPattern::Any, "", &["GET /y"])]);
    assert_eq!(shadows(&[(Direction::Outbound, 9)], "bank.example", &assumed), 0);
    assert_eq!(shadows(&[(Direction::Inbound, 9)], "bank.example", &assumed), 1);
}

#[test]
fn order_follows_weight_and_not_arrival() {
    let open = |record: &mut Record| record.auth_ok = [(AuthScheme::None, 1)].into();
    let mut services = vec![
        busy("shop.example"),
        service("pay.example", vec![seen("POST /x", &[(200, 1)]), seen("GET /y", &[(200, 50)])]),
        service("a.example", vec![seen("POST /x", &[(200, 1)]), seen_with("GET /y", &[(200, 1)], open)]),
    ];
    let spec = || index(vec![spec("s.yaml", on("shop.example"), "", &LINES)]);
    let sorted = findings(&Snapshot { services: services.clone(), ..Snapshot::default() }, &spec(), &[]);
    let order: Vec<_> =
        sorted.iter().map(|f| format!("{} {}{}", f.severity.name(), f.subject.service, f.subject.template)).collect();
    assert_eq!(
        order,
        [
            "high http://a.example/x",
            "high http://pay.example/x",
            "medium http://pay.example/y",
            "medium http://a.example/y",
            "low shop.example/v1/old",
            "low shop.example/v1/users/{id}",
        ]
    );
    for turn in 0..3 {
        services.rotate_left(1);
        if turn == 1 {
            services.swap(0, 1);
        }
        let shuffled = findings(&Snapshot { services: services.clone(), ..Snapshot::default() }, &spec(), &[]);
        assert_eq!(format!("{sorted:?}"), format!("{shuffled:?}"));
    }
}

#[test]
fn an_id_is_pinned_and_hangs_on_every_part() {
    // Catches a digest that changes between builds: ids are kept in people's ticket systems.
    let shadow = about("shop.example", seen("POST /x", &[(201, 1)])).unwrap();
    let subject = shadow.subject;
    assert_eq!(shadow.id, "1ccb2749bdf01596");
    let other = Subject { method: "POST/".to_owned(), template: "x".to_owned(), ..subject.clone() };
    let ids = [subject.id(Kind::Zombie), other.id(Kind::Shadow), shadow.id];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

#[test]
fn a_spec_without_a_host_calls_nobody_unmanaged() {
    let any = index(vec![spec("s.yaml", HostPattern::Any, "", &LINES)]);
    let found = findings(&snapshot(vec![service("10.0.0.7", vec![seen("GET /x", &[(200, 1)])])]), &any, &[]);
    assert_eq!((found.len(), found[0].reason), (1, Some(Reason::UnknownPath)));
    assert!(found[0].evidence.notes.iter().any(|note| note.contains("names no host")));
}

/// What is found under a policy file.
fn findings_with(snapshot: &Snapshot, index: &SpecIndex, policy: &str) -> Vec<Finding> {
    let said = PolicyFile::parse("policy.toml", policy).unwrap();
    let policy = Policy::default();
    let compared = compare_on(&policy.terms_alone(), snapshot, index);
    judge(View { compared: &compared, policy: &policy, said: &said })
}

#[test]
fn what_to_do_next_names_the_flag_the_line_and_the_owner() {
    // Catches advice that could stand under any finding.
    const OWNER: &str = "[[owner]]\nname = 'users team'\npaths = ['/v1/users', '/v2/users', '/v1/old']\n";
    let based = index(vec![spec("api.yaml", on("shop.example"), "/api", &["GET /users"])]);
    for (index, host, line, rule, names) in [
        (
            &shop(),
            "pay.example",
            "GET /fees",
            "shadow-unknown-host",
            &["whoever runs http://pay.example", "--spec", "--scope"][..],
        ),
        (
            &shop(),
            "10.0.0.7",
            "GET /v1/users/{n}",
            "shadow-unknown-host",
            &["--host-alias 10.0.0.7=shop.example", "users team"],
        ),
        (&based, "shop.example", "GET /apiary/x", "shadow-unknown-base-path", &["api.yaml", "servers"]),
        (
            &shop(),
            "shop.example",
            "GET /v1/users/{n}/fees",
            "shadow-unknown-path",
            &["users team", "shop.yaml (line 10"],
        ),
        (
            &shop(),
            "shop.example",
            "DELETE /v1/users/{n}",
            "shadow-unknown-method",
            &["DELETE", "405", "shop.yaml (line 10"],
        ),
        (
            &shop(),
            "shop.example",
            "GET /v2/users/{n}",
            "shadow-unknown-version",
            &["users team", "version", "shop.yaml (line 10"],
        ),
        (
            &shop(),
            "shop.example",
            "GET /v1/old",
            "zombie-deprecated",
            &["Ask users team to move its 3 clients", "shop.yaml, line 14"],
        ),
    ] {
        let found = findings_with(&snapshot(vec![service(host, vec![seen(line, &[(200, 4)])])]), index, OWNER);
        let [finding] = found.as_slice() else { panic!("{line}: {found:?}") };
        assert_eq!((finding.rule.id, finding.rule.kind), (rule, finding.kind), "{line}");
        for name in names {
            assert!(finding.next.contains(name), "{line}: {name} is not in: {}", finding.next);
        }
    }
    let silent = findings_with(&snapshot(vec![busy("shop.example")]), &shop(), OWNER);
    assert!(silent.iter().all(|orphan| orphan.rule.id == "orphan" && orphan.next.starts_with("Ask users team for it")));
    assert!(silent[0].next.contains("shop.yaml, line 14"), "{}", silent[0].next);
    let silent = findings_with(&snapshot(vec![busy("shop.example")]), &shop(), "");
    assert!(silent.iter().all(|orphan| orphan.next.starts_with("Look for it in the code")), "nobody owns it");
}

#[test]
fn parts_of_one_subject_are_findings_of_their_own() {
    // Catches a part that does not go into the fingerprint, and an empty one that does: old reports would not compare.
    let subject = about("shop.example", seen("POST /x", &[(201, 1)])).unwrap().subject;
    assert_eq!(subject.id_of(Kind::Shadow, ""), subject.id(Kind::Shadow));
    let ids = ["", "query page", "query pages"].map(|part| subject.id_of(Kind::Zombie, part));
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

#[test]
fn the_policy_says_how_bad_a_finding_is() {
    // Catches a rule that is asked of all or of none, and one that goes by kind where it names a rule.
    let town = || {
        let odd = |line| seen(line, &[(200, 4)]);
        snapshot(vec![
            service("shop.example", vec![odd("GET /v1/x"), odd("DELETE /v1/users"), odd("GET /v1/old")]),
            service("pay.example", vec![odd("GET /v1/x")]),
        ])
    };
    let told = |policy: &str| -> Vec<String> {
        let found = findings_with(&town(), &shop(), policy);
        let mut told: Vec<_> = found
            .iter()
            .map(|f| format!("{} {}{}", f.severity.name(), f.place.service.host, f.subject.template))
            .collect();
        told.sort();
        told
    };
    let rule = |rule: &str, severity: &str, more: &str| {
        format!("[[severity]]\nrule = '{rule}'\nseverity = '{severity}'\n{more}\n")
    };
    let usual = [
        "high shop.example/v1/users",
        "medium pay.example/v1/x",
        "medium shop.example/v1/old",
        "medium shop.example/v1/x",
    ];
    assert_eq!(told(""), usual);
    let by_rule = [
        "high shop.example/v1/users",
        "low shop.example/v1/x",
        "medium pay.example/v1/x",
        "medium shop.example/v1/old",
    ];
    assert_eq!(told(&rule("shadow-unknown-path", "low", "")), by_rule);
    let by_kind =
        ["info pay.example/v1/x", "info shop.example/v1/users", "info shop.example/v1/x", "medium shop.example/v1/old"];
    assert_eq!(told(&rule("shadow", "info", "")), by_kind);
    let by_host = [
        "high shop.example/v1/users",
        "info pay.example/v1/x",
        "medium shop.example/v1/old",
        "medium shop.example/v1/x",
    ];
    assert_eq!(told(&rule("shadow", "info", "hosts = ['pay.example']")), by_host);
    let by_path =
        ["low shop.example/v1/old", "low shop.example/v1/users", "medium pay.example/v1/x", "medium shop.example/v1/x"];
    let narrow = rule("shadow", "low", "paths = ['/v1/users']") + &rule("zombie-deprecated", "low", "");
    assert_eq!(told(&narrow), by_path);
    let found = findings_with(&town(), &shop(), &rule("zombie", "high", ""));
    for finding in &found {
        let told = finding.evidence.notes.iter().any(|note| note == "high: the policy says so (line 2)");
        assert_eq!(told, finding.kind == Kind::Zombie, "{finding:?}");
    }
}

#[test]
fn thresholds_of_the_policy_make_orphans_and_unmake_them() {
    let orphans = |text: &str| {
        let said = PolicyFile::parse("policy.toml", text).unwrap();
        let policy = Policy::new(&[], None, &said);
        let (seen, index) = (snapshot(vec![busy("shop.example")]), shop());
        let compared = compare_on(&policy.terms_alone(), &seen, &index);
        judge(View { compared: &compared, policy: &policy, said: &said }).len()
    };
    // 27 answers to three operations in a minute.
    for (text, found) in [
        ("", 2),
        ("orphan_requests = 27", 2),
        ("orphan_requests = 28", 0),
        ("orphan_operations = 4", 0),
        ("orphan_window = '60s'", 2),
        ("orphan_window = '61s'", 0),
    ] {
        assert_eq!(orphans(&format!("[thresholds]\n{text}\n")), found, "{text}");
    }
}
