//! All inputs of a run as one source, packet by packet by time.
//!
//! In: a list of files. Out: their frames in the order of their times, ties in the order of the inputs, each
//! file's own order kept. The frame that waits in each open file stays in that file's window, so a merge of many
//! copies as little as one file: nothing.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::file::{FileSource, Room, is_stdin, size};
use super::filter::Filter;
use super::section::Secrets;
use super::source::{CaptureError, Event, PacketSource, SourceStats};
use crate::limits::Limits;
use crate::time::Timestamp;

/// Several captures, merged by time.
pub struct MergedSource {
    limits: Limits,
    room: Room,
    /// Inputs not opened yet, the earliest first once `planned`.
    waiting: VecDeque<Waiting>,
    planned: bool,
    /// At most `Limits::open_captures`.
    slots: Vec<Option<Slot>>,
    /// Slots that hold no file.
    free: Vec<usize>,
    /// The latest time delivered.
    latest: Timestamp,
    /// The open files by the time of the frame that waits in them.
    heads: BinaryHeap<Reverse<Key>>,
    /// Whose frame is lent out.
    current: Option<usize>,
    errors: VecDeque<CaptureError>,
    overlap_told: bool,
    filter: Option<Filter>,
    consumed: Arc<AtomicU64>,
    secrets: Vec<Secrets>,
    secrets_room: usize,
    /// What is counted here and what closed files counted.
    stats: SourceStats,
}

/// When a file's next frame is due: its time, the place of its input, its slot.
type Key = (Timestamp, usize, usize);

struct Waiting {
    first: Timestamp,
    order: usize,
    path: PathBuf,
}

struct Slot {
    order: usize,
    file: FileSource,
}

impl MergedSource {
    /// The given files (see [`super::Inputs::expand`]), with frames that do not pass `filter` left out.
    /// Nothing is opened before the first `next`.
    #[must_use]
    pub fn new(inputs: Vec<PathBuf>, filter: Option<Filter>, limits: &Limits) -> Self {
        let open = inputs.len().clamp(1, limits.open_captures.max(1));
        let stats = SourceStats {
            input_total: inputs.iter().fold(0, |total: u64, path| total.saturating_add(size(path))),
            ..SourceStats::default()
        };
        let waiting = inputs
            .into_iter()
            .enumerate()
            .map(|(order, path)| Waiting { first: Timestamp::ZERO, order, path })
            .collect();
        let mut slots = Vec::new();
        slots.resize_with(open, || None);
        Self {
            limits: limits.clone(),
            room: Room::of(open, limits),
            waiting,
            planned: false,
            slots,
            free: (0..open).rev().collect(),
            latest: Timestamp::ZERO,
            heads: BinaryHeap::new(),
            current: None,
            errors: VecDeque::new(),
            overlap_told: false,
            filter,
            consumed: Arc::default(),
            secrets: Vec::new(),
            secrets_room: limits.secret_bytes,
            stats,
        }
    }

    /// TLS secrets met so far, within `Limits::secret_bytes`.
    #[must_use]
    pub fn secrets(&self) -> &[Secrets] {
        &self.secrets
    }

    /// When all inputs cannot be open at once, they are taken up in the order of their first packets, which
    /// needs a look into each. What cannot be looked into twice (pipes) or at all comes first.
    fn plan(&mut self) {
        self.planned = true;
        if self.waiting.len() <= self.slots.len() {
            return;
        }
        for input in &mut self.waiting {
            input.first = first_time(&input.path, &self.limits);
        }
        self.waiting.make_contiguous().sort_by_key(|input| (input.first, input.order));
    }

    /// Opens what is due: every input whose first packet is not later than the earliest frame at hand.
    fn open_due(&mut self) {
        while let Some(input) = self.waiting.front() {
            if self.heads.peek().is_some_and(|Reverse(head)| head.0 < input.first) {
                return;
            }
            let Some(&slot) = self.free.last() else {
                if !self.overlap_told {
                    self.overlap();
                }
                return;
            };
            let Some(Waiting { first, order, path }) = self.waiting.pop_front() else { return };
            self.stats.late_files += u64::from(first < self.latest);
            match FileSource::open_in(&path, self.room, Arc::clone(&self.consumed)) {
                Ok(file) => {
                    self.free.pop();
                    if let Some(place) = self.slots.get_mut(slot) {
                        *place = Some(Slot { order, file });
                    }
                    if let Some(key) = self.step(slot) {
                        self.heads.push(Reverse(key));
                    }
                }
                Err(error) => self.errors.push_back(error),
            }
        }
    }

