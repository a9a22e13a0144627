//! One whole head to a [`Message`]: httparse for what is well formed, a tolerant reader for what is not.
//!
//! httparse refuses what servers in the wild understand: blanks before a colon, folded fields in requests, blanks and
//! odd bytes in targets, status lines with a NUL. A client that spells its request oddly must not pass unseen, so
//! what httparse refuses is read again, leniently, and what was odd about it is counted.

use std::mem::MaybeUninit;

use memchr::memchr;

use super::line::{is_token, skip_empty, split_request, split_status_due, trim};
use crate::proto::exchange::{Message, Oddities};

/// What reading a head brought besides its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    pub(super) oddities: Oddities,
    /// Fields beyond the bound, not kept.
    pub(super) fields_dropped: u64,
}

/// How far the search for the end of a head went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// All before this is known to hold no end.
    pub(super) seen: usize,
    /// Where the first line ends, its line end included; 0 while unknown.
    pub(super) first_line: usize,
}

impl Search {
    /// Where the head ends: behind its first empty line. Looks at every byte once, however it dribbles in.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            let Some(line) = memchr(b'\n', bytes.get(self.seen..)?) else {
                self.seen = bytes.len();
                return None;
            };
            let line = self.seen + line;
            if self.first_line == 0 {
                self.first_line = line + 1;
            }
            // A line feed ends a line, and what carriage returns stand before it are no part of it (RFC 9112 section 2.2).
            let next = bytes.get(line + 1..).unwrap_or_default();
            let returns = next.iter().take(RETURNS_MAX).take_while(|&&b| b == b'\r').count();
            match next.get(returns) {
                Some(b'\n') => return Some(line + returns + 2),
                // Too few bytes behind this line end to say: look at it again.
                None => {
                    self.seen = line;
                    return None;
                }
                _ => self.seen = line + 1,
            }
        }
    }
}

/// Reads a request's head; `None` when it has no request line.
pub(super) fn request(head: &[u8], fields: usize, into: &mut Message) -> Option<Notes> {
    let mut headers = [const { MaybeUninit::uninit() }; FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let room = headers.get_mut(..fields.min(FIELDS))?;
    let read = parsed.parse_with_uninit_headers(head, room);
    if let (Ok(httparse::Status::Complete(_)), Some(method), Some(target), Some(minor)) =
        (read, parsed.method, parsed.path, parsed.version)
    {
        into.set_request(method.as_bytes(), target.as_bytes(), 10 + minor);
        parsed.headers.iter().for_each(|field| into.push_field(field.name.as_bytes(), field.value));
        return Some(noted(head, into, Notes::default()));
    }
    let (line, rest) = first_line(head);
    let split = split_request(line)?;
    into.set_request(split.method, split.target, split.version);
    let notes = read_fields(rest, fields, into);
    Some(noted(head, into, notes))
}

/// Reads a response's head; `None` when it has no status line.
pub(super) fn response(head: &[u8], fields: usize, into: &mut Message) -> Option<Notes> {
    let mut headers = [const { MaybeUninit::uninit() }; FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let room = headers.get_mut(..fields.min(FIELDS))?;
    let read = httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, head, room);
    if let (Ok(httparse::Status::Complete(_)), Some(status), Some(minor)) = (read, parsed.code, parsed.version) {
        into.set_response(status, 10 + minor);
        parsed.headers.iter().for_each(|field| into.push_field(field.name.as_bytes(), field.value));
        return Some(noted(head, into, Notes::default()));
    }
    let (version, status, _) = split_status_due(skip_empty(head))?;
    into.set_response(status, version);
    let notes = read_fields(first_line(head).1, fields, into);
    Some(noted(head, into, notes))
}

/// The first line that is not empty, and what follows it.
fn first_line(head: &[u8]) -> (&[u8], &[u8]) {
    let head = skip_empty(head);
    let end = memchr(b'\n', head).unwrap_or(head.len());
    (head.get(..end).unwrap_or_default(), head.get(end + 1..).unwrap_or_default())
}

/// Reads fields as leniently as the most lenient server.
fn read_fields(mut rest: &[u8], bound: usize, into: &mut Message) -> Notes {
    let mut notes = Notes::default();
    let mut kept = 0;
    let mut foldable = false;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        rest = rest.get(end + 1..).unwrap_or_default();
        let ended = line.strip_suffix(b"\r").unwrap_or(line);
        let line = ended.get(..ended.iter().rposition(|&b| b != b'\r').map_or(0, |last| last + 1)).unwrap_or_default();
        if ended.contains(&b'\r') {
            notes.oddities.add(Oddities::ODD_LINES);
        }
        if line.is_empty() {
            break;
        }
        if matches!(line.first(), Some(b' ' | b'\t')) && foldable {
            notes.oddities.add(Oddities::ODD_LINES);
            into.extend_field(trim(line));
            continue;
        }
        let colon = memchr(b':', line);
        let spelt = line.get(..colon.unwrap_or(line.len())).unwrap_or_default();
        // Servers differ on what else they strip here; a vertical tab in front of a colon is a known trick.
        let name = spelt.trim_ascii();
        let name = name.strip_suffix(b"\x0b").unwrap_or(name);
        if colon.is_none() || name.len() != spelt.len() || name.is_empty() || !name.iter().all(|&b| is_token(b)) {
            notes.oddities.add(Oddities::ODD_FIELD);
        }
        let (Some(colon), false) = (colon, name.is_empty()) else {
            foldable = false;
            continue;
        };
        // Who pads a head with fields must not hide its framing behind them: those are kept past the bound, too.
        if kept >= bound && (!FRAMING.iter().any(|f| f.eq_ignore_ascii_case(name)) || kept >= bound + FRAMING_MORE) {
            notes.fields_dropped += 1;
            foldable = false;
            continue;
        }
        kept += 1;
        foldable = true;
        into.push_field(name, trim(line.get(colon + 1..).unwrap_or_default()));
    }
    notes
}

