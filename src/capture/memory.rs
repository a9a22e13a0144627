//! Frames already in memory: for tests, benches and programs that embed this library.

use super::frame::{Frame, LinkType};
use super::source::{CaptureError, Event, PacketSource, SourceStats};
use crate::time::Timestamp;

/// Frames in the order they were put in. Their bytes lie in one arena.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    arena: Vec<u8>,
    frames: Vec<Kept>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    start: usize,
    len: usize,
}

impl MemorySource {
    /// No frames yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads another source to its end and keeps all frames. Memory grows with them: for captures one knows.
    ///
    /// # Errors
    /// The first error of the source.
    pub fn read(source: &mut impl PacketSource) -> Result<Self, CaptureError> {
        let mut memory = Self::new();
        loop {
            match source.next()? {
                Event::Frame(frame) => memory.push(&frame),
                Event::Idle(_) => {}
                Event::End => return Ok(memory),
            }
        }
    }

    /// Adds a frame at the end; its bytes are copied.
    pub fn push(&mut self, frame: &Frame<'_>) {
        let Frame { time, link, wire_len, bytes } = *frame;
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        let wire_len = wire_len.max(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.frames.push(Kept { time, link, wire_len, start, len: bytes.len() });
    }

    /// The frame at `index`.
    #[must_use]
    pub fn frame(&self, index: usize) -> Option<Frame<'_>> {
        let Kept { time, link, wire_len, start, len } = *self.frames.get(index)?;
        Some(Frame { time, link, wire_len, bytes: self.arena.get(start..start + len)? })
    }

    /// How many frames there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.frames.len()
    }

    /// There are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Starts again at the first frame.
    pub const fn rewind(&mut self) {
        self.next = 0;
    }
}

impl PacketSource for MemorySource {
    fn next(&mut self) -> Result<Event<'_>, CaptureError> {
        let at = self.next;
        self.next = (at + 1).min(self.frames.len());
        Ok(self.frame(at).map_or(Event::End, Event::Frame))
    }

    fn stats(&self) -> SourceStats {
        SourceStats { frames: self.next as u64, ..SourceStats::default() }
    }
}
