//! Who may see the pages: a request's host and token, before anything else of it is looked at.
//!
//! The enemy is a web page that the operator's own browser opens. It may send requests to loopback, and its name may be
//! made to lead there (DNS rebinding), so that the browser lets it read the answers. What it cannot choose is `Host`: that
//! is the name it came under. So a name must be one of ours; an address cannot be rebound.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::http::request::Parts;

use super::error::WebError;
use super::token::Token;

/// Whether pages may be served at `address`: an address that is not loopback needs a token.
///
/// # Errors
/// [`WebError::NeedsToken`] when it has none.
pub fn check_address(address: SocketAddr, has_token: bool) -> Result<(), WebError> {
    if has_token || address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    Err(WebError::NeedsToken { address })
}

/// Who may see the pages.
#[derive(Clone, Debug, Default)]
pub struct Access {
    token: Option<Token>,
    hosts: Vec<Host>,
}

impl Access {
    /// Those who show `token`, when there is one, and come under `localhost`, an address, or one of `hosts` (names or
    /// addresses, without ports).
    ///
    /// # Errors
    /// [`WebError::HostName`] for a host that no request could name.
    pub fn new(token: Option<Token>, hosts: &[String]) -> Result<Self, WebError> {
        let read = |name: &String| Host::typed(name).ok_or_else(|| WebError::HostName { name: name.clone() });
        Ok(Self { token, hosts: hosts.iter().map(read).collect::<Result<_, _>>()? })
    }

    pub(super) const fn has_token(&self) -> bool {
        self.token.is_some()
    }
}

/// [`Access`] at the address that is listened on.
#[derive(Debug)]
pub(super) struct Guard {
    access: Access,
    bound: IpAddr,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has no host, or several (RFC 9112, 3.2: a 400).
    NoOneHost,
    /// It is for a host that we are not.
    Misdirected,
    /// It shows no token.
    NoToken,
    /// It shows one that is not ours.
    WrongToken,
}

impl Guard {
    pub(super) fn new(access: Access, bound: SocketAddr) -> Self {
        Self { access, bound: bound.ip().to_canonical() }
    }

    /// The request names us. Its port is not compared: no page can make it lie about the name, and a forwarded port
    /// (`ssh -L`, containers) is another than ours.
    pub(super) fn check_host(&self, request: &Parts) -> Result<(), Refusal> {
        let field = only(&request.headers, &HOST).ok_or(Refusal::NoOneHost)?;
        // An absolute-form target goes before the field (RFC 9112, 3.2.2). One that says otherwise is not from a client
        // of ours, so nobody needs to know which of the two we believe.
        if request.uri.authority().is_some_and(|target| !target.as_str().as_bytes().eq_ignore_ascii_case(field)) {
            return Err(Refusal::Misdirected);
        }
        let named = std::str::from_utf8(field).ok().and_then(Host::of_authority);
        if named.is_some_and(|host| self.is_ours(&host)) { Ok(()) } else { Err(Refusal::Misdirected) }
    }

    /// The request shows the token, if there is one.
    pub(super) fn check_token(&self, request: &Parts) -> Result<(), Refusal> {
        let Some(token) = &self.access.token else { return Ok(()) };
        if !request.headers.contains_key(AUTHORIZATION) {
            return Err(Refusal::NoToken);
        }
        let shown = only(&request.headers, &AUTHORIZATION).and_then(bearer);
        if shown.is_some_and(|shown| token.is(shown)) { Ok(()) } else { Err(Refusal::WrongToken) }
    }

    fn is_ours(&self, host: &Host) -> bool {
        if self.access.hosts.contains(host) {
            return true;
        }
        match host {
            Host::Name(name) => name == "localhost",
            // On an address that others reach there is a token, and the host may be any address: which one leads here,
            // behind translation, we do not know.
            Host::Address(ip) => {
                ip.is_loopback() || *ip == self.bound || (self.access.has_token() && !self.bound.is_loopback())
            }
        }
    }
}

/// The one value of a field; `None` when there are none or several.
fn only<'a>(headers: &'a HeaderMap, name: &hyper::header::HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// The token in `Bearer TOKEN` (RFC 6750, 2.1).
fn bearer(field: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = field.split_at_checked(SCHEME.len())?;
    (scheme.eq_ignore_ascii_case(SCHEME) && token.starts_with(b" ")).then(|| token.trim_ascii())
}

/// Whom a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// In lower case.
    Name(String),
    Address(IpAddr),
}

impl Host {
    /// Of `host` or `host:port`, an IPv6 address in brackets.
    fn of_authority(authority: &str) -> Option<Self> {
        let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            (Self::Address(IpAddr::from(address.parse::<Ipv6Addr>().ok()?).to_canonical()), port)
        } else {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at_checked(at)?;
            (Self::name_or_ipv4(host)?, port)
        };
        let digits = if port.is_empty() { port } else { port.strip_prefix(':')? };
        let is_port =
            digits.bytes().all(|b| b.is_ascii_digit()) && (digits.is_empty() || digits.parse::<u16>().is_ok());
        is_port.then_some(host)
    }

    /// As a user types it: without a port, so an IPv6 address needs no brackets.
    fn typed(name: &str) -> Option<Self> {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(name).parse::<Ipv6Addr>() {
            return Some(Self::Address(IpAddr::from(address).to_canonical()));
        }
        if bare.is_some() { None } else { Self::name_or_ipv4(name) }
    }

    fn name_or_ipv4(host: &str) -> Option<Self> {
        if let Ok(address) = host.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let fits = (1..=LONGEST_NAME).contains(&host.len())
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        fits.then(|| Self::Name(host.to_ascii_lowercase()))
    }
}

