//! Templates: the tree of learned paths with siblings that are the same thing folded into variables.
//!
//! In: the tree of one service as it was kept. Out: templates with the records that they unite. It looks at the
//! whole set and never at an order, and changes nothing of the tree: the next snapshot folds anew with what is
//! known then. Going down, a place stands for several nodes of the tree at once; records are copied at the end only.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use super::evidence::{Level, Signature, WORDS_BESIDE, same_variable, words_alone, words_beside};
use super::naming;
use super::sketch::Distinct;
use super::tree::{Key, Node};
use crate::api::{PathTemplate, SegmentClass, TemplateSegment};
use crate::merge::Merge;

/// The folded tree; the root is its first place.
#[derive(Debug)]
pub(super) struct Folded<'n> {
    places: Vec<Place<'n>>,
}

/// One place: what templates agree on so far.
#[derive(Debug, Default)]
struct Place<'n> {
    template: PathTemplate,
    /// How many texts each variable of the template stands for.
    counts: BTreeMap<String, u64>,
    words: BTreeMap<&'n str, usize>,
    variables: Vec<(BTreeSet<SegmentClass>, usize)>,
    records: BTreeMap<&'n str, Vec<&'n Entry>>,
    /// Copies of what is added after folding.
    added: BTreeMap<String, Entry>,
}

/// Values of one variable.
struct Group<'n> {
    classes: BTreeSet<SegmentClass>,
    nodes: Vec<&'n Node>,
    signature: Signature,
    /// Words folded into it, by their number.
    words: u64,
}

/// One learned operation.
pub(super) struct Found {
    pub(super) method: String,
    pub(super) template: PathTemplate,
    pub(super) entry: Entry,
    /// Texts each variable stands for.
    pub(super) variables: BTreeMap<String, u64>,
}

/// Folds the tree of one service.
pub(super) fn fold(root: &Node) -> Folded<'_> {
    let mut folded = Folded { places: Vec::new() };
    folded.grow(&[root], PathTemplate::default(), BTreeMap::new());
    folded
}

impl<'n> Folded<'n> {
    /// The place of a path: its own word, else the variable that takes words; the variable of its class.
    pub(super) fn place<'k>(&self, keys: impl Iterator<Item = Key<'k>>) -> Option<usize> {
        let mut at = 0;
        for key in keys {
            let place = self.places.get(at)?;
            let class = |class| place.variables.iter().find(|(classes, _)| classes.contains(&class)).map(|(_, at)| *at);
            at = match key {
                Key::Word(text) => place.words.get(text).copied().or_else(|| class(SegmentClass::Word))?,
                Key::Class(wanted) => class(wanted)?,
            };
        }
        Some(at)
    }

    /// Something is answered at this place.
    pub(super) fn exists(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(|place| !place.records.is_empty())
    }

    /// Counts `entry` with the operation at this place, if there is one.
    pub(super) fn add(&mut self, place: usize, method: &str, entry: &Entry) -> bool {
        let Some(place) = self.places.get_mut(place).filter(|place| place.records.contains_key(method)) else {
            return false;
        };
        place.added.entry(method.to_owned()).or_default().merge(entry.clone());
        true
    }

    /// Every operation, in no order to rely on.
    pub(super) fn operations(self) -> impl Iterator<Item = Found> {
        self.places.into_iter().flat_map(|mut place| {
            let mut found = Vec::with_capacity(place.records.len());
            for (method, entries) in std::mem::take(&mut place.records) {
                let mut entry = place.added.remove(method).unwrap_or_default();
                entries.into_iter().for_each(|part| entry.merge(part.clone()));
                let (template, variables) = (place.template.clone(), place.counts.clone());
                found.push(Found { method: method.to_owned(), template, entry, variables });
            }
            found
        })
    }

    /// Makes the place of these nodes and all below. The depth is that of the tree: `Limits::path_segments`.
    fn grow(&mut self, nodes: &[&'n Node], template: PathTemplate, counts: BTreeMap<String, u64>) -> usize {
        let mut place = Place { template, counts, ..Place::default() };
        let mut words: BTreeMap<&'n str, Vec<&'n Node>> = BTreeMap::new();
        let mut classes: BTreeMap<SegmentClass, Vec<&'n Node>> = BTreeMap::new();
        for node in nodes {
            node.methods.iter().for_each(|(method, entry)| place.records.entry(method).or_default().push(entry));
            node.words().for_each(|(text, child)| words.entry(text).or_default().push(child));
            node.classes().for_each(|(class, child)| classes.entry(class).or_default().push(child));
            // Words that found no room were folded early; they are a variable whatever the evidence.
            node.rest().into_iter().for_each(|child| classes.entry(SegmentClass::Word).or_default().push(child));
        }
        let parent = place.template.segments.last().and_then(TemplateSegment::literal).map(str::to_owned);
        let groups = group(classes, &mut words, parent.as_deref());

        let at = self.places.len();
        self.places.push(Place::default());
        for (text, nodes) in words {
            let template = step(&place.template, TemplateSegment::of_literal(text));
            let below = self.grow(&nodes, template, place.counts.clone());
            place.words.insert(text, below);
        }
        let mut siblings: Vec<String> = Vec::new();
        for group in groups {
            let taken: Vec<&str> = place.counts.keys().chain(&siblings).map(String::as_str).collect();
            let name = naming::variable(&group.classes, parent.as_deref(), &taken);
            let template = step(&place.template, TemplateSegment::of_variable(name.as_str()));
            let mut counts = place.counts.clone();
            counts.insert(name.clone(), group.texts());
            let below = self.grow(&group.nodes, template, counts);
            place.variables.push((group.classes, below));
            siblings.push(name);
        }
        self.places[at] = place;
        at
    }
}

