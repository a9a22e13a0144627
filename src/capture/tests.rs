//! Files written byte by byte, whole and broken, read back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::blocks::{Blocks, Trouble};
use super::*;
use crate::limits::Limits;
use crate::time::Timestamp;

/// Puts numbers into files in either byte order.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        if matches!(self, Self::Big) { value.to_be_bytes() } else { value.to_le_bytes() }
    }
    fn u32(self, value: u32) -> [u8; 4] {
        if matches!(self, Self::Big) { value.to_be_bytes() } else { value.to_le_bytes() }
    }
    fn words(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| self.u32(*value)).collect()
    }
}

/// A pcap file of `(seconds, fraction, bytes)`.
fn pcap(order: Order, magic: u32, link: u32, packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = order.words(&[magic]);
    file.extend([order.u16(2), order.u16(4)].concat());
    file.extend(order.words(&[0, 0, 65_535, link]));
    for (seconds, fraction, bytes) in packets {
        let len = bytes.len() as u32;
        file.extend(order.words(&[*seconds, *fraction, len, len + 7]));
        file.extend(*bytes);
    }
    file
}

const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;

fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = order.u32(body.len() as u32 + 12);
    [&order.u32(kind)[..], &length, &body, &length].concat()
}

fn section(order: Order) -> Vec<u8> {
    let version = [order.u16(1), order.u16(0)].concat();
    block(order, 0x0a0d_0d0a, &[&order.u32(0x1a2b_3c4d)[..], &version, &[0xff; 8]].concat())
}

/// An interface with its options as `(code, value)`.
fn interface(order: Order, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [&order.u16(link)[..], &[0, 0], &order.u32(snaplen)].concat();
    body.extend(list(order, options));
    block(order, 1, &body)
}

