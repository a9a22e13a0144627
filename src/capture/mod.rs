//! Where frames come from: files of any age and making, stdin, memory.

mod blocks;
mod file;
mod filter;
mod frame;
mod inputs;
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
pub use memory::MemorySource;
pub use merged::MergedSource;
pub use section::Secrets;
pub use source::{CaptureError, Event, PacketSource, SourceStats};
