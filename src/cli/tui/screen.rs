//! The picture: figures on top, lists below, keys at the bottom, and what the keys changed.
//!
//! In: figures and keys. Out: cells of a buffer of any size, none included. Asks nobody for anything, so that a test
//! can look at it.

use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::history::{History, LOSSES};
use super::keys::Key;
use super::look::{Ink, Look, Strip, figure, length, megabits};
use super::panes::{NARROW, Pane};
use super::seen::Seen;
use crate::report::{bytes, columns, moment, percent_text};

/// What is shown, and where the user is in it.
#[derive(Debug, Default)]
pub(super) struct Screen {
    live: Picture,
    /// What was shown when the picture was held.
    held: Option<Picture>,
    focus: usize,
    help: bool,
    scroll: [usize; Pane::ALL.len()],
    help_scroll: usize,
    /// Rows of the list in focus when it was drawn last.
    page: usize,
}

/// Figures and their past.
#[derive(Clone, Debug, Default)]
struct Picture {
    seen: Option<Arc<Seen>>,
    history: History,
}

impl Screen {
    /// Takes the newest figures, and says whether they are to be seen.
    pub(super) fn take(&mut self, seen: &Arc<Seen>) -> bool {
        self.live.history.take(seen);
        self.live.seen = Some(Arc::clone(seen));
        self.held.is_none()
    }

    /// Does what a key asks for. How far a list goes is known when it is drawn: several keys may come before that.
    pub(super) fn press(&mut self, key: Key) {
        let lists = Pane::ALL.len();
        let page = self.page.saturating_sub(1).max(1);
        let scroll = if self.help { Some(&mut self.help_scroll) } else { self.scroll.get_mut(self.focus) };
        match (key, scroll) {
            (Key::Pause, _) => self.held = if self.held.is_none() { Some(self.live.clone()) } else { None },
            (Key::Help, _) => (self.help, self.help_scroll) = (!self.help, 0),
            (Key::Next, _) => (self.help, self.focus) = (false, (self.focus + 1) % lists),
            (Key::Previous, _) => (self.help, self.focus) = (false, (self.focus + lists - 1) % lists),
            (Key::Up, Some(at)) => *at = at.saturating_sub(1),
            (Key::Down, Some(at)) => *at = at.saturating_add(1),
            (Key::PageUp, Some(at)) => *at = at.saturating_sub(page),
            (Key::PageDown, Some(at)) => *at = at.saturating_add(page),
            (Key::Home, Some(at)) => *at = 0,
            (Key::End, Some(at)) => *at = usize::MAX,
            (Key::Quit | Key::Redraw, _) | (_, None) => {}
        }
    }

    /// Draws it. The buffer is taken for empty.
    pub(super) fn draw(&mut self, buffer: &mut Buffer, look: Look) {
        let (width, height) = (usize::from(buffer.area.width), usize::from(buffer.area.height));
        let picture = self.held.as_ref().unwrap_or(&self.live).clone();
        let nothing = Arc::new(Seen::default());
        let told = picture.seen.is_some();
        let seen = picture.seen.as_ref().unwrap_or(&nothing);

        let mut top = vec![self.header(seen, told, look, width), rates(&picture.history, look, width)];
        top.extend(losses(&picture.history, look, width));
        top.extend(totals(seen, look, width));
        let mut bottom = Vec::new();
        if let Some(note) = note(seen, look, width).filter(|_| height >= 10) {
            bottom.push(note);
        }
        if height >= 6 {
            bottom.push(keys(look, width));
        }
        // The list in focus keeps two rows as long as there are figures to cut.
        top.truncate(height.saturating_sub(bottom.len() + 2).max(1));
        let mut row = 0;
        for strip in &top {
            strip.paint(buffer, row);
            row += 1;
        }
        let room = height.saturating_sub(row + bottom.len());
        self.lists(buffer, look, seen, row, room);
        for (at, strip) in bottom.iter().enumerate() {
            strip.paint(buffer, height - bottom.len() + at);
        }
    }

    /// Interfaces, how long, in what state.
    fn header(&self, seen: &Seen, told: bool, look: Look, width: usize) -> Strip {
        let mut strip = Strip::new(look, width);
        let taps = &seen.capture.taps;
        let down = taps.iter().filter(|tap| !tap.up).count();
        let (ink, state) = match (told, taps.len(), down) {
            _ if self.held.is_some() => (Ink::Reverse, " PAUSED ".to_owned()),
            (false, ..) => (Ink::Faint, "waiting for figures".to_owned()),
            (true, 0, _) => (Ink::Yellow, "no interface".to_owned()),
            (true, _, 0) => (Ink::Strong, "listening".to_owned()),
            (true, 1, _) => (Ink::Red, "interface down".to_owned()),
            (true, all, down) => (Ink::Red, format!("{down} of {all} down")),
        };
        let up = if told { format!("  up {}", length(seen.now.since(seen.since))) } else { String::new() };
        let now = moment(seen.now);
        let clock = match (told, now.split_once(' ')) {
            (true, Some((_, time))) if width >= 76 => format!("  {time} UTC"),
            _ => String::new(),
        };
        let after = up.len() + clock.len() + 2 + columns(&state);
        let mut names = Strip::new(look, width.saturating_sub(after).max(width / 3));
        names.put(Ink::Strong, if width >= NARROW { "shadowtap " } else { "" });
        // Those that are down come first: a list of ten may be cut.
        let mut taps: Vec<_> = taps.iter().collect();
        taps.sort_by_key(|tap| tap.up);
        for tap in taps {
            let (ink, mark) = if tap.up { (Ink::Plain, "") } else { (Ink::Red, "(down)") };
            names.put(ink, &format!(" {}{mark}", tap.interface));
        }
        strip.append(names);
        strip.put(Ink::Plain, &up);
        strip.put(Ink::Faint, &clock);
        let room = strip.room();
        strip.right(ink, &state, room);
        strip
    }

