//! Names and types of parameters: of queries and forms, and what others found elsewhere. No value gets further than the
//! look at it.
//!
//! In: `a=b&c=d` as it stands in a query or an `application/x-www-form-urlencoded` body (WHATWG URL section 5), or names and
//! values one by one. Out: a sorted list with each (place, name) once. The list and its strings are used again for each
//! exchange.

use super::classify::name_or_class;
use super::encoding::TextEnd;
use super::formats::{is_date, is_date_time, is_decimal, is_email, is_integer, is_uuid};
use super::sensitive::look;
use crate::api::{Param, ParamPlace, ParamStyle, ParamType, Ranks, Value};

/// Parameters of one exchange.
#[derive(Debug, Default)]
pub(super) struct Params {
    /// Sorted by place and name.
    list: Vec<Param>,
    /// Values are looked at for sensitive data.
    looking: bool,
    /// Emptied names, kept for their capacity; never more than the list once held.
    spare: Vec<String>,
    /// Names and values without their escapes, one at a time; kept for their capacity.
    room: [Vec<u8>; 2],
    /// Names of each place that has as many as may be.
    full: [Ranks; ParamPlace::ALL.len()],
}

impl Params {
    /// The parameters read since the last `clear`, sorted by place and name.
    pub(super) fn list(&self) -> &[Param] {
        &self.list
    }

    /// Forgets all. From now on values are looked at for sensitive data, or not: that costs most.
    pub(super) fn begin(&mut self, looking: bool) {
        self.looking = looking;
        self.spare.extend(self.list.drain(..).map(|param| param.name));
        self.full.iter_mut().for_each(Ranks::clear);
    }

