use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::{DataClass, DataClasses};
use crate::inventory::Bodies;
use crate::inventory::shapes::{Mark, Shapes};
use crate::merge::Merge;

/// One value, as a body reader would see it.
fn note(value: &Value, shape: &mut Shape) {
    shape.seen += 1;
    match value {
        Value::Null => shape.nulls += 1,
        Value::Bool(_) => shape.booleans += 1,
        Value::Number(number) if number.is_f64() => shape.numbers += 1,
        Value::Number(_) => shape.integers += 1,
        Value::String(text) => shape.strings[format(text)] += 1,
        Value::Array(items) => {
            shape.arrays += 1;
            items.iter().for_each(|item| note(item, shape.items.get_or_insert_default()));
        }
        Value::Object(fields) => {
            shape.objects += 1;
            fields.iter().for_each(|(name, value)| note(value, shape.fields.entry(name).0));
        }
    }
}

fn format(text: &str) -> StringFormat {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.as_bytes() {
        _ if digits => StringFormat::Digits,
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] => StringFormat::DateTime,
        [_, _, _, _, b'-', _, _, b'-', _, _] => StringFormat::Date,
        _ if text.starts_with("https://") => StringFormat::Url,
        _ if text.len() == 36 && text.matches('-').count() == 4 => StringFormat::Uuid,
        _ if text.contains('@') => StringFormat::Email,
        _ => StringFormat::Text,
    }
}

/// What is told of these bodies.
fn told(bodies: &[Value]) -> Shape {
    let mut shape = Shape::default();
    for body in bodies {
        let mut one = Shape::default();
        note(body, &mut one);
        shape.add(&one, usize::MAX);
    }
    fold_below(&mut shape);
    shape
}

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// A name that nobody wrote into a program.
fn person(n: u64) -> String {
    let syllables = ["ka", "lo", "mi", "ru", "ste", "bra", "qui", "zo", "wen", "dja"];
    let at = |step: u32| syllables[usize::try_from(n / 10_u64.pow(step) % 10).unwrap()];
    format!("{}{}{}", at(1), at(0), at(2))
}

/// Objects with some of these names each, so many at the most.
fn drawn(objects: u64, most: u64, name: impl Fn(&mut Chance) -> String, value: impl Fn(u64) -> Value) -> Vec<Value> {
    let mut chance = Chance(objects * 31 + most);
    let object = |_| {
        let keys = 1 + chance.below(most);
        Value::Object((0..keys).map(|key| (name(&mut chance), value(key))).collect())
    };
    (0..objects).map(object).collect()
}

fn people(objects: u64, most: u64, of: u64, value: impl Fn(u64) -> Value) -> Vec<Value> {
    drawn(objects, most, |chance| person(chance.below(of)), value)
}

/// Objects with each of so many fields in `percent` of them.
fn records(objects: u64, fields: u64, percent: u64, value: impl Fn(u64) -> Value) -> Vec<Value> {
    let mut chance = Chance(objects * 7 + fields * 3 + percent);
    let object = |_| {
        let there = (0..fields).filter(|_| chance.below(100) < percent);
        Value::Object(there.map(|n| (person(n), value(n))).collect())
    };
    (0..objects).map(object).collect()
}

fn user(n: u64) -> Value {
    let mut user = json!({"id": n, "role": "admin", "team": "red", "since": "2024-01-02"});
    if n.is_multiple_of(3) {
        user["title"] = json!("Dr");
    }
    user
}

/// How many names are left, and how many keys were folded.
fn left(shape: &Shape) -> (usize, u64) {
    (shape.fields.len(), shape.fields.get(KEY).map_or(0, |key| key.keys))
}

fn stays(bodies: &[Value], what: &str) {
    let shape = told(bodies);
    assert_eq!(shape.fields.get(KEY), None, "{what}: {} of {} names were folded", left(&shape).1, shape.fields.len());
}

