//! One operation of a document, drawn from all endpoints that are it: one, or the same method and template on several hosts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::keys::key_of;
use super::schema::{Sight, schema};
use crate::api::{AuthScheme, Noise, ParamPlace, ParamStyle, ParamType, PathTemplate, Shape, TemplateSegment};
use crate::diff::Pairing;
use crate::inventory::{ParamRecord, Record};
use crate::merge::Merge;
use crate::report::contents::{Endpoint, Report, Verdict, rfc3339_text};
use crate::time::Timestamp;

/// Every exchange of it was looked into.
pub(super) const fn is_whole(record: &Record) -> bool {
    record.inspected >= record.requests
}

/// What holds for all operations of a document.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::report::reporters) struct Drawing {
    /// Header and cookie parameters are known of every operation: of a document that names some, others are undocumented.
    pub(super) headers: bool,
    /// Parameters were left out somewhere.
    params_cut: bool,
    /// Media types were left out somewhere.
    media_cut: bool,
    /// Shapes were cut somewhere.
    shapes_cut: bool,
}

impl Drawing {
    /// As the bounds that were met have it.
    pub(in crate::report::reporters) fn of(report: &Report<'_>) -> Self {
        let bounds = &report.snapshot.bounds;
        let refused = report.capture.counters.keys().any(|name| name.ends_with(".params_refused"));
        Self {
            headers: false,
            params_cut: refused || bounds.contains_key("inventory.params"),
            media_cut: bounds.contains_key("inventory.media_types"),
            shapes_cut: bounds.contains_key("inventory.shape_nodes"),
        }
    }
}

/// One parameter.
#[derive(Debug, Default)]
struct Seen {
    seen: u64,
    of: u64,
    kinds: BTreeSet<ParamType>,
    styles: BTreeSet<ParamStyle>,
}

impl Seen {
    fn add(&mut self, param: &ParamRecord) {
        self.seen = self.seen.saturating_add(param.seen);
        self.of = self.of.saturating_add(param.of);
        self.kinds.extend(param.kinds.keys());
        self.styles.extend(param.styles.keys());
    }
}

/// What is known of the endpoints together.
#[derive(Debug, Default)]
pub(in crate::report::reporters) struct Sum<'a> {
    params: BTreeMap<(ParamPlace, &'a str), Seen>,
    /// Variables of the path, from the left; and those that stand alone in their segments.
    variables: Vec<Seen>,
    alone: Vec<bool>,
    requests: u64,
    inspected: u64,
    whole: bool,
    begun: bool,
    request_bytes: u64,
    request_types: BTreeMap<&'a str, u64>,
    response_types: BTreeSet<&'a str>,
    statuses: BTreeMap<u16, u64>,
    asked: Option<Shape>,
    answered: BTreeMap<u16, Shape>,
    auth_ok: BTreeMap<AuthScheme, u64>,
    services: BTreeSet<String>,
    verdicts: BTreeSet<Verdict>,
    window: Option<(Timestamp, Timestamp)>,
    /// Its template may take what is noise of its service as long as nobody declares it.
    takes_noise: bool,
    /// Some media types were not kept.
    media_full: [bool; 2],
}

/// Media types of one operation that are kept.
const MEDIA: usize = 16;

