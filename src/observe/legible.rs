//! Can this be read? What of a run of letters and digits is words, and what is left.
//!
//! In: a run that `classify` cut out, with digits in it or with camel case. Out: whether somebody wrote it. Random tokens hold
//! hardly a word of which APIs are made, nor does their case change where words begin; what people write is of such words, or
//! of others that are spelt like words, with a few short ones (`Vpc`, `IO`) between them.

use super::numbered::is_word;
use super::spelling::{Spelling, is_technique};
use crate::api::words;

/// What of one run can be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// Letters and digits of words, of what is spelt like one, and of techniques.
    read: usize,
    /// Other letters.
    unread: usize,
    /// Words in the proper sense: known ones.
    known: usize,
    /// A word that is too long for an abbreviation and spelt like none.
    garbled: bool,
    /// Groups of digits that belong to no technique.
    groups: usize,
    /// One of them with nothing that can be read on either side.
    stray: bool,
}

impl Reading {
    /// Reads a run of letters and digits.
    pub(super) fn of(run: &[u8]) -> Self {
        let mut reading = Self::default();
        let small = run.iter().any(u8::is_ascii_lowercase);
        let mut rest = run;
        // The word before cannot be read; nor can the one before the digits that come before.
        let (mut odd, mut doubtful) = (false, false);
        while let [first, ..] = rest {
            let length = if let Some(length) = technique(rest) {
                (odd, doubtful) = (false, false);
                reading.read += length;
                // Two characters come about by chance, and any number follows a `v`.
                reading.known += usize::from(length > 2 && !matches!(first, b'v' | b'V'));
                length
            } else if first.is_ascii_digit() {
                reading.groups += 1;
                doubtful = odd;
                rest.iter().take_while(|b| b.is_ascii_digit()).count()
            } else {
                let word = words(rest).next().unwrap_or(rest);
                let before = reading.unread;
                reading.add(unversioned(word, rest), small);
                odd = reading.unread > before;
                reading.stray |= odd && doubtful;
                doubtful = false;
                word.len()
            };
            rest = rest.get(length.max(1)..).unwrap_or_default();
        }
        reading
    }

    /// Takes in one word of a run; in one with `small` letters a few capitals are an abbreviation.
    fn add(&mut self, word: &[u8], small: bool) {
        match word.len() {
            length if is_word(word) => {
                self.read += length;
                self.known += usize::from(length > 2);
            }
            length @ 0..4 => self.unread += length,
            length => {
                let spelling = Spelling::of(word);
                if spelling.reads() {
                    self.read += length;
                    return;
                }
                self.unread += length;
                let abbreviates = length <= 5 && small && word.iter().all(u8::is_ascii_uppercase);
                self.garbled |= spelling.score < 0 && !abbreviates;
            }
        }
    }

    /// Most of it can be read.
    pub(super) const fn is_legible(self) -> bool {
        if self.stray {
            false
        } else if self.garbled {
            self.known > 1 && self.read >= 2 * self.unread
        } else {
            self.known > 0 && self.read >= self.unread
        }
    }

    /// All digits are part of techniques.
    pub(super) const fn is_explained(self) -> bool {
        self.groups == 0
    }
}

/// The word without the `v` of a version that follows: `cvssv3`.
pub(super) fn unversioned<'t>(word: &'t [u8], text: &[u8]) -> &'t [u8] {
    match word {
        [bare @ .., b'v' | b'V'] if bare.len() > 1 && text.get(word.len()).is_some_and(u8::is_ascii_digit) => bare,
        word => word,
    }
}

/// Bytes of the technique or the version that a text begins with: `IPv6Address`, `S3Bucket`, `V1Service`.
fn technique(text: &[u8]) -> Option<usize> {
    let ends = |length: usize| {
        let (last, next) = (text.get(length - 1), text.get(length));
        match (last, next) {
            (_, None) => true,
            (Some(b'0'..=b'9'), Some(next)) => !next.is_ascii_digit(),
            (_, Some(next)) => next.is_ascii_uppercase(),
        }
    };
    if let [b'v' | b'V', number @ ..] = text {
        let digits = number.iter().take_while(|b| b.is_ascii_digit()).count();
        if (1..=2).contains(&digits) {
            return Some(digits + 1);
        }
    }
    (2..=text.len().min(10)).rev().find(|length| {
        let head = &text[..*length];
        head.iter().any(u8::is_ascii_digit) && ends(*length) && is_technique(head)
    })
}

