//! The first line of a message: does one start here, what does it say, where is the next.
//!
//! Strict on what makes it HTTP (`METHOD target HTTP/d.d`, `HTTP/d.d ddd`), lenient on all else: what a server might
//! answer must not pass unseen because it is spelt oddly. RTSP, SIP and ICAP differ in the version and fall out here.
//! Where a message is due, because the last one has ended, the version too may be spelt oddly; where one is searched for, never.

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

/// Whether a request line starts here, where one is due. Empty lines before it are passed over (RFC 9112 section 2.2).
pub(crate) fn request(bytes: &[u8]) -> Line {
    request_as(bytes, split_request)
}

fn request_as(bytes: &[u8], split: fn(&[u8]) -> Option<RequestLine<'_>>) -> Line {
    let bytes = skip_empty(bytes);
    if request_begun(bytes) == Line::No {
        return Line::No;
    }
    match memchr(b'\n', bytes) {
        Some(end) if split(bytes.get(..end).unwrap_or_default()).is_some() => Line::Yes,
        Some(_) => Line::No,
        None => Line::More,
    }
}

/// As [`request`], of a line that has not ended: looks at no more than its method, whatever its length.
pub(super) fn request_begun(bytes: &[u8]) -> Line {
    match method_end(bytes) {
        None if bytes.len() > METHOD_MAX => Line::No,
        Some(end) if end == 0 || !bytes.get(end).is_some_and(|&b| is_blank(b)) => Line::No,
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

/// As [`status`], where the answer to a request is due: clients take `http/1.1 200`, `HTTP/2.0 200`, `HTTP/1.1 200OK`
/// and the `ICY 200` of radio stations for what they mean.
pub(super) fn status_due(bytes: &[u8]) -> Line {
    match status(bytes) {
        Line::Yes => return Line::Yes,
        Line::More if bytes.starts_with(VERSION) => {}
        Line::More | Line::No => {
            let begins = |sign: &[u8]| {
                let n = bytes.len().min(sign.len());
                bytes.get(..n).is_some_and(|seen| seen.eq_ignore_ascii_case(sign.get(..n).unwrap_or_default()))
            };
            if !begins(VERSION) && !begins(ICY) {
                return Line::No;
            }
        }
    }
    // No more than what would be waited for, so that it is the same however the line comes in.
    let seen = bytes.get(..STATUS_MAX).unwrap_or(bytes);
    let line_end = memchr(b'\n', seen);
    match split_status_due(seen.get(..line_end.unwrap_or(seen.len())).unwrap_or_default()) {
        Some((_, _, end)) if seen.len() > end => Line::Yes,
        _ if seen.len() >= STATUS_MAX || line_end.is_some() => Line::No,
        _ => Line::More,
    }
}

/// As [`request`], where a stream begins: not if its method lacks its first bytes (`ET`), for then it is our capture
/// that begins late; nor without any letter (`200 OK HTTP/1.1`). Blanks before a method everyone knows are passed over.
pub(crate) fn request_first(bytes: &[u8]) -> Line {
    let cut = |method: &[u8]| {
        !known(method) && (KNOWN.iter().any(|k| k.ends_with(method)) || !method.iter().any(u8::is_ascii_alphabetic))
    };
    let start = skip_blank(bytes);
    if start.len() < bytes.len() && !KNOWN.iter().any(|k| begins_with(start, k)) {
        return request(bytes);
    }
    match request(start) {
        Line::Yes if cut(method(start)) => Line::No,
        line => line,
    }
}

/// `start` may be the beginning of `word`, or begins with it.
fn begins_with(start: &[u8], word: &[u8]) -> bool {
    let n = start.len().min(word.len());
    start.get(..n) == word.get(..n)
}

/// A request of HTTP/0.9 (RFC 1945 section 4.1) is all there is in the first line: no version, a path.
pub(crate) fn simple_request(bytes: &[u8]) -> bool {
    let line = trim_end(bytes.get(..memchr(b'\n', bytes).unwrap_or(0)).unwrap_or_default());
    line.strip_prefix(b"GET ").is_some_and(|target| target.starts_with(b"/") && !target.contains(&b' '))
}

/// What may come where a body is due that nobody sends any more: a request by a method everyone knows, or its beginning.
pub(super) fn request_instead(bytes: &[u8]) -> Line {
    if KNOWN.iter().any(|k| begins_with(bytes, k)) { request(bytes) } else { Line::No }
}

/// As [`request`], where one is searched for amid bytes of unknown kind: words of a text, and methods glued to what
/// went before (`PGET`, behind a port number that ends in `P`), are not taken for methods nobody knows.
pub(crate) fn request_found(bytes: &[u8]) -> Line {
    let start = skip_empty(bytes);
    let method = method(start);
    if known(method) {
        return request_as(bytes, split_plain);
    }
    if !method.iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b'-')) {
        return Line::No;
    }
    match request_as(bytes, split_plain) {
        Line::Yes if KNOWN.iter().any(|k| k.ends_with(method) || method.ends_with(k)) => Line::No,
        Line::Yes
            if !matches!(trim(start.get(method.len()..).unwrap_or_default()).first(), Some(b'/' | b'*' | b'h')) =>
        {
            Line::No
        }
        line => line,
    }
}

