//! Endpoints as a table: one a line where the width does. Where it does not, services stand above their endpoints, and what is long
//! goes on in a line below; nothing is cut, as names are there to be asked for.

use serde_json::Value;

use super::document::name;
use super::values::{classes, number, object, text};
use crate::report::reporter::Style;
use crate::report::reporters::{Ink, Page, columns, count, right, shown, widest, wrapped};

/// Statuses told of one endpoint; how many more there are is said.
const STATUSES: usize = 6;
/// Columns of a state: of those of this version, and of longer ones the beginning.
const STATE: usize = 16;
/// How far what goes on is set in.
const ON: usize = 2;

struct Row {
    state: String,
    name: String,
    service: String,
    requests: String,
    clients: String,
    answers: String,
}

/// Columns of each cell.
struct Widths {
    state: usize,
    name: usize,
    /// `None`: above the rows.
    service: Option<usize>,
    requests: usize,
    clients: usize,
    answers: usize,
}

/// The table of some endpoints, of so many in all.
pub(super) fn list(wanted: &[&Value], all: usize, style: Style) -> String {
    let mut page = Page::new(style);
    let rows: Vec<Row> = wanted.iter().map(|endpoint| Row::of(endpoint)).collect();
    let widths = Widths::of(&rows, page.width());
    if !rows.is_empty() {
        let [state, name, service, requests, clients, answers] = HEAD.map(str::to_owned);
        let head = Row { state, name, service, requests, clients, answers };
        head.tell(&mut page, &widths, [Ink::Faint; 4]);
    }
    let mut above = None;
    for row in &rows {
        if widths.service.is_none() && above != Some(&row.service) {
            above = Some(&row.service);
            page.blank();
            broken(&row.service, page.width(), page.width()).into_iter().for_each(|part| {
                page.put(Ink::Cyan, part);
                page.end();
            });
        }
        let ink = match row.state.as_str() {
            "shadow" => Ink::Red,
            "zombie" => Ink::Yellow,
            _ => Ink::Plain,
        };
        row.tell(&mut page, &widths, [ink, Ink::Strong, Ink::Plain, Ink::Faint]);
    }
    let told = format!("{} of {} endpoints", count(rows.len() as u64), count(all as u64));
    page.blank();
    page.paragraph(Ink::Faint, 0, 0, &told);
    page.into_text()
}

const HEAD: [&str; 6] = ["STATE", "ENDPOINT", "SERVICE", "REQUESTS", "CLIENTS", "ANSWERS"];

impl Widths {
    fn of(rows: &[Row], page: usize) -> Self {
        let wide = |at: usize, cell: fn(&Row) -> &str| widest(rows.iter().map(cell)).max(columns(HEAD[at]));
        let state = wide(0, |row| &row.state).min(STATE);
        let (requests, clients) = (wide(3, |row| &row.requests), wide(4, |row| &row.clients));
        let (name, service) = (wide(1, |row| &row.name), wide(2, |row| &row.service));
        let answers = wide(5, |row| &row.answers);
        let room = page.saturating_sub(state + requests + clients + 8);
        if name + service + 2 + answers <= room {
            return Self { state, name, service: Some(service), requests, clients, answers };
        }
        // Answers break at blanks and are none the worse for it, so names come first; but one that is too long for any column does not
        // make it wide for all.
        let words = rows.iter().flat_map(|row| row.answers.split(' '));
        let least = widest(words).max(columns(HEAD[5])).min(room / 2);
        let most = room.saturating_sub(least);
        let names = rows.iter().map(|row| row.name.as_str()).filter(|name| columns(name) <= most);
        let name = widest(names).max(columns(HEAD[1])).min(most);
        Self { state, name, service: None, requests, clients, answers: room.saturating_sub(name) }
    }

    /// Where names begin.
    const fn before(&self) -> usize {
        self.state + 2
    }
}

impl Row {
    fn of(endpoint: &Value) -> Self {
        let statuses = object(endpoint, "statuses");
        let mut more: Vec<String> = statuses
            .into_iter()
            .flatten()
            .take(STATUSES)
            .map(|(status, times)| format!("{}x{}", shown(status), times.as_u64().unwrap_or(0)))
            .collect();
        let untold = statuses.map_or(0, |all| all.len().saturating_sub(STATUSES));
        if untold > 0 {
            more.push(format!("+{untold}"));
        }
        let carried = classes(endpoint);
        more.extend(carried.keys().map(|class| shown(class).into_owned()));
        Self {
            state: shown(text(endpoint, "verdict")).into_owned(),
            name: shown(&name(endpoint)).into_owned(),
            service: shown(text(endpoint, "service")).into_owned(),
            requests: count(number(endpoint, "requests")),
            clients: count(number(endpoint, "clients")),
            answers: more.join(" "),
        }
    }

    fn tell(&self, page: &mut Page, widths: &Widths, inks: [Ink; 4]) {
        page.cell(inks[0], &self.state, widths.before());
        if columns(&self.name) <= widths.name {
            page.cell(inks[1], &self.name, widths.name);
        } else {
            // The name has the line to itself, as far as it goes.
            let room = page.width().saturating_sub(widths.before());
            for (at, part) in broken(&self.name, room, room.saturating_sub(ON)).into_iter().enumerate() {
                if at > 0 {
                    page.cell(inks[1], "", widths.before() + ON);
                }
                page.put(inks[1], part);
                page.end();
            }
            page.cell(inks[1], "", widths.before() + widths.name);
        }
        if let Some(service) = widths.service {
            page.put(Ink::Plain, "  ");
            page.cell(inks[2], &self.service, service);
        }
        let figures =
            format!("  {}  {}  ", right(&self.requests, widths.requests), right(&self.clients, widths.clients));
        page.put(inks[2], &figures);
        let before =
            widths.before() + widths.name + columns(&figures) + widths.service.map_or(0, |service| service + 2);
        let mut lines = wrapped(&self.answers, widths.answers.max(1)).into_iter();
        page.put(inks[3], lines.next().unwrap_or_default());
        page.end();
        for line in lines {
            page.cell(Ink::Plain, "", before);
            page.put(inks[3], line);
            page.end();
        }
    }
}

/// A name in lines of at most so many columns, the first and those after it, parted before a slash where there is one.
fn broken(name: &str, first: usize, rest: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut left, mut width) = (name, first.max(1));
    while columns(left) > width {
        let mut used = 0;
        let fits = left.char_indices().take_while(|(_, c)| {
            used += columns(c.encode_utf8(&mut [0; 4]));
            used <= width
        });
        let fits = fits.last().map_or(0, |(at, c)| at + c.len_utf8());
        // A character wider than the line still has to stand somewhere.
        let fits = fits.max(left.chars().next().map_or(1, char::len_utf8));
        let at = left.get(1..fits).and_then(|line| line.rfind('/')).map_or(fits, |at| at + 1);
        let (line, after) = left.split_at_checked(at).unwrap_or((left, ""));
        lines.push(line);
        (left, width) = (after, rest.max(1));
    }
    lines.push(left);
    lines
}
