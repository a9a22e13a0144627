//! What the two sides said.

mod exchange;
mod protocol;

pub use exchange::{Exchange, ExchangeSink, Message, Oddities, Opaque, OpaqueKind};
pub use protocol::{Entry, Guess, ProtoCounts, Progress, Protocol, Recovery, Then, Upgrade};
