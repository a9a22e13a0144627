//! Every bound of the house on one page.
//!
//! No collection grows by what the network says: each has a field here, its doc says what happens when it is
//! full and which counter shows it. `Limits::within(bytes)` scales them to one memory figure.

use crate::time::Span;

/// The bounds. All sizes are bytes unless the name says otherwise.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Headers inside headers in one frame. Deeper: `Skip::TooDeep`.
    pub layers: u8,
    /// Bytes of IP fragments a reader holds. When full the oldest datagram goes. Counter: `datagrams_evicted`.
    pub fragment_bytes: usize,
    /// How long an incomplete datagram waits (RFC 8200 section 4.5 says 60 s). Counter: `datagrams_expired`.
    pub fragment_wait: Span,
    /// Capture files open at once while several are merged by time. Where more overlap, the rest come late, which is an
    /// input error that says so. Counter: `late_files`.
    pub open_captures: usize,

    /// Bytes of segments in one batch.
    pub batch_bytes: usize,
    /// Segments in one batch.
    pub batch_segments: usize,
    /// Batches in flight to one worker. Full: a file's reader waits.
    pub batches: usize,

    /// Flows one worker holds. When full the coldest goes, unopened ones first. Counter: `evicted`.
    pub flows: usize,
    /// A flow without a packet for this long is over; its next packet opens a new one.
    pub flow_idle: Span,
    /// A flow that ended (FIN both ways, RST) lingers this long, to swallow late duplicates.
    pub flow_linger: Span,
    /// Bytes of early segments and left-overs one worker may hold. When full the longest holder gives up its holes (gaps,
    /// counted `gaps_forced`) and its left-overs (it goes deaf, counted).
    pub reorder_bytes: usize,
    /// Bytes of early segments one direction may hold. When full the hole is given up.
    pub reorder_side_bytes: usize,
    /// A hole that nobody acknowledged is given up when the direction's own packets have moved on by this much (and by
    /// `reorder_grace` packets), and its peer was silent meanwhile.
    pub reorder_wait: Span,
    /// Packets of a flow for which a hole that the peer did acknowledge may still be filled (mirror ports deliver
    /// the two directions out of step); after them it is a gap.
    pub reorder_grace: u32,
    /// How far the clocks of the two taps may be apart that show one direction each: what acknowledges bytes of a peer of
    /// which nothing later was seen waits this much longer than `reorder_grace` packets.
    pub reorder_skew: Span,
    /// A segment further ahead than this is no part of the stream. Counter: `out_of_window`.
    pub window: u32,
    /// Left-over bytes a parser may leave with a direction. More: the session goes deaf, counted.
    pub carry_bytes: usize,

    /// Bytes of one message head. Longer: the exchange is dropped and counted, reading resynchronises.
    pub head_bytes: usize,
    /// Header fields in one head.
    pub headers: usize,
    /// Requests that wait for an answer on one connection. More: the oldest is reported without an answer.
    pub unanswered: usize,
    /// Body bytes kept for a look at its shape. The rest is skipped.
    pub body_sample: usize,
    /// Bytes a body sample may unpack to.
    pub unpacked_sample: usize,

    /// Nesting of a shape; deeper is "any".
    pub shape_depth: usize,
    /// Fields of one object in a shape; wider is a map.
    pub shape_fields: usize,
    /// Parameters remembered for one operation.
    pub params: usize,
    /// Segments of one path; what follows is folded into the last.
    pub path_segments: usize,

    /// Words at one path level. More: an early fold into a variable, counted.
    pub level_words: usize,
    /// Operations in all. More are counted in one "other".
    pub operations: usize,
    /// Services in all. More are counted in one "other".
    pub services: usize,
    /// Opaque services (address, port, server name) in all.
    pub opaque_services: usize,
    /// Clients whose behaviour is remembered, the smallest hashes kept.
    pub clients: usize,
    /// A delta is handed over when it holds this many observations ...
    pub delta_observations: usize,
    /// ... or these bytes ...
    pub delta_bytes: usize,
    /// ... or when packet time has moved this far since its first.
    pub delta_span: Span,
    /// Bytes of all that is known of services and of what it takes to tell it, weighed rather too high. When full, parameters and shapes are cut, then unknown
    /// paths and learned operations go by rank, then services. Counters: those of each.
    pub inventory_bytes: usize,
    /// Bytes of all that is known of services above which the records of operations are put away: nothing is lost, and each
    /// that is touched again is read and written anew.
    pub open_bytes: usize,

    /// Depth of `$ref` chains and of schema nesting in a spec. Deeper is a spec error with its place.
    pub ref_depth: usize,
    /// Bytes of one spec document.
    pub spec_bytes: u64,
    /// Transaction lines kept in memory before they are spooled to a temporary file.
    pub spool_bytes: usize,
    /// Bytes of TLS secrets kept from captures. Full: later ones are counted (`secrets`) and not kept.
    pub secret_bytes: usize,

    /// Bytes of heads and body samples that one connection's unanswered requests may hold. More: the oldest is
    /// reported without an answer. Counter: `unanswered`.
    pub unanswered_bytes: usize,
    /// Bytes of one side looked at for the start of a message, on a connection seen from its start, before that side
    /// is taken for something else.
    pub probe_bytes: u64,
    /// The same where the capture joined late or lost bytes: a body may have to pass before the next message.
    pub search_bytes: u64,
    /// Values in one spec document, its aliases unfolded. More is a spec error.
    pub spec_nodes: usize,
    /// Files looked at in one folder of specs. More is a spec error.
    pub spec_files: usize,
    /// Declared operations times the servers they name, in all specs of a run. More is a spec error.
    pub spec_routes: usize,

    /// Places (fields, items) in the shape of one body. More: passed over, and the shape is partial.
    pub body_shape_nodes: usize,
    /// Paths (with method and status) whose sample of bodies a worker remembers. Full: all are forgotten, and more bodies looked into
    /// than need be. Counter: `samples_forgotten`.
    pub sampled_places: usize,
    /// Paths remembered that only answered 404, 410, 405 or 501 (the smallest hashes are kept); more are counted
    /// without being remembered. Counter: `inventory.unknown_paths`.
    pub unknown_paths: usize,
    /// Places (fields, items) of body shapes remembered in all. When full every operation keeps the upper levels
    /// only. Counter: `inventory.shape_nodes`.
    pub shape_nodes: usize,
    /// Bytes that all flows of one worker may take, with all they hold: early segments, left-overs, unanswered requests,
    /// body samples. When full the coldest goes, as for `flows`. Counter: `evicted`.
    pub flow_bytes: usize,
}

