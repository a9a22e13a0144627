//! What is new, gone or changed between two reports.
//!
//! In: two reports, as they were written. Out: facts that differ. How often something was, and how fast, is no difference: the same
//! traffic in another order, or twice as much of it, gives none. Endpoints are the same whatever their variables are called.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;
use serde_json::Value;

use super::document::ReadBack;
use super::values::{classes, list, object, text};
use crate::api::PathTemplate;
use crate::report::reporter::Style;
use crate::report::reporters::{Ink, Page, count, sentence, shown, write_careful};

/// Fields of bodies of one endpoint that are compared; more say nothing new.
const FIELDS: usize = 2_000;

/// What differs between an older and a newer report.
#[derive(Debug, Serialize)]
pub struct Difference<'r> {
    schema: &'static str,
    schema_version: u32,
    endpoints: Parts<Endpoint<'r>, Changed<'r>>,
    findings: Parts<Found<'r>, Altered<'r>>,
}

#[derive(Debug, Serialize)]
struct Parts<T, C> {
    new: Vec<T>,
    gone: Vec<T>,
    changed: Vec<C>,
}

#[derive(Debug, Serialize)]
struct Endpoint<'r> {
    service: &'r str,
    method: &'r str,
    template: &'r str,
    verdict: &'r str,
}

#[derive(Debug, Serialize)]
struct Changed<'r> {
    #[serde(flatten)]
    endpoint: Endpoint<'r>,
    changes: Vec<Change>,
}

/// One fact of an endpoint.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    what: &'static str,
    new: BTreeSet<String>,
    gone: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct Found<'r> {
    id: &'r str,
    rule: &'r str,
    kind: &'r str,
    severity: &'r str,
    summary: &'r str,
}

#[derive(Debug, Serialize)]
struct Altered<'r> {
    #[serde(flatten)]
    finding: Found<'r>,
    severity_before: &'r str,
}

/// What differs from an older report to a newer one.
#[must_use]
pub fn difference<'r>(older: &'r ReadBack, newer: &'r ReadBack) -> Difference<'r> {
    let endpoints = |report: &'r ReadBack| -> BTreeMap<(&'r str, &'r str, String), &'r Value> {
        let key = |it: &'r Value| (text(it, "service"), text(it, "method"), unnamed(text(it, "template")));
        report.endpoints.iter().map(|it| (key(it), it)).collect()
    };
    let findings = |report: &'r ReadBack| -> BTreeMap<&'r str, &'r Value> {
        report.findings.iter().map(|it| (text(it, "id"), it)).collect()
    };
    let (before, after) = (endpoints(older), endpoints(newer));
    let mut of_endpoints = parts(&before, &after, Endpoint::of, |old, new| {
        let changes = changes(old, new);
        (!changes.is_empty()).then(|| Changed { endpoint: Endpoint::of(new), changes })
    });
    of_endpoints.new.sort_by_key(|it| (it.service, it.template, it.method));
    of_endpoints.gone.sort_by_key(|it| (it.service, it.template, it.method));
    let (before, after) = (findings(older), findings(newer));
    let mut of_findings = parts(&before, &after, Found::of, |old, new| {
        let severity_before = text(old, "severity");
        (severity_before != text(new, "severity")).then(|| Altered { finding: Found::of(new), severity_before })
    });
    for found in [&mut of_findings.new, &mut of_findings.gone] {
        found.sort_by_key(|it| (std::cmp::Reverse(rank(it.severity)), it.summary, it.id));
    }
    Difference { schema: "shadowtap-diff", schema_version: 1, endpoints: of_endpoints, findings: of_findings }
}

fn parts<'r, K: Ord, T, C>(
    before: &BTreeMap<K, &'r Value>,
    after: &BTreeMap<K, &'r Value>,
    told: impl Fn(&'r Value) -> T,
    compared: impl Fn(&'r Value, &'r Value) -> Option<C>,
) -> Parts<T, C> {
    let only = |mine: &BTreeMap<K, &'r Value>, theirs: &BTreeMap<K, &'r Value>| -> Vec<T> {
        mine.iter().filter(|(key, _)| !theirs.contains_key(key)).map(|(_, it)| told(it)).collect()
    };
    let changed = after.iter().filter_map(|(key, new)| compared(before.get(key)?, new)).collect();
    Parts { new: only(after, before), gone: only(before, after), changed }
}

fn rank(severity: &str) -> usize {
    ["info", "low", "medium", "high"].iter().position(|known| *known == severity).unwrap_or_default()
}

/// A template whatever its variables are called.
fn unnamed(template: &str) -> String {
    let segments = PathTemplate::parse(template).segments.iter().map(crate::api::TemplateSegment::unnamed).collect();
    PathTemplate { segments }.to_string()
}

