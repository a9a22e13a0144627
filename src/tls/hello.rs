//! Recognises TLS by its first record and reads the server name out of a client's hello.
//!
//! In: the first bytes a side sent. Out: whether they are TLS, and the name asked for where the hello lies in one
//! piece. A file of its own because it needs no keys: what opens records stands beside it and is heavier.

/// What a probe thinks of the first bytes of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// A TLS record starts here.
    Yes,
    /// No TLS record starts here.
    No,
    /// Too few bytes to say.
    More,
}

/// What a client's hello says in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hello {
    /// All of it was here; the server name, where it bears one that is fit to print.
    Whole(Option<String>),
    /// It goes on behind the bytes given.
    Part,
    /// No client's hello, or one that is cut into more records than an honest one needs.
    Not,
}

/// Whether a TLS record starts here (RFC 8446 section 5.1): type, version 3.x, and a length that a record may have.
///
/// The chance that four random bytes pass is about one in two millions; a hello of SSL 2.0 form
/// (RFC 5246 appendix E.2) is recognised too.
#[must_use]
pub fn looks_like_tls(bytes: &[u8]) -> Looks {
    let Some(&kind) = bytes.first() else { return Looks::More };
    if kind & 0x80 != 0 {
        return old_hello(bytes);
    }
    if !(CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(&kind) {
        return Looks::No;
    }
    let Some(&major) = bytes.get(1) else { return Looks::More };
    let Some(&minor) = bytes.get(2) else { return if major == 3 { Looks::More } else { Looks::No } };
    if major != 3 || minor > 4 {
        return Looks::No;
    }
    let (Some(&high), Some(&low)) = (bytes.get(3), bytes.get(4)) else { return Looks::More };
    let length = usize::from(high) << 8 | usize::from(low);
    let fits = match kind {
        CHANGE_CIPHER_SPEC => length == 1,
        // Two bytes in clear; sealed ones are longer.
        ALERT => (2..=256).contains(&length),
        HANDSHAKE => (4..=RECORD_MAX).contains(&length),
        // Only sealed records carry application data, and no seal is shorter than this.
        _ => (16..=RECORD_MAX).contains(&length),
    };
    if fits { Looks::Yes } else { Looks::No }
}

/// The server name in a client's hello (RFC 6066 section 3), lower case; `None` unless the whole hello is here and
/// its name is one a certificate could bear.
#[must_use]
pub fn server_name(bytes: &[u8]) -> Option<String> {
    match hello(bytes) {
        Hello::Whole(name) => name,
        Hello::Part | Hello::Not => None,
    }
}

/// Reads a client's hello, over several records if need be.
///
/// Cheap to ask again when more bytes came: a handful of record headers is looked at until the hello is whole.
#[must_use]
pub fn hello(bytes: &[u8]) -> Hello {
    if bytes.first() != Some(&HANDSHAKE) {
        return Hello::Not;
    }
    let mut rest = bytes;
    let mut pieces: [&[u8]; RECORDS] = [&[]; RECORDS];
    let mut held = 0;
    for count in 1..=RECORDS {
        let Some((header, behind)) = rest.split_at_checked(5) else { return Hello::Part };
        if header[0] != HANDSHAKE || header[1] != 3 {
            return Hello::Not;
        }
        let length = usize::from(header[3]) << 8 | usize::from(header[4]);
        if length == 0 || length > RECORD_MAX {
            return Hello::Not;
        }
        let whole = behind.len() >= length;
        let (body, after) = behind.split_at(length.min(behind.len()));
        pieces[count - 1] = body;
        held += body.len();
        rest = after;
        // Type and length of the message are its first four bytes; a record that splits those is no honest one.
        let Some(start) = pieces[0].get(..4) else { return if whole { Hello::Not } else { Hello::Part } };
        if start[0] != CLIENT_HELLO {
            return Hello::Not;
        }
        let needed = 4 + (usize::from(start[1]) << 16 | usize::from(start[2]) << 8 | usize::from(start[3]));
        if needed > HELLO_MAX {
            return Hello::Not;
        }
        if held >= needed {
            let name = if count == 1 {
                pieces[0].get(4..needed).and_then(name_in)
            } else {
                pieces.concat().get(4..needed).and_then(name_in)
            };
            return Hello::Whole(name);
        }
        if !whole {
            return Hello::Part;
        }
    }
    Hello::Not
}

/// The body of a ClientHello (RFC 8446 section 4.1.2) to the name in it.
fn name_in(body: &[u8]) -> Option<String> {
    // Version and random.
    let mut at = View(body.get(34..)?);
    at.vector8()?; // session
    at.vector16()?; // cipher suites
    at.vector8()?; // compressions
    let mut extensions = View(at.vector16()?);
    while !extensions.0.is_empty() {
        let kind = extensions.number16()?;
        let content = extensions.vector16()?;
        if kind != 0 {
            continue;
        }
        let mut names = View(View(content).vector16()?);
        while !names.0.is_empty() {
            let kind = names.number8()?;
            let name = names.vector16()?;
            if kind == 0 {
                return printable(name);
            }
        }
        return None;
    }
    None
}

/// Lower case, and only if it is a DNS name in ASCII: letters, digits, hyphens, dots, and the underscore of the wild.
fn printable(name: &[u8]) -> Option<String> {
    if name.is_empty() || name.len() > 253 {
        return None;
    }
    name.iter()
        .map(|&byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => Some(char::from(byte)),
            b'A'..=b'Z' => Some(char::from(byte.to_ascii_lowercase())),
            _ => None,
        })
        .collect()
}

