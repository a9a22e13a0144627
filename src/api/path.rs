//! Paths: the class of a segment, and templates made of literals and variables.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::data::DataClasses;
use super::routes::Step;

/// What a path segment, name or key looks like. All but `Word` and what is told of words are value classes: such a text is
/// its class from first sight, in every output and state; a plain word may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentClass {
    /// A word, a slug of words, a version, a file name of words: may stand as it is.
    Word,
    /// Digits only (with a sign or a decimal point perhaps).
    Number,
    /// RFC 9562.
    Uuid,
    /// Eight or more hexadecimal digits with at least one digit among them.
    Hex,
    /// A date or a time.
    Date,
    /// An e-mail address.
    Email,
    /// An IP address.
    Address,
    /// A number that passes as a payment card number (length, issuer prefix and Luhn).
    Card,
    /// Base64url, JWT, key, anything of high entropy.
    Token,
    /// Anything else that is no plain word: mixed letters and digits, blanks, odd characters.
    Other,
    /// Twenty-six characters of Crockford's base 32 that begin with the time.
    Ulid,
    /// An id behind the name of its kind: `cus_9s6XKzkNRiz8i3`, `req-4f2a81c0`.
    Prefixed,
    /// Told of words that turned out to be values, where all of them are so: languages, with a region perhaps.
    Locale,
    /// Told of words, as `Locale`: versions.
    Version,
    /// Told of words, as `Locale`: names of files, with their extensions.
    FileName,
}

impl SegmentClass {
    /// Every class.
    pub const ALL: [Self; 15] = [
        Self::Word,
        Self::Number,
        Self::Uuid,
        Self::Hex,
        Self::Date,
        Self::Email,
        Self::Address,
        Self::Card,
        Self::Token,
        Self::Other,
        Self::Ulid,
        Self::Prefixed,
        Self::Locale,
        Self::Version,
        Self::FileName,
    ];

    /// The text may not be kept.
    #[must_use]
    pub const fn is_value(self) -> bool {
        !matches!(self, Self::Word | Self::Locale | Self::Version | Self::FileName)
    }

    /// Its name, as it stands in templates: `{number}`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Number => "number",
            Self::Uuid => "uuid",
            Self::Hex => "hex",
            Self::Date => "date",
            Self::Email => "email",
            Self::Address => "address",
            Self::Card => "card",
            Self::Token => "token",
            Self::Other => "value",
            Self::Ulid => "ulid",
            Self::Prefixed => "prefixed",
            Self::Locale => "locale",
            Self::Version => "version",
            Self::FileName => "file_name",
        }
    }
}

/// One segment of an observed path: percent-decoded once, with its class. The text ends in `inventory` when the
/// class is a value class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSegment<'x> {
    /// The decoded text, without matrix parameters (`;v=1`).
    pub text: &'x str,
    /// The decoded text with them: a declared `{id}.json` takes `7;v=1.json` by its end.
    pub whole: &'x str,
    /// What it looks like.
    pub class: SegmentClass,
    /// Classes of sensitive data that a segment of a value class showed.
    pub looked: DataClasses,
}

impl<'x> PathSegment<'x> {
    /// A segment that shows nothing sensitive.
    #[must_use]
    pub const fn plain(text: &'x str, class: SegmentClass) -> Self {
        Self { text, whole: text, class, looked: DataClasses::NONE }
    }
}

impl Step for PathSegment<'_> {
    fn text(&self) -> &str {
        self.text
    }

    fn whole(&self) -> &str {
        self.whole
    }
}

/// A part of one template segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Piece {
    /// Stands as it is.
    Literal(String),
    /// Takes any non-empty text; its name is for people.
    Variable(String),
}

/// One segment of a template: usually one piece, several for `{owner}.git` or `{id}:cancel`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TemplateSegment(pub Vec<Piece>);

/// A path template: `/users/{userId}/orders`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathTemplate {
    /// Its segments, without slashes; none for `/`.
    pub segments: Vec<TemplateSegment>,
}

