//! From frame to segment: headers come off one by one. No memory but fragments.

mod layer;
mod segment;

pub use layer::{Decoded, IpPair, Layer, Peel, Skip, Slice};
pub use segment::{Datagram, Scope, ScopeBy, Segment, Seq, TcpFlags};
