//! Base paths that a proxy changed: learned from many operations at once, and told.
//!
//! In: operations that nothing takes. Out: those that are declared ones under another base path, where the evidence meets the
//! [`Bar`]; else a near miss with the flag that says so. A base path that is taken for granted hides shadows: so the bar is high,
//! what counts is told with its figures, and nothing is united in silence.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::compare::nearest;
use super::comparison::{Coverage, Criterion, Existence, Nearest, OperationId, Pairing, Rebased};
use crate::api::{PathTemplate, Piece, ServiceId, TemplateSegment};
use crate::spec::{Rebasing, Spec, SpecIndex};

/// What it takes until operations count as declared ones under another base path. Only what was confirmed by an answer counts.
struct Bar {
    /// Different declared operations that were seen so ...
    operations: usize,
    /// ... their different paths ...
    paths: usize,
    /// ... and the different words in these. Two APIs that both have `/users` and `/users/{id}` are not one.
    words: usize,
    /// Operations for each one that speaks against it: one below that base path which the spec does not know, or one that was
    /// seen under the declared base path on the same service.
    for_each_against: usize,
}

impl Bar {
    /// Where a spec names the host.
    const NAMED: Self = Self { operations: 4, paths: 3, words: 2, for_each_against: 5 };
    /// Where a spec is only assumed to cover it: it may be anybody's API.
    const ASSUMED: Self = Self { operations: 6, paths: 4, words: 3, for_each_against: usize::MAX };

    const fn of(coverage: &Coverage<'_>) -> &'static Self {
        if coverage.assumed { &Self::ASSUMED } else { &Self::NAMED }
    }
}

/// Near misses told of one service.
const NEAR: usize = 8;

/// One base path of one spec under another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    spec: usize,
    declared: PathTemplate,
    observed: PathTemplate,
}

/// The pairings that a change would explain, and as which operation.
type Votes = BTreeMap<usize, usize>;

/// What speaks for a change.
struct Evidence {
    operations: usize,
    paths: usize,
    words: usize,
    requests: u64,
    against: usize,
}

impl Evidence {
    fn meets(&self, bar: &Bar) -> bool {
        self.is_ample(bar) && self.against.saturating_mul(bar.for_each_against) <= self.operations
    }

    /// There is enough of it, whatever speaks against it.
    const fn is_ample(&self, bar: &Bar) -> bool {
        self.operations >= bar.operations && self.paths >= bar.paths && self.words >= bar.words
    }
}

/// Finds changed base paths of each service, and pairs what they explain.
pub(super) fn rebase(index: &SpecIndex, services: &mut [Coverage<'_>], pairings: &mut [Pairing<'_>]) {
    let mut start = 0;
    for (at, coverage) in services.iter_mut().enumerate() {
        // Pairings stand in the order of services.
        let len = pairings.get(start..).unwrap_or_default().iter().take_while(|pairing| pairing.service == at).count();
        let own = pairings.get_mut(start..start + len).unwrap_or_default();
        start += len;
        if !coverage.specs.is_empty() && !coverage.third_party {
            rebase_service(index, coverage, own);
        }
    }
}

