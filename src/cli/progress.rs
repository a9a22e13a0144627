//! The progress bar: bytes, packets a second and time left, on a terminal and nowhere else.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::Progress;

/// A bar, or nothing.
pub(super) struct Bar {
    bar: ProgressBar,
    started: Instant,
}

impl Bar {
    /// A bar on stderr when that is a terminal and nobody asked for quiet.
    pub(super) fn new(quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, started: Instant::now() }
    }

    /// Moves it.
    pub(super) fn show(&self, at: Progress) {
        if self.bar.is_hidden() {
            return;
        }
        if at.total > 0 && self.bar.length() != Some(at.total) {
            self.bar.set_length(at.total);
            if let Ok(style) =
                ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {msg} {eta} left")
            {
                self.bar.set_style(style);
            }
        } else if at.total == 0
            && self.bar.length().is_none()
            && let Ok(style) = ProgressStyle::with_template("{spinner} {bytes} {bytes_per_sec} {msg} {elapsed}")
        {
            self.bar.set_style(style);
        }
        self.bar.set_position(at.bytes);
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.bar.set_message(format!("{} packets/s", at.packets.saturating_mul(1000) / millis));
    }

    /// Takes it away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