impl Limits {
    /// What `--memory` means when nobody says: 512 MiB.
    pub const DEFAULT_MEMORY: usize = 512 << 20;

    /// Scales the bounds that cost most so that the whole process stays near `bytes`, for `workers` workers.
    #[must_use]
    pub fn within(bytes: usize, workers: usize) -> Self {
        let workers = workers.max(1);
        // Seven sixteenths for flows and all they hold, of which half may be early segments. A third for what was learned, which
        // leaves what it takes to tell it. What the flows took may not have gone back to the system by then: each worker has a
        // heap of its own.
        let flow_bytes = (bytes / 16 * 7 / workers).max(2 << 20);
        Self {
            flow_bytes,
            reorder_bytes: (flow_bytes / 2).clamp(1 << 20, 1 << 30),
            // What a flow costs at the very least; `flow_bytes` is met first.
            flows: (flow_bytes / 256).clamp(1024, 16 << 20),
            batch_bytes: (bytes / 16 / workers / (Self::default().batches + 2)).clamp(16 << 10, 256 << 10),
            spool_bytes: (bytes / 16 / workers).clamp(1 << 20, 64 << 20),
            // A hundred thousand in a GiB: about 3 KB each, put away and told, with a body of ten fields both ways.
            operations: (bytes / 10_000).clamp(1_000, 1_000_000),
            inventory_bytes: bytes / 3,
            open_bytes: bytes / 24,
            // About 25 bytes each that is put away, and as many when it is told.
            shape_nodes: (bytes / 400).clamp(5_000, 10_000_000),
            delta_bytes: (bytes / 32 / workers).clamp(64 << 10, 8 << 20),
            services: (bytes / 100_000).clamp(200, 5_000),
            opaque_services: (bytes / 50_000).clamp(200, 10_000),
            clients: (bytes / 32_768).clamp(1_024, 16_384),
            // About 120 bytes each.
            sampled_places: (bytes / 128 / 128 / workers).clamp(1_024, 262_144),
            unknown_paths: (bytes / 32_768).clamp(1_024, 16_384),
            // About 1.8 KB each, in the index and among the pins.
            spec_routes: (bytes / 2_000).clamp(50_000, 1_000_000),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            layers: 32,
            fragment_bytes: 4 << 20,
            fragment_wait: Span::from_secs(60),
            open_captures: 256,
            batch_bytes: 256 << 10,
            batch_segments: 512,
            batches: 8,
            flows: 256 << 10,
            flow_idle: Span::from_secs(300),
            flow_linger: Span::from_secs(60),
            reorder_bytes: 64 << 20,
            reorder_side_bytes: 256 << 10,
            reorder_wait: Span::from_secs(5),
            reorder_grace: 32,
            reorder_skew: Span::from_millis(1_500),
            window: 64 << 20,
            carry_bytes: 64 << 10,
            head_bytes: 64 << 10,
            headers: 128,
            unanswered: 64,
            body_sample: 64 << 10,
            unpacked_sample: 256 << 10,
            shape_depth: 12,
            shape_fields: 256,
            params: 128,
            path_segments: 32,
            level_words: 512,
            operations: 50_000,
            services: 5_000,
            opaque_services: 10_000,
            clients: 16_384,
            delta_observations: 4_096,
            delta_bytes: 2 << 20,
            inventory_bytes: 256 << 20,
            open_bytes: 32 << 20,
            delta_span: Span::from_secs(1),
            ref_depth: 64,
            spec_bytes: 64 << 20,
            spool_bytes: 64 << 20,
            secret_bytes: 16 << 20,
            unanswered_bytes: 256 << 10,
            probe_bytes: 8 << 10,
            search_bytes: 1 << 20,
            spec_nodes: 4_000_000,
            spec_files: 10_000,
            spec_routes: 1_000_000,
            body_shape_nodes: 2_048,
            sampled_places: 65_536,
            unknown_paths: 16_384,
            shape_nodes: 1_000_000,
            flow_bytes: 256 << 20,
        }
    }
}
