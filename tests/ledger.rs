//! Every captured byte and packet has exactly one class.

use crate::common::{Run, all_captures, assert_ledger, open};

#[test]
fn the_ledger_adds_up_on_every_capture() {
    // Catches a byte booked twice or not at all.
    for path in all_captures() {
        for workers in [1, 2] {
            let report = Run::workers(workers).json(&mut open(std::slice::from_ref(&path)));
            assert_ledger(&report, &path.display().to_string());
        }
    }
    assert_ledger(&Run::default().json(&mut open(&all_captures())), "all captures");
}

#[test]
fn what_the_snap_length_cut_stands_beside_the_ledger() {
    let report = Run::default().json(&mut open(&[crate::common::captures().join("snaplen.pcap")]));
    assert!(report["capture"]["missing"]["cut"].as_u64() > Some(0), "{:#}", report["capture"]);
    assert_eq!(report["capture"]["missing"]["gaps"], 0);
}
