//! The paths of one service that no declaration takes, as a tree of words and value classes.
//!
//! A segment of a value class is its class from first sight; a word stands as it is. Nothing is generalised here:
//! [`super::fold`] does that over the whole set, when a snapshot is taken. Only a level with too many words folds
//! early: words that APIs are made of stay first, then those with the smallest hashes; the others share one child. As a
//! word that stays at the end was among the first at every moment, nothing of the order shows.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::bounded::text_bytes;
use super::kept::Step;
use super::lexicon::{affix, is_listed};
use super::methods::Methods;
use super::path_values::PathValues;
use super::sketch::{Distinct, chain, faint};
use super::slot::Slot;
use crate::api::{PathSegment, SegmentClass};
use crate::limits::Limits;
use crate::merge::Merge;

/// One step of a path, as the inventory tells steps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    /// A word by its text.
    Word(&'a str),
    /// Anything else by its class and its affix.
    Class(SegmentClass, &'a str),
}

impl<'a> Key<'a> {
    /// A longer "word" is none.
    const WORD_BYTES: usize = 96;
    /// A UUID and nothing else is so long.
    const UUID_BYTES: usize = 36;

    /// The text of a word that [`Key::of`] takes for one.
    pub(super) fn is_word(text: &str) -> bool {
        !text.is_empty() && text.len() <= Self::WORD_BYTES && !text.bytes().any(|b| matches!(b, b'{' | b'}' | b'/'))
    }

    /// The key of a segment. What would not read back from a template is no word, whatever it was called.
    pub(super) fn of(segment: &PathSegment<'a>) -> Self {
        match segment.class {
            SegmentClass::Word if !Self::is_word(segment.text) => Self::Class(SegmentClass::Other, ""),
            SegmentClass::Word => Self::Word(segment.text),
            // With an affix it would be longer, and of these are more than of all others.
            SegmentClass::Uuid if segment.text.len() == Self::UUID_BYTES => Self::Class(SegmentClass::Uuid, ""),
            class => Self::Class(class, affix(segment.text)),
        }
    }

    /// Reads what [`Key::write`] wrote.
    pub(super) fn read(text: &'a str) -> Self {
        let Some((name, affix)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) else {
            return Self::Word(text);
        };
        let class = SegmentClass::ALL.into_iter().find(|class| class.name() == name);
        Self::Class(class.unwrap_or(SegmentClass::Other), affix)
    }

    /// Writes the key behind others, with a slash before it.
    pub(super) fn write(self, path: &mut String) {
        path.push('/');
        match self {
            Self::Word(text) => path.push_str(text),
            Self::Class(class, affix) => path.extend(["{", class.name(), "}", affix]),
        }
    }

    /// The hash of a path that goes on with this key.
    pub(super) fn chain(self, before: u64) -> u64 {
        match self {
            Self::Word(text) => chain(before, text),
            Self::Class(class, affix) => chain(chain(!before, class.name()), affix),
        }
    }
}

/// One step of a path as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride<'a> {
    segment: &'a PathSegment<'a>,
    /// It stands for all that follows, and is of no class.
    is_rest: bool,
}

impl<'a> Stride<'a> {
    /// Its key.
    pub(super) fn key(&self) -> Key<'a> {
        if self.is_rest { Key::Class(SegmentClass::Other, "") } else { Key::of(self.segment) }
    }
}

/// The steps of a path. What follows [`Limits::path_segments`] is one step of no class.
#[derive(Clone, Debug)]
pub(super) struct Steps<'a> {
    path: &'a [PathSegment<'a>],
    /// Steps to come.
    left: usize,
}

impl<'a> Steps<'a> {
    /// Those of a path.
    pub(super) fn of(path: &'a [PathSegment<'a>], limits: &Limits) -> Self {
        Self { path, left: limits.path_segments.max(1) }
    }
}

impl<'a> Iterator for Steps<'a> {
    type Item = Stride<'a>;

    #[inline]
    fn next(&mut self) -> Option<Stride<'a>> {
        let (segment, rest) = self.path.split_first().filter(|_| self.left > 0)?;
        self.path = rest;
        self.left -= 1;
        Some(Stride { segment, is_rest: self.left == 0 && !rest.is_empty() })
    }
}

