//! What the values at one place of paths were like: what makes a variable a parameter.
//!
//! In: segments of a value class. Out: lengths, types, classes of sensitive data. How many different ones there are is
//! counted beside it ([`super::sketch::Distinct`]). What is here stands once a place and not once an operation, as all that
//! lies below a place has the same values in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::divided::{Divided, Part, Parts};
use super::kept::MOST;
use super::lexicon::Sort;
use super::snapshot::ParamRecord;
use super::sorted::Sorted;
use crate::api::{
    Classes, DataClasses, ParamPlace, ParamType, PathSegment, SegmentClass, Value, ValueFigures, Values, split_affix,
};
use crate::merge::Merge;

/// Figures of the values at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PathValues {
    seen: u64,
    /// Those with a fraction, of numbers.
    fractions: u64,
    /// The shortest and the longest, in letters.
    lengths: Option<(u32, u32)>,
    looks: Classes,
    parts: Parts,
}

impl PathValues {
    /// Takes in one segment. Allocates where a value shows something for the first time.
    pub(super) fn note(&mut self, segment: &PathSegment<'_>, affix: &str) {
        self.seen.merge(1);
        let stem = match affix {
            "" => segment.text,
            affix => segment.text.strip_suffix(affix).unwrap_or(segment.text),
        };
        self.fractions.merge(u64::from(segment.class == SegmentClass::Number && stem.contains('.')));
        self.stretch(letters(stem));
        match segment.class {
            SegmentClass::Other | SegmentClass::Token | SegmentClass::Prefixed => self.parts.note(stem, 1),
            _ => self.parts = Parts::Whole,
        }
        self.looks.note(segment.looked);
    }

    /// Takes in how long a word is that stands among others.
    pub(super) fn measure(&mut self, text: &str) {
        self.stretch(letters(text));
    }

    fn stretch(&mut self, length: u32) {
        let (least, most) = self.lengths.unwrap_or((length, length));
        self.lengths = Some((least.min(length), most.max(length)));
    }

    /// Values by type, where all are of one class.
    fn kinds(&self, class: SegmentClass) -> impl Iterator<Item = (ParamType, u64)> {
        let whole = self.seen.saturating_sub(self.fractions);
        [(kind(class), whole), (ParamType::Number, self.fractions)].into_iter().filter(|(_, count)| *count > 0)
    }

    /// Memory beside itself.
    pub(super) fn weight(&self) -> usize {
        self.looks.weight() + self.parts.weight()
    }

    /// It could have been noted.
    pub(super) fn is_sound(&self) -> bool {
        self.seen <= MOST
            && self.fractions <= self.seen
            && self.lengths.is_none_or(|(shortest, longest)| shortest <= longest)
            && (self.lengths.is_some() || self.seen == 0)
            && self.parts.is_sound()
    }
}

impl Merge for PathValues {
    fn merge(&mut self, other: Self) {
        self.seen.merge(other.seen);
        self.fractions.merge(other.fractions);
        if let Some((shortest, longest)) = other.lengths {
            self.stretch(shortest);
            self.stretch(longest);
        }
        self.looks.merge(other.looks);
        self.parts.merge(other.parts);
    }
}

/// All values of one variable, words among them, while places are folded.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    values: PathValues,
    kinds: BTreeMap<ParamType, u64>,
    words: Values,
    /// How many different words, in all and by sort.
    texts: u64,
    sorts: [u64; 4],
    parts: Parts,
    /// Words that were not kept.
    crowd: bool,
}

