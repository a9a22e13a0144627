//! Names and types of query and form parameters. No value gets further than the look at its type.
//!
//! In: `a=b&c=d` as it stands in a query or an `application/x-www-form-urlencoded` body (WHATWG URL section 5). Out:
//! a sorted list with each (place, name) once. The list and its strings are used again for each exchange.

use std::borrow::Cow;

use super::classify::name_or_class;
use super::encoding::TextEnd;
use super::formats::{is_date, is_date_time, is_decimal, is_email, is_integer, is_uuid};
use crate::api::{Param, ParamPlace, ParamType};

/// Parameters of one exchange.
#[derive(Debug, Default)]
pub(super) struct Params {
    /// Sorted by place and name.
    list: Vec<Param>,
    /// Emptied names, kept for their capacity; never more than the list once held.
    spare: Vec<String>,
}

impl Params {
    /// The parameters read since the last `clear`, sorted by place and name.
    pub(super) fn list(&self) -> &[Param] {
        &self.list
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.spare.extend(self.list.drain(..).map(|param| param.name));
    }

    /// Reads a query or a form. At most `most` different names are kept, the first ones; says how many pairs found
    /// no room. Where the text was cut (`whole` is false) its last pair is left out: half a name is another name.
    pub(super) fn read(&mut self, place: ParamPlace, text: &[u8], end: TextEnd, most: usize) -> u64 {
        let text = match end {
            TextEnd::Whole => text,
            TextEnd::Cut => text.get(..text.iter().rposition(|b| *b == b'&').unwrap_or(0)).unwrap_or_default(),
        };
        let mut refused = 0;
        for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match memchr::memchr(b'=', pair) {
                Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
                None => (pair, &pair[..0]),
            };
            if name.is_empty() {
                continue;
            }
            let name = decoded(name);
            let name = String::from_utf8_lossy(&name);
            let kept = name_or_class(&name);
            let kind = type_of(&decoded(value));
            match self.list.binary_search_by(|param| (param.place, param.name.as_str()).cmp(&(place, &kept))) {
                Ok(at) => {
                    if let Some(param) = self.list.get_mut(at) {
                        param.kind = united(param.kind, kind);
                    }
                }
                Err(_) if self.list.len() >= most => refused += 1,
                Err(at) => {
                    let mut name = self.spare.pop().unwrap_or_default();
                    name.clear();
                    name.push_str(&kept);
                    self.list.insert(at, Param { place, name, kind });
                }
            }
        }
        refused
    }
}

/// `+` and percent escapes undone; borrowed where there are none.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|b| matches!(b, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    Cow::Owned(percent_encoding::percent_decode(&spaced).collect())
}

/// What a value looks like.
fn type_of(value: &[u8]) -> ParamType {
    match value {
        [] => ParamType::Empty,
        b"true" | b"false" => ParamType::Boolean,
        value if is_integer(value) => ParamType::Integer,
        value if is_decimal(value) => ParamType::Number,
        value if is_uuid(value) => ParamType::Uuid,
        value if is_date(value) || is_date_time(value) => ParamType::Date,
        value if is_email(value) => ParamType::Email,
        _ => ParamType::String,
    }
}

/// The type of a parameter that came twice in one request.
const fn united(a: ParamType, b: ParamType) -> ParamType {
    match (a, b) {
        (ParamType::Empty, other) | (other, ParamType::Empty) => other,
        (ParamType::Integer, ParamType::Number) | (ParamType::Number, ParamType::Integer) => ParamType::Number,
        (a, b) if a as u8 == b as u8 => a,
        _ => ParamType::String,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, ParamType)> {
        let mut params = Params::default();
        params.read(ParamPlace::Query, text.as_bytes(), TextEnd::Whole, 128);
        params.list().iter().map(|p| (p.name.clone(), p.kind)).collect()
    }

    #[test]
    fn a_query_is_names_and_types() {
        use ParamType::{Boolean, Date, Email, Empty, Integer, Number, String, Uuid};
        for (text, name, kind) in [
            ("page=2", "page", Integer),
            ("price=2.50", "price", Number),
            ("q=red+shoes", "q", String),
            ("q=2+3", "q", String),
            ("verbose", "verbose", Empty),
            ("verbose=", "verbose", Empty),
            ("all=true", "all", Boolean),
            ("id=123e4567-e89b-12d3-a456-426614174000", "id", Uuid),
            ("since=2024-03-01T10%3A15%3A00Z", "since", Date),
            ("to=a%40b.co", "to", Email),
            ("page%5Bsize%5D=-5", "page[size]", Integer),
            ("4111111111111111=x", "{card}", String),
            ("x=1&x=2.5", "x", Number),
            ("x=1&x=&x=2", "x", Integer),
            ("x=1&x=true", "x", String),
        ] {
            assert_eq!(read(text), [(name.to_owned(), kind)], "{text}");
        }
        assert_eq!(read("&&=v&="), []);
    }

    #[test]
    fn half_a_name_is_no_name() {
        let mut params = Params::default();
        params.read(ParamPlace::Form, b"user=a&passw", TextEnd::Cut, 128);
        assert_eq!(params.list().len(), 1);
        params.clear();
        params.read(ParamPlace::Form, b"passw", TextEnd::Cut, 128);
        assert_eq!(params.list(), []);
    }

    #[test]
    fn the_list_is_bounded_and_used_again() {
        let text: String = (0..26).map(|i| format!("name{}=1&", char::from(b'a' + i))).collect();
        let mut params = Params::default();
        for _ in 0..3 {
            assert_eq!(params.read(ParamPlace::Query, text.as_bytes(), TextEnd::Whole, 10), 16);
            assert_eq!(params.list().len(), 10);
            params.clear();
            assert!(params.list().is_empty() && params.spare.len() == 10);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_query(text in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut params = Params::default();
            params.read(ParamPlace::Query, &text, TextEnd::Whole, 8);
            params.read(ParamPlace::Form, &text, TextEnd::Cut, 8);
            prop_assert!(params.list().len() <= 8 && params.list().is_sorted());
        }
    }
}
