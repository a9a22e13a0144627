//! The first line of a message: does one start here, what does it say, where is the next.
//!
//! Strict on what makes it HTTP (`METHOD target HTTP/d.d`, `HTTP/d.d ddd`), lenient on all else: what a server might
//! answer must not pass unseen because it is spelt oddly. RTSP, SIP and ICAP differ in the version and fall out here.

use memchr::memchr;

/// Whether a start line of a kind starts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// Too few bytes to say; so far it might.
    More,
}

/// A request line in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestLine<'a> {
    pub(super) method: &'a [u8],
    /// All between the first blank and the version: targets with blanks in them are sent, and answered.
    pub(super) target: &'a [u8],
    /// Times ten.
    pub(super) version: u8,
}

/// Whether a request line starts here. Empty lines before it are passed over (RFC 9112 section 2.2).
pub(crate) fn request(bytes: &[u8]) -> Line {
    let bytes = skip_empty(bytes);
    if request_begun(bytes) == Line::No {
        return Line::No;
    }
    match memchr(b'\n', bytes) {
        Some(end) if split_request(bytes.get(..end).unwrap_or_default()).is_some() => Line::Yes,
        Some(_) => Line::No,
        None => Line::More,
    }
}

/// As [`request`], of a line that has not ended: looks at no more than its method, whatever its length.
pub(super) fn request_begun(bytes: &[u8]) -> Line {
    match method_end(bytes) {
        None if bytes.len() > METHOD_MAX => Line::No,
        Some(end) if end == 0 || !matches!(bytes.get(end), Some(b' ' | b'\t')) => Line::No,
        _ if bytes.len() > LINE_MAX && memchr(b'\n', bytes.get(..LINE_MAX).unwrap_or_default()).is_none() => Line::No,
        _ => Line::More,
    }
}

/// Whether a status line starts here: enough to see its status.
pub(crate) fn status(bytes: &[u8]) -> Line {
    let bytes = skip_empty(bytes);
    let seen = bytes.len().min(VERSION.len());
    if bytes.get(..seen) != VERSION.get(..seen) {
        return Line::No;
    }
    if memchr(b'\n', bytes.get(..STATUS_MAX.min(bytes.len())).unwrap_or_default()).is_some()
        || bytes.len() >= STATUS_MAX
    {
        return if split_status(bytes).is_some() { Line::Yes } else { Line::No };
    }
    match split_status(bytes) {
        Some((_, _, end)) if bytes.len() > end => Line::Yes,
        _ => Line::More,
    }
}

/// As [`request`], where a stream begins: not if its method lacks its first bytes (`ET`), for then it is our capture
/// that begins late.
pub(crate) fn request_first(bytes: &[u8]) -> Line {
    let cut = |method: &[u8]| !known(method) && KNOWN.iter().any(|k| k.ends_with(method));
    match request(bytes) {
        Line::Yes if cut(method(skip_empty(bytes))) => Line::No,
        line => line,
    }
}

/// As [`request`], where one is searched for amid bytes of unknown kind: words of a text, and methods glued to what
/// went before (`PGET`, behind a port number that ends in `P`), are not taken for methods nobody knows.
pub(crate) fn request_found(bytes: &[u8]) -> Line {
    let start = skip_empty(bytes);
    let method = method(start);
    if known(method) {
        return request(bytes);
    }
    if !method.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b'-')) {
        return Line::No;
    }
    match request(bytes) {
        Line::Yes if KNOWN.iter().any(|k| k.ends_with(method) || method.ends_with(k)) => Line::No,
        Line::Yes
            if !matches!(trim(start.get(method.len()..).unwrap_or_default()).first(), Some(b'/' | b'*' | b'h')) =>
        {
            Line::No
        }
        line => line,
    }
}

/// A method everyone knows starts here, and ends here.
fn starts_known(bytes: &[u8]) -> bool {
    known(method(bytes))
}

/// Whether the word that starts here is a whole method that everyone knows.
pub(super) fn known_behind(bytes: &[u8]) -> Line {
    match method_end(bytes) {
        Some(_) if starts_known(bytes) => Line::Yes,
        None if KNOWN.iter().any(|k| k.starts_with(bytes)) => Line::More,
        _ => Line::No,
    }
}

fn method(bytes: &[u8]) -> &[u8] {
    bytes.get(..method_end(bytes).unwrap_or(bytes.len())).unwrap_or_default()
}

fn known(method: &[u8]) -> bool {
    KNOWN.contains(&method)
}

