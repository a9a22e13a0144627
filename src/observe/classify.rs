//! Which texts may be kept: the class of a path segment, a parameter name or a body key.
//!
//! In: one decoded text. Out: its `SegmentClass`, or the text with whatever is a value replaced by its class. This is
//! where the promise is kept that values end in `observe`: what is not plainly a word is not a word. An id taken for
//! a word is kept for ever; a word taken for an id loses its name in a report, and a declared one not even that,
//! because declared templates are matched by text.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::formats::{is_date, is_date_like, is_decimal, is_digits, is_email, is_grouped_card, is_integer, is_uuid};
use super::glance::{Glance, glance};
use super::legible::is_scrambled;
use super::numbered::{is_somebodys, is_word};
use super::sensitive::{begins_like_secret, is_card};
use super::spelling::{Spelling, is_standard, is_written, is_year};
use crate::api::{SegmentClass, split_affix};

/// What one decoded path segment looks like.
#[must_use]
#[inline]
pub fn classify_segment(text: &str) -> SegmentClass {
    if is_short_word(text.as_bytes()) { SegmentClass::Word } else { classify_other(text) }
}

/// What is more than a short word.
fn classify_other(text: &str) -> SegmentClass {
    match classify(text, SEGMENT_TAIL) {
        class @ (SegmentClass::Token | SegmentClass::Other) => of_id(split_affix(text).0.as_bytes()).unwrap_or(class),
        class => class,
    }
}

/// Ids whose form says more than that nobody wrote them.
fn of_id(text: &[u8]) -> Option<SegmentClass> {
    if is_ulid(text) {
        return Some(SegmentClass::Ulid);
    }
    // A secret has a prefix too.
    (!begins_like_secret(text) && is_prefixed(text)).then_some(SegmentClass::Prefixed)
}

/// Ten characters of milliseconds, sixteen of chance; of our time are those that begin with 01.
fn is_ulid(text: &[u8]) -> bool {
    let crockford = |b: &u8| matches!(b.to_ascii_uppercase(), b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z');
    text.len() == 26
        && text.starts_with(b"01")
        && text.iter().all(crockford)
        && (text.iter().any(u8::is_ascii_uppercase) != text.iter().any(u8::is_ascii_lowercase))
}

/// A word or two in small letters, a mark, and one run of letters and digits; or two capitals and 32 hexadecimal digits.
fn is_prefixed(text: &[u8]) -> bool {
    if let [b'A'..=b'Z', b'A'..=b'Z', hex @ ..] = text
        && hex.len() == 32
    {
        return hex.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    }
    let Some(at) = text.iter().rposition(|b| matches!(b, b'_' | b'-')) else { return false };
    let (head, tail) = (&text[..at], &text[at + 1..]);
    let letters = head.iter().filter(|b| b.is_ascii_lowercase()).count();
    let marks = head.iter().filter(|b| matches!(b, b'_' | b'-')).count();
    (1..=24).contains(&letters)
        && marks <= 1
        && letters + marks == head.len()
        && head.first().is_some_and(u8::is_ascii_lowercase)
        && tail.len() >= 6
        && tail.iter().all(u8::is_ascii_alphanumeric)
        && tail.iter().any(u8::is_ascii_digit)
}

/// A parameter name or body key as it may be kept: the name itself, or `{number}`, `{uuid}` and the like where it is
/// of a value class. In `filter[NAME]`, `a.NAME` and `items[3].id` each part is judged alone, and an index goes.
#[must_use]
pub fn name_or_class(name: &str) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    if bytes.len() <= SHORT_WORD && bytes.iter().all(u8::is_ascii_lowercase) {
        return Cow::Borrowed(name);
    }
    if name.len() > NAME_BYTES || name.chars().any(char::is_control) {
        return in_braces(SegmentClass::Other);
    }
    let class = whole(bytes);
    if let Some(class) = class {
        return in_braces(class);
    }
    if is_host_or_mail(bytes) {
        return in_braces(SegmentClass::Other);
    }
    if !bytes.iter().any(|b| matches!(b, b'.' | b'[')) {
        let class = part_class(name);
        return if class.is_value() { in_braces(class) } else { Cow::Borrowed(name) };
    }
    // A token with dots inside (a JWT) would come out as several; it is one, unless there is a word between dots.
    if !bytes.contains(&b'[') && classify(name, NAME_TAIL) == SegmentClass::Token && !is_of_words(bytes) {
        return in_braces(SegmentClass::Token);
    }
    structured(name)
}

/// A word stands between its dots, and what else does is not noise together: short parts say little alone.
fn is_of_words(name: &[u8]) -> bool {
    let mut noise = Spelling::default();
    let mut words = 0;
    for part in name.split(|b| *b == b'.') {
        if is_word(part) {
            words += 1;
        } else {
            part.split(|b| !b.is_ascii_alphabetic()).for_each(|run| noise.add(Spelling::of(run)));
        }
    }
    words > 0 && !noise.sum_is_noise()
}

