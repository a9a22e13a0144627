//! What the values at one place were like: how long, how many different, and which where they are words of a closed set.
//!
//! In: values, one at a time. Out: counts and lengths, hashes too faint to find a value again, words of [`Word`]. Two
//! shares add up; nothing of the order shows.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::word::Word;
use crate::merge::Merge;

/// One value, or all that one request carried under one name, as it may be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    shortest: u32,
    longest: u32,
    /// Cut to 24 bits: enough to count by, too little to find the text again by trying all.
    hash: u32,
    word: Option<Word>,
}

impl Value {
    /// Looks at one value.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        // Letters, not bytes: of what is no UTF-8, whatever does not go on another byte.
        let letters = text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let length = u32::try_from(letters).unwrap_or(u32::MAX);
        let hash = (xxh3_64_with_seed(text, SEED) & u64::from(FAINT)) as u32;
        Self { shortest: length, longest: length, hash, word: Word::of(text) }
    }

    /// The same name came again: the list is one value, whatever its order. It counts as one of its items, the one with the smallest
    /// hash: so there are never more different values than there are items, and fewer where some only come in company.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            shortest: self.shortest.min(other.shortest),
            longest: self.longest.max(other.longest),
            hash: self.hash.min(other.hash),
            word: self.word.filter(|word| other.word == Some(*word)),
        }
    }
}

/// What is known of the values at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    count: u64,
    /// The shortest and the longest, in letters.
    lengths: Option<(u32, u32)>,
    // INVARIANT: sorted, no two alike, at most FEW: the smallest of all.
    hashes: Vec<u32>,
    // INVARIANT: sorted, no two alike, at most WORDS; none once the set is open.
    words: Vec<Word>,
    /// Something came that is no word of the list, or too many words: no closed set.
    open: bool,
    /// Hashes that are kept; 0 where nobody narrowed them.
    #[serde(skip)]
    few: u8,
}

impl Values {
    /// Hashes that are kept: up to here the number of different values is exact. With k of them an estimate is off by one in the root of
    /// k - 2, two times in three: an eighth. They are 256 bytes of a parameter with many values.
    const FEW: usize = 64;
    /// Words of a closed set.
    pub const WORDS: usize = 12;
    /// Hashes that are kept of a leaf of a body: there are a dozen in a body, each in several rounds of a sample. An estimate is off by
    /// a third.
    pub const OF_LEAF: u8 = 12;
    /// A closed set was seen so often at least, and so often for each of its words.
    const SIGHTINGS: u64 = 16;
    const PER_WORD: u64 = 4;

    /// Takes in one value.
    pub fn note(&mut self, value: Value) {
        self.note_often(value, 1);
    }

    /// Takes in a value that came so many times.
    pub fn note_often(&mut self, value: Value, times: u64) {
        self.count = self.count.saturating_add(times);
        self.stretch(value.shortest, value.longest);
        self.take_hash(value.hash);
        match value.word {
            Some(word) => self.choose(word),
            None => self.open |= value.longest > 0,
        }
        self.settle();
    }

    /// Takes in another's share.
    pub fn add(&mut self, other: &Self) {
        if other.few > 0 {
            self.narrow(other.few);
        }
        self.count = self.count.saturating_add(other.count);
        if let Some((shortest, longest)) = other.lengths {
            self.stretch(shortest, longest);
        }
        other.hashes.iter().for_each(|hash| self.take_hash(*hash));
        self.open |= other.open;
        other.words.iter().for_each(|word| self.choose(*word));
        self.settle();
    }

    /// Keeps so many hashes at the most, from now on.
    pub fn narrow(&mut self, few: u8) {
        self.few = if self.few == 0 { few } else { self.few.min(few) };
        self.hashes.truncate(self.most());
    }

    fn most(&self) -> usize {
        if self.few == 0 { Self::FEW } else { usize::from(self.few) }
    }

    fn take_hash(&mut self, hash: u32) {
        let most = self.most();
        insert(&mut self.hashes, hash, most);
    }

    /// What is known, piece by piece, but for the count.
    pub fn traces(&self) -> impl Iterator<Item = Trace> {
        let extent = self.lengths.map(|(shortest, longest)| Trace::Extent { shortest, longest, open: self.open });
        let hashes = self.hashes.iter().map(|hash| Trace::Hash(*hash));
        extent.into_iter().chain(hashes).chain(self.words.iter().map(|word| Trace::Word(*word)))
    }

