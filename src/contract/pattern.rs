//! Patterns of declarations. They are written for ECMAScript; what our engine cannot read matches everything.
//!
//! The engine takes time linear in the text, whatever a pattern is like: it has no backtracking, and so no look-around.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

/// A pattern, compiled when it is first asked for: of thousands in a large spec traffic meets a few.
#[derive(Debug)]
pub struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Memory that a compiled pattern may take.
    const BYTES: usize = 1 << 20;

    /// Not compiled yet.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Longer texts are not judged: some patterns take long for each of their letters.
    const LONGEST: usize = 2_048;

    /// It says the same here as there. What begins and ends with a slash was meant as a literal of ECMAScript; classes within classes and
    /// marks of word ends are written otherwise there; of letters beyond ASCII both have ideas of their own.
    fn is_plain(&self, text: &str) -> bool {
        const OTHERWISE: [&str; 6] = ["&&", "--", "~~", "[[", "\\<", "\\>"];
        let literal = self.text.len() > 1 && self.text.starts_with('/') && self.text.ends_with('/');
        !literal
            && !OTHERWISE.iter().any(|mark| self.text.contains(mark))
            && (text.is_ascii() || !self.text.contains('\\'))
    }

    /// It matches somewhere in the text (JSON Schema validation, section 6.3.3), or cannot be read.
    #[must_use]
    pub fn takes(&self, text: &str) -> bool {
        if text.len() > Self::LONGEST || !self.is_plain(text) {
            return true;
        }
        let compile = || RegexBuilder::new(&self.text).size_limit(Self::BYTES).dfa_size_limit(Self::BYTES).build().ok();
        self.compiled.get_or_init(compile).as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_forbids_nothing() {
        // Catches look-around that fails a spec, or that is taken for a text that never matches.
        assert!(Pattern::new("^(?!x)").takes("x"));
        assert!(Pattern::new("^[a-z]+$").takes("abc") && !Pattern::new("^[a-z]+$").takes("ab1"));
        assert!(Pattern::new("b").takes("abc"), "it need not begin at the beginning");
        assert!(Pattern::new(r"^\/v\d$").takes("/v1"));
    }
}