    /// More inputs overlap in time than may be open. None is given up: those that wait are read when a slot is
    /// free, out of order, and the user is told what to do.
    #[cold]
    fn overlap(&mut self) {
        self.overlap_told = true;
        let now = self.heads.peek().map_or(Timestamp::ZERO, |Reverse(head)| head.0);
        let due = self.waiting.iter().take_while(|input| input.first <= now).count();
        let open = self.slots.len();
        self.errors.push_back(CaptureError::Input(format!(
            "{} captures overlap in time, but only {open} may be open at once: the others are read later, out of \
             order; join them first, e.g. with `mergecap -w joined.pcapng FILE...`",
            open + due
        )));
    }

    /// Moves a file to its next frame and gives its key; closes it at its end.
    #[inline]
    fn step(&mut self, at: usize) -> Option<Key> {
        let place = self.slots.get_mut(at)?;
        let slot = place.as_mut()?;
        loop {
            match slot.file.step() {
                Ok(true) => {
                    let key = (slot.file.time(), slot.order, at);
                    if slot.file.has_secrets() {
                        let fresh = slot.file.take_secrets();
                        self.keep(fresh);
                    }
                    return Some(key);
                }
                Ok(false) => break,
                // At most two a file.
                Err(error) => self.errors.push_back(error),
            }
        }
        let mut closed = place.take()?;
        self.free.push(at);
        self.stats = closed_into(self.stats, &closed.file);
        let fresh = closed.file.take_secrets();
        self.keep(fresh);
        None
    }

    fn keep(&mut self, fresh: Vec<Secrets>) {
        for secrets in fresh {
            if let Some(room) = self.secrets_room.checked_sub(secrets.cost()) {
                self.secrets_room = room;
                self.secrets.push(secrets);
            }
        }
    }

    /// Whose frame is next, now that the one lent out is done with.
    #[inline]
    fn choose(&mut self) -> Option<usize> {
        let stepped = self.current.take().and_then(|at| self.step(at));
        if self.waiting.is_empty() {
            // The usual case: one file, or a run of frames from the same one, touches no heap.
            if let Some(key) = stepped {
                match self.heads.peek_mut() {
                    Some(mut top) if top.0 < key => {
                        let Reverse((_, _, at)) = std::mem::replace(&mut *top, Reverse(key));
                        return Some(at);
                    }
                    _ => return Some(key.2),
                }
            }
        } else {
            self.heads.extend(stepped.map(Reverse));
            self.open_due();
        }
        self.heads.pop().map(|Reverse((_, _, at))| at)
    }
}

impl PacketSource for MergedSource {
    fn next(&mut self) -> Result<Event<'_>, CaptureError> {
        if !self.planned {
            self.plan();
        }
        loop {
            if let Some(error) = self.errors.pop_front() {
                return Err(error);
            }
            self.current = self.choose();
            let Some(at) = self.current else {
                if self.errors.is_empty() && self.waiting.is_empty() {
                    return Ok(Event::End);
                }
                continue;
            };
            let passes = match (&mut self.filter, self.slots.get(at)) {
                (Some(filter), Some(Some(slot))) => filter.accepts(&slot.file.frame()),
                _ => true,
            };
            if !passes {
                self.stats.filtered += 1;
                continue;
            }
            self.stats.frames += 1;
            break;
        }
        let lent = self.current.and_then(|at| self.slots.get(at)).and_then(Option::as_ref);
        let Some(frame) = lent.map(|slot| slot.file.frame()) else { return Ok(Event::End) };
        self.latest = self.latest.max(frame.time);
        Ok(Event::Frame(frame))
    }

    fn stats(&self) -> SourceStats {
        let open = self.slots.iter().flatten().fold(self.stats, |stats, slot| closed_into(stats, &slot.file));
        SourceStats { input_bytes: self.consumed.load(Ordering::Relaxed), ..open }
    }
}

/// Adds what a file counted.
fn closed_into(stats: SourceStats, file: &FileSource) -> SourceStats {
    let tally = file.tally();
    SourceStats {
        dropped: stats.dropped.saturating_add(tally.dropped),
        cut_files: stats.cut_files + u64::from(tally.cut),
        secrets: stats.secrets + tally.secrets,
        damaged_blocks: stats.damaged_blocks + tally.damaged,
        ..stats
    }
}

/// The time of a file's first packet; zero when there is none, or the file can only be read once.
fn first_time(path: &Path, limits: &Limits) -> Timestamp {
    let once = is_stdin(path) || !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if once {
        return Timestamp::ZERO;
    }
    let Ok(mut file) = FileSource::open_in(path, Room::of(limits.open_captures, limits), Arc::default()) else {
        return Timestamp::ZERO;
    };
    loop {
        match file.step() {
            Ok(true) => return file.time(),
            Ok(false) => return Timestamp::ZERO,
            Err(_) => {}
        }
    }
}
