//! A first look at the wire: may the kernel share its packets out by flow?
//!
//! The kernel looks at addresses and ports outside. Where a tunnel hides the flows, or a label that differs by direction stands
//! before them, the two directions of one connection would come to different workers.

use std::time::{Duration, Instant};

use crate::capture::{Event, Frame, LinkType, PacketSource};
use crate::decode::{DecodeOptions, Decoder};
use crate::limits::Limits;

/// What the first packets were like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Frames looked at.
    pub frames: u64,
    /// Frames whose flow the kernel cannot see.
    pub hidden: u64,
}

impl Survey {
    /// Frames that are enough.
    const FRAMES: u64 = 20_000;

    /// Looks at what comes, for no longer than `span`. The frames are gone then.
    pub fn of(source: &mut dyn PacketSource, options: &DecodeOptions, limits: &Limits, span: Duration) -> Self {
        let mut decoder = Decoder::new(limits, options);
        let mut survey = Self::default();
        let mut labelled = 0;
        let until = Instant::now() + span;
        while survey.frames < Self::FRAMES && Instant::now() < until {
            match source.next() {
                Ok(Event::Frame(frame)) => {
                    survey.frames += 1;
                    labelled += u64::from(is_labelled(&frame));
                    let _ = decoder.decode(&frame);
                }
                Ok(Event::Idle(_)) => {}
                Ok(Event::End) | Err(_) => break,
            }
        }
        survey.hidden = labelled + decoder.counts().tunnels.values().sum::<u64>();
        survey
    }
}

/// MPLS behind Ethernet and its VLAN tags: each direction has labels of its own.
fn is_labelled(frame: &Frame<'_>) -> bool {
    if frame.link != LinkType::ETHERNET {
        return false;
    }
    let kinds = frame.bytes.get(12..).unwrap_or_default().chunks_exact(2).step_by(2).take(3);
    for kind in kinds {
        match kind {
            [0x88, 0x47 | 0x48] => return true,
            [0x81, 0x00] | [0x88 | 0x91 | 0x92, 0xa8 | 0x00] => {}
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::MemorySource;
    use crate::time::Timestamp;

    fn surveyed(frames: &[Vec<u8>]) -> Survey {
        let mut source = MemorySource::new();
        for bytes in frames {
            source.push(&Frame { time: Timestamp::ZERO, link: LinkType::ETHERNET, wire_len: 0, bytes });
        }
        Survey::of(&mut source, &DecodeOptions::default(), &Limits::default(), Duration::from_secs(60))
    }

    fn ethernet(kinds: &[u16], inside: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2; 12];
        for (at, kind) in kinds.iter().enumerate() {
            // What stands between two kinds is a tag.
            bytes.extend(if at > 0 { &[0, 7][..] } else { &[] });
            bytes.extend(kind.to_be_bytes());
        }
        bytes.extend(inside);
        bytes
    }

    fn ip(protocol: u8, inside: &[u8]) -> Vec<u8> {
        let length = u16::try_from(20 + inside.len()).unwrap().to_be_bytes();
        let mut bytes = vec![0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        bytes.extend(inside);
        bytes
    }

    #[test]
    fn what_hides_flows_is_seen() {
        // Catches kernel fan-out that tears connections apart.
        let tcp = ip(6, &[0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
        let plain =
            [ethernet(&[0x0800], &tcp), ethernet(&[0x8100, 0x0800], &tcp), ethernet(&[0x88a8, 0x8100, 0x0800], &tcp)];
        assert_eq!(surveyed(&plain), Survey { frames: 3, hidden: 0 });
        let hidden = [
            ethernet(&[0x0800], &ip(4, &tcp)),
            ethernet(&[0x8847], &[0, 1, 0x01, 64]),
            ethernet(&[0x8100, 0x8847], &[0, 1, 0x01, 64]),
        ];
        assert_eq!(surveyed(&hidden), Survey { frames: 3, hidden: 3 });
    }
}