fn list(order: Order, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (code, value) in options {
        bytes.extend([order.u16(*code), order.u16(value.len() as u16)].concat());
        bytes.extend(*value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

fn enhanced(order: Order, id: u32, ticks: u64, bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len() as u32;
    let head = order.words(&[id, (ticks >> 32) as u32, ticks as u32, len, len + 7]);
    block(order, 6, &[&head[..], bytes].concat())
}

#[derive(Debug, PartialEq)]
struct Seen {
    nanos: u64,
    link: u16,
    wire_len: u32,
    bytes: Vec<u8>,
}

fn seen(frame: &Frame<'_>) -> Seen {
    Seen { nanos: frame.time.nanos(), link: frame.link.0, wire_len: frame.wire_len, bytes: frame.bytes.to_vec() }
}

/// All frames and troubles of a stream, through a window small enough to be refilled and grown.
fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<String>, Blocks<&[u8]>) {
    let mut blocks = Blocks::new(bytes, 64, 1 << 20, 1 << 10);
    let (mut frames, mut troubles) = (Vec::new(), Vec::new());
    loop {
        match blocks.step() {
            Ok(true) => frames.push(seen(&blocks.frame())),
            Ok(false) => return (frames, troubles, blocks),
            Err(Trouble::NotACapture(magic)) => troubles.push(format!("not a capture: {magic}")),
            Err(Trouble::Damaged(at, what)) => troubles.push(format!("{at}: {what}")),
            Err(Trouble::Failed(at, error)) => troubles.push(format!("{at}: {error}")),
        }
        assert!(troubles.len() <= 2, "a stream may complain twice at most: {troubles:?}");
    }
}

/// Drains a source: frames, and errors as text.
fn drain(source: &mut impl PacketSource) -> (Vec<Seen>, Vec<String>) {
    let (mut frames, mut errors) = (Vec::new(), Vec::new());
    loop {
        match source.next() {
            Ok(Event::Frame(frame)) => frames.push(seen(&frame)),
            Ok(Event::Idle(_)) => panic!("files are never idle"),
            Ok(Event::End) => return (frames, errors),
            Err(error) => errors.push(error.to_string()),
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn pcap_reads_alike_in_both_byte_orders_and_both_precisions() {
    // Catches swapped fields, and nanoseconds taken for microseconds.
    for order in [Order::Little, Order::Big] {
        for (magic, nanos) in [(MICRO, 5_000_000_123_000), (NANO, 5_000_000_000_123)] {
            let file = pcap(order, magic, 0xf000_0071, &[(5_000, 123, b"abc"), (5_001, 0, b"")]);
            let (frames, troubles, blocks) = read(&file);
            assert!(troubles.is_empty() && !blocks.tally.cut, "{troubles:?}");
            assert_eq!(frames[0], Seen { nanos, link: 0x71, wire_len: 10, bytes: b"abc".to_vec() });
            assert_eq!(frames[1].bytes, b"");
        }
    }
}

#[test]
fn the_modified_format_has_longer_record_heads() {
    let mut file = pcap(Order::Little, 0xa1b2_cd34, 1, &[]);
    file.extend(Order::Little.words(&[1, 2, 3, 3, 0, 0]));
    file.extend(b"abc");
    assert_eq!(read(&file).0, [Seen { nanos: 1_000_002_000, link: 1, wire_len: 3, bytes: b"abc".to_vec() }]);
}

#[test]
fn a_wire_length_below_the_captured_one_is_raised() {
    let mut file = pcap(Order::Little, MICRO, 1, &[]);
    file.extend(Order::Little.words(&[0, 0, 3, 1]));
    file.extend(b"abc");
    assert_eq!(read(&file).0[0].wire_len, 3);
}

#[test]
fn each_interface_has_its_own_link_type_and_clock() {
    // Catches option values read in the wrong byte order (pcap-parser's own accessors do), a resolution in powers
    // of two taken for powers of ten, and a lost sign of the offset.
    for order in [Order::Little, Order::Big] {
        let offset = |seconds: i64| match order {
            Order::Little => seconds.to_le_bytes(),
            Order::Big => seconds.to_be_bytes(),
        };
        let file = [
            section(order),
            interface(order, 1, 0, &[]),
            interface(order, 101, 0, &[(9, &[9]), (14, &offset(100))]),
            interface(order, 113, 0, &[(9, &[0x80 | 10]), (14, &offset(-1))]),
            interface(order, 276, 0, &[(9, &[0])]),
            interface(order, 0, 0, &[(9, &[12])]),
            enhanced(order, 0, 1_500_000, b"a"),
            enhanced(order, 1, 7, b"bb"),
            enhanced(order, 2, 1024 * 3 + 512, b"ccc"),
            enhanced(order, 3, 4, b"dddd"),
            enhanced(order, 4, 5_000, b"eeeee"),
        ]
        .concat();
        let (frames, troubles, _) = read(&file);
        assert!(troubles.is_empty(), "{troubles:?}");
        let got: Vec<_> = frames.iter().map(|frame| (frame.link, frame.nanos, frame.bytes.len())).collect();
        let want = [
            (1, 1_500_000_000, 1),
            (101, 100_000_000_007, 2),
            (113, 2_500_000_000, 3),
            (276, 4_000_000_000, 4),
            (0, 5, 5),
        ];
        assert_eq!(got, want);
    }
}

#[test]
fn a_new_section_forgets_the_interfaces_and_may_turn_the_byte_order() {
    let file = [
        section(Order::Little),
        interface(Order::Little, 1, 0, &[]),
        enhanced(Order::Little, 0, 1, b"a"),
        section(Order::Big),
        enhanced(Order::Big, 0, 2, b"lost"),
        interface(Order::Big, 101, 0, &[]),
        enhanced(Order::Big, 0, 3, b"b"),
    ]
    .concat();
    let (frames, troubles, blocks) = read(&file);
    assert_eq!(frames.iter().map(|frame| frame.link).collect::<Vec<_>>(), [1, 101]);
    assert!(troubles[0].contains("never described"), "{troubles:?}");
    assert_eq!(blocks.tally.damaged, 1);
}

#[test]
fn simple_and_old_packet_blocks_are_packets_too() {
    let order = Order::Little;
    let old = [&order.u16(0)[..], &order.u16(3), &order.words(&[0, 2_000_000, 3, 9]), b"old"].concat();
    let file = [
        section(order),
        interface(order, 1, 4, &[]),
        // The snap length of 4 cuts what the block does not say.
        block(order, 3, &[&order.u32(6)[..], b"simpXX"].concat()),
        block(order, 2, &old),
    ]
    .concat();
    let (frames, troubles, blocks) = read(&file);
    assert!(troubles.is_empty(), "{troubles:?}");
    assert_eq!(frames[0], Seen { nanos: 0, link: 1, wire_len: 6, bytes: b"simp".to_vec() });
    assert_eq!(frames[1], Seen { nanos: 2_000_000_000, link: 1, wire_len: 9, bytes: b"old".to_vec() });
    assert_eq!(blocks.tally.dropped, 3);
}

#[test]
fn interface_statistics_count_once() {
    // The blocks tell totals: catches adding them up.
    let order = Order::Big;
    let told = |drops: u64| {
        let options = list(order, &[(5, &drops.to_be_bytes()), (7, &2_u64.to_be_bytes())]);
        block(order, 5, &[order.words(&[0, 0, 0]), options].concat())
    };
    let file = [section(order), interface(order, 1, 0, &[]), told(10), told(25), told(25)].concat();
    assert_eq!(read(&file).2.tally.dropped, 27);
}

#[test]
fn secrets_are_kept_within_their_room() {
    let order = Order::Little;
    let secret = |len: usize| {
        let head = order.words(&[0x544c_534b, len as u32]);
        block(order, 10, &[&head[..], &vec![b'x'; len]].concat())
    };
    let file = [section(order), secret(501), secret(900), secret(10)].concat();
    let (_, troubles, blocks) = read(&file);
    assert!(troubles.is_empty(), "{troubles:?}");
    assert_eq!(blocks.tally.secrets, 3);
    assert_eq!(blocks.secrets.iter().map(|secrets| secrets.bytes.len()).collect::<Vec<_>>(), [501, 10]);
    assert!(!format!("{:?}", blocks.secrets).contains("xx"));
}

#[test]
fn a_bad_block_of_known_length_is_passed_over() {
    let order = Order::Little;
    let mut liar = enhanced(order, 0, 1, b"liar");
    liar[20..24].copy_from_slice(&order.u32(5_000));
    let mut torn = enhanced(order, 0, 1, b"torn");
    let end = torn.len() - 4;
    torn[end..].copy_from_slice(&order.u32(77));
    let head = [section(order), interface(order, 1, 0, &[]), enhanced(order, 0, 1, b"a")].concat();
    let file = [head.clone(), liar, torn, block(order, 0xdead, b"unknown"), enhanced(order, 0, 2, b"b")].concat();
    let (frames, troubles, blocks) = read(&file);
    assert_eq!(frames.iter().map(|frame| &frame.bytes[..]).collect::<Vec<_>>(), [b"a", b"b"]);
    // Told once, at the place of the first; the second is counted.
    assert_eq!(troubles, [format!("{}: a packet longer than its block; it was passed over", head.len())]);
    assert_eq!(blocks.tally.damaged, 2);
}

#[test]
fn a_length_that_makes_no_sense_ends_the_stream() {
    for length in [0, 11, u32::MAX, 17 << 20] {
        let file = [section(Order::Little), Order::Little.words(&[6, length]), section(Order::Little)].concat();
        let (frames, troubles, blocks) = read(&file);
        assert!(frames.is_empty() && !blocks.tally.cut);
        assert!(troubles[0].starts_with("28: a block claims"), "{troubles:?}");
    }
    let mut file = pcap(Order::Little, MICRO, 1, &[(1, 0, b"abc")]);
    file.extend([0xff; 64]);
    let (frames, troubles, _) = read(&file);
    assert_eq!(frames.len(), 1);
    assert!(troubles[0].starts_with("43: a packet claims 4294967295"), "{troubles:?}");
}

#[test]
fn a_block_past_the_ceiling_is_passed_over() {
    // Catches a window that grows with whatever a block claims.
    let order = Order::Little;
    let big = block(order, 0xbad, &vec![7; 3 << 20]);
    let file = [section(order), interface(order, 1, 0, &[]), big, enhanced(order, 0, 1, b"after")].concat();
    let (frames, troubles, _) = read(&file);
    assert_eq!(frames[0].bytes, b"after");
    assert!(troubles[0].contains("room"), "{troubles:?}");
}

#[test]
fn a_file_cut_anywhere_gives_what_is_whole_and_a_warning() {
    let order = Order::Little;
    let ng = [
        section(order),
        interface(order, 1, 0, &[]),
        enhanced(order, 0, 1, b"first"),
        enhanced(order, 0, 2, b"second"),
    ];
    let old = pcap(order, MICRO, 1, &[(1, 0, b"first"), (2, 0, b"second")]);
    let (old_ends, ng_ends) = ([24, 45, 67], [28, 48, 88, 128]);
    for (file, ends) in [(&old, &old_ends[..]), (&ng.concat(), &ng_ends[..])] {
        let whole = read(file).0;
        assert_eq!(whole.len(), 2);
        for at in 24..=file.len() {
            let (frames, troubles, blocks) = read(&file[..at]);
            assert!(troubles.is_empty(), "cut at {at}: {troubles:?}");
            assert_eq!(frames, whole[..frames.len()], "cut at {at}");
            assert_eq!(blocks.tally.cut, !ends.contains(&at), "cut at {at}");
        }
    }
}

#[test]
fn a_stream_that_dribbles_reads_the_same() {
    // Catches a frame handed out before all of it is there, and a pipe's end taken for a short read.
    struct Dribble<'a>(&'a [u8]);
    impl std::io::Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }
    let order = Order::Big;
    let ng = [section(order), interface(order, 1, 0, &[]), enhanced(order, 0, 1, &[7; 300]), block(order, 9, b"?")];
    let old = pcap(order, NANO, 1, &[(1, 0, &[1; 200]), (2, 0, b""), (3, 0, &[3; 100])]);
    for file in [ng.concat(), old] {
        let mut blocks = Blocks::new(Dribble(&file), 64, 1 << 20, 0);
        let mut frames = Vec::new();
        while blocks.step().unwrap() {
            frames.push(seen(&blocks.frame()));
        }
        assert_eq!(frames, read(&file).0);
        assert!(!frames.is_empty() && !blocks.tally.cut);
    }
}

#[test]
fn what_is_no_capture_says_how_it_begins() {
    assert_eq!(read(b"").1, ["not a capture: none"]);
    assert_eq!(read(b"GE").1, ["not a capture: 47 45"]);
    assert_eq!(read(b"GIF89a").1, ["not a capture: 47 49 46 38"]);
}

#[test]
fn garbage_never_panics_and_never_hangs() {
    // Seeded flips in a file with every kind of block, both orders.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for order in [Order::Little, Order::Big] {
        let file = [
            section(order),
            interface(order, 1, 64, &[(9, &[9]), (14, &[1; 8])]),
            enhanced(order, 0, 1, &[9; 60]),
            block(order, 3, &[0, 0, 0, 9, 1, 2, 3]),
            block(order, 2, &[0; 40]),
            block(order, 5, &[order.words(&[0, 0, 0]), list(order, &[(5, &[1; 8])])].concat()),
            block(order, 10, &order.words(&[1, 4, 7])),
            block(order, 4, b"names"),
            enhanced(order, 0, 2, b"last"),
        ]
        .concat();
        let old = pcap(order, NANO, 1, &[(1, 1, &[1; 90]), (2, 2, &[2; 90])]);
        for _ in 0..4_000 {
            for file in [&file, &old] {
                let mut bytes = file.clone();
                for _ in 0..=random() % 4 {
                    let at = random() as usize % bytes.len();
                    bytes[at] = random() as u8;
                }
                for frame in read(&bytes).0 {
                    assert!(frame.wire_len as usize >= frame.bytes.len());
                }
            }
        }
    }
}

#[test]
fn packing_is_told_by_the_bytes_and_may_have_several_parts() {
    let folder = tempfile::tempdir().unwrap();
    let plain = pcap(Order::Little, MICRO, 1, &[(1, 0, b"one"), (2, 0, b"two")]);
    let (left, right) = plain.split_at(31);
    let gzip = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let gz = [gzip(left), gzip(right)].concat();
    let zst = [zstd(left), zstd(right)].concat();
    let limits = Limits::default();
    // The names lie.
    for (name, bytes) in [("a.zst", &plain), ("b.pcap", &gz), ("c.gz", &zst)] {
        let mut source = FileSource::open(&write(folder.path(), name, bytes), &limits).unwrap();
        let (frames, errors) = drain(&mut source);
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(frames.len(), 2, "{name}");
        let stats = source.stats();
        assert_eq!((stats.input_bytes, stats.input_total), (bytes.len() as u64, bytes.len() as u64), "{name}");
        assert_eq!((stats.frames, stats.cut_files), (2, 0));
    }
    for (name, bytes) in [("cut.gz", &gz[..gz.len() - 12]), ("cut.zst", &zst[..zst.len() - 3])] {
        let mut source = FileSource::open(&write(folder.path(), name, bytes), &limits).unwrap();
        // How much is gone nobody knows: that is damage, not a cut last packet.
        let (_, errors) = drain(&mut source);
        assert!(
            errors.len() == 1 && errors[0].contains(name) && errors[0].contains("has no end"),
            "{name}: {errors:?}"
        );
        assert_eq!(source.stats().cut_files, 0, "{name}");
    }
    let mut broken = gzip(&pcap(Order::Little, MICRO, 1, &[(1, 0, &[5; 5000])]));
    let middle = broken.len() / 2;
    broken[middle..].fill(0xff);
    let mut source = FileSource::open(&write(folder.path(), "broken", &broken), &limits).unwrap();
    let (_, errors) = drain(&mut source);
    assert!(errors[0].contains("unpacked"), "{errors:?}");
}

#[test]
fn files_are_merged_by_time_and_ties_go_by_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, packets: &[(u32, &str)]| {
        let packets: Vec<_> = packets.iter().map(|(at, bytes)| (*at, 0, bytes.as_bytes())).collect();
        write(folder.path(), name, &pcap(Order::Little, MICRO, 1, &packets))
    };
    let inputs = vec![
        file("b", &[(1, "b1"), (5, "b5"), (4, "b4"), (9, "b9")]),
        file("a", &[(2, "a2"), (5, "a5"), (9, "a9")]),
        file("empty", &[]),
        file("c", &[(9, "c9"), (20, "c20")]),
    ];
    let mut source = MergedSource::new(inputs, None, &Limits::default());
    let (frames, errors) = drain(&mut source);
    assert!(errors.is_empty(), "{errors:?}");
    let order: Vec<_> = frames.iter().map(|frame| String::from_utf8(frame.bytes.clone()).unwrap()).collect();
    // A file's own order stays, even where its times go back.
    assert_eq!(order, ["b1", "a2", "b5", "b4", "a5", "b9", "a9", "c9", "c20"]);
    assert_eq!(source.stats().frames, 9);
    assert!(matches!(source.next(), Ok(Event::End)));
}

#[test]
fn more_files_than_may_be_open_are_opened_when_their_time_comes() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { open_captures: 2, ..Limits::default() };
    let hour = |name: u32, from: u32, to: u32| {
        let packets: Vec<_> = (from..=to).map(|at| (at, 0, &b"x"[..])).collect();
        write(folder.path(), &name.to_string(), &pcap(Order::Little, MICRO, 1, &packets))
    };
    // Named in the wrong order, one after the other in time, neighbours overlapping.
    let inputs = vec![hour(1, 40, 49), hour(2, 10, 19), hour(3, 30, 41), hour(4, 0, 9), hour(5, 20, 31)];
    let mut source = MergedSource::new(inputs.clone(), None, &limits);
    let (frames, errors) = drain(&mut source);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(frames.len(), 54);
    assert!(frames.is_sorted_by_key(|frame| frame.nanos));
    assert_eq!(source.stats().late_files, 0);

    // Three that truly overlap: nothing is lost, the user is told once, the late one is counted.
    let inputs = [inputs, vec![hour(6, 5, 45), hour(7, 5, 45)]].concat();
    let mut source = MergedSource::new(inputs, None, &limits);
    let (frames, errors) = drain(&mut source);
    assert_eq!(frames.len(), 54 + 82);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("only 2 may be open"), "{errors:?}");
    assert!(source.stats().late_files > 0);
}

