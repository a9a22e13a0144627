//! Landlock: which files the process may still open, by folder. No new TCP or UDP endpoints, no signals to others.
//!
//! What is open already stays usable: captures, stdin and stdout, the listening socket.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, Scope, make_bitflags,
};

use super::drop::{Dropped, Plan};

/// Allows what `plan` names and forbids the rest, as far as the kernel knows how.
pub(super) fn shut(plan: &Plan, dropped: &mut Dropped) -> anyhow::Result<()> {
    let (read, narrow) = readable(&plan.read);
    let write: BTreeSet<PathBuf> = plan.write_folders.iter().map(|folder| real(folder)).collect();
    let status =
        restrict(&read, &write).context("Landlock: the files cannot be restricted (--no-sandbox does without)")?;
    tell(&status, &read, &write, dropped);
    for file in narrow {
        dropped.lacking.push(format!(
            "files: {} lies in the root folder, which is not opened for it: when it is replaced it is no longer seen; \
             put it in a folder of its own",
            file.display()
        ));
    }
    if write.iter().any(|folder| folder.parent().is_none()) {
        dropped
            .lacking
            .push("files: an output lies in the root folder, so every file may be written; name another folder".into());
    }
    Ok(())
}

fn restrict(read: &BTreeSet<PathBuf>, write: &BTreeSet<PathBuf>) -> anyhow::Result<RestrictionStatus> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    // The live view's keys, where stdin is not the terminal. What it may do with it, `calls` says.
    let terminal = io::stdout().is_terminal().then(|| (Path::new("/dev/tty"), TERMINAL));
    let always = ALWAYS.iter().map(|path| (Path::new(path), READ));
    let named = read.iter().map(|path| (path.as_path(), READ));
    let written = write.iter().map(|path| (path.as_path(), WRITE));
    for (path, access) in always.chain(named).chain(written).chain(terminal) {
        // Not every system has every path; those that were named `check` has seen.
        let Ok(open) = PathFd::new(path) else { continue };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
        rules = rules.add_rule(PathBeneath::new(open, access))?;
    }
    // A rule holds on to an inode. /proc makes new ones whenever the kernel has emptied its caches, and the rule would
    // stand on what is gone (measured); a folder that is open stays the same. So it is never closed.
    std::mem::forget(fs::File::open(OURSELVES));
    Ok(rules.restrict_self()?)
}

/// What to open for reading, and the files that get no folder.
///
/// A file is opened again by its name. An editor or a deployment puts a new file in its place, so the rule must stand on
/// the folder; through a link, on the link's folder and on that of the file. `$ref`s lead below the same folder.
fn readable(paths: &[PathBuf]) -> (BTreeSet<PathBuf>, Vec<PathBuf>) {
    let (mut open, mut narrow) = (BTreeSet::new(), Vec::new());
    for path in paths {
        let target = real(path);
        let is_link = fs::symlink_metadata(path).is_ok_and(|known| known.is_symlink());
        let mut holders = Vec::new();
        if target.is_dir() {
            open.insert(target.clone());
        } else {
            holders.extend(target.parent().map(Path::to_owned));
        }
        if is_link {
            let link = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            holders.extend(link.parent().map(real));
        }
        for holder in holders {
            // One file in `/` must not open the whole machine.
            if holder.parent().is_none() {
                open.insert(target.clone());
                narrow.push(path.clone());
            } else {
                open.insert(holder);
            }
        }
    }
    (open, narrow)
}

fn real(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn tell(status: &RestrictionStatus, read: &BTreeSet<PathBuf>, write: &BTreeSet<PathBuf>, dropped: &mut Dropped) {
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi,
        LandlockStatus::NotEnabled => {
            dropped
                .lacking
                .push("files: not restricted, Landlock is off in this kernel; boot it with landlock in lsm=".into());
            return;
        }
        LandlockStatus::NotImplemented => {
            dropped.lacking.push(
                "files: not restricted, this kernel has no Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK), or a \
                 sandbox around us forbids it"
                    .into(),
            );
            return;
        }
    };
    let list = |paths: &BTreeSet<PathBuf>| match paths.len() {
        0 => "nothing".to_owned(),
        _ => paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "),
    };
    dropped.in_force.push(format!(
        "files: Landlock ABI {} leaves reading below {} and what the system tells of interfaces, writing below {}",
        abi as i32,
        list(read),
        list(write)
    ));
    // What a newer kernel would add. UDP and UNIX sockets (ABI 9, 10) are not told: `calls` refuses them anyway.
    for (since, what) in [
        (ABI::V3, "cutting files short (Linux 6.2)"),
        (ABI::V4, "new TCP connections (Linux 6.7)"),
        (ABI::V5, "commands to devices (Linux 6.10)"),
        (ABI::V6, "signals to other processes (Linux 6.12)"),
    ] {
        if abi < since {
            dropped.lacking.push(format!("files: this kernel's Landlock does not restrict {what}"));
        }
    }
}

/// Interfaces: libpcap reads lost packets below /sys/class/net, which are links into /sys/devices. Ourselves: memory
/// and processor time for the metrics.
const ALWAYS: [&str; 3] = ["/sys/class/net", "/sys/devices", OURSELVES];

/// /proc/net leads below it too.
const OURSELVES: &str = "/proc/self";

/// Programs are not among it.
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});

/// Files and folders come and go, are renamed and cut. No devices, sockets, pipes or links, and nothing is executed.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | RemoveFile | MakeDir | RemoveDir | Refer
});

const TERMINAL: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | WriteFile | IoctlDev});

/// The newest rules that are known; an older kernel takes those it has.
const NEWEST: ABI = ABI::V10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_named_file_is_opened_and_that_of_a_link_too() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        for folder in ["specs", "links", "whole"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        fs::write(root.join("specs/a.yaml"), "").unwrap();
        std::os::unix::fs::symlink(root.join("specs/a.yaml"), root.join("links/a.yaml")).unwrap();
        let opened = |path: &str| readable(&[root.join(path)]).0.into_iter().collect::<Vec<_>>();
        assert_eq!(opened("specs/a.yaml"), [root.join("specs")]);
        assert_eq!(opened("links/a.yaml"), [root.join("links"), root.join("specs")]);
        assert_eq!(opened("whole"), [root.join("whole")]);
    }

    #[test]
    fn a_file_in_the_root_folder_opens_itself_alone() {
        let (open, narrow) = readable(&[PathBuf::from("/shadowtap-spec.yaml")]);
        assert_eq!(open.into_iter().collect::<Vec<_>>(), [PathBuf::from("/shadowtap-spec.yaml")]);
        assert_eq!(narrow.len(), 1);
    }
}
