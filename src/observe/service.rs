//! Who was asked: one spelling for one service.
//!
//! In: the authority of the target, the Host field, the server's address. Out: a `ServiceId`. The name is what the
//! client wrote; where it wrote nothing usable, the address and its real port stand in, so that every exchange has
//! a service and nonsense in a Host field cannot make a new one. Labels that are values are their class.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use idna::AsciiDenyList;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::labels::hide_values;
use super::path::Target;
use crate::api::{Scheme, ServiceId};

/// Services named before, by keyed hash: most requests write the name of their host as others did. Of each what was written and what it
/// means, so that nobody is taken for somebody else; a place is taken over by the next one that falls on it.
#[derive(Debug)]
pub(super) struct Hosts {
    key: u64,
    known: Box<[Known]>,
    /// What was written too oddly to be remembered.
    other: ServiceId,
}

/// One way to write a service.
#[derive(Clone, Debug, Default)]
struct Known {
    written: Vec<u8>,
    encrypted: bool,
    service: ServiceId,
}

impl Hosts {
    /// Services that are remembered.
    const PLACES: usize = 64;
    /// Bytes of a name that is remembered.
    const WRITTEN: usize = 128;

    /// None yet; `key` keys the places.
    pub(super) fn new(key: u64) -> Self {
        Self { key, known: vec![Known::default(); Self::PLACES].into(), other: ServiceId::default() }
    }

    /// The service that was asked; see [`name_service`].
    pub(super) fn name(
        &mut self,
        target: &Target<'_>,
        host: Option<&[u8]>,
        server: SocketAddr,
        encrypted: bool,
    ) -> &ServiceId {
        let Some(host) = host.filter(|host| target.authority.is_none() && (1..=Self::WRITTEN).contains(&host.len()))
        else {
            name_service(target, host, server, encrypted, &mut self.other);
            return &self.other;
        };
        let known = &mut self.known[xxh3_64_with_seed(host, self.key) as usize % Self::PLACES];
        if known.encrypted != encrypted || known.written != host {
            known.written.clear();
            if !name_service(target, Some(host), server, encrypted, &mut known.service) {
                // It names nobody, and the address of whoever answered stands in: another each time.
                std::mem::swap(&mut known.service, &mut self.other);
                return &self.other;
            }
            // One with userinfo is not remembered: that is a credential. Nor is one of whose labels some are values.
            if !host.contains(&b'@') && !known.service.host.contains('{') {
                known.written.extend_from_slice(host);
            }
            known.encrypted = encrypted;
        }
        &known.service
    }
}