/// Letters whose case changes other than it does between words, and that hold none.
pub(super) fn is_scrambled(run: &[u8], spelling: Spelling) -> bool {
    let Spelling { letters, words, score } = spelling;
    // Words as a rule; none that is looked up.
    if letters < 6 || letters >= 4 * words && i64::from(score) >= 3 * i64::try_from(words).unwrap_or(i64::MAX) {
        return false;
    }
    let reading = Reading::of(run);
    if reading.is_legible() || begins_like_words(run) {
        return false;
    }
    // `podIPs` is of two words.
    let plural = matches!(run, [.., b'A'..=b'Z', b'A'..=b'Z', b's']);
    let choppy = Spelling { words: words - usize::from(plural), ..spelling }.is_choppy();
    match letters {
        _ if reading.known > 0 => spelling.run_is_noise(),
        0..8 => choppy && reading.read == 0,
        _ => choppy || score < -4 || spelling.run_is_noise(),
    }
}

/// A label of a host's name of which everybody could think: short, of words, or at least not spelt like noise; with digits, of
/// words and techniques alone.
pub(super) fn is_plain_label(label: &[u8]) -> bool {
    label.split(|b| *b == b'-').all(|part| {
        if part.iter().all(u8::is_ascii_digit) {
            return part.len() <= 2;
        }
        if part.iter().all(u8::is_ascii_alphabetic) {
            return part.len() < 5 || Spelling::of(part).score >= LEAST_OF_LABELS || is_word(part);
        }
        let letters = part.iter().filter(|b| b.is_ascii_alphabetic()).count();
        is_technique(part) || letters <= 2 && part.len() <= 4 || Reading::of(part).is_legible()
    })
}

/// Names of companies are spelt as they please; of seven random letters one run in five gets so much.
const LEAST_OF_LABELS: i32 = -6;

/// A known word of three letters or more, and others in their proper case.
fn begins_like_words(run: &[u8]) -> bool {
    let mut parts = words(run);
    parts.next().is_some_and(|first| first.len() > 2 && is_word(first))
        && parts.all(|word| word.len() > 2 && word.iter().skip(1).all(u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrambled(text: &str) -> bool {
        is_scrambled(text.as_bytes(), Spelling::of(text.as_bytes()))
    }

    #[test]
    fn what_people_write_can_be_read() {
        // Catches a rule that takes a name for a token because of a number, a technique or an abbreviation in it.
        for text in [
            "purchasesLast6Months",
            "threeDS2RequestData",
            "openAPIV3Schema",
            "AwsRoute53HostedZone",
            "createCertificatesV1alpha1ClusterTrustBundle",
            "GetOauth2CredentialProvider",
            "export2csv",
            "phase1complete",
            "cvssV3Score",
            "sigv4Region",
        ] {
            assert!(Reading::of(text.as_bytes()).is_legible(), "{text}");
        }
    }

    #[test]
    fn tokens_cannot() {
        // Catches a word found in a token by chance, which speaks for all of it.
        for text in [
            "GUCVj5XJ",
            "xeXma1kP",
            "TSK8dpWEPA",
            "GaFHVF9",
            "apiKeyDc5ppYly",
            "vosegeKeyDc5ppYly",
            "benovika22dodaqa",
            "xtr1wedb",
            "akiaiosfodnn7example",
        ] {
            assert!(!Reading::of(text.as_bytes()).is_legible(), "{text}");
        }
    }

    #[test]
    fn labels_are_words_or_short() {
        for label in
            ["login", "keycloak", "auth0", "us-east-1", "b2clogin", "eu1", "sts", "microsoftonline", "amazonaws"]
        {
            assert!(is_plain_label(label.as_bytes()), "{label}");
        }
        for label in ["rapi9", "lonuwimo90loduva", "xkqwzbt", "k8x7q2", "dev-123", "anna84"] {
            assert!(!is_plain_label(label.as_bytes()), "{label}");
        }
    }

    #[test]
    fn the_case_of_names_changes_where_words_begin() {
        for text in [
            "getWebhook",
            "syncCnpj",
            "setMqtt",
            "AttachVpnGateway",
            "DescribeDBProxies",
            "podIPs",
            "GetIds",
            "eTag",
            "OAuth",
            "LifeCycle",
            "isVIPOnly",
            "IpAccessControlListMappings",
        ] {
            assert!(!scrambled(text), "{text}");
        }
        for text in ["GUCVjXJq", "sTnDmwPIT", "EeEMwrif", "kIFiwKb", "aGVsbGXgdIYoWkNu", "JCearosHLjPUg"] {
            assert!(scrambled(text), "{text}");
        }
    }
}
