//! Carries a [`Talk`] over a network that loses, and past a mirror port that does worse: packets as a capture has them.
//!
//! Both ends behave as TCP does: what is acknowledged was received, in order; what got lost is sent again, cut anew.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

use shadowtap::decode::{Scope, Segment, Seq, TcpFlags};
use shadowtap::time::Timestamp;

use super::mangle::Random;
use super::talk::Talk;
use super::wire::{ACK, FIN, RST, SYN};

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Fin,
    Reset,
    Nothing,
}

/// What happens to the packets. Percentages where no word says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// No segment is longer.
    pub segment: u64,
    /// Lost on the way, before or behind the mirror port, and sent again.
    pub resent: u64,
    /// Sent again for no reason.
    pub spurious: u64,
    pub handshake: bool,
    pub ending: Ending,
    /// Doubled by the mirror port.
    pub doubled: u64,
    /// Places that a packet may be late.
    pub late: u64,
    /// Places that one direction is late.
    pub lag: u64,
    /// Stamped when captured, not when sent.
    pub restamped: bool,
    /// Seen by everyone but the capture: so many in ten thousand.
    pub dropped: u64,
}

/// A packet of one connection. Numbers are offsets: 1 is the first byte of a stream, 0 its SYN.
#[derive(Clone, Debug)]
pub struct Packet {
    pub time: u64,
    /// 0 is the client.
    pub side: usize,
    pub from: u64,
    pub ack: Option<u64>,
    pub flags: u8,
    pub payload: Vec<u8>,
}

/// What the capture has of a connection.
pub struct Captured {
    pub ends: [SocketAddr; 2],
    pub isn: [u32; 2],
    pub packets: Vec<Packet>,
    /// Bytes of each stream that may be missing: they were in a packet that was dropped, and in none that came soon after or
    /// before. Offsets from 0.
    pub lost: [Vec<Range<u64>>; 2],
    /// How far the bytes that were captured reach.
    pub reach: [u64; 2],
}

/// One end.
#[derive(Default)]
struct Host {
    /// Bytes the application has written, and how many of its writes that were.
    written: u64,
    writes: usize,
    /// Behind the last byte sent, FIN included, in packet numbers.
    sent: u64,
    /// Received in order, and what lies beyond.
    received: u64,
    beyond: Vec<Range<u64>>,
    told: u64,
    to_tap: VecDeque<Packet>,
    to_peer: VecDeque<Packet>,
}

impl Host {
    fn take(&mut self, range: Range<u64>) {
        self.beyond.push(range);
        while let Some(at) = self.beyond.iter().position(|r| r.start <= self.received) {
            let range = self.beyond.swap_remove(at);
            self.received = self.received.max(range.end);
        }
    }
}

struct Network<'t> {
    talk: &'t Talk,
    weather: Weather,
    hosts: [Host; 2],
    /// The number of each FIN.
    fins: [u64; 2],
    time: u64,
    seen: Vec<Packet>,
}

/// Plays a talk, and gives what the capture has of it.
pub fn carry(talk: &Talk, number: u64, weather: Weather, random: &mut Random) -> Captured {
    let fins = [0, 1].map(|side| talk.streams[side].len() as u64 + 1);
    let start = 1_700_000_000_000_000_000 + random.below(1_000_000);
    let mut network = Network { talk, weather, hosts: Default::default(), fins, time: start, seen: Vec::new() };
    network.open();
    while network.step(random) {}
    if weather.ending == Ending::Reset {
        let side = random.below(2) as usize;
        network.time += 1_000_000;
        let packet = network.packet(side, network.hosts[side].sent..network.hosts[side].sent, RST | ACK);
        network.seen.push(packet);
    }
    let (mut packets, mut lost, mut reach) = mirror(network.seen, weather, random);
    for side in [0, 1] {
        for range in &mut lost[side] {
            *range = range.start.saturating_sub(1)..(range.end - 1).min(talk.streams[side].len() as u64);
        }
        reach[side] = reach[side].saturating_sub(1);
    }
    if weather.restamped {
        let mut times: Vec<u64> = packets.iter().map(|packet| packet.time).collect();
        times.sort_unstable();
        packets.iter_mut().zip(times).for_each(|(packet, time)| packet.time = time);
    }
    // Anywhere, and often just below where numbers wrap.
    let isn = [0, 1].map(|_| match random.below(2) {
        0 => (random.below(1 << 32)) as u32,
        _ => 0_u32.wrapping_sub(random.below(3_000) as u32),
    });
    let client = ([10, 7, (number >> 8) as u8, number as u8], 20_000 + random.below(20_000) as u16);
    Captured { ends: [client.into(), ([10, 8, 0, 1], 80).into()], isn, packets, lost, reach }
}

