//! For what nothing takes: the declared operation that comes nearest, and what kept it from matching.
//!
//! The trees for that are grown per host pattern on first need: a run without shadows does not pay for them. A query
//! walks trees and looks at a bounded number of candidates; no query walks all that is declared.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::error::shown;
use super::index::{Entry, Group, SpecIndex, host_text, methods, texts};
use super::version::{self, Style};
use crate::api::{HostPattern, PathTemplate, Piece, Routes, ServiceId, TemplateSegment};

/// Candidates compared segment by segment for one query.
const CANDIDATES: usize = 256;

/// Stands where a version stood. No path can hold it.
const ANY_VERSION: &str = "\u{0}version";

/// The first criterion that failed, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailedOn {
    /// No spec covers the host.
    Host,
    /// The host is covered, and no base path declared for it is the beginning of the path.
    BasePath,
    /// The path fits, the method does not.
    Method,
    /// The path fits with another version segment.
    Version,
    /// A segment of the path does not fit.
    Segment,
}

/// The nearest declared operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearestOp {
    /// Index of its spec.
    pub spec: usize,
    /// Index of the operation in its spec.
    pub operation: usize,
    /// The first criterion on which it failed. `Host` if and only if no spec covers the service.
    pub failed: FailedOn,
    /// What failed, for people: `segment 2: "usr" where "users" is declared`.
    pub detail: String,
    /// Path and method fit what is declared for another host: the value of `--host-alias` that would unite the two.
    pub host_alias: Option<String>,
}

/// Trees for near misses of one host pattern.
#[derive(Debug)]
pub(super) struct Near {
    /// Templates with one version segment masked; indices of entries, the latest version first.
    versions: Routes<Vec<(String, usize)>>,
    /// Paths without their base: spec and operation.
    pub(super) tails: Routes<Vec<(usize, usize)>>,
    /// The first segments of every template: indices of entries, by their number of segments.
    prefixes: Routes<BTreeMap<usize, Vec<usize>>>,
}

/// Everything declared for named hosts: indices of group and entry.
#[derive(Debug, Default)]
pub(super) struct Everywhere(Routes<Vec<(usize, usize)>>);

/// What is asked for.
struct Query<'q> {
    path: Vec<Cow<'q, str>>,
    methods: [&'q str; 2],
    template: &'q PathTemplate,
}

type Failure = ((usize, usize), FailedOn, String);

impl SpecIndex {
    /// What comes nearest to an observed operation that [`SpecIndex::find`] does not find. `None` when nothing does:
    /// no spec covers the service, and no named host declares such a path either.
    #[must_use]
    pub fn nearest(&self, service: &ServiceId, method: &str, template: &PathTemplate) -> Option<NearestOp> {
        let query = Query { path: texts(template), methods: methods(method), template };
        let groups = self.groups_for(service);
        let elsewhere = self.elsewhere(&groups, &query);
        if groups.is_empty() {
            let (entry, host, at) = elsewhere?;
            let fits = entry.operation(&query.methods).is_some();
            let declared = shown(&host_text(host));
            let detail = match fits {
                true => format!("host: the operation is declared for {declared}"),
                false => format!("host: the path is declared for {declared}, with {}", methods_of(entry)),
            };
            let host_alias = fits.then(|| alias(service, host));
            return Some(NearestOp { spec: at.0, operation: at.1, failed: FailedOn::Host, detail, host_alias });
        }
        let (at, failed, mut detail) = groups
            .iter()
            .find_map(|group| wrong_method(group, &query))
            .or_else(|| groups.iter().find_map(|group| self.wrong_version(group, &query)))
            .or_else(|| groups.iter().find_map(|group| no_version(group, &query)))
            .or_else(|| self.wrong_base(&groups, &query))
            .or_else(|| self.wrong_segment(&groups, &query))?;
        let mut host_alias = None;
        if let Some((entry, host, _)) = elsewhere
            && entry.operation(&query.methods).is_some()
        {
            detail.push_str(&format!("; declared for {}", shown(&host_text(host))));
            host_alias = Some(alias(service, host));
        }
        Some(NearestOp { spec: at.0, operation: at.1, failed, detail, host_alias })
    }

