//! Declared paths that may have been folded, before they were declared, into a template that was learned.
//!
//! In: the templates that were declared late, and what was observed. Out: which observed template may hold calls of which declared
//! operation. The late ones stand in a tree; a learned template walks all its branches that it could have stood for.

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{Coverage, OperationId, Pairing};
use super::promises::nameless;
use crate::api::{PathTemplate, Piece, TemplateSegment};
use crate::inventory::{Learned, Operation};
use crate::spec::{Spec, SpecIndex};

/// Steps that one template may take. Where one needs more, nothing is concluded from the silence of what was declared late.
const STEPS: usize = 4096;

#[derive(Debug, Default)]
struct Node<'s> {
    literals: BTreeMap<&'s str, Self>,
    /// Segments with variables.
    others: Vec<(&'s TemplateSegment, Self)>,
    here: Vec<OperationId>,
}

/// Marks pairings that may hold calls of what was declared late; tells by operation which pairing that is.
pub(super) fn hide(
    index: &SpecIndex,
    late: &BTreeSet<PathTemplate>,
    services: &[Coverage<'_>],
    pairings: &mut [Pairing<'_>],
) -> BTreeMap<OperationId, usize> {
    let mut hidden = BTreeMap::new();
    if late.is_empty() {
        return hidden;
    }
    let declared: Vec<(OperationId, PathTemplate)> = index.specs().iter().enumerate().flat_map(declared).collect();
    let declared: Vec<_> = declared.into_iter().filter(|(_, template)| late.contains(&nameless(template))).collect();
    let mut roots = BTreeMap::<&str, Node<'_>>::new();
    for (id, template) in &declared {
        let Some(operation) = index.specs().get(id.spec).and_then(|spec| spec.operations.get(id.operation)) else {
            continue;
        };
        let mut node = roots.entry(operation.method.as_str()).or_default();
        for segment in &template.segments {
            node = match segment.literal() {
                Some(text) => node.literals.entry(text).or_default(),
                None => {
                    let known = node.others.iter().position(|(known, _)| *known == segment);
                    let at = known.unwrap_or_else(|| {
                        node.others.push((segment, Node::default()));
                        node.others.len() - 1
                    });
                    &mut node.others[at].1
                }
            };
        }
        node.here.push(*id);
    }
    let mut overflow = None;
    for (at, pairing) in pairings.iter_mut().enumerate() {
        let Some(root) = roots.get(pairing.operation.method.as_str()).filter(|_| is_learned(pairing.operation)) else {
            continue;
        };
        let Some(coverage) = services.get(pairing.service) else { continue };
        let mut walk = Walk { learned: pairing.operation.learned.as_ref(), left: STEPS, found: Vec::new() };
        walk.down(root, &pairing.operation.template.segments, 0, false);
        if walk.left == 0 {
            overflow = overflow.or(Some(at));
            walk.found.extend(declared.first().map(|(id, _)| *id));
        }
        let covered = |id: &&OperationId| coverage.specs.contains(&id.spec) && pairing.declared != Some(**id);
        let found: Vec<OperationId> = walk.found.iter().filter(covered).copied().collect();
        pairing.hides = found.iter().min().copied();
        for id in found {
            hidden.entry(id).or_insert(at);
        }
    }
    if let Some(at) = overflow {
        for (id, _) in &declared {
            hidden.entry(*id).or_insert(at);
        }
    }
    hidden
}

/// It has a variable that was learned: no declaration, and nobody else, named it.
fn is_learned(operation: &Operation) -> bool {
    operation.learned.is_some() && operation.template.variables().next().is_some()
}

/// The whole templates of a spec's operations, on each of their servers.
fn declared((at, spec): (usize, &Spec)) -> Vec<(OperationId, PathTemplate)> {
    let operations = spec.operations.iter().enumerate();
    let all = operations.flat_map(|(number, operation)| {
        let id = OperationId { spec: at, operation: number };
        let bases: BTreeSet<&PathTemplate> = operation.servers.iter().map(|server| &server.base).collect();
        bases.into_iter().map(move |base| (id, operation.path.under(base)))
    });
    all.collect()
}

struct Walk<'l> {
    learned: Option<&'l Learned>,
    left: usize,
    found: Vec<OperationId>,
}

impl Walk<'_> {
    /// From the segment `at` on. `partly`: some variable stood for what is declared as something narrower.
    fn down(&mut self, node: &Node<'_>, segments: &[TemplateSegment], at: usize, partly: bool) {
        self.left = self.left.saturating_sub(1);
        let Some(segment) = segments.get(at) else {
            if partly {
                self.found.extend(&node.here);
            }
            return;
        };
        if self.left == 0 {
            return;
        }
        if let Some(text) = segment.literal() {
            if let Some(below) = node.literals.get(text) {
                self.down(below, segments, at + 1, partly);
            }
            for (_, below) in node.others.iter().filter(|(declared, _)| declared.takes(text)) {
                self.down(below, segments, at + 1, partly);
            }
            return;
        }
        let words = self.holds_words(at);
        for (_, below) in node.literals.iter().filter(|(text, _)| segment.takes(text) && (words || !is_word(text))) {
            self.down(below, segments, at + 1, true);
        }
        for (declared, below) in &node.others {
            // A whole variable takes all that this one stands for; one with something beside it perhaps a part.
            let whole = matches!(declared.0.as_slice(), [Piece::Variable(_)]);
            self.down(below, segments, at + 1, partly || !whole && declared.unnamed() != segment.unnamed());
        }
    }

    /// The variable of this segment stood for words, too: what is a number, a UUID or the like is so from first sight.
    fn holds_words(&self, at: usize) -> bool {
        let variables = self.learned.into_iter().flat_map(|learned| &learned.variables);
        let mut here = variables.filter(|variable| variable.segment == at).peekable();
        here.peek().is_none() || here.any(|variable| variable.words > 0)
    }
}

