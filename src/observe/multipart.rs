//! The parts of a multipart body (RFC 2046 section 5.1): what they say they are, and the extensions of their files' names. Of a form
//! (RFC 7578) also their names, what their values look like, which are files.
//!
//! In: the Content-Type and an unpacked sample. Out: parameters. One pass: a boundary that is met ends a part, whatever its
//! head promised. Of a file nothing is looked at but that it is one.

use super::encoding::TextEnd;
use super::fields::Params;
use super::kind::kind_of_type;
use crate::api::{BodyKind, BodySide, Extension, ParamPlace, Part};

/// Where parts go.
pub(super) struct Found<'p> {
    /// Names and values, where the body is a form; at most so many.
    pub(super) form: Option<(&'p mut Params, usize)>,
    /// What parts are.
    pub(super) parts: &'p mut Vec<(Part, u64)>,
    /// Whose body it is.
    pub(super) side: BodySide,
}

/// Reads the parts of a body. Tells how many found no room.
pub(super) fn read_parts(kind: &[u8], body: &[u8], end: TextEnd, found: &mut Found<'_>) -> u64 {
    let Some(boundary) = boundary(kind) else { return 0 };
    let finder = memchr::memmem::Finder::new(&boundary);
    // The first boundary may stand at the very beginning, all others behind a line.
    let mut rest = match body.strip_prefix(boundary.get(1..).unwrap_or_default()) {
        Some(rest) => rest,
        None => match finder.find(body) {
            Some(at) => body.get(at + boundary.len()..).unwrap_or_default(),
            None => return 0,
        },
    };
    let mut refused = 0;
    for _ in 0..MOST_PARTS {
        if rest.starts_with(b"--") {
            return refused;
        }
        let (part, next) = match finder.find(rest) {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + boundary.len()..)),
            None => (rest, None),
        };
        // A part whose end is not there: its name counts, and its value when the body is whole.
        let whole = next.is_some() || end == TextEnd::Whole;
        refused += u64::from(!read_part(part, whole, found));
        let Some(next) = next else { return refused };
        rest = next;
    }
    refused + 1
}

/// One part behind its boundary; false when there is no room for it.
fn read_part(part: &[u8], whole: bool, found: &mut Found<'_>) -> bool {
    let Some((head, value)) = split(part) else { return true };
    let (mut name, mut file, mut kind) = (None, None, None);
    for line in head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
        let Some(at) = memchr::memchr(b':', line) else { continue };
        let (field, value) = line.split_at(at);
        if field.eq_ignore_ascii_case(b"content-disposition") {
            name = name.or_else(|| attribute(value, b"name"));
            file = file.or_else(|| attribute(value, b"filename")).or_else(|| attribute(value, b"filename*"));
        } else if field.eq_ignore_ascii_case(b"content-type") {
            kind = kind.or_else(|| kind_of_field(value.get(1..).unwrap_or_default()));
        }
    }
    let extension = file.map(Extension::of).unwrap_or_default();
    let room = found.count(Part { side: found.side, file: file.is_some(), kind, extension });
    let Some((params, most)) = &mut found.form else { return room };
    let Some(name) = name else { return room };
    if file.is_some() {
        return params.add_file(name, *most) && room;
    }
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    // Half a value is another value.
    params.add(ParamPlace::Multipart, name, if whole { value } else { b"" }, *most) && room
}

impl Found<'_> {
    fn count(&mut self, part: Part) -> bool {
        let full = self.parts.len() >= MOST_SORTS;
        match self.parts.iter_mut().find(|(known, _)| *known == part) {
            Some((_, count)) => *count += 1,
            None if full => return false,
            None => self.parts.push((part, 1)),
        }
        true
    }
}

/// The kind that a Content-Type field says.
fn kind_of_field(value: &[u8]) -> Option<BodyKind> {
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let mut lower = [0; TYPE_BYTES];
    let lower = lower.get_mut(..essence.len())?;
    lower.copy_from_slice(essence);
    lower.make_ascii_lowercase();
    kind_of_type(std::str::from_utf8(lower).ok())
}

/// Head and value of a part: an empty line is between them.
fn split(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let part = part.strip_prefix(b"\r").unwrap_or(part).strip_prefix(b"\n")?;
    let mut at = 0;
    while at < part.len().min(HEAD_BYTES) {
        let end = at + memchr::memchr(b'\n', part.get(at..)?)?;
        if part.get(at..end)?.trim_ascii().is_empty() {
            return Some((part.get(..at)?, part.get(end + 1..)?));
        }
        at = end + 1;
    }
    None
}

