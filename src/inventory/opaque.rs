//! Services that were met and could not be read: who they are, how much went through.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::kept::MOST;
use super::sketch::Distinct;
use super::snapshot::OpaqueService;
use crate::api::OpaqueSeen;
use crate::merge::Merge;

/// Server, name, kind.
pub(super) type Key = (SocketAddr, Option<Box<str>>, Cow<'static, str>);

/// Opaque services; the smallest keys are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Opaque {
    services: BTreeMap<Key, Seen>,
    /// Connections of services that were not kept.
    more: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    flows: u64,
    bytes: u64,
    callers: Distinct,
}

impl Merge for Seen {
    fn merge(&mut self, other: Self) {
        self.flows.merge(other.flows);
        self.bytes.merge(other.bytes);
        self.callers.merge(other.callers);
    }
}

impl Seen {
    /// Its count of connections is one that can have been seen.
    pub(super) const fn is_sound(&self) -> bool {
        self.flows <= MOST
    }
}

impl Opaque {
    /// A name is at most this long (RFC 1035 section 2.3.4); a longer one is none.
    pub(super) const NAME_BYTES: usize = 253;

    /// Takes in one connection.
    pub(super) fn note(&mut self, seen: &OpaqueSeen<'_>, limit: usize) {
        let name = seen.name.filter(|name| name.len() <= Self::NAME_BYTES).map(Into::into);
        let service = self.services.entry((seen.server, name, seen.kind.into())).or_default();
        service.flows.merge(1);
        service.bytes.merge(seen.bytes);
        service.callers.insert(seen.caller);
        self.settle(limit);
    }

    /// Takes in what another learned.
    pub(super) fn absorb(&mut self, other: Self, limit: usize) {
        self.more.merge(other.more);
        for (key, seen) in other.services {
            self.unite(key, seen, limit);
        }
    }

    /// Takes in what is known of one service.
    pub(super) fn unite(&mut self, key: Key, seen: Seen, limit: usize) {
        self.services.entry(key).or_default().merge(seen);
        self.settle(limit);
    }

    /// Counts connections of services that were not kept elsewhere.
    pub(super) fn leave_out(&mut self, flows: u64) {
        self.more.merge(flows);
    }

    /// Every service that is kept, in order.
    pub(super) fn iter(&self) -> std::collections::btree_map::Iter<'_, Key, Seen> {
        self.services.iter()
    }

    /// Connections of services that were not kept.
    pub(super) const fn more(&self) -> u64 {
        self.more
    }

    /// The plain figures, in order.
    pub(super) fn freeze(&self) -> Vec<OpaqueService> {
        let services = self.services.iter().map(|((server, name, kind), seen)| OpaqueService {
            server: server.to_string(),
            name: name.as_deref().map(str::to_owned),
            kind: kind.clone().into_owned(),
            flows: seen.flows,
            bytes: seen.bytes,
            clients: seen.callers.estimate(),
        });
        let mut services: Vec<_> = services.collect();
        services.sort_unstable();
        services
    }

    fn settle(&mut self, limit: usize) {
        while self.services.len() > limit {
            if let Some((_, seen)) = self.services.pop_last() {
                self.more.merge(seen.flows);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn the_same_server_under_two_names_is_two_services() {
        let mut opaque = Opaque::default();
        for (name, caller) in [(Some("b.example"), 1), (Some("a.example"), 1), (Some("b.example"), 2), (None, 3)] {
            let at = Timestamp::ZERO;
            let server = "10.0.0.1:443".parse().unwrap();
            opaque.note(&OpaqueSeen { first: at, last: at, kind: "tls", server, name, bytes: 10, caller }, 2);
        }
        let frozen = opaque.freeze();
        assert_eq!(frozen.len(), 2, "bounded");
        assert_eq!(frozen[1].name.as_deref(), Some("a.example"));
        assert_eq!(opaque.more(), 2, "the connections left out are counted");
    }
}
