//! Capture files as blocks: pcap records and pcapng blocks, one after the other, frames borrowed.
//!
//! In: an unpacked stream. Out: one frame at hand at a time, or what is wrong and where. What a pcapng section
//! says of itself (interfaces, clocks, drops, secrets) is kept in `section.rs`. The formats are read with
//! `pcap-parser`; only the framing is checked here first, because its parsers take a lying length for a block
//! that has not come yet.

use std::io::Read;

use pcap_parser::nom::IResult;
use pcap_parser::{
    LegacyPcapBlock, PcapError, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};

use super::frame::{Frame, LinkType};
use super::section::{Content, Endian, Secrets, Section};
use super::window::{Ending, Window};
use crate::time::Timestamp;

/// Reads frames out of one stream.
pub(super) struct Blocks<R> {
    window: Window<R>,
    format: Format,
    /// Bytes of the block whose frame is lent out; it is let go at the next step.
    used: usize,
    head: Head,
    /// A block was already reported as damaged; the others of this stream are only counted.
    told: bool,
    /// What became of the stream so far.
    pub(super) tally: Tally,
    /// Secrets met and not fetched yet.
    pub(super) secrets: Vec<Secrets>,
    /// Bytes of secrets that may still be kept.
    secrets_room: usize,
}

/// What was counted on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Frames the capturing machine says it lost.
    pub(super) dropped: u64,
    /// Blocks that made no sense.
    pub(super) damaged: u64,
    /// Secrets blocks met.
    pub(super) secrets: u64,
    /// The stream ended inside a block.
    pub(super) cut: bool,
}

/// What is wrong with a stream.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Not a capture; its first bytes in hex.
    NotACapture(String),
    /// Damaged at this offset.
    Damaged(u64, String),
    /// Reading failed at this offset.
    Failed(u64, std::io::Error),
}

/// The frame at hand, as a place in the window.
#[derive(Clone, Copy)]
struct Head {
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    start: usize,
    len: usize,
}

enum Format {
    Unknown,
    Pcap(Records),
    Pcapng(Section),
    Over,
}

type Parse = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;

/// A pcap file: every record looks the same.
#[derive(Clone, Copy)]
struct Records {
    link: LinkType,
    endian: Endian,
    /// Nanoseconds in one unit of the fraction.
    unit: u64,
    /// Length of a record's head: 16, or 24 in the modified format of patched libpcaps around 1999.
    head: usize,
    /// A longer record is damage.
    longest: usize,
    parse: Parse,
}

impl<R: Read> Blocks<R> {
    /// No block is longer than this; a length past it is a lie.
    pub(super) const LONGEST: usize = 16 << 20;
    /// What libpcap lets a frame be at most, unless the file says more.
    const LONGEST_FRAME: usize = 256 << 10;

    /// A reader whose window is `floor` bytes and grows to `ceiling` when a block needs it.
    pub(super) fn new(input: R, floor: usize, ceiling: usize, secrets_room: usize) -> Self {
        Self {
            window: Window::new(input, floor, ceiling.min(Self::LONGEST)),
            format: Format::Unknown,
            used: 0,
            head: Head { time: Timestamp::ZERO, link: LinkType::NULL, wire_len: 0, start: 0, len: 0 },
            told: false,
            tally: Tally::default(),
            secrets: Vec::new(),
            secrets_room,
        }
    }

    /// Moves to the next frame; false at the end. The frame before it is gone.
    ///
    /// After an error the next step goes on where it can. A stream has at most two: the first block that made no
    /// sense, and the place from which on nothing does. Allocates nothing for a packet.
    #[inline]
    pub(super) fn step(&mut self) -> Result<bool, Trouble> {
        self.window.consume(std::mem::take(&mut self.used) as u64);
        loop {
            match &self.format {
                Format::Pcap(records) => return self.record(*records),
                Format::Pcapng(_) => {
                    if let Some(step) = self.block().transpose() {
                        return step;
                    }
                }
                Format::Unknown => self.begin()?,
                Format::Over => return Ok(false),
            }
        }
    }

