//! Parameters in the head of a request: cookies, and header fields that no standard knows.
//!
//! In: a request. Out: names with the looks of their values, into [`Params`]. What browsers, proxies and every client send says
//! nothing of one API and is left out.

use super::credentials::may_be_credential;
use super::fields::Params;
use crate::api::ParamPlace;
use crate::proto::{Message, is_named};

/// The fields of a request that every exchange is asked for, found in one pass; of each the first of its name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usual<'x> {
    pub(super) host: Option<&'x [u8]>,
    pub(super) user_agent: Option<&'x [u8]>,
    pub(super) content_length: Option<&'x [u8]>,
    pub(super) transfer_encoding: Option<&'x [u8]>,
    /// Where the first field stands whose name may be that of a credential; most heads of bare clients have none.
    pub(super) credential: Option<usize>,
}

impl<'x> Usual<'x> {
    /// Those of a request.
    pub(super) fn of(request: &'x Message) -> Self {
        let mut usual = Self::default();
        for (at, (name, value)) in request.fields().enumerate() {
            if usual.credential.is_none() && may_be_credential(name) {
                usual.credential = Some(at);
            }
            // Their lengths tell them apart, and most others from them; names of known lengths are compared without a call.
            let place = match name.len() {
                4 if is_named(name, b"host") => &mut usual.host,
                10 if is_named(name, b"user-agent") => &mut usual.user_agent,
                14 if is_named(name, b"content-length") => &mut usual.content_length,
                17 if is_named(name, b"transfer-encoding") => &mut usual.transfer_encoding,
                _ => continue,
            };
            if place.is_none() {
                *place = Some(value);
            }
        }
        usual
    }
}

/// Reads the head of a request; at most `most` names of either place. Tells how many found no room.
pub(super) fn fields_of(request: &Message, params: &mut Params, most: usize) -> u64 {
    let mut refused = 0;
    for (name, value) in request.fields() {
        if is_named(name, b"cookie") {
            for pair in value.split(|b| *b == b';') {
                // RFC 6265 section 5.4 asks for `name=value`; browsers also send a bare value, whose name is empty.
                refused += u64::from(!add_pair(ParamPlace::Cookie, pair, params, most));
            }
        } else {
            refused += u64::from(!add_field((ParamPlace::Header, is_common), (name, value), params, most));
        }
    }
    refused
}

/// Takes in a cookie written as `name=value`; false when there is no room for it. What is bare has no name.
pub(super) fn add_pair(place: ParamPlace, pair: &[u8], params: &mut Params, most: usize) -> bool {
    let Some(at) = memchr::memchr(b'=', pair) else { return true };
    let (name, value) = pair.split_at(at);
    params.add_cookie(place, name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii(), most)
}

/// Takes in a field under its name in small letters, unless that is a common one; false when there is no room for it.
pub(super) fn add_field(
    (place, is_common): (ParamPlace, fn(&[u8]) -> bool),
    (name, value): (&[u8], &[u8]),
    params: &mut Params,
    most: usize,
) -> bool {
    let mut lower = [0; NAME_BYTES];
    // A longer name is no name, and stands as a value does.
    let Some(lower) = lower.get_mut(..name.len()) else { return params.add(place, name, value, most) };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    is_common(lower) || params.add_header(place, (name, lower), value, most)
}

/// A lower-case name that is part of HTTP, of browsers or of what proxies add.
pub(super) fn is_common(name: &[u8]) -> bool {
    COMMON.binary_search_by(|known| known.as_bytes().cmp(name)).is_ok()
        || FAMILIES.iter().any(|family| name.starts_with(family.as_bytes()))
}

/// Longer names are none.
const NAME_BYTES: usize = 128;

/// Beginnings of names that proxies, meshes, tracers and browsers add.
const FAMILIES: &[&str] = &[
    "access-control-",
    "b3-",
    "cf-",
    "cloudfront-",
    "fastly-",
    "fly-",
    "ot-",
    "proxy-",
    "sec-",
    "uber-trace",
    "x-amz-cf-",
    "x-amzn-",
    "x-appengine-",
    "x-azure-",
    "x-b3-",
    "x-cloud-trace",
    "x-datadog-",
    "x-envoy-",
    "x-forwarded-",
    "x-google-",
    "x-istio-",
    "x-ms-forwarded-",
    "x-newrelic-",
    "x-ot-",
    "x-real-",
    "x-vercel-",
];

