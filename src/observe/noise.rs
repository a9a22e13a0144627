//! Traffic that is counted and never a finding: preflights, mere redirects, static files, health checks, crawlers, scanners.
//!
//! In: a request with its path in segments, and what is known of the answer. Out: one class, or none. In doubt none:
//! a finding too many is looked at once, an endpoint hidden as noise never.

use std::net::SocketAddr;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::encoding::Unpacker;
use super::kind::{kind_of_bytes, kind_of_type};
use super::path::{Segments, Target};
use super::service::{name_service, same_host};
use crate::api::{Agent, AgentKind, BodyKind, Noise, PathSegment, ServiceId};
use crate::proto::Message;

/// What is known of the answer, and of who asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'x> {
    /// The final status.
    pub status: Option<u16>,
    /// Its media type.
    pub response_type: Option<&'x str>,
    /// It only moves the caller to another spelling of the same path.
    pub mere_redirect: bool,
    /// It is a success, and a page in place of what the path names.
    pub feigned: bool,
    /// Who asked.
    pub agent: Agent,
}

/// The class of one exchange. What is asked for decides before who asks: a health check is one whoever makes it.
pub(super) fn noise_of(request: &Message, path: &[PathSegment<'_>], known: Known<'_>) -> Option<Noise> {
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
    if known.mere_redirect {
        Some(Noise::Redirect)
    } else if reads && is_health(path) {
        Some(Noise::Health)
    } else if reads && is_static(path, known.response_type) {
        Some(Noise::Static)
    } else if known.agent.kind() == AgentKind::Scanner {
        Some(Noise::Scanner)
    } else if reads && is_crawler(known.agent) {
        Some(Noise::Crawler)
    } else if known.feigned || (known.status.is_some_and(|status| !is_success(status)) && is_probe(path)) {
        // What was found is there, whoever asked: a 2xx that can be it is never noise here. Without an answer nobody knows.
        Some(Noise::Scanner)
    } else {
        None
    }
}

/// It says that it crawls. Browsers without people are test benches as often.
fn is_crawler(agent: Agent) -> bool {
    agent.kind() == AgentKind::Bot && agent != Agent::HeadlessBrowser
}

/// A path that scanners try everywhere and that hardly anybody else asks for.
fn is_probe(path: &[PathSegment<'_>]) -> bool {
    let Some(last) = path.last() else { return false };
    let is = |text: &str, words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    path.iter().any(|segment| is_hidden_folder(segment.text) || is(segment.text, PROBE_FOLDERS))
        || is_secret_file(last.text)
        || is_probe_file(last.text)
        || path.first().is_some_and(|first| is(first.text, PROBE_ROOTS))
}

pub(super) const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// The answer is a success and a page, and the path names what is none, or is one that a declared scanner made up: applications in
/// one page answer so to every path that they do not know. Only what begins as a page is one: some servers say so of every file that
/// has no type, secrets included.
pub(super) fn is_feigned(
    path: &[PathSegment<'_>],
    response: &Message,
    response_type: Option<&str>,
    agent: Agent,
    unpacker: &mut Unpacker,
) -> bool {
    // In this order, as nearly all exchanges end at the first question or the second.
    is_success(response.status)
        && kind_of_type(response_type) == Some(BodyKind::Html)
        && (is_no_page(path) || (agent.kind() == AgentKind::Scanner && !is_probe(path)))
        && unpacker.unpack(response, BEGINNING).is_some_and(|(body, _)| kind_of_bytes(body) == Some(BodyKind::Html))
}

/// A path that is asked for only to see whether a secret lies there: of those that are tried everywhere, the ones that neither
/// browsers nor monitors ever ask for.
pub(super) fn is_telltale(path: &[PathSegment<'_>]) -> bool {
    path.iter().any(|segment| is_hidden_folder(segment.text))
        || path.last().is_some_and(|last| is_secret_file(last.text) || is_probe_file(last.text))
}

// Whatever is refused is asked these three, so a list is gone through only for a name that may stand in it.

fn is_hidden_folder(name: &str) -> bool {
    name.starts_with('.') && HIDDEN_FOLDERS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_probe_file(name: &str) -> bool {
    name.ends_with(['p', 'P']) && PROBE_FILES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Keyed hash of an answer that may be the same for whatever is asked: a page, by its length and its beginning, or where else to
/// go, without the query, in which many put what was asked for.
pub(super) fn print_of(response: &Message, response_type: Option<&str>, key: u64) -> Option<u64> {
    let hash = |bytes: &[u8], seed: u64| xxh3_64_with_seed(bytes, seed);
    let seed = || hash(&response.status.to_le_bytes(), key);
    match response.status {
        200..=299 if !response.body.is_empty() && kind_of_type(response_type) == Some(BodyKind::Html) => {
            let beginning = response.body.get(..BEGINNING).unwrap_or(&response.body);
            Some(hash(beginning, hash(&response.body_len.to_le_bytes(), seed())))
        }
        300..=399 => {
            let location = response.field("location")?.trim_ascii();
            let end = location.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(location.len());
            Some(hash(location.get(..end)?, seed()))
        }
        _ => None,
    }
}

/// A path that names a file which is a page nowhere: a secret, a dump, what an editor left. Folders, and programs that write
/// pages, are left to what they answer.
fn is_no_page(path: &[PathSegment<'_>]) -> bool {
    let Some((last, front)) = path.split_last() else { return false };
    let is = |text: &str, words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let (stem, extension) = last.text.rsplit_once('.').unwrap_or((last.text, ""));
    let named = !stem.is_empty() && !extension.is_empty();
    is_secret_file(last.text)
        || (front.iter().any(|segment| is_hidden_folder(segment.text)) && (named || is(last.text, HIDDEN_FILES)))
        || (named && is(extension, DUMPS))
        // Deeper down it is something to download, and the page perhaps where to log in.
        || (named && front.is_empty() && is(extension, ARCHIVES))
}

fn is_secret_file(name: &str) -> bool {
    // `.env.production` is tried as `.env` is.
    let hidden = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(".env."));
    let is_listed = || SECRET_FILES.iter().any(|known| known.eq_ignore_ascii_case(name));
    hidden || KEY_FILE.eq_ignore_ascii_case(name) || memchr::memchr(b'.', name.as_bytes()).is_some() && is_listed()
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
    let bytes = name.as_bytes();
    // A dot, and something in front of it, where one of the list would begin: most names are done with.
    let dotted = |length: &usize| bytes.len() > length + 1 && bytes[bytes.len() - length - 1] == b'.';
    let Some(length) = EXTENSION_BYTES.iter().find(|length| dotted(length)) else { return false };
    let extension = &bytes[bytes.len() - length..];
    let data = response_type.is_some_and(|named| {
        named.ends_with("json")
            || (named.ends_with("xml") && !matches!(named, "image/svg+xml" | "application/xhtml+xml"))
    });
    let file = STATIC_EXTENSIONS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(extension));
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

/// How long these are, the shortest first: what has a dot in it is none of them.
const EXTENSION_BYTES: [usize; 5] = [2, 3, 4, 5, 11];

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

/// Folders of tools that nobody means to serve, at any depth ...
const HIDDEN_FOLDERS: &[&str] = &[".git", ".svn", ".hg", ".aws", ".ssh", ".vscode", ".idea", ".docker", ".kube"];

/// ... and files in them whose names have no dot.
const HIDDEN_FILES: &[&str] = &[
    "config",
    "head",
    "index",
    "description",
    "packed-refs",
    "fetch_head",
    "orig_head",
    "commit_editmsg",
    "exclude",
    "entries",
    "format",
    "hgrc",
    "credentials",
    "id_rsa",
    "id_ed25519",
    "known_hosts",
    "authorized_keys",
];

/// Folders that are tried everywhere, at any depth.
const PROBE_FOLDERS: &[&str] = &["cgi-bin", "wp-admin", "wp-content", "wp-includes", "phpmyadmin", "phpunit"];

/// Files that give a server away, at the end of any path, and that are pages nowhere.
const SECRET_FILES: &[&str] = &[
    ".env",
    ".htaccess",
    ".htpasswd",
    ".ds_store",
    ".npmrc",
    ".git-credentials",
    ".gitconfig",
    ".bash_history",
    ".dockerenv",
    "wp-config.php.bak",
    "wlwmanifest.xml",
    "web.config",
    "docker-compose.yml",
    "backup.sql",
    "dump.sql",
    "backup.zip",
];

/// The only other, and the only one whose name has no dot.
const KEY_FILE: &str = "id_rsa";

/// Programs that are tried everywhere, at the end of any path. Where they are there, they may well write pages.
const PROBE_FILES: &[&str] =
    &["wp-login.php", "wp-config.php", "xmlrpc.php", "phpinfo.php", "shell.php", "eval-stdin.php", "adminer.php"];

/// Extensions of dumps and of what editors leave. Refused they prove nothing: some have such things to download.
const DUMPS: &[&str] = &["sql", "bak", "swp", "sqlite", "sqlite3", "mdb"];

/// Extensions of archives.
const ARCHIVES: &[&str] = &["zip", "tar", "gz", "tgz", "bz2", "rar", "7z", "war"];

/// Bytes of an answer, unpacked, in which it begins as a page or not at all.
const BEGINNING: usize = 512;

/// Where paths begin that only those ask for who run the thing, or who look for it. A word that an API may have for a thing of its
/// own (`manager`, `remote`) is none of them: what refused its callers would be hidden.
const PROBE_ROOTS: &[&str] = &[
    "actuator",
    "hnap1",
    "boaform",
    "goform",
    "autodiscover",
    "telescope",
    "_ignition",
    "jmx-console",
    "web-inf",
    "server-status",
    "pma",
    "mysqladmin",
    "jolokia",
];

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Known<'static> =
        Known { status: Some(200), response_type: None, mere_redirect: false, feigned: false, agent: Agent::Chrome };

    fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Message {
        let mut request = Message::default();
        request.set_request(method.as_bytes(), target.as_bytes(), 11);
        for (name, value) in fields {
            request.push_field(name.as_bytes(), value.as_bytes());
        }
        request
    }

    fn noise(method: &str, target: &str, response_type: Option<&str>) -> Option<Noise> {
        noise_for(method, target, Known { response_type, ..NOTHING })
    }

    fn noise_for(method: &str, target: &str, known: Known<'_>) -> Option<Noise> {
        let request = request(method, target, &[]);
        let mut segments = Segments::default();
        segments.read(target.as_bytes());
        let mut path = Vec::new();
        segments.list(32, &mut path);
        noise_of(&request, &path, known)
    }

    #[test]
    fn short_cuts_pass_over_nothing_that_is_listed() {
        // Catches a name that is listed and that nobody ever finds there.
        let upper = |name: &str| name.to_ascii_uppercase();
        assert!(EXTENSION_BYTES.is_sorted() && STATIC_EXTENSIONS.iter().all(|it| EXTENSION_BYTES.contains(&it.len())));
        assert!(HIDDEN_FOLDERS.iter().all(|it| is_hidden_folder(it) && is_hidden_folder(&upper(it))));
        assert!(PROBE_FILES.iter().all(|it| is_probe_file(it) && is_probe_file(&upper(it))));
        assert!(SECRET_FILES.iter().chain(&[KEY_FILE]).all(|it| is_secret_file(it) && is_secret_file(&upper(it))));
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
        for path in ["/orders.json", "/report.pdf", "/docs/robots.txt", "/.css", "/css", "/users/john.doe"] {
            assert_eq!(noise("GET", path, None), None, "{path}");
        }
        assert_eq!(noise("PUT", "/avatar.png", None), None);
    }

    #[test]
    fn a_preflight_has_both_fields() {
        let both = [("Origin", "https://a"), ("Access-Control-Request-Method", "PUT")];
        assert_eq!(noise_of(&request("OPTIONS", "/a", &both), &[], NOTHING), Some(Noise::Preflight));
        assert_eq!(noise_of(&request("OPTIONS", "/a", &both[..1]), &[], NOTHING), None);
        assert_eq!(noise_of(&request("GET", "/a", &both), &[], NOTHING), None);
    }

    #[test]
    fn scanners_and_crawlers_are_known_by_what_they_say_they_are() {
        let by = |agent, method: &str, target: &str| noise_for(method, target, Known { agent, ..NOTHING });
        for method in ["GET", "POST"] {
            assert_eq!(by(Agent::Nikto, method, "/v1/users"), Some(Noise::Scanner));
        }
        assert_eq!(by(Agent::Googlebot, "GET", "/v1/users"), Some(Noise::Crawler));
        // Catches classes of callers that go before those of paths: a scanner would make an endpoint of a health check.
        assert_eq!(by(Agent::Nikto, "GET", "/health"), Some(Noise::Health));
        assert_eq!(by(Agent::Googlebot, "GET", "/logo.png"), Some(Noise::Static));
        // Catches robots of one's own, test benches and people's programs taken for crawlers.
        assert_eq!(by(Agent::OtherBot, "POST", "/v1/deployments"), None);
        for agent in [Agent::HeadlessBrowser, Agent::Curl, Agent::KubeProbe, Agent::None, Agent::Other] {
            assert_eq!(by(agent, "GET", "/v1/users"), None, "{agent:?}");
        }
    }

    #[test]
    fn a_page_in_place_of_a_secret_is_no_secret() {
        let page = "<!DOCTYPE html><html><div id=root></div><script src=/app.js></script></html>";
        let mut unpacker = Unpacker::default();
        let mut feigned_to = |agent: Agent, target: &str, named: &str, body: &[u8], coding: Option<&str>| {
            let mut response = Message::default();
            response.set_response(200, 11);
            response.body.extend_from_slice(body);
            response.body_whole = true;
            coding.into_iter().for_each(|coding| response.push_field(b"content-encoding", coding.as_bytes()));
            let mut segments = Segments::default();
            segments.read(target.as_bytes());
            let mut path = Vec::new();
            segments.list(32, &mut path);
            is_feigned(&path, &response, Some(named), agent, &mut unpacker)
        };
        let mut feigned = |target: &str, named: &str, body: &[u8], coding: Option<&str>| {
            let to_all = feigned_to(Agent::Curl, target, named, body, coding);
            // A scanner that says so makes up paths of its own; what is known as a hole may be one.
            let scanner = *Agent::ALL.iter().find(|agent| agent.kind() == AgentKind::Scanner).unwrap();
            assert!(!to_all || feigned_to(scanner, target, named, body, coding), "{target}");
            assert!(!feigned_to(scanner, "/wp-login.php", named, body, coding));
            assert!(!feigned_to(scanner, "/qwjfa", "application/json", b"{}", None));
            assert!(feigned_to(scanner, "/qwjfa", "text/html", page.as_bytes(), None));
            to_all
        };
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, page.repeat(50).as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        for path in [
            "/.env",
            "/api/.ENV.production",
            "/.git/config",
            "/app/.git/HEAD",
            "/.aws/credentials",
            "/.vscode/sftp.json",
            "/backup.zip",
            "/shop.tar.gz",
            "/db/dump.sql",
            "/index.php.bak",
            "/id_rsa",
        ] {
            assert!(feigned(path, "text/html", page.as_bytes(), None), "{path}");
            assert!(feigned(path, "text/html", &packed, Some("gzip")), "{path}, packed");
            // Catches the worst of all: a secret that is served, hidden since its server calls everything a page.
            assert!(!feigned(path, "text/html", b"DB_PASSWORD=hunter2\n<html>", None), "{path}");
            assert!(!feigned(path, "text/plain", page.as_bytes(), None), "{path}: another type");
            assert!(!feigned(path, "text/html", b"", None), "{path}: nobody knows what came");
            assert!(!feigned(path, "text/html", &packed, Some("br, x")), "{path}: nobody can tell what came");
        }
        // Catches what may well be a page where it is found: listings of folders, programs, what an API names so.
        for path in [
            "/.git",
            "/.git/objects",
            "/wp-login.php",
            "/phpinfo.php",
            "/actuator/env",
            "/server-status",
            "/v1/exports/2026.zip",
            "/v1/env",
            "/sql",
            "/.sql",
            "/config",
            "/orders",
            "/",
        ] {
            assert!(!feigned(path, "text/html", page.as_bytes(), None), "{path}");
        }
    }

    #[test]
    fn answers_that_are_alike_have_one_print() {
        let print = |status, named: Option<&str>, fields: &[(&str, &str)], body: &[u8], key| {
            let mut response = Message::default();
            response.set_response(status, 11);
            fields.iter().for_each(|(name, value)| response.push_field(name.as_bytes(), value.as_bytes()));
            response.body.extend_from_slice(body);
            response.body_len = body.len() as u64;
            print_of(&response, named, key)
        };
        let page = |body: &[u8]| print(200, Some("text/html"), &[], body, 1);
        assert!(page(b"<html>a").is_some() && page(b"<html>a") == page(b"<html>a"));
        // Catches pages that are told apart by their length alone, or by their beginning alone.
        assert_ne!(page(b"<html>a"), page(b"<html>b"));
        let long = |end: &str| page(format!("{}{end}", "x".repeat(600)).as_bytes());
        assert_ne!(long(""), long("y"));
        // Catches hashes that somebody could look up.
        assert_ne!(page(b"<html>a"), print(200, Some("text/html"), &[], b"<html>a", 2));
        let moved = |status, location| print(status, None, &[("Location", location)], b"", 1);
        assert_eq!(moved(302, "/login?next=/a"), moved(302, "/login?next=/b"));
        assert_ne!(moved(302, "/login"), moved(302, "/home"));
        assert_ne!(moved(302, "/login"), moved(307, "/login"));
        // Catches data, refusals and what nobody saw taken for what answers everything.
        assert_eq!(print(200, Some("application/json"), &[], b"{}", 1), None);
        assert_eq!(print(200, Some("text/html"), &[], b"", 1), None);
        assert_eq!(print(302, Some("text/html"), &[], b"<html>", 1), None);
        assert_eq!(print(403, Some("text/html"), &[], b"<html>", 1), None);
    }

    #[test]
    fn some_paths_tell_who_asks_for_them() {
        let tells = |target: &str| {
            let mut segments = Segments::default();
            segments.read(target.as_bytes());
            let mut path = Vec::new();
            segments.list(32, &mut path);
            is_telltale(&path)
        };
        assert!(
            ["/.env", "/a/.git/HEAD", "/.aws/credentials", "/wp-login.php", "/a/dump.sql"]
                .iter()
                .all(|path| tells(path))
        );
        // Catches what browsers, mail programs and monitors ask for taken for an attack.
        let honest = [
            "/wp-content/uploads/a.png",
            "/actuator/env",
            "/autodiscover/autodiscover.xml",
            "/server-status",
            "/shop.zip",
            "/",
        ];
        assert!(!honest.iter().any(|path| tells(path)));
    }

    #[test]
    fn probes_are_noise_only_where_they_found_nothing() {
        let answered = |target: &str, status| noise_for("GET", target, Known { status, ..NOTHING });
        for path in [
            "/.env",
            "/api/.env.production",
            "/.git/config",
            "/blog/wp-login.php",
            "/WP-Admin/setup-config.php",
            "/actuator/env",
            "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
            "/HNAP1",
        ] {
            for status in [404, 403, 401, 500, 302] {
                assert_eq!(answered(path, Some(status)), Some(Noise::Scanner), "{path} {status}");
            }
            // Catches the worst of all: a secret that is served, hidden as noise.
            assert_eq!(answered(path, Some(200)), None, "{path}");
            let known = Known { feigned: true, ..NOTHING };
            assert_eq!(noise_for("GET", path, known), Some(Noise::Scanner), "{path}: a page in its place");
            assert_eq!(answered(path, None), None, "{path}: nobody knows the answer");
        }
        for path in [
            "/environment",
            "/users/actuator",
            "/git/config",
            "/v1/managers",
            "/admin",
            "/login",
            "/envs",
            "/manager/tasks",
            "/",
        ] {
            assert_eq!(answered(path, Some(404)), None, "{path}");
        }
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
