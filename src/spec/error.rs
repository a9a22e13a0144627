//! What can be wrong with a spec, or with a flag about one: which file, which line, what, and how to mend it.

use std::fmt;
use std::io;

/// A place in a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it or as it lies below the spec's folder.
    pub file: String,
    /// The line from 1; 0 when not known.
    pub line: u32,
    /// JSON pointer (RFC 6901) of the part; empty for the whole file.
    pub pointer: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.file))?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.pointer.is_empty() {
            write!(f, ": {}", shown(&self.pointer))?;
        }
        Ok(())
    }
}

/// Why specs cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The operating system would not give us the file.
    #[error("{}: cannot be read: {why}", shown(.file))]
    Unreadable {
        /// The file as the user named it.
        file: String,
        /// What the operating system said.
        why: io::Error,
    },
    /// The file is there and is not what it should be.
    #[error("{place}: {what}; {mend}")]
    Wrong {
        /// Where.
        place: Place,
        /// What is wrong.
        what: String,
        /// How to mend it.
        mend: String,
    },
    /// A flag about specs names something that is not there.
    #[error("{}: {what}; {mend}", shown(.flag))]
    Flag {
        /// The flag with its value.
        flag: String,
        /// What is wrong.
        what: String,
        /// How to mend it.
        mend: String,
    },
}

impl SpecError {
    /// A fault of a whole file.
    pub(super) fn of_file(file: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let place = Place { file: file.to_owned(), ..Place::default() };
        Self::Wrong { place, what: what.into(), mend: mend.into() }
    }
}

/// A text out of a file as it may stand in a message: one line, no control characters, not endless.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 200;
    let mut out: String = text.chars().take(MOST).flat_map(escaped).collect();
    if text.chars().nth(MOST).is_some() {
        out.push_str("...");
    }
    out
}

fn escaped(c: char) -> impl Iterator<Item = char> {
    // Direction marks reorder what follows them on a terminal; they are as bad as control characters.
    let odd = c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let escape = odd.then(|| c.escape_unicode());
    let plain = (!odd).then_some(c);
    escape.into_iter().flatten().chain(plain)
}
