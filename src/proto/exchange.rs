//! What two sides said to each other, whatever the protocol: a request, its response, or one of them alone.
//!
//! Owned and recycled: one head buffer and one body sample a message. Values live here and end in `observe`.

use std::ops::Range;

use crate::flow::Connection;
use crate::time::{Span, Timestamp};

/// A request and its response, or one of them alone.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The connection, its client being who sent the request.
    pub connection: Connection,
    /// Position among the exchanges of its connection, from 0, in order of requests.
    pub index: u32,
    /// The request; `None` when only the response was seen.
    pub request: Option<Message>,
    /// The final response (101 included, other 1xx not); `None` when none was seen.
    pub response: Option<Message>,
    /// Interim (1xx) responses seen before it.
    pub interim: u32,
    /// It came out of TLS.
    pub encrypted: bool,
    /// What was ambiguous about its framing.
    pub oddities: Oddities,
}

impl Exchange {
    /// When it began: the first byte of the request, or of the response where that is all there is.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.request.as_ref().or(self.response.as_ref()).map_or(Timestamp::ZERO, |message| message.began)
    }

    /// From the first byte of the request to the first of the response. None where one is missing, or where the answer
    /// is stamped before its question: two taps whose clocks are apart, so that no figure would be true.
    #[must_use]
    pub fn latency(&self) -> Option<Span> {
        let (asked, answered) = (self.request.as_ref()?.began, self.response.as_ref()?.began);
        (asked <= answered).then(|| answered.since(asked))
    }

    /// From the first byte of the request to the last of the response. None where [`Exchange::latency`] is none, and where the end
    /// was not met: it lies in a hole, or behind what is kept of a long body, the rest of which passes unread.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        self.latency()?;
        let (asked, answer) = (self.request.as_ref()?.began, self.response.as_ref()?);
        (answer.body_whole && asked <= answer.ended).then(|| answer.ended.since(asked))
    }

    /// The answer is stamped before its question.
    #[must_use]
    pub fn clocks_apart(&self) -> bool {
        self.request.as_ref().zip(self.response.as_ref()).is_some_and(|(asked, answered)| answered.began < asked.began)
    }
}

/// One message: start line, header fields, and the sample of a body.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// When its first byte was captured.
    pub began: Timestamp,
    /// When its last byte so far was captured.
    pub ended: Timestamp,
    /// Protocol version times ten: 10, 11, 20; 9 for HTTP/0.9.
    pub version: u8,
    /// Status code; 0 in a request.
    pub status: u16,
    head: Vec<u8>,
    method: Range<u32>,
    target: Range<u32>,
    fields: Vec<(Range<u32>, Range<u32>)>,
    /// The rest of the head was lost, or had no room: fields that are not here may have been sent.
    pub head_cut: bool,
    /// The first bytes of the body, after de-chunking, before content decoding.
    pub body: Vec<u8>,
    /// Body bytes on the wire, after de-chunking, holes of known length included.
    pub body_len: u64,
    /// `body` is the whole body: nothing was cut by the sample's bound, a hole, or the end of the capture.
    pub body_whole: bool,
}

impl Message {
    /// Empties it for another use, keeping its buffers.
    pub fn clear(&mut self) {
        let (mut head, mut fields, mut body) =
            (std::mem::take(&mut self.head), std::mem::take(&mut self.fields), std::mem::take(&mut self.body));
        head.clear();
        fields.clear();
        body.clear();
        *self = Self { head, fields, body, ..Self::default() };
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<u32> {
        let start = self.head.len();
        self.head.extend_from_slice(bytes);
        // A head is bounded by `Limits::head_bytes`, far below 4 GiB.
        let index = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        index(start)..index(self.head.len())
    }

    fn bytes(&self, range: &Range<u32>) -> &[u8] {
        self.head.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// Makes it a request.
    pub fn set_request(&mut self, method: &[u8], target: &[u8], version: u8) {
        self.method = self.keep(method);
        self.target = self.keep(target);
        self.version = version;
    }

    /// Makes it a response.
    pub fn set_response(&mut self, status: u16, version: u8) {
        self.status = status;
        self.version = version;
    }

    /// Adds a header field, in order of the wire.
    pub fn push_field(&mut self, name: &[u8], value: &[u8]) {
        let field = (self.keep(name), self.keep(value));
        self.fields.push(field);
    }

    /// Appends to the value of the last field (obs-fold, RFC 9112 section 5.2), one space between.
    pub fn extend_field(&mut self, value: &[u8]) {
        // The last value ends where the buffer ends, so that it grows in place: a head of nothing but folds is linear.
        if let Some((_, value_range)) = self.fields.last_mut() {
            self.head.push(b' ');
            self.head.extend_from_slice(value);
            value_range.end = u32::try_from(self.head.len()).unwrap_or(u32::MAX);
        }
    }

    /// Bytes it holds, roughly: what a bound on memory counts.
    pub(crate) const fn held(&self) -> usize {
        self.head.len() + self.body.len() + self.fields.len() * size_of::<(Range<u32>, Range<u32>)>()
    }

    /// Bytes its buffers take, full or empty: what decides whether it is worth keeping for another use.
    pub(crate) const fn capacity(&self) -> usize {
        self.head.capacity() + self.body.capacity() + self.fields.capacity() * size_of::<(Range<u32>, Range<u32>)>()
    }

    /// The method as sent; empty in a response.
    #[must_use]
    pub fn method(&self) -> &[u8] {
        self.bytes(&self.method)
    }

    /// The request target as sent; empty in a response.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        self.bytes(&self.target)
    }

    /// All header fields in order of the wire, names as sent.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|(name, value)| (self.bytes(name), self.bytes(value)))
    }

