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
        Self::over(Tty::take()?)
    }

    fn over(tty: Tty) -> io::Result<Self> {
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
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::sync::Mutex;
    use std::thread;

    use rustix::termios::{LocalModes, tcgetattr};

    use super::*;
    use crate::cli::tui::seen::Seen;

    /// One terminal is taken at a time.
    static ONE: Mutex<()> = Mutex::new(());

    /// Both ends of a terminal of 80 columns: ours as a user sits before it, and the view's.
    fn pair() -> (File, File) {
        let size = nix::pty::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = nix::pty::openpty(Some(&size), None).unwrap();
        (pair.master.into(), pair.slave.into())
    }

    /// Runs a view while somebody does something, and says how it ended and how long after that.
    fn run(theirs: File, meanwhile: impl FnOnce(&AtomicBool)) -> (Left, Duration) {
        let stop = AtomicBool::new(false);
        let latest: Latest = Arc::new(Mutex::new(Some(Arc::new(Seen::default()))));
        let mut view = View::over(Tty::over(theirs).unwrap()).unwrap();
        thread::scope(|scope| {
            let running = scope.spawn(|| (view.run(&latest, &stop).unwrap(), Instant::now()));
            thread::sleep(Duration::from_millis(300));
            meanwhile(&stop);
            let done = Instant::now();
            let (left, at) = running.join().unwrap();
            (left, at.saturating_duration_since(done))
        })
    }

    #[test]
    fn a_user_who_quits_gets_the_terminal_back() {
        // Catches a shell without echo, without a cursor, or in the alternate screen.
        let _one = ONE.lock();
        let (mut ours, theirs) = pair();
        let seen_by_the_shell = theirs.try_clone().unwrap();
        let before = tcgetattr(&seen_by_the_shell).unwrap();
        let (left, _) = run(theirs, |_| {
            assert!(!tcgetattr(&seen_by_the_shell).unwrap().local_modes.contains(LocalModes::ECHO));
            ours.write_all(b"\x1b[Bpp?\x03").unwrap();
        });
        let after = tcgetattr(&seen_by_the_shell).unwrap();
        assert_eq!(left, Left::Quit);
        assert_eq!((after.local_modes, after.input_modes), (before.local_modes, before.input_modes));
        // With nobody left at the other end, reading ends with EIO once all is read.
        drop(seen_by_the_shell);
        let mut told = Vec::new();
        let _ = ours.read_to_end(&mut told);
        let told = String::from_utf8_lossy(&told);
        assert!(told.starts_with("\u{1b}[?1049h") && told.ends_with("\u{1b}[?1049l\u{1b}[?25h"), "{told:?}");
    }

    #[test]
    fn a_terminal_that_goes_away_ends_the_view() {
        // Catches a reader that spins where there is nothing to read any more: the capture would never be ended.
        let _one = ONE.lock();
        let (mut ours, theirs) = pair();
        let (left, took) = run(theirs, |_| {
            ours.write_all(b"j\x1b[").unwrap();
            drop(ours);
        });
        assert_eq!(left, Left::Gone);
        assert!(took < Duration::from_secs(5), "{took:?}");
    }

    #[test]
    fn a_stalled_terminal_does_not_hold_up_the_end() {
        // Catches a write that blocks for as long as a connection hangs, with a report to be written.
        let _one = ONE.lock();
        let (mut ours, theirs) = pair();
        rustix::io::ioctl_fionbio(&theirs, true).unwrap();
        while (&theirs).write(&[b'x'; 512]).is_ok() {}
        let (left, took) = run(theirs, |stop| {
            // Half a sequence, which a reader may wait for the end of.
            ours.write_all(b"\x1b[").unwrap();
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(left, Left::Stopped);
        assert!(took < Duration::from_secs(5), "{took:?}");
    }

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
