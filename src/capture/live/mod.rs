//! Interfaces, through libpcap: ring, filter, fan-out, what was lost.

mod interfaces;
mod kernel;
mod source;
mod tap;

#[cfg(test)]
mod tests;

pub use interfaces::{Interface, InterfaceCounts};
pub use source::LiveSource;
pub use tap::{LiveOptions, TapStats};
