//! Unpacks the sample of a body: gzip, deflate, br and zstd, one over another; and text out of UTF-16.
//!
//! In: the first bytes of a body, its Content-Encoding and its Transfer-Encoding (chunks are joined already). Out: the first bytes of what was packed, and whether that
//! is all of it. Every byte is an attacker's: output is bounded whatever the input promises, and so is the window
//! that a decoder sets aside. The two buffers are used again.

use std::io::Read;

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::charset::{to_utf8, utf16};
use crate::proto::{Message, is_named};

/// Unpacks, and owns the room for it.
#[derive(Debug, Default)]
pub(super) struct Unpacker {
    /// What the last step gave.
    out: Vec<u8>,
    /// What the step before gave, while there are several.
    before: Vec<u8>,
    /// The same in UTF-8, where it was UTF-16.
    text: Vec<u8>,
}

impl Unpacker {
    /// The body of a message without its codings, at most `most` bytes of it, in UTF-8 where it was UTF-16. `None` when a
    /// coding is unknown or there are too many: then nothing can be said of the content.
    pub(super) fn unpack<'x>(&'x mut self, message: &'x Message, most: usize) -> Option<(&'x [u8], TextEnd)> {
        let Self { out, before, text } = self;
        let (body, end) = without_codings((out, before), message, most)?;
        let Some((order, rest)) = utf16(body, || message.field("content-type")) else { return Some((body, end)) };
        let end = to_utf8(rest, (order, end), most, text);
        Some((text, end))
    }
}

fn without_codings<'x>(
    (out, before): (&'x mut Vec<u8>, &'x mut Vec<u8>),
    message: &'x Message,
    most: usize,
) -> Option<(&'x [u8], TextEnd)> {
    let mut end = if message.body_whole { TextEnd::Whole } else { TextEnd::Cut };
    let (codings, count) = codings(message)?;
    if count == 0 {
        let plain = message.body.get(..most);
        return Some(plain.map_or((message.body.as_slice(), end), |cut| (cut, TextEnd::Cut)));
    }
    // Codings are named in the order in which they were laid on (RFC 9110 section 8.4).
    for (step, coding) in codings.get(..count)?.iter().rev().enumerate() {
        let last = step + 1 == count;
        std::mem::swap(out, before);
        out.clear();
        let packed = if step == 0 { message.body.as_slice() } else { before.as_slice() };
        // What is packed hardly packs again. Were each step given all the room, a few hundred bytes of the wire could
        // have the next step work through the whole of it, bit by bit, and give nothing.
        let room =
            if last { most } else { most.min(packed.len().saturating_mul(BETWEEN).saturating_add(BETWEEN_MORE)) };
        if !coding.unpack(packed, room, out) {
            end = TextEnd::Cut;
        }
    }
    Some((out, end))
}

/// The codings of a message are known, and not too many.
pub(super) fn is_readable(message: &Message) -> bool {
    codings(message).is_some()
}

/// The bytes of a body may be packed: they need not be what its type says.
pub(super) fn is_packed(message: &Message) -> bool {
    codings(message).is_none_or(|(_, count)| count > 0)
}

/// The codings of a message in the order in which they were laid on: of its content, then of its transfer.
fn codings(message: &Message) -> Option<([Coding; MOST_CODINGS], usize)> {
    let mut codings = [Coding::Gzip; MOST_CODINGS];
    let mut count = 0;
    let fields = message.fields().filter(|(name, _)| is_named(name, b"content-encoding"));
    for name in fields.flat_map(|(_, value)| value.split(|b| *b == b',')) {
        *codings.get_mut(count)? = match name.trim_ascii() {
            name if name.is_empty() || name.eq_ignore_ascii_case(b"identity") => continue,
            name => Coding::named(&name.to_ascii_lowercase())?,
        };
        count += 1;
    }
    // Few who read a transfer undo more than chunks, and who hides a body might only say that it is packed: its bytes decide.
    let outermost = transfer_codings(message).last().and_then(|name| Coding::named(&name.to_ascii_lowercase()));
    if outermost.is_some_and(|coding| coding.begins(&message.body)) {
        for name in transfer_codings(message) {
            *codings.get_mut(count)? = Coding::named(&name.to_ascii_lowercase())?;
            count += 1;
        }
    }
    Some((codings, count))
}

