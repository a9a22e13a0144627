//! From frame to segment: headers come off one by one. No memory but fragments.

mod checksum;
mod decoder;
mod fragment;
mod ip;
mod layer;
mod links;
mod options;
mod segment;
mod transport;
mod tunnels;

#[cfg(test)]
mod tests;

pub use decoder::{DecodeCounts, Decoder};
pub use fragment::FragmentCounts;
pub use layer::{Decoded, IpPair, Layer, Peel, Skip, Slice};
pub use options::{DecodeOptions, TunnelPort};
pub use segment::{Datagram, Scope, ScopeBy, Segment, Seq, TcpFlags};