/// Rewrites a name of several parts. The text only changes where a part is a value.
fn structured(name: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut changed = false;
    let mut rest = name;
    let mut inside = false;
    while !rest.is_empty() {
        // Brackets hold one part, dots included: `filter[alice@example.com]`.
        let end = if inside { rest.find(']') } else { rest.find(['.', '[', ']']) }.unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        let index = inside && is_digits(part.as_bytes());
        let class = if part.is_empty() { SegmentClass::Word } else { part_class(part) };
        if index {
            changed = true;
        } else if class == SegmentClass::Other && !inside && !part.bytes().all(is_of_names) {
            // Free text with a dot in it (`Dr. John Smith`, `alice%40corp.example`): its other parts are no names.
            return in_braces(SegmentClass::Other);
        } else if class.is_value() {
            changed = true;
            kept.push_str(&in_braces(class));
        } else {
            kept.push_str(part);
        }
        let mut marks = tail.chars();
        if let Some(mark) = marks.next() {
            inside = mark == '[';
            kept.push(mark);
        }
        rest = marks.as_str();
    }
    if changed { Cow::Owned(kept) } else { Cow::Borrowed(name) }
}

/// A name of a host, or an address of mail in words: `www.acme.com`, `john.doe.at.acme.com`, `john_doe_at_acme_com`.
fn is_host_or_mail(name: &[u8]) -> bool {
    let Some(end) = name.iter().rposition(|b| is_joint(*b)) else { return false };
    if !DOMAINS.iter().any(|domain| domain.as_bytes().eq_ignore_ascii_case(&name[end + 1..])) {
        return false;
    }
    let dots = name.iter().filter(|b| **b == b'.').count();
    let at = name[..end].split(|b| is_joint(*b)).skip(1).any(|part| part.eq_ignore_ascii_case(b"at"));
    (dots >= 2 || at) && name.iter().all(|b| is_of_names(*b))
}

/// The class of one part of a name: a mark in front (`@type`, `$filter`, `#text`, `-x`) is part of how names are
/// written and says nothing. What is written like words may still be somebody's (see [`is_somebodys`]).
fn part_class(part: &str) -> SegmentClass {
    let bare = part.trim_start_matches('$');
    let bare = bare.strip_prefix(['@', '#', '*', '?']).unwrap_or(bare);
    let bare = bare.strip_suffix(['?', '*']).unwrap_or(bare);
    match bare {
        "" => SegmentClass::Word,
        // Marks that join words in paths, and in a name stand for letters.
        bare if bare.bytes().any(|b| matches!(b, b'!' | b'$' | b'~')) => SegmentClass::Other,
        bare => match classify(bare, NAME_TAIL) {
            SegmentClass::Word if is_somebodys(bare.as_bytes()) => SegmentClass::Other,
            class => class,
        },
    }
}

fn in_braces(class: SegmentClass) -> Cow<'static, str> {
    Cow::Borrowed(match class {
        SegmentClass::Word => "{word}",
        SegmentClass::Number => "{number}",
        SegmentClass::Uuid => "{uuid}",
        SegmentClass::Hex => "{hex}",
        SegmentClass::Date => "{date}",
        SegmentClass::Email => "{email}",
        SegmentClass::Address => "{address}",
        SegmentClass::Card => "{card}",
        SegmentClass::Token => "{token}",
        SegmentClass::Ulid => "{ulid}",
        SegmentClass::Prefixed => "{prefixed}",
        SegmentClass::Locale => "{locale}",
        SegmentClass::Version => "{version}",
        SegmentClass::FileName => "{file_name}",
        SegmentClass::Other => "{value}",
    })
}

/// Most segments by far.
#[inline]
fn is_short_word(text: &[u8]) -> bool {
    (1..=SHORT_WORD).contains(&text.len()) && text.iter().all(u8::is_ascii_lowercase)
}

/// `tail` is how many digits may follow a word without making it an id.
fn classify(text: &str, tail: usize) -> SegmentClass {
    let bytes = text.as_bytes();
    if is_short_word(bytes) {
        return SegmentClass::Word;
    }
    if bytes.len() > SEGMENT_BYTES {
        return if bytes.iter().all(|b| is_blob(*b)) { SegmentClass::Token } else { SegmentClass::Other };
    }
    match glance(bytes) {
        Glance::Sure(class) => class,
        // One made of words would pass for a slug.
        _ if begins_like_secret(bytes) => SegmentClass::Token,
        Glance::Letters => slug(bytes, tail),
        Glance::Unsure => examined(text, tail),
    }
}

