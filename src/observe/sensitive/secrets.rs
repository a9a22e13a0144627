//! What opens doors: tokens and keys whose issuers mark them, JWTs, private keys, and whatever a name calls a secret.
//!
//! In: a value and the words of its name. Out: classes. `PREFIXES` is the one table of marks, which segments and names of
//! fields are judged by too: a secret made of words would pass for a name otherwise.

use super::personal::is_nothing;
use super::words::{Topic, Words};
use crate::api::{DataClass, DataClasses};
use crate::observe::formats::{is_date, is_date_time, is_digits, is_email, is_uuid};

/// Tokens and keys anywhere in the value. One pass; only long runs of their characters are looked at closer.
pub(super) fn tokens(value: &[u8]) -> DataClasses {
    let mut found = DataClasses::NONE;
    let mut start = 0;
    // A run is long only where all bytes of this window are of it. The last that is not tells where the next may begin,
    // so that of prose one byte in three is looked at.
    while let Some(window) = value.get(start..start + SHORTEST) {
        if let Some(at) = window.iter().rposition(|b| !is_of_tokens(*b)) {
            start += at + 1;
            continue;
        }
        let more = value[start + SHORTEST..].iter().take_while(|b| is_of_tokens(**b)).count();
        let run = SHORTEST + more;
        found = found.and(token(&value[start..start + run]));
        start += run + 1;
    }
    found
}

/// PEM (RFC 7468): every label that ends so holds a private key. Looks at the first few labels.
pub(super) fn private_key(value: &[u8]) -> DataClasses {
    let dashes = || memchr::memchr_iter(b'-', value).any(|at| value.get(at + 1) == Some(&b'-'));
    if value.len() < PEM_BYTES || !dashes() {
        return DataClasses::NONE;
    }
    for at in memchr::memmem::find_iter(value, b"-----BEGIN ").take(8) {
        let label = &value[at + 11..(at + 64).min(value.len())];
        let end = memchr::memmem::find(label, b"-----").unwrap_or(0);
        if label[..end].ends_with(b"PRIVATE KEY") || label[..end].ends_with(b"PRIVATE KEY BLOCK") {
            return DataClass::PrivateKey.into();
        }
    }
    DataClasses::NONE
}

/// The shortest private key, of an elliptic curve, is longer with its two labels; one cut off behind the first is not.
const PEM_BYTES: usize = 48;

/// One run of characters that tokens are made of.
fn token(run: &[u8]) -> DataClasses {
    // A token may stand behind a name, a scheme or a path: `key:AKIA...`, `//hooks.slack.com/services/...`.
    let mut at = 0;
    loop {
        let rest = &run[at..];
        if is_jwt(rest) {
            return DataClass::Jwt.into();
        }
        if let Some(class) = marked(rest) {
            return class.into();
        }
        match rest.iter().position(|b| matches!(b, b':' | b'/' | b'=')) {
            Some(step) if rest.len() - step > SHORTEST => at += step + 1,
            _ => return DataClasses::NONE,
        }
    }
}

fn is_of_tokens(byte: u8) -> bool {
    OF_TOKENS[usize::from(byte)]
}

static OF_TOKENS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b':' | b'~' | b'$');
        at += 1;
    }
    table
};

/// First bytes of marks.
static FIRSTS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < PREFIXES.len() {
        table[PREFIXES[at].prefix.as_bytes()[0] as usize] = true;
        at += 1;
    }
    table
};

/// The class of a text that begins with an issuer's mark and goes on as the issuer's tokens do.
fn marked(text: &[u8]) -> Option<DataClass> {
    let first = *text.first().filter(|first| FIRSTS[usize::from(**first)])?;
    let row = PREFIXES.iter().find(|row| {
        row.prefix.as_bytes()[0] == first
            && text.strip_prefix(row.prefix.as_bytes()).is_some_and(|tail| row.tail.fits(tail))
    })?;
    Some(row.class)
}

/// Begins as an issuer lets its secrets begin, and goes on for a while. Less strict than `marked`: where text is kept, one
/// that only looks like a secret is no loss.
pub(in crate::observe) fn begins_like_secret(text: &[u8]) -> bool {
    if text.len() < LOOSE_SHORTEST {
        return false;
    }
    let Some(first) = text.first().filter(|first| FIRSTS[usize::from(**first)]) else { return false };
    PREFIXES.iter().any(|row| {
        let prefix = row.prefix.as_bytes();
        let long_enough = match row.tail {
            Tail::AtLeast(_) => prefix.len() >= 4 && text.len() >= prefix.len() + LOOSE_TAIL,
            // `key-`, `SK`: so short that words begin with them too.
            _ => text.get(prefix.len()..).is_some_and(|tail| row.tail.fits(tail)),
        };
        prefix[0] == *first && long_enough && text.starts_with(prefix)
    })
}

