//! Ctrl-C while a replay runs: what was read is reported, a second one stops at once.
//!
//! `tcpdump -w - | shadowtap replay -` is ended by Ctrl-C, which reaches both: tcpdump closes the pipe, and what it
//! had still to say must be read before the report is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Sets `stop` at the first SIGINT or SIGTERM; leaves the process at the second. With stdin among the inputs the first
/// one sets nothing: whoever writes it was told too, and its end is the end.
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
            for first in [true, false] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if !first {
                    std::process::exit(INTERRUPTED);
                }
                stop.store(!stdin, Ordering::Relaxed);
                eprintln!("finishing with what was captured so far; once more stops at once");
            }
        });
    };
    // Without the watcher Ctrl-C ends the program as it always does.
    if let Err(error) = thread::Builder::new().name("signals".to_owned()).spawn(watcher) {
        tracing::warn!(%error, "signals are not watched");
    }
}
