//! Where reports are drawn up while the capture goes on.
//!
//! In: the inventory that workers fill, the board they answer, the specs and the policy file in force. Out: a report, as of now, lent to
//! whoever asked. Any thread may ask; none of the packet path waits for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use crate::api::Templates;
use crate::cli::settings;
use crate::diff::compare_on;
use crate::engine::{Board, SharedRules};
use crate::findings::{Policy, View, judge};
use crate::inventory::Inventory;
use crate::policy::PolicyFile;
use crate::report::{CaptureSummary, Report};
use crate::spec::SpecIndex;
use crate::time::Timestamp;

/// How long to wait for threads to hand over what they know. On a busy machine a report may be that much older.
const PATIENCE: Duration = Duration::from_secs(2);

/// What reports are drawn from.
pub(super) struct Desk {
    pub(super) inventory: Arc<Inventory>,
    board: Arc<Board>,
    rules: Arc<SharedRules>,
    known: RwLock<Arc<Known>>,
    /// Said in each report, by subject: what a reader must know of this run.
    notes: Mutex<BTreeMap<&'static str, String>>,
}

/// What was promised, what users say, and how it is judged.
pub(super) struct Known {
    pub(super) index: SpecIndex,
    /// Older specs.
    pub(super) retired: SpecIndex,
    pub(super) said: PolicyFile,
    pub(super) policy: Policy,
}

impl Known {
    /// What is known of templates before anything is seen.
    pub(super) fn templates(&self) -> Templates {
        settings::templates(&self.index, &self.retired, &self.said)
    }
}

impl Desk {
    /// `rules` are what workers ask of each exchange.
    pub(super) fn new(inventory: Arc<Inventory>, board: Arc<Board>, rules: Arc<SharedRules>, known: Known) -> Self {
        rules.take_up(known.said.networks.clone(), known.said.noise.clone());
        Self { inventory, board, rules, known: RwLock::new(Arc::new(known)), notes: Mutex::default() }
    }

    /// Draws up the report as of now.
    pub(super) fn draw<R>(&self, look: impl FnOnce(&Report<'_>) -> R) -> R {
        if !self.board.ask(PATIENCE) {
            tracing::info!("some threads are behind; what they know is older in this report");
        }
        let capture = self.summary_as_told();
        let snapshot = self.inventory.snapshot();
        let known = Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner));
        let compared = compare_on(&known.policy.terms(&known.retired, capture.last), &snapshot, &known.index);
        let findings = judge(View { compared: &compared, policy: &known.policy, said: &known.said });
        look(&Report::draw_up(&compared, &findings, &capture, &known.said))
    }

    /// What the capture is like, without a report about what was seen: cheap.
    pub(super) fn summary(&self) -> CaptureSummary {
        self.board.ask(PATIENCE / 10);
        self.summary_as_told()
    }

    /// Takes up other specs, and another policy, from now on.
    pub(super) fn take_up(&self, known: Known) {
        self.inventory.repin(known.templates());
        self.rules.take_up(known.said.networks.clone(), known.said.noise.clone());
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
    }

    /// Has a sentence said in each report from now on, or, where there is none, no longer.
    pub(super) fn note(&self, subject: &'static str, sentence: Option<String>) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        match sentence {
            Some(sentence) => notes.insert(subject, sentence),
            None => notes.remove(subject),
        };
    }

    fn summary_as_told(&self) -> CaptureSummary {
        let mut capture = self.board.summary();
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        capture.warnings.extend(notes.values().cloned());
        capture
    }
}

/// The system's time: when something is said, and whether what was seen has settled.
pub(super) fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(now.as_secs(), now.subsec_nanos().into())
}
