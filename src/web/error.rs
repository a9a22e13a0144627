//! Why pages cannot be served: which flag or file, and how to mend it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::report::visible;

/// Why pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address cannot be listened on.
    #[error("{address}: cannot be listened on: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Others can reach the address, and nothing keeps them out.
    #[error(
        "{address}: others can reach this address, so the pages need a token: name a file that holds one with --token-file, or listen on 127.0.0.1"
    )]
    NeedsToken {
        /// Which.
        address: SocketAddr,
    },
    /// A name that no `Host` field can carry.
    #[error(
        "--listen-host '{}': not a host name; give a name or an IP address alone, without scheme, port or `*` (names beyond ASCII as `xn--...`)",
        visible(name)
    )]
    HostName {
        /// As it was typed.
        name: String,
    },
    /// The token's file cannot be read.
    #[error("--token-file {}: cannot be read: {source}", path.display())]
    TokenUnreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read the token, or set it.
    #[error(
        "--token-file {path}: its mode is {mode:03o}, others than its owner may read or write it; chmod 600 {path}",
        path = path.display()
    )]
    TokenShared {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is there and holds no token.
    #[error("--token-file {}: {what}; `openssl rand -hex 32` makes a good one", path.display())]
    TokenUnfit {
        /// Which file.
        path: PathBuf,
        /// What is wrong; never the token.
        what: &'static str,
    },
}
