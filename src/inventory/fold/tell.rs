//! The folded tree told: templates with their records, and why they are believed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::divided::{Divided, Mark};
use super::super::entry::Entry;
use super::super::naming::{self, is_id};
use super::super::path_values::Gathered;
use super::super::slot::Slot;
use super::super::snapshot::{Learned, LearnedVariable, ParamRecord};
use super::{Folded, PlaceId, Variable};
use crate::api::{DataClass, PathTemplate, Piece, SegmentClass, TemplateSegment};
use crate::merge::Merge;

/// One learned operation.
pub(in super::super) struct Found {
    pub(in super::super) service: usize,
    pub(in super::super) method: String,
    pub(in super::super) template: PathTemplate,
    pub(in super::super) entry: Entry,
    /// Texts each variable stands for.
    pub(in super::super) variables: BTreeMap<String, u64>,
    /// The same as parameters.
    pub(in super::super) params: Vec<ParamRecord>,
    pub(in super::super) learned: Learned,
}

impl Found {
    /// Calls its variables as a user wants: the same template with other names.
    pub(in super::super) fn rename(&mut self, named: PathTemplate) {
        let names = |template: &PathTemplate| -> Vec<String> { template.variables().map(str::to_owned).collect() };
        let mut counts = std::mem::take(&mut self.variables);
        for ((old, new), learned) in
            names(&self.template).iter().zip(names(&named)).zip(self.learned.variables.iter_mut())
        {
            self.params.iter_mut().filter(|param| param.name == *old).for_each(|param| param.name.clone_from(&new));
            if let Some(count) = counts.remove(old) {
                self.variables.insert(new.clone(), count);
            }
            learned.name = new;
        }
        self.template = named;
    }
}

impl Folded<'_> {
    /// Every operation. Where something was dropped for want of room and took along what its values were like, which depends on
    /// the order, they are not `whole`: then that names no variable.
    pub(in super::super) fn operations(mut self, whole: bool) -> Vec<Found> {
        if !whole {
            let variables = self.places.all.iter_mut().flat_map(|place| &mut place.variables);
            variables.for_each(|variable| variable.gathered = Gathered::default());
        }
        let mut found = Vec::new();
        let path = Path { sure: 1.0, ..Path::default() };
        self.tell(self.root, &path, &mut found);
        found
    }

    fn tell(&mut self, id: PlaceId, path: &Path, found: &mut Vec<Found>) {
        let place = std::mem::take(self.places.at_mut(id));
        for op in place.ops {
            let mut services: BTreeMap<usize, Vec<&Slot>> = BTreeMap::new();
            op.shares.into_iter().for_each(|(of, slot)| services.entry(of).or_default().push(slot));
            for (service, entries) in services {
                let added = self.added.remove(&(id, op.method.to_owned(), service));
                let mut entry = added.unwrap_or_default();
                entries.into_iter().for_each(|part| entry.merge(part.look().into_owned()));
                let (template, variables) = (path.template.clone(), path.counts.clone());
                let learned = Learned { confidence: percent(path.sure), variables: path.learned.clone() };
                let params = path
                    .params
                    .iter()
                    .map(|param| ParamRecord { seen: entry.requests(), of: entry.requests(), ..param.clone() })
                    .collect();
                found.push(Found {
                    service,
                    method: op.method.to_owned(),
                    template,
                    entry,
                    variables,
                    params,
                    learned,
                });
            }
        }
        for (text, below) in place.words {
            let template = step(&path.template, TemplateSegment::of_literal(text));
            let sure = self.places.at(below).sure.map_or(path.sure, |sure| sure.min(path.sure));
            let path = Path { template, parent: Some(text.to_owned()), sure, ..path.clone() };
            self.tell(below, &path, found);
        }
        // Variables of one place are one thing in other clothes (`{id}.json`, `{id}:cancel`): they have one name, as their affixes
        // tell them apart.
        let ids = place.variables.iter().map(classes).filter(|classes| classes.iter().all(|class| is_id(*class)));
        let ids: BTreeSet<SegmentClass> = ids.flatten().collect();
        let taken: Vec<&str> = path.counts.keys().map(String::as_str).collect();
        for variable in place.variables {
            let told = Told::of(&variable, path, &ids, &taken);
            let template = step(&path.template, told.segment);
            let mut counts = path.counts.clone();
            counts.extend(told.params.iter().map(|param| (param.name.clone(), param.values.distinct)));
            let params = [&*path.params, &told.params].concat();
            let learned = [&*path.learned, &told.learned].concat();
            let sure = variable.sure().min(path.sure);
            self.tell(variable.place, &Path { template, counts, parent: None, sure, params, learned }, found);
        }
    }
}

/// A variable as templates have it; several, where its segment has several.
struct Told {
    segment: TemplateSegment,
    params: Vec<ParamRecord>,
    learned: Vec<LearnedVariable>,
}

