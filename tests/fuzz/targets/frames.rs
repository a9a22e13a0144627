//! An input as frames: a byte for the link type, then frames of a head and their bytes.
//!
//! ```text
//!  link | len len time cut | bytes ... | len len time cut | bytes ...
//! ```

use shadowtap::capture::{Frame, LinkType};
use shadowtap::time::Timestamp;

use super::tape::Tape;

/// Link types by their byte. One past the end means: the two bytes that follow are the number.
#[rustfmt::skip]
pub const LINKS: [u16; 40] = [
    1, 0, 12, 14, 101, 108, 113, 228, 229, 276, 9, 51, 105, 127, 119, 163, 192, 239, 107, 104,
    6, 8, 10, 50, 100, 109, 117, 122, 123, 129, 138, 143, 166, 204, 205, 206, 226, 240, 258, 285,
];

/// Nanoseconds between a frame and the one before, by its byte; the last goes back.
const STEPS: [i64; 8] = [1_000_000, 0, 1_000, 200_000_000, 6_000_000_000, 61_000_000_000, 400_000_000_000, -30_000_000];

/// Calls `each` with the frames of an input.
pub fn each(data: &[u8], mut each: impl FnMut(Frame<'_>)) {
    let mut tape = Tape(data);
    let selector = usize::from(tape.byte());
    let link = LinkType(LINKS.get(selector).copied().unwrap_or_else(|| tape.pair()));
    let mut time = 1_700_000_000_000_000_000_u64;
    while !tape.is_empty() {
        let len = usize::from(tape.pair());
        time = time.saturating_add_signed(STEPS[usize::from(tape.byte()) % STEPS.len()]);
        let cut = u32::from(tape.byte()) * 3;
        let bytes = tape.bytes(len);
        each(Frame { time: Timestamp::from_nanos(time), link, wire_len: bytes.len() as u32 + cut, bytes });
    }
}
