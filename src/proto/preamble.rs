//! What may stand before the first message of a connection and tells where it really goes: SOCKS 4 and 5, and the
//! PROXY protocol of load balancers.
//!
//! In: the first bytes of either side. Out: how many of them to pass over. The port number of a SOCKS request may well
//! end in a letter, so guessing where the next message starts would glue it to the method (`PGET`).

use memchr::memchr;

use crate::flow::Side;

/// How far one connection is in its preamble. Whoever begins it is its client, whichever end opened the connection:
/// agents behind a firewall call their proxy to be used through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Preamble {
    /// Nothing was said yet.
    #[default]
    Start,
    /// SOCKS 4: this side's request was seen.
    Socks4(Side),
    /// SOCKS 5: this side has offered methods, and the other has chosen one.
    Socks5 { client: Side, chosen: bool },
    /// There is none, or it is over.
    Over,
}

/// What the first bytes of a side are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes of a preamble.
    Pass(usize),
    /// Perhaps a preamble; too few bytes to say.
    More,
    /// None.
    No,
}

impl Preamble {
    /// Looks at what `side` says next.
    pub(super) fn step(&mut self, side: Side, bytes: &[u8]) -> Step {
        let (step, next) = match *self {
            Self::Start => start(side, bytes),
            Self::Socks4(client) if client != side => {
                (fixed(bytes, 8, |b| b[0] == 0 && (0x5a..=0x5d).contains(&b[1])), Self::Over)
            }
            Self::Socks5 { client, .. } if client == side => match bytes.first() {
                Some(1) => (credentials(bytes), *self),
                _ => (address(bytes), *self),
            },
            Self::Socks5 { client, chosen: false } => {
                (fixed(bytes, 2, |b| b[0] == 5), Self::Socks5 { client, chosen: true })
            }
            Self::Socks5 { .. } if bytes.first() == Some(&1) => (fixed(bytes, 2, |b| b[0] == 1), *self),
            Self::Socks5 { .. } => (address(bytes), Self::Over),
            Self::Socks4(_) | Self::Over => (Step::No, *self),
        };
        if let Step::Pass(_) = step {
            *self = next;
        }
        step
    }
}

fn start(side: Side, bytes: &[u8]) -> (Step, Preamble) {
    match bytes {
        [5, methods, rest @ ..] if *methods > 0 => {
            let offered = rest.get(..usize::from(*methods).min(rest.len())).unwrap_or_default();
            let step = if offered.iter().any(|m| (0x0a..0x80).contains(m)) {
                Step::No
            } else if offered.len() < usize::from(*methods) {
                Step::More
            } else {
                Step::Pass(2 + offered.len())
            };
            (step, Preamble::Socks5 { client: side, chosen: false })
        }
        [4, 1 | 2, rest @ ..] => (socks4(rest), Preamble::Socks4(side)),
        [4 | 5] => (Step::More, Preamble::Over),
        _ => (proxy(bytes), Preamble::Over),
    }
}

/// Port, address, user, NUL; and a name and NUL where the address is 0.0.0.x (SOCKS 4a).
fn socks4(rest: &[u8]) -> Step {
    let Some((fixed, strings)) = rest.split_at_checked(6) else { return Step::More };
    let named = fixed[2..5] == [0, 0, 0] && fixed[5] != 0;
    let mut end = 0;
    for _ in 0..=usize::from(named) {
        match memchr(0, strings.get(end..).unwrap_or_default()) {
            Some(n) => end += n + 1,
            None if strings.len() > STRINGS_MAX => return Step::No,
            None => return Step::More,
        }
    }
    if end > STRINGS_MAX { Step::No } else { Step::Pass(2 + 6 + end) }
}

/// Version, command or reply, 0, address type, address, port (RFC 1928 sections 4 and 6).
fn address(bytes: &[u8]) -> Step {
    let length = match *bytes {
        [5, 0..=8, 0, 1, ..] => 4,
        [5, 0..=8, 0, 4, ..] => 16,
        [5, 0..=8, 0, 3, n, ..] => 1 + usize::from(n),
        [] | [5] | [5, 0..=8] | [5, 0..=8, 0] | [5, 0..=8, 0, 3] => return Step::More,
        _ => return Step::No,
    };
    if bytes.len() < 4 + length + 2 { Step::More } else { Step::Pass(4 + length + 2) }
}