/// A line's end and the boundary that a Content-Type names (RFC 2046 section 5.1.1), as they stand between parts.
fn boundary(kind: &[u8]) -> Option<Vec<u8>> {
    let value = attribute(kind, b"boundary")?;
    if value.is_empty() || value.len() > BOUNDARY_BYTES {
        return None;
    }
    Some([b"\n--", value].concat())
}

/// The value of an attribute: `; name="x"` or `; name=x`. What stands in quotes is no attribute.
fn attribute<'x>(text: &'x [u8], wanted: &[u8]) -> Option<&'x [u8]> {
    let mut rest = text;
    loop {
        // To the next semicolon that is in no quotes.
        let mut quoted = false;
        let mut escaped = false;
        let at = rest.iter().position(|byte| {
            let ends = *byte == b';' && !quoted;
            quoted ^= *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && quoted && !escaped;
            ends
        })?;
        rest = rest.get(at + 1..)?.trim_ascii_start();
        let Some((name, value)) = rest.split_at_checked(wanted.len()) else { continue };
        if !name.eq_ignore_ascii_case(wanted) {
            continue;
        }
        let Some(value) = value.trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        return match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.get(..closing(quoted)?),
            None => {
                let end = value.iter().position(|b| matches!(b, b';' | b' ' | b'\t')).unwrap_or(value.len());
                value.get(..end)
            }
        };
    }
}

/// Where a quoted text ends. A backslash hides the quote behind it (RFC 9110 section 5.6.4), unless none is left then: of
/// `C:\photos\` it hides nothing.
fn closing(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let quote = |byte: &u8| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    };
    text.iter().position(quote).or_else(|| memchr::memchr(b'"', text))
}

