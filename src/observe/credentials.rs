//! How a caller said who it is: the scheme. The secret is looked at, named and forgotten.
//!
//! In: the header fields of a request and its query. Out: the schemes, sorted, each once; `None` alone when there is
//! no credential at all.

use super::fields::unescaped;
use super::jwt::{Room, facts};
use super::sensitive::is_jwt;
use crate::api::{AuthScheme, TokenFacts};
use crate::proto::{Message, is_named};

/// Writes the schemes of one request into `into`; tells what the first JSON Web Token among them says of itself. `room` is for
/// reading it.
pub(super) fn credentials(
    request: &Message,
    query: Option<&[u8]>,
    into: &mut Vec<AuthScheme>,
    room: &mut Room,
) -> Option<TokenFacts> {
    into.clear();
    let mut token = None;
    for (name, value) in request.fields() {
        if !may_be_credential(name) {
            continue;
        }
        let value = value.trim_ascii();
        let scheme = if value.is_empty() {
            None
        } else if is_named(name, b"authorization") {
            let (scheme, secret) = authorization(value);
            if scheme == AuthScheme::Jwt && token.is_none() {
                token = Some(facts(secret, room));
            }
            Some(scheme)
        } else if is_named(name, b"cookie") {
            has_session(value).then_some(AuthScheme::Cookie)
        } else {
            is_key_field(name).then_some(AuthScheme::ApiKeyHeader)
        };
        add(into, scheme);
    }
    if query.is_some_and(has_key) {
        add(into, Some(AuthScheme::ApiKeyQuery));
    }
    if into.is_empty() {
        into.push(AuthScheme::None);
    }
    into.sort_unstable();
    token
}

/// A request may carry thousands of fields; there are eight schemes.
fn add(into: &mut Vec<AuthScheme>, scheme: Option<AuthScheme>) {
    if let Some(scheme) = scheme
        && !into.contains(&scheme)
    {
        into.push(scheme);
    }
}

/// The scheme, and the secret behind its name.
fn authorization(value: &[u8]) -> (AuthScheme, &[u8]) {
    let blank = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (scheme, secret) = value.split_at(blank);
    let secret = secret.trim_ascii();
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    if is("bearer") {
        (if is_jwt(secret) { AuthScheme::Jwt } else { AuthScheme::Bearer }, secret)
    } else if is("basic") {
        (AuthScheme::Basic, secret)
    } else if is("digest") {
        (AuthScheme::Digest, secret)
    } else if is_jwt(value) {
        // Sent bare, without the word in front.
        (AuthScheme::Jwt, value)
    } else {
        (AuthScheme::Other, secret)
    }
}

/// The name ends as those of all fields do that carry credentials: most fields are passed over after a look at two letters.
const fn may_be_credential(name: &[u8]) -> bool {
    let [.., a, b] = name else { return false };
    // `-key`, `token` and `authorization`, `cookie`, `auth`, `secret`.
    match b.to_ascii_lowercase() {
        b'n' => matches!(a.to_ascii_lowercase(), b'e' | b'o'),
        b'y' => a.eq_ignore_ascii_case(&b'e'),
        b'e' => a.eq_ignore_ascii_case(&b'i'),
        b'h' => a.eq_ignore_ascii_case(&b't'),
        b't' => a.eq_ignore_ascii_case(&b'e'),
        _ => false,
    }
}

/// Names under which keys are sent. Those under which only caches, forms and retries are told apart are not among them.
fn is_key_field(name: &[u8]) -> bool {
    if KEY_FIELDS.iter().any(|key| key.as_bytes().eq_ignore_ascii_case(name)) {
        return true;
    }
    begins(name, "x-") && KEY_ENDS.iter().any(|end| ends(name, end)) && !holds(name, KEYS_TO_OTHER_THINGS)
}

/// One of the cookies is that of a session.
fn has_session(cookies: &[u8]) -> bool {
    cookies.split(|b| *b == b';').any(|cookie| {
        let Some(equals) = cookie.iter().position(|b| *b == b'=') else { return false };
        let (name, value) = cookie.split_at(equals);
        let empty = matches!(value.get(1..).unwrap_or_default().trim_ascii(), b"" | b"\"\"" | b"deleted");
        !empty && is_session(name.trim_ascii())
    })
}

fn is_session(name: &[u8]) -> bool {
    (holds(name, SESSION_WORDS) || ends(name, "sid") || name.eq_ignore_ascii_case(b"remember_me"))
        && !holds(name, &["csrf", "xsrf"])
        && !TRACKERS.iter().any(|tracker| begins(name, tracker))
}

/// One of the query's names is that of a key, and it has a value.
fn has_key(query: &[u8]) -> bool {
    query.split(|b| *b == b'&').any(|pair| {
        let Some(equals) = pair.iter().position(|b| *b == b'=') else { return false };
        let (name, value) = pair.split_at(equals);
        value.len() > 1 && is_query_key(name)
    })
}

/// `name` as it was sent, escapes and all.
fn is_query_key(name: &[u8]) -> bool {
    if memchr::memchr2(b'+', b'%', name).is_some() {
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

const SESSION_WORDS: &[&str] = &["sess", "auth", "token", "jwt"];

/// Cookies of measuring scripts, which say `session` and mean a visit.
const TRACKERS: &[&str] = &["_hj", "ai_", "_ga", "_gid", "_clsk", "_pk_", "amp", "mp_", "ajs_", "_dd_"];

#[cfg(test)]
mod tests {
    use super::*;
    use AuthScheme::{ApiKeyHeader, ApiKeyQuery, Basic, Bearer, Cookie, Digest, Jwt, Other};

    fn read(fields: &[(&str, &str)], query: &str) -> Vec<AuthScheme> {
        let mut request = Message::default();
        request.set_request(b"GET", b"/", 11);
        for (name, value) in fields {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
        let mut schemes = vec![Other];
        credentials(&request, Some(query.as_bytes()), &mut schemes, &mut Room::default());
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
        assert_eq!(read(&[("Authorization", " ")], ""), [AuthScheme::None]);
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
        for cookie in ["theme=dark", "csrftoken=v", "XSRF-TOKEN=v", "_hjSession_1=v", "session=", "session"] {
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
