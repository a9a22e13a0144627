//! Captures of other people's test suites, where they stand beside the project: what only the wild produces.

use std::path::{Path, PathBuf};

use crate::common::{Run, assert_ledger, open};

/// All captures; none where they do not stand beside the project.
fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/dev/pcap");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn the_ledger_adds_up_and_workers_do_not_show() {
    // Catches a byte without a class, and state that is freed earlier or later with other workers.
    for path in corpus() {
        let [one, two, eight] = [1, 2, 8].map(|workers| {
            let run = Run { workers, specs: Vec::new(), ..Run::default() };
            run.report(&mut open(std::slice::from_ref(&path)), "json").0
        });
        assert!(one == two && one == eight, "{}: workers show", path.display());
        let report = serde_json::from_slice(&one).expect("the JSON reporter writes JSON");
        assert_ledger(&report, &path.display().to_string());
    }
}
