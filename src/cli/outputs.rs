//! Where reports go: each file whole or not at all, mode 0600, made ready before the first packet is read.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

use super::args::{Color, Format};
use crate::report::Style;

/// One report as it was asked for.
#[derive(Debug)]
pub(super) struct Planned {
    /// How.
    pub(super) format: Format,
    /// Where; `None`: to stdout.
    pub(super) file: Option<PathBuf>,
}

/// One report to write.
#[derive(Debug)]
pub(super) struct Output {
    /// How.
    pub(super) format: Format,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Stdout,
    /// A temporary file beside its final place.
    File(Box<NamedTempFile>, PathBuf),
    /// Something that is no regular file (a pipe, a device) is written in place: renaming over it would destroy it.
    Special(PathBuf),
}

/// Pairs each `-o` with the `--format` before it, by their places on the command line.
/// No output may be one of the `inputs`, or another output, however they are spelt.
pub(super) fn plan(
    formats: &[(usize, Format)],
    files: &[(usize, PathBuf)],
    inputs: &[PathBuf],
) -> anyhow::Result<Vec<Planned>> {
    let mut planned: Vec<(usize, Format, Option<&PathBuf>)> =
        formats.iter().map(|(at, format)| (*at, *format, None)).collect();
    if planned.is_empty() {
        planned.push((0, Format::Text, None));
    }
    for (at, file) in files {
        let before = planned.iter_mut().rfind(|(place, ..)| place < at);
        match before {
            Some((_, _, taken @ None)) => *taken = Some(file),
            Some((_, format, Some(_))) => {
                bail!(
                    "-o {}: the --format {} before it has its -o already; write --format FORMAT -o FILE once for each file",
                    file.display(),
                    format.name()
                )
            }
            None => bail!("-o {}: no --format stands before it; write --format FORMAT -o FILE", file.display()),
        }
    }
    let to_stdout: Vec<_> =
        planned.iter().filter(|(.., file)| file.is_none_or(|file| file.as_os_str() == "-")).collect();
    if to_stdout.len() > 1 {
        bail!("{} formats would go to stdout; give all but one of them a file with -o", to_stdout.len());
    }
    // They are written from a spool that is read once.
    if planned.iter().filter(|(_, format, _)| *format == Format::Transactions).count() > 1 {
        bail!("--format transactions: named twice; ask for it once, and copy the file");
    }
    let mut places = Vec::new();
    for file in planned.iter().filter_map(|(.., file)| *file).filter(|file| file.as_os_str() != "-") {
        let place = place_of(file);
        if let Some(input) = inputs.iter().find(|input| input.is_file() && place_of(input) == place) {
            bail!("-o {}: is the input {}; a report would replace it", file.display(), input.display());
        }
        if places.contains(&place) {
            bail!("-o {}: named twice", file.display());
        }
        places.push(place);
    }
    let file = |file: Option<&PathBuf>| file.filter(|file| file.as_os_str() != "-").cloned();
    Ok(planned.into_iter().map(|(_, format, named)| Planned { format, file: file(named) }).collect())
}

/// One spelling for one place: links and dots are followed, as far as the file or its folder exists.
fn place_of(file: &Path) -> PathBuf {
    fs::canonicalize(file).unwrap_or_else(|_| {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        match (fs::canonicalize(folder), file.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => file.to_path_buf(),
        }
    })
}

impl Target {
    fn open(file: Option<&PathBuf>) -> anyhow::Result<Self> {
        let Some(file) = file else { return Ok(Self::Stdout) };
        match fs::metadata(file) {
            Ok(known) if known.is_dir() => bail!("-o {}: is a folder; name a file in it", file.display()),
            Ok(known) if !known.is_file() => return Ok(Self::Special(file.clone())),
            _ => {}
        }
        // A link is followed, so that what it points at is replaced and not the link.
        let place = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let temporary = NamedTempFile::with_prefix_in(".shadowtap-", folder)
            .with_context(|| format!("-o {}: cannot write in its folder", file.display()))?;
        Ok(Self::File(Box::new(temporary), place))
    }
}

impl Output {
    /// Makes its place ready.
    pub(super) fn open(planned: &Planned) -> anyhow::Result<Self> {
        Ok(Self { format: planned.format, target: Target::open(planned.file.as_ref())? })
    }

    /// It goes to stdout.
    pub(super) const fn is_stdout(&self) -> bool {
        matches!(self.target, Target::Stdout)
    }

    /// Where it goes, for people.
    pub(super) fn place(&self) -> Option<&Path> {
        match &self.target {
            Target::Stdout => None,
            Target::File(_, place) | Target::Special(place) => Some(place),
        }
    }

    /// What its medium can show.
    pub(super) fn style(&self, color: Color) -> Style {
        style_of(self.is_stdout(), color)
    }

    /// Writes it, whole or not at all. A reader that went away (a closed pipe) ends it quietly.
    pub(super) fn write(self, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        match self.target {
            Target::Stdout => to_stdout(body),
            Target::File(mut temporary, place) => {
                let mut out = io::BufWriter::new(temporary.as_file_mut());
                body(&mut out)
                    .and_then(|()| out.flush())
                    .and_then(|()| out.get_ref().sync_all())
                    .with_context(|| format!("-o {}: cannot be written", place.display()))?;
                drop(out);
                temporary
                    .persist(&place)
                    .map(drop)
                    .with_context(|| format!("-o {}: cannot be put in place", place.display()))
            }
            Target::Special(place) => {
                let file = fs::OpenOptions::new().write(true).open(&place);
                file.and_then(|file| {
                    let mut out = io::BufWriter::new(file);
                    body(&mut out).and_then(|()| out.flush())
                })
                .with_context(|| format!("-o {}: cannot be written", place.display()))
            }
        }
    }
}

/// What stdout, or a file, can show.
pub(super) fn style_of(stdout: bool, color: Color) -> Style {
    let terminal = stdout && io::stdout().is_terminal();
    let colour = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let width = terminal_size::terminal_size().filter(|_| terminal).map_or(100, |(width, _)| width.0.into());
    Style { colour, width }
}

/// Writes to stdout. A reader that went away (a closed pipe) ends it quietly.
pub(super) fn to_stdout(body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match body(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is still buffered has no reader; do not try again on drop.
            let _ = out.into_parts();
            Ok(())
        }
        other => other.context("stdout"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_belongs_to_the_format_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let outputs =
            plan(&[(1, Format::Json), (3, Format::Text), (4, Format::Html)], &[(2, a.clone()), (5, b.clone())], &[])
                .unwrap();
        let outputs: Vec<_> = outputs.iter().map(|planned| Output::open(planned).unwrap()).collect();
        let places: Vec<_> = outputs.iter().map(|output| output.place().map(Path::to_path_buf)).collect();
        assert_eq!(places, [Some(a.clone()), None, Some(b)]);
        assert!(!a.exists(), "nothing stands in place before it is whole");
    }

    #[test]
    fn what_cannot_be_paired_is_said() {
        let said = |formats: &[(usize, Format)], files: &[(usize, PathBuf)]| {
            plan(formats, files, &[]).unwrap_err().to_string()
        };
        assert!(said(&[(2, Format::Json)], &[(1, "x".into())]).contains("no --format stands before"));
        assert!(said(&[(1, Format::Json), (2, Format::Html)], &[]).contains("2 formats would go to stdout"));
        assert!(said(&[(1, Format::Json)], &[(2, "x".into()), (3, "y".into())]).contains("has its -o already"));
    }
}
