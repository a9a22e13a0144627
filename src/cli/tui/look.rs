//! How things look: letters, colours and figures, as far as this terminal can show them.
//!
//! In: names from the wire, which are attacks, and figures of any size. Out: a [`Strip`], one row of the screen, whose
//! pieces stand in fixed columns however wide a terminal takes a name for.

use std::borrow::Cow;
use std::collections::VecDeque;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::report::{columns, count, fit, visible};
use crate::time::Span;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) letters: Letters,
    pub(super) colour: bool,
}

/// Which letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// UTF-8.
    All,
    /// ASCII only. Not for looks alone: a terminal that reads single bytes finds control characters (0x80 to 0x9f)
    /// inside the UTF-8 of harmless letters.
    Ascii,
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Strong,
    Faint,
    Red,
    Yellow,
    Cyan,
    /// Turned round.
    Reverse,
}

impl Look {
    /// By the environment: `LC_ALL`, `LC_CTYPE`, `LANG` (the first that is set), `TERM`, `NO_COLOR`.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        // The Linux console reads UTF-8, but its fonts lack the blocks that the sparklines are made of.
        let letters = if utf8 && variable("TERM").as_deref() != Some("linux") { Letters::All } else { Letters::Ascii };
        Self { letters, colour: set("NO_COLOR").is_none() }
    }

    pub(super) fn style(self, ink: Ink) -> Style {
        let style = Style::default();
        let coloured = |colour| if self.colour { style.fg(colour) } else { style };
        match ink {
            Ink::Plain => style,
            Ink::Strong => style.add_modifier(Modifier::BOLD),
            Ink::Faint => style.add_modifier(Modifier::DIM),
            Ink::Red => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Ink::Yellow => coloured(Color::Yellow),
            Ink::Cyan => coloured(Color::Cyan),
            Ink::Reverse => style.add_modifier(Modifier::REVERSED),
        }
    }

    /// A text from the wire in at most `width` columns, harmless. Work and memory are bounded by the width: a name may
    /// have 64 KiB.
    pub(super) fn name(self, text: &str, width: usize) -> String {
        // Each character takes a column, save marks, of which `visible` leaves four in a row.
        let most = width.saturating_add(1).saturating_mul(5);
        let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
        fit(&self.shown(text.get(..end).unwrap_or_default()), width)
    }

    /// A text in letters that this terminal has, harmless, whole.
    pub(super) fn shown(self, text: &str) -> Cow<'_, str> {
        let text = visible(text);
        if self.letters == Letters::All || text.is_ascii() {
            return text;
        }
        let mut ascii = String::with_capacity(text.len() * 4);
        let mut slashes = 0;
        for c in text.chars() {
            if c.is_ascii() {
                ascii.push(c);
            } else {
                // As `visible` does it: an odd run of backslashes announces an escape.
                ascii.extend(std::iter::repeat_n('\\', slashes));
                ascii.extend(c.escape_unicode());
            }
            slashes = if c == '\\' { slashes + 1 } else { 0 };
        }
        Cow::Owned(ascii)
    }

    /// A line across.
    pub(super) fn rule(self, width: usize) -> String {
        match self.letters {
            Letters::All => "\u{2500}".repeat(width),
            Letters::Ascii => "-".repeat(width),
        }
    }

    /// The newest values as columns, the newest on the right, the highest of them full; nothing is empty.
    pub(super) fn sparkline(self, values: &VecDeque<u64>, width: usize) -> String {
        let levels = match self.letters {
            Letters::All => "\u{2581}\u{2582}\u{2583}\u{2584}\u{2585}\u{2586}\u{2587}\u{2588}",
            Letters::Ascii => "_.,:-=+#",
        };
        let newest = || values.iter().skip(values.len().saturating_sub(width));
        let highest = u128::from(newest().copied().max().unwrap_or(0).max(1));
        newest()
            .map(|value| match value {
                0 => ' ',
                value => {
                    let level = (u128::from(*value) * 8).div_ceil(highest).saturating_sub(1);
                    usize::try_from(level).ok().and_then(|level| levels.chars().nth(level)).unwrap_or(' ')
                }
            })
            .collect()
    }
}

