//! A page of terminal text: columns, wrapping, colour.
//!
//! Everything handed in is plain visible text already (see `escape`); the only control sequences on the page are
//! the few below. Widths are columns, so that wide characters do not push a table askew.

use unicode_width::UnicodeWidthChar;

use crate::report::reporter::Style;

/// How a piece of text stands out where there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Ink {
    /// As it is.
    Plain,
    /// Headings.
    Strong,
    /// What may be passed over.
    Faint,
    /// The worst.
    Red,
    /// Warnings.
    Yellow,
    /// Things to notice.
    Cyan,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Red => "1;31",
            Self::Yellow => "33",
            Self::Cyan => "36",
        }
    }
}

/// The page so far.
pub(in crate::report) struct Page {
    style: Style,
    text: String,
}

impl Page {
    /// Narrower than this nothing can be read; lines run over then.
    const NARROWEST: usize = 40;

    pub(in crate::report) fn new(style: Style) -> Self {
        Self { style: Style { width: style.width.max(Self::NARROWEST), ..style }, text: String::new() }
    }

    /// Columns of a line.
    pub(in crate::report) fn width(&self) -> usize {
        self.style.width
    }

    pub(in crate::report) fn into_text(self) -> String {
        self.text
    }

    /// An empty line, but never two nor one on top.
    pub(in crate::report) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading, and what it means.
    pub(in crate::report) fn heading(&mut self, title: &str, about: &str) {
        self.blank();
        self.put(Ink::Strong, title);
        if !about.is_empty() && columns(title) + columns(about) + 2 <= self.width() {
            self.text.push_str("  ");
            self.put(Ink::Faint, about);
        }
        self.end();
    }

    /// A piece of the current line.
    pub(in crate::report) fn put(&mut self, ink: Ink, text: &str) {
        if self.style.colour && ink != Ink::Plain && !text.is_empty() {
            self.text.push_str("\u{1b}[");
            self.text.push_str(ink.code());
            self.text.push('m');
            self.text.push_str(text);
            self.text.push_str("\u{1b}[0m");
        } else {
            self.text.push_str(text);
        }
    }

    /// A piece of the current line in exactly `width` columns, flush left.
    pub(in crate::report) fn cell(&mut self, ink: Ink, text: &str, width: usize) {
        let text = fit(text, width);
        self.put(ink, &text);
        self.text.extend(std::iter::repeat_n(' ', width.saturating_sub(columns(&text))));
    }

    /// Ends the current line; no blanks at its end.
    pub(in crate::report) fn end(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// A paragraph that starts in column `first` and goes on in column `rest`.
    pub(in crate::report) fn paragraph(&mut self, ink: Ink, first: usize, rest: usize, text: &str) {
        let mut indent = first;
        for line in wrapped(text, self.width().saturating_sub(first.max(rest)).max(20)) {
            self.text.extend(std::iter::repeat_n(' ', indent));
            self.put(ink, line);
            self.end();
            indent = rest;
        }
    }
}

/// Columns of a character: those without any count one, so that a sum is never too small.
fn columns_of(c: char) -> usize {
    c.width().unwrap_or(1)
}

/// Columns of a text.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The text in at most `width` columns, `...` for what is left out.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let dots = width.min(3);
    let mut fitted = text.get(..prefix(text, width - dots)).unwrap_or_default().to_owned();
    fitted.extend(std::iter::repeat_n('.', dots));
    fitted
}

/// The text in exactly `width` columns, flush left.
pub(in crate::report) fn left(text: &str, width: usize) -> String {
    let mut cell = fit(text, width);
    let fill = width.saturating_sub(columns(&cell));
    cell.extend(std::iter::repeat_n(' ', fill));
    cell
}

/// The text in at least `width` columns, flush right. For figures: never cut.
pub(in crate::report) fn right(text: &str, width: usize) -> String {
    let fill = width.saturating_sub(columns(text));
    " ".repeat(fill) + text
}

/// The widest of some texts.
pub(in crate::report) fn widest<'t>(texts: impl IntoIterator<Item = &'t str>) -> usize {
    texts.into_iter().map(columns).max().unwrap_or(0)
}

/// Bytes of the longest beginning that takes at most `width` columns.
fn prefix(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += columns_of(c);
        if used > width {
            return at;
        }
    }
    text.len()
}

/// Lines of at most `width` columns, parted at blanks where there are any.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim_matches(' ');
    while !rest.is_empty() {
        // A character wider than the line still has to stand somewhere.
        let one = rest.chars().next().map_or(1, char::len_utf8);
        let fits = prefix(rest, width).max(one);
        let at = match rest.get(fits..) {
            None | Some("") => rest.len(),
            Some(after) if after.starts_with(' ') => fits,
            Some(_) => rest.get(..fits).and_then(|line| line.rfind(' ')).filter(|at| *at > 0).unwrap_or(fits),
        };
        let (line, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line.trim_end_matches(' '));
        rest = after.trim_start_matches(' ');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        // Catches padding by characters or bytes.
        assert_eq!(columns("\u{6771}\u{4eac}"), 4);
        assert_eq!(fit("\u{6771}\u{4eac}\u{6771}\u{4eac}", 6), "\u{6771}...");
        assert_eq!(columns(&left("\u{6771}\u{4eac}\u{6771}\u{4eac}", 6)), 6);
        assert_eq!(right("12", 4), "  12");
        assert_eq!([fit("abcdef", 2), fit("abcdef", 0)], ["..", ""]);
    }

    #[test]
    fn lines_break_at_blanks_and_else_where_they_must() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrapped("", 4), Vec::<&str>::new());
        assert_eq!(wrapped("\u{6771}\u{4eac}", 1), ["\u{6771}", "\u{4eac}"]);
    }
}
