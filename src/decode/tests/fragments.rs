//! Packets in parts: in any order, doubled, overlapping, missing, made by an enemy.

use super::*;

/// A TCP payload of `len` bytes in fragments of `step`, as frames of raw IP.
fn in_fragments(version: u8, id: u16, len: usize, step: usize) -> Vec<Vec<u8>> {
    let whole = tcp(&body(len));
    let last = whole.len().div_ceil(step) - 1;
    let parts = whole.chunks(step).enumerate();
    parts
        .map(|(index, bytes)| {
            let (units, more) = ((index * step / 8) as u16, u16::from(index != last));
            match version {
                4 => ip4_part(6, id, more << 13 | units, bytes),
                _ => ip6_part(6, id.into(), units << 3 | more, bytes),
            }
        })
        .collect()
}

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

#[test]
fn fragments_in_any_order_become_the_whole() {
    for version in [4, 6] {
        let parts = in_fragments(version, 1, 1000, 128);
        let orders: [Vec<usize>; 3] = [
            (0..parts.len()).collect(),
            (0..parts.len()).rev().collect(),
            (0..parts.len()).map(|at| at * 5 % parts.len()).collect(),
        ];
        for order in orders {
            let mut decoder = decoder();
            let all: Vec<_> = order.iter().map(|at| got(&mut decoder, &frame(LinkType::RAW, &parts[*at]))).collect();
            let (last, held) = all.split_last().unwrap();
            assert!(held.iter().all(|got| *got == Got::Held), "IPv{version} {order:?}");
            assert_eq!(*last, segment(&body(1000)), "IPv{version} {order:?}");
            let counts = decoder.counts().fragments;
            assert_eq!((counts.completed, counts.waiting, counts.overlapping, counts.duplicate), (1, 0, 0, 0));
        }
    }
}

#[test]
fn a_mirror_ports_copies_of_fragments_change_nothing() {
    // Catches copies that arrive after the whole and begin a datagram of their own.
    let parts = in_fragments(4, 1, 100, 48);
    let mut decoder = decoder();
    let mut wholes = 0;
    for part in parts.iter().flat_map(|part| [part, part]) {
        wholes += usize::from(got(&mut decoder, &frame(LinkType::RAW, part)) == segment(&body(100)));
    }
    let counts = decoder.counts().fragments;
    assert_eq!((wholes, counts.completed, counts.waiting, counts.duplicate), (1, 1, 0, parts.len() as u64));
    // The same id later is another datagram.
    for part in &parts {
        let later = Frame { time: Timestamp::from_parts(4, 0), ..frame(LinkType::RAW, part) };
        wholes += usize::from(got(&mut decoder, &later) == segment(&body(100)));
    }
    assert_eq!(wholes, 2);
}

#[test]
fn in_overlaps_what_came_first_stays() {
    let whole = tcp(b"0123456789abcdef0123");
    let mut decoder = decoder();
    let mut send = |at: usize, bytes: &[u8], more: u16| {
        let part = ip4_part(6, 1, more << 13 | (at / 8) as u16, bytes);
        got(&mut decoder, &frame(LinkType::RAW, &part))
    };
    assert_eq!(send(16, &whole[16..24], 1), Got::Held);
    // Overlaps the middle on both sides with lies.
    let mut liar = whole[8..32].to_vec();
    liar[8..16].fill(b'!');
    assert_eq!(send(8, &liar, 1), Got::Held);
    assert_eq!(send(8, &[b'?'; 16], 1), Got::Held);
    assert_eq!(send(0, &whole[..8], 1), Got::Held);
    assert_eq!(send(32, &whole[32..], 0), segment(b"0123456789abcdef0123"));
    let counts = decoder.counts().fragments;
    assert_eq!((counts.overlapping, counts.duplicate), (1, 1));
}

#[test]
fn fragments_of_equal_addresses_in_other_networks_never_mix() {
    let parts = in_fragments(4, 1, 100, 64);
    let mut decoder = decoder();
    let mut send = |vlan: u16, part: &[u8]| {
        let bytes = ethernet(0x8100, &tag(vlan, ETHER4, part));
        got(&mut decoder, &frame(LinkType::ETHERNET, &bytes))
    };
    assert_eq!(send(1, &parts[0]), Got::Held);
    assert_eq!(send(2, &parts[1]), Got::Held);
    assert_eq!(send(2, &parts[0]), in_scope(2, 0, &body(100)));
}

#[test]
fn fragments_that_contradict_others_are_refused() {
    let mut decoder = decoder();
    let mut send = |place: u16, bytes: &[u8]| {
        let part = ip4_part(6, 1, place, bytes);
        got(&mut decoder, &frame(LinkType::RAW, &part))
    };
    let bad = Got::Skip(Skip::BadFragment);
    assert_eq!(send(0x1fff, &[0; 16]), bad, "past what a packet can be");
    assert_eq!(send(0x2000, b""), bad, "nothing in it");
    assert_eq!(send(4, &[0; 8]), Got::Held);
    assert_eq!(send(5, &[0; 8]), bad, "a second end");
    assert_eq!(send(0x2005, &[0; 8]), bad, "past the end");
    assert_eq!(decoder.counts().fragments.bad, 4);
    let torn = ip6_part(6, 1, 1, &[0; 9]);
    assert_eq!(once(LinkType::RAW, &torn), Got::Skip(Skip::BadFragment));
}

