//! What was typed, what will run.

mod args;
mod check;
mod diff;
mod endpoints;
mod explain;
mod interfaces;
mod log;
mod outputs;
mod privileges;
mod progress;
mod replay;
mod run;
mod settings;
mod signals;
mod tui;
mod watch;

pub use run::main;
