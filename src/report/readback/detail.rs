//! All about one endpoint.

use serde_json::{Map, Value};

use super::document::{ReadBack, name};
use super::shapes;
use super::values::{classes, figures, line, list, number, object, says_nothing, tally, text};
use crate::report::reporter::Style;
use crate::report::reporters::{
    Ink, Page, bytes, columns, count, left, percent_text, sentence, shown, widest, wrapped,
};
use crate::time::Span;

/// Where the facts of a section begin.
const FACTS: usize = 17;
/// Parameters told; a terminal is no archive.
const PARAMS: usize = 100;
/// Columns of a parameter's place, at the most.
const PLACE: usize = 15;
/// What is told in words of its own; other keys are told as they stand.
const KNOWN: [&str; 43] = [
    "service",
    "method",
    "template",
    "verdict",
    "existence",
    "confidence",
    "finding",
    "owner",
    "declared",
    "retired",
    "nearest",
    "requests",
    "unanswered",
    "statuses",
    "mere_redirects",
    "noise",
    "first_seen",
    "last_seen",
    "clients",
    "scanner_only",
    "servers",
    "encrypted",
    "auth",
    "auth_ok",
    "params",
    "request_types",
    "response_types",
    "request_bytes",
    "response_bytes",
    "request_shape",
    "response_shapes",
    "latency_us",
    "duration_us",
    "request_body_bytes",
    "response_body_bytes",
    "rates",
    "client_classes",
    "variables",
    "learned",
    "tokens",
    "inspected",
    "odd_bodies",
    "parts",
];

/// Tells it.
pub(super) fn tell(report: &ReadBack, endpoint: &Value, style: Style) -> String {
    let mut page = Page::new(style);
    top(&mut page, report, endpoint);
    traffic(&mut page, endpoint);
    callers(&mut page, endpoint);
    template(&mut page, endpoint);
    params(&mut page, endpoint);
    bodies(&mut page, endpoint);
    more(&mut page, endpoint);
    page.into_text()
}

/// One fact: what it is about, and what is said. Nothing where nothing is.
fn fact(page: &mut Page, about: &str, said: &str) {
    fact_in(page, Ink::Plain, about, said);
}

fn fact_in(page: &mut Page, ink: Ink, about: &str, said: &str) {
    if said.is_empty() {
        return;
    }
    if columns(about) > page.width() / 2 {
        page.paragraph(ink, 2, 4, &format!("{about}  {said}"));
        return;
    }
    // The first line begins beside what it is about.
    let indent = FACTS.max(columns(about) + 4);
    let room = page.width().saturating_sub(indent).max(20);
    for (at, part) in wrapped(said, room).into_iter().enumerate() {
        let front = if at == 0 { format!("  {}", left(about, indent - 2)) } else { " ".repeat(indent) };
        page.put(Ink::Faint, &front);
        page.put(ink, part);
        page.end();
    }
}

