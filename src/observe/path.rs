//! The request target: what part of it is what, and its path as decoded segments with their classes.
//!
//! In: the target as sent, in any of its four forms (RFC 9112 section 3.2). Out: authority, query, and a list of
//! segments: percent-decoded once, empty ones dropped, dots resolved, matrix parameters cut off. `Segments` owns the
//! buffers and is used again for each exchange; the list it lends points into them.

use super::classify::classify_segment;
use super::formats::is_date;
use super::sensitive::look_at_segment;
use crate::api::{DataClasses, PathSegment, SegmentClass};

/// A request target in its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// Of the absolute form only.
    pub scheme: Option<&'a [u8]>,
    /// Of the absolute form only; userinfo included.
    pub authority: Option<&'a [u8]>,
    /// As sent, with its slashes; `*` in the asterisk form.
    pub path: &'a [u8],
    /// Behind the question mark.
    pub query: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    /// Splits a target. Never fails: what has no known form is a path.
    pub(super) fn split(target: &'a [u8]) -> Self {
        // A fragment is never sent (RFC 9110 section 7.1); whoever sends one does not mean a path.
        let (front, query) = match memchr::memchr2(b'?', b'#', target) {
            None => (target, None),
            Some(_) => before(before(target, b'#').0, b'?'),
        };
        let mut split = Self { path: front, query, ..Self::default() };
        if front.first() == Some(&b'/') {
            return split;
        }
        let Some(colon) = front.iter().take(MAX_SCHEME).position(|b| *b == b':') else { return split };
        let (scheme, rest) = front.split_at(colon);
        let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if let (true, [b':', b'/', b'/', rest @ ..]) = (is_scheme, rest) {
            let slash = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(slash);
            split = Self { scheme: Some(scheme), authority: Some(authority), path, query };
        }
        split
    }
}

/// Matrix parameters alone, `;id=7`: what a variable of style `matrix` is written as (RFC 6570 section 3.2.7), and a segment. A
/// session that is carried along is none.
fn is_value_of_matrix(params: &[u8]) -> bool {
    let (name, Some(value)) = before(params, b'=') else { return false };
    let name = name.to_ascii_lowercase();
    let session = name.ends_with(b"sid") || name.windows(4).any(|part| part == b"sess");
    !name.is_empty() && !value.is_empty() && !session
}

/// What stands before the first `mark`, and what after it.
fn before(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(mark, text) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

/// Decoded segments of one path, and the buffers they live in.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// The decoded segments, a slash behind each.
    text: String,
    /// Where each ends in `text`, its slash not counted; each begins behind the slash of the one before.
    ends: Vec<usize>,
    /// The decoded segments that had matrix parameters, with them.
    wholes: String,
    /// Which segments these are, and where each ends in `wholes`.
    whole_ends: Vec<(usize, usize)>,
}

impl Segments {
    /// Reads a path as sent. Allocates only when it is longer than any before it.
    pub(super) fn read(&mut self, path: &[u8]) {
        self.ends.clear();
        self.wholes.clear();
        self.whole_ends.clear();
        if self.read_plain(path) {
            return;
        }
        self.text.clear();
        self.ends.clear();
        for raw in path.split(|b| *b == b'/') {
            // Matrix parameters (RFC 3986 section 3.3) are no part of a name.
            let (bare, params) = match before(raw, b';') {
                (b"", Some(params)) if is_value_of_matrix(params) => (raw, None),
                parts => parts,
            };
            let start = self.text.len();
            decode(bare, &mut self.text);
            match self.text.get(start..) {
                Some("" | ".") | None => self.text.truncate(start),
                // RFC 3986 section 5.2.4; above the root there is nothing.
                Some("..") => {
                    self.ends.pop();
                    self.text.truncate(self.ends.last().map_or(0, |end| end + 1));
                    while self.whole_ends.pop_if(|(at, _)| *at >= self.ends.len()).is_some() {
                        self.wholes.truncate(self.whole_ends.last().map_or(0, |(_, end)| *end));
                    }
                }
                Some(_) => {
                    if params.is_some() {
                        decode(raw, &mut self.wholes);
                        self.whole_ends.push((self.ends.len(), self.wholes.len()));
                    }
                    self.ends.push(self.text.len());
                    self.text.push('/');
                }
            }
        }
    }

