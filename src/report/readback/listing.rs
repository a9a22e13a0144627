//! Endpoints as a table: one a line.

use serde_json::Value;

use super::document::name;
use super::values::{classes, number, object, text};
use crate::report::reporter::Style;
use crate::report::reporters::{Ink, Page, columns, count, fit, right, shown, widest};

/// Statuses and classes told of one endpoint.
const TOLD: usize = 4;

struct Row {
    state: String,
    name: String,
    service: String,
    requests: String,
    clients: String,
    more: String,
}

/// The table of some endpoints, of so many in all.
pub(super) fn list(wanted: &[&Value], all: usize, style: Style) -> String {
    let mut page = Page::new(style);
    let rows: Vec<Row> = wanted.iter().map(|endpoint| Row::of(endpoint)).collect();
    let head = ["STATE", "ENDPOINT", "SERVICE", "REQUESTS", "CLIENTS"];
    let wide = |title: &str, cell: fn(&Row) -> &str| widest(rows.iter().map(cell)).max(columns(title));
    let state = wide(head[0], |row| &row.state);
    let (requests, clients) = (wide(head[3], |row| &row.requests), wide(head[4], |row| &row.clients));
    let (name, service) = (wide(head[1], |row| &row.name), wide(head[2], |row| &row.service));
    // Names take what figures leave: the service up to two fifths of it.
    let room = page.width().saturating_sub(state + requests + clients + 8);
    let service = service.min((room * 2 / 5).max(room.saturating_sub(name)));
    let name = name.min(room - service);
    let rest = room - name - service;
    let mut line = |inks: [Ink; 4], cells: [&str; 6]| {
        page.cell(inks[0], cells[0], state + 2);
        page.cell(inks[1], cells[1], name);
        page.put(Ink::Plain, "  ");
        page.cell(inks[2], cells[2], service);
        page.put(inks[2], &format!("  {}  {}", right(cells[3], requests), right(cells[4], clients)));
        if rest > 12 && !cells[5].is_empty() {
            page.put(inks[3], &fit(&format!("  {}", cells[5]), rest));
        }
        page.end();
    };
    if !rows.is_empty() {
        line([Ink::Faint; 4], [head[0], head[1], head[2], head[3], head[4], "ANSWERS"]);
    }
    for row in &rows {
        let ink = match row.state.as_str() {
            "shadow" => Ink::Red,
            "zombie" => Ink::Yellow,
            _ => Ink::Plain,
        };
        let cells = [&row.state, &row.name, &row.service, &row.requests, &row.clients, &row.more];
        line([ink, Ink::Strong, Ink::Plain, Ink::Faint], cells.map(String::as_str));
    }
    let told = format!("{} of {} endpoints", count(rows.len() as u64), count(all as u64));
    page.blank();
    page.paragraph(Ink::Faint, 0, 0, &told);
    page.into_text()
}

impl Row {
    fn of(endpoint: &Value) -> Self {
        let mut more: Vec<String> = object(endpoint, "statuses")
            .into_iter()
            .flatten()
            .take(TOLD)
            .map(|(status, times)| format!("{}x{}", shown(status), times.as_u64().unwrap_or(0)))
            .collect();
        let carried = classes(endpoint);
        more.extend(carried.keys().take(TOLD).map(|class| shown(class).into_owned()));
        Self {
            state: shown(text(endpoint, "verdict")).into_owned(),
            name: shown(&name(endpoint)).into_owned(),
            service: shown(text(endpoint, "service")).into_owned(),
            requests: count(number(endpoint, "requests")),
            clients: count(number(endpoint, "clients")),
            more: more.join(" "),
        }
    }
}
