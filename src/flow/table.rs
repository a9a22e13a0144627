//! The flow table of one worker: finds a segment's connection, begins and ends connections, keeps the bounds.
//!
//! In: segments, and the reader's clock. Out: calls to a [`StreamConsumer`].
//!
//! A connection ends by its own packets' times alone: a packet that comes later than the connection may live begins
//! a new one. The clock only gives memory back, for connections that no packet could continue; whether that has happened
//! yet shows in no result, so workers need not agree on when.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::ages::Ages;
use super::consumer::{Close, StreamConsumer};
use super::dialogue::{Birth, Bounds, Desk, Dialogue};
use super::half::Glimpse;
use super::key::{End, FlowKey};
use super::ledger::{ByteClass, Ledger};
use super::siblings::{Siblings, answers};
use super::stats::FlowStats;
use crate::decode::{Segment, Seq, TcpFlags};
use crate::limits::Limits;
use crate::time::{Span, Timestamp};

/// All connections of one worker. `Send` when the sessions are.
#[derive(Debug)]
pub struct FlowTable<C: StreamConsumer> {
    // Keyed with a random seed: who sends packets chooses the keys.
    index: HashMap<FlowKey, u32, RandomState>,
    siblings: Siblings,
    slots: Vec<Option<Slot<C::Session>>>,
    free: Vec<u32>,
    /// Every slot, in the list of its age.
    ages: Ages<3>,
    /// Slots that hold bytes for later, the longest holder first.
    holders: Ages<1>,
    /// Bytes held in all.
    held: usize,
    /// Memory that all dialogues take.
    weight: usize,
    ledger: Ledger,
    stats: FlowStats,
    bounds: Bounds,
    flows: usize,
    idle: Span,
    linger: Span,
    reorder_bytes: usize,
    flow_bytes: usize,
}

/// One connection. Small while nothing was said: a SYN flood fills the table with these.
#[derive(Debug)]
struct Slot<S> {
    key: FlowKey,
    /// The earliest packet while the beginning is open.
    first: Timestamp,
    /// The latest packet.
    last: Timestamp,
    /// Packets from before this are of the connection that had these ports before.
    floor: Timestamp,
    /// When it was over.
    stopped: Timestamp,
    phase: Phase,
    glimpses: [Glimpse; 2],
    former: Option<Former>,
    renewal: Option<Renewal>,
    /// What `dialogue` holds, and the memory it takes, as they were last added to the table's sums.
    held: u32,
    weight: u32,
    dialogue: Option<Box<Dialogue<S>>>,
}

/// How far a connection got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It goes on.
    Live,
    /// An RST was seen. Mirror ports may deliver it before the last data, so what still comes is still read.
    Reset {
        by: End,
        /// When the RST was sent.
        at: Timestamp,
        /// Its sequence number.
        seq: Seq,
    },
    /// Both sides finished: only late copies are expected.
    Over,
}

/// A SYN amid a connection: a new one on the same ports, or a forgery. The next packet that fits it decides.
#[derive(Clone, Copy, Debug)]
struct Renewal {
    by: End,
    isn: Seq,
    /// What it answered, when it was a SYN-ACK.
    ack: Option<Seq>,
    at: Timestamp,
}

/// The connection that had these ports before, of which late copies may come.
#[derive(Clone, Copy, Debug)]
struct Former {
    /// Of its SYN.
    isn: Option<Seq>,
    /// Where its streams stopped, unless that was for silence: then they may well go on from there.
    edges: Option<[Seq; 2]>,
}

/// Nothing was said: evicted first.
const UNOPENED: usize = 0;
/// Payload came.
const OPEN: usize = 1;
/// Finished or reset.
const STOPPED: usize = 2;
/// Packets may be stamped this much behind the clock and still continue their connection.
const DISORDER: Span = Span::from_secs(60);
/// How much payload a SYN may carry (its SYN-ACK acknowledges it), and how far behind its end a finished stream may
/// be continued by nonsense.
const SLACK: i32 = 1 << 16;
/// How far ahead of its stream an RST is still believed.
const RESET_AHEAD: u64 = 1 << 20;

