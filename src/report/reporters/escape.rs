//! Names from the wire, made harmless to look at.
//!
//! A name may hold terminal escapes, a line end that forges a row, a bidirectional override that turns `exe.txt`
//! into `txt.exe`, or characters that nobody sees. Here all of them become `\u{202e}`: plain text that says what
//! was there. Text and HTML use [`visible`] (HTML escapes its own mark-up on top); JSON has an escape of its own,
//! [`write_json`], after which a reader gets the very same string back.

use std::borrow::Cow;
use std::io;

/// Combining marks in a row that are shown as they are; further ones are escaped. Scripts stack two or three.
const MARKS: usize = 4;

/// Characters of a name that [`shown`] leaves.
pub(super) const NAME: usize = 240;
/// Characters of a sentence that [`sentence`] leaves.
const SENTENCE: usize = 600;

/// The text with everything invisible or misleading as `\u{...}`: controls, format characters (bidirectional ones,
/// zero-width ones, tags), line and paragraph separators, blanks other than the plain one, private and unassigned
/// code points, combining marks at the start or more than four in a row.
///
/// Backslashes stay single, save a run of them right before an escape or before a literal `u{`, which is doubled:
/// so an odd run announces an escape, an even one is text, and two names never look the same.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_but(text, &[])
}

/// The same, where some characters that people write cannot stand either.
fn visible_but<'t>(text: &'t str, spelt: &[char]) -> Cow<'t, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.contains("\\u{") && !text.contains(spelt) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut slashes = 0;
    // A mark sits on what stands before it: at the start, and behind an escape, that would be our own text.
    let mut marks = MARKS;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        let plain = is_plain(c) && marks <= MARKS && !spelt.contains(&c);
        if !plain || (c == 'u' && rest.as_str().starts_with('{')) {
            shown.extend(std::iter::repeat_n('\\', slashes));
        }
        slashes = if c == '\\' { slashes + 1 } else { 0 };
        if plain {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
            marks = MARKS;
        }
    }
    Cow::Owned(shown)
}

/// [`visible`], and no longer than people read: of a longer name the beginning, and how much is left out. For pages
/// and terminals, which a few names of 64 KiB would drown; JSON has all of it.
pub(in crate::report) fn shown(name: &str) -> Cow<'_, str> {
    shown_within(name, NAME, &[])
}

/// The same, where some characters that people write cannot stand either.
pub(super) fn shown_but<'t>(name: &'t str, spelt: &[char]) -> Cow<'t, str> {
    shown_within(name, NAME, spelt)
}

/// The same for a sentence, which may hold several names.
pub(in crate::report) fn sentence(text: &str) -> Cow<'_, str> {
    shown_within(text, SENTENCE, &[])
}

fn shown_within<'t>(text: &'t str, most: usize, spelt: &[char]) -> Cow<'t, str> {
    let Some((cut, _)) = text.char_indices().nth(most) else { return visible_but(text, spelt) };
    let (head, rest) = text.split_at_checked(cut).unwrap_or((text, ""));
    Cow::Owned(format!("{}... ({} more)", visible_but(head, spelt), rest.chars().count()))
}

/// Writes a piece of a JSON string (quotes, backslashes and C0 controls are serde's) so that the document is safe to
/// look at and to put into a page: what [`visible`] would show as an escape, and `<`, `>`, `&`, as `\uXXXX`.
pub(super) fn write_json<W: ?Sized + io::Write>(out: &mut W, fragment: &str) -> io::Result<()> {
    let mut from = 0;
    for (at, c) in fragment.char_indices() {
        if is_plain(c) && !matches!(c, '<' | '>' | '&') {
            continue;
        }
        out.write_all(fragment.get(from..at).unwrap_or_default().as_bytes())?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        from = at + c.len_utf8();
    }
    out.write_all(fragment.get(from..).unwrap_or_default().as_bytes())
}

/// It can be seen, and is what it looks like.
fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // The standard library knows what Unicode calls printable, and says so only by how it escapes for debugging.
    // In the second place of a string, marks are left alone there.
    let mut buffer = [b'a'; 5];
    let len = buffer.get_mut(1..).map_or(0, |tail| c.encode_utf8(tail).len());
    let printable = buffer
        .get(..=len)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .is_some_and(|text| text.escape_debug().nth(1) == Some(c));
    printable && !is_ignorable(c)
}

/// It sits on the character before it (`Grapheme_Extend`).
fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.escape_debug().len() > 1
}

/// Characters that Unicode has renderers leave out (`Default_Ignorable_Code_Point`) though some are letters or marks
/// by category, and the braille blank.
const fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_spelt_out() {
        // Catches a filter that knows C0 only: each of these forges or hides text on some terminal or page.
        for c in "\0\u{7}\t\n\r\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9d}\u{a0}\u{ad}\u{34f}\u{61c}\u{1160}\u{180e}\u{200b}\
                  \u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{2800}\u{3000}\
                  \u{3164}\u{e000}\u{fe0f}\u{feff}\u{ffa0}\u{fffe}\u{378}\u{1d173}\u{e0001}\u{e0041}\u{e0100}\u{10fffd}"
            .chars()
        {
            assert_eq!(visible(&format!("a{c}b")), format!("a\\u{{{:x}}}b", c as u32));
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "",
            "/users/{id}",
            "a\\b\\",
            "caf\u{e9}",
            "cafe\u{301}",
            "\u{43f}\u{440}\u{438}",
            "\u{6771}\u{4eac}",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
            "\u{915}\u{94d}\u{937}\u{93f}",
            "\u{1f600}",
            "\u{fffd}",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn marks_do_not_pile_up_nor_sit_on_our_own_text() {
        let flood = format!("a{}", "\u{301}".repeat(50));
        assert_eq!(visible(&flood).chars().filter(|c| *c == '\u{301}').count(), MARKS);
        assert_eq!(visible("\u{301}a"), "\\u{301}a");
        assert_eq!(visible("\n\u{301}"), "\\u{a}\\u{301}");
    }

    #[test]
    fn two_names_never_look_the_same() {
        // Catches escapes that can be forged by typing them.
        let names = [
            "\u{202e}",
            "\\u{202e}",
            "\\\u{202e}",
            "\\\\u{202e}",
            "\\\\\u{202e}",
            "\\\\\\u{202e}",
            "u{202e}",
            "\\",
            "\\\\",
            "\\u202e",
            "\\n",
            "\n",
        ];
        let mut shown: Vec<_> = names.iter().map(|name| visible(name)).collect();
        shown.sort();
        shown.dedup();
        assert_eq!(shown.len(), names.len(), "{shown:?}");
    }

    #[test]
    fn a_long_name_is_cut_and_says_so() {
        let short = "\u{e9}".repeat(NAME);
        assert_eq!(shown(&short), short);
        assert_eq!(shown(&format!("{short}ab")), format!("{short}... (2 more)"));
    }

    #[test]
    fn no_character_gets_through_as_a_control() {
        for c in '\0'..=char::MAX {
            let shown = visible(c.encode_utf8(&mut [0; 4])).into_owned();
            assert!(!shown.chars().any(|c| c.is_control() || is_ignorable(c)), "U+{:04X}", c as u32);
            assert_eq!(visible(&shown).len() > shown.len(), shown.starts_with("\\u{"), "U+{:04X}", c as u32);
        }
    }
}
