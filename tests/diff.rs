//! `shadowtap diff` on reports that the real binary wrote.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{captures, said, shadowtap};

/// A report of some captures, in a folder.
fn report(folder: &Path, name: &str, of: &[&str], more: &[&str]) -> PathBuf {
    let file = folder.join(name);
    let files: Vec<String> = of.iter().map(|name| captures().join(name).display().to_string()).collect();
    let mut args: Vec<&str> = vec!["replay", "-q"];
    args.extend(files.iter().map(String::as_str));
    let (spec, out) = (captures().join("payments.yaml").display().to_string(), file.display().to_string());
    args.extend(["--spec", &spec, "--format", "json", "-o", &out]);
    args.extend(more);
    let output = shadowtap(&args);
    assert!(output.status.success(), "{}", said(&output));
    file
}

fn diff(old: &Path, new: &Path, more: &[&str]) -> std::process::Output {
    let (old, new) = (old.display().to_string(), new.display().to_string());
    shadowtap(&[&["diff", &old, &new], more].concat())
}

#[test]
fn the_same_traffic_differs_in_nothing_and_more_of_it_in_what_it_shows() {
    // Catches a difference by workers or counts, one that is silent, and an exit code that looks at what is gone.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = report(folder.path(), "whole.json", &["payments.pcap"], &[]);
    let again = report(folder.path(), "again.json", &["payments.pcap"], &["--workers", "4"]);
    let less = report(folder.path(), "less.json", &["ipv6.pcap"], &[]);
    let same = diff(&whole, &again, &["--fail-on", "info"]);
    assert_eq!((same.status.code(), String::from_utf8_lossy(&same.stdout).trim()), (Some(0), "nothing differs"));

    let more = diff(&less, &whole, &["--fail-on", "shadow"]);
    let text = String::from_utf8_lossy(&more.stdout).into_owned();
    assert_eq!(more.status.code(), Some(1), "{text}");
    for line in ["New findings (", "New endpoints (", "GET /v1/debug/config"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(diff(&whole, &less, &["--fail-on", "shadow"]).status.code(), Some(0), "what is gone fails nothing");

    let output = diff(&less, &whole, &["--format", "json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&told["schema"], &told["schema_version"]), (&"shadowtap-diff".into(), &1.into()));
    let back: Value = serde_json::from_slice(&diff(&whole, &less, &["--format", "json"]).stdout).expect("JSON");
    for part in ["endpoints", "findings"] {
        assert!(told[part]["new"].as_array().is_some_and(|new| !new.is_empty()), "{part}");
        assert_eq!(told[part]["new"], back[part]["gone"], "{part}: what is new one way is gone the other");
    }
}

#[test]
fn what_is_no_report_is_one_clear_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (good, bad) = (folder.path().join("good.json"), folder.path().join("bad.json"));
    fs::write(&good, r#"{"schema":"shadowtap-report","schema_version":1}"#).expect("writable");
    fs::write(&bad, "{}").expect("writable");
    let output = diff(&good, &bad, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("bad.json") && said(&output).contains("--format json writes one"),
        "{}",
        said(&output)
    );
    let stdin = shadowtap(&["diff", "-", "-"]);
    assert!(stdin.status.code() == Some(2) && said(&stdin).contains("both reports are stdin"), "{}", said(&stdin));
}
