//! One source: capture, clock, decode, and the choice of the worker.

use xxhash_rust::xxh3::Xxh3;

use super::scopes::ScopeWatch;
use super::stats::ReaderStats;
use crate::capture::{CaptureError, Event, Frame, LinkType, PacketSource};
use crate::decode::{Decoded, Decoder, ScopeBy, Segment};
use crate::limits::Limits;
use crate::time::{Clock, Timestamp};

/// Whoever takes segments off the reader's hands.
pub(super) trait SegmentSink {
    /// A segment, and the clock after it.
    fn segment(&mut self, segment: &Segment<'_>, now: Timestamp);
    /// The clock has moved, without a segment.
    fn idle(&mut self, now: Timestamp);
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
    digest: Xxh3,
    stats: ReaderStats,
    errors: Vec<CaptureError>,
}

/// An owned frame of the opening.
struct Held {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    bytes: Vec<u8>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s mut dyn PacketSource, limits: &Limits, scope_by: ScopeBy) -> Self {
        Self {
            source,
            decoder: Decoder::new(limits),
            scope_by,
            scopes: ScopeWatch::default(),
            clock: Clock::default(),
            digest: Xxh3::new(),
            stats: ReaderStats::default(),
            errors: Vec::new(),
        }
    }

    /// Reads to the end. `progress` is called now and then with the source's bytes and the packets so far.
    pub(super) fn run(
        mut self,
        sink: &mut dyn SegmentSink,
        progress: &mut dyn FnMut(u64, u64, u64),
    ) -> (ReaderStats, Vec<CaptureError>) {
        let opening = self.opening();
        for frame in &opening {
            let Held { time, link, wire_len, ref bytes } = *frame;
            take(&mut self.parts(), sink, &Frame { time, link, wire_len, bytes });
        }
        drop(opening);
        loop {
            let Self { source, decoder, scope_by, scopes, clock, digest, stats, errors } = &mut self;
            match source.next() {
                Ok(Event::Frame(frame)) => {
                    take(&mut Parts { decoder, scope_by: *scope_by, scopes, clock, digest, stats }, sink, &frame);
                }
                Ok(Event::Idle(now)) => {
                    clock.stamp(now);
                    sink.idle(clock.now());
                }
                Ok(Event::End) => break,
                Err(error) => errors.push(error),
            }
            if stats.packets.seen.is_multiple_of(4096) {
                let known = source.stats();
                progress(known.input_bytes, known.input_total, stats.packets.seen);
            }
        }
        self.stats.id = format!("{:032x}", self.digest.digest128());
        self.stats.leaps = self.clock.leaps();
        self.stats.equal_segments = self.scopes.equal_segments;
        self.stats.split_connections = self.scopes.split_connections();
        self.stats.decode = self.decoder.counts();
        self.stats.source = self.source.stats();
        self.stats.now = self.clock.now();
        (self.stats, self.errors)
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
        times.sort_unstable();
        if let Some(median) = times.get(times.len().saturating_sub(1) / 2)
            && let Some(first) = times.iter().find(|time| median.since(**time) <= Clock::LEAP)
        {
            self.clock = Clock::starting_at(*first);
        }
        held
    }

    fn parts(&mut self) -> Parts<'_> {
        Parts {
            decoder: &mut self.decoder,
            scope_by: self.scope_by,
            scopes: &mut self.scopes,
            clock: &mut self.clock,
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
    digest: &'r mut Xxh3,
    stats: &'r mut ReaderStats,
}

/// One frame: digested, stamped, decoded, counted, handed on.
fn take(parts: &mut Parts<'_>, sink: &mut dyn SegmentSink, frame: &Frame<'_>) {
    let Parts { decoder, scope_by, scopes, clock, digest, stats } = parts;
    digest.update(&frame.time.nanos().to_le_bytes());
    digest.update(&frame.link.0.to_le_bytes());
    digest.update(&frame.wire_len.to_le_bytes());
    digest.update(&(frame.bytes.len() as u64).to_le_bytes());
    digest.update(frame.bytes);
    let time = clock.stamp(frame.time);
    stats.frame(time, frame.bytes.len());
    let decoded = decoder.decode(&Frame { time, ..*frame });
    stats.packet(&decoded);
    if let Decoded::Segment(mut segment) = decoded {
        segment.scope = scope_by.apply(segment.scope);
        scopes.segment(&segment);
        sink.segment(&segment, clock.now());
    }
}
