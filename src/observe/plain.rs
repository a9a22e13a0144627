//! Bodies without names: text, CSV, pages. What they hold is looked at for sensitive data; no word of it is kept.
//!
//! In: an unpacked sample. Out: a `Shape`. Of a text each line is a string; of a page each run of visible text, each attribute
//! that holds data, each script and each comment; of CSV each row is an object whose fields are numbered: a first row may be names of columns or of people, so it
//! serves to look at what stands below it, and goes no further. One pass, at most so many values as are told below.

use std::borrow::Cow;

use super::encoding::TextEnd;
use super::references::without_references;
use super::sensitive::{look, look_said};
use crate::api::{BodyKind, DataClasses, Shape, StringFormat};

/// The shape of a body of this kind; `None` where there is nothing, or it is no text.
pub(super) fn read_plain(kind: BodyKind, body: &[u8], end: TextEnd) -> Option<Shape> {
    // A text has no NUL. What is binary under the name of a text is passed over.
    if memchr::memchr(0, body.get(..BINARY).unwrap_or(body)).is_some() {
        return None;
    }
    let mut shape = Shape::default();
    match kind {
        BodyKind::Text => lines(body, &mut shape),
        BodyKind::Csv => rows(body, &mut shape),
        BodyKind::Html => page(body, &mut shape),
        _ => return None,
    }
    shape.partial |= end == TextEnd::Cut;
    (shape.seen > 0).then_some(shape)
}

/// Takes in one value; false when there is no room for more.
fn take(shape: &mut Shape, key: &str, value: &[u8]) -> bool {
    take_looked(shape, || look(key, value))
}

/// The same of a value under a name of its own, among others that have none: what that says holds for this value alone.
fn take_named(shape: &mut Shape, key: &str, value: &[u8]) -> bool {
    take_looked(shape, || look_said(key, value))
}

fn take_looked(shape: &mut Shape, look: impl FnOnce() -> DataClasses) -> bool {
    if shape.seen >= MOST_VALUES {
        shape.partial = true;
        return false;
    }
    shape.seen += 1;
    shape.strings[StringFormat::Text] += 1;
    shape.looks.note(look());
    true
}

fn lines(body: &[u8], shape: &mut Shape) {
    for line in body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        let (key, value) = named(line);
        if !take_named(shape, key, value) {
            return;
        }
    }
}

/// `Card number: 4111 1111 1111 1111` and `pan=4111111111111111`: a name of words and its value. Else it is all value.
fn named(line: &[u8]) -> (&str, &[u8]) {
    let Some(at) = line.iter().take(KEY_BYTES).position(|byte| matches!(byte, b':' | b'=')) else { return ("", line) };
    let (key, value) = line.split_at(at);
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'_' | b'-' | b'.');
    match std::str::from_utf8(key) {
        Ok(key) if !key.is_empty() && key.bytes().all(|byte| plain(&byte)) => (key, value.get(1..).unwrap_or_default()),
        _ => ("", line),
    }
}

fn rows(body: &[u8], shape: &mut Shape) {
    let first = body.get(..body.iter().position(|byte| *byte == b'\n').unwrap_or(body.len())).unwrap_or_default();
    let count = |mark: u8| first.iter().filter(|byte| **byte == mark).count();
    // The comma where nothing is ahead of it.
    let mark = [b';', b'\t'].into_iter().fold(b',', |best, mark| if count(mark) > count(best) { mark } else { best });
    let mut columns: Vec<Column> = Vec::new();
    read_rows(Cells { rest: body, mark }, shape, &mut columns);
    for (at, column) in columns.into_iter().enumerate().filter(|(_, column)| column.shape.seen > 0) {
        *shape.fields.entry(&format!("column_{}", at + 1)).0 = column.shape;
    }
}

/// What stands below a name, or seems to.
struct Column {
    name: String,
    shape: Shape,
}

