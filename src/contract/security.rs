//! What a declaration wants to see before it lets somebody in.

use crate::api::{AuthScheme, Drift, HeadFields, Spoken};

/// One thing that must be shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// A bearer token (RFC 6750): of OAuth 2 and OpenID Connect, too.
    Bearer,
    /// RFC 7617.
    Basic,
    /// RFC 7616.
    Digest,
    /// Another scheme of the Authorization field.
    Authorization,
    /// A key in this header field, in lower case.
    Header(String),
    /// A key in this parameter of the query.
    Query(String),
    /// A key in this cookie.
    Cookie(String),
    /// What a wire does not show (a client certificate), or what is not known: taken to be there.
    Unseen,
}

impl Need {
    fn is_met(&self, said: &Spoken<'_>) -> bool {
        let shows = |schemes: &[AuthScheme]| schemes.iter().any(|scheme| said.auth.contains(scheme));
        match self {
            // RFC 6750 section 2.3: in the query, too.
            Self::Bearer => shows(&[AuthScheme::Bearer, AuthScheme::Jwt]) || has_parameter(said, "access_token"),
            Self::Basic => shows(&[AuthScheme::Basic]),
            Self::Digest => shows(&[AuthScheme::Digest]),
            Self::Authorization => has_field(said.request, "authorization"),
            Self::Header(name) => has_field(said.request, name),
            Self::Query(name) => has_parameter(said, name),
            Self::Cookie(name) => has_cookie(said, name),
            Self::Unseen => true,
        }
    }
}

/// What is wrong with the credentials of a request that succeeded.
pub(super) fn credentials(ways: &[Vec<Need>], said: &Spoken<'_>) -> Option<Drift> {
    let is_in = |way: &Vec<Need>| way.iter().all(|need| need.is_met(said));
    if ways.is_empty() || ways.iter().any(is_in) {
        return None;
    }
    let shown = said.auth.iter().any(|scheme| *scheme != AuthScheme::None)
        || ways.iter().flatten().any(|need| need.is_met(said));
    Some(if shown { Drift::OtherCredentials } else { Drift::NoCredentials })
}

fn has_field(head: &dyn HeadFields, wanted: &str) -> bool {
    let mut found = false;
    head.each(&mut |name, value| {
        found |= name.eq_ignore_ascii_case(wanted.as_bytes()) && !value.trim_ascii().is_empty()
    });
    found
}

fn has_parameter(said: &Spoken<'_>, wanted: &str) -> bool {
    let (pairs, _) = said.query.map(super::text::pairs).unwrap_or_default();
    pairs.iter().any(|pair| pair.name == wanted && !pair.value.is_empty())
}

fn has_cookie(said: &Spoken<'_>, wanted: &str) -> bool {
    let mut found = false;
    said.request.each(&mut |name, value| {
        if name.eq_ignore_ascii_case(b"cookie") {
            found |= value.split(|b| *b == b';').any(|pair| {
                let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
                let (name, value) = pair.split_at(at);
                name.trim_ascii() == wanted.as_bytes() && value.len() > 1
            });
        }
    });
    found
}