/// The class of a text that takes a closer look.
fn examined(text: &str, tail: usize) -> SegmentClass {
    let bytes = text.as_bytes();
    if let Some(class) = whole(bytes) {
        return class;
    }
    if !text.is_ascii() {
        let written = |c: char| c.is_alphabetic() || matches!(c, '-' | '_' | '.');
        let fits = bytes.len() <= NAME_BYTES && text.chars().all(written);
        return if fits { SegmentClass::Word } else { SegmentClass::Other };
    }
    if let Some(class) = core(text).and_then(whole) {
        return class;
    }
    if is_version(bytes) || bytes == b"*" {
        return SegmentClass::Word;
    }
    slug(bytes, tail)
}

/// Classes that a text has as a whole.
fn whole(text: &[u8]) -> Option<SegmentClass> {
    let first = *text.first()?;
    if is_digits(text) {
        return Some(if is_card(text) { SegmentClass::Card } else { SegmentClass::Number });
    }
    if is_integer(text) || is_decimal(text) && text.len() <= 40 && !text.iter().any(u8::is_ascii_alphabetic) {
        return Some(SegmentClass::Number);
    }
    if first.is_ascii_digit() {
        if is_grouped_card(text) {
            return Some(SegmentClass::Card);
        }
        if is_date_like(text) {
            return Some(SegmentClass::Date);
        }
    }
    let bare = match text {
        [b'{', inner @ .., b'}'] => inner,
        [
            b'u' | b'U',
            b'r' | b'R',
            b'n' | b'N',
            b':',
            b'u' | b'U',
            b'u' | b'U',
            b'i' | b'I',
            b'd' | b'D',
            b':',
            id @ ..,
        ] => id,
        text => text,
    };
    if is_uuid(bare) {
        return Some(SegmentClass::Uuid);
    }
    if is_hex(text) {
        return Some(SegmentClass::Hex);
    }
    if is_email(text) {
        // `logo@2x.png` is a picture for dense screens.
        let dense = text.windows(4).any(|w| matches!(w, [b'@', b'1'..=b'4', b'x', b'.']));
        return (!dense).then_some(SegmentClass::Email);
    }
    is_address(text).then_some(SegmentClass::Address)
}

/// Eight hexadecimal digits or more, of one letter case unless `0x` says so: `AC53f6...` is an id with a prefix.
fn is_hex(text: &[u8]) -> bool {
    let (hex, said) = match text {
        [b'0', b'x' | b'X', hex @ ..] => (hex, true),
        hex => (hex, false),
    };
    hex.len() >= 8
        && hex.iter().all(u8::is_ascii_hexdigit)
        && hex.iter().any(u8::is_ascii_digit)
        && (said || !(hex.iter().any(u8::is_ascii_uppercase) && hex.iter().any(u8::is_ascii_lowercase)))
}

