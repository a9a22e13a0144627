//! The kept seeds of the fuzzers, through the same functions, without a fuzzer: what was found once stays mended.

mod write;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use crate::targets::TARGETS;

/// Where they are kept: a folder a target.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds")
}

#[test]
fn every_kept_seed_does_no_harm() {
    if std::env::var_os("SHADOWTAP_BLESS").is_some() {
        write::all();
    }
    for target in TARGETS {
        let seeds = std::fs::read_dir(folder().join(target.name)).expect("each target has its seeds");
        let mut seeds: Vec<_> = seeds.map(|entry| entry.expect("readable").path()).collect();
        seeds.sort();
        assert!(seeds.len() >= 5, "the seeds of {} are gone", target.name);
        for seed in seeds {
            let bytes = std::fs::read(&seed).expect("readable");
            assert!(catch_unwind(|| (target.run)(&bytes)).is_ok(), "{}", seed.display());
        }
    }
}