/// Writes the service that was asked into `into`, whose buffer is used again. Tells whether the authority names one: if not, the
/// server's address stands in.
pub(super) fn name_service(
    target: &Target<'_>,
    host: Option<&[u8]>,
    server: SocketAddr,
    encrypted: bool,
    into: &mut ServiceId,
) -> bool {
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
        Some(port) => {
            hide_values(&mut into.host);
            into.host.make_ascii_lowercase();
            into.port = port.unwrap_or_else(|| scheme.default_port());
            true
        }
        None => {
            into.host.clear();
            write_address(server.ip(), &mut into.host);
            into.port = server.port();
            false
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

/// Writes the host in its one spelling, but for the case of its letters, and says the port that was named. `None`: it is no authority.
fn read_authority(authority: &[u8], host: &mut String) -> Option<Option<u16>> {
    let authority = authority.trim_ascii();
    if authority.is_empty() || authority.len() > MAX_AUTHORITY {
        return None;
    }
    if let Some(port) = read_plain(authority, host) {
        return Some(port);
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

/// Writes a name that is spelt already as it is kept, and says the port: the most frequent by far, in one pass. `None`: it takes
/// a closer look, and nothing was written.
fn read_plain(authority: &[u8], host: &mut String) -> Option<Option<u16>> {
    let end = authority.iter().position(|b| *b == b':').unwrap_or(authority.len());
    let (name, port) = authority.split_at(end);
    // No longer than a label may be, so that none is too long; and none is empty.
    if name.len() > MAX_LABEL {
        return None;
    }
    let (mut odd, mut before) = (0, HOST_DOT);
    for byte in name {
        let kind = HOST_BYTES[usize::from(*byte)];
        odd |= kind & (HOST_OTHER | before);
        // Two marks in a row: an empty label, or `xn--`, which is decoded.
        before = kind & (HOST_DOT | HOST_DASH);
    }
    if odd != 0 || before == HOST_DOT {
        return None;
    }
    let port = if port.is_empty() { None } else { read_port(port.get(1..)?)? };
    host.push_str(std::str::from_utf8(name).ok()?);
    Some(port)
}

const HOST_OTHER: u8 = 1;
const HOST_DOT: u8 = 1 << 1;
const HOST_DASH: u8 = 1 << 2;

/// Which bytes stand in a name that is spelt as it is kept.
static HOST_BYTES: [u8; 256] = {
    let mut kinds = [HOST_OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => 0,
            b'.' => HOST_DOT,
            b'-' => HOST_DASH,
            _ => HOST_OTHER,
        };
        byte += 1;
    }
    kinds
};

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
    let port =
        digits.iter().try_fold(0_u16, |port, digit| port.checked_mul(10)?.checked_add(u16::from(digit - b'0')))?;
    (port > 0).then_some(Some(port))
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
        host.extend(name.iter().map(|b| char::from(*b)));
    } else {
        let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode(name).into();
        let Ok(ascii) = idna::domain_to_ascii_cow(&decoded, AsciiDenyList::URL) else { return false };
        if !ascii.bytes().all(|b| plain(&b)) {
            return false;
        }
        host.push_str(&ascii);
    }
    if host.ends_with('.') {
        host.pop();
    }
    !host.is_empty() && host.len() <= MAX_HOST && host.split('.').all(|label| (1..=MAX_LABEL).contains(&label.len()))
}

/// Longest name, RFC 1035 section 2.3.4, without its last dot.
const MAX_HOST: usize = 253;
/// Longest label, likewise.
const MAX_LABEL: usize = 63;
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
    fn labels_that_are_values_are_their_class() {
        // Catches a card number as the name of a service, and a service for each of them.
        for host in [
            "4111111111111111.shop.example",
            "4012888888881881.Shop.example.",
            "user:secret@5555555555554444.shop.example:80",
        ] {
            assert_eq!(named(b"/", Some(host.as_bytes()), false), "http://{card}.shop.example", "{host}");
        }
        assert_eq!(named(b"/", Some(b"AKIAIOSFODNN7EXAMPLE:8080"), false), "http://{token}:8080");
        assert_eq!(named(b"http://159-27-8443.a.example/", None, false), "http://{number}.a.example");
        assert_eq!(named(b"/", Some(b"192.168.100.200:5432"), false), "http://192.168.100.200:5432");
        let mut hosts = Hosts::new(7);
        let server = SocketAddr::from(([10, 0, 0, 7], 80));
        for card in ["4111111111111111", "4012888888881881", "4111111111111111"] {
            let host = format!("{card}.shop.example");
            assert_eq!(
                hosts.name(&Target::default(), Some(host.as_bytes()), server, false).host,
                "{card}.shop.example"
            );
        }
        assert!(hosts.known.iter().all(|known| known.written.is_empty()), "a card number is remembered");
    }

    #[test]
    fn what_is_remembered_does_not_show() {
        // Catches a memory that takes one for another: of another scheme, of another server, or in its place.
        let mut hosts = Hosts::new(7);
        let server = |n: u8| SocketAddr::from(([10, 0, 0, n], 8080));
        let mut long = b"a.".repeat(64);
        long.push(b'b');
        for round in 0..3_u8 {
            for n in 0..200_u8 {
                let host = format!("h{n}.example:{}", 80 + u16::from(n % 3));
                let odd = format!("user:{n}@Host{n}.example");
                let nobody = format!("?{n}");
                for (target, host) in [
                    (&b"/"[..], Some(host.as_bytes())),
                    (b"/", Some(odd.as_bytes())),
                    (b"/", Some(nobody.as_bytes())),
                    (b"/", Some(&long)),
                    (b"/", None),
                    (b"https://other.example/", Some(host.as_bytes())),
                ] {
                    let (target, encrypted) = (Target::split(target), n % 2 == round % 2);
                    let mut expected = ServiceId::default();
                    name_service(&target, host, server(n + round), encrypted, &mut expected);
                    assert_eq!(*hosts.name(&target, host, server(n + round), encrypted), expected, "{host:?}");
                    assert_eq!(*hosts.name(&target, host, server(n + round), encrypted), expected, "{host:?}");
                }
            }
        }
        assert!(hosts.known.iter().all(|known| !known.written.contains(&b'@')), "a credential");
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
