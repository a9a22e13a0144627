//! Shapes of texts that are whole, cut, hostile or no JSON at all.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn shape(text: &str) -> Shape {
    read_shape(text.as_bytes(), TextEnd::Whole, &Limits::default()).expect(text)
}

/// The same shape the slow way, from a tree of values.
fn of_tree(value: &Value, shape: &mut Shape) {
    shape.seen += 1;
    match value {
        Value::Null => shape.nulls += 1,
        Value::Bool(_) => shape.booleans += 1,
        Value::Number(n) if n.is_f64() => shape.numbers += 1,
        Value::Number(_) => shape.integers += 1,
        Value::String(text) => shape.strings[format_of(text.as_bytes())] += 1,
        Value::Array(items) => {
            shape.arrays += 1;
            for item in items {
                of_tree(item, shape.items.get_or_insert_default());
            }
        }
        Value::Object(fields) => {
            shape.objects += 1;
            for (name, field) in fields {
                of_tree(field, shape.fields.entry(&name_or_class(name)).0);
            }
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300_f64).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("2024-03-01T10:15:00Z")),
        Just(json!("a\"b\\c\n\u{1F600}\u{7}")),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-z\"\\\\é]{1,6}", inner), 0..6)
                .prop_map(|f| Value::Object(f.into_iter().collect())),
        ]
    })
}