fn top(page: &mut Page, report: &ReadBack, endpoint: &Value) {
    let service = text(endpoint, "service");
    page.paragraph(Ink::Strong, 0, 2, &shown(&name(endpoint)));
    let of_service = report.services.iter().find(|it| text(it, "service") == service);
    let alias = of_service.and_then(|it| report.aliases.get(usize::try_from(it.get("alias")?.as_u64()?).ok()?));
    fact(page, "service", &shown(service));
    if let Some(alias) = alias {
        let others = list(alias, "services").iter().filter_map(Value::as_str).filter(|other| *other != service);
        let others: Vec<_> = others.take(5).map(|other| shown(other).into_owned()).collect();
        let operations = count(number(alias, "operations"));
        fact(
            page,
            "looks like",
            &format!("{} (the same {operations} operations at the same addresses)", others.join(", ")),
        );
    }
    let of = |key: &str| of_service.map(|it| shown(text(it, key)).into_owned()).unwrap_or_default();
    fact(page, "environment", &of("environment"));
    let ways = of_service.and_then(|it| object(it.get("client_classes")?, "directions"));
    // One word where all went one way; else none is kept back behind the most.
    let ways = ways.filter(|ways| ways.len() > 1).and_then(tally);
    fact(page, "direction", &ways.unwrap_or_else(|| of("direction")));
    fact(page, "owner", &shown(text(endpoint, "owner")));
    let verdict = text(endpoint, "verdict");
    let ink = match verdict {
        "shadow" => Ink::Red,
        "zombie" => Ink::Yellow,
        _ => Ink::Plain,
    };
    let existence = text(endpoint, "existence");
    let confidence = text(endpoint, "confidence");
    fact_in(page, ink, "state", &shown(&format!("{verdict}, {existence}")));
    // Two figures that have nothing to do with each other: much may be known of what stands under a doubtful name.
    let template = endpoint.get("learned").and_then(|it| it.get("confidence")).and_then(Value::as_u64);
    let template = template.map_or_else(String::new, |sure| format!("; template: {sure} %"));
    if !confidence.is_empty() {
        fact(page, "confidence", &shown(&format!("exists: {confidence}{template}")));
    }
    if let Some(declared) = endpoint.get("declared").filter(|it| it.is_object()) {
        let operation = format!("{} {}", text(declared, "method"), text(declared, "path"));
        let at = format!("{} in {} line {}", operation, text(declared, "spec"), number(declared, "line"));
        fact(page, "declared", &shown(&at));
    }
    if let Some(retired) = endpoint.get("retired").filter(|it| it.is_object()) {
        let operation = format!("{} {}", text(retired, "method"), text(retired, "path"));
        let at = format!("{} in {} line {}", operation, text(retired, "spec"), number(retired, "line"));
        fact(page, "was declared", &shown(&at));
    }
    if let Some(near) = endpoint.get("nearest").filter(|it| it.is_object()) {
        let at = format!(
            "{} {} in {} line {}",
            text(near, "method"),
            text(near, "path"),
            text(near, "spec"),
            number(near, "line")
        );
        fact(page, "nearest", &format!("{}; {}", shown(&at), shown(text(near, "detail"))));
    }
    let finding = report
        .findings
        .iter()
        .chain(&report.suppressed)
        .find(|it| !text(it, "id").is_empty() && text(it, "id") == text(endpoint, "finding"));
    if let Some(finding) = finding {
        let parts = [text(finding, "severity"), text(finding, "reason"), text(finding, "summary")];
        let parts: Vec<_> =
            parts.into_iter().filter(|part| !part.is_empty()).map(|part| sentence(part).into_owned()).collect();
        fact_in(page, ink, "finding", &parts.join("; "));
        fact(page, "rule", &shown(text(finding, "rule")));
        fact(page, "why", &sentence(text(finding, "why")));
        fact(page, "next", &sentence(text(finding, "next")));
        if let Some(it) = finding.get("suppression").filter(|it| it.is_object()) {
            let until = Some(text(it, "expires")).filter(|date| !date.is_empty());
            let until = until.map_or_else(String::new, |date| format!(", until {date}"));
            fact(page, "suppressed", &sentence(&format!("{} ({}{until})", text(it, "reason"), text(it, "owner"))));
        }
        fact(page, "id", &shown(text(finding, "id")));
        let same =
            |it: &&Value| ["service", "method", "template"].iter().all(|key| text(it, key) == text(endpoint, key));
        for other in report.findings.iter().filter(same).filter(|it| text(it, "id") != text(finding, "id")) {
            let parts = [text(other, "severity"), text(other, "rule"), text(other, "summary")];
            let parts: Vec<String> =
                parts.iter().filter(|part| !part.is_empty()).map(|part| sentence(part).into_owned()).collect();
            fact(page, "and", &parts.join("; "));
        }
    }
}

