//! What specs lack, as a patch: an OpenAPI Overlay 1.0 document that adds what drift and shadows say is missing.
//!
//! | where | what |
//! | --- | --- |
//! | `extends` | the spec, where all actions are for one; with several it is left out, and `x-shadowtap-spec` of an action says which it is for: judge against one spec to get an overlay of its own |
//! | `actions[]` of drift | parameters, answers, media types, bodies and fields that are undocumented are added, as the `openapi` report would tell them; `required` is taken from what was missing |
//! | `actions[]` of shadows | operations on hosts that the spec covers are added under `$.paths` |
//! | `x-shadowtap` | `left_out`: differences and shadows that no action answers |
//!
//! What a spec speaks of nowhere (query parameters, bodies, errors) is not brought into it. Left out are differences that are somebody's to decide (types, formats, ranges, credentials, clear text, ends), those of specs that are no
//! OpenAPI 3 or of parts in other files, names of value classes, and shadows on hosts that no spec covers: `openapi-shadow` has them.
//! Targets are normalized paths (RFC 9535 section 2.7), but for a filter by value where one item of `required` is removed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write as _};

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::{Value, json};

use super::json::Careful;
use super::openapi::{Drawing, METHODS, MORE_OPERATIONS, Sum, names, written};
use super::uri;
use crate::api::{Drift, Fact, Facts, PathTemplate, ServiceId, TemplateSegment};
use crate::contract::Speaks;
use crate::diff::{Drifted, Pairing};
use crate::report::contents::{Endpoint, Report, Verdict, rfc3339_text};
use crate::report::reporter::{Reporter, Style};
use crate::spec::{Server, Spec, SpecOperation};

/// The report as a patch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlay;

impl Reporter for Overlay {
    fn name(&self) -> &'static str {
        "overlay"
    }

    fn media_type(&self) -> &'static str {
        "application/vnd.oai.overlay+json; version=1.0"
    }

    fn write(&self, report: &Report<'_>, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let patch = Patch::of(report);
        patch.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Careful::new()))?;
        out.write_all(b"\n")?;
        out.flush()
    }
}

/// What one action is about: the spec, its target, and what of that.
type Key = (usize, String, String);
/// An operation of a spec, as it was seen: on one service, or on several.
type Operation<'a> = Vec<(&'a Endpoint<'a>, &'a Pairing<'a>)>;

/// Where actions come from. Drawn one after the other while they are written: of a hundred thousand operations only one is open.
enum Source<'a> {
    Drift(&'a Fact, (&'a Endpoint<'a>, &'a Pairing<'a>)),
    Shadow { key: String, method: &'a str, operation: Operation<'a>, is_below: bool },
}

struct Patch<'a> {
    report: &'a Report<'a>,
    actions: BTreeMap<Key, Source<'a>>,
    left_out: u64,
    drawing: Drawing,
    /// Those that an overlay can be for, by index.
    specs: BTreeMap<usize, Known<'a>>,
    /// The drifted operation that was drawn last: its actions mostly stand together.
    last: RefCell<Option<(*const Pairing<'a>, Value)>>,
}

/// What is asked of a spec again and again.
struct Known<'a> {
    spec: &'a Spec,
    /// The servers of all its operations, where they are the same: a new one has them too.
    servers: &'a [Server],
    /// Declared paths, names of variables left out, as they are written.
    keys: BTreeMap<PathTemplate, String>,
    speaks: Option<Speaks>,
}

impl<'a> Known<'a> {
    /// `None` where it is no OpenAPI 3.
    fn of(spec: &'a Spec) -> Option<Self> {
        spec.format.starts_with("openapi 3").then_some(())?;
        let servers = spec.operations.first().map_or(&[][..], |first| &first.servers);
        let is_shared = spec.operations.iter().all(|operation| operation.servers == servers);
        let contract = spec.operations.iter().find_map(|operation| operation.contract.as_ref());
        Some(Self {
            spec,
            servers: if is_shared { servers } else { &[] },
            keys: spec
                .operations
                .iter()
                .filter_map(|known| Some((nameless(&known.path), declared_key(known)?)))
                .collect(),
            speaks: contract.map(|sealed| sealed.contract().speaks),
        })
    }

