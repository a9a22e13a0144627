//! What one declared operation demands, and how an exchange is held against it.
//!
//! In: an exchange as it was said. Out: facts. What a request asked for counts where the answer is a success: a server that
//! refuses what is not declared keeps its word. What an answer says counts always.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::{Map, Value};
use xxhash_rust::xxh3::Xxh3;

use super::media::{MediaRange, is_form, is_json, is_multipart};
use super::schema::{SchemaId, Schemas, Types};
use super::security::{Need, credentials};
use super::sunset::http_date;
use super::text::{Style, form, names_of, pairs, types_of, value_of};
use super::value::{Breaks, Fault, Holding, Side, Spell};
use crate::api::{Checked, Drift, Facts, HostPattern, ParamPlace, Promise, Spoken, SpokenBody};

/// What one declared operation demands.
#[derive(Debug)]
pub struct Contract {
    /// Where it stands: `#/paths/~1users/get`.
    pub at: String,
    /// Declared deprecated, or with a day on which it ends: that an answer says so is no news.
    pub ending: bool,
    /// Parameters in path, query, header and cookie.
    pub params: Vec<DeclaredParam>,
    /// The request body.
    pub body: Option<DeclaredBody>,
    /// Answers, in order of the document. None at all: nothing is said of answers.
    pub responses: Vec<(StatusRange, Response)>,
    /// Ways to be allowed in: the needs of one of them must be met. Empty: nothing is demanded.
    pub security: Vec<Vec<Need>>,
    /// Where that stands.
    pub security_at: String,
    /// Hosts where it is declared for https and for nothing else, and where that stands.
    pub secure: Arc<(Vec<HostPattern>, String)>,
    /// What its document speaks of at all.
    pub speaks: Speaks,
    /// The schemas that all of that names.
    pub schemas: Arc<Schemas>,
}

/// What a document speaks of, in any of its operations. One that names paths and nothing else does not say that there are no bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Speaks {
    /// Query parameters.
    pub queries: bool,
    /// Header fields of requests.
    pub headers: bool,
    /// Request bodies.
    pub bodies: bool,
    /// Media types of responses.
    pub content: bool,
    /// Responses that tell of errors.
    pub errors: bool,
}

impl Speaks {
    /// What one operation speaks of.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        Self {
            queries: contract.params(ParamPlace::Query).next().is_some(),
            headers: contract.params(ParamPlace::Header).next().is_some(),
            bodies: contract.body.is_some(),
            content: contract.responses.iter().any(|(_, response)| !response.content.is_empty()),
            errors: contract.responses.iter().any(|(range, _)| match range {
                StatusRange::One(status) => *status >= 400,
                StatusRange::Hundred(hundred) => *hundred >= 4,
                StatusRange::Default => true,
            }),
        }
    }

    /// What either speaks of.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            queries: self.queries || other.queries,
            headers: self.headers || other.headers,
            bodies: self.bodies || other.bodies,
            content: self.content || other.content,
            errors: self.errors || other.errors,
        }
    }
}

/// A declared parameter.
#[derive(Debug)]
pub struct DeclaredParam {
    /// Path, query, header or cookie.
    pub place: ParamPlace,
    /// Its name; of a header in lower case.
    pub name: String,
    /// It must be there.
    pub required: bool,
    /// Declared deprecated.
    pub deprecated: bool,
    /// How several values are put under it.
    pub style: Style,
    /// Each value has a name of its own.
    pub explode: bool,
    /// It is JSON.
    pub is_json: bool,
    /// Of its value.
    pub schema: Option<SchemaId>,
    /// Of a path: how many variables stand behind it in the declared path.
    pub from_end: usize,
    /// Where it stands.
    pub at: String,
}

/// A declared request body.
#[derive(Debug)]
pub struct DeclaredBody {
    /// It must be there.
    pub required: bool,
    /// By media type.
    pub content: Vec<(MediaRange, Option<SchemaId>)>,
    /// Where it stands.
    pub at: String,
}