impl Gathered {
    /// Values of one class.
    pub(super) fn of_class<'n>(class: SegmentClass, all: impl Iterator<Item = &'n PathValues>) -> Self {
        let mut gathered = Self { crowd: class == SegmentClass::Word, ..Self::default() };
        for values in all {
            for (kind, count) in values.kinds(class) {
                gathered.kinds.entry(kind).or_default().merge(count);
            }
            gathered.parts.merge(values.parts.clone());
            gathered.values.merge(values.clone());
        }
        if gathered.crowd {
            gathered.parts = Parts::Whole;
        }
        gathered
    }

    /// A word that is a value, and how often it was asked for.
    pub(super) fn of_word(text: &str, requests: u64) -> Self {
        let mut gathered = Self::default();
        gathered.words.note_often(Value::of(text.as_bytes()), requests);
        // A word by its class, as it may be a version: `1.5`.
        let kind = if is_number_with_point(text) { ParamType::Number } else { kind_of_word(text) };
        gathered.kinds.insert(kind, requests);
        gathered.texts = 1;
        gathered.parts.note(text, requests);
        if let Some(sort) = Sort::of(text) {
            gathered.sorts[sort as usize] = 1;
        }
        gathered
    }

    /// The class of its words, where they say more than that they are words.
    pub(super) const fn class_of_words(&self) -> SegmentClass {
        let [languages, regions, versions, files] = self.sorts;
        match self.texts {
            0 => SegmentClass::Word,
            all if versions == all => SegmentClass::Version,
            all if files == all => SegmentClass::FileName,
            // Two letters are a language among languages.
            all if languages + regions == all && (regions > 0 || all >= LANGUAGES) => SegmentClass::Locale,
            _ => SegmentClass::Word,
        }
    }

    /// They are numbers, and some have a fraction: figures, or versions.
    pub(super) fn are_fractions(&self) -> bool {
        let number = |kind: &ParamType| matches!(kind, ParamType::Integer | ParamType::Number);
        !self.crowd && self.kinds.contains_key(&ParamType::Number) && self.kinds.keys().all(number)
    }

    /// Classes of sensitive data, by vote over all of them.
    pub(super) fn data(&self) -> DataClasses {
        self.values.looks.carried(self.values.seen.saturating_add(self.words.count()))
    }

    /// So many different ones, as estimated: not more than there were, where that is known.
    pub(super) fn distinct(&self, estimate: u64) -> u64 {
        // Words of a crowd were not counted.
        if self.crowd { estimate } else { estimate.min(self.values.seen.saturating_add(self.words.count())) }
    }

    /// As a parameter of this name; how many requests there were is for the caller to say.
    pub(super) fn freeze(&self, name: &str, distinct: u64) -> ParamRecord {
        let ends = [self.values.lengths, self.words.lengths()].into_iter().flatten();
        let lengths = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let open = self.crowd || self.values.seen > 0;
        let choices = if open { Vec::new() } else { self.words.choices().collect() };
        ParamRecord {
            place: ParamPlace::Path,
            name: name.to_owned(),
            seen: 0,
            of: 0,
            kinds: self.kinds.iter().map(|(kind, count)| (*kind, *count)).collect(),
            styles: Sorted::new(),
            values: ValueFigures { distinct, lengths, choices },
            data: self.data(),
        }
    }
}

impl Gathered {
    /// The parts of its values, where they are variables of their own.
    pub(super) fn divided(&self, texts: u64) -> Option<&Divided> {
        self.parts.variables(texts)
    }

    /// The parts as parameters of these names. What the whole values showed stands at the longer part.
    pub(super) fn freeze_parts(&self, divided: &Divided, names: &[String]) -> Vec<ParamRecord> {
        let longest = |part: &Part| part.values.lengths().map_or(0, |(_, most)| most);
        let [a, b] = &divided.parts;
        let second = longest(b) > longest(a);
        let freeze = |(at, (part, name)): (usize, (&Part, &String))| ParamRecord {
            place: ParamPlace::Path,
            name: name.clone(),
            seen: 0,
            of: 0,
            kinds: part.kinds().collect(),
            styles: Sorted::new(),
            values: part.values.freeze(),
            data: if (at == 1) == second { self.data() } else { DataClasses::NONE },
        };
        divided.parts.iter().zip(names).enumerate().map(freeze).collect()
    }
}