    /// The template without the base path.
    fn below_base(&self, service: &ServiceId, template: &PathTemplate) -> Option<PathTemplate> {
        let bases = self.servers.iter().filter(|server| server.host.takes(service)).map(|server| &server.base.segments);
        let fits = |base: &&Vec<TemplateSegment>| {
            base.iter().all(|segment| segment.literal().is_some()) && template.segments.starts_with(base)
        };
        let base = bases.filter(fits).max_by_key(|base| base.len())?;
        Some(PathTemplate { segments: template.segments.get(base.len()..)?.to_vec() })
    }
}

fn nameless(path: &PathTemplate) -> PathTemplate {
    PathTemplate { segments: path.segments.iter().map(TemplateSegment::unnamed).collect() }
}

impl<'a> Patch<'a> {
    fn of(report: &'a Report<'a>) -> Self {
        let specs =
            report.compared.specs.iter().enumerate().filter_map(|(at, spec)| Some((at, Known::of(spec)?))).collect();
        let (actions, drawing, last) = (BTreeMap::new(), Drawing::of(report), RefCell::default());
        let mut patch = Self { report, actions, left_out: 0, drawing, specs, last };
        patch.drifts();
        patch.shadows();
        patch
    }

    fn drifts(&mut self) {
        let compared = self.report.compared;
        let endpoints: BTreeMap<usize, &Endpoint<'_>> =
            self.report.endpoints.iter().map(|endpoint| (endpoint.pairing, endpoint)).collect();
        for Drifted { pairing: at, drift } in &compared.drifts {
            let source = compared.pairings.get(*at).zip(endpoints.get(at)).and_then(|(pairing, endpoint)| {
                let spec = pairing.declared?.spec;
                self.specs.get(&spec)?;
                Some((spec, target(&drift.fact)?, (*endpoint, pairing)))
            });
            let Some((spec, target, operation)) = source else {
                self.left_out += 1;
                continue;
            };
            let part = drift.fact.seen.rsplit('/').next().unwrap_or_default().to_owned();
            // Said twice, of two answers with one schema: once is enough.
            self.actions.entry((spec, target, part)).or_insert(Source::Drift(&drift.fact, operation));
        }
    }

    fn shadows(&mut self) {
        let compared = self.report.compared;
        for endpoint in self.report.endpoints.iter().filter(|endpoint| endpoint.verdict == Verdict::Shadow) {
            let Some(pairing) = compared.pairings.get(endpoint.pairing) else { continue };
            let Some(coverage) = compared.services.get(pairing.service) else { continue };
            let near = pairing.nearest.as_ref().map(|near| near.operation.spec);
            let near = near.filter(|near| coverage.specs.contains(near)).or_else(|| coverage.specs.first().copied());
            let Some((at, spec)) = near.and_then(|at| Some((at, self.specs.get(&at)?))) else {
                self.left_out += 1;
                continue;
            };
            let template = &pairing.operation.template;
            let below = spec.below_base(&coverage.service.id, template);
            let path = below.as_ref().unwrap_or(template);
            let declared = below.as_ref().and_then(|path| spec.keys.get(&nameless(path))).cloned();
            let key = declared.unwrap_or_else(|| written(path, &names(path)));
            let method = pairing.operation.method.as_str();
            let fresh = || Source::Shadow { key: key.clone(), method, operation: Vec::new(), is_below: true };
            let action = (at, "$['paths']".to_owned(), format!("{key} {method}"));
            if let Source::Shadow { operation, is_below, .. } = self.actions.entry(action).or_insert_with(fresh) {
                operation.push((endpoint, pairing));
                *is_below &= below.is_some();
            }
        }
    }