#[test]
fn people_with_something_of_their_own_are_keys() {
    // Catches a report that lists other people's names as fields, and counts that do not add up when they are folded.
    let bodies = people(20, 5, 100, user);
    let shape = told(&bodies);
    let sightings: usize = bodies.iter().map(|body| body.as_object().unwrap().len()).sum();
    let names: std::collections::BTreeSet<&String> =
        bodies.iter().flat_map(|body| body.as_object().unwrap().keys()).collect();
    assert_eq!(left(&shape), (1, names.len() as u64));
    let key = &shape.fields[KEY];
    assert_eq!((shape.objects, key.seen, key.objects), (20, sightings as u64, sightings as u64));
    assert_eq!(key.fields.keys().collect::<Vec<_>>(), ["id", "role", "since", "team", "title"]);
    assert_eq!((key.fields["id"].seen, key.fields["id"].keys), (sightings as u64, 0));
    assert!(key.fields["title"].seen < key.seen);
}

#[test]
fn plain_values_take_more_names() {
    for (what, value) in
        [("texts", json!("x")), ("numbers", json!(1.5)), ("switches", json!(true)), ("lists", json!(["a"]))]
    {
        let shape = told(&people(60, 10, 400, |_| value.clone()));
        assert_eq!(shape.fields.keys().collect::<Vec<_>>(), [KEY], "{what}");
        stays(&people(60, 10, 40, |_| value.clone()), what);
    }
    let lists = told(&people(12, 3, 200, |n| json!([user(n), user(n + 1)])));
    assert_eq!(left(&lists).0, 1, "lists of things are things");
}

#[test]
fn codes_need_not_be_many() {
    let codes = |codes: &'static str, each: u64| {
        let all: Vec<&str> = codes.split(' ').collect();
        told(&drawn(
            30,
            each,
            |chance| all[usize::try_from(chance.below(all.len() as u64)).unwrap()].to_owned(),
            |n| json!(n),
        ))
    };
    let currencies = "USD EUR CHF GBP JPY SEK NOK DKK PLN CZK HUF RON BGN TRY";
    assert_eq!(left(&codes(currencies, 6)), (1, 14));
    assert_eq!(left(&codes("DE FR IT ES PT NL BE AT CH PL CZ SK", 6)), (1, 12));
    assert_eq!(left(&codes("de fr it es pt nl en-US en-GB pt-BR zh_Hant cs sk pl", 6)), (1, 13));
    assert_eq!(left(&codes("USD EUR CHF GBP", 2)), (4, 0), "four may be four fields");
    assert_eq!(left(&codes("id to cc by at on in up no ok go Usd eur", 6)), (13, 0), "not all of one form");
}

#[test]
fn maps_lie_in_maps_and_in_lists() {
    // Catches a fold of the outer names that looks at the inner ones body by body, where they are few.
    let rates = |n: u64| json!({person(n * 3): {"USD": 1}, person(n * 7 + 1): {"EUR": 2}});
    let bodies: Vec<Value> =
        (0..60).map(|n| json!({"data": [{"by_user": rates(n)}, {"by_user": rates(n + 90)}]})).collect();
    let shape = told(&bodies);
    let by_user = &shape.fields["data"].items.as_ref().unwrap().fields["by_user"];
    assert_eq!(by_user.fields.keys().collect::<Vec<_>>(), [KEY]);
    assert_eq!(by_user.fields[KEY].fields.keys().collect::<Vec<_>>(), ["EUR", "USD"]);
    let nested = |n: u64| {
        Value::Object((0..5).map(|k| (person(n * 131 + k * 17), json!({person(n * 5 + k * 311): n}))).collect())
    };
    let shape = told(&(0..60).map(nested).collect::<Vec<_>>());
    assert_eq!((left(&shape).0, left(&shape.fields[KEY]).0), (1, 1));
}

