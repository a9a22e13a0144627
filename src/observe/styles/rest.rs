//! REST and everything that looks like it: a method, a path, parameters, bodies.
//!
//! In: any exchange with a request. Out: one observation. Last of the styles, because it takes all.

use std::mem;

use crate::api::{Client, Direction, Observation, ObservationSink, ParamPlace, Seen, Shape};
use crate::limits::Limits;
use crate::observe::body::{is_json, read_shape};
use crate::observe::credentials::credentials;
use crate::observe::encoding::{TextEnd, Unpacker};
use crate::observe::media::{media_type, method};
use crate::observe::noise::{Redirect, noise_of};
use crate::observe::path::{Target, recycled};
use crate::observe::service::name_service;
use crate::observe::style::{ObserverCounts, Scratch, Style, caller};
use crate::proto::{Exchange, Message};

/// The style.
pub(super) struct Rest;

impl Style for Rest {
    fn name(&self) -> &'static str {
        "rest"
    }

    fn claims(&self, exchange: &Exchange) -> bool {
        exchange.request.is_some()
    }

    fn observe(&self, exchange: &Exchange, scratch: &mut Scratch, out: &mut dyn ObservationSink) {
        let Some(request) = &exchange.request else { return };
        let response = exchange.response.as_ref();
        let Scratch {
            limits,
            counts,
            networks,
            agents,
            service,
            segments,
            params,
            auth,
            request_type,
            response_type,
            unpacker,
            ..
        } = scratch;
        let server = exchange.connection.server;
        let encrypted = exchange.encrypted;

        let target = Target::split(request.target());
        name_service(&target, request.field("host"), server, encrypted, service);
        segments.read(target.path);
        let mut path = recycled(mem::take(&mut scratch.path));
        segments.list(limits.path_segments, &mut path);
        let token = credentials(request, target.query, auth);
        params.clear();
        if let Some(query) = target.query {
            counts.params_refused += params.read(ParamPlace::Query, query, TextEnd::Whole, limits.params);
        }

        let request_type = if has_body(request) { media_type(request, request_type) } else { None };
        let response_type = response.and_then(|response| media_type(response, response_type));
        let (mut asked, mut answered) = (None, None);
        if scratch.hurried {
            let bodies = std::iter::once(request).chain(response).filter(|message| !message.body.is_empty());
            counts.bodies_passed_over += bodies.count() as u64;
        } else if inspects(exchange) {
            if request_type == Some("application/x-www-form-urlencoded") {
                match unpacker.unpack(request, limits.unpacked_sample) {
                    Some((form, end)) => {
                        counts.params_refused += params.read(ParamPlace::Form, form, end, limits.params)
                    }
                    None => counts.packed += 1,
                }
            } else {
                asked = shape(request, request_type, unpacker, limits, counts);
            }
            answered = response.and_then(|message| shape(message, response_type, unpacker, limits, counts));
        }

        let (from, to) = (networks.find(exchange.connection.client.ip()), networks.find(server.ip()));
        let client = Client {
            network: from.name,
            direction: Direction::between(from.kind, to.kind),
            agent: agents.family(request.field("user-agent")),
        };
        let redirect = Redirect { target, service, server, encrypted };
        let mere_redirect =
            response.is_some_and(|answer| redirect.is_mere(answer, segments.normal(), &mut scratch.location));
        out.observation(&Observation {
            at: exchange.at(),
            service,
            seen: Seen::Http { method: method(request.method()), path: &path },
            status: response.map(|message| message.status).filter(|status| (100..=999).contains(status)),
            latency: exchange.latency(),
            duration: exchange.duration(),
            request_bytes: request.body_len,
            response_bytes: response.map_or(0, |message| message.body_len),
            request_type,
            response_type,
            params: params.list(),
            asked,
            answered,
            auth,
            token: token.as_ref(),
            encrypted,
            caller: caller(exchange.connection.client.ip(), scratch.key),
            client,
            server,
            noise: noise_of(request, &path, response_type, mere_redirect),
            mere_redirect,
        });
        scratch.path = recycled(path);
    }
}

/// Whether the bodies of this exchange are looked into, by far the most costly part of an observation. The one place
/// to change when only some are to be.
const fn inspects(_exchange: &Exchange) -> bool {
    true
}

/// The shape of a message's body, where it is JSON and can be unpacked.
fn shape(
    message: &Message,
    media_type: Option<&str>,
    unpacker: &mut Unpacker,
    limits: &Limits,
    counts: &mut ObserverCounts,
) -> Option<Shape> {
    // Said to be something else: not even unpacked.
    if message.body.is_empty() || !(media_type.is_none() || is_json(media_type, &[])) {
        return None;
    }
    let Some((body, end)) = unpacker.unpack(message, limits.unpacked_sample) else {
        counts.packed += 1;
        return None;
    };
    let shape = if is_json(media_type, body) { read_shape(body, end, limits) } else { None };
    counts.shapes += u64::from(shape.is_some());
    shape
}

/// A body came, or was promised: many clients name a type on every request, with nothing of that type in it.
fn has_body(request: &Message) -> bool {
    request.body_len > 0
        || request.field("transfer-encoding").is_some()
        || request.field("content-length").is_some_and(|length| !matches!(length.trim_ascii(), b"" | b"0"))
}
