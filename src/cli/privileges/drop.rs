//! The order of giving up, and the two calls of a live run: [`check`] before the capture begins, [`drop_all`] once
//! everything that needs privileges is open.
//!
//! INVARIANT: one thread. Capabilities, Landlock and seccomp hold for the calling thread and what it starts; glibc
//! changes the user of all threads, and ends the process by SIGABRT when one of them may not. So: plain `main`, open, drop, and
//! only then threads and runtimes.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::user::Who;
use super::{calls, files, reach};

/// What the process may still do after the drop.
#[derive(Debug, Default)]
pub(in crate::cli) struct Plan {
    /// `--user`. Without: `nobody` where root starts it, else who it is.
    pub(in crate::cli) user: Option<String>,
    /// What is read again later: specs, key logs; files or folders.
    pub(in crate::cli) read: Vec<PathBuf>,
    /// Folders of what is written later: reports, state, events, logs.
    pub(in crate::cli) write_folders: Vec<PathBuf>,
    /// Landlock and seccomp; `--no-sandbox` leaves both out.
    pub(in crate::cli) sandbox: bool,
}

/// What came of it, a line a thing, for the log.
#[derive(Debug, Default)]
pub(in crate::cli) struct Dropped {
    /// What holds from here on.
    pub(in crate::cli) in_force: Vec<String>,
    /// What was asked and this kernel, or who started us, cannot give; worth a warning.
    pub(in crate::cli) lacking: Vec<String>,
}

/// Finds all that would fail after the drop: the user, and what it must read and write. Changes nothing.
pub(in crate::cli) fn check(plan: &Plan) -> anyhow::Result<()> {
    reach::check(&Who::of(plan.user.as_deref())?, plan)
}

/// Drops everything that `plan` does not keep. Call it in the only thread there is.
///
/// After an error the process is neither what it was nor what it should be: end it.
pub(in crate::cli) fn drop_all(plan: &Plan) -> anyhow::Result<Dropped> {
    ensure!(alone(), "privileges cannot be dropped: other threads run already, and would keep theirs");
    drop_here(plan)
}

/// What [`drop_all`] does, for this thread.
pub(super) fn drop_here(plan: &Plan) -> anyhow::Result<Dropped> {
    let mut dropped = Dropped::default();
    let who = Who::of(plan.user.as_deref())?;
    // First of all: from here on no program that is started gives anything back.
    nix::sys::prctl::set_no_new_privs().context("no_new_privs cannot be set")?;
    who.become_for_good(&mut dropped)?;
    close_memory(&mut dropped)?;
    if plan.sandbox {
        files::shut(plan, &mut dropped)?;
        // Last: what comes before needs calls that this forbids.
        calls::shut(&mut dropped)?;
    } else {
        dropped.lacking.push("sandbox: off, --no-sandbox was given; files and system calls are not restricted".into());
    }
    Ok(dropped)
}

/// Memory holds other people's traffic: no core dump, and no debugger of the same user (the kernel resets the flag when
/// the user changes, so this comes after).
fn close_memory(dropped: &mut Dropped) -> anyhow::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .context("core dumps cannot be turned off")?;
    nix::sys::prctl::set_dumpable(false).context("the process cannot be closed to debuggers")?;
    dropped.in_force.push("memory: no core dumps, no debugger; no_new_privs".into());
    Ok(())
}

/// Is this the only thread? Without /proc it is believed.
pub(super) fn alone() -> bool {
    let count = || fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    // `check` had a thread of its own; who was joined is still listed for a moment.
    for _ in 0..PATIENCE {
        if count() <= 1 {
            return true;
        }
        thread::sleep(Duration::from_millis(1));
    }
    false
}

/// Milliseconds that a joined thread may take to be gone.
const PATIENCE: u32 = 200;
