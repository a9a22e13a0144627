//! What is known costs no memory: requests on known paths go through the observer into a worker's share of the inventory without
//! one allocation, whatever changes from one to the next.
//!
//! A program of its own, as it counts what the allocator hands out. On the thread that asks: what the test's own harness does beside it
//! is not counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use shadowtap::proto::ExchangeSink;

#[path = "common/known.rs"]
mod known;

use known::Head;

/// The system's allocator, which counts.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static HANDED_OUT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // Not while a thread ends: then there is nothing to count by.
    let _ = HANDED_OUT.try_with(|counted| counted.set(counted.get() + 1));
}

// SAFETY: every call goes to the system's allocator with the arguments that came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Requests that are counted.
const COUNTED: u64 = 10_000;

/// Sketches of many ids and the series of rates over time grow by doubling, and no further than their bounds: so often at the most
/// among ten thousand requests. (A series that goes on at one pace doubles its width once in its whole length; a sketch of four bits a register
/// keeps what is more in a side table, which doubles too.)
const DOUBLINGS: u64 = 6;

/// What the allocator hands out while ten thousand requests on a known path are noted, after others like them.
fn allocations(target: &str, head: Head) -> u64 {
    let mut observer = known::observer();
    let warm = known::WARM as u64;
    for at in 0..warm {
        observer.exchange(&known::exchange(target, head, at));
    }
    let mut allocations = 0;
    for at in warm..warm + COUNTED {
        let exchange = known::exchange(target, head, at);
        let before = HANDED_OUT.get();
        observer.exchange(&exchange);
        allocations += HANDED_OUT.get() - before;
    }
    assert_eq!(observer.sink().len() as u64, warm + COUNTED, "each was noted");
    allocations
}

#[test]
fn a_known_path_allocates_nothing() {
    // Catches a string, list or map that is made anew for each request; ids, clients, answers and credentials change.
    for target in [
        "/",
        "/v1/status/all",
        "/v1/users/{number}",
        "/v1/users/{number}/orders",
        "/v1/users/{uuid}",
        "/v1/users/{uuid}/orders/{number}.json",
        "/v1/jobs/{number}:cancel",
        "/2024-03-01/Customer-Accounts/{uuid}/getOrderHistory",
    ] {
        for head in [Head::Bare, Head::Full] {
            let allocated = allocations(target, head);
            println!("{target} {head:?}: {allocated}");
            assert!(allocated <= DOUBLINGS, "{target} {head:?}: {allocated} allocations for {COUNTED} requests");
        }
    }
}

#[test]
fn what_is_new_is_counted() {
    // Catches a count that counts nothing.
    let mut observer = known::observer();
    let before = HANDED_OUT.get();
    observer.exchange(&known::exchange("/v1/users/{number}", Head::Bare, 0));
    assert!(HANDED_OUT.get() - before > 20);
}
