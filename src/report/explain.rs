//! `shadowtap explain`: what the rules mean, in the words of the rules.

use super::reporter::Style;
use super::reporters::{Ink, Page, shown, widest};
use crate::findings::{Kind, RuleText, near_rules, rule_text, rule_texts};

/// All rules, one a line.
#[must_use]
pub fn list_rules(style: Style) -> String {
    let mut page = Page::new(style);
    let wide = widest(rule_texts().map(|text| text.id));
    for text in rule_texts() {
        page.cell(Ink::Strong, text.id, wide + 2);
        page.cell(Ink::Faint, text.severity.name(), 8);
        page.put(Ink::Plain, text.title);
        page.end();
    }
    page.into_text()
}

/// One rule, or all of a kind.
///
/// # Errors
/// It is neither; the sentence names those that are nearest.
pub fn explain_rule(word: &str, style: Style) -> Result<String, String> {
    let of_kind = |kind: Kind| rule_texts().filter(move |text| text.kind == kind);
    let mut page = Page::new(style);
    if let Some(text) = rule_text(word) {
        explain(&mut page, text);
    } else if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == word) {
        of_kind(kind).for_each(|text| explain(&mut page, text));
    } else {
        let near = near_rules(word).join(", ");
        let near =
            if near.is_empty() { "'shadowtap explain' lists all".to_owned() } else { format!("nearest: {near}") };
        return Err(format!("no rule is called '{}'; {near}", shown(word)));
    }
    Ok(page.into_text())
}

fn explain(page: &mut Page, text: &RuleText) {
    page.heading(text.id, "");
    page.paragraph(Ink::Plain, 2, 2, &format!("{}.", text.title));
    page.blank();
    page.paragraph(Ink::Plain, 2, 2, text.about);
    page.blank();
    page.paragraph(Ink::Plain, 2, 2, &format!("Why it matters: {}", text.why));
    page.blank();
    match text.cases {
        [] | [_] => page.paragraph(Ink::Plain, 2, 2, &format!("Severity: {}.", text.severity.name())),
        cases => {
            page.paragraph(Ink::Plain, 2, 2, "Severity:");
            for case in cases {
                let (name, said, why) = (case.severity().name(), case.said(), case.why());
                page.paragraph(Ink::Plain, 4, 6, &format!("{name}: {said} ({why})"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { colour: false, width: 100 };

    #[test]
    fn every_rule_is_listed_and_explained() {
        // Catches a rule that findings name and nobody can look up.
        let list = list_rules(STYLE);
        assert_eq!(list.lines().count(), rule_texts().count());
        for text in rule_texts() {
            assert!(list.lines().any(|line| line.starts_with(text.id) && line.ends_with(text.title)), "{}", text.id);
            let told = explain_rule(text.id, STYLE).unwrap();
            let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(told.starts_with(text.id) && words.contains(text.about) && words.contains(text.why), "{told}");
            assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
            assert!(words.contains(text.severity.name()), "{told}");
        }
    }

    #[test]
    fn a_kind_explains_its_rules_and_a_slip_names_the_nearest() {
        let told = explain_rule("shadow", STYLE).unwrap();
        assert!(
            told.contains("shadow-unknown-host\n")
                && told.contains("shadow-unknown-version\n")
                && !told.contains("orphan\n")
        );
        let error = explain_rule("shadow-unknow-path", STYLE).unwrap_err();
        assert!(error.starts_with("no rule is called 'shadow-unknow-path'; nearest: shadow-unknown-path"), "{error}");
        assert_eq!(
            explain_rule("xyz\u{202e}", STYLE).unwrap_err(),
            "no rule is called 'xyz\\u{202e}'; 'shadowtap explain' lists all"
        );
    }
}
