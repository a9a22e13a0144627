//! Where operations are served: server URLs with their variables, in the words of `api`.
//!
//! In: `servers[].url` with its variables, or Swagger's `host` and `basePath`, or a host of a flag. Out: host patterns
//! and base paths. Schemes never count; a port that goes without saying for its scheme is none.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::error::shown;
use super::model::Server;
use super::version;
use super::warnings::Warnings;
use crate::api::{HostPattern, PathTemplate, Piece, TemplateSegment};

/// Servers that one URL may stand for by its enumerated variables.
const COMBINATIONS: usize = 64;
/// Servers in one list.
const SERVERS: usize = 1_000;
/// Bytes of one server URL.
const URL_BYTES: usize = 4_096;

/// The server of a document that names none.
pub(super) fn anywhere() -> Server {
    Server { host: HostPattern::Any, base: PathTemplate::default() }
}

/// A `servers` list (OpenAPI 3). `None` when there is none, or an empty one: the list around it holds.
pub(super) fn servers_of(list: Option<&Value>, warnings: &mut Warnings) -> Option<Vec<Server>> {
    let list = list?.as_array().filter(|list| !list.is_empty())?;
    let mut servers = Vec::new();
    for server in list {
        if servers.len() >= SERVERS {
            warnings.add(format!("more than {SERVERS} servers in one list: the rest is left out"));
            break;
        }
        match server.get("url").and_then(Value::as_str) {
            Some(url) => {
                for server in expand(url, server.get("variables"), warnings) {
                    if !servers.contains(&server) {
                        servers.push(server);
                    }
                }
            }
            None => warnings.add("a server without a `url` is left out"),
        }
    }
    Some(if servers.is_empty() { vec![anywhere()] } else { servers })
}

/// The servers that one URL stands for.
///
/// A variable with an `enum` stands for its values. One without takes anything, as one segment of the base or as a
/// part of the host; and its default counts as written, so that it wins over the variable where both fit. Where the
/// default says a version, it stands for nothing else: the document describes that version, and another one would pass
/// for declared.
pub(super) fn expand(url: &str, variables: Option<&Value>, warnings: &mut Warnings) -> Vec<Server> {
    if url.len() > URL_BYTES {
        warnings.add(format!("a server URL of more than {URL_BYTES} bytes is left out"));
        return Vec::new();
    }
    let mut urls = vec![url.trim().to_owned()];
    let mut defaults = Vec::new();
    for name in names(url) {
        let variable = variables.and_then(|all| all.get(name));
        let default = variable.and_then(|variable| variable.get("default")).and_then(text);
        let mut values: Vec<String> = variable
            .and_then(|variable| variable.get("enum"))
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |values| values.iter().take(COMBINATIONS + 1).filter_map(text).collect());
        if !values.is_empty() {
            values.extend(default.clone());
            values.dedup();
        }
        let place = format!("{{{name}}}");
        if values.is_empty()
            && let Some(default) = default.as_deref().filter(|default| is_version(url, &place, default))
        {
            urls = urls.iter().map(|url| url.replace(&place, default)).collect();
        } else if values.is_empty() || values.len().saturating_mul(urls.len()) > COMBINATIONS {
            if !values.is_empty() {
                warnings.add(format!("server variable {{{}}} has too many values: it takes any", shown(name)));
            }
            defaults.extend(default.map(|default| (place, default)));
        } else {
            let each = |url: String| values.iter().map(|value| url.replace(&place, value)).collect::<Vec<_>>();
            urls = urls.into_iter().flat_map(each).collect();
        }
    }
    let mut servers = Vec::new();
    for url in urls {
        let open = parse(&url, warnings);
        let mut closed = url.clone();
        for (place, default) in &defaults {
            closed = closed.replace(place, default);
        }
        let closed = if closed == url { open.clone() } else { parse(&closed, warnings) };
        let (mut hosts, mut bases) = (vec![closed.host], vec![closed.base]);
        // `{server}/v1` whose default is a whole URL: without the default it says nothing.
        let says_nothing = open.host == HostPattern::Any && !url.contains("//") && hosts != [HostPattern::Any];
        if !says_nothing {
            let covered = match (&open.host, &hosts[..]) {
                (HostPattern::Template(pieces, _), [HostPattern::Exact(host, _)]) => pieces.takes(host),
                (HostPattern::Exact(open, None), [HostPattern::Exact(host, _)]) => open == host,
                (open, [closed]) => open == closed,
                _ => false,
            };
            if covered {
                hosts.clear();
            }
            hosts.push(open.host);
            bases.push(open.base);
        }
        for host in &hosts {
            for base in &bases {
                let server = Server { host: host.clone(), base: base.clone() };
                if !servers.contains(&server) {
                    servers.push(server);
                }
            }
        }
    }
    servers
}