    /// The operation as it was seen, in the words of the spec's version.
    fn draw(&self, spec: &Known<'_>, operation: &[(&'a Endpoint<'a>, &'a Pairing<'a>)], names: &[String]) -> Value {
        let mut sum = Sum::default();
        operation.iter().for_each(|(endpoint, pairing)| sum.add(self.report, endpoint, pairing));
        let mut drawn = self.drawing.operation(&sum, names);
        if spec.spec.format == "openapi 3.0" {
            as_of_three_zero(&mut drawn);
        }
        if let Some(drawn) = drawn.as_object_mut() {
            // Its names are those of another document.
            drawn.remove("security");
        }
        if let Some(speaks) = spec.speaks {
            hush(&mut drawn, speaks);
        }
        drawn
    }

    fn action(&self, (spec, target, _): &Key, source: &Source<'a>) -> Value {
        let mut action = json!({ "target": target });
        let Some(spec) = self.specs.get(spec) else { return action };
        action["x-shadowtap-spec"] = json!(spec.spec.name);
        match source {
            Source::Drift(fact, operation) => {
                action["description"] = json!(format!("{}: {}", fact.drift.name(), fact.seen));
                let mut last = self.last.borrow_mut();
                let known = last.take().filter(|(pairing, _)| std::ptr::eq(*pairing, operation.1));
                let names = || names(&operation.1.operation.template);
                let (_, drawn) = last.insert(known.unwrap_or_else(|| {
                    let drawn = self.draw(spec, &[*operation], &names());
                    (std::ptr::from_ref(operation.1), drawn)
                }));
                match update(fact, drawn) {
                    Some(update) => action["update"] = update,
                    None => action["remove"] = json!(true),
                }
            }
            Source::Shadow { key, method, operation, is_below } => {
                action["description"] = json!(format!("shadow: {method} {key}"));
                let names: Vec<String> = PathTemplate::parse(key).variables().map(str::to_owned).collect();
                let mut drawn = self.draw(spec, operation, &names);
                if !is_below {
                    let services =
                        operation.iter().filter_map(|(_, pairing)| self.report.compared.services.get(pairing.service));
                    let mut urls: Vec<String> = services.map(|coverage| uri::service(&coverage.service.id)).collect();
                    urls.dedup();
                    let servers: Vec<Value> = urls.into_iter().map(|url| json!({ "url": url })).collect();
                    drawn["servers"] = json!(servers);
                }
                let item = if METHODS.contains(method) {
                    json!({ method.to_ascii_lowercase(): drawn })
                } else {
                    json!({ MORE_OPERATIONS: { *method: drawn } })
                };
                action["update"] = json!({ key: item });
            }
        }
        action
    }
}

impl Serialize for Patch<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("overlay", "1.0.0")?;
        let version = self.report.snapshot.window.map_or_else(|| "0".to_owned(), |(_, last)| rfc3339_text(last));
        let info = json!({ "title": "What shadowtap saw and specs do not say", "version": version });
        map.serialize_entry("info", &info)?;
        let mut specs: Vec<usize> = self.actions.keys().map(|(spec, ..)| *spec).collect();
        specs.dedup();
        if let Some(spec) = specs.first().filter(|_| specs.len() == 1).and_then(|at| self.specs.get(at)) {
            map.serialize_entry("extends", &uri::path(&spec.spec.name))?;
        }
        map.serialize_entry("actions", &Actions(self))?;
        map.serialize_entry("x-shadowtap", &json!({ "left_out": self.left_out }))?;
        map.end()
    }
}

struct Actions<'p, 'a>(&'p Patch<'a>);

impl Serialize for Actions<'_, '_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let patch = self.0;
        if patch.actions.is_empty() {
            // There must be one.
            return [json!({ "target": "$", "description": "Nothing is missing.", "update": {} })]
                .serialize(serializer);
        }
        serializer.collect_seq(patch.actions.iter().map(|(key, source)| patch.action(key, source)))
    }
}

