//! A whole run: threads, back-pressure, order of shutdown. Down the river: the source ends, batches drain, flows close,
//! deltas flush, and what is left are a filled inventory and a summary.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::batch::Batch;
use super::reader::{Reader, SegmentSink};
use super::spool::Lines;
use super::stats::{summary, unreadable_links};
use super::worker::{Share, Worker};
use crate::capture::{CaptureError, PacketSource};
use crate::decode::{DecodeOptions, ScopeBy, Segment};
use crate::flow::FlowKey;
use crate::inventory::Inventory;
use crate::limits::Limits;
use crate::report::{CaptureSummary, Mask};
use crate::time::Timestamp;

/// How a run is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// All bounds.
    pub limits: Limits,
    /// Threads that reassemble and parse. One: the reader's own, and nothing is copied.
    pub workers: usize,
    /// How frames are read.
    pub decode: DecodeOptions,
    /// What tells equal addresses apart.
    pub scope_by: ScopeBy,
    /// Keep transaction lines, with or without query values.
    pub transactions: Option<Mask>,
    /// How many inputs the source was given, for the summary.
    pub inputs: u64,
    /// Set by whoever wants the run to end before its source does.
    pub stop: Arc<AtomicBool>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes of input consumed, as they lie in the files.
    pub bytes: u64,
    /// Bytes of input in all; 0 when not known.
    pub total: u64,
    /// Packets so far.
    pub packets: u64,
}

/// What a run leaves behind, besides the inventory it filled.
#[derive(Debug)]
pub struct Outcome {
    /// What the capture was like.
    pub summary: CaptureSummary,
    /// Inputs that could not be read to their end.
    pub errors: Vec<CaptureError>,
    /// Transaction lines, when asked for.
    pub lines: Option<Lines>,
    /// The run was ended before its source.
    pub stopped: bool,
}

/// What stops a run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A thread could not be started.
    #[error("cannot start a worker thread: {0}; try fewer --workers")]
    Thread(std::io::Error),
    /// A worker is gone: a defect of ours.
    #[error("a worker stopped unexpectedly; please report this with the capture, if it may be shared")]
    Worker,
}

/// Runs `source` to its end into `inventory`.
///
/// # Errors
/// Only when threads fail; what is wrong with inputs is in the outcome.
pub fn run(
    source: &mut dyn PacketSource,
    settings: &Settings,
    inventory: &Arc<Inventory>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, EngineError> {
    let mut tell = |bytes, total, packets| progress(Progress { bytes, total, packets });
    let reader = Reader::new(source, &settings.limits, &settings.decode, settings.scope_by, &settings.stop);
    let worker = || Worker::new(&settings.limits, inventory, settings.transactions);
    let (reader, errors, shares) = if settings.workers <= 1 {
        let mut direct = Direct(worker());
        let (stats, errors) = reader.run(&mut direct, &mut tell);
        let share = direct.0.finish(stats.now);
        (stats, errors, vec![share])
    } else {
        thread::scope(|scope| {
            let mut lanes = Vec::with_capacity(settings.workers);
            let mut handles = Vec::with_capacity(settings.workers);
            for number in 0..settings.workers {
                let (send, full) = bounded::<Batch>(settings.limits.batches);
                let (empty, recycled) = bounded::<Batch>(settings.limits.batches + 2);
                let worker = worker();
                let handle = thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .spawn_scoped(scope, move || work(worker, &full, &empty))
                    .map_err(EngineError::Thread)?;
                handles.push(handle);
                lanes.push(Lane { open: Batch::default(), send, recycled });
            }
            let mut lanes = Lanes { lanes, limits: settings.limits.clone() };
            let (stats, errors) = reader.run(&mut lanes, &mut tell);
            lanes.flush(stats.now);
            drop(lanes);
            let shares = handles.into_iter().map(|handle| handle.join().map_err(|_| EngineError::Worker));
            Ok::<_, EngineError>((stats, errors, shares.collect::<Result<Vec<_>, _>>()?))
        })?
    };
    let mut lines = settings.transactions.map(|_| Lines::default());
    let mut shares = shares;
    for share in &mut shares {
        if let (Some(lines), Some(spool)) = (&mut lines, share.spool.take()) {
            lines.add(spool);
        }
    }
    for line in unreadable_links(&reader.decode) {
        tracing::warn!("{line}");
    }
    let summary = summary(&reader, shares, &errors, settings.inputs);
    Ok(Outcome { summary, errors, lines, stopped: reader.stopped })
}

/// One worker in the reader's own thread.
struct Direct(Worker);

impl SegmentSink for Direct {
    fn segment(&mut self, segment: &Segment<'_>, now: Timestamp) {
        self.0.segment(segment);
        self.0.tick(now);
    }

    fn idle(&mut self, now: Timestamp) {
        self.0.tick(now);
    }
}

/// One lane to each worker.
struct Lanes {
    lanes: Vec<Lane>,
    limits: Limits,
}

struct Lane {
    open: Batch,
    send: Sender<Batch>,
    recycled: Receiver<Batch>,
}

impl Lane {
    /// Sends the open batch on; waits while the worker is behind, so that a file never loses a packet.
    fn flush(&mut self, now: Timestamp) {
        self.open.clock = now;
        let next = self.recycled.try_recv().unwrap_or_default();
        // A worker that is gone is noticed when it is joined.
        let _ = self.send.send(std::mem::replace(&mut self.open, next));
    }
}

impl Lanes {
    fn flush(&mut self, now: Timestamp) {
        self.lanes.iter_mut().for_each(|lane| lane.flush(now));
    }
}

impl SegmentSink for Lanes {
    fn segment(&mut self, segment: &Segment<'_>, now: Timestamp) {
        let shard = FlowKey::of(segment).0.shard(self.lanes.len());
        let Some(lane) = self.lanes.get_mut(shard) else { return };
        lane.open.push(segment);
        let (bytes, segments) = lane.open.size();
        if bytes >= self.limits.batch_bytes || segments >= self.limits.batch_segments {
            lane.flush(now);
        }
    }

    fn idle(&mut self, now: Timestamp) {
        self.flush(now);
    }
}

/// A worker's thread: until the reader hangs up.
fn work(mut worker: Worker, full: &Receiver<Batch>, empty: &Sender<Batch>) -> Share {
    let mut now = Timestamp::ZERO;
    for mut batch in full {
        for segment in batch.segments() {
            worker.segment(&segment);
        }
        now = now.max(batch.clock);
        worker.tick(now);
        batch.clear();
        // Full when the reader has batches enough: this one is dropped.
        let _ = empty.try_send(batch);
    }
    worker.finish(now)
}