/// One row of the screen.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    look: Look,
    pieces: Vec<(usize, String, Style)>,
    at: usize,
    width: usize,
}

impl Strip {
    /// An empty row.
    pub(super) const fn new(look: Look, width: usize) -> Self {
        Self { look, pieces: Vec::new(), at: 0, width }
    }

    /// Columns that are left.
    pub(super) const fn room(&self) -> usize {
        self.width.saturating_sub(self.at)
    }

    /// Columns that are taken.
    pub(super) const fn taken(&self) -> usize {
        self.at
    }

    /// A text in as many columns as it takes, or as are left.
    pub(super) fn put(&mut self, ink: Ink, text: &str) {
        let text = self.look.name(text, self.room());
        let wide = columns(&text);
        self.pieces.push((self.at, text, self.look.style(ink)));
        self.at += wide;
    }

    /// A text in `width` columns, flush left.
    pub(super) fn left(&mut self, ink: Ink, text: &str, width: usize) {
        let end = self.at.saturating_add(width).min(self.width);
        let text = self.look.name(text, end.saturating_sub(self.at));
        self.pieces.push((self.at, text, self.look.style(ink)));
        self.at = end;
    }

    /// A text in `width` columns, flush right.
    pub(super) fn right(&mut self, ink: Ink, text: &str, width: usize) {
        let end = self.at.saturating_add(width).min(self.width);
        let text = self.look.name(text, end.saturating_sub(self.at));
        self.pieces.push((end.saturating_sub(columns(&text)), text, self.look.style(ink)));
        self.at = end;
    }

    /// Letters of our own, that need no escape: rules, sparklines.
    pub(super) fn drawn(&mut self, ink: Ink, text: &str) {
        let text = fit(text, self.room());
        let wide = columns(&text);
        self.pieces.push((self.at, text, self.look.style(ink)));
        self.at += wide;
    }

    /// All of another row, behind what stands here; it takes all the columns that it takes there.
    pub(super) fn append(&mut self, other: Self) {
        let start = self.at;
        self.pieces.extend(other.pieces.into_iter().map(|(at, text, style)| (start + at, text, style)));
        self.at = start.saturating_add(other.at).min(self.width);
    }

    /// Leaves columns free.
    pub(super) fn skip(&mut self, width: usize) {
        self.at = self.at.saturating_add(width).min(self.width);
    }

    /// Puts it on the screen; where there is no such row, nowhere.
    pub(super) fn paint(&self, buffer: &mut Buffer, row: usize) {
        let area = buffer.area;
        let Some(y) = u16::try_from(row).ok().filter(|row| *row < area.height) else { return };
        for (at, text, style) in &self.pieces {
            let Some(x) = u16::try_from(*at).ok().filter(|at| *at < area.width) else { continue };
            buffer.set_stringn(area.x + x, area.y + y, text, self.width.saturating_sub(*at), *style);
        }
    }
}

/// A number in at most `room` columns, and never in more than seven when there is no room: `1,234,567`, `1234k`, `18.4E`.
pub(super) fn figure(number: u64, room: usize) -> String {
    let whole = count(number);
    if whole.len() <= room {
        return whole;
    }
    let units = [(10_u64.pow(18), 'E'), (10_u64.pow(15), 'P'), (10_u64.pow(12), 'T'), (10_u64.pow(9), 'G')];
    let small = [(1_000_000, 'M'), (1_000, 'k')];
    match units.into_iter().chain(small).find(|(size, _)| number >= *size) {
        Some((size, unit)) if number / size < 100 => format!("{}.{}{unit}", number / size, number % size / (size / 10)),
        Some((size, unit)) => format!("{}{unit}", number / size),
        None => whole,
    }
}

