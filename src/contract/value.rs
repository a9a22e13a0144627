//! Holds a value against a schema.
//!
//! In: a value of JSON, or texts of parameters put together as one. Out: what it breaks, with places on both sides. Of
//! alternatives those that hold count; where none does, the one that fails least is told. Fields are undocumented where no
//! schema that holds for their object names them: that is found in a second walk, when all of them are known.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use foldhash::fast::RandomState;
use serde_json::{Map, Value};

use super::formats::{is_number_of, is_of_format};
use super::schema::{List, Object, Others, Parts, Scalar, Schema, SchemaId, Schemas, Types};

/// The keyword that forbids further fields.
pub(super) const FORBIDS: &str = "additionalProperties";

/// How names from the wire are told.
pub(super) type Spell = fn(&str) -> Cow<'_, str>;

/// Whose value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The client's.
    Request,
    /// The server's.
    Response,
}

/// What a value breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaks {
    Type,
    Format,
    Choice,
    Range,
    Alternative,
    Missing,
    Undocumented,
    ReadOnly,
    WriteOnly,
}

/// One thing that a value breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) breaks: Breaks,
    /// Where in the value: a JSON pointer in which `*` stands for any item and `{key}` for a name that is data.
    pub(super) way: String,
    /// The schema that says otherwise ...
    pub(super) schema: SchemaId,
    /// ... and its keyword; may be empty.
    pub(super) keyword: &'static str,
    /// Of a field that is missing: the object that lacks it, by its address.
    of: usize,
}

impl Fault {
    /// Some schema forbids what it does not name.
    pub(super) fn is_forbidden(&self) -> bool {
        self.breaks == Breaks::Undocumented && self.keyword == FORBIDS
    }
}

/// What is found of a value.
#[derive(Debug, Default)]
struct Outcome {
    /// What it breaks.
    faults: Vec<Fault>,
    /// What is odd and breaks nothing.
    remarks: Vec<Fault>,
    /// The schemas that hold for each object, by its address.
    known: HashMap<usize, Known, RandomState>,
}

#[derive(Debug, Default)]
struct Known {
    schemas: Vec<SchemaId>,
    open: bool,
}

impl Outcome {
    fn absorb(&mut self, other: Self) {
        self.remarks.extend(other.remarks);
        for (address, theirs) in other.known {
            let mine = self.known.entry(address).or_default();
            mine.open |= theirs.open;
            for schema in theirs.schemas {
                if !mine.schemas.contains(&schema) {
                    mine.schemas.push(schema);
                }
            }
        }
    }
}

/// One value held against one schema.
#[derive(Debug)]
pub(super) struct Holding<'c> {
    schemas: &'c Schemas,
    side: Side,
    /// Texts may stand for numbers, truth and nothing: they are parameters.
    loose: bool,
    /// Of values nothing is known: only names count.
    by_names: bool,
    /// Steps left. Alternatives within alternatives multiply; a value that takes longer is not judged.
    steps: u32,
    way: String,
    /// Schemas and values being looked at without a step down, so that a schema that refers to itself ends.
    open: Vec<(SchemaId, usize)>,
}

impl<'c> Holding<'c> {
    /// Steps for each value in the body, and beside: linear in what was said, whatever the schema is like.
    const STEPS: u32 = 100;
    const FIRST_STEPS: u32 = 4_000;
    const MOST_STEPS: u32 = 200_000;
    const DEPTH: usize = 64;
    /// Faults told of one value.
    const FAULTS: usize = 256;

    pub(super) const fn new(schemas: &'c Schemas, side: Side, loose: bool) -> Self {
        Self { schemas, side, loose, by_names: false, steps: 1, way: String::new(), open: Vec::new() }
    }

    /// Looks at names alone.
    pub(super) const fn by_names(mut self) -> Self {
        self.by_names = true;
        self
    }

    /// What the value breaks; `None` when it took too long to say, or lies too deep. `spell` tells names from the wire.
    pub(super) fn hold(mut self, schema: SchemaId, value: &Value, spell: Spell) -> Option<Vec<Fault>> {
        let values = u32::try_from(count(value)).unwrap_or(u32::MAX);
        self.steps = Self::FIRST_STEPS.saturating_add(values.saturating_mul(Self::STEPS)).min(Self::MOST_STEPS);
        let mut out = Outcome::default();
        self.value(schema, value, &mut out);
        if self.steps == 0 {
            return None;
        }
        let mut faults = out.faults;
        // One part of a schema may want a field that another says is not for this side.
        faults.retain(|fault| fault.breaks != Breaks::Missing || !self.is_excused_by(fault, &out.known));
        // The second walk says it better.
        faults.retain(|fault| fault.breaks != Breaks::Undocumented);
        faults.extend(out.remarks);
        self.way.clear();
        self.undocumented(value, &out.known, spell, &mut faults);
        (self.steps > 0).then_some(faults)
    }

