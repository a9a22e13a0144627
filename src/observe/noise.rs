//! Traffic that is counted and never a finding: preflights, mere redirects, static files, health checks.
//!
//! In: a request with its path in segments, and what is known of the answer. Out: one class, or none. In doubt none:
//! a finding too many is looked at once, an endpoint hidden as noise never.

use std::net::SocketAddr;

use super::path::{Segments, Target};
use super::service::{name_service, same_host};
use crate::api::{Noise, PathSegment, ServiceId};
use crate::proto::Message;

/// The class of one exchange.
pub(super) fn noise_of(
    request: &Message,
    path: &[PathSegment<'_>],
    response_type: Option<&str>,
    mere_redirect: bool,
) -> Option<Noise> {
    let reads = matches!(request.method(), b"GET" | b"HEAD");
    if request.method() == b"OPTIONS" {
        if request.field("origin").is_some() && request.field("access-control-request-method").is_some() {
            return Some(Noise::Preflight);
        }
        // RFC 9110 section 9.3.7: `OPTIONS *` is only useful as a ping.
        if request.target() == b"*" {
            return Some(Noise::Health);
        }
    }
    if mere_redirect {
        Some(Noise::Redirect)
    } else if reads && is_health(path) {
        Some(Noise::Health)
    } else if reads && is_static(path, response_type) {
        Some(Noise::Static)
    } else {
        None
    }
}

/// Short, of words only, and ending in a word that means health. Words that mean other things too count only where
/// nothing else can be meant: `/status`, `/health/live`, but not `/users/status`.
fn is_health(path: &[PathSegment<'_>]) -> bool {
    let Some((last, front)) = path.split_last() else { return false };
    if front.len() > 2 || path.iter().any(|segment| segment.class.is_value()) {
        return false;
    }
    let is = |segment: &PathSegment<'_>, words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(segment.text));
    is(last, HEALTH_WORDS)
        || (is(last, WEAK_WORDS)
            && front.last().is_none_or(|parent| is(parent, HEALTH_WORDS) || is(parent, PROBE_PARENTS)))
}

/// The last segment names a file of a kind that web servers hand out, and what came back is no data of an API.
fn is_static(path: &[PathSegment<'_>], response_type: Option<&str>) -> bool {
    let Some(name) = path.last().map(|segment| segment.text) else { return false };
    // A dot further in front has something longer than an extension behind it.
    let front = name.len().saturating_sub(EXTENSION_BYTES + 1);
    let tail = name.as_bytes().get(front..).unwrap_or_default();
    let Some(dot) = tail.iter().rposition(|b| *b == b'.').map(|at| front + at) else { return false };
    let (stem, extension) = (&name[..dot], &name[dot + 1..]);
    let data = response_type.is_some_and(|named| {
        named.ends_with("json")
            || (named.ends_with("xml") && !matches!(named, "image/svg+xml" | "application/xhtml+xml"))
    });
    let file = !stem.is_empty() && STATIC_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension));
    !data && (file || (path.len() == 1 && name == "robots.txt"))
}

/// Where an answer sends the caller.
pub(super) struct Redirect<'x> {
    /// The request's target.
    pub target: Target<'x>,
    /// Who was asked.
    pub service: &'x ServiceId,
    /// The server's address, for a location that names nobody usable.
    pub server: SocketAddr,
    /// It came out of TLS.
    pub encrypted: bool,
}

impl Redirect<'_> {
    /// The answer only moves the caller to another spelling of the same path: a slash, a scheme, `www.`, letter case
    /// of the host. `path` is the request's in its normal form; `scratch` is for the location's.
    pub(super) fn is_mere(&self, response: &Message, path: &str, scratch: &mut Segments) -> bool {
        if !matches!(response.status, 301 | 302 | 307 | 308) {
            return false;
        }
        let Some(location) = response.field("location").map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()) else {
            return false;
        };
        let mut there = Target::split(location);
        if let [b'/', b'/', rest @ ..] = there.path {
            // A network-path reference (RFC 3986 section 4.2): same scheme, another host perhaps.
            let slash = rest.iter().position(|b| *b == b'/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(slash);
            there = Target { authority: Some(authority), path, ..there };
        }
        let mut moved = false;
        if there.authority.is_some() {
            let mut service = ServiceId::default();
            name_service(&there, None, self.server, self.encrypted, &mut service);
            if !same_host(&service, self.service) {
                return false;
            }
            moved = service != *self.service;
        }
        let relative = there.authority.is_none() && there.path.first() != Some(&b'/');
        if relative {
            // Against the folder of the request's path (RFC 3986 section 5.2.3).
            let folder = self.target.path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
            let base = if there.path.is_empty() { self.target.path.len() } else { folder };
            let joined = [self.target.path.get(..base).unwrap_or_default(), there.path].concat();
            moved |= joined != self.target.path;
            scratch.read(&joined);
        } else {
            moved |= there.path != self.target.path;
            scratch.read(there.path);
        }
        moved && scratch.normal() == path && (there.query.is_none() || there.query == self.target.query)
    }
}

const HEALTH_WORDS: &[&str] = &[
    "health",
    "healthz",
    "healthcheck",
    "health-check",
    "health_check",
    "livez",
    "readyz",
    "liveness",
    "readiness",
    "ping",
    "_health",
    "_healthz",
    "_ping",
    "heartbeat",
    "__heartbeat__",
    "__lbheartbeat__",
];