/// What is left over is glued to a request that begins with the newest packet, at `fresh`: a body was longer than it
/// said, and its end looks like the beginning of a method.
pub(super) fn glued(bytes: &[u8], fresh: usize) -> bool {
    let method = method(bytes);
    fresh > 0 && method.len() > fresh && !known(method) && bytes.get(fresh..).is_some_and(starts_known)
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

/// Splits a request line that is due, without its line end: as [`split_plain`], or by a method everyone knows with a
/// version spelt oddly (`http/1.1`, `HTTP/2.0`, `HTTP/1.10`, `HTTP/1.1 junk`). Some server answers each of them.
pub(super) fn split_request(line: &[u8]) -> Option<RequestLine<'_>> {
    if let Some(plain) = split_plain(line) {
        return Some(plain);
    }
    let method = method(line);
    let rest = line.get(method.len()..).filter(|_| known(method))?;
    let mut end = rest.len();
    while let Some(blank) = rest.get(..end)?.iter().rposition(|&b| is_blank(b)) {
        if let Some(version) = rest.get(blank + 1..end).and_then(version_due) {
            let target = trim_blank(rest.get(..blank)?);
            let sane = target.first().is_some_and(|first| matches!(first, b'/' | b'*' | b'h' | b'H'));
            return sane.then_some(RequestLine { method, target, version });
        }
        end = blank;
    }
    None
}

/// Splits `METHOD target HTTP/d.d`; blanks and carriage returns around are dropped.
fn split_plain(line: &[u8]) -> Option<RequestLine<'_>> {
    let line = trim_blank(line);
    let method = line.get(..method_end(line).filter(|&end| end > 0)?)?;
    let rest = line.get(method.len()..)?;
    let blank = rest.iter().rposition(|&b| is_blank(b))?;
    let (rest, spelt) = rest.split_at_checked(blank + 1)?;
    Some(RequestLine { method, target: trim_blank(rest), version: version_number(spelt)? })
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

/// Splits a status line that is due, however its version is spelt.
pub(super) fn split_status_due(bytes: &[u8]) -> Option<(u8, u16, usize)> {
    if let Some(plain) = split_status(bytes) {
        return Some(plain);
    }
    let spelt = bytes.iter().take(STATUS_MAX).position(|&b| is_blank(b))?;
    let version = match bytes.get(..spelt)? {
        b"ICY" => 10,
        spelt => version_due(spelt)?,
    };
    let start = spelt + bytes.get(spelt..)?.iter().take(8).position(u8::is_ascii_digit)?;
    let digits = bytes.get(start..start + 3)?;
    if !bytes.get(spelt..start)?.iter().all(|&b| is_blank(b))
        || !digits.iter().all(u8::is_ascii_digit)
        || bytes.get(start + 3).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let status = digits.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
    (100..=999).contains(&status).then_some((version, status, start + 3))
}

