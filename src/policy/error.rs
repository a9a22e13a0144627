//! What can be wrong with a policy file: which file, which line, what, and how to mend it.

use std::io;

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The operating system would not give us the file.
    #[error("{file}: cannot be read: {why}")]
    Unreadable {
        /// The file as the user named it.
        file: String,
        /// What the operating system said.
        why: io::Error,
    },
    /// The file is there and is not what it should be.
    #[error("{file}:{line}: {what}; {mend}")]
    Wrong {
        /// The file as the user named it.
        file: String,
        /// The line from 1.
        line: usize,
        /// What is wrong, in one line.
        what: String,
        /// How to mend it.
        mend: String,
    },
}