impl<'r> Endpoint<'r> {
    fn of(it: &'r Value) -> Self {
        Self {
            service: text(it, "service"),
            method: text(it, "method"),
            template: text(it, "template"),
            verdict: text(it, "verdict"),
        }
    }
}

impl<'r> Found<'r> {
    fn of(it: &'r Value) -> Self {
        Self {
            id: text(it, "id"),
            rule: text(it, "rule"),
            kind: text(it, "kind"),
            severity: text(it, "severity"),
            summary: text(it, "summary"),
        }
    }
}

/// What differs of one endpoint.
fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let (old, new) = (facts(old), facts(new));
    let names: BTreeSet<&'static str> = old.keys().chain(new.keys()).copied().collect();
    let none = BTreeSet::new();
    let change = |what: &'static str| {
        let (old, new) = (old.get(what).unwrap_or(&none), new.get(what).unwrap_or(&none));
        let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
        (old != new).then(|| Change { what, new: only(new, old), gone: only(old, new) })
    };
    names.into_iter().filter_map(change).collect()
}

/// What an endpoint is, but for how often.
fn facts(it: &Value) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut facts: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    let mut add = |what: &'static str, text: String| {
        if !text.is_empty() {
            facts.entry(what).or_default().insert(text);
        }
    };
    for what in ["verdict", "existence", "owner"] {
        add(what, text(it, what).to_owned());
    }
    if let Some(declared) = it.get("declared").filter(|declared| declared.is_object()) {
        add("declared", format!("{} in {}", text(declared, "path"), text(declared, "spec")));
    }
    for what in ["statuses", "auth", "auth_ok", "request_types", "response_types"] {
        object(it, what).into_iter().flatten().for_each(|(key, _)| add(what, key.clone()));
    }
    for param in list(it, "params") {
        let (place, name) = (text(param, "place"), text(param, "name"));
        if place != "path" {
            add("params", format!("{place} {name}"));
            object(param, "kinds")
                .into_iter()
                .flatten()
                .for_each(|(kind, _)| add("param_types", format!("{place} {name} {kind}")));
        }
    }
    classes(it).into_keys().for_each(|class| add("data", class));
    if let Some(clients) = it.get("client_classes") {
        for what in ["directions", "networks"] {
            object(clients, what).into_iter().flatten().for_each(|(key, _)| add(what, key.clone()));
        }
    }
    let mut fields = BTreeSet::new();
    if let Some(shape) = it.get("request_shape") {
        collect(shape, "", &mut fields);
    }
    fields.iter().for_each(|field| add("request_fields", field.clone()));
    for (status, shape) in object(it, "response_shapes").into_iter().flatten() {
        let mut fields = BTreeSet::new();
        collect(shape, "", &mut fields);
        fields.into_iter().for_each(|field| add("response_fields", format!("{status} {field}")));
    }
    facts
}

/// The fields of a shape, as pointers.
// As deep as the reader of JSON lets a document be: 128.
fn collect(shape: &Value, at: &str, fields: &mut BTreeSet<String>) {
    if fields.len() >= FIELDS {
        return;
    }
    if let Some(items) = shape.get("items") {
        collect(items, &format!("{at}/*"), fields);
    }
    for (name, below) in object(shape, "fields").into_iter().flatten() {
        let at = format!("{at}/{name}");
        collect(below, &at, fields);
        fields.insert(at);
    }
}

impl Difference<'_> {
    /// Nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.endpoints.is_empty() && self.findings.is_empty()
    }

    /// Kind, rule and severity of each new finding.
    pub fn new_findings(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.findings.new.iter().map(|it| (it.kind, it.rule, it.severity))
    }

    /// Writes it for programs.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        write_careful(self, out)
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
        let mut page = Page::new(style);
        if self.is_empty() {
            page.paragraph(Ink::Strong, 0, 2, "nothing differs");
        }
        for (title, ink, all) in
            [("New findings", Ink::Red, &self.findings.new), ("Findings gone", Ink::Faint, &self.findings.gone)]
        {
            heading(&mut page, title, all.len());
            for it in all {
                page.paragraph(ink, 2, 10, &format!("{:6}  {}", it.severity, sentence(it.summary)));
            }
        }
        heading(&mut page, "Findings of another severity", self.findings.changed.len());
        for it in &self.findings.changed {
            let text = format!("{} -> {}  {}", it.severity_before, it.finding.severity, sentence(it.finding.summary));
            page.paragraph(Ink::Plain, 2, 10, &text);
        }
        for (title, ink, all) in
            [("New endpoints", Ink::Strong, &self.endpoints.new), ("Endpoints gone", Ink::Faint, &self.endpoints.gone)]
        {
            heading(&mut page, title, all.len());
            for it in all {
                page.paragraph(ink, 2, 4, &format!("{}  {}", it.full_name(), it.verdict));
            }
        }
        heading(&mut page, "Endpoints changed", self.endpoints.changed.len());
        for it in &self.endpoints.changed {
            page.paragraph(Ink::Strong, 2, 4, &it.endpoint.full_name());
            for change in &it.changes {
                let side = |mark: &str, all: &BTreeSet<String>| {
                    all.iter().map(|text| format!("{mark}{}", shown(text))).collect::<Vec<_>>()
                };
                let told = [side("+", &change.new), side("-", &change.gone)].concat();
                let more = told.len().saturating_sub(SHOWN);
                let mut text =
                    format!("{}: {}", change.what.replace('_', " "), told.get(..SHOWN).unwrap_or(&told).join(", "));
                if more > 0 {
                    text.push_str(&format!(" and {} more", count(more as u64)));
                }
                page.paragraph(Ink::Plain, 4, 6, &text);
            }
        }
        out.write_all(page.into_text().as_bytes())
    }
}