impl Told {
    /// `ids` are the classes of all variables of its place that are ids.
    fn of(variable: &Variable<'_>, path: &Path, ids: &BTreeSet<SegmentClass>, taken: &[&str]) -> Self {
        let texts = variable.gathered.distinct(variable.texts.estimate());
        if let Some(divided) = variable.gathered.divided(texts) {
            return Self::of_parts(variable, divided, path, taken);
        }
        let mut classes = classes(variable);
        let fractions = variable.gathered.are_fractions() && !variable.gathered.data().has(DataClass::Pan);
        let versions = path.parent.as_deref().is_some_and(naming::has_versions);
        // Behind `releases` a number is an id, and one with a fraction is a version as `1.7.2` is; elsewhere it is a figure.
        let sorts = BTreeSet::from([SegmentClass::Number, SegmentClass::Version]);
        if versions && classes.is_subset(&sorts) && (fractions || classes.contains(&SegmentClass::Version)) {
            classes = BTreeSet::from([SegmentClass::Version]);
        } else if fractions {
            classes = BTreeSet::from([SegmentClass::Number]);
        }
        let named = match variable.gathered.data().has(DataClass::Pan) {
            true => &BTreeSet::from([SegmentClass::Card]),
            false if classes.is_subset(ids) => ids,
            false => &classes,
        };
        let name = match path.parent.as_deref() {
            parent if fractions && !versions => naming::quantity(parent, taken),
            parent => naming::variable(named, parent, taken),
        };
        let learned = learned(variable, path, &name, classes.into_iter().collect(), texts);
        let params = vec![variable.gathered.freeze(&name, texts)];
        Self { segment: segment(&[Piece::Variable(name)], variable.affix), params, learned: vec![learned] }
    }

    fn of_parts(variable: &Variable<'_>, divided: &Divided, path: &Path, taken: &[&str]) -> Self {
        let [a, b] = &divided.parts;
        let class = |whole: bool| if whole { SegmentClass::Number } else { SegmentClass::Word };
        let classes = [a, b].map(|part| class(part.is_whole() || divided.is_place()));
        let plain = match divided.mark {
            Mark::Comma if divided.is_place() => Some(["latitude", "longitude"]),
            Mark::Dots => Some(["base", "head"]),
            _ => None,
        };
        let mut names: Vec<String> = Vec::with_capacity(2);
        for (at, class) in classes.iter().enumerate() {
            let taken: Vec<&str> = taken.iter().copied().chain(names.iter().map(String::as_str)).collect();
            let parent = path.parent.as_deref().filter(|_| at == 0);
            let name = match plain {
                Some(plain) => naming::unique(plain[at], &taken),
                None => naming::variable(&BTreeSet::from([*class]), parent, &taken),
            };
            names.push(name);
        }
        let params: Vec<ParamRecord> = variable.gathered.freeze_parts(divided, &names);
        let all = params.iter().zip(classes);
        let learned =
            all.map(|(param, class)| learned(variable, path, &param.name, vec![class], param.values.distinct));
        let learned = learned.collect();
        let mut names = names.into_iter().map(Piece::Variable);
        let pieces: Vec<Piece> =
            names.next().into_iter().chain([Piece::Literal(divided.mark.text().to_owned())]).chain(names).collect();
        Self { segment: segment(&pieces, variable.affix), params, learned }
    }
}

/// The classes of its values, as they are told.
fn classes(variable: &Variable<'_>) -> BTreeSet<SegmentClass> {
    // Ids that pass for card numbers now and then are no cards, and one card among them is.
    let card = variable.gathered.data().has(DataClass::Pan);
    let class = |class: &SegmentClass| match class {
        SegmentClass::Card if !card => SegmentClass::Number,
        SegmentClass::Word if !variable.full => variable.gathered.class_of_words(),
        class => *class,
    };
    variable.classes.iter().map(class).collect()
}

fn learned(
    variable: &Variable<'_>,
    path: &Path,
    name: &str,
    classes: Vec<SegmentClass>,
    texts: u64,
) -> LearnedVariable {
    LearnedVariable {
        name: name.to_owned(),
        segment: path.template.segments.len(),
        rule: variable.rule(),
        classes,
        texts,
        words: variable.words,
        confidence: percent(variable.sure()),
    }
}

/// The way to a place.
#[derive(Clone, Default)]
struct Path {
    template: PathTemplate,
    /// How many texts each variable of the template stands for.
    counts: BTreeMap<String, u64>,
    /// The last segment, where it is a word.
    parent: Option<String>,
    /// How sure the least sure segment is.
    sure: f64,
    params: Vec<ParamRecord>,
    learned: Vec<LearnedVariable>,
}

/// A probability in hundredths. Never the whole: evidence proves nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 99")]
fn percent(probability: f64) -> u8 {
    (probability * 100.0).floor().clamp(0.0, 99.0) as u8
}

fn segment(pieces: &[Piece], affix: &str) -> TemplateSegment {
    let affix = Some(affix).filter(|affix| !affix.is_empty()).map(|affix| Piece::Literal(affix.to_owned()));
    TemplateSegment(pieces.iter().cloned().chain(affix).collect())
}

fn step(template: &PathTemplate, segment: TemplateSegment) -> PathTemplate {
    let mut segments = Vec::with_capacity(template.segments.len() + 1);
    segments.extend_from_slice(&template.segments);
    segments.push(segment);
    PathTemplate { segments }
}
