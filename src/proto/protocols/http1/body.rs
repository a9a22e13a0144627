//! How long a body is, and reading through it: by length, by chunks, until the end (RFC 9112 section 6).
//!
//! Only a sample is kept. The rest of a long body is answered with a skip, so that it passes unread and unbuffered,
//! and a hole in it costs nothing.

use memchr::memchr;

use super::line::trim;
use crate::flow::{ByteClass, Ledger};
use crate::proto::exchange::{Message, Oddities};

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// All that comes until the connection ends.
    UntilClose,
}

/// The framing of a request's body (RFC 9112 section 6.3).
pub(super) fn of_request(message: &Message, odd: &mut Oddities) -> Framing {
    match announced(message, odd) {
        Announced::Chunked => Framing::Chunked,
        // With a coding that it does not know a server refuses the request, and nothing follows; or it takes no notice
        // of the coding, and the length is right.
        Announced::Length(n) | Announced::Unclear(Some(n)) if n > 0 => Framing::Length(n),
        _ => Framing::Empty,
    }
}

/// The framing of a response's body; `method` is that of its request, where that was seen.
pub(super) fn of_response(message: &Message, method: Option<&[u8]>, odd: &mut Oddities) -> Framing {
    let announced = announced(message, odd);
    let bare = matches!(message.status, 100..=199 | 204 | 304)
        || method == Some(b"HEAD")
        || (method == Some(b"CONNECT") && (200..300).contains(&message.status));
    match announced {
        _ if bare => Framing::Empty,
        Announced::Chunked => Framing::Chunked,
        Announced::Length(0) => Framing::Empty,
        Announced::Length(n) => Framing::Length(n),
        Announced::Nothing | Announced::Unclear(_) => Framing::UntilClose,
    }
}

/// The length that a message announces, whether or not it may have a body; 0 where it announces none.
pub(super) fn announced_length(message: &Message) -> u64 {
    match announced(message, &mut Oddities::default()) {
        Announced::Length(n) => n,
        _ => 0,
    }
}

/// What the fields say.
enum Announced {
    Nothing,
    Length(u64),
    Chunked,
    /// They say something that has no meaning; the length that stands beside it.
    Unclear(Option<u64>),
}

fn announced(message: &Message, odd: &mut Oddities) -> Announced {
    let mut length: Option<u64> = None;
    let mut bad_length = false;
    let mut coding = Coding::None;
    for (name, value) in message.fields() {
        if name.eq_ignore_ascii_case(b"content-length") {
            for piece in value.split(|&b| b == b',') {
                match (decimal(trim(piece)), length) {
                    (None, _) => {
                        odd.add(Oddities::BAD_LENGTH);
                        bad_length = true;
                    }
                    (Some(n), Some(first)) if n != first => odd.add(Oddities::SEVERAL_LENGTHS),
                    (Some(n), _) => length = Some(n),
                }
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            coding = coding.and(value, odd);
        }
    }
    let both = length.is_some() || bad_length;
    if coding != Coding::None && message.version < 11 {
        // HTTP/1.0 has no codings: some readers honour one there, others do not (RFC 9112 section 6.1).
        odd.add(Oddities::ODD_CODING);
    }
    match coding {
        Coding::Chunked => {
            if both {
                odd.add(Oddities::BOTH_LENGTHS);
            }
            Announced::Chunked
        }
        Coding::Other => {
            odd.add(Oddities::ODD_CODING);
            if both {
                odd.add(Oddities::BOTH_LENGTHS);
            }
            Announced::Unclear(length)
        }
        Coding::None => match length {
            // The first of several: most servers that do not refuse take it.
            Some(n) => Announced::Length(n),
            None if bad_length => Announced::Unclear(None),
            None => Announced::Nothing,
        },
    }
}

/// What Transfer-Encoding comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    None,
    Chunked,
    Other,
}

