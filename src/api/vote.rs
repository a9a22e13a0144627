//! Does a field carry a class of data? One look proves little: a random number of sixteen digits that begins with 4
//! passes for a card number once in ten.
//!
//! In: what looks at single values found (`DataClasses`). Out: counts that merge and stay small, and the classes
//! that the field carries. Pure: it depends on the counts alone, so on no order.

use serde::{Deserialize, Deserializer, Serialize};

use super::data::{DataClass, DataClasses, Mark, Proof, is_bit};
use crate::merge::Merge;

/// How often each class was found at one place. Sorted and sparse: most places carry nothing, and then it is a
/// pointer's room and no heap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Classes {
    /// Bit of the class or mark, and how many values showed it.
    counts: Vec<(u8, u64)>,
}

impl Classes {
    /// Counts one value. Nothing happens where nothing was found.
    pub fn note(&mut self, found: DataClasses) {
        found.bits().for_each(|bit| self.add(bit, 1));
    }

    /// The counts, by bits of classes and marks: for whoever keeps them in a form of its own.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u8, u64)> {
        self.counts.iter().copied()
    }

    /// Counts `count` values that showed a bit.
    pub(crate) fn count_bit(&mut self, bit: u8, count: u64) {
        if is_bit(bit) && count > 0 {
            self.add(bit, count);
        }
    }

    /// Nothing was ever found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many values looked like the class. Not yet that the field carries it.
    #[must_use]
    pub fn count(&self, class: DataClass) -> u64 {
        self.at(class.bit())
    }

    /// Bytes on the heap.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.counts.capacity() * size_of::<(u8, u64)>()
    }

    /// The classes that a field carries of which `seen` values were looked at, nulls and empty ones left out.
    #[must_use]
    pub fn carried(&self, seen: u64) -> DataClasses {
        DataClass::ALL.into_iter().filter(|class| self.carries(*class, seen)).collect()
    }

    fn carries(&self, class: DataClass, seen: u64) -> bool {
        let found = self.count(class);
        found > 0
            && match class.proof() {
                Proof::One => true,
                Proof::Half => found >= seen.saturating_sub(found) || self.is_said(class),
                Proof::CheckDigit => {
                    let wrong = self.at(Mark::Refuted.bit());
                    if self.at(Mark::Named.bit()) > 0 {
                        found.saturating_mul(NAMED_SHARE) >= wrong
                    } else {
                        found >= wrong.saturating_add(LEAD)
                    }
                }
            }
    }

    /// A word said it of a number: in running text one in a million is one.
    fn is_said(&self, class: DataClass) -> bool {
        match class {
            DataClass::Cvv => self.at(Mark::SaidCvv.bit()) > 0,
            DataClass::UsSsn => self.at(Mark::SaidSsn.bit()) > 0,
            _ => false,
        }
    }

    /// Takes in another's counts.
    pub fn add_all(&mut self, other: &Self) {
        other.counts.iter().for_each(|(bit, count)| self.add(*bit, *count));
    }

    fn add(&mut self, bit: u8, count: u64) {
        match self.counts.binary_search_by_key(&bit, |(bit, _)| *bit) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(count),
            Err(at) => {
                // Most that carry anything carry one or two classes.
                self.counts.reserve_exact(1);
                self.counts.insert(at, (bit, count));
            }
        }
    }

    fn at(&self, bit: u8) -> u64 {
        self.counts.binary_search_by_key(&bit, |(bit, _)| *bit).map_or(0, |at| self.counts[at].1)
    }
}

impl Merge for Classes {
    fn merge(&mut self, other: Self) {
        self.add_all(&other);
    }
}

/// What a state file says is checked: sorted, each bit known and once, no zero.
impl<'de> Deserialize<'de> for Classes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Unchecked {
            counts: Vec<(u8, u64)>,
        }

        let Unchecked { counts } = Unchecked::deserialize(deserializer)?;
        let sound = counts.is_sorted_by(|(a, _), (b, _)| a < b) && counts.iter().all(|(bit, n)| is_bit(*bit) && *n > 0);
        if sound { Ok(Self { counts }) } else { Err(serde::de::Error::custom("counts of data classes out of order")) }
    }
}

