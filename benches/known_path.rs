//! A request on a path that is known already: through the observer into a worker's share of the inventory.

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};

#[path = "../tests/common/known.rs"]
mod known;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// By what the path ends in. Bodies are not looked into: what is known costs this much beside them.
#[divan::bench(args = ["/v1/users/48213/orders", "/v1/users/0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f", "/v1/status/all"])]
fn observe_and_note(bencher: Bencher<'_, '_>, target: &str) {
    let exchange = known::exchange(target);
    let mut observer = known::observer();
    (0..known::WARM).for_each(|_| known::tell(&mut observer, &exchange));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| known::tell(&mut observer, Arc::as_ref(&exchange)));
}