/// A declared answer.
#[derive(Debug)]
pub struct Response {
    /// By media type. None at all: no body.
    pub content: Vec<(MediaRange, Option<SchemaId>)>,
    /// Header fields: name in lower case, required, schema.
    pub headers: Vec<(String, bool, Option<SchemaId>)>,
    /// Where it stands.
    pub at: String,
}

/// Statuses that a declared answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusRange {
    /// This one.
    One(u16),
    /// `4XX`: all with this first digit.
    Hundred(u16),
    /// All that nothing else is for.
    Default,
}

/// A digest of what a declared operation demands, and what it demands.
#[derive(Debug)]
pub struct Sealed {
    digest: u64,
    contract: Contract,
}

impl Sealed {
    /// Seals it.
    #[must_use]
    pub fn new(contract: Contract) -> Self {
        Self { digest: contract.digest(), contract }
    }

    /// The same over the schemas that it was drawn up for.
    #[must_use]
    pub fn over(self, schemas: &Arc<Schemas>, speaks: Speaks) -> Self {
        Self::new(Contract { schemas: Arc::clone(schemas), speaks, ..self.contract })
    }

    /// What it demands.
    #[must_use]
    pub const fn contract(&self) -> &Contract {
        &self.contract
    }
}

impl Promise for Sealed {
    fn digest(&self) -> u64 {
        self.digest
    }

    fn hold(&self, said: &Spoken<'_>, facts: &mut Facts) {
        self.contract.hold(said, facts);
    }
}

impl Contract {
    fn digest(&self) -> u64 {
        let mut hash = Xxh3::new();
        (&self.at, self.ending, self.speaks).hash(&mut hash);
        let mut roots = Vec::new();
        let mut note = |schema: Option<SchemaId>| {
            roots.extend(schema);
            schema.is_some()
        };
        for it in &self.params {
            let schema = note(it.schema);
            (it.place.name(), &it.name, it.required, it.deprecated, it.style).hash(&mut hash);
            (it.explode, it.is_json, it.from_end, schema).hash(&mut hash);
        }
        if let Some(body) = &self.body {
            body.required.hash(&mut hash);
            for (media, schema) in &body.content {
                (media, note(*schema)).hash(&mut hash);
            }
        }
        for (range, response) in &self.responses {
            range.hash(&mut hash);
            for (media, schema) in &response.content {
                (media, note(*schema)).hash(&mut hash);
            }
            for (name, required, schema) in &response.headers {
                (name, required, note(*schema)).hash(&mut hash);
            }
        }
        (&self.security, &self.secure.0).hash(&mut hash);
        self.schemas.digest(roots, &mut hash);
        hash.finish()
    }

    fn hold(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let Some(status) = said.status else { return };
        facts.check(Checked::Answers);
        if matches!(status, 101 | 200..=399) {
            facts.check(Checked::Request);
            self.request(said, facts);
        }
        self.response(said, status, facts);
    }

    fn request(&self, said: &Spoken<'_>, facts: &mut Facts) {
        if !said.encrypted && self.secure.0.iter().any(|host| host.takes(said.service)) {
            facts.add(Drift::Cleartext, Checked::Request, "/request/scheme", &self.secure.1);
        }
        self.query(said, facts);
        self.path(said, facts);
        self.head(said, facts);
        self.asked(said, facts);
        if said.status.is_some_and(|status| (200..300).contains(&status))
            && let Some(drift) = credentials(&self.security, said)
        {
            facts.add(drift, Checked::Request, "/request/credentials", &self.security_at);
        }
    }

    fn params(&self, place: ParamPlace) -> impl Iterator<Item = &DeclaredParam> {
        self.params.iter().filter(move |param| param.place == place)
    }