impl<C: StreamConsumer> FlowTable<C> {
    /// What one connection costs while nothing was said, beside its entry in the index.
    pub(super) const SLOT_BYTES: usize = size_of::<Option<Slot<C::Session>>>();
    /// The same with its entry, of an index that is half full, and its links.
    const SLOT_COST: usize = Self::SLOT_BYTES + 2 * size_of::<(FlowKey, u32)>() + 16;

    /// An empty table.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            index: HashMap::default(),
            siblings: Siblings::default(),
            slots: Vec::new(),
            free: Vec::new(),
            ages: Ages::new(),
            holders: Ages::new(),
            held: 0,
            weight: 0,
            ledger: Ledger::default(),
            stats: FlowStats::default(),
            bounds: Bounds::of(limits),
            flows: limits.flows.clamp(1, u32::MAX as usize - 1),
            idle: limits.flow_idle,
            linger: limits.flow_linger,
            reorder_bytes: limits.reorder_bytes,
            flow_bytes: limits.flow_bytes,
        }
    }

    /// What became of every payload byte so far.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> &FlowStats {
        &self.stats
    }

    /// Connections remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// No connection is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes held for later: early segments and left-overs.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Memory taken by all connections, roughly.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight + self.index.len() * Self::SLOT_COST + self.siblings.weight()
    }

    /// Takes one segment. O(1) when it comes in its turn; allocates nothing unless it is early, opens a connection, or
    /// a reader leaves bytes.
    pub fn segment(&mut self, segment: &Segment<'_>, consumer: &mut C) {
        self.ledger.captured += segment.payload.len() as u64;
        self.stats.urgent += u64::from(segment.flags.has(TcpFlags::URG));
        let (key, end) = FlowKey::of(segment);
        let mut known = self.index.get(&key).copied();
        if let Some(at) = known
            && self.slot(at).is_some_and(|slot| self.outlived(slot, segment.time))
        {
            // Forgotten as `advance` would have: whether it came round in time must not show.
            self.forget(at, Close::Idle, consumer);
            known = None;
        }
        let at = match known.or_else(|| self.join(key, end, segment)) {
            Some(at) => at,
            // Backscatter: nothing to reset, and nothing will follow.
            None if segment.flags.has(TcpFlags::RST) => return self.discard(segment),
            None => self.create(key, segment.time, consumer),
        };
        self.receive(at, end, segment, consumer);
        while self.weight() > self.flow_bytes && self.evict(consumer) {}
    }

    /// Moves packet time on and forgets connections that no packet can continue. One comparison a list when nothing
    /// is due.
    pub fn advance(&mut self, now: Timestamp, consumer: &mut C) {
        for list in [UNOPENED, OPEN, STOPPED] {
            while let Some(at) = self.ages.coldest(list) {
                let Some(slot) = self.slot(at) else { break };
                if self.outlived(slot, now - DISORDER) {
                    self.forget(at, Close::Idle, consumer);
                    continue;
                }
                if slot.last > now {
                    // Stamped in the future: it must not stand before all the others.
                    self.ages.touch(list, at);
                }
                break;
            }
        }
    }

    /// The capture has ended at `now`: closes every connection, and settles the ledger.
    pub fn drain(&mut self, now: Timestamp, consumer: &mut C) {
        for at in 0..self.slots.len() as u32 {
            let Some(slot) = self.slot(at) else { continue };
            let why = if self.outlived(slot, now) { Close::Idle } else { Close::CaptureEnded };
            self.forget(at, why, consumer);
        }
    }

    fn slot(&self, at: u32) -> Option<&Slot<C::Session>> {
        self.slots.get(at as usize)?.as_ref()
    }

    /// Whether a packet at `time` is too late for this connection.
    fn outlived(&self, slot: &Slot<C::Session>, time: Timestamp) -> bool {
        match slot.phase {
            Phase::Live => time > slot.last + self.idle,
            Phase::Reset { .. } | Phase::Over => time > slot.stopped + self.linger,
        }
    }

    /// The connection whose other direction came under another scope, if this segment is of one.
    fn join(&mut self, key: FlowKey, end: End, segment: &Segment<'_>) -> Option<u32> {
        let plain = key.anywhere();
        let outside = self.index.get(&plain).copied().filter(|at| plain != key && self.siblings.lone(*at));
        let at = [self.siblings.latest(key), outside].into_iter().flatten().find(|at| {
            self.slot(*at).is_some_and(|slot| {
                slot.phase == Phase::Live
                    && !self.outlived(slot, segment.time)
                    && answers(&slot.glimpses, slot.dialogue.as_deref(), end, segment)
            })
        })?;
        self.siblings.join(key, at);
        self.index.insert(key, at);
        self.stats.scopes_joined += 1;
        Some(at)
    }

    fn discard(&mut self, segment: &Segment<'_>) {
        self.ledger.book(ByteClass::Discarded, segment.payload.len() as u64);
    }

    fn create(&mut self, key: FlowKey, time: Timestamp, consumer: &mut C) -> u32 {
        while self.index.len() >= self.flows && self.evict(consumer) {}
        let slot = Some(Slot::new(key, time));
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.slots.push(None);
                self.slots.len() as u32 - 1
            }
        };
        if let Some(place) = self.slots.get_mut(at as usize) {
            *place = slot;
        }
        self.index.insert(key, at);
        self.siblings.note(key, at);
        self.ages.touch(UNOPENED, at);
        self.stats.connections += 1;
        at
    }

    /// Makes room. False when there is nothing to give up.
    fn evict(&mut self, consumer: &mut C) -> bool {
        // Handshakes that nothing followed, then what is over, then the coldest.
        let Some(at) = [UNOPENED, STOPPED, OPEN].into_iter().find_map(|list| self.ages.coldest(list)) else {
            return false;
        };
        self.stats.evicted += 1;
        self.forget(at, Close::Evicted, consumer);
        true
    }

    /// Closes what is in a slot, and frees it.
    fn forget(&mut self, at: u32, why: Close, consumer: &mut C) {
        self.end(at, why, consumer);
        if let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::take) {
            self.index.remove(&slot.key);
            if let Some(other) = self.siblings.forget(slot.key, at) {
                self.index.remove(&other);
            }
            self.ages.remove(at);
            self.free.push(at);
        }
    }

    /// Closes what is in a slot, and begins a new connection of the same key there.
    fn renew(&mut self, at: u32, time: Timestamp, consumer: &mut C) {
        let former = self.slot(at).map(Slot::former);
        self.end(at, Close::Finished, consumer);
        if let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) {
            *slot = Slot { former, floor: slot.last.min(time), ..Slot::new(slot.key, time) };
            self.ages.touch(UNOPENED, at);
            self.stats.connections += 1;
        }
    }

    /// Closes the dialogue of a slot, if it has one.
    fn end(&mut self, at: u32, why: Close, consumer: &mut C) {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        self.holders.remove(at);
        self.held -= std::mem::take(&mut slot.held) as usize;
        self.weight -= std::mem::take(&mut slot.weight) as usize;
        self.stats.expired += u64::from(why == Close::Idle && slot.phase == Phase::Live);
        let Some(dialogue) = slot.dialogue.take() else { return };
        let why = if matches!(slot.phase, Phase::Reset { .. }) { Close::Reset } else { why };
        let mut desk = Desk { consumer, ledger: &mut self.ledger, stats: &mut self.stats, bounds: self.bounds };
        dialogue.close(slot.birth(), why, &mut desk);
    }

    fn receive(&mut self, at: u32, end: End, segment: &Segment<'_>, consumer: &mut C) {
        let flags = segment.flags;
        if flags.has(TcpFlags::RST) {
            self.discard(segment);
            return self.reset(at, end, segment);
        }
        if !self.renewed(at, end, segment, consumer) {
            return;
        }
        if flags.has(TcpFlags::SYN) && !self.greeted(at, end, segment, consumer) {
            return self.discard(segment);
        }
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        if slot.phase == Phase::Over {
            if !segment.payload.is_empty() && !slot.swallows(end, segment, self.bounds.window) {
                self.stats.port_reuse += 1;
                self.renew(at, segment.time, consumer);
                return self.receive(at, end, segment, consumer);
            }
            // The edge lies behind the FIN, which is no byte.
            let edge = slot.glimpses[end.index()].edge();
            let behind = edge.map_or(0, |edge| edge.distance(segment.seq.plus(1))).max(0) as u64;
            let known = behind.min(segment.payload.len() as u64);
            let past = segment.payload.len() as u64 - known;
            self.ledger.book(ByteClass::Duplicate, known);
            self.ledger.book(ByteClass::Discarded, past);
            self.stats.past_end += u64::from(past > 0);
            self.stats.retransmissions += u64::from(known > 0 && past == 0);
            return;
        }

        if !flags.has(TcpFlags::SYN) && slot.is_late_copy(end, segment) {
            self.stats.retransmissions += u64::from(!segment.payload.is_empty());
            self.ledger.book(ByteClass::Duplicate, segment.payload.len() as u64);
            return;
        }

        let same_second = slot.last.nanos() / 1_000_000_000 >= segment.time.nanos() / 1_000_000_000;
        slot.last = slot.last.max(segment.time);
        if slot.dialogue.as_ref().is_none_or(|dialogue| !dialogue.settled()) && segment.time >= slot.floor {
            slot.first = slot.first.min(segment.time);
            slot.glimpses[end.index()].look(segment);
        }
        let talks = !segment.payload.is_empty() || segment.cut > 0;
        if talks
            && let Phase::Reset { by, at, seq } = slot.phase
            && by == end
            && segment.time > at
            && segment.seq.distance(seq) >= 0
        {
            // Who was reset does not go on talking.
            slot.phase = Phase::Live;
            self.stats.resets = self.stats.resets.saturating_sub(1);
            self.stats.bad_resets += 1;
        }
        let age = |slot: &Slot<C::Session>| match (&slot.phase, &slot.dialogue) {
            (Phase::Live, Some(dialogue)) if dialogue.has_payload() => OPEN,
            (Phase::Live, _) => UNOPENED,
            _ => STOPPED,
        };
        let was = age(slot);
        if slot.dialogue.is_none() && (talks || flags.has(TcpFlags::FIN)) {
            let dialogue = Dialogue::new(slot.birth(), self.bounds.window);
            slot.dialogue = Some(Box::new(dialogue));
        }
        let mut over = false;
        let birth = Birth { key: &slot.key, glimpses: &slot.glimpses, first: slot.first };
        if let Some(dialogue) = slot.dialogue.as_mut() {
            let mut desk = Desk { consumer, ledger: &mut self.ledger, stats: &mut self.stats, bounds: self.bounds };
            dialogue.segment(birth, end, segment, &mut desk);
            over = dialogue.over();
        }
        if over {
            return self.finish(at, consumer);
        }
        let is = age(slot);
        if is != was || (!same_second && is != STOPPED) {
            self.ages.touch(is, at);
        }
        self.weigh(at);
        while self.held > self.reorder_bytes
            && let Some(holder) = self.holders.coldest(0)
        {
            self.relieve(holder, consumer);
        }
    }

    /// Both sides have said all: closes, and leaves a tombstone that knows where the streams stopped.
    fn finish(&mut self, at: u32, consumer: &mut C) {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        if let Some(dialogue) = &slot.dialogue {
            for end in End::BOTH {
                slot.glimpses[end.index()].stop_at(dialogue.edge(end));
            }
        }
        self.end(at, Close::Finished, consumer);
        if let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) {
            slot.phase = Phase::Over;
            slot.stopped = slot.last;
            let renewal = slot.renewal.take().filter(|renewal| renewal.at > slot.last);
            self.ages.touch(STOPPED, at);
            if let Some(renewal) = renewal {
                // The SYN after this connection came before its FIN.
                self.stats.port_reuse += 1;
                self.renew(at, renewal.at, consumer);
                self.greet(at, renewal);
            }
        }
    }

    /// Brings the sum of what is held up to date.
    fn weigh(&mut self, at: u32) {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        let dialogue = slot.dialogue.as_ref();
        // Bounds keep both far below 4 GiB.
        let held = dialogue.map_or(0, |dialogue| dialogue.charge()).min(u32::MAX as usize);
        let weight = dialogue.map_or(0, |dialogue| dialogue.weight::<C>()).min(u32::MAX as usize);
        self.held = self.held - slot.held as usize + held;
        self.weight = self.weight - slot.weight as usize + weight;
        (slot.held, slot.weight) = (held as u32, weight as u32);
        match (held > 0, self.holders.holds(at)) {
            (true, false) => self.holders.touch(0, at),
            (false, true) => self.holders.remove(at),
            _ => {}
        }
    }

    /// The worker's budget is spent: the longest holder gives up what it waits for.
    fn relieve(&mut self, at: u32, consumer: &mut C) {
        self.holders.remove(at);
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        let mut over = false;
        let birth = Birth { key: &slot.key, glimpses: &slot.glimpses, first: slot.first };
        if let Some(dialogue) = slot.dialogue.as_mut() {
            let mut desk = Desk { consumer, ledger: &mut self.ledger, stats: &mut self.stats, bounds: self.bounds };
            dialogue.relieve(birth, &mut desk);
            over = dialogue.over();
        }
        if over { self.finish(at, consumer) } else { self.weigh(at) }
    }

    fn reset(&mut self, at: u32, end: End, segment: &Segment<'_>) {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        if slot.phase != Phase::Live {
            return;
        }
        let believed = match &slot.dialogue {
            Some(dialogue) => dialogue.near(end, segment.seq, SLACK as u64, RESET_AHEAD),
            // A refused SYN is answered with sequence number 0.
            None => slot.glimpses[end.index()]
                .isn()
                .is_none_or(|isn| (0..=RESET_AHEAD as i64).contains(&i64::from(segment.seq.distance(isn)))),
        };
        if !believed {
            self.stats.bad_resets += 1;
            return;
        }
        slot.last = slot.last.max(segment.time);
        slot.stopped = slot.last;
        slot.phase = Phase::Reset { by: end, at: segment.time, seq: segment.seq };
        self.stats.resets += 1;
        self.ages.touch(STOPPED, at);
    }

    /// Whether a renewal that was waiting is confirmed by this segment: then the new connection has begun. False when
    /// the slot is gone.
    fn renewed(&mut self, at: u32, end: End, segment: &Segment<'_>, consumer: &mut C) -> bool {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return false };
        let Some(renewal) = slot.renewal else { return true };
        let flags = segment.flags;
        let syn = flags.has(TcpFlags::SYN);
        let next = renewal.isn.plus(1);
        let confirmed = if end == renewal.by {
            !syn && segment.seq == next
        } else {
            flags.has(TcpFlags::ACK) && segment.ack == next
                || syn && renewal.ack.is_some_and(|ack| segment.seq.plus(1) == ack)
        };
        if confirmed {
            self.stats.port_reuse += 1;
            self.renew(at, renewal.at, consumer);
            self.greet(at, renewal);
        }
        true
    }

    /// Takes note of a SYN on a fresh slot.
    fn greet(&mut self, at: u32, renewal: Renewal) {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return };
        let glimpse = &mut slot.glimpses[renewal.by.index()];
        glimpse.meet(renewal.isn, renewal.ack);
        if renewal.ack.is_none() {
            slot.begin(renewal.at);
        }
        self.stats.handshakes += 1;
    }

    /// A SYN or SYN-ACK: of this connection, of the next one, or of none. False when the segment says nothing that
    /// could still be read.
    fn greeted(&mut self, at: u32, end: End, segment: &Segment<'_>, consumer: &mut C) -> bool {
        let Some(slot) = self.slots.get_mut(at as usize).and_then(Option::as_mut) else { return false };
        let ack = segment.flags.has(TcpFlags::ACK).then_some(segment.ack);
        let (mine, theirs) = (slot.glimpses[end.index()], slot.glimpses[end.other().index()]);
        if mine.isn() == Some(segment.seq) {
            self.stats.syn_retransmissions += 1;
            if ack.is_none() && segment.time < slot.first {
                slot.begin(segment.time);
            }
            return true;
        }
        let renewal = Renewal { by: end, isn: segment.seq, ack, at: segment.time };
        // A SYN-ACK must answer the SYN that was seen.
        let answers = match (ack, theirs.isn()) {
            (Some(ack), Some(isn)) => (0..=SLACK).contains(&ack.distance(isn.plus(1))),
            _ => true,
        };
        let stopped = slot.phase != Phase::Live;
        let early_days = slot.dialogue.as_ref().is_none_or(|dialogue| !dialogue.settled());
        // Fits what is known of the beginning: nothing of this end lies before, or far behind.
        let fits = match (&slot.dialogue, mine.lowest()) {
            (Some(dialogue), _) if dialogue.settled() => dialogue.near(end, segment.seq.plus(1), 0, 0),
            (_, Some(lowest)) => (-1..=1 << 20).contains(&lowest.distance(segment.seq.plus(1))),
            (_, None) => {
                theirs.acknowledged().is_none_or(|(ack, _)| (0..=1 << 20).contains(&ack.distance(segment.seq.plus(1))))
            }
        };
        let former = slot.former.is_some_and(|former| former.isn == Some(segment.seq)) || segment.time < slot.first;
        if slot.phase != Phase::Over && mine.isn().is_none() && answers && fits && (early_days || !stopped) {
            if theirs.isn().is_none() {
                self.stats.handshakes += 1;
            }
            slot.glimpses[end.index()].greet(segment.seq, ack.is_some());
            if ack.is_none() {
                slot.begin(segment.time);
            }
            return true;
        }
        if (former && ack.is_none()) || (slot.phase != Phase::Over && !stopped && !answers) {
            // The copy of an older SYN, or the answer to one.
            return false;
        }
        if stopped || slot.dialogue.is_none() {
            if !stopped && ack.is_some() {
                // Another SYN-ACK to the same SYN: the later one stands.
                slot.glimpses[end.index()].greet(segment.seq, true);
                return true;
            }
            self.stats.port_reuse += u64::from(stopped);
            self.renew(at, segment.time, consumer);
            self.greet(at, renewal);
            return true;
        }
        slot.renewal = Some(renewal);
        false
    }
}

