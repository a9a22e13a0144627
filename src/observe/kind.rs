//! Which kind a body is: by its media type, and by its first bytes.
//!
//! In: a media type, lower case, without parameters; bytes without content codings. Out: kinds of a closed set. Both are looked
//! at for every body, so this must cost next to nothing.

use super::encoding::is_packed;
use crate::api::{BodyKind, BodySide, OddBody, Said};
use crate::proto::Message;

/// The kind that a media type says; `None` where it says none, or one that says nothing.
pub(super) fn kind_of_type(media_type: Option<&str>) -> Option<BodyKind> {
    let media_type = media_type?;
    // Nearly all answers of APIs: done before anything is searched.
    if media_type == "application/json" {
        return Some(BodyKind::Json);
    }
    let (top, sub) = media_type.split_once('/')?;
    Some(match (top, sub) {
        ("application" | "text", "json" | "x-json" | "x-ndjson" | "ndjson" | "jsonl" | "json-seq") => BodyKind::Json,
        (_, sub) if sub.ends_with("+json") => BodyKind::Json,
        ("text", "html") | ("application", "xhtml+xml") => BodyKind::Html,
        ("application" | "text", "xml") => BodyKind::Xml,
        (_, sub) if sub.ends_with("+xml") => BodyKind::Xml,
        ("text" | "application", "csv" | "tab-separated-values" | "x-csv") => BodyKind::Csv,
        ("application", "x-www-form-urlencoded") => BodyKind::Form,
        ("multipart", _) => BodyKind::Multipart,
        ("application", "pdf" | "x-pdf") => BodyKind::Pdf,
        ("image", "png" | "x-png") => BodyKind::Png,
        ("image", "jpeg" | "jpg" | "pjpeg") => BodyKind::Jpeg,
        ("image", "gif") => BodyKind::Gif,
        ("application", "zip" | "x-zip" | "x-zip-compressed" | "java-archive" | "vnd.android.package-archive") => {
            BodyKind::Zip
        }
        (_, sub) if sub.ends_with("+zip") => BodyKind::Zip,
        ("application", sub)
            if sub.starts_with("vnd.openxmlformats-") || sub.starts_with("vnd.oasis.opendocument.") =>
        {
            BodyKind::Zip
        }
        ("application", "gzip" | "x-gzip" | "x-tgz" | "x-gtar-compressed") => BodyKind::Gzip,
        ("application", sub) if sub.starts_with("grpc") => BodyKind::Grpc,
        ("application", "protobuf" | "x-protobuf" | "x-protobuffer" | "vnd.google.protobuf") => BodyKind::Protobuf,
        ("application", sub) if sub.ends_with("protobuf") => BodyKind::Protobuf,
        ("text", "plain" | "event-stream" | "markdown" | "yaml" | "css" | "javascript") => BodyKind::Text,
        ("application", "javascript" | "yaml" | "x-yaml") => BodyKind::Text,
        ("image" | "audio" | "video" | "font", _) => BodyKind::Media,
        _ => return None,
    })
}

