//! What a request that succeeded asked for, held against its declaration: parameters, credentials, the body.

use std::borrow::Cow;

use serde_json::Value;

use super::media::{MediaRange, is_form, is_json, is_multipart};
use super::operation::{Contract, DeclaredParam};
use super::places::{drift_of, join, pointer, told};
use super::schema::{SchemaId, Types};
use super::security::{Need, credentials};
use super::text::{Pair, Style, form, names_of, pairs, types_of, unescaped, value_of};
use super::value::{Breaks, Holding, Side};
use crate::api::{Checked, Drift, Facts, ParamPlace, Spoken, SpokenBody};

impl Contract {
    pub(super) fn request(&self, said: &Spoken<'_>, facts: &mut Facts) {
        if !said.encrypted && self.secure.0.iter().any(|host| host.takes(said.service)) {
            facts.add(Drift::Cleartext, Checked::Request, "/request/scheme", &self.secure.1);
        }
        self.query(said, facts);
        self.path(said, facts);
        self.head(said, facts);
        self.asked(said, facts);
        if !said.request_cut
            && said.status.is_some_and(|status| (200..300).contains(&status))
            && let Some(drift) = credentials(&self.security, said)
        {
            facts.add(drift, Checked::Request, "/request/credentials", &self.security_at);
        }
    }

    fn query(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let (pairs, cut) = said.query.map(pairs).unwrap_or_default();
        facts.left_out += u64::from(cut);
        let mut named = vec![false; pairs.len()];
        let mut open = false;
        for param in self.params(ParamPlace::Query) {
            let mut texts: Vec<&Pair<'_>> = Vec::new();
            let mut there = false;
            for (pair, named) in pairs.iter().zip(&mut named) {
                let rest = pair.name.strip_prefix(param.name.as_str());
                if matches!(rest, Some("" | "[]")) {
                    texts.push(pair);
                } else if !rest.is_some_and(|rest| rest.starts_with('[')) {
                    continue;
                }
                (*named, there) = (true, true);
            }
            let is_object = param.style == Style::Form && param.explode && !param.is_json;
            if texts.is_empty()
                && is_object
                && let Some(schema) = param.schema.filter(|schema| types_of(&self.schemas, *schema).is_object())
            {
                // Its fields stand in the query by themselves.
                let (names, more) = names_of(&self.schemas, schema);
                for (pair, named) in pairs.iter().zip(&mut named) {
                    if names.contains(&&*pair.name) {
                        (*named, there) = (true, true);
                    }
                }
                open |= more;
                // Of one that may have any fields nobody can say that it is not there.
                if !there && more && !pairs.is_empty() {
                    continue;
                }
            }
            if there || !cut {
                self.param(param, there, &self.readings(param, &texts), said, facts);
            }
        }
        if !self.speaks.queries || open {
            return;
        }
        for (pair, _) in pairs.iter().zip(&named).filter(|(pair, named)| !**named && !pair.name.is_empty()) {
            if facts.is_full() {
                break;
            }
            if !self.is_key(|need| matches!(need, Need::Query(key) if *key == pair.name)) {
                let (seen, promised) = (pointer("/request/query", &told(said, &pair.name)), self.below("parameters"));
                facts.add(Drift::UndocumentedQuery, Checked::Request, &seen, &promised);
            }
        }
    }

    /// The values that some texts may stand for: a plus is a blank or itself, a comma that is escaped divides or does not.
    fn readings(&self, param: &DeclaredParam, texts: &[&Pair<'_>]) -> Vec<Value> {
        let Some(schema) = param.schema.filter(|_| texts.iter().any(|pair| !pair.value.is_empty())) else {
            return Vec::new();
        };
        if param.is_json {
            return texts.first().map(|pair| Value::String(pair.value.clone().into_owned())).into_iter().collect();
        }
        let value = |texts: &[&str]| value_of(&self.schemas, schema, param.style, param.explode, texts);
        let first: Vec<&str> = texts.iter().map(|pair| &*pair.value).collect();
        let mut all = vec![value(&first)];
        if texts.iter().any(|pair| pair.raw.contains(&b'+')) {
            let plain: Vec<Cow<'_, str>> = texts.iter().map(|pair| unescaped(pair.raw)).collect();
            all.push(value(&plain.iter().map(|text| &**text).collect::<Vec<_>>()));
        }
        if let [one] = texts
            && !param.explode
            && one.raw.windows(3).any(|escape| escape.eq_ignore_ascii_case(b"%2c"))
        {
            let items = one.raw.split(|b| *b == b',').map(|item| Value::String(unescaped(item).into_owned()));
            all.push(Value::Array(items.collect()));
        }
        all
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
            // A list in a path was divided before it was unescaped, and that is gone.
            let plain =
                |schema: &SchemaId| !types_of(&self.schemas, *schema).meets(Types::ARRAY) || !text.contains([',', '.']);
            let value = param.schema.filter(plain).map(|_| Value::String(text.to_owned()));
            self.param(param, true, value.as_slice(), said, facts);
        }
    }

