//! A report as it was written, its endpoints one by one.

use std::io;

use serde::Deserialize;
use serde_json::Value;

use super::near::{Asked, Candidate};
use super::values::{classes, contains_word, text};
use super::{detail, listing, near};
use crate::api::{DataClass, HostPattern, PathTemplate, ServiceId, TemplateSegment};
use crate::diff::Existence;
use crate::report::contents::Verdict;
use crate::report::reporter::Style;
use crate::report::reporters::{SCHEMA, SCHEMA_VERSION, shown};

/// What is read of a report. The rest is passed over while reading: a report may be large.
#[derive(Debug, Deserialize)]
pub struct ReadBack {
    #[serde(default)]
    schema: String,
    #[serde(default)]
    schema_version: u64,
    #[serde(default)]
    pub(super) endpoints: Vec<Value>,
    #[serde(default)]
    pub(super) findings: Vec<Value>,
    /// Findings that somebody lets stand.
    #[serde(default)]
    pub(super) suppressed: Vec<Value>,
    #[serde(default)]
    pub(super) services: Vec<Value>,
    #[serde(default)]
    pub(super) aliases: Vec<Value>,
}

/// Why a report cannot be read back, or does not have what is asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReadBackError {
    /// It is no JSON, or ends too soon.
    #[error("is no JSON report: {0}; --format json writes one")]
    NoJson(serde_json::Error),
    /// It is something else, JSON or not: it was read as far as that shows.
    #[error("is no report of shadowtap's; --format json writes one")]
    NoReport,
    /// Of a schema that is not known.
    #[error("is of schema version {0}, and {SCHEMA_VERSION} is what this version reads")]
    OtherVersion(u64),
    /// A filter asks for what there is not.
    #[error("no {of} is called '{asked}'; there are {words}")]
    NoSuchWord {
        /// What the word was to be.
        of: &'static str,
        /// What was asked for.
        asked: String,
        /// The words there are.
        words: String,
    },
    /// Nothing is called that.
    #[error("no endpoint is called '{asked}'{nearest}")]
    NotThere {
        /// What was asked for.
        asked: String,
        /// What it may have been, in words.
        nearest: String,
    },
    /// Several are.
    #[error("{number} endpoints are called '{asked}': {names}; name one by its method, with --host or by its template")]
    Several {
        /// What was asked for.
        asked: String,
        /// How many.
        number: usize,
        /// Some of them.
        names: String,
    },
}

/// Which endpoints are wanted. What is not said takes all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A host (`*.shop.example` takes those below it), or a part of the service as it is written.
    pub host: Option<String>,
    /// Methods, any letter case.
    pub methods: Vec<String>,
    /// A part of the template, or a path that it takes.
    pub path: Option<String>,
    /// Data classes; any of them.
    pub classes: Vec<String>,
    /// Verdicts and states of existence; any of them.
    pub states: Vec<String>,
    /// Who answers for it.
    pub owner: Option<String>,
}

