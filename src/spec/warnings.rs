//! What is odd about a spec and does not stop us: a bounded list of lines, each once.

/// Warnings of one spec.
#[derive(Clone, Debug, Default)]
pub(super) struct Warnings {
    lines: Vec<String>,
    more: usize,
}

impl Warnings {
    /// Lines kept. The rest is counted in one line more.
    const MOST: usize = 100;

    pub(super) fn add(&mut self, line: impl Into<String>) {
        let line = line.into();
        if self.lines.len() >= Self::MOST {
            self.more = self.more.saturating_add(1);
        } else if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        let mut lines = self.lines;
        if self.more > 0 {
            lines.push(format!("and {} more of this kind", self.more));
        }
        lines
    }
}
