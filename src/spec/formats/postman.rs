//! Postman collections, v2.0 and v2.1.
//!
//! Requests are operations, folders nest. Variables of the collection and its folders are put in where they say where something
//! is served; in a path one stays a variable, unless its value is a plain word or a version and its name is none of an id. Credentials, bodies, scripts and
//! saved responses are not looked at.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use crate::api::{HostPattern, ParamPlace, PathTemplate, Piece, TemplateSegment};
use crate::spec::document::Document;
use crate::spec::error::{SpecError, shown};
use crate::spec::format::SpecFormat;
use crate::spec::model::{Server, Spec, SpecOperation, SpecParam};
use crate::spec::paths::text_at;
use crate::spec::refs::Refs;
use crate::spec::warnings::Warnings;
use crate::spec::{server, version};

/// The format.
pub(super) struct Postman;

/// Bytes of a URL, variables put in.
const URL_BYTES: usize = 4_096;
/// Variables in variables.
const NESTED: usize = 8;
/// Folders in folders.
const FOLDERS: usize = 60;
/// Segments of a path, and parameters of a request.
const SEGMENTS: usize = 64;
const PARAMS: usize = 1_000;

impl SpecFormat for Postman {
    fn name(&self) -> &'static str {
        "Postman collection"
    }

    fn recognises(&self, document: &Document) -> bool {
        let Some(info) = document.root.get("info") else { return false };
        let schema = info.get("schema").and_then(Value::as_str).unwrap_or_default();
        schema.contains("getpostman.com/json/collection") || info.get("_postman_id").is_some()
    }

    fn read(&self, document: &Rc<Document>, refs: &mut Refs<'_>) -> Result<Spec, SpecError> {
        let info = document.root.get("info").unwrap_or(&Value::Null);
        let schema = info.get("schema").and_then(Value::as_str).unwrap_or_default();
        let format = match schema.split("/collection/v").nth(1).map(|rest| rest.get(..3).unwrap_or(rest)) {
            Some("2.0") => "postman 2.0",
            Some("2.1") | None => "postman 2.1",
            Some(_) => {
                let what = format!("schema \"{}\" of Postman is not read", shown(schema));
                return Err(document.wrong("/info/schema", what, "export the collection as v2.1"));
            }
        };
        let Some(items) = document.root.get("item").and_then(Value::as_array) else {
            return Err(document.wrong("/item", "is no list", "export the collection as v2.1"));
        };
        let mut reading = Reading { warnings: Warnings::default(), operations: Vec::new(), known: HashSet::new() };
        let top = Folder { scopes: vec![variables(&document.root)] };
        let mut open: Vec<(&Value, Rc<Folder<'_>>)> = Vec::new();
        let top = Rc::new(top);
        open.extend(items.iter().rev().map(|item| (item, Rc::clone(&top))));
        while let Some((item, folder)) = open.pop() {
            if item.get("disabled").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            match (item.get("item").and_then(Value::as_array), item.get("request")) {
                (Some(items), _) if folder.scopes.len() < FOLDERS => {
                    let scopes = [folder.scopes.clone(), vec![variables(item)]].concat();
                    let folder = Rc::new(Folder { scopes });
                    open.extend(items.iter().rev().map(|item| (item, Rc::clone(&folder))));
                }
                (Some(_), _) => reading.warnings.add(format!("folders more than {FOLDERS} deep are left out")),
                (None, Some(request)) => reading.request(request, text_at(item, "name"), &folder),
                (None, None) => reading.warnings.add("an item that is neither a request nor a folder is left out"),
            }
            let most = refs.limits().spec_routes;
            if reading.operations.len() > most {
                let what = format!("has more than {most} requests");
                return Err(document.wrong("/item", what, "split the collection, or raise --memory"));
            }
        }
        let version = match info.get("version") {
            Some(Value::Object(parts)) => {
                let part = |key| parts.get(key).map_or_else(|| "0".to_owned(), ToString::to_string);
                format!("{}.{}.{}", part("major"), part("minor"), part("patch"))
            }
            _ => text_at(info, "version").unwrap_or_default(),
        };
        Ok(Spec {
            name: document.name(),
            title: text_at(info, "name").unwrap_or_default(),
            version,
            format,
            operations: reading.operations,
            warnings: reading.warnings.into_lines(),
        })
    }
}

type Scope<'d> = Rc<BTreeMap<&'d str, String>>;

/// Where a request lies: the variables that hold there, the innermost last.
struct Folder<'d> {
    scopes: Vec<Scope<'d>>,
}

