//! Compiles the schemas of a document into the arena that values are held against.
//!
//! In: parts of documents, by reference or in place. Out: numbers of schemas. Each part is compiled once, from a list of what is
//! still to do and not by recursion: a thousand schemas that refer to each other in a row are no thousand frames of the stack. What
//! cannot be followed demands nothing, with a warning: nothing but drift hangs on it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::document::Document;
use super::lines::escape;
use super::paths::text_at;
use super::refs::{Found, Refs};
use super::warnings::Warnings;
use crate::contract::{At, List, Object, Others, Parts, Pattern, Scalar, Schema, SchemaId, Schemas, ToldBy, Types};

/// Schemas of one spec. More demand nothing.
const SCHEMAS: usize = 500_000;

/// Schemas being compiled.
#[derive(Debug, Default)]
pub(super) struct Compiler {
    nodes: Vec<Schema>,
    /// By number of the file and pointer.
    known: HashMap<(u16, String), SchemaId>,
    files: Vec<Rc<Document>>,
    /// To be compiled.
    open: Vec<(SchemaId, Found)>,
    /// What stands beside a reference counts (JSON Schema 2020-12, from OpenAPI 3.1 on).
    pub(super) siblings: bool,
    full: bool,
}

impl Compiler {
    /// All of them.
    pub(super) fn finish(self, warnings: &mut Warnings) -> Schemas {
        if self.full {
            warnings.add(format!("has more than {SCHEMAS} schemas: what the rest demands is not looked at"));
        }
        Schemas::new(self.nodes, self.files.iter().map(|file| file.file.clone()).collect())
    }

    /// The schema that stands there, compiled with all that it names.
    pub(super) fn schema(&mut self, at: Found, refs: &mut Refs<'_>, warnings: &mut Warnings) -> Option<SchemaId> {
        at.value()?;
        let id = self.number(at, None);
        while let Some((id, found)) = self.open.pop() {
            let schema = self.compile(id, &found, refs, warnings);
            if let Some(place) = self.nodes.get_mut(id.0 as usize) {
                *place = schema;
            }
        }
        Some(id)
    }

    /// An object of these fields, which stands nowhere as such.
    pub(super) fn object(
        &mut self,
        at: &Found,
        mut fields: Vec<(Box<str>, SchemaId)>,
        required: Vec<Box<str>>,
    ) -> SchemaId {
        fields.sort();
        fields.dedup_by(|a, b| a.0 == b.0);
        let file = self.file(&at.document);
        let object = Object { fields, required, ..Object::default() };
        self.push(Schema {
            types: Types::OBJECT,
            object: Some(Box::new(object)),
            ..Schema::open(At::Root(file, at.pointer.as_str().into()))
        })
    }

    /// Where something stands, as reports tell it.
    pub(super) fn place(&mut self, at: &Found) -> String {
        match self.file(&at.document) {
            0 => format!("#{}", at.pointer),
            _ => format!("{}#{}", at.document.file, at.pointer),
        }
    }