    /// Reads a query or a form. At most `most` different names are kept, those of the smallest rank; says how many pairs
    /// found no room. Where the text was cut (`whole` is false) its last pair is left out: half a name is another name.
    pub(super) fn read(&mut self, place: ParamPlace, text: &[u8], end: TextEnd, most: usize) -> u64 {
        let text = match end {
            TextEnd::Whole => text,
            TextEnd::Cut => text.get(..text.iter().rposition(|b| *b == b'&').unwrap_or(0)).unwrap_or_default(),
        };
        let mut refused = 0;
        let [mut names, mut values] = std::mem::take(&mut self.room);
        for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match memchr::memchr(b'=', pair) {
                Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default()),
                None => (pair, &pair[..0]),
            };
            let (name, value) = (decoded(name, &mut names), decoded(value, &mut values));
            refused += u64::from(!self.add(place, name, value, most));
        }
        self.room = [names, values];
        refused
    }

    /// Takes in one name with its value; false when there is no room for it.
    pub(super) fn add(&mut self, place: ParamPlace, name: &[u8], value: &[u8], most: usize) -> bool {
        let (kind, style, kept) = describe(value);
        self.put(place, name, (kind, style, kept, value), most)
    }

    /// Takes in a field of the head. Its name is kept in lower case and judged as it was sent, too: case tells tokens from words.
    pub(super) fn add_header(&mut self, sent: &[u8], lower: &[u8], value: &[u8], most: usize) -> bool {
        let of_words = |pair: &[u8]| !pair[0].is_ascii_alphanumeric() || !pair[1].is_ascii_uppercase();
        if !sent.windows(2).all(of_words)
            && let sent = String::from_utf8_lossy(sent)
            && let kept = name_or_class(&sent)
            && *kept != *sent
        {
            let (kind, style, told) = describe(value);
            return self.put_as(
                ParamPlace::Header,
                &sent,
                &kept.to_ascii_lowercase(),
                (kind, style, told, value),
                most,
            );
        }
        self.add(ParamPlace::Header, lower, value, most)
    }

    /// Takes in a cookie. Its value is written with percent escapes where it has marks in it; a plus stands for itself there.
    pub(super) fn add_cookie(&mut self, name: &[u8], value: &[u8], most: usize) -> bool {
        if memchr::memchr(b'%', value).is_none() {
            return self.add(ParamPlace::Cookie, name, value, most);
        }
        let [names, mut values] = std::mem::take(&mut self.room);
        values.clear();
        values.extend(percent_encoding::percent_decode(value));
        let found_room = self.add(ParamPlace::Cookie, name, &values, most);
        self.room = [names, values];
        found_room
    }

    /// Takes in the name of a file; its content is no value.
    pub(super) fn add_file(&mut self, name: &[u8], most: usize) -> bool {
        self.put(ParamPlace::Multipart, name, (ParamType::File, ParamStyle::Single, Value::default(), b""), most)
    }

    fn put(
        &mut self,
        place: ParamPlace,
        name: &[u8],
        value: (ParamType, ParamStyle, Value, &[u8]),
        most: usize,
    ) -> bool {
        if name.is_empty() {
            return true;
        }
        let name = String::from_utf8_lossy(name);
        self.put_as(place, &name, &name_or_class(&name), value, most)
    }

    /// A name, and what is kept of it.
    fn put_as(
        &mut self,
        place: ParamPlace,
        name: &str,
        kept: &str,
        (kind, listed, value, text): (ParamType, ParamStyle, Value, &[u8]),
        most: usize,
    ) -> bool {
        let (bare, named) = if matches!(place, ParamPlace::Header | ParamPlace::Cookie) {
            (kept, ParamStyle::Single)
        } else {
            style_of(kept)
        };
        let looked = (self.looking && !text.is_empty()).then(|| look(name.get(..KEY_BYTES).unwrap_or(name), text));
        let style = listed.max(named);
        let here =
            |list: &[Param]| list.partition_point(|p| p.place <= place) - list.partition_point(|p| p.place < place);
        match self.list.binary_search_by(|param| (param.place, param.name.as_str()).cmp(&(place, bare))) {
            Ok(at) => {
                if let Some(param) = self.list.get_mut(at) {
                    param.kind = united(param.kind, kind);
                    param.style = param.style.max(style).max(ParamStyle::Repeated);
                    param.value = param.value.and(value);
                    param.looked = param.looked.map_or(looked, |mine| Some(mine.and(looked.unwrap_or_default())));
                }
            }
            Err(at) => {
                let full = here(&self.list) >= most;
                if full && !self.make_room(place, bare) {
                    return false;
                }
                // What went may have stood before it.
                let at =
                    if full { self.list.partition_point(|p| (p.place, p.name.as_str()) < (place, bare)) } else { at };
                let mut name = self.spare.pop().unwrap_or_default();
                name.clear();
                name.push_str(bare);
                self.list.insert(at, Param { place, name, kind, style, value, looked });
                return !full;
            }
        }
        true
    }

    /// Makes room for a name at a place that is full, where one of greater rank has to go.
    fn make_room(&mut self, place: ParamPlace, name: &str) -> bool {
        let known = self.list.iter().filter(|param| param.place == place).map(|param| param.name.as_str());
        let Some(ranks) = self.full.get_mut(place as usize) else { return false };
        let Some(gone) = ranks.admit(name, known, &mut 1) else { return false };
        if let Ok(at) = self.list.binary_search_by(|param| (param.place, param.name.as_str()).cmp(&(place, &*gone))) {
            self.spare.push(self.list.remove(at).name);
        }
        true
    }
}

/// The name without the brackets that say that it is a list, and how it is written. An index (`a[0]`) went before.
fn style_of(name: &str) -> (&str, ParamStyle) {
    match name.strip_suffix("[]") {
        Some(bare) if !bare.is_empty() => (bare, ParamStyle::Brackets),
        _ if name.ends_with(']') && name.find('[').is_some_and(|at| at > 0) => (name, ParamStyle::Deep),
        _ if name.split('.').filter(|part| !part.is_empty()).count() > 1 => (name, ParamStyle::Deep),
        _ => (name, ParamStyle::Single),
    }
}

/// What a value looks like, whether it is a list, and what may be kept of it.
fn describe(value: &[u8]) -> (ParamType, ParamStyle, Value) {
    let kind = type_of(value);
    if kind == ParamType::String
        && memchr::memchr(b',', value).is_some()
        && let Some((kind, value)) = list(value)
    {
        return (kind, ParamStyle::Commas, value);
    }
    (kind, ParamStyle::Single, Value::of(value))
}

