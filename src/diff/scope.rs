//! What `--scope` takes in: hosts by name, servers by address.
//!
//! Here and not with the other decisions of the user, because a comparison must know which of its sides is left
//! out, and the findings stand above it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::api::{HostPattern, ServiceId};
use crate::inventory::Service;

/// One item of `--scope`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeItem {
    /// A host as services are named, lower case, perhaps with a port. `*.example.com` takes every name below
    /// `example.com` and not that name itself.
    Host(String),
    /// Servers in this network.
    Network(ipnet::IpNet),
}

impl FromStr for ScopeItem {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(network) = text.parse::<ipnet::IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        if text.contains('/') || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("'{text}' is neither a host nor a network such as 10.0.0.0/8"));
        }
        if text.is_empty() || text.strip_prefix("*.").unwrap_or(text).contains('*') {
            return Err(format!("'{text}' is no host: a star stands alone in front, as in *.example.com"));
        }
        Ok(Self::Host(text.trim_end_matches('.').to_lowercase()))
    }
}

impl ScopeItem {
    /// It takes a host of this name.
    fn names(&self, host: &str, port: u16) -> bool {
        let Self::Host(item) = self else { return false };
        match item.strip_prefix('*') {
            // The dot stays with the suffix: `*.example.com` must not take `badexample.com`.
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => {
                item == host
                    || item
                        .strip_prefix(host)
                        .and_then(|rest| rest.strip_prefix(':'))
                        .is_some_and(|text| text.parse() == Ok(port))
            }
        }
    }

    /// It takes this service.
    fn takes(&self, service: &Service) -> bool {
        match self {
            Self::Host(_) => self.names(&service.id.host, service.id.port),
            // A host that is called by its address counts where it answers and as it is called.
            Self::Network(network) => {
                let names = service.servers.iter().chain([&service.id.host]);
                names.filter_map(|name| address(name)).any(|at| network.contains(&at))
            }
        }
    }

    /// A host of this pattern that nobody saw might be taken.
    fn might_take(&self, pattern: &HostPattern) -> bool {
        match (self, pattern) {
            (_, HostPattern::Any) => true,
            (Self::Host(item), HostPattern::Template(pieces, _)) => {
                // A name below a starred one cannot be tried against another pattern: it is not ruled out.
                item.starts_with('*') || pieces.takes(item.split_once(':').map_or(item.as_str(), |(host, _)| host))
            }
            (Self::Host(item), HostPattern::Exact(host, port)) => {
                let any_port = || item.strip_prefix(host.as_str()).is_some_and(|rest| rest.starts_with(':'));
                self.names(host, port.unwrap_or_default()) || port.is_none() && any_port()
            }
            // Which address a name has is not known before it answers.
            (Self::Network(network), HostPattern::Exact(host, _)) => {
                address(host).is_none_or(|at| network.contains(&at))
            }
            (Self::Network(_), HostPattern::Template(..)) => true,
        }
    }
}

/// This service is judged. Nothing in the scope means that everything is.
pub(super) fn judges(scope: &[ScopeItem], service: &Service) -> bool {
    scope.is_empty() || scope.iter().any(|item| item.takes(service))
}

/// A host of this pattern, which nobody saw, would perhaps be judged.
pub(super) fn might_judge(scope: &[ScopeItem], pattern: &HostPattern) -> bool {
    scope.is_empty() || scope.iter().any(|item| item.might_take(pattern))
}

/// The service that an unread connection would belong to, by the name or address it went to.
pub(super) fn unread_service(server: &str, name: Option<&str>) -> Option<ServiceId> {
    let at = server.parse::<SocketAddr>().ok()?;
    let host = match (name, at.ip()) {
        (Some(name), _) => name.to_owned(),
        (None, IpAddr::V4(ip)) => ip.to_string(),
        (None, IpAddr::V6(ip)) => format!("[{ip}]"),
    };
    Some(ServiceId { host, port: at.port(), scheme: crate::api::Scheme::Https })
}

/// The address in `10.0.0.7:80`, `[::1]:80`, `10.0.0.7` or `[::1]`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let at = text.parse::<SocketAddr>().map(|at| at.ip()).or_else(|_| bare.parse()).ok()?;
    Some(at.to_canonical())
}