    /// The frame that the last step moved to.
    #[inline]
    pub(super) fn frame(&self) -> Frame<'_> {
        let Head { time, link, wire_len, start, len } = self.head;
        let bytes = self.window.bytes().get(start..start + len).unwrap_or_default();
        Frame { time, link, wire_len, bytes }
    }

    /// Its time.
    #[inline]
    pub(super) const fn time(&self) -> Timestamp {
        self.head.time
    }

    fn begin(&mut self) -> Result<(), Trouble> {
        self.window.want(4);
        let known = Endian::of_section(self.window.bytes()).is_some() || is_pcap(self.window.bytes());
        if !known {
            self.format = Format::Over;
            if let Ending::Failed(error) = self.window.take_ending() {
                return Err(Trouble::Failed(self.window.offset(), error));
            }
            let start = self.window.bytes();
            return Err(Trouble::NotACapture(hex(start.get(..4).unwrap_or(start))));
        }
        if !is_pcap(self.window.bytes()) {
            self.format = Format::Pcapng(Section::default());
            return Ok(());
        }
        self.window.want(24);
        let Ok((_, header)) = parse_pcap_header(self.window.bytes()) else {
            return Err(self.fatal("the file ends inside its header"));
        };
        let modified = header.is_modified_format();
        let (endian, parse): (Endian, Parse) = match (modified, header.is_bigendian()) {
            (true, _) => (Endian::Little, parse_pcap_frame_modified),
            (false, true) => (Endian::Big, parse_pcap_frame_be),
            (false, false) => (Endian::Little, parse_pcap_frame),
        };
        let snaplen = usize::try_from(header.snaplen).unwrap_or(usize::MAX);
        self.format = Format::Pcap(Records {
            // The upper half of the field holds the length of the frame check sequence.
            link: LinkType((header.network.0.cast_unsigned() & 0xffff) as u16),
            endian,
            unit: if header.is_nanosecond_precision() { 1 } else { 1_000 },
            head: if modified { 24 } else { 16 },
            longest: snaplen.clamp(Self::LONGEST_FRAME, Self::LONGEST),
            parse,
        });
        self.window.consume(header.size() as u64);
        Ok(())
    }

    #[inline]
    fn record(&mut self, records: Records) -> Result<bool, Trouble> {
        if !self.window.want(records.head) {
            return self.end();
        }
        let captured = records.endian.u32_at(self.window.bytes(), 8).unwrap_or(u32::MAX) as usize;
        if captured > records.longest || captured + records.head > self.window.ceiling() {
            return Err(self.fatal(&format!("a packet claims {captured} captured bytes")));
        }
        if !self.window.want(records.head + captured) {
            return self.end();
        }
        let Ok((_, record)) = (records.parse)(self.window.bytes()) else {
            return Err(self.fatal("a packet record cannot be read"));
        };
        self.head = Head {
            time: Timestamp::from_parts(u64::from(record.ts_sec), u64::from(record.ts_usec) * records.unit),
            link: records.link,
            wire_len: record.origlen.max(record.caplen),
            start: records.head,
            len: captured,
        };
        self.used = records.head + captured;
        Ok(true)
    }

    /// Reads one pcapng block: `Some(true)` when it held a frame, `Some(false)` at the end.
    fn block(&mut self) -> Result<Option<bool>, Trouble> {
        self.window.consume(std::mem::take(&mut self.used) as u64);
        if !self.window.want(12) {
            return self.end().map(Some);
        }
        let Format::Pcapng(section) = &mut self.format else { return Ok(None) };
        let bytes = self.window.bytes();
        if let Some(endian) = Endian::of_section(bytes) {
            match endian {
                Some(endian) => section.begin(endian),
                None => return Err(self.fatal("a section header without a byte order")),
            }
        }
        let endian = section.endian();
        let length = endian.u32_at(bytes, 4).unwrap_or(0) as usize;
        if !(12..=Self::LONGEST).contains(&length) {
            return Err(self.fatal(&format!("a block claims a length of {length} bytes")));
        }
        if length > self.window.ceiling() {
            let trouble = self.damaged(&format!("a block of {length} bytes is longer than the reader has room for"));
            self.window.consume(length as u64);
            return trouble;
        }
        if !self.window.want(length) {
            return self.end().map(Some);
        }
        let block = self.window.bytes().get(..length).unwrap_or_default();
        if endian.u32_at(block, length - 4) != Some(length as u32) {
            if !length.is_multiple_of(4) {
                return Err(self.fatal(&format!("a block claims a length of {length} bytes")));
            }
            self.used = length;
            return self.damaged("the two lengths of a block differ");
        }
        self.used = length;
        let Format::Pcapng(section) = &mut self.format else { return Ok(None) };
        match section.read(block) {
            Ok(Content::Packet { time, link, wire_len, start, len }) => {
                self.head = Head { time, link, wire_len, start, len };
                self.tally.dropped = self.tally.dropped.saturating_add(section.take_dropped());
                Ok(Some(true))
            }
            Ok(Content::Secrets(secrets)) => {
                self.tally.secrets += 1;
                if let Some(room) = self.secrets_room.checked_sub(secrets.cost()) {
                    self.secrets_room = room;
                    self.secrets.push(secrets);
                }
                Ok(None)
            }
            Ok(Content::Nothing) => {
                self.tally.dropped = self.tally.dropped.saturating_add(section.take_dropped());
                Ok(None)
            }
            Err(what) => self.damaged(what),
        }
    }

    /// The stream is over, inside a block or not.
    fn end(&mut self) -> Result<bool, Trouble> {
        self.format = Format::Over;
        match self.window.take_ending() {
            Ending::Failed(error) => {
                Err(Trouble::Failed(self.window.offset() + self.window.bytes().len() as u64, error))
            }
            // More than a packet may be gone: nobody knows how much.
            Ending::Cut => {
                let what = "its gzip or zstd stream has no end: the file was cut";
                let at = self.window.offset() + self.window.bytes().len() as u64;
                Err(Trouble::Failed(at, std::io::Error::new(std::io::ErrorKind::UnexpectedEof, what)))
            }
            Ending::Whole => {
                self.tally.cut = !self.window.bytes().is_empty();
                Ok(false)
            }
        }
    }

    /// A block that made no sense is passed over; the first is told.
    fn damaged(&mut self, what: &str) -> Result<Option<bool>, Trouble> {
        self.tally.damaged += 1;
        if std::mem::replace(&mut self.told, true) {
            return Ok(None);
        }
        Err(Trouble::Damaged(self.window.offset(), format!("{what}; it was passed over")))
    }

    /// From here on nothing can be made out.
    #[cold]
    fn fatal(&mut self, what: &str) -> Trouble {
        self.tally.damaged += 1;
        self.format = Format::Over;
        Trouble::Damaged(self.window.offset(), format!("{what}; what follows cannot be read"))
    }
}

/// Whether a stream that begins so is a capture.
pub(super) fn is_capture(start: &[u8]) -> bool {
    is_pcap(start) || Endian::of_section(start).is_some()
}

fn is_pcap(start: &[u8]) -> bool {
    const MAGICS: [[u8; 4]; 5] = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x34, 0xcd, 0xb2, 0xa1],
    ];
    start.first_chunk().is_some_and(|magic| MAGICS.contains(magic))
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "none".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
