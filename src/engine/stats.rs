//! What was seen, kept, lost: counters of all rooms drawn together into the capture's summary.

use std::collections::BTreeMap;

use super::worker::Counted;
use crate::capture::{CaptureError, LinkType, SourceStats};
use crate::decode::{DecodeCounts, Decoded, Skip};
use crate::flow::{ByteClass, FlowStats, Ledger};
use crate::merge::Merge;
use crate::observe::ObserverCounts;
use crate::proto::SessionCounts;
use crate::report::{CaptureSummary, MissingLedger, PacketLedger, PayloadLedger, TapSummary};
use crate::time::Timestamp;

/// What a reader counts.
#[derive(Clone, Debug, Default)]
pub(super) struct ReaderStats {
    pub(super) packets: Packets,
    pub(super) bytes: u64,
    pub(super) first: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
    pub(super) id: String,
    pub(super) leaps: u64,
    pub(super) moves: u64,
    pub(super) equal_segments: u64,
    pub(super) decode: DecodeCounts,
    pub(super) source: SourceStats,
    /// It was told to stop before its source ended.
    pub(super) stopped: bool,
    /// Segments, and their payload bytes, for which a worker had no room.
    pub(super) queue_full: QueueFull,
    /// The clock at the end.
    pub(super) now: Timestamp,
}

/// What was read and had to be dropped, as a worker was too far behind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QueueFull {
    pub(super) segments: u64,
    pub(super) bytes: u64,
}

/// Packets by class. INVARIANT: `seen` = the sum of the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Packets {
    pub(super) seen: u64,
    tcp: u64,
    udp: u64,
    other_ip: u64,
    not_ip: u64,
    held: u64,
    skipped: [u64; Skip::ALL.len()],
}

impl ReaderStats {
    pub(super) fn frame(&mut self, time: Timestamp, bytes: usize) {
        self.packets.seen += 1;
        self.bytes += bytes as u64;
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    pub(super) fn packet(&mut self, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::Segment(_) => self.packets.tcp += 1,
            Decoded::Datagram(_) => self.packets.udp += 1,
            Decoded::OtherIp(_) => self.packets.other_ip += 1,
            Decoded::NotIp(_) => self.packets.not_ip += 1,
            Decoded::Held => self.packets.held += 1,
            Decoded::Skip(reason) => self.packets.skipped[*reason as usize] += 1,
        }
    }
}

impl Merge for ReaderStats {
    fn merge(&mut self, other: Self) {
        let Self { packets, bytes, first, last, id: _, leaps, moves, equal_segments, decode, source, .. } = other;
        self.packets.merge(packets);
        self.bytes += bytes;
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.max(last);
        self.leaps += leaps;
        self.moves += moves;
        self.equal_segments += equal_segments;
        self.decode.merge(decode);
        self.source.merge(source);
        self.stopped |= other.stopped;
        self.queue_full.segments += other.queue_full.segments;
        self.queue_full.bytes += other.queue_full.bytes;
        self.now = self.now.max(other.now);
    }
}

impl Merge for Packets {
    fn merge(&mut self, other: Self) {
        let Self { seen, tcp, udp, other_ip, not_ip, held, skipped } = other;
        self.seen += seen;
        self.tcp += tcp;
        self.udp += udp;
        self.other_ip += other_ip;
        self.not_ip += not_ip;
        self.held += held;
        self.skipped.iter_mut().zip(skipped).for_each(|(mine, theirs)| *mine += theirs);
    }
}

impl Packets {
    fn ledger(&self, queue_full: QueueFull) -> PacketLedger {
        let mut skipped = BTreeMap::new();
        for (reason, count) in Skip::ALL.into_iter().zip(self.skipped) {
            skipped.insert(reason.name().to_owned(), count);
        }
        skipped.insert("fragment_held".to_owned(), self.held);
        skipped.insert("queue_full".to_owned(), queue_full.segments);
        skipped.retain(|_, count| *count > 0);
        PacketLedger {
            seen: self.seen,
            // What no worker saw is not among what was looked at.
            tcp: self.tcp - queue_full.segments.min(self.tcp),
            udp: self.udp,
            other_ip: self.other_ip,
            not_ip: self.not_ip,
            skipped,
        }
    }
}

