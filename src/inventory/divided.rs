//! Several variables in one segment: `{latitude},{longitude}`, `{base}...{head}`, `{name}@{version}`.
//!
//! In: the values at one place. Out: whether all of them divide at the same mark, and what the parts were like. That they
//! divide is no proof: many an id has a mark in it. They are variables when many values were seen whose parts come again
//! and again, each beside others of the other; or where the form says so itself.

use serde::{Deserialize, Serialize};

use super::kept::MOST;
use crate::api::{ParamType, Value, Values};
use crate::merge::Merge;

/// What may stand between two variables. The first that a text has divides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mark {
    Dots,
    At,
    Comma,
    Colon,
    Tilde,
    /// Between numbers only: names are full of them.
    Dash,
}

impl Mark {
    const ALL: [Self; 6] = [Self::Dots, Self::At, Self::Comma, Self::Colon, Self::Tilde, Self::Dash];

    /// As it stands in a segment.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Dots => "...",
            Self::At => "@",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Tilde => "~",
            Self::Dash => "-",
        }
    }

    /// The two parts of a text.
    fn divide(text: &str) -> Option<(Self, [&str; 2])> {
        let mark = Self::ALL.into_iter().find(|mark| text.contains(mark.text()))?;
        let (a, b) = text.split_once(mark.text())?;
        let twice = b.contains(mark.text());
        let numbers = || [a, b].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let fits = !a.is_empty() && !b.is_empty() && !twice && (mark != Self::Dash || numbers());
        fits.then_some((mark, [a, b]))
    }
}

/// How the values at one place divide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Parts {
    /// None was seen yet.
    #[default]
    Unknown,
    /// Some do not, or at another mark.
    Whole,
    /// All of them.
    Divided(Box<Divided>),
}

/// What the parts were like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Divided {
    pub(super) mark: Mark,
    pub(super) parts: [Part; 2],
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    integers: u64,
    fractions: u64,
    others: u64,
    pub(super) values: Values,
}

impl Part {
    fn note(&mut self, text: &str, times: u64) {
        let bare = text.strip_prefix('-').unwrap_or(text);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let fraction = || bare.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b));
        let count = match bare {
            _ if digits(bare) => &mut self.integers,
            _ if fraction() => &mut self.fractions,
            _ => &mut self.others,
        };
        count.merge(times);
        self.values.note_often(Value::of(text.as_bytes()), times);
    }

    /// Its values by type.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (ParamType, u64)> {
        let all = [
            (ParamType::Integer, self.integers),
            (ParamType::Number, self.fractions),
            (ParamType::String, self.others),
        ];
        all.into_iter().filter(|(_, count)| *count > 0)
    }

    /// Numbers, nearly all with a fraction.
    const fn is_measured(&self) -> bool {
        self.others == 0 && self.fractions > self.integers
    }

    /// Whole numbers and nothing else.
    pub(super) const fn is_whole(&self) -> bool {
        self.others == 0 && self.fractions == 0
    }
}

impl Divided {
    /// Both are numbers with fractions: a place on earth, as near as makes no difference.
    pub(super) const fn is_place(&self) -> bool {
        matches!(self.mark, Mark::Comma) && self.parts[0].is_measured() && self.parts[1].is_measured()
    }

    /// So many different values are evidence enough.
    fn are_variables(&self, texts: u64) -> bool {
        let [a, b] = [0, 1].map(|at: usize| self.parts[at].values.distinct());
        // Two parts of one id come with each other only; of two variables each comes with many of the other.
        let again = |part: u64| part >= FEW && part * 4 <= texts * 3;
        texts >= MANY && a >= 2 && b >= 2 && (self.is_place() || self.mark == Mark::Dots || again(a) && again(b))
    }
}

/// Fewer different values prove nothing.
const MANY: u64 = 12;
/// Fewer different ones of a part are kinds of one id (`sha256:...`).
const FEW: u64 = 4;

impl Parts {
    /// Takes in a value, without its affix.
    pub(super) fn note(&mut self, text: &str, times: u64) {
        if matches!(self, Self::Whole) {
            return;
        }
        let Some((mark, texts)) = Mark::divide(text) else {
            *self = Self::Whole;
            return;
        };
        if matches!(self, Self::Unknown) {
            *self = Self::Divided(Box::new(Divided { mark, parts: Default::default() }));
        }
        match self {
            Self::Divided(divided) if divided.mark == mark => {
                divided.parts.iter_mut().zip(texts).for_each(|(part, text)| part.note(text, times));
            }
            other => *other = Self::Whole,
        }
    }

    /// The parts, where they are variables of their own; `texts` is how many different values there were.
    pub(super) fn variables(&self, texts: u64) -> Option<&Divided> {
        match self {
            Self::Divided(divided) if divided.are_variables(texts) => Some(divided),
            _ => None,
        }
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        let Self::Divided(divided) = self else { return 0 };
        size_of::<Divided>() + divided.parts.iter().map(|part| part.values.weight()).sum::<usize>()
    }

    /// It could have been noted.
    pub(super) fn is_sound(&self) -> bool {
        let Self::Divided(divided) = self else { return true };
        divided.parts.iter().all(|part| {
            let counts = [part.integers, part.fractions, part.others];
            counts.iter().all(|count| *count <= MOST) && part.values.is_sound()
        })
    }
}

