//! Warns when drops persist.
//!
//! In: what was lost so far, every few seconds. Out: a warning with the mend, when it grows and goes on growing; not for
//! one burst, and not every few seconds.

use std::collections::BTreeMap;

use crate::report::{CaptureSummary, TapSummary};

/// Looks in a row at which losses grew before that is said.
const PERSISTS: u32 = 3;
/// Looks that stay silent behind a warning.
const SILENT: u32 = 30;

/// What was lost when it was looked at last.
#[derive(Debug, Default)]
pub(super) struct Drops {
    before: BTreeMap<&'static str, u64>,
    growing: u32,
    silent: u32,
}

impl Drops {
    /// Looks; gives a warning where one is due.
    pub(super) fn look(&mut self, capture: &CaptureSummary) -> Option<String> {
        let sum = |of: fn(&TapSummary) -> u64| capture.taps.iter().map(of).sum::<u64>();
        let now = [
            ("kernel", sum(|tap| tap.kernel_dropped), "raise --ring-size or --workers, or narrow --filter"),
            (
                "interface",
                sum(|tap| tap.interface_dropped),
                "give the card longer queues (ethtool -G), or mirror less to it",
            ),
            (
                "queue",
                capture.counters.get("engine.queue_full").copied().unwrap_or_default(),
                "raise --workers, or narrow --filter",
            ),
        ];
        let mut lost = Vec::new();
        for (who, count, mend) in now {
            let more = count.saturating_sub(self.before.insert(who, count).unwrap_or_default());
            if more > 0 {
                lost.push(format!("{who} {more} (in all {count}): {mend}"));
            }
        }
        self.silent = self.silent.saturating_sub(1);
        self.growing = if lost.is_empty() { 0 } else { self.growing + 1 };
        if self.growing < PERSISTS || self.silent > 0 {
            return None;
        }
        self.silent = SILENT;
        Some(format!("frames are being dropped, and have been for a while; {}", lost.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(kernel_dropped: u64) -> CaptureSummary {
        CaptureSummary {
            taps: vec![TapSummary { kernel_dropped, ..TapSummary::default() }],
            ..CaptureSummary::default()
        }
    }

    #[test]
    fn one_burst_is_no_warning_and_one_warning_is_enough() {
        let mut drops = Drops::default();
        assert!([5, 5, 9, 9, 9].iter().all(|n| drops.look(&lost(*n)).is_none()), "bursts");
        let said: Vec<String> = (10..30).filter_map(|n| drops.look(&lost(n))).collect();
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("--ring-size") && said[0].contains("kernel 1 (in all 12)"), "{}", said[0]);
        assert!((30..60).any(|n| drops.look(&lost(n)).is_some()), "it still goes on");
    }
}
