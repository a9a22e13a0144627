//! Ctrl-C while a replay runs: what was read is reported, a second one stops at once.
//!
//! `tcpdump -w - | shadowtap replay -` is ended by Ctrl-C, which reaches both: tcpdump closes the pipe, and what it
//! had still to say must be read before the report is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

/// What a shell expects of a program that Ctrl-C ended.
pub(super) const INTERRUPTED: i32 = 130;

/// Sets `stop` at the first SIGINT or SIGTERM: the run ends with the next packet. Leaves the process at the second.
/// With stdin among the inputs, SIGINT alone sets nothing: Ctrl-C reached its writer too, and its end is the end.
pub(super) fn watch(stop: &Arc<AtomicBool>, stdin: bool) {
    let stop = Arc::clone(stop);
    let watcher = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            let interrupted = tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => false,
            };
            if interrupted && stdin {
                eprintln!("reading what stdin still has to say; once more stops at once, without a report");
            } else {
                stop.store(true, Ordering::Relaxed);
                eprintln!("stopping with what was captured so far; once more stops at once, without a report");
            }
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(INTERRUPTED);
        });
    };
    // Without the watcher Ctrl-C ends the program as it always does.
    if let Err(error) = thread::Builder::new().name("signals".to_owned()).spawn(watcher) {
        tracing::warn!(%error, "signals are not watched");
    }
}