fn read_rows(mut cells: Cells<'_>, shape: &mut Shape, columns: &mut Vec<Column>) {
    let (mut values, mut row, mut column) = (0, 0, 0);
    while let Some((cell, ends)) = cells.next() {
        if column == 0 && (row > 0 || ends || !cell.is_empty()) {
            shape.seen += 1;
            shape.objects += 1;
        }
        if column == columns.len() && column < COLUMNS {
            // Further down a row may be longer than the first; what stands there has no name.
            let named = if row == 0 { cell.get(..KEY_BYTES).unwrap_or(cell) } else { b"" };
            let name = String::from_utf8_lossy(named).into_owned();
            columns.push(Column { name, shape: Shape::default() });
        }
        match columns.get_mut(column) {
            Some(_) if cell.is_empty() => {}
            Some(known) => {
                // In the first row a name would say something of itself.
                let key = if row == 0 { "" } else { known.name.as_str() };
                let room = take(&mut known.shape, key, cell);
                values += 1;
                if !room || values >= MOST_VALUES {
                    shape.partial = true;
                    return;
                }
            }
            None => shape.partial = true,
        }
        column += 1;
        if ends {
            (row, column) = (row + 1, 0);
        }
    }
}

/// The cells of RFC 4180, one after another.
struct Cells<'x> {
    rest: &'x [u8],
    mark: u8,
}

impl<'x> Cells<'x> {
    /// A cell without its quotes and blanks, and whether its row ends.
    fn next(&mut self) -> Option<(&'x [u8], bool)> {
        if self.rest.is_empty() {
            return None;
        }
        let body = self.rest;
        let mut from = 0;
        if body.first() == Some(&b'"') {
            // Doubled quotes inside stay: no value is kept, and no card number has one.
            from = 1;
            while let Some(at) = body.get(from..).and_then(|rest| memchr::memchr(b'"', rest)) {
                from += at + 1;
                if body.get(from) != Some(&b'"') {
                    break;
                }
                from += 1;
            }
        }
        let tail = body.get(from..).unwrap_or_default();
        let end = from + memchr::memchr2(self.mark, b'\n', tail).unwrap_or(tail.len());
        let (cell, rest) = body.split_at(end);
        let ends = rest.first().is_none_or(|byte| *byte == b'\n');
        self.rest = rest.get(1..).unwrap_or_default();
        let cell = cell.trim_ascii();
        let bare = cell.strip_prefix(b"\"").map(|cell| cell.strip_suffix(b"\"").unwrap_or(cell));
        Some((bare.unwrap_or(cell), ends))
    }
}

fn page(body: &[u8], shape: &mut Shape) {
    let mut rest = body;
    // What stands before a text may say what it is: `<dt>Card number</dt><dd>4111 ...`.
    let mut before = Cow::Borrowed(&b""[..]);
    while !rest.is_empty() {
        let at = memchr::memchr(b'<', rest).unwrap_or(rest.len());
        let (text, tag) = rest.split_at(at);
        let text = without_references(text.trim_ascii());
        if !text.is_empty() {
            let key = std::str::from_utf8(&before).ok().filter(|key| key.len() <= KEY_BYTES && is_label(key));
            if !take_named(shape, key.unwrap_or_default(), &text) {
                return;
            }
            before = text;
        }
        let Some(inside) = tag.get(1..) else { return };
        let hidden = [(&b"!--"[..], &b"-->"[..]), (b"![CDATA[", b"]]>")].into_iter().find_map(|(open, close)| {
            let text = upto(inside.strip_prefix(open)?, close);
            Some((text, behind(inside, open.len() + text.len() + close.len())))
        });
        if let Some((text, after)) = hidden {
            if !take_whole(shape, text) {
                return;
            }
            rest = after;
            continue;
        }
        let end = tag_end(inside);
        let (name, attributes) = inside.split_at(name_end(inside).min(end));
        let attributes = attributes.get(..end - name.len()).unwrap_or_default();
        rest = inside.get(end + 1..).unwrap_or_default();
        if !read_attributes(attributes, shape) {
            return;
        }
        if name.eq_ignore_ascii_case(b"style") {
            rest = behind(rest, upto_end_of(rest, b"style").len());
        } else if name.eq_ignore_ascii_case(b"script") {
            // It may hold the data that a page is made of.
            let script = upto_end_of(rest, b"script");
            if !take_whole(shape, script) {
                return;
            }
            rest = behind(rest, script.len());
        }
    }
}

