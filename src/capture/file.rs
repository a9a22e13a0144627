//! One input: a file or stdin, plain, gzip or zstd.
//!
//! In: a path. Out: its frames, borrowed from the window of `blocks.rs`. What a file is packed with is told by
//! its first bytes, never by its name.

use std::fs::File;
use std::io::{Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::blocks::{Blocks, Tally, Trouble, is_capture};
use super::frame::Frame;
use super::section::Secrets;
use super::source::{CaptureError, Event, PacketSource, SourceStats};
use crate::limits::Limits;
use crate::time::Timestamp;

/// Frames of one capture file, or of stdin (`-`).
pub struct FileSource {
    path: PathBuf,
    blocks: Blocks<Box<dyn Read + Send>>,
    packing: Packing,
    consumed: Arc<AtomicU64>,
    total: u64,
    frames: u64,
}

/// How much memory one open file may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Bytes of its window to begin with.
    floor: usize,
    /// Bytes that its window may grow to.
    ceiling: usize,
    /// The largest zstd window believed, as a power of two.
    zstd_window: u32,
    /// Bytes of secrets it may hand over.
    secrets: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl FileSource {
    /// Opens one input; `-` is stdin.
    ///
    /// # Errors
    /// When it cannot be opened. What is inside is looked at by the first `next`.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, CaptureError> {
        Self::open_in(path, Room::of(1, limits), Arc::default())
    }

    /// Reads what is open already, or lies in memory. `path` is what errors call it.
    ///
    /// # Errors
    /// When its first bytes cannot be read.
    pub fn reading(path: &Path, input: impl Read + Send + 'static, limits: &Limits) -> Result<Self, CaptureError> {
        Self::reading_in(path, Box::new(input), Room::of(1, limits), Arc::default(), 0)
    }

    pub(super) fn open_in(path: &Path, room: Room, consumed: Arc<AtomicU64>) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let raw: Box<dyn Read + Send> =
            if is_stdin(path) { Box::new(std::io::stdin()) } else { Box::new(File::open(path).map_err(io)?) };
        Self::reading_in(path, raw, room, consumed, size(path))
    }

    fn reading_in(
        path: &Path,
        raw: Box<dyn Read + Send>,
        room: Room,
        consumed: Arc<AtomicU64>,
        total: u64,
    ) -> Result<Self, CaptureError> {
        let io = |source| CaptureError::Io { path: path.to_owned(), source };
        let (packing, input) =
            unpack(Counted { input: raw, count: Arc::clone(&consumed) }, room.zstd_window).map_err(io)?;
        let blocks = Blocks::new(input, room.floor, room.ceiling, room.secrets);
        Ok(Self { path: path.to_owned(), blocks, packing, consumed, total, frames: 0 })
    }

    /// Moves to the next frame; false at the end.
    #[inline]
    pub(super) fn step(&mut self) -> Result<bool, CaptureError> {
        match self.blocks.step() {
            Ok(more) => {
                self.frames += u64::from(more);
                Ok(more)
            }
            Err(trouble) => Err(self.error(trouble)),
        }
    }

    /// The frame that the last step moved to.
    #[inline]
    pub(super) fn frame(&self) -> Frame<'_> {
        self.blocks.frame()
    }

    /// Its time.
    #[inline]
    pub(super) const fn time(&self) -> Timestamp {
        self.blocks.time()
    }

    pub(super) const fn tally(&self) -> Tally {
        self.blocks.tally
    }

    /// Secrets met since the last call.
    pub fn take_secrets(&mut self) -> Vec<Secrets> {
        std::mem::take(&mut self.blocks.secrets)
    }

    #[inline]
    pub(super) fn has_secrets(&self) -> bool {
        !self.blocks.secrets.is_empty()
    }

    #[cold]
    fn error(&self, trouble: Trouble) -> CaptureError {
        let path = self.path.clone();
        match trouble {
            Trouble::NotACapture(magic) => CaptureError::NotACapture { path, magic },
            Trouble::Damaged(offset, what) => CaptureError::Damaged { path, offset, what },
            // What the system says bears its number; what an unpacker says does not.
            Trouble::Failed(offset, error) if self.packing != Packing::Plain && error.raw_os_error().is_none() => {
                CaptureError::Damaged { path, offset, what: format!("cannot be unpacked: {error}") }
            }
            Trouble::Failed(_, source) => CaptureError::Io { path, source },
        }
    }
}

impl PacketSource for FileSource {
    fn next(&mut self) -> Result<Event<'_>, CaptureError> {
        Ok(if self.step()? { Event::Frame(self.frame()) } else { Event::End })
    }

    fn stats(&self) -> SourceStats {
        let tally = self.tally();
        SourceStats {
            frames: self.frames,
            dropped: tally.dropped,
            input_bytes: self.consumed.load(Ordering::Relaxed),
            input_total: self.total,
            cut_files: u64::from(tally.cut),
            secrets: tally.secrets,
            damaged_blocks: tally.damaged,
            ..SourceStats::default()
        }
    }
}

impl Room {
    /// Shares of `files` open at once. Together their windows stay within 256 MiB however large their blocks are.
    pub(super) fn of(files: usize, limits: &Limits) -> Self {
        Self {
            floor: if files <= 1 { 1 << 20 } else { ((16 << 20) / files).clamp(64 << 10, 1 << 20) },
            ceiling: ((256 << 20) / files.max(1)).clamp(1 << 20, 16 << 20),
            // 128 MiB is what `--long` and `--ultra` ask for; 8 MiB is enough for level 19. Together within 512 MiB, or
            // 2 GiB in the worst case of 256 files that all ask for the most.
            zstd_window: ((512_usize << 20) / files.max(1)).max(1).ilog2().clamp(23, 27),
            secrets: limits.secret_bytes,
        }
    }
}

/// Whether a path stands for stdin.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Size of a regular file; 0 for all else.
pub(super) fn size(path: &Path) -> u64 {
    if is_stdin(path) {
        return 0;
    }
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map_or(0, |metadata| metadata.len())
}

/// Whether the file, unpacked, begins like a capture.
pub(super) fn looks_like_a_capture(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let Ok((_, input)) = unpack(file, 27) else { return false };
    let mut start = Vec::with_capacity(12);
    // What could be read before an error is enough to tell.
    drop(input.take(12).read_to_end(&mut start));
    is_capture(&start)
}

fn unpack(mut raw: impl Read + Send + 'static, zstd_window: u32) -> std::io::Result<(Packing, Box<dyn Read + Send>)> {
    let mut start = Vec::with_capacity(4);
    raw.by_ref().take(4).read_to_end(&mut start)?;
    let packing = match start.as_slice() {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        // A frame, or the skippable one that parallel packers put first.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Packing::Zstd,
        _ => Packing::Plain,
    };
    let whole: Chain<Cursor<Vec<u8>>, _> = Cursor::new(start).chain(raw);
    Ok(match packing {
        Packing::Plain => (packing, Box::new(whole)),
        Packing::Gzip => (packing, Box::new(flate2::read::MultiGzDecoder::new(whole))),
        Packing::Zstd => {
            let mut decoder = zstd::Decoder::new(whole)?;
            decoder.window_log_max(zstd_window)?;
            (packing, Box::new(decoder))
        }
    })
}

/// Counts what is read of the file itself, packed as it is.
struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
