//! Media types and methods as they may be shown: one spelling, and nothing that only pretends to be one.

use crate::api::SegmentClass;
use crate::proto::Message;

use super::classify::classify_segment;

/// Writes the essence of a message's Content-Type (RFC 9110 section 8.3.1), lower case, into `into`; `other` for
/// what is none. `None` when the message says none.
pub(super) fn media_type<'x>(message: &Message, into: &'x mut String) -> Option<&'x str> {
    let value = message.field("content-type")?;
    // Alone, or with a charset behind it, and mostly spelt as here.
    let spelt =
        |known: &&&str| value.strip_prefix(known.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b';', ..]));
    if let Some(known) = COMMON.iter().find(spelt) {
        return Some(known);
    }
    let essence = value.split(|b| matches!(b, b';' | b',')).next().unwrap_or_default().trim_ascii();
    into.clear();
    if essence.is_empty() {
        return None;
    }
    if let Some(known) = COMMON.iter().find(|known| known.as_bytes().eq_ignore_ascii_case(essence)) {
        into.push_str(known);
        return Some(into);
    }
    into.extend(essence.iter().map(|b| char::from(b.to_ascii_lowercase())));
    if !is_media_type(into) {
        into.clear();
        into.push_str("other");
    }
    Some(into)
}

fn is_media_type(essence: &str) -> bool {
    let Some((top, sub)) = essence.split_once('/') else { return false };
    let known = TOP_LEVELS.contains(&top) || top.starts_with("x-");
    // RFC 6838 section 4.2 allows a few marks more; nobody registered a name with one.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'+' | b'_');
    known
        && essence.len() <= 80
        && !sub.is_empty()
        && top.bytes().chain(sub.bytes()).all(plain)
        && !is_secret(top)
        && !is_secret(sub)
}

/// A type or subtype that holds an id, a number or an address where a name should stand. A few digits (`3gpp`, `v3`) may.
fn is_secret(sub: &str) -> bool {
    use SegmentClass::{Date, Hex, Prefixed, Token, Ulid};
    let secret = |part| matches!(classify_segment(part), Token | Hex | Date | Ulid | Prefixed);
    sub.bytes().filter(u8::is_ascii_digit).count() > 4 || sub.split(['.', '+']).any(secret)
}

/// The method as it may be shown: as sent, or `{method}`.
pub(super) fn method(sent: &[u8]) -> &str {
    let odd = "{method}";
    // Nearly all requests.
    match sent {
        b"GET" => return "GET",
        b"POST" => return "POST",
        b"PUT" => return "PUT",
        _ => {}
    }
    if !is_token(sent) || sent.len() > 32 {
        return odd;
    }
    match std::str::from_utf8(sent) {
        Ok(name) if KNOWN_METHODS.contains(&name) || !classify_segment(name).is_value() => name,
        _ => odd,
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

/// What most messages are of, the most frequent first.
const COMMON: &[&str] = &[
    "application/json",
    "text/html",
    "text/plain",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "text/xml",
    "application/octet-stream",
    "multipart/form-data",
    "text/event-stream",
];

const TOP_LEVELS: &[&str] =
    &["application", "audio", "chemical", "font", "image", "message", "model", "multipart", "text", "video"];

const KNOWN_METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Option<String> {
        let mut message = Message::default();
        message.set_response(200, 11);
        message.push_field(b"content-TYPE", value);
        media_type(&message, &mut String::new()).map(str::to_owned)
    }

    #[test]
    fn a_media_type_is_its_essence() {
        for (value, essence) in [
            ("Application/JSON; charset=utf-8", "application/json"),
            ("text/html", "text/html"),
            ("application/vnd.github.v3+json", "application/vnd.github.v3+json"),
            ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
            (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            ("application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"),
            ("application/grpc-web+proto", "application/grpc-web+proto"),
            ("application/x-7z-compressed", "application/x-7z-compressed"),
            ("application/vnd.ms-excel.sheet.macroEnabled.12", "application/vnd.ms-excel.sheet.macroenabled.12"),
            ("video/3gpp", "video/3gpp"),
            ("application/octet-stream", "application/octet-stream"),
            ("application/vnd.amazon.eventstream", "application/vnd.amazon.eventstream"),
            (
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.docker.distribution.manifest.v2+json",
            ),
            ("json", "other"),
            ("a/b", "other"),
            ("text/<script>", "other"),
            ("text/4111111111111111", "other"),
            ("x-4111111111111111/plain", "other"),
            ("x-ghp_16c7e42f292c6912e7710c838347ae178b4a/plain", "other"),
            ("x-world/x-3dmf", "x-world/x-3dmf"),
            ("application/vnd.deadbee7.abcdef12", "other"),
        ] {
            assert_eq!(read(value.as_bytes()).as_deref(), Some(essence));
        }
        assert_eq!(read(b" ;"), None);
        assert_eq!(read(&[b'a'; 100]).as_deref(), Some("other"));
    }

    #[test]
    fn a_common_media_type_is_one_by_the_rules_too() {
        // Catches a short cut that lets through what the long way would not.
        for known in COMMON {
            assert!(is_media_type(known) && *known == known.to_ascii_lowercase(), "{known}");
        }
    }

    #[test]
    fn methods_stand_as_sent_unless_they_hold_something() {
        for same in ["GET", "get", "PROPFIND", "M-SEARCH", "VERSION-CONTROL", "BASELINE-CONTROL", "PURGE"] {
            assert_eq!(method(same.as_bytes()), same);
        }
        for odd in ["", "G T", "4111111111111111", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "GET\u{202e}"] {
            assert_eq!(method(odd.as_bytes()), "{method}");
        }
        assert_eq!(method(&[b'A'; 33]), "{method}");
    }
}
