//! The whole sensor, from captures to reports. One binary: a module a subject.

mod bounds;
mod cli;
mod common;
mod corpus;
mod differential;
mod hostile;
mod ledger;
mod mangle;
mod replay;
mod reports;
mod seeds;
#[path = "fuzz/targets/mod.rs"]
mod targets;
mod tunnels;
mod workers;
