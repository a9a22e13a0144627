//! What was counted of one service, told record by record, and put together again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::entry::{Entry, Window};
use super::super::kept::{Kept, MOST, Part, Step, Unsound, must};
use super::super::methods::Methods;
use super::super::path_values::PathValues;
use super::super::pins::{Pins, Written};
use super::super::sketch::Distinct;
use super::super::traffic::Traffic;
use super::super::tree::{Key, Node};
use super::{Forgotten, PRINTS, Smallest, SocketAddr, Tally, Unknown, split};
use crate::api::{Noise, PinId, SegmentClass, ServiceId};
use crate::limits::Limits;
use crate::merge::Merge;

/// Whoever takes the records.
pub(in super::super) type Out<'o, E> = dyn FnMut(&Kept<'_>) -> Result<(), E> + 'o;

/// The figures of a service as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in super::super) struct Head {
    requests: u64,
    noise: BTreeMap<Noise, u64>,
    servers: Smallest<SocketAddr, 16>,
    window: Window,
    traffic: Traffic,
    forgotten: Forgotten,
    idle: Smallest<u64, PRINTS>,
    other: u64,
    long_paths: u64,
}

/// The numbers of the declared templates that were told, in the order in which they were first needed.
#[derive(Debug, Default)]
pub(in super::super) struct Numbers(BTreeMap<PinId, u32>);

impl Numbers {
    /// The number of a pin; tells the pin before, if it is a new one.
    fn of<E>(&mut self, id: PinId, pins: &Pins, out: &mut Out<'_, E>) -> Result<Option<u32>, E> {
        if let Some(number) = self.0.get(&id) {
            return Ok(Some(*number));
        }
        let (Some(pin), Ok(number)) = (pins.get(id), u32::try_from(self.0.len())) else { return Ok(None) };
        out(&Kept(Part::Pin(Written::of(pin))))?;
        self.0.insert(id, number);
        Ok(Some(number))
    }
}

impl Tally {
    /// Tells all that was counted, in order.
    pub(in super::super) fn tell<E>(
        &self,
        service: &ServiceId,
        pins: &Pins,
        numbers: &mut Numbers,
        out: &mut Out<'_, E>,
    ) -> Result<(), E> {
        let head = Head {
            requests: self.requests,
            noise: self.noise.clone(),
            servers: self.servers.clone(),
            window: self.window,
            traffic: self.traffic.clone(),
            forgotten: self.forgotten.clone(),
            idle: self.idle.clone(),
            other: self.other,
            long_paths: self.long_paths,
        };
        out(&Kept(Part::Service(Cow::Borrowed(service), Cow::Owned(head))))?;
        for (pin, methods) in &self.pinned {
            let Some(number) = numbers.of(*pin, pins, out)? else { continue };
            for (method, slot) in methods.iter() {
                out(&Kept(Part::Declared(number, method.into(), slot.look())))?;
            }
        }
        tell_node(&self.learned, 0, out)?;
        let mut unknown: Vec<&Unknown> = self.unknown.values().collect();
        unknown.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        unknown.into_iter().try_for_each(|Unknown { path, method, entry }| {
            out(&Kept(Part::Unknown((&**path).into(), (&**method).into(), Cow::Borrowed(entry))))
        })
    }
}

/// Tells the records of a place, then what lies below it. The depth is that of the tree: `Limits::path_segments`.
fn tell_node<E>(node: &Node, depth: usize, out: &mut Out<'_, E>) -> Result<(), E> {
    for (method, slot) in node.methods.iter() {
        out(&Kept(Part::Learned(method.into(), slot.look())))?;
    }
    let mut words: Vec<(&str, &Node)> = node.words().collect();
    words.sort_unstable_by_key(|(text, _)| *text);
    let mut classes: Vec<(SegmentClass, &str, &Node)> = node.classes().collect();
    classes.sort_unstable_by_key(|(class, affix, _)| (*class, *affix));
    let words = words.into_iter().map(|(text, node)| (Step::Word(text.into()), node));
    let classes = classes.into_iter().map(|(class, affix, node)| (Step::Class(class, affix.into()), node));
    for (step, below) in words.chain(classes).chain(node.rest().map(|node| (Step::Rest, node))) {
        let values = below.values.as_deref().map(Cow::Borrowed);
        out(&Kept(Part::Place(depth + 1, step, Cow::Borrowed(&below.texts), values)))?;
        tell_node(below, depth + 1, out)?;
    }
    Ok(())
}

/// What stands at a place beside its records.
pub(in super::super) type Texts = (Distinct, Option<PathValues>);

/// A service on its way back.
#[derive(Debug)]
pub(in super::super) struct Growing {
    pub(in super::super) service: ServiceId,
    tally: Tally,
    /// From the root to the place told last, with the texts of each step until they stand in the tree: places come to be
    /// with their first record, so that a list of places alone takes no room.
    way: Vec<(Step<'static>, Option<Texts>)>,
    /// What the tally weighs, rather too much.
    pub(in super::super) bytes: usize,
}

impl Growing {
    /// A name and a port take more than this only where somebody makes them up.
    const HOST_BYTES: usize = 300;
    /// Deeper places are nonsense; those that are merely deeper than the bound are folded into its last step.
    const DEPTH: usize = 1_024;

