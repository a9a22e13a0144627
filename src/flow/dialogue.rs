//! Both directions of one connection, and the order between them.
//!
//! In: segments of one connection, as the mirror port delivered them. Out: calls to the consumer: each direction in
//! order, and no answer before the question it acknowledges. A connection has two ages:
//!
//! *Opening*: until both SYNs were seen, or `Limits::reorder_grace` packets with news have passed and
//! `Limits::reorder_skew`, everything is held.
//! Only then is it known where the streams begin, who serves, and whether there is another direction at all; so a
//! handshake that comes late, a capture that joined midstream and one that sees one side only all give the same
//! result in whatever order their first packets came. The usual connection is settled before its first byte.
//!
//! *Settled*: bytes go straight from the packet to the consumer, unless they come early, or acknowledge bytes of
//! the peer that have not come yet. Whose turn it is and when waiting is over stands in `turns.rs`, how bytes reach the
//! consumer in `delivery.rs`.
//!
//! Packets are counted when they bring news (new bytes, a higher acknowledgment, a FIN), so that the copies a mirror
//! port makes of them shorten nothing.

use super::connection::{Connection, Side, Start};
use super::consumer::{Close, StreamConsumer};
use super::delivery::{Missing, audit};
use super::half::{Glimpse, Half};
use super::key::{End, FlowKey};
use super::ledger::{ByteClass, Ledger};
use super::reorder::{Placed, Run, Stamp};
use super::stats::FlowStats;
use super::turns::{Head, Patience, Wait};
use crate::decode::{Segment, Seq, TcpFlags};
use crate::limits::Limits;
use crate::time::{Span, Timestamp};

/// A connection that has something to say.
#[derive(Debug)]
pub(super) struct Dialogue<S> {
    pub(super) connection: Connection,
    pub(super) session: Option<S>,
    pub(super) halves: [Half; 2],
    pub(super) client: End,
    pub(super) settled: bool,
    /// Nobody wants this connection any more; its bytes are booked here.
    pub(super) silenced: Option<ByteClass>,
    /// Packets with news so far.
    pub(super) packets: u32,
    /// The newest packet's time, of either direction.
    pub(super) latest: Timestamp,
    /// As in `Bounds`.
    pub(super) window: u32,
}

/// What the table knows of a connection's beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Birth<'s> {
    pub(super) key: &'s FlowKey,
    pub(super) glimpses: &'s [Glimpse; 2],
    /// Its earliest packet.
    pub(super) first: Timestamp,
}

/// What a dialogue works with: the other end of its calls, and where things are counted.
#[derive(Debug)]
pub(super) struct Desk<'d, C> {
    pub(super) consumer: &'d mut C,
    pub(super) ledger: &'d mut Ledger,
    pub(super) stats: &'d mut FlowStats,
    pub(super) bounds: Bounds,
}

/// The bounds of one dialogue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) grace: u32,
    pub(super) wait: Span,
    pub(super) skew: Span,
    pub(super) window: u32,
    pub(super) side_bytes: usize,
    pub(super) carry_bytes: usize,
}

impl Bounds {
    pub(super) const fn of(limits: &Limits) -> Self {
        Self {
            grace: limits.reorder_grace,
            wait: limits.reorder_wait,
            skew: limits.reorder_skew,
            window: limits.window,
            side_bytes: limits.reorder_side_bytes,
            carry_bytes: limits.carry_bytes,
        }
    }
}

impl<S> Dialogue<S> {
    pub(super) fn new(birth: Birth<'_>, window: u32) -> Self {
        let Birth { key, glimpses, first } = birth;
        let mut dialogue = Self {
            connection: Connection {
                id: 0,
                scope: key.scope(),
                client: key.address(End::Low),
                server: key.address(End::High),
                since: first,
                start: Start::Midstream,
                payload: [0; 2],
            },
            session: None,
            halves: [Half::new(), Half::new()],
            client: End::Low,
            settled: false,
            silenced: None,
            packets: 0,
            latest: first,
            window,
        };
        for end in End::BOTH {
            let (mine, theirs) = (&glimpses[end.index()], &glimpses[end.other().index()]);
            let told = theirs.acknowledged();
            let half = dialogue.half(end);
            half.seen = mine.seen();
            if let Some(seq) =
                mine.isn().map(|isn| isn.plus(1)).or_else(|| mine.lowest()).or_else(|| told.map(|(lowest, _)| lowest))
            {
                half.place(seq);
            }
            if let Some((_, highest)) = told {
                half.acknowledge(highest, window, 0);
            }
        }
        dialogue
    }

