//! Who a service is: its environment and owner by the policy, the way requests to it go, its other names; and who of all that
//! was met is a third party.

use serde::Serialize;

use crate::api::{Direction, NetworkKind};
use crate::diff::{Alias, Comparison, Coverage, aliases};
use crate::inventory::OpaqueService;
use crate::policy::{PolicyFile, Subject};

/// What is known of a service beside its traffic.
#[derive(Clone, Debug, Default)]
pub struct Identity<'a> {
    /// The environment that a policy names.
    pub environment: Option<&'a str>,
    /// Who answers for all of it, by the policy.
    pub owner: Option<&'a str>,
    /// The way of most requests.
    pub direction: Option<Direction>,
    /// Index into [`Identities::aliases`] of the group it belongs to.
    pub alias: Option<usize>,
}

/// Somebody else's service that is called from here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ThirdParty<'a> {
    /// Its name: a service as people write it, the server name of TLS, or the address.
    pub name: String,
    /// What was spoken: `http`, or why it could not be read.
    pub kind: &'a str,
    /// Addresses that answered; bounded.
    pub servers: Vec<&'a str>,
    /// Requests that were read; 0 where nothing could be.
    pub requests: u64,
    /// Operations among them.
    pub operations: u64,
    /// Connections that could not be read.
    pub connections: u64,
    /// Distinct clients (estimate) of those connections.
    pub clients: u64,
}

/// Who everybody is.
#[derive(Clone, Debug, Default)]
pub struct Identities<'a> {
    /// Of each service, in the order of `Comparison::services`.
    pub services: Vec<Identity<'a>>,
    /// Services that look like one under several names.
    pub aliases: Vec<Alias>,
    /// Third parties, in order of name.
    pub third_parties: Vec<ThirdParty<'a>>,
}

impl<'a> Identities<'a> {
    /// Finds out.
    pub(super) fn of(compared: &'a Comparison<'a>, said: &'a PolicyFile) -> Self {
        let mut services: Vec<Identity<'a>> = compared
            .services
            .iter()
            .map(|coverage| {
                let subject = subject(coverage);
                let direction = coverage.service.traffic.clients.direction();
                Identity { environment: said.environment(subject), owner: said.owner(subject), direction, alias: None }
            })
            .collect();
        let aliases = aliases(compared);
        for (at, alias) in aliases.iter().enumerate() {
            for index in &alias.services {
                services.get_mut(*index).into_iter().for_each(|service| service.alias = Some(at));
            }
        }
        let outbound =
            compared.services.iter().filter(|coverage| coverage.service.traffic.clients.only(Direction::Outbound));
        let read = outbound.map(|coverage| ThirdParty {
            name: coverage.service.id.to_string(),
            kind: "http",
            servers: coverage.service.servers.iter().map(String::as_str).collect(),
            requests: coverage.service.requests,
            operations: coverage.service.operations.len() as u64,
            connections: 0,
            clients: 0,
        });
        let unread =
            compared.snapshot.opaque.iter().filter(|service| is_elsewhere(service, said)).map(|it| ThirdParty {
                name: it.name.clone().unwrap_or_else(|| it.server.clone()),
                kind: &it.kind,
                servers: vec![&it.server],
                requests: 0,
                operations: 0,
                connections: it.flows,
                clients: it.clients,
            });
        let mut all: Vec<ThirdParty<'a>> = read.chain(unread).collect();
        all.sort();
        Self { services, aliases, third_parties: united(all) }
    }
}

/// What a policy is asked about.
pub(super) fn subject<'a>(coverage: &Coverage<'a>) -> Subject<'a> {
    Subject { service: &coverage.service.id, servers: &coverage.service.servers }
}

/// Its server is not one's own. Who calls it is not known; a sensor seldom hears others talk to others.
fn is_elsewhere(service: &OpaqueService, said: &PolicyFile) -> bool {
    let address = service.server.parse::<std::net::SocketAddr>().ok();
    address.is_some_and(|address| said.networks.find(address.ip()).kind == NetworkKind::External)
}

/// One name and kind is one party, at however many addresses. `all` is sorted.
fn united(all: Vec<ThirdParty<'_>>) -> Vec<ThirdParty<'_>> {
    let mut parties: Vec<ThirdParty<'_>> = Vec::with_capacity(all.len());
    for next in all {
        match parties.last_mut().filter(|last| (&last.name, last.kind) == (&next.name, next.kind)) {
            Some(last) => {
                last.servers.extend(next.servers);
                last.connections = last.connections.saturating_add(next.connections);
                // Of the same clients, perhaps: at least as many as at one address.
                last.clients = last.clients.max(next.clients);
            }
            None => parties.push(next),
        }
    }
    parties
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::compare;
    use crate::diff::samples::{index, opaque, seen, service, snapshot};
    use crate::time::Span;

    #[test]
    fn third_parties_are_others_that_are_called_from_here() {
        // Catches a list that hangs on names, that calls one's own callers third parties, or a service that others reach too.
        let directed = |host: &str, directions: &[(Direction, u64)]| {
            let mut service = service(host, vec![seen("GET /a", &[(200, 3)])]);
            service.traffic.clients.directions = directions.iter().copied().collect();
            service
        };
        let mut town = snapshot(vec![
            directed("shop.example", &[(Direction::Inbound, 9), (Direction::Outbound, 2)]),
            directed("partner.example", &[(Direction::Outbound, 3)]),
            directed("reached.example", &[(Direction::Outbound, 3), (Direction::Transit, 1)]),
        ]);
        town.opaque = vec![
            opaque("10.0.0.9:443", Some("own.example")),
            opaque("203.0.113.7:443", Some("bank.example")),
            opaque("203.0.113.8:443", Some("bank.example")),
            opaque("198.51.100.1:443", None),
        ];
        let said = PolicyFile::parse(
            "policy.toml",
            "[[network]]\nname = 'our cloud'\ncidr = '198.51.100.0/24'\n[[environment]]\nname = 'production'\nhosts = ['*.example']\n\
             [[owner]]\nname = 'shop team'\nhosts = ['shop.example']\n",
        )
        .unwrap();
        let index = index(Vec::new());
        let compared = compare(&town, &index, &[], Span::ZERO);
        let identities = Identities::of(&compared, &said);
        let parties: Vec<_> = identities
            .third_parties
            .iter()
            .map(|party| (party.name.as_str(), party.kind, party.servers.len(), party.requests, party.connections))
            .collect();
        assert_eq!(parties, [("bank.example", "tls", 2, 0, 18), ("http://partner.example", "http", 1, 3, 0)]);
        let [partner, _, shop] = identities.services.as_slice() else { panic!("three services") };
        assert_eq!((shop.owner, shop.environment), (Some("shop team"), Some("production")));
        assert_eq!((partner.owner, partner.direction), (None, Some(Direction::Outbound)));
    }
}
