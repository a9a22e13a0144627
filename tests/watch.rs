//! `watch`, `check` and `interfaces` as far as they can be tried without a wire and without rights: what is refused, and how.
//!
//! The wire is in `tests/live`.

use std::path::Path;
use std::process::{Command, Output};

fn shadowtap(folder: &Path, args: &[&str]) -> Output {
    // What is not refused would listen for ever.
    let binary = env!("CARGO_BIN_EXE_shadowtap");
    Command::new("timeout").arg("20").arg(binary).args(args).current_dir(folder).output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_captured() {
    // Catches an error that comes after hours, or that does not name its flag.
    let folder = tempfile::tempdir().unwrap();
    let spec = "openapi: 3.0.0\ninfo: {title: t, version: '1'}\npaths: {}\n";
    std::fs::write(folder.path().join("spec.yaml"), spec).unwrap();
    std::fs::write(folder.path().join("broken.yaml"), "openapi: [").unwrap();
    for (args, wanted) in [
        (&["watch"][..], "--interface"),
        (&["watch", "-i", "no-such-tap0"], "-i no-such-tap0"),
        (&["watch", "-i", "lo", "-i", "lo"], "-i lo: named twice"),
        (&["watch", "-i", "any", "-i", "lo"], "-i any"),
        (&["watch", "-i", "lo", "--format", "transactions"], "--format transactions"),
        (&["watch", "-i", "lo", "--spec", "broken.yaml"], "broken.yaml:1"),
        (
            &["watch", "-i", "lo", "--spec", "spec.yaml", "--format", "json", "-o", "spec.yaml"],
            "spec.yaml: is the input",
        ),
        (&["watch", "-i", "lo", "--format", "json", "-o", "no/such/r.json"], "no/such/r.json"),
        (&["watch", "-i", "lo", "--format", "json", "--events", "-"], "--events -"),
        (&["watch", "-i", "lo", "--state", "x", "--events", "x"], "x: is named for two things"),
        (&["watch", "-i", "lo", "--spec", "spec.yaml", "--events", "spec.yaml"], "spec.yaml: is a spec"),
        (&["watch", "-i", "lo", "--listen", "0.0.0.0:0"], "--token-file"),
        (&["watch", "-i", "lo", "--token-file", "x"], "--listen"),
        (&["watch", "-i", "lo", "--user", "no-such-user"], "no-such-user"),
        (&["watch", "-i", "lo", "--ring-size", "1K"], "--ring-size"),
        (&["watch", "-i", "lo", "--every", "0s"], "--every"),
        (&["watch", "-i", "lo", "--filter", "tcp prot 80"], "tcp prot 80"),
        (&["check", "-i", "no-such-tap0"], "-i no-such-tap0"),
    ] {
        let output = shadowtap(folder.path(), args);
        let said = said(&output);
        // Who may not capture is told that first, for what only libpcap knows.
        let may_not = said.contains("cap_net_raw") && said.contains("-i ");
        assert!(output.status.code() == Some(2) && (said.contains(wanted) || may_not), "{args:?}: {said}");
        assert!(said.lines().filter(|line| line.starts_with("error")).count() <= 1, "{args:?}: {said}");
    }
}

#[test]
fn interfaces_are_listed_with_what_flows_there() {
    let folder = tempfile::tempdir().unwrap();
    let output = shadowtap(folder.path(), &["interfaces"]);
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        assert!(text.lines().next().unwrap().starts_with("INTERFACE"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("lo ")), "{text}");
    } else {
        assert!(said(&output).contains("cap_net_raw"), "{}", said(&output));
    }
}
