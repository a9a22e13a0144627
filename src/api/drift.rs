//! The words for drift: what a message did that its declaration does not say.
//!
//! In: one exchange held against one [`Promise`](super::Promise). Out: facts, each with a place in the message and a place in
//! the declaration, as JSON pointers. Neither holds a value: of data that stands where names do its class is told.

use serde::{Deserialize, Serialize};

/// One table: variant, stable id. Its order is that of state files, so that a new kind is added at the end.
macro_rules! drifts {
    ($($(#[$doc:meta])* $kind:ident, $name:literal;)*) => {
        /// A kind of drift.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Drift {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        impl Drift {
            /// Every kind, in order.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$kind),*];

            /// Its stable id, as it stands in reports and policies.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

drifts! {
    /// A query parameter that is not declared.
    UndocumentedQuery, "undocumented-query";
    /// A header field of the request that is not declared, and that is no field of HTTP, browsers or proxies.
    UndocumentedHeader, "undocumented-header";
    /// A cookie that is not declared, where the operation declares cookies.
    UndocumentedCookie, "undocumented-cookie";
    /// A form field that is not declared.
    UndocumentedForm, "undocumented-form-field";
    /// A field of the request body that is not declared.
    UndocumentedRequestField, "undocumented-request-field";
    /// A field of the response body that is not declared.
    UndocumentedResponseField, "undocumented-response-field";
    /// A status that is not declared.
    UndocumentedStatus, "undocumented-status";
    /// A media type of the request that is not declared.
    UndocumentedRequestType, "undocumented-request-type";
    /// A media type of the response that is not declared.
    UndocumentedResponseType, "undocumented-response-type";
    /// A body where none is declared.
    UndocumentedRequestBody, "undocumented-request-body";
    /// A required query parameter was not there, and the request succeeded.
    MissingQuery, "missing-query";
    /// A required header field was not there, and the request succeeded.
    MissingHeader, "missing-header";
    /// A required cookie was not there, and the request succeeded.
    MissingCookie, "missing-cookie";
    /// A required form field was not there, and the request succeeded.
    MissingForm, "missing-form-field";
    /// A required body was not there, and the request succeeded.
    MissingRequestBody, "missing-request-body";
    /// A required field of the request body was not there, and the request succeeded.
    MissingRequestField, "missing-request-field";
    /// A required field of the response body was not there.
    MissingResponseField, "missing-response-field";
    /// A required header field of the response was not there.
    MissingResponseHeader, "missing-response-header";
    /// A value of the request is of another type.
    RequestType, "request-wrong-type";
    /// A value of the response is of another type.
    ResponseType, "response-wrong-type";
    /// A value of the request is not of its format or pattern.
    RequestFormat, "request-wrong-format";
    /// A value of the response is not of its format or pattern.
    ResponseFormat, "response-wrong-format";
    /// A value of the request is none of those declared.
    RequestEnum, "request-not-in-enum";
    /// A value of the response is none of those declared.
    ResponseEnum, "response-not-in-enum";
    /// A value of the request is outside its range: too small, too large, too short, too long, too few, too many.
    RequestRange, "request-out-of-range";
    /// A value of the response is outside its range.
    ResponseRange, "response-out-of-range";
    /// A value of the request fits none of the alternatives that are declared.
    RequestAlternative, "request-no-alternative";
    /// A value of the response fits none of the alternatives that are declared.
    ResponseAlternative, "response-no-alternative";
    /// A field that only responses may hold was sent.
    ReadOnlySent, "read-only-sent";
    /// A field that only requests may hold was returned.
    WriteOnlyReturned, "write-only-returned";
    /// Security is declared, and a request succeeded without credentials.
    NoCredentials, "no-credentials";
    /// Security is declared, and a request succeeded with other credentials.
    OtherCredentials, "other-credentials";
    /// Declared for https only, and seen in clear.
    Cleartext, "cleartext";
    /// A parameter that is declared deprecated is in use.
    DeprecatedParameter, "deprecated-parameter";
    /// The answer announces its end (RFC 8594, RFC 9745), and the declaration says nothing of it.
    UndocumentedSunset, "undocumented-sunset";
    /// The day on which an answer said that it would end is over.
    SunsetPassed, "sunset-passed";
}

/// A part of an exchange that was held against its declaration: what a ratio is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Checked {
    /// Requests that succeeded: what a refused one asked for is not what the operation takes.
    Request,
    /// Their bodies, of those that were looked into whole.
    RequestBody,
    /// Answers with this status.
    Response(u16),
    /// Their bodies, of those that were looked into whole.
    ResponseBody(u16),
    /// All answers.
    Answers,
}

/// What one exchange did that its declaration does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fact {
    /// What kind.
    pub drift: Drift,
    /// What it is told of.
    pub of: Checked,
    /// Of a field that is not declared: some schema forbids what it does not name.
    pub forbidden: bool,
    /// Where in the exchange, as a JSON pointer: `/request/query/limit`, `/response/200/body/items/*/price`.
    pub seen: Box<str>,
    /// Where in the declaration, as a JSON pointer with the file before it where that is not the root: `#/paths/~1users/get`.
    pub promised: Box<str>,
}

/// The facts of one exchange.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    list: Vec<Fact>,
    checked: Vec<Checked>,
    /// Facts for which there was no room.
    pub left_out: u64,
}

impl Facts {
    /// Facts kept of one exchange. A body of a thousand undeclared fields says with sixty-four of them what it has to say.
    pub const MOST: usize = 64;
    /// Longer pointers are cut there: of an attacker's names only so much is kept.
    pub const POINTER_BYTES: usize = 512;

    /// Forgets all.
    pub fn clear(&mut self) {
        self.list.clear();
        self.checked.clear();
        self.left_out = 0;
    }

    /// A part was held against its declaration.
    pub fn check(&mut self, part: Checked) {
        if !self.checked.contains(&part) {
            self.checked.push(part);
        }
    }

    /// There is no room for more.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.list.len() >= Self::MOST
    }

    /// Takes back those of a kind that were told of a part.
    pub fn forgive(&mut self, drift: Drift, of: Checked) {
        self.list.retain(|fact| fact.drift != drift || fact.of != of);
    }

    /// Adds one, unless it is there.
    pub fn add(&mut self, drift: Drift, of: Checked, seen: &str, promised: &str) {
        self.put(drift, of, (seen, promised), false);
    }

    /// The same of what may be forbidden.
    pub fn put(&mut self, drift: Drift, of: Checked, (seen, promised): (&str, &str), forbidden: bool) {
        let (seen, promised) = (cut(seen), cut(promised));
        let known =
            |fact: &Fact| fact.drift == drift && fact.of == of && *fact.seen == *seen && *fact.promised == *promised;
        if self.list.iter().any(known) {
            return;
        }
        if self.list.len() >= Self::MOST {
            self.left_out += 1;
            return;
        }
        self.list.push(Fact { drift, of, forbidden, seen: seen.into(), promised: promised.into() });
    }

    /// What was found.
    #[must_use]
    pub fn list(&self) -> &[Fact] {
        &self.list
    }

    /// What was held against its declaration, each once.
    #[must_use]
    pub fn checked(&self) -> &[Checked] {
        &self.checked
    }
}

fn cut(pointer: &str) -> &str {
    pointer.get(..pointer.floor_char_boundary(Facts::POINTER_BYTES)).unwrap_or(pointer)
}
