//! What each operation of a document demands, drawn from OpenAPI 3 and Swagger 2.
//!
//! In: an operation, its path item and the document. Out: a [`Contract`] without its schemas, which the whole spec shares and
//! which are complete when all of it is read.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::document::Document;
use super::paths::text_at;
use super::refs::{Found, Refs};
use super::schemas::Compiler;
use super::server::expand;
use super::warnings::Warnings;
use crate::api::{HostPattern, ParamPlace, PathTemplate};
use crate::contract::{
    Contract, DeclaredBody, DeclaredParam, MediaRange, Need, Response, SchemaId, StatusRange, Style,
};

/// Parameters, answers, media types and fields of one operation that are looked at.
const MOST: usize = 1_000;

/// The contracts of one document.
#[derive(Debug)]
pub(super) struct Drafts {
    pub(super) compiler: Compiler,
    swagger: bool,
    /// The servers that were looked at last: most operations have those of the document.
    secure: Option<(String, Secure)>,
    /// What all schemes want to see.
    keys: Option<Arc<Vec<Need>>>,
}

/// Hosts that are declared for https alone, and where.
type Secure = Arc<(Vec<HostPattern>, String)>;

impl Drafts {
    pub(super) fn new(root: &Rc<Document>) -> Self {
        let mut compiler = Compiler::default();
        compiler.begin(root);
        let version = text_at(&root.root, "openapi").unwrap_or_default();
        compiler.siblings = version.starts_with("3.1") || version.starts_with("3.2");
        Self { compiler, swagger: root.root.get("swagger").is_some(), secure: None, keys: None }
    }

    /// What an operation demands.
    pub(super) fn draft(
        &mut self,
        at: &Found,
        items: &[Found],
        path: &PathTemplate,
        (root, refs): (&Rc<Document>, &mut Refs<'_>),
        warnings: &mut Warnings,
    ) -> Contract {
        let whole = Found { document: Rc::clone(root), pointer: String::new() };
        let (compiler, secure, keys) = (&mut self.compiler, &mut self.secure, &mut self.keys);
        let mut drawing = Drawing { compiler, swagger: self.swagger, secure, known: keys, refs, warnings, whole };
        let mut contract = Contract { at: drawing.compiler.place(at), ..Contract::default() };
        drawing.params(at, items, path, &mut contract);
        if !drawing.swagger {
            contract.body = drawing.body(at.child("requestBody"));
        }
        contract.responses = drawing.responses(at);
        (contract.security, contract.security_at) = drawing.security(at);
        contract.secure = drawing.secure(at, items);
        contract.keys = drawing.keys();
        let said = |key: &str| at.value().and_then(|value| value.get(key)).is_some();
        let announces = |(_, response): &(StatusRange, Response)| {
            response
                .headers
                .iter()
                .any(|(name, ..)| ["sunset", "deprecation"].iter().any(|known| name.eq_ignore_ascii_case(known)))
        };
        let deprecated = at.value().and_then(|value| value.get("deprecated")).and_then(Value::as_bool) == Some(true);
        contract.ending = deprecated || said("x-sunset") || contract.responses.iter().any(announces);
        contract
    }
}

struct Drawing<'d, 'l> {
    compiler: &'d mut Compiler,
    swagger: bool,
    secure: &'d mut Option<(String, Secure)>,
    known: &'d mut Option<Arc<Vec<Need>>>,
    refs: &'d mut Refs<'l>,
    warnings: &'d mut Warnings,
    whole: Found,
}

impl Drawing<'_, '_> {
    /// A part with its references followed; `None` where they lead nowhere.
    fn resolve(&mut self, at: Found) -> Option<Found> {
        at.value()?;
        match self.refs.resolve(at) {
            Ok(found) => Some(found),
            Err(fault) => {
                self.warnings.add(format!("a part is not looked at: {fault}"));
                None
            }
        }
    }

    fn schema(&mut self, at: Found) -> Option<SchemaId> {
        self.compiler.schema(at, self.refs, self.warnings)
    }

