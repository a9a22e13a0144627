//! Left-overs of unfinished input: what a reader could not use yet, kept until more comes.
//!
//! In: the bytes a reader left, then fresh ones behind them. Out: one slice of both. Whoever owns a carry bounds it
//! (`Limits::carry_bytes`) and charges [`Carry::len`] to a budget; the carry itself only promises linear time.

/// Bytes that wait for more bytes.
///
/// ```text
///  used      |GET / HTTP/1.1\r\n\r\n|
///  as_slice                       |GET /b HT|
///  push                                     |TP/1.1\r\n...
/// ```
///
/// An empty carry owns no memory: most flows of a quiet network are idle, and each has two of these.
#[derive(Debug, Default)]
pub struct Carry {
    // INVARIANT: `start <= bytes.len()`; when they are equal, both are 0 and nothing is allocated.
    bytes: Vec<u8>,
    /// Used bytes at the front that were not worth moving the rest for.
    start: usize,
}

impl Carry {
    /// An empty carry.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0 }
    }

    /// Bytes that wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Memory it takes, used or not.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that waits, in one slice.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// Puts `fresh` behind what waits. Amortised O(fresh): a head dribbled byte by byte is never copied whole again.
    pub fn push(&mut self, fresh: &[u8]) {
        self.bytes.extend_from_slice(fresh);
    }

    /// Drops the first `n` bytes, or all there are. Moves the rest only when it is the smaller part, so a reader that
    /// nibbles at a long carry stays linear too.
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.clear();
        } else if self.start > self.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
            if self.bytes.capacity() / 4 > self.bytes.len() {
                self.bytes.shrink_to(self.bytes.len() * 2);
            }
        }
    }

    /// Drops everything and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_comes_back_in_order() {
        // Catches a compaction that loses or repeats bytes.
        let (mut carry, mut expected) = (Carry::new(), std::collections::VecDeque::<u8>::new());
        for i in 0..2_000_usize {
            let fresh: Vec<u8> = (0..i % 7).map(|j| (i + j) as u8).collect();
            carry.push(&fresh);
            expected.extend(&fresh);
            let n = i * 5 % 6;
            carry.consume(n);
            expected.drain(..n.min(expected.len()));
            assert!(expected.iter().eq(carry.as_slice()), "after step {i}");
            assert_eq!(carry.len(), expected.len());
        }
    }

    #[test]
    fn an_empty_carry_owns_nothing() {
        // Catches idle flows that each keep a 64 KiB buffer.
        let mut carry = Carry::new();
        carry.push(&[7; 60_000]);
        carry.consume(60_000);
        assert_eq!((carry.bytes.capacity(), carry.len()), (0, 0));
        carry.push(&[7; 60_000]);
        carry.consume(59_990);
        assert!(carry.bytes.capacity() < 1_000, "{}", carry.bytes.capacity());
    }

    #[test]
    fn consuming_too_much_empties() {
        let mut carry = Carry::new();
        carry.push(b"ab");
        carry.consume(usize::MAX);
        assert!(carry.is_empty());
        carry.consume(1);
        assert_eq!(carry.as_slice(), b"");
    }
}
