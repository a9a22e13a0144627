//! What the outside asks of a run: signals, and pages over HTTP. The one thread with a runtime; no packet meets it.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::Sender;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::log::say;
use crate::cli::signals::INTERRUPTED;
use crate::web::{Access, Served, serve};

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Told {
    /// Read what the kernel still holds, report, and end.
    Stop,
    /// Read the specs again, and open anew what others may have moved away.
    Reload,
    /// The capture has ended, for whatever reason.
    Ended,
}

/// Pages to serve meanwhile.
pub(in crate::cli) struct Serving {
    /// Where; bound already.
    pub(in crate::cli) listener: TcpListener,
    /// What.
    pub(in crate::cli) pages: Arc<dyn Served>,
    /// To whom.
    pub(in crate::cli) access: Access,
}

/// Watches SIGINT, SIGTERM and SIGHUP. A second one to stop leaves the process at once.
///
/// # Errors
/// Where a thread or a handler cannot be had.
pub(in crate::cli) fn watch(
    told: Sender<Told>,
    quiet: bool,
    viewed: bool,
    pages: Option<Serving>,
) -> std::io::Result<()> {
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
            if let Some(Serving { listener, pages, access }) = pages {
                // It ends with the runtime, which ends with the process.
                tokio::spawn(async move {
                    if let Err(error) = serve(listener, pages, access, std::future::pending::<()>()).await {
                        tracing::error!(%error, "pages are not served any more");
                    }
                });
            }
            let mut stopping = false;
            loop {
                tokio::select! {
                    Some(()) = interrupt.recv() => {}
                    Some(()) = terminate.recv() => {}
                    // With a live view it is its terminal that went away.
                    Some(()) = hangup.recv() => {
                        if !viewed {
                            let _ = told.send(Told::Reload);
                            continue;
                        }
                    }
                    else => return,
                }
                if stopping {
                    std::process::exit(INTERRUPTED);
                }
                stopping = true;
                let _ = told.send(Told::Stop);
                // After it: a terminal that is stopped (Ctrl-S) holds up whoever writes to it.
                if !quiet && !viewed {
                    say(format_args!("reading what the kernel still holds; once more stops at once, without a report"));
                }
            }
        });
    })?;
    is_ready.recv().unwrap_or_else(|_| Err(std::io::Error::other("the thread for signals is gone")))
}
