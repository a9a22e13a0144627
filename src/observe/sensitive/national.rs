//! Numbers by which states know people.
//!
//! In: a whole value and the words of its name. Out: classes. Numbers whose check digits are strong, or whose written
//! form is their own, stand alone; the others need a name that says what they are, or at least that it is an id of a person.

use super::issuers::luhn;
use super::words::{Topic, Words};
use crate::api::{DataClass, DataClasses};
use crate::observe::formats::is_digits;

/// The classes of a whole value.
pub(super) fn national(value: &[u8], words: Words) -> DataClasses {
    let Some(text) = Bare::of(value) else { return DataClasses::NONE };
    let person = words.any(PERSON) && !words.any(&[Topic::Card, Topic::Expiry, Topic::Date, Topic::Month, Topic::Year]);
    let mut found = DataClasses::NONE;
    for row in ROWS {
        let named = words.any(row.names) || person && !matches!(row.needs, Needs::ItsName);
        let alone = || match row.needs {
            Needs::Nothing => true,
            Needs::Form(form) => has_form(value, form),
            Needs::ItsName | Needs::AName => false,
        };
        if (named || alone()) && (row.check)(text.bytes()) {
            found = found.with(row.class);
        }
    }
    found
}

/// Names that say of a value that a state knows somebody by it, not which state.
const PERSON: &[Topic] = &[Topic::Identity, Topic::Tax, Topic::Social, Topic::Insurance];

/// Bytes of a value that may be such a number, marks included.
const MOST: usize = 24;

/// The value in capitals without spaces, dashes, dots and slashes.
struct Bare {
    held: [u8; MOST],
    length: usize,
}

impl Bare {
    fn of(value: &[u8]) -> Option<Self> {
        if !(9..=MOST).contains(&value.len()) {
            return None;
        }
        let mut bare = Self { held: [0; MOST], length: 0 };
        for byte in value {
            match byte {
                byte if byte.is_ascii_alphanumeric() => {
                    bare.held[bare.length] = byte.to_ascii_uppercase();
                    bare.length += 1;
                }
                b' ' | b'-' | b'.' | b'/' | b'+' => {}
                _ => return None,
            }
        }
        Some(bare)
    }

    fn bytes(&self) -> &[u8] {
        &self.held[..self.length]
    }
}

/// Written as the form says: `9` a digit, `A` a letter, anything else itself.
fn has_form(value: &[u8], form: &str) -> bool {
    value.len() == form.len()
        && value.iter().zip(form.bytes()).all(|(byte, form)| match form {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            mark => *byte == mark,
        })
}

struct Row {
    class: DataClass,
    /// Names that say that it is this one.
    names: &'static [Topic],
    needs: Needs,
    /// Asked of the bare value.
    check: fn(&[u8]) -> bool,
}