fn traffic(page: &mut Page, endpoint: &Value) {
    page.heading("Traffic", "");
    let requests = number(endpoint, "requests");
    fact(page, "requests", &count(requests));
    let answers = object(endpoint, "statuses").and_then(tally_by_key).unwrap_or_default();
    let unanswered = number(endpoint, "unanswered");
    let unanswered = if unanswered > 0 {
        format!("{}{} unanswered", if answers.is_empty() { "" } else { ", " }, count(unanswered))
    } else {
        String::new()
    };
    fact(page, "answers", &format!("{answers}{unanswered}"));
    let errors: u64 = object(endpoint, "statuses")
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with(['4', '5']))
        .fold(0, |sum, (_, times)| sum.saturating_add(times.as_u64().unwrap_or(0)));
    if errors > 0 {
        fact(page, "errors", &format!("{} ({})", count(errors), percent_text(errors, requests)));
    }
    let time = |key: &str| {
        let whole = text(endpoint, key).split(['.', 'Z']).next().unwrap_or_default();
        shown(&whole.replace('T', " ")).into_owned()
    };
    let (first, last) = (time("first_seen"), time("last_seen"));
    fact(page, "seen", &if first == last { format!("{first} UTC") } else { format!("{first} to {last} UTC") });
    fact(page, "first byte", &quantiles(endpoint, "latency_us", micros));
    fact(page, "whole answer", &quantiles(endpoint, "duration_us", micros));
    fact(page, "request body", &quantiles(endpoint, "request_body_bytes", bytes));
    fact(page, "response body", &quantiles(endpoint, "response_body_bytes", bytes));
    if let Some(rates) = endpoint.get("rates").filter(|it| it.is_object()) {
        let requests: Vec<u64> = list(rates, "requests").iter().filter_map(Value::as_u64).collect();
        let room = page.width().saturating_sub(FACTS);
        let width = number(rates, "bucket_seconds");
        let (bars, each) = bars(&requests, room);
        let peak = requests.iter().max().copied().unwrap_or(0);
        let told = Span::from_secs(width.saturating_mul(each as u64));
        fact(page, "over time", &bars);
        fact(page, "", &format!("{told} a column; at most {} in {}", count(peak), Span::from_secs(width)));
    }
    fact(page, "servers", &endpoint.get("servers").and_then(line).unwrap_or_default());
    let encrypted = number(endpoint, "encrypted");
    if encrypted > 0 {
        fact(page, "encrypted", &percent_text(encrypted, requests));
    }
}

/// Statuses stand in order of status.
fn tally_by_key(fields: &Map<String, Value>) -> Option<String> {
    let parts: Vec<String> =
        fields.iter().map(|(key, times)| format!("{}x{}", shown(key), count(times.as_u64().unwrap_or(0)))).collect();
    Some(parts.join(", ")).filter(|text| !text.is_empty())
}

fn quantiles(endpoint: &Value, key: &str, unit: fn(u64) -> String) -> String {
    let Some(of) = endpoint.get(key).filter(|it| it.is_object()) else { return String::new() };
    let at = |key: &str| unit(number(of, key));
    format!("half within {}, 95 % within {}, 99 % within {}, at most {}", at("p50"), at("p95"), at("p99"), at("max"))
}

fn micros(n: u64) -> String {
    Span::from_nanos(n.saturating_mul(1_000)).to_string()
}