impl Captured {
    /// A packet as the flow table takes it.
    pub fn segment<'p>(&self, packet: &'p Packet) -> Segment<'p> {
        let (mine, theirs) = (packet.side, 1 - packet.side);
        Segment {
            time: Timestamp::from_nanos(packet.time),
            scope: Scope::default(),
            from: self.ends[mine],
            to: self.ends[theirs],
            seq: Seq(self.isn[mine].wrapping_add(packet.from as u32)),
            ack: Seq(packet.ack.map_or(0, |ack| self.isn[theirs].wrapping_add(ack as u32))),
            flags: TcpFlags(packet.flags),
            payload: &packet.payload,
            cut: 0,
        }
    }

    /// Whether any byte of a range may be missing.
    pub fn touches(&self, side: usize, range: &Range<u64>) -> bool {
        self.lost[side].iter().any(|lost| lost.start < range.end && range.start < lost.end)
    }
}

impl Captured {
    /// How much its sender had received of the other side when he sent this byte, as far as the first packet with it says.
    pub fn heard(&self, side: usize, offset: u64) -> Option<u64> {
        let has = |p: &&Packet| p.side == side && (p.from..p.from + p.payload.len() as u64).contains(&(offset + 1));
        self.packets.iter().find(has)?.ack.map(|ack| ack.saturating_sub(1))
    }

    /// Whether some packet begins here.
    pub fn begins(&self, side: usize, offset: u64) -> bool {
        self.packets.iter().any(|p| p.side == side && !p.payload.is_empty() && p.from == offset + 1)
    }
}

impl Network<'_> {
    fn packet(&self, side: usize, range: Range<u64>, flags: u8) -> Packet {
        let stream = &self.talk.streams[side];
        let bytes = |n: u64| (n.max(1) - 1).min(stream.len() as u64) as usize;
        let payload = stream[bytes(range.start)..bytes(range.end)].to_vec();
        let fin = if range.contains(&self.fins[side]) { FIN } else { 0 };
        let ack = (flags & ACK != 0).then_some(self.hosts[side].received);
        Packet { time: self.time, side, from: range.start, ack, flags: flags | fin, payload }
    }

    fn open(&mut self) {
        for (side, flags) in [(0, SYN), (1, SYN | ACK), (0, ACK)] {
            self.time += 500_000;
            if flags & SYN != 0 {
                self.hosts[1 - side].received = 1;
                self.hosts[side].sent = 1;
            }
            let mut packet = self.packet(side, 1..1, flags);
            if flags & SYN != 0 {
                packet.from = 0;
            }
            if side == 0 || flags & ACK != 0 {
                self.hosts[side].told = u64::from(flags & ACK != 0);
            }
            if self.weather.handshake {
                self.seen.push(packet);
            }
        }
    }

    /// What a side has to send: how far, in packet numbers.
    fn ready(&mut self, side: usize) -> u64 {
        let (host, talk) = (&mut self.hosts[side], self.talk);
        while let Some(write) = talk.writes[side].get(host.writes)
            && write.needs < host.received.max(1)
        {
            host.written = write.until;
            host.writes += 1;
        }
        let all = host.writes == talk.writes[side].len();
        // A server that closes does so when it has said all; others when they have heard all, too.
        let close = all
            && self.weather.ending == Ending::Fin
            && (host.received >= self.fins[1 - side] || (talk.server_closes && side == 1));
        host.written + 1 + u64::from(close)
    }

    /// Whether a side must send before it may receive.
    fn hasty(&mut self, side: usize) -> bool {
        let ready = self.ready(side);
        let host = &self.hosts[side];
        host.sent < ready
            && self.talk.writes[side][..host.writes].iter().any(|write| write.hasty && write.until + 1 > host.sent)
    }

    /// One thing happens. False when nothing is left to happen.
    fn step(&mut self, random: &mut Random) -> bool {
        self.time += [1_000, 50_000, 1_000_000, 30_000_000][random.below(4) as usize] + random.below(999);
        let mut idle = 0;
        loop {
            let side = random.below(2) as usize;
            let impatient = self.hosts[side].sent > self.hosts[1 - side].received && random.below(30) == 0;
            let done = match random.below(4) {
                0 if impatient => self.resend(side, random),
                0 => self.send(side, random),
                1 => self.pass(side, random),
                2 => self.deliver(side),
                _ => self.tell(side, random),
            };
            if done {
                return true;
            }
            idle += 1;
            if idle > 200 {
                // Nothing but what was lost can move on.
                return (0..2).any(|side| self.resend(side, random)) || self.more();
            }
        }
    }

    fn send(&mut self, side: usize, random: &mut Random) -> bool {
        let ready = self.ready(side);
        if self.hosts[side].sent > 1 && random.below(100) < self.weather.spurious && self.more() {
            let host = &self.hosts[side];
            let from = 1 + random.below(host.sent - 1);
            let from = from.max(host.sent.saturating_sub(2_000)).max(1);
            let until = (from + 1 + random.below(self.weather.segment)).min(host.sent);
            return self.emit(side, from..until);
        }
        let host = &self.hosts[side];
        // No window lets a sender run away from a hole.
        let window = WINDOW * self.weather.segment;
        if host.sent >= ready || host.sent > self.hosts[1 - side].received + window {
            return false;
        }
        let most = if random.below(4) == 0 { 1 + random.below(8) } else { 1 + random.below(self.weather.segment) };
        let range = host.sent..ready.min(host.sent + most);
        self.hosts[side].sent = range.end;
        self.emit(side, range)
    }

    fn emit(&mut self, side: usize, range: Range<u64>) -> bool {
        let packet = self.packet(side, range, ACK);
        self.hosts[side].told = self.hosts[side].received;
        self.hosts[side].to_tap.push_back(packet);
        true
    }

    fn pass(&mut self, side: usize, random: &mut Random) -> bool {
        let Some(mut packet) = self.hosts[side].to_tap.pop_front() else { return false };
        let fate = random.below(100);
        // Without a handshake a stream begins with what is captured first.
        let begins = packet.from == 1 && !self.weather.handshake;
        if fate < self.weather.resent && !packet.payload.is_empty() && !begins {
            if fate.is_multiple_of(2) {
                packet.time = self.time;
                self.seen.push(packet);
            }
            return true;
        }
        packet.time = self.time;
        self.seen.push(packet.clone());
        self.hosts[side].to_peer.push_back(packet);
        true
    }

    fn deliver(&mut self, side: usize) -> bool {
        if self.hosts[side].to_peer.is_empty() || self.hasty(1 - side) {
            return false;
        }
        let Some(packet) = self.hosts[side].to_peer.pop_front() else { return false };
        let len = packet.payload.len() as u64 + u64::from(packet.flags & FIN != 0);
        let peer = &mut self.hosts[1 - side];
        peer.take(packet.from..packet.from + len);
        true
    }

    fn tell(&mut self, side: usize, random: &mut Random) -> bool {
        let host = &self.hosts[side];
        if host.told >= host.received || random.below(3) > 0 {
            return false;
        }
        let sent = host.sent;
        self.emit(side, sent..sent)
    }

    /// The dice were unlucky: something is left to happen.
    fn more(&mut self) -> bool {
        (0..2).any(|side| {
            let ready = self.ready(side);
            let host = &self.hosts[side];
            host.sent < ready || host.told < host.received || !host.to_tap.is_empty() || !host.to_peer.is_empty()
        })
    }

    fn resend(&mut self, side: usize, random: &mut Random) -> bool {
        let (host, peer) = (&self.hosts[side], &self.hosts[1 - side]);
        if peer.received >= host.sent {
            return false;
        }
        let (from, sent) = (peer.received, host.sent);
        self.time += 200_000_000;
        self.emit(side, from..(from + 1 + random.below(2 * self.weather.segment)).min(sent))
    }
}