impl Merge for Gathered {
    fn merge(&mut self, other: Self) {
        self.values.merge(other.values);
        Merge::merge(&mut self.kinds, other.kinds);
        self.words.merge(other.words);
        self.parts.merge(other.parts);
        self.texts.merge(other.texts);
        self.sorts.iter_mut().zip(other.sorts).for_each(|(mine, theirs)| mine.merge(theirs));
        self.crowd |= other.crowd;
    }
}

/// So many words that are languages and nothing else are no chance.
const LANGUAGES: u64 = 3;

/// The type of a value of this class.
pub(super) const fn kind(class: SegmentClass) -> ParamType {
    match class {
        SegmentClass::Number | SegmentClass::Card => ParamType::Integer,
        SegmentClass::Uuid => ParamType::Uuid,
        SegmentClass::Date => ParamType::Date,
        SegmentClass::Email => ParamType::Email,
        _ => ParamType::String,
    }
}

/// The type of a whole segment.
pub(super) fn kind_of(segment: &PathSegment<'_>) -> ParamType {
    match kind(segment.class) {
        ParamType::Integer if is_fraction(segment.text) => ParamType::Number,
        ParamType::String => kind_of_word(segment.text),
        kind => kind,
    }
}

/// The type of a word.
pub(super) fn kind_of_word(text: &str) -> ParamType {
    if matches!(text, "true" | "false") { ParamType::Boolean } else { ParamType::String }
}

/// The type of a part of a segment.
pub(super) fn kind_of_part(text: &str) -> ParamType {
    if text.bytes().all(|b| b.is_ascii_digit()) { ParamType::Integer } else { kind_of_word(text) }
}

/// Bytes would count an umlaut twice.
pub(super) fn letters(text: &str) -> u32 {
    let letters = if text.is_ascii() { text.len() } else { text.chars().count() };
    u32::try_from(letters).unwrap_or(u32::MAX)
}

