//! The picture, looked at: at many sizes, with the worst names and the largest numbers, through a terminal.

use std::num::NonZero;
use std::sync::Arc;

use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::keys::Key;
use super::look::{Letters, Look};
use super::screen::Screen;
use super::seen::{FindingRow, Fresh, Seen, ServiceRow};
use super::terminal::Outbox;
use crate::findings::{Kind, Severity};
use crate::report::{Headline, TapSummary};
use crate::time::{Span, Timestamp};

const ALL: Look = Look { letters: Letters::All, colour: true };
const ASCII: Look = Look { letters: Letters::Ascii, colour: false };

/// Terminal escapes (colour, links, clipboard, title, device questions, C1), line ends, invisible and bidirectional
/// characters, wide ones, marks in a heap, a very long name.
fn planted() -> Vec<String> {
    let mut planted: Vec<String> = [
        "\u{1b}[31mred\u{1b}[2J\u{1b}[1;1Hforged",
        "\u{1b}]8;;http://evil.example\u{7}here\u{1b}]8;;\u{7}",
        "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}]0;title\u{7}\u{1b}[6n\u{1b}[c\u{1b}P$q\"p\u{1b}\\",
        "\u{9b}31m\u{90}x\u{9c}\u{9d}0;t\u{9c}",
        "\0\r\n  high      forged line\r\t\u{8}\u{8}\u{7f}\u{18}\u{1a}",
        "\u{202e}txt.exe\u{2066}\u{2069}\u{200f}\u{61c}",
        "\u{2028}\u{2029}\u{85}\u{a0}\u{200b}\u{feff}\u{e0041}\u{ad}",
        "\u{3a5b}31m\u{1b5b}\u{f59b}",
        "\u{1f468}\u{200d}\u{1f469}\u{1f3fd}\u{1f1e9}\u{1f1ea}\u{fe0f}",
        "\\u{202e}\\\\",
    ]
    .map(str::to_owned)
    .into();
    planted.push("e\u{301}\u{302}\u{303}".repeat(40) + &"\u{301}".repeat(200));
    planted.push("\u{6771}\u{4eac}/".repeat(60));
    planted.push("long".repeat(16_000));
    planted
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_parts(1_772_359_200 + seconds, 0)
}

fn sample(name: &str, rows: u64, number: u64) -> Seen {
    let mut seen =
        Seen { now: at(3_725), since: at(0), requests: number, notes: vec![name.to_owned(); 2], ..Seen::default() };
    seen.capture.taps =
        ["eth0", name].map(|name| TapSummary { interface: name.to_owned(), up: true, ..TapSummary::default() }).into();
    seen.headline = Some(Headline { judged: true, shadow: number, endpoints: number, ..Headline::default() });
    seen.interval = Some(Span::from_secs(300));
    seen.next_report = Some(at(3_800));
    for row in 0..rows {
        let service = format!("{name}{row:02}");
        seen.services.push(ServiceRow {
            service: service.clone(),
            requests: number.saturating_sub(row),
            operations: number,
            shadow: row,
            unmanaged: row % 2 == 1,
        });
        let severity = Severity::ALL[usize::try_from(row % 4).unwrap()];
        seen.fresh.push(Fresh {
            at: at(row),
            id: format!("{row:016x}"),
            severity,
            method: name.to_owned(),
            template: format!("/t{row:02}/{name}"),
            service: service.clone(),
        });
        seen.findings.push(FindingRow {
            severity,
            kind: Kind::Shadow,
            method: name.to_owned(),
            template: format!("/f{row:02}/{name}"),
            service,
            requests: number,
        });
    }
    seen
}

fn shown(seen: &Seen) -> Screen {
    let mut screen = Screen::default();
    screen.take(&Arc::new(seen.clone()));
    screen
}

/// The rows of the picture.
fn rows(screen: &mut Screen, look: Look, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| screen.draw(frame.buffer_mut(), look)).unwrap();
    let buffer = terminal.backend().buffer();
    (0..height).map(|y| (0..width).map(|x| buffer[(x, y)].symbol()).collect()).collect()
}

