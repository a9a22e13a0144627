//! The loop that peels: from a frame to a segment, a datagram, or the reason why there is none.
//!
//! In: frames. Out: one `Decoded` each. Headers come off one at a time and never deeper than `Limits::layers`;
//! fragments wait in the cache and go on from here as wholes. Nothing allocates for a packet but fragments.

use std::collections::BTreeMap;

use super::checksum::Checksums;
use super::fragment::{FragmentCounts, Fragments, Kept};
use super::ip::{self, Ip};
use super::layer::{Decoded, Layer, Skip, Slice};
use super::links;
use super::options::DecodeOptions;
use super::segment::{Datagram, Scope};
use super::transport;
use super::tunnels::{Met, TUNNELS, over_ip, over_udp};
use crate::capture::{Frame, LinkType};
use crate::limits::Limits;
use crate::merge::Merge;

/// Decodes frames. One a reader: only fragments connect its frames.
pub struct Decoder {
    layers: u8,
    options: DecodeOptions,
    fragments: Fragments,
    /// Datagrams put together from fragments, one for each level of nesting.
    wholes: [Vec<u8>; 2],
    unknown_links: BTreeMap<u16, u64>,
    other_unknown_links: u64,
    several_packets: u64,
    /// Frames that went through each kind of tunnel.
    tunnels: [u64; TUNNELS.len()],
    /// Only when the options ask for it.
    checksums: Option<Checksums>,
}

/// What decoding counted beside what it returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// Fragments of IP packets.
    pub fragments: FragmentCounts,
    /// Frames by link types that cannot be read, the first 64 of them.
    pub unknown_links: BTreeMap<u16, u64>,
    /// Frames of further unknown link types.
    pub other_unknown_links: u64,
    /// Frames that went through each kind of tunnel; kinds not met are left out.
    pub tunnels: BTreeMap<&'static str, u64>,
    /// Frames with several packets (IEEE 802.11 A-MSDU), of which only the first is read.
    pub several_packets: u64,
    /// TCP and UDP checksums of packets that were cut, where checksums are verified.
    pub unverified_checksums: u64,
}

