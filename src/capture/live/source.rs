//! Several interfaces as one source, in one thread.
//!
//! In: names. Out: frames as the kernel stamped them, and `Idle` where there are none. The ring is read without
//! blocking and waited for with poll(2): libpcap's own waiting does not return on a quiet TPACKET_V3 ring.
//!
//! Nothing is copied: a frame lies in the ring until the source is asked again. So each call tries one interface once.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use pcap::{Active, Capture};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::interfaces::said;
use super::tap::{BLOCK, LiveOptions, Tap, TapStats};
use crate::capture::{CaptureError, Event, Frame, PacketSource, SourceStats};
use crate::time::{Span, Timestamp};

/// Frames read from one interface before another is asked.
const TURN: u32 = 256;
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
    at: usize,
    turn: u32,
    look: u32,
    chores_at: Instant,
    stop: Arc<AtomicBool>,
    /// The newest time that is known of the wire: where there is nothing to say, nothing newer is said.
    last: Timestamp,
    /// Frames before this are none of ours: they came while the sources were being set up.
    begin: Timestamp,
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
            taps,
            captures,
            at: 0,
            turn: 0,
            look: 0,
            chores_at: Instant::now(),
            stop: Arc::clone(stop),
            last: system_time(),
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
        let begin = system_time();
        sources.iter_mut().for_each(|source| source.begin = begin);
        Ok(())
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
        let now = Instant::now();
        if self.ends.is_none() && self.stop.load(Ordering::Relaxed) {
            self.ends = Some((system_time(), now + DRAIN));
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
        self.last = self.last.max(system_time() - LAG);
        self.last
    }

    /// Waits until a ring has something. False when none has.
    fn wait(&mut self) -> bool {
        let open: Vec<usize> = (0..self.captures.len()).filter(|at| self.captures[*at].is_some()).collect();
        let wait = if self.ends.is_some() { 2 * BLOCK } else { WAIT };
        if open.is_empty() {
            // There is nothing to poll; the pace of the chores is pace enough.
            std::thread::sleep(wait);
            return false;
        }
        let mut sockets: Vec<PollFd<'_>> = open
            .iter()
            .filter_map(|at| self.captures[*at].as_ref())
            .map(|capture| PollFd::from_borrowed_fd(capture.as_fd(), PollFlags::IN))
            .collect();
        let timeout = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
        // Interrupted by a signal: the next call waits again.
        let Ok(1..) = poll(&mut sockets, Some(&timeout)) else { return false };
        // An error counts too: reading tells which.
        let told: Vec<bool> = sockets.iter().map(|socket| !socket.revents().is_empty()).collect();
        for (at, told) in open.into_iter().zip(told) {
            self.ready[at] = told;
        }
        self.turn = 0;
        true
    }
}

impl PacketSource for LiveSource {
    fn next(&mut self) -> Result<Event<'_>, CaptureError> {
        self.look += 1;
        if self.look >= LOOK && !self.chores() {
            return Ok(Event::End);
        }
        if !self.ready.get(self.at).is_some_and(|ready| *ready) || self.turn >= TURN {
            self.turn = 0;
            let count = self.ready.len();
            match (1..=count).map(|step| (self.at + step) % count).find(|at| self.ready[*at]) {
                Some(at) => self.at = at,
                None => {
                    if !self.chores() {
                        return Ok(Event::End);
                    }
                    if !self.wait() {
                        // At a stop, an empty ring after the time of a block is the end.
                        return Ok(if self.ends.is_some() { Event::End } else { Event::Idle(self.quiet()) });
                    }
                    self.at = self.ready.iter().position(|ready| *ready).unwrap_or_default();
                }
            }
        }
        self.turn += 1;
        let at = self.at;
        let (Some(slot), Some(tap)) = (self.captures.get_mut(at), self.taps.get_mut(at)) else { return Ok(Event::End) };
        if tap.failed() {
            tap.count(slot.as_ref());
            *slot = None;
        }
        let Some(capture) = slot.as_mut() else {
            self.ready[at] = false;
            return Ok(Event::Idle(self.last));
        };
        match capture.next_packet() {
            Ok(packet) => {
                let time = stamp(packet.header.ts.tv_sec, packet.header.ts.tv_usec);
                if time < self.begin || self.ends.is_some_and(|(end, _)| time > end) {
                    return Ok(Event::Idle(self.last));
                }
                tap.stats.frames += 1;
                self.last = time;
                Ok(Event::Frame(Frame { time, link: tap.link, wire_len: packet.header.len, bytes: packet.data }))
            }
            Err(pcap::Error::TimeoutExpired) => {
                self.ready[at] = false;
                Ok(Event::Idle(self.last))
            }
            Err(error) => {
                self.ready[at] = false;
                tap.lost(&said(error));
                Ok(Event::Idle(self.last))
            }
        }
    }

    fn stats(&self) -> SourceStats {
        SourceStats { frames: self.taps.iter().map(|tap| tap.stats.frames).sum(), ..SourceStats::default() }
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
