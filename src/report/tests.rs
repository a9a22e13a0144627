//! The headline's figures, the verdicts, and what a report says that it assumed.

use super::*;
use crate::api::HostPattern;
use crate::diff::samples::*;
use crate::diff::{Existence, ScopeItem, compare};
use crate::findings::{Finding, Kind, Policy, View, judge};
use crate::inventory::Snapshot;
use crate::policy::PolicyFile;
use crate::spec::SpecIndex;

const LINES: [&str; 5] = ["GET /a", "GET /b", "GET /c", "GET /old deprecated", "GET /never"];

fn capture() -> CaptureSummary {
    CaptureSummary {
        payload: PayloadLedger {
            captured: 1100,
            parsed: 500,
            skipped: 100,
            opaque: 200,
            not_http: 100,
            duplicate: 100,
            discarded: 100,
            waiting: 0,
        },
        missing: MissingLedger { gaps: 60, cut: 40 },
        ..CaptureSummary::default()
    }
}

fn drawn<R>(snapshot: &Snapshot, index: &SpecIndex, scope: &[&str], look: impl FnOnce(&Report<'_>) -> R) -> R {
    let scope: Vec<ScopeItem> = scope.iter().map(|item| item.parse().unwrap()).collect();
    let policy = Policy { scope, ..Policy::default() };
    let compared = compare(snapshot, index, &policy.scope, policy.min_window);
    let findings = judge(View { compared: &compared, policy: &policy });
    look(&Report::draw_up(&compared, &findings, &capture(), &PolicyFile::default()))
}

fn json_of(report: &Report<'_>) -> serde_json::Value {
    let mut bytes = Vec::new();
    let json = REPORTERS.iter().find(|reporter| reporter.name() == "json").unwrap();
    json.write(report, Style { colour: false, width: 100 }, &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn town() -> Snapshot {
    snapshot(vec![
        says_404(service(
            "shop.example",
            vec![
                seen("GET /a", &[(200, 10)]),
                seen("GET /b", &[(200, 10)]),
                seen("GET /c", &[(500, 10)]),
                seen("GET /old", &[(200, 1)]),
                seen("POST /fees", &[(201, 5)]),
                seen("GET /slow", &[]),
                seen("GET /nothing", &[(404, 3)]),
            ],
        )),
        service("10.0.0.9", vec![seen("GET /a", &[(200, 3)]), seen("GET /x", &[(200, 4)])]),
        service("b.example", vec![seen("PUT /x", &[(405, 1)])]),
    ])
}

#[test]
fn a_third_party_has_a_row_of_its_own_and_is_not_unmanaged() {
    // Catches APIs of others in the headline, and ones that vanish because nobody judges them.
    let index = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
    let mut bank = service("bank.example", vec![seen("POST /pay", &[(201, 5)])]);
    bank.traffic.clients.directions = [(crate::api::Direction::Outbound, 5)].into();
    drawn(&snapshot(vec![bank]), &index, &[], |report| {
        assert_eq!((report.headline.shadow, report.headline.unmanaged_hosts), (0, 0));
        assert_eq!(report.endpoints.iter().map(|one| one.verdict).collect::<Vec<_>>(), [Verdict::ThirdParty]);
        assert_eq!(report.identities.third_parties[0].name, "http://bank.example");
        assert!(
            report.assumptions.iter().any(|line| line.contains("bank.example is counted")),
            "{:?}",
            report.assumptions
        );
    });
}

#[test]
fn what_others_reach_too_is_no_third_party_and_both_ways_are_told() {
    // Catches a shadow in the open that one call from inside makes somebody else's, and a change of mind that nobody is told of.
    use crate::api::Direction::{Internal, Outbound, Transit};
    let index = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
    let both = "from here and from elsewhere";
    for (ways, verdict, told) in [
        (vec![(Outbound, 1), (Transit, 300)], Verdict::Shadow, true),
        (vec![(Outbound, 300), (Transit, 1)], Verdict::Shadow, true),
        (vec![(Transit, 300)], Verdict::Shadow, false),
        (vec![(Outbound, 1), (Internal, 300)], Verdict::Shadow, false),
        (vec![(Outbound, 300)], Verdict::ThirdParty, false),
    ] {
        let mut mixed = service("mixed.example", vec![seen("GET /export", &[(200, 5)])]);
        mixed.traffic.clients.directions = ways.iter().copied().collect();
        drawn(&snapshot(vec![mixed]), &index, &[], |report| {
            assert_eq!(report.endpoints[0].verdict, verdict, "{ways:?}");
            let third = verdict == Verdict::ThirdParty;
            assert_eq!(report.identities.third_parties.len(), usize::from(third), "{ways:?}");
            let lines: Vec<_> = report.assumptions.iter().filter(|line| line.contains(both)).collect();
            assert_eq!(lines.iter().any(|line| line.contains("mixed.example, so it is")), told, "{ways:?}: {lines:?}");
        });
    }
}

#[test]
fn the_headline_counts_what_its_words_say() {
    let index = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
    drawn(&town(), &index, &[], |report| {
        let headline = &report.headline;
        assert!(headline.judged);
        assert_eq!((headline.shadow, headline.shadow_unmanaged, headline.unmanaged_hosts), (3, 2, 2));
        assert_eq!((headline.shadow_requests, headline.requests), (12, 51));
        assert_eq!((headline.zombie, headline.orphan, headline.insufficient_evidence), (1, 1, 0));
        assert_eq!((headline.matched, headline.endpoints), (3, 8));
        assert_eq!((headline.unread_bytes, headline.payload_bytes), (500, 1100));
        assert_eq!(
            headline.sentence(),
            "shadow 3 (2 of them on 1 unmanaged host), 23.53 % of all requests; zombie 1; orphan 1; 45.45 % of the payload \
             could not be read"
        );
    });
}

#[test]
fn endpoints_bear_verdicts_in_order() {
    let index = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
    drawn(&town(), &index, &[], |report| {
        let rows: Vec<String> = report
            .endpoints
            .iter()
            .map(|endpoint| {
                let operation = report.compared.pairings[endpoint.pairing].operation;
                assert_eq!(
                    endpoint.finding.map(|finding: &Finding| finding.kind),
                    match endpoint.verdict {
                        Verdict::Shadow => Some(Kind::Shadow),
                        Verdict::Zombie => Some(Kind::Zombie),
                        _ => None,
                    }
                );
                format!("{}{} {}", endpoint.service, operation.template, endpoint.verdict.name())
            })
            .collect();
        assert_eq!(
            rows,
            [
                "http://10.0.0.9/a shadow",
                "http://10.0.0.9/x shadow",
                "http://shop.example/a matched",
                "http://shop.example/b matched",
                "http://shop.example/c matched",
                "http://shop.example/fees shadow",
                "http://shop.example/old zombie",
                "http://shop.example/slow unproven",
            ]
        );
        assert_eq!(report.endpoints[7].existence, Existence::Unanswered);
    });
}

#[test]
fn without_a_spec_the_sentence_promises_nothing() {
    drawn(&town(), &index(Vec::new()), &[], |report| {
        assert!(report.endpoints.iter().all(|endpoint| endpoint.verdict == Verdict::Unmanaged));
        assert_eq!(
            report.headline.sentence(),
            "no spec was given, so nothing was promised: 8 endpoints on 3 unmanaged hosts; \
             45.45 % of the payload could not be read"
        );
        assert!(report.findings.is_empty() && report.assumptions.is_empty(), "{:?}", report.assumptions);
    });
}

#[test]
fn what_is_assumed_is_said_with_what_mends_it() {
    let mut town = town();
    town.bounds = [("inventory.level_words", 3)].into();
    let mut spec_of_all = spec("all.yaml", HostPattern::Any, "", &LINES);
    spec_of_all.warnings = vec!["line 4: an odd thing".to_owned()];
    drawn(&town, &index(vec![spec_of_all]), &[], |report| {
        assert_eq!(
            report.assumptions,
            [
                "all.yaml names no host: it was taken to cover every host that no other spec names \
                 (10.0.0.9, b.example, shop.example). --spec-host all.yaml=HOST says it exactly.",
                "all.yaml: line 4: an odd thing",
                "Bound inventory.level_words was met 3 times: paths were folded early.",
            ]
        );
    });
    let named = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
    drawn(&town, &named, &["10.0.0.9", "shop.example"], |report| {
        let [unmanaged, alias, scope, _bound] = report.assumptions.as_slice() else {
            panic!("{:?}", report.assumptions)
        };
        assert!(unmanaged.starts_with("No spec covers 10.0.0.9:"), "{unmanaged}");
        assert_eq!(
            alias,
            "10.0.0.9: 1 operation matches a declared one in method and path under another host. \
             --host-alias 10.0.0.9=shop.example would unite them."
        );
        assert_eq!(scope, "--scope leaves out 1 host with 1 request: listed, not judged.");
        assert_eq!((report.headline.unmanaged_hosts, report.headline.endpoints), (1, 8));
    });
}

#[test]
fn a_base_path_that_a_proxy_changed_is_told_with_its_figures() {
    // Catches operations that count as matched in silence, and a near miss without the flag that mends it.
    let lines = ["GET /a", "GET /a/{id}", "PUT /a/{id}", "GET /b", "GET /b/{id}", "GET /c"];
    let declared = index(vec![spec("shop.yaml", on("shop.example"), "/api", &lines)]);
    let host = |most| service("shop.example", lines.iter().take(most).map(|line| seen(line, &[(200, 2)])).collect());
    drawn(&snapshot(vec![host(6)]), &declared, &[], |report| {
        let want = "http://shop.example: 6 operations of shop.yaml with 12 requests answered under the base path \"/\" where \
                    \"/api\" is declared, and count as matched, as if a proxy changed it. --spec-base shop.yaml=/ makes it firm.";
        assert_eq!((report.headline.matched, report.headline.shadow), (6, 0));
        assert_eq!(report.assumptions, [want]);
        let json = json_of(report);
        let rebased = &json["services"][0]["rebased"][0];
        assert_eq!((&rebased["base_declared"], &rebased["operations"]), (&"/api".into(), &6.into()));
        assert_eq!((&rebased["counted"], &rebased["flag"]), (&true.into(), &"--spec-base shop.yaml=/".into()));
        assert_eq!(
            (&json["endpoints"][0]["base_observed"], &json["endpoints"][0]["declared"]["path"]),
            (&"/".into(), &"/a".into())
        );
    });
    drawn(&snapshot(vec![host(2)]), &declared, &[], |report| {
        assert_eq!((report.headline.matched, report.headline.shadow), (0, 2));
        let [line] = report.assumptions.as_slice() else { panic!("{:?}", report.assumptions) };
        assert!(line.contains("is not evidence enough. --spec-base shop.yaml=/ would unite them."), "{line}");
        let json = json_of(report);
        assert_eq!(json["services"][0]["rebased"][0]["counted"], false);
        assert_eq!(json["findings"][0]["reason"], "unknown-base-path");
        assert_eq!(json["findings"][0]["evidence"]["nearest"]["try_flag"], "--spec-base shop.yaml=/");
        assert_eq!(json["endpoints"][0]["nearest"]["spec_base"], "--spec-base shop.yaml=/");
    });
}

#[test]
fn a_share_is_never_rounded_to_nothing_or_to_all() {
    let sentence = |part, whole| {
        let headline = Headline { judged: true, shadow_requests: part, requests: whole, ..Headline::default() };
        headline.sentence()
    };
    for (part, whole, words) in [
        (0, 0, "0.00 %"),
        (0, 9, "0.00 %"),
        (1, 1_000_000, "<0.01 %"),
        (1, 3, "33.33 %"),
        (2, 3, "66.67 %"),
        (999_999, 1_000_000, ">99.99 %"),
        (u64::MAX, u64::MAX, "100.00 %"),
    ] {
        assert!(sentence(part, whole).contains(&format!("shadow 0, {words} of all")), "{}", sentence(part, whole));
    }
}

#[test]
fn the_report_does_not_show_the_order_of_services() {
    let index = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
    let told = |snapshot: &Snapshot| {
        drawn(snapshot, &index, &[], |report| {
            let endpoints: Vec<_> = report.endpoints.iter().map(|e| (&e.service, e.verdict, e.existence)).collect();
            format!("{:?} {:?} {:?} {endpoints:?}", report.headline, report.findings, report.assumptions)
        })
    };
    let mut shuffled = town();
    shuffled.services.reverse();
    assert_eq!(told(&town()), told(&shuffled));
}
