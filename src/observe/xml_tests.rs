//! Documents as services send them, and as attackers do.

use proptest::prelude::*;

use super::*;
use crate::api::{DataClass, StringFormat};
use crate::observe::cost::assert_linear;

fn read(text: &str) -> Option<Shape> {
    read_xml(text.as_bytes(), TextEnd::Whole, &Limits::default())
}

const ORDER: &str = r#"<?xml version="1.0"?>
<!DOCTYPE order [<!ENTITY lol "lol"><!ELEMENT a (b)> <!ENTITY x SYSTEM "file:///etc/passwd">]>
<!-- <no/> -->
<order id="7" note='a > b'>
  <card><number>4111 1111 1111 1111</number></card>
  <line sku="A">1</line><line sku="B"/>
  <total>12</total><empty/><blank> </blank>
  <raw><![CDATA[<no>2</no>]]></raw>
  <at>2024-03-01T10:15:00Z</at>
</order>"#;

#[test]
fn a_document_is_elements_attributes_and_text() {
    // Catches what stands in comments, declarations and CDATA taken for elements, and a `>` in quotes for the end of a tag.
    let shape = read(ORDER).unwrap();
    assert!(!shape.partial && shape.fields.len() == 2);
    assert_eq!((shape.fields["#comment"].seen, shape.fields["#comment"].strings[StringFormat::Text]), (1, 1));
    let order = &shape.fields["order"];
    let names: Vec<_> = order.fields.keys().collect();
    assert_eq!(names, ["@id", "@note", "at", "blank", "card", "empty", "line", "raw", "total"]);
    assert_eq!((order.seen, order.objects), (1, 1));
    let line = &order.fields["line"];
    assert_eq!((line.seen, line.objects, line.fields["@sku"].seen, line.fields["#text"].seen), (2, 2, 2, 1));
    assert_eq!(order.fields["total"].strings[StringFormat::Digits], 1);
    assert_eq!(order.fields["at"].strings[StringFormat::DateTime], 1);
    assert_eq!((order.fields["empty"].nulls, order.fields["blank"].nulls), (1, 1));
    assert_eq!(order.fields["raw"].strings[StringFormat::Text], 1);
    assert_eq!(order.fields["card"].fields["number"].looks.count(DataClass::Pan), 1);
    assert_eq!(read("no xml"), None);
    assert_eq!(read("<!-- only"), None);
}

#[test]
fn a_card_is_found_however_it_is_written() {
    // Catches digits written as references to them, and texts that stand beside another or are no element's.
    let pan = |text: &str, place: &[&str]| {
        let shape = read(text).unwrap();
        let found = place.iter().try_fold(&shape, |shape, name| shape.fields.get(name)).expect(text);
        (found.seen, found.looks.count(DataClass::Pan))
    };
    for (text, place) in [
        ("<a><pan>&#52;111&#x31;11111111111</pan></a>", &["a", "pan"][..]),
        ("<a><pan no='&#52;111111111111111'/></a>", &["a", "pan", "@no"]),
        ("<a><b><![CDATA[4111111111111111]]></b></a>", &["a", "b"]),
        ("<a><b>card<![CDATA[<c>4111111111111111</c>]]></b></a>", &["a", "b"]),
        ("<a><b>4111<![CDATA[111111111111]]></b></a>", &["a", "b"]),
        ("<a><b>41111111<!-- -->11111111</b></a>", &["a", "b"]),
        ("<a><b>card <i/> and 4111111111111111</b></a>", &["a", "b", "#text"]),
        ("<a/><!-- 4111111111111111 -->", &["#comment"]),
        ("<!-- 4111111111111111 --><a>1</a>", &["#comment"]),
        ("<a><b><c><!-- 4111111111111111 --></c></b></a>", &["#comment"]),
    ] {
        assert_eq!(pan(text, place), (1, 1), "{text}");
    }
    // CDATA is text as it stands, and no reference is undone twice.
    assert_eq!(pan("<a><b><![CDATA[&#52;111111111111111]]></b></a>", &["a", "b"]), (1, 0));
    assert_eq!(pan("<a><b>&amp;#52;111111111111111</b></a>", &["a", "b"]), (1, 0));
    assert_eq!(read("<a>1</a>").unwrap().fields.len(), 1, "no comment is no field");
}

