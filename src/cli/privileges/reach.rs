//! Can the user that the process becomes read and write what was named? Found before the first packet, not at the first
//! report.
//!
//! The kernel is asked, by a thread that is that user: mode bits alone know nothing of access lists, mounts and network
//! file systems.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, anyhow, bail};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, Uid, access};

use super::drop::Plan;
use super::user::{Who, name_of};

/// Fails with the first path that `who` cannot use.
pub(super) fn check(who: &Who, plan: &Plan) -> anyhow::Result<()> {
    let (written, read_again) = (Named::all(&plan.write_folders), Named::all(&plan.read));
    let as_them = || {
        who.become_in_this_thread()?;
        written.iter().try_for_each(|folder| write(who, folder))?;
        read_again.iter().try_for_each(|path| read(who, path))
    };
    thread::scope(|scope| {
        let asked = thread::Builder::new().name("check".to_owned()).spawn_scoped(scope, as_them);
        asked
            .context("no thread can be started")?
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the check of folders failed")))
    })
}

fn write(who: &Who, named: &Named<'_>) -> anyhow::Result<()> {
    named.pass(who)?;
    let folder = named.path;
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            bail!("{shown}: does not exist; create it: install -d -o {} {shown}", who.name)
        }
        Err(why) => return Err(why).with_context(|| shown.to_string()),
        Ok(known) if !known.is_dir() => bail!("{shown}: is no folder"),
        Ok(_) => {}
    }
    match access(folder, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK) {
        Ok(()) => Ok(()),
        Err(Errno::EROFS) => bail!("{shown}: is mounted read-only; name another folder, or mount it for writing"),
        Err(_) => bail!("{shown}: cannot be written by {}; {}", them(who), mend(who, folder)),
    }
}

fn read(who: &Who, named: &Named<'_>) -> anyhow::Result<()> {
    named.pass(who)?;
    let path = named.path;
    let shown = path.display();
    let mode = match fs::metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => bail!("{shown}: does not exist"),
        Err(why) => return Err(why).with_context(|| shown.to_string()),
        Ok(known) if known.is_dir() => AccessFlags::R_OK | AccessFlags::X_OK,
        Ok(_) => AccessFlags::R_OK,
    };
    match access(path, mode) {
        Ok(()) => Ok(()),
        Err(_) => bail!("{shown}: cannot be read again by {}; {}", them(who), mend(who, path)),
    }
}

/// A path that was named, and where it leads. Links are followed before the user changes: who may not pass cannot tell
/// where it was going.
struct Named<'a> {
    path: &'a Path,
    real: PathBuf,
}

impl<'a> Named<'a> {
    fn all(paths: &'a [PathBuf]) -> Vec<Self> {
        paths.iter().map(|path| Self::new(path)).collect()
    }

    fn new(path: &'a Path) -> Self {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let real = path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
        Self { path, real }
    }

    /// Every folder on the way must let `who` through; the first that does not is named.
    fn pass(&self, who: &Who) -> anyhow::Result<()> {
        let whole = std::path::absolute(self.path).with_context(|| self.path.display().to_string())?;
        let mut above: Vec<_> = whole.ancestors().skip(1).chain(self.real.ancestors().skip(1)).collect();
        // From the root down: what lies below a closed door is closed as well.
        above.sort_by_key(|folder| folder.components().count());
        for folder in above {
            if let Err(Errno::EACCES) = access(folder, AccessFlags::X_OK) {
                bail!(
                    "{}: {} may not pass through {}; chmod o+x {}, or use another folder, or name a user that may with \
                     --user",
                    self.path.display(),
                    them(who),
                    folder.display(),
                    folder.display()
                );
            }
        }
        Ok(())
    }
}

/// The user, and why it is that one.
fn them(who: &Who) -> String {
    let Who { name, user, group, .. } = who;
    let why = match (who.changes(), user.is_root()) {
        (true, _) => "which shadowtap becomes once it listens",
        (false, true) => "which keeps CAP_NET_RAW alone, so that owners and modes count",
        (false, false) => "as which shadowtap runs",
    };
    format!("'{name}' (uid {user}, gid {group}), {why}")
}

fn mend(who: &Who, path: &Path) -> String {
    let shown = path.display();
    let chown = format!("chown {} {shown}", who.name);
    // Staying an ordinary user, there is no --user to name.
    if !who.changes() && !who.user.is_root() {
        return format!("{chown}, or use another folder");
    }
    match fs::metadata(path).map(|known| Uid::from_raw(known.uid())) {
        Ok(owner) if owner != who.user => format!("{chown}, or run as its owner: --user {}", name_of(owner)),
        _ => format!("{chown} and chmod u+rwX it, or name another user with --user"),
    }
}
