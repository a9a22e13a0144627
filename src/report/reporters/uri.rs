//! Names as parts of URIs (RFC 3986): whatever else they hold stands percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but unreserved characters (RFC 3986 section 2.3).
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const PATH: &AsciiSet = &NAME.remove(b'/');
/// The name of a file as a relative reference: no colon can make a scheme of its beginning, and slashes no host.
pub(super) fn path(name: &str) -> String {
    utf8_percent_encode(name.trim_start_matches('/'), PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
