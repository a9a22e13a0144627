//! Cardholder data: card numbers in full, in groups, inside text and masked; stripes, PINs, security codes, expiry.
//!
//! In: a value and the words of its name. Out: classes, and for card numbers the marks that the vote counts.

use super::issuers::{Digits, begins_like_one, judge, judge_named};
use super::words::{Topic, Words};
use crate::api::{DataClass, DataClasses, Mark};
use crate::observe::formats::is_digits;

/// Card numbers and stripes anywhere in the value.
pub(super) fn numbers(value: &[u8], words: Words) -> DataClasses {
    let mut found = DataClasses::NONE;
    let mut named = words.any(CARD);
    let (mut right, mut wrong) = (0_u32, 0_u32);
    let mut at = 0;
    while let Some(step) = value.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = at + step;
        let run = digits_at(value, start);
        at = start + run;
        if run < 4 {
            continue;
        }
        let candidate = if run >= 13 { bare(value, start, run) } else { grouped(value, start, run) };
        let Some(candidate) = candidate else { continue };
        at = candidate.end;
        match candidate.verdict {
            Digits::Other => {}
            Digits::Card => {
                right += 1;
                named |= candidate.shows || named_before(value, start);
                if is_stripe(value, start, candidate.end) {
                    found = found.with(DataClass::TrackData);
                    named = true;
                }
            }
            Digits::Wrong => wrong += 1,
        }
    }
    // Text full of numbers would pass by the sheer count of them: the same vote as over a field.
    if right > 0 && (named || right > wrong) {
        found = found.with(DataClass::Pan);
        if named { found.marked(Mark::Named) } else { found }
    } else if right + wrong > 0 {
        found.marked(Mark::Refuted)
    } else {
        found
    }
}

/// A card number that is the whole of a value but for letters on one side (`PAN4111111111111111`), or that has twelve digits: only
/// where a name says card, for order numbers are written so, too.
pub(super) fn glued(value: &[u8], words: Words) -> DataClasses {
    if !words.any(CARD) {
        return DataClasses::NONE;
    }
    let Some(from) = value.iter().position(u8::is_ascii_digit) else { return DataClasses::NONE };
    let run = digits_at(value, from);
    let (front, rest) = (value.get(..from).unwrap_or_default(), value.get(from + run..).unwrap_or_default());
    let letters = |text: &[u8]| text.len() <= GLUED && text.iter().all(u8::is_ascii_alphabetic);
    let one_side = front.is_empty() != rest.is_empty() && letters(front) && letters(rest);
    let short = run == 12 && front.is_empty() && rest.is_empty();
    if !one_side && !short {
        return DataClasses::NONE;
    }
    match judge_named(value.get(from..from + run).unwrap_or_default()) {
        Digits::Card => DataClasses::from(DataClass::Pan).marked(Mark::Named),
        Digits::Wrong => DataClasses::NONE.marked(Mark::Refuted),
        Digits::Other => DataClasses::NONE,
    }
}

/// Letters that may be glued to a card number: more is another kind of id.
const GLUED: usize = 8;

/// Names under which card numbers stand.
const CARD: &[Topic] = &[Topic::Card, Topic::Pan];

struct Candidate {
    verdict: Digits,
    /// The way it is written shows that it is a card's.
    shows: bool,
    end: usize,
}

/// Thirteen digits or more without a break.
fn bare(value: &[u8], start: usize, run: usize) -> Option<Candidate> {
    let end = start + run;
    let front = value.get(..start).unwrap_or_default();
    let stripe = is_stripe(value, start, end);
    let free = || {
        (is_free_before(front) || is_listed_before(front, None))
            && (is_free_after(value, end) || is_listed_after(value, end, None))
    };
    if run > 19 || !stripe && !free() {
        return None;
    }
    Some(Candidate { verdict: judge(value.get(start..end)?), shows: false, end })
}

