//! Parameters in the head of an answer: cookies that it sets, and header fields that no standard knows or that name a place, where
//! what a server tells one client may stand (a token, an address, a card in a link); and those that say when an operation ends, which
//! are of this one API.
//!
//! In: a response. Out: names with the looks of their values, into [`Params`]. What servers, caches, proxies and browsers' rules
//! put into every answer says nothing of one API and is never looked at.

use super::fields::Params;
use super::headers::{add_field, add_pair};
use crate::api::ParamPlace;
use crate::proto::{Message, is_named};

/// Reads the head of an answer; at most `most` names of either place. Tells how many found no room.
pub(super) fn answer_fields(answer: &Message, params: &mut Params, most: usize) -> u64 {
    let mut refused = 0;
    for (name, value) in answer.fields() {
        if is_usual(name) {
            continue;
        }
        let found_room = if is_named(name, b"set-cookie") {
            // RFC 6265 section 4.1.1: attributes follow behind semicolons, and are none of the cookie's value.
            let pair = value.split(|byte| *byte == b';').next().unwrap_or_default();
            add_pair(ParamPlace::ResponseCookie, pair, params, most)
        } else if memchr::memchr(b'%', value).is_some() {
            // Where to go is written with percent escapes, with what it hands over.
            let value: Vec<u8> = percent_encoding::percent_decode(value).collect();
            add_field((ParamPlace::ResponseHeader, is_of_family), (name, &value), params, most)
        } else {
            add_field((ParamPlace::ResponseHeader, is_of_family), (name, value), params, most)
        };
        refused += u64::from(!found_room);
    }
    refused
}

/// What most fields of most answers are. By length: a few names share each, so that nothing is copied or searched.
fn is_usual(name: &[u8]) -> bool {
    let Some([from, to]) = STARTS.get(name.len()..name.len() + 2) else { return false };
    let among = USUAL.get(usize::from(*from)..usize::from(*to)).unwrap_or_default();
    let first = name.first().map(u8::to_ascii_lowercase);
    among.iter().any(|known| known.as_bytes().first().copied() == first && is_named(name, known.as_bytes()))
}

/// A lower-case name begins as those that proxies, meshes and clouds add.
fn is_of_family(name: &[u8]) -> bool {
    FAMILIES.iter().any(|family| name.starts_with(family.as_bytes()))
}

/// Where the usual names of each length begin; those of the next begin where they end.
static STARTS: [u8; NAME_BYTES + 2] = {
    let mut starts = [0; NAME_BYTES + 2];
    let mut at = 0;
    while at < USUAL.len() {
        let mut length = USUAL[at].len() + 1;
        while length < starts.len() {
            starts[length] = at as u8 + 1;
            length += 1;
        }
        at += 1;
    }
    starts
};

/// The longest usual name.
const NAME_BYTES: usize = 35;

/// Beginnings of names that proxies, meshes and clouds add.
const FAMILIES: &[&str] = &[
    "access-control-",
    "akamai-",
    "cf-",
    "cloudfront-",
    "cross-origin-",
    "fastly-",
    "fly-",
    "proxy-",
    "sec-",
    "x-akamai-",
    "x-amz-cf-",
    "x-amzn-",
    "x-azure-",
    "x-b3-",
    "x-datadog-",
    "x-envoy-",
    "x-istio-",
    "x-litespeed-",
    "x-nf-",
    "x-vercel-",
];

