//! The view's loop: looks for new figures, draws, listens to keys, until it is told to end or cannot go on.
//!
//! It lives on a thread that does nothing else, never blocks and never spins: it sleeps until a key comes, the terminal
//! has room, or a quarter of a second has passed.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use rustix::io::Errno;

use super::keys::{Key, Keys};
use super::look::Look;
use super::screen::Screen;
use super::seen::Latest;
use super::terminal::{Outbox, Tty, WIPE, Woken};

/// No more frames than one in this time: a frame is some kilobytes, and the way may be long.
const FRAME: Duration = Duration::from_millis(250);
/// What a screen may claim at most: each cell costs memory, and a size is only a number that somebody set.
const LARGEST: (u16, u16) = (400, 200);
/// What a terminal that does not know its size (a serial line) is taken for.
const USUAL: (u16, u16) = (80, 24);

/// How the view ended. In each case the capture is still running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Left {
    /// The user wants to end.
    Quit,
    /// `stop` was set.
    Stopped,
    /// The terminal hung up, or a panic elsewhere gave it back. There may be nobody left to read stderr, where
    /// `eprintln!` panics.
    Gone,
}

/// A terminal with the view on it. Dropping it gives the terminal back as it was; so does a panic in any thread.
pub(in crate::cli) struct View {
    tty: Tty,
    terminal: Terminal<CrosstermBackend<Outbox>>,
    size: (u16, u16),
    screen: Screen,
    keys: Keys,
    look: Look,
}

impl View {
    /// Takes the terminal. Fails where there is none, or one that cannot show a view, and says why.
    ///
    /// Opens `/dev/tty`: before the process gives up the right to open files. Afterwards only `read`, `write`, `poll`
    /// and `ioctl` are called.
    pub(in crate::cli) fn enter() -> io::Result<Self> {
        let tty = Tty::take()?;
        let size = usable(tty.size()?);
        let terminal = fresh(&tty, size)?;
        let look = Look::of(|name| std::env::var(name).ok());
        Ok(Self { tty, terminal, size, screen: Screen::default(), keys: Keys::default(), look })
    }

    /// Shows `latest` until the user quits, `stop` is set, or the terminal goes away. Both are looked at four times a
    /// second. Whoever else writes to the terminal meanwhile (a log) spoils the picture until Ctrl-L.
    pub(in crate::cli) fn run(&mut self, latest: &Latest, stop: &AtomicBool) -> io::Result<Left> {
        match self.go_on(latest, stop) {
            Err(error) if is_gone(&error) => Ok(Left::Gone),
            other => other,
        }
    }

    fn go_on(&mut self, latest: &Latest, stop: &AtomicBool) -> io::Result<Left> {
        let mut shown = None;
        let mut stale = true;
        let mut drawn: Option<Instant> = None;
        loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(Left::Stopped);
            }
            if !self.tty.is_ours() {
                return Ok(Left::Gone);
            }
            let newest = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(newest) = newest
                && !shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &newest))
            {
                stale |= self.screen.take(&newest);
                shown = Some(newest);
            }
            // Asked for, and not told by a signal, which another thread may get.
            let size = usable(self.tty.size()?);
            if size != self.size {
                self.size = size;
                self.start_anew()?;
                stale = true;
            }
            let early = drawn.map_or(Duration::ZERO, |drawn| FRAME.saturating_sub(drawn.elapsed()));
            // A frame that the terminal has not taken yet is not followed by another: a slow one gets fewer, not older ones.
            if stale && early.is_zero() && self.tty.outbox().is_empty() {
                self.terminal.draw(|frame| self.screen.draw(frame.buffer_mut(), self.look))?;
                stale = false;
                drawn = Some(Instant::now());
            }
            self.tty.drain()?;
            let nap = if stale && !early.is_zero() { early } else { FRAME };
            match self.tty.wait(nap)? {
                Woken::HungUp => return Ok(Left::Gone),
                Woken::Otherwise => {}
                Woken::Keys => match self.listen()? {
                    Heard::Quit => return Ok(Left::Quit),
                    Heard::Nothing => {}
                    Heard::Keys => stale = true,
                },
            }
        }
    }

    fn listen(&mut self) -> io::Result<Heard> {
        let mut buffer = [0; 256];
        let mut heard = Heard::Nothing;
        for byte in self.tty.read(&mut buffer)? {
            match self.keys.take(*byte) {
                None => {}
                Some(Key::Quit) => return Ok(Heard::Quit),
                Some(Key::Redraw) => {
                    self.start_anew()?;
                    heard = Heard::Keys;
                }
                Some(key) => {
                    self.screen.press(key);
                    heard = Heard::Keys;
                }
            }
        }
        Ok(heard)
    }

    /// An empty screen, whatever was on it. Not `Terminal::resize`: that opens the terminal again to ask for its size.
    fn start_anew(&mut self) -> io::Result<()> {
        self.tty.outbox().put(WIPE);
        self.terminal = fresh(&self.tty, self.size)?;
        Ok(())
    }
}

enum Heard {
    Nothing,
    Keys,
    Quit,
}

fn fresh(tty: &Tty, (columns, rows): (u16, u16)) -> io::Result<Terminal<CrosstermBackend<Outbox>>> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    Terminal::with_options(CrosstermBackend::new(tty.outbox()), TerminalOptions { viewport })
}

fn usable((columns, rows): (u16, u16)) -> (u16, u16) {
    let (columns, rows) = if (columns, rows) == (0, 0) { USUAL } else { (columns, rows) };
    (columns.min(LARGEST.0), rows.min(LARGEST.1))
}

/// The terminal has gone: EIO after a hang-up, or the other end of a pseudo terminal was closed.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::WriteZero)
        || matches!(error.raw_os_error().map(Errno::from_raw_os_error), Some(Errno::IO | Errno::NXIO | Errno::NOTTY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_believed_within_reason() {
        // Catches four thousand million cells for a terminal that says 65535 by 65535, and none for one that says nothing.
        assert_eq!(usable((u16::MAX, u16::MAX)), LARGEST);
        assert_eq!([usable((0, 0)), usable((0, 5)), usable((132, 50))], [USUAL, (0, 5), (132, 50)]);
    }

    #[test]
    fn a_hang_up_is_no_error() {
        // Catches a run that ends with an error, and without its report, because the user closed a window.
        assert!(is_gone(&Errno::IO.into()));
        assert!(is_gone(&io::ErrorKind::UnexpectedEof.into()));
        assert!(!is_gone(&io::ErrorKind::PermissionDenied.into()));
    }
}
