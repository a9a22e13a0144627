//! Which declared templates were known before anything was learned.
//!
//! A path that was declared later may have been folded, before, into a template that was learned: what was called there cannot be told
//! apart any more. So a declaration is *firm* when it was in force from the first; others are told with each snapshot. A state
//! keeps the digests of those that are firm, for the next run may have other specs.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::Xxh3;

use crate::api::{HostPattern, PathTemplate, Piece, Pin, TemplateSegment};

/// Host and template, whatever the methods and the names of variables: a path that gets another method was known before.
pub(super) fn digest(pin: &Pin) -> u64 {
    let mut sum = Xxh3::new();
    match &pin.host {
        HostPattern::Exact(host, port) => {
            sum.update(&[0]);
            text(&mut sum, host);
            sum.update(&port.unwrap_or_default().to_le_bytes());
        }
        HostPattern::Template(host, port) => {
            sum.update(&[1]);
            segment(&mut sum, host);
            sum.update(&port.unwrap_or_default().to_le_bytes());
        }
        HostPattern::Any => sum.update(&[2]),
    }
    pin.template.segments.iter().for_each(|it| segment(&mut sum, it));
    sum.digest()
}

fn segment(sum: &mut Xxh3, segment: &TemplateSegment) {
    sum.update(&(segment.0.len() as u64).to_le_bytes());
    for piece in &segment.0 {
        match piece {
            Piece::Literal(literal) => text(sum, literal),
            // No text is so long.
            Piece::Variable(_) => sum.update(&u64::MAX.to_le_bytes()),
        }
    }
}

fn text(sum: &mut Xxh3, text: &str) {
    sum.update(&(text.len() as u64).to_le_bytes());
    sum.update(text.as_bytes());
}

/// Those of an earlier run, or of several, read bit by bit: firm is what is so in all.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Of the states read before; none: there was none.
    before: Option<BTreeSet<u64>>,
    /// Of the state being read; none: none has begun.
    now: Option<BTreeSet<u64>>,
}

impl Gathered {
    /// A state begins.
    pub(super) fn begin(&mut self) {
        self.end();
        self.now = Some(BTreeSet::new());
    }

    /// Takes some in; whether a state has begun, and there is room.
    pub(super) fn take(&mut self, digests: &[u64], most: usize) -> bool {
        let Some(now) = &mut self.now else { return false };
        now.extend(digests);
        now.len() <= most
    }

    /// What is firm in all of them; none where there was none.
    pub(super) fn finish(mut self) -> Option<BTreeSet<u64>> {
        self.end();
        self.before
    }

    fn end(&mut self) {
        let Some(now) = self.now.take() else { return };
        self.before = Some(match self.before.take() {
            Some(before) => before.intersection(&now).copied().collect(),
            None => now,
        });
    }
}

/// A template without the names of its variables.
pub(super) fn nameless(template: &PathTemplate) -> PathTemplate {
    PathTemplate { segments: template.segments.iter().map(TemplateSegment::unnamed).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Inventory, Kept, Restore};
    use crate::limits::Limits;

    fn pin(host: &str, template: &str, methods: &[&str]) -> Pin {
        let methods = methods.iter().map(ToString::to_string).collect();
        Pin { host: HostPattern::Exact(host.to_owned(), None), template: PathTemplate::parse(template), methods }
    }

    fn late(inventory: &Inventory) -> Vec<String> {
        inventory.snapshot().late.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_declared_later_is_late_and_stays_so() {
        // Catches a path that was folded away before it was declared and passes for one that nobody ever called.
        let me = || pin("a", "/users/me", &["GET"]);
        let users = |methods: &[&str]| pin("a", "/users", methods);
        let inventory = Inventory::new(&Limits::default(), vec![users(&["GET"])]);
        assert_eq!(late(&inventory), Vec::<String>::new());
        inventory.repin(vec![users(&["GET", "POST"]), me()]);
        assert_eq!(late(&inventory), ["/users/me"], "another method is no other path");
        inventory.repin(vec![me()]);
        inventory.repin(vec![users(&["GET"]), me()]);
        assert_eq!(late(&inventory), ["/users", "/users/me"], "it was not there for a while");
    }

    #[test]
    fn a_state_keeps_which_declarations_were_known_from_the_first() {
        // Catches a restart after which what was declared late passes for known.
        let (users, me) = (|| pin("a", "/users", &["GET"]), || pin("a", "/users/me", &["GET"]));
        let again = |inventory: &Inventory, pins: Vec<Pin>| {
            let mut restore = Restore::onto(Inventory::new(&Limits::default(), pins));
            let told = inventory.save(&mut |kept| {
                let bytes = postcard::to_stdvec(kept).unwrap();
                restore.take(postcard::from_bytes::<Kept<'static>>(&bytes).unwrap())
            });
            told.unwrap();
            restore.finish().unwrap()
        };
        let first = Inventory::new(&Limits::default(), vec![users()]);
        assert_eq!(late(&again(&first, vec![users()])), Vec::<String>::new());
        let second = again(&first, vec![users(), me()]);
        assert_eq!(late(&second), ["/users/me"]);
        assert_eq!(late(&again(&second, vec![users(), me()])), ["/users/me"], "for ever");
        assert_eq!(late(&again(&Inventory::new(&Limits::default(), Vec::new()), vec![me()])), ["/users/me"]);
    }

    #[test]
    fn digests_hang_on_hosts_and_literals_and_on_no_names() {
        let of = |host: &str, template: &str| digest(&pin(host, template, &["GET"]));
        assert_eq!(of("a", "/users/{id}"), of("a", "/users/{login}"));
        let all = [
            of("a", "/users/{id}"),
            of("b", "/users/{id}"),
            of("a", "/users/id"),
            of("a", "/users{id}"),
            of("a", "/users/{id}/x"),
        ];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(of("a", "/users/me"), 1_145_181_292_688_500_115, "kept in state files: it must not change");
    }

    #[test]
    fn firm_is_what_is_so_in_every_state() {
        let mut gathered = Gathered::default();
        assert!(!gathered.take(&[1], 9), "no state has begun");
        gathered.begin();
        assert!(gathered.take(&[1, 2], 9) && gathered.take(&[3], 9) && !gathered.take(&[4], 3));
        gathered.begin();
        assert!(gathered.take(&[2, 3, 5], 9));
        assert_eq!(gathered.finish(), Some([2, 3].into()));
        assert_eq!(Gathered::default().finish(), None);
        let mut none = Gathered::default();
        none.begin();
        assert_eq!(none.finish(), Some(BTreeSet::new()), "a state without any: nothing is firm");
    }
}
