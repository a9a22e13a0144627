//! The whole sensor, from captures to reports. One binary: a module a subject.

mod bounds;
mod checksums;
mod cli;
mod common;
mod corpus;
mod diff;
mod differential;
mod drift;
mod evil_http;
mod evil_tcp;
mod export;
mod hidden;
mod hostile;
mod ledger;
mod linear;
mod links;
mod loss;
mod mangle;
mod maps;
mod mending;
mod noise;
mod policy;
mod privacy;
mod readback;
mod replay;
mod reports;
mod schema;
mod seeds;
mod snaplen;
#[path = "fuzz/targets/mod.rs"]
mod targets;
mod tunnels;
mod watch;
mod workers;