#[test]
fn what_cannot_be_read_is_told_once_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good", &pcap(Order::Little, MICRO, 1, &[(1, 0, b"a"), (3, 0, b"c")]));
    let mut damaged = pcap(Order::Little, MICRO, 1, &[(2, 0, b"b")]);
    damaged.extend([0xff; 16]);
    let inputs = vec![
        folder.path().join("missing"),
        write(folder.path(), "picture", b"GIF89a"),
        write(folder.path(), "damaged", &damaged),
        good,
        write(folder.path(), "cut", &pcap(Order::Little, MICRO, 1, &[(4, 0, b"cut!")])[..43]),
    ];
    let mut source = MergedSource::new(inputs, None, &Limits::default());
    let (frames, errors) = drain(&mut source);
    assert_eq!(frames.iter().map(|frame| &frame.bytes[..]).collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].contains("missing") && errors[1].contains("47 49 46 38"), "{errors:?}");
    assert!(errors[2].contains("damaged at byte 41"), "{errors:?}");
    assert_eq!(source.stats().cut_files, 1);
}

#[test]
fn a_filter_works_on_files_of_any_link_type() {
    let folder = tempfile::tempdir().unwrap();
    // IPv4, protocol 6, ports 1025 and 80.
    let mut packet = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 4, 1, 0, 80];
    packet.resize(40, 0);
    let framed = [&[2; 12], &[8, 0][..], &packet].concat();
    let inputs = vec![
        write(folder.path(), "eth", &pcap(Order::Little, MICRO, 1, &[(1, 0, &framed), (2, 0, &[0; 60])])),
        write(folder.path(), "raw", &pcap(Order::Little, MICRO, 101, &[(3, 0, &packet), (4, 0, &[0; 40])])),
        write(folder.path(), "odd", &pcap(Order::Little, MICRO, 65_000, &[(5, 0, &packet)])),
    ];
    let count = |expression: &str| {
        let filter = Filter::new(expression).unwrap();
        let mut source = MergedSource::new(inputs.clone(), Some(filter), &Limits::default());
        let (frames, errors) = drain(&mut source);
        assert!(errors.is_empty(), "{errors:?}");
        let stats = source.stats();
        assert_eq!(stats.frames + stats.filtered, 5);
        frames.len()
    };
    assert_eq!(count("tcp port 80"), 2);
    assert_eq!(count("tcp port 81"), 0);
    // Sense for Ethernet only: frames of raw IP do not match, and that is no error.
    assert_eq!(count("ether host 02:02:02:02:02:02"), 1);
    let error = Filter::new("tcp prot 80").err().unwrap().to_string();
    assert!(error.starts_with("--filter 'tcp prot 80': "), "{error}");
}

