//! What the pages are made from. The room owns the contract; who runs the capture fulfils it.

use std::sync::Arc;

use crate::report::{CaptureSummary, Headline};

/// Where the pages come from. Called from threads that may block, each method by one caller at a time; but whoever asked
/// waits, and a page that takes a minute is not sent.
pub trait Served: Send + Sync + 'static {
    /// The current report as JSON, drawn anew when the last one is old: the implementer says what old is, and keeps the
    /// last one. `None` before the first.
    fn report(&self) -> Option<Arc<[u8]>>;
    /// The figures for metrics, now. Asked at most once a second.
    fn figures(&self) -> Figures;
    /// The capture runs, and its first report could be drawn.
    fn ready(&self) -> bool;
    /// The capture's threads are alive.
    fn healthy(&self) -> bool;
}

/// What metrics tell.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// The figures on top of the last report; `None` before the first.
    pub headline: Option<Headline>,
    /// What the capture is like so far.
    pub capture: CaptureSummary,
    /// Services as people write them, with their requests. Those with the most are exposed, ten at most.
    pub top: Vec<(String, u64)>,
    /// Shadow endpoints that were announced.
    pub announced: u64,
    /// Reports written, and those that could not be.
    pub reports: Tries,
    /// Specs loaded again after they changed, and those refused because they could not be read.
    pub specs: Tries,
}

/// How often something was done, and how often it failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// It was done.
    pub done: u64,
    /// It could not be done.
    pub failed: u64,
}
