//! Classes of traffic that is counted and never a finding, and what users say of them.
//!
//! Each request has one class, or none: then it is traffic of an API. What users say goes before what is built in.

use serde::{Deserialize, Serialize};

use super::agent::{Agent, AgentKind};
use super::path::{PathSegment, TemplateSegment};
use super::pin::HostPattern;
use super::service::ServiceId;

/// A class of traffic that is counted and never a finding.
// The order is the format of state files: a new one stands at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    /// A CORS preflight (Fetch standard, section 3.2.2).
    Preflight,
    /// A redirect that only adds a slash or a scheme.
    Redirect,
    /// A static file.
    Static,
    /// A health check.
    Health,
    /// A page that a declared crawler fetched.
    Crawler,
    /// Somebody looked for holes.
    Scanner,
}

impl Noise {
    /// Every class.
    pub const ALL: [Self; 6] =
        [Self::Preflight, Self::Redirect, Self::Static, Self::Health, Self::Crawler, Self::Scanner];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Redirect => "redirect",
            Self::Static => "static",
            Self::Health => "health",
            Self::Crawler => "crawler",
            Self::Scanner => "scanner",
        }
    }

    /// It is about who asks, not about what is asked for: what such a caller found is there for all that.
    #[must_use]
    pub const fn is_of_caller(self) -> bool {
        matches!(self, Self::Crawler | Self::Scanner)
    }
}

/// What users say of noise: the first rule that takes a request decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoiseRules(pub Vec<NoiseRule>);

/// Requests that a user sorts: those that it takes in every respect that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoiseRule {
    /// Hosts.
    pub host: HostPattern,
    /// Paths.
    pub path: Option<PathRule>,
    /// The method.
    pub method: Option<String>,
    /// Who asks.
    pub agent: Option<AgentRule>,
    /// The class; `None`: traffic of an API.
    pub class: Option<Noise>,
}

/// Which paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRule {
    /// Segment by segment; a variable takes any.
    pub segments: Vec<TemplateSegment>,
    /// What lies below is taken too.
    pub below: bool,
}

/// Who asks, by the User-Agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentRule {
    /// One family.
    Family(Agent),
    /// All families of a kind.
    Kind(AgentKind),
}

impl NoiseRules {
    /// What users say of a request; `None`: nothing.
    #[must_use]
    pub fn class(
        &self,
        service: &ServiceId,
        path: &[PathSegment<'_>],
        method: &str,
        agent: Agent,
    ) -> Option<Option<Noise>> {
        let takes = |rule: &&NoiseRule| {
            rule.method.as_ref().is_none_or(|wanted| wanted == method)
                && rule.agent.is_none_or(|wanted| wanted.takes(agent))
                && rule.path.as_ref().is_none_or(|wanted| wanted.takes(path))
                && rule.host.means(service)
        };
        self.0.iter().find(takes).map(|rule| rule.class)
    }
}

impl AgentRule {
    fn takes(self, agent: Agent) -> bool {
        match self {
            Self::Family(family) => family == agent,
            Self::Kind(kind) => kind == agent.kind(),
        }
    }
}

impl PathRule {
    fn takes(&self, path: &[PathSegment<'_>]) -> bool {
        let fits = if self.below { path.len() > self.segments.len() } else { path.len() == self.segments.len() };
        fits && self.segments.iter().zip(path).all(|(wanted, segment)| wanted.takes(segment.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{PathTemplate, Scheme, SegmentClass};

    fn rule(class: Option<Noise>) -> NoiseRule {
        NoiseRule { host: HostPattern::Any, path: None, method: None, agent: None, class }
    }

    fn path(text: &str, below: bool) -> Option<PathRule> {
        Some(PathRule { segments: PathTemplate::parse(text).segments, below })
    }

    #[test]
    fn the_first_rule_that_takes_a_request_in_every_respect_decides() {
        // Catches a rule that takes more than it names, and a later rule that goes before an earlier one.
        let rules = NoiseRules(vec![
            NoiseRule { path: path("/a/{x}", false), method: Some("GET".to_owned()), ..rule(None) },
            NoiseRule { path: path("/a", true), ..rule(Some(Noise::Static)) },
            NoiseRule {
                host: HostPattern::Exact("b".to_owned(), None),
                agent: Some(AgentRule::Kind(AgentKind::Bot)),
                ..rule(Some(Noise::Crawler))
            },
            NoiseRule { agent: Some(AgentRule::Family(Agent::Curl)), ..rule(Some(Noise::Scanner)) },
        ]);
        let class = |host: &str, path: &str, method: &str, agent| {
            let service = ServiceId { host: host.to_owned(), port: 80, scheme: Scheme::Http };
            let segment = |text| PathSegment::plain(text, SegmentClass::Word);
            let path: Vec<PathSegment<'_>> = path.split('/').skip(1).map(segment).collect();
            rules.class(&service, &path, method, agent)
        };
        assert_eq!(class("a", "/a/b", "GET", Agent::None), Some(None));
        assert_eq!(class("a", "/a/b", "POST", Agent::None), Some(Some(Noise::Static)));
        assert_eq!(class("a", "/a/b/c", "GET", Agent::None), Some(Some(Noise::Static)));
        assert_eq!(class("a", "/a", "GET", Agent::None), None, "below a path is not at it");
        assert_eq!(class("b", "/c", "GET", Agent::Bingbot), Some(Some(Noise::Crawler)));
        assert_eq!(class("a", "/c", "GET", Agent::Bingbot), None, "another host");
        assert_eq!(class("a", "/c", "GET", Agent::Curl), Some(Some(Noise::Scanner)));
        assert_eq!(class("a", "/c", "GET", Agent::Wget), None, "another family of the same kind");
        assert_eq!(NoiseRules::default().class(&ServiceId::default(), &[], "GET", Agent::None), None);
    }
}
