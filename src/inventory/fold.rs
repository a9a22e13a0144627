//! Templates: the tree of learned paths with siblings that are the same thing folded into variables.
//!
//! In: the trees of services that are one, as they were kept. Out: templates with the records that they unite. It
//! looks at the whole set and never at an order, and changes nothing of the trees: the next snapshot folds anew with
//! what is known then.
//!
//! Three steps. The paths that were answered make places; a path that was only ever refused (401, 403, 400, 5xx)
//! waits. Places fold from the root down, as [`super::evidence`] says, twice: the second time what lies below is
//! already folded and compares better. Then what waited finds its place: under a word or a variable that is known, or
//! as a word of its own.

mod tell;

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use super::evidence::{Around, Judged, judge};
use super::lexicon::{Look, Style, affix};
use super::naming;
use super::path_values::Gathered;
use super::profile::figure;
use super::sketch::{Distinct, chain, faint};
use super::slot::Slot;
use super::snapshot::Rule;
use super::tree::{Key, Node};
use crate::api::{Forbidden, SegmentClass, Shape};
use crate::merge::Merge;

/// A place by its number.
pub(super) type PlaceId = u32;

/// All places; the root is the first.
#[derive(Debug, Default)]
pub(super) struct Places<'n> {
    all: Vec<Place<'n>>,
    /// How often the API's own words are written in each style.
    pub(super) styles: [f64; Style::ALL],
}

/// One place: what templates agree on so far.
#[derive(Debug, Default)]
pub(super) struct Place<'n> {
    /// Words below. A map, as many places are united into one: a sorted list would be quadratic.
    pub(super) words: BTreeMap<&'n str, PlaceId>,
    /// Variables below, one an affix, sorted.
    pub(super) variables: Vec<Variable<'n>>,
    /// By method, sorted.
    pub(super) ops: Vec<Op<'n>>,
    /// Requests that were answered, here and below.
    pub(super) requests: u64,
    /// It was united with this one.
    into: Option<PlaceId>,
    /// Probability that the word which leads here stands for itself.
    sure: Option<f64>,
    /// What labels know it by.
    #[cfg(feature = "teach")]
    pub(super) marks: Vec<u64>,
}

/// A variable below a place.
#[derive(Clone, Debug)]
pub(super) struct Variable<'n> {
    pub(super) affix: &'n str,
    pub(super) place: PlaceId,
    /// Classes of its values.
    pub(super) classes: BTreeSet<SegmentClass>,
    /// Its values, faintly.
    pub(super) texts: Distinct,
    /// Words among them, and the sum of their probabilities of being values.
    words: u64,
    odds: f64,
    /// What they were like.
    gathered: Gathered,
    /// A level was too full to keep them all.
    full: bool,
}

/// One method at a place.
#[derive(Clone, Debug)]
pub(super) struct Op<'n> {
    pub(super) method: &'n str,
    /// Requests that were answered by what is there.
    pub(super) ok: u64,
    /// Records, each with the number of its service.
    shares: Vec<(usize, &'n Slot)>,
    /// Fields of bodies, as hashes, sorted.
    pub(super) answered: Vec<u32>,
    pub(super) asked: Vec<u32>,
}

/// Fields of a body that are compared.
pub(super) const FIELDS: usize = 48;
/// Levels of a body looked at.
const LEVELS: usize = 3;
/// More extensions than this behind one variable are part of its values.
const EXTENSIONS: usize = 3;

/// Words among the values of a variable, as far as their number matters.
const SOME: usize = 24;

/// More words than this below one place, refused once or twice each and never answered, were guessed.
const GUESSES: usize = 24;
/// Probability that one of them is a value.
const GUESSED: f64 = 0.5;

/// What stands at and below these nodes was asked for twice on average, or less.
fn are_rare(nodes: &[(&Node, usize)]) -> bool {
    fn add(node: &Node, requests: &mut u64, records: &mut u64) {
        for (_, slot) in node.methods.iter() {
            *requests = requests.saturating_add(slot.look().requests());
            *records += 1;
        }
        let below = node.words().map(|(_, below)| below).chain(node.classes().map(|(_, _, below)| below));
        below.chain(node.rest()).for_each(|below| add(below, requests, records));
    }
    let (mut requests, mut records) = (0, 0);
    nodes.iter().for_each(|(node, _)| add(node, &mut requests, &mut records));
    requests <= 2 * records
}

