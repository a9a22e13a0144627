//! Keeps what was learned in a file, from run to run (`--state`).
//!
//! In: a path. Out: the inventory to go on with, and a checkpoint whenever it is asked for. A state that makes no sense is set
//! aside, never written over.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::standing::folder_of;
use crate::api::Templates;
use crate::inventory::Inventory;
use crate::limits::Limits;
use crate::report::rfc3339_text;
use crate::store::{self, CallerKey, Header, MAGIC, Run, StoreError};
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
    /// What earlier runs announced.
    pub(super) announced: Vec<[String; 4]>,
    /// What a reader of reports must know of it.
    pub(super) note: Option<String>,
}

impl Begun {
    /// With nothing learned, and nothing kept.
    pub(super) fn anew(limits: &Limits, templates: Templates, caller_key: u64) -> Self {
        let inventory = Inventory::new(limits, templates);
        Self { inventory, caller_key, keeper: None, announced: Vec::new(), note: None }
    }

    /// With what the file holds.
    pub(super) fn from(
        path: &Path,
        limits: &Limits,
        templates: Templates,
        run: Run,
        caller_key: u64,
    ) -> anyhow::Result<Self> {
        let lock = lock(path)?;
        is_a_state(path)?;
        let mut begun = Self::anew(limits, templates.clone(), caller_key);
        let header = match store::load(path, limits, templates) {
            Ok(Some(loaded)) => {
                let header = loaded.header.followed_by(run);
                begun.inventory = loaded.inventory;
                begun.caller_key = header.caller_key.0;
                begun.announced.clone_from(&header.announced);
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
    pub(super) fn save(
        &mut self,
        inventory: &Inventory,
        window: Option<(Timestamp, Timestamp)>,
        announced: Vec<[String; 4]>,
    ) -> bool {
        self.header.step(window, announced);
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

/// A file that is plainly something else is not set aside, or written over: a name was mistyped.
fn is_a_state(path: &Path) -> anyhow::Result<()> {
    let mut front = [0; MAGIC.len()];
    let found = File::open(path).and_then(|mut file| file.read(&mut front)).unwrap_or_default();
    // Damage changes a few bytes, or leaves zeros behind.
    let alike = front.iter().zip(MAGIC).filter(|(found, magic)| **found == *magic).count();
    let nothing = front.iter().all(|byte| *byte == 0);
    let sound = found == 0 || nothing || alike * 2 >= MAGIC.len();
    anyhow::ensure!(
        sound,
        "--state {}: is no state of shadowtap; name another file, or move this one away",
        path.display()
    );
    Ok(())
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
