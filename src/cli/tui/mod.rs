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

#[expect(unused_imports, reason = "the live view of `watch --tui`; nothing opens it yet")]
pub(super) use seen::{FindingRow, Fresh, Latest, Seen, ServiceRow};
#[expect(unused_imports, reason = "the live view of `watch --tui`; nothing opens it yet")]
pub(super) use view::{Left, View};
