//! Makes templates of requests that a document lists, by the same learning that traffic goes through.
//!
//! In: methods, hosts and paths. Out: operations. Each request passes the real observer into an inventory of its own, as if it
//! had been answered 200: values end there, as those of traffic do.

use std::net::{Ipv4Addr, SocketAddr};

use crate::decode::Scope;
use crate::flow::{Connection, Start};
use crate::inventory::{Delta, Inventory};
use crate::limits::Limits;
use crate::observe::Observer;
use crate::proto::{Exchange, ExchangeSink, Message, Oddities};
use crate::spec::{Asked, Learned, Learner};
use crate::time::Timestamp;

/// Learns under these bounds.
#[derive(Clone, Copy, Debug)]
pub struct Lessons<'l> {
    limits: &'l Limits,
}

/// Requests between two flushes.
const BATCH: usize = 4_096;
/// Draws of hashes hang on it, and the same document must give the same operations.
const KEY: u64 = 1;

impl<'l> Lessons<'l> {
    /// Under these bounds.
    #[must_use]
    pub const fn new(limits: &'l Limits) -> Self {
        Self { limits }
    }
}

impl Learner for Lessons<'_> {
    fn learn(&self, asked: &[Asked]) -> Vec<Learned> {
        let inventory = Inventory::new(self.limits, Vec::new());
        for (at, batch) in asked.chunks(BATCH).enumerate() {
            let mut observer = Observer::new(self.limits, KEY, Delta::new(self.limits, inventory.pins()));
            for (number, one) in batch.iter().enumerate() {
                observer.exchange(&exchange(one, (at * BATCH + number) as u64));
            }
            inventory.absorb(observer.into_sink());
        }
        let mut learned = Vec::new();
        for service in inventory.snapshot().services {
            for operation in service.operations {
                // Preflights, static files and health checks are no APIs, wherever they are listed.
                let by_path = operation.record.noise.iter().filter(|(class, _)| !class.is_of_caller());
                let noise: u64 = by_path.map(|(_, count)| *count).sum();
                if noise < operation.record.requests.max(1) {
                    let (template, method) = (operation.template, operation.method);
                    learned.push(Learned { service: service.id.clone(), template, method });
                }
            }
        }
        learned.sort();
        learned
    }
}

/// The request as the wire would have told it, and that it was answered.
fn exchange(asked: &Asked, number: u64) -> Exchange {
    let port = if asked.encrypted { 443 } else { 80 };
    let began = Timestamp::from_nanos(number.saturating_mul(1_000_000));
    let mut request = Message::default();
    (request.began, request.ended) = (began, began);
    request.set_request(asked.method.as_bytes(), asked.path.as_bytes(), 11);
    request.push_field(b"host", asked.authority.as_bytes());
    let mut response = Message::default();
    response.began = began;
    response.set_response(200, 11);
    Exchange {
        connection: Connection {
            id: number,
            scope: Scope::default(),
            client: SocketAddr::from((Ipv4Addr::new(198, 51, 100, 1), 40_000)),
            server: SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), port)),
            since: began,
            start: Start::Handshake,
            payload: [0, 0],
        },
        index: 0,
        request: Some(request),
        response: Some(response),
        interim: 0,
        encrypted: asked.encrypted,
        oddities: Oddities::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(lines: &[(&str, &str)]) -> Vec<String> {
        let asked = |(method, url): &(&str, &str)| {
            let (authority, path) = url.split_at(url.find('/').unwrap());
            Asked { method: (*method).into(), authority: authority.into(), path: path.into(), encrypted: true }
        };
        let limits = Limits::default();
        let learned = Lessons::new(&limits).learn(&lines.iter().map(asked).collect::<Vec<_>>());
        learned.iter().map(|one| format!("{} {}{}", one.method, one.service.host, one.template)).collect()
    }

    #[test]
    fn recorded_requests_are_templated_as_traffic_is() {
        // Catches values of an archive that are kept, noise that is declared, and an order that shows.
        let lines = [
            ("GET", "Shop.example/users/48213"),
            ("GET", "shop.example:443/users/48214"),
            ("GET", "shop.example/users/anna%40shop.example/orders"),
            ("POST", "shop.example/cards/4111111111111111"),
            ("GET", "shop.example/app.js"),
            ("GET", "shop.example/orders/"),
            ("HEAD", "shop.example/orders"),
            ("GET", "shop.example/orders/0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f"),
        ];
        let learned = learn(&lines);
        assert_eq!(
            learned,
            [
                "POST shop.example/cards/{card}",
                "GET shop.example/orders",
                "GET shop.example/orders/{orderId}",
                "GET shop.example/users/{userId}",
                "GET shop.example/users/{userId}/orders",
            ]
        );
        let mut turned = lines;
        turned.reverse();
        assert_eq!(learn(&turned), learned);
    }
}
