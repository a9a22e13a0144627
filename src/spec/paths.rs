//! Paths and operations, in what OpenAPI 3 and Swagger 2 have in common; a [`Dialect`] says where they differ.
//!
//! In: a document. Out: a [`Spec`] with its operations in order of the document. What stands where something else
//! must be is an error with its place; what is merely odd is a warning.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::contracts::Drafts;
use super::document::Document;
use super::error::{SpecError, shown};
use super::lines::escape;
use super::model::{Server, Spec, SpecOperation, SpecParam};
use super::refs::{Found, Refs};
use super::warnings::Warnings;
use crate::api::{ParamPlace, PathTemplate, Piece};
use crate::contract::{Sealed, Speaks};
use crate::time::Deadline;

/// Segments of a declared path. Observed ones end sooner.
const SEGMENTS: usize = 64;
/// Parameters of one operation.
const PARAMS: usize = 1_000;

/// Where the formats differ.
pub(super) trait Dialect {
    /// Methods with a field of their own in a path item.
    fn methods(&self) -> &'static [&'static str];
    /// Servers named by a path item or an operation.
    fn servers(&self, part: &Value, warnings: &mut Warnings) -> Option<Vec<Server>>;
    /// Where a declared parameter stands, if it is one that we know.
    fn param(&self, param: &Value) -> Option<ParamPlace>;
    /// Parameters declared as a body.
    fn body(&self, operation: &Found, refs: &mut Refs<'_>, params: &mut Params, warnings: &mut Warnings);
}

/// Parameters of one operation, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    list: Vec<SpecParam>,
    known: HashSet<(ParamPlace, String)>,
}

impl Params {
    /// Adds one, unless a nearer declaration has spoken.
    pub(super) fn add(&mut self, param: SpecParam) {
        if self.list.len() < PARAMS && self.known.insert((param.place, param.name.clone())) {
            self.list.push(param);
        }
    }
}

/// One document being read.
pub(super) struct Reading<'r, 'l> {
    document: Rc<Document>,
    refs: &'r mut Refs<'l>,
    pub(super) warnings: Warnings,
    drafts: Drafts,
    /// Operations times servers.
    routes: usize,
}

impl<'r, 'l> Reading<'r, 'l> {
    pub(super) fn new(document: &Rc<Document>, refs: &'r mut Refs<'l>) -> Self {
        let drafts = Drafts::new(document);
        Self { document: Rc::clone(document), refs, warnings: Warnings::default(), drafts, routes: 0 }
    }

    /// The whole spec.
    pub(super) fn spec(
        mut self,
        format: &'static str,
        servers: &[Server],
        dialect: &dyn Dialect,
    ) -> Result<Spec, SpecError> {
        let mut operations = self.operations(servers, dialect)?;
        let schemas = Arc::new(std::mem::take(&mut self.drafts.compiler).finish(&mut self.warnings));
        let drafts = operations.iter().filter_map(|operation| operation.contract.as_ref());
        let speaks = drafts.fold(Speaks::default(), |all, draft| all.or(Speaks::of(draft.contract())));
        for operation in &mut operations {
            let draft = operation.contract.take().and_then(Arc::into_inner);
            operation.contract = draft.map(|draft| Arc::new(draft.over(&schemas, speaks)));
        }
        let info = self.document.root.get("info");
        let part = |key| info.and_then(|info| text_at(info, key)).unwrap_or_default();
        let name = self.document.file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Ok(Spec {
            name,
            title: part("title"),
            version: part("version"),
            format,
            operations,
            warnings: self.warnings.into_lines(),
        })
    }

