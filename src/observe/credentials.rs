//! How a caller said who it is: the scheme. The secret is looked at, named and forgotten.
//!
//! In: the header fields of a request and its query. Out: the schemes, sorted, each once; `None` alone when there is
//! no credential at all.

use super::fields::{is_escaped, parts, unescaped};
use super::jwt::{Room, facts};
use super::sensitive::is_jwt;
use crate::api::{AuthScheme, TokenFacts};
use crate::proto::{Message, is_named};

/// Writes the schemes of one request into `into`; tells what the first JSON Web Token among them says of itself. `room` is for
/// reading it. `first` is where the first field stands that [`may_be_credential`] does not pass over.
pub(super) fn credentials(
    request: &Message,
    first: Option<usize>,
    query: Option<&[u8]>,
    into: &mut Vec<AuthScheme>,
    room: &mut Room,
) -> Option<TokenFacts> {
    into.clear();
    if first.is_none() && query.is_none() {
        into.push(AuthScheme::None);
        return None;
    }
    // The first in Authorization, and the first elsewhere.
    let (mut bearer, mut token) = (None, None);
    for (name, value) in request.fields().skip(first.unwrap_or(usize::MAX)) {
        if !may_be_credential(name) {
            continue;
        }
        let value = value.trim_ascii();
        if is_placeholder(value) {
            continue;
        }
        if is_named(name, b"authorization") {
            let (scheme, secret) = authorization(value);
            if scheme == Some(AuthScheme::Jwt) {
                bearer = bearer.or(Some(secret));
            }
            add(into, scheme);
        } else if is_named(name, b"cookie") {
            for_each_cookie(value, |scheme, value| {
                add(into, Some(scheme));
                token = token.or_else(|| jwt(value));
            });
        } else if is_key_field(name) {
            add(into, Some(AuthScheme::ApiKeyHeader));
            token = token.or_else(|| jwt(value));
        }
    }
    for (name, value) in query.into_iter().flat_map(|query| pairs(query, b'&')) {
        if !is_placeholder(value) && is_query_key(name) {
            add(into, Some(AuthScheme::ApiKeyQuery));
            token = token.or_else(|| jwt(value));
        }
    }
    if into.is_empty() {
        into.push(AuthScheme::None);
    }
    into.sort_unstable();
    bearer.or(token).map(|token| facts(token, room))
}

/// A request may carry thousands of fields; there are ten schemes.
fn add(into: &mut Vec<AuthScheme>, scheme: Option<AuthScheme>) {
    if let Some(scheme) = scheme
        && !into.contains(&scheme)
    {
        into.push(scheme);
    }
}

/// The scheme, and the secret behind its name. A scheme without a secret is no credential.
fn authorization(value: &[u8]) -> (Option<AuthScheme>, &[u8]) {
    let blank = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (scheme, secret) = value.split_at(blank);
    let secret = secret.trim_ascii();
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    if is_placeholder(secret) && !secret.is_empty() {
        return (None, secret);
    }
    if secret.is_empty() {
        // Sent bare, without the word in front; or the word alone.
        return match () {
            () if is_jwt(value) => (Some(AuthScheme::Jwt), value),
            () if SCHEMES.iter().any(|scheme| is(scheme)) => (None, secret),
            () => (Some(AuthScheme::Other), secret),
        };
    }
    let scheme = match () {
        () if is("basic") => AuthScheme::Basic,
        () if is("digest") => AuthScheme::Digest,
        // Whatever the word in front: `DPoP` (RFC 9449), `JWT` and `Token` are usual.
        () if is_jwt(secret) => AuthScheme::Jwt,
        () if is("bearer") => AuthScheme::Bearer,
        () => AuthScheme::Other,
    };
    (Some(scheme), secret)
}

/// Nothing, or what a client sends that has nothing to send: no credential. Told by its length first, for most are longer.
fn is_placeholder(value: &[u8]) -> bool {
    if value.len() > PLACEHOLDER_BYTES {
        return false;
    }
    let bare = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value).trim_ascii();
    PLACEHOLDERS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(bare))
}

