//! A whole run: threads, back-pressure, order of shutdown. Down the river: the source ends, batches drain, flows close,
//! deltas flush, and what is left are a filled inventory and a summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, bounded};

use super::batch::Batch;
use super::board::{Board, Seat};
use super::reader::{Reader, SegmentSink};
use super::rules::SharedRules;
use super::spool::Lines;
use super::stats::{QueueFull, ReaderStats, summary, unreadable_links};
use super::worker::{CALLER_KEY, Share, Worker};
use crate::capture::{CaptureError, LiveSource, PacketSource};
use crate::decode::{DecodeOptions, ScopeBy, Segment};
use crate::flow::FlowKey;
use crate::inventory::Inventory;
use crate::limits::Limits;
use crate::observe::Inspect;
use crate::report::{CaptureSummary, Mask};
use crate::time::{Span, Timestamp};

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
    /// Which bodies are looked into.
    pub inspect: Inspect,
    /// Keep transaction lines, with or without query values.
    pub transactions: Option<Mask>,
    /// How many inputs the source was given, for the summary.
    pub inputs: u64,
    /// Key of the hash by which callers are counted. The same in all runs whose counts are to add up.
    pub caller_key: u64,
    /// What users say that is asked of each exchange; it may change while it runs.
    pub rules: Arc<SharedRules>,
    /// Set by whoever wants the run to end before its source does.
    pub stop: Arc<AtomicBool>,
}

impl Settings {
    /// The key of a replay: figures must repeat, and no hash ever leaves the process.
    pub const REPLAY_KEY: u64 = CALLER_KEY;
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
    let (reader, errors, shares) = assemble(source, settings, inventory, None, &mut tell)?;
    let mut lines = settings.transactions.map(|_| Lines::default());
    let mut counted = Vec::with_capacity(shares.len());
    for share in shares {
        if let (Some(lines), Some(spool)) = (&mut lines, share.spool) {
            lines.add(spool);
        }
        counted.push(share.counted);
    }
    for line in unreadable_links(&reader.decode) {
        tracing::warn!("{line}");
    }
    let summary = summary(&reader, counted, &errors, settings.inputs, Vec::new());
    Ok(Outcome { summary, errors, lines, stopped: reader.stopped })
}

/// Listens until the sources end; what was counted is at the board, then as ever before. One source is read by one thread and
/// shared out to [`Settings::workers`]; several (which share their frames by flow already) have a worker each.
///
/// # Errors
/// When threads fail.
pub fn listen(
    sources: &mut [LiveSource],
    settings: &Settings,
    inventory: &Arc<Inventory>,
    board: &Board,
) -> Result<Vec<CaptureError>, EngineError> {
    if let [source] = sources {
        return assemble(source, settings, inventory, Some(board), &mut |_, _, _| {}).map(|(_, errors, _)| errors);
    }
    thread::scope(|scope| {
        let mut handles = Vec::with_capacity(sources.len());
        for (at, source) in sources.iter_mut().enumerate() {
            let read = move || one_by_one(source, settings, inventory, Some(board), at, &mut |_, _, _| {});
            let thread = thread::Builder::new().name(format!("worker-{at}"));
            handles.push(thread.spawn_scoped(scope, read).map_err(EngineError::Thread)?);
        }
        let mut errors = Vec::new();
        for handle in handles {
            let (_, more, _) = handle.join().map_err(|_| EngineError::Worker)?;
            errors.extend(more);
        }
        Ok(errors)
    })
}

/// Ends the sources when the thread that holds it panics: a run that lost a part of itself is to end and be seen, not to go
/// on and tell old figures.
struct EndsAll(Option<Arc<AtomicBool>>);

impl EndsAll {
    fn of(settings: &Settings, board: Option<&Board>) -> Self {
        Self(board.map(|_| Arc::clone(&settings.stop)))
    }
}

