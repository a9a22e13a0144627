//! From files and folders that a user named to specs.
//!
//! A file that is named must be a spec. In a folder, whatever says that it is one must be readable, and all else is
//! passed over: it may be what a `$ref` leads to. The order is that of the arguments, and of names inside a folder.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::document::{Document, read_bytes, text_of};
use super::error::SpecError;
use super::formats::FORMATS;
use super::learn::Learner;
use super::model::Spec;
use super::refs::Refs;
use crate::limits::Limits;

/// Reads all specs that `paths` name: files, or folders with all that lies below them. Lists of recorded requests (HAR) are
/// refused: see [`load_learning`].
pub fn load(paths: &[PathBuf], limits: &Limits) -> Result<Vec<Spec>, SpecError> {
    load_with(paths, limits, None)
}

/// Like [`load`], with somebody who makes templates of recorded requests.
pub fn load_learning(paths: &[PathBuf], limits: &Limits, learner: &dyn Learner) -> Result<Vec<Spec>, SpecError> {
    load_with(paths, limits, Some(learner))
}

fn load_with(paths: &[PathBuf], limits: &Limits, learner: Option<&dyn Learner>) -> Result<Vec<Spec>, SpecError> {
    let mut specs = Vec::new();
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        let named = path.display().to_string();
        let unreadable = |why| SpecError::Unreadable { file: named.clone(), why };
        let real = path.canonicalize().map_err(unreadable)?;
        if real.is_dir() {
            let mut any = false;
            for file in files_below(&real, &named, limits)? {
                let below: Vec<String> = parts(file.strip_prefix(&real).unwrap_or(&file));
                let shown = format!("{}/{}", named.trim_end_matches('/'), below.join("/"));
                let Ok(target) = file.canonicalize() else { continue };
                // Twice the same file, by a symlink or by name, is one spec.
                if seen.contains(&target) {
                    any = true;
                    continue;
                }
                if let Some(document) = spec_in_folder(&target, &shown, limits)? {
                    any = true;
                    specs.push(read(document, limits, learner)?);
                    names.push(Name::new(&file, below.len()));
                    seen.insert(target);
                }
            }
            if !any {
                let what = "holds no spec: no .json, .yaml or .yml file below it says `openapi` or `swagger` or is a Postman collection, and no .har file is one";
                return Err(SpecError::of_file(&named, what, "name a folder that does, or the spec's file"));
            }
        } else if seen.insert(real.clone()) {
            let document = Document::read(&real, &named, limits)?;
            specs.push(read(document, limits, learner)?);
            let absolute = std::path::absolute(path).unwrap_or(real);
            names.push(Name::new(&absolute, 1));
        }
    }
    for (spec, name) in specs.iter_mut().zip(unique(names)) {
        spec.name = name;
    }
    Ok(specs)
}

/// Reads one document by the first format that recognises it.
fn read(document: Document, limits: &Limits, learner: Option<&dyn Learner>) -> Result<Spec, SpecError> {
    let document = Rc::new(document);
    match FORMATS.iter().find(|format| format.recognises(&document)) {
        Some(format) => format.read(&document, &mut Refs::new(&document, limits).learning(learner)),
        None => {
            let what = "is no spec: its root says neither `openapi` nor `swagger`, and it is no Postman collection and no HAR file";
            Err(SpecError::of_file(
                &document.file,
                what,
                "name an OpenAPI 3 or Swagger 2 file, a collection or an archive",
            ))
        }
    }
}

/// A file of a folder, if it is a spec. One that cannot be read is passed over unless it looks like a spec.
fn spec_in_folder(path: &Path, shown: &str, limits: &Limits) -> Result<Option<Document>, SpecError> {
    let bytes = read_bytes(path, shown, limits.spec_bytes)?;
    let Ok(text) = text_of(shown, &bytes) else { return Ok(None) };
    // A look at the text first: a folder may hold far more data than specs.
    let is_archive = ending(path).as_deref() == Some("har");
    if !is_archive && !claims_to_be_spec(text) {
        return Ok(None);
    }
    match Document::parse(path.to_owned(), shown, &bytes, limits) {
        Ok(document) => {
            // Other data may look like an archive: in a folder it is one by its name.
            let recognised = FORMATS.iter().find(|format| format.recognises(&document));
            Ok(recognised.is_some_and(|format| is_archive || !format.by_name_only()).then_some(document))
        }
        Err(fault) if is_archive || looks_like_spec(text) => Err(fault),
        Err(_) => Ok(None),
    }
}