/// What a value must have beside its check.
enum Needs {
    /// Chance does not write it.
    Nothing,
    /// This written form, or a name.
    Form(&'static str),
    /// A name that says that it is an id of a person.
    AName,
    /// Its own name: everything of this many digits would pass otherwise.
    ItsName,
}

const ROWS: &[Row] = &[
    Row { class: DataClass::UsSsn, names: &[Topic::Ssn, Topic::Social], needs: Needs::ItsName, check: ssn },
    Row { class: DataClass::UsSsn, names: &[], needs: Needs::Form("999-99-9999"), check: ssn_of_somebody },
    Row { class: DataClass::UkNino, names: &[Topic::Nino], needs: Needs::Form("AA 99 99 99 A"), check: nino },
    Row { class: DataClass::UkNino, names: &[], needs: Needs::AName, check: nino },
    Row { class: DataClass::EsDni, names: &[Topic::Dni], needs: Needs::AName, check: dni },
    Row { class: DataClass::BrCpf, names: &[Topic::Cpf], needs: Needs::Form("999.999.999-99"), check: cpf },
    Row { class: DataClass::InAadhaar, names: &[Topic::Aadhaar], needs: Needs::AName, check: aadhaar },
    Row { class: DataClass::InPan, names: &[Topic::Pan], needs: Needs::AName, check: indian_pan },
    Row { class: DataClass::FrNir, names: &[Topic::Nir], needs: Needs::Form("9 99 99 99 999 999 99"), check: nir },
    Row { class: DataClass::ItCodiceFiscale, names: &[Topic::Codice], needs: Needs::Nothing, check: codice_fiscale },
    Row { class: DataClass::PlPesel, names: &[Topic::Pesel], needs: Needs::AName, check: pesel },
    Row { class: DataClass::NlBsn, names: &[Topic::Bsn], needs: Needs::ItsName, check: bsn },
    Row { class: DataClass::FiHetu, names: &[Topic::Hetu], needs: Needs::Form("999999-999A"), check: hetu },
    Row { class: DataClass::FiHetu, names: &[], needs: Needs::Form("999999A999A"), check: hetu_of_this_century },
    Row { class: DataClass::SePersonnummer, names: &[Topic::Personnummer], needs: Needs::AName, check: personnummer },
    Row { class: DataClass::ChAhv, names: &[Topic::Ahv], needs: Needs::Form("756.9999.9999.99"), check: ahv },
    Row { class: DataClass::TrKimlik, names: &[Topic::Kimlik], needs: Needs::AName, check: kimlik },
    Row { class: DataClass::CnResidentId, names: &[], needs: Needs::Nothing, check: resident_id },
    Row { class: DataClass::SgNric, names: &[Topic::Nric], needs: Needs::AName, check: nric },
    Row { class: DataClass::CaSin, names: &[Topic::Sin], needs: Needs::ItsName, check: sin },
    Row { class: DataClass::MxCurp, names: &[Topic::Curp], needs: Needs::Nothing, check: curp },
    Row { class: DataClass::ClRut, names: &[Topic::Rut], needs: Needs::Form("99.999.999-9"), check: rut },
    Row { class: DataClass::ClRut, names: &[], needs: Needs::Form("99.999.999-A"), check: rut },
    Row { class: DataClass::Passport, names: &[Topic::Passport], needs: Needs::ItsName, check: passport },
];

/// The digits of a text that is nothing but `N` of them.
fn digits<const N: usize>(text: &[u8]) -> Option<[u32; N]> {
    let text: &[u8; N] = text.try_into().ok()?;
    is_digits(text).then(|| text.map(|digit| u32::from(digit - b'0')))
}

fn sum(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

fn number(text: &[u8]) -> u64 {
    text.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit.wrapping_sub(b'0')))
}

