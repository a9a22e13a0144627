//! What one set of figures does not say: how fast, and what has grown since.
//!
//! In: successive [`Seen`]. Out: rates, their recent past, and the losses with what they grew by. Counters may start
//! again (a capture that was reopened) and clocks may stand still or go back: no rate is ever negative or infinite.

use std::collections::VecDeque;

use super::seen::Seen;
use crate::time::{Span, Timestamp};

/// Rates that are kept: one a second, more than the widest terminal has columns for.
const KEPT: usize = 200;
/// How long a loss that grew is shown as growing: long enough for a glance now and then.
const GLOW: Span = Span::from_secs(10);

/// The rates, in their order on the screen.
pub(super) const RATES: usize = 3;
/// The losses, in their order on the screen.
pub(super) const LOSSES: [&str; 6] = ["kernel", "interface", "ring full", "queue full", "evicted", "gaps"];

/// Rates and growth.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    base: Option<Base>,
    rates: [VecDeque<u64>; RATES],
    losses: [Loss; LOSSES.len()],
}

/// The figures that the next ones are held against.
#[derive(Clone, Copy, Debug)]
struct Base {
    now: Timestamp,
    totals: [u64; RATES],
}

/// One thing that is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// In all.
    pub(super) total: u64,
    /// What it grew by of late; 0 when it stands still.
    pub(super) grown: u64,
    last: Timestamp,
}

impl History {
    /// Takes the next figures in.
    pub(super) fn take(&mut self, seen: &Seen) {
        let first = self.base.is_none();
        self.count_losses(seen, first);
        let totals = [seen.capture.packets.seen, seen.capture.bytes.saturating_mul(8), seen.requests];
        let next = Base { now: seen.now, totals };
        let Some(base) = self.base.replace(next) else { return };
        if seen.now == base.now {
            // The same moment told twice: what it adds is part of the next difference.
            self.base = Some(base);
            return;
        }
        let nanos = seen.now.since(base.now).nanos();
        if nanos == 0 {
            return;
        }
        for ((rates, total), before) in self.rates.iter_mut().zip(totals).zip(base.totals) {
            // A counter that fell has started again: nobody knows how far it was before, so this second says nothing.
            let Some(more) = total.checked_sub(before) else { continue };
            let rate = u128::from(more) * 1_000_000_000 / u128::from(nanos);
            if rates.len() == KEPT {
                rates.pop_front();
            }
            rates.push_back(u64::try_from(rate).unwrap_or(u64::MAX));
        }
    }

    fn count_losses(&mut self, seen: &Seen, first: bool) {
        for (loss, total) in self.losses.iter_mut().zip(losses(seen)) {
            let more = if first { 0 } else { total.saturating_sub(loss.total) };
            if seen.now.since(loss.last) > GLOW {
                loss.grown = 0;
            }
            if more > 0 {
                loss.grown = loss.grown.saturating_add(more);
                loss.last = seen.now;
            }
            loss.total = total;
        }
    }

    /// Packets, bits, requests a second: the newest rate, if there is one, and those before it, oldest first.
    pub(super) fn rates(&self) -> [(Option<u64>, &VecDeque<u64>); RATES] {
        self.rates.each_ref().map(|rates| (rates.back().copied(), rates))
    }

    /// What was lost, in the order of [`LOSSES`].
    pub(super) const fn losses(&self) -> &[Loss; LOSSES.len()] {
        &self.losses
    }
}

fn losses(seen: &Seen) -> [u64; LOSSES.len()] {
    let capture = &seen.capture;
    let over = |count: fn(&crate::report::TapSummary) -> u64| {
        capture.taps.iter().fold(0_u64, |sum, tap| sum.saturating_add(count(tap)))
    };
    let counter = |name: &str| capture.counters.get(name).copied().unwrap_or(0);
    [
        over(|tap| tap.kernel_dropped),
        over(|tap| tap.interface_dropped),
        over(|tap| tap.ring_full),
        counter("engine.queue_full"),
        counter("flow.evicted"),
        capture.missing.gaps,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(seconds: u64, packets: u64) -> Seen {
        let mut seen = Seen { now: Timestamp::from_parts(seconds, 0), ..Seen::default() };
        seen.capture.packets.seen = packets;
        seen
    }

    fn packet_rates(steps: &[(u64, u64)]) -> Vec<u64> {
        let mut history = History::default();
        for (seconds, packets) in steps {
            history.take(&seen(*seconds, *packets));
        }
        history.rates()[0].1.iter().copied().collect()
    }

    #[test]
    fn rates_are_by_the_time_that_passed() {
        // Catches a view that takes each update for a second: it would show double when the machine is late.
        assert_eq!(packet_rates(&[(10, 100), (11, 150), (13, 250)]), [50, 50]);
    }

    #[test]
    fn a_counter_that_starts_again_gives_no_rate() {
        // Catches a difference that wraps to eighteen quintillion, or that panics, when a capture is reopened.
        assert_eq!(packet_rates(&[(10, 1_000_000), (11, 5), (12, 25)]), [20]);
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_divides_by_nothing() {
        // Catches a division by zero, and packets that are counted twice once the clock moves on.
        assert_eq!(packet_rates(&[(10, 0), (10, 70), (11, 100), (5, 200), (6, 207)]), [100, 7]);
    }

    #[test]
    fn the_largest_numbers_saturate() {
        // Catches an overflow: debug builds would panic in the middle of a capture.
        let mut history = History::default();
        history.take(&Seen::default());
        let mut last = seen(0, u64::MAX);
        last.now = Timestamp::from_nanos(1);
        last.capture.bytes = u64::MAX;
        history.take(&last);
        assert_eq!(history.rates().map(|(rate, _)| rate), [Some(u64::MAX), Some(u64::MAX), Some(0)]);
    }

    #[test]
    fn no_more_is_kept_than_can_be_shown() {
        // Catches a view that grows for as long as it is left open.
        let steps: Vec<_> = (0..2 * KEPT as u64).map(|at| (at, at)).collect();
        assert_eq!(packet_rates(&steps).len(), KEPT);
    }

    #[test]
    fn a_loss_glows_for_a_while_and_what_was_lost_before_does_not() {
        // Catches a view that is red from the start or for ever: nobody looks at that any more.
        let mut history = History::default();
        let grown: Vec<u64> = [(0, 5), (1, 5), (2, 8), (4, 9), (14, 9), (15, 9), (16, 2), (17, 3)]
            .into_iter()
            .map(|(seconds, lost)| {
                let mut seen = seen(seconds, 0);
                seen.capture.missing.gaps = lost;
                history.take(&seen);
                history.losses()[5].grown
            })
            .collect();
        assert_eq!(grown, [0, 0, 3, 4, 4, 0, 0, 1]);
    }
}