    /// A path that fits on a named host other than these; one that fits by method first.
    fn elsewhere(&self, here: &[&Group], query: &Query<'_>) -> Option<(&Entry, &HostPattern, (usize, usize))> {
        let Everywhere(routes) = self.everywhere.get_or_init(|| self.grow_everywhere());
        let entry = |(group, entry): &(usize, usize)| {
            let group = self.groups.get(*group)?;
            let elsewhere = !here.iter().any(|known| std::ptr::eq(*known, group));
            let entry = elsewhere.then(|| group.entries.get(*entry))??;
            // A path of nothing but variables fits everywhere: that says nothing.
            (entry.template.literals() > 0).then_some((entry, &group.host))
        };
        let of_method = |at: &(usize, usize)| entry(at).filter(|(entry, _)| entry.operation(&query.methods).is_some());
        let by_method = routes.find_where(&query.path, &|all| all.iter().any(|at| of_method(at).is_some()));
        // Of several hosts the one that its document names first: an address or a pattern is rarely the name.
        let place = |(entry, host): &(&Entry, &HostPattern)| {
            let at = entry.some_operation(&query.methods).and_then(|at| self.operation(at.0, at.1));
            at.and_then(|operation| operation.servers.iter().position(|server| server.host == **host))
                .unwrap_or(usize::MAX)
        };
        let found = match by_method {
            Some(all) => all.iter().filter_map(of_method).min_by_key(place),
            None => {
                let all = routes.find_where(&query.path, &|all| all.iter().any(|at| entry(at).is_some()))?;
                all.iter().filter_map(entry).min_by_key(place)
            }
        };
        let (entry, host) = found?;
        Some((entry, host, entry.some_operation(&query.methods)?))
    }

    fn grow_everywhere(&self) -> Everywhere {
        let mut routes: Routes<Vec<(usize, usize)>> = Routes::default();
        for (at, group) in self.groups.iter().enumerate().filter(|(_, group)| group.host != HostPattern::Any) {
            for (number, entry) in group.entries.iter().enumerate() {
                routes.entry(&entry.template, Vec::new).push((at, number));
            }
        }
        Everywhere(routes)
    }

