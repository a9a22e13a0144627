//! Numbers that the word right before them names: `CVV: 123`, `SSN 536-22-1234` in a sentence, or in a text of another form.
//!
//! In: a value. Out: classes with the mark that a word said them, for in running text no field's name says what its numbers are, and most
//! texts hold none. Most runs of digits cost a look at the bytes beside them.

use super::cards::{digits_at, is_free_after};
use super::national::ssn;
use crate::api::{DataClass, DataClasses, Mark};

/// Security codes and social security numbers that are said to be such.
pub(super) fn said(value: &[u8]) -> DataClasses {
    let mut found = DataClasses::NONE;
    let mut at = 0;
    while let Some(step) = value.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit)) {
        let start = at + step;
        let run = digits_at(value, start);
        at = start + run;
        if !(3..=9).contains(&run) || matches!(run, 5..=8) {
            continue;
        }
        let Some(word) = word_before(value.get(..start).unwrap_or_default()) else { continue };
        match word {
            Said::Code if is_code(value, start, at) => {
                found = found.with(DataClass::Cvv).marked(Mark::SaidCvv);
            }
            Said::Person => {
                if let Some(end) = end_of_ssn(value, start, run) {
                    found = found.with(DataClass::UsSsn).marked(Mark::SaidSsn);
                    at = end;
                }
            }
            Said::Code => {}
        }
    }
    found
}

/// What a word says of the number behind it.
#[derive(Clone, Copy)]
enum Said {
    Code,
    Person,
}

/// The word that stands right before a number, marks of punctuation between them; words that lead over (`is`, `number`) may stand
/// between, too. Looks at 64 bytes at most.
fn word_before(front: &[u8]) -> Option<Said> {
    let mut front = without_marks(front)?;
    for _ in 0..WORDS {
        let length = front.iter().rev().take(WORD + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let word = front.get(front.len() - length..)?;
        front = front.get(..front.len() - length)?;
        let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
        if [&b"cvv"[..], b"cvv2", b"cvc", b"cvc2", b"cav2"].into_iter().any(is) {
            return Some(Said::Code);
        }
        if is(b"ssn") {
            return Some(Said::Person);
        }
        let leads_over = [&b"is"[..], b"number", b"no", b"nr", b"code", b"value"].into_iter().any(is);
        if !leads_over && !is(b"security") {
            return None;
        }
        front = without_marks(front)?;
        if is(b"security") {
            let social = front.len().checked_sub(6).and_then(|at| front.get(at..))?;
            return social.eq_ignore_ascii_case(b"social").then_some(Said::Person);
        }
    }
    None
}

/// The text without the few marks at its end; `None` where there are none, or too many.
fn without_marks(front: &[u8]) -> Option<&[u8]> {
    let is_mark =
        |byte: &&u8| matches!(**byte, b' ' | b'\t' | b':' | b'=' | b'#' | b'"' | b'\'' | b'>' | b'(' | b'_' | b'.');
    let marks = front.iter().rev().take(MARKS + 1).take_while(is_mark).count();
    (1..=MARKS).contains(&marks).then(|| front.get(..front.len() - marks))?
}

/// Three or four digits that are no year, no part of a date, an amount or a longer number.
fn is_code(value: &[u8], start: usize, end: usize) -> bool {
    let year = end - start == 4 && matches!(value.get(start..start + 2), Some(b"19" | b"20"));
    let goes_on = matches!(value.get(end..), Some([b'/' | b':', b'0'..=b'9', ..]));
    end - start <= 4 && !year && !goes_on && is_free_after(value, end)
}

/// The end of a social security number that begins here: nine digits, or three, two and four with the same mark between.
fn end_of_ssn(value: &[u8], start: usize, run: usize) -> Option<usize> {
    let mut digits = [0; 9];
    let end = match run {
        9 => {
            digits.copy_from_slice(value.get(start..start + 9)?);
            start + 9
        }
        3 => {
            let text = value.get(start..start + 11)?;
            let (area, group, serial) = (text.get(..3)?, text.get(4..6)?, text.get(7..)?);
            if !matches!(text.get(3), Some(b'-' | b' ')) || text.get(3) != text.get(6) {
                return None;
            }
            digits[..3].copy_from_slice(area);
            digits[3..5].copy_from_slice(group);
            digits[5..].copy_from_slice(serial);
            start + 11
        }
        _ => return None,
    };
    (ssn(&digits) && is_free_after(value, end)).then_some(end)
}

/// Words that are looked at before a number.
const WORDS: usize = 3;
/// A longer word is none of these.
const WORD: usize = 8;
/// Marks between two words.
const MARKS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Classes;

    #[test]
    fn a_word_right_before_a_number_names_it() {
        for (text, class) in [
            ("my cvv is 123, thanks", DataClass::Cvv),
            ("CVV: 123", DataClass::Cvv),
            ("CVC2 123.", DataClass::Cvv),
            ("card 4111 1111 1111 1111 cvv=1234 exp 12/27", DataClass::Cvv),
            ("<card><cvv>123</cvv></card>", DataClass::Cvv),
            ("{\"cvv\":\"123\"}", DataClass::Cvv),
            ("cvv code 123", DataClass::Cvv),
            ("SSN 123-45-6789", DataClass::UsSsn),
            ("his SSN is 536-22-1234.", DataClass::UsSsn),
            ("ssn: 536221234", DataClass::UsSsn),
            ("SSN#536 22 1234", DataClass::UsSsn),
            ("Social Security Number: 536-22-1234", DataClass::UsSsn),
            ("social_security_no=536221234", DataClass::UsSsn),
        ] {
            assert!(said(text.as_bytes()).has(class), "{text}");
        }
        let both = said(b"ssn 536-22-1234, cvv 123");
        assert!(both.has(DataClass::UsSsn) && both.has(DataClass::Cvv));
    }

    #[test]
    fn a_word_further_away_or_another_number_is_none() {
        // Catches prose about codes, results of checks, years, dates, amounts, and numbers nobody was given.
        for text in [
            "cvv",
            "cvv123",
            "cvv and 123",
            "cvv_result: 200",
            "cvv length 3",
            "cvv: 12",
            "cvv: 12345",
            "cvv in 2024",
            "cvv 2024",
            "cvv 123%",
            "cvv 123.45",
            "cvv 1234-5678",
            "cvv 2001-01-01",
            "cvv 123/45",
            "cvv 123ms",
            "cvv: ........ 123",
            "security code 123",
            "acvv 123",
            "xyzcvvcvvcvvcvv 123",
            "ssn 000-12-3456",
            "ssn 900-12-3456",
            "ssn 536-22 1234",
            "ssn 536-22-12345",
            "ssn 536-22-1234-5",
            "ssn 1536-22-1234",
            "ssn 536",
            "security 536221234",
            "anti social insecurity 536221234",
            "session 536221234",
            "123 cvv",
        ] {
            assert_eq!(said(text.as_bytes()), DataClasses::NONE, "{text}");
        }
    }

    #[test]
    fn one_among_many_texts_is_told() {
        // Catches a vote that asks for half of the texts: a field of notes has one in a thousand.
        let mut notes = Classes::default();
        notes.note(said(b"SSN 536-22-1234"));
        assert_eq!(notes.carried(1_000), DataClass::UsSsn.into());
        notes.note(DataClass::Cvv.into());
        assert_eq!(notes.carried(1_000), DataClass::UsSsn.into(), "nobody said a code");
        notes.note(said(b"cvv 123"));
        assert!(notes.carried(1_000).has(DataClass::Cvv));
    }
}