/// The words are there, somewhere.
fn claims_to_be_spec(text: &str) -> bool {
    text.contains("openapi") || text.contains("swagger") || text.contains("getpostman.com/json/collection")
}

/// A key of the root, as far as can be said of a text that does not parse.
fn looks_like_spec(text: &str) -> bool {
    let opens = |line: &str| {
        let key = line.trim_start_matches(['{', '"', '\'', ' ', '\t', ',']);
        let rest = key.strip_prefix("openapi").or_else(|| key.strip_prefix("swagger"));
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ', '\t']).starts_with(':'))
    };
    // Deeper than this it belongs to something else: a Kubernetes manifest that carries a spec, say.
    text.lines().take(200).any(|line| line.len() - line.trim_start().len() <= 4 && opens(line))
}

/// All files with the right ending below a folder, sorted.
fn files_below(folder: &Path, named: &str, limits: &Limits) -> Result<Vec<PathBuf>, SpecError> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    // Symlinks may lead in circles.
    let mut entered = BTreeSet::from([folder.to_owned()]);
    let mut looked_at = 0_usize;
    while let Some(folder) = open.pop() {
        let unreadable = |why| SpecError::Unreadable { file: named.to_owned(), why };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            looked_at = looked_at.saturating_add(1);
            if looked_at > limits.spec_files {
                let what = format!("holds more than {} files", limits.spec_files);
                return Err(SpecError::of_file(named, what, "name the specs' own folder, or the files"));
            }
            let entry = entry.map_err(unreadable)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            // A dangling symlink is no spec.
            let Ok(kind) = std::fs::metadata(&path) else { continue };
            if kind.is_dir() {
                let Ok(real) = path.canonicalize() else { continue };
                if entered.insert(real) {
                    open.push(path);
                }
            } else if kind.is_file() && has_ending(&path) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn has_ending(path: &Path) -> bool {
    matches!(ending(path).as_deref(), Some("json" | "yaml" | "yml" | "har"))
}

fn ending(path: &Path) -> Option<String> {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase())
}

/// What a spec may be called: the last parts of its path, as few as tell it from the others.
#[derive(Clone, Debug)]
struct Name {
    parts: Vec<String>,
    /// Parts below the folder that was named.
    below: usize,
    take: usize,
}

impl Name {
    fn new(path: &Path, below: usize) -> Self {
        Self { parts: parts(path), below, take: 1 }
    }

    fn text(&self) -> String {
        let skip = self.parts.len().saturating_sub(self.take);
        self.parts.get(skip..).unwrap_or_default().join("/")
    }

    /// One part more, or all that lie below the named folder at once.
    fn lengthen(&mut self) {
        self.take = if self.take < self.below { self.below } else { self.take.saturating_add(1) };
    }
}

fn parts(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|part| match part {
            std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}

/// Names that differ.
fn unique(mut names: Vec<Name>) -> Vec<String> {
    loop {
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            known.entry(name.text()).or_default().push(at);
        }
        let mut longer = Vec::new();
        for clash in known.into_values().filter(|clash| clash.len() > 1) {
            // In a folder the file at its top may keep its bare name: those below give way first.
            let open = |at: &usize| names.get(*at).is_some_and(|name| name.take < name.below);
            let below: Vec<usize> = clash.iter().copied().filter(open).collect();
            let all = clash.into_iter().filter(|at| names.get(*at).is_some_and(|name| name.take < name.parts.len()));
            longer.extend(if below.is_empty() { all.collect() } else { below });
        }
        if longer.is_empty() {
            break;
        }
        for at in longer {
            if let Some(name) = names.get_mut(at) {
                name.lengthen();
            }
        }
    }
    // Two paths of one text, told apart by bytes that are no UTF-8.
    let mut used = BTreeSet::new();
    names
        .iter()
        .map(|name| {
            let text = name.text();
            let mut unique = text.clone();
            let mut number = 1_usize;
            while !used.insert(unique.clone()) {
                number = number.saturating_add(1);
                unique = format!("{text} ({number})");
            }
            unique
        })
        .collect()
}

#[cfg(test)]
mod tests;
