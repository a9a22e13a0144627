//! Names that hold a number: how fields are numbered (`line1`, `address2`, `utm_term2`), and how people make handles and passwords
//! of a word (`hunter2`, `johndoe84`, `Summer2024`).
//!
//! In: one part of a name that is written like words. Out: whether it is rather somebody's. The letters before the number decide: words
//! that fields are made of stay. How much else they may hold depends on the number: one digit counts things, two are as often a
//! year of birth. Of the 100,000 names of fields and parameters in some hundreds of published
//! descriptions of APIs, with which in view `NUMBERED` was put together, seven are taken for somebody's; without that list 46.

use super::spelling::{is_standard, is_technique};
use crate::api::{Word, is_api_word, words};

/// The part of a name is more likely somebody's than a field's. Each word is judged once, by the number that follows it.
pub(super) fn is_somebodys(part: &[u8]) -> bool {
    let (mut from, mut at) = (0, 0);
    while let Some(step) = part.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = at + step;
        let digits = part[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        at = start + digits;
        // Letters behind: `line1_left` ends a word with it, `mp3s` and `x1y` do not.
        if part.get(at).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        if is_named_so(&part[from..start], &part[from..at], digits) {
            return true;
        }
        from = at;
    }
    false
}

/// `front` with so many digits behind it, `whole` with them.
fn is_named_so(front: &[u8], whole: &[u8], digits: usize) -> bool {
    if ends_in_technique(whole) {
        return false;
    }
    let Some(last) = words(front).last().filter(|last| !is_standard(last)) else { return false };
    match digits {
        // `sigv4`: which version.
        1 if front.last().is_some_and(|b| b.eq_ignore_ascii_case(&b'v')) || last.len() < 4 => false,
        1 => !words(front).any(|word| word.len() > 2 && is_known(word)),
        2 => !is_known(last),
        _ => !words(front).all(is_known),
    }
}

/// A technique stands at the end: as a piece between marks, or in camel case (`EnableIPv6`).
fn ends_in_technique(text: &[u8]) -> bool {
    let piece = text.rsplit(|b| !b.is_ascii_alphanumeric()).next().unwrap_or_default();
    let begins = |at: usize| match piece[at] {
        _ if at == 0 => true,
        b'0'..=b'9' => !piece[at - 1].is_ascii_digit(),
        letter => letter.is_ascii_uppercase(),
    };
    (0..piece.len()).any(|at| begins(at) && is_technique(&piece[at..]))
}

/// A word that fields are made of, or two of them in one; shorter ones say nothing.
fn is_known(word: &[u8]) -> bool {
    word.len() <= 2 || is_word(word)
}

/// A word that fields are made of, or two of them in one.
pub(super) fn is_word(word: &[u8]) -> bool {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    let Ok(lower) = std::str::from_utf8(lower) else { return false };
    is_listed(lower)
        || (2..lower.len().saturating_sub(1)).any(|at| {
            let (front, back) = lower.split_at(at);
            // `ipaddress`; of two short ones anything is made (`meme`).
            front.len().max(back.len()) > 3 && is_listed(front) && is_listed(back)
        })
}

/// In the singular or the plural.
fn is_listed(word: &str) -> bool {
    let listed =
        |word: &str| is_api_word(word) || Word::is_part(word.as_bytes()) || NUMBERED.binary_search(&word).is_ok();
    listed(word) || word.strip_suffix('s').is_some_and(listed)
}

/// Longer words are none.
const LONGEST: usize = 32;

/// Words that are numbered, and not among those of paths and of values. Sorted.
#[rustfmt::skip]
const NUMBERED: &[&str] = &[
    "arg", "axis", "box", "breadcrumb", "cell", "col", "cond", "coord", "crypto", "cvss", "dns", "edge", "floor", "freq",
    "gauge", "hdr", "height", "imei", "lane", "mqtt", "nat", "opt", "param", "percentile", "player", "quartile", "room", "seg",
    "slot", "stop", "street", "thumb", "val", "vlan", "width", "xxhash",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sorted() {
        // Catches a word that a search never finds.
        assert!(NUMBERED.is_sorted());
    }

    #[test]
    fn fields_are_numbered() {
        // Catches a rule that takes their names from fields: they would all be one `{value}`.
        for name in [
            "line1",
            "address2",
            "addressline1",
            "streetAddress2",
            "lineitem10",
            "field1",
            "param12",
            "col10",
            "option_3",
            "utm_term2",
            "sha256",
            "x-checksum-sha256",
            "oauth2",
            "EnableIPv6",
            "ipv4",
            "x509",
            "md5",
            "base64",
            "content_base64",
            "h264",
            "p95",
            "a0",
            "co2",
            "pm25",
            "b64",
            "p24",
            "x1",
            "q4",
            "sigv4",
            "nfsv3",
            "iso8601",
            "utf8",
            "allow3DS2",
            "fieldsV1",
            "admin_area_4",
            "report2023",
            "password1",
            "cip1",
            "mp3s",
            "no_number",
            "Box9",
            "",
            "7",
            "1_2",
        ] {
            assert!(!is_somebodys(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn handles_and_passwords_are_somebodys() {
        for name in [
            "hunter2",
            "Summer2024",
            "JohnDoe1984",
            "dakeqe_kokide1975",
            "letmein1",
            "monkey12",
            "anna1987",
            "tom99",
            "john_smith_1980",
            "karin_84",
            "sunshine7",
            "qwerty12",
            "hunter2_id",
            "karin84-mueller",
        ] {
            assert!(is_somebodys(name.as_bytes()), "{name}");
        }
    }
}
