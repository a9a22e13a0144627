//! Runs a target on one input, and holds it to its price: so much heap, so much time, for so many bytes.
//!
//! The heap is counted by the allocator, not by libFuzzer: `-malloc_limit_mb` works with a sanitizer only, and
//! `-rss_limit_mb` looks once a second. An allocation past the bound fails, which aborts at the very line. What C
//! libraries take (zstd) is not seen here; `-rss_limit_mb` is there for it.
//!
//! Time is that of the processor, so that a busy machine finds nothing that is not there.

use std::alloc::System;
use std::panic::{set_hook, take_hook};
use std::sync::Once;
use std::time::Duration;

use cap::Cap;
use rustix::time::{ClockId, clock_gettime};

pub mod targets;

use targets::{TARGETS, Target};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// What an input may cost: far more than it does, for this is about what is not linear.
struct Price {
    /// Bytes of heap at any moment: for any input, and for each byte of one.
    heap: (usize, usize),
    /// Microseconds of processor time: likewise.
    time: (u64, u64),
}

fn price(name: &str) -> Price {
    match name {
        // Two windows, of 1 MiB that may grow to 16 MiB. Four bytes of zstd may unpack to 128 KiB.
        "file" => Price { heap: (40 << 20, 64), time: (200_000, 200) },
        "decode" => Price { heap: (1 << 20, 64), time: (100_000, 20) },
        // One operation may be 255 segments, or 4 KiB.
        "flow" => Price { heap: (2 << 20, 512), time: (200_000, 200) },
        "http1" => Price { heap: (2 << 20, 512), time: (200_000, 50) },
        // 256 KiB of what YAML aliases repeat are allowed whatever the size of a file, as values of some 100 bytes.
        "openapi" => Price { heap: (64 << 20, 2048), time: (500_000, 100) },
        // All of it twice, with a report each.
        _ => Price { heap: (32 << 20, 4096), time: (500_000, 200) },
    }
}

/// Runs the target of this name on `data`. A panic, an abort and an input that costs too much are findings.
pub fn run(name: &str, data: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // To tell of a panic takes more than most targets may have.
        let tell = take_hook();
        set_hook(Box::new(move |panic| {
            HEAP.set_limit(usize::MAX).expect("no limit");
            tell(panic);
        }));
    });
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    let price = price(name);
    // What inputs before left behind (buffers of the standard library, names of threads) is not charged to this one.
    let heap = price.heap.0 + price.heap.1 * data.len();
    HEAP.set_limit(HEAP.allocated().saturating_add(heap)).expect("more than is taken");
    let most = Duration::from_micros(price.time.0 + price.time.1 * data.len() as u64);
    let spent = timed(target, data);
    if spent > most {
        // Once may be the machine.
        let least = spent.min(timed(target, data)).min(timed(target, data));
        assert!(least <= most, "{} bytes took {least:?} of the processor, {most:?} allowed", data.len());
    }
    HEAP.set_limit(usize::MAX).expect("no limit");
}

fn timed(target: &Target, data: &[u8]) -> Duration {
    let before = now();
    (target.run)(data);
    now().saturating_sub(before)
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