    /// Reads a path that is spelt already as it is kept, but for its outer slashes: nothing escaped, no parameters, no dots
    /// in front, nothing empty. False: it takes the long way.
    fn read_plain(&mut self, path: &[u8]) -> bool {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let whole = path.len() + usize::from(path.last().is_some_and(|last| *last != b'/'));
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        bytes.extend_from_slice(path);
        // Filled up to whole blocks with what means nothing: then no pass has to look at bytes one by one.
        bytes.extend_from_slice(if whole > path.len() { b"/000000000000000" } else { &[b'0'; BLOCK] });
        bytes.truncate(whole.next_multiple_of(BLOCK));
        if !divide_plain(&bytes, &mut self.ends) {
            bytes.clear();
        }
        let plain = bytes.len() >= whole;
        match String::from_utf8(bytes) {
            Ok(mut text) => {
                text.truncate(whole);
                self.text = text;
                plain
            }
            Err(odd) => {
                let mut bytes = odd.into_bytes();
                bytes.clear();
                self.text = String::from_utf8(bytes).unwrap_or_default();
                false
            }
        }
    }

    /// The decoded path without its first and last slash: equal for equal paths.
    pub(super) fn normal(&self) -> &str {
        self.text.strip_suffix('/').unwrap_or(&self.text)
    }

    /// Lists the segments with their classes, at most `most`: what is left then is one segment of class `Other`.
    pub(super) fn list<'x>(&'x self, most: usize, list: &mut Vec<PathSegment<'x>>) {
        let mut start = 0;
        let (mut wholes, mut whole_start) = (self.whole_ends.iter().peekable(), 0);
        // Where the words begin that stand right before: what they say of a value.
        let (mut before, mut word): (Option<usize>, Option<usize>) = (None, None);
        for (at, &end) in self.ends.iter().enumerate() {
            if at + 1 == most.max(1) && at + 1 < self.ends.len() {
                let rest = self.ends.last().and_then(|last| self.text.get(start..*last)).unwrap_or_default();
                list.push(PathSegment::plain(rest, SegmentClass::Other));
                return;
            }
            let text = self.text.get(start..end).unwrap_or_default();
            // In front of a path `2.0` and `2010-04-01` say which version; further behind it may be a price or a mark.
            let fronted = at < FRONT
                && text.as_bytes().first().is_some_and(u8::is_ascii_digit)
                && (is_version(text) || at == 0 && is_date(text.as_bytes()));
            let class = match text.as_bytes().first() {
                Some(b';') => SegmentClass::Other,
                _ if fronted => SegmentClass::Word,
                _ => classify_segment(text),
            };
            let looked = if class.is_value() {
                let words = word.map(|word| before.unwrap_or(word)).and_then(|from| self.text.get(from..start));
                look_at_segment(words.unwrap_or_default(), text, class)
            } else {
                DataClasses::NONE
            };
            let whole = match wholes.next_if(|(of, _)| *of == at) {
                Some((_, end)) => self.wholes.get(std::mem::replace(&mut whole_start, *end)..*end).unwrap_or(text),
                None => text,
            };
            list.push(PathSegment { text, whole, class, looked });
            (before, word) = if class.is_value() { (None, None) } else { (word, Some(start)) };
            start = end + 1;
        }
    }
}

/// Percent-decodes, once, behind what is there.
fn decode(raw: &[u8], into: &mut String) {
    match std::str::from_utf8(raw) {
        Ok(plain) if !raw.contains(&b'%') => into.push_str(plain),
        _ => into.push_str(&percent_encoding::percent_decode(raw).decode_utf8_lossy()),
    }
}

/// Empties a list so that it may borrow from something else. The allocation stays: collecting from a vector's own
/// iterator is done in place.
pub(super) fn recycled<'y>(mut list: Vec<PathSegment<'_>>) -> Vec<PathSegment<'y>> {
    list.clear();
    list.into_iter()
        .map(|segment| PathSegment { text: "", whole: "", class: segment.class, looked: segment.looked })
        .collect()
}

/// `2.0`, `1.1`, `10.2`.
fn is_version(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9', b'.', b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9', b'.', b'0'..=b'9'])
}