fn has(rows: &[String], text: &str) -> bool {
    rows.iter().any(|row| row.contains(text))
}

#[test]
fn every_size_is_drawn_without_a_panic() {
    // Catches a subtraction below nothing and a cell outside of the buffer: terminals are made tiny in passing.
    let seen = sample("name", 30, 12_345);
    for keys in [&[][..], &[Key::Help], &[Key::Previous], &[Key::End], &[Key::Pause, Key::Next]] {
        for width in [0, 1, 2, 3, 5, 10, 39, 40, 59, 60, 72, 80, 110, 120, 250] {
            for height in [0, 1, 2, 3, 4, 5, 6, 9, 10, 12, 24, 36, 100] {
                let mut screen = shown(&seen);
                rows(&mut screen, ALL, width, height);
                keys.iter().for_each(|key| screen.press(*key));
                rows(&mut screen, ASCII, width, height);
            }
        }
    }
}

#[test]
fn nothing_seen_yet_is_a_picture_too() {
    // Catches a view that opens with a blank screen, or divides by the packets that have not come.
    let rows = rows(&mut Screen::default(), ALL, 80, 24);
    for text in ["waiting for figures", "packets/s -", "no request yet", "none yet", "q quit"] {
        assert!(has(&rows, text), "{text} in {rows:#?}");
    }
}

#[test]
fn the_usual_sizes_show_what_matters() {
    // Catches a layout that pushes losses, or the only list, off a small screen.
    let mut seen = sample("name", 30, 12_345);
    seen.capture.taps[1].kernel_dropped = 7;
    for (width, height) in [(120, 36), (80, 24), (40, 12)] {
        let rows = rows(&mut shown(&seen), ALL, width, height);
        for text in ["eth0", "listening", "kernel 7", "shadow 12,345", "Services", "name00", "q quit"] {
            assert!(has(&rows, text), "{text} at {width}x{height} in {rows:#?}");
        }
    }
    let rows = rows(&mut shown(&seen), ALL, 80, 24);
    for text in ["up 1h02m", "Newest shadows", "/t29/", "Findings", "next report in 1m15s (every 5m00s)"] {
        assert!(has(&rows, text), "{text} in {rows:#?}");
    }
}

#[test]
fn the_largest_numbers_fit() {
    // Catches an overflow, and a figure that is cut: 1,844 for what is eighteen quintillion.
    let mut seen = sample("name", 3, u64::MAX);
    let capture = &mut seen.capture;
    (capture.packets.seen, capture.bytes) = (u64::MAX, u64::MAX);
    (capture.payload.captured, capture.payload.opaque, capture.payload.discarded) = (u64::MAX, u64::MAX, u64::MAX);
    (capture.missing.gaps, capture.missing.cut) = (u64::MAX, u64::MAX);
    for tap in &mut capture.taps {
        (tap.kernel_dropped, tap.interface_dropped, tap.ring_full) = (u64::MAX, u64::MAX, u64::MAX);
    }
    capture.counters = ["engine.queue_full", "flow.evicted"].map(|name| (name.to_owned(), u64::MAX)).into();
    seen.next_report = Some(Timestamp::from_nanos(u64::MAX));
    for (width, height) in [(120, 36), (80, 24), (40, 12)] {
        let mut screen = Screen::default();
        screen.take(&Arc::new(Seen::default()));
        screen.take(&Arc::new(seen.clone()));
        let rows = rows(&mut screen, ALL, width, height);
        for text in ["kernel 18.4E +18.4E", "shadow 18.4E", "unread 100.00 %"] {
            assert!(has(&rows, text), "{text} at {width}x{height} in {rows:#?}");
        }
    }
}