/// What values of one place are told apart by. Affixes come from tables ([`affix`]), so there are not without end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    class: SegmentClass,
    affix: Box<str>,
}

impl Form {
    fn is(&self, class: SegmentClass, affix: &str) -> bool {
        // Mostly there is none, and two that are empty need no comparison.
        self.class == class && self.affix.len() == affix.len() && (affix.is_empty() || *self.affix == *affix)
    }

    fn key(&self) -> Key<'_> {
        Key::Class(self.class, &self.affix)
    }
}

/// One place of the tree.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    words: HashMap<Box<str>, Self, RandomState>,
    /// The greatest rank among the words, once there is no more room.
    ceiling: Option<u64>,
    /// Values, by class and affix. Few: a linear search beats a map.
    classes: Vec<(Form, Self)>,
    /// Words for which there was no room.
    rest: Option<Box<Self>>,
    /// How many texts this place stands for; nothing where it is a word.
    pub(super) texts: Distinct,
    /// What these were like; none where it is a word.
    pub(super) values: Option<Box<PathValues>>,
    /// Records by method.
    pub(super) methods: Methods,
}

impl Node {
    /// What a place takes that is new in its level, rather too much: a table of words has room for four at once, and is
    /// less than half full when it has just grown.
    pub(super) const BYTES: usize = 3 * size_of::<(Box<str>, Self)>();

    /// Goes to the place of a path, made on first sight, and tells `then` of it and how much memory the way took at the
    /// most: `bytes`, and what was added. Allocates nothing when the path is known. As deep as a path has steps
    /// ([`Limits::path_segments`]); it calls itself, so that a known word is looked up once.
    pub(super) fn reach<R>(
        &mut self,
        steps: &mut Steps<'_>,
        limits: &Limits,
        bytes: usize,
        then: impl FnOnce(&mut Self, usize) -> R,
    ) -> R {
        let Some(step) = steps.next() else { return then(self, bytes) };
        // What lies among the words is one, and need not be asked whether it may be.
        if step.segment.class == SegmentClass::Word
            && !step.is_rest
            && let Some(known) = self.words.get_mut(step.segment.text)
        {
            return known.reach(steps, limits, bytes, then);
        }
        let (node, added) = self.child(step.key(), step.segment, limits.level_words);
        node.reach(steps, limits, bytes + added, then)
    }

    /// What lies one step below, made on first sight; it counts no text but of a word that finds no room.
    pub(super) fn below(&mut self, step: &Step<'_>, level_words: usize) -> &mut Self {
        match step {
            Step::Word(text) => {
                self.child(Key::Word(text), &PathSegment::plain(text, SegmentClass::Word), level_words).0
            }
            Step::Class(class, affix) => self.class(*class, affix).1,
            Step::Rest => self.rest.get_or_insert_default(),
        }
    }