/// Draws the summary of a run.
pub(super) fn summary(
    reader: &ReaderStats,
    shares: Vec<Counted>,
    errors: &[CaptureError],
    inputs: u64,
    taps: Vec<TapSummary>,
) -> CaptureSummary {
    let (mut ledger, mut flows, mut sessions, mut observed) =
        (Ledger::default(), FlowStats::default(), SessionCounts::default(), ObserverCounts::default());
    for share in shares {
        ledger.merge(share.ledger);
        flows.merge(share.flows);
        sessions.merge(share.sessions);
        observed.merge(share.observed);
    }
    ledger.captured += reader.queue_full.bytes;
    ledger.book(ByteClass::Discarded, reader.queue_full.bytes);
    let mut counters = BTreeMap::new();
    let mut count = |room: &str, name: &str, value: u64| {
        if value > 0 {
            counters.insert(format!("{room}.{name}"), value);
        }
    };
    for (name, value) in flows.counters() {
        count("flow", name, value);
    }
    for (name, value) in sessions.list() {
        count("proto", &name, value);
    }
    let DecodeCounts { fragments, unknown_links, other_unknown_links, tunnels, several_packets, unverified_checksums } =
        &reader.decode;
    for (name, value) in [
        ("fragments", fragments.held),
        ("datagrams_completed", fragments.completed),
        ("datagrams_expired", fragments.expired),
        ("datagrams_evicted", fragments.evicted),
        ("datagrams_incomplete", fragments.waiting),
        ("fragments_overlapping", fragments.overlapping),
        ("fragments_duplicate", fragments.duplicate),
        ("fragments_contradicting", fragments.bad),
        ("unknown_link_frames", unknown_links.values().sum::<u64>() + other_unknown_links),
        ("frames_of_several_packets", *several_packets),
        ("checksums_not_verified", *unverified_checksums),
    ] {
        count("decode", name, value);
    }
    for (name, value) in tunnels {
        count("decode", &format!("tunnel_{name}"), *value);
    }
    for (name, value) in observed.counters() {
        count("observe", name, value);
    }
    let source = reader.source;
    count("capture", "kernel_dropped", taps.iter().map(|tap| tap.kernel_dropped).sum());
    count("capture", "interface_dropped", taps.iter().map(|tap| tap.interface_dropped).sum());
    count("capture", "ring_full", taps.iter().map(|tap| tap.ring_full).sum());
    count("engine", "queue_full", reader.queue_full.segments);
    count("capture", "filtered", source.filtered);
    count("capture", "dropped", source.dropped);
    count("capture", "cut_files", source.cut_files);
    count("capture", "late_files", source.late_files);
    count("capture", "secrets", source.secrets);
    count("capture", "damaged_blocks", source.damaged_blocks);
    count("reader", "time_leaps", reader.leaps);
    count("reader", "time_leaps_believed", reader.moves);
    count("reader", "equal_segments_in_two_scopes", reader.equal_segments);
    CaptureSummary {
        id: reader.id.clone(),
        first: reader.first,
        last: reader.last,
        inputs,
        input_errors: errors.iter().map(CaptureError::without_path).collect(),
        bytes: reader.bytes,
        packets: reader.packets.ledger(reader.queue_full),
        payload: PayloadLedger {
            captured: ledger.captured,
            parsed: ledger.of(ByteClass::Parsed),
            skipped: ledger.of(ByteClass::Skipped),
            opaque: ledger.of(ByteClass::Opaque),
            not_http: ledger.of(ByteClass::NotHttp),
            duplicate: ledger.of(ByteClass::Duplicate),
            discarded: ledger.of(ByteClass::Discarded),
            waiting: ledger.captured - ledger.booked(),
        },
        missing: MissingLedger { gaps: ledger.gaps, cut: ledger.cut },
        warnings: warnings(reader, &ledger, &flows, &sessions, &observed, &taps),
        taps,
        counters,
    }
}