impl Merge for Parts {
    fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (_, Self::Unknown) => {}
            (Self::Unknown, other) => *self = other,
            (Self::Divided(mine), Self::Divided(theirs)) if mine.mark == theirs.mark => {
                for (mine, theirs) in mine.parts.iter_mut().zip(theirs.parts) {
                    mine.integers.merge(theirs.integers);
                    mine.fractions.merge(theirs.fractions);
                    mine.others.merge(theirs.others);
                    mine.values.merge(theirs.values);
                }
            }
            _ => *self = Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{Said, only, operation, said};
    use super::*;

    fn parts(texts: &[String]) -> Parts {
        let mut parts = Parts::default();
        texts.iter().for_each(|text| parts.note(text, 1));
        parts
    }

    #[test]
    fn parts_that_come_again_are_variables() {
        // Catches an id that is torn because of the mark in it, and a pair that is told as one.
        let all = |make: &dyn Fn(u64) -> String| (0..40).map(make).collect::<Vec<String>>();
        let divided = |texts: Vec<String>| parts(&texts).variables(texts.len() as u64).map(|divided| divided.mark);
        assert_eq!(divided(all(&|n| format!("pkg{}@{}.2.0", n % 8, n / 8))), Some(Mark::At));
        assert_eq!(divided(all(&|n| format!("4{}.25,-1{n}.5", n % 10))), Some(Mark::Comma));
        assert_eq!(divided(all(&|n| format!("main...topic{n}x{}", n % 3))), None, "one base proves nothing");
        assert_eq!(divided(all(&|n| format!("v{}...topic{n}", n % 3))), Some(Mark::Dots));
        assert_eq!(divided(all(&|n| format!("{}-{}", 100 + n % 8, 2000 + n / 8))), Some(Mark::Dash));
        assert_eq!(divided(all(&|n| format!("ref{}:{}", n % 8, n / 8))), Some(Mark::Colon));
        for whole in [
            all(&|n| format!("sha256:{n}ab")),
            all(&|n| format!("sha{}:{n}ab", n % 2)),
            all(&|n| format!("{n}-{}", n * 7)),
            all(&|n| format!("ref{n}:{n}")),
            all(&|n| format!("red{}-shoe{}", n % 8, n / 8)),
            all(&|n| if n == 7 { "plain".to_owned() } else { format!("ref{}:{}", n % 8, n / 8) }),
            all(&|n| if n == 7 { "a@b".to_owned() } else { format!("ref{}:{}", n % 8, n / 8) }),
            all(&|n| format!("{n}:{}:1", n % 4)),
            all(&|n| format!("{n}")),
            (0..6).map(|n| format!("4{n}.25,1{n}.5")).collect(),
        ] {
            assert_eq!(divided(whole.clone()), None, "{}", whole[0]);
        }
    }

    #[test]
    fn a_template_has_both_variables() {
        // Catches variables that a template has and the parameters lack, and parts told by their values.
        let path = |n: u64| format!("GET /tiles/4{}.257,1{n}.5/day 200", n % 10);
        let all: Vec<Said> = (0..40).map(|n| said(&path(n))).collect();
        let service = only(&all, &[]);
        let found = operation(&service, "GET /tiles/{latitude},{longitude}/day");
        let told: Vec<_> = found.record.params.iter().map(|p| (p.name.as_str(), p.seen, p.values.lengths)).collect();
        assert_eq!(told, [("latitude", 40, Some((6, 6))), ("longitude", 40, Some((4, 5)))]);
        assert_eq!(
            found.record.variables,
            [("latitude".to_owned(), 10), ("longitude".to_owned(), found.record.params[1].values.distinct)].into()
        );
        let learned: Vec<_> =
            found.learned.as_ref().unwrap().variables.iter().map(|v| (v.name.as_str(), v.segment)).collect();
        assert_eq!(learned, [("latitude", 1), ("longitude", 1)]);
        assert!(!format!("{service:?}").contains(".257"));
        let few = only(&all[..8], &[]);
        assert_eq!(few.operations[0].template.segments[1].0.len(), 1, "eight are too few");
    }

    proptest! {
        /// Catches an order that shows: who came first decides nothing.
        #[test]
        fn parts_merge_in_any_order(
            mut texts in prop::collection::vec("[a-c]{1,2}(@|,|:|-)[0-9]", 0..30), a in 0_usize..30, b in 0_usize..30,
        ) {
            let (a, b) = (a.min(b).min(texts.len()), a.max(b).min(texts.len()));
            let [x, y, z] = [parts(&texts[..a]), parts(&texts[a..b]), parts(&texts[b..])];
            let whole = parts(&texts);
            let mut left = x.clone();
            left.merge(y.clone());
            left.merge(z.clone());
            let mut right = z;
            right.merge(y);
            right.merge(x);
            texts.reverse();
            prop_assert_eq!(&whole, &left);
            prop_assert_eq!(&whole, &right);
            prop_assert_eq!(&whole, &parts(&texts));
            prop_assert!(whole.is_sound());
        }
    }
}
