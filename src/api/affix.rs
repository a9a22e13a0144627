//! What may stand behind a value within one segment: `48213.json`, `48213:cancel`.
//!
//! An extension is part of a template where it says how an answer is written; a custom method (AIP-136) where it says
//! what is done.

/// Splits off an affix, its mark included. Without one the second part is empty.
#[must_use]
#[inline]
pub fn split_affix(text: &str) -> (&str, &str) {
    // Verbs end in no digit, and of extensions only those of sound and film do: numbers and most ids are done with.
    match text.as_bytes() {
        [.., before, b'0'..=b'9'] if !matches!(before, b'p' | b'P') => (text, ""),
        _ => search_affix(text),
    }
}

fn search_affix(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    // Most texts are short, and have neither mark.
    let mark = if bytes.len() < 16 {
        bytes.iter().rposition(|b| matches!(b, b'.' | b':'))
    } else {
        memchr::memrchr2(b'.', b':', bytes)
    };
    let Some(at) = mark.filter(|at| *at > 0) else { return (text, "") };
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

    #[test]
    fn an_affix_says_how_an_answer_is_written_or_what_is_done() {
        // Catches an extension that the short cuts pass over, and a mark in the middle that is taken for one.
        for extension in EXTENSIONS {
            for stem in ["1", "48213", "0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f"] {
                let text = format!("{stem}.{extension}");
                assert_eq!(split_affix(&text).1.len(), extension.len() + 1, "{text}");
                assert_eq!(split_affix(&text.to_ascii_uppercase()).1.len(), extension.len() + 1, "{text}");
            }
        }
        assert_eq!(split_affix("42:cancel"), ("42", ":cancel"));
        for text in [
            "",
            "7",
            ".json",
            "48213",
            "1.5",
            "a.b7",
            "x.mp5",
            "42:7",
            "42:cancel7",
            "0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f",
        ] {
            assert_eq!(split_affix(text), (text, ""));
        }
    }
}