    fn params(&mut self, at: &Found, items: &[Found], path: &PathTemplate, contract: &mut Contract) {
        let variables: Vec<&str> = path.variables().collect();
        let mut form = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for part in std::iter::once(at).chain(items) {
            let list = part.child("parameters");
            let count = list.value().and_then(Value::as_array).map_or(0, Vec::len);
            for number in 0..count.min(MOST) {
                let Some(found) = self.resolve(list.child(&number.to_string())) else { continue };
                let Some(value) = found.value() else { continue };
                let (Some(place), Some(name)) = (text_at(value, "in"), text_at(value, "name")) else { continue };
                let same = if place == "header" { name.to_ascii_lowercase() } else { name.clone() };
                if !taken.insert((place.clone(), same)) {
                    continue;
                }
                let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
                let place = match place.as_str() {
                    "query" => ParamPlace::Query,
                    "path" => ParamPlace::Path,
                    // OpenAPI 3: these are said elsewhere, and their definition here is ignored.
                    "header"
                        if ["accept", "content-type", "authorization", "cookie"]
                            .iter()
                            .any(|known| name.eq_ignore_ascii_case(known)) =>
                    {
                        continue;
                    }
                    "header" => ParamPlace::Header,
                    "cookie" => ParamPlace::Cookie,
                    "formData" => {
                        let required = flag("required");
                        form.push((name, required, found));
                        continue;
                    }
                    "body" => {
                        let required = flag("required");
                        contract.body = Some(self.swagger_body(at, &found, required));
                        continue;
                    }
                    // OpenAPI 3.2: the whole query by one schema.
                    "querystring" => continue,
                    _ => continue,
                };
                let from_end = variables.iter().rev().position(|known| *known == name);
                if place == ParamPlace::Path && from_end.is_none() {
                    continue;
                }
                let (style, explode) = if self.swagger { collection(value) } else { style(value, place) };
                let content = found.child("content");
                let media =
                    content.value().and_then(Value::as_object).and_then(|content| content.keys().next()).cloned();
                let is_json = media.is_some();
                let schema = match media {
                    _ if self.swagger => self.schema(found.clone()),
                    Some(media) if media.contains("json") => self.schema(content.child(&media).child("schema")),
                    Some(_) => None,
                    None => self.schema(found.child("schema")),
                };
                contract.params.push(DeclaredParam {
                    place,
                    name: if place == ParamPlace::Header { name.to_ascii_lowercase() } else { name },
                    required: flag("required"),
                    deprecated: flag("deprecated"),
                    style,
                    explode,
                    is_json,
                    schema,
                    from_end: from_end.unwrap_or_default(),
                    at: self.compiler.place(&found),
                });
            }
        }
        if !form.is_empty() {
            contract.body = Some(self.form(at, form));
        }
    }

    /// Swagger 2: a parameter that is the body.
    fn swagger_body(&mut self, at: &Found, param: &Found, required: bool) -> DeclaredBody {
        let schema = self.schema(param.child("schema"));
        let content = self.media(at, "consumes", &["*/*"]).into_iter().map(|media| (media, schema)).collect();
        DeclaredBody { required, content, at: self.compiler.place(param) }
    }

    /// Swagger 2: parameters that are fields of a form.
    fn form(&mut self, at: &Found, form: Vec<(String, bool, Found)>) -> DeclaredBody {
        let required: Vec<Box<str>> =
            form.iter().filter(|(_, required, _)| *required).map(|(name, ..)| name.as_str().into()).collect();
        let must = !required.is_empty();
        let fields = form.into_iter().filter_map(|(name, _, found)| Some((name.into(), self.schema(found)?))).collect();
        let schema = self.compiler.object(&at.child("parameters"), fields, required);
        let usual = ["application/x-www-form-urlencoded", "multipart/form-data"];
        let content = self.media(at, "consumes", &usual).into_iter().map(|media| (media, Some(schema))).collect();
        DeclaredBody { required: must, content, at: self.compiler.place(&at.child("parameters")) }
    }

    /// Swagger 2: media types of the operation, or of all.
    fn media(&self, at: &Found, key: &str, usual: &[&str]) -> Vec<MediaRange> {
        let of = |found: &Found| -> Option<Vec<MediaRange>> {
            let list = found.value()?.get(key)?.as_array()?;
            let media: Vec<_> = list.iter().take(MOST).filter_map(Value::as_str).map(MediaRange::new).collect();
            (!media.is_empty()).then_some(media)
        };
        of(at).or_else(|| of(&self.whole)).unwrap_or_else(|| usual.iter().map(|media| MediaRange::new(media)).collect())
    }