/// Variables of a collection or a folder.
fn variables(of: &Value) -> Scope<'_> {
    let all = of.get("variable").and_then(Value::as_array).into_iter().flatten();
    let enabled = all.filter(|one| one.get("disabled").and_then(Value::as_bool) != Some(true));
    let mut known = BTreeMap::new();
    for one in enabled {
        let name = one.get("key").or_else(|| one.get("id")).and_then(Value::as_str);
        if let (Some(name), Some(value)) = (name, text_at(one, "value").filter(|value| !value.is_empty())) {
            known.insert(name, value);
        }
    }
    Rc::new(known)
}

impl Folder<'_> {
    /// What a variable says, variables in it put in; `None` where nobody says it.
    fn say(&self, name: &str) -> Option<String> {
        let value = |name: &str| self.scopes.iter().rev().find_map(|scope| scope.get(name));
        let mut text = value(name)?.clone();
        for _ in 0..NESTED {
            if !text.contains("{{") {
                return Some(text);
            }
            let mut inside = false;
            text = put_in(&text, |name| {
                let found = value(name);
                inside |= found.is_some();
                found.cloned()
            })?;
            if !inside {
                return Some(text);
            }
        }
        None
    }
}

/// Puts in what `say` knows; what it does not know stays. `None` when it gets too long.
fn put_in(text: &str, mut say: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_variable(rest) {
        out.push_str(before);
        match say(name) {
            Some(value) => out.push_str(&value),
            None => out.extend(["{{", name, "}}"]),
        }
        if out.len() > URL_BYTES {
            return None;
        }
        rest = after;
    }
    out.push_str(rest);
    (out.len() <= URL_BYTES).then_some(out)
}

/// What stands before the next `{{name}}`, the name, and what stands after it.
fn next_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name.trim(), after))
}

struct Reading {
    warnings: Warnings,
    operations: Vec<SpecOperation>,
    /// By method, place and path: requests are saved many times, as examples.
    known: HashSet<(String, HostPattern, PathTemplate)>,
}

impl Reading {
    fn request(&mut self, request: &Value, name: Option<String>, folder: &Folder<'_>) {
        let (method, url) = match request {
            Value::String(_) => ("GET".to_owned(), request),
            _ => {
                (text_at(request, "method").unwrap_or_else(|| "GET".to_owned()), request.get("url").unwrap_or(request))
            }
        };
        let Some(text) = url_text(url).filter(|text| text.len() <= URL_BYTES && !text.is_empty()) else {
            self.warnings.add("a request without a URL, or with one that is too long, is left out");
            return;
        };
        let Some((server, path)) = self.place(&text, folder) else {
            self.warnings.add("a request whose URL is too long or too deep is left out");
            return;
        };
        let method = method.to_ascii_uppercase();
        if !self.known.insert((method.clone(), server.host.clone(), nameless(&path.under(&server.base)))) {
            return;
        }
        let params = params(request, url, &text);
        let (servers, deprecated) = (vec![server], false);
        self.operations.push(SpecOperation {
            method,
            path,
            servers,
            id: name,
            deprecated,
            params,
            contract: None,
            sunset: None,
            line: 0,
        });
    }

    /// Where a URL leads: its host and base path, and its path.
    fn place(&mut self, text: &str, folder: &Folder<'_>) -> Option<(Server, PathTemplate)> {
        let whole = before_query(text).trim();
        let mut text = whole.to_owned();
        // `{{baseUrl}}/users`: what a variable in front says of a path is the base path.
        let mut base = String::new();
        if let Some(("", name, rest)) = next_variable(whole) {
            match folder.say(name) {
                Some(value) => {
                    let value = before_query(&value).trim_end_matches('/').to_owned();
                    let (front, path) = value.split_at(path_start(&value));
                    base = path.to_owned();
                    text = format!("{front}{rest}");
                    if front.is_empty() && !rest.starts_with('/') {
                        text = format!("/{rest}");
                    }
                }
                None => {
                    if !rest.starts_with("://") {
                        let told = shown(name);
                        self.warnings.add(format!(
                            "{{{{{told}}}}} is said nowhere in the collection: its requests hold for any host (--spec-host names one)"
                        ));
                    }
                }
            }
        }
        let (front, path) = text.split_at(path_start(&text));
        let authority = front.rsplit_once("//").map_or(front, |(_, authority)| authority);
        let scheme = front.split_once("//").map_or("", |(scheme, _)| scheme);
        let authority = put_in(authority, |name| folder.say(name).or_else(|| Some(format!("{{{name}}}"))))?;
        let scheme = if scheme.contains('{') { "" } else { scheme };
        let mut server = match authority.is_empty() {
            true => server::anywhere(),
            // A base path in it was said by a variable behind the first.
            false => server::expand(&format!("{scheme}//{authority}"), None, &mut self.warnings).into_iter().next()?,
        };
        let base = template(&base, folder)?;
        server.base = base.under(&server.base);
        Some((server, template(path, folder)?))
    }
}