    /// The place of a path, if there is one.
    pub(super) fn find_mut<'a>(&mut self, keys: impl Iterator<Item = Key<'a>>) -> Option<&mut Self> {
        let mut node = self;
        for key in keys {
            node = match key {
                Key::Word(text) => node.words.get_mut(text)?,
                Key::Class(class, affix) => {
                    let mut known = node.classes.iter_mut();
                    known.find(|(form, _)| form.is(class, affix)).map(|(_, node)| node)?
                }
            };
        }
        Some(node)
    }

    /// Words below, in no order.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.words.iter().map(|(text, node)| (&**text, node))
    }

    /// Classes below, in no order.
    pub(super) fn classes(&self) -> impl Iterator<Item = (SegmentClass, &str, &Self)> {
        self.classes.iter().map(|(form, node)| (form.class, &*form.affix, node))
    }

    /// What stands for the words that found no room.
    pub(super) fn rest(&self) -> Option<&Self> {
        self.rest.as_deref()
    }

    /// Takes in another's share of the same place.
    pub(super) fn absorb(&mut self, other: Self, level_words: usize) {
        self.texts.merge(other.texts);
        self.values.merge(other.values);
        self.methods.merge(other.methods);
        for (form, theirs) in other.classes {
            self.class(form.class, &form.affix).1.absorb(theirs, level_words);
        }
        for (text, theirs) in other.words {
            let hash = chain(0, &text);
            match self.admit(&text, level_words) {
                Room::Word => match self.words.get_mut(&text) {
                    Some(mine) => mine.absorb(theirs, level_words),
                    None => drop(self.words.insert(text, theirs)),
                },
                Room::Rest => {
                    let rest = self.rest.get_or_insert_default();
                    let _ = rest.crowded(&text, hash);
                    rest.absorb(theirs, level_words);
                }
            }
        }
        if let Some(theirs) = other.rest {
            self.rest.get_or_insert_default().absorb(*theirs, level_words);
        }
    }

    /// Visits every record with its way.
    pub(super) fn each<'n>(&'n self, path: Way, visit: &mut dyn FnMut(Way, &'n str, &'n Slot)) {
        self.methods.iter().for_each(|(method, entry)| visit(path, method, entry));
        self.words.iter().for_each(|(text, node)| node.each(path.then(Key::Word(text)), visit));
        self.classes.iter().for_each(|(form, node)| node.each(path.then(form.key()), visit));
        if let Some(rest) = &self.rest {
            rest.each(path.then(Key::Class(SegmentClass::Word, "")), visit);
        }
    }

    /// Visits every record to change it.
    pub(super) fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Slot)) {
        self.methods.iter_mut().for_each(|(_, entry)| visit(entry));
        let below = self.words.values_mut().chain(self.classes.iter_mut().map(|(_, node)| node));
        below.chain(self.rest.as_deref_mut()).for_each(|node| node.each_mut(visit));
    }

    /// Keeps the records that satisfy and the branches that lead to them.
    pub(super) fn retain(&mut self, path: Way, keep: &mut dyn FnMut(Way, &str, &Slot) -> bool) {
        self.methods.retain(|method, entry| keep(path, method, entry));
        self.ceiling = None;
        self.words.retain(|text, node| {
            node.retain(path.then(Key::Word(text)), keep);
            !node.is_bare()
        });
        self.words.shrink_to_fit();
        self.classes.retain_mut(|(form, node)| {
            node.retain(path.then(form.key()), keep);
            !node.is_bare()
        });
        // A level that was too full once stays so: its rest is what tells.
        if let Some(rest) = &mut self.rest {
            rest.retain(path.then(Key::Class(SegmentClass::Word, "")), keep);
        }
    }

    /// Levels below that were too full.
    pub(super) fn overfull(&self) -> u64 {
        let below = self.words.values().chain(self.classes.iter().map(|(_, node)| node));
        below.chain(self.rest()).map(Self::overfull).sum::<u64>() + u64::from(self.rest.is_some())
    }

    fn is_bare(&self) -> bool {
        self.methods.is_empty() && self.words.is_empty() && self.classes.is_empty() && self.rest.is_none()
    }

    fn child(&mut self, key: Key<'_>, segment: &PathSegment<'_>, level_words: usize) -> (&mut Self, usize) {
        match key {
            Key::Class(class, affix) => {
                let known = self.classes.len();
                let (at, node) = self.class(class, affix);
                let counted = node.counted(faint(segment.text)) + node.noted(segment, affix);
                let added = counted + if at == known { Self::BYTES } else { 0 };
                (node, added)
            }
            Key::Word(text) => {
                let mut added = 0;
                if !self.words.contains_key(text) {
                    let hash = chain(0, text);
                    if matches!(self.admit(text, level_words), Room::Rest) {
                        added = if self.rest.is_none() { Self::BYTES } else { 0 };
                        let rest = self.rest.get_or_insert_default();
                        added += rest.crowded(text, hash);
                        return (rest, added);
                    }
                    self.words.insert(text.into(), Self::default());
                    added = Self::BYTES + text_bytes(text.len());
                }
                match self.words.get_mut(text) {
                    Some(node) => (node, added),
                    None => (self.rest.get_or_insert_default(), added),
                }
            }
        }
    }

    /// Counts a text that this place stands for; tells the memory added.
    fn counted(&mut self, hash: u64) -> usize {
        let before = self.texts.weight();
        self.texts.insert(hash);
        self.texts.weight().saturating_sub(before)
    }

    /// Takes in what a value was like; tells the memory added.
    fn noted(&mut self, segment: &PathSegment<'_>, affix: &str) -> usize {
        let before = self.values.as_ref().map_or(0, |values| size_of::<PathValues>() + values.weight());
        let values = self.values.get_or_insert_default();
        values.note(segment, affix);
        (size_of::<PathValues>() + values.weight()).saturating_sub(before)
    }

    /// Takes in a word that found no room; tells the memory added.
    fn crowded(&mut self, text: &str, hash: u64) -> usize {
        let added = if self.values.is_none() { size_of::<PathValues>() } else { 0 };
        self.values.get_or_insert_default().measure(text);
        added + self.counted(hash)
    }

    /// Memory of this place and all below, rather too much than too little.
    pub(super) fn weight(&self) -> usize {
        let words = self.words.iter().map(|(text, node)| text_bytes(text.len()) + node.weight());
        let classes = self.classes.iter().map(|(_, node)| node.weight());
        let rest = self.rest().map_or(0, |rest| size_of::<Self>() + rest.weight());
        self.words.capacity() * size_of::<(Box<str>, Self)>() * 8 / 7
            + self.classes.capacity() * size_of::<(Form, Self)>()
            + self.texts.weight()
            + self.values.as_ref().map_or(0, |values| size_of::<PathValues>() + values.weight())
            + self.methods.iter().map(|(_, slot)| slot.weight()).sum::<usize>()
            + words.chain(classes).sum::<usize>()
            + rest
    }

    fn class(&mut self, class: SegmentClass, affix: &str) -> (usize, &mut Self) {
        let at = self.classes.iter().position(|(form, _)| form.is(class, affix)).unwrap_or_else(|| {
            self.classes.push((Form { class, affix: affix.into() }, Self::default()));
            self.classes.len() - 1
        });
        (at, &mut self.classes[at].1)
    }

    /// Where a word belongs; makes room for it, where one of greater rank has to go.
    fn admit(&mut self, text: &str, level_words: usize) -> Room {
        if self.words.contains_key(text) || self.words.len() < level_words {
            return Room::Word;
        }
        // Scanning the level is dear, but the ceiling falls at every exchange: a flood of random words makes a
        // number of exchanges that grows with its logarithm only.
        let greatest = |node: &Self| node.words.keys().map(|text| rank(text)).max().unwrap_or(0);
        let ceiling = self.ceiling.unwrap_or_else(|| greatest(self));
        self.ceiling = Some(ceiling);
        let own = rank(text);
        if own >= ceiling {
            return Room::Rest;
        }
        if let Some(last) = self.words.keys().find(|text| rank(text) == ceiling).cloned()
            && let Some(folded) = self.words.remove(&last)
        {
            let rest = self.rest.get_or_insert_default();
            let _ = rest.crowded(&last, chain(0, &last));
            rest.absorb(folded, level_words);
        }
        self.ceiling = Some(greatest(self).max(own));
        Room::Word
    }
}

/// The way from the root to a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    hash: u64,
    /// All words on it are such as APIs are made of.
    listed: bool,
}

impl Way {
    /// Of the root of a service.
    pub(super) const fn of(service: u64) -> Self {
        Self { hash: service, listed: true }
    }

    fn then(self, key: Key<'_>) -> Self {
        let listed = self.listed && !matches!(key, Key::Word(text) if !is_listed(text));
        Self { hash: key.chain(self.hash), listed }
    }

    /// The rank of a method there: paths made of words of APIs come first, then the smallest hashes.
    pub(super) fn rank(self, method: &str) -> u64 {
        chain(self.hash, method) >> 1 | u64::from(!self.listed) << 63
    }
}

/// Words that APIs are made of come before others, then the smallest hash: a flood of names pushes out no `search`.
fn rank(text: &str) -> u64 {
    chain(0, text) >> 1 | u64::from(!is_listed(text)) << 63
}

/// Where a word belongs.
#[derive(Clone, Copy, Debug)]
enum Room {
    /// Under its own name.
    Word,
    /// With those that found no room.
    Rest,
}
