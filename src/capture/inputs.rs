//! What the user named, as a list of inputs: folders are walked, files are taken as they are.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::file::{is_stdin, looks_like_a_capture};
use super::source::CaptureError;

/// The inputs of a run.
pub struct Inputs;

impl Inputs {
    /// Turns what was named into files to read.
    ///
    /// A file that was named is always taken, so that what is wrong with it gets told. A folder gives the files in
    /// it, at any depth, that begin like a capture or are named like one, sorted by path; a file met twice
    /// (through links) counts once, and loops of links end.
    ///
    /// # Errors
    /// [`CaptureError::Input`] when nothing was named, stdin twice, or a folder holds no capture.
    pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CaptureError> {
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(CaptureError::Input("stdin ('-') can be read once only; name it once".to_owned()));
        }
        let mut inputs = Vec::new();
        for path in paths {
            if is_stdin(path) || !path.is_dir() {
                inputs.push(path.clone());
                continue;
            }
            let found = walk(path);
            if found.is_empty() {
                return Err(CaptureError::Input(format!(
                    "{}: no captures in this folder; looked for pcap and pcapng files, plain, .gz or .zst",
                    path.display()
                )));
            }
            inputs.extend(found);
        }
        if inputs.is_empty() {
            return Err(CaptureError::Input("no capture was named; name files, folders, or '-' for stdin".to_owned()));
        }
        Ok(inputs)
    }
}

fn walk(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    // A folder is entered once under its real name: loops of links end here.
    let mut entered = HashSet::new();
    while let Some(folder) = folders.pop() {
        if !entered.insert(real(&folder)) {
            continue;
        }
        let Ok(entries) = std::fs::read_dir(&folder) else {
            // It goes on the list: opening it as a file tells the user why it was not read.
            found.push(folder);
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            // Follows links; pipes and devices in a folder are nobody's captures, and opening them may hang.
            match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) if metadata.is_file() && (named_like_a_capture(&path) || looks_like_a_capture(&path)) => {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found.sort();
    let mut taken = HashSet::new();
    found.retain(|path| taken.insert(real(path)));
    found
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn named_like_a_capture(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    [".pcap", ".pcapng", ".cap", ".trace", ".dump"].iter().any(|suffix| name.ends_with(suffix))
}