    pub(super) const fn half(&mut self, end: End) -> &mut Half {
        &mut self.halves[end.index()]
    }

    pub(super) const fn side(&self, end: End) -> Side {
        match (self.client, end) {
            (End::Low, End::Low) | (End::High, End::High) => Side::Client,
            _ => Side::Server,
        }
    }

    /// Its beginning is no longer open.
    pub(super) const fn settled(&self) -> bool {
        self.settled
    }

    /// Bytes of payload came, read or not.
    pub(super) fn has_payload(&self) -> bool {
        self.session.is_some() || self.halves.iter().any(|half| !half.early.is_empty() || half.touched)
    }

    /// Both sides said all they had to say.
    pub(super) fn over(&self) -> bool {
        self.halves.iter().all(|half| half.ended)
    }

    /// Memory held for later.
    pub(super) const fn charge(&self) -> usize {
        self.halves[0].charge() + self.halves[1].charge()
    }

    /// Memory taken in all.
    pub(super) fn weight<C>(&self) -> usize
    where
        C: StreamConsumer<Session = S>,
    {
        let session = self.session.as_ref().map_or(0, C::held);
        size_of::<Self>() + self.halves[0].weight() + self.halves[1].weight() + session
    }

    /// A packet of this side was seen.
    pub(super) const fn heard(&self, end: End) -> bool {
        self.halves[end.index()].seen
    }

    /// Where a side's stream stands: the sequence number it sends next.
    pub(super) const fn edge(&self, end: End) -> Seq {
        let half = &self.halves[end.index()];
        if half.ended { half.next_seq().plus(1) } else { half.next_seq() }
    }

    /// Whether a side's stream is known to begin with this sequence number, or to stand near it.
    pub(super) fn near(&self, end: End, seq: Seq, behind: u64, ahead: u64) -> bool {
        let half = &self.halves[end.index()];
        let offset = half.offset_of(seq);
        !half.placed || (half.next.saturating_sub(behind)..=half.next.saturating_add(ahead)).contains(&offset)
    }

    /// One segment of `end`. Allocates nothing when it comes in its turn.
    pub(super) fn segment<C>(&mut self, birth: Birth<'_>, end: End, segment: &Segment<'_>, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        let greeted = birth.glimpses.iter().all(|glimpse| glimpse.isn().is_some());
        if !self.settled && greeted {
            self.settle(birth, desk);
        }
        let seq = if segment.flags.has(TcpFlags::SYN) { segment.seq.plus(1) } else { segment.seq };
        let ack = segment.flags.has(TcpFlags::ACK).then_some(segment.ack);
        let bytes = segment.payload.len() as u64 + u64::from(segment.cut);
        let stamp = Stamp { at: segment.time, ack, arrival: self.packets };
        self.latest = self.latest.max(segment.time);
        let window = u64::from(desk.bounds.window);
        let settled = self.settled;
        let half = self.half(end);
        half.seen = true;
        half.latest = half.latest.max(segment.time);
        half.place(seq);
        let mut offset = half.offset_of(seq);

        let fin = segment.flags.has(TcpFlags::FIN);
        if (bytes > 0 || fin) && offset.abs_diff(half.next).saturating_add(bytes) > window {
            if !self.astray(birth, end, seq, bytes, stamp, desk) {
                desk.ledger.book(ByteClass::Discarded, segment.payload.len() as u64);
                return;
            }
            offset = self.half(end).next;
        } else if bytes > 0 {
            half.at_home();
            if settled && !half.touched && !half.ended && offset < half.next && bytes > 1 {
                // Some captures let the data begin at the SYN's own number; and where only the peer's word told the
                // beginning, the stream itself knows better.
                if !half.firm || offset + 1 == half.next {
                    half.next = offset;
                }
            }
        }

        let mut news = ack.is_some_and(|ack| self.acknowledge(end.other(), ack, desk.bounds.window));
        if bytes > 0 {
            news |= self.take(end, offset, segment.payload, u64::from(segment.cut), stamp, desk);
        } else if settled && !fin && offset + 1 == self.half(end).next && self.half(end).touched {
            desk.stats.keepalives += 1;
        }
        if fin {
            news |= self.half(end).finish(offset.saturating_add(bytes), stamp, settled);
        }
        self.packets = self.packets.saturating_add(u32::from(news));
        // A direction that a tap with a late clock shows begins as much later.
        let waited = self.packets >= desk.bounds.grace && self.latest.since(birth.first) > desk.bounds.skew;
        if !self.settled && (greeted || waited) {
            self.settle(birth, desk);
        }
        self.pump(Patience::Usual, desk);
        while self.halves[end.index()].early.charge() > desk.bounds.side_bytes {
            if !self.settled {
                self.settle(birth, desk);
            } else if !self.give_way(end, desk) {
                break;
            }
            self.pump(Patience::Usual, desk);
        }
    }

