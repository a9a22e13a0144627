//! One source: capture, clock, decode, and the choice of the worker.

use std::sync::atomic::{AtomicBool, Ordering};

use xxhash_rust::xxh3::Xxh3;

use super::board::Seat;
use super::scopes::ScopeWatch;
use super::stats::{QueueFull, ReaderStats};
use crate::capture::{CaptureError, Event, Frame, LinkType, PacketSource};
use crate::decode::{DecodeOptions, Decoded, Decoder, ScopeBy, Segment};
use crate::limits::Limits;
use crate::time::{Clock, Timestamp, Weighed};

/// Whoever takes segments off the reader's hands.
pub(super) trait SegmentSink {
    /// A segment, and the time behind which nothing more is expected.
    fn segment(&mut self, segment: &Segment<'_>, now: Timestamp);
    /// The clock has moved, without a segment.
    fn idle(&mut self, now: Timestamp);
    /// The board has asked: whoever works passes it on, and answers.
    fn asked(&mut self, now: Timestamp);
    /// Packets are about to be lost, or no longer: whoever works is to hurry, or need not.
    fn hurry(&mut self, hurried: bool);
    /// What it had to drop so far.
    fn queue_full(&self) -> QueueFull {
        QueueFull::default()
    }
}

/// Frames looked at before the clock is set: one wild stamp at the very start must not set it.
const OPENING: usize = 33;

/// Reads one source to its end.
pub(super) struct Reader<'s> {
    source: &'s mut dyn PacketSource,
    decoder: Decoder,
    scope_by: ScopeBy,
    scopes: ScopeWatch,
    clock: Clock,
    /// Frames whose time leaps ahead, fewer than [`Clock::AGREE`]: if it was time that moved, theirs was right, and a
    /// connection that begins behind a quiet night must not be torn apart where the clock believes it.
    doubted: Vec<Held>,
    /// Of all frames, in order; not where the run has an id of its own.
    digest: Option<Xxh3>,
    stats: ReaderStats,
    errors: Vec<CaptureError>,
    stop: &'s AtomicBool,
    seat: Seat<'s>,
    hurried: bool,
}

/// An owned frame.
struct Held {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    bytes: Vec<u8>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(
        source: &'s mut dyn PacketSource,
        limits: &Limits,
        options: &DecodeOptions,
        scope_by: ScopeBy,
        stop: &'s AtomicBool,
        seat: Option<Seat<'s>>,
    ) -> Self {
        Self {
            source,
            decoder: Decoder::new(limits, options),
            scope_by,
            scopes: ScopeWatch::default(),
            clock: Clock::default(),
            doubted: Vec::new(),
            digest: seat.is_none().then(Xxh3::new),
            stats: ReaderStats::default(),
            errors: Vec::new(),
            stop,
            seat: seat.unwrap_or_default(),
            hurried: false,
        }
    }

