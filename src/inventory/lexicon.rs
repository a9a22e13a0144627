//! What the words of a path say about themselves: a part of the API, or somebody's name?
//!
//! In: one word of a path. Out: figures of how it is written. English, as paths mostly are; a word that is not known
//! here is simply no evidence. No list of names: people, companies and places are what the rest is.

use super::naming::{is_fixed, singular};
use crate::api::{is_api_word, split_affix};

/// How a word joins its parts. One API mostly writes all of its own words in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// One part.
    #[default]
    Plain,
    Upper,
    Capital,
    Camel,
    Kebab,
    Snake,
    Dotted,
    Mixed,
}

impl Style {
    pub(super) const ALL: usize = 8;

    pub(super) fn of(word: &str) -> Self {
        let has = |of: fn(&u8) -> bool| word.bytes().any(|b| of(&b));
        let upper = word.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
        let any_upper = has(u8::is_ascii_uppercase);
        let marks = [has(|b| *b == b'-'), has(|b| *b == b'_'), has(|b| *b == b'.')];
        match (marks, upper, any_upper) {
            ([false, false, false], true, _) if !has(u8::is_ascii_lowercase) => Self::Upper,
            ([false, false, false], true, _) => Self::Capital,
            ([false, false, false], false, true) => Self::Camel,
            ([false, false, false], false, false) => Self::Plain,
            ([true, false, false], _, false) => Self::Kebab,
            ([false, true, false], _, false) => Self::Snake,
            ([false, false, true], ..) => Self::Dotted,
            _ => Self::Mixed,
        }
    }
}

/// How one word is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// It is a word that APIs are made of, as a whole.
    pub(super) known: bool,
    /// Which share of its parts is.
    pub(super) parts: f64,
    /// It has digits; which share of it they are.
    pub(super) digit: bool,
    pub(super) digits: f64,
    /// Characters, on a logarithmic scale: about 0.5 for three, 1 for twenty.
    pub(super) length: f64,
    /// Joints, in thirds, at most one.
    pub(super) dashes: f64,
    pub(super) underscores: f64,
    pub(super) style: Style,
    pub(super) camel: bool,
    pub(super) dot: bool,
    pub(super) capitals: bool,
    pub(super) version: bool,
    pub(super) plural: bool,
    /// Begins with a verb, or stands for itself in any API.
    pub(super) fixed: bool,
    /// Names no thing: `me`, `search`, `login`.
    pub(super) reserved: bool,
}

impl Look {
    /// Looks at a word; `stem` is without its affix.
    pub(super) fn at(stem: &str) -> Self {
        let bytes = stem.as_bytes();
        let count = |of: fn(&u8) -> bool| bytes.iter().filter(|b| of(b)).count();
        let digits = count(u8::is_ascii_digit);
        let thirds = |mark: u8| ratio(bytes.iter().filter(|b| **b == mark).count().min(3), 3);
        let letters = count(u8::is_ascii_alphabetic);
        let version = is_version(bytes);
        Self {
            known: is_known(&stem.to_ascii_lowercase()),
            parts: known_parts(stem),
            digit: digits > 0,
            digits: ratio(digits, bytes.len()),
            length: ratio(1 + stem.chars().count(), 1).ln() / 3.0,
            dashes: thirds(b'-'),
            underscores: thirds(b'_'),
            style: Style::of(stem),
            camel: bytes.windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()),
            dot: bytes.contains(&b'.'),
            capitals: letters > 1 && count(u8::is_ascii_lowercase) == 0,
            version,
            plural: singular(stem).is_some(),
            fixed: is_fixed(stem),
            reserved: RESERVED.binary_search(&&*stem.to_ascii_lowercase()).is_ok(),
        }
    }
}

/// The affix that a segment keeps in a template: an extension, or a verb that is known. What a caller makes up stays
/// part of the value.
pub(super) fn affix(text: &str) -> &str {
    match split_affix(text).1 {
        affix if affix.starts_with(':') && known_parts(&affix[1..]) < 1.0 => "",
        affix => affix,
    }
}

fn is_version(bytes: &[u8]) -> bool {
    let number = bytes.strip_prefix(b"v").unwrap_or(bytes);
    let marked = number.len() < bytes.len() || number.contains(&b'.');
    marked
        && number.len() <= 16
        && number.first().is_some_and(u8::is_ascii_digit)
        && number.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

/// What a word may be as a value, where all of its siblings are of the same sort: `it`, `no` and `me` are words too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A language that could be a word.
    Language,
    /// A language with its region: `en-US`, `pt_BR`, `zh-Hans-CN`.
    Region,
    /// `v2.1`, `1.4.0`.
    Version,
    /// With an extension.
    File,
}

impl Sort {
    /// The sort of a word; most have none.
    pub(super) fn of(word: &str) -> Option<Self> {
        if is_version(word.as_bytes()) {
            return Some(Self::Version);
        }
        if split_affix(word).1.starts_with('.') {
            return Some(Self::File);
        }
        let mut parts = word.split(['-', '_']);
        let language = parts.next().filter(|part| LANGUAGES.binary_search(part).is_ok())?;
        let (Some(second), third) = (parts.next(), parts.next()) else {
            return (language.len() == word.len()).then_some(Self::Language);
        };
        let region = match third {
            None => second,
            Some(region) if is_script(second) && parts.next().is_none() => region,
            Some(_) => return None,
        };
        let region = region.as_bytes();
        match region.len() {
            2 if region.iter().all(u8::is_ascii_uppercase) => Some(Self::Region),
            2 if region.iter().all(u8::is_ascii_lowercase) => Some(Self::Language),
            3 if region.iter().all(u8::is_ascii_digit) => Some(Self::Region),
            _ => None,
        }
    }
}

