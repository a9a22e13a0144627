//! The terminal itself: taken, written to, read from, and given back however the program ends.
//!
//! In: bytes of a frame. Out: bytes of keys. All goes through one descriptor of our own, opened anew, so that it can be
//! one that never blocks: a terminal behind a stalled connection takes nothing for minutes, and whoever writes to it
//! plainly hangs there, with a capture to end. (Stdout cannot be made so: the shell shares it.)

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr};

/// Alternate screen, no cursor, no wrapping at the right edge: where a terminal takes a character for wider than we
/// do, the screen must not scroll.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J";
/// All of it undone. CAN ends a sequence that a stalled terminal got half of; a terminal without an alternate screen
/// (the Linux console) is left empty rather than with an old picture on it.
const LEAVE: &[u8] = b"\x18\x1b[0m\x1b[?7h\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h";
/// A new start in the same place.
pub(super) const WIPE: &[u8] = b"\x1b[0m\x1b[2J";
/// How long a stalled terminal is waited for when it is left.
const PATIENCE: Duration = Duration::from_millis(500);

/// The terminal that is taken, for whoever has to give it back: the view, or a panic anywhere.
static TAKEN: Mutex<Option<Arc<Taken>>> = Mutex::new(None);

/// A terminal in our hands.
pub(super) struct Tty {
    taken: Arc<Taken>,
    out: Outbox,
}

/// The descriptor, and the modes before us.
struct Taken {
    file: File,
    modes: Termios,
}

/// What waiting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There is something to read.
    Keys,
    /// There is not, or only room to write.
    Otherwise,
    /// The terminal hung up.
    HungUp,
}

impl Tty {
    /// Takes the terminal.
    pub(super) fn take() -> io::Result<Self> {
        let usable = |why| io::Error::new(io::ErrorKind::Unsupported, format!("the live view needs a terminal: {why}"));
        if !io::stdout().is_terminal() {
            return Err(usable("stdout is none".to_owned()));
        }
        match std::env::var_os("TERM") {
            None => return Err(usable("TERM is not set".to_owned())),
            Some(term) if term.is_empty() || term == "dumb" || term == "unknown" => {
                return Err(usable(format!("TERM is '{}', which cannot move a cursor", term.display())));
            }
            Some(_) => {}
        }
        let opened = File::options().read(true).write(true).open("/dev/tty");
        let file = opened.map_err(|error| usable(format!("/dev/tty: {error}")))?;
        give_back_on_panic();
        Self::over(file)
    }

    /// Takes the terminal behind a descriptor that nobody shares.
    pub(super) fn over(file: File) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&file, true)?;
        let modes = tcgetattr(&file)?;
        let mut raw = modes.clone();
        raw.make_raw();
        let taken = Arc::new(Taken { file, modes });
        *held() = Some(Arc::clone(&taken));
        let tty = Self { taken, out: Outbox::default() };
        // From here on dropping it gives the terminal back.
        tcsetattr(&tty.taken.file, OptionalActions::Now, &raw)?;
        tty.out.put(ENTER);
        Ok(tty)
    }

    /// Where frames are written.
    pub(super) fn outbox(&self) -> Outbox {
        self.out.clone()
    }

    /// It is still ours: no panic has given it back.
    pub(super) fn is_ours(&self) -> bool {
        held().as_ref().is_some_and(|taken| Arc::ptr_eq(taken, &self.taken))
    }

    /// Columns and rows.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = tcgetwinsize(&self.taken.file)?;
        Ok((size.ws_col, size.ws_row))
    }

    /// Writes what it takes at once of what waits.
    pub(super) fn drain(&self) -> io::Result<()> {
        let mut waiting = self.out.lock();
        while !waiting.is_empty() {
            match (&self.taken.file).write(&waiting) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => drop(waiting.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Waits for keys, or for room for what waits to be written, at most so long.
    pub(super) fn wait(&self, most: Duration) -> io::Result<Woken> {
        let wanted = if self.out.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let found = self.taken.wait(wanted, most)?;
        Ok(if found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            Woken::HungUp
        } else if found.contains(PollFlags::IN) {
            Woken::Keys
        } else {
            Woken::Otherwise
        })
    }

    /// Reads what was typed; nothing where nothing was. No bytes from a terminal that had some are its end.
    pub(super) fn read<'b>(&self, buffer: &'b mut [u8]) -> io::Result<&'b [u8]> {
        match (&self.taken.file).read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => Ok(buffer.get(..read).unwrap_or_default()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(&[]),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

impl Taken {
    fn wait(&self, wanted: PollFlags, most: Duration) -> io::Result<PollFlags> {
        let timeout = Timespec::try_from(most).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut polled = [PollFd::new(&self.file, wanted)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) => Ok(polled.first().map_or(PollFlags::empty(), PollFd::revents)),
            Err(rustix::io::Errno::INTR) => Ok(PollFlags::empty()),
            Err(error) => Err(error.into()),
        }
    }

    /// As it was before. Nobody is told of what fails: there is nowhere left to say it.
    fn restore(&self) {
        let started = Instant::now();
        let mut rest = LEAVE;
        while !rest.is_empty() {
            match (&self.file).write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && started.elapsed() < PATIENCE => {
                    if self.wait(PollFlags::OUT, PATIENCE).is_err() {
                        break;
                    }
                }
                Err(_) => break,
            }
        }
        // What was typed and not read was meant for the view, and not for the shell.
        let _ = tcflush(&self.file, QueueSelector::IFlush);
        let _ = tcsetattr(&self.file, OptionalActions::Now, &self.modes);
    }
}

fn held() -> MutexGuard<'static, Option<Arc<Taken>>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn give_back() {
    let taken = held().take();
    if let Some(taken) = taken {
        taken.restore();
    }
}

/// A panic in any thread is told on the screen that the user came from, by whoever told it before.
fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            give_back();
            before(panicked);
        }));
    });
}

/// Bytes that wait for the terminal. Never fails and never blocks: ratatui writes to stderr when it cannot write here,
/// and with the terminal gone that is a panic.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Puts bytes behind what waits.
    pub(super) fn put(&self, bytes: &[u8]) {
        self.lock().extend_from_slice(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
