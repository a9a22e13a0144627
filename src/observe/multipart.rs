//! The parts of a multipart body (RFC 2046 section 5.1): what they say they are, and the extensions of their files' names. Of a form
//! (RFC 7578) also their names, what their values look like, which are files.
//!
//! In: the Content-Type and an unpacked sample. Out: parameters, and the shapes of parts that have some. One pass: a boundary that is
//! met ends a part, whatever its head promised. A file is looked into where it is JSON, XML, CSV, a page or text.

use super::charset::{to_utf8, utf16};
use super::contents::Contents;
use super::encoding::TextEnd;
use super::fields::Params;
use super::kind::{kind_of_bytes, kind_of_type};
use crate::api::{BodyKind, BodySide, Extension, ParamPlace, Part};

/// Where parts go.
pub(super) struct Found<'p, 'l> {
    /// Names and values, where the body is a form; at most so many.
    pub(super) form: Option<(&'p mut Params, usize)>,
    /// What parts are.
    pub(super) parts: &'p mut Vec<(Part, u64)>,
    /// What stands in those that have a shape.
    pub(super) contents: Contents<'l>,
    /// Whose body it is.
    pub(super) side: BodySide,
}

/// Reads the parts of a body. Tells how many found no room.
pub(super) fn read_parts(kind: &[u8], body: &[u8], end: TextEnd, found: &mut Found<'_, '_>) -> u64 {
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
fn read_part(part: &[u8], whole: bool, found: &mut Found<'_, '_>) -> bool {
    // A head without an end is no part; one that is too long hides what stands behind it.
    let Some((head, value)) = split(part) else { return part.len() <= HEAD_BYTES };
    let (mut name, mut file, mut kind, mut picture) = (None, None, None, false);
    let mut said = None;
    for line in head.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
        let Some(at) = memchr::memchr(b':', line) else { continue };
        let (field, value) = line.split_at(at);
        if field.eq_ignore_ascii_case(b"content-disposition") {
            name = name.or_else(|| attribute(value, b"name"));
            file = file.or_else(|| attribute(value, b"filename")).or_else(|| attribute(value, b"filename*"));
        } else if field.eq_ignore_ascii_case(b"content-type") {
            let value = value.get(1..).unwrap_or_default();
            kind = kind.or_else(|| kind_of_field(value));
            said = said.or(Some(value));
            // Some pictures are XML.
            picture |= value.trim_ascii_start().get(..6).is_some_and(|top| top.eq_ignore_ascii_case(b"image/"));
        }
    }
    let extension = file.map(Extension::of).unwrap_or_default();
    let room = found.count(Part { side: found.side, file: file.is_some(), kind, extension });
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    let end = if whole { TextEnd::Whole } else { TextEnd::Cut };
    // As spreadsheets save text.
    let mut text = Vec::new();
    let (value, end) = match utf16(value, || said) {
        Some((order, rest)) if !picture => {
            let end = to_utf8(rest, (order, end), found.contents.limits.unpacked_sample, &mut text);
            (text.as_slice(), end)
        }
        _ => (value, end),
    };
    let seems = readable(kind, file.map(|_| extension), value).filter(|_| !picture);
    // Requests and answers of a batch are texts. A text without a name is no field of a form.
    let is_batch = |kind: &[u8]| {
        kind.trim_ascii_start().get(..16).is_some_and(|top| top.eq_ignore_ascii_case(b"application/http"))
    };
    let untyped = said.is_none_or(is_batch);
    let nameless = (found.form.is_none() || name.is_none()) && file.is_none();
    let seems =
        seems.or_else(|| Some(BodyKind::Text).filter(|_| nameless && (kind == Some(BodyKind::Text) || untyped)));
    let read = seems.is_some_and(|kind| found.contents.read(name, kind, value, end));
    let Some((params, most)) = &mut found.form else { return room };
    let most = *most;
    if kind == Some(BodyKind::Form) && file.is_none() {
        return params.read(ParamPlace::Form, value, end, most) == 0 && room;
    }
    let Some(name) = name else { return room };
    // Half a value is another value.
    let value = if whole { value } else { b"" };
    let found_room = match (file, read) {
        (Some(_), _) => params.add_file(name, most),
        (None, true) => params.add_described(ParamPlace::Multipart, name, value, most),
        (None, false) => params.add(ParamPlace::Multipart, name, value, most),
    };
    found_room && room
}

/// The kind that a part is read as, where it is one with a shape: what its type says, or else the extension of a file, or what it
/// begins like. A field of text is one value.
fn readable(said: Option<BodyKind>, file: Option<Extension>, value: &[u8]) -> Option<BodyKind> {
    let extension = match file {
        Some(Extension::Json) => Some(BodyKind::Json),
        Some(Extension::Xml) => Some(BodyKind::Xml),
        Some(Extension::Html) => Some(BodyKind::Html),
        Some(Extension::Csv) => Some(BodyKind::Csv),
        Some(Extension::Txt) => Some(BodyKind::Text),
        _ => None,
    };
    let begins = || kind_of_bytes(value).filter(|kind| matches!(kind, BodyKind::Json | BodyKind::Xml));
    match said {
        Some(BodyKind::Json | BodyKind::Xml | BodyKind::Html | BodyKind::Csv) => said,
        // Many clients know no other type of a file.
        Some(BodyKind::Text) => extension.or_else(begins).or_else(|| said.filter(|_| file.is_some())),
        None => extension.or_else(begins),
        Some(_) => None,
    }
}

impl Found<'_, '_> {
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
        loop {
            let at = memchr::memchr2(b';', b'"', rest)?;
            let quote = rest.get(at) == Some(&b'"');
            rest = rest.get(at + 1..)?;
            if !quote {
                break;
            }
            rest = rest.get(closing(rest)? + 1..)?;
        }
        rest = rest.trim_ascii_start();
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

/// Where a quoted text ends. A backslash hides the quote behind it (RFC 9110 section 5.6.4), unless what is quoted ends there all the
/// same, as in `C:\photos\`.
fn closing(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        let ends = || matches!(text.get(at + 1..).unwrap_or_default().trim_ascii_start(), [] | [b';', ..]);
        if *byte == b'"' && (!escaped || ends()) {
            return Some(at);
        }
        escaped = *byte == b'\\' && !escaped;
    }
    None
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
    use crate::api::{DataClass, ParamType, Shape};
    use crate::limits::Limits;
    use crate::observe::cost::assert_linear;
    use proptest::prelude::*;