/// What is odd about the whole head.
fn noted(head: &[u8], message: &Message, mut notes: Notes) -> Notes {
    let mut from = 0;
    while let Some(end) = memchr(b'\n', head.get(from..).unwrap_or_default()) {
        let end = from + end;
        if end == 0 || head.get(end - 1) != Some(&b'\r') {
            notes.oddities.add(Oddities::ODD_LINES);
            break;
        }
        from = end + 1;
    }
    let mut hosts = message.fields().filter(|(name, _)| name.eq_ignore_ascii_case(b"host")).map(|(_, value)| value);
    if let Some(first) = hosts.next()
        && hosts.any(|other| !other.eq_ignore_ascii_case(first))
    {
        notes.oddities.add(Oddities::SEVERAL_HOSTS);
    }
    notes
}

/// Carriage returns before one line feed.
const RETURNS_MAX: usize = 8;
/// Room for fields on the stack; a larger `Limits::headers` makes the tolerant reader take over beyond it.
const FIELDS: usize = 128;
/// Fields that say how long a message is, or what it becomes.
const FRAMING: [&[u8]; 4] = [b"content-length", b"transfer-encoding", b"host", b"upgrade"];
/// How many of them are kept past the bound.
const FRAMING_MORE: usize = 16;

/// A head without the empty line that ends it.
pub(super) fn is_cut(head: &[u8]) -> bool {
    !head.ends_with(b"\n\r\n") && !head.ends_with(b"\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &[u8]) -> (Message, Notes) {
        let mut message = Message::default();
        let notes = request(head, 128, &mut message).unwrap();
        (message, notes)
    }

    #[test]
    fn an_honest_head_has_nothing_odd() {
        let (message, notes) = read(b"GET /a?b=%20 HTTP/1.1\r\nHost: h\r\nX:  y \r\n\r\n");
        assert_eq!((message.method(), message.target(), message.version), (&b"GET"[..], &b"/a?b=%20"[..], 11));
        assert_eq!(message.field("x"), Some(&b"y"[..]));
        assert_eq!(notes, Notes::default());
    }

    #[test]
    fn what_servers_forgive_is_read_and_counted() {
        for (head, odd) in [
            (&b"GET /a b HTTP/1.1\r\nHost : h\r\n\r\n"[..], Oddities::ODD_FIELD),
            (b"GET /a b HTTP/1.1\r\nX: 1\r\n  2\r\nHost: h\r\n\r\n", Oddities::ODD_LINES),
            (b"GET /a b HTTP/1.1\nHost: h\n\n", Oddities::ODD_LINES),
            (b"GET /a b HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", Oddities::ODD_FIELD),
            (b"GET /a b HTTP/1.1\r\nHost: h\r\nX\x0b: 1\r\n\r\n", Oddities::ODD_FIELD),
            (b"GET /a b HTTP/1.1\r\nHost: h\r\nhost: i\r\n\r\n", Oddities::SEVERAL_HOSTS),
        ] {
            let (message, notes) = read(head);
            assert_eq!(message.target(), b"/a b");
            assert_eq!(message.field("host"), Some(&b"h"[..]));
            assert!(notes.oddities.has(odd), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn framing_cannot_hide_behind_padding() {
        let mut head = b"POST / HTTP/1.1\r\n".to_vec();
        (0..200).for_each(|n| head.extend(format!("X-{n}: y\r\n").as_bytes()));
        head.extend(b"Content-Length: 5\r\n\r\n");
        let (message, notes) = read(&head);
        assert_eq!((message.fields().count(), notes.fields_dropped), (129, 72));
        assert_eq!(message.field("content-length"), Some(&b"5"[..]));
    }

    #[test]
    fn odd_status_lines_are_read() {
        for head in
            [&b"HTTP/1.1\0 200 OK\r\nA: b\r\n\r\n"[..], b"HTTP/1.1  200\r\nA : b\r\n\r\n", b"HTTP/1.1 200\nA: b\n\n"]
        {
            let mut message = Message::default();
            response(head, 128, &mut message).unwrap();
            assert_eq!((message.status, message.field("a")), (200, Some(&b"b"[..])), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn the_end_is_found_wherever_the_head_is_cut() {
        for head in [&b"GET / HTTP/1.1\r\nA: b\r\n\r\n"[..], b"GET / HTTP/1.1\nA: b\n\n", b"GET / HTTP/1.1\r\n\r\n"] {
            let mut search = Search::default();
            for n in 0..head.len() {
                assert_eq!(search.end(&head[..n]), None, "{n}");
            }
            assert_eq!(search.end(head), Some(head.len()));
        }
    }
}
