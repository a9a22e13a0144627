//! What is declared of one operation, as far as one exchange can be held against it.
//!
//! The room of contracts implements [`Promise`]; `observe` lends what was said through [`Witness`], and `inventory`, which knows
//! whose declaration takes a request, brings both together. Values are lent while that lasts, and never kept.

use std::borrow::Cow;
use std::fmt::Debug;

use super::drift::Facts;
use super::param::Param;
use super::path::{PathSegment, PathTemplate};
use super::security::AuthScheme;
use super::service::ServiceId;
use crate::time::Timestamp;

/// What one declared operation demands of an exchange.
pub trait Promise: Debug + Send + Sync {
    /// A digest of all that it demands: what was found under another one is void.
    fn digest(&self) -> u64;
    /// Says what the exchange did that is not declared. Linear in what was said; never panics on any content.
    fn hold(&self, said: &Spoken<'_>, facts: &mut Facts);
}

/// Whoever can say what was said in an exchange.
pub trait Witness: Debug {
    /// Holds the exchange against a promise. `template` is what took its path.
    fn testify(&self, promise: &dyn Promise, template: &PathTemplate, facts: &mut Facts);
}

/// Fields of a head.
pub trait HeadFields: Debug {
    /// Every field in order, names as they were sent.
    fn each(&self, field: &mut dyn FnMut(&[u8], &[u8]));
}

/// One exchange as it was said: lent, never kept.
#[derive(Clone, Copy, Debug)]
pub struct Spoken<'x> {
    /// When it began.
    pub at: Timestamp,
    /// Who was asked.
    pub service: &'x ServiceId,
    /// It came out of TLS.
    pub encrypted: bool,
    /// What took its path ...
    pub template: &'x PathTemplate,
    /// ... and the path.
    pub path: &'x [PathSegment<'x>],
    /// The query as sent.
    pub query: Option<&'x [u8]>,
    /// Head of the request.
    pub request: &'x dyn HeadFields,
    /// The rest of the request's head was lost: what is not here may have been sent.
    pub request_cut: bool,
    /// Media type of the request, lower case, without parameters.
    pub request_type: Option<&'x str>,
    /// Body of the request.
    pub asked: SpokenBody<'x>,
    /// Parameters that were read, parts of multipart bodies among them.
    pub params: &'x [Param],
    /// Credentials.
    pub auth: &'x [AuthScheme],
    /// The final status.
    pub status: Option<u16>,
    /// Head of the response.
    pub response: Option<&'x dyn HeadFields>,
    /// The rest of the response's head was lost.
    pub response_cut: bool,
    /// Media type of the response.
    pub response_type: Option<&'x str>,
    /// Body of the response.
    pub answered: SpokenBody<'x>,
    /// How names from the wire are told: as they are, or as the class of value that they look like.
    pub spell: fn(&str) -> Cow<'_, str>,
    /// A field of requests (name in lower case) that is part of HTTP, of browsers or of what proxies add.
    pub is_common: fn(&[u8]) -> bool,
}

/// A body as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpokenBody<'x> {
    /// There was none.
    None,
    /// There was one, and it was not looked into, or not to its end.
    Unread,
    /// All of it, unpacked.
    Whole(&'x [u8]),
}
