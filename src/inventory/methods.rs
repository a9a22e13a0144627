//! The records of one path, by method.

use super::entry::Entry;
use super::slot::Slot;
use crate::merge::Merge;

/// Records by method, in order. Methods that no standard knows are bounded: the smallest are kept, the rest share
/// one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Methods {
    // A sorted vector: nearly every path has one or two, and a tree node would have room for eleven.
    entries: Vec<(Box<str>, Slot)>,
}

/// What stands for a method that is not kept by its name; `observe` writes the same for odd ones.
const STRANGE: &str = "{method}";
/// Strange methods kept by name.
const KEPT: usize = 8;
/// RFC 9110, RFC 5789, WebDAV and its kin, and what caches use.
const KNOWN: [&str; 26] = [
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REPORT",
    "SEARCH",
    "TRACE",
    "UNLOCK",
];

impl Methods {
    /// The record of a method, made on first sight by `make`; and whether it was made now.
    pub(super) fn entry(&mut self, method: &str, make: impl Fn() -> Entry) -> (&mut Entry, bool) {
        let (slot, made) = self.slot(method, || make().into());
        (slot.open(), made)
    }

    /// Where the record of a method lies, made on first sight; and whether it was made now.
    pub(super) fn slot(&mut self, method: &str, make: impl Fn() -> Slot) -> (&mut Slot, bool) {
        if let Ok(at) = self.find(method) {
            return (&mut self.entries[at].1, false);
        }
        let before = self.entries.len();
        let method = if self.admit(method) { method } else { STRANGE };
        let at = match self.find(method) {
            Ok(at) => at,
            Err(at) => {
                if self.entries.len() == self.entries.capacity() {
                    // A vector's first growth is four; most paths have one or two methods.
                    self.entries.reserve_exact(self.entries.len() / 2 + 1);
                }
                self.entries.insert(at, (method.into(), make()));
                at
            }
        };
        let made = self.entries.len() > before;
        (&mut self.entries[at].1, made)
    }

    /// Where the record of a method lies.
    pub(super) fn get_mut(&mut self, method: &str) -> Option<&mut Slot> {
        let at = self.find(method).ok()?;
        self.entries.get_mut(at).map(|(_, slot)| slot)
    }

    /// All records, in order of method.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Slot)> {
        self.entries.iter().map(|(method, slot)| (&**method, slot))
    }

    /// All records, in order of method.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Slot)> {
        self.entries.iter_mut().map(|(method, slot)| (&**method, slot))
    }

    /// Keeps the records that satisfy.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &Slot) -> bool) {
        self.entries.retain(|(method, slot)| keep(method, slot));
    }

    /// None.
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, method: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(known, _)| (**known).cmp(method))
    }

    /// There is room for this method under its own name; makes it, where a greater one has to go.
    fn admit(&mut self, method: &str) -> bool {
        let strange = |method: &str| method != STRANGE && KNOWN.binary_search(&method).is_err();
        if !strange(method) || self.entries.iter().filter(|(known, _)| strange(known)).count() < KEPT {
            return true;
        }
        let Some(last) = self.entries.iter().rposition(|(known, _)| strange(known)) else { return true };
        if self.entries.get(last).is_some_and(|(known, _)| method > &**known) {
            return false;
        }
        let (_, folded) = self.entries.remove(last);
        match self.find(STRANGE) {
            Ok(at) => self.entries[at].1.merge(folded),
            Err(at) => self.entries.insert(at, (STRANGE.into(), folded)),
        }
        true
    }
}

impl Merge for Methods {
    fn merge(&mut self, other: Self) {
        for (method, theirs) in other.entries {
            match self.find(&method) {
                Ok(at) => self.entries[at].1.merge(theirs),
                Err(_) => self.slot(&method, Slot::default).0.merge(theirs),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_methods_share_one_record() {
        // Catches a list of records that a client can grow by naming methods.
        let mut methods = Methods::default();
        let mut names: Vec<String> =
            (0..50).map(|i| format!("M{i:02}")).chain(["GET".into(), "PURGE".into()]).collect();
        names.iter().for_each(|name| assert!(methods.entry(name, Entry::default).0.requests() == 0));
        let kept: Vec<&str> = methods.iter().map(|(method, _)| method).collect();
        assert_eq!(kept, ["GET", "M00", "M01", "M02", "M03", "M04", "M05", "M06", "M07", "PURGE", "{method}"]);
        let mut backwards = Methods::default();
        names.reverse();
        names.iter().for_each(|name| assert!(backwards.entry(name, Entry::default).0.requests() == 0));
        assert_eq!(kept, backwards.iter().map(|(method, _)| method).collect::<Vec<_>>());
    }

    #[test]
    fn known_methods_stand_in_order() {
        assert!(KNOWN.is_sorted());
    }
}