/// A hello of SSL 2.0 form: two bytes of length with the top bit set, type 1, version 3.x or 2.0.
fn old_hello(bytes: &[u8]) -> Looks {
    match (bytes.get(2), bytes.get(3), bytes.get(4)) {
        (Some(1), Some(3), Some(0..=3)) | (Some(1), Some(0), Some(2)) => Looks::Yes,
        (None | Some(1), None | Some(0 | 3), None) => Looks::More,
        _ => Looks::No,
    }
}

/// A view that takes pieces off the front; `None` where they are not all there.
struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn number8(&mut self) -> Option<usize> {
        self.take(1).map(|b| usize::from(b[0]))
    }

    fn number16(&mut self) -> Option<usize> {
        self.take(2).map(|b| usize::from(b[0]) << 8 | usize::from(b[1]))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let n = self.number8()?;
        self.take(n)
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let n = self.number16()?;
        self.take(n)
    }
}

const CHANGE_CIPHER_SPEC: u8 = 0x14;
const ALERT: u8 = 0x15;
const HANDSHAKE: u8 = 0x16;
const HEARTBEAT: u8 = 0x18;
const CLIENT_HELLO: u8 = 1;
/// Longest record with any expansion a version allowed (RFC 5246 section 6.2.3).
const RECORD_MAX: usize = (16 << 10) + 2048;
/// Hellos with post-quantum keys take about two kilobytes; nothing honest takes eight times that.
const HELLO_MAX: usize = 16 << 10;
/// Records one hello may be cut into. Some clients cut theirs in two to hide the name.
const RECORDS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// A hello for `name` in one message, without record headers.
    fn message(name: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0); // session
        body.extend([0, 2, 0x13, 0x01]); // suites
        body.extend([1, 0]); // compressions
        let n = u8::try_from(name.len()).unwrap();
        let mut extensions = vec![0x00, 0x17, 0, 0]; // extended master secret, before the name
        extensions.extend([0, 0, 0, n + 5, 0, n + 3, 0, 0, n]);
        extensions.extend(name);
        body.extend([0, u8::try_from(extensions.len()).unwrap()]);
        body.extend(extensions);
        let mut message = vec![CLIENT_HELLO, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(body);
        message
    }

    fn records(pieces: &[&[u8]]) -> Vec<u8> {
        pieces.iter().flat_map(|p| [&[0x16, 3, 1, 0, u8::try_from(p.len()).unwrap()][..], p].concat()).collect()
    }

    #[test]
    fn the_name_is_read_in_lower_case_from_one_record_or_two() {
        let m = message(b"API.Example_1.com");
        for cut in 4..m.len() {
            let (a, b) = m.split_at(cut);
            assert_eq!(server_name(&records(&[a, b])).as_deref(), Some("api.example_1.com"), "cut at {cut}");
        }
        assert_eq!(server_name(&records(&[&m])).as_deref(), Some("api.example_1.com"));
    }

    #[test]
    fn every_prefix_asks_for_more_and_never_names_half_a_name() {
        let whole = records(&[&message(b"example.com")]);
        for n in 0..whole.len() {
            assert_eq!(server_name(&whole[..n]), None, "{n} bytes");
            if n > 0 {
                assert_eq!(hello(&whole[..n]), Hello::Part, "{n} bytes");
                assert_ne!(looks_like_tls(&whole[..n]), Looks::No, "{n} bytes");
            }
        }
        assert_eq!(looks_like_tls(&whole), Looks::Yes);
    }

    #[test]
    fn a_name_that_is_no_dns_name_is_withheld() {
        for name in [&b"<script>"[..], b"a b", b"caf\xc3\xa9.fr", b"a\x1b[0m", b""] {
            assert_eq!(hello(&records(&[&message(name)])), Hello::Whole(None));
        }
    }

    #[test]
    fn other_protocols_are_not_tls() {
        for bytes in
            [&b"GET / HTTP/1.1\r\n"[..], b"SSH-2.0-x\r\n", b"\x16\x03\x09\x00\x10\x01", b"\x17\x03\x03\x00\x02\x00"]
        {
            assert_eq!(looks_like_tls(bytes), Looks::No);
        }
        assert_eq!(looks_like_tls(b"\x17\x03\x03\x01\x00\xaa"), Looks::Yes, "application data met midstream");
        assert_eq!(looks_like_tls(b"\x80\x2e\x01\x03\x01\x00\x15"), Looks::Yes, "hello of SSL 2.0 form");
    }

    #[test]
    fn garbage_inside_a_hello_is_survived() {
        let good = records(&[&message(b"example.com")]);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            for _ in 0..4 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % bytes.len();
                bytes[at] = (state >> 24) as u8;
            }
            if let Some(name) = server_name(&bytes) {
                assert!(name.bytes().all(|b| b.is_ascii_graphic()));
            }
            let _ = looks_like_tls(&bytes);
        }
    }
}