/// A whole secret of an issuer, its letters of any case: as it stands where somebody writes all of them small.
pub(in crate::observe) fn is_secret_of_any_case(text: &[u8]) -> bool {
    PREFIXES.iter().any(|row| {
        let Some((mark, tail)) = text.split_at_checked(row.prefix.len()) else { return false };
        let fits = match row.tail {
            Tail::Upper(n) => Tail::Exactly(n).fits(tail),
            _ => row.tail.fits(tail),
        };
        fits && mark.eq_ignore_ascii_case(row.prefix.as_bytes())
    })
}

/// The first part of a JSON Web Token, letters of any case; where they are small, a digit tells it from a word.
pub(in crate::observe) fn is_jwt_head(text: &[u8]) -> bool {
    text.len() >= SHORTEST
        && (text.starts_with(b"eyJ")
            || matches!(text, [b'e' | b'E', b'y' | b'Y', b'j' | b'J', ..]) && text.iter().any(u8::is_ascii_digit))
}

/// What must follow at least, where text is kept.
const LOOSE_TAIL: usize = 8;
/// The shortest that [`begins_like_secret`] takes, with its mark.
const LOOSE_SHORTEST: usize = {
    let (mut at, mut shortest) = (0, usize::MAX);
    while at < PREFIXES.len() {
        let tail = match PREFIXES[at].tail {
            Tail::AtLeast(_) => LOOSE_TAIL,
            Tail::Exactly(n) | Tail::Upper(n) | Tail::Hex(n) => n,
        };
        let length = PREFIXES[at].prefix.len() + tail;
        if length < shortest {
            shortest = length;
        }
        at += 1;
    }
    shortest
};
/// The shortest of all with its mark.
const SHORTEST: usize = 16;

/// RFC 7519 and 7516: three parts of base64url (five when encrypted), the first of which opens a JSON object.
pub(in crate::observe) fn is_jwt(text: &[u8]) -> bool {
    // `{"` and the first two bits of any ASCII character come out as these; `{ ` and a line break as `ew`.
    if !matches!(text, [b'e', b'y', b'I'..=b'L', ..] | [b'e', b'w', b'o' | b'0' | b'k', ..]) {
        return false;
    }
    let mut dots = 0;
    let mut padded = false;
    // One pass that ends at the first byte that does not fit: whoever writes `eyJ=eyJ=` must not have all of it read
    // again for each. A part may be empty: the signature where `alg` is `none`, the key where it is agreed on.
    for byte in text {
        match OF_JWTS[usize::from(*byte)] {
            InJwt::Base64 if !padded => {}
            InJwt::Dot => {
                dots += 1;
                padded = false;
            }
            InJwt::Padding => padded = true,
            _ => return false,
        }
    }
    matches!(dots, 2 | 4)
}

/// What a byte is in a JWT. Tokens are long, and come with every request.
#[derive(Clone, Copy)]
enum InJwt {
    Base64,
    Dot,
    Padding,
    Nothing,
}

static OF_JWTS: [InJwt; 256] = {
    let mut table = [InJwt::Nothing; 256];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        table[at] = match byte {
            b'.' => InJwt::Dot,
            b'=' => InJwt::Padding,
            b'-' | b'_' => InJwt::Base64,
            _ if byte.is_ascii_alphanumeric() => InJwt::Base64,
            _ => InJwt::Nothing,
        };
        at += 1;
    }
    table
};

struct Prefix {
    prefix: &'static str,
    tail: Tail,
    class: DataClass,
}

/// What follows a mark.
enum Tail {
    /// Exactly so many letters and digits, then the end.
    Exactly(usize),
    /// So many upper-case letters and digits, then the end.
    Upper(usize),
    /// So many hexadecimal digits, then the end.
    Hex(usize),
    /// At least so many letters, digits, dashes, underscores and dots.
    AtLeast(usize),
}

impl Tail {
    fn fits(&self, tail: &[u8]) -> bool {
        // What stands behind may be the next field of a query, or a colon and a password.
        let end = tail.iter().position(|b| matches!(b, b':' | b'=' | b'/' | b'+' | b'~' | b'$')).unwrap_or(tail.len());
        let tail = &tail[..end];
        match self {
            Self::Exactly(n) => tail.len() == *n && tail.iter().all(u8::is_ascii_alphanumeric),
            Self::Upper(n) => tail.len() == *n && tail.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
            Self::Hex(n) => tail.len() == *n && tail.iter().all(u8::is_ascii_hexdigit),
            Self::AtLeast(n) => tail.len() >= *n,
        }
    }
}

const fn service(prefix: &'static str, tail: Tail) -> Prefix {
    Prefix { prefix, tail, class: DataClass::ServiceToken }
}