    fn operations(&mut self, servers: &[Server], dialect: &dyn Dialect) -> Result<Vec<SpecOperation>, SpecError> {
        let document = Rc::clone(&self.document);
        for (pointer, line) in document.repeated() {
            self.warnings.add(format!("line {line}: {} is declared twice: the last one counts", shown(pointer)));
        }
        let paths = match document.root.get("paths") {
            None | Some(Value::Null) => {
                self.warnings.add("declares no paths");
                return Ok(Vec::new());
            }
            Some(Value::Object(paths)) => paths,
            Some(other) => return Err(document.wrong("/paths", no_object(other), "write paths as keys of an object")),
        };
        // Values forget their order; lines know it.
        let mut keys: Vec<(u32, &String)> = paths
            .keys()
            .filter(|key| !key.starts_with("x-"))
            .map(|key| (document.line(&format!("/paths/{}", escape(key))), key))
            .collect();
        keys.sort();
        let mut operations: Vec<SpecOperation> = Vec::new();
        let mut known = HashSet::new();
        for (line, key) in keys {
            let Some(path) = self.path(key, line) else { continue };
            let from = operations.len();
            self.path_item(key, &path, servers, dialect, &mut operations)?;
            // `/x?action=a` and `/x?action=b`, or `/x` and `/x/`, are one path to whoever looks at paths.
            for operation in operations.split_off(from) {
                if known.insert((operation.method.clone(), path.clone())) {
                    operations.push(operation);
                } else {
                    let SpecOperation { line, method, .. } = operation;
                    let path = shown(&path.to_string());
                    self.warnings.add(format!("line {line}: {method} {path} is declared before: the first one counts"));
                }
            }
        }
        Ok(operations)
    }

    /// The template of a key of `paths`.
    fn path(&mut self, key: &str, line: u32) -> Option<PathTemplate> {
        let name = shown(key);
        if !key.starts_with('/') {
            self.warnings.add(format!("line {line}: path \"{name}\" does not start with a slash: read as if it did"));
        }
        let text = without_query(key);
        if text.len() < key.len() {
            self.warnings.add(format!("line {line}: query or fragment of path \"{name}\" is cut off"));
        }
        let path = PathTemplate::parse(text);
        if path.segments.len() > SEGMENTS {
            self.warnings.add(format!("line {line}: a path of more than {SEGMENTS} segments is left out"));
            return None;
        }
        let greedy = |piece: &Piece| matches!(piece, Piece::Variable(name) if name.ends_with(['+', '*']));
        if path.segments.iter().flat_map(|segment| &segment.0).any(greedy) {
            self.warnings.add(format!("line {line}: path \"{name}\": a variable takes one segment, no more"));
        }
        Some(path)
    }

    /// The operations of one path item, its `$ref` followed: what stands beside a reference goes before what it
    /// leads to.
    fn path_item(
        &mut self,
        key: &str,
        path: &PathTemplate,
        servers: &[Server],
        dialect: &dyn Dialect,
        operations: &mut Vec<SpecOperation>,
    ) -> Result<(), SpecError> {
        let pointer = format!("/paths/{}", escape(key));
        let document = Rc::clone(&self.document);
        let items = self.refs.chain(Found { document: Rc::clone(&document), pointer: pointer.clone() })?;
        for item in &items {
            match item.value() {
                Some(Value::Object(_) | Value::Null) | None => {}
                Some(other) => return Err(item.wrong(no_object(other), "write methods as keys of an object")),
            }
        }
        let mut named = None;
        for item in &items {
            named = named.or_else(|| item.value().and_then(|value| dialect.servers(value, &mut self.warnings)));
        }
        let servers = named.as_deref().unwrap_or(servers);

        // Every operation of the item: its method and where it stands.
        let mut found: Vec<(String, Found)> = Vec::new();
        for method in dialect.methods() {
            let at = items.iter().find(|item| item.value().is_some_and(|value| value.get(method).is_some()));
            if let Some(item) = at {
                found.push((method.to_ascii_uppercase(), item.child(method)));
            }
        }
        for item in &items {
            // Methods without a field of their own: as OpenAPI 3.2 has it, and as our own exports in 3.1 do.
            for more in ["additionalOperations", "x-shadowtap-operations"] {
                let more = item.child(more);
                let Some(methods) = more.value().and_then(Value::as_object) else { continue };
                for method in methods.keys() {
                    if !found.iter().any(|(known, _)| known == method) {
                        found.push((method.clone(), more.child(method)));
                    }
                }
            }
        }
        let line = |at: &Found| {
            let here = Rc::ptr_eq(&at.document, &document) && at.pointer.starts_with(&pointer);
            document.line(if here { &at.pointer } else { &pointer })
        };
        found.sort_by_key(|(_, at)| line(at));
        for (method, at) in found {
            let line = line(&at);
            let mut operation = self.operation(method, &at, &items, line, servers, dialect)?;
            let within = (&document, &mut *self.refs);
            let draft = self.drafts.draft(&at, &items, path, within, &mut self.warnings);
            operation.contract = Some(Arc::new(Sealed::new(draft)));
            self.routes = self.routes.saturating_add(operation.servers.len());
            let most = self.refs.limits().spec_routes;
            if self.routes > most {
                let what = format!("has more than {most} operations, counted once for each server");
                return Err(document.wrong("/paths", what, "split the spec, name fewer servers, or raise --memory"));
            }
            operations.push(SpecOperation { path: path.clone(), ..operation });
        }
        Ok(())
    }