/// A few words: a label, and no sentence.
fn is_label(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b':' | b'-' | b'_'))
}

/// Takes in a text that is no value but may hold some; false when there is no room for more.
fn take_whole(shape: &mut Shape, text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text.is_empty() || take(shape, "", text)
}

fn behind(text: &[u8], length: usize) -> &[u8] {
    text.get(length..).unwrap_or_default()
}

/// What stands before a mark; all of it where there is none.
fn upto<'x>(text: &'x [u8], mark: &[u8]) -> &'x [u8] {
    memchr::memmem::find(text, mark).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// The content of an element that holds no elements: up to its closing tag. Each byte is passed once.
fn upto_end_of<'x>(text: &'x [u8], name: &[u8]) -> &'x [u8] {
    for at in memchr::memmem::find_iter(text, b"</") {
        let after = text.get(at + 2..).unwrap_or_default();
        if after.get(..name.len()).is_some_and(|closing| closing.eq_ignore_ascii_case(name)) {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Where a tag ends: at the first `>` that is in no quotes.
fn tag_end(inside: &[u8]) -> usize {
    let mut quote = None;
    for (at, byte) in inside.iter().enumerate().take(TAG_BYTES) {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed, or a tag that is none.
    memchr::memchr(b'>', inside).unwrap_or(inside.len())
}

fn name_end(inside: &[u8]) -> usize {
    inside.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).unwrap_or(inside.len())
}

/// Values that a page holds in attributes: what a form was filled with, what a link calls. False when there is no room.
fn read_attributes(attributes: &[u8], shape: &mut Shape) -> bool {
    let mut rest = attributes;
    let mut name: &[u8] = b"";
    let mut value: Option<Cow<'_, [u8]>> = None;
    for _ in 0..MOST_ATTRIBUTES {
        let Some(at) = memchr::memchr(b'=', rest) else { break };
        let (front, behind) = rest.split_at(at);
        let front = front.trim_ascii();
        let from = front.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        let attribute = front.get(from..).unwrap_or_default();
        let behind = behind.get(1..).unwrap_or_default().trim_ascii_start();
        let (text, next) = match behind {
            [quote @ (b'"' | b'\''), inside @ ..] => {
                let end = memchr::memchr(*quote, inside).unwrap_or(inside.len());
                (inside.get(..end), inside.get(end + 1..))
            }
            bare => {
                let end = bare.iter().position(u8::is_ascii_whitespace).unwrap_or(bare.len());
                (bare.get(..end), bare.get(end..))
            }
        };
        let text = text.unwrap_or_default();
        rest = next.unwrap_or_default();
        let is = |known: &[u8]| attribute.eq_ignore_ascii_case(known);
        if is(b"name") || is(b"property") || is(b"itemprop") {
            name = text;
        } else if is(b"value") || is(b"content") {
            value = Some(without_references(text));
        } else if is(b"href") {
            let mail = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"mailto:"));
            let address = text.get(7..).unwrap_or_default();
            let address = address.split(|byte| *byte == b'?').next().unwrap_or_default();
            if mail && !take(shape, "", address) {
                return false;
            }
        } else if attribute.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"data-")) && !text.is_empty() {
            let key = std::str::from_utf8(attribute.get(5..).unwrap_or_default()).unwrap_or_default();
            if !take_named(shape, key.get(..KEY_BYTES).unwrap_or(key), &without_references(text)) {
                return false;
            }
        }
    }
    let key = std::str::from_utf8(name).ok().filter(|name| name.len() <= KEY_BYTES).unwrap_or_default();
    value.filter(|value| !value.is_empty()).is_none_or(|value| take_named(shape, key, &value))
}

