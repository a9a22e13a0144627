//! Who was asked: one spelling for one service.
//!
//! In: the authority of the target, the Host field, the server's address. Out: a `ServiceId`. The name is what the
//! client wrote; where it wrote nothing usable, the address and its real port stand in, so that every exchange has
//! a service and nonsense in a Host field cannot make a new one.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use idna::AsciiDenyList;

use super::path::Target;
use crate::api::{Scheme, ServiceId};

/// Writes the service that was asked into `into`, whose buffer is used again.
pub(super) fn name_service(
    target: &Target<'_>,
    host: Option<&[u8]>,
    server: SocketAddr,
    encrypted: bool,
    into: &mut ServiceId,
) {
    into.host.clear();
    into.scheme = if encrypted { Scheme::Https } else { Scheme::Http };
    // The URL's own scheme says which port goes without saying: a proxy is asked for `https://` URLs in clear.
    let scheme = match target.scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case(b"https") => Scheme::Https,
        Some(scheme) if scheme.eq_ignore_ascii_case(b"http") => Scheme::Http,
        _ => into.scheme,
    };
    // RFC 9112 section 3.2.2: the authority of an absolute target wins over Host.
    let authority = target.authority.filter(|a| !a.is_empty()).or(host).unwrap_or_default();
    match read_authority(authority, &mut into.host) {
        Some(port) => into.port = port.unwrap_or_else(|| scheme.default_port()),
        None => {
            into.host.clear();
            write_address(server.ip(), &mut into.host);
            into.port = server.port();
        }
    }
}

/// The same host but for `www.`: what a mere redirect may change.
pub(super) fn same_host(a: &ServiceId, b: &ServiceId) -> bool {
    fn bare(service: &ServiceId) -> &str {
        service.host.strip_prefix("www.").unwrap_or(&service.host)
    }
    bare(a) == bare(b)
}

/// Writes the host in its one spelling and says the port that was named. `None`: it is no authority.
fn read_authority(authority: &[u8], host: &mut String) -> Option<Option<u16>> {
    let authority = authority.trim_ascii();
    if authority.is_empty() || authority.len() > MAX_AUTHORITY {
        return None;
    }
    // Userinfo is a credential, or a lure; either way no part of a name.
    let authority = match authority.iter().rposition(|b| *b == b'@') {
        Some(at) => authority.get(at + 1..)?,
        None => authority,
    };
    if let [b'[', rest @ ..] = authority {
        let close = rest.iter().position(|b| *b == b']')?;
        let (literal, tail) = rest.split_at(close);
        let address = read_ipv6(literal)?;
        write_address(IpAddr::V6(address), host);
        return match tail.get(1..)? {
            [] => Some(None),
            [b':', port @ ..] => read_port(port),
            _ => None,
        };
    }
    if let Some(address) = read_ipv6(authority) {
        // Without its brackets, as some clients send it.
        write_address(IpAddr::V6(address), host);
        return Some(None);
    }
    let (name, port) = match authority.iter().position(|b| *b == b':') {
        Some(at) => (authority.get(..at)?, read_port(authority.get(at + 1..)?)?),
        None => (authority, None),
    };
    write_name(name, host).then_some(port)
}

fn read_ipv6(literal: &[u8]) -> Option<Ipv6Addr> {
    if literal.iter().filter(|b| **b == b':').count() < 2 {
        return None;
    }
    let text = std::str::from_utf8(literal).ok()?;
    // A zone (RFC 6874) means something on the client's machine only.
    text.split_once('%').map_or(text, |(address, _)| address).parse().ok()
}