fn rebase_service(index: &SpecIndex, coverage: &mut Coverage<'_>, pairings: &mut [Pairing<'_>]) {
    if !pairings.iter().any(|pairing| pairing.declared.is_none() && confirmed(pairing)) {
        return;
    }
    let mut votes = BTreeMap::<Change, Votes>::new();
    for (at, pairing) in pairings.iter().enumerate().filter(|(_, pairing)| pairing.declared.is_none()) {
        let (method, template) = (&pairing.operation.method, &pairing.operation.template);
        for Rebasing { spec, declared, observed, operation } in index.rebasings(&coverage.service.id, method, template)
        {
            votes.entry(Change { spec, declared, observed }).or_default().insert(at, operation);
        }
    }
    if votes.is_empty() {
        return;
    }
    let bar = Bar::of(coverage);
    let ground = Ground::new(index, pairings, &votes, bar);
    // The most operations first; of equal ones the later version, then the spec that was named first.
    let weighed = votes.into_iter().map(|(change, votes)| (ground.weigh(&change, &votes).operations, change, votes));
    let mut ranked: Vec<(usize, Change, Votes)> = weighed.collect();
    ranked
        .sort_by(|(x, a, _), (y, b, _)| y.cmp(x).then_with(|| index.by_version(b.spec, a.spec)).then_with(|| a.cmp(b)));
    let (mut taken, mut done) = (BTreeMap::new(), BTreeSet::new());
    let mut near: Vec<(Change, Votes)> = Vec::new();
    let mut told = Vec::new();
    for (_, change, mut votes) in ranked {
        votes.retain(|at, _| !taken.contains_key(at));
        let evidence = ground.weigh(&change, &votes);
        // One spec is served at one place: a second copy of it is no matter of a proxy.
        let counted = evidence.meets(bar) && !done.contains(&change.spec);
        if counted {
            done.insert(change.spec);
            taken.extend(votes.iter().map(|(at, operation)| (*at, (told.len(), change.spec, *operation))));
        } else {
            near.push((change.clone(), votes.clone()));
            // One operation alone is no near miss of a whole base path.
            if evidence.operations < 2 || told.iter().filter(|one: &&Rebased| !one.counted).count() >= NEAR {
                continue;
            }
        }
        told.push(Rebased {
            spec: change.spec,
            flag: flag(index.specs(), &change),
            declared: change.declared,
            observed: change.observed,
            operations: evidence.operations as u64,
            requests: evidence.requests,
            against: evidence.against as u64,
            counted,
        });
    }
    for (at, (change, spec, operation)) in taken {
        if let Some(pairing) = pairings.get_mut(at) {
            pairing.declared = Some(OperationId { spec, operation });
            pairing.existence = Existence::of(&pairing.operation.record, true);
            pairing.nearest = None;
            pairing.rebased = Some(change);
        }
    }
    near_misses(index, &near, pairings);
    let counted = told.iter().filter(|one| one.counted);
    let mut counted: Vec<&Rebased> = counted.collect();
    counted.sort_by_key(|one| Reverse(one.observed.segments.len()));
    for pairing in pairings.iter_mut().filter(|pairing| pairing.declared.is_none() && pairing.nearest.is_some()) {
        read_again(index, &coverage.service.id, &counted, pairing);
    }
    coverage.rebased = told;
}

/// What evidence is looked for in.
struct Ground<'g, 'a> {
    index: &'g SpecIndex,
    pairings: &'g [Pairing<'a>],
    /// What changes with ample evidence explain.
    explained: BTreeSet<usize>,
    /// What they do not: how many answer below each beginning of a path.
    strangers: HashMap<&'g [TemplateSegment], usize>,
    /// How many declared operations of each spec answer where they are declared.
    direct: BTreeMap<usize, usize>,
}

