//! Several interfaces as one source, in one thread.
//!
//! In: names. Out: frames as the kernel stamped them, and `Idle` where there are none. The ring is read without
//! blocking and waited for with poll(2): libpcap's own waiting does not return on a quiet TPACKET_V3 ring.
//!
//! From one interface nothing is copied: a frame lies in the ring until the source is asked again, so each call tries once. From
//! several, the next frame of each is copied out, and the earliest goes first: a tap may have one interface for each
//! direction, and the kernel delivers each ring in blocks that are up to [`BLOCK`] old.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use pcap::{Active, Capture};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::interfaces::said;
use super::tap::{BLOCK, LiveOptions, Tap, TapStats};
use crate::capture::{CaptureError, Event, Frame, LinkType, PacketSource, SourceStats};
use crate::time::{Span, Timestamp};

/// How long a frame waits for earlier ones of interfaces that have none to show: a block, and as much for whoever is late.
const HOLD: Span = Span::from_millis(100);
/// The shortest wait for them: not one wait for each frame.
const PACE: Duration = Duration::from_millis(5);
/// Frames between two looks at the system's clock, on a wire that is never quiet.
const LOOK: u32 = 4096;
/// How often counters are read and lost interfaces looked for.
const CHORES: Duration = Duration::from_millis(500);
/// The longest wait for a frame: so late may a stop be noticed, or an interface that has gone.
const WAIT: Duration = Duration::from_millis(100);
/// How far behind the system's clock a frame may be that comes when the ring was found empty.
const LAG: Span = Span::from_millis(250);
/// What is in the ring at a stop is read; but not for longer than this.
const DRAIN: Duration = Duration::from_secs(5);

/// Interfaces that are listened on.
pub struct LiveSource {
    taps: Vec<Tap>,
    /// Beside `taps`, not in them: frames borrow the handle, and counters change meanwhile. `None`: it is gone.
    captures: Vec<Option<Capture<Active>>>,
    ready: Vec<bool>,
    /// The next frame of each, where there are several.
    heads: Vec<Head>,
    look: u32,
    chores_at: Instant,
    stop: Arc<AtomicBool>,
    /// The newest time that is known of the wire: where there is nothing to say, nothing newer is said.
    last: Timestamp,
    /// How full the rings are.
    fill: Fill,
    /// Frames before this are none of ours: they came while the sources were being set up.
    begin: Timestamp,
    /// Has shown a frame from after the end: there is nothing more to come.
    over: Vec<bool>,
    /// The system's clock and when it was read: whether it was set meanwhile.
    clock: (Timestamp, Instant),
    /// How far the system's clock was set back since the start. It is added to all stamps: time goes on.
    shift: Span,
    /// When the stop was noticed: frames after it are none of ours, and no later than then is read.
    ends: Option<(Timestamp, Instant)>,
}

impl LiveSource {
    /// Opens all of them. `stop` ends the source: what the kernel holds by then is still delivered.
    ///
    /// # Errors
    /// [`CaptureError::Input`] or [`CaptureError::Filter`] for the first that cannot be opened.
    pub fn open(names: &[String], options: &LiveOptions, stop: &Arc<AtomicBool>) -> Result<Self, CaptureError> {
        let (mut taps, mut captures) = (Vec::new(), Vec::new());
        for name in names {
            let (tap, capture) = Tap::open(name, options)?;
            taps.push(tap);
            captures.push(Some(capture));
        }
        Ok(Self {
            ready: vec![false; taps.len()],
            over: vec![false; taps.len()],
            clock: (system_time(), Instant::now()),
            shift: Span::ZERO,
            heads: taps.iter().map(|_| Head::default()).collect(),
            taps,
            captures,
            look: 0,
            chores_at: Instant::now(),
            stop: Arc::clone(stop),
            last: system_time(),
            fill: Fill { ring_bytes: (options.ring_bytes * names.len()) as u64, ..Fill::default() },
            begin: Timestamp::ZERO,
            ends: None,
        })
    }

    /// Makes several sources of the same interfaces share their frames by flow: all packets of a connection come to the
    /// same one. What was captured before is dropped: it is in the rings of several.
    ///
    /// # Errors
    /// [`CaptureError::Input`] when the kernel refuses.
    pub fn fan_out(sources: &mut [Self]) -> Result<(), CaptureError> {
        let Some((first, others)) = sources.split_first_mut() else { return Ok(()) };
        for at in 0..first.taps.len() {
            let group = first.join(at, None)?;
            for other in others.iter_mut() {
                other.join(at, Some(group))?;
            }
        }
        for source in sources {
            source.begin = source.now();
        }
        Ok(())
    }