/// `None` for a port that is none; an empty one goes without saying.
fn read_port(digits: &[u8]) -> Option<Option<u16>> {
    if digits.is_empty() {
        return Some(None);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    match std::str::from_utf8(digits).ok()?.parse::<u16>() {
        Ok(0) | Err(_) => None,
        Ok(port) => Some(Some(port)),
    }
}

fn write_address(address: IpAddr, host: &mut String) {
    // Writing to a string cannot fail.
    let _ = match address {
        IpAddr::V4(address) => write!(host, "{address}"),
        IpAddr::V6(address) => write!(host, "[{address}]"),
    };
}

/// Writes a registered name or an IPv4 address; false when it is neither.
fn write_name(name: &[u8], host: &mut String) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let is_coded = name.windows(4).any(|w| w.eq_ignore_ascii_case(b"xn--"));
    if name.iter().all(plain) && !is_coded {
        host.extend(name.iter().map(|b| char::from(b.to_ascii_lowercase())));
    } else {
        let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode(name).into();
        let Ok(ascii) = idna::domain_to_ascii_cow(&decoded, AsciiDenyList::URL) else { return false };
        if !ascii.bytes().all(|b| plain(&b)) {
            return false;
        }
        host.push_str(&ascii.to_ascii_lowercase());
    }
    if host.ends_with('.') {
        host.pop();
    }
    !host.is_empty() && host.len() <= MAX_HOST && host.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// Longest name, RFC 1035 section 2.3.4, without its last dot.
const MAX_HOST: usize = 253;
/// Longer authorities are not looked at.
const MAX_AUTHORITY: usize = 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(target: &[u8], host: Option<&[u8]>, encrypted: bool) -> String {
        let mut service = ServiceId { host: "left over".into(), ..ServiceId::default() };
        let server = "10.0.0.7:8080".parse().unwrap();
        name_service(&Target::split(target), host, server, encrypted, &mut service);
        service.to_string()
    }

    #[test]
    fn one_service_has_one_spelling() {
        // Catches an inventory that lists the same host twice.
        for host in
            ["shop.example", "SHOP.Example", "shop.example.", "shop.example:80", "shop.example:", " shop.example "]
        {
            assert_eq!(named(b"/", Some(host.as_bytes()), false), "http://shop.example", "{host}");
        }
        assert_eq!(named(b"/", Some(b"shop.example:443"), true), "https://shop.example");
        assert_eq!(named(b"/", Some(b"shop.example:443"), false), "http://shop.example:443");
        assert_eq!(named(b"/", Some("bücher.example".as_bytes()), false), "http://xn--bcher-kva.example");
        assert_eq!(named(b"/", Some(b"XN--BCHER-KVA.example"), false), "http://xn--bcher-kva.example");
        assert_eq!(named(b"/", Some(b"b%C3%BCcher.example"), false), "http://xn--bcher-kva.example");
        assert_eq!(named(b"/", Some(b"user:secret@shop.example"), false), "http://shop.example");
        assert_eq!(named(b"/", Some(b"r3---sn-4g5e6nez.cdn.example"), false), "http://r3---sn-4g5e6nez.cdn.example");
    }

    #[test]
    fn addresses_are_canonical() {
        for host in ["[2001:DB8:0:0::7]", "2001:db8::7", "[2001:db8::7%25eth0]:80"] {
            assert_eq!(named(b"/", Some(host.as_bytes()), false), "http://[2001:db8::7]", "{host}");
        }
        assert_eq!(named(b"/", Some(b"192.0.2.1:8000"), false), "http://192.0.2.1:8000");
    }

    #[test]
    fn an_absolute_target_wins_over_host() {
        assert_eq!(named(b"http://a.example/x", Some(b"b.example"), false), "http://a.example");
        assert_eq!(named(b"https://a.example/x", None, false), "http://a.example:443");
        assert_eq!(named(b"http:///x", Some(b"b.example"), false), "http://b.example");
    }

    #[test]
    fn nonsense_falls_back_to_the_address() {
        // Catches a scanner filling the inventory with hosts of its own making.
        let long = format!("{}.example", "a".repeat(300));
        for host in [
            "",
            " ",
            "a b",
            "a,b",
            "<script>",
            "a/b",
            "a..b",
            ".",
            "host:99999",
            "host:0",
            "host:80x",
            "[::1",
            "[v1.x]",
            "xn--",
            "a\u{0}b",
            "-\u{202e}",
            "${jndi:ldap}",
            long.as_str(),
        ] {
            assert_eq!(named(b"/", Some(host.as_bytes()), false), "http://10.0.0.7:8080", "{host}");
        }
        assert_eq!(named(b"/", None, false), "http://10.0.0.7:8080");
    }

    proptest! {
        #[test]
        fn any_bytes_name_a_service(host in prop::collection::vec(any::<u8>(), 0..80), text in "[a-z.:@\\[\\]%0-9]{0,40}") {
            for bytes in [&host[..], text.as_bytes()] {
                let mut service = ServiceId::default();
                name_service(&Target::default(), Some(bytes), "[::1]:1".parse().unwrap(), false, &mut service);
                prop_assert!(!service.host.is_empty() && service.host.len() <= 255 && service.port > 0);
                prop_assert!(service.host.is_ascii() && !service.host.bytes().any(|b| b.is_ascii_uppercase()));
            }
        }
    }
}
