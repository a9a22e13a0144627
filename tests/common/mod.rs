//! What the subjects share: captures of the repository, runs through the library, runs of the real binary.

pub mod estate;
pub mod flood;
pub mod mangle;
pub mod network;
pub mod talk;
pub mod tunnels;
pub mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;
use shadowtap::api::Templates;
use shadowtap::capture::{MemorySource, MergedSource, PacketSource};
use shadowtap::decode::{DecodeOptions, ScopeBy};
use shadowtap::diff::compare_on;
use shadowtap::engine::{self, Lines, Outcome, Settings};
use shadowtap::findings::{Policy, View, judge};
use shadowtap::inventory::{Inventory, Snapshot};
use shadowtap::limits::Limits;
use shadowtap::observe::Inspect;
use shadowtap::policy::PolicyFile;
use shadowtap::report::{Mask, REPORTERS, Report, Style};
use shadowtap::spec::{HostFlags, SpecIndex, load};

/// The folder of captures.
pub fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// Every capture of the repository, sorted.
pub fn all_captures() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(captures())
        .expect("captures/ is part of the repository")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".pcap")))
        .collect();
    found.sort();
    assert!(found.len() >= 10, "the captures are gone: {found:?}");
    found
}

/// The spec of the payment company.
pub fn spec() -> PathBuf {
    captures().join("payments.yaml")
}

/// A run through the library.
pub struct Run {
    pub workers: usize,
    pub scope_by: ScopeBy,
    pub inspect: Inspect,
    pub decode: DecodeOptions,
    pub specs: Vec<PathBuf>,
    pub limits: Limits,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            workers: 1,
            scope_by: ScopeBy::default(),
            inspect: Inspect::default(),
            decode: DecodeOptions::default(),
            specs: vec![captures()],
            limits: Limits::default(),
        }
    }
}

impl Run {
    pub fn workers(workers: usize) -> Self {
        Self { workers, ..Self::default() }
    }

    /// The same once more.
    pub fn again(&self) -> Self {
        Self {
            workers: self.workers,
            scope_by: self.scope_by,
            inspect: self.inspect,
            decode: self.decode.clone(),
            specs: self.specs.clone(),
            limits: self.limits.clone(),
        }
    }

    /// The report in one format, and the transaction lines.
    pub fn report(&self, source: &mut dyn PacketSource, format: &str) -> (Vec<u8>, Vec<u8>) {
        let specs = load(&self.specs, &self.limits).expect("the specs of the tests are good");
        let index = SpecIndex::build(specs, &HostFlags::default()).expect("and fit together");
        let (snapshot, outcome) = self.run(source, templates(&index));
        let policy = Policy::default();
        let compared = compare_on(&policy.terms_alone(), &snapshot, &index);
        let said = PolicyFile::default();
        let findings = judge(View { compared: &compared, policy: &policy, said: &said });
        let report = Report::draw_up(&compared, &findings, &outcome.summary, &said);
        let reporter = REPORTERS.iter().find(|reporter| reporter.name() == format).expect("a format we have");
        let mut out = Vec::new();
        reporter.write(&report, Style { colour: false, width: 100 }, &mut out).expect("memory does not fail");
        let mut lines = Vec::new();
        outcome.lines.map_or(Ok(()), |all: Lines| all.write(&mut lines)).expect("memory does not fail");
        (out, lines)
    }

    /// What was seen, without a word about it.
    pub fn snapshot(&self, source: &mut dyn PacketSource) -> Snapshot {
        let specs = load(&self.specs, &self.limits).expect("the specs of the tests are good");
        let index = SpecIndex::build(specs, &HostFlags::default()).expect("and fit together");
        self.run(source, templates(&index)).0
    }

    fn run(&self, source: &mut dyn PacketSource, templates: Templates) -> (Snapshot, Outcome) {
        let settings = Settings {
            limits: self.limits.clone(),
            workers: self.workers,
            scope_by: self.scope_by,
            inspect: self.inspect,
            decode: self.decode.clone(),
            transactions: Some(Mask::No),
            inputs: 1,
            caller_key: Settings::REPLAY_KEY,
            rules: Arc::default(),
            stop: Arc::default(),
        };
        let inventory = Arc::new(Inventory::new(&self.limits, templates));
        let outcome = engine::run(source, &settings, &inventory, &mut |_| {}).expect("threads start");
        (inventory.snapshot(), outcome)
    }

    /// The JSON report.
    pub fn json(&self, source: &mut dyn PacketSource) -> Value {
        serde_json::from_slice(&self.report(source, "json").0).expect("the JSON reporter writes JSON")
    }
}

/// What specs declare, with what it demands.
fn templates(index: &SpecIndex) -> Templates {
    Templates { declared: index.pins(), promises: index.promises(), ..Templates::default() }
}

/// How often something random is tried; CI tries harder.
pub fn seeds(usual: u64) -> u64 {
    std::env::var("SHADOWTAP_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Opens captures for reading.
pub fn open(paths: &[PathBuf]) -> MergedSource {
    MergedSource::new(paths.to_vec(), None, &Limits::default())
}

/// All frames of captures, merged.
pub fn frames(paths: &[PathBuf]) -> MemorySource {
    MemorySource::read(&mut open(paths)).expect("the captures of the repository are whole")
}

/// Takes out what may differ when packets are doubled, swapped or split: the capture section and latencies.
pub fn without_capture(mut report: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("latency_us");
                fields.remove("duration_us");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    if let Some(fields) = report.as_object_mut() {
        assert!(fields.remove("capture").is_some(), "a report has a capture section");
    }
    strip(&mut report);
    report
}

/// The ledger's equations, on any report.
pub fn assert_ledger(report: &Value, what: &str) {
    let number =
        |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{what}: no {path}"));
    let classes = ["parsed", "skipped", "opaque", "not_http", "duplicate", "discarded"];
    let sum: u64 = classes.iter().map(|class| number(&format!("/capture/payload/{class}"))).sum();
    assert_eq!(number("/capture/payload/captured"), sum, "{what}: payload classes do not add up");
    let skipped = report.pointer("/capture/packets/skipped").and_then(Value::as_object).expect("skipped packets");
    let skipped: u64 = skipped.values().filter_map(Value::as_u64).sum();
    let packets: u64 =
        ["tcp", "udp", "other_ip", "not_ip"].iter().map(|class| number(&format!("/capture/packets/{class}"))).sum();
    assert_eq!(number("/capture/packets/seen"), packets + skipped, "{what}: packet classes do not add up");
}

/// The real binary.
pub fn shadowtap<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shadowtap"))
        .args(args)
        .env_remove("SHADOWTAP_LOG")
        .output()
        .expect("the binary runs")
}

/// What it said on stderr.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