/// Where the path begins: at the first slash that is none of `://`, or at the end.
fn path_start(text: &str) -> usize {
    let from = text.find("://").filter(|at| !text.get(..*at).unwrap_or_default().contains('/')).map_or(0, |at| at + 3);
    let from = if from == 0 && text.starts_with("//") { 2 } else { from };
    text.get(from..).and_then(|rest| rest.find('/')).map_or(text.len(), |at| from + at)
}

/// A URL without query and fragment.
fn before_query(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or_default()
}

/// The text of a URL: as it was typed, or put together from its parts.
fn url_text(url: &Value) -> Option<String> {
    if let Value::String(text) = url {
        return Some(text.clone());
    }
    if let Some(raw) = text_at(url, "raw").filter(|raw| !raw.trim().is_empty()) {
        return Some(raw);
    }
    let joined = |key: &str, mark: &str| match url.get(key) {
        Some(Value::Array(parts)) => {
            let part = |part: &Value| text_at(part, "value").or_else(|| part.as_str().map(str::to_owned));
            parts.iter().take(SEGMENTS + 1).filter_map(part).collect::<Vec<_>>().join(mark)
        }
        _ => text_at(url, key).unwrap_or_default(),
    };
    let (host, path) = (joined("host", "."), joined("path", "/"));
    if host.is_empty() && path.is_empty() {
        return None;
    }
    let scheme =
        text_at(url, "protocol").map_or_else(String::new, |scheme| format!("{}://", scheme.trim_end_matches("://")));
    let port = text_at(url, "port").map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{scheme}{host}{port}/{}", path.trim_start_matches('/')))
}

/// The template of a path.
fn template(path: &str, folder: &Folder<'_>) -> Option<PathTemplate> {
    // Variables first: one may hold slashes.
    let text = put_in(path, |name| {
        let said = folder.say(name).filter(|value| !names_value(name) && value.split('/').all(is_plain));
        Some(said.unwrap_or_else(|| format!("{{{}}}", name.replace(['/', '{', '}'], "_"))))
    })?;
    let mut segments = Vec::new();
    for (at, text) in text.split('/').filter(|segment| !segment.is_empty()).enumerate() {
        if at >= SEGMENTS {
            return None;
        }
        segments.push(segment(text, at));
    }
    Some(PathTemplate { segments })
}

fn segment(text: &str, at: usize) -> TemplateSegment {
    if let Some(rest) = text.strip_prefix(':') {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if !name.is_empty() {
            let mut pieces = vec![Piece::Variable(name.to_owned())];
            if !after.is_empty() {
                pieces.extend(TemplateSegment::parse(after).0);
            }
            return TemplateSegment(pieces);
        }
    }
    // Somebody's id that was saved with the request. A number in front says a version.
    match at > 0 && is_id(text) {
        true => TemplateSegment::of_variable("id"),
        false => TemplateSegment::parse(text),
    }
}

/// A value that stands in a path as it is: a word, a version, nothing.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_')) || version::style_of(value).is_some()
}

/// A variable of this name stands for a thing that differs, whatever it was when the collection was saved.
fn names_value(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["id", "name", "slug", "key", "token", "code", "user", "login"].iter().any(|end| name.ends_with(end))
}

/// A number, a UUID or a long run of hexadecimal digits.
fn is_id(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    digits == text.len() || hex && digits > 0 && text.len() >= 16
}

/// Names of query and form parameters that are not switched off.
fn params(request: &Value, url: &Value, text: &str) -> Vec<SpecParam> {
    let listed = |list: Option<&Value>| -> Option<Vec<String>> {
        let list = list?.as_array()?;
        let on = |one: &&Value| one.get("disabled").and_then(Value::as_bool) != Some(true);
        Some(list.iter().filter(on).filter_map(|one| text_at(one, "key")).collect())
    };
    let query = listed(url.get("query")).unwrap_or_else(|| {
        let query = text.split('#').next().and_then(|text| text.split_once('?')).map_or("", |(_, query)| query);
        query.split('&').map(|pair| pair.split('=').next().unwrap_or_default().to_owned()).collect()
    });
    let body = request.get("body").filter(|body| text_at(body, "mode").as_deref() == Some("urlencoded"));
    let form = listed(body.and_then(|body| body.get("urlencoded"))).unwrap_or_default();
    let query = query.into_iter().map(|name| (ParamPlace::Query, name));
    let all = query.chain(form.into_iter().map(|name| (ParamPlace::Form, name)));
    let mut known = HashSet::new();
    let mut params = Vec::new();
    for (place, name) in all.filter(|(_, name)| !name.is_empty() && !name.contains("{{")) {
        if params.len() < PARAMS && known.insert((place, name.clone())) {
            params.push(SpecParam { place, name, required: false });
        }
    }
    params
}

fn nameless(template: &PathTemplate) -> PathTemplate {
    PathTemplate { segments: template.segments.iter().map(TemplateSegment::unnamed).collect() }
}
