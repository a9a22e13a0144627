//! What is declared and was never seen where it would have been.

use crate::api::{HostPattern, PathTemplate};
use crate::diff::{Coverage, Promise, Promised};
use crate::findings::finding::{Declared, Evidence, Finding, Kind, Place, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::severity::Case;
use crate::findings::texts::RuleText;
use crate::policy::Severity;
use crate::spec::SpecOperation;

/// Declared, never seen, and its host was exposed well enough.
pub(super) struct Orphan;

const TEXTS: &[RuleText] = &[RuleText {
    id: "orphan",
    kind: Kind::Orphan,
    severity: Severity::Low,
    cases: &[Case::Orphan],
    title: "A declared operation that nobody called, on a host that was well in use",
    why: "A promise that nobody uses is code that nobody watches, or traffic that nobody here can see.",
    about: "An orphan is an operation that a spec declares and that nobody called, on a host that was seen at work: it answered 20 \
            requests or more on 3 or more other operations of that spec, for at least --min-window. (Some vendors call an API \
            without an owner an orphan; this is not meant.) Either it has no use any more, or it is served somewhere out of sight, \
            or the spec is wrong about its path. What to do: look for it in the code; remove what is dead from both. Where a host \
            was only seen encrypted, or too little of it, nothing is called an orphan: such operations are counted as insufficient \
            evidence.",
}];

impl Rule for Orphan {
    fn texts(&self) -> &'static [RuleText] {
        TEXTS
    }

    fn check(&self, view: View<'_>, found: &mut Vec<Finding>) {
        for promise in view.compared.promises.iter().filter(|promise| promise.state == Promised::Orphan) {
            let subject = subject(promise.operation);
            let mut evidence = Evidence::of_silence(view.compared, promise);
            evidence.notes.push(promise.why.clone());
            evidence.notes.push(format!("{}: {}", Case::Orphan.severity().name(), Case::Orphan.why()));
            if promise.operation.deprecated {
                evidence.notes.push("it is declared deprecated: without callers it can go".to_owned());
            }
            let place = place(view, promise);
            let owner = place.as_ref().and_then(|(coverage, template)| view.owner(coverage, template));
            let next = next(&evidence, owner);
            let Subject { service, method, template } = &subject;
            found.push(Finding {
                id: subject.id(Kind::Orphan),
                kind: Kind::Orphan,
                rule: &TEXTS[0],
                part: String::new(),
                reason: None,
                severity: Case::Orphan.severity(),
                summary: format!("{method} {template} on {service} is declared and nobody called it"),
                next,
                subject,
                place: place.map_or_else(Place::default, |(coverage, template)| Place {
                    service: coverage.service.id.clone(),
                    template,
                }),
                evidence,
                suppressed: None,
            });
        }
    }
}

/// The service that showed that it is silent, and where it would be there.
fn place<'a>(view: View<'a>, promise: &Promise<'a>) -> Option<(&'a Coverage<'a>, PathTemplate)> {
    let host = promise.exposure.as_ref().map(|exposure| exposure.host.as_str())?;
    let covers = |specs: &[usize]| specs.contains(&promise.id.spec);
    let mut services = view.compared.services.iter();
    let coverage = services.find(|coverage| coverage.service.id.host == host && covers(&coverage.specs))?;
    let base = promise.operation.servers.first().map(|server| promise.operation.path.under(&server.base));
    Some((coverage, base.unwrap_or_else(|| promise.operation.path.clone())))
}

/// What to do about it: where it is looked for, and where it is taken out.
fn next(evidence: &Evidence, owner: Option<&str>) -> String {
    let whom = owner
        .map_or_else(|| "Look for it in the code of its service".to_owned(), |owner| format!("Ask {owner} for it"));
    let place = evidence.declared.as_ref().map_or_else(|| "the spec".to_owned(), Declared::place);
    format!(
        "{whom}: if it is dead, remove it there and from {place}. If it is served elsewhere, have that traffic mirrored here too."
    )
}

/// The declared host and base, and the path below it. The first server speaks for all: an id must not change with
/// the host that happened to be seen.
fn subject(operation: &SpecOperation) -> Subject {
    let mut service = String::new();
    if let Some(server) = operation.servers.first() {
        service = match &server.host {
            HostPattern::Exact(host, None) => host.clone(),
            HostPattern::Exact(host, Some(port)) => format!("{host}:{port}"),
            HostPattern::Template(pieces, None) => pieces.to_string(),
            HostPattern::Template(pieces, Some(port)) => format!("{pieces}:{port}"),
            HostPattern::Any => "*".to_owned(),
        };
        if !server.base.segments.is_empty() {
            service.push_str(&server.base.to_string());
        }
    }
    Subject { service, method: operation.method.clone(), template: operation.path.to_string() }
}
