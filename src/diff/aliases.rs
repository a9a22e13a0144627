//! Services that look like one under several names: a load balancer's outer name and the address behind it.
//!
//! In: what was seen. Out: groups, with the evidence. They are told and not united: a name may be there for a reason.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_128;

use super::comparison::Comparison;
use crate::api::Piece;
use crate::inventory::Operation;

/// Services that answer from the same addresses and have exactly the same operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Indices into `Comparison::services`, in order; two or more.
    pub services: Vec<usize>,
    /// Addresses that answered under more than one of the names.
    pub servers: Vec<String>,
    /// How many operations each of them has.
    pub operations: usize,
}

/// With fewer operations in common, equal sets are chance: every host has a `GET /`.
const LEAST: usize = 2;

/// Finds them, in order of their first service. O(n log n) in operations and addresses.
#[must_use]
pub fn aliases(compared: &Comparison<'_>) -> Vec<Alias> {
    let mut operations: Vec<Vec<u128>> = vec![Vec::new(); compared.services.len()];
    for pairing in compared.pairings.iter().filter(|pairing| pairing.existence.is_endpoint()) {
        if let Some(of_service) = operations.get_mut(pairing.service) {
            of_service.push(digest(pairing.operation));
        }
    }
    let mut alike: BTreeMap<Vec<u128>, Vec<usize>> = BTreeMap::new();
    for (service, mut set) in operations.into_iter().enumerate() {
        set.sort_unstable();
        set.dedup();
        if set.len() >= LEAST {
            alike.entry(set).or_default().push(service);
        }
    }
    let mut found: Vec<Alias> = alike
        .into_iter()
        .filter(|(_, services)| services.len() > 1)
        .flat_map(|(set, services)| joined(compared, &services, set.len()))
        .collect();
    found.sort_by(|a, b| a.services.cmp(&b.services));
    found
}

/// Those of some services that hang together by the addresses they answer from.
fn joined(compared: &Comparison<'_>, services: &[usize], operations: usize) -> Vec<Alias> {
    let mut at: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for index in services {
        let Some(coverage) = compared.services.get(*index) else { continue };
        let id = &coverage.service.id;
        // Called by an address, it is that address, whoever else answers there.
        let own = format!("{}:{}", id.host, id.port);
        let own = own.parse::<std::net::SocketAddr>().is_ok().then_some(own);
        for server in coverage.service.servers.iter().cloned().chain(own) {
            at.entry(server).or_default().insert(*index);
        }
    }
    let shared: Vec<(String, BTreeSet<usize>)> = at.into_iter().filter(|(_, services)| services.len() > 1).collect();
    // Each service leads to the first of its group, over some steps.
    let mut leads: BTreeMap<usize, usize> = services.iter().map(|index| (*index, *index)).collect();
    for (_, services) in &shared {
        let mut roots: Vec<usize> = services.iter().map(|index| root(&mut leads, *index)).collect();
        roots.sort_unstable();
        if let Some((first, others)) = roots.split_first() {
            leads.extend(others.iter().map(|other| (*other, *first)));
        }
    }
    let mut groups: BTreeMap<usize, Alias> = BTreeMap::new();
    for index in services {
        let group = groups.entry(root(&mut leads, *index)).or_insert_with(|| Alias {
            services: Vec::new(),
            servers: Vec::new(),
            operations,
        });
        group.services.push(*index);
    }
    for (server, services) in shared {
        let group = services.first().map(|index| root(&mut leads, *index)).and_then(|root| groups.get_mut(&root));
        group.into_iter().for_each(|group| group.servers.push(server.clone()));
    }
    groups.into_values().filter(|group| group.services.len() > 1).collect()
}

fn root(leads: &mut BTreeMap<usize, usize>, index: usize) -> usize {
    let next = |leads: &BTreeMap<usize, usize>, at: usize| leads.get(&at).copied().unwrap_or(at);
    let (mut at, mut root) = (index, index);
    while next(leads, root) != root {
        root = next(leads, root);
    }
    // So that no way is long twice.
    while at != root {
        at = leads.insert(at, root).unwrap_or(root);
    }
    root
}

/// Method and template, whatever variables are called.
fn digest(operation: &Operation) -> u128 {
    let mut text = operation.method.clone();
    for segment in &operation.template.segments {
        text.push('/');
        for piece in &segment.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                // No literal holds it.
                Piece::Variable(_) => text.push('\u{0}'),
            }
        }
    }
    xxh3_128(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::compare;
    use crate::diff::samples::{index, seen, service, snapshot};
    use crate::inventory::Service;
    use crate::time::Span;

    /// A host that answers from these addresses, with operations that exist (or, with `!`, do not).
    fn host(name: &str, servers: &[&str], lines: &[&str]) -> Service {
        let operation = |line: &&str| match line.strip_prefix('!') {
            Some(line) => seen(line, &[(404, 3)]),
            None => seen(line, &[(200, 3)]),
        };
        let mut service = service(name, lines.iter().map(operation).collect());
        service.servers = servers.iter().map(ToString::to_string).collect();
        service
    }

    fn found(services: Vec<Service>) -> Vec<(Vec<String>, Vec<String>, usize)> {
        let (snapshot, index) = (snapshot(services), index(Vec::new()));
        let compared = compare(&snapshot, &index, &[], Span::ZERO);
        let name = |at: &usize| compared.services[*at].service.id.host.clone();
        let told = aliases(&compared).into_iter();
        told.map(|alias| (alias.services.iter().map(name).collect(), alias.servers, alias.operations)).collect()
    }

    #[test]
    fn the_same_operations_from_the_same_addresses_are_one_service_under_two_names() {
        // Catches names that are united on half of the evidence.
        let both = ["GET /a", "POST /b/{id}"];
        assert_eq!(
            found(vec![
                host("api.example", &["10.0.0.5:80", "10.0.0.6:80"], &both),
                host("10.0.0.5", &["10.0.0.5:80"], &["GET /a", "POST /b/{key}", "!GET /admin"]),
                host("more.example", &["10.0.0.5:80"], &["GET /a", "POST /b/{id}", "GET /c"]),
                host("else.example", &["10.0.0.9:80"], &both),
            ]),
            [(vec!["10.0.0.5".to_owned(), "api.example".to_owned()], vec!["10.0.0.5:80".to_owned()], 2)]
        );
        assert_eq!(found(vec![host("a", &["10.0.0.5:80"], &["GET /"]), host("b", &["10.0.0.5:80"], &["GET /"])]), []);
    }

    #[test]
    fn a_name_that_is_an_address_is_that_address() {
        let lines = ["GET /a", "GET /b"];
        let found = found(vec![host("10.0.0.5", &[], &lines), host("a.example", &["10.0.0.5:80"], &lines)]);
        assert_eq!((found.len(), found[0].1.as_slice()), (1, &["10.0.0.5:80".to_owned()][..]));
    }

    #[test]
    fn names_hang_together_over_several_addresses_and_many_of_them_cost_little() {
        // Catches groups that fall apart where no address is common to all, and a search that is quadratic in names.
        let lines = ["GET /a", "GET /b"];
        let at = |n: usize| format!("10.0.{}.{}:80", n / 200, n % 200);
        let chained = |n: usize| host(&format!("h{n:04}.example"), &[&at(n), &at(n + 1)], &lines);
        let before = crate::time::processor_time();
        let found = found((0..3_000).rev().map(chained).collect());
        assert!(crate::time::processor_time() - before < std::time::Duration::from_secs(5));
        assert_eq!((found.len(), found[0].0.len(), found[0].1.len()), (1, 3_000, 2_999));
    }
}