/// The kind that the first bytes show beyond doubt.
pub(super) fn kind_of_bytes(body: &[u8]) -> Option<BodyKind> {
    match body {
        [b'%', b'P', b'D', b'F', b'-', ..] => return Some(BodyKind::Pdf),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => return Some(BodyKind::Png),
        [0xff, 0xd8, 0xff, ..] => return Some(BodyKind::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => return Some(BodyKind::Gif),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => return Some(BodyKind::Zip),
        [0x1f, 0x8b, 8, ..] => return Some(BodyKind::Gzip),
        _ => {}
    }
    let text = body.get(..BEGINNING).unwrap_or(body);
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii_start();
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if begins_like_json(text) {
        Some(BodyKind::Json)
    } else if begins(b"<!doctype html") || begins(b"<html") {
        Some(BodyKind::Html)
    } else if begins(b"<?xml") {
        Some(BodyKind::Xml)
    } else {
        None
    }
}

/// An object with a name in it, or an array of objects, strings or numbers. A text may begin with a bracket, too.
fn begins_like_json(text: &[u8]) -> bool {
    let inside = |rest: &'_ [u8]| rest.trim_ascii_start().first().copied();
    match text {
        [b'{', rest @ ..] => matches!(inside(rest), Some(b'"' | b'}')),
        [b'[', rest @ ..] => matches!(inside(rest), Some(b'{' | b'"' | b']')),
        _ => false,
    }
}

/// A body whose kind its media type does not tell.
#[inline]
pub(super) fn odd_body(side: BodySide, message: &Message, media_type: Option<&str>) -> Option<OddBody> {
    if message.body.is_empty() { None } else { odd_bytes(side, message, media_type) }
}

fn odd_bytes(side: BodySide, message: &Message, media_type: Option<&str>) -> Option<OddBody> {
    let kind = kind_of_bytes(&message.body)?;
    let said = match kind_of_type(media_type) {
        None => Said::Nothing,
        Some(said) if said == kind || fits(said, kind) => return None,
        Some(_) => Said::Otherwise,
    };
    // Asked last, for it searches the head: what is packed may be anything.
    (!is_packed(message)).then_some(OddBody { side, kind, said })
}

/// What is said may begin like what it seems.
const fn fits(said: BodyKind, kind: BodyKind) -> bool {
    matches!(
        (said, kind),
        // XHTML begins as XML does; a CSV's first cell may be a bracket; frames of gRPC and Protobuf may begin with anything.
        (BodyKind::Html, BodyKind::Xml) | (BodyKind::Csv, BodyKind::Json) | (BodyKind::Grpc | BodyKind::Protobuf, _)
    )
}

/// Bytes in which blanks may stand before the beginning.
const BEGINNING: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(media_type: Option<&str>, body: &[u8]) -> Option<(BodyKind, Said)> {
        let mut message = Message::default();
        message.set_response(200, 11);
        message.body.extend_from_slice(body);
        odd_body(BodySide::Response, &message, media_type).map(|odd| (odd.kind, odd.said))
    }

    #[test]
    fn what_is_packed_for_its_transfer_is_not_odd() {
        // Catches a coding that is taken for the kind of the body; and a body that chunks alone excuse.
        for (coding, told) in [("gzip, chunked", None), ("chunked", Some(BodyKind::Gzip))] {
            let mut message = Message::default();
            message.set_response(200, 11);
            message.push_field(b"Transfer-Encoding", coding.as_bytes());
            message.body.extend_from_slice(b"\x1f\x8b\x08\x00");
            let odd = odd_body(BodySide::Response, &message, Some("application/json"));
            assert_eq!(odd.map(|odd| odd.kind), told, "{coding}");
        }
    }

    #[test]
    fn a_body_that_is_not_what_it_says_is_told() {
        use BodyKind::{Gif, Gzip, Html, Jpeg, Json, Pdf, Png, Xml, Zip};
        use Said::{Nothing, Otherwise};
        for (media_type, body, told) in [
            (Some("application/json"), &b"<!DOCTYPE html><p>"[..], (Html, Otherwise)),
            (Some("image/png"), b"\xff\xd8\xff\xe0", (Jpeg, Otherwise)),
            (Some("application/json"), b"\x1f\x8b\x08\x00", (Gzip, Otherwise)),
            (Some("text/plain"), b" {\"a\":1}", (Json, Otherwise)),
            (Some("application/x-www-form-urlencoded"), b"{\"a\":1}", (Json, Otherwise)),
            (Some("image/jpeg"), b"PK\x03\x04", (Zip, Otherwise)),
            (None, b"[{\"a\":1}]", (Json, Nothing)),
            (Some("application/octet-stream"), b"%PDF-1.7", (Pdf, Nothing)),
            (Some("other"), b"GIF89a", (Gif, Nothing)),
            (None, b"\x89PNG\r\n\x1a\n", (Png, Nothing)),
            (None, b"<?xml version='1.0'?>", (Xml, Nothing)),
        ] {
            assert_eq!(odd(media_type, body), Some(told), "{media_type:?}");
        }
        // Catches ordinary bodies called odd.
        for (media_type, body) in [
            (Some("application/json"), &b"{}"[..]),
            (Some("application/problem+json"), b"{\"a\":1}"),
            (Some("text/html"), b"<?xml version='1.0'?><html>"),
            (Some("image/svg+xml"), b"<?xml version='1.0'?><svg>"),
            (Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"), b"PK\x03\x04"),
            (Some("text/plain"), b"[INFO] started"),
            (Some("text/plain"), b"{name} is a template"),
            (Some("text/plain"), b"PKZIP"),
            (Some("application/protobuf"), b"{\"a\""),
            (Some("application/json"), b""),
            (None, b"hello"),
        ] {
            assert_eq!(odd(media_type, body), None, "{media_type:?} {body:?}");
        }
    }

    #[test]
    fn types_say_kinds() {
        use BodyKind::{Csv, Form, Grpc, Html, Media, Multipart, Protobuf, Text, Xml};
        for (media_type, kind) in [
            ("text/csv", Some(Csv)),
            ("application/x-www-form-urlencoded", Some(Form)),
            ("multipart/byteranges", Some(Multipart)),
            ("application/grpc+proto", Some(Grpc)),
            ("application/x-protobuf", Some(Protobuf)),
            ("application/vnd.kubernetes.protobuf", Some(Protobuf)),
            ("application/xhtml+xml", Some(Html)),
            ("application/soap+xml", Some(Xml)),
            ("text/plain", Some(Text)),
            ("video/mp4", Some(Media)),
            ("application/octet-stream", None),
            ("other", None),
        ] {
            assert_eq!(kind_of_type(Some(media_type)), kind, "{media_type}");
        }
    }
}
