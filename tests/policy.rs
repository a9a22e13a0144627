//! A policy file as users meet it: pins name paths and declare nothing, errors say where.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::common::{captures, said, shadowtap, spec};

/// Replays the demo captures' main one under a policy; the JSON report.
fn replayed(policy: &str) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).expect("writable");
    let output = replay(&file, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn replay(policy: &std::path::Path, more: &[&str]) -> std::process::Output {
    let [capture, spec, policy]: [PathBuf; 3] = [captures().join("payments.pcap"), spec(), policy.to_owned()];
    let [capture, spec, policy] = [&capture, &spec, &policy].map(|path| path.to_str().expect("UTF-8"));
    shadowtap(&[&["replay", "-q", capture, "--spec", spec, "--policy", policy], more].concat())
}

fn templates(report: &Value, verdict: &str) -> Vec<String> {
    let endpoints = report["endpoints"].as_array().expect("a list").iter();
    let texts = endpoints
        .filter(|endpoint| endpoint["verdict"] == verdict)
        .map(|endpoint| format!("{} {}", endpoint["method"], endpoint["template"]).replace('"', ""));
    texts.collect()
}

#[test]
fn a_pin_of_a_policy_names_a_shadow_and_does_not_hide_it() {
    // Catches a policy pin that counts as a declaration, and one that takes paths from a spec.
    let plain = replayed("");
    let pinned =
        replayed("[[template]]\nhost = 'api.pay.example'\npin = '/v1/debug/{what}'\n[[template]]\npin = '/v1/{any}'\n");
    assert!(templates(&plain, "shadow").contains(&"GET /v1/debug/config".to_owned()));
    assert!(
        templates(&pinned, "shadow").contains(&"GET /v1/debug/{what}".to_owned()),
        "{:?}",
        templates(&pinned, "shadow")
    );
    assert_eq!(templates(&plain, "matched"), templates(&pinned, "matched"), "what is declared stays as it is declared");
    for figure in ["shadow", "zombie", "orphan", "requests"] {
        assert_eq!(plain["headline"][figure], pinned["headline"][figure], "{figure}");
    }
}

#[test]
fn a_policy_that_makes_no_sense_ends_it_with_the_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    fs::write(&file, "[[owner]]\nname = 'cards'\nhost = 'pay.example'\n").expect("writable");
    let output = replay(&file, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("policy.toml:3: unknown field `host`"), "{}", said(&output));
    assert!(output.stdout.is_empty(), "nothing was read");
}

#[test]
fn watch_and_check_refuse_it_before_they_listen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    fs::write(&file, "[[network]]\nname = 'a'\ncidr = '10.0.0.0/33'\n").expect("writable");
    let policy = file.to_str().expect("UTF-8");
    for command in ["watch", "check"] {
        let output = shadowtap(&[command, "-i", "no-such-interface", "--policy", policy]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("policy.toml:3: '10.0.0.0/33' is no network"), "{}", said(&output));
    }
}

#[test]
fn no_report_is_written_over_the_policy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    fs::write(&file, "").expect("writable");
    let output = replay(&file, &["--format", "json", "-o", file.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(fs::read_to_string(&file).expect("still there"), "");
}

#[test]
fn networks_environments_and_owners_stand_in_the_report() {
    let plain = replayed("");
    let named = replayed(
        "[[network]]\nname = 'bank'\ncidrs = ['0.0.0.0/0', '::/0']\nkind = 'external'\n\
         [[environment]]\nname = 'production'\nhosts = ['*.pay.example']\n\
         [[owner]]\nname = 'cards team'\nhosts = ['api.pay.example']\npaths = ['/v1/customers']\n\
         [[owner]]\nname = 'platform'\npaths = ['/']\n",
    );
    let clients = |report: &Value| report["services"][0]["client_classes"].clone();
    assert_eq!(clients(&plain)["directions"].as_object().map(|all| all.contains_key("internal")), Some(true));
    assert_eq!(
        clients(&named)["networks"].as_object().map(|all| all.keys().cloned().collect()),
        Some(vec!["bank".to_owned()])
    );
    assert!(clients(&named)["directions"]["transit"].as_u64() > Some(0), "{}", clients(&named));
    for service in named["services"].as_array().expect("a list") {
        assert_eq!((&service["environment"], &service["owner"]), (&"production".into(), &"platform".into()));
    }
    for endpoint in named["endpoints"].as_array().expect("a list") {
        let begins = endpoint["template"].as_str().is_some_and(|text| text.starts_with("/v1/customers"));
        assert_eq!(endpoint["owner"], if begins { "cards team" } else { "platform" }, "{}", endpoint["template"]);
    }
}

#[test]
fn what_fails_a_run_stands_in_the_policy_unless_a_flag_says_otherwise() {
    // Catches a policy that fails nothing, one that a flag adds to, and severities that come after the verdict.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    let code = |policy: &str, more: &[&str]| {
        fs::write(&file, policy).expect("writable");
        replay(&file, more).status.code()
    };
    assert_eq!(code("", &[]), Some(0));
    assert_eq!(code("fail_on = ['shadow-unknown-host']", &[]), Some(1));
    assert_eq!(code("fail_on = ['zombie']", &["--fail-on", "none"]), Some(0), "the flag goes before it");
    assert_eq!(code("fail_on = []", &["--fail-on", "zombie-deprecated"]), Some(1));
    let all = "[[severity]]\nrule = 'shadow'\nseverity = 'info'\n[[severity]]\nrule = 'zombie'\nseverity = 'info'\n\
               [[severity]]\nrule = 'drift'\nseverity = 'info'\n";
    assert_eq!(code(&format!("fail_on = ['medium']\n{all}"), &[]), Some(0));
    assert_eq!(code("fail_on = ['medium']", &[]), Some(1));
    fs::write(&file, "fail_on = ['shadow', 'zombies']").expect("writable");
    let output = replay(&file, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("policy.toml:1: 'zombies' is neither"), "{}", said(&output));
}