    /// Takes in a piece.
    pub fn take(&mut self, trace: Trace) {
        match trace {
            Trace::Extent { shortest, longest, open } => {
                self.stretch(shortest, longest);
                self.open |= open;
            }
            Trace::Hash(hash) => self.take_hash(hash),
            Trace::Word(word) => self.choose(word),
        }
        self.settle();
    }

    /// So many more were noted, of which the pieces tell the rest.
    pub fn count_on(&mut self, times: u64) {
        self.count = self.count.saturating_add(times);
    }

    fn stretch(&mut self, shortest: u32, longest: u32) {
        let (least, most) = self.lengths.unwrap_or((shortest, longest));
        self.lengths = Some((least.min(shortest), most.max(longest)));
    }

    fn choose(&mut self, word: Word) {
        if !self.open {
            insert(&mut self.words, word, Self::WORDS + 1);
        }
    }

    fn settle(&mut self) {
        self.open |= self.words.len() > Self::WORDS;
        if self.open {
            self.words = Vec::new();
        }
    }

    /// Values noted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// None was noted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lengths.is_none()
    }

    /// How many different ones (estimate; exact up to 64, of leaves of bodies up to 12), and never more than were noted. A list counts as
    /// one of its items.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        let estimate = match self.hashes.last() {
            // The k-th smallest of n even hashes lies at about k/n of their range.
            Some(last) if self.hashes.len() >= self.most() => {
                let (few, range) = (self.most() as u64, u64::from(FAINT) + 1);
                ((few - 1) * range / (u64::from(*last) + 1)).max(few)
            }
            _ => self.hashes.len() as u64,
        };
        estimate.min(self.count)
    }

    /// The shortest and the longest, in letters.
    #[must_use]
    pub const fn lengths(&self) -> Option<(u32, u32)> {
        self.lengths
    }

    /// The words of a closed set, where there is evidence that it is one: seen often, and each of few again and again.
    pub fn choices(&self) -> impl ExactSizeIterator<Item = Word> {
        let enough = Self::SIGHTINGS.max(Self::PER_WORD * self.words.len() as u64);
        // One word is no choice.
        let known = if self.open || self.words.len() < 2 || self.count < enough { &[][..] } else { &self.words[..] };
        known.iter().copied()
    }

    /// Memory beside itself, rather too much.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.hashes.capacity() * size_of::<u32>() + self.words.capacity() * size_of::<Word>()
    }

    /// It could have grown out of values.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.hashes.len() <= Self::FEW
            && self.hashes.is_sorted_by(|a, b| a < b)
            && self.hashes.iter().all(|hash| *hash <= FAINT)
            && self.words.len() <= Self::WORDS
            && self.words.is_sorted_by(|a, b| a < b)
            && (!self.open || self.words.is_empty())
            && self.lengths.is_none_or(|(shortest, longest)| shortest <= longest)
    }

    /// The plain figures.
    #[must_use]
    pub fn freeze(&self) -> ValueFigures {
        ValueFigures { distinct: self.distinct(), lengths: self.lengths, choices: self.choices().collect() }
    }

    /// As reports tell it: `distinct`, `min_length`, `max_length` and, where the set is closed, `choices`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn tell<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.freeze().serialize(serializer)
    }
}

/// A piece of what is known of the values at one place. Of each but the first there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The shortest and the longest, in letters, and whether something came that is no word of the list.
    Extent {
        /// Of the shortest.
        shortest: u32,
        /// Of the longest.
        longest: u32,
        /// No closed set.
        open: bool,
    },
    /// Too faint to find the value again.
    Hash(u32),
    /// One of a closed set.
    Word(Word),
}

impl Trace {
    /// The kinds of traces.
    pub const KINDS: u8 = 3;
    const EXTENT: u8 = 0;
    const HASH: u8 = 1;
    const WORD: u8 = 2;
    const LENGTH_BITS: u32 = 22;
    const LONGEST: u32 = (1 << Self::LENGTH_BITS) - 1;

