//! What the two sides said.

mod exchange;
mod protocol;

pub use exchange::{Exchange, ExchangeSink, Message, Oddities, Opaque, OpaqueKind};
pub use protocol::{Entry, Guess, Progress, ProtoCounts, Protocol, Recovery, Then, Upgrade};
