//! How a caller said who it is: the scheme, never the secret.

use serde::{Deserialize, Serialize};

/// An authentication scheme met in traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthScheme {
    /// No credentials at all.
    None,
    /// RFC 6750, opaque token.
    Bearer,
    /// A JSON Web Token (RFC 7519) in the Authorization field, as RFC 6750 has it or under another word.
    Jwt,
    /// RFC 7617.
    Basic,
    /// RFC 7616.
    Digest,
    /// A key in a header field.
    ApiKeyHeader,
    /// A key in the query.
    ApiKeyQuery,
    /// A session cookie.
    Cookie,
    /// Another scheme of the Authorization field (Negotiate, AWS4-HMAC-SHA256, ...).
    Other,
    /// A key in a cookie.
    ApiKeyCookie,
}

impl AuthScheme {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Jwt => "jwt",
            Self::Basic => "basic",
            Self::Digest => "digest",
            Self::ApiKeyHeader => "api_key_header",
            Self::ApiKeyQuery => "api_key_query",
            Self::Cookie => "cookie",
            Self::Other => "other",
            Self::ApiKeyCookie => "api_key_cookie",
        }
    }
}