#[test]
fn no_name_reaches_the_screen_as_it_came() {
    // Catches a name that is put on the screen without an escape: one cell of it is enough to fail.
    for name in planted() {
        for (width, height) in [(120, 60), (80, 24), (40, 12)] {
            for presses in 0..4 {
                let mut screen = shown(&sample(&name, 5, 10));
                (0..presses).for_each(|_| screen.press(Key::Next));
                for row in rows(&mut screen, ALL, width, height) {
                    let bad = row.chars().find(|c| crate::report::visible(&format!("a{c}")).len() > 1 + c.len_utf8());
                    assert_eq!(bad, None, "{row:?} of {name:?}");
                }
                for row in rows(&mut screen, ASCII, width, height) {
                    assert!(row.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{row:?} of {name:?}");
                }
            }
        }
    }
}

/// What a terminal shows that got the bytes of some frames, and the bytes.
fn through_a_terminal(frames: &[Seen], look: Look, width: u16, height: u16) -> (vt100::Parser<Told>, Vec<u8>) {
    let outbox = Outbox::default();
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(outbox.clone()), TerminalOptions { viewport }).unwrap();
    let mut screen = Screen::default();
    for seen in frames {
        screen.take(&Arc::new(seen.clone()));
        terminal.draw(|frame| screen.draw(frame.buffer_mut(), look)).unwrap();
    }
    let [rows, columns] = [height, width].map(|size| NonZero::new(size).unwrap());
    let mut parser = vt100::Parser::new_with_callbacks(rows, columns, 50, Told::default());
    parser.process(&outbox.bytes());
    (parser, outbox.bytes())
}

/// What no frame may ask of a terminal.
#[derive(Default)]
struct Told(Vec<String>);

impl vt100::Callbacks for Told {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".to_owned());
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.0.push(format!("icon {name:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, kind: &[u8], data: &[u8]) {
        self.0.push(format!("clipboard {kind:?} {data:?}"));
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parts: &[&[u8]]) {
        self.0.push(format!("OSC {parts:?}"));
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, a: Option<u8>, b: Option<u8>, c: u8) {
        self.0.push(format!("escape {a:?} {b:?} {c}"));
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("control {byte}"));
    }
}

#[test]
fn a_terminal_is_told_nothing_by_a_name() {
    // Catches what a look at cells cannot: a sequence that the backend lets through, colours that leak, a screen that
    // scrolls. The only sequences may be a cursor's place, its hiding, and colours.
    for name in planted() {
        let frames = [sample("plain", 3, 5), sample(&name, 9, 10), sample("plain", 5, 7), sample(&name, 2, 7)];
        for (look, width, height) in [(ALL, 80, 24), (ASCII, 80, 24), (ALL, 40, 12), (ASCII, 133, 50), (ALL, 1, 1)] {
            let (parser, bytes) = through_a_terminal(&frames, look, width, height);
            assert_eq!(parser.callbacks().0, Vec::<String>::new(), "{name:?}");
            if width >= 60 {
                let first = parser.screen().rows(0, width).next().unwrap();
                assert!(first.starts_with("shadowtap"), "it scrolled: {first}");
            }
            let text = String::from_utf8(bytes).unwrap();
            for sequence in text.split('\u{1b}').skip(1) {
                let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                let known = sequence.starts_with('[') && matches!(&sequence[end..=end], "H" | "m" | "l");
                assert!(known, "{sequence:?} of {name:?}");
            }
            let controls: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\u{1b}').collect();
            assert!(controls.is_empty(), "{name:?}");
            if look == ASCII {
                assert!(text.is_ascii(), "{name:?}");
            }
        }
    }
}

#[test]
fn a_terminal_shows_what_was_drawn() {
    // Catches a diff that leaves pieces of the picture before, behind wide characters above all.
    let wide = "\u{6771}\u{4eac}\u{1f600}caf\u{e9}";
    let frames = [sample(wide, 12, 10), sample("b", 3, 5), sample(wide, 2, 1_000), sample("c", 4, 7)];
    for (width, height) in [(120, 36), (80, 24), (40, 12)] {
        let (parser, _) = through_a_terminal(&frames, ALL, width, height);
        let mut screen = Screen::default();
        for seen in &frames {
            screen.take(&Arc::new(seen.clone()));
        }
        let drawn: Vec<String> =
            rows(&mut screen, ALL, width, height).iter().map(|row| row.trim_end().to_owned()).collect();
        let told: Vec<String> = parser.screen().rows(0, width).map(|row| row.trim_end().to_owned()).collect();
        assert_eq!(told, drawn);
    }
}