    /// Its kind, below [`Trace::KINDS`], and a number from 1 on of 45 bits, in which longer lengths are cut.
    #[must_use]
    pub fn pack(self) -> (u8, u64) {
        match self {
            Self::Extent { shortest, longest, open } => {
                let [shortest, longest] = [shortest, longest].map(|length| u64::from(length.min(Self::LONGEST)));
                let open = u64::from(open) << (2 * Self::LENGTH_BITS);
                // None would be nothing.
                (Self::EXTENT, (open | shortest << Self::LENGTH_BITS | longest).saturating_add(1))
            }
            Self::Hash(hash) => (Self::HASH, u64::from(hash & FAINT) + 1),
            Self::Word(word) => (Self::WORD, word.pack() + 1),
        }
    }

    /// What was packed; `None` of what never was.
    #[must_use]
    pub fn unpack(kind: u8, packed: u64) -> Option<Self> {
        let packed = packed.checked_sub(1)?;
        let length = |shift: u32| (packed >> shift) as u32 & Self::LONGEST;
        match kind {
            Self::EXTENT if packed >> (2 * Self::LENGTH_BITS + 1) == 0 => {
                let (shortest, longest) = (length(Self::LENGTH_BITS), length(0));
                let open = packed >> (2 * Self::LENGTH_BITS) == 1;
                (shortest <= longest).then_some(Self::Extent { shortest, longest, open })
            }
            Self::HASH => u32::try_from(packed).ok().filter(|hash| *hash <= FAINT).map(Self::Hash),
            Self::WORD => Word::unpack(packed).map(Self::Word),
            _ => None,
        }
    }
}

/// What is known of the values at one place, in plain figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueFigures {
    /// How many different ones (estimate).
    pub distinct: u64,
    /// The shortest and the longest, in letters.
    pub lengths: Option<(u32, u32)>,
    /// The words of a closed set; none where it is open.
    pub choices: Vec<Word>,
}

impl Serialize for ValueFigures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (shortest, longest) = self.lengths.unwrap_or_default();
        let mut told = serializer.serialize_struct("Values", 4)?;
        told.serialize_field("distinct", &self.distinct)?;
        told.serialize_field("min_length", &shortest)?;
        told.serialize_field("max_length", &longest)?;
        match self.choices.is_empty() {
            true => told.skip_field("choices")?,
            false => told.serialize_field("choices", &self.choices)?,
        }
        told.end()
    }
}

impl Merge for Values {
    fn merge(&mut self, other: Self) {
        self.add(&other);
    }
}

/// Puts one into a sorted list of the `most` smallest.
fn insert<T: Ord>(list: &mut Vec<T>, item: T, most: usize) {
    let Err(at) = list.binary_search(&item) else { return };
    if at >= most {
        return;
    }
    if list.len() >= most {
        list.pop();
    }
    if list.len() == list.capacity() {
        list.reserve_exact(list.len().max(1));
    }
    list.insert(at, item);
}

