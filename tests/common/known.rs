//! A request on a path that is known, for what counts its cost.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use shadowtap::decode::Scope;
use shadowtap::flow::{Connection, Start};
use shadowtap::inventory::{Delta, Inventory};
use shadowtap::limits::Limits;
use shadowtap::observe::{Inspect, Observer};
use shadowtap::proto::{Exchange, ExchangeSink, Message, Oddities};
use shadowtap::time::Timestamp;

/// Requests after which nothing is new any more.
pub const WARM: usize = 4_096;

/// An observer that notes in an empty share and looks into no body.
pub fn observer() -> Observer<Delta> {
    let inventory = Inventory::new(&Limits::default(), Vec::new());
    let delta = Delta::new(&Limits::default(), inventory.pins());
    Observer::new(&Limits::default(), 1, delta).inspecting(Inspect::None)
}

/// A GET answered 200, with the fields that browsers and servers send.
pub fn exchange(target: &str) -> Arc<Exchange> {
    let began = Timestamp::from_nanos(1_700_000_000_000_000_000);
    let mut request = Message::default();
    (request.began, request.ended) = (began, began);
    request.set_request(b"GET", target.as_bytes(), 11);
    for (name, value) in [("host", "api.shop.example"), ("user-agent", "curl/8.5.0"), ("accept", "*/*")] {
        request.push_field(name.as_bytes(), value.as_bytes());
    }
    let mut response = Message::default();
    response.began = Timestamp::from_nanos(began.nanos() + 3_000_000);
    response.ended = response.began;
    response.body_whole = true;
    response.set_response(200, 11);
    response.push_field(b"content-type", b"application/json");
    let connection = Connection {
        id: 1,
        scope: Scope::default(),
        client: SocketAddr::from((Ipv4Addr::new(198, 51, 100, 7), 40_000)),
        server: SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 80)),
        since: began,
        start: Start::Handshake,
        payload: [0, 0],
    };
    Arc::new(Exchange {
        connection,
        index: 0,
        request: Some(request),
        response: Some(response),
        interim: 0,
        encrypted: false,
        oddities: Oddities::default(),
    })
}

/// Tells it once.
pub fn tell(observer: &mut Observer<Delta>, exchange: &Exchange) {
    observer.exchange(exchange);
}