impl ReadBack {
    /// Reads a report.
    ///
    /// # Errors
    /// It is none, or of another version.
    pub fn read(from: impl io::Read) -> Result<Self, ReadBackError> {
        let read: Self = serde_json::from_reader(io::BufReader::new(from)).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ReadBackError::NoReport,
            _ => ReadBackError::NoJson(error),
        })?;
        match (read.schema.as_str(), read.schema_version) {
            (SCHEMA, version) if version == u64::from(SCHEMA_VERSION) => Ok(read),
            (SCHEMA, version) => Err(ReadBackError::OtherVersion(version)),
            _ => Err(ReadBackError::NoReport),
        }
    }

    /// Whether the filter asks for classes and states that there are: of this version, or of the one that wrote the report.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn understands(&self, filter: &Filter) -> Result<(), ReadBackError> {
        let classes: Vec<&str> = DataClass::ALL.iter().map(|class| class.name()).collect();
        let verdicts = Verdict::ALL.iter().map(|verdict| verdict.name());
        let states: Vec<&str> = verdicts.chain(Existence::ALL.iter().map(|state| state.name())).collect();
        let of_class = |word: &str| Filter { classes: vec![word.to_owned()], ..Filter::default() };
        let of_state = |word: &str| Filter { states: vec![word.to_owned()], ..Filter::default() };
        self.all_there("data class", &filter.classes, &classes, of_class)?;
        self.all_there("verdict or state", &filter.states, &states, of_state)
    }

    fn all_there(
        &self,
        of: &'static str,
        asked: &[String],
        words: &[&str],
        filter: impl Fn(&str) -> Filter,
    ) -> Result<(), ReadBackError> {
        let is_there = |asked: &str| {
            let filter = filter(asked);
            words.iter().any(|word| contains_word(word, asked)) || self.endpoints.iter().any(|it| filter.takes(it))
        };
        match asked.iter().find(|asked| !is_there(asked)) {
            None => Ok(()),
            Some(asked) => {
                Err(ReadBackError::NoSuchWord { of, asked: shown(asked).into_owned(), words: words.join(", ") })
            }
        }
    }

    /// Writes the endpoints that are wanted as a table; tells how many.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn list(&self, filter: &Filter, style: Style, out: &mut dyn io::Write) -> io::Result<usize> {
        let wanted: Vec<&Value> = self.endpoints.iter().filter(|endpoint| filter.takes(endpoint)).collect();
        out.write_all(listing::list(&wanted, self.endpoints.len(), style).as_bytes())?;
        Ok(wanted.len())
    }

    /// Tells all about one endpoint: `GET /users/{id}`, whatever its variables are called, or a path that it takes; without a
    /// method where that is enough, and with the service before the path (`GET http://shop.example/users/{id}`) where it is not.
    ///
    /// # Errors
    /// None is called so, or several are.
    pub fn tell(&self, asked: &str, host: Option<&str>, style: Style) -> Result<String, ReadBackError> {
        let of_host = Filter { host: host.map(str::to_owned), ..Filter::default() };
        let all = || self.endpoints.iter().filter(|endpoint| of_host.takes(endpoint));
        let wanted = Wanted::read(asked);
        let mut named = wanted.among(all);
        if named.is_empty() {
            named = Wanted::read(asked).in_one_line().among(all);
        }
        match named.as_slice() {
            [one] => Ok(detail::tell(self, one, style)),
            [] => {
                let candidates = all().map(|endpoint| Candidate {
                    method: text(endpoint, "method"),
                    service: text(endpoint, "service"),
                    template: text(endpoint, "template"),
                });
                let asked_for = Asked { method: &wanted.method, service: &wanted.service, path: &wanted.path };
                let nearest = near::nearest(&asked_for, candidates);
                Err(ReadBackError::NotThere { asked: shown(asked).into_owned(), nearest })
            }
            several => {
                let names: Vec<String> = several.iter().take(SOME).map(|endpoint| full_name(endpoint)).collect();
                let more = several.len().saturating_sub(SOME);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let names = format!("{}{more}", names.join(", "));
                Err(ReadBackError::Several { asked: shown(asked).into_owned(), number: several.len(), names })
            }
        }
    }
}

/// Endpoints named in one error.
const SOME: usize = 5;

/// `GET /users/{id}`.
pub(super) fn name(endpoint: &Value) -> String {
    format!("{} {}", text(endpoint, "method"), text(endpoint, "template"))
}

fn full_name(endpoint: &Value) -> String {
    format!("{} at {}", shown(&name(endpoint)), shown(text(endpoint, "service")))
}

/// What was asked for.
struct Wanted {
    /// Upper case; empty: any.
    method: String,
    /// Scheme, host and port, as they were written; empty: any.
    service: String,
    /// As it was written. A template may have a mark in it that begins a query elsewhere.
    whole: String,
    /// Without query and fragment.
    path: String,
    template: PathTemplate,
}

impl Wanted {
    fn read(asked: &str) -> Self {
        let asked = asked.trim();
        let (method, path) = match asked.split_once(char::is_whitespace) {
            Some((method, path)) => (method.to_uppercase(), path.trim()),
            None => (String::new(), asked),
        };
        let (service, path) = address(path).unwrap_or(("", path));
        Self { method, service: service.to_owned(), ..Self::of_path(path) }
    }

    fn of_path(whole: &str) -> Self {
        let path = bare(whole).trim_end();
        let path = if path.is_empty() { "/" } else { path };
        let template = PathTemplate::parse(path);
        Self { method: String::new(), service: String::new(), whole: whole.to_owned(), path: path.to_owned(), template }
    }