    fn body(&mut self, at: Found) -> Option<DeclaredBody> {
        let found = self.resolve(at)?;
        let required = found.value()?.get("required").and_then(Value::as_bool).unwrap_or(false);
        let content = self.content(&found);
        Some(DeclaredBody { required, content, at: self.compiler.place(&found) })
    }

    fn content(&mut self, at: &Found) -> Vec<(MediaRange, Option<SchemaId>)> {
        let content = at.child("content");
        let keys: Vec<String> = content
            .value()
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|content| content.keys().take(MOST).cloned())
            .collect();
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(media) = self.resolve(content.child(&key)) else { continue };
            let schema = self.schema(media.child("schema"));
            all.push((MediaRange::new(&key), schema));
        }
        all
    }

    fn responses(&mut self, at: &Found) -> Vec<(StatusRange, Response)> {
        let responses = at.child("responses");
        let keys: Vec<String> = responses
            .value()
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|all| all.keys().take(MOST).cloned())
            .collect();
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(range) = status(&key) else { continue };
            let Some(found) = self.resolve(responses.child(&key)) else { continue };
            let content = match self.swagger {
                true => match self.schema(found.child("schema")) {
                    Some(schema) => {
                        self.media(at, "produces", &["*/*"]).into_iter().map(|media| (media, Some(schema))).collect()
                    }
                    None => Vec::new(),
                },
                false => self.content(&found),
            };
            let headers = self.headers(&found);
            all.push((range, Response { content, headers, at: self.compiler.place(&found) }));
        }
        all
    }

    fn headers(&mut self, at: &Found) -> Vec<(String, bool, Option<SchemaId>)> {
        let headers = at.child("headers");
        let names: Vec<String> = headers
            .value()
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|all| all.keys().take(MOST).cloned())
            .collect();
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            // OpenAPI 3: its definition is ignored.
            if name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            let Some(found) = self.resolve(headers.child(&name)) else { continue };
            let required =
                found.value().and_then(|value| value.get("required")).and_then(Value::as_bool).unwrap_or(false);
            let schema = if self.swagger { self.schema(found) } else { self.schema(found.child("schema")) };
            all.push((name, required, schema));
        }
        all
    }

    /// What lets somebody in, and where that is said.
    fn security(&mut self, at: &Found) -> (Vec<Vec<Need>>, String) {
        let own = at.child("security");
        let place = if own.value().is_some() { own } else { self.whole.child("security") };
        let Some(list) = place.value().and_then(Value::as_array).cloned() else { return (Vec::new(), String::new()) };
        let mut ways = Vec::new();
        for way in list.iter().take(MOST).filter_map(Value::as_object) {
            let needs: Vec<Need> = way.keys().take(MOST).map(|name| self.need(name)).collect();
            // Without any, nobody need show anything.
            ways.push(needs);
        }
        let place = self.compiler.place(&place);
        (ways, place)
    }

    /// Hosts of servers that are declared for https and for nothing else. A server without a scheme, or without a host, says neither.
    fn secure(&mut self, at: &Found, items: &[Found]) -> Secure {
        let key = if self.swagger { "schemes" } else { "servers" };
        let near =
            std::iter::once(at).chain(items.iter().filter(|_| !self.swagger)).chain(std::iter::once(&self.whole));
        let named = |found: &Found| found.value().and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let Some(place) = near.map(|part| part.child(key)).find(named) else { return Secure::default() };
        let name = self.compiler.place(&place);
        if let Some((_, known)) = self.secure.as_ref().filter(|(known, _)| *known == name) {
            return Arc::clone(known);
        }
        let mut quiet = Warnings::default();
        let (mut tls, mut clear) = (Vec::new(), Vec::new());
        for server in place.value().and_then(Value::as_array).into_iter().flatten().take(MOST) {
            let (url, variables) = match server.as_str().filter(|_| self.swagger) {
                Some(scheme) => {
                    let host = self.whole.value().and_then(|whole| text_at(whole, "host")).unwrap_or_default();
                    (format!("{scheme}://{host}"), None)
                }
                None => (text_at(server, "url").unwrap_or_default(), server.get("variables")),
            };
            let scheme = url.split_once("//").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
            let list = if matches!(scheme.as_str(), "https:" | "wss:") { &mut tls } else { &mut clear };
            let hosts = expand(&url, variables, &mut quiet).into_iter().map(|server| server.host);
            list.extend(hosts.filter(|host| *host != HostPattern::Any));
        }
        tls.retain(|host| !clear.contains(host));
        tls.sort();
        tls.dedup();
        let found = Arc::new((tls, name.clone()));
        *self.secure = Some((name, Arc::clone(&found)));
        found
    }

    /// What all schemes of the document want to see.
    fn keys(&mut self) -> Arc<Vec<Need>> {
        if let Some(known) = self.known.as_ref() {
            return Arc::clone(known);
        }
        let schemes = self.schemes();
        let names =
            schemes.value().and_then(Value::as_object).into_iter().flat_map(|all| all.keys().take(MOST).cloned());
        let names: Vec<String> = names.collect();
        let keys = Arc::new(names.iter().map(|name| self.need(name)).collect());
        *self.known = Some(Arc::clone(&keys));
        keys
    }

    fn schemes(&self) -> Found {
        match self.swagger {
            true => self.whole.child("securityDefinitions"),
            false => self.whole.child("components").child("securitySchemes"),
        }
    }

    fn need(&mut self, name: &str) -> Need {
        let place = self.schemes();
        let Some(found) = self.resolve(place.child(name)) else { return Need::Unseen };
        let Some(value) = found.value() else { return Need::Unseen };
        let text = |key: &str| text_at(value, key).unwrap_or_default();
        match text("type").to_ascii_lowercase().as_str() {
            "oauth2" | "openidconnect" => Need::Bearer,
            "basic" => Need::Basic,
            "http" => match text("scheme").to_ascii_lowercase().as_str() {
                "bearer" => Need::Bearer,
                "basic" => Need::Basic,
                "digest" => Need::Digest,
                // They sign in a connection, and not each request (RFC 4559).
                "negotiate" | "ntlm" => Need::Unseen,
                _ => Need::Authorization,
            },
            "apikey" => match (text("in").as_str(), text("name")) {
                ("header", name) if name.eq_ignore_ascii_case("authorization") => Need::Authorization,
                ("header", name) => Need::Header(name.to_ascii_lowercase()),
                ("query", name) => Need::Query(name),
                ("cookie", name) => Need::Cookie(name),
                _ => Need::Unseen,
            },
            _ => Need::Unseen,
        }
    }
}