    pub(in super::super) fn new(service: ServiceId, head: Head) -> Result<Self, Unsound> {
        let answers = head.forgotten.answers.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
        let counts = [head.requests, head.other, head.long_paths, head.forgotten.requests, answers];
        let sound = counts.iter().chain(head.noise.values()).all(|count| *count <= MOST);
        must(sound && head.window.is_sound() && head.traffic.is_sound(), "a service with odd figures")?;
        must(!service.host.is_empty() && service.host.len() <= Self::HOST_BYTES, "a service with an odd name")?;
        let Head { requests, noise, servers, window, traffic, forgotten, idle, other, long_paths } = head;
        let tally =
            Tally { requests, noise, servers, window, traffic, forgotten, idle, other, long_paths, ..Tally::default() };
        Ok(Self { service, tally, way: Vec::new(), bytes: Tally::BYTES })
    }

    /// Hands over what has been put together; goes on from the same place.
    pub(in super::super) fn take(&mut self) -> Tally {
        self.bytes = 0;
        std::mem::take(&mut self.tally)
    }

    pub(in super::super) fn declared(
        &mut self,
        pin: PinId,
        method: &str,
        entry: Entry,
        limits: &Limits,
    ) -> Result<(), Unsound> {
        self.bytes += weigh(method, &entry)?;
        unite(self.tally.pinned.entry(pin).or_default(), method, entry, limits);
        Ok(())
    }

    pub(in super::super) fn place(
        &mut self,
        depth: usize,
        step: Step<'static>,
        (texts, values): Texts,
        limits: &Limits,
    ) -> Result<(), Unsound> {
        must((1..=self.way.len() + 1).contains(&depth) && depth <= Self::DEPTH, "a place that hangs in the air")?;
        must(!matches!(&step, Step::Word(text) if !Key::is_word(text)), "a word that is none")?;
        must(values.as_ref().is_none_or(PathValues::is_sound), "a place with odd figures")?;
        // That a level was too full once is told by its rest, even where no record is left there.
        let at_once = step == Step::Rest;
        self.way.truncate(depth - 1);
        self.way.push((step, Some((texts, values)).filter(|(texts, values)| !texts.is_empty() || values.is_some())));
        if at_once {
            self.node(limits);
        }
        Ok(())
    }

    pub(in super::super) fn learned(&mut self, method: &str, entry: Entry, limits: &Limits) -> Result<(), Unsound> {
        self.bytes += weigh(method, &entry)?;
        unite(&mut self.node(limits).methods, method, entry, limits);
        Ok(())
    }

    pub(in super::super) fn unknown(
        &mut self,
        path: &str,
        method: &str,
        entry: Entry,
        limits: &Limits,
    ) -> Result<(), Unsound> {
        self.bytes += weigh(method, &entry)? + Unknown::BYTES + path.len();
        must(path.is_empty() || path.starts_with('/'), "a path without a root")?;
        let bound = limits.path_segments.max(1);
        let mut keys: Vec<Key<'_>> = split(path).map(Key::read).take(bound + 1).collect();
        must(keys.iter().all(|key| !matches!(key, Key::Word(text) if !Key::is_word(text))), "a word that is none")?;
        if keys.len() > bound {
            keys.truncate(bound - 1);
            keys.push(Key::Class(SegmentClass::Other, ""));
        }
        let hash = Unknown::hash(keys.iter().copied(), method, entry.noise() > 0);
        let unknown = self.tally.unknown.entry(hash).or_insert_with(|| {
            let mut path = String::new();
            keys.iter().for_each(|key| key.write(&mut path));
            Unknown { path: path.into(), method: method.into(), entry: Box::new(Entry::new(limits.params)) }
        });
        unknown.entry.merge(entry);
        Ok(())
    }

    /// The place told last, made on first need.
    fn node(&mut self, limits: &Limits) -> &mut Node {
        let bound = limits.path_segments.max(1);
        let cut = if self.way.len() > bound { bound - 1 } else { usize::MAX };
        let mut node = &mut self.tally.learned;
        for (at, (step, texts)) in self.way.iter_mut().take(bound).enumerate() {
            if at == cut {
                return node.below(&Step::Class(SegmentClass::Other, "".into()), limits.level_words);
            }
            node = node.below(step, limits.level_words);
            self.bytes += Node::BYTES;
            if let Some((texts, values)) = texts.take() {
                self.bytes += texts.weight() + values.as_ref().map_or(0, |it| size_of::<PathValues>() + it.weight());
                node.texts.merge(texts);
                node.values.merge(values.map(Box::new));
            }
        }
        node
    }
}

/// What a record takes, if it is one.
fn weigh(method: &str, entry: &Entry) -> Result<usize, Unsound> {
    must(!method.is_empty() && method.len() <= 64, "a method that is none")?;
    must(entry.is_sound(), "an operation with odd figures")?;
    Ok(entry.weight() + 64)
}

fn unite(methods: &mut Methods, method: &str, entry: Entry, limits: &Limits) {
    methods.slot(method, || Entry::new(limits.params).into()).0.change(|known| known.merge(entry));
}
