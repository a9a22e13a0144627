//! The ledger: what became of every captured TCP payload byte.
//!
//! INVARIANT: at the end of a run, captured = the sum over [`ByteClass`]. Missing bytes stand beside it, never inside.

use crate::merge::Merge;

/// What became of a captured payload byte. Each byte has exactly one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ByteClass {
    /// Read and understood: heads, framing, and the part of bodies that was sampled.
    Parsed,
    /// Bodies passed over on purpose.
    Skipped,
    /// TLS and other encryption.
    Opaque,
    /// A protocol that is not HTTP.
    NotHttp,
    /// Retransmitted or overlapped.
    Duplicate,
    /// Held or carried but never read: evicted, deaf, cut head, out of window.
    Discarded,
}

impl ByteClass {
    /// All classes, in report order.
    pub const ALL: [Self; 6] =
        [Self::Parsed, Self::Skipped, Self::Opaque, Self::NotHttp, Self::Duplicate, Self::Discarded];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parsed => "parsed",
            Self::Skipped => "skipped",
            Self::Opaque => "opaque",
            Self::NotHttp => "not_http",
            Self::Duplicate => "duplicate",
            Self::Discarded => "discarded",
        }
    }
}

/// Payload bytes by class, and what is missing beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Payload bytes that came in with segments.
    pub captured: u64,
    classes: [u64; 6],
    /// Bytes of holes that were given up: they were on the wire, acknowledged or passed, and never captured.
    pub gaps: u64,
    /// Bytes that the capture's snap length cut off.
    pub cut: u64,
}

impl Ledger {
    /// Books `bytes` under `class`.
    pub fn book(&mut self, class: ByteClass, bytes: u64) {
        self.classes[class as usize] += bytes;
    }

    /// Bytes booked under `class`.
    #[must_use]
    pub const fn of(&self, class: ByteClass) -> u64 {
        self.classes[class as usize]
    }

    /// Bytes booked in all; equals `captured` once nothing is held any more.
    #[must_use]
    pub fn booked(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// Bytes that were on the wire and not in the capture.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.gaps + self.cut
    }
}

impl Merge for Ledger {
    fn merge(&mut self, other: Self) {
        self.captured += other.captured;
        for (mine, theirs) in self.classes.iter_mut().zip(other.classes) {
            *mine += theirs;
        }
        self.gaps += other.gaps;
        self.cut += other.cut;
    }
}
