//! The report as a spec: an OpenAPI 3.1 document of what was observed (`openapi`), or of its shadow part alone (`openapi-shadow`).
//!
//! Fed back with `--spec` it takes every endpoint that it was made of, and the same traffic differs in nothing from it: what was not
//! looked into is not forbidden. It holds names, types and counts, as all reports do, and no value.
//!
//! | where | what |
//! | --- | --- |
//! | `info` | what it is of; `version` is the time of the last exchange |
//! | `servers` | of the document where all operations have the same, else of the path, else of the operation. A service whose host was also met under the other scheme stands without a scheme (`//shop.example`): nothing is said of clear text then |
//! | `paths` | a template each, of all hosts; an operation that several services have stands once, with the union of what was seen. For a document of one host: `--scope HOST` |
//! | `parameters` | those of path, query and, where every exchange was looked into, header and cookie. `required` where each request had it. A query that also held names of value classes, more names than are kept, or parts of objects has one more parameter, an object of any fields |
//! | `requestBody`, `responses` | by media type; schemas of JSON and of forms. The media types of the operation stand under each success: which came with which status is not counted. `default` takes what other statuses the path may give |
//! | schemas | `type` (a list where several were seen), `format` where all texts were of it, `properties`, `required` where all objects had it, `additionalProperties` for maps. Of a sample: `null` is allowed everywhere, nothing is required, further fields are allowed, and what was seen too seldom has no type |
//! | `security` | ways in that succeeded; `{}` among them where a request succeeded without credentials, or with a key whose name is a guess |
//! | `x-shadowtap` | of an operation: `services`, `requests`, `inspected` (exchanges looked into), `first_seen`, `last_seen`, `statuses`, `credentials` of requests that succeeded, `verdicts` |
//! | `x-shadowtap-operations` | of a path: operations whose methods OpenAPI 3.1 has no field for, by method |
//!
//! What `--scope` leaves out is left out here.

mod keys;
mod operation;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Value, json};

use self::operation::schemes;
pub(super) use self::operation::{Drawing, Sum};
use super::json::Careful;
use super::uri;
use crate::api::{PathTemplate, Piece, Scheme};
use crate::diff::Pairing;
use crate::report::contents::{Endpoint, Report, Verdict, rfc3339_text};
use crate::report::reporter::{Reporter, Style};

/// The report as a spec.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenApi(Part);

/// What of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Shadow,
}

impl OpenApi {
    /// Of everything observed.
    pub(super) const ALL: Self = Self(Part::All);
    /// Of the shadow part.
    pub(super) const SHADOW: Self = Self(Part::Shadow);
}

/// Methods that OpenAPI 3.1 has a field for.
pub(super) const METHODS: [&str; 8] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"];
/// Where the others stand.
pub(super) const MORE_OPERATIONS: &str = "x-shadowtap-operations";

impl Reporter for OpenApi {
    fn name(&self) -> &'static str {
        match self.0 {
            Part::All => "openapi",
            Part::Shadow => "openapi-shadow",
        }
    }

    fn media_type(&self) -> &'static str {
        "application/vnd.oai.openapi+json; version=3.1"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let wanted = |endpoint: &Endpoint<'_>| match self.0 {
            Part::All => endpoint.verdict != Verdict::OutOfScope,
            Part::Shadow => endpoint.verdict == Verdict::Shadow,
        };
        let paths = Paths::of(report, wanted);
        let schemes = schemes(paths.pairings());
        let document = Document {
            openapi: "3.1.0",
            info: info(report, self.0),
            servers: paths.shared.clone(),
            paths,
            components: (!schemes.is_empty()).then(|| json!({ "securitySchemes": schemes })),
        };
        document.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Careful::new()))?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    openapi: &'static str,
    info: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    servers: Vec<Server>,
    paths: Paths<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Server {
    url: String,
}

fn info(report: &Report<'_>, part: Part) -> Value {
    let title = match part {
        Part::All => "APIs observed by shadowtap",
        Part::Shadow => "Shadow APIs observed by shadowtap",
    };
    let (version, window) = match report.snapshot.window {
        Some((first, last)) => {
            let [first, last] = [first, last].map(rfc3339_text);
            (last.clone(), format!("Traffic from {first} to {last}. "))
        }
        None => ("0".to_owned(), String::new()),
    };
    let what = match part {
        Part::Shadow if !report.headline.judged => "No spec was given, so that nothing is a shadow.",
        Part::Shadow => "Operations that exist and that no spec declares.",
        Part::All => "Operations that were called.",
    };
    let note = "Drawn up from what was seen: what nobody did is not in it.";
    json!({ "title": title, "version": version, "description": format!("{window}{what} {note}") })
}

/// The endpoints of one template, whatever its variables are called.
struct Path<'a> {
    /// As a key of `paths`, and the names that its variables have in it.
    key: String,
    names: Vec<String>,
    methods: BTreeMap<&'a str, Vec<(&'a Endpoint<'a>, &'a Pairing<'a>)>>,
}

/// Drawn one after the other while they are written: of a hundred thousand operations only one is open.
struct Paths<'a> {
    report: &'a Report<'a>,
    /// By template, its variables without names: OpenAPI knows no two that differ in those alone.
    all: BTreeMap<String, Path<'a>>,
    /// Hosts that were met in clear and over TLS.
    both: BTreeSet<&'a str>,
    /// The servers of every operation, where they are the same.
    shared: Vec<Server>,
    drawing: Drawing,
}

