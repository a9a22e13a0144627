//! What a JSON Web Token says of itself: how it is signed, how long it lives, who issued it. Never the token, never a claim
//! about its bearer.

use serde::{Deserialize, Serialize};

/// What was read from one token. Nothing of it was verified: the sensor has no keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// How it says that it is protected.
    pub algorithm: TokenAlgorithm,
    /// From `iat` to `exp`.
    pub lifetime: TokenLifetime,
    /// `iss`.
    pub issuer: TokenIssuer,
}

/// Who issued a token (RFC 7519 section 4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenIssuer {
    /// It does not say.
    Unnamed,
    /// A host of plain words, lower case, without scheme, port and path.
    Host(String),
    /// A text that may hold an id or a name: that there was one is all that is kept.
    Other,
}

/// `alg` of the header (RFC 7518 section 3.1, RFC 8037, RFC 8812).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TokenAlgorithm {
    /// `none`: not protected at all.
    #[serde(rename = "none")]
    None,
    /// HMAC with SHA-256: whoever can check one can make one.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// ECDSA with P-256.
    ES256,
    /// ECDSA with P-384.
    ES384,
    /// ECDSA with P-521.
    ES512,
    /// ECDSA with secp256k1.
    ES256K,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// Ed25519 or Ed448.
    EdDSA,
    /// Five parts (RFC 7516): nothing but the header can be read.
    #[serde(rename = "encrypted")]
    Encrypted,
    /// Another, or none that can be read.
    #[serde(rename = "other")]
    Other,
}

impl TokenAlgorithm {
    /// That of the registered name. `none` in any letter case is none: attackers write it so.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "HS256" => Self::HS256,
            "HS384" => Self::HS384,
            "HS512" => Self::HS512,
            "RS256" => Self::RS256,
            "RS384" => Self::RS384,
            "RS512" => Self::RS512,
            "ES256" => Self::ES256,
            "ES384" => Self::ES384,
            "ES512" => Self::ES512,
            "ES256K" => Self::ES256K,
            "PS256" => Self::PS256,
            "PS384" => Self::PS384,
            "PS512" => Self::PS512,
            "EdDSA" | "Ed25519" | "Ed448" => Self::EdDSA,
            name if name.eq_ignore_ascii_case("none") => Self::None,
            _ => Self::Other,
        }
    }
}

/// How long a token lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenLifetime {
    /// Without `exp`: for ever.
    Endless,
    /// An hour at most.
    Hour,
    /// A day at most.
    Day,
    /// Thirty days at most.
    Month,
    /// Longer.
    Longer,
    /// It ends, but does not say when it began; or its claims cannot be read.
    Unknown,
}

impl TokenLifetime {
    /// The class of so many seconds.
    #[must_use]
    pub fn of_seconds(seconds: f64) -> Self {
        if seconds.is_nan() {
            Self::Unknown
        } else if seconds <= 3_600.0 {
            Self::Hour
        } else if seconds <= 86_400.0 {
            Self::Day
        } else if seconds <= 30.0 * 86_400.0 {
            Self::Month
        } else {
            Self::Longer
        }
    }
}
