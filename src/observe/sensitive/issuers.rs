//! Is this a payment card number? Issuer prefix, length and Luhn together.
//!
//! Luhn alone takes one number in ten, and timestamps and ids by the thousand; with the ranges that issuers really
//! hold and the lengths that go with them, few others are left.

/// ISO/IEC 7812: digits of a length and prefix that an issuer uses, with a right check digit.
pub(in crate::observe) fn is_card(digits: &[u8]) -> bool {
    judge(digits) == Digits::Card
}

/// What a run of digits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// Range, length and check digit of a card.
    Card,
    /// Range and length of a card, and a wrong check digit.
    Wrong,
    /// No issuer writes such.
    Other,
}

pub(super) fn judge(digits: &[u8]) -> Digits {
    if !(13..=19).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Digits::Other;
    }
    if !begins_like_one(digits, digits.len()) {
        Digits::Other
    } else if luhn(digits) {
        Digits::Card
    } else {
        Digits::Wrong
    }
}

/// The same where a name says card: Maestro's of twelve digits too. Without a name accounts and counters have twelve.
pub(super) fn judge_named(digits: &[u8]) -> Digits {
    let short = digits.len() == 12 && digits.iter().all(u8::is_ascii_digit);
    match digits.first() {
        // Maestro's ranges are those of 5 and 6 that go down to thirteen.
        Some(b'5' | b'6') if short && begins_like_one(digits, 13) => {
            if luhn(digits) {
                Digits::Card
            } else {
                Digits::Wrong
            }
        }
        _ => judge(digits),
    }
}

/// An issuer has numbers of this length that begin with these digits. Up to six are looked at, fewer will do.
pub(super) fn begins_like_one(digits: &[u8], length: usize) -> bool {
    let mut low = 0;
    let mut high = 0;
    for at in 0..6 {
        let (from, to) = digits.get(at).map_or((0, 9), |digit| (u32::from(digit - b'0'), u32::from(digit - b'0')));
        low = low * 10 + from;
        high = high * 10 + to;
    }
    ISSUERS.iter().any(|(from, to, lengths)| low <= *to && high >= *from && lengths.contains(&length))
}

/// ISO/IEC 7812-1 annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(digit - b'0')) {
            (0, n) => n,
            (_, n) if n < 5 => n * 2,
            (_, n) => n * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// First six digits from, to, and the lengths that go with them. Ranges may overlap: a number is a card where one row
/// takes it. Twelve digits, which Maestro once had, count under a name only (`judge_named`).
const ISSUERS: &[(u32, u32, &[usize])] = &[
    (220_000, 220_499, &[16, 17, 18, 19]),             // Mir
    (222_100, 272_099, &[16]),                         // Mastercard
    (300_000, 305_999, &[14, 16]),                     // Diners Club
    (308_800, 310_299, &[16]),                         // JCB, older
    (309_500, 309_599, &[14, 16]),                     // Diners Club
    (311_200, 312_099, &[16]),                         // JCB, older
    (315_800, 315_999, &[16]),                         // JCB, older
    (333_700, 334_999, &[16]),                         // JCB, older
    (340_000, 349_999, &[15]),                         // American Express
    (352_800, 358_999, &[16, 17, 18, 19]),             // JCB
    (360_000, 369_999, &[14, 16, 19]),                 // Diners Club
    (370_000, 379_999, &[15]),                         // American Express
    (380_000, 399_999, &[14, 16, 19]),                 // Diners Club; Hipercard
    (400_000, 499_999, &[13, 16, 19]),                 // Visa; Elo, Dankort on Visa
    (500_000, 509_999, &[16, 18, 19]),                 // Maestro, Elo, RuPay, Verve, Meeza, Dankort
    (501_800, 501_899, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (502_000, 502_099, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (503_800, 503_899, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (510_000, 559_999, &[16]),                         // Mastercard
    (560_000, 589_999, &[13, 14, 15, 16, 17, 18, 19]), // Maestro, Naranja, UkrCard
    (601_100, 601_199, &[16, 17, 18, 19]),             // Discover
    (604_200, 604_499, &[16]),                         // Cabal
    (606_200, 606_299, &[16, 19]),                     // Hipercard
    (606_900, 608_599, &[16]),                         // RuPay
    (620_000, 629_999, &[16, 17, 18, 19]),             // UnionPay; Discover, Elo
    (630_400, 630_499, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (633_110, 633_110, &[16, 18, 19]),                 // Maestro UK, once Switch
    (633_300, 633_499, &[16, 18, 19]),                 // Maestro UK, once Switch and Solo
    (636_000, 639_999, &[16, 17, 18, 19]),             // InterPayment, InstaPayment, Elo, Hipercard, Maestro
    (644_000, 659_999, &[16, 17, 18, 19]),             // Discover; RuPay, Elo, Troy
    (670_000, 679_999, &[13, 14, 15, 16, 17, 18, 19]), // Maestro, Bancontact
    (810_000, 829_999, &[16, 17, 18, 19]),             // UnionPay, RuPay
    (860_000, 860_099, &[16]),                         // Uzcard
    (949_000, 949_099, &[16]),                         // BC Card
    (979_200, 979_299, &[16]),                         // Troy
    (986_000, 986_099, &[16]),                         // Humo
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_and_ids_are_not() {
        // Catches Luhn alone, and ranges wider than issuers hold. The false alarms people report: Luhn holds for each of these, the issuer's range does not.
        for other in ["1700000000005", "1700000000000000", "0000000000000000", "9999999999999995", "79927398713"] {
            assert!(!is_card(other.as_bytes()), "{other}");
        }
        assert!(!is_card(b"4111111111111112"), "a wrong check digit");
        assert!(!is_card(b"411111111111111"), "fifteen digits of a sixteen digit issuer");
        assert!(!is_card(b"41111111111111111111") && !is_card(b""));
    }
}