/// `4111 1111 1111 1111` and the other ways to group. Looks at 23 bytes at most.
fn grouped(value: &[u8], start: usize, first: usize) -> Option<Candidate> {
    let mark = *value.get(start + first)?;
    let front = value.get(..start)?;
    if !matches!(mark, b' ' | b'-') || !is_free_before(front) && !is_listed_before(front, Some(mark)) {
        return None;
    }
    let second = digits_at(value, start + first + 1);
    let mut wrong = None;
    for groups in GROUPS.iter().filter(|groups| groups[0] == first && groups[1] == second) {
        let mut digits = [0_u8; 19];
        let mut held = 0;
        let mut at = start;
        let whole = groups.iter().enumerate().all(|(nth, group)| {
            if nth > 0 {
                if value.get(at) != Some(&mark) {
                    return false;
                }
                at += 1;
            }
            if digits_at(value, at) != *group {
                return false;
            }
            digits[held..held + group].copy_from_slice(&value[at..at + group]);
            held += group;
            at += group;
            true
        });
        if !whole {
            continue;
        }
        let before = start.checked_sub(1).and_then(|at| value.get(at));
        // More of the same: a table of numbers, or the parts of an id.
        let more = |at: Option<usize>| at.and_then(|at| value.get(at)).is_some_and(u8::is_ascii_digit);
        let goes_on = value.get(at) == Some(&mark) && more(Some(at + 1));
        let came_from = before == Some(&mark) && more(start.checked_sub(2));
        let free = is_free_after(value, at) || is_listed_after(value, at, Some(mark));
        if !free || mark == b'-' && (before == Some(&b'-') || value.get(at) == Some(&b'-')) {
            continue;
        }
        let shows = !goes_on && !came_from;
        match judge(&digits[..held]) {
            Digits::Card => return Some(Candidate { verdict: Digits::Card, shows, end: at }),
            // A security code may stand behind: sixteen digits and three are no nineteen.
            Digits::Wrong => wrong = Some(Candidate { verdict: Digits::Wrong, shows, end: at }),
            Digits::Other => {}
        }
    }
    wrong
}

/// How issuers and forms group: most, UnionPay of 19, American Express, Diners Club, Maestro, Visa of 13.
const GROUPS: &[&[usize]] = &[&[4, 4, 4, 4], &[4, 4, 4, 4, 3], &[4, 6, 5], &[4, 6, 4], &[6, 13], &[4, 3, 3, 3]];

