//! `endpoints` and `show` on a report as `replay` writes it.

use std::process::Stdio;

use crate::common::{captures, said, shadowtap, spec};

fn report() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("report.json").display().to_string();
    let [capture, spec] = [captures().join("payments.pcap"), spec()].map(|path| path.display().to_string());
    let output = shadowtap(&["replay", "-q", &capture, "--spec", &spec, "--format", "json", "-o", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    (folder, file)
}

#[test]
fn endpoints_are_listed_and_told_from_a_report() {
    let (_folder, file) = report();
    let listed = shadowtap(&["endpoints", &file, "--state", "shadow", "--method", "get"]);
    let text = String::from_utf8(listed.stdout.clone()).expect("UTF-8");
    assert_eq!(listed.status.code(), Some(0), "{}", said(&listed));
    assert!(text.contains("GET /v1/debug/config") && !text.contains("POST ") && !text.contains('\u{1b}'), "{text}");
    let told = shadowtap(&["show", &file, "GET /v1/customers/42"]);
    let text = String::from_utf8(told.stdout.clone()).expect("UTF-8");
    assert_eq!(told.status.code(), Some(0), "{}", said(&told));
    assert!(text.starts_with("GET /v1/customers/{customerId}\n") && text.contains("python-requests"), "{text}");
}

#[test]
fn what_cannot_be_told_exits_with_2_and_says_why() {
    let (_folder, file) = report();
    for (args, wanted) in [
        (["show", &file, "GET /v1/customerz"], "nearest: GET /v1/customers"),
        (["show", &file, "/v1/payments"], "2 endpoints are called '/v1/payments'"),
        (["show", "/nowhere/report.json", "GET /a"], "/nowhere/report.json"),
    ] {
        let output = shadowtap(&args);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(wanted) && output.stdout.is_empty(), "{}", said(&output));
    }
    for (flag, wanted) in
        [("--class", "no data class is called 'nonsense'"), ("--state", "no verdict or state is called 'nonsense'")]
    {
        let output = shadowtap(&["endpoints", &file, flag, "nonsense"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(wanted) && output.stdout.is_empty(), "{}", said(&output));
    }
}

#[test]
fn a_report_comes_through_a_pipe() {
    let (_folder, file) = report();
    let stdin = Stdio::from(std::fs::File::open(&file).expect("readable"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_shadowtap"))
        .args(["endpoints", "-"])
        .stdin(stdin)
        .output()
        .expect("runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("endpoints\n"), "{}", said(&output));
}
