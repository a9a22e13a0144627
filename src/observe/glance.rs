//! A first look at a text: what its bytes alone decide, in one pass.
//!
//! In: a text. Out: its class where nothing that [`super::classify`] asks further could say
//! another; a short cut, and no rule of its own. Most segments of paths are words, numbers or UUIDs.

use super::formats::is_uuid;
use super::sensitive::is_card;
use crate::api::SegmentClass;

/// What a first look tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glance {
    /// The class.
    Sure(SegmentClass),
    /// Letters, and marks that join them: no form of any kind, so that only its beginning and its spelling are left to be judged.
    Letters,
    /// It takes a closer look.
    Unsure,
}

/// Looks once at every byte. No secret begins as what it is sure of.
pub(super) fn glance(text: &[u8]) -> Glance {
    if text.len() == UUID_BYTES {
        return if is_uuid(text) { Glance::Sure(SegmentClass::Uuid) } else { Glance::Unsure };
    }
    let kinds = text.iter().fold(0, |kinds, byte| kinds | KINDS[usize::from(*byte)]);
    if kinds == DIGIT {
        Glance::Sure(if is_card(text) { SegmentClass::Card } else { SegmentClass::Number })
    } else if kinds & !(LETTER | MARK) == 0 {
        Glance::Letters
    } else if matches!(text, [b'v' | b'V', b'0'..=b'9']) {
        Glance::Sure(SegmentClass::Word)
    } else {
        Glance::Unsure
    }
}

const DIGIT: u8 = 1;
const LETTER: u8 = 1 << 1;
const MARK: u8 = 1 << 2;
const OTHER: u8 = 1 << 3;

/// What each byte is.
static KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            // Dots and colons join too, and may stand before an affix.
            b'-' | b'_' | b'~' | b'$' => MARK,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// A UUID is so long, and may be of letters and dashes alone.
const UUID_BYTES: usize = 36;
