//! Is this a payment card number? Issuer prefix, length and Luhn together.
//!
//! Luhn alone takes one number in ten, and timestamps and ids by the thousand; with the ranges that issuers really
//! hold and the lengths that go with them, few others are left.

/// ISO/IEC 7812: digits of a length and prefix that an issuer uses, with a right check digit.
pub(super) fn is_card(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    // The first six digits, the length of the shortest prefix that tells issuers apart.
    let prefix = digits.iter().take(6).fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    ISSUERS.iter().any(|(low, high, lengths)| (*low..=*high).contains(&prefix) && lengths.contains(&digits.len()))
        && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
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

/// First six digits from, to, and the lengths that go with them.
const ISSUERS: &[(u32, u32, &[usize])] = &[
    (220_000, 220_499, &[16, 17, 18, 19]),             // Mir
    (222_100, 272_099, &[16]),                         // Mastercard
    (300_000, 305_999, &[14, 16]),                     // Diners Club
    (309_500, 309_599, &[14, 16]),                     // Diners Club
    (340_000, 349_999, &[15]),                         // American Express
    (352_800, 358_999, &[16, 17, 18, 19]),             // JCB
    (360_000, 369_999, &[14, 16, 19]),                 // Diners Club
    (370_000, 379_999, &[15]),                         // American Express
    (380_000, 399_999, &[14, 16, 19]),                 // Diners Club
    (400_000, 499_999, &[13, 16, 19]),                 // Visa
    (501_800, 501_899, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (502_000, 502_099, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (503_800, 503_899, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (508_000, 508_999, &[16]),                         // RuPay
    (510_000, 559_999, &[16]),                         // Mastercard
    (560_000, 589_999, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (601_100, 601_199, &[16, 17, 18, 19]),             // Discover
    (606_900, 608_499, &[16]),                         // RuPay
    (620_000, 629_999, &[16, 17, 18, 19]),             // UnionPay
    (630_400, 630_499, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (644_000, 659_999, &[16, 17, 18, 19]),             // Discover
    (675_900, 676_399, &[13, 14, 15, 16, 17, 18, 19]), // Maestro
    (810_000, 829_999, &[16, 17, 18, 19]),             // UnionPay, RuPay
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuers_test_numbers_are_cards() {
        // Numbers that issuers and gateways publish for testing.
        for card in [
            "4111111111111111",
            "4222222222222",
            "5555555555554444",
            "2223003122003222",
            "378282246310005",
            "6011111111111117",
            "30569309025904",
            "3530111333300000",
            "6200000000000005",
            "2200000000000004",
        ] {
            assert!(is_card(card.as_bytes()), "{card}");
        }
    }

    #[test]
    fn timestamps_and_ids_are_not() {
        // The false alarms people report: Luhn holds for each of these, the issuer's range does not.
        for other in ["1700000000005", "1700000000000000", "0000000000000000", "9999999999999995", "79927398713"] {
            assert!(!is_card(other.as_bytes()), "{other}");
        }
        assert!(!is_card(b"4111111111111112"), "a wrong check digit");
        assert!(!is_card(b"411111111111111"), "fifteen digits of a sixteen digit issuer");
        assert!(!is_card(b"41111111111111111111") && !is_card(b""));
    }
}