    /// What was lost, and read, so far does not count: only now does the run begin.
    pub fn start_counting(&mut self) {
        for (tap, capture) in self.taps.iter_mut().zip(&self.captures) {
            tap.start_counting(capture.as_ref());
        }
    }

    /// The system's time, as this run tells it.
    fn now(&self) -> Timestamp {
        system_time() + self.shift
    }

    /// Sees whether the clock was set. Set back, it would stamp all that comes with times that have been.
    fn mind_the_clock(&mut self) {
        const SET: Span = Span::from_millis(500);
        let (then, read) = self.clock;
        let elapsed = Span::from_nanos(u64::try_from(read.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let (now, expected) = (system_time(), then + elapsed);
        self.clock = (now, Instant::now());
        if expected.since(now) > SET {
            self.shift = self.shift + expected.since(now);
            tracing::warn!(
                "the system's clock was set back by {}; this run goes on in its own time",
                expected.since(now)
            );
        } else if now.since(expected) > SET {
            self.shift = Span::from_nanos(self.shift.nanos().saturating_sub(now.since(expected).nanos()));
        }
    }

    /// It has ended; what was lost last is counted too.
    fn end(&mut self) -> Event<'static> {
        for (tap, capture) in self.taps.iter_mut().zip(&self.captures) {
            tap.count(capture.as_ref());
        }
        Event::End
    }

    fn join(&mut self, at: usize, group: Option<u16>) -> Result<u16, CaptureError> {
        let (Some(tap), Some(Some(capture))) = (self.taps.get_mut(at), self.captures.get(at)) else {
            return Err(CaptureError::Input("an interface is gone already".to_owned()));
        };
        tap.join(capture, group).map_err(|error| {
            let name = &tap.stats.interface;
            CaptureError::Input(format!("-i {name}: the kernel cannot fan out ({error}); use --fanout off"))
        })
    }

    /// Counters, lost interfaces, the stop. False when the source has ended.
    fn chores(&mut self) -> bool {
        self.look = 0;
        self.mind_the_clock();
        let now = Instant::now();
        if self.ends.is_none() && self.stop.load(Ordering::Relaxed) {
            self.ends = Some((self.now(), now + DRAIN));
        }
        // It is not left to poll(2): an error is told once.
        for (tap, capture) in self.taps.iter_mut().zip(&mut self.captures) {
            if tap.failed() {
                tap.count(capture.as_ref());
                *capture = None;
                tap.stats.up = false;
            }
        }
        if now >= self.chores_at {
            self.chores_at = now + CHORES;
            for (tap, capture) in self.taps.iter_mut().zip(&mut self.captures) {
                tap.count(capture.as_ref());
                if capture.is_none() && self.ends.is_none() {
                    *capture = tap.reopen();
                }
            }
        }
        self.ends.is_none_or(|(_, latest)| now < latest)
    }

    /// The rings are empty: the wire's time is at least this.
    fn quiet(&mut self) -> Timestamp {
        self.fill.empty();
        self.last = self.last.max(self.now() - LAG);
        self.last
    }

    /// Waits until a ring has something of which no frame is known, for no longer than `patience`. False when none has.
    fn wait(&mut self, patience: Duration) -> bool {
        let dry = |at: &usize| self.captures[*at].is_some() && !self.heads[*at].full && !self.over[*at];
        let dry: Vec<usize> = (0..self.captures.len()).filter(dry).collect();
        if dry.is_empty() {
            // There is nothing to poll; the pace of the chores is pace enough.
            std::thread::sleep(patience);
            return false;
        }
        let mut sockets: Vec<PollFd<'_>> = dry
            .iter()
            .filter_map(|at| self.captures[*at].as_ref())
            .map(|capture| PollFd::from_borrowed_fd(capture.as_fd(), PollFlags::IN))
            .collect();
        let timeout = Timespec { tv_sec: 0, tv_nsec: patience.subsec_nanos().into() };
        match poll(&mut sockets, Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => {}
            // Interrupted by a signal, which says nothing about the rings.
            Err(_) => return true,
        }
        // An error counts too: reading tells which.
        let told: Vec<bool> = sockets.iter().map(|socket| !socket.revents().is_empty()).collect();
        for (at, told) in dry.into_iter().zip(told) {
            self.ready[at] = told;
        }
        true
    }

    /// How long to wait where nothing is held back.
    const fn patience(&self) -> Duration {
        if self.ends.is_some() { Duration::from_millis(2 * BLOCK.as_millis() as u64) } else { WAIT }
    }

    /// One try at one interface; the frame still lies in the ring.
    fn read(&mut self, at: usize) -> Tried<'_> {
        let (Some(slot), Some(tap)) = (self.captures.get_mut(at), self.taps.get_mut(at)) else { return Tried::Nothing };
        let Some(capture) = slot.as_mut() else {
            self.ready[at] = false;
            return Tried::Nothing;
        };
        match capture.next_packet() {
            Ok(packet) => {
                let time = stamp(packet.header.ts.tv_sec, packet.header.ts.tv_usec) + self.shift;
                if time < self.begin {
                    return Tried::NotOurs;
                }
                if let Some((end, _)) = self.ends
                    && time > end
                {
                    (self.over[at], self.ready[at]) = (true, false);
                    return Tried::NotOurs;
                }
                tap.stats.frames += 1;
                self.last = self.last.max(time);
                self.fill.frame(time, packet.header.caplen, || system_time() + self.shift);
                Tried::Frame(Frame { time, link: tap.link, wire_len: packet.header.len, bytes: packet.data })
            }
            Err(pcap::Error::TimeoutExpired) => {
                self.ready[at] = false;
                Tried::Nothing
            }
            Err(error) => {
                self.ready[at] = false;
                tap.lost(&said(error));
                Tried::Nothing
            }
        }
    }