    fn operation(
        &mut self,
        method: String,
        at: &Found,
        items: &[Found],
        line: u32,
        servers: &[Server],
        dialect: &dyn Dialect,
    ) -> Result<SpecOperation, SpecError> {
        let value = match at.value() {
            Some(value @ Value::Object(_)) => value,
            Some(Value::Null) | None => {
                self.warnings.add(format!("line {line}: {method} is declared without anything in it"));
                &Value::Null
            }
            Some(other) => return Err(at.wrong(no_object(other), "write the operation as an object")),
        };
        // The nearest declaration speaks first: the operation, then its path, then what that refers to.
        let mut params = Params::default();
        for part in std::iter::once(at).chain(items) {
            self.params(part, dialect, &mut params)?;
        }
        dialect.body(at, self.refs, &mut params, &mut self.warnings);
        Ok(SpecOperation {
            method,
            path: PathTemplate::default(),
            servers: dialect.servers(value, &mut self.warnings).unwrap_or_else(|| servers.to_vec()),
            id: text_at(value, "operationId"),
            sunset: self.sunset(value, line),
            deprecated: value.get("deprecated").and_then(Value::as_bool).unwrap_or(false),
            params: params.list,
            contract: None,
            line,
        })
    }

    /// When an operation is to be gone, as far as it says so.
    fn sunset(&mut self, operation: &Value, line: u32) -> Option<Deadline> {
        let sunset = text_at(operation, "x-sunset")?.parse::<Deadline>();
        sunset.inspect_err(|why| self.warnings.add(format!("line {line}: x-sunset is passed over: {why}"))).ok()
    }

    /// The parameters that a path item or an operation declares.
    fn params(&mut self, part: &Found, dialect: &dyn Dialect, params: &mut Params) -> Result<(), SpecError> {
        let list = part.child("parameters");
        let count = match list.value() {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(items)) => items.len(),
            Some(_) => return Err(list.wrong("is no list", "write parameters as a list")),
        };
        if count > PARAMS {
            self.warnings.add(format!("more than {PARAMS} parameters in one list: the rest is left out"));
        }
        for at in 0..count.min(PARAMS) {
            let param = self.refs.resolve(list.child(&at.to_string()))?;
            let Some(value @ Value::Object(_)) = param.value() else {
                return Err(param.wrong("is no parameter", "write it as an object"));
            };
            let Some(place) = dialect.param(value) else { continue };
            match text_at(value, "name") {
                Some(name) => {
                    let required = value.get("required").and_then(Value::as_bool).unwrap_or(false);
                    params.add(SpecParam { place, name, required });
                }
                None => self.warnings.add(format!("a parameter without a name at {}", shown(&param.pointer))),
            }
        }
        Ok(())
    }
}

/// A field's text. Numbers count as they are written, since YAML's `version: 1.0` is one.
pub(super) fn text_at(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What a value is, where an object should be.
fn no_object(value: &Value) -> String {
    let is = match value {
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        Value::Null => "nothing",
        _ => "a single value",
    };
    format!("is {is} where an object must be")
}

/// A key of `paths` without query and fragment. Those of RFC 6570 (`/orders{?limit}`) count.
fn without_query(key: &str) -> &str {
    let mut inside = false;
    for (at, c) in key.char_indices() {
        let here = match c {
            '{' => {
                inside = true;
                key.get(at + 1..).is_some_and(|rest| rest.starts_with(['?', '&', '#']))
            }
            '}' => {
                inside = false;
                false
            }
            '?' | '#' => !inside,
            _ => false,
        };
        if here {
            return key.get(..at).unwrap_or(key);
        }
    }
    key
}
