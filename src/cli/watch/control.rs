//! What the outside tells a run: signals. The one thread with a runtime; no packet meets it.

use std::thread;

use crossbeam_channel::Sender;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::signals::INTERRUPTED;

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Read what the kernel still holds, report, and end.
    Stop,
    /// Read the specs again, and open anew what others may have moved away.
    Reload,
    /// The capture has ended, for whatever reason.
    Ended,
}

/// Watches SIGINT, SIGTERM and SIGHUP. A second one to stop leaves the process at once.
///
/// # Errors
/// Where a thread or a handler cannot be had.
pub(super) fn watch(told: Sender<Told>, quiet: bool) -> std::io::Result<()> {
    let (ready, is_ready) = crossbeam_channel::bounded(1);
    thread::Builder::new().name("control".to_owned()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async {
            let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
            let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = signals else {
                return drop(ready.send(Err(std::io::Error::other("signals cannot be watched"))));
            };
            let _ = ready.send(Ok(()));
            let mut stopping = false;
            loop {
                tokio::select! {
                    Some(()) = interrupt.recv() => {}
                    Some(()) = terminate.recv() => {}
                    Some(()) = hangup.recv() => {
                        let _ = told.send(Told::Reload);
                        continue;
                    }
                    else => return,
                }
                if stopping {
                    std::process::exit(INTERRUPTED);
                }
                stopping = true;
                if !quiet {
                    eprintln!("reading what the kernel still holds; once more stops at once, without a report");
                }
                let _ = told.send(Told::Stop);
            }
        });
    })?;
    is_ready.recv().unwrap_or_else(|_| Err(std::io::Error::other("the thread for signals is gone")))
}
