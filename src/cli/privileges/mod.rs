//! What a live run gives away once it listens: user, capabilities, files, system calls.
//!
//! A sensor reads what strangers send. Whoever finds a hole in its parsers should be nobody, on a machine without files
//! or programs. What is left is the open capture, `CAP_NET_RAW` to open it again when an interface comes back, and the
//! files that were named.

mod calls;
mod drop;
mod files;
mod reach;
mod user;

#[cfg(test)]
mod tests;

pub(super) use drop::{Plan, check, drop_all};