    /// Reads to the end, or until it is told to stop. `progress` is called now and then with the source's bytes and the packets so far.
    pub(super) fn run(
        mut self,
        sink: &mut dyn SegmentSink,
        progress: &mut dyn FnMut(u64, u64, u64),
    ) -> (ReaderStats, Vec<CaptureError>) {
        let opening = self.opening();
        for frame in &opening {
            let Held { time, link, wire_len, ref bytes } = *frame;
            weigh(&mut self.parts(), sink, &Frame { time, link, wire_len, bytes });
        }
        drop(opening);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                self.stats.stopped = true;
                break;
            }
            let Self { source, decoder, scope_by, scopes, clock, doubted, digest, stats, errors, .. } = &mut self;
            match source.next() {
                Ok(Event::Frame(frame)) => {
                    let scope_by = *scope_by;
                    weigh(&mut Parts { decoder, scope_by, scopes, clock, doubted, digest, stats }, sink, &frame);
                }
                Ok(Event::Idle(now)) => {
                    clock.stamp(now);
                    self.idle(sink);
                }
                Ok(Event::End) => break,
                Err(error) => errors.push(error),
            }
            if self.seat.asked() {
                sink.asked(self.clock.floor());
                let said = (self.figures(sink), self.source.taps());
                self.seat.reader(|| said);
            }
            let behind = self.source.is_behind();
            if behind != self.hurried {
                self.hurried = behind;
                sink.hurry(behind);
            }
            let seen = self.stats.packets.seen;
            if seen.is_multiple_of(4096) {
                let known = self.source.stats();
                progress(known.input_bytes, known.input_total, seen);
            }
        }
        release(&mut self.parts(), sink, false);
        self.stats.id = self.digest.take().map_or_else(String::new, |digest| format!("{:032x}", digest.digest128()));
        let stats = self.figures(sink);
        let taps = self.source.taps();
        self.seat.reader_left(|| (stats.clone(), taps));
        (stats, self.errors)
    }

    /// All that was counted so far.
    fn figures(&self, sink: &dyn SegmentSink) -> ReaderStats {
        ReaderStats {
            leaps: self.clock.leaps(),
            moves: self.clock.moves(),
            equal_segments: self.scopes.equal_segments,
            decode: self.decoder.counts(),
            source: self.source.stats(),
            queue_full: sink.queue_full(),
            now: self.clock.now(),
            ..self.stats.clone()
        }
    }

    /// Holds the first frames and sets the clock by most of them: to the earliest stamp near their median.
    fn opening(&mut self) -> Vec<Held> {
        let mut held = Vec::with_capacity(OPENING);
        while held.len() < OPENING {
            match self.source.next() {
                Ok(Event::Frame(Frame { time, link, wire_len, bytes })) => {
                    held.push(Held { time, link, wire_len, bytes: bytes.to_vec() });
                }
                Ok(Event::Idle(now)) => {
                    if held.is_empty() {
                        self.clock = Clock::starting_at(now);
                    }
                    return held;
                }
                Ok(Event::End) => break,
                Err(error) => self.errors.push(error),
            }
        }
        let mut times: Vec<Timestamp> = held.iter().map(|frame| frame.time).collect();
        // On a quiet wire the first frames may span days. In order, and not one frame alone: so be it.
        if times.is_sorted_by(|before, after| before.since(*after) <= Clock::LEAP)
            && let Some(first) = times.windows(3).find(|near| near[2].since(near[0]) <= Clock::LEAP)
        {
            self.clock = Clock::starting_at(first[0]);
            return held;
        }
        times.sort_unstable();
        if let Some(median) = times.get(times.len().saturating_sub(1) / 2)
            && let Some(first) = times.iter().find(|time| median.since(**time) <= Clock::LEAP)
        {
            self.clock = Clock::starting_at(*first);
        }
        held
    }

    /// The wire is quiet: nobody will say more about a time that was doubted.
    fn idle(&mut self, sink: &mut dyn SegmentSink) {
        release(&mut self.parts(), sink, false);
        sink.idle(self.clock.floor());
    }

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            decoder: &mut self.decoder,
            scope_by: self.scope_by,
            scopes: &mut self.scopes,
            clock: &mut self.clock,
            doubted: &mut self.doubted,
            digest: &mut self.digest,
            stats: &mut self.stats,
        }
    }
}

/// All of a reader but its source, which the frame borrows.
struct Parts<'r> {
    decoder: &'r mut Decoder,
    scope_by: ScopeBy,
    scopes: &'r mut ScopeWatch,
    clock: &'r mut Clock,
    doubted: &'r mut Vec<Held>,
    digest: &'r mut Option<Xxh3>,
    stats: &'r mut ReaderStats,
}

/// One frame in order of the capture: taken at its own time, at the clock's, or held until it is known which.
fn weigh(parts: &mut Parts<'_>, sink: &mut dyn SegmentSink, frame: &Frame<'_>) {
    match parts.clock.weigh(frame.time) {
        Weighed::Believed => {
            if !parts.doubted.is_empty() {
                release(parts, sink, false);
            }
            take(parts, sink, frame, frame.time);
        }
        Weighed::Doubted { agreeing } => {
            if agreeing == 1 {
                release(parts, sink, false);
            }
            let Frame { time, link, wire_len, bytes } = *frame;
            parts.doubted.push(Held { time, link, wire_len, bytes: bytes.to_vec() });
        }
        Weighed::Moved => {
            release(parts, sink, true);
            let time = parts.clock.believe(frame.time);
            take(parts, sink, frame, time);
        }
        Weighed::Refused => {
            release(parts, sink, false);
            let time = parts.clock.disbelieve();
            take(parts, sink, frame, time);
        }
    }
}

/// Takes the frames that were held, at their own time when that was right.
fn release(parts: &mut Parts<'_>, sink: &mut dyn SegmentSink, right: bool) {
    for held in std::mem::take(parts.doubted) {
        let Held { time, link, wire_len, ref bytes } = held;
        let stamp = if right { parts.clock.believe(time) } else { parts.clock.disbelieve() };
        take(parts, sink, &Frame { time, link, wire_len, bytes }, stamp);
    }
}

/// One frame: digested, decoded at the time believed, counted, handed on.
fn take(parts: &mut Parts<'_>, sink: &mut dyn SegmentSink, frame: &Frame<'_>, time: Timestamp) {
    let Parts { decoder, scope_by, scopes, clock, digest, stats, .. } = parts;
    if let Some(digest) = digest {
        digest.update(&frame.time.nanos().to_le_bytes());
        digest.update(&frame.link.0.to_le_bytes());
        digest.update(&frame.wire_len.to_le_bytes());
        digest.update(&(frame.bytes.len() as u64).to_le_bytes());
        digest.update(frame.bytes);
    }
    stats.frame(time, frame.bytes.len());
    let decoded = decoder.decode(&Frame { time, ..*frame });
    stats.packet(&decoded);
    if let Decoded::Segment(mut segment) = decoded {
        segment.scope = scope_by.apply(segment.scope);
        scopes.segment(&segment);
        sink.segment(&segment, clock.floor());
    }
}