    fn query(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let pairs = said.query.map(pairs).unwrap_or_default();
        let mut named = vec![false; pairs.len()];
        let mut open = false;
        for param in self.params(ParamPlace::Query) {
            let mut texts = Vec::new();
            let mut there = false;
            for ((name, value), named) in pairs.iter().zip(&mut named) {
                let rest = name.strip_prefix(param.name.as_str());
                if matches!(rest, Some("" | "[]")) {
                    texts.push(&**value);
                } else if !rest.is_some_and(|rest| rest.starts_with('[')) {
                    continue;
                }
                (*named, there) = (true, true);
            }
            let is_object = param.schema.is_some_and(|schema| {
                types_of(&self.schemas, schema).meets(Types::OBJECT)
                    && param.style == Style::Form
                    && param.explode
                    && !param.is_json
            });
            if let (Some(schema), true) = (param.schema.filter(|_| texts.is_empty()), is_object) {
                // Its fields stand in the query by themselves.
                let (names, more) = names_of(&self.schemas, schema);
                for ((name, _), named) in pairs.iter().zip(&mut named) {
                    if names.contains(&&**name) {
                        (*named, there) = (true, true);
                    }
                }
                open |= more;
                there |= more;
            }
            self.param(param, there, &texts, said, facts);
        }
        if !self.speaks.queries {
            return;
        }
        let keys = self.security.iter().flatten();
        let keys: Vec<&str> =
            keys.filter_map(|need| if let Need::Query(name) = need { Some(name.as_str()) } else { None }).collect();
        for ((name, _), _) in pairs.iter().zip(&named).filter(|(_, named)| !open && !**named) {
            if !name.is_empty() && !keys.contains(&&**name) {
                let told = told(said, name);
                facts.add(
                    Drift::UndocumentedQuery,
                    Checked::Request,
                    &pointer("/request/query", &told),
                    &self.below("parameters"),
                );
            }
        }
    }

    fn path(&self, said: &Spoken<'_>, facts: &mut Facts) {
        if self.params(ParamPlace::Path).next().is_none() {
            return;
        }
        let mut values = Vec::new();
        for (declared, segment) in said.template.segments.iter().zip(said.path) {
            if declared.literal().is_none() {
                let text = if declared.takes(segment.text) { segment.text } else { segment.whole };
                values.extend(declared.captures(text));
            }
        }
        for param in self.params(ParamPlace::Path) {
            let at = values.len().checked_sub(param.from_end + 1);
            let Some(text) = at.and_then(|at| values.get(at).copied()) else { continue };
            let text = match param.style {
                Style::Matrix => continue,
                Style::Label => text.strip_prefix('.').unwrap_or(text),
                _ => text,
            };
            self.param(param, true, &[text], said, facts);
        }
    }