    /// The lists, one below the other, or the one in focus where there is no room for more.
    fn lists(&mut self, buffer: &mut Buffer, look: Look, seen: &Seen, mut row: usize, room: usize) {
        let width = usize::from(buffer.area.width);
        let focus = if self.help { Pane::Help } else { Pane::ALL.get(self.focus).copied().unwrap_or(Pane::Services) };
        for (pane, height) in shares(seen, look, width, room, focus) {
            let most = height.saturating_sub(1);
            let end = pane.rows(seen, look, width).saturating_sub(most);
            let place = Pane::ALL.iter().position(|other| *other == pane).and_then(|at| self.scroll.get_mut(at));
            let from = place.unwrap_or(&mut self.help_scroll);
            // A list may have become shorter, or the screen larger.
            *from = (*from).min(end);
            let part = pane.part(seen, look, width, *from, most);
            if pane == focus {
                self.page = most;
            }
            if height > 0 {
                part.title.paint(buffer, row);
            }
            if height > 0 && pane == focus {
                let mut mark = Strip::new(look, width.min(2));
                mark.put(Ink::Reverse, "=>");
                mark.paint(buffer, row);
            }
            for (at, strip) in part.rows.iter().take(most).enumerate() {
                strip.paint(buffer, row + 1 + at);
            }
            row += height;
        }
    }
}

/// Who gets how many rows: each list its part, the one in focus a double one, and nobody more than it needs as long as
/// others need more.
fn shares(seen: &Seen, look: Look, width: usize, room: usize, focus: Pane) -> Vec<(Pane, usize)> {
    let stack: Vec<Pane> = Pane::ALL.into_iter().filter(|pane| *pane != Pane::Notes || *pane == focus).collect();
    if focus == Pane::Help || room < 4 * stack.len() {
        return vec![(focus, room)];
    }
    let share = room / (stack.len() + 1);
    let wanted: Vec<usize> = stack.iter().map(|pane| pane.rows(seen, look, width).max(1) + 1).collect();
    let mut shares: Vec<usize> = stack
        .iter()
        .zip(&wanted)
        .map(|(pane, wanted)| (*wanted).min(if *pane == focus { 2 * share } else { share }))
        .collect();
    let mut left = room.saturating_sub(shares.iter().sum());
    let in_focus = |at: &usize| stack.get(*at) == Some(&focus);
    let (first, then): (Vec<usize>, Vec<usize>) = (0..stack.len()).partition(in_focus);
    for at in first.into_iter().chain(then) {
        if let (Some(share), Some(wanted)) = (shares.get_mut(at), wanted.get(at)) {
            let more = wanted.saturating_sub(*share).min(left);
            *share += more;
            left -= more;
        }
    }
    stack.into_iter().zip(shares).collect()
}

/// How fast, side by side, each with its recent past where there is room.
fn rates(history: &History, look: Look, width: usize) -> Strip {
    let names = if width >= NARROW { ["packets/s", "Mbit/s", "requests/s"] } else { ["pkt/s", "Mb/s", "req/s"] };
    let digits = if width >= NARROW { 9 } else { 5 };
    let mut strip = Strip::new(look, width);
    for (at, (name, (rate, past))) in names.into_iter().zip(history.rates()).enumerate() {
        let end = width * (at + 1) / names.len();
        let value = match (rate, at) {
            (None, _) => "-".to_owned(),
            (Some(bits), 1) => megabits(bits, digits),
            (Some(rate), _) => figure(rate, digits),
        };
        let mut cell = Strip::new(look, end.saturating_sub(strip.taken() + 1));
        cell.put(Ink::Plain, name);
        cell.put(Ink::Strong, &format!(" {value} "));
        if cell.room() >= 4 {
            let spark = look.sparkline(past, cell.room());
            cell.drawn(Ink::Cyan, &spark);
        }
        strip.append(cell);
        strip.skip(end.saturating_sub(strip.taken()));
    }
    strip
}