/// Whether a record of a tree, by its number, says nothing of what is there.
pub(super) type Idle<'i> = dyn Fn(usize, &Entry) -> bool + 'i;

/// Folds trees as one, but for what users forbid and without records that are idle; a record remembers which tree it came from.
pub(super) fn fold<'n>(roots: &[&'n Node], forbidden: &Forbidden<'_>, idle: &Idle<'_>) -> Folded<'n> {
    let mut growing = Growing { places: Places::default(), waiting: Vec::new(), idle };
    let roots: Vec<(&Node, usize)> = roots.iter().enumerate().map(|(at, node)| (*node, at)).collect();
    if growing.grow(&roots, START, forbidden).is_none() {
        // Nothing was ever answered: all of it waits, at an empty root.
        growing.places.all.push(Place::default());
        growing.places.graft(0, &roots, idle, forbidden);
    }
    let Growing { mut places, waiting, .. } = growing;
    let root = places.root();
    places.styles = places.styles_of_words();
    for _ in 0..2 {
        places.settle(root, Around::default(), forbidden);
    }
    let mut waited: BTreeMap<PlaceId, (Steps<'n>, Forbidden<'_>)> = BTreeMap::new();
    for Waiting { parent, step, nodes, forbidden } in waiting {
        let (steps, forbids) = waited.entry(places.now(parent)).or_default();
        steps.entry(step).or_default().extend(nodes);
        forbids.extend(forbidden);
    }
    for (parent, (steps, forbidden)) in waited {
        places.graft_steps(parent, steps, idle, &forbidden);
    }
    Folded { root: places.root(), places, added: BTreeMap::new() }
}

/// A step of the trees, with what it needs to be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'n> {
    Word(&'n str),
    Class(SegmentClass, &'n str),
}

type Nodes<'n> = Vec<(&'n Node, usize)>;
type Steps<'n> = BTreeMap<Step<'n>, Nodes<'n>>;

/// A branch that was never answered, with the place above and what is forbidden there.
struct Waiting<'n, 'f> {
    parent: PlaceId,
    step: Step<'n>,
    nodes: Nodes<'n>,
    forbidden: Forbidden<'f>,
}

/// Places while they are made.
struct Growing<'n, 'i, 'f> {
    places: Places<'n>,
    waiting: Vec<Waiting<'n, 'f>>,
    idle: &'i Idle<'i>,
}

impl<'n, 'f> Growing<'n, '_, 'f> {
    /// Makes the place of these nodes and all below; none where nothing was answered.
    fn grow(&mut self, nodes: &[(&'n Node, usize)], mark: Mark, forbidden: &Forbidden<'f>) -> Option<PlaceId> {
        let (first, waited) = (self.places.all.len(), self.waiting.len());
        let id = PlaceId::try_from(first).ok()?;
        let ops = ops(nodes, self.idle);
        let requests = ops.iter().map(|op| op.ok).sum();
        self.places.all.push(Place {
            ops,
            requests,
            #[cfg(feature = "teach")]
            marks: vec![mark],
            ..Place::default()
        });
        for (step, nodes) in children(nodes) {
            let Some(below) = self.grow(&nodes, step.mark(mark), &step.forbidden(forbidden)) else {
                self.waiting.push(Waiting { parent: id, step, nodes, forbidden: forbidden.clone() });
                continue;
            };
            let requests = self.places.at(below).requests;
            let place = self.places.at_mut(id);
            place.requests = place.requests.saturating_add(requests);
            match step {
                Step::Word(text) => drop(place.words.insert(text, below)),
                Step::Class(class, affix) => {
                    let mut variable = Variable::of(affix, below, class);
                    variable.gather(class, &nodes);
                    variable.full = class == SegmentClass::Word;
                    self.places.add_variable(id, variable);
                }
            }
        }
        if self.places.at(id).requests == 0 {
            self.places.all.truncate(first);
            self.waiting.truncate(waited);
            return None;
        }
        Some(id)
    }
}

/// What lies below these nodes together, in order.
fn children<'n>(nodes: &[(&'n Node, usize)]) -> Steps<'n> {
    let mut steps: Steps<'n> = BTreeMap::new();
    for (node, of) in nodes {
        node.words().for_each(|(text, child)| steps.entry(Step::Word(text)).or_default().push((child, *of)));
        node.classes()
            .for_each(|(class, affix, child)| steps.entry(Step::Class(class, affix)).or_default().push((child, *of)));
        // Words that found no room were folded early; they are a variable whatever the evidence.
        let rest = node.rest().into_iter();
        rest.for_each(|child| steps.entry(Step::Class(SegmentClass::Word, "")).or_default().push((child, *of)));
    }
    steps
}

