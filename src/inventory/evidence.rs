//! When siblings are the same thing with other names: the evidence for folding them into a variable.
//!
//! A wrong fold hides a shadow behind its neighbour; a fold left undone only makes a list longer. So each rule asks
//! for more than it would take to be right most of the time, and words that stand for themselves never fold.
//!
//! What speaks for a fold: many words at one place, with the same methods, the same children, the same fields in
//! their bodies. Methods and media types alone say little: every `GET` of an API answers JSON.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use super::naming::{is_fixed, singular};
use super::sketch::chain;
use super::tree::Node;
use crate::api::Shape;

/// Beside a variable this many alike words fold into it.
pub(super) const WORDS_BESIDE: usize = 3;
/// Without one it takes this many.
const WORDS_ALONE: usize = 12;
/// And this many where only methods and media types speak for it.
const WORDS_POOR: usize = 40;
/// Tokens with a name of their own (a child, a field) that must be shared before likeness counts for much.
const NAMED: usize = 2;
/// Requests of the middle word: what is asked for more often is a place, not a name.
const REQUESTS: u64 = 20;
/// The same where evidence is poor.
const REQUESTS_POOR: u64 = 4;
/// Tokens looked at in one word.
const TOKENS: usize = 128;
/// Levels of a body looked at.
const LEVELS: usize = 3;

/// What stands at a place and right below it, as a set of tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Signature {
    /// Methods and media types.
    plain: BTreeSet<u64>,
    /// Children and fields of bodies, each with its name.
    named: BTreeSet<u64>,
    /// Fields among them.
    fields: BTreeSet<u64>,
    methods: BTreeSet<u64>,
    requests: u64,
    /// A value stands right below: this is the name of a collection.
    collects: bool,
}

impl Signature {
    /// Of all these nodes as one.
    pub(super) fn of(nodes: &[&Node]) -> Self {
        let mut signature = Self::default();
        for node in nodes {
            node.methods.iter().for_each(|(method, entry)| signature.take(method, entry));
            signature.collects |= node.classes().next().is_some();
            // The smallest, as a hash map gives them in no order.
            let below: BTreeSet<u64> = node.words().map(|(text, _)| token("child", text)).collect();
            signature.named.extend(below.into_iter().take(TOKENS));
        }
        signature
    }

    fn take(&mut self, method: &str, entry: &Entry) {
        self.requests = self.requests.saturating_add(entry.requests());
        self.plain.insert(token("method", method));
        self.methods.insert(token("method", method));
        let media = entry.response_types().keys().map(|media| chain(token("media", method), media));
        self.plain.extend(media);
        let shapes = entry.shapes();
        let ok = shapes.answered.iter().filter(|(status, _)| (200..300).contains(*status));
        let asked = shapes.asked.as_deref().map(|shape| (token("asked", method), shape));
        let mut fields = BTreeSet::new();
        for (root, shape) in ok.map(|(_, shape)| (token("answered", method), shape)).chain(asked) {
            walk(shape, root, LEVELS, &mut fields);
        }
        self.fields.extend(fields.iter().copied().take(TOKENS));
        self.named.extend(fields.into_iter().take(TOKENS));
    }

    fn children(&self) -> BTreeSet<u64> {
        self.named.difference(&self.fields).copied().collect()
    }

    fn likeness(&self, other: &Self) -> f64 {
        let shared = self.plain.intersection(&other.plain).count() + self.named.intersection(&other.named).count();
        let all = self.plain.union(&other.plain).count() + self.named.union(&other.named).count();
        ratio(shared, all)
    }
}

/// Two groups of values at one place are the same thing: nothing speaks against it, and between forms that have a
/// meaning of their own (dates, e-mail addresses) the bodies must speak for it.
pub(super) fn same_variable(one: &Signature, other: &Signature, both_ids: bool) -> bool {
    let shared = one.fields.intersection(&other.fields).count();
    let fields = ratio(shared, one.fields.union(&other.fields).count());
    if !both_ids {
        return shared >= NAMED && fields >= 0.7;
    }
    if !one.fields.is_empty() && !other.fields.is_empty() && fields < 0.3 {
        return false;
    }
    let (mine, theirs) = (one.children(), other.children());
    if !mine.is_empty() && !theirs.is_empty() && mine.is_disjoint(&theirs) {
        return false;
    }
    let methods = one.methods.is_subset(&other.methods) || other.methods.is_subset(&one.methods);
    methods || one.likeness(other) >= 0.5
}