/// How far right check digits must be ahead of wrong ones where nothing else says that the digits are a card.
///
/// A random check digit is right once in ten. The lead of right over wrong is then a walk that goes up with 1/10 and
/// down with 9/10, and by the gambler's ruin it ever reaches `n` with (1/9)^n: of all fields of random numbers that
/// begin and measure like cards, one in 729 is ever taken for one, and none for long.
const LEAD: u64 = 3;
/// Where a name says card, wrong ones may be tokens of the same look as the number (format-preserving): three to one
/// right one. Random numbers are nine to one.
const NAMED_SHARE: u64 = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASS: DataClasses = DataClasses::NONE.with(DataClass::Pan);
    const FAIL: DataClasses = DataClasses::NONE.marked(Mark::Refuted);

    /// A field's counts after `values` numbers that begin like a card, of which one in ten has the right digit.
    fn random_field(state: &mut u64, values: usize) -> (Classes, bool) {
        let mut field = Classes::default();
        let mut ever = false;
        for seen in 1..=values {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            field.note(if (*state >> 33).is_multiple_of(10) { PASS } else { FAIL });
            ever |= field.carried(seen as u64).has(DataClass::Pan);
        }
        (field, ever)
    }

    #[test]
    fn a_field_of_random_numbers_is_no_field_of_cards() {
        // Catches a threshold that a field of order numbers (all begin with 4, one in ten passes) gets over.
        let mut state = 5;
        let fields: Vec<_> = (0..20_000).map(|_| random_field(&mut state, 60)).collect();
        let ever = fields.iter().filter(|(_, ever)| *ever).count();
        // 20,000 / 729 = 27, plus four standard deviations.
        assert!(ever <= 48, "{ever} of 20,000 fields of random numbers were ever taken for cards");
        assert!(ever > 0, "the simulation does not reach the threshold, so it tests nothing");
        let last = fields.iter().filter(|(field, _)| field.carried(60).has(DataClass::Pan)).count();
        assert_eq!(last, 0, "after 60 values none is left");
    }

    #[test]
    fn fields_of_cards_are_found_early() {
        let mut bare = Classes::default();
        bare.note(PASS);
        bare.note(PASS);
        assert!(bare.carried(2).is_empty(), "two bare numbers may be chance: one in eighty-one");
        bare.note(PASS);
        assert!(bare.carried(3).has(DataClass::Pan));
        let mut named = Classes::default();
        named.note(PASS.marked(Mark::Named));
        assert!(named.carried(1).has(DataClass::Pan));
        // Half of them tokens that are made to fail.
        for _ in 0..50 {
            named.note(FAIL);
            named.note(PASS.marked(Mark::Named));
        }
        assert!(named.carried(101).has(DataClass::Pan));
        // `card_id`: a name that says card, and random numbers in it.
        let mut id = Classes::default();
        id.note(PASS.marked(Mark::Named));
        (0..9).for_each(|_| id.note(FAIL));
        assert!(!id.carried(10).has(DataClass::Pan));
    }

    #[test]
    fn a_strong_form_needs_one_and_a_weak_one_half() {
        let mut field = Classes::default();
        field.note(DataClass::Email.into());
        field.note(DataClass::Phone.into());
        assert!(field.carried(1_000).has(DataClass::Email));
        assert!(!field.carried(1_000).has(DataClass::Phone));
        assert!(field.carried(2).has(DataClass::Phone) && !field.carried(3).has(DataClass::Phone));
        assert_eq!(field.carried(0).iter().count(), 2, "a count of values that is too small takes nothing away");
        assert_eq!((Classes::default().carried(9), Classes::default().weight()), (DataClasses::NONE, 0));
    }

    #[test]
    fn what_was_kept_is_checked() {
        let mut field = Classes::default();
        field.note(PASS.with(DataClass::Email).marked(Mark::Named));
        let bytes = postcard::to_stdvec(&field).unwrap();
        assert_eq!(postcard::from_bytes::<Classes>(&bytes).unwrap(), field);
        for bad in [vec![(1_u8, 1_u64), (0, 1)], vec![(0, 1), (0, 1)], vec![(59, 1)], vec![(64, 1)], vec![(0, 0)]] {
            let bytes = postcard::to_stdvec(&(bad,)).unwrap();
            assert!(postcard::from_bytes::<Classes>(&bytes).is_err());
        }
    }

    proptest! {
        #[test]
        fn counts_merge_in_any_order(looks in prop::collection::vec(0_usize..DataClass::ALL.len(), 0..40), cut in 0_usize..40) {
            // Catches a merge that loses or doubles counts, or an order that shows.
            let note = |looks: &[usize]| {
                let mut field = Classes::default();
                looks.iter().for_each(|at| field.note(DataClass::ALL[*at].into()));
                field
            };
            let (a, b) = looks.split_at(cut.min(looks.len()));
            let mut ab = note(a);
            ab.merge(note(b));
            let mut ba = note(b);
            ba.merge(note(a));
            prop_assert_eq!(&ab, &ba);
            prop_assert_eq!(ab, note(&looks));
        }
    }
}