impl<S> Slot<S> {
    fn new(key: FlowKey, time: Timestamp) -> Self {
        Self {
            key,
            first: time,
            last: time,
            floor: Timestamp::ZERO,
            stopped: time,
            phase: Phase::Live,
            glimpses: [Glimpse::default(); 2],
            former: None,
            renewal: None,
            held: 0,
            weight: 0,
            dialogue: None,
        }
    }

    const fn birth(&self) -> Birth<'_> {
        Birth { key: &self.key, glimpses: &self.glimpses, first: self.first }
    }

    /// A SYN: nothing of this connection is older.
    fn begin(&mut self, time: Timestamp) {
        if self.dialogue.as_ref().is_none_or(|dialogue| !dialogue.settled()) {
            self.first = time;
            self.floor = time;
        }
    }

    /// What the next connection on these ports should know of this one.
    fn former(&self) -> Former {
        let isn = self.glimpses.iter().filter(|glimpse| !glimpse.answered()).find_map(Glimpse::isn);
        let edges = match &self.dialogue {
            Some(dialogue) => Some(End::BOTH.map(|end| dialogue.edge(end))),
            None => self.glimpses[0].edge().zip(self.glimpses[1].edge()).map(<[Seq; 2]>::from),
        };
        Former { isn, edges }
    }

    /// Whether a packet that came while the beginning is open repeats the connection before: both of its numbers lie
    /// just where that stopped.
    fn is_late_copy(&self, end: End, segment: &Segment<'_>) -> bool {
        let open = self.dialogue.as_ref().is_none_or(|dialogue| !dialogue.settled());
        let Some(edges) = self.former.and_then(|former| former.edges) else { return false };
        let behind = |end: End, seq| (0..=SLACK).contains(&edges[end.index()].distance(seq));
        open && segment.flags.has(TcpFlags::ACK) && behind(end, segment.seq) && behind(end.other(), segment.ack)
    }

    /// Whether payload can be of the connection that is over: a late copy, or nonsense just behind its end. If not, the
    /// ports are in use again, and the capture missed how that began.
    fn swallows(&self, end: End, segment: &Segment<'_>, window: u32) -> bool {
        let Some(edge) = self.glimpses[end.index()].edge() else { return true };
        let behind = i64::from(edge.distance(segment.seq));
        (-i64::from(SLACK)..=i64::from(window)).contains(&behind)
    }
}
