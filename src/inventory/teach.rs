//! How the weights are fitted: every word of labelled traffic with its figures, told to a file.
//!
//! Only with the feature `teach`, for `benches/accuracy`. While labels are set on a thread, its folding follows them
//! instead of the weights, so that what lies below compares as it should.

use std::cell::RefCell;
use std::collections::HashMap;

use super::evidence::Judged;
use super::fold::{PlaceId, Places};
use super::tree::Key;
use super::weights::Figure;
use crate::api::PathSegment;

/// How often the path that ends in a segment had a literal there, and how often a variable.
pub type Labels = HashMap<u64, (u64, u64)>;

/// One word: its text, whether it is a value, its figures.
pub type Lesson = (String, bool, Vec<f64>);

thread_local! {
    static LABELS: RefCell<Option<Labels>> = const { RefCell::new(None) };
    static LESSONS: RefCell<Vec<Lesson>> = const { RefCell::new(Vec::new()) };
}

/// The names of the figures.
#[must_use]
pub fn names() -> &'static [&'static str] {
    &Figure::NAMES
}

/// What a segment of a path is labelled by, for each segment of the path.
#[must_use]
pub fn marks(path: &[PathSegment<'_>]) -> Vec<u64> {
    let mut mark = 0;
    let next = |segment| {
        mark = Key::of(segment).chain(mark);
        mark
    };
    path.iter().map(next).collect()
}

/// From now on folding on this thread follows these labels.
pub fn teach(labels: Labels) {
    LABELS.set(Some(labels));
}

/// What was met since.
#[must_use]
pub fn lessons() -> Vec<Lesson> {
    LABELS.set(None);
    LESSONS.take()
}

/// What the labels say of the words below a place.
pub(super) fn judge<'n>(places: &Places<'n>, id: PlaceId, figures: &[[f64; Figure::COUNT]]) -> Option<Vec<Judged<'n>>> {
    LABELS.with_borrow(|labels| {
        let labels = labels.as_ref()?;
        let mut judged = Vec::new();
        for ((text, below), figures) in places.at(id).words.iter().zip(figures) {
            let known = places.at(*below).marks.iter().filter_map(|mark| labels.get(mark));
            let (literal, variable) = known.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            if literal + variable == 0 {
                continue;
            }
            let value = variable > literal;
            LESSONS.with_borrow_mut(|lessons| lessons.push(((*text).to_owned(), value, figures.to_vec())));
            judged.push(Judged { text, value, odds: 0.0 });
        }
        Some(judged)
    })
}
