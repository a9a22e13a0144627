//! What a state says of itself: which run wrote it, and which runs are in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The key of the hashes by which callers are counted. It belongs to the state: under another key the same client
/// would count twice. Whoever knows it can find addresses by trying all of them, so it is never shown.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerKey(pub u64);

impl fmt::Debug for CallerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerKey(..)")
    }
}

/// One run of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// When it started.
    pub started: Timestamp,
    /// First and last exchange it saw, as of its last checkpoint.
    pub window: Option<(Timestamp, Timestamp)>,
}

/// The head of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The run that wrote it.
    pub run: Run,
    /// The runs before it whose traffic is in the state too, oldest first.
    pub before: Vec<Run>,
    /// Still earlier runs, which are no longer named.
    pub earlier: u64,
    /// Counts the checkpoints of this run: of two, the later one replaces the earlier whole.
    pub sequence: u64,
    /// The key of the callers' hashes, the same for all runs in the state.
    pub caller_key: CallerKey,
    /// The version that wrote it.
    pub product: String,
    /// Endpoints that were announced: the id of each, its service, method and template.
    pub announced: Vec<[String; 4]>,
}

impl Header {
    /// Runs that are named. A sensor that is started anew every minute must not grow its state by that.
    pub const RUNS: usize = 256;

    /// Bytes of what was announced.
    const ANNOUNCED: usize = 8 << 20;

    /// The head of a state that begins now.
    #[must_use]
    pub fn first(run: Run, caller_key: CallerKey) -> Self {
        let product = env!("CARGO_PKG_VERSION").to_owned();
        Self { run, before: Vec::new(), earlier: 0, sequence: 0, caller_key, product, announced: Vec::new() }
    }

    /// The head of a state that a new run goes on with.
    #[must_use]
    pub fn followed_by(self, run: Run) -> Self {
        let mut before = self.before;
        before.push(self.run);
        let more = before.len().saturating_sub(Self::RUNS);
        before.drain(..more);
        let earlier = self.earlier.saturating_add(more as u64);
        Self { before, earlier, announced: self.announced, ..Self::first(run, self.caller_key) }
    }

    /// The head of the next checkpoint of the same run; `window` is what this run has seen, `announced` what it said.
    pub fn step(&mut self, window: Option<(Timestamp, Timestamp)>, announced: Vec<[String; 4]>) {
        self.sequence += 1;
        self.run.window = window;
        let mut bytes = 0;
        // What is beyond is announced again by the next run.
        let fits = |entry: &[String; 4]| {
            bytes += entry.iter().map(|text| text.len() + 8).sum::<usize>();
            bytes <= Self::ANNOUNCED
        };
        self.announced = announced.into_iter().take_while(fits).collect();
    }

    /// Runs whose traffic is in the state, this one included.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.earlier.saturating_add(self.before.len() as u64).saturating_add(1)
    }
}
