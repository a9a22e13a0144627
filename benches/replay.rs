//! End to end on one worker: frames in memory to a snapshot. A regression here is a slower sensor.

use std::path::Path;
use std::sync::Arc;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use shadowtap::capture::{MemorySource, MergedSource};
use shadowtap::decode::{DecodeOptions, ScopeBy};
use shadowtap::engine::{self, Settings};
use shadowtap::inventory::Inventory;
use shadowtap::limits::Limits;
use shadowtap::observe::Inspect;
use shadowtap::spec::{HostFlags, SpecIndex, load};

fn main() {
    divan::main();
}

fn captures(name: &str) -> (MemorySource, u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
    let source = &mut MergedSource::new(vec![path], None, &Limits::default());
    let frames = MemorySource::read(source).expect("the captures of the repository are whole");
    let bytes = (0..).map_while(|at| frames.frame(at)).map(|frame| frame.bytes.len() as u64).sum();
    (frames, bytes)
}

/// `payments.pcap` as it is: many short exchanges. `span.pcap.zst`: every packet twice. `tls.pcap`: nothing to read.
#[divan::bench(args = ["payments.pcap", "span.pcap.zst", "tls.pcap"])]
fn one_worker(bencher: Bencher<'_, '_>, name: &str) {
    let (frames, bytes) = captures(name);
    let settings = Settings {
        limits: Limits::default(),
        workers: 1,
        decode: DecodeOptions::default(),
        scope_by: ScopeBy::default(),
        inspect: Inspect::default(),
        transactions: None,
        inputs: 1,
        caller_key: Settings::REPLAY_KEY,
        rules: Arc::default(),
        stop: Arc::default(),
    };
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/payments.yaml");
    let specs = load(&[spec], &settings.limits).expect("the spec of the repository is good");
    let index = SpecIndex::build(specs, &HostFlags::default()).expect("the spec of the repository is good");
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(frames.len()))
        .with_inputs(|| (frames.clone(), Arc::new(Inventory::new(&settings.limits, index.pins()))))
        .bench_local_values(|(mut frames, inventory)| {
            let outcome = engine::run(&mut frames, &settings, &inventory, &mut |_| {}).expect("threads start");
            (outcome, inventory.snapshot())
        });
}