fn is_script(part: &str) -> bool {
    let bytes = part.as_bytes();
    bytes.len() == 4 && bytes[0].is_ascii_uppercase() && bytes[1..].iter().all(u8::is_ascii_lowercase)
}

/// Languages that services are translated into (ISO 639-1). Sorted.
#[rustfmt::skip]
const LANGUAGES: &[&str] = &[
    "af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es", "et", "eu",
    "fa", "fi", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn",
    "ko", "ky", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "nn", "no", "pa", "pl", "pt",
    "ro", "ru", "si", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh", "zu",
];

/// Which share of a word's parts, as joints and camel case divide it, APIs are made of. Numbers are no part.
fn known_parts(word: &str) -> f64 {
    let (mut all, mut known) = (0, 0);
    for run in word.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty()) {
        let mut start = 0;
        let mut before: Option<char> = None;
        let mut chars = run.char_indices().peekable();
        while let Some((index, letter)) = chars.next() {
            let next_lower = chars.peek().is_some_and(|(_, c)| c.is_lowercase());
            if letter.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || next_lower) {
                all += 1;
                known += usize::from(is_part(run.get(start..index).unwrap_or_default()));
                start = index;
            }
            before = Some(letter);
        }
        all += 1;
        known += usize::from(is_part(run.get(start..).unwrap_or_default()));
    }
    ratio(known, all)
}

fn is_part(part: &str) -> bool {
    if part.bytes().any(|b| b.is_ascii_uppercase()) { is_known(&part.to_ascii_lowercase()) } else { is_known(part) }
}

/// A word that APIs are made of, as it is listed or with an `s`. Rougher than [`is_known`], and allocates nothing.
pub(super) fn is_listed(text: &str) -> bool {
    is_api_word(text) || text.strip_suffix('s').is_some_and(is_api_word) || begins_paths(text)
}

/// `v1`, `v12`: paths begin with it. Of fewer forms than [`is_version`], as what is listed stays where somebody floods a level.
fn begins_paths(text: &str) -> bool {
    matches!(text.as_bytes(), [b'v', b'0'..=b'9'] | [b'v', b'1'..=b'9', b'0'..=b'9'])
}

/// A word that APIs are made of, in the singular or plural, lower case.
pub(super) fn is_known(lower: &str) -> bool {
    // `archived`, `pinned`, `running`: what is done to things is no name either.
    let done = |stem: &str| {
        let mut letters = stem.bytes().rev();
        let doubled = letters.next() == letters.next();
        stem.len() > 2
            && (is_api_word(stem)
                || is_api_word(&format!("{stem}e"))
                || doubled && is_api_word(&stem[..stem.len() - 1]))
    };
    is_api_word(lower)
        || singular(lower).is_some_and(|one| is_api_word(&one))
        || lower.is_ascii() && ["ed", "ing"].iter().any(|end| lower.strip_suffix(end).is_some_and(done))
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Words that name no thing, so that nobody calls a thing so. Sorted.
const RESERVED: &[&str] = &[
    "_bulk",
    "_search",
    "all",
    "authenticate",
    "batch",
    "bulk",
    "count",
    "current",
    "export",
    "import",
    "login",
    "logout",
    "me",
    "mine",
    "my",
    "new",
    "recent",
    "register",
    "search",
    "self",
    "signin",
    "signout",
    "signup",
    "verify",
    "whoami",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        // Catches a word that a binary search would never find.
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn a_word_may_be_a_language_a_version_or_a_file() {
        // Catches words that hold a language, and languages that nobody speaks.
        assert!(LANGUAGES.is_sorted());
        for (word, sort) in [
            ("en", Some(Sort::Language)),
            ("en-us", Some(Sort::Language)),
            ("en-US", Some(Sort::Region)),
            ("pt_BR", Some(Sort::Region)),
            ("zh-Hans-CN", Some(Sort::Region)),
            ("es-419", Some(Sort::Region)),
            ("v2.1", Some(Sort::Version)),
            ("1.4.0", Some(Sort::Version)),
            ("report.csv", Some(Sort::File)),
            ("english", None),
            ("en-", None),
            ("en-USA", None),
            ("en-US-x-y", None),
            ("no-reply", None),
            ("xx-US", None),
            ("me", None),
            ("", None),
        ] {
            assert_eq!(Sort::of(word), sort, "{word}");
        }
    }

    #[test]
    fn a_verb_that_nobody_knows_is_part_of_the_value() {
        assert_eq!(
            ["7:cancel", "7:batchGet", "7:mallory", "7.json", "7.mallory"].map(affix),
            [":cancel", ":batchGet", "", ".json", ""]
        );
    }

    #[test]
    fn parts_of_a_word_are_known_or_not() {
        // Catches camel case that is not divided: every procedure of an API would be a name then.
        for (word, share) in [("getUserOrders", 1.0), ("user-alice", 0.5), ("alice", 0.0), ("APIKeys", 1.0)] {
            assert!((known_parts(word) - share).abs() < 1e-9, "{word}: {}", known_parts(word));
        }
    }
}
