//! What an answer says, held against its declaration: status, media type, fields of the head, the body, and that it will end.

use serde_json::Value;

use super::media::{MediaRange, is_json};
use super::operation::{Contract, Response, StatusRange};
use super::places::{drift_of, escaped, join, pointer};
use super::sunset::http_date;
use super::text::{Style, types_of, value_of};
use super::value::{Holding, Side};
use crate::api::{Checked, Drift, Facts, Spoken, SpokenBody};

impl Contract {
    pub(super) fn response(&self, said: &Spoken<'_>, status: u16, facts: &mut Facts) {
        self.ending(said, facts);
        if self.responses.is_empty() {
            return;
        }
        let Some(response) = self.answer_for(status) else {
            if !is_of_http(status) && (status < 400 || self.speaks.errors) {
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
            // What says nothing of a body does not forbid one.
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
        let own = with(StatusRange::One(status));
        if is_of_http(status) {
            // Whatever else is declared was not meant for it.
            return own;
        }
        own.or_else(|| with(StatusRange::Hundred(status / 100))).or_else(|| with(StatusRange::Default))
    }

    fn answer_head(&self, said: &Spoken<'_>, status: u16, response: &Response, facts: &mut Facts) {
        let Some(head) = said.response else { return };
        for (name, required, schema) in &response.headers {
            let mut text = None;
            head.each(&mut |field, value| {
                if field.eq_ignore_ascii_case(name.as_bytes()) {
                    join(&mut text, value);
                }
            });
            let seen = || pointer(&format!("/response/{status}/header"), &name.to_ascii_lowercase());
            let of = Checked::Response(status);
            let at = || format!("{}/headers/{}", response.at, escaped(name));
            match (text, schema) {
                (None, _) if *required && !said.response_cut => {
                    facts.add(Drift::MissingResponseHeader, of, &seen(), &at())
                }
                (Some(text), Some(schema)) if !text.is_empty() => {
                    if types_of(&self.schemas, *schema).is_object() {
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
}

/// What HTTP itself answers, whatever the operation: interim, a part, and that nothing has changed (RFC 9110 section 15).
const fn is_of_http(status: u16) -> bool {
    matches!(status, 100..=199 | 206 | 304)
}
