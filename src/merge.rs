//! The law of everything that grows: two shares of the same thing become one, in any order.
//!
//! Workers each see a part of the traffic; runs and sensors each see a part of the world. What they
//! learned is united by [`Merge`], and nothing of the order in which it is united may show.

use std::collections::BTreeMap;

/// Commutative and associative; `Default` is the zero. Order of arrival must not show.
pub trait Merge: Default {
    /// Takes in what the other learned.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }
}

/// Maps unite key by key. Their bound, where they need one, is kept by whoever owns the map.
impl<K: Ord, V: Merge> Merge for BTreeMap<K, V> {
    fn merge(&mut self, other: Self) {
        for (key, value) in other {
            self.entry(key).or_default().merge(value);
        }
    }
}

/// What most places lack lies behind a pointer.
impl<T: Merge> Merge for Option<Box<T>> {
    fn merge(&mut self, other: Self) {
        match (self, other) {
            (_, None) => {}
            (Some(mine), Some(theirs)) => mine.merge(*theirs),
            (none, theirs) => *none = theirs,
        }
    }
}

/// A struct of counters: every one is added when two are united, and can be listed with its name.
macro_rules! counters {
    ($(#[$about:meta])* $type:ident, $($(#[$doc:meta])* $name:ident,)*) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $type {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl $type {
            /// How many counters there are.
            pub const COUNT: usize = [$(stringify!($name)),*].len();

            /// Every counter with its name, in report order.
            #[must_use]
            pub const fn counters(&self) -> [(&'static str, u64); Self::COUNT] {
                [$((stringify!($name), self.$name)),*]
            }
        }

        impl $crate::merge::Merge for $type {
            fn merge(&mut self, other: Self) {
                $(self.$name = self.$name.saturating_add(other.$name);)*
            }
        }
    };
}
pub(crate) use counters;
