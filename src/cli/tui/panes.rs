//! The lists under the figures: services, the newest shadows, findings, notes, and the help.
//!
//! In: a [`Seen`], the first row that is wanted and how many. Out: a title and those rows; of long lists only what is
//! on the screen is put into letters.

use std::cmp::Reverse;

use super::look::{Ink, Look, Strip, figure, length};
use super::seen::{FindingRow, Fresh, Seen, ServiceRow};
use crate::findings::Severity;
use crate::report::{columns, wrapped};

/// Narrower than this, a row says less.
pub(super) const NARROW: usize = 60;
/// From here on there is room for a mark on services that no spec covers, and for the ids of findings.
const MARKED: usize = 72;
const WITH_IDS: usize = 110;
/// Characters of a note.
const NOTE: usize = 600;

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    Services,
    Fresh,
    Findings,
    Notes,
    Help,
}

/// What is shown of a list.
pub(super) struct Part {
    /// The rule above it.
    pub(super) title: Strip,
    /// The rows that were asked for, as far as there are any.
    pub(super) rows: Vec<Strip>,
}

/// Columns at the right edge: what stands above them, how wide.
type Tail = &'static [(&'static str, usize)];

impl Pane {
    /// Those that Tab goes through.
    pub(super) const ALL: [Self; 4] = [Self::Services, Self::Fresh, Self::Findings, Self::Notes];

    fn name(self, seen: &Seen) -> &'static str {
        match self {
            Self::Services => "Services",
            // Without a spec nothing was promised, and nothing is a shadow.
            Self::Fresh if seen.headline.as_ref().is_some_and(|headline| !headline.judged) => "Newest endpoints",
            Self::Fresh => "Newest shadows",
            Self::Findings => "Findings",
            Self::Notes => "Notes",
            Self::Help => "Help",
        }
    }

    const fn when_empty(self) -> &'static str {
        match self {
            Self::Services => "no request yet",
            Self::Fresh => "none yet",
            Self::Findings => "none so far",
            Self::Notes | Self::Help => "nothing to say",
        }
    }

    /// Rows it has in all.
    pub(super) fn rows(self, seen: &Seen, look: Look, width: usize) -> usize {
        match self {
            Self::Services => seen.services.len(),
            Self::Fresh => seen.fresh.len(),
            Self::Findings => seen.findings.len(),
            Self::Notes | Self::Help => self.sentences(seen, look, width).len(),
        }
    }

    /// The rows from `from` on, `most` of them, under their title.
    pub(super) fn part(self, seen: &Seen, look: Look, width: usize, from: usize, most: usize) -> Part {
        let mut rows = match self {
            Self::Services => services(seen, look, width, from, most),
            Self::Fresh => fresh(seen, look, width, from, most),
            Self::Findings => findings(seen, look, width, from, most),
            Self::Notes | Self::Help => {
                let sentences = self.sentences(seen, look, width);
                sentences.into_iter().skip(from).take(most).collect()
            }
        };
        let total = self.rows(seen, look, width);
        if total == 0 && most > 0 {
            let mut none = Strip::new(look, width);
            none.skip(2);
            none.put(Ink::Faint, self.when_empty());
            rows.push(none);
        }
        let tail = match self {
            Self::Services => service_tail(width),
            Self::Findings => finding_tail(width),
            _ => &[],
        };
        let title = Title {
            name: self.name(seen),
            counted: !matches!(self, Self::Help | Self::Notes),
            from,
            shown: rows.len().min(total),
            total,
            tail,
        };
        Part { title: title.strip(look, width), rows }
    }

    /// Sentences as rows.
    fn sentences(self, seen: &Seen, look: Look, width: usize) -> Vec<Strip> {
        let row = |ink, first: &str, text: &str| {
            let mut strip = Strip::new(look, width);
            strip.put(ink, first);
            // It is in harmless letters already, and once more would double its backslashes.
            strip.drawn(ink, text);
            strip
        };
        let mut rows = Vec::new();
        let mut say = |ink, first: &'static str, text: &str| {
            let text = look.name(text, NOTE);
            for (at, line) in wrapped(&text, width.saturating_sub(2).max(1)).into_iter().enumerate() {
                rows.push(row(ink, if at == 0 { first } else { "  " }, line));
            }
        };
        if self == Self::Help {
            HELP.iter().for_each(|line| say(Ink::Plain, "  ", line));
        } else {
            seen.notes.iter().for_each(|line| say(Ink::Yellow, "- ", line));
        }
        rows
    }
}

