//! What a policy says, ready to be asked.

use std::net::IpAddr;

use super::judging::Judging;
use super::suppress::Suppressions;
use crate::api::{HostPattern, Networks, NoiseRules, PathTemplate, ServiceId, TemplateRules};

/// All that a policy file says. The empty one says nothing, and everything holds as if there was none.
#[derive(Clone, Debug, Default)]
pub struct PolicyFile {
    /// Networks by name.
    pub networks: Networks,
    /// Environments; of several that take a service the first is meant.
    pub environments: Vec<Environment>,
    /// Owners; of several that take an operation the first is meant.
    pub owners: Vec<Owner>,
    /// Which requests are noise, and which are not though they look it.
    pub noise: NoiseRules,
    /// What is said of path templates.
    pub templates: TemplateRules,
    /// How findings are judged.
    pub judging: Judging,
    /// Findings that are let stand; of a file of its own.
    pub suppressions: Suppressions,
}

/// An environment (production, staging): the services whose host or one of whose servers it takes.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What people call it.
    pub name: String,
    /// Hosts that belong to it.
    pub hosts: Vec<HostPattern>,
    /// Names of networks whose servers belong to it.
    pub networks: Vec<String>,
}

/// Who answers for something: the services or operations that it takes in every respect that it names.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// What people call them.
    pub name: String,
    /// Hosts; none: all.
    pub hosts: Vec<HostPattern>,
    /// Names of networks in which one of the servers stands; none: all.
    pub networks: Vec<String>,
    /// Where paths begin, segment by segment; none: all.
    pub paths: Vec<PathTemplate>,
}

/// What is asked about: a service, and where it answers.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The service.
    pub service: &'s ServiceId,
    /// Addresses of its servers, as texts of socket addresses.
    pub servers: &'s [String],
}

impl PolicyFile {
    /// The environment of a service.
    #[must_use]
    pub fn environment(&self, subject: Subject<'_>) -> Option<&str> {
        let takes = |it: &&Environment| names(&it.hosts, subject) || self.holds(&it.networks, subject);
        self.environments.iter().find(takes).map(|it| it.name.as_str())
    }

    /// Who answers for a whole service: the first who takes all its paths.
    #[must_use]
    pub fn owner(&self, subject: Subject<'_>) -> Option<&str> {
        let all = |it: &&Owner| it.paths.is_empty() || it.paths.iter().any(|path| path.segments.is_empty());
        let takes = |it: &&Owner| all(it) && self.is_theirs(it, subject);
        self.owners.iter().find(takes).map(|it| it.name.as_str())
    }

    /// Who answers for an operation of a service.
    #[must_use]
    pub fn owner_of(&self, subject: Subject<'_>, template: &PathTemplate) -> Option<&str> {
        let begins = |path: &PathTemplate| begins(path, template);
        let takes = |it: &&Owner| (it.paths.is_empty() || it.paths.iter().any(begins)) && self.is_theirs(it, subject);
        self.owners.iter().find(takes).map(|it| it.name.as_str())
    }

    fn is_theirs(&self, it: &Owner, subject: Subject<'_>) -> bool {
        (it.hosts.is_empty() || names(&it.hosts, subject))
            && (it.networks.is_empty() || self.holds(&it.networks, subject))
    }

    /// One of the servers stands in one of these networks.
    fn holds(&self, networks: &[String], subject: Subject<'_>) -> bool {
        let addresses = subject.servers.iter().chain([&subject.service.host]).filter_map(|text| address(text));
        !networks.is_empty()
            && addresses.into_iter().any(|address| {
                let name = self.networks.find(address).name;
                networks.iter().any(|network| network == name)
            })
    }
}

pub(super) fn names(hosts: &[HostPattern], subject: Subject<'_>) -> bool {
    hosts.iter().any(|host| host.means(subject.service))
}

/// Segment by segment; a variable takes any segment, of the template too.
pub(super) fn begins(path: &PathTemplate, template: &PathTemplate) -> bool {
    let (start, whole) = (&path.segments, &template.segments);
    start.len() <= whole.len()
        && start.iter().zip(whole).all(|(wanted, seen)| match seen.literal() {
            Some(text) => wanted.takes(text),
            None => wanted == seen || (wanted.literal().is_none() && wanted.0.len() == 1),
        })
}

/// The address in a text: of a socket, or alone, in brackets or not.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    if let Ok(socket) = text.parse::<std::net::SocketAddr>() {
        return Some(socket.ip());
    }
    text.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> PolicyFile {
        PolicyFile::parse("policy.toml", text).unwrap()
    }

    fn service(host: &str) -> ServiceId {
        ServiceId { host: host.to_owned(), ..ServiceId::default() }
    }

    #[test]
    fn an_environment_is_known_by_host_or_by_where_servers_stand() {
        let policy = policy(
            r#"
            [[network]]
            name = "staging net"
            cidrs = ["10.7.0.0/16"]
            [[environment]]
            name = "staging"
            hosts = ["*.staging.example"]
            networks = ["staging net"]
            [[environment]]
            name = "production"
            hosts = ["*.example"]
            "#,
        );
        let of = |host: &str, servers: &[&str]| {
            let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
            policy.environment(Subject { service: &service(host), servers: &servers }).map(str::to_owned)
        };
        assert_eq!(of("a.staging.example", &[]).as_deref(), Some("staging"));
        assert_eq!(of("a.example", &["10.8.0.1:80"]).as_deref(), Some("production"));
        assert_eq!(of("a.example", &["10.8.0.1:80", "10.7.0.1:80"]).as_deref(), Some("staging"), "the first that fits");
        assert_eq!(of("10.7.3.4", &[]).as_deref(), Some("staging"), "called by its address");
        assert_eq!(of("elsewhere", &["[::1]:80"]), None);
    }

    #[test]
    fn an_owner_is_who_is_named_first_in_every_respect() {
        let policy = policy(
            r#"
            [[owner]]
            name = "cards"
            hosts = ["pay.example"]
            paths = ["/v1/cards", "/v1/{account}/limits"]
            [[owner]]
            name = "payments"
            hosts = ["pay.example", "*.pay.example"]
            [[owner]]
            name = "platform"
            paths = ["/"]
            "#,
        );
        let subject = service("pay.example");
        let of = |service: &ServiceId, path: &str| {
            policy.owner_of(Subject { service, servers: &[] }, &PathTemplate::parse(path)).map(str::to_owned)
        };
        assert_eq!(of(&subject, "/v1/cards/{number}").as_deref(), Some("cards"));
        assert_eq!(of(&subject, "/v1/{accountId}/limits").as_deref(), Some("cards"));
        assert_eq!(of(&subject, "/v1/7/limits/x").as_deref(), Some("cards"));
        assert_eq!(of(&subject, "/v1/cardsmith").as_deref(), Some("payments"), "segments, not letters");
        assert_eq!(of(&subject, "/v1/{kind}/x").as_deref(), Some("payments"), "a variable is no literal");
        assert_eq!(of(&service("elsewhere"), "/v1/cards").as_deref(), Some("platform"), "the root takes all");
        assert_eq!(policy.owner(Subject { service: &service("elsewhere"), servers: &[] }), Some("platform"));
        assert_eq!(policy.owner(Subject { service: &subject, servers: &[] }), Some("payments"));
    }
}
