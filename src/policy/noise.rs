//! `[[noise]]`: which requests are noise, and which are not though they look it.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::read::{Fault, read_host, template};
use crate::api::{Agent, AgentKind, AgentRule, HostPattern, Noise, NoiseRule, PathRule};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoiseTable {
    class: Spanned<String>,
    host: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    method: Option<Spanned<String>>,
    agent: Option<Spanned<String>>,
}

impl NoiseTable {
    pub(super) fn understood(self, at: Range<usize>) -> Result<NoiseRule, Fault> {
        let class = class(&self.class)?;
        if self.host.is_none() && self.path.is_none() && self.method.is_none() && self.agent.is_none() {
            let mend = "say which requests, by host, path, method or agent";
            return Err(Fault::new(at, "it would take every request", mend));
        }
        let host = self.host.as_ref().map_or(Ok(HostPattern::Any), read_host)?;
        let path = self.path.map(path).transpose()?;
        let method = self.method.map(method).transpose()?;
        let agent = self.agent.as_ref().map(agent).transpose()?;
        Ok(NoiseRule { host, path, method, agent, class })
    }
}

fn class(text: &Spanned<String>) -> Result<Option<Noise>, Fault> {
    let wanted = text.get_ref().as_str();
    if wanted == "none" {
        return Ok(None);
    }
    let found = Noise::ALL.into_iter().find(|class| class.name() == wanted);
    found.map(Some).ok_or_else(|| {
        let names = Noise::ALL.map(Noise::name).join(", ");
        let mend = format!("write one of {names}, or none for what is traffic of an API");
        Fault::new(text.span(), format!("'{}' is no class of noise", wanted.escape_debug()), mend)
    })
}

/// A template, or `/internal/*` for all that lies below.
pub(super) fn path(text: Spanned<String>) -> Result<PathRule, Fault> {
    let at = text.span();
    let written = text.into_inner();
    let written = written.trim();
    let above = written.strip_suffix("/*");
    let start = match above {
        Some("") => "/",
        Some(above) => above,
        None => written,
    };
    if start.contains('*') {
        let what = format!("'{written}': a star stands alone at the end, as in /internal/*");
        return Err(Fault::new(at, what, "write {name} for one segment"));
    }
    let segments = template(&Spanned::new(at, start.to_owned()))?.segments;
    Ok(PathRule { segments, below: above.is_some() })
}

pub(super) fn method(text: Spanned<String>) -> Result<String, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let written = text.get_ref();
    if written.is_empty() || written.len() > 32 || !written.bytes().all(plain) {
        let what = format!("'{}' is no method", written.escape_debug());
        return Err(Fault::new(text.span(), what, "write it as it is sent, such as GET"));
    }
    let upper = written.to_ascii_uppercase();
    if *written != upper && REGISTERED.contains(&upper.as_str()) {
        let what =
            format!("'{written}' is another method than {upper}: methods are case-sensitive (RFC 9110 section 9.1)");
        return Err(Fault::new(text.span(), what, format!("write it as {upper}")));
    }
    Ok(text.into_inner())
}

/// Methods that somebody who writes them otherwise means (RFC 9110 section 9.3, RFC 5789, WebDAV's first).
const REGISTERED: [&str; 11] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PROPFIND", "PUT", "REPORT", "TRACE"];

/// A family, or a kind: no family is called as a kind is.
fn agent(text: &Spanned<String>) -> Result<AgentRule, Fault> {
    let wanted = text.get_ref().as_str();
    let family = Agent::ALL.iter().find(|family| family.name() == wanted).map(|family| AgentRule::Family(*family));
    let kind = || AgentKind::ALL.into_iter().find(|kind| kind.name() == wanted).map(AgentRule::Kind);
    family.or_else(kind).ok_or_else(|| {
        let kinds = AgentKind::ALL.map(AgentKind::name).join(", ");
        let mend = format!("write a family as reports name it, such as googlebot or curl, or a kind: {kinds}");
        Fault::new(text.span(), format!("no agent is called '{}'", wanted.escape_debug()), mend)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyFile;

    #[test]
    fn rules_of_noise_are_read_in_their_order() {
        let policy = PolicyFile::parse(
            "policy.toml",
            r#"
            [[noise]]
            class = "none"
            host = "Shop.example"
            path = "/status"

            [[noise]]
            class = "health"
            path = "/internal/{name}/*"
            method = "GET"
            agent = "uptime-monitor"

            [[noise]]
            class = "scanner"
            agent = "scanner"
            "#,
        )
        .unwrap();
        let rules = &policy.noise.0;
        assert_eq!(
            rules.iter().map(|rule| rule.class).collect::<Vec<_>>(),
            [None, Some(Noise::Health), Some(Noise::Scanner)]
        );
        assert_eq!(rules[0].host, HostPattern::Exact("shop.example".to_owned(), None));
        let below = rules[1].path.as_ref().unwrap();
        assert_eq!((below.segments.len(), below.below), (2, true));
        assert_eq!(rules[1].agent, Some(AgentRule::Family(Agent::Uptime)));
        assert_eq!(rules[2].agent, Some(AgentRule::Kind(AgentKind::Scanner)));
    }

    #[test]
    fn an_odd_rule_is_an_error_with_its_line() {
        // Catches rules that are passed over in silence, and one that would hide everything.
        for (text, line, what) in [
            ("[[noise]]\npath = '/a'\n", 1, "missing field `class`"),
            ("[[noise]]\nclass = 'webhook'\npath = '/a'\n", 2, "is no class of noise"),
            ("\n[[noise]]\nclass = 'health'\n", 2, "every request"),
            ("[[noise]]\nclass = 'health'\npath = 'a'\n", 3, "is no path"),
            ("[[noise]]\nclass = 'health'\npath = '/a*'\n", 3, "a star stands alone"),
            ("[[noise]]\nclass = 'health'\nmethod = 'G T'\n", 3, "is no method"),
            ("[[noise]]\nclass = 'health'\nmethod = 'get'\n", 3, "write it as GET"),
            ("[[noise]]\nclass = 'health'\nmethod = 'Post'\n", 3, "another method than POST"),
            ("[[noise]]\nclass = 'crawler'\nagent = 'mybot'\n", 3, "no agent is called 'mybot'"),
            ("[[noise]]\nclass = 'health'\nhost = 'a b'\n", 3, "is no host"),
            ("[[noise]]\nclass = 'health'\npaths = ['/a']\n", 3, "unknown field"),
        ] {
            let said = PolicyFile::parse("policy.toml", text).unwrap_err().to_string();
            assert!(said.starts_with(&format!("policy.toml:{line}: ")) && said.contains(what), "{text}: {said}");
        }
    }

    #[test]
    fn methods_that_nobody_registered_stand_as_they_are_written() {
        // Catches a check that takes every small letter for a slip.
        for method in ["GET", "PURGE", "Beat", "m-search"] {
            let text = format!("[[noise]]\nclass = 'health'\nmethod = '{method}'\n");
            let policy = PolicyFile::parse("policy.toml", &text).unwrap();
            assert_eq!(policy.noise.0[0].method.as_deref(), Some(method));
        }
    }

    #[test]
    fn no_family_is_called_as_a_kind_is() {
        let kinds = AgentKind::ALL.map(AgentKind::name);
        assert!(Agent::ALL.iter().all(|family| !kinds.contains(&family.name())));
    }
}
