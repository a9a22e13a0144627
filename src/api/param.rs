//! A parameter by name and type. No value.

use serde::{Deserialize, Serialize};

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamPlace {
    /// In the query.
    Query,
    /// In an `application/x-www-form-urlencoded` body.
    Form,
}

impl ParamPlace {
    /// It stands in a body.
    #[must_use]
    pub const fn is_of_a_body(self) -> bool {
        matches!(self, Self::Form)
    }
}

/// What a parameter's value looks like.
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
}

/// One parameter of one request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Param {
    /// Where it stands.
    pub place: ParamPlace,
    /// Its name, or the class of its name in braces (`{token}`) when that is a value class.
    pub name: String,
    /// What its value looks like.
    pub kind: ParamType,
}
