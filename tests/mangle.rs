//! What a mirror port does to packets must not change what is understood.

use crate::common::mangle::Mangle;
use crate::common::{Run, all_captures, assert_ledger, frames, without_capture};

#[test]
fn doubled_swapped_and_split_packets_give_the_same_report() {
    // Catches reassembly that trusts order, counts twice, or needs a message in one packet.
    for path in all_captures() {
        let plain = frames(std::slice::from_ref(&path));
        let want = without_capture(Run::default().json(&mut frames(std::slice::from_ref(&path))));
        for (double, swap, split) in
            [(true, false, false), (false, true, false), (false, false, true), (true, true, true)]
        {
            // Every packet of this one is there twice already, the copies stamped microseconds apart: which of them comes
            // first is which time is true, so they keep their order.
            if swap && path.to_string_lossy().contains("span.") {
                continue;
            }
            for seed in 1..=4 {
                let mangle = Mangle { double, swap, split };
                let report = Run::workers(1 + (seed as usize % 2)).json(&mut mangle.apply(&plain, seed));
                assert_ledger(&report, &format!("{} mangled", path.display()));
                let got = without_capture(report);
                if got != want {
                    let (got, want) = (format!("{got:#}"), format!("{want:#}"));
                    let line = got.lines().zip(want.lines()).find(|(a, b)| a != b);
                    panic!("{}: double {double}, swap {swap}, split {split}, seed {seed}: {line:?}", path.display());
                }
            }
        }
    }
}