/// Bits a second, as megabits.
pub(super) fn megabits(bits: u64, room: usize) -> String {
    match bits {
        0..1_000_000_000 => format!("{}.{}", bits / 1_000_000, bits % 1_000_000 / 100_000),
        _ => figure(bits / 1_000_000, room),
    }
}

/// How long, in two units at most: `42s`, `4m05s`, `1h02m`, `12d03h`.
pub(super) fn length(span: Span) -> String {
    let seconds = span.nanos() / 1_000_000_000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { letters: Letters::Ascii, colour: false };

    #[test]
    fn the_environment_is_asked_in_its_order() {
        // Catches an LC_ALL=C that LANG talks over: blocks and wire letters would be bytes with bit 7 set there.
        let look = |set: &[(&str, &str)]| {
            Look::of(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let letters = |set| look(set).letters;
        assert_eq!(letters(&[]), Letters::Ascii);
        assert_eq!(letters(&[("LANG", "de_DE.UTF-8"), ("TERM", "xterm")]), Letters::All);
        assert_eq!(letters(&[("LANG", "C.utf8"), ("LC_ALL", "")]), Letters::All);
        assert_eq!(letters(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), Letters::Ascii);
        assert_eq!(letters(&[("LANG", "C.UTF-8"), ("TERM", "linux")]), Letters::Ascii);
        assert!(look(&[("NO_COLOR", "")]).colour);
        assert!(!look(&[("NO_COLOR", "1")]).colour);
    }

    #[test]
    fn without_utf8_nothing_but_ascii_is_shown() {
        // Catches U+3A5B, whose UTF-8 holds 0x9b, the control sequence introducer of eight-bit terminals.
        for text in ["caf\u{e9}", "\u{3a5b}31m", "\\\u{e9}", "\u{1f600}", "\u{1b}[2J\u{9b}"] {
            let shown = PLAIN.shown(text);
            assert!(shown.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{shown}");
        }
        assert_eq!(PLAIN.shown("\\\u{e9}"), "\\\\\\u{e9}");
    }

    #[test]
    fn figures_fit() {
        // Catches a number that pushes its neighbours off the screen, or is cut and looks smaller than it is.
        for number in [0, 999, 1_000, 99_999, 999_999, 1_234_567, 99_999_999_999, u64::MAX] {
            assert!(figure(number, 6).len() <= 6, "{number}");
            assert!(figure(number, 0).len() <= 6, "{number}");
            assert!(megabits(number, 6).len() <= 6, "{number}");
        }
        assert_eq!([figure(1_234_567, 9), figure(1_234_567, 6), figure(u64::MAX, 9)], ["1,234,567", "1.2M", "18.4E"]);
        assert_eq!([megabits(94_280_000, 6), megabits(40_000_000_000, 6)], ["94.2", "40,000"]);
    }

    #[test]
    fn a_sparkline_shows_little_as_little_and_nothing_as_nothing() {
        // Catches a division by the highest of nothing, an index behind the last level, and a wrap of huge values.
        let spark = |values: &[u64], width| PLAIN.sparkline(&values.iter().copied().collect(), width);
        assert_eq!(spark(&[], 5), "");
        assert_eq!(spark(&[0, 0], 5), "  ");
        assert_eq!(spark(&[9, 1, 4, 8, 0], 4), "_:# ");
        assert_eq!(spark(&[u64::MAX, u64::MAX / 2, 1], 3), "#:_");
        assert_eq!(spark(&[1, 2], 0), "");
    }

    #[test]
    fn a_row_keeps_its_columns() {
        // Catches a name that a terminal shows in fewer columns than it was padded for, and pushes a figure along.
        let all = Look { letters: Letters::All, colour: true };
        let mut strip = Strip::new(all, 12);
        strip.left(Ink::Plain, "\u{1f44d}\u{1f3fd}x", 8);
        strip.right(Ink::Plain, "42", 4);
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 12, 1));
        strip.paint(&mut buffer, 0);
        assert_eq!(buffer[(10, 0)].symbol(), "4");
        strip.paint(&mut buffer, 1);
    }
}