#[test]
fn a_body_is_its_types_and_names() {
    let seen = shape(r#" {"id":7,"price":1.5,"tags":["a","b"],"owner":{"mail":"a@b.co"},"old":null,"ok":true} "#);
    assert_eq!((seen.seen, seen.objects, seen.partial), (1, 1, false));
    assert_eq!(seen.fields.keys().collect::<Vec<_>>(), ["id", "ok", "old", "owner", "price", "tags"]);
    assert_eq!((seen.fields["id"].integers, seen.fields["price"].numbers, seen.fields["old"].nulls), (1, 1, 1));
    let tags = seen.fields["tags"].items.as_ref().unwrap();
    assert_eq!((tags.seen, tags.strings[StringFormat::Text]), (2, 2));
    assert_eq!(seen.fields["owner"].fields["mail"].strings[StringFormat::Email], 1);
}

#[test]
fn strings_have_formats() {
    for (text, format) in [
        ("", StringFormat::Text),
        ("hello", StringFormat::Text),
        ("0042", StringFormat::Digits),
        ("123e4567-e89b-12d3-a456-426614174000", StringFormat::Uuid),
        ("2024-03-01", StringFormat::Date),
        ("2024-03-01T10:15:00.5+02:00", StringFormat::DateTime),
        ("a@b.co", StringFormat::Email),
        (r"https:\/\/shop.example\/a", StringFormat::Url),
        ("see https://shop.example", StringFormat::Text),
    ] {
        assert_eq!(shape(&format!("\"{text}\"")).strings.iter().collect::<Vec<_>>(), [(format, 1)], "{text}");
    }
}

#[test]
fn numbers_of_any_size_count() {
    // Catches a reader that gives up the body for a number it cannot hold.
    let seen = shape(r#"{"a":1e999,"b":123456789012345678901234567890,"c":-0.0000000000000000000000000001,"d":5}"#);
    assert_eq!((seen.fields["a"].numbers, seen.fields["b"].integers, seen.fields["c"].numbers), (1, 1, 1));
    assert_eq!((seen.fields["d"].integers, seen.partial), (1, false));
}

#[test]
fn several_values_in_a_row_are_one_shape() {
    let seen = shape("{\"a\":1}\n{\"a\":2,\"b\":3}\n\u{1e}{\"a\":\"x\"}\n");
    assert_eq!((seen.seen, seen.fields["a"].seen, seen.fields["b"].seen, seen.partial), (3, 3, 1, false));
    let many = shape(&"1\n".repeat(1000));
    assert_eq!((many.seen, many.partial), (256, true));
}

#[test]
fn keys_that_are_values_become_classes() {
    let seen = shape(r#"{"4111111111111111":1,"alice@example.com":2,"\u0034\u0032":3,"7":4,"users":{"u1002x9":5}}"#);
    assert_eq!(seen.fields.keys().collect::<Vec<_>>(), ["users", "{card}", "{email}", "{number}"]);
    assert_eq!(seen.fields["{number}"].seen, 2);
    assert!(seen.fields["users"].fields.get("{value}").is_some());
}

#[test]
fn deeper_than_the_bound_is_passed_over() {
    // Catches recursion driven by input: 100,000 brackets would end the stack.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let mut at = &shape(&text);
        let mut depth = 0;
        while let Some(below) = at.items.as_deref().or_else(|| at.fields.get("a")) {
            at = below;
            depth += 1;
        }
        assert_eq!((depth, at.partial), (Limits::default().shape_depth, true));
        assert!(read_shape(open.repeat(100_000).as_bytes(), TextEnd::Cut, &Limits::default()).unwrap().partial);
    }
    let after = shape(&format!(r#"{{"deep":{}1{},"after":1}}"#, "[".repeat(50), "]".repeat(50)));
    assert_eq!(after.fields["after"].integers, 1);
}

#[test]
fn words_of_apis_stay_whatever_their_order() {
    // Catches a bound that keeps the first names, or the first of the alphabet, which says nothing.
    let limits = Limits { shape_fields: 3, ..Limits::default() };
    let kept = |text: &str| {
        let seen = read_shape(text.as_bytes(), TextEnd::Whole, &limits).unwrap();
        assert!(seen.partial);
        seen.fields.keys().map(str::to_owned).collect::<Vec<_>>()
    };
    let words = kept(r#"{"aab":1,"aac":1,"status":1,"aad":1,"name":1,"aae":1,"aaf":1}"#);
    assert!(words.iter().any(|name| name == "status") && words.iter().any(|name| name == "name"), "{words:?}");
    assert_eq!(kept(r#"{"aaf":1,"aae":1,"name":1,"aad":{"x":1},"status":1,"aac":1,"aab":1}"#), words);
}

#[test]
fn shapes_made_for_one_body_are_bounded() {
    // Catches a body of many small objects, each with names of its own.
    let names = |n: u32| format!("{}{}", char::from(b'a' + (n % 26) as u8), char::from(b'a' + (n / 26 % 26) as u8));
    let inner = |n: u32| (0..200).map(|m| format!("\"{}{}\":0", names(n), names(m))).collect::<Vec<_>>().join(",");
    let text: Vec<String> = (0..50).map(|n| format!("\"{}\":{{{}}}", names(n), inner(n))).collect();
    let seen = shape(&format!("{{{}}}", text.join(",")));
    fn count(shape: &Shape) -> usize {
        1 + shape.fields.values().map(count).sum::<usize>() + shape.items.as_deref().map_or(0, count)
    }
    assert!(seen.partial || seen.fields.values().any(|f| f.partial));
    assert!(count(&seen) <= Limits::default().body_shape_nodes + 1);
}

#[test]
fn long_arrays_are_sampled() {
    let seen = shape(&format!("[{}]", vec!["7"; 1000].join(",")));
    assert_eq!((seen.items.unwrap().seen, seen.partial), (256, true));
}

#[test]
fn what_is_no_json_has_no_shape() {
    for text in ["", "  ", "<html>", "hello", "{]", "NaN", "'a'", "}", "tru"] {
        let seen = read_shape(text.as_bytes(), TextEnd::Whole, &Limits::default());
        assert!(seen.is_none_or(|s| s.partial && s.fields.is_empty()), "{text}");
    }
    assert_eq!(shape(")]}',\n{\"a\":1}").fields["a"].seen, 1);
    assert_eq!(shape("\u{feff}[1]").arrays, 1);
}

#[test]
fn media_types_say_what_is_json() {
    for yes in ["application/json", "text/json", "application/problem+json", "application/x-ndjson"] {
        assert!(is_json(Some(yes), b""), "{yes}");
    }
    for no in ["text/html", "application/jsonp", "text/plain", "application/javascript", "image/svg+xml"] {
        assert!(!is_json(Some(no), b"{}"), "{no}");
    }
    assert!(is_json(None, b" \n[1]") && !is_json(None, b"a{") && !is_json(None, b""));
}

/// Without what values were like and what looks for sensitive data found, which have tests of their own.
fn unlooked(mut shape: Shape) -> Shape {
    shape.looks = crate::api::Classes::default();
    shape.values = crate::api::Values::default();
    shape.items = shape.items.map(|items| Box::new(unlooked(*items)));
    shape.fields = shape.fields.iter().map(|(name, field)| (name, unlooked(field.clone()))).collect();
    shape
}

#[test]
fn a_leaf_tells_how_long_and_how_many_and_no_value() {
    // Catches a length of bytes or of escapes, a number that is not counted, and a word that is anybody's.
    let shape = shape(
        r#"[{"state":"open","n":12.50,"name":"Zo\u00eb","on":true},{"state":"paid","n":-7,"name":"Al","on":null}]"#,
    );
    let fields = &shape.items.unwrap().fields;
    let told = |name: &str| fields[name].values.freeze();
    assert_eq!(
        [told("state").lengths, told("n").lengths, told("name").lengths],
        [Some((4, 4)), Some((2, 5)), Some((2, 3))]
    );
    assert_eq!(["state", "n", "name"].map(|name| told(name).distinct), [2; 3]);
    assert!(fields["on"].values.is_empty());
}

#[test]
fn a_value_is_looked_at_under_its_own_name_and_the_one_around() {
    // Catches a way of names that is not left again, and one that grows with the depth of the body.
    let inner = shape(r#"{"a":{"card":{"number":"4111111111111111","x":{"y":1}},"number":5,"cvv":"123"}}"#);
    let a = &inner.fields["a"];
    use crate::api::DataClass::{Cvv, Pan};
    assert_eq!(a.fields["card"].fields["number"].looks.count(Pan), 1);
    assert_eq!((a.fields["cvv"].looks.count(Cvv), a.fields["number"].looks.is_empty()), (1, true));
}

proptest! {
    #[test]
    fn the_scanner_agrees_with_the_tree(value in any_json(), pretty in any::<bool>()) {
        // Catches any slip of the hand-written scanner: escapes, nesting, empty containers, white space.
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let mut expected = Shape::default();
        of_tree(&value, &mut expected);
        prop_assert_eq!(unlooked(shape(&text)), expected);
    }

    #[test]
    fn every_prefix_gives_a_part_of_the_shape(value in any_json()) {
        let text = value.to_string();
        let whole = shape(&text);
        for at in 0..text.len() {
            let cut = &text.as_bytes()[..at];
            if let Some(part) = read_shape(cut, TextEnd::Cut, &Limits::default()) {
                prop_assert!(part.partial && part.seen == 1);
                prop_assert!(part.fields.iter().all(|(name, field)| field.seen <= whole.fields[name].seen));
            }
        }
    }

    #[test]
    fn any_bytes_have_a_shape_or_none(
        noise in prop::collection::vec(any::<u8>(), 0..200), likely in "[\\[\\]{}\",:\\\\u0-9truefalsn. e-]{0,80}"
    ) {
        for bytes in [&noise[..], likely.as_bytes()] {
            for end in [TextEnd::Whole, TextEnd::Cut] {
                let _ = read_shape(bytes, end, &Limits::default());
            }
        }
    }
}
