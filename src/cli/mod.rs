//! What was typed, what will run.

mod args;
mod check;
mod interfaces;
mod outputs;
#[cfg_attr(not(test), allow(dead_code, unused_imports, reason = "`watch` calls it"))]
mod privileges;
mod progress;
mod replay;
mod run;
mod settings;
mod signals;
mod watch;

pub use run::main;
