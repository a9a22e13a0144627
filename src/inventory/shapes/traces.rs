//! What the values of a leaf were like, among the counts of its place: under each mark the extent of their lengths, and the
//! smallest hashes and listed words, each a count of its own. So a round that is given up takes its share with it.

use super::{Count, Held, Mark, Place};
use crate::api::{Shape, Trace, Values};

/// The first kind of traces.
const TRACES: u8 = 16;

impl Count {
    /// A piece under a mark.
    pub(super) fn of_trace(mark: Mark, trace: Trace) -> Self {
        let (kind, packed) = trace.pack();
        Self::new(mark, TRACES + kind, packed)
    }

    /// The count is a piece, and no count; it may be none that there is.
    pub(super) fn is_trace(self) -> bool {
        (TRACES..TRACES + Trace::KINDS).contains(&self.kind())
    }

    /// The piece.
    pub(super) fn trace(self) -> Option<Trace> {
        self.is_trace().then(|| Trace::unpack(self.kind() - TRACES, self.count()))?
    }
}

impl Place {
    /// Takes in a piece. The extent of a mark comes before its words.
    pub(super) fn add_trace(&mut self, piece: Count, held: &mut Held) {
        let (from, to) = self.range(piece.key());
        match piece.trace() {
            Some(Trace::Extent { open, .. }) => {
                match self.counts.get_mut(from).filter(|_| from < to) {
                    Some(known) => *known = wider(*known, piece),
                    None => self.insert(from, piece, held),
                }
                if open {
                    self.forget_words(piece.mark(), held);
                }
            }
            Some(Trace::Hash(_)) => self.insert_smallest(piece, (from, to), usize::from(Values::OF_LEAF), held),
            Some(Trace::Word(_)) => {
                let Some((at, open)) = self.extent(piece.mark()).filter(|(_, open)| !open) else { return };
                self.insert_smallest(piece, (from, to), Values::WORDS + 1, held);
                let (from, to) = self.range(piece.key());
                if to - from > Values::WORDS
                    && let Some(Trace::Extent { shortest, longest, .. }) = self.counts[at].trace()
                {
                    self.counts[at] = Count::of_trace(piece.mark(), Trace::Extent { shortest, longest, open: !open });
                    self.forget_words(piece.mark(), held);
                }
            }
            None => {}
        }
    }

    /// Where counts of this mark and kind stand.
    fn range(&self, key: u64) -> (usize, usize) {
        let from = self.counts.partition_point(|known| known.key() < key);
        (from, from + self.counts[from..].partition_point(|known| known.key() == key))
    }

    /// Where the extent under a mark stands, and whether its set is open.
    fn extent(&self, mark: Mark) -> Option<(usize, bool)> {
        let (from, to) = self.range(Count::new(mark, TRACES, 0).key());
        match self.counts.get(from).filter(|_| from < to)?.trace()? {
            Trace::Extent { open, .. } => Some((from, open)),
            _ => None,
        }
    }

    fn forget_words(&mut self, mark: Mark, held: &mut Held) {
        let (from, to) = self.range(Count::new(mark, TRACES + Trace::KINDS - 1, 0).key());
        self.counts.drain(from..to);
        held.counts = held.counts.saturating_sub(to - from);
    }

    fn insert_smallest(&mut self, piece: Count, (from, to): (usize, usize), most: usize, held: &mut Held) {
        let Err(at) = self.counts[from..to].binary_search(&piece) else { return };
        if at >= most {
            return;
        }
        if to - from >= most {
            self.counts[from + at..to].rotate_right(1);
            self.counts[from + at] = piece;
        } else {
            self.insert(from + at, piece, held);
        }
    }
}

/// The extent over both.
fn wider(one: Count, other: Count) -> Count {
    match (one.trace(), other.trace()) {
        (
            Some(Trace::Extent { shortest, longest, open }),
            Some(Trace::Extent { shortest: least, longest: most, open: also }),
        ) => {
            let (shortest, longest) = (shortest.min(least), longest.max(most));
            Count::of_trace(one.mark(), Trace::Extent { shortest, longest, open: open | also })
        }
        _ => one,
    }
}

/// Puts the pieces of all marks together.
pub(super) fn put_together(counts: &[Count], shape: &mut Shape) {
    for trace in counts.iter().filter_map(|count| count.trace()) {
        shape.values.narrow(Values::OF_LEAF);
        shape.values.take(trace);
    }
    if !shape.values.is_empty() {
        let strings = shape.strings.iter().map(|(_, count)| count);
        shape.values.count_on(strings.fold(shape.integers.saturating_add(shape.numbers), u64::saturating_add));
    }
}

/// They could have grown out of values. Sorted they are.
pub(super) fn are_sound(counts: &[Count]) -> bool {
    counts.chunk_by(|a, b| a.key() == b.key()).all(|alike| match alike {
        [] => true,
        [first, rest @ ..] if !first.is_trace() => rest.is_empty(),
        [first, ..] => {
            let most = match first.trace() {
                Some(Trace::Extent { .. }) => 1,
                Some(Trace::Hash(_)) => usize::from(Values::OF_LEAF),
                Some(Trace::Word(_)) => Values::WORDS,
                None => 0,
            };
            alike.len() <= most && alike.iter().all(|count| count.trace().is_some())
        }
    })
}
