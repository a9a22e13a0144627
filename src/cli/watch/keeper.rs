//! Keeps what was learned in a file, from run to run (`--state`).
//!
//! In: a path. Out: the inventory to go on with, and a checkpoint whenever it is asked for. A state that makes no sense is set
//! aside, never written over.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::Context;

use super::standing::folder_of;
use crate::api::Pin;
use crate::inventory::Inventory;
use crate::limits::Limits;
use crate::report::rfc3339_text;
use crate::store::{self, CallerKey, Header, Run, StoreError};
use crate::time::Timestamp;

/// The state file of this run.
pub(super) struct Keeper {
    path: PathBuf,
    header: Header,
    /// Held as long as the run: two sensors must not take turns in one file.
    _lock: File,
    failing: bool,
}

/// What a run begins with.
pub(super) struct Begun {
    pub(super) inventory: Inventory,
    pub(super) caller_key: u64,
    pub(super) keeper: Option<Keeper>,
    /// When the last checkpoint of earlier runs was written.
    pub(super) known_until: Option<Timestamp>,
    /// What a reader of reports must know of it.
    pub(super) note: Option<String>,
}

impl Begun {
    /// With nothing learned, and nothing kept.
    pub(super) fn anew(limits: &Limits, pins: Vec<Pin>, caller_key: u64) -> Self {
        let inventory = Inventory::new(limits, pins);
        Self { inventory, caller_key, keeper: None, known_until: None, note: None }
    }

    /// With what the file holds.
    pub(super) fn from(
        path: &Path,
        limits: &Limits,
        pins: Vec<Pin>,
        run: Run,
        caller_key: u64,
    ) -> anyhow::Result<Self> {
        let lock = lock(path)?;
        let mut begun = Self::anew(limits, pins.clone(), caller_key);
        let written = written_at(path);
        let header = match store::load(path, limits, pins) {
            Ok(Some(loaded)) => {
                let header = loaded.header.followed_by(run);
                begun.inventory = loaded.inventory;
                begun.caller_key = header.caller_key.0;
                begun.known_until = written;
                let since = header.before.iter().map(|run| run.started).min().unwrap_or_default();
                begun.note = Some(format!(
                    "What {} learned since {} is counted in (--state); the figures of the capture are of this run alone.",
                    match header.runs() - 1 {
                        1 => "an earlier run".to_owned(),
                        runs => format!("{runs} earlier runs"),
                    },
                    rfc3339_text(since)
                ));
                header
            }
            Ok(None) => Header::first(run, CallerKey(caller_key)),
            Err(error @ (StoreError::Damaged { .. } | StoreError::OtherVersion { .. })) => {
                let aside = store::set_aside(path)
                    .with_context(|| format!("--state {}: {error}; and it cannot be renamed", path.display()))?;
                tracing::error!(
                    "--state: {error}; it is set aside as {}, and this run begins with nothing",
                    aside.display()
                );
                begun.note =
                    Some("The state of earlier runs could not be read and is set aside; the log says why.".to_owned());
                Header::first(run, CallerKey(caller_key))
            }
            Err(error) => return Err(error).with_context(|| format!("--state {}", path.display())),
        };
        begun.keeper = Some(Keeper { path: path.to_owned(), header, _lock: lock, failing: false });
        Ok(begun)
    }
}

impl Keeper {
    /// Writes what is known by now; `window` is what this run has seen. What goes wrong is said once, until it goes right again.
    pub(super) fn save(&mut self, inventory: &Inventory, window: Option<(Timestamp, Timestamp)>) -> bool {
        self.header.step(window);
        let saved = store::save(&self.path, &self.header, inventory);
        match &saved {
            Err(error) if !self.failing => {
                tracing::error!("--state: {error}; the capture goes on, and it is tried again")
            }
            Ok(_) if self.failing => tracing::warn!("the state can be written again"),
            _ => {}
        }
        self.failing = saved.is_err();
        !self.failing
    }
}

/// When the file was written: by the last checkpoint, which looked at what was known then.
fn written_at(path: &Path) -> Option<Timestamp> {
    let written = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_parts(written.as_secs(), written.subsec_nanos().into()))
}

/// Takes the file for this process alone.
fn lock(path: &Path) -> anyhow::Result<File> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".lock");
    let place = folder_of(path).join(name);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&place);
    let file = file.with_context(|| format!("--state {}: {} cannot be opened", path.display(), place.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("--state {}: another shadowtap keeps its state there; give each its own file", path.display())
        }
        // Not every file system has locks.
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "the state cannot be locked; let no other shadowtap use the same file");
            Ok(file)
        }
    }
}
