//! Is this a word? Letter pairs, names of techniques that carry digits, and what may follow a word.
//!
//! In: runs of ASCII letters and digits that `classify` cut out of a segment or a name. Out: whether they read
//! like something a person wrote. Of letters alone no dictionary is asked: their pairs tell written words from random ones in any
//! European language, and made-up names of products too, at a table of 208 bytes. Digits between letters need more (`legible`).

use super::formats::is_digits;
use super::legible::{Reading, unversioned};
use super::numbered::is_word;

/// What the letters of one run say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spelling {
    /// Letters seen.
    pub letters: usize,
    /// Words, as camel case divides them.
    pub words: usize,
    /// Sum over pairs of letters: well above zero for words, well below for noise.
    pub score: i32,
}

impl Spelling {
    /// Reads a run of ASCII letters; camel case begins a new word and costs a little.
    pub(super) fn of(run: &[u8]) -> Self {
        let mut spelling = Self { letters: run.len(), ..Self::default() };
        let mut before: Option<u8> = None;
        for (at, &letter) in run.iter().enumerate() {
            let humps = letter.is_ascii_uppercase()
                && before
                    .is_some_and(|b| b.is_ascii_lowercase() || run.get(at + 1).is_some_and(u8::is_ascii_lowercase));
            match before {
                Some(_) if humps => {
                    spelling.words += 1;
                    spelling.score -= 2;
                }
                Some(b) => spelling.score += pair(b, letter),
                None => spelling.words += 1,
            }
            before = Some(letter);
        }
        spelling
    }

    /// One word that is spelt like one, and not by chance: of random letters one run in twenty is, of long ones hardly any.
    pub(super) const fn reads(self) -> bool {
        self.words == 1 && self.score >= 4
    }

    /// Adds another run of the same text.
    pub(super) fn add(&mut self, other: Self) {
        self.letters += other.letters;
        self.words += other.words;
        self.score += other.score;
    }

    /// One run of letters that nobody wrote. Short runs say little, so they must look bad; from 16 letters on
    /// noise passes once in 250.
    pub(super) const fn run_is_noise(self) -> bool {
        self.words > 1 && self.letters >= 8 && self.is_choppy()
            || match self.letters {
                0..8 => false,
                8..10 => self.score < -12,
                10..16 => self.score < -6,
                _ => self.score < 0,
            }
    }

    /// Case changes more often than between words: they are of fewer than two and a half letters, as random ones are of two.
    pub(super) const fn is_choppy(self) -> bool {
        self.letters >= 6 && self.letters * 5 < self.words * 12
    }

    /// Several runs that are noise together though each is too short to tell.
    pub(super) fn sum_is_noise(self) -> bool {
        self.letters >= 12 && i64::from(self.score) < -i64::try_from(self.letters).unwrap_or(i64::MAX)
    }
}

/// Weight of one pair of letters, case ignored.
fn pair(a: u8, b: u8) -> i32 {
    let index = |letter: u8| usize::from(letter.to_ascii_lowercase().wrapping_sub(b'a'));
    let level = PAIRS.get(index(a)).map_or(0, |row| row >> (2 * index(b).min(25)) & 3);
    match level {
        0 => -6,
        1 => -2,
        2 => 1,
        _ => 3,
    }
}