impl Coding {
    fn and(self, value: &[u8], odd: &mut Oddities) -> Self {
        let mut coding = self;
        for piece in value.split(|&b| b == b',') {
            let clean = piece.trim_ascii();
            let name = clean.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
            coding = if name.eq_ignore_ascii_case(b"chunked") {
                if coding == Self::Chunked || name.len() != clean.len() {
                    odd.add(Oddities::ODD_CODING);
                }
                Self::Chunked
            } else if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                // No coding at all (RFC 2616 had it); and no reason to forget a `chunked` before it.
                odd.add(Oddities::ODD_CODING);
                coding
            } else if contains_chunked(name) {
                odd.add(Oddities::ODD_CODING);
                Self::Chunked
            } else {
                if coding == Self::Chunked {
                    odd.add(Oddities::ODD_CODING);
                }
                Self::Other
            };
        }
        coding
    }
}

/// `chunked` in quotes, behind a vertical tab, or otherwise dressed up to be seen by one side only.
fn contains_chunked(name: &[u8]) -> bool {
    let stripped: Vec<u8> = name.iter().copied().filter(u8::is_ascii_alphabetic).take(16).collect();
    stripped.eq_ignore_ascii_case(b"chunked")
}

/// Digits alone, and no more of them than a number of 63 bits has; leading zeros are digits.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits
        .iter()
        .try_fold(
            0_u64,
            |n, &b| if b.is_ascii_digit() { n.checked_mul(10)?.checked_add(u64::from(b - b'0')) } else { None },
        )
        .filter(|&n| n <= LARGEST)
}

/// A body being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// So many bytes are left.
    Length(u64),
    /// At the size line of a chunk.
    Size,
    /// Inside a chunk, so many bytes left.
    Chunk(u64),
    /// At the line end behind a chunk.
    ChunkEnd,
    /// In the extensions of a chunk of this size, of which so many bytes are allowed still.
    Extension(u64, usize),
    /// Behind the last chunk: trailers, of which so many bytes are allowed still.
    Trailers(usize),
    /// Inside a line of them.
    Trailer(usize),
    /// To the end of the connection.
    UntilClose,
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// So many bytes used, and more of them wanted.
    More(usize),
    /// So many used; the next n need not be brought, and have been counted.
    Skip(usize, u64),
    /// So many used; the body is whole, or will be when the skip is over.
    Done(usize, u64),
    /// So many used; what follows makes no sense.
    Bad(usize),
}

/// Where a body's bytes go.
pub(super) struct Into<'a> {
    pub(super) message: &'a mut Message,
    /// How large the sample may grow. It ends at the first hole.
    pub(super) sample: usize,
    /// What is not sampled may be passed over unread. Not where the message may have no body after all: an answer to a
    /// question that was lost may be one to HEAD.
    pub(super) passes: bool,
    /// Bytes that trailers, or the extensions of one chunk, may take.
    pub(super) trailers: usize,
    pub(super) ledger: &'a mut Ledger,
}

impl Body {
    /// Behind the size of a chunk.
    const fn sized(size: u64, trailers: usize) -> Self {
        if size == 0 { Self::Trailers(trailers) } else { Self::Chunk(size) }
    }

