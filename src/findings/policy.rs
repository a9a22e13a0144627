//! What the user decided: what is judged, how long a window must be, what fails a run.

use std::str::FromStr;

use super::finding::{Finding, Kind, Severity};
use crate::diff::ScopeItem;
use crate::time::Span;

/// The user's decisions.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Hosts and networks that are judged; empty: all.
    pub scope: Vec<ScopeItem>,
    /// An orphan needs its host observed at least this long.
    pub min_window: Span,
}

/// What fails a run (`--fail-on`): kinds and severities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailOn {
    /// Any finding of these kinds.
    pub kinds: Vec<Kind>,
    /// Any finding at least this bad.
    pub severity: Option<Severity>,
}

impl FailOn {
    /// Some finding meets it.
    #[must_use]
    pub fn met_by(&self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| {
            self.kinds.contains(&finding.kind) || self.severity.is_some_and(|worst| finding.severity >= worst)
        })
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut met = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none") {
            if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == word) {
                met.kinds.push(kind);
            } else if let Some(severity) = Severity::ALL.into_iter().find(|severity| severity.name() == word) {
                met.severity = Some(met.severity.map_or(severity, |known| known.min(severity)));
            } else {
                let kinds = Kind::ALL.map(Kind::name).join(", ");
                let severities = Severity::ALL.map(Severity::name).join(", ");
                return Err(format!("'{word}' is neither a kind ({kinds}) nor a severity ({severities})"));
            }
        }
        Ok(met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_severity_named_is_the_bar() {
        let met: FailOn = "shadow,high,low".parse().unwrap();
        assert_eq!(met, FailOn { kinds: vec![Kind::Shadow], severity: Some(Severity::Low) });
        assert!("shadowy".parse::<FailOn>().unwrap_err().contains("zombie"));
        assert_eq!("none".parse::<FailOn>().unwrap(), FailOn::default());
    }
}
