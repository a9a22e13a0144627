//! The live view: what is heard, lost and found, on a terminal, while the capture goes on.

mod history;
mod keys;
mod look;
mod panes;
mod screen;
mod seen;
mod terminal;
mod view;

#[cfg(test)]
mod tests;

pub(super) use seen::{FindingRow, Fresh, Latest, Seen, ServiceRow};
pub(super) use view::View;
