//! What is declared and was never seen where it would have been.

use crate::api::HostPattern;
use crate::diff::Promised;
use crate::findings::finding::{Evidence, Finding, Kind, Subject};
use crate::findings::rule::{Rule, View};
use crate::findings::severity::Case;
use crate::spec::SpecOperation;

/// Declared, never seen, and its host was exposed well enough.
pub(super) struct Orphan;

impl Rule for Orphan {
    fn kind(&self) -> Kind {
        Kind::Orphan
    }

    fn about(&self) -> &'static str {
        "An orphan is an operation that a spec declares and that nobody called, on a host that was seen at work: it \
         answered 20 requests or more on 3 or more other operations of that spec, for at least --min-window. (Some \
         vendors call an API without an owner an orphan; this is not meant.) Either it has no use any more, or it is \
         served somewhere out of sight, or the spec is wrong about its path. What to do: look for it in the code; \
         remove what is dead from both. Where a host was only seen encrypted, or too little of it, nothing is called \
         an orphan: such operations are counted as insufficient evidence."
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
            let Subject { service, method, template } = &subject;
            found.push(Finding {
                id: subject.id(Kind::Orphan),
                kind: Kind::Orphan,
                reason: None,
                severity: Case::Orphan.severity(),
                summary: format!("{method} {template} on {service} is declared and nobody called it"),
                subject,
                evidence,
            });
        }
    }
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