/// IPv4 or IPv6, with brackets, a prefix length or a port perhaps.
fn is_address(text: &[u8]) -> bool {
    let dots = text.iter().filter(|b| **b == b'.').count();
    let colons = text.iter().filter(|b| **b == b':').count();
    if text.len() > 64 || (dots != 3 && colons < 2) {
        return false;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let alone = text.split_once('/').map_or(text, |(address, _)| address);
    if colons < 2 {
        return alone.split_once(':').map_or(alone, |(address, _)| address).parse::<Ipv4Addr>().is_ok();
    }
    let bare = alone.strip_prefix('[').and_then(|t| t.split_once(']')).map_or(alone, |(address, _)| address);
    bare.split_once('%').map_or(bare, |(address, _)| address).parse::<Ipv6Addr>().is_ok()
}

/// The text without a file's extension (`48213.json`) or a custom verb (`48213:cancel`).
fn core(text: &str) -> Option<&[u8]> {
    let (stem, affix) = split_affix(text);
    (!affix.is_empty()).then_some(stem.as_bytes())
}

/// `v1`, `v2.1`, `v1beta1`, `v1.0.0-rc.1`, `v20240301`, `v2024-03-01`, `1.2.3`.
fn is_version(text: &[u8]) -> bool {
    let Some(([b'v' | b'V'], number)) = text.split_at_checked(1) else {
        // Three short numbers; with more digits it may be somebody's number.
        return text.len() <= 8
            && text.iter().filter(|b| **b == b'.').count() == 2
            && text.split(|b| *b == b'.').all(is_digits);
    };
    if is_date(number) || (number.len() == 8 && is_digits(number) && is_year(&number[..4])) {
        return true;
    }
    let mut rest = number;
    let mut groups = 0;
    // digits, then any of: dot digits, stage digits
    loop {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        groups += 1;
        if digits > 4 || groups > 6 || (groups == 1 && digits == 0) {
            return false;
        }
        rest = &rest[digits..];
        if rest.is_empty() {
            return true;
        }
        if let [b'.' | b'-' | b'_', after @ ..] = rest {
            rest = after;
        }
        let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (stage, after) = rest.split_at(letters);
        if letters > 0 && !STAGES.iter().any(|s| s.as_bytes().eq_ignore_ascii_case(stage)) {
            return false;
        }
        rest = match after {
            [b'.' | b'-', more @ ..] if letters > 0 => more,
            more => more,
        };
        if rest.first().is_some_and(|b| !b.is_ascii_digit()) {
            return false;
        }
    }
}

/// Words joined by marks, or not.
fn slug(text: &[u8], tail: usize) -> SegmentClass {
    let bare = text.strip_suffix(b"()").unwrap_or(text);
    let mut sum = Spelling::default();
    let mut parts = 0_usize;
    let mut worded = false;
    let mut numbered = false;
    let mut worst = SegmentClass::Word;
    let (mut blend, mut humps) = (0, 0);
    let mut before: &[u8] = &[];
    for part in bare.split(|b| is_joint(*b)).filter(|part| !part.is_empty()) {
        parts += 1;
        if !part.iter().all(u8::is_ascii_alphanumeric) {
            return if is_long_blob(text) { SegmentClass::Token } else { SegmentClass::Other };
        }
        let digits = part.iter().filter(|b| b.is_ascii_digit()).count();
        let class = if digits == 0 {
            let spelling = Spelling::of(part);
            sum.add(spelling);
            humps += spelling.words - 1;
            worded |= part.len() >= 2;
            let noise = if spelling.words > 1 { is_scrambled(part, spelling) } else { spelling.run_is_noise() };
            if noise { SegmentClass::Token } else { SegmentClass::Word }
        } else if digits == part.len() {
            numbered = true;
            let part_of_a_name = digits <= tail || is_year(part) || (digits <= 5 && is_standard(before));
            if is_card(part) {
                SegmentClass::Card
            } else if part_of_a_name {
                SegmentClass::Word
            } else {
                SegmentClass::Other
            }
        } else if is_written(part, tail) && !is_key(part) {
            worded = true;
            SegmentClass::Word
        } else {
            blend += part.len();
            if part.len() >= 10 { SegmentClass::Token } else { SegmentClass::Other }
        };
        worst = match (worst, class) {
            (SegmentClass::Card, _) | (_, SegmentClass::Card) => SegmentClass::Card,
            (SegmentClass::Token, _) | (_, SegmentClass::Token) => SegmentClass::Token,
            (SegmentClass::Other, _) | (_, SegmentClass::Other) => SegmentClass::Other,
            _ => SegmentClass::Word,
        };
        before = part;
    }
    if parts == 0 {
        return if text.len() <= 2 && !text.is_empty() { SegmentClass::Word } else { SegmentClass::Other };
    }
    match worst {
        SegmentClass::Word if parts > 1 && (sum.sum_is_noise() || humps > 1 && sum.is_choppy()) => SegmentClass::Token,
        // Numbers alone, however short, are no slug.
        SegmentClass::Word if numbered && !worded => SegmentClass::Other,
        SegmentClass::Other if blend >= 8 && text.len() >= 20 => SegmentClass::Token,
        worst => worst,
    }
}

/// Capitals and digits only, and long: written by a machine (`AKIAIOSFODNN7EXAMPLE`).
fn is_key(run: &[u8]) -> bool {
    run.len() >= 16 && !run.iter().any(u8::is_ascii_lowercase)
}

/// A byte of which parts of names are made, ids among them.
const fn is_of_names(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || is_joint(byte)
}

/// A mark that joins words and may stand with them.
const fn is_joint(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.' | b':' | b'~' | b'$')
}

/// A byte of base64, base64url or base62.
const fn is_blob(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/' | b'=' | b'.' | b'~')
}

/// Base64 with its odd characters; a path in a segment (`docs/read-me.md`) has no such mixture of letters.
fn is_long_blob(text: &[u8]) -> bool {
    let has = |kind: fn(&u8) -> bool| text.iter().any(kind);
    text.len() >= 16
        && text.iter().all(|b| is_blob(*b))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

/// Longer segments are never words.
const SEGMENT_BYTES: usize = 256;
/// Longer names are never words.
const NAME_BYTES: usize = 64;
/// Lower-case letters up to here are words without a closer look.
const SHORT_WORD: usize = 7;
/// Digits that may follow a word in a path: `address2`, `step-1`; two more likely count things.
const SEGMENT_TAIL: usize = 1;
/// Digits that may follow a word in a name: `p95`, `col10`. Fields are numbered more often than named after people.
const NAME_TAIL: usize = 2;

/// Last labels of hosts that are no words of other things.
const DOMAINS: &[&str] = &["com", "net", "org", "edu", "gov", "mil"];

const STAGES: &[&str] = &["alpha", "beta", "rc", "preview", "pre", "dev", "p", "b", "a", "eap", "ea", "ga"];

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
