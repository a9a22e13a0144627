//! The body shapes of one operation, under a bound of places.
//!
//! A body's shape is bounded by its sample, and the union of two objects by `Shape::MAX_FIELDS`; but many bodies
//! with other names at every level could still grow a union by 256 to the power of its depth. So the places are
//! counted, and when there are too many the deepest levels go first.

mod kept;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::api::Shape;
use crate::merge::Merge;

/// What was asked and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shapes {
    pub(super) asked: Option<Box<Shape>>,
    /// By status; the smallest statuses are kept.
    pub(super) answered: BTreeMap<u16, Shape>,
    /// Places there are.
    weight: usize,
    /// Levels given up, counted from `DEPTH`. A level once cut is never filled again: what is left is the union of all
    /// bodies down to one depth, whichever came first.
    lost: usize,
    /// Something was cut or left out.
    pub(super) cut: bool,
}

impl Shapes {
    /// Statuses whose shape is kept.
    const STATUSES: usize = 8;
    /// Places one operation may hold, whatever the others hold.
    pub(super) const PLACES: usize = 4_096;
    /// No shape is looked into deeper than this; `observe` stops long before.
    const DEPTH: usize = 32;

    /// Takes in one request's shapes; tells how many places were added at the most.
    pub(super) fn learn(&mut self, status: u16, asked: Option<&Shape>, answered: Option<&Shape>) -> usize {
        let before = self.weight;
        if let Some(shape) = asked {
            self.add_asked(shape);
        }
        if let Some(shape) = answered {
            self.add_answered(status, shape);
        }
        let added = self.weight.saturating_sub(before);
        self.settle();
        added
    }

    /// Places there are.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    /// Cuts the deepest levels until at most `cap` places are left.
    pub(super) fn cut_to(&mut self, cap: usize) {
        if self.weight <= cap {
            return;
        }
        let mut levels = [0; Self::DEPTH + 1];
        self.each().for_each(|shape| count(shape, 0, &mut levels));
        let (mut depth, mut kept) = (0, 0);
        while depth < Self::DEPTH && kept + levels[depth] <= cap {
            kept += levels[depth];
            depth += 1;
        }
        // The roots stay in any case.
        let last = depth.saturating_sub(1);
        self.cut_below(last);
        self.weight = levels.iter().take(last + 1).sum();
    }

    /// Keeps so many levels below the roots, from now on.
    fn cut_below(&mut self, levels: usize) {
        self.lost = self.lost.max(Self::DEPTH.saturating_sub(levels));
        self.asked.iter_mut().for_each(|shape| cut(shape, levels));
        self.answered.values_mut().for_each(|shape| cut(shape, levels));
        self.cut = true;
    }

    fn add_asked(&mut self, shape: &Shape) {
        self.weight += usize::from(self.asked.is_none());
        let grown = self.asked.get_or_insert_default().add(shape, Self::DEPTH - self.lost);
        self.weight = self.weight.saturating_add_signed(grown);
    }

    fn add_answered(&mut self, status: u16, shape: &Shape) {
        let below = Self::DEPTH - self.lost;
        let full = self.answered.len() >= Self::STATUSES;
        if full && self.answered.last_key_value().is_some_and(|(largest, _)| status > *largest) {
            self.cut = true;
            return;
        }
        let grown = match self.answered.entry(status) {
            Entry::Occupied(known) => known.into_mut().add(shape, below),
            Entry::Vacant(free) => free.insert(Shape::default()).add(shape, below) + 1,
        };
        self.weight = self.weight.saturating_add_signed(grown);
        while self.answered.len() > Self::STATUSES {
            let lost = self.answered.pop_last().map_or(0, |(_, shape)| shape.places());
            self.weight = self.weight.saturating_sub(lost);
            self.cut = true;
        }
    }

    fn settle(&mut self) {
        if self.weight > Self::PLACES {
            self.cut_to(Self::PLACES);
        }
    }

    fn each(&self) -> impl Iterator<Item = &Shape> {
        self.asked.as_deref().into_iter().chain(self.answered.values())
    }
}