/// The bits of a hash that are kept.
const FAINT: u32 = 0x00ff_ffff;
const SEED: u64 = 0x7a5c;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(texts: &[String]) -> Values {
        let mut values = Values::default();
        texts.iter().for_each(|text| values.note(Value::of(text.as_bytes())));
        values
    }

    fn choices(values: &Values) -> Vec<String> {
        values.choices().map(|word| word.to_string()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Catches a set that is closed or open by what came first, and a count that hangs on how shares were put together.
        #[test]
        fn values_do_not_show_how_they_were_put_together(
            mut texts in prop::collection::vec("active|pending|closed|sort|asc|desc|[0-9]{0,2}|open|paid|free|new|old|low|high|auto", 0..120),
            a in 0_usize..120, b in 0_usize..120,
        ) {
            let (a, b) = (a.min(b).min(texts.len()), a.max(b).min(texts.len()));
            let whole = values(&texts);
            let [x, y, z] = [values(&texts[..a]), values(&texts[a..b]), values(&texts[b..])];
            let mut left = x.clone();
            left.merge(y.clone());
            left.merge(z.clone());
            let mut right = z;
            right.merge(y);
            right.merge(x);
            texts.reverse();
            prop_assert_eq!(&whole, &values(&texts));
            prop_assert_eq!(&whole, &left);
            prop_assert_eq!(&whole, &right);
            prop_assert!(whole.is_sound());
        }
    }

    #[test]
    fn a_closed_set_needs_evidence() {
        let often = |words: &[&str], n: usize| {
            values(&words.iter().cycle().take(n).map(|w| (*w).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(choices(&often(&["asc", "desc"], 16)), ["asc", "desc"]);
        assert_eq!(choices(&often(&["asc", "desc"], 15)), [""; 0], "too few sightings");
        let many = ["active", "open", "closed", "paid", "new", "old", "low", "high"];
        assert_eq!(choices(&often(&many, 31)), [""; 0], "too few of each");
        assert_eq!(choices(&often(&many, 32)).len(), 8);
        assert_eq!(choices(&often(&["asc", "desc", "anna"], 300)), [""; 0], "one that may be somebody's opens it");
        assert_eq!(choices(&often(&["asc", "desc", ""], 300)), ["asc", "desc"], "nothing is no word");
    }

    #[test]
    fn pieces_make_the_whole_again() {
        // Catches a trace that says something else when it comes back, one that is taken for another, and a count of different
        // values that takes a narrowed list for a whole one.
        let texts: Vec<String> =
            ["IN_PROGRESS", "not-in-order", "Closed"].iter().map(|text| (*text).to_owned()).collect();
        for mut whole in [values(&texts), values(&["anna".to_owned()]), values(&[String::new()])] {
            whole.narrow(Values::OF_LEAF);
            let mut again = Values::default();
            again.narrow(Values::OF_LEAF);
            for trace in whole.traces() {
                let (kind, packed) = trace.pack();
                assert!(kind < Trace::KINDS && packed > 0 && packed < 1 << 46);
                assert_eq!(Trace::unpack(kind, packed), Some(trace));
                again.take(trace);
            }
            again.count_on(whole.count());
            assert_eq!(whole, again);
        }
        for (kind, packed) in
            [(0, 0), (0, 1 << 45 | 2), (0, 1 + (9 << 22)), (1, 1 << 25), (2, u64::MAX), (2, 1), (3, 1)]
        {
            assert_eq!(Trace::unpack(kind, packed), None, "{kind} {packed}");
        }
        let many: Vec<String> = (0..1_000).map(|n| format!("v{n}")).collect();
        let (mut few, mut wide) = (values(&many[..600]), values(&many[400..]));
        few.narrow(Values::OF_LEAF);
        wide.merge(few);
        assert!((400..2_500).contains(&wide.distinct()), "{}", wide.distinct());
    }

    #[test]
    fn different_values_are_counted() {
        for (n, slack) in [(0, 0), (1, 0), (63, 0), (64, 0), (1_000, 300), (100_000, 30_000)] {
            let found = values(&(0..n).map(|n: u64| format!("v{n}")).collect::<Vec<_>>()).distinct();
            assert!(found.abs_diff(n) <= slack, "{found} for {n}");
        }
        let list = |texts: &[&str]| texts.iter().map(|t| Value::of(t.as_bytes())).reduce(Value::and).unwrap();
        assert_eq!(list(&["1", "2", "3"]), list(&["3", "1", "2"]), "the order of a list does not count");
        assert_eq!(list(&["1", "2"]), list(&["1", "2", "2"]));
    }

    #[test]
    fn there_are_never_more_different_values_than_there_are() {
        // Catches a list that is counted as a combination, of which nine digits make dozens, and an estimate above what was noted.
        let mut lists = Values::default();
        for (a, b) in (0..200).map(|n| (n % 9, n / 9 % 9)) {
            let [a, b] = [a, b].map(|digit: u32| Value::of(digit.to_string().as_bytes()));
            lists.note(a.and(b));
        }
        assert!((2..=9).contains(&lists.distinct()), "{}", lists.distinct());
        assert_eq!(lists.lengths(), Some((1, 1)));
        for n in [65, 66, 70, 80, 100, 130] {
            for start in 0..40 {
                let texts: Vec<String> = (0..n).map(|at| format!("{start}-{at}")).collect();
                let mut values = values(&texts);
                assert!(values.distinct() <= n, "{} for {n}", values.distinct());
                values.narrow(Values::OF_LEAF);
                assert!(values.distinct() <= n, "{} for {n}", values.distinct());
            }
        }
    }
}