impl<'a> Paths<'a> {
    fn of(report: &'a Report<'a>, wanted: impl Fn(&Endpoint<'_>) -> bool) -> Self {
        let mut all = BTreeMap::<String, Path<'a>>::new();
        for endpoint in report.endpoints.iter().filter(|endpoint| wanted(endpoint)) {
            let Some(pairing) = report.compared.pairings.get(endpoint.pairing) else { continue };
            let template = &pairing.operation.template;
            let path = all.entry(written(template, &[])).or_insert_with(|| {
                let names = names(template);
                Path { key: written(template, &names), names, methods: BTreeMap::new() }
            });
            path.methods.entry(&pairing.operation.method).or_default().push((endpoint, pairing));
        }
        let host = |scheme: Scheme| {
            let services = report.compared.services.iter().map(|coverage| &coverage.service.id);
            services.filter(move |id| id.scheme == scheme).map(|id| id.host.as_str()).collect::<BTreeSet<_>>()
        };
        let both = host(Scheme::Http).intersection(&host(Scheme::Https)).copied().collect();
        let mut paths = Self { report, all, both, shared: Vec::new(), drawing: Drawing::of(report) };
        paths.shared = paths.same(paths.all.values().flat_map(|path| path.methods.values())).unwrap_or_default();
        let headers = paths.pairings().all(|pairing| operation::is_whole(&pairing.operation.record));
        paths.drawing.headers = headers;
        paths
    }

    fn pairings(&self) -> impl Iterator<Item = &'a Pairing<'a>> + '_ {
        self.all.values().flat_map(|path| path.methods.values()).flatten().map(|(_, pairing)| *pairing)
    }

    /// The servers that all of these have.
    fn same<'s>(
        &self,
        mut operations: impl Iterator<Item = &'s Vec<(&'a Endpoint<'a>, &'a Pairing<'a>)>>,
    ) -> Option<Vec<Server>>
    where
        'a: 's,
    {
        let first = self.servers(operations.next()?);
        operations.all(|operation| self.servers(operation) == first).then_some(first)
    }

    fn servers(&self, operation: &[(&Endpoint<'_>, &Pairing<'_>)]) -> Vec<Server> {
        let services = operation.iter().filter_map(|(_, pairing)| self.report.compared.services.get(pairing.service));
        let servers: BTreeSet<Server> = services
            .map(|coverage| {
                let id = &coverage.service.id;
                let url = uri::service(id);
                let without = || url.strip_prefix(id.scheme.name()).and_then(|url| url.strip_prefix(':'));
                let bare = without().filter(|_| self.both.contains(id.host.as_str())).map(str::to_owned);
                Server { url: bare.unwrap_or(url) }
            })
            .collect();
        servers.into_iter().collect()
    }
}

impl Serialize for Paths<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.all.len()))?;
        for path in self.all.values() {
            map.serialize_entry(&path.key, &Item { paths: self, path })?;
        }
        map.end()
    }
}

struct Item<'p, 'a> {
    paths: &'p Paths<'a>,
    path: &'p Path<'a>,
}

impl Serialize for Item<'_, '_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (paths, path) = (self.paths, self.path);
        let here = if paths.shared.is_empty() { paths.same(path.methods.values()) } else { None };
        let is_said = !paths.shared.is_empty() || here.is_some();
        let drawn = |operation: &Vec<(&Endpoint<'_>, &Pairing<'_>)>| {
            let mut sum = Sum::default();
            operation.iter().for_each(|(endpoint, pairing)| sum.add(paths.report, endpoint, pairing));
            let mut value = paths.drawing.operation(&sum, &path.names);
            if !is_said {
                value["servers"] = json!(paths.servers(operation));
            }
            value
        };
        let mut map = serializer.serialize_map(None)?;
        if let Some(servers) = here {
            map.serialize_entry("servers", &servers)?;
        }
        for (method, operation) in path.methods.iter().filter(|(method, _)| METHODS.contains(method)) {
            map.serialize_entry(&method.to_ascii_lowercase(), &drawn(operation))?;
        }
        let others = path.methods.iter().filter(|(method, _)| !METHODS.contains(method));
        let others: BTreeMap<&str, Value> = others.map(|(method, operation)| (*method, drawn(operation))).collect();
        if !others.is_empty() {
            map.serialize_entry(MORE_OPERATIONS, &others)?;
        }
        map.end()
    }
}

/// Letters of a variable's name; more are cut off.
const NAME_LETTERS: usize = 64;

/// The names of a template's variables, each another: letters, digits, dots, dashes and underlines.
pub(super) fn names(template: &PathTemplate) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for variable in template.variables() {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let name: String = variable.chars().take(NAME_LETTERS).map(plain).collect();
        let name = if name.is_empty() { "value".to_owned() } else { name };
        let mut unique = name.clone();
        let mut number = 1;
        while names.contains(&unique) {
            number += 1;
            unique = format!("{name}_{number}");
        }
        names.push(unique);
    }
    names
}

/// A template as a key of `paths`, its variables with these names; what is no plain text in it is percent-encoded.
pub(super) fn written(template: &PathTemplate, names: &[String]) -> String {
    let mut names = names.iter();
    let mut key = String::new();
    for segment in &template.segments {
        key.push('/');
        for piece in &segment.0 {
            match piece {
                Piece::Literal(text) => key.push_str(&uri::segment(text)),
                Piece::Variable(_) => {
                    key.push('{');
                    key.push_str(names.next().map_or("", String::as_str));
                    key.push('}');
                }
            }
        }
    }
    if key.is_empty() {
        key.push('/');
    }
    key
}
