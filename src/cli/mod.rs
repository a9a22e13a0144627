//! What was typed, what will run.

mod args;
mod outputs;
mod progress;
mod replay;
mod run;
mod settings;
mod signals;
#[expect(dead_code, reason = "the live view of `watch --tui`; nothing opens it yet")]
mod tui;

pub use run::main;
