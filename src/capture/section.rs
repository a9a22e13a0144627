//! What one section of a pcapng file says of itself, and what its blocks mean under it.
//!
//! In: one whole block, both of its lengths checked. Out: a packet's place and time, secrets, or nothing.
//! The interfaces live here: each has its own link type, snap length and clock.

use std::fmt;

use pcap_parser::{
    Block, OptionCode, PcapNGOption, parse_block_be, parse_block_le, parse_sectionheaderblock_be,
    parse_sectionheaderblock_le,
};

use super::frame::LinkType;
use crate::time::Timestamp;

/// Byte order of a file or section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

/// One section: its byte order and interfaces.
#[derive(Debug)]
pub(super) struct Section {
    endian: Endian,
    /// By index; `None` stands for one whose description could not be read, so that the others keep their numbers.
    interfaces: Vec<Option<Interface>>,
    /// Losses that the blocks told and nobody fetched yet.
    dropped: u64,
}

/// What a block held.
#[derive(Debug)]
pub(super) enum Content {
    /// A packet; `start` counts from the block's first byte.
    Packet { time: Timestamp, link: LinkType, wire_len: u32, start: usize, len: usize },
    /// Keys for the TLS room.
    Secrets(Secrets),
    /// Nothing that anybody needs.
    Nothing,
}

/// A Decryption Secrets Block: keys that somebody put into the capture.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// What kind (0x544c534b: a TLS key log).
    pub kind: u32,
    /// The secrets themselves. Never to be printed.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    /// 0: no limit.
    snaplen: u32,
    clock: InterfaceClock,
    /// Losses told so far; the statistics blocks count from the capture's start.
    dropped: u64,
}

/// How an interface's ticks become nanoseconds.
#[derive(Clone, Copy, Debug)]
struct InterfaceClock {
    tick: Tick,
    /// Seconds to add.
    offset: i64,
}

#[derive(Clone, Copy, Debug)]
enum Tick {
    /// So many nanoseconds each.
    Longer(u64),
    /// So many to the nanosecond.
    Shorter(u128),
    /// A second is two to this power of them.
    Binary(u8),
}

impl Section {
    /// More interfaces than this are not believed.
    const INTERFACES: usize = 65_536;

    pub(super) const fn endian(&self) -> Endian {
        self.endian
    }

    /// A new section: everything said before is void.
    pub(super) fn begin(&mut self, endian: Endian) {
        self.endian = endian;
        self.interfaces.clear();
    }

    /// Losses told since the last call.
    #[inline]
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Reads one block, from its type to its second length.
    pub(super) fn read(&mut self, block: &[u8]) -> Result<Content, &'static str> {
        match self.endian.u32_at(block, 0) {
            Some(6) => self.enhanced(block),
            Some(3) => self.simple(block),
            Some(2) => self.old(block),
            Some(1) => self.interface(block),
            Some(5) => self.statistics(block),
            Some(10) => self.secrets(block),
            Some(0x0a0d_0d0a) => {
                let read = match self.endian {
                    Endian::Little => parse_sectionheaderblock_le(block),
                    Endian::Big => parse_sectionheaderblock_be(block),
                };
                match read {
                    Ok((_, header)) if header.major_version == 1 => Ok(Content::Nothing),
                    Ok(_) => Err("a section of an unknown version"),
                    Err(_) => Err("a section header that cannot be read"),
                }
            }
            _ => Ok(Content::Nothing),
        }
    }

    // Packet blocks are read by hand: pcap-parser collects the options of each into a vector, and knows no
    // old packet blocks.
    #[inline]
    fn enhanced(&self, block: &[u8]) -> Result<Content, &'static str> {
        let word = |at| self.endian.u32_at(block, at).ok_or("a packet block too short for its header");
        let (id, high, low, captured, wire) = (word(8)?, word(12)?, word(16)?, word(20)?, word(24)?);
        self.packet(block, id, (high, low), captured, wire)
    }

    // RFC draft-ietf-opsawg-pcapng section 4.4: no time, always interface 0, length from the snap length.
    fn simple(&self, block: &[u8]) -> Result<Content, &'static str> {
        let wire = self.endian.u32_at(block, 8).ok_or("a packet block too short for its header")?;
        let interface = self.known(0)?;
        let room = block.len().saturating_sub(16);
        let mut len = (wire as usize).min(room);
        if interface.snaplen != 0 {
            len = len.min(interface.snaplen as usize);
        }
        Ok(Content::Packet {
            time: Timestamp::ZERO,
            link: interface.link,
            wire_len: wire.max(len as u32),
            start: 12,
            len,
        })
    }

    fn old(&mut self, block: &[u8]) -> Result<Content, &'static str> {
        let word = |at| self.endian.u32_at(block, at).ok_or("a packet block too short for its header");
        let half = |at| self.endian.u16_at(block, at).ok_or("a packet block too short for its header");
        let (id, drops) = (half(8)?, half(10)?);
        let (high, low, captured, wire) = (word(12)?, word(16)?, word(20)?, word(24)?);
        // All ones: not known.
        if drops != u16::MAX {
            self.dropped = self.dropped.saturating_add(u64::from(drops));
        }
        self.packet(block, u32::from(id), (high, low), captured, wire)
    }

    #[inline]
    fn packet(
        &self,
        block: &[u8],
        id: u32,
        (high, low): (u32, u32),
        captured: u32,
        wire: u32,
    ) -> Result<Content, &'static str> {
        let interface = self.known(id)?;
        let len = captured as usize;
        // 28 before the data, 4 for the second length.
        if len > block.len().saturating_sub(32) {
            return Err("a packet longer than its block");
        }
        let time = interface.clock.read(u64::from(high) << 32 | u64::from(low));
        Ok(Content::Packet { time, link: interface.link, wire_len: wire.max(captured), start: 28, len })
    }

    #[inline]
    fn known(&self, id: u32) -> Result<&Interface, &'static str> {
        self.interfaces.get(id as usize).and_then(Option::as_ref).ok_or("a packet of an interface never described")
    }

    fn interface(&mut self, block: &[u8]) -> Result<Content, &'static str> {
        if self.interfaces.len() >= Self::INTERFACES {
            return Err("too many interfaces");
        }
        let Some(Block::InterfaceDescription(described)) = self.parse(block) else {
            self.interfaces.push(None);
            return Err("an interface description that cannot be read");
        };
        let clock = InterfaceClock {
            tick: Tick::from_option(self.option(&described.options, OptionCode::IfTsresol)),
            offset: self
                .option(&described.options, OptionCode::IfTsoffset)
                .and_then(|value| self.endian.u64_at(value, 0))
                .map_or(0, u64::cast_signed),
        };
        self.interfaces.push(Some(Interface {
            link: LinkType((described.linktype.0.cast_unsigned() & 0xffff) as u16),
            snaplen: described.snaplen,
            clock,
            dropped: 0,
        }));
        Ok(Content::Nothing)
    }

    fn statistics(&mut self, block: &[u8]) -> Result<Content, &'static str> {
        let Some(Block::InterfaceStatistics(told)) = self.parse(block) else {
            return Err("interface statistics that cannot be read");
        };
        let count = |code| self.option(&told.options, code).and_then(|value| self.endian.u64_at(value, 0)).unwrap_or(0);
        let total = count(OptionCode::IsbIfDrop).saturating_add(count(OptionCode::IsbOsDrop));
        let Some(Some(interface)) = self.interfaces.get_mut(told.if_id as usize) else {
            return Err("statistics of an interface never described");
        };
        self.dropped = self.dropped.saturating_add(total.saturating_sub(interface.dropped));
        interface.dropped = interface.dropped.max(total);
        Ok(Content::Nothing)
    }

    fn secrets(&self, block: &[u8]) -> Result<Content, &'static str> {
        let Some(Block::DecryptionSecrets(told)) = self.parse(block) else {
            return Err("a secrets block that cannot be read");
        };
        let bytes = told.data.get(..told.secrets_len as usize).unwrap_or(told.data);
        Ok(Content::Secrets(Secrets { kind: told.secrets_type.0, bytes: bytes.to_vec() }))
    }

    fn parse<'a>(&self, block: &'a [u8]) -> Option<Block<'a>> {
        let parse = match self.endian {
            Endian::Little => parse_block_le,
            Endian::Big => parse_block_be,
        };
        parse(block).ok().map(|(_, block)| block)
    }

    // pcap-parser reads option values as little-endian whatever the section says, hence the bytes.
    fn option<'a>(&self, options: &'a [PcapNGOption<'_>], code: OptionCode) -> Option<&'a [u8]> {
        options.iter().find(|option| option.code == code).and_then(|option| option.as_bytes().ok())
    }
}