impl PathTemplate {
    /// Reads `/a/{b}/c`. Empty segments (double and trailing slashes) are dropped; literals are percent-decoded
    /// as observed segments are. A brace that is not closed is literal text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self { segments: text.split('/').filter(|s| !s.is_empty()).map(TemplateSegment::parse).collect() }
    }

    /// This template behind another.
    #[must_use]
    pub fn under(&self, base: &Self) -> Self {
        Self { segments: base.segments.iter().chain(&self.segments).cloned().collect() }
    }

    /// The names of its variables, from the left.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().flat_map(TemplateSegment::variables)
    }

    /// How many segments are one literal each.
    #[must_use]
    pub fn literals(&self) -> usize {
        self.segments.iter().filter(|s| s.literal().is_some()).count()
    }

    /// To be compared between templates that take one path. Less is more specific, from the left: literal, affixes, variable.
    pub fn vagueness(&self) -> impl Iterator<Item = u8> {
        self.segments.iter().map(|segment| match segment.0.as_slice() {
            [Piece::Literal(_)] => 0,
            [Piece::Variable(_)] => 2,
            _ => 1,
        })
    }
}

impl TemplateSegment {
    /// A literal segment.
    #[must_use]
    pub fn of_literal(text: impl Into<String>) -> Self {
        Self(vec![Piece::Literal(text.into())])
    }

    /// A segment that is one variable.
    #[must_use]
    pub fn of_variable(name: impl Into<String>) -> Self {
        Self(vec![Piece::Variable(name.into())])
    }

    /// Reads one segment.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let Some(len) = rest[open..].find('}') else { break };
            // `{{id}}`: the innermost pair is the variable, what stands around it is text.
            let inner = rest[open..open + len].rfind('{').unwrap_or_default();
            let (open, len) = (open + inner, len - inner);
            if open > 0 {
                pieces.push(Piece::Literal(decode(&rest[..open])));
            }
            pieces.push(Piece::Variable(rest[open + 1..open + len].to_owned()));
            rest = &rest[open + len + 1..];
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Literal(decode(rest)));
        }
        Self(pieces)
    }

    /// The whole segment, when it is literal.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The same, its variables without names.
    #[must_use]
    pub fn unnamed(&self) -> Self {
        let bare = |piece: &Piece| match piece {
            Piece::Variable(_) => Piece::Variable(String::new()),
            Piece::Literal(text) => Piece::Literal(text.clone()),
        };
        Self(self.0.iter().map(bare).collect())
    }

    /// The names of its variables, from the left.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| if let Piece::Variable(name) = piece { Some(&**name) } else { None })
    }

    /// `text` could be this segment. Variables take at least one character; where several could share a text
    /// the leftmost literal wins, without backtracking into exponential time.
    #[must_use]
    pub fn takes(&self, text: &str) -> bool {
        if let Some(literal) = self.literal() {
            return literal == text;
        }
        let mut rest = text;
        let mut hungry = false;
        let last = self.0.len().saturating_sub(1);
        for (at, piece) in self.0.iter().enumerate() {
            match piece {
                // Two variables side by side need a character each.
                Piece::Variable(_) if hungry => match first(rest) {
                    0 => return false,
                    length => rest = &rest[length..],
                },
                Piece::Variable(_) => hungry = true,
                Piece::Literal(literal) if !hungry => match rest.strip_prefix(literal.as_str()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Piece::Literal(literal) if at == last => {
                    return rest.len() > literal.len() && rest.ends_with(literal.as_str());
                }
                Piece::Literal(literal) => {
                    let skip = first(rest);
                    match rest.get(skip..).and_then(|tail| tail.find(literal.as_str())) {
                        Some(found) => rest = &rest[skip + found + literal.len()..],
                        None => return false,
                    }
                    hungry = false;
                }
            }
        }
        if hungry { !rest.is_empty() } else { rest.is_empty() }
    }

    /// What each variable stands for in a text that it takes, from the left; of any other text, something.
    pub fn captures<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let last = self.0.len().saturating_sub(1);
        let mut rest = text;
        self.0.iter().enumerate().filter_map(move |(at, piece)| {
            let end = match (piece, self.0.get(at + 1)) {
                (Piece::Literal(literal), _) => {
                    rest = rest.strip_prefix(literal.as_str()).unwrap_or(rest);
                    return None;
                }
                (Piece::Variable(_), None) => rest.len(),
                (Piece::Variable(_), Some(Piece::Variable(_))) => first(rest),
                (Piece::Variable(_), Some(Piece::Literal(literal))) if at + 1 == last => {
                    rest.strip_suffix(literal.as_str()).map_or(rest.len(), str::len)
                }
                (Piece::Variable(_), Some(Piece::Literal(literal))) => {
                    let skip = first(rest);
                    rest.get(skip..).and_then(|tail| tail.find(literal.as_str())).map_or(rest.len(), |at| skip + at)
                }
            };
            let (captured, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            rest = after;
            Some(captured)
        })
    }
}