impl Merge for DecodeCounts {
    fn merge(&mut self, other: Self) {
        let Self { fragments, unknown_links, other_unknown_links, tunnels, several_packets, unverified_checksums } =
            other;
        self.fragments.merge(fragments);
        Merge::merge(&mut self.unknown_links, unknown_links);
        self.other_unknown_links += other_unknown_links;
        Merge::merge(&mut self.tunnels, tunnels);
        self.several_packets += several_packets;
        self.unverified_checksums += unverified_checksums;
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;

impl Decoder {
    /// Unknown link types told apart.
    const UNKNOWN_LINKS: usize = 64;

    /// A decoder with nothing held.
    #[must_use]
    pub fn new(limits: &Limits, options: &DecodeOptions) -> Self {
        Self {
            layers: limits.layers,
            options: options.clone(),
            fragments: Fragments::new(limits),
            wholes: Default::default(),
            unknown_links: BTreeMap::new(),
            other_unknown_links: 0,
            several_packets: 0,
            tunnels: [0; TUNNELS.len()],
            checksums: options.verify_checksums.then(Checksums::default),
        }
    }

    /// Decodes one frame. The scope of what comes out is the full one, tags and tunnels as they were met.
    #[must_use]
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Decoded<'a> {
        let Self {
            layers,
            options,
            fragments,
            wholes,
            unknown_links,
            other_unknown_links,
            several_packets,
            tunnels,
            checksums,
        } = self;
        let mut wholes = wholes.iter_mut();
        let mut scope = Scope::default();
        let mut met = Met::default();
        let mut carrier = None;
        let captured = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        let slice = Slice { bytes: frame.bytes, cut: frame.wire_len.saturating_sub(captured) };
        let mut layer = Layer::Link(frame.link, slice);
        let mut decoded = Decoded::Skip(Skip::TooDeep);
        for _ in 0..*layers {
            layer = match layer {
                Layer::Link(label, slice) => match links::link(label) {
                    Some(peel) => peel(slice, &mut scope),
                    None => {
                        if unknown_links.len() < Self::UNKNOWN_LINKS || unknown_links.contains_key(&label.0) {
                            *unknown_links.entry(label.0).or_default() += 1;
                        } else {
                            *other_unknown_links += 1;
                        }
                        Layer::skip(Skip::UnknownLink)
                    }
                },
                Layer::FirstOfMany(slice) => {
                    *several_packets += 1;
                    links::first_of_many(slice)
                }
                Layer::Ether(label, slice) => match links::ether(label) {
                    Some(peel) => peel(slice, &mut scope),
                    None => Layer::Done(Decoded::NotIp(label)),
                },
                Layer::Ip(slice) if checksums.is_some() && !Checksums::header(slice) => Layer::skip(Skip::BadChecksum),
                Layer::Ip(slice) => match ip::packet(slice) {
                    Ip::Piece(piece) => {
                        // A fragment in a fragment in a fragment is somebody's game.
                        let Some(whole) = wholes.next() else { break };
                        match fragments.add(&piece, scope, frame.time, whole) {
                            Kept::Held => Layer::Done(Decoded::Held),
                            Kept::Skip(why) => Layer::skip(why),
                            Kept::Whole(protocol) => {
                                inside(ip::inside(piece.pair, protocol, Slice { bytes: whole, cut: 0 }))
                            }
                        }
                    }
                    read => inside(read),
                },
                Layer::Transport(pair, protocol, slice)
                    if checksums.as_mut().is_some_and(|checksums| !checksums.transport(pair, protocol, slice)) =>
                {
                    Layer::skip(Skip::BadChecksum)
                }
                Layer::Transport(pair, protocol, slice) => match protocol {
                    TCP => Layer::Done(transport::segment(pair, slice, frame.time, scope)),
                    UDP => match transport::datagram(pair, slice, frame.time, scope) {
                        Ok((datagram, payload)) => {
                            let outside = met;
                            match over_udp(options, &datagram, payload, &mut scope, &mut met) {
                                Some(inner) => {
                                    carrier = Some((datagram, outside));
                                    inner
                                }
                                None => Layer::Done(Decoded::Datagram(datagram)),
                            }
                        }
                        Err(why) => Layer::skip(why),
                    },
                    other => over_ip(other, pair, slice, &mut scope, &mut met)
                        .unwrap_or(Layer::Done(Decoded::OtherIp(other))),
                },
                Layer::Done(_) => layer,
            };
            if let Layer::Done(done) = layer {
                decoded = done;
                break;
            }
        }
        let (decoded, met) = told(decoded, met, carrier);
        for place in met.places() {
            if let Some(count) = tunnels.get_mut(place) {
                *count += 1;
            }
        }
        decoded
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> DecodeCounts {
        let mut tunnels = BTreeMap::new();
        for (tunnel, met) in TUNNELS.iter().zip(self.tunnels).filter(|(_, met)| *met > 0) {
            *tunnels.entry(tunnel.name).or_default() += met;
        }
        DecodeCounts {
            fragments: FragmentCounts { waiting: self.fragments.waiting(), ..self.fragments.counts },
            unknown_links: self.unknown_links.clone(),
            other_unknown_links: self.other_unknown_links,
            tunnels,
            several_packets: self.several_packets,
            unverified_checksums: self.checksums.as_ref().map_or(0, |checksums| checksums.unverified),
        }
    }

    /// Whether frames of this link type can be read at all.
    #[must_use]
    pub fn knows(label: LinkType) -> bool {
        links::link(label).is_some()
    }
}

/// An IP payload that must be whole: a fragment header inside a datagram put together makes no sense.
#[inline]
fn inside(read: Ip<'_>) -> Layer<'_> {
    match read {
        Ip::Whole(pair, protocol, slice) => Layer::Transport(pair, protocol, slice),
        Ip::Piece(_) => Layer::skip(Skip::BadFragment),
        Ip::Skip(why) => Layer::skip(why),
    }
}

/// What became of a frame that went through the tunnels of `met`. A UDP port proves nothing: when what was taken for a
/// tunnel's content contradicts itself, or does not lead to IP, the datagram that carried it is what the frame holds.
fn told<'a>(decoded: Decoded<'a>, met: Met, carrier: Option<(Datagram<'a>, Met)>) -> (Decoded<'a>, Met) {
    match (decoded, carrier) {
        (Decoded::Skip(Skip::Malformed) | Decoded::NotIp(_), Some((datagram, outside))) => {
            (Decoded::Datagram(datagram), outside)
        }
        _ => (decoded, met),
    }
}