/// Splits `METHOD target HTTP/d.d`, without its line end; blanks and carriage returns around are dropped.
pub(super) fn split_request(line: &[u8]) -> Option<RequestLine<'_>> {
    let line = trim_end(line);
    let method = line.get(..method_end(line).filter(|&end| end > 0)?)?;
    let rest = line.get(method.len()..)?;
    let blank = rest.iter().rposition(|&b| b == b' ' || b == b'\t')?;
    let (rest, spelt) = rest.split_at_checked(blank + 1)?;
    Some(RequestLine { method, target: trim(rest), version: version_number(spelt)? })
}

/// Splits a status line: version times ten, status, and where the digits end.
pub(super) fn split_status(bytes: &[u8]) -> Option<(u8, u16, usize)> {
    let version = version_number(bytes.get(..VERSION_LEN)?)?;
    // Between the two stands one blank; servers that send two, a tab or a NUL are understood by browsers.
    let gap = bytes.get(VERSION_LEN..)?.iter().take(8).position(u8::is_ascii_digit).filter(|&gap| gap > 0)?;
    let start = VERSION_LEN + gap;
    let between = bytes.get(VERSION_LEN..start)?;
    if !between.contains(&b' ') && !between.contains(&b'\t')
        || between.iter().any(|&b| b == b'\n' || b.is_ascii_alphanumeric())
    {
        return None;
    }
    let digits = bytes.get(start..start + 3)?;
    if !digits.iter().all(u8::is_ascii_digit) || bytes.get(start + 3).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let status = digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
    (100..=999).contains(&status).then_some((version, status, start + 3))
}

/// `HTTP/1.` is answered as if it were whole. `HTTP/2.0` is the preface of another protocol, or a liar.
fn version_number(spelt: &[u8]) -> Option<u8> {
    match *spelt.strip_prefix(VERSION)? {
        [major @ b'0'..=b'1', b'.', minor @ b'0'..=b'9'] => Some((major - b'0') * 10 + (minor - b'0')),
        [b'1'] | [b'1', b'.'] => Some(10),
        _ => None,
    }
}

/// Where the next message may start, searched at the start of packets and of lines only: a request quoted inside
/// a line of some body is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Here.
    At(usize),
    /// Perhaps here; more bytes will tell. Nothing before.
    Maybe(usize),
    /// Not in these bytes.
    Nowhere,
}

/// Searches `bytes` for a start line; `fresh` is where the newest packet begins in them, and lines are looked at
/// when `lines` says so. Linear: every line is looked at once, and the one that the packet border cuts, twice.
pub(crate) fn find(bytes: &[u8], fresh: usize, lines: bool, test: impl Fn(&[u8]) -> Line) -> Found {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match test(rest) {
            // What is glued to the end of the packet before may be no part of it.
            Line::Yes if at < fresh && !starts_known(rest) && bytes.get(fresh..).is_some_and(starts_known) => {
                if bytes.get(fresh..).map(&test) == Some(Line::Yes) {
                    return Found::At(fresh);
                }
                return Found::At(at);
            }
            Line::Yes => return Found::At(at),
            Line::More => return Found::Maybe(at),
            Line::No => {}
        }
        let packet = Some(fresh).filter(|&fresh| fresh > at);
        let line = if lines { memchr(b'\n', rest).map(|end| at + end + 1) } else { None };
        at = match (packet, line) {
            (Some(packet), Some(line)) => packet.min(line),
            (Some(next), None) | (None, Some(next)) => next,
            (None, None) => return Found::Nowhere,
        };
    }
    Found::Nowhere
}

/// Past the empty lines a client may send before its request.
pub(super) fn skip_empty(bytes: &[u8]) -> &[u8] {
    let n = bytes.iter().take(EMPTY_MAX).take_while(|&&b| b == b'\r' || b == b'\n').count();
    bytes.get(n..).unwrap_or_default()
}

fn method_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().take(METHOD_MAX + 1).position(|&b| !is_token(b))
}

/// A character of a token (RFC 9110 section 5.6.2).
pub(super) const fn is_token(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
        || byte.is_ascii_alphanumeric()
}

/// Without blanks at both ends.
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&b| b != b' ' && b != b'\t').unwrap_or(bytes.len());
    trim_end(bytes.get(start..).unwrap_or_default())
}

/// Without blanks and carriage returns at the end.
pub(super) fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&b| !matches!(b, b' ' | b'\t' | b'\r')).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

