//! A whole run, from frames in memory to a report: the same bytes whatever the number of workers, and a ledger that adds up.

use std::sync::Arc;

use serde_json::Value;
use shadowtap::capture::MemorySource;
use shadowtap::decode::{DecodeOptions, ScopeBy};
use shadowtap::diff::compare_on;
use shadowtap::engine::{self, Settings};
use shadowtap::findings::{Policy, View, judge};
use shadowtap::inventory::Inventory;
use shadowtap::limits::Limits;
use shadowtap::observe::Inspect;
use shadowtap::policy::PolicyFile;
use shadowtap::report::{Mask, REPORTERS, Report, Style};
use shadowtap::spec::SpecIndex;

use super::frames::each;

pub fn run(data: &[u8]) {
    let mut frames = MemorySource::new();
    each(data, |frame| frames.push(&frame));
    let one = report(&mut frames.clone(), 1);
    let two = report(&mut frames, 2);
    assert!(one == two, "another report with two workers:\n{}\n{}", text(&one), text(&two));
    ledger(&serde_json::from_slice(&one.0).expect("the JSON reporter writes JSON"));
}

fn text((report, lines): &(Vec<u8>, Vec<u8>)) -> String {
    format!("{}\n{}", String::from_utf8_lossy(report), String::from_utf8_lossy(lines))
}

/// The report, and the transaction lines.
fn report(frames: &mut MemorySource, workers: usize) -> (Vec<u8>, Vec<u8>) {
    let settings = Settings {
        limits: Limits::default(),
        workers,
        decode: DecodeOptions::default(),
        scope_by: ScopeBy::default(),
        inspect: Inspect::default(),
        transactions: Some(Mask::No),
        inputs: 1,
        caller_key: Settings::REPLAY_KEY,
        rules: Arc::default(),
        stop: Arc::default(),
    };
    let index = SpecIndex::default();
    let inventory = Arc::new(Inventory::new(&settings.limits, index.pins()));
    let outcome = engine::run(frames, &settings, &inventory, &mut |_| {}).expect("threads start");
    let snapshot = inventory.snapshot();
    let policy = Policy::default();
    let compared = compare_on(&policy.terms_alone(), &snapshot, &index);
    let said = PolicyFile::default();
    let findings = judge(View { compared: &compared, policy: &policy, said: &said });
    let report = Report::draw_up(&compared, &findings, &outcome.summary, &said);
    let (mut out, mut lines) = (Vec::new(), Vec::new());
    for reporter in REPORTERS {
        let mut written = Vec::new();
        reporter.write(&report, Style { colour: false, width: 100 }, &mut written).expect("memory does not fail");
        if reporter.name() == "json" {
            out = written;
        }
    }
    outcome.lines.map_or(Ok(()), |all| all.write(&mut lines)).expect("memory does not fail");
    (out, lines)
}

/// The two equations.
fn ledger(report: &Value) {
    let sum = |object: &Value| object.as_object().into_iter().flatten().filter_map(|(_, v)| v.as_u64()).sum::<u64>();
    let payload = &report["capture"]["payload"];
    let captured = payload["captured"].as_u64().expect("a report says what was captured");
    assert_eq!(captured * 2, sum(payload), "payload: {payload}");
    let packets = &report["capture"]["packets"];
    let seen = packets["seen"].as_u64().expect("a report says what was seen");
    let classes: u64 = ["tcp", "udp", "other_ip", "not_ip"].iter().filter_map(|class| packets[class].as_u64()).sum();
    assert_eq!(seen, classes + sum(&packets["skipped"]), "packets: {packets}");
    let poisoned = &report["capture"]["counters"]["proto.connections_poisoned"];
    assert_eq!(poisoned.as_u64().unwrap_or(0), 0, "a parser failed");
}
