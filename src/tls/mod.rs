//! Look into TLS: recognise it, and read what its hello says in clear.

mod hello;

pub use hello::{Hello, Looks, hello, looks_like_tls, server_name};