/// Tells where the slashes are in a text of whole blocks. False: a segment is empty or begins with a dot, or a mark stands
/// somewhere that changes what a path says.
fn divide_plain(text: &[u8], ends: &mut Vec<usize>) -> bool {
    // All bytes of a block at once, as compilers do it where nothing but marks of each place are gathered.
    let mut odd = [0; BLOCK];
    for block in text.as_chunks::<BLOCK>().0 {
        for (odd, byte) in odd.iter_mut().zip(block) {
            *odd |= u8::from(*byte == b'%') | u8::from(*byte == b';');
        }
    }
    if odd != [0; BLOCK] {
        return false;
    }
    // The highest bit of a byte says something of that byte. The first stands behind a slash.
    let mut before = 0x80;
    for (at, bytes) in text.as_chunks::<WORD>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        // A dot is one less than a slash.
        let marks = zeros((word | repeated(1)) ^ repeated(b'/'));
        let mut slashes = marks & word << 7;
        let begins = slashes << 8 | before;
        before = slashes >> (8 * (WORD - 1));
        if begins & marks != 0 {
            return false;
        }
        while slashes != 0 {
            ends.push(at * WORD + slashes.trailing_zeros() as usize / 8);
            slashes &= slashes - 1;
        }
    }
    true
}

/// A byte, eight times.
const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

/// The highest bit of every byte that is zero.
const fn zeros(word: u64) -> u64 {
    const LOW: u64 = repeated(0x7f);
    !(((word & LOW) + LOW) | word | LOW)
}

