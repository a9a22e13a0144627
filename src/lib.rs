//! shadowtap
#![forbid(unsafe_code)]

pub mod carry;
pub mod limits;
pub mod merge;
pub mod time;

pub mod capture;
pub mod decode;
pub mod flow;
pub mod tls;
pub mod proto;

pub mod api;
