//! Who asked, in classes: from which networks, which way, with what software.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::kept::MOST;
use super::sorted::Sorted;
use crate::api::{Agent, AgentKind, Client, Direction};
use crate::merge::Merge;

/// Requests by class of client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clients {
    /// The smallest names are kept.
    networks: Counts<Box<str>>,
    /// Requests from networks that were not kept.
    more: u64,
    directions: Counts<Direction>,
    agents: Counts<Agent>,
}

/// Requests by class of client, in plain figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFigures {
    /// By network; what was not kept stands under `other`.
    pub networks: Sorted<Box<str>>,
    /// By direction.
    pub directions: Sorted<Direction>,
    /// By family of user agents.
    pub agents: Sorted<Agent>,
}

impl ClientFigures {
    /// Requests of agents of one kind.
    #[must_use]
    pub fn of_kind(&self, kind: AgentKind) -> u64 {
        let fitting = self.agents.iter().filter(|(agent, _)| agent.kind() == kind);
        fitting.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// All requests went this way, and there were some.
    #[must_use]
    pub fn only(&self, way: Direction) -> bool {
        let mut ways = self.directions.iter().filter(|(_, count)| **count > 0).map(|(direction, _)| *direction);
        ways.next() == Some(way) && ways.next().is_none()
    }

    /// The direction of most requests; of two the first.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        let most = self.directions.iter().max_by_key(|(direction, count)| (**count, std::cmp::Reverse(**direction)));
        most.map(|(direction, _)| *direction)
    }
}

impl Clients {
    /// Networks that are told apart.
    const NETWORKS: usize = 16;
    /// A name in a policy is shorter.
    const NAME_BYTES: usize = 64;
    /// What a name takes beside its place, rather too much.
    const NAME_COST: usize = Self::NAME_BYTES + 16;

    /// Takes in one request. Tells the memory added at the most.
    pub(super) fn note(&mut self, client: &Client<'_>) -> usize {
        let known = self.networks.len();
        let list = self.networks.add_text(client.network, 1);
        let name = if self.networks.len() > known { Self::NAME_COST } else { 0 };
        self.settle();
        list + name + self.directions.add(client.direction, 1) + self.agents.add(client.agent, 1)
    }

    /// Memory beside itself.
    pub(super) const fn weight(&self) -> usize {
        let lists = self.networks.weight() + self.directions.weight() + self.agents.weight();
        lists + self.networks.len() * Self::NAME_COST
    }

    /// It can have been counted, of so many requests.
    pub(super) fn is_sound(&self) -> bool {
        let names = self.networks.iter().all(|(name, _)| name.len() <= Self::NAME_BYTES);
        let sums = [self.networks.sum(), self.more, self.directions.sum(), self.agents.sum()];
        names && self.networks.len() <= Self::NETWORKS && sums.iter().all(|sum| *sum <= MOST)
    }

    /// The plain figures.
    pub(super) fn freeze(&self) -> ClientFigures {
        let mut networks = self.networks.map(Clone::clone);
        if self.more > 0 {
            let called_so = networks.get("other").copied().unwrap_or_default();
            networks.insert("other".into(), called_so.saturating_add(self.more));
        }
        ClientFigures { networks, directions: self.directions.map(|it| *it), agents: self.agents.map(|it| *it) }
    }

    fn settle(&mut self) {
        while self.networks.len() > Self::NETWORKS
            && let Some((_, count)) = self.networks.pop_last()
        {
            self.more.merge(count);
        }
    }
}

impl Merge for Clients {
    fn merge(&mut self, other: Self) {
        self.networks.merge(other.networks);
        self.more.merge(other.more);
        self.settle();
        self.directions.merge(other.directions);
        self.agents.merge(other.agents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(numbers: impl Iterator<Item = usize>) -> Clients {
        let mut clients = Clients::default();
        for n in numbers {
            let network = format!("net {:02}", n % 20);
            let agent = Agent::ALL[n % Agent::ALL.len()];
            clients.note(&Client { network: &network, direction: Direction::ALL[n % 3], agent });
        }
        clients
    }

    #[test]
    fn networks_beyond_the_bound_are_one_sum_whatever_the_order() {
        // Catches a bound that keeps the first comers.
        let whole = clients(0..200);
        let mut parts = clients((100..200).rev());
        parts.merge(clients((0..100).rev()));
        assert_eq!(whole, parts);
        assert!(whole.is_sound());
        let figures = whole.freeze();
        assert_eq!((figures.networks.len(), figures.networks["other"]), (17, 40));
        assert_eq!(figures.networks.values().sum::<u64>(), 200);
        assert_eq!(AgentKind::ALL.iter().map(|kind| figures.of_kind(*kind)).sum::<u64>(), 200);
        assert_eq!(figures.direction(), Some(Direction::Inbound));
        assert!(!Direction::ALL.iter().any(|way| figures.only(*way)), "three ways");
    }
}