/// Transfer codings other than chunks (RFC 9112 section 7). A name that nobody registered is a matter of framing, and is counted there.
fn transfer_codings(message: &Message) -> impl Iterator<Item = &[u8]> {
    let fields = message.fields().filter(|(name, _)| is_named(name, b"transfer-encoding"));
    fields.flat_map(|(_, value)| value.split(|b| *b == b',')).filter_map(|coding| {
        let name = coding.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        TRANSFER_CODINGS.iter().any(|known| name.eq_ignore_ascii_case(known)).then_some(name)
    })
}

/// How a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextEnd {
    /// By itself.
    Whole,
    /// By a bound, a hole, or the end of the capture.
    Cut,
}

#[derive(Clone, Copy, Debug)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"deflate" => Some(Self::Deflate),
            b"br" => Some(Self::Brotli),
            b"zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// A body begins so. Of codings that have no mark of their own, any does.
    fn begins(self, body: &[u8]) -> bool {
        match self {
            Self::Gzip => body.starts_with(&[0x1f, 0x8b]),
            Self::Deflate => is_zlib(body),
            Self::Brotli | Self::Zstd => true,
        }
    }

    /// Unpacks what it can, at most `most` bytes; true when that was all and in order.
    fn unpack(self, packed: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Gzip => pour(MultiGzDecoder::new(packed), most, out),
            // RFC 9110 section 8.4.1.2 means zlib; some senders mean bare deflate.
            Self::Deflate if is_zlib(packed) => pour(ZlibDecoder::new(packed), most, out),
            Self::Deflate => pour(DeflateDecoder::new(packed), most, out),
            // The large-window extension (up to 1 GiB) is not part of `br`.
            Self::Brotli if packed.first().is_some_and(|first| first & 0x7f == 0x11) => false,
            Self::Brotli => pour(Decompressor::new(packed, BROTLI_BUFFER), most, out),
            Self::Zstd => match zstd::stream::read::Decoder::with_buffer(packed) {
                Ok(mut decoder) => decoder.window_log_max(ZSTD_WINDOW_LOG).is_ok() && pour(decoder, most, out),
                Err(_) => false,
            },
        }
    }
}

/// RFC 1950 section 2.2: method 8, and a header that is a multiple of 31.
fn is_zlib(packed: &[u8]) -> bool {
    match packed {
        [method, flags, ..] => method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31),
        _ => false,
    }
}

/// Reads until the end, an error or the bound; what came before an error stays.
fn pour(decoder: impl Read, most: usize, out: &mut Vec<u8>) -> bool {
    // One byte more than the bound tells a full cup from one that runs over.
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let ended = decoder.take(bound).read_to_end(out).is_ok();
    let fits = out.len() <= most;
    out.truncate(most);
    ended && fits
}

