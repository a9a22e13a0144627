//! The whole sensor, from captures to reports. One binary: a module a subject.

mod bounds;
mod cli;
mod common;
mod corpus;
mod evil_tcp;
mod hostile;
mod ledger;
mod linear;
mod mangle;
mod replay;
mod reports;
mod workers;
