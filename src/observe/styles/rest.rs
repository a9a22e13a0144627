//! REST and everything that looks like it: a method, a path, parameters, bodies.
//!
//! In: any exchange with a request. Out: one observation. Last of the styles, because it takes all.

use std::cell::RefCell;
use std::mem;

use crate::api::{
    BodyKind, BodySide, Client, Direction, Observation, ObservationSink, ParamPlace, Seen, Shape, TokenFacts,
    TokenIssuer,
};
use crate::limits::Limits;
use crate::observe::answer::answer_fields;
use crate::observe::body::{is_json, read_shape};
use crate::observe::contents::Contents;
use crate::observe::credentials::credentials;
use crate::observe::encoding::{TextEnd, Unpacker, is_readable};
use crate::observe::headers::{Usual, fields_of};
use crate::observe::inspect::{Asked, Inspect};
use crate::observe::kind::{kind_of_bytes, kind_of_type, odd_body};
use crate::observe::media::{media_type, method};
use crate::observe::multipart::{Found, read_parts};
use crate::observe::noise::{Known, Redirect, is_feigned, is_success, is_telltale, noise_of, print_of};
use crate::observe::path::{Target, recycled};
use crate::observe::plain::read_plain;
use crate::observe::style::{Scratch, Style, caller};
use crate::observe::witness::Hearing;
use crate::observe::xml::{is_xml, read_xml};
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
            noise_rules,
            agents,
            sampler,
            hosts,
            segments,
            params,
            auth,
            tokens,
            request_type,
            response_type,
            parts,
            unpacker,
            second,
            ..
        } = scratch;
        let server = exchange.connection.server;
        let encrypted = exchange.encrypted;

        let target = Target::split(request.target());
        let head = Usual::of(request);
        let service = hosts.name(&target, head.host, server, encrypted);
        segments.read(target.path);
        let mut path = recycled(mem::take(&mut scratch.path));
        segments.list(limits.path_segments, &mut path);
        let token = credentials(request, head.credential, target.query, auth, tokens);
        let request_type = if has_body(request, &head) { media_type(request, request_type) } else { None };
        let response_type = response.and_then(|response| media_type(response, response_type));
        let (from, to) = (networks.find(exchange.connection.client.ip()), networks.find(server.ip()));
        let client = Client {
            network: from.name,
            direction: Direction::between(from.kind, to.kind),
            agent: agents.family(head.user_agent),
        };
        let redirect = Redirect { target, service, server, encrypted };
        let mere_redirect =
            response.is_some_and(|answer| redirect.is_mere(answer, segments.normal(), &mut scratch.location));
        let method = method(request.method());
        let status = response.map(|message| message.status).filter(|status| (100..=999).contains(status));
        let said = noise_rules.class(service, &path, method, client.agent);
        let decreed = said.is_some();
        let feigned =
            !decreed && response.is_some_and(|answer| is_feigned(&path, answer, response_type, client.agent, unpacker));
        let known = Known { status, response_type, mere_redirect, feigned, agent: client.agent };
        let in_vain = feigned || status.is_some_and(|status| !is_success(status));
        let tried = !decreed && !mere_redirect && in_vain && is_telltale(&path);
        let print = response.and_then(|answer| print_of(answer, response_type, scratch.key));
        let noise = said.unwrap_or_else(|| noise_of(request, &path, known));

        let odd_bodies = [
            odd_body(BodySide::Request, request, request_type),
            response.and_then(|answer| odd_body(BodySide::Response, answer, response_type)),
        ];
        let mut bodies = 0;
        for message in std::iter::once(request).chain(response).filter(|message| !message.body.is_empty()) {
            bodies += 1;
            counts.packed += u64::from(!is_readable(message));
        }
        let mut inspected = None;
        if scratch.hurried {
            counts.bodies_passed_over += if sampler.inspect == Inspect::None { 0 } else { bodies };
        } else {
            let bodied = bodies > 0;
            let (path, status) = (path.as_slice(), status.unwrap_or(0));
            let place = Asked { service, method, path, status, noise, mere_redirect, bodied, feigned, response_type };
            let forgotten;
            (inspected, forgotten) = sampler.draw(exchange, &place);
            counts.samples_forgotten += forgotten;
        }
        params.begin(inspected.is_some());
        parts.clear();
        if let Some(query) = target.query {
            counts.params_refused += params.read(ParamPlace::Query, query, TextEnd::Whole, limits.params);
        }
        // One by one: of a tuple compilers make room twice, and copy what is large and empty.
        let mut asked = None;
        let mut answered = None;
        let mut left_out = 0;
        if inspected.is_some() {
            left_out += fields_of(request, params, limits.params);
            match request_type {
                Some("application/x-www-form-urlencoded") => {
                    if let Some((form, end)) = unpacker.unpack(request, limits.unpacked_sample) {
                        // What some clients call a form where nobody tells them the type.
                        if kind_of_bytes(form) == Some(BodyKind::Json) {
                            asked = read_shape(form, end, limits);
                        } else {
                            left_out += params.read(ParamPlace::Form, form, end, limits.params);
                        }
                    }
                }
                Some(named) if named.starts_with("multipart/") => {
                    if let Some((body, end)) = unpacker.unpack(request, limits.unpacked_sample) {
                        let kind = request.field("content-type").unwrap_or_default();
                        let form = (named == "multipart/form-data").then_some((&mut *params, limits.params));
                        let (parts, contents) = (&mut *parts, Contents::new(limits));
                        let mut found = Found { form, parts, contents, side: BodySide::Request };
                        left_out += read_parts(kind, body, end, &mut found);
                        asked = found.contents.into_shape();
                    }
                }
                _ => asked = shape(request, request_type, unpacker, limits),
            }
            if let Some(answer) = response.filter(|_| status.is_some()) {
                left_out += answer_fields(answer, params, limits.params);
            }
            answered = response.and_then(|message| shape(message, response_type, unpacker, limits));
            if let Some(answer) =
                response.filter(|_| response_type.is_some_and(|named| named.starts_with("multipart/")))
                && let Some((body, end)) = unpacker.unpack(answer, limits.unpacked_sample)
            {
                let kind = answer.field("content-type").unwrap_or_default();
                let (parts, contents) = (&mut *parts, Contents::new(limits));
                let mut found = Found { form: None, parts, contents, side: BodySide::Response };
                left_out += read_parts(kind, body, end, &mut found);
                answered = found.contents.into_shape();
            }
        }

        let hearing = Hearing {
            exchange,
            request,
            response,
            service,
            path: &path,
            query: target.query,
            status,
            request_type,
            response_type,
            params: params.list(),
            auth,
            inspected: inspected.is_some(),
            unpackers: [RefCell::new(unpacker), RefCell::new(second)],
            most: limits.unpacked_sample,
        };
        out.observation(&Observation {
            at: exchange.at(),
            service,
            seen: Seen::Http { method, path: &path },
            status,
            latency: exchange.latency(),
            duration: exchange.duration(),
            request_bytes: request.body_len,
            response_bytes: response.map_or(0, |message| message.body_len),
            request_type,
            response_type,
            params: params.list(),
            bodied: bodies > 0,
            inspected,
            left_out,
            asked: asked.as_ref(),
            answered: answered.as_ref(),
            odd_bodies,
            parts: parts.as_slice(),
            auth,
            token: token.as_ref(),
            encrypted,
            witness: Some(&hearing),
            caller: caller(exchange.connection.client.ip(), scratch.key),
            client,
            server,
            noise,
            decreed,
            mere_redirect,
            feigned,
            tried,
            print,
        });
        scratch.path = recycled(path);
        if let Some(TokenFacts { issuer: TokenIssuer::Host(name), .. }) = token {
            scratch.tokens.name = name;
        }
    }
}

