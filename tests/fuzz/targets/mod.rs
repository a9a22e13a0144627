//! What is fuzzed: one function a target, from any bytes to a panic or none.
//!
//! Nothing here knows of libFuzzer. The fuzzers in `bins/` and the test that replays the kept seeds (`tests/seeds.rs`)
//! both call these.

mod decode;
mod file;
mod flow;
pub mod frames;
mod http1;
mod openapi;
mod replay;
mod tape;

/// Something to be fuzzed.
pub struct Target {
    /// Its name: of the binary, of the folder of its seeds.
    pub name: &'static str,
    /// Panics when something is wrong.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 6] = [
    Target { name: "file", run: file::run },
    Target { name: "decode", run: decode::run },
    Target { name: "flow", run: flow::run },
    Target { name: "http1", run: http1::run },
    Target { name: "openapi", run: openapi::run },
    Target { name: "replay", run: replay::run },
];