    fn head(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let declared: Vec<&DeclaredParam> = self.params(ParamPlace::Header).collect();
        let cookies: Vec<&DeclaredParam> = self.params(ParamPlace::Cookie).collect();
        let mut texts: Vec<Option<String>> = vec![None; declared.len()];
        let mut crumbs: Vec<Option<String>> = vec![None; cookies.len()];
        said.request.each(&mut |name, value| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            if name == "cookie" {
                for (name, value) in cookie_pairs(value) {
                    match cookies.iter().position(|param| param.name == name) {
                        Some(at) => crumbs
                            .iter_mut()
                            .skip(at)
                            .take(1)
                            .for_each(|crumb| *crumb = Some(value.clone().into_owned())),
                        None if !cookies.is_empty()
                            && !self.is_key(|need| matches!(need, Need::Cookie(key) if *key == name)) =>
                        {
                            let told = told(said, &name);
                            facts.add(
                                Drift::UndocumentedCookie,
                                Checked::Request,
                                &pointer("/request/cookie", &told),
                                &self.below("parameters"),
                            );
                        }
                        None => {}
                    }
                }
                return;
            }
            match declared.iter().position(|param| param.name == name) {
                Some(at) => texts
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|text| *text = Some(String::from_utf8_lossy(value).trim().to_owned())),
                None if !self.speaks.headers || (said.is_common)(name.as_bytes()) || is_of_tools(&name) => {}
                None if self.is_key(|need| matches!(need, Need::Header(key) if *key == name)) => {}
                None => {
                    let told = told(said, &name);
                    facts.add(
                        Drift::UndocumentedHeader,
                        Checked::Request,
                        &pointer("/request/header", &told),
                        &self.below("parameters"),
                    );
                }
            }
        });
        for (param, text) in declared.into_iter().zip(&texts).chain(cookies.into_iter().zip(&crumbs)) {
            let texts: Vec<&str> = text.iter().map(String::as_str).collect();
            self.param(param, text.is_some(), &texts, said, facts);
        }
    }

    fn is_key(&self, is: impl Fn(&Need) -> bool) -> bool {
        self.security.iter().flatten().any(is)
    }

    /// One parameter, with the texts that came under its name.
    fn param(&self, param: &DeclaredParam, there: bool, texts: &[&str], said: &Spoken<'_>, facts: &mut Facts) {
        let seen = || pointer(&format!("/request/{}", param.place.name()), &param.name);
        if !there {
            let missing = match param.place {
                ParamPlace::Query => Drift::MissingQuery,
                ParamPlace::Header => Drift::MissingHeader,
                ParamPlace::Cookie => Drift::MissingCookie,
                _ => return,
            };
            if param.required {
                facts.add(missing, Checked::Request, &seen(), &param.at);
            }
            return;
        }
        if param.deprecated {
            facts.add(Drift::DeprecatedParameter, Checked::Request, &seen(), &param.at);
        }
        // Nothing under a name is as good as no name.
        let Some(schema) = param.schema.filter(|_| texts.iter().any(|text| !text.is_empty())) else { return };
        let (value, loose) = match texts {
            [one, ..] if param.is_json => match serde_json::from_str(one) {
                Ok(value) => (value, false),
                Err(_) => return,
            },
            _ => {
                let types = types_of(&self.schemas, schema);
                if types.meets(Types::OBJECT) && !types.meets(Types::STRING.with(Types::ARRAY)) {
                    // Objects in one text are written in more ways than can be told apart.
                    return;
                }
                (value_of(&self.schemas, schema, param.style, param.explode, texts), true)
            }
        };
        let Some(faults) = Holding::new(&self.schemas, Side::Request, loose).hold(schema, &value, said.spell) else {
            return;
        };
        for fault in faults {
            if let Some(drift) = drift_of(fault.breaks, Side::Request) {
                facts.add(drift, Checked::Request, &format!("{}{}", seen(), fault.way), &self.promised(&fault));
            }
        }
    }

    fn asked(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let Some(body) = &self.body else {
            if said.asked != SpokenBody::None && self.speaks.bodies {
                facts.add(Drift::UndocumentedRequestBody, Checked::Request, "/request/body", &self.at);
            }
            return;
        };
        if said.asked == SpokenBody::None {
            if body.required {
                facts.add(Drift::MissingRequestBody, Checked::Request, "/request/body", &body.at);
            }
            return;
        }
        let Some(media) = said.request_type else { return };
        let Some(schema) = MediaRange::find(&body.content, media) else {
            if !body.content.is_empty() {
                facts.add(
                    Drift::UndocumentedRequestType,
                    Checked::Request,
                    &pointer("/request/type", media),
                    &format!("{}/content", body.at),
                );
            }
            return;
        };
        let (Some(schema), SpokenBody::Whole(text)) = (schema, said.asked) else { return };
        if is_json(media) {
            let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
            self.body(
                schema,
                (&value, false),
                (Side::Request, Checked::RequestBody, "/request/body"),
                said.spell,
                facts,
            );
        } else if is_form(media) {
            let value = form(&pairs(text));
            self.body(
                schema,
                (&value, true),
                (Side::Request, Checked::RequestBody, "/request/form"),
                said.spell,
                facts,
            );
        } else if is_multipart(media) {
            // Of parts only the names are known.
            let parts: Map<String, Value> = said
                .params
                .iter()
                .filter(|param| param.place == ParamPlace::Multipart)
                .map(|param| (param.name.clone(), Value::Null))
                .collect();
            if parts.is_empty() || parts.keys().any(|name| name.starts_with('{')) {
                return;
            }
            facts.check(Checked::RequestBody);
            let value = Value::Object(parts);
            let Some(faults) = Holding::new(&self.schemas, Side::Request, true).hold(schema, &value, said.spell) else {
                return;
            };
            for fault in faults.iter().filter(|fault| fault.way.matches('/').count() == 1) {
                let drift = match fault.breaks {
                    Breaks::Missing => Drift::MissingForm,
                    Breaks::Undocumented => Drift::UndocumentedForm,
                    _ => continue,
                };
                facts.add(drift, Checked::RequestBody, &format!("/request/form{}", fault.way), &self.promised(fault));
            }
        }
    }

    fn response(&self, said: &Spoken<'_>, status: u16, facts: &mut Facts) {
        self.ending(said, facts);
        if self.responses.is_empty() {
            return;
        }
        let Some(response) = self.answer_for(status) else {
            // What HTTP itself answers, whatever the operation: interim, a part, and that nothing has changed (RFC 9110).
            let of_http = matches!(status, 100..=199 | 206 | 304);
            if !of_http && (status < 400 || self.speaks.errors) {
                facts.add(
                    Drift::UndocumentedStatus,
                    Checked::Answers,
                    &format!("/response/{status}"),
                    &self.below("responses"),
                );
            }
            return;
        };
        let of = Checked::Response(status);
        facts.check(of);
        self.answer_head(said, status, response, facts);
        if said.answered == SpokenBody::None {
            return;
        }
        let Some(media) = said.response_type else { return };
        if response.content.is_empty() {
            // Errors are seldom described; a success that says more than is declared is.
            if (200..300).contains(&status) && self.speaks.content {
                facts.add(
                    Drift::UndocumentedResponseType,
                    of,
                    &pointer(&format!("/response/{status}/type"), media),
                    &response.at,
                );
            }
            return;
        }
        let Some(schema) = MediaRange::find(&response.content, media) else {
            let seen = pointer(&format!("/response/{status}/type"), media);
            facts.add(Drift::UndocumentedResponseType, of, &seen, &format!("{}/content", response.at));
            return;
        };
        let (Some(schema), SpokenBody::Whole(text), true) = (schema, said.answered, is_json(media)) else { return };
        let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
        let part = (Side::Response, Checked::ResponseBody(status), &*format!("/response/{status}/body"));
        self.body(schema, (&value, false), part, said.spell, facts);
    }

    fn answer_for(&self, status: u16) -> Option<&Response> {
        let with = |wanted: StatusRange| {
            self.responses.iter().find(|(range, _)| *range == wanted).map(|(_, response)| response)
        };
        with(StatusRange::One(status))
            .or_else(|| with(StatusRange::Hundred(status / 100)))
            .or_else(|| with(StatusRange::Default))
    }

    fn answer_head(&self, said: &Spoken<'_>, status: u16, response: &Response, facts: &mut Facts) {
        let Some(head) = said.response else { return };
        for (name, required, schema) in &response.headers {
            let mut text = None;
            head.each(&mut |field, value| {
                if text.is_none() && field.eq_ignore_ascii_case(name.as_bytes()) {
                    text = Some(String::from_utf8_lossy(value).trim().to_owned());
                }
            });
            let seen = || pointer(&format!("/response/{status}/header"), name);
            let of = Checked::Response(status);
            let at = || format!("{}/headers/{}", response.at, escaped(name));
            match (text, schema) {
                (None, _) if *required => facts.add(Drift::MissingResponseHeader, of, &seen(), &at()),
                (Some(text), Some(schema)) if !text.is_empty() => {
                    let types = types_of(&self.schemas, *schema);
                    if types.meets(Types::OBJECT) && !types.meets(Types::STRING.with(Types::ARRAY)) {
                        continue;
                    }
                    let value = value_of(&self.schemas, *schema, Style::Form, false, &[&text]);
                    let faults = Holding::new(&self.schemas, Side::Response, true).hold(*schema, &value, said.spell);
                    for fault in faults.into_iter().flatten() {
                        if let Some(drift) = drift_of(fault.breaks, Side::Response) {
                            facts.add(drift, of, &format!("{}{}", seen(), fault.way), &self.promised(&fault));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// RFC 8594 (Sunset) and RFC 9745 (Deprecation).
    fn ending(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let Some(head) = said.response else { return };
        head.each(&mut |name, value| {
            let is_sunset = name.eq_ignore_ascii_case(b"sunset");
            if is_sunset && http_date(value).is_some_and(|end| end < said.at) {
                facts.add(Drift::SunsetPassed, Checked::Answers, "/response/header/sunset", &self.at);
            } else if (is_sunset || name.eq_ignore_ascii_case(b"deprecation")) && !self.ending {
                let name = if is_sunset { "sunset" } else { "deprecation" };
                facts.add(Drift::UndocumentedSunset, Checked::Answers, &pointer("/response/header", name), &self.at);
            }
        });
    }

    fn body(
        &self,
        schema: SchemaId,
        (value, loose): (&Value, bool),
        (side, of, seen): (Side, Checked, &str),
        spell: Spell,
        facts: &mut Facts,
    ) {
        let Some(faults) = Holding::new(&self.schemas, side, loose).hold(schema, value, spell) else { return };
        facts.check(of);
        for fault in faults {
            // Of a form only the first level has names of its own.
            let drift = match fault.breaks {
                Breaks::Missing if loose => Some(Drift::MissingForm),
                Breaks::Undocumented if loose => Some(Drift::UndocumentedForm),
                breaks => drift_of(breaks, side),
            };
            if let Some(drift) = drift {
                facts.add(drift, of, &format!("{seen}{}", fault.way), &self.promised(&fault));
            }
        }
    }

    fn promised(&self, fault: &Fault) -> String {
        let mut pointer = self.schemas.pointer(fault.schema);
        if !fault.keyword.is_empty() {
            pointer.push('/');
            pointer.push_str(fault.keyword);
        }
        pointer
    }

    fn below(&self, key: &str) -> String {
        format!("{}/{key}", self.at)
    }
}

fn drift_of(breaks: Breaks, side: Side) -> Option<Drift> {
    let of = |request: Drift, response: Drift| Some(if side == Side::Request { request } else { response });
    match breaks {
        Breaks::Type => of(Drift::RequestType, Drift::ResponseType),
        Breaks::Format => of(Drift::RequestFormat, Drift::ResponseFormat),
        Breaks::Choice => of(Drift::RequestEnum, Drift::ResponseEnum),
        Breaks::Range => of(Drift::RequestRange, Drift::ResponseRange),
        Breaks::Alternative => of(Drift::RequestAlternative, Drift::ResponseAlternative),
        Breaks::Missing => of(Drift::MissingRequestField, Drift::MissingResponseField),
        Breaks::Undocumented => of(Drift::UndocumentedRequestField, Drift::UndocumentedResponseField),
        Breaks::ReadOnly => Some(Drift::ReadOnlySent),
        Breaks::WriteOnly => Some(Drift::WriteOnlyReturned),
    }
}

/// A name from the wire, as it may be told.
fn told<'n>(said: &Spoken<'_>, name: &'n str) -> Cow<'n, str> {
    (said.spell)(name)
}

/// A JSON pointer with one key more.
fn pointer(before: &str, key: &str) -> String {
    format!("{before}/{}", escaped(key))
}

/// RFC 6901 section 3.
fn escaped(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

/// RFC 6265 section 5.4.
fn cookie_pairs(value: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    value.split(|b| *b == b';').filter_map(|pair| {
        let at = memchr::memchr(b'=', pair)?;
        let text = |part: Option<&'_ [u8]>| {
            part.map(<[u8]>::trim_ascii).map(|part| String::from_utf8_lossy(part).into_owned())
        };
        Some((text(pair.get(..at))?.into(), text(pair.get(at + 1..))?.into()))
    })
}

/// Fields by which clients of testers mark their requests.
fn is_of_tools(name: &str) -> bool {
    const TOOLS: [&str; 4] = ["postman-token", "x-schemathesis-", "x-insomnia-", "x-k6-"];
    TOOLS.iter().any(|tool| name.starts_with(tool))
}
