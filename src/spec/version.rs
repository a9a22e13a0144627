//! Versions: which of two specs is the later one, and which segments of a path say a version.

use std::cmp::Ordering;

/// Orders versions: numbers by value, so that 1.10 comes after 1.9; a pre-release before its release.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    let numbers = |parts: &(Vec<&str>, &str)| parts.0.iter().map(|n| (n.len(), (*n).to_owned())).collect::<Vec<_>>();
    numbers(&a).cmp(&numbers(&b)).then_with(|| match (a.1.is_empty(), b.1.is_empty()) {
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => a.1.cmp(b.1),
    })
}

/// The leading numbers, without leading zeros and trailing zero parts, and what follows them.
fn split(version: &str) -> (Vec<&str>, &str) {
    let mut rest = version.trim().trim_start_matches(['v', 'V']);
    let mut numbers = Vec::new();
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        if number.is_empty() {
            break;
        }
        numbers.push(number.trim_start_matches('0'));
        rest = after;
        match after.strip_prefix('.') {
            Some(more) if more.starts_with(|c: char| c.is_ascii_digit()) => rest = more,
            _ => break,
        }
    }
    while numbers.last().is_some_and(|number| number.is_empty()) {
        numbers.pop();
    }
    (numbers, rest)
}

/// How a segment says a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `v1`, `v2.1`, `v1beta2`.
    Lettered,
    /// `1.0`.
    Dotted,
    /// `2024-01-01`, `2024-01-01-preview`.
    Dated,
}

/// How this text says a version, if it does. A bare number is an id.
pub(super) fn style_of(text: &str) -> Option<Style> {
    let dotted = |text: &str| {
        !text.is_empty() && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    if let Some(rest) = text.strip_prefix(['v', 'V']) {
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (numbers, stage) = rest.split_at(end);
        let stage = stage.trim_end_matches(|c: char| c.is_ascii_digit());
        let known = matches!(stage, "" | "a" | "b" | "alpha" | "beta" | "rc" | "p" | "preview");
        return (dotted(numbers) && known).then_some(Style::Lettered);
    }
    if text.contains('.') && dotted(text) {
        return Some(Style::Dotted);
    }
    let mut parts = text.splitn(4, '-');
    let digits =
        |part: Option<&str>, len| part.is_some_and(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit()));
    let dated = digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2);
    let stage = parts.next().unwrap_or("preview");
    (dated && stage.bytes().all(|b| b.is_ascii_alphabetic())).then_some(Style::Dated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_versions_come_after() {
        // Catches text order, which has 1.10 before 1.9, and releases before their candidates.
        let order = ["", "0.9", "1.0-beta", "1.0.0", "1.9", "v1.10", "2", "20.1", "2024-01-01", "2025-01-01"];
        for pair in order.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.0", "1"), Ordering::Equal);
    }

    #[test]
    fn ids_and_words_are_no_versions() {
        for text in ["v1", "v2.1", "V3", "v1beta1", "1.0", "2.0.1", "2024-01-01", "2024-01-01-preview"] {
            assert!(style_of(text).is_some(), "{text}");
        }
        for text in ["", "v", "1", "42", "video", "v1x", "vip", ".", "1.", "2024-1-1", "2024-01", "20240101", "a.b"] {
            assert_eq!(style_of(text), None, "{text}");
        }
    }
}
