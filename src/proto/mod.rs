//! What the two sides said.

#[cfg(test)]
mod conversation;
mod exchange;
mod preamble;
mod protocol;
mod protocols;
mod session;

pub use exchange::{Exchange, ExchangeSink, Message, Oddities, Opaque, OpaqueKind, is_named};
pub use protocol::{Entry, Guess, Progress, ProtoCounts, Protocol, Recovery, Then, Upgrade};
pub use protocols::PROTOCOLS;
pub use session::{Session, SessionCounts, Sessions};
