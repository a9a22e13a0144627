//! What the live view shows, put together once a second; and the thread in which it runs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;

use super::control::Told;
use super::desk::now;
use crate::cli::log::Tail;
use crate::cli::tui::{FindingRow, Fresh, Latest, Seen, ServiceRow, View};
use crate::findings::{Finding, Kind};
use crate::report::{CaptureSummary, Report};
use crate::time::{Span, Timestamp};

/// Rows kept of each list.
const ROWS: usize = 200;

/// The view, and what it is given.
pub(super) struct LiveView {
    latest: Latest,
    seen: Seen,
    fresh: VecDeque<Fresh>,
    tail: Tail,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl LiveView {
    /// Starts it. When the user leaves it, the run is told to stop.
    pub(super) fn start(mut view: View, tail: Tail, every: Span, tell: Sender<Told>) -> std::io::Result<Self> {
        let (latest, stop) = (Latest::default(), Arc::new(AtomicBool::new(false)));
        let thread = {
            let (latest, stop) = (Arc::clone(&latest), Arc::clone(&stop));
            thread::Builder::new().name("view".to_owned()).spawn(move || {
                if let Err(error) = view.run(&latest, &stop) {
                    tracing::warn!(%error, "the live view ended");
                }
                // The terminal is given back before anybody else writes to it.
                drop(view);
                let _ = tell.send(Told::Stop);
            })?
        };
        let seen = Seen { since: now(), interval: Some(every), ..Seen::default() };
        Ok(Self { latest, seen, fresh: VecDeque::new(), tail, stop, thread })
    }

    /// Takes up a report: services, findings, and what was announced of it.
    pub(super) fn report(&mut self, report: &Report<'_>, announced: &[&Finding]) {
        let at = now();
        for finding in announced {
            if self.fresh.len() == ROWS {
                self.fresh.pop_back();
            }
            let subject = &finding.subject;
            self.fresh.push_front(Fresh {
                at,
                id: finding.id.clone(),
                severity: finding.severity,
                method: subject.method.clone(),
                template: subject.template.clone(),
                service: subject.service.clone(),
            });
        }
        let mut shadows: BTreeMap<&str, u64> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.kind == Kind::Shadow) {
            *shadows.entry(&finding.subject.service).or_default() += 1;
        }
        let mut services: Vec<ServiceRow> = report
            .compared
            .services
            .iter()
            .map(|coverage| {
                let service = coverage.service.id.to_string();
                ServiceRow {
                    requests: coverage.service.requests,
                    operations: coverage.service.operations.len() as u64,
                    shadow: shadows.get(service.as_str()).copied().unwrap_or_default(),
                    unmanaged: coverage.specs.is_empty(),
                    service,
                }
            })
            .collect();
        services.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.service.cmp(&b.service)));
        services.truncate(ROWS);
        self.seen.services = services;
        self.seen.findings = report
            .findings
            .iter()
            .take(ROWS)
            .map(|finding| FindingRow {
                severity: finding.severity,
                kind: finding.kind,
                method: finding.subject.method.clone(),
                template: finding.subject.template.clone(),
                service: finding.subject.service.clone(),
                requests: finding.evidence.requests,
            })
            .collect();
        self.seen.headline = Some(report.headline.clone());
    }

    /// Shows the figures of now.
    pub(super) fn show(&mut self, capture: CaptureSummary, next_report: Timestamp) {
        self.seen.now = now();
        self.seen.next_report = Some(next_report);
        self.seen.requests = capture.counters.get("proto.requests").copied().unwrap_or_default();
        self.seen.fresh = self.fresh.iter().cloned().collect();
        self.seen.notes = self.tail.lines();
        self.seen.notes.extend(capture.warnings.iter().cloned());
        self.seen.capture = capture;
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(self.seen.clone()));
    }

    /// Gives the terminal back; what was logged meanwhile and is worth it is said there.
    pub(super) fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        // A view that panicked has given the terminal back as well.
        let _ = self.thread.join();
        self.tail.lines()
    }
}