#[test]
fn prefixes_make_no_difference() {
    // Catches one message told as many, as each client names the same namespaces otherwise, and a namespace taken for a field.
    let message = |soap: &str, own: &str| {
        format!(
            "<{soap}Envelope xmlns{}='urn:soap' xmlns{}=\"urn:own\"><{soap}Body {soap}id='1'><{own}card><{own}pan xmlns='x'>4111111111111111\
             </{own}pan></{own}card></{soap}Body></{soap}Envelope>",
            if soap.is_empty() { String::new() } else { format!(":{}", soap.trim_end_matches(':')) },
            if own.is_empty() { String::new() } else { format!(":{}", own.trim_end_matches(':')) }
        )
    };
    let shape = read(&message("soap:", "p:")).unwrap();
    assert_eq!(shape, read(&message("s:", "ns2:")).unwrap());
    assert_eq!(shape, read(&message("", "")).unwrap());
    let body = &shape.fields["Envelope"].fields["Body"];
    assert_eq!(shape.fields["Envelope"].fields.len(), 1);
    assert_eq!(body.fields.keys().collect::<Vec<_>>(), ["@id", "card"]);
    let pan = &body.fields["card"].fields["pan"];
    assert_eq!((pan.objects, pan.looks.count(DataClass::Pan)), (0, 1));
    // A name that is a value is none without its prefix either; what is no name stays one.
    let odd = read("<a:x><a:4111111111111111/><b:/></a:x>").unwrap();
    assert_eq!(odd.fields["x"].fields.keys().collect::<Vec<_>>(), ["b:", "{card}"]);
}

#[test]
fn media_types_say_what_is_xml() {
    for yes in ["application/xml", "text/xml", "application/soap+xml", "application/atom+xml"] {
        assert!(is_xml(Some(yes), b""), "{yes}");
    }
    for no in ["text/html", "image/svg+xml", "application/xhtml+xml", "application/json"] {
        assert!(!is_xml(Some(no), b"<?xml"), "{no}");
    }
    assert!(is_xml(None, b" <?xml version='1.0'?>") && !is_xml(None, b"<html>"));
}

#[test]
fn every_prefix_gives_a_part_of_the_shape() {
    // Catches half a name or half a text told as a whole one.
    fn within(part: &Shape, whole: &Shape) -> bool {
        part.fields.iter().all(|(name, field)| whole.fields.get(name).is_some_and(|whole| within(field, whole)))
            && StringFormat::ALL.iter().all(|format| part.strings[*format] <= whole.strings[*format])
    }
    let whole = read(ORDER).unwrap();
    for at in 0..ORDER.len() {
        if let Some(part) = read_xml(&ORDER.as_bytes()[..at], TextEnd::Cut, &Limits::default()) {
            assert!(part.partial && within(&part, &whole), "cut at byte {at}");
        }
    }
}

#[test]
fn attacks_cost_what_they_weigh() {
    // Catches recursion without end, work that grows with the square, and entities that are expanded.
    let limits = Limits::default();
    let many = |text: &str, n: usize| text.repeat(n / text.len());
    let numbered = |n: usize, text: fn(usize) -> String| (0..n / text(n).len()).map(text).collect::<String>();
    let attacks: &[(&str, &dyn Fn(usize) -> String)] = &[
        ("deep", &|n| many("<a>", n)),
        ("deep and closed", &|n| many("<a>", n / 2) + &many("</a>", n / 2)),
        ("attributes", &|n| format!("<a {}>", numbered(n, |at| format!("k{at}='1' ")))),
        ("names", &|n| format!("<a>{}</a>", numbered(n, |at| format!("<k{at}/>")))),
        ("one name", &|n| format!("<{}>", many("a", n))),
        ("one text", &|n| format!("<a>{}</a>", many("4111 ", n))),
        ("open quotes", &|n| many("<a b='", n)),
        ("open comments", &|n| String::from("<a>") + &many("<!--", n)),
        ("open declarations", &|n| String::from("<a>") + &many("<!", n)),
        ("open sections", &|n| String::from("<a>") + &many("<![CDATA[", n)),
        ("closing", &|n| String::from("<a>") + &many("</", n)),
        ("laughs", &|n| format!("<!DOCTYPE a [{}]><a>&l9;</a>", many("<!ENTITY l9 '&l8;&l8;'>", n))),
    ];
    for (what, attack) in attacks {
        assert_linear(
            what,
            |n| attack(n).into_bytes(),
            |body| {
                if let Some(shape) = read_xml(body, TextEnd::Whole, &limits) {
                    assert!(shape.places() <= limits.body_shape_nodes + 1, "{what}");
                }
            },
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_have_a_shape_or_none(
        noise in prop::collection::vec(any::<u8>(), 0..200), likely in "[<>/!?a-c'\"= \\[\\]-]{0,80}"
    ) {
        for bytes in [&noise[..], likely.as_bytes(), &[b"<a>".as_slice(), likely.as_bytes()].concat()] {
            for end in [TextEnd::Whole, TextEnd::Cut] {
                let _ = read_xml(bytes, end, &Limits::default());
            }
        }
    }
}