/// What may be asked while looking at it.
const HELP: &[&str] = &[
    "q or Ctrl-C: end the capture. p: hold the picture, the capture goes on. Ctrl-L: draw anew.",
    "Tab, Shift-Tab: next list, the one before. Arrows, PgUp, PgDn, Home, End: scroll it.",
    "lost: red while it grows, with what it grew by; yellow when it stands still.",
    "kernel: frames that found no room in the ring; give it more memory, or filter.",
    "interface: frames that the card dropped; no setting of ours mends that.",
    "ring full: times at which it was. queue full: packets that a worker was too slow for; more workers.",
    "evicted: connections forgotten early, to stay within the memory bound. gaps: bytes that were never captured.",
    "unread: encrypted, not HTTP, lost or given up; endpoints may hide there.",
];

/// The line above a list.
struct Title {
    name: &'static str,
    /// Its rows are things, and worth a number.
    counted: bool,
    from: usize,
    shown: usize,
    total: usize,
    tail: Tail,
}

impl Title {
    fn strip(&self, look: Look, width: usize) -> Strip {
        let mut strip = Strip::new(look, width);
        strip.drawn(Ink::Faint, &look.rule(2));
        strip.put(Ink::Strong, &format!(" {} ", self.name));
        if self.shown < self.total {
            let from = self.from + 1;
            strip.put(Ink::Plain, &format!("{from}-{} of {} ", self.from + self.shown, self.total));
        } else if self.total > 0 && self.counted {
            strip.put(Ink::Plain, &format!("{} ", self.total));
        }
        let tail: usize = self.tail.iter().map(|(_, wide)| wide + 1).sum();
        // Heads need their columns; where the name takes them, figures stand without.
        if let Some(room) = strip.room().checked_sub(tail) {
            strip.drawn(Ink::Faint, &look.rule(room));
            for (at, (head, wide)) in self.tail.iter().enumerate() {
                let fill = wide.saturating_sub(columns(head));
                match (*head, at) {
                    ("", _) => continue,
                    (_, 0) => strip.drawn(Ink::Faint, &look.rule(fill)),
                    _ => strip.skip(fill),
                }
                strip.put(Ink::Faint, &format!(" {head}"));
            }
        }
        let room = strip.room();
        strip.drawn(Ink::Faint, &look.rule(room));
        strip
    }
}

/// The rows of a list that are on the screen, by an order.
fn sorted<T, K: Ord>(rows: &[T], from: usize, most: usize, order: impl Fn(&T) -> K) -> Vec<&T> {
    let mut rows: Vec<&T> = rows.iter().collect();
    rows.sort_by_key(|row| order(row));
    rows.into_iter().skip(from).take(most).collect()
}

const fn service_tail(width: usize) -> Tail {
    match width {
        MARKED.. => &[("requests", 10), ("operations", 10), ("shadow", 7), ("", 9)],
        NARROW.. => &[("requests", 9), ("operations", 10), ("shadow", 7)],
        _ => &[("requests", 8), ("shadow", 6)],
    }
}

fn services(seen: &Seen, look: Look, width: usize, from: usize, most: usize) -> Vec<Strip> {
    let tail = service_tail(width);
    let first = width.saturating_sub(tail.iter().map(|(_, wide)| wide + 1).sum());
    let row = |service: &ServiceRow| {
        let mut strip = Strip::new(look, width);
        strip.left(Ink::Plain, &service.service, first);
        for (head, wide) in tail {
            strip.skip(1);
            match *head {
                "requests" => strip.right(Ink::Plain, &figure(service.requests, *wide), *wide),
                "operations" => strip.right(Ink::Plain, &figure(service.operations, *wide), *wide),
                "shadow" => {
                    let ink = if service.shadow > 0 { Ink::Red } else { Ink::Faint };
                    strip.right(ink, &figure(service.shadow, *wide), *wide);
                }
                _ => strip.left(Ink::Yellow, if service.unmanaged { "unmanaged" } else { "" }, *wide),
            }
        }
        strip
    };
    sorted(&seen.services, from, most, |service| Reverse(service.requests)).into_iter().map(row).collect()
}

