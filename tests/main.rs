//! The whole sensor, from captures to reports. One binary: a module a subject.

mod cli;
mod common;
mod corpus;
mod differential;
mod hostile;
mod ledger;
mod mangle;
mod replay;
mod reports;
mod workers;