    fn file(&mut self, document: &Rc<Document>) -> u16 {
        let known = self.files.iter().position(|known| Rc::ptr_eq(known, document));
        let at = known.unwrap_or_else(|| {
            self.files.push(Rc::clone(document));
            self.files.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// The documents in which schemas stand begin with the root.
    pub(super) fn begin(&mut self, root: &Rc<Document>) {
        self.file(root);
    }

    fn push(&mut self, schema: Schema) -> SchemaId {
        let id = SchemaId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(schema);
        id
    }

    /// The number of a schema, met before or not.
    fn number(&mut self, found: Found, above: Option<(SchemaId, &str)>) -> SchemaId {
        let file = self.file(&found.document);
        let key = (file, found.pointer.clone());
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let at = match above {
            Some((id, key)) => At::Under(id, key.into()),
            None => At::Root(file, found.pointer.as_str().into()),
        };
        let id = self.push(Schema::open(at));
        if self.nodes.len() > SCHEMAS {
            self.full = true;
            return id;
        }
        self.known.insert(key, id);
        self.open.push((id, found));
        id
    }

    fn compile(&mut self, id: SchemaId, found: &Found, refs: &mut Refs<'_>, warnings: &mut Warnings) -> Schema {
        let at = self.nodes.get(id.0 as usize).map_or_else(|| At::Root(0, "".into()), |schema| schema.at.clone());
        let mut schema = Schema::open(at);
        let value = match found.value() {
            Some(Value::Object(value)) => value,
            Some(Value::Bool(false)) => return Schema { types: Types::NEVER, ..schema },
            _ => return schema,
        };
        let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        schema.nullable = flag("nullable") || flag("x-nullable");
        if self.siblings || found.reference().is_none() {
            schema.read_only = flag("readOnly");
            schema.write_only = flag("writeOnly");
        }
        if found.reference().is_some() {
            match refs.resolve(found.clone()) {
                Ok(target) => schema.reference = Some(self.number(target, None)),
                Err(fault) => warnings.add(format!("a schema is not looked at: {fault}")),
            }
            if !self.siblings {
                return schema;
            }
        }
        schema.types = types(value.get("type"));
        schema.choices = choices(value);
        schema.scalar = scalar(value).map(Box::new);
        let mut child = |keys: &[&str]| {
            let below = keys.iter().fold(found.clone(), |found, key| found.child(key));
            below.value()?;
            let way: Vec<_> = keys.iter().map(|key| escape(key)).collect();
            Some(self.number(below, Some((id, &way.join("/")))))
        };
        schema.list = list(value, &mut child).map(Box::new);
        schema.object = object(value, &mut child).map(Box::new);
        schema.parts = parts(value, &mut child).map(Box::new);
        let told = value.get("discriminator").and_then(|told| self.told_by(found, value, told, refs));
        if let Some(told) = told {
            schema.parts.get_or_insert_default().told_by = Some(told);
        }
        schema
    }

    /// The field that tells which schema holds. Those without a mapping are called as they are referred to (OpenAPI 3,
    /// section "Discriminator Object").
    fn told_by(
        &mut self,
        found: &Found,
        value: &Map<String, Value>,
        told: &Value,
        refs: &mut Refs<'_>,
    ) -> Option<ToldBy> {
        // Swagger 2 has the name alone, and names its heirs by inheritance.
        let name = told.as_str().map(str::to_owned).or_else(|| text_at(told, "propertyName"))?;
        let mut all: Vec<(Box<str>, SchemaId)> = Vec::new();
        for (word, target) in told.get("mapping").and_then(Value::as_object).into_iter().flatten() {
            let Some(target) = target.as_str() else { continue };
            let target = match target.contains(['/', '#', '.']) {
                true => target.to_owned(),
                false => format!("#/components/schemas/{}", escape(target)),
            };
            if let Ok(target) = refs.follow(found, &target) {
                all.push((word.as_str().into(), self.number(target, None)));
            }
        }
        for keyword in ["oneOf", "anyOf"] {
            let count = value.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
            for at in 0..count {
                let part = found.child(keyword).child(&at.to_string());
                let Some(reference) = part.reference().map(str::to_owned) else { continue };
                let word = reference.rsplit('/').next().unwrap_or_default();
                if let Ok(target) = refs.resolve(part)
                    && !all.iter().any(|(known, _)| **known == *word)
                {
                    let target = self.number(target, None);
                    all.push((word.into(), target));
                }
            }
        }
        Some((name.into(), all))
    }
}

fn types(said: Option<&Value>) -> Types {
    let named = |value: &Value| value.as_str().and_then(Types::named);
    match said {
        Some(Value::Array(all)) => {
            let known: Vec<Types> = all.iter().filter_map(named).collect();
            // One that is not known may be any.
            if known.is_empty() || known.len() < all.len() {
                Types::ANY
            } else {
                known.into_iter().fold(Types::NEVER, Types::with)
            }
        }
        Some(value) => named(value).unwrap_or(Types::ANY),
        None => Types::ANY,
    }
}

fn choices(value: &Map<String, Value>) -> Option<Box<[Value]>> {
    let list = value.get("enum").and_then(Value::as_array).filter(|list| !list.is_empty());
    let one = || value.get("const").map(|one| vec![one.clone()]);
    list.cloned().or_else(one).map(Vec::into_boxed_slice)
}

fn scalar(value: &Map<String, Value>) -> Option<Scalar> {
    let number = |key: &str| value.get(key).and_then(Value::as_f64);
    let count = |key: &str| number(key).filter(|count| *count >= 0.0 && *count < 1e15).map(|count| count as u64);
    // A flag until OpenAPI 3.0, a bound of its own from 3.1 on.
    let bound = |key: &str, excluding: &str| match value.get(excluding) {
        Some(Value::Bool(excluded)) => number(key).map(|bound| (bound, *excluded)),
        Some(Value::Number(bound)) => bound.as_f64().map(|bound| (bound, true)),
        _ => number(key).map(|bound| (bound, false)),
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let scalar = Scalar {
        least: bound("minimum", "exclusiveMinimum"),
        most: bound("maximum", "exclusiveMaximum"),
        multiple: number("multipleOf"),
        shortest: count("minLength"),
        longest: count("maxLength"),
        pattern: text("pattern").map(Pattern::new),
        format: text("format").map(Into::into),
    };
    let says = scalar.least.is_some()
        || scalar.most.is_some()
        || scalar.multiple.is_some()
        || scalar.shortest.is_some()
        || scalar.longest.is_some()
        || scalar.pattern.is_some()
        || scalar.format.is_some();
    says.then_some(scalar)
}

type Child<'c> = &'c mut dyn FnMut(&[&str]) -> Option<SchemaId>;

fn number_of(value: &Map<String, Value>, key: &str) -> Option<u64> {
    value.get(key).and_then(Value::as_u64)
}

fn list(value: &Map<String, Value>, child: Child<'_>) -> Option<List> {
    let mut several = |key: &str| -> Vec<SchemaId> {
        let count = value.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).filter_map(|at| child(&[key, &at.to_string()])).collect()
    };
    // A list of them stood under `items` before there was `prefixItems`.
    let first = if value.contains_key("prefixItems") { several("prefixItems") } else { several("items") };
    let items = value.get("items").filter(|items| !items.is_array()).and_then(|_| child(&["items"]));
    let list = List { first, items, fewest: number_of(value, "minItems"), most: number_of(value, "maxItems") };
    let says = !list.first.is_empty() || list.items.is_some() || list.fewest.is_some() || list.most.is_some();
    says.then_some(list)
}

fn object(value: &Map<String, Value>, child: Child<'_>) -> Option<Object> {
    let names = |key: &str| value.get(key).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let mut fields: Vec<(Box<str>, SchemaId)> =
        names("properties").filter_map(|name| Some((name.as_str().into(), child(&["properties", name])?))).collect();
    fields.sort();
    let patterns = names("patternProperties")
        .filter_map(|text| Some((Pattern::new(text), child(&["patternProperties", text])?)))
        .collect::<Vec<_>>();
    let others = match value.get("additionalProperties") {
        Some(Value::Bool(false)) => Others::None,
        Some(Value::Object(like)) if !like.is_empty() => {
            child(&["additionalProperties"]).map_or(Others::Any, Others::Like)
        }
        Some(Value::Bool(true) | Value::Object(_)) => Others::Any,
        _ if value.get("unevaluatedProperties").is_some_and(|said| said != &Value::Bool(false)) => Others::Any,
        // Names may be declared by what is not followed here.
        _ if ["$dynamicRef", "$recursiveRef", "dependentSchemas", "dependencies", "propertyNames"]
            .iter()
            .any(|key| value.contains_key(*key)) =>
        {
            Others::Any
        }
        _ => Others::Unsaid,
    };
    let required: Vec<Box<str>> = value
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(Into::into))
        .collect();
    let (fewest, most) = (number_of(value, "minProperties"), number_of(value, "maxProperties"));
    let says = !fields.is_empty()
        || !required.is_empty()
        || !patterns.is_empty()
        || others != Others::Unsaid
        || fewest.is_some()
        || most.is_some();
    says.then_some(Object { fields, required, patterns, others, fewest, most })
}

fn parts(value: &Map<String, Value>, child: Child<'_>) -> Option<Parts> {
    let mut several = |key: &str| -> Vec<SchemaId> {
        let count = value.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).filter_map(|at| child(&[key, &at.to_string()])).collect()
    };
    let (all, any, one) = (several("allOf"), several("anyOf"), several("oneOf"));
    let not = child(&["not"]);
    let branch = child(&["if"]).map(|test| (test, child(&["then"]), child(&["else"])));
    let says = !all.is_empty() || !any.is_empty() || !one.is_empty() || not.is_some() || branch.is_some();
    says.then_some(Parts { all, any, one, not, branch, told_by: None })
}