const VERSION: &[u8] = b"HTTP/";
/// `HTTP/1.1`.
const VERSION_LEN: usize = 8;
/// Longer tokens are no method anyone registered.
const METHOD_MAX: usize = 32;
/// Bytes of empty lines before a start line.
const EMPTY_MAX: usize = 64;
/// A start line longer than this is refused by all servers we know.
const LINE_MAX: usize = 32 << 10;
/// A status shows within this many bytes.
const STATUS_MAX: usize = 24;

/// Methods registered or common in the wild, to tell a whole method from one with its first bytes missing.
const KNOWN: &[&[u8]] = &[
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"QUERY",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"SEARCH",
    b"REPORT",
    b"PURGE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_all_between_method_and_version() {
        for (line, method, target) in [
            (&b"GET / HTTP/1.1"[..], &b"GET"[..], &b"/"[..]),
            (b"GET  /a b\xffc  HTTP/1.0\r", b"GET", b"/a b\xffc"),
            (b"WEIRD\t* HTTP/1.1 ", b"WEIRD", b"*"),
            (b"GET  HTTP/1.1", b"GET", b""),
            (b"CONNECT a:443 HTTP/1.1", b"CONNECT", b"a:443"),
            (b"GET / HTTP/1.", b"GET", b"/"),
            (b"GET /a HTTP/1.0 HTTP/1.1", b"GET", b"/a HTTP/1.0"),
        ] {
            let split = split_request(line).unwrap();
            assert_eq!((split.method, split.target), (method, target));
        }
    }

    #[test]
    fn what_is_not_http_is_no_request_and_no_status() {
        for line in [
            &b"DESCRIBE rtsp://a/ RTSP/1.0\r\n"[..],
            b"INVITE sip:a@b SIP/2.0\r\n",
            b"REQMOD icap://a/ ICAP/1.0\r\n",
            b"GET /\r\n",
            b"GET /HTTP/1.1\r\n",
            b"PRI * HTTP/2.0\r\n",
            b"\x05\x01\x00",
            b"a b c d\n",
            b": GET / HTTP/1.1\r\n",
            b"RTSP/1.0 200 OK\r\n",
            b"HTTP/1.1 OK then\r\n",
            b"HTTP/1.1 2000 OK\r\n",
            b"HTTP/1.1200 OK\r\n",
            b"HTTP/1.1\x00200 OK\r\n",
        ] {
            assert_eq!(request(line), Line::No, "{}", line.escape_ascii());
            assert_eq!(status(line), Line::No, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn every_prefix_of_a_start_line_asks_for_more() {
        for line in [&b"POST /a?b HTTP/1.1\r\n"[..], b"\r\nQUERY /x HTTP/1.1\n"] {
            for n in 0..line.len() {
                assert_eq!(request(&line[..n]), Line::More, "{n}");
            }
            assert_eq!(request(line), Line::Yes);
        }
        for line in [&b"HTTP/1.1 200 OK\r\n"[..], b"HTTP/1.0 404\n", b"HTTP/1.1\0 200 \r\n", b"HTTP/1.1  302\tx\n"] {
            assert_eq!(status(line), Line::Yes, "{}", line.escape_ascii());
            for n in 0..12 {
                assert_eq!(status(&line[..n]), Line::More, "{n}");
            }
        }
    }

    #[test]
    fn a_message_is_found_at_packet_and_line_starts_only() {
        let text = b"see GET / HTTP/1.1\r\nGET /a HTTP/1.1\r\n";
        assert_eq!(find(text, 0, true, request_found), Found::At(20));
        assert_eq!(find(b"see GET / HTTP/1.1\r\nrest: GET", 0, true, request_found), Found::Nowhere);
        assert_eq!(find(b"x\0\0 GET / HTTP/1.1\r\n", 4, false, request_found), Found::At(4));
        assert_eq!(find(b"x\0\r\nHTTP/1.", 0, true, status), Found::Maybe(4));
    }

    #[test]
    fn a_method_with_its_head_cut_off_or_a_byte_glued_on_is_not_believed() {
        assert_eq!(request_found(b"ET / HTTP/1.1\r\n"), Line::No);
        assert_eq!(request_found(b"PGET / HTTP/1.1\r\n"), Line::No);
        assert_eq!(request_found(b"WEIRD / HTTP/1.1\r\n"), Line::Yes);
        // A `P` held over from the packet before.
        assert_eq!(find(b"PGET / HTTP/1.1\r\n", 1, false, request_found), Found::At(1));
        assert_eq!(find(b"GET / HTTP/1.1\r\n", 1, false, request_found), Found::At(0));
    }
}
