//! The pages, asked through real sockets: what is sent is written out byte by byte, as an attacker would.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::server::{Bounds, serve_within};
use super::*;
use crate::report::{CaptureSummary, Headline, PacketLedger};

const TOKEN: &str = "0123456789abcdef";
/// A client that waits this long for the server waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);

/// A capture whose state the test sets.
#[derive(Default)]
struct Tap {
    report: Mutex<Option<Arc<[u8]>>>,
    ready: AtomicBool,
    stopped: AtomicBool,
    panics: AtomicBool,
    /// How long figures take.
    slow: Duration,
    asked: AtomicUsize,
    /// Callers of `figures` at this moment, and the most there ever were.
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Served for Tap {
    fn report(&self) -> Option<Arc<[u8]>> {
        assert!(!self.panics.load(Ordering::SeqCst), "a report that cannot be drawn");
        self.report.lock().expect("the report").clone()
    }

    fn figures(&self) -> Figures {
        let now = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.asked.fetch_add(1, Ordering::SeqCst);
        thread::sleep(self.slow);
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Figures {
            headline: Some(Headline { judged: true, shadow: 3, ..Headline::default() }),
            capture: CaptureSummary {
                packets: PacketLedger { seen: 7, tcp: 7, ..PacketLedger::default() },
                ..CaptureSummary::default()
            },
            ..Figures::default()
        }
    }

    fn ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    fn healthy(&self) -> bool {
        !self.stopped.load(Ordering::SeqCst)
    }
}

fn token() -> Token {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), TOKEN).expect("written");
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).expect("a mode");
    Token::read(file.path()).expect("a token")
}

fn with_token() -> Access {
    Access::new(Some(token()), &[]).expect("access")
}

/// A server on a thread of its own; dropped, it is stopped, and must have ended well.
struct Serving {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Serving {
    fn new(served: &Arc<Tap>, access: Access) -> Self {
        Self::within(served, access, "127.0.0.1:0", Bounds::default())
    }

    fn within(served: &Arc<Tap>, access: Access, address: &str, bounds: Bounds) -> Self {
        let listener = listen(address.parse().expect("an address")).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let served: Arc<dyn Served> = Arc::<Tap>::clone(served);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
            runtime.block_on(serve_within(listener, served, access, stopped, bounds))
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("connected");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends these bytes, and returns all that comes back.
    fn send(&self, bytes: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer that ends");
        answer
    }

    /// Asks for a page as curl would, with further header lines.
    fn get(&self, path: &str, headers: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address))
    }

    fn end(&mut self) {
        self.stop.take();
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, None | Some(Ok(Ok(())))), "the server ended well");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.end();
        }
    }
}

fn status(answer: &str) -> u16 {
    answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .unwrap_or_default()
}

