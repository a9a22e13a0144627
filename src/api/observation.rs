//! One exchange in the words of APIs: what `observe` makes and `inventory` keeps.
//!
//! The privacy line: nothing here can hold a value that crossed the wire, save names and words of paths. The text of
//! a path segment of a value class, and what it has beside (matrix parameters), is lent for matching against declared
//! templates, and never kept.

use std::net::SocketAddr;

use super::body::{OddBody, Part};
use super::client::Client;
use super::draw::Draw;
use super::jwt::TokenFacts;
use super::noise::Noise;
use super::param::Param;
use super::path::PathSegment;
use super::promise::Witness;
use super::security::AuthScheme;
use super::service::ServiceId;
use super::shape::Shape;
use crate::time::{Span, Timestamp};

/// One exchange.
#[derive(Clone, Debug)]
pub struct Observation<'x> {
    /// When the request began (the response, where no request was seen).
    pub at: Timestamp,
    /// Who was asked.
    pub service: &'x ServiceId,
    /// What was asked for.
    pub seen: Seen<'x>,
    /// The final status; `None` when no response was seen.
    pub status: Option<u16>,
    /// From the first byte of the request to the first byte of the response.
    pub latency: Option<Span>,
    /// From the first byte of the request to the last of the response; `None` where that is not known.
    pub duration: Option<Span>,
    /// Body bytes of the request on the wire.
    pub request_bytes: u64,
    /// Body bytes of the response on the wire.
    pub response_bytes: u64,
    /// Media type of the request body, lower case, without parameters; `None` when it had none.
    pub request_type: Option<&'x str>,
    /// Media type of the response body.
    pub response_type: Option<&'x str>,
    /// Query and form parameters, each (place, name) once.
    pub params: &'x [Param],
    /// It has a body, of the request or the response.
    pub bodied: bool,
    /// It was looked into, and by which draw; without one it has no parameters but those of the query, and no shapes.
    pub inspected: Option<Draw>,
    /// Parameters, but those of the query, for which there was no room.
    pub left_out: u64,
    /// Shape of the request body. Shapes are large, and most exchanges have none: they are not carried about.
    pub asked: Option<&'x Shape>,
    /// Shape of the response body.
    pub answered: Option<&'x Shape>,
    /// Bodies, of the request and of the response, whose media type does not tell what they are.
    pub odd_bodies: [Option<OddBody>; 2],
    /// Parts of multipart bodies, where it was looked into: each sort once, with how many.
    pub parts: &'x [(Part, u64)],
    /// Credentials carried; `[AuthScheme::None]` when there were none.
    pub auth: &'x [AuthScheme],
    /// What the JSON Web Token says of itself that was shown as a credential.
    pub token: Option<&'x TokenFacts>,
    /// It came out of TLS.
    pub encrypted: bool,
    /// Keyed hash of the client's address: enough to count callers, not to name them.
    pub caller: u64,
    /// Who asked, in classes.
    pub client: Client<'x>,
    /// The server's address.
    pub server: SocketAddr,
    /// Who can hold it against what is declared.
    pub witness: Option<&'x dyn Witness>,
    /// What kind of noise it looks like, if any. By its path a declared operation is never noise; `inventory` decides.
    pub noise: Option<Noise>,
    /// A user decided that: it holds for declared operations too.
    pub decreed: bool,
    /// A 3xx that only moves the caller to another spelling of the same path (slash, scheme, host).
    pub mere_redirect: bool,
    /// A success that cannot be what the path names: a page in place of a secret. So a host answers that has one page for
    /// whatever it does not know.
    pub feigned: bool,
    /// A path that is asked for only to see whether a secret lies there, and it does not.
    pub tried: bool,
    /// Keyed hash of an answer that may be the same for whatever is asked: a page, or where else to go.
    pub print: Option<u64>,
}

/// What was asked for, by style of API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'x> {
    /// Method and path: REST and everything that looks like it.
    Http {
        /// The method as sent, letters kept; one of more than 32 bytes or with odd characters is `{method}`.
        method: &'x str,
        /// The path, percent-decoded, empty segments dropped.
        path: &'x [PathSegment<'x>],
    },
}

/// Whoever is told of observations.
pub trait ObservationSink {
    /// One exchange was understood.
    fn observation(&mut self, seen: &Observation<'_>);
    /// A connection that could not be read has ended.
    fn opaque(&mut self, seen: &OpaqueSeen<'_>);
    /// Exchanges that no style could name (no request was seen).
    fn unnamed(&mut self, at: Timestamp);
}

/// A connection that could not be read, in the words of APIs.
#[derive(Clone, Copy, Debug)]
pub struct OpaqueSeen<'x> {
    /// Time of its first packet.
    pub first: Timestamp,
    /// Time of its last.
    pub last: Timestamp,
    /// Why: `tls`, `http2`, `upgraded`, `tunnel`.
    pub kind: &'static str,
    /// The server's address.
    pub server: SocketAddr,
    /// Server name of the TLS hello, lower case.
    pub name: Option<&'x str>,
    /// Payload bytes, both ways.
    pub bytes: u64,
    /// Keyed hash of the client's address.
    pub caller: u64,
}
