//! What may stand behind a value within one segment: `48213.json`, `48213:cancel`.
//!
//! An extension is part of a template where it says how an answer is written; a custom method (AIP-136) where it says
//! what is done.

/// Splits off an affix, its mark included. Without one the second part is empty.
#[must_use]
pub fn split_affix(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    // Verbs end in no digit, and few extensions do: numbers and most ids are done with.
    if let [.., before, last @ b'0'..=b'9'] = bytes {
        let may_be = match (before, last) {
            (b'p' | b'P', b'3' | b'4') | (b'u' | b'U', b'8') | (b'z' | b'Z' | b'f' | b'F', b'2') => true,
            (b'1', b'2') => matches!(bytes, [.., b'p' | b'P', _, _]),
            _ => false,
        };
        if !may_be {
            return (text, "");
        }
    }
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
    let tail = tail.as_bytes();
    tail.len() <= LONGEST && !tail.contains(&0) && PACKED.binary_search(&packed(tail)).is_ok()
}

/// The letters in lower case as a number, in the order of texts; no more than there is room for.
const fn packed(text: &[u8]) -> u64 {
    let mut bytes = [0; LONGEST];
    let mut at = 0;
    while at < text.len() && at < LONGEST {
        bytes[at] = text[at].to_ascii_lowercase();
        at += 1;
    }
    u64::from_be_bytes(bytes)
}

const LONGEST: usize = 8;

static PACKED: [u64; EXTENSIONS.len()] = {
    let mut packed_all = [0; EXTENSIONS.len()];
    let mut at = 0;
    while at < EXTENSIONS.len() {
        packed_all[at] = packed(EXTENSIONS[at].as_bytes());
        at += 1;
    }
    packed_all
};

/// Sorted.
#[rustfmt::skip]
const EXTENSIONS: [&str; 127] = [
    "7z", "action", "apk", "ashx", "asmx", "asp", "aspx", "atom", "avi", "avif", "avro", "bak", "bin", "bmp",
    "bz2", "cer", "cfg", "cgi", "conf", "crt", "css", "csv", "dat", "db", "dcm", "deb", "dmg", "do", "doc",
    "docx", "dwg", "dxf", "eml", "epub", "exe", "flac", "geojson", "gif", "git", "glb", "gpx", "gz", "heic",
    "htm", "html", "ico", "ics", "ini", "ipa", "iso", "jar", "jpeg", "jpg", "js", "json", "jsonl", "jsp", "kml",
    "kmz", "log", "m3u8", "m4a", "map", "md", "mjs", "mkv", "mobi", "mov", "mp3", "mp4", "mpd", "msi", "mvt",
    "ndjson", "ods", "odt", "ogg", "p12", "p7s", "parquet", "pbf", "pdf", "pem", "php", "phtml", "png", "ppt",
    "pptx", "proto", "rar", "rpm", "rss", "rtf", "sig", "sql", "stl", "svc", "svg", "tar", "tex", "tgz", "tif",
    "tiff", "toml", "topojson", "ts", "tsv", "ttf", "txt", "vcf", "war", "wasm", "wav", "webm", "webp", "whl",
    "woff", "woff2", "xhtml", "xls", "xlsx", "xml", "xz", "yaml", "yml", "zip", "zst",
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
    fn the_extensions_are_sorted() {
        // Catches an extension that a search never finds, and one that is found in another.
        assert!(PACKED.is_sorted_by(|a, b| a < b));
        assert!(EXTENSIONS.iter().all(|known| known.len() <= LONGEST && is_extension(known)));
        assert!(is_extension("GeoJSON") && is_extension("woff2") && is_extension("do"));
        for no in ["", "jso", "jsonx", "geojson\0", "json\0", "parquetss", "d", "\0"] {
            assert!(!is_extension(no), "{no:?}");
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
            "a.u8",
            "a.z2",
            "a.12",
            "a.q12",
            "x.mp5",
            "42:7",
            "42:cancel7",
            "0c36a5c6-45d1-4a55-8b4e-0a1b2c3d4e5f",
        ] {
            assert_eq!(split_affix(text), (text, ""));
        }
    }
}
