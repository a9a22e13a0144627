//! Lends what was said in an exchange to whoever holds it against a declaration.
//!
//! In: an exchange. Out: its parts, unpacked, for as long as they are looked at. Nothing of them is kept.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use super::classify::name_or_class;
use super::encoding::{TextEnd, Unpacker, is_readable};
use super::headers::is_common;
use crate::api::{
    AuthScheme, Facts, HeadFields, Param, PathSegment, PathTemplate, Promise, ServiceId, Spoken, SpokenBody, Witness,
};
use crate::proto::{Exchange, Message};

/// One exchange that can be held against a promise.
pub(super) struct Hearing<'x> {
    pub(super) exchange: &'x Exchange,
    pub(super) request: &'x Message,
    pub(super) response: Option<&'x Message>,
    pub(super) service: &'x ServiceId,
    pub(super) path: &'x [PathSegment<'x>],
    pub(super) query: Option<&'x [u8]>,
    pub(super) status: Option<u16>,
    pub(super) request_type: Option<&'x str>,
    pub(super) response_type: Option<&'x str>,
    pub(super) params: &'x [Param],
    pub(super) auth: &'x [AuthScheme],
    /// Bodies are looked into.
    pub(super) inspected: bool,
    /// One for each side: both bodies are lent at once. Neither is in use when somebody asks.
    pub(super) unpackers: [RefCell<&'x mut Unpacker>; 2],
    pub(super) most: usize,
}

/// Whoever prints an observation sees no value.
impl fmt::Debug for Hearing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hearing").finish_non_exhaustive()
    }
}

impl Witness for Hearing<'_> {
    fn testify(&self, promise: &dyn Promise, template: &PathTemplate, facts: &mut Facts) {
        let [mut asking, mut answering] = self.unpackers.each_ref().map(RefCell::borrow_mut);
        let asked = self.body(Some(self.request), &mut asking);
        let answered = self.body(self.response, &mut answering);
        let response = self.response.map(Head);
        promise.hold(
            &Spoken {
                at: self.exchange.at(),
                service: self.service,
                encrypted: self.exchange.encrypted,
                template,
                path: self.path,
                query: self.query,
                request: &Head(self.request),
                request_cut: self.request.head_cut,
                response_cut: self.response.is_some_and(|answer| answer.head_cut),
                request_type: self.request_type,
                asked,
                params: self.params,
                auth: self.auth,
                status: self.status,
                response: response.as_ref().map(|head| head as &dyn HeadFields),
                response_type: self.response_type,
                answered,
                spell,
                is_common,
            },
            facts,
        );
    }
}

impl Hearing<'_> {
    fn body<'u>(&self, message: Option<&'u Message>, unpacker: &'u mut Unpacker) -> SpokenBody<'u> {
        match message {
            Some(message) if message.body_len > 0 => {
                if !self.inspected || !is_readable(message) {
                    return SpokenBody::Unread;
                }
                match unpacker.unpack(message, self.most) {
                    Some((body, TextEnd::Whole)) => SpokenBody::Whole(body),
                    _ => SpokenBody::Unread,
                }
            }
            _ => SpokenBody::None,
        }
    }
}

#[derive(Debug)]
struct Head<'x>(&'x Message);

impl HeadFields for Head<'_> {
    fn each(&self, field: &mut dyn FnMut(&[u8], &[u8])) {
        self.0.fields().for_each(|(name, value)| field(name, value));
    }
}

/// A name from the wire as it may be told.
fn spell(name: &str) -> Cow<'_, str> {
    name_or_class(name)
}
