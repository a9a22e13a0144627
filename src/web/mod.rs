//! Pages about a capture that runs, for monitors: metrics, health, the report as JSON.

mod error;
mod guard;
mod metrics;
mod routes;
mod served;
mod server;
mod token;

pub use error::WebError;
pub use guard::{Access, check_address};
pub use served::{Figures, Served, Tries};
pub use server::{listen, serve};
pub use token::Token;

#[cfg(test)]
mod tests;
