//! The body shapes of one operation, under a bound of places.
//!
//! A body's shape is bounded by its sample, and the union of two objects by `Shape::MAX_FIELDS`; but many bodies
//! with other names at every level could still grow a union by 256 to the power of its depth. So the places are
//! counted, and when there are too many the deepest levels go first.

use std::collections::BTreeMap;

use crate::api::Shape;
use crate::merge::Merge;

/// What was asked and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shapes {
    pub(super) asked: Option<Box<Shape>>,
    /// By status; the smallest statuses are kept.
    pub(super) answered: BTreeMap<u16, Shape>,
    /// Places, never less than there are.
    weight: usize,
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
        let mut added = 0;
        if let Some(shape) = asked {
            added += places(shape);
            self.asked.get_or_insert_default().merge(shape.clone());
        }
        if let Some(shape) = answered
            && self.has_room(status)
        {
            added += places(shape);
            self.answered.entry(status).or_default().merge(shape.clone());
        }
        self.weight += added;
        self.settle();
        added
    }

    /// Places, never less than there are.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    /// Cuts the deepest levels until at most `cap` places are left.
    pub(super) fn cut_to(&mut self, cap: usize) {
        let mut levels = [0; Self::DEPTH + 1];
        self.each().for_each(|shape| count(shape, 0, &mut levels));
        self.weight = levels.iter().sum();
        if self.weight <= cap && levels[Self::DEPTH] == 0 {
            return;
        }
        let (mut depth, mut kept) = (0, 0);
        while depth < Self::DEPTH && kept + levels[depth] <= cap {
            kept += levels[depth];
            depth += 1;
        }
        // The roots stay in any case.
        let last = depth.saturating_sub(1);
        self.asked.iter_mut().for_each(|shape| cut(shape, last));
        self.answered.values_mut().for_each(|shape| cut(shape, last));
        self.weight = levels.iter().take(last + 1).sum();
        self.cut = true;
    }

    fn settle(&mut self) {
        while self.answered.len() > Self::STATUSES {
            self.answered.pop_last();
            self.cut = true;
        }
        if self.weight > Self::PLACES {
            self.cut_to(Self::PLACES);
        }
    }

    fn has_room(&mut self, status: u16) -> bool {
        let room = self.answered.len() < Self::STATUSES
            || self.answered.last_key_value().is_none_or(|(largest, _)| status <= *largest);
        self.cut |= !room;
        room
    }

    fn each(&self) -> impl Iterator<Item = &Shape> {
        self.asked.as_deref().into_iter().chain(self.answered.values())
    }
}

impl Merge for Shapes {
    fn merge(&mut self, other: Self) {
        if let Some(shape) = other.asked {
            self.asked.get_or_insert_default().merge(*shape);
        }
        Merge::merge(&mut self.answered, other.answered);
        self.weight += other.weight;
        self.cut |= other.cut;
        self.settle();
    }
}

fn children(shape: &Shape) -> impl Iterator<Item = &Shape> {
    shape.items.as_deref().into_iter().chain(shape.fields.values())
}

fn places(shape: &Shape) -> usize {
    let mut levels = [0; Shapes::DEPTH + 1];
    count(shape, 0, &mut levels);
    levels.iter().sum()
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
        assert_eq!(shapes.weight, shapes.each().map(places).sum::<usize>());
        let top = shapes.asked.unwrap();
        assert_eq!((top.objects, top.fields.len()), (50, Shape::MAX_FIELDS), "the upper levels stay");
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