    const KIND: &[u8] = b"multipart/form-data; charset=\"a;boundary=no\"; Boundary=\"--x7\"";
    const BODY: &[u8] = b"preamble\r\n----x7\r\nContent-Disposition: form-data; name=\"age\"\r\n\r\n42\r\n----x7\r\n\
        content-disposition: form-data; filename=\"a;name=no.png\"; name=\"avatar\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\r\n--x7\r\n\r\n----x7\r\n\
        Content-Disposition: form-data; name=note\r\n\r\nhello\r\nthere\r\n----x7\r\n\
        Content-Disposition: form-data; name=\"4111111111111111\"\r\n\r\n\r\n----x7--\r\nepilogue\r\n----x7\r\nContent-Disposition: form-data; name=\"late\"\r\n\r\n1";

    fn read_into(kind: &[u8], body: &[u8], end: TextEnd, params: &mut Params, most: usize) -> (u64, Vec<(Part, u64)>) {
        let (mut parts, limits) = (Vec::new(), Limits::default());
        let (form, contents) = (Some((params, most)), Contents::new(&limits));
        let found = &mut Found { form, parts: &mut parts, contents, side: BodySide::Request };
        (read_parts(kind, body, end, found), parts)
    }

    /// What stands in parts; a form's, with its parameters, or those of any other body.
    fn contents(form: Option<&mut Params>, body: &[u8], end: TextEnd) -> Option<Shape> {
        let (mut parts, limits) = (Vec::new(), Limits::default());
        let (form, contents) = (form.map(|params| (params, 128)), Contents::new(&limits));
        let mut found = Found { form, parts: &mut parts, contents, side: BodySide::Request };
        assert_eq!(read_parts(b"x/y; boundary=b", body, end, &mut found), 0);
        found.contents.into_shape()
    }

