//! Who asked, in classes: nothing by which one client is told from another.

use super::agent::Agent;
use super::network::Direction;

/// A client as far as it may be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client<'x> {
    /// The name of the network it called from.
    pub network: &'x str,
    /// Which way the request went.
    pub direction: Direction,
    /// What software it says it is.
    pub agent: Agent,
}