    /// The same without blanks in its path: a long name stands in several lines of a table.
    fn in_one_line(self) -> Self {
        let whole: String = self.whole.split_whitespace().collect();
        Self { method: self.method, service: self.service, ..Self::of_path(&whole) }
    }

    /// The endpoints that are called so: exactly, or else whatever the variables are called, or else those that take it as a path.
    fn among<'e, All: Iterator<Item = &'e Value>>(&self, all: impl Fn() -> All) -> Vec<&'e Value> {
        [Self::is_as_written, Self::is_exactly, Self::is_alike, Self::is_taken_by]
            .into_iter()
            .map(|fits| all().filter(|endpoint| self.is_of(endpoint) && fits(self, endpoint)).collect::<Vec<_>>())
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// Of its method and its service.
    fn is_of(&self, endpoint: &Value) -> bool {
        (self.method.is_empty() || text(endpoint, "method").eq_ignore_ascii_case(&self.method))
            && (self.service.is_empty()
                || without_port(text(endpoint, "service")).eq_ignore_ascii_case(without_port(&self.service)))
    }

    fn is_as_written(&self, endpoint: &Value) -> bool {
        text(endpoint, "template") == self.whole
    }

    fn is_exactly(&self, endpoint: &Value) -> bool {
        text(endpoint, "template") == self.path
    }

    /// The same template, whatever its variables are called.
    fn is_alike(&self, endpoint: &Value) -> bool {
        let template = PathTemplate::parse(text(endpoint, "template"));
        let (a, b) = (&self.template.segments, &template.segments);
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| crate::api::alike(a, b))
    }

    /// A path that the template takes.
    fn is_taken_by(&self, endpoint: &Value) -> bool {
        takes(text(endpoint, "template"), &self.path)
    }
}

/// The service and the path of a URL.
fn address(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (service, path) = url.split_at_checked(scheme.len() + 3 + authority)?;
    is_scheme.then_some((service, if path.is_empty() { "/" } else { path }))
}

/// The service as reports have it: the port that a scheme has anyway is not written.
fn without_port(service: &str) -> &str {
    let lower = service.get(..6).map(str::to_ascii_lowercase);
    let port = match lower.as_deref() {
        Some("http:/") => ":80",
        Some("https:") => ":443",
        _ => return service,
    };
    service.strip_suffix(port).unwrap_or(service)
}

/// A path without query and fragment.
fn bare(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// The template takes this path.
fn takes(template: &str, path: &str) -> bool {
    let template = PathTemplate::parse(template);
    let segments: Vec<&str> = bare(path).split('/').filter(|s| !s.is_empty()).collect();
    let pairs = || template.segments.iter().zip(&segments);
    template.segments.len() == segments.len()
        && pairs().all(|(wanted, segment): (&TemplateSegment, _)| wanted.takes(segment))
}

impl Filter {
    /// This endpoint is wanted.
    pub(super) fn takes(&self, endpoint: &Value) -> bool {
        self.takes_host(text(endpoint, "service"))
            && (self.methods.is_empty()
                || self.methods.iter().any(|it| it.eq_ignore_ascii_case(text(endpoint, "method"))))
            && self.path.as_deref().is_none_or(|path| {
                let template = text(endpoint, "template");
                template.contains(path) || takes(template, path)
            })
            && self.owner.as_deref().is_none_or(|owner| text(endpoint, "owner").eq_ignore_ascii_case(owner))
            && (self.states.is_empty()
                || self.states.iter().any(|state| {
                    [text(endpoint, "verdict"), text(endpoint, "existence")]
                        .iter()
                        .any(|said| contains_word(said, state))
                }))
            && (self.classes.is_empty() || {
                let carried = classes(endpoint);
                self.classes.iter().any(|class| carried.keys().any(|known| contains_word(known, class)))
            })
    }

    fn takes_host(&self, service: &str) -> bool {
        let Some(host) = self.host.as_deref() else { return true };
        let authority = service.split_once("://").map_or(service, |(_, authority)| authority);
        match host.strip_prefix('*') {
            Some(suffix) => {
                let pattern = TemplateSegment::parse(&format!("{{*}}{}", suffix.to_lowercase()));
                let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
                let id = ServiceId { host: name.to_owned(), ..ServiceId::default() };
                HostPattern::Template(pattern, None).takes(&id)
            }
            None => service.to_lowercase().contains(&host.to_lowercase()),
        }
    }
}