impl Merge for Shapes {
    fn merge(&mut self, other: Self) {
        if self.weight == 0 && !self.cut {
            *self = other;
            return;
        }
        if other.lost > self.lost {
            self.cut_below(Self::DEPTH - other.lost);
            self.weight = self.each().map(Shape::places).sum();
        }
        if let Some(shape) = &other.asked {
            self.add_asked(shape);
        }
        for (status, shape) in &other.answered {
            self.add_answered(*status, shape);
        }
        self.cut |= other.cut;
        self.settle();
    }
}

fn children(shape: &Shape) -> impl Iterator<Item = &Shape> {
    shape.items.as_deref().into_iter().chain(shape.fields.values())
}

fn count(shape: &Shape, depth: usize, levels: &mut [usize; Shapes::DEPTH + 1]) {
    levels[depth] += 1;
    if depth < Shapes::DEPTH {
        children(shape).for_each(|child| count(child, depth + 1, levels));
    }
}

/// Keeps `below` levels under this one.
fn cut(shape: &mut Shape, below: usize) {
    if below == 0 {
        if shape.items.take().is_some() || !shape.fields.is_empty() {
            shape.fields.clear();
            shape.partial = true;
        }
        return;
    }
    shape.items.iter_mut().for_each(|items| cut(items, below - 1));
    shape.fields.values_mut().for_each(|field| cut(field, below - 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(names: &[String], below: &Shape) -> Shape {
        let fields = names.iter().map(|name| (name.clone(), below.clone())).collect();
        Shape { seen: 1, objects: 1, fields, ..Shape::default() }
    }

    #[test]
    fn other_names_at_every_level_cannot_grow_a_shape_without_end() {
        // Catches a bound on the width of one object only: three levels of 200 names are eight million places.
        let mut shapes = Shapes::default();
        for round in 0..50 {
            let names = |level: u32| (0..20).map(|i| format!("{level}-{round}-{i}")).collect::<Vec<_>>();
            let body = object(&names(0), &object(&names(1), &object(&names(2), &Shape::default())));
            shapes.learn(200, Some(&body), Some(&body));
        }
        assert!(shapes.weight <= Shapes::PLACES && shapes.cut);
        assert_eq!(shapes.weight, shapes.each().map(Shape::places).sum::<usize>());
        let top = shapes.asked.unwrap();
        assert_eq!((top.objects, top.fields.len()), (50, Shape::MAX_FIELDS), "the upper levels stay");
    }

    #[test]
    fn what_was_cut_once_stays_cut_whatever_the_order() {
        // Catches a cut that later bodies fill again: how deep a report goes would hang on who came last.
        let names = |from: u32, to: u32| (from..to).map(|i| format!("n{i}")).collect::<Vec<_>>();
        let wide = object(&names(0, 20), &object(&names(0, 20), &object(&names(0, 20), &Shape::default())));
        let small = object(&names(0, 2), &object(&names(0, 2), &object(&names(0, 2), &Shape::default())));
        let learned = |bodies: &[&Shape]| {
            let mut shapes = Shapes::default();
            for body in bodies {
                let _ = shapes.learn(200, None, Some(body));
            }
            shapes
        };
        let all = learned(&[&wide, &small, &small]);
        assert!(all.cut);
        assert_eq!(all, learned(&[&small, &wide, &small]));
        assert_eq!(all, learned(&[&small, &small, &wide]));
        let mut united = learned(&[&small]);
        united.merge(learned(&[&wide]));
        united.merge(learned(&[&small]));
        assert_eq!(all, united);
    }

    #[test]
    fn the_smallest_statuses_keep_their_shapes() {
        let mut shapes = Shapes::default();
        for status in (200..230).rev() {
            shapes.learn(status, None, Some(&Shape { seen: 1, ..Shape::default() }));
        }
        assert_eq!(shapes.answered.keys().copied().collect::<Vec<_>>(), (200..208).collect::<Vec<u16>>());
        assert!(shapes.cut);
    }
}