#[test]
fn what_each_has_stays_beside_the_keys() {
    let mut bodies = people(30, 6, 100, user);
    for (n, body) in bodies.iter_mut().enumerate() {
        body["total"] = json!(n);
        body["me"] = user(1);
    }
    let shape = told(&bodies);
    assert_eq!(shape.fields.keys().collect::<Vec<_>>(), ["me", "total", KEY]);
    assert_eq!((shape.fields["total"].seen, shape.fields["me"].keys), (30, 0));
}

#[test]
fn one_object_is_a_map_when_it_has_very_many_things() {
    let of = |names: u64, value: fn(u64) -> Value| {
        told(&[Value::Object((0..names).map(|n| (person(n), value(n))).collect())])
    };
    assert_eq!(left(&of(24, user)), (1, 24));
    assert_eq!(left(&of(20, user)), (20, 0));
    assert_eq!(left(&of(48, |n| json!({"value": n, "currency": "EUR"}))), (1, 48));
    assert_eq!(left(&of(200, |_| json!("x"))), (200, 0), "a wide record, sent once");
    let wide = of(900, |_| json!("x"));
    assert_eq!((left(&wide), wide.partial), ((1, Shape::MAX_FIELDS as u64), true), "more names than are kept");
    // Asked for again and again: they do not stop being keys because they are always the same.
    let same = Value::Object((0..30).map(|n| (person(n), user(n))).collect());
    assert_eq!(left(&told(&vec![same; 40])), (1, 30));
    // Few of them in each object: three objects have as many names, and may be records that share a place.
    assert_eq!(left(&told(&people(3, 9, 900, user))).1, 0);
}

#[test]
fn sparse_records_stay() {
    // Catches a rule that takes few fields of many for keys: an answer with optional fields would lose all its names.
    for objects in [2, 5, 20, 50, 200, 1000] {
        for percent in [2, 10, 30, 50, 70, 90, 100] {
            let what = format!("{percent} % of the fields in {objects} objects");
            stays(&records(objects, 40, percent, |_| json!("x")), &what);
            stays(&records(objects, 14, percent, user), &what);
            stays(&records(objects, 20, percent, |n| json!({"value": n, "currency": "EUR"})), &what);
            let kinds = [json!("x"), json!(1), json!(true), json!({"a": 1}), json!("2024-01-02"), json!(["x"])];
            stays(&records(objects, 200, percent, |n| kinds[usize::try_from(n % 6).unwrap()].clone()), &what);
        }
    }
}

#[test]
fn settings_and_records_that_are_sent_in_full_stay() {
    stays(&records(40, 120, 70, |n| json!(n.is_multiple_of(2))), "settings, most of them sent");
    stays(&records(40, 200, 100, |_| json!("x")), "all of two hundred fields each time");
    let greeting = json!({"en": "Hello", "fr": "Bonjour", "de": "Hallo", "it": "Ciao"});
    stays(&vec![greeting; 50], "a text in the same four languages");
}

#[test]
fn kinds_of_records_that_share_a_place_stay() {
    // Catches the three of them taken for one open set: each has a third of the names, and all are texts.
    let kind = |kind: u64| Value::Object((0..30).map(|n| (person(kind * 30 + n), json!("x"))).collect());
    for objects in [5, 20, 60, 300] {
        stays(&(0..objects).map(|n| kind(n % 3)).collect::<Vec<_>>(), "equally often");
        stays(
            &(0..objects).map(|n| kind(if n % 9 == 0 { 2 } else { n % 2 })).collect::<Vec<_>>(),
            "one of them seldom",
        );
    }
}

#[test]
fn links_and_relationships_stay() {
    // Their names are relations, however many there are.
    let link = |n: u64| {
        if n.is_multiple_of(2) {
            json!({"href": "https://a.example/b", "templated": true})
        } else {
            json!({"href": "/c"})
        }
    };
    let relation = |n: u64| json!({"links": {"self": "/a", "related": "/b"}, "data": {"type": "t", "id": n}});
    for (objects, percent) in [(1, 100), (40, 30)] {
        stays(&records(objects, 100, percent, link), "links");
        stays(&records(objects, 100, percent, relation), "relationships");
    }
}