impl Group<'_> {
    fn texts(&self) -> u64 {
        let mut texts = Distinct::default();
        self.nodes.iter().for_each(|node| texts.merge(node.texts.clone()));
        texts.estimate().saturating_add(self.words)
    }
}

/// The variables of a place: classes that are one thing together, and the words that belong to them. Words that
/// fold are taken out of `words`.
fn group<'n>(
    classes: BTreeMap<SegmentClass, Vec<&'n Node>>,
    words: &mut BTreeMap<&'n str, Vec<&'n Node>>,
    parent: Option<&str>,
) -> Vec<Group<'n>> {
    let mut groups: Vec<Group<'n>> = Vec::new();
    for (class, nodes) in classes {
        let signature = Signature::of(&nodes);
        let both_ids =
            |group: &Group<'_>| naming::is_id(class) && group.classes.iter().all(|class| naming::is_id(*class));
        match groups.iter_mut().find(|group| same_variable(&group.signature, &signature, both_ids(group))) {
            Some(group) => {
                group.classes.insert(class);
                group.nodes.extend(nodes);
                group.signature = Signature::of(&group.nodes);
            }
            None => groups.push(Group { classes: BTreeSet::from([class]), nodes, signature, words: 0 }),
        }
    }
    // Fewer prove nothing, and most places of a tree have one or two.
    if words.len() < WORDS_BESIDE {
        return groups;
    }
    let signatures: BTreeMap<&str, Signature> =
        words.iter().map(|(text, nodes)| (*text, Signature::of(nodes))).collect();
    for group in &mut groups {
        let level = if group.classes.contains(&SegmentClass::Word) { Level::Full } else { Level::Open };
        let found = words_beside(&signatures, &group.signature, level, parent);
        take(group, &found, words);
        if !found.is_empty() {
            return groups;
        }
    }
    let found = if groups.is_empty() { words_alone(&signatures, parent) } else { BTreeSet::new() };
    if !found.is_empty() {
        let mut group =
            Group { classes: BTreeSet::new(), nodes: Vec::new(), signature: Signature::default(), words: 0 };
        take(&mut group, &found, words);
        groups.push(group);
    }
    groups
}

/// Moves these words into the group.
fn take<'n>(group: &mut Group<'n>, found: &BTreeSet<&'n str>, words: &mut BTreeMap<&'n str, Vec<&'n Node>>) {
    for text in found {
        if let Some(nodes) = words.remove(text) {
            group.classes.insert(SegmentClass::Word);
            group.nodes.extend(nodes);
            group.words += 1;
        }
    }
}

fn step(template: &PathTemplate, segment: TemplateSegment) -> PathTemplate {
    let mut segments = Vec::with_capacity(template.segments.len() + 1);
    segments.extend_from_slice(&template.segments);
    segments.push(segment);
    PathTemplate { segments }
}