/// Parts that are looked at.
const MOST_PARTS: usize = 1_024;
/// Sorts of parts in both bodies of an exchange.
const MOST_SORTS: usize = 32;
/// A longer type is none.
const TYPE_BYTES: usize = 96;
/// Bytes of the head of a part.
const HEAD_BYTES: usize = 4_096;
/// RFC 2046 section 5.1.1 allows 70.
const BOUNDARY_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ParamType;
    use proptest::prelude::*;

    const KIND: &[u8] = b"multipart/form-data; charset=\"a;boundary=no\"; Boundary=\"--x7\"";
    const BODY: &[u8] = b"preamble\r\n----x7\r\nContent-Disposition: form-data; name=\"age\"\r\n\r\n42\r\n----x7\r\n\
        content-disposition: form-data; filename=\"a;name=no.png\"; name=\"avatar\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--x7\r\n\r\n----x7\r\n\
        Content-Disposition: form-data; name=note\r\n\r\nhello\r\nthere\r\n----x7\r\n\
        Content-Disposition: form-data; name=\"4111111111111111\"\r\n\r\n\r\n----x7--\r\nepilogue\r\n----x7\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\n1";

    fn read_into(kind: &[u8], body: &[u8], end: TextEnd, params: &mut Params, most: usize) -> (u64, Vec<(Part, u64)>) {
        let mut parts = Vec::new();
        let found = &mut Found { form: Some((params, most)), parts: &mut parts, side: BodySide::Request };
        (read_parts(kind, body, end, found), parts)
    }

    fn read(kind: &[u8], body: &[u8], end: TextEnd) -> Vec<(String, ParamType)> {
        let mut params = Params::default();
        let refused = read_into(kind, body, end, &mut params, 128).0;
        assert_eq!(refused, 0);
        params.list().iter().map(|param| (param.name.clone(), param.kind)).collect()
    }

    #[test]
    fn parts_are_parameters() {
        // Catches a boundary or a name found inside quotes or a file, a value with its line's end, and a part behind the end.
        use ParamType::{Empty, File, Integer, String};
        let expected = [("age", Integer), ("avatar", File), ("note", String), ("{card}", Empty)];
        let expected: Vec<_> = expected.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect();
        assert_eq!(read(KIND, BODY, TextEnd::Whole), expected);
        let lines: Vec<u8> = BODY.iter().copied().filter(|b| *b != b'\r').collect();
        assert_eq!(read(KIND, &lines, TextEnd::Whole), expected, "bare line ends");
        assert_eq!(read(b"multipart/form-data", BODY, TextEnd::Whole), [], "no boundary");
    }

    #[test]
    fn a_quote_behind_a_backslash_ends_nothing() {
        // Catches a name of a file that is cut at a quote in it, and a path that swallows what stands behind.
        for (text, value) in [
            (r#"a; filename="the \"best\" one.pdf"; name="x""#, Some(r#"the \"best\" one.pdf"#)),
            (r#"a; filename="C:\photos\"; b"#, Some(r"C:\photos\")),
            (r#"a; filename="open"#, None),
            (r#"a; filename="""#, Some("")),
        ] {
            assert_eq!(attribute(text.as_bytes(), b"filename"), value.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn parts_are_told_by_type_and_extension_and_no_name_of_a_file() {
        // Catches a name that goes on, a file taken for a field, and a boundary of the answer that is not looked for.
        let mut params = Params::default();
        let (_, parts) = read_into(KIND, BODY, TextEnd::Whole, &mut params, 128);
        let field = Part { side: BodySide::Request, file: false, kind: None, extension: Extension::None };
        let picture = Part { file: true, kind: Some(BodyKind::Png), extension: Extension::Png, ..field };
        assert_eq!(parts, [(field, 3), (picture, 1)]);
        let ranges = b"--r\r\nContent-Type: application/pdf\r\nContent-Range: bytes 0-1/9\r\n\r\nab\r\n--r\r\nContent-Type: \
            Application/PDF; x=y\r\n\r\ncd\r\n--r\r\nContent-Disposition: attachment; filename*=UTF-8''anna%20schmidt.docx\r\n\r\n\r\n--r--";
        let mut parts = Vec::new();
        let found = &mut Found { form: None, parts: &mut parts, side: BodySide::Response };
        assert_eq!(read_parts(b"multipart/byteranges; boundary=r", ranges, TextEnd::Whole, found), 0);
        let pdf = Part { side: BodySide::Response, file: false, kind: Some(BodyKind::Pdf), extension: Extension::None };
        let letter = Part { file: true, kind: None, extension: Extension::Docx, ..pdf };
        assert_eq!(parts, [(pdf, 2), (letter, 1)]);
    }

    #[test]
    fn a_body_cut_anywhere_gives_the_parts_before() {
        // Catches half a name or half a value told as a whole one.
        let whole = read(KIND, BODY, TextEnd::Whole);
        for at in 0..BODY.len() {
            for (name, kind) in read(KIND, &BODY[..at], TextEnd::Cut) {
                let known = whole.iter().find(|(known, _)| *known == name);
                assert!(
                    known.is_some_and(|(_, known)| *known == kind || kind == ParamType::Empty),
                    "{at}: {name} {kind:?}"
                );
            }
        }
    }

    #[test]
    fn many_parts_and_long_heads_are_bounded() {
        // Catches work that grows with the square of the parts, or a name for each of them.
        let part =
            |n: usize| format!("\r\n--b\r\nContent-Disposition: form-data; name=\"field{}\"\r\n\r\n1", letters(n));
        let body: String = (0..5_000).map(part).collect();
        let mut params = Params::default();
        let refused = read_into(b"x/y; boundary=b", body.as_bytes(), TextEnd::Whole, &mut params, 16).0;
        // Some of these names look like values and stand for one class.
        assert!(params.list().len() == 16 && (900..=1_009).contains(&refused), "{refused}");
        let long = ["\n--b\n", &"a: b\n".repeat(200_000), "\n1"].concat();
        assert_eq!(read(b"x/y; boundary=b", long.as_bytes(), TextEnd::Whole), []);
        let quotes = [b"x/y".as_slice(), &b"; a=\"".repeat(10_000)].concat();
        assert_eq!(read(&quotes, long.as_bytes(), TextEnd::Whole), []);
    }

    fn letters(mut n: usize) -> String {
        (0..4)
            .map(|_| {
                let letter = char::from(b'a' + (n % 26) as u8);
                n /= 26;
                letter
            })
            .collect()
    }

    proptest! {
        #[test]
        fn any_bytes_are_parts(kind in prop::collection::vec(any::<u8>(), 0..60), body in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut params = Params::default();
            for kind in [&[b"m; boundary=".as_slice(), &kind].concat(), &kind] {
                let (_, parts) = read_into(kind, &body, TextEnd::Cut, &mut params, 8);
                prop_assert!(parts.len() <= MOST_SORTS);
            }
            prop_assert!(params.list().len() <= 8);
        }
    }
}