/// The shape of a message's body, where it is JSON, XML or text and can be unpacked.
fn shape(message: &Message, media_type: Option<&str>, unpacker: &mut Unpacker, limits: &Limits) -> Option<Shape> {
    let said = kind_of_type(media_type);
    // A type that says nothing is asked what it looks like; one that says something else is not even unpacked.
    let readable = match said {
        Some(BodyKind::Json | BodyKind::Xml | BodyKind::Html | BodyKind::Csv) => true,
        Some(BodyKind::Text) => {
            !media_type.is_some_and(|named| named.ends_with("css") || named.ends_with("javascript"))
        }
        None => media_type.is_none() || kind_of_bytes(&message.body) == Some(BodyKind::Json),
        Some(_) => false,
    };
    if message.body.is_empty() || !readable {
        return None;
    }
    let (body, end) = unpacker.unpack(message, limits.unpacked_sample)?;
    let seems = kind_of_bytes(body);
    let doubtful = matches!(said, None | Some(BodyKind::Text));
    if is_json(media_type, body) || doubtful && seems == Some(BodyKind::Json) {
        read_shape(body, end, limits)
    } else if is_xml(media_type, body) || doubtful && seems == Some(BodyKind::Xml) {
        read_xml(body, end, limits)
    } else {
        read_plain(seems.filter(|_| doubtful).or(said)?, body, end)
    }
}

/// A body came, or was promised: many clients name a type on every request, with nothing of that type in it.
fn has_body(request: &Message, head: &Usual<'_>) -> bool {
    request.body_len > 0
        || head.transfer_encoding.is_some()
        || head.content_length.is_some_and(|length| !matches!(length.trim_ascii(), b"" | b"0"))
}