/// Counts as bars, so many of them in one column that they fit; and how many that is.
fn bars(counts: &[u64], room: usize) -> (String, usize) {
    const BARS: [char; 9] =
        [' ', '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];
    let each = counts.len().div_ceil(room.max(1)).max(1);
    let sums: Vec<u64> =
        counts.chunks(each).map(|chunk| chunk.iter().fold(0, |sum: u64, n| sum.saturating_add(*n))).collect();
    let most = u128::from(sums.iter().copied().max().unwrap_or(0).max(1));
    // Blanks in the middle would be taken for places where a line may break.
    let bar = |n: &u64| match (u128::from(*n) * 8).div_ceil(most) {
        0 => '.',
        eighths => usize::try_from(eighths).ok().and_then(|at| BARS.get(at)).copied().unwrap_or('\u{2588}'),
    };
    (sums.iter().map(bar).collect(), each)
}

fn callers(page: &mut Page, endpoint: &Value) {
    page.heading("Callers", "");
    let scanners =
        if endpoint.get("scanner_only").and_then(Value::as_bool) == Some(true) { ", all of them scanners" } else { "" };
    fact(page, "clients", &format!("{}{scanners}", count(number(endpoint, "clients"))));
    fact(page, "noise", &object(endpoint, "noise").and_then(tally).unwrap_or_default());
    let none = Value::Null;
    let by_class = endpoint.get("client_classes").unwrap_or(&none);
    for (about, key) in [("directions", "directions"), ("networks", "networks"), ("software", "agents")] {
        fact(page, about, &object(by_class, key).and_then(tally).unwrap_or_default());
    }
    if let Some(kinds) = object(by_class, "agent_kinds") {
        let all = kinds.values().fold(0_u64, |sum, n| sum.saturating_add(n.as_u64().unwrap_or(0)));
        let share =
            |kind: &str| kinds.get(kind).and_then(Value::as_u64).map(|n| format!("{kind}s {}", percent_text(n, all)));
        let shares: Vec<String> = ["bot", "scanner", "monitor"].into_iter().filter_map(share).collect();
        fact(page, "of them", &shares.join(", "));
    }
    let ok = object(endpoint, "auth_ok");
    let schemes: Vec<String> = object(endpoint, "auth")
        .into_iter()
        .flatten()
        .map(|(scheme, n)| {
            let succeeded = ok.and_then(|ok| ok.get(scheme)).and_then(Value::as_u64).unwrap_or(0);
            format!("{} {} ({} succeeded)", shown(scheme), count(n.as_u64().unwrap_or(0)), count(succeeded))
        })
        .collect();
    fact(page, "credentials", &schemes.join(", "));
    if let Some(tokens) = endpoint.get("tokens").filter(|it| it.is_object()) {
        for (about, key) in [("tokens", "algorithms"), ("they live", "lifetimes"), ("issued by", "issuers")] {
            fact(page, about, &object(tokens, key).and_then(tally).unwrap_or_default());
        }
    }
}

fn template(page: &mut Page, endpoint: &Value) {
    let learned = endpoint.get("learned").filter(|it| it.is_object());
    let Some(variables) = object(endpoint, "variables").filter(|_| learned.is_none()) else {
        return learned.map_or((), |learned| why(page, learned));
    };
    page.heading("Variables", "distinct texts that each stood for");
    for (variable, distinct) in variables {
        fact(page, &format!("{{{}}}", shown(variable)), &line(distinct).unwrap_or_default());
    }
}

/// Why a learned template is believed.
fn why(page: &mut Page, learned: &Value) {
    let about = "learned from what was seen; of each variable its values, what made it one, and how sure that is";
    page.heading("Template", about);
    for variable in list(learned, "variables") {
        let rule = match text(variable, "rule") {
            "form" => "by the form of its values",
            "likeness" => "words that lead to the same",
            "both" => "by form and likeness",
            "crowd" => "more words than are kept",
            other => other,
        };
        let classes: Vec<_> = list(variable, "classes").iter().filter_map(Value::as_str).map(shown).collect();
        let (texts, sure) = (count(number(variable, "texts")), number(variable, "confidence"));
        let said = format!("{texts} distinct, {}; {}, {sure} %", classes.join(", "), shown(rule));
        fact(page, &format!("{{{}}}", shown(text(variable, "name"))), &said);
    }
}

fn params(page: &mut Page, endpoint: &Value) {
    let params = list(endpoint, "params");
    if params.is_empty() {
        return;
    }
    page.heading(&format!("Parameters ({})", count(params.len() as u64)), "");
    let requests = number(endpoint, "requests");
    if let Some(inspected) = endpoint.get("inspected").and_then(Value::as_u64) {
        fact(page, "looked into", &format!("{} of {} exchanges", count(inspected), count(requests)));
    }
    let places: Vec<_> = params.iter().take(PARAMS).map(|param| shown(text(param, "place"))).collect();
    let place = widest(places.iter().map(AsRef::as_ref)).min(PLACE);
    for param in params.iter().take(PARAMS) {
        let kinds = object(param, "kinds").into_iter().flat_map(Map::keys).map(|kind| shown(kind).into_owned());
        let of = param.get("of").and_then(Value::as_u64).unwrap_or(requests);
        let mut said = vec![
            (Ink::Faint, left(&shown(text(param, "place")), place)),
            (Ink::Strong, shown(text(param, "name")).into_owned()),
            (Ink::Plain, kinds.collect::<Vec<_>>().join(" or ")),
            (Ink::Faint, format!("in {} of {}", count(number(param, "seen")), count(of))),
        ];
        if let Some(values) = param.get("values").filter(|it| it.is_object()) {
            said.push((Ink::Faint, figures(values)));
        }
        shapes::row(page, 2, &said);
        let told = ["place", "name", "seen", "of", "kinds", "values"];
        rest(page, 10, param.as_object().into_iter().flatten().filter(|(key, _)| !told.contains(&key.as_str())));
    }
    if params.len() > PARAMS {
        page.paragraph(
            Ink::Faint,
            2,
            4,
            &format!("... and {} more: the report has all", count((params.len() - PARAMS) as u64)),
        );
    }
}

fn bodies(page: &mut Page, endpoint: &Value) {
    let types = |key: &str| object(endpoint, key).and_then(tally).unwrap_or_default();
    let (asked, answered) = (types("request_types"), types("response_types"));
    let shape = endpoint.get("request_shape").filter(|it| it.is_object());
    let (odd, parts) = (odd_bodies(endpoint, "request"), parts(endpoint, "request"));
    if !asked.is_empty() || shape.is_some() || !odd.is_empty() || !parts.is_empty() {
        page.heading("Request bodies", "");
        fact(page, "types", &asked);
        fact_in(page, Ink::Yellow, "not as said", &odd);
        fact(page, "parts", &parts);
        shape.into_iter().for_each(|shape| shapes::tell(page, "body", shape));
    }
    let shapes_by_status = object(endpoint, "response_shapes");
    let (odd, parts) = (odd_bodies(endpoint, "response"), self::parts(endpoint, "response"));
    if !answered.is_empty() || shapes_by_status.is_some() || !odd.is_empty() || !parts.is_empty() {
        page.heading("Response bodies", "");
        fact(page, "types", &answered);
        fact_in(page, Ink::Yellow, "not as said", &odd);
        fact(page, "parts", &parts);
        shapes_by_status.into_iter().flatten().for_each(|(status, shape)| shapes::tell(page, status, shape));
    }
}

/// Bodies of one side whose type does not tell what they are.
fn odd_bodies(endpoint: &Value, side: &str) -> String {
    let of_side = list(endpoint, "odd_bodies").iter().filter(|odd| text(odd, "side") == side);
    let said = of_side.map(|odd| {
        let type_says = if text(odd, "said") == "otherwise" { "the type says otherwise" } else { "no type says it" };
        format!("{} {} ({type_says})", count(number(odd, "seen")), shown(text(odd, "kind")))
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Parts of multipart bodies of one side: `3 files pdf .pdf`.
fn parts(endpoint: &Value, side: &str) -> String {
    let of_side = list(endpoint, "parts").iter().filter(|part| text(part, "side") == side);
    let said = of_side.map(|part| {
        let file = part.get("file").and_then(Value::as_bool) == Some(true);
        let seen = number(part, "seen");
        let noun = match (file, seen) {
            (true, 1) => "file",
            (true, _) => "files",
            (false, 1) => "field",
            (false, _) => "fields",
        };
        let kind = Some(text(part, "kind")).filter(|kind| !kind.is_empty()).map(|kind| format!(" {}", shown(kind)));
        let extension = match text(part, "extension") {
            "" | "none" => String::new(),
            "other" => " of another extension".to_owned(),
            extension => format!(" .{}", shown(extension)),
        };
        format!("{} {noun}{}{extension}", count(seen), kind.unwrap_or_default())
    });
    said.collect::<Vec<_>>().join(", ")
}

/// What has no place above: told as it stands, so that nothing a report says is passed over.
fn more(page: &mut Page, endpoint: &Value) {
    let carried = classes(endpoint);
    if !carried.is_empty() {
        page.heading("Data classes", "");
        let names: Vec<_> = carried.keys().map(|class| shown(class).into_owned()).collect();
        page.paragraph(Ink::Plain, 2, 4, &names.join(", "));
    }
    let unknown = |(key, value): &(&String, &Value)| !KNOWN.contains(&key.as_str()) && !says_nothing(value);
    let mut others = endpoint.as_object().into_iter().flatten().filter(unknown).peekable();
    if others.peek().is_some() {
        page.heading("More", "");
        rest(page, 2, others);
    }
}

/// Keys and what they say, one a line, those that say more than a line holds below each other. As deep as a report is read.
fn rest<'v>(page: &mut Page, indent: usize, fields: impl Iterator<Item = (&'v String, &'v Value)>) {
    const DEEPEST: usize = 24;
    for (key, value) in fields.filter(|(_, value)| !says_nothing(value)) {
        let key = shown(key).replace('_', " ");
        match (line(value), value) {
            (Some(said), _) => page.paragraph(Ink::Plain, indent, indent + 2, &format!("{key}: {said}")),
            (None, Value::Object(below)) => {
                page.paragraph(Ink::Plain, indent, indent + 2, &format!("{key}:"));
                rest(page, (indent + 2).min(DEEPEST), below.iter());
            }
            (None, Value::Array(items)) => {
                page.paragraph(Ink::Plain, indent, indent + 2, &format!("{key}:"));
                for item in items.iter().take(PARAMS) {
                    match (line(item), item) {
                        (Some(said), _) => page.paragraph(Ink::Plain, indent + 2, indent + 4, &format!("- {said}")),
                        (None, Value::Object(below)) => rest(page, (indent + 4).min(DEEPEST), below.iter()),
                        (None, _) => {}
                    }
                }
            }
            (None, _) => {}
        }
    }
}