/// Facts told of one kind; the JSON form has all.
const SHOWN: usize = 12;

fn heading(page: &mut Page, title: &str, found: usize) {
    if found > 0 {
        page.heading(&format!("{title} ({})", count(found as u64)), "");
    }
}

impl Endpoint<'_> {
    fn full_name(&self) -> String {
        format!("{} {}  {}", shown(self.method), shown(self.template), shown(self.service))
    }
}

impl<T, C> Parts<T, C> {
    const fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty() && self.changed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(endpoints: &[Value], findings: &[Value]) -> ReadBack {
        let text =
            json!({"schema": "shadowtap-report", "schema_version": 1, "endpoints": endpoints, "findings": findings});
        ReadBack::read(text.to_string().as_bytes()).unwrap()
    }

    fn endpoint(template: &str, more: &Value) -> Value {
        let mut it = json!({"service": "http://a", "method": "GET", "template": template, "verdict": "matched", "requests": 3,
            "statuses": {"200": 3}, "params": [{"place": "query", "name": "page", "kinds": {"integer": 3}}]});
        it.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        it
    }

    #[test]
    fn what_a_count_or_a_name_says_is_no_difference() {
        // Catches a difference by counts, by the names of variables or by order.
        let old = report(&[endpoint("/a/{id}", &json!({})), endpoint("/b", &json!({}))], &[]);
        let new = report(
            &[endpoint("/b", &json!({"requests": 9, "statuses": {"200": 9}})), endpoint("/a/{userId}", &json!({}))],
            &[],
        );
        assert!(difference(&old, &new).is_empty());
    }

    #[test]
    fn what_is_new_gone_or_changed_is_told() {
        // Catches a side that is mixed up, and a fact that is passed over.
        let finding = |id: &str, severity: &str| json!({"id": id, "rule": "orphan", "kind": "orphan", "severity": severity, "summary": format!("about {id}")});
        let old = report(
            &[endpoint("/a", &json!({})), endpoint("/gone", &json!({}))],
            &[finding("1", "low"), finding("2", "low")],
        );
        let changed = json!({"verdict": "drift", "statuses": {"200": 1, "500": 2},
            "params": [{"place": "query", "name": "debug", "kinds": {"string": 1}}],
            "response_shapes": {"200": {"objects": 1, "fields": {"card": {"strings": {"plain": 1}, "data": ["pan"]}}}}});
        let new = report(
            &[endpoint("/a", &changed), endpoint("/new", &json!({}))],
            &[finding("2", "high"), finding("3", "high")],
        );
        let found = difference(&old, &new);
        let told: Vec<String> = found.endpoints.changed[0]
            .changes
            .iter()
            .map(|it| format!("{} +{:?} -{:?}", it.what, it.new, it.gone))
            .collect();
        assert_eq!(
            told,
            [
                r#"data +{"pan"} -{}"#,
                r#"param_types +{"query debug string"} -{"query page integer"}"#,
                r#"params +{"query debug"} -{"query page"}"#,
                r#"response_fields +{"200 /card"} -{}"#,
                r#"statuses +{"500"} -{}"#,
                r#"verdict +{"drift"} -{"matched"}"#,
            ]
        );
        let mut out = Vec::new();
        found.write_text(Style { colour: false, width: 80 }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "New findings (1)",
            "about 3",
            "Findings gone (1)",
            "low -> high  about 2",
            "New endpoints (1)",
            "GET /new",
            "Endpoints gone (1)",
            "GET /gone",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert_eq!(found.new_findings().collect::<Vec<_>>(), [("orphan", "orphan", "high")]);
    }
}
