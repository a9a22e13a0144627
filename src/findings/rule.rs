//! The contract of a rule: facts in, findings out.

use super::finding::Finding;
use super::policy::Policy;
use super::texts::RuleText;
use crate::api::PathTemplate;
use crate::diff::{Comparison, Coverage};
use crate::policy::{self, PolicyFile};

/// One opinion. Pure: everything it may use is in the view, and it has no clock.
pub trait Rule: Sync {
    /// The ids under which it finds, each in words; a rule that looks at several things has several.
    fn texts(&self) -> &'static [RuleText];
    /// Pushes what it finds, in any order: `judge` sorts.
    fn check(&self, view: View<'_>, found: &mut Vec<Finding>);
}

/// All that a rule may use.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Seen against promised; the snapshot is in it.
    pub compared: &'a Comparison<'a>,
    /// What the user decided.
    pub policy: &'a Policy,
    /// What users say of their world: who owns what.
    pub said: &'a PolicyFile,
}

impl<'a> View<'a> {
    /// Who answers for a path of a service, by the policy.
    pub(super) fn owner(&self, coverage: &Coverage<'a>, template: &PathTemplate) -> Option<&'a str> {
        let subject = policy::Subject { service: &coverage.service.id, servers: &coverage.service.servers };
        self.said.owner_of(subject, template)
    }
}
