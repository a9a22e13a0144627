//! What a request that succeeded asked for, held against its declaration: parameters, credentials, the body.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::media::{MediaRange, is_form, is_json, is_multipart};
use super::operation::{Contract, DeclaredParam};
use super::places::{drift_of, pointer, told};
use super::schema::Types;
use super::security::{Need, credentials};
use super::text::{Style, form, names_of, pairs, types_of, value_of};
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
        if said.status.is_some_and(|status| (200..300).contains(&status))
            && let Some(drift) = credentials(&self.security, said)
        {
            facts.add(drift, Checked::Request, "/request/credentials", &self.security_at);
        }
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
                    *text = Some(String::from_utf8_lossy(value).trim().to_owned());
                } else if self.speaks.headers
                    && !(said.is_common)(lower)
                    && !is_of_tools(lower)
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
        for (param, text) in declared.into_iter().zip(&texts).chain(cookies.into_iter().zip(&crumbs)) {
            let texts: Vec<&str> = text.iter().map(String::as_str).collect();
            self.param(param, text.is_some(), &texts, said, facts);
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

/// Fields by which clients of testers mark their requests.
fn is_of_tools(name: &[u8]) -> bool {
    const TOOLS: [&str; 4] = ["postman-token", "x-schemathesis-", "x-insomnia-", "x-k6-"];
    TOOLS.iter().any(|tool| name.starts_with(tool.as_bytes()))
}
