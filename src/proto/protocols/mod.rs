//! The shelf of protocols, and the table that `session` walks.

pub(crate) mod http1;
mod http2;

use super::protocol::Entry;

/// Every protocol that is recognised, in the order in which they are asked.
pub const PROTOCOLS: &[Entry] = &[http2::ENTRY, http1::ENTRY];