#[test]
fn losses_are_red_while_they_grow() {
    // Catches a colour that is decided by the sum: what was lost an hour ago would cry as loud as what is lost now.
    let ink = |look, steps: &[(u64, u64)]| {
        let mut screen = Screen::default();
        for (seconds, lost) in steps {
            let mut seen = sample("name", 1, 1);
            (seen.now, seen.capture.taps[0].kernel_dropped) = (at(*seconds), *lost);
            screen.take(&Arc::new(seen));
        }
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| screen.draw(frame.buffer_mut(), look)).unwrap();
        let buffer = terminal.backend().buffer();
        let x = 7;
        assert_eq!(buffer[(x, 2)].symbol(), "k");
        (buffer[(x, 2)].fg, buffer[(x, 2)].modifier)
    };
    assert_eq!(ink(ALL, &[(0, 0), (1, 0)]).1, Modifier::DIM);
    assert_eq!(ink(ALL, &[(0, 5), (1, 5)]).0, Color::Yellow);
    assert_eq!(ink(ALL, &[(0, 5), (1, 6)]).0, Color::Red);
    assert_eq!(ink(ALL, &[(0, 5), (1, 6), (60, 6)]).0, Color::Yellow);
    // Without colour it is bold, and says by how much.
    assert_eq!(ink(ASCII, &[(0, 5), (1, 6)]), (Color::Reset, Modifier::BOLD));
}

#[test]
fn without_colour_there_is_none() {
    // Catches a colour that is written past the look.
    let (parser, bytes) = through_a_terminal(&[sample("name", 9, 10), sample("name", 9, 90)], ASCII, 120, 36);
    let coloured = (0..36).flat_map(|y| (0..120).map(move |x| (y, x))).find(|(y, x)| {
        parser
            .screen()
            .cell(*y, *x)
            .is_some_and(|cell| cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default)
    });
    assert_eq!(coloured, None);
    assert!(!bytes.is_empty());
}

#[test]
fn a_held_picture_stays_and_the_next_one_is_the_newest() {
    // Catches a pause that stops the figures from being taken: the rates after it would be those of a burst.
    let mut screen = shown(&sample("first", 3, 10));
    screen.press(Key::Pause);
    let mut later = sample("later", 3, 20);
    later.now = at(3_727);
    assert!(!screen.take(&Arc::new(later.clone())), "nothing new to be seen");
    (later.now, later.requests) = (at(3_729), 26);
    screen.take(&Arc::new(later));
    let held = rows(&mut screen, ALL, 80, 24);
    assert!(has(&held, "PAUSED") && has(&held, "first00") && !has(&held, "later00"), "{held:#?}");
    screen.press(Key::Pause);
    let live = rows(&mut screen, ALL, 80, 24);
    assert!(!has(&live, "PAUSED") && has(&live, "later00") && has(&live, "requests/s 3"), "{live:#?}");
}

#[test]
fn lists_are_scrolled_within_their_bounds() {
    // Catches a list that is scrolled into emptiness, or stays there when it becomes shorter.
    let mut screen = shown(&sample("name", 30, 100));
    let top = |screen: &mut Screen| {
        rows(screen, ALL, 40, 12).into_iter().find(|row| row.contains("name")).unwrap_or_default()
    };
    assert!(rows(&mut screen, ALL, 40, 12).iter().any(|row| row.starts_with("name00")));
    for key in [Key::Up, Key::PageUp, Key::Home] {
        screen.press(key);
        assert!(top(&mut screen).contains("name"), "above the first");
    }
    (0..1_000).for_each(|_| screen.press(Key::Down));
    let last = rows(&mut screen, ALL, 40, 12);
    assert!(has(&last, "name29") && has(&last, "-30 of 30"), "{last:#?}");
    screen.press(Key::Up);
    assert!(!has(&rows(&mut screen, ALL, 40, 12), "name29"), "one up is seen at once");
    screen.press(Key::End);
    screen.take(&Arc::new(sample("name", 2, 100)));
    let short = rows(&mut screen, ALL, 40, 12);
    assert!(has(&short, "name00") && has(&short, "name01"), "{short:#?}");
    screen.take(&Arc::new(Seen::default()));
    assert!(has(&rows(&mut screen, ALL, 40, 12), "no request yet"));
}

