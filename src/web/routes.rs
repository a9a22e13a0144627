//! From a request to a page. Four pages are all there is; each is drawn from [`Served`] away from the sockets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use tokio::sync::Mutex;

use super::guard::{Guard, Refusal};
use super::metrics;
use super::served::Served;

/// An answer: whole from the start, so its length is told, and nothing is left to compute once it is sent.
pub(super) type Answer = Response<Full<Bytes>>;

/// What answers.
pub(super) struct Desk {
    guard: Guard,
    served: Arc<dyn Served>,
    health: Turn<bool>,
    report: Turn<Option<Bytes>>,
    metrics: Turn<Option<Bytes>>,
}

impl Desk {
    pub(super) fn new(guard: Guard, served: Arc<dyn Served>) -> Self {
        Self {
            guard,
            served,
            health: Turn::new(Duration::ZERO),
            report: Turn::new(Duration::ZERO),
            metrics: Turn::new(FRESH),
        }
    }

    /// Answers. The body of the request is not looked at, whatever its length.
    pub(super) async fn answer(&self, request: Parts) -> Answer {
        let mut answer = self.page(&request).await;
        for (name, value) in ALWAYS {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        answer
    }

    async fn page(&self, request: &Parts) -> Answer {
        if let Err(refusal) = self.guard.check_host(request) {
            return refused(refusal);
        }
        let path = request.uri.path();
        // Whether the capture lives is told to everybody: orchestrators ask without a token. All else, be it what does
        // not exist, is behind it.
        if path != HEALTH
            && let Err(refusal) = self.guard.check_token(request)
        {
            return refused(refusal);
        }
        if ![HEALTH, READY, REPORT, METRICS].contains(&path) {
            return text(StatusCode::NOT_FOUND, "no such page\n");
        }
        if request.method != Method::GET && request.method != Method::HEAD {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD are all there is\n");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        let served = Arc::clone(&self.served);
        match path {
            HEALTH => match self.health.draw(move || served.healthy()).await {
                Some(true) => text(StatusCode::OK, "ok\n"),
                _ => text(StatusCode::SERVICE_UNAVAILABLE, "the capture has stopped\n"),
            },
            READY => match self.health.draw(move || served.ready()).await {
                Some(true) => text(StatusCode::OK, "ready\n"),
                _ => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: no report could be drawn yet\n"),
            },
            REPORT => match self.report.draw(move || served.report().map(Bytes::from_owner)).await {
                Some(Some(report)) => page(StatusCode::OK, "application/json", report),
                Some(None) => text(StatusCode::SERVICE_UNAVAILABLE, "no report could be drawn yet\n"),
                None => failed(),
            },
            _ => match self.metrics.draw(move || metrics::exposition(served.figures()).ok().map(Bytes::from)).await {
                Some(Some(metrics)) => page(StatusCode::OK, metrics::OPEN_METRICS, metrics),
                _ => failed(),
            },
        }
    }
}

/// Lets one caller at a time draw, on a thread that may block.
//
// INVARIANT: of each `Turn`, one drawing runs at most. The lock goes along with the drawing, not with the request: else
// whoever asks and hangs up, over and over, would leave a drawing behind each time, and fill the threads that may block.
struct Turn<T> {
    /// How long a drawing serves others; zero keeps none.
    fresh: Duration,
    last: Arc<Mutex<Option<(Instant, T)>>>,
}

impl<T: Clone + Send + 'static> Turn<T> {
    fn new(fresh: Duration) -> Self {
        Self { fresh, last: Arc::default() }
    }

    /// What `how` draws, or what it drew a moment ago; `None` when it panicked.
    async fn draw(&self, how: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let fresh = self.fresh;
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((at, drawn)) = &*last
            && at.elapsed() < fresh
        {
            return Some(drawn.clone());
        }
        let drawing = tokio::task::spawn_blocking(move || {
            let drawn = how();
            *last = (!fresh.is_zero()).then(|| (Instant::now(), drawn.clone()));
            drawn
        });
        drawing.await.ok()
    }
}

fn refused(refusal: Refusal) -> Answer {
    let challenge = match refusal {
        Refusal::NoOneHost => return text(StatusCode::BAD_REQUEST, "one Host field is needed\n"),
        Refusal::Misdirected => {
            return text(
                StatusCode::MISDIRECTED_REQUEST,
                "this host is not served here; --listen-host NAME adds one\n",
            );
        }
        // RFC 6750, 3.1: who showed nothing is not told of an error.
        Refusal::NoToken => "Bearer realm=\"shadowtap\"",
        Refusal::WrongToken => "Bearer realm=\"shadowtap\", error=\"invalid_token\"",
    };
    let mut answer = text(StatusCode::UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN\n");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    answer
}

fn failed() -> Answer {
    text(StatusCode::INTERNAL_SERVER_ERROR, "this page could not be drawn\n")
}

fn text(status: StatusCode, says: &'static str) -> Answer {
    page(status, "text/plain; charset=utf-8", Bytes::from_static(says.as_bytes()))
}

fn page(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

const HEALTH: &str = "/healthz";
const READY: &str = "/readyz";
const REPORT: &str = "/report.json";
const METRICS: &str = "/metrics";

/// How long drawn metrics serve others: who asks in a loop takes nothing from the capture.
const FRESH: Duration = Duration::from_secs(1);

/// What every answer says to browsers: it is what its type says, is not kept, runs and loads nothing, and is no part of
/// other sites' pages.
const ALWAYS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