impl Drop for EndsAll {
    fn drop(&mut self) {
        if let Some(stop) = self.0.as_ref().filter(|_| thread::panicking()) {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

/// What is left of a reader and its workers.
type Left = (ReaderStats, Vec<CaptureError>, Vec<Share>);

/// One source and its workers.
fn assemble(
    source: &mut dyn PacketSource,
    settings: &Settings,
    inventory: &Arc<Inventory>,
    board: Option<&Board>,
    tell: &mut dyn FnMut(u64, u64, u64),
) -> Result<Left, EngineError> {
    if settings.workers <= 1 {
        return Ok(one_by_one(source, settings, inventory, board, 0, tell));
    }
    thread::scope(|scope| {
        let mut lanes = Vec::with_capacity(settings.workers);
        let mut handles = Vec::with_capacity(settings.workers);
        for number in 0..settings.workers {
            let (send, full) = bounded::<Batch>(settings.limits.batches);
            let (empty, recycled) = bounded::<Batch>(settings.limits.batches + 2);
            let worker = worker(settings, inventory, board, number);
            let handle = thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn_scoped(scope, {
                    let guard = EndsAll::of(settings, board);
                    move || {
                        let _guard = guard;
                        work(worker, &full, &empty)
                    }
                })
                .map_err(EngineError::Thread)?;
            handles.push(handle);
            lanes.push(Lane { open: Batch::default(), send, recycled });
        }
        let patience = board.map(|_| PATIENCE);
        let limits = settings.limits.clone();
        let mut lanes = Lanes {
            lanes,
            limits,
            patience,
            flushed: Timestamp::ZERO,
            queue_full: QueueFull::default(),
            hurried: false,
        };
        let (stats, errors) = reader(source, settings, board, 0).run(&mut lanes, tell);
        // The last ones are waited for: nothing comes behind them.
        lanes.patience = None;
        lanes.flush(stats.now);
        drop(lanes);
        let shares = handles.into_iter().map(|handle| handle.join().map_err(|_| EngineError::Worker));
        Ok((stats, errors, shares.collect::<Result<Vec<_>, _>>()?))
    })
}

/// One source and one worker in this thread.
fn one_by_one(
    source: &mut dyn PacketSource,
    settings: &Settings,
    inventory: &Arc<Inventory>,
    board: Option<&Board>,
    at: usize,
    tell: &mut dyn FnMut(u64, u64, u64),
) -> Left {
    let _guard = EndsAll::of(settings, board);
    let mut direct = Direct(worker(settings, inventory, board, at));
    let (stats, errors) = reader(source, settings, board, at).run(&mut direct, tell);
    let share = direct.0.finish(stats.now);
    (stats, errors, vec![share])
}

fn reader<'s>(
    source: &'s mut dyn PacketSource,
    settings: &'s Settings,
    board: Option<&'s Board>,
    at: usize,
) -> Reader<'s> {
    // What listens is ended by its source, which knows what the kernel still holds.
    static NEVER: AtomicBool = AtomicBool::new(false);
    let stop = if board.is_some() { &NEVER } else { &*settings.stop };
    let seat = board.map(|board| Seat::new(Some(board), at));
    Reader::new(source, &settings.limits, &settings.decode, settings.scope_by, stop, seat)
}

fn worker<'b>(settings: &Settings, inventory: &Arc<Inventory>, board: Option<&'b Board>, at: usize) -> Worker<'b> {
    let seat = Seat::new(board, at);
    Worker::new(settings, inventory, seat)
}

/// One worker in the reader's own thread.
struct Direct<'b>(Worker<'b>);

impl SegmentSink for Direct<'_> {
    fn segment(&mut self, segment: &Segment<'_>, now: Timestamp) {
        self.0.segment(segment);
        self.0.tick(now);
    }

    fn idle(&mut self, now: Timestamp) {
        self.0.tick(now);
    }

    fn asked(&mut self, now: Timestamp) {
        self.0.answer(now);
    }

    fn hurry(&mut self, hurried: bool) {
        self.0.hurry(hurried);
    }
}

