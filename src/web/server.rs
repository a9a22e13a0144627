//! Sockets: who may be connected, how many, and for how long.
//!
//! A connection brings one request. Monitors ask a few times a minute, so keeping connections would save nothing, and
//! idle ones would have to be told from stalled ones. One request, one deadline: what is open ends.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::error::WebError;
use super::guard::{Access, Guard, check_address};
use super::routes::Desk;
use super::served::Served;

/// A listener for [`serve`], bound now: later there may be no leave for it.
///
/// # Errors
/// The system gives us no such socket.
pub fn listen(address: SocketAddr) -> Result<TcpListener, WebError> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bind().map_err(|source| WebError::Listen { address, source })
}

/// Serves the pages until `stop` is ready; what is being answered then has two seconds. Needs a tokio runtime with I/O
/// and time.
///
/// At most 64 connections are open at once: others wait in the kernel's queue, which is bounded too. A connection has five
/// seconds for the head of its request (16 KiB at most) and a minute in all; who reads more slowly is cut off. What is no
/// HTTP, or has too long a head, gets a bare 400 or 431 without a body.
///
/// # Errors
/// The listener cannot be used, or others can reach it and `access` has no token. Once it serves, nothing ends it but
/// `stop`.
pub async fn serve(
    listener: TcpListener,
    served: Arc<dyn Served>,
    access: Access,
    stop: impl Future,
) -> io::Result<()> {
    serve_within(listener, served, access, stop, Bounds::default()).await
}

/// How much of us clients may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Connections at once.
    pub(super) connections: usize,
    /// For the head of a request.
    pub(super) head: Duration,
    /// For a connection in all.
    pub(super) connection: Duration,
    /// For what is being answered when we are told to stop.
    pub(super) grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 64,
            head: Duration::from_secs(5),
            connection: Duration::from_secs(60),
            grace: Duration::from_secs(2),
        }
    }
}

pub(super) async fn serve_within(
    listener: TcpListener,
    served: Arc<dyn Served>,
    access: Access,
    stop: impl Future,
    bounds: Bounds,
) -> io::Result<()> {
    let bound = listener.local_addr()?;
    // The caller has asked before it bound; here it cannot be forgotten.
    check_address(bound, access.has_token()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let desk = Arc::new(Desk::new(Guard::new(access, bound), served));

    // INVARIANT: never more than `bounds.connections` tasks; those that ended are taken out before another comes in.
    let mut open = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept(), if open.len() < bounds.connections => match accepted {
                Ok((stream, _)) => {
                    open.spawn(connection(stream, Arc::clone(&desk), bounds));
                }
                // The client is gone already, or we are out of files or memory: that passes, and must not spin till then.
                Err(error) => {
                    tracing::debug!(%error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    // What is cut off here ends with its task; the runtime's end waits for drawings that have begun.
    let _ = timeout(bounds.grace, async { while open.join_next().await.is_some() {} }).await;
    open.shutdown().await;
    Ok(())
}

/// One connection, from its request to its answer.
async fn connection(stream: TcpStream, desk: Arc<Desk>, bounds: Bounds) {
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let desk = Arc::clone(&desk);
        // The body is dropped unread.
        let (request, _) = request.into_parts();
        async move { Ok::<_, std::convert::Infallible>(desk.answer(request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head).keep_alive(false).max_buf_size(HEAD_BYTES);
    // How a connection fails is its client's affair.
    match timeout(bounds.connection, http.serve_connection(TokioIo::new(stream), answer)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection failed"),
        Err(_) => tracing::debug!("a connection was not done in time"),
    }
}

/// Bytes of a request's head.
const HEAD_BYTES: usize = 16 * 1024;
/// After a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);
