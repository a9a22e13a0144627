//! Where frames come from: files of any age and making, stdin, memory.

mod frame;
mod source;

pub use frame::{Frame, LinkType};
pub use source::{CaptureError, Event, PacketSource, SourceStats};