/// Version 1, user, password (RFC 1929 section 2).
fn credentials(bytes: &[u8]) -> Step {
    let user = bytes.get(1).copied().map(usize::from);
    let password = user.and_then(|n| bytes.get(2 + n).copied().map(usize::from));
    match (user, password) {
        (Some(user), Some(password)) if bytes.len() >= 3 + user + password => Step::Pass(3 + user + password),
        _ => Step::More,
    }
}

/// The PROXY protocol, in words or in binary.
fn proxy(bytes: &[u8]) -> Step {
    let begins = |sign: &[u8]| {
        let n = bytes.len().min(sign.len());
        bytes.get(..n) == sign.get(..n)
    };
    if begins(WORDS) {
        return match memchr(b'\n', bytes) {
            Some(end) if end < WORDS_MAX => Step::Pass(end + 1),
            None if bytes.len() < WORDS_MAX => Step::More,
            _ => Step::No,
        };
    }
    if begins(SIGNATURE) {
        // A client's empty lines begin like the signature; two of them do not make it wait.
        let (Some(&high), Some(&low)) = (bytes.get(14), bytes.get(15)) else { return Step::More };
        let length = usize::from(high) << 8 | usize::from(low);
        return match length {
            0..=BINARY_MAX if bytes.len() >= 16 + length => Step::Pass(16 + length),
            0..=BINARY_MAX => Step::More,
            _ => Step::No,
        };
    }
    Step::No
}

fn fixed(bytes: &[u8], n: usize, test: fn(&[u8]) -> bool) -> Step {
    match bytes.get(..n) {
        Some(whole) if test(whole) => Step::Pass(n),
        None if bytes.first().is_none_or(|&b| matches!(b, 0 | 1 | 5)) => Step::More,
        _ => Step::No,
    }
}

const WORDS: &[u8] = b"PROXY ";
/// Longest line the specification allows.
const WORDS_MAX: usize = 108;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Longest binary block worth waiting for.
const BINARY_MAX: usize = 2048;
/// Longest user and name of a SOCKS 4 request.
const STRINGS_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every prefix waits, the whole passes.
    fn walk(preamble: &mut Preamble, side: Side, bytes: &[u8]) {
        for n in 1..bytes.len() {
            let step = preamble.clone().step(side, &bytes[..n]);
            assert_eq!(step, Step::More, "{n} of {}", bytes.escape_ascii());
        }
        assert_eq!(preamble.step(side, bytes), Step::Pass(bytes.len()), "{}", bytes.escape_ascii());
    }

    #[test]
    fn socks_5_is_passed_over_on_both_sides() {
        let mut p = Preamble::Start;
        walk(&mut p, Side::Client, b"\x05\x02\x00\x02");
        walk(&mut p, Side::Server, b"\x05\x02");
        walk(&mut p, Side::Client, b"\x01\x01u\x01p");
        walk(&mut p, Side::Server, b"\x01\x00");
        walk(&mut p, Side::Client, b"\x05\x01\x00\x03\x01h\x00P");
        walk(&mut p, Side::Server, b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00P");
        assert_eq!(p.step(Side::Client, b"GET / HTTP/1.1\r\n"), Step::No);
    }

    #[test]
    fn socks_4_and_the_proxy_protocol_are_passed_over() {
        let mut p = Preamble::Start;
        walk(&mut p, Side::Client, b"\x04\x01\x00P\x00\x00\x00\x01u\x00example.com\x00");
        walk(&mut p, Side::Server, b"\x00\x5a\x00P\x7f\x00\x00\x01");
        walk(&mut Preamble::Start, Side::Client, b"PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\n");
        walk(
            &mut Preamble::Start,
            Side::Client,
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x0a\0\0\x01\x0a\0\0\x02\0\x05\0\x50",
        );
    }

    #[test]
    fn http_has_no_preamble() {
        for bytes in [&b"GET / HTTP/1.1\r\n"[..], b"POST / HTTP/1.1\r\n", b"\x16\x03\x01"] {
            assert_eq!(Preamble::Start.step(Side::Client, bytes), Step::No);
        }
    }
}
