//! Names as parts of URIs (RFC 3986): whatever else they hold stands percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::api::{PathTemplate, ServiceId};

/// All but unreserved characters (RFC 3986 section 2.3).
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &NAME.remove(b'/');
/// What may stand in a segment of a path besides (RFC 3986 section 3.3).
const SEGMENT: &AsciiSet = &NAME
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
/// An IPv6 address in brackets.
const ADDRESS: &AsciiSet = &NAME.remove(b'[').remove(b']').remove(b':');

/// The name of a file as a relative reference: no colon can make a scheme of its beginning, and slashes no host.
pub(super) fn path(name: &str) -> String {
    utf8_percent_encode(name.trim_start_matches('/'), PATH).to_string()
}

/// A literal segment of a path, or a part of one.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Where a service is.
pub(super) fn service(service: &ServiceId) -> String {
    let address = service.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_address = address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let host = utf8_percent_encode(&service.host, if is_address { ADDRESS } else { NAME });
    let mut uri = format!("{}://{host}", service.scheme.name());
    if let Some(port) = service.odd_port() {
        uri.push_str(&format!(":{port}"));
    }
    uri
}

/// Where an operation of that template is.
pub(super) fn endpoint(at: &ServiceId, template: &PathTemplate) -> String {
    let mut uri = service(at);
    for segment in &template.segments {
        uri.push('/');
        uri.extend(utf8_percent_encode(&segment.to_string(), NAME));
    }
    if template.segments.is_empty() {
        uri.push('/');
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Scheme;

    #[test]
    fn no_name_leaves_its_part_of_a_uri() {
        // Catches a name that becomes a scheme, a host, a query or a fragment.
        for (name, is) in [
            ("specs/shop.yaml", "specs/shop.yaml"),
            ("c:x y.yaml", "c%3Ax%20y.yaml"),
            ("//evil.example/x", "evil.example/x"),
            ("a?b#c%20", "a%3Fb%23c%2520"),
            ("\u{202e}", "%E2%80%AE"),
        ] {
            assert_eq!(path(name), is);
        }
        let at = |host: &str, port| ServiceId { host: host.to_owned(), port, scheme: Scheme::Http };
        for (service, template, is) in [
            (at("shop.example", 80), "/v1/users/{id}", "http://shop.example/v1/users/%7Bid%7D"),
            (at("[2001:db8::1]", 8080), "/", "http://[2001:db8::1]:8080/"),
            (at("[x]@evil/", 80), "/a b", "http://%5Bx%5D%40evil%2F/a%20b"),
        ] {
            assert_eq!(endpoint(&service, &PathTemplate::parse(template)), is);
        }
    }
}
