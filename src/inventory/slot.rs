//! Where a record lies: open, as it grows, or put away as the bytes that a state file would hold.
//!
//! Most of many operations are asked for now and then, and a record that is open takes ten times what it says: a list for each
//! figure, mostly of one entry. So when the inventory is filling up, all records are put away; what is added to one is added, and
//! it is put away again. Nothing is lost by it: what is put away says all that is known.

use std::borrow::Cow;

use super::entry::Entry;
use crate::merge::Merge;

/// A record, open or put away.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// As it grows.
    Open(Box<Entry>),
    /// Put away.
    Away(Away),
}

/// A record that is put away.
#[derive(Clone, Debug)]
pub(super) struct Away {
    bytes: Box<[u8]>,
    requests: u64,
    places: u32,
    /// What it takes to tell it.
    told: u32,
}

impl Default for Slot {
    fn default() -> Self {
        Self::Open(Box::default())
    }
}

impl From<Entry> for Slot {
    fn from(entry: Entry) -> Self {
        Self::Open(Box::new(entry))
    }
}

impl Slot {
    /// The record.
    pub(super) fn look(&self) -> Cow<'_, Entry> {
        match self {
            Self::Open(entry) => Cow::Borrowed(entry),
            Self::Away(away) => Cow::Owned(away.open()),
        }
    }

    /// The record, to be changed. It is open from now on.
    pub(super) fn open(&mut self) -> &mut Entry {
        if let Self::Away(away) = self {
            *self = away.open().into();
        }
        match self {
            Self::Open(entry) => entry,
            Self::Away(_) => unreachable!("it was opened"),
        }
    }

    /// Puts it away, where that takes less room.
    pub(super) fn put_away(&mut self) {
        let Self::Open(entry) = self else { return };
        let Ok(bytes) = postcard::to_stdvec(&**entry) else { return };
        if bytes.len() < entry.weight() / 2 {
            let [places, told] = [entry.places(), entry.told()].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
            *self = Self::Away(Away { requests: entry.requests(), places, told, bytes: bytes.into() });
        }
    }

    /// It is open.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Changes it where it lies.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Entry)) {
        let was_open = self.is_open();
        change(self.open());
        if !was_open {
            self.put_away();
        }
    }

    /// Requests.
    pub(super) fn requests(&self) -> u64 {
        match self {
            Self::Open(entry) => entry.requests(),
            Self::Away(away) => away.requests,
        }
    }

    /// Places of shapes, and parameters.
    pub(super) fn places(&self) -> usize {
        match self {
            Self::Open(entry) => entry.places(),
            Self::Away(away) => away.places as usize,
        }
    }

    /// Memory it takes, here and when it is told, rather too much than too little.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Open(entry) => entry.weight(),
            // About half of the bytes are shapes, which are in the snapshot too.
            Self::Away(away) => away.bytes.len() / 2 * 3 + 64 + away.told as usize,
        }
    }

    /// Cuts the places of body shapes, and the parameters, to at most `cap` of each.
    pub(super) fn cut_places(&mut self, cap: usize) {
        if self.places() > cap {
            self.change(|entry| entry.cut_places(cap));
        }
    }
}

impl Merge for Slot {
    fn merge(&mut self, other: Self) {
        let theirs = match other {
            Self::Open(entry) => *entry,
            Self::Away(away) => away.open(),
        };
        self.change(|mine| mine.merge(theirs));
    }
}

impl Away {
    /// As it was.
    fn open(&self) -> Entry {
        // These bytes never left the process.
        let read = postcard::from_bytes(&self.bytes);
        debug_assert!(read.is_ok(), "{read:?}");
        read.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Said, exact, said, scatter};
    use super::super::{Inventory, Snapshot};
    use super::*;
    use crate::limits::Limits;

    /// Requests on many paths, some declared, with bodies, parameters and more callers than are counted one by one.
    fn all() -> Vec<Said> {
        let of = |n: u64| Said {
            at: 1_000 + n,
            caller: n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            fields: (0..n % 5).map(|field| format!("f{}", n % 11 + field)).collect(),
            params: (0..n % 3).map(|param| format!("p{}", n % 7 + param)).collect(),
            ..said(&format!(
                "{} /things/{}/parts {}",
                ["GET", "PUT"][(n % 2) as usize],
                n % 9,
                [200, 404, 500][(n % 3) as usize]
            ))
        };
        (0..600).map(of).collect()
    }

    fn told(limits: &Limits, workers: usize, seed: u64) -> Snapshot {
        let inventory = Inventory::new(limits, vec![exact("shop.example", "/things/3/parts", &["GET"])]);
        scatter(&inventory, limits, &all(), workers, seed);
        inventory.snapshot()
    }

    #[test]
    fn what_is_put_away_is_told_as_what_is_open() {
        // Catches a figure that is lost or doubled when a record is put away, merged there, cut or looked at.
        let open = told(&Limits::default(), 1, 0);
        assert!(open.bounds.is_empty());
        for (workers, seed) in [(1, 1), (2, 2), (8, 3), (8, 4)] {
            let away = told(&Limits { open_bytes: 0, ..Limits::default() }, workers, seed);
            assert_eq!(format!("{open:?}"), format!("{away:?}"), "{workers} workers, seed {seed}");
        }
    }

    #[test]
    fn putting_away_makes_room_and_opening_gives_all_back() {
        // Catches a record that takes more room put away, and one that is read back as nothing.
        let inventory = Inventory::new(&Limits::default(), Vec::new());
        scatter(&inventory, &Limits::default(), &all(), 1, 0);
        let mut slots = 0;
        let _ = inventory.save(&mut |kept| {
            if let super::super::kept::Part::Learned(_, entry) = &kept.0 {
                slots += 1;
                let mut slot = Slot::from(entry.clone().into_owned());
                let before = (slot.weight(), slot.places(), slot.requests(), postcard::to_stdvec(&*slot.look()));
                slot.put_away();
                assert!(!slot.is_open() && slot.weight() < before.0, "{} of {}", slot.weight(), before.0);
                assert_eq!((slot.places(), slot.requests()), (before.1, before.2));
                assert_eq!(postcard::to_stdvec(slot.open()), before.3);
                let after = slot.weight();
                assert!(after.abs_diff(before.0) * 20 < after, "{after} was {}: lists have grown otherwise", before.0);
            }
            Ok::<_, ()>(())
        });
        assert!(slots >= 2, "{slots}");
    }
}