const WEAK_WORDS: &[&str] = &["status", "live", "ready", "alive", "up", "startup", "started"];

const PROBE_PARENTS: &[&str] = &["actuator", "probe", "probes", "-", "_"];

/// The longest extension.
const EXTENSION_BYTES: usize = 11;

const STATIC_EXTENSIONS: &[&str] = &[
    "css",
    "js",
    "mjs",
    "map",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "avif",
    "ico",
    "bmp",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "html",
    "htm",
    "webmanifest",
    "wasm",
    "swf",
    "mp4",
    "webm",
    "mp3",
    "m4a",
    "ogg",
    "scss",
    "less",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Message {
        let mut request = Message::default();
        request.set_request(method.as_bytes(), target.as_bytes(), 11);
        for (name, value) in fields {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
        request
    }

    fn noise(method: &str, target: &str, response_type: Option<&str>) -> Option<Noise> {
        let request = request(method, target, &[]);
        let mut segments = Segments::default();
        segments.read(target.as_bytes());
        let mut path = Vec::new();
        segments.list(32, &mut path);
        noise_of(&request, &path, response_type, false)
    }

    #[test]
    fn health_checks_are_known_by_their_path() {
        for path in [
            "/health",
            "/healthz",
            "/livez",
            "/actuator/health",
            "/health/live",
            "/status",
            "/ping",
            "/api/v1/health",
            "/-/readiness",
            "/actuator/health/readiness",
            "/up",
        ] {
            assert_eq!(noise("GET", path, None), Some(Noise::Health), "{path}");
        }
        // Catches words that hide real endpoints.
        for path in ["/users/status", "/users/42/health", "/a/b/c/health", "/live", "/orders/ready", "/healthy", "/"] {
            let expected = if path == "/live" { Some(Noise::Health) } else { None };
            assert_eq!(noise("GET", path, None), expected, "{path}");
        }
        assert_eq!(noise("POST", "/health", None), None);
        assert_eq!(noise("OPTIONS", "*", None), Some(Noise::Health));
    }

    #[test]
    fn static_files_are_known_by_extension_unless_data_came_back() {
        for path in ["/favicon.ico", "/robots.txt", "/static/app.4f3a2b1c.js", "/a/logo.SVG", "/index.html"] {
            assert_eq!(noise("GET", path, None), Some(Noise::Static), "{path}");
        }
        assert_eq!(noise("GET", "/badge.svg", Some("image/svg+xml")), Some(Noise::Static));
        assert_eq!(noise("GET", "/export.html", Some("application/json")), None);
        assert_eq!(noise("GET", "/feed.html", Some("application/atom+xml")), None);
        assert_eq!(STATIC_EXTENSIONS.iter().map(|known| known.len()).max(), Some(EXTENSION_BYTES));
        for path in ["/orders.json", "/report.pdf", "/docs/robots.txt", "/.css", "/css", "/users/john.doe"] {
            assert_eq!(noise("GET", path, None), None, "{path}");
        }
        assert_eq!(noise("PUT", "/avatar.png", None), None);
    }

    #[test]
    fn a_preflight_has_both_fields() {
        let both = [("Origin", "https://a"), ("Access-Control-Request-Method", "PUT")];
        assert_eq!(noise_of(&request("OPTIONS", "/a", &both), &[], None, false), Some(Noise::Preflight));
        assert_eq!(noise_of(&request("OPTIONS", "/a", &both[..1]), &[], None, false), None);
        assert_eq!(noise_of(&request("GET", "/a", &both), &[], None, false), None);
    }

    fn mere(target: &str, status: u16, location: &str) -> bool {
        let service = ServiceId { host: "shop.example".into(), port: 80, ..ServiceId::default() };
        let mut response = Message::default();
        response.set_response(status, 11);
        response.push_field(b"Location", location.as_bytes());
        let redirect = Redirect {
            target: Target::split(target.as_bytes()),
            service: &service,
            server: "10.0.0.7:80".parse().unwrap(),
            encrypted: false,
        };
        let mut segments = Segments::default();
        segments.read(redirect.target.path);
        redirect.is_mere(&response, segments.normal(), &mut Segments::default())
    }

    #[test]
    fn a_mere_redirect_spells_the_same_path() {
        for (target, location) in [
            ("/a", "/a/"),
            ("/a/", "/a"),
            ("//a//b", "/a/b"),
            ("/a", "a/"),
            ("/x/a?q=1", "a/?q=1"),
            ("/a", "https://shop.example/a"),
            ("/a", "https://www.shop.example/a/"),
            ("/a", "//www.shop.example/a"),
            ("/", "https://shop.example"),
            ("/a", "http://shop.example:80/a/"),
        ] {
            assert!(mere(target, 301, location), "{target} -> {location}");
        }
        // Catches a rule that hides endpoints whose answer is a redirect: logins, short links, post-and-look.
        for (target, location) in [
            ("/a", "/b"),
            ("/a", "/a"),
            ("/a", "/a/b"),
            ("/a", "/A"),
            ("/a", "https://other.example/a"),
            ("/a", "/a/?token=1"),
            ("/a", "http://SHOP.example/a"),
            ("/a", ""),
            ("/", "/login"),
        ] {
            assert!(!mere(target, 302, location), "{target} -> {location}");
        }
        assert!(!mere("/a", 303, "/a/") && !mere("/a", 200, "/a/"));
    }
}
