//! The terms of a comparison: what is judged, and what silence must be measured against.

use super::scope::ScopeItem;
use crate::spec::SpecIndex;
use crate::time::{Span, Timestamp};

/// What a comparison is held to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// Hosts and networks that are judged; none: all.
    pub scope: &'a [ScopeItem],
    /// When silence means something.
    pub exposed: Exposed,
    /// What was last called longer than this before the last packet is dormant.
    pub dormant_after: DormantAfter,
    /// What older specs declared: who still answers there is no shadow.
    pub retired: Option<&'a SpecIndex>,
    /// The time of the last packet, where it is later than that of the last exchange.
    pub now: Option<Timestamp>,
}

/// How well a host must have been seen at work before what it never showed means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Answers to other declared operations of the spec ...
    pub requests: u64,
    /// ... and how many such operations.
    pub operations: u64,
    /// How long the host was observed.
    pub window: Span,
}

impl Default for Exposed {
    fn default() -> Self {
        Self { requests: 20, operations: 3, window: Span::ZERO }
    }
}

/// How long an operation must not have been called to be dormant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DormantAfter(pub Span);

impl Default for DormantAfter {
    fn default() -> Self {
        Self(Span::from_secs(30 * 86_400))
    }
}