const fn cloud(prefix: &'static str, tail: Tail) -> Prefix {
    Prefix { prefix, tail, class: DataClass::CloudKey }
}

/// How well-known issuers let their secrets begin, from what they document for secret scanning.
static PREFIXES: &[Prefix] = &[
    // Payment: Stripe, Square, Braintree and PayPal, Razorpay, Checkout.com, Flutterwave, Plaid, Mercado Pago.
    service("sk_live_", Tail::AtLeast(16)),
    service("sk_test_", Tail::AtLeast(16)),
    service("rk_live_", Tail::AtLeast(16)),
    service("rk_test_", Tail::AtLeast(16)),
    service("pk_live_", Tail::AtLeast(16)),
    service("pk_test_", Tail::AtLeast(16)),
    service("whsec_", Tail::AtLeast(16)),
    service("sq0atp-", Tail::AtLeast(22)),
    service("sq0csp-", Tail::AtLeast(40)),
    service("access_token$production$", Tail::AtLeast(16)),
    service("rzp_live_", Tail::AtLeast(14)),
    service("rzp_test_", Tail::AtLeast(14)),
    service("sk_sbox_", Tail::AtLeast(20)),
    service("FLWSECK-", Tail::AtLeast(12)),
    service("FLWSECK_TEST-", Tail::AtLeast(12)),
    service("access-production-", Tail::AtLeast(32)),
    service("access-sandbox-", Tail::AtLeast(32)),
    service("APP_USR-", Tail::AtLeast(30)),
    // Code and packages.
    service("ghp_", Tail::AtLeast(36)),
    service("gho_", Tail::AtLeast(36)),
    service("ghu_", Tail::AtLeast(36)),
    service("ghs_", Tail::AtLeast(36)),
    service("ghr_", Tail::AtLeast(36)),
    service("github_pat_", Tail::AtLeast(22)),
    service("glpat-", Tail::AtLeast(20)),
    service("gldt-", Tail::AtLeast(20)),
    service("glrt-", Tail::AtLeast(20)),
    service("npm_", Tail::Exactly(36)),
    service("pypi-AgEIcHlwaS5vcmc", Tail::AtLeast(20)),
    service("rubygems_", Tail::Hex(48)),
    service("dckr_pat_", Tail::AtLeast(20)),
    // Talk and mail.
    service("xoxb-", Tail::AtLeast(12)),
    service("xoxp-", Tail::AtLeast(12)),
    service("xoxa-", Tail::AtLeast(12)),
    service("xoxr-", Tail::AtLeast(12)),
    service("xoxs-", Tail::AtLeast(12)),
    service("xapp-", Tail::AtLeast(12)),
    service("SG.", Tail::AtLeast(60)),
    service("key-", Tail::Hex(32)),
    service("SK", Tail::Hex(32)),
    // Shops, work, monitoring, models.
    service("shpat_", Tail::Hex(32)),
    service("shpss_", Tail::Hex(32)),
    service("shpca_", Tail::Hex(32)),
    service("shppa_", Tail::Hex(32)),
    service("ATATT3", Tail::AtLeast(40)),
    service("lin_api_", Tail::AtLeast(32)),
    service("PMAK-", Tail::AtLeast(34)),
    service("NRAK-", Tail::AtLeast(20)),
    service("sntrys_", Tail::AtLeast(40)),
    service("hvs.", Tail::AtLeast(24)),
    service("dapi", Tail::Hex(32)),
    service("sk-proj-", Tail::AtLeast(32)),
    service("sk-ant-", Tail::AtLeast(32)),
    service("hf_", Tail::Exactly(34)),
    // Clouds: AWS key ids, Google, Azure, DigitalOcean, Alibaba.
    cloud("AKIA", Tail::Upper(16)),
    cloud("ASIA", Tail::Upper(16)),
    cloud("ABIA", Tail::Upper(16)),
    cloud("ACCA", Tail::Upper(16)),
    cloud("AIza", Tail::AtLeast(35)),
    cloud("ya29.", Tail::AtLeast(20)),
    cloud("GOCSPX-", Tail::AtLeast(28)),
    cloud("AccountKey=", Tail::AtLeast(80)),
    cloud("SharedAccessKey=", Tail::AtLeast(40)),
    cloud("dop_v1_", Tail::Hex(64)),
    cloud("doo_v1_", Tail::Hex(64)),
    cloud("LTAI", Tail::Exactly(20)),
];