/// Bytes that are looked at at once.
const WORD: usize = 8;
/// Bytes that a check of UTF-8 looks at at once.
const BLOCK: usize = 16;
/// Segments among which a version is looked for: `/api/rest/2.0/users`.
const FRONT: usize = 3;
/// Longer schemes are none.
const MAX_SCHEME: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(path: &str) -> Vec<String> {
        let mut segments = Segments::default();
        segments.read(path.as_bytes());
        let mut list = Vec::new();
        segments.list(32, &mut list);
        list.iter().map(|s| s.text.to_owned()).collect()
    }

    #[test]
    fn a_path_has_one_spelling() {
        // Catches any of: empty segments kept, dots kept, double decoding, parameters kept.
        for same in
            ["/a/b", "a/b/", "//a///b", "/./a/x/../b/.", "/../a/b", "/%61/%62", "/a;v=1/b;jsessionid=7", "/x/..;/a/b"]
        {
            assert_eq!(texts(same), ["a", "b"], "{same}");
        }
        assert_eq!(texts("/"), [""; 0]);
        assert_eq!(texts("*"), ["*"]);
        assert_eq!(texts("/a%2Fb/%2561"), ["a/b", "%61"], "decoded once, and an escaped slash divides nothing");
        assert_eq!(texts("/%ff%"), ["\u{fffd}%"], "what is no text is shown as such");
        assert_eq!(texts("/a/%2e%2E/b"), ["b"]);
    }

    #[test]
    fn matrix_parameters_are_kept_for_who_declares_what_follows_them() {
        // Catches the whole of one segment told of another, above all behind dots that go back.
        let wholes = |path: &str| {
            let mut segments = Segments::default();
            segments.read(b"/x;y/z;1");
            segments.read(path.as_bytes());
            let mut list = Vec::new();
            segments.list(32, &mut list);
            list.iter().map(|s| (s.text.to_owned(), s.whole.to_owned())).collect::<Vec<_>>()
        };
        let pair = |text: &str, whole: &str| (text.to_owned(), whole.to_owned());
        assert_eq!(wholes("/a;v=1.json/b/%63;d=%2F"), [pair("a", "a;v=1.json"), pair("b", "b"), pair("c", "c;d=/")]);
        assert_eq!(wholes("/a;1/b;2/../c;3/d"), [pair("a", "a;1"), pair("c", "c;3"), pair("d", "d")]);
        assert_eq!(wholes("/a;1/..;2/../b"), [pair("b", "b")]);
        assert_eq!(wholes("/a/b"), [pair("a", "a"), pair("b", "b")], "none of the path before it");
        assert_eq!(wholes("/;x/a"), [pair("a", "a")]);
    }

    #[test]
    fn a_variable_of_style_matrix_is_a_segment_and_a_value() {
        // Catches `/users/;id=7` that passes for `/users`, its value kept as a word, and a session that makes a segment.
        let segments = |path: &str| {
            let mut segments = Segments::default();
            segments.read(path.as_bytes());
            let mut list = Vec::new();
            segments.list(32, &mut list);
            list.iter().map(|s| (s.text.to_owned(), s.class)).collect::<Vec<_>>()
        };
        let users = ("users".to_owned(), SegmentClass::Word);
        for path in ["/users/;id=7", "/users/;id=anna", "/users/;%69d=7;v=1"] {
            let list = segments(path);
            assert_eq!((list.len(), &list[0], list[1].1), (2, &users, SegmentClass::Other), "{path}");
        }
        for path in
            ["/users/;jsessionid=7", "/;JSESSIONID=7/users", "/users/;sid=1", "/users/;x", "/;/users", "/users/;=7"]
        {
            assert_eq!(segments(path), std::slice::from_ref(&users), "{path}");
        }
        assert_eq!(segments("/users/.5")[1].0, ".5", "as of style label");
    }

    #[test]
    fn a_target_has_four_forms() {
        let split = |t: &'static str| Target::split(t.as_bytes());
        let bytes = |t: &'static str| Some(t.as_bytes());
        assert_eq!(split("/a?b=c?d#e"), Target { path: b"/a", query: bytes("b=c?d"), ..Target::default() });
        let absolute = Target { scheme: bytes("HTTP"), authority: bytes("u:p@h:8"), path: b"/a", query: bytes("b") };
        assert_eq!(split("HTTP://u:p@h:8/a?b"), absolute);
        let bare = Target { scheme: bytes("http"), authority: bytes("h"), path: b"", query: bytes("x=/") };
        assert_eq!(split("http://h?x=/"), bare);
        assert_eq!(split("*"), Target { path: b"*", ..Target::default() });
        assert_eq!(split("h:443").path, b"h:443");
        assert_eq!(split("/redirect?to=http://x/").path, b"/redirect");
        assert_eq!(split("/x/http://y").authority, None);
    }

    #[test]
    fn a_dotted_version_stands_in_front() {
        // Catches two versions of an API told as one, behind a variable.
        let classes = |path: &str| {
            let mut segments = Segments::default();
            segments.read(path.as_bytes());
            let mut list = Vec::new();
            segments.list(32, &mut list);
            list.iter().map(|s| s.class).collect::<Vec<_>>()
        };
        use SegmentClass::{Number, Word};
        assert_eq!(classes("/2.0/users/42"), [Word, Word, Number]);
        assert_eq!(classes("/api.xro/10.1/users"), [Word, Word, Word]);
        assert_eq!(classes("/v1/films/7/marks/4.5"), [Word, Word, Number, Word, Number]);
        assert_eq!(classes("/12.50"), [Number], "a price");
    }

    #[test]
    fn a_long_path_ends_in_one_segment() {
        // Catches a bound that loses the tail without a trace, or keeps it as words.
        let mut segments = Segments::default();
        segments.read(b"/a/b/c/d/e");
        let mut list = Vec::new();
        segments.list(3, &mut list);
        assert_eq!(list.iter().map(|s| s.text).collect::<Vec<_>>(), ["a", "b", "c/d/e"]);
        assert_eq!(list[2].class, SegmentClass::Other);
        list.clear();
        segments.list(5, &mut list);
        assert_eq!((list.len(), list[4].class), (5, SegmentClass::Word));
    }

    proptest! {
        #[test]
        fn the_short_way_reads_as_the_long_way_does(path in "[a/.%;\u{e4}]{0,3}[a-c/.]{0,40}[%;/.\u{e4}]{0,2}", cut in 0_usize..3) {
            // Catches a mark that is not seen, or an end that is wrong, at any place in a word of eight bytes. An escape at the end
            // makes it go the long way.
            let path = &path.as_bytes()[..path.len().saturating_sub(cut)];
            let texts = |path: &[u8]| {
                let mut segments = Segments::default();
                segments.read(b"/before/it;x/\xff");
                segments.read(path);
                let mut list = Vec::new();
                segments.list(99, &mut list);
                list.iter().map(|s| (s.text.to_owned(), s.whole.to_owned())).collect::<Vec<_>>()
            };
            let long = [path, b"/%7a"].concat();
            let mut expected = texts(&long);
            prop_assert_eq!(expected.pop(), Some(("z".to_owned(), "z".to_owned())));
            prop_assert_eq!(texts(path), expected);
        }

        #[test]
        fn any_bytes_are_a_path(target in prop::collection::vec(any::<u8>(), 0..200), dots in "[./;%2eE]{0,60}") {
            for bytes in [&target[..], dots.as_bytes()] {
                let split = Target::split(bytes);
                let mut segments = Segments::default();
                segments.read(split.path);
                let mut list = Vec::new();
                segments.list(8, &mut list);
                prop_assert!(list.len() <= 8);
                prop_assert!(list.iter().all(|s| !matches!(s.text, "" | "." | "..")));
            }
        }
    }
}
