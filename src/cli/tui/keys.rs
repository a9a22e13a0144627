//! Bytes that a keyboard sends become keys.
//!
//! In: bytes as they were read, cut anywhere. Out: the few keys that the view knows; everything else is passed over.
//! It is ours, and not crossterm's, for what happens when a terminal goes away: crossterm 0.29 reads again and again
//! there, and waits without end in the middle of a sequence that does not go on. A capture must end properly then.

/// A key that the view knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `q`, or Ctrl-C: raw mode makes a byte of it.
    Quit,
    /// `p` or space.
    Pause,
    /// `?` or `h`.
    Help,
    /// Ctrl-L: draw everything anew, for another program wrote here too.
    Redraw,
    /// Tab.
    Next,
    /// Shift-Tab.
    Previous,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// Where in a sequence the next byte stands. Sequences are ECMA-48's: `ESC [ parameters final`, and `ESC O final` of
/// a keypad in application mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keys {
    /// Outside of any.
    #[default]
    Ground,
    /// After an escape.
    Escape,
    /// After `ESC [`: the number so far, and nothing of what follows a `;`.
    Control { number: u16, counting: bool },
    /// After `ESC O`.
    Keypad,
}

impl Keys {
    /// Takes the next byte.
    pub(super) fn take(&mut self, byte: u8) -> Option<Key> {
        match (*self, byte) {
            (_, b'\x1b') => {
                *self = Self::Escape;
                None
            }
            (Self::Escape, b'[') => {
                *self = Self::Control { number: 0, counting: true };
                None
            }
            (Self::Escape, b'O') => {
                *self = Self::Keypad;
                None
            }
            (Self::Control { number, counting }, b' '..=b'?') => {
                let counting = counting && byte.is_ascii_digit();
                let number =
                    if counting { number.saturating_mul(10).saturating_add((byte - b'0').into()) } else { number };
                *self = Self::Control { number, counting };
                None
            }
            (Self::Control { number, .. }, b'@'..=b'~') => {
                *self = Self::Ground;
                sequence(byte, number)
            }
            (Self::Keypad, b'@'..=b'~') => {
                *self = Self::Ground;
                sequence(byte, 0)
            }
            // Anything else ends a sequence. A letter right after an escape is that letter, with Alt or after Esc.
            (_, _) => {
                *self = Self::Ground;
                plain(byte)
            }
        }
    }
}

const fn plain(byte: u8) -> Option<Key> {
    Some(match byte {
        b'q' | b'Q' | b'\x03' => Key::Quit,
        b'p' | b'P' | b' ' => Key::Pause,
        b'?' | b'h' => Key::Help,
        b'\x0c' => Key::Redraw,
        b'\t' => Key::Next,
        b'k' => Key::Up,
        b'j' => Key::Down,
        b'b' => Key::PageUp,
        b'f' => Key::PageDown,
        b'g' => Key::Home,
        b'G' => Key::End,
        _ => return None,
    })
}

const fn sequence(end: u8, number: u16) -> Option<Key> {
    Some(match (end, number) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'H', _) | (b'~', 1 | 7) => Key::Home,
        (b'F', _) | (b'~', 4 | 8) => Key::End,
        (b'Z', _) => Key::Previous,
        (b'~', 5) => Key::PageUp,
        (b'~', 6) => Key::PageDown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Key> {
        let mut keys = Keys::default();
        bytes.iter().filter_map(|byte| keys.take(*byte)).collect()
    }

    #[test]
    fn every_terminal_sends_the_same_keys() {
        // Catches arrows that work in one terminal only: xterm sends two kinds, the Linux console and screen a third.
        let known: [(&[&[u8]], Key); 8] = [
            (&[b"\x1b[A", b"\x1bOA", b"\x1b[1;5A", b"k"], Key::Up),
            (&[b"\x1b[B", b"\x1bOB", b"j"], Key::Down),
            (&[b"\x1b[5~", b"\x1b[5;2~", b"b"], Key::PageUp),
            (&[b"\x1b[6~", b"f"], Key::PageDown),
            (&[b"\x1b[H", b"\x1bOH", b"\x1b[1~", b"\x1b[7~"], Key::Home),
            (&[b"\x1b[F", b"\x1bOF", b"\x1b[4~", b"\x1b[8~"], Key::End),
            (&[b"\x1b[Z"], Key::Previous),
            (&[b"q", b"\x03", b"\x1bq", b"\x1b\x1b\x03"], Key::Quit),
        ];
        for (sent, key) in known {
            for bytes in sent {
                assert_eq!(read(bytes), [key], "{bytes:?}");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        // Catches a sequence whose end is taken for a letter: a mouse report or a function key must not quit.
        for bytes in
            [&b"\x1b[15~"[..], b"\x1b[<0;33;7M", b"\x1b[200~", b"\x1b[I", b"\x1bOP", b"\x1a", b"\xc3\xa9", b"\x1b"]
        {
            assert_eq!(read(bytes), [], "{bytes:?}");
        }
        assert_eq!(read(&b"\x1b[99999999999999999999999~q".repeat(2)), [Key::Quit, Key::Quit]);
    }

    #[test]
    fn ctrl_c_is_heard_in_the_middle_of_anything() {
        // Catches a reader that waits for the end of a sequence that never comes.
        for bytes in [&b"\x1b[\x03"[..], b"\x1b[1;\x03", b"\x1b\x03"] {
            assert_eq!(read(bytes), [Key::Quit], "{bytes:?}");
        }
    }
}
