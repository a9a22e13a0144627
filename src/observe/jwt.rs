//! Reads what a JSON Web Token says of itself. The token is looked at and forgotten, nothing is verified.
//!
//! In: the text of a token. Out: `TokenFacts`. Of the claims only `iss`, `exp`, `iat` and `nbf` are read, and of those
//! no value is kept but a host name made of words.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::classify::classify_segment;
use super::legible::is_plain_label;
use crate::api::{SegmentClass, TokenAlgorithm, TokenFacts, TokenIssuer, TokenLifetime};

/// What reading a token takes, used again for each.
#[derive(Debug)]
pub(super) struct Room {
    /// One part, decoded.
    part: Box<[u8; ROOM]>,
    /// The name of the issuer, which goes along with the facts. Whoever puts the one before back saves an allocation.
    pub(super) name: String,
}

impl Default for Room {
    fn default() -> Self {
        Self { part: Box::new([0; ROOM]), name: String::new() }
    }
}

/// The facts of a text that has the form of a token (`sensitive::is_jwt`).
pub(super) fn facts(token: &[u8], room: &mut Room) -> TokenFacts {
    let Room { part: room, name } = room;
    let mut parts = token.split(|b| *b == b'.');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if parts.count() > 1 {
        let issuer = TokenIssuer::Unnamed;
        return TokenFacts { algorithm: TokenAlgorithm::Encrypted, lifetime: TokenLifetime::Unknown, issuer };
    }
    let algorithm = match read::<Header<'_>>(header, room) {
        Some(Header { alg: Some(Text(alg)) }) => TokenAlgorithm::named(&alg),
        _ => TokenAlgorithm::Other,
    };
    let Some(claims) = read::<Claims<'_>>(claims, room) else {
        return TokenFacts { algorithm, lifetime: TokenLifetime::Unknown, issuer: TokenIssuer::Unnamed };
    };
    let lifetime = match (claims.exp, claims.iat.or(claims.nbf)) {
        (None, _) => TokenLifetime::Endless,
        (Some(Seconds(exp)), Some(Seconds(from))) => TokenLifetime::of_seconds(exp - from),
        (Some(_), None) => TokenLifetime::Unknown,
    };
    TokenFacts { algorithm, lifetime, issuer: claims.iss.map_or(TokenIssuer::Unnamed, |Text(iss)| issuer(&iss, name)) }
}

/// Bytes of a part that are read; a longer part is passed over.
const ROOM: usize = 4 << 10;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn read<'r, T: Deserialize<'r>>(part: &[u8], room: &'r mut [u8; ROOM]) -> Option<T> {
    let length = BASE64.decode_slice(part, room).ok()?;
    serde_json::from_slice(room.get(..length)?).ok()
}

/// `https://login.shop.example/oauth` is `login.shop.example`; a tenant's id in it makes it another.
fn issuer(text: &str, name: &mut String) -> TokenIssuer {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host
        .rsplit_once(':')
        .map_or(host, |(host, port)| if port.bytes().all(|b| b.is_ascii_digit()) { host } else { "" });
    let plain = |label: &str| {
        label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && classify_segment(label) == SegmentClass::Word
            && is_plain_label(label.as_bytes())
    };
    if (1..=HOST_BYTES).contains(&host.len()) && host.contains('.') && host.split('.').all(plain) {
        name.clear();
        name.push_str(host);
        name.make_ascii_lowercase();
        TokenIssuer::Host(std::mem::take(name))
    } else {
        TokenIssuer::Other
    }
}

/// Bytes of a host that is kept.
const HOST_BYTES: usize = 64;

#[derive(Deserialize)]
struct Header<'r> {
    #[serde(borrow)]
    alg: Option<Text<'r>>,
}

#[derive(Deserialize)]
struct Claims<'r> {
    #[serde(borrow, default)]
    iss: Option<Text<'r>>,
    exp: Option<Seconds>,
    iat: Option<Seconds>,
    nbf: Option<Seconds>,
}

/// A string; whatever else stands there is an empty one. One claim of an odd type must not hide the others.
struct Text<'r>(Cow<'r, str>);

/// NumericDate (RFC 7519 section 2); whatever else stands there is not a number.
#[derive(Clone, Copy)]
struct Seconds(f64);

/// Takes any value: what it wants, or nothing.
struct Lenient;

enum Any<'r> {
    Text(Cow<'r, str>),
    Number(f64),
    Else,
}

impl<'de> Visitor<'de> for Lenient {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Any<'de>, E> {
        Ok(Any::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Any<'de>, E> {
        Ok(Any::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Any<'de>, E> {
        Ok(Any::Number(n as f64))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Any<'de>, E> {
        Ok(Any::Number(n as f64))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Any<'de>, E> {
        Ok(Any::Number(n))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Any<'de>, E> {
        Ok(Any::Else)
    }

    fn visit_unit<E>(self) -> Result<Any<'de>, E> {
        Ok(Any::Else)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Any<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Any::Else)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Any::Else)
    }
}