/// Values of one place, and of a table in all, that are looked at.
const MOST_VALUES: u64 = 4_096;
/// Columns that are told apart.
const COLUMNS: usize = 64;
/// Bytes in front that tell a text from what is none.
const BINARY: usize = 512;
/// A longer name is a text.
const KEY_BYTES: usize = 40;
/// Bytes of a tag in which quotes are minded.
const TAG_BYTES: usize = 4_096;
/// Attributes of a tag that are looked at.
const MOST_ATTRIBUTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::DataClass;
    use crate::observe::cost::assert_linear;
    use proptest::prelude::*;

    fn read(kind: BodyKind, text: &str) -> Shape {
        let mut shape = read_plain(kind, text.as_bytes(), TextEnd::Whole).unwrap_or_default();
        shape.vote();
        shape
    }

    fn carried(shape: &Shape) -> Vec<DataClass> {
        shape.data.iter().collect()
    }

    #[test]
    fn a_line_of_text_may_name_what_it_holds() {
        let shape = read(BodyKind::Text, "Receipt\n\nCard number: 4111 1111 1111 1111\r\nThank you\n");
        assert_eq!((shape.seen, carried(&shape)), (3, vec![DataClass::Pan]));
        let unnamed = read(BodyKind::Text, "4111111111111111\n5555555555554444\n378282246310005\n6011111111111117\n");
        assert_eq!(carried(&unnamed), [DataClass::Pan]);
        // One number alone proves nothing.
        assert_eq!(carried(&read(BodyKind::Text, "done 4111111111111111\nbye")), []);
    }

    #[test]
    fn what_one_line_says_of_its_number_holds_among_a_thousand() {
        // Catches a vote over all lines of a text: most of them say nothing.
        let rest = "a line of text\n".repeat(50);
        for (text, class) in [
            ("CVV: 123\n", DataClass::Cvv),
            ("call me, my ssn is 536-22-1234\n", DataClass::UsSsn),
            ("SSN=536221234\n", DataClass::UsSsn),
        ] {
            assert_eq!(carried(&read(BodyKind::Text, &[text, &rest].concat())), [class], "{text}");
        }
        let page = format!("<dt>CVV</dt><dd>123</dd>{}", "<p>text</p>".repeat(50));
        assert_eq!(carried(&read(BodyKind::Html, &page)), [DataClass::Cvv]);
        for weaker in ["PIN: 1234\n", "part no: 536-22-1234\n", "Security error code: 403\n"] {
            assert_eq!(carried(&read(BodyKind::Text, &[weaker, &rest].concat())), [], "{weaker}");
        }
    }

    #[test]
    fn a_table_has_numbered_columns_and_no_names() {
        // Catches a first row that is told: it may be the first person of a list.
        let table = "name;card_number;note\n\"Schmidt; Anna\";4111111111111111;\"a\"\"b\"\nBob;5555555555554444;\n";
        let mut shape = read(BodyKind::Csv, table);
        assert_eq!((shape.seen, shape.objects), (3, 3));
        let names: Vec<String> = shape.fields.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names, ["column_1", "column_2", "column_3"]);
        let (card, new) = shape.fields.entry("column_2");
        card.vote();
        assert_eq!((new, card.seen, carried(card)), (false, 3, vec![DataClass::Pan]));
        assert_eq!(shape.fields["column_3"].seen, 2);
    }

    #[test]
    fn a_page_is_its_texts_scripts_and_comments_and_what_its_attributes_hold() {
        let page = "<!DOCTYPE html><html><head><style>p{x:4111111111111111}</style><script>var a='b';\
            if (1<2) {}</SCRIPT></head><body title=\"a>b\"><!-- none --><dt>Card number</dt><dd>4111 1111 1111 1111\
            </dd></body></html>";
        let shape = read(BodyKind::Html, page);
        assert_eq!((shape.seen, carried(&shape)), (4, vec![DataClass::Pan]));
        let hidden = page.replace("4111 1111 1111 1111", "none");
        assert_eq!(carried(&read(BodyKind::Html, &hidden)), [], "styles show nothing");
        let form = "<form><input type=hidden name=\"card_number\" value='5555555555554444'><a href=x>y</a></form>";
        assert_eq!(carried(&read(BodyKind::Html, form)), [DataClass::Pan]);
        let mail = "<a href=\"mailto:anna@shop.example?subject=x\">write</a>";
        assert_eq!(read(BodyKind::Html, mail).looks.count(DataClass::Email), 1);
    }

    #[test]
    fn a_page_hides_nothing_from_a_look() {
        // Catches what browsers do not show: data in scripts and comments, and digits written as references to them.
        for page in [
            "<p>a</p><script>window.state={\"cardNumber\":\"4111111111111111\"}</script><p>b</p>",
            "<script type=x>var pan='4111111111111111'",
            "<p>a</p><!-- card: 4111111111111111 --><p>b</p>",
            "<!-- card: 4111111111111111",
            "<p>a</p><![CDATA[card: 4111111111111111]]><p>b</p>",
            "<b>Card number</b><i>&#52;111&#49;11111111111</i>",
            "<td>4111&nbsp;1111&nbsp;1111&nbsp;1111</td>",
            "<input name=pan value='&#52;111111111111111'><p data-card=\"&#x34;111111111111111\">",
        ] {
            assert_eq!(carried(&read(BodyKind::Html, page)), [DataClass::Pan], "{page}");
        }
        let shape = read(BodyKind::Html, "<script>a</script><script src=x></script><!----><p>b</p><!-->c");
        assert_eq!((shape.seen, carried(&shape)), (3, vec![]), "what is empty is no value");
        // Numbers of a card's length in scripts, of which some pass by chance: hashes, times, tables.
        let numbers = |n: u64| format!("[{},{}],", 1_700_000_000_000 + n * 977, 4_000_000_000_000_000 + n * 7_919_001);
        let script: String = (0..2_000).map(numbers).collect();
        assert_eq!(carried(&read(BodyKind::Html, &format!("<script>x=[{script}]</script>"))), []);
    }

    #[test]
    fn logs_and_tables_of_numbers_carry_nothing() {
        // Catches a look that takes timestamps, decimals and order numbers for cards.
        let line = |n: u64| {
            let mixed = n.wrapping_mul(6_364_136_223_846_793_005) >> 11;
            format!(
                "2026-03-01T10:15:{:02}.{:06}Z INFO order {} took 0.{mixed} s, id {:016x}, at {}\n",
                n % 60,
                n % 999_983,
                1_700_000_000_000_u64 + n * 977,
                mixed,
                1_700_000_000_000_000_u64 + n * 1_009
            )
        };
        let text: String = (0..1_500).map(line).collect();
        assert_eq!(carried(&read(BodyKind::Text, &text)), []);
        let table: String = (0..1_500_u64)
            .map(|n| format!("{},{},0.{}\n", 112_000_000_000 + n, 1_700_000_000_000 + n * 31, n))
            .collect();
        let shape = read(BodyKind::Csv, &table);
        assert!(shape.fields.values().all(|field| {
            let mut field = field.clone();
            field.vote();
            field.data.is_none()
        }));
        let page: String = (0..1_500_u64).map(|n| format!("<td>{}</td>", 1_700_000_000_000 + n * 977)).collect();
        assert_eq!(carried(&read(BodyKind::Html, &page)), []);
    }

    #[test]
    fn what_is_read_is_bounded_and_linear() {
        for (kind, unit) in [
            (BodyKind::Text, "a\n"),
            (BodyKind::Csv, "a,\""),
            (BodyKind::Csv, ",,,,\n"),
            (BodyKind::Html, "<a b='"),
            (BodyKind::Html, "<script>"),
            (BodyKind::Html, "</"),
            (BodyKind::Html, "<!--"),
            (BodyKind::Html, "<![CDATA["),
            (BodyKind::Html, "<!---->a"),
            (BodyKind::Html, "<script></"),
            (BodyKind::Html, "&#52;"),
            (BodyKind::Html, "<x>y"),
            (BodyKind::Html, "<a b=c "),
        ] {
            assert_linear(
                unit,
                |n| unit.repeat(n / unit.len()).into_bytes(),
                |text| {
                    let shape = read_plain(kind, text, TextEnd::Whole);
                    assert!(shape.is_none_or(|shape| shape.places() <= 1 + COLUMNS));
                },
            );
        }
        assert_eq!(read_plain(BodyKind::Text, b"a\0b", TextEnd::Whole), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(
            noise in prop::collection::vec(any::<u8>(), 0..300), likely in "[<>!/='\" \n,;a-c:-]{0,120}",
        ) {
            for kind in [BodyKind::Text, BodyKind::Csv, BodyKind::Html] {
                for body in [&noise[..], likely.as_bytes()] {
                    read_plain(kind, body, TextEnd::Cut);
                }
            }
        }
    }
}