impl<'a> Sum<'a> {
    /// Takes in one endpoint.
    pub(in crate::report::reporters) fn add(
        &mut self,
        report: &Report<'_>,
        endpoint: &Endpoint<'_>,
        pairing: &'a Pairing<'a>,
    ) {
        let (operation, record) = (pairing.operation, &pairing.operation.record);
        self.whole = (self.whole || !self.begun) && is_whole(record);
        self.begun = true;
        for param in record.params.iter().filter(|param| param.place != ParamPlace::Path) {
            self.params.entry((param.place, &param.name)).or_default().add(param);
        }
        let variables: Vec<(&str, bool)> = operation.template.segments.iter().flat_map(variables_of).collect();
        self.variables.resize_with(variables.len(), Seen::default);
        self.alone = variables.iter().map(|(_, alone)| *alone).collect();
        for ((name, _), seen) in variables.iter().zip(&mut self.variables) {
            let known = record.params.iter().find(|param| param.place == ParamPlace::Path && param.name == *name);
            match known {
                Some(param) => seen.add(param),
                // Nothing is known of its values.
                None => drop(seen.kinds.insert(ParamType::String)),
            }
        }
        self.requests = self.requests.saturating_add(record.requests);
        self.inspected = self.inspected.saturating_add(record.inspected);
        self.request_bytes = self.request_bytes.saturating_add(record.request_bytes);
        for (media, count) in record.request_types.iter() {
            self.request_types.entry(media).or_default().merge(*count);
        }
        self.response_types.extend(record.response_types.keys().map(|media| &**media));
        let full = [record.request_types.len() >= MEDIA, record.response_types.len() >= MEDIA];
        self.media_full.iter_mut().zip(full).for_each(|(known, full)| *known |= full);
        for (status, count) in record.statuses.iter() {
            self.statuses.entry(*status).or_default().merge(*count);
        }
        for (scheme, count) in record.auth_ok.iter().filter(|(_, count)| **count > 0) {
            self.auth_ok.entry(*scheme).or_default().merge(*count);
        }
        let bodies = record.bodies.open();
        if let Some(asked) = bodies.asked {
            self.asked.get_or_insert_default().merge(*asked);
        }
        for (status, shape) in bodies.answered {
            self.answered.entry(status).or_default().merge(shape);
        }
        self.services.insert(endpoint.service.clone());
        self.verdicts.insert(endpoint.verdict);
        let (first, last) = self.window.unwrap_or((record.first, record.last));
        self.window = Some((first.min(record.first), last.max(record.last)));
        let service = report.compared.services.get(pairing.service).map(|coverage| coverage.service);
        let by_path = |noise: &Noise| !noise.is_of_caller() && !matches!(noise, Noise::Preflight | Noise::Redirect);
        let takes = operation.method == "GET" && may_take_files(&operation.template);
        self.takes_noise |= takes && service.is_some_and(|service| service.noise.keys().any(by_path));
    }

    fn params(&self, place: ParamPlace) -> impl Iterator<Item = (&'a str, &Seen)> {
        self.params.iter().filter(move |((at, _), _)| *at == place).map(|((_, name), seen)| (*name, seen))
    }

    fn has(&self, place: ParamPlace) -> bool {
        self.params(place).next().is_some()
    }
}

/// Static files and health checks, which make no operation by themselves, may lie under this template: it ends in a variable, and
/// nothing before says what of.
fn may_take_files(template: &PathTemplate) -> bool {
    const WORDS: [&str; 16] = [
        "api", "app", "assets", "css", "dist", "files", "fonts", "img", "images", "js", "media", "public", "rest",
        "static", "ui", "web",
    ];
    let is_version =
        |text: &str| text.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    let says_little =
        |segment: &TemplateSegment| segment.literal().is_none_or(|text| is_version(text) || WORDS.contains(&text));
    template.segments.last().is_some_and(|last| last.literal().is_none()) && template.segments.iter().all(says_little)
}

fn variables_of(segment: &TemplateSegment) -> impl Iterator<Item = (&str, bool)> {
    segment.variables().map(|name| (name, segment.0.len() == 1))
}

impl Drawing {
    /// The operation; `names` are those of its variables in the key of its path.
    pub(in crate::report::reporters) fn operation(&self, sum: &Sum<'_>, names: &[String]) -> Value {
        let mut operation = Map::new();
        let params = self.params(sum, names);
        if !params.is_empty() {
            operation.insert("parameters".into(), json!(params));
        }
        if let Some(body) = self.body(sum) {
            operation.insert("requestBody".into(), body);
        }
        operation.insert("responses".into(), self.responses(sum));
        if let Some(security) = security(sum) {
            operation.insert("security".into(), security);
        }
        let named = |scheme: &AuthScheme| scheme.name();
        let statuses: BTreeMap<String, u64> =
            sum.statuses.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        let credentials: BTreeMap<&str, u64> =
            sum.auth_ok.iter().map(|(scheme, count)| (named(scheme), *count)).collect();
        let verdicts: Vec<&str> = sum.verdicts.iter().map(|verdict| verdict.name()).collect();
        let mut told = json!({
            "services": sum.services,
            "requests": sum.requests,
            "inspected": sum.inspected,
            "statuses": statuses,
            "credentials": credentials,
            "verdicts": verdicts,
        });
        if let Some((first, last)) = sum.window {
            told["first_seen"] = json!(rfc3339_text(first));
            told["last_seen"] = json!(rfc3339_text(last));
        }
        operation.insert("x-shadowtap".into(), told);
        Value::Object(operation)
    }