impl<'de: 'r, 'r> Deserialize<'de> for Text<'r> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Lenient)? {
            Any::Text(text) => Self(text),
            _ => Self(Cow::Borrowed("")),
        })
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Lenient)? {
            Any::Number(n) => Self(n),
            _ => Self(f64::NAN),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts(token: &[u8]) -> TokenFacts {
        super::facts(token, &mut Room::default())
    }

    fn token(header: &str, claims: &str) -> Vec<u8> {
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(header), part(claims)).into_bytes()
    }

    fn lifetime(claims: &str) -> TokenLifetime {
        facts(&token(r#"{"alg":"RS256"}"#, claims)).lifetime
    }

    fn issuer_of(text: &str) -> TokenIssuer {
        facts(&token(r#"{"alg":"RS256"}"#, &serde_json::json!({ "iss": text }).to_string())).issuer
    }

    #[test]
    fn the_header_names_the_algorithm() {
        for (alg, known) in [
            ("HS256", TokenAlgorithm::HS256),
            ("none", TokenAlgorithm::None),
            ("nOnE", TokenAlgorithm::None),
            ("ES256K", TokenAlgorithm::ES256K),
            ("4111111111111111", TokenAlgorithm::Other),
        ] {
            assert_eq!(facts(&token(&format!(r#"{{"typ":"JWT","alg":"{alg}"}}"#), "{}")).algorithm, known, "{alg}");
        }
        for header in ["{}", "[]", r#"{"alg":7}"#, r#"{"alg":["HS256"]}"#, "not JSON"] {
            assert_eq!(facts(&token(header, "{}")).algorithm, TokenAlgorithm::Other, "{header}");
        }
        assert_eq!(facts(b"eyJh.b.c.d.e").algorithm, TokenAlgorithm::Encrypted);
    }

    #[test]
    fn a_lifetime_is_a_class() {
        // Catches minutes taken for hours, and a claim of an odd type that hides the others.
        for (claims, class) in [
            (r#"{"sub":"a"}"#, TokenLifetime::Endless),
            (r#"{"iat":1700000000,"exp":1700003600}"#, TokenLifetime::Hour),
            (r#"{"iat":1700000000,"exp":1700003601}"#, TokenLifetime::Day),
            (r#"{"nbf":1700000000.5,"exp":1702000000}"#, TokenLifetime::Month),
            (r#"{"iat":0,"exp":99999999999999}"#, TokenLifetime::Longer),
            (r#"{"exp":1700003600}"#, TokenLifetime::Unknown),
            (r#"{"iat":"soon","exp":1700003600}"#, TokenLifetime::Unknown),
            (r#"{"aud":["a"],"iss":{"a":1},"iat":1700000000,"exp":1700000060}"#, TokenLifetime::Hour),
            ("not JSON", TokenLifetime::Unknown),
        ] {
            assert_eq!(lifetime(claims), class, "{claims}");
        }
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(2 * ROOM));
        assert_eq!(lifetime(&long), TokenLifetime::Unknown);
    }

    #[test]
    fn only_hosts_made_of_words_are_kept() {
        // Catches a tenant's id, a user's name or a path that gets into reports by way of the issuer.
        for (text, host) in [
            ("https://login.shop.example/oauth", "login.shop.example"),
            ("accounts.google.com", "accounts.google.com"),
            ("https://acme.eu.auth0.com/", "acme.eu.auth0.com"),
            ("https://cognito-idp.us-east-1.amazonaws.com/pool", "cognito-idp.us-east-1.amazonaws.com"),
            ("https://Login.Shop.example:8443", "login.shop.example"),
        ] {
            assert_eq!(issuer_of(text), TokenIssuer::Host(host.into()), "{text}");
        }
        for text in [
            "https://dev-8f14e45fceea167a.auth.example/",
            "https://sts.example.net.4111111111111111/",
            "alice@example.com",
            "cori.ygaprbc.rapi9",
            "https://lonuwimo90loduva.com",
            "https://anna84.example/",
            "https://user:secret@login.example/",
            "internal",
            "",
            "10.0.0.7",
            "\u{6771}.example",
        ] {
            assert_eq!(issuer_of(text), TokenIssuer::Other, "{text}");
        }
        assert_eq!(facts(&token("{}", "{}")).issuer, TokenIssuer::Unnamed);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(text in prop::collection::vec(any::<u8>(), 0..200), claims in "[{}\\[\\]\":,a-z0-9.]{0,80}") {
            facts(&text);
            facts(&token(&claims, &claims));
        }
    }
}
