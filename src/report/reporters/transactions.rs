//! The log of exchanges: one NDJSON line each, written while the capture is read.
//!
//! It prints what was sent, raw targets with their values, so it is never a default: it is asked for by name. No
//! [`Reporter`](crate::report::Reporter), because there is no report yet when its lines are written; and no word of `proto`
//! here, so that this room builds without the wire: whoever assembles both fills a [`TransactionLine`].
//!
//! A line is an object of pure ASCII with its keys in this order:
//!
//! | key | what |
//! | --- | --- |
//! | `type` | `transaction`; `response` when only a response was captured, and then without `method` and `target` |
//! | `time` | RFC 3339, first byte of the request (or of the response, where that is all) |
//! | `stream` | the connection's id, the same in every run over the same capture |
//! | `client`, `server` | address and port |
//! | `method` | as sent |
//! | `host` | the Host field as sent; null when there was none |
//! | `target` | as sent, not decoded |
//! | `version` | `1.1`, `1.0`, `0.9`, `2` |
//! | `status` | the final status; null when no response was seen |
//! | `request_type`, `response_type` | Content-Type as sent; null when there was none |
//! | `request_bytes`, `response_bytes` | body bytes on the wire after de-chunking |
//! | `latency_us` | first byte to first byte; null when one of them is missing |
//! | `interim` | interim (1xx) responses before the final one |
//! | `encrypted` | it came out of TLS |
//!
//! Bytes that are no printable ASCII stand as `\u00XX`, each byte for itself (ISO 8859-1).

use std::io::Write as _;
use std::net::SocketAddr;

use crate::report::contents::rfc3339_text;
use crate::time::{Span, Timestamp};

/// Whether values are hidden (`--mask`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mask {
    /// Targets as sent.
    #[default]
    No,
    /// Query values, fragments and user names in targets and hosts become `***`; paths stay.
    Yes,
}

/// One exchange, for one line.
#[derive(Clone, Copy, Debug)]
pub struct TransactionLine<'a> {
    /// First byte of the request, or of the response where that is all there is.
    pub time: Timestamp,
    /// The connection's id.
    pub stream: u64,
    /// Who asked.
    pub client: SocketAddr,
    /// Who was asked.
    pub server: SocketAddr,
    /// As sent; `None` when only a response was seen.
    pub method: Option<&'a [u8]>,
    /// The Host field (or `:authority`) as sent.
    pub host: Option<&'a [u8]>,
    /// As sent.
    pub target: &'a [u8],
    /// Times ten: 10, 11, 20; 9 for HTTP/0.9.
    pub version: u8,
    /// Final status.
    pub status: Option<u16>,
    /// Content-Type of the request as sent.
    pub request_type: Option<&'a [u8]>,
    /// Content-Type of the response as sent.
    pub response_type: Option<&'a [u8]>,
    /// Body bytes of the request on the wire, after de-chunking.
    pub request_body_len: u64,
    /// Body bytes of the response on the wire, after de-chunking.
    pub response_body_len: u64,
    /// First byte of the request to first byte of the response.
    pub latency: Option<Span>,
    /// Interim (1xx) responses.
    pub interim: u32,
    /// It came out of TLS.
    pub encrypted: bool,
}

