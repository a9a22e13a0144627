//! Under which other base path an observed operation would be a declared one: a proxy may have taken a base path off, or put
//! something before it.
//!
//! In: an operation that nothing takes. Out: what it would be, base path by base path. That is a possibility and no evidence;
//! `diff` weighs many of them together.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::index::{SpecIndex, methods, texts};
use super::version;
use crate::api::{PathTemplate, ServiceId, TemplateSegment};

/// Segments that may stand before a declared path.
const HEAD: usize = 8;

/// What an observed operation would be if its spec were served under another base path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rebasing {
    /// Index of the spec.
    pub spec: usize,
    /// The base path that it declares ...
    pub declared: PathTemplate,
    /// ... and the one that would have to hold.
    pub observed: PathTemplate,
    /// Index of the operation in its spec.
    pub operation: usize,
}

impl SpecIndex {
    /// All that this operation would be, in order. Only two changes come into question: the declared base path, or a first part of
    /// it, is missing; or something stands before it that says no version. Anything else under which a path is declared (`/v2`
    /// for `/v1`) is another API.
    #[must_use]
    pub fn rebasings(&self, service: &ServiceId, method: &str, template: &PathTemplate) -> Vec<Rebasing> {
        let path = texts(template);
        let methods = methods(method);
        let literal = template.segments.iter().take_while(|segment| segment.literal().is_some()).count();
        let mut all = BTreeSet::new();
        for group in self.groups_for(service) {
            let tails = &self.near(group).tails;
            for start in 0..=literal.min(HEAD) {
                let (head, tail) = (template.segments.get(..start), path.get(start..));
                let (Some(head), Some(tail)) = (head, tail) else { continue };
                // For each spec the most specific path: nodes are visited in that order, and none is enough.
                let found = RefCell::new(BTreeMap::new());
                let visit = |here: &Vec<(usize, usize)>| {
                    let mut found = found.borrow_mut();
                    for (spec, number) in here {
                        let fits = self.operation(*spec, *number).is_some_and(|operation| {
                            // A path of variables alone would fit anything.
                            operation.path.literals() > 0 && methods.contains(&operation.method.as_str())
                        });
                        if fits {
                            found.entry(*spec).or_insert(*number);
                        }
                    }
                    false
                };
                let _ = tails.find_where(tail, &visit);
                for (spec, number) in found.into_inner() {
                    let Some(operation) = self.operation(spec, number) else { continue };
                    for base in operation.servers.iter().map(|server| &server.base).filter(|base| may_be(head, base)) {
                        let observed = PathTemplate { segments: head.to_vec() };
                        all.insert(Rebasing { spec, declared: base.clone(), observed, operation: number });
                    }
                }
            }
        }
        all.into_iter().collect()
    }

    /// The order of two specs by their versions.
    #[must_use]
    pub fn by_version(&self, a: usize, b: usize) -> Ordering {
        let version = |at: usize| self.specs().get(at).map_or("", |spec| spec.version.as_str());
        version::compare(version(a), version(b))
    }
}

/// What stands before a path is this base with a first part missing, or with something before it. Segment by segment:
/// `/api123` is not under `/api`.
fn may_be(head: &[TemplateSegment], base: &PathTemplate) -> bool {
    let base = base.segments.as_slice();
    if head.len() < base.len() {
        return base.ends_with(head);
    }
    let before = head.len().checked_sub(base.len()).and_then(|end| head.get(..end)).unwrap_or_default();
    let says_version =
        |segment: &TemplateSegment| segment.literal().is_some_and(|text| version::style_of(text).is_some());
    !before.is_empty() && head.ends_with(base) && !before.iter().any(says_version)
}