/// A run of letters and digits mixed that people write: `sha256sum`, `oauth2`, `v1`, `last30days`, `report2023`.
/// `tail` is how many digits may follow a word without making it an id.
pub(super) fn is_written(run: &[u8], tail: usize) -> bool {
    let Some(first) = run.iter().position(u8::is_ascii_digit) else { return true };
    let digits = run.iter().skip(first).take_while(|b| b.is_ascii_digit()).count();
    let (word, rest) = run.split_at(first);
    let (number, after) = rest.split_at(digits);
    if is_technique(run) {
        return true;
    }
    let fits = match (word, after) {
        ([], unit) if digits <= 3 && UNITS.iter().any(|u| u.as_bytes().eq_ignore_ascii_case(unit)) => return true,
        // A picture's size: `180x180`.
        ([], [b'x', size @ ..]) if digits <= 4 && size.len() <= 4 && is_digits(size) => return true,
        ([], _) => false,
        ([b'v' | b'V'], []) => return digits <= 3,
        (word, []) => {
            if digits <= 5 && is_standard(word) {
                return true;
            }
            let shortest = if tail > 1 { 1 } else { 2 };
            let fits = digits <= tail && word.len() >= shortest || is_year(number) && word.len() >= 4;
            // One word alone: a short one says nothing, another need not be known where it is spelt like one.
            let word = unversioned(word, run);
            let spelling = Spelling::of(word);
            if fits && spelling.words == 1 {
                return word.len() <= 2 || spelling.score >= 0 || is_word(word);
            }
            fits
        }
        (word, after) => match digits {
            1 => word.len() >= 3 && after.len() >= 2 && all_letters(after),
            2 => word.len() >= 3 && after.len() >= 3 && all_letters(after),
            _ => false,
        },
    };
    let reading = Reading::of(run);
    (fits || reading.is_explained()) && reading.is_legible()
}

/// A year of our time, which may stand beside a word.
pub(super) fn is_year(digits: &[u8]) -> bool {
    matches!(digits, [b'1', b'9', _, _] | [b'2', b'0', _, _]) && digits.iter().all(u8::is_ascii_digit)
}

/// A word whose number is part of its name: `iso-8601`, `utf-8`.
pub(super) fn is_standard(word: &[u8]) -> bool {
    STANDARDS.iter().any(|s| s.as_bytes().eq_ignore_ascii_case(word))
}

/// A name of a technique that has digits in it: `sha256`, `oauth2`.
pub(super) fn is_technique(run: &[u8]) -> bool {
    let mut lower = [0_u8; 12];
    let Some(slot) = lower.get_mut(..run.len()) else { return false };
    slot.copy_from_slice(run);
    slot.make_ascii_lowercase();
    let slot = &*slot;
    TECHNIQUES.binary_search_by(|t| t.as_bytes().cmp(slot)).is_ok()
}

fn all_letters(run: &[u8]) -> bool {
    run.iter().all(u8::is_ascii_alphabetic)
}

const UNITS: &[&str] = &[
    "s", "sec", "m", "min", "mins", "h", "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "week", "weeks", "mo",
    "month", "months", "y", "year", "years", "ms", "us", "ns", "px", "kb", "mb", "gb", "tb", "k", "p", "x", "fps",
];

const STANDARDS: &[&str] = &[
    "aes", "base", "bip", "covid", "cp", "eip", "erc", "http", "ieee", "ipv", "iso", "mod", "rfc", "sha", "tls", "utf",
    "windows",
];