#[test]
fn pages_go_through_a_list_without_leaving_a_row_out() {
    // Catches a page that is larger than what is shown.
    let mut screen = shown(&sample("name", 30, 100));
    let mut read = String::new();
    for _ in 0..30 {
        read.push_str(&rows(&mut screen, ALL, 40, 14).concat());
        screen.press(Key::PageDown);
    }
    for row in 0..30 {
        assert!(read.contains(&format!("name{row:02}")), "{row}");
    }
}

#[test]
fn tab_goes_round_and_back() {
    // Catches a list that cannot be reached on a small screen, where only the one in focus is shown.
    let mut screen = shown(&sample("name", 3, 100));
    for list in ["Services", "Newest shadows", "Findings", "Notes", "Services"] {
        assert!(has(&rows(&mut screen, ALL, 40, 12), list), "{list}");
        screen.press(Key::Next);
    }
    screen.press(Key::Previous);
    screen.press(Key::Previous);
    assert!(has(&rows(&mut screen, ALL, 40, 12), "Notes"));
    screen.press(Key::Help);
    assert!(has(&rows(&mut screen, ALL, 80, 24), "=> Help") || has(&rows(&mut screen, ALL, 80, 24), "Ctrl-C"));
    screen.press(Key::Help);
    assert!(!has(&rows(&mut screen, ALL, 80, 24), "Ctrl-C"));
}

#[test]
fn keys_that_come_in_one_go_are_all_heard() {
    // Catches a scroll that is held against the list before: over a slow line Tab and PgDn arrive together.
    let mut screen = shown(&sample("name", 30, 100));
    screen.take(&Arc::new(Seen { services: Vec::new(), ..sample("name", 30, 100) }));
    rows(&mut screen, ALL, 40, 14);
    [Key::Next, Key::Next, Key::End].into_iter().for_each(|key| screen.press(key));
    assert!(has(&rows(&mut screen, ALL, 40, 14), "-30 of 30"));
    screen.press(Key::Up);
    assert!(has(&rows(&mut screen, ALL, 40, 14), "-29 of 30"));
}

#[test]
fn lists_stand_in_their_order_whatever_was_handed_in() {
    // Catches a view that trusts its caller to sort: the worst would stand below the edge.
    let mut seen = sample("name", 8, 100);
    seen.services.reverse();
    seen.findings.rotate_left(3);
    let rows = rows(&mut shown(&seen), ALL, 120, 50);
    let place = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap_or(usize::MAX);
    assert!(place("name00") < place("name07"));
    assert!(place("/t07/") < place("/t00/"), "the newest first");
    assert!(place("/f03/") < place("/f02/") && place("/f02/") < place("/f00/"), "the worst first");
}

#[test]
fn an_interface_that_went_down_is_said_first() {
    // Catches a list of ten interfaces that is cut before the one that matters.
    let mut seen = sample("name", 1, 1);
    seen.capture.taps = (0..12)
        .map(|at| TapSummary { interface: format!("interface{at}"), up: at != 11, ..TapSummary::default() })
        .collect();
    let rows = rows(&mut shown(&seen), ALL, 80, 24);
    assert!(rows[0].starts_with("shadowtap  interface11(down) interface0"), "{}", rows[0]);
    assert!(rows[0].ends_with("1 of 12 down"), "{}", rows[0]);
}
