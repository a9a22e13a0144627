//! Where frames come from: interfaces, files of any age and making, stdin, memory.

mod blocks;
mod file;
mod filter;
mod frame;
mod inputs;
mod live;
mod memory;
mod merged;
mod section;
mod source;
mod window;

#[cfg(test)]
mod tests;

pub use file::FileSource;
pub use filter::Filter;
pub use frame::{Frame, LinkType};
pub use inputs::Inputs;
pub use live::{Interface, InterfaceCounts, LiveOptions, LiveSource, TapStats};
pub use memory::MemorySource;
pub use merged::MergedSource;
pub use section::Secrets;
pub use source::{CaptureError, Event, PacketSource, SourceStats};
