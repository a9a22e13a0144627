//! What a flow table counts.

use crate::merge::counters;

counters! {
    /// Counters of a flow table; those of several tables add up.
    FlowStats,
    /// Connections met.
    connections,
    /// Connections of which a SYN or SYN-ACK was seen.
    handshakes,
    /// Connections joined late: payload, and no handshake.
    midstream,
    /// Connections whose payload only ever went one way.
    one_sided,
    /// Connections whose directions came under different VLAN or tunnel ids, and were joined.
    scopes_joined,
    /// A SYN or SYN-ACK seen again.
    syn_retransmissions,
    /// Connections that took the addresses and ports of one that was still remembered.
    port_reuse,
    /// Connections reset.
    resets,
    /// RST segments that did not fit their connection, and were not believed.
    bad_resets,
    /// Segments with nothing but bytes already known.
    retransmissions,
    /// Segments that were partly known.
    overlaps,
    /// Overlaps whose bytes differ from those still held; the first to come won.
    overlap_conflicts,
    /// Segments that came before their turn.
    early,
    /// Segments in their turn that waited for what they acknowledge.
    held_back,
    /// Segments with bytes of a hole that had already been given up.
    late,
    /// Holes that were given up.
    gaps,
    /// Those of them that were given up for a bound.
    gaps_forced,
    /// Segments too far from their stream to be part of it.
    out_of_window,
    /// Streams found again elsewhere after several segments out of window agreed.
    resyncs,
    /// Segments behind the end of a finished connection.
    past_end,
    /// Connections dropped because the table was full.
    evicted,
    /// Connections that ended by silence.
    expired,
    /// Connections given up because a reader left too much unread.
    deaf,
    /// Keep-alive probes.
    keepalives,
    /// Segments with the urgent flag.
    urgent,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::Merge;

    #[test]
    fn every_counter_is_listed_and_added() {
        let mut sum = FlowStats { connections: 1, urgent: 2, ..FlowStats::default() };
        sum.merge(FlowStats { urgent: 3, ..FlowStats::default() });
        let listed = sum.counters();
        assert_eq!((listed[0], listed[FlowStats::COUNT - 1]), (("connections", 1), ("urgent", 5)));
        assert_eq!(listed.iter().map(|c| c.1).sum::<u64>(), 6);
    }
}
