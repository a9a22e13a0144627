//! A parameter by name and type, of a request or of what answers it. No value.

use serde::{Deserialize, Serialize};

use super::data::DataClasses;
use super::values::Value;

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamPlace {
    /// A variable of the path.
    Path,
    /// In the query.
    Query,
    /// A header field of the request that no standard knows.
    Header,
    /// In the Cookie field of the request (RFC 6265).
    Cookie,
    /// In an `application/x-www-form-urlencoded` body.
    Form,
    /// A part of a `multipart/form-data` body (RFC 7578).
    Multipart,
    /// A header field of the response that no standard knows, or that tells where something is or when it ends.
    ResponseHeader,
    /// In a Set-Cookie field of the response (RFC 6265).
    ResponseCookie,
}

impl ParamPlace {
    /// Every place, in order.
    pub const ALL: [Self; 8] = [
        Self::Path,
        Self::Query,
        Self::Header,
        Self::Cookie,
        Self::Form,
        Self::Multipart,
        Self::ResponseHeader,
        Self::ResponseCookie,
    ];

    /// It is only read in exchanges that are looked into.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        !matches!(self, Self::Path | Self::Query)
    }

    /// It stands in the head of a message, where names have no structure.
    #[must_use]
    pub const fn is_of_head(self) -> bool {
        matches!(self, Self::Header | Self::Cookie | Self::ResponseHeader | Self::ResponseCookie)
    }

    /// It is the server's.
    #[must_use]
    pub const fn is_of_response(self) -> bool {
        matches!(self, Self::ResponseHeader | Self::ResponseCookie)
    }

    /// Its name, as it stands in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::ResponseHeader => "response_header",
            Self::ResponseCookie => "response_cookie",
        }
    }
}

/// What a parameter's value looks like; of a list, what its items do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// No value, or an empty one.
    Empty,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Number,
    /// RFC 9562.
    Uuid,
    /// A date or a time (RFC 3339).
    Date,
    /// An e-mail address.
    Email,
    /// Anything else.
    String,
    /// A file (RFC 7578 section 4.2).
    File,
}

impl ParamType {
    /// Every type, in order.
    pub const ALL: [Self; 9] = [
        Self::Empty,
        Self::Boolean,
        Self::Integer,
        Self::Number,
        Self::Uuid,
        Self::Date,
        Self::Email,
        Self::String,
        Self::File,
    ];

    /// Its name, as it stands in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::Email => "email",
            Self::String => "string",
            Self::File => "file",
        }
    }
}

/// How more than one plain value is put under a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamStyle {
    /// It is one plain value.
    #[default]
    Single,
    /// A part of an object: `filter[name]=x` (OpenAPI's `deepObject`), `filter.name=x`.
    Deep,
    /// A list in one value: `a=1,2`.
    Commas,
    /// A list by repetition: `a=1&a=2`.
    Repeated,
    /// A list by brackets: `a[]=1&a[]=2`, `a[0]=1`.
    Brackets,
}

impl ParamStyle {
    /// Every style, in order.
    pub const ALL: [Self; 5] = [Self::Single, Self::Deep, Self::Commas, Self::Repeated, Self::Brackets];
}

/// One parameter of one exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Param {
    /// Where it stands.
    pub place: ParamPlace,
    /// Its name, or the class of its name in braces (`{token}`) when that is a value class.
    pub name: String,
    /// What its value looks like.
    pub kind: ParamType,
    /// How several values were put under the name.
    pub style: ParamStyle,
    /// What may be kept of its value.
    pub value: Value,
    /// Classes of sensitive data that its value showed; `None` where it was not looked at, or is empty.
    pub looked: Option<DataClasses>,
}

impl Param {
    /// One plain value of this type, of which nothing else is known.
    #[must_use]
    pub fn plain(place: ParamPlace, name: &str, kind: ParamType) -> Self {
        Self { place, name: name.to_owned(), kind, style: ParamStyle::Single, value: Value::default(), looked: None }
    }
}