    /// The trees of a group.
    pub(super) fn near<'g>(&self, group: &'g Group) -> &'g Near {
        group.near.get_or_init(|| {
            let (mut versions, mut tails, mut prefixes) = (Routes::default(), Routes::default(), Routes::default());
            for (at, entry) in group.entries.iter().enumerate() {
                let PathTemplate { segments } = &entry.template;
                for (place, segment) in segments.iter().enumerate() {
                    if let Some(text) = segment.literal().filter(|text| version::style_of(text).is_some()) {
                        let mut masked = entry.template.clone();
                        if let Some(segment) = masked.segments.get_mut(place) {
                            *segment = TemplateSegment::of_literal(ANY_VERSION);
                        }
                        let known: &mut Vec<(String, usize)> = versions.entry(&masked, Vec::new);
                        let later = known.partition_point(|(other, _)| version::compare(other, text).is_ge());
                        known.insert(later, (text.to_owned(), at));
                    }
                }
                for (spec, number) in entry.methods.values().flatten() {
                    if let Some(operation) = self.operation(*spec, *number) {
                        let known: &mut Vec<(usize, usize)> = tails.entry(&operation.path, Vec::new);
                        known.push((*spec, *number));
                    }
                }
                for end in 0..=segments.len() {
                    let prefix = PathTemplate { segments: segments.iter().take(end).cloned().collect() };
                    let known: &mut BTreeMap<usize, Vec<usize>> = prefixes.entry(&prefix, BTreeMap::new);
                    known.entry(segments.len()).or_default().push(at);
                }
            }
            Near { versions, tails, prefixes }
        })
    }

    /// The path fits when one segment of it is another version.
    fn wrong_version(&self, group: &Group, query: &Query<'_>) -> Option<Failure> {
        let Near { versions, .. } = self.near(group);
        for (place, segment) in query.template.segments.iter().enumerate() {
            let Some(style) = says_version(segment) else { continue };
            let mut path = query.path.clone();
            *path.get_mut(place)? = Cow::from(ANY_VERSION);
            // A number or a date in place of a version could as well be an id: only a version of its own kind will do.
            let loose = segment.literal().is_some();
            let fits = |text: &str| loose || version::style_of(text) == Some(style);
            let entry = |at: usize| group.entries.get(at);
            let of_method = |(text, at): &&(String, usize)| {
                fits(text) && entry(*at).is_some_and(|entry| entry.operation(&query.methods).is_some())
            };
            let of_any = |(text, _): &&(String, usize)| fits(text);
            let by_method = versions.find_where(&path, &|all| all.iter().any(|one| of_method(&one)));
            let found = match by_method {
                Some(all) => all.iter().find(of_method),
                None => versions.find_where(&path, &|all| all.iter().any(|one| of_any(&one)))?.iter().find(of_any),
            };
            if let Some((text, at)) = found {
                let at = entry(*at)?.some_operation(&query.methods)?;
                let seen = shown(&segment.to_string());
                let detail = format!("version: \"{seen}\" where \"{}\" is declared", shown(text));
                return Some((at, FailedOn::Version, detail));
            }
        }
        None
    }

    /// No base path of these groups is the beginning of the path.
    fn wrong_base(&self, groups: &[&Group], query: &Query<'_>) -> Option<Failure> {
        let starts = |end: usize| query.path.get(..end).unwrap_or_default();
        let any = |group: &&Group| (0..=query.path.len()).any(|end| group.bases.find(starts(end)).is_some());
        if groups.iter().any(any) {
            return None;
        }
        // The longest end of the path that is declared under some base; one of variables alone would fit anything.
        for start in 0..query.path.len() {
            let tail = query.path.get(start..).unwrap_or_default();
            for group in groups {
                let operation = |at: &(usize, usize)| self.operation(at.0, at.1);
                let of_method = |at: &&(usize, usize)| {
                    operation(at).is_some_and(|operation| {
                        operation.path.literals() > 0 && query.methods.contains(&operation.method.as_str())
                    })
                };
                let tails = &self.near(group).tails;
                let found = tails.find_where(tail, &|all| all.iter().any(|at| of_method(&at)));
                if let Some(at) = found.and_then(|all| all.iter().find(of_method)) {
                    return Some((*at, FailedOn::BasePath, base_detail(operation(at)?, &group.host)));
                }
            }
        }
        let (at, ..) = self.wrong_segment(groups, query)?;
        let operation = self.operation(at.0, at.1)?;
        let host = &groups.first()?.host;
        Some((at, FailedOn::BasePath, base_detail(operation, host)))
    }

    /// The declared path that shares the most leading segments, and then differs in the fewest.
    fn wrong_segment(&self, groups: &[&Group], query: &Query<'_>) -> Option<Failure> {
        let mut best: Option<(usize, Weight, &Entry)> = None;
        for group in groups {
            for shared in (0..=query.path.len()).rev() {
                if best.as_ref().is_some_and(|(most, ..)| *most > shared) {
                    break;
                }
                let candidates = self.candidates(group, query, shared);
                if candidates.is_empty() {
                    continue;
                }
                for entry in candidates {
                    let weight = weigh(entry, query);
                    let better = best.as_ref().is_none_or(|(most, known, _)| shared > *most || weight < *known);
                    if better {
                        best = Some((shared, weight, entry));
                    }
                }
                break;
            }
        }
        let (_, _, entry) = best?;
        Some((entry.some_operation(&query.methods)?, FailedOn::Segment, segment_detail(entry, query)))
    }

    /// Some entries whose first segments take the first segments of the path, those of the closest length first.
    fn candidates<'g>(&self, group: &'g Group, query: &Query<'_>, shared: usize) -> Vec<&'g Entry> {
        let start = query.path.get(..shared).unwrap_or_default();
        let found = RefCell::new(Vec::new());
        // Every node that takes the start is visited, the most specific first, until there are enough.
        let visit = |under: &BTreeMap<usize, Vec<usize>>| {
            let mut found = found.borrow_mut();
            let mut lengths: Vec<usize> = under.keys().copied().collect();
            lengths.sort_by_key(|length| (length.abs_diff(query.path.len()), Reverse(*length)));
            for at in lengths.iter().filter_map(|length| under.get(length)).flatten() {
                if found.len() >= CANDIDATES {
                    return true;
                }
                found.push(*at);
            }
            false
        };
        let _ = self.near(group).prefixes.find_where(start, &visit);
        found.into_inner().into_iter().filter_map(|at| group.entries.get(at)).collect()
    }
}