/// The token that a credential is, quotes and `Bearer` taken off.
fn jwt(value: &[u8]) -> Option<&[u8]> {
    let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    let bare = match value {
        [b'B' | b'b', ..] if begins(value, "bearer ") => value.get("bearer ".len()..)?.trim_ascii_start(),
        value => value,
    };
    is_jwt(bare).then_some(bare)
}

/// Names with what stands behind their equals sign; what has none is passed over.
fn pairs(text: &[u8], mark: u8) -> impl Iterator<Item = (&[u8], &[u8])> {
    parts(text, mark).filter_map(|pair| {
        let equals = pair.iter().position(|b| *b == b'=')?;
        Some((pair.get(..equals)?, pair.get(equals + 1..)?))
    })
}

/// The name ends as those of all fields do that carry credentials: most fields are passed over after a look at two letters.
#[inline]
pub(super) const fn may_be_credential(name: &[u8]) -> bool {
    let [.., a, b] = name else { return false };
    // This bit makes letters small, and a letter of nothing else. `-key`, `token` and `authorization`, `cookie`, `auth`, `secret`.
    matches!([*a | 0x20, *b | 0x20], [b'e' | b'o', b'n'] | [b'e', b'y' | b't'] | [b'i', b'e'] | [b't', b'h'])
}

/// Names under which keys are sent. Those under which only caches, forms and retries are told apart are not among them.
fn is_key_field(name: &[u8]) -> bool {
    if KEY_FIELDS.iter().any(|key| key.as_bytes().eq_ignore_ascii_case(name)) {
        return true;
    }
    begins(name, "x-") && KEY_ENDS.iter().any(|end| ends(name, end)) && !holds(name, KEYS_TO_OTHER_THINGS)
}

/// Shows the cookies that are credentials, each with its scheme and its value.
fn for_each_cookie<'x>(cookies: &'x [u8], mut show: impl FnMut(AuthScheme, &'x [u8])) {
    for (name, value) in pairs(cookies, b';') {
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        if is_placeholder(value) || value == b"deleted" {
            continue;
        }
        if is_session(name) {
            show(AuthScheme::Cookie, value);
        } else if is_cookie_key(name) {
            show(AuthScheme::ApiKeyCookie, value);
        }
    }
}

/// Names under which fields and queries carry keys, as far as they mean nothing else in a cookie; what has `token` in it was
/// taken for a session's.
fn is_cookie_key(name: &[u8]) -> bool {
    may_be_query_key(name) && COOKIE_KEYS.iter().any(|key| key.as_bytes().eq_ignore_ascii_case(name))
}

fn is_session(name: &[u8]) -> bool {
    (holds(name, SESSION_WORDS) || ends(name, "sid") || name.eq_ignore_ascii_case(b"remember_me"))
        && !holds(name, &["csrf", "xsrf"])
        && !TRACKERS.iter().any(|tracker| begins(name, tracker))
}

/// `name` as it was sent, escapes and all.
fn is_query_key(name: &[u8]) -> bool {
    if is_escaped(name) {
        let lower = unescaped(name).map(|b| b.to_ascii_lowercase());
        return QUERY_KEYS.iter().any(|key| key.bytes().eq(lower.clone()));
    }
    may_be_query_key(name) && QUERY_KEYS.iter().any(|key| key.as_bytes().eq_ignore_ascii_case(name))
}

/// The name ends as one of the list does.
const fn may_be_query_key(name: &[u8]) -> bool {
    let [.., a, b] = name else { return false };
    matches!(
        &[a.to_ascii_lowercase(), b.to_ascii_lowercase()],
        b"ey" | b"en" | b"th" | b"ig" | b"re" | b"id" | b"et" | b"wt"
    )
}

fn begins(text: &[u8], start: &str) -> bool {
    text.get(..start.len()).is_some_and(|front| front.eq_ignore_ascii_case(start.as_bytes()))
}

fn ends(text: &[u8], end: &str) -> bool {
    text.len()
        .checked_sub(end.len())
        .and_then(|at| text.get(at..))
        .is_some_and(|t| t.eq_ignore_ascii_case(end.as_bytes()))
}

