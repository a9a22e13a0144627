//! What may stand behind a value within one segment: `48213.json`, `48213:cancel`.
//!
//! An extension is part of a template where it says how an answer is written; a custom method (AIP-136) where it says
//! what is done.

/// Splits off an affix, its mark included. Without one the second part is empty.
#[must_use]
pub fn split_affix(text: &str) -> (&str, &str) {
    // Most texts have neither mark. One by one: they are short.
    let Some(at) = text.bytes().rposition(|b| matches!(b, b'.' | b':')).filter(|at| *at > 0) else { return (text, "") };
    let (stem, tail) = text.split_at(at);
    let fits = match tail.split_at_checked(1) {
        Some((".", extension)) => is_extension(extension),
        Some((":", verb)) => {
            (3..=32).contains(&verb.len()) && verb.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
        }
        _ => false,
    };
    if fits { (stem, tail) } else { (text, "") }
}

/// An extension of files that web servers and APIs hand out, without its dot, in any case.
#[must_use]
pub fn is_extension(tail: &str) -> bool {
    tail.len() <= LONGEST && EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(tail))
}

const LONGEST: usize = 6;

const EXTENSIONS: &[&str] = &[
    "json", "xml", "csv", "tsv", "pdf", "txt", "html", "htm", "yaml", "yml", "zip", "gz", "tgz", "png", "jpg", "jpeg",
    "gif", "svg", "webp", "ico", "js", "mjs", "css", "map", "mp3", "mp4", "wav", "webm", "md", "rss", "atom", "ics",
    "git", "xls", "xlsx", "doc", "docx", "jsonl", "ndjson", "php", "asp", "aspx", "jsp", "do", "proto",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_affix_is_an_extension_or_a_verb() {
        for (text, split) in [
            ("48213.json", ("48213", ".json")),
            ("alice:cancel", ("alice", ":cancel")),
            ("a.JSON", ("a", ".JSON")),
            ("chat.postMessage", ("chat.postMessage", "")),
            (".json", (".json", "")),
            ("a:b", ("a:b", "")),
            ("a:b2c", ("a:b2c", "")),
            ("", ("", "")),
        ] {
            assert_eq!(split_affix(text), split);
        }
    }
}
