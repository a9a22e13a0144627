//! Reads a policy: TOML 1.0, a table a thing. A word that is not known is an error: a rule that is misspelt must not be silent.

use std::fs;
use std::ops::Range;
use std::path::Path;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::error::PolicyError;
use super::host;
use super::judging::{SeverityTable, SuppressionsTable, ThresholdsTable, named};
use super::noise::NoiseTable;
use super::templates::{Earlier, TemplateTable};
use super::words::{Environment, Owner, PolicyFile};
use crate::api::{HostPattern, NETWORK_CLASSES, NetworkKind, PathTemplate, Piece, TemplateSegment};

/// Bytes of a policy. More is something else.
const POLICY_BYTES: u64 = 1 << 20;
/// Bytes of a name: it stands beside every endpoint.
const NAME_BYTES: usize = 64;

impl PolicyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says what makes no sense.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let file = path.display().to_string();
        let text = text_of(path, &file)?;
        Self::parse(&file, &text)
    }

    /// Reads a text; `file` is what errors call it.
    ///
    /// # Errors
    /// It says what makes no sense.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let read = toml::from_str::<Document>(text);
        let read = read.map_err(|error| Fault::of(&error, "the README's section on policy files has every word"));
        let line = |at: usize| text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let understood = read.and_then(|document| document.understood(&line)).map_err(|fault| fault.told(file, &line));
        let mut policy = understood?;
        policy.judging.file = file.to_owned();
        Ok(policy)
    }
}