    fn acknowledge(&mut self, of: End, ack: Seq, window: u32) -> bool {
        let (packets, settled) = (self.packets, self.settled);
        let half = self.half(of);
        half.place(ack);
        if settled && !half.seen && ack.distance(half.next_seq()) > 0 {
            // A direction that the capture does not show: should it show up after all, it does so about here.
            half.move_to(ack);
            return true;
        }
        half.acknowledge(ack, window, packets)
    }

    /// Payload of one segment. True when some of it was new.
    fn take<C>(&mut self, end: End, offset: u64, payload: &[u8], cut: u64, stamp: Stamp, desk: &mut Desk<'_, C>) -> bool
    where
        C: StreamConsumer<Session = S>,
    {
        let (mut offset, mut payload, mut cut) = (offset, payload, cut);
        let close = offset.saturating_add(payload.len() as u64).saturating_add(cut);
        let half = self.half(end);
        if let Some(fin) = half.fin
            && close > fin.offset
        {
            if !half.ended {
                // Nobody sends behind his own FIN: that FIN was not his.
                half.fin = None;
            } else {
                let keep = fin.offset.saturating_sub(offset).min(payload.len() as u64);
                let (known, past) = payload.split_at(keep as usize);
                desk.ledger.book(ByteClass::Discarded, past.len() as u64);
                desk.stats.past_end += 1;
                (payload, cut) = (known, 0);
            }
        }
        let (settled, silenced) = (self.settled, self.silenced.is_some());
        let half = self.half(end);
        let mut known = false;
        if settled && offset < half.next {
            let back = half.rewind(offset);
            desk.ledger.gaps = desk.ledger.gaps.saturating_sub(back);
            desk.stats.late += u64::from(back > 0);
        }
        if settled && offset < half.next {
            known = true;
            let behind = half.next - offset;
            let old = behind.min(payload.len() as u64);
            let late = half.late(offset, old);
            let probe = behind == 1 && payload.len() == 1;
            cut = cut.saturating_sub(behind - old);
            payload = payload.get(old as usize..).unwrap_or_default();
            offset = half.next;
            desk.ledger.book(ByteClass::Discarded, late);
            desk.ledger.book(ByteClass::Duplicate, old - late);
            if late > 0 {
                desk.stats.late += 1;
            }
            if payload.is_empty() && cut == 0 {
                *(if probe { &mut desk.stats.keepalives } else { &mut desk.stats.retransmissions }) += 1;
                return false;
            }
        }
        if payload.is_empty() && cut == 0 {
            return false;
        }

        let turn = settled && offset == self.half(end).next;
        let missing = if turn { self.missing_of_peer(end, stamp.ack) } else { 0 };
        if missing > 0 && self.unseen(end.other(), desk.bounds) && self.charge() == 0 {
            let head = Head { offset, stamp, noticed: None, wait: Wait::Peer(missing) };
            self.give_up(end, head, Patience::Usual, desk);
        }
        if turn
            && self.half(end).early.first().is_none_or(|(first, _)| first >= close)
            && self.missing_of_peer(end, stamp.ack) == 0
        {
            desk.stats.overlaps += u64::from(known);
            self.arrived(end);
            self.deliver(end, stamp, payload, desk);
            self.lack(end, stamp.at, cut, Missing::Cut, desk);
            return true;
        }

        let half = self.half(end);
        let unwanted = if silenced {
            u64::MAX
        } else if settled {
            half.next.saturating_add(half.skip).saturating_sub(offset)
        } else {
            0
        };
        let unwanted = unwanted.min(payload.len() as u64);
        let (hollow, kept) = payload.split_at(unwanted as usize);
        let mut placed = Placed::default();
        let mut known_bytes = 0;
        for run in [Run::Hollow(hollow.len() as u64), Run::Bytes(kept), Run::Cut(cut)] {
            let one = half.early.insert(offset, run, stamp, half.acked);
            offset = offset.saturating_add(run.len());
            placed.fresh += one.fresh;
            placed.known += one.known;
            placed.conflict |= one.conflict;
            if !matches!(run, Run::Cut(_)) {
                known_bytes += one.known;
            }
        }
        desk.ledger.book(ByteClass::Duplicate, known_bytes);
        desk.stats.overlap_conflicts += u64::from(placed.conflict);
        if placed.fresh == 0 {
            desk.stats.retransmissions += 1;
            return false;
        }
        desk.stats.overlaps += u64::from(known || placed.known > 0);
        if settled {
            *(if turn { &mut desk.stats.held_back } else { &mut desk.stats.early }) += 1;
        }
        self.arrived(end);
        true
    }

    /// New bytes of this side came in.
    const fn arrived(&mut self, end: End) {
        let packets = self.packets;
        let half = self.half(end);
        half.gave_up = 0;
        half.data_at = packets;
    }

    /// A segment that is out of the window. True when the stream has moved to it.
    fn astray<C>(
        &mut self,
        birth: Birth<'_>,
        end: End,
        seq: Seq,
        bytes: u64,
        stamp: Stamp,
        desk: &mut Desk<'_, C>,
    ) -> bool
    where
        C: StreamConsumer<Session = S>,
    {
        let window = u64::from(desk.bounds.window);
        let half = self.half(end);
        if (1..=window).contains(&bytes) && !half.touched && !half.firm && half.early.is_empty() && half.fin.is_none() {
            half.move_to(seq);
            return true;
        }
        desk.stats.out_of_window += 1;
        if bytes == 0 || bytes > window || self.half(end).ended || !self.half(end).strayed(seq) {
            return false;
        }
        desk.stats.resyncs += 1;
        if !self.settled {
            self.settle(birth, desk);
        }
        self.pump(Patience::Closing, desk);
        let half = self.half(end);
        if half.ended {
            return false;
        }
        half.fin = None;
        if half.touched {
            // How much is missing cannot be known, so the ledger does not say; the reader is told the most that
            // could have come without being noticed.
            self.lack(end, stamp.at, window, Missing::Unknown, desk);
        }
        self.half(end).move_to(seq);
        true
    }

    /// The beginning is decided: who serves, and where the streams start.
    fn settle<C>(&mut self, birth: Birth<'_>, desk: &mut Desk<'_, C>) {
        self.settled = true;
        let window = u64::from(self.window);
        let Birth { key, glimpses, first } = birth;
        let [low, high] = glimpses;
        let handshake = low.isn().is_some() || high.isn().is_some();
        self.client = match (low.isn(), high.isn()) {
            (Some(_), _) if !low.answered() => End::Low,
            (_, Some(_)) if !high.answered() => End::High,
            (Some(_), _) => End::High,
            (_, Some(_)) => End::Low,
            _ => self.guess_client(key),
        };
        desk.stats.midstream += u64::from(!handshake);
        let (client, server) = (key.address(self.client), key.address(self.client.other()));
        self.connection = Connection {
            id: key.digest(first.nanos() ^ self.client.index() as u64),
            client,
            server,
            since: first,
            start: if handshake { Start::Handshake } else { Start::Midstream },
            ..self.connection
        };
        for end in End::BOTH {
            let (mine, theirs) = (&glimpses[end.index()], &glimpses[end.other().index()]);
            let half = self.half(end);
            let held = half.early.first().map(|(offset, piece)| (offset, piece.len));
            let told = theirs.acknowledged().map(|(lowest, _)| half.offset_of(lowest));
            let own = mine.lowest().map(|seq| half.offset_of(seq)).into_iter().chain(held.map(|h| h.0)).min();
            let (start, firm) = if let Some(isn) = mine.isn() {
                let start = half.offset_of(isn.plus(1));
                // Data at the SYN's own number: see `segment`.
                let early = held.is_some_and(|(offset, len)| offset + 1 == start && len > 1);
                (start - u64::from(early), true)
            } else if handshake {
                // The SYN or SYN-ACK is missing; what the peer acknowledged first is where it began.
                (own.into_iter().chain(told).min().unwrap_or(half.next), false)
            } else {
                // A keep-alive probe just before the first data is no byte of the stream.
                let start = own.or(told).unwrap_or(half.next);
                let start = held.map(|h| h.0).filter(|&first| first == start + 1).unwrap_or(start);
                // What the peer had not acknowledged when it was heard first was still to come, and may have carried an
                // answer: it is missing.
                (told.filter(|&told| told + 1 < start).unwrap_or(start), false)
            };
            // Numbers that lie further apart than a window are not of one stream: what it said counts.
            let said = held.map(|h| h.0).or_else(|| half.fin.map(|fin| fin.offset));
            let start = said.filter(|&said| said.saturating_sub(start) > window).unwrap_or(start);
            half.firm = firm;
            desk.ledger.book(ByteClass::Discarded, half.early.drop_before(start));
            if half.fin.is_some_and(|fin| fin.offset < start) {
                half.fin = None;
            }
            half.next = start;
            half.acked = Some(half.acked).filter(|&acked| (start..=start + window).contains(&acked)).unwrap_or(start);
        }
    }

    /// Without a handshake: the lower port serves; of equal ones, who was heard first called.
    fn guess_client(&self, key: &FlowKey) -> End {
        let (low, high) = (key.address(End::Low).port(), key.address(End::High).port());
        let first = |end: End| {
            let half = &self.halves[end.index()];
            let at = half.early.first().map(|(_, piece)| piece.stamp.at).or_else(|| half.fin.map(|fin| fin.stamp.at));
            at.unwrap_or(Timestamp::from_nanos(u64::MAX))
        };
        match low.cmp(&high) {
            std::cmp::Ordering::Less => End::High,
            std::cmp::Ordering::Greater => End::Low,
            std::cmp::Ordering::Equal if first(End::High) < first(End::Low) => End::High,
            std::cmp::Ordering::Equal => End::Low,
        }
    }

    /// Gives back all memory that is held for later: the worker's budget is spent.
    pub(super) fn relieve<C>(&mut self, birth: Birth<'_>, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        if !self.settled {
            self.settle(birth, desk);
        }
        self.pump(Patience::Bound, desk);
        if self.halves.iter().any(|half| !half.carry.is_empty()) {
            self.go_deaf(desk);
        }
    }

    /// Ends the connection: what is held is read, what is missing is booked, and the session goes back.
    pub(super) fn close<C>(mut self, birth: Birth<'_>, why: Close, desk: &mut Desk<'_, C>)
    where
        C: StreamConsumer<Session = S>,
    {
        if !self.settled {
            self.settle(birth, desk);
        }
        self.pump(Patience::Closing, desk);
        for end in End::BOTH {
            // Acknowledged, and never seen. One number more than there were bytes is a FIN.
            let half = self.half(end);
            let missing = half.acked.saturating_sub(half.next.max(half.excused));
            if half.seen && !half.ended && missing > 1 {
                let at = self.latest;
                self.lack(end, at, missing, Missing::Lost, desk);
            }
        }
        let payload = self.connection.payload;
        desk.stats.one_sided += u64::from((payload[0] == 0) != (payload[1] == 0));
        let why = if self.over() { Close::Finished } else { why };
        let left = [self.client, self.client.other()].map(|end| self.halves[end.index()].carry.len() as u64);
        if let Some(session) = self.session.take() {
            let before = desk.ledger.clone();
            desk.consumer.close(&self.connection, session, self.latest, why, left, desk.ledger);
            audit(desk.ledger, before, left.iter().sum());
        }
    }
}
