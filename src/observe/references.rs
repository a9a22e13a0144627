//! Character references undone: `&#52;`, `&#x34;`, and the names that every reader of XML knows.
//!
//! In: text of XML or of a page, as it stands. Out: the same with characters in their place, never longer. No entity that a document
//! declares is known here, so nothing expands.

use std::borrow::Cow;

/// The text without its references; what is none stands as it is.
pub(super) fn without_references(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(mut at) = memchr::memchr(b'&', text) else { return Cow::Borrowed(text) };
    let mut plain = Vec::with_capacity(text.len());
    let mut from = 0;
    loop {
        plain.extend_from_slice(text.get(from..at).unwrap_or_default());
        let rest = text.get(at..).unwrap_or_default();
        from = match reference(rest) {
            Some((letter, length)) => {
                plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                at + length
            }
            None => {
                plain.push(b'&');
                at + 1
            }
        };
        match text.get(from..).and_then(|rest| memchr::memchr(b'&', rest)) {
            Some(step) => at = from + step,
            None => break,
        }
    }
    plain.extend_from_slice(text.get(from..).unwrap_or_default());
    Cow::Owned(plain)
}

/// The character that a text begins with a reference to, and the reference's length.
fn reference(text: &[u8]) -> Option<(char, usize)> {
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = text.get(1..end)?;
    let letter = match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"nbsp" => NO_BREAK,
        _ => return None,
    };
    // A blank that no line breaks at divides groups of digits as any other does.
    Some((if letter == NO_BREAK { ' ' } else { letter }, end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let code = digits.iter().try_fold(0_u32, |sum, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        sum.checked_mul(radix)?.checked_add(digit)
    });
    code.filter(|_| !digits.is_empty()).and_then(char::from_u32)
}

/// The no-break space.
const NO_BREAK: char = '\u{a0}';
/// Bytes of a reference: zeros may stand before its number, if not many.
const LONGEST: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_stand_in_the_place_of_their_references() {
        for (text, plain) in [
            ("4111", "4111"),
            ("&#52;111", "4111"),
            ("&#x34;&#X31;&#0049;1", "4111"),
            ("a&amp;b &lt;c&gt; &quot;&apos;", "a&b <c> \"'"),
            ("4111&nbsp;1111&#160;1111&#xa0;1111", "4111 1111 1111 1111"),
            ("&#228;", "\u{e4}"),
            // Once, and no further: what comes out is text.
            ("&amp;#52;", "&#52;"),
            ("&lol9; &#; &#x; &#xd800; &#99999999999; &#4", "&lol9; &#; &#x; &#xd800; &#99999999999; &#4"),
            ("&", "&"),
            ("a & b; c", "a & b; c"),
            ("&#00000000000000000052;", "&#00000000000000000052;"),
        ] {
            assert_eq!(without_references(text.as_bytes()), plain.as_bytes(), "{text}");
        }
        assert!(matches!(without_references(b"plain"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn any_text_gets_no_longer(noise in prop::collection::vec(any::<u8>(), 0..200), likely in "[&#xXampltd0-9;]{0,80}") {
            for text in [&noise[..], likely.as_bytes()] {
                prop_assert!(without_references(text).len() <= text.len());
            }
        }
    }
}