/// Takes out what a document never speaks of: what one operation said of bodies would make it speak, and all others that have one would
/// differ from it.
fn hush(drawn: &mut Value, speaks: Speaks) {
    if let Some(params) = drawn["parameters"].as_array_mut().filter(|_| !speaks.queries) {
        params.retain(|param| param["in"] != "query");
    }
    let Some(fields) = drawn.as_object_mut() else { return };
    if fields.get("parameters").is_some_and(|params| params.as_array().is_none_or(Vec::is_empty)) {
        fields.remove("parameters");
    }
    if !speaks.bodies {
        fields.remove("requestBody");
    }
    let Some(responses) = fields.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if !speaks.errors {
        responses.retain(|status, _| status.starts_with(['1', '2', '3']));
        if responses.is_empty() {
            // OpenAPI wants one.
            responses.insert("2XX".into(), json!({ "description": "Never seen." }));
        }
    }
}

/// The key of a declared operation's path, as it is written.
fn declared_key(operation: &SpecOperation) -> Option<String> {
    let at = &operation.contract.as_ref()?.contract().at;
    let key = at.strip_prefix("#/paths/")?.split('/').next()?;
    Some(unescaped(key))
}

/// RFC 6901 section 4.
fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// A JSON pointer into the root document as a normalized path; `None` where it leads elsewhere, or was cut.
fn target_of(pointer: &str) -> Option<String> {
    /// Keywords below which things are counted.
    const LISTS: [&str; 7] = ["parameters", "allOf", "anyOf", "oneOf", "prefixItems", "servers", "security"];
    let way = pointer.strip_prefix('#').filter(|_| pointer.len() < Facts::POINTER_BYTES)?;
    let mut target = "$".to_owned();
    let mut before = "";
    for token in way.split('/').skip(1) {
        if LISTS.contains(&before) && token.parse::<usize>().is_ok() {
            target.push_str(&format!("[{token}]"));
        } else {
            target.push_str(&format!("['{}']", quoted(&unescaped(token))));
        }
        before = token;
    }
    Some(target)
}

/// A text between single quotes (RFC 9535 section 2.3.1.1).
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted
}

/// The keyword at the end of a target, cut off.
fn without<'t>(target: &'t str, keyword: &str) -> Option<&'t str> {
    target.strip_suffix(&format!("['{keyword}']"))
}

/// A pointer in parts.
fn parts(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(unescaped).collect()
}

/// Where one difference is mended; `None` where it is somebody's to decide.
fn target(fact: &Fact) -> Option<String> {
    if fact.seen.len() >= Facts::POINTER_BYTES {
        return None;
    }
    let name = parts(&fact.seen).pop()?;
    let target = target_of(&fact.promised)?;
    let is_name = !name.is_empty() && !name.contains('{');
    match fact.drift {
        Drift::UndocumentedQuery | Drift::UndocumentedHeader | Drift::UndocumentedCookie => {
            without(&target, "parameters").filter(|_| is_name).map(str::to_owned)
        }
        Drift::UndocumentedRequestType => without(&target, "content").map(str::to_owned),
        Drift::UndocumentedResponseType => Some(without(&target, "content").unwrap_or(&target).to_owned()),
        Drift::UndocumentedRequestField | Drift::UndocumentedForm | Drift::UndocumentedResponseField => {
            Some(without(&target, "additionalProperties").unwrap_or(&target).to_owned()).filter(|_| is_name)
        }
        Drift::UndocumentedStatus
        | Drift::UndocumentedRequestBody
        | Drift::MissingQuery
        | Drift::MissingHeader
        | Drift::MissingCookie
        | Drift::MissingRequestBody
        | Drift::MissingResponseHeader => Some(target),
        Drift::MissingRequestField | Drift::MissingForm | Drift::MissingResponseField => {
            without(&target, "required").map(|_| format!("{target}[?@ == '{}']", quoted(&name)))
        }
        _ => None,
    }
}