/// A header's value in an answer.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split_once("\r\n\r\n")?.0;
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
    line.get(name.len() + 2..)
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[test]
fn each_page_says_what_it_is() {
    // Catches a page under another's path or type, and one that is there before what it tells.
    let tap = Arc::new(Tap::default());
    let server = Serving::new(&tap, Access::default());

    let metrics = server.get("/metrics", "");
    assert_eq!(status(&metrics), 200);
    assert_eq!(field(&metrics, "content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(body(&metrics).contains("\nshadowtap_packets_total{class=\"tcp\"} 7\n"), "{metrics}");
    assert!(body(&metrics).contains("\nshadowtap_shadow_endpoints 3\n") && metrics.ends_with("\n# EOF\n"), "{metrics}");

    let health = server.get("/healthz", "");
    assert_eq!((status(&health), body(&health)), (200, "ok\n"));
    tap.stopped.store(true, Ordering::SeqCst);
    assert_eq!(status(&server.get("/healthz", "")), 503);

    assert_eq!(status(&server.get("/readyz", "")), 503);
    tap.ready.store(true, Ordering::SeqCst);
    assert_eq!(status(&server.get("/readyz", "")), 200);

    assert_eq!(status(&server.get("/report.json", "")), 503);
    *tap.report.lock().expect("the report") = Some(Arc::from(&b"{\"schema\":1}"[..]));
    let report = server.get("/report.json?any=query", "");
    assert_eq!((status(&report), body(&report)), (200, "{\"schema\":1}"));
    assert_eq!(field(&report, "content-type"), Some("application/json"));
}

#[test]
fn head_tells_the_length_and_nothing_else() {
    let tap = Arc::new(Tap::default());
    *tap.report.lock().expect("the report") = Some(Arc::from(&b"{\"schema\":1}"[..]));
    let server = Serving::new(&tap, Access::default());
    let answer = server.send("HEAD /report.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((status(&answer), field(&answer, "content-length"), body(&answer)), (200, Some("12"), ""));
}

#[test]
fn there_is_nothing_else() {
    // Catches a router that matches prefixes, folds slashes or case, or lets other methods through.
    let server = Serving::new(&Arc::default(), Access::default());
    for path in [
        "/",
        "/metrics/",
        "//metrics",
        "/Metrics",
        "/report",
        "/report.json/x",
        "/%6detrics",
        "/../metrics",
        "/favicon.ico",
    ] {
        assert_eq!(status(&server.get(path, "")), 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"] {
        let answer = server.send(&format!("{method} /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_eq!((status(&answer), field(&answer, "allow")), (405, Some("GET, HEAD")), "{method}");
    }
    // An asterisk and a tunnel have no path of ours.
    assert_eq!(status(&server.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")), 404);
    assert_eq!(status(&server.send("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n")), 404);
}

#[test]
fn every_answer_carries_what_browsers_must_know() {
    // Catches a refusal or an error that leaves by a way of its own, and any leave for other sites.
    let server = Serving::new(&Arc::default(), with_token());
    let bearer = format!("Authorization: Bearer {TOKEN}\r\nOrigin: http://evil.example\r\n");
    for (answer, expected) in [
        (server.get("/metrics", &bearer), 200),
        (server.get("/report.json", &bearer), 503),
        (server.get("/none", &bearer), 404),
        (server.get("/metrics", ""), 401),
        (server.send("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421),
        (server.send("GET /metrics HTTP/1.1\r\n\r\n"), 400),
        (server.send(&format!("POST /metrics HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n")), 405),
    ] {
        assert_eq!(status(&answer), expected, "{answer}");
        assert_eq!(field(&answer, "x-content-type-options"), Some("nosniff"), "{answer}");
        assert_eq!(field(&answer, "cache-control"), Some("no-store"), "{answer}");
        assert_eq!(field(&answer, "content-security-policy"), Some("default-src 'none'"), "{answer}");
        assert_eq!(field(&answer, "cross-origin-resource-policy"), Some("same-origin"), "{answer}");
        assert!(!answer.to_ascii_lowercase().contains("access-control-"), "{answer}");
    }
}

#[test]
fn a_rebound_name_sees_nothing() {
    // Catches DNS rebinding, on every page, the open one too; and requests that name two hosts in any of three ways.
    let server = Serving::new(&Arc::default(), Access::default());
    let port = server.address.port();
    for path in ["/metrics", "/healthz", "/readyz", "/report.json", "/none"] {
        let answer = server.send(&format!("GET {path} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n"));
        assert_eq!(status(&answer), 421, "{path}");
        assert!(body(&answer).contains("--listen-host") && !answer.contains("evil"), "{answer}");
    }
    for (head, expected) in [
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.0\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost:\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: localhost, evil.example\r\n", 421),
        ("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n", 421),
        ("GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET http://a@localhost/healthz HTTP/1.1\r\nHost: localhost\r\n", 421),
        ("GET http://localhost/healthz HTTP/1.1\r\n", 400),
        ("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nX-Forwarded-Host: evil.example\r\nHost: localhost\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nX-Forwarded-Host: localhost\r\nHost: evil.example\r\n", 421),
    ] {
        let answer = server.send(&format!("{head}\r\n"));
        assert_eq!(status(&answer.replace("HTTP/1.0", "HTTP/1.1")), expected, "{head}");
    }
}

#[test]
fn without_the_token_only_health_is_told() {
    // Catches a page, a missing page, or a method that answers before the token is asked for.
    let tap = Arc::new(Tap::default());
    tap.ready.store(true, Ordering::SeqCst);
    let server = Serving::new(&tap, with_token());
    assert_eq!(status(&server.get("/healthz", "")), 200);
    for path in ["/metrics", "/readyz", "/report.json", "/none", "/healthz/../metrics"] {
        let none = server.get(path, "");
        assert_eq!(
            (status(&none), field(&none, "www-authenticate")),
            (401, Some("Bearer realm=\"shadowtap\"")),
            "{path}"
        );
        let wrong = server.get(path, "Authorization: Bearer 0123456789abcdeF\r\n");
        let told = "Bearer realm=\"shadowtap\", error=\"invalid_token\"";
        assert_eq!((status(&wrong), field(&wrong, "www-authenticate")), (401, Some(told)), "{path}");
    }
    let two = format!("Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer {TOKEN}\r\n");
    assert_eq!(status(&server.get("/metrics", &two)), 401);
    assert_eq!(tap.asked.load(Ordering::SeqCst), 0, "nothing was drawn for them");
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(status(&server.get("/metrics", &bearer)), 200);
    assert_eq!(status(&server.get("/readyz", &bearer)), 200);
    // On loopback the name is looked at all the same.
    assert_eq!(status(&server.send(&format!("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n{bearer}\r\n"))), 421);
}

#[test]
fn an_open_address_is_served_with_a_token_only() {
    // Catches a caller that binds 0.0.0.0 without asking `check_address`.
    let listener = listen("0.0.0.0:0".parse().expect("an address")).expect("a listener");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let served = serve(listener, Arc::new(Tap::default()), Access::default(), std::future::pending::<()>());
    let error = runtime.block_on(served).expect_err("refused");
    assert!(error.to_string().contains("--token-file"), "{error}");

    let server = Serving::within(&Arc::default(), with_token(), "0.0.0.0:0", Bounds::default());
    let ask = |host: &str| {
        server.send(&format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"))
    };
    assert_eq!(status(&ask("192.0.2.7:30123")), 200);
    assert_eq!(status(&ask("evil.example")), 421);
}

#[test]
fn a_slow_head_is_cut() {
    // Catches slow loris: a head that never ends, byte by byte, and a client that says nothing at all.
    let bounds = Bounds { head: Duration::from_millis(300), ..Bounds::default() };
    let server = Serving::within(&Arc::default(), Access::default(), "127.0.0.1:0", bounds);
    let (mut slow, mut silent, began) = (server.connect(), server.connect(), Instant::now());
    let mut sent = 0;
    // Writing fails a little after the other side has closed.
    while slow.write_all(if sent == 0 { b"GET /healthz HTTP/1.1\r\nX: " } else { b"x" }).is_ok() {
        sent += 1;
        assert!(began.elapsed() < PATIENCE, "never cut");
        thread::sleep(Duration::from_millis(20));
    }
    let mut nothing = Vec::new();
    assert!(silent.read_to_end(&mut nothing).is_ok() && nothing.is_empty());
    assert_eq!(status(&server.get("/healthz", "")), 200);
}

#[test]
fn a_client_that_does_not_read_is_cut() {
    // Catches a server that waits for ever for a reader: the report is far larger than any socket buffer.
    let tap = Arc::new(Tap::default());
    *tap.report.lock().expect("the report") = Some(Arc::from(vec![b' '; 64 << 20]));
    let bounds = Bounds { connections: 1, connection: Duration::from_millis(500), ..Bounds::default() };
    let server = Serving::within(&tap, Access::default(), "127.0.0.1:0", bounds);
    let mut stalled = server.connect();
    stalled.write_all(b"GET /report.json HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    // There is room for one: that this is answered says that the other is gone.
    assert_eq!(status(&server.get("/healthz", "")), 200);
    let mut got = Vec::new();
    let _ = stalled.read_to_end(&mut got);
    assert!(got.len() < 64 << 20);
}

#[test]
fn a_large_report_arrives_whole() {
    // Catches a small buffer that cuts what does not fit into it.
    let tap = Arc::new(Tap::default());
    *tap.report.lock().expect("the report") = Some(Arc::from(vec![b' '; 5_000_001]));
    let server = Serving::new(&tap, Access::default());
    let answer = server.get("/report.json", "");
    assert_eq!((field(&answer, "content-length"), body(&answer).len()), (Some("5000001"), 5_000_001));
}

#[test]
fn more_clients_than_there_is_room_for_take_nothing_down() {
    // Catches a server that falls over, or stays closed, once all places are taken.
    let bounds = Bounds { connections: 4, head: Duration::from_millis(500), ..Bounds::default() };
    let server = Serving::within(&Arc::default(), Access::default(), "127.0.0.1:0", bounds);
    let idle: Vec<_> = (0..12).map(|_| server.connect()).collect();
    assert_eq!(status(&server.get("/healthz", "")), 200);
    drop(idle);
    for _ in 0..20 {
        assert_eq!(status(&server.get("/healthz", "")), 200);
    }
}

#[test]
fn no_more_are_open_than_allowed() {
    // Catches a limit that is not one: the fifth client hears nothing while four are in.
    let server = Serving::within(
        &Arc::default(),
        Access::default(),
        "127.0.0.1:0",
        Bounds { connections: 4, ..Bounds::default() },
    );
    let first: Vec<_> = (0..4).map(|_| server.connect()).collect();
    let mut fifth = server.connect();
    fifth.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    fifth.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    assert!(fifth.read(&mut [0; 1]).is_err(), "answered beyond the limit");
    drop(first);
    fifth.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut answer = String::new();
    fifth.read_to_string(&mut answer).expect("an answer");
    assert_eq!(status(&answer), 200);
}

#[test]
fn heads_are_bounded_and_bodies_are_not_read() {
    // Catches a head of any size, a body that is waited for, and a second request on the same connection.
    let server = Serving::new(&Arc::default(), Access::default());
    let mut stream = server.connect();
    let _ =
        stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(HEADS)).as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431 "), "{:?}", String::from_utf8_lossy(&answer));

    let answer = server.get("/healthz", "Content-Length: 1000000000000\r\n");
    assert_eq!(status(&answer), 200);
    let answer = server.get("/healthz", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n");
    assert_eq!(status(&answer), 200);

    let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = server.send(&one.repeat(3));
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(field(&answer, "connection"), Some("close"));

    assert_eq!(status(&server.send("nonsense\r\n\r\n")), 400);
    assert_eq!(status(&server.get("/healthz", "")), 200);
}

#[test]
fn who_asks_often_makes_it_drawn_once() {
    // Catches a scraper in a loop that keeps the capture busy, also one that hangs up as soon as it has asked.
    let tap = Arc::new(Tap { slow: Duration::from_millis(50), ..Tap::default() });
    let server = Serving::new(&tap, Access::default());
    let began = Instant::now();
    for _ in 0..30 {
        let mut stream = server.connect();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    }
    for _ in 0..30 {
        assert_eq!(status(&server.get("/metrics", "")), 200);
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).expect("few");
    assert!(tap.asked.load(Ordering::SeqCst) <= 2 + seconds);
    assert_eq!(tap.most.load(Ordering::SeqCst), 1);
    // And it does not stay as it was.
    thread::sleep(Duration::from_millis(1100));
    let before = tap.asked.load(Ordering::SeqCst);
    assert_eq!(status(&server.get("/metrics", "")), 200);
    assert_eq!(tap.asked.load(Ordering::SeqCst), before + 1);
}

#[test]
fn a_page_that_cannot_be_drawn_spoils_no_other() {
    // Catches a panic that takes the server along, or leaves a lock behind.
    let tap = Arc::new(Tap::default());
    tap.panics.store(true, Ordering::SeqCst);
    let server = Serving::new(&tap, Access::default());
    assert_eq!(status(&server.get("/report.json", "")), 500);
    assert_eq!(status(&server.get("/metrics", "")), 200);
    tap.panics.store(false, Ordering::SeqCst);
    assert_eq!(status(&server.get("/report.json", "")), 503);
}

#[test]
fn stop_ends_it() {
    // Catches an end that waits for idle or stalled clients, that cuts off an answer, or leaves the port taken.
    let tap = Arc::new(Tap { slow: Duration::from_millis(400), ..Tap::default() });
    // An address of its own, so that no other test takes the port once it is free.
    let mut server = Serving::within(&tap, Access::default(), "127.7.7.7:0", Bounds::default());
    let _idle = server.connect();
    let mut asking = server.connect();
    asking.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    while tap.inside.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    let (told, heard) = mpsc::channel();
    let (address, began) = (server.address, Instant::now());
    let ending = thread::spawn(move || {
        server.end();
        let _ = told.send(began.elapsed());
    });
    let mut answer = String::new();
    asking.read_to_string(&mut answer).expect("an answer");
    assert_eq!(status(&answer), 200);
    assert!(heard.recv_timeout(PATIENCE).expect("an end") < Duration::from_secs(10));
    ending.join().expect("ended");
    assert!(TcpStream::connect(address).is_err());
    assert!(listen(address).is_ok());
}

/// More than a head may have, less than socket buffers hold.
const HEADS: usize = 40 * 1024;