const SCHEME: &[u8] = b"bearer";
/// Bytes of a name in DNS (RFC 1035, 2.3.4).
const LONGEST_NAME: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn token() -> Token {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "0123456789abcdef").expect("written");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).expect("a mode");
        Token::read(file.path()).expect("a token")
    }

    fn admits(guard: &Guard, host: &str) -> bool {
        let request = hyper::Request::get("/").header(HOST, host).body(()).expect("a request");
        guard.check_host(&request.into_parts().0).is_ok()
    }

    #[test]
    fn an_address_that_others_reach_needs_a_token() {
        for loopback in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(check_address(address(loopback), false).is_ok(), "{loopback}");
        }
        for open in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "192.168.0.1:1", "[fe80::1]:1", "[::ffff:0.0.0.0]:1"] {
            let said = check_address(address(open), false).expect_err(open).to_string();
            assert!(said.contains("--token-file"), "{said}");
            assert!(check_address(address(open), true).is_ok(), "{open}");
        }
    }

    #[test]
    fn on_loopback_only_our_own_names_are_ours() {
        // Catches prefix and suffix tests of names (`localhost.evil`), and numbers that resolvers read as 127.0.0.1.
        for access in [Access::default(), Access::new(Some(token()), &[]).expect("access")] {
            let guard = Guard::new(access, address("127.0.0.1:9464"));
            for ours in [
                "localhost",
                "LocalHost:9464",
                "localhost:",
                "localhost:80",
                "127.0.0.1",
                "127.0.0.1:9464",
                "127.8.8.8",
                "[::1]",
                "[::1]:9464",
                "[::ffff:127.0.0.1]",
            ] {
                assert!(admits(&guard, ours), "{ours}");
            }
            for other in [
                "",
                ":9464",
                "evil.example",
                "localhost.evil.example",
                "evil-localhost",
                "notlocalhost",
                "127.0.0.1.evil.example",
                "localhost:9464.evil.example",
                "localhost:99999",
                "localhost:+80",
                "localhost:80:80",
                "a@localhost",
                "localhost/",
                "localhost ,evil.example",
                "127.1",
                "2130706433",
                "0x7f.0.0.1",
                "0.0.0.0",
                "10.0.0.1",
                "::1",
                "[::1",
                "[::1]evil",
                "[::2]",
                "[127.0.0.1]",
            ] {
                assert!(!admits(&guard, other), "{other}");
            }
        }
    }

    #[test]
    fn where_others_come_in_any_address_is_ours_and_no_other_name() {
        for bound in ["0.0.0.0:9464", "[::]:9464", "10.0.0.1:9464"] {
            let guard = Guard::new(Access::new(Some(token()), &[]).expect("access"), address(bound));
            for ours in ["10.0.0.1", "192.0.2.7:30123", "[2001:db8::1]:80", "localhost", "127.0.0.1"] {
                assert!(admits(&guard, ours), "{ours} at {bound}");
            }
            assert!(!admits(&guard, "evil.example"));
        }
        // The address bound is ours by itself.
        let guard = Guard::new(Access::default(), address("10.0.0.1:9464"));
        assert!(admits(&guard, "10.0.0.1:9464") && !admits(&guard, "10.0.0.2:9464"));
    }

    #[test]
    fn names_that_were_given_are_ours() {
        let hosts = ["Tap.Example".to_owned(), "192.0.2.1".to_owned(), "2001:db8::1".to_owned(), "[::2]".to_owned()];
        let guard = Guard::new(Access::new(None, &hosts).expect("access"), address("127.0.0.1:9464"));
        for ours in ["tap.example", "TAP.EXAMPLE:443", "192.0.2.1:1", "[2001:db8:0::1]", "[::2]:3", "localhost"] {
            assert!(admits(&guard, ours), "{ours}");
        }
        assert!(!admits(&guard, "sub.tap.example") && !admits(&guard, "tap.example."));
    }

    #[test]
    fn a_name_that_no_request_carries_is_refused_when_it_is_given() {
        // Catches a flag that is taken and never matches.
        for name in [
            "",
            "*",
            "*.example",
            "tap.example:80",
            "http://tap.example",
            "tap example",
            "b\u{fc}cher",
            "[a]",
            "\u{1b}[2J",
        ] {
            let said = Access::new(None, &[name.to_owned()]).expect_err(name).to_string();
            assert!(said.contains("--listen-host") && !said.contains('\u{1b}'), "{said}");
        }
    }

    #[test]
    fn a_token_is_shown_once_and_as_bearer() {
        let guard = Guard::new(Access::new(Some(token()), &[]).expect("access"), address("127.0.0.1:1"));
        let check = |fields: &[&str]| {
            let request =
                fields.iter().fold(hyper::Request::get("/"), |request, field| request.header(AUTHORIZATION, *field));
            guard.check_token(&request.body(()).expect("a request").into_parts().0)
        };
        for good in ["Bearer 0123456789abcdef", "bearer   0123456789abcdef", "BEARER 0123456789abcdef "] {
            assert_eq!(check(&[good]), Ok(()), "{good}");
        }
        assert_eq!(check(&[]), Err(Refusal::NoToken));
        for bad in ["", "Bearer", "Bearer ", "0123456789abcdef", "Basic 0123456789abcdef", "Bearer0123456789abcdef"] {
            assert_eq!(check(&[bad]), Err(Refusal::WrongToken), "{bad}");
        }
        // Two of them could be read in two ways by two programs.
        assert_eq!(check(&["Bearer 0123456789abcdef"; 2]), Err(Refusal::WrongToken));
    }
}