/// The text of a file of a user's, as far as it can be one.
pub(super) fn text_of(path: &Path, file: &str) -> Result<String, PolicyError> {
    let unreadable = |why| PolicyError::Unreadable { file: file.to_owned(), why };
    let known = fs::metadata(path).map_err(unreadable)?;
    if !known.is_file() || known.len() > POLICY_BYTES {
        let what = if known.is_file() { "more than 1 MiB" } else { "not a file" };
        return Err(unreadable(std::io::Error::other(what)));
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// What is wrong, and at which bytes.
pub(super) struct Fault {
    at: Range<usize>,
    what: String,
    mend: String,
    /// At which bytes that stands which it contradicts, and why both cannot be.
    with: Option<(Range<usize>, &'static str)>,
}

impl Fault {
    pub(super) fn new(at: Range<usize>, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { at, what: what.into(), mend: mend.into(), with: None }
    }

    /// It is no such file at all.
    pub(super) fn of(error: &toml::de::Error, mend: &str) -> Self {
        let what = error.message().lines().collect::<Vec<_>>().join(" ");
        Self::new(error.span().unwrap_or_default(), what, mend)
    }

    /// As users are told it.
    pub(super) fn told(self, file: &str, line: &dyn Fn(usize) -> usize) -> PolicyError {
        PolicyError::Wrong {
            file: file.to_owned(),
            line: line(self.at.start),
            what: match &self.with {
                Some((at, why)) => format!("{} in line {}: {why}", self.what, line(at.start)),
                None => self.what,
            },
            mend: self.mend,
        }
    }

    /// It contradicts what stands elsewhere in the file.
    pub(super) fn with(self, at: Range<usize>, why: &'static str) -> Self {
        Self { with: Some((at, why)), ..self }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    fail_on: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    thresholds: ThresholdsTable,
    #[serde(default)]
    suppressions: SuppressionsTable,
    #[serde(default)]
    severity: Vec<SeverityTable>,
    #[serde(default)]
    network: Vec<NetworkTable>,
    #[serde(default)]
    environment: Vec<EnvironmentTable>,
    #[serde(default)]
    owner: Vec<OwnerTable>,
    #[serde(default)]
    noise: Vec<Spanned<NoiseTable>>,
    #[serde(default)]
    template: Vec<Spanned<TemplateTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkTable {
    name: Spanned<String>,
    cidr: Option<Spanned<String>>,
    #[serde(default)]
    cidrs: Vec<Spanned<String>>,
    kind: Option<NetworkKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentTable {
    name: Spanned<String>,
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    #[serde(default)]
    networks: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerTable {
    name: Spanned<String>,
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
    #[serde(default)]
    networks: Vec<Spanned<String>>,
    #[serde(default)]
    paths: Vec<Spanned<String>>,
}

impl Document {
    fn understood(self, line: &dyn Fn(usize) -> usize) -> Result<PolicyFile, Fault> {
        let mut policy = PolicyFile::default();
        policy.judging.fail_on = self.fail_on.map(|words| words.iter().map(|word| named(word, line)).collect());
        policy.judging.thresholds = self.thresholds.understood()?;
        policy.judging.suppressions_expire = self.suppressions.require_expiry;
        for table in self.severity {
            policy.judging.severities.push(table.understood(line)?);
        }
        for table in self.network {
            table.understood(&mut policy)?;
        }
        for table in self.environment {
            let it = Environment {
                name: name(&table.name)?,
                hosts: hosts(&table.hosts)?,
                networks: networks(table.networks, &policy)?,
            };
            if it.hosts.is_empty() && it.networks.is_empty() {
                let what = format!("environment '{}' takes nothing", it.name);
                return Err(Fault::new(table.name.span(), what, "name its hosts or its networks"));
            }
            policy.environments.push(it);
        }
        for table in self.owner {
            let it = Owner {
                name: name(&table.name)?,
                hosts: hosts(&table.hosts)?,
                networks: networks(table.networks, &policy)?,
                paths: table.paths.iter().map(template).collect::<Result<_, _>>()?,
            };
            if it.hosts.is_empty() && it.networks.is_empty() && it.paths.is_empty() {
                let what = format!("owner '{}' says nothing of what is theirs", it.name);
                let mend = r#"name hosts, networks or paths; paths = ["/"] takes all that no owner above it does"#;
                return Err(Fault::new(table.name.span(), what, mend));
            }
            policy.owners.push(it);
        }
        for table in self.noise {
            let at = table.span();
            policy.noise.0.push(table.into_inner().understood(at)?);
        }
        let mut earlier = Earlier::default();
        for table in self.template {
            let at = table.span();
            table.into_inner().understood(at, &mut policy, &mut earlier)?;
        }
        Ok(policy)
    }
}

impl NetworkTable {
    fn understood(self, policy: &mut PolicyFile) -> Result<(), Fault> {
        let called = name(&self.name)?;
        let kind = self.kind.unwrap_or(NetworkKind::Internal);
        let mut all = self.cidr.into_iter().chain(self.cidrs).peekable();
        if all.peek().is_none() {
            let what = format!("network '{called}' has no addresses");
            return Err(Fault::new(self.name.span(), what, r#"write cidrs = ["10.0.0.0/8", ...]"#));
        }
        for text in all {
            let Some(network) = cidr(text.get_ref()) else {
                let what = format!("'{}' is no network", text.get_ref());
                return Err(Fault::new(text.span(), what, "write an address and a length, such as 10.0.0.0/8"));
            };
            if !policy.networks.add(&called, kind, network) {
                let what = format!("{network} has a name already");
                return Err(Fault::new(text.span(), what, "a network has one name; leave one of them out"));
            }
        }
        Ok(())
    }
}

/// A name as it will stand in reports.
fn name(text: &Spanned<String>) -> Result<String, Fault> {
    let trimmed = text.get_ref().trim();
    if trimmed.is_empty() || trimmed.len() > NAME_BYTES || trimmed.contains(char::is_control) {
        let mend = format!("write 1 to {NAME_BYTES} bytes of plain text");
        return Err(Fault::new(text.span(), format!("'{}' is no name", trimmed.escape_debug()), mend));
    }
    Ok(trimmed.to_owned())
}

pub(super) fn hosts(texts: &[Spanned<String>]) -> Result<Vec<HostPattern>, Fault> {
    texts.iter().map(read_host).collect()
}

pub(super) fn read_host(text: &Spanned<String>) -> Result<HostPattern, Fault> {
    let mend = "write it as shop.example, shop.example:8080 or *.shop.example";
    host::read(text.get_ref()).map_err(|what| Fault::new(text.span(), what, mend))
}

/// Networks of an environment or an owner: those above it in the file, and the classes that need no name.
fn networks(texts: Vec<Spanned<String>>, policy: &PolicyFile) -> Result<Vec<String>, Fault> {
    let known = |text: &Spanned<String>| {
        let name = text.get_ref().as_str();
        policy.networks.knows(name) || NETWORK_CLASSES.contains(&name)
    };
    match texts.iter().find(|text| !known(text)) {
        Some(odd) => {
            let what = format!("no network is called '{}'", odd.get_ref());
            Err(Fault::new(odd.span(), what, "name it in a [[network]]"))
        }
        None => Ok(texts.into_iter().map(Spanned::into_inner).collect()),
    }
}

fn cidr(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

pub(super) fn template(text: &Spanned<String>) -> Result<PathTemplate, Fault> {
    let written = text.get_ref().trim();
    let wrong =
        |what: &str| Err(Fault::new(text.span(), format!("'{written}' {what}"), r#"write it as "/users/{userId}""#));
    if !written.starts_with('/') || written.contains(['?', '#']) {
        return wrong("is no path");
    }
    // Elsewhere a star may be a text of a path: such is written %2A.
    if written.contains('*') {
        return wrong("has a star, which takes nothing here: a variable takes one segment");
    }
    let template = PathTemplate::parse(written);
    let mut names: Vec<&str> = Vec::new();
    let side_by_side = |segment: &TemplateSegment| {
        segment.0.windows(2).any(|two| matches!(two, [Piece::Variable(_), Piece::Variable(_)]))
    };
    if template.segments.iter().any(side_by_side) {
        return wrong("has two variables with nothing between them, so nobody can tell where one ends");
    }
    for piece in template.segments.iter().flat_map(|segment| &segment.0) {
        match piece {
            Piece::Literal(text) if text.contains(['{', '}']) => {
                return wrong("has a brace that is not closed");
            }
            Piece::Variable(name) if name.is_empty() || names.contains(&name.as_str()) => {
                return wrong("has a variable without a name of its own");
            }
            Piece::Variable(name) => names.push(name),
            Piece::Literal(_) => {}
        }
    }
    Ok(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        PolicyFile::parse("policy.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_policy_is_read() {
        let policy = PolicyFile::parse(
            "policy.toml",
            r#"
            [[network]]
            name = "offices"
            cidrs = ["10.20.0.0/16", "2001:db8::/32"]

            [[network]]
            name = "card scheme"
            cidr = "203.0.113.7"
            kind = "external"

            [[environment]]
            name = "production"
            networks = ["offices", "private"]

            [[owner]]
            name = "payments"
            hosts = ["pay.example"]
            paths = ["/v1/payments"]

            [[template]]
            host = "pay.example"
            pin = "/v1/customers/{customerId}/cards"

            [[template]]
            forbid = "/static/{name}"

            [[template]]
            rename = { from = "/users/{id}", to = "/users/{userId}" }
            "#,
        )
        .unwrap();
        assert_eq!(policy.networks.find("203.0.113.7".parse().unwrap()).kind, NetworkKind::External);
        assert_eq!(policy.networks.find("10.20.3.4".parse().unwrap()).name, "offices");
        assert_eq!((policy.environments.len(), policy.owners.len()), (1, 1));
        let rules = &policy.templates;
        assert_eq!((rules.pins.len(), rules.forbids.len(), rules.renames.len()), (1, 1, 1));
        assert_eq!(rules.pins[0].template.to_string(), "/v1/customers/{customerId}/cards");
        assert_eq!((&rules.forbids[0].host, &rules.renames[0].host), (&HostPattern::Any, &HostPattern::Any));
        assert!(PolicyFile::parse("policy.toml", "").unwrap().templates.is_empty());
    }

    #[test]
    fn an_error_names_file_line_and_mend() {
        // Catches rules that are passed over in silence, and errors that leave the user searching.
        for (text, line, what) in [
            ("[[netwrok]]\nname = 'a'\n", 1, "unknown field `netwrok`"),
            ("\n[[network]]\nname = 'a'\ncdir = '10.0.0.0/8'\n", 4, "unknown field `cdir`"),
            ("[[network]]\nname = 'a'\nkind = 'mine'\ncidr = '10.0.0.0/8'\n", 3, "unknown variant `mine`"),
            ("[[network]]\nname = 'a'\ncidr = '10.0.0.0/33'\n", 3, "is no network"),
            ("[[network]]\nname = 'a'\n", 2, "has no addresses"),
            ("[[network]]\nname = ''\ncidr = '::/0'\n", 2, "is no name"),
            ("[[network]]\nname = 'a'\ncidrs = ['10.0.0.0/8',\n'10.1.2.3/8']\n", 4, "has a name already"),
            ("[[environment]]\nname = 'a'\n", 2, "takes nothing"),
            ("[[environment]]\nname = 'a'\nnetworks = ['b']\n", 3, "no network is called 'b'"),
            ("[[owner]]\nname = 'a'\nhosts = 'b'\n", 3, "invalid type"),
            ("[[owner]]\nhosts = ['b']\n", 1, "missing field `name`"),
            ("[[owner]]\nname = 'a'\nhosts = ['a.*']\n", 3, "a star stands alone"),
            ("[[owner]]\nname = 'a'\npaths = ['v1']\n", 3, "is no path"),
            ("[[owner]]\nname = 'a'\npaths = ['/v1/*']\n", 3, "has a star"),
            ("[[owner]]\nname = 'a'\n", 2, "says nothing of what is theirs"),
            ("[[owner]]\nname = 'a'\nhosts = []\n", 2, "says nothing of what is theirs"),
            ("\n\n[[template]]\nhost = 'a'\n", 3, "one of pin, forbid and rename"),
            ("[[template]]\npin = '/a/{x}/{x}'\n", 2, "without a name of its own"),
            ("[[template]]\npin = '/a/{x'\n", 2, "not closed"),
            ("[[template]]\nforbid = '/a/{x}/b'\n", 2, "does not end in a variable"),
            ("[[template]]\nrename = { from = '/a/{x}', to = '/b/{x}' }\n", 2, "another template"),
            ("[[template]\n", 1, ""),
        ] {
            let said = wrong(text);
            assert!(said.starts_with(&format!("policy.toml:{line}: ")) && said.contains(what), "{text}: {said}");
            assert_eq!((said.lines().count(), said.matches("; ").count() > 0), (1, true), "{said}");
        }
    }

    #[test]
    fn what_is_no_file_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let said = PolicyFile::read(folder.path()).unwrap_err().to_string();
        assert!(said.contains("cannot be read: not a file"), "{said}");
    }
}