    fn params(&self, sum: &Sum<'_>, names: &[String]) -> Vec<Value> {
        let mut params = Vec::new();
        for ((name, seen), alone) in names.iter().zip(&sum.variables).zip(&sum.alone) {
            let schema = if *alone && !sum.takes_noise { plain(seen) } else { json!({ "type": "string" }) };
            params.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
        let mut open = self.params_cut || sum.takes_noise;
        for (name, seen) in sum.params(ParamPlace::Query) {
            // An object's parts may be joined by dots, whose names say nothing of it.
            open |= !is_name(name) || seen.styles.contains(&ParamStyle::Deep);
            if is_name(name) {
                let required = seen.seen >= sum.requests && !sum.takes_noise;
                params.push(query(name, seen, required));
            }
        }
        if open {
            let known: BTreeSet<&str> = sum.params(ParamPlace::Query).map(|(name, _)| name).collect();
            let mut name = "others".to_owned();
            while known.contains(name.as_str()) {
                name.push('_');
            }
            let schema = json!({ "type": "object", "additionalProperties": true });
            params.push(json!({ "name": name, "in": "query", "style": "form", "explode": true, "schema": schema }));
        }
        // A name that may not be told cannot be declared, and then none can: others are undocumented where some are declared.
        for (place, at) in [(ParamPlace::Header, "header"), (ParamPlace::Cookie, "cookie")] {
            let is_known = self.headers && !self.params_cut && !sum.params(place).any(|(name, _)| !is_name(name));
            for (name, seen) in sum.params(place).filter(|_| is_known) {
                let required = seen.seen >= sum.requests;
                let schema = if place == ParamPlace::Header { plain(seen) } else { json!({ "type": "string" }) };
                params.push(json!({ "name": name, "in": at, "required": required, "schema": schema }));
            }
        }
        params
    }

    fn sight(&self, sum: &Sum<'_>) -> Sight {
        if sum.whole && !self.shapes_cut && !sum.takes_noise { Sight::Whole } else { Sight::Sampled }
    }

    fn body(&self, sum: &Sum<'_>) -> Option<Value> {
        let has_form = sum.has(ParamPlace::Form) || sum.has(ParamPlace::Multipart);
        if sum.request_types.is_empty() && sum.request_bytes == 0 && !has_form {
            return None;
        }
        let sight = self.sight(sum);
        let mut content = Map::new();
        let mut any = self.media_cut || sum.takes_noise || sum.media_full[0];
        for media in sum.request_types.keys() {
            if !is_media(media) {
                any = true;
                continue;
            }
            let schema = match *media {
                // What some clients call a form is JSON.
                "application/x-www-form-urlencoded" if sum.asked.is_none() => self.form(sum, ParamPlace::Form),
                "multipart/form-data" => self.form(sum, ParamPlace::Multipart),
                _ if is_json(media) => sum.asked.as_ref().map(|asked| schema(asked, sight)),
                _ => None,
            };
            content.insert((*media).to_owned(), media_object(schema));
        }
        if any || content.is_empty() {
            content.insert("*/*".into(), json!({}));
        }
        let all_json = sum.request_types.keys().all(|media| is_json(media));
        let bodies = sum.asked.as_ref().map_or(0, |asked| asked.seen);
        let required = sight == Sight::Whole && all_json && bodies >= sum.requests && sum.requests > 0;
        Some(json!({ "content": content, "required": required }))
    }

    /// Of forms only names and types of single values are told: lists and objects in them are written in many ways.
    fn form(&self, sum: &Sum<'_>, place: ParamPlace) -> Option<Value> {
        let mut fields = Map::new();
        let mut required = Vec::new();
        let whole = sum.whole && !self.params_cut;
        let mut open = !whole;
        for (name, seen) in sum.params(place) {
            if !is_name(name) || seen.styles.contains(&ParamStyle::Deep) {
                open = true;
            }
            if !is_name(name) {
                continue;
            }
            let single = seen.styles.is_empty() && whole;
            let schema = match place {
                ParamPlace::Multipart if seen.kinds.contains(&ParamType::File) => {
                    json!({ "type": "string", "contentMediaType": "application/octet-stream" })
                }
                _ if single && !seen.kinds.contains(&ParamType::Empty) => plain(seen),
                _ => json!({}),
            };
            fields.insert(name.to_owned(), schema);
            if whole && seen.of > 0 && seen.seen >= seen.of {
                required.push(name);
            }
        }
        if fields.is_empty() && !open {
            return None;
        }
        let mut schema = json!({ "type": "object", "properties": fields });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if open {
            schema["additionalProperties"] = json!(true);
        }
        Some(schema)
    }

    fn responses(&self, sum: &Sum<'_>) -> Value {
        let mut responses = Map::new();
        let headers: Map<String, Value> = sum
            .params(ParamPlace::ResponseHeader)
            .filter(|(name, _)| is_name(name))
            .map(|(name, _)| (name.to_owned(), json!({ "schema": {} })))
            .collect();
        let bare = !sum.statuses.keys().any(|status| (200..300).contains(status));
        for (status, count) in &sum.statuses {
            // OpenAPI has no place for other numbers.
            if !(100..600).contains(status) {
                continue;
            }
            let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
            let mut response = Map::new();
            response.insert("description".into(), json!(format!("Seen {times}.")));
            let content = self.content(sum, *status);
            if !content.is_empty() {
                response.insert("content".into(), Value::Object(content));
            }
            if (bare || (200..300).contains(status)) && !headers.is_empty() {
                response.insert("headers".into(), Value::Object(headers.clone()));
            }
            responses.insert(status.to_string(), Value::Object(response));
        }
        let default = json!({ "description": "Any other answer.", "content": { "*/*": {} } });
        responses.insert("default".into(), default);
        Value::Object(responses)
    }

    fn content(&self, sum: &Sum<'_>, status: u16) -> Map<String, Value> {
        let mut content = Map::new();
        let is_success = (200..300).contains(&status);
        if matches!(status, 100..=199 | 204 | 205 | 304) {
            return content;
        }
        let alone = is_success && sum.response_types.len() == 1;
        // Which type came with which status is not counted: a lone text may have been of another.
        let shape = sum.answered.get(&status).filter(|shape| alone || shape.objects > 0 || shape.arrays > 0);
        // Calls in vain were counted elsewhere, as long as nobody declared the path.
        let in_vain = matches!(status, 404 | 405 | 410 | 501);
        let sight = if in_vain { Sight::Sampled } else { self.sight(sum) };
        let mut any = false;
        for media in &sum.response_types {
            let json = is_media(media) && is_json(media);
            if !is_success && (shape.is_none() || !json) {
                // Errors need not say what they are made of.
                continue;
            }
            any |= !is_media(media);
            if is_media(media) {
                let schema = shape.filter(|_| json).map(|shape| schema(shape, sight));
                content.insert((*media).to_owned(), media_object(schema));
            }
        }
        let any = any || self.media_cut || sum.takes_noise || sum.media_full[1];
        if if is_success { any } else { !content.is_empty() } {
            content.insert("*/*".into(), json!({}));
        }
        content
    }
}

fn media_object(schema: Option<Value>) -> Value {
    schema.filter(|schema| *schema != json!({})).map_or_else(|| json!({}), |schema| json!({ "schema": schema }))
}

fn query(name: &str, seen: &Seen, required: bool) -> Value {
    let text = json!({ "type": "string" });
    let (style, explode, schema) = if seen.styles.contains(&ParamStyle::Deep) {
        ("deepObject", true, json!({ "type": "object", "additionalProperties": true }))
    } else if seen.styles.is_empty() {
        return json!({ "name": name, "in": "query", "required": required, "schema": plain(seen) });
    } else {
        let explode = seen.styles.iter().any(|style| *style != ParamStyle::Commas);
        ("form", explode, json!({ "type": "array", "items": text }))
    };
    json!({ "name": name, "in": "query", "required": required, "style": style, "explode": explode, "schema": schema })
}

/// The schema of a single value. Empty ones are as good as none.
fn plain(seen: &Seen) -> Value {
    let mut kinds = seen.kinds.iter().filter(|kind| **kind != ParamType::Empty);
    let one = match (kinds.next(), kinds.next(), kinds.next()) {
        (Some(one), None, _) => *one,
        (Some(ParamType::Integer), Some(ParamType::Number), None) => ParamType::Number,
        _ => ParamType::String,
    };
    match one {
        ParamType::Boolean => json!({ "type": "boolean" }),
        ParamType::Integer => json!({ "type": "integer" }),
        ParamType::Number => json!({ "type": "number" }),
        ParamType::Uuid => json!({ "type": "string", "format": "uuid" }),
        ParamType::Email => json!({ "type": "string", "format": "email" }),
        ParamType::Empty | ParamType::Date | ParamType::String | ParamType::File => json!({ "type": "string" }),
    }
}

/// No class of values that stands for a name.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('{')
}