impl TransactionLine<'_> {
    /// Appends the line and its line end to `out`.
    pub fn write_line(&self, mask: Mask, out: &mut Vec<u8>) {
        let kind = if self.method.is_some() { "transaction" } else { "response" };
        put(out, format_args!("{{\"type\":\"{kind}\",\"time\":\"{}\"", rfc3339_text(self.time)));
        put(out, format_args!(",\"stream\":\"{:016x}\"", self.stream));
        put(out, format_args!(",\"client\":\"{}\",\"server\":\"{}\"", self.client, self.server));
        if let Some(method) = self.method {
            out.extend_from_slice(b",\"method\":");
            put_text(out, method);
            out.extend_from_slice(b",\"host\":");
            match (mask, self.host) {
                (Mask::Yes, Some(host)) => put_text(out, &masked_authority(host)),
                (_, host) => put_text_or_null(out, host),
            }
            out.extend_from_slice(b",\"target\":");
            match mask {
                Mask::Yes => put_text(out, &masked_target(self.target)),
                Mask::No => put_text(out, self.target),
            }
        }
        let (major, minor) = (self.version / 10, self.version % 10);
        match (major, minor) {
            (2.., 0) => put(out, format_args!(",\"version\":\"{major}\"")),
            _ => put(out, format_args!(",\"version\":\"{major}.{minor}\"")),
        }
        out.extend_from_slice(b",\"status\":");
        put_number_or_null(out, self.status.map(u64::from));
        out.extend_from_slice(b",\"request_type\":");
        put_text_or_null(out, self.request_type);
        out.extend_from_slice(b",\"response_type\":");
        put_text_or_null(out, self.response_type);
        put(out, format_args!(",\"request_bytes\":{}", self.request_body_len));
        put(out, format_args!(",\"response_bytes\":{},\"latency_us\":", self.response_body_len));
        put_number_or_null(out, self.latency.map(|latency| latency.nanos() / 1_000));
        put(out, format_args!(",\"interim\":{},\"encrypted\":{}}}\n", self.interim, self.encrypted));
    }
}

/// Writing to memory cannot fail.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn put_number_or_null(out: &mut Vec<u8>, number: Option<u64>) {
    match number {
        Some(number) => put(out, format_args!("{number}")),
        None => out.extend_from_slice(b"null"),
    }
}

fn put_text_or_null(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => put_text(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// A JSON string of pure ASCII.
fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b' '..=b'~' => out.push(byte),
            _ => put(out, format_args!("\\u{:04x}", u32::from(byte))),
        }
    }
    out.push(b'"');
}

const HIDDEN: &[u8] = b"***";

/// Hides what may be a secret in a target: user information, query values, the fragment.
///
/// An item without `=` may be a name or a value; it is hidden. `;` does not part items: a value may hold one.
fn masked_target(target: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(target.len());
    let (rest, fragment) = split(target, b'#');
    let (place, query) = split(rest, b'?');
    // Absolute form, authority form (CONNECT), or a path that some server might read as either.
    let authority_at = match place.windows(3).position(|three| three == b"://") {
        Some(at) => Some(at + 3),
        None if place.starts_with(b"//") => Some(2),
        None if place.starts_with(b"/") => None,
        None => Some(0),
    };
    match authority_at.and_then(|at| place.split_at_checked(at)) {
        Some((scheme, after)) => {
            let end = after.iter().position(|byte| *byte == b'/').unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(end).unwrap_or((after, b""));
            masked.extend_from_slice(scheme);
            masked.extend_from_slice(&masked_authority(authority));
            masked.extend_from_slice(path);
        }
        None => masked.extend_from_slice(place),
    }
    if let Some(query) = query {
        masked.push(b'?');
        for (at, item) in query.split(|byte| *byte == b'&').enumerate() {
            if at > 0 {
                masked.push(b'&');
            }
            if let (name, Some(_)) = split(item, b'=') {
                masked.extend_from_slice(name);
                masked.push(b'=');
            }
            if !item.is_empty() {
                masked.extend_from_slice(HIDDEN);
            }
        }
    }
    if fragment.is_some() {
        masked.push(b'#');
        masked.extend_from_slice(HIDDEN);
    }
    masked
}

/// Hides what stands before the last `@` of an authority.
fn masked_authority(authority: &[u8]) -> Vec<u8> {
    match authority.iter().rposition(|byte| *byte == b'@') {
        Some(at) => [HIDDEN, authority.get(at..).unwrap_or_default()].concat(),
        None => authority.to_vec(),
    }
}