fn holds(text: &[u8], words: &[&str]) -> bool {
    words.iter().map(|word| word.as_bytes()).any(|word| {
        let mut windows = text.windows(word.len());
        windows.any(|window| window[0].to_ascii_lowercase() == word[0] && window.eq_ignore_ascii_case(word))
    })
}

const KEY_FIELDS: &[&str] = &[
    "api-key",
    "apikey",
    "api_key",
    "x-api-key",
    "x-apikey",
    "x-auth-token",
    "x-access-token",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "x-subscription-token",
    "x-vault-token",
    "private-token",
    "job-token",
    "deploy-token",
    "x-gitlab-token",
    "x-shopify-access-token",
    "x-amz-security-token",
    "dd-api-key",
    "dd-application-key",
    "x-token",
    "x-session-token",
    "access-token",
    "auth-token",
    "authtoken",
    "token",
    "x-auth",
    "x-authorization",
    "x-secret",
];

/// With `x-` in front.
const KEY_ENDS: &[&str] = &["-key", "-apikey", "-api-token", "-auth-token", "-access-token", "-secret"];

const KEYS_TO_OTHER_THINGS: &[&str] = &[
    "idempot",
    "cache",
    "partition",
    "sort",
    "routing",
    "surrogate",
    "correlation",
    "request-key",
    "trace",
    "csrf",
    "xsrf",
    "public-key",
    "encryption-key",
    "dedup",
    "message-key",
    "object-key",
];

const QUERY_KEYS: &[&str] = &[
    "api_key",
    "apikey",
    "api-key",
    "key",
    "access_token",
    "access-token",
    "accesstoken",
    "auth_token",
    "authtoken",
    "token",
    "auth",
    "sig",
    "signature",
    "x-amz-signature",
    "x-goog-signature",
    "awsaccesskeyid",
    "subscription-key",
    "app_key",
    "appkey",
    "appid",
    "client_secret",
    "secret",
    "hapikey",
    "private_token",
    "jwt",
    "id_token",
    "session_token",
];

const COOKIE_KEYS: &[&str] = &[
    "api_key",
    "api-key",
    "apikey",
    "x-api-key",
    "x_api_key",
    "x-apikey",
    "app_key",
    "appkey",
    "subscription-key",
    "client_secret",
];

/// How languages write what is not there, and base64 of a name and a password that are empty.
const PLACEHOLDERS: &[&str] =
    &["", "null", "undefined", "none", "nil", "(null)", "nan", "false", "[object object]", "og=="];
/// The longest, in quotes.
const PLACEHOLDER_BYTES: usize = 17;

/// Words in front of a secret in Authorization, which alone are none.
const SCHEMES: &[&str] =
    &["bearer", "basic", "digest", "dpop", "jwt", "token", "negotiate", "ntlm", "apikey", "api-key", "key"];

const SESSION_WORDS: &[&str] = &["sess", "auth", "token", "jwt"];