/// What a name calls a password, a token, a key or a secret, where the value does not contradict.
pub(super) fn named(value: &[u8], words: Words) -> DataClasses {
    // `****` and `REDACTED` are none; nor is a yes or no (`"password": true`).
    let hidden = value.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.' | b'#' | b'-' | b'<' | b'>' | b'[' | b']'))
        || [&b"redacted"[..], b"[redacted]", b"<redacted>", b"hidden", b"masked", b"required"]
            .iter()
            .any(|w| w.eq_ignore_ascii_case(value));
    if hidden || is_nothing(value) || value.is_empty() {
        return DataClasses::NONE;
    }
    if words.ends(&[Topic::Password]) {
        let fits = (4..=256).contains(&value.len()) && !is_date(value) && !is_date_time(value);
        return if fits { DataClass::Password.into() } else { DataClasses::NONE };
    }
    let token = words.ends(&[Topic::Token]) && !words.any(&[Topic::Paging, Topic::Card]);
    let key = words.ends(&[Topic::Key]) && words.any(&[Topic::Access, Topic::Secret]) && !words.has(Topic::Paging);
    let secret = words.ends(&[Topic::Secret, Topic::Access]) && words.has(Topic::Secret);
    let opaque = value.len() >= 8
        && value.iter().all(u8::is_ascii_graphic)
        && value.iter().any(|b| !b.is_ascii_lowercase() && *b != b'_')
        && !is_date_time(value)
        && !is_email(value)
        && (value.len() >= 16 || !is_digits(value));
    let is = opaque && (token && (!is_uuid(value) || words.len() > 1) || key || secret);
    if is { DataClass::Secret.into() } else { DataClasses::NONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str, value: &str) -> DataClasses {
        let words = Words::of(key.as_bytes());
        let value = value.as_bytes();
        tokens(value).and(private_key(value)).and(named(value, words))
    }

    fn sample(row: &Prefix) -> String {
        let tail = match row.tail {
            Tail::Exactly(n) | Tail::AtLeast(n) => "a1B2c3D4".repeat(n)[..n].to_owned(),
            Tail::Upper(n) => "A1B2C3D4".repeat(n)[..n].to_owned(),
            Tail::Hex(n) => "a1b2c3d4".repeat(n)[..n].to_owned(),
        };
        format!("{}{tail}", row.prefix)
    }

    #[test]
    fn every_mark_is_found_wherever_it_stands() {
        // Catches a row that no text can match, and one that only stands at the start.
        for row in PREFIXES {
            let token = sample(row);
            for text in [
                token.clone(),
                format!("Bearer {token}"),
                format!("key={token}&x=1"),
                format!("\"{token}\","),
                format!("https://h.example/{token}"),
            ] {
                assert!(found("", &text).has(row.class), "{text}");
            }
            assert!(found("", row.prefix).is_empty() && found("", &format!("x{token}")).is_empty(), "{token}");
            assert!(token.len() >= SHORTEST, "{token}");
        }
    }

    #[test]
    fn tokens_and_keys_have_forms() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        for text in [jwt.to_owned(), format!("Bearer {jwt}"), format!("token={jwt};"), format!("{jwt}.x.y")] {
            assert_eq!(found("", &text), DataClass::Jwt.into(), "{text}");
        }
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        assert_eq!(found("", pem), DataClass::PrivateKey.into());
        assert_eq!(
            found("", "x -----BEGIN CERTIFICATE-----\n.. -----BEGIN PRIVATE KEY-----"),
            DataClass::PrivateKey.into()
        );
        for text in [
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PRIVATE KEY",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyebrow.raised.high",
            "AKIA",
            "sk_live_short",
        ] {
            assert!(found("", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_name_tells_of_a_secret() {
        for (key, value, class) in [
            ("password", "hunter2", DataClass::Password),
            ("new_password", "correct horse", DataClass::Password),
            ("userPwd", "Pa55w0rd!", DataClass::Password),
            ("client_secret", "8f14e45fceea167a", DataClass::Secret),
            ("api_key", "8f14e45fceea167a", DataClass::Secret),
            ("apikey", "8f14e45fceea167a", DataClass::Secret),
            ("access_token", "8f14e45fceea167a", DataClass::Secret),
            ("refreshToken", "8f14e45fceea167a", DataClass::Secret),
            ("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", DataClass::Secret),
        ] {
            assert_eq!(found(key, value), class.into(), "{key}");
        }
        for (key, value) in [
            ("password", "true"),
            ("password", "****"),
            ("password", ""),
            ("password_changed_at", "2024-03-01T10:15:00Z"),
            ("password_policy", "strict"),
            ("token_type", "Bearer"),
            ("next_page_token", "8f14e45fceea167a"),
            ("max_tokens", "4096"),
            ("key", "8f14e45fceea167a"),
            ("primary_key", "8f14e45fceea167a"),
            ("secretary", "8f14e45fceea167a"),
            ("token", "card_token"),
            ("api_key", "[REDACTED]"),
            ("idempotency_key", "8f14e45fceea167a"),
            ("cache_key", "8f14e45fceea167a"),
        ] {
            assert!(found(key, value).is_empty(), "{key}={value}");
        }
    }
}
