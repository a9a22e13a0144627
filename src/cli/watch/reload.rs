//! Notices that specs changed.
//!
//! In: the paths that the user named. Out: whether anything about the files there is other than last time. Looking is
//! cheap enough to do every few seconds, and needs nothing of the system that a sandbox or a network file system lacks.

use std::fs;
use std::hash::Hasher;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

/// Files and folders looked at; what is beyond is not watched (SIGHUP still reads it).
const MOST: usize = 20_000;
/// Folders below folders.
const DEEPEST: usize = 32;

/// What was there when it was looked at last.
#[derive(Debug)]
pub(super) struct Watched {
    paths: Vec<PathBuf>,
    /// What this run writes itself, be it in the folder of its specs; and what stays of it (FILE.1).
    ours: Vec<PathBuf>,
    /// As of the last look.
    seen: u64,
    /// As of when the specs in force were read.
    read: u64,
}

impl Watched {
    pub(super) fn new(paths: &[PathBuf], ours: Vec<PathBuf>) -> Self {
        let seen = fingerprint(paths, &ours);
        Self { paths: paths.to_vec(), ours, seen, read: seen }
    }

    /// Something changed since the specs were read, and is at rest: an editor, or a checkout, is not half-way.
    pub(super) fn changed(&mut self) -> bool {
        let now = fingerprint(&self.paths, &self.ours);
        let at_rest = now == self.seen;
        self.seen = now;
        at_rest && now != self.read
    }

    /// They are read again now.
    pub(super) fn taken(&mut self) {
        self.seen = fingerprint(&self.paths, &self.ours);
        self.read = self.seen;
    }
}

fn fingerprint(paths: &[PathBuf], ours: &[PathBuf]) -> u64 {
    let mut sum = Xxh3::new();
    let mut left = MOST;
    for path in paths {
        // One spelling, that of what is written.
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        look(&path, ours, &mut sum, &mut left, DEEPEST);
    }
    sum.finish()
}

fn look(path: &Path, ours: &[PathBuf], sum: &mut Xxh3, left: &mut usize, deep: usize) {
    let begins = |ours: &PathBuf| path.as_os_str().as_bytes().starts_with(ours.as_os_str().as_bytes());
    if *left == 0 || ours.iter().any(begins) {
        return;
    }
    *left -= 1;
    sum.update(path.as_os_str().as_bytes());
    let Ok(known) = fs::metadata(path) else { return sum.write_u8(0) };
    if !known.is_dir() {
        sum.write_u64(known.ino());
        sum.write_u64(known.size());
        sum.write_i64(known.mtime());
        return sum.write_i64(known.mtime_nsec());
    }
    let Ok(entries) = fs::read_dir(path) else { return sum.write_u8(1) };
    if deep == 0 {
        return;
    }
    let mut names: Vec<PathBuf> = entries.take(*left).filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    // As the reader of folders does: what begins with a dot is not looked at.
    let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"."));
    for name in names.iter().filter(|path| !hidden(path)) {
        look(name, ours, sum, left, deep - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_when_it_is_at_rest() {
        // Catches specs that are read while they are written, and an invalid one that is tried again for ever.
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), "1").unwrap();
        let mut watched =
            Watched::new(&[folder.path().to_owned()], vec![folder.path().canonicalize().unwrap().join("report.json")]);
        fs::write(folder.path().join("report.json.1"), "ours").unwrap();
        assert!(!watched.changed() && !watched.changed());
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(folder.path().join("below/b.yaml"), "2").unwrap();
        assert!(!watched.changed(), "it may still be written");
        assert!(watched.changed());
        watched.taken();
        assert!(!watched.changed());
        fs::write(folder.path().join(".hidden"), "3").unwrap();
        assert!(!watched.changed() && !watched.changed());
        // Replaced by a file of the same size, as editors do.
        fs::write(folder.path().join(".new"), "9").unwrap();
        fs::rename(folder.path().join(".new"), folder.path().join("a.yaml")).unwrap();
        assert!(!watched.changed() && watched.changed());
    }

    #[test]
    fn a_circle_of_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert!(!Watched::new(&[folder.path().to_owned()], Vec::new()).changed());
    }
}