impl<'g, 'a> Ground<'g, 'a> {
    fn new(index: &'g SpecIndex, pairings: &'g [Pairing<'a>], votes: &BTreeMap<Change, Votes>, bar: &Bar) -> Self {
        let (strangers, explained, direct) = (HashMap::new(), BTreeSet::new(), BTreeMap::new());
        let mut ground = Self { index, pairings, explained, strangers, direct };
        let ample = votes.iter().filter(|(change, votes)| ground.weigh(change, votes).is_ample(bar));
        ground.explained = ample.flat_map(|(_, votes)| votes.keys()).copied().collect();
        let longest = votes.keys().map(|change| change.observed.segments.len()).max().unwrap_or_default();
        let mut known = BTreeSet::new();
        for (at, pairing) in pairings.iter().enumerate().filter(|(_, pairing)| confirmed(pairing)) {
            match pairing.declared {
                Some(id) if known.insert(id) => *ground.direct.entry(id.spec).or_default() += 1,
                None if !ground.explained.contains(&at) => {
                    let segments = pairing.operation.template.segments.as_slice();
                    for end in 0..=segments.len().min(longest) {
                        *ground.strangers.entry(segments.get(..end).unwrap_or_default()).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        ground
    }

    fn weigh(&self, change: &Change, votes: &Votes) -> Evidence {
        let voter = |at: &usize| self.pairings.get(*at);
        let seen: BTreeSet<usize> =
            votes.iter().filter(|(at, _)| voter(at).is_some_and(confirmed)).map(|(_, operation)| *operation).collect();
        let spec = self.index.specs().get(change.spec);
        let paths: BTreeSet<&PathTemplate> =
            seen.iter().filter_map(|at| Some(&spec?.operations.get(*at)?.path)).collect();
        let pieces = paths.iter().flat_map(|path| &path.segments).flat_map(|segment| &segment.0);
        let words: BTreeSet<&str> = pieces
            .filter_map(|piece| if let Piece::Literal(text) = piece { Some(text.as_str()) } else { None })
            .collect();
        let strangers = self.strangers.get(change.observed.segments.as_slice()).copied().unwrap_or_default();
        // What speaks for it does not speak against it.
        let own = votes.keys().filter(|at| voter(at).is_some_and(confirmed) && !self.explained.contains(*at)).count();
        Evidence {
            operations: seen.len(),
            paths: paths.len(),
            words: words.len(),
            requests: votes.keys().filter_map(voter).map(|pairing| pairing.operation.record.requests).sum(),
            against: strangers.saturating_sub(own) + self.direct.get(&change.spec).copied().unwrap_or_default(),
        }
    }
}

fn confirmed(pairing: &Pairing<'_>) -> bool {
    pairing.existence == Existence::Confirmed
}

/// What nothing takes and a change below the bar would explain: the near miss names it, unless the path fits where it is.
fn near_misses(index: &SpecIndex, near: &[(Change, Votes)], pairings: &mut [Pairing<'_>]) {
    let mut known = BTreeSet::new();
    for (change, votes) in near {
        let operations: BTreeSet<&usize> = votes.values().collect();
        // That one path ends like a declared one is chance; that the beginning is all that is missing is rarely so.
        let is_cut = change.observed.segments.len() < change.declared.segments.len();
        if !is_cut && operations.len() < 2 {
            continue;
        }
        for (at, operation) in votes {
            let Some(pairing) = pairings.get_mut(*at).filter(|pairing| pairing.declared.is_none()) else { continue };
            let fits_here = |near: &Nearest| {
                matches!(near.failed, Criterion::Method | Criterion::Version) || near.host_alias.is_some()
            };
            // Whoever is no endpoint has no near miss.
            if pairing.nearest.as_ref().is_none_or(fits_here) || !known.insert(*at) {
                continue;
            }
            let Change { spec, declared, observed } = change;
            pairing.nearest = Some(Nearest {
                operation: OperationId { spec: *spec, operation: *operation },
                failed: Criterion::BasePath,
                detail: format!("base path: \"{declared}\" is declared, and under \"{observed}\" it would fit"),
                host_alias: None,
                spec_base: Some(flag(index.specs(), change)),
            });
        }
    }
}

/// What nothing takes below a base path that counts is held against the spec as if that were declared: the base path is known,
/// so something else must have failed.
fn read_again(index: &SpecIndex, service: &ServiceId, counted: &[&Rebased], pairing: &mut Pairing<'_>) {
    let operation = pairing.operation;
    let segments = &operation.template.segments;
    if pairing.nearest.as_ref().is_some_and(|near| near.spec_base.is_some()) {
        return;
    }
    let Some(one) = counted.iter().find(|one| segments.starts_with(&one.observed.segments)) else { return };
    let tail = segments.get(one.observed.segments.len()..).unwrap_or_default();
    let template = PathTemplate { segments: tail.to_vec() }.under(&one.declared);
    let found = index.find(service, &operation.method, &template);
    if let Some(mut near) = nearest(index, service, &operation.method, &template, &found) {
        near.detail.push_str(&format!(", read as if it stood under \"{}\"", one.declared));
        pairing.nearest = Some(near);
    }
}

/// `--spec-base shop.yaml=/v1`.
fn flag(specs: &[Spec], change: &Change) -> String {
    let name = specs.get(change.spec).map_or("", |spec| spec.name.as_str());
    format!("--spec-base {name}={}", change.observed)
}

#[cfg(test)]
mod tests;