/// The segment of the URL that holds this variable says a version with its default: `/{version}`, `/v{major}`.
fn is_version(url: &str, place: &str, default: &str) -> bool {
    let mut segments = url.split('/').filter(|segment| segment.contains(place));
    segments.any(|segment| version::style_of(&segment.replace(place, default)).is_some())
}

/// Swagger 2.0: `host`, `basePath` and `schemes` of a document.
pub(super) fn of_swagger(document: &Value, warnings: &mut Warnings) -> Vec<Server> {
    let part = |key| document.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let base = part("basePath").unwrap_or_default();
    let slash = if base.starts_with('/') || base.is_empty() { "" } else { "/" };
    let Some(host) = part("host") else { return vec![parse(&format!("{slash}{base}"), warnings)] };
    if host.contains('/') {
        warnings.add(format!("`host` \"{}\" is more than a host and a port: read as a URL", shown(host)));
    }
    let host = host.trim_end_matches('/');
    let schemes: Vec<&str> = document
        .get("schemes")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |schemes| schemes.iter().filter_map(Value::as_str).collect());
    let urls = if host.contains("//") {
        vec![format!("{host}{slash}{base}")]
    } else if schemes.is_empty() {
        vec![format!("//{host}{slash}{base}")]
    } else {
        schemes.iter().map(|scheme| format!("{scheme}://{host}{slash}{base}")).collect()
    };
    let mut servers: Vec<Server> = Vec::new();
    for url in urls.iter().take(SERVERS) {
        let server = parse(url, warnings);
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    // The port that goes without saying for one of the schemes goes without saying.
    if servers.iter().any(|server| matches!(&server.host, HostPattern::Exact(_, None))) {
        servers.truncate(1);
        if let Some(Server { host: HostPattern::Exact(_, port), .. }) = servers.first_mut() {
            *port = None;
        }
    }
    servers
}

/// A host as flags name it: `pay.example`, `10.0.0.7:8080`, `[::1]:80`, `::1`, or a URL whose path is not looked at.
/// `None` when it names no host.
pub(super) fn host_of(text: &str) -> Option<HostPattern> {
    let text = text.trim();
    let host = if let Ok(address) = text.parse::<Ipv6Addr>() {
        HostPattern::Exact(format!("[{address}]"), None)
    } else if text.contains("//") {
        parse(text, &mut Warnings::default()).host
    } else {
        // Whoever writes a port here means it, also one that goes without saying for some scheme.
        let (_, port) = split_port(text.split('/').next().unwrap_or_default());
        let port = port.and_then(|port| port.parse().ok());
        match parse(&format!("//{text}"), &mut Warnings::default()).host {
            HostPattern::Exact(host, None) => HostPattern::Exact(host, port),
            HostPattern::Template(pieces, None) => HostPattern::Template(pieces, port),
            host => host,
        }
    };
    (host != HostPattern::Any).then_some(host)
}

/// Reads a URL; its braces are variables.
fn parse(url: &str, warnings: &mut Warnings) -> Server {
    let mut url = url;
    if let Some(cut) = outside_braces(url, |c| matches!(c, '?' | '#')) {
        warnings.add(format!("query or fragment of server URL \"{}\" is not looked at", shown(url)));
        url = url.get(..cut).unwrap_or(url);
    }
    let (scheme, rest) = match url.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || (scheme.ends_with(':') && !scheme.contains('/')) => {
            (Some(scheme.trim_end_matches(':').to_ascii_lowercase()), rest)
        }
        _ if looks_like_host(url) => {
            warnings.add(format!("server URL \"{}\" has no scheme: read as a host", shown(url)));
            (Some(String::new()), url)
        }
        _ => (None, url),
    };
    let Some(scheme) = scheme else { return Server { host: HostPattern::Any, base: base_of(rest) } };
    let (authority, path) = match outside_braces(rest, |c| c == '/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = host_pattern(authority, &scheme, warnings);
    Server { host, base: base_of(path) }
}