/// How many words stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// All of them are known.
    Open,
    /// More than can be kept: whatever they are, they are no list of places that somebody wrote down.
    Full,
}

/// The words that are values of the variable beside them.
pub(super) fn words_beside<'a>(
    words: &BTreeMap<&'a str, Signature>,
    beside: &Signature,
    level: Level,
    parent: Option<&str>,
) -> BTreeSet<&'a str> {
    // At the root of a service everything has siblings, and nothing follows from it.
    if parent.is_none() {
        return BTreeSet::new();
    }
    let named = |signature: &Signature| signature.named.intersection(&beside.named).count();
    let alike = candidates(words, beside.collects).filter(|(_, signature)| signature.likeness(beside) >= 0.7);
    let (rich, poor): (Vec<_>, Vec<_>) = alike.partition(|(_, signature)| named(signature) >= NAMED);
    let mut found = BTreeSet::new();
    if rich.len() >= WORDS_BESIDE {
        found.extend(rich.iter().map(|(text, _)| **text));
    }
    let collection = level == Level::Full || parent.and_then(singular).is_some();
    if poor.len() >= WORDS_ALONE && collection && middle(&poor) <= REQUESTS_POOR {
        found.extend(poor.iter().map(|(text, _)| **text));
    }
    found
}

/// The words that are values of one variable, where there is none yet.
pub(super) fn words_alone<'a>(words: &BTreeMap<&'a str, Signature>, parent: Option<&str>) -> BTreeSet<&'a str> {
    let all: Vec<_> = candidates(words, false).collect();
    if all.len() < WORDS_ALONE || parent.and_then(singular).is_none() {
        return BTreeSet::new();
    }
    let common = common(&all);
    let alike: Vec<_> = all.into_iter().filter(|(_, signature)| signature.likeness(&common) >= 0.7).collect();
    let rich = common.named.len() >= NAMED;
    let (words, requests) = if rich { (WORDS_ALONE, REQUESTS) } else { (WORDS_POOR, REQUESTS_POOR) };
    if alike.len() < words || middle(&alike) > requests {
        return BTreeSet::new();
    }
    alike.iter().map(|(text, _)| **text).collect()
}

/// Words that may be values: a word with values right below names a collection, unless the variable does too.
fn candidates<'w, 'a>(
    words: &'w BTreeMap<&'a str, Signature>,
    collections: bool,
) -> impl Iterator<Item = (&'w &'a str, &'w Signature)> {
    words.iter().filter(move |(text, signature)| !is_fixed(text) && (collections || !signature.collects))
}

/// What most of them share.
fn common(all: &[(&&str, &Signature)]) -> Signature {
    let mut counts: BTreeMap<(bool, u64), usize> = BTreeMap::new();
    for (_, signature) in all {
        let plain = signature.plain.iter().map(|token| (false, *token));
        plain
            .chain(signature.named.iter().map(|token| (true, *token)))
            .for_each(|key| *counts.entry(key).or_default() += 1);
    }
    let mut common = Signature::default();
    for ((named, token), _) in counts.into_iter().filter(|(_, count)| count * 10 >= all.len() * 6) {
        if named {
            common.named.insert(token)
        } else {
            common.plain.insert(token)
        };
    }
    common
}

fn middle(words: &[(&&str, &Signature)]) -> u64 {
    let mut requests: Vec<u64> = words.iter().map(|(_, signature)| signature.requests).collect();
    requests.sort_unstable();
    requests.get(requests.len() / 2).copied().unwrap_or(0)
}

/// The fields of a body by their way from the root; arrays are stepped through.
fn walk(shape: &Shape, way: u64, levels: usize, fields: &mut BTreeSet<u64>) {
    if let Some(items) = shape.items.as_deref().filter(|_| levels > 0) {
        walk(items, chain(way, "[]"), levels - 1, fields);
    }
    for (name, field) in shape.fields.iter() {
        let way = chain(way, name);
        fields.insert(way);
        if levels > 1 {
            walk(field, way, levels - 1, fields);
        }
    }
}

fn token(kind: &str, text: &str) -> u64 {
    chain(chain(0, kind), text)
}

#[expect(clippy::cast_precision_loss, reason = "counts of tokens are small")]
fn ratio(shared: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}