/// OpenAPI 3: `style` and `explode`, with what goes without saying.
fn style(value: &Value, place: ParamPlace) -> (Style, bool) {
    let said = value.get("style").and_then(Value::as_str);
    let usual = matches!(place, ParamPlace::Query | ParamPlace::Cookie);
    let style = match said {
        Some("spaceDelimited") => Style::Space,
        Some("pipeDelimited") => Style::Pipe,
        Some("deepObject") => Style::Deep,
        Some("label") => Style::Label,
        Some("matrix") => Style::Matrix,
        _ => Style::Form,
    };
    // In paths and headers there is no name to repeat: items stand between commas.
    let explode = value.get("explode").and_then(Value::as_bool).unwrap_or(usual && matches!(said, None | Some("form")));
    (style, explode && usual)
}

/// Swagger 2: `collectionFormat`.
fn collection(value: &Value) -> (Style, bool) {
    match value.get("collectionFormat").and_then(Value::as_str) {
        Some("multi") => (Style::Form, true),
        Some("ssv") => (Style::Space, false),
        Some("tsv") => (Style::Tab, false),
        Some("pipes") => (Style::Pipe, false),
        _ => (Style::Form, false),
    }
}

fn status(key: &str) -> Option<StatusRange> {
    if key == "default" {
        return Some(StatusRange::Default);
    }
    if let [hundred @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] = key.as_bytes() {
        return Some(StatusRange::Hundred(u16::from(hundred - b'0')));
    }
    key.parse().ok().map(StatusRange::One)
}