fn is_day(month: u64, day: u64) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// Area, group and serial as the Social Security Administration issues them.
pub(super) fn ssn(text: &[u8]) -> bool {
    if text.len() != 9 || !is_digits(text) {
        return false;
    }
    let (area, group, serial) = (number(&text[..3]), number(&text[3..5]), number(&text[5..]));
    area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

/// None that stood in advertisements, or in examples of forms. Where a name says what they are, they are test data, as cards of schemes are.
fn ssn_of_somebody(text: &[u8]) -> bool {
    ssn(text) && !matches!(text, b"078051120" | b"219099999" | b"123456789")
}

/// Two letters that are given out, six digits, a suffix from A to D.
fn nino(text: &[u8]) -> bool {
    match text {
        [a, b, middle @ .., b'A'..=b'D'] if middle.len() == 6 => {
            a.is_ascii_uppercase()
                && b.is_ascii_uppercase()
                && !b"DFIQUV".contains(a)
                && !b"DFIOQUV".contains(b)
                && !matches!(&[*a, *b], b"BG" | b"GB" | b"KN" | b"NK" | b"NT" | b"TN" | b"ZZ")
                && is_digits(middle)
        }
        _ => false,
    }
}

/// A letter by the remainder of 23; foreigners' begin with X, Y or Z for 0, 1 or 2.
fn dni(text: &[u8]) -> bool {
    let [first, middle @ .., letter] = text else { return false };
    let first = match first {
        b'X'..=b'Z' => first - b'X' + b'0',
        digit => *digit,
    };
    middle.len() == 7
        && first.is_ascii_digit()
        && is_digits(middle)
        && b"TRWAGMYFPDXBNJZSQVHLCKE".get((number(&[first]) * 10_000_000 + number(middle)) as usize % 23)
            == Some(letter)
}

/// Two check digits by 11; eleven equal digits pass and are not given out.
fn cpf(text: &[u8]) -> bool {
    let Some(d) = digits::<11>(text) else { return false };
    let check = |n: usize, start: u32| {
        let sum: u32 = d[..n].iter().zip((2..=start).rev()).map(|(digit, weight)| digit * weight).sum();
        sum * 10 % 11 % 10
    };
    check(9, 10) == d[9] && check(10, 11) == d[10] && d.iter().any(|digit| *digit != d[0])
}

/// Verhoeff's check digit; none begins with 0 or 1.
fn aadhaar(text: &[u8]) -> bool {
    let Some(d) = digits::<12>(text) else { return false };
    let mut check = 0_usize;
    for (at, digit) in d.iter().rev().enumerate() {
        check = VERHOEFF_D[check][VERHOEFF_P[at % 8][*digit as usize]];
    }
    check == 0 && d[0] >= 2
}

const VERHOEFF_D: [[usize; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const VERHOEFF_P: [[usize; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Five letters, the fourth for the kind of holder, four digits, a letter.
fn indian_pan(text: &[u8]) -> bool {
    match text {
        [a, b, c, kind, e, d1, d2, d3, d4, last] => {
            [a, b, c, e, last].iter().all(|b| b.is_ascii_uppercase())
                && b"PCHABGJLFT".contains(kind)
                && is_digits(&[*d1, *d2, *d3, *d4])
        }
        _ => false,
    }
}

/// Sex, month of birth, department (Corsica has letters), key by 97.
fn nir(text: &[u8]) -> bool {
    if text.len() != 15 || !matches!(text[0], b'1' | b'2' | b'7' | b'8') {
        return false;
    }
    let mut body = [0_u8; 13];
    body.copy_from_slice(&text[..13]);
    let less = match &body[5..7] {
        b"2A" => 1_000_000,
        b"2B" => 2_000_000,
        _ => 0,
    };
    if less > 0 {
        body[6] = b'0';
    }
    if !is_digits(&body) || !is_digits(&text[13..]) {
        return false;
    }
    let month = number(&text[3..5]);
    let body = number(&body);
    // 2A and 2B count as 19 and 18.
    ((1..=12).contains(&month) || (20..=42).contains(&month)) && 97 - (body - less) % 97 == number(&text[13..])
}

/// Six letters, a birth date with the month as a letter, a place, a letter by 26.
fn codice_fiscale(text: &[u8]) -> bool {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
        10, 22, 25, 24, 23,
    ];
    if text.len() != 16 {
        return false;
    }
    // Where two people would have the same, digits become letters.
    let digit = |b: &u8| b.is_ascii_digit() || b"LMNPQRSTUV".contains(b);
    let fits = text[..6].iter().all(u8::is_ascii_uppercase)
        && text[6..8].iter().all(digit)
        && b"ABCDEHLMPRST".contains(&text[8])
        && text[9..11].iter().all(digit)
        && text[11].is_ascii_uppercase()
        && text[12..15].iter().all(digit)
        && text[15].is_ascii_uppercase();
    fits && {
        let sum: u32 = text[..15]
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                let order = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
                let index = if byte.is_ascii_digit() { order } else { order + 10 };
                if at % 2 == 0 { ODD[usize::from(index)] } else { u32::from(order) }
            })
            .sum();
        sum % 26 == u32::from(text[15] - b'A')
    }
}

/// A birth date whose month tells the century, a weighted check digit.
fn pesel(text: &[u8]) -> bool {
    let Some(d) = digits::<11>(text) else { return false };
    let (month, day) = (d[2] * 10 + d[3], d[4] * 10 + d[5]);
    is_day(u64::from(month % 20), u64::from(day)) && sum(&d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// The eleven test of Dutch numbers.
fn bsn(text: &[u8]) -> bool {
    let Some(d) = digits::<9>(text) else { return false };
    let sum = sum(&d[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum > 0 && sum % 11 == d[8]
}

/// A birth date, a number, a sign by 31.
fn hetu(text: &[u8]) -> bool {
    match text {
        [date @ .., n1, n2, n3, sign] if date.len() == 6 && is_digits(date) && is_digits(&[*n1, *n2, *n3]) => {
            let whole = number(date) * 1_000 + number(&[*n1, *n2, *n3]);
            is_day(number(&date[2..4]), number(&date[..2]))
                && b"0123456789ABCDEFHJKLMNPRSTUVWXY".get((whole % 31) as usize) == Some(sign)
        }
        _ => false,
    }
}

/// The same with a letter for the century where a dash would be.
fn hetu_of_this_century(text: &[u8]) -> bool {
    match text {
        [d1, d2, d3, d4, d5, d6, b'A'..=b'F', n1, n2, n3, sign] => {
            hetu(&[*d1, *d2, *d3, *d4, *d5, *d6, *n1, *n2, *n3, *sign])
        }
        _ => false,
    }
}

/// A birth date, the century in front perhaps, and Luhn.
fn personnummer(text: &[u8]) -> bool {
    let short = match text.len() {
        10 => text,
        12 if matches!(&text[..2], b"19" | b"20") => &text[2..],
        _ => return false,
    };
    is_digits(short) && is_day(number(&short[2..4]), number(&short[4..6])) && luhn(short)
}

/// The country's number and an EAN check digit.
fn ahv(text: &[u8]) -> bool {
    let Some(d) = digits::<13>(text) else { return false };
    text.starts_with(b"756") && sum(&d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Two check digits.
fn kimlik(text: &[u8]) -> bool {
    let Some(d) = digits::<11>(text) else { return false };
    let odd = d[0] + d[2] + d[4] + d[6] + d[8];
    let even = d[1] + d[3] + d[5] + d[7];
    d[0] != 0 && (odd * 7 + 90 - even) % 10 == d[9] && d[..10].iter().sum::<u32>() % 10 == d[10]
}

/// A place, a birth date, a check sign by 11 (ISO 7064).
fn resident_id(text: &[u8]) -> bool {
    if text.len() != 18 || !is_digits(&text[..17]) {
        return false;
    }
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = text[..17].iter().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let year = number(&text[6..10]);
    // Regions go from 11 (Beijing) to 82 (Macao).
    (11..=82).contains(&number(&text[..2]))
        && (1900..=2099).contains(&year)
        && is_day(number(&text[10..12]), number(&text[12..14]))
        && b"10X98765432".get((sum % 11) as usize) == text.last()
}

/// A letter for the kind, seven digits, a letter by 11.
fn nric(text: &[u8]) -> bool {
    let [kind, middle @ .., last] = text else { return false };
    let Some(d) = digits::<7>(middle) else { return false };
    let sum = sum(&d, &[2, 7, 6, 5, 4, 3, 2]);
    let (offset, letters) = match kind {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => return false,
    };
    letters.get(((sum + offset) % 11) as usize) == Some(last)
}

/// Luhn; none begins with 0 or 8.
fn sin(text: &[u8]) -> bool {
    text.len() == 9 && is_digits(text) && luhn(text) && !matches!(text[0], b'0' | b'8')
}

/// Letters of the name, a birth date, sex, place, three consonants, a sign, a check digit.
fn curp(text: &[u8]) -> bool {
    if text.len() != 18 {
        return false;
    }
    let fits = text[..4].iter().all(u8::is_ascii_uppercase)
        && is_digits(&text[4..10])
        && is_day(number(&text[6..8]), number(&text[8..10]))
        && matches!(text[10], b'H' | b'M' | b'X')
        && text[11..16].iter().all(u8::is_ascii_uppercase)
        && text[17].is_ascii_digit();
    // The alphabet has an N with a tilde between N and O.
    let order = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte.saturating_sub(b'A')) + 11,
    };
    fits && {
        let sum: u32 = text[..17].iter().zip((2..=18).rev()).map(|(byte, weight)| order(*byte) * weight).sum();
        (10 - sum % 10) % 10 == u32::from(text[17] - b'0')
    }
}

/// A check sign by 11.
fn rut(text: &[u8]) -> bool {
    let Some((sign, body)) = text.split_last() else { return false };
    if !(7..=8).contains(&body.len()) || !is_digits(body) {
        return false;
    }
    let sum: u32 =
        body.iter().rev().zip([2, 3, 4, 5, 6, 7, 2, 3]).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    sum > 0 && b"0K987654321".get((sum % 11) as usize) == Some(sign)
}

/// Up to nine letters and digits, mostly digits (ICAO 9303 part 4).
fn passport(text: &[u8]) -> bool {
    text.len() == 9 && text.iter().filter(|b| b.is_ascii_digit()).count() >= 5
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use DataClass::*;

    fn found(key: &str, value: &str) -> DataClasses {
        national(value.as_bytes(), Words::of(key.as_bytes()))
    }

    /// Samples that the authorities or the articles on them print.
    const SAMPLES: &[(DataClass, &str, &[&str])] = &[
        (UsSsn, "ssn", &["536-90-4399", "536904399", "123-45-6789"]),
        (UkNino, "nino", &["AB123456C", "AB 12 34 56 C", "ab123456c"]),
        (EsDni, "dni", &["12345678Z", "12345678-Z", "X1234567L"]),
        (BrCpf, "cpf", &["111.444.777-35", "52998224725"]),
        (InAadhaar, "aadhaar_number", &["2341 2341 2346", "234123412346"]),
        (InPan, "pan_number", &["ABCPE1234F"]),
        (FrNir, "nir", &["2 69 05 49 588 157 80", "269054958815780"]),
        (ItCodiceFiscale, "codice_fiscale", &["RSSMRA85T10A562S"]),
        (PlPesel, "pesel", &["44051401359", "02070803628"]),
        (NlBsn, "bsn", &["111222333", "123456782"]),
        (FiHetu, "hetu", &["131052-308T"]),
        (SePersonnummer, "personnummer", &["811228-9874", "198112289874"]),
        (ChAhv, "ahv", &["756.9217.0769.85", "7569217076985"]),
        (TrKimlik, "tckn", &["10000000146"]),
        (CnResidentId, "id_card", &["11010519491231002X"]),
        (SgNric, "nric", &["S1234567D", "T1234567J", "F1234567N", "G1234567X"]),
        (CaSin, "sin", &["130 692 544", "130692544"]),
        (MxCurp, "curp", &["BOXW310820HNERXN09"]),
        (ClRut, "rut", &["30.686.957-4", "12345678-5"]),
        (Passport, "passport_number", &["123456789", "C01X00T47"]),
    ];

    #[test]
    fn the_samples_are_found_under_their_names_and_wrong_digits_are_not() {
        for (class, key, values) in SAMPLES {
            for value in *values {
                assert!(found(key, value).has(*class), "{} {value}", class.name());
            }
            if matches!(class, UsSsn | UkNino | InPan | Passport) {
                continue; // no check digit
            }
            for value in *values {
                // Every other digit at one place: a check that looks at less would let most through.
                let at = value.rfind(|c: char| c.is_ascii_digit()).unwrap();
                let wrong = (b'0'..=b'9').filter(|d| *d != value.as_bytes()[at]).filter(|digit| {
                    let mut text = value.as_bytes().to_vec();
                    text[at] = *digit;
                    national(&text, Words::of(key.as_bytes())).has(*class)
                });
                assert!(wrong.count() <= 1, "{} {value}", class.name());
            }
        }
    }

    #[test]
    fn weak_ones_need_a_name() {
        // Catches an eleven digit order number that is a CPF by chance, and nine digits that are an SSN by rule.
        for value in [
            "536904399",
            "12345678Z",
            "52998224725",
            "234123412346",
            "44051401359",
            "123-45-6789",
            "111222333",
            "10000000146",
            "130692544",
            "123456789",
            "ABCPE1234F",
            "S1234567D",
            "8112289874",
        ] {
            for key in ["", "id", "order_number", "name", "reference"] {
                assert!(found(key, value).is_empty(), "{key} {value}");
            }
        }
        for value in ["000-12-3456", "666-12-3456", "912-12-3456", "123-00-4567", "123-45-0000", "536-904-399"] {
            assert!(found("ssn", value).is_empty() || value.ends_with("399"), "{value}");
        }
    }

    #[test]
    fn a_form_of_its_own_needs_none() {
        for value in [
            "536-90-4399",
            "111.444.777-35",
            "RSSMRA85T10A562S",
            "131052-308T",
            "756.9217.0769.85",
            "11010519491231002X",
            "BOXW310820HNERXN09",
            "30.686.957-4",
            "AB 12 34 56 C",
        ] {
            assert_eq!(found("", value).iter().count(), 1, "{value}");
        }
        // A name that says id of a person, but not which.
        assert_eq!(found("national_id", "44051401359"), PlPesel.into());
        assert_eq!(found("tax_id", "52998224725"), BrCpf.into());
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(value in prop::collection::vec(any::<u8>(), 0..40), like in "[0-9A-Za-z./+ -]{8,24}") {
            let words = Words::of(b"national_id_ssn_pan_nric_dni_rut_nir_sin_bsn_hetu_ahv_curp");
            national(&value, words);
            national(like.as_bytes(), words);
        }
    }
}
