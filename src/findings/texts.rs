//! What rules are called and what they mean: the words behind every id that a finding, a policy or a suppression names.
//!
//! The table is what the rules on the shelf say of themselves; a rule brings its rows with it, so that there is none without.

use super::finding::Kind;
use super::rules::RULES;
use super::severity::Case;
use crate::policy::Severity;

/// One rule in words.
#[derive(Debug)]
pub struct RuleText {
    /// Stable id: `shadow-unknown-path`. Never given to another rule.
    pub id: &'static str,
    /// The kind of finding it makes.
    pub kind: Kind,
    /// How bad that is, unless the policy says otherwise; of a rule whose severity hangs on the case, the worst.
    pub severity: Severity,
    /// The cases on which its severity hangs; none: it is always the same.
    pub cases: &'static [Case],
    /// A few words.
    pub title: &'static str,
    /// Why it matters, in one sentence.
    pub why: &'static str,
    /// One paragraph for people: what it means, when it is found, what to do.
    pub about: &'static str,
}

impl PartialEq for RuleText {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for RuleText {}

/// Every rule, in order of the shelf.
pub fn rule_texts() -> impl Iterator<Item = &'static RuleText> {
    RULES.iter().flat_map(|rule| rule.texts())
}

/// The rule of an id.
#[must_use]
pub fn rule_text(id: &str) -> Option<&'static RuleText> {
    rule_texts().find(|text| text.id == id)
}

/// Ids like a word that is none, nearest first; for messages.
#[must_use]
pub fn near_rules(word: &str) -> Vec<&'static str> {
    const OFFERED: usize = 3;
    let word = word.to_ascii_lowercase().replace('_', "-");
    // Of all neighbouring letters those in common, in hundredths (Dice); half of them, or the word stands in the id.
    let likeness = |id: &str| 200 * pairs_in_common(&word, id) / (id.len() + word.len()).saturating_sub(2).max(1);
    let stands_in = |id: &str| word.len() > 2 && id.contains(&word);
    let mut near: Vec<(std::cmp::Reverse<usize>, &str)> = rule_texts()
        .map(|text| (std::cmp::Reverse(likeness(text.id)), text.id))
        .filter(|(likeness, id)| likeness.0 >= 50 || stands_in(id))
        .collect();
    near.sort_unstable();
    near.into_iter().take(OFFERED).map(|(_, id)| id).collect()
}

/// Neighbouring letters that both hold, each as often as the rarer has it.
fn pairs_in_common(one: &str, other: &str) -> usize {
    let mut left: Vec<&[u8]> = other.as_bytes().windows(2).collect();
    let found = one.as_bytes().windows(2).take(64).filter(|pair| {
        let at = left.iter().position(|known| known == pair);
        at.map(|at| left.swap_remove(at)).is_some()
    });
    found.count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_says_what_it_means_and_none_speaks_for_another() {
        let ids: BTreeSet<_> = rule_texts().map(|text| text.id).collect();
        assert_eq!(ids.len(), rule_texts().count(), "an id stands twice");
        for text in rule_texts() {
            let spelt = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(text.id.chars().all(spelt), "{}", text.id);
            assert!(text.about.len() > 200 && !text.about.contains("  "), "{}: {}", text.id, text.about);
            assert!(text.why.ends_with('.') && text.why.matches(". ").count() == 0, "{}: one sentence", text.id);
            assert!(!text.title.is_empty() && text.title.len() < 80 && !text.title.ends_with('.'), "{}", text.id);
            let worst = text.cases.iter().map(|case| case.severity()).max();
            assert!(
                worst.is_none_or(|worst| worst == text.severity),
                "{}: its severity is the worst it gives",
                text.id
            );
        }
        for kind in Kind::ALL {
            assert!(rule_texts().any(|text| text.kind == kind), "{}: no rule makes it", kind.name());
        }
    }

    #[test]
    fn a_word_that_is_no_rule_has_its_neighbours_named() {
        // Catches an offer of whatever comes first, and one of nothing for a slip of one letter.
        assert_eq!(near_rules("shadow-unknown-pth")[0], "shadow-unknown-path");
        assert_eq!(near_rules("orphans"), ["orphan"]);
        assert!(near_rules("shadow").iter().all(|id| id.starts_with("shadow-")));
        assert_eq!(near_rules("Zombie_Deprecated")[0], "zombie-deprecated");
        assert!(near_rules("xyzzy").is_empty() && near_rules("").is_empty() && near_rules("q").is_empty());
    }
}