/// `type/subtype` of plain letters (RFC 6838 section 4.2).
fn is_media(media: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    media.split_once('/').is_some_and(|(kind, part)| plain(kind) && plain(part))
}

/// One value of JSON.
fn is_json(media: &str) -> bool {
    let kind = media.split_once('/').map_or(media, |(_, kind)| kind);
    matches!(kind, "json" | "x-json") || kind.ends_with("+json")
}

/// Ways in that are written down by name alone.
const BEARER: &str = "bearer";
const BASIC: &str = "basic";
const DIGEST: &str = "digest";
const AUTHORIZATION: &str = "authorization";

/// The ways in of requests that succeeded; `None` where there was none.
fn security(sum: &Sum<'_>) -> Option<Value> {
    if sum.auth_ok.is_empty() {
        return None;
    }
    let mut ways = BTreeSet::new();
    let mut open = false;
    for scheme in sum.auth_ok.keys() {
        match scheme {
            AuthScheme::None => open = true,
            AuthScheme::Bearer | AuthScheme::Jwt => drop(ways.insert(BEARER.to_owned())),
            AuthScheme::Basic => drop(ways.insert(BASIC.to_owned())),
            AuthScheme::Digest => drop(ways.insert(DIGEST.to_owned())),
            AuthScheme::Other => drop(ways.insert(AUTHORIZATION.to_owned())),
            // Which of the names bears the key is not known for sure.
            AuthScheme::ApiKeyHeader | AuthScheme::ApiKeyQuery | AuthScheme::ApiKeyCookie | AuthScheme::Cookie => {
                open = true;
                let keys = sum.params.keys().filter_map(|(place, name)| key_of(*scheme, *place, name));
                ways.extend(keys.map(|(id, ..)| id));
            }
        }
    }
    let mut all: Vec<Value> = ways.into_iter().map(|way| json!({ way: [] })).collect();
    if open {
        all.push(json!({}));
    }
    Some(json!(all))
}

/// The security schemes that these name.
pub(super) fn schemes<'a>(pairings: impl Iterator<Item = &'a Pairing<'a>>) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for pairing in pairings {
        let record = &pairing.operation.record;
        for (scheme, _) in record.auth_ok.iter().filter(|(_, count)| **count > 0) {
            let http = |name: &str| json!({ "type": "http", "scheme": name });
            let one = match scheme {
                AuthScheme::None => continue,
                AuthScheme::Bearer | AuthScheme::Jwt => (BEARER, http("bearer")),
                AuthScheme::Basic => (BASIC, http("basic")),
                AuthScheme::Digest => (DIGEST, http("digest")),
                AuthScheme::Other => {
                    (AUTHORIZATION, json!({ "type": "apiKey", "in": "header", "name": "Authorization" }))
                }
                _ => {
                    for param in &record.params {
                        if let Some((id, at, name)) = key_of(*scheme, param.place, &param.name) {
                            all.insert(id, json!({ "type": "apiKey", "in": at, "name": name }));
                        }
                    }
                    continue;
                }
            };
            all.insert(one.0.to_owned(), one.1);
        }
    }
    all
}
