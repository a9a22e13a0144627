//! A mirror port at its worst: packets doubled, swapped with their neighbours, split in two. Their times travel along.

use shadowtap::capture::{Frame, LinkType, MemorySource};

/// A small generator, so that a failing seed can be run again (xorshift64*, Vigna 2016).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % bound
    }
}

/// What is done to the packets.
#[derive(Clone, Copy)]
pub struct Mangle {
    pub double: bool,
    pub swap: bool,
    pub split: bool,
}

impl Mangle {
    /// Mangles a whole capture.
    pub fn apply(self, frames: &MemorySource, seed: u64) -> MemorySource {
        let mut random = Random::new(seed);
        let mut out: Vec<(u64, Frame<'_>)> = Vec::new();
        let mut halves: Vec<(u64, Frame<'_>, Vec<u8>)> = Vec::new();
        for (at, frame) in (0..).map_while(|at| frames.frame(at)).enumerate() {
            let place = at as u64 * 4 + if self.swap { random.below(32) } else { 0 };
            let parts = if self.split && random.below(3) == 0 { split(&frame, &mut random) } else { None };
            match parts {
                Some((first, second)) => {
                    halves.push((place, frame, first));
                    halves.push((place + if self.swap { random.below(24) } else { 0 }, frame, second));
                }
                None => out.push((place, frame)),
            }
            if self.double {
                out.push((place + random.below(32), frame));
            }
        }
        let split: Vec<(u64, Frame<'_>)> = halves
            .iter()
            .map(|(place, frame, bytes)| (*place, Frame { bytes, wire_len: bytes.len() as u32, ..*frame }))
            .collect();
        out.extend(split);
        out.sort_by_key(|(place, _)| *place);
        let mut mangled = MemorySource::new();
        out.iter().for_each(|(_, frame)| mangled.push(frame));
        mangled
    }
}

/// One TCP segment as two, the second following the first. Checksums are left wrong: nobody verifies them.
fn split(frame: &Frame<'_>, random: &mut Random) -> Option<(Vec<u8>, Vec<u8>)> {
    if frame.wire_len as usize != frame.bytes.len() {
        return None;
    }
    let bytes = frame.bytes;
    let mut ip = match frame.link {
        LinkType::ETHERNET => 14,
        LinkType::LINUX_SLL2 => 20,
        _ => return None,
    };
    while frame.link == LinkType::ETHERNET && bytes.get(ip - 2..ip)? == [0x81, 0x00] {
        ip += 4;
    }
    let (tcp, end) = match bytes.get(ip)? >> 4 {
        4 => {
            let total = u16::from_be_bytes([bytes[ip + 2], bytes[ip + 3]]) as usize;
            (ip + usize::from(bytes[ip] & 15) * 4, ip + total)
        }
        6 => (ip + 40, ip + 40 + u16::from_be_bytes([bytes[ip + 4], bytes[ip + 5]]) as usize),
        _ => return None,
    };
    let protocol = if bytes[ip] >> 4 == 4 { bytes[ip + 9] } else { bytes[ip + 6] };
    if protocol != 6 {
        return None;
    }
    let data = tcp + usize::from(bytes.get(tcp + 12)? >> 4) * 4;
    let payload = bytes.get(data..end)?;
    if payload.len() < 2 || bytes[tcp + 13] & 0x02 != 0 {
        return None;
    }
    let cut = 1 + random.below(payload.len() as u64 - 1) as usize;
    let build = |from: usize, to: usize, last: bool| {
        let mut packet = bytes[..data].to_vec();
        packet.extend_from_slice(&payload[from..to]);
        let seq = u32::from_be_bytes(packet[tcp + 4..tcp + 8].try_into().ok()?).wrapping_add(from as u32);
        packet[tcp + 4..tcp + 8].copy_from_slice(&seq.to_be_bytes());
        if !last {
            packet[tcp + 13] &= !0x09; // FIN and PSH belong to the last byte.
        }
        if bytes[ip] >> 4 == 4 {
            let total = (packet.len() - ip) as u16;
            packet[ip + 2..ip + 4].copy_from_slice(&total.to_be_bytes());
        } else {
            let rest = (packet.len() - ip - 40) as u16;
            packet[ip + 4..ip + 6].copy_from_slice(&rest.to_be_bytes());
        }
        Some(packet)
    };
    Some((build(0, cut, false)?, build(cut, payload.len(), true)?))
}
