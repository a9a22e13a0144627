//! Frames through one decoder, so that fragments meet: no panic, nothing larger than it can be, the same twice.

use shadowtap::decode::{DecodeCounts, DecodeOptions, Decoded, Decoder, Skip};
use shadowtap::limits::Limits;

use super::frames::each;
use super::tape::Digest;

pub fn run(data: &[u8]) {
    // Maps with random keys must not show in what comes out.
    let options = DecodeOptions::default();
    assert_eq!(decode(data, &options), decode(data, &options), "decoding twice");
    let _ = decode(data, &DecodeOptions { verify_checksums: true, ..options });
}

fn decode(data: &[u8], options: &DecodeOptions) -> (Digest, DecodeCounts) {
    let limits = Limits { fragment_bytes: 64 << 10, ..Limits::default() };
    let mut decoder = Decoder::new(&limits, options);
    let mut digest = Digest::new();
    let (mut held, mut bad) = (0_u64, 0_u64);
    each(data, |frame| {
        let decoded = decoder.decode(&frame);
        match &decoded {
            Decoded::Segment(segment) => {
                // A payload lies in its frame, or in a datagram put together.
                assert!(segment.payload.len() <= frame.bytes.len().max(65_535), "{segment:?}");
                assert_eq!(segment.time, frame.time);
            }
            Decoded::Datagram(datagram) => assert!(datagram.payload.len() <= frame.bytes.len().max(65_535)),
            Decoded::Held => held += 1,
            Decoded::Skip(Skip::BadFragment) => bad += 1,
            _ => {}
        }
        digest.add(format!("{decoded:?}").as_bytes());
    });
    let counts = decoder.counts();
    let fragments = &counts.fragments;
    assert!(held <= fragments.held + fragments.duplicate, "{fragments:?}");
    assert!(fragments.completed + fragments.expired + fragments.evicted + fragments.waiting <= fragments.held);
    assert!(fragments.bad <= bad);
    (digest, counts)
}