/// What is merged into the target; `None`: it is removed.
fn update(fact: &Fact, drawn: &Value) -> Option<Value> {
    let seen = parts(&fact.seen);
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let name = seen.last().copied().unwrap_or_default();
    let place = seen.get(1).copied().unwrap_or_default();
    let or_any = |known: Option<&Value>| known.cloned().unwrap_or_else(|| json!({}));
    Some(match fact.drift {
        Drift::UndocumentedQuery | Drift::UndocumentedHeader | Drift::UndocumentedCookie => {
            let mut all = drawn["parameters"].as_array().into_iter().flatten();
            let known = all.find(|it| it["in"] == place && it["name"] == name).cloned();
            let mut param = known.unwrap_or_else(|| json!({ "name": name, "in": place, "schema": {} }));
            param["required"] = json!(false);
            json!({ "parameters": [param] })
        }
        Drift::UndocumentedStatus => match drawn["responses"].get(name) {
            Some(response) => json!({ name: response }),
            // OpenAPI has no place for that number.
            None => json!({ "default": drawn["responses"]["default"] }),
        },
        Drift::UndocumentedResponseType => {
            json!({ "content": { name: or_any(drawn["responses"][place]["content"].get(name)) } })
        }
        Drift::UndocumentedRequestType => {
            json!({ "content": { name: or_any(drawn["requestBody"]["content"].get(name)) } })
        }
        Drift::UndocumentedRequestBody => {
            let content = drawn["requestBody"].get("content").cloned().unwrap_or_else(|| json!({ "*/*": {} }));
            json!({ "requestBody": { "content": content, "required": false } })
        }
        Drift::UndocumentedRequestField | Drift::UndocumentedForm | Drift::UndocumentedResponseField => {
            json!({ "properties": { name: or_any(field(drawn, &seen)) } })
        }
        Drift::MissingRequestField | Drift::MissingForm | Drift::MissingResponseField => return None,
        _ => json!({ "required": false }),
    })
}

/// The schema of a field, by where it was seen.
fn field<'d>(drawn: &'d Value, seen: &[&str]) -> Option<&'d Value> {
    let (content, way) = match seen {
        ["request", "body" | "form", way @ ..] => (&drawn["requestBody"]["content"], way),
        ["response", status, "body", way @ ..] => (&drawn["responses"][*status]["content"], way),
        _ => return None,
    };
    let mut schemas = content.as_object()?.values().filter_map(|media| media.get("schema"));
    schemas
        .find_map(|schema| {
            way.iter().try_fold(schema, |schema, step| match *step {
                "*" => schema.get("items"),
                step => schema
                    .get("properties")
                    .and_then(|all| all.get(step))
                    .or_else(|| schema.get("additionalProperties")),
            })
        })
        .filter(|schema| schema.is_object())
}

/// Schemas as OpenAPI 3.0 has them: one type, and `nullable`.
fn as_of_three_zero(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(as_of_three_zero),
        Value::Object(fields) => {
            fields.values_mut().for_each(as_of_three_zero);
            let types: Vec<Value> = match fields.get("type") {
                Some(Value::Array(types)) => types.clone(),
                Some(Value::String(null)) if null == "null" => vec![json!("null")],
                _ => Vec::new(),
            };
            if !types.is_empty() {
                fields.remove("type");
                let others: Vec<&Value> = types.iter().filter(|one| **one != "null").collect();
                // Null is a value of any type where none is said.
                if let [one] = others[..] {
                    fields.insert("type".into(), one.clone());
                    if types.len() > 1 {
                        fields.insert("nullable".into(), json!(true));
                    }
                }
            }
            if fields.get("contentMediaType").is_some_and(Value::is_string) {
                fields.remove("contentMediaType");
                fields.insert("format".into(), json!("binary"));
            }
        }
        _ => {}
    }
}
