//! The binary as its users meet it: files, pipes, exit codes, messages.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{captures, said, shadowtap, spec};

fn path(name: &str) -> String {
    captures().join(name).display().to_string()
}

fn json(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn replay(args: &[&str]) -> std::process::Output {
    let spec = spec().display().to_string();
    let mut all = vec!["replay", "--spec", &spec];
    // `--spec` takes several; a flag behind it ends them.
    all.push("--quiet");
    all.extend_from_slice(args);
    shadowtap(&all)
}

#[test]
fn nothing_asked_for_prints_text_and_exits_with_0() {
    let output = replay(&[&path("payments.pcap")]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("shadow") && text.contains("/v1/debug/config"), "{text}");
    assert!(!text.contains('\u{1b}'), "colour only on a terminal");
    assert!(output.stderr.is_empty(), "quiet: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn fail_on_exits_with_1_for_kinds_and_severities() {
    for (wanted, code) in [("shadow", 1), ("orphan,high", 1), ("none", 0)] {
        let output = replay(&[&path("payments.pcap"), "--fail-on", wanted]);
        assert_eq!(output.status.code(), Some(code), "{wanted}: {}", said(&output));
    }
    let output = replay(&[&path("ipv6.pcap"), "--fail-on", "shadow,zombie"]);
    assert_eq!(output.status.code(), Some(0), "this capture holds declared operations only: {}", said(&output));
    let output = replay(&[&path("payments.pcap"), "--fail-on", "shadowy"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("zombie"), "it names what there is: {}", said(&output));
}

#[test]
fn max_loss_exits_with_3_and_comes_before_1() {
    let output = replay(&[&path("snaplen.pcap"), "--max-loss", "0.5", "--fail-on", "info"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let output = replay(&[&path("snaplen.pcap"), "--max-loss", "100"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn an_input_error_exits_with_2_after_the_rest_was_reported() {
    // Catches a sensor that throws away what it could read, and one that hides what it could not.
    let output = replay(&[&path("payments.pcap"), "/nowhere/x.pcap", "--format", "json", "--fail-on", "shadow"]);
    assert_eq!(output.status.code(), Some(2), "2 comes before 1");
    assert!(said(&output).contains("/nowhere/x.pcap"), "{}", said(&output));
    assert!(json(&output)["headline"]["shadow"].as_u64() > Some(0));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("/nowhere"), "no path of this machine in a report");
}

#[test]
fn a_cut_last_packet_is_a_warning_and_a_damaged_block_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = fs::read(captures().join("payments.pcap")).expect("readable");
    let cut = folder.path().join("cut.pcap");
    fs::write(&cut, &whole[..whole.len() - 7]).expect("writable");
    let output = replay(&[&cut.display().to_string(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(json(&output)["capture"]["counters"]["capture.cut_files"], 1);

    let mut broken = whole.clone();
    let middle = 24 + 16 + u32::from_le_bytes(whole[32..36].try_into().expect("four bytes")) as usize;
    broken[middle + 8..middle + 12].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    let damaged = folder.path().join("damaged.pcap");
    fs::write(&damaged, &broken).expect("writable");
    let output = replay(&[&damaged.display().to_string(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("damaged at byte"), "{}", said(&output));
    assert_eq!(json(&output)["capture"]["packets"]["seen"], 1, "what came before was read");
}

#[test]
fn stdin_gzip_and_zstd_read_like_the_plain_file() {
    let plain = replay(&[&path("payments.pcap"), "--format", "json"]);
    let bytes = fs::read(captures().join("payments.pcap")).expect("readable");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).expect("memory");
    let packed = [bytes.clone(), gzip.finish().expect("memory"), zstd::encode_all(&bytes[..], 1).expect("memory")];
    for bytes in packed {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shadowtap"))
            .args(["replay", "-", "--format", "json", "-q", "--spec"])
            .arg(spec())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stdin = child.stdin.take().expect("piped");
        let writer = std::thread::spawn(move || stdin.write_all(&bytes));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("all of it was read");
        assert!(output.stdout == plain.stdout, "stdin reads differently");
    }
}

#[test]
fn each_file_belongs_to_the_format_before_it_and_is_private() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (folder.path().join("a.json"), folder.path().join("b.html"));
    fs::write(&a, "old").expect("writable");
    let output = replay(&[
        &path("ipv6.pcap"),
        "--format",
        "json",
        "-o",
        &a.display().to_string(),
        "--format",
        "text",
        "--format",
        "html",
        "-o",
        &b.display().to_string(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(serde_json::from_slice::<Value>(&fs::read(&a).expect("written")).is_ok());
    assert!(fs::read_to_string(&b).expect("written").starts_with("<!"));
    assert!(!output.stdout.is_empty() && output.stdout[0] != b'{');
    for file in [&a, &b] {
        assert_eq!(fs::metadata(file).expect("there").permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "no temporary file is left");
}

#[test]
fn usage_errors_name_the_flag_and_leave_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("x.json").display().to_string();
    for (args, wants) in [
        (vec!["--format", "json", "--format", "html"], "stdout"),
        (vec!["-o", &file, "--format", "json"], "no --format"),
        (vec!["--format", "json", "-o", "/nowhere/at/all.json"], "/nowhere/at/all.json"),
        (vec!["--format", "json", "-o", &path("payments.pcap")], "is the input"),
        (vec!["--format", "json", "-o", &spec().display().to_string()], "is the input"),
        (
            vec![
                "--format",
                "json",
                "-o",
                &file,
                "--format",
                "html",
                "-o",
                &format!("{}/./x.json", folder.path().display()),
            ],
            "named twice",
        ),
        (vec!["--format", "transactions", "--format", "transactions", "-o", &file], "named twice"),
        (vec!["--filter", "tcp and and"], "--filter"),
        (vec!["--scope-by", "none,vlan"], "--scope-by"),
        (vec!["--workers", "0"], "--workers"),
        (vec!["--spec-host", "nonsense"], "--spec-host"),
        (vec!["--spec-host", "other.yaml=x.example"], "payments.yaml"),
    ] {
        let payments = path("payments.pcap");
        let mut all = vec![payments.as_str()];
        all.extend(args.iter().copied());
        let output = replay(&all);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(wants), "{args:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{args:?} printed a report");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0);
}

#[test]
fn a_bad_spec_names_file_and_line_and_nothing_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bad = folder.path().join("bad.yaml");
    fs::write(&bad, "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths:\n  /a: [unclosed\n").expect("writable");
    let output = shadowtap(&["replay", &path("payments.pcap"), "--spec", &bad.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("bad.yaml") && said.chars().any(|c| c.is_ascii_digit()), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_filter_turns_packets_away_and_counts_them() {
    let output = replay(&[&path("payments.pcap"), "--filter", "host 10.20.0.66", "--format", "json"]);
    let report = json(&output);
    assert!(report["capture"]["counters"]["capture.filtered"].as_u64() > Some(0), "{}", report["capture"]);
    assert_eq!(report["headline"]["shadow"], 0, "only the scanner is left, and it found nothing");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let script = format!(
        "'{}' replay '{}' --format transactions -q | head -n 1 >/dev/null; echo \"${{PIPESTATUS[0]}}\"",
        env!("CARGO_BIN_EXE_shadowtap"),
        path("payments.pcap")
    );
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0", "{}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
}

#[test]
fn a_folder_is_all_its_captures_and_several_specs_may_be_given() {
    let folder = captures().display().to_string();
    let output = shadowtap(&["replay", "-q", "--format", "json", &folder]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = json(&output);
    assert_eq!(report["capture"]["inputs"], 10);
    assert_eq!(report["headline"]["judged"], false, "without a spec nothing was promised");
    assert_eq!(report["headline"]["shadow"], 0);
}

#[test]
fn transactions_show_targets_as_sent_and_mask_hides_their_values() {
    let raw = replay(&[&path("payments.pcap"), "--format", "transactions"]);
    let text = String::from_utf8(raw.stdout).expect("ASCII");
    assert!(
        text.contains("/v1/payments?limit=50") && text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
    let masked = replay(&[&path("payments.pcap"), "--format", "transactions", "--mask"]);
    let masked = String::from_utf8(masked.stdout).expect("ASCII");
    assert!(!masked.contains("limit=50") && masked.contains("limit="));
    assert_eq!(text.lines().count(), masked.lines().count());
}

#[test]
fn help_and_version_exit_with_0() {
    for args in [&["--help"][..], &["--version"], &["replay", "--help"]] {
        let output = shadowtap(args);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
    assert_eq!(shadowtap::<&str>(&[]).status.code(), Some(2));
    assert!(Path::new(env!("CARGO_BIN_EXE_shadowtap")).exists());
}

#[test]
fn the_report_in_the_readme_is_what_the_demo_prints() {
    // Catches a README that shows what the sensor once was. `...` stands for what is left out there.
    let readme = fs::read_to_string(captures().join("../README.md")).expect("readable");
    let shown =
        readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a report in the README");
    let folder = captures().display().to_string();
    let output = shadowtap(&["replay", "-q", &folder, "--spec", &folder]);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(shown.lines().count() > 30);
    for line in shown.lines().filter(|line| *line != "...") {
        assert!(printed.lines().any(|real| real == line), "the README shows {line:?}");
    }
}

#[test]
fn a_rule_can_be_looked_up_and_a_slip_is_no_success() {
    // Catches a finding that names a rule nobody can look up.
    let folder = captures().display().to_string();
    let report = json(&shadowtap(&["replay", "-q", &folder, "--spec", &folder, "--format", "json"]));
    let list = String::from_utf8(shadowtap(&["explain"]).stdout).expect("UTF-8");
    let findings = report["findings"].as_array().expect("findings");
    assert!(!findings.is_empty());
    for finding in findings {
        let rule = finding["rule"].as_str().expect("a rule");
        assert!(list.lines().any(|line| line.split_whitespace().next() == Some(rule)), "{rule}: {list}");
        assert!(!finding["why"].as_str().unwrap_or_default().is_empty(), "{finding}");
        assert!(!finding["next"].as_str().unwrap_or_default().is_empty(), "{finding}");
        let told = shadowtap(&["explain", rule]);
        assert!(told.status.success() && String::from_utf8_lossy(&told.stdout).starts_with(rule), "{rule}");
    }
    let slip = shadowtap(&["explain", "shadow-unknown-mehtod"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&slip.stderr).contains("nearest: shadow-unknown-method"));
}

#[test]
fn an_interrupt_ends_a_pipe_with_its_report() {
    // Catches a sensor that dies with tcpdump when Ctrl-C ends both, and takes all it learned along.
    let bytes = fs::read(captures().join("ipv6.pcap")).expect("readable");
    let mut child = Command::new(env!("CARGO_BIN_EXE_shadowtap"))
        .args(["replay", "-", "--format", "json", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    let (head, rest) = bytes.split_at(bytes.len() / 2);
    stdin.write_all(head).expect("it reads");
    // The kernel says when the watcher stands: bit 1 of the caught signals is SIGINT.
    let status = format!("/proc/{}/status", child.id());
    let caught = || {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or_default();
        u64::from_str_radix(mask, 16).unwrap_or_default() & 2 != 0
    };
    for _ in 0..2_000 {
        if caught() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let kill = Command::new("bash").args(["-c", &format!("kill -INT {}", child.id())]).status().expect("kill");
    assert!(kill.success());
    std::thread::sleep(std::time::Duration::from_millis(200));
    stdin.write_all(rest).expect("it reads on: the pipe's end is the end");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("once more"), "{}", said(&output));
    assert_eq!(json(&output)["headline"]["requests"], 33, "all of it was read");
}

#[test]
fn a_report_never_replaces_a_spec_of_the_folder_it_goes_to() {
    // Catches an output that lies in the folder given as --spec: an older report may go, a spec may not.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (api, old) = (folder.path().join("api.yaml"), folder.path().join("old.json"));
    fs::copy(spec(), &api).expect("writable");
    fs::write(&old, "{}").expect("writable");
    let run = |out: &Path| {
        let (specs, out) = (folder.path().display().to_string(), out.display().to_string());
        shadowtap(&["replay", "-q", &path("ipv6.pcap"), "--spec", &specs, "--format", "json", "-o", &out])
    };
    let refused = run(&api);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("is the input"), "{}", said(&refused));
    assert_eq!(fs::read(&api).expect("there"), fs::read(spec()).expect("there"));
    assert_eq!(run(&old).status.code(), Some(0));
    assert!(fs::metadata(&old).expect("there").len() > 100);
}