    /// The next event where one interface is all there is.
    fn next_alone(&mut self) -> Event<'_> {
        if !self.ready.first().is_some_and(|ready| *ready) {
            if !self.chores() || self.over[0] {
                return self.end();
            }
            if !self.wait(self.patience()) {
                // At a stop, an empty ring after the time of a block is the end.
                return if self.ends.is_some() { self.end() } else { Event::Idle(self.quiet()) };
            }
        }
        let last = self.last;
        match self.read(0) {
            Tried::Frame(frame) => Event::Frame(frame),
            Tried::NotOurs | Tried::Nothing => Event::Idle(last),
        }
    }

    /// The next event of several interfaces, the earliest first.
    fn next_of_several(&mut self) -> Event<'_> {
        loop {
            for at in 0..self.taps.len() {
                while self.ready[at] && !self.heads[at].full {
                    // Out of its place while the ring is asked, which borrows all the rest.
                    let mut head = std::mem::take(&mut self.heads[at]);
                    match self.read(at) {
                        Tried::Frame(frame) => head.take(&frame),
                        Tried::NotOurs | Tried::Nothing => {}
                    }
                    self.heads[at] = head;
                }
            }
            let earliest =
                (0..self.heads.len()).filter(|at| self.heads[*at].full).min_by_key(|at| self.heads[*at].time);
            let Some(earliest) = earliest else {
                if !self.chores() || self.over.iter().all(|over| *over) {
                    return self.end();
                }
                if self.wait(self.patience()) {
                    continue;
                }
                return if self.ends.is_some() { self.end() } else { Event::Idle(self.quiet()) };
            };
            let all = self
                .heads
                .iter()
                .zip(&self.captures)
                .zip(&self.over)
                .all(|((head, capture), over)| head.full || capture.is_none() || *over);
            let ripe = self.heads[earliest].time + HOLD;
            let now = if all { ripe } else { self.now() };
            // A stamp from the future is none to wait for.
            if now < ripe && ripe.since(now) <= HOLD + HOLD {
                let patience = Duration::from_nanos(ripe.since(now).nanos()).max(PACE);
                if !self.chores() {
                    return self.end();
                }
                self.wait(patience.min(WAIT));
                continue;
            }
            let head = &mut self.heads[earliest];
            head.full = false;
            return Event::Frame(Frame {
                time: head.time,
                link: head.link,
                wire_len: head.wire_len,
                bytes: &head.bytes,
            });
        }
    }
}

