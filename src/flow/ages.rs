//! Which flow is the coldest: lists through the slots of a table, oldest touch first.
//!
//! This stands where a timing wheel would. All flows of one list wait equally long, so the list ordered by last touch
//! *is* the order in which they fall due: expiry looks at one head, and eviction takes that same head. Every act is
//! O(1) and allocates nothing but the links themselves, two words a slot.

/// Lists over slot numbers; a slot is in at most one of the `N`.
#[derive(Debug)]
pub(super) struct Ages<const N: usize> {
    links: Vec<Link>,
    lists: [List; N],
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u32,
    after: u32,
    /// Which list, or `N` for none.
    list: u8,
}

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

impl<const N: usize> Ages<N> {
    pub(super) const fn new() -> Self {
        Self { links: Vec::new(), lists: [List { head: NONE, tail: NONE }; N] }
    }

    /// The slot of `list` that was touched the longest ago.
    pub(super) fn coldest(&self, list: usize) -> Option<u32> {
        self.lists.get(list).map(|l| l.head).filter(|&head| head != NONE)
    }

    /// Puts `slot` at the warm end of `list`, out of whatever list it was in.
    pub(super) fn touch(&mut self, list: usize, slot: u32) {
        self.remove(slot);
        let at = slot as usize;
        if self.links.len() <= at {
            self.links.resize(at + 1, FREE);
        }
        let Some(ends) = self.lists.get_mut(list) else { return };
        let before = std::mem::replace(&mut ends.tail, slot);
        if before == NONE {
            ends.head = slot;
        } else if let Some(link) = self.links.get_mut(before as usize) {
            link.after = slot;
        }
        if let Some(link) = self.links.get_mut(at) {
            *link = Link { before, after: NONE, list: list as u8 };
        }
    }

    /// Takes `slot` out of its list, if it is in one.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(link) = self.links.get_mut(slot as usize) else { return };
        let Link { before, after, list } = std::mem::replace(link, FREE);
        let Some(ends) = self.lists.get_mut(list as usize) else { return };
        match self.links.get_mut(before as usize) {
            Some(link) => link.after = after,
            None => ends.head = after,
        }
        match self.links.get_mut(after as usize) {
            Some(link) => link.before = before,
            None => ends.tail = before,
        }
    }

    /// Whether `slot` is in any list.
    pub(super) fn holds(&self, slot: u32) -> bool {
        self.links.get(slot as usize).is_some_and(|link| (link.list as usize) < N)
    }
}

const NONE: u32 = u32::MAX;
const FREE: Link = Link { before: NONE, after: NONE, list: u8::MAX };

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lists_keep_the_order_of_touch(acts in prop::collection::vec((0..3_usize, 0..20_u32), 0..200)) {
            // Catches a link left behind: a slot lost from its list would never expire, one in two would expire twice.
            let mut ages = Ages::<2>::new();
            let mut model: [Vec<u32>; 2] = Default::default();
            for (act, slot) in acts {
                for list in &mut model {
                    list.retain(|&s| s != slot);
                }
                match model.get_mut(act) {
                    Some(list) => {
                        list.push(slot);
                        ages.touch(act, slot);
                    }
                    None => ages.remove(slot),
                }
                for (list, expected) in model.iter().enumerate() {
                    prop_assert_eq!(ages.coldest(list), expected.first().copied());
                }
                prop_assert_eq!(ages.holds(slot), act < 2);
            }
            for (list, expected) in model.iter().enumerate() {
                for &slot in expected {
                    prop_assert_eq!(ages.coldest(list), Some(slot));
                    ages.remove(slot);
                }
                prop_assert_eq!(ages.coldest(list), None);
            }
        }
    }
}