pub(super) fn digits_at(value: &[u8], at: usize) -> usize {
    value.get(at..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Not the middle of a word, of a decimal fraction, of a date with dashes or of a negative number.
fn is_free_before(front: &[u8]) -> bool {
    match front {
        [.., a, b'.' | b','] => !a.is_ascii_digit(),
        [.., a, b'-'] => !a.is_ascii_digit(),
        [b'.' | b'-' | b'+'] => false,
        [.., last] => !last.is_ascii_alphanumeric() && last.is_ascii() || is_quote(front),
        [] => true,
    }
}

/// Typographic quotes and the non-breaking space are not ASCII, and no letters either.
fn is_quote(front: &[u8]) -> bool {
    matches!(front, [.., 0xe2, 0x80, _] | [.., 0xc2, 0xa0 | 0xab])
}

pub(super) fn is_free_after(value: &[u8], end: usize) -> bool {
    match value.get(end..).unwrap_or_default() {
        [b'.' | b',' | b'-', b, ..] => !b.is_ascii_digit(),
        [b'%', ..] => false,
        [next, ..] => !next.is_ascii_alphanumeric() && *next != b'_' || value[end..].starts_with(b"\xc2\xa0"),
        [] => true,
    }
}

/// A comma, and before it digits that may be a card's too: a list and no fraction. `mark` divides them into groups.
fn is_listed_before(front: &[u8], mark: Option<u8>) -> bool {
    let Some(front) = front.strip_suffix(b",") else { return false };
    let run = front.iter().rev().take(MOST_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    let before = front.len().checked_sub(run + 1).and_then(|at| front.get(at));
    may_be_listed(run, mark.is_some() && before.copied() == mark)
}

/// Likewise behind.
fn is_listed_after(value: &[u8], end: usize, mark: Option<u8>) -> bool {
    let Some(rest) = value.get(end..).and_then(|rest| rest.strip_prefix(b",")) else { return false };
    let run = rest.iter().take(MOST_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    may_be_listed(run, mark.is_some() && rest.get(run).copied() == mark)
}

/// A whole number, or the first or last group of one.
fn may_be_listed(run: usize, grouped: bool) -> bool {
    (LEAST_DIGITS..=MOST_DIGITS).contains(&run)
        || grouped && GROUPS.iter().flat_map(|groups| groups.iter()).any(|n| *n == run)
}

/// Digits of a card's number.
const LEAST_DIGITS: usize = 13;
const MOST_DIGITS: usize = 19;

/// The text before says what follows: `Card no: 4111111111111111`. Looks at 32 bytes.
fn named_before(value: &[u8], start: usize) -> bool {
    let from = start.saturating_sub(32);
    let front = &value[from..start];
    // A word that is cut is another word.
    let cut = if from == 0 { 0 } else { front.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(front.len()) };
    let front = &front[cut..];
    let line =
        front.iter().rposition(|b| matches!(b, b'\n' | b';' | b'&' | b'{' | b'}')).map_or(front, |at| &front[at..]);
    Words::of(line).any(CARD)
}

/// ISO/IEC 7813: `%B4111111111111111^DOE/JOHN^2512101...?` or `;4111111111111111=2512101...?`, with `D` for `=` where it
/// was written in hexadecimal (EMV tag 57). Looks at 40 bytes.
fn is_stripe(value: &[u8], start: usize, end: usize) -> bool {
    let front = &value[..start];
    let rest = value.get(end..).unwrap_or_default();
    let year_and_month = |text: &[u8]| match text {
        [y1, y2, m1, m2, s1, s2, s3, ..] => {
            is_digits(&[*y1, *y2, *m1, *m2, *s1, *s2, *s3]) && (1..=12).contains(&two(*m1, *m2))
        }
        _ => false,
    };
    match rest {
        [b'^', name @ ..] => {
            let end = name.iter().take(27).position(|b| *b == b'^');
            let first = matches!(front, [.., b'B' | b'b']);
            first && end.is_some_and(|end| end >= 2 && year_and_month(&name[end + 1..]))
        }
        [b'=' | b'D' | b'd', rest @ ..] => !front.last().is_some_and(u8::is_ascii_alphanumeric) && year_and_month(rest),
        _ => false,
    }
}

/// Card numbers with digits left out: `411111******1111`, `XXXX-XXXX-XXXX-1111`, `411111...1111`.
pub(super) fn masked(value: &[u8], words: Words) -> DataClasses {
    let named = words.any(CARD) && !words.has(Topic::Ssn);
    let mut at = 0;
    while at < value.len() {
        if piece(&value[at..]).is_none() || !is_free_before(&value[..at]) && at > 0 {
            at += 1;
            continue;
        }
        let (mask, length) = Masked::read(&value[at..]);
        if !value.get(at + length).is_some_and(u8::is_ascii_alphanumeric) && mask.is_card(named) {
            return DataClass::MaskedPan.into();
        }
        at += length.max(1);
    }
    DataClasses::NONE
}

/// What a run of digits, mask characters and single breaks is made of.
#[derive(Debug, Default)]
struct Masked {
    /// Digits in front, the first six of them.
    front: [u8; 8],
    front_digits: usize,
    masks: usize,
    back_digits: usize,
    dots: bool,
    torn: bool,
}

enum Piece {
    Digit(u8),
    Mask,
    Dot,
    Break,
}

/// The piece that a text begins with, and its bytes.
fn piece(text: &[u8]) -> Option<(Piece, usize)> {
    Some(match text {
        [digit @ b'0'..=b'9', ..] => (Piece::Digit(*digit), 1),
        [b'*' | b'X' | b'x' | b'#', ..] => (Piece::Mask, 1),
        // Bullet, black circle, middle dot.
        [0xe2, 0x80, 0xa2, ..] | [0xe2, 0x97, 0x8f, ..] => (Piece::Mask, 3),
        [0xc2, 0xb7, ..] => (Piece::Mask, 2),
        [b'.', ..] => (Piece::Dot, 1),
        [b' ' | b'-', b'0'..=b'9' | b'*' | b'X' | b'x' | b'#' | 0xe2 | 0xc2, ..] => (Piece::Break, 1),
        _ => return None,
    })
}

impl Masked {
    /// Reads to the end of the run; tells its length.
    fn read(text: &[u8]) -> (Self, usize) {
        let mut run = Self::default();
        let mut at = 0;
        while let Some((piece, length)) = piece(text.get(at..).unwrap_or_default()) {
            match piece {
                Piece::Digit(digit) if run.masks == 0 => {
                    if let Some(slot) = run.front.get_mut(run.front_digits) {
                        *slot = digit;
                    }
                    run.front_digits += 1;
                }
                Piece::Digit(_) => run.back_digits += 1,
                Piece::Mask | Piece::Dot => {
                    run.torn |= run.back_digits > 0;
                    run.masks += 1;
                    run.dots |= matches!(piece, Piece::Dot);
                }
                Piece::Break => {}
            }
            at += length;
        }
        (run, at)
    }

    fn is_card(&self, named: bool) -> bool {
        let length = self.front_digits + self.masks + self.back_digits;
        if self.torn || self.back_digits != 4 || self.front_digits > 8 || self.masks < 2 {
            return false;
        }
        let front = &self.front[..self.front_digits.min(8)];
        if self.dots {
            // Dots stand for any number of digits. One is a decimal point.
            return self.masks >= 2 && self.front_digits >= 6 && (13..=19).any(|n| begins_like_one(front, n));
        }
        match self.front_digits {
            0 => named || (13..=19).contains(&length),
            _ => begins_like_one(front, length) && (self.masks >= 4 || named),
        }
    }
}

/// What stands alone under a name that says what it is: security code, expiry, PIN, PIN block, last four digits.
pub(super) fn named(value: &[u8], words: Words) -> DataClasses {
    let digits = is_digits(value);
    let class = if digits && matches!(value.len(), 3 | 4) && is_security_code(words) {
        DataClass::Cvv
    } else if words.has(Topic::Pin) && words.has(Topic::Block) || words.has(Topic::Pin) && words.has(Topic::Masked) {
        if !matches!(value.len(), 16 | 32) || !value.iter().all(u8::is_ascii_hexdigit) {
            return DataClasses::NONE;
        }
        DataClass::PinBlock
    } else if digits && (4..=12).contains(&value.len()) && words.ends(&[Topic::Pin]) {
        DataClass::Pin
    } else if digits && value.len() == 4 && is_last_four(words) || digits && is_bin(value, words) {
        DataClass::MaskedPan
    } else if words.any(&[Topic::Expiry, Topic::Card]) && is_expiry(value, words) {
        DataClass::CardExpiry
    } else {
        return DataClasses::NONE;
    };
    class.into()
}

fn is_security_code(words: Words) -> bool {
    words.has(Topic::Cvv)
        || words.has(Topic::Security) && words.ends(&[Topic::Code])
        || words.has(Topic::Card) && words.has(Topic::Verification)
}

fn is_last_four(words: Words) -> bool {
    (words.has(Topic::LastFour) || words.has(Topic::Last) && words.has(Topic::Four))
        && !words.any(&[Topic::Ssn, Topic::Social, Topic::Phone, Topic::Account, Topic::Bank, Topic::Tax])
}

fn is_bin(value: &[u8], words: Words) -> bool {
    let length = value.len();
    (words.has(Topic::Bin) && matches!(length, 6..=8)
        || words.has(Topic::Card) && words.has(Topic::Masked) && length == 10)
        && (13..=19).any(|n| begins_like_one(value, n))
}

/// `12/27`, `12 / 27`, `1/27`, `12/2027`, `1227`, `2712`, `122027`, `2027-12`, or month and year apart.
fn is_expiry(value: &[u8], words: Words) -> bool {
    let year = |text: &[u8]| match text {
        [b'2', b'0', a, b] | [a, b] => is_digits(&[*a, *b]) && (20..=59).contains(&two(*a, *b)),
        _ => false,
    };
    let month = |text: &[u8]| match text {
        [a, b] => is_digits(text) && (1..=12).contains(&two(*a, *b)),
        [a] => (b'1'..=b'9').contains(a),
        _ => false,
    };
    let apart = words.has(Topic::Month) != words.has(Topic::Year);
    // `card.mmyy`
    let expiry = words.has(Topic::Expiry) || words.has(Topic::Month) && !apart;
    match value {
        _ if expiry && words.has(Topic::Month) && !words.has(Topic::Year) => month(value),
        _ if expiry && words.has(Topic::Year) && !words.has(Topic::Month) => year(value),
        _ if !expiry => false,
        [a, b, b' ', b'/', b' ', rest @ ..] => month(&[*a, *b]) && year(rest),
        [a, b, b'/' | b'-' | b' ', rest @ ..] => month(&[*a, *b]) && year(rest),
        [a, b'/', rest @ ..] => month(&[*a]) && year(rest),
        [_, _, _, _, b'-' | b'/', m1, m2] => year(&value[..4]) && month(&[*m1, *m2]),
        [y1, y2, m1, m2] if is_digits(value) && year(&[*y1, *y2]) && month(&[*m1, *m2]) => true,
        [a, b, rest @ ..] if is_digits(value) => month(&[*a, *b]) && year(rest),
        _ => false,
    }
}

fn two(tens: u8, units: u8) -> u32 {
    u32::from(tens.wrapping_sub(b'0')) * 10 + u32::from(units.wrapping_sub(b'0'))
}
