//! HTTP/1: text in two directions, one message behind the other (RFC 9112).

mod align;
mod body;
mod head;
mod instead;
pub(crate) mod line;
mod pairing;
mod parser;
mod salvage;
mod search;
mod torn;

#[cfg(test)]
mod evil;
#[cfg(test)]
mod holes;
#[cfg(test)]
mod tests;

use crate::flow::{Connection, Side};
use crate::limits::Limits;
use crate::proto::protocol::{Entry, Guess, Protocol};

/// The row of HTTP/1.
pub(crate) const ENTRY: Entry = Entry { name: "http1", probe, probe_adrift, start };

fn probe(_: Side, bytes: &[u8]) -> Guess {
    guess(line::request_first(bytes), line::status(bytes))
}

fn probe_adrift(_: Side, bytes: &[u8]) -> Guess {
    guess(line::request_found(bytes), line::status(bytes))
}

const fn guess(request: line::Line, status: line::Line) -> Guess {
    match (request, status) {
        (line::Line::Yes, _) => Guess::Yes(Side::Client),
        (_, line::Line::Yes) => Guess::Yes(Side::Server),
        (line::Line::No, line::Line::No) => Guess::No,
        _ => Guess::More,
    }
}

fn start(limits: &Limits, connection: &Connection, first: u32) -> Box<dyn Protocol> {
    Box::new(parser::Http1::new(limits, connection, first))
}