/// The IANA registry of response fields, as far as they are met and hold nothing of a caller, and what servers and caches add; by length.
const USUAL: &[&str] = &[
    "tk",
    "age",
    "nel",
    "p3p",
    "via",
    "date",
    "etag",
    "vary",
    "allow",
    "x-cdn",
    "x-pad",
    "digest",
    "pragma",
    "server",
    "status",
    "alt-svc",
    "eagleid",
    "expires",
    "trailer",
    "upgrade",
    "warning",
    "x-cache",
    "x-iinfo",
    "x-timer",
    "priority",
    "trace-id",
    "x-server",
    "accept-ch",
    "expect-ct",
    "ratelimit",
    "report-to",
    "sourcemap",
    "x-backend",
    "x-runtime",
    "x-span-id",
    "x-varnish",
    "connection",
    "keep-alive",
    "request-id",
    "tracestate",
    "x-amz-id-2",
    "x-pingback",
    "x-trace-id",
    "x-upstream",
    "accept-post",
    "content-md5",
    "critical-ch",
    "repr-digest",
    "retry-after",
    "traceparent",
    "x-cache-key",
    "x-cacheable",
    "x-generator",
    "x-goog-hash",
    "x-opaque-id",
    "x-served-by",
    "x-server-id",
    "accept-patch",
    "cache-status",
    "content-type",
    "mime-version",
    "x-cache-hits",
    "x-ms-version",
    "x-powered-by",
    "x-request-id",
    "x-robots-tag",
    "x-source-map",
    "accept-ranges",
    "cache-control",
    "content-range",
    "last-modified",
    "server-timing",
    "surrogate-key",
    "x-proxy-cache",
    "content-digest",
    "content-length",
    "feature-policy",
    "x-amz-apigw-id",
    "x-cache-lookup",
    "x-cache-remote",
    "x-cache-status",
    "x-drupal-cache",
    "apigw-requestid",
    "clear-site-data",
    "document-policy",
    "public-key-pins",
    "ratelimit-limit",
    "ratelimit-reset",
    "referrer-policy",
    "x-edge-location",
    "x-frame-options",
    "x-ms-request-id",
    "x-response-time",
    "x-ua-compatible",
    "x-varnish-cache",
    "content-encoding",
    "content-language",
    "ratelimit-policy",
    "www-authenticate",
    "x-amz-expiration",
    "x-amz-request-id",
    "x-amz-version-id",
    "x-aspnet-version",
    "x-backend-server",
    "x-correlation-id",
    "x-ratelimit-used",
    "x-xss-protection",
    "cdn-cache-control",
    "speculation-rules",
    "surrogate-control",
    "transfer-encoding",
    "x-check-cacheable",
    "x-goog-generation",
    "x-ratelimit-limit",
    "x-ratelimit-reset",
    "permissions-policy",
    "preference-applied",
    "x-download-options",
    "x-powered-by-plesk",
    "x-rate-limit-limit",
    "x-rate-limit-reset",
    "x-turbo-charged-by",
    "ratelimit-remaining",
    "reporting-endpoints",
    "timing-allow-origin",
    "x-amz-bucket-region",
    "x-amz-delete-marker",
    "x-amz-storage-class",
    "x-aspnetmvc-version",
    "x-fastly-request-id",
    "x-github-request-id",
    "origin-agent-cluster",
    "x-goog-storage-class",
    "x-guploader-uploadid",
    "x-kong-proxy-latency",
    "x-ratelimit-resource",
    "supports-loading-mode",
    "x-cloud-trace-context",
    "x-goog-metageneration",
    "x-ratelimit-remaining",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-drupal-dynamic-cache",
    "x-rate-limit-remaining",
    "x-srcache-fetch-status",
    "x-srcache-store-status",
    "content-security-policy",
    "x-kong-upstream-latency",
    "x-amz-replication-status",
    "x-pantheon-styx-hostname",
    "strict-transport-security",
    "x-amz-server-side-encryption",
    "x-goog-stored-content-length",
    "x-goog-stored-content-encoding",
    "x-permitted-cross-domain-policies",
    "content-security-policy-report-only",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{DataClass, ParamType};

    fn answer(fields: &[(&str, &str)]) -> Message {
        let mut answer = Message::default();
        answer.set_response(200, 11);
        fields.iter().for_each(|(name, value)| answer.push_field(name.as_bytes(), value.as_bytes()));
        answer
    }

    fn read(fields: &[(&str, &str)]) -> Vec<(ParamPlace, String, Vec<DataClass>)> {
        let mut params = Params::default();
        params.begin(true);
        assert_eq!(answer_fields(&answer(fields), &mut params, 16), 0);
        let read = |param: &crate::api::Param| {
            (param.place, param.name.clone(), param.looked.unwrap_or_default().iter().collect())
        };
        params.list().iter().map(read).collect()
    }

    #[test]
    fn the_list_is_by_length_and_each_name_is_found() {
        // Catches a name that is never found, for it stands among those of another length or there are too many.
        assert!(USUAL.is_sorted_by(|a, b| (a.len(), *a) < (b.len(), *b)));
        assert!(USUAL.len() <= usize::from(u8::MAX) && USUAL.iter().any(|name| name.len() == NAME_BYTES));
        for name in USUAL {
            assert!(is_usual(name.as_bytes()) && is_usual(name.to_ascii_uppercase().as_bytes()), "{name}");
            assert!(!is_of_family(name.as_bytes()), "{name} stands in both lists");
        }
        for other in
            ["", "x", "dat", "data", "etags", "set-cookie", "location", "sunset", "deprecation", &"n".repeat(400)]
        {
            assert!(!is_usual(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_an_answer_tells_one_caller_is_found() {
        // Catches tokens of a sign-in, cards in links, and people in cookies that go unseen as they stand in no body.
        use ParamPlace::{ResponseCookie, ResponseHeader};
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk";
        let found = read(&[
            ("Authorization", &format!("Bearer {token}")),
            ("Location", "https://shop.example/done?pan=4111111111111111&x=1"),
            ("Set-Cookie", "user=anna%40mail.example; Path=/; Domain=shop.example; HttpOnly"),
            ("set-cookie", "card=4111%201111%201111%201111"),
            ("Set-Cookie", &format!("auth=\"{token}\"; Secure")),
            ("X-Customer-Mail", "bob@mail.example"),
            ("X-Next", "/cb?email=anna%40mail.example&pan=4111%201111%201111%201111"),
            ("X-Phone", "+4915112345678"),
            ("X-Tenant", "7"),
        ]);
        let expected = [
            (ResponseHeader, "authorization", vec![DataClass::Jwt]),
            (ResponseHeader, "location", vec![DataClass::Pan]),
            (ResponseHeader, "x-customer-mail", vec![DataClass::Email]),
            (ResponseHeader, "x-next", vec![DataClass::Pan, DataClass::Email]),
            (ResponseHeader, "x-phone", vec![DataClass::Phone]),
            (ResponseHeader, "x-tenant", vec![]),
            (ResponseCookie, "auth", vec![DataClass::Jwt]),
            (ResponseCookie, "card", vec![DataClass::Pan]),
            (ResponseCookie, "user", vec![DataClass::Email]),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(place, name, classes)| (place, name.to_owned(), classes)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_every_server_sends_is_no_parameter() {
        // Catches cookies' attributes and ordinary fields that are looked at: dates, hashes and times may pass for something.
        let none = read(&[
            ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            ("ETag", "\"4111111111111111\""),
            ("Content-Length", "4111111111111111"),
            ("Server", "nginx/1.25 anna@mail.example"),
            ("X-Request-Id", "4111 1111 1111 1111"),
            ("CF-Ray", "8a1b2c3d4e5f6a7b-FRA"),
            ("Access-Control-Allow-Origin", "https://anna@mail.example"),
            ("Set-Cookie", "bare; mail=anna@mail.example"),
            ("Set-Cookie", "=4111111111111111"),
        ]);
        assert_eq!(none, []);
        let attributes = read(&[("Set-Cookie", "theme=dark; Domain=4111111111111111; Comment=anna@mail.example")]);
        assert_eq!(attributes, [(ParamPlace::ResponseCookie, "theme".to_owned(), vec![])]);
    }

    #[test]
    fn names_of_an_answer_are_as_bounded_and_as_private_as_those_of_a_request() {
        // Catches a value that stands in the place of a name, and a list that a server fills at will.
        let names: Vec<String> = (0..40).map(|n| format!("x-{}a{}", char::from(b'a' + n % 26), n / 26)).collect();
        let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let long = "n".repeat(400);
        fields.extend([("X-4111111111111111", "1"), ("Set-Cookie", "anna@mail.example=1"), (&long, "1")]);
        let mut params = Params::default();
        params.begin(true);
        assert!(answer_fields(&answer(&fields), &mut params, 1_000) == 0 && params.list().len() > 3);
        let has = |place, name: &str| params.list().iter().any(|param| param.place == place && param.name == name);
        assert!(has(ParamPlace::ResponseHeader, "{card}") && has(ParamPlace::ResponseHeader, "{value}"));
        assert!(has(ParamPlace::ResponseCookie, "{email}"));
        assert!(params.list().iter().all(|param| matches!(param.kind, ParamType::Integer)));
        params.begin(true);
        assert!(answer_fields(&answer(&fields), &mut params, 8) > 20);
        assert_eq!(params.list().len(), 9, "eight fields and a cookie");
    }
}