/// The IANA registry of request fields, as far as they are met, and what all clients send; sorted.
const COMMON: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "accept-language",
    "alt-used",
    "authorization",
    "baggage",
    "cache-control",
    "cdn-loop",
    "client-ip",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "device-memory",
    "digest",
    "dnt",
    "downlink",
    "dpr",
    "early-data",
    "ect",
    "expect",
    "forwarded",
    "from",
    "front-end-https",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "newrelic",
    "origin",
    "pragma",
    "prefer",
    "priority",
    "purpose",
    "range",
    "referer",
    "rtt",
    "save-data",
    "service-worker",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "viewport-width",
    "want-digest",
    "warning",
    "width",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-correlation-id",
    "x-original-forwarded-for",
    "x-original-url",
    "x-request-id",
    "x-request-start",
    "x-requested-with",
    "x-trace-id",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DataClass, ParamType};

    #[test]
    fn the_first_field_that_may_be_a_credential_is_found() {
        // Catches credentials that are passed over, as the pass over the head saw none or one further behind.
        let first = |names: &[&str]| {
            let mut request = Message::default();
            request.set_request(b"GET", b"/", 11);
            names.iter().for_each(|name| request.push_field(name.as_bytes(), b"x"));
            Usual::of(&request).credential
        };
        assert_eq!(first(&["Host", "User-Agent", "Accept", "X-Api-KEY", "Cookie"]), Some(3));
        for name in ["authorization", "COOKIE", "X-Auth", "token", "x-secret", "X-AUTHORIZATION"] {
            assert_eq!(first(&[name]), Some(0), "{name}");
        }
        assert_eq!(first(&["Host", "User-Agent", "Accept", "", "y", "Transfer-Encoding", "\u{e5}\u{19}"]), None);
    }

    #[test]
    fn the_list_is_sorted() {
        // Catches a name that a search never finds.
        assert!(COMMON.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn values_of_cookies_are_read_without_their_escapes() {
        // Catches an address or a number of a phone that is not seen, as browsers' scripts write them: `%40`, `%2B`.
        let found = |cookie: &str| {
            let mut request = Message::default();
            request.set_request(b"GET", b"/", 11);
            request.push_field(b"cookie", cookie.as_bytes());
            let mut params = Params::default();
            params.begin(true);
            fields_of(&request, &mut params, 16);
            let [param] = params.list() else { panic!("{cookie}: {:?}", params.list()) };
            (param.kind, param.looked.unwrap_or_default().iter().collect::<Vec<_>>())
        };
        assert_eq!(found("a=anna%40mail.example"), (ParamType::Email, vec![DataClass::Email]));
        assert_eq!(found("phone=%2B4915112345678"), (ParamType::Integer, vec![DataClass::Phone]));
        assert_eq!(found("phone=+4915112345678"), (ParamType::Integer, vec![DataClass::Phone]), "a plus is a plus");
        assert_eq!(found("a=4111%201111%201111%201111").1, [DataClass::Pan]);
        assert_eq!(found("a=100%"), (ParamType::String, vec![]), "no escape");
    }

    #[test]
    fn names_of_fields_are_judged_as_they_were_sent() {
        // Catches a key that reads like a word once its letters are small, and a name that is lost for its capitals.
        for (sent, kept) in [
            ("X-AKIAIOSFODNN7EXAMPLE", "{token}"),
            ("X-GUCVj5XJ", "{value}"),
            ("X-sTnDmwPIT", "{token}"),
            ("X-Client-ID", "x-client-id"),
            ("SOAPAction", "soapaction"),
            ("X-OAuthScopes", "x-oauthscopes"),
            ("X_ACME_REGION", "x_acme_region"),
            ("Filter[aB.C]", "filter[ab.c]"),
        ] {
            let mut request = Message::default();
            request.set_request(b"GET", b"/", 11);
            request.push_field(sent.as_bytes(), b"1");
            let mut params = Params::default();
            fields_of(&request, &mut params, 16);
            let [param] = params.list() else { panic!("{sent}: {:?}", params.list()) };
            assert_eq!((param.place, &*param.name), (ParamPlace::Header, kept), "{sent}");
        }
    }

    #[test]
    fn a_head_gives_cookies_and_fields_of_its_own() {
        // Catches a cookie's value taken for a name, names that differ by case only, and a value in the place of a name.
        let mut request = Message::default();
        request.set_request(b"GET", b"/", 11);
        for (name, value) in [
            ("Host", "a"),
            ("X-Tenant", "7"),
            ("x-tenant", "8"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("Idempotency-Key", "123e4567-e89b-12d3-a456-426614174000"),
            ("X-4111111111111111", "1"),
            ("Cookie", "session=abc; theme=dark;  ; bare; =x; a=b=c"),
            (&"n".repeat(400), "1"),
        ] {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
        let mut params = Params::default();
        assert_eq!(fields_of(&request, &mut params, 16), 0);
        let read: Vec<_> = params.list().iter().map(|param| (param.place, param.name.as_str(), param.kind)).collect();
        use ParamPlace::{Cookie, Header};
        use ParamType::{Integer, String, Uuid};
        assert_eq!(
            read,
            [
                (Header, "idempotency-key", Uuid),
                (Header, "x-tenant", Integer),
                (Header, "{card}", Integer),
                (Header, "{value}", Integer),
                (Cookie, "a", String),
                (Cookie, "session", String),
                (Cookie, "theme", String),
            ]
        );
        params.begin(false);
        assert_eq!(fields_of(&request, &mut params, 2), 3, "two of either place");
        assert_eq!(params.list().len(), 4);
    }
}