    /// One part, its head without `Content-`.
    fn part(disposition: &str, kind: &str, value: &str) -> String {
        let kind = if kind.is_empty() { String::new() } else { format!("\r\nContent-Type: {kind}") };
        format!("\r\n--b\r\nContent-Disposition: {disposition}{kind}\r\n\r\n{value}")
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
            (r#"a; x="C:\"; filename="after.pdf""#, Some("after.pdf")),
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
        let limits = Limits::default();
        let contents = Contents::new(&limits);
        let found = &mut Found { form: None, parts: &mut parts, contents, side: BodySide::Response };
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

    /// The classes looked at in a place, by names with dots between.
    fn looks(shape: &Shape, place: &str) -> Vec<DataClass> {
        let place = place.split('.').try_fold(shape, |shape, name| shape.fields.get(name));
        let looks = &place.expect("the place is there").looks;
        DataClass::ALL.into_iter().filter(|class| looks.count(*class) > 0).collect()
    }

    #[test]
    fn parts_are_read_as_what_they_are() {
        // Catches JSON, XML and tables in parts that are looked at as one text, so that names of fields say nothing, or not at all.
        let json = r#"{"card":{"number":"4111 1111 1111 1111","cvv":"123"},"to":["anna@mail.example"]}"#;
        let body = [
            part("form-data; name=\"meta\"", "application/json; charset=utf-8", json),
            part("form-data; name=\"blob\"; filename=\"blob\"", "application/json", r#"{"ssn":"536-22-1234"}"#),
            part("form-data; name=\"bare\"", "", r#"{"pin":"1234"}"#),
            part("form-data; name=\"plain\"", "text/plain", "4111 1111 1111 1111"),
            part(
                "form-data; name=\"doc\"",
                "text/xml",
                "<order><card><number>4111111111111111</number></card></order>",
            ),
            part(
                "form-data; name=\"rows\"; filename=\"a.csv\"",
                "application/octet-stream",
                "name,pan\nx,4111111111111111\n",
            ),
            part("form-data; name=\"log\"; filename=\"a.txt\"", "text/plain", "card number: 4111111111111111\n"),
            part("form-data; name=\"sum\"", "application/x-www-form-urlencoded", "to=anna%40mail.example&cvv=123"),
            part(
                "form-data; name=\"pic\"; filename=\"a.svg\"",
                "image/svg+xml",
                "<svg><text>4111111111111111</text></svg>",
            ),
            part("form-data; name=\"odd\"", "application/json", "{\"a\":1 4111 1111 1111 1111"),
            "\r\n--b--".to_owned(),
        ]
        .concat();
        let mut params = Params::default();
        params.begin(true);
        let shape = contents(Some(&mut params), body.as_bytes(), TextEnd::Whole).unwrap();
        let names: Vec<String> = shape.fields.keys().map(str::to_owned).collect();
        assert_eq!(names, ["bare", "blob", "doc", "log", "meta", "odd", "rows"]);
        assert_eq!((shape.seen, shape.objects, shape.partial), (1, 1, false));
        assert_eq!(looks(&shape, "meta.card.number"), [DataClass::Pan]);
        assert_eq!(looks(&shape, "meta.card.cvv"), [DataClass::Cvv]);
        assert_eq!(shape.fields["meta"].fields["to"].items.as_ref().unwrap().looks.count(DataClass::Email), 1);
        assert_eq!(looks(&shape, "blob.ssn"), [DataClass::UsSsn]);
        assert_eq!(looks(&shape, "bare.pin"), [DataClass::Pin]);
        assert_eq!(looks(&shape, "doc.order.card.number"), [DataClass::Pan]);
        assert_eq!(looks(&shape, "rows.column_2"), [DataClass::Pan]);
        assert_eq!(looks(&shape, "log"), [DataClass::Pan]);
        let looked = |place, name: &str| {
            let param = params.list().iter().find(|param| param.place == place && param.name == name);
            param.and_then(|param| param.looked).map(|looked| looked.iter().collect::<Vec<_>>())
        };
        // What was read as what it is is not looked at as one text, too.
        for read in ["meta", "bare", "doc"] {
            assert_eq!(looked(ParamPlace::Multipart, read), None, "{read}");
        }
        assert_eq!(looked(ParamPlace::Multipart, "plain"), Some(vec![DataClass::Pan]));
        assert_eq!(looked(ParamPlace::Multipart, "odd"), Some(vec![DataClass::Pan]), "what is broken is one text");
        assert_eq!(looked(ParamPlace::Form, "to"), Some(vec![DataClass::Email]));
        assert_eq!(looked(ParamPlace::Form, "cvv"), Some(vec![DataClass::Cvv]));
        assert_eq!(params.list().iter().filter(|param| param.kind == ParamType::File).count(), 4);
    }

    #[test]
    fn parts_without_a_name_stand_together() {
        // Catches parts of a mixed body that are passed over, and a name that is a value told as it stands.
        let body = [
            part("inline", "application/json", r#"{"iban":"DE89370400440532013000"}"#),
            part("inline", "application/json", r#"{"iban":"GB29NWBK60161331926819","x":1}"#),
            part("inline", "text/plain", "a text"),
            part("inline; name=\"anna@mail.example\"", "application/json", "1"),
        ]
        .concat();
        let shape = contents(None, body.as_bytes(), TextEnd::Whole).unwrap();
        assert_eq!(shape.fields.keys().collect::<Vec<_>>(), ["#part", "{email}"]);
        let nameless = &shape.fields["#part"];
        assert_eq!(
            (nameless.seen, nameless.fields["iban"].looks.count(DataClass::Iban), nameless.fields["x"].seen),
            (3, 2, 1)
        );
        assert!(contents(None, part_of_text().as_bytes(), TextEnd::Whole).is_none(), "no part has a shape");
        // Catches texts that nobody looks at as they are no fields of a form.
        for kind in ["text/plain", "", "application/http"] {
            let shape = contents(None, part("inline", kind, "pan 4111 1111 1111 1111").as_bytes(), TextEnd::Whole);
            assert_eq!(looks(&shape.unwrap(), "#part"), [DataClass::Pan], "{kind}");
        }
    }

    #[test]
    fn a_table_as_spreadsheets_save_it_is_read() {
        // Catches a file in UTF-16 taken for a binary one.
        let head = part("form-data; name=\"rows\"; filename=\"a.csv\"", "", "");
        let table = "\u{feff}name\tpan\nx\t4111111111111111\n".encode_utf16().flat_map(u16::to_le_bytes);
        let body: Vec<u8> = head.bytes().chain(table).chain(*b"\r\n--b--").collect();
        let shape = contents(None, &body, TextEnd::Whole).unwrap();
        assert_eq!(looks(&shape, "rows.column_2"), [DataClass::Pan]);
    }

    fn part_of_text() -> String {
        part("inline", "image/png", "{\"a\":1}") + &part("form-data; name=a", "application/zip", "{no JSON}")
    }

    #[test]
    fn what_parts_hold_is_within_the_bounds_of_one_body() {
        // Catches a bound that holds for each part alone: a body may have a thousand.
        let limits = Limits::default();
        for (what, value) in [
            ("fields", (0..40).map(|n| format!("\"{}\":1,", letters(n))).collect::<String>()),
            ("depth", "\"a\":{".repeat(30)),
        ] {
            let name = |n: usize| format!("form-data; name=\"part{}\"", letters(n));
            let part = |n: usize| part(&name(n), "application/json", &format!("{{{value}\"z\":1"));
            let most = 1_000.min((200 << 10) / part(0).len());
            let body: String = (0..most).map(part).collect();
            let shape = contents(None, body.as_bytes(), TextEnd::Whole).unwrap();
            assert!(shape.places() <= limits.body_shape_nodes + 64 && shape.partial | (what == "depth"), "{what}");
            assert!(shape.fields.len() <= limits.shape_fields, "{what}");
        }
        let unit = part("form-data; name=\"a\"", "application/json", "{\"a\":[{\"b\":1},");
        assert_linear(
            "parts",
            |n| unit.repeat((n / unit.len()).max(1)).into_bytes(),
            |body| {
                let (mut parts, limits) = (Vec::new(), Limits::default());
                let contents = Contents::new(&limits);
                let found = &mut Found { form: None, parts: &mut parts, contents, side: BodySide::Request };
                read_parts(b"x/y; boundary=b", body, TextEnd::Whole, found);
            },
        );
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
        assert_eq!(read_into(b"x/y; boundary=b", long.as_bytes(), TextEnd::Whole, &mut Params::default(), 16).0, 1);
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
