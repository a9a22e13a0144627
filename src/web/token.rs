//! The secret that opens the pages, read from a file and known from then on by its hash alone.

use std::fmt;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::WebError;

/// What a client must show as `Authorization: Bearer TOKEN`. Its text is not kept and not printed.
#[derive(Clone)]
pub struct Token {
    digest: [u8; 32],
}

impl Token {
    /// Reads the token from a file: one line of 16 characters or more that a header can carry (`!` to `~`), blanks around
    /// it left out, in a regular file of at most 4096 bytes that nobody but its owner may read or write.
    ///
    /// # Errors
    /// The file cannot be read, is open to others, or holds no such line. No message quotes what the file holds.
    pub fn read(path: &Path) -> Result<Self, WebError> {
        let unreadable = |source| WebError::TokenUnreadable { path: path.to_owned(), source };
        // Asked before it is opened: opening a pipe without a writer would never return.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::other("not a regular file")));
        }
        let file = File::open(path).map_err(unreadable)?;
        // The opened file's mode, not the path's: the path may lead elsewhere by now.
        let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
        if mode & SHARED != 0 {
            return Err(WebError::TokenShared { path: path.to_owned(), mode });
        }
        let mut bytes = Vec::with_capacity(LONGEST + 1);
        file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Self::from_bytes(&bytes).map_err(|what| WebError::TokenUnfit { path: path.to_owned(), what })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() > LONGEST {
            return Err("it is longer than 4096 bytes");
        }
        let token = bytes.trim_ascii();
        if token.contains(&b'\n') || token.contains(&b'\r') {
            return Err("it holds more than one line");
        }
        if !token.iter().all(u8::is_ascii_graphic) {
            return Err("it holds blanks, control characters or letters beyond ASCII");
        }
        if token.len() < SHORTEST {
            return Err("a token has 16 characters or more");
        }
        Ok(Self { digest: hash(token) })
    }

    /// `shown` is this token. Takes the same time wherever the two differ: hashes are compared, and all of them.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        let differing =
            self.digest.iter().zip(hash(shown)).fold(0, |all, (ours, theirs)| black_box(all | (ours ^ theirs)));
        differing == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

fn hash(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

const SHORTEST: usize = 16;
const LONGEST: usize = 4096;
/// Read or write, by group or others.
const SHARED: u32 = 0o066;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "0123456789abcdef";

    fn file(mode: u32, holds: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), holds).expect("written");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).expect("a mode");
        file
    }

    fn refusal(mode: u32, holds: &[u8]) -> String {
        Token::read(file(mode, holds).path()).expect_err("refused").to_string()
    }

    #[test]
    fn a_file_with_a_line_of_its_owner_is_a_token() {
        // Catches an editor's line end that becomes part of the secret, and a comparison that looks at a prefix only.
        for mode in [0o600, 0o400, 0o700] {
            let token = Token::read(file(mode, b" 0123456789abcdef\r\n").path()).expect("a token");
            assert!(token.is(GOOD.as_bytes()));
            for other in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0", "1123456789abcdef"] {
                assert!(!token.is(other.as_bytes()), "{other}");
            }
        }
    }

    #[test]
    fn a_file_that_others_may_read_or_write_is_refused() {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o666] {
            let said = refusal(mode, GOOD.as_bytes());
            assert!(said.contains("chmod 600") && said.contains(&format!("{mode:o}")), "{said}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_without_quoting_it() {
        // Catches messages that put a secret, or half of one, into a log.
        let long = [b'x'; LONGEST + 1];
        for (holds, why) in [
            (&b""[..], "16 characters"),
            (b"  \n", "16 characters"),
            (b"SECRET789abcdef", "16 characters"),
            (b"SECRET789abcdef0\nsecond", "one line"),
            (b"SECRET789 bcdef0", "blanks"),
            (b"SECRET789\0bcdef0", "control"),
            (b"SECRET789abcdef\xc3\xa9", "ASCII"),
            (&long, "4096"),
        ] {
            let said = refusal(0o600, holds);
            assert!(said.contains(why) && said.contains("--token-file") && !said.contains("SECRET"), "{said}");
        }
        assert!(Token::read(file(0o600, &long[1..]).path()).is_ok());
    }

    #[test]
    fn a_folder_or_nothing_is_no_token() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Token::read(folder.path()).is_err());
        assert!(Token::read(&folder.path().join("none")).is_err());
    }

    #[test]
    fn it_is_not_printed() {
        let token = Token::from_bytes(GOOD.as_bytes()).expect("a token");
        assert_eq!(format!("{token:?}"), "Token(..)");
    }
}