/// Segments that differ; then whether the method is missing.
type Weight = (usize, bool);

fn weigh(entry: &Entry, query: &Query<'_>) -> Weight {
    let PathTemplate { segments } = &entry.template;
    let pairs = segments.iter().zip(&query.path);
    let differ = pairs.filter(|(segment, text)| !segment.takes(text)).count();
    (differ + segments.len().abs_diff(query.path.len()), entry.operation(&query.methods).is_none())
}

fn wrong_method(group: &&Group, query: &Query<'_>) -> Option<Failure> {
    let entry = group.any_entry(&query.path)?;
    Some((
        entry.some_operation(&query.methods)?,
        FailedOn::Method,
        format!("method: declared is {}", methods_of(entry)),
    ))
}

/// The path fits when a version is left out of it, and the method with it.
fn no_version(group: &&Group, query: &Query<'_>) -> Option<Failure> {
    let literal = |segment: &&TemplateSegment| segment.literal().is_some_and(|text| version::style_of(text).is_some());
    query.template.segments.iter().enumerate().filter(|(_, segment)| literal(segment)).find_map(|(place, segment)| {
        let mut path = query.path.clone();
        path.remove(place);
        let entry = group.entry(&path, &query.methods).filter(|entry| entry.template.literals() > 0)?;
        let detail = format!("version: \"{}\" where none is declared", shown(&segment.to_string()));
        Some((entry.operation(&query.methods)?, FailedOn::Version, detail))
    })
}

fn methods_of(entry: &Entry) -> String {
    let methods: Vec<String> = entry.methods.keys().map(|method| shown(method)).collect();
    methods.join(", ")
}

fn base_detail(operation: &super::model::SpecOperation, host: &HostPattern) -> String {
    let server = operation.servers.iter().find(|server| server.host == *host);
    let server = server.or_else(|| operation.servers.first());
    let base = server.map_or_else(|| "/".to_owned(), |server| server.base.to_string());
    format!("base path: \"{}\" is declared", shown(&base))
}

/// The first segment that differs, in plain words.
fn segment_detail(entry: &Entry, query: &Query<'_>) -> String {
    let PathTemplate { segments } = &entry.template;
    let pairs = segments.iter().zip(&query.path);
    let at = pairs.take_while(|(segment, text)| segment.takes(text)).count();
    let number = at.saturating_add(1);
    let text = |segment: &TemplateSegment| shown(&segment.to_string());
    match (query.template.segments.get(at).map(text), segments.get(at).map(text)) {
        (Some(seen), Some(declared)) => {
            let case = if seen.to_lowercase() == declared.to_lowercase() { ", which differs in case" } else { "" };
            format!("segment {number}: \"{seen}\" where \"{declared}\" is declared{case}")
        }
        (Some(seen), None) => format!("segment {number}: \"{seen}\" where the declared path ends"),
        (None, Some(declared)) => format!("segment {number}: nothing where \"{declared}\" is declared"),
        (None, None) => "nothing".to_owned(),
    }
}

/// `10.0.0.7:8080=pay.example`.
fn alias(service: &ServiceId, declared: &HostPattern) -> String {
    let port = service.odd_port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}{port}={}", service.host, host_text(declared))
}

/// How an observed segment says a version, if it does. What is a value for us was seen as its class only.
fn says_version(segment: &TemplateSegment) -> Option<Style> {
    match segment.0.as_slice() {
        [Piece::Literal(text)] => version::style_of(text),
        [Piece::Variable(name)] => match name.as_str() {
            "number" => Some(Style::Dotted),
            "date" => Some(Style::Dated),
            _ => None,
        },
        _ => None,
    }
}
