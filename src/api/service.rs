//! What an API is called by: scheme, host and port, in one spelling.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};

/// Whether a service was spoken to in clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// In clear.
    #[default]
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The port that goes without saying.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A service: who answers. One spelling for one service (RFC 9110 section 4.2.3, RFC 3986 section 6.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceId {
    /// Host: lower case, ASCII form of an internationalised name, no trailing dot, an IPv6 literal in brackets.
    pub host: String,
    /// Port, always said.
    pub port: u16,
    /// Scheme.
    pub scheme: Scheme,
}

impl Hash for ServiceId {
    /// In two pieces: it is looked up once a request.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.host.as_bytes());
        state.write_u32(u32::from(self.port) << 8 | self.scheme as u32);
    }
}

impl ServiceId {
    /// The port, unless it is the one that goes without saying for this scheme.
    #[must_use]
    pub fn odd_port(&self) -> Option<u16> {
        (self.port != self.scheme.default_port()).then_some(self.port)
    }
}

impl fmt::Display for ServiceId {
    /// `http://shop.example`, `http://10.0.0.7:8080`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.host)?;
        match self.odd_port() {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}