fn host_pattern(authority: &str, scheme: &str, warnings: &mut Warnings) -> HostPattern {
    // Credentials in a URL are nobody's business.
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = split_port(authority);
    let number = port.and_then(|port| port.parse::<u16>().ok());
    if number.is_none() && port.is_some_and(|port| !port.is_empty() && !port.contains('{')) {
        warnings.add(format!("port of server \"{}\" is no number: any port", shown(authority)));
    }
    let port = number.filter(|port| match scheme {
        "http" | "ws" => *port != 80,
        "https" | "wss" => *port != 443,
        _ => *port != 80 && *port != 443,
    });
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return match address.parse::<Ipv6Addr>() {
            Ok(address) => HostPattern::Exact(format!("[{address}]"), port),
            Err(_) => HostPattern::Exact(host.to_ascii_lowercase(), port),
        };
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    // No specification knows `*.example.com`, and many documents say it; no host is called by a star.
    let host = host.split('.').map(|label| if label == "*" { "{*}" } else { label }).collect::<Vec<_>>().join(".");
    // No host has a slash in it, however it is written: it stays as written.
    let host = host.replace("%2F", "%252F").replace("%2f", "%252f");
    let TemplateSegment(mut pieces) = TemplateSegment::parse(&host);
    for piece in &mut pieces {
        if let Piece::Literal(text) = piece {
            *text = ascii(text, warnings);
        }
    }
    match pieces.as_slice() {
        [Piece::Literal(host)] if host.is_empty() => {
            warnings.add("a server URL without a host: any host");
            HostPattern::Any
        }
        [Piece::Literal(host)] => HostPattern::Exact(host.clone(), port),
        // It may be any host: that names none.
        pieces if pieces.iter().all(|piece| matches!(piece, Piece::Variable(_))) => HostPattern::Any,
        _ => HostPattern::Template(TemplateSegment(pieces), port),
    }
}

/// Host and port text of an authority without userinfo. A colon inside braces or brackets parts nothing.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port))
            if !port.contains(']') && port.matches('{').count() == port.matches('}').count() && !host.is_empty() =>
        {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

/// The ASCII form of a name or a part of one, lower case.
fn ascii(host: &str, warnings: &mut Warnings) -> String {
    let decoded = percent_decode_str(host).decode_utf8_lossy();
    let host = if decoded.contains('/') { host.into() } else { decoded };
    if host.is_ascii() {
        return host.to_ascii_lowercase();
    }
    idna::domain_to_ascii(&host).unwrap_or_else(|_| {
        warnings.add(format!("\"{}\" is no valid host name", shown(&host)));
        host.to_lowercase()
    })
}

/// A base path: no dot segments, no slash at its end. What a relative one is relative to is not known.
pub(super) fn base_of(path: &str) -> PathTemplate {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    PathTemplate::parse(&parts.join("/"))
}

/// `api.example.com/v1` and `localhost:8080`: a relative reference by the letter, and a host to whoever wrote it.
fn looks_like_host(url: &str) -> bool {
    let first = url.split('/').next().unwrap_or_default();
    let (host, port) = first.split_once(':').map_or((first, None), |(host, port)| (host, Some(port)));
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let named = host == "localhost"
        || host.rsplit_once('.').is_some_and(|(name, last)| {
            !name.is_empty() && last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic())
        })
        || host.parse::<std::net::Ipv4Addr>().is_ok();
    named && port.is_none_or(numeric) || (port.is_some_and(numeric) && !host.is_empty())
}

/// Where a character stands that is in no braces; one that is never closed is none.
fn outside_braces(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let closed = text.rfind('}').unwrap_or_default();
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match c {
            '{' => inside = at < closed,
            '}' => inside = false,
            c if !inside && wanted(c) => return Some(at),
            _ => {}
        }
    }
    None
}

/// Names of variables in the order they appear, each once.
fn names(url: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for part in url.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The text of a variable's value; one that should have been quoted counts as written. A brace in it could stand for
/// variables again, and so on until nothing else fits into memory: such a value is none.
fn text(value: &Value) -> Option<String> {
    const MOST: usize = 256;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    (text.len() <= MOST && !text.contains('{')).then_some(text)
}

#[cfg(test)]
mod tests;