/// Surely a word at first sight.
fn is_word(text: &str) -> bool {
    text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SegmentClass;
    use crate::diff::samples::*;
    use crate::diff::{Promised, compare};
    use crate::inventory::{LearnedVariable, Rule};
    use crate::time::Span;

    const LINES: [&str; 5] = ["GET /a", "GET /b", "GET /c", "GET /users/me", "GET /users/{id}"];

    /// A template that was learned; its variables stood for words where `words` says so.
    fn learned(line: &str, words: u64) -> Operation {
        let mut operation = seen(line, &[(200, 9)]);
        let segments = operation.template.segments.iter().enumerate();
        let variables = segments.filter(|(_, segment)| segment.literal().is_none()).map(|(at, _)| LearnedVariable {
            name: "id".to_owned(),
            segment: at,
            rule: Rule::Form,
            classes: vec![SegmentClass::Word],
            texts: 9,
            words,
            confidence: 90,
        });
        operation.learned = Some(Learned { confidence: 90, variables: variables.collect() });
        operation
    }

    /// What became of the promise in this line of the spec, and what the learned template hides.
    fn told(operation: Operation, late: &[&str], host: &str, line: u32) -> (Promised, Option<u32>) {
        let busy = ["GET /a", "GET /b", "GET /c"].map(|line| seen(line, &[(200, 9)]));
        let mut seen = snapshot(vec![service("shop.example", busy.into()), service(host, vec![])]);
        let home = seen.services.iter_mut().find(|it| it.id.host == host).unwrap();
        home.operations.push(operation);
        seen.late = late.iter().map(|text| nameless(&PathTemplate::parse(text))).collect();
        let index = index(vec![spec("shop.yaml", on("shop.example"), "", &LINES)]);
        let compared = compare(&seen, &index, &[], Span::ZERO);
        let promise = compared.promises.iter().find(|promise| promise.operation.line == line).unwrap();
        let pairing = compared.pairings.iter().find(|pairing| pairing.operation.learned.is_some()).unwrap();
        let hides = pairing.hides.map(|id| compared.specs[id.spec].operations[id.operation].line);
        (promise.state, hides)
    }

    #[test]
    fn what_was_folded_before_it_was_declared_is_no_orphan() {
        // Catches an orphan that was called under another name, and evidence that is called insufficient for no reason.
        use Promised::{InsufficientEvidence, Orphan};
        let me = |operation, late: &[&str]| told(operation, late, "pay.example", 13);
        let at_home = |operation, late: &[&str]| told(operation, late, "shop.example", 13);
        let users = || learned("GET /users/{login}", 4);
        assert_eq!(at_home(users(), &["/users/me"]), (InsufficientEvidence, Some(13)));
        assert_eq!(at_home(users(), &[]), (Orphan, None), "it was declared from the first");
        assert_eq!(at_home(users(), &["/a"]), (Orphan, None), "another was declared late");
        assert_eq!(at_home(learned("GET /users/{login}", 0), &["/users/me"]), (Orphan, None), "numbers are no words");
        assert_eq!(at_home(learned("POST /users/{login}", 4), &["/users/me"]), (Orphan, None), "another method");
        assert_eq!(at_home(learned("GET /users/{login}/x", 4), &["/users/me"]), (Orphan, None), "another length");
        assert_eq!(at_home(learned("GET /orders/{login}", 4), &["/users/me"]), (Orphan, None), "another word above");
        assert_eq!(at_home(learned("GET /{x}/me", 4), &["/users/me"]), (InsufficientEvidence, Some(13)));
        assert_eq!(at_home(learned("GET /users/m{x}", 4), &["/users/me"]), (InsufficientEvidence, Some(13)));
        assert_eq!(at_home(learned("GET /users/x{x}", 4), &["/users/me"]), (Orphan, None), "it does not take it");
        assert_eq!(me(users(), &["/users/me"]), (Orphan, None), "on a host that the spec does not cover");
        // What is declared in full and late, and taken in full, hides nothing of itself.
        let all = told(users(), &["/users/{x}"], "shop.example", 14);
        assert_eq!(all, (Promised::Met, None));
    }

    #[test]
    fn a_walk_ends_and_nothing_is_concluded_then() {
        // Catches a spec of many paths that are declared late, walked anew for each of many templates.
        let lines: Vec<String> = (0..3000).map(|n| format!("GET /w{n}/x{n}/never")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).chain(["GET /a", "GET /b", "GET /c"]).collect();
        let busy = ["GET /a", "GET /b", "GET /c"].map(|line| seen(line, &[(200, 9)]));
        let mut seen = snapshot(vec![service("shop.example", busy.into())]);
        seen.services[0].operations.push(learned("GET /{a}/{b}/{c}/{d}", 4));
        let index = index(vec![spec("shop.yaml", on("shop.example"), "", &lines)]);
        seen.late = index.specs()[0].operations.iter().map(|operation| nameless(&operation.path)).collect();
        let compared = compare(&seen, &index, &[], Span::ZERO);
        assert_eq!(compared.promises[2999].state, Promised::InsufficientEvidence);
        seen.services[0].operations.pop();
        let compared = compare(&seen, &index, &[], Span::ZERO);
        assert_eq!(compared.promises[2999].state, Promised::Orphan);
    }
}