/// Cookies of measuring scripts, which say `session` and mean a visit.
const TRACKERS: &[&str] = &["_hj", "ai_", "_ga", "_gid", "_clsk", "_pk_", "amp", "mp_", "ajs_", "_dd_"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TokenAlgorithm;
    use AuthScheme::{ApiKeyCookie, ApiKeyHeader, ApiKeyQuery, Basic, Bearer, Cookie, Digest, Jwt, Other};

    fn read(fields: &[(&str, &str)], query: &str) -> Vec<AuthScheme> {
        let mut request = Message::default();
        request.set_request(b"GET", b"/", 11);
        for (name, value) in fields {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
        let mut schemes = vec![Other];
        credentials(&request, Some(0), Some(query.as_bytes()), &mut schemes, &mut Room::default());
        schemes
    }

    #[test]
    fn authorization_names_its_scheme() {
        for (value, scheme) in [
            ("Bearer abc.def", Bearer),
            ("bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", Jwt),
            ("Bearer eyJh.eyJz.a.b.c", Jwt),
            ("Bearer eyJh.eyJz", Bearer),
            ("Bearer abc.def.ghi", Bearer),
            ("Basic dTpw", Basic),
            ("Digest username=\"u\"", Digest),
            ("AWS4-HMAC-SHA256 Credential=x", Other),
            ("Negotiate YII", Other),
            ("eyJh.eyJz.abc", Jwt),
            ("sk_live_123", Other),
        ] {
            assert_eq!(read(&[("authorization", value)], ""), [scheme], "{value}");
        }
        for empty in [" ", "Bearer", "Bearer ", "basic  ", "DPoP", "Token "] {
            assert_eq!(read(&[("Authorization", empty)], ""), [AuthScheme::None], "{empty:?}");
        }
    }

    #[test]
    fn what_stands_in_the_place_of_a_credential_is_none() {
        // Catches clients whose token was never set taken for signed in: their endpoint answers without one.
        for placeholder in
            ["null", "undefined", "Undefined", "None", "nil", "(null)", "NaN", "\"\"", "\"null\"", "[object Object]"]
        {
            let fields = [
                ("Authorization", format!("Bearer {placeholder}")),
                ("authorization", placeholder.to_owned()),
                ("Authorization", format!("Token  {placeholder} ")),
                ("X-Api-Key", placeholder.to_owned()),
                ("Cookie", format!("sid={placeholder}; api_key={placeholder}")),
            ];
            for (name, value) in &fields {
                assert_eq!(read(&[(name, value)], ""), [AuthScheme::None], "{name}: {value}");
            }
            assert_eq!(read(&[], &format!("token={placeholder}")), [AuthScheme::None], "{placeholder}");
        }
        assert_eq!(read(&[("Authorization", "Basic Og==")], ""), [AuthScheme::None]);
        // What only begins so is one.
        for real in ["nullable", "null.undefined", "undefined1", "nones", "n"] {
            assert_eq!(read(&[("Authorization", &format!("Bearer {real}"))], ""), [Bearer], "{real}");
            assert_eq!(read(&[("X-Api-Key", real)], ""), [ApiKeyHeader], "{real}");
        }
        let both = [("Authorization", "Bearer null"), ("X-Api-Key", "k")];
        assert_eq!(read(&both, ""), [ApiKeyHeader], "another credential stays");
    }

    /// The algorithm of the token that is read.
    fn algorithm(fields: &[(&str, &str)], query: &str) -> Option<TokenAlgorithm> {
        let mut request = Message::default();
        request.set_request(b"GET", b"/", 11);
        for (name, value) in fields {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
        credentials(&request, Some(0), Some(query.as_bytes()), &mut Vec::new(), &mut Room::default())
            .map(|token| token.algorithm)
    }

    const HS256: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
    const NONE: &str = "eyJhbGciOiJub25lIn0.e30.";

    #[test]
    fn a_token_is_read_wherever_a_credential_stands() {
        // Catches `alg: none` that goes unseen, as it came under another name than Authorization's Bearer.
        let bearer = format!("Bearer {NONE}");
        for (name, before, after) in [
            ("authorization", "DPoP ", ""),
            ("authorization", "JWT ", ""),
            ("authorization", "Token ", ""),
            ("authorization", "", ""),
            ("x-access-token", "", ""),
            ("x-authorization", "bearer ", ""),
            ("cookie", "theme=dark; access_token=", "; a=b"),
            ("cookie", "sid=7; api_key=\"", "\""),
        ] {
            assert_eq!(
                algorithm(&[(name, &format!("{before}{NONE}{after}"))], ""),
                Some(TokenAlgorithm::None),
                "{name}"
            );
        }
        for name in ["token", "access_token", "jwt"] {
            let query = format!("sig=1&{name}={NONE}&a=b");
            assert_eq!(algorithm(&[], &query), Some(TokenAlgorithm::None), "{name}");
        }
        let both = [("x-access-token", HS256), ("authorization", bearer.as_str())];
        assert_eq!(
            algorithm(&both, &format!("token={HS256}")),
            Some(TokenAlgorithm::None),
            "Authorization's comes first"
        );
        assert_eq!(
            algorithm(&both[..1], &format!("token={NONE}")),
            Some(TokenAlgorithm::HS256),
            "fields come before queries"
        );
        // What is no credential is not looked into, and what is none of the form is no token.
        let cookie = format!("last_page={NONE}; csrftoken={NONE}");
        assert_eq!(algorithm(&[("cookie", &cookie), ("x-csrf-token", NONE)], &format!("page_token={NONE}")), None);
        assert_eq!(algorithm(&[("x-api-key", "eyJhbGciOiJub25lIn0"), ("authorization", "Bearer abc")], ""), None);
    }

    #[test]
    fn names_are_told_by_their_ends() {
        // Catches a name that is listed and that the short cut passes over.
        for name in KEY_FIELDS.iter().chain(KEY_ENDS).chain(&["authorization", "cookie"]) {
            assert!(
                may_be_credential(name.as_bytes()) && may_be_credential(name.to_ascii_uppercase().as_bytes()),
                "{name}"
            );
        }
        for name in QUERY_KEYS {
            assert!(may_be_query_key(name.as_bytes()), "{name}");
            assert_eq!(read(&[], &format!("a=b&{name}=x")), [ApiKeyQuery], "{name}");
        }
        assert_eq!(read(&[], "%41pi%5fkey=x"), [ApiKeyQuery], "in escapes");
        assert_eq!(read(&[("accept-encoding", "token"), ("x", "key")], "ey=1&token%=2"), [AuthScheme::None]);
    }

    #[test]
    fn keys_stand_in_fields_queries_and_cookies() {
        for name in ["X-API-Key", "apikey", "Ocp-Apim-Subscription-Key", "x-acme-key", "X-Auth-Token", "X-Goog-Api-Key"]
        {
            assert_eq!(read(&[(name, "v")], ""), [ApiKeyHeader], "{name}");
        }
        for query in ["api_key=v", "a=b&Access_Token=v", "sig=v", "X-Amz-Signature=v", "api%5Fkey=v"] {
            assert_eq!(read(&[], query), [ApiKeyQuery], "{query}");
        }
        for cookie in
            ["session=v", "a=b; JSESSIONID=v", "connect.sid=s%3Av", "PHPSESSID=v", "auth_token=v", "__Host-sid=v"]
        {
            assert_eq!(read(&[("Cookie", cookie)], ""), [Cookie], "{cookie}");
        }
        for cookie in ["api_key=v", "theme=dark; X-API-Key=v", "apikey=v;", "client_secret=v"] {
            assert_eq!(read(&[("Cookie", cookie)], ""), [ApiKeyCookie], "{cookie}");
        }
        assert_eq!(read(&[("Cookie", "apikey=v; jwt=w")], ""), [Cookie, ApiKeyCookie]);
        for name in COOKIE_KEYS {
            assert!(may_be_query_key(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_only_looks_like_a_credential_is_none() {
        // Catches rules by a word: each of these would hide an endpoint without authentication.
        for field in
            ["Idempotency-Key", "X-Idempotency-Key", "X-Cache-Key", "X-CSRF-Token", "Sec-WebSocket-Key", "X-Key"]
        {
            let expected = if field == "X-Key" { ApiKeyHeader } else { AuthScheme::None };
            assert_eq!(read(&[(field, "v")], ""), [expected], "{field}");
        }
        for cookie in [
            "theme=dark",
            "csrftoken=v",
            "XSRF-TOKEN=v",
            "_hjSession_1=v",
            "session=",
            "session",
            "api_key=",
            "api_key",
            "my_key=v",
        ] {
            assert_eq!(read(&[("Cookie", cookie)], ""), [AuthScheme::None], "{cookie}");
        }
        for query in ["key", "key=", "keyword=v", "page_token=v", "monkey=v"] {
            assert_eq!(read(&[], query), [AuthScheme::None], "{query}");
        }
    }

    #[test]
    fn several_schemes_are_sorted_and_each_once() {
        let fields = [("Cookie", "sid=1"), ("X-Api-Key", "k"), ("Authorization", "Basic x"), ("Cookie", "session=2")];
        assert_eq!(read(&fields, "token=t"), [Basic, ApiKeyHeader, ApiKeyQuery, Cookie]);
    }
}