    fn head(&self, said: &Spoken<'_>, facts: &mut Facts) {
        let declared: Vec<&DeclaredParam> = self.params(ParamPlace::Header).collect();
        let cookies: Vec<&DeclaredParam> = self.params(ParamPlace::Cookie).collect();
        let mut texts: Vec<Option<String>> = vec![None; declared.len()];
        let mut crumbs: Vec<Option<String>> = vec![None; cookies.len()];
        if !declared.is_empty() || !cookies.is_empty() || self.speaks.headers {
            said.request.each(&mut |name, value| {
                if name.eq_ignore_ascii_case(b"cookie") {
                    self.cookies(value, (&cookies, &mut crumbs), said, facts);
                    return;
                }
                let mut lower = [0; NAME_BYTES];
                // A longer name is none.
                let Some(lower) = lower.get_mut(..name.len()) else { return };
                lower.copy_from_slice(name);
                lower.make_ascii_lowercase();
                let at = declared.iter().position(|param| param.name.as_bytes() == lower);
                if let Some(text) = at.and_then(|at| texts.get_mut(at)) {
                    join(text, value);
                } else if self.speaks.headers
                    && !(said.is_common)(lower)
                    && !is_of_clients(lower)
                    && !self.is_key(|need| matches!(need, Need::Header(key) if key.as_bytes() == lower))
                {
                    // As it was sent: case tells tokens from words.
                    let sent = String::from_utf8_lossy(name);
                    let told = told(said, &sent).to_ascii_lowercase();
                    let (seen, promised) = (pointer("/request/header", &told), self.below("parameters"));
                    facts.add(Drift::UndocumentedHeader, Checked::Request, &seen, &promised);
                }
            });
        }
        for (param, text) in declared.into_iter().zip(&texts) {
            if text.is_some() || !said.request_cut {
                let value = text.as_deref().and_then(|text| self.value_of(param, text));
                self.param(param, text.is_some(), value.as_slice(), said, facts);
            }
        }
        for (param, text) in cookies.into_iter().zip(&crumbs) {
            if text.is_some() || !said.request_cut {
                // What is escaped or quoted there stands for something, or for itself.
                let plain = text.as_deref().filter(|text| !text.contains(['%', '"']));
                let value = plain.and_then(|text| self.value_of(param, text));
                self.param(param, text.is_some(), value.as_slice(), said, facts);
            }
        }
    }

    /// The value of a parameter that came once.
    fn value_of(&self, param: &DeclaredParam, text: &str) -> Option<Value> {
        let schema = param.schema.filter(|_| !text.is_empty())?;
        match param.is_json {
            true => Some(Value::String(text.to_owned())),
            false => Some(value_of(&self.schemas, schema, param.style, param.explode, &[text])),
        }
    }

    /// Those of one Cookie field. Where an operation declares none, they are the browser's.
    fn cookies(
        &self,
        value: &[u8],
        (declared, crumbs): (&[&DeclaredParam], &mut [Option<String>]),
        said: &Spoken<'_>,
        facts: &mut Facts,
    ) {
        if declared.is_empty() {
            return;
        }
        for (name, value) in cookie_pairs(value) {
            let at = declared.iter().position(|param| param.name == name);
            if let Some(crumb) = at.and_then(|at| crumbs.get_mut(at)) {
                *crumb = Some(value.into_owned());
            } else if !self.is_key(|need| matches!(need, Need::Cookie(key) if *key == name)) {
                let (seen, promised) = (pointer("/request/cookie", &told(said, &name)), self.below("parameters"));
                facts.add(Drift::UndocumentedCookie, Checked::Request, &seen, &promised);
            }
        }
    }