/// How long a live reader waits for a worker that is behind: the ring holds what comes meanwhile.
const PATIENCE: Duration = Duration::from_millis(100);
/// A lane of a live reader waits no longer than this for its batch to fill.
const FLUSH: Span = Span::from_millis(100);

/// One lane to each worker.
struct Lanes {
    lanes: Vec<Lane>,
    limits: Limits,
    /// How long to wait for a worker that is behind; `None`: for ever.
    patience: Option<Duration>,
    /// When all were sent on last.
    flushed: Timestamp,
    queue_full: QueueFull,
    hurried: bool,
}

struct Lane {
    open: Batch,
    send: Sender<Batch>,
    recycled: Receiver<Batch>,
}

impl Lane {
    /// Sends the open batch on. A file's reader waits while the worker is behind, so that it never loses a packet; a live
    /// one waits a little and then drops the batch: it is the newest, and what is held back in its stead would be the
    /// packets of all the other workers.
    fn flush(&mut self, now: Timestamp, patience: Option<Duration>) -> QueueFull {
        self.open.clock = now;
        let next = self.recycled.try_recv().unwrap_or_default();
        let batch = std::mem::replace(&mut self.open, next);
        // A worker that is gone is noticed when it is joined.
        let late = match patience {
            None => self.send.send(batch).err().map(|_| QueueFull::default()),
            Some(patience) => match self.send.send_timeout(batch, patience) {
                Err(SendTimeoutError::Timeout(mut batch) | SendTimeoutError::Disconnected(mut batch)) => {
                    let (bytes, segments) = batch.size();
                    batch.clear();
                    self.open = batch;
                    Some(QueueFull { segments: segments as u64, bytes: bytes as u64 })
                }
                Ok(()) => None,
            },
        };
        late.unwrap_or_default()
    }
}

impl Lanes {
    fn flush(&mut self, now: Timestamp) {
        self.flushed = now;
        for at in 0..self.lanes.len() {
            self.flush_lane(at, now);
        }
    }

    fn flush_lane(&mut self, at: usize, now: Timestamp) {
        if let Some(lane) = self.lanes.get_mut(at) {
            lane.open.hurried = self.hurried;
            let QueueFull { segments, bytes } = lane.flush(now, self.patience);
            self.queue_full.segments += segments;
            self.queue_full.bytes += bytes;
        }
    }
}

impl SegmentSink for Lanes {
    fn segment(&mut self, segment: &Segment<'_>, now: Timestamp) {
        let shard = FlowKey::of(segment).0.shard(self.lanes.len());
        let Some(lane) = self.lanes.get_mut(shard) else { return };
        lane.open.push(segment);
        let (bytes, segments) = lane.open.size();
        if bytes >= self.limits.batch_bytes || segments >= self.limits.batch_segments {
            self.flush_lane(shard, now);
        }
        if self.patience.is_some() && now.since(self.flushed) >= FLUSH {
            self.flush(now);
        }
    }

    fn idle(&mut self, now: Timestamp) {
        self.flush(now);
    }

    fn asked(&mut self, now: Timestamp) {
        self.flush(now);
    }

    fn hurry(&mut self, hurried: bool) {
        self.hurried = hurried;
    }

    fn queue_full(&self) -> QueueFull {
        self.queue_full
    }
}

/// A worker's thread: until the reader hangs up.
fn work(mut worker: Worker<'_>, full: &Receiver<Batch>, empty: &Sender<Batch>) -> Share {
    let mut now = Timestamp::ZERO;
    for mut batch in full {
        worker.hurry(batch.hurried);
        for segment in batch.segments() {
            worker.segment(&segment);
        }
        now = now.max(batch.clock);
        worker.tick(now);
        worker.answer(now);
        batch.clear();
        // Full when the reader has batches enough: this one is dropped.
        let _ = empty.try_send(batch);
    }
    worker.finish(now)
}
