//! Requests on a path that is known already: through the observer into a worker's share of the inventory. A regression here
//! means that a busy link needs another core.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use shadowtap::proto::ExchangeSink;

#[path = "../tests/common/known.rs"]
mod known;

use known::{Head, Ring};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// By what the path ends in. Each request is another one's: ids, clients, times, hosts, user agents and answers change. Bodies are not
/// looked into: what is known costs this much beside them.
#[divan::bench(sample_count = 60, sample_size = 4_096, args = ["/v1/users/{number}/orders", "/v1/users/{uuid}", "/v1/status/all"])]
fn observe_and_note(bencher: Bencher<'_, '_>, target: &str) {
    told(bencher, target, Head::Bare);
}

/// With what browsers and proxies add to a head: a query, credentials, cookies, ten fields.
#[divan::bench(sample_count = 60, sample_size = 4_096, args = ["/v1/users/{number}/orders"])]
fn observe_and_note_full_heads(bencher: Bencher<'_, '_>, target: &str) {
    told(bencher, target, Head::Full);
}

fn told(bencher: Bencher<'_, '_>, target: &str, head: Head) {
    let mut ring = Ring::new(target, head);
    let mut observer = known::observer();
    (0..known::WARM).for_each(|_| observer.exchange(ring.turn()));
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| observer.exchange(ring.turn()));
}