    /// Reads on. What it uses it books.
    pub(super) fn feed(&mut self, bytes: &[u8], into: &mut Into<'_>) -> Fed {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match *self {
                Self::Length(left) => {
                    let n = into.take(rest, left);
                    let left = left - n as u64;
                    used += n;
                    *self = Self::Length(left);
                    if left == 0 || (into.full() && into.passes) {
                        into.pass(left);
                        return Fed::Done(used, left);
                    }
                    return Fed::More(used);
                }
                Self::UntilClose => return Fed::More(used + into.take(rest, u64::MAX)),
                Self::Chunk(left) => {
                    let n = into.take(rest, left);
                    let left = left - n as u64;
                    used += n;
                    *self = if left == 0 { Self::ChunkEnd } else { Self::Chunk(left) };
                    if left > 0 {
                        if into.full() && into.passes {
                            into.pass(left);
                            *self = Self::ChunkEnd;
                            return Fed::Skip(used, left);
                        }
                        return Fed::More(used);
                    }
                }
                Self::ChunkEnd => {
                    let n = match rest {
                        [] | [b'\r'] => return Fed::More(used),
                        [b'\r', b'\n', ..] => 2,
                        [b'\n', ..] => 1,
                        _ => return Fed::Bad(used),
                    };
                    into.ledger.book(ByteClass::Parsed, n as u64);
                    used += n;
                    *self = Self::Size;
                }
                Self::Size => {
                    let window = rest.get(..CHUNK_LINE.min(rest.len())).unwrap_or_default();
                    let Some(end) = memchr::memchr2(b'\n', b';', window) else {
                        // Nonsense shows before its line ends.
                        let hopeless = rest.len() >= CHUNK_LINE
                            || rest.first().is_some_and(|b| !b.is_ascii_hexdigit() && !b.is_ascii_whitespace());
                        return if hopeless { Fed::Bad(used) } else { Fed::More(used) };
                    };
                    let Some(size) = chunk_size(window.get(..end).unwrap_or_default()) else { return Fed::Bad(used) };
                    into.ledger.book(ByteClass::Parsed, end as u64 + 1);
                    used += end + 1;
                    *self = match window.get(end) {
                        Some(b';') => Self::Extension(size, into.trailers),
                        _ => Self::sized(size, into.trailers),
                    };
                }
                // What nobody reads need not be kept until its line ends: it may be as long as a head, and come byte by byte.
                Self::Extension(size, allowed) => match into.line(rest, allowed) {
                    Ok((n, true)) => {
                        used += n;
                        *self = Self::sized(size, into.trailers);
                    }
                    Ok((n, false)) => {
                        *self = Self::Extension(size, allowed - n);
                        return Fed::More(used + n);
                    }
                    Err(()) => return Fed::Bad(used),
                },
                Self::Trailers(allowed) => match rest {
                    [b'\n', ..] | [b'\r', b'\n', ..] => {
                        let n = if rest.first() == Some(&b'\n') { 1 } else { 2 };
                        into.ledger.book(ByteClass::Parsed, n as u64);
                        return Fed::Done(used + n, 0);
                    }
                    [] | [b'\r'] => return Fed::More(used),
                    _ => *self = Self::Trailer(allowed),
                },
                Self::Trailer(allowed) => match into.line(rest, allowed) {
                    Ok((n, ended)) => {
                        used += n;
                        *self = if ended { Self::Trailers(allowed - n) } else { Self::Trailer(allowed - n) };
                        if !ended {
                            return Fed::More(used);
                        }
                    }
                    Err(()) => return Fed::Bad(used),
                },
            }
        }
    }

    /// A hole: how many bytes behind it still belong to the body or chunk, or `None` when it reaches past what is
    /// known of the body.
    pub(super) fn gap(&mut self, missing: u64, message: &mut Message) -> Option<u64> {
        let left = match *self {
            Self::Length(left) => {
                let Some(left) = left.checked_sub(missing) else {
                    message.body_len = message.body_len.saturating_add(left);
                    return None;
                };
                left
            }
            // Chunks are often sent one a segment: the line end may have gone with its chunk.
            Self::Chunk(left) if missing == left.saturating_add(2) => {
                message.body_len = message.body_len.saturating_add(left);
                *self = Self::Size;
                return Some(0);
            }
            Self::Chunk(left) => left.checked_sub(missing)?,
            Self::ChunkEnd if missing == 2 => {
                *self = Self::Size;
                return Some(0);
            }
            Self::UntilClose => {
                message.body_len = message.body_len.saturating_add(missing);
                return Some(0);
            }
            Self::Size | Self::ChunkEnd | Self::Extension(..) | Self::Trailers(_) | Self::Trailer(_) => return None,
        };
        message.body_len = message.body_len.saturating_add(missing).saturating_add(left);
        *self = if matches!(self, Self::Length(_)) { Self::Length(0) } else { Self::ChunkEnd };
        Some(left)
    }
}