/// The records at these nodes by method.
fn ops<'n>(nodes: &[(&'n Node, usize)], idle: &Idle<'_>) -> Vec<Op<'n>> {
    let mut ops: Vec<Op<'n>> = Vec::new();
    for (node, of) in nodes {
        for (method, slot) in node.methods.iter() {
            let entry = slot.look();
            if idle(*of, &entry) {
                continue;
            }
            let (answered, asked) = fields(&entry);
            let op = Op { method, ok: entry.answered(), shares: vec![(*of, slot)], answered, asked };
            add_op(&mut ops, op);
        }
    }
    ops
}

fn add_op<'n>(ops: &mut Vec<Op<'n>>, op: Op<'n>) {
    match ops.binary_search_by(|known| known.method.cmp(op.method)) {
        Err(at) => ops.insert(at, op),
        Ok(at) => {
            let known = &mut ops[at];
            known.ok = known.ok.saturating_add(op.ok);
            known.shares.extend(op.shares);
            unite(&mut known.answered, op.answered);
            unite(&mut known.asked, op.asked);
        }
    }
}

fn unite(fields: &mut Vec<u32>, others: Vec<u32>) {
    if *fields != others {
        fields.extend(others);
        fields.sort_unstable();
        fields.dedup();
        fields.truncate(FIELDS);
    }
}

/// Fields of the bodies of one record: of answers that succeeded, and of what was asked.
fn fields(entry: &Entry) -> (Vec<u32>, Vec<u32>) {
    let collect = |shapes: &mut dyn Iterator<Item = &Shape>| {
        let mut fields = Vec::new();
        shapes.for_each(|shape| walk(shape, 0, LEVELS, &mut fields));
        fields.sort_unstable();
        fields.dedup();
        fields.truncate(FIELDS);
        fields
    };
    let shapes = entry.shapes();
    let mut ok = shapes.answered.iter().filter(|(status, _)| (200..300).contains(*status)).map(|(_, shape)| shape);
    (collect(&mut ok), collect(&mut shapes.asked.as_deref().into_iter()))
}

/// The fields of a body by their way from the root; arrays are stepped through.
fn walk(shape: &Shape, way: u64, levels: usize, fields: &mut Vec<u32>) {
    if let Some(items) = shape.items.as_deref().filter(|_| levels > 0) {
        walk(items, chain(way, "[]"), levels - 1, fields);
    }
    for (name, field) in shape.fields.iter() {
        let way = chain(way, name);
        #[expect(clippy::cast_possible_truncation, reason = "half a hash tells fields apart")]
        fields.push(way as u32);
        if levels > 1 {
            walk(field, way, levels - 1, fields);
        }
    }
}

impl<'n> Step<'n> {
    /// What is forbidden behind it.
    fn forbidden<'f>(self, here: &Forbidden<'f>) -> Forbidden<'f> {
        match self {
            Self::Word(text) => here.below(text),
            Self::Class(..) => here.below_variable(),
        }
    }

    /// The mark of what it leads to.
    fn mark(self, before: Mark) -> Mark {
        #[cfg(not(feature = "teach"))]
        return before;
        #[cfg(feature = "teach")]
        match self {
            Self::Word(text) => Key::Word(text).chain(before),
            Self::Class(class, affix) => Key::Class(class, affix).chain(before),
        }
    }
}

/// What labels know a place by; always the same, unless weights are being fitted.
type Mark = u64;
const START: Mark = 0;

impl<'n> Variable<'n> {
    fn of(affix: &'n str, place: PlaceId, class: SegmentClass) -> Self {
        let classes = BTreeSet::from([class]);
        Self {
            affix,
            place,
            classes,
            texts: Distinct::default(),
            words: 0,
            odds: 0.0,
            gathered: Gathered::default(),
            full: false,
        }
    }