/// Names with digits inside that are words all the same. Sorted.
const TECHNIQUES: &[&str] = &[
    "1password",
    "24h",
    "2d",
    "2fa",
    "30d",
    "3d",
    "3ds",
    "3ds2",
    "3scale",
    "4chan",
    "4k",
    "500px",
    "7d",
    "7zip",
    "8k",
    "a11y",
    "a2a",
    "aarch64",
    "aes128",
    "aes256",
    "amd64",
    "argon2",
    "arm64",
    "armv7",
    "asn1",
    "auth0",
    "av1",
    "b2b",
    "b2c",
    "b2clogin",
    "base16",
    "base32",
    "base58",
    "base64",
    "base85",
    "bzip2",
    "c2c",
    "c2pa",
    "c2s",
    "co2",
    "crc32",
    "crc64",
    "css3",
    "curve25519",
    "d2c",
    "d3",
    "d365",
    "db2",
    "dynamics365",
    "e2e",
    "ec2",
    "ed25519",
    "es256",
    "es384",
    "es512",
    "es6",
    "f32",
    "f5",
    "f64",
    "fido2",
    "float32",
    "float64",
    "g1",
    "g2p",
    "gpt4",
    "h1",
    "h2",
    "h264",
    "h265",
    "h3",
    "hl7",
    "hs256",
    "hs384",
    "hs512",
    "html5",
    "http1",
    "http2",
    "http3",
    "i18n",
    "i386",
    "i686",
    "int16",
    "int32",
    "int64",
    "int8",
    "ip4",
    "ip6",
    "ipv4",
    "ipv6",
    "iso27001",
    "iso8601",
    "k3s",
    "k8s",
    "l1",
    "l10n",
    "l2",
    "log4j",
    "m2m",
    "m365",
    "m3u8",
    "m4a",
    "md4",
    "md5",
    "mod10",
    "mod11",
    "mp2",
    "mp3",
    "mp4",
    "murmur3",
    "n1",
    "n8n",
    "neo4j",
    "o11y",
    "o365",
    "oauth1",
    "oauth2",
    "office365",
    "p256",
    "p2p",
    "p2sh",
    "p384",
    "pbkdf2",
    "pkcs1",
    "pkcs10",
    "pkcs12",
    "pkcs7",
    "pkcs8",
    "q1",
    "q2",
    "q3",
    "q4",
    "r2",
    "r2r",
    "rfc3339",
    "route53",
    "rs256",
    "rs384",
    "rs512",
    "s2s",
    "s3",
    "saml2",
    "secp256k1",
    "sha1",
    "sha2",
    "sha224",
    "sha256",
    "sha3",
    "sha384",
    "sha512",
    "t1",
    "t2t",
    "tls12",
    "tls13",
    "u2f",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "utf16",
    "utf32",
    "utf8",
    "v8",
    "vp8",
    "vp9",
    "web2",
    "web3",
    "win32",
    "win64",
    "x12",
    "x25519",
    "x509",
    "x64",
    "x86",
    "xxh3",
    "y2k",
];

/// Two bits a pair, row by first letter, column by second: 0 never, 3 often. Counted over identifiers and prose in
/// English, each word weighted by the logarithm of its frequency, against letters drawn at random.
const PAIRS: [u64; 26] = [
    0x1_05ec_8ed2_14a8,
    0x1_0368_31c3_0767,
    0x0_01d8_71a2_c753,
    0x1_0668_6043_1797,
    0x0_84bc_4e80_15e2,
    0x1_0268_3183_1f97,
    0x1_026c_2983_9302,
    0x1_0298_3543_0343,
    0x4_04e4_7e80_26a6,
    0x0_1370_3063_0303,
    0x1_01b4_6443_4353,
    0x3_0150_30c3_0743,
    0x0_0260_e243_030b,
    0x0_05f0_2452_37e2,
    0x0_26ac_9e91_14a5,
    0x1_02ac_b0c2_4313,
    0x0_0319_4541_1155,
    0x1_05a4_7553_1753,
    0x1_02e0_a553_9322,
    0x2_01ac_6043_8313,
    0x0_00fc_9ec2_166a,
    0x0_0010_2143_0313,
    0x0_006c_7c43_8343,
    0x0_44d0_d143_4777,
    0x4_14b4_ee82_1656,
    0x9_0010_1103_4313,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_techniques_is_sorted() {
        // Catches a row added out of place: binary search would miss its neighbours.
        assert!(TECHNIQUES.is_sorted());
        for technique in TECHNIQUES {
            assert!(is_written(technique.as_bytes(), 1), "{technique}");
        }
    }

    #[test]
    fn words_and_noise_lie_on_two_sides() {
        // Catches a table turned round or shifted: every pair would weigh wrong.
        for word in ["organization", "persistentvolumeclaims", "onboardingStatus", "IpAccessControlListMappings"] {
            assert!(!Spelling::of(word.as_bytes()).run_is_noise(), "{word}");
        }
        for noise in ["xkqzvbnwprtyghjk", "qwrtplkjhgfdszxc", "aGVsbGXgdIYoWkNu", "JBSWYDPEHPKPXPJB"] {
            assert!(Spelling::of(noise.as_bytes()).run_is_noise(), "{noise}");
        }
    }
}
