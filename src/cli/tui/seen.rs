//! What the view shows: figures and names, put together by whoever runs the capture.
//!
//! In: about once a second a new [`Seen`] is put into the slot. Names are as the wire gave them; the view makes them
//! harmless, nobody needs to do it before.

use std::sync::{Arc, Mutex};

use crate::findings::{Kind, Severity};
use crate::report::{CaptureSummary, Headline};
use crate::time::{Span, Timestamp};

/// The newest figures, or none yet. The view clones the inner `Arc` under the lock and does nothing else there; a
/// writer must put a new `Arc` in, and not change what one holds.
pub(in crate::cli) type Latest = Arc<Mutex<Option<Arc<Seen>>>>;

/// All that the view shows. Its lists need no order, and should hold some hundred rows at most: they are sorted
/// whenever they are drawn.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Seen {
    /// The time of these figures, by the clock that rates are meant in. When it stands still, so do the rates.
    pub(in crate::cli) now: Timestamp,
    /// When listening began, by the same clock.
    pub(in crate::cli) since: Timestamp,
    /// What the capture is like: taps, packets, ledger, counters.
    pub(in crate::cli) capture: CaptureSummary,
    /// Requests so far.
    pub(in crate::cli) requests: u64,
    /// The figures of the last time that specs were compared; none yet before the first.
    pub(in crate::cli) headline: Option<Headline>,
    /// Services, or those with the most requests.
    pub(in crate::cli) services: Vec<ServiceRow>,
    /// The newest endpoints that were announced.
    pub(in crate::cli) fresh: Vec<Fresh>,
    /// What is wrong.
    pub(in crate::cli) findings: Vec<FindingRow>,
    /// What the user should know, what matters most first: warnings, a spec that could not be read again, where the
    /// last report went. The first has a line of its own.
    pub(in crate::cli) notes: Vec<String>,
    /// How often a report is written, if it is.
    pub(in crate::cli) interval: Option<Span>,
    /// When the next one is due.
    pub(in crate::cli) next_report: Option<Timestamp>,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct ServiceRow {
    /// As people write it.
    pub(in crate::cli) service: String,
    /// Requests to it.
    pub(in crate::cli) requests: u64,
    /// Operations seen on it.
    pub(in crate::cli) operations: u64,
    /// Of them, shadows.
    pub(in crate::cli) shadow: u64,
    /// No spec covers it.
    pub(in crate::cli) unmanaged: bool,
}

/// An endpoint that was announced as new.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Fresh {
    /// When.
    pub(in crate::cli) at: Timestamp,
    /// The finding's id, to look it up in a report.
    pub(in crate::cli) id: String,
    /// How bad.
    pub(in crate::cli) severity: Severity,
    /// Method.
    pub(in crate::cli) method: String,
    /// Template.
    pub(in crate::cli) template: String,
    /// Service, as people write it.
    pub(in crate::cli) service: String,
}

/// A finding in one row.
#[derive(Clone, Debug)]
pub(in crate::cli) struct FindingRow {
    /// How bad.
    pub(in crate::cli) severity: Severity,
    /// What kind.
    pub(in crate::cli) kind: Kind,
    /// Method.
    pub(in crate::cli) method: String,
    /// Template.
    pub(in crate::cli) template: String,
    /// Service, as people write it.
    pub(in crate::cli) service: String,
    /// Requests to it.
    pub(in crate::cli) requests: u64,
}
