//! Reports that are written again and again: each replaces the one before, which stays as FILE.1.
//!
//! At every moment the file holds one whole report: it is written beside its place, brought to the disk, and renamed. A
//! process that is killed meanwhile, or a disk that is full, leaves the last one as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::args::{Color, Format};
use crate::cli::outputs::{Planned, style_of, to_stdout};
use crate::report::{REPORTERS, Report, Style};

/// One report that stands somewhere.
#[derive(Debug)]
pub(super) struct Standing {
    format: Format,
    /// `None`: stdout, which is written to at the end only.
    place: Option<PathBuf>,
    keep: u16,
    style: Style,
    /// The last attempt failed, and that was said.
    failing: bool,
}

impl Standing {
    /// From what was asked for. A folder or a device is no place for a file that is replaced.
    pub(super) fn plan(planned: Vec<Planned>, keep: u16, color: Color) -> anyhow::Result<Vec<Self>> {
        planned
            .into_iter()
            .map(|Planned { format, file }| {
                let style = style_of(file.is_none(), color);
                let place = file.map(|file| place(&file)).transpose()?;
                Ok(Self { format, place, keep, style, failing: false })
            })
            .collect()
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Option<&Path> {
        self.place.as_deref()
    }

    /// It goes to stdout.
    pub(super) const fn is_stdout(&self) -> bool {
        self.place.is_none()
    }

    /// Finds out whether it can be written, before anything is captured.
    pub(super) fn try_out(&self) -> anyhow::Result<()> {
        let Some(place) = &self.place else { return Ok(()) };
        let beside = beside(place);
        create(&beside).and_then(|_| fs::remove_file(&beside)).with_context(|| {
            let folder = folder_of(place).display().to_string();
            format!("-o {}: cannot write in {folder} as this user; see --user, or chown the folder", place.display())
        })
    }

    /// Writes it. What goes wrong is said once, until it goes right again.
    pub(super) fn write(&mut self, report: &Report<'_>) -> bool {
        let done = self.try_write(report);
        let place = self.place.as_deref().map_or_else(|| "stdout".to_owned(), |place| place.display().to_string());
        match &done {
            Err(error) if !self.failing => {
                tracing::error!("a report could not be written: {error:#}; the next one is tried again");
            }
            Ok(()) if self.failing => tracing::warn!(file = place, "reports can be written again"),
            _ => {}
        }
        self.failing = done.is_err();
        done.is_ok()
    }

    fn try_write(&self, report: &Report<'_>) -> anyhow::Result<()> {
        let reporter = REPORTERS.iter().find(|reporter| reporter.name() == self.format.name());
        let body = |out: &mut dyn Write| reporter.map_or(Ok(()), |reporter| reporter.write(report, self.style, out));
        match &self.place {
            None => to_stdout(body),
            Some(place) => replace(place, self.keep, body).with_context(|| format!("-o {}", place.display())),
        }
    }
}

/// Where a file that is replaced stands: a link is followed, so that what it points at is replaced.
fn place(file: &Path) -> anyhow::Result<PathBuf> {
    match fs::metadata(file) {
        Ok(known) if known.is_dir() => anyhow::bail!("-o {}: is a folder; name a file in it", file.display()),
        Ok(known) if !known.is_file() => {
            anyhow::bail!("-o {}: is no regular file, and reports are put in place by renaming", file.display())
        }
        _ => {}
    }
    let absolute = std::path::absolute(file).with_context(|| format!("-o {}", file.display()))?;
    let place = fs::canonicalize(&absolute).unwrap_or(absolute);
    anyhow::ensure!(folder_of(&place).is_dir(), "-o {}: its folder does not exist", file.display());
    Ok(place)
}

/// The folder of a file.
pub(super) fn folder_of(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Where the next one grows. One name, so that what a killed process leaves is replaced by the next.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    folder_of(place).join(format!(".{name}.shadowtap-new"))
}

/// A new file that nobody else can have put there.
fn create(beside: &Path) -> io::Result<File> {
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)
}

/// Writes `place` anew, whole or not at all, and keeps what it was.
fn replace(place: &Path, keep: u16, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(place);
    let mut out = BufWriter::new(create(&beside)?);
    let written = body(&mut out).and_then(|()| out.flush()).and_then(|()| out.get_ref().sync_all());
    if let Err(error) = written {
        // Room for the next attempt.
        drop(out);
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    if let Err(error) = rotate(place, keep).and_then(|()| fs::rename(&beside, place)) {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    File::open(folder_of(place)).and_then(|folder| folder.sync_all())
}

/// Moves FILE.1 to FILE.2 and so on, and gives the report that stands a second name, FILE.1: it must not be gone for a moment.
fn rotate(place: &Path, keep: u16) -> io::Result<()> {
    let numbered = |n: u16| {
        let mut name = place.as_os_str().to_owned();
        name.push(format!(".{n}"));
        PathBuf::from(name)
    };
    if keep == 0 || !place.exists() {
        return Ok(());
    }
    for n in (1..keep).rev() {
        match fs::rename(numbered(n), numbered(n + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let first = numbered(1);
    match fs::remove_file(&first) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Not every file system has links; and a report that somebody else wrote may be moved, and neither linked nor read.
    fs::hard_link(place, &first).or_else(|_| fs::copy(place, &first).map(drop)).or_else(|_| fs::rename(place, &first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(place: &Path, keep: u16, text: &str) {
        replace(place, keep, |out| out.write_all(text.as_bytes())).unwrap();
    }

    #[test]
    fn each_report_replaces_the_last_which_stays_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.json");
        for n in 0..6 {
            write(&place, 3, &n.to_string());
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        let all = ["report.json", "report.json.1", "report.json.2", "report.json.3", "report.json.4"].map(read);
        assert_eq!(all, ["5", "4", "3", "2", ""]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "nothing else is left");
    }

    #[test]
    fn what_fails_leaves_the_last_as_it_was_and_no_litter() {
        // Catches a rotation before the new one is whole, and a half file that fills the disk for good.
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("r");
        write(&place, 2, "whole");
        let full = |out: &mut dyn Write| {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        assert_eq!(replace(&place, 2, full).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&place).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("r");
        fs::write(beside(&place), "half").unwrap();
        write(&place, 0, "whole");
        assert_eq!(fs::read_to_string(&place).unwrap(), "whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_put_in_the_way_is_not_followed() {
        // Catches a report that is written through a link into a file of somebody else's choice.
        let folder = tempfile::tempdir().unwrap();
        let (place, victim) = (folder.path().join("r"), folder.path().join("victim"));
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, beside(&place)).unwrap();
        write(&place, 0, "whole");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}
