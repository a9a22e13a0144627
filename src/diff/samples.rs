//! Snapshots and specs written by hand, for the tests of `diff`, `findings` and `report`.

use crate::api::{AuthScheme, HostPattern, PathTemplate, Scheme, ServiceId};
use crate::inventory::{OpaqueService, Operation, Record, Service, Snapshot, Sorted};
use crate::spec::{HostFlags, Server, Spec, SpecIndex, SpecOperation};
use crate::time::Timestamp;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_parts(seconds, 0)
}

/// `GET /users/{id}`, answered so often with each status, by callers with a token.
pub(crate) fn seen(line: &str, statuses: &[(u16, u64)]) -> Operation {
    let (method, template) = line.split_once(' ').unwrap();
    let statuses: Sorted<u16> = statuses.iter().copied().collect();
    let requests = statuses.values().sum();
    let good = statuses.iter().filter(|(status, _)| (200..300).contains(*status)).map(|(_, count)| *count).sum();
    let record = Record {
        requests,
        statuses,
        first: at(100),
        last: at(160),
        clients: 3,
        auth: [(AuthScheme::Bearer, requests)].into(),
        auth_ok: [(AuthScheme::Bearer, good)].into(),
        ..Record::default()
    };
    Operation { method: method.to_owned(), template: PathTemplate::parse(template), pin: None, record, learned: None }
}

/// The same with its record changed.
pub(crate) fn seen_with(line: &str, statuses: &[(u16, u64)], change: impl FnOnce(&mut Record)) -> Operation {
    let mut operation = seen(line, statuses);
    change(&mut operation.record);
    operation
}

pub(crate) fn id(host: &str) -> ServiceId {
    ServiceId { host: host.to_owned(), port: 80, scheme: Scheme::Http }
}

/// A host on port 80 of 10.0.0.7, observed for a minute.
pub(crate) fn service(host: &str, mut operations: Vec<Operation>) -> Service {
    operations.sort_by(|a, b| (&a.template, &a.method).cmp(&(&b.template, &b.method)));
    Service {
        id: id(host),
        requests: operations.iter().map(|operation| operation.record.requests).sum(),
        operations,
        servers: vec!["10.0.0.7:80".to_owned()],
        first: at(100),
        last: at(160),
        ..Service::default()
    }
}

/// The same host after it has said 404 to paths that it does not know.
pub(crate) fn says_404(mut service: Service) -> Service {
    service.not_found = 4;
    service.not_found_paths = 4;
    service.unknown_answers = [(404, 4)].into();
    service.requests += 4;
    service
}

pub(crate) fn snapshot(mut services: Vec<Service>) -> Snapshot {
    services.sort_by(|a, b| a.id.cmp(&b.id));
    Snapshot { services, window: Some((at(100), at(160))), ..Snapshot::default() }
}

pub(crate) fn opaque(server: &str, name: Option<&str>) -> OpaqueService {
    let name = name.map(str::to_owned);
    OpaqueService { server: server.to_owned(), name, kind: "tls".to_owned(), flows: 9, bytes: 90_000, clients: 2 }
}

/// A spec of lines such as `GET /users/{id}`, `GET /old deprecated` or `GET /old until 1970-01-01`, on one host.
pub(crate) fn spec(name: &str, host: HostPattern, base: &str, lines: &[&str]) -> Spec {
    let server = Server { host, base: PathTemplate::parse(base) };
    let operation = |(number, line): (usize, &&str)| {
        let mut words = line.split(' ');
        SpecOperation {
            method: words.next().unwrap().to_owned(),
            path: PathTemplate::parse(words.next().unwrap()),
            servers: vec![server.clone()],
            id: None,
            deprecated: line.ends_with(" deprecated"),
            sunset: line.split_once(" until ").map(|(_, date)| date.parse().unwrap()),
            params: Vec::new(),
            contract: None,
            line: 10 + u32::try_from(number).unwrap(),
        }
    };
    Spec {
        name: name.to_owned(),
        title: "A spec".to_owned(),
        version: "1".to_owned(),
        format: "openapi 3.0",
        operations: lines.iter().enumerate().map(operation).collect(),
        warnings: Vec::new(),
    }
}

pub(crate) fn on(host: &str) -> HostPattern {
    HostPattern::Exact(host.to_owned(), None)
}

pub(crate) fn index(specs: Vec<Spec>) -> SpecIndex {
    SpecIndex::build(specs, &HostFlags::default()).unwrap()
}
