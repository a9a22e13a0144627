//! Capture files: whatever the bytes are, and in whatever pieces they are read, the same frames and the same errors.

use std::io::Read;
use std::path::Path;

use shadowtap::capture::{Event, FileSource, PacketSource};
use shadowtap::limits::Limits;

use super::tape::{Digest, Tape};

/// Frames looked at; a packed file holds any number.
const FRAMES: usize = 20_000;

pub fn run(data: &[u8]) {
    let mut tape = Tape(data);
    let piece = usize::from(tape.byte());
    let whole = read(tape.0, usize::MAX);
    let pieces = read(tape.0, piece + 1);
    if whole.1 > 0 && matches!(tape.0, [0x1f, 0x8b, ..] | [0x28, 0xb5, ..] | [0x50..=0x5f, 0x2a, ..]) {
        // What an unpacker still gives before it meets damage depends on how much it was handed at once.
        assert!(pieces.1 > 0, "in pieces of {} bytes the damage is gone", piece + 1);
    } else {
        assert_eq!(whole, pieces, "in pieces of {} bytes another file", piece + 1);
    }
}

/// Frames, errors, and a digest of both.
fn read(bytes: &[u8], piece: usize) -> (usize, usize, Digest) {
    let limits = Limits { secret_bytes: 1 << 10, ..Limits::default() };
    let input = Pieces { bytes: bytes.to_vec(), at: 0, piece };
    let mut source = FileSource::reading(Path::new("-"), input, &limits).expect("memory can be read");
    let (mut frames, mut errors, mut digest) = (0, 0, Digest::new());
    while frames < FRAMES {
        match source.next() {
            Ok(Event::Frame(frame)) => {
                assert!(frame.wire_len as usize >= frame.bytes.len(), "captured more than was there");
                frames += 1;
                digest.add(&frame.time.nanos().to_le_bytes());
                digest.add(&frame.link.0.to_le_bytes());
                digest.add(&frame.wire_len.to_le_bytes());
                digest.add(&(frame.bytes.len() as u64).to_le_bytes());
                digest.add(frame.bytes.get(..64).unwrap_or(frame.bytes));
            }
            Ok(Event::Idle(_)) => panic!("a file is never idle"),
            Ok(Event::End) => break,
            Err(error) => {
                errors += 1;
                digest.add(error.to_string().as_bytes());
                assert!(errors <= 2, "a stream has at most two errors: {error}");
            }
        }
    }
    if frames < FRAMES {
        assert!(matches!(source.next(), Ok(Event::End)), "an end is an end");
    }
    let stats = source.stats();
    assert_eq!(stats.frames, frames as u64);
    let secrets: usize = source.take_secrets().len();
    assert!(secrets as u64 <= stats.secrets);
    for figure in [stats.dropped, stats.cut_files, stats.secrets, stats.damaged_blocks] {
        digest.add(&figure.to_le_bytes());
    }
    (frames, errors, digest)
}

/// A reader that hands out no more than a piece at a time.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(buffer.len()).min(self.piece);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