#[test]
fn folders_are_walked_and_loops_of_links_end() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let capture = pcap(Order::Little, MICRO, 1, &[]);
    fs::create_dir_all(root.join("deep/er")).unwrap();
    write(root, "unnamed", &capture);
    write(root, "notes.txt", b"not a capture");
    write(root, "broken.pcapng.gz", b"but named like one");
    write(&root.join("deep/er"), "a.pcap", &capture);
    write(&root.join("deep"), "packed", &zstd::encode_all(&capture[..], 1).unwrap());
    std::os::unix::fs::symlink(root, root.join("deep/loop")).unwrap();
    std::os::unix::fs::symlink(root.join("unnamed"), root.join("zz-again.pcap")).unwrap();
    let found = Inputs::expand(&[root.to_owned(), root.join("notes.txt")]).unwrap();
    let names: Vec<_> = found.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["broken.pcapng.gz", "deep/er/a.pcap", "deep/packed", "unnamed", "notes.txt"]);

    assert!(Inputs::expand(&[PathBuf::from("-"), PathBuf::from("-")]).is_err());
    assert!(Inputs::expand(&[]).is_err());
    fs::create_dir(root.join("none")).unwrap();
    assert!(Inputs::expand(&[root.join("none")]).is_err());
}

#[test]
fn memory_gives_back_what_was_put_in() {
    let mut memory = MemorySource::new();
    for (at, bytes) in [(2, &b"late"[..]), (1, b"")] {
        memory.push(&Frame { time: Timestamp::from_nanos(at), link: LinkType::RAW, wire_len: 2, bytes });
    }
    let (frames, _) = drain(&mut memory);
    assert_eq!(frames[0], Seen { nanos: 2, link: 101, wire_len: 4, bytes: b"late".to_vec() });
    assert_eq!((frames[1].nanos, frames[1].wire_len, frames.len()), (1, 2, 2));
    memory.rewind();
    let copy = MemorySource::read(&mut memory).unwrap();
    assert_eq!((copy.len(), copy.frame(1).unwrap().bytes.len()), (2, 0));
}