/// A version however spelt: letter case, leading zeros, more digits, what follows them.
fn version_due(spelt: &[u8]) -> Option<u8> {
    let (name, number) = spelt.split_at_checked(VERSION.len())?;
    if !name.eq_ignore_ascii_case(VERSION) {
        return None;
    }
    let digits = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let value =
        |bytes: &[u8]| bytes.iter().fold(0_u8, |n, b| n.saturating_mul(10).saturating_add(b.saturating_sub(b'0')));
    let (major, rest) = number.split_at_checked(digits(number)).filter(|(major, _)| !major.is_empty())?;
    let minor = rest.strip_prefix(b".").unwrap_or_default();
    let minor = minor.get(..digits(minor)).unwrap_or_default();
    match value(major) {
        0 => Some(9),
        1 => Some(10 + value(minor).min(1)),
        2 => Some(20),
        _ => Some(30),
    }
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
    // A line that is long already, and has not ended, was found to be a request so far: it is not looked through again for
    // each byte that it dribbles on by.
    let goes_on = bytes.get(fresh..).is_some_and(|new| fresh >= LONG && memchr(b'\n', new).is_none());
    if goes_on && bytes.len() <= LINE_MAX && request_begun(bytes) == Line::More {
        return Found::Maybe(0);
    }
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

/// Whether `bytes`, of which those before `fresh` were found to be the beginning of a request line ([`Found::Maybe`]), are
/// just that still: no line end came. A line that is dribbled and never ends would else be gone through at each byte.
pub(crate) fn goes_on(bytes: &[u8], fresh: usize) -> bool {
    let new = bytes.get(fresh..).unwrap_or_default();
    fresh > METHOD_MAX.max(STATUS_MAX) + EMPTY_MAX && bytes.len() <= LINE_MAX && memchr(b'\n', new).is_none()
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

/// Bytes of empty lines at the start, where they are more than [`skip_empty`] passes over; else 0.
pub(crate) fn many_empty(bytes: &[u8]) -> usize {
    let n = bytes.iter().take_while(|&&b| b == b'\r' || b == b'\n').count();
    if n >= EMPTY_MAX { n } else { 0 }
}

/// Past blanks and empty lines.
pub(super) fn skip_blank(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b'\r' | b'\n' | b' ' | b'\t');
    let n = bytes.iter().take(EMPTY_MAX).take_while(|b| blank(b)).count();
    bytes.get(n..).unwrap_or_default()
}

/// What may stand between the parts of a start line (RFC 9112 section 3).
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c)
}

fn trim_blank(bytes: &[u8]) -> &[u8] {
    let blank = |b: &u8| is_blank(*b) || *b == b'\r';
    let start = bytes.iter().position(|b| !blank(b)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|b| !blank(b)).map_or(start, |last| last + 1);
    bytes.get(start..end).unwrap_or_default()
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
/// What SHOUTcast answers instead.
const ICY: &[u8] = b"ICY ";
/// `HTTP/1.1`.
const VERSION_LEN: usize = 8;
/// Longer tokens are no method anyone registered.
const METHOD_MAX: usize = 32;
/// Bytes of empty lines before a start line.
const EMPTY_MAX: usize = 64;
/// A start line longer than this is refused by all servers we know; shorter than what a head may hold.
const LINE_MAX: usize = 60 << 10;
/// What is left over of more bytes than this is a request line that has not ended.
const LONG: usize = 256;
/// A status shows within this many bytes.
const STATUS_MAX: usize = 24;

/// Methods registered (WebDAV and its kin among them) or common in the wild (UPnP, Exchange), to tell a whole method from
/// one with its first bytes missing.
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
    b"ACL",
    b"BASELINE-CONTROL",
    b"BIND",
    b"CHECKIN",
    b"CHECKOUT",
    b"LABEL",
    b"LINK",
    b"MERGE",
    b"MKACTIVITY",
    b"MKCALENDAR",
    b"MKREDIRECTREF",
    b"MKWORKSPACE",
    b"ORDERPATCH",
    b"REBIND",
    b"UNBIND",
    b"UNCHECKOUT",
    b"UNLINK",
    b"UPDATE",
    b"UPDATEREDIRECTREF",
    b"VERSION-CONTROL",
    b"BCOPY",
    b"BDELETE",
    b"BMOVE",
    b"BPROPFIND",
    b"BPROPPATCH",
    b"POLL",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"NOTIFY",
    b"M-SEARCH",
    b"RPC_IN_DATA",
    b"RPC_OUT_DATA",
    b"SOURCE",
    b"DEBUG",
    b"TRACK",
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