/// What was lost or looks wrong, and what mends it.
fn warnings(
    reader: &ReaderStats,
    ledger: &Ledger,
    flows: &FlowStats,
    sessions: &SessionCounts,
    observed: &ObserverCounts,
    taps: &[TapSummary],
) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |met: bool, text: String| {
        if met {
            warnings.push(text);
        }
    };
    let source = reader.source;
    warn(
        reader.equal_segments > 0,
        format!(
            "Segments that arrived under two VLAN or tunnel ids: {}. The mirror copies traffic before and after a router or \
             switch, and its exchanges are counted once for each id. If no two networks share addresses here, --scope-by none mends it.",
            reader.equal_segments
        ),
    );
    warn(reader.stopped, "The run was stopped before the end of its captures: what followed was not read.".to_owned());
    warn(
        source.cut_files > 0,
        format!("Captures that end inside their last packet: {}. All before it was read.", source.cut_files),
    );
    warn(
        source.dropped > 0,
        format!(
            "The captures say that {} packets were dropped while they were made: use a larger capture buffer.",
            source.dropped
        ),
    );
    for tap in taps {
        let TapSummary { interface, frames, kernel_dropped, interface_dropped, .. } = tap;
        warn(
            *kernel_dropped > 0,
            format!(
                "{interface}: the kernel had no room for {kernel_dropped} frames ({frames} were read): raise --ring-size or \
                 --workers, or narrow --filter."
            ),
        );
        warn(
            *interface_dropped > 0,
            format!(
                "{interface}: the card or its driver dropped {interface_dropped} packets before anybody saw them: give it longer \
                 queues (ethtool -G), or mirror less to it."
            ),
        );
        warn(!tap.up, format!("{interface}: the interface is down or gone; it is looked for once a second."));
    }
    warn(
        reader.queue_full.segments > 0,
        format!(
            "Segments that were read and that no worker had time for: {}. Raise --workers, or narrow --filter.",
            reader.queue_full.segments
        ),
    );
    warn(
        source.late_files > 0,
        format!(
            "Captures that had to wait for others to be closed, so that their packets came late: {}. Replay fewer files at once.",
            source.late_files
        ),
    );
    warn(
        ledger.cut > 0,
        format!("The snap length cut {} payload bytes: capture with -s 0 to see whole heads and bodies.", ledger.cut),
    );
    let one_in_a_hundred = ledger.gaps > 0 && ledger.gaps * 100 > ledger.captured;
    warn(
        one_in_a_hundred,
        format!(
            "{} payload bytes were on the wire and are not in the capture: the tap or the capture lost packets.",
            ledger.gaps
        ),
    );
    warn(
        flows.one_sided * 2 > flows.connections && flows.one_sided > 1,
        format!(
            "{} of {} connections show one direction only: the mirror port sends one way, or traffic returns by another path.",
            flows.one_sided, flows.connections
        ),
    );
    warn(flows.evicted > 0, format!("Connections dropped for room: {}. --memory raises the bound.", flows.evicted));
    warn(
        reader.leaps > 0,
        format!(
            "Packets whose time is more than an hour off from their neighbours': {}. The neighbours' time was used.",
            reader.leaps
        ),
    );
    warn(
        observed.clocks_apart > 0,
        format!(
            "Exchanges whose answer is stamped before its question: {}. The clocks of the taps are apart; such latencies are \
             not told, and the others are off by as much.",
            observed.clocks_apart
        ),
    );
    warn(
        observed.bodies_passed_over > 0,
        format!(
            "Bodies that were not looked at, lest packets be lost: {}. Their exchanges count; what bodies are made of is known from the \
             others. More --workers, or less to listen to, mends it.",
            observed.bodies_passed_over
        ),
    );
    let ambiguous = sessions.ambiguous();
    warn(
        ambiguous > 0,
        format!(
            "Messages whose length can be read in two ways: {ambiguous} (counters proto.smuggling.*). A proxy and a server \
             that read them differently can be made to disagree about where a request begins: look for request smuggling."
        ),
    );
    warn(
        sessions.http2 > 0,
        format!("Connections that speak HTTP/2, which this version lists and does not read: {}.", sessions.http2),
    );
    let skipped = |reason: Skip| reader.packets.skipped.get(reason as usize).copied().unwrap_or_default();
    let damaged = skipped(Skip::BadChecksum);
    warn(
        damaged > 0,
        format!(
            "Packets whose checksum is wrong: {damaged}. They were not read. Where the capturing host sent them itself, that is no \
             damage, as its card fills checksums in later: replay without --verify-checksums."
        ),
    );
    let encrypted = skipped(Skip::Encrypted);
    warn(
        encrypted > 0,
        format!("Frames that the link itself encrypted (IEEE 802.11, MACsec), which cannot be read: {encrypted}."),
    );
    for line in unreadable_links(&reader.decode) {
        warn(true, line);
    }
    warnings
}

/// The link types that cannot be read, each named once.
pub(super) fn unreadable_links(counts: &DecodeCounts) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (link, frames) in &counts.unknown_links {
        let name = LinkType(*link).name().map_or_else(String::new, |name| format!(" ({name})"));
        lines.push(format!("Link type {link}{name} cannot be read: {frames} packets."));
    }
    if counts.other_unknown_links > 0 {
        lines.push(format!("Further link types cannot be read: {} packets.", counts.other_unknown_links));
    }
    lines
}