    fn charge(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
    }

    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps > 0
    }

    fn fault(&self, schema: SchemaId, breaks: Breaks, keyword: &'static str, out: &mut Outcome) {
        if out.faults.len() < Self::FAULTS {
            out.faults.push(Fault { breaks, way: self.way.clone(), schema, keyword, of: 0 });
        }
    }

    fn remark(&self, schema: SchemaId, breaks: Breaks, out: &mut Outcome) {
        if out.remarks.len() < Self::FAULTS {
            out.remarks.push(Fault { breaks, way: self.way.clone(), schema, keyword: "", of: 0 });
        }
    }

    fn value(&mut self, id: SchemaId, value: &Value, out: &mut Outcome) {
        let here = (id, address(value));
        if self.open.len() >= Self::DEPTH {
            // What lies deeper has no verdict, and neither has what hangs on it.
            self.steps = 0;
        }
        if !self.step() || self.open.contains(&here) {
            return;
        }
        let Some(schema) = self.schemas.get(id) else { return };
        self.open.push(here);
        self.within(id, schema, value, out);
        self.open.pop();
    }

    fn within(&mut self, id: SchemaId, schema: &Schema, value: &Value, out: &mut Outcome) {
        match self.side {
            Side::Request if schema.read_only && !self.way.is_empty() => self.remark(id, Breaks::ReadOnly, out),
            Side::Response if schema.write_only && !self.way.is_empty() => self.remark(id, Breaks::WriteOnly, out),
            _ => {}
        }
        if value.is_null() && schema.nullable {
            return;
        }
        if !self.by_names && !self.is_of(schema.types, value) {
            return self.fault(id, Breaks::Type, "type", out);
        }
        if let Some(choices) = schema.choices.as_ref().filter(|_| !self.by_names)
            && !choices.iter().any(|choice| self.is_choice(choice, value))
        {
            self.fault(id, Breaks::Choice, "enum", out);
        }
        if let Some(scalar) = schema.scalar.as_ref().filter(|_| !self.by_names) {
            self.scalar(id, schema.types, scalar, value, out);
        }
        match (value, &schema.list, &schema.object) {
            (Value::Array(items), Some(list), _) => self.list(id, list, items, out),
            (Value::Object(fields), _, Some(object)) => self.object(id, object, fields, address(value), out),
            (Value::String(text), Some(list), _)
                if self.loose && !schema.types.meets(Types::STRING) && !text.contains([',', '|', ' ', '\t']) =>
            {
                self.list(id, list, std::slice::from_ref(value), out);
            }
            _ => {}
        }
        if let Some(reference) = schema.reference {
            self.value(reference, value, out);
        }
        if let Some(parts) = &schema.parts {
            self.parts(id, parts, value, out);
        }
    }

    fn is_of(&self, types: Types, value: &Value) -> bool {
        let whole = |number: f64| number.fract() == 0.0;
        match value {
            Value::Null => types.meets(Types::NULL),
            Value::Bool(_) => types.meets(Types::BOOLEAN),
            Value::Number(number) => {
                let integer = number.is_i64() || number.is_u64() || number.as_f64().is_some_and(whole);
                types.0 & 8 != 0 || integer && types.meets(Types::INTEGER)
            }
            Value::Array(_) => types.meets(Types::ARRAY),
            Value::Object(_) => types.meets(Types::OBJECT),
            Value::String(text) => {
                types.meets(Types::STRING)
                    || self.loose
                        && (types.meets(Types::BOOLEAN) && is_truth(text)
                            || number_of(text).is_some_and(|n| types.0 & 8 != 0 || types.meets(Types::INTEGER) && whole(n))
                            || types.meets(Types::NULL) && matches!(text.as_str(), "" | "null")
                            // A list of one, or one that is written in a way that is not known.
                            || types.meets(Types::ARRAY.with(Types::OBJECT)))
            }
        }
    }

    fn is_choice(&self, choice: &Value, value: &Value) -> bool {
        match (choice, value) {
            (choice, Value::String(text)) if self.loose => match choice {
                Value::String(choice) => choice == text,
                Value::Number(choice) => number_of(text) == choice.as_f64(),
                Value::Bool(choice) => {
                    is_truth(text) && text.eq_ignore_ascii_case(if *choice { "true" } else { "false" })
                }
                Value::Null => matches!(text.as_str(), "" | "null"),
                _ => true,
            },
            _ => same(choice, value),
        }
    }

    fn scalar(&self, id: SchemaId, types: Types, it: &Scalar, value: &Value, out: &mut Outcome) {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) if self.loose && !types.meets(Types::STRING) => number_of(text),
            _ => None,
        };
        if let Some(number) = number {
            let below = it.least.is_some_and(|(least, excluded)| number < least || excluded && number <= least);
            let above = it.most.is_some_and(|(most, excluded)| number > most || excluded && number >= most);
            if below {
                self.fault(id, Breaks::Range, "minimum", out);
            }
            if above {
                self.fault(id, Breaks::Range, "maximum", out);
            }
            if it.multiple.is_some_and(|step| !is_multiple(number, step)) {
                self.fault(id, Breaks::Range, "multipleOf", out);
            }
            if it.format.as_deref().is_some_and(|format| !is_number_of(format, number)) {
                self.fault(id, Breaks::Format, "format", out);
            }
        }
        let Value::String(text) = value else { return };
        if self.loose && !types.meets(Types::STRING) {
            return;
        }
        if it.shortest.is_some() || it.longest.is_some() {
            let letters = text.chars().count() as u64;
            if it.shortest.is_some_and(|least| letters < least) {
                self.fault(id, Breaks::Range, "minLength", out);
            }
            if it.longest.is_some_and(|most| letters > most) {
                self.fault(id, Breaks::Range, "maxLength", out);
            }
        }
        if it.pattern.as_ref().is_some_and(|pattern| !pattern.takes(text)) {
            self.fault(id, Breaks::Format, "pattern", out);
        }
        if it.format.as_deref().and_then(|format| is_of_format(format, text)) == Some(false) {
            self.fault(id, Breaks::Format, "format", out);
        }
    }

    fn list(&mut self, id: SchemaId, it: &List, items: &[Value], out: &mut Outcome) {
        let count = items.len() as u64;
        if it.fewest.is_some_and(|least| count < least) {
            self.fault(id, Breaks::Range, "minItems", out);
        }
        if it.most.is_some_and(|most| count > most) {
            self.fault(id, Breaks::Range, "maxItems", out);
        }
        for (at, item) in items.iter().enumerate() {
            let Some(schema) = it.first.get(at).copied().or(it.items) else { continue };
            if self.steps == 0 {
                return;
            }
            self.below("*", |holding| holding.value(schema, item, out));
        }
    }

    fn object(&mut self, id: SchemaId, it: &Object, fields: &Map<String, Value>, address: usize, out: &mut Outcome) {
        let known = out.known.entry(address).or_default();
        if !known.schemas.contains(&id) {
            known.schemas.push(id);
        }
        self.charge(it.required.len() / 8);
        for name in &it.required {
            if !fields.contains_key(&**name) && !it.field(name).is_some_and(|field| self.is_excused(field)) {
                self.charge(1);
                let missing = out.faults.len();
                self.below(name, |holding| holding.fault(id, Breaks::Missing, "required", out));
                out.faults.iter_mut().skip(missing).for_each(|fault| fault.of = address);
            }
        }
        let count = fields.len() as u64;
        if it.fewest.is_some_and(|least| count < least) {
            self.fault(id, Breaks::Range, "minProperties", out);
        }
        if it.most.is_some_and(|most| count > most) {
            self.fault(id, Breaks::Range, "maxProperties", out);
        }
        for (name, value) in fields {
            if self.steps == 0 {
                return;
            }
            let declared = it.field(name);
            if let Some(schema) = declared {
                self.below(name, |holding| holding.value(schema, value, out));
            }
            let mut matched = false;
            for (pattern, schema) in &it.patterns {
                if self.step() && pattern.takes(name) {
                    matched = true;
                    self.below_data(|holding| holding.value(*schema, value, out));
                }
            }
            if declared.is_none() && !matched {
                match it.others {
                    Others::Like(schema) => self.below_data(|holding| holding.value(schema, value, out)),
                    Others::None => self.fault(id, Breaks::Undocumented, "", out),
                    Others::Any | Others::Unsaid => {}
                }
            }
        }
    }

    /// Some schema that holds for the object says that the field need not be there on this side.
    fn is_excused_by(&self, fault: &Fault, known: &HashMap<usize, Known, RandomState>) -> bool {
        let name = fault.way.rsplit('/').next().unwrap_or_default();
        let schemas = known.get(&fault.of).map_or(&[][..], |known| &known.schemas);
        let fields = schemas.iter().filter_map(|id| self.schemas.get(*id)?.object.as_ref()?.field(name));
        fields.into_iter().any(|field| self.is_excused(field))
    }

    /// It need not be there on this side.
    fn is_excused(&self, field: SchemaId) -> bool {
        /// References and parts followed to find the flag.
        const FAR: usize = 8;
        let mut open = vec![field];
        for _ in 0..FAR {
            let Some(schema) = open.pop().and_then(|id| self.schemas.get(id)) else { return false };
            let flag = if self.side == Side::Request { schema.read_only } else { schema.write_only };
            if flag {
                return true;
            }
            open.extend(schema.reference);
            open.extend(schema.parts.iter().flat_map(|parts| parts.all.iter().copied()));
        }
        false
    }

    fn parts(&mut self, id: SchemaId, parts: &Parts, value: &Value, out: &mut Outcome) {
        for part in &parts.all {
            self.value(*part, value, out);
        }
        let told = parts.told_by.as_ref().and_then(|(name, all)| {
            let said = value.get(&**name)?.as_str()?;
            all.iter().find(|(word, _)| **word == *said).map(|(_, schema)| *schema)
        });
        match told {
            Some(schema) => self.value(schema, value, out),
            None => {
                if parts.told_by.is_some() && parts.any.is_empty() && parts.one.is_empty() && value.is_object() {
                    // One of those that inherit from it, whose name nobody tells here.
                    out.known.entry(address(value)).or_default().open = true;
                }
                self.alternatives(id, &parts.any, "anyOf", value, out);
                self.alternatives(id, &parts.one, "oneOf", value, out);
            }
        }
        if let Some(not) = parts.not {
            let mut other = Outcome::default();
            self.value(not, value, &mut other);
            if other.faults.is_empty() && self.steps > 0 {
                self.fault(id, Breaks::Alternative, "not", out);
            }
        }
        if let Some((test, then, otherwise)) = parts.branch {
            let mut other = Outcome::default();
            self.value(test, value, &mut other);
            let holds = other.faults.is_empty();
            if holds {
                out.absorb(other);
            }
            if let Some(schema) = if holds { then } else { otherwise } {
                self.value(schema, value, out);
            }
        }
    }

    fn alternatives(
        &mut self,
        id: SchemaId,
        all: &[SchemaId],
        keyword: &'static str,
        value: &Value,
        out: &mut Outcome,
    ) {
        if all.is_empty() {
            return;
        }
        let mut best: Option<(bool, usize, Outcome)> = None;
        let mut held = false;
        // What only some of those that hold remark, others allow.
        let mut remarks: Option<Vec<Fault>> = None;
        for part in all {
            let mut other = Outcome::default();
            self.value(*part, value, &mut other);
            if other.faults.is_empty() {
                held = true;
                self.charge(other.known.len());
                let own = std::mem::take(&mut other.remarks);
                let alike = |a: &Fault, b: &Fault| a.breaks == b.breaks && a.way == b.way;
                remarks = Some(match remarks.take() {
                    Some(mut known) => {
                        known.retain(|a| own.iter().any(|b| alike(a, b)));
                        known
                    }
                    None => own,
                });
                if value.is_object() && self.says_nothing(*part) {
                    other.known.entry(address(value)).or_default().open = true;
                }
                out.absorb(other);
            } else if !held {
                self.charge(other.faults.len());
                let here = &self.way;
                let of_another_type =
                    other.faults.iter().any(|fault| fault.breaks == Breaks::Type && fault.way == *here);
                let rank = (of_another_type, other.faults.len());
                if best.as_ref().is_none_or(|(kind, count, _)| rank < (*kind, *count)) {
                    best = Some((rank.0, rank.1, other));
                }
            }
        }
        out.remarks.extend(remarks.into_iter().flatten());
        if held || self.steps == 0 {
            return;
        }
        match best {
            // One of its type: what that lacks is what is wrong.
            Some((false, _, mut other)) => {
                out.faults.append(&mut other.faults);
                out.faults.truncate(Self::FAULTS);
                out.absorb(other);
            }
            _ => self.fault(id, if all.len() == 1 { Breaks::Type } else { Breaks::Alternative }, keyword, out),
        }
    }

    /// It allows any object and names no field of one.
    fn says_nothing(&self, id: SchemaId) -> bool {
        let mut id = id;
        for _ in 0..8 {
            let Some(schema) = self.schemas.get(id) else { return false };
            if schema.object.is_some() || schema.parts.is_some() || !schema.types.meets(Types::OBJECT) {
                return false;
            }
            match schema.reference {
                Some(next) => id = next,
                None => return true,
            }
        }
        false
    }

    fn undocumented(
        &mut self,
        value: &Value,
        all: &HashMap<usize, Known, RandomState>,
        spell: Spell,
        faults: &mut Vec<Fault>,
    ) {
        if !self.step() {
            return;
        }
        match value {
            Value::Array(items) => {
                for item in items {
                    self.below("*", |holding| holding.undocumented(item, all, spell, faults));
                }
            }
            Value::Object(fields) => {
                let Some(known) = all.get(&address(value)) else { return };
                let objects =
                    || known.schemas.iter().filter_map(|id| Some((*id, self.schemas.get(*id)?.object.as_ref()?)));
                let objects: Vec<(SchemaId, &Object)> = objects().map(|(id, object)| (id, &**object)).collect();
                let others = |object: &Object| matches!(object.others, Others::Any | Others::Like(_));
                let says_names = |object: &Object| {
                    !object.fields.is_empty() || !object.patterns.is_empty() || object.others == Others::None
                };
                let open = known.open
                    || objects.iter().any(|(_, object)| others(object))
                    || !objects.iter().any(|(_, object)| says_names(object));
                let closed = objects.iter().find(|(_, object)| object.others == Others::None);
                let naming = || objects.iter().find(|(_, object)| says_names(object)).or_else(|| objects.first());
                let Some((first, _)) = closed.or_else(naming) else { return };
                for (name, value) in fields {
                    let named = objects.iter().any(|(_, object)| object.field(name).is_some());
                    let fits = || {
                        objects.iter().any(|(_, object)| object.patterns.iter().any(|(pattern, _)| pattern.takes(name)))
                    };
                    if named {
                        self.below(name, |holding| holding.undocumented(value, all, spell, faults));
                    } else if open || fits() {
                        self.below_data(|holding| holding.undocumented(value, all, spell, faults));
                    } else if faults.len() < Self::FAULTS {
                        let told = spell(name);
                        let keyword = if closed.is_some() { FORBIDS } else { "" };
                        if closed.is_some() || is_name(&told) {
                            self.below(&told, |holding| {
                                let way = holding.way.clone();
                                faults.push(Fault {
                                    breaks: Breaks::Undocumented,
                                    way,
                                    schema: *first,
                                    keyword,
                                    of: 0,
                                });
                            });
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Does something one step further down.
    fn below(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.way.len();
        // Escaped as RFC 6901 section 3 has it.
        let _ = match name.contains(['~', '/']) {
            true => write!(self.way, "/{}", name.replace('~', "~0").replace('/', "~1")),
            false => write!(self.way, "/{name}"),
        };
        inside(self);
        self.way.truncate(length);
    }

    /// Likewise below a name that is data.
    fn below_data(&mut self, inside: impl FnOnce(&mut Self)) {
        self.below("{key}", inside);
    }
}

/// What people call a field. Where a schema forbids no others, an object with other names in it is a map of something.
fn is_name(told: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    told.len() > 1 && told.starts_with(first) && told.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:$".contains(c))
}

/// Values in a value.
// As deep as the reader of JSON lets a document be: 128.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(count).sum::<usize>() + 1,
        _ => 1,
    }
}

/// Values are told apart by where they lie.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

fn is_truth(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// A number as JSON writes it, and nothing else: no `inf`, no blanks.
fn number_of(text: &str) -> Option<f64> {
    let first = text.bytes().find(|b| *b != b'-' && *b != b'+')?;
    first.is_ascii_digit().then(|| text.parse().ok()).flatten()
}

fn is_multiple(number: f64, step: f64) -> bool {
    if step <= 0.0 {
        return true;
    }
    let times = number / step;
    // 0.07 is no multiple of 0.01 to the last bit.
    (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0) || !times.is_finite()
}

/// Equal as JSON Schema has it (core, section 4.2.2): 1 is 1.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
