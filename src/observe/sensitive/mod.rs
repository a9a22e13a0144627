//! Sensitive data by what it looks like, a family a file. Values are looked at, named and forgotten.

mod bank;
mod cards;
mod issuers;
mod look;
mod national;
mod personal;
mod said;
mod secrets;
mod segment;
mod words;

pub(super) use issuers::is_card;
pub use look::look;
pub(super) use look::look_said;
pub(super) use secrets::{begins_like_secret, is_jwt, is_jwt_head, is_secret_of_any_case};
pub(super) use segment::look_at_segment;