/// `1.5`, `-0.25`.
fn is_number_with_point(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_prefix('-').unwrap_or(text).split_once('.');
    parts.is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

fn is_fraction(text: &str) -> bool {
    split_affix(text).0.contains('.')
}

#[cfg(test)]
mod tests {
    use super::super::tests::{OWNERS, Said, exact, lines, only, operation, said, snapshot_of};
    use super::*;
    use crate::api::DataClass;
    use crate::limits::Limits;

    #[test]
    fn a_variable_is_a_parameter_like_others() {
        // Catches a parameter that is kept and not told, told for the wrong place, or counted by another's requests.
        let mut all = lines(
            "GET /users/7 200\nGET /users/48213 200\nDELETE /users/7 204\nGET /users/7/days/2026-01-02 200
            GET /prices/12.50 200",
        );
        all[0].params = vec!["page".into()];
        let service = only(&all, &[]);
        let record = &operation(&service, "GET /users/{userId}").record;
        let told: Vec<_> = record.params.iter().map(|p| (p.place, p.name.as_str(), p.seen, p.of)).collect();
        assert_eq!(told, [(ParamPlace::Path, "userId", 2, 2), (ParamPlace::Query, "page", 1, 2)]);
        let values = ValueFigures { distinct: 2, lengths: Some((1, 5)), choices: Vec::new() };
        assert_eq!((&record.params[0].values, &record.params[0].kinds), (&values, &[(ParamType::Integer, 4)].into()));
        let deeper = &operation(&service, "GET /users/{userId}/days/{date}").record.params;
        assert_eq!(deeper.iter().map(|p| (p.name.as_str(), p.seen)).collect::<Vec<_>>(), [("userId", 1), ("date", 1)]);
        assert_eq!(deeper[1].kinds, [(ParamType::Date, 1)].into());
    }

    #[test]
    fn words_that_are_values_count_with_the_others() {
        let mut all = lines("GET /owners/4821 200");
        for owner in OWNERS {
            all.extend(lines(&format!("GET /owners/{owner} 200\nGET /owners/{owner}/keys 200")));
        }
        all.iter_mut().for_each(|said| said.fields = vec!["id".into(), "name".into()]);
        let service = only(&all, &[]);
        let param = &operation(&service, "GET /owners/{ownerId}").record.params[0];
        assert_eq!(param.kinds, [(ParamType::Integer, 1), (ParamType::String, 28)].into());
        assert_eq!((param.values.distinct, param.values.lengths), (15, Some((3, 7))));
        assert!(param.values.choices.is_empty(), "names are no closed set");
    }

    #[test]
    fn ids_that_pass_now_and_then_are_no_cards() {
        // Catches a class that is told without a vote.
        let ids = |n: u64| -> Vec<Said> {
            (0..n).map(|n| said(&format!("GET /orders/{} 200", 4_000_000_000_000_000 + n * 7))).collect()
        };
        let service = only(&ids(200), &[]);
        let operation = &service.operations[0];
        assert_eq!(
            (operation.template.to_string().as_str(), operation.record.params[0].data),
            ("/orders/{orderId}", DataClasses::NONE)
        );
        let cards: Vec<Said> =
            (0_u64..20).map(|n| said(&format!("GET /x/{} 200", 4_000_000_000_000_001 + n * 10))).collect();
        let service = only(&cards, &[]);
        let operation = &service.operations[0];
        assert_eq!(
            (operation.template.to_string().as_str(), operation.record.params[0].data),
            ("/x/{card}", DataClass::Pan.into())
        );
        assert!(!format!("{service:?}").contains("4000000"), "no value is kept");
        // One class of a place is the other's evidence.
        let mixed = only(&[ids(200), lines("GET /orders/4000000000000011 200")].concat(), &[]);
        assert_eq!(mixed.operations[0].record.params[0].data, DataClasses::NONE);
    }

    #[test]
    fn a_variable_has_no_more_values_than_came() {
        // Catches an estimate that is told as it is, and one that is cut by what a part of a path's operations saw.
        for n in [60, 65, 90, 130, 200] {
            let all: Vec<Said> = (0..n).map(|n| said(&format!("GET /orders/{} 200", 10_007 + n * 31))).collect();
            let service = only(&all, &[]);
            let record = &service.operations[0].record;
            let distinct = record.params[0].values.distinct;
            assert!((n - n / 10..=n).contains(&distinct), "{distinct} for {n}");
            assert_eq!(record.variables["orderId"], distinct);
        }
        let mut gathered = Gathered::of_word("anna", 3);
        assert_eq!((gathered.distinct(2), gathered.distinct(9)), (2, 3));
        gathered.crowd = true;
        assert_eq!(gathered.distinct(9), 9, "words that found no room were counted nowhere else");
    }

    #[test]
    fn a_declared_variable_is_told_by_its_name() {
        // Catches values that only learned paths have, a name that is another variable's, and a set that is never closed.
        let states = ["active", "closed", "pending"];
        let mut all: Vec<Said> =
            (0..30).map(|n| said(&format!("GET /lists/{}/{}.json 200", states[n % 3], n))).collect();
        all.push(said("GET /cards/4111111111111111 200"));
        all.push(said("POST /cards/4111111111111111 404"));
        all.extend((0..3).map(|_| said("GET /cards/4111111111111111 200")));
        let pins = [
            exact("shop.example", "/lists/{state}/{n}.json", &["GET"]),
            exact("shop.example", "/cards/{cardNumber}", &["GET", "POST"]),
            exact("shop.example", "/pairs/{a}-{b}", &["GET"]),
        ];
        all.extend(lines("GET /pairs/alice-17 200\nGET /pairs/bo-4111111111111111 200"));
        let service = only(&all, &pins);
        let params = |name: &str| operation(&service, name).record.params.clone();
        let lists = params("GET /lists/{state}/{n}.json");
        assert_eq!(
            lists.iter().map(|p| (p.name.as_str(), p.seen, p.of)).collect::<Vec<_>>(),
            [("state", 30, 30), ("n", 30, 30)]
        );
        let words: Vec<String> = lists[0].values.choices.iter().map(ToString::to_string).collect();
        assert_eq!(words, states);
        assert_eq!((lists[1].values.distinct, lists[1].values.lengths), (30, Some((1, 2))));
        assert_eq!(lists[1].kinds, [(ParamType::Integer, 30)].into());
        let card = &params("GET /cards/{cardNumber}")[0];
        assert_eq!((card.data, card.seen), (DataClass::Pan.into(), 4));
        let pairs = params("GET /pairs/{a}-{b}");
        assert_eq!(pairs[0].kinds, [(ParamType::String, 2)].into());
        assert_eq!(pairs[1].values.lengths, Some((2, 16)));
        assert!(!format!("{service:?}").contains("411111"));
    }

    #[test]
    fn what_was_refused_stood_in_the_path_all_the_same() {
        // Catches figures of answered requests only: a card number that is refused has been sent.
        let mut all: Vec<Said> =
            (0_u64..4).map(|n| said(&format!("GET /vault/{}/x 403", 4_000_000_000_000_001 + n * 10))).collect();
        all.extend(lines("GET /vault/7 200"));
        let service = only(&all, &[]);
        let refused = &service.operations.iter().find(|op| op.template.segments.len() == 3).unwrap().record.params[0];
        assert_eq!((refused.seen, refused.values.distinct), (4, 5));
        assert_eq!((refused.values.lengths, refused.data), (Some((1, 16)), DataClass::Pan.into()));
        let alone = only(&all[..4], &[]);
        assert_eq!(alone.operations[0].record.params[0].data, DataClass::Pan.into());
    }

    #[test]
    fn words_of_one_sort_say_what_they_are() {
        // Catches a language among words that are none, and words that are told as words where they are more.
        let class = |all: &[&str]| {
            let mut gathered = Gathered::default();
            all.iter().for_each(|text| gathered.merge(Gathered::of_word(text, 1)));
            gathered.class_of_words()
        };
        assert_eq!(class(&["en", "de", "pt-BR"]), SegmentClass::Locale);
        assert_eq!(class(&["en", "it", "no"]), SegmentClass::Locale);
        assert_eq!(class(&["en-US"]), SegmentClass::Locale);
        assert_eq!(class(&["it", "no"]), SegmentClass::Word);
        assert_eq!(class(&["en", "it", "no", "me"]), SegmentClass::Word);
        assert_eq!(class(&["v1.2.0", "v2.0.1"]), SegmentClass::Version);
        assert_eq!(class(&["a.csv", "b.pdf"]), SegmentClass::FileName);
        assert_eq!(class(&["a.csv", "b"]), SegmentClass::Word);
        assert_eq!(class(&[]), SegmentClass::Word);
        // Once they are values: as a class that is told, and as a name.
        let words = ["en", "de", "fr", "es", "pt-BR", "zh-CN", "ja", "nl", "sv", "pl", "cs", "tr"];
        let mut all = Vec::new();
        for word in words {
            all.extend(lines(&format!("GET /guides/{word} 200\nGET /guides/{word}/title 200\nPUT /guides/{word} 200")));
        }
        all.iter_mut().for_each(|said| said.fields = vec!["id".into(), "name".into()]);
        let service = only(&all, &[]);
        let learned = operation(&service, "GET /guides/{locale}").learned.as_ref().unwrap();
        assert_eq!(learned.variables[0].classes, [SegmentClass::Locale]);
    }

    #[test]
    fn words_that_found_no_room_are_measured() {
        let limits = Limits { level_words: 4, ..Limits::default() };
        let mut all: Vec<Said> = (1..40).map(|n| said(&format!("GET /pages/{} 200", "ab".repeat(n)))).collect();
        let params = |all: &[Said]| {
            let snapshot = snapshot_of(&limits, &[], all);
            let found = snapshot.services[0].operations.iter().find(|op| !op.record.params.is_empty()).cloned();
            found.unwrap().record.params
        };
        let told = params(&all);
        assert!(told[0].values.lengths.unwrap().1 > 40, "{told:?}");
        all.reverse();
        assert_eq!(told, params(&all));
    }
}