    /// Takes in the values of these nodes.
    fn gather(&mut self, class: SegmentClass, nodes: &[(&Node, usize)]) {
        nodes.iter().for_each(|(node, _)| self.texts.merge(node.texts.clone()));
        self.gathered.merge(Gathered::of_class(class, nodes.iter().filter_map(|(node, _)| node.values.as_deref())));
    }

    /// Words among its values, up to some.
    pub(super) fn words(&self) -> usize {
        usize::try_from(self.words).unwrap_or(usize::MAX).min(SOME)
    }

    /// What made it a variable.
    fn rule(&self) -> Rule {
        let values = self.classes.iter().any(|class| class.is_value());
        match (self.full, self.words > 0, values) {
            (true, ..) => Rule::Crowd,
            (_, false, _) => Rule::Form,
            (_, true, false) => Rule::Likeness,
            (_, true, true) => Rule::Both,
        }
    }

    /// Probability that it is one. A single value might stand for itself; many might not.
    fn sure(&self) -> f64 {
        let texts = self.texts.estimate().max(1);
        let words = figure(self.words.min(texts));
        let values = figure(texts) - words;
        let one = |n: f64| 1.0 - 0.5_f64.powf(n.min(20.0));
        if self.full { 1.0 } else { (values * one(values) + self.odds.min(words)) / figure(texts) }
    }
}

impl<'n> Places<'n> {
    /// In which style the words are written that APIs are made of: each counts once, with one of each style added.
    fn styles_of_words(&self) -> [f64; Style::ALL] {
        let mut styles = [0.5; Style::ALL];
        let words: BTreeSet<&str> = self.all.iter().flat_map(|place| place.words.keys().copied()).collect();
        for word in words {
            if Look::at(word).parts >= 0.5 {
                styles[Style::of(word) as usize] += 1.0;
            }
        }
        let sum: f64 = styles.iter().sum();
        styles.map(|count| count / sum)
    }

