//! Text in UTF-16, written anew in UTF-8: what reads bodies knows only that.
//!
//! In: an unpacked sample, and the Content-Type. Out: whether it is UTF-16, and the text. Told by a byte order mark, by how JSON and XML begin,
//! or by a charset that the first bytes do not contradict; whatever has no NUL near its beginning costs a look at that.

use super::encoding::TextEnd;

/// Which byte of two comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Big,
    Little,
}

/// The byte order of a body in UTF-16, and the bytes behind its mark; `None` for any other.
pub(super) fn utf16<'x, 't>(
    body: &'x [u8],
    content_type: impl FnOnce() -> Option<&'t [u8]>,
) -> Option<(ByteOrder, &'x [u8])> {
    use ByteOrder::{Big, Little};
    match body {
        // UTF-32 begins so, too.
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, rest @ ..] => return Some((Little, rest)),
        [0xfe, 0xff, rest @ ..] => return Some((Big, rest)),
        [b'{' | b'[' | b'<', 0, next, 0, ..] if *next != 0 => return Some((Little, body)),
        [0, b'{' | b'[' | b'<', 0, next, ..] if *next != 0 => return Some((Big, body)),
        _ => {}
    }
    // Texts in UTF-16 that hold no blank and no digit for so long are left out.
    let nul = memchr::memchr(0, body.get(..BEGINNING).unwrap_or(body))?;
    let charset = charset(content_type()?)?;
    let is = |name: &str| charset.eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if is("utf-16le") => Some((Little, body)),
        () if is("utf-16be") => Some((Big, body)),
        // RFC 2781 section 4.3 says big where nothing else is known, and senders little: what is ASCII shows it.
        () if is("utf-16") => Some((if nul % 2 == 1 { Little } else { Big }, body)),
        () => None,
    }
}

/// Writes a text into `into`, at most `most` bytes of it. What is no character becomes U+FFFD.
pub(super) fn to_utf8(text: &[u8], (order, end): (ByteOrder, TextEnd), most: usize, into: &mut Vec<u8>) -> TextEnd {
    into.clear();
    let (pairs, odd) = text.as_chunks::<2>();
    let units = pairs.iter().map(|pair| match order {
        ByteOrder::Big => u16::from_be_bytes(*pair),
        ByteOrder::Little => u16::from_le_bytes(*pair),
    });
    for letter in char::decode_utf16(units) {
        let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
        if into.len() + letter.len_utf8() > most {
            return TextEnd::Cut;
        }
        into.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if odd.is_empty() { end } else { TextEnd::Cut }
}

/// The charset that a Content-Type names.
fn charset(content_type: &[u8]) -> Option<&[u8]> {
    content_type.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
        let at = memchr::memchr(b'=', parameter)?;
        let (name, value) = parameter.split_at(at);
        let named = name.trim_ascii().eq_ignore_ascii_case(b"charset");
        let value = value.get(1..)?.trim_ascii();
        named.then(|| value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
    })
}

/// Bytes in which a text shows that it is no UTF-8.
const BEGINNING: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coded(text: &str, order: ByteOrder) -> Vec<u8> {
        let bytes = |unit: u16| if order == ByteOrder::Big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(body: &[u8], content_type: Option<&str>) -> Option<(String, TextEnd)> {
        let (order, text) = utf16(body, || content_type.map(str::as_bytes))?;
        let mut into = Vec::new();
        let end = to_utf8(text, (order, TextEnd::Whole), 1_000, &mut into);
        Some((String::from_utf8(into).unwrap(), end))
    }

    #[test]
    fn utf_16_is_told_by_its_mark_its_beginning_or_its_charset() {
        let whole = |text: &str| Some((text.to_owned(), TextEnd::Whole));
        for order in [ByteOrder::Big, ByteOrder::Little] {
            let said = if order == ByteOrder::Big {
                "text/plain;charset=UTF-16BE"
            } else {
                "text/plain; Charset=\"utf-16le\""
            };
            for text in ["{\"a\":\"\u{e4}\u{1f4b3}\"}", "[1]", "<?xml version='1.0'?><a/>"] {
                assert_eq!(read(&coded(&["\u{feff}", text].concat(), order), None), whole(text), "{order:?}");
                assert_eq!(read(&coded(text, order), Some("application/json")), whole(text), "{order:?}");
            }
            let text = "\u{4f60} 1";
            assert_eq!(read(&coded(text, order), None), None);
            assert_eq!(read(&coded(text, order), Some(said)), whole(text));
            assert_eq!(read(&coded(text, order), Some("x/y; charset=utf-16")), whole(text));
        }
        assert_eq!(read(b"\xff\xfe", None), whole(""));
    }

    #[test]
    fn what_is_no_utf_16_stays() {
        // Catches bodies in UTF-8 that are torn into pairs, because a header says so or for a NUL somewhere in them.
        for body in
            [&b"{\"a\":1}"[..], b"", b"a", b"\xff", b"\xff\xfe\0\0{\0\0\0", b"\xef\xbb\xbf{}", b"a\0b", b"[\0\0\0"]
        {
            assert_eq!(read(body, Some("application/json")), None, "{body:?}");
        }
        assert_eq!(read(b"{\"a\":1}", Some("application/json; charset=utf-16")), None);
        assert_eq!(read(b"a\0b\0", Some("text/plain; charset=utf-8")), None);
    }

    #[test]
    fn what_comes_out_is_within_the_bound() {
        // Catches a text that grows by half on its way, and half a character at a cut.
        let text = "\u{20ac}".repeat(1_000);
        let mut into = Vec::new();
        let (order, whole) = (ByteOrder::Little, TextEnd::Whole);
        assert_eq!(to_utf8(&coded(&text, order), (order, whole), 2_000, &mut into), TextEnd::Cut);
        assert_eq!((into.len(), std::str::from_utf8(&into).is_ok()), (1_998, true));
        assert_eq!(to_utf8(b"a\0b", (order, whole), 9, &mut into), TextEnd::Cut);
        assert_eq!(into, b"a");
        assert_eq!(to_utf8(b"\0\xd8a\0", (order, whole), 9, &mut into), whole);
        assert_eq!(into, "\u{fffd}a".as_bytes());
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(body in prop::collection::vec(any::<u8>(), 0..300), most in 0_usize..400) {
            for body in [body.clone(), [b"\xff\xfe".as_slice(), &body].concat()] {
                if let Some((order, text)) = utf16(&body, || Some(b"a/b; charset=utf-16")) {
                    let mut into = Vec::new();
                    to_utf8(text, (order, TextEnd::Whole), most, &mut into);
                    prop_assert!(into.len() <= most && std::str::from_utf8(&into).is_ok());
                }
            }
        }
    }
}
