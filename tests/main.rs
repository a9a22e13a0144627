//! The whole sensor, from captures to reports. One binary: a module a subject.

mod checksums;
mod cli;
mod common;
mod corpus;
mod hostile;
mod ledger;
mod links;
mod mangle;
mod replay;
mod reports;
mod snaplen;
mod workers;
