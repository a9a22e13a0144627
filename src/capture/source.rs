//! The contract of everything that yields frames.
//!
//! Lending, so a frame is never copied to be seen. `Idle` is how a quiet wire still moves time.

use std::path::PathBuf;

use super::frame::Frame;
use super::live::TapStats;
use crate::merge::Merge;
use crate::time::Timestamp;

/// Something that yields frames.
pub trait PacketSource {
    /// Waits for the next event. A frame borrows the source's own buffer and is gone at the next call.
    ///
    /// # Errors
    /// A [`CaptureError`] is about one input (a file that is damaged, say). It is not the end: the next call
    /// goes on with what is still readable, and says [`Event::End`] when nothing is.
    fn next(&mut self) -> Result<Event<'_>, CaptureError>;
    /// What the source itself knows so far.
    fn stats(&self) -> SourceStats;
    /// So much waits to be read that frames will soon be lost. Files wait for ever.
    fn is_behind(&self) -> bool {
        false
    }
    /// The interfaces it listens on, and what was lost there. Files have none.
    fn taps(&self) -> Vec<TapStats> {
        Vec::new()
    }
}

/// What a source says.
#[derive(Debug)]
pub enum Event<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// Nothing came; the wire's clock is at least here. Files never say this.
    Idle(Timestamp),
    /// Nothing will come any more.
    End,
}

/// A source's own counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// Frames delivered.
    pub frames: u64,
    /// Frames a filter turned away before anybody saw them.
    pub filtered: u64,
    /// Frames lost before we could ask for them (live capture; pcapng interface statistics of files).
    pub dropped: u64,
    /// Bytes of input consumed so far, as they lie in the files (compressed when the files are).
    pub input_bytes: u64,
    /// Bytes of input in all, when known; 0 for stdin.
    pub input_total: u64,
    /// Files that ended inside their last packet: a warning, not an error.
    pub cut_files: u64,
    /// TLS secrets blocks met (pcapng Decryption Secrets Block), kept for the TLS room.
    pub secrets: u64,
    /// Files taken up after their time, because more captures overlap than may be open.
    pub late_files: u64,
    /// Blocks of files that made no sense and were passed over.
    pub damaged_blocks: u64,
}

impl Merge for SourceStats {
    fn merge(&mut self, other: Self) {
        let Self {
            frames,
            filtered,
            dropped,
            input_bytes,
            input_total,
            cut_files,
            secrets,
            late_files,
            damaged_blocks,
        } = other;
        self.frames += frames;
        self.filtered += filtered;
        self.dropped += dropped;
        self.input_bytes += input_bytes;
        self.input_total += input_total;
        self.cut_files += cut_files;
        self.secrets += secrets;
        self.late_files += late_files;
        self.damaged_blocks += damaged_blocks;
    }
}

/// What went wrong with an input. Every message names the file, the place and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file; `-` for stdin.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no capture we know.
    #[error("{}: not a pcap or pcapng capture (its first bytes are {magic}); gzip and zstd are unpacked, other formats must be converted first, e.g. with `editcap -F pcapng`", path.display())]
    NotACapture {
        /// Which file.
        path: PathBuf,
        /// The first bytes in hex.
        magic: String,
    },
    /// The file is damaged inside; what came before was read.
    #[error("{}: damaged at byte {offset}: {what}; all packets before it were read", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where in the (unpacked) capture.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The filter expression does not compile.
    #[error("--filter '{expression}': {what}")]
    Filter {
        /// What was asked for.
        expression: String,
        /// What libpcap said.
        what: String,
    },
    /// The inputs make no sense together.
    #[error("{0}")]
    Input(String),
}

impl CaptureError {
    /// What went wrong, for a report: without the path, which names this machine's folders.
    #[must_use]
    pub fn without_path(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("an input cannot be read: {}", source.kind()),
            Self::NotACapture { magic, .. } => format!("an input is no capture (its first bytes are {magic})"),
            Self::Damaged { offset, what, .. } => format!("an input is damaged at byte {offset}: {what}"),
            Self::Filter { .. } | Self::Input(_) => "an input was refused".to_owned(),
        }
    }
}