/// Before the first `mark`, and after it if it is there.
fn split(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == mark) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(target: &'a [u8]) -> TransactionLine<'a> {
        TransactionLine {
            time: Timestamp::from_parts(1_772_359_200, 5_000_000),
            stream: 7,
            client: "10.0.0.1:40000".parse().unwrap(),
            server: "[fd00::1]:8080".parse().unwrap(),
            method: Some(b"GET"),
            host: Some(b"Shop.Example"),
            target,
            version: 11,
            status: Some(200),
            request_type: None,
            response_type: Some(b"application/json; charset=\"utf-8\""),
            request_body_len: 0,
            response_body_len: 12,
            latency: Some(Span::from_millis(3)),
            interim: 0,
            encrypted: false,
        }
    }

    fn written(line: &TransactionLine<'_>, mask: Mask) -> String {
        let mut out = Vec::new();
        line.write_line(mask, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_reads_as_the_table_says() {
        assert_eq!(
            written(&line(b"/a?b=c"), Mask::No),
            "{\"type\":\"transaction\",\"time\":\"2026-03-01T10:00:00.005Z\",\"stream\":\"0000000000000007\",\
             \"client\":\"10.0.0.1:40000\",\"server\":\"[fd00::1]:8080\",\"method\":\"GET\",\"host\":\"Shop.Example\",\
             \"target\":\"/a?b=c\",\"version\":\"1.1\",\"status\":200,\"request_type\":null,\
             \"response_type\":\"application/json; charset=\\\"utf-8\\\"\",\"request_bytes\":0,\"response_bytes\":12,\
             \"latency_us\":3000,\"interim\":0,\"encrypted\":false}\n"
        );
    }

    #[test]
    fn a_response_alone_has_no_method() {
        let alone = TransactionLine { method: None, host: None, version: 20, status: Some(404), ..line(b"") };
        let read: serde_json::Value = serde_json::from_str(&written(&alone, Mask::No)).unwrap();
        assert_eq!((&read["type"], &read["version"]), (&"response".into(), &"2".into()));
        assert!(read.get("method").is_none() && read.get("target").is_none());
    }

    #[test]
    fn every_byte_comes_back_and_only_ascii_leaves() {
        // Catches a raw control, a broken quote, or a line end that forges a second line.
        let all: Vec<u8> = (0..=255).collect();
        let hostile = TransactionLine {
            method: Some(&all),
            host: Some(&all),
            request_type: Some(&all),
            response_type: Some(&all),
            ..line(&all)
        };
        let text = written(&hostile, Mask::No);
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
        assert_eq!(text.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        for key in ["method", "host", "target", "request_type", "response_type"] {
            let bytes: Vec<u8> = read[key].as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect();
            assert_eq!(bytes, all, "{key}");
        }
    }

    #[test]
    fn a_mask_leaves_names_and_paths() {
        for (target, masked) in [
            ("/a/b", "/a/b"),
            ("*", "*"),
            ("/a?b=c&d=e=f&&g", "/a?b=***&d=***&&***"),
            ("/a?", "/a?"),
            ("/a?b=", "/a?b=***"),
            ("/a?b=x;c=secret", "/a?b=***"),
            ("/a?b=x?c=secret", "/a?b=***"),
            ("/a#secret?x=y", "/a#***"),
            ("/a?b=c#secret", "/a?b=***#***"),
            ("http://me:pw@h/p@q?x=y", "http://***@h/p@q?x=***"),
            ("http://me:p@w@h:80", "http://***@h:80"),
            ("//me:pw@h/p", "//***@h/p"),
            ("me:pw@h:443", "***@h:443"),
            ("h:443", "h:443"),
            ("", ""),
        ] {
            assert_eq!(masked_target(target.as_bytes()), masked.as_bytes(), "{target}");
        }
        let line = TransactionLine { host: Some(b"me:pw@shop"), ..line(b"/") };
        assert!(written(&line, Mask::Yes).contains("\"host\":\"***@shop\""));
    }
}