#[test]
fn names_like_fields_take_twice_as_many() {
    let parts = ["card", "address", "payment", "customer", "status", "avs", "fraud", "issuer", "shopper", "raw"];
    let name = |n: u64| {
        format!("{}_{}", parts[usize::try_from(n / 10 % 10).unwrap()], parts[usize::try_from(n % 10).unwrap()])
    };
    let texts = |of: u64| drawn(40, 12, move |chance| name(chance.below(of)), |_| json!("x"));
    stays(&texts(80), "eighty texts with names of fields");
    assert_eq!(left(&told(&people(40, 12, 80, |_| json!("x")))).0, 1, "eighty with names of people");
    assert!(has_word("avsResultCode") && has_word("x-status") && !has_word("zebediah.quack"));
}

#[test]
fn classes_of_names_stay_as_they_are() {
    let mut bodies = people(20, 5, 100, user);
    bodies.iter_mut().for_each(|body| body["{uuid}"] = user(1));
    let shape = told(&bodies[..]);
    assert_eq!(shape.fields.keys().collect::<Vec<_>>(), ["{key}", "{uuid}"]);
}

#[test]
fn what_the_values_carry_is_voted_anew() {
    // Catches a class that one value of one name showed, told of all of them.
    let looks = |phone: bool| {
        let mut field = Shape { seen: 1, ..Shape::default() };
        field.strings[StringFormat::Text] = 1;
        field.looks.note(if phone { DataClass::Phone.into() } else { DataClasses::NONE });
        field.vote();
        field
    };
    let with = |phones: u64| {
        let mut shape = Shape { seen: 100, objects: 100, ..Shape::default() };
        (0..100).for_each(|n| *shape.fields.entry(&person(n)).0 = looks(n < phones));
        assert!(shape.fields[&*person(0)].data.has(DataClass::Phone));
        fold_below(&mut shape);
        shape.fields[KEY].data.has(DataClass::Phone)
    };
    assert!(with(90) && !with(10));
}

#[test]
fn maps_in_maps_cost_a_few_passes() {
    // Catches a look at the values of values that doubles with each level: 2^30 passes over a body that anybody can send.
    let mut shape = Shape::default();
    for chain in 0..100 {
        let mut body = json!({person(chain): 1});
        for level in 0..30 {
            body = json!({person(chain * 7 + level): body});
        }
        let mut one = Shape::default();
        note(&body, &mut one);
        shape.add(&one, usize::MAX);
    }
    let before = shape.places();
    let started = std::time::Instant::now();
    fold_below(&mut shape);
    assert!(started.elapsed().as_secs() < 5 && shape.places() <= before, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Catches a fold in what is stored, or one that hangs on who came first.
    #[test]
    fn it_is_the_same_whatever_the_order_and_the_parts(seed in 0_u64..1_000, cut in 0_usize..40, turn in 0_usize..40) {
        let mut bodies = people(40, 6 + seed % 9, 60 + seed, |n| if seed.is_multiple_of(2) { user(n) } else { json!(n) });
        let learned = |bodies: &[Value]| {
            let mut shapes = Shapes::default();
            for body in bodies {
                let mut shape = Shape::default();
                note(body, &mut shape);
                let _ = shapes.learn(Mark::new(5, 0), 200, None, Some(&shape));
            }
            shapes
        };
        let whole = learned(&bodies);
        prop_assert!(whole.union().answered[&200].fields.get(KEY).is_none());
        let want = Bodies::of(&whole).open();
        bodies.rotate_left(turn);
        let mut parts = learned(&bodies[cut..]);
        parts.merge(learned(&bodies[..cut]));
        let got = Bodies::of(&parts).open();
        prop_assert_eq!(&got, &want);
        let mut again = want.clone();
        fold(&mut again);
        prop_assert_eq!(again, want);
    }
}