/// What was lost. In a narrow view only what was.
fn losses(history: &History, look: Look, width: usize) -> Vec<Strip> {
    let mut items = vec![vec![(Ink::Strong, "lost:".to_owned())]];
    for (at, (name, loss)) in LOSSES.into_iter().zip(history.losses()).enumerate() {
        if loss.total == 0 && width < NARROW {
            continue;
        }
        let amount = |number| if at == 5 { bytes_short(number) } else { figure(number, 9) };
        let ink = match (loss.grown, loss.total) {
            (1.., _) => Ink::Red,
            (0, 1..) => Ink::Yellow,
            (0, 0) => Ink::Faint,
        };
        let mut item = vec![(ink, format!("{name} {}", amount(loss.total)))];
        if loss.grown > 0 {
            item.push((Ink::Red, format!(" +{}", amount(loss.grown))));
        }
        items.push(item);
    }
    if items.len() == 1 {
        items.push(vec![(Ink::Faint, "nothing".to_owned())]);
    }
    flow(&items, look, width, 2)
}

/// What was found so far, and when the next report is due.
fn totals(seen: &Seen, look: Look, width: usize) -> Vec<Strip> {
    let mut items = Vec::new();
    let mut say = |ink, text: String| items.push(vec![(ink, text)]);
    let bad = |ink, number: u64| if number > 0 { ink } else { Ink::Plain };
    match &seen.headline {
        Some(headline) if headline.judged => {
            let unmanaged = match headline.shadow_unmanaged {
                0 => String::new(),
                number => format!(" ({} unmanaged)", figure(number, 9)),
            };
            say(bad(Ink::Red, headline.shadow), format!("shadow {}{unmanaged}", figure(headline.shadow, 9)));
            say(bad(Ink::Yellow, headline.zombie), format!("zombie {}", figure(headline.zombie, 9)));
            say(Ink::Plain, format!("orphan {}", figure(headline.orphan, 9)));
        }
        Some(_) => say(Ink::Plain, "no spec given".to_owned()),
        None => {}
    }
    let (unread, payload) = unread(seen);
    say(bad(Ink::Yellow, unread), format!("unread {} of {}", percent_text(unread, payload), bytes_short(payload)));
    say(Ink::Plain, format!("requests {}", figure(seen.requests, 11)));
    if let Some(headline) = &seen.headline {
        say(Ink::Plain, format!("endpoints {}", figure(headline.endpoints, 9)));
    }
    if let Some(next) = seen.next_report {
        let every = seen.interval.map_or_else(String::new, |every| format!(" (every {})", length(every)));
        say(Ink::Faint, format!("next report in {}{every}", length(next.since(seen.now))));
    }
    flow(&items, look, width, 2)
}

/// Payload that could not be read, of all: as in a report's headline, but as of now.
fn unread(seen: &Seen) -> (u64, u64) {
    let (payload, missing) = (&seen.capture.payload, &seen.capture.missing);
    let missing = missing.gaps.saturating_add(missing.cut);
    let unread = [payload.opaque, payload.not_http, payload.discarded, missing];
    let unread = unread.into_iter().fold(0_u64, u64::saturating_add);
    (unread, payload.captured.saturating_sub(payload.duplicate).saturating_add(missing))
}

/// The first note, and how many there are.
fn note(seen: &Seen, look: Look, width: usize) -> Option<Strip> {
    let first = seen.notes.first()?;
    let more = match seen.notes.len() {
        1 => String::new(),
        all => format!(" (1 of {all})"),
    };
    let mut strip = Strip::new(look, width);
    let room = width.saturating_sub(more.len());
    let mut said = Strip::new(look, room);
    said.put(Ink::Yellow, first);
    strip.append(said);
    strip.put(Ink::Faint, &more);
    Some(strip)
}

fn keys(look: Look, width: usize) -> Strip {
    let all = [("q", "quit"), ("p", "pause"), ("?", "help"), ("Tab", "next list"), ("arrows PgUp PgDn", "scroll")];
    let mut strip = Strip::new(look, width);
    for (key, does) in all {
        let gap = if strip.taken() > 0 { 2 } else { 0 };
        if strip.room() < gap + key.len() + 1 + does.len() && strip.taken() > 0 {
            break;
        }
        strip.skip(gap);
        strip.put(Ink::Strong, key);
        strip.put(Ink::Faint, &format!(" {does}"));
    }
    strip
}

/// Items side by side, on so many lines at most. None is cut as long as it fits on a line of its own.
fn flow(items: &[Vec<(Ink, String)>], look: Look, width: usize, most: usize) -> Vec<Strip> {
    let mut lines = vec![Strip::new(look, width)];
    for item in items {
        let wide: usize = item.iter().map(|(_, text)| columns(text)).sum();
        let Some(last) = lines.last_mut() else { break };
        if last.taken() > 0 && last.room() < wide + 2 {
            if lines.len() == most {
                break;
            }
            lines.push(Strip::new(look, width));
        } else if last.taken() > 0 {
            last.skip(2);
        }
        if let Some(last) = lines.last_mut() {
            item.iter().for_each(|(ink, text)| last.put(*ink, text));
        }
    }
    lines
}

/// Bytes, no longer than a few letters: `bytes` of the largest numbers is longer.
fn bytes_short(number: u64) -> String {
    const MOST: u64 = 10_u64.pow(16);
    if number < MOST { bytes(number) } else { format!("{}B", figure(number, 6)) }
}