#[test]
fn a_retired_spec_makes_zombies_of_what_still_answers() {
    // Catches an older spec that counts as one in force, that makes orphans, or that loses the template of what it declares.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let older = folder.path().join("payments.yaml");
    let text = "openapi: 3.0.3\ninfo: {title: Old, version: '0'}\nservers: [{url: 'https://api.pay.example'}]\npaths:\n  \
                /v1/internal/users/{login}: {get: {responses: {}}}\n  /v2/payments: {get: {responses: {}}}\n  \
                /v0/silent: {get: {responses: {}}}\n";
    fs::write(&older, text).expect("writable");
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, "").expect("writable");
    let report = |more: &[&str]| -> Value {
        let output = replay(&policy, &[&["--format", "json"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let (plain, with) = (report(&[]), report(&["--retired-spec", older.to_str().expect("UTF-8")]));
    let removed = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().expect("a list").iter();
        let removed = findings.filter(|finding| finding["rule"] == "zombie-removed");
        removed.map(|finding| format!("{} {}", finding["method"], finding["template"]).replace('"', "")).collect()
    };
    assert_eq!(removed(&plain), Vec::<String>::new());
    assert_eq!(removed(&with), ["GET /v1/internal/users/{login}", "GET /v2/payments"]);
    let figure = |report: &Value, name: &str| report["headline"][name].as_u64().expect("a number");
    assert_eq!(figure(&with, "shadow") + 2, figure(&plain, "shadow"));
    assert_eq!(figure(&with, "zombie"), figure(&plain, "zombie") + 2);
    assert_eq!(figure(&with, "orphan"), figure(&plain, "orphan"));
    assert_eq!(plain["declared"], with["declared"]);
    assert!(plain.get("retired_specs").is_none());
    assert_eq!(with["retired_specs"][0]["name"], "payments.yaml (retired)");
    let alone = shadowtap(&["replay", "x.pcap", "--retired-spec", older.to_str().expect("UTF-8")]);
    assert_eq!(alone.status.code(), Some(2), "older than what?");
}

#[test]
fn suppressions_are_told_apart_and_fail_no_run() {
    // Catches a suppression that hides what it takes, and one that takes nothing and is not told.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let policy = folder.path().join("policy.toml");
    let file = folder.path().join("suppress.toml");
    fs::write(&policy, "fail_on = ['shadow-unknown-host']").expect("writable");
    let text = "[[suppress]]\nrule = 'shadow-unknown-host'\nhost = 'legacy.pay.example'\nreason = 'gone by spring'\nowner = 'legacy team'\n\
                expires = 2099-12-31\n[[suppress]]\nrule = 'orphan'\npath = '/v1/nowhere'\nreason = 'r'\nowner = 'o'\n";
    fs::write(&file, text).expect("writable");
    let flags = ["--suppressions", file.to_str().expect("UTF-8")];
    assert_eq!(replay(&policy, &[]).status.code(), Some(1));
    let output = replay(&policy, &[&flags[..], &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let suppressed = report["suppressed"].as_array().expect("a list");
    assert_eq!((suppressed.len() as u64, report["headline"]["suppressed"].as_u64()), (2, Some(2)));
    for finding in suppressed {
        assert_eq!(finding["rule"], "shadow-unknown-host");
        assert_eq!(finding["suppression"]["reason"], "gone by spring");
        assert_eq!(finding["suppression"]["expires"], "2099-12-31");
        let endpoints = report["endpoints"].as_array().expect("a list");
        let endpoint = endpoints.iter().find(|it| it["finding"] == finding["id"]).expect("its endpoint");
        assert_eq!(endpoint["verdict"], "shadow", "what is there is there");
    }
    let idle = "Suppresses nothing: line 8 of suppress.toml.".to_owned();
    let assumptions = report["assumptions"].as_array().expect("a list");
    assert!(assumptions.iter().any(|it| it.as_str().is_some_and(|it| it.starts_with(&idle))), "{assumptions:?}");
    let text = String::from_utf8(replay(&policy, &flags).stdout).expect("UTF-8");
    assert!(
        text.contains("Suppressed (2)") && text.contains("gone by spring (legacy team, until 2099-12-31)"),
        "{text}"
    );
    fs::write(&file, "[[suppress]]\nrule = 'orphans'\nreason = 'r'\nowner = 'o'\n").expect("writable");
    let output = replay(&policy, &flags);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("suppress.toml:2: 'orphans' is neither a rule nor a kind; perhaps orphan"),
        "{}",
        said(&output)
    );
}
