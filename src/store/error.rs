//! Why a state could not be read or written.

use std::io;
use std::path::PathBuf;

/// What went wrong, with the file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// What stands there is not what was written.
    #[error("{}: damaged at byte {at}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, in the file or (behind the header) in what it unpacks to.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// It is whole, and of another time.
    #[error("{}: state format {found}; this is shadowtap {}, which reads format {ours}", path.display(), env!("CARGO_PKG_VERSION"))]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: u32,
        /// The format that is read here.
        ours: u32,
    },
}
