//! Where something stands, in the exchange and in the spec, and what a fault there is called.

use std::borrow::Cow;

use serde_json::Value;

use super::operation::Contract;
use super::schema::SchemaId;
use super::value::{Breaks, Fault, Holding, Side, Spell};
use crate::api::{Checked, Drift, Facts, Spoken};

impl Contract {
    pub(super) fn body(
        &self,
        schema: SchemaId,
        (value, loose): (&Value, bool),
        (side, of, seen): (Side, Checked, &str),
        spell: Spell,
        facts: &mut Facts,
    ) {
        let Some(faults) = Holding::new(&self.schemas, side, loose).hold(schema, value, spell) else {
            // It took too long to say, or lies too deep.
            facts.left_out += 1;
            return;
        };
        facts.check(of);
        for fault in faults {
            // Of a form only the first level has names of its own.
            let drift = match fault.breaks {
                Breaks::Missing if loose => Some(Drift::MissingForm),
                Breaks::Undocumented if loose => Some(Drift::UndocumentedForm),
                breaks => drift_of(breaks, side),
            };
            if let Some(drift) = drift {
                let seen = format!("{seen}{}", fault.way);
                facts.put(drift, of, (&seen, &self.promised(&fault)), fault.is_forbidden());
            }
        }
    }

    pub(super) fn promised(&self, fault: &Fault) -> String {
        let mut pointer = self.schemas.pointer(fault.schema);
        if !fault.keyword.is_empty() {
            pointer.push('/');
            pointer.push_str(fault.keyword);
        }
        pointer
    }

    pub(super) fn below(&self, key: &str) -> String {
        format!("{}/{key}", self.at)
    }
}

pub(super) fn drift_of(breaks: Breaks, side: Side) -> Option<Drift> {
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
pub(super) fn told<'n>(said: &Spoken<'_>, name: &'n str) -> Cow<'n, str> {
    (said.spell)(name)
}

/// A JSON pointer with one key more.
pub(super) fn pointer(before: &str, key: &str) -> String {
    format!("{before}/{}", escaped(key))
}

/// RFC 6901 section 3.
pub(super) fn escaped(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

/// A field that comes again is a list (RFC 9110 section 5.3).
pub(super) fn join(text: &mut Option<String>, value: &[u8]) {
    let value = String::from_utf8_lossy(value);
    match text {
        Some(text) => {
            text.push(',');
            text.push_str(value.trim());
        }
        None => *text = Some(value.trim().to_owned()),
    }
}
