//! A recycled window over a stream of bytes.
//!
//! In: any `Read`. Out: the next n bytes in one slice, without a copy while they lie in the window. Blocks are
//! cut out of it by `blocks.rs`; it knows nothing of their insides.

use std::io::{ErrorKind, Read};

/// The part of a stream that is in memory.
///
/// ```text
///  buffer |  used  |  start .. end: at hand  |  free  |
///                  ^ `offset` in the stream
/// ```
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    /// Bytes still to be passed over before anything is at hand.
    passing: u64,
    /// The buffer never grows past this.
    ceiling: usize,
    ending: Option<Ending>,
}

/// How a stream ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Where it should.
    Whole,
    /// Its packing ended too early: a truncated gzip or zstd stream.
    Cut,
    /// With an error that has not been told yet.
    Failed(std::io::Error),
}

impl<R: Read> Window<R> {
    /// A window of `floor` bytes that may grow to `ceiling`.
    pub(super) fn new(input: R, floor: usize, ceiling: usize) -> Self {
        Self {
            input,
            buffer: vec![0; floor.max(64)],
            start: 0,
            end: 0,
            offset: 0,
            passing: 0,
            ceiling: ceiling.max(floor),
            ending: None,
        }
    }

    /// What is at hand.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Where in the stream the bytes at hand begin.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The largest block that can be had in one slice.
    pub(super) const fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// Brings at least `need` bytes to hand; false when the stream ends before, or `need` is past the ceiling.
    #[inline]
    pub(super) fn want(&mut self, need: usize) -> bool {
        (self.passing == 0 && self.end - self.start >= need) || self.refill(need)
    }

    /// Lets go of `count` bytes, at hand or yet to come.
    #[inline]
    pub(super) fn consume(&mut self, count: u64) {
        let here = usize::try_from(count).unwrap_or(usize::MAX).min(self.end - self.start);
        self.start += here;
        self.offset += here as u64;
        self.passing += count - here as u64;
    }

    /// How the stream ended; a failure is told once.
    pub(super) fn take_ending(&mut self) -> Ending {
        self.ending.replace(Ending::Whole).unwrap_or(Ending::Whole)
    }

    // Only the unfinished block at the end is ever moved, so a byte moves about once.
    #[cold]
    fn refill(&mut self, need: usize) -> bool {
        if need > self.ceiling {
            return false;
        }
        loop {
            if self.passing == 0 && self.end - self.start >= need {
                return true;
            }
            if self.ending.is_some() {
                return false;
            }
            // Once a call: what small reads add to a large block stays where it is.
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            if self.buffer.len() < need {
                self.buffer.resize(need.next_power_of_two().clamp(need, self.ceiling), 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(free) {
                Ok(0) => self.ending = Some(Ending::Whole),
                Ok(count) => {
                    self.end += count.min(free.len());
                    let passing = std::mem::take(&mut self.passing);
                    self.consume(passing);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.ending = Some(Ending::Cut),
                Err(error) => self.ending = Some(Ending::Failed(error)),
            }
        }
    }
}