/// A list in one value: items of one type that is more than text, or short names. A sentence has blanks.
fn list(value: &[u8]) -> Option<(ParamType, Value)> {
    let mut found: Option<(ParamType, Value)> = None;
    for item in value.split(|b| *b == b',') {
        let named = item.len() <= ITEM_BYTES
            && item.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        let kind = type_of(item);
        if kind == ParamType::Empty || (kind == ParamType::String && !named) {
            return None;
        }
        let value = Value::of(item);
        found = Some(match found {
            None => (kind, value),
            Some((before, values)) => (united(before, kind), values.and(value)),
        });
    }
    found
}

/// Bytes of a name that are looked at for what it says of its value.
const KEY_BYTES: usize = 128;
/// A longer item of a list is text.
const ITEM_BYTES: usize = 32;

/// `+` and percent escapes undone, in `room` where there are any.
fn decoded<'t>(text: &'t [u8], room: &'t mut Vec<u8>) -> &'t [u8] {
    if memchr::memchr2(b'+', b'%', text).is_none() {
        return text;
    }
    room.clear();
    room.extend(unescaped(text));
    room
}

/// Byte by byte, `+` and percent escapes undone. What is no escape stands as it is.
pub(super) fn unescaped(text: &[u8]) -> impl Iterator<Item = u8> + Clone {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (byte, after) = match rest {
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (digit(*high) << 4 | digit(*low), after)
            }
            [b'+', after @ ..] => (b' ', after),
            [byte, after @ ..] => (*byte, after),
            [] => return None,
        };
        rest = after;
        Some(byte)
    })
}

/// The value of a hexadecimal digit.
const fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => byte.to_ascii_lowercase() - b'a' + 10,
    }
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
        (ParamType::File, _) | (_, ParamType::File) => ParamType::File,
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

    proptest! {
        /// Catches an escape that is undone otherwise than everywhere else.
        #[test]
        fn escapes_are_undone_as_everywhere(text in "[+%0-9a-fA-Fg]{0,40}") {
            let spaced: Vec<u8> = text.bytes().map(|b| if b == b'+' { b' ' } else { b }).collect();
            let expected: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
            let mut room = vec![7];
            prop_assert_eq!(decoded(text.as_bytes(), &mut room), expected);
        }
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
    fn lists_and_objects_are_one_parameter_however_they_are_written() {
        // Catches `a[]`, `a[0]` and `a` told as three parameters, a sentence taken for a list, a name cut at its dots.
        use ParamStyle::{Brackets, Commas, Deep, Repeated, Single};
        use ParamType::{Integer, String as Text};
        for (text, name, kind, style) in [
            ("a=1&a=2", "a", Integer, Repeated),
            ("a=1,2,3", "a", Integer, Commas),
            ("a=1%2C2", "a", Integer, Commas),
            ("sort=name,-created_at", "sort", Text, Commas),
            ("q=red,+green", "q", Text, Single),
            ("q=1,,2", "q", Text, Single),
            ("a[]=1&a[]=2", "a", Integer, Brackets),
            ("a%5B%5D=1", "a", Integer, Brackets),
            ("a[0]=1&a[1]=2", "a", Integer, Brackets),
            ("filter[name]=x", "filter[name]", Text, Deep),
            ("page.size=10", "page.size", Integer, Deep),
            ("items[0].id=7", "items[].id", Integer, Deep),
            ("[]=7", "[]", Integer, Single),
        ] {
            let mut params = Params::default();
            params.read(ParamPlace::Query, text.as_bytes(), TextEnd::Whole, 128);
            let read: Vec<_> = params.list().iter().map(|p| (p.name.as_str(), p.kind, p.style)).collect();
            assert_eq!(read, [(name, kind, style)], "{text}");
        }
    }

    #[test]
    fn half_a_name_is_no_name() {
        let mut params = Params::default();
        params.read(ParamPlace::Form, b"user=a&passw", TextEnd::Cut, 128);
        assert_eq!(params.list().len(), 1);
        params.begin(false);
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
            params.begin(false);
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