    /// The first field of this name, letter case ignored.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|(n, _)| is_named(n, name.as_bytes())).map(|(_, value)| value)
    }
}

/// A field's name is this one, letter case ignored. Most names differ in length already, and many are spelt alike.
#[must_use]
#[inline]
pub fn is_named(name: &[u8], wanted: &[u8]) -> bool {
    name.len() == wanted.len() && (name == wanted || name.eq_ignore_ascii_case(wanted))
}

/// What was ambiguous about the framing of an exchange: each a smuggling indicator (RFC 9112 sections 6 and 11.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities(pub u16);

impl Oddities {
    /// Content-Length and Transfer-Encoding together.
    pub const BOTH_LENGTHS: Self = Self(1);
    /// Content-Length fields that differ.
    pub const SEVERAL_LENGTHS: Self = Self(1 << 1);
    /// A Content-Length that is no number.
    pub const BAD_LENGTH: Self = Self(1 << 2);
    /// A chunk size that is no number, or too large.
    pub const BAD_CHUNK: Self = Self(1 << 3);
    /// A Transfer-Encoding other than chunked at its end, or spelt oddly.
    pub const ODD_CODING: Self = Self(1 << 4);
    /// A line ended by a bare LF or CR, or a field folded over lines.
    pub const ODD_LINES: Self = Self(1 << 5);
    /// White space before a colon, or a field name with other than token characters.
    pub const ODD_FIELD: Self = Self(1 << 6);
    /// Several Host fields that differ.
    pub const SEVERAL_HOSTS: Self = Self(1 << 7);

    /// Every kind with its name in reports.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::BOTH_LENGTHS, "both_lengths"),
        (Self::SEVERAL_LENGTHS, "several_lengths"),
        (Self::BAD_LENGTH, "bad_length"),
        (Self::BAD_CHUNK, "bad_chunk"),
        (Self::ODD_CODING, "odd_coding"),
        (Self::ODD_LINES, "odd_lines"),
        (Self::ODD_FIELD, "odd_field"),
        (Self::SEVERAL_HOSTS, "several_hosts"),
    ];

    /// Adds what `other` holds.
    pub const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// All of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A connection whose content cannot be read, reported at its end.
#[derive(Clone, Copy, Debug)]
pub struct Opaque<'a> {
    /// The connection, with the payload bytes of both sides.
    pub connection: &'a Connection,
    /// What it is.
    pub kind: OpaqueKind,
    /// The server name of the TLS hello, where it was seen in one piece (RFC 6066 section 3), lower case.
    pub server_name: Option<&'a str>,
    /// Time of its last packet.
    pub last: Timestamp,
}

/// Why a connection cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpaqueKind {
    /// TLS, without keys.
    Tls,
    /// HTTP/2, which a later room reads.
    Http2,
    /// A protocol that took over by Upgrade (WebSocket and others).
    Upgraded,
    /// A CONNECT tunnel with something other than HTTP inside.
    Tunnel,
}

impl OpaqueKind {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Http2 => "http2",
            Self::Upgraded => "upgraded",
            Self::Tunnel => "tunnel",
        }
    }
}

/// Whoever is told of exchanges.
pub trait ExchangeSink {
    /// Called as soon as an exchange can teach nothing more: heads read, and bodies ended or their samples full.
    fn exchange(&mut self, exchange: &Exchange);
    /// A connection that cannot be read has ended.
    fn opaque(&mut self, _seen: &Opaque<'_>) {}
}