#[test]
fn of_fragments_that_the_capture_cut_the_first_is_read_as_far_as_it_goes() {
    // Catches a head that is there and thrown away because its datagram can never be whole.
    for version in [4, 6] {
        let parts = in_fragments(version, 1, 1000, 512);
        let mut decoder = decoder();
        let mut cut = |part: usize, keep: usize| {
            let bytes = &parts[part];
            got(&mut decoder, &Frame { wire_len: bytes.len() as u32, ..frame(LinkType::RAW, &bytes[..keep]) })
        };
        let keep = parts[0].len() - 512 + 20 + 30;
        let want = Got::Segment { scope: Scope::default(), payload: body(1000)[..30].to_vec(), cut: 512 - 20 - 30 };
        assert_eq!(cut(0, keep), want, "IPv{version}");
        assert_eq!(cut(1, keep), Got::Skip(Skip::Truncated), "IPv{version}");
        assert_eq!(decoder.counts().fragments.held, 0);
    }
}

#[test]
fn fragments_wait_no_longer_than_they_may_and_take_no_more_than_they_may() {
    let limits = Limits { fragment_bytes: 64 << 10, ..Limits::default() };
    let mut decoder = Decoder::new(&limits, &DecodeOptions::default());
    let parts = in_fragments(4, 1, 100, 64);
    let at = |seconds| Timestamp::from_parts(seconds, 0);
    assert_eq!(got(&mut decoder, &Frame { time: at(100), ..frame(LinkType::RAW, &parts[0]) }), Got::Held);
    assert_eq!(got(&mut decoder, &Frame { time: at(161), ..frame(LinkType::RAW, &parts[1]) }), Got::Held);
    assert_eq!((decoder.counts().fragments.expired, decoder.counts().fragments.waiting), (1, 1));
    // A stamp from next year throws nothing out.
    assert_eq!(got(&mut decoder, &Frame { time: at(1 << 32), ..frame(LinkType::RAW, &parts[0]) }), segment(&body(100)));

    for id in 100..20_100 {
        let part = ip4_part(6, id, 0x2000, &[1; 64]);
        assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &part)), Got::Held);
    }
    let counts = decoder.counts().fragments;
    assert!(counts.waiting > 50 && counts.waiting < 1_000, "{counts:?}");
    assert_eq!(counts.evicted + counts.waiting, 20_000);
    // The newest are still there.
    let rest = ip4_part(6, 20_099, 8, b"");
    assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &rest)), Got::Skip(Skip::BadFragment));
    let rest = ip4_part(6, 20_099, 8, &[1; 8]);
    assert!(!matches!(decoder.decode(&frame(LinkType::RAW, &rest)), Decoded::Held));
}

#[test]
fn tiny_fragments_cost_time_in_proportion() {
    // 8,192 fragments of 8 bytes, backwards, then ever larger ones over them. Quadratic work would not end; the count
    // of one datagram's fragments ends it first.
    let mut decoder = decoder();
    let mut refused = 0;
    for at in (0..8_191_u16).rev() {
        let part = ip4_part(6, 1, 0x2000 | at, &[1; 8]);
        refused += u32::from(got(&mut decoder, &frame(LinkType::RAW, &part)) != Got::Held);
    }
    assert_eq!(refused, 8_191 - 2_048);
}

#[test]
fn fragments_inside_fragments_are_put_together_twice_and_no_more() {
    let outer = |packet: &[u8], id: u16| {
        let (left, right) = packet.split_at(64);
        [ip4_part(4, id, 0x2000, left), ip4_part(4, id, 8, right)]
    };
    let mut decoder = decoder();
    let mut last = Got::Held;
    for (id, inner) in in_fragments(4, 7, 300, 200).iter().enumerate() {
        for part in outer(inner, id as u16) {
            assert_eq!(last, Got::Held);
            last = got(&mut decoder, &frame(LinkType::RAW, &part));
        }
    }
    assert_eq!(last, segment(&body(300)));
    let inner = &in_fragments(4, 8, 300, 200)[0];
    let twice = &outer(inner, 20)[0];
    let [left, right] = outer(&[twice.clone(), vec![0; 40]].concat(), 21);
    assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &left)), Got::Held);
    assert_eq!(got(&mut decoder, &frame(LinkType::RAW, &right)), Got::Held);
}

proptest::proptest! {
    /// Any cutting, any order, any doubling: the same whole, as long as the parts agree.
    #[test]
    fn any_way_to_cut_gives_the_same_whole(
        len in 1_usize..2_000,
        picks in proptest::collection::vec((0_usize..250, 1_usize..60), 1..60),
    ) {
        let whole = tcp(&body(len));
        let mut decoder = decoder();
        let mut wholes = 0;
        // What the picks left open comes last.
        let rest = [(0, 1), (1, 400)];
        for (at, units) in picks.iter().chain(&rest) {
            let from = (at * 8).min(whole.len() / 8 * 8);
            let to = (from + units * 8).min(whole.len());
            if from == to || to - from == whole.len() {
                continue;
            }
            let more = u16::from(to != whole.len());
            let part = ip4_part(6, 3, more << 13 | (from / 8) as u16, &whole[from..to]);
            match got(&mut decoder, &frame(LinkType::RAW, &part)) {
                Got::Held => {}
                got => {
                    wholes += 1;
                    proptest::prop_assert_eq!(got, segment(&body(len)));
                }
            }
        }
        proptest::prop_assert_eq!(wholes, 1);
    }
}