/// Registered for transfers (RFC 9112 section 7.2), without `compress`, which nobody sends.
const TRANSFER_CODINGS: [&[u8]; 3] = [b"gzip", b"x-gzip", b"deflate"];
/// Codings laid one over another; more is an attack on the unpacker.
const MOST_CODINGS: usize = 3;
/// How many times its own length a step that is not the last may unpack to, and how much more.
const BETWEEN: usize = 4;
const BETWEEN_MORE: usize = 1024;
/// RFC 9659: a content coding of zstd needs a window of 8 MiB at most.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Input that the brotli decoder takes at a time.
const BROTLI_BUFFER: usize = 4096;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn message(coding: &str, body: &[u8]) -> Message {
        let mut message = Message::default();
        message.set_response(200, 11);
        message.push_field(b"Content-Encoding", coding.as_bytes());
        message.body.extend_from_slice(body);
        message.body_whole = true;
        message
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(plain, 3).unwrap()
    }

    /// `PLAIN` as the reference encoder packs it: window of 4 MiB, one block of literals.
    const BROTLI: &[u8] = &[
        0x0b, 0x08, 0x80, 0x7b, 0x22, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x22, 0x3a, 0x22, 0x77, 0x6f, 0x72, 0x6c, 0x64,
        0x22, 0x7d, 0x03,
    ];
    const PLAIN: &[u8] = br#"{"hello":"world"}"#;

    fn unpacked(message: &Message, most: usize) -> Option<(Vec<u8>, TextEnd)> {
        Unpacker::default().unpack(message, most).map(|(bytes, end)| (bytes.to_vec(), end))
    }

    /// A body with these fields.
    fn with_fields(fields: &[(&str, &str)], body: &[u8]) -> Message {
        let mut message = Message::default();
        message.set_response(200, 11);
        fields.iter().for_each(|(name, value)| message.push_field(name.as_bytes(), value.as_bytes()));
        message.body.extend_from_slice(body);
        message.body_whole = true;
        message
    }

    #[test]
    fn what_is_packed_for_its_transfer_is_unpacked_too() {
        // Catches bodies that a transfer coding hides, and ones that are lost because a field only says that they are packed.
        const TE: &str = "Transfer-Encoding";
        let whole = Some((PLAIN.to_vec(), TextEnd::Whole));
        for coding in ["gzip, chunked", "GZIP , chunked", "x-gzip;q=1, chunked", "gzip", ",gzip,,chunked"] {
            assert_eq!(unpacked(&with_fields(&[(TE, coding)], &gzip(PLAIN)), 999), whole, "{coding}");
        }
        assert_eq!(unpacked(&with_fields(&[(TE, "gzip"), (TE, "chunked")], &gzip(PLAIN)), 999), whole);
        assert_eq!(unpacked(&with_fields(&[(TE, "deflate, chunked")], &zlib(PLAIN)), 999), whole);
        let both = [(TE, "deflate, chunked"), ("Content-Encoding", "gzip")];
        assert_eq!(unpacked(&with_fields(&both, &zlib(&gzip(PLAIN))), 999), whole, "the content's lies below");
        for plain in [
            "chunked",
            "gzip, chunked",
            "deflate, chunked",
            "xchunked",
            "compress, chunked",
            "gzip, gzip, gzip, gzip, chunked",
        ] {
            assert_eq!(unpacked(&with_fields(&[(TE, plain)], PLAIN), 999), whole, "{plain}");
        }
        let only_said = [(TE, "gzip, chunked"), ("Content-Encoding", "deflate")];
        assert_eq!(unpacked(&with_fields(&only_said, &zlib(PLAIN)), 999), whole);
        let many = [(TE, "gzip, gzip"), ("Content-Encoding", "gzip, gzip")];
        assert_eq!(unpacked(&with_fields(&many, &gzip(PLAIN)), 999), None, "one bound for all");
        let bomb = gzip(&vec![b'a'; 1 << 20]);
        assert_eq!(unpacked(&with_fields(&[(TE, "gzip, chunked")], &bomb), 64), Some((vec![b'a'; 64], TextEnd::Cut)));
        assert!(
            is_packed(&with_fields(&[(TE, "gzip, chunked")], &gzip(PLAIN)))
                && !is_packed(&with_fields(&[(TE, "chunked")], b""))
        );
    }

    #[test]
    fn every_coding_gives_back_what_was_packed() {
        let whole = Some((PLAIN.to_vec(), TextEnd::Whole));
        assert_eq!(unpacked(&message("gzip", &gzip(PLAIN)), 999), whole);
        assert_eq!(unpacked(&message("X-GZIP", &gzip(PLAIN)), 999), whole);
        assert_eq!(unpacked(&message("deflate", &zlib(PLAIN)), 999), whole);
        assert_eq!(unpacked(&message("deflate", &deflate(PLAIN)), 999), whole);
        assert_eq!(unpacked(&message("zstd", &zstd(PLAIN)), 999), whole);
        assert_eq!(unpacked(&message("br", BROTLI), 999), whole);
        assert_eq!(unpacked(&message("identity", PLAIN), 999), whole);
        assert_eq!(unpacked(&message("", PLAIN), 999), whole);
        // Laid on in this order, taken off in the other.
        assert_eq!(unpacked(&message("deflate, gzip, zstd", &zstd(&gzip(&zlib(PLAIN)))), 999), whole);
    }

    #[test]
    fn text_in_utf_16_comes_out_as_utf_8() {
        let coded: Vec<u8> = "\u{feff}{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let whole = |text: &str| Some((text.as_bytes().to_vec(), TextEnd::Whole));
        assert_eq!(unpacked(&message("", &coded), 999), whole("{\"a\":1}"));
        assert_eq!(unpacked(&message("gzip", &gzip(&coded)), 999), whole("{\"a\":1}"));
        assert_eq!(unpacked(&message("gzip", &gzip(&coded)), 10), Some((b"{\"a\"".to_vec(), TextEnd::Cut)));
        let mut said = message("", &coded[2..]);
        said.push_field(b"Content-Type", b"application/json; charset=utf-16");
        assert_eq!(unpacked(&said, 999), whole("{\"a\":1}"));
    }

    #[test]
    fn what_cannot_be_unpacked_is_not_guessed_at() {
        assert_eq!(unpacked(&message("compress", PLAIN), 999), None);
        assert_eq!(unpacked(&message("gzip,gzip,gzip,gzip", PLAIN), 999), None);
        assert_eq!(unpacked(&message("gzip", PLAIN), 999), Some((Vec::new(), TextEnd::Cut)));
    }

    #[test]
    fn a_cut_body_gives_what_it_holds() {
        // Catches a decoder that throws away what came before the cut.
        let plain: Vec<u8> = (0..20_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
        for (coding, packed) in [("gzip", gzip(&plain)), ("deflate", zlib(&plain)), ("zstd", zstd(&plain))] {
            for share in [2, 3, 5] {
                // A zstd block is 128 KiB of plain text and comes whole or not at all.
                let cut = &packed[..packed.len() - packed.len() / share / 4];
                let (got, end) = unpacked(&message(coding, cut), 1 << 20).unwrap();
                assert_eq!(end, TextEnd::Cut, "{coding}");
                assert!(plain.starts_with(&got) && (coding == "zstd" || got.len() > plain.len() / 2), "{coding}");
            }
        }
    }

    #[test]
    fn a_bomb_fills_the_cup_and_no_more() {
        // Catches a bound that is looked at after unpacking: 4 MiB of zeros pack to 4 KiB.
        let zeros = vec![0_u8; 4 << 20];
        let twice = gzip(&gzip(&zeros));
        for (coding, packed) in [("gzip", gzip(&zeros)), ("deflate", deflate(&zeros)), ("zstd", zstd(&zeros))] {
            let mut unpacker = Unpacker::default();
            let message = message(coding, &packed);
            let (got, end) = unpacker.unpack(&message, 4096).unwrap();
            assert_eq!((got.len(), end), (4096, TextEnd::Cut), "{coding}");
            assert!(unpacker.out.capacity() <= 64 << 10, "{coding}");
        }
        assert!(unpacked(&message("gzip, gzip", &twice), 4096).unwrap().0.len() <= 4096);
    }

    #[test]
    fn bombs_in_bombs_cost_what_the_wire_cost() {
        // Catches a few bytes of the wire that have a later step work through a whole sample of nothing: 20,000 empty gzip
        // members, or empty deflate blocks, pack to next to nothing.
        let most = 256 << 10;
        let members = gzip(b"").repeat(20_000);
        let blocks = [0, 0, 0, 0xff, 0xff].repeat(80_000);
        for (codings, packed) in [
            ("gzip, gzip", gzip(&members)),
            ("deflate, gzip", gzip(&blocks)),
            ("gzip, zstd", zstd(&members)),
            ("gzip, gzip, zstd", zstd(&gzip(&members))),
        ] {
            assert!(packed.len() < 8192, "{codings} {}", packed.len());
            let mut unpacker = Unpacker::default();
            let message = message(codings, &packed);
            let (got, end) = unpacker.unpack(&message, most).unwrap();
            assert_eq!((got.len(), end), (0, TextEnd::Cut), "{codings}");
            assert!(unpacker.before.len() <= 16 * packed.len() + 8192, "{codings} {}", unpacker.before.len());
        }
        // Honest ones do not notice.
        let plain: Vec<u8> = (0..20_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let whole = Some((plain.clone(), TextEnd::Whole));
        assert_eq!(unpacked(&message("gzip, gzip", &gzip(&gzip(&plain))), most), whole);
        assert_eq!(unpacked(&message("br, gzip", &gzip(BROTLI)), most), Some((PLAIN.to_vec(), TextEnd::Whole)));
        assert_eq!(unpacked(&message("gzip, gzip, br", BROTLI), most).map(|(got, _)| got.len()), Some(0));
    }

    #[test]
    fn broken_streams_give_what_came_before() {
        // Catches an error that throws away good text, or garbage that is taken for text.
        let plain = b"{\"a\":1}".repeat(3000);
        for (coding, packed) in [("gzip", gzip(&plain)), ("deflate", zlib(&plain)), ("deflate", deflate(&plain))] {
            let (got, end) = unpacked(&message(coding, &packed[..packed.len() - 3]), 1 << 20).unwrap();
            assert!(plain.starts_with(&got) && end == TextEnd::Cut, "{coding}");
        }
        let mut wrong = gzip(&plain);
        let at = wrong.len() - 6;
        wrong[at] ^= 1;
        assert_eq!(unpacked(&message("gzip", &wrong), 1 << 20).unwrap(), (plain.clone(), TextEnd::Cut), "checksum");
        // Several members are one text (RFC 1952 section 2.2).
        let two = [gzip(PLAIN), gzip(PLAIN)].concat();
        assert_eq!(unpacked(&message("gzip", &two), 999), Some((PLAIN.repeat(2), TextEnd::Whole)));
        let trailed = [&gzip(PLAIN)[..], b"garbage"].concat();
        assert_eq!(unpacked(&message("gzip", &trailed), 999), Some((PLAIN.to_vec(), TextEnd::Cut)));
        // Named and not done.
        assert_eq!(unpacked(&message("gzip", PLAIN), 999), Some((Vec::new(), TextEnd::Cut)));
    }

    #[test]
    fn a_zstd_window_is_8_mib_at_most() {
        // RFC 9659 section 3: descriptors 0x68 (8 MiB) and 0x70 (16 MiB), one raw block of one byte.
        let frame = |window: u8| [0x28, 0xb5, 0x2f, 0xfd, 0x00, window, 0x09, 0x00, 0x00, b'x'];
        assert_eq!(unpacked(&message("zstd", &frame(0x68)), 999), Some((b"x".to_vec(), TextEnd::Whole)));
        for window in [0x69, 0x70, 0xff] {
            assert_eq!(unpacked(&message("zstd", &frame(window)), 999), Some((Vec::new(), TextEnd::Cut)), "{window:x}");
        }
    }

    #[test]
    fn a_window_too_large_is_refused() {
        // A zstd frame that asks for a window of 2 GiB (window descriptor 0xA8), then one raw block.
        let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, b'x'];
        assert_eq!(unpacked(&message("zstd", &zstd), 999), Some((Vec::new(), TextEnd::Cut)));
        // A brotli stream whose first byte asks for a large window, of 30 bits.
        assert_eq!(unpacked(&message("br", &[0x11, 0x1e, 0x00, 0x00]), 999), Some((Vec::new(), TextEnd::Cut)));
    }

    proptest! {
        #[test]
        fn any_bytes_unpack_to_something_bounded(
            body in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..100, flip in any::<u8>()
        ) {
            for (coding, good) in
                [("gzip", gzip(PLAIN)), ("deflate", zlib(PLAIN)), ("zstd", zstd(PLAIN)), ("br", BROTLI.to_vec())]
            {
                let mut bad = good.clone();
                let at = cut % bad.len();
                bad[at] ^= flip;
                for body in [&body[..], &good[..at], &bad] {
                    if let Some((got, _)) = unpacked(&message(coding, body), 64) {
                        prop_assert!(got.len() <= 64);
                    }
                }
            }
        }
    }
}
