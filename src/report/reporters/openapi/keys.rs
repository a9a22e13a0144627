//! Which parameter bears a key: an inventory counts keys, and names parameters, and does not say which is which.

use crate::api::{AuthScheme, ParamPlace};

/// Longer names are none of a key.
const BYTES: usize = 64;
/// What the name of a key, or of a session, has in it.
const WORDS: [&str; 7] = ["key", "token", "auth", "secret", "session", "sess", "sid"];

/// The id of a security scheme, its place and its name, where this parameter may bear keys of that kind.
pub(super) fn key_of(scheme: AuthScheme, place: ParamPlace, name: &str) -> Option<(String, &'static str, String)> {
    let at = match (scheme, place) {
        (AuthScheme::ApiKeyHeader, ParamPlace::Header) => "header",
        (AuthScheme::ApiKeyQuery, ParamPlace::Query) => "query",
        (AuthScheme::ApiKeyCookie | AuthScheme::Cookie, ParamPlace::Cookie) => "cookie",
        _ => return None,
    };
    let lower = name.to_ascii_lowercase();
    // Ids of components are of these letters alone.
    let plain = name.len() <= BYTES && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let is_key = plain && WORDS.iter().any(|word| lower.contains(word));
    is_key.then(|| (format!("{at}.{name}"), at, name.to_owned()))
}