/// Bytes of the first character.
fn first(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

impl fmt::Display for TemplateSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => f.write_str(text)?,
                Piece::Variable(name) => write!(f, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str("/");
        }
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

impl Serialize for PathTemplate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Percent-decodes; what is no valid UTF-8 then becomes the replacement character.
fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affixes_are_part_of_a_segment() {
        // Catches a matcher that treats any segment with a brace as a wildcard.
        let git = TemplateSegment::parse("{owner}.git");
        assert!(git.takes("me.git") && git.takes("a.git.git"));
        assert!(!git.takes(".git") && !git.takes("me.hg") && !git.takes("me.gitx"));
        let version = TemplateSegment::parse("v{version}");
        assert!(version.takes("v1") && !version.takes("v") && !version.takes("x1"));
        let two = TemplateSegment::parse("{a}-{b}");
        assert!(two.takes("x-y") && !two.takes("-y") && !two.takes("x-"));
        let side = TemplateSegment::parse("{a}{b}");
        assert!(side.takes("xy") && !side.takes("x"));
    }

    #[test]
    fn keys_and_verbs_stand_beside_variables() {
        // Catches a segment of several variables that is read as one, and braces in braces.
        for (template, takes, not) in [
            ("users({id})", "users(7)", "users()"),
            ("f(from='{a}',to='{b}')", "f(from='x',to='y')", "f(from='x')"),
            ("{id}:activate", "7:activate", "7:deactivat"),
            ("@{name}", "@me", "me"),
            ("{{id}}", "{7}", "7"),
            ("caf%C3%A9-{id}", "caf\u{e9}-7", "cafe-7"),
        ] {
            let segment = TemplateSegment::parse(template);
            assert!(segment.takes(takes) && !segment.takes(not), "{template}");
        }
    }

    #[test]
    fn each_variable_has_its_part() {
        // Catches a part that takes its neighbour's, or its mark.
        for (template, text, parts) in [
            ("{id}", "7", vec!["7"]),
            ("{owner}.git", "a.git.git", vec!["a.git"]),
            ("v{n}", "v12", vec!["12"]),
            ("{base}...{head}", "main...topic...x", vec!["main", "topic...x"]),
            ("{lat},{lon}", "52.5,13.4", vec!["52.5", "13.4"]),
            ("{a}{b}", "\u{e9}xy", vec!["\u{e9}", "xy"]),
            ("{a}-{b}.json", "x-y-z.json", vec!["x", "y-z"]),
            ("plain", "plain", vec![]),
        ] {
            let segment = TemplateSegment::parse(template);
            assert!(segment.takes(text), "{template} {text}");
            assert_eq!(segment.captures(text).collect::<Vec<_>>(), parts, "{template} {text}");
            assert_eq!(segment.captures("").count(), segment.variables().count());
        }
    }

    #[test]
    fn a_template_reads_back_as_written() {
        for text in ["/", "/users/{id}/orders", "/a/{x}.json", "/v{n}/b"] {
            assert_eq!(PathTemplate::parse(text).to_string(), text);
        }
        assert_eq!(PathTemplate::parse("/a//b/").to_string(), "/a/b");
    }
}