impl Default for Section {
    fn default() -> Self {
        Self { endian: Endian::Little, interfaces: Vec::new(), dropped: 0 }
    }
}

impl Endian {
    /// `Some` when a section header begins here; what is inside is its byte order, if it has one.
    pub(super) fn of_section(bytes: &[u8]) -> Option<Option<Self>> {
        if bytes.get(..4) != Some(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            return None;
        }
        Some(match bytes.get(8..12) {
            Some([0x4d, 0x3c, 0x2b, 0x1a]) => Some(Self::Little),
            Some([0x1a, 0x2b, 0x3c, 0x4d]) => Some(Self::Big),
            _ => None,
        })
    }

    #[inline]
    pub(super) fn u16_at(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    #[inline]
    pub(super) fn u32_at(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }

    pub(super) fn u64_at(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        })
    }
}

impl InterfaceClock {
    #[inline]
    fn read(self, ticks: u64) -> Timestamp {
        let nanos = match self.tick {
            Tick::Longer(length) => ticks.saturating_mul(length),
            Tick::Shorter(count) => u64::try_from(u128::from(ticks) / count).unwrap_or(u64::MAX),
            Tick::Binary(power) => u64::try_from((u128::from(ticks) * 1_000_000_000) >> power).unwrap_or(u64::MAX),
        };
        let shift = self.offset.unsigned_abs().saturating_mul(1_000_000_000);
        Timestamp::from_nanos(if self.offset < 0 { nanos.saturating_sub(shift) } else { nanos.saturating_add(shift) })
    }
}

impl Tick {
    /// From `if_tsresol`: a negative power of ten, or of two when its top bit is set; microseconds when absent.
    /// Every value means something: ticks finer than any clock only divide further.
    fn from_option(value: Option<&[u8]>) -> Self {
        match value.and_then(|value| value.first().copied()).unwrap_or(6) {
            power @ 0..=9 => Self::Longer(10_u64.pow(u32::from(9 - power))),
            power @ 10..=0x7f => Self::Shorter(10_u128.checked_pow(u32::from(power - 9)).unwrap_or(u128::MAX)),
            power => Self::Binary(power & 0x7f),
        }
    }
}

impl Secrets {
    /// What keeping it costs.
    pub(super) const fn cost(&self) -> usize {
        self.bytes.len() + size_of::<Self>()
    }
}

impl fmt::Debug for Secrets {
    /// Says how much there is, never what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("kind", &self.kind).field("bytes", &self.bytes.len()).finish()
    }
}
