//! The request target: what part of it is what, and its path as decoded segments with their classes.
//!
//! In: the target as sent, in any of its four forms (RFC 9112 section 3.2). Out: authority, query, and a list of
//! segments: percent-decoded once, empty ones dropped, dots resolved, matrix parameters cut off. `Segments` owns the
//! buffers and is used again for each exchange; the list it lends points into them.

use super::classify::classify_segment;
use super::formats::is_date;
use crate::api::{PathSegment, SegmentClass};

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
}

impl Segments {
    /// Reads a path as sent. Allocates only when it is longer than any before it.
    pub(super) fn read(&mut self, path: &[u8]) {
        if self.read_plain(path) {
            return;
        }
        self.text.clear();
        self.ends.clear();
        for raw in path.split(|b| *b == b'/') {
            // Matrix parameters (RFC 3986 section 3.3) are no part of a name.
            let (raw, _) = before(raw, b';');
            let start = self.text.len();
            match std::str::from_utf8(raw) {
                Ok(plain) if !raw.contains(&b'%') => self.text.push_str(plain),
                _ => self.text.push_str(&percent_encoding::percent_decode(raw).decode_utf8_lossy()),
            }
            match self.text.get(start..) {
                Some("" | ".") | None => self.text.truncate(start),
                // RFC 3986 section 5.2.4; above the root there is nothing.
                Some("..") => {
                    self.ends.pop();
                    self.text.truncate(self.ends.last().map_or(0, |end| end + 1));
                }
                Some(_) => {
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
        self.text.clear();
        self.ends.clear();
        // Where the segment begins that is read.
        let mut start = 0;
        for (at, byte) in path.iter().enumerate() {
            if !IS_MARK[usize::from(*byte)] {
                continue;
            }
            match byte {
                b'/' if at > start => self.ends.push(at),
                b'.' if at > start => continue,
                _ => return false,
            }
            start = at + 1;
        }
        let Ok(text) = std::str::from_utf8(path) else { return false };
        self.text.push_str(text);
        if start < path.len() {
            self.ends.push(path.len());
            self.text.push('/');
        }
        true
    }

    /// The decoded path without its first and last slash: equal for equal paths.
    pub(super) fn normal(&self) -> &str {
        self.text.strip_suffix('/').unwrap_or(&self.text)
    }

    /// Lists the segments with their classes, at most `most`: what is left then is one segment of class `Other`.
    pub(super) fn list<'x>(&'x self, most: usize, list: &mut Vec<PathSegment<'x>>) {
        let mut start = 0;
        for (at, &end) in self.ends.iter().enumerate() {
            if at + 1 == most.max(1) && at + 1 < self.ends.len() {
                let rest = self.ends.last().and_then(|last| self.text.get(start..*last)).unwrap_or_default();
                list.push(PathSegment { text: rest, class: SegmentClass::Other });
                return;
            }
            let text = self.text.get(start..end).unwrap_or_default();
            // In front of a path `2.0` and `2010-04-01` say which version; further behind it may be a price or a mark.
            let fronted = at < FRONT
                && text.as_bytes().first().is_some_and(u8::is_ascii_digit)
                && (is_version(text) || at == 0 && is_date(text.as_bytes()));
            let class = if fronted { SegmentClass::Word } else { classify_segment(text) };
            list.push(PathSegment { text, class });
            start = end + 1;
        }
    }
}

/// Empties a list so that it may borrow from something else. The allocation stays: collecting from a vector's own
/// iterator is done in place.
pub(super) fn recycled<'y>(mut list: Vec<PathSegment<'_>>) -> Vec<PathSegment<'y>> {
    list.clear();
    list.into_iter().map(|segment| PathSegment { text: "", class: segment.class }).collect()
}

/// `2.0`, `1.1`, `10.2`.
fn is_version(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9', b'.', b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9', b'.', b'0'..=b'9'])
}

/// Marks that divide a path, or change what it says.
static IS_MARK: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 4 {
        table[b"/%;."[at] as usize] = true;
        at += 1;
    }
    table
};
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
