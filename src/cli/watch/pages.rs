//! What the pages over HTTP are made from: the desk, and what the run counted of itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::desk::Desk;
use crate::report::{Headline, REPORTERS, Report, Style};
use crate::web::{Figures, Served, Tries};

/// A report over HTTP is no older than this.
const FRESH: Duration = Duration::from_secs(5);
/// Services whose requests are told.
const TOP: usize = 10;

/// What a run counted of itself. Shared with the pages and the live view.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    pub(super) announced: AtomicU64,
    pub(super) reports_written: AtomicU64,
    pub(super) reports_failed: AtomicU64,
    pub(super) specs_read: AtomicU64,
    pub(super) specs_refused: AtomicU64,
    /// The threads of the capture have ended.
    pub(super) ended: AtomicBool,
    last: Mutex<Option<Glance>>,
}

/// What is kept of the last report.
#[derive(Clone, Debug)]
struct Glance {
    headline: Headline,
    top: Vec<(String, u64)>,
}

impl Deeds {
    /// Keeps the figures of a report that was drawn.
    pub(super) fn glance(&self, report: &Report<'_>) {
        let mut services: Vec<_> = report.snapshot.services.iter().collect();
        // Of equals the first, so that the list does not waver.
        services.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.id.cmp(&b.id)));
        let top = services.iter().take(TOP).map(|service| (service.id.to_string(), service.requests)).collect();
        let glance = Glance { headline: report.headline.clone(), top };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(glance);
    }

    fn tries(done: &AtomicU64, failed: &AtomicU64) -> Tries {
        Tries { done: done.load(Ordering::Relaxed), failed: failed.load(Ordering::Relaxed) }
    }
}

/// The pages.
pub(super) struct Pages {
    desk: Arc<Desk>,
    deeds: Arc<Deeds>,
    report: Mutex<Option<(Instant, Arc<[u8]>)>>,
}

impl Pages {
    pub(super) fn new(desk: &Arc<Desk>, deeds: &Arc<Deeds>) -> Self {
        Self { desk: Arc::clone(desk), deeds: Arc::clone(deeds), report: Mutex::default() }
    }
}

impl Served for Pages {
    fn report(&self) -> Option<Arc<[u8]>> {
        let mut last = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, drawn)) = &*last
            && at.elapsed() < FRESH
        {
            return Some(Arc::clone(drawn));
        }
        let reporter = REPORTERS.iter().find(|reporter| reporter.name() == "json")?;
        let mut text = Vec::new();
        self.desk.draw(|report| reporter.write(report, Style { colour: false, width: 100 }, &mut text)).ok()?;
        let drawn: Arc<[u8]> = text.into();
        *last = Some((Instant::now(), Arc::clone(&drawn)));
        Some(drawn)
    }

    fn figures(&self) -> Figures {
        let last = self.deeds.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (headline, top) = last.map_or((None, Vec::new()), |last| (Some(last.headline), last.top));
        Figures {
            headline,
            capture: self.desk.summary(),
            top,
            announced: self.deeds.announced.load(Ordering::Relaxed),
            reports: Deeds::tries(&self.deeds.reports_written, &self.deeds.reports_failed),
            specs: Deeds::tries(&self.deeds.specs_read, &self.deeds.specs_refused),
        }
    }

    fn ready(&self) -> bool {
        self.deeds.last.lock().unwrap_or_else(PoisonError::into_inner).is_some() && self.healthy()
    }

    fn healthy(&self) -> bool {
        !self.deeds.ended.load(Ordering::Relaxed)
    }
}