    /// Some scheme of the document, of this operation or of others, is shown so.
    fn is_key(&self, is: impl Fn(&Need) -> bool) -> bool {
        self.keys.iter().any(is)
    }

    /// One parameter, with the values that it may stand for; what holds of one of them holds.
    fn param(&self, param: &DeclaredParam, there: bool, values: &[Value], said: &Spoken<'_>, facts: &mut Facts) {
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
        let Some(schema) = param.schema else { return };
        let mut first = None;
        for value in values {
            let read;
            let (value, loose) = match value {
                Value::String(text) if param.is_json => match serde_json::from_str::<Value>(text) {
                    Ok(value) => {
                        read = value;
                        (&read, false)
                    }
                    Err(_) => return,
                },
                // Objects in one text are written in more ways than can be told apart.
                Value::String(_) if types_of(&self.schemas, schema).is_object() => return,
                value => (value, true),
            };
            match Holding::new(&self.schemas, Side::Request, loose).hold(schema, value, said.spell) {
                None => facts.left_out += 1,
                Some(faults) if faults.is_empty() => return,
                Some(faults) => drop(first.get_or_insert(faults)),
            }
        }
        for fault in first.into_iter().flatten() {
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
            if body.required && !said.request_cut {
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
            let (pairs, cut) = pairs(text);
            if cut {
                facts.left_out += 1;
                return;
            }
            let value = form(pairs.iter().map(|pair| (&*pair.name, &*pair.value)), &names_of(&self.schemas, schema).0);
            // A plus may stand for itself.
            let doubtful = text.contains(&b'+');
            let part = (Side::Request, Checked::RequestBody, "/request/form");
            self.body(schema, (&value, true), part, said.spell, facts);
            if doubtful {
                facts.forgive(Drift::RequestFormat, Checked::RequestBody);
            }
        } else if is_multipart(media) {
            // Of parts only the names are known.
            let parts: Vec<&str> = said
                .params
                .iter()
                .filter(|param| param.place == ParamPlace::Multipart)
                .map(|param| param.name.as_str())
                .collect();
            if parts.is_empty() || parts.iter().any(|name| name.starts_with('{')) {
                return;
            }
            let value = form(parts.iter().map(|name| (*name, "")), &names_of(&self.schemas, schema).0);
            let holding = Holding::new(&self.schemas, Side::Request, true).by_names();
            let Some(faults) = holding.hold(schema, &value, said.spell) else {
                facts.left_out += 1;
                return;
            };
            facts.check(Checked::RequestBody);
            for fault in faults.iter().filter(|fault| fault.way.matches('/').count() == 1) {
                let drift = match fault.breaks {
                    Breaks::Missing => Drift::MissingForm,
                    Breaks::Undocumented => Drift::UndocumentedForm,
                    _ => continue,
                };
                let seen = format!("/request/form{}", fault.way);
                facts.put(drift, Checked::RequestBody, (&seen, &self.promised(fault)), fault.is_forbidden());
            }
        }
    }
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

/// Longer names of fields are none.
const NAME_BYTES: usize = 128;

/// Fields by which libraries, pages, monitors and testers mark what they send, whatever the API.
fn is_of_clients(name: &[u8]) -> bool {
    const ALL: [&str; 20] = [
        "b3",
        "content-digest",
        "csrf-token",
        "elastic-apm-traceparent",
        "last-event-id",
        "postman-token",
        "repr-digest",
        "request-id",
        "sentry-trace",
        "signature",
        "signature-input",
        "x-client-data",
        "x-csrf-token",
        "x-csrftoken",
        "x-http-method-override",
        "x-original-host",
        "x-original-proto",
        "x-purpose",
        "x-scheme",
        "x-xsrf-token",
    ];
    const BEGINNINGS: [&str; 8] =
        ["sentry-", "x-amz-", "x-cloud-", "x-insomnia-", "x-k6-", "x-schemathesis-", "x-stainless-", "x-envoy-"];
    ALL.iter().any(|known| known.as_bytes() == name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning.as_bytes()))
}