type Ranges = [Vec<Range<u64>>; 2];

/// What the mirror port makes of it.
fn mirror(seen: Vec<Packet>, weather: Weather, random: &mut Random) -> (Vec<Packet>, Ranges, [u64; 2]) {
    let lagging = random.below(2) as usize;
    let mut placed: Vec<(u64, Packet)> = Vec::new();
    for (at, packet) in seen.into_iter().enumerate() {
        let lag = if packet.side == lagging { weather.lag } else { 0 };
        let place = 4 * (at as u64 + lag);
        if random.below(100) < weather.doubled {
            placed.push((place + random.below(4 * weather.late.max(2)), packet.clone()));
        }
        placed.push((place + if weather.late > 0 { random.below(4 * weather.late) } else { 0 }, packet));
    }
    placed.sort_by_key(|(place, _)| *place);
    let dropped: Vec<bool> = placed.iter().map(|_| random.below(10_000) < weather.dropped).collect();
    let mut lost: Ranges = Default::default();
    let range = |packet: &Packet| packet.from..packet.from + packet.payload.len() as u64;
    for (at, (_, packet)) in placed.iter().enumerate().filter(|(at, _)| dropped[*at]) {
        let mut rest = vec![range(packet)];
        // A copy that comes much later comes when nobody waits any more.
        let near =
            placed.iter().zip(&dropped).take(at + SOON).filter(|((_, p), gone)| !**gone && p.side == packet.side);
        for ((_, copy), _) in near {
            let has = range(copy);
            rest = rest
                .into_iter()
                .flat_map(|r| [r.start..r.end.min(has.start), r.start.max(has.end)..r.end])
                .filter(|r| r.start < r.end)
                .collect();
        }
        lost[packet.side].extend(rest.into_iter().filter(|r| r.start < r.end));
    }
    let mut gone = dropped.iter();
    let mut packets: Vec<Packet> = placed.into_iter().map(|(_, packet)| packet).collect();
    packets.retain(|_| !gone.next().copied().unwrap_or(false));
    let reach = [0, 1].map(|side| {
        packets.iter().filter(|p| p.side == side && !p.payload.is_empty()).map(|p| range(p).end).max().unwrap_or(0)
    });
    (packets, lost, reach)
}

/// Packets behind a dropped one in which a copy still counts.
const SOON: usize = 8;
/// So many full segments may be under way.
const WINDOW: u64 = 100;