impl Into<'_> {
    /// Takes what belongs to the body; how much that was. Sampled bytes are parsed, the rest skipped.
    fn take(&mut self, bytes: &[u8], left: u64) -> usize {
        let n = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = bytes.get(..n).unwrap_or_default();
        let (kept, passed) = bytes.split_at(n.min(self.sample.saturating_sub(self.message.body.len())));
        self.message.body.extend_from_slice(kept);
        self.ledger.book(ByteClass::Parsed, kept.len() as u64);
        self.ledger.book(ByteClass::Skipped, passed.len() as u64);
        self.message.body_len = self.message.body_len.saturating_add(n as u64);
        n
    }

    /// Passes over the rest of a line, its end included; how much that was, and whether the end was there. `Err`: the line
    /// is longer than `allowed`.
    fn line(&mut self, rest: &[u8], allowed: usize) -> Result<(usize, bool), ()> {
        let window = rest.get(..allowed.min(rest.len())).unwrap_or_default();
        let end = memchr(b'\n', window);
        if end.is_none() && rest.len() >= allowed {
            return Err(());
        }
        let n = end.map_or(rest.len(), |end| end + 1);
        self.ledger.book(ByteClass::Parsed, n as u64);
        Ok((n, end.is_some()))
    }

    const fn full(&self) -> bool {
        self.message.body.len() >= self.sample
    }

    const fn pass(&mut self, n: u64) {
        self.message.body_len = self.message.body_len.saturating_add(n);
    }
}

/// Hexadecimal digits, with blanks around them. What stands behind a blank is ignored, as extensions are (RFC 9112
/// section 7.1.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let line = line.trim_ascii();
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if digits == 0 || !matches!(line.get(digits), None | Some(b';' | b' ' | b'\t')) {
        return None;
    }
    let size = line.get(..digits)?.iter().try_fold(0_u64, |n, &b| {
        let digit = char::from(b).to_digit(16)?;
        n.checked_mul(16)?.checked_add(u64::from(digit))
    })?;
    (size <= LARGEST).then_some(size)
}

/// No body is longer; a larger number is an attack on whoever adds to it.
const LARGEST: u64 = i64::MAX as u64;
/// Longest size, leading zeros and blanks included.
const CHUNK_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_that_fit() {
        assert_eq!(decimal(b"0010"), Some(10));
        assert_eq!(decimal(b"9223372036854775807"), Some(LARGEST));
        for bad in [&b""[..], b"+5", b"-1", b"0x5", b"5 5", b"9223372036854775808", b"18446744073709551616"] {
            assert_eq!(decimal(bad), None, "{}", bad.escape_ascii());
        }
        assert_eq!(chunk_size(b"1a;x=\"y\"\r"), Some(26));
        assert_eq!(chunk_size(b" 5 \r"), Some(5));
        for bad in [&b"0x5\r"[..], b"\r", b"5g\r", b"-5\r", b"10000000000000000\r", b"8000000000000000\r"] {
            assert_eq!(chunk_size(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn framing_follows_the_rfc_and_counts_what_is_ambiguous() {
        let fields = |pairs: &[(&str, &str)]| {
            let mut message = Message::default();
            message.set_response(200, 11);
            pairs.iter().for_each(|(n, v)| message.push_field(n.as_bytes(), v.as_bytes()));
            let mut odd = Oddities::default();
            (of_response(&message, Some(b"GET"), &mut odd), odd)
        };
        let (cl, te) = ("Content-Length", "Transfer-Encoding");
        assert_eq!(fields(&[]), (Framing::UntilClose, Oddities::default()));
        assert_eq!(fields(&[(cl, "5")]), (Framing::Length(5), Oddities::default()));
        assert_eq!(fields(&[(cl, "5, 5"), (cl, "5")]), (Framing::Length(5), Oddities::default()));
        assert_eq!(fields(&[(te, "gzip, chunked")]), (Framing::Chunked, Oddities::default()));
        assert_eq!(fields(&[(cl, "5"), (cl, "6")]), (Framing::Length(5), Oddities::SEVERAL_LENGTHS));
        assert_eq!(fields(&[(cl, "5"), (te, "chunked")]), (Framing::Chunked, Oddities::BOTH_LENGTHS));
        assert_eq!(fields(&[(cl, "-1")]), (Framing::UntilClose, Oddities::BAD_LENGTH));
        assert_eq!(fields(&[(te, "\u{b}chunked")]), (Framing::Chunked, Oddities::ODD_CODING));
        assert_eq!(fields(&[(te, "gzip")]), (Framing::UntilClose, Oddities::ODD_CODING));
        assert_eq!(fields(&[(te, "identity"), (cl, "3")]), (Framing::Length(3), Oddities::ODD_CODING));
    }
}