    /// The place of this number.
    pub(super) fn at(&self, id: PlaceId) -> &Place<'n> {
        &self.all[id as usize]
    }

    fn at_mut(&mut self, id: PlaceId) -> &mut Place<'n> {
        &mut self.all[id as usize]
    }

    fn root(&self) -> PlaceId {
        self.now(0)
    }

    /// What became of a place.
    fn now(&self, mut id: PlaceId) -> PlaceId {
        while let Some(into) = self.at(id).into {
            id = into;
        }
        id
    }

    /// Folds what lies below a place, from the top down.
    fn settle(&mut self, id: PlaceId, around: Around<'_>, forbidden: &Forbidden<'_>) {
        if !forbidden.here() {
            let judged = judge(self, id, around);
            self.fold_words(id, &judged);
        }
        self.settle_extensions(id);
        let place = self.at(id);
        let only = place.words.len() == 1 && place.variables.is_empty() && place.ops.is_empty();
        let words: Vec<(&'n str, PlaceId)> = place.words.iter().map(|(text, below)| (*text, *below)).collect();
        let variables: Vec<PlaceId> = place.variables.iter().map(|variable| variable.place).collect();
        for (word, below) in words {
            self.settle(below, around.below_word(word, only), &forbidden.below(word));
        }
        for below in variables {
            self.settle(below, around.below_variable(), &forbidden.below_variable());
        }
    }

    /// Makes these words values of a variable.
    fn fold_words(&mut self, id: PlaceId, judged: &[Judged<'n>]) {
        let mut folding: BTreeMap<&str, f64> = BTreeMap::new();
        let mut affixes: BTreeMap<&str, usize> = BTreeMap::new();
        for Judged { text, value, odds } in judged {
            let probability = 1.0 / (1.0 + (-odds).exp());
            if *value {
                *affixes.entry(affix(text)).or_default() += 1;
                folding.insert(text, probability);
            } else if let Some(below) = self.at(id).words.get(text).copied() {
                self.at_mut(below).sure = Some(1.0 - probability);
            }
        }
        if folding.is_empty() {
            return;
        }
        let words = std::mem::take(&mut self.at_mut(id).words);
        let (gone, left): (BTreeMap<_, _>, BTreeMap<_, _>) =
            words.into_iter().partition(|(text, _)| folding.contains_key(text));
        self.at_mut(id).words = left;
        for (text, below) in gone {
            let own = affix(text);
            let known = self.at(id).variables.iter().any(|variable| variable.affix == own);
            let count = affixes.get(own).copied().unwrap_or(0);
            let common = count >= 2 && (own.starts_with(':') || count * 5 >= folding.len() * 3);
            let affix = if own.is_empty() || !(known || common) { "" } else { own };
            let mut variable = Variable::of(affix, below, SegmentClass::Word);
            variable.texts.insert(faint(text));
            (variable.words, variable.odds) = (1, folding.get(text).copied().unwrap_or_default());
            variable.gathered = Gathered::of_word(text.strip_suffix(affix).unwrap_or(text), self.at(below).requests);
            self.add_variable(id, variable);
        }
    }

    /// Many extensions behind one variable belong to its values.
    fn settle_extensions(&mut self, id: PlaceId) {
        let extension = |variable: &Variable<'_>| variable.affix.starts_with('.');
        if self.at(id).variables.iter().filter(|variable| extension(variable)).count() <= EXTENSIONS {
            return;
        }
        let all = std::mem::take(&mut self.at_mut(id).variables);
        for mut variable in all {
            if extension(&variable) {
                variable.affix = "";
            }
            self.add_variable(id, variable);
        }
    }

    /// Adds a variable, or unites it with the one of the same affix.
    fn add_variable(&mut self, id: PlaceId, variable: Variable<'n>) {
        match self.at(id).variables.binary_search_by(|known| known.affix.cmp(variable.affix)) {
            Err(at) => self.at_mut(id).variables.insert(at, variable),
            Ok(at) => {
                let known = &mut self.at_mut(id).variables[at];
                known.classes.extend(variable.classes);
                known.texts.merge(variable.texts);
                known.words = known.words.saturating_add(variable.words);
                known.odds += variable.odds;
                known.gathered.merge(variable.gathered);
                known.full |= variable.full;
                let into = known.place;
                self.unite(into, variable.place);
            }
        }
    }

    /// Takes one place and all below into another.
    fn unite(&mut self, into: PlaceId, from: PlaceId) {
        let gone = std::mem::take(self.at_mut(from));
        self.at_mut(from).into = Some(into);
        let place = self.at_mut(into);
        place.requests = place.requests.saturating_add(gone.requests);
        #[cfg(feature = "teach")]
        place.marks.extend(gone.marks);
        gone.ops.into_iter().for_each(|op| add_op(&mut place.ops, op));
        for (text, theirs) in gone.words {
            match self.at(into).words.get(text).copied() {
                Some(mine) => self.unite(mine, theirs),
                None => drop(self.at_mut(into).words.insert(text, theirs)),
            }
        }
        gone.variables.into_iter().for_each(|variable| self.add_variable(into, variable));
    }

    /// Puts what was never answered where it belongs.
    fn graft(&mut self, id: PlaceId, nodes: &[(&'n Node, usize)], idle: &Idle<'_>, forbidden: &Forbidden<'_>) {
        ops(nodes, idle).into_iter().for_each(|op| add_op(&mut self.at_mut(id).ops, op));
        self.graft_steps(id, children(nodes), idle, forbidden);
    }

    /// The same of all that stands below a place. Many words that were refused once or twice were guessed: behind a gate that refuses
    /// whatever is asked, each would be an endpoint. They are one variable together.
    fn graft_steps(&mut self, id: PlaceId, steps: Steps<'n>, idle: &Idle<'_>, forbidden: &Forbidden<'_>) {
        let new = |step: &Step<'n>| match step {
            Step::Word(text) if !self.at(id).words.contains_key(text) => Some(*text),
            _ => None,
        };
        let mut guessed: BTreeSet<&str> = BTreeSet::new();
        if !forbidden.here() && steps.keys().filter_map(new).count() > GUESSES {
            // All below a word is read for this, so only of those that it is about.
            let words = steps.iter().filter_map(|(step, nodes)| Some((new(step)?, nodes)));
            guessed = words.filter(|(_, nodes)| are_rare(nodes)).map(|(word, _)| word).collect();
        }
        if guessed.len() <= GUESSES {
            guessed.clear();
        }
        let mut together = Nodes::new();
        for (step, nodes) in steps {
            match step {
                Step::Word(text) if guessed.contains(text) => together.extend(nodes),
                _ => self.graft_step(id, step, &nodes, idle, forbidden),
            }
        }
        if together.is_empty() {
            return;
        }
        let below = self.find_or_make(id, Step::Class(SegmentClass::Word, ""));
        if let Some(variable) = self.at_mut(id).variables.iter_mut().find(|variable| variable.place == below) {
            for text in guessed {
                variable.texts.insert(faint(text));
                variable.words = variable.words.saturating_add(1);
                variable.odds += GUESSED;
                variable.gathered.merge(Gathered::of_word(text, 1));
            }
        }
        self.graft(below, &together, idle, &forbidden.below_variable());
    }

    fn graft_step(
        &mut self,
        id: PlaceId,
        step: Step<'n>,
        nodes: &[(&'n Node, usize)],
        idle: &Idle<'_>,
        forbidden: &Forbidden<'_>,
    ) {
        let below = self.find_or_make(id, step);
        if let Step::Class(class, _) = step {
            // What was refused stood in a path all the same.
            let at = self.at(id).variables.iter().position(|variable| variable.place == below);
            if let Some(variable) = at.and_then(|at| self.at_mut(id).variables.get_mut(at)) {
                variable.gather(class, nodes);
            }
        }
        self.graft(below, nodes, idle, &step.forbidden(forbidden));
    }

    /// Where a step leads; a word that stands for itself, or that has no variable beside it, gets a place of its own.
    fn find_or_make(&mut self, id: PlaceId, step: Step<'n>) -> PlaceId {
        if let Some(known) = self.step(id, step) {
            return known;
        }
        let made = PlaceId::try_from(self.all.len()).unwrap_or(PlaceId::MAX);
        self.all.push(Place::default());
        match step {
            Step::Word(text) => {
                self.at_mut(id).words.insert(text, made);
            }
            Step::Class(class, affix) => {
                self.add_variable(id, Variable::of(affix, made, class));
            }
        }
        made
    }

    fn step(&self, id: PlaceId, step: Step<'_>) -> Option<PlaceId> {
        let place = self.at(id);
        let variable = |affix: &str| place.variables.iter().find(|v| v.affix == affix).map(|v| v.place);
        match step {
            Step::Word(text) => {
                let own = place.words.get(text).copied();
                own.or_else(|| {
                    let affix = affix(text);
                    let stem = text.strip_suffix(affix).unwrap_or(text);
                    if naming::is_fixed(stem) {
                        return None;
                    }
                    variable(affix).or_else(|| variable(""))
                })
            }
            Step::Class(_, affix) => variable(affix).or_else(|| variable("")),
        }
    }
}

/// The folded trees.
#[derive(Debug)]
pub(super) struct Folded<'n> {
    places: Places<'n>,
    root: PlaceId,
    /// What is added after folding, by place, method and service.
    added: BTreeMap<(PlaceId, String, usize), Entry>,
}

impl<'n> Folded<'n> {
    /// The place of a path: its own word, else the variable beside it.
    pub(super) fn place<'k>(&self, keys: impl Iterator<Item = Key<'k>>) -> Option<PlaceId> {
        let mut at = self.root;
        for key in keys {
            at = match key {
                Key::Word(text) => self.places.step(at, Step::Word(text))?,
                Key::Class(class, affix) => self.places.step(at, Step::Class(class, affix))?,
            };
        }
        Some(at)
    }

    /// Something is answered at this place.
    pub(super) fn exists(&self, place: PlaceId) -> bool {
        !self.places.at(place).ops.is_empty()
    }

    /// Counts `entry` of a service with the operation at this place, if there is one.
    pub(super) fn add(&mut self, place: PlaceId, service: usize, method: &str, entry: &Entry) -> bool {
        let ops = &self.places.at(place).ops;
        let known = ops.iter().find(|op| op.method == method);
        if known.is_none_or(|op| op.shares.iter().all(|(of, _)| *of != service)) {
            return false;
        }
        self.added.entry((place, method.to_owned(), service)).or_default().merge(entry.clone());
        true
    }
}