/// Estimates how full the rings are: what came in, by its stamps, while we are behind.
#[derive(Clone, Copy, Debug, Default)]
struct Fill {
    ring_bytes: u64,
    frames: u32,
    bytes: u64,
    /// The stamp of the first of these frames.
    since: Timestamp,
    behind: bool,
}

impl Fill {
    /// Frames between two estimates.
    const FRAMES: u32 = 512;
    /// What the kernel writes before each frame, and leaves behind it.
    const HEADER: u64 = 96;

    fn frame(&mut self, time: Timestamp, length: u32, now: impl FnOnce() -> Timestamp) {
        if self.frames == 0 {
            self.since = time;
        }
        self.frames += 1;
        self.bytes += u64::from(length) + Self::HEADER;
        if self.frames < Self::FRAMES {
            return;
        }
        let (span, late) = (time.since(self.since).nanos().max(1), now().since(time).nanos());
        let waiting = u128::from(self.bytes) * u128::from(late) / u128::from(span);
        // Between the two it stays as it is.
        if waiting > u128::from(self.ring_bytes / 4) {
            self.behind = true;
        } else if waiting < u128::from(self.ring_bytes / 16) {
            self.behind = false;
        }
        (self.frames, self.bytes) = (0, 0);
    }

    fn empty(&mut self) {
        (self.frames, self.bytes, self.behind) = (0, 0, false);
    }
}

/// What came of one try.
enum Tried<'a> {
    Frame(Frame<'a>),
    /// A frame from before the beginning, or from after the end.
    NotOurs,
    Nothing,
}

/// The next frame of an interface.
struct Head {
    full: bool,
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    bytes: Vec<u8>,
}

impl Default for Head {
    fn default() -> Self {
        Self { full: false, time: Timestamp::ZERO, link: LinkType::NULL, wire_len: 0, bytes: Vec::new() }
    }
}

impl Head {
    fn take(&mut self, frame: &Frame<'_>) {
        self.full = true;
        (self.time, self.link, self.wire_len) = (frame.time, frame.link, frame.wire_len);
        self.bytes.clear();
        self.bytes.extend_from_slice(frame.bytes);
    }
}

impl PacketSource for LiveSource {
    fn next(&mut self) -> Result<Event<'_>, CaptureError> {
        self.look += 1;
        if self.look >= LOOK && !self.chores() {
            return Ok(self.end());
        }
        Ok(if self.taps.len() == 1 { self.next_alone() } else { self.next_of_several() })
    }

    fn stats(&self) -> SourceStats {
        SourceStats { frames: self.taps.iter().map(|tap| tap.stats.frames).sum(), ..SourceStats::default() }
    }

    fn is_behind(&self) -> bool {
        self.fill.behind
    }

    fn taps(&self) -> Vec<TapStats> {
        self.taps.iter().map(|tap| tap.stats.clone()).collect()
    }
}

/// The one place that asks the operating system for the time, to say that the wire is quiet or where a run begins and ends.
fn system_time() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(now.as_secs(), now.subsec_nanos().into())
}

/// Seconds and nanoseconds (the precision that was asked for), as the kernel stamps them.
fn stamp(seconds: i64, nanos: i64) -> Timestamp {
    Timestamp::from_parts(u64::try_from(seconds).unwrap_or_default(), u64::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_is_who_has_a_quarter_of_the_ring_to_read() {
        // Catches a lag that is taken for a full ring on a slow wire, and a fast one that overflows unnoticed.
        let mut fill = Fill { ring_bytes: 1 << 20, ..Fill::default() };
        let feed = |fill: &mut Fill, late: Span, apart: Span| {
            let first = system_time() - late;
            for n in 0..u64::from(Fill::FRAMES) {
                fill.frame(first + Span::from_nanos(apart.nanos() * n), 1000, system_time);
            }
            fill.behind
        };
        assert!(!feed(&mut fill, Span::from_millis(612), Span::from_millis(1)), "1 MB/s, a tenth of a second late");
        assert!(feed(&mut fill, Span::from_secs(2), Span::from_nanos(10_000)), "100 MB/s, two seconds late");
        assert!(!feed(&mut fill, Span::from_millis(511), Span::from_millis(1)), "just in time");
        assert!(feed(&mut fill, Span::from_secs(2), Span::from_nanos(10_000)));
        fill.empty();
        assert!(!fill.behind, "a ring that is empty is not behind");
    }
}
