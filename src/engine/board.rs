//! What a capture that goes on has told of itself, for reports that are drawn meanwhile.
//!
//! In: a question, and the answers of readers and workers when they get to it. Out: the summary so far. Nobody on the
//! packet path waits here: each looks at one number, and answers when it has changed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::stats::{ReaderStats, summary};
use super::worker::Counted;
use crate::capture::TapStats;
use crate::merge::Merge;
use crate::report::{CaptureSummary, TapSummary};

/// Where running threads put what they counted.
#[derive(Debug)]
pub struct Board {
    /// The number of the newest question.
    asked: AtomicU64,
    told: Mutex<Told>,
    news: Condvar,
    run: String,
    inputs: u64,
}

#[derive(Debug)]
struct Told {
    readers: Vec<Answer<(ReaderStats, Vec<TapStats>)>>,
    workers: Vec<Answer<Counted>>,
}

/// What one thread said last, and to which question.
#[derive(Debug, Default)]
struct Answer<T> {
    to: u64,
    said: T,
}

/// One thread's place at the board; without a board nothing is ever asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seat<'b> {
    board: Option<&'b Board>,
    at: usize,
    answered: u64,
}

impl Board {
    /// A board for so many threads. `run` is the id of this run, `inputs` the number of interfaces.
    #[must_use]
    pub fn new(readers: usize, workers: usize, run: &str, inputs: u64) -> Self {
        let told = Told {
            readers: (0..readers).map(|_| Answer::default()).collect(),
            workers: (0..workers).map(|_| Answer::default()).collect(),
        };
        let (asked, news) = (AtomicU64::new(0), Condvar::new());
        Self { asked, told: Mutex::new(told), news, run: run.to_owned(), inputs }
    }

    /// Asks all threads to hand over what they learned and to say what they counted, and waits for them; for no longer
    /// than `patience`. False: some have not answered, and what they say is older.
    pub fn ask(&self, patience: Duration) -> bool {
        let question = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let waiting = |told: &mut Told| {
            let late = |to: u64| to < question;
            told.readers.iter().any(|answer| late(answer.to)) || told.workers.iter().any(|answer| late(answer.to))
        };
        let told = self.news.wait_timeout_while(self.told(), patience, waiting);
        !told.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// What the capture is like, by what was told last.
    #[must_use]
    pub fn summary(&self) -> CaptureSummary {
        let told = self.told();
        let mut reader = ReaderStats::default();
        let mut taps: Vec<TapSummary> = Vec::new();
        for answer in &told.readers {
            reader.merge(answer.said.0.clone());
            join(&mut taps, &answer.said.1);
        }
        let shares = told.workers.iter().map(|answer| answer.said.clone()).collect();
        let fanned_out = told.readers.len() > 1;
        drop(told);
        reader.id.clone_from(&self.run);
        let hidden: u64 = reader.decode.tunnels.values().sum();
        let mut summary = summary(&reader, shares, &[], self.inputs, taps);
        if fanned_out && hidden > 0 {
            summary.warnings.push(format!(
                "Frames that hide their flows in a tunnel, where the kernel shares packets out by what is outside: {hidden}. The two \
                 directions of their connections may come apart: start again with --fanout off."
            ));
        }
        summary
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'b> Seat<'b> {
    pub(super) const fn new(board: Option<&'b Board>, at: usize) -> Self {
        Self { board, at, answered: 0 }
    }

    /// There is a question that is not answered yet. What is drawn from here on answers it.
    pub(super) fn asked(&mut self) -> bool {
        let Some(board) = self.board else { return false };
        // Before the figures are drawn: a question that comes meanwhile is answered once more.
        let asked = board.asked.load(Ordering::Relaxed);
        std::mem::replace(&mut self.answered, asked) != asked
    }

    /// A reader's answer.
    pub(super) fn reader(&self, said: impl FnOnce() -> (ReaderStats, Vec<TapStats>)) {
        self.answer(said, |told| &mut told.readers);
    }

    /// A worker's answer.
    pub(super) fn worker(&self, said: impl FnOnce() -> Counted) {
        self.answer(said, |told| &mut told.workers);
    }

    /// A reader has ended: this is its answer to all questions to come.
    pub(super) fn reader_left(&self, said: impl FnOnce() -> (ReaderStats, Vec<TapStats>)) {
        self.answer(said, |told| &mut told.readers);
        self.leave(|told| &mut told.readers);
    }

    /// The same of a worker.
    pub(super) fn worker_left(&self, said: impl FnOnce() -> Counted) {
        self.answer(said, |told| &mut told.workers);
        self.leave(|told| &mut told.workers);
    }

    fn leave<T>(&self, place: impl FnOnce(&mut Told) -> &mut Vec<Answer<T>>) {
        let Some(board) = self.board else { return };
        if let Some(answer) = place(&mut board.told()).get_mut(self.at) {
            answer.to = u64::MAX;
        }
        board.news.notify_all();
    }

    fn answer<T>(&self, said: impl FnOnce() -> T, place: impl FnOnce(&mut Told) -> &mut Vec<Answer<T>>) {
        let Some(board) = self.board else { return };
        let said = said();
        if let Some(answer) = place(&mut board.told()).get_mut(self.at) {
            *answer = Answer { to: self.answered, said };
        }
        board.news.notify_all();
    }
}

/// Sources that fan out listen on the same interfaces: frames and what the rings lost add up, what the card lost each of
/// them has seen.
fn join(taps: &mut Vec<TapSummary>, more: &[TapStats]) {
    for tap in more {
        let TapStats { interface, up, link, frames, kernel_dropped, interface_dropped, ring_full, reopened } = tap;
        match taps.iter_mut().find(|known| known.interface == *interface) {
            Some(known) => {
                known.up &= up;
                known.frames += frames;
                known.kernel_dropped += kernel_dropped;
                known.interface_dropped = known.interface_dropped.max(*interface_dropped);
                known.ring_full += ring_full;
                known.reopened = known.reopened.max(*reopened);
            }
            None => taps.push(TapSummary {
                interface: interface.clone(),
                up: *up,
                link: *link,
                frames: *frames,
                kernel_dropped: *kernel_dropped,
                interface_dropped: *interface_dropped,
                ring_full: *ring_full,
                reopened: *reopened,
            }),
        }
    }
}