fn fresh(seen: &Seen, look: Look, width: usize, from: usize, most: usize) -> Vec<Strip> {
    let rows = sorted(&seen.fresh, from, most, |fresh| Reverse(fresh.at));
    let id = if width >= WITH_IDS { 17 } else { 0 };
    let places =
        Places::of(look, width, rows.iter().map(|fresh| (fresh.template.as_str(), fresh.service.as_str())), 7 + id);
    let row = |fresh: &Fresh| {
        let mut strip = Strip::new(look, width);
        strip.right(Ink::Faint, &length(seen.now.since(fresh.at)), 6);
        strip.skip(1);
        places.put(&mut strip, fresh.severity, None, [&fresh.method, &fresh.template, &fresh.service]);
        if id > 0 {
            strip.skip(1);
            strip.left(Ink::Faint, &fresh.id, id - 1);
        }
        strip
    };
    rows.into_iter().map(row).collect()
}

const fn finding_tail(width: usize) -> Tail {
    match width {
        NARROW.. => &[("requests", 9)],
        _ => &[("", 6)],
    }
}

fn findings(seen: &Seen, look: Look, width: usize, from: usize, most: usize) -> Vec<Strip> {
    let rows = sorted(&seen.findings, from, most, |finding| {
        (Reverse(finding.severity), finding.kind, Reverse(finding.requests))
    });
    let figures = finding_tail(width).first().map_or(0, |(_, wide)| *wide);
    let kind = if width >= NARROW { 7 } else { 0 };
    let places = Places::of(
        look,
        width,
        rows.iter().map(|finding| (finding.template.as_str(), finding.service.as_str())),
        figures + 1 + kind,
    );
    let row = |finding: &FindingRow| {
        let mut strip = Strip::new(look, width);
        let said = (kind > 0).then(|| finding.kind.name());
        places.put(&mut strip, finding.severity, said, [&finding.method, &finding.template, &finding.service]);
        strip.skip(1);
        strip.right(Ink::Plain, &figure(finding.requests, figures), figures);
        strip
    };
    rows.into_iter().map(row).collect()
}

/// The columns that an operation's severity, method, template and service stand in.
struct Places {
    severity: usize,
    template: usize,
    service: usize,
}

impl Places {
    const METHOD: usize = 7;

    /// Shares what `others` leave of a row between templates and services, as far as either needs it: three fifths and
    /// two where both need more.
    fn of<'s>(look: Look, width: usize, rows: impl Iterator<Item = (&'s str, &'s str)>, others: usize) -> Self {
        let severity = if width >= NARROW { 6 } else { 4 };
        let room = width.saturating_sub(severity + 1 + Self::METHOD + 1 + 1 + others);
        let needs = |text| columns(&look.name(text, room));
        let (template, service) =
            rows.fold((0, 0), |(template, service), row| (template.max(needs(row.0)), service.max(needs(row.1))));
        let service = service.min(room.saturating_sub(template).max(room * 2 / 5));
        Self { severity, template: room - service, service }
    }

    fn put(&self, strip: &mut Strip, severity: Severity, kind: Option<&str>, [method, template, service]: [&str; 3]) {
        let ink = match severity {
            Severity::High => Ink::Red,
            Severity::Medium => Ink::Yellow,
            Severity::Low => Ink::Plain,
            Severity::Info => Ink::Faint,
        };
        let short = self.severity < severity.name().len();
        strip.left(ink, if short { "med" } else { severity.name() }, self.severity);
        strip.skip(1);
        if let Some(kind) = kind {
            strip.left(Ink::Plain, kind, 6);
            strip.skip(1);
        }
        strip.left(Ink::Cyan, method, Self::METHOD);
        strip.skip(1);
        strip.left(Ink::Plain, template, self.template);
        strip.skip(1);
        strip.left(Ink::Plain, service, self.service);
    }
}
