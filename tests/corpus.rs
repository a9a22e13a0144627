//! The ledger on captures of other people's test suites, where they stand beside the project.

use std::path::Path;

use crate::common::{Run, assert_ledger, open};

#[test]
fn the_ledger_adds_up_on_every_capture_of_the_corpus() {
    // Catches what only the wild produces. Without the corpus beside the project there is nothing to check.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/dev/pcap");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let run = Run { specs: Vec::new(), ..Run::default() };
        assert_ledger(&run.json(&mut open(std::slice::from_ref(&path))), &path.display().to_string());
    }
}
